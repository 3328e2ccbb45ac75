/* SPDX-License-Identifier: Apache-2.0 */
/* Whose relay takes a mail; nothing is sent here, so that none needs to be there. */
#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/time.h"
#include "pki/ed25519.h"
#include "pki/seal.h"
#include "relays.h"

#include <cmocka.h>

struct world {
	struct cs_arena *arena;
	char dir[64];
	struct claim_key *approvers[2], *policy;
	struct claim_trust *trust;
	struct connector_book *book;
	struct pki_seal_key *key;
	struct event_base *base;
	struct relays *relays;
	uint8_t random[32];
};

static const char *
path_of(struct world *world, const char *name)
{
	return cs_arena_printf(world->arena, "%s/%s", world->dir, name);
}

static struct claim_key *
new_key(struct world *world, const char *name)
{
	struct claim_key *key;
	struct cs_err err;

	assert_int_equal(pki_ed25519_generate(path_of(world, name), &err), CS_OK);
	assert_int_equal(claim_key_load(path_of(world, name), &key, &err), CS_OK);
	unlink(path_of(world, name));
	return key;
}

static void
make_trust(struct world *world)
{
	static const char *states[] = { "setting" }, *everybody[] = { "*" };
	struct claim_trust_row row = { .keyid = claim_key_id(world->policy),
		.service = "policy",
		.states = { states, 1 },
		.enterprises = { everybody, 1 },
		.not_before_ms = 1,
		.not_after_ms = INT64_C(4102444800000) };
	const struct claim_key *approvers[] = { world->approvers[0], world->approvers[1] };
	FILE *file = fopen(path_of(world, "approvers"), "w");
	struct cs_err err;

	assert_non_null(file);
	for (int i = 0; i < 2; i++) {
		uint8_t public_key[32];

		claim_key_public(approvers[i], public_key);
		fprintf(
		    file, "person-%d %s\n", i, cs_base64(world->arena, cs_span_of(public_key, 32)));
	}
	fclose(file);
	claim_key_public(world->policy, row.public_key);
	assert_int_equal(
	    claim_trust_write(path_of(world, "trust"), 1, &row, 1, approvers, 2, &err), CS_OK);
	assert_int_equal(claim_trust_load(path_of(world, "trust"), path_of(world, "approvers"),
			     &world->trust, &err),
	    CS_OK);
	unlink(path_of(world, "trust"));
	unlink(path_of(world, "approvers"));
}

static struct pki_seal_key *
new_seal_key(struct world *world)
{
	struct pki_seal_key *key;
	struct cs_err err;

	assert_int_equal(pki_seal_key_generate(path_of(world, "seal"), &err), CS_OK);
	assert_int_equal(pki_seal_key_load(path_of(world, "seal"), &key, &err), CS_OK);
	unlink(path_of(world, "seal"));
	return key;
}

static void
open_relays(struct world *world, const struct pki_seal_key *key)
{
	const struct relays_settings settings = { .own = { .url = "smtp://127.0.0.1:1",
						      .from = "ra@ca.example" },
		.book = world->book,
		.key = key };
	struct cs_err err;

	relays_free(world->relays);
	assert_int_equal(relays_new(world->base, &settings, &world->relays, &err), CS_OK);
}

static int
make_world(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	world->arena = cs_arena_new();
	strcpy(world->dir, "/tmp/test_relays.XXXXXX");
	assert_non_null(mkdtemp(world->dir));
	world->approvers[0] = new_key(world, "a");
	world->approvers[1] = new_key(world, "b");
	world->policy = new_key(world, "policy");
	make_trust(world);
	world->book = connector_book_new(world->trust);
	world->key = new_seal_key(world);
	world->base = event_base_new();
	open_relays(world, world->key);
	*state = world;
	return 0;
}

static int
drop_world(void **state)
{
	struct world *world = *state;

	relays_free(world->relays);
	connector_book_free(world->book);
	pki_seal_key_free(world->key);
	claim_trust_free(world->trust);
	for (int i = 0; i < 2; i++)
		claim_key_free(world->approvers[i]);
	claim_key_free(world->policy);
	event_base_free(world->base);
	rmdir(world->dir);
	cs_arena_free(world->arena);
	free(world);
	return 0;
}

static struct connector
relay_of(const char *enterprise, const char *name, const char *from)
{
	return (struct connector){ .enterprise = enterprise,
		.name = name,
		.type = CONNECTOR_SMTP,
		.active = true,
		.title = "",
		.endpoint = "smtps://mail.alpha.example",
		.username = "",
		.from = from,
		.claim = "",
		.sealed = "" };
}

static void
tell(struct world *world, const struct connector *connector, uint64_t version)
{
	const struct claim_setting setting = { .document = { { 1 } },
		.kind = "connector",
		.enterprise = connector->enterprise,
		.name = connector->name,
		.version = version,
		.spec = connector_write(world->arena, connector),
		.changed_at_ms = 5,
		.changed_by = "platform/root",
		.told_at_ms = cs_now_ms() };
	enum connector_news news;
	struct cs_err err;

	if (connector_book_tell(world->book, world->arena,
		claim_seal_setting(world->arena, world->policy, &setting), cs_now_ms(), &news, NULL,
		&err))
		fail_msg("%s", err.text);
	assert_int_equal(news, CONNECTOR_CHANGED);
}

static struct relay
get(struct world *world, const char *enterprise)
{
	struct relay relay;
	struct cs_err err;

	if (relays_for(world->relays, enterprise, &relay, &err))
		fail_msg("%s", err.text);
	return relay;
}

static void
who_has_no_connector_is_served_by_ours(void **state)
{
	struct world *world = *state;
	const struct connector other = relay_of("other", "relay", "ra@other.example");

	tell(world, &other, 1);
	assert_string_equal(get(world, "demo").from, "ra@ca.example");
	assert_string_equal(get(world, "").from, "ra@ca.example");
	assert_string_equal(get(world, "other").from, "ra@other.example");
}

static void
the_platforms_connector_comes_before_ours_and_after_the_enterprises(void **state)
{
	struct world *world = *state;
	const struct connector all = relay_of("platform", "relay", "ra@platform.example"),
			       own = relay_of("demo", "relay", "ra@demo.example");

	tell(world, &all, 1);
	assert_string_equal(get(world, "demo").from, "ra@platform.example");
	assert_string_equal(get(world, "").from, "ra@platform.example");
	tell(world, &own, 2);
	assert_string_equal(get(world, "demo").from, "ra@demo.example");
	assert_string_equal(get(world, "other").from, "ra@platform.example");
}

static void
a_connector_is_opened_once_in_each_version(void **state)
{
	struct world *world = *state;
	struct connector own = relay_of("demo", "relay", "ra@demo.example");

	tell(world, &own, 1);
	const struct smtp *first = get(world, "demo").smtp;

	assert_ptr_equal(get(world, "demo").smtp, first);
	own.from = "new@demo.example";
	tell(world, &own, 2);
	assert_string_equal(get(world, "demo").from, "new@demo.example");
	own.active = false;
	tell(world, &own, 3);
	assert_string_equal(get(world, "demo").from, "ra@ca.example");
}

static void
a_secret_that_does_not_open_lets_nobody_else_send(void **state)
{
	struct world *world = *state;
	struct connector own = relay_of("demo", "relay", "ra@demo.example");
	struct pki_seal_key *other = new_seal_key(world);
	uint8_t public_key[32];
	struct relay relay;
	struct cs_err err;

	own.username = "ra";
	pki_seal_key_public(other, public_key);
	own.sealed = connector_seal(
	    world->arena, &own, public_key, world->random, cs_span_str("pass phrase"));
	pki_seal_key_free(other);
	tell(world, &own, 1);
	assert_int_equal(relays_for(world->relays, "demo", &relay, &err), CS_MALFORMED);
	assert_non_null(strstr(err.text, "demo/relay"));
	pki_seal_key_public(world->key, public_key);
	own.sealed = connector_seal(
	    world->arena, &own, public_key, world->random, cs_span_str("pass phrase"));
	tell(world, &own, 2);
	assert_string_equal(get(world, "demo").from, "ra@demo.example");
	open_relays(world, NULL);
	assert_int_equal(relays_for(world->relays, "demo", &relay, &err), CS_MALFORMED);
	assert_non_null(strstr(err.text, "CS_SEALING_KEY_FILE"));
}

static void
more_connectors_than_there_is_room_take_turns(void **state)
{
	struct world *world = *state;

	for (int round = 0; round < 2; round++)
		for (int i = 0; i < RELAYS_MAX + 3; i++) {
			const char *enterprise = cs_arena_printf(world->arena, "e%d", i);
			const char *from = cs_arena_printf(world->arena, "ra@e%d.example", i);
			const struct connector own = relay_of(enterprise, "relay", from);

			if (round == 0)
				tell(world, &own, 1);
			assert_string_equal(get(world, enterprise).from, from);
		}
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_world, drop_world)
	const struct CMUnitTest tests[] = {
		TEST(who_has_no_connector_is_served_by_ours),
		TEST(the_platforms_connector_comes_before_ours_and_after_the_enterprises),
		TEST(a_connector_is_opened_once_in_each_version),
		TEST(a_secret_that_does_not_open_lets_nobody_else_send),
		TEST(more_connectors_than_there_is_room_take_turns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
