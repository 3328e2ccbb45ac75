/* SPDX-License-Identifier: Apache-2.0 */
/*
 * turns.h: how many logins may be under way at once.  Pure, for one thread.
 *
 * Each holds a connection to a provider for as long as that takes to answer, which may be for ever.  So those of one
 * enterprise have few turns, and all together no more than the children take (LOGINS_AT_ONCE): a provider that
 * answers nobody keeps out its own people, and nobody else's.
 */
#ifndef NOTIFY_TURNS_H
#define NOTIFY_TURNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "login/login.h"

#define TURNS_EACH 4

/* All zero: nobody has one. */
struct turns {
	uint64_t crowds[LOGINS_AT_ONCE]; /* login_crowd(), of each that has a turn */
	size_t n;
};
/* False: there is none left for this crowd. */
bool turns_take(struct turns *turns, uint64_t crowd);
/* One that was taken (asserted). */
void turns_give(struct turns *turns, uint64_t crowd);

#endif
