/* SPDX-License-Identifier: Apache-2.0 */
/* ocsp_form.h: what reading and writing CertIDs share.  Inside pki only. */
#ifndef PKI_OCSP_FORM_H
#define PKI_OCSP_FORM_H

#include "pki/ocsp.h"

/* The AlgorithmIdentifier of the hash, DER; static. */
struct cs_span pki_ocsp_form_der(enum pki_ocsp_form form);

#endif
