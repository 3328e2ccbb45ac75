/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict.h"

#include <stdio.h>
#include <stdlib.h>

#include "csctl.h"

static void
print_value(const char *name, const json_t *value)
{
	char *text = json_is_string(value)
			 ? NULL
			 : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_ENSURE_ASCII);

	(void)printf("  %-12s %s\n", name, text == NULL ? json_string_value(value) : text);
	free(text);
}

static void
add(json_t *object, const char *name, const char *value)
{
	if (value != NULL && value[0] != '\0')
		(void)json_object_set_new(object, name, json_string(value));
}

int
verdict_print(
    bool as_json, bool good, const char *verdict, const struct cs_refusal *why, json_t *seen)
{
	json_t *object = json_object(), *value;
	const char *name;

	add(object, "verdict", verdict);
	add(object, "reason", why->code);
	add(object, "clause", why->clause);
	add(object, "text", why->text);
	add(object, "mend", why->mend);
	(void)json_object_update_missing(object, seen);
	if (as_json) {
		char *text = json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII);

		(void)puts(text);
		free(text);
	} else {
		json_object_foreach(object, name, value) print_value(name, value);
	}
	json_decref(object);
	json_decref(seen);
	return good ? DONE : REFUSED;
}
