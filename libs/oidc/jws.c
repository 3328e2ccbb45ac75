/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jws.c: what is signed (RFC 7515), in its compact form alone.  The header says which algorithm, and the key must
 * be for it: nothing in a header leads to a key (jwk, jku, x5c, x5u are not looked at, RFC 8725 3.10), to another
 * place, or to none.
 */
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "internal.h"
#include "oidc/token.h"

static const struct {
	enum pki_jose_scheme scheme;
	enum pki_key_kind kind;
	uint32_t bits; /* 0: any that is read */
} algorithms[OIDC_ALGORITHMS] = {
	[OIDC_RS256] = { PKI_JOSE_PKCS1, PKI_KEY_RSA, 0 },
	[OIDC_PS256] = { PKI_JOSE_PSS, PKI_KEY_RSA, 0 },
	[OIDC_ES256] = { PKI_JOSE_ECDSA, PKI_KEY_EC, 256 },
	[OIDC_ES384] = { PKI_JOSE_ECDSA, PKI_KEY_EC, 384 },
	[OIDC_ES512] = { PKI_JOSE_ECDSA, PKI_KEY_EC, 521 },
};

/* ---- the form ---- */

/* Takes what stands before the next "." off; false: there is none. */
static bool
next_part(struct cs_span *rest, struct cs_span *ret_part)
{
	const uint8_t *dot = rest->len == 0 ? NULL : memchr(rest->data, '.', rest->len);

	if (dot == NULL)
		return false;
	*ret_part = cs_span_of(rest->data, (size_t)(dot - rest->data));
	*rest = cs_span_of(dot + 1, rest->len - ret_part->len - 1);
	return true;
}

/* A JSON Web Token, or nothing said (RFC 7519 5.1), and no other inside (5.2). */
static bool
is_jwt(const json_t *header)
{
	const json_t *typ = json_object_get(header, "typ");

	return json_object_get(header, "cty") == NULL &&
	       (typ == NULL ||
		   (json_is_string(typ) && strcasecmp(json_string_value(typ), "JWT") == 0));
}

static enum oidc_no
read_header(struct cs_arena *arena, struct cs_span octets, struct oidc_jws *jws)
{
	CS_AUTO(oidc_json_release) json_t *header = oidc_json_object(octets, OIDC_TOKEN_MAX);
	const char *algorithm = oidc_json_text(header, "alg", OIDC_KID_MAX);
	const char *kid = oidc_json_text(header, "kid", OIDC_KID_MAX);

	if (header == NULL || algorithm == NULL ||
	    (kid == NULL && json_object_get(header, "kid") != NULL))
		return OIDC_NO_HEADER;
	if (json_object_get(header, "crit") != NULL)
		return OIDC_NO_CRITICAL;
	if (!is_jwt(header))
		return OIDC_NO_KIND;
	if (!oidc_algorithm_parse(algorithm, &jws->algorithm))
		return OIDC_NO_ALGORITHM;
	jws->kid = kid == NULL ? NULL : cs_arena_strdup(arena, kid);
	return OIDC_FINE;
}

bool
oidc_jws_read(
    struct cs_arena *arena, struct cs_span token, struct oidc_jws *ret, struct cs_refusal *ret_why)
{
	struct cs_span rest = token, header, payload, octets;
	struct oidc_jws jws = { .kid = NULL };

	if (token.len == 0 || token.len > OIDC_TOKEN_MAX)
		return oidc_refuse(ret_why, OIDC_NO_SIZE);
	if (!next_part(&rest, &header) || !next_part(&rest, &payload) ||
	    !cs_base64url_decode(arena, header, &octets) ||
	    !cs_base64url_decode(arena, payload, &jws.payload) ||
	    !cs_base64url_decode(arena, rest, &jws.signature))
		return oidc_refuse(ret_why, OIDC_NO_FORM);
	const enum oidc_no no = read_header(arena, octets, &jws);

	if (no != OIDC_FINE)
		return oidc_refuse(ret_why, no);
	jws.signed_octets = cs_span_of(token.data, header.len + 1 + payload.len);
	*ret = jws;
	return true;
}

/* ---- the signature ---- */

static bool
is_named(const struct oidc_jws *jws, const struct oidc_key *key)
{
	return jws->kid == NULL || (key->kid != NULL && strcmp(key->kid, jws->kid) == 0);
}

static bool
fits(enum oidc_algorithm algorithm, const struct oidc_key *key)
{
	return algorithms[algorithm].kind == key->numbers.kind &&
	       (algorithms[algorithm].bits == 0 ||
		   algorithms[algorithm].bits == key->numbers.bits) &&
	       (!key->one || key->algorithm == algorithm);
}

/* The only key that it can be. */
static enum oidc_no
find_key(const struct oidc_jws *jws, const struct oidc_keys *keys, const struct oidc_key **ret_key)
{
	size_t n_named = 0, n = 0;

	for (size_t i = 0; i < keys->n; i++) {
		if (!is_named(jws, &keys->keys[i]))
			continue;
		n_named++;
		if (!fits(jws->algorithm, &keys->keys[i]))
			continue;
		*ret_key = &keys->keys[i];
		n++;
	}
	if (n == 1)
		return OIDC_FINE;
	return n > 1 ? OIDC_NO_ONE_KEY : n_named == 0 ? OIDC_NO_KEY : OIDC_NO_FIT;
}

bool
oidc_jws_verify(struct cs_arena *arena, const struct oidc_jws *jws, const struct oidc_keys *keys,
    unsigned may, struct cs_refusal *ret_why)
{
	const struct oidc_key *key = NULL;

	if ((may & OIDC_SET(jws->algorithm)) == 0)
		return oidc_refuse(ret_why, OIDC_NO_ALGORITHM);
	const enum oidc_no no = find_key(jws, keys, &key);

	if (no != OIDC_FINE)
		return oidc_refuse(ret_why, no);
	if (!pki_jose_verify(arena, &key->numbers, algorithms[jws->algorithm].scheme,
		jws->signed_octets, jws->signature))
		return oidc_refuse(ret_why, OIDC_NO_SIGNATURE);
	return true;
}
