/* SPDX-License-Identifier: Apache-2.0 */
/* store.c: the only file of intake with a query in it. */
#include "store.h"

#include <string.h>

#include "changes.h"
#include "db/db.h"
#include "draft.h"
#include "store_rows.h"
#include "subject.h"

/* ---- rows to structs ---- */

static void
get_digest(const struct db_rows *rows, size_t row, size_t column, uint8_t ret[static CLAIM_DIGEST])
{
	struct cs_span octets = db_get_bytes(rows, row, column);

	cs_assert(octets.len == CLAIM_DIGEST);
	memcpy(ret, octets.data, CLAIM_DIGEST);
}

static enum intake_state
read_state(const struct db_rows *rows, size_t row, size_t column)
{
	enum intake_state state = INTAKE_NONE;

	cs_assert(intake_state_parse(db_get_text(rows, row, column), &state));
	return state;
}

/* Names, one a line. */
static struct claim_texts
read_names(struct cs_arena *arena, const char *text)
{
	struct claim_texts names = { NULL, 0 };

	if (*text == '\0')
		return names;
	names.items = CS_NEW_ARRAY(arena, CLAIM_MAX_NAMES, const char *);
	while (*text != '\0' && names.n < CLAIM_MAX_NAMES) {
		size_t len = strcspn(text, "\n");

		names.items[names.n++] = cs_arena_strndup(arena, text, len);
		text += len + (text[len] == '\n');
	}
	return names;
}

/* What every reader wants of a request: of both its tables, in the order in which read_shown takes it. */
#define SHOWN_COLUMNS                                                                             \
	"r.id, r.state, s.enterprise, s.account, s.created_ms, r.changed_ms, r.moved_ms,"         \
	" s.profile, s.mailboxes, s.domains, s.kind, s.previous, s.note_version, s.submitted_by," \
	" " REVOCATION_COLUMNS
#define N_SHOWN (14 + N_REVOCATION)

static void
read_shown(
    struct cs_arena *arena, const struct db_rows *rows, size_t row, struct intake_request *ret)
{
	*ret = (struct intake_request){
		.id = db_get_id(rows, row, 0),
		.state = read_state(rows, row, 1),
		.enterprise = db_get_text(rows, row, 2),
		.account = db_get_text(rows, row, 3),
		.created_at_ms = db_get_i64(rows, row, 4),
		.changed_at_ms = db_get_i64(rows, row, 5),
		.moved_at_ms = db_get_i64(rows, row, 6),
		.profile = db_get_text(rows, row, 7),
		.mailboxes = read_names(arena, db_get_text(rows, row, 8)),
		.domains = read_names(arena, db_get_text(rows, row, 9)),
		.kind = (enum claim_request_kind)db_get_i32(rows, row, 10),
		.previous = db_get_id(rows, row, 11),
		.note_version = db_get_text(rows, row, 12),
		.submitted_by = db_get_text(rows, row, 13),
		.revocation = store_read_revocation(rows, row, 14),
	};
}

#define REFUSAL_COLUMNS                                                      \
	"r.refusal_code, r.refusal_field, r.refusal_clause, r.refusal_text," \
	" r.refusal_mend, r.refusal_check"

/* A request that was issued after all keeps what it was refused for; nobody is shown it. */
static void
read_refusal(const struct db_rows *rows, size_t row, size_t first, struct intake_request *req)
{
	if (req->state != INTAKE_REFUSED || db_is_null(rows, row, first))
		return;
	req->refusal = (struct cs_refusal){ db_get_text(rows, row, first),
		db_get_text(rows, row, first + 1), db_get_text(rows, row, first + 2),
		db_get_text(rows, row, first + 3), db_get_text(rows, row, first + 4) };
	req->refused_check = db_get_text(rows, row, first + 5);
}

/* After SHOWN_COLUMNS: the rest, but for octets and refusals. */
#define REST_COLUMNS                                                                       \
	"s.body_sha256, s.digest, s.spki_sha256, s.ends_ms, r.revision, r.seq, r.version," \
	" r.subject, r.waived, r.second_factor, r.factor_proved_ms"
#define N_REST 11

static void
read_request(
    struct cs_arena *arena, const struct db_rows *rows, size_t row, struct intake_request *ret)
{
	read_shown(arena, rows, row, ret);
	get_digest(rows, row, N_SHOWN, ret->body_sha256);
	get_digest(rows, row, N_SHOWN + 1, ret->digest);
	get_digest(rows, row, N_SHOWN + 2, ret->spki_sha256);
	ret->ends_at_ms = db_get_i64(rows, row, N_SHOWN + 3);
	ret->revision = (uint32_t)db_get_i32(rows, row, N_SHOWN + 4);
	ret->seq = (uint64_t)db_get_i64(rows, row, N_SHOWN + 5);
	ret->version = (uint32_t)db_get_i32(rows, row, N_SHOWN + 6);
	ret->subject = subject_read(arena, db_get_text(rows, row, N_SHOWN + 7));
	ret->waived = read_names(arena, db_get_text(rows, row, N_SHOWN + 8));
	ret->second_factor = db_get_text(rows, row, N_SHOWN + 9);
	ret->factor_proved_at_ms = db_get_i64(rows, row, N_SHOWN + 10);
	ret->envelope = db_get_bytes(rows, row, N_SHOWN + N_REST);
}

#define CHECK_COLUMNS                                                                            \
	"c.request, c.id, c.kind, c.target, c.method, c.allowed_methods, c.position, c.planned," \
	" c.plan_attempt, c.standing_until_ms, c.asked_ms, c.challenge, c.challenge_ms,"         \
	" c.challenge_until_ms, c.attempt, c.outcome, c.checked_ms, c.valid_until_ms, c.shown,"  \
	" c.new_because"
#define N_CHECK 20

static struct intake_check
read_check(const struct db_rows *rows, size_t row)
{
	return (struct intake_check){
		.id = db_get_text(rows, row, 1),
		.kind = (enum claim_kind)db_get_i32(rows, row, 2),
		.target = db_get_text(rows, row, 3),
		.method = db_get_text(rows, row, 4),
		.allowed_methods = db_get_text(rows, row, 5),
		.position = (uint32_t)db_get_i32(rows, row, 6),
		.planned = db_get_bool(rows, row, 7),
		.plan_attempt = (uint32_t)db_get_i32(rows, row, 8),
		.standing_until_ms = db_get_i64(rows, row, 9),
		.asked_at_ms = db_get_i64(rows, row, 10),
		.challenge = (enum intake_challenge)db_get_i32(rows, row, 11),
		.challenge_at_ms = db_get_i64(rows, row, 12),
		.challenge_until_ms = db_get_i64(rows, row, 13),
		.attempt = (uint32_t)db_get_i32(rows, row, 14),
		.outcome = (enum claim_outcome)db_get_i32(rows, row, 15),
		.checked_at_ms = db_get_i64(rows, row, 16),
		.valid_until_ms = db_get_i64(rows, row, 17),
		.shown = (enum intake_shown)db_get_i32(rows, row, 18),
		.new_because = db_get_text(rows, row, 19),
		.stored = true,
	};
}

/* ---- load ---- */

/*
 * In the order of ids, so that replicas cannot deadlock.  No row: the zero request.  Only a repeated
 * creation shows the envelope.
 */
static const char load_sql[] =
    "select " SHOWN_COLUMNS ", " REST_COLUMNS
    ", case when r.id = any($2) then s.envelope else ''::bytea end"
    " from request r join submission s on s.id = r.id" REVOCATION_JOIN " where r.id = any($1)"
    " order by r.id for update of r";

/* The keys with another event than the creation of a request, or those with one. */
static struct db_param
keys_with(struct svc_batch *batch, bool creation, size_t *ret_n)
{
	struct cs_id *keys = CS_NEW_ARRAY(batch->arena, batch->n, struct cs_id);
	size_t n = 0;

	for (size_t i = 0; i < batch->n; i++) {
		const struct svc_aggregate *aggregate = &batch->aggregates[i];
		bool found = false;

		for (size_t k = 0; k < aggregate->n_events; k++)
			found |= draft_is_for(aggregate->events[k]->subject) == creation;
		if (found)
			keys[n++] = aggregate->key;
	}
	*ret_n = n;
	return db_id_array(batch->arena, keys, n);
}

static enum cs_code
ask_requests(struct svc_batch *batch, struct db_rows **ret_rows, struct cs_err *err)
{
	size_t n_created = 0;
	const struct db_param params[] = { db_id_array(batch->arena, svc_keys(batch), batch->n),
		keys_with(batch, true, &n_created) };

	return db_ask(batch->db, batch->arena, load_sql, params, COUNT(params), ret_rows, err);
}

static void
take_requests(struct svc_batch *batch, const struct db_rows *rows)
{
	for (size_t i = 0; i < batch->n; i++)
		batch->aggregates[i].state = CS_NEW(batch->arena, struct intake_request);
	for (size_t i = 0; i < db_rows_count(rows); i++)
		read_request(
		    batch->arena, rows, i, svc_aggregate_find(batch, db_get_id(rows, i, 0))->state);
}

static const char load_checks_sql[] =
    "select " CHECK_COLUMNS
    " from shown_check c where c.request = any($1) order by c.request, c.position, c.id";

/* A creation looks at no check: the request is new, or the answer is the one of then. */
static enum cs_code
ask_checks(struct svc_batch *batch, struct db_rows **ret_rows, struct cs_err *err)
{
	size_t n = 0;
	const struct db_param keys = keys_with(batch, false, &n);

	if (n == 0)
		return CS_OK;
	return db_ask(batch->db, batch->arena, load_checks_sql, &keys, 1, ret_rows, err);
}

static void
take_checks(struct svc_batch *batch, const struct db_rows *rows)
{
	size_t n = rows ? db_rows_count(rows) : 0;
	struct intake_check *checks = CS_NEW_ARRAY(batch->arena, n, struct intake_check);

	for (size_t i = 0; i < n; i++) {
		struct intake_request *req =
		    svc_aggregate_find(batch, db_get_id(rows, i, 0))->state;

		checks[i] = read_check(rows, i);
		if (req->n_checks++ == 0)
			req->checks = &checks[i];
	}
}

static const struct draft *
draft_of(const struct svc_event *ev)
{
	const struct draft *draft = draft_is_for(ev->subject) ? ev->what : NULL;

	return draft && draft->status == 0 && draft->spki.len > 0 ? draft : NULL;
}

static const char load_keys_sql[] =
    "select spki_sha256, enterprise, account from known_key where spki_sha256 = any($1)";

/* What is known of the key that a new request wants certified. */
static void
apply_key(
    const struct db_rows *rows, size_t row, const struct svc_event *ev, struct intake_request *req)
{
	const struct draft *draft = draft_of(ev);
	const struct intake_caller *caller = ev->context;
	const char *enterprise = db_get_text(rows, row, 1), *account = db_get_text(rows, row, 2);

	if (!draft || !cs_span_equal(
			  db_get_bytes(rows, row, 0), cs_span_of(draft->spki_sha256, CLAIM_DIGEST)))
		return;
	if (!enterprise[0])
		req->key_blocked = true;
	else if (strcmp(enterprise, caller->enterprise) != 0 ||
		 strcmp(account, draft_account(draft, caller)) != 0)
		req->key_of_another = true;
}

static size_t
collect_keys(const struct svc_batch *batch, struct cs_span **ret_keys)
{
	size_t n = 0, max = 0;

	for (size_t i = 0; i < batch->n; i++)
		max += batch->aggregates[i].n_events;
	*ret_keys = CS_NEW_ARRAY(batch->arena, max, struct cs_span);
	for (size_t i = 0; i < batch->n; i++) {
		for (size_t k = 0; k < batch->aggregates[i].n_events; k++) {
			const struct draft *draft = draft_of(batch->aggregates[i].events[k]);

			if (draft)
				(*ret_keys)[n++] = cs_span_of(draft->spki_sha256, CLAIM_DIGEST);
		}
	}
	return n;
}

static enum cs_code
ask_keys(struct svc_batch *batch, struct db_rows **ret_rows, struct cs_err *err)
{
	struct cs_span *keys = NULL;
	size_t n = collect_keys(batch, &keys);

	if (n == 0)
		return CS_OK;
	const struct db_param param = db_bytes_array(batch->arena, keys, n);

	return db_ask(batch->db, batch->arena, load_keys_sql, &param, 1, ret_rows, err);
}

static void
take_keys(struct svc_batch *batch, const struct db_rows *rows)
{
	size_t n = rows ? db_rows_count(rows) : 0;

	for (size_t row = 0; row < n; row++)
		for (size_t i = 0; i < batch->n; i++)
			for (size_t k = 0; k < batch->aggregates[i].n_events; k++)
				apply_key(rows, row, batch->aggregates[i].events[k],
				    batch->aggregates[i].state);
}

enum cs_code
store_load_requests(struct svc_batch *batch, struct cs_err *err)
{
	struct db_rows *requests = NULL, *checks = NULL, *keys = NULL, *earlier = NULL,
		       *blocked = NULL, *reports = NULL, *notes = NULL;

	if (ask_requests(batch, &requests, err) || ask_checks(batch, &checks, err) ||
	    ask_keys(batch, &keys, err) || store_ask_earlier(batch, &earlier, err) ||
	    store_ask_blocked(batch, &blocked, err) || store_ask_reports(batch, &reports, err) ||
	    store_ask_notes(batch, &notes, err) || db_settle(batch->db, err))
		return err->code;
	take_requests(batch, requests);
	take_checks(batch, checks);
	take_keys(batch, keys);
	store_take_earlier(batch, earlier);
	store_take_blocked(batch, blocked);
	store_take_reports(batch, reports);
	store_take_notes(batch, notes);
	return CS_OK;
}

/* ---- save ---- */

#define STATES(c, rows, n) \
	COLUMN(c, n, const char *, intake_state_name((rows)[i]->state), db_text_array)
#define NAMES(c, rows, n, member) \
	COLUMN(c, n, const char *, join_names((c)->arena, (rows)[i] member), db_text_array)

/* One a line. */
static const char *
join_names(struct cs_arena *arena, struct claim_texts names)
{
	struct cs_buf buf = cs_buf_new(arena);

	if (names.n < 2)
		return names.n ? names.items[0] : "";
	for (size_t i = 0; i < names.n; i++) {
		if (i)
			cs_buf_add_str(&buf, "\n");
		cs_buf_add_str(&buf, names.items[i]);
	}
	return (const char *)cs_buf_span(&buf).data;
}

/* A row that is there already, of a faster replica, is a conflict: the batch runs again. */
static const char create_sql[] =
    "insert into request (id, enterprise, account, created_ms, ends_ms, state, changed_ms,"
    " moved_ms, revision, seq, version)"
    " select a, b, c, d, e, f, g, h, i, j, 1 from unnest($1::uuid[], $2::text[], $3::text[],"
    " $4::bigint[], $5::bigint[], $6::text[], $7::bigint[], $8::bigint[], $9::integer[],"
    " $10::bigint[]) as x(a, b, c, d, e, f, g, h, i, j)";

static const char submit_sql[] =
    "insert into submission (id, enterprise, account, created_ms, ends_ms, body_sha256, digest,"
    " spki_sha256, envelope, profile, mailboxes, domains, kind, note_version, previous,"
    " submitted_by) select a, b, c, d, e, f, g, h, i, j, k, l, m, n,"
    " nullif(o, '00000000-0000-0000-0000-000000000000'), p from unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::bigint[],"
    " $6::bytea[], $7::bytea[], $8::bytea[], $9::bytea[], $10::text[], $11::text[], $12::text[],"
    " $13::integer[], $14::text[], $15::uuid[], $16::text[])"
    " as x(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p)";

static enum cs_code
save_created(const struct svc_batch *batch, const struct changes *changes, struct cs_err *err)
{
	const struct intake_request *const *reqs = changes->created;
	size_t n = changes->n_created;
	struct columns c = { .arena = batch->arena };

	if (n == 0)
		return CS_OK;
	IDS(&c, reqs, n, ->id);
	TEXTS(&c, reqs, n, ->enterprise);
	TEXTS(&c, reqs, n, ->account);
	I64S(&c, reqs, n, ->created_at_ms);
	I64S(&c, reqs, n, ->ends_at_ms);
	struct columns submitted = c;

	STATES(&c, reqs, n);
	I64S(&c, reqs, n, ->changed_at_ms);
	I64S(&c, reqs, n, ->moved_at_ms);
	I32S(&c, reqs, n, ->revision);
	I64S(&c, reqs, n, ->seq);
	DIGESTS(&submitted, reqs, n, ->body_sha256);
	DIGESTS(&submitted, reqs, n, ->digest);
	DIGESTS(&submitted, reqs, n, ->spki_sha256);
	OCTETS(&submitted, reqs, n, ->envelope);
	TEXTS(&submitted, reqs, n, ->profile);
	NAMES(&submitted, reqs, n, ->mailboxes);
	NAMES(&submitted, reqs, n, ->domains);
	I32S(&submitted, reqs, n, ->kind);
	TEXTS(&submitted, reqs, n, ->note_version);
	IDS(&submitted, reqs, n, ->previous);
	TEXTS(&submitted, reqs, n, ->submitted_by);
	if (db_send(batch->db, create_sql, c.params, c.n, (int64_t)n, err))
		return err->code;
	return db_send(batch->db, submit_sql, submitted.params, submitted.n, (int64_t)n, err);
}

/* Fewer rows than requests: somebody else was faster. */
static const char move_sql[] =
    "update request r set state = x.s, changed_ms = x.c, moved_ms = x.m, revision = x.p,"
    " seq = x.q, version = x.v + 1, subject = x.n, waived = x.w, second_factor = x.f,"
    " factor_proved_ms = x.t from unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[],"
    " $5::integer[], $6::bigint[], $7::integer[], $8::text[], $9::text[], $10::text[], $11::bigint[])"
    " as x(id, s, c, m, p, q, v, n, w, f, t)"
    " where r.id = x.id and r.version = x.v";

static enum cs_code
save_moved(const struct svc_batch *batch, const struct changes *changes, struct cs_err *err)
{
	const struct intake_request *const *reqs = changes->moved;
	size_t n = changes->n_moved;
	struct columns c = { .arena = batch->arena };

	if (n == 0)
		return CS_OK;
	IDS(&c, reqs, n, ->id);
	STATES(&c, reqs, n);
	I64S(&c, reqs, n, ->changed_at_ms);
	I64S(&c, reqs, n, ->moved_at_ms);
	I32S(&c, reqs, n, ->revision);
	I64S(&c, reqs, n, ->seq);
	I32S(&c, reqs, n, ->version);
	COLUMN(&c, n, const char *, subject_write(batch->arena, &reqs[i]->subject), db_text_array);
	NAMES(&c, reqs, n, ->waived);
	COLUMN(&c, n, const char *, reqs[i]->second_factor ? reqs[i]->second_factor : "",
	    db_text_array);
	I64S(&c, reqs, n, ->factor_proved_at_ms);
	return db_send(batch->db, move_sql, c.params, c.n, (int64_t)n, err);
}

/* A statement of its own: hardly any request is refused, and none twice. */
static const char refuse_sql[] =
    "update request r set refusal_code = x.a, refusal_field = x.b, refusal_clause = x.c,"
    " refusal_text = x.d, refusal_mend = x.e, refusal_check = x.f"
    " from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],"
    " $7::text[]) as x(id, a, b, c, d, e, f) where r.id = x.id";

static enum cs_code
save_refused(const struct svc_batch *batch, const struct changes *changes, struct cs_err *err)
{
	const struct intake_request *const *reqs = changes->refused;
	size_t n = changes->n_refused;
	struct columns c = { .arena = batch->arena };

	if (n == 0)
		return CS_OK;
	IDS(&c, reqs, n, ->id);
	TEXTS(&c, reqs, n, ->refusal.code);
	TEXTS(&c, reqs, n, ->refusal.field);
	TEXTS(&c, reqs, n, ->refusal.clause);
	TEXTS(&c, reqs, n, ->refusal.text);
	TEXTS(&c, reqs, n, ->refusal.mend);
	TEXTS(&c, reqs, n, ->refused_check);
	return db_send(batch->db, refuse_sql, c.params, c.n, (int64_t)n, err);
}

#define CHECK_ARRAYS                                                                         \
	" unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::integer[]," \
	" $7::boolean[], $8::integer[], $9::bigint[], $10::bigint[], $11::integer[],"        \
	" $12::bigint[], $13::bigint[], $14::integer[], $15::integer[], $16::bigint[],"      \
	" $17::bigint[], $18::integer[], $19::text[]"

static const char new_checks_sql[] =
    "insert into shown_check (request, id, target, method, allowed_methods, position, planned,"
    " plan_attempt, standing_until_ms, asked_ms, challenge, challenge_ms, challenge_until_ms,"
    " attempt, outcome, checked_ms, valid_until_ms, shown, new_because, kind)"
    " select * from" CHECK_ARRAYS ", $20::integer[])";

static const char old_checks_sql[] =
    "update shown_check s set target = c, method = d, allowed_methods = e, position = f,"
    " planned = g, plan_attempt = h, standing_until_ms = i, asked_ms = j, challenge = k,"
    " challenge_ms = l, challenge_until_ms = m, attempt = n, outcome = o, checked_ms = p,"
    " valid_until_ms = q, shown = r, new_because = t"
    " from" CHECK_ARRAYS ") as x(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, t)"
    " where s.request = a and s.id = b";

static void
add_checks(struct columns *c, const struct changed_check *rows, size_t n)
{
	IDS(c, rows, n, .request);
	TEXTS(c, rows, n, .check->id);
	TEXTS(c, rows, n, .check->target);
	TEXTS(c, rows, n, .check->method);
	TEXTS(c, rows, n, .check->allowed_methods);
	I32S(c, rows, n, .check->position);
	BOOLS(c, rows, n, .check->planned);
	I32S(c, rows, n, .check->plan_attempt);
	I64S(c, rows, n, .check->standing_until_ms);
	I64S(c, rows, n, .check->asked_at_ms);
	I32S(c, rows, n, .check->challenge);
	I64S(c, rows, n, .check->challenge_at_ms);
	I64S(c, rows, n, .check->challenge_until_ms);
	I32S(c, rows, n, .check->attempt);
	I32S(c, rows, n, .check->outcome);
	I64S(c, rows, n, .check->checked_at_ms);
	I64S(c, rows, n, .check->valid_until_ms);
	I32S(c, rows, n, .check->shown);
	TEXTS(c, rows, n, .check->new_because);
}

static enum cs_code
save_new_checks(const struct svc_batch *batch, const struct changes *changes, struct cs_err *err)
{
	size_t n = changes->n_new_checks;
	struct columns c = { .arena = batch->arena };

	if (n == 0)
		return CS_OK;
	add_checks(&c, changes->new_checks, n);
	I32S(&c, changes->new_checks, n, .check->kind);
	return db_send(batch->db, new_checks_sql, c.params, c.n, (int64_t)n, err);
}

static enum cs_code
save_old_checks(const struct svc_batch *batch, const struct changes *changes, struct cs_err *err)
{
	size_t n = changes->n_old_checks;
	struct columns c = { .arena = batch->arena };

	if (n == 0)
		return CS_OK;
	add_checks(&c, changes->old_checks, n);
	return db_send(batch->db, old_checks_sql, c.params, c.n, (int64_t)n, err);
}

static const char octets_sql[] =
    "insert into received (request, check_id, what, body)"
    " select * from unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[])"
    " on conflict (request, check_id, what) do update set body = excluded.body";

static enum cs_code
save_octets(const struct svc_batch *batch, const struct changes *changes, struct cs_err *err)
{
	size_t n = changes->n_octets;
	struct columns c = { .arena = batch->arena };

	if (n == 0)
		return CS_OK;
	IDS(&c, changes->octets, n, .request);
	TEXTS(&c, changes->octets, n, .check);
	TEXTS(&c, changes->octets, n, .what);
	OCTETS(&c, changes->octets, n, .body);
	return db_send(batch->db, octets_sql, c.params, c.n, (int64_t)n, err);
}

static const char notes_sql[] =
    "insert into history (request, seq, at_ms, check_id, state, reason, said)"
    " select * from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $5::text[],"
    " $6::text[], $7::text[])";

static enum cs_code
save_notes(const struct svc_batch *batch, const struct changes *changes, struct cs_err *err)
{
	const struct changed_note *rows = changes->notes;
	size_t n = changes->n_notes;
	struct columns c = { .arena = batch->arena };

	if (n == 0)
		return CS_OK;
	IDS(&c, rows, n, .request);
	I64S(&c, rows, n, .note->seq);
	I64S(&c, rows, n, .note->at_ms);
	TEXTS(&c, rows, n, .note->check);
	TEXTS(&c, rows, n, .note->state);
	TEXTS(&c, rows, n, .note->reason);
	TEXTS(&c, rows, n, .note->text);
	return db_send(batch->db, notes_sql, c.params, c.n, (int64_t)n, err);
}

static const char certificates_sql[] =
    "insert into certificate (request, body, serial, fingerprint)"
    " select * from unnest($1::uuid[], $2::bytea[], $3::text[], $4::text[])";

static enum cs_code
save_certificates(const struct svc_batch *batch, const struct changes *changes, struct cs_err *err)
{
	size_t n = changes->n_issued;
	struct columns c = { .arena = batch->arena };

	if (n == 0)
		return CS_OK;
	IDS(&c, changes->issued, n, ->id);
	OCTETS(&c, changes->issued, n, ->certificate);
	TEXTS(&c, changes->issued, n, ->serial);
	TEXTS(&c, changes->issued, n, ->fingerprint);
	return db_send(batch->db, certificates_sql, c.params, c.n, (int64_t)n, err);
}

static const char keys_sql[] = "insert into known_key (spki_sha256, enterprise, account)"
			       " select distinct * from unnest($1::bytea[], $2::text[], $3::text[])"
			       " on conflict (spki_sha256, enterprise, account) do nothing";

static enum cs_code
save_keys(const struct svc_batch *batch, const struct changes *changes, struct cs_err *err)
{
	size_t n = changes->n_keys;
	struct columns c = { .arena = batch->arena };

	if (n == 0)
		return CS_OK;
	DIGESTS(&c, changes->keys, n, .spki_sha256);
	TEXTS(&c, changes->keys, n, .enterprise);
	TEXTS(&c, changes->keys, n, .account);
	return db_send(batch->db, keys_sql, c.params, c.n, -1, err);
}

enum cs_code
store_save_requests(struct svc_batch *batch, struct cs_err *err)
{
	typedef enum cs_code save(
	    const struct svc_batch *batch, const struct changes *changes, struct cs_err *err);
	static save *const tables[] = { save_created, save_moved, save_refused, save_new_checks,
		save_old_checks, save_octets, save_notes, save_certificates, save_keys,
		store_save_revocations, store_save_reports, store_save_request_notes };
	const struct changes changes = changes_of(batch);

	for (size_t i = 0; i < COUNT(tables); i++)
		if (tables[i](batch, &changes, err))
			return err->code;
	return CS_OK;
}

/* ---- time ---- */

static const char due_sql[] =
    "select id from request where state in ('created', 'validating', 'ready') and ends_ms <= $1"
    " order by ends_ms limit $2";

enum cs_code
store_due_requests(const void *self, struct db *db, int64_t now_ms, size_t max,
    struct cs_arena *arena, struct cs_id **ret_keys, size_t *ret_n, struct cs_err *err)
{
	const struct db_param params[] = { db_i64(now_ms), db_i64((int64_t)max) };
	struct db_rows *rows = NULL;

	(void)self;
	if (db_query(db, arena, due_sql, params, COUNT(params), &rows, err))
		return err->code;
	*ret_n = db_rows_count(rows);
	*ret_keys = CS_NEW_ARRAY(arena, *ret_n, struct cs_id);
	for (size_t i = 0; i < *ret_n; i++)
		(*ret_keys)[i] = db_get_id(rows, i, 0);
	return CS_OK;
}

/* ---- showing ---- */

static const char find_sql[] =
    "select " SHOWN_COLUMNS ", " REST_COLUMNS ", s.envelope, " REFUSAL_COLUMNS ", c.body"
    " from request r join submission s on s.id = r.id" REVOCATION_JOIN
    " left join certificate c on c.request = r.id"
    " where r.id = $1";

enum cs_code
store_find(struct db *db, struct cs_arena *arena, struct cs_id id, struct intake_request *ret_req,
    struct cs_err *err)
{
	const struct db_param param = db_id(id);
	struct db_rows *rows = NULL;

	if (db_query(db, arena, find_sql, &param, 1, &rows, err))
		return err->code;
	if (db_rows_count(rows) == 0)
		return cs_fail(err, CS_NOT_FOUND, "no such request");
	read_request(arena, rows, 0, ret_req);
	read_refusal(rows, 0, N_SHOWN + N_REST + 1, ret_req);
	ret_req->certificate = db_get_bytes(rows, 0, N_SHOWN + N_REST + 7);
	return CS_OK;
}

static const char find_checks_sql[] =
    "select " CHECK_COLUMNS ", e.body, t.body from shown_check c"
    " left join received e on e.request = $1 and e.check_id = c.id and e.what = 'evidence'"
    " left join received t on t.request = $1 and t.check_id = c.id and t.what = 'challenge'"
    " where c.request = $1 order by c.position, c.id";

enum cs_code
store_find_checks(
    struct db *db, struct cs_arena *arena, struct intake_request *req, struct cs_err *err)
{
	const struct db_param param = db_id(req->id);
	struct db_rows *rows = NULL;

	if (db_query(db, arena, find_checks_sql, &param, 1, &rows, err))
		return err->code;
	req->n_checks = db_rows_count(rows);
	req->checks = CS_NEW_ARRAY(arena, req->n_checks, struct intake_check);
	for (size_t i = 0; i < req->n_checks; i++) {
		req->checks[i] = read_check(rows, i);
		req->checks[i].evidence = db_get_bytes(rows, i, N_CHECK);
		req->checks[i].told = db_get_bytes(rows, i, N_CHECK + 1);
	}
	return CS_OK;
}

/*
 * Statements of their own for each way to ask: each has an index that gives its rows in their order,
 * in one of the two tables; the other is looked up by id.  One statement that knew all ways would read
 * all that ended to find the few that are ready.  Each takes all parameters and says the types of those
 * that it does not use.
 */
#define LIST_SQL(table, time, where)                                                       \
	"select " SHOWN_COLUMNS ", " REFUSAL_COLUMNS                                       \
	" from request r join submission s on s.id = r.id" REVOCATION_JOIN " where " where \
	" and (" table "." time ", " table ".id) < ($3, $4) order by " table "." time      \
	" desc, " table ".id desc limit $7"
#define NEWEST(where) LIST_SQL("s", "created_ms", where " and $6::bigint is not null")
#define NEWEST_IN_STATE(where) LIST_SQL("r", "created_ms", where " and $6::bigint is not null")
#define MOVED(where) LIST_SQL("r", "moved_ms", "r.enterprise = $1 and r.moved_ms >= $6" where)
#define ALL " and $2::text is not null"
#define ANY " and $5::text is not null"

/* Of one enterprise: for people of the platform too, of the one that they named. */
static const char *
list_sql(const struct intake_caller *caller, const struct store_page *page)
{
	static const char *const sql[2][2][2] = {
		{ { NEWEST("s.enterprise = $1 and s.account = $2" ANY),
		      NEWEST_IN_STATE("r.enterprise = $1 and r.account = $2 and r.state = $5") },
		    { NEWEST("s.enterprise || '' = $1" ALL ANY),
			NEWEST("s.enterprise || '' = $1 and r.state = $5" ALL) } },
		{ { MOVED(" and r.account = $2" ANY),
		      MOVED(" and r.account = $2 and r.state = $5") },
		    { MOVED(ALL ANY), MOVED(" and r.state = $5" ALL) } },
	};

	const bool all = intake_oversees(caller, caller->enterprise);

	return sql[page->has_since][all][page->state != INTAKE_NONE];
}

enum cs_code
store_list(struct db *db, struct cs_arena *arena, const struct intake_caller *caller,
    const struct store_page *page, struct intake_request **ret_reqs, size_t *ret_n,
    struct cs_err *err)
{
	const struct db_param params[] = { db_text(caller->enterprise), db_text(caller->account),
		db_i64(page->before_ms), db_id(page->before),
		db_text(intake_state_name(page->state)), db_i64(page->since_ms),
		db_i64(page->limit) };
	struct db_rows *rows = NULL;

	if (db_query(db, arena, list_sql(caller, page), params, COUNT(params), &rows, err))
		return err->code;
	*ret_n = db_rows_count(rows);
	*ret_reqs = CS_NEW_ARRAY(arena, *ret_n, struct intake_request);
	for (size_t i = 0; i < *ret_n; i++) {
		read_shown(arena, rows, i, &(*ret_reqs)[i]);
		read_refusal(rows, i, N_SHOWN, &(*ret_reqs)[i]);
	}
	return CS_OK;
}

static const char history_sql[] =
    "select h.request, h.seq, h.at_ms, h.check_id, h.state, h.reason, h.said, r.state, h.seq = r.seq"
    " from unnest($1::uuid[], $2::bigint[]) as w(request, after)"
    " join history h on h.request = w.request and h.seq > w.after"
    " join request r on r.id = w.request"
    " order by h.request, h.seq limit $3";

enum cs_code
store_history(struct db *db, struct cs_arena *arena, const struct store_watch *watch,
    struct store_line **ret_lines, size_t *ret_n, struct cs_err *err)
{
	const struct db_param params[] = { db_id_array(arena, watch->ids, watch->n),
		db_i64_array(arena, watch->after, watch->n), db_i64(watch->limit) };
	struct db_rows *rows = NULL;
	struct store_line *lines = NULL;

	if (db_query(db, arena, history_sql, params, COUNT(params), &rows, err))
		return err->code;
	lines = CS_NEW_ARRAY(arena, db_rows_count(rows), struct store_line);
	for (size_t i = 0; i < db_rows_count(rows); i++)
		lines[i] = (struct store_line){ db_get_id(rows, i, 0),
			(uint64_t)db_get_i64(rows, i, 1), db_get_i64(rows, i, 2),
			db_get_text(rows, i, 3), db_get_text(rows, i, 4), db_get_text(rows, i, 5),
			db_get_text(rows, i, 6),
			intake_ended(read_state(rows, i, 7)) && db_get_bool(rows, i, 8) };
	*ret_lines = lines;
	*ret_n = db_rows_count(rows);
	return CS_OK;
}
