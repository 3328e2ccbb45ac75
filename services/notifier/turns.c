/* SPDX-License-Identifier: Apache-2.0 */
#include "turns.h"

#include "base/err.h"

bool
turns_take(struct turns *turns, uint64_t crowd)
{
	size_t n = 0;

	for (size_t i = 0; i < turns->n; i++)
		n += turns->crowds[i] == crowd;
	if (n == TURNS_EACH || turns->n == LOGINS_AT_ONCE)
		return false;
	turns->crowds[turns->n++] = crowd;
	return true;
}

void
turns_give(struct turns *turns, uint64_t crowd)
{
	size_t i = 0;

	while (i < turns->n && turns->crowds[i] != crowd)
		i++;
	cs_assert(i < turns->n);
	turns->crowds[i] = turns->crowds[--turns->n];
}
