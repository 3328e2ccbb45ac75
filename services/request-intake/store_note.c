/* SPDX-License-Identifier: Apache-2.0 */
#include "store_note.h"

#include <string.h>

#include "store_rows.h"

#define NOTE_COLUMNS "n.enterprise, n.kind, n.screen, n.version, n.body"

static struct notes
read_notes(struct cs_arena *arena, const struct db_rows *rows)
{
	const size_t n = db_rows_count(rows);
	struct notes notes = { CS_NEW_ARRAY(arena, n + 1, struct note), n };

	for (size_t row = 0; row < n; row++)
		notes.items[row] = (struct note){
			.enterprise = db_get_text(rows, row, 0),
			.kind = (enum note_kind)db_get_i32(rows, row, 1),
			.screen = (enum note_screen)db_get_i32(rows, row, 2),
			.version = (uint64_t)db_get_i64(rows, row, 3),
			.text = db_get_text(rows, row, 4),
		};
	return notes;
}

/* ---- what must have been read, for a batch ---- */

static const char load_sql[] =
    "select " NOTE_COLUMNS " from request_note n where n.screen = 0 and n.body <> ''"
    " and n.enterprise in (select unnest($1::text[]) union"
    " select s.enterprise from submission s where s.id = any($2))";

static bool
is_any_of(const char *subject, const char *const *subjects)
{
	for (; *subjects; subjects++)
		if (strcmp(*subjects, subject) == 0)
			return true;
	return false;
}

/* A request of the caller's enterprise is to be made. */
static bool
makes_one(const struct svc_event *ev)
{
	static const char *const subjects[] = { "api.create", "api.renew", "api.rekey",
		"api.reissue", NULL };

	return is_any_of(ev->subject, subjects);
}

static bool
asks(const struct svc_event *ev)
{
	return makes_one(ev) || strcmp(ev->subject, "api.revoke") == 0;
}

enum cs_code
store_ask_notes(struct svc_batch *batch, struct db_rows **ret_rows, struct cs_err *err)
{
	size_t room = 0, n_enterprises = 0, n_ids = 0;

	for (size_t i = 0; i < batch->n; i++)
		room += batch->aggregates[i].n_events;
	const char **enterprises = CS_NEW_ARRAY(batch->arena, room, const char *);
	struct cs_id *ids = CS_NEW_ARRAY(batch->arena, room, struct cs_id);

	for (size_t i = 0; i < batch->n; i++) {
		for (size_t k = 0; k < batch->aggregates[i].n_events; k++) {
			const struct svc_event *ev = batch->aggregates[i].events[k];
			const struct intake_caller *caller = ev->context;

			if (makes_one(ev))
				enterprises[n_enterprises++] = caller->enterprise;
			else if (asks(ev))
				ids[n_ids++] = ev->key;
		}
	}
	if (n_enterprises + n_ids == 0)
		return CS_OK;
	const struct db_param params[] = { db_text_array(batch->arena, enterprises, n_enterprises),
		db_id_array(batch->arena, ids, n_ids) };

	return db_ask(batch->db, batch->arena, load_sql, params, COUNT(params), ret_rows, err);
}

void
store_take_notes(struct svc_batch *batch, const struct db_rows *rows)
{
	struct notes *notes = NULL;

	if (!rows || db_rows_count(rows) == 0)
		return;
	notes = CS_NEW(batch->arena, struct notes);
	*notes = read_notes(batch->arena, rows);
	for (size_t i = 0; i < batch->n; i++)
		((struct intake_request *)batch->aggregates[i].state)->to_read = notes;
}

/* ---- what was heard ---- */

/* Told late or twice, an older one changes nothing; also not the end of one. */
static const char save_sql[] =
    "insert into request_note as n (enterprise, kind, screen, version, body)"
    " select * from unnest($1::text[], $2::integer[], $3::integer[], $4::bigint[], $5::text[])"
    " on conflict (enterprise, kind, screen) do update set version = excluded.version,"
    " body = excluded.body where n.version < excluded.version";

enum cs_code
store_save_request_notes(
    const struct svc_batch *batch, const struct changes *changes, struct cs_err *err)
{
	const struct note *const *rows = changes->request_notes;
	const size_t n = changes->n_request_notes;
	struct columns c = { .arena = batch->arena };

	if (n == 0)
		return CS_OK;
	TEXTS(&c, rows, n, ->enterprise);
	I32S(&c, rows, n, ->kind);
	I32S(&c, rows, n, ->screen);
	I64S(&c, rows, n, ->version);
	TEXTS(&c, rows, n, ->text);
	return db_send(batch->db, save_sql, c.params, c.n, -1, err);
}

/* ---- showing ---- */

static const char find_sql[] =
    "select " NOTE_COLUMNS " from request_note n where n.enterprise = $1 and n.body <> ''"
    " and ($2 < 0 or n.kind = $2) and ($3 < 0 or n.screen = $3) order by n.kind, n.screen";

enum cs_code
store_find_notes(struct db *db, struct cs_arena *arena, const struct store_notes *which,
    struct notes *ret_notes, struct cs_err *err)
{
	const struct db_param params[] = { db_text(which->enterprise), db_i32(which->kind),
		db_i32(which->screen) };
	struct db_rows *rows = NULL;

	if (db_query(db, arena, find_sql, params, COUNT(params), &rows, err))
		return err->code;
	*ret_notes = read_notes(arena, rows);
	return CS_OK;
}
