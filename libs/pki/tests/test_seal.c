/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "check.h"
#include "pki/seal.h"

#define BEGIN "-----BEGIN PRIVATE KEY-----\n"
#define END "\n-----END PRIVATE KEY-----\n"
/* RFC 9180 A.2.1: the recipient's key, as openssl writes it, and the sender's. */
static const char recipient_hex[] =
    "8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb";
static const char recipient_public_hex[] =
    "4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a";
static const char sender_hex[] = "f4ec9b33b792c372c1d2c2063507b684ef925b8c75a42dbcbf57d63ccd381600";
/* enc, then ct of sequence number 0. */
static const char sealed_hex[] = "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a"
				 "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db"
				 "21993c62ce81883d2dd1b51a28";
#define PLAIN "Beauty is truth, truth beauty"

struct world {
	char path[64], file[96];
	struct cs_arena *arena;
	struct pki_seal_key *key;
	struct pki_seal_bound bound;
	struct cs_span sealed; /* of the RFC; a copy that a test may change */
};

static void
put(const char *path, const char *text, mode_t mode)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(path, mode), 0);
}

static const char *
pem_of(struct cs_arena *arena, const char *hex)
{
	uint8_t der[48] = { 0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e,
		0x04, 0x22, 0x04, 0x20 };

	assert_true(cs_hex_decode(hex, der + 16, 32));
	return cs_arena_printf(
	    arena, "%s%s%s", BEGIN, cs_base64(arena, cs_span_of(der, sizeof(der))), END);
}

static int
make_world(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	static uint8_t sealed[sizeof(sealed_hex) / 2];
	struct cs_err err;

	assert_non_null(world);
	world->arena = cs_arena_new();
	snprintf(world->path, sizeof(world->path), "/tmp/test_seal.XXXXXX");
	assert_non_null(mkdtemp(world->path));
	snprintf(world->file, sizeof(world->file), "%s/key.pem", world->path);
	put(world->file, pem_of(world->arena, recipient_hex), 0600);
	assert_int_equal(pki_seal_key_load(world->file, &world->key, &err), CS_OK);
	world->bound =
	    (struct pki_seal_bound){ cs_span_str("Ode on a Grecian Urn"), cs_span_str("Count-0") };
	assert_true(cs_hex_decode(sealed_hex, sealed, sizeof(sealed)));
	world->sealed = cs_span_of(sealed, sizeof(sealed));
	*state = world;
	return 0;
}

static int
drop_world(void **state)
{
	struct world *world = *state;

	pki_seal_key_free(world->key);
	unlink(world->file);
	rmdir(world->path);
	cs_arena_free(world->arena);
	free(world);
	return 0;
}

static bool
opens(const struct world *world, const struct pki_seal_bound *bound, struct cs_span sealed)
{
	uint8_t plain[256];
	size_t len = 0;

	if (!pki_unseal(world->key, bound, sealed, plain, &len))
		return false;
	assert_true(cs_span_is(cs_span_of(plain, len), PLAIN));
	return true;
}

static void
opens_what_rfc_9180_sealed(void **state)
{
	struct world *world = *state;

	assert_true(opens(world, &world->bound, world->sealed));
}

static void
seals_as_rfc_9180_does(void **state)
{
	struct world *world = *state;
	uint8_t public_key[32], want_public[32], sender[32];
	struct cs_span sealed;

	pki_seal_key_public(world->key, public_key);
	assert_true(cs_hex_decode(recipient_public_hex, want_public, 32));
	assert_memory_equal(public_key, want_public, 32);
	assert_true(cs_hex_decode(sender_hex, sender, 32));
	assert_true(
	    pki_seal(world->arena, public_key, sender, &world->bound, cs_span_str(PLAIN), &sealed));
	assert_string_equal(cs_hex(world->arena, sealed), sealed_hex);
}

static void
one_changed_bit_anywhere_opens_nothing(void **state)
{
	struct world *world = *state;
	uint8_t changed[sizeof(sealed_hex) / 2];

	for (size_t i = 0; i < world->sealed.len; i++) {
		memcpy(changed, world->sealed.data, world->sealed.len);
		changed[i] ^= 1;
		if (opens(world, &world->bound, cs_span_of(changed, world->sealed.len)))
			fail_msg("opened although octet %zu was changed", i);
	}
}

static void
a_part_opens_nothing(void **state)
{
	struct world *world = *state;

	for (size_t len = 0; len < world->sealed.len; len++)
		if (opens(world, &world->bound, cs_span_of(world->sealed.data, len)))
			fail_msg("opened although only %zu octets were left", len);
}

static void
bound_to_something_else_opens_nothing(void **state)
{
	struct world *world = *state;
	const struct pki_seal_bound bounds[] = {
		{ cs_span_str("Ode on a Grecian Urns"), world->bound.aad },
		{ cs_span_str(""), world->bound.aad },
		{ world->bound.info, cs_span_str("Count-1") },
		{ world->bound.info, cs_span_str("") },
		{ world->bound.aad, world->bound.info },
	};

	for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++)
		if (opens(world, &bounds[i], world->sealed))
			fail_msg("opened with other bounds, row %zu", i);
}

static void
another_key_opens_nothing(void **state)
{
	struct world *world = *state;
	const char *path = cs_arena_printf(world->arena, "%s/other.pem", world->path);
	struct pki_seal_key *other, *own = world->key;
	struct cs_err err;

	assert_int_equal(pki_seal_key_generate(path, &err), CS_OK);
	assert_int_equal(pki_seal_key_load(path, &other, &err), CS_OK);
	unlink(path);
	world->key = other;
	const bool opened = opens(world, &world->bound, world->sealed);

	world->key = own;
	pki_seal_key_free(other);
	assert_false(opened);
}

static void
nothing_is_sealed_to_a_key_of_small_order(void **state)
{
	struct world *world = *state;
	const uint8_t zero[32] = { 0 }, one[32] = { 1 }, random[32] = { 7 };
	uint8_t public_key[32];
	struct cs_span sealed;

	assert_false(
	    pki_seal(world->arena, zero, random, &world->bound, cs_span_str(PLAIN), &sealed));
	assert_false(
	    pki_seal(world->arena, one, random, &world->bound, cs_span_str(PLAIN), &sealed));
	pki_seal_key_public(world->key, public_key);
	assert_true(
	    pki_seal(world->arena, public_key, random, &world->bound, cs_span_str(PLAIN), &sealed));
	assert_true(opens(world, &world->bound, sealed));
}

static void
an_empty_secret_can_be_sealed(void **state)
{
	struct world *world = *state;
	const uint8_t random[32] = { 9 };
	uint8_t public_key[32], plain[1];
	struct cs_span sealed;
	size_t len = 1;

	pki_seal_key_public(world->key, public_key);
	assert_true(pki_seal(
	    world->arena, public_key, random, &world->bound, (struct cs_span){ NULL, 0 }, &sealed));
	assert_int_equal(sealed.len, PKI_SEAL_OVER);
	assert_true(pki_unseal(world->key, &world->bound, sealed, plain, &len));
	assert_int_equal(len, 0);
}

static void
refuses_files_that_are_no_such_key(void **state)
{
	struct world *world = *state;
	struct pki_seal_key *key;
	struct cs_err err;
	const struct {
		const char *name, *text;
		mode_t mode;
	} cases[] = {
		{ "readable by others", pem_of(world->arena, recipient_hex), 0604 },
		{ "an Ed25519 key",
		    BEGIN "MC4CAQAwBQYDK2VwBCIEIEzNCJso/5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7" END,
		    0600 },
		{ "something after it",
		    cs_arena_printf(world->arena, "%sx", pem_of(world->arena, recipient_hex)),
		    0600 },
		{ "nothing", "", 0600 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put(world->file, cases[i].text, cases[i].mode);
		if (pki_seal_key_load(world->file, &key, &err) != CS_MALFORMED)
			fail_msg("%s was taken", cases[i].name);
	}
	assert_int_equal(pki_seal_key_generate(world->file, &err), CS_CONFLICT);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_world, drop_world)
	const struct CMUnitTest tests[] = {
		TEST(opens_what_rfc_9180_sealed),
		TEST(seals_as_rfc_9180_does),
		TEST(one_changed_bit_anywhere_opens_nothing),
		TEST(a_part_opens_nothing),
		TEST(bound_to_something_else_opens_nothing),
		TEST(another_key_opens_nothing),
		TEST(nothing_is_sealed_to_a_key_of_small_order),
		TEST(an_empty_secret_can_be_sealed),
		TEST(refuses_files_that_are_no_such_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
