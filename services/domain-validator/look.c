/* SPDX-License-Identifier: Apache-2.0 */
/*
 * look.c: one look at a domain: the TXT record first, then the file, as far as the check allows.  The
 * first method that proves it makes the evidence; otherwise the no that shows most does, with what every
 * method said: nobody but the person knows which of them was meant.
 */
#include <string.h>

#include "handler.h"
#include "smime/rules.h"

static const char *const methods[] = { "dns-txt", "http-file" };

#define METHODS (sizeof(methods) / sizeof(methods[0]))
#define DETAIL_MAX 1000 /* octets; claims hold CLAIM_MAX_TEXT */

struct look_job {
	struct domain_service *domain;
	struct svc_work *work;
	struct claim_asked asked;
	struct claim_check check; /* of the method that is tried now */
	size_t next;
	bool has_answer;
	struct claim_check answer_check;
	struct probe_finding answer; /* the best so far */
	struct cs_buf tried, told;   /* what each method said: for programs, for people */
};

struct cs_span
look_body(struct cs_arena *arena, const struct claim_asked *asked,
    const struct domain_challenge *challenge)
{
	struct claim_asked order = *asked;

	domain_check(asked, cs_span_str(challenge->value), challenge->attempt, "", &order.check);
	return claim_write_asked(arena, &order);
}

static int64_t
life_ms(const struct claim_check *check)
{
	int64_t rule_ms = smime_rule_reuse_ms(SMIME_PROOF_DOMAIN);

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

static void
add_words(const struct look_job *job, struct claim_evidence *evidence)
{
	struct cs_buf tried = job->tried, told = job->told;

	if (evidence->detail[0] != '\0')
		cs_buf_printf(&tried, "; %s", evidence->detail);
	evidence->detail = cut(job->work->arena, cs_buf_span(&tried));
	if (evidence->outcome != CLAIM_PROVED && told.len > 0)
		evidence->text = cut(job->work->arena, cs_buf_span(&told));
}

static void
finish(struct look_job *job)
{
	struct claim_evidence evidence;
	struct claim_asked order = job->asked;

	order.check = job->answer_check;
	claim_evidence_for(&order, &evidence);
	probe_into_evidence(&job->answer, &evidence);
	evidence.perspective = "primary";
	add_words(job, &evidence);
	/* A record at the name speaks for what is below it; a file for its own host alone (TBR 3.2.2.4). */
	evidence.covers_subdomains = strcmp(order.check.method, "dns-txt") == 0;
	evidence.valid_until_ms = evidence.checked_at_ms;
	if (evidence.outcome == CLAIM_PROVED)
		evidence.valid_until_ms += life_ms(&order.check);
	svc_count(job->work->svc, "validations", "result", claim_outcome_name(evidence.outcome));
	svc_done(job->work, claim_seal_evidence(job->work->arena, job->domain->key, &evidence));
}

static const char *
name_of(const char *method)
{
	return strcmp(method, "dns-txt") == 0 ? "TXT record" : "file";
}

static void try_next(struct look_job *job);

static void
on_found(void *arg, const struct probe_finding *finding)
{
	struct look_job *job = arg;

	const char *comma = job->has_answer ? "; " : "";

	cs_buf_printf(&job->tried, "%s%s: %s", comma, job->check.method, finding->reason);
	cs_buf_printf(&job->told, "%s%s: %s", comma, name_of(job->check.method), finding->text);
	if (!job->has_answer || domain_rank(finding->outcome, finding->seen.n) >
				    domain_rank(job->answer.outcome, job->answer.seen.n)) {
		job->answer = *finding;
		job->answer_check = job->check;
		job->has_answer = true;
	}
	if (finding->outcome == CLAIM_PROVED)
		finish(job);
	else
		try_next(job);
}

static void
try_next(struct look_job *job)
{
	while (job->next < METHODS && !domain_allows(&job->asked.check, methods[job->next]))
		job->next++;
	if (job->next == METHODS) {
		finish(job);
		return;
	}
	domain_check(&job->asked, job->asked.check.expected, job->asked.check.attempt,
	    methods[job->next++], &job->check);
	probe_start(job->domain->probe, &job->check, job->work->arena, on_found, job);
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
	job->answer = (struct probe_finding){ .outcome = CLAIM_COULD_NOT_TELL,
		.reason = "no-method",
		.clause = "TBR 3.2.2.4",
		.text = "no method of this check can be looked at",
		.found_at = "",
		.detail = "",
		.checked_at_ms = work->now_ms };
	job->answer_check = job->asked.check;
	job->tried = cs_buf_new(work->arena);
	job->told = cs_buf_new(work->arena);
	try_next(job);
}
