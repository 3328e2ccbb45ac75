/* SPDX-License-Identifier: Apache-2.0 */
/* http_file.c: the value in a file below /.well-known/pki-validation (TBR 3.2.2.4.18). */
#include "base/text.h"
#include "internal.h"
#include "pki/hash.h"

/* The name of the file follows from the value by a digest, so the request does not hold the value. */
const char *
probe_file_url(struct cs_arena *arena, const char *domain, struct cs_span value)
{
	const struct cs_span parts[] = { cs_span_str("countersign/file-name/v1"), value };
	uint8_t digest[PKI_SHA256];

	pki_sha256_parts(parts, 2, digest);
	return cs_arena_printf(arena, "http://%s/.well-known/pki-validation/%s.txt", domain,
	    cs_hex(arena, cs_span_of(digest, 8)));
}

/* One line end is what editors add; nothing else is taken off. */
static bool
is_value(struct cs_span body, struct cs_span value)
{
	if (body.len > 0 && body.data[body.len - 1] == '\n')
		body.len--;
	if (body.len > 0 && body.data[body.len - 1] == '\r')
		body.len--;
	return cs_span_equal(body, value);
}

static void
judge(struct look *look, const struct http_fetch_result *result)
{
	if (is_value(result->body, look->check->expected))
		look_end(look, CLAIM_PROVED, "http-matches", look_clause(look),
		    "the file is exactly the value");
	else
		look_end(look, CLAIM_REFUSED, "http-differs", look_clause(look),
		    "the file is there, but its content is not exactly the value");
}

void
probe_http_file_at(struct look *look, const char *name)
{
	look_for_file(look, probe_file_url(look->arena, name, look->check->expected), judge);
}

void
probe_http_file(struct look *look)
{
	probe_http_file_at(look, look->check->target);
}
