/* SPDX-License-Identifier: Apache-2.0 */
/* analyzer.h: what clang's analyser cannot see from where it stands: cs_fail() never returns CS_OK. */
#include "base/err.h"

#define cs_fail(err, why, ...) (cs_fail((err), (why), __VA_ARGS__), (err)->code = (why))
