/* SPDX-License-Identifier: Apache-2.0 */
/* Connectors as clients send them: what is taken is read by services, keeps no secret in clear, and can be put again. */
#include <string.h>

#include "policy_connector.h"

#define NOW INT64_C(1795437296789)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct connector_recipient recipients[] = { { "notifier", { 9 } },
		{ "request-intake", { 9 } } };
	static const uint8_t random[32] = { 1 };
	const struct policy_connector_rules rules = { NOW, false, recipients, 2, random };
	struct cs_arena *arena = cs_arena_new();
	const struct cs_span none = { NULL, 0 }, in = cs_span_of(data, size);
	struct cs_refusal why = { 0 };
	struct cs_span spec, again;
	struct connector connector;

	if (policy_connector_judge(&rules, "demo", "x", none, in, arena, &spec, &why)) {
		cs_assert(connector_read(arena, "demo", "x", spec, &connector, NULL) == CS_OK);
		cs_assert(policy_connector_judge(&rules, "demo", "x", spec,
		    policy_connector_shown(arena, spec), arena, &again, &why));
		cs_assert(cs_span_equal(again, spec));
		(void)policy_connector_status(arena, spec);
		(void)policy_connector_traced(arena, spec);
	} else {
		cs_assert(
		    why.code != NULL && why.field != NULL && why.text != NULL && why.mend != NULL);
	}
	cs_arena_free(arena);
	return 0;
}
