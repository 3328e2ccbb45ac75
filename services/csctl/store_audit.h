/* SPDX-License-Identifier: Apache-2.0 */
/* store_audit.h: the signer's audit log and what stands beside it, in the schema of the signer. */
#ifndef CSCTL_STORE_AUDIT_H
#define CSCTL_STORE_AUDIT_H

#include "audit/audit.h"
#include "base/err.h"
#include "db/db.h"

struct store_audit_end {
	uint64_t size;
	struct cs_span peaks;
	int64_t highest; /* number that any record has; 0: there is none */
};

struct store_audit {
	struct audit_record record;
	struct cs_span leaf; /* as it is stored */
};

CS_MUST_USE enum cs_code store_audit_end(
    struct db *db, struct cs_arena *arena, struct store_audit_end *ret, struct cs_err *err);
/* Behind number `after` up to `last`, in order. */
CS_MUST_USE enum cs_code store_audit_page(struct db *db, struct cs_arena *arena, int64_t after,
    int64_t last, size_t max, struct store_audit **ret, size_t *ret_n, struct cs_err *err);
/* Those about one request, in order. */
CS_MUST_USE enum cs_code store_audit_of(struct db *db, struct cs_arena *arena, struct cs_id request,
    size_t max, struct store_audit **ret, size_t *ret_n, struct cs_err *err);

/* Signed heads of more than `after` records, the smallest first. */
CS_MUST_USE enum cs_code store_audit_heads(struct db *db, struct cs_arena *arena, uint64_t after,
    size_t max, struct audit_head **ret, size_t *ret_n, struct cs_err *err);
/* The newest one, if it has `least` records.  CS_NOT_FOUND. */
CS_MUST_USE enum cs_code store_audit_newest(struct db *db, struct cs_arena *arena, uint64_t least,
    struct audit_head *ret, struct cs_err *err);

/* A row without the record that it needs, or the other way round; seq 0: the row's side. */
struct store_stray {
	struct cs_id request;
	int64_t seq;
	const char *what;
};

CS_MUST_USE enum cs_code store_audit_strays(struct db *db, struct cs_arena *arena, size_t max,
    struct store_stray **ret, size_t *ret_n, struct cs_err *err);

#endif
