/* SPDX-License-Identifier: Apache-2.0 */
/* tags.h: tag=value lists of signatures and keys (RFC 6376 3.2).  Pure; nothing is copied. */
#ifndef DKIM_TAGS_H
#define DKIM_TAGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

#define DKIM_TAGS_MAX 32

struct dkim_tag {
	struct cs_span name;
	struct cs_span value; /* without white space around it, with what is inside */
	struct cs_span raw;   /* from behind '=' up to ';' or the end */
};

struct dkim_tags {
	struct dkim_tag tags[DKIM_TAGS_MAX];
	size_t len;
};

/* False: not a tag list, a name twice, too many, or an octet that may not be in one. */
CS_MUST_USE bool dkim_tags_read(struct cs_span text, struct dkim_tags *ret_tags);
/* Names are compared with their case.  NULL: not there. */
const struct dkim_tag *dkim_tags_find(const struct dkim_tags *tags, const char *name);

/* Without any white space, in `arena`. */
struct cs_span dkim_tag_compact(struct cs_arena *arena, struct cs_span value);
/* Base64 with white space anywhere in it (ALPHADIGITPS); false: not that, or empty. */
CS_MUST_USE bool
dkim_tag_base64(struct cs_arena *arena, struct cs_span value, struct cs_span *ret_octets);
/* 1 to 12 digits. */
CS_MUST_USE bool dkim_tag_number(struct cs_span value, int64_t *ret_number);
/* The next element of a list with colons, without white space around it.  False: there is no more. */
CS_MUST_USE bool dkim_tag_next(struct cs_span *rest, struct cs_span *ret_element);
/* Has a list with colons this element?  ASCII case folds. */
bool dkim_tag_lists(struct cs_span value, const char *element);

#endif
