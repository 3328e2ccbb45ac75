/* SPDX-License-Identifier: Apache-2.0 */
#include "handler.h"

#include "publish.h"
#include "store.h"
#include "wire.h"

#define LEAST_STEP_MS 60000
#define MOST_LOOKS 60
#define MOST_FAILURES 5

static enum cs_code
read_asked(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct claim_asked *asked = CS_NEW(ev->arena, struct claim_asked);

	(void)self;
	if (claim_read_asked(ev->arena, ev->body, asked, err))
		return err->code;
	if (asked->check.kind != CLAIM_DOMAIN)
		return cs_fail(err, CS_MALFORMED, "a check of kind %s is not for this service",
		    claim_kind_name(asked->check.kind));
	ev->key = asked->request;
	ev->what = asked;
	return CS_OK;
}

static enum cs_code
read_wish(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct domain_wish *wish = CS_NEW(ev->arena, struct domain_wish);

	(void)self;
	if (wire_read_wish(ev->arena, ev->body, wish, err))
		return err->code;
	ev->key = wish->request;
	ev->what = wish;
	return CS_OK;
}

/*
 * What a look of our own states; it was signed a moment ago, and the row of work is ours.  An unreadable
 * one ends the row and nothing else: the look is taken for lost, and Verify begins another.
 */
static enum cs_code
read_found(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct claim_evidence *evidence = CS_NEW(ev->arena, struct claim_evidence);

	(void)self;
	if (claim_open_evidence(ev->arena, NULL, ev->body, ev->now_ms, evidence, err) == CS_OK)
		ev->what = evidence;
	return CS_OK;
}

/* Nothing is signed, and all that follows is that nothing is looked at by itself any more. */
static enum cs_code
read_settled(const void *self, struct svc_event *ev, struct cs_err *err)
{
	(void)self;
	return wire_read_settled(ev->arena, ev->body, &ev->key, err);
}

/* The order is kept as octets, so that a look and its evidence say exactly what was asked. */
static bool
order_of(struct svc_event *ev, const struct domain_challenge *challenge, struct claim_asked *ret)
{
	struct cs_err err;

	if (claim_read_asked(ev->arena, challenge->asked, ret, &err) == CS_OK)
		return true;
	log_error(ev->log, "stored order unreadable reason=\"%s\"", err.text);
	return false;
}

static void
start_look(struct svc_event *ev, const struct domain_challenge *challenge)
{
	struct claim_asked asked;

	if (order_of(ev, challenge, &asked))
		svc_work(
		    ev, "look", look_body(ev->arena, &asked, challenge, ev->now_ms), ev->now_ms);
}

static void
show(struct svc_event *ev, const struct domain_step *step)
{
	const struct domain_challenge *challenge = step->challenge;
	struct publication publications[PUBLICATIONS_MAX];
	struct claim_asked asked;

	if (!order_of(ev, challenge, &asked))
		return;
	const struct wire_challenge told = { .request = ev->key,
		.step = step,
		.publications = publications,
		.n = publish_list(ev->arena, &asked, challenge->value, publications),
		.dns_name = probe_txt_name(ev->arena, challenge->domain),
		.file_url =
		    probe_file_url(ev->arena, challenge->domain, cs_span_str(challenge->value)),
		.said_ms = ev->now_ms };

	svc_emit(ev, "evidence.domain-challenge", wire_write_challenge(ev->arena, &told));
}

static void
apply(struct svc_event *ev, struct domain_step step)
{
	if (step.shows)
		show(ev, &step);
	switch (step.says) {
	case DOMAIN_NOTHING:
		break;
	case DOMAIN_CHALLENGE:
		show(ev, &step);
		break;
	case DOMAIN_LOOK:
		start_look(ev, step.challenge);
		break;
	case DOMAIN_FOUND:
		svc_emit(ev, "evidence.domain", ev->body); /* as it was signed */
		break;
	}
}

static const char *
says_name(enum domain_says says)
{
	static const char *const names[] = { [DOMAIN_NOTHING] = "nothing",
		[DOMAIN_CHALLENGE] = "challenge",
		[DOMAIN_LOOK] = "look",
		[DOMAIN_FOUND] = "evidence" };

	return names[says];
}

static struct domain_moment
moment_of(const void *self, const struct svc_event *ev)
{
	const struct domain_service *domain = self;

	return (struct domain_moment){ ev->arena, ev->random, ev->now_ms, &domain->rules };
}

static void
domain_asked(const void *self, struct svc_event *ev)
{
	const struct domain_moment moment = moment_of(self, ev);
	struct domain_step step = domain_on_asked(ev->state, ev->what, ev->body, &moment);

	apply(ev, step);
	log_info(ev->log, "domain ordered says=%s", says_name(step.says));
}

/* Wishes for all kinds of checks come by here: those for other services are of no challenge of ours. */
static void
domain_wished(const void *self, struct svc_event *ev)
{
	const struct domain_moment moment = moment_of(self, ev);
	struct domain_step step = domain_on_wish(ev->state, ev->what, &moment);

	apply(ev, step);
	if (step.hold != DOMAIN_FREE)
		log_info(ev->log, "no look now reason=%s", domain_hold_name(step.hold));
	log_debug(ev->log, "verification asked says=%s", says_name(step.says));
}

static void
domain_due(const void *self, struct svc_event *ev)
{
	const struct domain_moment moment = moment_of(self, ev);
	struct domain_step steps[DOMAIN_CHALLENGES_MAX];
	size_t n = domain_on_due(ev->state, &moment, steps);

	for (size_t i = 0; i < n; i++) {
		apply(ev, steps[i]);
		log_info(ev->log, "look due check=%s says=%s", steps[i].challenge->check_id,
		    says_name(steps[i].says));
	}
}

/* Approved, refused, or given up: whatever comes first. */
static void
domain_settled(const void *self, struct svc_event *ev)
{
	(void)self;
	domain_on_ended(ev->state);
	log_debug(ev->log, "request needs no more proof");
}

static void
domain_found(const void *self, struct svc_event *ev)
{
	const struct claim_evidence *evidence = ev->what;
	const struct domain_moment moment = moment_of(self, ev);

	if (evidence == NULL) {
		log_error(ev->log, "result of a look unreadable octets=%zu", ev->body.len);
		return;
	}
	struct domain_step step = domain_on_found(ev->state, evidence, &moment);

	apply(ev, step);
	log_info(ev->log,
	    "domain looked at says=%s outcome=%s reason=%s method=%s dnssec=%s attempt=%u",
	    says_name(step.says), claim_outcome_name(evidence->outcome), evidence->reason,
	    evidence->method, claim_dnssec_name(evidence->security), evidence->attempt);
}

/* Looser limits and a faster schedule are for tests: those visited are strangers. */
static enum cs_code
check_rules(struct domain_service *domain, bool test_mode, struct cs_err *err)
{
	struct cs_arena *arena = cs_arena_new();
	const char **parts;
	size_t n = svc_list(arena, domain->schedule, &parts);
	bool good = domain_read_steps(parts, n, &domain->rules);

	cs_arena_free(arena);
	if (!good)
		return cs_fail(err, CS_MALFORMED,
		    "CS_LOOK_SCHEDULE_S: not up to %d numbers of seconds, 1 to 86400 each",
		    DOMAIN_STEPS_MAX);
	if (test_mode)
		return CS_OK;
	for (size_t i = 0; i < n; i++)
		if (domain->rules.steps_ms[i] < LEAST_STEP_MS)
			return cs_fail(err, CS_MALFORMED,
			    "CS_LOOK_SCHEDULE_S: less than 60 seconds, outside test mode");
	if (domain->rules.looks_per_domain > MOST_LOOKS ||
	    domain->rules.failures_per_account > MOST_FAILURES)
		return cs_fail(err, CS_MALFORMED,
		    "CS_LOOKS_PER_DOMAIN is at most %d, CS_FAILURES_PER_ACCOUNT at most %d, outside "
		    "test mode",
		    MOST_LOOKS, MOST_FAILURES);
	return CS_OK;
}

enum cs_code
domain_init(void *self, struct svc *svc, struct cs_err *err)
{
	struct domain_service *domain = self;

	domain->probing.test_mode = svc_test_mode(svc);
	if (check_rules(domain, svc_test_mode(svc), err))
		return err->code;
	domain->crew.told = svc_child_told;
	domain->crew.told_arg = svc;
	domain->keeping.app_name = "domain-validator answers";
	if (claim_key_load(domain->key_file, &domain->key, err) ||
	    answers_open(&domain->keeping, svc_base(svc), &domain->answers, err))
		return err->code;
	return probe_crew_open(&domain->probing, &domain->crew, svc_base(svc), &domain->probe, err);
}

void
domain_fini(void *self)
{
	struct domain_service *domain = self;

	probe_close(domain->probe);
	answers_close(domain->answers);
	claim_key_free(domain->key);
}

const struct svc_route domain_routes[] = {
	{ "plan.domain-asked", read_asked, domain_asked },
	{ "request.verification-asked", read_wish, domain_wished },
	{ "plan.domain-settled", read_settled, domain_settled },
	{ "clock.look-due", NULL, domain_due },
	{ "work.look", read_found, domain_found },
	{ NULL, NULL, NULL },
};
