/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "claim/batch.h"
#include "claim/wire.h"
#include "pki/hash.h"
#include "tests/fake_claims.h"

#define MANY 50 /* three whole trees, and two in the last */

static enum cs_code
open_plan(struct fake_claims *c, struct cs_span sealed, struct claim_plan *ret)
{
	return claim_open_plan(c->arena, c->trust, sealed, FAKE_NOW, ret, NULL);
}

/* Plans that differ, of one batch. */
static void
seal_many(struct fake_claims *c, enum fake_key key, struct cs_span *ret, size_t n)
{
	struct claim_batch *batch = claim_batch_new(c->arena, c->keys[key]);

	for (size_t i = 0; i < n; i++) {
		c->plan.request.octets[0] = (uint8_t)i;
		ret[i] = claim_batch_plan(batch, &c->plan);
	}
	claim_batch_sign(batch);
}

static struct claim_envelope
read(struct fake_claims *c, struct cs_span sealed)
{
	struct claim_envelope envelope;

	assert_int_equal(claim_wire_read_envelope(c->arena, sealed, &envelope, NULL), CS_OK);
	return envelope;
}

static void
each_of_a_batch_is_a_statement_of_its_own(void **state)
{
	struct fake_claims *c = *state;
	struct cs_span sealed[MANY];
	struct claim_plan got;
	size_t signatures = 1;

	for (size_t n = 1; n <= MANY; n++) {
		seal_many(c, FAKE_POLICY, sealed, n);
		for (size_t i = 0; i < n; i++) {
			assert_int_equal(open_plan(c, sealed[i], &got), CS_OK);
			assert_int_equal(got.request.octets[0], i);
		}
	}
	for (size_t i = 1; i < MANY; i++)
		signatures +=
		    !cs_span_equal(read(c, sealed[i]).signature, read(c, sealed[i - 1]).signature);
	assert_int_equal(signatures, (MANY + CLAIM_BATCH_PLACES - 1) / CLAIM_BATCH_PLACES);
}

static void
requests_and_approvals_go_together(void **state)
{
	struct fake_claims *c = *state;
	struct claim_batch *batch = claim_batch_new(c->arena, c->keys[FAKE_INTAKE]);
	struct claim_approval approval;
	struct claim_request request;

	const struct cs_span asked = claim_batch_request(batch, &c->request);
	const struct cs_span approved = claim_batch_approval(batch, &c->approval);
	claim_batch_sign(batch);
	assert_int_equal(
	    claim_open_request(c->arena, c->trust, asked, FAKE_NOW, &request, NULL), CS_OK);
	assert_int_equal(
	    claim_open_approval(c->arena, c->trust, approved, FAKE_NOW, &approval, NULL), CS_OK);
	assert_int_equal(claim_open_approval(c->arena, c->trust, asked, FAKE_NOW, &approval, NULL),
	    CS_MALFORMED);
}

static void
nothing_counts_before_it_is_signed(void **state)
{
	struct fake_claims *c = *state;
	struct claim_batch *batch = claim_batch_new(c->arena, c->keys[FAKE_POLICY]);
	struct claim_plan got;

	const struct cs_span first = claim_batch_plan(batch, &c->plan);
	assert_int_equal(open_plan(c, first, &got), CS_MALFORMED);
	claim_batch_sign(batch);
	assert_int_equal(open_plan(c, first, &got), CS_OK);
	const struct cs_span second = claim_batch_plan(batch, &c->plan);
	assert_int_equal(open_plan(c, second, &got), CS_MALFORMED);
	claim_batch_sign(batch);
	assert_int_equal(open_plan(c, first, &got), CS_OK);
	assert_int_equal(open_plan(c, second, &got), CS_OK);
}

static void
every_flipped_bit_is_refused(void **state)
{
	struct fake_claims *c = *state;
	struct cs_span sealed[3];
	struct claim_plan got;
	struct cs_arena *scratch = cs_arena_new();

	seal_many(c, FAKE_POLICY, sealed, 3);
	uint8_t *octets = (uint8_t *)sealed[1].data;
	for (size_t i = 0; i < sealed[1].len * 8; i++) {
		octets[i / 8] ^= (uint8_t)(1 << i % 8);
		if (claim_open_plan(scratch, c->trust, sealed[1], FAKE_NOW, &got, NULL) !=
		    CS_MALFORMED)
			fail_msg("bit %zu of octet %zu: got accepted", i % 8, i / 8);
		octets[i / 8] ^= (uint8_t)(1 << i % 8);
		cs_arena_reset(scratch);
	}
	assert_int_equal(open_plan(c, sealed[1], &got), CS_OK);
	cs_arena_free(scratch);
}

/* What somebody makes of the parts of good envelopes. */
static void
parts_of_others_are_refused(void **state)
{
	struct fake_claims *c = *state;
	struct cs_span sealed[2], others[2];
	struct claim_plan got;
	uint8_t longer[CLAIM_PATH + 32] = { 0 };

	seal_many(c, FAKE_POLICY, sealed, 2);
	c->plan.revision++;
	seal_many(c, FAKE_POLICY, others, 2);
	const struct claim_envelope mine = read(c, sealed[0]), beside = read(c, sealed[1]),
				    other = read(c, others[0]);
	struct claim_envelope forged[] = { mine, mine, mine, mine, mine, mine };
	forged[0].path = beside.path;
	forged[1].path = other.path;
	forged[2].signature = other.signature;
	forged[3].payload = other.payload;
	forged[4].path = cs_span_of(NULL, 0); /* as if the statement itself were signed */
	memcpy(longer, mine.path.data, mine.path.len);
	longer[0] |= CLAIM_BATCH_PLACES; /* a place outside the tree */
	forged[5].path = cs_span_of(longer, CLAIM_PATH);
	for (size_t i = 0; i < sizeof(forged) / sizeof(forged[0]); i++)
		if (open_plan(c, claim_wire_envelope(c->arena, &forged[i]), &got) != CS_MALFORMED)
			fail_msg("forgery %zu was accepted", i);
	for (size_t len = 1; len < sizeof(longer); len++) {
		struct claim_envelope odd = mine;

		odd.path = cs_span_of(longer, len);
		assert_int_equal(
		    open_plan(c, claim_wire_envelope(c->arena, &odd), &got), CS_MALFORMED);
	}
}

/* A plain signature of the octets of a root is none of the root, and a root is no statement. */
static void
a_root_is_no_statement_and_no_statement_a_root(void **state)
{
	struct fake_claims *c = *state;
	struct cs_span sealed[1], covered;
	struct claim_plan got;
	uint8_t signature[CLAIM_SIGNATURE];

	seal_many(c, FAKE_POLICY, sealed, 1);
	struct claim_envelope envelope = read(c, sealed[0]);
	assert_true(claim_batch_signed(c->arena,
	    claim_dsse_pae(c->arena, envelope.type, envelope.payload), envelope.path, &covered));
	const struct cs_span root = cs_span_of(covered.data + covered.len - PKI_SHA256, PKI_SHA256);
	claim_dsse_sign(c->arena, c->keys[FAKE_POLICY], envelope.type, root, signature);
	envelope.signature = cs_span_of(signature, sizeof(signature));
	assert_int_equal(
	    open_plan(c, claim_wire_envelope(c->arena, &envelope), &got), CS_MALFORMED);
	envelope = read(c, sealed[0]);
	envelope.payload = root;
	envelope.path = cs_span_of(NULL, 0);
	assert_int_equal(
	    open_plan(c, claim_wire_envelope(c->arena, &envelope), &got), CS_MALFORMED);
}

static void
the_key_of_a_batch_must_be_one_that_may(void **state)
{
	struct fake_claims *c = *state;
	struct cs_span sealed[2];
	struct claim_plan got;

	seal_many(c, FAKE_INTAKE, sealed, 2);
	assert_int_equal(open_plan(c, sealed[0], &got), CS_MALFORMED);
	seal_many(c, FAKE_STRANGER, sealed, 2);
	assert_int_equal(open_plan(c, sealed[0], &got), CS_MALFORMED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_claims_setup, fake_claims_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_of_a_batch_is_a_statement_of_its_own),
		TEST(requests_and_approvals_go_together),
		TEST(nothing_counts_before_it_is_signed),
		TEST(every_flipped_bit_is_refused),
		TEST(parts_of_others_are_refused),
		TEST(a_root_is_no_statement_and_no_statement_a_root),
		TEST(the_key_of_a_batch_must_be_one_that_may),
	};

	return cmocka_run_group_tests_name("batch", tests, NULL, NULL);
}
