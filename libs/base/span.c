/* SPDX-License-Identifier: Apache-2.0 */
#include "base/span.h"

#include <string.h>
#include <strings.h>

struct cs_span
cs_span_str(const char *text)
{
	return cs_span_of(text, text == NULL ? 0 : strlen(text));
}

struct cs_span
cs_span_of(const void *data, size_t len)
{
	return (struct cs_span){ .data = len == 0 ? NULL : data, .len = len };
}

bool
cs_span_equal(struct cs_span a, struct cs_span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool
cs_span_is(struct cs_span span, const char *text)
{
	return cs_span_equal(span, cs_span_str(text));
}

bool
cs_span_is_nocase(struct cs_span span, const char *text)
{
	return span.len == strlen(text) &&
	       (span.len == 0 || strncasecmp((const char *)span.data, text, span.len) == 0);
}

int
cs_span_compare(struct cs_span a, struct cs_span b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len == 0 ? 0 : memcmp(a.data, b.data, len);

	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

bool
cs_equal_constant_time(const void *a, const void *b, size_t len)
{
	const volatile uint8_t *x = a, *y = b;
	uint8_t differ = 0;

	for (size_t i = 0; i < len; i++)
		differ = (uint8_t)(differ | (x[i] ^ y[i]));
	return differ == 0;
}
