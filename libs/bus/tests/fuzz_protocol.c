/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_protocol.c: whatever a server or a peer may say; the first octet chooses the reader. */
#include <string.h>

#include "bus/protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
read_texts(const char *text)
{
	struct protocol_delivery delivery;
	uint32_t slot, generation;

	if (protocol_read_delivery(text, &delivery))
		cs_assert(delivery.stream[0] && delivery.durable[0]);
	(void)protocol_read_token(text, &slot, &generation);
	if (protocol_subject_ok(text, false))
		cs_assert(protocol_subject_ok(text, true) && strlen(text) <= BUS_SUBJECT_MAX);
}

static void
read_blocks(struct cs_span span)
{
	struct protocol_seed seed;
	struct cs_span value;

	if (protocol_find_header(span, "ce-id", &value))
		cs_assert(value.len <= BUS_HEADER_MAX);
	if (protocol_read_seed(span, &seed))
		cs_assert(strlen(seed.key) == PROTOCOL_KEY_LEN);
}

static void
read_answers(struct cs_span span, struct cs_arena *arena)
{
	const struct protocol_stored answer = protocol_read_stored(span);
	struct bus_stream stream;
	struct bus_consumer consumer;
	struct bus_stored stored;

	cs_assert(answer.stored == (answer.sequence > 0) && answer.stored == !answer.error[0]);
	(void)!protocol_read_stream(span, &stream, NULL);
	(void)!protocol_read_consumer(span, &consumer, NULL);
	(void)!protocol_read_message(span, arena, &stored, NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_arena *arena = cs_arena_new();

	if (size > 0 && data[0] % 3 == 0)
		read_texts(cs_arena_strndup(arena, (const char *)data + 1, size - 1));
	else if (size > 0 && data[0] % 3 == 1)
		read_blocks(cs_span_of(data + 1, size - 1));
	else if (size > 0)
		read_answers(cs_span_of(data + 1, size - 1), arena);
	cs_arena_free(arena);
	return 0;
}
