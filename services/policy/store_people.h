/* SPDX-License-Identifier: Apache-2.0 */
/* store_people.h: what store.c's load and save are made of beside it: who asks, and how people come in. */
#ifndef POLICY_STORE_PEOPLE_H
#define POLICY_STORE_PEOPLE_H

#include "db/db.h"
#include "svc/svc.h"

/*
 * Gives the case of every ask.policy.* question of the batch one struct people_world with what the questions'
 * struct people_ask name.  Waits only when there is such a question.
 */
CS_MUST_USE enum cs_code store_load_people(struct svc_batch *batch, struct cs_err *err);
/* CS_CONFLICT: an invitation or a session was used up by somebody else at once. */
CS_MUST_USE enum cs_code store_save_people(struct svc_batch *batch, struct cs_err *err);
/* Credentials a day after their end, and failures that no longer count. */
CS_MUST_USE enum cs_code store_sweep_people(
    struct db *db, int64_t now_ms, struct cs_arena *arena, bool *ret_more, struct cs_err *err);

#endif
