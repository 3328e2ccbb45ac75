/* SPDX-License-Identifier: Apache-2.0 */
#include "config_reading.h"

#include "pki/cert.h"

bool
config_refuse(struct config_reading *in, const char *field, const char *clause, const char *text,
    const char *mend)
{
	return cs_refuse(
	    in->why, (struct cs_refusal){ "config-field",
			 cs_arena_printf(in->arena, "spec.%s", field), clause, text, mend });
}

bool
config_refuse_type(struct config_reading *in, const char *field, const char *what)
{
	return config_refuse(in, field, "", cs_arena_printf(in->arena, "This must be %s.", what),
	    "See /v1/config/kinds for the fields and their types.");
}

bool
config_is_line(struct config_reading *in, const char *field, struct cs_span text)
{
	const char *fault = pki_text_fault(text);

	if (fault == NULL)
		return true;
	return config_refuse(in, field, "",
	    cs_arena_printf(in->arena, "The text cannot be taken: %s.", fault),
	    "Leave out what nobody can see.");
}

bool
config_has_length(struct config_reading *in, const char *field, const json_t *value, size_t min,
    size_t max, const char **ret_text)
{
	const size_t len = json_string_length(value);

	if (!json_is_string(value))
		return config_refuse_type(in, field, "a text");
	*ret_text = json_string_value(value);
	if (len < min || len > max)
		return config_refuse(in, field, "",
		    cs_arena_printf(in->arena, "The text has %zu octets.", len),
		    cs_arena_printf(in->arena, "Give %zu to %zu octets of UTF-8.", min, max));
	return true;
}

bool
config_has_count(
    struct config_reading *in, const char *field, const json_t *value, size_t min, size_t max)
{
	const size_t n = json_array_size(value);

	if (!json_is_array(value))
		return config_refuse_type(in, field, "a list");
	if (n < min || n > max)
		return config_refuse(in, field, "",
		    cs_arena_printf(in->arena, "The list has %zu items.", n),
		    cs_arena_printf(in->arena, "Give %zu to %zu.", min, max));
	return true;
}
