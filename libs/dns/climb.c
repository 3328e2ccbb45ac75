/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/climb.h"

#include <string.h>

#include "base/time.h"
#include "dns/broken.h"
#include "dns/unsigned.h"

#define WORTH_TRYING 500 /* milliseconds: with less, a second try would only be for show */

/* --- the decision ---------------------------------------------------------------------------- */

/* The name without its leftmost label; NULL above the top-level domain: the root is never asked. */
static const char *
parent(const char *name)
{
	const char *dot = strchr(name, '.');

	return dot != NULL ? dot + 1 : NULL;
}

static bool
complete(const char *name, const struct climb_lookup *lookups, size_t len)
{
	size_t i = 0;

	for (const char *at = name; at != NULL; at = parent(at), i++)
		if (i >= len || strcmp(lookups[i].name, at) != 0)
			return false;
	return i == len;
}

/*
 * Does it say what the name has?  States and answers come from a record, so nothing is taken for
 * granted.
 */
static bool
told(const struct climb_lookup *lookup)
{
	return (lookup->state == DNS_SECURE || lookup->state == DNS_INSECURE) &&
	       lookup->answer != NULL && lookup->answer->type == DNS_TYPE_CAA &&
	       strcmp(lookup->answer->name, lookup->name) == 0 &&
	       (lookup->answer->rcode == DNS_RCODE_NOERROR ||
		   lookup->answer->rcode == DNS_RCODE_NXDOMAIN);
}

static bool
has_set(const struct climb_lookup *lookup)
{
	return told(lookup) && lookup->answer->records_len > 0;
}

static void
no_set(struct climb_result *result, enum dns_state state, enum caa_finding finding,
    enum caa_reason reason)
{
	result->state = state;
	result->decision = (struct caa_decision){ .finding = finding,
		.reason = reason,
		.clause = reason == CAA_DNSSEC_BOGUS ? "SBR 4.2.2.1.1" : "SBR 4.2.2.1" };
}

/*
 * Bogus denies at every label, also above the set that would decide: a forged answer in the chain
 * of our own lookups is an attack or a broken zone, and neither is a reason to sign.
 */
static bool
any_bogus(struct cs_arena *arena, struct climb_result *result)
{
	for (size_t i = 0; i < result->lookups_len; i++) {
		const struct climb_lookup *lookup = &result->lookups[i];

		if (lookup->state != DNS_BOGUS)
			continue;
		no_set(result, DNS_BOGUS, CAA_DENY, CAA_DNSSEC_BOGUS);
		result->decision.detail = dns_broken_text(arena, lookup->name, lookup->why);
		return true;
	}
	return false;
}

static void
decide_labels(
    struct cs_arena *arena, const struct caa_question *question, struct climb_result *result)
{
	enum dns_state weakest = DNS_SECURE;

	for (size_t i = 0; i < result->lookups_len; i++) {
		const struct climb_lookup *lookup = &result->lookups[i];

		if (!told(lookup)) {
			no_set(result, DNS_INDETERMINATE, CAA_COULD_NOT_TELL, CAA_LOOKUP_FAILED);
			result->decision.detail =
			    cs_arena_printf(arena, "%s: %s", lookup->name, lookup->why);
			return;
		}
		if (lookup->state == DNS_INSECURE)
			weakest = DNS_INSECURE;
		if (!has_set(lookup))
			continue;
		caa_decide(arena, question, lookup->answer->records, lookup->answer->records_len,
		    &result->decision);
		result->decision.found_at = lookup->name;
		result->decision.ttl_s = lookup->answer->ttl_s;
		result->state = weakest;
		return;
	}
	caa_decide(arena, question, NULL, 0, &result->decision);
	result->state = weakest;
}

void
climb_decide(struct cs_arena *arena, const struct caa_question *question, const char *name,
    const struct climb_lookup *lookups, size_t lookups_len, struct climb_result *ret_result)
{
	struct climb_result result = {
		.name = name, .lookups = lookups, .lookups_len = lookups_len
	};

	if (any_bogus(arena, &result)) {
		*ret_result = result;
		return;
	}
	if (lookups_len > 0 && complete(name, lookups, lookups_len)) {
		decide_labels(arena, question, &result);
	} else {
		no_set(&result, DNS_INDETERMINATE, CAA_COULD_NOT_TELL, CAA_LOOKUP_FAILED);
		result.decision.detail = "not every label of the name was looked up";
	}
	*ret_result = result;
}

/* --- what is called insecure ----------------------------------------------------------------- */

static bool
is_plain_insecure(const struct climb_lookup *lookup)
{
	return told(lookup) && lookup->state == DNS_INSECURE && lookup->answer->aliases_len == 0;
}

/*
 * Without an alias an insecure answer means that the signed part of the tree ends at the name or above:
 * where the names above are insecure too, above them.  So one name decides, if we know of those.
 */
static struct unsigned_path
path_of(const struct climb_result *result, size_t i)
{
	const struct climb_lookup *lookups = result->lookups;

	while (i + 1 < result->lookups_len && is_plain_insecure(&lookups[i + 1]))
		i++;
	if (i + 1 == result->lookups_len || told(&lookups[i + 1]))
		return (struct unsigned_path){ lookups[i].name, lookups[i].name };
	return (struct unsigned_path){ lookups[i].name, NULL };
}

/* With an alias it may end anywhere above any of its targets. */
static size_t
add_paths(const struct climb_result *result, size_t i, struct unsigned_path *paths, size_t n)
{
	const struct climb_lookup *lookup = &result->lookups[i];

	if (is_plain_insecure(lookup)) {
		paths[n++] = path_of(result, i);
		return n;
	}
	for (size_t k = 0; k < lookup->answer->aliases_len; k++)
		paths[n++] = (struct unsigned_path){ lookup->answer->aliases[k], NULL };
	return n;
}

/* Of every insecure answer up to the set that decided: those above it do not matter. */
static struct unsigned_path *
paths_of(struct cs_arena *arena, const struct climb_result *result, size_t *ret_n)
{
	struct unsigned_path *paths =
	    CS_NEW_ARRAY(arena, result->lookups_len * (DNS_MAX_ALIASES + 1), struct unsigned_path);
	size_t n = 0;

	for (size_t i = 0; i < result->lookups_len; i++) {
		if (result->lookups[i].state == DNS_INSECURE)
			n = add_paths(result, i, paths, n);
		if (has_set(&result->lookups[i]))
			break;
	}
	*ret_n = n;
	return paths;
}

static bool
rests_on_insecure(const struct climb_result *result)
{
	return result->decision.finding == CAA_ALLOW && result->state == DNS_INSECURE;
}

static void
take_back(
    struct cs_arena *arena, const struct unsigned_decision *unsigned_, struct climb_result *result)
{
	static const struct {
		enum dns_state state;
		enum caa_finding finding;
		enum caa_reason reason;
	} rows[] = {
		[UNSIGNED_UNSUPPORTED] = { DNS_INDETERMINATE, CAA_DENY, CAA_DNSSEC_UNSUPPORTED },
		[UNSIGNED_UNCHECKED] = { DNS_INDETERMINATE, CAA_DENY, CAA_DNSSEC_UNCHECKED },
		[UNSIGNED_BOGUS] = { DNS_BOGUS, CAA_DENY, CAA_DNSSEC_BOGUS },
		[UNSIGNED_UNKNOWN] = { DNS_INDETERMINATE, CAA_COULD_NOT_TELL, CAA_LOOKUP_FAILED },
	};

	if (unsigned_->finding == UNSIGNED_PROVED)
		return;
	no_set(result, rows[unsigned_->finding].state, rows[unsigned_->finding].finding,
	    rows[unsigned_->finding].reason);
	result->decision.detail = cs_arena_strdup(arena, unsigned_->text);
}

void
climb_decide_unsigned(struct cs_arena *arena, const struct climb_lookup *ds, size_t ds_len,
    struct climb_result *result)
{
	struct unsigned_ds *answers = CS_NEW_ARRAY(arena, ds_len, struct unsigned_ds);
	struct unsigned_decision decision;
	struct unsigned_path *paths;
	size_t n;

	if (!rests_on_insecure(result))
		return;
	for (size_t i = 0; i < ds_len; i++)
		answers[i] =
		    (struct unsigned_ds){ ds[i].name, ds[i].state, ds[i].answer, ds[i].why };
	paths = paths_of(arena, result, &n);
	unsigned_decide(arena, paths, n, answers, ds_len, &decision);
	take_back(arena, &decision, result);
}

/* --- the work -------------------------------------------------------------------------------- */

struct leg {
	struct climb *climb;
	struct climb_lookup *lookup;
};

struct climb {
	struct dns *dns;
	struct cs_arena *arena;
	const struct caa_question *caa;
	climb_done *done;
	void *arg;
	const char *name;
	struct climb_lookup *lookups;
	struct leg *legs;
	size_t labels;                /* of the name: the first so many lookups */
	size_t len, started, running; /* of all lookups */
	bool starting;       /* in pump(): what comes back at once must not start it again */
	int64_t deadline_ms; /* monotonic */
	uint32_t first_ms;
};

static int64_t
left_ms(const struct climb *climb)
{
	return climb->deadline_ms - cs_mono_ms();
}

/*
 * A set further down, or anything bogus: what this label holds cannot change the outcome any more.
 */
static bool
hidden(const struct climb *climb, const struct climb_lookup *lookup)
{
	for (size_t i = 0; i < climb->len; i++) {
		const struct climb_lookup *other = &climb->lookups[i];

		if (other->state == DNS_BOGUS ||
		    (other < lookup && lookup->type == DNS_TYPE_CAA && has_set(other)))
			return true;
	}
	return false;
}

static void on_result(void *arg, const struct dns_result *got);

static void
look_up(struct climb *climb, struct leg *leg)
{
	struct dns_question question = { .name = leg->lookup->name, .type = leg->lookup->type };
	int64_t left = left_ms(climb);

	question.limit_ms = left > 1 ? (uint32_t)left : 1; /* 0 would be the default */
	if (leg->lookup->tries > 0)
		question.wait_ms = DNS_RETRY_WAIT_MS;
	else if (question.limit_ms > climb->first_ms)
		question.limit_ms = climb->first_ms;
	leg->lookup->tries++;
	climb->running++;
	dns_lookup(climb->dns, &question, on_result, leg);
}

/* The packet is copied and read again: everything then lives as long as the climb. */
static void
record(struct climb *climb, struct climb_lookup *lookup, const struct dns_result *got)
{
	struct dns_answer *answer = CS_NEW(climb->arena, struct dns_answer);

	lookup->state = got->state;
	lookup->rcode = got->rcode;
	lookup->why = cs_arena_strdup(climb->arena, got->why);
	lookup->answered_ms = got->answered_ms;
	lookup->wire = cs_arena_copy_span(climb->arena, got->wire);
	if (got->answer != NULL && dns_answer_parse(climb->arena, lookup->wire, lookup->name,
				       lookup->type, answer, NULL) == CS_OK) {
		lookup->answer = answer;
		lookup->ttl_s = answer->ttl_s;
	}
}

static void
add_leg(struct climb *climb, const char *name, uint16_t type)
{
	climb->lookups[climb->len] = (struct climb_lookup){ .name = name, .why = "", .type = type };
	climb->legs[climb->len] = (struct leg){ climb, &climb->lookups[climb->len] };
	climb->len++;
}

/* True: the permission rests on answers that are called insecure, and that is looked into now. */
static bool
looks_into(struct climb *climb, const struct climb_result *result)
{
	const char **names;
	size_t n, n_names;
	const struct unsigned_path *paths;

	if (climb->len > climb->labels || !rests_on_insecure(result))
		return false;
	paths = paths_of(climb->arena, result, &n);
	if (!unsigned_names(climb->arena, paths, n, &names, &n_names))
		return false; /* and what is missing could not be found out */
	for (size_t i = 0; i < n_names; i++)
		add_leg(climb, names[i], DNS_TYPE_DS);
	return n_names > 0;
}

static void pump(struct climb *climb);

static void
finish(struct climb *climb)
{
	struct climb_result result;

	climb_decide(climb->arena, climb->caa, climb->name, climb->lookups, climb->labels, &result);
	if (looks_into(climb, &result)) {
		pump(climb);
		return;
	}
	climb_decide_unsigned(
	    climb->arena, climb->lookups + climb->labels, climb->len - climb->labels, &result);
	result.lookups_len = climb->len;
	climb->done(climb->arg, &result);
	cs_arena_free(climb->arena); /* the climb itself is in it */
}

static void
pump(struct climb *climb)
{
	climb->starting = true;
	while (climb->started < climb->len && climb->running < CLIMB_AT_ONCE)
		look_up(climb, &climb->legs[climb->started++]);
	climb->starting = false;
	if (climb->running == 0)
		finish(climb);
}

/* A second try may end before its call returns, too: it must not end the climb under our feet. */
static void
try_again(struct climb *climb, struct leg *leg)
{
	bool starting = climb->starting;

	climb->starting = true;
	look_up(climb, leg);
	climb->starting = starting;
}

static void
on_result(void *arg, const struct dns_result *got)
{
	struct leg *leg = arg;
	struct climb *climb = leg->climb;

	climb->running--;
	record(climb, leg->lookup, got);
	if (leg->lookup->state == DNS_INDETERMINATE && leg->lookup->tries < CLIMB_TRIES &&
	    left_ms(climb) > DNS_RETRY_WAIT_MS + WORTH_TRYING && !hidden(climb, leg->lookup))
		try_again(climb, leg);
	if (!climb->starting)
		pump(climb);
}

static struct climb *
new_climb(struct dns *dns, const struct climb_question *question)
{
	struct cs_arena *arena = cs_arena_new();
	struct climb *climb = CS_NEW(arena, struct climb);
	size_t lookups = strlen(question->name) / 2 + 1 + UNSIGNED_MAX_ASKED; /* at most */
	uint32_t budget_ms = question->budget_ms != 0 ? question->budget_ms : CLIMB_BUDGET_MS;

	climb->dns = dns;
	climb->arena = arena;
	climb->caa = question->caa;
	climb->name = cs_arena_strndup(arena, question->name, strnlen(question->name, 254));
	climb->deadline_ms = cs_mono_ms() + budget_ms;
	climb->first_ms =
	    (uint32_t)(budget_ms * UINT64_C(2) / 5); /* then a second try still has time */
	climb->lookups = CS_NEW_ARRAY(arena, lookups, struct climb_lookup);
	climb->legs = CS_NEW_ARRAY(arena, lookups, struct leg);
	return climb;
}

void
climb_start(struct dns *dns, const struct climb_question *question, climb_done *done, void *arg)
{
	struct climb *climb = new_climb(dns, question);
	bool may = dns_may_ask(dns, climb->name);

	climb->done = done;
	climb->arg = arg;
	for (const char *at = may ? climb->name : NULL; at != NULL; at = parent(at))
		add_leg(climb, at, DNS_TYPE_CAA);
	climb->labels = climb->len;
	pump(climb);
}
