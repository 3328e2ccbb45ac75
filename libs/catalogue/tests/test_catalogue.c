/* SPDX-License-Identifier: Apache-2.0 */
/* The catalogue is data: these are the rules that a new line of it must keep. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */
#include <stdio.h>
#include <string.h>

#include "catalogue/catalogue.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))
#define DURABLE_MAX 64 /* the server's own limit is larger; file names are made of these */

/* Words of small letters, digits and hyphens, parted by dots. */
static bool
is_subject(const char *text)
{
	bool word = false;

	for (; *text != '\0'; text++) {
		if (*text == '.' && !word)
			return false;
		if (*text != '.' && strchr("abcdefghijklmnopqrstuvwxyz0123456789-", *text) == NULL)
			return false;
		word = *text != '.';
	}
	return word;
}

static void
every_event_lies_in_a_lane_of_its_own_word(void **state)
{
	const struct catalogue_event *events;
	size_t n;

	(void)state;
	events = catalogue_events(&n);
	assert_true(n > 0);
	for (size_t i = 0; i < n; i++) {
		const struct catalogue_lane *lane = catalogue_lane_of(events[i].subject);

		if (lane == NULL || !is_subject(events[i].subject))
			fail_msg("%s", events[i].subject);
		size_t word = strcspn(events[i].subject, ".");

		assert_memory_equal(lane->subjects + 3, events[i].subject, word);
		assert_string_equal(lane->subjects + 3 + word, ".*");
		/* One star is one word: what follows the lane's must not be parted again. */
		assert_null(strchr(events[i].subject + word + 1, '.'));
	}
}

static void
every_event_is_there_once_with_all_it_needs(void **state)
{
	const struct catalogue_event *events;
	size_t n;

	(void)state;
	events = catalogue_events(&n);
	for (size_t i = 0; i < n; i++) {
		assert_ptr_equal(catalogue_event_find(events[i].subject), &events[i]);
		assert_true(events[i].message[0] != '\0' && events[i].publisher[0] != '\0' &&
			    events[i].meaning[0] != '\0');
	}
}

/* A plan and the evidence for it permit a certificate: nobody must be able to make one up. */
static void
what_permits_a_certificate_is_signed(void **state)
{
	static const char *const subjects[] = { "request.submitted", "request.generation-approved",
		"plan.made", "plan.final", "evidence.mailbox", "evidence.domain", "evidence.caa",
		"evidence.mpic" };

	(void)state;
	for (size_t i = 0; i < LEN(subjects); i++)
		if (!catalogue_event_find(subjects[i])->is_signed)
			fail_msg("%s is not signed", subjects[i]);
}

/* But for a no: whoever owns the bus may stop a certificate, never cause one. */
static void
what_the_signer_hears_is_signed(void **state)
{
	const struct catalogue_consumer *consumers;
	size_t n;

	(void)state;
	consumers = catalogue_consumers(&n);
	for (size_t i = 0; i < n; i++)
		if (strcmp(consumers[i].service, "signer") == 0 &&
		    strcmp(consumers[i].subject, "plan.refused") != 0 &&
		    !catalogue_event_find(consumers[i].subject)->is_signed)
			fail_msg("%s", consumers[i].subject);
}

static void
every_consumer_hears_an_event(void **state)
{
	const struct catalogue_consumer *consumers;
	size_t n;

	(void)state;
	consumers = catalogue_consumers(&n);
	assert_true(n > 0);
	for (size_t i = 0; i < n; i++) {
		if (catalogue_event_find(consumers[i].subject) == NULL)
			fail_msg("%s hears %s", consumers[i].service, consumers[i].subject);
		assert_ptr_equal(
		    catalogue_consumer_find(consumers[i].service, consumers[i].subject),
		    &consumers[i]);
		assert_in_range(consumers[i].max_ack_pending, 1, 65536);
	}
}

static void
nobody_hears_what_it_publishes(void **state)
{
	const struct catalogue_consumer *consumers;
	size_t n;

	(void)state;
	consumers = catalogue_consumers(&n);
	for (size_t i = 0; i < n; i++)
		assert_string_not_equal(
		    catalogue_event_find(consumers[i].subject)->publisher, consumers[i].service);
}

/* The server takes no dot, star, arrow, slash or space in a durable's name. */
static void
durables_are_legal_and_told_apart(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	const struct catalogue_consumer *consumers;
	size_t n;

	(void)state;
	consumers = catalogue_consumers(&n);
	for (size_t i = 0; i < n; i++) {
		const char *name = catalogue_durable(arena, &consumers[i]);

		assert_in_range(strlen(name), 1, DURABLE_MAX);
		assert_int_equal(
		    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-"), strlen(name));
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(name, catalogue_durable(arena, &consumers[k]));
	}
	cs_arena_free(arena);
}

static void
a_durable_is_named_after_service_and_subject(void **state)
{
	struct cs_arena *arena = cs_arena_new();

	(void)state;
	assert_string_equal(
	    catalogue_durable(arena, catalogue_consumer_find("policy", "request.submitted")),
	    "policy-request-submitted");
	cs_arena_free(arena);
}

static void
lanes_are_told_apart_and_bounded(void **state)
{
	const struct catalogue_lane *lanes;
	size_t n;

	(void)state;
	lanes = catalogue_lanes(&n);
	assert_true(n > 0);
	for (size_t i = 0; i < n; i++) {
		assert_memory_equal(lanes[i].subjects, "cs.", 3);
		assert_true(lanes[i].days > 0 && lanes[i].mib > 0 && lanes[i].meaning[0] != '\0');
		for (size_t k = 0; k < i; k++) {
			assert_string_not_equal(lanes[i].stream, lanes[k].stream);
			assert_string_not_equal(lanes[i].subjects, lanes[k].subjects);
		}
	}
}

/* A stream named as its subjects' word: that is how people and tools find it. */
static void
a_lane_is_named_after_its_word(void **state)
{
	const struct catalogue_lane *lanes;
	size_t n;

	(void)state;
	lanes = catalogue_lanes(&n);
	for (size_t i = 0; i < n; i++) {
		char word[32];

		(void)snprintf(word, sizeof(word), "%s", lanes[i].subjects + 3);
		word[strcspn(word, ".")] = '\0';
		assert_int_equal(strlen(word), strlen(lanes[i].stream));
		for (size_t k = 0; word[k] != '\0'; k++)
			assert_int_equal(word[k] - 'a', lanes[i].stream[k] - 'A');
	}
}

static void
unknown_subjects_are_in_no_table(void **state)
{
	static const char *const subjects[] = { "", ".", "plan", "plan.", "plan.made.x", "plan.mad",
		"cs.plan.made", "PLAN.made" };

	(void)state;
	for (size_t i = 0; i < LEN(subjects); i++)
		assert_null(catalogue_event_find(subjects[i]));
	assert_null(catalogue_lane_of(""));
	assert_null(catalogue_lane_of("pla.made"));
	assert_null(catalogue_lane_of("plans.made"));
	assert_null(catalogue_lane_of("ask.mailbox.submit"));
	assert_string_equal(catalogue_lane_of("deadletter.policy")->stream, "DEADLETTER");
	assert_null(catalogue_consumer_find("policy", "plan.made"));
	assert_null(catalogue_consumer_find("nobody", "plan.made"));
}

static void
every_question_is_under_ask_and_has_two_sides(void **state)
{
	const struct catalogue_question *questions;
	size_t n;

	(void)state;
	questions = catalogue_questions(&n);
	assert_true(n > 0);
	for (size_t i = 0; i < n; i++) {
		assert_memory_equal(questions[i].subject, "ask.", 4);
		assert_true(questions[i].ask[0] != '\0' && questions[i].answer[0] != '\0');
		assert_string_not_equal(questions[i].asked_by, questions[i].answered_by);
		assert_null(catalogue_lane_of(questions[i].subject)); /* never stored */
	}
}

static bool
is_service(const char **names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static void
services_are_listed_once_and_sorted(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	const char **names;
	size_t n = catalogue_services(arena, &names);

	(void)state;
	for (size_t i = 1; i < n; i++)
		assert_true(strcmp(names[i - 1], names[i]) < 0);
	assert_true(is_service(names, n, "signer"));
	assert_true(is_service(names, n, "notifier"));         /* consumes and publishes */
	assert_true(is_service(names, n, "mpic-perspective")); /* only answers */
	assert_false(is_service(names, n, ""));
	cs_arena_free(arena);
}

/* A typing error in a line of the catalogue would make a service that does not exist. */
static void
services_are_those_that_there_are(void **state)
{
	static const char *const known[] = { "caa-dnssec", "certificate-status", "domain-validator",
		"mailbox-validator", "mpic-coordinator", "mpic-perspective", "notifier", "policy",
		"request-intake", "signer" };
	struct cs_arena *arena = cs_arena_new();
	const char **names;

	(void)state;
	assert_int_equal(catalogue_services(arena, &names), LEN(known));
	for (size_t i = 0; i < LEN(known); i++)
		assert_string_equal(names[i], known[i]);
	cs_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_event_lies_in_a_lane_of_its_own_word),
		cmocka_unit_test(every_event_is_there_once_with_all_it_needs),
		cmocka_unit_test(what_permits_a_certificate_is_signed),
		cmocka_unit_test(what_the_signer_hears_is_signed),
		cmocka_unit_test(every_consumer_hears_an_event),
		cmocka_unit_test(nobody_hears_what_it_publishes),
		cmocka_unit_test(durables_are_legal_and_told_apart),
		cmocka_unit_test(a_durable_is_named_after_service_and_subject),
		cmocka_unit_test(lanes_are_told_apart_and_bounded),
		cmocka_unit_test(a_lane_is_named_after_its_word),
		cmocka_unit_test(unknown_subjects_are_in_no_table),
		cmocka_unit_test(every_question_is_under_ask_and_has_two_sides),
		cmocka_unit_test(services_are_listed_once_and_sorted),
		cmocka_unit_test(services_are_those_that_there_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
