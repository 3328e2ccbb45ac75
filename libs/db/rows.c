/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rows.c: results, copied out of libpq into the arena of the batch.
 *
 * They arrive row by row (single-row mode), so that the limit holds before the memory is used.
 */
#include <endian.h>
#include <string.h>

#include "db/internal.h"

struct cell {
	const char *data; /* NULL: SQL NULL */
	uint32_t len;
};

struct db_rows {
	struct cs_arena *arena;
	size_t rows, columns, cap; /* cap in cells */
	Oid *types;
	struct cell *cells;
	size_t octets;
};

struct db_rows *
db_rows_new(struct cs_arena *arena)
{
	struct db_rows *rows = CS_NEW(arena, struct db_rows);

	rows->arena = arena;
	return rows;
}

static void
describe(struct db_rows *rows, const PGresult *result)
{
	rows->columns = (size_t)PQnfields(result);
	rows->types = CS_NEW_ARRAY(rows->arena, rows->columns, Oid);
	for (size_t i = 0; i < rows->columns; i++)
		rows->types[i] = PQftype(result, (int)i);
}

static struct cell *
next_row(struct db_rows *rows)
{
	const size_t used = rows->rows * rows->columns;

	if (used + rows->columns > rows->cap) {
		const size_t cap = 2 * rows->cap + 16 * rows->columns;
		struct cell *cells = CS_NEW_ARRAY(rows->arena, cap, struct cell);

		if (used > 0)
			memcpy(cells, rows->cells, used * sizeof(cells[0]));
		rows->cells = cells;
		rows->cap = cap;
	}
	rows->rows++;
	return rows->cells + used;
}

static struct cell
copy_cell(struct cs_arena *arena, const PGresult *result, int row, int column)
{
	const size_t len = (size_t)PQgetlength(result, row, column);

	if (PQgetisnull(result, row, column))
		return (struct cell){ NULL, 0 };
	if (len == 0)
		return (struct cell){ "", 0 };
	const struct cs_span copy = cs_arena_copy(arena, PQgetvalue(result, row, column), len);
	return (struct cell){ (const char *)copy.data, (uint32_t)len };
}

static size_t
row_octets(const PGresult *result, int row)
{
	size_t sum = 0;

	for (int c = 0; c < PQnfields(result); c++)
		sum += sizeof(struct cell) + (size_t)PQgetlength(result, row, c);
	return sum;
}

enum cs_code
db_rows_add(struct db_rows *rows, const PGresult *result, struct cs_err *err)
{
	if (!rows->types)
		describe(rows, result);
	for (int r = 0; r < PQntuples(result); r++) {
		rows->octets += row_octets(result, r);
		if (rows->octets > DB_RESULT_MAX)
			return cs_fail(
			    err, CS_INTERNAL, "database: result over %d octets", DB_RESULT_MAX);
		struct cell *cells = next_row(rows);
		for (size_t c = 0; c < rows->columns; c++)
			cells[c] = copy_cell(rows->arena, result, r, (int)c);
	}
	return CS_OK;
}

size_t
db_rows_count(const struct db_rows *rows)
{
	return rows->rows;
}

static const struct cell *
cell_at(const struct db_rows *rows, size_t row, size_t column)
{
	cs_assert(row < rows->rows && column < rows->columns);
	return &rows->cells[row * rows->columns + column];
}

static const struct cell *
cell_of(const struct db_rows *rows, size_t row, size_t column, Oid type)
{
	const struct cell *cell = cell_at(rows, row, column);

	cs_assert(rows->types[column] == type);
	return cell;
}

bool
db_is_null(const struct db_rows *rows, size_t row, size_t column)
{
	return !cell_at(rows, row, column)->data;
}

struct cs_id
db_get_id(const struct db_rows *rows, size_t row, size_t column)
{
	const struct cell *cell = cell_of(rows, row, column, DB_OID_UUID);
	struct cs_id id = { 0 };

	if (cell->data) {
		cs_assert(cell->len == sizeof(id.octets));
		memcpy(id.octets, cell->data, sizeof(id.octets));
	}
	return id;
}

static int64_t
integer(const struct cell *cell)
{
	uint8_t wire[8] = { 0 };
	uint64_t value;

	if (!cell->data)
		return 0;
	cs_assert(cell->len == 2 || cell->len == 4 || cell->len == 8);
	memcpy(wire + 8 - cell->len, cell->data, cell->len);
	if ((uint8_t)cell->data[0] & 0x80)
		memset(wire, 0xff, 8 - cell->len);
	memcpy(&value, wire, sizeof(value));
	return (int64_t)be64toh(value);
}

int64_t
db_get_i64(const struct db_rows *rows, size_t row, size_t column)
{
	const struct cell *cell = cell_at(rows, row, column);
	const Oid type = rows->types[column];

	cs_assert(type == DB_OID_INT8 || type == DB_OID_INT4 || type == DB_OID_INT2);
	return integer(cell);
}

int32_t
db_get_i32(const struct db_rows *rows, size_t row, size_t column)
{
	cs_assert(rows->types[column] != DB_OID_INT8);
	return (int32_t)db_get_i64(rows, row, column);
}

bool
db_get_bool(const struct db_rows *rows, size_t row, size_t column)
{
	const struct cell *cell = cell_of(rows, row, column, DB_OID_BOOL);

	return cell->data && cell->data[0] == 1;
}

int64_t
db_get_time(const struct db_rows *rows, size_t row, size_t column)
{
	const struct cell *cell = cell_of(rows, row, column, DB_OID_TIMESTAMPTZ);
	const int64_t us = integer(cell);

	/* Infinity stays as far away as it can; the shift rounds down, also before 1970. */
	if (!cell->data || us == INT64_MAX || us == INT64_MIN)
		return us;
	const int64_t unix_us = us + DB_EPOCH_SHIFT_US;
	return unix_us / 1000 - (unix_us % 1000 < 0);
}

/* Enumerations are types of ours, whose OIDs begin where the catalogue's end. */
static bool
is_textual(Oid type)
{
	static const Oid built_in[] = { DB_OID_TEXT, DB_OID_VARCHAR, DB_OID_BPCHAR, DB_OID_NAME,
		DB_OID_JSON, DB_OID_JSONB };

	for (size_t i = 0; i < sizeof(built_in) / sizeof(built_in[0]); i++)
		if (type == built_in[i])
			return true;
	return type >= DB_OID_FIRST_OURS;
}

const char *
db_get_text(const struct db_rows *rows, size_t row, size_t column)
{
	const struct cell *cell = cell_at(rows, row, column);

	cs_assert(is_textual(rows->types[column]));
	if (!cell->data)
		return NULL;
	/* jsonb is sent as a version octet and text. */
	return cell->data + (rows->types[column] == DB_OID_JSONB && cell->len > 0);
}

struct cs_span
db_get_bytes(const struct db_rows *rows, size_t row, size_t column)
{
	const struct cell *cell = cell_of(rows, row, column, DB_OID_BYTEA);

	return cs_span_of(cell->len > 0 ? cell->data : NULL, cell->len);
}
