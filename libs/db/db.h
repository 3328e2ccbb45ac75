/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db.h: the only door to PostgreSQL.
 *
 * One connection, used by one thread.  Calls block, with a time-out; statements that are sent travel
 * together, so that a transaction of many statements costs two or three waits.  Values go and come in
 * binary, as parameters only.  Every statement is prepared once per connection.
 *
 * CS_UNAVAILABLE: the database is away, overloaded or read-only (after a commit: nobody knows whether
 * it happened, so what is committed must be safe to do again).  CS_CONFLICT: somebody was faster:
 * serialization, deadlock, lock time-out, a duplicate key, fewer rows than expected.  CS_INTERNAL:
 * everything else.  Error texts hold the SQLSTATE, the server's message and the constraint, never a
 * parameter's value.
 *
 * After a failure inside a transaction every call but db_rollback returns that failure again.
 */
#ifndef DB_DB_H
#define DB_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/id.h"
#include "base/span.h"

struct db;
struct db_rows; /* a result; lives in the arena of its query */

#define DB_RESULT_MAX (64 * 1024 * 1024) /* octets of a result; more is refused */
#define DB_PARAMS_MAX 64
#define DB_QUEUED_MAX 1024 /* statements sent and not yet settled; then db_send settles first */

/* `url` is borrowed until db_close.  CS_UNAVAILABLE: not within 3 s; CS_MALFORMED: not a connection URL. */
CS_MUST_USE enum cs_code
db_open(const char *url, const char *app_name, struct db **ret_db, struct cs_err *err);
/* Where a connection URL leads. */
struct db_route {
	uint16_t ports[8]; /* of TCP */
	size_t n;
	bool names; /* a host is a name, so that DNS is asked for it */
};
CS_MUST_USE enum cs_code db_route(const char *url, struct db_route *ret, struct cs_err *err);
void db_close(struct db *db); /* takes NULL */
/* False once the connection was lost: only db_reconnect and db_close help. */
bool db_alive(const struct db *db);
/* Drops what there is, an open transaction too, and connects again.  CS_UNAVAILABLE: try later. */
CS_MUST_USE enum cs_code db_reconnect(struct db *db, struct cs_err *err);

/* A parameter: the type is explicit, the value borrowed until the call that it is given to returns. */
struct db_param {
	uint32_t type;    /* OID */
	const void *data; /* binary format; NULL is SQL NULL, unless it lies in `small` */
	int len;
	bool is_small;
	uint8_t small[16]; /* ids and numbers */
};

struct db_param db_id(struct cs_id id);          /* uuid */
struct db_param db_i32(int32_t value);           /* integer */
struct db_param db_i64(int64_t value);           /* bigint */
struct db_param db_bool(bool value);             /* boolean */
struct db_param db_time(int64_t ms);             /* timestamptz */
struct db_param db_text(const char *text);       /* text; NULL is SQL NULL */
struct db_param db_bytes(struct cs_span octets); /* bytea; never NULL */
struct db_param db_null_id(void);                /* uuid NULL, and so on */
struct db_param db_null_i32(void);
struct db_param db_null_i64(void);
struct db_param db_null_time(void);
struct db_param db_null_bytes(void);
struct db_param db_null_i64_array(void);

/* Arrays, for unnest() and any(): built in the arena. */
struct db_param db_id_array(struct cs_arena *arena, const struct cs_id *ids, size_t n);
struct db_param db_i32_array(struct cs_arena *arena, const int32_t *values, size_t n);
struct db_param db_i64_array(struct cs_arena *arena, const int64_t *values, size_t n);
struct db_param db_bool_array(struct cs_arena *arena, const bool *values, size_t n);
struct db_param db_time_array(struct cs_arena *arena, const int64_t *ms, size_t n);
struct db_param
db_text_array(struct cs_arena *arena, const char *const *texts, size_t n); /* NULL: NULL */
struct db_param db_bytes_array(struct cs_arena *arena, const struct cs_span *spans, size_t n);
/* The same with NULLs: element i is NULL where is_null[i]. */
struct db_param
db_id_array_nulls(struct cs_arena *arena, const struct cs_id *ids, const bool *is_null, size_t n);
struct db_param
db_i64_array_nulls(struct cs_arena *arena, const int64_t *values, const bool *is_null, size_t n);
struct db_param db_bytes_array_nulls(
    struct cs_arena *arena, const struct cs_span *spans, const bool *is_null, size_t n);

/* Sends nothing yet: BEGIN travels with the next statement.  Read committed.  No transaction is open. */
CS_MUST_USE enum cs_code db_begin(struct db *db, struct cs_err *err);
/*
 * Settles, then commits; at once when nothing that was sent has rows to read or to count.  On failure the
 * transaction is over or db_rollback ends it.
 */
CS_MUST_USE enum cs_code db_commit(struct db *db, struct cs_err *err);
/* Cannot fail: afterwards the connection is usable, or not db_alive.  Harmless without a transaction. */
void db_rollback(struct db *db);

/*
 * Sends and waits for the rows, and settles what was sent before.  `sql` is one statement with $1...;
 * its text must not change while the connection lives.
 */
CS_MUST_USE enum cs_code db_query(struct db *db, struct cs_arena *arena, const char *sql,
    const struct db_param *params, size_t n, struct db_rows **ret_rows, struct cs_err *err);
/*
 * The same without waiting: *ret_rows has its rows after the next call that settles, and belongs to
 * nobody when that fails.  Questions that do not depend on each other's answers so cost one wait.
 */
CS_MUST_USE enum cs_code db_ask(struct db *db, struct cs_arena *arena, const char *sql,
    const struct db_param *params, size_t n, struct db_rows **ret_rows, struct cs_err *err);
/*
 * Sends without waiting; rows that it returns are dropped.  When it touched another number of rows
 * than `expect_rows` (-1: any), the call that settles it fails with CS_CONFLICT.
 */
CS_MUST_USE enum cs_code db_send(struct db *db, const char *sql, const struct db_param *params,
    size_t n, int64_t expect_rows, struct cs_err *err);
/* Waits for everything that was sent. */
CS_MUST_USE enum cs_code db_settle(struct db *db, struct cs_err *err);
/* Many statements in one text, without parameters and with minutes of time: for migrations only. */
CS_MUST_USE enum cs_code db_script(struct db *db, const char *sql, struct cs_err *err);

size_t db_rows_count(const struct db_rows *rows);
/*
 * Cells, by row and column from 0.  The column's type must be the one that the function names; asking
 * for another is a mistake in our SQL and asserted.  SQL NULL gives zero, false, NULL or the empty span.
 */
bool db_is_null(const struct db_rows *rows, size_t row, size_t column);
struct cs_id db_get_id(const struct db_rows *rows, size_t row, size_t column);
int32_t db_get_i32(const struct db_rows *rows, size_t row, size_t column); /* smallint, integer */
int64_t db_get_i64(const struct db_rows *rows, size_t row, size_t column); /* any integer */
bool db_get_bool(const struct db_rows *rows, size_t row, size_t column);
int64_t db_get_time(const struct db_rows *rows, size_t row, size_t column); /* timestamptz, ms */
const char *
db_get_text(const struct db_rows *rows, size_t row, size_t column); /* text, json, enums */
struct cs_span db_get_bytes(const struct db_rows *rows, size_t row, size_t column);

#endif
