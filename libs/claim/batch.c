/* SPDX-License-Identifier: Apache-2.0 */
#include "claim/batch.h"

#include <string.h>

#include "claim/wire.h"
#include "pki/hash.h"

#define TYPE "application/vnd.countersign.batch.v1"

struct leaf {
	uint8_t hash[PKI_SHA256];
	struct cs_span octets;     /* its envelope */
	uint8_t *signature, *path; /* in there */
	struct leaf *next;
};

struct claim_batch {
	struct cs_arena *arena;
	const struct claim_key *key;
	struct leaf *first, **tail;
};

/* ---- verifying ---- */

bool
claim_batch_signed(
    struct cs_arena *arena, struct cs_span pae, struct cs_span path, struct cs_span *ret_signed)
{
	uint8_t hash[PKI_SHA256];

	if (path.len != CLAIM_PATH || path.data[0] >= CLAIM_BATCH_PLACES)
		return false;
	pki_merkle_leaf(pae, hash);
	for (size_t level = 0; level < CLAIM_BATCH_LEVELS; level++) {
		const uint8_t *beside = path.data + 1 + level * PKI_SHA256;
		const bool right = path.data[0] >> level & 1;

		pki_merkle_node(right ? beside : hash, right ? hash : beside, hash);
	}
	*ret_signed = claim_dsse_pae(arena, TYPE, cs_span_of(hash, sizeof(hash)));
	return true;
}

/* ---- signing ---- */

/* All levels of a tree: the leaves first, the root last. */
struct tree {
	uint8_t nodes[CLAIM_BATCH_LEVELS + 1][CLAIM_BATCH_PLACES][PKI_SHA256];
};

static void
grow(struct tree *tree, const struct leaf *leaf)
{
	*tree = (struct tree){ 0 };
	for (size_t i = 0; i < CLAIM_BATCH_PLACES && leaf != NULL; i++, leaf = leaf->next)
		memcpy(tree->nodes[0][i], leaf->hash, PKI_SHA256);
	for (size_t level = 0; level < CLAIM_BATCH_LEVELS; level++)
		for (size_t i = 0; i < (size_t)CLAIM_BATCH_PLACES >> (level + 1); i++)
			pki_merkle_node(tree->nodes[level][2 * i], tree->nodes[level][2 * i + 1],
			    tree->nodes[level + 1][i]);
}

static void
fill(const struct leaf *leaf, const struct tree *tree, size_t place,
    const uint8_t signature[static CLAIM_SIGNATURE])
{
	memcpy(leaf->signature, signature, CLAIM_SIGNATURE);
	leaf->path[0] = (uint8_t)place;
	for (size_t level = 0; level < CLAIM_BATCH_LEVELS; level++)
		memcpy(leaf->path + 1 + level * PKI_SHA256, tree->nodes[level][place >> level ^ 1],
		    PKI_SHA256);
}

/* The leaves behind those of this tree. */
static struct leaf *
sign_tree(const struct claim_batch *batch, struct leaf *leaf)
{
	uint8_t signature[CLAIM_SIGNATURE];
	struct tree tree;

	grow(&tree, leaf);
	claim_dsse_sign(batch->arena, batch->key, TYPE,
	    cs_span_of(tree.nodes[CLAIM_BATCH_LEVELS][0], PKI_SHA256), signature);
	for (size_t i = 0; i < CLAIM_BATCH_PLACES && leaf != NULL; i++, leaf = leaf->next)
		fill(leaf, &tree, i, signature);
	return leaf;
}

struct claim_batch *
claim_batch_new(struct cs_arena *arena, const struct claim_key *key)
{
	struct claim_batch *batch = CS_NEW(arena, struct claim_batch);

	*batch = (struct claim_batch){ .arena = arena, .key = key, .tail = &batch->first };
	return batch;
}

void
claim_batch_sign(struct claim_batch *batch)
{
	struct leaf *leaf = batch->first;

	while (leaf != NULL)
		leaf = sign_tree(batch, leaf);
	batch->first = NULL;
	batch->tail = &batch->first;
}

/* `with` NULL: nothing is enclosed. */
static const struct leaf *
add(struct claim_batch *batch, enum claim_statement statement, struct cs_span payload,
    const struct claim_case *with)
{
	static const uint8_t unsigned_yet[CLAIM_PATH];
	struct leaf *leaf = CS_NEW(batch->arena, struct leaf);
	struct claim_envelope envelope = { .payload = payload,
		.type = claim_dsse_type(statement),
		.keyid = claim_key_id(batch->key),
		.signature = cs_span_of(unsigned_yet, CLAIM_SIGNATURE),
		.path = cs_span_of(unsigned_yet, CLAIM_PATH) };

	if (with != NULL) {
		envelope.enclosed[envelope.n_enclosed++] = with->request;
		if (!cs_span_equal(with->request, with->approval))
			envelope.enclosed[envelope.n_enclosed++] = with->approval;
	}
	pki_merkle_leaf(claim_dsse_pae(batch->arena, envelope.type, payload), leaf->hash);
	leaf->octets =
	    claim_wire_open_envelope(batch->arena, &envelope, &leaf->signature, &leaf->path);
	*batch->tail = leaf;
	batch->tail = &leaf->next;
	return leaf;
}

struct cs_span
claim_batch_request(struct claim_batch *batch, const struct claim_request *request)
{
	return add(batch, CLAIM_REQUEST, claim_wire_request(batch->arena, request), NULL)->octets;
}

struct cs_span
claim_batch_approval(struct claim_batch *batch, const struct claim_approval *approval)
{
	return add(batch, CLAIM_APPROVAL, claim_wire_approval(batch->arena, approval), NULL)
	    ->octets;
}

struct cs_span
claim_batch_plan(struct claim_batch *batch, const struct claim_plan *plan)
{
	return add(batch, CLAIM_PLAN, claim_wire_plan(batch->arena, plan), NULL)->octets;
}

struct cs_span
claim_batch_final(struct claim_batch *batch, const struct claim_plan *plan,
    const struct claim_case *with, struct cs_span *ret_plan)
{
	const struct leaf *leaf = add(batch, CLAIM_PLAN, claim_wire_plan(batch->arena, plan), with);

	/* The path is the last of the plan's own octets. */
	*ret_plan =
	    cs_span_of(leaf->octets.data, (size_t)(leaf->path + CLAIM_PATH - leaf->octets.data));
	return leaf->octets;
}
