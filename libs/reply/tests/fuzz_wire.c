/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of children that were taken over: what is taken keeps what wire.h says, and arrives again as it is. */
#include <string.h>

#include "base/text.h"
#include "reply/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OWNER "s._domainkey.sender.example"

static const struct reply_key keys[] = { { .owner = OWNER },
	{ .owner = "u._domainkey.sender.example", .unknown = true } };

static void
check_text(const char *text)
{
	if (text == NULL)
		return;
	cs_assert(cs_utf8_valid(cs_span_str(text)));
	for (; *text != '\0'; text++)
		cs_assert((uint8_t)*text >= ' ' && *text != 0x7f);
}

static void
check_reading(struct cs_arena *arena, const struct reply_reading *reading)
{
	const struct reply_facts *facts = &reading->facts;
	struct reply_reading again;
	struct cs_err err;

	cs_assert(reading->finding == REPLY_PROVED || reading->why.code != NULL);
	check_text(facts->from);
	check_text(facts->token);
	check_text(facts->bounce.diagnostic);
	check_text(reading->why.text);
	cs_assert(facts->to_len <= REPLY_LIST_MAX && facts->body < REPLY_BODIES);
	cs_assert(facts->owners_len <= DKIM_SIGNATURES_MAX);
	for (size_t i = 0; i < facts->to_len; i++)
		check_text(facts->to[i]);
	cs_assert(
	    wire_read_reading(arena, wire_put_reading(arena, reading), &again, &err) == CS_OK);
	cs_assert(memcmp(again.facts.digest, facts->digest, REPLY_DIGEST) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_arena *arena = cs_arena_new();
	struct reply_reading reading;
	struct reply_verdict verdict;
	struct cs_err err;

	if (wire_read_reading(arena, cs_span_of(data, size), &reading, &err) == CS_OK)
		check_reading(arena, &reading);
	if (wire_read_verdict(arena, cs_span_of(data, size), keys, 2, &verdict, &err) == CS_OK) {
		cs_assert(verdict.finding < REPLY_FINDINGS);
		cs_assert((verdict.finding == REPLY_PROVED) == (verdict.why.code == NULL));
		cs_assert(verdict.finding != REPLY_PROVED || strcmp(verdict.owner, OWNER) == 0);
	}
	cs_arena_free(arena);
	return 0;
}
