/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena.h: memory that belongs to a unit of work (a batch, a check, a command) and dies with it.
 *
 * Out of memory is fatal, so these functions never return NULL.  Sizes that come from outside are
 * checked against their limit before they are used here.  Not for secrets that share an arena with
 * input.  An arena belongs to one thread at a time.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

#include "base/span.h"

struct cs_arena;

struct cs_arena *cs_arena_new(void);
void cs_arena_free(struct cs_arena *arena);         /* takes NULL */
void cs_arena_reset(struct cs_arena *arena);        /* frees what it holds, keeps the arena */
size_t cs_arena_used(const struct cs_arena *arena); /* octets handed out since the last reset */

/* Zeroed, aligned for any object.  `n * size` must not overflow (asserted). */
void *cs_arena_alloc(struct cs_arena *arena, size_t size);
void *cs_arena_array(struct cs_arena *arena, size_t n, size_t size);
#define CS_NEW(arena, type) ((type *)cs_arena_alloc((arena), sizeof(type)))
#define CS_NEW_ARRAY(arena, n, type) ((type *)cs_arena_array((arena), (n), sizeof(type)))

/* Copies; the copy of a span is followed by a NUL that is not counted. */
struct cs_span cs_arena_copy(struct cs_arena *arena, const void *data, size_t len);
struct cs_span cs_arena_copy_span(struct cs_arena *arena, struct cs_span span);
char *cs_arena_strdup(struct cs_arena *arena, const char *text);
char *cs_arena_strndup(struct cs_arena *arena, const char *text, size_t len);
char *
cs_arena_printf(struct cs_arena *arena, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *cs_arena_vprintf(struct cs_arena *arena, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

/* A span that grows: append, then read .span.  Storage moves inside the arena while it grows. */
struct cs_buf {
	struct cs_arena *arena;
	uint8_t *data;
	size_t len, cap;
};

struct cs_buf cs_buf_new(struct cs_arena *arena);
void cs_buf_add(struct cs_buf *buf, const void *data, size_t len);
void cs_buf_add_str(struct cs_buf *buf, const char *text);
void cs_buf_add_span(struct cs_buf *buf, struct cs_span span);
void cs_buf_printf(struct cs_buf *buf, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* What is in it, followed by a NUL that is not counted; valid until the next append. */
struct cs_span cs_buf_span(struct cs_buf *buf);

#endif
