/* SPDX-License-Identifier: Apache-2.0 */
/* internal.h: what the files of libs/db share and nobody else sees. */
#ifndef DB_INTERNAL_H
#define DB_INTERNAL_H

#include <libpq-fe.h>

#include "db/db.h"

/* Built-in type OIDs: fixed for ever by PostgreSQL's catalogue (src/include/catalog/pg_type.dat). */
enum {
	DB_OID_BOOL = 16,
	DB_OID_BYTEA = 17,
	DB_OID_INT8 = 20,
	DB_OID_INT2 = 21,
	DB_OID_INT4 = 23,
	DB_OID_TEXT = 25,
	DB_OID_NAME = 19,
	DB_OID_JSON = 114,
	DB_OID_BPCHAR = 1042,
	DB_OID_VARCHAR = 1043,
	DB_OID_JSONB = 3802,
	DB_OID_UUID = 2950,
	DB_OID_TIMESTAMPTZ = 1184,
	DB_OID_BOOL_ARRAY = 1000,
	DB_OID_BYTEA_ARRAY = 1001,
	DB_OID_INT4_ARRAY = 1007,
	DB_OID_TEXT_ARRAY = 1009,
	DB_OID_INT8_ARRAY = 1016,
	DB_OID_TIMESTAMPTZ_ARRAY = 1185,
	DB_OID_UUID_ARRAY = 2951,
	DB_OID_FIRST_OURS = 16384 /* FirstNormalObjectId */
};

/* Microseconds from 1970, which we count from, to 2000, which the binary format counts from. */
#define DB_EPOCH_SHIFT_US INT64_C(946684800000000)

/* error.c */
enum cs_code db_code_of(const char *sqlstate);
/* Fills *err from a failed result.  True when the server ended the connection with it. */
bool db_error_of(const PGresult *result, struct cs_err *err);
/* The first line of what libpq says about the connection. */
enum cs_code db_connection_error(const PGconn *conn, const char *what, struct cs_err *err);

/* rows.c */
struct db_rows *db_rows_new(struct cs_arena *arena);
/* Copies the rows of one more result.  CS_INTERNAL: more than DB_RESULT_MAX in all. */
enum cs_code db_rows_add(struct db_rows *rows, const PGresult *result, struct cs_err *err);

/* param.c */
const char *db_param_value(const struct db_param *param);

#endif
