/* SPDX-License-Identifier: Apache-2.0 */
/* it_db.h: what tests of stores begin with: the database at CS_DATABASE_URL, and a schema made by migrations. */
#ifndef DB_IT_DB_H
#define DB_IT_DB_H

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */
#include <stdio.h>
#include <stdlib.h>

#include "db/db.h"

static inline void
ok(enum cs_code code, const struct cs_err *err)
{
	if (code != CS_OK)
		fail_msg("%s: %s", cs_code_name(code), err->text);
}

/* A connection on which this script was run: a schema made anew, or chosen. */
static inline struct db *
open_db(const char *script)
{
	const char *url = getenv("CS_DATABASE_URL");
	struct cs_err err = { 0 };
	struct db *db = NULL;

	if (url == NULL)
		fail_msg("CS_DATABASE_URL is not set");
	ok(db_open(url, "it_store", &db, &err), &err);
	ok(db_script(db, script, &err), &err);
	return db;
}

/* Runs a file of SQL, named from the top of the tree. */
static inline void
migrate(struct db *db, const char *path)
{
	static char sql[65536];
	struct cs_err err = { 0 };
	FILE *file = fopen(path, "rbe");

	if (file == NULL)
		fail_msg("%s: run this from the top of the tree", path);
	const size_t len = fread(sql, 1, sizeof(sql), file);
	(void)fclose(file);
	if (len == sizeof(sql))
		fail_msg("%s: larger than these tests read", path);
	sql[len] = '\0';
	ok(db_script(db, sql, &err), &err);
}

#endif
