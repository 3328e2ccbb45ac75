/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cert.h: certificates: the to-be-signed octets from a template, the whole from its parts, and back
 * (RFC 5280).  Nothing here decides what a certificate may say: profiles do, and pki/lint.h judges
 * the octets again.
 */
#ifndef PKI_CERT_H
#define PKI_CERT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

/* keyUsage: named bit n is (1 << n) (RFC 5280 4.2.1.3). */
#define PKI_KU_DIGITAL_SIGNATURE (1u << 0)
#define PKI_KU_NON_REPUDIATION (1u << 1)
#define PKI_KU_KEY_ENCIPHERMENT (1u << 2)
#define PKI_KU_DATA_ENCIPHERMENT (1u << 3)
#define PKI_KU_KEY_AGREEMENT (1u << 4)
#define PKI_KU_KEY_CERT_SIGN (1u << 5)
#define PKI_KU_CRL_SIGN (1u << 6)
#define PKI_KU_ENCIPHER_ONLY (1u << 7)
#define PKI_KU_DECIPHER_ONLY (1u << 8)

#define PKI_EKU_EMAIL_PROTECTION "1.3.6.1.5.5.7.3.4"
#define PKI_EKU_CLIENT_AUTH "1.3.6.1.5.5.7.3.2"
#define PKI_EKU_OCSP_SIGNING "1.3.6.1.5.5.7.3.9"

/* One RDN each.  The string type follows from the attribute (SBR 7.1.4, X.520). */
struct pki_attribute {
	const char *oid;   /* dotted */
	const char *value; /* UTF-8 */
};

struct pki_mailbox {
	const char *address; /* canonical: local@a-label.domain */
	bool utf8_local;     /* SmtpUTF8Mailbox (RFC 9598), else rfc822Name */
};

/* Lists of strings end with NULL; a NULL list and an empty span leave the extension out. */
struct pki_cert_template {
	struct cs_span serial;             /* 16 to 19 octets, the first from 0x01 to 0x7f */
	struct cs_span issuer;             /* Name, DER, octet for octet the issuer's subject */
	int64_t not_before_s, not_after_s; /* both ends count */
	const struct pki_attribute *subject;
	size_t n_subject;    /* 0: empty subject, so subjectAltName is critical */
	struct cs_span spki; /* DER, judged by pki_key_judge */
	const struct pki_mailbox *mailboxes;
	size_t n_mailboxes;
	const char *const *dns_names; /* after the mailboxes; only for private roots */
	uint16_t key_usage;           /* critical */
	const char *const *eku;
	const char *const *policies;
	const char *const *crl_urls;
	const char *const *ocsp_urls;
	const char *const *issuer_urls; /* caIssuers */
	struct cs_span authority_key_id;
	struct cs_span subject_key_id;
	struct cs_span sigalg; /* AlgorithmIdentifier, DER; goes into both places */
	bool is_ca;            /* basicConstraints, critical; left out when false */
	int path_len;          /* below 0: none */
	bool ocsp_nocheck;     /* RFC 6960 4.2.2.2.1, for delegated OCSP signers */
};

/* CS_MALFORMED: the template breaks what its comments say.  Same template, same octets. */
CS_MUST_USE enum cs_code pki_cert_tbs(struct cs_arena *arena,
    const struct pki_cert_template *template, struct cs_span *ret_tbs, struct cs_err *err);
/* TBSCertificate, AlgorithmIdentifier and signature octets to a Certificate, DER. */
struct cs_span pki_cert_assemble(
    struct cs_arena *arena, struct cs_span tbs, struct cs_span sigalg, struct cs_span signature);
char *pki_cert_pem(struct cs_arena *arena, struct cs_span der);
/* A PKCS#7 SignedData with nothing but certificates (RFC 5652, "certs-only"), DER. */
struct cs_span pki_p7b(struct cs_arena *arena, const struct cs_span *certs, size_t n);

struct pki_cert_info {
	struct cs_span der, tbs, sigalg, signature;
	struct cs_span serial;          /* big-endian, no sign octet */
	struct cs_span issuer, subject; /* Names, DER */
	struct cs_span spki;
	struct cs_span authority_key_id, subject_key_id; /* empty: none */
	int64_t not_before_s, not_after_s;
	const struct pki_attribute *subject_attributes;
	size_t n_subject_attributes;
	const struct pki_mailbox *mailboxes;
	size_t n_mailboxes;
	uint16_t key_usage;
	const char *const *eku, *const *policies, *const *crl_urls, *const *ocsp_urls,
									*const *issuer_urls;
	bool is_ca;
	int path_len;      /* below 0: none */
	bool ocsp_nocheck; /* RFC 6960 4.2.2.2.1 */
	uint8_t sha256[32];
};

/* A strict walk; what is not understood is ignored.  Borrows from `der`, which must live as long. */
CS_MUST_USE enum cs_code pki_cert_read(
    struct cs_arena *arena, struct cs_span der, struct pki_cert_info *ret_info, struct cs_err *err);
/*
 * The key of a certificate of any version, as a SubjectPublicKeyInfo, borrowed from `der`.  Nothing else of it is
 * looked at: for those who take a certificate as a key's wrapping.  False: it is not a certificate.
 */
CS_MUST_USE bool pki_cert_key(struct cs_span der, struct cs_span *ret_spki);
/* The first certificate of a PEM text, copied to the arena. */
CS_MUST_USE enum cs_code pki_cert_from_pem(
    struct cs_arena *arena, struct cs_span pem, struct cs_span *ret_der, struct cs_err *err);

/* Was `tbs` signed by the key of `issuer`, and are the names right?  No dates, no revocation. */
bool pki_cert_signed_by(const struct pki_cert_info *cert, const struct pki_cert_info *issuer);
/* The same, where many were signed by one: `key` is the issuer's (asserted), or NULL for none that is kept. */
struct pki_verifier;
bool pki_cert_signed_with(const struct pki_cert_info *cert, const struct pki_cert_info *issuer,
    const struct pki_verifier *key);

/* A Name, DER, from attributes. */
struct cs_span pki_name(struct cs_arena *arena, const struct pki_attribute *attributes, size_t n);

/*
 * May this text stand in a certificate?  NULL: a person sees of it what is in it: valid UTF-8 without
 * control, bidirectional and zero-width characters.  Otherwise what is wrong with it.
 */
const char *pki_text_fault(struct cs_span text);

#endif
