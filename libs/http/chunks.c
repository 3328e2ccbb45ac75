/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chunks.c: the chunked transfer coding (RFC 9112 7.1) without its options.  Extensions and trailers
 * are refused: nothing of ours uses them, and readers disagree about where they end.
 */
#include "http/head.h"

enum state { SIZE, SIZE_LF, DATA, DATA_CR, DATA_LF, LAST_CR, LAST_LF };

static int
digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* At most eight digits, so the sum below cannot overflow. */
static bool
take_size(struct http_chunks *chunks, uint8_t c)
{
	int value = digit(c);

	if (value < 0 || chunks->digits == 8)
		return c == '\r' && chunks->digits > 0;
	chunks->left = chunks->left << 4 | (size_t)value;
	chunks->digits++;
	return true;
}

/* One octet that is not data; false: it cannot stand here. */
static bool
take(struct http_chunks *chunks, uint8_t c)
{
	switch (chunks->state) {
	case SIZE:
		if (!take_size(chunks, c))
			return false;
		if (c == '\r')
			chunks->state = SIZE_LF;
		return true;
	case SIZE_LF:
		chunks->state = chunks->left > 0 ? DATA : LAST_CR;
		chunks->digits = 0;
		return c == '\n';
	case DATA_CR:
		chunks->state = DATA_LF;
		return c == '\r';
	case DATA_LF:
		chunks->state = SIZE;
		return c == '\n';
	case LAST_CR:
		chunks->state = LAST_LF;
		return c == '\r';
	default:
		return c == '\n';
	}
}

static size_t
take_data(struct http_chunks *chunks, struct cs_span rest, struct cs_buf *body)
{
	size_t len = rest.len < chunks->left ? rest.len : chunks->left;

	cs_buf_add(body, rest.data, len);
	chunks->left -= len;
	chunks->total += len;
	if (chunks->left == 0)
		chunks->state = DATA_CR;
	return len;
}

enum http_scan
http_chunks_read(struct http_chunks *chunks, struct cs_span arrived, size_t limit,
    struct cs_buf *body, size_t *ret_used, struct http_fault *ret_fault)
{
	size_t used = 0;

	while (used < arrived.len) {
		if (chunks->state == DATA) {
			struct cs_span rest = { arrived.data + used, arrived.len - used };

			used += take_data(chunks, rest, body);
			continue;
		}
		bool last = chunks->state == LAST_LF;

		if (!take(chunks, arrived.data[used++])) {
			*ret_fault = (struct http_fault){ 400, "the chunked coding is broken" };
			return HTTP_SCAN_FAULT;
		}
		if (chunks->total + chunks->left > limit) {
			*ret_fault = (struct http_fault){ 413, "the content is too long" };
			return HTTP_SCAN_FAULT;
		}
		*ret_used = used;
		if (last)
			return HTTP_SCAN_DONE;
	}
	*ret_used = used;
	return HTTP_SCAN_MORE;
}
