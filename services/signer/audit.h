/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit.h: what the signer did, as a chain: each row's hash covers the row and the hash before it, so
 * that a change, a deletion or another order is found.  One chain for all replicas.  Pure.
 */
#ifndef SIGNER_AUDIT_H
#define SIGNER_AUDIT_H

#include "base/arena.h"
#include "base/id.h"
#include "base/span.h"

#define AUDIT_HASH 32

struct audit_row {
	int64_t seq, at_ms; /* from 1, without gaps */
	struct cs_id request;
	const char *action; /* "intent", "issued", "refused", "stopped", "void", "renewed" */
	const char *detail; /* key=value, separated by spaces */
	uint8_t prev_hash[AUDIT_HASH], hash[AUDIT_HASH];
};

/* Numbers and links `n` rows behind this end of the chain; the end of the empty chain is 0 and zeros. */
void
audit_link(struct audit_row *rows, size_t n, int64_t seq, const uint8_t hash[static AUDIT_HASH]);
/* The index of the first row that is not as it was written behind the one before; `n`: all are. */
size_t audit_first_bad(const struct audit_row *rows, size_t n);

#endif
