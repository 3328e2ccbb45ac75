/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "claim/seen.h"
#include "pki/ed25519.h"

#include <cmocka.h>

struct world {
	struct claim_seen *seen;
	struct pki_ed25519 *key;
	uint8_t public_key[PKI_ED25519_PUBLIC], other_key[PKI_ED25519_PUBLIC];
	uint8_t signature[PKI_ED25519_SIGNATURE];
};

static const struct cs_span said = { (const uint8_t *)"the octets", 10 };

static int
begin(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	char path[] = "/tmp/test_seen-XXXXXX";
	int fd = mkstemp(path);

	assert_non_null(w);
	assert_true(fd >= 0);
	(void)close(fd);
	(void)unlink(path);
	assert_int_equal(pki_ed25519_generate(path, NULL), CS_OK);
	assert_int_equal(pki_ed25519_load(path, &w->key, NULL), CS_OK);
	(void)unlink(path);
	pki_ed25519_public(w->key, w->public_key);
	memset(w->other_key, 7, sizeof(w->other_key));
	pki_ed25519_sign(w->key, said, w->signature);
	w->seen = claim_seen_new();
	*state = w;
	return 0;
}

static int
end(void **state)
{
	struct world *w = *state;

	claim_seen_free(w->seen);
	pki_ed25519_free(w->key);
	free(w);
	return 0;
}

static bool
verify(struct world *w, struct cs_span data)
{
	return claim_seen_verify(w->seen, w->public_key, data, w->signature);
}

static void
a_right_signature_is_right_again(void **state)
{
	for (int i = 0; i < 3; i++)
		assert_true(verify(*state, said));
}

static void
what_was_right_says_nothing_of_other_octets(void **state)
{
	const struct cs_span shorter = { said.data, said.len - 1 };
	const struct cs_span other = { (const uint8_t *)"the octetS", 10 };

	assert_true(verify(*state, said));
	assert_false(verify(*state, shorter));
	assert_false(verify(*state, other));
	assert_true(verify(*state, said));
}

static void
what_was_right_says_nothing_of_another_key(void **state)
{
	struct world *w = *state;

	assert_true(verify(w, said));
	assert_false(claim_seen_verify(w->seen, w->other_key, said, w->signature));
}

static void
what_was_right_says_nothing_of_another_signature(void **state)
{
	struct world *w = *state;

	assert_true(verify(w, said));
	for (size_t i = 0; i < sizeof(w->signature); i += 21) {
		w->signature[i] ^= 1;
		assert_false(verify(w, said));
		assert_false(verify(w, said)); /* a no is no yes the second time */
		w->signature[i] ^= 1;
	}
	assert_true(verify(w, said));
}

/* More than it holds: what had to make place is verified anew, and is right all the same. */
static void
what_was_forgotten_is_verified_anew(void **state)
{
	enum { MORE = CLAIM_SEEN_ROWS * CLAIM_SEEN_WAYS / 8 };
	struct world *w = *state;
	uint8_t octets[2], signature[PKI_ED25519_SIGNATURE];

	assert_true(verify(w, said));
	for (unsigned i = 0; i < MORE; i++) {
		octets[0] = (uint8_t)i;
		octets[1] = (uint8_t)(i >> 8);
		const struct cs_span data = { octets, sizeof(octets) };

		pki_ed25519_sign(w->key, data, signature);
		assert_true(claim_seen_verify(w->seen, w->public_key, data, signature));
		octets[0] ^= 1;
		assert_false(claim_seen_verify(w->seen, w->public_key, data, signature));
	}
	assert_true(verify(w, said));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_right_signature_is_right_again, begin, end),
		cmocka_unit_test_setup_teardown(
		    what_was_right_says_nothing_of_other_octets, begin, end),
		cmocka_unit_test_setup_teardown(
		    what_was_right_says_nothing_of_another_key, begin, end),
		cmocka_unit_test_setup_teardown(
		    what_was_right_says_nothing_of_another_signature, begin, end),
		cmocka_unit_test_setup_teardown(what_was_forgotten_is_verified_anew, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
