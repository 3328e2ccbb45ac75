/* SPDX-License-Identifier: Apache-2.0 */
#include "catalogue/catalogue.h"

#include <stdlib.h>
#include <string.h>

#define LANE(stream, subjects, days, mib, meaning)
#define EVENT(subject, message, publisher, is_signed, meaning)
#define CONSUMER(service, subject, max_ack_pending, ack_wait_s)
#define FOLLOWER(service, subject)
#define QUESTION(subject, ask, answer, asked_by, answered_by, meaning)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#undef LANE
#define LANE(stream, subjects, days, mib, meaning) { stream, subjects, meaning, days, mib },
static const struct catalogue_lane lanes[] = {
#include "catalogue.def"
};
#undef LANE
#define LANE(stream, subjects, days, mib, meaning)

#undef EVENT
#define EVENT(subject, message, publisher, is_signed, meaning) \
	{ subject, message, publisher, meaning, is_signed },
static const struct catalogue_event events[] = {
#include "catalogue.def"
};
#undef EVENT
#define EVENT(subject, message, publisher, is_signed, meaning)

#undef CONSUMER
#define CONSUMER(service, subject, max_ack_pending, ack_wait_s) \
	{ service, subject, max_ack_pending, ack_wait_s },
static const struct catalogue_consumer consumers[] = {
#include "catalogue.def"
};
#undef CONSUMER
#define CONSUMER(service, subject, max_ack_pending, ack_wait_s)

#undef FOLLOWER
#define FOLLOWER(service, subject) { service, subject },
static const struct catalogue_follower followers[] = {
#include "catalogue.def"
};
#undef FOLLOWER
#define FOLLOWER(service, subject)

#undef QUESTION
#define QUESTION(subject, ask, answer, asked_by, answered_by, meaning) \
	{ subject, ask, answer, asked_by, answered_by, meaning },
static const struct catalogue_question questions[] = {
#include "catalogue.def"
};

const struct catalogue_lane *
catalogue_lanes(size_t *ret_n)
{
	*ret_n = COUNT(lanes);
	return lanes;
}

const struct catalogue_event *
catalogue_events(size_t *ret_n)
{
	*ret_n = COUNT(events);
	return events;
}

const struct catalogue_consumer *
catalogue_consumers(size_t *ret_n)
{
	*ret_n = COUNT(consumers);
	return consumers;
}

const struct catalogue_follower *
catalogue_followers(size_t *ret_n)
{
	*ret_n = COUNT(followers);
	return followers;
}

const struct catalogue_question *
catalogue_questions(size_t *ret_n)
{
	*ret_n = COUNT(questions);
	return questions;
}

const struct catalogue_event *
catalogue_event_find(const char *subject)
{
	for (size_t i = 0; i < COUNT(events); i++)
		if (strcmp(events[i].subject, subject) == 0)
			return &events[i];
	return NULL;
}

const struct catalogue_consumer *
catalogue_consumer_find(const char *service, const char *subject)
{
	for (size_t i = 0; i < COUNT(consumers); i++)
		if (strcmp(consumers[i].service, service) == 0 &&
		    strcmp(consumers[i].subject, subject) == 0)
			return &consumers[i];
	return NULL;
}

/* A lane's subjects are "cs.<word>.*": the word must be the subject's first. */
const struct catalogue_lane *
catalogue_lane_of(const char *subject)
{
	size_t word = strcspn(subject, ".");

	for (size_t i = 0; i < COUNT(lanes); i++) {
		const char *lane = lanes[i].subjects + strlen("cs.");

		if (strcspn(lane, ".") == word && strncmp(lane, subject, word) == 0)
			return &lanes[i];
	}
	return NULL;
}

const char *
catalogue_durable(struct cs_arena *arena, const struct catalogue_consumer *consumer)
{
	char *name = cs_arena_printf(arena, "%s-%s", consumer->service, consumer->subject);

	for (char *c = name; *c != '\0'; c++)
		if (*c == '.')
			*c = '-';
	return name;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

size_t
catalogue_services(struct cs_arena *arena, const char ***ret_names)
{
	const char **names = CS_NEW_ARRAY(
	    arena, COUNT(events) + COUNT(consumers) + 2 * COUNT(questions), const char *);
	size_t n = 0, distinct = 0;

	for (size_t i = 0; i < COUNT(events); i++)
		names[n++] = events[i].publisher;
	for (size_t i = 0; i < COUNT(consumers); i++)
		names[n++] = consumers[i].service;
	for (size_t i = 0; i < COUNT(questions); i++) {
		names[n++] = questions[i].asked_by;
		names[n++] = questions[i].answered_by;
	}
	qsort(names, n, sizeof(names[0]), by_name);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || strcmp(names[i], names[i - 1]) != 0)
			names[distinct++] = names[i];
	*ret_names = names;
	return distinct;
}
