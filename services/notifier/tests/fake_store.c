/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_store.h"

#include <string.h>

#define ROWS 64

struct row {
	struct cs_id request;
	struct notify_case c; /* replies in `arena` */
};

static struct {
	struct cs_arena *arena;
	struct row rows[ROWS];
	size_t n_rows;
	struct cs_id rejected;
} store;

void
fake_store_reset(void)
{
	cs_arena_free(store.arena);
	memset(&store, 0, sizeof(store));
	store.arena = cs_arena_new();
}

void
fake_store_reject(struct cs_id request)
{
	store.rejected = request;
}

static struct row *
row_of(struct cs_id request)
{
	for (size_t i = 0; i < store.n_rows; i++)
		if (cs_id_equal(store.rows[i].request, request))
			return &store.rows[i];
	return NULL;
}

struct notify_delivery
fake_store_row(struct cs_id request, enum notify_kind kind)
{
	const struct row *row = row_of(request);

	return row == NULL ? (struct notify_delivery){ 0 } : row->c.deliveries[kind];
}

enum cs_code
store_load_cases(struct svc_batch *batch, struct cs_err *err)
{
	(void)err;
	for (size_t i = 0; i < batch->n; i++) {
		struct notify_case *made = CS_NEW(batch->arena, struct notify_case);
		const struct row *row = row_of(batch->aggregates[i].key);

		if (row != NULL)
			*made = row->c;
		batch->aggregates[i].state = made;
	}
	return CS_OK;
}

static void
save(struct cs_id request, const struct notify_case *c)
{
	struct row *row = row_of(request);

	if (row == NULL) {
		cs_assert(store.n_rows < ROWS);
		row = &store.rows[store.n_rows++];
		row->request = request;
	}
	for (enum notify_kind kind = 0; kind < NOTIFY_KINDS; kind++) {
		struct notify_delivery *to = &row->c.deliveries[kind];

		if (!c->deliveries[kind].changed)
			continue;
		*to = c->deliveries[kind];
		to->reply = cs_arena_strdup(store.arena, to->reply == NULL ? "" : to->reply);
		to->changed = false;
		to->version++;
	}
}

enum cs_code
store_save_cases(struct svc_batch *batch, struct cs_err *err)
{
	for (size_t i = 0; i < batch->n; i++)
		if (cs_id_equal(batch->aggregates[i].key, store.rejected))
			return cs_fail(err, CS_INTERNAL, "told to fail");
	for (size_t i = 0; i < batch->n; i++)
		save(batch->aggregates[i].key, batch->aggregates[i].state);
	return CS_OK;
}
