/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_post.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"

struct cs_span
fixture(struct cs_arena *arena, const char *name)
{
	const char *here = __FILE__;
	const char *path = cs_arena_printf(
	    arena, "%.*s/fixtures/%s", (int)(strrchr(here, '/') - here), here, name);
	FILE *f = fopen(path, "rb");
	struct cs_buf out = cs_buf_new(arena);
	char chunk[4096];

	cs_assert(f != NULL);
	for (size_t n = fread(chunk, 1, sizeof(chunk), f); n > 0;
	     n = fread(chunk, 1, sizeof(chunk), f))
		cs_buf_add(&out, chunk, n);
	fclose(f);
	return cs_buf_span(&out);
}
