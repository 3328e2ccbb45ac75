/* SPDX-License-Identifier: Apache-2.0 */
#include "sms.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "claim/claim.h"
#include "http/visit.h"
#include "pki/hash.h"
#include "pki/seal.h"

struct sms {
	struct sms_settings settings;
	struct http_visitor *visitor;
};

/* One message under way. */
struct sending {
	sms_done *done;
	void *arg;
};

enum cs_code
sms_new(struct event_base *base, const struct sms_settings *settings, struct sms **ret,
    struct cs_err *err)
{
	struct sms *sms = calloc(1, sizeof(*sms));

	cs_assert(sms != NULL);
	sms->settings = *settings;
	if (http_visitor_new(base, settings->ca_file, "countersign", &sms->visitor, err)) {
		free(sms);
		return err->code;
	}
	*ret = sms;
	return CS_OK;
}

void
sms_free(struct sms *sms)
{
	if (sms == NULL)
		return;
	http_visitor_free(sms->visitor);
	free(sms);
}

/* Too many, too long and the like pass; that we may not, or that the number is none, does not. */
static enum sms_outcome
outcome_of(const struct http_visited *visited)
{
	const int status = visited->status;

	if (visited->reason != HTTP_FETCHED)
		return SMS_LATER;
	if (status >= 200 && status <= 299)
		return SMS_ACCEPTED;
	return status == 400 || status == 404 || status == 410 || status == 422 ? SMS_NEVER
										: SMS_LATER;
}

static void
on_visited(void *arg, const struct http_visited *visited)
{
	struct sending *sending = arg;
	struct cs_arena *arena = cs_arena_new();
	const char *said = visited->reason == HTTP_FETCHED
			       ? cs_arena_printf(arena, "HTTP %d", visited->status)
			       : visited->text;

	sending->done(sending->arg, outcome_of(visited), said);
	cs_arena_free(arena);
	free(sending);
}

/* "Authorization: ..."; NULL: the gateway wants none.  The arena is wiped by nobody: it holds the field alone. */
static const char *
field_of(struct cs_arena *arena, const struct connector *connector, const char *secret)
{
	if (secret == NULL)
		return NULL;
	if (connector->username[0] == '\0')
		return cs_arena_printf(arena, "Authorization: Bearer %s", secret);
	return cs_arena_printf(arena, "Authorization: Basic %s",
	    cs_base64(
		arena, cs_span_str(cs_arena_printf(arena, "%s:%s", connector->username, secret))));
}

/* No quoting is needed: neither can hold what JSON would have quoted. */
static bool
is_plain(const char *to, const char *text)
{
	for (const char *c = text; *c != '\0'; c++)
		if (*c < ' ' || *c > '~' || *c == '"' || *c == '\\')
			return false;
	return strlen(text) <= SMS_TEXT_MAX && to[0] == '+' &&
	       to[1 + strspn(to + 1, "0123456789")] == '\0';
}

struct message {
	const char *to, *text;
	sms_done *done;
	void *arg;
};

static enum cs_code
visit(struct sms *sms, const struct connector *connector, const char *secret,
    const struct message *message, struct cs_err *err)
{
	struct cs_arena *arena = cs_arena_new();
	struct connector_url url;
	struct sending *sending;

	if (!connector_url_parse(arena, connector->endpoint, &url)) {
		cs_arena_free(arena);
		return cs_fail(err, CS_UNAVAILABLE, "connector %s/%s: its endpoint is no URL",
		    connector->enterprise, connector->name);
	}
	const bool tls = strcmp(url.scheme, "https") == 0;
	const bool near = sms->settings.test_mode && connector_url_is_loopback(&url);
	const bool of_platform = strcmp(connector->enterprise, CLAIM_PLATFORM) == 0;

	if (!tls && !near) {
		cs_arena_free(arena);
		return cs_fail(err, CS_UNAVAILABLE, "connector %s/%s: not under TLS",
		    connector->enterprise, connector->name);
	}
	const char *body =
	    cs_arena_printf(arena, "{\"to\":\"%s\",\"text\":\"%s\"}", message->to, message->text);
	const char *field = field_of(arena, connector, secret);
	const struct http_visit what = {
		.tls = tls,
		.host = url.host,
		.port = url.port != 0 ? url.port
			: tls         ? 443
				      : 80,
		.target = url.path[0] != '\0' ? url.path : "/",
		.post = cs_span_str(body),
		.field = field,
		.reach = near          ? HTTP_REACH_LOOPBACK
			 : of_platform ? HTTP_REACH_INSIDE
				       : HTTP_REACH_PUBLIC,
		.total_ms = SMS_WAIT_MS,
	};

	sending = calloc(1, sizeof(*sending));
	cs_assert(sending != NULL);
	*sending = (struct sending){ message->done, message->arg };
	http_visit(sms->visitor, &what, on_visited, sending);
	pki_wipe((char *)(uintptr_t)body, strlen(body));
	if (field != NULL)
		pki_wipe((char *)(uintptr_t)field, strlen(field));
	cs_arena_free(arena);
	return CS_OK;
}

enum cs_code
sms_send(struct sms *sms, const struct connector *connector, const char *to, const char *text,
    sms_done *done, void *arg, struct cs_err *err)
{
	const struct message message = { to, text, done, arg };
	char secret[CONNECTOR_SECRET_MAX + 1];

	if (!is_plain(to, text))
		return cs_fail(err, CS_MALFORMED, "number or text of a message cannot be sent");
	if (connector->sealed[0] == '\0')
		return visit(sms, connector, NULL, &message, err);
	if (sms->settings.key == NULL)
		return cs_fail(err, CS_UNAVAILABLE,
		    "connector %s/%s: CS_SEALING_KEY_FILE is not set", connector->enterprise,
		    connector->name);
	if (connector_unseal(connector, sms->settings.key, secret, err))
		return CS_UNAVAILABLE;
	const enum cs_code code = visit(sms, connector, secret, &message, err);

	pki_wipe(secret, sizeof(secret));
	return code;
}
