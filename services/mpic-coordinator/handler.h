/* SPDX-License-Identifier: Apache-2.0 */
/* handler.h: orders and domain evidence in, a round of questions, one evidence out. */
#ifndef HANDLER_H
#define HANDLER_H

#include "mpic.h"
#include "svc/svc.h"

struct mpic_service {
	const char *key_file, *trust_file, *approvers_file, *perspectives;
	uint32_t answer_ms;
	struct svc *svc;
	struct claim_key *key;
	struct claim_trust *trust;
	struct cs_arena *arena;
	struct mpic_remote remotes[MPIC_REMOTES_MAX];
	size_t n_remotes;
};

extern const struct svc_route mpic_routes[];

enum cs_code mpic_init(void *self, struct svc *svc, struct cs_err *err);
void mpic_fini(void *self);
void mpic_start(void *self, struct svc_work *work);

#endif
