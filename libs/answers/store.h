/* SPDX-License-Identifier: Apache-2.0 */
/* store.h: the table `answer`. */
#ifndef ANSWERS_STORE_H
#define ANSWERS_STORE_H

#include "base/arena.h"
#include "base/err.h"
#include "db/db.h"

struct answers_packet {
	struct cs_span sha256; /* 32 octets */
	struct cs_span octets;
	const char *name, *type; /* the question */
	int64_t at_ms;           /* when it came */
};

/* Durable when this returns CS_OK; packets may be there more than once. */
CS_MUST_USE enum cs_code answers_store_save(struct db *db, struct cs_arena *arena,
    const struct answers_packet *packets, size_t n, struct cs_err *err);
/* Deletes some of what was last seen before before_ms; *ret_more: there may be more. */
CS_MUST_USE enum cs_code answers_store_sweep(
    struct db *db, struct cs_arena *arena, int64_t before_ms, bool *ret_more, struct cs_err *err);

#endif
