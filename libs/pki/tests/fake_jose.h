/* SPDX-License-Identifier: Apache-2.0 */
/* fake_jose.h: keys of somebody who signs JSON Web Signatures; also for tests of other libraries. */
#ifndef TESTS_FAKE_JOSE_H
#define TESTS_FAKE_JOSE_H

#include <stdbool.h>

#include "base/arena.h"

struct jose_signer;

/* A new key: "RSA", "P-256", "P-384", "P-521"; `bits` of RSA alone. */
struct jose_signer *jose_signer_new(const char *kind, unsigned bits);
void jose_signer_free(struct jose_signer *signer);

/* Its numbers: n and e, or x and y. */
void jose_numbers(struct cs_arena *arena, const struct jose_signer *signer, struct cs_span *ret_a,
    struct cs_span *ret_b);
/* Members of its JSON Web Key: "kty":"EC","crv":"P-256","x":"...","y":"..." */
const char *jose_members(struct cs_arena *arena, const struct jose_signer *signer);
/* `digest`: "SHA256", ...  ECDSA as r and s side by side; `pss` with a salt as long as the digest. */
struct cs_span jose_sign(struct cs_arena *arena, const struct jose_signer *signer, bool pss,
    const char *digest, struct cs_span data);

#endif
