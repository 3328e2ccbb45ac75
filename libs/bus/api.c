/* SPDX-License-Identifier: Apache-2.0 */
/* api.c: what may be asked of JetStream itself without changing anything. */
#include <inttypes.h>
#include <string.h>

#include "bus/internal.h"

#define API_MS INT64_C(5000)

static enum cs_code
ask(struct bus *bus, const struct bus_out *out, struct cs_arena *arena, struct cs_span *ret_body,
    struct cs_err *err)
{
	const enum cs_code code = bus_request(bus, out, API_MS, arena, ret_body, err);

	/* Nobody serves the API itself: JetStream is away, which says nothing about a stream. */
	if (code == CS_NOT_FOUND)
		return cs_fail(err, CS_UNAVAILABLE, "bus: JetStream is away");
	return code;
}

enum cs_code
bus_stream_info_ask(
    struct cs_arena *arena, const char *stream, struct bus_out *ret_out, struct cs_err *err)
{
	if (!protocol_name_ok(stream))
		return cs_fail(err, CS_MALFORMED, "bus: not a stream's name");
	*ret_out = (struct bus_out){
		.subject = cs_arena_printf(arena, "$JS.API.STREAM.INFO.%s", stream),
	};
	return CS_OK;
}

enum cs_code
bus_stream_info_read(struct cs_span answer, struct bus_stream *ret_stream, struct cs_err *err)
{
	return protocol_read_stream(answer, ret_stream, err);
}

enum cs_code
bus_stream_info(
    struct bus *bus, const char *stream, struct bus_stream *ret_stream, struct cs_err *err)
{
	struct cs_arena *arena = cs_arena_new();
	struct cs_span body = { 0 };
	struct bus_out out;

	enum cs_code code = bus_stream_info_ask(arena, stream, &out, err);
	if (code == CS_OK)
		code = ask(bus, &out, arena, &body, err);
	if (code == CS_OK)
		code = bus_stream_info_read(body, ret_stream, err);
	cs_arena_free(arena);
	return code;
}

enum cs_code
bus_consumer_info(struct bus *bus, const char *stream, const char *durable,
    struct bus_consumer *ret_consumer, struct cs_err *err)
{
	if (!protocol_name_ok(stream) || !protocol_name_ok(durable))
		return cs_fail(err, CS_MALFORMED, "bus: not a consumer's name");
	struct cs_arena *arena = cs_arena_new();
	struct cs_span body = { 0 };
	const struct bus_out out = {
		.subject = cs_arena_printf(arena, "$JS.API.CONSUMER.INFO.%s.%s", stream, durable),
	};
	enum cs_code code = ask(bus, &out, arena, &body, err);
	if (code == CS_OK)
		code = protocol_read_consumer(body, ret_consumer, err);
	cs_arena_free(arena);
	return code;
}

/* By sequence and filter, without a consumer: an observer may not make one. */
enum cs_code
bus_stream_ask(struct cs_arena *arena, const char *stream, uint64_t sequence, const char *filter,
    struct bus_out *ret_out, struct cs_err *err)
{
	/* What a subject may not hold includes nothing that JSON would escape but these two. */
	if (!protocol_name_ok(stream) || !protocol_subject_ok(filter, true) ||
	    strpbrk(filter, "\"\\"))
		return cs_fail(err, CS_MALFORMED, "bus: not a stream or filter");
	const char *request = cs_arena_printf(arena,
	    "{\"seq\":%" PRIu64 ",\"next_by_subj\":\"%s\"}", sequence > 0 ? sequence : 1, filter);

	*ret_out = (struct bus_out){
		.subject = cs_arena_printf(arena, "$JS.API.STREAM.MSG.GET.%s", stream),
		.body = cs_span_str(request),
	};
	return CS_OK;
}

enum cs_code
bus_stream_read(struct cs_arena *arena, struct cs_span answer, struct bus_stored *ret_stored,
    struct cs_err *err)
{
	return protocol_read_message(answer, arena, ret_stored, err);
}

enum cs_code
bus_stream_next(struct bus *bus, const char *stream, uint64_t sequence, const char *filter,
    struct cs_arena *arena, struct bus_stored *ret_stored, struct cs_err *err)
{
	struct cs_span body;
	struct bus_out out;

	enum cs_code code =
	    bus_stream_ask(arena, stream, sequence, filter ? filter : ">", &out, err);
	if (code == CS_OK)
		code = ask(bus, &out, arena, &body, err);
	return code ? code : bus_stream_read(arena, body, ret_stored, err);
}

const char *
bus_stored_header(const struct bus_stored *stored, const char *name, struct cs_arena *arena)
{
	struct cs_span value;

	if (!protocol_find_header(stored->headers, name, &value))
		return NULL;
	return cs_arena_strndup(arena, (const char *)value.data, value.len);
}
