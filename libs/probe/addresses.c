/* SPDX-License-Identifier: Apache-2.0 */
/* addresses.c: the addresses of hosts that are connected to, by our own validating resolver. */
#include <netinet/in.h>
#include <string.h>

#include "base/text.h"
#include "internal.h"

/* Sooner than who connects gives up, so that the reason is known. */
#define LIMIT_MS 12000

struct resolving {
	struct look *look;
	look_resolved *then;
	void *arg;
	struct look_addresses found;
	int waiting;
};

static void
add_address(struct look_addresses *found, const struct dns_record *record, uint16_t type)
{
	struct sockaddr_storage *to = &found->items[found->n];

	if (found->n == HTTP_ADDRESSES_MAX)
		return;
	if (type == DNS_TYPE_A && record->rdata.len == 4) {
		struct sockaddr_in in = { .sin_family = AF_INET };

		memcpy(&in.sin_addr, record->rdata.data, 4);
		memcpy(to, &in, sizeof(in));
		found->n++;
	} else if (type == DNS_TYPE_AAAA && record->rdata.len == 16) {
		struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };

		memcpy(&in6.sin6_addr, record->rdata.data, 16);
		memcpy(to, &in6, sizeof(in6));
		found->n++;
	}
}

static void
on_address(void *arg, const struct dns_result *result)
{
	struct resolving *resolving = arg;
	struct look *look = resolving->look;
	struct look_addresses *found = &resolving->found;

	look_add_lookup(look, result);
	if (result->answer == NULL)
		found->why = cs_arena_printf(look->arena, "%s %s: %s", dns_type_name(result->type),
		    dns_state_name(result->state),
		    cs_escape(look->arena, cs_span_str(result->why), 200));
	else
		for (size_t i = 0; i < result->answer->records_len; i++)
			add_address(found, &result->answer->records[i], result->type);
	if (--resolving->waiting > 0)
		return;
	if (found->why == NULL && found->n == 0)
		found->why = "the name has no address";
	if (found->why != NULL)
		found->n = 0;
	resolving->then(resolving->arg, found);
}

void
look_for_addresses(struct look *look, const char *host, look_resolved *then, void *arg)
{
	static const uint16_t types[] = { DNS_TYPE_A, DNS_TYPE_AAAA };
	struct resolving *resolving = CS_NEW(look->arena, struct resolving);
	const char *name = cs_arena_strdup(look->arena, host);

	*resolving = (struct resolving){ .look = look, .then = then, .arg = arg, .waiting = 2 };
	if (!dns_may_ask(look->probe->dns, name)) {
		resolving->found.why = "this name is never asked";
		then(arg, &resolving->found);
		return;
	}
	for (size_t i = 0; i < 2; i++) {
		const struct dns_question question = {
			.name = name, .type = types[i], .limit_ms = LIMIT_MS
		};

		dns_lookup(look->probe->dns, &question, on_address, resolving);
	}
}
