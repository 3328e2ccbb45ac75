/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "dns/caa.h"

#include <cmocka.h>

#define ACCOUNT "https://ca.example/acct/7"
#define RECORDS 4

static const char *const issuers[] = { "ca.example", "ca-two.example" };
static const char *const labels[] = { "ca-sbr-2", "email-reply-00", NULL };
static const char *const other_labels[] = { "ca-tbr-7", NULL };
static const struct caa_method methods[] = { { "mail", labels }, { "txt", other_labels } };
static const struct caa_question mail = { CAA_ISSUEMAIL, issuers, 2, ACCOUNT, methods, 1 };

/* One record as a zone file has it; `len` 0 means strlen(value). */
struct given {
	unsigned flags;
	const char *tag, *value;
	size_t len;
};

static struct cs_span
rdata(struct cs_arena *arena, const struct given *given)
{
	struct cs_buf buf = cs_buf_new(arena);
	size_t len = given->len != 0 ? given->len : strlen(given->value);

	cs_buf_add(&buf, (uint8_t[]){ (uint8_t)given->flags, (uint8_t)strlen(given->tag) }, 2);
	cs_buf_add_str(&buf, given->tag);
	cs_buf_add(&buf, given->value, len);
	return cs_buf_span(&buf);
}

static struct caa_decision
decide(struct cs_arena *arena, const struct caa_question *question, const struct given *given,
    size_t len)
{
	struct dns_record *records = CS_NEW_ARRAY(arena, len + 1, struct dns_record);
	struct caa_decision decision;

	for (size_t i = 0; i < len; i++)
		records[i].rdata = rdata(arena, &given[i]);
	caa_decide(arena, question, records, len, &decision);
	return decision;
}

static size_t
count(const struct given *given, size_t max)
{
	size_t len = 0;

	while (len < max && given[len].tag != NULL)
		len++;
	return len;
}

/* The numbers are those of the public CAA test matrix, adapted to issuemail. */
static const struct {
	const char *name;
	struct given records[RECORDS];
	enum caa_finding finding;
	enum caa_reason reason;
} matrix[] = {
	{ "1 nothing", { { 0 } }, CAA_ALLOW, CAA_NO_CAA },
	{ "2 nobody", { { 0, "issuemail", ";", 0 } }, CAA_DENY, CAA_NOT_AUTHORIZED },
	{ "2 nobody, empty value", { { 0, "issuemail", "", 0 } }, CAA_DENY, CAA_NOT_AUTHORIZED },
	{ "2 nobody, blanks", { { 0, "issuemail", " \t ", 0 } }, CAA_DENY, CAA_NOT_AUTHORIZED },
	{ "3 another", { { 0, "issuemail", "other.example", 0 } }, CAA_DENY, CAA_NOT_AUTHORIZED },
	{ "4 us", { { 0, "issuemail", "ca.example", 0 } }, CAA_ALLOW, CAA_AUTHORIZED },
	{ "4 our other name", { { 0, "issuemail", "ca-two.example", 0 } }, CAA_ALLOW,
	    CAA_AUTHORIZED },
	{ "5 nobody and us", { { 0, "issuemail", ";", 0 }, { 0, "issuemail", "ca.example", 0 } },
	    CAA_ALLOW, CAA_AUTHORIZED },
	{ "6 tag in capitals", { { 0, "ISSUEMAIL", "other.example", 0 } }, CAA_DENY,
	    CAA_NOT_AUTHORIZED },
	{ "6 tag in mixed case", { { 0, "IsSuEmAiL", "other.example", 0 } }, CAA_DENY,
	    CAA_NOT_AUTHORIZED },
	{ "7 issue only", { { 0, "issue", ";", 0 } }, CAA_ALLOW, CAA_UNRESTRICTED },
	{ "8 issue, issuewild, us",
	    { { 0, "issue", ";", 0 }, { 0, "issuewild", ";", 0 },
		{ 0, "issuemail", "ca.example", 0 } },
	    CAA_ALLOW, CAA_AUTHORIZED },
	{ "9 issue us, issuemail another",
	    { { 0, "issue", "ca.example", 0 }, { 0, "issuemail", "other.example", 0 } }, CAA_DENY,
	    CAA_NOT_AUTHORIZED },
	{ "10 critical unknown", { { 128, "unknowntag", "x", 0 } }, CAA_DENY,
	    CAA_CRITICAL_UNKNOWN_TAG },
	{ "10 critical unknown beside us",
	    { { 0, "issuemail", "ca.example", 0 }, { 128, "unknowntag", "x", 0 } }, CAA_DENY,
	    CAA_CRITICAL_UNKNOWN_TAG },
	{ "10 issuevmc is unknown", { { 128, "issuevmc", "ca.example", 0 } }, CAA_DENY,
	    CAA_CRITICAL_UNKNOWN_TAG },
	{ "11 critical and reserved", { { 130, "unknowntag", "x", 0 } }, CAA_DENY,
	    CAA_CRITICAL_UNKNOWN_TAG },
	{ "12 reserved only", { { 2, "unknowntag", "x", 0 } }, CAA_ALLOW, CAA_UNRESTRICTED },
	{ "12 all but critical", { { 127, "unknowntag", "x", 0 } }, CAA_ALLOW, CAA_UNRESTRICTED },
	{ "12 critical, understood: issuemail", { { 128, "issuemail", "ca.example", 0 } },
	    CAA_ALLOW, CAA_AUTHORIZED },
	{ "12 critical, understood: issue", { { 128, "issue", ";", 0 } }, CAA_ALLOW,
	    CAA_UNRESTRICTED },
	{ "12 critical, understood: iodef", { { 128, "iodef", "mailto:a@b", 0 } }, CAA_ALLOW,
	    CAA_UNRESTRICTED },
	{ "12 critical, understood: contactemail", { { 128, "contactemail", "a@b", 0 } }, CAA_ALLOW,
	    CAA_UNRESTRICTED },
	{ "12 critical, a prefix of ours", { { 128, "issuemai", "ca.example", 0 } }, CAA_DENY,
	    CAA_CRITICAL_UNKNOWN_TAG },
	{ "13 percent signs", { { 0, "issuemail", "%%%%%", 0 } }, CAA_DENY, CAA_NOT_AUTHORIZED },
	{ "14 semicolon and blank", { { 0, "issuemail", "ca.example; ", 0 } }, CAA_ALLOW,
	    CAA_AUTHORIZED },
	{ "15 parameter without =", { { 0, "issuemail", "ca.example; x", 0 } }, CAA_DENY,
	    CAA_NOT_AUTHORIZED },
	{ "16 semicolon at the end", { { 0, "issuemail", "ca.example; a=b;", 0 } }, CAA_DENY,
	    CAA_NOT_AUTHORIZED },
	{ "16 the same with what we know",
	    { { 0, "issuemail", "ca.example; accounturi=" ACCOUNT ";", 0 } }, CAA_DENY,
	    CAA_NOT_AUTHORIZED },
	{ "17 blank in a value", { { 0, "issuemail", "ca.example; a=b c", 0 } }, CAA_DENY,
	    CAA_NOT_AUTHORIZED },
	{ "18 we are its prefix", { { 0, "issuemail", "ca.example.evil.test", 0 } }, CAA_DENY,
	    CAA_NOT_AUTHORIZED },
	{ "18 we are its suffix", { { 0, "issuemail", "evilca.example", 0 } }, CAA_DENY,
	    CAA_NOT_AUTHORIZED },
	{ "18 final dot", { { 0, "issuemail", "ca.example.", 0 } }, CAA_DENY, CAA_NOT_AUTHORIZED },
	{ "18 it is our prefix", { { 0, "issuemail", "ca.exampl", 0 } }, CAA_DENY,
	    CAA_NOT_AUTHORIZED },
	{ "19 capitals", { { 0, "issuemail", "CA.Example", 0 } }, CAA_ALLOW, CAA_AUTHORIZED },
	{ "20 iodef only", { { 0, "iodef", "mailto:x@y", 0 } }, CAA_ALLOW, CAA_UNRESTRICTED },
	{ "34 NUL after us", { { 0, "issuemail", "ca.example\0", 11 } }, CAA_DENY,
	    CAA_NOT_AUTHORIZED },
	{ "34 NUL and more", { { 0, "issuemail", "ca.example\0.evil", 16 } }, CAA_DENY,
	    CAA_NOT_AUTHORIZED },
	{ "34 0xFF", { { 0, "issuemail", "ca.example\xff", 0 } }, CAA_DENY, CAA_NOT_AUTHORIZED },
	{ "34 CRLF", { { 0, "issuemail", "ca.example\r\n", 0 } }, CAA_DENY, CAA_NOT_AUTHORIZED },
	{ "34 HTML", { { 0, "issuemail", "<script>alert(1)</script>", 0 } }, CAA_DENY,
	    CAA_NOT_AUTHORIZED },
	{ "37 our account", { { 0, "issuemail", "ca.example;accounturi=" ACCOUNT, 0 } }, CAA_ALLOW,
	    CAA_AUTHORIZED },
	{ "37 another account", { { 0, "issuemail", "ca.example;accounturi=" ACCOUNT "1", 0 } },
	    CAA_DENY, CAA_PARAMETER_MISMATCH },
	{ "37 account in capitals",
	    { { 0, "issuemail", "ca.example;accounturi=HTTPS://ca.example/acct/7", 0 } }, CAA_DENY,
	    CAA_PARAMETER_MISMATCH },
	{ "37 no account", { { 0, "issuemail", "ca.example;accounturi=", 0 } }, CAA_DENY,
	    CAA_PARAMETER_MISMATCH },
	{ "37 our account twice",
	    { { 0, "issuemail", "ca.example;accounturi=" ACCOUNT ";accounturi=" ACCOUNT, 0 } },
	    CAA_DENY, CAA_PARAMETER_MISMATCH },
	{ "37 our account and another",
	    { { 0, "issuemail", "ca.example;accounturi=" ACCOUNT ";AccountURI=acct:x@y", 0 } },
	    CAA_DENY, CAA_PARAMETER_MISMATCH },
	{ "37 another account, and a record without condition",
	    { { 0, "issuemail", "ca.example;accounturi=acct:x@y", 0 },
		{ 0, "issuemail", "ca.example", 0 } },
	    CAA_ALLOW, CAA_AUTHORIZED },
	{ "38 our method", { { 0, "issuemail", "ca.example;validationmethods=ca-sbr-2", 0 } },
	    CAA_ALLOW, CAA_AUTHORIZED },
	{ "38 our method's other label",
	    { { 0, "issuemail", "ca.example;validationmethods=x,email-reply-00", 0 } }, CAA_ALLOW,
	    CAA_AUTHORIZED },
	{ "38 another method", { { 0, "issuemail", "ca.example;validationmethods=ca-sbr-3", 0 } },
	    CAA_DENY, CAA_PARAMETER_MISMATCH },
	{ "38 a longer label", { { 0, "issuemail", "ca.example;validationmethods=ca-sbr-20", 0 } },
	    CAA_DENY, CAA_PARAMETER_MISMATCH },
	{ "38 no method", { { 0, "issuemail", "ca.example;validationmethods=", 0 } }, CAA_DENY,
	    CAA_PARAMETER_MISMATCH },
	{ "38 comma at the end",
	    { { 0, "issuemail", "ca.example;validationmethods=ca-sbr-2,", 0 } }, CAA_DENY,
	    CAA_PARAMETER_MISMATCH },
	{ "38 comma at the start",
	    { { 0, "issuemail", "ca.example;validationmethods=,ca-sbr-2", 0 } }, CAA_DENY,
	    CAA_PARAMETER_MISMATCH },
	{ "38 a label with an underscore",
	    { { 0, "issuemail", "ca.example;validationmethods=ca-sbr-2,a_b", 0 } }, CAA_DENY,
	    CAA_PARAMETER_MISMATCH },
	{ "38 methods twice",
	    { { 0, "issuemail", "ca.example;validationmethods=ca-sbr-2;validationmethods=ca-sbr-2",
		0 } },
	    CAA_DENY, CAA_PARAMETER_MISMATCH },
	{ "both conditions met",
	    { { 0, "issuemail",
		"ca.example ; validationmethods = ca-sbr-2 ; accounturi=" ACCOUNT " ", 0 } },
	    CAA_ALLOW, CAA_AUTHORIZED },
	{ "a condition nobody knows", { { 0, "issuemail", "ca.example;policy=ev", 0 } }, CAA_DENY,
	    CAA_PARAMETER_MISMATCH },
	{ "a condition for another CA", { { 0, "issuemail", "other.example;policy=ev", 0 } },
	    CAA_DENY, CAA_NOT_AUTHORIZED },
	{ "a tag with a hyphen", { { 0, "issue-mail", "ca.example", 0 } }, CAA_DENY,
	    CAA_MALFORMED },
	{ "an empty tag beside us", { { 0, "", "x", 0 }, { 0, "issuemail", "ca.example", 0 } },
	    CAA_DENY, CAA_MALFORMED },
};

static void
decides_as_the_matrix_says(void **state)
{
	struct cs_arena *arena = cs_arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(matrix) / sizeof(matrix[0]); i++) {
		struct caa_decision got =
		    decide(arena, &mail, matrix[i].records, count(matrix[i].records, RECORDS));

		if (got.finding != matrix[i].finding || got.reason != matrix[i].reason)
			fail_msg("%s: got %s %s (%s), want %s %s", matrix[i].name,
			    caa_finding_name(got.finding), caa_reason_name(got.reason), got.detail,
			    caa_finding_name(matrix[i].finding), caa_reason_name(matrix[i].reason));
		assert_non_null(got.clause);
	}
	cs_arena_free(arena);
}

static void
decides_for_server_names_by_their_own_tags(void **state)
{
	static const struct {
		const char *name;
		enum caa_tag tag;
		struct given records[RECORDS];
		enum caa_finding want;
	} cases[] = {
		{ "issue does not see issuemail", CAA_ISSUE, { { 0, "issuemail", ";", 0 } },
		    CAA_ALLOW },
		{ "issue does not see issuewild", CAA_ISSUE, { { 0, "issuewild", ";", 0 } },
		    CAA_ALLOW },
		{ "issue denies", CAA_ISSUE, { { 0, "issue", ";", 0 } }, CAA_DENY },
		{ "issuewild falls back to issue", CAA_ISSUEWILD, { { 0, "issue", ";", 0 } },
		    CAA_DENY },
		{ "issuewild overrides issue", CAA_ISSUEWILD,
		    { { 0, "issue", ";", 0 }, { 0, "issuewild", "ca.example", 0 } }, CAA_ALLOW },
		{ "issuewild hides an issue that allows", CAA_ISSUEWILD,
		    { { 0, "issue", "ca.example", 0 }, { 0, "issuewild", ";", 0 } }, CAA_DENY },
	};
	struct cs_arena *arena = cs_arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct caa_question question = mail;
		struct caa_decision got;

		question.tag = cases[i].tag;
		got = decide(arena, &question, cases[i].records, count(cases[i].records, RECORDS));
		if (got.finding != cases[i].want)
			fail_msg("%s: got %s (%s)", cases[i].name, caa_finding_name(got.finding),
			    got.detail);
	}
	cs_arena_free(arena);
}

static void
an_account_that_we_do_not_have_fits_no_accounturi(void **state)
{
	const struct given given = { 0, "issuemail", "ca.example;accounturi=" ACCOUNT, 0 };
	struct caa_question question = mail;
	struct cs_arena *arena = cs_arena_new();

	(void)state;
	question.account_uri = NULL;
	assert_int_equal(
	    decide(arena, &question, &given, 1).properties[0].effect, CAA_OTHER_ACCOUNT);
	cs_arena_free(arena);
}

/* Names of one domain may be proved by several methods. */
static void
every_method_that_was_used_must_be_permitted(void **state)
{
	static const struct {
		const char *list;
		size_t used;
		enum caa_effect want;
	} cases[] = {
		{ "ca-sbr-2,ca-tbr-7", 2, CAA_FITS },
		{ "ca-tbr-7,x,email-reply-00", 2, CAA_FITS },
		{ "ca-sbr-2", 2, CAA_OTHER_METHOD },
		{ "ca-tbr-7", 2, CAA_OTHER_METHOD },
		{ "ca-sbr-2,email-reply-00", 2, CAA_OTHER_METHOD },
		{ "ca-sbr-2,ca-tbr-7,", 2, CAA_OTHER_METHOD },
		{ "ca-tbr-7", 1, CAA_OTHER_METHOD },
		{ "ca-sbr-2,ca-tbr-7", 1, CAA_FITS },
		{ "ca-sbr-2,ca-tbr-7", 0, CAA_OTHER_METHOD }, /* none is known: none is permitted */
		{ "", 0, CAA_OTHER_METHOD },
	};
	struct cs_arena *arena = cs_arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *value =
		    cs_arena_printf(arena, "ca.example;validationmethods=%s", cases[i].list);
		const struct given given = { 0, "issuemail", value, 0 };
		struct caa_question question = mail;
		struct caa_decision got;

		question.methods_len = cases[i].used;
		got = decide(arena, &question, &given, 1);
		if (got.properties[0].effect != cases[i].want)
			fail_msg("%s of %zu: got %s", value, cases[i].used,
			    caa_effect_name(got.properties[0].effect));
		if (cases[i].used == 2 && cases[i].want == CAA_OTHER_METHOD &&
		    strstr(got.detail, "(used: mail, txt)") == NULL)
			fail_msg("%s: it is not said what was used: %s", value, got.detail);
	}
	cs_arena_free(arena);
}

static void
refuses_records_that_end_too_early(void **state)
{
	static const struct {
		const char *octets;
		size_t len;
		enum caa_reason want;
	} cases[] = {
		{ "", 0, CAA_MALFORMED },
		{ "\0", 1, CAA_MALFORMED },
		{ "\0\0", 2, CAA_MALFORMED },
		{ "\0\1", 2, CAA_MALFORMED },
		{ "\0\5issue", 6, CAA_MALFORMED },
		{ "\0\5issue", 7, CAA_UNRESTRICTED },
		{ "\0\1a", 3, CAA_UNRESTRICTED },
	};
	struct cs_arena *arena = cs_arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dns_record record = { .rdata = cs_span_of(cases[i].octets, cases[i].len) };
		struct caa_decision got;

		caa_decide(arena, &mail, &record, 1, &got);
		if (got.reason != cases[i].want)
			fail_msg("record %zu: got %s, want %s", i, caa_reason_name(got.reason),
			    caa_reason_name(cases[i].want));
	}
	cs_arena_free(arena);
}

static void
reads_values_by_the_grammar(void **state)
{
	static const struct {
		const char *text, *issuer; /* NULL: outside the grammar */
		size_t parameters;
	} cases[] = {
		{ "", "", 0 },
		{ ";", "", 0 },
		{ " ; ", "", 0 },
		{ ";;", NULL, 0 },
		{ "a", "a", 0 },
		{ "a.b", "a.b", 0 },
		{ "a..b", NULL, 0 },
		{ ".a", NULL, 0 },
		{ "a.", NULL, 0 },
		{ "a-b", "a-b", 0 },
		{ "a--b", "a--b", 0 },
		{ "a-", NULL, 0 },
		{ "-a", NULL, 0 },
		{ "a-.b", NULL, 0 },
		{ "a.-b", NULL, 0 },
		{ "a_b", NULL, 0 },
		{ "a b", NULL, 0 },
		{ "\ta\t", "a", 0 },
		{ "a\n", NULL, 0 },
		{ "a;", "a", 0 },
		{ "a ;\t", "a", 0 },
		{ "a;b=", "a", 1 },
		{ "a;b=c", "a", 1 },
		{ "a;b==", "a", 1 },
		{ "a;b=c=d", "a", 1 },
		{ "a;b=;c=", "a", 2 },
		{ "a;b= ; c =d", "a", 2 },
		{ "a;b=c;", NULL, 0 },
		{ "a;b=;", NULL, 0 },
		{ "a;b=c; ", NULL, 0 },
		{ "a;=b", NULL, 0 },
		{ "a;b", NULL, 0 },
		{ "a;b-=c", NULL, 0 },
		{ "a;-b=c", NULL, 0 },
		{ "a;b-c=d", "a", 1 },
		{ "a;b c=d", NULL, 0 },
		{ "a;b=c d", NULL, 0 },
		{ "a;b=!", "a", 1 },
		{ "a;b=~", "a", 1 },
		{ "a;b=:", "a", 1 },
		{ "a;b=<", "a", 1 },
		{ "a;b=\x7f", NULL, 0 },
		{ "a;b=\x80", NULL, 0 },
		{ "a;b=\x1f", NULL, 0 },
		{ ";b=c", "", 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct caa_value value;
		bool ok = caa_value_parse(cs_span_str(cases[i].text), &value);

		if (ok != (cases[i].issuer != NULL))
			fail_msg("\"%s\": got %s", cases[i].text, ok ? "accepted" : "refused");
		if (ok && (!cs_span_is(value.issuer, cases[i].issuer) ||
			      value.parameters_len != cases[i].parameters))
			fail_msg("\"%s\": wrong issuer or %zu parameters", cases[i].text,
			    value.parameters_len);
	}
}

static void
keeps_what_parameters_say(void **state)
{
	struct caa_value value;

	(void)state;
	assert_true(caa_value_parse(cs_span_str(" a.b ; c = d=e ;f-g=\t;h=i"), &value));
	assert_true(cs_span_is(value.issuer, "a.b"));
	assert_true(cs_span_is(value.parameters[0].tag, "c"));
	assert_true(cs_span_is(value.parameters[0].value, "d=e"));
	assert_true(cs_span_is(value.parameters[1].tag, "f-g"));
	assert_int_equal(value.parameters[1].value.len, 0);
	assert_true(cs_span_is(value.parameters[2].value, "i"));
}

/* "ca.example" and `n` parameters */
static const char *
many_parameters(struct cs_arena *arena, size_t n)
{
	struct cs_buf buf = cs_buf_new(arena);

	cs_buf_add_str(&buf, "ca.example");
	for (size_t i = 0; i < n; i++)
		cs_buf_add_str(&buf, ";a=b");
	return (const char *)cs_buf_span(&buf).data;
}

static void
reads_sixteen_parameters_and_no_more(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct caa_value value;

	(void)state;
	assert_true(
	    caa_value_parse(cs_span_str(many_parameters(arena, CAA_MAX_PARAMETERS)), &value));
	assert_int_equal(value.parameters_len, CAA_MAX_PARAMETERS);
	assert_false(
	    caa_value_parse(cs_span_str(many_parameters(arena, CAA_MAX_PARAMETERS + 1)), &value));
	cs_arena_free(arena);
}

/*
 * 29: 1,000 others, and one that denies; and the label that is exponential for a backtracking
 * reader
 */
static void
reads_a_thousand_records_in_as_many_steps_as_octets(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct dns_record *records = CS_NEW_ARRAY(arena, 1001, struct dns_record);
	struct caa_decision got;
	size_t octets = 0;

	(void)state;
	for (size_t i = 0; i < 1001; i++) {
		struct given given = { 0, "issuemail", ";", 0 };

		if (i < 1000)
			given.value = cs_arena_printf(arena, "a%026zu.%zu!", i, i);
		records[i].rdata = rdata(arena, &given);
		octets += strlen(given.value);
	}
	caa_decide(arena, &mail, records, 1001, &got);
	assert_int_equal(got.finding, CAA_DENY);
	assert_int_equal(got.properties_len, 1001);
	assert_true(got.steps <= octets && got.steps > octets / 2);
	cs_arena_free(arena);
}

static void
shows_hostile_records_escaped(void **state)
{
	static const struct given hostile = { 1, "issuemail", "a\0\xff\r\n\"\\<b>%s", 12 };
	struct cs_arena *arena = cs_arena_new();
	struct caa_decision got = decide(arena, &mail, &hostile, 1);

	(void)state;
	assert_string_equal(
	    got.properties[0].text, "1 issuemail \"a\\x00\\xff\\x0d\\x0a\\\"\\\\<b>%s\"");
	assert_true(got.properties[0].odd_flags);
	assert_int_equal(got.properties[0].value.len, 12);
	assert_non_null(strstr(got.detail, "\\x00"));
	cs_arena_free(arena);
}

static void
names_the_parameter_that_does_not_fit(void **state)
{
	static const struct given given = { 0, "issuemail",
		"ca.example; validationmethods=ca-sbr-2; foo=1", 0 };
	struct cs_arena *arena = cs_arena_new();
	struct caa_decision got = decide(arena, &mail, &given, 1);

	(void)state;
	assert_int_equal(got.properties[0].effect, CAA_UNKNOWN_PARAMETER);
	assert_string_equal(got.properties[0].parameter, "foo");
	assert_non_null(strstr(got.detail, ": foo"));
	cs_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decides_as_the_matrix_says),
		cmocka_unit_test(decides_for_server_names_by_their_own_tags),
		cmocka_unit_test(an_account_that_we_do_not_have_fits_no_accounturi),
		cmocka_unit_test(every_method_that_was_used_must_be_permitted),
		cmocka_unit_test(refuses_records_that_end_too_early),
		cmocka_unit_test(reads_values_by_the_grammar),
		cmocka_unit_test(keeps_what_parameters_say),
		cmocka_unit_test(reads_sixteen_parameters_and_no_more),
		cmocka_unit_test(reads_a_thousand_records_in_as_many_steps_as_octets),
		cmocka_unit_test(shows_hostile_records_escaped),
		cmocka_unit_test(names_the_parameter_that_does_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
