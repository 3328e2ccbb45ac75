/* SPDX-License-Identifier: Apache-2.0 */
/* Any mail: every text of the facts is what reply.h promises, and without a signature nothing is accepted. */
#include <string.h>

#include "base/text.h"
#include "reply/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_text(const char *text, bool ascii)
{
	if (text == NULL)
		return;
	cs_assert(cs_utf8_valid(cs_span_str(text)));
	for (const char *c = text; *c != '\0'; c++)
		cs_assert((uint8_t)*c >= ' ' || *c == '\t');
	for (const char *c = text; ascii && *c != '\0'; c++)
		cs_assert(*c >= ' ' && *c < 0x7f);
}

static void
check(const struct reply_facts *facts)
{
	check_text(facts->from, false);
	check_text(facts->token, true);
	check_text(facts->message_id, false);
	check_text(facts->auto_submitted, true);
	check_text(facts->bounce.message_id, false);
	check_text(facts->bounce.recipient, true);
	check_text(facts->bounce.status, true);
	check_text(facts->bounce.diagnostic, true);
	for (size_t i = 0; i < facts->to_len; i++)
		check_text(facts->to[i], false);
	for (size_t i = 0; i < facts->owners_len; i++)
		check_text(facts->owners[i], true);
	cs_assert(facts->to_len <= REPLY_LIST_MAX && facts->references_len <= REPLY_LIST_MAX);
	cs_assert(facts->body < REPLY_BODIES && facts->bounce.kind < REPLY_BOUNCE_KINDS);
	cs_assert(facts->owners_len <= facts->signatures);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t digest[REPLY_DIGEST];
	static const struct reply_expected expected = { .mailbox = "alice@sender.example",
		.to = "challenge@ca.example",
		.message_id = "<c-1@ca.example>",
		.digest = digest };
	struct cs_arena *arena = cs_arena_new();
	struct reply_verdict verdict;
	struct reply_facts facts;
	struct cs_refusal why;

	reply_verify(arena, cs_span_of(data, size), NULL, 0, 0, 0, &verdict);
	cs_assert(verdict.finding != REPLY_PROVED && verdict.why.code != NULL);
	if (reply_read(arena, cs_span_of(data, size), "a@b", &facts, &why)) {
		check(&facts);
		cs_assert(reply_judge(arena, &facts, &verdict, &expected, &why) != REPLY_PROVED);
	}
	cs_arena_free(arena);
	return 0;
}
