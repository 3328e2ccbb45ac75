/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_head.c: requests as they come from the network.  The first octet says in what portions; however
 * they arrive, the verdict is the same, and what is accepted keeps the promises of server.h.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "http/head.h"
#include "http/route.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct http_limits limits = {
	.body_octets = 64,
	.head_octets = 1024,
	.line_octets = 256,
	.field_count = 8,
};

static void
nothing(void *self, struct http_request *req)
{
	(void)self;
	(void)req;
}

static const struct http_route table[] = {
	{ "GET", "/", nothing },
	{ "POST", "/a/{id}", nothing },
	{ "PUT", "/{x}/{y}/{z}", nothing },
	{ 0 },
};

static void
require(bool holds)
{
	if (!holds)
		abort();
}

static void
require_text(const char *text)
{
	for (const char *p = text; *p != '\0'; p++)
		require((unsigned char)*p >= 0x20 && *p != 0x7f);
	require(cs_utf8_valid(cs_span_str(text)));
}

static void
check_head(const struct http_head *head)
{
	unsigned hosts = 0, framings = 0;

	require(head->path[0] == '/' && head->segment_count >= 1 && *head->host != '\0');
	require_text(head->path);
	for (size_t i = 0; i < head->field_count; i++) {
		require_text(head->fields[i].name);
		require_text(head->fields[i].value);
		hosts += strcasecmp(head->fields[i].name, "Host") == 0;
		framings += strcasecmp(head->fields[i].name, "Content-Length") == 0 ||
			    strcasecmp(head->fields[i].name, "Transfer-Encoding") == 0;
	}
	for (size_t i = 0; i < head->query_count; i++) {
		require_text(head->query[i].name);
		require_text(head->query[i].value);
	}
	require(hosts == 1 && framings <= 1 && head->length <= limits.body_octets);
}

static void
check_match(const struct http_head *head, struct cs_arena *arena)
{
	struct http_routes routes = { 0 };
	struct http_match match;

	require(http_routes_add(&routes, table, NULL, NULL) == CS_OK);
	http_routes_match(&routes, head, arena, &match);
	for (size_t i = 0; i < match.param_count; i++) {
		const char *value = match.params[i].value;

		require(value != NULL && strpbrk(value, "/\\") == NULL && strcmp(value, "..") != 0);
		require_text(value);
	}
}

static enum http_scan
scan(struct cs_span octets, size_t step, size_t *pos, struct http_fault *fault)
{
	enum http_scan found = HTTP_SCAN_MORE;

	for (size_t len = 0; len < octets.len && found == HTTP_SCAN_MORE;) {
		len = octets.len - len > step ? len + step : octets.len;
		found = http_head_scan((struct cs_span){ octets.data, len }, &limits, pos, fault);
	}
	return found;
}

static enum http_scan
dechunk(struct cs_span octets, size_t step, struct cs_buf *body, struct http_fault *fault)
{
	struct http_chunks chunks = { 0 };
	enum http_scan found = HTTP_SCAN_MORE;

	for (size_t at = 0; at < octets.len && found == HTTP_SCAN_MORE;) {
		size_t len = octets.len - at < step ? octets.len - at : step, used = 0;

		found = http_chunks_read(&chunks, (struct cs_span){ octets.data + at, len },
		    limits.body_octets, body, &used, fault);
		require(used <= len && (found != HTTP_SCAN_MORE || used == len));
		at += used;
	}
	require(body->len <= limits.body_octets);
	return found;
}

static void
check_chunks(struct cs_span octets, size_t step, struct cs_arena *arena)
{
	struct cs_buf whole = cs_buf_new(arena), pieces = cs_buf_new(arena);
	struct http_fault a = { 0 }, b = { 0 };

	require(dechunk(octets, octets.len + 1, &whole, &a) == dechunk(octets, step, &pieces, &b));
	require(a.status == b.status);
	require(a.status != 0 || cs_span_equal(cs_buf_span(&whole), cs_buf_span(&pieces)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t step = size > 0 ? data[0] % 32U + 1 : 1, pos = 0, pos_pieces = 0;
	struct cs_span octets = { size > 0 ? data + 1 : NULL, size > 0 ? size - 1 : 0 };
	struct cs_arena *arena = cs_arena_new();
	struct http_fault fault = { 0 }, fault_pieces = { 0 };
	struct http_head head;
	enum http_scan found = scan(octets, octets.len + 1, &pos, &fault);

	require(found == scan(octets, step, &pos_pieces, &fault_pieces) && pos == pos_pieces);
	require(fault.status == fault_pieces.status);
	if (found == HTTP_SCAN_DONE) {
		struct cs_span rest = { octets.data + pos, octets.len - pos };

		octets.len = pos;
		if (http_head_parse(octets, &limits, arena, &head).status == 0) {
			check_head(&head);
			check_match(&head, arena);
			if (head.framing == HTTP_CHUNKED)
				check_chunks(rest, step, arena);
		}
	}
	cs_arena_free(arena);
	return 0;
}
