/* SPDX-License-Identifier: Apache-2.0 */
/* Questions and answers of the Open MPIC API, by table. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */
#include <string.h>

#include "../open_mpic.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))
#define ACME \
	"evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA.nP1qzpXGymHBrUEepNY9HCsQk7K8KhOypzEt62jcerQ"

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

/* ---- questions ---- */

static const char *issuers[] = { "ca.example" };

static const struct {
	const char *method, *expected, *found_at;
	const char *target;     /* NULL: it cannot be asked */
	const char *parameters; /* as they are written */
} questions[] = {
	{ "dns-txt", "v1", "alpha.example", "alpha.example",
	    "{\"challenge_value\":\"v1\",\"dns_name_prefix\":\"_countersign-challenge\","
	    "\"dns_record_type\":\"TXT\",\"require_exact_match\":true,\"validation_method\":\"dns-"
	    "change\"}" },
	{ "dns-txt", "v1", "example", "example",
	    "{\"challenge_value\":\"v1\",\"dns_name_prefix\":\"_countersign-challenge\","
	    "\"dns_record_type\":\"TXT\",\"require_exact_match\":true,\"validation_method\":\"dns-"
	    "change\"}" },
	{ "mx-dns-txt", "v1", "mx.beta.example", "mx.beta.example",
	    "{\"challenge_value\":\"v1\",\"dns_name_prefix\":\"_countersign-challenge\","
	    "\"dns_record_type\":\"TXT\",\"require_exact_match\":true,\"validation_method\":\"dns-"
	    "change\"}" },
	{ "dns-cname", "v1", "alpha.example", "alpha.example",
	    "{\"challenge_value\":\"v1.alpha.example.\",\"dns_name_prefix\":\"_countersign-"
	    "challenge\",\"dns_record_type\":\"CNAME\",\"require_exact_match\":true,"
	    "\"validation_method\":\"dns-change\"}" },
	{ "dns-persist", "acct:demo@ca.example", "alpha.example", "alpha.example",
	    "{\"expected_account_uri\":\"acct:demo@ca.example\",\"issuer_domain_names\":[\"ca."
	    "example\"],\"validation_method\":\"dns-persistent\"}" },
	{ "http-file", "v1", "http://alpha.example/.well-known/pki-validation/0f.txt",
	    "alpha.example",
	    "{\"challenge_value\":\"v1\",\"http_token_path\":\"0f.txt\",\"url_scheme\":\"http\","
	    "\"validation_method\":\"website-change\"}" },
	{ "mx-http-file", "v1", "http://mx.beta.example/.well-known/pki-validation/0f.txt",
	    "mx.beta.example",
	    "{\"challenge_value\":\"v1\",\"http_token_path\":\"0f.txt\",\"url_scheme\":\"http\","
	    "\"validation_method\":\"website-change\"}" },
	{ "acme-http", ACME, "http://alpha.example/.well-known/acme-challenge/tok", "alpha.example",
	    "{\"key_authorization\":\"" ACME
	    "\",\"token\":\"tok\",\"validation_method\":\"acme-http-01\"}" },
	/* SHA-256 of the key authorization, as sha256sum says it. */
	{ "acme-tls-alpn", ACME, "alpha.example:443", "alpha.example",
	    "{\"key_authorization_hash\":"
	    "\"346c0aa17060093f098446b46caec0c1f4aa1f2bbf6567ae815d3b7cb18856ad\",\"validation_method\":\"acme-tls-alpn-01\"}" },
	{ "email-token", "v1", "", NULL, NULL },
	{ "dns-txt", "v1", "", NULL, NULL },
	{ "dns-txt", "", "alpha.example", NULL, NULL },
	{ "http-file", "v1", "https://alpha.example/.well-known/pki-validation/0f.txt", NULL,
	    NULL },
	{ "http-file", "v1", "http:///.well-known/pki-validation/0f.txt", NULL, NULL },
	{ "http-file", "v1", "http://alpha.example/.well-known/pki-validation/", NULL, NULL },
	{ "http-file", "v1", "http://alpha.example/0f.txt", NULL, NULL },
	{ "acme-http", ACME, "http://alpha.example/.well-known/pki-validation/tok", NULL, NULL },
	{ "acme-http", "no key authorization", "http://alpha.example/.well-known/acme-challenge/t",
	    NULL, NULL },
	{ "acme-tls-alpn", ACME, ":443", NULL, NULL },
	{ "acme-tls-alpn", ACME, "alpha.example", NULL, NULL },
};

static struct claim_check
domain_check(const char *method, const char *expected)
{
	return (struct claim_check){ .kind = CLAIM_MPIC_DOMAIN,
		.target = "www.alpha.example",
		.method = method,
		.enterprise = "demo",
		.account = "",
		.expected = cs_span_str(expected),
		.issuer_domains = { issuers, LEN(issuers) } };
}

static void
each_method_is_asked_as_the_api_says_it(void **state)
{
	struct cs_arena *arena = *state;

	for (size_t i = 0; i < LEN(questions); i++) {
		const struct claim_check check =
		    domain_check(questions[i].method, questions[i].expected);
		struct open_mpic_question question;
		const bool asked =
		    open_mpic_ask(arena, &check, questions[i].found_at, 4, "0f1e", &question);

		if (asked != (questions[i].target != NULL))
			fail_msg("%s at %s: %d", questions[i].method, questions[i].found_at, asked);
		if (!asked)
			continue;
		const char *want = cs_arena_printf(arena,
		    "{\"check_type\":\"dcv\",\"dcv_check_parameters\":%s,\"domain_or_ip_target\":\"%s\","
		    "\"orchestration_parameters\":{\"max_attempts\":1,\"perspective_count\":5,\"quorum_"
		    "count\":4},\"trace_identifier\":\"0f1e\"}",
		    questions[i].parameters, questions[i].target);

		assert_string_equal((const char *)question.json.data, want);
		assert_string_equal(question.kind, "dcv");
		assert_string_equal(question.target, questions[i].target);
	}
}

static void
caa_is_asked_of_mail(void **state)
{
	const struct claim_check check = { .kind = CLAIM_MPIC_CAA,
		.target = "alpha.example",
		.method = "caa-issuemail",
		.issuer_domains = { issuers, LEN(issuers) } };
	struct open_mpic_question question;

	assert_true(open_mpic_ask(*state, &check, "", 3, "0f1e", &question));
	assert_string_equal((const char *)question.json.data,
	    "{\"caa_check_parameters\":{\"caa_domains\":[\"ca.example\"],\"certificate_type\":\"s-"
	    "mime\"},\"check_type\":\"caa\",\"domain_or_ip_target\":\"alpha.example\","
	    "\"orchestration_parameters\":{\"max_attempts\":1,\"perspective_count\":4,\"quorum_"
	    "count\":3},\"trace_identifier\":\"0f1e\"}");
}

/* ---- answers ---- */

#define TOP \
	"\"check_type\":\"caa\",\"domain_or_ip_target\":\"alpha.example\",\"trace_identifier\":\"0f1e\""
#define ONE(code, completed, passed)                                                            \
	"{\"perspective_code\":\"" code "\",\"check_response\":{\"check_completed\":" completed \
	",\"check_passed\":" passed ",\"check_type\":\"caa\",\"errors\":null}}"
#define FAILED(code, type)                                                                        \
	"{\"perspective_code\":\"" code                                                           \
	"\",\"check_response\":{\"check_completed\":false,\"check_passed\":false,\"check_type\":" \
	"\"caa\",\"errors\":[{\"error_type\":\"" type "\",\"error_message\":\"m\"}]}}"
#define SAYS(valid, list) \
	"{" TOP ",\"is_valid\":" valid ",\"mpic_completed\":true,\"perspectives\":[" list "]}"

static const struct {
	const char *json;
	bool valid;
	uint32_t asked, agreed, refused;
	const char *seen, *why;
} answers[] = {
	{ SAYS("true", ONE("p1", "true", "true") "," ONE("p2", "true", "false")), true, 2, 1, 1,
	    "p1 agrees; p2 says no", NULL },
	/* A pass that was not completed is none. */
	{ SAYS("false",
	      ONE("p1", "false", "true") "," FAILED("p2", "mpic_error:caa_checker:lookup")),
	    false, 2, 0, 0, "p1 could not look; p2 could not look (mpic_error:caa_checker:lookup)",
	    NULL },
	{ SAYS("true", ""), true, 0, 0, 0, "", NULL },
	{ SAYS("true", ONE("a\\nb", "true", "true")), true, 1, 1, 0, "a\\x0ab agrees", NULL },
	{ "", false, 0, 0, 0, NULL, "the answer is not a JSON object" },
	{ "[]", false, 0, 0, 0, NULL, "the answer is not a JSON object" },
	{ "{" TOP ",\"is_valid\":true,\"is_valid\":false,\"perspectives\":[]}", false, 0, 0, 0,
	    NULL, "the answer is not a JSON object" },
	{ "{" TOP ",\"perspectives\":[]}", false, 0, 0, 0, NULL,
	    "the answer does not say whether it is valid" },
	{ SAYS("\"true\"", ""), false, 0, 0, 0, NULL,
	    "the answer does not say whether it is valid" },
	{ "{\"check_type\":\"dcv\",\"domain_or_ip_target\":\"alpha.example\",\"trace_identifier\":"
	  "\"0f1e\",\"is_valid\":true,\"perspectives\":[]}",
	    false, 0, 0, 0, NULL, "the answer is to another question" },
	{ "{\"check_type\":\"caa\",\"domain_or_ip_target\":\"beta.example\",\"trace_identifier\":"
	  "\"0f1e\",\"is_valid\":true,\"perspectives\":[]}",
	    false, 0, 0, 0, NULL, "the answer is to another question" },
	{ "{\"check_type\":\"caa\",\"domain_or_ip_target\":\"alpha.example\",\"trace_identifier\":"
	  "null,\"is_valid\":true,\"perspectives\":[]}",
	    false, 0, 0, 0, NULL, "the answer is to another question" },
	{ "{" TOP ",\"is_valid\":true}", false, 0, 0, 0, NULL,
	    "it names no perspectives, or too many" },
	{ SAYS("true", "{}"), false, 0, 0, 0, NULL, "a perspective has no code" },
	{ SAYS("true", "7"), false, 0, 0, 0, NULL, "a perspective has no code" },
	{ SAYS("true", ONE("", "true", "true")), false, 0, 0, 0, NULL,
	    "a perspective has no code" },
	{ SAYS("true", ONE("p1", "true", "true") "," ONE("p1", "true", "true")), false, 0, 0, 0,
	    NULL, "a perspective is there twice" },
	{ SAYS("true", "{\"perspective_code\":\"p1\",\"check_passed\":true}"), false, 0, 0, 0, NULL,
	    "a perspective does not say what it found" },
	{ SAYS("true", ONE("p1", "1", "true")), false, 0, 0, 0, NULL,
	    "a perspective does not say what it found" },
	{ SAYS("true",
	      "{\"perspective_code\":\"p1\",\"check_response\":{\"check_completed\":true,\"check_"
	      "passed\":true,\"check_type\":\"dcv\"}}"),
	    false, 0, 0, 0, NULL, "a perspective does not say what it found" },
};

static void
each_answer_is_counted_or_refused(void **state)
{
	const struct open_mpic_question question = { "caa", "alpha.example", "0f1e", { 0 } };

	for (size_t i = 0; i < LEN(answers); i++) {
		struct open_mpic_answer answer;
		const char *why =
		    open_mpic_read(*state, &question, cs_span_str(answers[i].json), &answer);

		if ((why == NULL) != (answers[i].why == NULL) ||
		    (why != NULL && strcmp(why, answers[i].why) != 0))
			fail_msg("%s: %s", answers[i].json, why != NULL ? why : "taken");
		if (why != NULL)
			continue;
		assert_int_equal(answer.valid, answers[i].valid);
		assert_int_equal(answer.asked, answers[i].asked);
		assert_int_equal(answer.agreed, answers[i].agreed);
		assert_int_equal(answer.refused, answers[i].refused);
		assert_string_equal(answer.seen, answers[i].seen);
	}
}

static void
an_answer_has_its_bounds(void **state)
{
	const struct open_mpic_question question = { "caa", "alpha.example", "0f1e", { 0 } };
	struct cs_arena *arena = *state;
	struct open_mpic_answer answer;

	for (unsigned n = OPEN_MPIC_PERSPECTIVES_MAX; n <= OPEN_MPIC_PERSPECTIVES_MAX + 1; n++) {
		struct cs_buf list = cs_buf_new(arena);

		for (unsigned i = 0; i < n; i++)
			cs_buf_printf(&list,
			    "%s{\"perspective_code\":\"%060u\",\"check_response\":{\"check_completed\":"
			    "true,\"check_passed\":true,\"check_type\":\"caa\"}}",
			    i > 0 ? "," : "", i);
		const char *json =
		    cs_arena_printf(arena, "{" TOP ",\"is_valid\":true,\"perspectives\":[%s]}",
			(const char *)cs_buf_span(&list).data);
		const char *why = open_mpic_read(arena, &question, cs_span_str(json), &answer);

		if (n > OPEN_MPIC_PERSPECTIVES_MAX) {
			assert_string_equal(why, "it names no perspectives, or too many");
			continue;
		}
		assert_null(why);
		assert_int_equal(answer.agreed, n);
		assert_true(strlen(answer.seen) > 0 && strlen(answer.seen) <= 600);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_method_is_asked_as_the_api_says_it),
		cmocka_unit_test(caa_is_asked_of_mail),
		cmocka_unit_test(each_answer_is_counted_or_refused),
		cmocka_unit_test(an_answer_has_its_bounds),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
