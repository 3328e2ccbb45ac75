/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csr.h: PKCS#10 requests (RFC 2986) from strangers.  Order: size, PEM, strict DER walk of the whole
 * request, key, signature algorithm, proof of possession.  Names and extensions in a request are
 * wishes: they are read for display and never reach a certificate.
 */
#ifndef PKI_CSR_H
#define PKI_CSR_H

#include "base/arena.h"
#include "base/err.h"
#include "base/refusal.h"
#include "pki/cert.h"
#include "pki/keycheck.h"

#define PKI_CSR_MAX 16384 /* octets, PEM or DER */

struct pki_csr {
	struct cs_span der; /* the whole request; in the arena */
	struct pki_key key;
	const char *signature_algorithm;     /* "ECDSA SHA-256" */
	const struct pki_attribute *subject; /* for display only */
	size_t n_subject;
	const char *const *mailboxes; /* rfc822Names and SmtpUTF8Mailboxes wished; display only */
	size_t n_mailboxes;
};

/*
 * `text` is PEM or DER.  True and *ret_csr (in `arena`), or false and *ret_why.  Codes: SIZE, PEM,
 * PRIVATEKEY (a private key was pasted: keep the text nowhere), DER, those of keycheck.h, SIGALG,
 * POP, NAME, DUPLICATE.  `flags`: PKI_ALLOW_EDDSA.
 */
CS_MUST_USE bool pki_csr_read(struct cs_arena *arena, struct cs_span text, unsigned flags,
    struct pki_csr *ret_csr, struct cs_refusal *ret_why);

/* The SubjectPublicKeyInfo of a request in DER, unjudged, to look it up; false: it is no request. */
CS_MUST_USE bool pki_csr_spki(struct cs_span der, struct cs_span *ret_spki);

/*
 * The SHA-256 of the SPKI that belongs to a private key somebody pasted (unencrypted PKCS#8, PKCS#1
 * or SEC 1 PEM anywhere in `text`), for the block list.  False: it cannot be read.
 */
CS_MUST_USE bool pki_csr_leaked_key(struct cs_span text, uint8_t ret_spki_sha256[static 32]);

#endif
