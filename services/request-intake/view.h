/* SPDX-License-Identifier: Apache-2.0 */
/*
 * view.h: what people and programs are shown, as JSON.  openapi.json describes every member; a test
 * compares the two.  CS_MALFORMED: what the store holds cannot be read, which is our own mistake.
 */
#ifndef INTAKE_VIEW_H
#define INTAKE_VIEW_H

#include "intake.h"
#include "store.h"
#include "wire.h"

struct out;

/* A request with its checks, as at this instant. */
CS_MUST_USE enum cs_code view_request(struct cs_arena *arena, const struct intake_request *req,
    int64_t now_ms, struct cs_span *ret_json, struct cs_err *err);
/* As it was when it was created: the same octets whenever the creation is repeated. */
CS_MUST_USE enum cs_code view_created(struct cs_arena *arena, const struct intake_request *req,
    struct cs_span *ret_json, struct cs_err *err);
/* A page; `next` is the cursor of the next one, "" when this is the last. */
struct cs_span
view_list(struct cs_arena *arena, const struct intake_request *reqs, size_t n, const char *next);
/* The answer to an action: where the request stands now. */
struct cs_span
view_receipt(struct cs_arena *arena, struct cs_id id, enum intake_state state, const char *check);
/*
 * The member "second_factor": what must be proved at the approval, by a password, or by which codes and where to have these sent; or
 * when that was done.
 */
void view_factor(struct out *out, struct cs_id request, const char *method, int64_t proved_at_ms);
/* The answer to what has codes sent. */
struct cs_span
view_codes_sent(struct cs_arena *arena, const char *method, const struct wire_codes_sent *sent);
/* What an answer by mail is made of. */
struct cs_span view_reply(struct cs_arena *arena, const struct wire_reply *reply);
/* The data of one server-sent event. */
struct cs_span view_line(struct cs_arena *arena, const struct store_line *line);

#endif
