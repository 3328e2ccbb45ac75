/* SPDX-License-Identifier: Apache-2.0 */
/* store_evidence.c: what the signer keeps of one request. */
#include "store_evidence.h"

static const char final_plan_sql[] =
    "select envelope, received_at_ms from final_plan where request = $1"
    " and sha256(substring(envelope for plan_len)) = $2"
    " and sha256(substring(envelope from request_at + 1 for request_len)) = $3"
    " order by revision limit 1";

enum cs_code
store_final_plan(struct db *db, struct cs_arena *arena, struct cs_id request, struct cs_span plan,
    struct cs_span asked, struct gate_case *ret, struct cs_err *err)
{
	const struct db_param params[] = { db_id(request), db_bytes(plan), db_bytes(asked) };
	struct claim_case parts;
	struct db_rows *rows;

	if (db_query(db, arena, final_plan_sql, params, 3, &rows, err))
		return err->code;
	if (db_rows_count(rows) == 0)
		return cs_fail(err, CS_NOT_FOUND, "the plan that was judged is not there");
	const int64_t received_ms = db_get_i64(rows, 0, 1);

	if (claim_take_apart(arena, db_get_bytes(rows, 0, 0), &parts, err))
		return cs_fail(err, CS_NOT_FOUND, "what was judged cannot be taken apart");
	ret->request = (struct gate_received){ parts.request, received_ms };
	ret->approval = (struct gate_received){ parts.approval, received_ms };
	ret->plan = (struct gate_received){ parts.plan, received_ms };
	return CS_OK;
}

static const char weighed_sql[] =
    "select envelope, received_at_ms from evidence where received_at_ms <= $4"
    " and (request = $1 or sha256 = any($2::bytea[])"
    " or (outcome = 2 and check_digest = any($3::bytea[])))"
    " order by received_at_ms, sha256";

enum cs_code
store_weighed(struct db *db, struct cs_arena *arena, struct cs_id request,
    const struct cs_span *sha256s, size_t n_sha256s, const struct cs_span *checks, size_t n_checks,
    int64_t until_ms, struct gate_received **ret, size_t *ret_n, struct cs_err *err)
{
	const struct db_param params[] = { db_id(request),
		db_bytes_array(arena, sha256s, n_sha256s), db_bytes_array(arena, checks, n_checks),
		db_i64(until_ms) };
	struct db_rows *rows;

	if (db_query(db, arena, weighed_sql, params, 4, &rows, err))
		return err->code;
	*ret_n = db_rows_count(rows);
	*ret = CS_NEW_ARRAY(arena, *ret_n, struct gate_received);
	for (size_t i = 0; i < *ret_n; i++)
		(*ret)[i] =
		    (struct gate_received){ db_get_bytes(rows, i, 0), db_get_i64(rows, i, 1) };
	return CS_OK;
}

static enum cs_code
one_of_request(struct db *db, struct cs_arena *arena, const char *sql, struct cs_id request,
    struct cs_span *ret, struct cs_err *err)
{
	const struct db_param params[] = { db_id(request) };
	struct db_rows *rows;

	if (db_query(db, arena, sql, params, 1, &rows, err))
		return err->code;
	if (db_rows_count(rows) == 0)
		return cs_fail(err, CS_NOT_FOUND, "no certificate was issued for this request");
	*ret = db_get_bytes(rows, 0, 0);
	return CS_OK;
}

static const char certificate_sql[] = "select der from certificate where request = $1";
static const char issued_sql[] = "select body from outbox where key = $1"
				 " and subject = 'certificate.issued' order by seq limit 1";

enum cs_code
store_certificate(struct db *db, struct cs_arena *arena, struct cs_id request, struct cs_span *ret,
    struct cs_err *err)
{
	return one_of_request(db, arena, certificate_sql, request, ret, err);
}

enum cs_code
store_issued_event(struct db *db, struct cs_arena *arena, struct cs_id request, struct cs_span *ret,
    struct cs_err *err)
{
	return one_of_request(db, arena, issued_sql, request, ret, err);
}

static const char previous_sql[] =
    "select c.der, c.enterprise, c.account, i.profile from certificate c"
    " join intent i on i.request = c.request where c.request = $1";

enum cs_code
store_previous(struct db *db, struct cs_arena *arena, struct gate_previous *ret, struct cs_err *err)
{
	const struct db_param params[] = { db_id(ret->request) };
	struct db_rows *rows;

	if (db_query(db, arena, previous_sql, params, 1, &rows, err))
		return err->code;
	if (db_rows_count(rows) == 0)
		return cs_fail(err, CS_NOT_FOUND, "the certificate that it follows is not there");
	ret->certificate = db_get_bytes(rows, 0, 0);
	ret->enterprise = db_get_text(rows, 0, 1);
	ret->account = db_get_text(rows, 0, 2);
	ret->profile = db_get_text(rows, 0, 3);
	return CS_OK;
}
