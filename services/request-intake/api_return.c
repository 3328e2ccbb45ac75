/* SPDX-License-Identifier: Apache-2.0 */
/* api_return.c: neither state nor code is stored, counted by, or in any log line. */
#include "api_return.h"

#include <string.h>

#include "call.h"
#include "wire.h"

#define PAGE "/second-factor"
#define ASK_MS 45000 /* the provider is asked three times meanwhile */
#define SEE_OTHER 303

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

/* As a value of a form is written: whatever the account's name is. */
static const char *
encoded(struct cs_arena *arena, const char *text)
{
	static const char plain[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._";
	struct cs_buf out = cs_buf_new(arena);

	for (; *text != '\0'; text++) {
		if (strchr(plain, *text))
			cs_buf_add(&out, text, 1);
		else
			cs_buf_printf(&out, "%%%02X", (unsigned)(unsigned char)*text);
	}
	return (const char *)cs_buf_span(&out).data;
}

static void
land_with_code(struct call *call, const struct wire_login_returned *returned)
{
	char request[CS_ID_TEXT];

	cs_id_format(returned->request, request);
	svc_count(call->api->svc, "login_returns", "result", "code");
	land(call, cs_arena_printf(call->arena, "#code=%s&request=%s&account=%s", returned->code,
		       request, encoded(call->arena, returned->account)));
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

	return sources_count(api->sources, &network, SOURCE_LOGINS, api->intake->logins_per_network,
	    call->query.now_ms);
}

static void
from_oidc(void *self, struct http_request *req)
{
	struct call *call = call_begin_open(self, req);
	struct wire_login_return brought;

	/* Who only looks (HEAD) uses nothing up. */
	if (strcmp(http_request_method(req), "GET") != 0)
		land(call, "");
	else if (!within_network(call))
		land_refused(call, "login-too-many");
	else if (!take(call, "state", WIRE_STATE_MAX, &brought.state) ||
		 !take(call, "code", WIRE_LOGIN_CODE_MAX, &brought.code) ||
		 !take(call, "error", WIRE_LOGIN_ERROR_MAX, &brought.error) ||
		 !take(call, "iss", WIRE_LOGIN_ISSUER_MAX, &brought.issuer) ||
		 strlen(brought.state) != WIRE_STATE_MAX)
		land_refused(call, "login-unknown");
	else
		svc_question(call->api->svc, "ask.notifier.login",
		    wire_write_login_return(call->arena, &brought), ASK_MS, on_returned, call);
}

const struct http_route api_return_routes[] = {
	{ "GET", PAGE "/oidc", from_oidc },
	{ NULL, NULL, NULL },
};
