/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.c: requests, intents, final plans and evidence in SQL; store_*.c have the rest.  A load of requests is seven
 * queries and two waits for any number of events.  Records are
 * locked in the order of their ids, then keys in their order, and the audit chain last, so that replicas
 * cannot deadlock.
 */
#include "store.h"

#include <string.h>

#include "db/db.h"
#include "sign.h"
#include "store_rows.h"

static struct signer_record *
record_find(const struct svc_batch *batch, struct cs_id request)
{
	const struct svc_aggregate *found = svc_aggregate_find(batch, request);

	cs_assert(found != NULL); /* we asked for the keys of the batch only */
	return store_record_of(found);
}

/* ---- load: requests and their intents ---- */

/*
 * Whoever waits for a lock is given the row as it then is, but everything that the same statement joins
 * to it as it was before: what lies in other tables is asked for by the statements behind.
 */
static const char load_requests_sql[] =
    "select request, state, version from request"
    " where request = any($1::uuid[]) order by request for update";

static const char load_intents_sql[] =
    "select k.request, (select count(*) from missing m where m.request = k.request),"
    " i.serial, i.not_before_s, i.tbs, i.tbs_sha256, i.evidence, i.judged_at_ms, i.state,"
    " i.issuer, i.profile, i.crl_partition"
    " from unnest($1::uuid[]) k(request) left join intent i on i.request = k.request";

static enum cs_code
read_state(const char *name, enum signer_state *ret_state, struct cs_err *err)
{
	for (enum signer_state state = SIGNER_WAITING; state < SIGNER_STATES; state++) {
		if (strcmp(signer_state_name(state), name) == 0) {
			*ret_state = state;
			return CS_OK;
		}
	}
	return cs_fail(err, CS_INTERNAL, "request in unknown state %.40s", name);
}

static enum cs_code
read_intent(
    const struct db_rows *rows, size_t row, struct signer_record *record, struct cs_err *err)
{
	const struct cs_span serial = db_get_bytes(rows, row, 2);
	const struct cs_span digest = db_get_bytes(rows, row, 5);

	if (serial.len != GATE_SERIAL || digest.len != CLAIM_DIGEST)
		return cs_fail(
		    err, CS_INTERNAL, "intent with a serial or digest of another length");
	record->has_intent = true;
	record->intent = (struct record_intent){
		.choice.not_before_s = db_get_i64(rows, row, 3),
		.choice.crl_partition = (uint32_t)db_get_i32(rows, row, 11),
		.issuer = db_get_text(rows, row, 9),
		.profile = db_get_text(rows, row, 10),
		.tbs = db_get_bytes(rows, row, 4),
		.evidence = db_get_bytes(rows, row, 6),
		.judged_at_ms = db_get_i64(rows, row, 7),
		.is_void = strcmp(db_get_text(rows, row, 8), "void") == 0,
	};
	memcpy(record->intent.choice.serial, serial.data, serial.len);
	memcpy(record->intent.tbs_sha256, digest.data, digest.len);
	return CS_OK;
}

static enum cs_code
read_requests(struct svc_batch *batch, const struct db_rows *requests,
    const struct db_rows *intents, struct cs_err *err)
{
	for (size_t i = 0; i < db_rows_count(requests); i++) {
		struct signer_record *record = record_find(batch, db_get_id(requests, i, 0));

		record->version = (uint32_t)db_get_i32(requests, i, 2);
		if (read_state(db_get_text(requests, i, 1), &record->state, err))
			return err->code;
		record->was = record->state;
	}
	for (size_t i = 0; i < db_rows_count(intents); i++) {
		struct signer_record *record = record_find(batch, db_get_id(intents, i, 0));

		record->n_waiting_for = (size_t)db_get_i64(intents, i, 1);
		if (!db_is_null(intents, i, 2) && read_intent(intents, i, record, err))
			return err->code;
	}
	return CS_OK;
}

/* ---- load: final plans ---- */

/* Of each request the last. */
static const char load_plans_sql[] =
    "select k.request, p.revision, p.envelope, p.received_at_ms from unnest($1::uuid[]) k(request)"
    " join lateral (select revision, envelope, received_at_ms from final_plan f where f.request = k.request"
    " order by f.revision desc limit 1) p on true";

/* False of a signature over other octets than its intent's: then the gate is asked again, and wants all. */
static bool
stays_lean(const struct svc_aggregate *aggregate)
{
	const struct signer_record *record = store_record_of(aggregate);

	return record->lean &&
	       (record->state != SIGNER_INTENT || sign_fits(aggregate, &record->intent));
}

/* A row that is no final plan goes to the gate as all three, which says so. */
static void
read_plan(
    struct cs_arena *arena, const struct db_rows *rows, size_t row, struct signer_record *record)
{
	const struct cs_span envelope = db_get_bytes(rows, row, 2);
	struct record_plan plan = { .revision = (uint32_t)db_get_i32(rows, row, 1),
		.received = { envelope, db_get_i64(rows, row, 3) } };

	if (claim_take_apart(arena, envelope, &plan.parts, NULL) != CS_OK)
		plan.parts = (struct claim_case){ envelope, envelope, envelope };
	if (record->lean)
		record->c.request =
		    (struct gate_received){ plan.parts.request, plan.received.received_ms };
	else
		record_set_plan(record, &plan);
}

static void
read_plans(struct svc_batch *batch, const struct db_rows *rows)
{
	for (size_t i = 0; i < batch->n; i++)
		store_record_of(&batch->aggregates[i])->lean = stays_lean(&batch->aggregates[i]);
	for (size_t i = 0; i < db_rows_count(rows); i++)
		read_plan(batch->arena, rows, i, record_find(batch, db_get_id(rows, i, 0)));
}

static enum cs_code
load_requests(struct svc_batch *batch, struct cs_err *err)
{
	const struct db_param params[] = { db_id_array(batch->arena, svc_keys(batch), batch->n) };
	struct db_rows *trust, *requests, *intents, *plans;

	if (store_ask_trust(batch, &trust, err) ||
	    db_ask(batch->db, batch->arena, load_requests_sql, params, 1, &requests, err) ||
	    db_ask(batch->db, batch->arena, load_intents_sql, params, 1, &intents, err) ||
	    db_ask(batch->db, batch->arena, load_plans_sql, params, 1, &plans, err) ||
	    db_settle(batch->db, err) || store_judge_trust(batch, trust, err) ||
	    read_requests(batch, requests, intents, err))
		return err->code;
	read_plans(batch, plans);
	return CS_OK;
}

/* ---- load: evidence ---- */

/* What the plans of a request ask about: the stored one and those that just came. */
struct wanted {
	struct cs_arena *arena;
	bool has_plan;
	struct cs_span *sha256s, *digests;
	size_t n_sha256s, n_digests, room;
};

static void
make_room(struct wanted *wanted)
{
	if (wanted->n_digests + CLAIM_MAX_CHECKS <= wanted->room)
		return;
	const size_t room = 2 * wanted->room + CLAIM_MAX_CHECKS;
	struct cs_span *sha256s = CS_NEW_ARRAY(wanted->arena, room, struct cs_span);
	struct cs_span *digests = CS_NEW_ARRAY(wanted->arena, room, struct cs_span);

	if (wanted->n_digests > 0) {
		memcpy(sha256s, wanted->sha256s, wanted->n_sha256s * sizeof(*sha256s));
		memcpy(digests, wanted->digests, wanted->n_digests * sizeof(*digests));
	}
	wanted->sha256s = sha256s;
	wanted->digests = digests;
	wanted->room = room;
}

static void
want_plan(struct wanted *wanted, struct cs_span envelope)
{
	struct claim_plan plan;

	/* What cannot be read asks for nothing: the gate says so. */
	if (envelope.len == 0 ||
	    claim_open_plan(wanted->arena, NULL, envelope, 0, &plan, NULL) != CS_OK)
		return;
	make_room(wanted);
	for (size_t i = 0; i < plan.n_checks; i++) {
		const struct claim_check *check = &plan.checks[i];

		wanted->digests[wanted->n_digests++] = cs_span_of(check->digest, CLAIM_DIGEST);
		if (check->has_standing)
			wanted->sha256s[wanted->n_sha256s++] =
			    cs_span_of(check->standing_sha256, CLAIM_DIGEST);
	}
}

static void
want(struct wanted *wanted, const struct svc_aggregate *aggregate)
{
	const struct signer_record *record = store_record_of(aggregate);

	wanted->has_plan = record->c.plan.envelope.len > 0;
	want_plan(wanted, record->c.plan.envelope);
	for (size_t i = 0; i < aggregate->n_events; i++) {
		if (store_plan_of(aggregate->events[i]) != NULL) {
			want_plan(wanted, store_plan_of(aggregate->events[i])->parts.plan);
			wanted->has_plan = true;
		}
	}
}

static bool
is_open(const struct svc_aggregate *aggregate)
{
	const enum signer_state state = store_record_of(aggregate)->state;

	return state == SIGNER_WAITING || state == SIGNER_INTENT;
}

/* Of each aggregate, in their order. */
static struct wanted *
want_all(const struct svc_batch *batch)
{
	struct wanted *wanted = CS_NEW_ARRAY(batch->arena, batch->n, struct wanted);

	for (size_t i = 0; i < batch->n; i++) {
		wanted[i].arena = batch->arena;
		if (is_open(&batch->aggregates[i]))
			want(&wanted[i], &batch->aggregates[i]);
	}
	return wanted;
}

/* Of the requests themselves; what their plans name of others; and of those others each no, which may void it. */
static const char load_evidence_sql[] =
    "select request, sha256, envelope, received_at_ms from evidence where request = any($1::uuid[])"
    " union all"
    " select request, sha256, envelope, received_at_ms from evidence where sha256 = any($2::bytea[])"
    " and not request = any($1::uuid[])"
    " union all"
    " select request, sha256, envelope, received_at_ms from evidence where outcome = 2"
    " and request in (select request from evidence where sha256 = any($2::bytea[]))"
    " and not request = any($1::uuid[]) and not sha256 = any($2::bytea[])";

static enum cs_code
read_evidence(struct cs_arena *arena, const struct db_rows *rows, size_t row,
    struct gate_evidence *ret, struct cs_err *err)
{
	const struct cs_span digest = db_get_bytes(rows, row, 1);

	ret->received =
	    (struct gate_received){ db_get_bytes(rows, row, 2), db_get_i64(rows, row, 3) };
	if (digest.len != CLAIM_DIGEST ||
	    claim_open_evidence(arena, NULL, ret->received.envelope, 0, &ret->e, err) != CS_OK)
		return cs_fail(err, CS_INTERNAL, "a stored evidence cannot be read");
	memcpy(ret->sha256, digest.data, CLAIM_DIGEST);
	return CS_OK;
}

static bool
is_named(const struct gate_evidence *evidence, const struct wanted *wanted)
{
	for (size_t i = 0; i < wanted->n_sha256s; i++) {
		if (cs_span_equal(wanted->sha256s[i], cs_span_of(evidence->sha256, CLAIM_DIGEST)))
			return true;
	}
	return false;
}

/* A no of a request of which something is named. */
static bool
may_void(const struct gate_evidence *no, const struct wanted *wanted,
    const struct gate_evidence *all, size_t n)
{
	for (size_t i = 0; no->e.outcome == CLAIM_REFUSED && i < n; i++) {
		if (cs_id_equal(all[i].e.request, no->e.request) && is_named(&all[i], wanted))
			return true;
	}
	return false;
}

static bool
is_for(const struct gate_evidence *evidence, struct cs_id request, const struct wanted *wanted,
    const struct gate_evidence *all, size_t n)
{
	return cs_id_equal(evidence->e.request, request) || is_named(evidence, wanted) ||
	       may_void(evidence, wanted, all, n);
}

static void
hand_to(struct gate_case *c, const struct wanted *wanted, const struct gate_evidence *all, size_t n)
{
	size_t n_own = 0;

	for (size_t i = 0; i < n; i++)
		n_own += is_for(&all[i], c->id, wanted, all, n);
	c->evidence = CS_NEW_ARRAY(wanted->arena, n_own, struct gate_evidence);
	for (size_t i = 0; i < n; i++) {
		if (is_for(&all[i], c->id, wanted, all, n))
			c->evidence[c->n_evidence++] = all[i];
	}
}

/* To each record its own request's evidence, whatever its plans name of others, and what may void that. */
static void
hand_out(
    struct svc_batch *batch, const struct wanted *wanted, const struct gate_evidence *all, size_t n)
{
	for (size_t i = 0; i < batch->n; i++) {
		if (wanted[i].has_plan)
			hand_to(&store_record_of(&batch->aggregates[i])->c, &wanted[i], all, n);
	}
}

static enum cs_code
read_evidences(struct svc_batch *batch, const struct wanted *wanted, const struct db_rows *rows,
    struct cs_err *err)
{
	const size_t n = db_rows_count(rows);
	struct gate_evidence *all = CS_NEW_ARRAY(batch->arena, n, struct gate_evidence);
	for (size_t i = 0; i < n; i++) {
		if (read_evidence(batch->arena, rows, i, &all[i], err))
			return err->code;
	}
	hand_out(batch, wanted, all, n);
	return CS_OK;
}

/* ---- load: denials ---- */

static const char load_denials_sql[] =
    "select check_digest, request, max(attempt), max(checked_at_ms) from evidence"
    " where outcome = 2 and check_digest = any($1::bytea[]) group by check_digest, request";

static void
read_denials(struct svc_batch *batch, const struct db_rows *rows)
{
	const size_t n = db_rows_count(rows);
	struct gate_denial *all = CS_NEW_ARRAY(batch->arena, n, struct gate_denial);
	for (size_t i = 0; i < n; i++) {
		const struct cs_span digest = db_get_bytes(rows, i, 0);

		all[i] = (struct gate_denial){ .request = db_get_id(rows, i, 1),
			.attempt = (uint32_t)db_get_i32(rows, i, 2),
			.checked_at_ms = db_get_i64(rows, i, 3) };
		if (digest.len == CLAIM_DIGEST)
			memcpy(all[i].check_digest, digest.data, CLAIM_DIGEST);
	}
	for (size_t i = 0; i < batch->n; i++) {
		store_record_of(&batch->aggregates[i])->c.denials = all;
		store_record_of(&batch->aggregates[i])->c.n_denials = n;
	}
}

struct proofs {
	struct db_rows *evidence, *denials;
};

/* What the plans of the batch ask about, of whatever request. */
static enum cs_code
ask_proofs(
    struct svc_batch *batch, const struct wanted *wanted, struct proofs *ret, struct cs_err *err)
{
	size_t n_sha256s = 0, n_digests = 0, n_requests = 0;

	for (size_t i = 0; i < batch->n; i++) {
		n_sha256s += wanted[i].n_sha256s;
		n_digests += wanted[i].n_digests;
	}
	struct cs_id *requests = CS_NEW_ARRAY(batch->arena, batch->n, struct cs_id);
	struct cs_span *sha256s = CS_NEW_ARRAY(batch->arena, n_sha256s, struct cs_span);
	struct cs_span *digests = CS_NEW_ARRAY(batch->arena, n_digests, struct cs_span);
	n_sha256s = n_digests = 0;
	for (size_t i = 0; i < batch->n; i++) {
		const struct wanted *w = &wanted[i];

		if (w->has_plan)
			requests[n_requests++] = batch->aggregates[i].key;
		for (size_t k = 0; k < w->n_sha256s; k++)
			sha256s[n_sha256s++] = w->sha256s[k];
		for (size_t k = 0; k < w->n_digests; k++)
			digests[n_digests++] = w->digests[k];
	}
	const struct db_param evidence[] = { db_id_array(batch->arena, requests, n_requests),
		db_bytes_array(batch->arena, sha256s, n_sha256s) };
	const struct db_param denials[] = { db_bytes_array(batch->arena, digests, n_digests) };

	*ret = (struct proofs){ NULL, NULL };
	if (n_requests == 0)
		return CS_OK;
	if (db_ask(batch->db, batch->arena, load_evidence_sql, evidence, 2, &ret->evidence, err))
		return err->code;
	return db_ask(batch->db, batch->arena, load_denials_sql, denials, 1, &ret->denials, err);
}

/* And keys, also of requests whose certificate is about to be stored. */
static enum cs_code
load_evidence(struct svc_batch *batch, struct cs_err *err)
{
	const struct wanted *wanted = want_all(batch);
	struct cs_id *keyed = CS_NEW_ARRAY(batch->arena, batch->n, struct cs_id);
	struct proofs proofs;
	struct db_rows *keys;
	size_t n = 0;

	for (size_t i = 0; i < batch->n; i++) {
		const struct svc_aggregate *aggregate = &batch->aggregates[i];

		if (wanted[i].has_plan || (store_record_of(aggregate)->lean && is_open(aggregate)))
			keyed[n++] = aggregate->key;
	}
	if (n == 0)
		return CS_OK;
	if (store_ask_keys(batch, keyed, n, &keys, err) ||
	    ask_proofs(batch, wanted, &proofs, err) || db_settle(batch->db, err))
		return err->code;
	store_read_keys(batch, keys);
	if (proofs.evidence == NULL)
		return CS_OK;
	read_denials(batch, proofs.denials);
	return read_evidences(batch, wanted, proofs.evidence, err);
}

/* Lists and questions need neither requests nor the trust table: they go on whatever is wrong with these. */
static bool
has_request(const struct svc_batch *batch)
{
	for (size_t i = 0; i < batch->n; i++) {
		if (store_is_request(store_record_of(&batch->aggregates[i])))
			return true;
	}
	return false;
}

enum cs_code
store_load_records(struct svc_batch *batch, struct cs_err *err)
{
	struct signer_record *records = CS_NEW_ARRAY(batch->arena, batch->n, struct signer_record);

	for (size_t i = 0; i < batch->n; i++) {
		records[i].c.id = batch->aggregates[i].key;
		records[i].lean = sign_brings_all(&batch->aggregates[i]);
		batch->aggregates[i].state = &records[i];
	}
	if (store_load_own(batch, err) || store_load_lists(batch, err))
		return err->code;
	if (!has_request(batch))
		return CS_OK;
	if (load_requests(batch, err) || store_load_revocations(batch, err))
		return err->code;
	return load_evidence(batch, err);
}

/* ---- save ---- */

static const char save_requests_sql[] =
    "insert into request as r (request, state, code, version, changed_at_ms)"
    " select q, s, c, v + 1, $5 from unnest($1::uuid[], $2::text[], $3::text[], $4::int[])"
    " t(q, s, c, v)"
    " on conflict (request) do update set state = excluded.state, version = excluded.version,"
    " code = case when excluded.code = '' then r.code else excluded.code end,"
    " changed_at_ms = excluded.changed_at_ms"
    " where r.version = excluded.version - 1";

/* Who has the lock of a row need not write into it what it says already. */
static bool
has_news(const struct signer_record *record)
{
	return record->version == 0 || record->state != record->was || record->code != NULL;
}

/* Fewer rows than records: another replica was faster, CS_CONFLICT. */
static enum cs_code
save_requests(struct svc_batch *batch, struct cs_err *err)
{
	struct store_columns c = store_columns(batch->arena, batch->n);
	struct cs_arena *arena = batch->arena;

	for (size_t i = 0; i < batch->n; i++) {
		const struct signer_record *record = store_record_of(&batch->aggregates[i]);

		if (!store_is_request(record) || !has_news(record))
			continue;
		c.ids[c.n] = record->c.id;
		c.texts[c.n] = signer_state_name(record->state);
		c.more_texts[c.n] = record->code != NULL ? record->code : "";
		c.ints[c.n++] = (int32_t)record->version;
	}
	if (c.n == 0)
		return CS_OK;
	const struct db_param params[] = { db_id_array(arena, c.ids, c.n),
		db_text_array(arena, c.texts, c.n), db_text_array(arena, c.more_texts, c.n),
		db_i32_array(arena, c.ints, c.n), db_i64(batch->now_ms) };
	return db_send(batch->db, save_requests_sql, params, 5, (int64_t)c.n, err);
}

static const char save_plans_sql[] =
    "insert into final_plan (request, revision, sha256, envelope, plan_len, request_at, request_len,"
    " approval_at, received_at_ms) select q, r, s, e, p, a, l, b, t from"
    " unnest($1::uuid[], $2::int[], $3::bytea[], $4::bytea[], $5::int[], $6::int[], $7::int[],"
    " $8::int[], $9::bigint[]) u(q, r, s, e, p, a, l, b, t)"
    " on conflict (request, revision) do nothing";

static const char doubled_plans_sql[] =
    "insert into equivocation (request, what, sha256, seen_at_ms)"
    " select u.q, 'plan revision ' || u.r, u.s, $4"
    " from unnest($1::uuid[], $2::int[], $3::bytea[]) u(q, r, s)"
    " join final_plan p on p.request = u.q and p.revision = u.r and p.sha256 <> u.s"
    " on conflict do nothing";

struct plan_columns {
	struct store_columns c;
	int32_t *plan_lens, *request_ats, *request_lens, *approval_ats;
};

static size_t
count_plans(const struct svc_batch *batch)
{
	size_t n = 0;

	for (size_t i = 0; i < batch->n; i++) {
		const struct signer_record *record = store_record_of(&batch->aggregates[i]);

		for (const struct record_plan *plan = record->plans; plan != NULL;
		     plan = plan->next)
			n++;
	}
	return n;
}

/* Where in the whole a part of it begins. */
static int32_t
place_of(struct cs_span part, struct cs_span whole)
{
	return (int32_t)(part.data - whole.data);
}

static void
add_plan(struct plan_columns *columns, struct cs_id request, const struct record_plan *plan)
{
	const struct cs_span whole = plan->received.envelope;
	struct store_columns *c = &columns->c;

	columns->plan_lens[c->n] = (int32_t)plan->parts.plan.len;
	columns->request_ats[c->n] = place_of(plan->parts.request, whole);
	columns->request_lens[c->n] = (int32_t)plan->parts.request.len;
	columns->approval_ats[c->n] = place_of(plan->parts.approval, whole);
	c->ids[c->n] = request;
	c->ints[c->n] = (int32_t)plan->revision;
	c->spans[c->n] = cs_span_of(plan->sha256, CLAIM_DIGEST);
	c->more_spans[c->n] = whole;
	c->longs[c->n++] = plan->received.received_ms;
}

/* All, or those for whose place there may be another one. */
static struct plan_columns
plan_columns(struct svc_batch *batch, bool again)
{
	const size_t room = count_plans(batch);
	struct plan_columns columns = { .c = store_columns(batch->arena, room),
		.plan_lens = CS_NEW_ARRAY(batch->arena, room, int32_t),
		.request_ats = CS_NEW_ARRAY(batch->arena, room, int32_t),
		.request_lens = CS_NEW_ARRAY(batch->arena, room, int32_t),
		.approval_ats = CS_NEW_ARRAY(batch->arena, room, int32_t) };

	for (size_t i = 0; i < batch->n; i++) {
		const struct signer_record *record = store_record_of(&batch->aggregates[i]);

		for (const struct record_plan *plan = record->plans; plan != NULL;
		     plan = plan->next)
			if (plan->again || !again)
				add_plan(&columns, record->c.id, plan);
	}
	return columns;
}

static enum cs_code
note_doubled_plans(struct svc_batch *batch, struct cs_err *err)
{
	const struct store_columns c = plan_columns(batch, true).c;
	struct cs_arena *arena = batch->arena;
	const struct db_param params[] = { db_id_array(arena, c.ids, c.n),
		db_i32_array(arena, c.ints, c.n), db_bytes_array(arena, c.spans, c.n),
		db_i64(batch->now_ms) };

	return c.n > 0 ? db_send(batch->db, doubled_plans_sql, params, 4, -1, err) : CS_OK;
}

static enum cs_code
save_plans(struct svc_batch *batch, struct cs_err *err)
{
	const struct plan_columns columns = plan_columns(batch, false);
	const struct store_columns c = columns.c;
	struct cs_arena *arena = batch->arena;

	if (c.n == 0)
		return CS_OK;
	const struct db_param params[] = { db_id_array(arena, c.ids, c.n),
		db_i32_array(arena, c.ints, c.n), db_bytes_array(arena, c.spans, c.n),
		db_bytes_array(arena, c.more_spans, c.n),
		db_i32_array(arena, columns.plan_lens, c.n),
		db_i32_array(arena, columns.request_ats, c.n),
		db_i32_array(arena, columns.request_lens, c.n),
		db_i32_array(arena, columns.approval_ats, c.n), db_i64_array(arena, c.longs, c.n) };
	if (db_send(batch->db, save_plans_sql, params, 9, -1, err))
		return err->code;
	return note_doubled_plans(batch, err);
}

static const char save_evidence_sql[] =
    "insert into evidence (request, check_digest, attempt, sha256, outcome, checked_at_ms,"
    " envelope, received_at_ms) select q, d, a, s, o, c, e, t from"
    " unnest($1::uuid[], $2::bytea[], $3::int[], $4::bytea[], $5::int[], $6::bigint[],"
    " $7::bytea[], $8::bigint[]) u(q, d, a, s, o, c, e, t)"
    " on conflict (request, check_digest, attempt) do nothing";

static const char doubled_evidence_sql[] =
    "insert into equivocation (request, what, sha256, seen_at_ms)"
    " select u.q, 'check ' || encode(u.d, 'hex') || ' attempt ' || u.a, u.s, $5"
    " from unnest($1::uuid[], $2::bytea[], $3::int[], $4::bytea[]) u(q, d, a, s)"
    " join evidence e on e.request = u.q and e.check_digest = u.d and e.attempt = u.a"
    " and e.sha256 <> u.s on conflict do nothing";

static size_t
count_evidence(const struct svc_batch *batch)
{
	size_t n = 0;

	for (size_t i = 0; i < batch->n; i++) {
		const struct signer_record *record = store_record_of(&batch->aggregates[i]);

		for (const struct record_evidence *e = record->evidence; e != NULL; e = e->next)
			n++;
	}
	return n;
}

static struct store_columns
evidence_columns(struct svc_batch *batch)
{
	struct store_columns c = store_columns(batch->arena, count_evidence(batch));

	for (size_t i = 0; i < batch->n; i++) {
		const struct signer_record *record = store_record_of(&batch->aggregates[i]);

		for (const struct record_evidence *e = record->evidence; e != NULL; e = e->next) {
			const struct gate_evidence *evidence = &e->evidence;

			c.ids[c.n] = record->c.id;
			c.spans[c.n] = cs_span_of(evidence->e.check_digest, CLAIM_DIGEST);
			c.ints[c.n] = (int32_t)evidence->e.attempt;
			c.more_spans[c.n] = cs_span_of(evidence->sha256, CLAIM_DIGEST);
			c.more_ints[c.n] = (int32_t)evidence->e.outcome;
			c.longs[c.n] = evidence->e.checked_at_ms;
			c.other_spans[c.n] = evidence->received.envelope;
			c.more_longs[c.n++] = evidence->received.received_ms;
		}
	}
	return c;
}

static enum cs_code
save_evidence(struct svc_batch *batch, struct cs_err *err)
{
	const struct store_columns c = evidence_columns(batch);
	struct cs_arena *arena = batch->arena;

	if (c.n == 0)
		return CS_OK;
	const struct db_param params[] = { db_id_array(arena, c.ids, c.n),
		db_bytes_array(arena, c.spans, c.n), db_i32_array(arena, c.ints, c.n),
		db_bytes_array(arena, c.more_spans, c.n), db_i32_array(arena, c.more_ints, c.n),
		db_i64_array(arena, c.longs, c.n), db_bytes_array(arena, c.other_spans, c.n),
		db_i64_array(arena, c.more_longs, c.n) };
	const struct db_param doubled[] = { params[0], params[1], params[2], params[3],
		db_i64(batch->now_ms) };
	if (db_send(batch->db, save_evidence_sql, params, 8, -1, err))
		return err->code;
	return db_send(batch->db, doubled_evidence_sql, doubled, 5, -1, err);
}

static const char forget_missing_sql[] = "delete from missing where request = any($1::uuid[])";
static const char save_missing_sql[] = "insert into missing (sha256, request) select distinct s, q"
				       " from unnest($1::bytea[], $2::uuid[]) u(s, q)";

static size_t
count_missing(const struct svc_batch *batch)
{
	size_t n = 0;

	for (size_t i = 0; i < batch->n; i++)
		n += store_record_of(&batch->aggregates[i])->n_missing;
	return n;
}

static enum cs_code
save_missing(struct svc_batch *batch, struct cs_err *err)
{
	struct store_columns changed = store_columns(batch->arena, batch->n);
	struct store_columns c = store_columns(batch->arena, count_missing(batch));
	struct cs_arena *arena = batch->arena;

	for (size_t i = 0; i < batch->n; i++) {
		const struct signer_record *record = store_record_of(&batch->aggregates[i]);

		if (!record->missing_changed)
			continue;
		changed.ids[changed.n++] = record->c.id;
		for (size_t k = 0; k < record->n_missing; k++) {
			c.ids[c.n] = record->c.id;
			c.spans[c.n++] = cs_span_of(record->missing[k].sha256, CLAIM_DIGEST);
		}
	}
	const struct db_param which[] = { db_id_array(arena, changed.ids, changed.n) };
	const struct db_param params[] = { db_bytes_array(arena, c.spans, c.n),
		db_id_array(arena, c.ids, c.n) };
	if (changed.n > 0 && db_send(batch->db, forget_missing_sql, which, 1, -1, err))
		return err->code;
	return c.n > 0 ? db_send(batch->db, save_missing_sql, params, 2, -1, err) : CS_OK;
}

static const char new_intents_sql[] =
    "insert into intent (request, serial, not_before_s, tbs, tbs_sha256, evidence, state,"
    " judged_at_ms, void_at_ms, issuer, profile, crl_partition)"
    " select q, s, b, t, d, e, 'open', j, 0, i, p, c"
    " from unnest($1::uuid[], $2::bytea[], $3::bigint[], $4::bytea[], $5::bytea[], $6::bytea[],"
    " $7::bigint[], $8::text[], $9::text[], $10::int[]) u(q, s, b, t, d, e, j, i, p, c)";

static enum cs_code
save_new_intents(struct svc_batch *batch, struct cs_err *err)
{
	struct store_columns c = store_columns(batch->arena, batch->n);
	struct cs_span *evidence = CS_NEW_ARRAY(batch->arena, batch->n, struct cs_span);
	struct cs_arena *arena = batch->arena;

	for (size_t i = 0; i < batch->n; i++) {
		const struct signer_record *record = store_record_of(&batch->aggregates[i]);
		const struct record_intent *intent = &record->intent;

		if (!record->intent_is_new)
			continue;
		c.ids[c.n] = record->c.id;
		c.spans[c.n] = cs_span_of(intent->choice.serial, GATE_SERIAL);
		c.longs[c.n] = intent->choice.not_before_s;
		c.more_spans[c.n] = intent->tbs;
		c.other_spans[c.n] = cs_span_of(intent->tbs_sha256, CLAIM_DIGEST);
		evidence[c.n] = intent->evidence;
		c.texts[c.n] = intent->issuer;
		c.more_texts[c.n] = intent->profile;
		c.ints[c.n] = (int32_t)intent->choice.crl_partition;
		c.more_longs[c.n++] = intent->judged_at_ms;
	}
	if (c.n == 0)
		return CS_OK;
	const struct db_param params[] = { db_id_array(arena, c.ids, c.n),
		db_bytes_array(arena, c.spans, c.n), db_i64_array(arena, c.longs, c.n),
		db_bytes_array(arena, c.more_spans, c.n), db_bytes_array(arena, c.other_spans, c.n),
		db_bytes_array(arena, evidence, c.n), db_i64_array(arena, c.more_longs, c.n),
		db_text_array(arena, c.texts, c.n), db_text_array(arena, c.more_texts, c.n),
		db_i32_array(arena, c.ints, c.n) };
	return db_send(batch->db, new_intents_sql, params, 10, (int64_t)c.n, err);
}

static const char change_intents_sql[] =
    "update intent i set state = u.t, judged_at_ms = u.j, void_at_ms = u.v"
    " from unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[], $5::bytea[])"
    " u(q, t, j, v, s) where i.request = u.q and i.serial = u.s and i.state = 'open'"
    " and not exists (select from certificate c where c.request = u.q)";

static enum cs_code
save_changed_intents(struct svc_batch *batch, struct cs_err *err)
{
	struct store_columns c = store_columns(batch->arena, batch->n);
	struct cs_arena *arena = batch->arena;

	for (size_t i = 0; i < batch->n; i++) {
		const struct signer_record *record = store_record_of(&batch->aggregates[i]);
		const struct record_intent *intent = &record->intent;

		if (!record->intent_changed)
			continue;
		c.ids[c.n] = record->c.id;
		c.texts[c.n] = intent->is_void ? "void" : "open";
		c.longs[c.n] = intent->judged_at_ms;
		c.more_longs[c.n] = intent->is_void ? batch->now_ms : 0;
		c.spans[c.n++] = cs_span_of(intent->choice.serial, GATE_SERIAL);
	}
	if (c.n == 0)
		return CS_OK;
	const struct db_param params[] = { db_id_array(arena, c.ids, c.n),
		db_text_array(arena, c.texts, c.n), db_i64_array(arena, c.longs, c.n),
		db_i64_array(arena, c.more_longs, c.n), db_bytes_array(arena, c.spans, c.n) };
	return db_send(batch->db, change_intents_sql, params, 5, (int64_t)c.n, err);
}

/* The intent is there, is the one that was judged, and is not void: that is what each row must find. */
static const char new_certificates_sql[] =
    "insert into certificate (request, serial, der, sha256, issued_at_ms, spki_sha256, enterprise,"
    " account, not_after_s, issuer, crl_partition)"
    " select q, i.serial, d, sha256(d), $4, k, e, a, n, i.issuer, i.crl_partition"
    " from unnest($1::uuid[], $2::bytea[], $3::bytea[], $5::bytea[], $6::text[], $7::text[],"
    " $8::bigint[]) u(q, s, d, k, e, a, n)"
    " join intent i on i.request = q and i.serial = s and i.state = 'open'";

static enum cs_code
save_certificates(struct svc_batch *batch, struct cs_err *err)
{
	struct store_columns c = store_columns(batch->arena, batch->n);
	struct cs_arena *arena = batch->arena;

	for (size_t i = 0; i < batch->n; i++) {
		const struct signer_record *record = store_record_of(&batch->aggregates[i]);

		if (record->certificate.der.len == 0)
			continue;
		c.ids[c.n] = record->c.id;
		c.spans[c.n] = cs_span_of(record->intent.choice.serial, GATE_SERIAL);
		c.more_spans[c.n] = record->certificate.der;
		c.other_spans[c.n] = cs_span_of(record->certificate.spki_sha256, 32);
		c.texts[c.n] = record->certificate.enterprise;
		c.more_texts[c.n] = record->certificate.account;
		c.longs[c.n++] = record->certificate.not_after_s;
	}
	if (c.n == 0)
		return CS_OK;
	const struct db_param params[] = { db_id_array(arena, c.ids, c.n),
		db_bytes_array(arena, c.spans, c.n), db_bytes_array(arena, c.more_spans, c.n),
		db_i64(batch->now_ms), db_bytes_array(arena, c.other_spans, c.n),
		db_text_array(arena, c.texts, c.n), db_text_array(arena, c.more_texts, c.n),
		db_i64_array(arena, c.longs, c.n) };
	return db_send(batch->db, new_certificates_sql, params, 8, (int64_t)c.n, err);
}

/* ---- save, all ---- */

enum cs_code
store_save_records(struct svc_batch *batch, struct cs_err *err)
{
	if (save_requests(batch, err) || save_plans(batch, err) || save_evidence(batch, err) ||
	    save_missing(batch, err) || store_save_keys(batch, err) ||
	    save_new_intents(batch, err) || save_changed_intents(batch, err) ||
	    save_certificates(batch, err) || store_save_revocations(batch, err) ||
	    store_save_lists(batch, err) || store_save_audits(batch, err) ||
	    store_save_own(batch, err))
		return err->code;
	return CS_OK;
}

/* ---- what came elsewhere ---- */

static const char due_sql[] =
    "select distinct m.request from missing m join evidence e on e.sha256 = m.sha256 limit $1";

enum cs_code
store_due_found(const void *self, struct db *db, int64_t now_ms, size_t max, struct cs_arena *arena,
    struct cs_id **ret_keys, size_t *ret_n, struct cs_err *err)
{
	const struct db_param params[] = { db_i64((int64_t)max) };
	struct db_rows *rows;

	(void)self;
	(void)now_ms;
	if (db_query(db, arena, due_sql, params, 1, &rows, err))
		return err->code;
	store_due_ids(arena, rows, ret_keys, ret_n);
	return CS_OK;
}
