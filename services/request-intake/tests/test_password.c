/* SPDX-License-Identifier: Apache-2.0 */
/* Which passwords are taken, and by which name each other is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "password.h"

#include <cmocka.h>

#define HUNDRED                                                                \
	"kq7 jw2 bm9 xc4 vz8 nh3 pl6 gt5 dr1 sy0 kq7 jw2 bm9 xc4 vz8 nh3 pl6 " \
	"gt5 dr1 sy0 kq7 jw2 bm9 xc4 vz8"

static const struct {
	const char *what, *password, *enterprise, *account, *code; /* "": taken */
} cases[] = {
	{ "twelve characters", "kq7jw2bm9xc4", "demo", "alice", "" },
	{ "eleven characters", "kq7jw2bm9xc", "demo", "alice", "password-short" },
	{ "none", "", "demo", "alice", "password-short" },
	{ "twelve characters, not octets", "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9fkq7jw2bm", "demo",
	    "alice", "" },
	{ "eleven characters of two octets each", "äöüßáéíóúàè", "demo", "alice",
	    "password-short" },
	{ "any kind of characters is enough", "only small letters and blanks", "demo", "alice",
	    "" },
	{ "128 characters", HUNDRED " nh3 pl6 gt5 dr1 sy0 kq7 jw2 ", "demo", "alice", "" },
	{ "129 characters", HUNDRED " nh3 pl6 gt5 dr1 sy0 kq7 jw2 b", "demo", "alice",
	    "password-long" },
	{ "a line end", "kq7jw2bm9xc4\n", "demo", "alice", "password-characters" },
	{ "a deletion", "kq7jw2bm9\x7fxc4", "demo", "alice", "password-characters" },

	{ "one of the list", "passwordpassword", "demo", "alice", "password-common" },
	{ "in capitals", "PasswordPassword", "demo", "alice", "password-common" },
	{ "with what everybody adds", "Password2026!!", "demo", "alice", "password-common" },
	{ "with what everybody puts before", "2026!!Password", "demo", "alice", "password-common" },
	{ "listed as digits", "123456789012", "demo", "alice", "password-common" },
	{ "listed with blanks", "correct horse battery staple", "demo", "alice",
	    "password-common" },
	{ "longer than the one of the list", "password of the lake", "demo", "alice", "" },
	{ "a comment of the list is none", "# What people who guess", "demo", "alice", "" },
	{ "one character", "xxxxxxxxxxxxxxxx", "demo", "alice", "password-common" },
	{ "four characters", "abcdabcdabcdabcd", "demo", "alice", "password-common" },
	{ "five characters", "abczeabczeabcze", "demo", "alice", "" },
	{ "the alphabet", "abcdefghijklmnop", "demo", "alice", "password-common" },
	{ "backwards", "zyxwvutsrqponm", "demo", "alice", "password-common" },
	{ "digits in a row", "567890123456", "demo", "alice", "password-common" },

	{ "the account twice", "AliceSmithAliceSmith", "demo", "alice.smith", "" },
	{ "the account's exact name twice", "alice.smithAlice.Smith", "demo", "alice.smith",
	    "password-name" },
	{ "account and enterprise", "alice@meridian-trust", "meridian-trust", "alice",
	    "password-name" },
	{ "account and some digits", "alicia.miller12345", "demo", "alicia.miller",
	    "password-name" },
	{ "account and much of one's own", "alicia.miller and a heron", "demo", "alicia.miller",
	    "" },
	{ "a name inside the name that is left", "alaliceice99", "demo", "alice", "password-name" },
	{ "short names are in many words", "kodak-quartz-al", "al", "ko", "" },
	{ "no names are known", "alice@meridian-trust", "", "", "" },
};

static void
takes_and_refuses(void **state)
{
	struct cs_arena *arena = cs_arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cs_refusal why = { .code = "" };
		bool good = password_good(
		    arena, cases[i].password, cases[i].enterprise, cases[i].account, &why);

		if (good != (cases[i].code[0] == '\0') || strcmp(why.code, cases[i].code) != 0)
			fail_msg(
			    "%s: got \"%s\", want \"%s\"", cases[i].what, why.code, cases[i].code);
		if (good)
			continue;
		assert_string_equal(why.field, "new_password");
		assert_true(why.text[0] && why.mend[0] && why.clause[0]);
		assert_true(cases[i].password[0] == '\0' || !strstr(why.text, cases[i].password));
	}
	cs_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(takes_and_refuses) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
