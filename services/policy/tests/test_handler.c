/* SPDX-License-Identifier: Apache-2.0 */
/* Batches through the real skeleton: octets in, octets out, the store in memory. */
#include <stdio.h>
#include <string.h>

#include "fake_store.h"
#include "fake_world.h"
#include "svc/svc_test.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

struct stage {
	struct fake_world *world;
	struct svc_test *test;
	struct svc_service service;
	struct policy_submitted submitted;
};

static void
stage_begin(struct stage *stage, struct fake_world *world)
{
	*stage = (struct stage){ .world = world };
	stage->service = (struct svc_service){
		.name = "policy",
		.mode = SVC_BATCH,
		.self = &world->policy,
		.routes = policy_routes,
		.load = store_load_cases,
		.save = store_save_cases,
		.share = policy_share,
		.decided = policy_decided,
	};
	fake_store_reset();
	fake_store_config(&world->config);
	world->now_ms = FAKE_NOW;
	stage->test = svc_test_new(&stage->service, FAKE_NOW);
	stage->submitted = fake_request(world, "alice@alpha.example", "");
}

static void
run(struct stage *stage, const struct svc_test_event *events, size_t n)
{
	svc_test_set_time(stage->test, stage->world->now_ms);
	svc_test_run(stage->test, events, n);
}

static void
run_one(struct stage *stage, const char *id, const char *subject, struct cs_span body)
{
	run(stage, &(struct svc_test_event){ .id = id, .subject = subject, .body = body }, 1);
}

static void
run_clock(struct stage *stage, const char *id)
{
	run(stage,
	    &(struct svc_test_event){
		.id = id, .subject = "clock.plan-due", .key = stage->submitted.request.id },
	    1);
}

static struct policy_plan
row(const struct stage *stage)
{
	return fake_store_plan(stage->submitted.request.id, stage->world->arena);
}

/* The i-th plan that was published, its signature verified. */
static struct claim_plan
published(const struct stage *stage, const char *subject, size_t i)
{
	const struct svc_test_out *out = svc_test_out(stage->test, subject, i);
	struct claim_plan plan;
	struct cs_err err = { 0 };

	if (out == NULL)
		fail_msg("no %s number %zu", subject, i);
	assert_true(cs_id_equal(out->key, stage->submitted.request.id));
	if (claim_open_plan(stage->world->arena, stage->world->policy.trust, out->body,
		stage->world->now_ms, &plan, &err))
		fail_msg("%s: %s", subject, err.text);
	return plan;
}

static struct claim_asked
asked(const struct stage *stage, const char *subject, size_t i)
{
	const struct svc_test_out *out = svc_test_out(stage->test, subject, i);
	struct claim_asked asked;
	struct cs_err err = { 0 };

	if (out == NULL)
		fail_msg("no %s number %zu", subject, i);
	if (claim_read_asked(stage->world->arena, out->body, &asked, &err))
		fail_msg("%s: %s", subject, err.text);
	return asked;
}

/* What a validator answers to the i-th question of this subject. */
static struct policy_evidence
answer(struct stage *stage, const char *subject, size_t i, enum claim_outcome outcome)
{
	const struct claim_asked question = asked(stage, subject, i);

	return fake_evidence(stage->world, &stage->submitted.request, &question.check,
	    question.check.attempt, outcome);
}

/* A length-delimited field, written and read by hand: the bus knows numbers, not names. */
static void
put_field(struct cs_buf *buf, unsigned number, const void *octets, size_t len)
{
	const uint8_t head[] = { (uint8_t)(number << 3 | 2), (uint8_t)len };

	cs_assert(number < 16 && len < 128);
	cs_buf_add(buf, head, 2);
	cs_buf_add(buf, octets, len);
}

static struct cs_buf
put_request_id(const struct stage *stage)
{
	struct cs_buf buf = cs_buf_new(stage->world->arena);

	put_field(&buf, 1, stage->submitted.request.id.octets, 16);
	return buf;
}

static struct cs_span
verification_asked(const struct stage *stage, const char *check_id)
{
	struct cs_buf buf = put_request_id(stage);

	put_field(&buf, 2, check_id, strlen(check_id));
	put_field(&buf, 3, "demo", 4);
	put_field(&buf, 4, "alice", 5);
	return cs_buf_span(&buf);
}

/* certificate.issued, .refused and .stopped, request.cancelled: the request id is all we need. */
static struct cs_span
end_of_request(const struct stage *stage)
{
	struct cs_buf buf = put_request_id(stage);

	return cs_buf_span(&buf);
}

static uint64_t
read_varint(struct cs_span *rest)
{
	uint64_t value = 0;

	for (unsigned shift = 0; rest->len > 0 && shift < 64; shift += 7) {
		uint8_t octet = *rest->data++;

		rest->len--;
		value |= (uint64_t)(octet & 0x7f) << shift;
		if (octet < 0x80)
			break;
	}
	return value;
}

/* A text field of plan.refused; "" when it is not there. */
static const char *
refusal(const struct stage *stage, unsigned number)
{
	const struct svc_test_out *out = svc_test_out(stage->test, "plan.refused", 0);

	assert_non_null(out);
	for (struct cs_span rest = out->body; rest.len > 0;) {
		uint64_t tag = read_varint(&rest), value = read_varint(&rest);

		if ((tag & 7) != 2)
			continue;
		assert_true(value <= rest.len);
		if (tag >> 3 == number)
			return cs_arena_strndup(
			    stage->world->arena, (const char *)rest.data, value);
		rest = cs_span_of(rest.data + value, rest.len - value);
	}
	return "";
}

/* Field numbers of PlanRefused. */
enum { CODE = 2, FIELD = 3, CLAUSE = 4, TEXT = 5, MEND = 6, CONTACT = 8, CHECK_ID = 9 };

/* ---- the usual way ---- */

static void
a_request_goes_its_whole_way(void **state)
{
	struct stage stage;

	stage_begin(&stage, *state);
	run_one(&stage, "e1", "request.submitted", stage.submitted.envelope);
	assert_false(published(&stage, "plan.made", 0).final);
	struct policy_evidence evidence = answer(&stage, "plan.mailbox-asked", 0, CLAIM_PROVED);

	run_one(&stage, "e2", "evidence.mailbox", evidence.envelope);
	run_one(&stage, "e3", "request.verification-asked", verification_asked(&stage, "caa-1"));
	evidence = answer(&stage, "plan.caa-asked", 0, CLAIM_PROVED);
	run_one(&stage, "e4", "evidence.caa", evidence.envelope);
	run_one(&stage, "e5", "request.generation-approved",
	    fake_approval(stage.world, &stage.submitted.request).envelope);
	const struct claim_plan final = published(&stage, "plan.final", 0);

	assert_true(final.final);
	assert_true(fake_check(&final, "caa-1")->has_standing);
	assert_int_equal(svc_test_count(stage.test, "plan.mpic-asked"), 1);
	evidence = answer(&stage, "plan.mpic-asked", 0, CLAIM_PROVED);
	run_one(&stage, "e6", "evidence.mpic", evidence.envelope);
	assert_int_equal(svc_test_count(stage.test, "plan.final"), 1);
	run_one(&stage, "e7", "certificate.issued", end_of_request(&stage));
	assert_int_equal(row(&stage).state, POLICY_ENDED);
	assert_int_equal(svc_test_count(stage.test, "plan.refused"), 0);
	assert_int_equal(svc_test_count(stage.test, "plan.domain-settled"), 0); /* none was asked */
	svc_test_free(stage.test);
}

/* The i-th final plan that was published, taken apart. */
static struct claim_case
published_case(const struct stage *stage, size_t i)
{
	const struct svc_test_out *out = svc_test_out(stage->test, "plan.final", i);
	struct claim_case c;

	assert_non_null(out);
	assert_int_equal(claim_take_apart(stage->world->arena, out->body, &c, NULL), CS_OK);
	return c;
}

static void
a_final_plan_encloses_what_it_rests_on(void **state)
{
	struct stage stage;

	stage_begin(&stage, *state);
	const struct policy_approved approved =
	    fake_approval(stage.world, &stage.submitted.request);

	run_one(&stage, "e1", "request.submitted", stage.submitted.envelope);
	const struct policy_evidence evidence =
	    answer(&stage, "plan.mailbox-asked", 0, CLAIM_PROVED);
	run_one(&stage, "e2", "evidence.mailbox", evidence.envelope);
	run_one(&stage, "e3", "request.generation-approved", approved.envelope);
	const struct claim_case c = published_case(&stage, 0);

	assert_true(cs_span_equal(c.request, stage.submitted.envelope));
	assert_true(cs_span_equal(c.approval, approved.envelope));
	/* What is kept is the plan alone. */
	assert_true(cs_span_equal(c.plan, row(&stage).plan_envelope));
	svc_test_free(stage.test);
}

/* A second request for what the first one proved. */
static void
submit_at_once(struct stage *stage, const struct claim_key *key)
{
	run_one(stage, "e1", "request.submitted", stage->submitted.envelope);
	const struct policy_evidence evidence =
	    answer(stage, "plan.mailbox-asked", 0, CLAIM_PROVED);

	run_one(stage, "e2", "evidence.mailbox", evidence.envelope);
	stage->submitted = fake_request(stage->world, "alice@alpha.example", "");
	stage->submitted.request.approved_factor = "api-token";
	fake_reseal(stage->world, &stage->submitted);
	stage->submitted.envelope =
	    claim_seal_request(stage->world->arena, key, &stage->submitted.request);
	run_one(stage, "e3", "request.submitted", stage->submitted.envelope);
	assert_true(svc_test_acked(stage->test, "e3"));
}

static void
a_request_that_is_approved_in_itself_goes_a_short_way(void **state)
{
	struct stage stage;

	stage_begin(&stage, *state);
	submit_at_once(&stage, stage.world->others);
	const struct claim_case c = published_case(&stage, 0);

	assert_true(cs_span_equal(c.request, stage.submitted.envelope));
	assert_true(cs_span_equal(c.approval, stage.submitted.envelope));
	assert_int_equal(svc_test_count(stage.test, "plan.made"), 1); /* of the first one */
	run_one(&stage, "e4", "certificate.issued", end_of_request(&stage));
	assert_int_equal(row(&stage).state, POLICY_ENDED);
	svc_test_free(stage.test);
}

/* Nobody approved again: the request that was approved in vain is no approval of what was proved since. */
static void
a_request_is_no_approval_by_being_sent_again(void **state)
{
	struct stage stage;

	stage_begin(&stage, *state);
	stage.submitted.request.approved_factor = "api-token";
	fake_reseal(stage.world, &stage.submitted);
	run_one(&stage, "e1", "request.submitted", stage.submitted.envelope);
	const struct policy_evidence evidence =
	    answer(&stage, "plan.mailbox-asked", 0, CLAIM_PROVED);

	run_one(&stage, "e2", "evidence.mailbox", evidence.envelope);
	run_one(&stage, "again", "request.generation-approved", stage.submitted.envelope);
	assert_false(svc_test_acked(stage.test, "again"));
	assert_int_equal(svc_test_count(stage.test, "plan.final"), 0);
	assert_int_equal(row(&stage).state, POLICY_MADE);
	svc_test_free(stage.test);
}

/* The signer takes nothing by a key that was retired since: the person hears of it at once. */
static void
a_request_by_a_retired_key_is_refused_when_it_is_approved(void **state)
{
	struct stage stage;

	stage_begin(&stage, *state);
	stage.submitted.envelope =
	    claim_seal_request(stage.world->arena, stage.world->asker, &stage.submitted.request);
	run_one(&stage, "e1", "request.submitted", stage.submitted.envelope);
	const struct policy_evidence evidence =
	    answer(&stage, "plan.mailbox-asked", 0, CLAIM_PROVED);

	run_one(&stage, "e2", "evidence.mailbox", evidence.envelope);
	stage.world->now_ms = FAKE_NOW + CS_DAY_MS + 1;
	run_one(&stage, "e3", "request.generation-approved",
	    fake_approval(stage.world, &stage.submitted.request).envelope);
	assert_string_equal(refusal(&stage, CODE), "statement-retired");
	assert_int_equal(svc_test_count(stage.test, "plan.final"), 0);
	assert_int_equal(svc_test_count(stage.test, "plan.caa-asked"), 0);
	assert_int_equal(row(&stage).state, POLICY_REFUSED);
	svc_test_free(stage.test);
}

/* Its key may state requests and no approvals. */
static void
who_may_not_approve_does_not_approve_in_a_request(void **state)
{
	struct stage stage;

	stage_begin(&stage, *state);
	submit_at_once(&stage, stage.world->asker);
	assert_int_equal(svc_test_count(stage.test, "plan.final"), 0);
	assert_int_equal(svc_test_count(stage.test, "plan.made"), 2);
	svc_test_free(stage.test);
}

static void
whatever_ends_a_request_ends_its_plan(void **state)
{
	static const char *const subjects[] = { "request.cancelled", "certificate.issued",
		"certificate.refused", "certificate.stopped" };

	for (size_t i = 0; i < LEN(subjects); i++) {
		struct stage stage;

		stage_begin(&stage, *state);
		run_one(&stage, "end", subjects[i], end_of_request(&stage));
		assert_true(svc_test_acked(stage.test, "end"));
		assert_int_equal(row(&stage).state, POLICY_ENDED);
		/* It came before its request: nothing is planned any more. */
		run_one(&stage, "late", "request.submitted", stage.submitted.envelope);
		assert_int_equal(svc_test_count(stage.test, "plan.made"), 0);
		svc_test_free(stage.test);
	}
}

static void
a_domain_is_proved_by_what_its_validator_and_the_perspectives_say(void **state)
{
	struct fake_world *world = *state;
	struct stage stage;

	world->config.profile.validation = POLICY_DOMAIN;
	world->config.assigned = fake_texts(world, "*@alpha.example");
	stage_begin(&stage, world);
	run_one(&stage, "e1", "request.submitted", stage.submitted.envelope);
	const struct claim_asked question = asked(&stage, "plan.domain-asked", 0);

	assert_int_equal(question.check.allowed_methods.n, 8);
	const struct policy_evidence domain =
	    fake_domain(world, &stage.submitted.request, &question.check, "http-file", "random");
	const struct policy_evidence mpic = fake_corroboration(world, &domain);

	/* The perspectives' evidence comes by another lane consumer, and first. */
	run_one(&stage, "e2", "evidence.mpic", mpic.envelope);
	run_one(&stage, "e3", "request.generation-approved",
	    fake_approval(world, &stage.submitted.request).envelope);
	assert_int_equal(svc_test_count(stage.test, "plan.final"), 0);
	run_one(&stage, "e4", "evidence.domain", domain.envelope);
	const struct claim_plan final = published(&stage, "plan.final", 0);

	assert_string_equal(fake_check(&final, "domain-1")->method, "http-file");
	assert_true(cs_span_is(fake_check(&final, "domain-1")->expected, "random"));
	assert_true(fake_check(&final, "mpic-domain-1")->has_standing);
	/* Only now it is known which method CAA must permit, and its check is another one. */
	const struct claim_check *caa = fake_check(&final, "caa-1");

	assert_true(cs_span_is(caa->expected,
	    "issuers=ca.countersign.example,ca2.example account=acct:demo@ca.countersign.example"
	    " methods=http-file"));
	assert_true(cs_span_equal(fake_check(&final, "mpic-caa-1")->expected, caa->expected));
	const struct claim_plan made = published(&stage, "plan.made", 0);

	assert_memory_not_equal(fake_check(&made, "caa-1")->digest, caa->digest, CLAIM_DIGEST);
	svc_test_free(stage.test);
}

/* Whose look is asked for is told when no look can help any more, once; who knows of a proof knows already. */
/* A check that a revision leaves out may come back; then nobody would start the search again. */
static void
only_a_plan_that_is_over_settles_its_domains(void **state)
{
	struct claim_check check = { .kind = CLAIM_DOMAIN };
	struct policy_progress progress = { .attempt = 1 };
	const struct policy_plan was = { .state = POLICY_MADE,
		.plan = { .checks = &check, .n_checks = 1 },
		.progress = &progress };
	struct policy_plan is = { .state = POLICY_MADE };

	(void)state;
	assert_false(policy_settles_domains(&was, &is));
	is.state = POLICY_REFUSED;
	assert_true(policy_settles_domains(&was, &is));
	assert_false(policy_settles_domains(&is, &is));
	progress.outcome = CLAIM_PROVED;
	assert_false(policy_settles_domains(&was, &is));
}

static void
the_validator_of_domains_is_told_when_it_may_stop(void **state)
{
	struct fake_world *world = *state;

	world->config.profile.validation = POLICY_DOMAIN;
	world->config.assigned = fake_texts(world, "*@alpha.example");
	for (int proved = 0; proved < 2; proved++) {
		struct stage stage;

		stage_begin(&stage, world);
		run_one(&stage, "e1", "request.submitted", stage.submitted.envelope);
		const struct claim_asked question = asked(&stage, "plan.domain-asked", 0);
		const struct policy_evidence domain = fake_domain(
		    world, &stage.submitted.request, &question.check, "http-file", "random");

		if (proved)
			run_one(&stage, "e2", "evidence.domain", domain.envelope);
		assert_int_equal(svc_test_count(stage.test, "plan.domain-settled"), 0);
		run_one(&stage, "e3", "request.cancelled", end_of_request(&stage));
		run_one(&stage, "e4", "certificate.stopped", end_of_request(&stage));
		assert_int_equal(svc_test_count(stage.test, "plan.domain-settled"), !proved);
		svc_test_free(stage.test);
	}
}

static void
a_final_plan_settles_what_was_asked_for(void **state)
{
	struct fake_world *world = *state;
	struct stage stage;

	world->config.profile.validation = POLICY_DOMAIN;
	world->config.assigned = fake_texts(world, "*@alpha.example");
	stage_begin(&stage, world);
	run_one(&stage, "e1", "request.submitted", stage.submitted.envelope);
	const struct claim_asked question = asked(&stage, "plan.domain-asked", 0);
	const struct policy_evidence domain =
	    fake_domain(world, &stage.submitted.request, &question.check, "http-file", "random");

	run_one(&stage, "e2", "request.generation-approved",
	    fake_approval(world, &stage.submitted.request).envelope);
	run_one(&stage, "e3", "evidence.mpic", fake_corroboration(world, &domain).envelope);
	assert_int_equal(svc_test_count(stage.test, "plan.domain-settled"), 0); /* it waits */
	run_one(&stage, "e4", "evidence.domain", domain.envelope);
	assert_int_equal(svc_test_count(stage.test, "plan.final"), 1);
	const struct svc_test_out *told = svc_test_out(stage.test, "plan.domain-settled", 0);

	assert_non_null(told);
	assert_non_null(memmem(told->body.data, told->body.len, stage.submitted.request.id.octets,
	    sizeof(stage.submitted.request.id.octets)));
	run_one(&stage, "e5", "certificate.issued", end_of_request(&stage));
	assert_int_equal(svc_test_count(stage.test, "plan.domain-settled"), 1);
	svc_test_free(stage.test);
}

/* bob's wish for the same domain; what a look at it says, and the perspectives. */
static struct policy_submitted
of_bob(struct fake_world *world)
{
	struct policy_submitted submitted =
	    fake_request(world, "bob@alpha.example", "alpha.example");

	submitted.request.account = "bob";
	fake_reseal(world, &submitted);
	return submitted;
}

static struct policy_evidence
looked_at(struct fake_world *world, const struct policy_submitted *of)
{
	const struct claim_plan plan = fake_store_plan(of->request.id, world->arena).plan;

	return fake_domain(world, &of->request, fake_check(&plan, "domain-1"), "dns-txt", "random");
}

/* Two proofs in one batch: the first binds the domain, everybody hears of it, and the second is nobody's. */
static void
a_domain_is_bound_once_and_everybody_hears_of_it(void **state)
{
	struct fake_world *world = *state;
	struct stage stage;

	world->config.profile.validation = POLICY_DOMAIN;
	world->config.assigned = fake_texts(world, "*@alpha.example");
	world->config.domain_mode = POLICY_DOMAINS_ANY_OWNED;
	stage_begin(&stage, world);
	const struct policy_submitted bob = of_bob(world);

	run_one(&stage, "e1", "request.submitted", stage.submitted.envelope);
	run_one(&stage, "e2", "request.submitted", bob.envelope);
	const struct policy_evidence hers = looked_at(world, &stage.submitted),
				     his = looked_at(world, &bob),
				     hers_too = fake_corroboration(world, &hers),
				     his_too = fake_corroboration(world, &his);
	const struct svc_test_event proofs[] = {
		{ .id = "p1", .subject = "evidence.domain", .body = hers.envelope },
		{ .id = "p2", .subject = "evidence.domain", .body = his.envelope },
		{ .id = "p3", .subject = "evidence.mpic", .body = hers_too.envelope },
		{ .id = "p4", .subject = "evidence.mpic", .body = his_too.envelope },
	};

	svc_test_run(stage.test, proofs, 4);
	assert_string_equal(fake_store_owner("alpha.example"), "alice");
	assert_int_equal(svc_test_count(stage.test, "config.ownership"), 1);
	const struct svc_test_out *told = svc_test_out(stage.test, "config.ownership", 0);

	assert_non_null(memmem(told->body.data, told->body.len, "{\"person\":\"alice\"}", 18));
	run_one(&stage, "a2", "request.generation-approved",
	    fake_approval(world, &bob.request).envelope);
	assert_int_equal(svc_test_count(stage.test, "plan.refused"), 1);
	run_one(&stage, "a1", "request.generation-approved",
	    fake_approval(world, &stage.submitted.request).envelope);
	assert_int_equal(svc_test_count(stage.test, "plan.final"), 1);
	assert_int_equal(svc_test_count(stage.test, "config.ownership"), 1);
	svc_test_free(stage.test);
}

static void
a_refusal_says_field_clause_text_and_mend(void **state)
{
	struct fake_world *world = *state;
	struct stage stage;

	world->config.profile.validation = POLICY_DOMAIN; /* and nothing is assigned */
	stage_begin(&stage, world);
	run_one(&stage, "e1", "request.submitted", stage.submitted.envelope);

	assert_string_equal(refusal(&stage, CODE), "mailbox-not-assigned");
	assert_string_equal(refusal(&stage, FIELD), "mailboxes[0]");
	assert_string_equal(refusal(&stage, CLAUSE), "SBR 1.3.2.1");
	assert_string_not_equal(refusal(&stage, TEXT), "");
	assert_string_not_equal(refusal(&stage, MEND), "");
	assert_string_equal(refusal(&stage, CONTACT), "alice@alpha.example");
	assert_int_equal(svc_test_count(stage.test, "plan.made"), 0);
	assert_int_equal(svc_test_count(stage.test, "plan.domain-asked"), 0);
	svc_test_free(stage.test);
}

/* ---- any order ---- */

/* Four facts of one flow; the first plan's question is known, so all can be made beforehand. */
#define FACTS 5

static void
make_facts(struct stage *stage, struct svc_test_event facts[static FACTS])
{
	const struct claim_request *request = &stage->submitted.request;
	struct claim_plan plan = { 0 };

	policy_checks_make(&stage->world->policy.rules, &stage->world->config, request,
	    &(struct policy_identified){ .organization = NULL }, FAKE_NOW, stage->world->arena,
	    &plan.checks, &plan.n_checks);
	const struct policy_evidence mailbox =
	    fake_evidence(stage->world, request, fake_check(&plan, "mailbox-1"), 1, CLAIM_PROVED);
	/* Of an attempt that no plan names any more, or names not yet. */
	const struct policy_evidence stray = fake_evidence(
	    stage->world, request, fake_check(&plan, "caa-1"), 7, CLAIM_COULD_NOT_TELL);

	facts[0] = (struct svc_test_event){ "submitted", "request.submitted",
		stage->submitted.envelope, request->id, NULL };
	facts[1] = (struct svc_test_event){ "approved", "request.generation-approved",
		fake_approval(stage->world, request).envelope, request->id, NULL };
	facts[2] = (struct svc_test_event){ "mailbox", "evidence.mailbox", mailbox.envelope,
		request->id, NULL };
	facts[3] = (struct svc_test_event){ "mailbox again", "evidence.mailbox", mailbox.envelope,
		request->id, NULL };
	facts[4] =
	    (struct svc_test_event){ "stray", "evidence.caa", stray.envelope, request->id, NULL };
}

/* The n-th order of the facts. */
static void
arrange(struct svc_test_event facts[static FACTS], unsigned n)
{
	for (unsigned i = FACTS; i > 1; i--) {
		unsigned k = n % i;
		struct svc_test_event moved = facts[i - 1];

		n /= i;
		facts[i - 1] = facts[k];
		facts[k] = moved;
	}
}

static void
expect_one_final_plan(struct stage *stage, const char *how, unsigned order)
{
	struct policy_plan plan = row(stage);

	if (plan.state != POLICY_FINAL || svc_test_count(stage->test, "plan.final") != 1 ||
	    svc_test_count(stage->test, "plan.refused") != 0 ||
	    svc_test_count(stage->test, "plan.caa-asked") != 1 ||
	    svc_test_count(stage->test, "plan.mpic-asked") != 1 || fake_store_proofs() != 1)
		fail_msg("order %u, %s: state %s, %zu final plans, %zu refusals, %zu proofs", order,
		    how, policy_state_name(plan.state), svc_test_count(stage->test, "plan.final"),
		    svc_test_count(stage->test, "plan.refused"), fake_store_proofs());
}

static void
every_order_of_arrival_ends_in_the_same_final_plan(void **state)
{
	struct fake_world *world = *state;

	for (unsigned order = 0; order < 120; order++) {
		for (int batched = 0; batched < 2; batched++) {
			struct svc_test_event facts[FACTS];
			struct stage stage;

			stage_begin(&stage, world);
			make_facts(&stage, facts);
			arrange(facts, order);
			for (size_t i = 0; i < FACTS && !batched; i++)
				run(&stage, &facts[i], 1);
			if (batched)
				run(&stage, facts, FACTS);
			run_clock(&stage, "clock");
			expect_one_final_plan(&stage, batched ? "one batch" : "singly", order);
			/* And once more, all of it. */
			run(&stage, facts, FACTS);
			expect_one_final_plan(&stage, "again", order);
			svc_test_free(stage.test);
		}
	}
}

/* ---- what does not get in ---- */

static void
expect_not_read(struct stage *stage, const char *id, const char *subject, struct cs_span body)
{
	run_one(stage, id, subject, body);
	if (svc_test_acked(stage->test, id))
		fail_msg("%s was handled", id);
}

static void
statements_that_nobody_may_make_are_not_read(void **state)
{
	struct stage stage;

	stage_begin(&stage, *state);
	run_one(&stage, "e1", "request.submitted", stage.submitted.envelope);
	struct fake_world *world = stage.world;
	const struct claim_asked question = asked(&stage, "plan.mailbox-asked", 0);
	struct policy_evidence proof =
	    fake_evidence(world, &stage.submitted.request, &question.check, 1, CLAIM_PROVED);
	struct policy_approved approved = fake_approval(world, &stage.submitted.request);

	expect_not_read(&stage, "evidence by a stranger", "evidence.mailbox",
	    claim_seal_evidence(world->arena, world->stranger, &proof.evidence));
	expect_not_read(&stage, "evidence by policy itself", "evidence.mailbox",
	    claim_seal_evidence(world->arena, world->policy.key, &proof.evidence));
	expect_not_read(&stage, "evidence on another subject", "evidence.caa", proof.envelope);
	expect_not_read(&stage, "approval by a stranger", "request.generation-approved",
	    claim_seal_approval(world->arena, world->stranger, &approved.approval));
	expect_not_read(&stage, "request by a stranger", "request.submitted",
	    claim_seal_request(world->arena, world->stranger, &stage.submitted.request));
	expect_not_read(&stage, "a request as an approval", "request.generation-approved",
	    stage.submitted.envelope);
	uint8_t *bent = (uint8_t *)(uintptr_t)cs_arena_copy_span(world->arena, proof.envelope).data;

	bent[proof.envelope.len / 2] ^= 1;
	expect_not_read(
	    &stage, "one bit changed", "evidence.mailbox", cs_span_of(bent, proof.envelope.len));
	expect_not_read(&stage, "nothing", "request.verification-asked", cs_span_str(""));
	expect_not_read(&stage, "noise", "certificate.issued", cs_span_str("\xff\xff"));
	assert_int_equal(fake_store_proofs(), 0);
	assert_int_equal(row(&stage).state, POLICY_MADE);
	svc_test_free(stage.test);
}

static void
a_poisoned_request_hurts_no_neighbour(void **state)
{
	struct stage stage;

	stage_begin(&stage, *state);
	const struct policy_submitted other = fake_request(stage.world, "bob@alpha.example", "");
	const struct svc_test_event events[] = {
		{ .id = "e1", .subject = "request.submitted", .body = stage.submitted.envelope },
		{ .id = "e2", .subject = "request.submitted", .body = other.envelope },
	};

	fake_store_reject(stage.submitted.request.id);
	run(&stage, events, 2);
	assert_false(svc_test_acked(stage.test, "e1"));
	assert_true(svc_test_acked(stage.test, "e2"));
	assert_int_equal(svc_test_count(stage.test, "plan.made"), 1);
	svc_test_free(stage.test);
}

/* ---- the clock ---- */

static void
an_attempt_that_nobody_answers_is_asked_again(void **state)
{
	struct stage stage;
	struct svc_test_event facts[FACTS];

	stage_begin(&stage, *state);
	make_facts(&stage, facts);
	run(&stage, facts, FACTS);
	run_clock(&stage, "too early");
	assert_int_equal(svc_test_count(stage.test, "plan.caa-asked"), 1);
	stage.world->now_ms = FAKE_NOW + CS_MINUTE_MS;
	run_clock(&stage, "due");
	assert_int_equal(svc_test_count(stage.test, "plan.caa-asked"), 2);
	assert_int_equal(asked(&stage, "plan.caa-asked", 1).check.attempt, 2);
	assert_int_equal(published(&stage, "plan.final", 1).revision, 3);
	/* The answer to it is a no. */
	const struct policy_evidence no = answer(&stage, "plan.caa-asked", 1, CLAIM_REFUSED);

	run_one(&stage, "no", "evidence.caa", no.envelope);

	assert_string_equal(refusal(&stage, CODE), "caa-not-authorized");
	assert_string_equal(refusal(&stage, CHECK_ID), "caa-1");
	stage.world->now_ms += CS_DAY_MS;
	run_clock(&stage, "a day later");
	assert_int_equal(row(&stage).state, POLICY_ENDED);
	svc_test_free(stage.test);
}

static void
a_second_request_uses_what_stands(void **state)
{
	struct stage stage;
	struct svc_test_event facts[FACTS];

	stage_begin(&stage, *state);
	make_facts(&stage, facts);
	run(&stage, facts, FACTS);
	struct policy_evidence yes = answer(&stage, "plan.caa-asked", 0, CLAIM_PROVED);

	run_one(&stage, "caa", "evidence.caa", yes.envelope);
	stage.submitted = fake_request(stage.world, "alice@alpha.example", "");
	run_one(&stage, "second", "request.submitted", stage.submitted.envelope);
	assert_int_equal(svc_test_count(stage.test, "plan.mailbox-asked"), 1);
	const struct claim_plan plan = published(&stage, "plan.made", 1);

	assert_true(fake_check(&plan, "mailbox-1")->has_standing);
	assert_true(fake_check(&plan, "caa-1")->has_standing);
	assert_false(fake_check(&plan, "mpic-caa-1")->has_standing);
	svc_test_free(stage.test);
}

/* ---- size ---- */

/* `n` names of the greatest length under one registered domain, each other than the others. */
static const char *
long_names(struct fake_world *world, const char *local, size_t n, size_t domain_len)
{
	struct cs_buf buf = cs_buf_new(world->arena);

	for (size_t i = 0; i < n; i++) {
		struct cs_buf domain = cs_buf_new(world->arena);

		cs_buf_printf(&domain, "d%zu", i);
		while (domain.len + strlen(".alpha.example") < domain_len)
			cs_buf_add_str(
			    &domain, domain.len % 40 == 39 &&
					     domain.len + strlen(".alpha.example") + 1 < domain_len
					 ? "."
					 : "x");
		cs_buf_printf(
		    &buf, "%s%s.alpha.example,", local, (const char *)cs_buf_span(&domain).data);
	}
	return (const char *)cs_buf_span(&buf).data;
}

static struct policy_submitted
largest_request(struct fake_world *world)
{
	static const char local[] =
	    "llllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllll@";
	const size_t domain_len = 254 - strlen(local);
	char *name = cs_arena_alloc(world->arena, 129);
	struct policy_submitted made = fake_request(
	    world, long_names(world, local, 10, domain_len), long_names(world, "", 10, domain_len));

	made.request.account = memset(name, 'a', 128);
	made.request.enterprise = "an-enterprise-with-the-longest-name-that-the-table-takes-xxxxx";
	fake_reseal(world, &made);
	return made;
}

static void
the_largest_plan_fits_an_event(void **state)
{
	struct fake_world *world = *state;
	struct stage stage;
	char *issuer = cs_arena_alloc(world->arena, POLICY_MAX_ISSUER_OCTETS + 2);

	/* As long as the settings allow, and the account's name with the longest of them. */
	(void)snprintf(issuer, POLICY_MAX_ISSUER_OCTETS + 2, "%s", long_names(world, "", 2, 253));
	world->policy.rules.issuer_domains = fake_texts(world, issuer);
	world->config.profile.validation = POLICY_BOTH;
	stage_begin(&stage, world);
	stage.submitted = largest_request(world);
	run_one(&stage, "e1", "request.submitted", stage.submitted.envelope);
	assert_true(svc_test_acked(stage.test, "e1"));
	const struct claim_plan plan = published(&stage, "plan.made", 0);

	assert_int_equal(plan.n_checks, 50);
	print_message(
	    "largest plan: %zu octets\n", svc_test_out(stage.test, "plan.made", 0)->body.len);
	svc_test_free(stage.test);
}

/* Nobody proves names in vain: what would not fit when it is final is refused before. */
static void
a_first_plan_leaves_room_for_the_final_one(void **state)
{
	struct fake_world *world = *state;
	char *issuer = cs_arena_alloc(world->arena, POLICY_MAX_ISSUER_OCTETS + 2);
	uint8_t *csr = cs_arena_alloc(world->arena, 16384);

	memset(csr, 0x30, 16384);
	(void)snprintf(issuer, POLICY_MAX_ISSUER_OCTETS + 2, "%s", long_names(world, "", 2, 253));
	world->policy.rules.issuer_domains = fake_texts(world, issuer);
	world->config.profile.validation = POLICY_BOTH;
	for (size_t len = 16384; len >= 128; len = len == 16384 ? 1200 : 0) {
		struct stage stage;

		stage_begin(&stage, world);
		stage.submitted = largest_request(world);
		stage.submitted.request.csr = cs_span_of(csr, len);
		fake_reseal(world, &stage.submitted);
		run_one(&stage, "e1", "request.submitted", stage.submitted.envelope);
		assert_int_equal(svc_test_count(stage.test, "plan.made"), len == 1200);
		if (len > 1200)
			assert_string_equal(refusal(&stage, CODE), "too-many-names");
		svc_test_free(stage.test);
	}
}

static void
a_plan_that_does_not_fit_is_refused(void **state)
{
	struct fake_world *world = *state;
	struct stage stage;

	/* The settings allow no such number of names: this is the second lock. */
	world->policy.rules.issuer_domains = fake_texts(world, long_names(world, "", 10, 240));
	world->config.profile.validation = POLICY_BOTH;
	stage_begin(&stage, world);
	stage.submitted = largest_request(world);
	run_one(&stage, "e1", "request.submitted", stage.submitted.envelope);

	assert_string_equal(refusal(&stage, CODE), "too-many-names");
	assert_int_equal(svc_test_count(stage.test, "plan.made"), 0);
	assert_int_equal(svc_test_count(stage.test, "plan.mailbox-asked"), 0);
	assert_int_equal(row(&stage).state, POLICY_REFUSED);
	svc_test_free(stage.test);
}

int
main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, fake_world_setup, fake_world_teardown)
	const struct CMUnitTest tests[] = {
		CASE(a_request_goes_its_whole_way),
		CASE(a_final_plan_encloses_what_it_rests_on),
		CASE(a_request_that_is_approved_in_itself_goes_a_short_way),
		CASE(who_may_not_approve_does_not_approve_in_a_request),
		CASE(a_request_is_no_approval_by_being_sent_again),
		CASE(a_request_by_a_retired_key_is_refused_when_it_is_approved),
		CASE(a_first_plan_leaves_room_for_the_final_one),
		CASE(whatever_ends_a_request_ends_its_plan),
		CASE(a_domain_is_proved_by_what_its_validator_and_the_perspectives_say),
		CASE(only_a_plan_that_is_over_settles_its_domains),
		CASE(the_validator_of_domains_is_told_when_it_may_stop),
		CASE(a_final_plan_settles_what_was_asked_for),
		CASE(a_domain_is_bound_once_and_everybody_hears_of_it),
		CASE(a_refusal_says_field_clause_text_and_mend),
		CASE(every_order_of_arrival_ends_in_the_same_final_plan),
		CASE(statements_that_nobody_may_make_are_not_read),
		CASE(a_poisoned_request_hurts_no_neighbour),
		CASE(an_attempt_that_nobody_answers_is_asked_again),
		CASE(a_second_request_uses_what_stands),
		CASE(the_largest_plan_fits_an_event),
		CASE(a_plan_that_does_not_fit_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
