/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.c: all queries of mailbox-validator.  Challenges are locked in the order of their keys, then
 * mailboxes in the order of their hashes, so replicas cannot deadlock.
 */
#include "store.h"

#include <string.h>

#include "db/db.h"
#include "handler.h"
#include "mailbox.h"
#include "wire.h"

#define REMEMBERED_MS (7 * CS_DAY_MS) /* how long after its end a code is still recognised */

static struct mailbox_case *
case_of(const struct svc_aggregate *aggregate)
{
	return aggregate->state;
}

/* ---- load: challenges ---- */

static const char load_challenges_sql[] =
    "select request, check_id, asked, wish_enterprise, wish_account, wished_ms, tries, mails_made,"
    " mails_sent, evidence, proved_mail, version, wish_method"
    " from challenge where request = any($1::uuid[]) order by request, check_id for update";

/* Our own row: its order was read before it was stored. */
static enum cs_code
read_order(struct cs_arena *arena, struct mailbox_challenge *challenge, struct cs_err *err)
{
	struct mailbox_asked asked;

	if (challenge->asked_octets.len == 0)
		return CS_OK;
	if (wire_read_asked(arena, challenge->asked_octets, &asked, err)) {
		err->code = CS_INTERNAL; /* it is our row, not the event, that is wrong */
		return CS_INTERNAL;
	}
	challenge->asked = asked.asked;
	challenge->to = asked.to;
	return CS_OK;
}

static enum cs_code
read_challenge(const struct db_rows *rows, size_t row, struct cs_arena *arena,
    struct mailbox_challenge *ret, struct cs_err *err)
{
	struct mailbox_challenge challenge = {
		.check_id = db_get_text(rows, row, 1),
		.asked_octets = db_get_bytes(rows, row, 2),
		.wished_ms = db_get_i64(rows, row, 5),
		.tries = (uint32_t)db_get_i32(rows, row, 6),
		.mails_made = (uint32_t)db_get_i32(rows, row, 7),
		.mails_sent = (uint32_t)db_get_i32(rows, row, 8),
		.evidence = db_get_bytes(rows, row, 9),
		.proved_mail = db_get_id(rows, row, 10),
		.version = (uint32_t)db_get_i32(rows, row, 11),
	};

	if (challenge.wished_ms != 0) {
		challenge.wish_enterprise = db_get_text(rows, row, 3);
		challenge.wish_account = db_get_text(rows, row, 4);
		challenge.wish_method = db_get_text(rows, row, 12);
	}
	if (read_order(arena, &challenge, err))
		return err->code;
	*ret = challenge;
	return CS_OK;
}

static enum cs_code
load_challenges(struct svc_batch *batch, struct cs_err *err)
{
	const struct db_param params[] = { db_id_array(batch->arena, svc_keys(batch), batch->n) };
	struct db_rows *rows;

	if (db_query(batch->db, batch->arena, load_challenges_sql, params, 1, &rows, err))
		return err->code;
	for (size_t i = 0; i < db_rows_count(rows); i++) {
		struct svc_aggregate *found = svc_aggregate_find(batch, db_get_id(rows, i, 0));
		struct mailbox_challenge challenge;

		cs_assert(found != NULL);
		if (read_challenge(rows, i, batch->arena, &challenge, err))
			return err->code;
		mailbox_put(case_of(found), batch->arena, &challenge);
	}
	return CS_OK;
}

/* ---- load: mails ---- */

static const char load_mails_sql[] =
    "select request, check_id, id, nonce, mac, made_ms, expires_ms, state, void, reply, route,"
    " method, bad_answers, returned from mail where request = any($1::uuid[]) and expires_ms > $2"
    " order by request, check_id, made_ms, id";

static enum mailbox_mail_state
state_of(const char *name)
{
	enum mailbox_mail_state state = MAILBOX_MADE;

	while (strcmp(mailbox_mail_state_name(state), name) != 0) {
		cs_assert(state != MAILBOX_UNROUTED); /* the table allows no other */
		state++;
	}
	return state;
}

static enum mailbox_way
way_of(const char *method)
{
	return strcmp(method, MAILBOX_REPLY_METHOD) == 0 ? MAILBOX_BY_REPLY : MAILBOX_BY_TOKEN;
}

static void
read_mail(const struct db_rows *rows, size_t row, struct mailbox_mail *mail)
{
	*mail = (struct mailbox_mail){
		.id = db_get_id(rows, row, 2),
		.made_ms = db_get_i64(rows, row, 5),
		.expires_ms = db_get_i64(rows, row, 6),
		.state = state_of(db_get_text(rows, row, 7)),
		.is_void = db_get_bool(rows, row, 8),
		.reply = db_get_text(rows, row, 9),
		.route = db_get_bytes(rows, row, 10),
		.way = way_of(db_get_text(rows, row, 11)),
		.bad_answers = (uint32_t)db_get_i32(rows, row, 12),
		.returned = (uint32_t)db_get_i32(rows, row, 13),
	};
	/* Their length is a constraint of the table. */
	memcpy(mail->nonce, db_get_bytes(rows, row, 3).data, MAILBOX_NONCE);
	memcpy(mail->mac, db_get_bytes(rows, row, 4).data, MAILBOX_MAC);
}

static enum cs_code
load_mails(struct svc_batch *batch, struct cs_err *err)
{
	const struct db_param params[] = { db_id_array(batch->arena, svc_keys(batch), batch->n),
		db_i64(batch->now_ms - REMEMBERED_MS) };
	struct db_rows *rows;

	if (db_query(batch->db, batch->arena, load_mails_sql, params, 2, &rows, err))
		return err->code;
	struct mailbox_mail *mails =
	    CS_NEW_ARRAY(batch->arena, db_rows_count(rows), struct mailbox_mail);

	/* Those of one challenge lie together. */
	for (size_t i = 0; i < db_rows_count(rows); i++) {
		const struct svc_aggregate *found =
		    svc_aggregate_find(batch, db_get_id(rows, i, 0));
		struct mailbox_challenge *challenge =
		    mailbox_find(case_of(found), db_get_text(rows, i, 1));

		read_mail(rows, i, &mails[i]);
		if (challenge->n_mails++ == 0)
			challenge->mails = &mails[i];
	}
	return CS_OK;
}

/* ---- load: the counts of those who may get a mail ---- */

static bool
has_wish(const struct mailbox_case *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->challenges[i].wished_ms != 0)
			return true;
	return false;
}

/* Can any of these events make a mail? */
static bool
may_mail(const struct svc_aggregate *aggregate)
{
	for (size_t i = 0; i < aggregate->n_events; i++) {
		const struct svc_event *ev = aggregate->events[i];
		const struct mailbox_pressed *pressed = ev->what;

		if (strcmp(ev->subject, "request.verification-asked") == 0 &&
		    mailbox_is_check(pressed->check_id))
			return true;
		if (strcmp(ev->subject, "plan.mailbox-asked") == 0 && has_wish(case_of(aggregate)))
			return true;
	}
	return false;
}

static void
count_for(struct mailbox_tally *tally, struct cs_arena *arena, const struct mailbox_addressee *to)
{
	(void)mailbox_tally_add(tally, arena, MAILBOX_OF_MAILBOX, to->mailbox, "");
	(void)mailbox_tally_add(tally, arena, MAILBOX_OF_DOMAIN, to->domain, "");
	(void)mailbox_tally_add(tally, arena, MAILBOX_OF_ACCOUNT, to->enterprise, to->account);
}

/* Everybody whom these events could make a mail for, by orders stored and arriving. */
static void
name_addressees(const struct svc_aggregate *aggregate, struct cs_arena *arena)
{
	const struct mailbox_case *c = case_of(aggregate);

	for (size_t i = 0; i < c->n; i++)
		if (c->challenges[i].asked_octets.len > 0)
			count_for(c->tally, arena, &c->challenges[i].to);
	for (size_t i = 0; i < aggregate->n_events; i++) {
		const struct mailbox_asked *asked = aggregate->events[i]->what;

		if (strcmp(aggregate->events[i]->subject, "plan.mailbox-asked") == 0)
			count_for(c->tally, arena, &asked->to);
	}
}

/* The names of one kind, as parameters. */
struct names {
	const char **name, **account;
	size_t n;
};

static struct names
names_of(const struct mailbox_tally *tally, enum mailbox_whose whose, struct cs_arena *arena)
{
	struct names names = { NULL, NULL, 0 };

	for (const struct mailbox_count *c = tally->first; c != NULL; c = c->next)
		names.n += c->whose == whose;
	names.name = CS_NEW_ARRAY(arena, names.n, const char *);
	names.account = CS_NEW_ARRAY(arena, names.n, const char *);
	names.n = 0;
	for (const struct mailbox_count *c = tally->first; c != NULL; c = c->next) {
		if (c->whose != whose)
			continue;
		names.name[names.n] = c->name;
		names.account[names.n++] = c->account;
	}
	return names;
}

/* Held until the end of the transaction; "mailbox/" keeps clear of others' locks in this database. */
static const char lock_sql[] =
    "select pg_advisory_xact_lock(h) from (select distinct"
    "  hashtextextended('countersign/mailbox/' || m, 0) as h from unnest($1::text[]) as m"
    "  order by h) as locks";

static const char count_sql[] =
    /* What found no way to the mailbox reached nobody: who mends that need not wait a minute. */
    "select 0, mailbox, '', count(*) filter (where made_ms > $5), count(*),"
    " coalesce(max(made_ms) filter (where state <> 'unrouted'), 0)"
    " from mail where mailbox = any($1::text[]) and made_ms > $6 group by mailbox"
    " union all"
    " select 1, domain, '', count(*), 0::bigint, 0::bigint"
    " from mail where domain = any($2::text[]) and made_ms > $5 group by domain"
    " union all"
    " select 2, m.enterprise, m.account, count(*), 0::bigint, 0::bigint"
    " from unnest($3::text[], $4::text[]) as w(enterprise, account)"
    " join mail m on m.enterprise = w.enterprise and m.account = w.account and m.made_ms > $5"
    " group by m.enterprise, m.account";

static enum cs_code
load_counts(struct svc_batch *batch, struct mailbox_tally *tally, struct cs_err *err)
{
	struct cs_arena *arena = batch->arena;
	const struct names mailboxes = names_of(tally, MAILBOX_OF_MAILBOX, arena);
	const struct names domains = names_of(tally, MAILBOX_OF_DOMAIN, arena);
	const struct names accounts = names_of(tally, MAILBOX_OF_ACCOUNT, arena);
	const struct db_param params[] = {
		db_text_array(arena, mailboxes.name, mailboxes.n),
		db_text_array(arena, domains.name, domains.n),
		db_text_array(arena, accounts.name, accounts.n),
		db_text_array(arena, accounts.account, accounts.n),
		db_i64(batch->now_ms - CS_HOUR_MS),
		db_i64(batch->now_ms - CS_DAY_MS),
	};
	struct db_rows *rows;

	if (mailboxes.n == 0)
		return CS_OK;
	if (db_send(batch->db, lock_sql, params, 1, -1, err) ||
	    db_query(batch->db, arena, count_sql, params, 6, &rows, err))
		return err->code;
	for (size_t i = 0; i < db_rows_count(rows); i++) {
		struct mailbox_count *count =
		    mailbox_tally_find(tally, (enum mailbox_whose)db_get_i32(rows, i, 0),
			db_get_text(rows, i, 1), db_get_text(rows, i, 2));

		cs_assert(count != NULL);
		count->hour = (uint32_t)db_get_i64(rows, i, 3);
		count->day = (uint32_t)db_get_i64(rows, i, 4);
		count->last_ms = db_get_i64(rows, i, 5);
	}
	return CS_OK;
}

static enum cs_code
load_tally(struct svc_batch *batch, struct mailbox_tally *tally, struct cs_err *err)
{
	for (size_t i = 0; i < batch->n; i++)
		if (may_mail(&batch->aggregates[i]))
			name_addressees(&batch->aggregates[i], batch->arena);
	return load_counts(batch, tally, err);
}

enum cs_code
store_load_cases(struct svc_batch *batch, struct cs_err *err)
{
	struct mailbox_tally *tally = CS_NEW(batch->arena, struct mailbox_tally);

	for (size_t i = 0; i < batch->n; i++) {
		struct mailbox_case *made = CS_NEW(batch->arena, struct mailbox_case);

		made->tally = tally;
		batch->aggregates[i].state = made;
	}
	if (load_challenges(batch, err) || load_mails(batch, err))
		return err->code;
	return load_tally(batch, tally, err);
}

/* ---- save ---- */

/* One column of `p`, as an array of `type`. */
#define COLUMN(type, name, value)                  \
	type *name = CS_NEW_ARRAY(arena, n, type); \
	for (size_t i = 0; i < n; i++)             \
	name[i] = (value)

/* A changed challenge, or one of its mails. */
struct changed {
	struct cs_id request;
	const struct mailbox_challenge *challenge;
	const struct mailbox_mail *mail;
};

static const char save_challenges_sql[] =
    "insert into challenge as c (request, check_id, asked, wish_enterprise, wish_account,"
    " wished_ms, tries, mails_made, mails_sent, evidence, proved_mail, version, wish_method,"
    " since_ms)"
    " select r, k, a, we, wa, w, t, m, s, e, p, v + 1, wm, $14 from unnest($1::uuid[], $2::text[],"
    "  $3::bytea[], $4::text[], $5::text[], $6::bigint[], $7::integer[], $8::integer[],"
    "  $9::integer[], $10::bytea[], $11::uuid[], $12::integer[], $13::text[])"
    "  as n(r, k, a, we, wa, w, t, m, s, e, p, v, wm)"
    " on conflict (request, check_id) do update set asked = excluded.asked,"
    " wish_enterprise = excluded.wish_enterprise, wish_account = excluded.wish_account,"
    " wished_ms = excluded.wished_ms, tries = excluded.tries, mails_made = excluded.mails_made,"
    " mails_sent = excluded.mails_sent, evidence = excluded.evidence,"
    " proved_mail = excluded.proved_mail, version = excluded.version,"
    " wish_method = excluded.wish_method"
    " where c.version = excluded.version - 1";

static const char *
or_empty(const char *text)
{
	return text == NULL ? "" : text;
}

/* Fewer rows than challenges: another replica was faster. */
static enum cs_code
save_challenges(struct svc_batch *batch, const struct changed *p, size_t n, struct cs_err *err)
{
	struct cs_arena *arena = batch->arena;

	COLUMN(struct cs_id, request, p[i].request);
	COLUMN(const char *, check_id, p[i].challenge->check_id);
	COLUMN(struct cs_span, asked, p[i].challenge->asked_octets);
	COLUMN(const char *, wish_enterprise, or_empty(p[i].challenge->wish_enterprise));
	COLUMN(const char *, wish_account, or_empty(p[i].challenge->wish_account));
	COLUMN(int64_t, wished_ms, p[i].challenge->wished_ms);
	COLUMN(int32_t, tries, (int32_t)p[i].challenge->tries);
	COLUMN(int32_t, mails_made, (int32_t)p[i].challenge->mails_made);
	COLUMN(int32_t, mails_sent, (int32_t)p[i].challenge->mails_sent);
	COLUMN(struct cs_span, evidence, p[i].challenge->evidence);
	COLUMN(struct cs_id, proved_mail, p[i].challenge->proved_mail);
	COLUMN(int32_t, version, (int32_t)p[i].challenge->version);
	COLUMN(const char *, wish_method, or_empty(p[i].challenge->wish_method));
	const struct db_param params[] = {
		db_id_array(arena, request, n), db_text_array(arena, check_id, n),
		db_bytes_array(arena, asked, n), db_text_array(arena, wish_enterprise, n),
		db_text_array(arena, wish_account, n), db_i64_array(arena, wished_ms, n),
		db_i32_array(arena, tries, n), db_i32_array(arena, mails_made, n),
		db_i32_array(arena, mails_sent, n), db_bytes_array(arena, evidence, n),
		db_id_array(arena, proved_mail, n), db_i32_array(arena, version, n),
		db_text_array(arena, wish_method, n),
		db_i64(batch->now_ms), /* of rows that are new */
	};

	return db_send(batch->db, save_challenges_sql, params, 14, (int64_t)n, err);
}

/* Of a mail only its state, its end, its way and the servers' word ever change. */
static const char save_mails_sql[] =
    "insert into mail (id, request, check_id, mailbox, domain, enterprise, account, nonce, mac,"
    " made_ms, expires_ms, state, void, reply, route, method, bad_answers, returned)"
    " select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[],"
    "  $6::text[], $7::text[], $8::bytea[], $9::bytea[], $10::bigint[], $11::bigint[],"
    "  $12::text[], $13::boolean[], $14::text[], $15::bytea[], $16::text[],"
    "  $17::integer[], $18::integer[])"
    " on conflict (id) do update set state = excluded.state, void = excluded.void,"
    " reply = excluded.reply, route = excluded.route, bad_answers = excluded.bad_answers,"
    " returned = excluded.returned";

static enum cs_code
save_mails(struct svc_batch *batch, const struct changed *p, size_t n, struct cs_err *err)
{
	struct cs_arena *arena = batch->arena;

	if (n == 0)
		return CS_OK;
	COLUMN(struct cs_id, id, p[i].mail->id);
	COLUMN(struct cs_id, request, p[i].request);
	COLUMN(const char *, check_id, p[i].challenge->check_id);
	COLUMN(const char *, mailbox, p[i].challenge->to.mailbox);
	COLUMN(const char *, domain, p[i].challenge->to.domain);
	COLUMN(const char *, enterprise, p[i].challenge->to.enterprise);
	COLUMN(const char *, account, p[i].challenge->to.account);
	COLUMN(struct cs_span, nonce, cs_span_of(p[i].mail->nonce, MAILBOX_NONCE));
	COLUMN(struct cs_span, mac, cs_span_of(p[i].mail->mac, MAILBOX_MAC));
	COLUMN(int64_t, made_ms, p[i].mail->made_ms);
	COLUMN(int64_t, expires_ms, p[i].mail->expires_ms);
	COLUMN(const char *, state, mailbox_mail_state_name(p[i].mail->state));
	COLUMN(bool, is_void, p[i].mail->is_void);
	COLUMN(const char *, reply, p[i].mail->reply);
	COLUMN(struct cs_span, route, p[i].mail->route);
	COLUMN(const char *, method, mailbox_way_method(p[i].mail->way));
	COLUMN(int32_t, bad_answers, (int32_t)p[i].mail->bad_answers);
	COLUMN(int32_t, returned, (int32_t)p[i].mail->returned);
	const struct db_param params[] = {
		db_id_array(arena, id, n),
		db_id_array(arena, request, n),
		db_text_array(arena, check_id, n),
		db_text_array(arena, mailbox, n),
		db_text_array(arena, domain, n),
		db_text_array(arena, enterprise, n),
		db_text_array(arena, account, n),
		db_bytes_array(arena, nonce, n),
		db_bytes_array(arena, mac, n),
		db_i64_array(arena, made_ms, n),
		db_i64_array(arena, expires_ms, n),
		db_text_array(arena, state, n),
		db_bool_array(arena, is_void, n),
		db_text_array(arena, reply, n),
		db_bytes_array(arena, route, n),
		db_text_array(arena, method, n),
		db_i32_array(arena, bad_answers, n),
		db_i32_array(arena, returned, n),
	};

	return db_send(batch->db, save_mails_sql, params, 18, (int64_t)n, err);
}

static size_t
collect_challenges(const struct svc_batch *batch, struct changed **ret)
{
	size_t max = 0, n = 0;

	for (size_t i = 0; i < batch->n; i++)
		max += case_of(&batch->aggregates[i])->n;
	*ret = CS_NEW_ARRAY(batch->arena, max, struct changed);
	for (size_t i = 0; i < batch->n; i++) {
		const struct mailbox_case *c = case_of(&batch->aggregates[i]);

		for (size_t k = 0; k < c->n; k++)
			if (c->challenges[k].changed)
				(*ret)[n++] = (struct changed){ batch->aggregates[i].key,
					&c->challenges[k], NULL };
	}
	return n;
}

static size_t
collect_mails(
    struct cs_arena *arena, const struct changed *challenges, size_t n, struct changed **ret)
{
	size_t max = 0, found = 0;

	for (size_t i = 0; i < n; i++)
		max += challenges[i].challenge->n_mails;
	*ret = CS_NEW_ARRAY(arena, max, struct changed);
	for (size_t i = 0; i < n; i++) {
		struct changed changed = challenges[i];

		for (size_t m = 0; m < changed.challenge->n_mails; m++) {
			changed.mail = &changed.challenge->mails[m];
			if (changed.mail->is_new || changed.mail->changed)
				(*ret)[found++] = changed;
		}
	}
	return found;
}

enum cs_code
store_save_cases(struct svc_batch *batch, struct cs_err *err)
{
	struct changed *challenges, *mails;
	size_t n_challenges = collect_challenges(batch, &challenges);
	size_t n_mails = collect_mails(batch->arena, challenges, n_challenges, &mails);

	if (n_challenges == 0)
		return CS_OK;
	if (save_challenges(batch, challenges, n_challenges, err))
		return err->code;
	return save_mails(batch, mails, n_mails, err);
}

/* ---- what is kept no longer ---- */

#define SWEEP_MAX 2000 /* challenges; each has some mails */
#define APPROVED_DAYS \
	2 /* policy ends what was approved within a day, and publishes a refusal for another */

/* By when it was first stored: the id of a request that came with an Idempotency-Key tells no time. */
static const char sweep_sql[] =
    "with old as (select request, check_id from challenge where since_ms < $1"
    "  order by since_ms limit $2 for update skip locked),"
    " mails as (delete from mail m using old where m.request = old.request"
    "  and m.check_id = old.check_id),"
    " gone as (delete from challenge c using old where c.request = old.request"
    "  and c.check_id = old.check_id returning 1)"
    " select count(*) from gone";

enum cs_code
store_sweep_cases(const void *self, struct db *db, int64_t now_ms, struct cs_arena *arena,
    bool *ret_more, struct cs_err *err)
{
	const struct mailbox_service *mailbox = self;
	int64_t days = (int64_t)mailbox->life_days + APPROVED_DAYS + mailbox->keep_days;
	const struct db_param params[] = { db_i64(now_ms - days * CS_DAY_MS), db_i64(SWEEP_MAX) };
	struct db_rows *rows;

	if (db_query(db, arena, sweep_sql, params, 2, &rows, err))
		return err->code;
	*ret_more = db_get_i64(rows, 0, 0) == SWEEP_MAX;
	return CS_OK;
}
