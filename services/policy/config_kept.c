/* SPDX-License-Identifier: Apache-2.0 */
#include "config_kept.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS 1024

struct config_kept {
	struct cs_arena *arena;
	struct config_as_of as_of;
	size_t n, octets;
	struct config_kept_doc *buckets[BUCKETS];
};

struct config_kept *
config_kept_new(void)
{
	struct config_kept *kept = calloc(1, sizeof(*kept));

	cs_assert(kept != NULL);
	kept->arena = cs_arena_new();
	return kept;
}

static void
forget(struct config_kept *kept)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		for (struct config_kept_doc *doc = kept->buckets[i]; doc != NULL; doc = doc->next)
			json_decref(doc->spec);
		kept->buckets[i] = NULL;
	}
	kept->n = kept->octets = 0;
	cs_arena_reset(kept->arena);
}

void
config_kept_free(struct config_kept *kept)
{
	if (kept == NULL)
		return;
	forget(kept);
	cs_arena_free(kept->arena);
	free(kept);
}

bool
config_kept_is_of(const struct config_kept *kept, struct config_as_of as_of)
{
	return kept->as_of.last_version == as_of.last_version &&
	       kept->as_of.server_ms == as_of.server_ms;
}

void
config_kept_begin(struct config_kept *kept, struct config_as_of as_of)
{
	forget(kept);
	kept->as_of = as_of;
}

void
config_kept_trim(struct config_kept *kept)
{
	if (kept->n >= CONFIG_KEPT_DOCS || kept->octets >= CONFIG_KEPT_OCTETS)
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

const struct config_kept_doc *
config_kept_find(
    const struct config_kept *kept, enum config_kind kind, const char *enterprise, const char *name)
{
	const struct config_kept_doc *doc = kept->buckets[bucket_of(kind, enterprise, name)];

	while (doc != NULL && (doc->kind != kind || strcmp(doc->name, name) != 0 ||
				  strcmp(doc->enterprise, enterprise) != 0))
		doc = doc->next;
	return doc;
}

void
config_kept_add(struct config_kept *kept, enum config_kind kind, const char *enterprise,
    const char *name, uint64_t version, const char *spec)
{
	struct config_kept_doc **bucket = &kept->buckets[bucket_of(kind, enterprise, name)];
	struct config_kept_doc *doc;

	if (config_kept_find(kept, kind, enterprise, name) != NULL)
		return;
	doc = CS_NEW(kept->arena, struct config_kept_doc);
	*doc = (struct config_kept_doc){ .kind = kind,
		.enterprise = cs_arena_strdup(kept->arena, enterprise),
		.name = cs_arena_strdup(kept->arena, name),
		.version = version,
		.spec = spec != NULL ? config_json_own(cs_span_str(spec)) : NULL,
		.next = *bucket };
	*bucket = doc;
	kept->n++;
	kept->octets += strlen(enterprise) + strlen(name) + (spec != NULL ? strlen(spec) : 0);
}
