/* SPDX-License-Identifier: Apache-2.0 */
/* tree.c: RFC 6962 2.1: the tree, its proofs, and whether they hold. */
#include <string.h>

#include "audit/audit.h"
#include "pki/hash.h"

/* ---- as it grows ---- */

void
audit_tree_add(struct audit_tree *tree, const uint8_t leaf[static AUDIT_HASH])
{
	cs_assert(tree->size < UINT64_MAX >> 1);
	memcpy(tree->peaks[tree->n_peaks++], leaf, AUDIT_HASH);
	/* Each 1 at the end of the size is a subtree as large as what was just made: they become one. */
	for (uint64_t bits = tree->size; (bits & 1) != 0; bits >>= 1) {
		tree->n_peaks--;
		pki_merkle_node(tree->peaks[tree->n_peaks - 1], tree->peaks[tree->n_peaks],
		    tree->peaks[tree->n_peaks - 1]);
	}
	tree->size++;
}

void
audit_tree_root(const struct audit_tree *tree, uint8_t ret_root[static AUDIT_HASH])
{
	if (tree->size == 0) {
		pki_sha256(cs_span_str(NULL), ret_root);
		return;
	}
	memcpy(ret_root, tree->peaks[tree->n_peaks - 1], AUDIT_HASH);
	for (size_t i = tree->n_peaks - 1; i > 0; i--)
		pki_merkle_node(tree->peaks[i - 1], ret_root, ret_root);
}

struct cs_span
audit_tree_peaks(const struct audit_tree *tree)
{
	return cs_span_of(tree->peaks, tree->n_peaks * AUDIT_HASH);
}

bool
audit_tree_read(uint64_t size, struct cs_span peaks, struct audit_tree *ret)
{
	*ret = (struct audit_tree){ .size = size, .n_peaks = (size_t)__builtin_popcountll(size) };
	if (size > UINT64_MAX >> 1 || peaks.len != ret->n_peaks * AUDIT_HASH)
		return false;
	if (peaks.len > 0)
		memcpy(ret->peaks, peaks.data, peaks.len);
	return true;
}

/* ---- proofs ---- */

static const uint8_t *
leaf_at(const uint8_t *leaves, uint64_t index)
{
	return leaves + index * AUDIT_HASH;
}

/* The largest power of two below n; n > 1. */
static uint64_t
split(uint64_t n)
{
	return UINT64_C(1) << (63 - __builtin_clzll(n - 1));
}

void
audit_root(const uint8_t *leaves, uint64_t size, uint8_t ret_root[static AUDIT_HASH])
{
	struct audit_tree tree = { 0 };

	for (uint64_t i = 0; i < size; i++)
		audit_tree_add(&tree, leaf_at(leaves, i));
	audit_tree_root(&tree, ret_root);
}

/* The half beside the way down; noted from the top, and turned round at the end: RFC 6962 2.1.1. */
static void
add_half(const uint8_t *leaves, uint64_t from, uint64_t to, struct audit_proof *proof)
{
	cs_assert(proof->n < AUDIT_PATH_MAX);
	audit_root(leaf_at(leaves, from), to - from, proof->hashes[proof->n++]);
}

static void
turn_round(struct audit_proof *proof)
{
	for (size_t i = 0; i < proof->n / 2; i++) {
		uint8_t kept[AUDIT_HASH], *a = proof->hashes[i],
					  *b = proof->hashes[proof->n - 1 - i];

		memcpy(kept, a, AUDIT_HASH);
		memcpy(a, b, AUDIT_HASH);
		memcpy(b, kept, AUDIT_HASH);
	}
}

void
audit_prove_leaf(const uint8_t *leaves, uint64_t index, uint64_t size, struct audit_proof *ret)
{
	uint64_t from = 0, to = size;

	cs_assert(index < size);
	*ret = (struct audit_proof){ 0 };
	while (to - from > 1) {
		const uint64_t middle = from + split(to - from);

		if (index < middle) {
			add_half(leaves, middle, to, ret);
			to = middle;
		} else {
			add_half(leaves, from, middle, ret);
			from = middle;
		}
	}
	turn_round(ret);
}

void
audit_prove_growth(const uint8_t *leaves, uint64_t older, uint64_t size, struct audit_proof *ret)
{
	uint64_t from = 0, to = size;

	cs_assert(older > 0 && older <= size);
	*ret = (struct audit_proof){ 0 };
	/* RFC 6962 2.1.2: down to the subtree that the older tree ends with. */
	while (older != to) {
		const uint64_t middle = from + split(to - from);

		if (older <= middle) {
			add_half(leaves, middle, to, ret);
			to = middle;
		} else {
			add_half(leaves, from, middle, ret);
			from = middle;
		}
	}
	/* The whole older tree is known; a part of it must be told. */
	if (from != 0)
		add_half(leaves, from, to, ret);
	turn_round(ret);
}

/* ---- verified ---- */

bool
audit_has_leaf(const uint8_t leaf[static AUDIT_HASH], uint64_t index, uint64_t size,
    const struct audit_proof *proof, const uint8_t root[static AUDIT_HASH])
{
	uint64_t fn = index, sn = size - 1;
	uint8_t hash[AUDIT_HASH];

	if (index >= size || proof->n > AUDIT_PATH_MAX)
		return false;
	memcpy(hash, leaf, AUDIT_HASH);
	for (size_t i = 0; i < proof->n; i++) {
		if (sn == 0)
			return false;
		if ((fn & 1) != 0 || fn == sn) {
			pki_merkle_node(proof->hashes[i], hash, hash);
			while ((fn & 1) == 0 && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			pki_merkle_node(hash, proof->hashes[i], hash);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && memcmp(hash, root, AUDIT_HASH) == 0;
}

/* The hashes of a proof of growth, the older root before them where the proof leaves it out. */
struct growth {
	const struct audit_proof *proof;
	const uint8_t *first; /* NULL: the proof has it */
};

static const uint8_t *
growth_hash(const struct growth *growth, size_t i)
{
	if (growth->first == NULL)
		return growth->proof->hashes[i];
	return i == 0 ? growth->first : growth->proof->hashes[i - 1];
}

static bool
grows(const struct growth *growth, uint64_t older, uint64_t size,
    uint8_t ret_older[static AUDIT_HASH], uint8_t ret_root[static AUDIT_HASH])
{
	const size_t n = growth->proof->n + (growth->first != NULL);
	uint64_t fn = older - 1, sn = size - 1;

	if (n == 0)
		return false;
	for (; (fn & 1) != 0; fn >>= 1)
		sn >>= 1;
	memcpy(ret_older, growth_hash(growth, 0), AUDIT_HASH);
	memcpy(ret_root, growth_hash(growth, 0), AUDIT_HASH);
	for (size_t i = 1; i < n; i++) {
		const uint8_t *hash = growth_hash(growth, i);

		if (sn == 0)
			return false;
		if ((fn & 1) != 0 || fn == sn) {
			pki_merkle_node(hash, ret_older, ret_older);
			pki_merkle_node(hash, ret_root, ret_root);
			for (; (fn & 1) == 0 && fn != 0; fn >>= 1)
				sn >>= 1;
		} else {
			pki_merkle_node(ret_root, hash, ret_root);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0;
}

bool
audit_has_grown(uint64_t older, const uint8_t older_root[static AUDIT_HASH], uint64_t size,
    const uint8_t root[static AUDIT_HASH], const struct audit_proof *proof)
{
	const bool is_power = (older & (older - 1)) == 0;
	const struct growth growth = { proof, is_power ? older_root : NULL };
	uint8_t have_older[AUDIT_HASH], have_root[AUDIT_HASH];

	if (older == 0 || older > size || proof->n > AUDIT_PATH_MAX)
		return false;
	if (older == size)
		return proof->n == 0 && memcmp(older_root, root, AUDIT_HASH) == 0;
	return grows(&growth, older, size, have_older, have_root) &&
	       memcmp(have_older, older_root, AUDIT_HASH) == 0 &&
	       memcmp(have_root, root, AUDIT_HASH) == 0;
}
