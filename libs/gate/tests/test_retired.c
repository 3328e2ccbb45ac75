/* SPDX-License-Identifier: Apache-2.0 */
/* test_retired.c: a method retires with the evidence that it made (TBR 3.2.2.4): what the floor says then. */
#include <string.h>

#include "gate/tests/fake_world.h"
#include "smime/tests/retired.h"

static enum gate_says
judge(struct world *w, struct gate_verdict *v)
{
	world_make(w, NULL); /* dev.example is proved by "dns-txt" */
	gate_judge(w->arena, &w->rules, &w->c, w->now_ms, v);
	return v->says;
}

/* At the moment of signing, whatever the plan allowed. */
static void
a_proof_by_it_permits_nothing_from_that_day(void **state)
{
	struct world *w = *state;
	struct gate_verdict v;

	retires_ms = NOW + 1;
	assert_int_equal(judge(w, &v), GATE_COMPLETE);
	retires_ms = NOW;
	assert_int_equal(judge(w, &v), GATE_REFUSE);
	assert_string_equal(v.refusal.code, "mailbox-not-proved");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_proof_by_it_permits_nothing_from_that_day),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
