/* SPDX-License-Identifier: Apache-2.0 */
/* argon.c: the call of libargon2. */
#include <argon2.h>
#include <stdlib.h>
#include <string.h>

#include "stretch/stretch.h"

bool
stretch_cost_good(const struct stretch_cost *cost)
{
	return cost->passes >= 1 && cost->passes <= STRETCH_PASSES_MAX &&
	       cost->memory_kib >= STRETCH_MEMORY_MIN_KIB &&
	       cost->memory_kib <= STRETCH_MEMORY_MAX_KIB && cost->lanes >= 1 &&
	       cost->lanes <= STRETCH_LANES_MAX &&
	       cost->passes * cost->memory_kib <= STRETCH_WORK_MAX_KIB;
}

/* Threads stay one: a child may start none, and the result depends on lanes alone. */
static int
call(struct cs_span password, struct cs_span salt, const struct stretch_cost *cost,
    uint8_t ret_proof[static STRETCH_PROOF])
{
	uint8_t secret[STRETCH_PASSWORD_MAX], grain[STRETCH_SALT_MAX];
	argon2_context context = {
		.out = ret_proof,
		.outlen = STRETCH_PROOF,
		.pwd = secret,
		.pwdlen = (uint32_t)password.len,
		.salt = grain,
		.saltlen = (uint32_t)salt.len,
		.t_cost = cost->passes,
		.m_cost = cost->memory_kib,
		.lanes = cost->lanes,
		.threads = 1,
		.version = ARGON2_VERSION_13,
	};

	if (password.len > 0)
		memcpy(secret, password.data, password.len);
	memcpy(grain, salt.data, salt.len);
	const int rc = argon2_ctx(&context, Argon2_id);

	explicit_bzero(secret, sizeof(secret));
	return rc;
}

enum cs_code
stretch_now(struct cs_span password, struct cs_span salt, const struct stretch_cost *cost,
    uint8_t ret_proof[static STRETCH_PROOF], struct cs_err *err)
{
	uint8_t proof[STRETCH_PROOF];

	if (!stretch_cost_good(cost) || password.len > STRETCH_PASSWORD_MAX ||
	    salt.len < STRETCH_SALT_MIN || salt.len > STRETCH_SALT_MAX)
		return cs_fail(err, CS_MALFORMED, "a password cannot be stretched like that");
	const int rc = call(password, salt, cost, proof);

	if (rc != ARGON2_OK)
		return cs_fail(err, CS_UNAVAILABLE, "argon2: %s", argon2_error_message(rc));
	memcpy(ret_proof, proof, sizeof(proof));
	explicit_bzero(proof, sizeof(proof));
	return CS_OK;
}
