/* SPDX-License-Identifier: Apache-2.0 */
/* What comes after a certificate: who may have another, who may have it revoked, and why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "life.h"
#include "reasons.h"

#include <cmocka.h>

#define NOW INT64_C(1800000000000)
#define DAY INT64_C(86400000)

static const struct intake_caller alice = {
	.enterprise = "demo", .account = "alice", .signs_as = "alice", .factor = "api-token"
};
static const struct intake_caller bob = {
	.enterprise = "demo", .account = "bob", .signs_as = "bob", .factor = "api-token"
};
static const struct intake_caller boss = { .enterprise = "demo",
	.account = "boss",
	.signs_as = "boss",
	.factor = "api-token",
	.is_operator = true };
static const struct intake_caller stranger = { .enterprise = "other",
	.account = "alice",
	.signs_as = "alice",
	.factor = "api-token",
	.is_operator = true };

static int
setup(void **state)
{
	*state = cs_arena_new();
	return 0;
}

static int
teardown(void **state)
{
	cs_arena_free(*state);
	return 0;
}

static struct intake_request
in_state(enum intake_state state)
{
	return (struct intake_request){ .id = { { 1 } },
		.state = state,
		.enterprise = "demo",
		.account = "alice",
		.version = 3,
		.spki_sha256 = { 7 } };
}

static struct intake_step
revoke(struct cs_arena *arena, struct intake_request *req, const struct intake_caller *caller,
    uint32_t reason)
{
	const struct intake_revoke ask = { reason, "Because.", "" };

	return intake_revoke(arena, req, caller, &ask, NOW);
}

static void
hear_revoked(struct cs_arena *arena, struct intake_request *req, uint32_t reason)
{
	const struct intake_revoked revoked = { reason, CLAIM_BY_OWNER, "Because.", NOW + 1 };

	intake_on_revoked(arena, req, &revoked, NOW + 2);
}

/* ---- another certificate ---- */

static const struct {
	const char *name;
	const struct intake_caller *caller;
	enum intake_state state;
	unsigned want;
	const char *code;
} followed[] = {
	{ "the owner's", &alice, INTAKE_ISSUED, 0, NULL },
	{ "another account's", &bob, INTAKE_ISSUED, 404, "not-found" },
	{ "another enterprise's", &stranger, INTAKE_ISSUED, 404, "not-found" },
	{ "an operator's", &boss, INTAKE_ISSUED, 403, "not-yours" },
	{ "being signed", &alice, INTAKE_APPROVED, 409, "not-issued" },
	{ "refused", &alice, INTAKE_REFUSED, 409, "not-issued" },
	{ "none", &alice, INTAKE_NONE, 404, "not-found" },
};

static void
only_what_is_issued_and_ones_own_is_followed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(followed) / sizeof(followed[0]); i++) {
		const struct intake_request earlier = in_state(followed[i].state);
		struct intake_step step =
		    intake_may_follow(&earlier, followed[i].caller, CLAIM_RENEWAL);

		if (step.status != followed[i].want ||
		    (step.status && strcmp(step.why.code, followed[i].code) != 0))
			fail_msg("%s: got %u %s", followed[i].name, step.status, step.why.code);
	}
	assert_int_equal(intake_may_follow(NULL, &alice, CLAIM_REKEY).status, 404);
}

static void
what_is_about_to_be_revoked_is_not_followed(void **state)
{
	struct intake_request req = in_state(INTAKE_ISSUED);
	static const struct intake_unrevoked no = { "no", "It cannot be done." };

	assert_int_equal(revoke(*state, &req, &alice, 4).status, 202);
	assert_string_equal(intake_may_follow(&req, &alice, CLAIM_RENEWAL).why.code, "revoked");
	intake_on_revocation_refused(*state, &req, &no, NOW + 1);
	assert_int_equal(intake_may_follow(&req, &alice, CLAIM_RENEWAL).status, 0);
}

static void
what_is_revoked_is_followed_by_another_key_or_names_alone(void **state)
{
	struct intake_request req = in_state(INTAKE_ISSUED);

	hear_revoked(*state, &req, 1);
	assert_string_equal(intake_may_follow(&req, &alice, CLAIM_RENEWAL).why.code, "revoked");
	assert_int_equal(intake_may_follow(&req, &alice, CLAIM_REKEY).status, 0);
	assert_int_equal(intake_may_follow(&req, &alice, CLAIM_REISSUE).status, 0);
}

/* ---- revocation ---- */

static const struct {
	const struct intake_caller *caller;
	uint32_t reason;
	unsigned want;
	enum claim_revoked_by by;
	int64_t due_days;
} asked[] = {
	{ &alice, 0, 202, CLAIM_BY_OWNER, 1 },
	{ &alice, 1, 202, CLAIM_BY_OWNER, 1 },
	{ &alice, 3, 202, CLAIM_BY_OWNER, 1 },
	{ &alice, 4, 202, CLAIM_BY_OWNER, 1 },
	{ &alice, 5, 202, CLAIM_BY_OWNER, 1 },
	{ &alice, 9, 403, 0, 0 },
	{ &bob, 1, 404, 0, 0 },
	{ &stranger, 1, 404, 0, 0 },
	{ &boss, 1, 202, CLAIM_BY_OPERATOR, 1 },
	{ &boss, 9, 202, CLAIM_BY_OPERATOR, 5 },
	{ &boss, 0, 202, CLAIM_BY_OPERATOR, 5 },
};

static void
who_may_revoke_for_what_reason_and_by_when(void **state)
{
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		struct intake_request req = in_state(INTAKE_ISSUED);
		struct intake_step step = revoke(*state, &req, asked[i].caller, asked[i].reason);

		if (step.status != asked[i].want)
			fail_msg("row %zu: got %u, want %u", i, step.status, asked[i].want);
		assert_int_equal(step.says, step.status == 202 ? INTAKE_SAYS_REVOCATION_ASKED : 0);
		assert_int_equal(req.revocation.by, asked[i].by);
		if (step.status == 202)
			assert_int_equal(req.asking->due_at_ms, NOW + asked[i].due_days * DAY);
	}
}

static void
only_what_was_issued_is_revoked(void **state)
{
	for (enum intake_state s = INTAKE_CREATED; s < INTAKE_STATES; s++) {
		struct intake_request req = in_state(s);

		if (s != INTAKE_ISSUED && s != INTAKE_REVOKED)
			assert_string_equal(revoke(*state, &req, &alice, 1).why.code, "not-issued");
	}
}

static void
it_is_asked_for_once_unless_a_compromise_is_learnt_of(void **state)
{
	struct intake_request req = in_state(INTAKE_ISSUED);

	assert_int_equal(revoke(*state, &req, &alice, 4).says, INTAKE_SAYS_REVOCATION_ASKED);
	assert_int_equal(req.notes->seq, 1);
	assert_string_equal(req.notes->reason, "revocation-asked");
	assert_int_equal(revoke(*state, &req, &alice, 4).says, INTAKE_SAYS_NOTHING);
	assert_int_equal(revoke(*state, &req, &alice, 5).status, 202);
	assert_int_equal(req.revocation.reason, 4);
	assert_int_equal(revoke(*state, &req, &alice, 1).says, INTAKE_SAYS_REVOCATION_ASKED);
	assert_int_equal(req.revocation.reason, 1);
	assert_int_equal(revoke(*state, &req, &alice, 1).says, INTAKE_SAYS_NOTHING);
}

static void
what_is_revoked_is_told_once_and_its_key_blocked_after_a_compromise(void **state)
{
	struct intake_request req = in_state(INTAKE_ISSUED);

	hear_revoked(*state, &req, 4);
	assert_int_equal(req.state, INTAKE_REVOKED);
	assert_string_equal(req.last_note->reason, "superseded");
	assert_string_equal(req.last_note->text, "Because.");
	assert_false(req.leaked_key);
	hear_revoked(*state, &req, 4);
	assert_int_equal(req.seq, 1);
	assert_int_equal(revoke(*state, &req, &alice, 5).status, 200);
	assert_int_equal(revoke(*state, &req, &alice, 1).says, INTAKE_SAYS_REVOCATION_ASKED);
	assert_int_equal(req.revocation.reason, 4); /* until the signer says otherwise */
	hear_revoked(*state, &req, 1);
	assert_int_equal(req.revocation.reason, 1);
	assert_true(req.leaked_key);
	assert_memory_equal(req.leaked_spki_sha256, req.spki_sha256, CLAIM_DIGEST);
	hear_revoked(*state, &req, 4); /* the first one, doubled */
	assert_int_equal(req.revocation.reason, 1);
}

static void
a_revocation_may_be_heard_before_the_issue(void **state)
{
	static const struct intake_certificate certificate = { .serial = "0a", .fingerprint = "f" };
	struct intake_request req = in_state(INTAKE_APPROVED);

	hear_revoked(*state, &req, 4);
	assert_int_equal(req.state, INTAKE_APPROVED);
	intake_on_issued(*state, &req, &certificate, cs_span_str("octets"), NOW + 3);
	assert_int_equal(req.state, INTAKE_REVOKED);
	assert_string_equal(req.notes->state, "issued");
	assert_string_equal(req.last_note->state, "revoked");
}

static void
nothing_ends_while_a_revocation_is_on_its_way(void **state)
{
	struct intake_request req = in_state(INTAKE_ISSUED);

	assert_true(intake_is_over(&req));
	assert_int_equal(revoke(*state, &req, &alice, 4).status, 202);
	req.asking = NULL; /* the next batch */
	assert_false(intake_is_over(&req));
	hear_revoked(*state, &req, 4);
	assert_true(intake_is_over(&req));
}

static void
a_refusal_to_revoke_is_shown_and_may_be_asked_again(void **state)
{
	static const struct intake_unrevoked no = { "expired", "It has ended." };
	struct intake_request req = in_state(INTAKE_ISSUED);

	assert_int_equal(revoke(*state, &req, &alice, 4).status, 202);
	intake_on_revocation_refused(*state, &req, &no, NOW + 1);
	intake_on_revocation_refused(*state, &req, &no, NOW + 1);
	assert_int_equal(req.seq, 2);
	assert_string_equal(req.last_note->text, "It has ended.");
	assert_int_equal(revoke(*state, &req, &alice, 4).says, INTAKE_SAYS_REVOCATION_ASKED);
}

/* ---- tables ---- */

static void
every_category_has_a_ground_and_every_ground_a_reason(void **state)
{
	static const struct {
		const char *name;
		uint32_t reason, hours;
	} want[] = { { "key-compromise", 1, 24 }, { "validation-unreliable", 4, 24 },
		{ "mis-issued", 4, 120 }, { "misuse", 9, 120 },
		{ "name-no-longer-theirs", 5, 120 } };

	(void)state;
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		const struct ground *ground = ground_of_name(want[i].name);

		assert_non_null(ground);
		assert_int_equal(ground->reason, want[i].reason);
		assert_int_equal(ground->hours, want[i].hours);
		assert_non_null(reason_of_code(ground->reason));
	}
	assert_null(category_of_name("weak"));
	assert_int_equal(category_of_name("other")->hours, 24);
	assert_null(reason_of_name("certificateHold"));
	assert_null(reason_of_code(6));
	assert_null(reason_of_name("unspecified"));
	assert_int_equal(reason_of_name("")->code, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(only_what_is_issued_and_ones_own_is_followed),
		TEST(what_is_about_to_be_revoked_is_not_followed),
		TEST(what_is_revoked_is_followed_by_another_key_or_names_alone),
		TEST(who_may_revoke_for_what_reason_and_by_when),
		TEST(only_what_was_issued_is_revoked),
		TEST(it_is_asked_for_once_unless_a_compromise_is_learnt_of),
		TEST(what_is_revoked_is_told_once_and_its_key_blocked_after_a_compromise),
		TEST(a_revocation_may_be_heard_before_the_issue),
		TEST(nothing_ends_while_a_revocation_is_on_its_way),
		TEST(a_refusal_to_revoke_is_shown_and_may_be_asked_again),
		TEST(every_category_has_a_ground_and_every_ground_a_reason),
	};

	return cmocka_run_group_tests_name("intake life", tests, NULL, NULL);
}
