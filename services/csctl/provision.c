/* SPDX-License-Identifier: Apache-2.0 */
/* provision.c: makes streams and durable consumers as the catalogue says, and again when they are gone. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bus/bus.h"
#include "catalogue/catalogue.h"
#include "csctl.h"

#define ASK_MS 5000
#define NANOSECONDS INT64_C(1000000000)

struct scale {
	uint32_t replicas;
	uint32_t size; /* times the catalogue's megabytes */
};

/* Sends one JetStream API request.  CS_NOT_FOUND, CS_CONFLICT (exists with another form), CS_INTERNAL. */
static enum cs_code
api(struct bus *bus, struct cs_arena *arena, const char *subject, json_t *body, struct cs_err *err)
{
	char *text = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
	const struct bus_out out = { .subject = subject, .body = cs_span_str(text) };
	struct cs_span answer;
	enum cs_code code = bus_request(bus, &out, ASK_MS, arena, &answer, err);

	free(text);
	json_decref(body);
	if (code != CS_OK)
		return code;
	json_t *json = json_loadb((const char *)answer.data, answer.len, 0, NULL);
	json_t *error = json_object_get(json, "error");
	long long number = json_integer_value(json_object_get(error, "err_code"));
	const char *what = json_string_value(json_object_get(error, "description"));

	if (json == NULL)
		code = cs_fail(err, CS_INTERNAL, "%s: the answer is no JSON", subject);
	else if (error != NULL)
		code = cs_fail(err,
		    number == 10059 || number == 10014 ? CS_NOT_FOUND
		    : number == 10058                  ? CS_CONFLICT
						       : CS_INTERNAL,
		    "%s: %s (%lld)", subject, what == NULL ? "?" : what, number);
	json_decref(json);
	return code;
}

static json_t *
stream_config(const struct catalogue_lane *lane, const struct scale *scale)
{
	return json_pack(
	    "{s:s, s:[s], s:s, s:s, s:s, s:i, s:I, s:I, s:i, s:I, s:b, s:b, s:b, s:i, s:i}", "name",
	    lane->stream, "subjects", lane->subjects, "retention", "limits", "storage", "file",
	    "discard", "old", "num_replicas", scale->replicas, "max_age",
	    (json_int_t)lane->days * 86400 * NANOSECONDS, "max_bytes",
	    (json_int_t)lane->mib * scale->size * 1024 * 1024, "max_msg_size",
	    CATALOGUE_MAX_MESSAGE + 16384, "duplicate_window",
	    CATALOGUE_DUPLICATE_WINDOW_S * NANOSECONDS, "deny_delete", 1, "deny_purge", 1,
	    "allow_direct", 1, "max_consumers", -1, "max_msgs", -1);
}

static enum cs_code
provision_stream(struct bus *bus, struct cs_arena *arena, const struct catalogue_lane *lane,
    const struct scale *scale, struct cs_err *err)
{
	const char *create = cs_arena_printf(arena, "$JS.API.STREAM.CREATE.%s", lane->stream);
	const char *update = cs_arena_printf(arena, "$JS.API.STREAM.UPDATE.%s", lane->stream);
	enum cs_code code = api(bus, arena, create, stream_config(lane, scale), err);

	return code == CS_CONFLICT ? api(bus, arena, update, stream_config(lane, scale), err)
				   : code;
}

static json_t *
consumer_config(const char *durable, const struct catalogue_consumer *consumer, const char *stream,
    const struct scale *scale)
{
	char filter[160];

	(void)snprintf(filter, sizeof(filter), "cs.%s", consumer->subject);
	/*
	 * The server never gives up: the service counts its own failures and parks what fails, and an
	 * outage counts for nothing.  (A list of back-offs would demand a largest number of deliveries.)
	 */
	json_t *config = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:i, s:i, s:i, s:i}",
	    "durable_name", durable, "filter_subject", filter, "deliver_policy", "all",
	    "ack_policy", "explicit", "replay_policy", "instant", "ack_wait",
	    (json_int_t)consumer->ack_wait_s * NANOSECONDS, "max_deliver", -1, "max_ack_pending",
	    (int)consumer->max_ack_pending, "num_replicas", scale->replicas, "max_waiting", 512);

	return json_pack("{s:s, s:o}", "stream_name", stream, "config", config);
}

/* Consumers read every message that their stream holds: the inbox drops what was handled before. */
static enum cs_code
provision_consumer(struct bus *bus, struct cs_arena *arena,
    const struct catalogue_consumer *consumer, const struct scale *scale, struct cs_err *err)
{
	const char *stream = catalogue_lane_of(consumer->subject)->stream;
	const char *durable = catalogue_durable(arena, consumer);
	const char *subject =
	    cs_arena_printf(arena, "$JS.API.CONSUMER.DURABLE.CREATE.%s.%s", stream, durable);

	return api(bus, arena, subject, consumer_config(durable, consumer, stream, scale), err);
}

static enum cs_code
provision_all(
    struct bus *bus, struct cs_arena *arena, const struct scale *scale, struct cs_err *err)
{
	size_t n_lanes, n_consumers;
	const struct catalogue_lane *lanes = catalogue_lanes(&n_lanes);
	const struct catalogue_consumer *consumers = catalogue_consumers(&n_consumers);

	for (size_t i = 0; i < n_lanes; i++)
		if (provision_stream(bus, arena, &lanes[i], scale, err))
			return err->code;
	for (size_t i = 0; i < n_consumers; i++)
		if (provision_consumer(bus, arena, &consumers[i], scale, err))
			return err->code;
	return CS_OK;
}

static size_t
count_consumers(const struct catalogue_lane *lane)
{
	size_t n, found = 0;
	const struct catalogue_consumer *consumers = catalogue_consumers(&n);

	for (size_t i = 0; i < n; i++)
		found += catalogue_lane_of(consumers[i].subject) == lane;
	return found;
}

/*
 * True: something is missing.  What cannot be asked is not taken for missing.  A stream says how many
 * consumers it has: nobody but us may make any, so that their names need not be asked for each second.
 */
static bool
is_missing(struct bus *bus)
{
	size_t n_lanes;
	const struct catalogue_lane *lanes = catalogue_lanes(&n_lanes);
	struct bus_stream stream;
	struct cs_err err;

	for (size_t i = 0; i < n_lanes; i++) {
		const enum cs_code code = bus_stream_info(bus, lanes[i].stream, &stream, &err);

		if (code == CS_NOT_FOUND ||
		    (code == CS_OK && stream.consumers < count_consumers(&lanes[i])))
			return true;
	}
	return false;
}

/* Until killed: the supervisor's signal ends it, nothing is left half done. */
static int
watch(struct bus *bus, const struct scale *scale)
{
	for (;;) {
		struct cs_arena *arena = cs_arena_new();
		struct cs_err err;

		if (is_missing(bus)) {
			if (provision_all(bus, arena, scale, &err) == CS_OK)
				(void)fprintf(
				    stderr, "csctl: streams or consumers were gone: made again\n");
			else
				(void)fprintf(stderr, "csctl: not provisioned: %s\n", err.text);
		}
		cs_arena_free(arena);
		if (bus_counters(bus).stuck)
			return COULD_NOT_RUN;
		(void)usleep(1000 * 1000);
	}
}

static int
run_provision(struct args *args)
{
	bool watching = args_flag(args, "--watch");
	struct scale scale = { .replicas = 1, .size = 1 };
	struct cs_err err = { 0 };
	struct bus *bus;
	int status = DONE;

	if (!args_number(args, "--replicas", 1, 5, &scale.replicas) ||
	    !args_number(args, "--size", 1, 1000, &scale.size) || !args_end(args) ||
	    scale.replicas % 2 == 0)
		return usage(args);
	if (connect_bus("provisioner", &bus, &err))
		return could_not(&err);
	enum cs_code code = provision_all(bus, args->arena, &scale, &err);

	if (code != CS_OK && !watching)
		status = could_not(&err);
	else if (!watching)
		(void)printf("streams and consumers are as the catalogue says\n");
	else
		status = watch(bus, &scale);
	bus_close(bus);
	bus_fini();
	return status;
}

const struct command provision_commands[] = {
	{ "provision", "[--replicas 1|3|5] [--size N] [--watch]",
	    "makes streams and consumers as the catalogue says, N times as large; --watch: again when gone",
	    run_provision },
	{ NULL, NULL, NULL, NULL },
};
