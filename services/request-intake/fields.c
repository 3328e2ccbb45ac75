/* SPDX-License-Identifier: Apache-2.0 */
#include "fields.h"

#include <stdlib.h>
#include <string.h>

#define MARKS "\t\n\\"

void
fields_add(struct cs_buf *out, const char *text)
{
	if (text == NULL)
		text = "";
	for (size_t plain = strcspn(text, MARKS);; plain = strcspn(text, MARKS)) {
		cs_buf_add(out, text, plain);
		text += plain;
		if (*text == '\0')
			break;
		cs_buf_add_str(out, *text == '\t' ? "\\t" : *text == '\n' ? "\\n" : "\\\\");
		text++;
	}
	cs_buf_add(out, "\t", 1);
}

void
fields_add_i64(struct cs_buf *out, int64_t value)
{
	char digits[24];
	char *at = digits + sizeof(digits);
	uint64_t left = value < 0 ? -(uint64_t)value : (uint64_t)value;

	*--at = '\t';
	do {
		*--at = (char)('0' + left % 10);
		left /= 10;
	} while (left != 0);
	if (value < 0)
		*--at = '-';
	cs_buf_add(out, at, (size_t)(digits + sizeof(digits) - at));
}

void
fields_end(struct cs_buf *out)
{
	cs_buf_add(out, "\n", 1);
}

struct fields
fields_read(struct cs_arena *arena, const char *text)
{
	return (struct fields){ cs_arena_strdup(arena, text) };
}

size_t
fields_lines(const char *text)
{
	size_t n = 0;

	for (const char *end = strchr(text, '\n'); end != NULL; end = strchr(end + 1, '\n'))
		n++;
	return n;
}

/* In place: a field never grows. */
static void
unescape(char *field)
{
	char *to = strchr(field, '\\');

	if (to == NULL)
		return;
	for (const char *from = to; *from != '\0'; from++) {
		const bool escaped = *from == '\\' && from[1] != '\0';

		from += escaped;
		*to++ = (char)(!escaped       ? *from
			       : *from == 't' ? '\t'
			       : *from == 'n' ? '\n'
					      : *from);
	}
	*to = '\0';
}

const char *
fields_text(struct fields *fields)
{
	char *field = fields->rest;
	const size_t len = strcspn(field, "\t\n");

	if (field[len] != '\t')
		return "";
	field[len] = '\0';
	fields->rest = field + len + 1;
	unescape(field);
	return field;
}

int64_t
fields_i64(struct fields *fields)
{
	return strtoll(fields_text(fields), NULL, 10);
}

void
fields_next(struct fields *fields)
{
	fields->rest += strcspn(fields->rest, "\n");
	fields->rest += *fields->rest == '\n';
}
