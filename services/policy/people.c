/* SPDX-License-Identifier: Apache-2.0 */
/* people.c: whose is a token, and what may be done with it. */
#include "people.h"

#include <string.h>

#include "pki/hash.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

/* ---- names ---- */

/* The bit of entry i is 1 << i. */
static const char *const roles[PEOPLE_ROLES] = { "user", "operator", "auditor", "administrator" };
static const char *const scopes[PEOPLE_SCOPES] = { "requests:read", "requests:write", "config:read",
	"config:write", "people:write", "*" };

static unsigned
bit_of(const char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return 1U << i;
	return 0;
}

unsigned
people_role(const char *name)
{
	return bit_of(roles, LEN(roles), name);
}

unsigned
people_scope(const char *name)
{
	return bit_of(scopes, LEN(scopes), name);
}

const char *
people_role_name(size_t i)
{
	return i < LEN(roles) ? roles[i] : NULL;
}

const char *
people_scope_name(size_t i)
{
	return i < LEN(scopes) ? scopes[i] : NULL;
}

const char *
people_kind_name(enum people_kind kind)
{
	switch (kind) {
	case PEOPLE_API_TOKEN:
		return "api-token";
	case PEOPLE_SESSION:
		return "session";
	case PEOPLE_INVITATION:
		return "invitation";
	}
	return "";
}

/* ---- keys ---- */

static struct cs_id
id_of(const char *label, struct cs_span a, struct cs_span b)
{
	/* The NUL of each text ends it: no two pairs are one. */
	const struct cs_span parts[] = { cs_span_of(label, strlen(label) + 1), a, b };
	uint8_t digest[PKI_SHA256];

	pki_sha256_parts(parts, LEN(parts), digest);
	return cs_id_from_digest(digest);
}

struct cs_id
people_id(const char *enterprise, const char *account)
{
	return id_of("countersign/person/v1", cs_span_of(enterprise, strlen(enterprise) + 1),
	    cs_span_of(account, strlen(account) + 1));
}

struct cs_id
people_token_id(const uint8_t sha256[static PEOPLE_SHA256])
{
	return id_of("countersign/token/v1", cs_span_of(sha256, PEOPLE_SHA256), cs_span_str(NULL));
}

void
people_ask_token(struct people_ask *ask, const char *token)
{
	ask->has_token = token[0] != '\0';
	pki_sha256(cs_span_str(token), ask->sha256);
}

/* ---- what was loaded ---- */

struct people_person *
people_find_person(const struct people_world *world, const char *enterprise, const char *account)
{
	for (struct people_person *p = world->persons; p != NULL; p = p->next)
		if (strcmp(p->enterprise, enterprise) == 0 && strcmp(p->account, account) == 0)
			return p;
	return NULL;
}

struct people_credential *
people_find_credential(const struct people_world *world, const uint8_t sha256[static PEOPLE_SHA256])
{
	for (struct people_credential *c = world->credentials; c != NULL; c = c->next)
		if (cs_equal_constant_time(c->sha256, sha256, PEOPLE_SHA256))
			return c;
	return NULL;
}

struct people_tally *
people_find_tally(const struct people_world *world, struct cs_id account, const char *network)
{
	for (struct people_tally *t = world->tallies; t != NULL; t = t->next)
		if (cs_id_equal(t->account, account) && strcmp(t->network, network) == 0)
			return t;
	return NULL;
}

/* ---- who asks ---- */

/* When it ends if nobody uses it again; 0: never. */
static int64_t
ends_at(const struct people_credential *c)
{
	const int64_t idle = (c->used_ms > c->made_ms ? c->used_ms : c->made_ms) + PEOPLE_IDLE_MS;

	if (c->kind != PEOPLE_SESSION)
		return c->ends_ms;
	return idle < c->ends_ms ? idle : c->ends_ms;
}

struct people_credential *
people_find_live(const struct people_world *world, const struct people_ask *ask, int64_t now_ms)
{
	struct people_credential *c =
	    ask->has_token ? people_find_credential(world, ask->sha256) : NULL;

	if (c == NULL || c->ended || !c->person->active)
		return NULL;
	return ends_at(c) == 0 || ends_at(c) > now_ms ? c : NULL;
}

static void
note_use(struct people_credential *c, int64_t now_ms)
{
	const int64_t exactly = c->kind == PEOPLE_SESSION ? PEOPLE_USED_MS : PEOPLE_TOKEN_USED_MS;

	if (c->from_file || now_ms - c->used_ms < exactly)
		return;
	c->used_ms = now_ms;
	c->used = true;
}

bool
people_identify(struct people_world *world, const struct people_ask *ask, int64_t now_ms,
    struct people_caller *ret)
{
	struct people_credential *c = people_find_live(world, ask, now_ms);

	if (c == NULL || c->kind == PEOPLE_INVITATION)
		return false;
	note_use(c, now_ms);
	*ret = (struct people_caller){
		.enterprise = c->person->enterprise,
		.account = c->person->account,
		.roles = c->person->roles,
		.scopes = c->scopes,
		.credential = c->id,
		.kind = c->kind,
		.ends_ms = ends_at(c),
		.must_change = c->kind == PEOPLE_SESSION && c->person->must_change,
	};
	return true;
}

bool
people_allows(unsigned have, enum people_scope scope)
{
	return (have & ((unsigned)scope | PEOPLE_EVERYTHING)) != 0;
}

bool
people_has_role(const struct people_caller *caller, const char *enterprise, unsigned wanted)
{
	return (caller->roles & wanted) != 0 &&
	       (strcmp(caller->enterprise, enterprise) == 0 ||
		   strcmp(caller->enterprise, PEOPLE_PLATFORM) == 0);
}
