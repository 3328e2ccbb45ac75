/* SPDX-License-Identifier: Apache-2.0 */
/* store_rows.h: what the files of the store share.  Inside the store only. */
#ifndef SIGNER_STORE_ROWS_H
#define SIGNER_STORE_ROWS_H

#include <string.h>

#include "db/db.h"
#include "record.h"
#include "svc/svc.h"

static inline struct signer_record *
store_record_of(const struct svc_aggregate *aggregate)
{
	return aggregate->state;
}

/* What plan.final was read into; NULL: another event. */
static inline const struct record_plan *
store_plan_of(const struct svc_event *event)
{
	return strcmp(event->subject, "plan.final") == 0 ? event->what : NULL;
}

/* Rows of one statement, column by column; each save_x fills what it needs. */
struct store_columns {
	struct cs_id *ids;
	int32_t *ints, *more_ints;
	int64_t *longs, *more_longs;
	struct cs_span *spans, *more_spans, *other_spans;
	const char **texts, **more_texts;
	size_t n;
};

static inline struct store_columns
store_columns(struct cs_arena *arena, size_t room)
{
	return (struct store_columns){
		.ids = CS_NEW_ARRAY(arena, room, struct cs_id),
		.ints = CS_NEW_ARRAY(arena, room, int32_t),
		.more_ints = CS_NEW_ARRAY(arena, room, int32_t),
		.longs = CS_NEW_ARRAY(arena, room, int64_t),
		.more_longs = CS_NEW_ARRAY(arena, room, int64_t),
		.spans = CS_NEW_ARRAY(arena, room, struct cs_span),
		.more_spans = CS_NEW_ARRAY(arena, room, struct cs_span),
		.other_spans = CS_NEW_ARRAY(arena, room, struct cs_span),
		.texts = CS_NEW_ARRAY(arena, room, const char *),
		.more_texts = CS_NEW_ARRAY(arena, room, const char *),
	};
}

/* The first column of these rows, for svc_due. */
static inline void
store_due_ids(
    struct cs_arena *arena, const struct db_rows *rows, struct cs_id **ret_keys, size_t *ret_n)
{
	*ret_n = db_rows_count(rows);
	*ret_keys = CS_NEW_ARRAY(arena, *ret_n, struct cs_id);
	for (size_t i = 0; i < *ret_n; i++)
		(*ret_keys)[i] = db_get_id(rows, i, 0);
}

/* ---- what store_save_records() is made of beside store.c ---- */

struct db_rows;
/* Asks with the other questions of a load, then judges the answer.  CS_UNAVAILABLE: our table is too old. */
CS_MUST_USE enum cs_code
store_ask_trust(struct svc_batch *batch, struct db_rows **ret_rows, struct cs_err *err);
CS_MUST_USE enum cs_code
store_judge_trust(struct svc_batch *batch, const struct db_rows *rows, struct cs_err *err);
/* Asks about the keys and the earlier certificates of these requests; the answer is read once it is settled. */
CS_MUST_USE enum cs_code store_ask_keys(struct svc_batch *batch, const struct cs_id *requests,
    size_t n, struct db_rows **ret_rows, struct cs_err *err);
void store_read_keys(struct svc_batch *batch, const struct db_rows *rows);
CS_MUST_USE enum cs_code store_save_keys(struct svc_batch *batch, struct cs_err *err);
CS_MUST_USE enum cs_code store_save_audits(struct svc_batch *batch, struct cs_err *err);
/* The record of the process itself (own.h), if it is in the batch. */
CS_MUST_USE enum cs_code store_load_own(struct svc_batch *batch, struct cs_err *err);
CS_MUST_USE enum cs_code store_save_own(struct svc_batch *batch, struct cs_err *err);

/* After the requests are locked: of certificates whose later life the events are about. */
CS_MUST_USE enum cs_code store_load_revocations(struct svc_batch *batch, struct cs_err *err);
CS_MUST_USE enum cs_code store_save_revocations(struct svc_batch *batch, struct cs_err *err);
/* Makes of records what lists and questions are; before anything else is loaded. */
CS_MUST_USE enum cs_code store_load_lists(struct svc_batch *batch, struct cs_err *err);
CS_MUST_USE enum cs_code store_save_lists(struct svc_batch *batch, struct cs_err *err);

/* Is it about a request, so that it has a row of `request`? */
static inline bool
store_is_request(const struct signer_record *record)
{
	return record->own == NULL && record->list == NULL && record->question == NULL;
}

#endif
