/* SPDX-License-Identifier: Apache-2.0 */
#include "store_standing.h"

#include <stdlib.h>
#include <string.h>

#include "policy.h"
#include "smime/address.h"
#include "smime/domain.h"
#include "smime/method.h"
#include "store_identity.h"

static struct policy_case *
case_of(const struct svc_aggregate *aggregate)
{
	return aggregate->state;
}

/* ---- load ---- */

static struct store_wanted
wanted_new(struct cs_arena *arena, size_t max)
{
	return (struct store_wanted){
		.at = CS_NEW_ARRAY(arena, max, int32_t),
		.a = CS_NEW_ARRAY(arena, max, const char *),
		.b = CS_NEW_ARRAY(arena, max, const char *),
	};
}

/*
 * Name by name: a join that is planned as one may read everything that stands, and does so for as long as
 * the plan is kept that was made while that was little.
 */
static const char load_standing_sql[] =
    "select w.at, s.kind, s.outcome, s.enterprise, s.account, s.target, s.method, s.expected,"
    " s.check_digest, s.envelope_sha256, s.primary_sha256, s.request, s.attempt, s.checked_at_ms,"
    " s.valid_until_ms, s.covers_subdomains, s.remotes, s.check_id"
    " from unnest($1::integer[], $2::text[], $3::text[]) as w(at, enterprise, target)"
    " cross join lateral (select * from standing t where t.enterprise = w.enterprise"
    "  and t.target = w.target and t.valid_until_ms > $4 offset 0) as s";

/* Each name once: a row that came twice would be two proofs. */
static void
want_name(struct store_wanted *wanted, size_t at, const char *enterprise, const char *name)
{
	for (size_t i = wanted->n; i > 0 && wanted->at[i - 1] == (int32_t)at; i--)
		if (strcmp(wanted->b[i - 1], name) == 0)
			return;
	wanted->at[wanted->n] = (int32_t)at;
	wanted->a[wanted->n] = enterprise;
	wanted->b[wanted->n++] = name;
}

/* A domain and what is above it: a proof of a parent may cover it. */
static void
want_domain(struct store_wanted *wanted, size_t at, const char *enterprise, const char *domain)
{
	for (; domain != NULL && strchr(domain, '.') != NULL; domain = smime_domain_parent(domain))
		want_name(wanted, at, enterprise, domain);
}

static void
want_names(struct store_wanted *wanted, size_t at, const struct claim_request *request,
    struct cs_arena *arena)
{
	for (size_t i = 0; i < request->domains.n; i++)
		want_domain(wanted, at, request->enterprise, request->domains.items[i]);
	for (size_t i = 0; i < request->mailboxes.n; i++) {
		const char *mailbox = request->mailboxes.items[i];
		struct smime_address address;
		struct cs_refusal why;

		want_name(wanted, at, request->enterprise, mailbox);
		if (smime_address_parse(arena, cs_span_str(mailbox), &address, &why))
			want_domain(wanted, at, request->enterprise, address.domain);
	}
}

/* No name has more labels than half its octets. */
static size_t
most_names(const struct svc_batch *batch)
{
	size_t n = 0;

	for (size_t i = 0; i < batch->n; i++) {
		const struct claim_request *request = store_request_of(&batch->aggregates[i]);

		if (request == NULL)
			continue;
		n += request->mailboxes.n;
		for (size_t k = 0; k < request->domains.n; k++)
			n += strlen(request->domains.items[k]) / 2 + 1;
		for (size_t k = 0; k < request->mailboxes.n; k++)
			n += strlen(request->mailboxes.items[k]) / 2 + 1;
	}
	return n;
}

static void
read_proof(const struct db_rows *rows, size_t row, struct policy_proof *proof)
{
	*proof = (struct policy_proof){
		.kind = (enum claim_kind)db_get_i32(rows, row, 1),
		.outcome = (enum claim_outcome)db_get_i32(rows, row, 2),
		.enterprise = db_get_text(rows, row, 3),
		.account = db_get_text(rows, row, 4),
		.target = db_get_text(rows, row, 5),
		.method = db_get_text(rows, row, 6),
		.expected = db_get_bytes(rows, row, 7),
		.primary_sha256 = db_get_bytes(rows, row, 10),
		.request = db_get_id(rows, row, 11),
		.attempt = (uint32_t)db_get_i32(rows, row, 12),
		.checked_at_ms = db_get_i64(rows, row, 13),
		.valid_until_ms = db_get_i64(rows, row, 14),
		.covers_subdomains = db_get_bool(rows, row, 15),
		.remotes = (uint32_t)db_get_i32(rows, row, 16),
		.check_id = db_get_text(rows, row, 17),
	};
	/* Their length is a constraint of the table. */
	memcpy(proof->check_digest, db_get_bytes(rows, row, 8).data, CLAIM_DIGEST);
	memcpy(proof->envelope_sha256, db_get_bytes(rows, row, 9).data, CLAIM_DIGEST);
}

static int
by_name(const void *a, const void *b, void *arg)
{
	const struct store_wanted *wanted = arg;
	const size_t *x = a, *y = b;
	const int order = strcmp(wanted->a[*x], wanted->a[*y]);

	return order != 0 ? order : strcmp(wanted->b[*x], wanted->b[*y]);
}

/*
 * Each name once, however many requests of the batch want it: those of one enterprise mostly want the
 * same domain.  `ret_order` holds the wanted sorted by name, `ret_names->at` where each name begins.
 */
static void
distinct_names(struct cs_arena *arena, struct store_wanted *wanted, struct store_wanted *ret_names,
    const size_t **ret_order)
{
	size_t *order = CS_NEW_ARRAY(arena, wanted->n, size_t);

	*ret_names = wanted_new(arena, wanted->n);
	for (size_t i = 0; i < wanted->n; i++)
		order[i] = i;
	qsort_r(order, wanted->n, sizeof(order[0]), by_name, wanted);
	for (size_t i = 0; i < wanted->n; i++) {
		if (i > 0 && by_name(&order[i - 1], &order[i], wanted) == 0)
			continue;
		ret_names->at[ret_names->n] = (int32_t)i;
		ret_names->a[ret_names->n] = wanted->a[order[i]];
		ret_names->b[ret_names->n++] = wanted->b[order[i]];
	}
	*ret_order = order;
}

/* Every request that wants the proof's name gets it. */
static void
hand_out(struct svc_batch *batch, struct store_wanted *wanted, const size_t *order, size_t first,
    const struct policy_proof *proof)
{
	for (size_t i = first; i < wanted->n && by_name(&order[first], &order[i], wanted) == 0;
	     i++) {
		struct policy_case *to = case_of(&batch->aggregates[wanted->at[order[i]]]);
		struct policy_proof *copy = CS_NEW(batch->arena, struct policy_proof);

		*copy = *proof;
		copy->next = to->proofs;
		to->proofs = copy;
	}
}

static struct store_wanted
want_all_names(struct svc_batch *batch)
{
	struct store_wanted wanted = wanted_new(batch->arena, most_names(batch));

	for (size_t i = 0; i < batch->n; i++) {
		const struct claim_request *request = store_request_of(&batch->aggregates[i]);

		if (request != NULL)
			want_names(&wanted, i, request, batch->arena);
	}
	return wanted;
}

/* The proofs of each name once; who wants them is told when they are read. */
enum cs_code
store_ask_standing(struct svc_batch *batch, struct store_standing *ret, struct cs_err *err)
{
	struct store_wanted names;

	ret->wanted = want_all_names(batch);
	distinct_names(batch->arena, &ret->wanted, &names, &ret->order);
	const struct db_param params[] = {
		db_i32_array(batch->arena, names.at, names.n),
		db_text_array(batch->arena, names.a, names.n),
		db_text_array(batch->arena, names.b, names.n),
		db_i64(batch->now_ms),
	};

	return db_ask(batch->db, batch->arena, load_standing_sql, params, 4, &ret->rows, err);
}

void
store_read_standing(struct svc_batch *batch, struct store_standing *standing)
{
	for (size_t i = 0; i < db_rows_count(standing->rows); i++) {
		struct policy_proof proof;

		read_proof(standing->rows, i, &proof);
		hand_out(batch, &standing->wanted, standing->order,
		    (size_t)db_get_i32(standing->rows, i, 0), &proof);
	}
}

/* ---- save ---- */

static const char save_standing_sql[] =
    "insert into standing (check_digest, request, attempt, enterprise, account, kind, target,"
    " method, expected, outcome, envelope_sha256, primary_sha256, checked_at_ms, valid_until_ms,"
    " covers_subdomains, remotes, check_id)"
    " select * from unnest($1::bytea[], $2::uuid[], $3::integer[], $4::text[], $5::text[],"
    "  $6::integer[], $7::text[], $8::text[], $9::bytea[], $10::integer[], $11::bytea[],"
    "  $12::bytea[], $13::bigint[], $14::bigint[], $15::boolean[], $16::integer[], $17::text[])"
    " on conflict do nothing";

static int
by_digest(const void *a, const void *b)
{
	const struct policy_proof *const *x = a, *const *y = b;

	return memcmp((*x)->check_digest, (*y)->check_digest, CLAIM_DIGEST);
}

/* New ones of the whole batch, in the order of the key: replicas cannot wait for each other. */
static size_t
collect_proofs(struct svc_batch *batch, const struct policy_proof ***ret)
{
	const struct policy_proof **proofs;
	size_t n = 0;

	for (size_t i = 0; i < batch->n; i++)
		n += batch->aggregates[i].n_events;
	proofs = CS_NEW_ARRAY(batch->arena, n, const struct policy_proof *);
	n = 0;
	for (size_t i = 0; i < batch->n; i++) {
		const struct policy_proof *p = case_of(&batch->aggregates[i])->proofs;

		/* New ones are in front of those that were loaded. */
		for (; p != NULL && p->is_new; p = p->next)
			proofs[n++] = p;
	}
	qsort(proofs, n, sizeof(proofs[0]), by_digest);
	*ret = proofs;
	return n;
}

/* One column of `proofs`, as an array of `type`. */
#define COLUMN(type, name, value)                  \
	type *name = CS_NEW_ARRAY(arena, n, type); \
	for (size_t i = 0; i < n; i++)             \
	name[i] = (value)

enum cs_code
store_save_standing(struct svc_batch *batch, struct cs_err *err)
{
	struct cs_arena *arena = batch->arena;
	const struct policy_proof **p;
	size_t n = collect_proofs(batch, &p);

	if (n == 0)
		return CS_OK;
	COLUMN(struct cs_span, check_digest, cs_span_of(p[i]->check_digest, CLAIM_DIGEST));
	COLUMN(struct cs_id, request, p[i]->request);
	COLUMN(int32_t, attempt, (int32_t)p[i]->attempt);
	COLUMN(const char *, enterprise, p[i]->enterprise);
	COLUMN(const char *, account, p[i]->account);
	COLUMN(int32_t, kind, (int32_t)p[i]->kind);
	COLUMN(const char *, target, p[i]->target);
	COLUMN(const char *, method, p[i]->method);
	COLUMN(struct cs_span, expected, p[i]->expected);
	COLUMN(int32_t, outcome, (int32_t)p[i]->outcome);
	COLUMN(struct cs_span, envelope, cs_span_of(p[i]->envelope_sha256, CLAIM_DIGEST));
	COLUMN(struct cs_span, primary, p[i]->primary_sha256);
	COLUMN(int64_t, checked_at, p[i]->checked_at_ms);
	COLUMN(int64_t, valid_until, p[i]->valid_until_ms);
	COLUMN(bool, covers, p[i]->covers_subdomains);
	COLUMN(int32_t, remotes, (int32_t)p[i]->remotes);
	COLUMN(const char *, check_id, p[i]->check_id);
	const struct db_param params[] = {
		db_bytes_array(arena, check_digest, n),
		db_id_array(arena, request, n),
		db_i32_array(arena, attempt, n),
		db_text_array(arena, enterprise, n),
		db_text_array(arena, account, n),
		db_i32_array(arena, kind, n),
		db_text_array(arena, target, n),
		db_text_array(arena, method, n),
		db_bytes_array(arena, expected, n),
		db_i32_array(arena, outcome, n),
		db_bytes_array(arena, envelope, n),
		db_bytes_array(arena, primary, n),
		db_i64_array(arena, checked_at, n),
		db_i64_array(arena, valid_until, n),
		db_bool_array(arena, covers, n),
		db_i32_array(arena, remotes, n),
		db_text_array(arena, check_id, n),
	};

	return db_send(batch->db, save_standing_sql, params, 17, -1, err);
}

/* ---- what is kept no longer ---- */

/* A plan names only what stood when it was made: those that have been open for so long are few or none. */
static const char sweep_standing_sql[] =
    "with open as materialized (select p.since_ms, e.plan from plan p"
    "  join plan_envelope e on e.request = p.request where p.due_ms > 0"
    "  and p.state in ('approved', 'final', 'refused') and p.since_ms <= $1),"
    " old as (select check_digest, request, attempt from standing s where valid_until_ms <= $1"
    "  and not exists (select 1 from plan p where p.request = s.request and p.state <> 'ended')"
    "  and not exists (select 1 from open o where o.since_ms <= s.valid_until_ms"
    "   and position(s.envelope_sha256 in o.plan) > 0)"
    "  order by valid_until_ms limit $2 for update of s skip locked),"
    " gone as (delete from standing s using old where s.check_digest = old.check_digest"
    "  and s.request = old.request and s.attempt = old.attempt returning 1)"
    " select count(*) from gone";

enum cs_code
store_sweep_standing(struct db *db, int64_t valid_until_ms, size_t max, struct cs_arena *arena,
    int64_t *ret_n, struct cs_err *err)
{
	const struct db_param params[] = { db_i64(valid_until_ms), db_i64((int64_t)max) };
	struct db_rows *rows;

	if (db_query(db, arena, sweep_standing_sql, params, 2, &rows, err))
		return err->code;
	*ret_n = db_get_i64(rows, 0, 0);
	return CS_OK;
}
