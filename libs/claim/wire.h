/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire.h: statements to protobuf and back.  Inside claim only.
 *
 * Reading checks every rule of a statement; what is returned borrows from the arena.  Refused:
 * whatever packs to another length than was received, which is what embedded NULs, fields given
 * twice, explicit defaults and overlong numbers do (protobuf-c hides all of them).
 */
#ifndef CLAIM_WIRE_H
#define CLAIM_WIRE_H

#include "claim/claim.h"

#define CLAIM_ENCLOSED 2

struct claim_envelope {
	struct cs_span payload;
	const char *type, *keyid;
	struct cs_span signature; /* 64 octets */
	struct cs_span path;      /* CLAIM_PATH octets, of one of a batch (batch.h); or none */
	/* Behind it, outside of its signature: envelopes of what a final plan rests on. */
	struct cs_span enclosed[CLAIM_ENCLOSED];
	size_t n_enclosed;
	size_t bare_len; /* octets without them */
};

CS_MUST_USE enum cs_code claim_wire_read_envelope(
    struct cs_arena *arena, struct cs_span octets, struct claim_envelope *ret, struct cs_err *err);
/* The writers take no bare_len; it is what claim_wire_read_envelope() would say. */
struct cs_span claim_wire_envelope(struct cs_arena *arena, const struct claim_envelope *envelope);
/* One of a batch, whose signature and path are filled in later: where they are, in what is returned. */
struct cs_span claim_wire_open_envelope(struct cs_arena *arena,
    const struct claim_envelope *envelope, uint8_t **ret_signature, uint8_t **ret_path);

CS_MUST_USE enum cs_code claim_wire_read_request(
    struct cs_arena *arena, struct cs_span octets, struct claim_request *ret, struct cs_err *err);
CS_MUST_USE enum cs_code claim_wire_read_approval(
    struct cs_arena *arena, struct cs_span octets, struct claim_approval *ret, struct cs_err *err);
CS_MUST_USE enum cs_code claim_wire_read_revocation(struct cs_arena *arena, struct cs_span octets,
    struct claim_revocation *ret, struct cs_err *err);
CS_MUST_USE enum cs_code claim_wire_read_setting(
    struct cs_arena *arena, struct cs_span octets, struct claim_setting *ret, struct cs_err *err);
CS_MUST_USE enum cs_code claim_wire_read_factor_order(struct cs_arena *arena, struct cs_span octets,
    struct claim_factor_order *ret, struct cs_err *err);
CS_MUST_USE enum cs_code claim_wire_read_factor(
    struct cs_arena *arena, struct cs_span octets, struct claim_factor *ret, struct cs_err *err);
CS_MUST_USE enum cs_code claim_wire_read_plan(
    struct cs_arena *arena, struct cs_span octets, struct claim_plan *ret, struct cs_err *err);
CS_MUST_USE enum cs_code claim_wire_read_evidence(
    struct cs_arena *arena, struct cs_span octets, struct claim_evidence *ret, struct cs_err *err);
CS_MUST_USE enum cs_code claim_wire_read_perspective(struct cs_arena *arena, struct cs_span octets,
    struct claim_perspective_answer *ret, struct cs_err *err);

struct cs_span claim_wire_request(struct cs_arena *arena, const struct claim_request *request);
struct cs_span claim_wire_approval(struct cs_arena *arena, const struct claim_approval *approval);
struct cs_span
claim_wire_revocation(struct cs_arena *arena, const struct claim_revocation *revocation);
struct cs_span claim_wire_setting(struct cs_arena *arena, const struct claim_setting *setting);
struct cs_span
claim_wire_factor_order(struct cs_arena *arena, const struct claim_factor_order *order);
struct cs_span claim_wire_factor(struct cs_arena *arena, const struct claim_factor *factor);
struct cs_span claim_wire_plan(struct cs_arena *arena, const struct claim_plan *plan);
struct cs_span claim_wire_evidence(struct cs_arena *arena, const struct claim_evidence *evidence);
struct cs_span
claim_wire_perspective(struct cs_arena *arena, const struct claim_perspective_answer *answer);

#endif
