/* SPDX-License-Identifier: Apache-2.0 */
/* wire.c: how a bind crosses the socket pair.  Pure. */
#include <string.h>

#include "internal.h"

#define LINES 3

static const char *const names[] = {
	[DIRECTORY_BOUND] = "bound",
	[DIRECTORY_WRONG] = "wrong",
	[DIRECTORY_NO_NAME] = "no-name",
	[DIRECTORY_AWAY] = "away",
};
#define NAMES (sizeof(names) / sizeof(names[0]))

const char *
directory_outcome_name(enum directory_outcome outcome)
{
	return names[outcome];
}

struct cs_span
directory_wire_question(struct cs_arena *arena, const struct directory_bind *bind)
{
	const char *head = cs_arena_printf(arena, "%s\n%s\n%s\n",
	    bind->platform ? "platform" : "tenant", bind->endpoint, bind->name);
	const size_t len = strlen(head);
	uint8_t *all = cs_arena_alloc(arena, len + bind->password.len);

	memcpy(all, head, len);
	memcpy(all + len, bind->password.data, bind->password.len);
	return cs_span_of(all, len + bind->password.len);
}

bool
directory_wire_read_question(
    struct cs_arena *arena, struct cs_span octets, struct directory_bind *ret)
{
	const char *lines[LINES];

	for (size_t i = 0; i < LINES; i++) {
		const uint8_t *end = octets.len == 0 ? NULL : memchr(octets.data, '\n', octets.len);

		if (end == NULL || memchr(octets.data, '\0', (size_t)(end - octets.data)) != NULL)
			return false;
		const size_t len = (size_t)(end - octets.data);

		lines[i] = cs_arena_strndup(arena, (const char *)octets.data, len);
		octets = cs_span_of(end + 1, octets.len - len - 1);
	}
	*ret = (struct directory_bind){ strcmp(lines[0], "platform") == 0, lines[1], lines[2],
		octets };
	return lines[2][0] != '\0' && octets.len > 0 && octets.len <= DIRECTORY_PASSWORD_MAX;
}

struct cs_span
directory_wire_answer(struct cs_arena *arena, const struct directory_answer *answer)
{
	return cs_span_str(cs_arena_printf(
	    arena, "%s\n%.*s", names[answer->outcome], DIRECTORY_SAID_MAX, answer->said));
}

static bool
is_printable(struct cs_span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] < ' ' || text.data[i] > '~')
			return false;
	return true;
}

bool
directory_wire_read_answer(
    struct cs_arena *arena, struct cs_span octets, struct directory_answer *ret)
{
	const uint8_t *end = octets.len == 0 ? NULL : memchr(octets.data, '\n', octets.len);
	size_t outcome = 0;

	if (end == NULL)
		return false;
	const size_t len = (size_t)(end - octets.data);
	const struct cs_span said = cs_span_of(end + 1, octets.len - len - 1);

	while (outcome < NAMES && !cs_span_is(cs_span_of(octets.data, len), names[outcome]))
		outcome++;
	if (outcome == NAMES || said.len > DIRECTORY_SAID_MAX || !is_printable(said))
		return false;
	*ret = (struct directory_answer){ (enum directory_outcome)outcome,
		cs_arena_strndup(arena, (const char *)said.data, said.len) };
	return true;
}
