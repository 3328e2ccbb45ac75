/* SPDX-License-Identifier: Apache-2.0 */
/* fake_world.h: a CA of ours and one of a stranger, and events as the bus knows them. */
#ifndef NOTIFY_FAKE_WORLD_H
#define NOTIFY_FAKE_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "handler.h"
#include "pki/issuer.h"

#include <cmocka.h>

#define FAKE_NOW INT64_C(1790000000000) /* 2026-09-21 */

struct fake_world {
	struct cs_arena *arena;
	struct notify_service notify;
	struct pki_issuer *ours, *stranger;
};

/* cmocka's setup and teardown. */
int fake_world_setup(void **state);
int fake_world_teardown(void **state);

struct cs_id fake_request(unsigned n);

/* A certificate of this issuer, and the event that tells it truly; mailboxes end with NULL. */
struct wire_issued fake_issued(struct fake_world *world, struct pki_issuer *issuer,
    struct cs_id request, const char *const *mailboxes);
struct cs_span fake_issued_event(struct cs_arena *arena, const struct wire_issued *issued);
/* `plan`: as policy writes it, else as the signer does. */
struct cs_span
fake_refused_event(struct cs_arena *arena, bool plan, const struct wire_refused *refused);

/* What the signer says of a certificate that is revoked, or that ends in so many days. */
struct cs_span fake_revoked_event(struct cs_arena *arena, const struct wire_revoked *revoked);
struct cs_span fake_expiring_event(
    struct cs_arena *arena, const struct wire_certificate *certificate, uint32_t days);

/* A field of a message: a text ("" when it is not there), a number (0 when it is not there). */
const char *fake_text(struct cs_arena *arena, struct cs_span message, unsigned field);
int64_t fake_number(struct cs_span message, unsigned field);

#endif
