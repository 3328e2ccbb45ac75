/* SPDX-License-Identifier: Apache-2.0 */
#include "config_json.h"

json_t *
config_json_read(struct cs_arena *arena, struct cs_span text, struct cs_refusal *ret_why)
{
	json_error_t error = { 0 };
	json_t *json = text.len > 0 ? json_loadb((const char *)text.data, text.len,
					  JSON_REJECT_DUPLICATES, &error)
				    : NULL;

	if (json == NULL)
		*ret_why = (struct cs_refusal){ "body-not-json", "body", "RFC 8259",
			text.len == 0
			    ? "The body is empty."
			    : cs_arena_printf(arena,
				  "The body is not acceptable JSON, at line %d, column %d.",
				  error.line, error.column),
			"Send one JSON object in UTF-8 that names no member twice." };
	return json;
}

json_t *
config_json_own(struct cs_span text)
{
	json_t *json = json_loadb((const char *)text.data, text.len, 0, NULL);

	cs_assert(json != NULL);
	return json;
}

static int
add(const char *data, size_t len, void *arg)
{
	cs_buf_add(arg, data, len);
	return 0;
}

struct cs_span
config_json_dump(struct cs_arena *arena, json_t *json)
{
	struct cs_buf out = cs_buf_new(arena);

	cs_assert(json_dump_callback(
		      json, add, &out, JSON_SORT_KEYS | JSON_COMPACT | JSON_ENCODE_ANY) == 0);
	json_decref(json);
	return cs_buf_span(&out);
}

const char *
config_json_text(
    struct cs_arena *arena, const json_t *object, const char *member, const char *fallback)
{
	const char *text = json_string_value(json_object_get(object, member));

	return text != NULL ? cs_arena_strdup(arena, text) : fallback;
}

bool
config_json_true(const json_t *object, const char *member)
{
	return json_is_true(json_object_get(object, member));
}

uint32_t
config_json_number(const json_t *object, const char *member)
{
	return (uint32_t)json_integer_value(json_object_get(object, member));
}
