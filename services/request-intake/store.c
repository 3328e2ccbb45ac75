/* SPDX-License-Identifier: Apache-2.0 */
/* store.c: the only file of intake with a query in it. */
#include "store.h"

#include <string.h>

#include "db/db.h"
#include "draft.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- rows to structs ---- */

/* The columns of request, in the order in which read_request takes them. */
#define REQUEST_COLUMNS                                                                               \
	"r.id, r.state, r.enterprise, r.account, r.body_sha256, r.digest, r.spki_sha256, r.envelope," \
	" r.created_ms, r.changed_ms, r.ends_ms, r.revision, r.refusal_code, r.refusal_field,"        \
	" r.refusal_clause, r.refusal_text, r.refusal_mend, r.refusal_check, r.seq, r.version,"       \
	" r.profile, r.mailboxes, r.domains, r.moved_ms"

static void
get_digest(const struct db_rows *rows, size_t row, size_t column, uint8_t ret[static CLAIM_DIGEST])
{
	struct cs_span octets = db_get_bytes(rows, row, column);

	cs_assert(octets.len == CLAIM_DIGEST);
	memcpy(ret, octets.data, CLAIM_DIGEST);
}

/* Six columns from `first` on. */
static void
read_refusal(const struct db_rows *rows, size_t row, size_t first, struct intake_request *req)
{
	req->refused_check = db_get_text(rows, row, first + 5);
	if (!db_get_text(rows, row, first)[0])
		return;
	req->refusal = (struct cs_refusal){ db_get_text(rows, row, first),
		db_get_text(rows, row, first + 1), db_get_text(rows, row, first + 2),
		db_get_text(rows, row, first + 3), db_get_text(rows, row, first + 4) };
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
read_names(struct cs_arena *arena, const struct db_rows *rows, size_t row, size_t column)
{
	struct claim_texts names = { CS_NEW_ARRAY(arena, CLAIM_MAX_NAMES, const char *), 0 };
	const char *text = db_get_text(rows, row, column);

	while (*text != '\0' && names.n < CLAIM_MAX_NAMES) {
		size_t len = strcspn(text, "\n");

		names.items[names.n++] = cs_arena_strndup(arena, text, len);
		text += len + (text[len] == '\n');
	}
	return names;
}

/* Three columns from `first` on. */
static void
read_names_shown(struct cs_arena *arena, const struct db_rows *rows, size_t row, size_t first,
    struct intake_request *req)
{
	req->profile = db_get_text(rows, row, first);
	req->mailboxes = read_names(arena, rows, row, first + 1);
	req->domains = read_names(arena, rows, row, first + 2);
}

static void
read_request(
    struct cs_arena *arena, const struct db_rows *rows, size_t row, struct intake_request *ret)
{
	struct intake_request req = {
		.id = db_get_id(rows, row, 0),
		.state = read_state(rows, row, 1),
		.enterprise = db_get_text(rows, row, 2),
		.account = db_get_text(rows, row, 3),
		.envelope = db_get_bytes(rows, row, 7),
		.created_at_ms = db_get_i64(rows, row, 8),
		.changed_at_ms = db_get_i64(rows, row, 9),
		.ends_at_ms = db_get_i64(rows, row, 10),
		.revision = (uint32_t)db_get_i32(rows, row, 11),
		.seq = (uint64_t)db_get_i64(rows, row, 18),
		.version = (uint32_t)db_get_i32(rows, row, 19),
		.moved_at_ms = db_get_i64(rows, row, 23),
	};

	get_digest(rows, row, 4, req.body_sha256);
	get_digest(rows, row, 5, req.digest);
	get_digest(rows, row, 6, req.spki_sha256);
	read_refusal(rows, row, 12, &req);
	read_names_shown(arena, rows, row, 20, &req);
	*ret = req;
}

#define CHECK_COLUMNS                                                                             \
	"c.request, c.id, c.kind, c.target, c.method, c.allowed_methods, c.position, c.revision," \
	" c.plan_attempt, c.standing_until_ms, c.asked_ms, c.challenge, c.challenge_ms,"          \
	" c.challenge_until_ms, c.attempt, c.outcome, c.checked_ms, c.valid_until_ms, c.shown"

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
		.revision = (uint32_t)db_get_i32(rows, row, 7),
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
	};
}

/* ---- load ---- */

/* In the order of ids, so that replicas cannot deadlock.  No row: the zero request. */
static const char load_sql[] =
    "select " REQUEST_COLUMNS " from request r where r.id = any($1) order by r.id for update";

static enum cs_code
load_rows(struct svc_batch *batch, struct db_param keys, struct cs_err *err)
{
	struct db_rows *rows = NULL;

	if (db_query(batch->db, batch->arena, load_sql, &keys, 1, &rows, err))
		return err->code;
	for (size_t i = 0; i < batch->n; i++)
		batch->aggregates[i].state = CS_NEW(batch->arena, struct intake_request);
	for (size_t i = 0; i < db_rows_count(rows); i++)
		read_request(
		    batch->arena, rows, i, svc_aggregate_find(batch, db_get_id(rows, i, 0))->state);
	return CS_OK;
}

static const char load_checks_sql[] =
    "select " CHECK_COLUMNS
    " from shown_check c where c.request = any($1) order by c.request, c.position, c.id";

static enum cs_code
load_checks(struct svc_batch *batch, struct db_param keys, struct cs_err *err)
{
	struct db_rows *rows = NULL;
	struct intake_check *checks = NULL;
	size_t n = 0;

	if (db_query(batch->db, batch->arena, load_checks_sql, &keys, 1, &rows, err))
		return err->code;
	n = db_rows_count(rows);
	checks = CS_NEW_ARRAY(batch->arena, n, struct intake_check);
	for (size_t i = 0; i < n; i++) {
		struct intake_request *req =
		    svc_aggregate_find(batch, db_get_id(rows, i, 0))->state;

		checks[i] = read_check(rows, i);
		if (req->n_checks++ == 0)
			req->checks = &checks[i];
	}
	return CS_OK;
}

static const struct draft *
draft_of(const struct svc_event *ev)
{
	const struct draft *draft = strcmp(ev->subject, "api.create") == 0 ? ev->what : NULL;

	return draft && draft->status == 0 ? draft : NULL;
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
		 strcmp(account, caller->account) != 0)
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
load_keys(struct svc_batch *batch, struct cs_err *err)
{
	struct cs_span *keys = NULL;
	size_t n = collect_keys(batch, &keys);
	struct db_rows *rows = NULL;

	if (n == 0)
		return CS_OK;
	struct db_param param = db_bytes_array(batch->arena, keys, n);

	if (db_query(batch->db, batch->arena, load_keys_sql, &param, 1, &rows, err))
		return err->code;
	for (size_t row = 0; row < db_rows_count(rows); row++)
		for (size_t i = 0; i < batch->n; i++)
			for (size_t k = 0; k < batch->aggregates[i].n_events; k++)
				apply_key(rows, row, batch->aggregates[i].events[k],
				    batch->aggregates[i].state);
	return CS_OK;
}

enum cs_code
store_load_requests(struct svc_batch *batch, struct cs_err *err)
{
	struct db_param keys = db_id_array(batch->arena, svc_keys(batch), batch->n);

	if (load_rows(batch, keys, err) || load_checks(batch, keys, err) || load_keys(batch, err))
		return err->code;
	return CS_OK;
}

/* ---- save ---- */

/* Columns as arrays: one statement for any number of rows. */
struct columns {
	struct cs_arena *arena;
	struct db_param params[24];
	size_t n;
};

/* The requests that changed, in the order of the batch. */
static size_t
changed(const struct svc_batch *batch, const struct intake_request ***ret)
{
	const struct intake_request **reqs =
	    CS_NEW_ARRAY(batch->arena, batch->n, const struct intake_request *);
	size_t n = 0;

	for (size_t i = 0; i < batch->n; i++) {
		const struct intake_request *req = batch->aggregates[i].state;

		if (req->changed)
			reqs[n++] = req;
	}
	*ret = reqs;
	return n;
}

#define TEXTS(columns, rows, n_rows, value)                                                  \
	do {                                                                                 \
		const char **items = CS_NEW_ARRAY((columns)->arena, (n_rows), const char *); \
		for (size_t i = 0; i < (n_rows); i++)                                        \
			items[i] = (rows)[i] value;                                          \
		(columns)->params[(columns)->n++] =                                          \
		    db_text_array((columns)->arena, items, (n_rows));                        \
	} while (0)

#define NUMBERS(columns, rows, n_rows, value, type, maker)                                    \
	do {                                                                                  \
		type *items = CS_NEW_ARRAY((columns)->arena, (n_rows), type);                 \
		for (size_t i = 0; i < (n_rows); i++)                                         \
			items[i] = (type)(rows)[i] value;                                     \
		(columns)->params[(columns)->n++] = maker((columns)->arena, items, (n_rows)); \
	} while (0)
#define I32S(columns, rows, n_rows, value) \
	NUMBERS(columns, rows, n_rows, value, int32_t, db_i32_array)
#define I64S(columns, rows, n_rows, value) \
	NUMBERS(columns, rows, n_rows, value, int64_t, db_i64_array)

static void
add_ids(struct columns *c, const struct intake_request *const *reqs, size_t n)
{
	struct cs_id *ids = CS_NEW_ARRAY(c->arena, n, struct cs_id);

	for (size_t i = 0; i < n; i++)
		ids[i] = reqs[i]->id;
	c->params[c->n++] = db_id_array(c->arena, ids, n);
}

static void
add_octets(struct columns *c, const struct intake_request *const *reqs, size_t n)
{
	struct cs_span *spans = CS_NEW_ARRAY(c->arena, 4 * n, struct cs_span);

	for (size_t i = 0; i < n; i++) {
		spans[i] = cs_span_of(reqs[i]->body_sha256, CLAIM_DIGEST);
		spans[n + i] = cs_span_of(reqs[i]->digest, CLAIM_DIGEST);
		spans[2 * n + i] = cs_span_of(reqs[i]->spki_sha256, CLAIM_DIGEST);
		spans[3 * n + i] = reqs[i]->envelope;
	}
	for (size_t k = 0; k < 4; k++)
		c->params[c->n++] = db_bytes_array(c->arena, spans + k * n, n);
}

static const char *
join_names(struct cs_arena *arena, struct claim_texts names)
{
	struct cs_buf buf = cs_buf_new(arena);

	for (size_t i = 0; i < names.n; i++)
		cs_buf_printf(&buf, "%s%s", i ? "\n" : "", names.items[i]);
	return names.n ? (const char *)cs_buf_span(&buf).data : "";
}

static void
add_names(struct columns *c, const struct intake_request *const *reqs, size_t n)
{
	const char **texts = CS_NEW_ARRAY(c->arena, 2 * n, const char *);

	for (size_t i = 0; i < n; i++) {
		texts[i] = join_names(c->arena, reqs[i]->mailboxes);
		texts[n + i] = join_names(c->arena, reqs[i]->domains);
	}
	for (size_t k = 0; k < 2; k++)
		c->params[c->n++] = db_text_array(c->arena, texts + k * n, n);
}

/* Texts of a refusal; '' where there is none. */
static void
add_refusals(struct columns *c, const struct intake_request *const *reqs, size_t n)
{
	const char **texts = CS_NEW_ARRAY(c->arena, 6 * n, const char *);

	for (size_t i = 0; i < n; i++) {
		const struct cs_refusal *why = &reqs[i]->refusal;
		const char *const row[] = { why->code, why->field, why->clause, why->text,
			why->mend, reqs[i]->refused_check };

		for (size_t k = 0; k < COUNT(row); k++)
			texts[k * n + i] = why->code && row[k] ? row[k] : "";
	}
	for (size_t k = 0; k < 6; k++)
		c->params[c->n++] = db_text_array(c->arena, texts + k * n, n);
}

static void
add_states(struct columns *c, const struct intake_request *const *reqs, size_t n)
{
	const char **names = CS_NEW_ARRAY(c->arena, n, const char *);

	for (size_t i = 0; i < n; i++)
		names[i] = intake_state_name(reqs[i]->state);
	c->params[c->n++] = db_text_array(c->arena, names, n);
}

/* Fewer rows than requests: somebody else was faster. */
static const char save_sql[] =
    "insert into request as r (id, state, enterprise, account, body_sha256, digest, spki_sha256,"
    " envelope, created_ms, changed_ms, ends_ms, revision, refusal_code, refusal_field,"
    " refusal_clause, refusal_text, refusal_mend, refusal_check, seq, version, profile, mailboxes,"
    " domains, moved_ms)"
    " select a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, s, t, u + 1, v, w, y, z"
    " from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::bytea[],"
    " $7::bytea[], $8::bytea[], $9::bigint[], $10::bigint[], $11::bigint[], $12::integer[],"
    " $13::text[], $14::text[], $15::text[], $16::text[], $17::text[], $18::text[], $19::bigint[],"
    " $20::integer[], $21::text[], $22::text[], $23::text[], $24::bigint[])"
    " as x(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, s, t, u, v, w, y, z)"
    " on conflict (id) do update set state = excluded.state, changed_ms = excluded.changed_ms,"
    " moved_ms = excluded.moved_ms,"
    " revision = excluded.revision, refusal_code = excluded.refusal_code,"
    " refusal_field = excluded.refusal_field, refusal_clause = excluded.refusal_clause,"
    " refusal_text = excluded.refusal_text, refusal_mend = excluded.refusal_mend,"
    " refusal_check = excluded.refusal_check, seq = excluded.seq, version = excluded.version"
    " where r.version = excluded.version - 1";

static enum cs_code
save_rows(const struct svc_batch *batch, const struct intake_request *const *reqs, size_t n,
    struct cs_err *err)
{
	struct columns c = { .arena = batch->arena };

	add_ids(&c, reqs, n);
	add_states(&c, reqs, n);
	TEXTS(&c, reqs, n, ->enterprise);
	TEXTS(&c, reqs, n, ->account);
	add_octets(&c, reqs, n);
	I64S(&c, reqs, n, ->created_at_ms);
	I64S(&c, reqs, n, ->changed_at_ms);
	I64S(&c, reqs, n, ->ends_at_ms);
	I32S(&c, reqs, n, ->revision);
	add_refusals(&c, reqs, n);
	I64S(&c, reqs, n, ->seq);
	I32S(&c, reqs, n, ->version);
	TEXTS(&c, reqs, n, ->profile);
	add_names(&c, reqs, n);
	I64S(&c, reqs, n, ->moved_at_ms);
	return db_send(batch->db, save_sql, c.params, c.n, (int64_t)n, err);
}

/* Octets that did not change are NULL here and stay as they are. */
static const char save_checks_sql[] =
    "insert into shown_check as s (request, id, kind, target, method, allowed_methods, position,"
    " revision, plan_attempt, standing_until_ms, asked_ms, challenge, challenge_ms,"
    " challenge_until_ms, attempt, outcome, checked_ms, valid_until_ms, shown, evidence, told)"
    " select a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, t, u, v"
    " from unnest($1::uuid[], $2::text[], $3::integer[], $4::text[], $5::text[], $6::text[],"
    " $7::integer[], $8::integer[], $9::integer[], $10::bigint[], $11::bigint[], $12::integer[],"
    " $13::bigint[], $14::bigint[], $15::integer[], $16::integer[], $17::bigint[], $18::bigint[],"
    " $19::integer[], $20::bytea[], $21::bytea[])"
    " as x(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, t, u, v)"
    " on conflict (request, id) do update set target = excluded.target, method = excluded.method,"
    " allowed_methods = excluded.allowed_methods, position = excluded.position,"
    " revision = excluded.revision, plan_attempt = excluded.plan_attempt,"
    " standing_until_ms = excluded.standing_until_ms, asked_ms = excluded.asked_ms,"
    " challenge = excluded.challenge, challenge_ms = excluded.challenge_ms,"
    " challenge_until_ms = excluded.challenge_until_ms, attempt = excluded.attempt,"
    " outcome = excluded.outcome, checked_ms = excluded.checked_ms,"
    " valid_until_ms = excluded.valid_until_ms, shown = excluded.shown,"
    " evidence = coalesce(excluded.evidence, s.evidence), told = coalesce(excluded.told, s.told)";

static size_t
changed_checks(const struct svc_batch *batch, const struct intake_request *const *reqs, size_t n,
    const struct intake_check ***ret_checks, struct cs_id **ret_owners)
{
	size_t max = 0, count = 0;

	for (size_t i = 0; i < n; i++)
		max += reqs[i]->n_checks;
	*ret_checks = CS_NEW_ARRAY(batch->arena, max, const struct intake_check *);
	*ret_owners = CS_NEW_ARRAY(batch->arena, max, struct cs_id);
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < reqs[i]->n_checks; k++) {
			if (!reqs[i]->checks[k].changed)
				continue;
			(*ret_owners)[count] = reqs[i]->id;
			(*ret_checks)[count++] = &reqs[i]->checks[k];
		}
	}
	return count;
}

static void
add_received(struct columns *c, const struct intake_check *const *checks, size_t n)
{
	struct cs_span *spans = CS_NEW_ARRAY(c->arena, 2 * n, struct cs_span);
	bool *is_null = CS_NEW_ARRAY(c->arena, 2 * n, bool);

	for (size_t i = 0; i < n; i++) {
		spans[i] = checks[i]->evidence;
		spans[n + i] = checks[i]->told;
	}
	for (size_t i = 0; i < 2 * n; i++)
		is_null[i] = spans[i].len == 0;
	for (size_t k = 0; k < 2; k++)
		c->params[c->n++] =
		    db_bytes_array_nulls(c->arena, spans + k * n, is_null + k * n, n);
}

static enum cs_code
save_checks(const struct svc_batch *batch, const struct intake_request *const *reqs, size_t n_reqs,
    struct cs_err *err)
{
	const struct intake_check **checks = NULL;
	struct cs_id *owners = NULL;
	size_t n = changed_checks(batch, reqs, n_reqs, &checks, &owners);
	struct columns c = { .arena = batch->arena };

	if (n == 0)
		return CS_OK;
	c.params[c.n++] = db_id_array(c.arena, owners, n);
	TEXTS(&c, checks, n, ->id);
	I32S(&c, checks, n, ->kind);
	TEXTS(&c, checks, n, ->target);
	TEXTS(&c, checks, n, ->method);
	TEXTS(&c, checks, n, ->allowed_methods);
	I32S(&c, checks, n, ->position);
	I32S(&c, checks, n, ->revision);
	I32S(&c, checks, n, ->plan_attempt);
	I64S(&c, checks, n, ->standing_until_ms);
	I64S(&c, checks, n, ->asked_at_ms);
	I32S(&c, checks, n, ->challenge);
	I64S(&c, checks, n, ->challenge_at_ms);
	I64S(&c, checks, n, ->challenge_until_ms);
	I32S(&c, checks, n, ->attempt);
	I32S(&c, checks, n, ->outcome);
	I64S(&c, checks, n, ->checked_at_ms);
	I64S(&c, checks, n, ->valid_until_ms);
	I32S(&c, checks, n, ->shown);
	add_received(&c, checks, n);
	return db_send(batch->db, save_checks_sql, c.params, c.n, (int64_t)n, err);
}

static const char save_notes_sql[] =
    "insert into history (request, seq, at_ms, check_id, state, reason, said)"
    " select * from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $5::text[],"
    " $6::text[], $7::text[])";

static enum cs_code
save_notes(const struct svc_batch *batch, const struct intake_request *const *reqs, size_t n_reqs,
    struct cs_err *err)
{
	struct columns c = { .arena = batch->arena };
	const struct intake_note **notes = NULL;
	struct cs_id *owners = NULL;
	size_t n = 0, max = 0;

	for (size_t i = 0; i < n_reqs; i++)
		for (const struct intake_note *note = reqs[i]->notes; note; note = note->next)
			max++;
	if (max == 0)
		return CS_OK;
	notes = CS_NEW_ARRAY(c.arena, max, const struct intake_note *);
	owners = CS_NEW_ARRAY(c.arena, max, struct cs_id);
	for (size_t i = 0; i < n_reqs; i++) {
		for (const struct intake_note *note = reqs[i]->notes; note; note = note->next) {
			owners[n] = reqs[i]->id;
			notes[n++] = note;
		}
	}
	c.params[c.n++] = db_id_array(c.arena, owners, n);
	I64S(&c, notes, n, ->seq);
	I64S(&c, notes, n, ->at_ms);
	TEXTS(&c, notes, n, ->check);
	TEXTS(&c, notes, n, ->state);
	TEXTS(&c, notes, n, ->reason);
	TEXTS(&c, notes, n, ->text);
	return db_send(batch->db, save_notes_sql, c.params, c.n, (int64_t)n, err);
}

static const char save_certificates_sql[] = "insert into certificate (request, body)"
					    " select * from unnest($1::uuid[], $2::bytea[])";

static enum cs_code
save_certificates(const struct svc_batch *batch, const struct intake_request *const *reqs,
    size_t n_reqs, struct cs_err *err)
{
	struct cs_id *ids = CS_NEW_ARRAY(batch->arena, n_reqs, struct cs_id);
	struct cs_span *bodies = CS_NEW_ARRAY(batch->arena, n_reqs, struct cs_span);
	size_t n = 0;

	for (size_t i = 0; i < n_reqs; i++) {
		if (reqs[i]->certificate.len == 0)
			continue;
		ids[n] = reqs[i]->id;
		bodies[n++] = reqs[i]->certificate;
	}
	if (n == 0)
		return CS_OK;
	const struct db_param params[] = { db_id_array(batch->arena, ids, n),
		db_bytes_array(batch->arena, bodies, n) };

	return db_send(batch->db, save_certificates_sql, params, COUNT(params), (int64_t)n, err);
}

static const char save_keys_sql[] =
    "insert into known_key (spki_sha256, enterprise, account)"
    " select distinct * from unnest($1::bytea[], $2::text[], $3::text[])"
    " on conflict (spki_sha256, enterprise, account) do nothing";

/*
 * Also of requests that were never stored: a key that leaked is remembered, and nothing else of it.
 */
static enum cs_code
save_keys(const struct svc_batch *batch, struct cs_err *err)
{
	struct cs_span *spkis = CS_NEW_ARRAY(batch->arena, 2 * batch->n, struct cs_span);
	const char **enterprises = CS_NEW_ARRAY(batch->arena, 2 * batch->n, const char *);
	const char **accounts = CS_NEW_ARRAY(batch->arena, 2 * batch->n, const char *);
	size_t n = 0;

	for (size_t i = 0; i < batch->n; i++) {
		const struct intake_request *req = batch->aggregates[i].state;

		if (req->learnt_key) {
			spkis[n] = cs_span_of(req->spki_sha256, CLAIM_DIGEST);
			enterprises[n] = req->enterprise;
			accounts[n++] = req->account;
		}
		if (req->leaked_key) {
			spkis[n] = cs_span_of(req->leaked_spki_sha256, CLAIM_DIGEST);
			enterprises[n] = "";
			accounts[n++] = "";
		}
	}
	if (n == 0)
		return CS_OK;
	const struct db_param params[] = { db_bytes_array(batch->arena, spkis, n),
		db_text_array(batch->arena, enterprises, n),
		db_text_array(batch->arena, accounts, n) };

	return db_send(batch->db, save_keys_sql, params, COUNT(params), -1, err);
}

enum cs_code
store_save_requests(struct svc_batch *batch, struct cs_err *err)
{
	const struct intake_request **reqs = NULL;
	size_t n = changed(batch, &reqs);

	if (n > 0 && (save_rows(batch, reqs, n, err) || save_checks(batch, reqs, n, err) ||
			 save_notes(batch, reqs, n, err) || save_certificates(batch, reqs, n, err)))
		return err->code;
	return save_keys(batch, err);
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
    "select " REQUEST_COLUMNS ", coalesce(c.body, ''::bytea)"
    " from request r left join certificate c on c.request = r.id where r.id = $1";

static const char find_checks_sql[] =
    "select " CHECK_COLUMNS ", coalesce(c.evidence, ''::bytea), coalesce(c.told, ''::bytea)"
    " from shown_check c where c.request = $1 order by c.position, c.id";

enum cs_code
store_find(struct db *db, struct cs_arena *arena, struct cs_id id, struct intake_request *ret_req,
    struct cs_err *err)
{
	const struct db_param param = db_id(id);
	struct db_rows *rows = NULL;
	struct intake_request req = { 0 };

	if (db_query(db, arena, find_sql, &param, 1, &rows, err))
		return err->code;
	if (db_rows_count(rows) == 0)
		return cs_fail(err, CS_NOT_FOUND, "no such request");
	read_request(arena, rows, 0, &req);
	req.certificate = db_get_bytes(rows, 0, 24);
	if (db_query(db, arena, find_checks_sql, &param, 1, &rows, err))
		return err->code;
	req.n_checks = db_rows_count(rows);
	req.checks = CS_NEW_ARRAY(arena, req.n_checks, struct intake_check);
	for (size_t i = 0; i < req.n_checks; i++) {
		req.checks[i] = read_check(rows, i);
		req.checks[i].evidence = db_get_bytes(rows, i, 19);
		req.checks[i].told = db_get_bytes(rows, i, 20);
	}
	*ret_req = req;
	return CS_OK;
}

#define LIST_COLUMNS                                                                             \
	"r.id, r.state, r.account, r.created_ms, r.changed_ms, r.refusal_code, r.refusal_field," \
	" r.refusal_clause, r.refusal_text, r.refusal_mend, r.refusal_check, r.profile,"         \
	" r.mailboxes, r.domains, r.moved_ms"

static void
read_listed(
    struct cs_arena *arena, const struct db_rows *rows, size_t row, struct intake_request *ret)
{
	*ret = (struct intake_request){
		.id = db_get_id(rows, row, 0),
		.state = read_state(rows, row, 1),
		.account = db_get_text(rows, row, 2),
		.created_at_ms = db_get_i64(rows, row, 3),
		.changed_at_ms = db_get_i64(rows, row, 4),
		.moved_at_ms = db_get_i64(rows, row, 14),
	};
	read_refusal(rows, row, 5, ret);
	read_names_shown(arena, rows, row, 11, ret);
}

/*
 * Statements of their own for each way to ask: each has an index that gives its rows in their order.
 * One that knew all ways would read all that ended to find the few that are ready.  Each takes all
 * parameters and says the types of those that it does not use.
 */
#define LIST_SQL(time, where)                                                         \
	"select " LIST_COLUMNS " from request r where r.enterprise = $1 and (r." time \
	", r.id) < ($3, $4)" where " order by r." time " desc, r.id desc limit $7"
#define NEWEST(where) LIST_SQL("created_ms", where " and $6::bigint is not null")
#define MOVED(where) LIST_SQL("moved_ms", where " and r.moved_ms >= $6")
#define OF_ALL " and $2::text is not null"
#define OF_ACCOUNT " and r.account = $2"
#define IN_ANY " and $5::text is not null"
#define IN_STATE " and r.state = $5"

static const char *
list_sql(const struct intake_caller *caller, const struct store_page *page)
{
	static const char *const sql[2][2][2] = {
		{ { NEWEST(OF_ACCOUNT IN_ANY), NEWEST(OF_ACCOUNT IN_STATE) },
		    { NEWEST(OF_ALL IN_ANY), NEWEST(OF_ALL IN_STATE) } },
		{ { MOVED(OF_ACCOUNT IN_ANY), MOVED(OF_ACCOUNT IN_STATE) },
		    { MOVED(OF_ALL IN_ANY), MOVED(OF_ALL IN_STATE) } },
	};

	return sql[page->has_since][caller->is_operator][page->state != INTAKE_NONE];
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
	for (size_t i = 0; i < *ret_n; i++)
		read_listed(arena, rows, i, &(*ret_reqs)[i]);
	return CS_OK;
}

static const char history_sql[] =
    "select h.request, h.seq, h.at_ms, h.check_id, h.state, h.reason, h.said"
    " from unnest($1::uuid[], $2::bigint[]) as w(request, after)"
    " join history h on h.request = w.request and h.seq > w.after"
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
			db_get_text(rows, i, 6) };
	*ret_lines = lines;
	*ret_n = db_rows_count(rows);
	return CS_OK;
}
