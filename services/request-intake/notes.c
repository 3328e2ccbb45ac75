/* SPDX-License-Identifier: Apache-2.0 */
#include "notes.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define FILE_MAX (1024 * 1024)
#define NOTES_MAX 4096
#define VERSION_MAX 64
#define TEXT_MAX 4096

struct notes {
	struct note *items;
	size_t n;
};

static const char *const kinds[NOTE_KINDS] = { [NOTE_ISSUE] = "issue",
	[NOTE_RENEW] = "renew",
	[NOTE_REKEY] = "rekey",
	[NOTE_REISSUE] = "reissue",
	[NOTE_REVOKE] = "revoke" };

const char *
note_kind_name(enum note_kind kind)
{
	return kinds[kind];
}

bool
note_kind_parse(const char *name, enum note_kind *ret_kind)
{
	for (enum note_kind kind = NOTE_ISSUE; kind < NOTE_KINDS; kind++) {
		if (strcmp(kinds[kind], name) == 0) {
			*ret_kind = kind;
			return true;
		}
	}
	return false;
}

/* ---- reading ---- */

/* A member of 1 to `max` octets; NULL: it is not. */
static const char *
text_of(struct cs_arena *arena, const json_t *object, const char *name, size_t max)
{
	const json_t *value = json_object_get(object, name);
	const size_t len = json_string_length(value);

	return len >= 1 && len <= max ? cs_arena_strndup(arena, json_string_value(value), len)
				      : NULL;
}

static enum cs_code
read_note(struct cs_arena *arena, const json_t *item, struct notes *notes, struct cs_err *err)
{
	const char *kind = text_of(arena, item, "kind", 16);
	struct note note = { .enterprise = text_of(arena, item, "enterprise", 128),
		.version = text_of(arena, item, "version", VERSION_MAX),
		.text = text_of(arena, item, "text", TEXT_MAX) };

	if (json_object_size(item) != 4 || !kind || !note.enterprise || !note.version || !note.text)
		return cs_fail(err, CS_MALFORMED,
		    "note %zu: not enterprise, kind, version and text alone, each of its length",
		    notes->n + 1);
	if (!note_kind_parse(kind, &note.kind))
		return cs_fail(err, CS_MALFORMED, "note %zu: no such kind", notes->n + 1);
	if (notes_find(notes, note.enterprise, note.kind))
		return cs_fail(err, CS_MALFORMED,
		    "note %zu: the second of this enterprise and kind", notes->n + 1);
	notes->items[notes->n++] = note;
	return CS_OK;
}

static enum cs_code
read_all(struct cs_arena *arena, const json_t *root, struct notes *notes, struct cs_err *err)
{
	const json_t *list = json_object_get(root, "notes"), *item = NULL;
	size_t i = 0;

	if (json_object_size(root) != 2 ||
	    json_integer_value(json_object_get(root, "version")) != 1 || !json_is_array(list) ||
	    json_array_size(list) > NOTES_MAX)
		return cs_fail(err, CS_MALFORMED, "not {\"version\": 1, \"notes\": [...]}");
	notes->items = CS_NEW_ARRAY(arena, json_array_size(list), struct note);
	json_array_foreach(list, i, item)
	{
		if (read_note(arena, item, notes, err))
			return err->code;
	}
	return CS_OK;
}

enum cs_code
notes_read(
    struct cs_arena *arena, struct cs_span json, struct notes **ret_notes, struct cs_err *err)
{
	struct notes *notes = CS_NEW(arena, struct notes);
	json_error_t error = { 0 };
	json_t *root =
	    json_loadb((const char *)json.data, json.len, JSON_REJECT_DUPLICATES, &error);
	enum cs_code code = CS_OK;

	if (!root)
		return cs_fail(err, CS_MALFORMED, "line %d, column %d: not acceptable JSON",
		    error.line, error.column);
	code = read_all(arena, root, notes, err);
	json_decref(root);
	if (code == CS_OK)
		*ret_notes = notes;
	return code;
}

enum cs_code
notes_load(struct cs_arena *arena, const char *path, struct notes **ret_notes, struct cs_err *err)
{
	FILE *file = fopen(path, "re");
	uint8_t *data = NULL;
	size_t len = 0;
	struct cs_err why = { 0 };

	if (!file)
		return cs_fail(err, CS_NOT_FOUND, "request notes %s: %s", path, strerror(errno));
	data = cs_arena_alloc(arena, FILE_MAX + 1);
	len = fread(data, 1, FILE_MAX + 1, file);
	const bool whole = !ferror(file) && len <= FILE_MAX;

	(void)fclose(file);
	if (!whole)
		return cs_fail(
		    err, CS_MALFORMED, "request notes %s: unreadable, or over 1 MiB", path);
	if (notes_read(arena, cs_span_of(data, len), ret_notes, &why))
		return cs_fail(err, CS_MALFORMED, "request notes %s: %s", path, why.text);
	return CS_OK;
}

/* ---- showing ---- */

const struct note *
notes_find(const struct notes *notes, const char *enterprise, enum note_kind kind)
{
	for (size_t i = 0; notes && i < notes->n; i++)
		if (notes->items[i].kind == kind &&
		    strcmp(notes->items[i].enterprise, enterprise) == 0)
			return &notes->items[i];
	return NULL;
}

void
notes_write(struct out *out, const char *name, const struct note *note)
{
	out_object(out, name);
	out_text(out, "kind", note_kind_name(note->kind));
	out_text(out, "version", note->version);
	out_text(out, "text", note->text);
	out_end_object(out);
}

struct cs_span
notes_list(struct cs_arena *arena, const struct notes *notes, const char *enterprise,
    enum note_kind wanted)
{
	struct out out = out_new(arena);

	out_object(&out, NULL);
	out_array(&out, "notes");
	for (enum note_kind kind = NOTE_ISSUE; kind < NOTE_KINDS; kind++) {
		const struct note *note = notes_find(notes, enterprise, kind);

		if (note && (wanted == NOTE_KINDS || wanted == kind))
			notes_write(&out, NULL, note);
	}
	out_end_array(&out);
	out_end_object(&out);
	return out_done(&out);
}
