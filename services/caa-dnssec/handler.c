/* SPDX-License-Identifier: Apache-2.0 */
#include "handler.h"

#include <string.h>

#include "caa.h"

static enum cs_code
read_asked(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct claim_asked *asked = CS_NEW(ev->arena, struct claim_asked);

	(void)self;
	if (claim_read_asked(ev->arena, ev->body, asked, err))
		return err->code;
	if (asked->check.kind != CLAIM_CAA)
		return cs_fail(err, CS_MALFORMED, "a check of kind %s is not for this service",
		    claim_kind_name(asked->check.kind));
	ev->key = asked->request;
	ev->what = asked;
	return CS_OK;
}

struct job {
	struct caa_service *caa;
	struct svc_work *work;
	const struct claim_asked *asked;
};

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
on_found(void *arg, const struct probe_finding *finding)
{
	struct job *job = arg;
	struct svc_work *work = job->work;
	struct claim_evidence evidence;

	caa_evidence(job->asked, finding, &evidence);
	log_info(work->log, "caa looked up outcome=%s reason=%s dnssec=%s attempt=%u",
	    claim_outcome_name(evidence.outcome), evidence.reason,
	    claim_dnssec_name(evidence.security), evidence.attempt);
	svc_count(work->svc, "validations", "result", claim_outcome_name(evidence.outcome));
	svc_finish(work, "evidence.caa", claim_seal_evidence(work->arena, job->caa->key, &evidence),
	    part_of(work->arena, &job->asked->check));
}

void
caa_start(void *self, struct svc_work *work)
{
	struct job *job = CS_NEW(work->arena, struct job);

	*job = (struct job){ self, work, work->what };
	probe_start(job->caa->probe, &job->asked->check, work->arena, on_found, job);
}

enum cs_code
caa_init(void *self, struct svc *svc, struct cs_err *err)
{
	struct caa_service *caa = self;

	caa->probing.test_mode = svc_test_mode(svc);
	caa->crew.told = svc_child_told;
	caa->crew.told_arg = svc;
	if (claim_key_load(caa->key_file, &caa->key, err))
		return err->code;
	return probe_crew_open(&caa->probing, &caa->crew, svc_base(svc), &caa->probe, err);
}

void
caa_fini(void *self)
{
	struct caa_service *caa = self;

	probe_close(caa->probe);
	claim_key_free(caa->key);
}

const struct svc_route caa_routes[] = {
	{ "plan.caa-asked", read_asked, NULL },
	{ NULL, NULL, NULL },
};
