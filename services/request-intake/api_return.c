/* SPDX-License-Identifier: Apache-2.0 */
/* api_return.c: neither state nor code is stored, counted by, or in any log line. */
#include "api_return.h"

#include <string.h>

#include "base/text.h"
#include "call.h"
#include "form.h"
#include "saml/response.h"
#include "wire.h"

#define PAGE "/second-factor"
#define ASK_MS 45000 /* the provider is asked three times meanwhile */
#define SEE_OTHER 303
#define FORM "application/x-www-form-urlencoded"
#define METADATA "application/samlmetadata+xml"

/* ---- where it lands ---- */

static void
land(struct call *call, const char *fragment)
{
	const struct http_header to[] = {
		{ "Location", cs_arena_printf(call->arena, PAGE "%s", fragment) },
		{ "Referrer-Policy", "no-referrer" },
		{ NULL, NULL },
	};

	call_reply(call, SEE_OTHER, NULL, cs_span_str(NULL), to);
}

static void
land_refused(struct call *call, const char *refusal)
{
	svc_count(call->api->svc, "login_returns", "result", "refused");
	land(call, cs_arena_printf(call->arena, "#error=%s", refusal));
}

static void
land_with_code(struct call *call, const struct wire_login_returned *returned)
{
	char request[CS_ID_TEXT];

	cs_id_format(returned->request, request);
	svc_count(call->api->svc, "login_returns", "result", "code");
	land(call, cs_arena_printf(call->arena, "#code=%s&request=%s&account=%s", returned->code,
		       request, cs_percent_encode(call->arena, returned->account)));
}

static void
on_returned(void *arg, bool ok, uint32_t status, struct cs_span body)
{
	struct call *call = arg;
	struct wire_login_returned returned = { .refusal = NULL };
	struct cs_err err = { 0 };

	(void)status;
	if (!ok || wire_read_login_returned(call->arena, body, &returned, &err))
		land_refused(call, "login-away");
	else if (returned.refusal)
		land_refused(call, returned.refusal);
	else
		land_with_code(call, &returned);
}

/* ---- what it brings ---- */

/* Members beside ours are a provider's own business (RFC 6749 4.1.2); one that is there twice was refused. */
static bool
take(struct call *call, const char *name, size_t max, const char **ret)
{
	const char *text = http_request_query(call->req, name);

	*ret = text ? text : "";
	for (size_t i = 0; (*ret)[i]; i++)
		if ((*ret)[i] < ' ' || (*ret)[i] > '~')
			return false;
	return strlen(*ret) <= max;
}

static bool
within_network(struct call *call)
{
	const struct api *api = call->api;
	const struct source_network network = call_network_of(api, call->req);

	return sources_count(api->sources, &network, SOURCE_RETURNS,
	    api->intake->returns_per_network, call->query.now_ms);
}

/* Only what may be a return counts, and not among the logins: any page that somebody opens can have a browser call here. */
static void
ask(struct call *call, const struct wire_login_return *brought)
{
	if (within_network(call))
		svc_question(call->api->svc, "ask.notifier.login",
		    wire_write_login_return(call->arena, brought), ASK_MS, on_returned, call);
	else
		land_refused(call, "login-too-many");
}

static void
from_oidc(void *self, struct http_request *req)
{
	struct call *call = call_begin_open(self, req);
	struct wire_login_return brought = { .form = "",
		.owner = http_request_param(req, "owner") };

	/* Who only looks (HEAD) uses nothing up. */
	if (strcmp(http_request_method(req), "GET") != 0)
		land(call, "");
	else if (!take(call, "state", WIRE_STATE_MAX, &brought.state) ||
		 !take(call, "code", WIRE_LOGIN_CODE_MAX, &brought.code) ||
		 !take(call, "error", WIRE_LOGIN_ERROR_MAX, &brought.error) ||
		 !take(call, "iss", WIRE_LOGIN_ISSUER_MAX, &brought.issuer) ||
		 strlen(brought.state) != WIRE_STATE_MAX ||
		 strlen(brought.owner) > WIRE_LOGIN_OWNER_MAX)
		land_refused(call, "login-unknown");
	else
		ask(call, &brought);
}

/* It comes from a page of the provider, and so from another origin; no cookie is looked at. */
static void
from_saml(void *self, struct http_request *req)
{
	struct call *call = call_begin_open(self, req);
	const struct cs_span body = http_request_body(req);
	struct wire_login_return brought = { .code = "", .error = "", .issuer = "", .owner = "" };

	if (!http_request_is_type(req, FORM) ||
	    !form_take(call->arena, body, "RelayState", WIRE_STATE_MAX, &brought.state) ||
	    !form_take(call->arena, body, "SAMLResponse", body.len, &brought.form) ||
	    strlen(brought.state) != WIRE_STATE_MAX || !brought.form[0])
		land_refused(call, "login-unknown");
	else if (strlen(brought.form) > SAML_FORM_MAX)
		land_refused(call, "login-too-large");
	else
		ask(call, &brought);
}

/* ---- for those who run a provider ---- */

static void
own_metadata(void *self, struct http_request *req)
{
	struct call *call = call_begin_open(self, req);
	const struct intake_service *intake = call->api->intake;
	const char *base = intake->redirect_base;

	if (!base[0]) {
		call_problem(call, 404,
		    (struct cs_refusal){ .code = "not-found",
			.text = "It is not set here where browsers come back to after a login.",
			.mend = "Ask those who run this service for CS_REDIRECT_BASE." });
		return;
	}
	const char *id = intake->entity_id[0]
			     ? intake->entity_id
			     : cs_arena_printf(call->arena, "%s" SAML_OWN_METADATA, base);

	call_reply(call, 200, METADATA,
	    saml_own_metadata(
		call->arena, id, cs_arena_printf(call->arena, "%s" PAGE "/saml", base)),
	    NULL);
}

const struct http_route api_return_routes[] = {
	{ "GET", PAGE "/oidc/{owner}", from_oidc },
	{ "POST", PAGE "/saml", from_saml },
	{ "GET", PAGE "/saml/metadata", own_metadata },
	{ NULL, NULL, NULL },
};
