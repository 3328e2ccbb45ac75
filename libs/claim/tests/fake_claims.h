/* SPDX-License-Identifier: Apache-2.0 */
/* fake_claims.h: keys in a directory of their own, a trust table, and one good statement of each sort. */
#ifndef CLAIM_FAKE_CLAIMS_H
#define CLAIM_FAKE_CLAIMS_H

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */

#include "claim/claim.h"

#define FAKE_NOW INT64_C(1795437296789)

enum fake_key {
	FAKE_ANN,
	FAKE_BOB,
	FAKE_INTAKE,
	FAKE_POLICY,
	FAKE_CAA,
	FAKE_REMOTE,
	FAKE_STRANGER
};
#define FAKE_KEYS 7

struct fake_claims {
	struct cs_arena *arena;
	char dir[64], trust_path[80], approvers_path[80];
	struct claim_key *keys[FAKE_KEYS];
	struct claim_trust *trust;
	struct claim_trust_row rows[4]; /* intake, policy, caa, remote */

	struct claim_request request;
	struct claim_approval approval;
	struct claim_check checks[2];
	struct claim_plan plan;
	struct claim_lookup lookup;
	struct claim_perspective_result perspective;
	struct claim_evidence evidence;
	struct claim_perspective_answer answer;
};

/* For cmocka: *state becomes a struct fake_claims. */
int fake_claims_setup(void **state);
int fake_claims_teardown(void **state);
/* Writes the rows as they are now, signed by these, and loads them: what claim_trust_load said. */
enum cs_code fake_claims_reload(
    struct fake_claims *claims, enum fake_key first, enum fake_key second, struct cs_err *err);
/* A file of the directory, for tests that write their own. */
void fake_claims_write(const char *path, const void *data, size_t len);
struct cs_span fake_claims_read(struct fake_claims *claims, const char *path);

#endif
