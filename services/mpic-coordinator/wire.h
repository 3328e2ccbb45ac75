/* SPDX-License-Identifier: Apache-2.0 */
/* wire.h: what mpic-coordinator reads and writes beside statements. */
#ifndef MPIC_WIRE_H
#define MPIC_WIRE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

/* ask.mpic-coordinator.test and its answer; `seen`: lines for people. */
struct wire_test {
	const char *enterprise, *name;
	uint64_t version;
};
CS_MUST_USE enum cs_code wire_read_test(
    struct cs_arena *arena, struct cs_span body, struct wire_test *ret, struct cs_err *err);
struct cs_span
wire_write_tested(struct cs_arena *arena, const char *result, const char *const *seen, size_t n);

#endif
