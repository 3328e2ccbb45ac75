/* SPDX-License-Identifier: Apache-2.0 */
/* fake_provider.h: a provider with a key of each kind, which signs whatever it is told to. */
#ifndef TESTS_FAKE_PROVIDER_H
#define TESTS_FAKE_PROVIDER_H

#include "oidc/token.h"

#define FAKE_ISSUER "https://idp.example/realm"
#define FAKE_CLIENT "countersign-1"
#define FAKE_NONCE "n-0S6_WzA2Mj"
#define FAKE_NOW INT64_C(1800000000)
#define FAKE_ASKED (FAKE_NOW - 20)
#define FAKE_MAX_AGE 300

enum fake_key { FAKE_RSA, FAKE_P256, FAKE_P384, FAKE_P521, FAKE_STRANGER, FAKE_KEYS };

struct jose_signer;
struct fake_provider {
	struct cs_arena *arena;
	struct jose_signer *signers[FAKE_KEYS]; /* FAKE_STRANGER: RSA, not published */
	struct oidc_provider provider;
	struct oidc_keys keys; /* named "rsa", "p256", "p384", "p521" */
};
void fake_provider_begin(struct fake_provider *fake);
void fake_provider_end(struct fake_provider *fake);
/* What is asked of tokens, for the claim "sub". */
struct oidc_expected fake_expected(const struct fake_provider *fake);

/* Good claims, but for the member `without`, and with `more` at the end. */
const char *fake_claims(struct cs_arena *arena, const char *without, const char *more);
/* header "." claims "." signature by this key with its own digest. */
struct cs_span fake_token(struct fake_provider *fake, const char *header, const char *claims,
    enum fake_key key, bool pss);
/* The same with other octets for a signature. */
struct cs_span fake_token_with(
    struct fake_provider *fake, const char *header, const char *claims, struct cs_span signature);

#endif
