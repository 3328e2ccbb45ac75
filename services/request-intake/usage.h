/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage.h: how often somebody acted in the present hour, and how many streams he has open.  Pure.
 *
 * The table has a fixed size.  Who did nothing this hour and watches nothing makes room; when nobody does,
 * those who come after share one place, which makes their limits stricter, never laxer.
 */
#ifndef INTAKE_USAGE_H
#define INTAKE_USAGE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"

struct usage {
	int64_t hour; /* that the counts are of */
	uint32_t creations, presses;
	uint32_t streams; /* open now; who counts here keeps the place */
};

struct usages;
struct usages *usages_new(struct cs_arena *arena);
/* Of whoever `name` tells apart, in this hour.  Stays where it is while the hour lasts or streams are open. */
struct usage *usages_find(struct usages *usages, struct cs_span name, int64_t now_ms);

#endif
