/* SPDX-License-Identifier: Apache-2.0 */
/*
 * password.h: which passwords are taken.  Pure.  After NIST SP 800-63B 5.1.1.2: long ones of any characters, and
 * none that others try first; no rule about kinds of characters.
 */
#ifndef INTAKE_PASSWORD_H
#define INTAKE_PASSWORD_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/refusal.h"

#define PASSWORD_MIN 12         /* characters */
#define PASSWORD_MAX 128        /* characters */
#define PASSWORD_MAX_OCTETS 512 /* of PASSWORD_MAX characters in UTF-8 */

/*
 * May it be a new password?  `password` is valid UTF-8.  `enterprise` and `account` are names that it must not be
 * made of; "": not known.  False: *ret_why, without the password in it.
 */
CS_MUST_USE bool password_good(struct cs_arena *arena, const char *password, const char *enterprise,
    const char *account, struct cs_refusal *ret_why);

#endif
