/* SPDX-License-Identifier: Apache-2.0 */
#include "store_report.h"

#include <string.h>

#include "store_rows.h"

/* ---- rows ---- */

#define REPORT_COLUMNS                                                                          \
	"p.id, p.request, p.enterprise, p.state, p.body_sha256, p.category, p.said, p.contact," \
	" p.proved, p.received_ms, p.preliminary_due_ms, p.preliminary_ms, p.preliminary_text," \
	" p.preliminary_by, p.due_ms, p.decided_ms, p.ground, p.decision, p.decided_by,"        \
	" p.reason, p.closed_ms"

static struct report
read_report(const struct db_rows *rows, size_t row)
{
	struct cs_span sha256 = db_get_bytes(rows, row, 4);
	struct report report = {
		.id = db_get_id(rows, row, 0),
		.request = db_get_id(rows, row, 1),
		.enterprise = db_get_text(rows, row, 2),
		.category = db_get_text(rows, row, 5),
		.text = db_get_text(rows, row, 6),
		.contact = db_get_text(rows, row, 7),
		.proved = db_get_bool(rows, row, 8),
		.received_at_ms = db_get_i64(rows, row, 9),
		.preliminary_due_ms = db_get_i64(rows, row, 10),
		.preliminary_at_ms = db_get_i64(rows, row, 11),
		.preliminary_text = db_get_text(rows, row, 12),
		.preliminary_by = db_get_text(rows, row, 13),
		.due_at_ms = db_get_i64(rows, row, 14),
		.decided_at_ms = db_get_i64(rows, row, 15),
		.ground = db_get_text(rows, row, 16),
		.decision_text = db_get_text(rows, row, 17),
		.decided_by = db_get_text(rows, row, 18),
		.reason = (uint32_t)db_get_i32(rows, row, 19),
		.closed_at_ms = db_get_i64(rows, row, 20),
		.stored = true,
	};

	cs_assert(report_state_parse(db_get_text(rows, row, 3), &report.state));
	cs_assert(sha256.len == CLAIM_DIGEST);
	memcpy(report.body_sha256, sha256.data, CLAIM_DIGEST);
	return report;
}

/* ---- load ---- */

static const char load_sql[] =
    "select " REPORT_COLUMNS " from report p where p.id = any($1)"
    " or (p.request = any($2) and p.state = 'asked') order by p.id for update";

static size_t
count_events(const struct svc_batch *batch)
{
	size_t n = 0;

	for (size_t i = 0; i < batch->n; i++)
		n += batch->aggregates[i].n_events;
	return n;
}

static struct cs_id
id_of(const struct svc_event *ev)
{
	return ((const struct report_command *)ev->what)->id;
}

/* Reports that events name, and requests whose reports the signer answers. */
enum cs_code
store_ask_reports(struct svc_batch *batch, struct db_rows **ret_rows, struct cs_err *err)
{
	struct cs_id *ids = CS_NEW_ARRAY(batch->arena, count_events(batch), struct cs_id);
	struct cs_id *requests = CS_NEW_ARRAY(batch->arena, count_events(batch), struct cs_id);
	size_t n_ids = 0, n_requests = 0;

	for (size_t i = 0; i < batch->n; i++) {
		for (size_t k = 0; k < batch->aggregates[i].n_events; k++) {
			const struct svc_event *ev = batch->aggregates[i].events[k];

			if (report_is_for(ev->subject))
				ids[n_ids++] = id_of(ev);
			else if (strcmp(ev->subject, "certificate.revoked") == 0 ||
				 strcmp(ev->subject, "certificate.revocation-refused") == 0)
				requests[n_requests++] = ev->key;
		}
	}
	if (n_ids + n_requests == 0)
		return CS_OK;
	const struct db_param params[] = { db_id_array(batch->arena, ids, n_ids),
		db_id_array(batch->arena, requests, n_requests) };

	return db_ask(batch->db, batch->arena, load_sql, params, COUNT(params), ret_rows, err);
}

static void
add_report(struct cs_arena *arena, struct intake_request *req, size_t room, struct report report)
{
	if (!req->reports)
		req->reports = CS_NEW_ARRAY(arena, room, struct report);
	if (!report_find(req, report.id))
		req->reports[req->n_reports++] = report;
}

/* As it is stored, of whatever request it is; a report that has no row yet is an empty one of this id. */
static struct report
report_named(const struct db_rows *rows, size_t n, struct cs_id id)
{
	for (size_t row = 0; row < n; row++)
		if (cs_id_equal(db_get_id(rows, row, 0), id))
			return read_report(rows, row);
	return (struct report){ .id = id };
}

void
store_take_reports(struct svc_batch *batch, const struct db_rows *rows)
{
	const size_t n = rows ? db_rows_count(rows) : 0;
	const size_t room = n + count_events(batch);

	for (size_t row = 0; row < n; row++) {
		const struct report report = read_report(rows, row);
		struct svc_aggregate *aggregate = svc_aggregate_find(batch, report.request);

		if (aggregate)
			add_report(batch->arena, aggregate->state, room, report);
	}
	for (size_t i = 0; i < batch->n; i++) {
		struct svc_aggregate *aggregate = &batch->aggregates[i];

		for (size_t k = 0; k < aggregate->n_events; k++)
			if (report_is_for(aggregate->events[k]->subject))
				add_report(batch->arena, aggregate->state, room,
				    report_named(rows, n, id_of(aggregate->events[k])));
	}
}

/* ---- save ---- */

#define REPORT_ARRAYS                                                                          \
	" unnest($1::uuid[], $2::text[], $3::boolean[], $4::bigint[], $5::text[], $6::text[]," \
	" $7::bigint[], $8::bigint[], $9::text[], $10::text[], $11::text[], $12::integer[],"   \
	" $13::bigint[]"

static const char new_sql[] =
    "insert into report (id, state, proved, preliminary_ms, preliminary_text, preliminary_by,"
    " due_ms, decided_ms, ground, decision, decided_by, reason, closed_ms, request, enterprise,"
    " body_sha256, category, said, contact, received_ms, preliminary_due_ms)"
    " select * from" REPORT_ARRAYS ", $14::uuid[], $15::text[], $16::bytea[], $17::text[],"
    " $18::text[], $19::text[], $20::bigint[], $21::bigint[])";

static const char old_sql[] =
    "update report p set state = b, proved = c, preliminary_ms = d, preliminary_text = e,"
    " preliminary_by = f, due_ms = g, decided_ms = h, ground = i, decision = j, decided_by = k,"
    " reason = l, closed_ms = m from" REPORT_ARRAYS ") as x(a, b, c, d, e, f, g, h, i, j, k, l, m)"
    " where p.id = a";

static void
add_changing(struct columns *c, const struct report *const *rows, size_t n)
{
	IDS(c, rows, n, ->id);
	COLUMN(c, n, const char *, report_state_name((rows)[i]->state), db_text_array);
	BOOLS(c, rows, n, ->proved);
	I64S(c, rows, n, ->preliminary_at_ms);
	TEXTS(c, rows, n, ->preliminary_text);
	TEXTS(c, rows, n, ->preliminary_by);
	I64S(c, rows, n, ->due_at_ms);
	I64S(c, rows, n, ->decided_at_ms);
	TEXTS(c, rows, n, ->ground);
	TEXTS(c, rows, n, ->decision_text);
	TEXTS(c, rows, n, ->decided_by);
	I32S(c, rows, n, ->reason);
	I64S(c, rows, n, ->closed_at_ms);
}

static enum cs_code
save_new(
    const struct svc_batch *batch, const struct report *const *rows, size_t n, struct cs_err *err)
{
	struct columns c = { .arena = batch->arena };

	if (n == 0)
		return CS_OK;
	add_changing(&c, rows, n);
	IDS(&c, rows, n, ->request);
	TEXTS(&c, rows, n, ->enterprise);
	DIGESTS(&c, rows, n, ->body_sha256);
	TEXTS(&c, rows, n, ->category);
	TEXTS(&c, rows, n, ->text);
	TEXTS(&c, rows, n, ->contact);
	I64S(&c, rows, n, ->received_at_ms);
	I64S(&c, rows, n, ->preliminary_due_ms);
	return db_send(batch->db, new_sql, c.params, c.n, (int64_t)n, err);
}

static enum cs_code
save_old(
    const struct svc_batch *batch, const struct report *const *rows, size_t n, struct cs_err *err)
{
	struct columns c = { .arena = batch->arena };

	if (n == 0)
		return CS_OK;
	add_changing(&c, rows, n);
	return db_send(batch->db, old_sql, c.params, c.n, (int64_t)n, err);
}

enum cs_code
store_save_reports(const struct svc_batch *batch, const struct changes *changes, struct cs_err *err)
{
	if (save_new(batch, changes->new_reports, changes->n_new_reports, err))
		return err->code;
	return save_old(batch, changes->old_reports, changes->n_old_reports, err);
}

/* ---- showing ---- */

static const char by_fingerprint_sql[] = "select request from certificate where fingerprint = $1";
static const char by_serial_sql[] = "select request from certificate where serial = $1";
static const char by_request_sql[] = "select request from certificate where request = $1";

enum cs_code
store_find_certificate(struct db *db, struct cs_arena *arena, const struct report_subject *subject,
    struct cs_id *ret_request, struct cs_err *err)
{
	const struct db_param param = subject->fingerprint ? db_text(subject->fingerprint)
				      : subject->serial    ? db_text(subject->serial)
							   : db_id(subject->request);
	const char *sql = subject->fingerprint ? by_fingerprint_sql
			  : subject->serial    ? by_serial_sql
					       : by_request_sql;
	struct db_rows *rows = NULL;

	if (db_query(db, arena, sql, &param, 1, &rows, err))
		return err->code;
	if (db_rows_count(rows) == 0)
		return cs_fail(err, CS_NOT_FOUND, "no such certificate");
	*ret_request = db_get_id(rows, 0, 0);
	return CS_OK;
}

static const char find_sql[] = "select " REPORT_COLUMNS " from report p where p.id = $1";

enum cs_code
store_find_report(struct db *db, struct cs_arena *arena, struct cs_id id, struct report *ret_report,
    struct cs_err *err)
{
	const struct db_param param = db_id(id);
	struct db_rows *rows = NULL;

	if (db_query(db, arena, find_sql, &param, 1, &rows, err))
		return err->code;
	if (db_rows_count(rows) == 0)
		return cs_fail(err, CS_NOT_FOUND, "no such report");
	*ret_report = read_report(rows, 0);
	return CS_OK;
}

static const char list_sql[] =
    "select " REPORT_COLUMNS " from report p where p.enterprise = $1 and p.state = $2"
    " and (p.due_ms, p.id) > ($3, $4) order by p.due_ms, p.id limit $5";

enum cs_code
store_list_reports(struct db *db, struct cs_arena *arena, const char *enterprise,
    const struct store_reports_page *page, struct report **ret_reports, size_t *ret_n,
    struct cs_err *err)
{
	const struct db_param params[] = { db_text(enterprise),
		db_text(report_state_name(page->state)), db_i64(page->after_ms), db_id(page->after),
		db_i64(page->limit) };
	struct db_rows *rows = NULL;

	if (db_query(db, arena, list_sql, params, COUNT(params), &rows, err))
		return err->code;
	*ret_n = db_rows_count(rows);
	*ret_reports = CS_NEW_ARRAY(arena, *ret_n, struct report);
	for (size_t i = 0; i < *ret_n; i++)
		(*ret_reports)[i] = read_report(rows, i);
	return CS_OK;
}

static const char clock_sql[] =
    "select count(*), coalesce(min(received_ms), 0), count(*) filter (where due_ms <= $1"
    " or (preliminary_ms = 0 and preliminary_due_ms <= $1))"
    " from report where state in ('open', 'asked')";

enum cs_code
store_report_clock(struct db *db, struct cs_arena *arena, int64_t now_ms,
    struct store_report_clock *ret_clock, struct cs_err *err)
{
	const struct db_param param = db_i64(now_ms);
	struct db_rows *rows = NULL;

	if (db_query(db, arena, clock_sql, &param, 1, &rows, err))
		return err->code;
	*ret_clock = (struct store_report_clock){ .open = db_get_i64(rows, 0, 0),
		.oldest_open_ms = db_get_i64(rows, 0, 1),
		.overdue = db_get_i64(rows, 0, 2) };
	return CS_OK;
}
