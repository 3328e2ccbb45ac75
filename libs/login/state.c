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
#define MAC 16
_Static_assert((2 * ID + MAC) / 3 * 4 == LOGIN_STATE_TEXT && (2 * ID + MAC) % 3 == 0,
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

/* The label with its NUL, ids have one length, and the owner is the rest. */
static const char *
state_of(
    struct cs_arena *arena, struct cs_span key, const uint8_t ids[static 2 * ID], const char *owner)
{
	struct cs_buf input = cs_buf_new(arena);
	uint8_t octets[2 * ID + PKI_SHA256];

	cs_assert(key.len >= LOGIN_KEY_MIN);
	cs_buf_add(&input, state_label, sizeof(state_label));
	cs_buf_add(&input, ids, 2 * ID);
	cs_buf_add(&input, owner, strlen(owner));
	memcpy(octets, ids, 2 * ID);
	pki_hmac_sha256(key, cs_buf_span(&input), octets + 2 * ID);
	return cs_base64url(arena, cs_span_of(octets, 2 * ID + MAC));
}

const char *
login_state(struct cs_arena *arena, struct cs_span key, struct cs_id request,
    struct cs_id challenge, const char *owner)
{
	uint8_t ids[2 * ID];

	memcpy(ids, request.octets, ID);
	memcpy(ids + ID, challenge.octets, ID);
	return state_of(arena, key, ids, owner);
}

bool
login_state_read(struct cs_arena *arena, struct cs_span key, const char *state, const char *owner,
    struct cs_id *ret_request, struct cs_id *ret_challenge)
{
	struct cs_span octets;

	if (strlen(state) != LOGIN_STATE_TEXT ||
	    !cs_base64url_decode(arena, cs_span_str(state), &octets) ||
	    !cs_equal_constant_time(
		state_of(arena, key, octets.data, owner), state, LOGIN_STATE_TEXT))
		return false;
	memcpy(ret_request->octets, octets.data, ID);
	memcpy(ret_challenge->octets, octets.data + ID, ID);
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
