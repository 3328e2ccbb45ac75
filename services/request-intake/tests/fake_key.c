/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_key.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "pki/ed25519.h"
#include "pki/hash.h"

/* An Ed25519 key: what libs/pki signs with without asking what (RFC 8410). */
struct fake_key {
	struct pki_ed25519 *key;
	struct cs_span spki;
};

static const uint8_t algorithm[] = { 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70 };

/* Up to 65,535 octets. */
static struct cs_span
tlv(struct cs_arena *arena, uint8_t tag, struct cs_span body)
{
	const uint8_t head[4] = { tag, 0x82, (uint8_t)(body.len >> 8), (uint8_t)body.len };
	const uint8_t middle[3] = { tag, 0x81, (uint8_t)body.len };
	const uint8_t brief[2] = { tag, (uint8_t)body.len };
	struct cs_buf buf = cs_buf_new(arena);

	if (body.len > 255)
		cs_buf_add(&buf, head, sizeof(head));
	else if (body.len > 127)
		cs_buf_add(&buf, middle, sizeof(middle));
	else
		cs_buf_add(&buf, brief, sizeof(brief));
	cs_buf_add_span(&buf, body);
	return cs_buf_span(&buf);
}

static struct cs_span
join(struct cs_arena *arena, const struct cs_span *parts, size_t n)
{
	struct cs_buf buf = cs_buf_new(arena);

	for (size_t i = 0; i < n; i++)
		cs_buf_add_span(&buf, parts[i]);
	return cs_buf_span(&buf);
}

/* An RDN of one attribute of 2.5.4. */
static struct cs_span
attribute(struct cs_arena *arena, uint8_t arc, const char *value)
{
	const uint8_t oid[5] = { 0x06, 0x03, 0x55, 0x04, arc };
	const struct cs_span parts[] = { cs_span_of(oid, sizeof(oid)),
		tlv(arena, 0x0c, cs_span_str(value)) };

	return tlv(arena, 0x31, tlv(arena, 0x30, join(arena, parts, 2)));
}

/* No bits are unused. */
static struct cs_span
bits(struct cs_arena *arena, struct cs_span octets)
{
	struct cs_buf buf = cs_buf_new(arena);

	cs_buf_add(&buf, "", 1);
	cs_buf_add_span(&buf, octets);
	return tlv(arena, 0x03, cs_buf_span(&buf));
}

struct fake_key *
fake_key_new(struct cs_arena *arena)
{
	char dir[] = "/tmp/test-intake-key-XXXXXX";
	struct fake_key *key = CS_NEW(arena, struct fake_key);
	uint8_t public_key[PKI_ED25519_PUBLIC];
	struct cs_err err;

	cs_assert(mkdtemp(dir) != NULL);
	const char *path = cs_arena_printf(arena, "%s/key", dir);

	cs_assert(pki_ed25519_generate(path, &err) == CS_OK);
	cs_assert(pki_ed25519_load(path, &key->key, &err) == CS_OK);
	(void)unlink(path);
	(void)rmdir(dir);
	pki_ed25519_public(key->key, public_key);
	const struct cs_span parts[] = { cs_span_of(algorithm, sizeof(algorithm)),
		bits(arena, cs_span_of(public_key, sizeof(public_key))) };

	key->spki = tlv(arena, 0x30, join(arena, parts, 2));
	return key;
}

void
fake_key_free(struct fake_key *key)
{
	if (key)
		pki_ed25519_free(key->key);
}

void
fake_key_sha256(const struct fake_key *key, uint8_t ret_spki_sha256[static 32])
{
	pki_sha256(key->spki, ret_spki_sha256);
}

const char *
fake_key_csr(struct cs_arena *arena, struct fake_key *key, const char *common_name, bool more)
{
	static const uint8_t version[3] = { 0x02, 0x01, 0x00 }, attributes[2] = { 0xa0, 0x00 };
	const struct cs_span names[] = { attribute(arena, 3, common_name),
		attribute(arena, 10, "Others") };
	const struct cs_span info[] = { cs_span_of(version, sizeof(version)),
		tlv(arena, 0x30, join(arena, names, more ? 2 : 1)), key->spki,
		cs_span_of(attributes, sizeof(attributes)) };
	struct cs_span whole[3] = { tlv(arena, 0x30, join(arena, info, 4)),
		cs_span_of(algorithm, sizeof(algorithm)), { NULL, 0 } };
	uint8_t signature[PKI_ED25519_SIGNATURE];

	pki_ed25519_sign(key->key, whole[0], signature);
	whole[2] = bits(arena, cs_span_of(signature, sizeof(signature)));
	return cs_base64(arena, tlv(arena, 0x30, join(arena, whole, 3)));
}
