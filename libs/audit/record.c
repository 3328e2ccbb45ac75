/* SPDX-License-Identifier: Apache-2.0 */
/* record.c: the octets of which a leaf and a head are made.  They are for ever: a new form has a new label. */
#include <string.h>

#include "audit/audit.h"
#include "base/text.h"
#include "pki/ed25519.h"
#include "pki/hash.h"

#define RECORD_LABEL "countersign/audit/v2"
#define HEAD_LABEL "countersign/audit-head/v1"

static void
put_be64(uint8_t out[static 8], uint64_t value)
{
	for (int i = 0; i < 8; i++)
		out[i] = (uint8_t)(value >> (56 - 8 * i));
}

void
audit_leaf(const struct audit_record *record, uint8_t ret_hash[static AUDIT_HASH])
{
	static const uint8_t is_leaf[1] = { 0x00 };
	const struct cs_span action = cs_span_str(record->action);
	const struct cs_span detail = cs_span_str(record->detail);
	uint8_t seq[8], at[8], action_len[8], detail_len[8];
	const struct cs_span parts[] = {
		{ is_leaf, sizeof(is_leaf) },
		{ (const uint8_t *)RECORD_LABEL, sizeof(RECORD_LABEL) },
		{ seq, sizeof(seq) },
		{ at, sizeof(at) },
		{ record->request.octets, sizeof(record->request.octets) },
		{ action_len, sizeof(action_len) },
		action,
		{ detail_len, sizeof(detail_len) },
		detail,
	};

	put_be64(seq, (uint64_t)record->seq);
	put_be64(at, (uint64_t)record->at_ms);
	put_be64(action_len, action.len);
	put_be64(detail_len, detail.len);
	pki_sha256_parts(parts, sizeof(parts) / sizeof(parts[0]), ret_hash);
}

#define HEAD_OCTETS (sizeof(HEAD_LABEL) + 8 + 8 + AUDIT_HASH)

static struct cs_span
head_octets(const struct audit_head *head, uint8_t ret[static HEAD_OCTETS])
{
	uint8_t *at = ret + sizeof(HEAD_LABEL);

	memcpy(ret, HEAD_LABEL, sizeof(HEAD_LABEL));
	put_be64(at, head->size);
	put_be64(at + 8, (uint64_t)head->at_ms);
	memcpy(at + 16, head->root, AUDIT_HASH);
	return cs_span_of(ret, HEAD_OCTETS);
}

static void
keyid_of(const uint8_t public_key[static 32], char ret[static AUDIT_KEYID_TEXT])
{
	uint8_t digest[PKI_SHA256];

	pki_sha256(cs_span_of(public_key, PKI_ED25519_PUBLIC), digest);
	cs_hex_encode(cs_span_of(digest, 16), ret);
}

bool
audit_head_fill(
    struct audit_head *head, struct cs_span root, const char *keyid, struct cs_span signature)
{
	if (root.len != AUDIT_HASH || signature.len != AUDIT_SIGNATURE ||
	    strlen(keyid) != AUDIT_KEYID_TEXT - 1)
		return false;
	memcpy(head->root, root.data, AUDIT_HASH);
	memcpy(head->keyid, keyid, AUDIT_KEYID_TEXT);
	memcpy(head->signature, signature.data, AUDIT_SIGNATURE);
	return true;
}

void
audit_head_sign(const struct pki_ed25519 *key, struct audit_head *head)
{
	uint8_t public_key[PKI_ED25519_PUBLIC], octets[HEAD_OCTETS];

	pki_ed25519_public(key, public_key);
	keyid_of(public_key, head->keyid);
	pki_ed25519_sign(key, head_octets(head, octets), head->signature);
}

bool
audit_head_verify(const struct audit_head *head, const uint8_t public_key[static 32])
{
	char keyid[AUDIT_KEYID_TEXT];
	uint8_t octets[HEAD_OCTETS];

	keyid_of(public_key, keyid);
	return strcmp(keyid, head->keyid) == 0 &&
	       pki_ed25519_verify(public_key, head_octets(head, octets), head->signature);
}
