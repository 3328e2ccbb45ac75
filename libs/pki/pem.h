/* SPDX-License-Identifier: Apache-2.0 */
/* pem.h: RFC 7468 blocks, written strictly and read from trusted files and hostile paste. */
#ifndef PKI_PEM_H
#define PKI_PEM_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"

char *pki_pem(struct cs_arena *arena, const char *label, struct cs_span der);

/*
 * Takes the first block with any label off `in`, skipping text before it.  False: there is none, or
 * it is broken (*ret_why says how; NULL when `in` holds no "-----BEGIN").
 */
CS_MUST_USE bool pki_pem_next(struct cs_arena *arena, struct cs_span *in, const char **ret_label,
    struct cs_span *ret_der, const char **ret_why);

#endif
