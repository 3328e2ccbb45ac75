/* SPDX-License-Identifier: Apache-2.0 */
#include "dkim/tags.h"

#include <string.h>

#include "base/text.h"

#define TAG_NAME_MAX 32

static bool
is_space(uint8_t octet)
{
	return octet == ' ' || octet == '\t' || octet == '\r' || octet == '\n';
}

static struct cs_span
trim(struct cs_span text)
{
	while (text.len > 0 && is_space(text.data[0]))
		text = (struct cs_span){ text.data + 1, text.len - 1 };
	while (text.len > 0 && is_space(text.data[text.len - 1]))
		text.len--;
	return text;
}

static bool
is_name(struct cs_span name)
{
	if (name.len == 0 || name.len > TAG_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		const uint8_t c = name.data[i], letter = c | 0x20;

		if (letter >= 'a' && letter <= 'z')
			continue;
		if (i == 0 || !((c >= '0' && c <= '9') || c == '_'))
			return false;
	}
	return true;
}

/* Visible ASCII and white space; what is not ASCII may be there by RFC 8616 3. */
static bool
is_value(struct cs_span value)
{
	for (size_t i = 0; i < value.len; i++)
		if ((value.data[i] < ' ' && !is_space(value.data[i])) || value.data[i] == 0x7f)
			return false;
	return cs_utf8_valid(value);
}

/* What is before the first `mark`; *rest is what follows it, empty when there is none. */
static struct cs_span
split(struct cs_span *rest, char mark)
{
	const uint8_t *at = rest->len > 0 ? memchr(rest->data, mark, rest->len) : NULL;
	const size_t len = at == NULL ? rest->len : (size_t)(at - rest->data);
	const size_t used = at == NULL ? len : len + 1;
	const struct cs_span part = { rest->data, len };

	*rest = (struct cs_span){ rest->data + used, rest->len - used };
	return part;
}

static bool
read_tag(struct cs_span text, struct dkim_tag *ret_tag)
{
	if (text.len == 0 || memchr(text.data, '=', text.len) == NULL)
		return false;
	const struct cs_span name = trim(split(&text, '='));

	*ret_tag = (struct dkim_tag){ .name = name, .value = trim(text), .raw = text };
	return is_name(name) && is_value(text);
}

static bool
has_name(const struct dkim_tags *tags, struct cs_span name)
{
	for (size_t i = 0; i < tags->len; i++)
		if (cs_span_equal(tags->tags[i].name, name))
			return true;
	return false;
}

bool
dkim_tags_read(struct cs_span text, struct dkim_tags *ret_tags)
{
	struct dkim_tags *tags = ret_tags;

	tags->len = 0;
	while (text.len > 0) {
		const struct cs_span spec = split(&text, ';');
		struct dkim_tag tag;

		/* Only after the last ';' may nothing follow. */
		if (text.len == 0 && trim(spec).len == 0)
			break;
		if (tags->len == DKIM_TAGS_MAX || !read_tag(spec, &tag) || has_name(tags, tag.name))
			return false;
		tags->tags[tags->len++] = tag;
	}
	return tags->len > 0;
}

const struct dkim_tag *
dkim_tags_find(const struct dkim_tags *tags, const char *name)
{
	for (size_t i = 0; i < tags->len; i++)
		if (cs_span_is(tags->tags[i].name, name))
			return &tags->tags[i];
	return NULL;
}

struct cs_span
dkim_tag_compact(struct cs_arena *arena, struct cs_span value)
{
	uint8_t *out = cs_arena_alloc(arena, value.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < value.len; i++)
		if (!is_space(value.data[i]))
			out[len++] = value.data[i];
	return (struct cs_span){ out, len };
}

bool
dkim_tag_base64(struct cs_arena *arena, struct cs_span value, struct cs_span *ret_octets)
{
	const struct cs_span text = dkim_tag_compact(arena, value);

	return text.len > 0 && cs_base64_decode(arena, text, ret_octets);
}

bool
dkim_tag_number(struct cs_span value, int64_t *ret_number)
{
	int64_t number = 0;

	if (value.len == 0 || value.len > 12)
		return false;
	for (size_t i = 0; i < value.len; i++) {
		if (value.data[i] < '0' || value.data[i] > '9')
			return false;
		number = number * 10 + (value.data[i] - '0');
	}
	*ret_number = number;
	return true;
}

bool
dkim_tag_next(struct cs_span *rest, struct cs_span *ret_element)
{
	if (rest->data == NULL)
		return false;
	const bool last = rest->len == 0 || memchr(rest->data, ':', rest->len) == NULL;

	*ret_element = trim(split(rest, ':'));
	if (last)
		*rest = (struct cs_span){ NULL, 0 };
	return true;
}

bool
dkim_tag_lists(struct cs_span value, const char *element)
{
	struct cs_span one;

	while (dkim_tag_next(&value, &one))
		if (cs_span_is_nocase(one, element))
			return true;
	return false;
}
