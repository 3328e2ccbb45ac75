/* SPDX-License-Identifier: Apache-2.0 */
/* deadletter.c: events that a service could not handle, kept in its own schema until an operator decides. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "csctl.h"
#include "store.h"

#define SHOWN 200

static enum cs_code
open_owner(struct db **ret_db, struct cs_err *err)
{
	const char *url = setting("CS_DATABASE_URL", "postgresql:// URL of the owner's role");

	if (url == NULL)
		return cs_fail(err, CS_MALFORMED, "no database");
	return db_open(url, "csctl", ret_db, err);
}

static void
print_rows(struct cs_arena *arena, const char *schema, const struct db_rows *rows)
{
	for (size_t i = 0; i < db_rows_count(rows); i++) {
		char id[CS_ID_TEXT], when[CS_TIME_TEXT];

		cs_id_format(db_get_id(rows, i, 1), id);
		cs_time_format(db_get_i64(rows, i, 3), when);
		(void)printf("%s  %-18s %s  %-28s deliveries=%d state=%s octets=%lld\n    %s\n",
		    when, schema, id, db_get_text(rows, i, 0), db_get_i32(rows, i, 4),
		    db_get_text(rows, i, 5), (long long)db_get_i64(rows, i, 6),
		    cs_escape(arena, cs_span_str(db_get_text(rows, i, 2)), 300));
	}
}

static int
run_list(struct args *args)
{
	struct cs_err err = { 0 };
	struct db_rows *rows;
	int64_t n = 0, shown = 0;
	struct db *db;

	if (!args_end(args))
		return usage(args);
	if (open_owner(&db, &err))
		return could_not(&err);
	for (size_t i = 0; i < STORE_SCHEMAS; i++) {
		if (store_use_schema(db, args->arena, store_schemas[i], &err) ||
		    store_parked(db, args->arena, SHOWN, &rows, &err)) {
			db_close(db);
			return could_not(&err);
		}
		print_rows(args->arena, store_schemas[i], rows);
		shown += (int64_t)db_rows_count(rows);
		if (db_rows_count(rows) > 0)
			n += db_get_i64(rows, 0, 7);
	}
	db_close(db);
	(void)printf("%lld parked", (long long)n);
	if (shown < n)
		(void)printf("; the newest %d of each service are shown", SHOWN);
	(void)putchar('\n');
	return DONE;
}

/* Finds the schema that holds this event, and leaves it in use.  CS_NOT_FOUND. */
static enum cs_code
find(struct db *db, struct args *args, struct cs_id id, struct db_rows **ret_rows,
    struct cs_err *err)
{
	for (size_t i = 0; i < STORE_SCHEMAS; i++) {
		if (store_use_schema(db, args->arena, store_schemas[i], err) ||
		    store_parked_one(db, args->arena, id, ret_rows, err))
			return err->code;
		if (db_rows_count(*ret_rows) > 0)
			return CS_OK;
	}
	return cs_fail(err, CS_NOT_FOUND, "no parked event has this id; see csctl deadletter list");
}

enum what { SHOW, RETRY, DROP };

static enum cs_code
do_one(struct db *db, struct args *args, struct cs_id id, enum what what, struct cs_err *err)
{
	struct db_rows *rows;

	if (find(db, args, id, &rows, err))
		return err->code;
	if (what != SHOW)
		return store_parked_change(db, args->arena, id, what == DROP, err);
	(void)printf("subject  %s\nerror    %s\nbody     %s\n", db_get_text(rows, 0, 0),
	    cs_escape(args->arena, cs_span_str(db_get_text(rows, 0, 2)), 400),
	    cs_hex(args->arena, db_get_bytes(rows, 0, 1)));
	return CS_OK;
}

static int
run_one(struct args *args, enum what what, const char *said)
{
	const char *word = args_word(args);
	struct cs_err err = { 0 };
	struct cs_id id;
	struct db *db;

	if (word == NULL || !args_end(args))
		return usage(args);
	if (cs_id_parse(word, &id, &err) || open_owner(&db, &err))
		return could_not(&err);
	enum cs_code code = do_one(db, args, id, what, &err);

	db_close(db);
	if (code != CS_OK)
		return could_not(&err);
	(void)printf("%s", said);
	return DONE;
}

static int
run_show(struct args *args)
{
	return run_one(args, SHOW, "");
}

static int
run_retry(struct args *args)
{
	return run_one(args, RETRY, "the service handles it again within a second\n");
}

static int
run_drop(struct args *args)
{
	return run_one(args, DROP, "dropped\n");
}

const struct command deadletter_commands[] = {
	{ "deadletter list", "", "lists what services could not handle", run_list },
	{ "deadletter show", "ID", "shows one with its octets", run_show },
	{ "deadletter retry", "ID", "lets its service handle it again", run_retry },
	{ "deadletter drop", "ID", "forgets it for good", run_drop },
	{ NULL, NULL, NULL, NULL },
};
