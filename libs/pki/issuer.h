/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issuer.h: an issuing CA: its certificate chain and its key.  The key never leaves this object.
 * Its digests and contexts are fetched once, so an issuer belongs to one thread at a time.
 */
#ifndef PKI_ISSUER_H
#define PKI_ISSUER_H

#include "base/arena.h"
#include "base/err.h"
#include "pki/cert.h"
#include "pki/token.h"

struct pki_issuer;

struct pki_issuer_files {
	const char *key;      /* PKCS#8 PEM; refused when others than the owner may read it */
	const char *password; /* a file with the pass phrase of the key; NULL: not encrypted */
	const char *chain;    /* PEM: the issuing CA first, then towards the root */
	const struct pki_token *token; /* instead of `key`: where the key is.  NULL: in the file */
	bool pss; /* an RSA key signs by RSASSA-PSS, else by PKCS#1 (SBR 7.1.3.2) */
};

/*
 * CS_NOT_FOUND, CS_MALFORMED (which also says that key and certificate do not belong together); for a key in
 * a token also CS_UNAVAILABLE.
 */
CS_MUST_USE enum cs_code pki_issuer_load(
    const struct pki_issuer_files *files, struct pki_issuer **ret_issuer, struct cs_err *err);
void pki_issuer_free(struct pki_issuer *issuer); /* takes NULL; wipes */

/* Borrowed until pki_issuer_free. */
const struct pki_cert_info *pki_issuer_certificate(const struct pki_issuer *issuer);
struct cs_span pki_issuer_name(const struct pki_issuer *issuer);   /* its subject, DER */
struct cs_span pki_issuer_key_id(const struct pki_issuer *issuer); /* its SKI */
struct cs_span pki_issuer_sigalg(const struct pki_issuer *issuer); /* AlgorithmIdentifier, DER */
uint32_t pki_issuer_rsa_bits(const struct pki_issuer *issuer);     /* 0: not RSA */
const struct cs_span *pki_issuer_chain(const struct pki_issuer *issuer, size_t *ret_n);

/*
 * Signs a certificate's octets, which only pki_lint_pass can have made ready, and verifies the result with
 * the CA's public key before anybody sees it.  CS_INTERNAL: that failed, or they were linted for another CA.
 * A key in a token takes some milliseconds and at most pki_token.sign_ms, and fails with CS_UNAVAILABLE when
 * it does not answer: try again later.
 */
struct pki_linted;
CS_MUST_USE enum cs_code pki_issuer_sign(struct pki_issuer *issuer, struct cs_arena *arena,
    const struct pki_linted *linted, struct cs_span *ret_signature, struct cs_err *err);

#endif
