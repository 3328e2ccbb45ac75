/* SPDX-License-Identifier: Apache-2.0 */
/* store_note.h: request notes in PostgreSQL, for showing, on a read-only connection. */
#ifndef INTAKE_STORE_NOTE_H
#define INTAKE_STORE_NOTE_H

#include "notes.h"
#include "svc/svc.h"

/* Which notes of an enterprise.  -1: of all kinds; of all screens and of the requests as a whole. */
struct store_notes {
	const char *enterprise;
	int kind, screen;
};
CS_MUST_USE enum cs_code store_find_notes(struct db *db, struct cs_arena *arena,
    const struct store_notes *which, struct notes *ret_notes, struct cs_err *err);

#endif
