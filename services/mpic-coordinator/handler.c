/* SPDX-License-Identifier: Apache-2.0 */
#include "handler.h"

#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "pki/seal.h"
#include "smime/rules.h"
#include "trial.h"
#include "wire.h"

#define NOT_YET_MS 500

/* What both kinds of order become. */
struct order {
	bool wanted; /* false: nothing to corroborate */
	struct claim_asked asked;
	const char *found_at; /* where the primary saw a domain's value; else "" */
};

static enum cs_code
read_asked(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct order *order = CS_NEW(ev->arena, struct order);

	(void)self;
	if (claim_read_asked(ev->arena, ev->body, &order->asked, err))
		return err->code;
	if (order->asked.check.kind != CLAIM_MPIC_CAA)
		return cs_fail(err, CS_MALFORMED, "a check of kind %s is not for this service",
		    claim_kind_name(order->asked.check.kind));
	order->wanted = true;
	order->found_at = "";
	ev->key = order->asked.request;
	ev->what = order;
	return CS_OK;
}

/* The primary's proof of a domain: perspectives look for the very same value. */
static enum cs_code
read_domain(const void *self, struct svc_event *ev, struct cs_err *err)
{
	const struct mpic_service *mpic = self;
	struct order *order = CS_NEW(ev->arena, struct order);
	struct claim_evidence domain;
	uint8_t *digest = cs_arena_alloc(ev->arena, CLAIM_DIGEST);

	if (claim_open_evidence(ev->arena, mpic->trust, ev->body, ev->now_ms, &domain, err))
		return err->code;
	order->wanted = mpic_check_for(&domain, ev->arena, &order->asked.check);
	order->found_at = domain.found_at;
	order->asked.request = domain.request;
	memcpy(order->asked.request_digest, domain.request_digest, CLAIM_DIGEST);
	claim_envelope_sha256(ev->body, digest);
	order->asked.primary_sha256 = cs_span_of(digest, CLAIM_DIGEST);
	order->asked.asked_at_ms = domain.checked_at_ms;
	ev->key = domain.request;
	ev->what = order;
	return CS_OK;
}

static enum cs_code
read_test(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct wire_test *test = CS_NEW(ev->arena, struct wire_test);

	(void)self;
	ev->what = test;
	return wire_read_test(ev->arena, ev->body, test, err);
}

/* ---- one round ---- */

struct job {
	struct mpic_service *mpic;
	struct svc_work *work;
	const struct order *order;
	struct claim_perspective_ask ask;
	struct mpic_round round;
	struct asked_one {
		struct job *job;
		size_t i;
		int64_t since_ms;
	} asked[MPIC_REMOTES_MAX];
	size_t begun; /* questions that were handed out: the round ends only after all of them */
	struct asked_service {
		struct job *job;
		struct open_mpic_question question;
	} services[MPIC_SERVICES_MAX];
};

static void
finish(struct job *job)
{
	struct svc_work *work = job->work;
	const struct claim_check *check = &job->order->asked.check;
	struct claim_evidence evidence;
	struct cs_buf part = cs_buf_new(work->arena);

	claim_evidence_for(&job->order->asked, &evidence);
	mpic_decide(&job->round, check, cs_now_ms(), work->arena, &evidence);
	log_info(work->log, "round ended kind=%s outcome=%s attempt=%u %s",
	    claim_kind_name(check->kind), claim_outcome_name(evidence.outcome), check->attempt,
	    evidence.text);
	svc_count(work->svc, "validations", "result", claim_outcome_name(evidence.outcome));
	cs_buf_add(&part, check->digest, sizeof(check->digest));
	cs_buf_printf(&part, "%u", check->attempt);
	svc_finish(work, "evidence.mpic",
	    claim_seal_evidence(work->arena, job->mpic->key, &evidence), cs_buf_span(&part));
}

/* One key, one voice: whoever holds a perspective's key cannot speak for two. */
static bool
has_spoken(const struct job *job, struct cs_span envelope)
{
	const char *keyid = claim_keyid_of(job->work->arena, envelope);

	for (size_t i = 0; i < job->round.n; i++) {
		struct cs_span other = job->round.results[i].answer;

		if (other.len > 0 && strcmp(claim_keyid_of(job->work->arena, other), keyid) == 0)
			return true;
	}
	return false;
}

static void
take(struct job *job, size_t i, struct cs_span body)
{
	struct cs_arena *arena = job->work->arena;
	struct claim_perspective_answer *answer = CS_NEW(arena, struct claim_perspective_answer);
	struct cs_span envelope = cs_arena_copy_span(arena, body);
	const char *name = job->round.results[i].name, *why;
	struct cs_err err;

	if (claim_open_perspective(arena, job->mpic->trust, envelope, cs_now_ms(), answer, &err)) {
		log_warn(
		    job->work->log, "answer refused perspective=%s reason=\"%s\"", name, err.text);
		mpic_miss(&job->round, i, "answer-not-genuine", cs_now_ms());
		return;
	}
	why = has_spoken(job, envelope) ? "the key spoke for another perspective"
					: mpic_take(&job->round, i, &job->ask, answer, envelope);
	if (why == NULL)
		return;
	log_warn(job->work->log, "answer refused perspective=%s reason=\"%s\"", name, why);
	mpic_miss(&job->round, i, "answer-not-to-this", cs_now_ms());
}

/* A question that fails at once answers before the others are asked. */
static void
finish_if_complete(struct job *job)
{
	if (mpic_complete(&job->round) && job->begun == job->round.n)
		finish(job);
}

static void
on_answer(void *arg, bool ok, uint32_t status, struct cs_span body)
{
	struct asked_one *one = arg;
	struct job *job = one->job;

	(void)status;
	if (ok)
		take(job, one->i, body);
	else
		mpic_miss(&job->round, one->i, "no-answer", cs_now_ms());
	job->round.results[one->i].took_ms = (uint32_t)(cs_mono_ms() - one->since_ms);
	finish_if_complete(job);
}

/* ---- services of others ---- */

static void
take_service(
    struct job *job, struct mpic_service_result *service, const struct open_mpic_answer *answer)
{
	const uint32_t may_refuse =
	    answer->asked > service->quorum ? answer->asked - service->quorum : 0;

	service->answered = true;
	service->asked = answer->asked;
	service->agreed = answer->agreed;
	service->seen = answer->seen;
	if (answer->valid && answer->agreed >= service->quorum) {
		service->outcome = CLAIM_PROVED;
		return;
	}
	service->outcome = answer->refused > may_refuse ? CLAIM_REFUSED : CLAIM_COULD_NOT_TELL;
	service->reason =
	    service->outcome == CLAIM_REFUSED ? "service-disagrees" : "service-no-quorum";
	log_warn(job->work->log, "service does not agree connector=%s asked=%u agreed=%u valid=%d",
	    service->name, answer->asked, answer->agreed, answer->valid);
}

static void
miss_service(
    struct job *job, struct mpic_service_result *service, const char *reason, const char *why_not)
{
	mpic_miss_service(service, reason, why_not);
	log_warn(job->work->log, "service without an answer connector=%s reason=\"%s\"",
	    service->name, why_not);
}

static void
on_service(
    void *arg, const struct open_mpic_answer *answer, const char *reason, const char *why_not)
{
	struct asked_service *one = arg;
	struct job *job = one->job;
	struct mpic_service_result *service = &job->round.services[one - job->services];

	svc_count(
	    job->work->svc, "open_mpic_answers", "result", answer != NULL ? "answer" : reason);
	if (answer != NULL)
		take_service(job, service, answer);
	else
		miss_service(job, service, reason, why_not);
	finish_if_complete(job);
}

static void
name_service(struct job *job, size_t i, const struct connector *connector)
{
	job->services[i] = (struct asked_service){ .job = job };
	job->round.services[i] =
	    (struct mpic_service_result){ .name = cs_arena_printf(job->work->arena, "%s/%s",
					      connector->enterprise, connector->name),
		    .quorum = connector->quorum,
		    .reason = "",
		    .seen = "" };
}

static void
ask_service(struct job *job, size_t i, const struct connector *connector)
{
	struct cs_arena *arena = job->work->arena;
	struct mpic_service_result *service = &job->round.services[i];
	struct asked_service *one = &job->services[i];
	const char *trace = cs_hex(arena, cs_span_of(job->ask.nonce, sizeof(job->ask.nonce)));
	const char *why_not;

	if (!open_mpic_ask(arena, &job->ask.check, job->order->found_at, service->quorum, trace,
		&one->question)) {
		miss_service(job, service, "service-not-askable",
		    "Open MPIC has no question for what this is proved by");
		return;
	}
	why_not =
	    services_ask(job->mpic->services, arena, connector, &one->question, on_service, one);
	if (why_not != NULL)
		miss_service(job, service, "service-not-askable", why_not);
}

/* None of them answers before this returns. */
static void
ask_services(struct job *job)
{
	const struct connector_entry *entries[MPIC_SERVICES_MAX];
	const size_t n = connector_book_services(
	    job->mpic->book, job->ask.check.enterprise, entries, MPIC_SERVICES_MAX);

	job->round.n_services = n < MPIC_SERVICES_MAX ? n : MPIC_SERVICES_MAX;
	for (size_t i = 0; i < job->round.n_services; i++)
		name_service(job, i, &entries[i]->connector);
	for (size_t i = 0; i < (n > MPIC_SERVICES_MAX ? MPIC_SERVICES_MAX - 1 : n); i++)
		ask_service(job, i, &entries[i]->connector);
	/* Who set so many wants all of them to agree. */
	if (n > MPIC_SERVICES_MAX)
		miss_service(job, &job->round.services[MPIC_SERVICES_MAX - 1], "service-too-many",
		    cs_arena_printf(job->work->arena,
			"%zu services are set, at most %d can be asked", n, MPIC_SERVICES_MAX));
}

static void
ask_all(struct job *job)
{
	struct cs_span body = claim_write_perspective_ask(job->work->arena, &job->ask);
	const size_t n = job->round.n;

	for (size_t i = 0; i < n; i++) {
		const char *subject = cs_arena_printf(
		    job->work->arena, "ask.perspective.%s", job->round.remotes[i].name);

		job->asked[i] = (struct asked_one){ job, i, cs_mono_ms() };
		job->begun = i + 1;
		/* The last may end the round before this returns: nothing of the job is used after it. */
		svc_question(
		    job->mpic->svc, subject, body, job->mpic->answer_ms, on_answer, &job->asked[i]);
	}
}

/* ---- orders ---- */

static void
start_round(struct mpic_service *mpic, struct svc_work *work)
{
	const struct order *order = work->what;
	struct job *job = CS_NEW(work->arena, struct job);

	if (!order->wanted) {
		svc_finish(work, NULL, cs_span_str(NULL), cs_span_str(NULL));
		return;
	}
	if (!svc_follows(mpic->svc)) { /* how many must agree is not known yet */
		svc_later(work, NOT_YET_MS);
		return;
	}
	job->mpic = mpic;
	job->work = work;
	job->order = order;
	job->ask.check = order->asked.check;
	job->ask.request = order->asked.request;
	job->ask.attempt = order->asked.check.attempt;
	job->ask.deadline_ms = work->now_ms + mpic->answer_ms;
	cs_random(job->ask.nonce, sizeof(job->ask.nonce));
	mpic_begin(&job->round, mpic->remotes, mpic->n_remotes);
	job->round.quorum = connector_book_quorum(mpic->book, order->asked.check.enterprise);
	ask_services(job);
	ask_all(job);
}

void
mpic_start(void *self, struct svc_work *work)
{
	if (strncmp(work->kind, "ask.", 4) == 0)
		mpic_try(self, work);
	else
		start_round(self, work);
}

/* ---- connectors ---- */

void
mpic_told(void *arg, struct cs_span body)
{
	struct mpic_service *mpic = arg;
	struct cs_arena *arena = cs_arena_new();
	const char *name = "";
	enum connector_news news;
	struct cs_err err;

	if (body.len == 0)
		log_info(svc_log(mpic->svc), "connectors known");
	else if (connector_book_tell(mpic->book, arena, body, cs_now_ms(), &news, &name, &err))
		log_warn(svc_log(mpic->svc), "connector refused reason=\"%s\"", err.text);
	else if (news == CONNECTOR_CHANGED)
		log_info(svc_log(mpic->svc), "connector taken name=%s", name);
	cs_arena_free(arena);
}

/* ---- settings ---- */

static enum cs_code
open_services(struct mpic_service *mpic, struct cs_err *err)
{
	if (mpic->sealing_key_file[0] != '\0' &&
	    pki_seal_key_load(mpic->sealing_key_file, &mpic->sealing_key, err))
		return err->code;
	return services_new(svc_base(mpic->svc),
	    &(struct services_settings){ .ca_file = mpic->connector_ca_file,
		.key = mpic->sealing_key,
		.test_mode = svc_test_mode(mpic->svc),
		.answer_ms = mpic->service_answer_ms },
	    &mpic->services, err);
}

enum cs_code
mpic_init(void *self, struct svc *svc, struct cs_err *err)
{
	struct mpic_service *mpic = self;
	uint32_t least = smime_rule_mpic_min_remotes(cs_now_ms());

	mpic->svc = svc;
	mpic->arena = cs_arena_new();
	if (mpic_read_remotes(
		mpic->perspectives, mpic->arena, mpic->remotes, &mpic->n_remotes, err) ||
	    claim_key_load(mpic->key_file, &mpic->key, err))
		return err->code;
	if (mpic->n_remotes < least)
		return cs_fail(err, CS_MALFORMED,
		    "CS_PERSPECTIVES: %zu perspectives, TBR 3.2.2.9 asks for %u today",
		    mpic->n_remotes, least);
	if (claim_trust_load(mpic->trust_file, mpic->approvers_file, &mpic->trust, err))
		return err->code;
	svc_watch_trust(svc, mpic->trust, mpic->trust_file);
	mpic->book = connector_book_new(mpic->trust);
	if (open_services(mpic, err))
		return err->code;
	svc_follow(svc, "config.connector", mpic_told, mpic);
	return CS_OK;
}

void
mpic_fini(void *self)
{
	struct mpic_service *mpic = self;

	services_free(mpic->services);
	connector_book_free(mpic->book);
	pki_seal_key_free(mpic->sealing_key);
	claim_trust_free(mpic->trust);
	claim_key_free(mpic->key);
	cs_arena_free(mpic->arena);
}

const struct svc_route mpic_routes[] = {
	{ "plan.mpic-asked", read_asked, NULL },
	{ "evidence.domain", read_domain, NULL },
	{ "ask.mpic-coordinator.test", read_test, NULL },
	{ NULL, NULL, NULL },
};
