/* SPDX-License-Identifier: Apache-2.0 */
#include "record.h"

#include <string.h>

#define TO(state) (UINT32_C(1) << (state))

static const struct {
	const char *name;
	uint32_t next; /* states this one may move to */
} states[SIGNER_STATES] = {
	[SIGNER_WAITING] = { "waiting",
	    TO(SIGNER_INTENT) | TO(SIGNER_REFUSED) | TO(SIGNER_STOPPED) },
	[SIGNER_INTENT] = { "intent", TO(SIGNER_ISSUED) | TO(SIGNER_REFUSED) },
	[SIGNER_ISSUED] = { "issued", 0 },
	[SIGNER_REFUSED] = { "refused", 0 },
	[SIGNER_STOPPED] = { "stopped", 0 },
};

const char *
signer_state_name(enum signer_state state)
{
	return states[state].name;
}

bool
signer_may_move(enum signer_state from, enum signer_state to)
{
	return (states[from].next & TO(to)) != 0;
}

/* May the store have one in this place?  One below the highest that it has may be there or not. */
static bool
may_be_there(const struct signer_record *record, uint32_t revision)
{
	for (const struct record_plan *plan = record->plans; plan != NULL; plan = plan->next) {
		if (plan->revision == revision)
			return true;
	}
	return revision <= record->plan_revision;
}

void
record_set_plan(struct signer_record *record, const struct record_plan *plan)
{
	struct gate_case *c = &record->c;
	const int64_t received_ms = plan->received.received_ms;

	c->request = (struct gate_received){ plan->parts.request, received_ms };
	c->approval = (struct gate_received){ plan->parts.approval, received_ms };
	c->plan = (struct gate_received){ plan->parts.plan, received_ms };
	record->plan_revision = plan->revision;
}

bool
record_read_request(const struct signer_record *record, struct cs_arena *arena,
    const struct claim_trust *trust, struct claim_request *ret)
{
	const struct gate_received *received = &record->c.request;

	return received->envelope.len > 0 &&
	       claim_open_request(
		   arena, trust, received->envelope, received->received_ms, ret, NULL) == CS_OK &&
	       cs_id_equal(ret->id, record->c.id);
}

void
record_add_plan(
    struct signer_record *record, struct cs_arena *arena, const struct record_plan *plan)
{
	const bool counts = plan->revision > record->plan_revision;
	struct record_plan **end = &record->plans;
	struct record_plan *added = CS_NEW(arena, struct record_plan);

	*added = *plan;
	added->again = may_be_there(record, plan->revision);
	added->next = NULL;
	while (*end != NULL)
		end = &(*end)->next;
	*end = added;
	if (counts)
		record_set_plan(record, plan);
}

void
record_add_revocation_statement(struct signer_record *record, struct cs_arena *arena,
    const struct record_revocation_statement *statement)
{
	struct record_revocation_statement **end = &record->revocation_statements;

	while (*end != NULL)
		end = &(*end)->next;
	*end = CS_NEW(arena, struct record_revocation_statement);
	**end = *statement;
	(*end)->next = NULL;
}

static bool
has_result(const struct gate_case *c, const struct claim_evidence *e)
{
	for (size_t i = 0; i < c->n_evidence; i++) {
		const struct claim_evidence *had = &c->evidence[i].e;

		if (had->attempt == e->attempt && cs_id_equal(had->request, e->request) &&
		    memcmp(had->check_digest, e->check_digest, CLAIM_DIGEST) == 0)
			return true;
	}
	return false;
}

static void
add_denial(struct gate_case *c, struct cs_arena *arena, const struct claim_evidence *e)
{
	struct gate_denial *all = CS_NEW_ARRAY(arena, c->n_denials + 1, struct gate_denial);
	struct gate_denial *last = &all[c->n_denials];

	if (c->n_denials > 0)
		memcpy(all, c->denials, c->n_denials * sizeof(*all));
	*last = (struct gate_denial){
		.request = e->request, .attempt = e->attempt, .checked_at_ms = e->checked_at_ms
	};
	memcpy(last->check_digest, e->check_digest, CLAIM_DIGEST);
	c->denials = all;
	c->n_denials++;
}

void
record_add_evidence(
    struct signer_record *record, struct cs_arena *arena, const struct gate_evidence *evidence)
{
	struct gate_case *c = &record->c;
	struct record_evidence **end = &record->evidence;

	while (*end != NULL)
		end = &(*end)->next;
	*end = CS_NEW(arena, struct record_evidence);
	(*end)->evidence = *evidence;
	if (has_result(c, &evidence->e))
		return;
	struct gate_evidence *all = CS_NEW_ARRAY(arena, c->n_evidence + 1, struct gate_evidence);
	if (c->n_evidence > 0)
		memcpy(all, c->evidence, c->n_evidence * sizeof(*all));
	all[c->n_evidence++] = *evidence;
	c->evidence = all;
	if (evidence->e.outcome == CLAIM_REFUSED)
		add_denial(c, arena, &evidence->e);
}

void
record_add_audit(
    struct signer_record *record, struct cs_arena *arena, const char *action, const char *detail)
{
	struct record_audit **end = &record->audits;

	while (*end != NULL)
		end = &(*end)->next;
	*end = CS_NEW(arena, struct record_audit);
	**end = (struct record_audit){ .action = action, .detail = detail };
}
