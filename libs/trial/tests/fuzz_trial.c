/* SPDX-License-Identifier: Apache-2.0 */
/* Documents of providers, and what a child that was taken over says. */
#include "trial/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is said of any document is an answer that the parent takes. */
static void
comes_through(const struct trial_lines *lines)
{
	struct trial_found found;

	cs_assert(trial_wire_read_answer(lines->arena, trial_wire_answer(lines), &found));
	cs_assert(found.n_seen == lines->n && lines->n > 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_arena *arena = cs_arena_new();
	struct trial_lines oidc = { .arena = arena, .good = true };
	struct trial_lines saml = { .arena = arena, .good = true };
	struct trial_question question;
	struct trial_found found;

	trial_oidc_judge(&oidc, "https://idp.example", cs_span_of(data, size));
	comes_through(&oidc);
	trial_saml_judge(&saml, cs_span_of(data, size), false, 1800000000);
	comes_through(&saml);
	(void)!trial_wire_read_answer(arena, cs_span_of(data, size), &found);
	(void)!trial_wire_read_question(arena, cs_span_of(data, size), &question);
	cs_arena_free(arena);
	return 0;
}
