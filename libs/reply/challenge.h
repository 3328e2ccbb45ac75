/* SPDX-License-Identifier: Apache-2.0 */
/*
 * challenge.h: the numbers of email-reply-00 (RFC 8823 3, RFC 8555 8.1, RFC 7638).  Pure: randomness is a
 * parameter.
 *
 * Clients do not agree on what "concatenate" means for the two parts of a token: the texts, or the octets
 * in them.  Both are the same when part 1 has a multiple of three octets, so ours has exactly 30.
 */
#ifndef REPLY_CHALLENGE_H
#define REPLY_CHALLENGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

#define REPLY_PART1 30      /* octets of randomness in part 1 */
#define REPLY_PART1_TEXT 41 /* 40 base64url characters and NUL */
#define REPLY_PART_MAX 128  /* characters of a part; base64url, without "=" */
#define REPLY_DIGEST 32
#define REPLY_DIGEST_TEXT 44 /* 43 base64url characters and NUL */

/* What the mail carries, from fresh random octets. */
void reply_part1(const uint8_t random[static REPLY_PART1], char ret_text[static REPLY_PART1_TEXT]);
/* Has the form of ours: exactly 40 base64url characters. */
bool reply_part1_valid(const char *text);

/* A public key as JWK has it; members in base64url without padding, those of other kinds NULL. */
struct reply_jwk {
	const char *kty; /* "RSA", "EC" or "OKP" */
	const char *crv, *x, *y;
	const char *n, *e;
};
/* base64url(SHA-256) of the required members in their order (RFC 7638 3).  CS_MALFORMED. */
CS_MUST_USE enum cs_code reply_thumbprint(struct cs_arena *arena, const struct reply_jwk *jwk,
    char ret_text[static REPLY_DIGEST_TEXT], struct cs_err *err);

/*
 * SHA-256(part1 part2 "." thumbprint): what an answer must show that it knows.  CS_MALFORMED: a part is
 * no base64url, or too long.  Whoever has part 2 from elsewhere (HTTPS) and part 1 from the mail can make
 * it; nobody else can.
 */
CS_MUST_USE enum cs_code reply_digest(const char *part1, const char *part2, const char *thumbprint,
    uint8_t ret_digest[static REPLY_DIGEST], struct cs_err *err);
void reply_digest_text(
    const uint8_t digest[static REPLY_DIGEST], char ret_text[static REPLY_DIGEST_TEXT]);

/* "-----BEGIN ACME RESPONSE-----", the digest, the end; CRLF lines: what an answer contains. */
const char *reply_block(struct cs_arena *arena, const uint8_t digest[static REPLY_DIGEST]);

#define REPLY_BLOCK_BEGIN "-----BEGIN ACME RESPONSE-----"
#define REPLY_BLOCK_END "-----END ACME RESPONSE-----"

/* base64url, with or without its "="; canonical only.  False: not that of `len` octets. */
CS_MUST_USE bool reply_base64url(struct cs_span text, uint8_t *ret_octets, size_t len);

#endif
