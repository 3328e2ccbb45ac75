/* SPDX-License-Identifier: Apache-2.0 */
/* fake_key.h: a private key that a test holds, and requests (PKCS#10) that it signs. */
#ifndef INTAKE_TESTS_FAKE_KEY_H
#define INTAKE_TESTS_FAKE_KEY_H

#include "base/arena.h"

struct fake_key;

struct fake_key *fake_key_new(struct cs_arena *arena);
void fake_key_free(struct fake_key *key); /* takes NULL */
void fake_key_sha256(const struct fake_key *key, uint8_t ret_spki_sha256[static 32]);
/* Base64 of the DER; `more`: another attribute stands beside the common name. */
const char *
fake_key_csr(struct cs_arena *arena, struct fake_key *key, const char *common_name, bool more);

#endif
