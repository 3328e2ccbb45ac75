/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls about documents as anybody sends them: the first line is method, path and query, the rest the body.  What is
 * refused says why, what is answered is JSON, what is taken is taken again without a change, and who may not
 * never changes anything.
 */
#include <stdlib.h>
#include <string.h>

#include "../config.h"
#include "../config_json.h"

#define NOW INT64_C(1795437296789)
#define ALL_SCOPES (CONFIG_MAY_READ | CONFIG_MAY_WRITE | CONFIG_MAY_PEOPLE)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct decided {
	struct config_state state;
	struct config_answer answer;
};

static const struct policy_rules *
rules(void)
{
	static const char *issuers[] = { "ca.countersign.example" };
	static struct policy_rules rules = { .issuer_domains = { issuers, 1 } };
	static struct smime_psl *psl;

	if (psl == NULL && smime_psl_load(NULL, &psl, NULL) != CS_OK)
		abort();
	rules.psl = psl;
	return &rules;
}

/* What there is before: an enterprise with people, and a profile of the platform. */
static struct config_doc *
documents(struct cs_arena *arena)
{
	static const struct {
		enum config_kind kind;
		const char *enterprise, *name, *spec;
	} known[] = {
		{ CONFIG_ENTERPRISE, "acme", "acme",
		    "{\"active\":true,\"caa\":true,\"domain_mode\":\"approved\",\"issuers\":[],"
		    "\"profiles\":[\"*\"],\"title\":\"\"}" },
		{ CONFIG_PERSON, "acme", "alice",
		    "{\"active\":true,\"details\":{},\"email\":\"\",\"phone\":\"\",\"profiles\":"
		    "[\"*\"],\"roles\":[\"user\"],\"title\":\"\"}" },
		{ CONFIG_ASSIGNMENT, "acme", "*@alpha.example", "{\"people\":[\"alice\"]}" },
	};
	struct config_doc *docs = NULL;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct config_doc *doc = CS_NEW(arena, struct config_doc);

		*doc = (struct config_doc){ .next = docs,
			.kind = known[i].kind,
			.enterprise = known[i].enterprise,
			.name = known[i].name,
			.version = 11 + i,
			.spec = cs_span_str(known[i].spec),
			.changed_ms = NOW,
			.changed_by = "platform/root" };
		docs = doc;
	}
	return docs;
}

static struct decided
decide(struct cs_arena *arena, const struct config_state *state, const struct config_ask *ask,
    const char *enterprise, unsigned roles)
{
	static const uint8_t random[32] = { 1 };
	const struct config_setting in = { rules(), arena, NOW, random };
	const struct config_caller caller = { true, enterprise, "root", roles, ALL_SCOPES, "c",
		"192.0.2.1" };
	struct decided decided = { .state = *state };

	decided.answer = config_decide(&in, &decided.state, &caller, ask);
	cs_assert(decided.answer.status >= 200 && decided.answer.status < 600);
	cs_assert(decided.answer.status < 400 || decided.answer.made == NULL);
	if (decided.answer.body.len > 0)
		json_decref(config_json_own(decided.answer.body));
	return decided;
}

/* A word of the line, which ends at `end`; the rest is what follows. */
static char *
word(char **rest, const char *end)
{
	char *found = strsep(rest, end);

	return found != NULL ? found : (char *)"";
}

static void
judge(struct cs_arena *arena, const struct config_ask *ask)
{
	const struct config_state before = { .docs = documents(arena), .last_version = 20 };
	const struct decided root =
	    decide(arena, &before, ask, CONFIG_PLATFORM, CONFIG_ADMINISTRATOR);

	/* Who may only look changes nothing; nor does who is of another enterprise. */
	cs_assert(decide(arena, &before, ask, CONFIG_PLATFORM, CONFIG_AUDITOR).answer.made == NULL);
	cs_assert(decide(arena, &before, ask, "acme", CONFIG_USER).answer.made == NULL);
	for (const struct config_change *c =
		 decide(arena, &before, ask, "rival", CONFIG_ADMINISTRATOR).answer.made;
	     c != NULL; c = c->next)
		cs_assert(strcmp(c->enterprise, "rival") == 0);
	/* An operator gives nobody a right. */
	for (const struct config_change *c =
		 decide(arena, &before, ask, "acme", CONFIG_OPERATOR).answer.made;
	     c != NULL; c = c->next)
		if (c->kind == CONFIG_PERSON)
			cs_assert(strstr((const char *)c->after.data, "\"roles\":[\"user\"]"));
	if (root.answer.made != NULL && ask->act == CONFIG_APPLY)
		cs_assert(decide(arena, &root.state, ask, CONFIG_PLATFORM, CONFIG_ADMINISTRATOR)
			      .answer.made == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_arena *arena = cs_arena_new();
	const uint8_t *line_end = size > 0 ? memchr(data, '\n', size) : NULL;
	const size_t line = line_end != NULL ? (size_t)(line_end - data) : size;
	char *rest = cs_arena_strndup(arena, (const char *)data, line);
	const char *method = word(&rest, " "), *path = word(&rest, " "), *query = word(&rest, " ");
	const struct config_http http = { "t", method, path, query, "",
		strcmp(method, "PUT") == 0 ? "*" : "", "192.0.2.1",
		line_end != NULL ? cs_span_of(line_end + 1, size - line - 1) : cs_span_str("") };
	const struct config_ask ask = config_read(rules(), arena, &http);

	if (ask.status != 0)
		cs_assert(ask.why.code != NULL && ask.why.text != NULL && ask.why.mend != NULL);
	judge(arena, &ask);
	cs_arena_free(arena);
	return 0;
}
