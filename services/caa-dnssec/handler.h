/* SPDX-License-Identifier: Apache-2.0 */
/* handler.h: one order in, one evidence out. */
#ifndef HANDLER_H
#define HANDLER_H

#include "answers/answers.h"
#include "probe/probe.h"
#include "svc/svc.h"

struct caa_service {
	const char *key_file;
	struct probe_settings probing;
	struct probe_crew crew;
	struct answers_settings keeping;
	struct claim_key *key;
	struct probe *probe;
	struct answers *answers;
};

extern const struct svc_route caa_routes[];

enum cs_code caa_init(void *self, struct svc *svc, struct cs_err *err);
void caa_fini(void *self);
bool caa_ready(const void *self);
/* look.c: ends in one event, or gives the order back while the answers cannot be kept. */
void caa_start(void *self, struct svc_work *work);

#endif
