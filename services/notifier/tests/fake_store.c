/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_store.h"

#include <string.h>

#include "base/time.h"
#include "on_codes.h"

#define ROWS 64
#define SENT 64

struct row {
	struct cs_id request;
	struct notify_case c; /* replies in `arena` */
};

static struct {
	struct cs_arena *arena;
	struct row rows[ROWS];
	size_t n_rows;
	struct cs_id rejected;
	struct codes_challenge sent[SENT]; /* each that was made */
	size_t n_sent;
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

struct codes_challenge *
fake_store_challenge(struct cs_id request, const char *account)
{
	const struct row *row = row_of(request);

	return row == NULL ? NULL : notify_challenge_of(&row->c, "demo", account);
}

static struct codes_challenge
copy_of(struct cs_arena *arena, const struct codes_challenge *from)
{
	struct codes_challenge copy = *from;

	copy.enterprise = cs_arena_strdup(arena, from->enterprise);
	copy.account = cs_arena_strdup(arena, from->account);
	copy.method = cs_arena_strdup(arena, from->method);
	copy.identity = cs_arena_strdup(arena, from->identity != NULL ? from->identity : "");
	copy.changed = copy.is_new = false;
	return copy;
}

static struct codes_tally *
tally_of(const struct svc_batch *batch, const struct claim_factor_order *order)
{
	struct codes_tally *tally = CS_NEW(batch->arena, struct codes_tally);

	*tally = (struct codes_tally){ .enterprise = order->enterprise, .account = order->account };
	for (size_t i = 0; i < store.n_sent; i++) {
		const struct codes_challenge *sent = &store.sent[i];

		if (strcmp(sent->enterprise, order->enterprise) != 0 ||
		    strcmp(sent->account, order->account) != 0 ||
		    sent->made_ms <= batch->now_ms - CS_HOUR_MS)
			continue;
		if (tally->n++ == 0)
			tally->oldest_ms = sent->made_ms;
	}
	return tally;
}

static void
load_codes(const struct svc_batch *batch, const struct svc_aggregate *aggregate)
{
	struct notify_case *c = aggregate->state;
	const struct codes_challenge *stored = c->challenges;

	c->challenges = CS_NEW_ARRAY(
	    batch->arena, c->n_challenges + aggregate->n_events, struct codes_challenge);
	for (size_t i = 0; i < c->n_challenges; i++)
		c->challenges[i] = stored[i];
	for (size_t i = 0; i < aggregate->n_events; i++)
		if (notify_is_counted(aggregate->events[i]))
			c->tallies = tally_of(batch, notify_order_of(aggregate->events[i]));
}

static void
save_codes(struct row *row, const struct notify_case *c)
{
	row->c.challenges = CS_NEW_ARRAY(store.arena, c->n_challenges, struct codes_challenge);
	row->c.n_challenges = c->n_challenges;
	for (size_t i = 0; i < c->n_challenges; i++) {
		row->c.challenges[i] = copy_of(store.arena, &c->challenges[i]);
		if (!c->challenges[i].is_new)
			continue;
		cs_assert(store.n_sent < SENT);
		store.sent[store.n_sent++] = row->c.challenges[i];
	}
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
		load_codes(batch, &batch->aggregates[i]);
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
	save_codes(row, c);
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
