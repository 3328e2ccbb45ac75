/* SPDX-License-Identifier: Apache-2.0 */
/* fake_store.h: the signer's tables in memory, in plain sight. */
#ifndef SIGNER_FAKE_STORE_H
#define SIGNER_FAKE_STORE_H

#include "audit/audit.h"
#include "store.h"

#define FAKE_ROWS 8
#define FAKE_PROOFS 32
#define FAKE_AUDITS 32

struct fake_row {
	struct cs_id request;
	struct signer_record record; /* as load would give it, without evidence and denials */
	struct cs_span certificate;
	uint8_t waits_for[CLAIM_MAX_CHECKS][CLAIM_DIGEST];
	size_t n_waits_for;
};

extern struct fake_store {
	struct cs_arena *arena;
	struct fake_row rows[FAKE_ROWS];
	size_t n_rows;
	struct gate_evidence proofs[FAKE_PROOFS];
	size_t n_proofs;
	struct audit_record audits[FAKE_AUDITS];
	size_t n_audits;
	struct gate_key keys[FAKE_ROWS]; /* the registry */
	size_t n_keys;
	struct audit_head head; /* the newest */
	size_t n_heads;
	unsigned conflicts; /* that the next saves report */
} fake_store;

void fake_store_clear(void);
struct fake_row *fake_store_row(struct cs_id request); /* NULL: none */
size_t fake_store_audits(const char *action);
/* Requests that wait for evidence which is here by now, as the clock finds them. */
size_t fake_store_found(struct cs_id *ret_keys, size_t max);

#endif
