/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kept.h: documents that were read before, so that they are neither asked for nor parsed again for each
 * request.  All of them are as of one state of all settings: once there is another, nothing is known any more.  One
 * thread; no I/O.
 *
 * Every change of a document gives a new last version, in the same transaction and under a lock.  A database that
 * was restored, or that took over, may have lost versions and give them again: it was started at another time.
 */
#ifndef POLICY_KEPT_H
#define POLICY_KEPT_H

#include "config.h"
#include "config_json.h"

#define KEPT_DOCS 4096 /* those that are not there count too */
#define KEPT_OCTETS \
	(4 * 1024 * 1024) /* of names and specs as texts; parsed they may be fifteen times that */

struct kept_as_of {
	uint64_t last_version;
	int64_t server_ms; /* when the server was started */
};

struct kept_doc {
	enum config_kind kind;
	const char *enterprise, *name;
	uint64_t version;
	json_t *spec; /* NULL: there is no such document */
	struct kept_doc *next;
};

struct kept;

/* It lies in `arena`, and must be freed before that. */
struct kept *kept_new(struct cs_arena *arena);
void kept_free(struct kept *kept); /* takes NULL */

bool kept_is_of(const struct kept *kept, struct kept_as_of as_of);
/* Nothing is known any more; what is added from now on is as of that. */
void kept_begin(struct kept *kept, struct kept_as_of as_of);
/* Nothing is known any more if it holds as much as it may: before a batch, which then adds whatever it needs. */
void kept_trim(struct kept *kept);

/* NULL: it was not read.  Until the next begin or trim. */
const struct kept_doc *
kept_find(const struct kept *kept, enum config_kind kind, const char *enterprise, const char *name);
/* Copies; `spec` is JSON, NULL: there is no such document.  What is known already stays as it is. */
void kept_add(struct kept *kept, enum config_kind kind, const char *enterprise, const char *name,
    uint64_t version, const char *spec);

#endif
