/* SPDX-License-Identifier: Apache-2.0 */
/* handler.h: the routes of domain-validator. */
#ifndef HANDLER_H
#define HANDLER_H

#include "answers/answers.h"
#include "domain.h"
#include "probe/probe.h"
#include "svc/svc.h"

struct domain_service {
	const char *key_file;
	struct probe_settings probing;
	struct probe_crew crew;
	uint32_t life_days, keep_days;
	const char *schedule;
	struct domain_rules rules;
	struct claim_key *key; /* used on the loop thread only */
	struct probe *probe;
	struct answers_settings keeping;
	struct answers *answers;
};

extern const struct svc_route domain_routes[];

enum cs_code domain_init(void *self, struct svc *svc, struct cs_err *err);
void domain_fini(void *self);

/* look.c: carries out one look; its result is the signed evidence. */
void look_start(void *self, struct svc_work *work);
/* The body of a look's work row: the order, with the values in `expected` and the attempt set. */
struct cs_span look_body(struct cs_arena *arena, const struct claim_asked *asked,
    const struct domain_challenge *challenge, int64_t now_ms);

#endif
