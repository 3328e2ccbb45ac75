/* SPDX-License-Identifier: Apache-2.0 */
#include "domain.h"

#include <ctype.h>
#include <string.h>

#include "base/text.h"

static struct domain_challenge *
find(struct domain_request *request, const char *check_id)
{
	for (size_t i = 0; i < request->n; i++)
		if (strcmp(request->items[i].check_id, check_id) == 0)
			return &request->items[i];
	return NULL;
}

static struct domain_challenge *
add(struct domain_request *request, const char *check_id)
{
	if (request->n == DOMAIN_CHALLENGES_MAX)
		return NULL;
	struct domain_challenge *challenge = &request->items[request->n++];

	*challenge = (struct domain_challenge){ .check_id = check_id,
		.domain = "",
		.value = "",
		.enterprise = "",
		.account = "",
		.changed = true };
	return challenge;
}

/* Lower case: nothing that copies or publishes it may change it by folding. */
static const char *
new_value(struct cs_arena *arena, const uint8_t random[static 32])
{
	char *value = cs_base32(arena, cs_span_of(random, DOMAIN_VALUE_BITS / 8));

	for (char *c = value; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	return value;
}

static struct domain_step
say(struct domain_challenge *challenge, enum domain_says first, enum domain_says second)
{
	return (struct domain_step){ { first, second }, challenge };
}

static enum domain_says
begin_look(struct domain_challenge *challenge)
{
	if (challenge->looking)
		return DOMAIN_NOTHING;
	challenge->looking = true;
	challenge->wished = false;
	challenge->attempt++;
	challenge->changed = true;
	return DOMAIN_LOOK;
}

struct domain_step
domain_on_asked(struct domain_request *request, struct cs_arena *arena,
    const struct claim_asked *asked, struct cs_span octets, const uint8_t random[static 32],
    int64_t now_ms)
{
	struct domain_challenge *challenge = find(request, asked->check.id);

	if (challenge == NULL)
		challenge = add(request, asked->check.id);
	if (challenge == NULL)
		return say(NULL, DOMAIN_NOTHING, DOMAIN_NOTHING);
	challenge->asked = octets;
	challenge->domain = asked->check.target;
	challenge->changed = true;
	/* A wish that came first must have come from the very account that the plan is for. */
	if (challenge->wished && (strcmp(challenge->enterprise, asked->check.enterprise) != 0))
		challenge->wished = false;
	challenge->enterprise = asked->check.enterprise;
	if (challenge->value[0] == '\0' || challenge->expires_ms <= now_ms) {
		challenge->value = new_value(arena, random);
		challenge->made_ms = now_ms;
		challenge->expires_ms = now_ms + DOMAIN_LIFE_MS;
	}
	return say(challenge, DOMAIN_CHALLENGE,
	    challenge->wished ? begin_look(challenge) : DOMAIN_NOTHING);
}

struct domain_step
domain_on_wish(struct domain_request *request, const struct domain_wish *wish, int64_t now_ms)
{
	struct domain_challenge *challenge = find(request, wish->check_id);

	if (challenge == NULL)
		challenge = add(request, wish->check_id);
	if (challenge == NULL)
		return say(NULL, DOMAIN_NOTHING, DOMAIN_NOTHING);
	if (challenge->value[0] == '\0') { /* the order is still on its way */
		challenge->wished = true;
		challenge->enterprise = wish->enterprise;
		challenge->account = wish->account;
		challenge->changed = true;
		return say(challenge, DOMAIN_NOTHING, DOMAIN_NOTHING);
	}
	if (strcmp(challenge->enterprise, wish->enterprise) != 0 || challenge->expires_ms <= now_ms)
		return say(challenge, DOMAIN_NOTHING, DOMAIN_NOTHING);
	challenge->account = wish->account;
	return say(challenge, begin_look(challenge), DOMAIN_NOTHING);
}

struct domain_step
domain_on_found(struct domain_request *request, const struct claim_evidence *evidence)
{
	struct domain_challenge *challenge = find(request, evidence->check_id);

	if (challenge == NULL || evidence->attempt != challenge->attempt || !challenge->looking)
		return say(NULL, DOMAIN_NOTHING, DOMAIN_NOTHING); /* late or doubled */
	challenge->looking = false;
	challenge->proved = evidence->outcome == CLAIM_PROVED;
	challenge->changed = true;
	return say(challenge, DOMAIN_FOUND, DOMAIN_NOTHING);
}

void
domain_check(const struct claim_asked *asked, const char *value, uint32_t attempt,
    const char *method, struct claim_check *ret_check)
{
	*ret_check = asked->check;
	ret_check->method = method;
	ret_check->expected = cs_span_str(value);
	ret_check->attempt = attempt;
	claim_check_digest(ret_check, ret_check->digest);
}

bool
domain_allows(const struct claim_check *check, const char *method)
{
	for (size_t i = 0; i < check->allowed_methods.n; i++)
		if (strcmp(check->allowed_methods.items[i], method) == 0)
			return true;
	return false;
}
