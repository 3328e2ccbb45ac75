/* SPDX-License-Identifier: Apache-2.0 */
/* store.h: what csctl does in the database: as its owner, or as the observer of the outboxes. */
#ifndef CSCTL_STORE_H
#define CSCTL_STORE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/id.h"
#include "db/db.h"

CS_MUST_USE enum cs_code store_prepare(struct db *db, struct cs_err *err);
CS_MUST_USE enum cs_code store_make_role(struct db *db, struct cs_arena *arena, const char *role,
    const char *password, struct cs_err *err);
CS_MUST_USE enum cs_code
store_grant(struct db *db, struct cs_arena *arena, const char *role, struct cs_err *err);
/*
 * Who may read every service's outbox and archived answers, and the signer's audit log with what it is
 * about, and nothing else: for `csctl events archive`, `answer show`, `audit` and `evidence`.
 */
CS_MUST_USE enum cs_code store_make_observer(
    struct db *db, struct cs_arena *arena, const char *password, struct cs_err *err);
/* After a service's tables are there. */
CS_MUST_USE enum cs_code
store_grant_observer(struct db *db, struct cs_arena *arena, const char *role, struct cs_err *err);
/* Empty digest: not applied. */
CS_MUST_USE enum cs_code store_applied(struct db *db, struct cs_arena *arena, const char *service,
    const char *name, struct cs_span *ret_sha256, struct cs_err *err);
CS_MUST_USE enum cs_code store_apply(struct db *db, struct cs_arena *arena, const char *service,
    const char *name, const char *sql, struct cs_span sha256, struct cs_err *err);

/* Of the services that keep state, in the order in which a request passes them. */
#define STORE_SCHEMAS 7
extern const char *const store_schemas[STORE_SCHEMAS];

/* The schema whose tables the next calls mean. */
CS_MUST_USE enum cs_code
store_use_schema(struct db *db, struct cs_arena *arena, const char *schema, struct cs_err *err);
/* subject, id, error, at_ms, deliveries, state, octets: the newest first. */
CS_MUST_USE enum cs_code store_parked(struct db *db, struct cs_arena *arena, size_t max,
    struct db_rows **ret_rows, struct cs_err *err);
/* subject, body, error. */
CS_MUST_USE enum cs_code store_parked_one(struct db *db, struct cs_arena *arena, struct cs_id id,
    struct db_rows **ret_rows, struct cs_err *err);
/* Marks it to be handled again, or drops it.  CS_NOT_FOUND. */
CS_MUST_USE enum cs_code store_parked_change(
    struct db *db, struct cs_arena *arena, struct cs_id id, bool drop, struct cs_err *err);

/* ---- outboxes, for reading only ---- */

struct store_wish {
	const struct cs_id *request; /* NULL: of all */
	const char *subject;         /* "plan.made"; NULL: all */
	const char *prefix;          /* "plan."; NULL: all lanes */
	int64_t since_ms, until_ms;  /* the first that counts, the first that does not any more */
};

/* From now on this connection can change nothing. */
CS_MUST_USE enum cs_code store_read_only(struct db *db, struct cs_err *err);

struct store_place {
	int64_t seq, created_ms;
};

/* The number of the last row; 0: there is none. */
CS_MUST_USE enum cs_code
store_outbox_last(struct db *db, struct cs_arena *arena, int64_t *ret_seq, struct cs_err *err);
/* The first row from `seq` on; its number is 0 when there is none. */
CS_MUST_USE enum cs_code store_outbox_from(struct db *db, struct cs_arena *arena, int64_t seq,
    struct store_place *ret, struct cs_err *err);

enum store_column { STORE_SEQ, STORE_ID, STORE_KEY, STORE_SUBJECT, STORE_CREATED, STORE_BODY };

/*
 * The next `max` rows behind `after` up to `last`, in order; of a request: of its rows alone.  A row
 * that the wish does not want has no body.
 */
CS_MUST_USE enum cs_code
store_outbox_page(struct db *db, struct cs_arena *arena, const struct store_wish *wish,
    int64_t after, int64_t last, size_t max, struct db_rows **ret_rows, struct cs_err *err);

/* ---- archived DNS answers ---- */

struct store_answer {
	struct cs_span octets;
	const char *name, *type; /* the question */
	int64_t first_at_ms, last_at_ms;
};

/* By the digest of its octets.  CS_NOT_FOUND. */
CS_MUST_USE enum cs_code store_answer(struct db *db, struct cs_arena *arena, struct cs_span sha256,
    struct store_answer *ret, struct cs_err *err);

#endif
