/* SPDX-License-Identifier: Apache-2.0 */
#include "oidc/keys.h"

#include <string.h>

#include "internal.h"

static const struct {
	const char *name;
	uint32_t bits;
} curves[] = { { "P-256", 256 }, { "P-384", 384 }, { "P-521", 521 } };

static bool
is_for_signatures(const json_t *jwk)
{
	const json_t *use = json_object_get(jwk, "use"), *ops = json_object_get(jwk, "key_ops");

	return (use == NULL ||
		   (json_is_string(use) && strcmp(json_string_value(use), "sig") == 0)) &&
	       (ops == NULL || oidc_json_lists(jwk, "key_ops", "verify"));
}

static bool
has_private_half(const json_t *jwk)
{
	static const char *const members[] = { "d", "p", "q", "dp", "dq", "qi", "oth", "k" };

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (json_object_get(jwk, members[i]) != NULL)
			return true;
	return false;
}

static bool
read_ec(struct cs_arena *arena, const json_t *jwk, struct pki_jose_key *ret_numbers)
{
	const char *curve = oidc_json_text(jwk, "crv", OIDC_KID_MAX);

	for (size_t i = 0; curve != NULL && i < sizeof(curves) / sizeof(curves[0]); i++)
		if (strcmp(curves[i].name, curve) == 0)
			return pki_jose_ec(curves[i].bits, oidc_json_octets(arena, jwk, "x"),
			    oidc_json_octets(arena, jwk, "y"), ret_numbers);
	return false;
}

static bool
read_numbers(struct cs_arena *arena, const json_t *jwk, struct pki_jose_key *ret_numbers)
{
	const char *kind = oidc_json_text(jwk, "kty", OIDC_KID_MAX);

	if (kind != NULL && strcmp(kind, "RSA") == 0)
		return pki_jose_rsa(oidc_json_octets(arena, jwk, "n"),
		    oidc_json_octets(arena, jwk, "e"), ret_numbers);
	return kind != NULL && strcmp(kind, "EC") == 0 && read_ec(arena, jwk, ret_numbers);
}

/* What is there is text of the kind that it must be. */
static bool
read_names(struct cs_arena *arena, const json_t *jwk, struct oidc_key *key)
{
	const char *kid = oidc_json_text(jwk, "kid", OIDC_KID_MAX);
	const char *algorithm = oidc_json_text(jwk, "alg", OIDC_KID_MAX);

	if (json_object_get(jwk, "kid") != NULL) {
		if (kid == NULL)
			return false;
		key->kid = cs_arena_strdup(arena, kid);
	}
	key->one = json_object_get(jwk, "alg") != NULL;
	return !key->one || (algorithm != NULL && oidc_algorithm_parse(algorithm, &key->algorithm));
}

static bool
read_key(struct cs_arena *arena, const json_t *jwk, struct oidc_key *ret_key)
{
	struct oidc_key key = { .kid = NULL };

	if (!json_is_object(jwk) || !is_for_signatures(jwk) || has_private_half(jwk) ||
	    !read_names(arena, jwk, &key) || !read_numbers(arena, jwk, &key.numbers))
		return false;
	*ret_key = key;
	return true;
}

bool
oidc_keys_read(struct cs_arena *arena, struct cs_span document, struct oidc_keys *ret_keys,
    struct cs_refusal *ret_why)
{
	CS_AUTO(oidc_json_release) json_t *root = oidc_json_object(document, OIDC_DOCUMENT_MAX);
	const json_t *list = json_object_get(root, "keys");
	const size_t n = json_array_size(list);
	struct oidc_keys keys = { .keys = CS_NEW_ARRAY(arena, OIDC_KEYS_MAX, struct oidc_key) };

	if (!json_is_array(list) || n > OIDC_KEYS_MAX)
		return oidc_refuse(ret_why, OIDC_NO_KEYS);
	for (size_t i = 0; i < n; i++)
		keys.n += read_key(arena, json_array_get(list, i), &keys.keys[keys.n]);
	if (keys.n == 0)
		return oidc_refuse(ret_why, OIDC_NO_KEY_OF_USE);
	keys.n_passed = n - keys.n;
	*ret_keys = keys;
	return true;
}
