/* SPDX-License-Identifier: Apache-2.0 */
/* Every command: its words, its help, and what it says when it is used wrongly. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "say.h"

#define WIDTH 100

typedef void each_fn(const struct command *command);

static void
for_each(each_fn *fn)
{
	size_t n;
	const struct command *const *groups = commands_groups(&n);

	for (size_t i = 0; i < n; i++)
		for (const struct command *c = groups[i]; c->words != NULL; c++)
			fn(c);
}

static void
expect_help(const struct command *command)
{
	static struct said said;
	char words[128], start[160];

	(void)snprintf(words, sizeof(words), "%s --help", command->words);
	(void)snprintf(start, sizeof(start), "usage: csctl %s", command->words);
	assert_int_equal(say(&said, words)->status, DONE);
	assert_memory_equal(said.text, start, strlen(start));
	assert_non_null(strstr(said.text, command->help));
	for (const char *line = said.text; *line != '\0'; line += strcspn(line, "\n") + 1)
		if (strcspn(line, "\n") > WIDTH)
			fail_msg("%s: a line is too wide", command->words);
	/* All of the usage is there, however it is broken into lines. */
	for (const char *at = command->usage; *at != '\0';
	     at += strcspn(at, " ") + (at[strcspn(at, " ")] == ' ')) {
		char part[64];

		(void)snprintf(part, sizeof(part), "%.*s", (int)strcspn(at, " "), at);
		assert_non_null(strstr(said.text, part));
	}
}

static void
every_command_explains_itself(void **state)
{
	(void)state;
	for_each(expect_help);
}

static void
expect_refusal(const struct command *command)
{
	static struct said said;
	char words[128];

	(void)snprintf(words, sizeof(words), "%s --no-such-option", command->words);
	if (say(&said, words)->status != COULD_NOT_RUN)
		fail_msg("%s takes any option", command->words);
	assert_true(strstr(said.text, "usage: csctl ") != NULL ||
		    strstr(said.text, "is not understood here") != NULL ||
		    strstr(said.text, "is not set") != NULL);
}

static void
no_command_takes_an_unknown_option(void **state)
{
	(void)state;
	for_each(expect_refusal);
}

static void
expect_form(const struct command *command)
{
	assert_true(command->run != NULL && command->help[0] != '\0' && command->usage != NULL);
	assert_true(islower((unsigned char)command->help[0]));
	assert_true(command->help[strlen(command->help) - 1] != '.');
	for (const char *c = command->words; *c != '\0'; c++)
		assert_true(islower((unsigned char)*c) || *c == ' ' || *c == '-');
}

static void
every_command_has_words_and_help(void **state)
{
	(void)state;
	for_each(expect_form);
}

static const char *sought;
static unsigned found;

static void
count_words(const struct command *command)
{
	found += strcmp(command->words, sought) == 0;
}

static void
expect_once(const struct command *command)
{
	sought = command->words;
	found = 0;
	for_each(count_words);
	assert_int_equal(found, 1);
}

static void
no_two_commands_have_the_same_words(void **state)
{
	(void)state;
	for_each(expect_once);
}

/* ---- lines that name no command ---- */

static void
all_commands_are_shown_to_who_asks(void **state)
{
	static const char *const asking[] = { "", "--help", "help" };
	static struct said said;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(say(&said, asking[i])->status, DONE);
		assert_non_null(strstr(said.text, "csctl request submit"));
		assert_non_null(strstr(said.text, "csctl catalogue asyncapi"));
		assert_non_null(strstr(said.text, "Exit status"));
	}
}

static void
a_group_shows_its_own_commands(void **state)
{
	static struct said said;

	(void)state;
	assert_int_equal(say(&said, "ca --help")->status, DONE);
	assert_non_null(strstr(said.text, "csctl ca init"));
	assert_null(strstr(said.text, "csctl catalogue"));
	assert_int_equal(say(&said, "ca")->status, COULD_NOT_RUN);
	assert_non_null(strstr(said.text, "csctl ca show"));
	assert_int_equal(say(&said, "nonsense --help")->status, DONE);
	assert_non_null(strstr(said.text, "csctl request submit"));
}

static void
an_unknown_command_could_not_run(void **state)
{
	static struct said said;

	(void)state;
	assert_int_equal(say(&said, "nonsense")->status, COULD_NOT_RUN);
	assert_non_null(strstr(said.text, "no command \"nonsense\""));
	assert_int_equal(say(&said, "request submi")->status, COULD_NOT_RUN);
	assert_int_equal(say(&said, "request submitt")->status, COULD_NOT_RUN);
}

/* ---- what can be judged without a server ---- */

static void
an_address_is_judged_and_the_status_says_how(void **state)
{
	static struct said said;

	(void)state;
	assert_int_equal(say(&said, "check address alice@alpha.example")->status, DONE);
	assert_non_null(strstr(said.text, "accept"));
	assert_int_equal(say(&said, "check address alice")->status, REFUSED);
	assert_non_null(strstr(said.text, "refuse"));
	assert_int_equal(say(&said, "check address")->status, COULD_NOT_RUN);
	assert_int_equal(
	    say(&said, "check address a@b.example c@d.example")->status, COULD_NOT_RUN);
	assert_int_equal(say(&said, "check address a@blogs.co.uk")->status, DONE);
	assert_int_equal(say(&said, "check address a@co.uk")->status, REFUSED);
	assert_int_equal(say(&said, "check address a@b.localhost")->status, REFUSED);
}

/* Whatever is judged, and however: a program finds the same four members. */
static void
every_verdict_has_its_reason_clause_and_what_was_seen(void **state)
{
	static const char *const lines[] = { "check address a@b.example --json",
		"check address a@@b --json", "check address a@co.uk --json",
		"check csr /dev/null --json", "check caa *.b.example --json",
		"check domain b..example --method txt --value v --json" };
	static const char *const members[] = { "\"verdict\":\"", "\"reason\":\"", "\"clause\":\"",
		"\"seen\":" };
	static struct said said;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		for (size_t m = 0; m < sizeof(members) / sizeof(members[0]); m++)
			if (strstr(say(&said, lines[i])->text, members[m]) == NULL)
				fail_msg("%s has no %s: %s", lines[i], members[m], said.text);
}

static void
json_is_one_line_and_nothing_else(void **state)
{
	static struct said said;

	(void)state;
	assert_int_equal(say(&said, "check address alice --json")->status, REFUSED);
	assert_int_equal(said.text[0], '{');
	assert_string_equal(said.text + strlen(said.text) - 2, "}\n");
	assert_ptr_equal(strchr(said.text, '\n'), said.text + strlen(said.text) - 1);
}

static void
a_file_without_certificates_shows_none(void **state)
{
	static struct said said;

	(void)state;
	assert_int_equal(say(&said, "ca show /dev/null")->status, COULD_NOT_RUN);
	assert_int_equal(say(&said, "ca show /does/not/exist")->status, COULD_NOT_RUN);
	assert_non_null(strstr(said.text, "/does/not/exist"));
}

static void
a_word_that_the_catalogue_lacks_is_refused_before_the_bus(void **state)
{
	static struct said said;

	(void)state;
	assert_int_equal(say(&said, "events replay --lane plan")->status, COULD_NOT_RUN);
	assert_non_null(strstr(said.text, "the catalogue has no \"plan\""));
	assert_int_equal(say(&said, "events tail --type PLAN")->status, COULD_NOT_RUN);
	assert_non_null(strstr(said.text, "the catalogue has no \"PLAN\""));
	assert_int_equal(
	    say(&said, "events tail --since 2026-01-01T00:00:00Z")->status, COULD_NOT_RUN);
	assert_non_null(strstr(said.text, "is not understood here"));
}

/* Only the outboxes can be asked for a piece of their past; what is wrong is said before the database is asked. */
static void
the_archive_s_options_are_judged_before_the_database(void **state)
{
	static const struct {
		const char *words, *said;
	} cases[] = {
		{ "events archive --lane plan", "the catalogue has no \"plan\"" },
		{ "events archive --type plan", "the catalogue has no \"plan\"" },
		{ "events archive --since yesterday", "time must look like" },
		{ "events archive --until 2026-01-01", "time must look like" },
		{ "events archive --limit 0", "--limit wants a number" },
		{ "events archive --request 1", "csctl: " },
		{ "events archive --sequence 1", "\"--sequence\" is not understood here" },
		{ "events replay --until 2026-01-01T00:00:00Z", "is not understood here" },
		{ "events replay --limit 1", "is not understood here" },
		{ "events archive", "CS_DATABASE_URL is not set" },
	};
	static struct said said;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (say(&said, cases[i].words)->status != COULD_NOT_RUN ||
		    strstr(said.text, cases[i].said) == NULL)
			fail_msg("%s: %s", cases[i].words, said.text);
	}
}

/* Who has no outbox is told where to look instead. */
static void
the_archive_says_what_it_does_not_have(void **state)
{
	static struct said said;

	(void)state;
	assert_int_equal(say(&said, "events archive --help")->status, DONE);
	assert_non_null(strstr(said.text, "caa-dnssec and mpic-coordinator have none"));
}

/* One approver's table would be refused by everybody who loads it. */
static void
a_trust_table_needs_two_approvers(void **state)
{
	static struct said said;

	(void)state;
	assert_int_equal(
	    say(&said, "trust write --out /dev/null policy=/dev/null")->status, COULD_NOT_RUN);
	assert_non_null(strstr(said.text, "usage: csctl trust write"));
}

/* ---- the story of a request ---- */

static const struct {
	const char *line;
	bool ends;
} story[] = {
	{ "{\"seq\":9,\"state\":\"issued\"}", false }, /* a revocation may follow */
	{ "{\"seq\":9,\"state\":\"revoked\"}", true },
	{ "{\"seq\":9,\"state\":\"refused\",\"reason\":\"caa\"}", true },
	{ "{\"seq\":9,\"state\":\"cancelled\"}", true },
	{ "{\"seq\":9,\"state\":\"expired\"}", true },
	{ "{\"seq\":9, \"state\": \"revoked\"}", true },
	{ "{\"seq\":2,\"state\":\"approved\"}", false },
	{ "{\"seq\":3,\"check\":\"caa-1\",\"state\":\"refused\"}", false },
	{ "{\"seq\":4,\"state\":\"ready\",\"text\":\"\\\"state\\\":\\\"revoked\\\"\"}", false },
	{ "{\"state\":7}", false },
	{ "[]", false },
	{ "", false },
	{ "{\"state\":\"revoked\"", false },
};

static void
only_the_request_s_own_end_ends_its_story(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(story) / sizeof(story[0]); i++)
		if (request_line_ends(story[i].line) != story[i].ends)
			fail_msg("%s", story[i].line);
}

static const struct {
	const char *words;
	int status;
	const char *says;
} profile_words[] = {
	{ "profile list", DONE, "private-person" },
	{ "profile show sponsor-strict", DONE, "2.23.140.1.5.3.3" },
	{ "profile show sponsor-strict", DONE,
	    "EC       dual        digitalSignature keyAgreement" },
	{ "profile show private-details", DONE, "  unverified         what the subject says" },
	{ "profile show mailbox-legacy", REFUSED, "SBR 7.1.6.1" },
	{ "profile what-if mailbox-legacy --date 2027-07-01", REFUSED, "SBR 7.1.6.1" },
	{ "profile show nothing", REFUSED, "no certificate profile of this name" },
	{ "profile show", COULD_NOT_RUN, "usage: csctl profile show" },
	{ "profile what-if mailbox-strict", COULD_NOT_RUN, "usage: csctl profile what-if" },
	{ "profile what-if mailbox-strict --date 2027-13-01", COULD_NOT_RUN,
	    "wanted is YYYY-MM-DD" },
	{ "profile what-if mailbox-strict --date 2027-7-1", COULD_NOT_RUN, "wanted is YYYY-MM-DD" },
	{ "profile what-if mailbox-strict --from 2026-11-28 --date 2027-07-01", DONE,
	    "lint eku-not-clean        begins" },
	{ "profile what-if mailbox-strict --from 2026-11-28 --date 2027-03-15", DONE,
	    "* caa-parameters         1" },
	{ "profile what-if mailbox-strict --from 2026-11-28 --date 2026-11-29", DONE,
	    "5 from 2026-12-15 on" },
	{ "lint list", DONE, "policy-legacy                         error    2025-07-15" },
	{ "lint", COULD_NOT_RUN, "usage: csctl lint FILE" },
	{ "lint /nonexistent", COULD_NOT_RUN, "/nonexistent" },
	{ "lint /etc/passwd", COULD_NOT_RUN, "neither DER nor PEM" },
};

static void
profiles_and_lints_are_explained(void **state)
{
	static struct said said;

	(void)state;
	for (size_t i = 0; i < sizeof(profile_words) / sizeof(profile_words[0]); i++)
		if (say(&said, profile_words[i].words)->status != profile_words[i].status ||
		    strstr(said.text, profile_words[i].says) == NULL)
			fail_msg(
			    "%s: status %d, %s", profile_words[i].words, said.status, said.text);
}

#define FIXTURES "libs/pki/tests/fixtures/"

static void
says(const char *words, int status, const char *text)
{
	struct said said;

	say(&said, words);
	if (said.status != status || strstr(said.text, text) == NULL)
		fail_msg("%s: status %d, want %d: %s", words, said.status, status, said.text);
}

static void
published_lists_become_a_file_of_weak_keys(void **state)
{
	char folder[] = "/tmp/test-weak-XXXXXX", words[256];

	(void)state;
	assert_non_null(mkdtemp(folder));
#define SAYS(status, text, ...)                            \
	(void)snprintf(words, sizeof(words), __VA_ARGS__); \
	says(words, status, text)
	SAYS(DONE, "3 keys\n",
	    "weak-keys convert " FIXTURES "debian-weak.txt " FIXTURES
	    "private-pkcs1.pem --out %s/list --version of-2008",
	    folder);
	SAYS(COULD_NOT_RUN, "exists", "weak-keys convert " FIXTURES "debian-weak.txt --out %s/list",
	    folder);
	SAYS(REFUSED, "list of-2008\n" FIXTURES "debian-1000.pem: weak RSA 2048 ",
	    "weak-keys check %s/list " FIXTURES "debian-1000.pem", folder);
	SAYS(REFUSED, "debian-10000.pem: weak",
	    "weak-keys check %s/list " FIXTURES "p256.pem " FIXTURES "debian-10000.pem", folder);
	SAYS(DONE, "p256.pem: not in the list P-256",
	    "weak-keys check %s/list " FIXTURES "p256.pem", folder);
	SAYS(REFUSED, "rsa1024.pem: refuse KEYSIZE",
	    "weak-keys check %s/list " FIXTURES "rsa1024.pem", folder);
	SAYS(COULD_NOT_RUN, "is not a list of weak keys",
	    "weak-keys check " FIXTURES "p256.pem " FIXTURES "p256.pem");
	SAYS(COULD_NOT_RUN, "line 3 is no digest", "weak-keys convert README.md --out %s/other",
	    folder);
	SAYS(COULD_NOT_RUN, "No such file", "weak-keys convert %s/none --out %s/other", folder,
	    folder);
	/* A folder: the list that was made in it is no text. */
	SAYS(COULD_NOT_RUN, "list", "weak-keys convert %s --out %s/other", folder, folder);
	(void)snprintf(words, sizeof(words), "%s/list", folder);
	assert_int_equal(unlink(words), 0);
	SAYS(COULD_NOT_RUN, "no key in all that", "weak-keys convert %s --out %s/list", folder,
	    folder);
	assert_int_equal(rmdir(folder), 0);
#undef SAYS
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_lists_become_a_file_of_weak_keys),
		cmocka_unit_test(every_command_has_words_and_help),
		cmocka_unit_test(no_two_commands_have_the_same_words),
		cmocka_unit_test(every_command_explains_itself),
		cmocka_unit_test(no_command_takes_an_unknown_option),
		cmocka_unit_test(all_commands_are_shown_to_who_asks),
		cmocka_unit_test(a_group_shows_its_own_commands),
		cmocka_unit_test(an_unknown_command_could_not_run),
		cmocka_unit_test(an_address_is_judged_and_the_status_says_how),
		cmocka_unit_test(every_verdict_has_its_reason_clause_and_what_was_seen),
		cmocka_unit_test(json_is_one_line_and_nothing_else),
		cmocka_unit_test(a_file_without_certificates_shows_none),
		cmocka_unit_test(a_word_that_the_catalogue_lacks_is_refused_before_the_bus),
		cmocka_unit_test(the_archive_s_options_are_judged_before_the_database),
		cmocka_unit_test(the_archive_says_what_it_does_not_have),
		cmocka_unit_test(a_trust_table_needs_two_approvers),
		cmocka_unit_test(only_the_request_s_own_end_ends_its_story),
		cmocka_unit_test(profiles_and_lints_are_explained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
