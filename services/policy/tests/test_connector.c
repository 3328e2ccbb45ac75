/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "pki/seal.h"
#include "policy_connector.h"

#include <cmocka.h>

struct world {
	struct cs_arena *arena;
	struct pki_seal_key *key;
	struct connector_recipient recipients[2];
	uint8_t random[32];
	struct policy_connector_rules rules;
	struct cs_span spec;
	struct cs_refusal why;
};

static int64_t
at(const char *time)
{
	int64_t ms = 0;

	assert_int_equal(cs_time_parse(time, &ms, NULL), CS_OK);
	return ms;
}

static int
make_world(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	char dir[] = "/tmp/test_connector.XXXXXX", path[64];
	struct cs_err err;

	assert_non_null(world);
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/key.pem", dir);
	assert_int_equal(pki_seal_key_generate(path, &err), CS_OK);
	assert_int_equal(pki_seal_key_load(path, &world->key, &err), CS_OK);
	unlink(path);
	rmdir(dir);
	world->arena = cs_arena_new();
	memset(world->random, 5, sizeof(world->random));
	world->recipients[0].service = "notifier";
	pki_seal_key_public(world->key, world->recipients[0].public_key);
	world->rules = (struct policy_connector_rules){
		.now_ms = at("2026-11-28T12:00:00Z"),
		.recipients = world->recipients,
		.n_recipients = 1,
		.random = world->random,
	};
	*state = world;
	return 0;
}

static int
drop_world(void **state)
{
	struct world *world = *state;

	pki_seal_key_free(world->key);
	cs_arena_free(world->arena);
	free(world);
	return 0;
}

static bool
judge(struct world *world, struct cs_span old, const char *spec)
{
	return policy_connector_judge(&world->rules, "demo", "out", old, cs_span_str(spec),
	    world->arena, &world->spec, &world->why);
}

static const struct cs_span none = { NULL, 0 };

static void
must(struct world *world, struct cs_span old, const char *spec)
{
	if (!judge(world, old, spec))
		fail_msg("%s: refused: %s %s: %s", spec, world->why.code, world->why.field,
		    world->why.text);
}

static void
must_not(
    struct world *world, struct cs_span old, const char *spec, const char *code, const char *field)
{
	if (judge(world, old, spec))
		fail_msg("%s: taken", spec);
	if (strcmp(world->why.code, code) != 0 || strcmp(world->why.field, field) != 0)
		fail_msg("%s: got %s %s, want %s %s", spec, world->why.code, world->why.field, code,
		    field);
	assert_true(world->why.text[0] != '\0' && world->why.mend[0] != '\0');
}

#define SMTP \
	"\"type\":\"smtp\",\"endpoint\":\"smtps://mail.alpha.example\",\"from\":\"ra@alpha.example\""
#define LDAP(endpoint, name) \
	"\"type\":\"ldap\",\"endpoint\":\"" endpoint "\",\"bind_dn\":\"" name "\""
#define LOGIN ",\"username\":\"ra\",\"secret\":\"pass phrase\""

static void
takes_what_each_type_needs(void **state)
{
	struct world *world = *state;
	static const char *const specs[] = {
		"{\"type\":\"open-mpic\",\"quorum\":3}",
		"{\"type\":\"open-mpic\",\"quorum\":3,\"endpoint\":\"https://mpic.example/v1\"}",
		"{" SMTP "}",
		"{" SMTP LOGIN "}",
		"{\"type\":\"smtp\",\"endpoint\":\"smtp://mail:587\",\"from\":\"ra@alpha.example\"}",
		"{\"type\":\"sms\",\"endpoint\":\"https://sms.example/v1/send\",\"secret\":\"k\"}",
		"{\"type\":\"oidc\",\"endpoint\":\"https://idp.example/realms/a\",\"username\":\"ra\"}",
		"{\"type\":\"oidc\",\"endpoint\":\"https://idp.example\",\"claim\":\"https://alpha.example/staff_id\"}",
		"{\"type\":\"oidc\",\"endpoint\":\"https://idp.example\",\"claim\":\"\"}",
		"{\"type\":\"saml\",\"endpoint\":\"https://idp.example/metadata\",\"active\":false}",
		"{\"type\":\"ldap\",\"endpoint\":\"ldaps://dir.example\",\"title\":\"Directory\",\"bind_dn\":\"uid={login},dc=example\"}",
		"{\"type\":\"ldap\",\"endpoint\":\"ldaps://dc:3269\",\"bind_dn\":\"{login}@corp.example\"}",
	};

	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++)
		must(world, none, specs[i]);
}

static void
refuses_what_breaks_a_rule(void **state)
{
	struct world *world = *state;
	static const struct {
		const char *spec, *code, *field;
	} cases[] = {
		{ "", "spec-not-object", "" },
		{ "[]", "spec-not-object", "" },
		{ "{\"type\":\"smtp\",\"type\":\"smtp\"}", "spec-not-object", "" },
		{ "{}", "field-missing", "type" },
		{ "{\"type\":\"fax\"}", "connector-type", "type" },
		{ "{\"type\":7}", "field-not-text", "type" },
		{ "{" SMTP ",\"colour\":1}", "field-unknown", "colour" },
		{ "{" SMTP ",\"sealed\":\"0011223344556677.AAAA\"}", "field-unknown", "sealed" },
		{ "{" SMTP ",\"active\":\"yes\"}", "field-not-bool", "active" },
		{ "{" SMTP ",\"quorum\":4}", "field-not-of-type", "quorum" },
		{ "{" SMTP ",\"title\":\"a\\u0007b\"}", "field-control", "title" },
		{ "{\"type\":\"open-mpic\"}", "field-missing", "quorum" },
		{ "{\"type\":\"open-mpic\",\"quorum\":17}", "connector-quorum", "quorum" },
		{ "{\"type\":\"open-mpic\",\"quorum\":0}", "connector-quorum", "quorum" },
		{ "{\"type\":\"open-mpic\",\"quorum\":3.0}", "connector-quorum", "quorum" },
		{ "{\"type\":\"open-mpic\",\"endpoint\":\"https://mpic.example\"}", "field-missing",
		    "quorum" },
		{ "{\"type\":\"open-mpic\",\"quorum\":3,\"endpoint\":\"http://mpic.example\"}",
		    "connector-clear", "endpoint" },
		{ "{\"type\":\"open-mpic\",\"quorum\":3,\"endpoint\":\"https://mpic.example?k=1\"}",
		    "connector-endpoint", "endpoint" },
		{ "{\"type\":\"open-mpic\",\"quorum\":3,\"username\":\"u\"}", "field-not-of-type",
		    "username" },
		{ "{\"type\":\"open-mpic\",\"quorum\":3,\"secret\":\"k\"}", "connector-login",
		    "endpoint" },
		{ "{\"type\":\"smtp\",\"from\":\"ra@alpha.example\"}", "field-missing",
		    "endpoint" },
		{ "{\"type\":\"smtp\",\"endpoint\":\"smtps://m\"}", "field-missing", "from" },
		{ "{\"type\":\"smtp\",\"endpoint\":\"https://m\",\"from\":\"ra@alpha.example\"}",
		    "connector-clear", "endpoint" },
		{ "{\"type\":\"smtp\",\"endpoint\":\"smtps://m/x\",\"from\":\"ra@alpha.example\"}",
		    "connector-endpoint", "endpoint" },
		{ "{\"type\":\"smtp\",\"endpoint\":\"smtps://u@m\",\"from\":\"ra@alpha.example\"}",
		    "connector-endpoint", "endpoint" },
		{ "{\"type\":\"smtp\",\"endpoint\":\"smtps://m\",\"from\":\"ra@ALPHA.example\"}",
		    "connector-from", "from" },
		{ "{\"type\":\"sms\",\"endpoint\":\"http://sms.example\"}", "connector-clear",
		    "endpoint" },
		{ "{\"type\":\"oidc\",\"endpoint\":\"http://127.0.0.1:8080\"}", "connector-clear",
		    "endpoint" },
		{ "{\"type\":\"oidc\",\"endpoint\":\"https://idp.example\",\"claim\":\"pre ferred\"}",
		    "connector-claim", "claim" },
		{ "{\"type\":\"oidc\",\"endpoint\":\"https://idp.example\",\"claim\":\"\\u00e9\"}",
		    "connector-claim", "claim" },
		{ "{\"type\":\"oidc\",\"endpoint\":\"https://idp.example\",\"claim\":\"iss\"}",
		    "connector-claim", "claim" },
		{ "{\"type\":\"oidc\",\"endpoint\":\"https://idp.example\",\"claim\":\"aud\"}",
		    "connector-claim", "claim" },
		{ "{\"type\":\"oidc\",\"endpoint\":\"https://idp.example\",\"claim\":\"azp\"}",
		    "connector-claim", "claim" },
		{ "{\"type\":\"oidc\",\"endpoint\":\"https://idp.example\",\"claim\":\"nonce\"}",
		    "connector-claim", "claim" },
		{ "{\"type\":\"oidc\",\"endpoint\":\"https://idp.example\",\"claim\":\"tid\"}",
		    "connector-claim", "claim" },
		{ "{\"type\":\"oidc\",\"endpoint\":\"https://idp.example\",\"claim\":7}",
		    "field-not-text", "claim" },
		{ "{\"type\":\"saml\",\"endpoint\":\"https://idp.example\",\"claim\":\"a b\"}",
		    "connector-claim", "claim" },
		{ "{" LDAP("ldaps://dir.example", "{login}@corp") ",\"claim\":\"sub\"}",
		    "field-not-of-type", "claim" },
		{ "{" LDAP("ldap://dir.example", "{login}@corp") "}", "connector-clear",
		    "endpoint" },
		{ "{\"type\":\"ldap\",\"endpoint\":\"ldaps://dir.example\"}", "field-missing",
		    "bind_dn" },
		{ "{" LDAP("ldaps://dir.example", "uid=alice,dc=example") "}", "connector-bind-dn",
		    "bind_dn" },
		{ "{" LDAP("ldaps://dir.example", "CORP\\\\{login}") "}", "connector-bind-dn",
		    "bind_dn" },
		{ "{" LDAP("ldaps://dir.example/dc=example", "{login}@corp") "}",
		    "connector-endpoint", "endpoint" },
		{ "{" LDAP("ldaps://dir.example", "{login}@corp") LOGIN "}", "field-not-of-type",
		    "username" },
		{ "{" SMTP ",\"bind_dn\":\"{login}@corp\"}", "field-not-of-type", "bind_dn" },
		{ "{\"type\":\"saml\",\"endpoint\":\"https://idp.example\",\"secret\":\"k\"}",
		    "field-not-of-type", "secret" },
		{ "{" SMTP ",\"username\":\"ra\"}", "connector-login", "secret" },
		{ "{" SMTP ",\"secret\":\"x\"}", "connector-login", "username" },
		{ "{\"type\":\"open-mpic\",\"quorum\":3,\"endpoint\":\"https://mpic.example\",\"secret\":\"k\"}",
		    "connector-no-key", "secret" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		must_not(world, none, cases[i].spec, cases[i].code, cases[i].field);
}

static void
a_field_may_be_as_long_as_its_limit(void **state)
{
	struct world *world = *state;
	char longest[CONNECTOR_SECRET_MAX + 2];

	memset(longest, 'x', sizeof(longest));
	longest[CONNECTOR_TITLE_MAX] = '\0';
	must(world, none, cs_arena_printf(world->arena, "{" SMTP ",\"title\":\"%s\"}", longest));
	longest[CONNECTOR_TITLE_MAX] = 'x';
	longest[CONNECTOR_TITLE_MAX + 1] = '\0';
	must_not(world, none, cs_arena_printf(world->arena, "{" SMTP ",\"title\":\"%s\"}", longest),
	    "field-too-long", "title");
	memset(longest, 'x', sizeof(longest));
	longest[CONNECTOR_SECRET_MAX] = '\0';
	must(world, none,
	    cs_arena_printf(
		world->arena, "{" SMTP ",\"username\":\"u\",\"secret\":\"%s\"}", longest));
	longest[CONNECTOR_SECRET_MAX] = 'x';
	longest[CONNECTOR_SECRET_MAX + 1] = '\0';
	must_not(world, none,
	    cs_arena_printf(
		world->arena, "{" SMTP ",\"username\":\"u\",\"secret\":\"%s\"}", longest),
	    "field-too-long", "secret");
}

/* seed: "meets the minimum quorum count specified in the Open MPIC connector"; TBR 3.2.2.9 bounds it from below. */
static void
a_quorum_is_never_below_the_rules_of_the_day(void **state)
{
	struct world *world = *state;
	static const struct {
		const char *day, *low, *least;
	} cases[] = {
		{ "2026-12-14T23:59:59Z", "2", "3" },
		{ "2026-12-15T00:00:00Z", "3", "4" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		world->rules.now_ms = at(cases[i].day);
		must_not(world, none,
		    cs_arena_printf(
			world->arena, "{\"type\":\"open-mpic\",\"quorum\":%s}", cases[i].low),
		    "connector-quorum-low", "quorum");
		assert_string_equal(world->why.clause, "TBR 3.2.2.9; SBR 4.2.2.2");
		must(world, none,
		    cs_arena_printf(
			world->arena, "{\"type\":\"open-mpic\",\"quorum\":%s}", cases[i].least));
	}
}

static void
speaks_in_clear_to_nobody_but_tests_on_loopback(void **state)
{
	struct world *world = *state;
	static const char near[] = "{\"type\":\"oidc\",\"endpoint\":\"http://127.0.0.1:8080\"}";
	static const char far[] = "{\"type\":\"oidc\",\"endpoint\":\"http://idp.example\"}";

	must_not(world, none, near, "connector-clear", "endpoint");
	world->rules.test_mode = true;
	must(world, none, near);
	must_not(world, none, far, "connector-clear", "endpoint");
}

static struct connector
read_spec(struct world *world)
{
	struct connector connector;
	struct cs_err err;

	assert_int_equal(
	    connector_read(world->arena, "demo", "out", world->spec, &connector, &err), CS_OK);
	return connector;
}

static void
a_secret_is_sealed_and_never_shown(void **state)
{
	struct world *world = *state;
	char secret[CONNECTOR_SECRET_MAX + 1];
	struct cs_err err;

	must(world, none, "{" SMTP LOGIN "}");
	const struct connector connector = read_spec(world);
	const char *stored =
	    cs_arena_strndup(world->arena, (const char *)world->spec.data, world->spec.len);

	assert_null(strstr(stored, "pass phrase"));
	assert_int_equal(connector_unseal(&connector, world->key, secret, &err), CS_OK);
	assert_string_equal(secret, "pass phrase");

	struct cs_span shown = policy_connector_shown(world->arena, world->spec);

	assert_true(cs_span_is(shown,
	    "{\"active\":true,\"endpoint\":\"smtps://mail.alpha.example\",\"from\":\"ra@alpha.example\","
	    "\"type\":\"smtp\",\"username\":\"ra\"}"));
	struct cs_span status = policy_connector_status(world->arena, world->spec);

	assert_true(cs_span_is(
	    status, cs_arena_printf(world->arena,
			"{\"sealed_to\":\"%.16s\",\"secret\":true,\"service\":\"notifier\"}",
			connector.sealed)));
}

static void
what_was_shown_can_be_put_again_and_changes_nothing(void **state)
{
	struct world *world = *state;

	must(world, none, "{" SMTP LOGIN "}");
	const struct cs_span first = world->spec;
	struct cs_span shown = policy_connector_shown(world->arena, first);

	must(world, first, cs_arena_strndup(world->arena, (const char *)shown.data, shown.len));
	assert_true(cs_span_equal(world->spec, first));
}

static void
a_secret_in_force_does_not_follow_to_another_place(void **state)
{
	struct world *world = *state;

	must(world, none, "{" SMTP LOGIN "}");
	const struct cs_span old = world->spec;

	must_not(world, old,
	    "{\"type\":\"smtp\",\"endpoint\":\"smtps://evil.example\",\"from\":\"ra@alpha.example\","
	    "\"username\":\"ra\"}",
	    "connector-secret-bound", "secret");
	must_not(
	    world, old, "{" SMTP ",\"username\":\"mallory\"}", "connector-secret-bound", "secret");
	must(world, old, "{" SMTP ",\"username\":\"mallory\",\"secret\":\"hers\"}");
	must(world, old, "{" SMTP ",\"username\":\"ra\",\"title\":\"new\"}");
	assert_string_not_equal(read_spec(world).sealed, "");
	must(world, old, "{" SMTP ",\"secret\":\"\"}");
	assert_string_equal(read_spec(world).sealed, "");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_world, drop_world)
	const struct CMUnitTest tests[] = {
		TEST(takes_what_each_type_needs),
		TEST(refuses_what_breaks_a_rule),
		TEST(a_field_may_be_as_long_as_its_limit),
		TEST(a_quorum_is_never_below_the_rules_of_the_day),
		TEST(speaks_in_clear_to_nobody_but_tests_on_loopback),
		TEST(a_secret_is_sealed_and_never_shown),
		TEST(what_was_shown_can_be_put_again_and_changes_nothing),
		TEST(a_secret_in_force_does_not_follow_to_another_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
