/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fake_store.h"

#include <string.h>

#include "own.h"
#include "sign.h"
#include "tests/fake_life.h"

struct fake_store fake_store;

void
fake_store_clear(void)
{
	struct cs_arena *arena = fake_store.arena;

	if (arena == NULL)
		arena = cs_arena_new();
	cs_arena_reset(arena);
	fake_store = (struct fake_store){ .arena = arena };
	fake_life_clear(arena);
}

struct fake_row *
fake_store_row(struct cs_id request)
{
	for (size_t i = 0; i < fake_store.n_rows; i++) {
		if (cs_id_equal(fake_store.rows[i].request, request))
			return &fake_store.rows[i];
	}
	return NULL;
}

size_t
fake_store_audits(const char *action)
{
	size_t n = 0;

	for (size_t i = 0; i < fake_store.n_audits; i++)
		n += strcmp(fake_store.audits[i].action, action) == 0;
	return n;
}

static bool
has_proof(const uint8_t sha256[static CLAIM_DIGEST])
{
	for (size_t i = 0; i < fake_store.n_proofs; i++) {
		if (memcmp(fake_store.proofs[i].sha256, sha256, CLAIM_DIGEST) == 0)
			return true;
	}
	return false;
}

size_t
fake_store_found(struct cs_id *ret_keys, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < fake_store.n_rows && n < max; i++) {
		const struct fake_row *row = &fake_store.rows[i];

		for (size_t k = 0; k < row->n_waits_for; k++) {
			if (has_proof(row->waits_for[k])) {
				ret_keys[n++] = row->request;
				break;
			}
		}
	}
	return n;
}

/* ---- load ---- */

static void
load_denials(struct svc_batch *batch, struct gate_case *c)
{
	c->denials = CS_NEW_ARRAY(batch->arena, fake_store.n_proofs, struct gate_denial);
	for (size_t i = 0; i < fake_store.n_proofs; i++) {
		const struct claim_evidence *e = &fake_store.proofs[i].e;

		if (e->outcome != CLAIM_REFUSED)
			continue;
		c->denials[c->n_denials] = (struct gate_denial){ .request = e->request,
			.attempt = e->attempt,
			.checked_at_ms = e->checked_at_ms };
		memcpy(c->denials[c->n_denials++].check_digest, e->check_digest, CLAIM_DIGEST);
	}
}

static const struct gate_key *
find_key(const uint8_t spki_sha256[static 32])
{
	for (size_t i = 0; i < fake_store.n_keys; i++) {
		if (memcmp(fake_store.keys[i].spki_sha256, spki_sha256, 32) == 0)
			return &fake_store.keys[i];
	}
	return NULL;
}

/* As stored, or as it just comes. */
static void
load_key(struct svc_aggregate *aggregate, struct cs_arena *arena, struct gate_case *c)
{
	struct cs_span envelope = c->request.envelope;

	for (size_t i = 0; i < aggregate->n_events && envelope.len == 0; i++) {
		const struct record_plan *plan = aggregate->events[i]->what;

		if (strcmp(aggregate->events[i]->subject, "plan.final") == 0)
			envelope = plan->parts.request;
	}
	c->key = (struct gate_key){ 0 };
	c->previous = (struct gate_previous){ 0 };
	if (envelope.len == 0 || !gate_asks(arena, envelope, &c->key, &c->previous))
		return;
	const struct gate_key *key = find_key(c->key.spki_sha256);
	if (key != NULL)
		c->key = *key;
	c->key.known = true;
}

static struct own *
load_own(struct cs_arena *arena, struct cs_id key)
{
	struct own *own = CS_NEW(arena, struct own);

	for (size_t i = 0; i < fake_store.n_audits; i++) {
		const struct audit_record *a = &fake_store.audits[i];
		uint8_t leaf[AUDIT_HASH];

		audit_leaf(a, leaf);
		audit_tree_add(&own->tree, leaf);
		if (cs_id_equal(a->request, key))
			own->told = a->detail;
	}
	own->newest = fake_store.head;
	return own;
}

/* As the store does: what a signature is stored with, and nothing that could be judged by. */
static void
load_lean(struct signer_record *record)
{
	record->lean = true;
	record->c.approval = record->c.plan = (struct gate_received){ 0 };
	record->plan_revision = 0;
	record->c.n_evidence = record->c.n_denials = 0;
}

enum cs_code
store_load_records(struct svc_batch *batch, struct cs_err *err)
{
	(void)err;
	for (size_t i = 0; i < batch->n; i++) {
		struct signer_record *record = CS_NEW(batch->arena, struct signer_record);
		const struct fake_row *row = fake_store_row(batch->aggregates[i].key);

		if (row != NULL)
			*record = row->record;
		record->c.id = batch->aggregates[i].key;
		record->c.evidence = CS_NEW_ARRAY(batch->arena, FAKE_PROOFS, struct gate_evidence);
		memcpy(record->c.evidence, fake_store.proofs,
		    fake_store.n_proofs * sizeof(struct gate_evidence));
		record->c.n_evidence = fake_store.n_proofs;
		load_denials(batch, &record->c);
		load_key(&batch->aggregates[i], batch->arena, &record->c);
		if (sign_brings_all(&batch->aggregates[i]) &&
		    sign_fits(&batch->aggregates[i], &record->intent))
			load_lean(record);
		if (strcmp(batch->aggregates[i].events[0]->subject, "clock.own") == 0)
			record->own = load_own(batch->arena, record->c.id);
		batch->aggregates[i].state = record;
		fake_life_load(batch, &batch->aggregates[i]);
	}
	return CS_OK;
}

/* ---- save ---- */

static struct cs_span
keep(struct cs_span span)
{
	return span.len > 0 ? cs_arena_copy_span(fake_store.arena, span) : (struct cs_span){ 0 };
}

static void
save_proof(const struct gate_evidence *evidence)
{
	struct gate_evidence *kept = &fake_store.proofs[fake_store.n_proofs];

	for (size_t i = 0; i < fake_store.n_proofs; i++) {
		const struct claim_evidence *had = &fake_store.proofs[i].e;

		if (cs_id_equal(had->request, evidence->e.request) &&
		    had->attempt == evidence->e.attempt &&
		    memcmp(had->check_digest, evidence->e.check_digest, CLAIM_DIGEST) == 0)
			return; /* the first result counts */
	}
	cs_assert(fake_store.n_proofs++ < FAKE_PROOFS);
	*kept = *evidence;
	kept->received.envelope = keep(evidence->received.envelope);
	cs_assert(claim_open_evidence(
		      fake_store.arena, NULL, kept->received.envelope, 0, &kept->e, NULL) == CS_OK);
}

static void
save_audits(const struct svc_batch *batch, const struct signer_record *record)
{
	for (const struct record_audit *a = record->audits; a != NULL; a = a->next) {
		const size_t n = fake_store.n_audits++;

		cs_assert(n < FAKE_AUDITS);
		fake_store.audits[n] = (struct audit_record){ .seq = (int64_t)n + 1,
			.at_ms = batch->now_ms,
			.request = record->c.id,
			.action = cs_arena_strdup(fake_store.arena, a->action),
			.detail = cs_arena_strdup(fake_store.arena, a->detail) };
	}
}

static void
save_keys(const struct signer_record *record)
{
	struct gate_key *key = &fake_store.keys[fake_store.n_keys];

	if (record->owner.enterprise == NULL || find_key(record->owner.spki_sha256) != NULL)
		return;
	cs_assert(fake_store.n_keys++ < FAKE_ROWS);
	*key = (struct gate_key){
		.enterprise = cs_arena_strdup(fake_store.arena, record->owner.enterprise),
		.account = cs_arena_strdup(fake_store.arena, record->owner.account),
	};
	memcpy(key->spki_sha256, record->owner.spki_sha256, sizeof(key->spki_sha256));
}

static void
save_row(struct fake_row *row, const struct signer_record *record)
{
	struct signer_record kept = {
		.c = record->c,
		.state = record->state,
		.version = record->version + 1,
		.plan_revision = record->plan_revision,
		.has_intent = record->has_intent,
		.intent = record->intent,
	};

	if (record->lean) { /* what was not loaded is as it was */
		kept.c.approval = row->record.c.approval;
		kept.c.plan = row->record.c.plan;
		kept.plan_revision = row->record.plan_revision;
	}
	kept.c.request.envelope = keep(record->c.request.envelope);
	kept.c.approval.envelope = keep(kept.c.approval.envelope);
	kept.c.plan.envelope = keep(kept.c.plan.envelope);
	kept.c.evidence = NULL;
	kept.c.denials = NULL;
	kept.c.n_evidence = kept.c.n_denials = 0;
	kept.intent.tbs = keep(record->intent.tbs);
	kept.intent.evidence = keep(record->intent.evidence);
	if (record->missing_changed) {
		for (row->n_waits_for = 0; row->n_waits_for < record->n_missing; row->n_waits_for++)
			memcpy(row->waits_for[row->n_waits_for],
			    record->missing[row->n_waits_for].sha256, CLAIM_DIGEST);
	}
	kept.n_waiting_for = row->n_waits_for;
	if (record->certificate.der.len > 0)
		row->certificate = keep(record->certificate.der);
	row->record = kept;
}

enum cs_code
store_save_records(struct svc_batch *batch, struct cs_err *err)
{
	if (fake_store.conflicts > 0) {
		fake_store.conflicts--;
		return cs_fail(err, CS_CONFLICT, "another replica was faster");
	}
	for (size_t i = 0; i < batch->n; i++) {
		const struct signer_record *record = batch->aggregates[i].state;
		struct fake_row *row = fake_store_row(record->c.id);

		fake_life_save(batch, record);
		save_audits(batch, record);
		if (record->own != NULL && record->own->head_is_new) {
			fake_store.head = record->own->head;
			fake_store.n_heads++;
		}
		if (record->own != NULL || record->list != NULL || record->question != NULL)
			continue;
		if (row == NULL) {
			cs_assert(fake_store.n_rows < FAKE_ROWS);
			row = &fake_store.rows[fake_store.n_rows++];
			row->request = record->c.id;
		}
		cs_assert(row->record.version == record->version);
		for (const struct record_evidence *e = record->evidence; e != NULL; e = e->next)
			save_proof(&e->evidence);
		save_keys(record);
		save_row(row, record);
	}
	return CS_OK;
}

enum cs_code
store_due_found(const void *self, struct db *db, int64_t now_ms, size_t max, struct cs_arena *arena,
    struct cs_id **ret_keys, size_t *ret_n, struct cs_err *err)
{
	(void)self;
	(void)db;
	(void)now_ms;
	(void)err;
	*ret_keys = CS_NEW_ARRAY(arena, max, struct cs_id);
	*ret_n = fake_store_found(*ret_keys, max);
	return CS_OK;
}
