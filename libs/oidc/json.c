/* SPDX-License-Identifier: Apache-2.0 */
/* json.c: JSON of strangers: bounded before it is read. */
#include <string.h>

#include "base/text.h"
#include "internal.h"

json_t *
oidc_json_object(struct cs_span octets, size_t max)
{
	json_error_t error;

	if (octets.len == 0 || octets.len > max)
		return NULL;
	json_t *root =
	    json_loadb((const char *)octets.data, octets.len, JSON_REJECT_DUPLICATES, &error);

	if (json_is_object(root))
		return root;
	json_decref(root);
	return NULL;
}

const char *
oidc_json_text(const json_t *object, const char *member, size_t max)
{
	const json_t *value = json_object_get(object, member);

	return json_is_string(value) && json_string_length(value) <= max ? json_string_value(value)
									 : NULL;
}

struct cs_span
oidc_json_octets(struct cs_arena *arena, const json_t *object, const char *member)
{
	const char *text = oidc_json_text(object, member, OIDC_DOCUMENT_MAX);
	struct cs_span octets;

	return text != NULL && cs_base64url_decode(arena, cs_span_str(text), &octets)
		   ? octets
		   : cs_span_of(NULL, 0);
}

bool
oidc_json_lists(const json_t *object, const char *member, const char *word)
{
	const json_t *list = json_object_get(object, member);

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *value = json_array_get(list, i);

		if (json_is_string(value) && strcmp(json_string_value(value), word) == 0)
			return true;
	}
	return false;
}
