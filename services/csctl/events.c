/* SPDX-License-Identifier: Apache-2.0 */
/* events.c: shows events as they pass, or as the lanes keep them; it never publishes. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "bus/bus.h"
#include "catalogue/catalogue.h"
#include "csctl.h"
#include "wire.h"

/* What is asked for; NULL or 0: everything. */
struct filter {
	const char *request, *lane, *type;
	int64_t since_ms;
	uint64_t sequence;
	bool as_json;
};

/* One event from either source. */
struct shown {
	const char *subject, *id, *key, *time, *source;
	uint64_t sequence; /* 0: not known */
	struct cs_span body;
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

/* The few fields that tell the story; all of them with --json. */
static const char *const told[] = { "profile", "check_id", "kind", "target", "method", "attempt",
	"outcome", "reason", "code", "security", "revision", "final", "state", "serial", "text" };

static void
print_story(const struct shown *event, json_t *body)
{
	(void)printf("%s  %-28s %s", event->time, event->subject, event->key);
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		json_t *value = json_object_get(body, told[i]);
		char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);

		if (value != NULL)
			(void)printf(" %s=%s", told[i], text);
		free(text);
	}
	if (body == NULL)
		(void)printf(" (unreadable, %zu octets)", event->body.len);
	(void)printf("\n");
}

static void
print_json(const struct shown *event, json_t *body)
{
	json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:O*}", "subject",
	    event->subject, "id", event->id, "request", event->key, "time", event->time, "source",
	    event->source, "sequence", (json_int_t)event->sequence, "body", body);
	char *text = json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII);

	(void)puts(text == NULL ? "{}" : text);
	free(text);
	json_decref(object);
}

static void
show(const struct filter *filter, const struct shown *event)
{
	const struct catalogue_event *known = catalogue_event_find(event->subject);

	if (!wanted(filter, event))
		return;
	json_t *body =
	    known == NULL ? NULL : wire_event_json(known->message, known->is_signed, event->body);

	if (filter->as_json)
		print_json(event, body);
	else
		print_story(event, body);
	json_decref(body);
	(void)fflush(stdout);
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

static enum cs_code
replay_lane(struct bus *bus, const struct filter *filter, const struct catalogue_lane *lane,
    struct cs_err *err)
{
	uint64_t sequence = filter->sequence == 0 ? 1 : filter->sequence;
	enum cs_code code;

	for (;;) {
		struct cs_arena *arena = cs_arena_new();
		struct bus_stored stored;

		code = bus_stream_next(bus, lane->stream, sequence, NULL, arena, &stored, err);
		if (code == CS_OK) {
			const struct shown event = { .subject = without_prefix(stored.subject),
				.id = text_or_empty(bus_stored_header(&stored, "ce-id", arena)),
				.key =
				    text_or_empty(bus_stored_header(&stored, "ce-subject", arena)),
				.time = text_or_empty(bus_stored_header(&stored, "ce-time", arena)),
				.source =
				    text_or_empty(bus_stored_header(&stored, "ce-source", arena)),
				.sequence = stored.sequence,
				.body = stored.body };

			show(filter, &event);
			sequence = stored.sequence + 1;
		}
		cs_arena_free(arena);
		if (code != CS_OK)
			break;
	}
	return code == CS_NOT_FOUND ? CS_OK : code;
}

static int
replay(struct bus *bus, const struct filter *filter)
{
	size_t n;
	const struct catalogue_lane *lanes = catalogue_lanes(&n);
	struct cs_err err;

	for (size_t i = 0; i < n; i++)
		if ((filter->lane == NULL || strcmp(filter->lane, lanes[i].stream) == 0) &&
		    replay_lane(bus, filter, &lanes[i], &err))
			return could_not(&err);
	return DONE;
}

/* ---- both ---- */

static bool
is_lane(const char *name)
{
	size_t n;
	const struct catalogue_lane *lanes = catalogue_lanes(&n);

	for (size_t i = 0; i < n; i++)
		if (strcmp(lanes[i].stream, name) == 0)
			return true;
	return false;
}

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

	if (filter->lane != NULL && !is_lane(filter->lane))
		word = filter->lane;
	else if (filter->type != NULL && !is_type(filter->type))
		word = filter->type;
	if (word != NULL)
		(void)fprintf(stderr, "csctl: the catalogue has no \"%s\"\n", word);
	return word == NULL;
}

/* Only what lies in the lanes has a place and a past: the last two options are for replay alone. */
static bool
read_filter(struct args *args, bool replaying, struct filter *filter)
{
	const char *since = replaying ? args_option(args, "--since", NULL) : NULL;
	uint32_t sequence = 0;
	struct cs_err err;

	if (replaying && !args_number(args, "--sequence", 1, UINT32_MAX, &sequence))
		return false;
	*filter = (struct filter){ .request = args_option(args, "--request", NULL),
		.lane = args_option(args, "--lane", NULL),
		.type = args_option(args, "--type", NULL),
		.sequence = sequence,
		.as_json = args_flag(args, "--json") };
	if (since != NULL && cs_time_parse(since, &filter->since_ms, &err)) {
		(void)could_not(&err);
		return false;
	}
	return args_end(args) && is_known(filter);
}

static int
run(struct args *args, bool replaying)
{
	struct filter filter;
	struct cs_err err = { 0 };
	struct bus *bus;

	if (!read_filter(args, replaying, &filter))
		return COULD_NOT_RUN;
	if (connect_bus("observer", &bus, &err))
		return could_not(&err);
	int status = replaying ? replay(bus, &filter) : tail(bus, &filter);

	bus_close(bus);
	bus_fini();
	return status;
}

static int
run_tail(struct args *args)
{
	return run(args, false);
}

static int
run_replay(struct args *args)
{
	return run(args, true);
}

const struct command event_commands[] = {
	{ "events tail", "[--request ID] [--lane STREAM] [--type EVENT] [--json]",
	    "shows events as they pass, until Ctrl-C", run_tail },
	{ "events replay",
	    "[--request ID] [--lane STREAM] [--type EVENT] [--since TIME] [--sequence N] [--json]",
	    "shows what the lanes keep; publishes nothing", run_replay },
	{ NULL, NULL, NULL, NULL },
};
