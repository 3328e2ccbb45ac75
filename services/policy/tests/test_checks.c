/* SPDX-License-Identifier: Apache-2.0 */
/* What may be requested, and which checks it needs. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "fake_world.h"
#include "smime/rules.h"

#define TERMS(methods)                                                                        \
	"issuers=ca.countersign.example,ca2.example account=acct:demo@ca.countersign.example" \
	" methods=" methods
#define LEN(array) (sizeof(array) / sizeof((array)[0]))

/* One wish of alice; what is left out is usual. */
struct wish {
	const char *name, *mailboxes, *domains;
	enum policy_validation validation;
	uint32_t days;
	const char *code, *field; /* NULL: permitted */
};

static const struct wish wishes[] = {
	{ "one mailbox", "alice@alpha.example", "", POLICY_MAILBOX, 365, NULL, NULL },
	/* A mailbox is mandatory whatever is proved: also where the seed wants a domain alone. */
	{ "no mailbox", "", "", POLICY_MAILBOX, 365, "no-mailbox", "mailboxes" },
	{ "a domain and no mailbox", "", "a.example", POLICY_DOMAIN, 365, "no-mailbox",
	    "mailboxes" },
	{ "both wanted, no mailbox", "", "a.example", POLICY_BOTH, 365, "no-mailbox", "mailboxes" },
	{ "ten mailboxes",
	    "a@a.example,b@a.example,c@a.example,d@a.example,e@a.example,f@a.example,"
	    "g@a.example,h@a.example,i@a.example,j@a.example",
	    "", POLICY_MAILBOX, 365, NULL, NULL },
	{ "eleven mailboxes",
	    "a@a.example,b@a.example,c@a.example,d@a.example,e@a.example,"
	    "f@a.example,g@a.example,h@a.example,i@a.example,j@a.example,k@a.example",
	    "", POLICY_MAILBOX, 365, "too-many-mailboxes", "mailboxes" },
	{ "one day", "alice@alpha.example", "", POLICY_MAILBOX, 1, NULL, NULL },
	{ "no day", "alice@alpha.example", "", POLICY_MAILBOX, 0, "validity-zero",
	    "validity_days" },
	{ "825 days", "alice@alpha.example", "", POLICY_MAILBOX, 825, NULL, NULL },
	{ "826 days", "alice@alpha.example", "", POLICY_MAILBOX, 826, "validity-too-long",
	    "validity_days" },
	{ "mailbox in the given domain", "alice@alpha.example", "alpha.example", POLICY_BOTH, 365,
	    NULL, NULL },
	{ "mailbox in another domain", "alice@beta.example", "alpha.example", POLICY_BOTH, 365,
	    "mailbox-domain-mismatch", "mailboxes[0]" },
	{ "second mailbox in another domain", "alice@alpha.example,bob@beta.example",
	    "alpha.example", POLICY_MAILBOX, 365, "mailbox-domain-mismatch", "mailboxes[1]" },
	{ "mailbox below the given domain", "alice@mail.alpha.example", "alpha.example",
	    POLICY_BOTH, 365, "mailbox-domain-mismatch", "mailboxes[0]" },
	{ "domain that only ends alike", "alice@notalpha.example", "alpha.example", POLICY_BOTH,
	    365, "mailbox-domain-mismatch", "mailboxes[0]" },
	{ "A-label of a U-label domain", "a@xn--bcher-kva.example", "xn--bcher-kva.example",
	    POLICY_BOTH, 365, NULL, NULL },
	{ "a domain and its subdomain", "alice@alpha.example", "alpha.example,mail.alpha.example",
	    POLICY_BOTH, 365, NULL, NULL },
	{ "two registered domains", "alice@alpha.example", "alpha.example,beta.example",
	    POLICY_BOTH, 365, "domains-not-related", "domains[1]" },
	{ "two registered domains of mailboxes alone", "alice@alpha.example,alice@beta.example", "",
	    POLICY_BOTH, 365, "domains-not-related", "mailboxes[1]" },
	{ "mailboxes anywhere when no domain is proved", "alice@alpha.example,alice@beta.example",
	    "", POLICY_MAILBOX, 365, NULL, NULL },
	{ "public suffix", "alice@co.uk", "", POLICY_MAILBOX, 365, "domain-public-suffix",
	    "mailboxes[0]" },
	{ "public suffix as a domain", "alice@alpha.co.uk", "alpha.co.uk,co.uk", POLICY_BOTH, 365,
	    "domain-public-suffix", "domains[1]" },
	{ "assigned mailbox", "bob@alpha.example", "", POLICY_DOMAIN, 365, NULL, NULL },
	{ "mailbox of an assigned domain", "any@gamma.example", "gamma.example", POLICY_DOMAIN, 365,
	    NULL, NULL },
	{ "mailbox that nobody assigned", "carol@alpha.example", "", POLICY_DOMAIN, 365,
	    "mailbox-not-assigned", "mailboxes[0]" },
	{ "below an assigned domain", "any@sub.gamma.example", "", POLICY_DOMAIN, 365,
	    "mailbox-not-assigned", "mailboxes[0]" },
	{ "second mailbox not assigned", "bob@alpha.example,carol@alpha.example", "", POLICY_DOMAIN,
	    365, "mailbox-not-assigned", "mailboxes[1]" },
	{ "not assigned, but proved itself", "carol@alpha.example", "", POLICY_BOTH, 365, NULL,
	    NULL },
};

static void
answers_each_wish(void **state)
{
	struct fake_world *world = *state;

	world->config.assigned = fake_texts(world, "bob@alpha.example,*@gamma.example");
	for (size_t i = 0; i < LEN(wishes); i++) {
		const struct wish *wish = &wishes[i];
		struct claim_request request =
		    fake_request(world, wish->mailboxes, wish->domains).request;
		struct cs_refusal why = { 0 };

		world->config.profile.validation = wish->validation;
		request.validity_days = wish->days;
		bool may = policy_may_request(&world->policy.rules, &world->config, &request,
		    FAKE_NOW, FAKE_NOW, world->arena, &why);

		if (may != (wish->code == NULL))
			fail_msg("%s: got %s, want %s", wish->name, may ? "yes" : why.code,
			    wish->code == NULL ? "yes" : wish->code);
		if (may)
			continue;
		if (strcmp(why.code, wish->code) != 0 || strcmp(why.field, wish->field) != 0)
			fail_msg("%s: got %s on %s, want %s on %s", wish->name, why.code, why.field,
			    wish->code, wish->field);
		if (!why.clause[0] || !why.text[0] || !why.mend[0])
			fail_msg("%s: a refusal without clause, text or mend", wish->name);
	}
}

/* ---- what the seed demands by validation type ---- */

static const struct {
	const char *name;
	enum policy_validation validation;
} types[] = { { "mailbox", POLICY_MAILBOX }, { "domain", POLICY_DOMAIN }, { "both", POLICY_BOTH } };

/* Of each type the same: the seed makes the mailbox of "domain" optional, and the rules do not (SBR 4.2.1). */
static const struct {
	const char *name, *mailboxes, *domains;
	bool domains_required;
	const char *code, *field; /* NULL: permitted */
} fields[] = {
	{ "nothing", "", "", false, "no-mailbox", "mailboxes" },
	{ "a domain alone", "", "alpha.example", false, "no-mailbox", "mailboxes" },
	{ "a domain alone where it must be", "", "alpha.example", true, "no-mailbox", "mailboxes" },
	{ "a mailbox alone", "alice@alpha.example", "", false, NULL, NULL },
	{ "a mailbox alone where a domain must be", "alice@alpha.example", "", true,
	    "domains-required", "domains" },
	{ "a mailbox and its domain", "alice@alpha.example", "alpha.example", true, NULL, NULL },
	{ "a mailbox in another domain", "alice@beta.example", "alpha.example", true,
	    "mailbox-domain-mismatch", "mailboxes[0]" },
	{ "a second mailbox in another domain", "alice@alpha.example,alice@beta.example",
	    "alpha.example", false, "mailbox-domain-mismatch", "mailboxes[1]" },
	{ "a mailbox below its domain", "alice@sub.alpha.example", "alpha.example", false,
	    "mailbox-domain-mismatch", "mailboxes[0]" },
	{ "a mailbox above its domain", "alice@alpha.example", "sub.alpha.example", false,
	    "mailbox-domain-mismatch", "mailboxes[0]" },
	{ "a mailbox below its domain, given too", "alice@sub.alpha.example",
	    "alpha.example,sub.alpha.example", true, NULL, NULL },
};

static void
each_validation_type_has_its_mandatory_fields(void **state)
{
	struct fake_world *world = *state;

	world->config.assigned =
	    fake_texts(world, "*@alpha.example,*@sub.alpha.example,*@beta.example");
	for (size_t i = 0; i < LEN(types) * LEN(fields); i++) {
		const size_t type = i / LEN(fields), row = i % LEN(fields);
		const struct claim_request request =
		    fake_request(world, fields[row].mailboxes, fields[row].domains).request;
		struct cs_refusal why = { .code = "yes", .field = "" };

		world->config.profile.validation = types[type].validation;
		world->config.profile.sans[POLICY_SAN_DOMAIN].required =
		    fields[row].domains_required;
		(void)!policy_may_request(&world->policy.rules, &world->config, &request, FAKE_NOW,
		    FAKE_NOW, world->arena, &why);
		if (strcmp(why.code, fields[row].code ? fields[row].code : "yes") != 0 ||
		    strcmp(why.field, fields[row].field ? fields[row].field : "") != 0)
			fail_msg("%s, %s: got %s on %s", types[type].name, fields[row].name,
			    why.code, why.field);
	}
}

static void
expect_refusal(struct fake_world *world, const struct policy_config *config,
    const struct claim_request *request, const char *want)
{
	struct cs_refusal why = { .code = "yes" };

	(void)!policy_may_request(
	    &world->policy.rules, config, request, FAKE_NOW, FAKE_NOW, world->arena, &why);
	if (strcmp(why.code, want) != 0)
		fail_msg("got %s, want %s", why.code, want);
}

static void
names_a_mailbox_or_nothing(void **state)
{
	struct fake_world *world = *state;
	struct claim_request request =
	    fake_request(world, "alice@alpha.example,bob@alpha.example", "").request;
	static const char *const others[] = { "carol@alpha.example", "Alice Example", "alice",
		"Alice@alpha.example", "alice@alpha.example ", "<script>alert(1)</script>" };

	for (size_t i = 0; i < LEN(others); i++) {
		request.common_name = others[i];
		expect_refusal(world, &world->config, &request, "common-name");
	}
	request.common_name = "bob@alpha.example";
	expect_refusal(world, &world->config, &request, "yes");
}

static void
refuses_whom_nobody_knows(void **state)
{
	struct fake_world *world = *state;
	const struct claim_request request = fake_request(world, "alice@alpha.example", "").request;
	struct policy_config config = world->config;

	config.profile_allowed = false;
	expect_refusal(world, &config, &request, "profile-not-allowed");
	config.profile_known = false;
	expect_refusal(world, &config, &request, "unknown-profile");
	config.account_known = false;
	expect_refusal(world, &config, &request, "unknown-account");
	config.enterprise_known = false;
	expect_refusal(world, &config, &request, "unknown-enterprise");
	expect_refusal(world, &(struct policy_config){ 0 }, &request, "unknown-enterprise");
	config = world->config;
	config.profile.certificate_profile = "made-up";
	expect_refusal(world, &config, &request, "unknown-profile");
}

static void
refuses_who_asks_on_behalf_without_right(void **state)
{
	struct fake_world *world = *state;
	struct claim_request request = fake_request(world, "alice@alpha.example", "").request;
	struct policy_config config = world->config;

	request.submitted_by = "bob";
	config.is_operator = true; /* the account's right is not the asker's */
	expect_refusal(world, &config, &request, "not-an-operator");
	config.submitter_is_operator = true;
	config.profile_allowed = false;
	expect_refusal(world, &config, &request, "profile-not-allowed");
}

static void
a_profile_may_be_stricter_than_the_rules_and_not_laxer(void **state)
{
	struct fake_world *world = *state;
	struct claim_request request = fake_request(world, "alice@alpha.example", "").request;
	struct policy_config config = world->config;

	config.profile.max_days = 90;
	request.validity_days = 90;
	expect_refusal(world, &config, &request, "yes");
	request.validity_days = 91;
	expect_refusal(world, &config, &request, "validity-too-long");
	config.profile.max_days = 2000;
	request.validity_days = 826;
	expect_refusal(world, &config, &request, "validity-too-long");
}

static void
allows_only_the_profiles_uses_of_a_key(void **state)
{
	struct fake_world *world = *state;
	struct claim_request request = fake_request(world, "alice@alpha.example", "").request;

	for (enum claim_key_use allowed = CLAIM_DUAL; allowed <= CLAIM_ENCRYPTION; allowed++) {
		struct policy_config config = world->config;

		config.profile.may_dual = allowed == CLAIM_DUAL;
		config.profile.may_signing = allowed == CLAIM_SIGNING;
		config.profile.may_encryption = allowed == CLAIM_ENCRYPTION;
		for (request.key_use = CLAIM_DUAL; request.key_use <= CLAIM_ENCRYPTION;
		     request.key_use++)
			expect_refusal(world, &config, &request,
			    request.key_use == allowed ? "yes" : "key-use-not-allowed");
	}
}

/* A request for an Ed25519 key: profiles of public trust take none, and none encrypts. */
static void
takes_only_the_profile_s_kinds_of_keys(void **state)
{
	static const char hex[] =
	    "30819b304f020100301c311a301806035504030c11616c696365406578616d706c652e636f6d302a"
	    "300506032b6570032100952332f24b7901a7bafe43814f8f5ea1ea5de180657e19e4fde086870cdc"
	    "dd2ba000300506032b6570034100bf0c60787c0d6c4ee073cac41b1e0252c8f89e4afe24216bac67"
	    "d5ab2d4b3297873f501924c847e12a16817678c01cf4384e929d39b5977032b73fd410d63105";
	uint8_t csr[sizeof(hex) / 2];
	struct fake_world *world = *state;
	struct claim_request request = fake_request(world, "alice@alpha.example", "").request;
	struct policy_config config = world->config;

	assert_true(cs_hex_decode(hex, csr, sizeof(csr)));
	request.csr = cs_span_of(csr, sizeof(csr));
	request.key_use = CLAIM_SIGNING;
	expect_refusal(world, &config, &request, "key-not-allowed");
	config.profile.certificate_profile = "private-mailbox";
	expect_refusal(world, &config, &request, "yes");
	request.key_use = CLAIM_DUAL;
	expect_refusal(world, &config, &request, "key-not-allowed");
}

/* ---- checks ---- */

static const struct {
	const char *name, *mailboxes, *domains;
	enum policy_validation validation;
	const char *want; /* id=target */
} lists[] = {
	{ "mailbox", "alice@alpha.example", "", POLICY_MAILBOX,
	    "mailbox-1=alice@alpha.example caa-1=alpha.example mpic-caa-1=alpha.example " },
	{ "two mailboxes of one domain", "alice@alpha.example,bob@alpha.example", "",
	    POLICY_MAILBOX,
	    "mailbox-1=alice@alpha.example mailbox-2=bob@alpha.example caa-1=alpha.example "
	    "mpic-caa-1=alpha.example " },
	{ "two domains of mailboxes", "alice@alpha.example,bob@beta.example", "", POLICY_MAILBOX,
	    "mailbox-1=alice@alpha.example mailbox-2=bob@beta.example caa-1=alpha.example "
	    "mpic-caa-1=alpha.example caa-2=beta.example mpic-caa-2=beta.example " },
	{ "domain of the mailbox", "alice@alpha.example", "", POLICY_DOMAIN,
	    "domain-1=alpha.example mpic-domain-1=alpha.example caa-1=alpha.example "
	    "mpic-caa-1=alpha.example " },
	{ "given domains", "alice@alpha.example", "alpha.example,mail.alpha.example", POLICY_DOMAIN,
	    "domain-1=alpha.example mpic-domain-1=alpha.example domain-2=mail.alpha.example "
	    "mpic-domain-2=mail.alpha.example caa-1=alpha.example mpic-caa-1=alpha.example " },
	{ "both", "alice@alpha.example", "alpha.example", POLICY_BOTH,
	    "mailbox-1=alice@alpha.example domain-1=alpha.example mpic-domain-1=alpha.example "
	    "caa-1=alpha.example mpic-caa-1=alpha.example " },
};

static struct claim_plan
checks_of(struct fake_world *world, const struct claim_request *request, int64_t until_ms)
{
	struct claim_plan plan = { 0 };

	policy_checks_make(&world->policy.rules, &world->config, request,
	    &(struct policy_identified){ .organization = NULL }, until_ms, world->arena,
	    &plan.checks, &plan.n_checks);
	return plan;
}

static void
each_type_has_its_checks(void **state)
{
	struct fake_world *world = *state;

	for (size_t i = 0; i < LEN(lists); i++) {
		const struct claim_request request =
		    fake_request(world, lists[i].mailboxes, lists[i].domains).request;
		struct cs_buf got = cs_buf_new(world->arena);

		world->config.profile.validation = lists[i].validation;
		const struct claim_plan plan = checks_of(world, &request, FAKE_NOW);

		for (size_t k = 0; k < plan.n_checks; k++)
			cs_buf_printf(&got, "%s=%s ", plan.checks[k].id, plan.checks[k].target);
		if (!cs_span_is(cs_buf_span(&got), lists[i].want))
			fail_msg("%s: got %s, want %s", lists[i].name,
			    (const char *)cs_buf_span(&got).data, lists[i].want);
	}
}

static void
of_several_methods_for_a_mailbox_none_is_fixed(void **state)
{
	struct fake_world *world = *state;
	const struct claim_request request = fake_request(world, "alice@alpha.example", "").request;

	world->config.profile.mailbox_methods = fake_texts(world, "email-reply");
	struct claim_plan plan = checks_of(world, &request, FAKE_NOW);

	assert_string_equal(fake_check(&plan, "mailbox-1")->method, "email-reply");
	assert_int_equal(fake_check(&plan, "mailbox-1")->allowed_methods.n, 0);
	world->config.profile.mailbox_methods = fake_texts(world, "email-token,email-reply");
	plan = checks_of(world, &request, FAKE_NOW);
	assert_string_equal(fake_check(&plan, "mailbox-1")->method, "");
	assert_int_equal(fake_check(&plan, "mailbox-1")->allowed_methods.n, 2);
	world->config.profile.mailbox_methods = fake_texts(world, "email-token");
}

static void
a_check_holds_all_that_its_validator_needs(void **state)
{
	struct fake_world *world = *state;
	const struct claim_request request = fake_request(world, "alice@alpha.example", "").request;

	world->config.profile.validation = POLICY_BOTH;
	world->config.profile.domain_methods = fake_texts(world, "dns-txt");
	const struct claim_plan plan = checks_of(world, &request, FAKE_NOW);
	const struct claim_check *check = fake_check(&plan, "mailbox-1");

	assert_string_equal(check->method, "email-token");
	assert_string_equal(check->enterprise, "demo");
	assert_string_equal(check->account, "alice");
	assert_int_equal(check->freshness_ms, 30 * CS_DAY_MS);
	check = fake_check(&plan, "domain-1");
	assert_string_equal(check->method, "");
	assert_string_equal(check->account, ""); /* it serves the whole enterprise */
	assert_int_equal(check->freshness_ms, 398 * CS_DAY_MS);
	assert_int_equal(check->allowed_methods.n, 1);
	assert_string_equal(check->allowed_methods.items[0], "dns-txt");
	assert_int_equal(check->issuer_domains.n, 2);
	assert_int_equal(fake_check(&plan, "mpic-domain-1")->min_remotes, 4);
	check = fake_check(&plan, "caa-1");
	assert_string_equal(check->method, "caa-issuemail");
	/* By which method the domain is proved is not known yet. */
	assert_true(cs_span_is(check->expected, TERMS("")));
	assert_int_equal(check->issuer_domains.n, 2);
	assert_int_equal(check->freshness_ms, 8 * CS_HOUR_MS);
	assert_int_equal(check->min_remotes, 0);
	assert_int_equal(fake_check(&plan, "mpic-caa-1")->min_remotes, 4);
}

/* The order is of the table, whatever the profile's is. */
static void
a_domain_may_be_proved_as_the_profile_says(void **state)
{
	struct fake_world *world = *state;
	const struct claim_request request = fake_request(world, "alice@alpha.example", "").request;
	static const char *const want[] = { "dns-cname", "dns-persist", "acme-http",
		"mx-http-file" };

	world->config.profile.validation = POLICY_DOMAIN;
	world->config.profile.domain_methods =
	    fake_texts(world, "mx-http-file,acme-http,dns-persist,dns-cname");
	const struct claim_plan plan = checks_of(world, &request, FAKE_NOW);
	const struct claim_texts *got = &fake_check(&plan, "domain-1")->allowed_methods;

	assert_int_equal(got->n, LEN(want));
	for (size_t i = 0; i < LEN(want); i++)
		assert_string_equal(got->items[i], want[i]);
	assert_int_equal(fake_check(&plan, "mpic-domain-1")->allowed_methods.n, LEN(want));
}

/* At the end of time every method of domains has retired; a method of mailboxes never proved one. */
static void
methods_that_retired_are_left_out(void **state)
{
	struct fake_world *world = *state;
	struct claim_request request = fake_request(world, "alice@alpha.example", "").request;
	struct policy_profile *profile = &world->config.profile;
	struct cs_refusal why = { .code = "yes" };

	world->config.assigned = fake_texts(world, "alice@alpha.example");
	for (enum policy_validation v = POLICY_MAILBOX; v <= POLICY_BOTH; v++) {
		profile->validation = v;
		assert_true(policy_may_request(&world->policy.rules, &world->config, &request,
		    INT64_MAX - 1, INT64_MAX - 1, world->arena, &why));
		assert_int_equal(policy_domain_methods(profile, INT64_MAX - 1, world->arena).n, 8);
		bool may = policy_may_request(&world->policy.rules, &world->config, &request,
		    INT64_MAX, INT64_MAX, world->arena, &why);

		assert_int_equal(may, v == POLICY_MAILBOX);
		assert_int_equal(policy_domain_methods(profile, INT64_MAX, world->arena).n, 0);
	}
	assert_string_equal(why.code, "no-domain-method");
	assert_string_equal(why.clause, "TBR 3.2.2.4");
	profile->domain_methods = fake_texts(world, "email-token,email-reply");
	expect_refusal(world, &world->config, &request, "no-domain-method");
}

/* ---- CAA is read for an account, by methods, and by names of ours ---- */

static void
set_method(const struct claim_plan *plan, const char *id, const char *method)
{
	struct claim_check *check = (struct claim_check *)(uintptr_t)fake_check(plan, id);

	assert_non_null(check);
	check->method = method;
}

static void
expect_terms(const struct claim_plan *plan, const char *id, const char *want)
{
	const struct claim_check *check = fake_check(plan, id);
	uint8_t digest[CLAIM_DIGEST];

	assert_non_null(check);
	if (!cs_span_is(check->expected, want))
		fail_msg("%s: got %.*s, want %s", id, (int)check->expected.len,
		    (const char *)check->expected.data, want);
	claim_check_digest(check, digest);
	assert_memory_equal(digest, check->digest, CLAIM_DIGEST);
}

static void
caa_is_read_for_the_methods_of_its_own_domain(void **state)
{
	struct fake_world *world = *state;
	const struct claim_request request = fake_request(
	    world, "alice@alpha.example,bob@mail.alpha.example", "alpha.example,mail.alpha.example")
						 .request;

	world->config.profile.validation = POLICY_BOTH;
	const struct claim_plan plan = checks_of(world, &request, FAKE_NOW);

	set_method(&plan, "domain-1", "dns-txt");
	policy_checks_terms(
	    &world->policy.rules, &world->config, plan.checks, plan.n_checks, world->arena);
	expect_terms(&plan, "caa-1", TERMS("dns-txt,email-token"));
	expect_terms(&plan, "caa-2", TERMS("")); /* of the other domain's method nobody knows */
	set_method(&plan, "domain-2", "http-file");
	policy_checks_terms(
	    &world->policy.rules, &world->config, plan.checks, plan.n_checks, world->arena);
	expect_terms(&plan, "caa-1", TERMS("dns-txt,email-token"));
	expect_terms(&plan, "mpic-caa-1", TERMS("dns-txt,email-token"));
	/* A proof of the domain above says something about it, too. */
	expect_terms(&plan, "caa-2", TERMS("dns-txt,http-file,email-token"));
	expect_terms(&plan, "mpic-caa-2", TERMS("dns-txt,http-file,email-token"));
}

static void
caa_of_another_enterprise_is_another_check(void **state)
{
	struct fake_world *world = *state;
	struct claim_request request = fake_request(world, "alice@alpha.example", "").request;
	const struct claim_plan first = checks_of(world, &request, FAKE_NOW);

	request.enterprise = "rival";
	const struct claim_plan second = checks_of(world, &request, FAKE_NOW);

	expect_terms(&second, "caa-1",
	    "issuers=ca.countersign.example,ca2.example account=acct:rival@ca.countersign.example"
	    " methods=email-token");
	assert_memory_not_equal(fake_check(&first, "caa-1")->digest,
	    fake_check(&second, "caa-1")->digest, CLAIM_DIGEST);
}

static void
the_closest_configured_domain_says_by_which_names(void **state)
{
	static const struct {
		const char *name, *mailbox, *want; /* NULL: refused */
	} cases[] = {
		{ "nothing is configured", "a@gamma.example",
		    "ca.countersign.example,ca2.example" },
		{ "for this domain", "a@alpha.example", "ca2.example" },
		{ "for the domain above", "a@x.y.alpha.example", "ca2.example" },
		{ "closer", "a@mail.alpha.example", "ca.countersign.example" },
		{ "closer, for what is above", "a@x.mail.alpha.example", "ca.countersign.example" },
		{ "no domain above, a look-alike", "a@notalpha.example",
		    "ca.countersign.example,ca2.example" },
		{ "in our order, what is ours", "a@beta.example",
		    "ca.countersign.example,ca2.example" },
		{ "nothing that is ours", "a@delta.example", NULL },
	};
	struct fake_world *world = *state;
	struct policy_caa caa[] = {
		{ "alpha.example", fake_texts(world, "ca2.example") },
		{ "mail.alpha.example", fake_texts(world, "ca.countersign.example") },
		{ "beta.example",
		    fake_texts(world, "ca2.example,ca.evil.example,ca.countersign.example") },
		{ "delta.example", fake_texts(world, "ca.evil.example") },
	};

	world->config.caa = caa;
	world->config.n_caa = LEN(caa);
	for (size_t i = 0; i < LEN(cases); i++) {
		const struct claim_request request =
		    fake_request(world, cases[i].mailbox, "").request;
		struct cs_refusal why = { 0 };

		if (policy_may_request(&world->policy.rules, &world->config, &request, FAKE_NOW,
			FAKE_NOW, world->arena, &why) != (cases[i].want != NULL))
			fail_msg("%s: %s", cases[i].name, why.code);
		if (cases[i].want == NULL) {
			assert_string_equal(why.code, "caa-no-issuer");
			assert_string_equal(why.field, "mailboxes[0]");
			continue;
		}
		const struct claim_plan plan = checks_of(world, &request, FAKE_NOW);
		const char *want = cs_arena_printf(world->arena,
		    "issuers=%s account=acct:demo@ca.countersign.example methods=email-token",
		    cases[i].want);

		expect_terms(&plan, "caa-1", want);
		expect_terms(&plan, "mpic-caa-1", want);
	}
}

static void
the_number_of_perspectives_follows_the_date(void **state)
{
	struct fake_world *world = *state;
	const struct claim_request request = fake_request(world, "alice@alpha.example", "").request;
	const int64_t day = INT64_C(1797292800000); /* 2026-12-15T00:00:00Z */
	struct claim_plan plan = checks_of(world, &request, day - 1);

	assert_int_equal(fake_check(&plan, "mpic-caa-1")->min_remotes, 4);
	plan = checks_of(world, &request, day);
	assert_int_equal(fake_check(&plan, "mpic-caa-1")->min_remotes, 5);
}

static void
periods_are_the_shorter_of_profile_and_rule(void **state)
{
	struct fake_world *world = *state;
	const struct claim_request request = fake_request(world, "alice@alpha.example", "").request;

	world->config.profile.validation = POLICY_BOTH;
	world->config.profile.mailbox_period_days = 31;
	world->config.profile.domain_period_days = 399;
	struct claim_plan plan = checks_of(world, &request, FAKE_NOW);

	assert_int_equal(fake_check(&plan, "mailbox-1")->freshness_ms, 30 * CS_DAY_MS);
	assert_int_equal(fake_check(&plan, "domain-1")->freshness_ms, 398 * CS_DAY_MS);
	world->config.profile.mailbox_period_days = 29;
	world->config.profile.domain_period_days = 397;
	plan = checks_of(world, &request, FAKE_NOW);
	assert_int_equal(fake_check(&plan, "mailbox-1")->freshness_ms, 29 * CS_DAY_MS);
	assert_int_equal(fake_check(&plan, "domain-1")->freshness_ms, 397 * CS_DAY_MS);
	assert_int_equal(fake_check(&plan, "mpic-domain-1")->freshness_ms, 397 * CS_DAY_MS);
}

/* ---- what no request escapes ---- */

static const char *const some_domains[] = { "alpha.example", "mail.alpha.example", "beta.example",
	"alpha.co.uk", "co.uk", "xn--bcher-kva.example" };

static const char *
pick_names(struct fake_world *world, unsigned *seed, bool mailboxes)
{
	struct cs_buf buf = cs_buf_new(world->arena);
	int n = rand_r(seed) % 12;

	for (int i = 0; i < n; i++)
		cs_buf_printf(&buf, "%s%s,",
		    mailboxes ? cs_arena_printf(world->arena, "u%d@", i) : "",
		    some_domains[(unsigned)rand_r(seed) % LEN(some_domains)]);
	return (const char *)cs_buf_span(&buf).data;
}

static void
choose_profile(struct fake_world *world, unsigned *seed)
{
	struct policy_profile *profile = &world->config.profile;

	profile->validation = (enum policy_validation)((unsigned)rand_r(seed) % 3);
	profile->mailbox_period_days = (uint32_t)rand_r(seed) % 1000;
	profile->domain_period_days = (uint32_t)rand_r(seed) % 1000;
	profile->max_days = (uint32_t)rand_r(seed) % 2000;
	profile->domain_methods = fake_texts(world, rand_r(seed) % 4 ? "dns-txt,mx-http-file" : "");
	world->config.assigned =
	    fake_texts(world, "*@alpha.example,*@mail.alpha.example,*@alpha.co.uk");
}

static bool
has_check(const struct claim_plan *plan, enum claim_kind kind, const char *target)
{
	for (size_t i = 0; i < plan->n_checks; i++)
		if (plan->checks[i].kind == kind && strcmp(plan->checks[i].target, target) == 0)
			return true;
	return false;
}

static void
meets_the_floor(const struct claim_plan *plan, const struct claim_request *request, unsigned seed)
{
	for (size_t i = 0; i < request->mailboxes.n; i++) {
		const char *mailbox = request->mailboxes.items[i];
		const char *domain = strchr(mailbox, '@') + 1;

		if (!has_check(plan, CLAIM_CAA, domain) || !has_check(plan, CLAIM_MPIC_CAA, domain))
			fail_msg("seed %u: no CAA and MPIC of CAA for %s", seed, domain);
		if (!has_check(plan, CLAIM_MAILBOX, mailbox) &&
		    !(has_check(plan, CLAIM_DOMAIN, domain) &&
			has_check(plan, CLAIM_MPIC_DOMAIN, domain)))
			fail_msg("seed %u: nothing proves %s", seed, mailbox);
	}
	for (size_t i = 0; i < plan->n_checks; i++) {
		const struct claim_check *check = &plan->checks[i];

		if (check->kind == CLAIM_CAA || check->kind == CLAIM_MPIC_CAA)
			assert_true(check->issuer_domains.n > 0 && check->expected.len > 0);
		if (check->kind == CLAIM_MPIC_CAA || check->kind == CLAIM_MPIC_DOMAIN)
			assert_true(check->min_remotes >= smime_rule_mpic_min_remotes(FAKE_NOW));
		if (check->kind == CLAIM_MAILBOX)
			assert_true(check->freshness_ms <= 30 * CS_DAY_MS);
		assert_true(check->freshness_ms <= 398 * CS_DAY_MS);
	}
}

static void
no_request_ever_escapes_caa_and_its_perspectives(void **state)
{
	struct fake_world *world = *state;
	struct cs_arena *kept = world->arena;
	unsigned first = (unsigned)time(NULL), permitted = 0;

	print_message("seed %u\n", first);
	for (unsigned round = 0; round < 3000; round++) {
		unsigned seed = first + round, draw = seed;
		struct cs_refusal why;

		world->arena = cs_arena_new();
		choose_profile(world, &draw);
		const char *mailboxes = pick_names(world, &draw, true);
		const char *domains = rand_r(&draw) % 2 ? pick_names(world, &draw, false) : "";
		struct claim_request request = fake_request(world, mailboxes, domains).request;

		request.validity_days = (uint32_t)rand_r(&draw) % 1000;
		if (policy_may_request(&world->policy.rules, &world->config, &request, FAKE_NOW,
			FAKE_NOW, world->arena, &why)) {
			const struct claim_plan plan = checks_of(world, &request, FAKE_NOW);

			permitted++;
			assert_true(request.mailboxes.n > 0 && request.validity_days <= 825);
			meets_the_floor(&plan, &request, seed);
		}
		cs_arena_free(world->arena);
		world->arena = kept;
	}
	if (permitted < 100)
		fail_msg("seed %u: only %u requests were permitted", first, permitted);
}

int
main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, fake_world_setup, fake_world_teardown)
	const struct CMUnitTest tests[] = {
		CASE(answers_each_wish),
		CASE(each_validation_type_has_its_mandatory_fields),
		CASE(names_a_mailbox_or_nothing),
		CASE(refuses_whom_nobody_knows),
		CASE(refuses_who_asks_on_behalf_without_right),
		CASE(a_profile_may_be_stricter_than_the_rules_and_not_laxer),
		CASE(allows_only_the_profiles_uses_of_a_key),
		CASE(takes_only_the_profile_s_kinds_of_keys),
		CASE(each_type_has_its_checks),
		CASE(of_several_methods_for_a_mailbox_none_is_fixed),
		CASE(a_check_holds_all_that_its_validator_needs),
		CASE(a_domain_may_be_proved_as_the_profile_says),
		CASE(methods_that_retired_are_left_out),
		CASE(caa_is_read_for_the_methods_of_its_own_domain),
		CASE(caa_of_another_enterprise_is_another_check),
		CASE(the_closest_configured_domain_says_by_which_names),
		CASE(the_number_of_perspectives_follows_the_date),
		CASE(periods_are_the_shorter_of_profile_and_rule),
		CASE(no_request_ever_escapes_caa_and_its_perspectives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
