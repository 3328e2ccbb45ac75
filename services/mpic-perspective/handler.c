/* SPDX-License-Identifier: Apache-2.0 */
#include "handler.h"

#include "perspective.h"

static enum cs_code
read_ask(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct claim_perspective_ask *ask = CS_NEW(ev->arena, struct claim_perspective_ask);

	(void)self;
	if (claim_read_perspective_ask(ev->arena, ev->body, ask, err))
		return err->code;
	ev->key = ask->request;
	ev->what = ask;
	return CS_OK;
}

struct job {
	struct perspective_service *perspective;
	struct svc_work *work;
	const struct claim_perspective_ask *ask;
};

static void
on_found(void *arg, const struct probe_finding *finding)
{
	struct job *job = arg;
	struct svc_work *work = job->work;
	struct claim_perspective_answer answer;

	perspective_answer(job->ask, finding, &answer);
	answer.perspective = job->perspective->name;
	answer.region = job->perspective->region;
	log_info(work->log, "looked kind=%s outcome=%s reason=%s dnssec=%s",
	    claim_kind_name(job->ask->check.kind), claim_outcome_name(answer.outcome),
	    answer.reason, claim_dnssec_name(answer.security));
	svc_count(work->svc, "validations", "result", claim_outcome_name(answer.outcome));
	svc_finish(work, NULL, claim_seal_perspective(work->arena, job->perspective->key, &answer),
	    cs_span_str(NULL));
}

void
perspective_start(void *self, struct svc_work *work)
{
	struct job *job = CS_NEW(work->arena, struct job);

	*job = (struct job){ self, work, work->what };
	probe_start(job->perspective->probe, &job->ask->check, work->arena, on_found, job);
}

enum cs_code
perspective_init(void *self, struct svc *svc, struct cs_err *err)
{
	struct perspective_service *perspective = self;

	perspective->probing.test_mode = svc_test_mode(svc);
	perspective->crew.told = svc_child_told;
	perspective->crew.remembering = perspective->crew.children;
	perspective->crew.told_arg = svc;
	if (claim_key_load(perspective->key_file, &perspective->key, err))
		return err->code;
	return probe_crew_open(
	    &perspective->probing, &perspective->crew, svc_base(svc), &perspective->probe, err);
}

void
perspective_fini(void *self)
{
	struct perspective_service *perspective = self;

	probe_close(perspective->probe);
	claim_key_free(perspective->key);
}

const char *
perspective_name(const void *self)
{
	return ((const struct perspective_service *)self)->name;
}

const struct svc_route perspective_routes[] = {
	{ "ask.perspective.*", read_ask, NULL },
	{ NULL, NULL, NULL },
};
