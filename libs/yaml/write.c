/* SPDX-License-Identifier: Apache-2.0 */
/* write.c: how a text is quoted, so that no reader of YAML takes it for anything else. */
#include <string.h>
#include <strings.h>
#include <yaml.h>

#include "yaml/documents.h"

struct writing {
	yaml_emitter_t emitter;
	struct cs_buf buf;
	struct cs_err *err;
};

/* ---- texts ---- */

/* Words that some reader of YAML 1.1 takes for a truth value or for nothing. */
static bool
means_something(const char *text)
{
	static const char *const words[] = { "true", "false", "null", "yes", "no", "on", "off", "y",
		"n" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(words[i], text) == 0)
			return true;
	return false;
}

/* Nothing but what stands in one line and is printed as it is. */
static bool
is_line(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' || (unsigned char)text[i] > '~')
			return false;
	return true;
}

/* Numbers, times and marks do not begin with a letter. */
static bool
may_be_plain(const char *text, size_t len)
{
	const char first = len == 0 ? ' ' : (char)(text[0] | 0x20);

	return first >= 'a' && first <= 'z' && is_line(text, len) && text[len - 1] != ' ' &&
	       !means_something(text);
}

/* Lines of ASCII, none of which begins or ends with a space. */
static bool
may_be_block(const char *text)
{
	if (strchr(text, '\n') == NULL)
		return false;
	for (const char *line = text; *line != '\0';) {
		const size_t len = strcspn(line, "\n");

		if (len == 0 || !is_line(line, len) || line[0] == ' ' || line[len - 1] == ' ')
			return false;
		line += len + (line[len] == '\n');
	}
	return true;
}

static enum cs_code
emit(struct writing *out, yaml_event_t *event)
{
	if (yaml_emitter_emit(&out->emitter, event) != 0)
		return CS_OK;
	return cs_fail(out->err, CS_INTERNAL, "YAML: %s",
	    out->emitter.problem == NULL ? "out of memory" : out->emitter.problem);
}

static enum cs_code
emit_scalar(struct writing *out, const char *text, size_t len, yaml_scalar_style_t style)
{
	yaml_event_t event;

	if (memchr(text, '\0', len) != NULL)
		return cs_fail(out->err, CS_MALFORMED, "a text with NUL cannot be written as YAML");
	cs_assert(yaml_scalar_event_initialize(
		      &event, NULL, NULL, (const yaml_char_t *)text, (int)len, 1, 1, style) != 0);
	return emit(out, &event);
}

static enum cs_code
emit_text(struct writing *out, const char *text, size_t len, bool is_key)
{
	if (may_be_plain(text, len))
		return emit_scalar(out, text, len, YAML_PLAIN_SCALAR_STYLE);
	return emit_scalar(out, text, len,
	    !is_key && may_be_block(text) ? YAML_LITERAL_SCALAR_STYLE
					  : YAML_DOUBLE_QUOTED_SCALAR_STYLE);
}

static enum cs_code
emit_plain(struct writing *out, const char *text)
{
	return emit_scalar(out, text, strlen(text), YAML_PLAIN_SCALAR_STYLE);
}

/* ---- values ---- */

static enum cs_code emit_value(struct writing *out, json_t *value, unsigned depth);

static enum cs_code
emit_list(struct writing *out, json_t *list, unsigned depth)
{
	yaml_event_t event;
	json_t *item;
	size_t i;

	cs_assert(yaml_sequence_start_event_initialize(
		      &event, NULL, NULL, 1, YAML_BLOCK_SEQUENCE_STYLE) != 0);
	if (emit(out, &event))
		return out->err->code;
	json_array_foreach(list, i, item)
	{
		if (emit_value(out, item, depth))
			return out->err->code;
	}
	cs_assert(yaml_sequence_end_event_initialize(&event) != 0);
	return emit(out, &event);
}

static enum cs_code
emit_mapping(struct writing *out, json_t *object, unsigned depth)
{
	yaml_event_t event;
	const char *key;
	json_t *value;

	cs_assert(yaml_mapping_start_event_initialize(
		      &event, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE) != 0);
	if (emit(out, &event))
		return out->err->code;
	json_object_foreach(object, key, value)
	{
		if (emit_text(out, key, strlen(key), true) || emit_value(out, value, depth))
			return out->err->code;
	}
	cs_assert(yaml_mapping_end_event_initialize(&event) != 0);
	return emit(out, &event);
}

static enum cs_code
emit_nested(struct writing *out, json_t *value, unsigned depth)
{
	if (depth == YAML_DEPTH_MAX)
		return cs_fail(out->err, CS_MALFORMED, "too deep to be written as YAML");
	return json_is_array(value) ? emit_list(out, value, depth + 1)
				    : emit_mapping(out, value, depth + 1);
}

static enum cs_code
emit_value(struct writing *out, json_t *value, unsigned depth)
{
	char number[32];

	switch (json_typeof(value)) {
	case JSON_OBJECT:
	case JSON_ARRAY:
		return emit_nested(out, value, depth);
	case JSON_STRING:
		return emit_text(out, json_string_value(value), json_string_length(value), false);
	case JSON_INTEGER:
		(void)snprintf(
		    number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		return emit_plain(out, number);
	case JSON_TRUE:
		return emit_plain(out, "true");
	case JSON_FALSE:
		return emit_plain(out, "false");
	case JSON_NULL:
		return emit_plain(out, "null");
	case JSON_REAL:
		break;
	}
	return cs_fail(out->err, CS_MALFORMED, "a number with a fraction is not written as YAML");
}

static int
on_octets(void *arg, unsigned char *data, size_t len)
{
	cs_buf_add(arg, data, len);
	return 1;
}

static enum cs_code
emit_document(struct writing *out, json_t *value)
{
	yaml_event_t event;

	cs_assert(yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING) != 0);
	if (emit(out, &event))
		return out->err->code;
	cs_assert(yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 0) != 0);
	if (emit(out, &event) || emit_value(out, value, 0))
		return out->err->code;
	cs_assert(yaml_document_end_event_initialize(&event, 1) != 0);
	if (emit(out, &event))
		return out->err->code;
	cs_assert(yaml_stream_end_event_initialize(&event) != 0);
	return emit(out, &event);
}

enum cs_code
yaml_doc_write(struct cs_arena *arena, json_t *value, struct cs_span *ret_text, struct cs_err *err)
{
	struct cs_err unwanted;
	struct writing out = { .buf = cs_buf_new(arena), .err = err == NULL ? &unwanted : err };

	cs_assert(yaml_emitter_initialize(&out.emitter) != 0);
	yaml_emitter_set_output(&out.emitter, on_octets, &out.buf);
	yaml_emitter_set_unicode(&out.emitter, 1);
	yaml_emitter_set_width(&out.emitter, -1);
	enum cs_code code = emit_document(&out, value);

	yaml_emitter_delete(&out.emitter);
	if (code == CS_OK)
		*ret_text = cs_buf_span(&out.buf);
	return code;
}
