/* SPDX-License-Identifier: Apache-2.0 */
#include "who.h"

#include <string.h>

#define SETS 1024 /* of known tokens */
#define WAYS 8    /* in each, the one that was asked for longest ago makes room */
#define UNKNOWN 4096

struct known {
	bool used;
	uint8_t sha256[WHO_SHA256];
	struct who who;
	int64_t told_ms;     /* when policy said so last; 0: it must be asked again */
	int64_t next_ask_ms; /* until then it counts */
};

struct unknown {
	uint8_t sha256[WHO_SHA256];
	int64_t until_ms; /* 0: empty */
};

struct who_cache {
	struct known known[SETS][WAYS];
	struct unknown unknown[UNKNOWN];
};

/* ---- names ---- */

struct word {
	const char *name;
	unsigned means;
};

static const struct word roles[] = {
	{ "user", WHO_USER },
	{ "operator", WHO_OPERATOR },
	{ "auditor", WHO_AUDITOR },
	{ "administrator", WHO_ADMINISTRATOR },
	{ NULL, 0 },
};

static const struct word scopes[] = {
	{ "requests:read", WHO_READS_REQUESTS },
	{ "requests:write", WHO_WRITES_REQUESTS },
	{ "config:read", WHO_READS_CONFIG },
	{ "config:write", WHO_WRITES_CONFIG },
	{ "people:write", WHO_WRITES_PEOPLE },
	{ "*", WHO_READS_REQUESTS | WHO_WRITES_REQUESTS | WHO_READS_CONFIG | WHO_WRITES_CONFIG |
		   WHO_WRITES_PEOPLE },
	{ NULL, 0 },
};

static unsigned
meaning(const struct word *words, const char *name)
{
	while (words->name && strcmp(words->name, name) != 0)
		words++;
	return words->means;
}

unsigned
who_role_of(const char *name)
{
	return meaning(roles, name);
}

unsigned
who_scopes_of(const char *name)
{
	return meaning(scopes, name);
}

static const char *
word_for(const struct word *words, unsigned means)
{
	while (words->name && words->means != means)
		words++;
	return words->name;
}

const char *
who_role_name(enum who_role role)
{
	return word_for(roles, (unsigned)role);
}

const char *
who_scope_name(enum who_scope scope)
{
	return word_for(scopes, (unsigned)scope);
}

/* ---- the two tables ---- */

struct who_cache *
who_cache_new(struct cs_arena *arena)
{
	return CS_NEW(arena, struct who_cache);
}

/* The digest of a token is as good as random, whoever chose the token. */
static size_t
place(const uint8_t sha256[static WHO_SHA256], size_t n)
{
	return ((size_t)sha256[0] << 16 | (size_t)sha256[1] << 8 | sha256[2]) % n;
}

static struct known *
find_known(const struct who_cache *cache, const uint8_t sha256[static WHO_SHA256])
{
	const struct known *set = cache->known[place(sha256, SETS)];

	for (size_t i = 0; i < WAYS; i++)
		if (set[i].used && memcmp(set[i].sha256, sha256, WHO_SHA256) == 0)
			return (struct known *)&set[i];
	return NULL;
}

static struct known *
oldest(struct known set[static WAYS])
{
	struct known *found = &set[0];

	for (size_t i = 0; i < WAYS && found->used; i++)
		if (!set[i].used || set[i].told_ms < found->told_ms)
			found = &set[i];
	return found;
}

static bool
is_unknown(const struct who_cache *cache, const uint8_t sha256[static WHO_SHA256], int64_t now_ms)
{
	const struct unknown *unknown = &cache->unknown[place(sha256, UNKNOWN)];

	return unknown->until_ms > now_ms && memcmp(unknown->sha256, sha256, WHO_SHA256) == 0;
}

static bool
has_ended(const struct who *who, int64_t now_ms)
{
	return who->ends_at_ms != 0 && who->ends_at_ms <= now_ms;
}

enum who_found
who_find(const struct who_cache *cache, const uint8_t sha256[static WHO_SHA256], int64_t now_ms,
    struct who *ret_who)
{
	const struct known *known = find_known(cache, sha256);

	if (!known)
		return is_unknown(cache, sha256, now_ms) ? WHO_UNKNOWN : WHO_ASK;
	/* Used at another replica it may live longer by now: policy says. */
	if (has_ended(&known->who, now_ms))
		return WHO_ASK;
	/* Nor is anything known that was said in what is the future now: a clock was set. */
	if (known->told_ms == 0 || now_ms < known->told_ms ||
	    now_ms - known->told_ms >= WHO_STALE_MS)
		return WHO_ASK;
	*ret_who = known->who;
	return now_ms < known->next_ask_ms ? WHO_KNOWN : WHO_STALE;
}

void
who_keep(struct who_cache *cache, const uint8_t sha256[static WHO_SHA256], const struct who *who,
    int64_t now_ms)
{
	struct known *known = find_known(cache, sha256);

	if (!who) {
		struct unknown *unknown = &cache->unknown[place(sha256, UNKNOWN)];

		if (known)
			known->used = false;
		memcpy(unknown->sha256, sha256, WHO_SHA256);
		unknown->until_ms = now_ms + WHO_UNKNOWN_MS;
		return;
	}
	if (!known)
		known = oldest(cache->known[place(sha256, SETS)]);
	*known = (struct known){
		.used = true, .who = *who, .told_ms = now_ms, .next_ask_ms = now_ms + WHO_FRESH_MS
	};
	memcpy(known->sha256, sha256, WHO_SHA256);
}

void
who_unanswered(struct who_cache *cache, const uint8_t sha256[static WHO_SHA256], int64_t now_ms)
{
	struct known *known = find_known(cache, sha256);

	if (known)
		known->next_ask_ms = now_ms + WHO_RETRY_MS;
}

bool
who_is_familiar(const struct who_cache *cache, const uint8_t sha256[static WHO_SHA256])
{
	return find_known(cache, sha256) != NULL;
}

void
who_forget(struct who_cache *cache, const uint8_t sha256[static WHO_SHA256])
{
	struct known *known = find_known(cache, sha256);

	if (known)
		known->used = false;
}

void
who_expire_all(struct who_cache *cache)
{
	for (size_t set = 0; set < SETS; set++)
		for (size_t i = 0; i < WAYS; i++)
			cache->known[set][i].told_ms = 0;
}
