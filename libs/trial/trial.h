/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trial.h: does what a connector leads to answer, and is it what it should be?  Looked at in a sandboxed child
 * (sandbox.h), without the connector's secret and without sending anything but a GET, or a bind as nobody:
 *
 *   sms   an answer of HTTP below 500 that is no redirect
 *   oidc  ENDPOINT/.well-known/openid-configuration (OpenID Connect Discovery 1.0, sections 3 and 4)
 *   saml  the metadata of one identity provider (saml/metadata.h): where people log in, by which keys it signs
 *   ldap  LDAP under TLS: an answer to a bind as nobody (RFC 4513 5.1.1), also a refusal, but not that it is out of order
 *
 * Servers are hostile: certificates are judged, redirects are not followed, 256 KiB and 15 seconds are the end.
 * Tenants lead to public addresses alone, the platform also to those of RFC 1918 and RFC 4193; in test mode an
 * endpoint that is loopback itself may be visited there.
 */
#ifndef TRIAL_TRIAL_H
#define TRIAL_TRIAL_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"
#include "connector/connector.h"
#include "sandbox/sandbox.h"

struct event_base;

#define TRIAL_LINES_MAX 16
#define TRIAL_LINE_MAX 1024 /* octets */

extern const struct sandbox_role trial_role;
/* sms, oidc, saml or ldap: what is tried out here. */
bool trial_has(enum connector_type type);

struct trials; /* one thread, in the caller's event loop */

struct trials_settings {
	const char *ca_file; /* PEM that servers are judged by; "": the system's */
	bool test_mode;
	sandbox_told *told; /* NULL: nobody is told of children */
	void *told_arg;
};
/* As sandbox_open(). */
CS_MUST_USE enum cs_code trials_open(const struct trials_settings *settings,
    struct event_base *base, struct trials **ret, struct cs_err *err);
/* What is under way ends without `done`.  Not from a callback.  Takes NULL. */
void trials_close(struct trials *trials);

struct trial_found {
	const char *result; /* "good", "bad", "untested" (it could not be looked at now) */
	const char **seen;  /* printable ASCII, for people, a line each */
	size_t n_seen;
};
/* Borrowed for the call. */
typedef void trial_done(void *arg, const struct trial_found *found);
/* One call of `done`, from the loop, never before this returns.  `platform`: it is no tenant's. */
void trial_ask(struct trials *trials, enum connector_type type, bool platform, const char *endpoint,
    trial_done *done, void *arg);

#endif
