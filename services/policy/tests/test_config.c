/* SPDX-License-Identifier: Apache-2.0 */
/* Documents: what may be set, by whom, and what a call about them leaves. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../config.h"
#include "../config_json.h"
#include "../config_settings.h"
#include "connector/factor.h"

#define NOW INT64_C(1795437296789)
#define LEN(array) (sizeof(array) / sizeof((array)[0]))
#define ALL_ROLES (CONFIG_USER | CONFIG_OPERATOR | CONFIG_AUDITOR | CONFIG_ADMINISTRATOR)
#define ALL_SCOPES (CONFIG_MAY_READ | CONFIG_MAY_WRITE | CONFIG_MAY_PEOPLE)

struct fixture;
static struct policy_config settings_of(struct fixture *f, const char *profile);

struct fixture {
	struct cs_arena *arena;
	struct smime_psl *psl;
	struct policy_rules rules;
	struct config_state state;
	struct config_caller caller;
	uint8_t random[32];
};

static int
setup(void **state)
{
	static const char *issuers[] = { "ca.countersign.example", "ca2.countersign.example" };
	struct cs_arena *arena = cs_arena_new();
	struct fixture *f = CS_NEW(arena, struct fixture);

	f->arena = arena;
	assert_int_equal(smime_psl_load(NULL, &f->psl, NULL), CS_OK);
	f->rules = (struct policy_rules){ .psl = f->psl, .issuer_domains = { issuers, 2 } };
	f->state.last_version = 10;
	f->caller = (struct config_caller){ true, CONFIG_PLATFORM, "root", CONFIG_ADMINISTRATOR,
		ALL_SCOPES, "c", "192.0.2.1" };
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	smime_psl_free(f->psl);
	cs_arena_free(f->arena);
	return 0;
}

/* ---- specs ---- */

#define PROFILE(more) "{\"validation\": \"both\", \"certificate_profile\": " more "}"
#define PUBLIC "\"mailbox-strict\""
#define PRIVATE "\"private-person\""
#define DETAILS "\"private-details\""
#define HOSTS "\"private-mailbox\""
#define BY_MAILBOX(more) "{\"validation\": \"mailbox\", \"certificate_profile\": " more "}"
#define SANS(items) ", \"sans\": [" items "]"
#define MAILBOX(more) "{\"name\": \"mailbox\"" more "}"
#define DOMAIN(more) "{\"name\": \"domain\"" more "}"
#define HIDDEN ", \"shown\": false"
#define VALUES(values) ", \"values\": [\"" values "\"]"

/* What a spec is refused for: "" for nothing.  Each names the field, and the rule where there is one. */
static const struct {
	enum config_kind kind;
	const char *json, *field, *clause;
} specs[] = {
	{ CONFIG_ENTERPRISE, "{}", "", "" },
	{ CONFIG_ENTERPRISE, "[]", "spec.", "" },
	{ CONFIG_ENTERPRISE, "{\"colour\": 1}", "spec.colour", "" },
	{ CONFIG_ENTERPRISE, "{\"second_factor\": \"email-and-sms\"}", "", "" },
	{ CONFIG_ENTERPRISE, "{\"second_factor\": \"pigeon\"}", "spec.second_factor", "" },
	{ CONFIG_ENTERPRISE, "{\"second_factor\": \"as-enterprise\"}", "spec.second_factor", "" },
	{ CONFIG_PERSON, "{\"phone\": \"+49 (170) 123-45.67\"}", "", "" },
	{ CONFIG_PERSON, "{\"phone\": \"\"}", "", "" },
	{ CONFIG_PERSON, "{\"phone\": \"-\"}", "spec.phone", "" },
	{ CONFIG_PERSON, "{\"phone\": \"0170 1234567\"}", "spec.phone", "" },
	{ CONFIG_PERSON, "{\"phone\": \"+049170123456\"}", "spec.phone", "" },
	{ CONFIG_PERSON, "{\"phone\": \"+49 17O 1234567\"}", "spec.phone", "" },
	{ CONFIG_PERSON, "{\"phone\": \"+123456\"}", "spec.phone", "" },
	{ CONFIG_PERSON, "{\"phone\": \"+1234567\"}", "", "" },
	{ CONFIG_PERSON, "{\"phone\": \"+1234567890123456\"}", "spec.phone", "" },
	{ CONFIG_ENTERPRISE, "{\"active\": 1}", "spec.active", "" },
	{ CONFIG_ENTERPRISE, "{\"title\": 1}", "spec.title", "" },
	{ CONFIG_ENTERPRISE, "{\"title\": \"a\\u202eb\"}", "spec.title", "" },
	{ CONFIG_ENTERPRISE, "{\"domain_mode\": \"all\"}", "spec.domain_mode", "" },
	{ CONFIG_ENTERPRISE, "{\"domain_mode\": \"any-owned\"}", "", "" },
	{ CONFIG_ENTERPRISE, "{\"issuers\": [\"ca2.countersign.example\"]}", "", "" },
	{ CONFIG_ENTERPRISE, "{\"issuers\": [\"other.example\"]}", "spec.issuers[0]",
	    "SBR 4.2.2.1" },
	{ CONFIG_ENTERPRISE, "{\"profiles\": [\"a\", \"a\"]}", "spec.profiles[1]", "" },
	{ CONFIG_ENTERPRISE, "{\"profiles\": \"a\"}", "spec.profiles", "" },
	{ CONFIG_OWNERSHIP, "{}", "spec.person", "" },
	{ CONFIG_PROFILE, "{}", "spec.validation", "" },
	{ CONFIG_PROFILE, PROFILE(PUBLIC), "", "" },
	{ CONFIG_PROFILE, PROFILE("\"mailbox-legacy\""), "spec.certificate_profile",
	    "SBR 7.1.6.1" },
	{ CONFIG_PROFILE, PROFILE("\"nothing\""), "spec.certificate_profile", "" },
	/* Publicly trusted profiles cannot switch off what the rules demand. */
	{ CONFIG_PROFILE, PROFILE(PUBLIC ", \"caa\": false"), "spec.caa", "SBR 4.2.2.1" },
	{ CONFIG_PROFILE, PROFILE(PUBLIC ", \"mpic\": false"), "spec.mpic", "TBR 3.2.2.9" },
	{ CONFIG_PROFILE, PROFILE(PUBLIC ", \"dnssec\": false"), "spec.dnssec", "SBR 4.2.2.1.1" },
	{ CONFIG_PROFILE, PROFILE(PRIVATE ", \"dnssec\": false"), "spec.dnssec", "SBR 4.2.2.1.1" },
	{ CONFIG_PROFILE, PROFILE(PRIVATE ", \"caa\": false, \"mpic\": false"), "", "" },
	{ CONFIG_PROFILE, PROFILE(PUBLIC ", \"mailbox_period_days\": 31"),
	    "spec.mailbox_period_days", "" },
	{ CONFIG_PROFILE, PROFILE(PUBLIC ", \"domain_period_days\": 399"),
	    "spec.domain_period_days", "" },
	{ CONFIG_PROFILE, PROFILE(PUBLIC ", \"max_days\": 826"), "spec.max_days", "" },
	{ CONFIG_PROFILE, PROFILE(PUBLIC ", \"validities\": [90, 90]"), "spec.validities[1]", "" },
	{ CONFIG_PROFILE, PROFILE(PUBLIC ", \"max_days\": 90, \"validities\": [30, 365]"),
	    "spec.validities", "SBR 6.3.2" },
	{ CONFIG_PROFILE, PROFILE(PUBLIC ", \"domain_methods\": []"), "spec.domain_methods",
	    "SBR 3.2.2.1" },
	{ CONFIG_PROFILE, PROFILE(PUBLIC ", \"domain_methods\": [\"email-token\"]"),
	    "spec.domain_methods[0]", "SBR 3.2.2" },
	{ CONFIG_PROFILE, PROFILE(PUBLIC ", \"mailbox_methods\": []"), "spec.mailbox_methods",
	    "SBR 3.2.2.2" },
	{ CONFIG_PROFILE,
	    "{\"validation\": \"mailbox\", \"certificate_profile\": \"sponsor-strict\"}",
	    "spec.validation", "SBR 1.3.2.1" },
	{ CONFIG_PROFILE, PROFILE(PUBLIC ", \"key_uses\": []"), "spec.key_uses", "" },
	{ CONFIG_PROFILE, PROFILE(PUBLIC ", \"rdns\": [{\"name\": \"organizationName\"}]"),
	    "spec.rdns[0]", "SBR 7.1.4.2.2" },
	{ CONFIG_PROFILE, PROFILE(PRIVATE ", \"rdns\": [{\"name\": \"givenName\"}]"), "", "" },
	{ CONFIG_PROFILE, PROFILE(PRIVATE ", \"rdns\": [{\"name\": \"commonName\"}]"),
	    "spec.rdns[0]", "SBR 7.1.4.2.2" },
	{ CONFIG_PROFILE,
	    PROFILE(PRIVATE ", \"rdns\": [{\"name\": \"givenName\"}, {\"name\": \"givenName\"}]"),
	    "spec.rdns[1]", "" },
	{ CONFIG_PROFILE, PROFILE(PRIVATE ", \"rdns\": [{\"name\": \"givenName\", \"x\": 1}]"),
	    "spec.rdns[0]", "" },
	{ CONFIG_PROFILE,
	    PROFILE(DETAILS ", \"rdns\": [{\"name\": \"title\", \"value\": \"Dr.\"}]"), "", "" },
	{ CONFIG_PROFILE,
	    PROFILE(DETAILS ", \"rdns\": [{\"name\": \"title\", \"value\": \"a@b.example\"}]"),
	    "spec.rdns[0]", "SBR 7.1.4.2.1" },
	{ CONFIG_PROFILE,
	    PROFILE(DETAILS ", \"rdns\": [{\"name\": \"countryName\", \"value\": \"ZZ\"}]"),
	    "spec.rdns[0]", "SBR 7.1.4.2.2" },
	/* A value for everybody that nobody verified. */
	{ CONFIG_PROFILE,
	    PROFILE(PRIVATE ", \"rdns\": [{\"name\": \"title\", \"value\": \"Dr.\"}]"),
	    "spec.rdns[0]", "SBR 3.2.5" },
	/* Names of requests. */
	{ CONFIG_PROFILE, PROFILE(PUBLIC SANS("")), "", "" },
	{ CONFIG_PROFILE, PROFILE(PUBLIC SANS(MAILBOX("") "," DOMAIN(""))), "", "" },
	{ CONFIG_PROFILE, PROFILE(PUBLIC SANS(DOMAIN("") "," DOMAIN(""))), "spec.sans[1]", "" },
	{ CONFIG_PROFILE, PROFILE(PUBLIC SANS(MAILBOX("") "," DOMAIN("") "," DOMAIN(""))),
	    "spec.sans", "" },
	{ CONFIG_PROFILE, PROFILE(PUBLIC SANS("1")), "spec.sans[0]", "" },
	{ CONFIG_PROFILE, PROFILE(PUBLIC ", \"sans\": {}"), "spec.sans", "" },
	{ CONFIG_PROFILE, PROFILE(PUBLIC SANS("{}")), "spec.sans[0].name", "" },
	{ CONFIG_PROFILE, PROFILE(PUBLIC SANS("{\"name\": \"ip\"}")), "spec.sans[0].name", "" },
	{ CONFIG_PROFILE, PROFILE(PUBLIC SANS(DOMAIN(", \"colour\": 1"))), "spec.sans[0]", "" },
	{ CONFIG_PROFILE, PROFILE(PUBLIC SANS(DOMAIN(", \"shown\": 1"))), "spec.sans[0].shown",
	    "" },
	{ CONFIG_PROFILE, PROFILE(PUBLIC SANS(DOMAIN(", \"required\": 0"))),
	    "spec.sans[0].required", "" },
	{ CONFIG_PROFILE, PROFILE(PUBLIC SANS(MAILBOX(", \"from_person\": \"alice\""))),
	    "spec.sans[0].from_person", "" },
	/* No request is without a mailbox, and somebody must be able to give it. */
	{ CONFIG_PROFILE, PROFILE(PUBLIC SANS(MAILBOX(", \"required\": false"))),
	    "spec.sans[0].required", "SBR 4.2.1" },
	{ CONFIG_PROFILE, PROFILE(PRIVATE SANS(MAILBOX(", \"required\": false"))),
	    "spec.sans[0].required", "SBR 4.2.1" },
	{ CONFIG_PROFILE, PROFILE(PUBLIC SANS(MAILBOX(HIDDEN))), "spec.sans[0].shown",
	    "SBR 4.2.1" },
	{ CONFIG_PROFILE, PROFILE(PUBLIC SANS(MAILBOX(HIDDEN ", \"from_person\": true"))), "", "" },
	{ CONFIG_PROFILE, PROFILE(PUBLIC SANS(MAILBOX(HIDDEN VALUES("it@a.example")))), "", "" },
	{ CONFIG_PROFILE,
	    PROFILE(PUBLIC SANS(MAILBOX(", \"from_person\": true" VALUES("it@a.example")))),
	    "spec.sans[0].values", "" },
	{ CONFIG_PROFILE, PROFILE(PUBLIC SANS(DOMAIN(", \"from_person\": true"))),
	    "spec.sans[0].from_person", "" },
	{ CONFIG_PROFILE, PROFILE(PUBLIC SANS(DOMAIN(HIDDEN))), "", "" },
	{ CONFIG_PROFILE, PROFILE(PUBLIC SANS(DOMAIN(HIDDEN ", \"required\": true"))),
	    "spec.sans[0].required", "SBR 3.2.2.1" },
	{ CONFIG_PROFILE,
	    PROFILE(PUBLIC SANS(DOMAIN(HIDDEN ", \"required\": true" VALUES("a.example")))), "",
	    "" },
	/* Values are names that somebody may have. */
	{ CONFIG_PROFILE, PROFILE(PUBLIC SANS(MAILBOX(VALUES("nobody")))), "spec.sans[0].values[0]",
	    "RFC 5321 4.1.2" },
	{ CONFIG_PROFILE, PROFILE(PUBLIC SANS(MAILBOX(VALUES("it@co.uk")))),
	    "spec.sans[0].values[0]", "SBR 3.2.2, TBR 1.6.1 Base Domain Name" },
	{ CONFIG_PROFILE, PROFILE(PUBLIC SANS(DOMAIN(VALUES("co.uk")))), "spec.sans[0].values[0]",
	    "SBR 3.2.2, TBR 1.6.1 Base Domain Name" },
	{ CONFIG_PROFILE, PROFILE(PUBLIC SANS(DOMAIN(VALUES("a.example\", \"*.a.example")))),
	    "spec.sans[0].values[1]", "" },
	{ CONFIG_PROFILE, PROFILE(PUBLIC SANS(DOMAIN(VALUES("a.example\", \"A.example")))),
	    "spec.sans[0].values[1]", "" },
	{ CONFIG_PROFILE, PROFILE(PUBLIC SANS(DOMAIN(VALUES("")))), "spec.sans[0].values[0]", "" },
	{ CONFIG_PROFILE, PROFILE(PUBLIC SANS(DOMAIN(", \"values\": \"a.example\""))),
	    "spec.sans[0].values", "" },
	{ CONFIG_PROFILE, PROFILE(PUBLIC SANS(DOMAIN(", \"values\": [1]"))),
	    "spec.sans[0].values[0]", "" },
	{ CONFIG_PROFILE,
	    PROFILE(PUBLIC SANS(DOMAIN(", \"values\": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]"))),
	    "spec.sans[0].values", "" },
	/* They go together, and are proved. */
	{ CONFIG_PROFILE,
	    PROFILE(PUBLIC SANS(DOMAIN(VALUES("a.example\", \"b.a.example")) "," MAILBOX(
		VALUES("it@b.a.example")))),
	    "", "" },
	{ CONFIG_PROFILE,
	    PROFILE(PUBLIC SANS(DOMAIN(VALUES("a.example")) "," MAILBOX(VALUES("it@b.a.example")))),
	    "spec.sans[1].values", "SBR 3.2.2.1" },
	{ CONFIG_PROFILE, PROFILE(PUBLIC SANS(DOMAIN(VALUES("a.example\", \"b.example")))),
	    "spec.sans[0].values", "SBR 3.2.2.1" },
	{ CONFIG_PROFILE, PROFILE(PUBLIC SANS(MAILBOX(VALUES("x@a.example\", \"x@b.example")))),
	    "spec.sans[0].values", "SBR 3.2.2.1" },
	{ CONFIG_PROFILE, BY_MAILBOX(PUBLIC SANS(MAILBOX(VALUES("x@a.example\", \"x@b.example")))),
	    "", "" },
	{ CONFIG_PROFILE, BY_MAILBOX(PUBLIC SANS(DOMAIN(VALUES("a.example")))),
	    "spec.sans[0].values", "SBR 3.2.2.1" },
	{ CONFIG_PROFILE, BY_MAILBOX(PUBLIC SANS(DOMAIN(", \"required\": true"))), "", "" },
	{ CONFIG_PROFILE, BY_MAILBOX(HOSTS SANS(DOMAIN(""))), "", "" },
	{ CONFIG_PROFILE, BY_MAILBOX(HOSTS), "", "" },
	{ CONFIG_PROFILE, BY_MAILBOX(HOSTS SANS(DOMAIN(", \"required\": true"))),
	    "spec.sans[0].required", "TBR 3.2.2.4" },
	{ CONFIG_PROFILE, PROFILE(HOSTS SANS(DOMAIN(", \"required\": true"))), "", "" },
	{ CONFIG_PROFILE, PROFILE(PUBLIC ", \"domains_required\": true"), "spec.domains_required",
	    "" },
	{ CONFIG_PERSON, "{}", "", "" },
	{ CONFIG_PERSON, "{\"roles\": []}", "spec.roles", "" },
	{ CONFIG_PERSON, "{\"roles\": [\"king\"]}", "spec.roles[0]", "" },
	{ CONFIG_PERSON, "{\"email\": \"no mailbox\"}", "spec.email", "RFC 5321 4.1.2" },
	{ CONFIG_PERSON, "{\"details\": {\"surname\": \"Ng\"}}", "", "" },
	{ CONFIG_PERSON, "{\"details\": {\"emailAddress\": \"x\"}}", "spec.details.emailAddress",
	    "SBR 7.1.4.2.2" },
	{ CONFIG_PERSON, "{\"details\": {\"surname\": \"\"}}", "spec.details.surname", "" },
	{ CONFIG_PERSON, "{\"details\": {\"surname\": \"N/A\"}}", "spec.details.surname",
	    "SBR 7.1.4.2" },
	{ CONFIG_PERSON, "{\"details\": {\"countryName\": \"ZZ\"}}", "spec.details.countryName",
	    "SBR 7.1.4.2.2" },
	{ CONFIG_PERSON, "{\"details\": {\"title\": \"boss@alpha.example\"}}", "spec.details.title",
	    "SBR 7.1.4.2.1" },
	{ CONFIG_ASSIGNMENT, "{\"people\": []}", "spec.people", "" },
	{ CONFIG_NOTE, "{\"text\": \"one\\ntwo\"}", "", "" },
	{ CONFIG_NOTE, "{\"text\": \"a\\u0007\"}", "spec.text", "" },
	{ CONFIG_CONNECTOR, "{\"type\": \"fax\", \"endpoint\": \"x\"}", "spec.type", "" },
};

static void
each_field_is_read_in_its_bounds(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < LEN(specs); i++) {
		struct cs_refusal why = { .code = "", .field = "", .clause = "" };
		struct cs_span spec;
		const bool good = config_spec_read(
		    &f->rules, f->arena, specs[i].kind, cs_span_str(specs[i].json), &spec, &why);

		if (good != (specs[i].field[0] == '\0') || strcmp(why.field, specs[i].field) != 0)
			fail_msg("%s: field \"%s\"", specs[i].json, why.field);
		if (specs[i].clause[0] != '\0' && strcmp(why.clause, specs[i].clause) != 0)
			fail_msg("%s: clause \"%s\"", specs[i].json, why.clause);
		if (!good && (why.text == NULL || why.mend == NULL || why.mend[0] == '\0'))
			fail_msg("%s: nothing says what would mend it", specs[i].json);
	}
}

static void
a_spec_that_is_read_again_is_the_same(void **state)
{
	struct fixture *f = *state;
	struct cs_refusal why;
	struct cs_span once, again;

	for (size_t i = 0; i < LEN(specs); i++) {
		if (specs[i].field[0] != '\0')
			continue;
		assert_true(config_spec_read(
		    &f->rules, f->arena, specs[i].kind, cs_span_str(specs[i].json), &once, &why));
		assert_true(
		    config_spec_read(&f->rules, f->arena, specs[i].kind, once, &again, &why));
		assert_true(cs_span_equal(once, again));
		assert_true(cs_span_equal(once, config_spec_again(f->arena, once)));
	}
}

static void
names_are_kept_as_requests_give_them(void **state)
{
	static const char given[] = PROFILE(PUBLIC SANS(
	    DOMAIN(VALUES("mail.a.example\", \"B\u00fccher.a.example\", \"A.example")) "," MAILBOX(
		HIDDEN VALUES("Ann@A.example"))));
	static const char want[] =
	    "\"sans\":[{\"from_person\":false,\"name\":\"domain\",\"required\":false,\"shown\":true,"
	    "\"values\":[\"a.example\",\"mail.a.example\",\"xn--bcher-kva.a.example\"]},"
	    "{\"from_person\":false,\"name\":\"mailbox\",\"required\":true,\"shown\":false,"
	    "\"values\":[\"Ann@a.example\"]}]";
	struct fixture *f = *state;
	struct cs_refusal why;
	struct cs_span spec;

	assert_true(
	    config_spec_read(&f->rules, f->arena, CONFIG_PROFILE, cs_span_str(given), &spec, &why));
	if (memmem(spec.data, spec.len, want, strlen(want)) == NULL)
		fail_msg("%.*s", (int)spec.len, (const char *)spec.data);
}

static void
a_name_is_one_of_its_kind(void **state)
{
	static const struct {
		enum config_kind kind;
		const char *enterprise, *name;
		bool good;
	} names[] = {
		{ CONFIG_ENTERPRISE, "acme", "acme", true },
		{ CONFIG_ENTERPRISE, "acme", "other", false },
		{ CONFIG_ENTERPRISE, "platform", "platform", false },
		{ CONFIG_ENTERPRISE, "Acme", "Acme", false },
		{ CONFIG_DOMAIN, "acme", "alpha.example", true },
		{ CONFIG_DOMAIN, "acme", "Alpha.example", false },
		{ CONFIG_DOMAIN, "acme", "xn--bcher-kva.example", true },
		{ CONFIG_DOMAIN, "acme", "b\xc3\xbc\x63her.example", false },
		{ CONFIG_DOMAIN, "acme", "com", false },
		{ CONFIG_DOMAIN, "platform", "alpha.example", false },
		{ CONFIG_ASSIGNMENT, "acme", "*@alpha.example", true },
		{ CONFIG_ASSIGNMENT, "acme", "it@alpha.example", true },
		{ CONFIG_ASSIGNMENT, "acme", "it@Alpha.example", false },
		{ CONFIG_ASSIGNMENT, "acme", "*@com", false },
		{ CONFIG_PERSON, "acme", "alice", true },
		{ CONFIG_PERSON, "acme", "a b", false },
		{ CONFIG_PERSON, "acme", "", false },
		{ CONFIG_PERSON, "acme", "../x", false },
		{ CONFIG_NOTE, "acme", "issue", true },
		{ CONFIG_NOTE, "acme", "revoke.san", true },
		{ CONFIG_NOTE, "acme", "issue.nowhere", false },
		{ CONFIG_NOTE, "acme", "issues", false },
		{ CONFIG_PROFILE, "platform", "smime-mailbox", true },
		{ CONFIG_PROFILE, "acme", "-x", false },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < LEN(names); i++) {
		struct cs_refusal why = { 0 };

		if (config_name_good(&f->rules, f->arena, names[i].kind, names[i].enterprise,
			names[i].name, &why) != names[i].good)
			fail_msg("%s %s", config_kind_name(names[i].kind), names[i].name);
	}
}

/* ---- calls ---- */

static struct config_answer
call_with(struct fixture *f, const char *method, const char *path, const char *query,
    const char *body, const char *if_match, const char *if_none)
{
	const struct config_http http = { "t", method, path, query, if_match, if_none, "192.0.2.1",
		cs_span_str(body) };
	const struct config_ask ask = config_read(&f->rules, f->arena, &http);
	const struct config_setting in = { &f->rules, f->arena, NOW, f->random };

	return config_decide(&in, &f->state, &f->caller, &ask);
}

static struct config_answer
put_new(struct fixture *f, const char *path, const char *body)
{
	return call_with(f, "PUT", path, "", body, "", "*");
}

static struct config_answer
get(struct fixture *f, const char *path)
{
	return call_with(f, "GET", path, "", "", "", "");
}

/* Over the one that is there. */
static struct config_answer
put_over(struct fixture *f, const char *path, const char *body)
{
	return call_with(f, "PUT", path, "", body, get(f, path).etag, "");
}

static const char *
member(struct fixture *f, struct config_answer answer, const char *name)
{
	json_t *json = config_json_own(answer.body);
	const char *text = config_json_text(f->arena, json, name, "");

	json_decref(json);
	return text;
}

#define assert_status(answer, want)                                                             \
	do {                                                                                    \
		const struct config_answer got_ = (answer);                                     \
		if (got_.status != (want))                                                      \
			fail_msg("line %d: %u %.*s", __LINE__, got_.status, (int)got_.body.len, \
			    (const char *)got_.body.data);                                      \
	} while (0)

static void
assert_code(struct fixture *f, struct config_answer answer, const char *code)
{
	assert_string_equal(member(f, answer, "code"), code);
}

static void
make_acme(struct fixture *f)
{
	assert_status(put_new(f, "config/acme/enterprise/acme", "{}"), 201);
	assert_status(put_new(f, "config/acme/person/alice", "{}"), 201);
}

static void
a_document_is_made_shown_changed_and_deleted(void **state)
{
	struct fixture *f = *state;
	struct config_answer made = put_new(f, "config/acme/enterprise/acme", "{\"title\": \"A\"}");

	assert_status(made, 201);
	assert_string_equal(made.etag, "\"11\"");
	assert_non_null(made.made);
	assert_int_equal(made.made->before.len, 0);
	assert_string_equal(made.made->who, "platform/root");
	assert_string_equal(made.made->source, "192.0.2.1");
	assert_string_equal(get(f, "config/acme/enterprise/acme").etag, "\"11\"");
	/* The same again is no change. */
	struct config_answer same = call_with(
	    f, "PUT", "config/acme/enterprise/acme", "", "{\"title\": \"A\"}", "\"11\"", "");

	assert_status(same, 200);
	assert_null(same.made);
	assert_string_equal(same.etag, "\"11\"");
	struct config_answer other = call_with(
	    f, "PUT", "config/acme/enterprise/acme", "", "{\"title\": \"B\"}", "\"11\"", "");

	assert_status(other, 200);
	assert_string_equal(other.etag, "\"12\"");
	assert_true(other.made->before.len > 0 && other.made->after.len > 0);
	assert_status(
	    call_with(f, "DELETE", "config/acme/enterprise/acme", "", "", "\"12\"", ""), 204);
	assert_status(get(f, "config/acme/enterprise/acme"), 404);
	/* It never has a version that it had before. */
	assert_string_equal(put_new(f, "config/acme/enterprise/acme", "{}").etag, "\"14\"");
}

static void
nobody_overwrites_what_they_have_not_seen(void **state)
{
	struct fixture *f = *state;
	const char *path = "config/acme/enterprise/acme";

	assert_status(call_with(f, "PUT", path, "", "{}", "", ""), 428);
	assert_status(call_with(f, "PUT", path, "", "{}", "\"11\"", ""), 412);
	assert_status(put_new(f, path, "{}"), 201);
	assert_status(put_new(f, path, "{}"), 412);
	assert_status(call_with(f, "PUT", path, "", "{}", "\"10\"", ""), 412);
	assert_status(call_with(f, "PUT", path, "", "{}", "11", ""), 400);
	assert_status(call_with(f, "PUT", path, "", "{}", "W/\"11\"", ""), 400);
	assert_status(call_with(f, "PUT", path, "", "{}", "", "\"11\""), 400);
	assert_status(call_with(f, "DELETE", path, "", "", "", ""), 428);
	assert_status(call_with(f, "DELETE", path, "", "", "\"9\"", ""), 412);
	assert_int_equal(f->state.last_version, 11);
}

static void
what_is_referred_to_is_there(void **state)
{
	struct fixture *f = *state;
	const char *path = "config/acme/assignment/*@alpha.example";

	assert_status(put_new(f, path, "{\"people\": [\"alice\"]}"), 422);
	make_acme(f);
	assert_status(put_new(f, path, "{\"people\": [\"alice\"]}"), 201);
	struct config_answer bad =
	    call_with(f, "PUT", path, "", "{\"people\": [\"alice\", \"bob\"]}", "\"13\"", "");

	assert_status(bad, 422);
	assert_string_equal(member(f, bad, "field"), "spec.people[1]");
	/* A person of another enterprise is not there. */
	assert_status(put_new(f, "config/rival/enterprise/rival", "{}"), 201);
	assert_status(
	    put_new(f, "config/rival/assignment/*@alpha.example", "{\"people\": [\"alice\"]}"),
	    422);
}

static void
what_is_in_use_does_not_go_away(void **state)
{
	struct fixture *f = *state;
	json_t *body, *use;

	make_acme(f);
	assert_status(
	    put_new(f, "config/acme/assignment/*@alpha.example", "{\"people\": [\"alice\"]}"), 201);
	struct config_answer answer =
	    call_with(f, "DELETE", "config/acme/person/alice", "", "", "\"12\"", "");

	assert_status(answer, 409);
	body = config_json_own(answer.body);
	assert_int_equal(json_array_size(json_object_get(body, "uses")), 1);
	use = json_array_get(json_object_get(body, "uses"), 0);
	assert_string_equal(config_json_text(f->arena, use, "kind", ""), "assignment");
	assert_string_equal(config_json_text(f->arena, use, "field", ""), "people[0]");
	json_decref(body);
	assert_status(
	    call_with(f, "DELETE", "config/acme/enterprise/acme", "", "", "\"11\"", ""), 409);
	/* Together they may go. */
	assert_status(
	    call_with(f, "POST", "config/apply", "",
		"{\"documents\": ["
		"{\"kind\": \"person\", \"enterprise\": \"acme\", \"name\": \"alice\", \"delete\": true},"
		"{\"kind\": \"enterprise\", \"enterprise\": \"acme\", \"name\": \"acme\", \"delete\": true},"
		"{\"kind\": \"assignment\", \"enterprise\": \"acme\", \"name\": \"*@alpha.example\", \"delete\": true}]}",
		"", ""),
	    200);
	assert_status(get(f, "config/acme/enterprise/acme"), 404);
}

/* seed: "meets the minimum quorum count specified in the Open MPIC connector": of one that rounds are held by. */
static void
a_profile_names_a_connector_that_rounds_are_held_by(void **state)
{
	struct fixture *f = *state;
	const char *profile = "{\"validation\": \"mailbox\", \"certificate_profile\": "
			      "\"mailbox-multipurpose\", \"mpic_connector\": \"mpic\"}";
	const char *on = "{\"type\": \"open-mpic\", \"quorum\": 4}";
	const char *off = "{\"type\": \"open-mpic\", \"quorum\": 4, \"active\": false}";
	const char *sms = "{\"type\": \"sms\", \"endpoint\": \"https://sms.example\"}";

	make_acme(f);
	assert_code(f, put_new(f, "config/acme/profile/p", profile), "no-such-document");
	assert_status(put_new(f, "config/acme/connector/mpic", off), 201);
	assert_code(f, put_new(f, "config/acme/profile/p", profile), "connector-not-usable");
	assert_status(put_over(f, "config/acme/connector/mpic", sms), 200);
	assert_code(f, put_new(f, "config/acme/profile/p", profile), "connector-not-usable");
	assert_status(put_over(f, "config/acme/connector/mpic", on), 200);
	assert_status(put_new(f, "config/acme/profile/p", profile), 201);
	assert_status(put_over(f, "config/acme/connector/mpic", off), 409);
	assert_status(put_over(f, "config/acme/connector/mpic", sms), 409);
	assert_status(
	    put_over(f, "config/acme/connector/mpic", "{\"type\": \"open-mpic\", \"quorum\": 5}"),
	    200);
}

/* What was loaded beside the documents that are named counts too, unless the call changes it. */
static void
uses_that_only_the_store_knows_count(void **state)
{
	struct fixture *f = *state;
	struct config_doc user = { .kind = CONFIG_ASSIGNMENT,
		.enterprise = "acme",
		.name = "x@alpha.example",
		.spec = cs_span_str("{\"people\":[\"alice\"]}") };

	make_acme(f);
	f->state.users = &user;
	assert_status(
	    call_with(f, "DELETE", "config/acme/person/alice", "", "", "\"12\"", ""), 409);
	user.enterprise = "rival";  /* a name of theirs is not ours */
	f->state.more_users = true; /* who knows what the others say */
	assert_status(
	    call_with(f, "DELETE", "config/acme/person/alice", "", "", "\"12\"", ""), 409);
	assert_status(put_new(f, "config/acme/person/carol", "{}"), 201);
	f->state.more_users = false;
	assert_status(
	    call_with(f, "DELETE", "config/acme/person/alice", "", "", "\"12\"", ""), 204);
}

static void
add_doc(struct fixture *f, struct config_doc **list, const char *name)
{
	struct config_doc *doc = CS_NEW(f->arena, struct config_doc);

	*doc = (struct config_doc){ .next = *list,
		.kind = CONFIG_PERSON,
		.enterprise = "acme",
		.name = name,
		.version = 1,
		.spec = cs_span_str("{\"profiles\":[\"*\"],\"title\":\"t\"}") };
	*list = doc;
}

/* Processor time of a call that deletes the first n of p0, p1, ... */
static clock_t
time_to_delete(struct fixture *f, size_t n)
{
	struct cs_buf body = cs_buf_new(f->arena);

	for (size_t i = 0; i < n; i++)
		cs_buf_printf(&body,
		    "%s{\"kind\":\"person\",\"enterprise\":\"acme\",\"name\":\"p%zu\",\"delete\":true}",
		    i == 0 ? "{\"documents\":[" : ",", i);
	cs_buf_printf(&body, "]}");
	const clock_t begin = clock();

	assert_status(call_with(f, "POST", "config/apply", "dry_run=true",
			  (const char *)cs_buf_span(&body).data, "", ""),
	    200);
	return clock() - begin;
}

/*
 * The largest call that deletes, with as many possible users as the store hands out: others wait meanwhile.  The
 * users are looked through once and not for each document, which would take as many times as long as one.
 */
static void
the_largest_call_is_decided_in_time(void **state)
{
	struct fixture *f = *state;

	make_acme(f);
	for (size_t i = 0; i < CONFIG_USERS_MAX; i++)
		add_doc(f, &f->state.users, cs_arena_printf(f->arena, "u%zu", i));
	for (size_t i = 0; i < CONFIG_WISHES_MAX; i++)
		add_doc(f, &f->state.docs, cs_arena_printf(f->arena, "p%zu", i));
	(void)time_to_delete(f, 1); /* warm */
	const clock_t one = time_to_delete(f, 1);
	const size_t before = cs_arena_used(f->arena);
	const clock_t all = time_to_delete(f, CONFIG_WISHES_MAX);

	print_message("one: %ld us, %d: %ld us\n", (long)one, CONFIG_WISHES_MAX, (long)all);
	if (all > one * (CONFIG_WISHES_MAX / 25))
		fail_msg(
		    "%d take %ld times as long as one", CONFIG_WISHES_MAX, (long)(all / (one + 1)));
	assert_in_range(cs_arena_used(f->arena) - before, 0, 32 << 20);
}

#define APPLY                                                                                      \
	"{\"documents\": [{\"kind\": \"person\", \"enterprise\": \"acme\", \"name\": \"bob\", "    \
	"\"spec\": {}}, {\"kind\": \"enterprise\", \"enterprise\": \"acme\", \"name\": \"acme\", " \
	"\"spec\": {}}]}"

static const char *
action(struct fixture *f, struct config_answer answer, size_t i)
{
	json_t *body = config_json_own(answer.body);
	const char *text = config_json_text(
	    f->arena, json_array_get(json_object_get(body, "changes"), i), "action", "");

	json_decref(body);
	return text;
}

static void
many_are_applied_in_any_order_and_again_without_change(void **state)
{
	struct fixture *f = *state;
	struct config_answer dry =
	    call_with(f, "POST", "config/apply", "dry_run=true", APPLY, "", "");

	assert_status(dry, 200);
	assert_string_equal(action(f, dry, 0), "create");
	assert_null(dry.made);
	assert_int_equal(f->state.last_version, 10);
	struct config_answer first = call_with(f, "POST", "config/apply", "", APPLY, "", "");

	assert_string_equal(action(f, first, 1), "create");
	assert_int_equal(f->state.last_version, 12);
	struct config_answer second = call_with(f, "POST", "config/apply", "", APPLY, "", "");

	assert_string_equal(action(f, second, 0), "unchanged");
	assert_string_equal(action(f, second, 1), "unchanged");
	assert_int_equal(f->state.last_version, 12);
}

static void
one_bad_document_stops_all(void **state)
{
	struct fixture *f = *state;
	struct config_answer answer = call_with(f, "POST", "config/apply", "",
	    "{\"documents\": ["
	    "{\"kind\": \"enterprise\", \"enterprise\": \"acme\", \"name\": \"acme\", \"spec\": {}},"
	    "{\"kind\": \"person\", \"enterprise\": \"acme\", \"name\": \"bob\", \"spec\": {\"roles\": [\"x\"]}}]}",
	    "", "");

	assert_status(answer, 422);
	assert_string_equal(member(f, answer, "field"), "documents[1].spec.roles[0]");
	assert_status(get(f, "config/acme/enterprise/acme"), 404);
}

static void
what_cannot_be_read_is_refused(void **state)
{
	static const struct {
		const char *method, *path, *query, *body;
		unsigned status;
	} calls[] = {
		{ "GET", "config", "", "", 404 },
		{ "GET", "config/acme", "", "", 404 },
		{ "GET", "config/acme/nothing", "", "", 404 },
		{ "GET", "config/acme/person/a/b", "", "", 404 },
		{ "GET", "config//person", "", "", 404 },
		{ "POST", "config/kinds", "", "", 405 },
		{ "GET", "config/apply", "", "", 405 },
		{ "PATCH", "config/acme/person/a", "", "", 405 },
		{ "GET", "config/acme/form/staff", "", "", 400 },
		{ "GET", "config/acme/form/staff", "person=", "", 400 },
		{ "PUT", "config/acme/form/staff", "person=alice", "{}", 405 },
		{ "GET", "config/acme/form", "person=alice", "", 404 },
		{ "GET", "config/acme/form/staff", "person=alice", "", 404 },
		{ "GET", "config/acme/person", "limit=0", "", 400 },
		{ "GET", "config/acme/person", "limit=101", "", 400 },
		{ "GET", "config/acme/person", "colour=red", "", 400 },
		{ "GET", "config/acme/person", "dry_run=yes", "", 400 },
		{ "GET", "config/acme/person", "after=%zz", "", 400 },
		{ "PUT", "config/acme/person/alice", "", "", 400 },
		{ "PUT", "config/acme/person/alice", "", "{\"a\":1,\"a\":2}", 400 },
		{ "PUT", "config/acme/person/alice", "", "{} {}", 400 },
		{ "POST", "config/apply", "", "{}", 422 },
		{ "POST", "config/apply", "", "{\"documents\": []}", 422 },
		{ "POST", "config/apply", "", "{\"documents\": [1]}", 422 },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < LEN(calls); i++) {
		const struct config_answer answer = call_with(
		    f, calls[i].method, calls[i].path, calls[i].query, calls[i].body, "", "*");

		if (answer.status != calls[i].status)
			fail_msg("%s %s?%s: %u", calls[i].method, calls[i].path, calls[i].query,
			    answer.status);
	}
}

/* ---- rights ---- */

static const struct {
	enum config_kind kind;
	const char *name, *spec;
} each_kind[] = {
	{ CONFIG_DOMAIN, "alpha.example", "{}" },
	{ CONFIG_OWNERSHIP, "alpha.example", "{\"person\": \"alice\"}" },
	{ CONFIG_PROFILE, "own",
	    "{\"validation\": \"mailbox\", \"certificate_profile\": \"mailbox-strict\"}" },
	{ CONFIG_PERSON, "carol", "{}" },
	{ CONFIG_ASSIGNMENT, "it@alpha.example", "{\"people\": [\"alice\"]}" },
	{ CONFIG_NOTE, "issue", "{\"text\": \"x\"}" },
	{ CONFIG_CONNECTOR, "post",
	    "{\"type\": \"smtp\", \"endpoint\": \"smtp://x\", \"from\": \"ra@alpha.example\"}" },
};

static void
call_as(struct fixture *f, const char *enterprise, const char *account, unsigned roles)
{
	f->caller = (struct config_caller){ true, enterprise, account, roles, ALL_SCOPES, "c",
		"192.0.2.1" };
}

static struct config_answer
put_kind(struct fixture *f, size_t i)
{
	return put_new(f,
	    cs_arena_printf(f->arena, "config/acme/%s/%s", config_kind_name(each_kind[i].kind),
		each_kind[i].name),
	    each_kind[i].spec);
}

static void
who_may_set_what(void **state)
{
	static const struct {
		unsigned roles;
		const char *may; /* initials of the kinds of each_kind, or "" */
	} cases[] = {
		{ CONFIG_USER, "" },
		{ CONFIG_AUDITOR, "" },
		{ CONFIG_OPERATOR, "domaownepersassinote" },
		{ CONFIG_ADMINISTRATOR, "domaowneprofpersassinoteconn" },
	};

	for (size_t i = 0; i < LEN(cases); i++) {
		for (size_t k = 0; k < LEN(each_kind); k++) {
			struct fixture *f;
			char initials[5] = "";

			teardown(state);
			setup(state);
			f = *state;
			make_acme(f);
			(void)snprintf(
			    initials, sizeof(initials), "%s", config_kind_name(each_kind[k].kind));
			call_as(f, "acme", "someone", cases[i].roles);
			const unsigned status = put_kind(f, k).status;
			const bool may = strstr(cases[i].may, initials) != NULL;

			if (status != (may ? 201 : status == 404 ? 404 : 403))
				fail_msg("roles %u, %s: %u", cases[i].roles, initials, status);
		}
	}
}

/* Another enterprise's things are as if they were not there: for every kind, role and method. */
static void
nothing_of_another_enterprise_is_seen_or_set(void **state)
{
	static const char *const methods[] = { "GET", "PUT", "DELETE" };
	struct fixture *f = *state;

	make_acme(f);
	for (size_t i = 0; i < LEN(each_kind); i++)
		assert_status(put_kind(f, i), 201);
	assert_status(put_new(f, "config/rival/enterprise/rival", "{}"), 201);
	const uint64_t before = f->state.last_version;

	call_as(f, "rival", "eve", ALL_ROLES);
	for (size_t i = 0; i < LEN(each_kind); i++) {
		const char *kind = config_kind_name(each_kind[i].kind);
		const char *path =
		    cs_arena_printf(f->arena, "config/acme/%s/%s", kind, each_kind[i].name);

		for (size_t m = 0; m < LEN(methods); m++)
			assert_status(
			    call_with(f, methods[m], path, "", each_kind[i].spec, "\"1\"", ""),
			    404);
		assert_status(put_new(f, path, each_kind[i].spec), 404);
		assert_status(get(f, cs_arena_printf(f->arena, "config/acme/%s", kind)), 404);
		/* Nor does a call that is wrong tell anything. */
		assert_status(put_new(f, path, "{\"x\": 1}"), 404);
	}
	assert_status(get(f, "config/acme/changes"), 404);
	assert_status(get(f, "config/acme/enterprise/acme"), 404);
	assert_status(call_with(f, "POST", "config/apply", "", APPLY, "", ""), 404);
	assert_status(get(f, "config/platform/person/root"), 404);
	assert_int_equal(f->state.last_version, before);
}

#define OWN_PRIVATE PROFILE(PRIVATE ", \"caa\": false")

/* Profiles of private trust are for a root of the enterprise's own. */
static void
the_platform_says_whether_an_enterprise_has_a_root(void **state)
{
	struct fixture *f = *state;
	struct config_answer answer;

	make_acme(f);
	answer = put_new(f, "config/acme/profile/own", OWN_PRIVATE);
	assert_status(answer, 422);
	assert_string_equal(member(f, answer, "code"), "not-granted");
	assert_string_equal(member(f, answer, "field"), "spec.certificate_profile");
	call_as(f, "acme", "adam", CONFIG_ADMINISTRATOR);
	assert_status(call_with(f, "PUT", "config/acme/enterprise/acme", "",
			  "{\"private_trust\": true}", "\"11\"", ""),
	    403);
	call_as(f, CONFIG_PLATFORM, "root", CONFIG_ADMINISTRATOR);
	assert_status(call_with(f, "PUT", "config/acme/enterprise/acme", "",
			  "{\"private_trust\": true}", "\"11\"", ""),
	    200);
	call_as(f, "acme", "adam", CONFIG_ADMINISTRATOR);
	assert_status(put_new(f, "config/acme/profile/own", OWN_PRIVATE), 201);
	assert_true(settings_of(f, "own").profile_allowed);
	/* What was granted may be taken back: then nobody may use it. */
	call_as(f, CONFIG_PLATFORM, "root", CONFIG_ADMINISTRATOR);
	assert_status(
	    call_with(f, "PUT", "config/acme/enterprise/acme", "", "{}", "\"13\"", ""), 200);
	assert_false(settings_of(f, "own").profile_allowed);
}

static void
a_user_sees_themselves_and_what_is_offered(void **state)
{
	struct fixture *f = *state;

	make_acme(f);
	assert_status(put_new(f, "config/acme/person/bob", "{}"), 201);
	assert_status(put_new(f, "config/platform/profile/p", each_kind[2].spec), 201);
	call_as(f, "acme", "alice", CONFIG_USER);
	assert_status(get(f, "config/acme/person/alice"), 200);
	assert_status(get(f, "config/acme/person/bob"), 404);
	assert_status(get(f, "config/acme/person"), 403);
	assert_status(get(f, "config/acme/enterprise/acme"), 200);
	assert_status(get(f, "config/platform/profile/p"), 200);
	assert_status(get(f, "config/acme/changes"), 403);
}

/* ---- the form of a request ---- */

#define SHOWN                                                                         \
	", \"rdns\": [{\"name\": \"organizationalUnitName\"}, {\"name\": \"title\"}," \
	" {\"name\": \"organizationName\", \"required\": true, \"value\": \"Acme AG\"}]"

static struct config_answer
form(struct fixture *f, const char *profile, const char *person)
{
	return call_with(f, "GET", cs_arena_printf(f->arena, "config/acme/form/%s", profile),
	    cs_arena_printf(f->arena, "person=%s", person), "", "", "");
}

/* "name=value set_by flags", flags: r(equired), e(ditable), u(nverified), v(erified only). */
static const char *
field_text(struct fixture *f, struct config_answer answer, size_t i)
{
	json_t *json = config_json_own(answer.body);
	const json_t *field = json_array_get(json_object_get(json, "fields"), i);
	const char *text = cs_arena_printf(f->arena, "%s=%s %s %s%s%s%s",
	    config_json_text(f->arena, field, "name", ""),
	    config_json_text(f->arena, field, "value", ""),
	    config_json_text(f->arena, field, "set_by", ""),
	    config_json_true(field, "required") ? "r" : "",
	    config_json_true(field, "editable") ? "e" : "",
	    config_json_true(field, "unverified") ? "u" : "",
	    config_json_true(field, "verified_only") ? "v" : "");

	json_decref(json);
	return text;
}

/* "name=value set_by flags", flags: s(hown), r(equired), f(ixed), e(ditable); of one value at most. */
static const char *
name_text(struct fixture *f, struct config_answer answer, size_t i)
{
	json_t *json = config_json_own(answer.body);
	const json_t *name = json_array_get(json_object_get(json, "names"), i);
	const char *value = json_string_value(json_array_get(json_object_get(name, "values"), 0));
	const char *text = cs_arena_printf(f->arena, "%s=%s %s %s%s%s%s",
	    config_json_text(f->arena, name, "name", ""), value != NULL ? value : "",
	    config_json_text(f->arena, name, "set_by", ""),
	    config_json_true(name, "shown") ? "s" : "",
	    config_json_true(name, "required") ? "r" : "",
	    config_json_true(name, "fixed") ? "f" : "",
	    config_json_true(name, "editable") ? "e" : "");

	json_decref(json);
	return text;
}

static void
make_forms(struct fixture *f)
{
	assert_status(put_new(f, "config/acme/enterprise/acme", "{\"private_trust\": true}"), 201);
	assert_status(put_new(f, "config/acme/person/alice",
			  "{\"details\": {\"organizationalUnitName\": \"Sales\"}, "
			  "\"email\": \"alice@Acme.example\"}"),
	    201);
	assert_status(put_new(f, "config/acme/person/bob", "{}"), 201);
	assert_status(put_new(f, "config/acme/profile/staff",
			  PROFILE(DETAILS SHOWN SANS(MAILBOX(", \"from_person\": true") "," DOMAIN(
			      HIDDEN VALUES("acme.example"))))),
	    201);
	assert_status(put_new(f, "config/platform/profile/sponsor",
			  PROFILE("\"sponsor-strict\", \"rdns\": [{\"name\": \"title\"}]")),
	    201);
	assert_status(put_new(f, "config/acme/person/carol", "{\"profiles\": [\"sponsor\"]}"), 201);
}

/*
 * "When a user creates a new certificate request, the SDNs and SANs will be rendered as configured in the
 * certification profile and its values will be auto-filled from the certificate details."
 */
static void
a_form_shows_the_profile_filled_in_from_the_details(void **state)
{
	struct fixture *f = *state;

	make_forms(f);
	call_as(f, "acme", "alice", CONFIG_USER);
	assert_status(form(f, "staff", "alice"), 200);
	const struct config_answer shown = form(f, "staff", "alice");

	assert_string_equal(member(f, shown, "profile"), "staff");
	assert_string_equal(member(f, shown, "person"), "alice");
	assert_string_equal(field_text(f, shown, 0), "organizationalUnitName=Sales operator ");
	assert_string_equal(field_text(f, shown, 1), "title= nobody eu");
	assert_string_equal(field_text(f, shown, 2), "organizationName=Acme AG profile r");
	/* What is verified comes from evidence, whatever anybody typed in. */
	assert_string_equal(field_text(f, form(f, "sponsor", "alice"), 0), "title= nobody v");
	call_as(f, "acme", "bob", CONFIG_USER);
	assert_string_equal(
	    field_text(f, form(f, "staff", "bob"), 0), "organizationalUnitName= nobody eu");
}

/* As above, of the names: what operators have set for the person is fixed where the profile says so. */
static void
a_form_shows_the_names_filled_in_from_the_person(void **state)
{
	struct fixture *f = *state;

	make_forms(f);
	call_as(f, "acme", "alice", CONFIG_USER);
	assert_string_equal(
	    name_text(f, form(f, "staff", "alice"), 0), "mailbox=alice@acme.example operator srf");
	assert_string_equal(
	    name_text(f, form(f, "staff", "alice"), 1), "domain=acme.example profile rf");
	assert_string_equal(name_text(f, form(f, "sponsor", "alice"), 0),
	    "mailbox=alice@acme.example operator sre");
	assert_string_equal(name_text(f, form(f, "sponsor", "alice"), 1), "domain= nobody se");
	call_as(f, "acme", "bob", CONFIG_USER);
	assert_string_equal(name_text(f, form(f, "staff", "bob"), 0), "mailbox= nobody sre");
}

/* "An operator will see the rendered values in a disabled form." */
static void
a_form_is_disabled_for_an_operator(void **state)
{
	struct fixture *f = *state;

	make_forms(f);
	call_as(f, "acme", "boss", CONFIG_OPERATOR | CONFIG_USER);
	const struct config_answer shown = form(f, "staff", "alice");

	assert_status(shown, 200);
	assert_string_equal(field_text(f, shown, 0), "organizationalUnitName=Sales operator ");
	assert_string_equal(field_text(f, shown, 1), "title= nobody ");
	assert_string_equal(field_text(f, shown, 2), "organizationName=Acme AG profile r");
	assert_string_equal(
	    name_text(f, form(f, "sponsor", "alice"), 0), "mailbox=alice@acme.example operator sr");
	assert_string_equal(name_text(f, form(f, "sponsor", "alice"), 1), "domain= nobody s");
}

static void
a_form_is_for_who_may_see_the_person(void **state)
{
	struct fixture *f = *state;

	make_forms(f);
	assert_status(form(f, "staff", "nobody"), 404);
	assert_status(form(f, "nothing", "alice"), 404);
	assert_status(form(f, "staff", "carol"), 404); /* who may not use the profile */
	call_as(f, "acme", "bob", CONFIG_USER);
	assert_status(form(f, "staff", "alice"), 404);
	call_as(f, "globex", "alice", ALL_ROLES);
	assert_status(form(f, "staff", "alice"), 404);
	f->caller.known = false;
	assert_status(form(f, "staff", "alice"), 401);
}

#define PERSON(enterprise, name, spec)                                                 \
	"{\"kind\": \"person\", \"enterprise\": \"" enterprise "\", \"name\": \"" name \
	"\", \"spec\": " spec "}"

static void
who_may_not_apply_one_document_is_told_which(void **state)
{
	static const struct {
		const char *second;
		unsigned status;
		const char *field;
	} rows[] = {
		{ PERSON("acme", "dora", "{\"roles\": [\"operator\"]}"), 403,
		    "documents[1].spec.roles" },
		{ PERSON("rival", "dora", "{}"), 404, "documents[1]" },
		{ "{\"kind\": \"profile\", \"enterprise\": \"acme\", \"name\": \"mine\", "
		  "\"spec\": " PROFILE(PUBLIC) "}",
		    403, "documents[1]" },
	};
	struct fixture *f = *state;

	make_acme(f);
	call_as(f, "acme", "olga", CONFIG_OPERATOR);
	for (size_t i = 0; i < LEN(rows); i++) {
		const struct config_answer answer = call_with(f, "POST", "config/apply", "",
		    cs_arena_printf(f->arena,
			"{\"documents\": [" PERSON("acme", "carol", "{}") ", %s]}", rows[i].second),
		    "", "");

		assert_status(answer, rows[i].status);
		assert_string_equal(member(f, answer, "field"), rows[i].field);
		assert_status(get(f, "config/acme/person/carol"), 404);
	}
}

static void
nobody_gives_themselves_rights(void **state)
{
	struct fixture *f = *state;
	struct config_answer answer;

	make_acme(f);
	assert_status(put_new(f, "config/acme/person/olga", "{\"roles\": [\"operator\"]}"), 201);
	assert_status(
	    put_new(f, "config/acme/person/adam", "{\"roles\": [\"administrator\"]}"), 201);
	call_as(f, "acme", "olga", CONFIG_OPERATOR);
	answer = call_with(f, "PUT", "config/acme/person/alice", "",
	    "{\"roles\": [\"administrator\"]}", "\"12\"", "");
	assert_status(answer, 403);
	assert_string_equal(member(f, answer, "field"), "spec.roles");
	assert_status(put_new(f, "config/acme/person/mallory", "{\"roles\": [\"operator\"]}"), 403);
	assert_status(put_new(f, "config/acme/person/carol", "{}"), 201);
	assert_status(call_with(f, "PUT", "config/acme/person/alice", "",
			  "{\"details\": {\"surname\": \"Ng\"}}", "\"12\"", ""),
	    200);
	assert_status(
	    call_with(f, "DELETE", "config/acme/person/carol", "", "", "\"15\"", ""), 403);
	answer = call_with(f, "PUT", "config/acme/person/olga", "",
	    "{\"roles\": [\"operator\"], \"details\": {\"surname\": \"Ng\"}}", "\"13\"", "");
	assert_status(answer, 403);
	assert_string_equal(member(f, answer, "field"), "spec.details");
	assert_status(call_with(f, "PUT", "config/acme/person/olga", "",
			  "{\"roles\": [\"operator\"], \"title\": \"Olga\"}", "\"13\"", ""),
	    200);
	call_as(f, "acme", "adam", CONFIG_ADMINISTRATOR);
	assert_status(call_with(f, "PUT", "config/acme/person/adam", "",
			  "{\"roles\": [\"administrator\", \"auditor\"]}", "\"14\"", ""),
	    403);
	assert_status(
	    call_with(f, "DELETE", "config/acme/person/carol", "", "", "\"15\"", ""), 204);
	/* What the platform grants an enterprise, the enterprise does not take. */
	assert_status(call_with(f, "PUT", "config/acme/enterprise/acme", "", "{\"profiles\": []}",
			  "\"11\"", ""),
	    403);
	assert_status(call_with(f, "PUT", "config/acme/enterprise/acme", "",
			  "{\"title\": \"Acme\"}", "\"11\"", ""),
	    200);
	assert_status(put_new(f, "config/new/enterprise/new", "{}"), 404);
}

static void
a_token_does_no_more_than_its_scopes(void **state)
{
	struct fixture *f = *state;

	make_acme(f);
	f->caller.scopes = CONFIG_MAY_WRITE | CONFIG_MAY_PEOPLE;
	assert_status(get(f, "config/acme/enterprise/acme"), 403);
	f->caller.scopes = CONFIG_MAY_READ | CONFIG_MAY_PEOPLE;
	assert_status(put_new(f, "config/acme/note/issue", "{\"text\": \"x\"}"), 403);
	assert_status(put_new(f, "config/acme/person/bob", "{}"), 201);
	f->caller.scopes = CONFIG_MAY_READ | CONFIG_MAY_WRITE;
	assert_status(put_new(f, "config/acme/note/issue", "{\"text\": \"x\"}"), 201);
	assert_status(put_new(f, "config/acme/person/carol", "{}"), 403);
	f->caller.known = false;
	assert_status(get(f, "config/acme/enterprise/acme"), 401);
	assert_status(get(f, "config/nothing"), 401);
}

static void
a_person_s_particulars_are_told_to_nobody(void **state)
{
	struct fixture *f = *state;
	const struct cs_span told = config_public_spec(f->arena, CONFIG_PERSON,
	    cs_span_str("{\"active\":true,\"email\":\"a@b.example\",\"roles\":[\"user\"]}"));

	assert_true(cs_span_is(told, "{\"active\":true,\"roles\":[\"user\"]}"));
}

/* ---- connectors ---- */

static bool
says(struct fixture *f, struct cs_span body, const char *text)
{
	return strstr(cs_arena_strndup(f->arena, (const char *)body.data, body.len), text) != NULL;
}

#define LOGIN(secret)                                                                        \
	"{\"type\": \"smtp\", \"endpoint\": \"smtps://x\", \"from\": \"ra@alpha.example\", " \
	"\"username\": \"ra\", \"secret\": \"" secret "\"}"

static void
a_secret_is_told_sealed_and_shown_to_nobody(void **state)
{
	static const struct connector_recipient notifier = { "notifier", { 9 } };
	struct fixture *f = *state;
	const char *path = "config/acme/connector/post";
	make_acme(f);
	assert_status(put_new(f, path, LOGIN("pass phrase")), 422); /* no key */
	f->rules.recipients = &notifier;
	f->rules.n_recipients = 1;
	const struct config_answer made = put_new(f, path, LOGIN("pass phrase"));

	assert_status(made, 201);
	assert_true(says(f, made.made->after, "\"sealed\":\""));
	assert_false(says(f, made.made->after, "pass phrase"));
	const struct config_answer shown = get(f, path);

	assert_false(says(f, shown.body, "sealed\":"));
	assert_true(says(f, shown.body, "\"secret\":true"));
	/* What was shown can be put again, and is no change: the secret stays. */
	assert_null(call_with(f, "PUT", path, "",
	    "{\"type\": \"smtp\", \"endpoint\": \"smtps://x\", \"from\": \"ra@alpha.example\", "
	    "\"username\": \"ra\", \"active\": true}",
	    made.etag, "")
			.made);
	/* Another secret is a change that one sees, and nothing more. */
	const struct config_answer dry =
	    call_with(f, "PUT", path, "dry_run=true", LOGIN("another phrase"), made.etag, "");

	assert_status(dry, 200);
	assert_true(says(f, dry.body, "\"action\":\"update\""));
	assert_true(says(f, dry.body, "\"secret\":\"("));
	assert_false(says(f, dry.body, "phrase"));
	assert_false(says(f, dry.body, "sealed"));
}

static void
a_connector_is_tried_by_the_service_that_uses_it(void **state)
{
	static const struct {
		const char *name, *spec, *ask;
	} cases[] = {
		{ "post",
		    "{\"type\": \"smtp\", \"endpoint\": \"smtps://x\", \"from\": \"ra@alpha.example\"}",
		    "ask.notifier.test" },
		{ "mpic", "{\"type\": \"open-mpic\", \"quorum\": 4}", "ask.mpic-coordinator.test" },
		{ "idp", "{\"type\": \"oidc\", \"endpoint\": \"https://idp.example\"}", NULL },
	};
	struct fixture *f = *state;

	make_acme(f);
	for (size_t i = 0; i < LEN(cases); i++) {
		const char *path =
		    cs_arena_printf(f->arena, "config/acme/connector/%s", cases[i].name);
		const char *test = cs_arena_printf(f->arena, "%s/test", path);
		const struct config_answer made = put_new(f, path, cases[i].spec);

		assert_status(made, 201);
		const struct config_answer answer = call_with(f, "POST", test, "", "", "", "");

		assert_status(answer, 200);
		assert_string_equal(answer.etag, made.etag);
		assert_null(answer.made);
		if (cases[i].ask == NULL)
			assert_null(answer.ask);
		else
			assert_string_equal(answer.ask, cases[i].ask);
		assert_status(call_with(f, "GET", test, "", "", "", ""), 405);
	}
	assert_status(call_with(f, "POST", "config/acme/connector/none/test", "", "", "", ""), 404);
	assert_status(call_with(f, "POST", "config/acme/person/alice/test", "", "", "", ""), 404);
	assert_status(
	    call_with(f, "POST", "config/acme/connector/post/tests", "", "", "", ""), 404);
	f->caller.roles = CONFIG_AUDITOR;
	assert_status(call_with(f, "POST", "config/acme/connector/post/test", "", "", "", ""), 403);
	f->caller.roles = CONFIG_ADMINISTRATOR;
	f->caller.enterprise = "other";
	assert_status(call_with(f, "POST", "config/acme/connector/post/test", "", "", "", ""), 404);
}

static void
what_is_wrong_with_a_connector_is_named(void **state)
{
	struct fixture *f = *state;
	const char *low = "{\"type\": \"open-mpic\", \"quorum\": 2}";
	const struct config_answer one = put_new(f, "config/platform/connector/mpic", low);
	const struct config_answer many = call_with(f, "POST", "config/apply", "",
	    cs_arena_printf(f->arena,
		"{\"documents\": [{\"kind\": \"connector\", \"enterprise\": \"platform\", "
		"\"name\": \"mpic\", \"spec\": %s}]}",
		low),
	    "", "");

	assert_status(one, 422);
	assert_string_equal(member(f, one, "field"), "spec.quorum");
	assert_string_equal(member(f, one, "clause"), "TBR 3.2.2.9; SBR 4.2.2.2");
	assert_status(many, 422);
	assert_string_equal(member(f, many, "field"), "documents[0].spec.quorum");
}

/* ---- what plans are made by ---- */

static struct policy_config
settings_for(struct fixture *f, const char *profile, const char *submitted_by)
{
	static const char *mailboxes[] = { "it@alpha.example" };
	const struct claim_request request = { .enterprise = "acme",
		.account = "alice",
		.profile = profile,
		.submitted_by = submitted_by,
		.mailboxes = { mailboxes, 1 } };
	struct config_found found = { 0 };
	struct policy_config config = { 0 };
	struct cs_err err;

	for (const struct config_doc *doc = f->state.docs; doc != NULL; doc = doc->next)
		found.n++;
	found.docs = CS_NEW_ARRAY(f->arena, found.n, struct config_doc);
	found.n = 0;
	for (const struct config_doc *doc = f->state.docs; doc != NULL; doc = doc->next)
		if (config_find(f->state.docs, doc->kind, doc->enterprise, doc->name) == doc &&
		    (doc->kind != CONFIG_PROFILE || strcmp(doc->name, profile) == 0))
			found.docs[found.n++] = *doc;
	assert_int_equal(config_settings(f->arena, &found, &request, &config, &err), CS_OK);
	return config;
}

static struct policy_config
settings_of(struct fixture *f, const char *profile)
{
	return settings_for(f, profile, "");
}

static void
who_asks_on_behalf_needs_a_role_of_their_own(void **state)
{
	static const struct {
		const char *path, *spec;
	} people[] = {
		{ "config/acme/person/alice", "{\"roles\": [\"operator\"]}" },
		{ "config/acme/person/boss", "{\"roles\": [\"operator\"]}" },
		{ "config/acme/person/chief", "{\"roles\": [\"administrator\"]}" },
		{ "config/acme/person/gone", "{\"roles\": [\"operator\"], \"active\": false}" },
		{ "config/acme/person/reader", "{\"roles\": [\"auditor\"]}" },
		{ "config/platform/person/root", "{\"roles\": [\"administrator\"]}" },
		{ "config/platform/person/reader", "{\"roles\": [\"auditor\"]}" },
	};
	static const struct {
		const char *submitter;
		bool want;
	} cases[] = {
		{ "", false },
		{ "boss", true },
		{ "chief", true },
		{ "gone", false },
		{ "reader", false },
		{ "nobody", false },
		{ "root", false },
		{ "platform/root", true },
		{ "platform/reader", false },
		{ "platform/boss", false },
	};
	struct fixture *f = *state;

	assert_status(put_new(f, "config/acme/enterprise/acme", "{\"domain_mode\": \"any\"}"), 201);
	for (size_t i = 0; i < sizeof(people) / sizeof(people[0]); i++)
		assert_status(put_new(f, people[i].path, people[i].spec), 201);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct policy_config config = settings_for(f, "p", cases[i].submitter);

		assert_true(config.account_known && config.is_operator); /* alice's */
		if (config.submitter_is_operator != cases[i].want)
			fail_msg("%s: want %d", cases[i].submitter, cases[i].want);
	}
}

/* What the profile says goes before what the enterprise says, as it does for the person who approves. */
static void
documents_say_which_second_factor_is_wanted_and_where_codes_go(void **state)
{
	static const struct {
		const char *enterprise, *profile, *want;
	} cases[] = {
		{ "none", "as-enterprise", "" },
		{ "email", "as-enterprise", "email" },
		{ "email", "none", "" },
		{ "none", "sms", "sms" },
		{ "email", "email-and-sms", "email-and-sms" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < LEN(cases); i++) {
		f->state.docs = NULL;
		assert_status(put_new(f, "config/acme/enterprise/acme",
				  cs_arena_printf(f->arena, "{\"second_factor\": \"%s\"}",
				      cases[i].enterprise)),
		    201);
		assert_status(
		    put_new(f, "config/platform/profile/p",
			cs_arena_printf(f->arena, PROFILE(PUBLIC ", \"second_factor\": \"%s\""),
			    cases[i].profile)),
		    201);
		assert_string_equal(settings_of(f, "p").second_factor, cases[i].want);
	}
	assert_status(
	    put_new(f, "config/acme/person/alice",
		"{\"email\": \"Alice@ACME.example\", \"phone\": \"+49 170 123-456\", \"login\": \"Doe, Alice\", \"provider_id\": \"248289761001\"}"),
	    201);
	assert_status(
	    put_new(f, "config/acme/person/olga", "{\"email\": \"olga@acme.example\"}"), 201);
	const struct policy_config config = settings_for(f, "p", "olga");

	assert_string_equal(config.account_contact.phone, "+49170123456");
	assert_string_equal(config.account_contact.email, "Alice@acme.example");
	assert_string_equal(config.submitter_contact.email, "olga@acme.example");
	assert_string_equal(config.submitter_contact.phone, "");
	assert_string_equal(config.account_contact.login, "Doe, Alice");
	assert_string_equal(config.submitter_contact.login, "olga");
	assert_string_equal(config.account_contact.identity, "248289761001");
	assert_string_equal(config.submitter_contact.identity, "");
}

static void
every_method_of_second_factors_may_be_set(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; factor_method_at(i) != NULL; i++) {
		f->state.docs = NULL;
		assert_status(put_new(f, "config/acme/enterprise/acme",
				  cs_arena_printf(f->arena, "{\"second_factor\": \"%s\"}",
				      factor_method_at(i)->name)),
		    201);
		assert_status(
		    put_new(f, "config/platform/profile/p",
			cs_arena_printf(f->arena, PROFILE(PUBLIC ", \"second_factor\": \"%s\""),
			    factor_method_at(i)->name)),
		    201);
	}
}

static void
documents_say_what_a_plan_is_made_by(void **state)
{
	struct fixture *f = *state;

	assert_status(
	    put_new(f, "config/acme/enterprise/acme",
		"{\"domain_mode\": \"approved-owned\", \"caa\": false, \"profiles\": [\"p\"],"
		" \"issuers\": [\"ca2.countersign.example\"]}"),
	    422);
	assert_status(
	    put_new(f, "config/platform/profile/p",
		PROFILE(
		    PRIVATE ", \"validities\": [30, 90], \"rdns\": [{\"name\": "
			    "\"title\", \"required\": true}], \"mpic\": false" SANS(
				MAILBOX(HIDDEN ", \"from_person\": true") "," DOMAIN(
				    ", \"required\": true" VALUES("b.a.example\", \"a.example"))))),
	    201);
	assert_status(put_new(f, "config/platform/profile/q", PROFILE(PUBLIC)), 201);
	assert_status(
	    put_new(f, "config/acme/enterprise/acme",
		"{\"domain_mode\": \"approved-owned\", \"caa\": false, \"profiles\": [\"p\"],"
		" \"issuers\": [\"ca2.countersign.example\"]}"),
	    201);
	assert_status(put_new(f, "config/acme/person/alice",
			  "{\"roles\": [\"operator\"], \"details\": {\"surname\": \"Ng\"}, "
			  "\"email\": \"alice@Alpha.example\"}"),
	    201);
	for (size_t i = 0; i < 2; i++)
		assert_status(put_kind(f, i), 201);
	assert_status(
	    put_new(f, "config/acme/assignment/*@alpha.example", "{\"people\": [\"alice\"]}"), 201);
	struct policy_config config = settings_of(f, "p");

	assert_true(config.enterprise_known && config.account_known && config.profile_known);
	assert_true(config.profile_allowed && config.is_operator);
	assert_int_equal(config.domain_mode, POLICY_DOMAINS_APPROVED_OWNED);
	assert_true(config.profile.without_caa && config.profile.without_mpic);
	assert_false(config.profile.without_dnssec);
	assert_int_equal(config.profile.n_validities, 2);
	assert_int_equal(config.profile.validities[1], 90);
	assert_string_equal(config.profile.rdns[0].name, "title");
	assert_true(config.profile.rdns[0].required);
	assert_true(config.profile.sans[POLICY_SAN_MAILBOX].hidden);
	assert_true(config.profile.sans[POLICY_SAN_MAILBOX].from_person);
	assert_int_equal(config.profile.sans[POLICY_SAN_MAILBOX].values.n, 0);
	assert_false(config.profile.sans[POLICY_SAN_DOMAIN].hidden);
	assert_false(config.profile.sans[POLICY_SAN_DOMAIN].from_person);
	assert_true(config.profile.sans[POLICY_SAN_DOMAIN].required);
	assert_int_equal(config.profile.sans[POLICY_SAN_DOMAIN].values.n, 2);
	assert_string_equal(config.profile.sans[POLICY_SAN_DOMAIN].values.items[0], "a.example");
	assert_string_equal(config.details[0].value, "Ng");
	assert_string_equal(config.mailbox, "alice@alpha.example"); /* as requests give it */
	assert_int_equal(config.issuers.n, 1);
	assert_int_equal(config.n_domains, 1);
	assert_string_equal(config.ownerships[0].account, "alice");
	assert_string_equal(config.assigned.items[0], "*@alpha.example");
	/* The enterprise switched CAA off: for public trust that says nothing. */
	config = settings_of(f, "q");
	assert_false(config.profile.sans[POLICY_SAN_MAILBOX].hidden); /* nothing said: as ever */
	assert_false(config.profile.sans[POLICY_SAN_DOMAIN].hidden);
	assert_false(config.profile.without_caa);
	assert_false(config.profile_allowed);
}

/*
 * The seed's two check boxes, "Allow Only Enterprise-Approved Domains" and "Assign Each Domain to a Single User", as
 * one choice; an enterprise that says nothing has neither, so that only approved domains may be named.
 */
static void
the_two_check_boxes_are_one_choice(void **state)
{
	static const struct {
		const char *only_approved, *single_user, *spec;
		enum policy_domain_mode mode;
	} boxes[] = {
		{ "off", "off", "{}", POLICY_DOMAINS_APPROVED },
		{ "on", "off", "{\"domain_mode\": \"approved\"}", POLICY_DOMAINS_APPROVED },
		{ "off", "on", "{\"domain_mode\": \"any-owned\"}", POLICY_DOMAINS_ANY_OWNED },
		{ "on", "on", "{\"domain_mode\": \"approved-owned\"}",
		    POLICY_DOMAINS_APPROVED_OWNED },
	};

	for (size_t i = 0; i < LEN(boxes); i++) {
		struct fixture *f;

		teardown(state);
		setup(state);
		f = *state;
		assert_status(put_new(f, "config/acme/enterprise/acme", boxes[i].spec), 201);
		if (settings_of(f, "none").domain_mode != boxes[i].mode)
			fail_msg("%s, %s", boxes[i].only_approved, boxes[i].single_user);
	}
}

/* Whatever a row says: it was written by somebody else than this code. */
static void
a_document_that_waives_for_public_trust_waives_nothing(void **state)
{
	struct fixture *f = *state;

	assert_status(put_new(f, "config/platform/profile/q", PROFILE(PUBLIC)), 201);
	f->state.docs->spec =
	    cs_span_str("{\"active\":true,\"caa\":false,\"certificate_profile\":\"mailbox-strict\","
			"\"dnssec\":false,\"mpic\":false,\"validation\":\"mailbox\"}");
	const struct policy_config config = settings_of(f, "q");

	assert_true(config.profile_known);
	assert_false(config.profile.without_caa || config.profile.without_mpic ||
		     config.profile.without_dnssec);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(each_field_is_read_in_its_bounds),
		CASE(a_spec_that_is_read_again_is_the_same),
		CASE(names_are_kept_as_requests_give_them),
		CASE(a_name_is_one_of_its_kind),
		CASE(a_document_is_made_shown_changed_and_deleted),
		CASE(nobody_overwrites_what_they_have_not_seen),
		CASE(what_is_referred_to_is_there),
		CASE(what_is_in_use_does_not_go_away),
		CASE(a_profile_names_a_connector_that_rounds_are_held_by),
		CASE(uses_that_only_the_store_knows_count),
		CASE(the_largest_call_is_decided_in_time),
		CASE(many_are_applied_in_any_order_and_again_without_change),
		CASE(one_bad_document_stops_all),
		CASE(who_may_not_apply_one_document_is_told_which),
		CASE(what_cannot_be_read_is_refused),
		CASE(who_may_set_what),
		CASE(nothing_of_another_enterprise_is_seen_or_set),
		CASE(the_platform_says_whether_an_enterprise_has_a_root),
		CASE(a_user_sees_themselves_and_what_is_offered),
		CASE(a_form_shows_the_profile_filled_in_from_the_details),
		CASE(a_form_shows_the_names_filled_in_from_the_person),
		CASE(a_form_is_disabled_for_an_operator),
		CASE(a_form_is_for_who_may_see_the_person),
		CASE(nobody_gives_themselves_rights),
		CASE(a_token_does_no_more_than_its_scopes),
		CASE(a_person_s_particulars_are_told_to_nobody),
		CASE(a_secret_is_told_sealed_and_shown_to_nobody),
		CASE(a_connector_is_tried_by_the_service_that_uses_it),
		CASE(what_is_wrong_with_a_connector_is_named),
		CASE(who_asks_on_behalf_needs_a_role_of_their_own),
		CASE(documents_say_which_second_factor_is_wanted_and_where_codes_go),
		CASE(every_method_of_second_factors_may_be_set),
		CASE(documents_say_what_a_plan_is_made_by),
		CASE(the_two_check_boxes_are_one_choice),
		CASE(a_document_that_waives_for_public_trust_waives_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
