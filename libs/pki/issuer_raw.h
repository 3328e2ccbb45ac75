/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issuer_raw.h: signing what is no subscriber's certificate: CA certificates, CRLs, OCSP responses.  Inside
 * pki only, where the octets are built by the same function that has them signed; and in tests.
 */
#ifndef PKI_ISSUER_RAW_H
#define PKI_ISSUER_RAW_H

#include "pki/issuer.h"

/* As pki_issuer_sign, of any octets. */
CS_MUST_USE enum cs_code pki_issuer_sign_raw(struct pki_issuer *issuer, struct cs_arena *arena,
    struct cs_span octets, struct cs_span *ret_signature, struct cs_err *err);

#endif
