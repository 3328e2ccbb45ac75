/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies from strangers, up to the CSR: nothing may crash, and a refusal always says why. */
#include <string.h>

#include "draft.h"
#include "json.h"
#include "notes.h"
#include "password.h"
#include "problem.h"
#include "report_draft.h"
#include "smime/domain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Bodies about a certificate that exists. */
static void
later(struct cs_arena *arena, const struct draft_rules *rules, struct cs_span in)
{
	static const struct cs_id previous = { { 1 } };
	static const uint8_t secret[32] = { 7 };
	struct report_reading report = { 0 };
	struct report_decision decision = { 0 };
	struct json_revoke revoke = { 0 };
	struct draft draft = { 0 };
	struct cs_refusal why = { 0 };
	struct cs_err err = { 0 };
	const char *text = NULL;

	for (enum claim_request_kind kind = CLAIM_RENEWAL; kind <= CLAIM_REISSUE; kind++) {
		draft_read_follow(arena, rules, kind, previous, in, &draft);
		cs_assert(draft.status == 0 || (draft.why.code && draft.why.mend));
	}
	cs_assert(json_read_revoke(arena, in, &revoke, &why) || why.code);
	report_read(arena, secret, in, INT64_C(1800000000000), &report);
	cs_assert(report.status == 0 || (report.why.code && report.why.field));
	cs_assert(report.draft.proof.len == 0); /* nobody guesses our challenge */
	cs_assert(report_read_decision(arena, in, &decision, &why) || why.code);
	cs_assert(json_read_answer(arena, in, &text, &why) || why.code);
	(void)!note_read_spec(arena, in, &text, &err);
}

/* Bodies of people who log in. */
static void
people(struct cs_arena *arena, struct cs_span in)
{
	struct json_login login = { 0 };
	struct json_password password = { 0 };
	struct cs_refusal why = { 0 };

	cs_assert(json_read_login(arena, in, &login, &why) || why.code);
	cs_assert(!login.password || (login.enterprise && login.account));
	if (!json_read_password(arena, in, &password, &why)) {
		cs_assert(why.code);
		return;
	}
	cs_assert(password_good(arena, password.new_password, "demo",
		      password.invitation ? password.invitation : "", &why) ||
		  (why.code && why.text && why.mend));
}

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
	later(arena, &rules, cs_span_of(data, size));
	people(arena, cs_span_of(data, size));
	cs_assert(json_read_nothing(arena, cs_span_of(data, size), &why) || why.code);
	cs_arena_free(arena);
	return 0;
}
