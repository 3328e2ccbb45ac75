/* SPDX-License-Identifier: Apache-2.0 */
/* store_revoke.c: revocations, blocked keys, reminders: the later life of certificates in SQL. */
#include <string.h>

#include "base/time.h"
#include "db/db.h"
#include "store.h"
#include "store_rows.h"

/* ---- load ---- */

static bool
is_later_life(const struct svc_event *ev)
{
	return strcmp(ev->subject, "request.revocation-asked") == 0 ||
	       strcmp(ev->subject, "clock.key-blocked") == 0 ||
	       strcmp(ev->subject, "clock.certificate-expiring") == 0;
}

static size_t
keys_of_later_life(const struct svc_batch *batch, struct cs_id *ret_keys)
{
	size_t n = 0;

	for (size_t i = 0; i < batch->n; i++) {
		const struct svc_aggregate *aggregate = &batch->aggregates[i];

		for (size_t k = 0; k < aggregate->n_events; k++) {
			if (is_later_life(aggregate->events[k])) {
				ret_keys[n++] = aggregate->key;
				break;
			}
		}
	}
	return n;
}

/* A statement of its own after the locks: it sees what they waited for. */
static const char load_sql[] =
    "select c.request, c.enterprise, c.account, c.spki_sha256, c.issued_at_ms, c.not_after_s,"
    " b.why, coalesce((select min(m.days) from reminder m where m.request = c.request), 0),"
    " exists (select 1 from follows f join certificate n on n.request = f.request"
    "  where f.previous = c.request"
    "  and not exists (select 1 from revocation x where x.request = n.request)),"
    " r.what, r.reason, r.revoked_by, r.text, r.revoked_at_ms, r.known_at_ms, r.due_at_ms,"
    " r.reason_at_ms"
    " from certificate c left join blocked_key b on b.spki_sha256 = c.spki_sha256"
    " left join revocation r on r.request = c.request where c.request = any($1::uuid[])";

static void
read_revocation(const struct db_rows *rows, size_t i, struct signer_record *record)
{
	if (db_is_null(rows, i, 9))
		return;
	record->revocation = (struct record_revocation){
		.is_there = true,
		.of_void = strcmp(db_get_text(rows, i, 9), "void") == 0,
		.reason = (uint32_t)db_get_i32(rows, i, 10),
		.by = (enum claim_revoked_by)db_get_i32(rows, i, 11),
		.text = db_get_text(rows, i, 12),
		.revoked_at_ms = db_get_i64(rows, i, 13),
		.known_at_ms = db_get_i64(rows, i, 14),
		.due_at_ms = db_get_i64(rows, i, 15),
		.reason_at_ms = db_get_i64(rows, i, 16),
		.not_after_s = db_get_i64(rows, i, 5),
	};
}

static enum cs_code
read_issued(const struct db_rows *rows, size_t i, struct signer_record *record, struct cs_err *err)
{
	const struct cs_span spki = db_get_bytes(rows, i, 3);

	if (spki.len != sizeof(record->issued.spki_sha256))
		return cs_fail(
		    err, CS_INTERNAL, "a certificate's key has a digest of another length");
	record->issued = (struct record_issued){
		.is_there = true,
		.enterprise = db_get_text(rows, i, 1),
		.account = db_get_text(rows, i, 2),
		.issued_at_ms = db_get_i64(rows, i, 4),
		.not_after_s = db_get_i64(rows, i, 5),
		.blocked_why = db_is_null(rows, i, 6) ? NULL : db_get_text(rows, i, 6),
		.reminded_days = (uint32_t)db_get_i32(rows, i, 7),
		.followed = db_get_bool(rows, i, 8),
	};
	memcpy(record->issued.spki_sha256, spki.data, spki.len);
	read_revocation(rows, i, record);
	return CS_OK;
}

enum cs_code
store_load_revocations(struct svc_batch *batch, struct cs_err *err)
{
	struct cs_id *keys = CS_NEW_ARRAY(batch->arena, batch->n, struct cs_id);
	const size_t n = keys_of_later_life(batch, keys);
	const struct db_param params[] = { db_id_array(batch->arena, keys, n) };
	struct db_rows *rows;

	if (n == 0)
		return CS_OK;
	if (db_query(batch->db, batch->arena, load_sql, params, 1, &rows, err))
		return err->code;
	for (size_t i = 0; i < db_rows_count(rows); i++) {
		const struct svc_aggregate *found =
		    svc_aggregate_find(batch, db_get_id(rows, i, 0));

		cs_assert(found != NULL);
		if (read_issued(rows, i, store_record_of(found), err))
			return err->code;
	}
	return CS_OK;
}

/* ---- save ---- */

static const char save_statement_sql[] =
    "insert into revocation_statement (request, sha256, envelope, received_at_ms)"
    " values ($1, $2, $3, $4) on conflict do nothing";

static const char new_revocation_sql[] =
    "insert into revocation (request, what, issuer, crl_partition, serial, reason, revoked_by, text,"
    " revoked_at_ms, known_at_ms, due_at_ms, reason_at_ms, not_after_s)"
    " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $9, $12)";

static const char change_reason_sql[] =
    "update revocation set reason = $2, reason_at_ms = $3 where request = $1 and reason <> $2";

/* The full list says it, and the list that the certificate names. */
static const char new_change_sql[] =
    "insert into crl_change (issuer, crl_partition, number, at_ms)"
    " select $1, p, 0, $3 from unnest(array[0, $2::int]) p group by p";

static const char new_reminder_sql[] =
    "insert into reminder (request, days, at_ms) values ($1, $2, $3)";

static const char new_follows_sql[] =
    "insert into follows (request, previous) values ($1, $2) on conflict do nothing";

static enum cs_code
save_statements(struct svc_batch *batch, const struct signer_record *record, struct cs_err *err)
{
	for (const struct record_revocation_statement *s = record->revocation_statements; s != NULL;
	     s = s->next) {
		const struct db_param params[] = { db_id(record->c.id),
			db_bytes(cs_span_of(s->sha256, CLAIM_DIGEST)),
			db_bytes(s->received.envelope), db_i64(s->received.received_ms) };

		if (db_send(batch->db, save_statement_sql, params, 4, -1, err))
			return err->code;
	}
	return CS_OK;
}

static enum cs_code
save_revocation(struct svc_batch *batch, const struct signer_record *record, struct cs_err *err)
{
	const struct record_revocation *r = &record->revocation;
	const struct record_intent *intent = &record->intent;
	const int32_t partition = (int32_t)intent->choice.crl_partition;
	const struct db_param all[] = { db_id(record->c.id),
		db_text(r->of_void ? "void" : "certificate"), db_text(intent->issuer),
		db_i32(partition), db_bytes(cs_span_of(intent->choice.serial, GATE_SERIAL)),
		db_i32((int32_t)r->reason), db_i32((int32_t)r->by), db_text(r->text),
		db_i64(r->revoked_at_ms), db_i64(r->known_at_ms), db_i64(r->due_at_ms),
		db_i64(r->not_after_s) };
	const struct db_param reason[] = { db_id(record->c.id), db_i32((int32_t)r->reason),
		db_i64(r->reason_at_ms) };
	const struct db_param change[] = { db_text(intent->issuer), db_i32(partition),
		db_i64(batch->now_ms) };

	if (!r->is_new && !r->changed)
		return CS_OK;
	if (r->is_new && db_send(batch->db, new_revocation_sql, all, 12, 1, err))
		return err->code;
	if (!r->is_new && db_send(batch->db, change_reason_sql, reason, 3, 1, err))
		return err->code;
	return db_send(batch->db, new_change_sql, change, 3, -1, err);
}

static enum cs_code
save_rest(struct svc_batch *batch, const struct signer_record *record, struct cs_err *err)
{
	const struct db_param reminder[] = { db_id(record->c.id),
		db_i32((int32_t)record->remind_days), db_i64(batch->now_ms) };
	const struct db_param follows[] = { db_id(record->c.id), db_id(record->previous) };

	if (record->remind_days != 0 && db_send(batch->db, new_reminder_sql, reminder, 3, 1, err))
		return err->code;
	if (record->certificate.der.len > 0 && record->follows &&
	    db_send(batch->db, new_follows_sql, follows, 2, -1, err))
		return err->code;
	return CS_OK;
}

/* Few a day, so that each is a statement of its own; they travel together. */
enum cs_code
store_save_revocations(struct svc_batch *batch, struct cs_err *err)
{
	for (size_t i = 0; i < batch->n; i++) {
		const struct signer_record *record = store_record_of(&batch->aggregates[i]);

		if (save_statements(batch, record, err) || save_revocation(batch, record, err) ||
		    save_rest(batch, record, err))
			return err->code;
	}
	return CS_OK;
}

/* ---- clocks ---- */

/* Looks that cost more than a moment are not taken every second. */
static bool
is_time(int64_t now_ms, int64_t every_s)
{
	return now_ms / 1000 % every_s == 0;
}

static const char due_blocked_sql[] =
    "select c.request from blocked_key b join certificate c on c.spki_sha256 = b.spki_sha256"
    " where c.not_after_s >= $1 and b.at_ms >= $3"
    " and not exists (select 1 from revocation r where r.request = c.request) limit $2";

/*
 * A key that is blocked gets no further certificates, so that looking at those that were blocked lately is enough;
 * at all of them, of which there may be many, now and then, for what a crash or a clock may have left.
 */
static int64_t
blocked_since_ms(int64_t now_ms)
{
	return is_time(now_ms, STORE_BLOCKED_ALL_EVERY_S)
		   ? 0
		   : now_ms - STORE_BLOCKED_LATELY_S * CS_SECOND_MS;
}

enum cs_code
store_due_blocked(const void *self, struct db *db, int64_t now_ms, size_t max,
    struct cs_arena *arena, struct cs_id **ret_keys, size_t *ret_n, struct cs_err *err)
{
	const struct db_param params[] = { db_i64(now_ms / 1000), db_i64((int64_t)max),
		db_i64(blocked_since_ms(now_ms)) };
	struct db_rows *rows;

	(void)self;
	*ret_n = 0;
	if (!is_time(now_ms, STORE_BLOCKED_EVERY_S))
		return CS_OK;
	if (db_query(db, arena, due_blocked_sql, params, 3, &rows, err))
		return err->code;
	store_due_ids(arena, rows, ret_keys, ret_n);
	return CS_OK;
}

/*
 * As revoke_reminder_step() has it: a step that has come and none below it yet, after the issue.  By ranges of the
 * end, each from $4 seconds before its step: whose end lies further back was seen before, and is looked at again now and then.
 */
static const char due_expiring_sql[] =
    "select c.request from unnest(array[1, 7, 14, 30], array[0, 1, 7, 14]) s(days, below),"
    " lateral (select request, not_after_s, issued_at_ms from certificate"
    "  where not_after_s <= $1 / 1000 + s.days * 86400"
    "  and not_after_s > $1 / 1000 + greatest(s.below * 86400, s.days * 86400 - $4::bigint)"
    "  offset 0) c" /* which keeps the planner from reading all certificates instead */
    " where c.not_after_s * 1000 - s.days * $3 >= c.issued_at_ms"
    " and not exists (select 1 from reminder m where m.request = c.request and m.days <= s.days)"
    " and not exists (select 1 from revocation r where r.request = c.request)"
    " and not exists (select 1 from follows f join certificate n on n.request = f.request"
    "  where f.previous = c.request"
    "  and not exists (select 1 from revocation x where x.request = n.request)) limit $2";

enum cs_code
store_due_expiring(const void *self, struct db *db, int64_t now_ms, size_t max,
    struct cs_arena *arena, struct cs_id **ret_keys, size_t *ret_n, struct cs_err *err)
{
	const struct db_param params[] = { db_i64(now_ms), db_i64((int64_t)max), db_i64(CS_DAY_MS),
		db_i64(is_time(now_ms, STORE_EXPIRING_ALL_EVERY_S) ? INT32_MAX
								   : STORE_EXPIRING_LATELY_S) };
	struct db_rows *rows;

	(void)self;
	*ret_n = 0;
	if (!is_time(now_ms, STORE_EXPIRING_EVERY_S))
		return CS_OK;
	if (db_query(db, arena, due_expiring_sql, params, 4, &rows, err))
		return err->code;
	store_due_ids(arena, rows, ret_keys, ret_n);
	return CS_OK;
}
