/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bodies that are accepted, and one clear refusal for each that is not; what is written reads back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "out.h"

#include <cmocka.h>

#define GOOD "\"profile\":\"p\",\"csr\":\"c\",\"mailboxes\":[\"a@b.example\"]"

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

#define LONG "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
	const char *name, *body, *code, *field;
} refused[] = {
	{ "empty", "", "json-syntax", "body" },
	{ "not JSON", "profile=p", "json-syntax", "body" },
	{ "array", "[]", "json-type", "body" },
	{ "text", "\"a\"", "json-syntax", "body" },
	{ "null", "null", "json-syntax", "body" },
	{ "two values", "{" GOOD "}{}", "json-syntax", "body" },
	{ "cut off", "{" GOOD, "json-syntax", "body" },
	{ "trailing comma", "{" GOOD ",}", "json-syntax", "body" },
	{ "comment", "{/**/" GOOD "}", "json-syntax", "body" },
	{ "byte order mark", "\xef\xbb\xbf{" GOOD "}", "json-syntax", "body" },
	{ "U+0000", "{\"profile\":\"a\\u0000b\",\"csr\":\"c\",\"mailboxes\":[]}", "json-syntax",
	    "body" },
	{ "lone surrogate", "{\"profile\":\"\\ud800\",\"csr\":\"c\",\"mailboxes\":[]}",
	    "json-syntax", "body" },
	{ "bad UTF-8", "{\"profile\":\"\xff\",\"csr\":\"c\",\"mailboxes\":[]}", "json-syntax",
	    "body" },
	{ "overlong UTF-8", "{\"profile\":\"\xc0\xaf\",\"csr\":\"c\",\"mailboxes\":[]}",
	    "json-syntax", "body" },
	{ "control character", "{\"profile\":\"a\nb\",\"csr\":\"c\",\"mailboxes\":[]}",
	    "json-syntax", "body" },
	{ "member twice", "{" GOOD ",\"profile\":\"q\"}", "json-member-twice", "profile" },
	{ "member twice by escape", "{" GOOD ",\"profil\\u0065\":\"q\"}", "json-member-twice",
	    "profile" },
	{ "member twice, with a quote", "{\"a\\\"b\\\\\":1,\"a\\\"b\\\\\":2}", "json-member-twice",
	    "a\\\"b\\\\" },
	{ "member twice, a long one", "{\"" LONG "\":1,\"" LONG "\":2}", "json-member-twice",
	    LONG },
	{ "member twice, inside", "{\"x\":{\"y\":1,\"y\":2}}", "json-member-twice", "y" },
	{ "no name, twice", "{\"\":1,\"\":2}", "json-member-twice", "" },
	{ "unknown member", "{" GOOD ",\"enterprise\":\"other\"}", "json-unknown", "enterprise" },
	{ "hostile member", "{" GOOD ",\"\\u001b[2J\":1}", "json-unknown", "\\x1b[2J" },
	{ "too deep", "{" GOOD ",\"domains\":[[[[[]]]]]}", "json-depth", "body" },
	{ "profile missing", "{\"csr\":\"c\",\"mailboxes\":[]}", "json-missing", "profile" },
	{ "csr missing", "{\"profile\":\"p\",\"mailboxes\":[]}", "json-missing", "csr" },
	{ "mailboxes missing", "{\"profile\":\"p\",\"csr\":\"c\"}", "json-missing", "mailboxes" },
	{ "profile a number", "{\"profile\":1,\"csr\":\"c\",\"mailboxes\":[]}", "json-type",
	    "profile" },
	{ "profile null", "{\"profile\":null,\"csr\":\"c\",\"mailboxes\":[]}", "json-type",
	    "profile" },
	{ "mailboxes a text", "{\"profile\":\"p\",\"csr\":\"c\",\"mailboxes\":\"a\"}", "json-type",
	    "mailboxes" },
	{ "a mailbox a number", "{\"profile\":\"p\",\"csr\":\"c\",\"mailboxes\":[\"a\",1]}",
	    "json-type", "mailboxes[1]" },
	{ "eleven mailboxes",
	    "{\"profile\":\"p\",\"csr\":\"c\",\"mailboxes\":[\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\"]}",
	    "json-length", "mailboxes" },
	{ "days a real", "{" GOOD ",\"validity_days\":1.0}", "json-type", "validity_days" },
	{ "days a text", "{" GOOD ",\"validity_days\":\"1\"}", "json-type", "validity_days" },
	{ "no days", "{" GOOD ",\"validity_days\":0}", "validity", "validity_days" },
	{ "a day too many", "{" GOOD ",\"validity_days\":826}", "validity", "validity_days" },
	{ "days negative", "{" GOOD ",\"validity_days\":-1}", "validity", "validity_days" },
	{ "approve a text", "{" GOOD ",\"approve\":\"true\"}", "json-type", "approve" },
	{ "approve a number", "{" GOOD ",\"approve\":1}", "json-type", "approve" },
	{ "approve null", "{" GOOD ",\"approve\":null}", "json-type", "approve" },
	{ "days beyond 64 bits", "{" GOOD ",\"validity_days\":99999999999999999999}", "json-syntax",
	    "body" },
};

static void
refuses_each_body_with_one_reason(void **state)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct json_create create = { .profile = "untouched" };
		struct cs_refusal why = { 0 };

		if (json_read_create(*state, cs_span_str(refused[i].body), &create, &why))
			fail_msg("%s: accepted", refused[i].name);
		if (strcmp(why.code, refused[i].code) != 0 ||
		    strcmp(why.field, refused[i].field) != 0)
			fail_msg("%s: got %s of \"%s\", want %s of \"%s\"", refused[i].name,
			    why.code, why.field, refused[i].code, refused[i].field);
		assert_non_null(why.text);
		assert_null(strchr(why.text, '"')); /* nothing of the body */
		assert_non_null(why.mend);
		assert_string_equal(create.profile, "untouched");
	}
}

static const struct {
	const char *name, *body;
	uint32_t days;
	size_t mailboxes, domains;
	bool approves;
} accepted[] = {
	{ "the least", "{" GOOD "}", 0, 1, 0, false },
	{ "approved with it", "{" GOOD ",\"approve\":true}", 0, 1, 0, true },
	{ "not approved with it", "{" GOOD ",\"approve\":false}", 0, 1, 0, false },
	{ "one day", "{" GOOD ",\"validity_days\":1}", 1, 1, 0, false },
	{ "all days", " {" GOOD " , \"validity_days\" : 825 } \n", 825, 1, 0, false },
	{ "no mailbox is a matter of meaning",
	    "{\"profile\":\"p\",\"csr\":\"c\",\"mailboxes\":[],\"domains\":[\"b\"]}", 0, 0, 1,
	    false },
	{ "ten mailboxes",
	    "{\"profile\":\"p\",\"csr\":\"c\",\"mailboxes\":[\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\"]}",
	    0, 10, 0, false },
	{ "brackets in a text", "{\"profile\":\"[[[[[[\\\"{{{\",\"csr\":\"c\",\"mailboxes\":[]}", 0,
	    0, 0, false },
};

static void
accepts_what_follows_the_schema(void **state)
{
	for (size_t i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++) {
		struct json_create create = { 0 };
		struct cs_refusal why = { 0 };

		if (!json_read_create(*state, cs_span_str(accepted[i].body), &create, &why))
			fail_msg("%s: %s: %s", accepted[i].name, why.code, why.text);
		if (create.validity_days != accepted[i].days ||
		    create.mailboxes.n != accepted[i].mailboxes ||
		    create.domains.n != accepted[i].domains ||
		    create.approve != accepted[i].approves)
			fail_msg("%s: read wrong", accepted[i].name);
	}
}

static const struct {
	const char *name;
	size_t max;
} lengths[] = { { "profile", 64 }, { "csr", 24576 }, { "key_use", 16 }, { "common_name", 254 },
	{ "agreement", 64 }, { "contact", 254 } };

/* The member `name` as long as asked; the required others beside it. */
static bool
reads_length(struct cs_arena *arena, const char *name, size_t len, struct cs_refusal *ret_why)
{
	char *text = cs_arena_alloc(arena, len + 1);
	struct out out = out_new(arena);
	struct json_create create = { 0 };

	memset(text, 'x', len);
	out_object(&out, NULL);
	out_text(&out, name, text);
	if (strcmp(name, "profile") != 0)
		out_text(&out, "profile", "p");
	if (strcmp(name, "csr") != 0)
		out_text(&out, "csr", "c");
	out_texts(&out, "mailboxes", (struct claim_texts){ NULL, 0 });
	out_end_object(&out);
	return json_read_create(arena, out_done(&out), &create, ret_why);
}

static void
bounds_every_text(void **state)
{
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct cs_refusal why = { 0 };

		if (!reads_length(*state, lengths[i].name, lengths[i].max, &why))
			fail_msg("%s: the longest was refused: %s", lengths[i].name, why.text);
		if (reads_length(*state, lengths[i].name, lengths[i].max + 1, &why))
			fail_msg("%s: one octet too many was accepted", lengths[i].name);
		assert_string_equal(why.code, "json-length");
		assert_string_equal(why.field, lengths[i].name);
	}
}

static void
refuses_a_body_over_its_limit_before_parsing(void **state)
{
	struct cs_refusal why = { 0 };
	struct json_create create = { 0 };
	uint8_t *body = cs_arena_alloc(*state, JSON_BODY_MAX + 1);

	memset(body, '[', JSON_BODY_MAX + 1);
	assert_false(json_read_create(*state, cs_span_of(body, JSON_BODY_MAX + 1), &create, &why));
	assert_string_equal(why.code, "json-size");
	assert_false(json_read_create(*state, cs_span_of(body, JSON_BODY_MAX), &create, &why));
	assert_string_equal(why.code, "json-depth");
}

static void
reads_tokens_and_nothing_strictly(void **state)
{
	struct cs_refusal why = { 0 };
	const char *token = NULL;

	assert_true(json_read_token(*state, cs_span_str("{\"token\":\"abc\"}"), &token, &why));
	assert_string_equal(token, "abc");
	assert_false(
	    json_read_token(*state, cs_span_str("{\"token\":\"abc\",\"x\":1}"), &token, &why));
	assert_false(json_read_token(*state, cs_span_str("{}"), &token, &why));
	assert_true(json_read_nothing(*state, cs_span_str(""), &why));
	assert_true(json_read_nothing(*state, cs_span_str("{}"), &why));
	assert_false(json_read_nothing(*state, cs_span_str("{\"force\":true}"), &why));
	assert_string_equal(why.code, "json-unknown");
	assert_false(json_read_nothing(*state, cs_span_str("[]"), &why));
}

static void
reads_passwords_strictly(void **state)
{
	struct cs_refusal why = { 0 };
	struct json_login login = { 0 };
	struct json_password password = { 0 };

	assert_true(json_read_login(*state,
	    cs_span_str(
		"{\"enterprise\":\"demo\",\"account\":\"alice\",\"password\":\" \\u00e4 \"}"),
	    &login, &why));
	assert_string_equal(login.enterprise, "demo");
	assert_string_equal(login.account, "alice");
	assert_string_equal(login.password, " \xc3\xa4 "); /* as it was typed */
	assert_false(json_read_login(
	    *state, cs_span_str("{\"enterprise\":\"demo\",\"account\":\"alice\"}"), &login, &why));
	assert_string_equal(why.field, "password");
	assert_true(json_read_password(*state,
	    cs_span_str("{\"old_password\":\"a\",\"new_password\":\"b\"}"), &password, &why));
	assert_string_equal(password.old_password, "a");
	assert_string_equal(password.new_password, "b");
	assert_null(password.invitation);
	assert_false(
	    json_read_password(*state, cs_span_str("{\"invitation\":\"a\"}"), &password, &why));
	assert_string_equal(why.field, "new_password");
}

static void
writes_what_reads_back(void **state)
{
	static const char text[] = "quote \" backslash \\ line \n escape \x1b <script> \xc3\xa9";
	struct out out = out_new(*state);
	const char *token = NULL;
	struct cs_refusal why = { 0 };
	struct cs_span json = { NULL, 0 };

	out_object(&out, NULL);
	out_text(&out, "token", text);
	out_end_object(&out);
	json = out_done(&out);
	assert_null(memchr(json.data, '<', json.len));
	assert_null(memchr(json.data, '\n', json.len));
	assert_true(json_read_token(*state, json, &token, &why));
	assert_string_equal(token, text);
}

static void
puts_commas_where_they_belong(void **state)
{
	const char *texts[] = { "a", "b" };
	struct out out = out_new(*state);

	out_object(&out, NULL);
	out_texts(&out, "none", (struct claim_texts){ NULL, 0 });
	out_texts(&out, "two", (struct claim_texts){ texts, 2 });
	out_array(&out, "objects");
	for (int i = 0; i < 2; i++) {
		out_object(&out, NULL);
		out_number(&out, "n", i);
		out_bool(&out, "b", i);
		out_end_object(&out);
	}
	out_end_array(&out);
	out_text_if(&out, "absent", "");
	out_time_if(&out, "never", 0);
	out_time_if(&out, "at", 1);
	out_end_object(&out);
	assert_string_equal((const char *)out_done(&out).data,
	    "{\"none\":[],\"two\":[\"a\",\"b\"],\"objects\":[{\"n\":0,\"b\":false},{\"n\":1,\"b\":true}],"
	    "\"at\":\"1970-01-01T00:00:00.001Z\"}");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(refuses_each_body_with_one_reason),
		TEST(accepts_what_follows_the_schema),
		TEST(bounds_every_text),
		TEST(refuses_a_body_over_its_limit_before_parsing),
		TEST(reads_tokens_and_nothing_strictly),
		TEST(reads_passwords_strictly),
		TEST(writes_what_reads_back),
		TEST(puts_commas_where_they_belong),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
