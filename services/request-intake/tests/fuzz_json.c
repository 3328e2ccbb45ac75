/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies from strangers, up to the CSR: nothing may crash, and a refusal always says why. */
#include <string.h>

#include "draft.h"
#include "json.h"
#include "problem.h"
#include "smime/domain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct smime_psl *psl;
	struct cs_arena *arena = cs_arena_new();
	struct draft draft = { 0 };
	struct cs_refusal why = { 0 };
	struct cs_err err = { 0 };
	const char *token = NULL;

	if (!psl && smime_psl_load(NULL, &psl, &err))
		return 0;
	const struct draft_rules rules = {
		.psl = psl, .agreement = "v1", .allow_example_names = true
	};

	draft_read(arena, &rules, cs_span_of(data, size), &draft);
	cs_assert(draft.status == 0 || (draft.why.code && draft.why.text && draft.why.mend));
	if (draft.status != 0)
		(void)problem_write(arena, draft.status, &draft.why);
	cs_assert(json_read_token(arena, cs_span_of(data, size), &token, &why) || why.code);
	cs_assert(json_read_nothing(arena, cs_span_of(data, size), &why) || why.code);
	cs_arena_free(arena);
	return 0;
}
