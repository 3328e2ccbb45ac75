/* SPDX-License-Identifier: Apache-2.0 */
#include "usage.h"

#include <string.h>

#include "base/time.h"
#include "pki/hash.h"

#define SETS 1024
#define WAYS 8

struct place {
	uint8_t sha256[PKI_SHA256]; /* of the name */
	struct usage usage;
};

struct usages {
	struct place places[SETS][WAYS];
	struct place shared;
};

struct usages *
usages_new(struct cs_arena *arena)
{
	return CS_NEW(arena, struct usages);
}

static struct usage *
begin_hour(struct place *place, int64_t hour)
{
	if (place->usage.hour != hour)
		place->usage = (struct usage){ .hour = hour, .streams = place->usage.streams };
	return &place->usage;
}

struct usage *
usages_find(struct usages *usages, struct cs_span name, int64_t now_ms)
{
	uint8_t sha256[PKI_SHA256];
	const int64_t hour = now_ms / CS_HOUR_MS;
	struct place *set = NULL, *free_place = NULL;

	pki_sha256(name, sha256);
	set = usages->places[((size_t)sha256[0] << 8 | sha256[1]) % SETS];
	for (size_t i = 0; i < WAYS; i++) {
		if (memcmp(set[i].sha256, sha256, sizeof(sha256)) == 0)
			return begin_hour(&set[i], hour);
		if (set[i].usage.streams == 0 && set[i].usage.hour != hour)
			free_place = &set[i];
	}
	if (!free_place)
		return begin_hour(&usages->shared, hour);
	*free_place = (struct place){ .usage.hour = hour };
	memcpy(free_place->sha256, sha256, sizeof(sha256));
	return &free_place->usage;
}
