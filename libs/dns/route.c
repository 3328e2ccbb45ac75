/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/route.h"

#include <stdlib.h>
#include <string.h>

static const char *const reason_names[] = {
	[MAIL_ROUTE_DNS_FAILED] = "dns-failed",
	[MAIL_ROUTE_BOGUS] = "dnssec-bogus",
	[MAIL_ROUTE_NO_SUCH_DOMAIN] = "mx-no-such-domain",
	[MAIL_ROUTE_NULL] = "mx-null",
	[MAIL_ROUTE_NONE_USABLE] = "mx-none-usable",
	[MAIL_ROUTE_IMPLICIT] = "mx-implicit",
	[MAIL_ROUTE_FOUND] = "mx-found",
};

static const char *const host_state_names[] = {
	[MAIL_HOST_NOT_ASKED] = "not-asked",
	[MAIL_HOST_USABLE] = "usable",
	[MAIL_HOST_ALIAS] = "alias",
	[MAIL_HOST_NO_ADDRESS] = "no-address",
	[MAIL_HOST_FAILED] = "failed",
	[MAIL_HOST_BOGUS] = "bogus",
};

const char *
mail_route_reason_name(enum mail_route_reason reason)
{
	return reason_names[reason];
}

const char *
mail_host_state_name(enum mail_host_state state)
{
	return host_state_names[state];
}

static enum dns_state
weaker(enum dns_state a, enum dns_state b)
{
	static const int rank[] = {
		[DNS_SECURE] = 0, [DNS_INSECURE] = 1, [DNS_INDETERMINATE] = 2, [DNS_BOGUS] = 3
	};

	return rank[a] >= rank[b] ? a : b;
}

/* ---- the order ---- */

struct draw {
	const struct dns_record *record;
	uint64_t lot;
};

/* Depends on the name and the number alone, so that it does not matter how a server orders its answer. */
static uint64_t
lot_of(const char *name, uint64_t random)
{
	uint64_t lot = random ^ UINT64_C(0xcbf29ce484222325);

	for (; *name != '\0'; name++)
		lot = (lot ^ (uint8_t)*name) * UINT64_C(0x100000001b3);
	lot = (lot ^ lot >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	lot = (lot ^ lot >> 27) * UINT64_C(0x94d049bb133111eb);
	return lot ^ lot >> 31;
}

static int
by_preference_and_lot(const void *a, const void *b)
{
	const struct draw *x = a, *y = b;

	if (x->record->preference != y->record->preference)
		return x->record->preference < y->record->preference ? -1 : 1;
	if (x->lot != y->lot)
		return x->lot < y->lot ? -1 : 1;
	return strcmp(x->record->host, y->record->host);
}

static bool
is_listed(const struct mail_route *route, const char *name)
{
	for (size_t i = 0; i < route->hosts_len; i++)
		if (strcmp(route->hosts[i].name, name) == 0)
			return true;
	return false;
}

static void
add_host(struct cs_arena *arena, struct mail_route *route, uint16_t preference, const char *name)
{
	if (is_listed(route, name))
		return;
	if (route->hosts_len == MAIL_ROUTE_HOSTS_MAX) {
		route->unnamed++;
		return;
	}
	route->hosts[route->hosts_len++] =
	    (struct mail_host){ .preference = preference, .name = cs_arena_strdup(arena, name) };
	if (route->asked_len < MAIL_ROUTE_ASKED_MAX)
		route->asked_len++;
}

static void
add_hosts(
    struct cs_arena *arena, const struct dns_answer *mx, uint64_t random, struct mail_route *route)
{
	struct draw *draws = CS_NEW_ARRAY(arena, mx->records_len, struct draw);

	for (size_t i = 0; i < mx->records_len; i++)
		draws[i] = (struct draw){ &mx->records[i], lot_of(mx->records[i].host, random) };
	qsort(draws, mx->records_len, sizeof(draws[0]), by_preference_and_lot);
	for (size_t i = 0; i < mx->records_len; i++)
		add_host(arena, route, draws[i].record->preference, draws[i].record->host);
}

/* RFC 7505 3: a null MX stands alone.  Beside others it contradicts them, and none of them counts. */
static enum mail_route_reason
null_mx(const struct dns_answer *mx, enum mail_route_reason otherwise)
{
	for (size_t i = 0; i < mx->records_len; i++)
		if (strcmp(mx->records[i].host, ".") == 0)
			return mx->records_len == 1 ? MAIL_ROUTE_NULL : MAIL_ROUTE_NONE_USABLE;
	return otherwise;
}

void
mail_route_begin(struct cs_arena *arena, const struct dns_result *mx, uint64_t random,
    struct mail_route *ret_route)
{
	struct mail_route route = { .mx_security = mx->state,
		.why = cs_arena_strdup(arena, mx->why),
		.hosts = CS_NEW_ARRAY(arena, MAIL_ROUTE_HOSTS_MAX, struct mail_host) };
	const struct dns_answer *answer = mx->answer;

	cs_assert(mx->type == DNS_TYPE_MX);
	if (mx->state == DNS_BOGUS) {
		route.begun = MAIL_ROUTE_BOGUS;
	} else if (answer == NULL) {
		route.begun = MAIL_ROUTE_DNS_FAILED;
	} else if (answer->rcode == DNS_RCODE_NXDOMAIN) {
		route.begun = MAIL_ROUTE_NO_SUCH_DOMAIN;
	} else if (answer->records_len == 0) {
		route.begun = MAIL_ROUTE_IMPLICIT;
		add_host(arena, &route, 0, answer->owner);
	} else {
		route.begun = null_mx(answer, MAIL_ROUTE_FOUND);
		if (route.begun == MAIL_ROUTE_FOUND)
			add_hosts(arena, answer, random, &route);
	}
	*ret_route = route;
}

/* ---- the addresses ---- */

static enum mail_host_state
state_of(const struct mail_host *host)
{
	if (host->has_bogus)
		return MAIL_HOST_BOGUS;
	if (host->has_address)
		return host->has_alias ? MAIL_HOST_ALIAS : MAIL_HOST_USABLE;
	return host->failures > 0 ? MAIL_HOST_FAILED : MAIL_HOST_NO_ADDRESS;
}

/* One family's servers may be out of order while the other's say all that is needed. */
void
mail_route_note(struct mail_route *route, size_t i, const struct dns_result *address)
{
	struct mail_host *host = &route->hosts[i];
	bool first = host->answers == host->failures;

	cs_assert(i < route->asked_len && host->answers < 2);
	cs_assert(address->type == DNS_TYPE_A || address->type == DNS_TYPE_AAAA);
	host->answers++;
	host->has_bogus |= address->state == DNS_BOGUS;
	if (address->answer == NULL) {
		host->failures++;
	} else {
		host->has_address |= address->answer->records_len > 0;
		host->has_alias |= address->answer->aliases_len > 0;
		host->security = first ? address->state : weaker(host->security, address->state);
	}
	host->state = state_of(host);
}

struct mail_route_decision
mail_route_decide(const struct mail_route *route, bool for_control)
{
	struct mail_route_decision no = { .reason = route->begun, .security = route->mx_security };
	bool failed = false;

	if (route->begun != MAIL_ROUTE_FOUND && route->begun != MAIL_ROUTE_IMPLICIT)
		return no;
	no.reason = MAIL_ROUTE_NONE_USABLE;
	for (size_t i = 0; i < route->asked_len; i++) {
		const struct mail_host *host = &route->hosts[i];

		if (host->state == MAIL_HOST_USABLE ||
		    (host->state == MAIL_HOST_ALIAS && !for_control))
			return (struct mail_route_decision){ route->begun, host,
				weaker(route->mx_security, host->security) };
		if (host->state == MAIL_HOST_BOGUS)
			return (struct mail_route_decision){ MAIL_ROUTE_BOGUS, NULL, DNS_BOGUS };
		failed |= host->state == MAIL_HOST_FAILED;
	}
	if (failed)
		no = (struct mail_route_decision){ MAIL_ROUTE_DNS_FAILED, NULL, DNS_INDETERMINATE };
	return no;
}
