/* SPDX-License-Identifier: Apache-2.0 */
/* refusal.h: why not: each refusal by its word.  All of them are one table of constants (refusal.c).  Pure. */
#ifndef OIDC_REFUSAL_H
#define OIDC_REFUSAL_H

#include <stddef.h>

#include "base/refusal.h"

/* The key of a token is not among those that were read: newer ones may have it (Core 10.1.1). */
#define OIDC_KEY_UNKNOWN "oidc-key-unknown"
/* For who asks providers: it did not answer, or with nothing that could be read; it did not take the code. */
#define OIDC_UNREACHABLE "oidc-unreachable"
#define OIDC_NOT_EXCHANGED "oidc-not-exchanged"

/* NULL: there is none of this word. */
const struct cs_refusal *oidc_refusal_find(const char *code);
/* The i-th of all; NULL: there are no more. */
const struct cs_refusal *oidc_refusal_at(size_t i);

#endif
