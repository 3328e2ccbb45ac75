/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "claim/dsse.h"
#include "tests/fake_claims.h"

#define TYPE "application/vnd.countersign.trust.v1+json"

static enum cs_code
load(struct fake_claims *c)
{
	struct claim_trust *trust;
	enum cs_code code = claim_trust_load(c->trust_path, c->approvers_path, &trust, NULL);

	if (code == CS_OK)
		claim_trust_free(trust);
	return code;
}

static const char *
signature(struct fake_claims *c, enum fake_key key, const char *payload)
{
	uint8_t octets[CLAIM_SIGNATURE];

	claim_dsse_sign(c->arena, c->keys[key], TYPE, cs_span_str(payload), octets);
	return cs_arena_printf(c->arena, "{\"keyid\":\"%s\",\"sig\":\"%s\"}",
	    claim_key_id(c->keys[key]), cs_base64(c->arena, cs_span_of(octets, sizeof(octets))));
}

/* Writes a table with this text as its payload and signs what `signed_text` says. */
static enum cs_code
load_payload(struct fake_claims *c, const char *payload, const char *signed_text)
{
	const char *file = cs_arena_printf(c->arena,
	    "{\"payloadType\":\"" TYPE "\",\"payload\":\"%s\",\"signatures\":[%s,%s]}",
	    cs_base64(c->arena, cs_span_str(payload)), signature(c, FAKE_ANN, signed_text),
	    signature(c, FAKE_BOB, signed_text));

	fake_claims_write(c->trust_path, file, strlen(file));
	return load(c);
}

static void
a_table_survives_a_round_trip(void **state)
{
	struct fake_claims *c = *state;
	const struct claim_trust_row *rows;

	c->rows[2].distrusted_at_ms = FAKE_NOW + 5;
	assert_int_equal(fake_claims_reload(c, FAKE_ANN, FAKE_BOB, NULL), CS_OK);
	assert_int_equal(claim_trust_version(c->trust), 3);
	assert_int_equal(claim_trust_rows(c->trust, &rows), 4);
	for (size_t i = 0; i < 4; i++) {
		const struct claim_trust_row *want = NULL;

		for (size_t j = 0; j < 4; j++)
			want = strcmp(c->rows[j].keyid, rows[i].keyid) == 0 ? &c->rows[j] : want;
		assert_non_null(want);
		assert_string_equal(rows[i].service, want->service);
		assert_memory_equal(rows[i].public_key, want->public_key, 32);
		assert_int_equal(rows[i].states.n, want->states.n);
		assert_string_equal(rows[i].states.items[0], want->states.items[0]);
		assert_string_equal(rows[i].enterprises.items[0], "*");
		assert_int_equal(rows[i].not_before_ms, want->not_before_ms);
		assert_int_equal(rows[i].not_after_ms, want->not_after_ms);
		assert_int_equal(rows[i].distrusted_at_ms, want->distrusted_at_ms);
	}
}

static void
two_distinct_approvers_must_sign(void **state)
{
	struct fake_claims *c = *state;
	const struct claim_key *one[] = { c->keys[FAKE_ANN] };
	const struct claim_key *three[] = { c->keys[FAKE_ANN], c->keys[FAKE_BOB],
		c->keys[FAKE_STRANGER] };

	assert_int_equal(fake_claims_reload(c, FAKE_ANN, FAKE_BOB, NULL), CS_OK);
	assert_int_equal(fake_claims_reload(c, FAKE_BOB, FAKE_ANN, NULL), CS_OK);
	assert_int_equal(fake_claims_reload(c, FAKE_ANN, FAKE_ANN, NULL), CS_MALFORMED);
	assert_int_equal(fake_claims_reload(c, FAKE_ANN, FAKE_STRANGER, NULL), CS_MALFORMED);
	assert_int_equal(fake_claims_reload(c, FAKE_ANN, FAKE_POLICY, NULL), CS_MALFORMED);
	assert_int_equal(claim_trust_write(c->trust_path, 3, c->rows, 4, one, 1, NULL), CS_OK);
	assert_int_equal(load(c), CS_MALFORMED);
	assert_int_equal(claim_trust_write(c->trust_path, 3, c->rows, 4, three, 3, NULL), CS_OK);
	assert_int_equal(load(c), CS_MALFORMED);
}

static void
a_changed_table_is_refused(void **state)
{
	struct fake_claims *c = *state;
	struct cs_span good = fake_claims_read(c, c->trust_path);
	size_t refused = 0;

	assert_int_equal(load(c), CS_OK);
	for (size_t i = 0; i < good.len; i++) {
		uint8_t *changed = (uint8_t *)cs_arena_copy_span(c->arena, good).data;

		if (changed[i] == ' ' || changed[i] == '\n')
			continue; /* white space between tokens means nothing */
		changed[i] ^= 1;
		fake_claims_write(c->trust_path, changed, good.len);
		if (load(c) != CS_MALFORMED)
			fail_msg("octet %zu: got accepted", i);
		refused++;
	}
	assert_true(refused > 500);
}

static void
only_the_signed_payload_counts(void **state)
{
	struct fake_claims *c = *state;

	assert_int_equal(
	    load_payload(c, "{\"version\":1,\"keys\":[]}", "{\"version\":1,\"keys\":[]}"), CS_OK);
	assert_int_equal(
	    load_payload(c, "{\"version\":2,\"keys\":[]}", "{\"version\":1,\"keys\":[]}"),
	    CS_MALFORMED);
}

static void
tables_are_read_strictly(void **state)
{
	struct fake_claims *c = *state;
	uint8_t public_key[32];
	char id[33];

	claim_key_public(c->keys[FAKE_POLICY], public_key);
	const char *key = cs_base64(c->arena, cs_span_of(public_key, sizeof(public_key)));
	memcpy(id, claim_key_id(c->keys[FAKE_POLICY]), sizeof(id));
#define HEAD "{\"version\":1,\"keys\":["
#define KEY "{\"keyid\":\"%1$s\",\"public\":\"%2$s\",\"service\":\"policy\","
#define REST "\"states\":[\"plan\"],\"enterprises\":[\"*\"],"
#define TIMES "\"not_before\":\"2026-01-01T00:00:00Z\",\"not_after\":\"2027-01-01T00:00:00Z\""
	static const struct {
		const char *name, *payload;
		enum cs_code want;
	} cases[] = {
		{ "as it should be", HEAD KEY REST TIMES "}]}", CS_OK },
		{ "no keys", "{\"version\":1}", CS_MALFORMED },
		{ "no version", "{\"keys\":[]}", CS_MALFORMED },
		{ "version zero", "{\"version\":0,\"keys\":[]}", CS_MALFORMED },
		{ "keys are no list", "{\"version\":1,\"keys\":{}}", CS_MALFORMED },
		{ "an unknown member", "{\"version\":1,\"keys\":[],\"x\":1}", CS_MALFORMED },
		{ "a member twice", "{\"version\":1,\"version\":2,\"keys\":[]}", CS_MALFORMED },
		{ "something after it", "{\"version\":1,\"keys\":[]} {}", CS_MALFORMED },
		{ "one key twice", HEAD KEY REST TIMES "}," KEY REST TIMES "}]}", CS_MALFORMED },
		{ "a state twice",
		    HEAD KEY "\"states\":[\"plan\",\"plan\"],\"enterprises\":[\"*\"]," TIMES "}]}",
		    CS_MALFORMED },
		{ "a state that we do not know",
		    HEAD KEY "\"states\":[\"plans\"],\"enterprises\":[\"*\"]," TIMES "}]}",
		    CS_MALFORMED },
		{ "all evidence at once",
		    HEAD KEY "\"states\":[\"evidence.*\"],\"enterprises\":[\"*\"]," TIMES "}]}",
		    CS_MALFORMED },
		{ "no state", HEAD KEY "\"states\":[],\"enterprises\":[\"*\"]," TIMES "}]}",
		    CS_MALFORMED },
		{ "no enterprise", HEAD KEY "\"states\":[\"plan\"],\"enterprises\":[]," TIMES "}]}",
		    CS_MALFORMED },
		{ "no end", HEAD KEY REST "\"not_before\":\"2026-01-01T00:00:00Z\"}]}",
		    CS_MALFORMED },
		{ "the end before the start",
		    HEAD KEY REST
		    "\"not_before\":\"2027-01-01T00:00:00Z\",\"not_after\":\"2026-01-01T00:00:00Z\""
		    "}]}",
		    CS_MALFORMED },
		{ "an unknown member of a key", HEAD KEY REST TIMES ",\"distrusted\":true}]}",
		    CS_MALFORMED },
		{ "distrusted from no time", HEAD KEY REST TIMES ",\"distrusted_at\":null}]}",
		    CS_MALFORMED },
		{ "distrusted",
		    HEAD KEY REST TIMES ",\"distrusted_at\":\"2026-11-23T00:00:00Z\"}]}", CS_OK },
		{ "a service that hides a line on a terminal",
		    HEAD "{\"keyid\":\"%1$s\",\"public\":\"%2$s\","
			 "\"service\":\"policy\\u001b[1A\\u001b[2K\"," REST TIMES "}]}",
		    CS_MALFORMED },
		{ "a service that looks like more than one",
		    HEAD "{\"keyid\":\"%1$s\",\"public\":\"%2$s\","
			 "\"service\":\"policy signer\"," REST TIMES "}]}",
		    CS_MALFORMED },
		{ "the id of another key",
		    HEAD "{\"keyid\":\"00000000000000000000000000000000\",\"public\":\"%2$s\","
			 "\"service\":\"policy\"," REST TIMES "}]}%1$.0s",
		    CS_MALFORMED },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cs_buf buf = cs_buf_new(c->arena);

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		cs_buf_printf(&buf, cases[i].payload, id, key);
#pragma GCC diagnostic pop
		const char *payload = (const char *)cs_buf_span(&buf).data;
		enum cs_code code = load_payload(c, payload, payload);
		if (code != cases[i].want)
			fail_msg("%s: got %s", cases[i].name, cs_code_name(code));
	}
}

static void
approvers_are_distinct_persons(void **state)
{
	struct fake_claims *c = *state;
	struct cs_span file = fake_claims_read(c, c->approvers_path);
	const char *good = cs_arena_strndup(c->arena, (const char *)file.data, file.len);
	const char *ann = strstr(good, "ann ") + 4, *bob = strstr(good, "bob ") + 4;
	struct {
		const char *name, *file;
		enum cs_code want;
	} cases[] = {
		{ "two", good, CS_OK },
		{ "without a line end", cs_arena_printf(c->arena, "ann %.44s\nbob %.44s", ann, bob),
		    CS_OK },
		{ "one person with two keys",
		    cs_arena_printf(c->arena, "ann %.44s\nann %.44s\n", ann, bob), CS_MALFORMED },
		{ "one key under two names",
		    cs_arena_printf(c->arena, "ann %.44s\nbob %.44s\neve %.44s\n", ann, bob, ann),
		    CS_MALFORMED },
		{ "a key too short", cs_arena_printf(c->arena, "ann %.40s\n", ann), CS_MALFORMED },
		{ "no name", cs_arena_printf(c->arena, " %.44s\n", ann), CS_MALFORMED },
		{ "only one of them", cs_arena_printf(c->arena, "ann %.44s\n", ann), CS_MALFORMED },
		{ "nobody", "", CS_MALFORMED },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fake_claims_write(c->approvers_path, cases[i].file, strlen(cases[i].file));
		enum cs_code code = load(c);
		if (code != cases[i].want)
			fail_msg("%s: got %s", cases[i].name, cs_code_name(code));
	}
}

static void
missing_files_are_said_to_be_missing(void **state)
{
	struct fake_claims *c = *state;
	struct claim_trust *trust;

	assert_int_equal(
	    claim_trust_load("/nonexistent/t", c->approvers_path, &trust, NULL), CS_NOT_FOUND);
	assert_int_equal(
	    claim_trust_load(c->trust_path, "/nonexistent/a", &trust, NULL), CS_NOT_FOUND);
}

/* What is signed otherwise than in an envelope goes by the same rules. */
static void
a_key_is_given_for_what_it_may_state_then(void **state)
{
	struct fake_claims *c = *state;
	const struct claim_trust_row *row;
	uint8_t public_key[32] = { 0 };

	for (size_t i = 0; i < 4; i++)
		c->rows[i].distrusted_at_ms = FAKE_NOW + 5;
	assert_int_equal(fake_claims_reload(c, FAKE_ANN, FAKE_BOB, NULL), CS_OK);
	assert_int_equal(claim_trust_rows(c->trust, &row), 4);
	const char *word = row->states.items[0];

#define GIVES(code, state_word, at, now) \
	assert_int_equal(                \
	    claim_trust_key(c->trust, row->keyid, state_word, at, now, public_key, NULL), code)
	GIVES(CS_OK, word, FAKE_NOW, FAKE_NOW);
	assert_memory_equal(public_key, row->public_key, sizeof(public_key));
	GIVES(CS_MALFORMED, "audit-head", FAKE_NOW, FAKE_NOW);
	GIVES(CS_MALFORMED, word, row->not_before_ms - 1, FAKE_NOW);
	GIVES(CS_MALFORMED, word, FAKE_NOW, row->not_after_ms + 1);
	GIVES(CS_MALFORMED, word, FAKE_NOW, FAKE_NOW + 5);
	GIVES(CS_MALFORMED, word, FAKE_NOW + 5001, FAKE_NOW);
	assert_int_equal(
	    claim_trust_key(c->trust, "00", word, FAKE_NOW, FAKE_NOW, public_key, NULL),
	    CS_MALFORMED);
}

/* Another octet, another table: also where it means the same. */
static void
a_table_is_known_by_its_files(void **state)
{
	struct fake_claims *c = *state;
	uint8_t table[2][CLAIM_DIGEST], approvers[2][CLAIM_DIGEST];

	for (int i = 0; i < 2; i++) {
		c->rows[0].not_after_ms += i;
		assert_int_equal(fake_claims_reload(c, FAKE_ANN, FAKE_BOB, NULL), CS_OK);
		assert_int_equal(claim_trust_identity(c->trust, table[i], approvers[i]), 3);
	}
	assert_memory_not_equal(table[0], table[1], CLAIM_DIGEST);
	assert_memory_equal(approvers[0], approvers[1], CLAIM_DIGEST);
	assert_memory_not_equal(table[0], approvers[0], CLAIM_DIGEST);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_claims_setup, fake_claims_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_table_survives_a_round_trip),
		TEST(two_distinct_approvers_must_sign),
		TEST(a_changed_table_is_refused),
		TEST(only_the_signed_payload_counts),
		TEST(tables_are_read_strictly),
		TEST(approvers_are_distinct_persons),
		TEST(missing_files_are_said_to_be_missing),
		TEST(a_key_is_given_for_what_it_may_state_then),
		TEST(a_table_is_known_by_its_files),
	};

	return cmocka_run_group_tests_name("trust", tests, NULL, NULL);
}
