/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever is posted as a form: what is taken is bounded text, and what was written as it is read is the same again. */
#include <string.h>

#include "form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX 64

static const char *
written(struct cs_arena *arena, const char *text)
{
	struct cs_buf form = cs_buf_new(arena);

	cs_buf_add_str(&form, "a=1&b=");
	for (; *text != '\0'; text++)
		cs_buf_printf(&form, "%%%02x", (unsigned)(unsigned char)*text);
	return (const char *)cs_buf_span(&form).data;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_arena *arena = cs_arena_new();
	const char *value = NULL, *again = NULL;

	if (form_take(arena, cs_span_of(data, size), "b", MAX, &value)) {
		cs_assert(strlen(value) <= MAX);
		for (const char *c = value; *c != '\0'; c++)
			cs_assert((*c >= ' ' && *c <= '~') || *c == '\r' || *c == '\n');
		cs_assert(form_take(arena, cs_span_str(written(arena, value)), "b", MAX, &again));
		cs_assert(strcmp(value, again) == 0);
	}
	cs_arena_free(arena);
	return 0;
}
