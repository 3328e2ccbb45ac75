/* SPDX-License-Identifier: Apache-2.0 */
#include "sms.h"

#include <string.h>

#include "base/text.h"
#include "claim/claim.h"
#include "outward/outward.h"
#include "pki/hash.h"
#include "pki/seal.h"

struct sms {
	struct cs_arena *arena; /* holds this struct */
	struct sms_settings settings;
	struct http_visitor *visitor;
};

/* One message under way; in the caller's arena. */
struct sending {
	struct cs_arena *arena;
	sms_done *done;
	void *arg;
};

enum cs_code
sms_new(struct event_base *base, const struct sms_settings *settings, struct sms **ret,
    struct cs_err *err)
{
	struct cs_arena *arena = cs_arena_new();
	struct sms *sms = CS_NEW(arena, struct sms);

	*sms = (struct sms){ .arena = arena, .settings = *settings };
	if (http_visitor_new(base, settings->ca_file, "countersign", &sms->visitor, err)) {
		cs_arena_free(arena);
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
	cs_arena_free(sms->arena);
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
	const char *said = visited->reason == HTTP_FETCHED
			       ? cs_arena_printf(sending->arena, "HTTP %d", visited->status)
			       : visited->text;

	sending->done(sending->arg, outcome_of(visited), said);
}

static void
wipe(char *text)
{
	pki_wipe(text, strlen(text));
}

/* "Authorization: ...", to be wiped by the caller; NULL: the gateway wants none. */
static char *
field_of(struct cs_arena *arena, const struct connector *connector, const char *secret)
{
	if (secret == NULL)
		return NULL;
	if (connector->username[0] == '\0')
		return cs_arena_printf(arena, "Authorization: Bearer %s", secret);
	char *pair = cs_arena_printf(arena, "%s:%s", connector->username, secret);
	char *coded = cs_base64(arena, cs_span_str(pair));
	char *field = cs_arena_printf(arena, "Authorization: Basic %s", coded);

	wipe(pair);
	wipe(coded);
	return field;
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

/* Where the gateway is, and whether it may be there. */
static enum cs_code
place_of(const struct sms *sms, struct cs_arena *arena, const struct connector *connector,
    struct http_visit *ret, struct cs_err *err)
{
	struct connector_url url;

	if (!connector_url_parse(arena, connector->endpoint, &url))
		return cs_fail(err, CS_UNAVAILABLE, "connector %s/%s: its endpoint is no URL",
		    connector->enterprise, connector->name);
	const struct outward_way way = { .protocol = OUTWARD_HTTP,
		.platform = strcmp(connector->enterprise, CLAIM_PLATFORM) == 0,
		.test_mode = sms->settings.test_mode };
	struct http_visit what = { .target = url.path[0] != '\0' ? url.path : "/",
		.total_ms = SMS_WAIT_MS };

	if (!outward_place(&way, &url, &what))
		return cs_fail(err, CS_UNAVAILABLE, "connector %s/%s: not under TLS",
		    connector->enterprise, connector->name);
	*ret = what;
	return CS_OK;
}

/* What holds the message and the secret ends with the call, and is wiped. */
enum cs_code
sms_send(struct sms *sms, struct cs_arena *kept, const struct connector *connector,
    const struct sms_message *message, sms_done *done, void *arg, struct cs_err *err)
{
	char secret[CONNECTOR_SECRET_MAX + 1] = "";
	const bool has_secret = connector->sealed[0] != '\0';
	struct cs_arena *arena = cs_arena_new();
	struct http_visit what;
	enum cs_code code = CS_OK;

	if (!is_plain(message->to, message->text))
		code = cs_fail(err, CS_MALFORMED, "number or text of a message cannot be sent");
	else
		code = place_of(sms, arena, connector, &what, err);
	if (code == CS_OK && has_secret &&
	    connector_unseal(connector, sms->settings.key, secret, err))
		code = CS_UNAVAILABLE;
	if (code == CS_OK) {
		struct sending *sending = CS_NEW(kept, struct sending);
		char *body = cs_arena_printf(
		    arena, "{\"to\":\"%s\",\"text\":\"%s\"}", message->to, message->text);
		char *field = field_of(arena, connector, has_secret ? secret : NULL);

		*sending = (struct sending){ kept, done, arg };
		what.post = cs_span_str(body);
		what.field = field;
		http_visit(sms->visitor, &what, on_visited, sending);
		wipe(body);
		if (field != NULL)
			wipe(field);
	}
	pki_wipe(secret, sizeof(secret));
	cs_arena_free(arena);
	return code;
}
