/* SPDX-License-Identifier: Apache-2.0 */
#include "handler.h"

#include <string.h>

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

/* What a look of our own states; it was signed a moment ago, and the row of work is ours. */
static enum cs_code
read_found(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct claim_evidence *evidence = CS_NEW(ev->arena, struct claim_evidence);

	(void)self;
	if (claim_open_evidence(ev->arena, NULL, ev->body, ev->now_ms, evidence, err))
		return err->code;
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
}

static void
apply(struct svc_event *ev, struct domain_step step)
{
	for (size_t i = 0; i < 2; i++) {
		const struct domain_challenge *challenge = step.challenge;

		switch (step.says[i]) {
		case DOMAIN_NOTHING:
			break;
		case DOMAIN_CHALLENGE:
			svc_emit(ev, "evidence.domain-challenge",
			    wire_write_challenge(ev->arena, ev->key, challenge,
				probe_txt_name(ev->arena, challenge->domain),
				probe_file_url(
				    ev->arena, challenge->domain, cs_span_str(challenge->value))));
			break;
		case DOMAIN_LOOK:
			start_look(ev, challenge);
			break;
		case DOMAIN_FOUND:
			svc_emit(ev, "evidence.domain", ev->body);
			break;
		}
	}
}

static void
domain_asked(const void *self, struct svc_event *ev)
{
	(void)self;
	apply(
	    ev, domain_on_asked(ev->state, ev->arena, ev->what, ev->body, ev->random, ev->now_ms));
	log_info(ev->log, "domain challenge made");
}

static void
domain_wished(const void *self, struct svc_event *ev)
{
	const struct domain_wish *wish = ev->what;

	(void)self;
	if (strncmp(wish->check_id, "domain-", strlen("domain-")) == 0)
		apply(ev, domain_on_wish(ev->state, wish, ev->now_ms));
}

static void
domain_found(const void *self, struct svc_event *ev)
{
	const struct claim_evidence *evidence = ev->what;

	(void)self;
	apply(ev, domain_on_found(ev->state, evidence));
	log_info(ev->log, "domain looked at outcome=%s reason=%s method=%s dnssec=%s attempt=%u",
	    claim_outcome_name(evidence->outcome), evidence->reason, evidence->method,
	    claim_dnssec_name(evidence->security), evidence->attempt);
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
