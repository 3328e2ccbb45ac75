/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledger.h: is the signer's audit log as it was written?  Records come one by one in the order of their
 * numbers, then what the log says of its own end, then signed heads in the order of their size.  Pure.
 *
 * Whoever owns the database can write records, leaves and end anew so that they fit each other; a signed
 * head that was kept elsewhere does not fit them then, and says between which records to look.
 */
#ifndef CSCTL_LEDGER_H
#define CSCTL_LEDGER_H

#include "audit/audit.h"
#include "base/arena.h"

#define LEDGER_FINDINGS 32 /* the first ones; whoever has as many knows enough */

struct ledger;

struct ledger_finding {
	const char
	    *what; /* "altered", "reordered", "missing", "cut", "behind", "end", "forged", "head",
	                      * "row" */
	int64_t first, last; /* records; 0: about none of them */
	const char *text;
};

/* `size`: how many records the log says that it has. */
struct ledger *ledger_new(struct cs_arena *arena, uint64_t size);

/* Up to number `size`; `leaf` is what is stored beside the record. */
void ledger_add(struct ledger *ledger, const struct audit_record *record, struct cs_span leaf);
/* After the last record: the end as it is stored, and the highest number that any record has. */
void ledger_end(struct ledger *ledger, struct cs_span peaks, int64_t highest);
/* `problem`: why the head counts for nothing, whatever it says (its key, its signature); NULL: it counts. */
void ledger_head(struct ledger *ledger, const struct audit_head *head, const char *problem);
/* What was found elsewhere. */
void
ledger_note(struct ledger *ledger, const char *what, int64_t first, int64_t last, const char *text);

/* By number of the first record that they are about; about none: last. */
const struct ledger_finding *ledger_findings(struct ledger *ledger, size_t *ret_n);
uint64_t ledger_heads(const struct ledger *ledger); /* that fit */

#endif
