/* SPDX-License-Identifier: Apache-2.0 */
/* fake_stage.h: questions about second factors through the real skeleton, with keys of policy's and notifier's. */
#ifndef NOTIFY_FAKE_STAGE_H
#define NOTIFY_FAKE_STAGE_H

#include "fake_world.h"
#include "svc/svc_test.h"

#define FAKE_CODE_KEY "0123456789abcdef0123456789abcdef"

struct fake_stage {
	struct fake_world *world;
	struct cs_arena *arena;
	struct svc_test *test;
	struct svc_service service;
	struct claim_key *policy, *approvers[2]; /* policy states orders and connectors */
	int64_t now_ms;
	unsigned n; /* events so far */
};

void fake_stage_begin(struct fake_stage *stage, struct fake_world *world);
void fake_stage_end(struct fake_stage *stage);
/* What the event was answered; empty: nothing. */
struct cs_span fake_stage_run(
    struct fake_stage *stage, const char *subject, struct cs_id key, struct cs_span body);
/* A length-delimited field, written by hand: the bus knows numbers, not names. */
void fake_stage_put(struct cs_buf *buf, unsigned number, struct cs_span octets);
/* The proof in field 3 of an answer, which nobody but notifier could have signed. */
struct claim_factor fake_stage_proof(const struct fake_stage *stage, struct cs_span answer);

#endif
