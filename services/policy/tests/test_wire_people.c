/* SPDX-License-Identifier: Apache-2.0 */
/* What is read of questions about people: every limit from both sides. */
#include <string.h>

#include "fake_world.h"
#include "proto/ask.pb-c.h"
#include "wire.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

/* So many times the letter. */
static char *
letters(struct fake_world *world, size_t n)
{
	char *text = cs_arena_alloc(world->arena, n + 1);

	memset(text, 'x', n);
	return text;
}

static ProtobufCBinaryData
octets(struct fake_world *world, size_t n)
{
	return (ProtobufCBinaryData){ n, (uint8_t *)letters(world, n) };
}

static struct cs_span
pack(struct fake_world *world, const ProtobufCMessage *m)
{
	uint8_t *made = cs_arena_alloc(world->arena, protobuf_c_message_get_packed_size(m) + 1);

	return cs_span_of(made, protobuf_c_message_pack(m, made));
}

static void
check(const char *name, enum cs_code got, bool good)
{
	if (got != (good ? CS_OK : CS_MALFORMED))
		fail_msg("%s: got %s", name, cs_code_name(got));
}

static const struct {
	const char *name;
	size_t digest, source;
	bool good;
} whos[] = {
	{ "usual", 32, 9, true },
	{ "no source", 32, 0, true },
	{ "longest source", 32, 64, true },
	{ "source too long", 32, 65, false },
	{ "digest too short", 31, 9, false },
	{ "digest too long", 33, 9, false },
	{ "no digest", 0, 9, false },
};

static void
reads_who_within_its_limits(void **state)
{
	struct fake_world *world = *state;

	for (size_t i = 0; i < LEN(whos); i++) {
		Countersign__V1__WhoAsk m = COUNTERSIGN__V1__WHO_ASK__INIT;
		struct people_ask ask;

		m.token_sha256 = octets(world, whos[i].digest);
		m.source = letters(world, whos[i].source);
		check(whos[i].name, wire_read_who(world->arena, pack(world, &m.base), &ask, NULL),
		    whos[i].good);
	}
}

static const struct {
	const char *name;
	size_t enterprise, account, invitation;
	bool good;
} salts[] = {
	{ "a person", 4, 5, 0, true },
	{ "an invitation", 0, 0, 47, true },
	{ "longest account", 4, 128, 0, true },
	{ "account too long", 4, 129, 0, false },
	{ "longest invitation", 0, 0, 512, true },
	{ "invitation too long", 0, 0, 513, false },
	{ "no account", 4, 0, 0, false },
	{ "no enterprise", 0, 5, 0, false },
	{ "nothing", 0, 0, 0, false },
};

static void
reads_a_salt_for_a_person_or_an_invitation(void **state)
{
	struct fake_world *world = *state;

	for (size_t i = 0; i < LEN(salts); i++) {
		Countersign__V1__SaltAsk m = COUNTERSIGN__V1__SALT_ASK__INIT;
		struct people_ask ask;
		const bool invited = salts[i].invitation > 0;

		m.enterprise = letters(world, salts[i].enterprise);
		m.account = letters(world, salts[i].account);
		m.invitation = letters(world, salts[i].invitation);
		check(salts[i].name, wire_read_salt(world->arena, pack(world, &m.base), &ask, NULL),
		    salts[i].good);
		if (salts[i].good)
			assert_int_equal(ask.has_token, invited);
	}
}

static const struct {
	const char *name;
	size_t account, proof, source;
	const char *factor;
	bool good;
} logins[] = {
	{ "usual", 5, 32, 9, "password", true },
	{ "no account", 0, 32, 9, "password", false },
	{ "account too long", 129, 32, 9, "password", false },
	{ "proof too short", 5, 31, 9, "password", false },
	{ "proof too long", 5, 33, 9, "password", false },
	{ "no proof", 5, 0, 9, "password", false },
	{ "source too long", 5, 32, 65, "password", false },
	{ "another factor", 5, 32, 9, "face", false },
	{ "no factor", 5, 32, 9, "", false },
};

static void
reads_a_login_within_its_limits(void **state)
{
	struct fake_world *world = *state;

	for (size_t i = 0; i < LEN(logins); i++) {
		Countersign__V1__LoginAsk m = COUNTERSIGN__V1__LOGIN_ASK__INIT;
		struct people_login_ask ask;

		m.enterprise = letters(world, 4);
		m.account = letters(world, logins[i].account);
		m.proof = octets(world, logins[i].proof);
		m.source = letters(world, logins[i].source);
		m.factor = cs_arena_strdup(world->arena, logins[i].factor);
		check(logins[i].name,
		    wire_read_login(world->arena, pack(world, &m.base), &ask, NULL),
		    logins[i].good);
	}
}

static const struct {
	const char *name;
	size_t token, invitation, old, salt, proof;
	uint32_t passes, memory_kib, lanes;
	bool good;
} passwords[] = {
	{ "by an invitation", 0, 47, 0, 16, 32, 3, 65536, 4, true },
	{ "by a session", 47, 0, 32, 16, 32, 3, 65536, 4, true },
	{ "by both", 47, 47, 32, 16, 32, 3, 65536, 4, false },
	{ "by nothing", 0, 0, 32, 16, 32, 3, 65536, 4, false },
	{ "by a session without the old one", 47, 0, 0, 16, 32, 3, 65536, 4, false },
	{ "old proof too short", 47, 0, 31, 16, 32, 3, 65536, 4, false },
	{ "salt too short", 0, 47, 0, 15, 32, 3, 65536, 4, false },
	{ "salt too long", 0, 47, 0, 17, 32, 3, 65536, 4, false },
	{ "proof too short", 0, 47, 0, 16, 31, 3, 65536, 4, false },
	{ "too few passes", 0, 47, 0, 16, 32, 2, 65536, 4, false },
	{ "most passes", 0, 47, 0, 16, 32, 100, 65536, 4, true },
	{ "too many passes", 0, 47, 0, 16, 32, 101, 65536, 4, false },
	{ "too little memory", 0, 47, 0, 16, 32, 3, 65535, 4, false },
	{ "most memory", 0, 47, 0, 16, 32, 3, 4194304, 4, true },
	{ "too much memory", 0, 47, 0, 16, 32, 3, 4194305, 4, false },
	{ "one lane", 0, 47, 0, 16, 32, 3, 65536, 1, true },
	{ "no lane", 0, 47, 0, 16, 32, 3, 65536, 0, false },
	{ "too many lanes", 0, 47, 0, 16, 32, 3, 65536, 65, false },
};

static void
reads_a_new_password_that_costs_enough(void **state)
{
	struct fake_world *world = *state;

	for (size_t i = 0; i < LEN(passwords); i++) {
		Countersign__V1__PasswordAsk m = COUNTERSIGN__V1__PASSWORD_ASK__INIT;
		struct people_password_ask ask;

		m.token = letters(world, passwords[i].token);
		m.invitation = letters(world, passwords[i].invitation);
		m.old_proof = octets(world, passwords[i].old);
		m.salt = octets(world, passwords[i].salt);
		m.proof = octets(world, passwords[i].proof);
		m.passes = passwords[i].passes;
		m.memory_kib = passwords[i].memory_kib;
		m.lanes = passwords[i].lanes;
		check(passwords[i].name,
		    wire_read_password(world->arena, pack(world, &m.base), &ask, NULL),
		    passwords[i].good);
	}
}

static void
a_new_password_says_where_it_comes_from(void **state)
{
	static const struct {
		const char *source;
		bool good;
	} cases[] = { { "", true }, { "192.0.2.0/24", true }, { "two\nlines", false } };
	struct fake_world *world = *state;

	for (size_t i = 0; i < LEN(cases); i++) {
		Countersign__V1__PasswordAsk m = COUNTERSIGN__V1__PASSWORD_ASK__INIT;
		struct people_password_ask ask;

		m.invitation = letters(world, 47);
		m.salt = octets(world, 16);
		m.proof = octets(world, 32);
		m.passes = 3;
		m.memory_kib = 65536;
		m.lanes = 4;
		m.source = cs_arena_strdup(world->arena, cases[i].source);
		check(cases[i].source,
		    wire_read_password(world->arena, pack(world, &m.base), &ask, NULL),
		    cases[i].good);
		if (cases[i].good)
			assert_string_equal(ask.who.source, cases[i].source);
	}
}

static void
a_token_that_is_too_long_is_nobody_s_to_log_out(void **state)
{
	struct fake_world *world = *state;
	struct people_ask ask;

	for (size_t len = 512; len <= 513; len++) {
		Countersign__V1__LogoutAsk m = COUNTERSIGN__V1__LOGOUT_ASK__INIT;

		m.token = letters(world, len);
		check("logout", wire_read_logout(world->arena, pack(world, &m.base), &ask, NULL),
		    len == 512);
	}
}

int
main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, fake_world_setup, fake_world_teardown)
	const struct CMUnitTest tests[] = {
		CASE(reads_who_within_its_limits),
		CASE(reads_a_salt_for_a_person_or_an_invitation),
		CASE(reads_a_login_within_its_limits),
		CASE(reads_a_new_password_that_costs_enough),
		CASE(a_new_password_says_where_it_comes_from),
		CASE(a_token_that_is_too_long_is_nobody_s_to_log_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
