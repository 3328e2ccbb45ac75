/* SPDX-License-Identifier: Apache-2.0 */
#include "cursor.h"

#include <string.h>

#include "base/text.h"

#define TIME 8

const char *
cursor_write(struct cs_arena *arena, int64_t ms, const struct cs_id *id)
{
	uint8_t octets[TIME + sizeof(id->octets)];

	for (size_t i = 0; i < TIME; i++)
		octets[i] = (uint8_t)((uint64_t)ms >> (56 - 8 * i));
	memcpy(octets + TIME, id->octets, sizeof(id->octets));
	return cs_hex(arena, cs_span_of(octets, sizeof(octets)));
}

bool
cursor_read(const char *text, int64_t *ret_ms, struct cs_id *ret_id)
{
	uint8_t octets[TIME + sizeof(ret_id->octets)];
	uint64_t ms = 0;

	if (!cs_hex_decode(text, octets, sizeof(octets)))
		return false;
	for (size_t i = 0; i < TIME; i++)
		ms = ms << 8 | octets[i];
	if (ms > INT64_MAX)
		return false;
	*ret_ms = (int64_t)ms;
	memcpy(ret_id->octets, octets + TIME, sizeof(ret_id->octets));
	return true;
}
