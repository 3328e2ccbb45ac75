/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request.h: how a person is sent to an identity provider to log in: an AuthnRequest by the binding HTTP-Redirect
 * (SAML 2.0 Core 3.4.1, Bindings 3.4).  Pure: the time and the ID are given.
 */
#ifndef SAML_REQUEST_H
#define SAML_REQUEST_H

#include "saml/metadata.h"

#define SAML_STATE_MAX 80 /* octets of RelayState (Bindings 3.4.3) */
#define SAML_ID_MAX 128   /* octets of a request's ID */

struct saml_request {
	const char *entity_id; /* ours */
	const char *answer_at; /* AssertionConsumerServiceURL: where the answer is posted */
	const char *id;        /* "_" and base64url, of this login alone */
	const char *state;     /* RelayState */
	int64_t now_s;
};
/*
 * Where the person's browser goes.  ForceAuthn: a provider asks also whom it knows.  The answer comes by POST.
 * `provider` was judged; the rest is the caller's own and within the bounds above (asserted).
 */
const char *saml_request_url(struct cs_arena *arena, const struct saml_provider *provider,
    const struct saml_request *request);

#endif
