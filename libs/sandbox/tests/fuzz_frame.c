/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_frame.c: frames as a child that was taken over might send them, in pieces of any size. */
#include <event2/buffer.h>
#include <stddef.h>
#include <stdint.h>

#include "sandbox/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first octet says how long the pieces are. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct evbuffer *in = evbuffer_new();
	size_t piece = size == 0 ? 1 : (size_t)data[0] + 1, taken_octets = 0;
	enum frame_taken taken = FRAME_NONE_YET;
	struct frame frame;

	cs_assert(in != NULL);
	for (size_t at = 1; at < size && taken != FRAME_BROKEN; at += piece) {
		size_t len = size - at < piece ? size - at : piece;

		cs_assert(evbuffer_add(in, data + at, len) == 0);
		while ((taken = frame_peek(in, &frame)) == FRAME_TAKEN) {
			cs_assert(frame.octets.len <= SANDBOX_FRAME_MAX);
			cs_assert(frame.kind >= FRAME_SETTINGS && frame.kind < FRAME_KINDS);
			taken_octets += sizeof(struct frame_head) + frame.octets.len;
			frame_drop(in, &frame);
		}
	}
	cs_assert(taken_octets <= size);
	evbuffer_free(in);
	return 0;
}
