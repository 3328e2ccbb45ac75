/* SPDX-License-Identifier: Apache-2.0 */
/*
 * book.h: the connectors that are in force, as a service keeps them in memory.  One thread.
 *
 * What it is told comes from the lane CONFIG, perhaps twice and perhaps an older thing after a newer one: the
 * highest version of each document counts, also when that says it is deleted.
 */
#ifndef CONNECTOR_BOOK_H
#define CONNECTOR_BOOK_H

#include "claim/claim.h"
#include "connector/connector.h"

#define CONNECTOR_BOOK_MAX 10000 /* documents, deleted ones too */

struct connector_book;

/* `trust` says whose statements count; borrowed. */
struct connector_book *connector_book_new(const struct claim_trust *trust);
void connector_book_free(struct connector_book *book); /* takes NULL */

enum connector_news { CONNECTOR_OLD, CONNECTOR_CHANGED };
/*
 * The body of a config.connector event.  CS_MALFORMED: not stated by a key that may, or not a connector; what
 * was in force stays.  *ret_news CONNECTOR_OLD: nothing new.  `ret_name` (may be NULL) becomes
 * "enterprise/name" in `arena`.
 */
CS_MUST_USE enum cs_code
connector_book_tell(struct connector_book *book, struct cs_arena *arena, struct cs_span body,
    int64_t now_ms, enum connector_news *ret_news, const char **ret_name, struct cs_err *err);

struct connector_entry {
	struct connector connector;
	uint64_t version;
};
/* One that is there, active or not; NULL: none.  Borrowed until the book is told something. */
const struct connector_entry *
connector_book_get(const struct connector_book *book, const char *enterprise, const char *name);
/*
 * The active one of this type that serves the enterprise: its own before the platform's, of several the first
 * by name; NULL: none.  Of a type that names people the platform's serves only who has none at all: when an
 * enterprise switches its own off, the names that it set are not those of another.  Borrowed likewise.
 */
const struct connector_entry *connector_book_find(
    const struct connector_book *book, const char *enterprise, enum connector_type type);
/*
 * The highest quorum of the enterprise's and the platform's active connectors of type open-mpic without an
 * endpoint, which speak of our own perspectives; 0: none.
 */
uint32_t connector_book_quorum(const struct connector_book *book, const char *enterprise);
/*
 * Those of them with an endpoint: each is a service of somebody else's that is asked, too.  Returns how many there
 * are; the first `max` are in `ret`, borrowed as above.
 */
size_t connector_book_services(const struct connector_book *book, const char *enterprise,
    const struct connector_entry **ret, size_t max);

#endif
