/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "audit.h"
#include "base/text.h"
#include "gate/tests/fake_world.h"

#define ROWS_N 5

static void
make_chain(struct audit_row *rows)
{
	static const uint8_t start[AUDIT_HASH];
	static const char *const actions[] = { "intent", "issued", "intent", "void", "refused" };

	for (int i = 0; i < ROWS_N; i++) {
		rows[i] =
		    (struct audit_row){ .at_ms = NOW + i, .action = actions[i], .detail = "a=b" };
		memset(rows[i].request.octets, i, sizeof(rows[i].request.octets));
	}
	audit_link(rows, 2, 0, start); /* two batches */
	audit_link(rows + 2, 3, rows[1].seq, rows[1].hash);
}

static void
an_untouched_chain_holds(void **state)
{
	struct audit_row rows[ROWS_N];

	(void)state;
	make_chain(rows);
	assert_int_equal(audit_first_bad(rows, ROWS_N), ROWS_N);
	assert_int_equal(rows[4].seq, 5);
	assert_int_equal(audit_first_bad(rows, 0), 0);
}

/* Computed once by another program from the form that audit.c describes. */
static void
hashes_are_stable(void **state)
{
	struct audit_row rows[ROWS_N];
	char text[65];

	(void)state;
	make_chain(rows);
	cs_hex_encode(cs_span_of(rows[0].hash, AUDIT_HASH), text);
	assert_string_equal(
	    text, "5db1b24bf5c919c081c99342ac5bd383c925b989686ac2824d5ad0a9577074c9");
}

static void
the_first_bad_row_is_named(void **state)
{
	struct audit_row rows[ROWS_N], swapped;

	(void)state;
#define EXPECT(bad, change) \
	make_chain(rows);   \
	change;             \
	assert_int_equal(audit_first_bad(rows, ROWS_N), bad)
	EXPECT(0, rows[0].at_ms++);
	EXPECT(1, rows[1].request.octets[15] ^= 1);
	EXPECT(2, rows[2].action = "issued");
	EXPECT(3, rows[3].detail = "a=c");
	EXPECT(3, rows[3].hash[0] ^= 1);
	EXPECT(4, rows[4].prev_hash[0] ^= 1);
	EXPECT(1, rows[1].seq = 7);
	EXPECT(0, (rows[0].action = "intenta", rows[0].detail = "=b")); /* an octet moved */
	EXPECT(2, (swapped = rows[2], rows[2] = rows[3], rows[3] = swapped));
	EXPECT(2, memmove(&rows[2], &rows[3], 2 * sizeof(rows[0])));
}

/* Whoever changes a row and computes its hash again breaks the next one. */
static void
a_row_cannot_be_rewritten_alone(void **state)
{
	static const uint8_t start[AUDIT_HASH];
	struct audit_row rows[ROWS_N];

	(void)state;
	make_chain(rows);
	rows[0].detail = "a=c";
	audit_link(rows, 1, 0, start);
	assert_int_equal(audit_first_bad(rows, ROWS_N), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_untouched_chain_holds),
		cmocka_unit_test(hashes_are_stable),
		cmocka_unit_test(the_first_bad_row_is_named),
		cmocka_unit_test(a_row_cannot_be_rewritten_alone),
	};

	return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}
