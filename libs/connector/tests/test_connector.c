/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "connector/connector.h"
#include "pki/seal.h"

#include <cmocka.h>

struct world {
	struct cs_arena *arena;
	struct pki_seal_key *key;
	uint8_t public_key[32], random[32];
	struct connector connector;
};

static struct pki_seal_key *
new_key(void)
{
	char dir[] = "/tmp/test_connector.XXXXXX", path[64];
	struct pki_seal_key *key;
	struct cs_err err;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/key.pem", dir);
	assert_int_equal(pki_seal_key_generate(path, &err), CS_OK);
	assert_int_equal(pki_seal_key_load(path, &key, &err), CS_OK);
	unlink(path);
	rmdir(dir);
	return key;
}

static int
make_world(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	world->arena = cs_arena_new();
	world->key = new_key();
	pki_seal_key_public(world->key, world->public_key);
	memset(world->random, 7, sizeof(world->random));
	world->connector = (struct connector){ .enterprise = "demo",
		.name = "relay",
		.type = CONNECTOR_SMTP,
		.active = true,
		.title = "",
		.endpoint = "smtps://mail.alpha.example:465",
		.username = "ra",
		.from = "ra@alpha.example",
		.bind_dn = "",
		.claim = "",
		.sealed = "" };
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

/* ---- a spec ---- */

static void
what_was_written_is_read_and_written_alike(void **state)
{
	struct world *world = *state;
	struct connector read;
	struct cs_err err;

	world->connector.title = "The \"relay\" of \xc3\x84lpha";
	world->connector.claim = "oid";
	world->connector.sealed = "0011223344556677.AAAA";
	struct cs_span spec = connector_write(world->arena, &world->connector);

	assert_int_equal(connector_read(world->arena, "demo", "relay", spec, &read, &err), CS_OK);
	assert_int_equal(read.type, CONNECTOR_SMTP);
	assert_true(read.active);
	assert_string_equal(read.title, world->connector.title);
	assert_string_equal(read.endpoint, world->connector.endpoint);
	assert_string_equal(read.username, "ra");
	assert_string_equal(read.from, "ra@alpha.example");
	assert_string_equal(read.claim, "oid");
	assert_string_equal(read.sealed, "0011223344556677.AAAA");
	assert_int_equal(read.quorum, 0);
	assert_true(cs_span_equal(connector_write(world->arena, &read), spec));
}

static void
refuses_specs_of_another_form(void **state)
{
	struct world *world = *state;
	static const char *const specs[] = {
		"",
		"[]",
		"{}",
		"{\"type\":\"smtp\"",
		"{\"type\":\"fax\"}",
		"{\"type\":1}",
		"{\"type\":\"smtp\",\"type\":\"smtp\"}",
		"{\"type\":\"smtp\",\"secret\":\"x\"}",
		"{\"type\":\"smtp\",\"active\":1}",
		"{\"type\":\"smtp\",\"from\":null}",
		"{\"type\":\"smtp\",\"from\":\"a\\nb\"}",
		"{\"type\":\"open-mpic\",\"quorum\":0}",
		"{\"type\":\"open-mpic\",\"quorum\":-1}",
		"{\"type\":\"open-mpic\",\"quorum\":4294967296}",
		"{\"type\":\"open-mpic\",\"quorum\":3.5}",
		"{\"type\":\"open-mpic\",\"quorum\":\"3\"}",
	};
	struct connector read;
	struct cs_err err;

	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++)
		if (connector_read(world->arena, "demo", "x", cs_span_str(specs[i]), &read, &err) !=
		    CS_MALFORMED)
			fail_msg("taken: %s", specs[i]);
}

/* ---- where it is ---- */

static void
takes_urls_apart(void **state)
{
	struct world *world = *state;
	static const struct {
		const char *text, *scheme, *host, *path;
		uint16_t port;
		bool loopback;
	} cases[] = {
		{ "https://idp.example/realms/a", "https", "idp.example", "/realms/a", 0, false },
		{ "smtp://127.0.0.1:2525", "smtp", "127.0.0.1", "", 2525, true },
		{ "smtp://127.9.9.9", "smtp", "127.9.9.9", "", 0, true },
		{ "smtp://128.0.0.1", "smtp", "128.0.0.1", "", 0, false },
		{ "http://localhost:80/", "http", "localhost", "/", 80, true },
		{ "https://[::1]:8443/x", "https", "[::1]", "/x", 8443, true },
		{ "smtps://mail:65535", "smtps", "mail", "", 65535, false },
	};
	struct connector_url url;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (!connector_url_parse(world->arena, cases[i].text, &url))
			fail_msg("refused: %s", cases[i].text);
		assert_string_equal(url.scheme, cases[i].scheme);
		assert_string_equal(url.host, cases[i].host);
		assert_string_equal(url.path, cases[i].path);
		assert_int_equal(url.port, cases[i].port);
		if (connector_url_is_loopback(&url) != cases[i].loopback)
			fail_msg("loopback: %s", cases[i].text);
	}
}

static void
refuses_urls_that_libraries_read_differently(void **state)
{
	struct world *world = *state;
	static const char *const texts[] = {
		"",
		"://a.example",
		"https:a.example",
		"https://",
		"https:///x",
		"HTTPS://a.example",
		"https://A.example",
		"https://user@a.example",
		"https://user:pw@a.example",
		"https://a.example:",
		"https://a.example:0",
		"https://a.example:65536",
		"https://a.example:080808",
		"https://a.example:1:2",
		"https://a.example:+1",
		"https://a.example/?q",
		"https://a.example/#f",
		"https://a.example/a b",
		"https://a.example/%2e%2e",
		"https://a..example",
		"https://.a.example",
		"https://-a.example",
		"https://a-.example",
		"https://2130706433",
		"https://0x7f000001",
		"https://127.1",
		"https://127.0.0.01",
		"https://1.2.3.4.5",
		"https://[::2]",
		"https://[::1",
		"https://[::1]x",
		"https://\xc3\xa4.example",
		"https://a.example\\@b.example",
	};
	struct connector_url url;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (connector_url_parse(world->arena, texts[i], &url))
			fail_msg("taken: %s", texts[i]);
}

/* ---- its secret ---- */

static void
seal(struct world *world, const char *secret)
{
	world->connector.sealed = connector_seal(
	    world->arena, &world->connector, world->public_key, world->random, cs_span_str(secret));
	assert_non_null(world->connector.sealed);
}

static enum cs_code
unseal(const struct world *world, char ret[static CONNECTOR_SECRET_MAX + 1])
{
	struct cs_err err;

	return connector_unseal(&world->connector, world->key, ret, &err);
}

static void
what_was_sealed_is_opened(void **state)
{
	struct world *world = *state;
	char secret[CONNECTOR_SECRET_MAX + 1], longest[CONNECTOR_SECRET_MAX + 1];

	seal(world, "pass phrase");
	assert_int_equal(unseal(world, secret), CS_OK);
	assert_string_equal(secret, "pass phrase");
	assert_null(strstr(world->connector.sealed, "pass"));
	memset(longest, 'x', CONNECTOR_SECRET_MAX);
	longest[CONNECTOR_SECRET_MAX] = '\0';
	seal(world, longest);
	assert_true(strlen(world->connector.sealed) <= CONNECTOR_SEALED_MAX);
	assert_int_equal(unseal(world, secret), CS_OK);
	assert_string_equal(secret, longest);
}

static void
a_secret_stays_with_what_it_was_set_for(void **state)
{
	struct world *world = *state;
	char secret[CONNECTOR_SECRET_MAX + 1];

	seal(world, "pass phrase");
	const struct connector good = world->connector;
	const struct {
		const char *name, *enterprise, *connector;
		enum connector_type type;
		const char *endpoint, *username;
	} cases[] = {
		{ "enterprise", "other", good.name, good.type, good.endpoint, good.username },
		{ "name", good.enterprise, "relay2", good.type, good.endpoint, good.username },
		{ "type", good.enterprise, good.name, CONNECTOR_SMS, good.endpoint, good.username },
		{ "endpoint", good.enterprise, good.name, good.type, "smtps://evil.example", "ra" },
		{ "user name", good.enterprise, good.name, good.type, good.endpoint, "mallory" },
		{ "border", good.enterprise, good.name, good.type,
		    "smtps://mail.alpha.example:465r", "a" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		world->connector.enterprise = cases[i].enterprise;
		world->connector.name = cases[i].connector;
		world->connector.type = cases[i].type;
		world->connector.endpoint = cases[i].endpoint;
		world->connector.username = cases[i].username;
		if (unseal(world, secret) != CS_MALFORMED)
			fail_msg("opened with another %s", cases[i].name);
	}
	world->connector = good;
	world->connector.from = "other@alpha.example";
	world->connector.title = "new";
	world->connector.active = false;
	assert_int_equal(unseal(world, secret), CS_OK);
}

static void
says_why_a_secret_does_not_open(void **state)
{
	struct world *world = *state;
	char secret[CONNECTOR_SECRET_MAX + 1];
	struct pki_seal_key *own = world->key;

	world->key = NULL;
	assert_int_equal(unseal(world, secret), CS_NOT_FOUND);
	seal(world, "pass phrase");
	assert_int_equal(unseal(world, secret), CS_MALFORMED);
	world->key = own;
	assert_int_equal(unseal(world, secret), CS_OK);
	world->connector.sealed = "";
	assert_int_equal(unseal(world, secret), CS_NOT_FOUND);
	static const char *const broken[] = { "x", "0011223344556677.", "0011223344556677.AAAA",
		"0011223344556677.!!!!", ".AAAA" };

	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		world->connector.sealed = broken[i];
		assert_int_equal(unseal(world, secret), CS_MALFORMED);
	}
	seal(world, "pass phrase");
	world->key = new_key();
	const enum cs_code code = unseal(world, secret);

	pki_seal_key_free(world->key);
	world->key = own;
	assert_int_equal(code, CS_MALFORMED);
}

static void
one_random_serves_two_secrets(void **state)
{
	struct world *world = *state;

	seal(world, "a");
	const char *first = world->connector.sealed;

	seal(world, "b");
	/* Behind the key id stands the sender's key, which would be the same for both. */
	assert_memory_not_equal(
	    first + CONNECTOR_KEYID_TEXT, world->connector.sealed + CONNECTOR_KEYID_TEXT, 40);
	world->connector.name = "relay2";
	const char *second = world->connector.sealed;

	seal(world, "b");
	assert_memory_not_equal(
	    second + CONNECTOR_KEYID_TEXT, world->connector.sealed + CONNECTOR_KEYID_TEXT, 40);
}

static void
reads_to_whom_secrets_are_sealed(void **state)
{
	struct world *world = *state;
	const char *key = cs_base64(world->arena, cs_span_of(world->public_key, 32));
	const char *good = cs_arena_printf(
	    world->arena, "# sealing keys\n\nnotifier %s\nrequest-intake %s\n", key, key);
	const char *const bad[] = {
		cs_arena_printf(world->arena, "notifier %s\nnotifier %s\n", key, key),
		cs_arena_printf(world->arena, "notifier %s \n", key),
		cs_arena_printf(world->arena, " %s\n", key),
		"notifier\n",
		"notifier AAAA\n",
	};
	struct connector_recipient *recipients;
	struct cs_err err;
	size_t n;

	assert_int_equal(
	    connector_read_recipients(world->arena, cs_span_str(good), &recipients, &n, &err),
	    CS_OK);
	assert_int_equal(n, 2);
	assert_memory_equal(
	    connector_recipient_of(recipients, n, "notifier")->public_key, world->public_key, 32);
	assert_null(connector_recipient_of(recipients, n, "signer"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (connector_read_recipients(
			world->arena, cs_span_str(bad[i]), &recipients, &n, &err) != CS_MALFORMED)
			fail_msg("taken: %s", bad[i]);
	assert_int_equal(connector_read_recipients(
			     world->arena, (struct cs_span){ NULL, 0 }, &recipients, &n, &err),
	    CS_OK);
	assert_int_equal(n, 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_world, drop_world)
	const struct CMUnitTest tests[] = {
		TEST(what_was_written_is_read_and_written_alike),
		TEST(refuses_specs_of_another_form),
		TEST(takes_urls_apart),
		TEST(refuses_urls_that_libraries_read_differently),
		TEST(what_was_sealed_is_opened),
		TEST(a_secret_stays_with_what_it_was_set_for),
		TEST(says_why_a_secret_does_not_open),
		TEST(one_random_serves_two_secrets),
		TEST(reads_to_whom_secrets_are_sealed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
