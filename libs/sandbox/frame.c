/* SPDX-License-Identifier: Apache-2.0 */
/* frame.c: frames on the socket pair, in a loop and, at the start, without one. */
#include <errno.h>
#include <event2/buffer.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/time.h"
#include "internal.h"

bool
frame_head_good(const struct frame_head *head)
{
	return head->length <= SANDBOX_FRAME_MAX && head->kind >= FRAME_SETTINGS &&
	       head->kind < FRAME_KINDS;
}

static struct frame_head
head_of(const struct frame *frame)
{
	cs_assert(frame->octets.len <= SANDBOX_FRAME_MAX);
	return (struct frame_head){
		.length = (uint32_t)frame->octets.len, .kind = frame->kind, .ticket = frame->ticket
	};
}

void
frame_put(struct evbuffer *out, const struct frame *frame)
{
	struct frame_head head = head_of(frame);

	cs_assert(evbuffer_add(out, &head, sizeof(head)) == 0);
	if (frame->octets.len > 0)
		cs_assert(evbuffer_add(out, frame->octets.data, frame->octets.len) == 0);
}

enum frame_taken
frame_peek(struct evbuffer *in, struct frame *ret_frame)
{
	struct frame_head head;
	size_t have = evbuffer_get_length(in);
	unsigned char *whole;

	if (have < sizeof(head))
		return FRAME_NONE_YET;
	(void)evbuffer_copyout(in, &head, sizeof(head));
	if (!frame_head_good(&head))
		return FRAME_BROKEN;
	if (have < sizeof(head) + head.length)
		return FRAME_NONE_YET;
	whole = evbuffer_pullup(in, (ev_ssize_t)(sizeof(head) + head.length));
	cs_assert(whole != NULL);
	*ret_frame = (struct frame){ .kind = head.kind,
		.ticket = head.ticket,
		.octets = cs_span_of(whole + sizeof(head), head.length) };
	return FRAME_TAKEN;
}

void
frame_drop(struct evbuffer *in, const struct frame *frame)
{
	(void)evbuffer_drain(in, sizeof(struct frame_head) + frame->octets.len);
}

/* ---- at the start ---- */

static bool
write_all(int fd, const void *data, size_t len)
{
	const uint8_t *at = data;

	while (len > 0) {
		ssize_t n = send(fd, at, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

bool
frame_write_now(int fd, const struct frame *frame)
{
	struct frame_head head = head_of(frame);

	return write_all(fd, &head, sizeof(head)) &&
	       write_all(fd, frame->octets.data, frame->octets.len);
}

static bool
wait_readable(int fd, int64_t until_mono_ms)
{
	struct pollfd at = { .fd = fd, .events = POLLIN };

	for (;;) {
		int64_t left_ms = until_mono_ms - cs_mono_ms();
		int n;

		if (left_ms <= 0)
			return false;
		n = poll(&at, 1, left_ms > 1000 ? 1000 : (int)left_ms);
		if (n > 0)
			return true;
		if (n < 0 && errno != EINTR)
			return false;
	}
}

static bool
read_all(int fd, int64_t until_mono_ms, void *data, size_t len)
{
	uint8_t *at = data;

	while (len > 0) {
		ssize_t n;

		if (!wait_readable(fd, until_mono_ms))
			return false;
		n = recv(fd, at, len, MSG_DONTWAIT);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

bool
frame_read_now(int fd, int64_t until_mono_ms, struct cs_arena *arena, struct frame *ret_frame)
{
	struct frame_head head;
	uint8_t *data;

	if (!read_all(fd, until_mono_ms, &head, sizeof(head)) || !frame_head_good(&head))
		return false;
	data = cs_arena_alloc(arena, head.length + 1);
	if (!read_all(fd, until_mono_ms, data, head.length))
		return false;
	*ret_frame = (struct frame){
		.kind = head.kind, .ticket = head.ticket, .octets = cs_span_of(data, head.length)
	};
	return true;
}
