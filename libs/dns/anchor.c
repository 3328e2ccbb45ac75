/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/anchor.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

#define LINE_FIELDS 64 /* a key may be split by blanks */

struct line {
	char *fields[LINE_FIELDS];
	size_t len;
	size_t rdata; /* the field after the type */
};

static bool
number(const char *text, unsigned long max, unsigned long *ret)
{
	char *end;

	if (text[0] < '0' || text[0] > '9' || strlen(text) > 10)
		return false;
	*ret = strtoul(text, &end, 10);
	return *end == '\0' && *ret <= max;
}

/*
 * Debian's libunbound does not validate algorithm 16 (Ed448): with such an anchor all would be
 * insecure.
 */
static bool
validated(unsigned long algorithm)
{
	return algorithm == 8 || (algorithm >= 13 && algorithm <= 15);
}

static const char *
joined(struct cs_arena *arena, const struct line *line, size_t from)
{
	struct cs_buf buf = cs_buf_new(arena);

	for (size_t i = from; i < line->len; i++)
		cs_buf_add_str(&buf, line->fields[i]);
	return (const char *)cs_buf_span(&buf).data;
}

static bool
read_ds(struct cs_arena *arena, const struct line *line, struct anchor *ret)
{
	unsigned long tag, algorithm, digest;
	uint8_t octets[48];
	const char *hex;

	if (line->len < line->rdata + 4 || !number(line->fields[line->rdata], 65535, &tag) ||
	    !number(line->fields[line->rdata + 1], 255, &algorithm) ||
	    !number(line->fields[line->rdata + 2], 255, &digest))
		return false;
	hex = joined(arena, line, line->rdata + 3);
	if (!validated(algorithm) || (digest != 2 && digest != 4) ||
	    !cs_hex_decode(hex, octets, digest == 2 ? 32 : 48))
		return false;
	ret->key_tag = (uint16_t)tag;
	ret->algorithm = (uint8_t)algorithm;
	ret->record = cs_arena_printf(arena, ". IN DS %lu %lu %lu %s", tag, algorithm, digest, hex);
	return true;
}

/* RFC 4034 appendix B. */
static uint16_t
key_tag(unsigned long flags, unsigned long algorithm, struct cs_span key)
{
	uint32_t sum = (uint32_t)flags + (3u << 8) + (uint32_t)algorithm;

	for (size_t i = 0; i < key.len; i++)
		sum += i & 1 ? key.data[i] : (uint32_t)key.data[i] << 8;
	return (uint16_t)(sum + (sum >> 16));
}

static bool
read_dnskey(struct cs_arena *arena, const struct line *line, struct anchor *ret)
{
	unsigned long flags, protocol, algorithm;
	const char *base64;
	struct cs_span key;

	if (line->len < line->rdata + 4 || !number(line->fields[line->rdata], 65535, &flags) ||
	    !number(line->fields[line->rdata + 1], 255, &protocol) ||
	    !number(line->fields[line->rdata + 2], 255, &algorithm))
		return false;
	base64 = joined(arena, line, line->rdata + 3);
	if (flags != 257 || protocol != 3 || !validated(algorithm) ||
	    !cs_base64_decode(arena, cs_span_str(base64), &key) || key.len < 32 || key.len > 1024)
		return false;
	ret->key_tag = key_tag(flags, algorithm, key);
	ret->algorithm = (uint8_t)algorithm;
	ret->record = cs_arena_printf(
	    arena, ". IN DNSKEY %lu %lu %lu %s", flags, protocol, algorithm, base64);
	return true;
}

static bool
split(char *text, struct line *ret)
{
	char *rest = NULL;

	text[strcspn(text, ";\r")] = '\0';
	for (char *word = strtok_r(text, " \t", &rest); word != NULL;
	     word = strtok_r(NULL, " \t", &rest)) {
		if (ret->len == LINE_FIELDS)
			return false;
		ret->fields[ret->len++] = word;
	}
	return true;
}

/* owner [TTL] [IN] type: the owner must be the root. */
static bool
read_line(struct cs_arena *arena, struct line *line, struct anchor *ret)
{
	unsigned long ttl;
	size_t at = 1;

	if (line->len < 3 || strcmp(line->fields[0], ".") != 0)
		return false;
	at += number(line->fields[at], UINT32_MAX, &ttl);
	at += at < line->len && strcasecmp(line->fields[at], "IN") == 0;
	if (at >= line->len)
		return false;
	line->rdata = at + 1;
	if (strcasecmp(line->fields[at], "DS") == 0)
		return read_ds(arena, line, ret);
	return strcasecmp(line->fields[at], "DNSKEY") == 0 && read_dnskey(arena, line, ret);
}

enum cs_code
anchor_parse(struct cs_arena *arena, struct cs_span text, const struct anchor **ret_anchors,
    size_t *ret_len, struct cs_err *err)
{
	char *copy = cs_arena_strndup(arena, (const char *)text.data, text.len), *rest = NULL;
	struct anchor *anchors = CS_NEW_ARRAY(arena, ANCHOR_MAX, struct anchor);
	size_t len = 0;

	for (char *at = strtok_r(copy, "\n", &rest); at != NULL; at = strtok_r(NULL, "\n", &rest)) {
		struct line line = { 0 };

		if (!split(at, &line))
			return cs_fail(err, CS_MALFORMED, "trust anchor: a line of too many words");
		if (line.len == 0)
			continue;
		if (len == ANCHOR_MAX || !read_line(arena, &line, &anchors[len]))
			return cs_fail(err, CS_MALFORMED,
			    "trust anchor: record %zu is not a DS or key"
			    " of the root that can be used",
			    len + 1);
		len++;
	}
	if (len == 0)
		return cs_fail(err, CS_MALFORMED, "trust anchor: the file holds none");
	*ret_anchors = anchors;
	*ret_len = len;
	return CS_OK;
}
