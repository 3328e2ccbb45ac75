/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The climb's decision over recorded lookups.  What is recorded is what it_dns.c sees real servers
 * give.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "dns/climb.h"

#include <cmocka.h>

#define LABELS 4

static const char *const issuers[] = { "ca.example" };
static const struct caa_question mail = { CAA_ISSUEMAIL, issuers, 1, NULL, NULL, 0 };

/*
 * What a label's lookup came to.  A set is one issuemail record with this value, found through an
 * alias or not.
 */
struct seen {
	const char *name;
	enum dns_state state;
	uint8_t rcode;
	const char *issuemail; /* NULL: no record */
};

#define NONE(name)                                        \
	{                                                 \
		name, DNS_SECURE, DNS_RCODE_NOERROR, NULL \
	}
#define PLAIN_NONE(name)                                     \
	{                                                    \
		name, DNS_INSECURE, DNS_RCODE_NXDOMAIN, NULL \
	}
#define HAS(name, value)                                   \
	{                                                  \
		name, DNS_SECURE, DNS_RCODE_NOERROR, value \
	}
#define FAILED(name)                                              \
	{                                                         \
		name, DNS_INDETERMINATE, DNS_RCODE_SERVFAIL, NULL \
	}
#define BOGUS(name)                                      \
	{                                                \
		name, DNS_BOGUS, DNS_RCODE_NOERROR, NULL \
	}

static struct cs_span
issuemail(struct cs_arena *arena, const char *value)
{
	struct cs_buf buf = cs_buf_new(arena);

	cs_buf_add(&buf, "\0\11issuemail", 11);
	cs_buf_add_str(&buf, value);
	return cs_buf_span(&buf);
}

static struct climb_lookup
lookup(struct cs_arena *arena, const struct seen *seen)
{
	struct dns_answer *answer = CS_NEW(arena, struct dns_answer);
	struct dns_record *record = CS_NEW(arena, struct dns_record);
	bool told = seen->state == DNS_SECURE || seen->state == DNS_INSECURE;

	*answer = (struct dns_answer){ .name = seen->name,
		.type = DNS_TYPE_CAA,
		.rcode = seen->rcode,
		.owner = seen->name,
		.records = record,
		.ttl_s = 300 };
	if (seen->issuemail != NULL) {
		record->rdata = issuemail(arena, seen->issuemail);
		answer->records_len = 1;
	}
	return (struct climb_lookup){ .name = seen->name,
		.state = seen->state,
		.rcode = seen->rcode,
		.why = told ? "" : "why",
		.answer = told ? answer : NULL };
}

static struct climb_result
decide(struct cs_arena *arena, const char *name, const struct seen *seen)
{
	struct climb_lookup *lookups = CS_NEW_ARRAY(arena, LABELS, struct climb_lookup);
	struct climb_result result;
	size_t len = 0;

	for (; len < LABELS && seen[len].name != NULL; len++)
		lookups[len] = lookup(arena, &seen[len]);
	climb_decide(arena, &mail, name, lookups, len, &result);
	return result;
}

static const struct {
	const char *name;
	struct seen seen[LABELS];
	enum caa_finding finding;
	enum caa_reason reason;
	const char *found_at;
	enum dns_state state;
} cases[] = {
	{ "1 nothing up to the top", { NONE("x.a.example"), NONE("a.example"), NONE("example") },
	    CAA_ALLOW, CAA_NO_CAA, NULL, DNS_SECURE },
	{ "nothing, one label proved insecure",
	    { PLAIN_NONE("x.a.example"), PLAIN_NONE("a.example"), NONE("example") }, CAA_ALLOW,
	    CAA_NO_CAA, NULL, DNS_INSECURE },
	{ "the top-level domain denies",
	    { NONE("x.a.example"), NONE("a.example"), HAS("example", ";") }, CAA_DENY,
	    CAA_NOT_AUTHORIZED, "example", DNS_SECURE },
	{ "the child allows, the parent denies",
	    { HAS("x.a.example", "ca.example"), HAS("a.example", ";"), NONE("example") }, CAA_ALLOW,
	    CAA_AUTHORIZED, "x.a.example", DNS_SECURE },
	{ "21 the child denies, the parent allows",
	    { HAS("x.a.example", ";"), HAS("a.example", "ca.example"), NONE("example") }, CAA_DENY,
	    CAA_NOT_AUTHORIZED, "x.a.example", DNS_SECURE },
	{ "24 the alias' target has none, the parent denies",
	    { NONE("x.a.example"), HAS("a.example", ";"), NONE("example") }, CAA_DENY,
	    CAA_NOT_AUTHORIZED, "a.example", DNS_SECURE },
	{ "an insecure set decides, above it is secure",
	    { { "x.a.example", DNS_INSECURE, 0, "ca.example" }, NONE("a.example"),
		NONE("example") },
	    CAA_ALLOW, CAA_AUTHORIZED, "x.a.example", DNS_INSECURE },
	{ "30 bogus at the name", { BOGUS("x.a.example"), NONE("a.example"), NONE("example") },
	    CAA_DENY, CAA_DNSSEC_BOGUS, NULL, DNS_BOGUS },
	{ "30 bogus below a set that allows",
	    { BOGUS("x.a.example"), HAS("a.example", "ca.example"), NONE("example") }, CAA_DENY,
	    CAA_DNSSEC_BOGUS, NULL, DNS_BOGUS },
	{ "bogus above a set that allows",
	    { HAS("x.a.example", "ca.example"), NONE("a.example"), BOGUS("example") }, CAA_DENY,
	    CAA_DNSSEC_BOGUS, NULL, DNS_BOGUS },
	{ "bogus and a failure: the refusal is certain",
	    { FAILED("x.a.example"), BOGUS("a.example"), NONE("example") }, CAA_DENY,
	    CAA_DNSSEC_BOGUS, NULL, DNS_BOGUS },
	{ "31 the name failed", { FAILED("x.a.example"), NONE("a.example"), NONE("example") },
	    CAA_COULD_NOT_TELL, CAA_LOOKUP_FAILED, NULL, DNS_INDETERMINATE },
	{ "32 it failed below a set that allows",
	    { FAILED("x.a.example"), HAS("a.example", "ca.example"), NONE("example") },
	    CAA_COULD_NOT_TELL, CAA_LOOKUP_FAILED, NULL, DNS_INDETERMINATE },
	{ "it failed below a set that denies",
	    { FAILED("x.a.example"), HAS("a.example", ";"), NONE("example") }, CAA_COULD_NOT_TELL,
	    CAA_LOOKUP_FAILED, NULL, DNS_INDETERMINATE },
	{ "it failed above a set that allows",
	    { HAS("x.a.example", "ca.example"), FAILED("a.example"), FAILED("example") }, CAA_ALLOW,
	    CAA_AUTHORIZED, "x.a.example", DNS_SECURE },
	{ "the top-level domain failed",
	    { NONE("x.a.example"), NONE("a.example"), FAILED("example") }, CAA_COULD_NOT_TELL,
	    CAA_LOOKUP_FAILED, NULL, DNS_INDETERMINATE },
	{ "34 hostile octets",
	    { HAS("x.a.example", "ca.example\r\n<script>"), NONE("a.example"), NONE("example") },
	    CAA_DENY, CAA_NOT_AUTHORIZED, "x.a.example", DNS_SECURE },
	{ "a record without the top-level domain", { NONE("x.a.example"), NONE("a.example") },
	    CAA_COULD_NOT_TELL, CAA_LOOKUP_FAILED, NULL, DNS_INDETERMINATE },
	{ "a record without the name itself", { NONE("a.example"), NONE("example") },
	    CAA_COULD_NOT_TELL, CAA_LOOKUP_FAILED, NULL, DNS_INDETERMINATE },
	{ "a record of the target's parent",
	    { NONE("x.a.example"), NONE("b.example"), NONE("example") }, CAA_COULD_NOT_TELL,
	    CAA_LOOKUP_FAILED, NULL, DNS_INDETERMINATE },
	{ "a record of one label too many",
	    { NONE("x.a.example"), NONE("a.example"), NONE("example"), NONE("test") },
	    CAA_COULD_NOT_TELL, CAA_LOOKUP_FAILED, NULL, DNS_INDETERMINATE },
	{ "no record at all", { { 0 } }, CAA_COULD_NOT_TELL, CAA_LOOKUP_FAILED, NULL,
	    DNS_INDETERMINATE },
	{ "a SERVFAIL that calls itself insecure",
	    { { "x.a.example", DNS_INSECURE, DNS_RCODE_SERVFAIL, NULL }, NONE("a.example"),
		NONE("example") },
	    CAA_COULD_NOT_TELL, CAA_LOOKUP_FAILED, NULL, DNS_INDETERMINATE },
};

static void
decides_over_recorded_lookups(void **state)
{
	struct cs_arena *arena = cs_arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct climb_result got = decide(arena, "x.a.example", cases[i].seen);
		const char *at = got.decision.found_at != NULL ? got.decision.found_at : "-";
		const char *want_at = cases[i].found_at != NULL ? cases[i].found_at : "-";

		if (got.decision.finding != cases[i].finding ||
		    got.decision.reason != cases[i].reason || got.state != cases[i].state ||
		    strcmp(at, want_at) != 0)
			fail_msg("%s: got %s %s at %s, %s; want %s %s at %s, %s", cases[i].name,
			    caa_finding_name(got.decision.finding),
			    caa_reason_name(got.decision.reason), at, dns_state_name(got.state),
			    caa_finding_name(cases[i].finding), caa_reason_name(cases[i].reason),
			    want_at, dns_state_name(cases[i].state));
		assert_non_null(got.decision.detail);
		assert_non_null(got.decision.clause);
	}
	cs_arena_free(arena);
}

static void
an_answer_to_another_question_tells_nothing(void **state)
{
	static const struct seen seen = NONE("example");
	struct cs_arena *arena = cs_arena_new();
	struct climb_lookup one = lookup(arena, &seen);
	struct dns_answer other = *one.answer;
	struct climb_result result;

	(void)state;
	climb_decide(arena, &mail, "example", &one, 1, &result);
	assert_int_equal(result.decision.finding, CAA_ALLOW);
	other.type = DNS_TYPE_TXT;
	one.answer = &other;
	climb_decide(arena, &mail, "example", &one, 1, &result);
	assert_int_equal(result.decision.finding, CAA_COULD_NOT_TELL);
	other.type = DNS_TYPE_CAA;
	other.name = "test";
	climb_decide(arena, &mail, "example", &one, 1, &result);
	assert_int_equal(result.decision.finding, CAA_COULD_NOT_TELL);
	cs_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decides_over_recorded_lookups),
		cmocka_unit_test(an_answer_to_another_question_tells_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
