/* SPDX-License-Identifier: Apache-2.0 */
/* Names to bind with: nobody's login leads to somebody else's entry. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "connector/bind.h"

#include <cmocka.h>

#define LEN(array) (sizeof(array) / sizeof((array)[0]))
#define PEOPLE "uid={login},ou=people,dc=example"
#define UPN "{login}@corp.example"

static void
a_template_has_one_login_where_a_value_stands(void **state)
{
	static const struct {
		const char *template;
		bool good;
	} cases[] = {
		{ PEOPLE, true },
		{ "cn={login}", true },
		{ "cn={login}+ou=x,dc=example", true },
		{ "0.9.2342.19200300.100.1.1={login},dc=example", true },
		{ "uid={login},o=Doe\\, Inc.,c=DE", true },
		{ "uid={login},o=M\\c3\\bcller GmbH,c=DE", true },
		{ "uid={login},o=M\xc3\xbcller,c=DE", true },
		{ UPN, true },
		{ "{login}@CORP", true },
		{ "", false },
		{ "{login}", false },
		{ "{login}@", false },
		{ "{login}@corp..example", false },
		{ "{login}@-corp.example", false },
		{ "{login}@corp.example@evil", false },
		{ "x{login}@corp.example", false },
		{ "{login}{login}@corp.example", false },
		{ "CORP\\{login}", false },
		{ "uid=alice,dc=example", false },
		{ "uid={login},cn={login}", false },
		{ "uid=x{login},dc=example", false },
		{ "uid={login}x,dc=example", false },
		{ "{login}=x,dc=example", false },
		{ "uid={login}, dc=example", false },
		{ "uid={login},dc= example", false },
		{ "uid={login},dc=example ", false },
		{ "uid={login},", false },
		{ ",uid={login}", false },
		{ "uid={login},dc=", false },
		{ "uid={login},dc=a;dc=b", false },
		{ "uid={login},dc=\"a\"", false },
		{ "uid={login},dc=a\\", false },
		{ "uid={login},dc=a\\g0", false },
		{ "uid={login},dc=#04", false },
		{ "uid={login},dc={other}", false },
		{ "uid={login},dc=a\nb", false },
		{ "uid={login},dc=\xff", false },
		{ "1x={login}", false },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++)
		if ((connector_bind_why_not(cases[i].template) == NULL) != cases[i].good)
			fail_msg(
			    "\"%s\" is %s", cases[i].template, cases[i].good ? "refused" : "taken");
}

static void
a_login_is_one_value_whatever_is_in_it(void **state)
{
	static const struct {
		const char *template, *login, *want; /* NULL: refused */
	} cases[] = {
		{ PEOPLE, "alice", "uid=alice,ou=people,dc=example" },
		{ PEOPLE, "alice,ou=admins", "uid=alice\\,ou\\=admins,ou=people,dc=example" },
		{ PEOPLE, "a+cn=b", "uid=a\\+cn\\=b,ou=people,dc=example" },
		{ PEOPLE, "\"<;>\\", "uid=\\\"\\<\\;\\>\\\\,ou=people,dc=example" },
		{ PEOPLE, "#a#", "uid=\\#a#,ou=people,dc=example" },
		{ PEOPLE, " a b ", "uid=\\ a b\\ ,ou=people,dc=example" },
		{ PEOPLE, " ", "uid=\\ ,ou=people,dc=example" },
		{ PEOPLE, "j\xc3\xbcrgen", "uid=j\xc3\xbcrgen,ou=people,dc=example" },
		{ PEOPLE, "*)(uid=*", "uid=*)(uid\\=*,ou=people,dc=example" },
		{ PEOPLE, "{login}", "uid={login},ou=people,dc=example" },
		{ PEOPLE, "", NULL },
		{ PEOPLE, "a\nb", NULL },
		{ PEOPLE, "a\x7f", NULL },
		{ PEOPLE, "\xff", NULL },
		{ UPN, "alice", "alice@corp.example" },
		{ UPN, "a.b-c_d!e#f^g~h'1", "a.b-c_d!e#f^g~h'1@corp.example" },
		{ UPN, "alice@evil.example", NULL },
		{ UPN, "CORP\\alice", NULL },
		{ UPN, "a b", NULL },
		{ UPN, "a,b", NULL },
		{ UPN, "cn=alice", NULL },
		{ UPN, "j\xc3\xbcrgen", NULL },
		{ UPN, "", NULL },
		{ "no template", "alice", NULL },
	};
	struct cs_arena *arena = cs_arena_new();

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		const char *name = "refused";
		const char *want = cases[i].want != NULL ? cases[i].want : "refused";

		if (connector_bind_name(arena, cases[i].template, cases[i].login, &name) !=
			(cases[i].want != NULL) ||
		    strcmp(name, want) != 0)
			fail_msg("%s in %s is %s", cases[i].login, cases[i].template, name);
	}
	cs_arena_free(arena);
}

static void
a_login_may_be_as_long_as_its_limit(void **state)
{
	char login[CONNECTOR_LOGIN_MAX + 2];
	struct cs_arena *arena = cs_arena_new();
	const char *name;

	(void)state;
	memset(login, 'x', sizeof(login));
	login[CONNECTOR_LOGIN_MAX + 1] = '\0';
	assert_false(connector_bind_name(arena, PEOPLE, login, &name));
	login[CONNECTOR_LOGIN_MAX] = '\0';
	assert_true(connector_bind_name(arena, PEOPLE, login, &name));
	assert_false(connector_bind_name(arena, UPN, login, &name));
	login[64] = '\0';
	assert_true(connector_bind_name(arena, UPN, login, &name));
	cs_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_template_has_one_login_where_a_value_stands),
		cmocka_unit_test(a_login_is_one_value_whatever_is_in_it),
		cmocka_unit_test(a_login_may_be_as_long_as_its_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
