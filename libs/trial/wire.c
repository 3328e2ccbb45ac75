/* SPDX-License-Identifier: Apache-2.0 */
/* wire.c: lines, and how they cross the socket pair.  Pure. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "internal.h"

#define QUOTE_MAX 300

/* ---- lines ---- */

__attribute__((format(printf, 2, 0))) static void
say(struct trial_lines *lines, const char *format, va_list args)
{
	char text[TRIAL_LINE_MAX + 1];

	cs_assert(lines->n < TRIAL_LINES_MAX);
	(void)vsnprintf(text, sizeof(text), format, args);
	lines->seen[lines->n++] = cs_arena_strdup(lines->arena, text);
}

void
trial_say(struct trial_lines *lines, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(lines, format, args);
	va_end(args);
}

void
trial_blame(struct trial_lines *lines, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(lines, format, args);
	va_end(args);
	lines->good = false;
}

const char *
trial_quote(const struct trial_lines *lines, struct cs_span text)
{
	return cs_escape(lines->arena, text, QUOTE_MAX);
}

/* ---- wire ---- */

struct cs_span
trial_wire_question(struct cs_arena *arena, const struct trial_question *question)
{
	return cs_span_str(cs_arena_printf(arena, "%s\n%s\n%s", connector_type_name(question->type),
	    question->platform ? "platform" : "tenant", question->endpoint));
}

/* Cuts the next line off; NULL: there is none. */
static char *
next_line(char **rest)
{
	return strsep(rest, "\n");
}

bool
trial_wire_read_question(struct cs_arena *arena, struct cs_span octets, struct trial_question *ret)
{
	char *rest = cs_arena_strndup(arena, (const char *)octets.data, octets.len);
	const char *type = next_line(&rest), *whose = next_line(&rest), *endpoint = rest;

	if (type == NULL || whose == NULL || endpoint == NULL)
		return false;
	*ret = (struct trial_question){ .platform = strcmp(whose, "platform") == 0,
		.endpoint = endpoint };
	return connector_type_parse(type, &ret->type) && trial_has(ret->type);
}

struct cs_span
trial_wire_answer(const struct trial_lines *lines)
{
	struct cs_buf out = cs_buf_new(lines->arena);

	cs_buf_add_str(&out, lines->good ? "good" : "bad");
	for (size_t i = 0; i < lines->n; i++)
		cs_buf_printf(&out, "\n%s", lines->seen[i]);
	return cs_buf_span(&out);
}

static bool
is_printable(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

bool
trial_wire_read_answer(struct cs_arena *arena, struct cs_span octets, struct trial_found *ret)
{
	struct trial_found found = { .seen = CS_NEW_ARRAY(arena, TRIAL_LINES_MAX, const char *) };

	if (octets.len == 0 || octets.len > TRIAL_LINES_MAX * (TRIAL_LINE_MAX + 1) + 8 ||
	    memchr(octets.data, 0, octets.len) != NULL)
		return false;
	char *rest = cs_arena_strndup(arena, (const char *)octets.data, octets.len);

	found.result = next_line(&rest);
	if (strcmp(found.result, "good") != 0 && strcmp(found.result, "bad") != 0)
		return false;
	for (const char *line; (line = next_line(&rest)) != NULL;) {
		if (found.n_seen == TRIAL_LINES_MAX || strlen(line) > TRIAL_LINE_MAX ||
		    !is_printable(line))
			return false;
		found.seen[found.n_seen++] = line;
	}
	*ret = found;
	return true;
}
