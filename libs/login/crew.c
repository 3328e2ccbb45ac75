/* SPDX-License-Identifier: Apache-2.0 */
/* crew.c: the parent's side: the children, and what they say read strictly. */
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "internal.h"
#include "outward/outward.h"
#include "pki/hash.h"

#define CHILDREN 2   /* the end of one is not the end of everybody's logins */
#define ASK_MS 40000 /* later than the child's own end of three visits */

struct asked {
	LIST_ENTRY(asked) link;
	bool saml, finishes;
	login_done *done;
	void *arg;
};

struct logins {
	struct sandbox *sandbox;
	LIST_HEAD(, asked) asked; /* whoever waits for an answer */
};

enum cs_code
logins_open(const struct logins_settings *settings, struct event_base *base, struct logins **ret,
    struct cs_err *err)
{
	struct cs_arena *arena = cs_arena_new();
	const struct sandbox_settings sandbox = {
		.role = &login_role,
		.children = CHILDREN,
		.settings = outward_child_settings(arena, settings->test_mode, settings->ca_file),
		.told = settings->told,
		.told_arg = settings->told_arg,
	};
	struct logins *logins = calloc(1, sizeof(*logins));

	cs_assert(logins != NULL);
	const enum cs_code code = sandbox_open(&sandbox, base, &logins->sandbox, err);

	cs_arena_free(arena);
	if (code == CS_OK)
		*ret = logins;
	else
		free(logins);
	return code;
}

void
logins_close(struct logins *logins)
{
	if (logins == NULL)
		return;
	sandbox_close(logins->sandbox);
	for (struct asked *asked = LIST_FIRST(&logins->asked), *next; asked != NULL; asked = next) {
		next = LIST_NEXT(asked, link);
		free(asked);
	}
	free(logins);
}

/* Nobody is named to who asked where to go, and the other way round. */
static bool
is_of(const struct asked *asked, const struct login_told *told)
{
	return told->why.code != NULL || asked->finishes == (told->url[0] == '\0');
}

static void
on_answer(void *arg, enum sandbox_result result, struct cs_span octets)
{
	struct asked *asked = arg;
	struct cs_arena *arena = cs_arena_new();
	struct login_told told;

	if (result != SANDBOX_ANSWERED || !login_wire_read_answer(arena, octets, &told) ||
	    !is_of(asked, &told))
		told = (struct login_told){ .why = *login_refusal_find(
						asked->saml ? SAML_UNREACHABLE : OIDC_UNREACHABLE),
			.said = sandbox_result_name(result),
			.url = "" };
	LIST_REMOVE(asked, link);
	asked->done(asked->arg, &told);
	free(asked);
	cs_arena_free(arena);
}

static void
ask(struct logins *logins, const struct login_question *question, login_done *done, void *arg)
{
	struct cs_arena *arena = cs_arena_new();
	struct asked *asked = calloc(1, sizeof(*asked));
	const struct cs_span octets = login_wire_question(arena, question);

	cs_assert(asked != NULL);
	*asked = (struct asked){
		.saml = question->saml, .finishes = question->finishes, .done = done, .arg = arg
	};
	LIST_INSERT_HEAD(&logins->asked, asked, link);
	sandbox_ask(logins->sandbox, octets, ASK_MS, on_answer, asked);
	pki_wipe((void *)octets.data, octets.len);
	cs_arena_free(arena);
}

void
login_start(struct logins *logins, const struct login_start *start, login_done *done, void *arg)
{
	ask(logins, &(struct login_question){ .start = *start }, done, arg);
}

void
login_finish(struct logins *logins, const struct login_finish *finish, login_done *done, void *arg)
{
	ask(logins, &(struct login_question){ .finishes = true, .finish = *finish }, done, arg);
}

void
login_start_saml(
    struct logins *logins, const struct login_saml_start *start, login_done *done, void *arg)
{
	ask(logins, &(struct login_question){ .saml = true, .saml_start = *start }, done, arg);
}

void
login_finish_saml(
    struct logins *logins, const struct login_saml_finish *finish, login_done *done, void *arg)
{
	const struct login_question question = {
		.saml = true, .finishes = true, .saml_finish = *finish
	};

	cs_assert(strlen(finish->form) <= SAML_FORM_MAX);
	ask(logins, &question, done, arg);
}
