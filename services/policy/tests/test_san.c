/* SPDX-License-Identifier: Apache-2.0 */
/* The names that a request gives, as its profile shows, wants and fixes them. */
#include <string.h>

#include "fake_world.h"
#include "policy_san.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))
#define UNTIL (FAKE_NOW + INT64_C(1200000))
#define ALICE "alice@alpha.example"

/* ---- what is shown ---- */

/* "name=value,value set_by flags", flags: s(hown), r(equired), f(ixed), e(ditable). */
static const char *
shown(struct fake_world *world, enum policy_san kind, bool by_operator)
{
	static const char *const set_by[] = {
		[POLICY_FROM_OPERATOR] = "operator",
		[POLICY_FROM_PROFILE] = "profile",
		[POLICY_FROM_NOBODY] = "nobody",
	};
	struct policy_san_field fields[POLICY_SANS];
	const struct policy_san_field *field = &fields[kind];
	const char *values = "";

	policy_san_fields(&world->config, by_operator, world->arena, fields);
	for (size_t i = 0; i < field->values.n; i++)
		values = cs_arena_printf(
		    world->arena, "%s%s%s", values, i > 0 ? "," : "", field->values.items[i]);
	return cs_arena_printf(world->arena, "%s=%s %s %s%s%s%s", field->name, values,
	    set_by[field->from], field->shown ? "s" : "", field->required ? "r" : "",
	    field->fixed ? "f" : "", field->editable ? "e" : "");
}

/* A row of settings: what the profile says of one kind, and what operators have set for the person. */
struct setting {
	bool hidden, required, from_person;
	const char *values;
};

static void
set(struct fake_world *world, enum policy_san kind, const struct setting *setting)
{
	world->config.profile.sans[kind] = (struct policy_san_rule){ setting->hidden,
		setting->required, setting->from_person, fake_texts(world, setting->values) };
}

/*
 * "When a user creates a new certificate request, the SDNs and SANs will be rendered as configured in the
 * certification profile and its values will be auto-filled from the certificate details."
 */
static void
sans_are_rendered_as_configured_and_filled_from_the_person(void **state)
{
	static const struct {
		enum policy_san kind;
		struct setting setting;
		const char *mailbox, *want;
	} rows[] = {
		{ POLICY_SAN_MAILBOX, { 0, 0, 0, "" }, NULL, "mailbox= nobody sre" },
		{ POLICY_SAN_MAILBOX, { 0, 0, 0, "" }, ALICE, "mailbox=" ALICE " operator sre" },
		{ POLICY_SAN_MAILBOX, { 0, 1, 1, "" }, ALICE, "mailbox=" ALICE " operator srf" },
		{ POLICY_SAN_MAILBOX, { 0, 1, 1, "" }, NULL, "mailbox= nobody sre" },
		{ POLICY_SAN_MAILBOX, { 1, 1, 1, "" }, ALICE, "mailbox=" ALICE " operator rf" },
		{ POLICY_SAN_MAILBOX, { 1, 1, 1, "" }, NULL, "mailbox= nobody r" },
		{ POLICY_SAN_MAILBOX, { 1, 1, 0, "" }, ALICE, "mailbox= nobody r" },
		{ POLICY_SAN_MAILBOX, { 0, 1, 0, "it@alpha.example,pr@alpha.example" }, ALICE,
		    "mailbox=it@alpha.example,pr@alpha.example profile srf" },
		{ POLICY_SAN_DOMAIN, { 0, 0, 0, "" }, ALICE, "domain= nobody se" },
		{ POLICY_SAN_DOMAIN, { 0, 1, 0, "" }, ALICE, "domain= nobody sre" },
		{ POLICY_SAN_DOMAIN, { 1, 0, 0, "" }, ALICE, "domain= nobody " },
		{ POLICY_SAN_DOMAIN, { 0, 0, 0, "alpha.example" }, NULL,
		    "domain=alpha.example profile srf" },
		{ POLICY_SAN_DOMAIN, { 1, 0, 0, "alpha.example" }, NULL,
		    "domain=alpha.example profile rf" },
	};
	struct fake_world *world = *state;

	for (size_t i = 0; i < LEN(rows); i++) {
		set(world, rows[i].kind, &rows[i].setting);
		world->config.mailbox = rows[i].mailbox;
		assert_string_equal(shown(world, rows[i].kind, false), rows[i].want);
	}
}

/* "An operator will see the rendered values in a disabled form." */
static void
an_operator_sees_the_names_disabled(void **state)
{
	struct fake_world *world = *state;

	world->config.mailbox = ALICE;
	assert_string_equal(
	    shown(world, POLICY_SAN_MAILBOX, true), "mailbox=" ALICE " operator sr");
	assert_string_equal(shown(world, POLICY_SAN_DOMAIN, true), "domain= nobody s");
}

/* ---- what is asked for ---- */

static bool
may(struct fake_world *world, const char *mailboxes, const char *domains, struct cs_refusal *ret)
{
	const struct claim_request request = fake_request(world, mailboxes, domains).request;

	*ret = (struct cs_refusal){ "yes", "", "", "", "" };
	return policy_may_request(
	    &world->policy.rules, &world->config, &request, FAKE_NOW, UNTIL, world->arena, ret);
}

#define BOTH "it@alpha.example,pr@alpha.example"
#define MEND_BOTH "Give exactly these mailboxes: it@alpha.example, pr@alpha.example."
#define MEND_DOMAIN "Give exactly these domains: alpha.example."

/* Of mailboxes, then of domains. */
static const struct {
	const char *name;
	struct setting mailbox, domain;
	const char *person, *mailboxes, *domains;
	const char *code, *field, *mend; /* field, mend: how it begins */
} wishes[] = {
	{ "nothing said", { 0, 0, 0, "" }, { 0, 0, 0, "" }, ALICE, "bob@alpha.example", "", "yes",
	    "", "" },
	{ "fixed for all, asked for so", { 0, 1, 0, BOTH }, { 0, 0, 0, "" }, ALICE, BOTH, "", "yes",
	    "", "" },
	{ "fixed for all, one too few", { 0, 1, 0, BOTH }, { 0, 0, 0, "" }, ALICE,
	    "it@alpha.example", "", "san-fixed", "mailboxes", MEND_BOTH },
	{ "fixed for all, one too many", { 0, 1, 0, BOTH }, { 0, 0, 0, "" }, ALICE, ALICE "," BOTH,
	    "", "san-fixed", "mailboxes[0]", MEND_BOTH },
	{ "fixed for all, none", { 0, 1, 0, BOTH }, { 0, 0, 0, "" }, ALICE, "", "", "san-fixed",
	    "mailboxes", MEND_BOTH },
	{ "fixed for the person, asked for so", { 0, 1, 1, "" }, { 0, 0, 0, "" }, ALICE, ALICE, "",
	    "yes", "", "" },
	{ "fixed for the person, another", { 0, 1, 1, "" }, { 0, 0, 0, "" }, ALICE,
	    "bob@alpha.example", "", "san-fixed", "mailboxes[0]",
	    "Give exactly these mailboxes: " ALICE "." },
	{ "fixed for the person, in other letters", { 0, 1, 1, "" }, { 0, 0, 0, "" }, ALICE,
	    "Alice@alpha.example", "", "san-fixed", "mailboxes[0]",
	    "Give exactly these mailboxes: " ALICE "." },
	{ "fixed for the person, of whom none is set", { 0, 1, 1, "" }, { 0, 0, 0, "" }, NULL,
	    "bob@alpha.example", "", "yes", "", "" },
	{ "hidden and fixed, asked for so", { 1, 1, 1, "" }, { 0, 0, 0, "" }, ALICE, ALICE, "",
	    "yes", "", "" },
	{ "hidden, of whom none is set", { 1, 1, 1, "" }, { 0, 0, 0, "" }, NULL, ALICE, "",
	    "san-missing", "mailboxes", "Ask an operator" },
	{ "hidden, of whom none is set, and none", { 1, 1, 1, "" }, { 0, 0, 0, "" }, NULL, "", "",
	    "san-missing", "mailboxes", "Ask an operator" },
	/* A profile that is refused when it is set, and got there nevertheless. */
	{ "hidden and never fixed", { 1, 1, 0, "" }, { 0, 0, 0, "" }, ALICE, ALICE, "",
	    "san-missing", "mailboxes", "Ask an operator" },
	{ "domains required, none", { 0, 0, 0, "" }, { 0, 1, 0, "" }, ALICE, ALICE, "",
	    "domains-required", "domains", "Give the domain of each mailbox." },
	{ "domains required, one", { 0, 0, 0, "" }, { 0, 1, 0, "" }, ALICE, ALICE, "alpha.example",
	    "yes", "", "" },
	{ "domains hidden, none", { 0, 0, 0, "" }, { 1, 0, 0, "" }, ALICE, ALICE, "", "yes", "",
	    "" },
	{ "domains hidden, one", { 0, 0, 0, "" }, { 1, 0, 0, "" }, ALICE, ALICE, "alpha.example",
	    "san-not-offered", "domains", "Leave the domains out" },
	{ "domains fixed, asked for so", { 0, 0, 0, "" }, { 0, 0, 0, "alpha.example" }, ALICE,
	    ALICE, "alpha.example", "yes", "", "" },
	{ "domains hidden and fixed, asked for so", { 0, 0, 0, "" }, { 1, 0, 0, "alpha.example" },
	    ALICE, ALICE, "alpha.example", "yes", "", "" },
	{ "domains fixed, none", { 0, 0, 0, "" }, { 0, 0, 0, "alpha.example" }, ALICE, ALICE, "",
	    "san-fixed", "domains", MEND_DOMAIN },
	{ "domains fixed, one too many", { 0, 0, 0, "" }, { 0, 0, 0, "alpha.example" }, ALICE,
	    ALICE, "alpha.example,mail.alpha.example", "san-fixed", "domains[1]", MEND_DOMAIN },
	{ "a fixed domain and somebody elsewhere", { 0, 0, 0, "" }, { 0, 0, 0, "alpha.example" },
	    ALICE, "eve@omega.example", "alpha.example", "mailbox-domain-mismatch", "mailboxes[0]",
	    "" },
	{ "fixed names that do not go together", { 0, 1, 1, "" }, { 0, 0, 0, "alpha.example" },
	    "alice@omega.example", "alice@omega.example", "alpha.example", "san-fixed", "mailboxes",
	    "Ask an operator" },
	{ "fixed names that go together", { 0, 1, 1, "" }, { 0, 0, 0, "alpha.example" }, ALICE,
	    ALICE, "alpha.example", "yes", "", "" },
};

static void
a_request_gives_what_is_fixed_and_nothing_that_is_hidden(void **state)
{
	struct fake_world *world = *state;

	for (size_t i = 0; i < LEN(wishes); i++) {
		struct cs_refusal why;

		set(world, POLICY_SAN_MAILBOX, &wishes[i].mailbox);
		set(world, POLICY_SAN_DOMAIN, &wishes[i].domain);
		world->config.mailbox = wishes[i].person;
		if (may(world, wishes[i].mailboxes, wishes[i].domains, &why) !=
			(strcmp(wishes[i].code, "yes") == 0) ||
		    strcmp(why.code, wishes[i].code) != 0 ||
		    strcmp(why.field, wishes[i].field) != 0 ||
		    strncmp(why.mend, wishes[i].mend, strlen(wishes[i].mend)) != 0)
			fail_msg("%s: %s on %s: %s", wishes[i].name, why.code, why.field, why.mend);
		if (strcmp(why.code, "yes") != 0 && (why.clause[0] == '\0' || why.text[0] == '\0'))
			fail_msg("%s: a refusal without words", wishes[i].name);
	}
}

/* SBR 4.2.1: whatever a profile says, and whatever of it got past the check of profiles. */
static void
no_profile_makes_a_request_without_a_mailbox(void **state)
{
	static const enum policy_validation all[] = { POLICY_MAILBOX, POLICY_DOMAIN, POLICY_BOTH };
	struct fake_world *world = *state;

	for (unsigned i = 0; i < LEN(all) * 8; i++) {
		const struct setting setting = { (i & 1) != 0, (i & 2) != 0, (i & 4) != 0, "" };
		struct cs_refusal why;

		world->config.profile.validation = all[i / 8];
		set(world, POLICY_SAN_MAILBOX, &setting);
		world->config.mailbox = NULL;
		assert_false(may(world, "", "alpha.example", &why));
		assert_string_equal(why.clause, "SBR 4.2.1");
		world->config.mailbox = ALICE;
		assert_false(may(world, "", "alpha.example", &why));
	}
}

/* What is told must reach the person: longer texts nobody reads. */
static void
a_refusal_has_room_for_its_names(void **state)
{
	struct fake_world *world = *state;
	const char *many[CLAIM_MAX_NAMES];
	char label[64] = "";
	struct cs_refusal why;

	memset(label, 'a', sizeof(label) - 1);
	for (size_t i = 0; i < LEN(many); i++)
		many[i] = cs_arena_printf(
		    world->arena, "%zu.%s.%s.%.50s.alpha.example", i, label, label, label);
	world->config.profile.sans[POLICY_SAN_DOMAIN].values =
	    (struct claim_texts){ many, LEN(many) };
	assert_false(may(world, ALICE, "alpha.example", &why));
	assert_string_equal(why.code, "san-fixed");
	assert_true(strlen(why.mend) <= CLAIM_MAX_TEXT);
	assert_non_null(strstr(why.mend, many[0]));
	assert_non_null(strstr(why.mend, "and 8 more"));
}

/* ---- plans ---- */

/* Ids and targets, as one text. */
static const char *
checks_of(struct fake_world *world, const struct policy_step *step)
{
	const struct claim_plan *plan = &step->next.plan.plan;
	const char *all = "";

	for (size_t i = 0; i < plan->n_checks; i++)
		all = cs_arena_printf(
		    world->arena, "%s %s=%s", all, plan->checks[i].id, plan->checks[i].target);
	return all;
}

static struct policy_step
submit(struct fake_world *world, const struct policy_submitted *submitted)
{
	const struct policy_setting setting = fake_setting(world);
	const struct policy_case empty = { .config = world->config };

	return policy_decide_submitted(&setting, &empty, submitted);
}

/* Fixing a name proves nothing of it. */
static void
what_is_fixed_is_proved_like_what_is_typed(void **state)
{
	static const struct setting own = { 0, 1, 1, "" }, ours = { 1, 0, 0, "alpha.example" };
	struct fake_world *world = *state;
	const struct policy_submitted submitted = fake_request(world, ALICE, "alpha.example");
	const char *typed;

	world->config.profile.validation = POLICY_BOTH;
	world->config.mailbox = ALICE;
	const struct policy_step before = submit(world, &submitted);

	typed = checks_of(world, &before);
	assert_string_equal(typed,
	    " mailbox-1=" ALICE
	    " domain-1=alpha.example mpic-domain-1=alpha.example caa-1=alpha.example"
	    " mpic-caa-1=alpha.example");
	set(world, POLICY_SAN_MAILBOX, &own);
	set(world, POLICY_SAN_DOMAIN, &ours);
	const struct policy_step after = submit(world, &submitted);

	assert_string_equal(checks_of(world, &after), typed);
}

/* A plan adds no name: without what is fixed there is no plan, and the person is told what to give. */
static void
the_first_plan_has_what_is_fixed_or_there_is_none(void **state)
{
	static const struct setting ours = { 1, 0, 0, "alpha.example" };
	struct fake_world *world = *state;
	const struct policy_submitted submitted = fake_request(world, ALICE, "");
	struct policy_step step;

	assert_int_equal(submit(world, &submitted).next.plan.state, POLICY_MADE);
	set(world, POLICY_SAN_DOMAIN, &ours);
	step = submit(world, &submitted);
	assert_int_equal(step.next.plan.state, POLICY_REFUSED);
	assert_string_equal(step.refusal.code, "san-fixed");
	assert_string_equal(step.refusal.mend, MEND_DOMAIN);
}

static void
names_are_judged_again_at_the_approval(void **state)
{
	static const struct setting own = { 0, 1, 1, "" };
	struct fake_world *world = *state;
	const struct policy_setting setting = fake_setting(world);
	const struct policy_submitted submitted = fake_request(world, "bob@alpha.example", "");
	const struct policy_approved approved = fake_approval(world, &submitted.request);
	struct policy_case c = submit(world, &submitted).next;

	set(world, POLICY_SAN_MAILBOX, &own); /* meanwhile */
	world->config.mailbox = ALICE;
	c.config = world->config;
	const struct policy_step step = policy_decide_approved(&setting, &c, &approved);

	assert_int_equal(step.next.plan.state, POLICY_REFUSED);
	assert_string_equal(step.refusal.code, "san-fixed");
	assert_string_equal(step.refusal.field, "mailboxes[0]");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_world_setup, fake_world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sans_are_rendered_as_configured_and_filled_from_the_person),
		TEST(an_operator_sees_the_names_disabled),
		TEST(a_request_gives_what_is_fixed_and_nothing_that_is_hidden),
		TEST(no_profile_makes_a_request_without_a_mailbox),
		TEST(a_refusal_has_room_for_its_names),
		TEST(what_is_fixed_is_proved_like_what_is_typed),
		TEST(the_first_plan_has_what_is_fixed_or_there_is_none),
		TEST(names_are_judged_again_at_the_approval),
	};

	return cmocka_run_group_tests_name("san", tests, NULL, NULL);
}
