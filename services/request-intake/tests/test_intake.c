/* SPDX-License-Identifier: Apache-2.0 */
/* The states of a request, every move between them, and what people see of checks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "intake.h"
#include "life.h"

#include <cmocka.h>

#define NOW INT64_C(1800000000000)
#define LATER (NOW + 86400000)

static const struct intake_caller alice = {
	.enterprise = "demo", .account = "alice", .signs_as = "alice", .factor = "api-token"
};
static const struct intake_caller bob = {
	.enterprise = "demo", .account = "bob", .signs_as = "bob", .factor = "api-token"
};
static const struct intake_caller operator= { .enterprise = "demo",
	.account = "boss",
	.signs_as = "boss",
	.factor = "api-token",
	.is_operator = true };
static const struct intake_certificate certificate = { .serial = "0a", .fingerprint = "ff" };
static const struct intake_caller stranger = { .enterprise = "other",
	.account = "alice",
	.signs_as = "alice",
	.factor = "api-token",
	.is_operator = true };

static const struct intake_factor nothing = { .has_codes = false };

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

/* ---- building ---- */

static struct intake_request
created(struct cs_arena *arena)
{
	struct intake_request req = { 0 };
	const struct intake_new draft = {
		.id = { { 1 } }, .caller = alice, .now_ms = NOW, .ends_at_ms = LATER
	};
	struct intake_step step = intake_create(arena, &req, &draft);

	assert_int_equal(step.status, 201);
	assert_int_equal(step.says, INTAKE_SAYS_SUBMITTED);
	return req;
}

static void
plan_with(struct cs_arena *arena, struct intake_request *req, uint32_t revision,
    struct claim_check *checks, size_t n)
{
	const struct claim_plan plan = {
		.revision = revision, .final = revision > 1, .checks = checks, .n_checks = n
	};

	intake_on_plan(arena, req, &plan, NOW);
}

static struct claim_check
check(const char *id, enum claim_kind kind)
{
	return (
	    struct claim_check){ .id = id, .kind = kind, .target = "alpha.example", .method = "" };
}

static struct intake_request
planned(struct cs_arena *arena)
{
	struct claim_check checks[] = { check("mailbox-1", CLAIM_MAILBOX),
		check("domain-1", CLAIM_DOMAIN), check("mpic-domain-1", CLAIM_MPIC_DOMAIN),
		check("caa-1", CLAIM_CAA) };
	struct intake_request req = created(arena);

	plan_with(arena, &req, 1, checks, 4);
	return req;
}

static void
evidence_at(struct cs_arena *arena, struct intake_request *req, const char *id,
    enum claim_kind kind, enum claim_outcome outcome, uint32_t attempt, int64_t at_ms)
{
	const struct claim_evidence evidence = { .check_id = id,
		.kind = kind,
		.target = "alpha.example",
		.method = "",
		.attempt = attempt,
		.outcome = outcome,
		.checked_at_ms = at_ms,
		.valid_until_ms = LATER,
		.reason = "because",
		.text = "said so" };

	intake_on_evidence(arena, req, &evidence, cs_span_str("octets"), at_ms);
}

static void
prove(struct cs_arena *arena, struct intake_request *req)
{
	evidence_at(arena, req, "mailbox-1", CLAIM_MAILBOX, CLAIM_PROVED, 1, NOW);
	evidence_at(arena, req, "domain-1", CLAIM_DOMAIN, CLAIM_PROVED, 1, NOW);
	evidence_at(arena, req, "mpic-domain-1", CLAIM_MPIC_DOMAIN, CLAIM_PROVED, 1, NOW);
}

static struct intake_request
in_state(struct cs_arena *arena, enum intake_state want)
{
	static const struct intake_refused no = { .why = { .code = "no", .text = "no" },
		.check = "" };
	static const struct intake_revoked revoked = {
		.by = CLAIM_BY_OWNER, .text = "", .at_ms = NOW
	};
	struct intake_request req = want == INTAKE_CREATED ? created(arena) : planned(arena);

	const bool issued = want == INTAKE_ISSUED || want == INTAKE_REVOKED;

	if (want == INTAKE_READY || want == INTAKE_APPROVED || issued)
		prove(arena, &req);
	if (want == INTAKE_APPROVED || issued)
		(void)intake_approve(arena, &req, &alice, &nothing, NOW);
	if (issued)
		intake_on_issued(arena, &req, &certificate, cs_span_str("certificate"), NOW);
	if (want == INTAKE_REVOKED)
		intake_on_revoked(arena, &req, &revoked, NOW);
	if (want == INTAKE_REFUSED)
		intake_on_refused(arena, &req, &no, NOW);
	if (want == INTAKE_CANCELLED)
		(void)intake_cancel(arena, &req, &alice, NOW);
	if (want == INTAKE_EXPIRED)
		(void)intake_expire(arena, &req, LATER);
	assert_int_equal(req.state, want);
	return req;
}

/* ---- the table ---- */

static const char moves[INTAKE_STATES][INTAKE_STATES + 1] = {
	/*
	 *                    NCVRAIRCEV: none created validating ready approved issued refused
	 * cancelled expired revoked
	 */
	[INTAKE_NONE] = "-x--------",
	[INTAKE_CREATED] = "--xxx-xxx-",
	[INTAKE_VALIDATING] = "---xx-xxx-",
	[INTAKE_READY] = "--x-x-xxx-",
	[INTAKE_APPROVED] = "-----xxxx-",
	[INTAKE_ISSUED] = "---------x",
	[INTAKE_REFUSED] = "-----x----",
	[INTAKE_CANCELLED] = "----------",
	[INTAKE_EXPIRED] = "-----x----",
	[INTAKE_REVOKED] = "----------",
};

static void
moves_only_where_the_table_says(void **state)
{
	(void)state;
	for (enum intake_state from = INTAKE_NONE; from < INTAKE_STATES; from++)
		for (enum intake_state to = INTAKE_NONE; to < INTAKE_STATES; to++)
			if (intake_may_move(from, to) != (moves[from][to] == 'x'))
				fail_msg("%s to %s: got %d", intake_state_name(from),
				    intake_state_name(to), intake_may_move(from, to));
}

static void
every_state_has_a_name_that_reads_back(void **state)
{
	enum intake_state read = INTAKE_NONE;

	(void)state;
	for (enum intake_state s = INTAKE_CREATED; s < INTAKE_STATES; s++) {
		assert_true(intake_state_parse(intake_state_name(s), &read));
		assert_int_equal(read, s);
	}
	assert_false(intake_state_parse("none", &read));
	assert_false(intake_state_parse("", &read));
}

static const struct {
	enum intake_state from;
	unsigned verify, approve, cancel;
} answers[] = {
	{ INTAKE_CREATED, 409, 409, 200 },
	{ INTAKE_VALIDATING, 202, 409, 200 },
	{ INTAKE_READY, 200, 202, 200 },
	{ INTAKE_APPROVED, 409, 202, 202 },
	{ INTAKE_ISSUED, 409, 409, 409 },
	{ INTAKE_REFUSED, 409, 409, 409 },
	{ INTAKE_CANCELLED, 409, 409, 200 },
	{ INTAKE_EXPIRED, 409, 409, 409 },
	{ INTAKE_REVOKED, 409, 409, 409 },
};

static void
answers_each_action_by_the_state(void **state)
{
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		struct intake_request req = in_state(*state, answers[i].from);
		struct intake_request again = req, third = req;
		const char *name = intake_state_name(answers[i].from);
		unsigned verify = intake_verify(*state, &req, &alice, "mailbox-1", NOW).status;
		unsigned approve = intake_approve(*state, &again, &alice, &nothing, NOW).status;
		unsigned cancel = intake_cancel(*state, &third, &alice, NOW).status;

		if (verify != answers[i].verify || approve != answers[i].approve ||
		    cancel != answers[i].cancel)
			fail_msg("%s: got %u %u %u, want %u %u %u", name, verify, approve, cancel,
			    answers[i].verify, answers[i].approve, answers[i].cancel);
	}
}

static void
what_ended_stays_as_it_is(void **state)
{
	static const struct intake_refused no = { .why = { .code = "late", .text = "" },
		.check = "" };

	for (enum intake_state s = INTAKE_ISSUED; s < INTAKE_STATES; s++) {
		struct intake_request req = in_state(*state, s);

		prove(*state, &req);
		intake_on_refused(*state, &req, &no, NOW);
		intake_on_stopped(*state, &req, false, NOW);
		(void)intake_expire(*state, &req, LATER);
		assert_int_equal(req.state, s);
		if (s == INTAKE_REFUSED)
			assert_string_equal(req.refusal.code, "no");
	}
}

static void
a_certificate_outweighs_a_refusal(void **state)
{
	struct intake_request req = in_state(*state, INTAKE_REFUSED);

	intake_on_issued(*state, &req, &certificate, cs_span_str("certificate"), NOW);
	assert_int_equal(req.state, INTAKE_ISSUED);
	assert_null(req.refusal.code);
	assert_true(req.learnt_key);
}

/* ---- who may ---- */

static void
nobody_sees_what_is_not_theirs(void **state)
{
	struct intake_request req = in_state(*state, INTAKE_READY);

	assert_int_equal(intake_approve(*state, &req, &bob, &nothing, NOW).status, 404);
	assert_int_equal(intake_verify(*state, &req, &stranger, "mailbox-1", NOW).status, 404);
	assert_int_equal(intake_cancel(*state, &req, &bob, NOW).status, 404);
	assert_int_equal(intake_cancel(*state, &req, &stranger, NOW).status, 404);
	assert_int_equal(req.state, INTAKE_READY);
}

static void
an_operator_may_cancel_but_not_approve(void **state)
{
	struct intake_request req = in_state(*state, INTAKE_READY);

	assert_int_equal(intake_approve(*state, &req, &operator, & nothing, NOW).status, 403);
	assert_int_equal(intake_verify(*state, &req, &operator, "mailbox-1", NOW).status, 403);
	assert_int_equal(intake_cancel(*state, &req, &operator, NOW).status, 200);
	assert_int_equal(req.state, INTAKE_CANCELLED);
}

/* ---- checks ---- */

static enum intake_shown
shown(const struct intake_request *req, const char *id, int64_t now_ms)
{
	return intake_show_check(req, intake_find_check(req, id), now_ms);
}

static void
approval_names_what_is_missing(void **state)
{
	struct intake_request req = planned(*state);
	struct intake_step step = intake_approve(*state, &req, &alice, &nothing, NOW);

	assert_int_equal(step.status, 409);
	assert_string_equal(step.why.code, "not-ready");
	assert_string_equal(step.why.field, "mailbox-1, domain-1, mpic-domain-1");
	assert_int_equal(req.state, INTAKE_VALIDATING);
	evidence_at(*state, &req, "mailbox-1", CLAIM_MAILBOX, CLAIM_PROVED, 1, NOW);
	step = intake_approve(*state, &req, &alice, &nothing, NOW);
	assert_string_equal(step.why.field, "domain-1, mpic-domain-1");
}

static void
only_the_first_approval_is_told(void **state)
{
	struct intake_request req = in_state(*state, INTAKE_READY);

	assert_int_equal(
	    intake_approve(*state, &req, &alice, &nothing, NOW).says, INTAKE_SAYS_APPROVED);
	assert_int_equal(
	    intake_approve(*state, &req, &alice, &nothing, NOW).says, INTAKE_SAYS_NOTHING);
}

static void
a_proof_that_ends_makes_a_ready_request_wait_again(void **state)
{
	struct intake_request req = in_state(*state, INTAKE_READY);

	assert_int_equal(intake_show_state(&req, LATER - 1), INTAKE_READY);
	assert_int_equal(intake_show_state(&req, LATER), INTAKE_VALIDATING);
	assert_int_equal(intake_approve(*state, &req, &alice, &nothing, LATER).status, 409);
	assert_int_equal(req.state, INTAKE_VALIDATING);
}

static void
evidence_may_come_before_its_plan(void **state)
{
	struct claim_check checks[] = { check("mailbox-1", CLAIM_MAILBOX) };
	struct intake_request req = created(*state);

	evidence_at(*state, &req, "mailbox-1", CLAIM_MAILBOX, CLAIM_PROVED, 1, NOW);
	assert_int_equal(req.state, INTAKE_CREATED);
	plan_with(*state, &req, 1, checks, 1);
	assert_int_equal(req.state, INTAKE_READY);
}

static void
an_older_plan_changes_nothing(void **state)
{
	struct claim_check first[] = { check("mailbox-1", CLAIM_MAILBOX),
		check("caa-1", CLAIM_CAA) };
	struct claim_check second[] = { check("caa-1", CLAIM_CAA) };
	struct intake_request req = created(*state);

	plan_with(*state, &req, 2, second, 1);
	plan_with(*state, &req, 1, first, 2);
	assert_int_equal(req.revision, 2);
	assert_null(intake_find_check(&req, "mailbox-1"));
}

static void
a_newer_plan_drops_what_it_does_not_list(void **state)
{
	struct claim_check first[] = { check("mailbox-1", CLAIM_MAILBOX),
		check("caa-1", CLAIM_CAA) };
	struct intake_request req = created(*state);

	plan_with(*state, &req, 1, first, 2);
	assert_int_equal(req.state, INTAKE_VALIDATING);
	intake_find_check(&req, "mailbox-1")->changed = false;
	plan_with(*state, &req, 2, first + 1, 1);
	assert_false(intake_find_check(&req, "mailbox-1")->planned);
	assert_true(intake_find_check(&req, "mailbox-1")->changed);
	assert_int_equal(req.state, INTAKE_READY);
	plan_with(*state, &req, 3, first, 2);
	assert_true(intake_find_check(&req, "mailbox-1")->planned);
	assert_int_equal(req.state, INTAKE_VALIDATING);
}

static void
what_a_newer_plan_repeats_is_not_written_again(void **state)
{
	struct claim_check checks[] = { check("mailbox-1", CLAIM_MAILBOX),
		check("caa-1", CLAIM_CAA) };
	struct intake_request req = created(*state);

	plan_with(*state, &req, 1, checks, 2);
	for (size_t i = 0; i < req.n_checks; i++)
		req.checks[i].changed = false;
	checks[1].attempt++;
	plan_with(*state, &req, 2, checks, 2);
	assert_false(intake_find_check(&req, "mailbox-1")->changed);
	assert_true(intake_find_check(&req, "caa-1")->changed);
	assert_int_equal(req.revision, 2);
	assert_true(req.changed);
}

static void
the_first_result_of_an_attempt_counts(void **state)
{
	struct intake_request req = planned(*state);

	evidence_at(*state, &req, "caa-1", CLAIM_CAA, CLAIM_REFUSED, 1, NOW);
	evidence_at(*state, &req, "caa-1", CLAIM_CAA, CLAIM_PROVED, 1, NOW + 1);
	assert_int_equal(shown(&req, "caa-1", NOW + 1), INTAKE_CHECK_REFUSED);
	evidence_at(*state, &req, "caa-1", CLAIM_CAA, CLAIM_PROVED, 2, NOW + 2);
	assert_int_equal(shown(&req, "caa-1", NOW + 2), INTAKE_PROVED);
	evidence_at(*state, &req, "caa-1", CLAIM_CAA, CLAIM_REFUSED, 1, NOW + 3);
	assert_int_equal(shown(&req, "caa-1", NOW + 3), INTAKE_PROVED);
}

static void
an_earlier_proof_stands_until_a_later_no(void **state)
{
	struct claim_check checks[] = { check("domain-1", CLAIM_DOMAIN) };
	struct intake_request req = created(*state);

	checks[0].has_standing = true;
	checks[0].standing_until_ms = LATER;
	plan_with(*state, &req, 1, checks, 1);
	assert_int_equal(shown(&req, "domain-1", NOW), INTAKE_STANDING);
	assert_int_equal(shown(&req, "domain-1", LATER - 1), INTAKE_STANDING);
	assert_int_equal(shown(&req, "domain-1", LATER), INTAKE_NEEDED);
	evidence_at(*state, &req, "domain-1", CLAIM_DOMAIN, CLAIM_COULD_NOT_TELL, 1, NOW);
	assert_int_equal(shown(&req, "domain-1", NOW), INTAKE_STANDING);
	evidence_at(*state, &req, "domain-1", CLAIM_DOMAIN, CLAIM_REFUSED, 2, NOW);
	assert_int_equal(shown(&req, "domain-1", NOW), INTAKE_CHECK_REFUSED);
	assert_int_equal(req.state, INTAKE_VALIDATING);
}

static void
what_could_not_be_told_never_helps(void **state)
{
	struct intake_request req = planned(*state);

	prove(*state, &req);
	evidence_at(*state, &req, "mailbox-1", CLAIM_MAILBOX, CLAIM_COULD_NOT_TELL, 2, NOW);
	assert_int_equal(shown(&req, "mailbox-1", NOW), INTAKE_COULD_NOT_TELL);
	assert_int_equal(req.state, INTAKE_VALIDATING);
}

static void
perspectives_must_corroborate_the_newest_proof(void **state)
{
	struct intake_request req = planned(*state);

	prove(*state, &req);
	assert_int_equal(req.state, INTAKE_READY);
	evidence_at(*state, &req, "domain-1", CLAIM_DOMAIN, CLAIM_PROVED, 2, NOW);
	assert_int_equal(shown(&req, "mpic-domain-1", NOW), INTAKE_WAITING);
	assert_int_equal(req.state, INTAKE_VALIDATING);
	evidence_at(*state, &req, "mpic-domain-1", CLAIM_MPIC_DOMAIN, CLAIM_PROVED, 2, NOW);
	assert_int_equal(req.state, INTAKE_READY);
}

static void
an_attempt_of_the_final_plan_is_waited_for(void **state)
{
	struct claim_check checks[] = { check("caa-1", CLAIM_CAA) };
	struct intake_request req = in_state(*state, INTAKE_APPROVED);

	evidence_at(*state, &req, "caa-1", CLAIM_CAA, CLAIM_PROVED, 1, NOW);
	checks[0].attempt = 2;
	plan_with(*state, &req, 2, checks, 1);
	assert_int_equal(shown(&req, "caa-1", NOW), INTAKE_WAITING);
	evidence_at(*state, &req, "caa-1", CLAIM_CAA, CLAIM_PROVED, 2, NOW);
	assert_int_equal(shown(&req, "caa-1", NOW), INTAKE_PROVED);
	assert_int_equal(req.state, INTAKE_APPROVED);
}

static void
evidence_of_another_kind_is_not_taken(void **state)
{
	struct intake_request req = planned(*state);

	evidence_at(*state, &req, "domain-1", CLAIM_MAILBOX, CLAIM_PROVED, 1, NOW);
	assert_int_equal(shown(&req, "domain-1", NOW), INTAKE_NEEDED);
}

/* ---- pressing Verify ---- */

static void
tell_until(struct cs_arena *arena, struct intake_request *req, const char *id, enum claim_kind kind,
    enum intake_challenge challenge, int64_t at_ms, int64_t until_ms)
{
	const struct intake_told told = { .check = id,
		.kind = kind,
		.target = "alpha.example",
		.challenge = challenge,
		.at_ms = at_ms,
		.until_ms = until_ms,
		.body = cs_span_str("octets"),
		.hold = challenge == INTAKE_HELD ? "failed-too-often" : "" };

	intake_on_challenge(arena, req, &told, at_ms);
}

/* What was not handed over leaves no token in the mailbox. */
static void
tell(struct cs_arena *arena, struct intake_request *req, const char *id, enum claim_kind kind,
    enum intake_challenge challenge, int64_t at_ms)
{
	const bool given = challenge != INTAKE_MAIL_DEFERRED && challenge != INTAKE_MAIL_REFUSED;

	tell_until(arena, req, id, kind, challenge, at_ms, given ? LATER : 0);
}

static void
two_clicks_are_one_press(void **state)
{
	struct intake_request req = planned(*state);

	assert_int_equal(intake_verify(*state, &req, &alice, "mailbox-1", NOW).says,
	    INTAKE_SAYS_VERIFICATION_ASKED);
	assert_int_equal(
	    intake_verify(*state, &req, &alice, "mailbox-1", NOW + 4999).says, INTAKE_SAYS_NOTHING);
	assert_int_equal(intake_verify(*state, &req, &alice, "mailbox-1", NOW + 5000).says,
	    INTAKE_SAYS_VERIFICATION_ASKED);
}

static void
a_domain_is_verified_only_when_people_know_what_to_publish(void **state)
{
	struct intake_request req = planned(*state);
	const struct intake_check *domain = intake_find_check(&req, "domain-1");

	assert_int_equal(intake_verify(*state, &req, &alice, "domain-1", NOW).status, 409);
	assert_int_equal(intake_todo_for(&req, domain, NOW), INTAKE_DO_WAIT);
	tell(*state, &req, "domain-1", CLAIM_DOMAIN, INTAKE_PUBLISH, NOW);
	assert_int_equal(intake_todo_for(&req, domain, NOW), INTAKE_DO_PUBLISH);
	assert_int_equal(intake_verify(*state, &req, &alice, "domain-1", NOW + 1).status, 202);
	assert_int_equal(shown(&req, "domain-1", NOW + 1), INTAKE_WAITING);
	evidence_at(*state, &req, "domain-1", CLAIM_DOMAIN, CLAIM_REFUSED, 1, NOW + 2);
	assert_int_equal(shown(&req, "domain-1", NOW + 2), INTAKE_CHECK_REFUSED);
	assert_int_equal(intake_todo_for(&req, domain, NOW + 2), INTAKE_DO_PUBLISH);
}

/* The domain's validator looks no more within this hour: nobody waits for what does not come. */
static void
a_press_that_is_held_back_ends_the_waiting(void **state)
{
	struct intake_request req = planned(*state);
	const struct intake_check *domain = intake_find_check(&req, "domain-1");

	tell(*state, &req, "domain-1", CLAIM_DOMAIN, INTAKE_PUBLISH, NOW);
	assert_string_equal(req.last_note->reason, "challenge");
	(void)intake_verify(*state, &req, &alice, "domain-1", NOW + 1);
	assert_int_equal(shown(&req, "domain-1", NOW + 1), INTAKE_WAITING);
	tell(*state, &req, "domain-1", CLAIM_DOMAIN, INTAKE_HELD, NOW + 2);
	assert_string_equal(req.last_note->reason, "failed-too-often");
	assert_int_equal(shown(&req, "domain-1", NOW + 2), INTAKE_NEEDED);
	assert_int_equal(intake_todo_for(&req, domain, NOW + 2), INTAKE_DO_PUBLISH);
	/* A new press is asked again at once: the hour may be over. */
	assert_int_equal(intake_verify(*state, &req, &alice, "domain-1", NOW + 3).says,
	    INTAKE_SAYS_VERIFICATION_ASKED);
	assert_int_equal(shown(&req, "domain-1", NOW + 3), INTAKE_WAITING);
	tell(*state, &req, "domain-1", CLAIM_DOMAIN, INTAKE_PUBLISH, NOW + 4);
	assert_string_equal(req.last_note->reason, "next-look");
	assert_int_equal(shown(&req, "domain-1", NOW + 4), INTAKE_WAITING);
}

/* Whoever comes back after a week is shown the new value, and waits for nothing. */
static void
a_press_that_only_renews_the_value_ends_the_waiting(void **state)
{
	static const struct {
		int64_t old_until_ms;
		enum intake_shown want;
		enum intake_todo want_todo;
	} cases[] = {
		{ NOW + 2, INTAKE_NEEDED, INTAKE_DO_PUBLISH },
		{ NOW + 3, INTAKE_WAITING, INTAKE_DO_WAIT }, /* it is looked for, and renewed */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct intake_request req = planned(*state);
		const struct intake_check *domain = intake_find_check(&req, "domain-1");

		tell_until(*state, &req, "domain-1", CLAIM_DOMAIN, INTAKE_PUBLISH, NOW,
		    cases[i].old_until_ms);
		(void)intake_verify(*state, &req, &alice, "domain-1", NOW + 1);
		tell_until(*state, &req, "domain-1", CLAIM_DOMAIN, INTAKE_PUBLISH, NOW + 2, LATER);
		assert_int_equal(shown(&req, "domain-1", NOW + 2), cases[i].want);
		assert_int_equal(intake_todo_for(&req, domain, NOW + 2), cases[i].want_todo);
	}
}

static void
a_press_after_the_answer_is_a_new_one(void **state)
{
	struct intake_request req = planned(*state);

	(void)intake_verify(*state, &req, &alice, "caa-1", NOW);
	evidence_at(*state, &req, "caa-1", CLAIM_CAA, CLAIM_REFUSED, 1, NOW + 2);
	assert_int_equal(intake_verify(*state, &req, &alice, "caa-1", NOW + 3).says,
	    INTAKE_SAYS_VERIFICATION_ASKED);
	assert_int_equal(
	    intake_verify(*state, &req, &alice, "caa-1", NOW + 4).says, INTAKE_SAYS_NOTHING);
	(void)intake_verify(*state, &req, &alice, "mailbox-1", NOW);
	tell(*state, &req, "mailbox-1", CLAIM_MAILBOX, INTAKE_MAIL_SENT, NOW + 1);
	assert_int_equal(
	    intake_verify(*state, &req, &alice, "mailbox-1", NOW + 2).says, INTAKE_SAYS_NOTHING);
	tell(*state, &req, "mailbox-1", CLAIM_MAILBOX, INTAKE_MAIL_DEFERRED, NOW + 3);
	assert_int_equal(intake_verify(*state, &req, &alice, "mailbox-1", NOW + 4).says,
	    INTAKE_SAYS_VERIFICATION_ASKED);
}

static void
a_lost_press_may_be_repeated(void **state)
{
	struct intake_request req = planned(*state);

	(void)intake_verify(*state, &req, &alice, "caa-1", NOW);
	assert_int_equal(shown(&req, "caa-1", NOW + 299999), INTAKE_WAITING);
	assert_int_equal(shown(&req, "caa-1", NOW + 300000), INTAKE_NEEDED);
}

static void
a_mailbox_goes_from_verify_to_token_to_proof(void **state)
{
	struct intake_request req = planned(*state);
	const struct intake_check *mailbox = intake_find_check(&req, "mailbox-1");

	assert_int_equal(intake_todo_for(&req, mailbox, NOW), INTAKE_DO_VERIFY);
	(void)intake_verify(*state, &req, &alice, "mailbox-1", NOW);
	assert_int_equal(intake_todo_for(&req, mailbox, NOW), INTAKE_DO_WAIT);
	tell(*state, &req, "mailbox-1", CLAIM_MAILBOX, INTAKE_MAIL_SENT, NOW + 1);
	assert_int_equal(intake_todo_for(&req, mailbox, NOW + 1), INTAKE_DO_ENTER_TOKEN);
	assert_int_equal(shown(&req, "mailbox-1", NOW + 1), INTAKE_WAITING);
	assert_int_equal(intake_todo_for(&req, mailbox, LATER), INTAKE_DO_VERIFY);
	evidence_at(*state, &req, "mailbox-1", CLAIM_MAILBOX, CLAIM_PROVED, 1, NOW + 2);
	assert_int_equal(intake_todo_for(&req, mailbox, NOW + 2), INTAKE_DO_NOTHING);
}

static void
a_refused_mail_is_shown_and_may_be_repeated(void **state)
{
	struct intake_request req = planned(*state);

	(void)intake_verify(*state, &req, &alice, "mailbox-1", NOW);
	tell(*state, &req, "mailbox-1", CLAIM_MAILBOX, INTAKE_MAIL_REFUSED, NOW + 1);
	assert_int_equal(shown(&req, "mailbox-1", NOW + 1), INTAKE_CHECK_REFUSED);
	(void)intake_verify(*state, &req, &alice, "mailbox-1", NOW + 6000);
	assert_int_equal(shown(&req, "mailbox-1", NOW + 6000), INTAKE_WAITING);
}

/* Of three mails one bounced and one was deferred: the token of the first is as good as before. */
static void
a_token_in_the_mailbox_can_be_entered_whatever_came_after(void **state)
{
	static const enum intake_challenge after[] = { INTAKE_MAIL_DEFERRED, INTAKE_MAIL_REFUSED };

	for (size_t i = 0; i < sizeof(after) / sizeof(after[0]); i++) {
		struct intake_request req = planned(*state);
		const struct intake_check *mailbox = intake_find_check(&req, "mailbox-1");

		(void)intake_verify(*state, &req, &alice, "mailbox-1", NOW);
		tell(*state, &req, "mailbox-1", CLAIM_MAILBOX, INTAKE_MAIL_SENT, NOW + 1);
		tell_until(*state, &req, "mailbox-1", CLAIM_MAILBOX, after[i], NOW + 2, NOW + 1000);
		assert_int_equal(shown(&req, "mailbox-1", NOW + 3), INTAKE_WAITING);
		assert_int_equal(intake_todo_for(&req, mailbox, NOW + 3), INTAKE_DO_ENTER_TOKEN);
		assert_int_not_equal(
		    intake_todo_for(&req, mailbox, NOW + 1000), INTAKE_DO_ENTER_TOKEN);
	}
}

static void
an_older_challenge_changes_nothing(void **state)
{
	struct intake_request req = planned(*state);

	tell(*state, &req, "mailbox-1", CLAIM_MAILBOX, INTAKE_MAIL_SENT, NOW + 10);
	tell(*state, &req, "mailbox-1", CLAIM_MAILBOX, INTAKE_MAIL_DEFERRED, NOW + 9);
	assert_int_equal(intake_find_check(&req, "mailbox-1")->challenge, INTAKE_MAIL_SENT);
}

/* ---- creation, keys, time, history ---- */

static void
the_same_key_with_another_body_is_a_conflict(void **state)
{
	struct intake_request req = created(*state);
	struct intake_new draft = {
		.id = req.id, .caller = alice, .now_ms = NOW, .ends_at_ms = LATER
	};

	assert_int_equal(intake_create(*state, &req, &draft).status, 201);
	assert_int_equal(intake_create(*state, &req, &draft).says, INTAKE_SAYS_NOTHING);
	draft.body_sha256[31] = 1;
	assert_int_equal(intake_create(*state, &req, &draft).status, 409);
}

static void
known_keys_are_refused_and_nothing_is_stored(void **state)
{
	for (int i = 0; i < 2; i++) {
		struct intake_request req = { .key_blocked = i == 0, .key_of_another = i == 1 };
		const struct intake_new draft = { .id = { { 1 } }, .caller = alice, .now_ms = NOW };

		const struct intake_step step = intake_create(*state, &req, &draft);
		assert_int_equal(step.status, 422);
		assert_string_equal(step.why.code, i == 0 ? "key-compromised" : "key-of-another");
		assert_int_equal(req.state, INTAKE_NONE);
		assert_false(req.changed);
	}
}

static void
expires_at_its_time_and_not_before(void **state)
{
	struct intake_request req = planned(*state);

	assert_int_equal(intake_expire(*state, &req, LATER - 1).says, INTAKE_SAYS_NOTHING);
	assert_int_equal(intake_expire(*state, &req, LATER).says, INTAKE_SAYS_EXPIRED);
	assert_int_equal(req.state, INTAKE_EXPIRED);
	req = in_state(*state, INTAKE_APPROVED);
	assert_int_equal(intake_expire(*state, &req, LATER).says, INTAKE_SAYS_NOTHING);
}

static void
the_history_counts_without_gaps_and_gives_reasons(void **state)
{
	struct intake_request req = in_state(*state, INTAKE_READY);
	uint64_t seq = 0;
	bool has_reason = false;

	for (const struct intake_note *note = req.notes; note; note = note->next) {
		assert_int_equal(note->seq, ++seq);
		has_reason |=
		    strcmp(note->check, "mailbox-1") == 0 && strcmp(note->reason, "because") == 0;
	}
	assert_int_equal(seq, req.seq);
	assert_true(has_reason);
	assert_string_equal(req.last_note->state, "ready");
}

static void
hearing_everything_twice_changes_nothing(void **state)
{
	struct intake_request req = in_state(*state, INTAKE_READY);
	uint64_t seq = req.seq;
	struct claim_check checks[] = { check("mailbox-1", CLAIM_MAILBOX) };

	prove(*state, &req);
	plan_with(*state, &req, 1, checks, 1);
	assert_int_equal(req.seq, seq);
	assert_int_equal(req.state, INTAKE_READY);
}

static void
nothing_is_heard_of_a_request_that_does_not_exist(void **state)
{
	static const struct intake_refused no = { .why = { .code = "no", .text = "" },
		.check = "" };
	struct intake_request req = { 0 };
	struct claim_check checks[] = { check("mailbox-1", CLAIM_MAILBOX) };

	plan_with(*state, &req, 1, checks, 1);
	prove(*state, &req);
	tell(*state, &req, "mailbox-1", CLAIM_MAILBOX, INTAKE_MAIL_SENT, NOW);
	intake_on_refused(*state, &req, &no, NOW);
	intake_on_issued(*state, &req, &certificate, cs_span_str("certificate"), NOW);
	intake_on_stopped(*state, &req, false, NOW);
	assert_int_equal(intake_approve(*state, &req, &alice, &nothing, NOW).status, 404);
	assert_int_equal(req.state, INTAKE_NONE);
	assert_false(req.changed);
}

/* ---- approved with the request ---- */

static struct intake_request
created_by(struct cs_arena *arena, const struct intake_caller *caller, const char *on_behalf)
{
	struct intake_request req = { 0 };
	const struct intake_new draft = { .id = { { 1 } },
		.caller = *caller,
		.on_behalf = on_behalf,
		.now_ms = NOW,
		.ends_at_ms = LATER,
		.approves = true };

	(void)intake_create(arena, &req, &draft);
	return req;
}

static void
hear_final(struct cs_arena *arena, struct intake_request *req, uint32_t revision)
{
	struct claim_check checks[] = { check("mailbox-1", CLAIM_MAILBOX),
		check("caa-1", CLAIM_CAA) };
	const struct claim_plan plan = {
		.revision = revision, .final = true, .checks = checks, .n_checks = 2
	};

	checks[0].has_standing = true;
	checks[0].standing_until_ms = LATER;
	checks[1].attempt = 1;
	intake_on_plan(arena, req, &plan, NOW);
}

/* In one of the states before its end. */
static struct intake_request
own(struct cs_arena *arena, enum intake_state want)
{
	struct claim_check mailbox = check("mailbox-1", CLAIM_MAILBOX);
	struct intake_request req = created_by(arena, &alice, "");

	if (want == INTAKE_VALIDATING || want == INTAKE_READY)
		plan_with(arena, &req, 1, &mailbox, 1);
	if (want == INTAKE_READY)
		evidence_at(arena, &req, "mailbox-1", CLAIM_MAILBOX, CLAIM_PROVED, 1, NOW);
	if (want == INTAKE_APPROVED)
		hear_final(arena, &req, 1);
	assert_int_equal(req.state, want);
	return req;
}

/* The lines about the request itself, "state reason" each. */
static const char *
story(struct cs_arena *arena, const struct intake_request *req)
{
	struct cs_buf buf = cs_buf_new(arena);

	for (const struct intake_note *note = req->notes; note; note = note->next)
		if (note->check[0] == '\0')
			cs_buf_printf(&buf, "%s%s%s\n", note->state, note->reason[0] ? " " : "",
			    note->reason);
	return (const char *)cs_buf_span(&buf).data;
}

static void
a_final_plan_says_that_the_requests_own_approval_counted(void **state)
{
	static const char *const stories[INTAKE_STATES] = {
		[INTAKE_CREATED] = "created\napproved approved-with-request\n",
		[INTAKE_VALIDATING] = "created\nvalidating\napproved approved-with-request\n",
		[INTAKE_READY] = "created\nvalidating\nready\napproved approved-with-request\n",
	};

	for (enum intake_state s = INTAKE_CREATED; s <= INTAKE_READY; s++) {
		struct intake_request req = own(*state, s);

		hear_final(*state, &req, 2);
		assert_int_equal(req.state, INTAKE_APPROVED);
		assert_string_equal(story(*state, &req), stories[s]);
		assert_int_equal(shown(&req, "mailbox-1", NOW),
		    s == INTAKE_READY ? INTAKE_PROVED : INTAKE_STANDING);
		assert_int_equal(shown(&req, "caa-1", NOW), INTAKE_WAITING);
	}
}

/* What one is allowed nobody else is: of any other request a final plan is no approval. */
static void
a_final_plan_approves_no_other_request(void **state)
{
	struct intake_request req = created(*state), early = created(*state);

	hear_final(*state, &req, 1);
	assert_int_equal(req.state, INTAKE_READY);
	intake_on_issued(*state, &early, &certificate, cs_span_str("certificate"), NOW);
	assert_int_equal(early.state, INTAKE_CREATED);
}

static void
a_plan_that_is_not_final_wants_an_approval_as_ever(void **state)
{
	struct intake_request req = own(*state, INTAKE_VALIDATING);

	assert_int_equal(intake_approve(*state, &req, &alice, &nothing, NOW).status, 409);
	evidence_at(*state, &req, "mailbox-1", CLAIM_MAILBOX, CLAIM_PROVED, 1, NOW);
	assert_int_equal(
	    intake_approve(*state, &req, &alice, &nothing, NOW).says, INTAKE_SAYS_APPROVED);
	hear_final(*state, &req, 2);
	assert_string_equal(story(*state, &req), "created\nvalidating\nready\napproved\n");
}

static void
an_older_plan_after_the_final_one_changes_nothing(void **state)
{
	struct claim_check domain = check("domain-1", CLAIM_DOMAIN);
	struct intake_request req = own(*state, INTAKE_CREATED);

	hear_final(*state, &req, 2);
	const uint64_t seq = req.seq;

	plan_with(*state, &req, 1, &domain, 1);
	assert_int_equal(req.state, INTAKE_APPROVED);
	assert_int_equal(req.seq, seq);
	assert_null(intake_find_check(&req, "domain-1"));
}

/* Order of arrival is no order of events. */
static void
a_certificate_may_be_heard_of_before_its_plan(void **state)
{
	for (enum intake_state s = INTAKE_CREATED; s <= INTAKE_APPROVED; s++) {
		struct intake_request req = own(*state, s);

		intake_on_issued(*state, &req, &certificate, cs_span_str("certificate"), NOW);
		hear_final(*state, &req, 2);
		assert_int_equal(req.state, INTAKE_ISSUED);
		assert_true(req.learnt_key);
		assert_non_null(
		    strstr(story(*state, &req), "\napproved approved-with-request\nissued\n"));
		assert_int_equal(req.n_checks, 2);
	}
}

static void
a_refusal_is_heard_as_ever(void **state)
{
	static const struct intake_refused no = { .why = { .code = "no", .text = "" },
		.check = "" };
	struct intake_request req = own(*state, INTAKE_CREATED);

	intake_on_refused(*state, &req, &no, NOW);
	assert_string_equal(story(*state, &req), "created\nrefused no\n");
}

static void
only_the_signer_stops_what_was_approved_with_its_request(void **state)
{
	for (enum intake_state s = INTAKE_CREATED; s <= INTAKE_APPROVED; s++) {
		struct intake_request req = own(*state, s);
		struct intake_step step = intake_cancel(*state, &req, &alice, NOW);

		assert_int_equal(step.status, 202);
		assert_int_equal(step.says, INTAKE_SAYS_ASK_SIGNER);
		assert_int_equal(req.state, s);
		intake_on_stopped(*state, &req, false, NOW);
		assert_int_equal(req.state, INTAKE_CANCELLED);
		hear_final(*state, &req, 2);
		assert_int_equal(req.state, INTAKE_CANCELLED);
		assert_int_equal(intake_cancel(*state, &req, &alice, NOW).status, 200);
	}
	struct intake_request done = own(*state, INTAKE_CREATED);

	intake_on_issued(*state, &done, &certificate, cs_span_str("certificate"), NOW);
	assert_int_equal(intake_cancel(*state, &done, &alice, NOW).status, 409);
}

/* Policy and signer may have been done with it long before they are heard. */
static void
what_expired_unheard_may_have_been_issued(void **state)
{
	struct intake_request req = own(*state, INTAKE_CREATED);

	assert_int_equal(intake_expire(*state, &req, LATER - 1).says, INTAKE_SAYS_NOTHING);
	assert_int_equal(intake_expire(*state, &req, LATER).says, INTAKE_SAYS_EXPIRED);
	hear_final(*state, &req, 1);
	assert_int_equal(req.state, INTAKE_EXPIRED);
	intake_on_issued(*state, &req, &certificate, cs_span_str("certificate"), LATER);
	assert_int_equal(req.state, INTAKE_ISSUED);
	assert_true(cs_span_is(req.certificate, "certificate"));
	req = own(*state, INTAKE_APPROVED);
	assert_int_equal(intake_expire(*state, &req, LATER).says, INTAKE_SAYS_NOTHING);
}

static void
who_asked_on_behalf_is_named_as_who_approved(void **state)
{
	struct intake_request req = created_by(*state, &operator, "alice");

	hear_final(*state, &req, 1);
	for (const struct intake_note *note = req.notes; note; note = note->next)
		if (strcmp(note->state, "approved") == 0)
			assert_string_equal(note->text, "boss");
	assert_string_equal(req.submitted_by, "boss");
}

/* Nobody approves with a request what they could not approve after it. */
static void
who_may_not_approve_may_not_ask_so(void **state)
{
	static const struct intake_caller platform = { .enterprise = "platform",
		.account = "ops",
		.signs_as = "platform/ops",
		.factor = "api-token",
		.is_operator = true,
		.is_everywhere = true };
	static const struct {
		const struct intake_caller *caller;
		const char *on_behalf;
		bool may;
	} cases[] = {
		{ &alice, "", true },
		{ &alice, "alice", true },
		{ &bob, "alice", false },
		{ &operator, "", true },
		{ &operator, "alice", true },
		{ &stranger, "", true }, /* operator of another enterprise, for himself there */
		{ &platform, "", false },
		{ &platform, "alice", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct claim_check mailbox = check("mailbox-1", CLAIM_MAILBOX);
		struct intake_request req = created_by(*state, cases[i].caller, cases[i].on_behalf);

		if (req.approved_in_itself != cases[i].may)
			fail_msg("case %zu: got %d", i, req.approved_in_itself);
		if (!cases[i].may)
			continue;
		mailbox.has_standing = true;
		mailbox.standing_until_ms = LATER;
		plan_with(*state, &req, 1, &mailbox, 1);
		assert_int_equal(
		    intake_approve(*state, &req, cases[i].caller, &nothing, NOW).status, 202);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* A domain of the enterprise is every operator's business, and nobody's certificate. */
static void
any_operator_works_on_a_domain_alone(void **state)
{
	static const struct intake_caller second = { .enterprise = "demo",
		.account = "deputy",
		.signs_as = "deputy",
		.factor = "api-token",
		.is_operator = true };
	struct claim_check checks[] = { check("domain-1", CLAIM_DOMAIN) };
	struct intake_request req = { 0 };
	struct intake_new draft = { .id = { { 1 } },
		.caller = alice,
		.now_ms = NOW,
		.ends_at_ms = LATER,
		.kind = CLAIM_DOMAIN_ONLY };

	assert_int_equal(intake_create(*state, &req, &draft).status, 403);
	assert_int_equal(req.state, INTAKE_NONE);
	draft.caller = operator;
	assert_int_equal(intake_create(*state, &req, &draft).status, 201);
	plan_with(*state, &req, 1, checks, 1);
	req.checks[0].challenge = INTAKE_PUBLISH;
	assert_int_equal(intake_verify(*state, &req, &bob, "domain-1", NOW).status, 404);
	assert_int_equal(intake_verify(*state, &req, &stranger, "domain-1", NOW).status, 404);
	assert_int_equal(intake_verify(*state, &req, &second, "domain-1", NOW).status, 202);
	assert_string_equal(
	    intake_approve(*state, &req, &operator, & nothing, NOW).why.code, "no-certificate");
	assert_int_equal(intake_cancel(*state, &req, &second, NOW).status, 200);
}

/* A plan that was made anew says of a check why it is asked for now: people see it, and are told once. */
static void
a_new_check_is_shown_with_its_reason(void **state)
{
	struct intake_request req = planned(*state);
	struct claim_check checks[] = { check("mailbox-1", CLAIM_MAILBOX),
		check("domain-1", CLAIM_DOMAIN), check("domain-2", CLAIM_DOMAIN) };
	const struct claim_plan plan = { .revision = 2, .checks = checks, .n_checks = 3 };

	checks[2].new_because = "The profile was changed.";
	req.notes = req.last_note = NULL;
	intake_on_plan(*state, &req, &plan, NOW);
	assert_string_equal(
	    intake_find_check(&req, "domain-2")->new_because, checks[2].new_because);
	assert_string_equal(intake_find_check(&req, "domain-1")->new_because, "");
	assert_non_null(req.notes);
	assert_string_equal(req.notes->check, "domain-2");
	assert_string_equal(req.notes->reason, "asked-for-now");
	assert_string_equal(req.notes->text, checks[2].new_because);
	assert_null(req.notes->next);
	const struct claim_plan again = { .revision = 3, .checks = checks, .n_checks = 3 };

	req.notes = req.last_note = NULL;
	intake_on_plan(*state, &req, &again, NOW);
	assert_null(req.notes);
}

/* Seen as policy sees it: a proof by what is no longer taken is none. */
static void
a_proof_by_a_method_that_is_no_longer_taken_is_none(void **state)
{
	static const char *methods[] = { "dns-txt", "http-file" };
	struct claim_check checks[] = { check("domain-1", CLAIM_DOMAIN) };
	struct intake_request req = created(*state);
	struct claim_plan plan = { .revision = 1, .checks = checks, .n_checks = 1 };
	const struct claim_evidence yes = { .check_id = "domain-1",
		.kind = CLAIM_DOMAIN,
		.target = "alpha.example",
		.method = "http-file",
		.attempt = 1,
		.outcome = CLAIM_PROVED,
		.checked_at_ms = NOW,
		.valid_until_ms = LATER,
		.reason = "",
		.text = "" };

	checks[0].allowed_methods = (struct claim_texts){ methods, 2 };
	checks[0].attempt = 1;
	intake_on_plan(*state, &req, &plan, NOW);
	intake_on_evidence(*state, &req, &yes, cs_span_str("octets"), NOW);
	assert_int_equal(req.state, INTAKE_READY);
	plan.revision = 2;
	intake_on_plan(*state, &req, &plan, NOW);
	assert_int_equal(req.state, INTAKE_READY);
	checks[0].allowed_methods.n = 1;
	plan.revision = 3;
	intake_on_plan(*state, &req, &plan, NOW);
	assert_int_equal(req.state, INTAKE_VALIDATING);
	assert_int_equal(intake_show_check(&req, &req.checks[0], NOW), INTAKE_NEEDED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(moves_only_where_the_table_says),
		TEST(every_state_has_a_name_that_reads_back),
		TEST(answers_each_action_by_the_state),
		TEST(any_operator_works_on_a_domain_alone),
		TEST(a_new_check_is_shown_with_its_reason),
		TEST(a_proof_by_a_method_that_is_no_longer_taken_is_none),
		TEST(what_ended_stays_as_it_is),
		TEST(a_certificate_outweighs_a_refusal),
		TEST(nobody_sees_what_is_not_theirs),
		TEST(an_operator_may_cancel_but_not_approve),
		TEST(approval_names_what_is_missing),
		TEST(only_the_first_approval_is_told),
		TEST(a_proof_that_ends_makes_a_ready_request_wait_again),
		TEST(evidence_may_come_before_its_plan),
		TEST(an_older_plan_changes_nothing),
		TEST(a_newer_plan_drops_what_it_does_not_list),
		TEST(what_a_newer_plan_repeats_is_not_written_again),
		TEST(the_first_result_of_an_attempt_counts),
		TEST(an_earlier_proof_stands_until_a_later_no),
		TEST(what_could_not_be_told_never_helps),
		TEST(perspectives_must_corroborate_the_newest_proof),
		TEST(an_attempt_of_the_final_plan_is_waited_for),
		TEST(evidence_of_another_kind_is_not_taken),
		TEST(two_clicks_are_one_press),
		TEST(a_domain_is_verified_only_when_people_know_what_to_publish),
		TEST(a_press_that_is_held_back_ends_the_waiting),
		TEST(a_press_that_only_renews_the_value_ends_the_waiting),
		TEST(a_press_after_the_answer_is_a_new_one),
		TEST(a_lost_press_may_be_repeated),
		TEST(a_mailbox_goes_from_verify_to_token_to_proof),
		TEST(a_refused_mail_is_shown_and_may_be_repeated),
		TEST(a_token_in_the_mailbox_can_be_entered_whatever_came_after),
		TEST(an_older_challenge_changes_nothing),
		TEST(the_same_key_with_another_body_is_a_conflict),
		TEST(known_keys_are_refused_and_nothing_is_stored),
		TEST(expires_at_its_time_and_not_before),
		TEST(the_history_counts_without_gaps_and_gives_reasons),
		TEST(hearing_everything_twice_changes_nothing),
		TEST(nothing_is_heard_of_a_request_that_does_not_exist),
		TEST(a_final_plan_says_that_the_requests_own_approval_counted),
		TEST(a_final_plan_approves_no_other_request),
		TEST(a_plan_that_is_not_final_wants_an_approval_as_ever),
		TEST(an_older_plan_after_the_final_one_changes_nothing),
		TEST(a_certificate_may_be_heard_of_before_its_plan),
		TEST(a_refusal_is_heard_as_ever),
		TEST(only_the_signer_stops_what_was_approved_with_its_request),
		TEST(what_expired_unheard_may_have_been_issued),
		TEST(who_asked_on_behalf_is_named_as_who_approved),
		TEST(who_may_not_approve_may_not_ask_so),
	};

	return cmocka_run_group_tests_name("intake", tests, NULL, NULL);
}
