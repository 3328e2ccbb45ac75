/* SPDX-License-Identifier: Apache-2.0 */
/*
 * url.h: the few URLs that the fetcher may visit.  Pure.
 *
 * Deliberately narrower than RFC 3986: http and https, a host name of letters, digits and hyphens in
 * at least two labels, ports 80 and 443 of their own scheme only, no userinfo, no fragment, no IP
 * address in any spelling that some library might understand, printable ASCII.
 */
#ifndef HTTP_URL_H
#define HTTP_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

#define HTTP_URL_MAX 2304    /* octets of a URL */
#define HTTP_TARGET_MAX 2000 /* octets of path and query */

struct http_url {
	bool tls;
	uint16_t port;      /* 80 or 443 */
	const char *host;   /* lower case, no trailing dot */
	const char *target; /* path and query as they go into the request line; begins with "/" */
	const char *text;   /* the whole, in one spelling */
};

/* Result lives in `arena`.  CS_MALFORMED says what is wrong without repeating the input. */
CS_MUST_USE enum cs_code http_url_parse(
    struct cs_span text, struct cs_arena *arena, struct http_url *ret_url, struct cs_err *err);
/* The value of a Location field: an absolute URL, "//host/path" or "/path" (RFC 9110 10.2.2). */
CS_MUST_USE enum cs_code http_url_redirect(const struct http_url *base, struct cs_span location,
    struct cs_arena *arena, struct http_url *ret_url, struct cs_err *err);
/* A DNS name as above: LDH labels of 1 to 63, 253 in all, two or more, the last not a number. */
bool http_host_valid(struct cs_span host);

#endif
