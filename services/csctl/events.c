/* SPDX-License-Identifier: Apache-2.0 */
/* events.c: shows events as they pass, as the lanes keep them, or as the outboxes do; it never publishes. */
#include <stdio.h>
#include <string.h>

#include "archive.h"
#include "base/text.h"
#include "base/time.h"
#include "bus/bus.h"
#include "catalogue/catalogue.h"
#include "csctl.h"
#include "lanes.h"
#include "shown.h"
#include "store.h"

/* What is asked for; NULL or 0: everything. */
struct filter {
	const char *request, *lane, *type;
	int64_t since_ms, until_ms;
	uint64_t sequence;
	uint32_t limit;
	bool as_json;
};

static const char *
text_or_empty(const char *text)
{
	return text == NULL ? "" : text;
}

static bool
wanted(const struct filter *filter, const struct shown *event)
{
	const char *subject = event->subject;
	const struct catalogue_lane *lane = catalogue_lane_of(subject);
	int64_t at_ms;

	if (filter->request != NULL && strcmp(filter->request, event->key) != 0)
		return false;
	if (filter->lane != NULL && (lane == NULL || strcmp(filter->lane, lane->stream) != 0))
		return false;
	if (filter->type != NULL && strcmp(filter->type, subject) != 0)
		return false;
	return filter->since_ms == 0 ||
	       (cs_time_parse(event->time, &at_ms, NULL) == CS_OK && at_ms >= filter->since_ms);
}

static void
show(const struct filter *filter, const struct shown *event)
{
	if (wanted(filter, event))
		shown_print(event, filter->as_json);
}

static const char *
without_prefix(const char *subject)
{
	return strncmp(subject, "cs.", 3) == 0 ? subject + 3 : subject;
}

/* ---- tail ---- */

static void
show_item(const struct filter *filter, struct bus_item *item)
{
	const struct shown event = { .subject = without_prefix(item->subject),
		.id = text_or_empty(bus_header(item, "ce-id")),
		.key = text_or_empty(bus_header(item, "ce-subject")),
		.time = text_or_empty(bus_header(item, "ce-time")),
		.source = text_or_empty(bus_header(item, "ce-source")),
		.body = item->body };

	if (item->kind == BUS_QUESTION)
		show(filter, &event);
	bus_item_free(item);
}

static int
tail(struct bus *bus, const struct filter *filter)
{
	struct bus_queue *queue = bus_queue_new(bus);
	struct bus_item *items[64];
	struct cs_err err;

	if (bus_serve(queue, "cs.>", NULL, &err))
		return could_not(&err);
	while (!bus_counters(bus).stuck) { /* until Ctrl-C */
		size_t n = bus_queue_take(queue, items, 64, 1000);

		for (size_t i = 0; i < n; i++)
			show_item(filter, items[i]);
	}
	return COULD_NOT_RUN;
}

/* ---- replay ---- */

#define LANES_MAX 16

struct replay {
	struct bus *bus;
	const struct filter *filter;
	const char *streams[LANES_MAX];
	uint64_t
	    last[LANES_MAX]; /* sequences when it began: what comes meanwhile is not followed */
	size_t n;
};

static struct shown
shown_stored(const struct bus_stored *stored, struct cs_arena *arena)
{
	return (struct shown){ .subject = without_prefix(stored->subject),
		.id = text_or_empty(bus_stored_header(stored, "ce-id", arena)),
		.key = text_or_empty(bus_stored_header(stored, "ce-subject", arena)),
		.time = text_or_empty(bus_stored_header(stored, "ce-time", arena)),
		.source = text_or_empty(bus_stored_header(stored, "ce-source", arena)),
		.sequence = stored->sequence,
		.body = stored->body };
}

static enum cs_code
fetch_wanted(void *arg, size_t lane, uint64_t sequence, struct cs_arena *arena, struct shown *ret,
    struct cs_err *err)
{
	const struct replay *replay = arg;
	struct bus_stored stored;

	/* An empty lane is not asked: see bus_stream_ask. */
	for (; sequence <= replay->last[lane]; sequence = stored.sequence + 1) {
		cs_arena_reset(arena);
		if (bus_stream_next(
			replay->bus, replay->streams[lane], sequence, NULL, arena, &stored, err))
			return err->code;
		*ret = shown_stored(&stored, arena);
		if (wanted(replay->filter, ret))
			return CS_OK;
	}
	return cs_fail(err, CS_NOT_FOUND, "no more events");
}

/* The lanes that are wanted.  One that does not exist is empty. */
static enum cs_code
open_lanes(struct replay *replay, struct cs_err *err)
{
	size_t n;
	const struct catalogue_lane *all = catalogue_lanes(&n);
	const char *only = replay->filter->lane;

	cs_assert(n <= LANES_MAX);
	for (size_t i = 0; i < n; i++) {
		struct bus_stream stream = { .last_seq = 0 };

		if (only != NULL && strcmp(only, all[i].stream) != 0)
			continue;
		enum cs_code code = bus_stream_info(replay->bus, all[i].stream, &stream, err);

		if (code != CS_OK && code != CS_NOT_FOUND)
			return code;
		replay->streams[replay->n] = all[i].stream;
		replay->last[replay->n++] = code == CS_OK ? stream.last_seq : 0;
	}
	return CS_OK;
}

static int
replay(struct bus *bus, const struct filter *filter)
{
	struct replay replay = { .bus = bus, .filter = filter };
	struct shown event;
	struct cs_err err;
	enum cs_code code;

	if (open_lanes(&replay, &err))
		return could_not(&err);
	struct lanes *lanes = lanes_new(replay.n, filter->sequence, fetch_wanted, &replay);

	while ((code = lanes_next(lanes, &event, &err)) == CS_OK)
		shown_print(&event, filter->as_json);
	lanes_free(lanes);
	return code == CS_NOT_FOUND ? DONE : could_not(&err);
}

/* ---- archive ---- */

static const struct catalogue_lane *
find_lane(const char *stream)
{
	size_t n;
	const struct catalogue_lane *lanes = catalogue_lanes(&n);

	for (size_t i = 0; i < n; i++)
		if (strcmp(lanes[i].stream, stream) == 0)
			return &lanes[i];
	return NULL;
}

/* "cs.plan.*" -> "plan." */
static const char *
prefix_of(struct cs_arena *arena, const struct catalogue_lane *lane)
{
	const char *subjects = without_prefix(lane->subjects);

	return cs_arena_strndup(arena, subjects, strcspn(subjects, "*"));
}

/* As its service signs what it publishes. */
static const char *
source_of(struct cs_arena *arena, const char *schema)
{
	char *source = cs_arena_printf(arena, "/countersign/%s", schema);

	for (char *c = source; *c != '\0'; c++)
		if (*c == '_')
			*c = '-';
	return source;
}

static void
show_archived(const struct filter *filter, const struct archive_event *event)
{
	char id[CS_ID_TEXT], key[CS_ID_TEXT], when[CS_TIME_TEXT];
	struct cs_arena *arena = cs_arena_new();

	cs_id_format(event->id, id);
	cs_id_format(event->key, key);
	cs_time_format(event->created_ms, when);
	const struct shown shown = { .subject = cs_escape(arena, cs_span_str(event->subject), 200),
		.id = id,
		.key = key,
		.time = when,
		.source = source_of(arena, event->schema),
		.sequence = (uint64_t)event->seq,
		.body = event->body };

	shown_print(&shown, filter->as_json);
	cs_arena_free(arena);
}

static enum cs_code
show_archive(
    struct db *db, const struct filter *filter, const struct store_wish *wish, struct cs_err *err)
{
	struct archive *archive;
	struct archive_event event;
	enum cs_code code = CS_OK;

	if (store_read_only(db, err) || archive_open(db, wish, &archive, err))
		return err->code;
	for (uint32_t n = 0; filter->limit == 0 || n < filter->limit; n++) {
		code = archive_next(archive, &event, err);
		if (code != CS_OK)
			break;
		show_archived(filter, &event);
	}
	archive_close(archive);
	return code == CS_NOT_FOUND ? CS_OK : code;
}

/* ---- all ---- */

static bool
is_type(const char *subject)
{
	return catalogue_event_find(subject) != NULL ||
	       strncmp(subject, "deadletter.", strlen("deadletter.")) == 0;
}

/* A typing error would show nothing, and look like peace. */
static bool
is_known(const struct filter *filter)
{
	const char *word = NULL;

	if (filter->lane != NULL && find_lane(filter->lane) == NULL)
		word = filter->lane;
	else if (filter->type != NULL && !is_type(filter->type))
		word = filter->type;
	if (word != NULL)
		(void)fprintf(stderr, "csctl: the catalogue has no \"%s\"\n", word);
	return word == NULL;
}

enum mode { TAIL, REPLAY, ARCHIVE };

static bool
read_time(struct args *args, const char *name, int64_t *ret_ms)
{
	const char *text = args_option(args, name, NULL);
	struct cs_err err;

	if (text == NULL || cs_time_parse(text, ret_ms, &err) == CS_OK)
		return true;
	(void)could_not(&err);
	return false;
}

/* What passes has neither a past nor a place; only the outboxes can be asked for a piece of their past. */
static bool
read_filter(struct args *args, enum mode mode, struct filter *filter)
{
	uint32_t sequence = 0;

	*filter = (struct filter){ .request = args_option(args, "--request", NULL),
		.lane = args_option(args, "--lane", NULL),
		.type = args_option(args, "--type", NULL),
		.until_ms = INT64_MAX,
		.as_json = args_flag(args, "--json") };
	if (mode != TAIL && !read_time(args, "--since", &filter->since_ms))
		return false;
	if (mode == REPLAY && !args_number(args, "--sequence", 1, UINT32_MAX, &sequence))
		return false;
	if (mode == ARCHIVE && (!read_time(args, "--until", &filter->until_ms) ||
				   !args_number(args, "--limit", 1, UINT32_MAX, &filter->limit)))
		return false;
	filter->sequence = sequence;
	return args_end(args) && is_known(filter);
}

static int
run(struct args *args, enum mode mode)
{
	struct filter filter;
	struct cs_err err = { 0 };
	struct bus *bus;

	if (!read_filter(args, mode, &filter))
		return COULD_NOT_RUN;
	if (connect_bus("observer", &bus, &err))
		return could_not(&err);
	int status = mode == REPLAY ? replay(bus, &filter) : tail(bus, &filter);

	bus_close(bus);
	bus_fini();
	return status;
}

static int
run_tail(struct args *args)
{
	return run(args, TAIL);
}

static int
run_replay(struct args *args)
{
	return run(args, REPLAY);
}

static int
run_archive(struct args *args)
{
	struct filter filter;
	struct cs_err err = { 0 };
	struct cs_id request;
	struct db *db;

	if (!read_filter(args, ARCHIVE, &filter))
		return COULD_NOT_RUN;
	if (filter.request != NULL && cs_id_parse(filter.request, &request, &err))
		return could_not(&err);
	const char *url = setting("CS_DATABASE_URL", "postgresql:// URL of countersign_observer");
	const struct store_wish wish = { .request = filter.request == NULL ? NULL : &request,
		.subject = filter.type,
		.prefix =
		    filter.lane == NULL ? NULL : prefix_of(args->arena, find_lane(filter.lane)),
		.since_ms = filter.since_ms,
		.until_ms = filter.until_ms };

	if (url == NULL)
		return COULD_NOT_RUN;
	if (db_open(url, "csctl", &db, &err))
		return could_not(&err);
	enum cs_code code = show_archive(db, &filter, &wish, &err);

	db_close(db);
	return code == CS_OK ? DONE : could_not(&err);
}

const struct command event_commands[] = {
	{ "events tail", "[--request ID] [--lane STREAM] [--type EVENT] [--json]",
	    "shows events as they pass, until Ctrl-C", run_tail },
	{ "events replay",
	    "[--request ID] [--lane STREAM] [--type EVENT] [--since TIME] [--sequence N] [--json]",
	    "shows what the lanes keep, in order of time; publishes nothing", run_replay },
	{ "events archive",
	    "[--request ID] [--lane STREAM] [--type EVENT] [--since TIME] [--until TIME] [--limit N] [--json]",
	    "shows what the services' outboxes keep, whatever became of the lanes; changes nothing.\n"
	    "      caa-dnssec and mpic-coordinator have none: what they found is in the signer's evidence",
	    run_archive },
	{ NULL, NULL, NULL, NULL },
};
