/* SPDX-License-Identifier: Apache-2.0 */
/* answers.c: the JSON that JetStream answers with. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "bus/protocol.h"

static void
json_free_p(json_t **json)
{
	json_decref(*json);
}

static json_t *
load(struct cs_span body)
{
	/* Numbers of 64 bits and nothing but objects; jansson bounds the depth itself. */
	return json_loadb((const char *)body.data, body.len, JSON_REJECT_DUPLICATES, NULL);
}

static uint64_t
number_of(const json_t *object, const char *key)
{
	const json_int_t value = json_integer_value(json_object_get(object, key));

	return value > 0 ? (uint64_t)value : 0;
}

/* The server's own words, escaped: they may quote what a client sent. */
static void
describe(const json_t *error, char *ret_text, size_t size)
{
	struct cs_arena *arena = cs_arena_new();
	const char *words = json_string_value(json_object_get(error, "description"));
	const char *safe = cs_escape(arena, cs_span_str(words ? words : "unknown"), size - 24);

	snprintf(ret_text, size, "%llu %s", (unsigned long long)number_of(error, "err_code"), safe);
	cs_arena_free(arena);
}

struct protocol_stored
protocol_read_stored(struct cs_span body)
{
	struct protocol_stored stored = { .error = "unreadable answer" };
	CS_AUTO(json_free_p) json_t *root = load(body);
	const json_t *error = json_object_get(root, "error");

	if (error) {
		describe(error, stored.error, sizeof(stored.error));
		return stored;
	}
	if (!json_is_string(json_object_get(root, "stream")) || number_of(root, "seq") == 0)
		return stored;
	return (struct protocol_stored){
		.stored = true,
		.duplicate = json_is_true(json_object_get(root, "duplicate")),
		.sequence = number_of(root, "seq"),
	};
}

/* CS_OK: it is an object and no error. */
static enum cs_code
check(const json_t *root, struct cs_err *err)
{
	const json_t *error = json_object_get(root, "error");
	char words[120];

	if (!json_is_object(root))
		return cs_fail(err, CS_INTERNAL, "bus: unreadable answer of JetStream");
	if (!error)
		return CS_OK;
	describe(error, words, sizeof(words));
	const uint64_t code = number_of(error, "code");
	return cs_fail(err,
	    code == 404   ? CS_NOT_FOUND
	    : code == 503 ? CS_UNAVAILABLE
			  : CS_INTERNAL,
	    "bus: JetStream says %s", words);
}

static bool
copy_text(const json_t *object, const char *key, char *ret_text, size_t size)
{
	const char *text = json_string_value(json_object_get(object, key));

	if (!text || strlen(text) >= size)
		return false;
	memcpy(ret_text, text, strlen(text) + 1);
	return true;
}

enum cs_code
protocol_read_stream(struct cs_span body, struct bus_stream *ret_stream, struct cs_err *err)
{
	CS_AUTO(json_free_p) json_t *root = load(body);
	const json_t *state = json_object_get(root, "state");
	struct bus_stream stream = {
		.messages = number_of(state, "messages"),
		.octets = number_of(state, "bytes"),
		.first_seq = number_of(state, "first_seq"),
		.last_seq = number_of(state, "last_seq"),
		.consumers = number_of(state, "consumer_count"),
	};

	const enum cs_code code = check(root, err);
	if (code)
		return code;
	if (!state || !copy_text(root, "created", stream.created, sizeof(stream.created)))
		return cs_fail(err, CS_INTERNAL, "bus: stream without state or birth");
	*ret_stream = stream;
	return CS_OK;
}

enum cs_code
protocol_read_consumer(struct cs_span body, struct bus_consumer *ret_consumer, struct cs_err *err)
{
	CS_AUTO(json_free_p) json_t *root = load(body);
	struct bus_consumer consumer = {
		.pending = number_of(root, "num_pending"),
		.ack_pending = number_of(root, "num_ack_pending"),
		.redelivered = number_of(root, "num_redelivered"),
	};

	const enum cs_code code = check(root, err);
	if (code)
		return code;
	if (!copy_text(root, "created", consumer.created, sizeof(consumer.created)))
		return cs_fail(err, CS_INTERNAL, "bus: consumer without birth");
	*ret_consumer = consumer;
	return CS_OK;
}

/* Absent is empty. */
static bool
decode(const json_t *object, const char *key, struct cs_arena *arena, struct cs_span *ret_octets)
{
	const json_t *text = json_object_get(object, key);
	const struct cs_span base64 = cs_span_of(json_string_value(text), json_string_length(text));

	*ret_octets = (struct cs_span){ 0 };
	return base64.len == 0 || cs_base64_decode(arena, base64, ret_octets);
}

enum cs_code
protocol_read_message(
    struct cs_span body, struct cs_arena *arena, struct bus_stored *ret_stored, struct cs_err *err)
{
	CS_AUTO(json_free_p) json_t *root = load(body);
	const json_t *message = json_object_get(root, "message");
	const char *subject = json_string_value(json_object_get(message, "subject"));
	const char *time = json_string_value(json_object_get(message, "time"));
	struct bus_stored stored = { .sequence = number_of(message, "seq") };

	const enum cs_code code = check(root, err);
	if (code)
		return code;
	if (!subject || !time || stored.sequence == 0 ||
	    !decode(message, "hdrs", arena, &stored.headers) ||
	    !decode(message, "data", arena, &stored.body))
		return cs_fail(err, CS_INTERNAL, "bus: unreadable stored message");
	stored.subject = cs_arena_strdup(arena, subject);
	stored.time = cs_arena_strdup(arena, time);
	*ret_stored = stored;
	return CS_OK;
}
