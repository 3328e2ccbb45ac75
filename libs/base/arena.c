/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

#define CHUNK 16384 /* octets of the first; each further one is twice as large, up to CHUNK_MAX */
#define CHUNK_MAX (UINT32_C(1) << 18)

struct chunk {
	struct chunk *next;
	size_t used, size;
	alignas(max_align_t) uint8_t data[];
};

struct cs_arena {
	struct chunk *chunks; /* the one in use first */
	size_t used, next_chunk;
};

static struct chunk *
chunk_new(size_t size)
{
	struct chunk *chunk = malloc(sizeof(*chunk) + size);

	cs_assert(chunk != NULL);
	*chunk = (struct chunk){ .size = size };
	return chunk;
}

static void
free_from(struct chunk *chunk)
{
	while (chunk != NULL) {
		struct chunk *next = chunk->next;

		free(chunk);
		chunk = next;
	}
}

struct cs_arena *
cs_arena_new(void)
{
	struct cs_arena *arena = calloc(1, sizeof(*arena));

	cs_assert(arena != NULL);
	arena->next_chunk = CHUNK;
	return arena;
}

void
cs_arena_free(struct cs_arena *arena)
{
	if (arena == NULL)
		return;
	free_from(arena->chunks);
	free(arena);
}

/*
 * One ordinary chunk is kept, so that a loop of small batches asks nobody for memory.  The address
 * sanitizer sees a use after the reset only when none is (clang builds the fuzzers).
 */
#if defined(__SANITIZE_ADDRESS__) || defined(__clang__)
#define KEPT_MAX 0
#else
#define KEPT_MAX CHUNK_MAX
#endif

void
cs_arena_reset(struct cs_arena *arena)
{
	struct chunk *kept = arena->chunks;

	if (kept != NULL && kept->size > KEPT_MAX)
		kept = NULL;
	free_from(kept == NULL ? arena->chunks : kept->next);
	arena->chunks = kept;
	arena->used = 0;
	if (kept == NULL)
		return;
	kept->used = 0;
	kept->next = NULL;
}

size_t
cs_arena_used(const struct cs_arena *arena)
{
	return arena->used;
}

static size_t
round_up(size_t size)
{
	const size_t align = alignof(max_align_t);

	cs_assert(size < SIZE_MAX / 2);
	return (size + align - 1) / align * align;
}

/* A request that is larger than a quarter chunk must not waste the rest of the current one. */
static struct chunk *
chunk_for(struct cs_arena *arena, size_t size)
{
	struct chunk *first = arena->chunks;

	if (first != NULL && first->size - first->used >= size)
		return first;
	if (first != NULL && size > CHUNK / 4) {
		struct chunk *own = chunk_new(size);

		own->next = first->next;
		first->next = own;
		return own;
	}
	struct chunk *fresh = chunk_new(size > arena->next_chunk ? size : arena->next_chunk);

	if (arena->next_chunk < CHUNK_MAX)
		arena->next_chunk *= 2;
	fresh->next = first;
	arena->chunks = fresh;
	return fresh;
}

/* Not zeroed. */
static void *
take(struct cs_arena *arena, size_t size)
{
	size_t rounded = round_up(size == 0 ? 1 : size);
	struct chunk *chunk = chunk_for(arena, rounded);
	void *at = chunk->data + chunk->used;

	chunk->used += rounded;
	arena->used += rounded;
	return at;
}

void *
cs_arena_alloc(struct cs_arena *arena, size_t size)
{
	return memset(take(arena, size), 0, size);
}

void *
cs_arena_array(struct cs_arena *arena, size_t n, size_t size)
{
	size_t total;

	cs_assert(!__builtin_mul_overflow(n, size, &total));
	return cs_arena_alloc(arena, total);
}

struct cs_span
cs_arena_copy(struct cs_arena *arena, const void *data, size_t len)
{
	uint8_t *copy = take(arena, len + 1);

	if (len > 0)
		memcpy(copy, data, len);
	copy[len] = 0;
	return (struct cs_span){ copy, len };
}

struct cs_span
cs_arena_copy_span(struct cs_arena *arena, struct cs_span span)
{
	return cs_arena_copy(arena, span.data, span.len);
}

char *
cs_arena_strndup(struct cs_arena *arena, const char *text, size_t len)
{
	char *copy = take(arena, len + 1);

	if (len > 0)
		memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

char *
cs_arena_strdup(struct cs_arena *arena, const char *text)
{
	return cs_arena_strndup(arena, text, strlen(text));
}

char *
cs_arena_vprintf(struct cs_arena *arena, const char *fmt, va_list ap)
{
	va_list again;
	int len;

	va_copy(again, ap);
	len = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	cs_assert(len >= 0);
	char *text = cs_arena_alloc(arena, (size_t)len + 1);

	(void)vsnprintf(text, (size_t)len + 1, fmt, ap);
	return text;
}

char *
cs_arena_printf(struct cs_arena *arena, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	char *text = cs_arena_vprintf(arena, fmt, ap);
	va_end(ap);
	return text;
}

struct cs_buf
cs_buf_new(struct cs_arena *arena)
{
	return (struct cs_buf){ .arena = arena };
}

static void
make_room(struct cs_buf *buf, size_t more)
{
	size_t cap = buf->cap == 0 ? 256 : buf->cap;

	cs_assert(more < SIZE_MAX / 4 && buf->len < SIZE_MAX / 4);
	if (buf->data != NULL && buf->len + more + 1 <= buf->cap)
		return;
	while (cap < buf->len + more + 1)
		cap *= 2;
	uint8_t *data = take(buf->arena, cap);

	if (buf->data != NULL)
		memcpy(data, buf->data, buf->len);
	data[buf->len] = 0;
	buf->data = data;
	buf->cap = cap;
}

void
cs_buf_add(struct cs_buf *buf, const void *data, size_t len)
{
	make_room(buf, len);
	if (len > 0)
		memcpy(buf->data + buf->len, data, len);
	buf->len += len;
	buf->data[buf->len] = 0;
}

void
cs_buf_add_str(struct cs_buf *buf, const char *text)
{
	cs_buf_add(buf, text, strlen(text));
}

void
cs_buf_add_span(struct cs_buf *buf, struct cs_span span)
{
	cs_buf_add(buf, span.data, span.len);
}

void
cs_buf_printf(struct cs_buf *buf, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	const char *text = cs_arena_vprintf(buf->arena, fmt, ap);
	va_end(ap);
	cs_buf_add_str(buf, text);
}

struct cs_span
cs_buf_span(struct cs_buf *buf)
{
	make_room(buf, 0);
	return (struct cs_span){ buf->data, buf->len };
}
