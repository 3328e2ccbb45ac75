/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/audit.h"
#include "base/text.h"
#include "pki/ed25519.h"
#include "pki/hash.h"

#define SIZES 200

/* ---- vectors that implementations of Certificate Transparency share ---- */

static const char *const vector_leaves[] = { "", "00", "10", "2021", "3031", "40414243",
	"5051525354555657", "606162636465666768696a6b6c6d6e6f" };
static const char *const vector_roots[] = {
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
	"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
	"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
	"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
	"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
	"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
	"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
	"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};
#define VECTORS (sizeof(vector_leaves) / sizeof(vector_leaves[0]))

static void
hash_octets(struct cs_span octets, uint8_t ret[static AUDIT_HASH])
{
	static const uint8_t zero[1];
	const struct cs_span parts[] = { { zero, 1 }, octets };

	pki_sha256_parts(parts, 2, ret);
}

static void
make_vectors(uint8_t leaves[VECTORS][AUDIT_HASH])
{
	for (size_t i = 0; i < VECTORS; i++) {
		uint8_t octets[32];
		const size_t len = strlen(vector_leaves[i]) / 2;

		assert_true(cs_hex_decode(vector_leaves[i], octets, len));
		hash_octets(cs_span_of(octets, len), leaves[i]);
	}
}

static void
expect_hex(const uint8_t hash[static AUDIT_HASH], const char *want)
{
	char have[2 * AUDIT_HASH + 1];

	cs_hex_encode(cs_span_of(hash, AUDIT_HASH), have);
	assert_string_equal(have, want);
}

static void
roots_are_those_of_certificate_transparency(void **state)
{
	uint8_t leaves[VECTORS][AUDIT_HASH], root[AUDIT_HASH];
	struct audit_tree tree = { 0 };

	(void)state;
	make_vectors(leaves);
	for (size_t size = 0; size <= VECTORS; size++) {
		audit_root(leaves[0], size, root);
		expect_hex(root, vector_roots[size]);
		audit_tree_root(&tree, root);
		expect_hex(root, vector_roots[size]);
		if (size < VECTORS)
			audit_tree_add(&tree, leaves[size]);
	}
}

struct vector {
	uint64_t a, b; /* leaf (from 0) and size, or older and size */
	const char *hashes[4];
};

static void
expect_proof(const struct audit_proof *proof, const struct vector *want)
{
	size_t n = 0;

	while (n < 4 && want->hashes[n] != NULL)
		n++;
	assert_int_equal(proof->n, n);
	for (size_t i = 0; i < n; i++)
		expect_hex(proof->hashes[i], want->hashes[i]);
}

static void
proofs_are_those_of_certificate_transparency(void **state)
{
	static const struct vector inclusion[] = {
		{ 0, 1, { 0 } },
		{ 0, 8,
		    { "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
			"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
			"6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4" } },
		{ 5, 8,
		    { "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
			"ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
			"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7" } },
		{ 2, 3, { "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125" } },
		{ 1, 5,
		    { "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
			"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
			"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b" } },
	};
	static const struct vector growth[] = {
		{ 1, 1, { 0 } },
		{ 1, 8,
		    { "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
			"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
			"6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4" } },
		{ 6, 8,
		    { "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
			"ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
			"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7" } },
		{ 2, 5,
		    { "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
			"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b" } },
	};
	uint8_t leaves[VECTORS][AUDIT_HASH];
	struct audit_proof proof;

	(void)state;
	make_vectors(leaves);
	for (size_t i = 0; i < sizeof(inclusion) / sizeof(inclusion[0]); i++) {
		audit_prove_leaf(leaves[0], inclusion[i].a, inclusion[i].b, &proof);
		expect_proof(&proof, &inclusion[i]);
	}
	for (size_t i = 0; i < sizeof(growth) / sizeof(growth[0]); i++) {
		audit_prove_growth(leaves[0], growth[i].a, growth[i].b, &proof);
		expect_proof(&proof, &growth[i]);
	}
}

/* ---- properties, for every size ---- */

static uint8_t many[SIZES][AUDIT_HASH], roots[SIZES + 1][AUDIT_HASH];

static int
make_many(void **state)
{
	(void)state;
	for (size_t i = 0; i < SIZES; i++)
		hash_octets(cs_span_of(&i, sizeof(i)), many[i]);
	for (size_t i = 0; i <= SIZES; i++)
		audit_root(many[0], i, roots[i]);
	return 0;
}

/* RFC 6962 2.1 as it is written there. */
static void
root_by_the_book(const uint8_t *leaves, size_t n, uint8_t ret[static AUDIT_HASH])
{
	static const uint8_t one[1] = { 1 };
	uint8_t left[AUDIT_HASH], right[AUDIT_HASH];
	size_t k = 1;

	if (n == 1) {
		memcpy(ret, leaves, AUDIT_HASH);
		return;
	}
	while (2 * k < n)
		k *= 2;
	root_by_the_book(leaves, k, left);
	root_by_the_book(leaves + k * AUDIT_HASH, n - k, right);
	const struct cs_span parts[] = { { one, 1 }, { left, AUDIT_HASH }, { right, AUDIT_HASH } };

	pki_sha256_parts(parts, 3, ret);
}

static void
roots_are_those_of_the_definition(void **state)
{
	uint8_t root[AUDIT_HASH];

	(void)state;
	for (size_t n = 1; n <= SIZES; n++) {
		root_by_the_book(many[0], n, root);
		assert_memory_equal(root, roots[n], AUDIT_HASH);
	}
}

/* What is kept between batches is enough, wherever a batch ends. */
static void
a_tree_grows_on_from_its_peaks(void **state)
{
	uint8_t root[AUDIT_HASH];

	(void)state;
	for (size_t from = 0; from <= SIZES; from++) {
		struct audit_tree tree = { 0 }, again;

		for (size_t i = 0; i < from; i++)
			audit_tree_add(&tree, many[i]);
		assert_true(audit_tree_read(tree.size, audit_tree_peaks(&tree), &again));
		for (size_t i = from; i < SIZES; i++)
			audit_tree_add(&again, many[i]);
		audit_tree_root(&again, root);
		assert_memory_equal(root, roots[SIZES], AUDIT_HASH);
		assert_false(
		    audit_tree_read(from + (from % 2 ? -1 : 1), audit_tree_peaks(&tree), &again));
	}
}

static void
every_leaf_is_proved_and_nothing_else(void **state)
{
	struct audit_proof proof;

	(void)state;
	for (uint64_t size = 1; size <= SIZES; size++)
		for (uint64_t i = 0; i < size; i++) {
			audit_prove_leaf(many[0], i, size, &proof);
			if (!audit_has_leaf(many[i], i, size, &proof, roots[size]))
				fail_msg("leaf %d of %d", (int)i, (int)size);
			assert_false(
			    audit_has_leaf(many[(i + 1) % SIZES], i, size, &proof, roots[size]));
			assert_false(audit_has_leaf(many[i], i, size, &proof, roots[size - 1]));
			if (size > 1)
				assert_false(audit_has_leaf(
				    many[i], (i + 1) % size, size, &proof, roots[size]));
			if (proof.n > 0) {
				proof.hashes[i % proof.n][size % AUDIT_HASH] ^= 1;
				assert_false(audit_has_leaf(many[i], i, size, &proof, roots[size]));
				proof.hashes[i % proof.n][size % AUDIT_HASH] ^= 1;
				proof.n--;
				assert_false(audit_has_leaf(many[i], i, size, &proof, roots[size]));
			}
		}
	assert_false(audit_has_leaf(many[0], 1, 1, &(struct audit_proof){ 0 }, roots[1]));
	assert_false(audit_has_leaf(many[0], 0, 0, &(struct audit_proof){ 0 }, roots[0]));
}

static void
growth_is_proved_and_nothing_else(void **state)
{
	struct audit_proof proof;

	(void)state;
	for (uint64_t size = 1; size <= SIZES; size++)
		for (uint64_t older = 1; older <= size; older++) {
			audit_prove_growth(many[0], older, size, &proof);
			if (!audit_has_grown(older, roots[older], size, roots[size], &proof))
				fail_msg("%d of %d", (int)older, (int)size);
			assert_false(
			    audit_has_grown(older, roots[older - 1], size, roots[size], &proof));
			assert_false(
			    audit_has_grown(older, roots[older], size, roots[size - 1], &proof));
			if (proof.n > 0) {
				proof.hashes[older % proof.n][size % AUDIT_HASH] ^= 1;
				assert_false(audit_has_grown(
				    older, roots[older], size, roots[size], &proof));
				proof.hashes[older % proof.n][size % AUDIT_HASH] ^= 1;
				proof.n--;
				assert_false(audit_has_grown(
				    older, roots[older], size, roots[size], &proof));
			}
		}
	assert_false(audit_has_grown(0, roots[0], 1, roots[1], &(struct audit_proof){ 0 }));
	assert_false(audit_has_grown(2, roots[2], 1, roots[1], &(struct audit_proof){ 0 }));
}

/* ---- records ---- */

static struct audit_record
record(void)
{
	struct audit_record record = {
		.seq = 1, .at_ms = INT64_C(1795437296789), .action = "intent", .detail = "a=b"
	};

	memset(record.request.octets, 7, sizeof(record.request.octets));
	return record;
}

/* Computed by another program: /usr/bin/python3 libs/audit/tests/leaf.py. */
static void
leaves_are_stable(void **state)
{
	const struct audit_record r = record();
	uint8_t leaf[AUDIT_HASH];

	(void)state;
	audit_leaf(&r, leaf);
	expect_hex(leaf, "177f813b4ac42c6b5280b2985391457b3512d50b54de2be362c7ba8d67557c12");
}

static void
every_field_of_a_record_counts(void **state)
{
	const struct audit_record before = record();
	uint8_t was[AUDIT_HASH], is[AUDIT_HASH];

	(void)state;
	audit_leaf(&before, was);
#define EXPECT_OTHER(change)                                  \
	do {                                                  \
		struct audit_record r = record();             \
		change;                                       \
		audit_leaf(&r, is);                           \
		assert_memory_not_equal(was, is, AUDIT_HASH); \
	} while (0)
	EXPECT_OTHER(r.seq++);
	EXPECT_OTHER(r.at_ms++);
	EXPECT_OTHER(r.request.octets[15] ^= 1);
	EXPECT_OTHER(r.action = "issued");
	EXPECT_OTHER(r.detail = "a=c");
	EXPECT_OTHER((r.action = "intenta", r.detail = "=b")); /* an octet moved */
}

/* ---- heads ---- */

static struct pki_ed25519 *
new_key(void)
{
	char dir[] = "/tmp/test-audit-XXXXXX";
	struct pki_ed25519 *key;

	assert_non_null(mkdtemp(dir));
	char path[64];

	(void)snprintf(path, sizeof(path), "%s/key", dir);
	assert_int_equal(pki_ed25519_generate(path, NULL), CS_OK);
	assert_int_equal(pki_ed25519_load(path, &key, NULL), CS_OK);
	(void)unlink(path);
	(void)rmdir(dir);
	return key;
}

static void
a_head_is_signed_as_a_whole(void **state)
{
	struct pki_ed25519 *key = new_key(), *other = new_key();
	struct audit_head head = { .size = 5, .at_ms = 1795437296789 };
	uint8_t public_key[32], another[32];

	(void)state;
	memcpy(head.root, roots[5], AUDIT_HASH);
	pki_ed25519_public(key, public_key);
	pki_ed25519_public(other, another);
	audit_head_sign(key, &head);
	assert_int_equal(strlen(head.keyid), 32);
	assert_true(audit_head_verify(&head, public_key));
	assert_false(audit_head_verify(&head, another));
#define EXPECT_WRONG(change)                                     \
	do {                                                     \
		struct audit_head h = head;                      \
		change;                                          \
		assert_false(audit_head_verify(&h, public_key)); \
	} while (0)
	EXPECT_WRONG(h.size++);
	EXPECT_WRONG(h.at_ms--);
	EXPECT_WRONG(h.root[31] ^= 1);
	EXPECT_WRONG(h.signature[0] ^= 1);
	EXPECT_WRONG(h.keyid[0] ^= 1);
	pki_ed25519_free(key);
	pki_ed25519_free(other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roots_are_those_of_certificate_transparency),
		cmocka_unit_test(proofs_are_those_of_certificate_transparency),
		cmocka_unit_test(roots_are_those_of_the_definition),
		cmocka_unit_test(a_tree_grows_on_from_its_peaks),
		cmocka_unit_test(every_leaf_is_proved_and_nothing_else),
		cmocka_unit_test(growth_is_proved_and_nothing_else),
		cmocka_unit_test(leaves_are_stable),
		cmocka_unit_test(every_field_of_a_record_counts),
		cmocka_unit_test(a_head_is_signed_as_a_whole),
	};

	return cmocka_run_group_tests_name("tree", tests, make_many, NULL);
}
