/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_stretch.h"

#include <limits.h>
#include <string.h>

#include "base/arena.h"
#include "pki/hash.h"

#define MAX 8

struct asked {
	uint8_t proof[STRETCH_PROOF];
	stretch_done *done;
	void *arg;
};

static struct {
	struct asked asked[MAX];
	size_t n, room;
	unsigned left;
} stretch;

void
fake_stretch_use(size_t room)
{
	memset(&stretch, 0, sizeof(stretch));
	stretch.room = room;
	stretch.left = UINT_MAX;
}

void
fake_stretch_die(unsigned after)
{
	stretch.left = after;
}

void
fake_stretch_settle(void)
{
	while (stretch.n > 0) {
		const struct asked asked = stretch.asked[0];
		const bool alive = stretch.left > 0;

		memmove(stretch.asked, stretch.asked + 1, --stretch.n * sizeof(asked));
		stretch.left -= alive;
		asked.done(asked.arg, alive ? asked.proof : NULL);
	}
}

void
fake_stretch_proof(struct cs_span password, struct cs_span salt, const struct stretch_cost *cost,
    uint8_t ret_proof[static STRETCH_PROOF])
{
	const struct cs_span parts[] = { cs_span_of(cost, sizeof(*cost)), salt, password };

	pki_sha256_parts(parts, 3, ret_proof);
}

bool
stretch_has_room(const struct stretch *self)
{
	(void)self;
	return stretch.n < stretch.room;
}

bool
stretch_ask(struct stretch *self, struct cs_span password, struct cs_span salt,
    const struct stretch_cost *cost, stretch_done *done, void *arg)
{
	struct asked *asked = &stretch.asked[stretch.n];

	cs_assert(stretch_cost_good(cost));
	if (!stretch_has_room(self))
		return false;
	cs_assert(stretch.n < MAX);
	asked->done = done;
	asked->arg = arg;
	fake_stretch_proof(password, salt, cost, asked->proof);
	stretch.n++;
	return true;
}
