/* SPDX-License-Identifier: Apache-2.0 */
/*
 * error.c: from SQLSTATE to what the caller does next.
 *
 * An outage must never count against an event, so everything that says "not now" is
 * CS_UNAVAILABLE.  The texts end in logs: DETAIL and HINT, which quote rows, are never read.
 */
#include <string.h>

#include "db/internal.h"

static const struct {
	const char *prefix; /* of the SQLSTATE; the first that fits counts */
	enum cs_code code;
} codes[] = {
	{ "08", CS_UNAVAILABLE }, /* connection exception */
	{ "0A000",
	    CS_UNAVAILABLE }, /* a plan went stale under a migration: a new connection helps */
	{ "25006", CS_UNAVAILABLE }, /* read-only: we talk to what is a standby now */
	{ "25P03", CS_UNAVAILABLE }, /* idle in a transaction for too long */
	{ "26000", CS_UNAVAILABLE }, /* our prepared statements are gone */
	{ "53", CS_UNAVAILABLE },    /* connections, memory or disk used up */
	{ "57014", CS_UNAVAILABLE }, /* statement_timeout: overloaded */
	{ "57P", CS_UNAVAILABLE },   /* shutting down, starting, crashed */
	{ "58", CS_UNAVAILABLE },    /* input or output error of the server */
	{ "40", CS_CONFLICT },       /* serialization failure, deadlock */
	{ "55P03", CS_CONFLICT },    /* lock_timeout */
	{ "23505", CS_CONFLICT },    /* duplicate key */
};

enum cs_code
db_code_of(const char *sqlstate)
{
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (strncmp(sqlstate, codes[i].prefix, strlen(codes[i].prefix)) == 0)
			return codes[i].code;
	return CS_INTERNAL;
}

static const char *
field(const PGresult *result, int code)
{
	const char *text = PQresultErrorField(result, code);

	return text ? text : "";
}

/* Class 22 (data exception) quotes the offending value after the words that explain it. */
static int
quotable(const char *sqlstate, const char *message)
{
	return (int)(strncmp(sqlstate, "22", 2) == 0 ? strcspn(message, "\"") : strlen(message));
}

bool
db_error_of(const PGresult *result, struct cs_err *err)
{
	const char *sqlstate = field(result, PG_DIAG_SQLSTATE);
	const char *message = field(result, PG_DIAG_MESSAGE_PRIMARY);
	const char *constraint = field(result, PG_DIAG_CONSTRAINT_NAME);
	const char *severity = field(result, PG_DIAG_SEVERITY_NONLOCALIZED);

	if (!sqlstate[0]) { /* libpq's own: the connection broke */
		cs_fail(err, CS_UNAVAILABLE, "database: connection lost");
		return true;
	}
	cs_fail(err, db_code_of(sqlstate), "database: %s %.*s%s%s", sqlstate,
	    quotable(sqlstate, message), message, constraint[0] ? ", constraint " : "", constraint);
	return strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0 ||
	       strcmp(sqlstate, "0A000") == 0 || strcmp(sqlstate, "26000") == 0;
}

enum cs_code
db_connection_error(const PGconn *conn, const char *what, struct cs_err *err)
{
	const char *message = PQerrorMessage(conn);

	return cs_fail(
	    err, CS_UNAVAILABLE, "database: %s: %.*s", what, (int)strcspn(message, "\n"), message);
}
