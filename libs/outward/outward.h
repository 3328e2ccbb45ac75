/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outward.h: may what a connector leads to be visited, and which addresses may it have?  The one rule for all that visit
 * there by http/visit.h.
 *
 * A place is visited under TLS.  Tenants lead to public addresses alone, the platform also to those of RFC 1918 and
 * RFC 4193.  In test mode a place that is loopback itself may be visited there, whoever leads to it, in clear too; a name
 * that resolves to loopback may not.
 */
#ifndef OUTWARD_OUTWARD_H
#define OUTWARD_OUTWARD_H

#include <stdbool.h>

#include "base/err.h"
#include "connector/connector.h"
#include "http/visit.h"

/* ---- the rule; pure ---- */

/* What is spoken there: https, or http in clear; ldaps, or ldap in clear. */
enum outward_protocol { OUTWARD_HTTP, OUTWARD_LDAP };

struct outward_way {
	enum outward_protocol protocol;
	bool platform;  /* no tenant leads there */
	bool test_mode; /* of this process */
};
/*
 * Sets tls, host (that of `url`, not copied), port (that of `url`, else the protocol's) and reach of `ret_visit`, and nothing
 * else.  False: it is not under TLS, or not of this protocol; then nothing is set.
 */
CS_MUST_USE bool outward_place(
    const struct outward_way *way, const struct connector_url *url, struct http_visit *ret_visit);

#endif
