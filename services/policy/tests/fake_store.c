/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_store.h"

#include <string.h>

#include "policy_domains.h"

#define ROWS 64

struct row {
	struct cs_id request;
	struct policy_plan plan; /* envelopes in `arena`; what they say is read by load */
	struct policy_progress progress[CLAIM_MAX_CHECKS];
	char ids[CLAIM_MAX_CHECKS][32];
	size_t n_progress;
};

static struct {
	struct cs_arena *arena;
	struct row rows[ROWS];
	size_t n_rows;
	struct policy_proof *proofs;
	struct policy_config config;
	struct cs_id rejected;
	struct policy_identity withdrawn; /* id all zero: none */
	uint64_t last_version;            /* of documents */
	struct policy_ownership ownerships[ROWS];
} store;

void
fake_store_reset(void)
{
	if (store.arena != NULL)
		cs_arena_free(store.arena);
	memset(&store, 0, sizeof(store));
	store.arena = cs_arena_new();
}

void
fake_store_config(const struct policy_config *config)
{
	store.config = *config;
}

void
fake_store_reject(struct cs_id request)
{
	store.rejected = request;
}

void
fake_store_withdraw(const struct policy_identity *identity)
{
	store.withdrawn = *identity;
}

size_t
fake_store_plans(void)
{
	return store.n_rows;
}

size_t
fake_store_proofs(void)
{
	size_t n = 0;

	for (const struct policy_proof *p = store.proofs; p != NULL; p = p->next)
		n++;
	return n;
}

const char *
fake_store_owner(const char *domain)
{
	for (size_t i = 0; i < store.config.n_ownerships; i++)
		if (strcmp(store.config.ownerships[i].domain, domain) == 0)
			return store.config.ownerships[i].account;
	return NULL;
}

static struct row *
row_of(struct cs_id request)
{
	for (size_t i = 0; i < store.n_rows; i++)
		if (cs_id_equal(store.rows[i].request, request))
			return &store.rows[i];
	return NULL;
}

static void
open_row(const struct row *row, struct policy_plan *plan, struct cs_arena *arena)
{
	if (plan->request_envelope.len > 0)
		cs_assert(claim_open_request(arena, NULL, plan->request_envelope, 0, &plan->request,
			      NULL) == CS_OK);
	if (plan->approval_envelope.len > 0)
		cs_assert(claim_open_approval(arena, NULL, plan->approval_envelope, 0,
			      &plan->approval, NULL) == CS_OK);
	if (plan->plan_envelope.len > 0)
		cs_assert(claim_open_plan(arena, NULL, plan->plan_envelope, 0, &plan->plan, NULL) ==
			  CS_OK);
	plan->progress = CS_NEW_ARRAY(arena, plan->plan.n_checks, struct policy_progress);
	for (size_t i = 0; i < plan->plan.n_checks; i++)
		for (size_t k = 0; k < row->n_progress; k++)
			if (strcmp(plan->plan.checks[i].id, row->ids[k]) == 0)
				plan->progress[i] = row->progress[k];
}

struct policy_plan
fake_store_plan(struct cs_id request, struct cs_arena *arena)
{
	const struct row *row = row_of(request);
	struct policy_plan plan = { 0 };

	if (row == NULL)
		return plan;
	plan = row->plan;
	open_row(row, &plan, arena);
	return plan;
}

enum cs_code
store_load_cases(struct svc_batch *batch, struct cs_err *err)
{
	struct policy_bindings *bindings = NULL;

	(void)err;
	if (policy_domain_mode_binds(store.config.domain_mode)) {
		bindings = CS_NEW(batch->arena, struct policy_bindings);
		bindings->last_version = &store.last_version;
	}
	for (size_t i = 0; i < batch->n; i++) {
		struct policy_case *made = CS_NEW(batch->arena, struct policy_case);

		made->plan = fake_store_plan(batch->aggregates[i].key, batch->arena);
		made->config = store.config;
		made->bindings = bindings;
		if (cs_id_equal(batch->aggregates[i].key, store.withdrawn.id))
			made->withdrawn = &store.withdrawn;
		for (const struct policy_proof *p = store.proofs; p != NULL; p = p->next) {
			struct policy_proof *copy = CS_NEW(batch->arena, struct policy_proof);

			*copy = *p;
			copy->next = made->proofs;
			made->proofs = copy;
		}
		batch->aggregates[i].state = made;
	}
	return CS_OK;
}

static void
keep(struct cs_span *span)
{
	*span = cs_arena_copy_span(store.arena, *span);
}

static void
save_plan(struct cs_id request, const struct policy_plan *plan)
{
	struct row *row = row_of(request);

	if (row == NULL) {
		cs_assert(store.n_rows < ROWS);
		row = &store.rows[store.n_rows++];
		row->request = request;
	}
	row->plan = (struct policy_plan){
		.state = plan->state,
		.since_ms = plan->since_ms,
		.due_ms = plan->due_ms,
		.request_envelope = plan->request_envelope,
		.approval_envelope = plan->approval_envelope,
		.plan_envelope = plan->plan_envelope,
		.version = plan->version + 1,
	};
	keep(&row->plan.request_envelope);
	keep(&row->plan.approval_envelope);
	keep(&row->plan.plan_envelope);
	row->n_progress = plan->plan.n_checks;
	for (size_t i = 0; i < plan->plan.n_checks; i++) {
		row->progress[i] = plan->progress[i];
		strncpy(row->ids[i], plan->plan.checks[i].id, sizeof(row->ids[i]) - 1);
	}
}

static void
save_proof(const struct policy_proof *proof)
{
	if (policy_standing_has(store.proofs, proof))
		return;
	struct policy_proof *copy = CS_NEW(store.arena, struct policy_proof);

	*copy = *proof;
	copy->enterprise = cs_arena_strdup(store.arena, proof->enterprise);
	copy->account = cs_arena_strdup(store.arena, proof->account);
	copy->target = cs_arena_strdup(store.arena, proof->target);
	copy->method = cs_arena_strdup(store.arena, proof->method);
	keep(&copy->expected);
	keep(&copy->primary_sha256);
	copy->is_new = false;
	copy->next = store.proofs;
	store.proofs = copy;
}

static void
save_bindings(const struct policy_bindings *bindings)
{
	const struct policy_binding *b = bindings == NULL ? NULL : bindings->first;

	for (; b != NULL; b = b->next) {
		cs_assert(store.config.n_ownerships < ROWS);
		store.ownerships[store.config.n_ownerships++] =
		    (struct policy_ownership){ .domain = cs_arena_strdup(store.arena, b->domain),
			    .account = cs_arena_strdup(store.arena, b->account) };
	}
	store.config.ownerships = store.ownerships;
}

enum cs_code
store_save_cases(struct svc_batch *batch, struct cs_err *err)
{
	for (size_t i = 0; i < batch->n; i++)
		if (cs_id_equal(batch->aggregates[i].key, store.rejected))
			return cs_fail(err, CS_INTERNAL, "told to fail");
	save_bindings(((const struct policy_case *)batch->aggregates[0].state)->bindings);
	for (size_t i = 0; i < batch->n; i++) {
		const struct policy_case *c = batch->aggregates[i].state;

		if (c->withdrawal_told)
			store.withdrawn = (struct policy_identity){ .kind = 0 };
		if (c->plan.changed)
			save_plan(batch->aggregates[i].key, &c->plan);
		for (const struct policy_proof *p = c->proofs; p != NULL; p = p->next)
			if (p->is_new)
				save_proof(p);
	}
	return CS_OK;
}
