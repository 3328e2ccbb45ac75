/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "tests/fake_claims.h"

#define ASSERT_SPAN_EQUAL(a, b) assert_true(cs_span_equal((a), (b)))

static void
assert_texts_equal(const struct claim_texts *a, const struct claim_texts *b)
{
	assert_int_equal(a->n, b->n);
	for (size_t i = 0; i < a->n; i++)
		assert_string_equal(a->items[i], b->items[i]);
}

static void
assert_check_equal(const struct claim_check *a, const struct claim_check *b)
{
	assert_string_equal(a->id, b->id);
	assert_int_equal(a->kind, b->kind);
	assert_string_equal(a->target, b->target);
	assert_string_equal(a->method, b->method);
	assert_string_equal(a->enterprise, b->enterprise);
	assert_string_equal(a->account, b->account);
	ASSERT_SPAN_EQUAL(a->expected, b->expected);
	assert_texts_equal(&a->issuer_domains, &b->issuer_domains);
	assert_texts_equal(&a->allowed_methods, &b->allowed_methods);
	assert_int_equal(a->freshness_ms, b->freshness_ms);
	assert_int_equal(a->attempt, b->attempt);
	assert_int_equal(a->deadline_ms, b->deadline_ms);
	assert_memory_equal(a->digest, b->digest, CLAIM_DIGEST);
	assert_int_equal(a->has_standing, b->has_standing);
	assert_memory_equal(a->standing_sha256, b->standing_sha256, CLAIM_DIGEST);
	assert_int_equal(a->standing_until_ms, b->standing_until_ms);
	assert_int_equal(a->min_remotes, b->min_remotes);
	assert_int_equal(a->fresh, b->fresh);
	assert_string_equal(a->new_because, b->new_because != NULL ? b->new_because : "");
}

static void
a_request_survives_a_round_trip(void **state)
{
	struct fake_claims *c = *state;
	struct claim_request got;
	struct cs_err err = { 0 };

	struct cs_span sealed = claim_seal_request(c->arena, c->keys[FAKE_INTAKE], &c->request);
	if (claim_open_request(c->arena, c->trust, sealed, FAKE_NOW, &got, &err) != CS_OK)
		fail_msg("%s", err.text);
	assert_true(cs_id_equal(got.id, c->request.id));
	assert_string_equal(got.enterprise, "acme");
	assert_string_equal(got.account, "u-1");
	assert_string_equal(got.profile, "staff");
	ASSERT_SPAN_EQUAL(got.csr, c->request.csr);
	assert_texts_equal(&got.mailboxes, &c->request.mailboxes);
	assert_int_equal(got.domains.n, 0);
	assert_int_equal(got.validity_days, 90);
	assert_int_equal(got.key_use, CLAIM_DUAL);
	assert_string_equal(got.agreement, "2026-01");
	assert_int_equal(got.submitted_at_ms, c->request.submitted_at_ms);
	assert_string_equal(got.contact, "ann@sales.example");
	assert_string_equal(got.common_name, "");
	assert_int_equal(got.subject.n, 0);
	assert_string_equal(got.submitted_by, "");
	assert_memory_equal(got.digest, c->request.digest, CLAIM_DIGEST);
	assert_int_equal(claim_statement_of(c->arena, sealed), CLAIM_REQUEST);
	assert_string_equal(claim_keyid_of(c->arena, sealed), claim_key_id(c->keys[FAKE_INTAKE]));
}

/* No certificate, so nothing that only a certificate needs. */
static struct claim_request
of_a_domain(const struct fake_claims *c)
{
	static const char *const sales[] = { "sales.example" };
	struct claim_request request = {
		.id = c->request.id,
		.enterprise = c->request.enterprise,
		.account = c->request.account,
		.domains = { (const char **)sales, 1 },
		.submitted_at_ms = c->request.submitted_at_ms,
		.kind = CLAIM_DOMAIN_ONLY,
	};

	request.profile = request.agreement = request.contact = request.common_name = "";
	claim_request_digest(&request, cs_span_str(""), request.digest);
	return request;
}

static void
a_request_for_a_domain_survives_a_round_trip(void **state)
{
	struct fake_claims *c = *state;
	const struct claim_request request = of_a_domain(c);
	struct claim_request got;
	struct cs_err err = { 0 };
	struct cs_span sealed = claim_seal_request(c->arena, c->keys[FAKE_INTAKE], &request);

	if (claim_open_request(c->arena, c->trust, sealed, FAKE_NOW, &got, &err) != CS_OK)
		fail_msg("%s", err.text);
	assert_int_equal(got.kind, CLAIM_DOMAIN_ONLY);
	assert_texts_equal(&got.domains, &request.domains);
	assert_int_equal(got.mailboxes.n, 0);
	assert_int_equal(got.csr.len, 0);
	assert_string_equal(got.profile, "");
	assert_true(cs_id_is_zero(got.previous));
	assert_memory_equal(got.digest, request.digest, CLAIM_DIGEST);
	assert_string_equal(claim_request_kind_name(got.kind), "domain");
	/* There is nothing to approve. */
	struct claim_request approved = request;

	approved.approved_factor = "api-token";
	sealed = claim_seal_request(c->arena, c->keys[FAKE_INTAKE], &approved);
	assert_int_equal(
	    claim_open_request(c->arena, c->trust, sealed, FAKE_NOW, &got, NULL), CS_MALFORMED);
}

static void
values_of_the_subject_survive_a_round_trip(void **state)
{
	struct claim_value wished[] = { { "countryName", "CH", "" },
		{ "organizationalUnitName", "Z\xc3\xbcrich", "" } };
	struct claim_value planned[] = { { "countryName", "CH", "operator" },
		{ "organizationalUnitName", "Z\xc3\xbcrich", "person" },
		{ "title", "Dr.", "profile" } };
	struct fake_claims *c = *state;
	struct claim_request request = c->request, got;
	struct claim_plan plan = c->plan, got_plan;

	request.subject = (struct claim_values){ wished, 2 };
	plan.subject = (struct claim_values){ planned, 3 };
	struct cs_span sealed = claim_seal_request(c->arena, c->keys[FAKE_INTAKE], &request);
	assert_int_equal(claim_open_request(c->arena, NULL, sealed, 0, &got, NULL), CS_OK);
	assert_int_equal(got.subject.n, 2);
	assert_string_equal(got.subject.items[1].name, "organizationalUnitName");
	assert_string_equal(got.subject.items[1].value, "Z\xc3\xbcrich");
	assert_string_equal(got.subject.items[1].source, "");
	sealed = claim_seal_plan(c->arena, c->keys[FAKE_POLICY], &plan);
	assert_int_equal(claim_open_plan(c->arena, NULL, sealed, 0, &got_plan, NULL), CS_OK);
	assert_int_equal(got_plan.subject.n, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_string_equal(got_plan.subject.items[i].name, planned[i].name);
		assert_string_equal(got_plan.subject.items[i].value, planned[i].value);
		assert_string_equal(got_plan.subject.items[i].source, planned[i].source);
	}
	planned[1].source = "somebody";
	sealed = claim_seal_plan(c->arena, c->keys[FAKE_POLICY], &plan);
	assert_int_equal(claim_open_plan(c->arena, NULL, sealed, 0, &got_plan, NULL), CS_MALFORMED);
}

static void
an_approval_survives_a_round_trip(void **state)
{
	struct fake_claims *c = *state;
	struct claim_approval got;

	struct cs_span sealed = claim_seal_approval(c->arena, c->keys[FAKE_INTAKE], &c->approval);
	assert_int_equal(
	    claim_open_approval(c->arena, c->trust, sealed, FAKE_NOW, &got, NULL), CS_OK);
	assert_true(cs_id_equal(got.request, c->approval.request));
	assert_memory_equal(got.request_digest, c->approval.request_digest, CLAIM_DIGEST);
	assert_string_equal(got.factor, "api-token");
	assert_int_equal(got.approved_at_ms, c->approval.approved_at_ms);
	assert_int_equal(claim_statement_of(c->arena, sealed), CLAIM_APPROVAL);
}

static void
a_plan_survives_a_round_trip(void **state)
{
	struct fake_claims *c = *state;
	struct claim_plan got;
	struct cs_err err = { 0 };

	c->checks[1].new_because = "the profile was changed";
	struct cs_span sealed = claim_seal_plan(c->arena, c->keys[FAKE_POLICY], &c->plan);
	if (claim_open_plan(c->arena, c->trust, sealed, FAKE_NOW, &got, &err) != CS_OK)
		fail_msg("%s", err.text);
	assert_int_equal(got.revision, 2);
	assert_true(got.final);
	assert_string_equal(got.certificate_profile, "mailbox-multipurpose");
	assert_string_equal(got.rules_version, CLAIM_RULES_VERSION);
	assert_int_equal(got.profile_version, 4);
	assert_int_equal(got.enterprise_version, 5);
	assert_int_equal(got.made_at_ms, c->plan.made_at_ms);
	assert_int_equal(got.ends_at_ms, c->plan.ends_at_ms);
	assert_memory_equal(got.approval_sha256, c->plan.approval_sha256, CLAIM_DIGEST);
	assert_int_equal(got.n_checks, 2);
	for (size_t i = 0; i < 2; i++)
		assert_check_equal(&got.checks[i], &c->checks[i]);
	assert_int_equal(got.waived.n, 0);
	assert_false(claim_plan_waives(&got, CLAIM_WAIVED_CAA));
	assert_string_equal(claim_plan_waived(c->arena, &got), "");
}

static void
a_plan_says_what_it_does_without(void **state)
{
	static const char *waived[] = { "caa", "mpic" };
	static const struct {
		const char *name;
		const char *items[2];
		size_t n;
		enum cs_code want;
	} lists[] = {
		{ "one", { "mpic" }, 1, CS_OK },
		{ "one that nobody knows yet", { "weather" }, 1, CS_OK },
		{ "one twice", { "caa", "caa" }, 2, CS_MALFORMED },
		{ "not in order", { "mpic", "caa" }, 2, CS_MALFORMED },
		{ "one without a name", { "" }, 1, CS_MALFORMED },
		{ "a control character", { "caa\n" }, 1, CS_MALFORMED },
	};
	struct fake_claims *c = *state;
	struct claim_plan plan = c->plan, got;

	plan.waived = (struct claim_texts){ waived, 2 };
	struct cs_span sealed = claim_seal_plan(c->arena, c->keys[FAKE_POLICY], &plan);
	assert_int_equal(claim_open_plan(c->arena, c->trust, sealed, FAKE_NOW, &got, NULL), CS_OK);
	assert_int_equal(got.waived.n, 2);
	assert_true(claim_plan_waives(&got, CLAIM_WAIVED_CAA));
	assert_true(claim_plan_waives(&got, CLAIM_WAIVED_MPIC));
	assert_false(claim_plan_waives(&got, "caa,mpic"));
	assert_false(claim_plan_waives(&got, ""));
	assert_string_equal(claim_plan_waived(c->arena, &got), "caa,mpic");
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		plan.waived = (struct claim_texts){ (const char **)lists[i].items, lists[i].n };
		sealed = claim_seal_plan(c->arena, c->keys[FAKE_POLICY], &plan);
		if (claim_open_plan(c->arena, NULL, sealed, 0, &got, NULL) != lists[i].want)
			fail_msg("%s: read otherwise than wanted", lists[i].name);
	}
}

static void
a_first_plan_names_no_approval(void **state)
{
	struct fake_claims *c = *state;
	struct claim_plan got;

	c->plan.final = false;
	struct cs_span sealed = claim_seal_plan(c->arena, c->keys[FAKE_POLICY], &c->plan);
	assert_int_equal(claim_open_plan(c->arena, NULL, sealed, 0, &got, NULL), CS_OK);
	assert_false(got.final);
}

static void
an_evidence_survives_a_round_trip(void **state)
{
	struct fake_claims *c = *state;
	const struct claim_evidence *want = &c->evidence;
	struct claim_evidence got;
	struct cs_err err = { 0 };

	struct cs_span sealed = claim_seal_evidence(c->arena, c->keys[FAKE_CAA], want);
	if (claim_open_evidence(c->arena, c->trust, sealed, FAKE_NOW, &got, &err) != CS_OK)
		fail_msg("%s", err.text);
	assert_string_equal(got.check_id, "caa-1");
	assert_int_equal(got.kind, CLAIM_CAA);
	assert_memory_equal(got.check_digest, c->checks[0].digest, CLAIM_DIGEST);
	assert_int_equal(got.attempt, 1);
	assert_int_equal(got.outcome, CLAIM_PROVED);
	assert_int_equal(got.checked_at_ms, want->checked_at_ms);
	assert_int_equal(got.valid_until_ms, want->valid_until_ms);
	assert_int_equal(got.security, CLAIM_DNSSEC_SECURE);
	assert_int_equal(got.n_lookups, 1);
	assert_string_equal(got.lookups[0].name, "sales.example");
	assert_texts_equal(&got.lookups[0].records, &c->lookup.records);
	ASSERT_SPAN_EQUAL(got.lookups[0].wire_sha256, c->lookup.wire_sha256);
	assert_int_equal(got.n_perspectives, 1);
	assert_string_equal(got.perspectives[0].region, "ripe");
	ASSERT_SPAN_EQUAL(got.perspectives[0].answer, c->perspective.answer);
	assert_true(got.perspectives[0].corroborates);
	assert_true(got.covers_subdomains);
	ASSERT_SPAN_EQUAL(got.primary_sha256, want->primary_sha256);
	assert_texts_equal(&got.seen, &want->seen);
	assert_string_equal(got.rules_version, CLAIM_RULES_VERSION);
}

static void
a_perspective_answer_survives_a_round_trip(void **state)
{
	struct fake_claims *c = *state;
	struct claim_perspective_answer got;

	struct cs_span sealed = claim_seal_perspective(c->arena, c->keys[FAKE_REMOTE], &c->answer);
	assert_int_equal(
	    claim_open_perspective(c->arena, c->trust, sealed, FAKE_NOW, &got, NULL), CS_OK);
	assert_memory_equal(got.nonce, c->answer.nonce, sizeof(got.nonce));
	assert_memory_equal(got.check_digest, c->answer.check_digest, CLAIM_DIGEST);
	assert_string_equal(got.perspective, "frankfurt");
	assert_string_equal(got.region, "ripe");
	assert_int_equal(got.attempt, 1);
	assert_int_equal(got.ttl_s, 300);
	assert_int_equal(got.n_lookups, 1);
}

static void
orders_survive_a_round_trip(void **state)
{
	struct fake_claims *c = *state;
	struct claim_asked asked = { .request = c->request.id,
		.check = c->checks[1],
		.asked_at_ms = FAKE_NOW,
		.primary_sha256 = cs_span_of(c->request.digest, CLAIM_DIGEST) };
	struct claim_perspective_ask ask = { .check = c->checks[0],
		.request = c->request.id,
		.attempt = 3,
		.deadline_ms = FAKE_NOW + 1 };
	struct claim_asked got_asked;
	struct claim_perspective_ask got_ask;

	memset(ask.nonce, 5, sizeof(ask.nonce));
	memset(asked.request_digest, 6, CLAIM_DIGEST);
	assert_int_equal(
	    claim_read_asked(c->arena, claim_write_asked(c->arena, &asked), &got_asked, NULL),
	    CS_OK);
	assert_check_equal(&got_asked.check, &asked.check);
	assert_memory_equal(got_asked.request_digest, asked.request_digest, CLAIM_DIGEST);
	ASSERT_SPAN_EQUAL(got_asked.primary_sha256, asked.primary_sha256);
	assert_int_equal(claim_read_perspective_ask(
			     c->arena, claim_write_perspective_ask(c->arena, &ask), &got_ask, NULL),
	    CS_OK);
	assert_check_equal(&got_ask.check, &ask.check);
	assert_memory_equal(got_ask.nonce, ask.nonce, sizeof(ask.nonce));
	assert_int_equal(got_ask.attempt, 3);
	assert_int_equal(got_ask.deadline_ms, FAKE_NOW + 1);
}

static void
evidence_for_a_check_repeats_it_exactly(void **state)
{
	struct fake_claims *c = *state;
	struct claim_asked asked = { .request = c->request.id, .check = c->checks[1] };
	struct claim_evidence got;

	claim_evidence_for(&asked, &got);
	assert_memory_equal(got.check_digest, c->checks[1].digest, CLAIM_DIGEST);
	assert_int_equal(got.outcome, 0);
	assert_string_equal(got.target, "sales.example");
}

/* ---- what is refused ---- */

typedef void change_request(struct claim_request *request);

static const char *const bad_case[] = { "ann@SALES.example" };
static const char *const two_at[] = { "ann@b@sales.example" };
static const char *const unsorted[] = { "bob@sales.example", "ann@sales.example" };
static const char *const doubled[] = { "ann@sales.example", "ann@sales.example" };
static const char *const bad_domain[] = { "sales.example." };
static const char long_text[CLAIM_MAX_TEXT + 2] = { [0 ... CLAIM_MAX_TEXT] = 'x' };
static const char longest_text[CLAIM_MAX_TEXT + 1] = { [0 ... CLAIM_MAX_TEXT - 1] = 'x' };
static const char longest_name[129] = { [0 ... 127] = 'x' };
static const char long_name[130] = { [0 ... 128] = 'x' };

#define CHANGE(name, ...)                         \
	static void name(struct claim_request *r) \
	{                                         \
		__VA_ARGS__;                      \
	}
CHANGE(nothing, (void)r)
CHANGE(no_id, r->id = (struct cs_id){ { 0 } })
CHANGE(no_enterprise, r->enterprise = "")
CHANGE(name_at_limit, r->enterprise = longest_name)
CHANGE(name_past_limit, r->enterprise = long_name)
CHANGE(control_in_name, r->account = "u\n1")
CHANGE(bad_utf8, r->account = "u\xc3")
CHANGE(no_mailbox, r->mailboxes.n = 0)
CHANGE(upper_case_domain, r->mailboxes = (struct claim_texts){ (const char **)bad_case, 1 })
CHANGE(two_ats, r->mailboxes = (struct claim_texts){ (const char **)two_at, 1 })
CHANGE(not_sorted, r->mailboxes = (struct claim_texts){ (const char **)unsorted, 2 })
CHANGE(twice, r->mailboxes = (struct claim_texts){ (const char **)doubled, 2 })
CHANGE(dotted_domain, r->domains = (struct claim_texts){ (const char **)bad_domain, 1 })
CHANGE(unknown_use, r->key_use = (enum claim_key_use)4)
CHANGE(no_use, r->key_use = (enum claim_key_use)0)
CHANGE(no_time, r->submitted_at_ms = 0)
CHANGE(far_time, r->submitted_at_ms = INT64_MAX)
CHANGE(bad_contact, r->contact = "ann")
CHANGE(text_at_limit, r->common_name = longest_text)
CHANGE(text_past_limit, r->common_name = long_text)
CHANGE(no_csr, r->csr.len = 0)

static struct claim_value ou_sales[] = { { "organizationalUnitName", "Sales", "" } };
static struct claim_value ou_dev[] = { { "organizationalUnitName", "Dev", "" } };
static struct claim_value title_sales[] = { { "title", "Sales", "" } };
static struct claim_value two_values[] = { { "countryName", "CH", "" }, { "title", "Dr.", "" } };
static struct claim_value moved_value[] = { { "countryName", "CHtitle", "" },
	{ "title", "Dr.", "" } };
static struct claim_value unsorted_values[] = { { "title", "Dr.", "" },
	{ "countryName", "CH", "" } };
static struct claim_value doubled_values[] = { { "title", "Dr.", "" }, { "title", "Prof.", "" } };
static struct claim_value no_attribute[] = { { "favouriteColour", "blue", "" } };
static struct claim_value common_name[] = { { "commonName", "Ann", "" } };
static struct claim_value empty_value[] = { { "title", "", "" } };
static struct claim_value broken_value[] = { { "title", "D\xc3", "" } };
static struct claim_value lined_value[] = { { "title", "Dr.\nO=Acme", "" } };
static char full[CLAIM_MAX_VALUE + 1], overfull[CLAIM_MAX_VALUE + 2];
static struct claim_value full_value[] = { { "title", full, "" } };
static struct claim_value overfull_value[] = { { "title", overfull, "" } };
static struct claim_value many_values[CLAIM_MAX_VALUES + 1];

#define VALUES(items) ((struct claim_values){ (items), sizeof(items) / sizeof((items)[0]) })
CHANGE(with_factor, r->approved_factor = "api-token")
CHANGE(factor_with_line_end, r->approved_factor = "api\ntoken")
CHANGE(with_submitter, r->submitted_by = "op-1")
CHANGE(with_other_submitter, r->submitted_by = "op-2")
CHANGE(submitted_by_itself, r->submitted_by = r->account)
CHANGE(submitter_with_line_end, r->submitted_by = "op\n1")
CHANGE(with_value, r->subject = VALUES(ou_sales))
CHANGE(with_other_value, r->subject = VALUES(ou_dev))
CHANGE(with_other_name, r->subject = VALUES(title_sales))
CHANGE(with_two, r->subject = VALUES(two_values))
CHANGE(with_octets_moved, r->subject = VALUES(moved_value))
CHANGE(values_not_sorted, r->subject = VALUES(unsorted_values))
CHANGE(values_twice, r->subject = VALUES(doubled_values))
CHANGE(value_of_nothing, r->subject = VALUES(no_attribute))
CHANGE(value_of_common_name, r->subject = VALUES(common_name))
CHANGE(value_empty, r->subject = VALUES(empty_value))
CHANGE(value_bad_utf8, r->subject = VALUES(broken_value))
CHANGE(value_with_line_end, r->subject = VALUES(lined_value))
CHANGE(value_full, memset(full, 'x', CLAIM_MAX_VALUE); r->subject = VALUES(full_value))
CHANGE(value_overfull, memset(overfull, 'x', CLAIM_MAX_VALUE + 1);
       r->subject = VALUES(overfull_value))
CHANGE(
    too_many_values, for (size_t i = 0; i <= CLAIM_MAX_VALUES; i++) many_values[i] = title_sales[0];
    r->subject = VALUES(many_values))

static void
requests_are_read_strictly(void **state)
{
	static const struct {
		const char *name;
		change_request *change;
		enum cs_code want;
	} cases[] = {
		{ "as it is", nothing, CS_OK },
		{ "no id", no_id, CS_MALFORMED },
		{ "no enterprise", no_enterprise, CS_MALFORMED },
		{ "longest name", name_at_limit, CS_OK },
		{ "name one too long", name_past_limit, CS_MALFORMED },
		{ "control character in a name", control_in_name, CS_MALFORMED },
		{ "broken UTF-8", bad_utf8, CS_MALFORMED },
		{ "no mailbox", no_mailbox, CS_MALFORMED },
		{ "domain in upper case", upper_case_domain, CS_MALFORMED },
		{ "two ats", two_ats, CS_MALFORMED },
		{ "not sorted", not_sorted, CS_MALFORMED },
		{ "one mailbox twice", twice, CS_MALFORMED },
		{ "domain with a dot at its end", dotted_domain, CS_MALFORMED },
		{ "unknown key use", unknown_use, CS_MALFORMED },
		{ "no key use", no_use, CS_MALFORMED },
		{ "no time", no_time, CS_MALFORMED },
		{ "time past the year 9999", far_time, CS_MALFORMED },
		{ "contact is no mailbox", bad_contact, CS_MALFORMED },
		{ "longest text", text_at_limit, CS_OK },
		{ "text one too long", text_past_limit, CS_MALFORMED },
		{ "no csr", no_csr, CS_MALFORMED },
		{ "approved in itself", with_factor, CS_OK },
		{ "line end in the factor", factor_with_line_end, CS_MALFORMED },
		{ "on behalf of the account", with_submitter, CS_OK },
		{ "on behalf of itself", submitted_by_itself, CS_MALFORMED },
		{ "line end in who asks", submitter_with_line_end, CS_MALFORMED },
		{ "one value of the subject", with_value, CS_OK },
		{ "two values of the subject", with_two, CS_OK },
		{ "values not sorted", values_not_sorted, CS_MALFORMED },
		{ "one attribute twice", values_twice, CS_MALFORMED },
		{ "no attribute", value_of_nothing, CS_MALFORMED },
		{ "the common name among the values", value_of_common_name, CS_MALFORMED },
		{ "empty value", value_empty, CS_MALFORMED },
		{ "broken UTF-8 in a value", value_bad_utf8, CS_MALFORMED },
		{ "line end in a value", value_with_line_end, CS_MALFORMED },
		{ "longest value", value_full, CS_OK },
		{ "value one too long", value_overfull, CS_MALFORMED },
		{ "one value too many", too_many_values, CS_MALFORMED },
	};
	struct fake_claims *c = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct claim_request request = c->request, got = { .validity_days = 77 };

		cases[i].change(&request);
		struct cs_span sealed =
		    claim_seal_request(c->arena, c->keys[FAKE_INTAKE], &request);
		enum cs_code code = claim_open_request(c->arena, NULL, sealed, 0, &got, NULL);
		if (code != cases[i].want || (code != CS_OK && got.validity_days != 77))
			fail_msg("%s: got %s, want %s", cases[i].name, cs_code_name(code),
			    cs_code_name(cases[i].want));
	}
}

static const char *const two_domains[] = { "mail.sales.example", "sales.example" };

CHANGE(no_domain, r->domains.n = 0)
CHANGE(more_domains, r->domains = (struct claim_texts){ (const char **)two_domains, 2 })
CHANGE(some_mailbox, r->mailboxes = (struct claim_texts){ (const char **)doubled, 1 })
CHANGE(some_csr, r->csr = cs_span_str("der"))
CHANGE(some_profile, r->profile = "staff")
CHANGE(some_use, r->key_use = CLAIM_DUAL)
CHANGE(some_days, r->validity_days = 1)
CHANGE(some_agreement, r->agreement = "2026-01")
CHANGE(some_contact, r->contact = "ann@sales.example")
CHANGE(some_submitter, r->submitted_by = "op-1")
CHANGE(some_name, r->common_name = "ann@sales.example")
CHANGE(a_first_one, r->kind = CLAIM_FIRST)
CHANGE(unknown_kind, r->kind = (enum claim_request_kind)5)

static void
a_request_for_a_domain_holds_nothing_else(void **state)
{
	static const struct {
		const char *name;
		change_request *change;
		enum cs_code want;
	} cases[] = {
		{ "as it is", nothing, CS_OK },
		{ "no domain", no_domain, CS_MALFORMED },
		{ "two domains", more_domains, CS_MALFORMED },
		{ "a mailbox", some_mailbox, CS_MALFORMED },
		{ "a csr", some_csr, CS_MALFORMED },
		{ "a profile", some_profile, CS_MALFORMED },
		{ "a key use", some_use, CS_MALFORMED },
		{ "a validity", some_days, CS_MALFORMED },
		{ "an agreement", some_agreement, CS_MALFORMED },
		{ "a contact", some_contact, CS_MALFORMED },
		{ "a common name", some_name, CS_MALFORMED },
		{ "on behalf of somebody", some_submitter, CS_MALFORMED },
		{ "of another kind", a_first_one, CS_MALFORMED },
		{ "of an unknown kind", unknown_kind, CS_MALFORMED },
	};
	struct fake_claims *c = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct claim_request request = of_a_domain(c), got;

		cases[i].change(&request);
		const struct cs_span sealed =
		    claim_seal_request(c->arena, c->keys[FAKE_INTAKE], &request);
		const enum cs_code code = claim_open_request(c->arena, NULL, sealed, 0, &got, NULL);

		if (code != cases[i].want)
			fail_msg("%s: got %s", cases[i].name, cs_code_name(code));
	}
}

/* Only a first plan may be for no profile: the signer judges by final ones. */
static void
a_final_plan_names_its_profiles(void **state)
{
	static const struct {
		bool final;
		const char *profile, *certificate_profile;
		enum cs_code want;
	} cases[] = {
		{ true, "staff", "mailbox-strict", CS_OK },
		{ true, "", "", CS_MALFORMED },
		{ true, "staff", "", CS_MALFORMED },
		{ false, "", "", CS_OK },
		{ false, "staff", "", CS_MALFORMED },
		{ false, "", "mailbox-strict", CS_MALFORMED },
	};
	struct fake_claims *c = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct claim_plan plan = c->plan, got;

		plan.final = cases[i].final;
		plan.profile = cases[i].profile;
		plan.certificate_profile = cases[i].certificate_profile;
		const struct cs_span sealed =
		    claim_seal_plan(c->arena, c->keys[FAKE_POLICY], &plan);

		if (claim_open_plan(c->arena, NULL, sealed, 0, &got, NULL) != cases[i].want)
			fail_msg("case %zu", i);
	}
}

static void
plans_and_evidence_are_read_strictly(void **state)
{
	struct fake_claims *c = *state;
	struct claim_check checks[CLAIM_MAX_CHECKS + 1];
	struct claim_plan plan = c->plan, got_plan;
	struct claim_evidence got;

#define OPEN_PLAN(p)                                                                             \
	claim_open_plan(c->arena, NULL, claim_seal_plan(c->arena, c->keys[FAKE_POLICY], (p)), 0, \
	    &got_plan, NULL)
#define OPEN_EVIDENCE(e)     \
	claim_open_evidence( \
	    c->arena, NULL, claim_seal_evidence(c->arena, c->keys[FAKE_CAA], (e)), 0, &got, NULL)
	for (size_t i = 0; i <= CLAIM_MAX_CHECKS; i++) {
		checks[i] = c->checks[0];
		checks[i].id = cs_arena_printf(c->arena, "caa-%zu", i);
	}
	plan.checks = checks;
	plan.n_checks = CLAIM_MAX_CHECKS;
	assert_int_equal(OPEN_PLAN(&plan), CS_OK);
	plan.n_checks = CLAIM_MAX_CHECKS + 1;
	assert_int_equal(OPEN_PLAN(&plan), CS_MALFORMED);
	plan.n_checks = 2;
	checks[1].id = checks[0].id;
	assert_int_equal(OPEN_PLAN(&plan), CS_MALFORMED);
	checks[1].id = "x";
	checks[1].digest[0] ^= 1;
	assert_int_equal(OPEN_PLAN(&plan), CS_MALFORMED);
	checks[1].digest[0] ^= 1;
	plan.revision = 0;
	assert_int_equal(OPEN_PLAN(&plan), CS_MALFORMED);

	c->evidence.outcome = 0;
	assert_int_equal(OPEN_EVIDENCE(&c->evidence), CS_MALFORMED);
	c->evidence.outcome = 4;
	assert_int_equal(OPEN_EVIDENCE(&c->evidence), CS_MALFORMED);
	c->evidence.outcome = CLAIM_REFUSED;
	assert_int_equal(OPEN_EVIDENCE(&c->evidence), CS_OK);
	c->evidence.check_digest[31] ^= 1;
	assert_int_equal(OPEN_EVIDENCE(&c->evidence), CS_MALFORMED);
	c->evidence.check_digest[31] ^= 1;
	c->evidence.stated_at_ms = c->evidence.checked_at_ms; /* of an identity alone */
	assert_int_equal(OPEN_EVIDENCE(&c->evidence), CS_MALFORMED);
	c->evidence.stated_at_ms = 0;
	assert_int_equal(OPEN_EVIDENCE(&c->evidence), CS_OK);
	c->evidence.target = "ann@sales.example"; /* a domain's proof about a mailbox */
	claim_evidence_check_digest(&c->evidence, c->evidence.check_digest);
	assert_int_equal(OPEN_EVIDENCE(&c->evidence), CS_MALFORMED);
}

static enum cs_code
open_identity(struct fake_claims *c, int64_t now_ms)
{
	struct claim_evidence got;
	const struct cs_span sealed =
	    claim_seal_evidence(c->arena, c->keys[FAKE_POLICY], &c->evidence);
	const enum cs_code code =
	    claim_open_evidence(c->arena, c->trust, sealed, now_ms, &got, NULL);

	if (code == CS_OK) {
		assert_int_equal(got.stated_at_ms, c->evidence.stated_at_ms);
		assert_int_equal(got.checked_at_ms, c->evidence.checked_at_ms);
	}
	return code;
}

/* People verified it long before the key that states it was there; the key counts for what it states. */
static void
an_identity_is_stated_in_the_time_of_its_key(void **state)
{
	static const char *const states[] = { "evidence.organization" };
	struct fake_claims *c = *state;
	struct claim_trust_row *row = &c->rows[1];
	struct cs_err err;

	row->states = (struct claim_texts){ (const char **)states, 1 };
	assert_int_equal(fake_claims_reload(c, FAKE_ANN, FAKE_BOB, &err), CS_OK);
	c->evidence.kind = CLAIM_ORGANIZATION;
	c->evidence.target = "acme";
	c->evidence.checked_at_ms = row->not_before_ms - 1000;
	c->evidence.stated_at_ms = FAKE_NOW - 100;
	claim_evidence_check_digest(&c->evidence, c->evidence.check_digest);
	assert_int_equal(open_identity(c, FAKE_NOW), CS_OK);
	assert_int_equal(open_identity(c, row->not_after_ms + 1), CS_MALFORMED);
	c->evidence.stated_at_ms = row->not_before_ms - 1;
	assert_int_equal(open_identity(c, FAKE_NOW), CS_MALFORMED);
	c->evidence.stated_at_ms = c->evidence.checked_at_ms - 1;
	assert_int_equal(open_identity(c, FAKE_NOW), CS_MALFORMED);
	c->evidence.stated_at_ms = 0; /* then it was stated when it was checked */
	assert_int_equal(open_identity(c, FAKE_NOW), CS_MALFORMED);
	c->evidence.checked_at_ms = row->not_before_ms;
	assert_int_equal(open_identity(c, FAKE_NOW), CS_OK);
	c->evidence.stated_at_ms = FAKE_NOW + 60000;
	assert_int_equal(open_identity(c, FAKE_NOW), CS_MALFORMED);
	c->evidence.stated_at_ms = FAKE_NOW;
	c->evidence.kind = CLAIM_AUTHORITY; /* not among what the key may state */
	claim_evidence_check_digest(&c->evidence, c->evidence.check_digest);
	assert_int_equal(open_identity(c, FAKE_NOW), CS_MALFORMED);
}

/* protobuf-c hides all of these (threat D8): the length of what it packs again gives them away. */
static void
hidden_octets_are_refused(void **state)
{
	struct fake_claims *c = *state;
	struct claim_asked asked = {
		.request = c->request.id, .check = c->checks[0], .asked_at_ms = FAKE_NOW
	};
	struct claim_asked got;
	static const struct {
		const char *name;
		const char *octets;
		size_t len;
		enum cs_code want;
	} tails[] = {
		{ "nothing", "", 0, CS_OK },
		{ "field given twice", "\x20\x07", 2, CS_MALFORMED }, /* asked_at_ms = 7 */
		{ "explicit default", "\x2a\x00", 2, CS_MALFORMED },
		{ "overlong number", "\x20\x87\x00", 3, CS_MALFORMED },
		{ "a field of the future", "\x78\x07", 2, CS_OK },
		{ "cut short", "\x20", 1, CS_MALFORMED },
		{ "empty check beside the check", "\x1a\x00", 2, CS_MALFORMED },
	};

	struct cs_span good = claim_write_asked(c->arena, &asked);
	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		struct cs_buf buf = cs_buf_new(c->arena);

		cs_buf_add_span(&buf, good);
		cs_buf_add(&buf, tails[i].octets, tails[i].len);
		enum cs_code code = claim_read_asked(c->arena, cs_buf_span(&buf), &got, NULL);
		if (code != tails[i].want)
			fail_msg("%s: got %s", tails[i].name, cs_code_name(code));
	}
}

static void
an_embedded_nul_is_refused(void **state)
{
	struct fake_claims *c = *state;
	struct claim_asked asked = {
		.request = c->request.id, .check = c->checks[0], .asked_at_ms = FAKE_NOW
	};
	struct claim_asked got;

	struct cs_span good = claim_write_asked(c->arena, &asked);
	uint8_t *octets = (uint8_t *)cs_arena_copy_span(c->arena, good).data;
	uint8_t *method = memmem(octets, good.len, "caa-issuemail", 13);
	assert_non_null(method);
	method[3] = '\0';
	assert_int_equal(
	    claim_read_asked(c->arena, cs_span_of(octets, good.len), &got, NULL), CS_MALFORMED);
}

/* ---- digests ---- */

static const char *
request_digest(struct fake_claims *c, const struct claim_request *request, const char *spki)
{
	uint8_t digest[CLAIM_DIGEST];

	claim_request_digest(request, cs_span_str(spki), digest);
	return cs_hex(c->arena, cs_span_of(digest, sizeof(digest)));
}

static const char *
check_digest(struct fake_claims *c, const struct claim_check *check)
{
	uint8_t digest[CLAIM_DIGEST];

	claim_check_digest(check, digest);
	return cs_hex(c->arena, cs_span_of(digest, sizeof(digest)));
}

/* Computed once by another program from the form that claim.c describes: must never change. */
static void
digests_are_stable(void **state)
{
	struct fake_claims *c = *state;
	struct claim_request request = c->request;

	assert_string_equal(request_digest(c, &c->request, "spki"),
	    "a266fc6b41ee68ff0971c6f83b92c8726395a875ff713aaf60dc7a823ec1aaa9");
	with_value(&request);
	assert_string_equal(request_digest(c, &request, "spki"),
	    "7c35ca1f090345bdcf9fe208523e03bc258e880981363a97d4a132737a0c3e84");
	assert_string_equal(check_digest(c, &c->checks[0]),
	    "0dddd5f3417c28521333d12d31d09d352cab82e6ea5826842a45ca6449438436");
}

static const char *const ann_bob[] = { "ann@sales.example", "bob@sales.example" };
static const char *const ann[] = { "ann@sales.example" };
static const char *const bob[] = { "bob@sales.example" };
static const char *const sales[] = { "sales.example" };

#define TEXTS(items, n) ((struct claim_texts){ (const char **)(items), (n) })
CHANGE(other_mailbox, r->mailboxes = TEXTS(bob, 1))
CHANGE(more_mailboxes, r->mailboxes = TEXTS(ann_bob, 2))
CHANGE(other_domains, r->domains = TEXTS(sales, 1))
CHANGE(names_swapped, r->domains = r->mailboxes; r->mailboxes = TEXTS(ann, 0))
CHANGE(name_moved, r->mailboxes = TEXTS(ann, 1); r->domains = TEXTS(bob, 1))
CHANGE(other_profile, r->profile = "staff2")
CHANGE(other_days, r->validity_days = 91)
CHANGE(other_use, r->key_use = CLAIM_SIGNING)
CHANGE(other_enterprise, r->enterprise = "acme2")
CHANGE(other_account, r->account = "u-2")
CHANGE(account_swapped, r->enterprise = "u-1"; r->account = "acme")
CHANGE(account_moved, r->enterprise = "acmeu"; r->account = "-1")
CHANGE(other_agreement, r->agreement = "2026-02")
CHANGE(other_name, r->common_name = "Ann")
CHANGE(name_for_agreement, r->common_name = "2026-01"; r->agreement = "")
CHANGE(days_for_use, r->validity_days = 1; r->key_use = (enum claim_key_use)90)

static void
every_change_of_a_request_changes_its_digest(void **state)
{
	static change_request *const changes[] = { nothing, other_mailbox, more_mailboxes,
		other_domains, names_swapped, name_moved, other_profile, other_days, other_use,
		other_enterprise, other_account, account_swapped, account_moved, other_agreement,
		other_name, name_for_agreement, days_for_use, with_value, with_other_value,
		with_submitter, with_other_submitter, with_other_name, with_two,
		with_octets_moved };
	enum { CHANGES = sizeof(changes) / sizeof(changes[0]) };
	const char *seen[CHANGES + 1];
	struct fake_claims *c = *state;

	seen[CHANGES] = request_digest(c, &c->request, "spkj");
	for (size_t i = 0; i < CHANGES; i++) {
		struct claim_request request = c->request;

		changes[i](&request);
		seen[i] = request_digest(c, &request, "spki");
	}
	for (size_t i = 0; i <= CHANGES; i++) {
		for (size_t j = 0; j < i; j++) {
			if (strcmp(seen[i], seen[j]) == 0)
				fail_msg("changes %zu and %zu give one digest", i, j);
		}
	}
}

static void
every_change_of_a_check_changes_its_digest(void **state)
{
	struct fake_claims *c = *state;
	struct claim_check checks[12];
	enum { CHECKS = sizeof(checks) / sizeof(checks[0]) };

	for (size_t i = 0; i < CHECKS; i++) {
		checks[i] = c->checks[0];
		checks[i].account = "u";
	}
	checks[1].kind = CLAIM_MPIC_CAA;
	checks[2].target = "example";
	checks[3].method = "caa-issuemai1";
	checks[4].enterprise = "acm";
	checks[5].account = "";
	checks[6].expected = cs_span_str("ca.countersign.example,");
	checks[7].target = checks[0].method; /* neighbours swapped */
	checks[7].method = checks[0].target;
	checks[8].method = checks[0].enterprise;
	checks[8].enterprise = checks[0].method;
	checks[9].enterprise = checks[0].account;
	checks[9].account = checks[0].enterprise;
	checks[10].account = "ca.countersign.example";
	checks[10].expected = cs_span_str("u");
	checks[11].enterprise = "acmeu"; /* an octet moved over a border */
	checks[11].account = "";
	for (size_t i = 0; i < CHECKS; i++) {
		for (size_t j = 0; j < i; j++) {
			if (strcmp(check_digest(c, &checks[i]), check_digest(c, &checks[j])) == 0)
				fail_msg("checks %zu and %zu have one digest", i, j);
		}
	}
	checks[0].id = "other"; /* what a check is not about */
	checks[0].attempt = 9;
	checks[0].freshness_ms = 9;
	checks[1] = c->checks[0];
	checks[1].account = "u";
	assert_string_equal(check_digest(c, &checks[0]), check_digest(c, &checks[1]));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_claims_setup, fake_claims_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_request_survives_a_round_trip),
		TEST(values_of_the_subject_survive_a_round_trip),
		TEST(a_request_for_a_domain_survives_a_round_trip),
		TEST(an_approval_survives_a_round_trip),
		TEST(a_plan_survives_a_round_trip),
		TEST(a_plan_says_what_it_does_without),
		TEST(a_first_plan_names_no_approval),
		TEST(an_evidence_survives_a_round_trip),
		TEST(a_perspective_answer_survives_a_round_trip),
		TEST(orders_survive_a_round_trip),
		TEST(evidence_for_a_check_repeats_it_exactly),
		TEST(requests_are_read_strictly),
		TEST(a_request_for_a_domain_holds_nothing_else),
		TEST(a_final_plan_names_its_profiles),
		TEST(plans_and_evidence_are_read_strictly),
		TEST(an_identity_is_stated_in_the_time_of_its_key),
		TEST(hidden_octets_are_refused),
		TEST(an_embedded_nul_is_refused),
		TEST(digests_are_stable),
		TEST(every_change_of_a_request_changes_its_digest),
		TEST(every_change_of_a_check_changes_its_digest),
	};

	return cmocka_run_group_tests_name("claim", tests, NULL, NULL);
}
