/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ca.h: makes a hierarchy: a root and issuing CAs below it (SBR 7.1.2.1, 7.1.2.2, 6.1.5).
 *
 * In steps, as a ceremony goes: a key, a root or a request for it, the octets that the root shall sign, their
 * judgement and the signature.  Or, for tests and demonstrations, all at once with keys that were just made.
 */
#ifndef PKI_CA_H
#define PKI_CA_H

#include "base/arena.h"
#include "base/err.h"
#include "base/refusal.h"
#include "pki/cert.h"
#include "pki/keycheck.h"

struct pki_issuer;
struct pki_issuer_files;

struct pki_ca_spec {
	const char *common_name, *organization, *country; /* all three required, SBR 7.1.4.3 */
	enum pki_key_kind kind;                           /* PKI_KEY_EC or PKI_KEY_RSA */
	uint32_t bits;                                    /* EC 256, 384, 521; RSA 4096 */
	bool for_bench; /* allows RSA 2048 and 3072: for measurements, never for trust */
	int64_t not_before_s, not_after_s;
	/* An issuing CA only: */
	const char *crl_url;         /* of the root's CRL, http; required */
	const char *issuer_url;      /* of the root's certificate, http; may be NULL */
	const char *const *policies; /* ends with NULL; NULL: anyPolicy (SBR 7.1.6.3) */
	bool client_auth;            /* its subscribers may have clientAuth */
	bool ocsp;                   /* it signs OCSP responses itself: digitalSignature */
};

/* ---- in steps ---- */

struct pki_ca_key; /* a private key that has no certificate yet; one thread at a time */

/*
 * A new key file, PKCS#8, mode 0600, encrypted when `pass` is not NULL.  CS_CONFLICT: it exists.
 * CS_MALFORMED: no key for a CA (EC P-256, P-384, P-521, RSA 4096; SBR 6.1.5).
 */
CS_MUST_USE enum cs_code pki_ca_key_make(const char *path, enum pki_key_kind kind, uint32_t bits,
    bool for_bench, const char *pass, struct cs_err *err);
/* From where `files` say that the key is; their chain is not read.  Errors as of pki_issuer_load. */
CS_MUST_USE enum cs_code pki_ca_key_open(
    const struct pki_issuer_files *files, struct pki_ca_key **ret_key, struct cs_err *err);
void pki_ca_key_free(struct pki_ca_key *key); /* takes NULL */

/* A certificate that the key signs for itself.  Of the spec, kind and bits are the key's own. */
CS_MUST_USE enum cs_code pki_ca_root(struct cs_arena *arena, struct pki_ca_key *key,
    const struct pki_ca_spec *spec, struct cs_span *ret_der, struct cs_err *err);
/* A PKCS#10 request with this subject, signed by the key (RFC 2986). */
CS_MUST_USE enum cs_code pki_ca_request(struct cs_arena *arena, struct pki_ca_key *key,
    const struct pki_ca_spec *spec, struct cs_span *ret_der, struct cs_err *err);

/*
 * The octets of an issuing CA's certificate that `root` shall sign, with a new serial number.  `sigalg`: with
 * which the root signs; its certificate says what key it has, and not which scheme.
 */
CS_MUST_USE enum cs_code
pki_ca_tbs(struct cs_arena *arena, const struct pki_ca_spec *spec, const struct pki_cert_info *root,
    struct cs_span sigalg, struct cs_span spki, struct cs_span *ret_tbs, struct cs_err *err);
/* The same of a delegated OCSP signer's certificate (SBR 4.9.9): `ca` signs it, for itself alone. */
CS_MUST_USE enum cs_code pki_ca_ocsp_tbs(struct cs_arena *arena, const struct pki_ca_spec *spec,
    const struct pki_cert_info *ca, struct cs_span sigalg, struct cs_span spki,
    struct cs_span *ret_tbs, struct cs_err *err);
/* With which a key of this SubjectPublicKeyInfo signs; empty: with none. */
struct cs_span pki_ca_sigalg(struct cs_span spki, bool pss);

/*
 * Judges to-be-signed octets, read again by another reader than the builder: a certificate that `root` may
 * sign at now_s, of an issuing CA (SBR 7.1.2.2, 6.1.5) or of a delegated OCSP signer.  *ret_info is what they
 * say, without a signature; it borrows from the arena.  False: *ret_why.
 */
CS_MUST_USE bool
pki_ca_judge(struct cs_arena *arena, struct cs_span tbs, const struct pki_cert_info *root,
    bool for_bench, int64_t now_s, struct pki_cert_info *ret_info, struct cs_refusal *ret_why);
/* Judges and signs; nothing else can be signed by this.  CS_MALFORMED: the judgement was no. */
CS_MUST_USE enum cs_code pki_ca_sign(struct cs_arena *arena, struct pki_issuer *root,
    struct cs_span tbs, bool for_bench, int64_t now_s, struct cs_span *ret_der, struct cs_err *err);

/* ---- at once ---- */

struct pki_ca_made {   /* ended by pki_ca_made_fini, which wipes */
	char *key_pem; /* PKCS#8; encrypted when a pass phrase was given */
	char *cert_pem;
};

/* `pass` NULL: the key is not encrypted.  CS_MALFORMED: the spec breaks a rule, err says which. */
CS_MUST_USE enum cs_code pki_ca_make_root(const struct pki_ca_spec *spec, const char *pass,
    struct pki_ca_made *ret_made, struct cs_err *err);

/* `root` is the CA that signs: a root loaded by pki_issuer_load. */
CS_MUST_USE enum cs_code pki_ca_make_issuing(const struct pki_ca_spec *spec,
    struct pki_issuer *root, const char *pass, struct pki_ca_made *ret_made, struct cs_err *err);
void pki_ca_made_fini(struct pki_ca_made *made);

#endif
