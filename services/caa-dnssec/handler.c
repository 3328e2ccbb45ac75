/* SPDX-License-Identifier: Apache-2.0 */
#include "handler.h"

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

enum cs_code
caa_init(void *self, struct svc *svc, struct cs_err *err)
{
	struct caa_service *caa = self;

	caa->probing.test_mode = svc_test_mode(svc);
	caa->crew.told = svc_child_told;
	caa->crew.remembering = caa->crew.children;
	caa->crew.told_arg = svc;
	caa->keeping.app_name = "caa-dnssec answers";
	if (claim_key_load(caa->key_file, &caa->key, err) ||
	    answers_open(&caa->keeping, svc_base(svc), &caa->answers, err))
		return err->code;
	return probe_crew_open(&caa->probing, &caa->crew, svc_base(svc), &caa->probe, err);
}

void
caa_fini(void *self)
{
	struct caa_service *caa = self;

	probe_close(caa->probe);
	answers_close(caa->answers);
	claim_key_free(caa->key);
}

bool
caa_ready(const void *self)
{
	const struct caa_service *caa = self;

	return !answers_away(caa->answers);
}

const struct svc_route caa_routes[] = {
	{ "plan.caa-asked", read_asked, NULL },
	{ NULL, NULL, NULL },
};
