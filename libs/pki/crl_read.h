/* SPDX-License-Identifier: Apache-2.0 */
/* crl_read.h: the reader of what a CRL's signature covers.  Inside pki only. */
#ifndef PKI_CRL_READ_H
#define PKI_CRL_READ_H

#include "pki/crl.h"

/* All but der, signature and sha256 of *crl, which is zero before; `tbs` is strict DER (pki_der_check). */
CS_MUST_USE bool pki_crl_read_tbs(struct cs_arena *arena, struct cs_span tbs, struct pki_crl *crl);

#endif
