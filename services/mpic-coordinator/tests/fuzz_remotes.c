/* SPDX-License-Identifier: Apache-2.0 */
/* The setting that says whom to ask: every name is a word of a subject, and there once. */
#include <string.h>

#include "mpic.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_arena *arena = cs_arena_new();
	const char *text = cs_arena_strndup(arena, (const char *)data, size);
	struct mpic_remote remotes[MPIC_REMOTES_MAX];
	struct cs_err err;
	size_t n;

	if (mpic_read_remotes(text, arena, remotes, &n, &err) == CS_OK) {
		cs_assert(n > 0 && n <= MPIC_REMOTES_MAX);
		for (size_t i = 0; i < n; i++) {
			cs_assert(remotes[i].name[0] != '\0' && remotes[i].region[0] != '\0');
			cs_assert(strpbrk(remotes[i].name, ".*> ") == NULL);
			for (size_t k = 0; k < i; k++)
				cs_assert(strcmp(remotes[i].name, remotes[k].name) != 0);
		}
	}
	cs_arena_free(arena);
	return 0;
}
