/* SPDX-License-Identifier: Apache-2.0 */
/* handler.h: orders and domain evidence in, a round of questions, one evidence out. */
#ifndef HANDLER_H
#define HANDLER_H

#include "connector/book.h"
#include "mpic.h"
#include "services.h"
#include "svc/svc.h"

struct mpic_service {
	const char *key_file, *trust_file, *approvers_file, *perspectives;
	const char *sealing_key_file, *connector_ca_file;
	uint32_t answer_ms, service_answer_ms;
	struct svc *svc;
	struct claim_key *key;
	struct claim_trust *trust;
	struct pki_seal_key *sealing_key; /* NULL: none */
	struct connector_book *book; /* how many must agree, and who else is asked, by enterprise */
	struct services *services;
	struct cs_arena *arena;
	struct mpic_remote remotes[MPIC_REMOTES_MAX];
	size_t n_remotes;
};

extern const struct svc_route mpic_routes[];

enum cs_code mpic_init(void *self, struct svc *svc, struct cs_err *err);
void mpic_fini(void *self);
/* svc_told of config.connector. */
void mpic_told(void *self, struct cs_span body);
void mpic_start(void *self, struct svc_work *work);

#endif
