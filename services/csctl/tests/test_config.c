/* SPDX-License-Identifier: Apache-2.0 */
/* Settings, people and log-ins from the command line: what the API is asked, and what a person is told. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */
#include <stdlib.h>

#include "fake_api.h"
#include "say.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))
#define BEARER " Authorization: Bearer secret"

static struct said said;

struct call {
	const char *words, *input;
	int answer;       /* status */
	const char *body; /* of the answer */
	int status;
	const char *asked, *text;
};

static void
expect_call(const struct call *c)
{
	char asked[256];
	const size_t len = strcspn(c->asked, " ") + 1;

	(void)snprintf(
	    asked, sizeof(asked), "%.*s", (int)(len + strcspn(c->asked + len, " \n")), c->asked);
	const struct fake_answer answers[] = { { asked, c->answer, c->body }, { NULL, 0, NULL } };
	struct fake_api *api = fake_api_start(answers);

	(void)say_with(&said, c->input, c->words);
	const char *got = fake_api_stop(api);

	if (said.status != c->status)
		fail_msg("%s: status %d, want %d: %s", c->words, said.status, c->status, said.text);
	if (strcmp(got, c->asked) != 0)
		fail_msg("%s: asked %s, want %s", c->words, got, c->asked);
	if (strcmp(said.text, c->text) != 0)
		fail_msg("%s: said %s, want %s", c->words, said.text, c->text);
}

static void
expect_calls(const struct call *calls, size_t n)
{
	for (size_t i = 0; i < n; i++)
		expect_call(&calls[i]);
}

#define NEEDED                                                                                  \
	"{\"title\":\"Forbidden\",\"detail\":\"A code is wanted.\",\"mend\":\"Have it sent.\"," \
	"\"code\":\"second-factor-needed\",\"second_factor\":{\"method\":\"email\",\"codes\":[\"email\"]}}"
#define NEEDS_PASSWORD \
	"{\"code\":\"second-factor-needed\",\"second_factor\":{\"method\":\"ldap\",\"codes\":[],\"password\":true}}"
#define LINES_WANTED "csctl: a line is a code, or its channel and a code: email 12345678\n"

/* What was sent is typed, and is in no argument. */
static void
codes_of_a_second_factor_are_read_from_stdin(void **state)
{
	static const struct call calls[] = {
		{ "request approve r", NULL, 403, NEEDED, REFUSED,
		    "POST /v1/requests/r/approve" BEARER "\n",
		    "csctl: refused with status 403\n  title   Forbidden\n  detail  A code is wanted.\n"
		    "  mend    Have it sent.\n  code    second-factor-needed\n"
		    "  first   csctl request second-factor ID\n"
		    "  then    csctl request approve ID --codes, and type what was sent or shown\n" },
		{ "request second-factor r", NULL, 202, "{}", DONE,
		    "POST /v1/requests/r/second-factor" BEARER "\n", "{}\n" },
		{ "request approve r --codes", "1234 5678\n", 202, "{}", DONE,
		    "POST /v1/requests/r/approve" BEARER " {\"code\":\"1234 5678\"}\n", "{}\n" },
		{ "request approve r --codes", "email 12345678\nsms 87654321\n", 202, "{}", DONE,
		    "POST /v1/requests/r/approve" BEARER
		    " {\"codes\":{\"email\":\"12345678\",\"sms\":\"87654321\"}}\n",
		    "{}\n" },
	};
	static const char *const none[] = { "", "\n", "email\n" }; /* nobody is asked */

	(void)state;
	expect_calls(calls, LEN(calls));
	for (size_t i = 0; i < LEN(none); i++) {
		(void)say_with(&said, none[i], "request approve r --codes");
		assert_int_equal(said.status, COULD_NOT_RUN);
		assert_string_equal(said.text, LINES_WANTED);
	}
}

static void
the_password_of_a_second_factor_is_read_from_stdin(void **state)
{
	static const struct call calls[] = {
		{ "request approve r", NULL, 403, NEEDS_PASSWORD, REFUSED,
		    "POST /v1/requests/r/approve" BEARER "\n",
		    "csctl: refused with status 403\n  code    second-factor-needed\n"
		    "  then    csctl request approve ID --password, and type the one of the "
		    "directory\n" },
		{ "request approve r --password", "correct \"horse\\ \r\nmore\n", 202, "{}", DONE,
		    "POST /v1/requests/r/approve" BEARER
		    " {\"password\":\"correct \\\"horse\\\\ \"}\n",
		    "{}\n" },
	};

	(void)state;
	expect_calls(calls, LEN(calls));
	(void)say_with(&said, "\xff\n", "request approve r --password");
	assert_int_equal(said.status, COULD_NOT_RUN);
	assert_string_equal(said.text,
	    "csctl: password of the directory: a line of text is wanted, of at most 1023 octets\n");
}

static void
each_command_is_one_call(void **state)
{
	static const struct call calls[] = {
		{ "config kinds", NULL, 200, "{}", DONE, "GET /v1/config/kinds" BEARER "\n",
		    "{}\n" },
		{ "config list demo domain", NULL, 200, "{}", DONE,
		    "GET /v1/config/demo/domain?limit=100" BEARER "\n", "{}\n" },
		{ "config list demo person --limit 2 --after a&b", NULL, 200, "{}", DONE,
		    "GET /v1/config/demo/person?limit=2&after=a%26b" BEARER "\n", "{}\n" },
		{ "config get demo assignment *@alpha.example", NULL, 200, "{}", DONE,
		    "GET /v1/config/demo/assignment/%2A%40alpha%2Eexample" BEARER "\n", "{}\n" },
		{ "config get a/b ../x ?", NULL, 200, "{}", DONE,
		    "GET /v1/config/a%2Fb/%2E%2E%2Fx/%3F" BEARER "\n", "{}\n" },
		{ "config form demo staff --person a@b", NULL, 200, "{}", DONE,
		    "GET /v1/config/demo/form/staff?person=a%40b" BEARER "\n", "{}\n" },
		{ "config put demo person alice -f - --create", "roles: [user]\nphone: 0049\n", 201,
		    "{}", DONE,
		    "PUT /v1/config/demo/person/alice If-None-Match: *" BEARER
		    " {\"roles\":[\"user\"],\"phone\":\"0049\"}\n",
		    "{}\n" },
		{ "config put demo person alice -f - --version 7 --dry-run", "{\"active\": false}",
		    200, "{}", DONE,
		    "PUT /v1/config/demo/person/alice?dry_run=true If-Match: \"7\"" BEARER
		    " {\"active\":false}\n",
		    "{}\n" },
		{ "config delete demo domain a.example --version 3", NULL, 204, "", DONE,
		    "DELETE /v1/config/demo/domain/a%2Eexample If-Match: \"3\"" BEARER "\n", "" },
		{ "config history demo --json --before 9", NULL, 200, "{}", DONE,
		    "GET /v1/config/demo/changes?limit=20&before=9" BEARER "\n", "{}\n" },
		{ "person token demo alice --label ci --scope requests:read --scope requests:write",
		    NULL, 201, "{}", DONE,
		    "POST /v1/config/demo/person/alice/tokens" BEARER
		    " {\"label\":\"ci\",\"scopes\":[\"requests:read\",\"requests:write\"],\"days\":90}\n",
		    "{}\n" },
		{ "person tokens demo alice", NULL, 200, "{}", DONE,
		    "GET /v1/config/demo/person/alice/tokens" BEARER "\n", "{}\n" },
		{ "person end-token demo alice 01-2", NULL, 204, "", DONE,
		    "DELETE /v1/config/demo/person/alice/tokens/01-2" BEARER "\n", "" },
		{ "person invite demo alice", NULL, 201, "{}", DONE,
		    "POST /v1/config/demo/person/alice/invitation" BEARER " {\"days\":7}\n",
		    "{}\n" },
		{ "person unlock demo alice", NULL, 204, "", DONE,
		    "POST /v1/config/demo/person/alice/unlock" BEARER " {}\n", "" },
		{ "person invite demo alice --days 30", NULL, 201, "{}", DONE,
		    "POST /v1/config/demo/person/alice/invitation" BEARER " {\"days\":30}\n",
		    "{}\n" },
		{ "person reset-password demo alice", NULL, 201, "{}", DONE,
		    "POST /v1/config/demo/person/alice/password-reset" BEARER
		    " {\"must_change\":false}\n",
		    "{}\n" },
		{ "person reset-password demo alice --must-change", NULL, 204, "", DONE,
		    "POST /v1/config/demo/person/alice/password-reset" BEARER
		    " {\"must_change\":true}\n",
		    "" },
		{ "me", NULL, 200, "{}", DONE, "GET /v1/me" BEARER "\n", "{}\n" },
		{ "logout", NULL, 204, "", DONE, "DELETE /v1/sessions/current" BEARER "\n", "" },
	};

	(void)state;
	expect_calls(calls, LEN(calls));
}

static void
secrets_come_from_stdin_and_a_token_is_alone_on_stdout(void **state)
{
	static const struct call calls[] = {
		{ "login demo alice", "right horse\n", 201,
		    "{\"token\":\"T\",\"ends_at\":\"2026-01-01T00:00:00Z\"}", DONE,
		    "POST /v1/sessions {\"enterprise\":\"demo\",\"account\":\"alice\",\"password\":\"right horse\"}\n",
		    "csctl: until 2026-01-01T00:00:00Z; keep it in CS_API_TOKEN\nT\n" },
		{ "login demo alice", "wrong horse\r\n", 401,
		    "{\"detail\":\"No.\",\"code\":\"wrong\"}", REFUSED,
		    "POST /v1/sessions {\"enterprise\":\"demo\",\"account\":\"alice\",\"password\":\"wrong horse\"}\n",
		    "csctl: refused with status 401\n  detail  No.\n  code    wrong\n" },
		{ "login demo alice", "right horse\n", 201,
		    "{\"token\":\"T\",\"ends_at\":\"2026-01-01T00:00:00Z\",\"must_change\":true}",
		    DONE,
		    "POST /v1/sessions {\"enterprise\":\"demo\",\"account\":\"alice\",\"password\":\"right horse\"}\n",
		    "csctl: until 2026-01-01T00:00:00Z; keep it in CS_API_TOKEN\n"
		    "csctl: first set a new password: csctl password\nT\n" },
		{ "password", "old one\nnew one\n", 204, "", DONE,
		    "POST /v1/password" BEARER
		    " {\"old_password\":\"old one\",\"new_password\":\"new one\"}\n",
		    "changed; sessions of before have ended\n" },
		{ "password --invitation", "I\nnew one\n", 204, "", DONE,
		    "POST /v1/password {\"invitation\":\"I\",\"new_password\":\"new one\"}\n",
		    "changed; sessions of before have ended\n" },
	};

	(void)state;
	expect_calls(calls, LEN(calls));
}

static void
without_a_secret_nothing_is_asked(void **state)
{
	static char long_line[1100];
	static const struct fake_answer none[] = { { NULL, 0, NULL } };
	const char *const inputs[] = { "", "\n", "\xff\n", long_line };

	(void)state;
	memset(long_line, 'x', sizeof(long_line) - 1);
	for (size_t i = 0; i < LEN(inputs); i++) {
		struct fake_api *api = fake_api_start(none);

		assert_int_equal(
		    say_with(&said, inputs[i], "login demo alice")->status, COULD_NOT_RUN);
		assert_string_equal(said.text,
		    "csctl: password: a line of text is wanted, of at most 1023 octets\n");
		assert_string_equal(fake_api_stop(api), "");
	}
}

static void
nobody_overwrites_what_they_have_not_seen(void **state)
{
	static const char *const lines[] = { "config put demo person alice -f -",
		"config put demo person alice -f - --create --version 3",
		"config put demo person alice -f - --version x", "config delete demo person alice",
		"config delete demo person alice --create",
		"config put demo person alice --create" };

	(void)state;
	for (size_t i = 0; i < LEN(lines); i++) {
		assert_int_equal(say_with(&said, "{}", lines[i])->status, COULD_NOT_RUN);
		assert_non_null(strstr(said.text, "usage: csctl config "));
	}
}

static void
a_form_is_of_a_profile_and_a_person(void **state)
{
	static const char *const lines[] = { "config form demo staff",
		"config form demo --person alice", "config form demo staff more --person alice" };

	(void)state;
	for (size_t i = 0; i < LEN(lines); i++) {
		assert_int_equal(say_with(&said, "{}", lines[i])->status, COULD_NOT_RUN);
		assert_non_null(strstr(said.text, "usage: csctl config form "));
	}
}

static void
a_refusal_says_what_about_and_what_mends_it(void **state)
{
	static const struct call calls[] = {
		{ "config put demo person alice -f - --version 7", "{}", 412,
		    "{\"code\":\"precondition-failed\",\"field\":\"If-Match\",\"clause\":\"RFC 9110 13.1.1\","
		    "\"detail\":\"It is another version.\",\"mend\":\"Read it again.\"}",
		    REFUSED, "PUT /v1/config/demo/person/alice If-Match: \"7\"" BEARER " {}\n",
		    "csctl: refused with status 412\n  detail  It is another version.\n  field   If-Match\n"
		    "  clause  RFC 9110 13.1.1\n  mend    Read it again.\n  code    precondition-failed\n" },
		{ "config delete demo person alice --version 7", NULL, 409,
		    "{\"code\":\"in-use\",\"uses\":[{\"kind\":\"assignment\",\"enterprise\":\"demo\","
		    "\"name\":\"*@a.example\",\"field\":\"people[0]\"}]}",
		    REFUSED, "DELETE /v1/config/demo/person/alice If-Match: \"7\"" BEARER "\n",
		    "csctl: refused with status 409\n  code    in-use\n"
		    "  used by demo assignment *@a.example people[0]\n" },
		{ "apply -f -",
		    "kind: domain\nenterprise: demo\nname: a.example\nspec: {}\n"
		    "---\nkind: person\nenterprise: demo\nname: alice\nspec: {rank: 1}\n",
		    422,
		    "{\"code\":\"unknown-field\",\"field\":\"documents[1].spec.rank\",\"detail\":\"No.\","
		    "\"mend\":\"Remove it.\"}",
		    REFUSED,
		    "POST /v1/config/apply" BEARER
		    " {\"documents\":[{\"kind\":\"domain\",\"enterprise\":\"demo\",\"name\":\"a.example\",\"spec\":{}},"
		    "{\"kind\":\"person\",\"enterprise\":\"demo\",\"name\":\"alice\",\"spec\":{\"rank\":1}}]}\n",
		    "csctl: refused with status 422\n  about   demo person alice (-:6)\n  detail  No.\n"
		    "  field   spec.rank\n  mend    Remove it.\n  code    unknown-field\n" },
		{ "config put demo person alice -f - --create", "{}", 503, "{}", COULD_NOT_RUN,
		    "PUT /v1/config/demo/person/alice If-None-Match: *" BEARER " {}\n",
		    "csctl: not done with status 503\n" },
	};

	(void)state;
	expect_calls(calls, LEN(calls));
}

/* ---- apply ---- */

#define TWO                                                                        \
	"kind: person\nenterprise: demo\nname: alice\nspec: {active: true}\n---\n" \
	"kind: domain\nenterprise: demo\nname: b.example\ndelete: true\n"
#define TWO_ASKED                                                                           \
	" {\"documents\":[{\"kind\":\"person\",\"enterprise\":\"demo\",\"name\":\"alice\"," \
	"\"spec\":{\"active\":true}},"                                                      \
	"{\"kind\":\"domain\",\"enterprise\":\"demo\",\"name\":\"b.example\",\"delete\":true}]}\n"
#define CHANGE(kind, name, action, before, after)                         \
	"{\"kind\":\"" kind "\",\"enterprise\":\"demo\",\"name\":\"" name \
	"\",\"action\":\"" action "\",\"before\":" before ",\"after\":" after "}"

static void
what_changes_is_shown_field_by_field(void **state)
{
	static const char changes[] = "{\"changes\":[" CHANGE("person", "alice", "update",
	    "{\"active\":false,\"title\":\"\"}",
	    "{\"active\":true,\"title\":\"\"}") "," CHANGE("domain", "b.example", "delete",
	    "{\"active\":true}", "null") "]}";
	static const char told[] =
	    "demo person alice: update\n  ~ active               false -> true\n"
	    "demo domain b.example: delete\n  - active               true\n";
	static const char same[] = "{\"changes\":[" CHANGE("person", "alice", "unchanged",
	    "{\"active\":true}", "{\"active\":true}") "," CHANGE("domain", "b.example", "unchanged",
	    "null", "null") "]}";
	static char done[512], would[512];
	const struct call calls[] = {
		{ "apply -f -", TWO, 200, changes, DONE, "POST /v1/config/apply" BEARER TWO_ASKED,
		    done },
		{ "apply -f - --dry-run", TWO, 200, changes, REFUSED,
		    "POST /v1/config/apply?dry_run=true" BEARER TWO_ASKED, would },
		{ "apply -", TWO, 200, same, DONE, "POST /v1/config/apply" BEARER TWO_ASKED,
		    "unchanged: everything is as the files say (2 documents)\n" },
		{ "apply - --dry-run", TWO, 200, same, DONE,
		    "POST /v1/config/apply?dry_run=true" BEARER TWO_ASKED,
		    "unchanged: everything is as the files say (2 documents)\n" },
		{ "apply - --json", TWO, 200, "{\"changes\":[]}", DONE,
		    "POST /v1/config/apply" BEARER TWO_ASKED, "{\n  \"changes\": []\n}\n" },
		{ "apply -", TWO, 200, "{\"changes\":[{\"action\":\"forget\"}]}", COULD_NOT_RUN,
		    "POST /v1/config/apply" BEARER TWO_ASKED,
		    "csctl: the API said something else than was asked\n" },
		{ "apply -", TWO, 200, "[]", COULD_NOT_RUN,
		    "POST /v1/config/apply" BEARER TWO_ASKED,
		    "csctl: the API said something else than was asked\n" },
	};

	(void)state;
	(void)snprintf(
	    done, sizeof(done), "%s0 created, 1 updated, 1 deleted, 0 unchanged\n", told);
	(void)snprintf(would, sizeof(would),
	    "%snothing was changed, it would be: 0 created, 1 updated, 1 deleted, 0 unchanged\n",
	    told);
	expect_calls(calls, LEN(calls));
}

static void
a_file_that_cannot_be_read_changes_nothing(void **state)
{
	static const struct fake_answer none[] = { { NULL, 0, NULL } };
	struct fake_api *api = fake_api_start(none);

	(void)state;
	assert_int_equal(say_with(&said, "kind: &a b\n", "apply -f -")->status, COULD_NOT_RUN);
	assert_string_equal(said.text, "csctl: -:1:7: anchors are not taken\n");
	assert_int_equal(say_with(&said, TWO, "apply -f - /no/such.yaml")->status, COULD_NOT_RUN);
	assert_string_equal(said.text, "csctl: /no/such.yaml: No such file or directory\n");
	assert_int_equal(say_with(&said, "# none\n", "apply -f -")->status, COULD_NOT_RUN);
	assert_int_equal(say(&said, "apply")->status, COULD_NOT_RUN);
	assert_int_equal(
	    say_with(&said, "[]", "config put demo person a -f - --create")->status, COULD_NOT_RUN);
	assert_string_equal(
	    said.text, "csctl: -: this is not one mapping: the spec of a document\n");
	assert_string_equal(fake_api_stop(api), "");
}

/* ---- more than fits into one call ---- */

#define MANY 500

/* Assignments, then the person that they name, then the enterprise: the order of no call. */
static const char *
many_documents(void)
{
	static char text[MANY * 100 + 200];
	size_t len = 0;

	for (int i = 0; i < MANY; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		    "kind: assignment\nenterprise: demo\nname: a%d@x.example\nspec: {people: [p]}\n---\n",
		    i);
	(void)snprintf(text + len, sizeof(text) - len,
	    "kind: person\nenterprise: demo\nname: p\nspec: {}\n---\n"
	    "kind: enterprise\nenterprise: demo\nname: demo\nspec: {}\n");
	return text;
}

#define APPLY "POST /v1/config/apply"
#define TRY APPLY "?dry_run=true"
#define MADE(name) "{\"changes\":[" CHANGE("person", name, "create", "null", "{}") "]}"
#define NOBODY(who)                                                                       \
	"{\"code\":\"no-such-document\",\"field\":\"documents[0].spec.people[" who "]\"," \
	"\"detail\":\"Nobody.\"}"
#define FIRST_OF_SECOND "demo assignment a398@x.example (-:1991)"
#define SHOWN_FIRST "demo person one: create\n"
#define DRY_NOTE \
	"csctl: each call was tried against what is there now, not what earlier calls would make\n"

struct parts {
	const char *words;
	struct fake_answer second;
	int status;
	const char *text;
};

static void
expect_parts(const struct parts *p)
{
	const struct fake_answer answers[] = { { p->second.asked, 200, MADE("one") }, p->second,
		{ NULL, 0, NULL } };
	struct fake_api *api = fake_api_start(answers);

	(void)say_with(&said, many_documents(), p->words);
	const char *asked = fake_api_stop(api), *second = strchr(asked, '\n') + 1;

	/* What is named comes before what names it, and nothing is asked twice. */
	assert_non_null(strstr(asked, " {\"documents\":[{\"kind\":\"enterprise\""));
	assert_true(strstr(asked, "\"kind\":\"person\"") < strstr(asked, "\"name\":\"a0@"));
	assert_true(strstr(asked, "\"name\":\"a397@") < second);
	assert_true(strstr(asked, "\"name\":\"a398@") > second);
	assert_true(strstr(asked, "\"name\":\"a499@") > second);
	assert_string_equal(strchr(second, '\n'), "\n");
	if (said.status != p->status)
		fail_msg("%s: status %d, want %d: %s", p->words, said.status, p->status, said.text);
	if (strcmp(said.text, p->text) != 0)
		fail_msg("%s: said %s, want %s", p->words, said.text, p->text);
}

static void
what_is_too_much_for_one_call_is_several(void **state)
{
	static const struct parts rows[] = {
		{ "apply -", { APPLY, 200, MADE("two") }, DONE,
		    SHOWN_FIRST "demo person two: create\n"
				"2 created, 0 updated, 0 deleted, 0 unchanged, in 2 calls\n" },
		{ "apply - --dry-run", { TRY, 200, MADE("two") }, REFUSED,
		    SHOWN_FIRST
		    "demo person two: create\n"
		    "nothing was changed, it would be: 2 created, 0 updated, 0 deleted, 0 unchanged, in 2 calls\n" DRY_NOTE },
		{ "apply - --json", { APPLY, 200, "{\"changes\":[{\"action\":\"unchanged\"}]}" },
		    DONE,
		    "{\n  \"changes\": [\n    {\n      \"kind\": \"person\",\n      \"enterprise\": \"demo\",\n"
		    "      \"name\": \"one\",\n      \"action\": \"create\",\n      \"before\": null,\n"
		    "      \"after\": {}\n    },\n    {\n      \"action\": \"unchanged\"\n    }\n  ]\n}\n" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++)
		expect_parts(&rows[i]);
}

static void
a_call_that_stops_says_what_was_applied_before(void **state)
{
#define STOPPED                                                                                         \
	"csctl: this was call 2 of 2: 400 of 502 documents were applied before it, what changed is on " \
	"stdout\ncsctl: the first of the others is " FIRST_OF_SECOND "; "
#define SAFE "csctl: it is safe to apply the same again: what is so already is left alone\n"
	static const struct parts rows[] = {
		{ "apply -", { APPLY, 422, NOBODY("0") }, REFUSED,
		    SHOWN_FIRST "csctl: refused with status 422\n  about   " FIRST_OF_SECOND
				"\n  detail  Nobody.\n  field   spec.people[0]\n"
				"  code    no-such-document\n" STOPPED
				"none of them was applied\n" SAFE },
		{ "apply -", { APPLY, 503, "{}" }, COULD_NOT_RUN,
		    SHOWN_FIRST
		    "csctl: not done with status 503\n" STOPPED
		    "it is not known whether the 102 of this call were applied\n" SAFE },
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++)
		expect_parts(&rows[i]);
}

static void
a_dry_run_misses_only_what_no_earlier_call_makes(void **state)
{
	static const struct parts rows[] = {
		{ "apply - --dry-run", { TRY, 422, NOBODY("0") }, REFUSED,
		    SHOWN_FIRST
		    "not tried: 102 documents, the first " FIRST_OF_SECOND
		    ": earlier calls come first: Nobody.\n"
		    "nothing was changed, it would be: 1 created, 0 updated, 0 deleted, 0 unchanged, 102 not tried, in 2 calls\n" DRY_NOTE },
		{ "apply - --dry-run", { TRY, 422, NOBODY("1") }, REFUSED,
		    SHOWN_FIRST
		    "csctl: refused with status 422\n  about   " FIRST_OF_SECOND
		    "\n  detail  Nobody.\n  field   spec.people[1]\n  code    no-such-document\n"
		    "csctl: this was call 2 of 2, tried against what is there now, not what earlier calls would make; nothing was changed\n" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++)
		expect_parts(&rows[i]);
}

#define KINDS                                                                                   \
	"{\"kinds\":[{\"kind\":\"enterprise\"},{\"kind\":\"domain\"},{\"kind\":\"ownership\"}," \
	"{\"kind\":\"person\"}]}"
#define SHOWN(kind, name, spec)                                                                      \
	"{\"kind\":\"" kind "\",\"enterprise\":\"demo\",\"name\":\"" name                            \
	"\",\"version\":7,\"changed_at\":\"2026-01-01T00:00:00Z\",\"changed_by\":\"platform/root\"," \
	"\"spec\":" spec "}"

static const struct fake_answer world[] = {
	{ "GET /v1/config/kinds", 200, KINDS },
	{ "GET /v1/config/demo/enterprise?limit=100", 200,
	    "{\"documents\":[" SHOWN("enterprise", "demo", "{\"caa\":true}") "],\"next\":null}" },
	{ "GET /v1/config/demo/domain?limit=100", 200,
	    "{\"documents\":[" SHOWN("domain", "a.example", "{}") "],\"next\":\"a.example\"}" },
	{ "GET /v1/config/demo/domain?limit=100&after=a%2Eexample", 200,
	    "{\"documents\":[" SHOWN("domain", "b.example", "{}") "],\"next\":null}" },
	{ "GET /v1/config/demo/ownership?limit=100", 200,
	    "{\"documents\":[" SHOWN(
		"ownership", "a.example", "{\"person\":\"alice\"}") "],\"next\":null}" },
	{ "GET /v1/config/demo/person?limit=100", 200,
	    "{\"documents\":[" SHOWN("person", "alice",
		"{\"phone\":\"0049\",\"roles\":[\"user\"]}") "],\"next\":null}" },
	{ "GET /v1/config/platform/enterprise?limit=100", 200,
	    "{\"documents\":[" SHOWN("enterprise", "demo", "{\"caa\":true}") "],\"next\":null}" },
	{ "GET /v1/config/platform/domain?limit=100", 200, "{\"documents\":[],\"next\":null}" },
	{ "GET /v1/config/platform/ownership?limit=100", 200, "{\"documents\":[],\"next\":null}" },
	{ "GET /v1/config/platform/person?limit=100", 200, "{\"documents\":[],\"next\":null}" },
	{ "GET /v1/me", 200, "{\"enterprise\":\"platform\",\"account\":\"root\"}" },
	{ "POST /v1/config/apply", 200,
	    "{\"changes\":[" CHANGE("person", "alice", "unchanged", "null", "null") "]}" },
	{ NULL, 0, NULL },
};

static void
pruning_deletes_what_no_file_names(void **state)
{
	struct fake_api *api = fake_api_start(world);

	(void)state;
	assert_int_equal(
	    say_with(&said, "kind: domain\nenterprise: demo\nname: b.example\nspec: {}\n",
		"apply -f - --prune")
		->status,
	    DONE);
	/* On all pages; neither the enterprise itself nor what policy wrote. */
	assert_non_null(strstr(fake_api_stop(api),
	    " {\"documents\":[{\"kind\":\"domain\",\"enterprise\":\"demo\",\"name\":\"b.example\",\"spec\":{}},"
	    "{\"kind\":\"domain\",\"enterprise\":\"demo\",\"name\":\"a.example\",\"delete\":true},"
	    "{\"kind\":\"person\",\"enterprise\":\"demo\",\"name\":\"alice\",\"delete\":true}]}\n"));
}

static void
what_cannot_be_listed_is_not_pruned(void **state)
{
	static const struct fake_answer kinds[] = { { "GET /v1/config/kinds", 200, KINDS },
		{ NULL, 0, NULL } };
	struct fake_api *api = fake_api_start(kinds);

	(void)state;
	assert_int_equal(say_with(&said, TWO, "apply -f - --prune")->status, REFUSED);
	assert_null(strstr(fake_api_stop(api), "POST"));
}

#define EXPORTED                                                                            \
	"---\nkind: enterprise\nenterprise: demo\nname: demo\nspec:\n  caa: true\n"         \
	"---\nkind: domain\nenterprise: demo\nname: a.example\nspec: {}\n"                  \
	"---\nkind: domain\nenterprise: demo\nname: b.example\nspec: {}\n"                  \
	"---\nkind: ownership\nenterprise: demo\nname: a.example\nspec:\n  person: alice\n" \
	"---\nkind: person\nenterprise: demo\nname: alice\nspec:\n  phone: \"0049\"\n  roles:\n  - user\n"

static void
what_is_exported_can_be_applied(void **state)
{
	static struct said again;
	struct fake_api *api = fake_api_start(world);

	(void)state;
	assert_int_equal(say(&said, "export demo")->status, DONE);
	assert_string_equal(said.text, EXPORTED);
	assert_int_equal(say_with(&again, said.text, "apply -f -")->status, DONE);
	assert_non_null(strstr(fake_api_stop(api),
	    " {\"documents\":[{\"kind\":\"enterprise\",\"enterprise\":\"demo\",\"name\":\"demo\",\"spec\":{\"caa\":true}},"
	    "{\"kind\":\"domain\",\"enterprise\":\"demo\",\"name\":\"a.example\",\"spec\":{}},"
	    "{\"kind\":\"domain\",\"enterprise\":\"demo\",\"name\":\"b.example\",\"spec\":{}},"
	    "{\"kind\":\"ownership\",\"enterprise\":\"demo\",\"name\":\"a.example\",\"spec\":{\"person\":\"alice\"}},"
	    "{\"kind\":\"person\",\"enterprise\":\"demo\",\"name\":\"alice\",\"spec\":{\"phone\":\"0049\",\"roles\":[\"user\"]}}]}\n"));
}

static void
people_of_the_platform_export_everything_once(void **state)
{
	struct fake_api *api = fake_api_start(world);

	(void)state;
	assert_int_equal(say(&said, "export")->status, DONE);
	assert_string_equal(said.text, EXPORTED);
	(void)fake_api_stop(api);
}

static void
half_an_export_is_none(void **state)
{
	static const struct fake_answer some[] = { { "GET /v1/config/kinds", 200, KINDS },
		{ "GET /v1/config/demo/enterprise?limit=100", 200,
		    "{\"documents\":[" SHOWN("enterprise", "demo", "{}") "],\"next\":null}" },
		{ NULL, 0, NULL } };
	struct fake_api *api = fake_api_start(some);

	(void)state;
	assert_int_equal(say(&said, "export demo")->status, REFUSED);
	assert_string_equal(said.text, "csctl: refused with status 404\n  code    not-found\n"
				       "  about   the list of domain of demo\n");
	(void)fake_api_stop(api);
}

static void
a_connector_that_was_tried_is_good_or_bad_or_unknown(void **state)
{
#define ASKED "POST /v1/config/demo/connector/relay/test" BEARER "\n"
	static const struct call calls[] = {
		{ "config test demo relay", NULL, 200,
		    "{\"result\":\"good\",\"seen\":[\"TLS 1.3\",\"250\\u001b OK\"]}", DONE, ASKED,
		    "good\n  TLS 1.3\n  250\\x1b OK\n" },
		{ "config test demo relay", NULL, 200, "{\"result\":\"bad\",\"seen\":[]}", REFUSED,
		    ASKED, "bad\n" },
		{ "config test demo relay", NULL, 200, "{\"result\":\"not-yet\"}", COULD_NOT_RUN,
		    ASKED, "not-yet\n" },
		{ "config test demo relay", NULL, 404, "{}", REFUSED, ASKED,
		    "csctl: refused with status 404\n" },
	};

	(void)state;
	expect_calls(calls, LEN(calls));
}

static void
the_history_is_told_field_by_field(void **state)
{
	static const struct call calls[] = {
		{ "config history demo --limit 1", NULL, 200,
		    "{\"changes\":[{\"version\":12,\"at\":\"2026-01-01T00:00:00.000Z\",\"who\":\"demo/op\","
		    "\"credential\":\"c\",\"source\":\"127.0.0.1\",\"kind\":\"person\",\"enterprise\":\"demo\","
		    "\"name\":\"alice\",\"before\":{\"active\":true},\"after\":{\"active\":false}}],\"next\":12}",
		    DONE, "GET /v1/config/demo/changes?limit=1" BEARER "\n",
		    "12  2026-01-01T00:00:00.000Z  demo/op  demo person alice\n"
		    "  ~ active               true -> false\nmore: --before 12\n" },
		{ "config history demo", NULL, 200, "{\"changes\":[],\"next\":null}", DONE,
		    "GET /v1/config/demo/changes?limit=20" BEARER "\n", "" },
	};

	(void)state;
	expect_calls(calls, LEN(calls));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_command_is_one_call),
		cmocka_unit_test(codes_of_a_second_factor_are_read_from_stdin),
		cmocka_unit_test(the_password_of_a_second_factor_is_read_from_stdin),
		cmocka_unit_test(secrets_come_from_stdin_and_a_token_is_alone_on_stdout),
		cmocka_unit_test(without_a_secret_nothing_is_asked),
		cmocka_unit_test(nobody_overwrites_what_they_have_not_seen),
		cmocka_unit_test(a_form_is_of_a_profile_and_a_person),
		cmocka_unit_test(a_refusal_says_what_about_and_what_mends_it),
		cmocka_unit_test(what_changes_is_shown_field_by_field),
		cmocka_unit_test(a_file_that_cannot_be_read_changes_nothing),
		cmocka_unit_test(what_is_too_much_for_one_call_is_several),
		cmocka_unit_test(a_call_that_stops_says_what_was_applied_before),
		cmocka_unit_test(a_dry_run_misses_only_what_no_earlier_call_makes),
		cmocka_unit_test(pruning_deletes_what_no_file_names),
		cmocka_unit_test(what_cannot_be_listed_is_not_pruned),
		cmocka_unit_test(what_is_exported_can_be_applied),
		cmocka_unit_test(people_of_the_platform_export_everything_once),
		cmocka_unit_test(half_an_export_is_none),
		cmocka_unit_test(a_connector_that_was_tried_is_good_or_bad_or_unknown),
		cmocka_unit_test(the_history_is_told_field_by_field),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
