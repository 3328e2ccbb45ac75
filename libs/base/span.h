/* SPDX-License-Identifier: Apache-2.0 */
/* span.h: octets that somebody else owns.  Never NUL-terminated by promise, may hold any octet. */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cs_span {
	const uint8_t *data; /* borrowed; NULL only when len is 0 */
	size_t len;
};

/* The span of a string without its NUL; NULL gives the empty span. */
struct cs_span cs_span_str(const char *text);
struct cs_span cs_span_of(const void *data, size_t len);
bool cs_span_equal(struct cs_span a, struct cs_span b); /* octet for octet, not constant time */
bool cs_span_is(struct cs_span span, const char *text); /* equal to this string */
bool cs_span_is_nocase(struct cs_span span, const char *text); /* ASCII letters fold */
int cs_span_compare(struct cs_span a, struct cs_span b);       /* as memcmp, shorter first */
/* Takes the same time for equal and different contents of one length. */
bool cs_equal_constant_time(const void *a, const void *b, size_t len);

#endif
