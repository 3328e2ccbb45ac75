/* SPDX-License-Identifier: Apache-2.0 */
#include "oidc/login.h"

#include <string.h>

#include "base/text.h"
#include "pki/hash.h"

static const char id_label[] = "countersign/oidc/login-id/v1";
static const char state_label[] = "countersign/oidc/login-state/v1";
static const char nonce_label[] = "countersign/oidc/login-nonce/v1";
static const char verifier_label[] = "countersign/oidc/login-verifier/v1";

#define ID sizeof(((struct cs_id *)NULL)->octets)
_Static_assert((ID + PKI_SHA256) / 3 * 4 == OIDC_STATE_TEXT && (ID + PKI_SHA256) % 3 == 0,
    "a state is whole groups of base64url");
_Static_assert(OIDC_RANDOM == PKI_SHA256, "nonce and verifier are as long as random ones");

/* The label with its NUL, and the id's length never changes: no two inputs look alike. */
static void
derive(struct cs_arena *arena, struct cs_span key, const char *label, struct cs_id id,
    struct cs_span bound, uint8_t ret_mac[static PKI_SHA256])
{
	struct cs_buf input = cs_buf_new(arena);

	cs_buf_add(&input, label, strlen(label) + 1);
	cs_buf_add(&input, id.octets, ID);
	cs_buf_add_span(&input, bound);
	pki_hmac_sha256(key, cs_buf_span(&input), ret_mac);
}

/* UUIDv7 (RFC 9562 5.7): 48 bits of milliseconds come first. */
static int64_t
time_of(struct cs_id id)
{
	uint64_t ms = 0;

	for (int i = 0; i < 6; i++)
		ms = ms << 8 | id.octets[i];
	return (int64_t)ms;
}

static struct oidc_login
login_of(struct cs_arena *arena, struct cs_span key, struct cs_id id, struct cs_span bound)
{
	uint8_t nonce[PKI_SHA256], verifier[PKI_SHA256], state[ID + PKI_SHA256];

	cs_assert(key.len >= OIDC_LOGIN_KEY_MIN);
	derive(arena, key, nonce_label, id, bound, nonce);
	derive(arena, key, verifier_label, id, bound, verifier);
	memcpy(state, id.octets, ID);
	derive(arena, key, state_label, id, bound, state + ID);
	return (struct oidc_login){ .id = id,
		.began_ms = time_of(id),
		.state = cs_base64url(arena, cs_span_of(state, sizeof(state))),
		.nonce = oidc_random_text(arena, nonce),
		.verifier = oidc_random_text(arena, verifier) };
}

void
oidc_login_begin(struct cs_arena *arena, struct cs_span key, int64_t now_ms,
    const uint8_t random[static OIDC_RANDOM], struct cs_span bound, struct oidc_login *ret_login)
{
	struct cs_buf input = cs_buf_new(arena);
	uint8_t octets[PKI_SHA256];

	cs_buf_add(&input, id_label, sizeof(id_label));
	cs_buf_add(&input, random, OIDC_RANDOM);
	pki_hmac_sha256(key, cs_buf_span(&input), octets);
	*ret_login = login_of(arena, key, cs_id_at(now_ms, octets), bound);
}

bool
oidc_login_resume(struct cs_arena *arena, struct cs_span key, const char *state,
    struct cs_span bound, struct oidc_login *ret_login)
{
	struct cs_span octets;
	struct cs_id id;

	if (strlen(state) != OIDC_STATE_TEXT ||
	    !cs_base64url_decode(arena, cs_span_str(state), &octets))
		return false;
	memcpy(id.octets, octets.data, ID);
	const struct oidc_login login = login_of(arena, key, id, bound);

	if (!cs_equal_constant_time(login.state, state, OIDC_STATE_TEXT))
		return false;
	*ret_login = login;
	return true;
}
