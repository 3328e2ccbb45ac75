/* SPDX-License-Identifier: Apache-2.0 */
/* fake_store.h: store.h in memory, in plain sight. */
#ifndef INTAKE_TESTS_FAKE_STORE_H
#define INTAKE_TESTS_FAKE_STORE_H

#include "store.h"

void fake_store_reset(void);
/* As saved; NULL: not stored. */
const struct intake_request *fake_store_get(struct cs_id id);
size_t fake_store_count(void);
/* The next `n` saves fail with CS_CONFLICT; everything fails with CS_UNAVAILABLE while away. */
void fake_store_conflict(int n);
void fake_store_away(bool away);
size_t fake_store_saves(void);
bool fake_store_is_blocked(const uint8_t spki_sha256[static CLAIM_DIGEST]);
void fake_store_learn(
    const uint8_t spki_sha256[static CLAIM_DIGEST], const char *enterprise, const char *account);

/* Its certificate is for another key from now on. */
void fake_store_set_key(struct cs_id id, const uint8_t spki_sha256[static CLAIM_DIGEST]);

#endif
