/* SPDX-License-Identifier: Apache-2.0 */
/* internal.h: what crew and children say to each other, in the machine's own order: one executable. */
#ifndef STRETCH_INTERNAL_H
#define STRETCH_INTERNAL_H

#include "stretch/stretch.h"

struct stretch_question {
	struct stretch_cost cost;
	uint32_t salt_len, password_len;
	uint8_t salt[STRETCH_SALT_MAX], password[STRETCH_PASSWORD_MAX];
};

/* The answer is the proof, or nothing. */

#endif
