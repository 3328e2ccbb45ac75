/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_store.h"

#include <string.h>

#include "wire.h"

#define ROWS 64

struct row {
	struct cs_id request;
	struct mailbox_challenge challenge; /* everything in `arena` */
};

static struct {
	struct cs_arena *arena;
	struct row rows[ROWS];
	size_t n_rows;
	struct cs_id rejected;
	int conflicts;
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

void
fake_store_conflict(int times)
{
	store.conflicts = times;
}

size_t
fake_store_rows(void)
{
	return store.n_rows;
}

static struct row *
row_of(struct cs_id request, const char *check_id)
{
	for (size_t i = 0; i < store.n_rows; i++)
		if (cs_id_equal(store.rows[i].request, request) &&
		    strcmp(store.rows[i].challenge.check_id, check_id) == 0)
			return &store.rows[i];
	return NULL;
}

const struct mailbox_challenge *
fake_store_row(struct cs_id request, const char *check_id)
{
	const struct row *row = row_of(request, check_id);

	return row == NULL ? NULL : &row->challenge;
}

static const char *
keep_text(struct cs_arena *arena, const char *text)
{
	return text == NULL ? NULL : cs_arena_strdup(arena, text);
}

/* A copy that shares nothing with the original and knows only what a table knows. */
static struct mailbox_challenge
copy(struct cs_arena *arena, const struct mailbox_challenge *from)
{
	struct mailbox_challenge to = *from;
	struct mailbox_asked asked;

	to.check_id = keep_text(arena, from->check_id);
	to.wish_enterprise = keep_text(arena, from->wish_enterprise);
	to.wish_account = keep_text(arena, from->wish_account);
	to.wish_method = keep_text(arena, from->wish_method);
	to.evidence = cs_arena_copy_span(arena, from->evidence);
	to.asked_octets = cs_arena_copy_span(arena, from->asked_octets);
	to.asked = (struct claim_asked){ 0 };
	if (to.asked_octets.len > 0) {
		cs_assert(wire_read_asked(arena, to.asked_octets, &asked, NULL) == CS_OK);
		to.asked = asked.asked;
		to.to = asked.to;
	}
	to.mails = CS_NEW_ARRAY(arena, from->n_mails, struct mailbox_mail);
	for (size_t i = 0; i < from->n_mails; i++) {
		to.mails[i] = from->mails[i];
		to.mails[i].reply = keep_text(arena, from->mails[i].reply);
		to.mails[i].route = cs_arena_copy_span(arena, from->mails[i].route);
		to.mails[i].is_new = to.mails[i].changed = false;
	}
	to.changed = false;
	return to;
}

struct cs_span
fake_store_octets(struct cs_arena *arena)
{
	struct cs_buf all = cs_buf_new(arena);

	for (size_t i = 0; i < store.n_rows; i++) {
		const struct mailbox_challenge *c = &store.rows[i].challenge;

		cs_buf_add_str(&all, c->check_id);
		cs_buf_add_span(&all, c->asked_octets);
		cs_buf_add_span(&all, c->evidence);
		cs_buf_add_str(&all, c->wish_account == NULL ? "" : c->wish_account);
		for (size_t k = 0; k < c->n_mails; k++) {
			cs_buf_add(&all, c->mails[k].id.octets, 16);
			cs_buf_add(&all, c->mails[k].nonce, MAILBOX_NONCE);
			cs_buf_add(&all, c->mails[k].mac, MAILBOX_MAC);
			cs_buf_add_str(&all, c->mails[k].reply);
			cs_buf_add_span(&all, c->mails[k].route);
		}
	}
	return cs_buf_span(&all);
}

static void
count_mail(struct mailbox_count *count, int64_t made_ms, int64_t now_ms)
{
	count->hour += made_ms > now_ms - CS_HOUR_MS;
	count->day += made_ms > now_ms - CS_DAY_MS;
	if (made_ms > count->last_ms)
		count->last_ms = made_ms;
}

static void
count_mails(struct mailbox_tally *tally, struct cs_arena *arena, const struct mailbox_addressee *to)
{
	(void)mailbox_tally_add(tally, arena, MAILBOX_OF_MAILBOX, to->mailbox, "");
	(void)mailbox_tally_add(tally, arena, MAILBOX_OF_DOMAIN, to->domain, "");
	(void)mailbox_tally_add(tally, arena, MAILBOX_OF_ACCOUNT, to->enterprise, to->account);
}

static void
count_all(struct mailbox_tally *tally, int64_t now_ms)
{
	for (size_t i = 0; i < store.n_rows; i++) {
		const struct mailbox_challenge *c = &store.rows[i].challenge;

		for (size_t k = 0; k < c->n_mails; k++) {
			int64_t made_ms = c->mails[k].made_ms;
			struct mailbox_count *mailbox =
			    mailbox_tally_find(tally, MAILBOX_OF_MAILBOX, c->to.mailbox, "");
			const int64_t last_ms = mailbox->last_ms;

			count_mail(mailbox, made_ms, now_ms);
			if (c->mails[k].state == MAILBOX_UNROUTED)
				mailbox->last_ms = last_ms;
			count_mail(mailbox_tally_find(tally, MAILBOX_OF_DOMAIN, c->to.domain, ""),
			    made_ms, now_ms);
			count_mail(mailbox_tally_find(
				       tally, MAILBOX_OF_ACCOUNT, c->to.enterprise, c->to.account),
			    made_ms, now_ms);
		}
	}
}

static struct mailbox_tally *
make_tally(const struct svc_batch *batch)
{
	struct mailbox_tally *tally = CS_NEW(batch->arena, struct mailbox_tally);

	for (size_t i = 0; i < store.n_rows; i++)
		if (store.rows[i].challenge.asked_octets.len > 0)
			count_mails(tally, batch->arena, &store.rows[i].challenge.to);
	for (size_t i = 0; i < batch->n; i++)
		for (size_t k = 0; k < batch->aggregates[i].n_events; k++) {
			const struct svc_event *ev = batch->aggregates[i].events[k];
			const struct mailbox_asked *asked = ev->what;

			if (strcmp(ev->subject, "plan.mailbox-asked") == 0)
				count_mails(tally, batch->arena, &asked->to);
		}
	count_all(tally, batch->now_ms);
	return tally;
}

enum cs_code
store_load_cases(struct svc_batch *batch, struct cs_err *err)
{
	struct mailbox_tally *tally = make_tally(batch);

	(void)err;
	for (size_t i = 0; i < batch->n; i++) {
		struct mailbox_case *made = CS_NEW(batch->arena, struct mailbox_case);

		made->tally = tally;
		for (size_t k = 0; k < store.n_rows; k++) {
			if (!cs_id_equal(store.rows[k].request, batch->aggregates[i].key))
				continue;
			const struct mailbox_challenge challenge =
			    copy(batch->arena, &store.rows[k].challenge);

			mailbox_put(made, batch->arena, &challenge);
		}
		batch->aggregates[i].state = made;
	}
	return CS_OK;
}

static void
save(struct cs_id request, const struct mailbox_challenge *challenge)
{
	struct row *row = row_of(request, challenge->check_id);

	if (row == NULL) {
		cs_assert(store.n_rows < ROWS);
		row = &store.rows[store.n_rows++];
		row->request = request;
	}
	row->challenge = copy(store.arena, challenge);
	row->challenge.version++;
}

enum cs_code
store_save_cases(struct svc_batch *batch, struct cs_err *err)
{
	if (store.conflicts > 0) {
		store.conflicts--;
		return cs_fail(err, CS_CONFLICT, "told to be slow");
	}
	for (size_t i = 0; i < batch->n; i++)
		if (cs_id_equal(batch->aggregates[i].key, store.rejected))
			return cs_fail(err, CS_INTERNAL, "told to fail");
	for (size_t i = 0; i < batch->n; i++) {
		const struct mailbox_case *c = batch->aggregates[i].state;

		for (size_t k = 0; k < c->n; k++)
			if (c->challenges[k].changed)
				save(batch->aggregates[i].key, &c->challenges[k]);
	}
	return CS_OK;
}
