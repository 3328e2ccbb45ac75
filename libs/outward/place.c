/* SPDX-License-Identifier: Apache-2.0 */
/* place.c: where a connector may lead. */
#include <string.h>

#include "outward/outward.h"

struct scheme {
	const char *name;
	uint16_t port;
};

static const struct {
	struct scheme secure, clear;
} schemes[] = {
	[OUTWARD_HTTP] = { { "https", 443 }, { "http", 80 } },
	[OUTWARD_LDAP] = { { "ldaps", 636 }, { "ldap", 389 } },
};

static bool
is_of(const struct scheme *scheme, const struct connector_url *url)
{
	return strcmp(scheme->name, url->scheme) == 0;
}

bool
outward_place(
    const struct outward_way *way, const struct connector_url *url, struct http_visit *ret_visit)
{
	const bool tls = is_of(&schemes[way->protocol].secure, url);
	const bool near = way->test_mode && connector_url_is_loopback(url);
	const struct scheme *scheme =
	    tls ? &schemes[way->protocol].secure : &schemes[way->protocol].clear;

	if (!tls && !(near && is_of(scheme, url)))
		return false;
	ret_visit->tls = tls;
	ret_visit->host = url->host;
	ret_visit->port = url->port != 0 ? url->port : scheme->port;
	ret_visit->reach = near            ? HTTP_REACH_LOOPBACK
			   : way->platform ? HTTP_REACH_INSIDE
					   : HTTP_REACH_PUBLIC;
	return true;
}
