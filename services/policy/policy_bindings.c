/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_bindings.h"

#include <string.h>

#include "pki/hash.h"

static bool
has(const struct policy_config *config, const char *domain)
{
	for (size_t i = 0; i < config->n_ownerships; i++)
		if (strcmp(config->ownerships[i].domain, domain) == 0)
			return true;
	return false;
}

/* What was loaded stays as it was. */
static struct policy_ownership *
own_list(struct policy_config *config, size_t room, struct cs_arena *arena)
{
	struct policy_ownership *list =
	    CS_NEW_ARRAY(arena, config->n_ownerships + room, struct policy_ownership);

	if (config->n_ownerships > 0)
		memcpy(list, config->ownerships, config->n_ownerships * sizeof(list[0]));
	config->ownerships = list;
	return list;
}

void
policy_bindings_show(const struct policy_bindings *bindings, const char *enterprise,
    struct policy_config *config, struct cs_arena *arena)
{
	for (const struct policy_binding *b = bindings->first; b != NULL; b = b->next) {
		if (strcmp(b->enterprise, enterprise) != 0 || has(config, b->domain))
			continue;
		struct policy_ownership *list = own_list(config, 1, arena);

		list[config->n_ownerships++] =
		    (struct policy_ownership){ .domain = b->domain, .account = b->account };
	}
}

/* Versions are given once: no other document has it. */
static struct cs_id
id_of(const struct policy_binding *binding, struct cs_arena *arena)
{
	uint8_t digest[PKI_SHA256];

	pki_sha256(cs_span_str(cs_arena_printf(arena, "ownership\n%s\n%s\n%llu",
		       binding->enterprise, binding->domain, (unsigned long long)binding->version)),
	    digest);
	return cs_id_from_digest(digest);
}

static struct policy_binding *
add(struct policy_bindings *bindings, const struct claim_request *request, const char *domain,
    struct cs_arena *arena)
{
	struct policy_binding *binding = CS_NEW(arena, struct policy_binding);

	*binding = (struct policy_binding){
		.enterprise = request->enterprise,
		.domain = domain,
		.account = request->account,
		.request = request->id,
		.version = ++*bindings->last_version,
	};
	binding->id = id_of(binding, arena);
	if (bindings->last != NULL)
		bindings->last->next = binding;
	else
		bindings->first = binding;
	bindings->last = binding;
	return binding;
}

const struct policy_binding *
policy_bindings_take(struct policy_bindings *bindings, const struct claim_request *request,
    struct policy_config *config, struct cs_arena *arena)
{
	const struct policy_binding *first = NULL;
	struct policy_ownership *list = own_list(config, 0, arena);

	for (size_t i = 0; i < config->n_ownerships; i++) {
		if (!list[i].is_new)
			continue;
		list[i].is_new = false;
		const struct policy_binding *taken = add(bindings, request, list[i].domain, arena);

		if (first == NULL)
			first = taken;
	}
	return first;
}
