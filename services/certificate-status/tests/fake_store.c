/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_store.h"

#include <string.h>

#define ROWS 64

static struct {
	struct cs_arena *arena;
	struct {
		struct cs_id key;
		struct status_row row; /* what it points to is in `arena` */
	} rows[ROWS];
	size_t n;
} store;

void
fake_store_reset(void)
{
	cs_arena_free(store.arena);
	memset(&store, 0, sizeof(store));
	store.arena = cs_arena_new();
}

const struct status_row *
fake_store_find(struct cs_span name)
{
	for (size_t i = 0; i < store.n; i++)
		if (cs_span_equal(store.rows[i].row.serial, name) ||
		    cs_span_equal(store.rows[i].row.octets, name))
			return &store.rows[i].row;
	return NULL;
}

size_t
fake_store_count(void)
{
	return store.n;
}

static size_t
place_of(struct cs_id key)
{
	size_t i = 0;

	while (i < store.n && !cs_id_equal(store.rows[i].key, key))
		i++;
	return i;
}

enum cs_code
store_load_rows(struct svc_batch *batch, struct cs_err *err)
{
	(void)err;
	for (size_t i = 0; i < batch->n; i++) {
		struct status_row *row = CS_NEW(batch->arena, struct status_row);
		const size_t place = place_of(batch->aggregates[i].key);

		if (place < store.n)
			*row = store.rows[place].row;
		batch->aggregates[i].state = row;
	}
	return CS_OK;
}

enum cs_code
store_save_rows(struct svc_batch *batch, struct cs_err *err)
{
	(void)err;
	for (size_t i = 0; i < batch->n; i++) {
		const struct status_row *row = batch->aggregates[i].state;
		const size_t place = place_of(batch->aggregates[i].key);

		if (!row->changed)
			continue;
		cs_assert(place < ROWS);
		store.rows[place].key = batch->aggregates[i].key;
		store.rows[place].row = *row;
		store.rows[place].row.changed = false;
		store.rows[place].row.issuer = cs_arena_strdup(store.arena, row->issuer);
		store.rows[place].row.serial = cs_arena_copy_span(store.arena, row->serial);
		store.rows[place].row.octets = cs_arena_copy_span(store.arena, row->octets);
		store.n += place == store.n;
	}
	return CS_OK;
}

/* Nobody asks these in memory. */
enum cs_code
store_read_page(const void *self, struct db *db, struct cs_span ask, const void *context,
    struct cs_arena *arena, uint32_t *ret_status, struct cs_span *ret_body, struct cs_err *err)
{
	(void)self, (void)db, (void)ask, (void)context, (void)arena, (void)ret_status;
	(void)ret_body;
	return cs_fail(err, CS_UNAVAILABLE, "no database");
}

enum cs_code
store_read_crl(const void *self, struct db *db, struct cs_span ask, const void *context,
    struct cs_arena *arena, uint32_t *ret_status, struct cs_span *ret_body, struct cs_err *err)
{
	return store_read_page(self, db, ask, context, arena, ret_status, ret_body, err);
}

enum cs_code
store_sweep_certificates(const void *self, struct db *db, int64_t now_ms, struct cs_arena *arena,
    bool *ret_more, struct cs_err *err)
{
	(void)self, (void)db, (void)now_ms, (void)arena, (void)ret_more;
	return cs_fail(err, CS_UNAVAILABLE, "no database");
}
