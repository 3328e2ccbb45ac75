/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notes.h: what an enterprise wants people to read: a text for a kind of request, which must have been read before
 * one is made, and texts for single screens of it, which are shown there.  Pure.
 *
 * They are documents of policy, of kind "note": their name is "revoke" or "issue.san", their spec
 * {"text": "..."}.  This service keeps the newest of each in a table.
 */
#ifndef INTAKE_NOTES_H
#define INTAKE_NOTES_H

#include "base/arena.h"
#include "base/err.h"
#include "out.h"

#define NOTE_TEXT_MAX 8192 /* octets */

enum note_kind { NOTE_ISSUE, NOTE_RENEW, NOTE_REKEY, NOTE_REISSUE, NOTE_REVOKE, NOTE_KINDS };
const char *note_kind_name(enum note_kind kind); /* "issue", ... */
bool note_kind_parse(const char *name, enum note_kind *ret_kind);

/* NOTE_REQUEST: of the kind as a whole. */
enum note_screen {
	NOTE_REQUEST,
	NOTE_CSR,
	NOTE_SDN,
	NOTE_SAN,
	NOTE_VALIDITY,
	NOTE_OWNERSHIP,
	NOTE_SCREENS
};
const char *note_screen_name(enum note_screen screen); /* "", "csr", ... */
/* A screen that has a name. */
bool note_screen_parse(const char *name, enum note_screen *ret_screen);

struct note {
	const char *enterprise;
	enum note_kind kind;
	enum note_screen screen;
	uint64_t version;
	const char *text; /* up to NOTE_TEXT_MAX octets of UTF-8; "": there is none any more */
};

/* By kind, then by screen. */
struct notes {
	struct note *items;
	size_t n;
};

/* A document's name; false: no kind, or no screen, of ours. */
bool note_read_name(const char *name, enum note_kind *ret_kind, enum note_screen *ret_screen);
/* A document's spec; "" when it says nothing.  CS_MALFORMED. */
CS_MUST_USE enum cs_code note_read_spec(
    struct cs_arena *arena, struct cs_span spec, const char **ret_text, struct cs_err *err);

/* What must have been read before such a request.  NULL: nothing.  `notes` may be NULL. */
const struct note *
notes_find(const struct notes *notes, const char *enterprise, enum note_kind kind);
/* Was it this version that was read?  `said`: as people repeat it. */
bool note_is_read(const struct note *note, const char *said);
/* As an object: kind, screen (unless it is of the whole request), version, text. */
void notes_write(struct out *out, const char *name, const struct note *note);
/* {"notes": [...]} */
struct cs_span notes_list(struct cs_arena *arena, const struct notes *notes);

#endif
