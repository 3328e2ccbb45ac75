/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_connector.h: may this connector be set?  Pure.
 *
 *   type        used by            must have        may have
 *   open-mpic   mpic-coordinator   quorum           endpoint, with it secret
 *   smtp        notifier           endpoint, from   username and secret
 *   sms         notifier           endpoint         username, secret
 *   oidc        request-intake     endpoint         username, secret
 *   saml        request-intake     endpoint
 *   ldap        notifier           endpoint, bind_dn
 *   all                            type             title, active
 *
 * A quorum is never below what TBR 3.2.2.9 asks for.  What is outside is reached under TLS: https, ldaps, smtps, or
 * smtp, which begins TLS by itself (RFC 3207).  In test mode also in clear, on loopback.
 */
#ifndef POLICY_CONNECTOR_H
#define POLICY_CONNECTOR_H

#include "base/refusal.h"
#include "connector/connector.h"

/* As many perspectives as mpic-coordinator can ask. */
#define POLICY_MAX_QUORUM 16

struct policy_connector_rules {
	int64_t now_ms;
	bool test_mode;
	const struct connector_recipient *recipients; /* of CS_SEALING_KEYS_FILE */
	size_t n_recipients;
	const uint8_t *
	    random; /* 32 octets of the decision, as svc_event.random: used for nothing else but HMAC */
};

/* Are its members those of a connector, each once and in its bounds? */
CS_MUST_USE bool
policy_connector_form(struct cs_arena *arena, struct cs_span spec, struct cs_refusal *ret_why);
/*
 * `spec`: what a client sent, JSON; `old`: the spec in force, empty for none.  True: *ret_spec is what shall be
 * stored and told, in one form; the member `secret` is sealed and gone.  A spec without `secret` keeps the one
 * in force as long as type, endpoint and user name stay; "" takes it away.
 * False: *ret_why, whose field is a member ("quorum").
 */
CS_MUST_USE bool policy_connector_judge(const struct policy_connector_rules *rules,
    const char *enterprise, const char *name, struct cs_span old, struct cs_span spec,
    struct cs_arena *arena, struct cs_span *ret_spec, struct cs_refusal *ret_why);
/* What people see of a stored spec: everything but its secret, in the form that may be put again. */
struct cs_span policy_connector_shown(struct cs_arena *arena, struct cs_span spec);
/* The same with a trace of the secret, by which one sees that it is another: "secret":"(0f12ab34)". */
struct cs_span policy_connector_traced(struct cs_arena *arena, struct cs_span spec);
/* Which question tries it out: "ask.notifier.test"; NULL: none. */
const char *policy_connector_question(struct cs_arena *arena, struct cs_span spec);
/* Of the others, which request-intake looks at itself: "oidc" and where it leads. */
void policy_connector_place(
    struct cs_arena *arena, struct cs_span spec, const char **ret_type, const char **ret_endpoint);
/* The status of a document: {"service":"notifier","secret":true,"sealed_to":"0f..."}. */
struct cs_span policy_connector_status(struct cs_arena *arena, struct cs_span spec);

#endif
