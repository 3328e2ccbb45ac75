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

/* ---- a final plan and what it encloses ---- */

/* The request of fake claims, approved in itself. */
static struct cs_span
seal_approved(struct fake_claims *c)
{
	struct claim_request request = c->request;

	request.approved_factor = "api-token";
	return claim_seal_request(c->arena, c->keys[FAKE_INTAKE], &request);
}

static struct cs_span
seal_final(struct fake_claims *c, struct cs_span request, struct cs_span approval,
    struct cs_span *ret_plan)
{
	const struct claim_case with = { .request = request, .approval = approval };
	struct claim_batch *batch = claim_batch_new(c->arena, c->keys[FAKE_POLICY]);
	const struct cs_span sealed = claim_batch_final(batch, &c->plan, &with, ret_plan);

	claim_batch_sign(batch);
	return sealed;
}

static void
what_a_final_plan_rests_on_comes_with_it(void **state)
{
	struct fake_claims *c = *state;
	const struct cs_span request =
	    claim_seal_request(c->arena, c->keys[FAKE_INTAKE], &c->request);
	const struct cs_span approval =
	    claim_seal_approval(c->arena, c->keys[FAKE_INTAKE], &c->approval);
	struct cs_span plan;
	struct claim_case parts;
	struct claim_plan got;

	const struct cs_span sealed = seal_final(c, request, approval, &plan);
	assert_int_equal(claim_take_apart(c->arena, sealed, &parts, NULL), CS_OK);
	assert_true(cs_span_equal(parts.plan, plan));
	assert_true(cs_span_equal(parts.request, request));
	assert_true(cs_span_equal(parts.approval, approval));
	assert_ptr_equal(parts.plan.data, sealed.data); /* not copies */
	assert_ptr_equal(parts.approval.data + approval.len, sealed.data + sealed.len);
	assert_true(parts.request.data > sealed.data && parts.request.data < parts.approval.data);
	assert_int_equal(open_plan(c, sealed, &got), CS_OK);
	assert_int_equal(open_plan(c, plan, &got), CS_OK);
	assert_int_equal(claim_take_apart(c->arena, plan, &parts, NULL), CS_MALFORMED);
}

static void
a_request_that_is_approved_in_itself_is_enclosed_once(void **state)
{
	struct fake_claims *c = *state;
	const struct cs_span request = seal_approved(c);
	struct claim_approval approval;
	struct cs_span plan;
	struct claim_case parts;

	const struct cs_span sealed = seal_final(c, request, request, &plan);
	assert_int_equal(sealed.len, plan.len + request.len + 3);
	assert_int_equal(claim_take_apart(c->arena, sealed, &parts, NULL), CS_OK);
	assert_true(cs_span_equal(parts.request, request));
	assert_true(cs_span_equal(parts.approval, request));
	assert_int_equal(
	    claim_open_approval(c->arena, c->trust, parts.approval, FAKE_NOW, &approval, NULL),
	    CS_OK);
	assert_true(cs_id_equal(approval.request, c->request.id));
	assert_string_equal(approval.factor, "api-token");
}

static void
a_request_may_be_its_own_approval(void **state)
{
	struct fake_claims *c = *state;
	struct claim_approval approval;
	struct cs_span sealed;

	sealed = claim_seal_request(c->arena, c->keys[FAKE_INTAKE], &c->request);
	assert_int_equal(claim_open_approval(c->arena, c->trust, sealed, FAKE_NOW, &approval, NULL),
	    CS_MALFORMED);
	c->request.approved_factor = "api-token";
	c->request.submitted_by = "boss";
	sealed = claim_seal_request(c->arena, c->keys[FAKE_INTAKE], &c->request);
	assert_int_equal(
	    claim_open_approval(c->arena, c->trust, sealed, FAKE_NOW, &approval, NULL), CS_OK);
	assert_true(cs_id_equal(approval.request, c->request.id));
	assert_memory_equal(approval.request_digest, c->request.digest, CLAIM_DIGEST);
	assert_string_equal(approval.enterprise, c->request.enterprise);
	assert_string_equal(approval.account, c->request.account);
	assert_string_equal(approval.factor, "api-token");
	assert_string_equal(approval.approved_by, "boss");
	assert_int_equal(approval.approved_at_ms, c->request.submitted_at_ms);
	assert_int_equal(approval.second_factor.len, 0);
	/* By a key that may state neither. */
	sealed = claim_seal_request(c->arena, c->keys[FAKE_POLICY], &c->request);
	assert_int_equal(claim_open_approval(c->arena, c->trust, sealed, FAKE_NOW, &approval, NULL),
	    CS_MALFORMED);
}

/* Where the payload's record, the first of the envelope, ends: behind a tag and a length of two octets. */
static size_t
record_end(struct cs_span plan, struct cs_span payload)
{
	assert_true(payload.len > 127 && payload.len < 16384 && plan.data[0] == 0x0a);
	return 3 + payload.len;
}

/* A plan's envelope that encloses its own payload, which so comes where the payload was, and the payload behind it. */
static struct cs_span
payload_last(struct fake_claims *c, struct cs_span plan)
{
	const size_t end = record_end(plan, read(c, plan).payload);
	struct cs_buf buf = cs_buf_new(c->arena);

	cs_buf_add_span(&buf, cs_span_of(plan.data + end, plan.len - end));
	cs_buf_add(&buf, "\x22", 1);
	cs_buf_add_span(&buf, cs_span_of(plan.data + 1, end - 1));
	cs_buf_add_span(&buf, cs_span_of(plan.data, end));
	return cs_buf_span(&buf);
}

/* A genuine plan and what else fits into its envelope. */
static void
what_is_enclosed_otherwise_is_no_final_plan(void **state)
{
	struct fake_claims *c = *state;
	const struct cs_span request = seal_approved(c);
	struct cs_span plan;
	struct claim_case parts;
	struct claim_plan got;

	const struct cs_span sealed = seal_final(c, request, request, &plan);
	struct claim_envelope twice = read(c, sealed);
	twice.enclosed[twice.n_enclosed++] = request;
	const struct cs_span doubled = claim_wire_envelope(c->arena, &twice);
	struct cs_buf before = cs_buf_new(c->arena);
	cs_buf_add_span(&before, cs_span_of(sealed.data + plan.len, sealed.len - plan.len));
	cs_buf_add_span(&before, plan);
	struct cs_buf behind = cs_buf_new(c->arena);
	cs_buf_add_span(&behind, sealed);
	cs_buf_add(&behind, "\x7a\x01x", 3); /* a field that nobody knows */
	struct cs_buf three = cs_buf_new(c->arena);
	cs_buf_add_span(&three, seal_final(c, plan, request, &plan));
	cs_buf_add(&three, "\x22\x01x", 3);
	const struct cs_span odd[] = { doubled, cs_buf_span(&before), cs_buf_span(&behind),
		cs_buf_span(&three), payload_last(c, plan) };

	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		if (claim_take_apart(c->arena, odd[i], &parts, NULL) != CS_MALFORMED)
			fail_msg("enclosed otherwise %zu: got taken apart", i);
	assert_int_equal(open_plan(c, cs_buf_span(&behind), &got), CS_MALFORMED);
	twice.enclosed[1] =
	    plan; /* anything may lie there: the readers of statements say what it is */
	assert_int_equal(
	    claim_take_apart(c->arena, claim_wire_envelope(c->arena, &twice), &parts, NULL), CS_OK);
	assert_true(cs_span_equal(parts.approval, plan));
	assert_int_equal(open_plan(c, parts.plan, &got), CS_OK);
}

static void
only_plans_enclose_anything(void **state)
{
	struct fake_claims *c = *state;
	struct claim_evidence evidence;
	struct claim_request request;
	struct cs_span sealed[] = {
		claim_seal_request(c->arena, c->keys[FAKE_INTAKE], &c->request),
		claim_seal_evidence(c->arena, c->keys[FAKE_CAA], &c->evidence),
	};

	assert_int_equal(
	    claim_open_request(c->arena, c->trust, sealed[0], FAKE_NOW, &request, NULL), CS_OK);
	assert_int_equal(
	    claim_open_evidence(c->arena, c->trust, sealed[1], FAKE_NOW, &evidence, NULL), CS_OK);
	for (size_t i = 0; i < 2; i++) {
		struct claim_envelope more = read(c, sealed[i]);

		more.enclosed[more.n_enclosed++] = sealed[0];
		sealed[i] = claim_wire_envelope(c->arena, &more);
	}
	assert_int_equal(
	    claim_open_request(c->arena, c->trust, sealed[0], FAKE_NOW, &request, NULL),
	    CS_MALFORMED);
	assert_int_equal(
	    claim_open_evidence(c->arena, c->trust, sealed[1], FAKE_NOW, &evidence, NULL),
	    CS_MALFORMED);
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
		TEST(what_a_final_plan_rests_on_comes_with_it),
		TEST(a_request_that_is_approved_in_itself_is_enclosed_once),
		TEST(a_request_may_be_its_own_approval),
		TEST(what_is_enclosed_otherwise_is_no_final_plan),
		TEST(only_plans_enclose_anything),
	};

	return cmocka_run_group_tests_name("batch", tests, NULL, NULL);
}
