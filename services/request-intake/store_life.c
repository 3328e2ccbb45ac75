/* SPDX-License-Identifier: Apache-2.0 */
/* store_life.c: what comes after a certificate: what follows it, and its revocation. */
#include <string.h>

#include "draft.h"
#include "store_rows.h"

/* ---- revocations ---- */

struct intake_revocation
store_read_revocation(const struct db_rows *rows, size_t row, size_t first)
{
	if (db_is_null(rows, row, first))
		return (struct intake_revocation){ .asked_at_ms = 0 };
	return (struct intake_revocation){
		.by = (enum claim_revoked_by)db_get_i32(rows, row, first),
		.account = db_get_text(rows, row, first + 1),
		.reason = (uint32_t)db_get_i32(rows, row, first + 2),
		.text = db_get_text(rows, row, first + 3),
		.report = db_get_text(rows, row, first + 4),
		.note_version = db_get_text(rows, row, first + 5),
		.known_at_ms = db_get_i64(rows, row, first + 6),
		.asked_at_ms = db_get_i64(rows, row, first + 7),
		.due_at_ms = db_get_i64(rows, row, first + 8),
		.revoked_at_ms = db_get_i64(rows, row, first + 9),
		.refusal_code = db_get_text(rows, row, first + 10),
		.refusal_text = db_get_text(rows, row, first + 11),
	};
}

static const char revocations_sql[] =
    "insert into revocation as v (request, asked_by, account, reason, said, report, note_version,"
    " known_ms, asked_ms, due_ms, revoked_ms, refusal_code, refusal_text)"
    " select * from unnest($1::uuid[], $2::integer[], $3::text[], $4::integer[], $5::text[],"
    " $6::text[], $7::text[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[],"
    " $12::text[], $13::text[])"
    " on conflict (request) do update set asked_by = excluded.asked_by,"
    " account = excluded.account, reason = excluded.reason, said = excluded.said,"
    " report = excluded.report, note_version = excluded.note_version,"
    " known_ms = excluded.known_ms, asked_ms = excluded.asked_ms, due_ms = excluded.due_ms,"
    " revoked_ms = excluded.revoked_ms, refusal_code = excluded.refusal_code,"
    " refusal_text = excluded.refusal_text";

static const char *
text(const char *value)
{
	return value ? value : "";
}

enum cs_code
store_save_revocations(
    const struct svc_batch *batch, const struct changes *changes, struct cs_err *err)
{
	const struct intake_request *const *reqs = changes->revocations;
	const size_t n = changes->n_revocations;
	struct columns c = { .arena = batch->arena };

	if (n == 0)
		return CS_OK;
	IDS(&c, reqs, n, ->id);
	I32S(&c, reqs, n, ->revocation.by);
	COLUMN(&c, n, const char *, text(reqs[i]->revocation.account), db_text_array);
	I32S(&c, reqs, n, ->revocation.reason);
	COLUMN(&c, n, const char *, text(reqs[i]->revocation.text), db_text_array);
	COLUMN(&c, n, const char *, text(reqs[i]->revocation.report), db_text_array);
	COLUMN(&c, n, const char *, text(reqs[i]->revocation.note_version), db_text_array);
	I64S(&c, reqs, n, ->revocation.known_at_ms);
	I64S(&c, reqs, n, ->revocation.asked_at_ms);
	I64S(&c, reqs, n, ->revocation.due_at_ms);
	I64S(&c, reqs, n, ->revocation.revoked_at_ms);
	COLUMN(&c, n, const char *, text(reqs[i]->revocation.refusal_code), db_text_array);
	COLUMN(&c, n, const char *, text(reqs[i]->revocation.refusal_text), db_text_array);
	return db_send(batch->db, revocations_sql, c.params, c.n, (int64_t)n, err);
}

/* ---- what a new request follows ---- */

/* Not locked: the signer judges again whether it may be followed, at the moment of signing. */
static const char earlier_sql[] =
    "select r.id, r.state, s.enterprise, s.account, s.envelope, s.spki_sha256,"
    " exists (select from known_key k where k.spki_sha256 = s.spki_sha256 and k.enterprise = ''), " REVOCATION_COLUMNS
    ", c.body from request r join submission s on s.id = r.id" REVOCATION_JOIN
    " left join certificate c on c.request = r.id where r.id = any($1)";

/* The request that this event's request shall follow; NULL: none, or it is refused already. */
static const struct cs_id *
previous_of(const struct svc_event *ev)
{
	const struct draft *draft = draft_is_for(ev->subject) ? ev->what : NULL;

	return draft && draft->follows ? &draft->request.previous : NULL;
}

enum cs_code
store_ask_earlier(struct svc_batch *batch, struct db_rows **ret_rows, struct cs_err *err)
{
	struct cs_id *ids = NULL;
	size_t n = 0, max = 0;

	for (size_t i = 0; i < batch->n; i++)
		max += batch->aggregates[i].n_events;
	ids = CS_NEW_ARRAY(batch->arena, max, struct cs_id);
	for (size_t i = 0; i < batch->n; i++) {
		for (size_t k = 0; k < batch->aggregates[i].n_events; k++) {
			const struct cs_id *id = previous_of(batch->aggregates[i].events[k]);

			if (id)
				ids[n++] = *id;
		}
	}
	if (n == 0)
		return CS_OK;
	const struct db_param param = db_id_array(batch->arena, ids, n);

	return db_ask(batch->db, batch->arena, earlier_sql, &param, 1, ret_rows, err);
}

static const struct intake_request *
read_earlier(struct cs_arena *arena, const struct db_rows *rows, size_t row)
{
	struct intake_request *earlier = CS_NEW(arena, struct intake_request);
	struct cs_span spki = db_get_bytes(rows, row, 5);

	cs_assert(intake_state_parse(db_get_text(rows, row, 1), &earlier->state));
	cs_assert(spki.len == CLAIM_DIGEST);
	memcpy(earlier->spki_sha256, spki.data, CLAIM_DIGEST);
	earlier->id = db_get_id(rows, row, 0);
	earlier->enterprise = db_get_text(rows, row, 2);
	earlier->account = db_get_text(rows, row, 3);
	earlier->envelope = db_get_bytes(rows, row, 4);
	earlier->key_blocked = db_get_bool(rows, row, 6);
	earlier->revocation = store_read_revocation(rows, row, 7);
	earlier->certificate = db_get_bytes(rows, row, 7 + N_REVOCATION);
	return earlier;
}

/* The key comes from the earlier request, unless a new one came with the draft. */
static void
give_earlier(struct svc_aggregate *aggregate, const struct intake_request *earlier)
{
	struct intake_request *req = aggregate->state;

	for (size_t k = 0; k < aggregate->n_events; k++) {
		const struct svc_event *ev = aggregate->events[k];
		const struct cs_id *id = previous_of(ev);

		if (!id || !cs_id_equal(*id, earlier->id))
			continue;
		req->earlier = earlier;
		if (((const struct draft *)ev->what)->spki.len == 0)
			req->key_blocked |= earlier->key_blocked;
	}
}

void
store_take_earlier(struct svc_batch *batch, const struct db_rows *rows)
{
	const size_t n = rows ? db_rows_count(rows) : 0;

	for (size_t row = 0; row < n; row++) {
		const struct intake_request *earlier = read_earlier(batch->arena, rows, row);

		for (size_t i = 0; i < batch->n; i++)
			give_earlier(&batch->aggregates[i], earlier);
	}
}
