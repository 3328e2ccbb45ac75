/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notes.h: what an enterprise wants people to read before they ask for something: a text for each kind of
 * request.  From a file that is read once, at the start:
 *
 *   {"version": 1, "notes": [{"enterprise": "demo", "kind": "revoke", "version": "3", "text": "..."}]}
 */
#ifndef INTAKE_NOTES_H
#define INTAKE_NOTES_H

#include "base/arena.h"
#include "base/err.h"
#include "out.h"

enum note_kind { NOTE_ISSUE, NOTE_RENEW, NOTE_REKEY, NOTE_REISSUE, NOTE_REVOKE, NOTE_KINDS };
const char *note_kind_name(enum note_kind kind); /* "issue", ... */
bool note_kind_parse(const char *name, enum note_kind *ret_kind);

struct note {
	const char *enterprise;
	enum note_kind kind;
	const char *version; /* 1 to 64 characters; the enterprise's own */
	const char *text;    /* 1 to 4,096 octets of UTF-8 */
};

struct notes;

/* Strict: no member twice or unknown, none missing, no enterprise and kind twice.  CS_MALFORMED. */
CS_MUST_USE enum cs_code notes_read(
    struct cs_arena *arena, struct cs_span json, struct notes **ret_notes, struct cs_err *err);
/* The same from a file of at most 1 MiB.  CS_NOT_FOUND, CS_MALFORMED. */
CS_MUST_USE enum cs_code
notes_load(struct cs_arena *arena, const char *path, struct notes **ret_notes, struct cs_err *err);
/* NULL: none is set.  `notes` may be NULL. */
const struct note *
notes_find(const struct notes *notes, const char *enterprise, enum note_kind kind);
/* As an object: kind, version, text. */
void notes_write(struct out *out, const char *name, const struct note *note);
/* {"notes": [...]}: those of an enterprise; of one kind, or NOTE_KINDS for all. */
struct cs_span notes_list(
    struct cs_arena *arena, const struct notes *notes, const char *enterprise, enum note_kind kind);

#endif
