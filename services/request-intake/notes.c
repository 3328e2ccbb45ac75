/* SPDX-License-Identifier: Apache-2.0 */
#include "notes.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

static const char *const kinds[NOTE_KINDS] = { [NOTE_ISSUE] = "issue",
	[NOTE_RENEW] = "renew",
	[NOTE_REKEY] = "rekey",
	[NOTE_REISSUE] = "reissue",
	[NOTE_REVOKE] = "revoke" };

static const char *const screens[NOTE_SCREENS] = { [NOTE_REQUEST] = "",
	[NOTE_CSR] = "csr",
	[NOTE_SDN] = "sdn",
	[NOTE_SAN] = "san",
	[NOTE_VALIDITY] = "validity",
	[NOTE_OWNERSHIP] = "ownership" };

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

const char *
note_screen_name(enum note_screen screen)
{
	return screens[screen];
}

bool
note_screen_parse(const char *name, enum note_screen *ret_screen)
{
	for (enum note_screen screen = NOTE_CSR; screen < NOTE_SCREENS; screen++) {
		if (strcmp(screens[screen], name) == 0) {
			*ret_screen = screen;
			return true;
		}
	}
	return false;
}

/* ---- documents ---- */

bool
note_read_name(const char *name, enum note_kind *ret_kind, enum note_screen *ret_screen)
{
	const char *dot = strchr(name, '.');
	enum note_screen screen = NOTE_REQUEST;
	char kind[16] = "";

	if (dot && !note_screen_parse(dot + 1, &screen))
		return false;
	if (dot && (size_t)(dot - name) < sizeof(kind))
		memcpy(kind, name, (size_t)(dot - name));
	if (!note_kind_parse(dot ? kind : name, ret_kind))
		return false;
	*ret_screen = screen;
	return true;
}

enum cs_code
note_read_spec(
    struct cs_arena *arena, struct cs_span spec, const char **ret_text, struct cs_err *err)
{
	json_error_t error;
	json_t *root =
	    json_loadb((const char *)spec.data, spec.len, JSON_REJECT_DUPLICATES, &error);
	const json_t *text = json_object_get(root, "text");
	const bool good = json_is_object(root) && (!text || json_is_string(text)) &&
			  json_string_length(text) <= NOTE_TEXT_MAX;

	if (good)
		*ret_text = text ? cs_arena_strndup(
				       arena, json_string_value(text), json_string_length(text))
				 : "";
	json_decref(root);
	return good ? CS_OK : cs_fail(err, CS_MALFORMED, "not the spec of a note");
}

/* ---- showing ---- */

const struct note *
notes_find(const struct notes *notes, const char *enterprise, enum note_kind kind)
{
	for (size_t i = 0; notes && i < notes->n; i++) {
		const struct note *note = &notes->items[i];

		if (note->kind == kind && note->screen == NOTE_REQUEST && note->text[0] &&
		    strcmp(note->enterprise, enterprise) == 0)
			return note;
	}
	return NULL;
}

#define VERSION_TEXT 24

static void
format_version(const struct note *note, char ret_text[static VERSION_TEXT])
{
	(void)snprintf(ret_text, VERSION_TEXT, "%" PRIu64, note->version);
}

bool
note_is_read(const struct note *note, const char *said)
{
	char version[VERSION_TEXT];

	format_version(note, version);
	return strcmp(version, said) == 0;
}

void
notes_write(struct out *out, const char *name, const struct note *note)
{
	char version[VERSION_TEXT];

	format_version(note, version);
	out_object(out, name);
	out_text(out, "kind", note_kind_name(note->kind));
	out_text_if(out, "screen", note_screen_name(note->screen));
	out_text(out, "version", version);
	out_text(out, "text", note->text);
	out_end_object(out);
}

struct cs_span
notes_list(struct cs_arena *arena, const struct notes *notes)
{
	struct out out = out_new(arena);

	out_object(&out, NULL);
	out_array(&out, "notes");
	for (size_t i = 0; i < notes->n; i++)
		notes_write(&out, NULL, &notes->items[i]);
	out_end_array(&out);
	out_end_object(&out);
	return out_done(&out);
}
