/* SPDX-License-Identifier: Apache-2.0 */
/* PEM as it is pasted, and the files of keys, chains and weak keys. */
#include <string.h>

#include "base/tests/memory_file.h"
#include "pki/cert.h"
#include "pki/csr.h"
#include "pki/ed25519.h"
#include "pki/issuer.h"
#include "pki/pem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is in a block is written into one that reads the same. */
static void
blocks(struct cs_arena *arena, struct cs_span text)
{
	const char *label, *again, *why;
	struct cs_span der, same;

	while (pki_pem_next(arena, &text, &label, &der, &why)) {
		struct cs_span ours = cs_span_str(pki_pem(arena, label, der));

		cs_assert(pki_pem_next(arena, &ours, &again, &same, &why));
		cs_assert(strcmp(again, label) == 0 && cs_span_equal(same, der));
	}
}

static void
key_file(const char *path)
{
	const struct cs_span said = cs_span_str("said");
	struct pki_ed25519 *key;
	uint8_t public_key[32], signature[64];

	if (pki_ed25519_load(path, &key, NULL) != CS_OK)
		return;
	pki_ed25519_public(key, public_key);
	pki_ed25519_sign(key, said, signature);
	cs_assert(pki_ed25519_verify(public_key, said, signature));
	pki_ed25519_free(key);
}

static void
weak_list_file(const char *path)
{
	const struct pki_key key = { .bits = 2048 };
	struct pki_weak_list *list;

	if (pki_weak_list_load(path, &list, NULL) != CS_OK)
		return;
	cs_assert(pki_weak_list_version(list)[0] != '\0');
	(void)pki_weak_list_has(list, &key);
	pki_weak_list_free(list);
}

/* The chain is read before the key, which is not there. */
static void
chain_file(const char *path)
{
	const struct pki_issuer_files files = { .key = "/nonexistent", .chain = path };
	struct pki_issuer *issuer;

	cs_assert(pki_issuer_load(&files, &issuer, NULL) != CS_OK);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct memory_file file;
	struct cs_arena *arena = cs_arena_new();
	const struct cs_span text = cs_span_of(data, size);
	const char *path = memory_file(&file, text);
	struct cs_span der;
	uint8_t digest[32];

	blocks(arena, text);
	if (pki_cert_from_pem(arena, text, &der, NULL) == CS_OK)
		cs_assert(der.len > 0);
	(void)!pki_csr_leaked_key(text, digest);
	key_file(path);
	weak_list_file(path);
	chain_file(path);
	cs_arena_free(arena);
	return 0;
}
