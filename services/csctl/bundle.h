/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bundle.h: an evidence pack: everything that one certificate rests on, in one file.
 *
 * A DSSE envelope as JSON (payloadType application/vnd.countersign.evidence-pack.v1+json), with one
 * signature or none.  Its payload is JSON too; octets are base64, hashes and serials hexadecimal, times
 * milliseconds since 1970.  services/csctl/README.md shows the members.
 *
 * Reading is strict: no member is missing, twice, of another type or unknown, and the file must be octet
 * for octet what bundle_write() makes of what was read: there is one way to write a pack.
 */
#ifndef CSCTL_BUNDLE_H
#define CSCTL_BUNDLE_H

#include "audit/audit.h"
#include "base/err.h"
#include "claim/claim.h"
#include "gate/gate.h"

#define BUNDLE_OCTETS_MAX ((size_t)32 * 1024 * 1024)
#define BUNDLE_EVIDENCE_MAX 1024
#define BUNDLE_ANSWERS_MAX 4096
#define BUNDLE_RECORDS_MAX 256
#define BUNDLE_CHAIN_MAX 8

struct pki_ed25519;

struct bundle_answer {
	const char *name, *type; /* the question */
	struct cs_span octets;
};

struct bundle {
	struct cs_id request;
	const char *rules, *lint;           /* versions */
	struct claim_texts issuer_domains;  /* by which CAA could permit us */
	struct gate_received statements[3]; /* request, approval, plan */
	struct gate_received *evidence;     /* of the request, what its plan names, and denials */
	size_t n_evidence;
	struct bundle_answer *answers; /* DNS packets that evidence names by their SHA-256 */
	size_t n_answers;
	bool key_was_theirs;                /* the key was certified for the same account before */
	struct gate_previous previous;      /* request all zero: it follows none */
	struct cs_span certificate, *chain; /* DER; the issuing CA first */
	size_t n_chain;
	struct audit_record *records; /* about the request, in order */
	struct audit_proof *paths;    /* of each */
	size_t n_records;
	struct audit_head head;
	struct cs_span trust, approvers; /* files, as they were in force */
};

/* `key` NULL: unsigned. */
struct cs_span
bundle_write(struct cs_arena *arena, const struct bundle *pack, const struct pki_ed25519 *key);
/*
 * *ret_keyid: whose signature it bears, which bundle_signed_by() verifies; NULL: unsigned.
 * CS_MALFORMED: what of it cannot be read.
 */
CS_MUST_USE enum cs_code bundle_read(struct cs_arena *arena, struct cs_span file,
    struct bundle *ret, const char **ret_keyid, struct cs_err *err);
/* Of a file that bundle_read() has read. */
bool
bundle_signed_by(struct cs_arena *arena, struct cs_span file, const uint8_t public_key[static 32]);

#endif
