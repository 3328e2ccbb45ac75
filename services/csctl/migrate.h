/* SPDX-License-Identifier: Apache-2.0 */
/* migrate.h: all migrations of all services, embedded when csctl was built. */
#ifndef CSCTL_MIGRATE_H
#define CSCTL_MIGRATE_H

#include <stddef.h>

struct migration {
	const char *service; /* "" for the skeleton's own, which every schema gets first */
	const char *name;    /* "0001_policy.sql": the order inside a service */
	const char *sql;
};

extern const struct migration migrations[]; /* ends with a zero row */

#endif
