/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ocsp.h: OCSP (RFC 6960) as a responder for the whole world speaks it (RFC 5019, RFC 9654): requests of
 * strangers, read strictly and within limits, and responses signed by a delegated key (SBR 4.9.9).
 */
#ifndef PKI_OCSP_H
#define PKI_OCSP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "pki/cert.h"

#define PKI_OCSP_REQUEST_MAX 4096 /* octets */
#define PKI_OCSP_ASKED_MAX 8      /* certificates that one request may ask for */
#define PKI_OCSP_SERIAL_MAX 20    /* octets, RFC 5280 4.1.2.2 */
#define PKI_OCSP_NONCE_MAX 32     /* octets that are echoed; RFC 9654 2.1 */

/* How a CertID names its issuer: the hash, and whether its parameters are NULL or absent. */
enum pki_ocsp_form {
	PKI_OCSP_SHA1,
	PKI_OCSP_SHA1_BARE,
	PKI_OCSP_SHA256,
	PKI_OCSP_SHA256_BARE,
	PKI_OCSP_FORMS
};

struct pki_ocsp_id {
	enum pki_ocsp_form form;
	struct cs_span name_hash, key_hash;
	struct cs_span serial; /* big-endian, no sign octet */
};

struct pki_ocsp_request { /* borrows from the input */
	struct pki_ocsp_id ids[PKI_OCSP_ASKED_MAX];
	size_t n;             /* at least 1 */
	struct cs_span nonce; /* 1 to 32 octets; empty: none, or one longer than is echoed */
	bool names_client;    /* a requestorName or a signature is there; neither is looked at */
};

/* RFC 6960 4.2.1 */
enum pki_ocsp_refusal {
	PKI_OCSP_MALFORMED = 1,
	PKI_OCSP_INTERNAL = 2,
	PKI_OCSP_TRY_LATER = 3,
	PKI_OCSP_UNAUTHORIZED = 6
};

/*
 * Reads an OCSPRequest, DER.  False: *ret_why says how it is answered: malformed, or unauthorized for
 * a CertID of a hash that names no issuer here.
 */
CS_MUST_USE bool pki_ocsp_read(
    struct cs_span der, struct pki_ocsp_request *ret_request, enum pki_ocsp_refusal *ret_why);

/* A response without a certificate's status: five octets, static. */
struct cs_span pki_ocsp_refuse(enum pki_ocsp_refusal why);

/* The names of one issuing CA in CertIDs. */
struct pki_ocsp_issuer {
	uint8_t name_sha1[20], key_sha1[20], name_sha256[32], key_sha256[32];
};
void pki_ocsp_name_issuer(const struct pki_cert_info *ca, struct pki_ocsp_issuer *ret_issuer);
bool pki_ocsp_is_of(const struct pki_ocsp_id *id, const struct pki_ocsp_issuer *issuer);

/* RFC 6960 4.2.1: KeyHash, by which answers name their responder.  Asserts a good SPKI. */
void pki_ocsp_key_hash(struct cs_span spki, uint8_t ret_hash[static 20]);

enum pki_ocsp_status { PKI_OCSP_GOOD, PKI_OCSP_REVOKED, PKI_OCSP_UNKNOWN };

struct pki_ocsp_single {
	struct pki_ocsp_id id;
	enum pki_ocsp_status status;
	int64_t revoked_at_s;
	uint32_t reason; /* RFC 5280 5.3.1; 0: none is given (SBR 7.3) */
};

struct pki_ocsp_answer {
	const struct pki_ocsp_single *singles;
	size_t n;
	struct cs_span nonce; /* empty: none */
	int64_t produced_at_s, this_update_s, next_update_s;
};

/* A delegated responder: its certificate and its key.  Belongs to one thread at a time. */
struct pki_ocsp_responder;

struct pki_ocsp_files {
	const char
	    *key; /* PKCS#8 PEM, not encrypted; refused when others than the owner may read it */
	const char *cert; /* PEM: one certificate */
};

/*
 * CS_NOT_FOUND: a file is not there.  CS_MALFORMED: key and certificate do not belong together, or the
 * certificate is no delegated responder's of this CA: signed by it, extendedKeyUsage OCSPSigning and
 * nothing else, id-pkix-ocsp-nocheck, keyUsage digitalSignature, no CA.  Dates are not looked at.
 */
CS_MUST_USE enum cs_code pki_ocsp_responder_load(const struct pki_ocsp_files *files,
    const struct pki_cert_info *ca, struct pki_ocsp_responder **ret_responder, struct cs_err *err);
void pki_ocsp_responder_free(struct pki_ocsp_responder *responder); /* takes NULL; wipes */
/* Borrowed until pki_ocsp_responder_free. */
const struct pki_cert_info *
pki_ocsp_responder_certificate(const struct pki_ocsp_responder *responder);

/*
 * A successful OCSPResponse, DER: ResponderID by key, the responder's certificate included, the signature
 * verified before anybody sees it.  CS_INTERNAL: that failed.
 */
CS_MUST_USE enum cs_code
pki_ocsp_respond(struct pki_ocsp_responder *responder, struct cs_arena *arena,
    const struct pki_ocsp_answer *answer, struct cs_span *ret_der, struct cs_err *err);

#endif
