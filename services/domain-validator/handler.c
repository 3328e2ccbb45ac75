/* SPDX-License-Identifier: Apache-2.0 */
#include "handler.h"

#include "wire.h"

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

/* The order is kept as octets, so that a look and its evidence say exactly what was asked. */
static void
start_look(struct svc_event *ev, const struct domain_challenge *challenge)
{
	struct claim_asked asked;
	struct cs_err err;

	if (claim_read_asked(ev->arena, challenge->asked, &asked, &err) == CS_OK)
		svc_work(ev, "look", look_body(ev->arena, &asked, challenge), ev->now_ms);
	else
		log_error(ev->log, "stored order unreadable reason=\"%s\"", err.text);
}

static void
show(struct svc_event *ev, const struct domain_challenge *challenge)
{
	const struct cs_span value = cs_span_str(challenge->value);

	svc_emit(ev, "evidence.domain-challenge",
	    wire_write_challenge(ev->arena, ev->key, challenge,
		probe_txt_name(ev->arena, challenge->domain),
		probe_file_url(ev->arena, challenge->domain, value)));
}

static void
apply(struct svc_event *ev, struct domain_step step)
{
	switch (step.says) {
	case DOMAIN_NOTHING:
		break;
	case DOMAIN_CHALLENGE:
		show(ev, step.challenge);
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
moment_of(const struct svc_event *ev)
{
	return (struct domain_moment){ ev->arena, ev->random, ev->now_ms };
}

static void
domain_asked(const void *self, struct svc_event *ev)
{
	const struct domain_moment moment = moment_of(ev);
	struct domain_step step = domain_on_asked(ev->state, ev->what, ev->body, &moment);

	(void)self;
	apply(ev, step);
	log_info(ev->log, "domain ordered says=%s", says_name(step.says));
}

/* Wishes for all kinds of checks come by here: those for other services are of no challenge of ours. */
static void
domain_wished(const void *self, struct svc_event *ev)
{
	const struct domain_moment moment = moment_of(ev);
	struct domain_step step = domain_on_wish(ev->state, ev->what, &moment);

	(void)self;
	apply(ev, step);
	log_debug(ev->log, "verification asked says=%s", says_name(step.says));
}

static void
domain_found(const void *self, struct svc_event *ev)
{
	const struct claim_evidence *evidence = ev->what;

	(void)self;
	if (evidence == NULL) {
		log_error(ev->log, "result of a look unreadable octets=%zu", ev->body.len);
		return;
	}
	struct domain_step step = domain_on_found(ev->state, evidence);

	apply(ev, step);
	log_info(ev->log,
	    "domain looked at says=%s outcome=%s reason=%s method=%s dnssec=%s attempt=%u",
	    says_name(step.says), claim_outcome_name(evidence->outcome), evidence->reason,
	    evidence->method, claim_dnssec_name(evidence->security), evidence->attempt);
}

enum cs_code
domain_init(void *self, struct svc *svc, struct cs_err *err)
{
	struct domain_service *domain = self;

	domain->probing.test_mode = svc_test_mode(svc);
	if (claim_key_load(domain->key_file, &domain->key, err))
		return err->code;
	return probe_open(&domain->probing, svc_base(svc), &domain->probe, err);
}

void
domain_fini(void *self)
{
	struct domain_service *domain = self;

	probe_close(domain->probe);
	claim_key_free(domain->key);
}

const struct svc_route domain_routes[] = {
	{ "plan.domain-asked", read_asked, domain_asked },
	{ "request.verification-asked", read_wish, domain_wished },
	{ "work.look", read_found, domain_found },
	{ NULL, NULL, NULL },
};
