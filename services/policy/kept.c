/* SPDX-License-Identifier: Apache-2.0 */
#include "kept.h"

#include <string.h>

#define BUCKETS 1024

struct kept {
	struct cs_arena *arena; /* of the documents; owned */
	struct kept_as_of as_of;
	size_t n, octets;
	struct kept_doc *buckets[BUCKETS];
};

struct kept *
kept_new(struct cs_arena *arena)
{
	struct kept *kept = CS_NEW(arena, struct kept);

	kept->arena = cs_arena_new();
	return kept;
}

static void
forget(struct kept *kept)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		for (struct kept_doc *doc = kept->buckets[i]; doc != NULL; doc = doc->next)
			json_decref(doc->spec);
		kept->buckets[i] = NULL;
	}
	kept->n = kept->octets = 0;
	cs_arena_reset(kept->arena);
}

void
kept_free(struct kept *kept)
{
	if (kept == NULL)
		return;
	forget(kept);
	cs_arena_free(kept->arena);
}

bool
kept_is_of(const struct kept *kept, struct kept_as_of as_of)
{
	return kept->as_of.last_version == as_of.last_version &&
	       kept->as_of.server_ms == as_of.server_ms;
}

void
kept_begin(struct kept *kept, struct kept_as_of as_of)
{
	forget(kept);
	kept->as_of = as_of;
}

void
kept_trim(struct kept *kept)
{
	if (kept->n >= KEPT_DOCS || kept->octets >= KEPT_OCTETS)
		forget(kept);
}

/* FNV-1a: whoever chooses names that share a bucket makes their own requests slow. */
static uint32_t
hash(uint32_t seed, const char *text)
{
	for (; *text != '\0'; text++)
		seed = (seed ^ (uint8_t)*text) * UINT32_C(16777619);
	return seed;
}

static size_t
bucket_of(enum config_kind kind, const char *enterprise, const char *name)
{
	return hash(hash(UINT32_C(2166136261) + (uint32_t)kind, enterprise), name) % BUCKETS;
}

const struct kept_doc *
kept_find(const struct kept *kept, enum config_kind kind, const char *enterprise, const char *name)
{
	const struct kept_doc *doc = kept->buckets[bucket_of(kind, enterprise, name)];

	while (doc != NULL && (doc->kind != kind || strcmp(doc->name, name) != 0 ||
				  strcmp(doc->enterprise, enterprise) != 0))
		doc = doc->next;
	return doc;
}

void
kept_add(struct kept *kept, enum config_kind kind, const char *enterprise, const char *name,
    uint64_t version, const char *spec)
{
	struct kept_doc **bucket = &kept->buckets[bucket_of(kind, enterprise, name)];
	struct kept_doc *doc;

	if (kept_find(kept, kind, enterprise, name) != NULL)
		return;
	doc = CS_NEW(kept->arena, struct kept_doc);
	*doc = (struct kept_doc){ .kind = kind,
		.enterprise = cs_arena_strdup(kept->arena, enterprise),
		.name = cs_arena_strdup(kept->arena, name),
		.version = version,
		.spec = spec != NULL ? config_json_own(cs_span_str(spec)) : NULL,
		.next = *bucket };
	*bucket = doc;
	kept->n++;
	kept->octets += strlen(enterprise) + strlen(name) + (spec != NULL ? strlen(spec) : 0);
}
