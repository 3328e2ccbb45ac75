/* SPDX-License-Identifier: Apache-2.0 */
/* catalogue.h: proto/catalogue.def as tables.  Pure; all strings are static. */
#ifndef CATALOGUE_CATALOGUE_H
#define CATALOGUE_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct catalogue_lane {
	const char *stream, *subjects, *meaning;
	uint32_t days, mib;
};

struct catalogue_event {
	const char *subject; /* without "cs." */
	const char *message, *publisher, *meaning;
	bool is_signed;
};

struct catalogue_consumer {
	const char *service, *subject;
	uint32_t max_ack_pending, ack_wait_s;
};

/* Each replica reads the lane by itself, without a consumer. */
struct catalogue_follower {
	const char *service, *subject;
};

struct catalogue_question {
	const char *subject, *ask, *answer, *asked_by, *answered_by, *meaning;
};

/* Arrays, with their length in *ret_n. */
const struct catalogue_lane *catalogue_lanes(size_t *ret_n);
const struct catalogue_event *catalogue_events(size_t *ret_n);
const struct catalogue_consumer *catalogue_consumers(size_t *ret_n);
const struct catalogue_follower *catalogue_followers(size_t *ret_n);
const struct catalogue_question *catalogue_questions(size_t *ret_n);

/* By subject without "cs."; NULL: not in the catalogue. */
const struct catalogue_event *catalogue_event_find(const char *subject);
const struct catalogue_consumer *catalogue_consumer_find(const char *service, const char *subject);
/* The lane that holds this subject; NULL: none. */
const struct catalogue_lane *catalogue_lane_of(const char *subject);
/* The durable's name: "policy-request-submitted".  In `arena`. */
const char *catalogue_durable(struct cs_arena *arena, const struct catalogue_consumer *consumer);

/* Every service that occurs as a publisher, consumer, asker or answerer, each once, sorted. */
size_t catalogue_services(struct cs_arena *arena, const char ***ret_names);

#define CATALOGUE_MAX_DELIVER 5
#define CATALOGUE_DUPLICATE_WINDOW_S 120
#define CATALOGUE_MAX_MESSAGE (64 * 1024)

#endif
