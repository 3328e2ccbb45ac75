/* SPDX-License-Identifier: Apache-2.0 */
/* What the signer reads beside signed statements: questions, orders, results. */
#include "crls.h"
#include "sign.h"
#include "wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t key[32] = { 1 };
	struct cs_arena *arena = cs_arena_new();
	const struct cs_span in = cs_span_of(data, size);
	const struct cs_id id = { { 2 } };
	struct wire_plan_refused refused;
	struct crls_order list;
	struct wire_crl_ask ask;
	struct wire_stop stop;
	struct sign_order order;
	struct sign_result result;

	if (wire_read_stop(arena, in, &stop, NULL) == CS_OK)
		cs_assert(stop.enterprise[0] != '\0' && stop.account[0] != '\0');
	if (wire_read_plan_refused(arena, in, &refused, NULL) == CS_OK)
		cs_assert(refused.code[0] != '\0');
	if (wire_read_crl_ask(arena, in, &ask, NULL) == CS_OK)
		cs_assert(ask.issuer[0] != '\0' && ask.number >= 0);
	if (wire_read_crls_ask(arena, in, NULL) == CS_OK)
		cs_assert(in.len < 4097);
	cs_assert(!crls_read_order(cs_span_of(key, sizeof(key)), id, in, &list));
	/* Nobody guesses a seal. */
	cs_assert(!sign_read_order(cs_span_of(key, sizeof(key)), id, in, &order));
	if (sign_read_result(in, &result, NULL) == CS_OK)
		cs_assert(cs_span_equal(in, sign_write_result(arena, &result)));
	cs_arena_free(arena);
	return 0;
}
