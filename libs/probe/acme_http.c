/* SPDX-License-Identifier: Apache-2.0 */
/*
 * acme_http.c: a key authorization in the file that its token names (TBR 3.2.2.4.19, RFC 8555 8.3).  The
 * check's value is the whole key authorization, TOKEN.THUMBPRINT; the request holds the token alone.
 */
#include <string.h>

#include "internal.h"

#define TOKEN_MIN 22 /* characters that hold 128 bits */
#define TOKEN_MAX 128
#define THUMBPRINT 43 /* characters that hold a SHA-256 (RFC 7638) */

static bool
is_base64url(struct cs_span text)
{
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.data[i];

		if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
			c == '-' || c == '_'))
			return false;
	}
	return true;
}

const char *
probe_acme_token(struct cs_arena *arena, struct cs_span value)
{
	const uint8_t *dot = value.len == 0 ? NULL : memchr(value.data, '.', value.len);
	struct cs_span token, thumbprint;

	if (dot == NULL)
		return NULL;
	token = cs_span_of(value.data, (size_t)(dot - value.data));
	thumbprint = cs_span_of(dot + 1, value.len - token.len - 1);
	if (token.len < TOKEN_MIN || token.len > TOKEN_MAX || thumbprint.len != THUMBPRINT ||
	    !is_base64url(token) || !is_base64url(thumbprint))
		return NULL;
	return cs_arena_strndup(arena, (const char *)token.data, token.len);
}

/* RFC 8555 8.3: white space at the end is to be ignored. */
static struct cs_span
trimmed(struct cs_span body)
{
	while (body.len > 0 && strchr(" \t\r\n\v\f", body.data[body.len - 1]) != NULL &&
	       body.data[body.len - 1] != '\0')
		body.len--;
	return body;
}

static void
judge(struct look *look, const struct http_fetch_result *result)
{
	if (cs_span_equal(trimmed(result->body), look->check->expected))
		look_end(look, CLAIM_PROVED, "http-matches", look_clause(look),
		    "the file is exactly the key authorization");
	else
		look_end(look, CLAIM_REFUSED, "http-differs", look_clause(look),
		    "the file is there, but it is not the key authorization");
}

const char *
probe_acme_url(struct cs_arena *arena, const char *name, struct cs_span value)
{
	const char *token = probe_acme_token(arena, value);

	return token == NULL
		   ? NULL
		   : cs_arena_printf(arena, "http://%s/.well-known/acme-challenge/%s", name, token);
}

void
probe_acme_http(struct look *look)
{
	const char *url = probe_acme_url(look->arena, look->check->target, look->check->expected);

	if (url == NULL)
		look_end(look, CLAIM_REFUSED, "acme-value-unfit", "RFC 8555 8.1",
		    "the value is not TOKEN.THUMBPRINT with a token of 128 bits or more");
	else
		look_for_file(look, url, judge);
}
