/* SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"

#include <string.h>

#include "base/text.h"
#include "csctl.h"
#include "yaml/documents.h"

#define SHOWN_MAX 60

/* A file that is being read. */
struct file {
	struct cs_arena *arena;
	const char *path;
	struct settings *settings;
	struct cs_err *err;
};

/* ---- the set ---- */

const char *
settings_text(const json_t *doc, const char *member)
{
	const char *text = json_string_value(json_object_get(doc, member));

	return text == NULL ? "" : text;
}

void
settings_add(struct cs_arena *arena, struct settings *settings, json_t *doc, const char *place)
{
	if (settings->n == settings->room) {
		const size_t room = settings->room * 2 + 16;
		struct setting *more = CS_NEW_ARRAY(arena, room, struct setting);

		if (settings->n > 0)
			memcpy(more, settings->items, settings->n * sizeof(*more));
		settings->items = more;
		settings->room = room;
	}
	settings->items[settings->n++] = (struct setting){ doc, place };
}

const struct setting *
settings_find(
    const struct settings *settings, const char *kind, const char *enterprise, const char *name)
{
	for (size_t i = 0; i < settings->n; i++) {
		const struct setting *item = &settings->items[i];

		if (strcmp(settings_text(item->doc, "name"), name) == 0 &&
		    strcmp(settings_text(item->doc, "kind"), kind) == 0 &&
		    strcmp(settings_text(item->doc, "enterprise"), enterprise) == 0)
			return item;
	}
	return NULL;
}

json_t *
settings_body(const struct settings *settings)
{
	json_t *list = json_array();

	for (size_t i = 0; i < settings->n; i++)
		(void)json_array_append(list, settings->items[i].doc);
	return json_pack("{s:o}", "documents", list);
}

void
settings_free(struct settings *settings)
{
	for (size_t i = 0; i < settings->n; i++)
		json_decref(settings->items[i].doc);
	*settings = (struct settings){ 0 };
}

/* ---- documents ---- */

static enum cs_code
wrong(struct file *file, const char *place, const char *what)
{
	return cs_fail(file->err, CS_MALFORMED, "%s: %s", place, what);
}

/* NULL: nothing. */
static const char *
wrong_with(struct file *file, const json_t *doc)
{
	static const char *const texts[] = { "kind", "enterprise", "name" };
	const json_t *spec = json_object_get(doc, "spec");
	const bool deletes = json_is_true(json_object_get(doc, "delete"));

	if (!json_is_object(doc))
		return "a document has kind, enterprise, name and spec";
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (settings_text(doc, texts[i])[0] == '\0')
			return cs_arena_printf(file->arena, "%s is missing, or no text", texts[i]);
	if (!deletes && !json_is_object(spec))
		return "spec is missing, or no mapping";
	if (json_object_size(doc) != 4 || (deletes && spec != NULL))
		return "a document has kind, enterprise, name and spec, or delete: true, and nothing else";
	return NULL;
}

static enum cs_code
read_document(struct file *file, json_t *doc, const char *place)
{
	const char *what = wrong_with(file, doc);

	if (what != NULL)
		return wrong(file, place, what);
	const struct setting *first = settings_find(file->settings, settings_text(doc, "kind"),
	    settings_text(doc, "enterprise"), settings_text(doc, "name"));

	if (first != NULL)
		return wrong(file, place,
		    cs_arena_printf(file->arena, "%s %s is also in %s", settings_text(doc, "kind"),
			cs_escape(file->arena, cs_span_str(settings_text(doc, "name")), SHOWN_MAX),
			first->place));
	settings_add(file->arena, file->settings, json_incref(doc), place);
	return CS_OK;
}

static enum cs_code
read_list(struct file *file, const json_t *list, const char *place)
{
	json_t *doc;
	size_t i;

	json_array_foreach(list, i, doc)
	{
		if (read_document(
			file, doc, cs_arena_printf(file->arena, "%s documents[%zu]", place, i)))
			return CS_MALFORMED;
	}
	return CS_OK;
}

static enum cs_code
read_value(struct file *file, json_t *value, const char *place)
{
	const json_t *list = json_object_get(value, "documents");

	if (json_is_array(value))
		return read_list(file, value, place);
	if (json_is_array(list) && json_object_size(value) == 1)
		return read_list(file, list, place);
	return read_document(file, value, place);
}

/* ---- files ---- */

static bool
is_json(struct cs_span text)
{
	size_t i = 0;

	while (i < text.len && memchr(" \t\r\n", text.data[i], 4) != NULL)
		i++;
	return i < text.len && (text.data[i] == '{' || text.data[i] == '[');
}

static enum cs_code
load_json(struct file *file, struct cs_span text, struct yaml_docs *ret)
{
	json_error_t error;
	json_t *value =
	    json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, &error);

	if (value == NULL)
		return cs_fail(file->err, CS_MALFORMED, "%s:%d:%d: %s", file->path, error.line,
		    error.column, error.text);
	ret->items = CS_NEW(file->arena, struct yaml_doc);
	ret->items[0] = (struct yaml_doc){ value, 1 };
	ret->n = 1;
	return CS_OK;
}

/* The values of a file, JSON or YAML. */
static enum cs_code
load(struct file *file, struct cs_span text, struct yaml_docs *ret)
{
	struct cs_err why;

	if (text.len > YAML_OCTETS_MAX)
		return wrong(file, file->path, "over 1 MiB");
	if (is_json(text))
		return load_json(file, text, ret);
	if (yaml_docs_read(file->arena, text, ret, &why))
		return cs_fail(file->err, CS_MALFORMED, "%s:%s", file->path, why.text);
	return CS_OK;
}

enum cs_code
settings_parse(struct cs_arena *arena, const char *path, struct cs_span text,
    struct settings *settings, struct cs_err *err)
{
	struct file file = { arena, path, settings, err };
	struct yaml_docs docs = { 0 };
	enum cs_code code = load(&file, text, &docs);

	for (size_t i = 0; i < docs.n && code == CS_OK; i++)
		code = read_value(&file, docs.items[i].value,
		    cs_arena_printf(arena, "%s:%u", path, docs.items[i].line));
	yaml_docs_free(&docs);
	return code;
}

enum cs_code
settings_read(
    struct cs_arena *arena, const char *path, struct settings *settings, struct cs_err *err)
{
	struct cs_span text;

	if (read_input(arena, path, YAML_OCTETS_MAX, &text, err))
		return err->code;
	return settings_parse(arena, path, text, settings, err);
}

enum cs_code
settings_read_spec(struct cs_arena *arena, const char *path, json_t **ret_spec, struct cs_err *err)
{
	struct file file = { arena, path, NULL, err };
	struct yaml_docs docs = { 0 };
	struct cs_span text;

	if (read_input(arena, path, YAML_OCTETS_MAX, &text, err) || load(&file, text, &docs))
		return err->code;
	if (docs.n == 1 && json_is_object(docs.items[0].value))
		*ret_spec = json_incref(docs.items[0].value);
	else
		(void)wrong(&file, path, "this is not one mapping: the spec of a document");
	const bool good = docs.n == 1 && json_is_object(docs.items[0].value);

	yaml_docs_free(&docs);
	return good ? CS_OK : CS_MALFORMED;
}
