/* SPDX-License-Identifier: Apache-2.0 */
#include "base/id.h"

#include <string.h>
#include <sys/random.h>

#include "base/text.h"
#include "base/time.h"

void
cs_random(void *ret_octets, size_t len)
{
	uint8_t *at = ret_octets;

	while (len > 0) {
		ssize_t got = getrandom(at, len, 0);

		if (got < 0)
			continue; /* EINTR is all that can happen once the pool is initialised */
		at += got;
		len -= (size_t)got;
	}
}

static void
set_version(struct cs_id *id, unsigned version)
{
	id->octets[6] = (uint8_t)((id->octets[6] & 0x0f) | (version << 4));
	id->octets[8] = (uint8_t)((id->octets[8] & 0x3f) | 0x80);
}

struct cs_id
cs_id_at(int64_t now_ms, const uint8_t random[static 10])
{
	struct cs_id id;

	for (int i = 0; i < CS_ID_TIME; i++)
		id.octets[i] = (uint8_t)((uint64_t)now_ms >> (40 - 8 * i));
	memcpy(id.octets + CS_ID_TIME, random, 10);
	set_version(&id, 7);
	return id;
}

struct cs_id
cs_id_new(void)
{
	uint8_t random[10];

	cs_random(random, sizeof(random));
	return cs_id_at(cs_now_ms(), random);
}

struct cs_id
cs_id_from_digest(const uint8_t digest[static 16])
{
	struct cs_id id;

	memcpy(id.octets, digest, sizeof(id.octets));
	set_version(&id, 8);
	return id;
}

void
cs_id_format(struct cs_id id, char ret_text[static CS_ID_TEXT])
{
	char hex[33];
	char *out = ret_text;

	cs_hex_encode(cs_span_of(id.octets, sizeof(id.octets)), hex);
	for (int i = 0; i < 32; i++) {
		if (i == 8 || i == 12 || i == 16 || i == 20)
			*out++ = '-';
		*out++ = hex[i];
	}
	*out = '\0';
}

enum cs_code
cs_id_parse(const char *text, struct cs_id *ret_id, struct cs_err *err)
{
	char hex[33];
	size_t n = 0;
	struct cs_id id;

	if (strlen(text) != CS_ID_TEXT - 1)
		return cs_fail(err, CS_MALFORMED, "an identifier has 36 characters");
	for (int i = 0; i < CS_ID_TEXT - 1; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash != (text[i] == '-'))
			return cs_fail(err, CS_MALFORMED, "an identifier is 8-4-4-4-12 digits");
		if (!dash)
			hex[n++] = text[i];
	}
	hex[n] = '\0';
	if (!cs_hex_decode(hex, id.octets, sizeof(id.octets)))
		return cs_fail(err, CS_MALFORMED, "an identifier is written in hexadecimal");
	*ret_id = id;
	return CS_OK;
}

bool
cs_id_equal(struct cs_id a, struct cs_id b)
{
	return cs_id_compare(a, b) == 0;
}

int
cs_id_compare(struct cs_id a, struct cs_id b)
{
	return memcmp(a.octets, b.octets, sizeof(a.octets));
}

bool
cs_id_is_zero(struct cs_id id)
{
	return cs_id_equal(id, (struct cs_id){ { 0 } });
}
