/* SPDX-License-Identifier: Apache-2.0 */
/* it_trust.h: a trust table of a version, for tests of stores. */
#ifndef SIGNER_IT_TRUST_H
#define SIGNER_IT_TRUST_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "claim/claim.h"
#include "pki/ed25519.h"

static inline struct claim_key *
it_trust_key(struct cs_arena *arena, const char *dir)
{
	const char *path = cs_arena_printf(arena, "%s/key", dir);
	struct claim_key *key;

	cs_assert(pki_ed25519_generate(path, NULL) == CS_OK);
	cs_assert(claim_key_load(path, &key, NULL) == CS_OK);
	(void)unlink(path);
	return key;
}

/* Signed by two approvers made for it; nothing of it stays on disk. */
static inline struct claim_trust *
it_trust(struct cs_arena *arena, uint32_t version)
{
	char dir[] = "/tmp/it-trust-XXXXXX";
	const char *everyone[] = { "*" }, *states[] = { "plan" };
	struct claim_trust_row row = { .service = "policy",
		.states = { states, 1 },
		.enterprises = { everyone, 1 },
		.not_before_ms = 1,
		.not_after_ms = 2 };
	struct claim_key *approvers[2];
	struct claim_trust *trust;

	cs_assert(mkdtemp(dir) != NULL);
	const char *path = cs_arena_printf(arena, "%s/trust", dir);
	const char *names = cs_arena_printf(arena, "%s/approvers", dir);
	FILE *file = fopen(names, "we");
	cs_assert(file != NULL);
	for (int i = 0; i < 2; i++) {
		approvers[i] = it_trust_key(arena, dir);
		claim_key_public(approvers[i], row.public_key);
		(void)fprintf(file, "approver%d %s\n", i,
		    cs_base64(arena, cs_span_of(row.public_key, sizeof(row.public_key))));
	}
	cs_assert(fclose(file) == 0);
	cs_assert(claim_trust_write(path, version, &row, 1,
		      (const struct claim_key *const *)approvers, 2, NULL) == CS_OK);
	cs_assert(claim_trust_load(path, names, &trust, NULL) == CS_OK);
	for (int i = 0; i < 2; i++)
		claim_key_free(approvers[i]);
	(void)unlink(path);
	(void)unlink(names);
	(void)rmdir(dir);
	return trust;
}

#endif
