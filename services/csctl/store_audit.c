/* SPDX-License-Identifier: Apache-2.0 */
/* store_audit.c: the signer's audit log and what stands beside it, for reading only. */
#include "store_audit.h"

static const char end_sql[] =
    "select size, peaks, (select coalesce(max(seq), 0) from audit) from audit_head";

enum cs_code
store_audit_end(
    struct db *db, struct cs_arena *arena, struct store_audit_end *ret, struct cs_err *err)
{
	struct db_rows *rows;

	if (db_query(db, arena, end_sql, NULL, 0, &rows, err))
		return err->code;
	if (db_rows_count(rows) != 1)
		return cs_fail(err, CS_INTERNAL, "the audit log does not say where it ends");
	*ret = (struct store_audit_end){ (uint64_t)db_get_i64(rows, 0, 0), db_get_bytes(rows, 0, 1),
		db_get_i64(rows, 0, 2) };
	return CS_OK;
}

#define COLUMNS "select seq, at_ms, request, action, detail, leaf from audit"
static const char page_sql[] = COLUMNS " where seq > $1 and seq <= $2 order by seq limit $3";
static const char of_sql[] = COLUMNS " where request = $1 order by seq limit $2";

static enum cs_code
read_records(
    const struct db_rows *rows, struct cs_arena *arena, struct store_audit **ret, size_t *ret_n)
{
	const size_t n = db_rows_count(rows);
	struct store_audit *all = CS_NEW_ARRAY(arena, n, struct store_audit);

	for (size_t i = 0; i < n; i++)
		all[i] = (struct store_audit){ .record = { .seq = db_get_i64(rows, i, 0),
						   .at_ms = db_get_i64(rows, i, 1),
						   .request = db_get_id(rows, i, 2),
						   .action = db_get_text(rows, i, 3),
						   .detail = db_get_text(rows, i, 4) },
			.leaf = db_get_bytes(rows, i, 5) };
	*ret = all;
	*ret_n = n;
	return CS_OK;
}

enum cs_code
store_audit_page(struct db *db, struct cs_arena *arena, int64_t after, int64_t last, size_t max,
    struct store_audit **ret, size_t *ret_n, struct cs_err *err)
{
	const struct db_param params[] = { db_i64(after), db_i64(last), db_i64((int64_t)max) };
	struct db_rows *rows;

	if (db_query(db, arena, page_sql, params, 3, &rows, err))
		return err->code;
	return read_records(rows, arena, ret, ret_n);
}

enum cs_code
store_audit_of(struct db *db, struct cs_arena *arena, struct cs_id request, size_t max,
    struct store_audit **ret, size_t *ret_n, struct cs_err *err)
{
	const struct db_param params[] = { db_id(request), db_i64((int64_t)max) };
	struct db_rows *rows;

	if (db_query(db, arena, of_sql, params, 2, &rows, err))
		return err->code;
	return read_records(rows, arena, ret, ret_n);
}

/* ---- signed heads ---- */

static const char heads_sql[] = "select size, root, at_ms, keyid, signature from audit_tree_head"
				" where size > $1 order by size limit $2";
static const char newest_sql[] = "select size, root, at_ms, keyid, signature from audit_tree_head"
				 " where size >= $1 order by size desc limit 1";

static enum cs_code
read_head(const struct db_rows *rows, size_t row, struct audit_head *ret, struct cs_err *err)
{
	const struct cs_span root = db_get_bytes(rows, row, 1);
	const char *keyid = db_get_text(rows, row, 3);
	const struct cs_span signature = db_get_bytes(rows, row, 4);

	*ret = (struct audit_head){ .size = (uint64_t)db_get_i64(rows, row, 0),
		.at_ms = db_get_i64(rows, row, 2) };
	if (!audit_head_fill(ret, root, keyid, signature))
		return cs_fail(err, CS_MALFORMED, "the head of %llu records cannot be read",
		    (unsigned long long)ret->size);
	return CS_OK;
}

enum cs_code
store_audit_heads(struct db *db, struct cs_arena *arena, uint64_t after, size_t max,
    struct audit_head **ret, size_t *ret_n, struct cs_err *err)
{
	const struct db_param params[] = { db_i64((int64_t)after), db_i64((int64_t)max) };
	struct db_rows *rows;

	if (db_query(db, arena, heads_sql, params, 2, &rows, err))
		return err->code;
	*ret_n = db_rows_count(rows);
	*ret = CS_NEW_ARRAY(arena, *ret_n, struct audit_head);
	for (size_t i = 0; i < *ret_n; i++) {
		if (read_head(rows, i, &(*ret)[i], err))
			return err->code;
	}
	return CS_OK;
}

enum cs_code
store_audit_newest(struct db *db, struct cs_arena *arena, uint64_t least, struct audit_head *ret,
    struct cs_err *err)
{
	const struct db_param params[] = { db_i64((int64_t)least) };
	struct db_rows *rows;

	if (db_query(db, arena, newest_sql, params, 1, &rows, err))
		return err->code;
	if (db_rows_count(rows) == 0)
		return cs_fail(err, CS_NOT_FOUND, "no signed head has this record yet");
	return read_head(rows, 0, ret, err);
}

/* ---- do rows and records say the same? ---- */

#define HEX(column) "encode(" column ", 'hex')"
/* clang-format off */
/* Fields of a record's detail. */
#define FIELD(name, as) ", substring(detail from '(?:^| )" name "=([^ ]*)') as " as
static const char rows_sql[] =
    "with f as materialized (select seq, at_ms, request, action"
    FIELD("serial", "serial") FIELD("tbs_sha256", "tbs_sha256") FIELD("issuer", "issuer")
    FIELD("profile", "profile") FIELD("evidence", "evidence") FIELD("request", "request_sha256")
    FIELD("approval", "approval") FIELD("plan", "plan") FIELD("sha256", "sha256")
    FIELD("spki", "spki") FIELD("not_after", "not_after") FIELD("code", "code")
    FIELD("reason", "reason") FIELD("by", "who") FIELD("statement", "statement")
    FIELD("number", "number") FIELD("partition", "partition") FIELD("owner", "owner")
    FIELD("entries", "entries")
    " from audit)"
    ", bad as ("
    /* Intents. */
    " select i.request, 0::bigint as seq, 'an intent without its record, or not as that says' as what"
    " from intent i where not exists (select from f where f.request = i.request"
    " and action = 'intent' and serial = " HEX("i.serial") " and tbs_sha256 = " HEX(
	"i.tbs_sha256") " and i.tbs_sha256 = sha256(i.tbs)"
			" and f.issuer = i.issuer and f.partition = i.crl_partition::text"
			" and f.profile = i.profile and f.evidence = " HEX(
			    "i.evidence") ")"
					  " union all select i.request, 0, 'an intent that was judged at another time than its records say'"
					  " from intent i where i.judged_at_ms <> (select max(at_ms) from f where f.request = i.request"
					  " and action in ('intent', 'renewed'))"
					  " union all select i.request, 0, 'an intent whose end is not the one of the records' from intent i"
					  " where i.state <> (select case"
					  " when bool_or(action = 'void') then 'void'"
					  " else 'open' end from f where f.request = i.request)"
					  " union all select f.request, f.seq, 'a record of an intent that is not there' from f"
					  " where action = 'intent' and not exists (select from intent i where i.request = f.request"
					  " and " HEX(
					      "i.serial") " = f.serial)"
							  " union all select f.request, f.seq, 'a record of a void intent that is not there' from f"
							  " where action = 'void' and not exists (select from intent i where i.request = f.request"
							  " and " HEX(
							      "i.serial") " = f.serial and i.state = 'void' and i.void_at_ms = f.at_ms)"
									  /* Certificates. */
									  " union all select c.request, 0, 'a certificate without its record, or not as that says'"
									  " from certificate c where not exists (select from f"
									  " where f.request = c.request and action = 'issued' and serial = " HEX("c.serial") " and f.sha256 = " HEX(
									      "c.sha256") " and c.sha256 = sha256(c.der)"
											  " and f.spki = " HEX(
											      "c.spki_sha256") " and f.not_after = c.not_after_s::text"
													       " and f.owner = encode(sha256(convert_to(c.enterprise, 'UTF8') || '\\x00'::bytea"
    " || convert_to(c.account, 'UTF8')), 'hex') and f.at_ms = c.issued_at_ms)"
    " union all select c.request, 0, 'a certificate that another list has than its intent'"
    " from certificate c join intent i on i.request = c.request"
    " where i.issuer <> c.issuer or i.crl_partition <> c.crl_partition"
													       " union all select f.request, f.seq, 'a record of a certificate that is not there' from f"
													       " where action = 'issued' and not exists (select from certificate c"
													       " where c.request = f.request and " HEX(
														   "c.serial") " = f.serial)"
															       /* Requests. */
															       " union all select r.request, 0, 'a request whose end is not the one of the records'"
															       " from request r where r.state in ('refused', 'stopped')"
															       " and not exists (select from f where f.request = r.request and action = r.state"
															       " and coalesce(f.code, f.reason) = r.code)"
															       " union all select f.request, f.seq, 'a record of an end that the request has not' from f"
															       " where action in ('refused', 'stopped') and not exists (select from request r"
															       " where r.request = f.request and r.state = f.action)"
															       /* What a judgement rests on. */
															       " union all select f.request, f.seq, 'what was judged is not there any more: ' || d.kind"
															       " from f, lateral (values ('request', request_sha256), ('approval', approval),"
    " ('plan', plan)) d(kind, digest) where action in ('intent', 'renewed')"
    " and not exists (select from final_plan p where p.request = f.request and p.sha256 = sha256(p.envelope)"
    " and d.digest = " HEX("sha256(case d.kind when 'plan' then substring(p.envelope for greatest(p.plan_len, 0))"
    " when 'request' then substring(p.envelope from p.request_at + 1 for greatest(p.request_len, 0))"
    " else substring(p.envelope from p.approval_at + 1) end)") ")"
																	       " union all select f.request, f.seq, 'what was judged is not there any more: evidence'"
																	       " from f, lateral regexp_matches(f.evidence, '.{64}', 'g') m(digest)"
																	       " where action in ('intent', 'renewed') and not exists (select from evidence e"
																	       " where e.sha256 = decode(m.digest[1], 'hex') and e.sha256 = sha256(e.envelope))"
																	       /* Revocations, and the newest lists. */
    " union all select r.request, 0, 'a revocation without its record, or not as that says'"
    " from revocation r where not exists (select from f where f.request = r.request"
    " and serial = " HEX("r.serial") " and (r.what = 'void' and action = 'void'"
    " and f.not_after = r.not_after_s::text"
    " or r.what = 'certificate' and action = 'revoked' and f.at_ms = r.revoked_at_ms"
    " and f.who = (array['owner', 'operator', 'report', 'key', 'signer'])[r.revoked_by]))"
    " or r.what = 'certificate' and not exists (select from f where f.request = r.request"
    " and action in ('revoked', 'reason-changed') and f.at_ms = r.reason_at_ms"
    " and f.reason = r.reason::text)"
    " union all select r.request, 0, 'a revocation for another list than its certificate'"
    " from revocation r join intent i on i.request = r.request"
    " left join certificate c on c.request = r.request where r.issuer <> i.issuer"
    " or r.crl_partition <> i.crl_partition"
    " or r.what = 'certificate' and r.not_after_s is distinct from c.not_after_s"
    " union all select f.request, f.seq, 'a record of a revocation that is not there' from f"
    " where action in ('revoked', 'void') and not exists (select from revocation r"
    " where r.request = f.request and " HEX("r.serial") " = f.serial)"
    " union all select f.request, f.seq, 'what asked for a revocation is not there any more' from f"
    " where f.statement is not null and not exists (select from revocation_statement s"
    " where s.request = f.request and " HEX("s.sha256") " = f.statement"
    " and s.sha256 = sha256(s.envelope))"
    " union all select l.list, 0, 'a revocation list without its record, or not as that says'"
    " from crl c join crl_list l on l.issuer = c.issuer and l.crl_partition = c.crl_partition"
    " where c.sha256 <> sha256(c.der) or not exists (select from f where f.request = l.list"
    " and action = 'crl-made' and f.number = c.number::text and f.sha256 = " HEX("c.sha256") ")"
    /* A minute: what was revoked while the list was made is on the next one. */
    " union all select l.list, f.seq, 'a revocation list that lacks what was revoked before'"
    " from f join crl_list l on l.list = f.request join crl c on c.issuer = l.issuer"
    " and c.crl_partition = l.crl_partition and c.number::text = f.number where action = 'crl'"
    " and f.entries::bigint < (select count(*) from revocation r where r.issuer = l.issuer"
    " and (l.crl_partition = 0 or r.crl_partition = l.crl_partition)"
    " and r.revoked_at_ms < f.at_ms - 60000 and r.not_after_s > f.at_ms / 1000)"
    /* Keys. */
    " union all select c.request, 0, 'a certificate whose key belongs to somebody else'"
    " from certificate c where not exists (select from key_owner o"
    " where o.spki_sha256 = c.spki_sha256 and o.enterprise = c.enterprise"
    " and o.account = c.account)"
    " union all select c.request, 0, 'a compromised key that is not blocked'"
    " from certificate c join revocation r on r.request = c.request where r.reason = 1"
    " and not exists (select from blocked_key b where b.spki_sha256 = c.spki_sha256)"
    ") select request, seq, what from bad order by seq, request limit $1";
/* clang-format on */

enum cs_code
store_audit_strays(struct db *db, struct cs_arena *arena, size_t max, struct store_stray **ret,
    size_t *ret_n, struct cs_err *err)
{
	const struct db_param params[] = { db_i64((int64_t)max) };
	struct db_rows *rows;

	if (db_query(db, arena, rows_sql, params, 1, &rows, err))
		return err->code;
	*ret_n = db_rows_count(rows);
	*ret = CS_NEW_ARRAY(arena, *ret_n, struct store_stray);
	for (size_t i = 0; i < *ret_n; i++)
		(*ret)[i] = (struct store_stray){ db_get_id(rows, i, 0), db_get_i64(rows, i, 1),
			db_get_text(rows, i, 2) };
	return CS_OK;
}
