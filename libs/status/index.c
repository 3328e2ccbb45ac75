/* SPDX-License-Identifier: Apache-2.0 */
/*
 * index.c: a hash table with chains.  Serials are random numbers of our own, so that nobody can choose
 * them to make a chain long.
 */
#include "status/index.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#define SLOTS_FIRST 1024

struct entry;

struct kept {
	TAILQ_ENTRY(kept) used; /* first: asked for last */
	SLIST_ENTRY(kept) more; /* of the same certificate */
	struct entry *entry;
	unsigned form;
	struct status_answer answer;
	uint8_t octets[];
};

struct entry {
	struct entry *next;
	SLIST_HEAD(kept_of_one, kept) answers;
	struct status_facts facts;
	uint32_t issuer;
	uint8_t len, serial[STATUS_SERIAL_MAX];
};

struct status_index {
	struct entry **slots;
	size_t n_slots, n, n_revoked, round; /* n_slots: a power of two */
	TAILQ_HEAD(kept_by_use, kept) used;
	size_t n_answers, octets, octets_max;
};

static size_t
hash(uint32_t issuer, struct cs_span serial)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325) ^ issuer; /* FNV-1a */

	for (size_t i = 0; i < serial.len; i++)
		h = (h ^ serial.data[i]) * UINT64_C(0x100000001b3);
	return (size_t)(h ^ (h >> 32));
}

static struct entry **
slots_new(size_t n)
{
	struct entry **slots = calloc(n, sizeof(struct entry *));

	cs_assert(slots != NULL);
	return slots;
}

struct status_index *
status_index_new(size_t answers_max)
{
	struct status_index *index = calloc(1, sizeof(*index));

	cs_assert(index != NULL);
	index->n_slots = SLOTS_FIRST;
	index->slots = slots_new(SLOTS_FIRST);
	index->octets_max = answers_max;
	TAILQ_INIT(&index->used);
	return index;
}

/* ---- answers ---- */

static void
drop(struct status_index *index, struct kept *kept)
{
	TAILQ_REMOVE(&index->used, kept, used);
	SLIST_REMOVE(&kept->entry->answers, kept, kept, more);
	index->n_answers--;
	index->octets -= sizeof(*kept) + kept->answer.der.len;
	free(kept);
}

static void
drop_all(struct status_index *index, struct entry *entry)
{
	while (!SLIST_EMPTY(&entry->answers))
		drop(index, SLIST_FIRST(&entry->answers));
}

/* ---- certificates ---- */

static struct entry **
place_of(const struct status_index *index, uint32_t issuer, struct cs_span serial)
{
	struct entry **at = &index->slots[hash(issuer, serial) & (index->n_slots - 1)];

	while (*at != NULL && ((*at)->issuer != issuer ||
				  !cs_span_equal(cs_span_of((*at)->serial, (*at)->len), serial)))
		at = &(*at)->next;
	return at;
}

static void
grow(struct status_index *index)
{
	struct entry **old = index->slots;
	const size_t n_old = index->n_slots;

	index->n_slots *= 2;
	index->slots = slots_new(index->n_slots);
	for (size_t i = 0; i < n_old; i++)
		for (struct entry *entry = old[i], *next; entry != NULL; entry = next) {
			next = entry->next;
			entry->next = NULL;
			*place_of(index, entry->issuer, cs_span_of(entry->serial, entry->len)) =
			    entry;
		}
	free(old);
}

static struct entry *
entry_new(struct status_index *index, uint32_t issuer, struct cs_span serial)
{
	struct entry *entry = calloc(1, sizeof(*entry));

	cs_assert(entry != NULL && serial.len > 0 && serial.len <= STATUS_SERIAL_MAX);
	if (index->n >= index->n_slots)
		grow(index);
	entry->issuer = issuer;
	entry->len = (uint8_t)serial.len;
	memcpy(entry->serial, serial.data, serial.len);
	SLIST_INIT(&entry->answers);
	*place_of(index, issuer, serial) = entry;
	index->n++;
	return entry;
}

static bool
facts_equal(const struct status_facts *a, const struct status_facts *b)
{
	return a->revoked == b->revoked && a->reason == b->reason &&
	       a->revoked_at_ms == b->revoked_at_ms && a->not_after_ms == b->not_after_ms;
}

void
status_index_put(struct status_index *index, uint32_t issuer, struct cs_span serial,
    const struct status_facts *facts)
{
	struct entry *entry = *place_of(index, issuer, serial);

	if (entry == NULL)
		entry = entry_new(index, issuer, serial);
	if (facts_equal(&entry->facts, facts))
		return;
	index->n_revoked += (size_t)facts->revoked;
	index->n_revoked -= (size_t)entry->facts.revoked;
	entry->facts = *facts;
	drop_all(index, entry);
}

const struct status_facts *
status_index_find(const struct status_index *index, uint32_t issuer, struct cs_span serial)
{
	const struct entry *entry = *place_of(index, issuer, serial);

	return entry != NULL ? &entry->facts : NULL;
}

size_t
status_index_count(const struct status_index *index)
{
	return index->n;
}

size_t
status_index_revoked(const struct status_index *index)
{
	return index->n_revoked;
}

static void
entry_free(struct status_index *index, struct entry *entry)
{
	drop_all(index, entry);
	index->n--;
	index->n_revoked -= (size_t)entry->facts.revoked;
	free(entry);
}

void
status_index_forget(struct status_index *index, int64_t before_ms, size_t max)
{
	for (size_t i = 0; i < max && i < index->n_slots; i++) {
		struct entry **at = &index->slots[index->round++ & (index->n_slots - 1)];

		while (*at != NULL) {
			struct entry *entry = *at;

			if (entry->facts.not_after_ms == 0 ||
			    entry->facts.not_after_ms > before_ms) {
				at = &entry->next;
				continue;
			}
			*at = entry->next;
			entry_free(index, entry);
		}
	}
}

void
status_index_free(struct status_index *index)
{
	if (index == NULL)
		return;
	status_index_forget(index, INT64_MAX, index->n_slots);
	for (size_t i = 0; i < index->n_slots; i++)
		while (index->slots[i] != NULL) {
			struct entry *entry = index->slots[i];

			index->slots[i] = entry->next;
			entry_free(index, entry);
		}
	free(index->slots);
	free(index);
}

/* ---- answers, from outside ---- */

static struct kept *
kept_of(const struct entry *entry, unsigned form)
{
	struct kept *kept;

	SLIST_FOREACH(kept, &entry->answers, more)
	if (kept->form == form)
		return kept;
	return NULL;
}

const struct status_answer *
status_answer_find(
    struct status_index *index, uint32_t issuer, struct cs_span serial, unsigned form)
{
	const struct entry *entry = *place_of(index, issuer, serial);
	struct kept *kept = entry != NULL ? kept_of(entry, form) : NULL;

	if (kept == NULL)
		return NULL;
	TAILQ_REMOVE(&index->used, kept, used);
	TAILQ_INSERT_HEAD(&index->used, kept, used);
	return &kept->answer;
}

void
status_answer_keep(struct status_index *index, uint32_t issuer, struct cs_span serial,
    unsigned form, const struct status_answer *answer)
{
	struct entry *entry = *place_of(index, issuer, serial);
	const size_t size = sizeof(struct kept) + answer->der.len;

	if (entry == NULL || size > index->octets_max)
		return;
	struct kept *old = kept_of(entry, form);
	if (old != NULL)
		drop(index, old);
	while (index->octets + size > index->octets_max)
		drop(index, TAILQ_LAST(&index->used, kept_by_use));
	struct kept *kept = malloc(size);
	cs_assert(kept != NULL);
	kept->entry = entry;
	kept->form = form;
	kept->answer = *answer;
	memcpy(kept->octets, answer->der.data, answer->der.len);
	kept->answer.der = cs_span_of(kept->octets, answer->der.len);
	SLIST_INSERT_HEAD(&entry->answers, kept, more);
	TAILQ_INSERT_HEAD(&index->used, kept, used);
	index->n_answers++;
	index->octets += size;
}

void
status_answers_forget(struct status_index *index, uint32_t issuer)
{
	for (struct kept *kept = TAILQ_FIRST(&index->used), *next; kept != NULL; kept = next) {
		next = TAILQ_NEXT(kept, used);
		if (kept->entry->issuer == issuer)
			drop(index, kept);
	}
}

size_t
status_answers_count(const struct status_index *index)
{
	return index->n_answers;
}
