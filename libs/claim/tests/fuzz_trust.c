/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The trust table.  The first octet says what the rest is: "f" a whole file, "a" a file of approvers,
 * anything else the payload of a file that both approvers signed.  What is accepted keeps the rules.
 */
#include <string.h>

#include "base/tests/memory_file.h"
#include "base/text.h"
#include "claim/dsse.h"
#include "claim/trust.h"
#include "pki/pem.h"

#define TYPE "application/vnd.countersign.trust.v1+json"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A key whose seed is 32 times the same octet (RFC 8410 7). */
static struct claim_key *
key_of(uint8_t octet)
{
	uint8_t pkcs8[48] = { 0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65,
		0x70, 0x04, 0x22, 0x04, 0x20 };
	struct cs_arena *arena = cs_arena_new();
	struct memory_file file = { 0 };
	struct claim_key *key;

	memset(pkcs8 + 16, octet, 32);
	const char *pem = pki_pem(arena, "PRIVATE KEY", cs_span_of(pkcs8, sizeof(pkcs8)));
	cs_assert(claim_key_load(memory_file(&file, cs_span_str(pem)), &key, NULL) == CS_OK);
	(void)close(file.fd);
	cs_arena_free(arena);
	return key;
}

static void
add_approver(struct cs_buf *out, const char *name, const struct claim_key *key)
{
	uint8_t public_key[32];

	claim_key_public(key, public_key);
	cs_buf_printf(out, "%s %s\n", name, cs_base64(out->arena, cs_span_of(public_key, 32)));
}

static const char *
signature_of(struct cs_arena *arena, const struct claim_key *key, struct cs_span payload)
{
	uint8_t signature[CLAIM_SIGNATURE];

	claim_dsse_sign(arena, key, TYPE, payload, signature);
	return cs_arena_printf(arena, "{\"keyid\":\"%s\",\"sig\":\"%s\"}", claim_key_id(key),
	    cs_base64(arena, cs_span_of(signature, sizeof(signature))));
}

static void
check_row(const struct claim_trust *trust, const struct claim_trust_row *row)
{
	char keyid[CLAIM_KEYID_TEXT];

	claim_keyid(row->public_key, keyid);
	cs_assert(strcmp(row->keyid, keyid) == 0 && claim_trust_find(trust, keyid) == row);
	cs_assert(row->service[0] != '\0' && row->states.n > 0 && row->enterprises.n > 0);
	cs_assert(row->not_before_ms <= row->not_after_ms);
	for (size_t i = 0; i < row->states.n; i++)
		cs_assert(claim_trust_state_known(row->states.items[i]));
}

static void
load(const char *path, const char *approvers_path)
{
	const struct claim_trust_row *rows;
	struct claim_trust *trust;

	if (claim_trust_load(path, approvers_path, &trust, NULL) != CS_OK)
		return;
	const size_t n = claim_trust_rows(trust, &rows);
	cs_assert(claim_trust_version(trust) > 0);
	for (size_t i = 0; i < n; i++)
		check_row(trust, &rows[i]);
	claim_trust_free(trust);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct claim_key *ann, *bob;
	static struct memory_file file, approvers_file;
	struct cs_arena *arena = cs_arena_new();
	struct cs_buf approvers = cs_buf_new(arena);
	const struct cs_span rest = cs_span_of(data + 1, size > 0 ? size - 1 : 0);

	if (!ann) {
		ann = key_of(1);
		bob = key_of(2);
	}
	add_approver(&approvers, "ann", ann);
	add_approver(&approvers, "bob", bob);
	const char *path = memory_file(&file, rest),
		   *approvers_path = memory_file(&approvers_file, cs_buf_span(&approvers));

	if (size > 0 && data[0] == 'f') {
		load(path, approvers_path);
	} else if (size > 0 && data[0] == 'a') {
		load("/dev/null", path);
	} else if (size > 0) {
		const char *sealed = cs_arena_printf(arena,
		    "{\"payloadType\":\"" TYPE "\",\"payload\":\"%s\",\"signatures\":[%s,%s]}",
		    cs_base64(arena, rest), signature_of(arena, ann, rest),
		    signature_of(arena, bob, rest));

		load(memory_file(&file, cs_span_str(sealed)), approvers_path);
	}
	cs_arena_free(arena);
	return 0;
}
