/* SPDX-License-Identifier: Apache-2.0 */
/* param.c: values in PostgreSQL's binary format, each with its type (array_recv, array.h). */
#include <endian.h>
#include <limits.h>
#include <string.h>

#include "db/internal.h"

const char *
db_param_value(const struct db_param *param)
{
	return param->is_small ? (const char *)param->small : param->data;
}

static struct db_param
small(uint32_t type, const void *data, int len)
{
	struct db_param param = { .type = type, .len = len, .is_small = true };

	memcpy(param.small, data, (size_t)len);
	return param;
}

static struct db_param
borrowed(uint32_t type, struct cs_span span)
{
	cs_assert(span.len <= INT_MAX);
	return (struct db_param){ .type = type, .data = span.data, .len = (int)span.len };
}

static uint64_t
wire_time(int64_t ms)
{
	return htobe64((uint64_t)ms * 1000 - (uint64_t)DB_EPOCH_SHIFT_US);
}

struct db_param
db_id(struct cs_id id)
{
	return small(DB_OID_UUID, id.octets, sizeof(id.octets));
}

struct db_param
db_i32(int32_t value)
{
	const uint32_t wire = htobe32((uint32_t)value);

	return small(DB_OID_INT4, &wire, sizeof(wire));
}

struct db_param
db_i64(int64_t value)
{
	const uint64_t wire = htobe64((uint64_t)value);

	return small(DB_OID_INT8, &wire, sizeof(wire));
}

struct db_param
db_bool(bool value)
{
	const uint8_t wire = value;

	return small(DB_OID_BOOL, &wire, sizeof(wire));
}

struct db_param
db_time(int64_t ms)
{
	const uint64_t wire = wire_time(ms);

	return small(DB_OID_TIMESTAMPTZ, &wire, sizeof(wire));
}

struct db_param
db_text(const char *text)
{
	struct db_param param = borrowed(DB_OID_TEXT, cs_span_str(text));

	param.data = text; /* "" is not NULL */
	return param;
}

struct db_param
db_bytes(struct cs_span octets)
{
	struct db_param param = borrowed(DB_OID_BYTEA, octets);

	if (!param.data)
		param.data = ""; /* empty is not NULL */
	return param;
}

struct db_param
db_null_id(void)
{
	return (struct db_param){ .type = DB_OID_UUID };
}

struct db_param
db_null_i32(void)
{
	return (struct db_param){ .type = DB_OID_INT4 };
}

struct db_param
db_null_i64(void)
{
	return (struct db_param){ .type = DB_OID_INT8 };
}

struct db_param
db_null_time(void)
{
	return (struct db_param){ .type = DB_OID_TIMESTAMPTZ };
}

struct db_param
db_null_bytes(void)
{
	return (struct db_param){ .type = DB_OID_BYTEA };
}

struct db_param
db_null_i64_array(void)
{
	return (struct db_param){ .type = DB_OID_INT8_ARRAY };
}

static void
add_u32(struct cs_buf *buf, uint32_t value)
{
	const uint32_t wire = htobe32(value);

	cs_buf_add(buf, &wire, sizeof(wire));
}

/* ndim, has-null, element type; then, unless it is empty, one dimension from 1. */
static struct cs_buf
array_new(struct cs_arena *arena, uint32_t element, size_t n)
{
	struct cs_buf buf = cs_buf_new(arena);

	cs_assert(n <= INT32_MAX);
	add_u32(&buf, n > 0);
	add_u32(&buf, 1); /* may hold NULLs; the server looks for itself */
	add_u32(&buf, element);
	if (n > 0) {
		add_u32(&buf, (uint32_t)n);
		add_u32(&buf, 1);
	}
	return buf;
}

static void
array_add(struct cs_buf *buf, const void *data, size_t len)
{
	cs_assert(len <= INT32_MAX);
	add_u32(buf, (uint32_t)len);
	if (len > 0)
		cs_buf_add(buf, data, len);
}

static void
array_add_null(struct cs_buf *buf)
{
	add_u32(buf, UINT32_MAX);
}

static struct db_param
array_param(uint32_t type, struct cs_buf *buf)
{
	return borrowed(type, cs_buf_span(buf));
}

struct db_param
db_id_array_nulls(struct cs_arena *arena, const struct cs_id *ids, const bool *is_null, size_t n)
{
	struct cs_buf buf = array_new(arena, DB_OID_UUID, n);

	for (size_t i = 0; i < n; i++) {
		if (is_null && is_null[i])
			array_add_null(&buf);
		else
			array_add(&buf, ids[i].octets, sizeof(ids[i].octets));
	}
	return array_param(DB_OID_UUID_ARRAY, &buf);
}

struct db_param
db_id_array(struct cs_arena *arena, const struct cs_id *ids, size_t n)
{
	return db_id_array_nulls(arena, ids, NULL, n);
}

struct db_param
db_i32_array(struct cs_arena *arena, const int32_t *values, size_t n)
{
	struct cs_buf buf = array_new(arena, DB_OID_INT4, n);

	for (size_t i = 0; i < n; i++) {
		const uint32_t wire = htobe32((uint32_t)values[i]);

		array_add(&buf, &wire, sizeof(wire));
	}
	return array_param(DB_OID_INT4_ARRAY, &buf);
}

struct db_param
db_i64_array_nulls(struct cs_arena *arena, const int64_t *values, const bool *is_null, size_t n)
{
	struct cs_buf buf = array_new(arena, DB_OID_INT8, n);

	for (size_t i = 0; i < n; i++) {
		const uint64_t wire = htobe64((uint64_t)values[i]);

		if (is_null && is_null[i])
			array_add_null(&buf);
		else
			array_add(&buf, &wire, sizeof(wire));
	}
	return array_param(DB_OID_INT8_ARRAY, &buf);
}

struct db_param
db_i64_array(struct cs_arena *arena, const int64_t *values, size_t n)
{
	return db_i64_array_nulls(arena, values, NULL, n);
}

struct db_param
db_bool_array(struct cs_arena *arena, const bool *values, size_t n)
{
	struct cs_buf buf = array_new(arena, DB_OID_BOOL, n);

	for (size_t i = 0; i < n; i++) {
		const uint8_t wire = values[i];

		array_add(&buf, &wire, sizeof(wire));
	}
	return array_param(DB_OID_BOOL_ARRAY, &buf);
}

struct db_param
db_time_array(struct cs_arena *arena, const int64_t *ms, size_t n)
{
	struct cs_buf buf = array_new(arena, DB_OID_TIMESTAMPTZ, n);

	for (size_t i = 0; i < n; i++) {
		const uint64_t wire = wire_time(ms[i]);

		array_add(&buf, &wire, sizeof(wire));
	}
	return array_param(DB_OID_TIMESTAMPTZ_ARRAY, &buf);
}

struct db_param
db_text_array(struct cs_arena *arena, const char *const *texts, size_t n)
{
	struct cs_buf buf = array_new(arena, DB_OID_TEXT, n);

	for (size_t i = 0; i < n; i++) {
		if (texts[i])
			array_add(&buf, texts[i], strlen(texts[i]));
		else
			array_add_null(&buf);
	}
	return array_param(DB_OID_TEXT_ARRAY, &buf);
}

struct db_param
db_bytes_array_nulls(
    struct cs_arena *arena, const struct cs_span *spans, const bool *is_null, size_t n)
{
	struct cs_buf buf = array_new(arena, DB_OID_BYTEA, n);

	for (size_t i = 0; i < n; i++) {
		if (is_null && is_null[i])
			array_add_null(&buf);
		else
			array_add(&buf, spans[i].data, spans[i].len);
	}
	return array_param(DB_OID_BYTEA_ARRAY, &buf);
}

struct db_param
db_bytes_array(struct cs_arena *arena, const struct cs_span *spans, size_t n)
{
	return db_bytes_array_nulls(arena, spans, NULL, n);
}
