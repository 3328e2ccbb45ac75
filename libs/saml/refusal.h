/* SPDX-License-Identifier: Apache-2.0 */
/* refusal.h: why not: each refusal by its word.  All of them are one table of constants (refusal.c).  Pure. */
#ifndef SAML_REFUSAL_H
#define SAML_REFUSAL_H

#include <stddef.h>

#include "base/refusal.h"

/* For who asks providers: it did not answer, or with nothing that could be read. */
#define SAML_UNREACHABLE "saml-unreachable"

/* NULL: there is none of this word. */
const struct cs_refusal *saml_refusal_find(const char *code);
/* The i-th of all; NULL: there are no more. */
const struct cs_refusal *saml_refusal_at(size_t i);

#endif
