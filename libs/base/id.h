/* SPDX-License-Identifier: Apache-2.0 */
/* id.h: 128-bit identifiers (RFC 9562) and the kernel's random octets. */
#ifndef BASE_ID_H
#define BASE_ID_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

struct cs_id {
	uint8_t octets[16];
};

#define CS_ID_TIME 6  /* octets in front of a UUIDv7: its time in ms, the most significant first */
#define CS_ID_TEXT 37 /* "0b2f2b6e-9f6e-7c39-9a34-0d8a1c8f9d11" and its NUL */

struct cs_id cs_id_new(void); /* UUIDv7: sorts by its time of birth; 74 random bits */
/* The UUIDv7 that these random octets and this time make: for decisions, which read no clock. */
struct cs_id cs_id_at(int64_t now_ms, const uint8_t random[static 10]);
/* UUIDv8 from the first octets of a digest: the same digest gives the same identifier. */
struct cs_id cs_id_from_digest(const uint8_t digest[static 16]);
void cs_id_format(struct cs_id id, char ret_text[static CS_ID_TEXT]);
/* Lower or upper case hexadecimal in the 8-4-4-4-12 form only.  CS_MALFORMED. */
CS_MUST_USE enum cs_code cs_id_parse(const char *text, struct cs_id *ret_id, struct cs_err *err);
bool cs_id_equal(struct cs_id a, struct cs_id b);
int cs_id_compare(struct cs_id a, struct cs_id b);
bool cs_id_is_zero(struct cs_id id);

void cs_random(void *ret_octets, size_t len); /* getrandom(2); cannot fail */

#endif
