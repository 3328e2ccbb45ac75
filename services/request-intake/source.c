/* SPDX-License-Identifier: Apache-2.0 */
#include "source.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "base/id.h"
#include "base/time.h"
#include "pki/hash.h"

#define PLACES 16384 /* of 16 octets each */

struct place {
	int64_t hour;
	uint32_t n[SOURCE_ACTS];
};

struct sources {
	uint8_t key[32];
	struct place places[PLACES];
};

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* Of an address that carries an IPv4 address the network is that one's. */
static struct source_network
network_of(const struct sockaddr *address)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct source_network network = { { 0 } };
	const union address *a = (const void *)address;

	if (address->sa_family == AF_INET) {
		network.octets[0] = 4;
		memcpy(network.octets + 1, &a->v4.sin_addr, 3);
	} else if (address->sa_family == AF_INET6) {
		const uint8_t *octets = a->v6.sin6_addr.s6_addr;
		const bool is_v4 = memcmp(octets, mapped, sizeof(mapped)) == 0;

		network.octets[0] = is_v4 ? 4 : 6;
		memcpy(network.octets + 1, is_v4 ? octets + 12 : octets, is_v4 ? 3 : 6);
	}
	return network;
}

static bool
is_proxy(const struct sockaddr *address, const struct http_address_rules *proxies)
{
	for (size_t i = 0; i < proxies->count; i++)
		if (http_cidr_holds(&proxies->treat_as_public[i], address))
			return true;
	return false;
}

/* An address of its own, without a port. */
static bool
read_address(const char *text, size_t len, union address *ret)
{
	char copy[INET6_ADDRSTRLEN] = "";

	while (len > 0 && (*text == ' ' || *text == '\t')) {
		text++;
		len--;
	}
	while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		len--;
	if (len >= sizeof(copy))
		return false;
	memcpy(copy, text, len);
	memset(ret, 0, sizeof(*ret));
	if (inet_pton(AF_INET, copy, &ret->v4.sin_addr) == 1) {
		ret->any.sa_family = AF_INET;
		return true;
	}
	ret->any.sa_family = AF_INET6;
	return inet_pton(AF_INET6, copy, &ret->v6.sin6_addr) == 1;
}

/* Each proxy adds whom it heard at the end: what is before the first stranger is the stranger's own word. */
struct source_network
source_network_of(
    const struct sockaddr *peer, const char *forwarded, const struct http_address_rules *proxies)
{
	size_t len = forwarded == NULL ? 0 : strlen(forwarded);

	if (!is_proxy(peer, proxies))
		return network_of(peer);
	while (len > 0) {
		size_t start = len;
		union address address;

		while (start > 0 && forwarded[start - 1] != ',')
			start--;
		if (!read_address(forwarded + start, len - start, &address))
			break;
		if (!is_proxy(&address.any, proxies))
			return network_of(&address.any);
		len = start > 0 ? start - 1 : 0;
	}
	return network_of(peer);
}

const char *
source_network_text(struct cs_arena *arena, const struct source_network *network)
{
	const bool is_v4 = network->octets[0] == 4;
	uint8_t octets[16] = { 0 };
	char text[INET6_ADDRSTRLEN] = "";

	if (!is_v4 && network->octets[0] != 6)
		return "";
	memcpy(octets, network->octets + 1, is_v4 ? 3 : 6);
	cs_assert(inet_ntop(is_v4 ? AF_INET : AF_INET6, octets, text, sizeof(text)) != NULL);
	return cs_arena_printf(arena, "%s/%d", text, is_v4 ? 24 : 48);
}

struct sources *
sources_new(struct cs_arena *arena)
{
	struct sources *sources = CS_NEW(arena, struct sources);

	cs_random(sources->key, sizeof(sources->key));
	return sources;
}

static struct place *
place_of(struct sources *sources, const struct source_network *network)
{
	uint8_t mac[PKI_SHA256];

	pki_hmac_sha256(cs_span_of(sources->key, sizeof(sources->key)),
	    cs_span_of(network->octets, sizeof(network->octets)), mac);
	return &sources->places[((size_t)mac[0] << 8 | mac[1]) % PLACES];
}

bool
sources_count(struct sources *sources, const struct source_network *network, enum source_act act,
    uint32_t limit, int64_t now_ms)
{
	struct place *place = place_of(sources, network);
	const int64_t hour = now_ms / CS_HOUR_MS;

	if (place->hour != hour)
		*place = (struct place){ .hour = hour };
	if (place->n[act] >= limit)
		return false;
	place->n[act]++;
	return true;
}

bool
sources_is_full(struct sources *sources, const struct source_network *network, enum source_act act,
    uint32_t limit, int64_t now_ms)
{
	const struct place *place = place_of(sources, network);

	return (place->hour == now_ms / CS_HOUR_MS ? place->n[act] : 0) >= limit;
}

void
sources_uncount(struct sources *sources, const struct source_network *network, enum source_act act,
    int64_t now_ms)
{
	struct place *place = place_of(sources, network);

	if (place->hour == now_ms / CS_HOUR_MS && place->n[act] > 0)
		place->n[act]--;
}
