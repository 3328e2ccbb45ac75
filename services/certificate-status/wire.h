/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire.h: what certificate-status reads and writes.  Reading: CS_MALFORMED names the field; results live in
 * the arena or borrow from the body.
 */
#ifndef STATUS_WIRE_H
#define STATUS_WIRE_H

#include "base/arena.h"
#include "base/err.h"
#include "status.h"

/* certificate.issued, .revoked, .voided: facts about one certificate. */
struct wire_fact {
	const char *issuer;
	struct cs_span serial; /* big-endian, without leading zeros */
	struct status_facts facts;
	struct cs_span certificate; /* of certificate.issued; else empty */
};
CS_MUST_USE enum cs_code wire_read_issued(
    struct cs_arena *arena, struct cs_span body, struct wire_fact *ret, struct cs_err *err);
CS_MUST_USE enum cs_code wire_read_revoked(
    struct cs_arena *arena, struct cs_span body, struct wire_fact *ret, struct cs_err *err);
CS_MUST_USE enum cs_code wire_read_voided(
    struct cs_arena *arena, struct cs_span body, struct wire_fact *ret, struct cs_err *err);

/* A CRL as certificate.crl-made and the signer's list name it. */
struct wire_crl {
	const char *issuer;
	uint32_t partition;
	int64_t number;
	uint32_t size;
	struct cs_span sha256;
};
CS_MUST_USE enum cs_code wire_read_crl_made(
    struct cs_arena *arena, struct cs_span body, struct wire_crl *ret, struct cs_err *err);

/* ask.signer.crls.  Left out is what cannot be served here: it keeps no other list away. */
struct cs_span wire_write_crls_ask(struct cs_arena *arena);
CS_MUST_USE enum cs_code wire_read_crls(struct cs_arena *arena, struct cs_span body,
    struct wire_crl **ret_crls, size_t *ret_n, size_t *ret_left_out, struct cs_err *err);
/* ask.signer.crl: a part of one.  CS_NOT_FOUND: the signer has it no more. */
struct cs_span
wire_write_part_ask(struct cs_arena *arena, const struct wire_crl *crl, size_t offset);
CS_MUST_USE enum cs_code wire_read_part(struct cs_arena *arena, struct cs_span body,
    const struct wire_crl *crl, size_t offset, struct cs_span *ret_octets, struct cs_err *err);

/* The command "status.crl", from the loop to the batch. */
struct wire_fetched {
	const char *issuer;
	uint32_t partition;
	int64_t number;
	struct cs_span der;
};
struct cs_span wire_write_fetched(struct cs_arena *arena, const struct wire_fetched *fetched);
CS_MUST_USE enum cs_code wire_read_fetched(
    struct cs_arena *arena, struct cs_span body, struct wire_fetched *ret, struct cs_err *err);

#endif
