/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "check.h"
#include "pki/ed25519.h"
#include "pki/hash.h"

#define BEGIN "-----BEGIN PRIVATE KEY-----\n"
#define END "-----END PRIVATE KEY-----\n"
/* The key of RFC 8032 7.1, test 2, as openssl writes it. */
#define RFC8032 BEGIN "MC4CAQAwBQYDK2VwBCIEIEzNCJso/5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7\n" END

struct dir {
	char path[64], file[96];
};

static int
make_dir(void **state)
{
	struct dir *dir = calloc(1, sizeof(*dir));

	assert_non_null(dir);
	snprintf(dir->path, sizeof(dir->path), "/tmp/test_ed25519.XXXXXX");
	assert_non_null(mkdtemp(dir->path));
	snprintf(dir->file, sizeof(dir->file), "%s/key.pem", dir->path);
	*state = dir;
	return 0;
}

static int
drop_dir(void **state)
{
	struct dir *dir = *state;

	unlink(dir->file);
	rmdir(dir->path);
	free(dir);
	return 0;
}

static void
put(const char *path, const char *text, mode_t mode)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(path, mode), 0);
}

static void
a_generated_key_signs_and_verifies(void **state)
{
	struct dir *dir = *state;
	struct pki_ed25519 *key = NULL;
	struct cs_err err;
	struct stat st;
	uint8_t public_key[32], sig[64], other[64];
	const struct cs_span text = cs_span_str("the words that count");

	assert_int_equal(pki_ed25519_generate(dir->file, &err), CS_OK);
	assert_int_equal(stat(dir->file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(pki_ed25519_load(dir->file, &key, &err), CS_OK);
	pki_ed25519_public(key, public_key);
	pki_ed25519_sign(key, text, sig);
	pki_ed25519_sign(key, text, other);
	assert_memory_equal(sig, other, sizeof(sig)); /* RFC 8032 is deterministic */
	assert_true(pki_ed25519_verify(public_key, text, sig));
	assert_false(pki_ed25519_verify(public_key, cs_span_str("the words that counT"), sig));
	for (size_t bit = 0; bit < 512; bit++) {
		sig[bit / 8] ^= (uint8_t)(1 << (bit % 8));
		assert_false(pki_ed25519_verify(public_key, text, sig));
		sig[bit / 8] ^= (uint8_t)(1 << (bit % 8));
	}
	pki_ed25519_free(key);
}

static void
never_overwrites_a_key(void **state)
{
	struct dir *dir = *state;
	struct cs_err err;

	put(dir->file, "precious", 0600);
	assert_int_equal(pki_ed25519_generate(dir->file, &err), CS_CONFLICT);
}

static void
reads_what_openssl_writes(void **state)
{
	struct dir *dir = *state;
	struct pki_ed25519 *key = NULL;
	struct cs_err err;
	uint8_t public_key[32], sig[64], want[64];

	put(dir->file, RFC8032, 0400);
	assert_int_equal(pki_ed25519_load(dir->file, &key, &err), CS_OK);
	pki_ed25519_public(key, public_key);
	pki_ed25519_sign(key, cs_span_of("\x72", 1), sig);
	assert_true(
	    cs_hex_decode("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
			  "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
		want, 64));
	assert_memory_equal(sig, want, 64);
	assert_true(cs_hex_decode(
	    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", want, 32));
	assert_memory_equal(public_key, want, 32);
	pki_ed25519_free(key);
}

/* One statement has one signature, and a key of small order would sign all of them (RFC 8032 5.1.7, 8.4). */
static void
refuses_what_would_verify_without_a_key(void **state)
{
	static const struct {
		const char *name, *key, *sig;
	} cases[] = {
		/* R and A the neutral element, S 0: the equation holds for every message. */
		{ "A of order 1",
		    "0100000000000000000000000000000000000000000000000000000000000000",
		    "0100000000000000000000000000000000000000000000000000000000000000"
		    "0000000000000000000000000000000000000000000000000000000000000000" },
		{ "A of order 2",
		    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		    "0100000000000000000000000000000000000000000000000000000000000000"
		    "0000000000000000000000000000000000000000000000000000000000000000" },
		/* The signature of RFC 8032 7.1, test 2, with the group's order added to S. */
		{ "S not below the order",
		    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
		    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
		    "f52db7415978abc61b2c2eb6aeebfca0387b2eaeb4302aeeb00d291612bb0c10" },
	};
	const struct cs_span text = cs_span_of("\x72", 1);

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t key[32], sig[64];

		assert_true(cs_hex_decode(cases[i].key, key, sizeof(key)));
		assert_true(cs_hex_decode(cases[i].sig, sig, sizeof(sig)));
		if (pki_ed25519_verify(key, text, sig))
			fail_msg("%s: taken", cases[i].name);
	}
}

static void
refuses_files_that_are_not_a_private_key_of_ours(void **state)
{
	static const struct {
		const char *name, *text;
		mode_t mode;
		enum cs_code want;
	} cases[] = {
		{ "group may read", RFC8032, 0640, CS_MALFORMED },
		{ "everybody may read", RFC8032, 0604, CS_MALFORMED },
		{ "empty", "", 0600, CS_MALFORMED },
		{ "seed too long",
		    BEGIN
		    "MC4CAQAwBQYDK2VwBCIEIEzNCJso/5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7AAAA\n" END,
		    0600, CS_MALFORMED },
		{ "X25519",
		    BEGIN "MC4CAQAwBQYDK2VuBCIEIEzNCJso/5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7\n" END,
		    0600, CS_MALFORMED },
		{ "two keys", RFC8032 RFC8032, 0600, CS_MALFORMED },
	};
	struct dir *dir = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct pki_ed25519 *key = NULL;
		struct cs_err err;

		put(dir->file, cases[i].text, cases[i].mode);
		enum cs_code got = pki_ed25519_load(dir->file, &key, &err);
		if (got != cases[i].want || key != NULL)
			fail_msg("%s: got %s", cases[i].name, cs_code_name(got));
		unlink(dir->file);
	}
	struct cs_err err;
	struct pki_ed25519 *key = NULL;
	assert_int_equal(pki_ed25519_load(dir->file, &key, &err), CS_NOT_FOUND);
	assert_int_equal(pki_ed25519_load(dir->path, &key, &err), CS_MALFORMED);
}

static void
hashes_as_the_standards_say(void **state)
{
	uint8_t got[32], want[32], key[131];

	(void)state;
	pki_sha256(cs_span_str("abc"), got); /* FIPS 180-4 */
	assert_true(cs_hex_decode(
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", want, 32));
	assert_memory_equal(got, want, 32);
	pki_sha256_parts(
	    (struct cs_span[]){ cs_span_str("a"), { NULL, 0 }, cs_span_str("bc") }, 3, got);
	assert_memory_equal(got, want, 32);
	pki_hmac_sha256(cs_span_str("Jefe"), cs_span_str("what do ya want for nothing?"), got);
	assert_true(cs_hex_decode(
	    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", want, 32));
	assert_memory_equal(got, want, 32); /* RFC 4231 4.3 */
	memset(key, 0xaa, sizeof(key));
	pki_hmac_sha256(cs_span_of(key, sizeof(key)),
	    cs_span_str("Test Using Larger Than Block-Size Key - Hash Key First"), got);
	assert_true(cs_hex_decode(
	    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54", want, 32));
	assert_memory_equal(got, want, 32); /* RFC 4231 4.7 */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_generated_key_signs_and_verifies, make_dir, drop_dir),
		cmocka_unit_test_setup_teardown(never_overwrites_a_key, make_dir, drop_dir),
		cmocka_unit_test_setup_teardown(reads_what_openssl_writes, make_dir, drop_dir),
		cmocka_unit_test(refuses_what_would_verify_without_a_key),
		cmocka_unit_test_setup_teardown(
		    refuses_files_that_are_not_a_private_key_of_ours, make_dir, drop_dir),
		cmocka_unit_test(hashes_as_the_standards_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
