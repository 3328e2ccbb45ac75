/* SPDX-License-Identifier: Apache-2.0 */
/* wire.c: the only file of mpic-coordinator that names generated types. */
#include "wire.h"

#include <string.h>

#include "base/text.h"
#include "pack/pack.h"
#include "proto/ask.pb-c.h"

#define BODY_MAX 4096
#define NAME_MAX_OCTETS 128

static bool
is_name(const char *text)
{
	const size_t len = strlen(text);

	return len > 0 && len <= NAME_MAX_OCTETS && cs_utf8_valid(cs_span_of(text, len));
}

enum cs_code
wire_read_test(
    struct cs_arena *arena, struct cs_span body, struct wire_test *ret, struct cs_err *err)
{
	const Countersign__V1__TestConnector *m =
	    pack_read(arena, &countersign__v1__test_connector__descriptor, body, BODY_MAX, err);

	if (m == NULL)
		return CS_MALFORMED;
	if (!is_name(m->enterprise) || !is_name(m->name))
		return cs_fail(err, CS_MALFORMED, "TestConnector: a name is unusable");
	*ret = (struct wire_test){ m->enterprise, m->name, m->version };
	return CS_OK;
}

struct cs_span
wire_write_tested(struct cs_arena *arena, const char *result, const char *const *seen, size_t n)
{
	Countersign__V1__TestConnectorAnswer m = COUNTERSIGN__V1__TEST_CONNECTOR_ANSWER__INIT;

	m.result = pack_text(result);
	m.seen = (char **)(uintptr_t)seen;
	m.n_seen = n;
	return pack_write(arena, &m.base);
}
