/* SPDX-License-Identifier: Apache-2.0 */
/* text.h: hexadecimal, base32, base64 and UTF-8: strict readers, no locale. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"

/* Lower case; writes 2 * span.len + 1 octets. */
void cs_hex_encode(struct cs_span span, char *ret_text);
char *cs_hex(struct cs_arena *arena, struct cs_span span);
/* Exactly `len` octets' worth of digits, either case; false otherwise. */
bool cs_hex_decode(const char *text, uint8_t *ret_octets, size_t len);

/* RFC 4648 section 6, upper case, no padding. */
char *cs_base32(struct cs_arena *arena, struct cs_span span);
/* Folds case, no padding, refuses other characters and bits left over.  False: not base32. */
bool cs_base32_decode(struct cs_arena *arena, const char *text, struct cs_span *ret_octets);

/* RFC 4648 section 4 with padding, in one line; section 5 without padding. */
char *cs_base64(struct cs_arena *arena, struct cs_span span);
char *cs_base64url(struct cs_arena *arena, struct cs_span span);
/* Standard alphabet, padding required, no white space, canonical only. */
bool cs_base64_decode(struct cs_arena *arena, struct cs_span text, struct cs_span *ret_octets);
/* The alphabet of section 5, no padding, no white space, canonical only. */
bool cs_base64url_decode(struct cs_arena *arena, struct cs_span text, struct cs_span *ret_octets);

/* RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
bool cs_utf8_valid(struct cs_span span);

/*
 * For one part of a path, a query or a fragment, whatever the text is: all but letters, digits, "-", "_" and "~" as %HH
 * (RFC 3986 2.1).  The dot, too, so that no part of a path is "..".
 */
const char *cs_percent_encode(struct cs_arena *arena, const char *text);

/*
 * For people and logs: printable ASCII stays, everything else becomes \xHH, quotes and backslashes are
 * escaped, and what is longer than `max` octets of output ends in "...".
 */
char *cs_escape(struct cs_arena *arena, struct cs_span span, size_t max);

#endif
