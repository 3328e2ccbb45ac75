/* SPDX-License-Identifier: Apache-2.0 */
/*
 * look.c: one look at a domain by every method that the check allows: those that ask DNS first, side by
 * side, then those that visit a host.  The first of the table's order that proves it makes the evidence;
 * otherwise the no that shows most does, with what every method said: nobody but the person knows which
 * of them was meant.
 *
 * What is not there with the newest value may be there with one from before that is still alive.
 */
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "handler.h"
#include "publish.h"
#include "smime/domain.h"

#define DETAIL_MAX 1000 /* octets; claims hold CLAIM_MAX_TEXT */
#define METHODS_MAX 16
/*
 * Of a stage, in which another value is tried.  No probe takes longer than 40 seconds (libs/probe), so that
 * both stages end within DOMAIN_LOOK_MS.
 */
#define BEGIN_MS INT64_C(4000)

struct look_job;

/* One method of a look. */
struct look_method {
	struct look_job *job;
	const struct smime_method *method;
	struct claim_check check; /* that is carried out now */
	size_t value;             /* of the list of the job */
	bool has_answer;
	struct claim_check answer_check;
	struct probe_finding answer; /* the best so far */
};

struct look_job {
	struct domain_service *domain;
	struct svc_work *work;
	struct claim_asked asked;
	struct claim_texts values;
	struct look_method methods[METHODS_MAX];
	size_t n, waiting;
	bool visits;           /* hosts are being visited; before that, DNS was asked */
	int64_t since_ms;      /* of the stage */
	struct cs_span sealed; /* the evidence */
	const struct probe_finding *finding; /* that it rests on */
};

struct cs_span
look_body(struct cs_arena *arena, const struct claim_asked *asked,
    const struct domain_challenge *challenge, int64_t now_ms)
{
	const struct claim_texts values = domain_values(challenge, now_ms, arena);
	struct cs_buf joined = cs_buf_new(arena);
	struct claim_asked order = *asked;

	for (size_t i = 0; i < values.n; i++)
		cs_buf_printf(&joined, "%s%s", i == 0 ? "" : " ", values.items[i]);
	domain_check(asked, cs_buf_span(&joined), challenge->attempt, "", &order.check);
	return claim_write_asked(arena, &order);
}

/* ---- the evidence ---- */

static int64_t
life_ms(const struct claim_check *check)
{
	const struct smime_method *method = smime_method_find(check->method);
	int64_t rule_ms = method == NULL ? 0 : smime_rule_reuse_ms(method->reuse);

	return check->freshness_ms > 0 && check->freshness_ms < rule_ms ? check->freshness_ms
									: rule_ms;
}

/* The first DETAIL_MAX octets; what is in it was escaped before: one octet is one character. */
static const char *
cut(struct cs_arena *arena, struct cs_span text)
{
	return cs_arena_strndup(
	    arena, (const char *)text.data, text.len < DETAIL_MAX ? text.len : DETAIL_MAX);
}

/* For programs: what each method said, in the table's order. */
static const char *
detail_of(const struct look_job *job, const char *of_answer)
{
	struct cs_buf text = cs_buf_new(job->work->arena);

	for (size_t i = 0; i < job->n; i++)
		if (job->methods[i].has_answer)
			cs_buf_printf(&text, "%s%s: %s", text.len == 0 ? "" : "; ",
			    job->methods[i].method->name, job->methods[i].answer.reason);
	if (of_answer[0] != '\0')
		cs_buf_printf(&text, "%s%s", text.len == 0 ? "" : "; ", of_answer);
	return cut(job->work->arena, cs_buf_span(&text));
}

/* Worth telling people: something was there, or it could not be found out. */
static bool
shows_something(const struct look_method *one)
{
	return one->has_answer &&
	       (one->answer.outcome == CLAIM_COULD_NOT_TELL || one->answer.seen.n > 0 ||
		   one->answer.security == CLAIM_DNSSEC_BOGUS);
}

/* What broke DNSSEC, or keeps name servers from answering, is the same for all: once is enough. */
static bool
was_told(const struct look_job *job, size_t i)
{
	const struct probe_finding *finding = &job->methods[i].answer;

	if (finding->seen.n > 0)
		return false;
	for (size_t k = 0; k < i; k++)
		if (shows_something(&job->methods[k]) &&
		    strcmp(job->methods[k].answer.reason, finding->reason) == 0)
			return true;
	return false;
}

/* For people: those methods that showed something; when none did, only that. */
static const char *
text_of(const struct look_job *job, const char *of_answer)
{
	struct cs_buf text = cs_buf_new(job->work->arena);

	if (job->n < 2)
		return of_answer;
	for (size_t i = 0; i < job->n; i++)
		if (shows_something(&job->methods[i]) && !was_told(job, i))
			cs_buf_printf(&text, "%s%s: %s", text.len == 0 ? "" : "; ",
			    job->methods[i].method->what, job->methods[i].answer.text);
	if (text.len == 0)
		cs_buf_printf(&text,
		    "nothing was found in any of the %zu places where the value may be published",
		    job->n);
	return cut(job->work->arena, cs_buf_span(&text));
}

static const struct look_method *
best_of(const struct look_job *job)
{
	const struct look_method *best = NULL;

	for (size_t i = 0; i < job->n; i++) {
		const struct look_method *one = &job->methods[i];

		if (one->has_answer &&
		    (best == NULL || domain_rank(one->answer.outcome, one->answer.seen.n) >
					 domain_rank(best->answer.outcome, best->answer.seen.n)))
			best = one;
	}
	return best;
}

/*
 * What was proved by a record of a name above is proved for that name (TBR 3.2.2.4, ADN), so that the
 * perspectives look there too, and it serves all that is below.
 */
static void
name_what_was_proved(const struct look_method *one, struct claim_check *check)
{
	const char *at = one->answer.found_at;

	if (one->answer.outcome != CLAIM_PROVED || !smime_method_may_prune(one->method) ||
	    at[0] == '\0' || !smime_domain_is_under(check->target, at))
		return;
	check->target = at;
	claim_check_digest(check, check->digest);
}

/* While the database is away nothing else could be written either: the row's lease runs on. */
static void
on_kept(void *arg, bool kept)
{
	struct look_job *job = arg;

	if (kept)
		svc_done(job->work, job->sealed);
	else
		answers_keep(job->domain->answers, job->finding, on_kept, job);
}

static void
finish(struct look_job *job)
{
	const struct probe_finding none = { .outcome = CLAIM_COULD_NOT_TELL,
		.reason = "no-method",
		.clause = "TBR 3.2.2.4",
		.text = "no method of this check can be looked at",
		.found_at = "",
		.detail = "",
		.checked_at_ms = job->work->now_ms };
	const struct look_method *best = best_of(job);
	struct claim_evidence evidence;
	struct claim_asked order = job->asked;

	if (best != NULL) {
		order.check = best->answer_check;
		name_what_was_proved(best, &order.check);
	}
	claim_evidence_for(&order, &evidence);
	probe_into_evidence(best == NULL ? &none : &best->answer, &evidence);
	evidence.perspective = "primary";
	evidence.detail = detail_of(job, evidence.detail);
	if (evidence.outcome != CLAIM_PROVED)
		evidence.text = text_of(job, evidence.text);
	evidence.covers_subdomains = best != NULL && smime_method_covers_below(best->method);
	evidence.valid_until_ms = evidence.checked_at_ms;
	if (evidence.outcome == CLAIM_PROVED)
		evidence.valid_until_ms += life_ms(&order.check);
	svc_count(job->work->svc, "validations", "result", claim_outcome_name(evidence.outcome));
	job->sealed = claim_seal_evidence(job->work->arena, job->domain->key, &evidence);
	job->finding = best == NULL ? NULL : &best->answer;
	/* Nobody sees evidence before the answers that it names are durable. */
	if (best == NULL)
		svc_done(job->work, job->sealed);
	else
		answers_keep(job->domain->answers, job->finding, on_kept, job);
}

/* ---- where to look ---- */

/* False: no value is left. */
static bool
to_next_value(struct look_method *one)
{
	return publish_uses_value(one->method) && ++one->value < one->job->values.n;
}

static void
set_check(struct look_method *one)
{
	const struct look_job *job = one->job;

	domain_check(&job->asked,
	    publish_expected(
		job->work->arena, one->method, &job->asked.check, job->values.items[one->value]),
	    job->asked.check.attempt, one->method->name, &one->check);
}

/* ---- looking ---- */

static void on_found(void *arg, const struct probe_finding *finding);
static void next_stage(struct look_job *job);

static void
begin(struct look_method *one)
{
	set_check(one);
	probe_start(one->job->domain->probe, &one->check, one->job->work->arena, on_found, one);
}

static void
keep_better(struct look_method *one, const struct probe_finding *finding)
{
	if (one->has_answer && domain_rank(finding->outcome, finding->seen.n) <=
				   domain_rank(one->answer.outcome, one->answer.seen.n))
		return;
	one->answer = *finding;
	one->answer_check = one->check;
	one->has_answer = true;
}

/* What is not there may be there under an older value; a server that does not answer will not now. */
static void
on_found(void *arg, const struct probe_finding *finding)
{
	struct look_method *one = arg;
	struct look_job *job = one->job;

	keep_better(one, finding);
	if (finding->outcome == CLAIM_REFUSED && finding->security != CLAIM_DNSSEC_BOGUS &&
	    cs_mono_ms() - job->since_ms < BEGIN_MS && to_next_value(one)) {
		begin(one);
		return;
	}
	if (--job->waiting == 0)
		next_stage(job);
}

static bool
is_proved(const struct look_job *job)
{
	for (size_t i = 0; i < job->n; i++)
		if (job->methods[i].has_answer && job->methods[i].answer.outcome == CLAIM_PROVED)
			return true;
	return false;
}

/* A probe may end before it returns, so that the stage is counted before its first one begins. */
static void
run_stage(struct look_job *job, bool records)
{
	job->since_ms = cs_mono_ms();
	job->waiting = 1;
	for (size_t i = 0; i < job->n; i++)
		job->waiting += publish_is_record(job->methods[i].method) == records;
	for (size_t i = 0; i < job->n; i++)
		if (publish_is_record(job->methods[i].method) == records)
			begin(&job->methods[i]);
	if (--job->waiting == 0)
		next_stage(job);
}

static void
next_stage(struct look_job *job)
{
	if (job->visits || is_proved(job)) {
		finish(job);
		return;
	}
	job->visits = true;
	run_stage(job, false);
}

static void
add_methods(struct look_job *job)
{
	size_t n;
	const struct smime_method *methods = smime_methods(&n);

	for (size_t i = 0; i < n && job->n < METHODS_MAX; i++) {
		struct look_method *one = &job->methods[job->n];

		if (methods[i].target != SMIME_TARGET_DOMAIN ||
		    !domain_allows(&job->asked.check, methods[i].name) ||
		    !smime_method_usable(&methods[i], job->work->now_ms))
			continue;
		one->job = job;
		one->method = &methods[i];
		set_check(one);
		job->n += one->check.expected.len > 0;
	}
}

static struct claim_texts
split_values(struct cs_arena *arena, struct cs_span joined)
{
	char *rest = cs_arena_strndup(arena, (const char *)joined.data, joined.len), *value;
	struct claim_texts values = { CS_NEW_ARRAY(arena, DOMAIN_VALUES_MAX, const char *), 0 };

	while (values.n < DOMAIN_VALUES_MAX && (value = strsep(&rest, " ")) != NULL)
		values.items[values.n++] = value;
	return values;
}

void
look_start(void *self, struct svc_work *work)
{
	struct look_job *job = CS_NEW(work->arena, struct look_job);
	struct cs_err err;

	job->domain = self;
	job->work = work;
	if (claim_read_asked(work->arena, work->body, &job->asked, &err)) {
		/* Our own row: it was checked when it came.  The empty result ends it. */
		log_error(work->log, "row of work unreadable reason=\"%s\"", err.text);
		svc_done(work, cs_span_str(NULL));
		return;
	}
	job->values = split_values(work->arena, job->asked.check.expected);
	add_methods(job);
	run_stage(job, true);
}
