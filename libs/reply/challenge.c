/* SPDX-License-Identifier: Apache-2.0 */
#include "reply/challenge.h"

#include <string.h>

#include "base/text.h"
#include "pki/hash.h"

#define JWK_MEMBER_MAX 1024 /* characters; the modulus of RSA 4096 takes 683 */
#define THUMBPRINT_MAX 64

static int
value_of(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

static bool
is_base64url(const char *text, size_t max)
{
	const size_t len = text == NULL ? 0 : strlen(text);

	if (len == 0 || len > max)
		return false;
	for (size_t i = 0; i < len; i++)
		if (value_of((uint8_t)text[i]) < 0)
			return false;
	return true;
}

bool
reply_base64url(struct cs_span text, uint8_t *ret_octets, size_t len)
{
	const size_t digits = (len * 8 + 5) / 6, pad = (4 - digits % 4) % 4;
	uint32_t bits = 0;
	unsigned have = 0;
	size_t n = 0;

	if (text.len == digits + pad)
		for (size_t i = digits; i < text.len; i++)
			if (text.data[i] != '=')
				return false;
	if (text.len != digits && text.len != digits + pad)
		return false;
	for (size_t i = 0; i < digits; i++) {
		const int value = value_of(text.data[i]);

		if (value < 0)
			return false;
		bits = (bits << 6) | (uint32_t)value;
		have += 6;
		if (have >= 8) {
			have -= 8;
			ret_octets[n++] = (uint8_t)(bits >> have);
		}
	}
	return (bits & ((1u << have) - 1)) == 0;
}

static void
write_base64url(struct cs_span octets, char *ret_text)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	uint32_t bits = 0;
	unsigned have = 0;
	size_t n = 0;

	for (size_t i = 0; i < octets.len; i++) {
		bits = (bits << 8) | octets.data[i];
		for (have += 8; have >= 6; have -= 6)
			ret_text[n++] = digits[(bits >> (have - 6)) & 63];
	}
	if (have > 0)
		ret_text[n++] = digits[(bits << (6 - have)) & 63];
	ret_text[n] = '\0';
}

void
reply_part1(const uint8_t random[static REPLY_PART1], char ret_text[static REPLY_PART1_TEXT])
{
	write_base64url(cs_span_of(random, REPLY_PART1), ret_text);
}

bool
reply_part1_valid(const char *text)
{
	uint8_t octets[REPLY_PART1];

	return reply_base64url(cs_span_str(text), octets, sizeof(octets));
}

void
reply_digest_text(
    const uint8_t digest[static REPLY_DIGEST], char ret_text[static REPLY_DIGEST_TEXT])
{
	write_base64url(cs_span_of(digest, REPLY_DIGEST), ret_text);
}

/* RFC 7638 3.2: the required members in the order of their names, without white space. */
enum cs_code
reply_thumbprint(struct cs_arena *arena, const struct reply_jwk *jwk,
    char ret_text[static REPLY_DIGEST_TEXT], struct cs_err *err)
{
	const bool rsa = cs_span_is(cs_span_str(jwk->kty), "RSA");
	const bool ec = cs_span_is(cs_span_str(jwk->kty), "EC");
	const bool okp = cs_span_is(cs_span_str(jwk->kty), "OKP");
	uint8_t digest[PKI_SHA256];
	const char *json = NULL;

	if (rsa && is_base64url(jwk->n, JWK_MEMBER_MAX) && is_base64url(jwk->e, JWK_MEMBER_MAX))
		json = cs_arena_printf(
		    arena, "{\"e\":\"%s\",\"kty\":\"RSA\",\"n\":\"%s\"}", jwk->e, jwk->n);
	/* The names of curves are of base64url's characters, too. */
	if (ec && is_base64url(jwk->crv, 32) && is_base64url(jwk->x, JWK_MEMBER_MAX) &&
	    is_base64url(jwk->y, JWK_MEMBER_MAX))
		json = cs_arena_printf(arena,
		    "{\"crv\":\"%s\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}", jwk->crv, jwk->x,
		    jwk->y);
	if (okp && is_base64url(jwk->crv, 32) && is_base64url(jwk->x, JWK_MEMBER_MAX))
		json = cs_arena_printf(
		    arena, "{\"crv\":\"%s\",\"kty\":\"OKP\",\"x\":\"%s\"}", jwk->crv, jwk->x);
	if (json == NULL)
		return cs_fail(err, CS_MALFORMED, "not a JWK of kind RSA, EC or OKP");
	pki_sha256(cs_span_str(json), digest);
	reply_digest_text(digest, ret_text);
	return CS_OK;
}

enum cs_code
reply_digest(const char *part1, const char *part2, const char *thumbprint,
    uint8_t ret_digest[static REPLY_DIGEST], struct cs_err *err)
{
	if (!is_base64url(part1, REPLY_PART_MAX) || !is_base64url(part2, REPLY_PART_MAX) ||
	    !is_base64url(thumbprint, THUMBPRINT_MAX))
		return cs_fail(
		    err, CS_MALFORMED, "a part of the token or thumbprint is no base64url");
	const struct cs_span parts[] = { cs_span_str(part1), cs_span_str(part2), cs_span_str("."),
		cs_span_str(thumbprint) };

	pki_sha256_parts(parts, sizeof(parts) / sizeof(parts[0]), ret_digest);
	return CS_OK;
}

const char *
reply_block(struct cs_arena *arena, const uint8_t digest[static REPLY_DIGEST])
{
	char text[REPLY_DIGEST_TEXT];

	reply_digest_text(digest, text);
	return cs_arena_printf(arena, REPLY_BLOCK_BEGIN "\r\n%s\r\n" REPLY_BLOCK_END "\r\n", text);
}
