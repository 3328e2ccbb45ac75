/* SPDX-License-Identifier: Apache-2.0 */
/*
 * authority.h: the CAs that are spoken for, from files: LABEL.cer (DER) in one directory, with LABEL.crl
 * for roots; LABEL.cert.pem and LABEL.key.pem of delegated OCSP responders in another.
 */
#ifndef STATUS_AUTHORITY_H
#define STATUS_AUTHORITY_H

#include "base/arena.h"
#include "base/err.h"
#include "pki/cert.h"
#include "pki/ocsp.h"
#include "status.h"

#define AUTHORITIES_MAX 64

struct authority {
	const char *label;
	struct pki_cert_info ca;
	struct pki_verifier
	    *key; /* the CA's; owned; NULL: not a kind of key that certificates are signed with */
	bool is_root; /* self-signed: its CRL is a file, it has no responder of its own */
	struct pki_ocsp_issuer names;
	char tag[STATUS_TAG];
};

struct authorities {                   /* immutable once read */
	const struct authority *items; /* their place here is their number in the index */
	size_t n;
};

/*
 * CS_NOT_FOUND, CS_MALFORMED: the directory, or the first file in it that is not what its name says.  Ends with
 * authorities_free().
 */
CS_MUST_USE enum cs_code authorities_read(
    struct cs_arena *arena, const char *dir, struct authorities *ret, struct cs_err *err);
void authorities_free(struct authorities *all);
/* NULL: none of this label, of `len` octets. */
const struct authority *
authority_find(const struct authorities *all, const char *label, size_t len);

struct crl {
	struct cs_arena *arena; /* owns it */
	uint32_t partition;
	int64_t number;
	struct status_times times;
	size_t entries;
	struct cs_span der;
	char tag[STATUS_TAG];
	bool stored; /* in the database, or a file's */
};

/* What one CA's answers are made of, on the loop thread. */
struct desk {
	struct pki_ocsp_responder *responder;        /* owned; NULL: no OCSP */
	struct crl *crls[STATUS_PARTITIONS_MAX + 1]; /* owned, by partition; NULL: none yet */
	bool alerted_crl, alerted_responder;
};

/*
 * Reads what the files say now.  *ret_new: another responder than before (the old one is freed).
 * CS_MALFORMED: what there is is not usable, and what was loaded before stays.
 */
CS_MUST_USE enum cs_code desk_read_responder(const struct authority *authority, const char *dir,
    struct desk *desk, bool *ret_new, struct cs_err *err);
/* The file of a root's CRL in the arena; CS_NOT_FOUND: there is none. */
CS_MUST_USE enum cs_code
desk_read_root_crl(struct cs_arena *arena, const struct authority *authority, const char *dir,
    struct cs_span *ret_der, struct cs_err *err);
void desk_free(struct desk *desk);

/* Tag of these octets: the first half of their SHA-256. */
void tag_of(struct cs_span octets, char ret_tag[static STATUS_TAG]);

#endif
