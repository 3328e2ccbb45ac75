/* SPDX-License-Identifier: Apache-2.0 */
#include "login/state.h"

#include <string.h>

#include "base/text.h"
#include "pki/hash.h"

static const char state_label[] = "countersign/login/state/v1";
static const char nonce_label[] = "countersign/login/nonce/v1";
static const char verifier_label[] = "countersign/login/verifier/v1";
static const char request_label[] = "countersign/login/request/v1";

#define ID sizeof(((struct cs_id *)NULL)->octets)
#define CROWD 6
#define NAMED (2 * ID + CROWD)
#define MAC 16
_Static_assert((NAMED + MAC) / 3 * 4 == LOGIN_STATE_TEXT && (NAMED + MAC) % 3 == 0,
    "a state is whole groups of base64url");

/* Label and state with their NUL: no two inputs look alike. */
static const char *
derive(struct cs_arena *arena, struct cs_span key, const char *label, const char *state,
    struct cs_span bound)
{
	struct cs_buf input = cs_buf_new(arena);
	uint8_t mac[PKI_SHA256];

	cs_assert(key.len >= LOGIN_KEY_MIN);
	cs_buf_add(&input, label, strlen(label) + 1);
	cs_buf_add(&input, state, strlen(state) + 1);
	cs_buf_add_span(&input, bound);
	pki_hmac_sha256(key, cs_buf_span(&input), mac);
	return cs_base64url(arena, cs_span_of(mac, sizeof(mac)));
}

/* The label with its NUL, what is named has one length, and the owner is the rest. */
static const char *
state_of(struct cs_arena *arena, struct cs_span key, const uint8_t named[static NAMED],
    const char *owner)
{
	struct cs_buf input = cs_buf_new(arena);
	uint8_t octets[NAMED + PKI_SHA256];

	cs_assert(key.len >= LOGIN_KEY_MIN);
	cs_buf_add(&input, state_label, sizeof(state_label));
	cs_buf_add(&input, named, NAMED);
	cs_buf_add(&input, owner, strlen(owner));
	memcpy(octets, named, NAMED);
	pki_hmac_sha256(key, cs_buf_span(&input), octets + NAMED);
	return cs_base64url(arena, cs_span_of(octets, NAMED + MAC));
}

/* The first octets of a number that nobody can choose. */
uint64_t
login_crowd(const char *enterprise)
{
	uint8_t digest[PKI_SHA256];
	uint64_t crowd = 0;

	pki_sha256(cs_span_str(enterprise), digest);
	for (size_t i = 0; i < CROWD; i++)
		crowd = crowd << 8 | digest[i];
	return crowd;
}

const char *
login_state(
    struct cs_arena *arena, struct cs_span key, const struct login_named *named, const char *owner)
{
	uint8_t octets[NAMED];

	memcpy(octets, named->request.octets, ID);
	memcpy(octets + ID, named->challenge.octets, ID);
	for (size_t i = 0; i < CROWD; i++)
		octets[2 * ID + i] = (uint8_t)(named->crowd >> 8 * (CROWD - 1 - i));
	return state_of(arena, key, octets, owner);
}

bool
login_state_read(struct cs_arena *arena, struct cs_span key, const char *state, const char *owner,
    struct login_named *ret)
{
	struct cs_span octets;
	struct login_named named = { .crowd = 0 };

	if (strlen(state) != LOGIN_STATE_TEXT ||
	    !cs_base64url_decode(arena, cs_span_str(state), &octets) ||
	    !cs_equal_constant_time(
		state_of(arena, key, octets.data, owner), state, LOGIN_STATE_TEXT))
		return false;
	memcpy(named.request.octets, octets.data, ID);
	memcpy(named.challenge.octets, octets.data + ID, ID);
	for (size_t i = 0; i < CROWD; i++)
		named.crowd = named.crowd << 8 | octets.data[2 * ID + i];
	*ret = named;
	return true;
}

struct login_secrets
login_secrets(struct cs_arena *arena, struct cs_span key, const char *state, struct cs_span bound)
{
	return (struct login_secrets){ .nonce = derive(arena, key, nonce_label, state, bound),
		.verifier = derive(arena, key, verifier_label, state, bound),
		.request_id = cs_arena_printf(
		    arena, "_%s", derive(arena, key, request_label, state, bound)) };
}
