/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_store.h"

#include <string.h>

#define ROWS 64

static struct {
	struct cs_arena *arena;
	struct cs_id requests[ROWS];
	struct domain_challenge rows[ROWS];
	size_t n;
	struct cs_id rejected;
} store;

void
fake_store_reset(void)
{
	if (store.arena != NULL)
		cs_arena_free(store.arena);
	memset(&store, 0, sizeof(store));
	store.arena = cs_arena_new();
}

void
fake_store_reject(struct cs_id request)
{
	store.rejected = request;
}

size_t
fake_store_rows(void)
{
	return store.n;
}

static struct domain_challenge *
row_of(struct cs_id request, const char *check_id)
{
	for (size_t i = 0; i < store.n; i++)
		if (cs_id_equal(store.requests[i], request) &&
		    strcmp(store.rows[i].check_id, check_id) == 0)
			return &store.rows[i];
	return NULL;
}

const struct domain_challenge *
fake_store_challenge(struct cs_id request, const char *check_id)
{
	return row_of(request, check_id);
}

void
fake_store_spoil(struct cs_id request, struct cs_span octets)
{
	for (size_t i = 0; i < store.n; i++)
		if (cs_id_equal(store.requests[i], request))
			store.rows[i].asked = octets;
}

enum cs_code
store_load_requests(struct svc_batch *batch, struct cs_err *err)
{
	(void)err;
	for (size_t i = 0; i < batch->n; i++) {
		struct domain_request *request = CS_NEW(batch->arena, struct domain_request);

		for (size_t k = 0; k < store.n; k++)
			if (cs_id_equal(store.requests[k], batch->aggregates[i].key))
				request->items[request->n++] = store.rows[k];
		batch->aggregates[i].state = request;
	}
	return CS_OK;
}

static void
save(struct cs_id key, const struct domain_challenge *challenge)
{
	struct domain_challenge *row = row_of(key, challenge->check_id);

	if (row == NULL) {
		cs_assert(store.n < ROWS);
		store.requests[store.n] = key;
		row = &store.rows[store.n++];
	}
	*row = *challenge;
	row->check_id = cs_arena_strdup(store.arena, challenge->check_id);
	row->domain = cs_arena_strdup(store.arena, challenge->domain);
	row->enterprise = cs_arena_strdup(store.arena, challenge->enterprise);
	row->account = cs_arena_strdup(store.arena, challenge->account);
	row->value = cs_arena_strdup(store.arena, challenge->value);
	row->pressed_by = cs_arena_strdup(store.arena, challenge->pressed_by);
	for (size_t i = 0; i < DOMAIN_VALUES_MAX - 1; i++)
		row->older[i].text = cs_arena_strdup(store.arena, challenge->older[i].text);
	row->asked = cs_arena_copy_span(store.arena, challenge->asked);
	row->version++;
	row->changed = false;
}

enum cs_code
store_save_requests(struct svc_batch *batch, struct cs_err *err)
{
	for (size_t i = 0; i < batch->n; i++)
		if (cs_id_equal(batch->aggregates[i].key, store.rejected))
			return cs_fail(err, CS_INTERNAL, "told to fail");
	for (size_t i = 0; i < batch->n; i++) {
		const struct domain_request *request = batch->aggregates[i].state;

		for (size_t k = 0; k < request->n; k++)
			if (request->items[k].changed)
				save(batch->aggregates[i].key, &request->items[k]);
	}
	return CS_OK;
}
