/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire.h: the unsigned events that policy reads and writes; the signed ones go through libs/claim.
 * Only the fields that policy needs are read.  Reading: CS_MALFORMED; results live in the arena.
 */
#ifndef POLICY_WIRE_H
#define POLICY_WIRE_H

#include "config.h"
#include "policy.h"
#include "policy_factor.h"

CS_MUST_USE enum cs_code wire_read_asked(struct cs_arena *arena, struct cs_span body,
    struct cs_id *ret_request, struct policy_asked *ret_asked, struct cs_err *err);
/* The events after which nothing is to be done for a request. */
CS_MUST_USE enum cs_code wire_read_cancelled(
    struct cs_arena *arena, struct cs_span body, struct cs_id *ret_request, struct cs_err *err);
CS_MUST_USE enum cs_code wire_read_issued(
    struct cs_arena *arena, struct cs_span body, struct cs_id *ret_request, struct cs_err *err);
CS_MUST_USE enum cs_code wire_read_refused(
    struct cs_arena *arena, struct cs_span body, struct cs_id *ret_request, struct cs_err *err);
CS_MUST_USE enum cs_code wire_read_stopped(
    struct cs_arena *arena, struct cs_span body, struct cs_id *ret_request, struct cs_err *err);

/* ask.policy.config. */
CS_MUST_USE enum cs_code wire_read_config(
    struct cs_arena *arena, struct cs_span body, struct config_http *ret_http, struct cs_err *err);
struct cs_span wire_write_config_answer(struct cs_arena *arena, const struct config_answer *answer);
/* config.* of what is not signed; `id`: of the document. */
struct cs_span wire_write_config_changed(
    struct cs_arena *arena, const struct config_change *change, struct cs_id id);

struct cs_span wire_write_domain_settled(struct cs_arena *arena, struct cs_id request);
struct cs_span wire_write_refused(
    struct cs_arena *arena, const struct policy_step *step, struct cs_id request, int64_t now_ms);

/* ask.policy.factor; `order`: the sealed one, empty for none. */
CS_MUST_USE enum cs_code wire_read_factor_ask(struct cs_arena *arena, struct cs_span body,
    struct cs_id *ret_request, struct policy_factor_ask *ret, struct cs_err *err);
struct cs_span wire_write_factor_answer(struct cs_arena *arena, const struct policy_factor_ask *ask,
    const struct policy_factor_answer *answer, struct cs_span order);

/* ---- people ---- */

CS_MUST_USE enum cs_code wire_read_who(
    struct cs_arena *arena, struct cs_span body, struct people_ask *ret, struct cs_err *err);
/* NULL: nobody is known by this token. */
struct cs_span wire_write_who(struct cs_arena *arena, const struct people_caller *caller);

/* Of tokens, invitations and proofs only digests are kept. */
CS_MUST_USE enum cs_code wire_read_salt(
    struct cs_arena *arena, struct cs_span body, struct people_ask *ret, struct cs_err *err);
CS_MUST_USE enum cs_code wire_read_login(
    struct cs_arena *arena, struct cs_span body, struct people_login_ask *ret, struct cs_err *err);
CS_MUST_USE enum cs_code wire_read_password(struct cs_arena *arena, struct cs_span body,
    struct people_password_ask *ret, struct cs_err *err);
CS_MUST_USE enum cs_code wire_read_logout(
    struct cs_arena *arena, struct cs_span body, struct people_ask *ret, struct cs_err *err);
struct cs_span wire_write_salt(struct cs_arena *arena, const struct people_salt *salt);
struct cs_span wire_write_login(struct cs_arena *arena, const struct people_login *login);
struct cs_span wire_write_password(struct cs_arena *arena, enum people_verdict verdict);
struct cs_span wire_write_logout(struct cs_arena *arena, bool ended);

#endif
