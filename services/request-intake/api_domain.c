/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_domain.c: an operator has a domain of the enterprise verified.  It is a request like others: what must be
 * published, the checks and the progress are shown under /v1/requests.
 */
#include "api_domain.h"

#include "call.h"

static void
on_created(void *arg, bool ok, uint32_t status, struct cs_span body)
{
	call_created(arg, "/v1/requests", ok, status, body);
}

static void
verify(void *self, struct http_request *req)
{
	struct call *call = call_begin(self, req);

	if (call && call_has_no_body(call) && call_read_key(call) &&
	    call_within_limit(call, true) && call_has_room(call))
		call_command(
		    call, "api.domain", cs_span_str(http_request_param(req, "domain")), on_created);
}

const struct http_route api_domain_routes[] = {
	{ "POST", "/v1/domains/{domain}/verification", verify },
	{ NULL, NULL, NULL },
};
