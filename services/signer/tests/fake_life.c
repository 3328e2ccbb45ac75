/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fake_life.h"

#include <stdlib.h>
#include <string.h>

#include "handler.h"
#include "wire.h"

struct fake_life fake_life;

void
fake_life_clear(struct cs_arena *arena)
{
	fake_life = (struct fake_life){ .arena = arena };
}

struct fake_life_row *
fake_life_row(struct cs_id request)
{
	for (size_t i = 0; i < fake_life.n_rows; i++) {
		if (cs_id_equal(fake_life.rows[i].request, request))
			return &fake_life.rows[i];
	}
	return NULL;
}

struct record_list *
fake_life_list(const char *issuer, uint32_t partition)
{
	for (size_t i = 0; i < fake_life.n_lists; i++) {
		struct record_list *list = &fake_life.lists[i];

		if (list->partition == partition && strcmp(list->issuer, issuer) == 0)
			return list;
	}
	return NULL;
}

/* ---- load ---- */

static int
by_serial(const void *a, const void *b)
{
	const struct pki_crl_entry *x = a, *y = b;

	return pki_crl_compare(x->serial, y->serial);
}

static void
load_entries(struct svc_batch *batch, struct record_list *list)
{
	struct pki_crl_entry *listed = CS_NEW_ARRAY(batch->arena, FAKE_LIVES, struct pki_crl_entry);
	int64_t *changes = CS_NEW_ARRAY(batch->arena, FAKE_CHANGES, int64_t);

	for (size_t i = 0; i < fake_life.n_rows; i++) {
		const struct fake_life_row *row = &fake_life.rows[i];

		if (row->revocation.is_there && strcmp(row->issuer, list->issuer) == 0 &&
		    (list->partition == 0 || list->partition == row->choice.crl_partition) &&
		    row->revocation.not_after_s >= list->this_update_s)
			listed[list->n_listed++] =
			    (struct pki_crl_entry){ cs_span_of(row->choice.serial, GATE_SERIAL),
				    row->revocation.revoked_at_ms / 1000, row->revocation.reason };
	}
	qsort(listed, list->n_listed, sizeof(*listed), by_serial);
	for (size_t i = 0; i < fake_life.n_changes; i++)
		changes[i] = fake_life.changes[i].id;
	list->listed = listed;
	list->changes = changes;
	list->n_changes = fake_life.n_changes;
}

static void
load_list(struct svc_batch *batch, struct signer_record *record)
{
	const struct signer_service *signer = batch->self;
	size_t n;
	const struct crls_place *all = crls_all(batch->arena, signer->issuers, batch->now_ms, &n);

	record->list = CS_NEW(batch->arena, struct record_list);
	for (size_t i = 0; i < n; i++) {
		const struct record_list *had = fake_life_list(all[i].issuer, all[i].partition);

		if (!cs_id_equal(all[i].key, record->c.id))
			continue;
		if (had != NULL)
			*record->list = *had;
		record->list->issuer = all[i].issuer;
		record->list->partition = all[i].partition;
		record->list->der = (struct cs_span){ 0 };
		load_entries(batch, record->list);
		return;
	}
	cs_assert(false); /* no CA has this list */
}

/* Asked of the newest list that was made. */
static void
load_question(struct svc_batch *batch, const struct svc_event *ev, struct signer_record *record)
{
	struct record_question *q = CS_NEW(batch->arena, struct record_question);
	const struct wire_crl_ask *ask = ev->what;

	record->question = q;
	if (ask == NULL)
		return;
	const struct record_list *list = fake_life_list(ask->issuer, ask->partition);
	q->here = list != NULL && list->made_number == ask->number;
	if (!q->here || ask->offset >= list->der.len)
		return;
	q->size = (uint32_t)list->der.len;
	q->part = cs_span_of(list->der.data + ask->offset, list->der.len - ask->offset);
}

static const char *
why_blocked(const uint8_t spki_sha256[static 32])
{
	for (size_t i = 0; i < fake_life.n_blocked; i++) {
		if (memcmp(fake_life.blocked[i], spki_sha256, 32) == 0)
			return fake_life.blocked_why[i];
	}
	return NULL;
}

void
fake_life_load(struct svc_batch *batch, struct svc_aggregate *aggregate)
{
	struct signer_record *record = aggregate->state;
	const struct svc_event *ev = aggregate->events[0];
	const struct fake_life_row *row = fake_life_row(aggregate->key);

	if (strcmp(ev->subject, "clock.crl-due") == 0 || strcmp(ev->subject, "work.crl") == 0)
		load_list(batch, record);
	else if (strncmp(ev->subject, "ask.signer.crl", 14) == 0)
		load_question(batch, ev, record);
	if (row == NULL)
		return;
	record->issued = row->issued;
	if (row->issued.is_there)
		record->issued.blocked_why = why_blocked(row->issued.spki_sha256);
	record->revocation = row->revocation;
	record->revocation.is_new = record->revocation.changed = false;
}

/* ---- save ---- */

static void
save_list(const struct record_list *list)
{
	struct record_list *kept = fake_life_list(list->issuer, list->partition);
	struct cs_span der;

	if (kept == NULL) {
		cs_assert(fake_life.n_lists < FAKE_LISTS && !list->is_stored);
		kept = &fake_life.lists[fake_life.n_lists++];
	} else {
		cs_assert(kept->version == list->version && list->number >= kept->number);
	}
	der = list->der.len > 0 ? cs_arena_copy_span(fake_life.arena, list->der) : kept->der;
	*kept = *list;
	kept->der = der;
	kept->is_stored = true;
	kept->version++;
	kept->changed = kept->taken = false;
	kept->listed = NULL;
	kept->changes = NULL;
	kept->n_listed = kept->n_changes = 0;
	for (size_t i = 0; list->taken && i < fake_life.n_changes; i++)
		fake_life.changes[i].number = list->number;
	if (list->der.len > 0 && !list->taken)
		fake_life.n_changes = 0;
}

static void
save_revocation(struct fake_life_row *row, const struct signer_record *record)
{
	row->revocation = record->revocation;
	row->revocation.text = cs_arena_strdup(fake_life.arena, record->revocation.text);
	cs_assert(fake_life.n_changes < FAKE_CHANGES);
	fake_life.changes[fake_life.n_changes++] =
	    (struct fake_change){ .id = (int64_t)fake_life.n_changes + 1 };
}

static struct fake_life_row *
row_of(const struct signer_record *record)
{
	struct fake_life_row *row = fake_life_row(record->c.id);

	if (row == NULL) {
		cs_assert(fake_life.n_rows < FAKE_LIVES);
		row = &fake_life.rows[fake_life.n_rows++];
		row->request = record->c.id;
		row->choice = record->intent.choice;
		row->issuer = cs_arena_strdup(fake_life.arena, record->intent.issuer);
	}
	return row;
}

void
fake_life_save(const struct svc_batch *batch, const struct signer_record *record)
{
	if (record->list != NULL && record->list->changed)
		save_list(record->list);
	if (record->certificate.der.len > 0) {
		struct record_issued *issued = &row_of(record)->issued;

		*issued = (struct record_issued){ .is_there = true,
			.enterprise =
			    cs_arena_strdup(fake_life.arena, record->certificate.enterprise),
			.account = cs_arena_strdup(fake_life.arena, record->certificate.account),
			.issued_at_ms = batch->now_ms,
			.not_after_s = record->certificate.not_after_s };
		memcpy(issued->spki_sha256, record->certificate.spki_sha256, 32);
	}
	if (record->revocation.is_new || record->revocation.changed)
		save_revocation(row_of(record), record);
	for (const struct record_revocation_statement *s = record->revocation_statements;
	     s != NULL && record->intent.issuer != NULL; s = s->next)
		row_of(record)->n_statements++;
	if (record->remind_days != 0)
		row_of(record)->issued.reminded_days = record->remind_days;
	if (record->block_why != NULL) {
		cs_assert(fake_life.n_blocked < FAKE_LIVES);
		memcpy(fake_life.blocked[fake_life.n_blocked], record->issued.spki_sha256, 32);
		fake_life.blocked_why[fake_life.n_blocked++] = record->block_why;
	}
}
