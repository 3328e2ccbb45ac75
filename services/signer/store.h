/* SPDX-License-Identifier: Apache-2.0 */
/* store.h: records of a batch, loaded under the lock of their rows and saved in one transaction. */
#ifndef SIGNER_STORE_H
#define SIGNER_STORE_H

#include "record.h"
#include "svc/svc.h"

/* Each aggregate's state becomes a struct signer_record, with all that its plan names. */
CS_MUST_USE enum cs_code store_load_records(struct svc_batch *batch, struct cs_err *err);
CS_MUST_USE enum cs_code store_save_records(struct svc_batch *batch, struct cs_err *err);

/* svc_due of "clock.missing-found": requests that wait for evidence of others which has come since. */
enum cs_code store_due_found(const void *self, struct db *db, int64_t now_ms, size_t max,
    struct cs_arena *arena, struct cs_id **ret_keys, size_t *ret_n, struct cs_err *err);

/* svc_due of "clock.trust-noted": never has a key; notes the version of our trust table. */
CS_MUST_USE enum cs_code store_due_trust(const void *self, struct db *db, int64_t now_ms,
    size_t max, struct cs_arena *arena, struct cs_id **ret_keys, size_t *ret_n, struct cs_err *err);
#define STORE_BLOCKED_EVERY_S 5
#define STORE_BLOCKED_LATELY_S INT64_C(7200)
#define STORE_BLOCKED_ALL_EVERY_S 600
#define STORE_EXPIRING_EVERY_S 10
#define STORE_EXPIRING_LATELY_S INT64_C(7200)
#define STORE_EXPIRING_ALL_EVERY_S 3600
/* svc_due of "clock.key-blocked": certificates that are relied on although their key is blocked. */
enum cs_code store_due_blocked(const void *self, struct db *db, int64_t now_ms, size_t max,
    struct cs_arena *arena, struct cs_id **ret_keys, size_t *ret_n, struct cs_err *err);
/* svc_due of "clock.certificate-expiring": a reminder's step has come. */
enum cs_code store_due_expiring(const void *self, struct db *db, int64_t now_ms, size_t max,
    struct cs_arena *arena, struct cs_id **ret_keys, size_t *ret_n, struct cs_err *err);
/* svc_due of "clock.crl-due": `self` is a struct signer_service; also reads how old the lists are. */
enum cs_code store_due_lists(const void *self, struct db *db, int64_t now_ms, size_t max,
    struct cs_arena *arena, struct cs_id **ret_keys, size_t *ret_n, struct cs_err *err);
/* svc_due of "clock.own": this process has something to tell of itself, or a head to sign. */
enum cs_code store_due_own(const void *self, struct db *db, int64_t now_ms, size_t max,
    struct cs_arena *arena, struct cs_id **ret_keys, size_t *ret_n, struct cs_err *err);

#endif
