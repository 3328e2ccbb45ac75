/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "connector/book.h"
#include "pki/ed25519.h"

#include <cmocka.h>

#define NOW INT64_C(1795437296789)

struct world {
	struct cs_arena *arena;
	struct claim_key *approvers[2], *policy, *stranger;
	struct claim_trust *trust;
	struct connector_book *book;
};

static struct claim_key *
new_key(const char *dir, const char *name)
{
	char path[96];
	struct claim_key *key;
	struct cs_err err;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(pki_ed25519_generate(path, &err), CS_OK);
	assert_int_equal(claim_key_load(path, &key, &err), CS_OK);
	unlink(path);
	return key;
}

static struct claim_trust *
trust_of(struct world *world, const char *dir)
{
	static const char *states[] = { "setting" }, *everybody[] = { "*" };
	struct claim_trust_row row = { .keyid = claim_key_id(world->policy),
		.service = "policy",
		.states = { states, 1 },
		.enterprises = { everybody, 1 },
		.not_before_ms = NOW - 1000000,
		.not_after_ms = NOW + 1000000 };
	const struct claim_key *approvers[] = { world->approvers[0], world->approvers[1] };
	const char *table = cs_arena_printf(world->arena, "%s/trust", dir);
	const char *people = cs_arena_printf(world->arena, "%s/approvers", dir);
	struct claim_trust *trust;
	struct cs_err err;
	FILE *file = fopen(people, "w");

	assert_non_null(file);
	for (int i = 0; i < 2; i++) {
		uint8_t public_key[32];

		claim_key_public(world->approvers[i], public_key);
		fprintf(
		    file, "person-%d %s\n", i, cs_base64(world->arena, cs_span_of(public_key, 32)));
	}
	fclose(file);
	claim_key_public(world->policy, row.public_key);
	assert_int_equal(claim_trust_write(table, 1, &row, 1, approvers, 2, &err), CS_OK);
	assert_int_equal(claim_trust_load(table, people, &trust, &err), CS_OK);
	unlink(table);
	unlink(people);
	return trust;
}

static int
make_world(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	char dir[] = "/tmp/test_book.XXXXXX";

	assert_non_null(world);
	assert_non_null(mkdtemp(dir));
	world->arena = cs_arena_new();
	world->approvers[0] = new_key(dir, "a");
	world->approvers[1] = new_key(dir, "b");
	world->policy = new_key(dir, "policy");
	world->stranger = new_key(dir, "stranger");
	world->trust = trust_of(world, dir);
	rmdir(dir);
	world->book = connector_book_new(world->trust);
	*state = world;
	return 0;
}

static int
drop_world(void **state)
{
	struct world *world = *state;

	connector_book_free(world->book);
	claim_trust_free(world->trust);
	claim_key_free(world->approvers[0]);
	claim_key_free(world->approvers[1]);
	claim_key_free(world->policy);
	claim_key_free(world->stranger);
	cs_arena_free(world->arena);
	free(world);
	return 0;
}

/* Spec NULL: deleted. */
static struct claim_setting
setting_of(const char *enterprise, const char *name, uint64_t version, const char *spec)
{
	return (struct claim_setting){ .document = { { 1 } },
		.kind = "connector",
		.enterprise = enterprise,
		.name = name,
		.version = version,
		.deleted = spec == NULL,
		.spec = cs_span_str(spec),
		.changed_at_ms = NOW - 10,
		.changed_by = "platform/root",
		.told_at_ms = NOW };
}

static enum cs_code
tell_by(struct world *world, const struct claim_key *key, const struct claim_setting *setting,
    enum connector_news *ret_news)
{
	struct cs_err err;

	return connector_book_tell(world->book, world->arena,
	    claim_seal_setting(world->arena, key, setting), NOW, ret_news, NULL, &err);
}

static enum connector_news
tell(struct world *world, const char *enterprise, const char *name, uint64_t version,
    const char *spec)
{
	const struct claim_setting setting = setting_of(enterprise, name, version, spec);
	enum connector_news news = CONNECTOR_OLD;

	assert_int_equal(tell_by(world, world->policy, &setting, &news), CS_OK);
	return news;
}

#define QUORUM(n) "{\"active\":true,\"quorum\":" #n ",\"type\":\"open-mpic\"}"
#define RELAY(host)                                     \
	"{\"active\":true,\"endpoint\":\"smtps://" host \
	"\",\"from\":\"ra@alpha.example\",\"type\":\"smtp\"}"

static void
the_newest_version_counts_in_whatever_order_it_comes(void **state)
{
	struct world *world = *state;

	assert_int_equal(tell(world, "demo", "q", 2, QUORUM(4)), CONNECTOR_CHANGED);
	assert_int_equal(tell(world, "demo", "q", 1, QUORUM(3)), CONNECTOR_OLD);
	assert_int_equal(tell(world, "demo", "q", 2, QUORUM(3)), CONNECTOR_OLD);
	assert_int_equal(connector_book_quorum(world->book, "demo"), 4);
	assert_int_equal(tell(world, "demo", "q", 3, QUORUM(5)), CONNECTOR_CHANGED);
	assert_int_equal(connector_book_quorum(world->book, "demo"), 5);
	assert_int_equal(connector_book_get(world->book, "demo", "q")->version, 3);
}

static void
what_was_deleted_does_not_come_back_by_an_older_word(void **state)
{
	struct world *world = *state;

	tell(world, "demo", "q", 1, QUORUM(4));
	assert_int_equal(tell(world, "demo", "q", 2, NULL), CONNECTOR_CHANGED);
	assert_int_equal(tell(world, "demo", "q", 1, QUORUM(4)), CONNECTOR_OLD);
	assert_null(connector_book_get(world->book, "demo", "q"));
	assert_int_equal(connector_book_quorum(world->book, "demo"), 0);
	assert_int_equal(tell(world, "demo", "q", 3, QUORUM(3)), CONNECTOR_CHANGED);
	assert_int_equal(connector_book_quorum(world->book, "demo"), 3);
}

static void
an_enterprises_own_comes_before_the_platforms(void **state)
{
	struct world *world = *state;
	const struct connector_entry *entry;

	assert_null(connector_book_find(world->book, "demo", CONNECTOR_SMTP));
	tell(world, "platform", "relay", 1, RELAY("platform.example"));
	tell(world, "other", "relay", 1, RELAY("other.example"));
	entry = connector_book_find(world->book, "demo", CONNECTOR_SMTP);
	assert_string_equal(entry->connector.endpoint, "smtps://platform.example");
	tell(world, "demo", "relay-b", 1, RELAY("b.example"));
	tell(world, "demo", "relay-a", 1, RELAY("a.example"));
	entry = connector_book_find(world->book, "demo", CONNECTOR_SMTP);
	assert_string_equal(entry->connector.endpoint, "smtps://a.example");
	assert_null(connector_book_find(world->book, "demo", CONNECTOR_SMS));
}

/* A person's name at the one says nothing of who has that name at the other. */
static void
what_names_people_is_not_replaced_by_the_platforms(void **state)
{
	static const struct {
		enum connector_type type;
		const char *name;
		bool replaced;
	} cases[] = { { CONNECTOR_OIDC, "oidc", false }, { CONNECTOR_SAML, "saml", false },
		{ CONNECTOR_LDAP, "ldap", false }, { CONNECTOR_SMTP, "smtp", true },
		{ CONNECTOR_SMS, "sms", true }, { CONNECTOR_OPEN_MPIC, "open-mpic", true } };
	struct world *world = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct connector_entry *entry;
		const char *on = cs_arena_printf(
			       world->arena, "{\"active\":true,\"type\":\"%s\"}", cases[i].name),
			   *off = cs_arena_printf(
			       world->arena, "{\"active\":false,\"type\":\"%s\"}", cases[i].name);

		tell(world, "platform", cases[i].name, 1, on);
		entry = connector_book_find(world->book, "demo", cases[i].type);
		assert_string_equal(entry->connector.enterprise, "platform");
		tell(world, "demo", cases[i].name, 1, on);
		entry = connector_book_find(world->book, "demo", cases[i].type);
		assert_string_equal(entry->connector.enterprise, "demo");
		tell(world, "demo", cases[i].name, 2, off);
		entry = connector_book_find(world->book, "demo", cases[i].type);
		assert_int_equal(entry != NULL, cases[i].replaced);
		assert_non_null(connector_book_find(world->book, "other", cases[i].type));
		tell(world, "demo", cases[i].name, 3, NULL);
		entry = connector_book_find(world->book, "demo", cases[i].type);
		assert_string_equal(entry->connector.enterprise, "platform");
	}
}

static void
one_that_is_not_active_serves_nobody(void **state)
{
	struct world *world = *state;

	tell(world, "demo", "q", 1, "{\"active\":false,\"quorum\":5,\"type\":\"open-mpic\"}");
	assert_int_equal(connector_book_quorum(world->book, "demo"), 0);
	assert_null(connector_book_find(world->book, "demo", CONNECTOR_OPEN_MPIC));
	assert_non_null(connector_book_get(world->book, "demo", "q"));
}

static void
the_highest_quorum_counts(void **state)
{
	struct world *world = *state;

	tell(world, "platform", "q", 1, QUORUM(4));
	tell(world, "other", "q", 1, QUORUM(9));
	assert_int_equal(connector_book_quorum(world->book, "demo"), 4);
	tell(world, "demo", "q", 1, QUORUM(3));
	assert_int_equal(connector_book_quorum(world->book, "demo"), 4);
	tell(world, "demo", "q2", 1, QUORUM(5));
	assert_int_equal(connector_book_quorum(world->book, "demo"), 5);
}

static void
what_is_not_policys_word_changes_nothing(void **state)
{
	struct world *world = *state;
	struct claim_setting setting = setting_of("demo", "q", 2, QUORUM(3));
	enum connector_news news;
	struct cs_err err;

	tell(world, "demo", "q", 1, QUORUM(4));
	assert_int_equal(tell_by(world, world->stranger, &setting, &news), CS_MALFORMED);
	setting.kind = "profile";
	assert_int_equal(tell_by(world, world->policy, &setting, &news), CS_MALFORMED);
	setting = setting_of("demo", "q", 2, "{\"type\":\"fax\"}");
	assert_int_equal(tell_by(world, world->policy, &setting, &news), CS_MALFORMED);
	assert_int_equal(connector_book_tell(world->book, world->arena, cs_span_str("junk"), NOW,
			     &news, NULL, &err),
	    CS_MALFORMED);
	assert_int_equal(connector_book_quorum(world->book, "demo"), 4);
	assert_int_equal(connector_book_get(world->book, "demo", "q")->version, 1);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_world, drop_world)
	const struct CMUnitTest tests[] = {
		TEST(the_newest_version_counts_in_whatever_order_it_comes),
		TEST(what_was_deleted_does_not_come_back_by_an_older_word),
		TEST(an_enterprises_own_comes_before_the_platforms),
		TEST(what_names_people_is_not_replaced_by_the_platforms),
		TEST(one_that_is_not_active_serves_nobody),
		TEST(the_highest_quorum_counts),
		TEST(what_is_not_policys_word_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
