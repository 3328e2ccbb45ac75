/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dns_cname.c: the value in a CNAME record at a label that begins with "_" (TBR 3.2.2.4.7):
 *
 *	_countersign-challenge.NAME CNAME VALUE.NAME
 *
 * The target is below the owner's own name, so that nobody else's zone has a part in it; nothing needs to
 * be there.  The record itself is asked for, and never where it leads.
 */
#include <string.h>

#include "internal.h"

const char *
probe_cname_target(struct cs_arena *arena, const char *name, struct cs_span value)
{
	return cs_arena_printf(
	    arena, "%s.%s", cs_arena_strndup(arena, (const char *)value.data, value.len), name);
}

/* As DNS says it: a value that differs in case alone is the same name. */
static const char *
lower(struct cs_arena *arena, const char *text)
{
	char *copy = cs_arena_strdup(arena, text);

	for (char *p = copy; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p | 0x20);
	return copy;
}

static struct said
judge(const struct look *look, const char *name, const struct dns_answer *answer)
{
	const char *target =
	    lower(look->arena, probe_cname_target(look->arena, name, look->check->expected));

	if (answer->records_len == 0)
		return (struct said){ false, false, "cname-no-record",
			"there is no CNAME record at this name" };
	if (answer->records_len > 1)
		return (struct said){ false, true, "cname-too-many",
			"there are two CNAME records at this name" };
	if (strcmp(answer->records[0].host, target) != 0)
		return (struct said){ false, true, "cname-differs",
			"the CNAME record does not lead to the value" };
	return (struct said){ true, true, "cname-matches", "the CNAME record leads to the value" };
}

static const struct record_way way = {
	.label = PROBE_CHALLENGE_LABEL, .type = DNS_TYPE_CNAME, .judge = judge
};

void
probe_dns_cname(struct look *look)
{
	look_for_record(look, look->check->target, &way);
}
