/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ceremony.h: what people agree on before a root signs, and the record of what was done.
 *
 * A proposal is a claim_agreement: its payload holds the very octets to be signed, the root's certificate and
 * the request.  The record is a file of JSON objects, one a line, each with the SHA-256 of the line before: it
 * only grows, and whoever has its last line can tell whether a line before was changed.
 */
#ifndef CSCTL_CEREMONY_H
#define CSCTL_CEREMONY_H

#include "base/arena.h"
#include "base/err.h"
#include "claim/claim.h"

struct ceremony_proposal {
	struct cs_span root, tbs, csr; /* DER */
	struct claim_texts names;      /* of those who approved */
};

struct cs_span ceremony_propose(
    struct cs_arena *arena, struct cs_span root, struct cs_span tbs, struct cs_span csr);
/* CS_MALFORMED: no proposal, or a signature that is wrong, a stranger's or a second one. */
CS_MUST_USE enum cs_code ceremony_open(struct cs_arena *arena, struct cs_span envelope,
    const char *approvers_path, struct ceremony_proposal *ret, struct cs_err *err);
CS_MUST_USE enum cs_code
ceremony_approve(struct cs_arena *arena, struct cs_span envelope, const char *approvers_path,
    const struct claim_key *key, struct cs_span *ret_envelope, struct cs_err *err);

/* One line.  Empty spans are not written. */
struct ceremony_entry {
	const char *what; /* "root", "request", "certificate", "ocsp-signer", "crl" */
	int64_t at_ms;
	struct cs_span proposal; /* the envelope, as it was signed from */
	struct cs_span request;  /* DER, as are the next two */
	struct cs_span certificate, crl;
};

/* Appends a line, durably; makes the file when there is none.  CS_MALFORMED: its last line is not one. */
CS_MUST_USE enum cs_code ceremony_note(struct cs_arena *arena, const char *path,
    const struct ceremony_entry *entry, struct cs_err *err);
#define CEREMONY_HASH 65 /* SHA-256 in hexadecimal, and its NUL */

/*
 * Every line, its place in the chain checked.  ret_last: of the last line, by which whoever has it from
 * elsewhere sees that none was cut off.  CS_NOT_FOUND, CS_MALFORMED: the line is named.
 */
CS_MUST_USE enum cs_code
ceremony_read(struct cs_arena *arena, const char *path, struct ceremony_entry **ret_entries,
    size_t *ret_n, char ret_last[static CEREMONY_HASH], struct cs_err *err);

#endif
