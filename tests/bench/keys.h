/* SPDX-License-Identifier: Apache-2.0 */
/* keys.h: requests (PKCS#10, PEM), each with a P-256 key of its own that nobody keeps. */
#ifndef BENCH_KEYS_H
#define BENCH_KEYS_H

#include <stddef.h>

char **keys_make(size_t n); /* NULL: no memory */

#endif
