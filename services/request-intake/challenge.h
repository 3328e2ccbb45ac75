/* SPDX-License-Identifier: Apache-2.0 */
/*
 * challenge.h: what a stranger puts into a request signed by a key that is known to him, so that it was not
 * signed by its owner for another purpose.  Nothing is stored: a challenge holds its time and our MAC.
 */
#ifndef INTAKE_CHALLENGE_H
#define INTAKE_CHALLENGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/time.h"

#define CHALLENGE_TEXT 64 /* octets with the NUL; it fits into a common name */
#define CHALLENGE_LIFE_MS CS_DAY_MS

/* Of all replicas, by the key that they sign with; 32 octets.  CS_NOT_FOUND, CS_MALFORMED. */
CS_MUST_USE enum cs_code
challenge_secret(const char *key_file, uint8_t ret_secret[static 32], struct cs_err *err);

void challenge_make(
    const uint8_t secret[static 32], int64_t now_ms, char ret_text[static CHALLENGE_TEXT]);
/* It is ours and has not ended. */
bool challenge_holds(const uint8_t secret[static 32], const char *text, int64_t now_ms);

#endif
