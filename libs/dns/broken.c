/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/broken.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

#define PART_MAX 300
#define SHOWN_MAX 256
#define TEXT_MAX 900 /* names can be long; what holds the text takes 1,024 octets */

/* The first that is a part of the cause. */
static const struct {
	const char *cause, *meaning;
} meanings[] = {
	{ "signature expired", "a signature has expired" },
	{ "signature before inception", "a signature is not valid yet" },
	{ "no keys have a DS", "none of its keys is one that the zone above names (DS)" },
	{ "no DNSKEY", "it has no key, although the zone above says that it is signed (DS)" },
	{ "no signatures", "a record is not signed, although the zone is" },
	{ "no RRSIG", "a record is not signed, although the zone is" },
	{ "signature missing", "a record is not signed, although the zone is" },
	{ "no DNSSEC records", "that there is nothing at a name is not proved" },
	{ "no NSEC", "that there is nothing at a name is not proved" },
	{ "proof failed", "that there is nothing at a name is not proved" },
	{ "signature verification failed", "a signature does not fit what was answered" },
	{ "signature crypto failed", "a signature does not fit what was answered" },
	{ "crypto", "a signature does not fit what was answered" },
};

static bool
holds(const char *text, const char *part)
{
	const size_t len = strlen(part);

	for (; *text != '\0'; text++)
		if (strncasecmp(text, part, len) == 0)
			return true;
	return false;
}

static const char *
meaning_of(const char *cause)
{
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
		if (holds(cause, meanings[i].cause))
			return meanings[i].meaning;
	return NULL;
}

/* From *at up to a blank, or the end; *at is then behind it. */
static const char *
word(struct cs_arena *arena, const char **at)
{
	const size_t len = strcspn(*at, " ");
	const char *text = cs_escape(arena, cs_span_of(*at, len), PART_MAX);

	*at += len;
	if (**at != '\0')
		(*at)++;
	return text;
}

static const char *
name_word(struct cs_arena *arena, const char **at)
{
	char *name = cs_arena_strdup(arena, word(arena, at));
	const size_t len = strlen(name);

	for (char *c = name; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	if (len > 1 && name[len - 1] == '.')
		name[len - 1] = '\0';
	return name;
}

/* What is between `at` and the next `stop`; *at is then behind that.  Without one: all of it. */
static const char *
until(struct cs_arena *arena, const char **at, const char *stop)
{
	const char *end = strstr(*at, stop);
	const size_t len = end != NULL ? (size_t)(end - *at) : strlen(*at);
	const char *text = cs_escape(arena, cs_span_of(*at, len), PART_MAX);

	*at += len + (end != NULL ? strlen(stop) : 0);
	return text;
}

void
dns_broken_parse(struct cs_arena *arena, const char *why, struct dns_broken *ret)
{
	struct dns_broken broken = { "", "", "", "", "", NULL };
	const char *at = strchr(why, '<'), *end = strstr(why, ">: ");

	if (at == NULL || end == NULL || at > end) {
		broken.cause = cs_escape(arena, cs_span_str(why), PART_MAX);
		broken.meaning = meaning_of(why);
		*ret = broken;
		return;
	}
	const char *asked = cs_arena_strndup(arena, at + 1, (size_t)(end - at - 1));

	broken.name = name_word(arena, &asked);
	broken.type = word(arena, &asked);
	at = end + strlen(">: ");
	broken.meaning = meaning_of(at);
	broken.cause = until(arena, &at, " from ");
	broken.servers = until(arena, &at, " for ");
	if (strncmp(at, "key ", 4) == 0 || strncmp(at, "DS ", 3) == 0) {
		at = strchr(at, ' ') + 1;
		broken.zone = name_word(arena, &at);
	}
	*ret = broken;
}

const char *
dns_broken_text(struct cs_arena *arena, const char *name, const char *why)
{
	struct dns_broken broken;
	struct cs_buf buf = cs_buf_new(arena);

	dns_broken_parse(arena, why, &broken);
	if (broken.zone[0] != '\0')
		cs_buf_printf(&buf, "the zone %s is broken: ", broken.zone);
	else
		cs_buf_printf(&buf, "%s is broken: ", name);
	cs_buf_add_str(
	    &buf, broken.meaning != NULL ? broken.meaning : "DNSSEC does not vouch for it");
	if (broken.name[0] != '\0')
		cs_buf_printf(&buf, "; asked for %s %s", broken.name, broken.type);
	cs_buf_printf(&buf, " (resolver: %s)", cs_escape(arena, cs_span_str(why), SHOWN_MAX));
	return cs_arena_printf(arena, "%.*s", TEXT_MAX, (const char *)cs_buf_span(&buf).data);
}
