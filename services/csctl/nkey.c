/* SPDX-License-Identifier: Apache-2.0 */
#include "nkey.h"

#include <string.h>

#include "base/text.h"

uint16_t
nkey_crc16(struct cs_span span)
{
	uint16_t crc = 0;

	for (size_t i = 0; i < span.len; i++) {
		crc = (uint16_t)(crc ^ span.data[i] << 8);
		for (int k = 0; k < 8; k++)
			crc = (uint16_t)(crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1);
	}
	return crc;
}

/* base32 of prefix, octets and CRC-16/XMODEM, little endian. */
static char *
nkey_text(struct cs_arena *arena, struct cs_span prefix, const uint8_t octets[static 32])
{
	struct cs_buf buf = cs_buf_new(arena);

	cs_buf_add_span(&buf, prefix);
	cs_buf_add(&buf, octets, 32);
	uint16_t crc = nkey_crc16(cs_buf_span(&buf));

	cs_buf_add(&buf, (uint8_t[]){ (uint8_t)crc, (uint8_t)(crc >> 8) }, 2);
	char *text = cs_base32(arena, cs_buf_span(&buf));

	explicit_bzero(buf.data, buf.len); /* it may have been a seed */
	return text;
}

/* The two prefix octets of a seed: "seed", and whose, in five bits each (RFC 4648 letters S and U). */
char *
nkey_seed(struct cs_arena *arena, const uint8_t seed[static 32])
{
	return nkey_text(arena, cs_span_of("\x95\x00", 2), seed);
}

char *
nkey_public(struct cs_arena *arena, const uint8_t public_key[static 32])
{
	return nkey_text(arena, cs_span_of("\xa0", 1), public_key);
}
