/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit.h: the audit log of the signer as a Merkle tree (RFC 6962 2.1, the same hashes as Certificate
 * Transparency).  A record is a leaf; a signed head says how many there are and what they are, so that
 * whoever keeps one finds every record that was altered, left out, moved or cut off behind it.
 *
 * Pure but for the two that touch a key; all results lie where the caller says.
 */
#ifndef AUDIT_AUDIT_H
#define AUDIT_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/id.h"
#include "base/span.h"

#define AUDIT_HASH 32
#define AUDIT_PATH_MAX 64 /* hashes of a proof: trees of up to 2^63 records */

struct pki_ed25519;

/* ---- records ---- */

struct audit_record {
	int64_t seq, at_ms;   /* from 1, without gaps; of the decision */
	struct cs_id request; /* or whatever else it is about */
	const char *action;   /* "intent", "issued", ...: services/signer/README.md */
	const char *detail;   /* key=value, separated by spaces */
};

/*
 * SHA-256 over 0x00, then the record: "countersign/audit/v2", NUL, sequence, time, request, length and
 * octets of action and of detail; numbers have eight octets, big endian.
 */
void audit_leaf(const struct audit_record *record, uint8_t ret_hash[static AUDIT_HASH]);

/* ---- the tree as it grows: the roots of its complete subtrees, largest first ---- */

struct audit_tree {
	uint64_t size;
	size_t n_peaks; /* one for each bit of size */
	uint8_t peaks[AUDIT_PATH_MAX][AUDIT_HASH];
};

/* A new tree is all zero.  O(log size) each, no memory but the tree itself. */
void audit_tree_add(struct audit_tree *tree, const uint8_t leaf[static AUDIT_HASH]);
/* Of the empty tree: SHA-256 of nothing. */
void audit_tree_root(const struct audit_tree *tree, uint8_t ret_root[static AUDIT_HASH]);
/* The peaks, one behind the other; what is read again must have as many as the size says. */
struct cs_span audit_tree_peaks(const struct audit_tree *tree); /* borrowed from the tree */
bool audit_tree_read(uint64_t size, struct cs_span peaks, struct audit_tree *ret);

/* ---- proofs, from all leaves ---- */

struct audit_proof {
	size_t n;
	uint8_t hashes[AUDIT_PATH_MAX][AUDIT_HASH];
};

/* `leaves`: hash behind hash; the root of the first `size` of them. */
void audit_root(const uint8_t *leaves, uint64_t size, uint8_t ret_root[static AUDIT_HASH]);
/* That leaf `index` (from 0) is in the tree of the first `size`; index < size. */
void
audit_prove_leaf(const uint8_t *leaves, uint64_t index, uint64_t size, struct audit_proof *ret);
/* That the tree of the first `older` is the start of that of the first `size`; 0 < older <= size. */
void
audit_prove_growth(const uint8_t *leaves, uint64_t older, uint64_t size, struct audit_proof *ret);

/* ---- proofs, verified: RFC 9162 2.1.3.2 and 2.1.4.2, which verify the proofs of RFC 6962 ---- */

bool audit_has_leaf(const uint8_t leaf[static AUDIT_HASH], uint64_t index, uint64_t size,
    const struct audit_proof *proof, const uint8_t root[static AUDIT_HASH]);
bool audit_has_grown(uint64_t older, const uint8_t older_root[static AUDIT_HASH], uint64_t size,
    const uint8_t root[static AUDIT_HASH], const struct audit_proof *proof);

/* ---- signed heads ---- */

#define AUDIT_SIGNATURE 64
#define AUDIT_KEYID_TEXT \
	33 /* lower-case hexadecimal of the first 16 octets of SHA-256(public key) */

struct audit_head {
	uint64_t size;
	uint8_t root[AUDIT_HASH];
	int64_t at_ms;
	char keyid[AUDIT_KEYID_TEXT];
	uint8_t signature[AUDIT_SIGNATURE];
};

/* From what was kept or received; false: one of them has another length. */
bool audit_head_fill(
    struct audit_head *head, struct cs_span root, const char *keyid, struct cs_span signature);
/*
 * Fills key id and signature: Ed25519 over "countersign/audit-head/v1", NUL, size, time, root; numbers
 * have eight octets, big endian.
 */
void audit_head_sign(const struct pki_ed25519 *key, struct audit_head *head);
/* Is the signature this key's?  Whether the key may state heads is the trust table's to say. */
bool audit_head_verify(const struct audit_head *head, const uint8_t public_key[static 32]);

#endif
