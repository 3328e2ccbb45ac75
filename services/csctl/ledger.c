/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"

struct ledger {
	struct cs_arena *arena;
	uint64_t size;
	struct cs_buf leaves;
	struct audit_tree tree; /* of all records */
	struct audit_tree part; /* of those up to the last head */
	uint64_t good_until;    /* the last head that fits, or 0 */
	uint64_t n_heads;
	int64_t first_bad; /* record; 0: none */
	struct ledger_finding findings[LEDGER_FINDINGS];
	size_t n_findings;
};

struct ledger *
ledger_new(struct cs_arena *arena, uint64_t size)
{
	struct ledger *ledger = CS_NEW(arena, struct ledger);

	ledger->arena = arena;
	ledger->size = size;
	ledger->leaves = cs_buf_new(arena);
	return ledger;
}

void
ledger_note(struct ledger *ledger, const char *what, int64_t first, int64_t last, const char *text)
{
	if (ledger->n_findings == LEDGER_FINDINGS)
		return;
	ledger->findings[ledger->n_findings++] = (struct ledger_finding){ what, first, last, text };
}

/* Of a record: heads over it cannot fit, and need not be told of. */
static void
note_record(struct ledger *ledger, const char *what, int64_t first, int64_t last, const char *text)
{
	if (ledger->first_bad == 0 || first < ledger->first_bad)
		ledger->first_bad = first;
	ledger_note(ledger, what, first, last, text);
}

static const char *
records(struct cs_arena *arena, int64_t first, int64_t last)
{
	return first == last ? cs_arena_printf(arena, "record %lld", (long long)first)
			     : cs_arena_printf(arena, "records %lld to %lld", (long long)first,
				   (long long)last);
}

static void
note_missing(struct ledger *ledger, int64_t first, int64_t last)
{
	note_record(ledger, "missing", first, last,
	    cs_arena_printf(ledger->arena, "%s not there",
		cs_arena_printf(ledger->arena, first == last ? "%s is" : "%s are",
		    records(ledger->arena, first, last))));
}

/* ---- records ---- */

static uint64_t
count(const struct ledger *ledger)
{
	return ledger->leaves.len / AUDIT_HASH;
}

/* As which number was this record written?  0: as none. */
static int64_t
written_as(const struct ledger *ledger, const struct audit_record *record, struct cs_span leaf)
{
	struct audit_record other = *record;
	uint8_t hash[AUDIT_HASH];

	for (other.seq = 1; (uint64_t)other.seq <= ledger->size; other.seq++) {
		audit_leaf(&other, hash);
		if (cs_span_equal(leaf, cs_span_of(hash, AUDIT_HASH)))
			return other.seq;
	}
	return 0;
}

static void
note_altered(struct ledger *ledger, const struct audit_record *record, struct cs_span leaf)
{
	const int64_t was =
	    ledger->n_findings < LEDGER_FINDINGS ? written_as(ledger, record, leaf) : 0;
	const char *action = cs_escape(ledger->arena, cs_span_str(record->action), 40);

	if (was == 0)
		note_record(ledger, "altered", record->seq, record->seq,
		    cs_arena_printf(ledger->arena, "record %lld (%s) is not as it was written",
			(long long)record->seq, action));
	else
		note_record(ledger, "reordered", record->seq, record->seq,
		    cs_arena_printf(ledger->arena, "record %lld (%s) was written as number %lld",
			(long long)record->seq, action, (long long)was));
}

/* Keeps a place for what is not there, so that whatever follows has its own. */
static void
append(struct ledger *ledger, const uint8_t leaf[static AUDIT_HASH])
{
	cs_buf_add(&ledger->leaves, leaf, AUDIT_HASH);
	audit_tree_add(&ledger->tree, leaf);
}

static void
skip_to(struct ledger *ledger, int64_t seq)
{
	static const uint8_t nothing[AUDIT_HASH];
	const int64_t next = (int64_t)count(ledger) + 1;

	if (next == seq)
		return;
	note_missing(ledger, next, seq - 1);
	while ((int64_t)count(ledger) + 1 < seq)
		append(ledger, nothing);
}

void
ledger_add(struct ledger *ledger, const struct audit_record *record, struct cs_span leaf)
{
	uint8_t hash[AUDIT_HASH];

	if (record->seq <= (int64_t)count(ledger) || (uint64_t)record->seq > ledger->size) {
		note_record(ledger, "behind", record->seq, record->seq,
		    cs_arena_printf(ledger->arena, "there is a record with the number %lld",
			(long long)record->seq));
		return;
	}
	skip_to(ledger, record->seq);
	audit_leaf(record, hash);
	append(ledger, hash);
	if (!cs_span_equal(leaf, cs_span_of(hash, AUDIT_HASH)))
		note_altered(ledger, record, leaf);
}

/* ---- the end ---- */

/* The first complete subtree that is another one: its records. */
static void
note_end(struct ledger *ledger, struct cs_span peaks)
{
	uint64_t from = 0, bit = UINT64_C(1) << 62;

	for (size_t i = 0; i < ledger->tree.n_peaks; i++, bit >>= 1) {
		while ((ledger->size & bit) == 0)
			bit >>= 1;
		if (memcmp(peaks.data + i * AUDIT_HASH, ledger->tree.peaks[i], AUDIT_HASH) != 0)
			break;
		from += bit;
	}
	note_record(ledger, "end", (int64_t)from + 1, (int64_t)(from + bit),
	    cs_arena_printf(ledger->arena,
		"among %s one is not as it was written, or the end of the log was changed",
		records(ledger->arena, (int64_t)from + 1, (int64_t)(from + bit))));
}

void
ledger_end(struct ledger *ledger, struct cs_span peaks, int64_t highest)
{
	const uint64_t n = count(ledger);

	if (n < ledger->size)
		note_record(ledger, "cut", (int64_t)n + 1, (int64_t)ledger->size,
		    cs_arena_printf(ledger->arena, "the end was cut off: no %s",
			records(ledger->arena, (int64_t)n + 1, (int64_t)ledger->size)));
	if (highest > (int64_t)ledger->size)
		note_record(ledger, "behind", (int64_t)ledger->size + 1, highest,
		    cs_arena_printf(ledger->arena,
			"there are records behind number %llu, with which the log ends",
			(unsigned long long)ledger->size));
	if (ledger->first_bad != 0)
		return;
	if (peaks.len != ledger->tree.n_peaks * AUDIT_HASH)
		note_record(ledger, "end", 1, (int64_t)n, "the end of the log cannot be read");
	else if (!cs_span_equal(peaks, audit_tree_peaks(&ledger->tree)))
		note_end(ledger, peaks);
}

/* ---- heads ---- */

static const char *
head_text(struct ledger *ledger, const struct audit_head *head)
{
	char when[CS_TIME_TEXT];

	cs_time_format(head->at_ms, when);
	return cs_arena_printf(
	    ledger->arena, "head of %llu records, %s", (unsigned long long)head->size, when);
}

static void
note_cut(struct ledger *ledger, const struct audit_head *head)
{
	const int64_t first = (int64_t)count(ledger) + 1;

	note_record(ledger, "cut", first, (int64_t)head->size,
	    cs_arena_printf(ledger->arena, "%s: the end was cut off: no %s",
		head_text(ledger, head), records(ledger->arena, first, (int64_t)head->size)));
}

static void
note_other_tree(struct ledger *ledger, const struct audit_head *head)
{
	const int64_t first = (int64_t)ledger->good_until + 1;

	note_record(ledger, "head", first, (int64_t)head->size,
	    cs_arena_printf(ledger->arena, "%s: among %s one is not the one that it signs",
		head_text(ledger, head), records(ledger->arena, first, (int64_t)head->size)));
}

void
ledger_head(struct ledger *ledger, const struct audit_head *head, const char *problem)
{
	uint8_t root[AUDIT_HASH];

	if (problem != NULL) {
		ledger_note(ledger, "forged", 0, 0,
		    cs_arena_printf(ledger->arena, "%s: %s", head_text(ledger, head), problem));
		return;
	}
	if (ledger->first_bad != 0 && (uint64_t)ledger->first_bad <= head->size)
		return; /* of which it says no more than is known */
	if (head->size > count(ledger)) {
		note_cut(ledger, head);
		return;
	}
	cs_assert(head->size >= ledger->part.size); /* in their order */
	while (ledger->part.size < head->size)
		audit_tree_add(&ledger->part, ledger->leaves.data + ledger->part.size * AUDIT_HASH);
	audit_tree_root(&ledger->part, root);
	if (memcmp(root, head->root, AUDIT_HASH) != 0) {
		note_other_tree(ledger, head);
		return;
	}
	ledger->good_until = head->size;
	ledger->n_heads++;
}

/* ---- what was found ---- */

/* What is about no record comes last, and rows behind the records that they miss. */
static int
compare(const void *a, const void *b)
{
	const struct ledger_finding *left = a, *right = b;
	const uint64_t left_first = (uint64_t)left->first - 1,
		       right_first = (uint64_t)right->first - 1;
	const bool left_row = strcmp(left->what, "row") == 0,
		   right_row = strcmp(right->what, "row") == 0;

	if (left_first != right_first)
		return left_first < right_first ? -1 : 1;
	return left_row - right_row;
}

const struct ledger_finding *
ledger_findings(struct ledger *ledger, size_t *ret_n)
{
	qsort(ledger->findings, ledger->n_findings, sizeof(ledger->findings[0]), compare);
	*ret_n = ledger->n_findings;
	return ledger->findings;
}

uint64_t
ledger_heads(const struct ledger *ledger)
{
	return ledger->n_heads;
}
