/* SPDX-License-Identifier: Apache-2.0 */
/*
 * people_login.c: passwords and sessions.  Nobody learns from an answer whether there is such a person: who is
 * unknown, has no password or is not active has a salt, is counted and is wrong like everybody.
 */
#include <arpa/inet.h>
#include <string.h>

#include "base/text.h"
#include "people.h"
#include "pki/hash.h"

#define KNOWN_MS \
	(30 * CS_DAY_MS) /* that a network is remembered for an account that came in from it */

const char *
people_verdict_name(enum people_verdict verdict)
{
	static const char *const names[] = { [PEOPLE_UNKNOWN] = "unknown",
		[PEOPLE_WRONG] = "wrong",
		[PEOPLE_LOCKED] = "locked",
		[PEOPLE_WELCOME] = "welcome" };

	return names[verdict];
}

/* ---- where people come from ---- */

static bool
is_mapped(const uint8_t address[static 16])
{
	static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };

	return memcmp(address, prefix, sizeof(prefix)) == 0;
}

const char *
people_network(struct cs_arena *arena, const char *source)
{
	uint8_t a[16];

	if (inet_pton(AF_INET, source, a) == 1)
		return cs_arena_printf(arena, "%u.%u.%u.0/24", a[0], a[1], a[2]);
	if (inet_pton(AF_INET6, source, a) == 1 && is_mapped(a))
		return cs_arena_printf(arena, "%u.%u.%u.0/24", a[12], a[13], a[14]);
	if (inet_pton(AF_INET6, source, a) == 1)
		return cs_arena_printf(arena, "%x:%x:%x::/48", (unsigned)(a[0] << 8 | a[1]),
		    (unsigned)(a[2] << 8 | a[3]), (unsigned)(a[4] << 8 | a[5]));
	return source[0] != '\0' ? source : "unknown";
}

/* ---- waiting ---- */

/* After `free` failures each costs twice as much as the one before, until `most_ms`; a quiet time forgets them. */
static const struct {
	uint32_t free;
	int64_t most_ms, forget_ms;
} waits[] = {
	[PEOPLE_OF_BOTH] = { 4, 15 * CS_MINUTE_MS, CS_DAY_MS },
	[PEOPLE_OF_ACCOUNT] = { 10, CS_MINUTE_MS, CS_HOUR_MS },
	[PEOPLE_OF_NETWORK] = { 30, 5 * CS_MINUTE_MS, CS_HOUR_MS },
};

static uint32_t
failures_of(enum people_count count, const struct people_tally *tally, int64_t now_ms)
{
	return now_ms - tally->failed_ms < waits[count].forget_ms ? tally->failures : 0;
}

int64_t
people_wait_until(enum people_count count, const struct people_tally *tally, int64_t now_ms)
{
	const uint32_t failures = failures_of(count, tally, now_ms);
	int64_t wait = CS_SECOND_MS;

	if (failures <= waits[count].free)
		return 0;
	for (uint32_t i = waits[count].free + 1; i < failures && wait < waits[count].most_ms; i++)
		wait *= 2;
	if (wait > waits[count].most_ms)
		wait = waits[count].most_ms;
	return tally->failed_ms + wait > now_ms ? tally->failed_ms + wait : 0;
}

static void
count_failure(enum people_count count, struct people_tally *tally, int64_t now_ms)
{
	const uint32_t before = failures_of(count, tally, now_ms);

	tally->failures = before < INT32_MAX ? before + 1 : before;
	tally->failed_ms = now_ms;
	tally->changed = true;
}

static void
forget_failures(struct people_tally *tally)
{
	if (tally->failures == 0)
		return;
	tally->failures = 0;
	tally->changed = true;
}

/* The three tallies of a login; load made them all. */
struct counted {
	struct people_tally *of[3];
	bool known; /* the account came in from there */
};

static struct counted
tallies_of(
    const struct people_setting *in, const struct people_world *world, const struct people_ask *ask)
{
	const struct cs_id nobody = { { 0 } };
	const struct cs_id account = people_id(ask->enterprise, ask->account);
	const char *network = people_network(in->arena, ask->source);
	struct counted counted = { .of = {
				       [PEOPLE_OF_BOTH] =
					   people_find_tally(world, account, network),
				       [PEOPLE_OF_ACCOUNT] = people_find_tally(world, account, ""),
				       [PEOPLE_OF_NETWORK] =
					   people_find_tally(world, nobody, network),
				   } };

	for (size_t i = 0; i < 3; i++)
		cs_assert(counted.of[i] != NULL);
	const int64_t welcome = counted.of[PEOPLE_OF_BOTH]->welcome_ms;

	counted.known = welcome > 0 && in->now_ms - welcome < KNOWN_MS;
	return counted;
}

/* 0: at once. */
static int64_t
wait_of(const struct counted *counted, int64_t now_ms)
{
	int64_t until = 0;

	for (enum people_count i = PEOPLE_OF_BOTH; i <= PEOPLE_OF_NETWORK; i++) {
		const int64_t one = people_wait_until(i, counted->of[i], now_ms);

		if ((i == PEOPLE_OF_BOTH || !counted->known) && one > until)
			until = one;
	}
	return until;
}

/* ---- secrets ---- */

/* Octets of this decision that nobody can guess, other ones for each purpose. */
static void
draw(const struct people_setting *in, const char *purpose, uint8_t ret[static PKI_SHA256])
{
	pki_hmac_sha256(cs_span_of(in->random, 32), cs_span_str(purpose), ret);
}

const char *
people_draw_token(const struct people_setting *in, enum people_kind kind,
    uint8_t ret_sha256[static PEOPLE_SHA256], struct cs_id *ret_id)
{
	/* The beginning tells people, and programs that look for secrets, what it is. */
	static const char *const begins[] = {
		[PEOPLE_API_TOKEN] = "csa_", [PEOPLE_SESSION] = "css_", [PEOPLE_INVITATION] = "csi_"
	};
	uint8_t secret[PKI_SHA256], id[PKI_SHA256];

	draw(in, "token", secret);
	draw(in, "id", id);
	const char *token = cs_arena_printf(in->arena, "%s%s", begins[kind],
	    cs_base64url(in->arena, cs_span_of(secret, sizeof(secret))));

	pki_sha256(cs_span_str(token), ret_sha256);
	pki_wipe(secret, sizeof(secret));
	*ret_id = cs_id_at(in->now_ms, id);
	return token;
}

/* ---- salts ---- */

struct people_salt
people_decide_salt(
    const struct people_setting *in, const struct people_world *world, const struct people_ask *ask)
{
	struct people_salt salt = {
		.known = true,
		.passes = PEOPLE_PASSES,
		.memory_kib = PEOPLE_MEMORY_KIB,
		.lanes = PEOPLE_LANES,
	};
	uint8_t octets[PKI_SHA256];

	draw(in, "salt", octets);
	memcpy(salt.new_salt, octets, PEOPLE_SALT);
	if (ask->has_token) {
		const struct people_credential *c = people_find_live(world, ask, in->now_ms);

		salt.known = c != NULL && c->kind == PEOPLE_INVITATION;
		salt.invited = salt.known ? c->person : NULL;
		memcpy(salt.salt, octets, PEOPLE_SALT);
		return salt;
	}
	const struct people_person *person =
	    people_find_person(world, ask->enterprise, ask->account);
	const struct cs_id id = people_id(ask->enterprise, ask->account);

	/* The same each time, as a stored one is. */
	pki_hmac_sha256(cs_span_of(world->salt_key, sizeof(world->salt_key)),
	    cs_span_of(id.octets, sizeof(id.octets)), octets);
	memcpy(salt.salt, octets, PEOPLE_SALT);
	if (person != NULL && person->active && person->password.set) {
		memcpy(salt.salt, person->password.salt, PEOPLE_SALT);
		salt.passes = person->password.passes;
		salt.memory_kib = person->password.memory_kib;
		salt.lanes = person->password.lanes;
	}
	return salt;
}

/* ---- logging in ---- */

static bool
is_right(const struct people_person *person, const uint8_t proof_sha256[static PEOPLE_SHA256])
{
	const bool equal =
	    cs_equal_constant_time(person->password.proof_sha256, proof_sha256, PEOPLE_SHA256);

	return equal && person->active && person->password.set;
}

static struct people_login
begin_session(
    const struct people_setting *in, struct people_world *world, struct people_person *person)
{
	struct people_credential *session = CS_NEW(in->arena, struct people_credential);

	*session = (struct people_credential){
		.next = world->credentials,
		.kind = PEOPLE_SESSION,
		.person = person,
		.label = "",
		.made_by = cs_arena_printf(in->arena, "%s/%s", person->enterprise, person->account),
		.scopes = PEOPLE_EVERYTHING,
		.made_ms = in->now_ms,
		.ends_ms = in->now_ms + PEOPLE_SESSION_MS,
		.is_new = true,
	};
	const char *token = people_draw_token(in, PEOPLE_SESSION, session->sha256, &session->id);

	world->credentials = session;
	return (struct people_login){
		.verdict = PEOPLE_WELCOME,
		.token = token,
		.ends_ms = session->ends_ms,
		.must_change = person->must_change,
	};
}

struct people_login
people_decide_login(
    const struct people_setting *in, struct people_world *world, const struct people_login_ask *ask)
{
	const struct counted counted = tallies_of(in, world, &ask->who);
	const int64_t wait = wait_of(&counted, in->now_ms);
	struct people_person *person =
	    people_find_person(world, ask->who.enterprise, ask->who.account);

	cs_assert(person != NULL);
	if (wait > 0)
		return (struct people_login){ .verdict = PEOPLE_LOCKED, .retry_ms = wait };
	if (!is_right(person, ask->proof_sha256)) {
		for (enum people_count i = PEOPLE_OF_BOTH; i <= PEOPLE_OF_NETWORK; i++)
			count_failure(i, counted.of[i], in->now_ms);
		return (struct people_login){ .verdict = PEOPLE_WRONG,
			.retry_ms = wait_of(&counted, in->now_ms) };
	}
	forget_failures(counted.of[PEOPLE_OF_BOTH]);
	forget_failures(counted.of[PEOPLE_OF_ACCOUNT]);
	counted.of[PEOPLE_OF_BOTH]->welcome_ms = in->now_ms;
	counted.of[PEOPLE_OF_BOTH]->changed = true;
	return begin_session(in, world, person);
}

bool
people_decide_logout(struct people_world *world, const struct people_ask *ask, int64_t now_ms)
{
	struct people_credential *c = people_find_live(world, ask, now_ms);

	if (c == NULL || c->kind != PEOPLE_SESSION)
		return false;
	c->ended = true;
	return true;
}

/* ---- a new password ---- */

void
people_log_out(struct people_world *world, struct people_person *person)
{
	person->logs_out = true;
	for (struct people_credential *c = world->credentials; c != NULL; c = c->next)
		if (c->person == person && c->kind != PEOPLE_API_TOKEN)
			c->ended = true;
}

static enum people_verdict
set_password(
    struct people_world *world, struct people_credential *by, const struct people_password *wanted)
{
	struct people_person *person = by->person;

	cs_assert(person->locked);
	by->must_be_there = !by->is_new;
	person->password = *wanted;
	person->password.set = true;
	person->must_change = false;
	person->changed = true;
	people_log_out(world, person);
	return PEOPLE_WELCOME;
}

enum people_verdict
people_decide_password(const struct people_setting *in, struct people_world *world,
    const struct people_password_ask *ask)
{
	struct people_credential *by = people_find_live(world, &ask->who, in->now_ms);
	const enum people_kind kind = ask->by_invitation ? PEOPLE_INVITATION : PEOPLE_SESSION;

	if (by == NULL || by->kind != kind)
		return PEOPLE_UNKNOWN;
	if (ask->by_invitation)
		return set_password(world, by, &ask->wanted);
	struct people_tally *tally =
	    people_find_tally(world, by->person->id, PEOPLE_SESSION_NETWORK);

	cs_assert(tally != NULL);
	if (people_wait_until(PEOPLE_OF_BOTH, tally, in->now_ms) > 0)
		return PEOPLE_LOCKED;
	if (!is_right(by->person, ask->old_proof_sha256)) {
		count_failure(PEOPLE_OF_BOTH, tally, in->now_ms);
		return PEOPLE_WRONG;
	}
	forget_failures(tally);
	return set_password(world, by, &ask->wanted);
}
