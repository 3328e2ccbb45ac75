/* SPDX-License-Identifier: Apache-2.0 */
/* test_retired.c: a method retires with the evidence that it made (TBR 3.2.2.4): what the floor says then. */
#include <string.h>

#include "gate/tests/fake_world.h"
#include "smime/method.h"

/* ---- a table in which a method retires on a day of ours: no method of the true one has such a day yet ---- */

static int64_t retires_ms;

static const struct smime_method table[] = {
	{ "dns-txt", "TBR 3.2.2.4.7", "a TXT record", SMIME_TARGET_DOMAIN, 7, false,
	    SMIME_PROOF_DOMAIN, { "ca-tbr-7" } },
	{ "http-file", "TBR 3.2.2.4.18", "a file", SMIME_TARGET_DOMAIN, 18, false,
	    SMIME_PROOF_DOMAIN, { "ca-tbr-18" } },
	{ "email-token", "SBR 3.2.2.2", "a token", SMIME_TARGET_MAILBOX, 0, false,
	    SMIME_PROOF_MAILBOX, { "ca-sbr-2" } },
};

const struct smime_method *
smime_methods(size_t *ret_n)
{
	*ret_n = sizeof(table) / sizeof(table[0]);
	return table;
}

const struct smime_method *
smime_method_find(const char *name)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

bool
smime_method_usable(const struct smime_method *method, int64_t at_ms)
{
	return strcmp(method->name, "dns-txt") != 0 || at_ms < retires_ms;
}

bool
smime_method_covers_below(const struct smime_method *method)
{
	return strcmp(method->name, "dns-txt") == 0;
}

bool
smime_method_may_prune(const struct smime_method *method)
{
	return smime_method_covers_below(method);
}

const char *
smime_account_uri(struct cs_arena *arena, const char *enterprise, const char *issuer_domain)
{
	return cs_arena_printf(arena, "acct:%s@%s", enterprise, issuer_domain);
}

/* ---- signing around that day ---- */

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

static int
make_world(void **state)
{
	*state = world_new();
	return 0;
}

static int
end_world(void **state)
{
	world_free(*state);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_proof_by_it_permits_nothing_from_that_day),
	};

	return cmocka_run_group_tests(tests, make_world, end_world);
}
