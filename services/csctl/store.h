/* SPDX-License-Identifier: Apache-2.0 */
/* store.h: what csctl does in the database, with the owner's role. */
#ifndef CSCTL_STORE_H
#define CSCTL_STORE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/id.h"
#include "db/db.h"

CS_MUST_USE enum cs_code store_prepare(struct db *db, struct cs_err *err);
CS_MUST_USE enum cs_code store_make_role(struct db *db, struct cs_arena *arena, const char *role,
    const char *password, struct cs_err *err);
CS_MUST_USE enum cs_code
store_grant(struct db *db, struct cs_arena *arena, const char *role, struct cs_err *err);
/* Empty digest: not applied. */
CS_MUST_USE enum cs_code store_applied(struct db *db, struct cs_arena *arena, const char *service,
    const char *name, struct cs_span *ret_sha256, struct cs_err *err);
CS_MUST_USE enum cs_code store_apply(struct db *db, struct cs_arena *arena, const char *service,
    const char *name, const char *sql, struct cs_span sha256, struct cs_err *err);

/* The schema whose tables the next calls mean. */
CS_MUST_USE enum cs_code
store_use_schema(struct db *db, struct cs_arena *arena, const char *schema, struct cs_err *err);
/* subject, id, error, at_ms, deliveries, state, octets: the newest first. */
CS_MUST_USE enum cs_code store_parked(struct db *db, struct cs_arena *arena, size_t max,
    struct db_rows **ret_rows, struct cs_err *err);
/* subject, body, error. */
CS_MUST_USE enum cs_code store_parked_one(struct db *db, struct cs_arena *arena, struct cs_id id,
    struct db_rows **ret_rows, struct cs_err *err);
/* Marks it to be handled again, or drops it.  CS_NOT_FOUND. */
CS_MUST_USE enum cs_code store_parked_change(
    struct db *db, struct cs_arena *arena, struct cs_id id, bool drop, struct cs_err *err);

#endif
