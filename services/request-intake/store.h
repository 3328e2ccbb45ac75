/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h: requests in PostgreSQL.  One load and one save for a whole batch; the state of an
 * aggregate is a struct intake_request in the batch's arena.  The rest is for showing, on a
 * read-only connection.
 */
#ifndef INTAKE_STORE_H
#define INTAKE_STORE_H

#include "intake.h"
#include "svc/svc.h"

/*
 * Requests, locked, with their checks but without refusals, and without the octets of evidence,
 * challenge and certificate.  With the envelope, and what a list shows of it, only for a repeated creation, which
 * alone shows them.
 */
CS_MUST_USE enum cs_code store_load_requests(struct svc_batch *batch, struct cs_err *err);
/* What changed.  CS_CONFLICT: another replica was faster. */
CS_MUST_USE enum cs_code store_save_requests(struct svc_batch *batch, struct cs_err *err);
/* svc_due of "clock.request-due". */
CS_MUST_USE enum cs_code store_due_requests(const void *self, struct db *db, int64_t now_ms,
    size_t max, struct cs_arena *arena, struct cs_id **ret_keys, size_t *ret_n, struct cs_err *err);

/* A request with its certificate, without what its checks received.  CS_NOT_FOUND. */
CS_MUST_USE enum cs_code store_find(struct db *db, struct cs_arena *arena, struct cs_id id,
    struct intake_request *ret_req, struct cs_err *err);
/* Adds the octets that its checks received. */
CS_MUST_USE enum cs_code store_find_octets(
    struct db *db, struct cs_arena *arena, struct intake_request *req, struct cs_err *err);
/* Nothing but whose it is, its state and its certificate.  CS_NOT_FOUND. */
CS_MUST_USE enum cs_code store_find_issued(struct db *db, struct cs_arena *arena, struct cs_id id,
    struct intake_request *ret_req, struct cs_err *err);

/*
 * The next page: only what a list shows.  The newest first; with has_since those whose state changed
 * at or after since_ms, the last change first.  Operators and auditors see the whole enterprise of `caller`.
 */
struct store_page {
	int64_t before_ms; /* of what was shown last; INT64_MAX: from the first */
	struct cs_id before;
	enum intake_state state; /* INTAKE_NONE: any */
	bool has_since;
	int64_t since_ms;
	uint32_t limit;
};
CS_MUST_USE enum cs_code store_list(struct db *db, struct cs_arena *arena,
    const struct intake_caller *caller, const struct store_page *page,
    struct intake_request **ret_reqs, size_t *ret_n, struct cs_err *err);

/*
 * Lines of history after `after[i]` of request `ids[i]`, by request and seq, at most `limit` in
 * all.
 */
struct store_line {
	struct cs_id request;
	uint64_t seq;
	int64_t at_ms;
	const char *check, *state, *reason, *text;
	bool last; /* nothing follows it, as far as is known now */
};
struct store_watch {
	const struct cs_id *ids;
	const int64_t *after;
	size_t n;
	uint32_t limit;
};
CS_MUST_USE enum cs_code
store_history(struct db *db, struct cs_arena *arena, const struct store_watch *watch,
    struct store_line **ret_lines, size_t *ret_n, struct cs_err *err);

#endif
