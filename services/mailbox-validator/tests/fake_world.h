/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake_world.h: what tests say to mailbox-validator and how they read what it says: messages written and
 * read by field number, as the bus knows them.
 */
#ifndef MAILBOX_FAKE_WORLD_H
#define MAILBOX_FAKE_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "handler.h"
#include "wire.h"

#include <cmocka.h>

#define FAKE_NOW INT64_C(1790000000000) /* 2026-09-21 */

struct fake_world {
	struct cs_arena *arena;
	struct mailbox_service mailbox;
	struct claim_trust *trust; /* its key may state evidence.mailbox */
};

/* cmocka's setup and teardown. */
int fake_world_setup(void **state);
int fake_world_teardown(void **state);

/* The n-th request of these tests. */
struct cs_id fake_request(unsigned n);

/* An order as policy makes it: alice of demo, 30 days; change it before it is written. */
struct claim_asked
fake_order(struct cs_id request, const char *check_id, const char *mailbox, uint32_t attempt);
struct cs_span fake_asked(struct cs_arena *arena, struct claim_asked order);
struct cs_span fake_pressed(
    struct cs_arena *arena, struct cs_id request, const char *check_id, const char *account);
struct cs_span fake_submit(struct cs_arena *arena, struct cs_id request, const char *check_id,
    const char *account, const char *token);

/* A field of a message: a text ("" when it is not there), a number (0 when it is not there). */
const char *fake_text(struct cs_arena *arena, struct cs_span message, unsigned field);
int64_t fake_number(struct cs_span message, unsigned field);

#endif
