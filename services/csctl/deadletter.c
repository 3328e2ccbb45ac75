/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deadletter.c: events that a service could not handle, kept in its own schema until an operator decides;
 * of a service without a schema, in their lane (refused.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "bus/bus.h"
#include "csctl.h"
#include "refused.h"
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

static enum cs_code
list_parked(struct args *args, struct cs_err *err)
{
	int64_t n = 0, shown = 0;
	struct db_rows *rows;
	struct db *db;

	if (open_owner(&db, err))
		return err->code;
	for (size_t i = 0; i < STORE_SCHEMAS; i++) {
		if (store_use_schema(db, args->arena, store_schemas[i], err) ||
		    store_parked(db, args->arena, SHOWN, &rows, err)) {
			db_close(db);
			return err->code;
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
	return CS_OK;
}

static void
print_letter(void *arg, const struct refused *letter)
{
	const struct args *args = arg;

	(void)printf("%s  %-18s %s  %-28s place=\"%s\" octets=%zu\n    %s\n",
	    cs_escape(args->arena, cs_span_str(letter->time), 40), letter->service,
	    cs_escape(args->arena, cs_span_str(letter->id), 40),
	    cs_escape(args->arena, cs_span_str(letter->subject), 200),
	    cs_escape(args->arena, cs_span_str(letter->place), 60), letter->body.len,
	    cs_escape(args->arena, cs_span_str(letter->reason), 300));
}

/* Without the bus nobody can say what these services refused, and silence would look like peace. */
static enum cs_code
list_refused(struct args *args, struct cs_err *err)
{
	struct bus *bus;
	size_t n = 0;

	if (getenv("CS_NATS_URL") == NULL) {
		(void)fprintf(stderr, "csctl: without CS_NATS_URL the dead letters of services that"
				      " have no database are not shown\n");
		return CS_OK;
	}
	if (connect_bus("observer", &bus, err))
		return err->code;
	enum cs_code code = refused_list(bus, SHOWN, print_letter, args, &n, err);

	bus_close(bus);
	bus_fini();
	if (code == CS_OK && n > 0)
		(void)printf("%zu refused by services without a database\n", n);
	return code;
}

static int
run_list(struct args *args)
{
	struct cs_err err = { 0 };

	if (!args_end(args))
		return usage(args);
	bus_prepare();
	if (list_parked(args, &err) || list_refused(args, &err))
		return could_not(&err);
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

static void
print_one(struct args *args, const char *subject, const char *error, struct cs_span body)
{
	(void)printf("subject  %s\nerror    %s\nbody     %s\n",
	    cs_escape(args->arena, cs_span_str(subject), 200),
	    cs_escape(args->arena, cs_span_str(error), 400), cs_hex(args->arena, body));
}

static enum cs_code
do_parked(struct args *args, struct cs_id id, enum what what, struct cs_err *err)
{
	struct db_rows *rows;
	struct db *db;

	if (open_owner(&db, err))
		return err->code;
	enum cs_code code = find(db, args, id, &rows, err);

	if (code == CS_OK && what == SHOW)
		print_one(args, db_get_text(rows, 0, 0), db_get_text(rows, 0, 2),
		    db_get_bytes(rows, 0, 1));
	else if (code == CS_OK)
		code = store_parked_change(db, args->arena, id, what == DROP, err);
	db_close(db);
	return code;
}

/* Shows what a service without a database refused; nothing else can be done to it. */
static int
do_refused(struct args *args, struct cs_id id, enum what what)
{
	struct refused letter;
	struct cs_err err = { 0 };
	struct bus *bus;

	if (connect_bus("observer", &bus, &err))
		return could_not(&err);
	enum cs_code code = refused_find(bus, id, args->arena, &letter, &err);

	bus_close(bus);
	bus_fini();
	if (code != CS_OK)
		return could_not(&err);
	if (what == SHOW) {
		print_one(args, letter.subject, letter.reason, letter.body);
		(void)printf(
		    "place    %s\n", cs_escape(args->arena, cs_span_str(letter.place), 60));
		return DONE;
	}
	(void)fprintf(stderr,
	    "csctl: %s has no database: it handles nothing again, and its letters go with the lane.\n"
	    "csctl: policy asks for the check again by itself when no evidence comes\n",
	    letter.service);
	return REFUSED;
}

static int
run_one(struct args *args, enum what what, const char *said)
{
	const char *word = args_word(args);
	struct cs_err err = { 0 };
	struct cs_id id;

	if (word == NULL || !args_end(args))
		return usage(args);
	if (cs_id_parse(word, &id, &err))
		return could_not(&err);
	bus_prepare();
	enum cs_code code = do_parked(args, id, what, &err);

	if (code == CS_NOT_FOUND && getenv("CS_NATS_URL") != NULL)
		return do_refused(args, id, what);
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
	{ "deadletter list", "",
	    "lists what services could not handle; with CS_NATS_URL also of those without a database",
	    run_list },
	{ "deadletter show", "ID", "shows one with its octets", run_show },
	{ "deadletter retry", "ID", "lets its service handle it again", run_retry },
	{ "deadletter drop", "ID", "forgets it for good", run_drop },
	{ NULL, NULL, NULL, NULL },
};
