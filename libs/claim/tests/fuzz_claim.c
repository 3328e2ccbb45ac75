/* SPDX-License-Identifier: Apache-2.0 */
/* Every reader of claim; what is accepted must be sealed into what reads the same. */
#include <string.h>

#include "claim/claim.h"
#include "claim/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
same(struct cs_span a, struct cs_span b)
{
	cs_assert(cs_span_equal(a, b));
}

/* What was read is written in the canonical order: reading and writing again changes nothing. */
static void
payloads(struct cs_arena *arena, struct cs_span in)
{
	struct claim_request request;
	struct claim_approval approval;
	struct claim_plan plan;
	struct claim_evidence evidence;
	struct claim_perspective_answer answer;
	struct claim_setting setting;
	struct claim_factor_order order;
	struct claim_factor factor;

	if (claim_wire_read_request(arena, in, &request, NULL) == CS_OK) {
		struct cs_span out = claim_wire_request(arena, &request);
		cs_assert(claim_wire_read_request(arena, out, &request, NULL) == CS_OK);
		same(out, claim_wire_request(arena, &request));
	}
	if (claim_wire_read_approval(arena, in, &approval, NULL) == CS_OK) {
		struct cs_span out = claim_wire_approval(arena, &approval);
		cs_assert(claim_wire_read_approval(arena, out, &approval, NULL) == CS_OK);
		same(out, claim_wire_approval(arena, &approval));
	}
	if (claim_wire_read_plan(arena, in, &plan, NULL) == CS_OK) {
		struct cs_span out = claim_wire_plan(arena, &plan);
		cs_assert(claim_wire_read_plan(arena, out, &plan, NULL) == CS_OK);
		same(out, claim_wire_plan(arena, &plan));
	}
	if (claim_wire_read_evidence(arena, in, &evidence, NULL) == CS_OK) {
		struct cs_span out = claim_wire_evidence(arena, &evidence);
		cs_assert(claim_wire_read_evidence(arena, out, &evidence, NULL) == CS_OK);
		same(out, claim_wire_evidence(arena, &evidence));
	}
	if (claim_wire_read_perspective(arena, in, &answer, NULL) == CS_OK) {
		struct cs_span out = claim_wire_perspective(arena, &answer);
		cs_assert(claim_wire_read_perspective(arena, out, &answer, NULL) == CS_OK);
		same(out, claim_wire_perspective(arena, &answer));
	}
	if (claim_wire_read_setting(arena, in, &setting, NULL) == CS_OK) {
		struct cs_span out = claim_wire_setting(arena, &setting);
		cs_assert(claim_wire_read_setting(arena, out, &setting, NULL) == CS_OK);
		same(out, claim_wire_setting(arena, &setting));
	}
	if (claim_wire_read_factor_order(arena, in, &order, NULL) == CS_OK) {
		struct cs_span out = claim_wire_factor_order(arena, &order);
		cs_assert(claim_wire_read_factor_order(arena, out, &order, NULL) == CS_OK);
		same(out, claim_wire_factor_order(arena, &order));
	}
	if (claim_wire_read_factor(arena, in, &factor, NULL) == CS_OK) {
		struct cs_span out = claim_wire_factor(arena, &factor);
		cs_assert(claim_wire_read_factor(arena, out, &factor, NULL) == CS_OK);
		same(out, claim_wire_factor(arena, &factor));
	}
}

/* Its parts lie in what came, the plan at its front, and there is one way to enclose the rest. */
static void
take_apart(struct cs_arena *arena, struct cs_span in)
{
	struct claim_envelope again;
	struct claim_case parts;

	if (claim_take_apart(arena, in, &parts, NULL) != CS_OK)
		return;
	cs_assert(parts.plan.data == in.data && parts.plan.len < in.len);
	cs_assert(claim_wire_read_envelope(arena, parts.plan, &again, NULL) == CS_OK);
	cs_assert(again.n_enclosed == 0);
	cs_assert(parts.request.data > parts.plan.data + parts.plan.len);
	cs_assert(parts.approval.data + parts.approval.len == in.data + in.len);
	again.enclosed[again.n_enclosed++] = parts.request;
	if (!cs_span_equal(parts.request, parts.approval))
		again.enclosed[again.n_enclosed++] = parts.approval;
	const struct cs_span out = claim_wire_envelope(arena, &again);

	cs_assert(out.len == in.len); /* the fields of the plan's own may come in another order */
	same(cs_span_of(in.data + parts.plan.len, in.len - parts.plan.len),
	    cs_span_of(out.data + parts.plan.len, out.len - parts.plan.len));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_arena *arena = cs_arena_new();
	const struct cs_span in = cs_span_of(data, size);
	struct claim_evidence evidence;
	struct claim_asked asked;
	struct claim_perspective_ask ask;
	struct claim_envelope envelope;

	payloads(arena, in);
	if (claim_open_evidence(arena, NULL, in, 0, &evidence, NULL) == CS_OK)
		cs_assert(claim_statement_of(arena, in) == CLAIM_EVIDENCE);
	if (claim_wire_read_envelope(arena, in, &envelope, NULL) == CS_OK)
		payloads(arena, envelope.payload);
	take_apart(arena, in);
	if (claim_read_asked(arena, in, &asked, NULL) == CS_OK)
		(void)claim_write_asked(arena, &asked);
	if (claim_read_perspective_ask(arena, in, &ask, NULL) == CS_OK)
		(void)claim_write_perspective_ask(arena, &ask);
	cs_arena_free(arena);
	return 0;
}
