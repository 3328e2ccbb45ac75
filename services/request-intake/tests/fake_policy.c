/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_policy.h"

#include <stdio.h>
#include <string.h>

#include "pack/pack.h"
#include "pki/hash.h"
#include "proto/ask.pb-c.h"

#define WORDS 8

static struct {
	const struct fake_person *people;
	bool away;
	unsigned asked;
	char source[64];
} policy;

void
fake_policy_use(const struct fake_person *people)
{
	memset(&policy, 0, sizeof(policy));
	policy.people = people;
}

void
fake_policy_away(bool away)
{
	policy.away = away;
}

unsigned
fake_policy_asked(void)
{
	return policy.asked;
}

const char *
fake_policy_source(void)
{
	return policy.source;
}

static const struct fake_person *
find(const ProtobufCBinaryData *sha256)
{
	const struct fake_person *person = policy.people;
	uint8_t digest[PKI_SHA256];

	cs_assert(sha256->len == PKI_SHA256);
	for (; person && person->token; person++) {
		pki_sha256(cs_span_str(person->token), digest);
		if (memcmp(digest, sha256->data, PKI_SHA256) == 0)
			return person;
	}
	return NULL;
}

static size_t
split(struct cs_arena *arena, const char *text, char **words)
{
	char *rest = NULL;
	size_t n = 0;

	for (char *word = strtok_r(cs_arena_strdup(arena, text), " ", &rest); word;
	     word = strtok_r(NULL, " ", &rest)) {
		cs_assert(n < WORDS);
		words[n++] = word;
	}
	return n;
}

bool
fake_policy_answer(struct cs_arena *arena, struct cs_span ask, struct cs_span *ret_answer)
{
	struct cs_err err = { 0 };
	const Countersign__V1__WhoAsk *question =
	    pack_read(arena, &countersign__v1__who_ask__descriptor, ask, ask.len, &err);
	Countersign__V1__WhoAnswer answer = COUNTERSIGN__V1__WHO_ANSWER__INIT;
	char *roles[WORDS], *scopes[WORDS];
	const struct fake_person *person = NULL;

	cs_assert(question != NULL);
	policy.asked++;
	(void)snprintf(policy.source, sizeof(policy.source), "%s", question->source);
	if (policy.away)
		return false;
	person = find(&question->token_sha256);
	answer.result = pack_text(person ? "known" : "unknown");
	if (person) {
		answer.enterprise = pack_text(person->enterprise);
		answer.account = pack_text(person->account);
		answer.roles = roles;
		answer.n_roles = split(arena, person->roles, roles);
		answer.scopes = scopes;
		answer.n_scopes = split(arena, person->scopes, scopes);
		answer.credential = pack_text(person->credential);
		answer.factor = pack_text(person->factor ? person->factor : "api-token");
		answer.ends_at_ms = person->ends_at_ms;
		answer.must_change = person->must_change;
	}
	*ret_answer = pack_write(arena, &answer.base);
	return true;
}
