/* SPDX-License-Identifier: Apache-2.0 */
/* wire.c: questions and answers as octets.  Pure. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "pki/cert.h"

#define TEXTS_MAX 16
#define START_TEXTS 10
#define FINISH_TEXTS 13
#define SAML_START_TEXTS 6
#define SAML_FINISH_TEXTS 8
#define NUMBER 24

/* ---- texts ---- */

static struct cs_span
join(struct cs_arena *arena, const char *const *texts, size_t n)
{
	size_t len = 0, at = 0;

	for (size_t i = 0; i < n; i++)
		len += strlen(texts[i]) + 1;
	/* At once, so that no copy of a secret stays behind in the arena. */
	char *octets = cs_arena_alloc(arena, len);

	for (size_t i = 0; i < n; i++) {
		memcpy(octets + at, texts[i], strlen(texts[i]) + 1);
		at += strlen(texts[i]) + 1;
	}
	return cs_span_of(octets, len);
}

/* How many there are, borrowed; 0: the last has no end, or there are too many. */
static size_t
split(struct cs_span octets, const char *ret_texts[static TEXTS_MAX])
{
	size_t n = 0;

	if (octets.len == 0 || octets.data[octets.len - 1] != '\0')
		return 0;
	for (size_t at = 0; at < octets.len; at += strlen(ret_texts[n++]) + 1) {
		if (n == TEXTS_MAX)
			return 0;
		ret_texts[n] = (const char *)octets.data + at;
	}
	return n;
}

static const char *
or_none(const char *text)
{
	return text != NULL ? text : "";
}

static const char *
or_null(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

static const char *
whose(const struct login_at *at)
{
	return at->platform ? "platform" : "tenant";
}

static struct login_at
place_of(const char *const *texts)
{
	return (struct login_at){ strcmp(texts[1], "platform") == 0, texts[2] };
}

/* ---- questions ---- */

static struct cs_span
write_start(struct cs_arena *arena, const struct login_start *start)
{
	const struct oidc_request *r = &start->request;
	const char *texts[] = { "start", whose(&start->at), start->at.endpoint, r->client_id,
		r->redirect_uri, r->state, r->nonce, r->verifier, or_none(r->hint),
		cs_arena_printf(arena, "%u", r->max_age_s), or_none(r->claim) };

	return join(arena, texts, sizeof(texts) / sizeof(texts[0]));
}

static struct cs_span
write_finish(struct cs_arena *arena, const struct login_finish *finish)
{
	const struct oidc_exchange *e = &finish->exchange;
	const char *texts[] = { "finish", whose(&finish->at), finish->at.endpoint, e->client_id,
		e->secret, e->redirect_uri, e->verifier, or_none(finish->redirect.code),
		or_none(finish->redirect.error), or_none(finish->redirect.issuer), finish->nonce,
		finish->claim, cs_arena_printf(arena, "%lld", (long long)finish->asked_s),
		cs_arena_printf(arena, "%u", finish->max_age_s) };

	return join(arena, texts, sizeof(texts) / sizeof(texts[0]));
}

static struct cs_span
write_saml_start(struct cs_arena *arena, const struct login_saml_start *s)
{
	const char *texts[] = { "saml-start", whose(&s->at), s->at.endpoint, s->entity_id,
		s->answer_at, s->request_id, s->state };

	return join(arena, texts, sizeof(texts) / sizeof(texts[0]));
}

static struct cs_span
write_saml_finish(struct cs_arena *arena, const struct login_saml_finish *f)
{
	const char *texts[] = { "saml-finish", whose(&f->at), f->at.endpoint, f->form, f->entity_id,
		f->answer_at, f->request_id, f->claim,
		cs_arena_printf(arena, "%lld", (long long)f->asked_s) };

	return join(arena, texts, sizeof(texts) / sizeof(texts[0]));
}

struct cs_span
login_wire_question(struct cs_arena *arena, const struct login_question *question)
{
	if (question->saml)
		return question->finishes ? write_saml_finish(arena, &question->saml_finish)
					  : write_saml_start(arena, &question->saml_start);
	return question->finishes ? write_finish(arena, &question->finish)
				  : write_start(arena, &question->start);
}

static struct login_start
read_start(const char *const *texts)
{
	return (struct login_start){ .at = place_of(texts),
		.request = { .client_id = texts[3],
		    .redirect_uri = texts[4],
		    .state = texts[5],
		    .nonce = texts[6],
		    .verifier = texts[7],
		    .hint = or_null(texts[8]),
		    .max_age_s = (uint32_t)strtoul(texts[9], NULL, 10),
		    .claim = or_null(texts[10]) } };
}

static struct login_finish
read_finish(const char *const *texts)
{
	return (struct login_finish){ .at = place_of(texts),
		.exchange = { .client_id = texts[3],
		    .secret = texts[4],
		    .redirect_uri = texts[5],
		    .code = texts[7],
		    .verifier = texts[6] },
		.redirect = { .code = or_null(texts[7]),
		    .error = or_null(texts[8]),
		    .issuer = or_null(texts[9]) },
		.nonce = texts[10],
		.claim = texts[11],
		.asked_s = strtoll(texts[12], NULL, 10),
		.max_age_s = (uint32_t)strtoul(texts[13], NULL, 10) };
}

static struct login_saml_start
read_saml_start(const char *const *texts)
{
	return (struct login_saml_start){ .at = place_of(texts),
		.entity_id = texts[3],
		.answer_at = texts[4],
		.request_id = texts[5],
		.state = texts[6] };
}

static struct login_saml_finish
read_saml_finish(const char *const *texts)
{
	return (struct login_saml_finish){ .at = place_of(texts),
		.form = texts[3],
		.entity_id = texts[4],
		.answer_at = texts[5],
		.request_id = texts[6],
		.claim = texts[7],
		.asked_s = strtoll(texts[8], NULL, 10) };
}

bool
login_wire_read_question(struct cs_span octets, struct login_question *ret)
{
	const char *texts[TEXTS_MAX];
	const size_t n = split(octets, texts);
	const char *kind = n > 0 ? texts[0] : "";

	*ret = (struct login_question){ .saml = strncmp(kind, "saml-", 5) == 0 };
	ret->finishes = strcmp(kind, ret->saml ? "saml-finish" : "finish") == 0;
	if (strcmp(kind, "finish") == 0 && n == 1 + FINISH_TEXTS)
		ret->finish = read_finish(texts);
	else if (strcmp(kind, "start") == 0 && n == 1 + START_TEXTS)
		ret->start = read_start(texts);
	else if (strcmp(kind, "saml-finish") == 0 && n == 1 + SAML_FINISH_TEXTS)
		ret->saml_finish = read_saml_finish(texts);
	else if (strcmp(kind, "saml-start") == 0 && n == 1 + SAML_START_TEXTS)
		ret->saml_start = read_saml_start(texts);
	else
		return false;
	return true;
}

/* ---- answers ---- */

const struct cs_refusal *
login_refusal_find(const char *code)
{
	const struct cs_refusal *found = oidc_refusal_find(code);

	return found != NULL ? found : saml_refusal_find(code);
}

struct cs_span
login_wire_answer(struct cs_arena *arena, const struct login_told *told)
{
	char login[NUMBER];
	const char *no[] = { "no", told->why.code, told->said };
	const char *url[] = { "url", told->url };
	const char *person[] = { "person", told->person.name, told->person.subject, login };

	(void)snprintf(login, sizeof(login), "%lld", (long long)told->person.login_s);
	if (told->why.code != NULL)
		return join(arena, no, 3);
	return told->url[0] != '\0' ? join(arena, url, 2) : join(arena, person, 4);
}

static bool
is_printable(const char *text, size_t max)
{
	const size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if (text[i] < ' ' || text[i] > '~')
			return false;
	return len <= max;
}

static bool
read_no(const char *const *texts, struct login_told *told)
{
	const struct cs_refusal *why = login_refusal_find(texts[1]);

	if (why == NULL || !is_printable(texts[2], LOGIN_SAID_MAX))
		return false;
	told->why = *why;
	told->said = texts[2];
	return true;
}

static bool
read_url(const char *const *texts, struct login_told *told)
{
	told->url = texts[1];
	return is_printable(texts[1], LOGIN_URL_MAX) && strchr(texts[1], ' ') == NULL &&
	       (strncmp(texts[1], "https://", 8) == 0 || strncmp(texts[1], "http://", 7) == 0);
}

static bool
read_person(const char *const *texts, struct login_told *told)
{
	const size_t len = strlen(texts[1]), digits = strspn(texts[3], "0123456789");

	told->person = (struct oidc_person){ texts[1], texts[2], strtoll(texts[3], NULL, 10) };
	return len > 0 && len <= OIDC_TEXT_MAX && pki_text_fault(cs_span_str(texts[1])) == NULL &&
	       texts[2][0] != '\0' && is_printable(texts[2], OIDC_TEXT_MAX) && digits > 0 &&
	       digits < 18 && texts[3][digits] == '\0';
}

bool
login_wire_read_answer(struct cs_arena *arena, struct cs_span octets, struct login_told *ret)
{
	const struct cs_span copy = cs_arena_copy_span(arena, octets);
	struct login_told told = { .said = "", .url = "" };
	const char *texts[TEXTS_MAX];
	const size_t n = split(copy, texts);

	if (!(n == 3 && strcmp(texts[0], "no") == 0 && read_no(texts, &told)) &&
	    !(n == 2 && strcmp(texts[0], "url") == 0 && read_url(texts, &told)) &&
	    !(n == 4 && strcmp(texts[0], "person") == 0 && read_person(texts, &told)))
		return false;
	*ret = told;
	return true;
}
