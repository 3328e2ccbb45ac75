/* SPDX-License-Identifier: Apache-2.0 */
#include "services.h"

#include <string.h>

#include "base/text.h"
#include "outward/outward.h"
#include "pki/hash.h"

#define PATH "/mpic"
#define ANSWER_MAX \
	65536 /* octets: as many perspectives as are read need two thirds of it, and rounds are many */

struct services {
	struct cs_arena *arena; /* holds this */
	struct http_visitor *visitor;
	struct services_settings settings;
};

struct asking {
	struct cs_arena *arena;
	const struct open_mpic_question *question;
	services_answered *answered;
	void *arg;
};

/* ---- the answer ---- */

static const char *
tell_failure(const struct asking *asking, const struct http_visited *visited)
{
	return cs_arena_printf(asking->arena, "it could not be asked (%s): %s",
	    http_fetch_reason_name(visited->reason),
	    cs_escape(asking->arena, cs_span_str(visited->text), 200));
}

static void
on_visited(void *arg, const struct http_visited *visited)
{
	struct asking *asking = arg;
	struct open_mpic_answer answer;
	const char *why = "", *reason = "service-no-answer";

	if (visited->reason != HTTP_FETCHED)
		why = tell_failure(asking, visited);
	else if (visited->status != 200)
		why = cs_arena_printf(asking->arena, "it answered %d", visited->status);
	else {
		reason = "service-unreadable";
		why = open_mpic_read(asking->arena, asking->question, visited->body, &answer);
	}
	if (why == NULL)
		asking->answered(asking->arg, &answer, "", "");
	else
		asking->answered(asking->arg, NULL, reason, why);
}

/* ---- the question ---- */

static const char *
target_of(struct cs_arena *arena, const struct connector_url *url)
{
	size_t len = strlen(url->path);

	while (len > 0 && url->path[len - 1] == '/')
		len--;
	return cs_arena_printf(arena, "%.*s" PATH, (int)len, url->path);
}

/* The key goes into the field that gateways of Open MPIC look for. */
static const char *
visit_with_secret(const struct services *services, const struct connector *connector,
    struct http_visit what, struct asking *asking)
{
	static const char name[] = "x-api-key: ";
	char field[sizeof(name) + CONNECTOR_SECRET_MAX];
	struct cs_err err;

	if (connector->sealed[0] == '\0') {
		http_visit(services->visitor, &what, on_visited, asking);
		return NULL;
	}
	memcpy(field, name, sizeof(name));
	if (connector_unseal(connector, services->settings.key, field + sizeof(name) - 1, &err))
		return cs_arena_printf(asking->arena, "its secret cannot be opened: %s", err.text);
	what.field = field;
	http_visit(services->visitor, &what, on_visited, asking);
	pki_wipe(field, sizeof(field));
	return NULL;
}

const char *
services_ask(struct services *services, struct cs_arena *arena, const struct connector *connector,
    const struct open_mpic_question *question, services_answered *answered, void *arg)
{
	struct asking *asking = CS_NEW(arena, struct asking);
	struct connector_url url;

	*asking = (struct asking){ arena, question, answered, arg };
	if (!connector_url_parse(arena, connector->endpoint, &url))
		return "its endpoint is no URL";
	const struct outward_way way = { .protocol = OUTWARD_HTTP,
		.platform = strcmp(connector->enterprise, CLAIM_PLATFORM) == 0,
		.test_mode = services->settings.test_mode };
	struct http_visit what = { .target = target_of(arena, &url),
		.post = question->json,
		.body_max = ANSWER_MAX,
		.total_ms = services->settings.answer_ms };

	if (!outward_place(&way, &url, &what))
		return "its endpoint is not under TLS";
	return visit_with_secret(services, connector, what, asking);
}

/* ---- life ---- */

enum cs_code
services_new(struct event_base *base, const struct services_settings *settings,
    struct services **ret, struct cs_err *err)
{
	struct cs_arena *arena = cs_arena_new();
	struct services *services = CS_NEW(arena, struct services);

	*services = (struct services){ .arena = arena, .settings = *settings };
	if (http_visitor_new(base, settings->ca_file, "Countersign", &services->visitor, err)) {
		cs_arena_free(arena);
		return err->code;
	}
	*ret = services;
	return CS_OK;
}

void
services_free(struct services *services)
{
	if (services == NULL)
		return;
	http_visitor_free(services->visitor);
	cs_arena_free(services->arena);
}
