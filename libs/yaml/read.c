/* SPDX-License-Identifier: Apache-2.0 */
/* read.c: builds values from the events of libyaml, without recursion. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/text.h"
#include "yaml/documents.h"

#define SHOWN_MAX 60

/* A list or a mapping that has not ended. */
struct level {
	json_t *node;
	const char *key; /* of a mapping: its value comes next; NULL: a key does */
};

struct reading {
	yaml_parser_t parser;
	struct cs_arena *arena;
	struct cs_err *err;
	struct level levels[YAML_DEPTH_MAX];
	size_t depth;
	struct yaml_docs docs;
	size_t room; /* of docs */
};

/* ---- what is wrong, and where ---- */

static enum cs_code
wrong(struct reading *in, const yaml_event_t *event, const char *what)
{
	return cs_fail(in->err, CS_MALFORMED, "%zu:%zu: %s", event->start_mark.line + 1,
	    event->start_mark.column + 1, what);
}

/* What is no text at all has no mark, only an offset. */
static enum cs_code
unreadable(struct reading *in, struct cs_span text)
{
	const char *problem = in->parser.problem;
	size_t line = in->parser.problem_mark.line + 1, column = in->parser.problem_mark.column + 1;

	if (in->parser.error == YAML_READER_ERROR) {
		line = column = 1;
		for (size_t i = 0; i < in->parser.problem_offset && i < text.len; i++) {
			line += text.data[i] == '\n';
			column = text.data[i] == '\n' ? 1 : column + 1;
		}
	}
	return cs_fail(in->err, CS_MALFORMED, "%zu:%zu: %s", line, column,
	    problem == NULL ? "out of memory" : problem);
}

/* ---- scalars ---- */

static bool
is_whole_number(const char *text, size_t len)
{
	const size_t sign = len > 0 && text[0] == '-';
	const size_t digits = strspn(text + sign, "0123456789");

	return digits > 0 && sign + digits == len && (text[sign] != '0' || len == 1);
}

static enum cs_code
read_number(struct reading *in, const yaml_event_t *event, const char *text, json_t **ret)
{
	errno = 0;
	long long value = strtoll(text, NULL, 10);

	if (errno != 0)
		return wrong(in, event, "this number is too large; a text of digits has quotes");
	*ret = json_integer(value);
	return CS_OK;
}

static enum cs_code
read_plain(
    struct reading *in, const yaml_event_t *event, const char *text, size_t len, json_t **ret)
{
	if (len == 0)
		return wrong(in, event, "a value is missing; an empty text is \"\"");
	if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
		*ret = json_boolean(text[0] == 't');
	else if (strcmp(text, "null") == 0)
		*ret = json_null();
	else if (is_whole_number(text, len))
		return read_number(in, event, text, ret);
	else
		*ret = json_stringn(text, len);
	return CS_OK;
}

static enum cs_code
read_scalar(struct reading *in, const yaml_event_t *event, json_t **ret)
{
	const char *text = (const char *)event->data.scalar.value;
	const size_t len = event->data.scalar.length;

	if (memchr(text, '\0', len) != NULL)
		return wrong(in, event, "a text holds no NUL");
	if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
		return read_plain(in, event, text, len, ret);
	*ret = json_stringn(text, len);
	return CS_OK;
}

/* ---- places ---- */

static void
add_document(struct reading *in, const yaml_event_t *event, json_t *value)
{
	struct yaml_docs *docs = &in->docs;

	if (docs->n == in->room) {
		struct yaml_doc *more = CS_NEW_ARRAY(in->arena, in->room * 2 + 8, struct yaml_doc);

		if (docs->n > 0)
			memcpy(more, docs->items, docs->n * sizeof(*more));
		docs->items = more;
		in->room = in->room * 2 + 8;
	}
	docs->items[docs->n++] = (struct yaml_doc){ value, (unsigned)event->start_mark.line + 1 };
}

/* Puts a value where the next one belongs.  Takes `value`. */
static enum cs_code
place(struct reading *in, const yaml_event_t *event, json_t *value)
{
	struct level *level = in->depth == 0 ? NULL : &in->levels[in->depth - 1];

	if (value == NULL)
		return wrong(in, event, "this is no text in UTF-8");
	if (level == NULL) {
		add_document(in, event, value);
		return CS_OK;
	}
	if (json_is_array(level->node)) {
		(void)json_array_append_new(level->node, value);
		return CS_OK;
	}
	(void)json_object_set_new(level->node, level->key, value);
	level->key = NULL;
	return CS_OK;
}

static bool
wants_key(const struct reading *in)
{
	return in->depth > 0 && json_is_object(in->levels[in->depth - 1].node) &&
	       in->levels[in->depth - 1].key == NULL;
}

static enum cs_code
on_key(struct reading *in, const yaml_event_t *event)
{
	struct level *level = &in->levels[in->depth - 1];
	const char *text = (const char *)event->data.scalar.value;
	const size_t len = event->data.scalar.length;

	if (memchr(text, '\0', len) != NULL ||
	    (len == 0 && event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE))
		return wrong(in, event, "a key is a text");
	level->key = cs_arena_strndup(in->arena, text, len);
	if (json_object_get(level->node, level->key) != NULL)
		return wrong(in, event,
		    cs_arena_printf(in->arena, "the key %s is here twice",
			cs_escape(in->arena, cs_span_str(level->key), SHOWN_MAX)));
	return CS_OK;
}

/* ---- events ---- */

static enum cs_code
on_scalar(struct reading *in, const yaml_event_t *event)
{
	json_t *value = NULL;

	if (event->data.scalar.anchor != NULL)
		return wrong(in, event, "anchors are not taken");
	if (event->data.scalar.tag != NULL)
		return wrong(in, event, "tags are not taken");
	if (wants_key(in))
		return on_key(in, event);
	if (read_scalar(in, event, &value))
		return CS_MALFORMED;
	return place(in, event, value);
}

static enum cs_code
on_start(struct reading *in, const yaml_event_t *event, json_t *node, bool has_anchor, bool has_tag)
{
	const char *what = NULL;

	if (has_anchor)
		what = "anchors are not taken";
	else if (has_tag)
		what = "tags are not taken";
	else if (wants_key(in))
		what = "a key is a text";
	else if (in->depth == YAML_DEPTH_MAX)
		what = "too deep";
	if (what != NULL) {
		json_decref(node);
		return wrong(in, event, what);
	}
	if (place(in, event, node))
		return CS_MALFORMED;
	in->levels[in->depth++] = (struct level){ .node = node };
	return CS_OK;
}

static enum cs_code
on_document(struct reading *in, const yaml_event_t *event)
{
	return event->data.document_start.version_directive == NULL &&
		       event->data.document_start.tag_directives.start ==
			   event->data.document_start.tag_directives.end
		   ? CS_OK
		   : wrong(in, event, "directives are not taken");
}

static enum cs_code
on_event(struct reading *in, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		return on_document(in, event);
	case YAML_ALIAS_EVENT:
		return wrong(in, event, "aliases are not taken");
	case YAML_SCALAR_EVENT:
		return on_scalar(in, event);
	case YAML_SEQUENCE_START_EVENT:
		return on_start(in, event, json_array(), event->data.sequence_start.anchor != NULL,
		    event->data.sequence_start.tag != NULL);
	case YAML_MAPPING_START_EVENT:
		return on_start(in, event, json_object(), event->data.mapping_start.anchor != NULL,
		    event->data.mapping_start.tag != NULL);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		in->depth--;
		return CS_OK;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		break;
	}
	return CS_OK;
}

static enum cs_code
read_all(struct reading *in, struct cs_span text)
{
	enum cs_code code = CS_OK;
	bool more = true;

	while (more && code == CS_OK) {
		yaml_event_t event;

		if (yaml_parser_parse(&in->parser, &event) == 0)
			return unreadable(in, text);
		code = on_event(in, &event);
		more = event.type != YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
	}
	return code;
}

enum cs_code
yaml_docs_read(
    struct cs_arena *arena, struct cs_span text, struct yaml_docs *ret_docs, struct cs_err *err)
{
	struct reading in = { .arena = arena, .err = err };

	if (text.len > YAML_OCTETS_MAX)
		return cs_fail(err, CS_MALFORMED, "1:1: over %d octets", YAML_OCTETS_MAX);
	cs_assert(yaml_parser_initialize(&in.parser) != 0);
	yaml_parser_set_encoding(&in.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(
	    &in.parser, text.len == 0 ? (const uint8_t *)"" : text.data, text.len);
	enum cs_code code = read_all(&in, text);

	yaml_parser_delete(&in.parser);
	if (code == CS_OK)
		*ret_docs = in.docs;
	else
		yaml_docs_free(&in.docs);
	return code;
}

void
yaml_docs_free(struct yaml_docs *docs)
{
	for (size_t i = 0; i < docs->n; i++)
		json_decref(docs->items[i].value);
	*docs = (struct yaml_docs){ 0 };
}
