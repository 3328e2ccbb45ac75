/* SPDX-License-Identifier: Apache-2.0 */
/* look.c: one order: look, keep the answers, then say what they mean. */
#include "caa.h"
#include "handler.h"

struct job {
	struct caa_service *caa;
	struct svc_work *work;
	const struct claim_asked *asked;
	struct claim_evidence evidence;
};

#define AGAIN_MS 2000 /* the database is away: the order comes again, and is looked up anew */

/* One check and attempt give one event, however often they are repeated. */
static struct cs_span
part_of(struct cs_arena *arena, const struct claim_check *check)
{
	struct cs_buf part = cs_buf_new(arena);

	cs_buf_add(&part, check->digest, sizeof(check->digest));
	cs_buf_printf(&part, "%u", check->attempt);
	return cs_buf_span(&part);
}

static void
publish(struct job *job)
{
	struct svc_work *work = job->work;
	const struct claim_evidence *evidence = &job->evidence;

	log_info(work->log, "caa looked up outcome=%s reason=%s dnssec=%s attempt=%u",
	    claim_outcome_name(evidence->outcome), evidence->reason,
	    claim_dnssec_name(evidence->security), evidence->attempt);
	svc_count(work->svc, "validations", "result", claim_outcome_name(evidence->outcome));
	svc_finish(work, "evidence.caa", claim_seal_evidence(work->arena, job->caa->key, evidence),
	    part_of(work->arena, &job->asked->check));
}

/* Evidence names the digests of its answers: nobody sees it before these are durable. */
static void
on_kept(void *arg, bool kept)
{
	struct job *job = arg;

	if (kept) {
		publish(job);
		return;
	}
	log_warn(job->work->log, "answers not kept attempt=%u", job->evidence.attempt);
	svc_later(job->work, AGAIN_MS);
}

static void
on_found(void *arg, const struct probe_finding *finding)
{
	struct job *job = arg;

	caa_evidence(job->asked, finding, &job->evidence);
	answers_keep(job->caa->answers, finding, on_kept, job);
}

void
caa_start(void *self, struct svc_work *work)
{
	struct job *job = CS_NEW(work->arena, struct job);

	*job = (struct job){ .caa = self, .work = work, .asked = work->what };
	probe_start(job->caa->probe, &job->asked->check, work->arena, on_found, job);
}
