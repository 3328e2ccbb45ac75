/* SPDX-License-Identifier: Apache-2.0 */
/* store.c: the only file of intake with a query in it. */
#include "store.h"

#include <string.h>

#include "changes.h"
#include "checklist.h"
#include "db/db.h"
#include "draft.h"
#include "history.h"
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
	" r.subject, r.waived, r.second_factor, r.factor_proved_ms, r.checks, s.approved_in_itself"
#define N_REST 13

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
	checklist_read(arena, db_get_text(rows, row, N_SHOWN + 11), ret);
	ret->approved_in_itself = db_get_bool(rows, row, N_SHOWN + 12);
	ret->envelope = db_get_bytes(rows, row, N_SHOWN + N_REST);
}

/* ---- load ---- */

/*
 * In the order of ids, so that replicas cannot deadlock.  No row: the zero request.  Only an approval asks
 * whether its key became known since (not by "exists": all known keys might be read for it).
 */
static const char load_sql[] =
    "select r.id, r.state, r.enterprise, r.account, r.created_ms, r.changed_ms, r.moved_ms, r.ends_ms,"
    " r.revision, r.seq, r.version, r.subject, r.waived, r.second_factor, r.factor_proved_ms,"
    " r.checks, r.has_revocation, s.digest, s.spki_sha256, s.kind, s.submitted_by,"
    " case when r.id = any($2) then (select true from known_key k"
    " where k.spki_sha256 = s.spki_sha256 and k.enterprise = '') end, s.approved_in_itself"
    " from request r join submission s on s.id = r.id where r.id = any($1)"
    " order by r.id for update of r";

static void
read_loaded(
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
		.ends_at_ms = db_get_i64(rows, row, 7),
		.revision = (uint32_t)db_get_i32(rows, row, 8),
		.seq = (uint64_t)db_get_i64(rows, row, 9),
		.version = (uint32_t)db_get_i32(rows, row, 10),
		.subject = subject_read(arena, db_get_text(rows, row, 11)),
		.waived = read_names(arena, db_get_text(rows, row, 12)),
		.second_factor = db_get_text(rows, row, 13),
		.factor_proved_at_ms = db_get_i64(rows, row, 14),
		.kind = (enum claim_request_kind)db_get_i32(rows, row, 19),
		.submitted_by = db_get_text(rows, row, 20),
		.key_blocked = db_get_bool(rows, row, 21),
		.approved_in_itself = db_get_bool(rows, row, 22),
		.profile = "",
		.note_version = "",
	};
	checklist_read(arena, db_get_text(rows, row, 15), ret);
	get_digest(rows, row, 17, ret->digest);
	get_digest(rows, row, 18, ret->spki_sha256);
}

/* The rows are locked already. */
static const char whole_sql[] =
    "select " SHOWN_COLUMNS ", " REST_COLUMNS ", s.envelope"
    " from request r join submission s on s.id = r.id" REVOCATION_JOIN " where r.id = any($1)";

static bool
is_creation(const struct svc_event *ev)
{
	return draft_is_for(ev->subject);
}

static bool
is_approval(const struct svc_event *ev)
{
	return strcmp(ev->subject, "api.approve") == 0;
}

static bool
has_event(const struct svc_aggregate *aggregate, bool (*is_it)(const struct svc_event *ev))
{
	for (size_t k = 0; k < aggregate->n_events; k++)
		if (is_it(aggregate->events[k]))
			return true;
	return false;
}

static struct db_param
keys_with(struct svc_batch *batch, bool (*is_it)(const struct svc_event *ev))
{
	struct cs_id *keys = CS_NEW_ARRAY(batch->arena, batch->n, struct cs_id);
	size_t n = 0;

	for (size_t i = 0; i < batch->n; i++)
		if (has_event(&batch->aggregates[i], is_it))
			keys[n++] = batch->aggregates[i].key;
	return db_id_array(batch->arena, keys, n);
}

static enum cs_code
ask_requests(struct svc_batch *batch, struct db_rows **ret_rows, struct cs_err *err)
{
	const struct db_param params[] = { db_id_array(batch->arena, svc_keys(batch), batch->n),
		keys_with(batch, is_approval) };

	return db_ask(batch->db, batch->arena, load_sql, params, COUNT(params), ret_rows, err);
}

/* Nearly every creation is the first of its key, and next to no certificate is revoked: then nothing is asked. */
static enum cs_code
load_whole(struct svc_batch *batch, const struct cs_id *ids, size_t n, struct cs_err *err)
{
	const struct db_param param = db_id_array(batch->arena, ids, n);
	struct db_rows *rows = NULL;

	if (n == 0)
		return CS_OK;
	if (db_query(batch->db, batch->arena, whole_sql, &param, 1, &rows, err))
		return err->code;
	for (size_t i = 0; i < db_rows_count(rows); i++) {
		struct intake_request *req =
		    svc_aggregate_find(batch, db_get_id(rows, i, 0))->state;
		const bool blocked = req->key_blocked;

		read_request(batch->arena, rows, i, req);
		req->key_blocked = blocked;
	}
	return CS_OK;
}

static enum cs_code
take_requests(struct svc_batch *batch, const struct db_rows *rows, struct cs_err *err)
{
	struct cs_id *whole = CS_NEW_ARRAY(batch->arena, batch->n, struct cs_id);
	size_t n = 0;

	for (size_t i = 0; i < batch->n; i++)
		batch->aggregates[i].state = CS_NEW(batch->arena, struct intake_request);
	for (size_t i = 0; i < db_rows_count(rows); i++) {
		const struct svc_aggregate *found =
		    svc_aggregate_find(batch, db_get_id(rows, i, 0));

		read_loaded(batch->arena, rows, i, found->state);
		if (db_get_bool(rows, i, 16) || has_event(found, is_creation))
			whole[n++] = found->key;
	}
	return load_whole(batch, whole, n, err);
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
	struct db_rows *requests = NULL, *keys = NULL, *earlier = NULL, *reports = NULL,
		       *notes = NULL;

	if (ask_requests(batch, &requests, err) || ask_keys(batch, &keys, err) ||
	    store_ask_earlier(batch, &earlier, err) || store_ask_reports(batch, &reports, err) ||
	    store_ask_notes(batch, &notes, err) || db_settle(batch->db, err))
		return err->code;
	if (take_requests(batch, requests, err))
		return err->code;
	take_keys(batch, keys);
	store_take_earlier(batch, earlier);
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
    " submitted_by, approved_in_itself) select a, b, c, d, e, f, g, h, i, j, k, l, m, n,"
    " nullif(o, '00000000-0000-0000-0000-000000000000'), p, q from unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::bigint[],"
    " $6::bytea[], $7::bytea[], $8::bytea[], $9::bytea[], $10::text[], $11::text[], $12::text[],"
    " $13::integer[], $14::text[], $15::uuid[], $16::text[], $17::boolean[])"
    " as x(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q)";

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
	BOOLS(&submitted, reqs, n, ->approved_in_itself);
	if (db_send(batch->db, create_sql, c.params, c.n, (int64_t)n, err))
		return err->code;
	return db_send(batch->db, submit_sql, submitted.params, submitted.n, (int64_t)n, err);
}

/* Fewer rows than requests: somebody else was faster.  Checks that did not change are not sent. */
static const char move_sql[] =
    "update request r set state = x.s, changed_ms = x.c, moved_ms = x.m, revision = x.p,"
    " seq = x.q, version = x.v + 1, subject = x.n, waived = x.w, second_factor = x.f,"
    " factor_proved_ms = x.t, checks = coalesce(x.k, r.checks),"
    " has_revocation = r.has_revocation or x.h"
    " from unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[],"
    " $5::integer[], $6::bigint[], $7::integer[], $8::text[], $9::text[], $10::text[], $11::bigint[],"
    " $12::text[], $13::boolean[]) as x(id, s, c, m, p, q, v, n, w, f, t, k, h)"
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
	COLUMN(&c, n, const char *,
	    checklist_changed(reqs[i]) ? checklist_write(batch->arena, reqs[i]) : NULL,
	    db_text_array);
	BOOLS(&c, reqs, n, ->revocation.changed);
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

static const char notes_sql[] = "insert into history (request, seq, lines)"
				" select * from unnest($1::uuid[], $2::bigint[], $3::text[])";

static enum cs_code
save_notes(const struct svc_batch *batch, const struct changes *changes, struct cs_err *err)
{
	const struct intake_request *const *reqs = changes->noted;
	size_t n = changes->n_noted;
	struct columns c = { .arena = batch->arena };

	if (n == 0)
		return CS_OK;
	IDS(&c, reqs, n, ->id);
	I64S(&c, reqs, n, ->last_note->seq);
	COLUMN(&c, n, const char *, history_write(batch->arena, reqs[i]), db_text_array);
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
	static save *const tables[] = { save_created, save_moved, save_refused, save_octets,
		save_notes, save_certificates, save_keys, store_save_revocations,
		store_save_reports, store_save_request_notes };
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

static const char find_octets_sql[] =
    "select check_id, what = 'evidence', body from received where request = $1";

enum cs_code
store_find_octets(
    struct db *db, struct cs_arena *arena, struct intake_request *req, struct cs_err *err)
{
	const struct db_param param = db_id(req->id);
	struct db_rows *rows = NULL;

	if (db_query(db, arena, find_octets_sql, &param, 1, &rows, err))
		return err->code;
	for (size_t i = 0; i < db_rows_count(rows); i++) {
		struct intake_check *check = intake_find_check(req, db_get_text(rows, i, 0));

		if (check && db_get_bool(rows, i, 1))
			check->evidence = db_get_bytes(rows, i, 2);
		else if (check)
			check->told = db_get_bytes(rows, i, 2);
	}
	return CS_OK;
}

static const char find_certificate_sql[] =
    "select r.enterprise, r.account, r.state, c.body from request r"
    " left join certificate c on c.request = r.id where r.id = $1";

enum cs_code
store_find_issued(struct db *db, struct cs_arena *arena, struct cs_id id,
    struct intake_request *ret_req, struct cs_err *err)
{
	const struct db_param param = db_id(id);
	struct db_rows *rows = NULL;

	if (db_query(db, arena, find_certificate_sql, &param, 1, &rows, err))
		return err->code;
	if (db_rows_count(rows) == 0)
		return cs_fail(err, CS_NOT_FOUND, "no such request");
	*ret_req = (struct intake_request){ .id = id,
		.enterprise = db_get_text(rows, 0, 0),
		.account = db_get_text(rows, 0, 1),
		.state = read_state(rows, 0, 2),
		.certificate = db_get_bytes(rows, 0, 3) };
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
    "select h.request, h.seq, h.lines, w.after, r.state, h.seq = r.seq"
    " from unnest($1::uuid[], $2::bigint[]) as w(request, after)"
    " join history h on h.request = w.request and h.seq > w.after"
    " join request r on r.id = w.request"
    " order by h.request, h.seq limit $3";

/* The lines of one row that this watcher does not have, as far as there is room. */
static size_t
read_lines(struct cs_arena *arena, const struct db_rows *rows, size_t row,
    struct store_line *ret_lines, size_t room)
{
	const struct history history =
	    history_read(arena, db_get_text(rows, row, 2), (uint64_t)db_get_i64(rows, row, 1));
	const uint64_t after = (uint64_t)db_get_i64(rows, row, 3);
	const bool ends = intake_ended(read_state(rows, row, 4)) && db_get_bool(rows, row, 5);
	size_t n = 0;

	for (size_t i = 0; i < history.n && n < room; i++) {
		const struct intake_note *note = &history.notes[i];

		if (note->seq > after)
			ret_lines[n++] = (struct store_line){ db_get_id(rows, row, 0), note->seq,
				note->at_ms, note->check, note->state, note->reason, note->text,
				ends && i + 1 == history.n };
	}
	return n;
}

enum cs_code
store_history(struct db *db, struct cs_arena *arena, const struct store_watch *watch,
    struct store_line **ret_lines, size_t *ret_n, struct cs_err *err)
{
	const struct db_param params[] = { db_id_array(arena, watch->ids, watch->n),
		db_i64_array(arena, watch->after, watch->n), db_i64(watch->limit) };
	struct db_rows *rows = NULL;
	struct store_line *lines = NULL;
	size_t n = 0;

	if (db_query(db, arena, history_sql, params, COUNT(params), &rows, err))
		return err->code;
	lines = CS_NEW_ARRAY(arena, watch->limit, struct store_line);
	for (size_t i = 0; i < db_rows_count(rows) && n < watch->limit; i++)
		n += read_lines(arena, rows, i, &lines[n], watch->limit - n);
	*ret_lines = lines;
	*ret_n = n;
	return CS_OK;
}
