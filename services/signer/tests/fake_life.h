/* SPDX-License-Identifier: Apache-2.0 */
/* fake_life.h: the tables of the later life of certificates in memory, beside fake_store.h. */
#ifndef SIGNER_FAKE_LIFE_H
#define SIGNER_FAKE_LIFE_H

#include "crls.h"
#include "record.h"
#include "svc/svc.h"

#define FAKE_LIVES 16
#define FAKE_LISTS 8
#define FAKE_CHANGES 32

struct fake_life_row {
	struct cs_id request;
	const char *issuer;
	struct gate_choice choice;
	struct record_issued issued; /* without blocked_why */
	struct record_revocation revocation;
	size_t n_statements;
};

struct fake_change {
	int64_t id, number; /* number 0: no list has taken it */
};

extern struct fake_life {
	struct cs_arena *arena;
	struct fake_life_row rows[FAKE_LIVES];
	size_t n_rows;
	uint8_t blocked[FAKE_LIVES][32];
	const char *blocked_why[FAKE_LIVES];
	size_t n_blocked;
	struct record_list lists[FAKE_LISTS]; /* der: of the newest that was made */
	size_t n_lists;
	struct fake_change changes[FAKE_CHANGES]; /* of one CA without partitions */
	size_t n_changes;
} fake_life;

void fake_life_clear(struct cs_arena *arena);
void fake_life_load(struct svc_batch *batch, struct svc_aggregate *aggregate);
void fake_life_save(const struct svc_batch *batch, const struct signer_record *record);
struct fake_life_row *fake_life_row(struct cs_id request);                  /* NULL: none */
struct record_list *fake_life_list(const char *issuer, uint32_t partition); /* NULL: none */

#endif
