/* SPDX-License-Identifier: Apache-2.0 */
#include "domain.h"

#include <ctype.h>
#include <string.h>

#include "base/text.h"

static const struct domain_step nothing = { DOMAIN_NOTHING, NULL };

static struct domain_challenge *
find(struct domain_request *request, const char *check_id)
{
	for (size_t i = 0; i < request->n; i++)
		if (strcmp(request->items[i].check_id, check_id) == 0)
			return &request->items[i];
	return NULL;
}

/* Lower case: nothing that copies or publishes it may change it by folding. */
static const char *
new_value(const struct domain_moment *moment)
{
	char *value = cs_base32(moment->arena, cs_span_of(moment->random, DOMAIN_VALUE_BITS / 8));

	for (char *c = value; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	return value;
}

/* The result of a look for the value before this one counts for nothing. */
static void
renew(struct domain_challenge *challenge, const struct domain_moment *moment)
{
	challenge->value = new_value(moment);
	challenge->made_ms = moment->now_ms;
	challenge->expires_ms = moment->now_ms + DOMAIN_LIFE_MS;
	challenge->look_until_ms = 0;
	challenge->changed = true;
}

static bool
is_for(const struct domain_challenge *challenge, const struct claim_check *check)
{
	return strcmp(challenge->domain, check->target) == 0 &&
	       strcmp(challenge->enterprise, check->enterprise) == 0 &&
	       strcmp(challenge->account, check->account) == 0;
}

static struct domain_challenge *
add(struct domain_request *request, const struct claim_check *check)
{
	if (request->n == DOMAIN_CHALLENGES_MAX)
		return NULL;
	struct domain_challenge *challenge = &request->items[request->n++];

	*challenge = (struct domain_challenge){ .check_id = check->id, .domain = "", .value = "" };
	challenge->enterprise = challenge->account = "";
	return challenge;
}

struct domain_step
domain_on_asked(struct domain_request *request, const struct claim_asked *asked,
    struct cs_span octets, const struct domain_moment *moment)
{
	const struct claim_check *check = &asked->check;
	struct domain_challenge *challenge = find(request, check->id);

	if (challenge == NULL)
		challenge = add(request, check);
	if (challenge == NULL || asked->asked_at_ms < challenge->asked_ms)
		return nothing;
	if (!is_for(challenge, check) || challenge->expires_ms <= moment->now_ms)
		renew(challenge, moment);
	challenge->asked = octets;
	challenge->asked_ms = asked->asked_at_ms;
	challenge->domain = check->target;
	challenge->enterprise = check->enterprise;
	challenge->account = check->account;
	challenge->changed = true;
	return (struct domain_step){ DOMAIN_CHALLENGE, challenge };
}

struct domain_step
domain_on_wish(struct domain_request *request, const struct domain_wish *wish,
    const struct domain_moment *moment)
{
	struct domain_challenge *challenge = find(request, wish->check_id);

	if (challenge == NULL || strcmp(challenge->enterprise, wish->enterprise) != 0)
		return nothing;
	if (challenge->expires_ms <= moment->now_ms) {
		renew(challenge, moment);
		return (struct domain_step){ DOMAIN_CHALLENGE, challenge };
	}
	if (challenge->look_until_ms > moment->now_ms || challenge->attempt >= DOMAIN_LOOKS_MAX)
		return nothing;
	challenge->look_until_ms = moment->now_ms + DOMAIN_LOOK_MS;
	challenge->attempt++;
	challenge->changed = true;
	return (struct domain_step){ DOMAIN_LOOK, challenge };
}

struct domain_step
domain_on_found(struct domain_request *request, const struct claim_evidence *evidence)
{
	struct domain_challenge *challenge = find(request, evidence->check_id);

	if (challenge == NULL || challenge->look_until_ms == 0 ||
	    evidence->attempt != challenge->attempt)
		return nothing;
	challenge->look_until_ms = 0;
	challenge->changed = true;
	return (struct domain_step){ DOMAIN_FOUND, challenge };
}

void
domain_check(const struct claim_asked *asked, struct cs_span value, uint32_t attempt,
    const char *method, struct claim_check *ret_check)
{
	*ret_check = asked->check;
	ret_check->method = method;
	ret_check->expected = value;
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

unsigned
domain_rank(enum claim_outcome outcome, size_t n_seen)
{
	switch (outcome) {
	case CLAIM_PROVED:
		return 3;
	case CLAIM_REFUSED:
		return n_seen > 0 ? 2 : 1;
	case CLAIM_COULD_NOT_TELL:
		break;
	}
	return 0;
}
