/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calls.h: which documents go into which call of POST /v1/config/apply.  Pure.
 *
 * What fits into one call is one, in the order of the files.  More is cut into calls of at most CALLS_OCTETS and
 * CALLS_DOCUMENTS, in an order in which each may stand alone: connectors and profiles of the platform; each
 * enterprise with its connectors and profiles, in one call if they fit, as they may name each other; people, domains;
 * assignments, ownerships, notes.  Deletions come last, in the reverse order.
 */
#ifndef CSCTL_CALLS_H
#define CSCTL_CALLS_H

#include "settings.h"

/* What the API takes in one call, and what is sent in one of several: answers are larger than questions. */
#define CALLS_OCTETS_TAKEN 65536
#define CALLS_DOCUMENTS_TAKEN 500
#define CALLS_OCTETS 49152
#define CALLS_DOCUMENTS 400

struct calls {
	struct settings *items; /* in the arena; the documents belong to the set they come from */
	size_t n;
};

/* A document that is larger than a call may be is a call, which the API refuses. */
struct calls calls_of(struct cs_arena *arena, const struct settings *settings);

/*
 * May call `n` be refused with this problem only since it was tried before the calls that go before it were made?
 * That is so when it misses what one of them makes, or deletes what only documents of theirs use.
 */
bool calls_needs_earlier(const struct calls *calls, size_t n, const json_t *problem);

/* "documents[3].spec.title": that document, and *ret_rest what is behind it; NULL: there is none. */
const struct setting *
calls_document(const struct settings *call, const char *field, const char **ret_rest);

#endif
