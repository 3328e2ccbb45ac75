/* SPDX-License-Identifier: Apache-2.0 */
/* An MX packet, then packets of addresses for its hosts; two octets before say how long the first is. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "dns/route.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct dns_result
read_as(struct cs_arena *arena, struct cs_span packet, uint16_t type)
{
	struct dns_answer *answer = CS_NEW(arena, struct dns_answer);
	struct dns_result result = { .name = "a.example", .type = type, .why = "" };

	if (dns_answer_parse(arena, packet, "a.example", type, answer, NULL) == CS_OK) {
		result.state = DNS_INSECURE;
		result.answer = answer;
	}
	return result;
}

static void
check(const struct mail_route *route)
{
	cs_assert(route->hosts_len <= MAIL_ROUTE_HOSTS_MAX);
	cs_assert(route->asked_len <= MAIL_ROUTE_ASKED_MAX && route->asked_len <= route->hosts_len);
	for (size_t i = 1; i < route->hosts_len; i++)
		cs_assert(route->hosts[i - 1].preference <= route->hosts[i].preference);
	for (int control = 0; control < 2; control++) {
		const struct mail_route_decision decision = mail_route_decide(route, control != 0);
		bool found =
		    decision.reason == MAIL_ROUTE_FOUND || decision.reason == MAIL_ROUTE_IMPLICIT;

		cs_assert(found == (decision.host != NULL));
		cs_assert(!found || decision.host->has_address);
		cs_assert(!found || !control || !decision.host->has_alias);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	struct cs_arena *arena = cs_arena_new();
	const size_t first = (size_t)(data[0] << 8 | data[1]) % (size - 1);
	const struct cs_span rest = cs_span_of(data + 2 + first, size - 2 - first);
	const struct dns_result mx = read_as(arena, cs_span_of(data + 2, first), DNS_TYPE_MX);
	const struct dns_result a = read_as(arena, rest, DNS_TYPE_A);
	const struct dns_result aaaa = read_as(arena, rest, DNS_TYPE_AAAA);
	struct mail_route route;

	mail_route_begin(arena, &mx, size, &route);
	for (size_t i = 0; i < route.asked_len; i++) {
		mail_route_note(&route, i, &a);
		mail_route_note(&route, i, &aaaa);
	}
	check(&route);
	cs_arena_free(arena);
	return 0;
}
