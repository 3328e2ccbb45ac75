/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake_store.h: the store of the tests: rows in memory, kept as the real one keeps them
 * (envelopes and progress), so that every batch begins by reading.  It gives every case all
 * evidence of all enterprises: choosing is policy's business.
 */
#ifndef POLICY_FAKE_STORE_H
#define POLICY_FAKE_STORE_H

#include "policy.h"
#include "store.h"

void fake_store_reset(void);
/* What the tables say of everybody who asks; zero at first. */
void fake_store_config(const struct policy_config *config);
/* Saving this request fails. */
void fake_store_reject(struct cs_id request);
/* A record that was withdrawn and not told, for the case of its id; copied. */
void fake_store_withdraw(const struct policy_identity *identity);
/* As load would show it, in `arena`; state POLICY_NEW without anything: no row. */
struct policy_plan fake_store_plan(struct cs_id request, struct cs_arena *arena);
size_t fake_store_plans(void);
/* To whom it was bound; NULL: to nobody. */
const char *fake_store_owner(const char *domain);
size_t fake_store_proofs(void);

#endif
