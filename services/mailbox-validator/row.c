/* SPDX-License-Identifier: Apache-2.0 */
#include "row.h"

#include <string.h>

#define NUMBER 8

static void
put(uint8_t *octets, size_t n, uint64_t value)
{
	while (n-- > 0) {
		octets[n] = (uint8_t)value;
		value >>= 8;
	}
}

static uint64_t
get(const uint8_t *octets, size_t n)
{
	uint64_t value = 0;

	for (size_t i = 0; i < n; i++)
		value = value << 8 | octets[i];
	return value;
}

void
row_add(struct cs_buf *row, struct cs_span field)
{
	uint8_t len[4];

	put(len, sizeof(len), field.len);
	cs_buf_add(row, len, sizeof(len));
	cs_buf_add_span(row, field);
}

void
row_add_number(struct cs_buf *row, int64_t value)
{
	uint8_t octets[NUMBER];

	put(octets, sizeof(octets), (uint64_t)value);
	row_add(row, cs_span_of(octets, sizeof(octets)));
}

struct cs_span
row_take(struct row_reader *reader)
{
	struct cs_span field = { NULL, 0 };

	if (!reader->good || reader->rest.len < 4 ||
	    get(reader->rest.data, 4) > reader->rest.len - 4) {
		reader->good = false;
		return field;
	}
	field.len = (size_t)get(reader->rest.data, 4);
	field.data = reader->rest.data + 4;
	reader->rest.data += 4 + field.len;
	reader->rest.len -= 4 + field.len;
	return field;
}

int64_t
row_take_number(struct row_reader *reader)
{
	uint8_t octets[NUMBER] = { 0 };

	row_take_octets(reader, octets, sizeof(octets));
	return (int64_t)get(octets, sizeof(octets));
}

void
row_take_octets(struct row_reader *reader, uint8_t *ret, size_t len)
{
	struct cs_span field = row_take(reader);

	if (reader->good && field.len == len)
		memcpy(ret, field.data, len);
	else
		reader->good = false;
}

const char *
row_take_text(struct row_reader *reader)
{
	struct cs_span field = row_take(reader);

	reader->good &= field.len == 0 || memchr(field.data, '\0', field.len) == NULL;
	return cs_arena_strndup(reader->arena, (const char *)field.data, field.len);
}

bool
row_ended(const struct row_reader *reader)
{
	return reader->good && reader->rest.len == 0;
}
