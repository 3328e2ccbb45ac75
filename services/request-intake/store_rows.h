/* SPDX-License-Identifier: Apache-2.0 */
/* store_rows.h: what the files of the store share.  Inside the store only. */
#ifndef INTAKE_STORE_ROWS_H
#define INTAKE_STORE_ROWS_H

#include "changes.h"
#include "db/db.h"
#include "intake.h"
#include "svc/svc.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Columns as arrays: one statement for any number of rows. */
struct columns {
	struct cs_arena *arena;
	struct db_param params[24];
	size_t n;
};

/* Adds a column: what `value` says for each row, which it knows as rows[i]. */
#define COLUMN(columns, n_rows, type, value, maker)                                           \
	do {                                                                                  \
		type *items = CS_NEW_ARRAY((columns)->arena, (n_rows), type);                 \
		for (size_t i = 0; i < (n_rows); i++)                                         \
			items[i] = value;                                                     \
		(columns)->params[(columns)->n++] = maker((columns)->arena, items, (n_rows)); \
	} while (0)
#define IDS(c, rows, n, member) COLUMN(c, n, struct cs_id, (rows)[i] member, db_id_array)
#define TEXTS(c, rows, n, member) COLUMN(c, n, const char *, (rows)[i] member, db_text_array)
#define I32S(c, rows, n, member) COLUMN(c, n, int32_t, (int32_t)(rows)[i] member, db_i32_array)
#define I64S(c, rows, n, member) COLUMN(c, n, int64_t, (int64_t)(rows)[i] member, db_i64_array)
#define BOOLS(c, rows, n, member) COLUMN(c, n, bool, (rows)[i] member, db_bool_array)
#define OCTETS(c, rows, n, member) COLUMN(c, n, struct cs_span, (rows)[i] member, db_bytes_array)
#define DIGESTS(c, rows, n, member) \
	COLUMN(c, n, struct cs_span, cs_span_of((rows)[i] member, CLAIM_DIGEST), db_bytes_array)

/* What is shown of a revocation, of a left join "v" of the table; all NULL: none. */
#define REVOCATION_COLUMNS                                                                           \
	"v.asked_by, v.account, v.reason, v.said, v.report, v.note_version, v.known_ms, v.asked_ms," \
	" v.due_ms, v.revoked_ms, v.refusal_code, v.refusal_text"
#define REVOCATION_JOIN " left join revocation v on v.request = r.id"
#define N_REVOCATION 12
/* From column `first` on. */
struct intake_revocation
store_read_revocation(const struct db_rows *rows, size_t row, size_t first);

/* Parts of store_load_requests() and store_save_requests(); `ret_rows` NULL when nothing is asked. */
CS_MUST_USE enum cs_code
store_ask_earlier(struct svc_batch *batch, struct db_rows **ret_rows, struct cs_err *err);
void store_take_earlier(struct svc_batch *batch, const struct db_rows *rows);
CS_MUST_USE enum cs_code
store_ask_reports(struct svc_batch *batch, struct db_rows **ret_rows, struct cs_err *err);
void store_take_reports(struct svc_batch *batch, const struct db_rows *rows);
CS_MUST_USE enum cs_code
store_ask_notes(struct svc_batch *batch, struct db_rows **ret_rows, struct cs_err *err);
void store_take_notes(struct svc_batch *batch, const struct db_rows *rows);
CS_MUST_USE enum cs_code store_save_request_notes(
    const struct svc_batch *batch, const struct changes *changes, struct cs_err *err);
CS_MUST_USE enum cs_code store_save_reports(
    const struct svc_batch *batch, const struct changes *changes, struct cs_err *err);
CS_MUST_USE enum cs_code store_save_revocations(
    const struct svc_batch *batch, const struct changes *changes, struct cs_err *err);

#endif
