/* SPDX-License-Identifier: Apache-2.0 */
/*
 * archive.h: the outboxes of all services as one story in order of time.  Each outbox is read a page
 * at a time, up to the row that was its last when the reading began: memory and time are bounded
 * however long it is, and whoever publishes meanwhile is not followed.
 */
#ifndef CSCTL_ARCHIVE_H
#define CSCTL_ARCHIVE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/id.h"
#include "store.h"

/* One row; borrowed until the next one is asked for. */
struct archive_event {
	const char *schema; /* of the service */
	int64_t seq;        /* in its outbox */
	int64_t created_ms;
	struct cs_id id, key;
	const char *subject; /* without "cs." */
	struct cs_span body;
};

struct archive;

/* `wish` is borrowed until archive_close. */
CS_MUST_USE enum cs_code archive_open(
    struct db *db, const struct store_wish *wish, struct archive **ret, struct cs_err *err);
void archive_close(struct archive *archive); /* takes NULL */
/*
 * The earliest of what is left; what one service did comes in the order in which it was done.
 * CS_NOT_FOUND: that was all.
 */
CS_MUST_USE enum cs_code
archive_next(struct archive *archive, struct archive_event *ret, struct cs_err *err);

#endif
