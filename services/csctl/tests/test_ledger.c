/* SPDX-License-Identifier: Apache-2.0 */
/* test_ledger.c: whatever is done to an audit log is found, at the right place. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */
#include <string.h>

#include "../ledger.h"

#define N 21 /* a tree with three peaks */
#define T0 INT64_C(1795437296789)

/* What lies in the database, and heads that were kept elsewhere. */
struct log {
	struct audit_record records[N + 1];
	uint8_t leaves[N + 1][AUDIT_HASH];
	size_t n;
	uint64_t size;
	struct audit_tree end;
	struct audit_head heads[3]; /* of 7, 12 and 20 records */
	size_t n_heads;
	struct cs_arena *arena;
};

static const char *const actions[] = { "start", "trust", "intent", "renewed", "issued", "void",
	"refused", "stopped", "revoked", "crl" };
#define ACTIONS (sizeof(actions) / sizeof(actions[0]))

/* Writes leaves and end anew, as whoever owns the database can. */
static void
write_anew(struct log *log)
{
	log->end = (struct audit_tree){ 0 };
	for (size_t i = 0; i < log->n; i++) {
		audit_leaf(&log->records[i], log->leaves[i]);
		audit_tree_add(&log->end, log->leaves[i]);
	}
	log->size = log->n;
}

static void
make(struct log *log, struct cs_arena *arena)
{
	static const uint64_t sizes[] = { 7, 12, 20 };

	*log = (struct log){ .n = N, .n_heads = 3, .arena = arena };
	for (size_t i = 0; i < N; i++) {
		log->records[i] = (struct audit_record){ .seq = (int64_t)i + 1,
			.at_ms = T0 + (int64_t)i,
			.action = actions[i % ACTIONS],
			.detail = "a=b" };
		memset(log->records[i].request.octets, (int)i, 16);
	}
	write_anew(log);
	for (size_t i = 0; i < 3; i++) {
		log->heads[i] = (struct audit_head){ .size = sizes[i], .at_ms = T0 + 100 };
		audit_root(log->leaves[0], sizes[i], log->heads[i].root);
	}
}

static struct ledger *
read_log(const struct log *log)
{
	struct ledger *ledger = ledger_new(log->arena, log->size);
	int64_t highest = 0;

	for (size_t i = 0; i < log->n; i++) {
		if (log->records[i].seq > highest)
			highest = log->records[i].seq;
		if ((uint64_t)log->records[i].seq <= log->size)
			ledger_add(
			    ledger, &log->records[i], cs_span_of(log->leaves[i], AUDIT_HASH));
	}
	ledger_end(ledger, audit_tree_peaks(&log->end), highest);
	for (size_t i = 0; i < log->n_heads; i++)
		ledger_head(ledger, &log->heads[i], NULL);
	return ledger;
}

static void
expect(const struct log *log, const char *what, int64_t first, int64_t last)
{
	size_t n;
	const struct ledger_finding *found = ledger_findings(read_log(log), &n);

	if (n == 0)
		fail_msg("nothing found, want %s at %d", what, (int)first);
	if (strcmp(found[0].what, what) != 0 || found[0].first != first || found[0].last != last)
		fail_msg("got %s %d to %d (%s), want %s %d to %d", found[0].what,
		    (int)found[0].first, (int)found[0].last, found[0].text, what, (int)first,
		    (int)last);
}

static void
drop(struct log *log, size_t at)
{
	memmove(
	    &log->records[at], &log->records[at + 1], (log->n - at - 1) * sizeof(log->records[0]));
	memmove(log->leaves[at], log->leaves[at + 1], (log->n - at - 1) * AUDIT_HASH);
	log->n--;
}

static void
swap_numbers(struct log *log, size_t a, size_t b)
{
	const struct audit_record record = log->records[a];
	uint8_t leaf[AUDIT_HASH];

	log->records[a] = log->records[b];
	log->records[a].seq = (int64_t)a + 1;
	log->records[b] = record;
	log->records[b].seq = (int64_t)b + 1;
	memcpy(leaf, log->leaves[a], AUDIT_HASH);
	memcpy(log->leaves[a], log->leaves[b], AUDIT_HASH);
	memcpy(log->leaves[b], leaf, AUDIT_HASH);
}

static void
an_untouched_log_holds(void **state)
{
	struct log log;
	size_t n;

	make(&log, *state);
	struct ledger *ledger = read_log(&log);
	(void)ledger_findings(ledger, &n);
	assert_int_equal(n, 0);
	assert_int_equal(ledger_heads(ledger), 3);
	log = (struct log){ .arena = *state };
	(void)ledger_findings(read_log(&log), &n);
	assert_int_equal(n, 0);
}

static void
every_field_of_every_record_counts(void **state)
{
	struct log log;

	for (size_t i = 0; i < N; i++) {
		const int64_t seq = (int64_t)i + 1;

		make(&log, *state);
		log.records[i].at_ms++;
		expect(&log, "altered", seq, seq);
		make(&log, *state);
		log.records[i].request.octets[i % 16] ^= 1;
		expect(&log, "altered", seq, seq);
		make(&log, *state);
		log.records[i].action = "other";
		expect(&log, "altered", seq, seq);
		make(&log, *state);
		log.records[i].detail = "a=c";
		expect(&log, "altered", seq, seq);
		make(&log, *state);
		log.leaves[i][i] ^= 1;
		expect(&log, "altered", seq, seq);
	}
}

static void
what_is_not_there_or_in_another_place_is_named(void **state)
{
	struct log log;

	for (size_t i = 0; i < N; i++) {
		make(&log, *state);
		drop(&log, i);
		expect(&log, i == N - 1 ? "cut" : "missing", (int64_t)i + 1, (int64_t)i + 1);
		make(&log, *state);
		swap_numbers(&log, i, (i + 5) % N);
		const size_t low = i < (i + 5) % N ? i : (i + 5) % N;
		expect(&log, "reordered", (int64_t)low + 1, (int64_t)low + 1);
	}
	make(&log, *state);
	drop(&log, 5);
	drop(&log, 5);
	drop(&log, 5);
	expect(&log, "missing", 6, 8);
	make(&log, *state);
	log.n -= 4;
	expect(&log, "cut", 18, 21);
	make(&log, *state);
	log.records[N] = log.records[0];
	log.records[N].seq = N + 1;
	log.n++;
	expect(&log, "behind", N + 1, N + 1);
}

/* The database was written anew, and fits in itself: only its end, or heads, say otherwise. */
static void
what_was_written_anew_is_found_by_the_end_and_by_heads(void **state)
{
	struct log log;

	make(&log, *state);
	log.records[17].detail = "a=c";
	audit_leaf(&log.records[17], log.leaves[17]);
	expect(&log, "end", 17, 20); /* the second peak: 16 + 4 + 1 */
	for (size_t i = 0; i < N - 1; i++) {
		make(&log, *state);
		log.records[i].detail = "a=c";
		write_anew(&log);
		expect(&log, "head", i < 7 ? 1 : i < 12 ? 8 : 13, i < 7 ? 7 : i < 12 ? 12 : 20);
	}
	make(&log, *state);
	log.n = 15; /* cut, and the end with it */
	write_anew(&log);
	expect(&log, "cut", 16, 20);
	make(&log, *state);
	log.end.peaks[1][0] ^= 1;
	expect(&log, "end", 17, 20);
	make(&log, *state);
	log.end.n_peaks--;
	expect(&log, "end", 1, N);
	make(&log, *state);
	log.size--;
	expect(&log, "behind", N, N);
}

static void
a_head_that_counts_for_nothing_is_told(void **state)
{
	struct log log;
	size_t n;

	make(&log, *state);
	log.n_heads = 0;
	struct ledger *ledger = read_log(&log);
	ledger_head(ledger, &log.heads[2], "it is forged");
	const struct ledger_finding *found = ledger_findings(ledger, &n);
	assert_int_equal(n, 1);
	assert_string_equal(found[0].what, "forged");
	assert_int_equal(ledger_heads(ledger), 0);
	make(&log, *state);
	log.heads[1].root[3] ^= 1; /* signed, and of another tree */
	expect(&log, "head", 8, 12);
}

static int
new_arena(void **state)
{
	*state = cs_arena_new();
	return 0;
}

static int
free_arena(void **state)
{
	cs_arena_free(*state);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_untouched_log_holds),
		cmocka_unit_test(every_field_of_every_record_counts),
		cmocka_unit_test(what_is_not_there_or_in_another_place_is_named),
		cmocka_unit_test(what_was_written_anew_is_found_by_the_end_and_by_heads),
		cmocka_unit_test(a_head_that_counts_for_nothing_is_told),
	};

	return cmocka_run_group_tests_name("ledger", tests, new_arena, free_arena);
}
