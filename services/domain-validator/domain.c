/* SPDX-License-Identifier: Apache-2.0 */
#include "domain.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static const struct domain_step nothing = { DOMAIN_NOTHING, NULL, false, DOMAIN_FREE, 0 };

bool
domain_read_steps(const char **parts, size_t n, struct domain_rules *rules)
{
	if (n > DOMAIN_STEPS_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(parts[i]);
		long seconds = strtol(parts[i], NULL, 10);

		if (len > 5 || strspn(parts[i], "0123456789") != len || seconds < 1 ||
		    seconds > 86400)
			return false;
		rules->steps_ms[i] = seconds * INT64_C(1000);
	}
	rules->n_steps = n;
	return true;
}

static struct domain_challenge *
find(struct domain_request *request, const char *check_id)
{
	for (size_t i = 0; i < request->n; i++)
		if (strcmp(request->items[i].check_id, check_id) == 0)
			return &request->items[i];
	return NULL;
}

/* ---- values ---- */

/* Lower case: nothing that copies or publishes it may change it by folding. */
static const char *
new_value(const struct domain_moment *moment)
{
	char *value = cs_base32(moment->arena, cs_span_of(moment->random, DOMAIN_VALUE_BITS / 8));

	for (char *c = value; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	return value;
}

/* When the schedule looks next, `step` having been its last; 0: the value ends before. */
static int64_t
scheduled(const struct domain_challenge *challenge, const struct domain_moment *moment)
{
	const struct domain_rules *rules = moment->rules;

	if (rules->n_steps == 0 || challenge->attempt >= DOMAIN_LOOKS_MAX)
		return 0;
	size_t step = challenge->step < rules->n_steps ? challenge->step : rules->n_steps - 1;
	int64_t next_ms = moment->now_ms + rules->steps_ms[step];

	return next_ms < challenge->expires_ms ? next_ms : 0;
}

/* A new value, and the schedule from its beginning. */
static void
renew(struct domain_challenge *challenge, const struct domain_moment *moment)
{
	memmove(&challenge->older[1], &challenge->older[0],
	    sizeof(challenge->older) - sizeof(challenge->older[0]));
	challenge->older[0] = (struct domain_value){ challenge->value, challenge->expires_ms };
	challenge->value = new_value(moment);
	challenge->made_ms = moment->now_ms;
	challenge->expires_ms = moment->now_ms + DOMAIN_LIFE_MS;
	challenge->step = 0;
	challenge->next_ms = scheduled(challenge, moment);
	challenge->changed = true;
}

/* What was made for another domain or enterprise proves nothing; a look for it counts for nothing. */
static void
forget(struct domain_challenge *challenge)
{
	challenge->value = "";
	challenge->expires_ms = 0;
	for (size_t i = 0; i < DOMAIN_VALUES_MAX - 1; i++)
		challenge->older[i] = (struct domain_value){ "", 0 };
	challenge->look_until_ms = 0;
}

struct claim_texts
domain_values(const struct domain_challenge *challenge, int64_t now_ms, struct cs_arena *arena)
{
	struct claim_texts values = { CS_NEW_ARRAY(arena, DOMAIN_VALUES_MAX, const char *), 0 };

	values.items[values.n++] = challenge->value;
	for (size_t i = 0; i < DOMAIN_VALUES_MAX - 1; i++)
		if (challenge->older[i].text[0] != '\0' && challenge->older[i].until_ms > now_ms)
			values.items[values.n++] = challenge->older[i].text;
	return values;
}

/* ---- orders ---- */

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

	*challenge = (struct domain_challenge){ .check_id = check->id, .domain = "" };
	challenge->enterprise = challenge->account = challenge->pressed_by = "";
	forget(challenge);
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
	if (!is_for(challenge, check))
		forget(challenge);
	if (challenge->expires_ms <= moment->now_ms) {
		renew(challenge, moment);
		challenge->look_until_ms = 0;
	}
	challenge->asked = octets;
	challenge->asked_ms = asked->asked_at_ms;
	challenge->domain = check->target;
	challenge->enterprise = check->enterprise;
	challenge->account = check->account;
	challenge->changed = true;
	return (struct domain_step){ .says = DOMAIN_CHALLENGE, .challenge = challenge };
}

/* ---- limits ---- */

/* The row for this account, or for everybody ("", ""): made when it is not there. */
static struct domain_tally *
tally_of(struct domain_request *request, struct cs_arena *arena, const char *domain,
    const char *enterprise, const char *account)
{
	struct domain_tally *tally;

	if (request->tallies == NULL)
		request->tallies = CS_NEW(arena, struct domain_tallies);
	for (tally = request->tallies->first; tally != NULL; tally = tally->next)
		if (strcmp(tally->domain, domain) == 0 &&
		    strcmp(tally->enterprise, enterprise) == 0 &&
		    strcmp(tally->account, account) == 0)
			return tally;
	tally = CS_NEW(arena, struct domain_tally);
	tally->domain = domain;
	tally->enterprise = enterprise;
	tally->account = account;
	tally->next = request->tallies->first;
	request->tallies->first = tally;
	return tally;
}

static struct domain_step
held(const struct domain_challenge *challenge, enum domain_hold hold, int64_t first_ms)
{
	return (struct domain_step){ .says = DOMAIN_CHALLENGE,
		.challenge = challenge,
		.hold = hold,
		.hold_until_ms = hold == DOMAIN_USED_UP ? 0 : first_ms + DOMAIN_WINDOW_MS };
}

/* May a look be made now, for this account ("": by the schedule)?  If not, the step says why. */
static struct domain_step
may_look(struct domain_request *request, const struct domain_challenge *challenge,
    const char *account, const struct domain_moment *moment)
{
	const struct domain_tally *all =
	    tally_of(request, moment->arena, challenge->domain, "", "");

	if (challenge->attempt >= DOMAIN_LOOKS_MAX)
		return held(challenge, DOMAIN_USED_UP, 0);
	if (account[0] != '\0') {
		const struct domain_tally *own = tally_of(
		    request, moment->arena, challenge->domain, challenge->enterprise, account);

		if (own->failures >= moment->rules->failures_per_account)
			return held(challenge, DOMAIN_FAILING, own->first_failure_ms);
	}
	if (all->looks >= moment->rules->looks_per_domain)
		return held(challenge, DOMAIN_BUSY, all->first_look_ms);
	return nothing;
}

/* The row of a look; a later one about the same look replaces it. */
static void
record(struct domain_request *request, const struct domain_challenge *challenge, bool failed,
    const struct domain_moment *moment)
{
	struct domain_look *look = request->looks;

	while (look != NULL && (look->attempt != challenge->attempt ||
				   strcmp(look->check_id, challenge->check_id) != 0))
		look = look->next;
	if (look == NULL) {
		look = CS_NEW(moment->arena, struct domain_look);
		look->next = request->looks;
		request->looks = look;
	}
	look->check_id = challenge->check_id;
	look->domain = challenge->domain;
	look->enterprise = challenge->enterprise;
	look->account = challenge->pressed_by;
	look->attempt = challenge->attempt;
	look->at_ms = moment->now_ms;
	look->failed = failed;
}

static struct domain_step
begin_look(struct domain_request *request, struct domain_challenge *challenge, const char *account,
    const struct domain_moment *moment)
{
	struct domain_tally *all = tally_of(request, moment->arena, challenge->domain, "", "");

	if (all->looks++ == 0)
		all->first_look_ms = moment->now_ms;
	challenge->look_until_ms = moment->now_ms + DOMAIN_LOOK_MS;
	challenge->attempt++;
	challenge->pressed_by = account;
	challenge->changed = true;
	record(request, challenge, false, moment);
	return (struct domain_step){ .says = DOMAIN_LOOK, .challenge = challenge };
}

/* ---- looks ---- */

struct domain_step
domain_on_wish(struct domain_request *request, const struct domain_wish *wish,
    const struct domain_moment *moment)
{
	struct domain_challenge *challenge = find(request, wish->check_id);

	if (challenge == NULL || strcmp(challenge->enterprise, wish->enterprise) != 0)
		return nothing;
	if (challenge->expires_ms <= moment->now_ms) {
		renew(challenge, moment);
		challenge->look_until_ms = 0;
		return (struct domain_step){ .says = DOMAIN_CHALLENGE, .challenge = challenge };
	}
	if (challenge->look_until_ms > moment->now_ms)
		return nothing;
	struct domain_step step = may_look(request, challenge, wish->account, moment);

	if (step.says != DOMAIN_NOTHING)
		return step;
	bool old = challenge->expires_ms - moment->now_ms <= DOMAIN_RENEW_MS;

	if (old)
		renew(challenge, moment);
	step = begin_look(request, challenge, wish->account, moment);
	step.shows = old;
	return step;
}

static bool
is_due(const struct domain_challenge *challenge, int64_t now_ms)
{
	return challenge->next_ms != 0 && challenge->next_ms <= now_ms &&
	       challenge->look_until_ms <= now_ms;
}

static struct domain_step
look_by_schedule(struct domain_request *request, struct domain_challenge *challenge,
    const struct domain_moment *moment)
{
	struct domain_step step = may_look(request, challenge, "", moment);

	challenge->changed = true;
	if (challenge->expires_ms <= moment->now_ms || step.hold == DOMAIN_USED_UP) {
		challenge->next_ms = 0;
		return (struct domain_step){ .says = DOMAIN_CHALLENGE, .challenge = challenge };
	}
	if (step.hold == DOMAIN_BUSY) {
		/* People are told when the next look is, not why: they pressed nothing. */
		challenge->next_ms = step.hold_until_ms;
		return (struct domain_step){ .says = DOMAIN_CHALLENGE, .challenge = challenge };
	}
	challenge->step++;
	return begin_look(request, challenge, "", moment);
}

size_t
domain_on_due(struct domain_request *request, const struct domain_moment *moment,
    struct domain_step ret_steps[static DOMAIN_CHALLENGES_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < request->n; i++)
		if (is_due(&request->items[i], moment->now_ms))
			ret_steps[n++] = look_by_schedule(request, &request->items[i], moment);
	return n;
}

static void
count_failure(struct domain_request *request, struct domain_challenge *challenge,
    const struct domain_moment *moment)
{
	if (challenge->pressed_by[0] == '\0')
		return;
	struct domain_tally *own = tally_of(request, moment->arena, challenge->domain,
	    challenge->enterprise, challenge->pressed_by);

	if (own->failures++ == 0)
		own->first_failure_ms = moment->now_ms;
	record(request, challenge, true, moment);
}

struct domain_step
domain_on_found(struct domain_request *request, const struct claim_evidence *evidence,
    const struct domain_moment *moment)
{
	struct domain_challenge *challenge = find(request, evidence->check_id);

	if (challenge == NULL || challenge->look_until_ms == 0 ||
	    evidence->attempt != challenge->attempt)
		return nothing;
	int64_t next_ms = challenge->next_ms;

	challenge->look_until_ms = 0;
	challenge->changed = true;
	if (evidence->outcome == CLAIM_PROVED) {
		challenge->next_ms = 0;
	} else {
		count_failure(request, challenge, moment);
		if (next_ms != 0 && next_ms <= moment->now_ms)
			challenge->next_ms = scheduled(challenge, moment);
	}
	return (struct domain_step){
		.says = DOMAIN_FOUND, .challenge = challenge, .shows = challenge->next_ms != next_ms
	};
}

void
domain_on_ended(struct domain_request *request)
{
	for (size_t i = 0; i < request->n; i++) {
		request->items[i].changed |= request->items[i].next_ms != 0;
		request->items[i].next_ms = 0;
	}
}

const char *
domain_hold_name(enum domain_hold hold)
{
	static const char *const names[] = { [DOMAIN_FREE] = "",
		[DOMAIN_BUSY] = "domain-looked-at-too-often",
		[DOMAIN_FAILING] = "failed-too-often",
		[DOMAIN_USED_UP] = "looks-used-up" };

	return names[hold];
}

/* ---- the check of a look ---- */

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
