/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_policy.h"

#include <stdio.h>
#include <string.h>

#include "fake_stretch.h"
#include "pack/pack.h"
#include "pki/hash.h"
#include "proto/ask.pb-c.h"

#define WORDS 8

static struct {
	const struct fake_person *people;
	bool away;
	unsigned asked;
	char source[64];
	struct fake_login *logins;
	int64_t retry_at_ms;
	const char *garbled;
} policy;

void
fake_policy_use(const struct fake_person *people)
{
	memset(&policy, 0, sizeof(policy));
	policy.people = people;
}

void
fake_policy_away(bool away)
{
	policy.away = away;
}

unsigned
fake_policy_asked(void)
{
	return policy.asked;
}

const char *
fake_policy_source(void)
{
	return policy.source;
}

static const struct fake_person *
find(const ProtobufCBinaryData *sha256)
{
	const struct fake_person *person = policy.people;
	uint8_t digest[PKI_SHA256];

	cs_assert(sha256->len == PKI_SHA256);
	for (; person && person->token; person++) {
		pki_sha256(cs_span_str(person->token), digest);
		if (memcmp(digest, sha256->data, PKI_SHA256) == 0)
			return person;
	}
	return NULL;
}

static size_t
split(struct cs_arena *arena, const char *text, char **words)
{
	char *rest = NULL;
	size_t n = 0;

	for (char *word = strtok_r(cs_arena_strdup(arena, text), " ", &rest); word;
	     word = strtok_r(NULL, " ", &rest)) {
		cs_assert(n < WORDS);
		words[n++] = word;
	}
	return n;
}

bool
fake_policy_answer(struct cs_arena *arena, struct cs_span ask, struct cs_span *ret_answer)
{
	struct cs_err err = { 0 };
	const Countersign__V1__WhoAsk *question =
	    pack_read(arena, &countersign__v1__who_ask__descriptor, ask, ask.len, &err);
	Countersign__V1__WhoAnswer answer = COUNTERSIGN__V1__WHO_ANSWER__INIT;
	char *roles[WORDS], *scopes[WORDS];
	const struct fake_person *person = NULL;

	cs_assert(question != NULL);
	policy.asked++;
	(void)snprintf(policy.source, sizeof(policy.source), "%s", question->source);
	if (policy.away)
		return false;
	person = find(&question->token_sha256);
	answer.result = pack_text(person ? "known" : "unknown");
	if (person) {
		answer.enterprise = pack_text(person->enterprise);
		answer.account = pack_text(person->account);
		answer.roles = roles;
		answer.n_roles = split(arena, person->roles, roles);
		answer.scopes = scopes;
		answer.n_scopes = split(arena, person->scopes, scopes);
		answer.credential = pack_text(person->credential);
		answer.factor = pack_text(person->factor ? person->factor : "api-token");
		answer.ends_at_ms = person->ends_at_ms;
		answer.must_change = person->must_change;
	}
	*ret_answer = pack_write(arena, &answer.base);
	return true;
}

/* ---- passwords ---- */

#define NEW_SALT "newsaltnewsaltne"

static const struct stretch_cost cost = { 2, 16384, 1 }, new_cost = { 3, 32768, 2 };

void
fake_policy_let_in(struct fake_login *logins)
{
	policy.logins = logins;
}

void
fake_policy_retry_at(int64_t ms)
{
	policy.retry_at_ms = ms;
}

void
fake_policy_garble(const char *subject)
{
	policy.garbled = subject;
}

static bool
is(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

static struct fake_login *
find_login(const char *enterprise, const char *account)
{
	struct fake_login *login = policy.logins;

	for (; login && login->enterprise; login++)
		if (is(login->enterprise, enterprise) && is(login->account, account))
			return login;
	return NULL;
}

/* Of an invitation, or of a session's token. */
static struct fake_login *
find_secret(const char *invitation, const char *token)
{
	struct fake_login *login = policy.logins;

	for (; login && login->enterprise; login++)
		if (is(login->invitation, invitation) || is(login->token, token))
			return login;
	return NULL;
}

/* As the real one, it makes one up for whoever is not there. */
static struct cs_span
salt_of(struct cs_arena *arena, const char *enterprise, const char *account)
{
	uint8_t digest[PKI_SHA256];

	pki_sha256(cs_span_str(cs_arena_printf(arena, "%s/%s", enterprise, account)), digest);
	return cs_arena_copy(arena, digest, 16);
}

static bool
is_proof(struct cs_arena *arena, const struct fake_login *login, const ProtobufCBinaryData *proof)
{
	uint8_t want[STRETCH_PROOF];

	cs_assert(proof->len == sizeof(want));
	fake_stretch_proof(cs_span_str(login->password),
	    salt_of(arena, login->enterprise, login->account), &cost, want);
	return memcmp(want, proof->data, sizeof(want)) == 0;
}

static struct cs_span
answer_salt(struct cs_arena *arena, const Countersign__V1__SaltAsk *ask)
{
	Countersign__V1__SaltAnswer answer = COUNTERSIGN__V1__SALT_ANSWER__INIT;

	cs_assert(!ask->invitation[0] || (!ask->enterprise[0] && !ask->account[0]));
	if (ask->invitation[0] && !find_secret(ask->invitation, NULL))
		return pack_write(arena, &answer.base);
	answer.salt = pack_octets(salt_of(arena, ask->enterprise, ask->account));
	answer.new_salt = pack_octets(cs_span_str(NEW_SALT));
	answer.passes = cost.passes;
	answer.memory_kib = cost.memory_kib;
	answer.lanes = cost.lanes;
	answer.new_passes = new_cost.passes;
	answer.new_memory_kib = new_cost.memory_kib;
	answer.new_lanes = new_cost.lanes;
	if (ask->invitation[0]) {
		answer.enterprise = pack_text(find_secret(ask->invitation, NULL)->enterprise);
		answer.account = pack_text(find_secret(ask->invitation, NULL)->account);
	}
	return pack_write(arena, &answer.base);
}

static struct cs_span
answer_login(struct cs_arena *arena, const Countersign__V1__LoginAsk *ask)
{
	Countersign__V1__LoginAnswer answer = COUNTERSIGN__V1__LOGIN_ANSWER__INIT;
	const struct fake_login *login = find_login(ask->enterprise, ask->account);

	cs_assert(is(ask->factor, "password"));
	(void)snprintf(policy.source, sizeof(policy.source), "%s", ask->source);
	answer.result = pack_text("wrong");
	if (login && login->locked) {
		answer.result = pack_text("locked");
		answer.retry_at_ms = policy.retry_at_ms;
	} else if (login && is_proof(arena, login, &ask->proof)) {
		answer.result = pack_text("welcome");
		answer.token = pack_text(login->token);
		answer.ends_at_ms = INT64_C(1896000000000);
		answer.must_change = login->must_change;
	}
	return pack_write(arena, &answer.base);
}

/* Policy is not told which password it is: here it can only be one. */
static void
set_password(struct fake_login *login, const Countersign__V1__PasswordAsk *ask)
{
	uint8_t want[STRETCH_PROOF];

	fake_stretch_proof(
	    cs_span_str(FAKE_POLICY_NEW_PASSWORD), cs_span_str(NEW_SALT), &new_cost, want);
	cs_assert(ask->salt.len == 16 && memcmp(ask->salt.data, NEW_SALT, 16) == 0);
	cs_assert(ask->passes == new_cost.passes && ask->memory_kib == new_cost.memory_kib &&
		  ask->lanes == new_cost.lanes && ask->proof.len == sizeof(want));
	cs_assert(memcmp(want, ask->proof.data, sizeof(want)) == 0);
	login->password = FAKE_POLICY_NEW_PASSWORD;
	login->invitation = NULL;
}

static struct cs_span
answer_password(struct cs_arena *arena, const Countersign__V1__PasswordAsk *ask)
{
	Countersign__V1__PasswordAnswer answer = COUNTERSIGN__V1__PASSWORD_ANSWER__INIT;
	struct fake_login *login = find_secret(ask->invitation, ask->token);

	(void)snprintf(policy.source, sizeof(policy.source), "%s", ask->source);

	cs_assert((ask->token[0] == 0) != (ask->invitation[0] == 0));
	answer.result = pack_text("changed");
	if (!login)
		answer.result = pack_text("unknown");
	else if (login->locked)
		answer.result = pack_text("locked");
	else if (ask->token[0] && !is_proof(arena, login, &ask->old_proof))
		answer.result = pack_text("wrong");
	else
		set_password(login, ask);
	return pack_write(arena, &answer.base);
}

static struct cs_span
answer_logout(struct cs_arena *arena, const Countersign__V1__LogoutAsk *ask)
{
	Countersign__V1__LogoutAnswer answer = COUNTERSIGN__V1__LOGOUT_ANSWER__INIT;

	answer.result = pack_text(find_secret(NULL, ask->token) ? "ended" : "unknown");
	return pack_write(arena, &answer.base);
}

static const void *
read_ask(struct cs_arena *arena, const ProtobufCMessageDescriptor *descriptor, struct cs_span ask)
{
	struct cs_err err = { 0 };
	const void *question = pack_read(arena, descriptor, ask, ask.len, &err);

	cs_assert(question != NULL);
	return question;
}

bool
fake_policy_people(
    struct cs_arena *arena, const char *subject, struct cs_span ask, struct cs_span *ret_answer)
{
	if (policy.away)
		return false;
	if (is(policy.garbled, subject))
		*ret_answer = cs_span_str("nonsense");
	else if (is(subject, "ask.policy.salt"))
		*ret_answer = answer_salt(
		    arena, read_ask(arena, &countersign__v1__salt_ask__descriptor, ask));
	else if (is(subject, "ask.policy.login"))
		*ret_answer = answer_login(
		    arena, read_ask(arena, &countersign__v1__login_ask__descriptor, ask));
	else if (is(subject, "ask.policy.password"))
		*ret_answer = answer_password(
		    arena, read_ask(arena, &countersign__v1__password_ask__descriptor, ask));
	else
		*ret_answer = answer_logout(
		    arena, read_ask(arena, &countersign__v1__logout_ask__descriptor, ask));
	return true;
}
