/* SPDX-License-Identifier: Apache-2.0 */
/*
 * documents.h: YAML as people write settings, to and from the values of JSON.
 *
 * Plain `true`, `false`, `null` and whole numbers are what they look like; every other scalar is text, so that
 * `no`, 1.5 and 007 stay what was written.  Refused, because they make a file say something else than it shows:
 * anchors, aliases, tags, directives, a key twice, a key that is no scalar, a key without a value, NUL in a text.
 * Messages begin with "LINE:COLUMN: ", both counted from 1.
 */
#ifndef YAML_DOCUMENTS_H
#define YAML_DOCUMENTS_H

#include <jansson.h>

#include "base/arena.h"
#include "base/err.h"

#define YAML_OCTETS_MAX (1024 * 1024) /* of a file */
#define YAML_DEPTH_MAX 8              /* lists and mappings within each other */

struct yaml_doc {
	json_t *value;
	unsigned line; /* on which it begins, from 1 */
};

struct yaml_docs {
	struct yaml_doc *items; /* in the arena; the values are not: yaml_docs_free() */
	size_t n;
};

/* Every document of a file, none included.  CS_MALFORMED: *ret_docs stays as it was. */
CS_MUST_USE enum cs_code yaml_docs_read(
    struct cs_arena *arena, struct cs_span text, struct yaml_docs *ret_docs, struct cs_err *err);
void yaml_docs_free(struct yaml_docs *docs);

/*
 * One document, begun by "---", which yaml_docs_read() reads as the same value; also other readers of YAML 1.1
 * and 1.2 take its texts for texts.  CS_MALFORMED: it cannot be written so (too deep, NUL, a number with a fraction).
 */
CS_MUST_USE enum cs_code
yaml_doc_write(struct cs_arena *arena, json_t *value, struct cs_span *ret_text, struct cs_err *err);

#endif
