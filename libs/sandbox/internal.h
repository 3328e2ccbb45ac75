/* SPDX-License-Identifier: Apache-2.0 */
/* internal.h: what the two sides of the socket pair share. */
#ifndef SANDBOX_INTERNAL_H
#define SANDBOX_INTERNAL_H

#include <sys/types.h>

#include "sandbox/sandbox.h"

struct evbuffer;

#define CHILD_WORD "--sandbox-child" /* argv[1] of a child; argv[2] is its role */
#define CHILD_CHANNEL 3              /* its end of the pair */
#define DRAIN_MS 60000               /* a child that is replaced has so long for what it holds */

/* With it the process makes calls of its own: see sandbox.h. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANDBOX_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define SANDBOX_SANITIZED 1
#endif
#endif
#ifndef SANDBOX_SANITIZED
#define SANDBOX_SANITIZED 0
#endif

/* ---- frames: a header in the machine's own order (both ends are one executable), then its octets ---- */

enum frame_kind {
	/* To the child. */
	FRAME_SETTINGS = 1, /* the first one */
	FRAME_QUESTION,
	FRAME_PING,
	/* From the child. */
	FRAME_READY,   /* the first one; or */
	FRAME_REFUSED, /* that it could not open: the code in `ticket`, the text */
	FRAME_ANSWER,
	FRAME_PONG,
	FRAME_KINDS
};

struct frame_head {
	uint32_t length; /* of what follows: at most SANDBOX_FRAME_MAX */
	uint32_t kind;
	uint64_t ticket;
};

struct frame {
	enum frame_kind kind;
	uint64_t ticket;
	struct cs_span octets;
};

/* Would a peer that keeps the rules send this? */
bool frame_head_good(const struct frame_head *head);
void frame_put(struct evbuffer *out, const struct frame *frame);

enum frame_taken { FRAME_NONE_YET, FRAME_TAKEN, FRAME_BROKEN };
/* The next whole frame; its octets are borrowed until frame_drop(). */
enum frame_taken frame_peek(struct evbuffer *in, struct frame *ret_frame);
void frame_drop(struct evbuffer *in, const struct frame *frame);

/* Blocking, for the start only; false: the peer is gone, or too late, or broke the rules. */
bool frame_write_now(int fd, const struct frame *frame);
bool frame_read_now(int fd, int64_t until_mono_ms, struct cs_arena *arena, struct frame *ret_frame);

/* ---- lock.c ---- */

/* Before the role's open: what must hold even there. */
CS_MUST_USE enum cs_code lock_early(const struct sandbox_role *role, struct cs_err *err);
/* For good.  `life_s`: processor seconds that the process may use. */
CS_MUST_USE enum cs_code
lock_in(const struct sandbox_role *role, uint32_t life_s, struct cs_err *err);

/* ---- spawn.c ---- */

/* Starts a child of this role and sends it its settings; *ret_fd is the parent's end, not blocking. */
CS_MUST_USE enum cs_code spawn(const struct sandbox_role *role, struct cs_span settings,
    uint32_t life_ms, pid_t *ret_pid, int *ret_fd, struct cs_err *err);

#endif
