/* SPDX-License-Identifier: Apache-2.0 */
/* migrate.c: a role, a schema and the tables of every service; forward only, each file once. */
#include "migrate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "csctl.h"
#include "pki/hash.h"
#include "store.h"

/* The role's name: "mailbox-validator" -> "mailbox_validator". */
static const char *
role_of(struct cs_arena *arena, const char *service)
{
	char *role = cs_arena_strdup(arena, service);

	for (char *c = role; *c != '\0'; c++)
		if (*c == '-')
			*c = '_';
	return role;
}

/* The password in DIR/<service>.password; a new random one when there is no such file. */
static enum cs_code
password_of(struct cs_arena *arena, const char *dir, const char *service, const char **ret,
    struct cs_err *err)
{
	const char *path = cs_arena_printf(arena, "%s/%s.password", dir, service);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	char text[129] = "";

	if (fd < 0)
		return cs_fail(err, CS_INTERNAL, "%s: %s", path, strerror(errno));
	ssize_t n = read(fd, text, sizeof(text) - 1);

	if (n == 0) {
		uint8_t random[24];

		cs_random(random, sizeof(random));
		cs_hex_encode(cs_span_of(random, sizeof(random)), text);
		n = write(fd, text, strlen(text));
	}
	(void)close(fd);
	if (n <= 0)
		return cs_fail(err, CS_INTERNAL, "%s: cannot be read or written", path);
	text[strcspn(text, "\n")] = '\0';
	*ret = cs_arena_strdup(arena, text);
	return CS_OK;
}

/* A file that was changed after it was applied is refused: migrations only go forward. */
static enum cs_code
apply(struct db *db, struct cs_arena *arena, const char *role, const struct migration *migration,
    unsigned *ret_n, struct cs_err *err)
{
	const char *name = cs_arena_printf(
	    arena, "%s%s", migration->service[0] == '\0' ? "skeleton/" : "", migration->name);
	uint8_t digest[PKI_SHA256];
	struct cs_span want = { digest, sizeof(digest) }, have;

	pki_sha256(cs_span_str(migration->sql), digest);
	if (store_applied(db, arena, role, name, &have, err))
		return err->code;
	if (cs_span_equal(have, want))
		return CS_OK;
	if (have.len != 0)
		return cs_fail(err, CS_CONFLICT,
		    "%s of %s was changed after it was applied; add a new file", name, role);
	if (store_apply(db, arena, role, name, migration->sql, want, err))
		return err->code;
	(void)printf("%s: applied %s\n", role, name);
	++*ret_n;
	return CS_OK;
}

static enum cs_code
migrate_service(struct db *db, struct args *args, const char *service, const char *passwords,
    unsigned *ret_n, struct cs_err *err)
{
	const char *role = role_of(args->arena, service), *password = NULL;

	if (password_of(args->arena, passwords, service, &password, err) ||
	    store_make_role(db, args->arena, role, password, err))
		return err->code;
	for (const struct migration *m = migrations; m->name != NULL; m++)
		if (m->service[0] == '\0' && apply(db, args->arena, role, m, ret_n, err))
			return err->code;
	for (const struct migration *m = migrations; m->name != NULL; m++)
		if (strcmp(m->service, service) == 0 && apply(db, args->arena, role, m, ret_n, err))
			return err->code;
	if (store_grant(db, args->arena, role, err))
		return err->code;
	return store_grant_observer(db, args->arena, role, err);
}

/* Services that keep state are those that have migrations. */
static enum cs_code
migrate_all(
    struct db *db, struct args *args, const char *passwords, unsigned *ret_n, struct cs_err *err)
{
	const char *last = "", *password = NULL;

	if (store_prepare(db, err) ||
	    password_of(args->arena, passwords, "observer", &password, err) ||
	    store_make_observer(db, args->arena, password, err))
		return err->code;
	for (const struct migration *m = migrations; m->name != NULL; m++) {
		if (m->service[0] == '\0' || strcmp(m->service, last) == 0)
			continue;
		last = m->service;
		if (migrate_service(db, args, m->service, passwords, ret_n, err))
			return err->code;
	}
	return CS_OK;
}

static int
run_migrate(struct args *args)
{
	const char *passwords = args_option(args, "--passwords", NULL);
	const char *url = setting("CS_DATABASE_URL", "postgresql:// URL of the owner's role");
	struct cs_err err = { 0 };
	unsigned n = 0;
	struct db *db;

	if (passwords == NULL || url == NULL || !args_end(args))
		return usage(args);
	if (db_open(url, "csctl", &db, &err))
		return could_not(&err);
	enum cs_code code = migrate_all(db, args, passwords, &n, &err);

	db_close(db);
	if (code != CS_OK)
		return could_not(&err);
	(void)printf("%u migrations applied; the database is up to date\n", n);
	return DONE;
}

const struct command migrate_commands[] = {
	{ "migrate", "--passwords DIR",
	    "makes or updates every service's role, schema and tables, and the role that may only read\n"
	    "      outboxes, countersign_observer; passwords are kept in DIR",
	    run_migrate },
	{ NULL, NULL, NULL, NULL },
};
