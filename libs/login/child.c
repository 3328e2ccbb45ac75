/* SPDX-License-Identifier: Apache-2.0 */
/* child.c: one login, inside a sandboxed child: document, then code for token, then keys; or metadata alone. */
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "internal.h"
#include "outward/outward.h"
#include "pki/hash.h"

#define EACH_MS 10000
#define FORM "application/x-www-form-urlencoded"

struct talk {
	struct outward_child *child;
	struct sandbox_question *question;
	struct login_question asked;
	const struct login_at *at;
	struct oidc_provider provider;
	struct cs_span token;
};

/* ---- the end of it ---- */

static void
answer(struct talk *talk, const struct login_told *told)
{
	talk->child->under_way--;
	sandbox_answer(talk->question, login_wire_answer(talk->question->arena, told));
}

static void
refuse(struct talk *talk, struct cs_refusal why, const char *said)
{
	answer(talk, &(struct login_told){ .why = why, .said = said, .url = "" });
}

/* What strangers said is escaped. */
static void
refuse_saying(
    struct talk *talk, const char *code, const char *what, const char *where, const char *said)
{
	struct cs_arena *arena = talk->question->arena;
	const char *text = cs_arena_printf(arena, "%s %s: %s", what, where, said);

	refuse(talk, *login_refusal_find(code),
	    cs_escape(arena, cs_span_str(text), LOGIN_SAID_MAX - 3));
}

/* The word for what may be different later. */
static const char *
unreachable(const struct talk *talk)
{
	return talk->asked.saml ? SAML_UNREACHABLE : OIDC_UNREACHABLE;
}

/* ---- visits ---- */

/* False: it is refused. */
static bool
came(struct talk *talk, enum oidc_part part, const struct http_visited *visited, const char *code)
{
	struct cs_arena *arena = talk->question->arena;
	const char *where = part == OIDC_ISSUER ? "document of the provider" : oidc_part_name(part);

	if (visited->reason != HTTP_FETCHED) {
		refuse_saying(talk, unreachable(talk), http_fetch_reason_name(visited->reason),
		    where, visited->text);
		return false;
	}
	if (visited->status != 200) {
		refuse_saying(talk, code, "no answer of", where,
		    cs_arena_printf(arena, "HTTP %d", visited->status));
		return false;
	}
	return true;
}

static void
visit(struct talk *talk, const struct oidc_place *place, struct http_visit what,
    http_visit_done *done)
{
	const struct outward_way way = { .protocol = OUTWARD_HTTP,
		.platform = talk->at->platform,
		.test_mode = talk->child->test_mode };

	what.target = place->target;
	what.total_ms = EACH_MS;
	if (outward_place(&way, &place->url, &what))
		http_visit(talk->child->visitor, &what, done, talk);
	else
		refuse_saying(talk, unreachable(talk), "not under TLS", "", place->url.host);
}

/* Of a provider that was judged. */
static struct oidc_place
place_of(struct talk *talk, enum oidc_part part)
{
	struct oidc_place place;

	cs_assert(oidc_place_parse(talk->question->arena, talk->provider.said[part].text, &place));
	return place;
}

/* ---- keys, and who it is ---- */

static void
on_keys(void *arg, const struct http_visited *visited)
{
	struct talk *talk = arg;
	struct cs_arena *arena = talk->question->arena;
	const struct login_finish *finish = &talk->asked.finish;
	const struct oidc_expected expected = { .provider = &talk->provider,
		.client_id = finish->exchange.client_id,
		.nonce = finish->nonce,
		.claim = finish->claim,
		.asked_s = finish->asked_s,
		.max_age_s = finish->max_age_s,
		.now_s = cs_now_ms() / CS_SECOND_MS };
	struct login_told told = { .said = "", .url = "" };
	struct oidc_keys keys;

	if (!came(talk, OIDC_JWKS, visited, OIDC_UNREACHABLE))
		return;
	if (oidc_keys_read(arena, visited->body, &keys, &told.why) &&
	    oidc_id_token_judge(arena, talk->token, &keys, &expected, &told.person, &told.why))
		told.why.code = NULL;
	answer(talk, &told);
}

/* ---- the code for a token ---- */

static void
on_token(void *arg, const struct http_visited *visited)
{
	struct talk *talk = arg;
	struct cs_refusal why;

	if (!came(talk, OIDC_TOKEN, visited, OIDC_NOT_EXCHANGED))
		return;
	if (!oidc_answer_read(talk->question->arena, visited->body, &talk->token, &why)) {
		refuse(talk, why, "");
		return;
	}
	const struct oidc_place keys = place_of(talk, OIDC_JWKS);

	visit(talk, &keys, (struct http_visit){ .field = NULL }, on_keys);
}

static void
exchange(struct talk *talk)
{
	const struct login_finish *finish = &talk->asked.finish;
	struct oidc_question question;
	struct cs_refusal why;

	if (!oidc_redirect_judge(&talk->provider, &finish->redirect, &why)) {
		refuse(talk, why, "");
		return;
	}
	/* The code was bounded just now, the rest where it was set. */
	cs_assert(oidc_token_question(
	    talk->question->arena, &talk->provider, &finish->exchange, &question));
	const struct oidc_place place = place_of(talk, OIDC_TOKEN);
	const struct http_visit what = { .post = cs_span_str(question.body),
		.post_type = FORM,
		.field = question.field[0] != '\0' ? question.field : NULL,
		.body_max = OIDC_ANSWER_MAX };

	visit(talk, &place, what, on_token);
	pki_wipe(&question, sizeof(question));
}

/* ---- what the provider says of itself ---- */

static void
on_document(void *arg, const struct http_visited *visited)
{
	struct talk *talk = arg;
	struct cs_arena *arena = talk->question->arena;
	struct cs_refusal why;

	if (!came(talk, OIDC_ISSUER, visited, OIDC_UNREACHABLE))
		return;
	if (!oidc_discovery_judge(
		arena, talk->at->endpoint, visited->body, &talk->provider, &why)) {
		refuse(talk, why, "");
		return;
	}
	if (talk->asked.finishes) {
		exchange(talk);
		return;
	}
	const char *url =
	    oidc_authorization_url(arena, &talk->provider, &talk->asked.start.request);

	answer(talk, &(struct login_told){ .said = "", .url = url });
}

/* ---- SAML ---- */

static void
start_saml(struct talk *talk, const struct saml_provider *provider, int64_t now_s)
{
	const struct login_saml_start *start = &talk->asked.saml_start;
	const struct saml_request request = { .entity_id = start->entity_id,
		.answer_at = start->answer_at,
		.id = start->request_id,
		.state = start->state,
		.now_s = now_s };

	answer(talk, &(struct login_told){ .said = "",
			 .url = saml_request_url(talk->question->arena, provider, &request) });
}

static void
finish_saml(struct talk *talk, const struct saml_provider *provider, int64_t now_s)
{
	const struct login_saml_finish *finish = &talk->asked.saml_finish;
	const struct saml_expected expected = { .provider = provider,
		.entity_id = finish->entity_id,
		.answer_at = finish->answer_at,
		.request_id = finish->request_id,
		.claim = finish->claim,
		.asked_s = finish->asked_s,
		.now_s = now_s };
	struct login_told told = { .said = "", .url = "" };
	struct saml_person person;

	if (saml_response_judge(
		talk->question->arena, cs_span_str(finish->form), &expected, &person, &told.why))
		told = (struct login_told){ .said = "",
			.url = "",
			.person = { person.name, person.assertion, person.login_s } };
	answer(talk, &told);
}

static void
on_metadata(void *arg, const struct http_visited *visited)
{
	struct talk *talk = arg;
	const bool clear = strncmp(talk->at->endpoint, "http://", 7) == 0;
	const int64_t now_s = cs_now_ms() / CS_SECOND_MS;
	struct saml_provider provider;
	struct cs_refusal why;

	if (!came(talk, OIDC_ISSUER, visited, SAML_UNREACHABLE))
		return;
	if (!saml_metadata_judge(
		talk->question->arena, visited->body, clear, now_s, &provider, &why))
		refuse(talk, why, "");
	else if (talk->asked.finishes)
		finish_saml(talk, &provider, now_s);
	else
		start_saml(talk, &provider, now_s);
}

/* ---- questions ---- */

static const struct login_at *
place_asked(const struct login_question *asked)
{
	if (asked->saml)
		return asked->finishes ? &asked->saml_finish.at : &asked->saml_start.at;
	return asked->finishes ? &asked->finish.at : &asked->start.at;
}

static void
child_ask(struct sandbox_question *question)
{
	struct talk *talk = CS_NEW(question->arena, struct talk);
	struct oidc_place place;

	*talk = (struct talk){ .child = question->self, .question = question };
	cs_assert(login_wire_read_question(question->octets, &talk->asked));
	talk->at = place_asked(&talk->asked);
	talk->child->under_way++;
	if (!oidc_place_parse(question->arena, talk->at->endpoint, &place)) {
		refuse_saying(talk, unreachable(talk), "no URL", "", talk->at->endpoint);
		return;
	}
	if (talk->child->under_way > LOGINS_AT_ONCE) {
		refuse_saying(talk, unreachable(talk), "too many", "at once", talk->at->endpoint);
		return;
	}
	if (!talk->asked.saml)
		place.target = oidc_discovery_path(question->arena, place.url.path);
	visit(talk, &place, (struct http_visit){ .field = NULL },
	    talk->asked.saml ? on_metadata : on_document);
}

/* ---- life ---- */

static enum cs_code
child_open(struct event_base *base, struct cs_span settings, void **ret_self, struct cs_err *err)
{
	oidc_load();
	saml_load();
	return outward_child_open(base, settings, ret_self, err);
}

const struct sandbox_role login_role = { .name = "login",
	.flags = SANDBOX_NETWORK,
	.memory_mib = 384,
	.files_max = 256,
	.open = child_open,
	.ask = child_ask,
	.close = outward_child_close };
