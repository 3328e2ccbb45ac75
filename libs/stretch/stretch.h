/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stretch.h: passwords are stretched by Argon2id (RFC 9106), so that guessing one is dear.  The only door to
 * libargon2.
 *
 * It takes some tenths of a second and a lot of memory, which is what it is for.  So it is done in sandboxed
 * children (sandbox.h), one password at a time in each, and only so many may wait: who comes when the queue is
 * full is told at once.  A password is wiped as soon as it was used, wherever this library holds it.
 */
#ifndef STRETCH_STRETCH_H
#define STRETCH_STRETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "sandbox/sandbox.h"

struct event_base;

#define STRETCH_PROOF 32          /* octets of the result */
#define STRETCH_SALT_MIN 8        /* octets */
#define STRETCH_SALT_MAX 64       /* octets */
#define STRETCH_PASSWORD_MAX 1024 /* octets */

/* What it costs.  Whoever stores the result says it; but no less than is worth the name, and no more than a
 * child has. */
struct stretch_cost {
	uint32_t passes;     /* 1 to STRETCH_PASSES_MAX */
	uint32_t memory_kib; /* KiB; STRETCH_MEMORY_MIN_KIB to _MAX_ */
	uint32_t lanes;      /* 1 to STRETCH_LANES_MAX; filled one after the other */
};
#define STRETCH_PASSES_MAX 16
#define STRETCH_MEMORY_MIN_KIB 8192
#define STRETCH_MEMORY_MAX_KIB 131072
#define STRETCH_LANES_MAX 16
#define STRETCH_WORK_MAX_KIB 1048576 /* passes times memory */

bool stretch_cost_good(const struct stretch_cost *cost);

/*
 * Here and now.  CS_MALFORMED: cost, salt or password are not within the limits above; CS_UNAVAILABLE: there is
 * no memory for it.
 */
CS_MUST_USE enum cs_code stretch_now(struct cs_span password, struct cs_span salt,
    const struct stretch_cost *cost, uint8_t ret_proof[static STRETCH_PROOF], struct cs_err *err);

/* ---- in children ---- */

extern const struct sandbox_role stretch_role;

struct stretch; /* a crew and its queue; one thread, in the caller's event loop */

struct stretch_settings {
	uint32_t children;    /* so many at once: 1 to SANDBOX_CHILDREN_MAX */
	uint32_t waiting_max; /* so many more may wait */
	uint32_t wait_ms;     /* and each so long, before a child takes it */
	sandbox_told *told;   /* NULL: nobody is told of children */
	void *told_arg;
};

/* As sandbox_open(). */
CS_MUST_USE enum cs_code stretch_open(const struct stretch_settings *settings,
    struct event_base *base, struct stretch **ret_stretch, struct cs_err *err);
/* What is under way ends without `done`.  Not from a callback.  Takes NULL. */
void stretch_close(struct stretch *stretch);

/* `proof`: STRETCH_PROOF octets, borrowed for the call; NULL: it could not be done now. */
typedef void stretch_done(void *arg, const uint8_t *proof);

/*
 * One call of `done`, from the loop, never before this returns; or none and false: the queue is full, or
 * something is not within its limits (stretch_cost_good).  Password and salt are copied.
 */
CS_MUST_USE bool stretch_ask(struct stretch *stretch, struct cs_span password, struct cs_span salt,
    const struct stretch_cost *cost, stretch_done *done, void *arg);

/* May one more be asked? */
bool stretch_has_room(const struct stretch *stretch);

#endif
