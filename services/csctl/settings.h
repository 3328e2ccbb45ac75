/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings.h: settings as files: documents {kind, enterprise, name, spec}, or "delete: true" in place of the spec.
 *
 * A file is YAML with any number of documents, or JSON when its first octet that is no space is { or [: a document, a
 * list of them, or {"documents": [...]}, which a document of YAML may be too.
 */
#ifndef CSCTL_SETTINGS_H
#define CSCTL_SETTINGS_H

#include <jansson.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"

struct setting {
	json_t
	    *doc; /* has texts kind, enterprise, name, and either an object spec or delete: true */
	const char *place; /* "demo.yaml:12"; NULL: from no file */
};

struct settings {
	struct setting *items; /* in the arena; the documents are not: settings_free() */
	size_t n, room;
};

/* Adds those of a file ("-": stdin).  CS_MALFORMED: what is wrong and where; one is named twice, say. */
CS_MUST_USE enum cs_code settings_read(
    struct cs_arena *arena, const char *path, struct settings *settings, struct cs_err *err);
/* The same of what was read before.  `path` for messages. */
CS_MUST_USE enum cs_code settings_parse(struct cs_arena *arena, const char *path,
    struct cs_span text, struct settings *settings, struct cs_err *err);
/* The one value of a file: the spec of a document.  json_decref() it. */
CS_MUST_USE enum cs_code
settings_read_spec(struct cs_arena *arena, const char *path, json_t **ret_spec, struct cs_err *err);
/* Takes `doc`. */
void
settings_add(struct cs_arena *arena, struct settings *settings, json_t *doc, const char *place);
/* NULL: it is not among them. */
const struct setting *settings_find(
    const struct settings *settings, const char *kind, const char *enterprise, const char *name);
/* "" when there is no such text. */
const char *settings_text(const json_t *doc, const char *member);
/* {"documents": [...]}, as the API takes them. */
json_t *settings_body(const struct settings *settings);
void settings_free(struct settings *settings);

#endif
