/* SPDX-License-Identifier: Apache-2.0 */
#include "archive.h"

#include "base/time.h"

#define PAGE 256 /* rows of one outbox in memory: 16 MiB when each is as large as an event may be */

/* The numbers of an outbox follow time but for transactions of replicas side by side, and their clocks. */
#define SLACK_MS CS_HOUR_MS

struct source {
	const char *schema;
	struct cs_arena *arena; /* of the page */
	struct db_rows *page;
	size_t at;           /* of the row that comes next */
	int64_t after, last; /* what is still to be read begins behind `after` */
};

struct archive {
	struct db *db;
	struct cs_arena *arena;
	const struct store_wish *wish;
	struct source sources[STORE_SCHEMAS];
};

/* ---- where to begin ---- */

/* The last number before those that may be as young as `from_ms`: a number is halved by the time of its row. */
static enum cs_code
seek(struct archive *archive, struct source *source, int64_t from_ms, struct cs_err *err)
{
	int64_t low = 1, high = source->last + 1;

	while (low < high) {
		int64_t middle = low + (high - low) / 2;
		struct store_place found;

		if (store_outbox_from(archive->db, source->arena, middle, &found, err))
			return err->code;
		if (found.seq == 0 || found.created_ms >= from_ms)
			high = middle;
		else
			low = found.seq + 1;
	}
	source->after = low - 1;
	return CS_OK;
}

/* A request's own rows are few, and found by their key. */
static enum cs_code
begin(struct archive *archive, struct source *source, struct cs_err *err)
{
	const struct store_wish *wish = archive->wish;

	if (store_use_schema(archive->db, source->arena, source->schema, err) ||
	    store_outbox_last(archive->db, source->arena, &source->last, err))
		return err->code;
	if (wish->request != NULL || wish->since_ms <= SLACK_MS)
		return CS_OK;
	return seek(archive, source, wish->since_ms - SLACK_MS, err);
}

enum cs_code
archive_open(struct db *db, const struct store_wish *wish, struct archive **ret, struct cs_err *err)
{
	struct cs_arena *arena = cs_arena_new();
	struct archive *archive = CS_NEW(arena, struct archive);

	*archive = (struct archive){ .db = db, .arena = arena, .wish = wish };
	for (size_t i = 0; i < STORE_SCHEMAS; i++)
		archive->sources[i] =
		    (struct source){ .schema = store_schemas[i], .arena = cs_arena_new() };
	for (size_t i = 0; i < STORE_SCHEMAS; i++) {
		if (begin(archive, &archive->sources[i], err)) {
			archive_close(archive);
			return err->code;
		}
	}
	*ret = archive;
	return CS_OK;
}

void
archive_close(struct archive *archive)
{
	if (archive == NULL)
		return;
	for (size_t i = 0; i < STORE_SCHEMAS; i++)
		cs_arena_free(archive->sources[i].arena);
	cs_arena_free(archive->arena);
}

/* ---- pages ---- */

/* What the wish does not want came without its body. */
static bool
skip_unwanted(struct source *source)
{
	for (; source->page != NULL && source->at < db_rows_count(source->page); source->at++)
		if (!db_is_null(source->page, source->at, STORE_BODY))
			return true;
	return false;
}

static bool
is_past(const struct store_wish *wish, int64_t created_ms)
{
	return wish->until_ms <= INT64_MAX - SLACK_MS && created_ms >= wish->until_ms + SLACK_MS;
}

static enum cs_code
next_page(struct archive *archive, struct source *source, struct cs_err *err)
{
	cs_arena_reset(source->arena);
	source->page = NULL;
	source->at = 0;
	if (store_use_schema(archive->db, source->arena, source->schema, err) ||
	    store_outbox_page(archive->db, source->arena, archive->wish, source->after,
		source->last, PAGE, &source->page, err))
		return err->code;
	size_t n = db_rows_count(source->page);

	if (n < PAGE || is_past(archive->wish, db_get_i64(source->page, n - 1, STORE_CREATED)))
		source->after = source->last; /* this page is the last one */
	else
		source->after = db_get_i64(source->page, n - 1, STORE_SEQ);
	return CS_OK;
}

/* Leaves the source at a row that is wanted, or at its end. */
static enum cs_code
fill(struct archive *archive, struct source *source, struct cs_err *err)
{
	while (!skip_unwanted(source) && source->after < source->last)
		if (next_page(archive, source, err))
			return err->code;
	return CS_OK;
}

static bool
has_row(const struct source *source)
{
	return source->page != NULL && source->at < db_rows_count(source->page);
}

/* Of two in the same millisecond the service that comes first in the order of work. */
static struct source *
earliest(struct archive *archive)
{
	struct source *first = NULL;

	for (size_t i = 0; i < STORE_SCHEMAS; i++) {
		struct source *source = &archive->sources[i];

		if (has_row(source) &&
		    (first == NULL || db_get_i64(source->page, source->at, STORE_CREATED) <
					  db_get_i64(first->page, first->at, STORE_CREATED)))
			first = source;
	}
	return first;
}

enum cs_code
archive_next(struct archive *archive, struct archive_event *ret, struct cs_err *err)
{
	for (size_t i = 0; i < STORE_SCHEMAS; i++)
		if (fill(archive, &archive->sources[i], err))
			return err->code;
	struct source *source = earliest(archive);

	if (source == NULL)
		return cs_fail(err, CS_NOT_FOUND, "no more events");
	const struct db_rows *page = source->page;
	size_t at = source->at++;

	*ret = (struct archive_event){ .schema = source->schema,
		.seq = db_get_i64(page, at, STORE_SEQ),
		.id = db_get_id(page, at, STORE_ID),
		.key = db_get_id(page, at, STORE_KEY),
		.subject = db_get_text(page, at, STORE_SUBJECT),
		.created_ms = db_get_i64(page, at, STORE_CREATED),
		.body = db_get_bytes(page, at, STORE_BODY) };
	return CS_OK;
}
