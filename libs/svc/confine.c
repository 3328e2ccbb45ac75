/* SPDX-License-Identifier: Apache-2.0 */
/* confine.c: a service that asked for it keeps to NATS and PostgreSQL. */
#include "sandbox/confine.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "db/db.h"
#include "internal.h"

#define NATS_PORT 4222

struct leading {
	uint16_t ports[SANDBOX_PORTS_MAX];
	size_t n;
	bool names;
};

static void
add_port(struct leading *to, unsigned long port)
{
	if (port > 0 && port <= UINT16_MAX && to->n < SANDBOX_PORTS_MAX)
		to->ports[to->n++] = (uint16_t)port;
}

/* "tls://host:4222", "[::1]:4222". */
static void
add_url(struct cs_arena *arena, struct leading *to, const char *url)
{
	const char *at = strstr(url, "://");
	const char *host = at != NULL ? at + 3 : url;
	const char *end = host[0] == '[' ? strchr(host, ']') : strchr(host, ':');
	const size_t skip = host[0] == '[';
	struct in_addr four;
	struct in6_addr six;

	const char *name = cs_arena_strndup(
	    arena, host + skip, end == NULL ? strlen(host + skip) : (size_t)(end - host) - skip);
	const char *colon = end == NULL ? NULL : strchr(end, ':');
	add_port(to, colon == NULL ? NATS_PORT : strtoul(colon + 1, NULL, 10));
	to->names |= inet_pton(AF_INET, name, &four) != 1 && inet_pton(AF_INET6, name, &six) != 1;
}

static enum cs_code
find_ports(struct svc *svc, struct leading *to, struct cs_err *err)
{
	struct db_route route;
	const char **urls;
	const size_t n = svc_list(svc->arena, svc->common.nats_url, &urls);

	if (svc->common.database_url != NULL && svc->common.database_url[0] != '\0') {
		if (db_route(svc->common.database_url, &route, err))
			return err->code;
		to->names |= route.names;
		for (size_t i = 0; i < route.n; i++)
			add_port(to, route.ports[i]);
	}
	for (size_t i = 0; i < n; i++)
		add_url(svc->arena, to, urls[i]);
	return CS_OK;
}

enum cs_code
confine(struct svc *svc, struct cs_err *err)
{
	struct leading to = { .n = 0 };
	const char *missing;

	if (find_ports(svc, &to, err))
		return err->code;
	const struct sandbox_bounds bounds = {
		.ports = to.ports,
		.n_ports = to.n,
		.datagrams = to.names,
	};
	if (sandbox_confine(&bounds, &missing, err))
		return err->code;
	if (missing[0] != '\0')
		log_warn(&svc->log, "not confined in everything missing=\"%s\"", missing);
	if (to.names)
		log_warn(&svc->log,
		    "host names are asked for over UDP: with addresses in the URLs no datagram could leave");
	log_info(&svc->log, "confined ports=%zu datagrams=%d", to.n, to.names);
	return CS_OK;
}
