/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outward.h: may what a connector leads to be visited, and which addresses may it have?  The one rule for all that visit
 * there by http/visit.h, and what their sandboxed children (sandbox.h) have in common.
 *
 * A place is visited under TLS.  Tenants lead to public addresses alone, the platform also to those of RFC 1918 and
 * RFC 4193.  In test mode a place that is loopback itself may be visited there, whoever leads to it, in clear too; a name
 * that resolves to loopback may not.
 */
#ifndef OUTWARD_OUTWARD_H
#define OUTWARD_OUTWARD_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"
#include "connector/connector.h"
#include "http/visit.h"

struct event_base;

/* ---- the rule; pure ---- */

/* What is spoken there: https, or http in clear; ldaps, or ldap in clear. */
enum outward_protocol { OUTWARD_HTTP, OUTWARD_LDAP };

struct outward_way {
	enum outward_protocol protocol;
	bool platform;  /* no tenant leads there */
	bool test_mode; /* of this process */
};
/*
 * Sets tls, host (that of `url`, not copied), port (that of `url`, else the usual one) and reach of `ret_visit`, and
 * nothing else.  False: it is not under TLS, or not of this protocol; then nothing is set.
 */
CS_MUST_USE bool outward_place(
    const struct outward_way *way, const struct connector_url *url, struct http_visit *ret_visit);

/* ---- a child that visits ---- */

/* What the child of a role is, behind `self` of its questions. */
struct outward_child {
	struct cs_arena *arena; /* holds this */
	struct http_visitor *visitor;
	bool test_mode;
	unsigned under_way; /* the role's own count; 0 at first */
};
/* For sandbox_settings.  `ca_file`: PEM that servers are judged by, "": the system's. */
struct cs_span outward_child_settings(struct cs_arena *arena, bool test_mode, const char *ca_file);
/* The open of a sandbox_role: fails as http_visitor_new(). */
CS_MUST_USE enum cs_code outward_child_open(
    struct event_base *base, struct cs_span settings, void **ret_self, struct cs_err *err);
/* Its close.  Visits under way end without their callback. */
void outward_child_close(void *self);

#endif
