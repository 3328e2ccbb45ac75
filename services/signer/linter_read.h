/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linter_read.h: what zlint and pkilint say, read strictly: what is not understood is no verdict.  Pure.
 *
 * zlint prints one object, each lint's name with an object that has its "result" (NA, NE, pass, info, warn,
 * error, fatal) and perhaps "details".  pkilint (-f JSON) prints an object with one list, "results", of objects
 * with "node_path", "validator" and the list "finding_descriptions", whose items have "severity" (FATAL, ERROR,
 * WARNING, NOTICE, INFO, DEBUG), "code" and "message", which may be null; its exit status is how many.
 */
#ifndef SIGNER_LINTER_READ_H
#define SIGNER_LINTER_READ_H

#include "base/arena.h"

enum linter_format { LINTER_ZLINT, LINTER_PKILINT };
enum linter_says { LINTER_PASSED = 1, LINTER_REFUSED, LINTER_CANNOT_TELL };

struct linter_verdict {
	enum linter_says says;
	const char *id; /* REFUSED: of the first error, in the linter's own words: [A-Za-z0-9._-] */
	const char *text; /* for logs and people; escaped */
};

/* "zlint", "pkilint". */
bool linter_format_read(const char *text, enum linter_format *ret);

/* `status`: how the program exited.  Texts live in the arena. */
struct linter_verdict
linter_read(struct cs_arena *arena, enum linter_format format, int status, struct cs_span output);

#endif
