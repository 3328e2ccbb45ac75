/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "claim/dsse.h"
#include "tests/fake_claims.h"

static enum cs_code
open_plan(struct fake_claims *c, struct cs_span sealed, int64_t now_ms)
{
	struct claim_plan got;

	return claim_open_plan(c->arena, c->trust, sealed, now_ms, &got, NULL);
}

/* The example of the DSSE v1 protocol document. */
static void
the_encoding_is_that_of_dsse(void **state)
{
	struct fake_claims *c = *state;

	struct cs_span pae =
	    claim_dsse_pae(c->arena, "http://example.com/HelloWorld", cs_span_str("hello world"));
	assert_true(cs_span_is(pae, "DSSEv1 29 http://example.com/HelloWorld 11 hello world"));
}

static void
every_flipped_octet_is_refused(void **state)
{
	struct fake_claims *c = *state;
	struct claim_plan got;

	c->plan.n_checks = 1;
	struct cs_span sealed = claim_seal_plan(c->arena, c->keys[FAKE_POLICY], &c->plan);
	assert_int_equal(open_plan(c, sealed, FAKE_NOW), CS_OK);
	uint8_t *octets = (uint8_t *)cs_arena_copy_span(c->arena, sealed).data;
	struct cs_arena *scratch = cs_arena_new();
	for (size_t i = 0; i < sealed.len * 8; i++) {
		octets[i / 8] ^= (uint8_t)(1 << i % 8);
		if (claim_open_plan(scratch, c->trust, cs_span_of(octets, sealed.len), FAKE_NOW,
			&got, NULL) != CS_MALFORMED)
			fail_msg("bit %zu of octet %zu: got accepted", i % 8, i / 8);
		octets[i / 8] ^= (uint8_t)(1 << i % 8);
		cs_arena_reset(scratch);
	}
	cs_arena_free(scratch);
}

static void
every_cut_is_refused(void **state)
{
	struct fake_claims *c = *state;

	struct cs_span sealed = claim_seal_plan(c->arena, c->keys[FAKE_POLICY], &c->plan);
	for (size_t len = 0; len < sealed.len; len++)
		assert_int_equal(
		    open_plan(c, cs_span_of(sealed.data, len), FAKE_NOW), CS_MALFORMED);
}

static void
an_envelope_may_not_be_longer_than_its_limit(void **state)
{
	struct fake_claims *c = *state;
	struct claim_evidence got;
	char *text = cs_arena_alloc(c->arena, CLAIM_MAX_TEXT + 1);
	const char *items[64];

	memset(text, 'x', CLAIM_MAX_TEXT);
	for (size_t i = 0; i < 64; i++)
		items[i] = text;
	c->evidence.seen = (struct claim_texts){ items, 62 };
	struct cs_span fits = claim_seal_evidence(c->arena, c->keys[FAKE_CAA], &c->evidence);
	assert_true(fits.len <= CLAIM_MAX_ENVELOPE);
	assert_int_equal(
	    claim_open_evidence(c->arena, c->trust, fits, FAKE_NOW, &got, NULL), CS_OK);
	c->evidence.seen.n = 64;
	struct cs_span longer = claim_seal_evidence(c->arena, c->keys[FAKE_CAA], &c->evidence);
	assert_true(longer.len > CLAIM_MAX_ENVELOPE);
	assert_int_equal(
	    claim_open_evidence(c->arena, c->trust, longer, FAKE_NOW, &got, NULL), CS_MALFORMED);
}

static void
the_wrong_key_is_refused(void **state)
{
	struct fake_claims *c = *state;
	static const struct {
		const char *name;
		enum fake_key key;
		enum cs_code want;
	} cases[] = {
		{ "policy", FAKE_POLICY, CS_OK },
		{ "a service that states other things", FAKE_INTAKE, CS_MALFORMED },
		{ "a perspective", FAKE_REMOTE, CS_MALFORMED },
		{ "an approver of the trust table", FAKE_ANN, CS_MALFORMED },
		{ "a stranger", FAKE_STRANGER, CS_MALFORMED },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cs_span sealed = claim_seal_plan(c->arena, c->keys[cases[i].key], &c->plan);
		enum cs_code code = open_plan(c, sealed, FAKE_NOW);

		if (code != cases[i].want)
			fail_msg("%s: got %s", cases[i].name, cs_code_name(code));
	}
}

static void
a_statement_is_no_other_statement(void **state)
{
	struct fake_claims *c = *state;
	struct claim_approval approval;
	struct claim_request request;

	struct cs_span sealed = claim_seal_request(c->arena, c->keys[FAKE_INTAKE], &c->request);
	assert_int_equal(claim_open_approval(c->arena, c->trust, sealed, FAKE_NOW, &approval, NULL),
	    CS_MALFORMED);
	assert_int_equal(
	    claim_open_approval(c->arena, NULL, sealed, FAKE_NOW, &approval, NULL), CS_MALFORMED);
	sealed = claim_seal_approval(c->arena, c->keys[FAKE_INTAKE], &c->approval);
	assert_int_equal(
	    claim_open_request(c->arena, NULL, sealed, FAKE_NOW, &request, NULL), CS_MALFORMED);
}

static void
a_key_states_only_the_kinds_of_its_row(void **state)
{
	struct fake_claims *c = *state;
	struct claim_evidence got;

	for (enum claim_kind kind = CLAIM_DOMAIN; kind <= CLAIM_MPIC_CAA; kind++) {
		c->evidence.kind = kind;
		claim_evidence_check_digest(&c->evidence, c->evidence.check_digest);
		struct cs_span sealed =
		    claim_seal_evidence(c->arena, c->keys[FAKE_CAA], &c->evidence);
		enum cs_code code =
		    claim_open_evidence(c->arena, c->trust, sealed, FAKE_NOW, &got, NULL);
		if (code != (kind == CLAIM_CAA ? CS_OK : CS_MALFORMED))
			fail_msg("%s: got %s", claim_kind_name(kind), cs_code_name(code));
	}
}

static void
a_key_counts_within_its_times(void **state)
{
	static const struct {
		const char *name;
		int64_t made, now, not_before, not_after, distrusted;
		enum cs_code want;
	} cases[] = {
		{ "plain", 500, 600, 100, 1000, 0, CS_OK },
		{ "first instant", 100, 600, 100, 1000, 0, CS_OK },
		{ "before its first instant", 99, 600, 100, 1000, 0, CS_MALFORMED },
		{ "received at its last instant", 500, 1000, 100, 1000, 0, CS_OK },
		{ "received after its last instant", 500, 1001, 100, 1000, 0, CS_MALFORMED },
		{ "made at its last instant", 1000, 1000, 100, 1000, 0, CS_OK },
		{ "made after its last instant", 1001, 1000, 100, 1000, 0, CS_MALFORMED },
		{ "received before it was distrusted", 500, 699, 100, 1000, 700, CS_OK },
		{ "received when it was distrusted", 500, 700, 100, 1000, 700, CS_MALFORMED },
		{ "made when it was distrusted", 700, 699, 100, 1000, 700, CS_MALFORMED },
		{ "five seconds ahead", 5600, 600, 100, 9000, 0, CS_OK },
		{ "more than five seconds ahead", 5601, 600, 100, 9000, 0, CS_MALFORMED },
	};
	struct fake_claims *c = *state;
	const int64_t zero = FAKE_NOW;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		c->rows[1].not_before_ms = zero + cases[i].not_before;
		c->rows[1].not_after_ms = zero + cases[i].not_after;
		c->rows[1].distrusted_at_ms =
		    cases[i].distrusted == 0 ? 0 : zero + cases[i].distrusted;
		assert_int_equal(fake_claims_reload(c, FAKE_ANN, FAKE_BOB, NULL), CS_OK);
		c->plan.made_at_ms = zero + cases[i].made;
		struct cs_span sealed = claim_seal_plan(c->arena, c->keys[FAKE_POLICY], &c->plan);
		enum cs_code code = open_plan(c, sealed, zero + cases[i].now);
		if (code != cases[i].want)
			fail_msg("%s: got %s", cases[i].name, cs_code_name(code));
	}
}

static void
a_key_serves_only_the_enterprises_of_its_row(void **state)
{
	static const char *const acme[] = { "acme" };
	static const char *const others[] = { "other", "acm", "acme2" };
	struct fake_claims *c = *state;
	struct claim_perspective_answer got;

	struct cs_span plan = claim_seal_plan(c->arena, c->keys[FAKE_POLICY], &c->plan);
	struct cs_span answer = claim_seal_perspective(c->arena, c->keys[FAKE_REMOTE], &c->answer);
	c->rows[1].enterprises = (struct claim_texts){ (const char **)acme, 1 };
	assert_int_equal(fake_claims_reload(c, FAKE_ANN, FAKE_BOB, NULL), CS_OK);
	assert_int_equal(open_plan(c, plan, FAKE_NOW), CS_OK);
	c->rows[1].enterprises = (struct claim_texts){ (const char **)others, 3 };
	c->rows[3].enterprises = (struct claim_texts){ (const char **)acme, 1 };
	assert_int_equal(fake_claims_reload(c, FAKE_ANN, FAKE_BOB, NULL), CS_OK);
	assert_int_equal(open_plan(c, plan, FAKE_NOW), CS_MALFORMED);
	/* A perspective's answer names no enterprise: its row must serve all. */
	assert_int_equal(
	    claim_open_perspective(c->arena, c->trust, answer, FAKE_NOW, &got, NULL), CS_MALFORMED);
}

static void
an_enterprise_cannot_be_named_everybody(void **state)
{
	static const char *const acme[] = { "acme" };
	struct fake_claims *c = *state;

	c->rows[1].enterprises = (struct claim_texts){ (const char **)acme, 1 };
	assert_int_equal(fake_claims_reload(c, FAKE_ANN, FAKE_BOB, NULL), CS_OK);
	c->plan.enterprise = "*";
	struct cs_span sealed = claim_seal_plan(c->arena, c->keys[FAKE_POLICY], &c->plan);
	assert_int_equal(open_plan(c, sealed, FAKE_NOW), CS_MALFORMED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_claims_setup, fake_claims_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_encoding_is_that_of_dsse),
		TEST(every_flipped_octet_is_refused),
		TEST(every_cut_is_refused),
		TEST(an_envelope_may_not_be_longer_than_its_limit),
		TEST(the_wrong_key_is_refused),
		TEST(a_statement_is_no_other_statement),
		TEST(a_key_states_only_the_kinds_of_its_row),
		TEST(a_key_counts_within_its_times),
		TEST(a_key_serves_only_the_enterprises_of_its_row),
		TEST(an_enterprise_cannot_be_named_everybody),
	};

	return cmocka_run_group_tests_name("dsse", tests, NULL, NULL);
}
