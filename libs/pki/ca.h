/* SPDX-License-Identifier: Apache-2.0 */
/* ca.h: makes a hierarchy: a root and issuing CAs below it (SBR 7.1.2.1, 7.1.2.2, 6.1.5). */
#ifndef PKI_CA_H
#define PKI_CA_H

#include "base/err.h"
#include "pki/keycheck.h"

struct pki_ca_spec {
	const char *common_name, *organization, *country; /* all three required, SBR 7.1.4.3 */
	enum pki_key_kind kind;                           /* PKI_KEY_EC or PKI_KEY_RSA */
	uint32_t bits;                                    /* EC 256, 384; RSA 4096 */
	bool for_bench; /* allows RSA 2048 and 3072: for measurements, never for trust */
	int64_t not_before_s, not_after_s;
	/* An issuing CA only: */
	const char *crl_url;         /* of the root's CRL, http; required */
	const char *issuer_url;      /* of the root's certificate, http; may be NULL */
	const char *const *policies; /* ends with NULL; NULL: anyPolicy (SBR 7.1.6.3) */
	bool client_auth;            /* its subscribers may have clientAuth */
	bool ocsp;                   /* it signs OCSP responses itself: digitalSignature */
};

struct pki_ca_made {   /* ended by pki_ca_made_fini, which wipes */
	char *key_pem; /* PKCS#8; encrypted when a pass phrase was given */
	char *cert_pem;
};

/* `pass` NULL: the key is not encrypted.  CS_MALFORMED: the spec breaks a rule, err says which. */
CS_MUST_USE enum cs_code pki_ca_make_root(const struct pki_ca_spec *spec, const char *pass,
    struct pki_ca_made *ret_made, struct cs_err *err);

struct pki_issuer;
/* `root` is the CA that signs: a root loaded by pki_issuer_load. */
CS_MUST_USE enum cs_code pki_ca_make_issuing(const struct pki_ca_spec *spec,
    struct pki_issuer *root, const char *pass, struct pki_ca_made *ret_made, struct cs_err *err);
void pki_ca_made_fini(struct pki_ca_made *made);

#endif
