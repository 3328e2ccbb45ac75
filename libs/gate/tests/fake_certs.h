/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake_certs.h: an issuing CA, keys of every kind, and verdicts of every profile as the gate would give
 * them, so that certificates can be built without a request.
 */
#ifndef GATE_FAKE_CERTS_H
#define GATE_FAKE_CERTS_H

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */

#include "gate/tbs.h"
#include "pki/issuer.h"

#define CERTS_NOW INT64_C(1795437296789) /* 2026-11-23 */

enum certs_identity { CERTS_NAMED, CERTS_PSEUDONYM, CERTS_SHORT };

struct certs {
	struct cs_arena *arena;
	struct pki_issuer *root, *issuing;
	struct gate_ca ca;
	char *root_pem, *issuing_pem;
};

struct certs_key {
	const char *name; /* "p256" */
	enum smime_key kind;
	struct cs_span spki;
};
extern const struct certs_key certs_keys[];
extern const size_t certs_n_keys;

int certs_open(void **state); /* cmocka's group setup and teardown */
int certs_close(void **state);

/*
 * A complete verdict: two mailboxes, two domains, 365 days.  Of identity whatever the type is about:
 * everything with a name, everything with a pseudonym, or only what must be.
 */
void
certs_verdict(struct certs *certs, const struct smime_profile *profile, const struct certs_key *key,
    enum claim_key_use use, enum certs_identity identity, struct gate_verdict *ret);
/* Prepared, linted, signed, assembled.  Fails the test when anything refuses. */
struct cs_span certs_issue(struct certs *certs, const struct gate_verdict *v);
/* Only prepared. */
struct cs_span certs_tbs(struct certs *certs, const struct gate_verdict *v);
/* The choice of all of them: serial and notBefore. */
struct gate_choice certs_choice(void);

#endif
