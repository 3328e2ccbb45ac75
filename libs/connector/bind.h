/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bind.h: under which name a person binds at a directory: a template of the connector, filled with the person's login.
 * Pure.
 *
 *   uid={login},ou=people,dc=example   a distinguished name (RFC 4514); the login is the whole value of one attribute
 *   {login}@corp.example               the principal name that Active Directory takes instead ([MS-ADTS] 5.1.1.1.1)
 */
#ifndef CONNECTOR_BIND_H
#define CONNECTOR_BIND_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"

#define CONNECTOR_BIND_DN_MAX 512 /* octets of a template */
#define CONNECTOR_LOGIN_MAX 128   /* octets */

/* NULL: it is such a template; else why not, a sentence for people. */
const char *connector_bind_why_not(const char *template);
/* UTF-8 of 1 to CONNECTOR_LOGIN_MAX octets without control characters. */
bool connector_login_valid(const char *login);
/*
 * The name; of a distinguished name the login is escaped, so that it is one value whatever is in it.  False: no such
 * template, or a login that it cannot hold: a principal name has letters of ASCII, digits and "'.-_!#^~" alone before its "@".
 */
CS_MUST_USE bool connector_bind_name(
    struct cs_arena *arena, const char *template, const char *login, const char **ret_name);

#endif
