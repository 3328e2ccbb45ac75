/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates that name an organization or a person: which records count, and what is stated of them. */
#include <string.h>

#include "../config_identity.h"
#include "../config_rights.h"
#include "fake_store.h"
#include "fake_world.h"
#include "svc/svc_test.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))
#define LIFE (825 * CS_DAY_MS)
#define UNTIL (FAKE_NOW + POLICY_FINAL_MS + POLICY_MARGIN_MS)
#define ACME "organizationName=Acme AG\norganizationIdentifier=NTRCH-CHE123456789\n"
#define ANN "givenName=Ann\nsurname=Ng\n"

/* The records of demo and its alice; a test changes one thing. */
static struct policy_identity records[4];
static size_t n_records;
enum { ORGANIZATION, AUTHORITY, INDIVIDUAL, ANOTHER };

static struct policy_identity
record(enum claim_kind kind, const char *account, const char *attributes, const char *method)
{
	struct policy_identity made = {
		.kind = kind,
		.enterprise = "demo",
		.account = account,
		.attributes = cs_span_str(attributes),
		.method = method,
		.source = "register of Bern, 4711",
		.verified_by = "vera",
		.approved_by = "otto",
		.verified_at_ms = FAKE_NOW - 400 * CS_DAY_MS,
	};

	memset(made.id.octets, 0x60 + (int)kind, sizeof(made.id.octets));
	return made;
}

static void
identify(struct fake_world *world, const char *certificate_profile)
{
	records[ORGANIZATION] = record(CLAIM_ORGANIZATION, "", ACME, "register");
	records[AUTHORITY] = record(CLAIM_AUTHORITY, "", ACME, "reliable-contact");
	records[INDIVIDUAL] = record(CLAIM_INDIVIDUAL, "alice", ANN, "id-document");
	n_records = 3;
	world->config.profile.certificate_profile = certificate_profile;
	world->config.profile.validation = POLICY_DOMAIN;
	world->config.assigned = fake_texts(world, "*@alpha.example");
}

static void
give(struct fake_world *world)
{
	world->config.identities = (struct policy_identities){ records, n_records };
}

/* ---- which records count ---- */

#define CHANGE(name, ...)      \
	static void name(void) \
	{                      \
		__VA_ARGS__;   \
	}
#define R records
CHANGE(nothing, (void)0)
CHANGE(none, n_records = 0)
CHANGE(no_organization, R[ORGANIZATION].enterprise = "other")
CHANGE(no_authority, R[AUTHORITY] = R[INDIVIDUAL])
CHANGE(no_person, n_records = 2)
CHANGE(another_account, R[INDIVIDUAL].account = "bob")
CHANGE(another_enterprise, R[INDIVIDUAL].enterprise = "other")
CHANGE(
    authority_of_another, R[AUTHORITY].attributes = cs_span_str(
			      "organizationName=Acme\norganizationIdentifier=NTRCH-CHE123456789\n"))
CHANGE(not_approved, R[ORGANIZATION].approved_by = "")
CHANGE(approved_by_the_same, R[ORGANIZATION].approved_by = "vera")
CHANGE(authority_not_approved, R[AUTHORITY].approved_by = "")
CHANGE(withdrawn, R[INDIVIDUAL].withdrawn_at_ms = FAKE_NOW - 1)
CHANGE(organization_withdrawn, R[ORGANIZATION].withdrawn_at_ms = R[ORGANIZATION].verified_at_ms)
CHANGE(old, R[ORGANIZATION].verified_at_ms = UNTIL - LIFE)
CHANGE(stale, R[ORGANIZATION].verified_at_ms = UNTIL - LIFE - 1)
CHANGE(authority_stale, R[AUTHORITY].verified_at_ms = UNTIL - LIFE - 1)
CHANGE(person_stale, R[INDIVIDUAL].verified_at_ms = UNTIL - LIFE - 1)
CHANGE(tomorrow, R[INDIVIDUAL].verified_at_ms = FAKE_NOW + 1)
CHANGE(by_another_kinds_method, R[ORGANIZATION].method = "id-document")
CHANGE(by_no_method, R[INDIVIDUAL].method = "hearsay")
CHANGE(by_the_enterprise, R[INDIVIDUAL].method = "enterprise-ra-record")
CHANGE(unreadable, R[INDIVIDUAL].attributes = cs_span_str("surname=N\xe2\x80\xaeg\n"))
CHANGE(incomplete, R[INDIVIDUAL].attributes = cs_span_str("title=Dr.\n"))

/* A second record of the person beside the first. */
static void
another(const char *attributes, int64_t verified_at_ms)
{
	R[ANOTHER] = R[INDIVIDUAL];
	R[ANOTHER].attributes = cs_span_str(attributes);
	R[ANOTHER].verified_at_ms = verified_at_ms;
	n_records = 4;
}
CHANGE(anew_after_withdrawal, another(ANN, FAKE_NOW - 10);
       R[INDIVIDUAL].withdrawn_at_ms = FAKE_NOW - 11)
CHANGE(withdrawn_after_both, another(ANN, FAKE_NOW - 10);
       R[INDIVIDUAL].withdrawn_at_ms = FAKE_NOW - 10)
CHANGE(another_name_after_both, another("surname=Ng\n", FAKE_NOW - 10);
       R[INDIVIDUAL].withdrawn_at_ms = FAKE_NOW - 5)
CHANGE(anew_after_stale, another(ANN, FAKE_NOW - 10); R[INDIVIDUAL].verified_at_ms = 1)
CHANGE(withdrawn_unapproved, another(ANN, FAKE_NOW - 10); R[ANOTHER].approved_by = "";
       R[ANOTHER].withdrawn_at_ms = FAKE_NOW - 5)
CHANGE(newest_unreadable, another("title=Dr.\n", FAKE_NOW - 10))

static const struct {
	const char *name, *certificate_profile;
	void (*change)(void);
	const char *want, *field, *clause; /* want NULL: it may be requested */
} cases[] = {
	{ "mailbox needs none", "mailbox-strict", none, NULL, NULL, NULL },
	{ "organization", "organization-strict", nothing, NULL, NULL, NULL },
	{ "organization, Multipurpose", "organization-multipurpose", nothing, NULL, NULL, NULL },
	{ "organization needs no person", "organization-strict", no_person, NULL, NULL, NULL },
	{ "sponsor", "sponsor-multipurpose", nothing, NULL, NULL, NULL },
	{ "individual", "individual-strict", nothing, NULL, NULL, NULL },
	{ "individual needs no organization", "individual-strict", no_organization, NULL, NULL,
	    NULL },
	{ "no record at all", "organization-strict", none, "identity-missing", "enterprise",
	    "SBR 3.2.3" },
	{ "another enterprise's", "sponsor-strict", no_organization, "identity-missing",
	    "enterprise", "SBR 3.2.3" },
	{ "no authority", "organization-strict", no_authority, "identity-missing", "enterprise",
	    "SBR 3.2.6" },
	{ "no person", "sponsor-strict", no_person, "identity-missing", "account", "SBR 3.2.4" },
	{ "no person for a person", "individual-strict", no_person, "identity-missing", "account",
	    "SBR 3.2.4" },
	{ "another account's", "individual-strict", another_account, "identity-missing", "account",
	    "SBR 3.2.4" },
	{ "the account of another enterprise", "individual-strict", another_enterprise,
	    "identity-missing", "account", "SBR 3.2.4" },
	{ "authority of another name", "organization-strict", authority_of_another,
	    "identity-missing", "enterprise", "SBR 3.2.6" },
	{ "not approved", "organization-strict", not_approved, "identity-not-approved",
	    "enterprise", "SBR 3.2.3" },
	{ "approved by who verified it", "organization-strict", approved_by_the_same,
	    "identity-not-approved", "enterprise", "SBR 3.2.3" },
	{ "authority not approved", "sponsor-strict", authority_not_approved,
	    "identity-not-approved", "enterprise", "SBR 3.2.6" },
	{ "withdrawn", "individual-strict", withdrawn, "identity-withdrawn", "account",
	    "SBR 3.2.4" },
	{ "withdrawn at once", "organization-strict", organization_withdrawn, "identity-withdrawn",
	    "enterprise", "SBR 3.2.3" },
	{ "of 825 days at the plan's end", "organization-strict", old, NULL, NULL, NULL },
	{ "older", "organization-strict", stale, "identity-stale", "enterprise", "SBR 3.2.3" },
	{ "authority older", "organization-strict", authority_stale, "identity-stale", "enterprise",
	    "SBR 3.2.6" },
	{ "person older", "sponsor-strict", person_stale, "identity-stale", "account",
	    "SBR 3.2.4" },
	{ "verified tomorrow", "individual-strict", tomorrow, "identity-missing", "account",
	    "SBR 3.2.4" },
	{ "a person's method", "organization-strict", by_another_kinds_method, "identity-method",
	    "enterprise", "SBR 3.2.3" },
	{ "no method", "individual-strict", by_no_method, "identity-method", "account",
	    "SBR 3.2.4" },
	{ "SV by the enterprise's records", "sponsor-strict", by_the_enterprise, NULL, NULL, NULL },
	{ "IV by the enterprise's records", "individual-strict", by_the_enterprise,
	    "identity-method", "account", "SBR 3.2.4" },
	{ "hidden characters", "individual-strict", unreadable, "identity-unreadable", "account",
	    "SBR 7.1.4.2" },
	{ "nobody", "individual-strict", incomplete, "identity-unreadable", "account",
	    "SBR 7.1.4.2.2" },
	{ "verified anew after a withdrawal", "individual-strict", anew_after_withdrawal, NULL,
	    NULL, NULL },
	{ "withdrawn when it was verified anew", "individual-strict", withdrawn_after_both,
	    "identity-withdrawn", "account", "SBR 3.2.4" },
	{ "another name is not withdrawn", "individual-strict", another_name_after_both, NULL, NULL,
	    NULL },
	{ "verified anew when the old is stale", "individual-strict", anew_after_stale, NULL, NULL,
	    NULL },
	{ "one that nobody approved is withdrawn", "individual-strict", withdrawn_unapproved, NULL,
	    NULL, NULL },
	{ "an older record that counts", "individual-strict", newest_unreadable, NULL, NULL, NULL },
};

static void
each_record_counts_or_the_person_is_told_why(void **state)
{
	struct fake_world *world = *state;

	for (size_t i = 0; i < LEN(cases); i++) {
		const struct claim_request request =
		    fake_request(world, "alice@alpha.example", "").request;
		struct cs_refusal why = { .code = NULL };

		identify(world, cases[i].certificate_profile);
		cases[i].change();
		give(world);
		const bool may = policy_may_request(&world->policy.rules, &world->config, &request,
		    FAKE_NOW, UNTIL, world->arena, &why);

		if (may != (cases[i].want == NULL) ||
		    (!may && strcmp(why.code, cases[i].want) != 0))
			fail_msg("%s: got %s, want %s", cases[i].name, may ? "yes" : why.code,
			    cases[i].want == NULL ? "yes" : cases[i].want);
		if (may)
			continue;
		assert_string_equal(why.field, cases[i].field);
		assert_string_equal(why.clause, cases[i].clause);
		assert_non_null(strstr(why.mend, "operator"));
	}
}

/* SBR 1.3.2.1: a mail round trip is not enough for what names an organization. */
static void
who_names_an_organization_or_hosts_proves_domains(void **state)
{
	static const struct {
		const char *certificate_profile;
		enum policy_validation validation;
		const char *want;
	} rows[] = {
		{ "organization-strict", POLICY_MAILBOX, "profile-without-domain" },
		{ "sponsor-multipurpose", POLICY_MAILBOX, "profile-without-domain" },
		{ "sponsor-multipurpose", POLICY_BOTH, NULL },
		{ "individual-strict", POLICY_MAILBOX, NULL },
		{ "mailbox-strict", POLICY_MAILBOX, NULL },
		{ "private-mailbox", POLICY_MAILBOX, "profile-without-domain" },
		{ "private-mailbox", POLICY_DOMAIN, NULL },
		{ "private-person", POLICY_MAILBOX, "profile-without-domain" },
	};
	struct fake_world *world = *state;
	const struct claim_request request =
	    fake_request(world, "alice@alpha.example", "alpha.example").request;

	for (size_t i = 0; i < LEN(rows); i++) {
		struct cs_refusal why = { .code = NULL };

		identify(world, rows[i].certificate_profile);
		give(world);
		world->config.profile.validation = rows[i].validation;
		assert_int_equal(policy_may_request(&world->policy.rules, &world->config, &request,
				     FAKE_NOW, UNTIL, world->arena, &why),
		    rows[i].want == NULL);
		if (rows[i].want != NULL)
			assert_string_equal(why.code, rows[i].want);
	}
}

static void
a_common_name_is_a_mailbox_or_what_was_verified(void **state)
{
	static const struct {
		const char *certificate_profile, *common_name;
		bool may;
	} rows[] = {
		{ "organization-strict", "Acme AG", true },
		{ "organization-strict", "acme ag", false },
		{ "organization-strict", "Ann Ng", false },
		{ "organization-strict", "alice@alpha.example", true },
		{ "sponsor-strict", "Ann Ng", true },
		{ "sponsor-strict", "Acme AG", false },
		{ "individual-strict", "Ann Ng", true },
		{ "individual-strict", "Bob Ng", false },
		{ "individual-strict", "bob@alpha.example", false },
		{ "mailbox-strict", "Ann Ng", false },
	};
	struct fake_world *world = *state;
	struct claim_request request = fake_request(world, "alice@alpha.example", "").request;

	for (size_t i = 0; i < LEN(rows); i++) {
		struct cs_refusal why = { .code = NULL };

		identify(world, rows[i].certificate_profile);
		give(world);
		request.common_name = rows[i].common_name;
		if (policy_may_request(&world->policy.rules, &world->config, &request, FAKE_NOW,
			UNTIL, world->arena, &why) != rows[i].may)
			fail_msg("%s, %s", rows[i].certificate_profile, rows[i].common_name);
		if (!rows[i].may)
			assert_string_equal(why.code, "common-name");
	}
}

/* ---- through the skeleton ---- */

struct stage {
	struct fake_world *world;
	struct svc_test *test;
	struct svc_service service;
	struct policy_submitted submitted;
};

static void
stage_begin(struct stage *stage, struct fake_world *world, const char *certificate_profile)
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
	identify(world, certificate_profile);
	world->config.profile.validation = POLICY_MAILBOX; /* of an individual: no domain */
	give(world);
	fake_store_reset();
	fake_store_config(&world->config);
	stage->test = svc_test_new(&stage->service, FAKE_NOW);
	stage->submitted = fake_request(world, "alice@alpha.example", "");
}

static void
run(struct stage *stage, const char *id, const char *subject, struct cs_span body, struct cs_id key)
{
	svc_test_set_time(stage->test, stage->world->now_ms);
	svc_test_run(stage->test,
	    &(struct svc_test_event){ .id = id, .subject = subject, .body = body, .key = key }, 1);
}

/* The i-th evidence of identity, its signature verified. */
static struct claim_evidence
stated(const struct stage *stage, size_t i)
{
	const struct svc_test_out *out = svc_test_out(stage->test, "evidence.identity", i);
	struct claim_evidence evidence;
	struct cs_err err = { 0 };

	assert_non_null(out);
	if (claim_open_evidence(stage->world->arena, stage->world->policy.trust, out->body,
		stage->world->now_ms, &evidence, &err))
		fail_msg("%s", err.text);
	return evidence;
}

static struct claim_plan
plan_of(const struct stage *stage, const char *subject)
{
	const struct svc_test_out *out = svc_test_out(stage->test, subject, 0);
	struct claim_plan plan;
	struct cs_err err = { 0 };

	assert_non_null(out);
	if (claim_open_plan(stage->world->arena, stage->world->policy.trust, out->body,
		stage->world->now_ms, &plan, &err))
		fail_msg("%s", err.text);
	return plan;
}

/* It answers exactly the attempt that the plan names, and is as old as the verification. */
static void
expect_stated(const struct stage *stage, const char *subject, const struct claim_evidence *e)
{
	const struct claim_plan plan = plan_of(stage, subject);
	const struct claim_check *check = fake_check(&plan, "individual-1");

	assert_non_null(check);
	assert_memory_equal(e->check_digest, check->digest, CLAIM_DIGEST);
	assert_memory_equal(e->request_digest, stage->submitted.request.digest, CLAIM_DIGEST);
	assert_true(cs_id_equal(e->request, stage->submitted.request.id));
	assert_int_equal(e->attempt, check->attempt);
	assert_string_equal(e->check_id, "individual-1");
	assert_int_equal(e->outcome, CLAIM_PROVED);
	assert_true(e->checked_at_ms == records[INDIVIDUAL].verified_at_ms);
	assert_true(e->valid_until_ms == e->checked_at_ms + LIFE);
	assert_true(e->stated_at_ms == FAKE_NOW);
	assert_string_equal(e->target, "alice");
	assert_string_equal(e->account, "alice");
	assert_string_equal(e->method, "id-document");
	assert_true(cs_span_is(e->expected, ANN));
	assert_string_equal(e->detail,
	    "id-document; source: register of Bern, 4711; verified by vera; approved by otto");
}

static void
evidence_is_stated_with_each_plan(void **state)
{
	struct fake_world *world = *state;
	struct stage stage;

	stage_begin(&stage, world, "individual-strict");
	run(&stage, "submitted", "request.submitted", stage.submitted.envelope,
	    stage.submitted.request.id);
	struct claim_evidence evidence = stated(&stage, 0);

	expect_stated(&stage, "plan.made", &evidence);
	assert_null(svc_test_out(stage.test, "evidence.identity", 1));
	const struct claim_plan plan = plan_of(&stage, "plan.made");
	const struct policy_evidence mailbox = fake_evidence(
	    world, &stage.submitted.request, fake_check(&plan, "mailbox-1"), 1, CLAIM_PROVED);

	run(&stage, "mailbox", "evidence.mailbox", mailbox.envelope, stage.submitted.request.id);
	run(&stage, "approved", "request.generation-approved",
	    fake_approval(world, &stage.submitted.request).envelope, stage.submitted.request.id);
	evidence = stated(&stage, 1);
	expect_stated(&stage, "plan.final", &evidence);
	assert_int_equal(evidence.attempt, 2);
	svc_test_free(stage.test);
}

/* Withdrawn after the first plan: the approval is answered by a no. */
static void
a_record_that_was_withdrawn_meanwhile_refuses_the_approval(void **state)
{
	struct fake_world *world = *state;
	struct stage stage;

	stage_begin(&stage, world, "individual-strict");
	run(&stage, "submitted", "request.submitted", stage.submitted.envelope,
	    stage.submitted.request.id);
	records[INDIVIDUAL].withdrawn_at_ms = FAKE_NOW - 1;
	run(&stage, "approved", "request.generation-approved",
	    fake_approval(world, &stage.submitted.request).envelope, stage.submitted.request.id);
	assert_non_null(svc_test_out(stage.test, "plan.refused", 0));
	assert_null(svc_test_out(stage.test, "plan.final", 0));
	assert_null(svc_test_out(stage.test, "evidence.identity", 1));
	svc_test_free(stage.test);
}

/* A no about the very thing that was stated, later than the verification: the signer's copy of it is void. */
static void
a_withdrawal_is_told_once_as_a_no(void **state)
{
	struct fake_world *world = *state;
	struct stage stage;

	stage_begin(&stage, world, "individual-strict");
	run(&stage, "submitted", "request.submitted", stage.submitted.envelope,
	    stage.submitted.request.id);
	records[INDIVIDUAL].withdrawn_at_ms = FAKE_NOW - 1;
	fake_store_withdraw(&records[INDIVIDUAL]);
	const struct cs_id id = records[INDIVIDUAL].id;

	run(&stage, "withdrawn", "clock.identity-withdrawn", cs_span_str(""), id);
	const struct claim_evidence yes = stated(&stage, 0), no = stated(&stage, 1);

	assert_int_equal(no.outcome, CLAIM_REFUSED);
	assert_memory_equal(no.check_digest, yes.check_digest, CLAIM_DIGEST);
	assert_true(no.checked_at_ms == FAKE_NOW - 1 && no.checked_at_ms >= yes.checked_at_ms);
	assert_true(cs_id_equal(no.request, id));
	assert_string_equal(no.reason, "identity-withdrawn");
	run(&stage, "again", "clock.identity-withdrawn", cs_span_str(""), id);
	assert_null(svc_test_out(stage.test, "evidence.identity", 2));
	assert_int_equal(fake_store_plans(), 1); /* a record is no request */
	svc_test_free(stage.test);
}

/* Nobody can press for a look at a person. */
static void
people_are_not_looked_at(void **state)
{
	struct fake_world *world = *state;
	const struct policy_setting in = fake_setting(world);
	struct policy_case c = { .plan = { .state = POLICY_NEW } };
	const struct policy_asked asked = { "individual-1", "demo", "alice" };

	identify(world, "individual-strict");
	give(world);
	c.config = world->config;
	const struct policy_submitted submitted = fake_request(world, "alice@alpha.example", "");
	struct policy_step step = policy_decide_submitted(&in, &c, &submitted);

	assert_null(step.refusal.code);
	c = step.next;
	step = policy_decide_verification_asked(&in, &c, &asked);
	assert_false(step.publishes);
	for (size_t i = 0; i < CLAIM_MAX_CHECKS; i++)
		assert_false(step.asks[i]);
	assert_int_equal(step.n_statements, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_world_setup, fake_world_teardown)

/* ---- who approves what is said of whom ---- */

static unsigned
approve_as(struct cs_arena *arena, enum claim_kind kind, const char *enterprise, unsigned roles,
    bool *ret_made)
{
	static const uint8_t random[32] = { 1 };
	struct policy_identity about = { .id = { { 7 } },
		.kind = kind,
		.enterprise = "demo",
		.account = kind == CLAIM_INDIVIDUAL ? "ann" : "",
		.attributes = cs_span_str(""),
		.method = "m",
		.source = "s",
		.verified_by = "demo/vera",
		.approved_by = "",
		.verified_at_ms = FAKE_NOW - 10 };
	struct config_state state = { .records = &about, .n_records = 1 };
	const struct config_setting in = { NULL, arena, FAKE_NOW, random };
	const struct config_caller caller = { true, enterprise, "otto", roles,
		CONFIG_MAY_READ | CONFIG_MAY_PEOPLE, "c", "192.0.2.1" };
	const struct config_identity_call call = {
		.act = CONFIG_APPROVE_RECORD, .enterprise = "demo", .id = about.id, .account = ""
	};
	const struct config_answer answer = config_identity_decide(&in, &state, &caller, &call);

	*ret_made = state.record_changes != NULL;
	return answer.status;
}

static void
no_enterprise_approves_what_is_said_of_itself(void **unused)
{
	static const struct {
		enum claim_kind kind;
		const char *enterprise;
		unsigned roles, status;
	} approvals[] = {
		{ CLAIM_INDIVIDUAL, "demo", CONFIG_OPERATOR, 200 },
		{ CLAIM_ORGANIZATION, "demo", CONFIG_OPERATOR, 403 },
		{ CLAIM_AUTHORITY, "demo", CONFIG_ADMINISTRATOR, 403 },
		{ CLAIM_ORGANIZATION, "platform", CONFIG_OPERATOR, 200 },
		{ CLAIM_AUTHORITY, "platform", CONFIG_OPERATOR, 200 },
		{ CLAIM_ORGANIZATION, "rival", CONFIG_OPERATOR, 404 },
	};
	struct cs_arena *arena = cs_arena_new();

	(void)unused;
	for (size_t i = 0; i < LEN(approvals); i++) {
		bool made = false;
		const unsigned status = approve_as(
		    arena, approvals[i].kind, approvals[i].enterprise, approvals[i].roles, &made);

		if (status != approvals[i].status || made != (status == 200))
			fail_msg("%zu: %u, made %d", i, status, made);
	}
	cs_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_record_counts_or_the_person_is_told_why),
		TEST(who_names_an_organization_or_hosts_proves_domains),
		TEST(a_common_name_is_a_mailbox_or_what_was_verified),
		TEST(evidence_is_stated_with_each_plan),
		TEST(a_record_that_was_withdrawn_meanwhile_refuses_the_approval),
		TEST(a_withdrawal_is_told_once_as_a_no),
		TEST(people_are_not_looked_at),
		cmocka_unit_test(no_enterprise_approves_what_is_said_of_itself),
	};

	return cmocka_run_group_tests_name("identity", tests, NULL, NULL);
}
