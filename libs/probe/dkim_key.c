/* SPDX-License-Identifier: Apache-2.0 */
/* dkim_key.c: the one TXT record that holds a DKIM key (RFC 6376 3.6.2), as it is. */
#include "base/text.h"
#include "internal.h"

#define KEY_TEXT_MAX 1000 /* octets; a 4096-bit RSA key takes about 750 */

static const char clause[] = "RFC 6376 3.6.2";

/* DNS does not tell "SEL" from "sel", the resolver's interface does. */
static const char *
lower(struct cs_arena *arena, const char *name)
{
	char *copy = cs_arena_strdup(arena, name);

	for (char *p = copy; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p | 0x20);
	return copy;
}

static bool
is_readable(struct cs_span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] < 0x20 || text.data[i] > 0x7e)
			return false;
	return text.len > 0 && text.len <= KEY_TEXT_MAX;
}

static void
judge(struct look *look, const struct dns_answer *answer)
{
	struct cs_span text;

	look->finding.found_at = cs_arena_strdup(look->arena, answer->owner);
	look->finding.ttl_s = answer->ttl_s;
	for (size_t i = 0; i < answer->records_len && i < SEEN_MAX; i++)
		look_add_seen(look, answer->records[i].text);
	if (answer->records_len == 0) {
		look_end(look, CLAIM_REFUSED, "txt-no-record", clause,
		    "there is no TXT record at this name");
		return;
	}
	if (answer->records_len > 1) {
		look_end(look, CLAIM_REFUSED, "txt-too-many", clause,
		    "there is more than one TXT record at this name: which is the key?");
		return;
	}
	text = answer->records[0].text;
	if (!is_readable(text)) {
		look_end(look, CLAIM_REFUSED, "txt-unreadable", clause,
		    "the TXT record is empty, not printable ASCII, or longer than 1,000 octets");
		return;
	}
	look->finding.detail = cs_arena_strndup(look->arena, (const char *)text.data, text.len);
	look_end(look, CLAIM_PROVED, "txt-found", clause, "there is one TXT record at this name");
}

static void
on_answer(void *arg, const struct dns_result *result)
{
	struct look *look = arg;

	look_add_lookup(look, result);
	if (!look_end_unanswered(look, result, clause))
		judge(look, result->answer);
}

void
probe_dkim_key(struct look *look)
{
	const struct dns_question question = { .name = lower(look->arena, look->check->target),
		.type = DNS_TYPE_TXT };

	dns_lookup(look->probe->dns, &question, on_answer, look);
}
