/* SPDX-License-Identifier: Apache-2.0 */
/* Events as an operator reads them; and the migrations that are built in. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */
#include <string.h>

#include "../migrate.h"
#include "../wire.h"
#include "catalogue/catalogue.h"

/* A line of the catalogue whose message csctl cannot show would be found in a night of trouble. */
static void
every_event_of_the_catalogue_can_be_shown(void **state)
{
	const struct catalogue_event *events;
	size_t n;

	(void)state;
	events = catalogue_events(&n);
	for (size_t i = 0; i < n; i++) {
		json_t *json =
		    wire_event_json(events[i].message, events[i].is_signed, cs_span_str(""));

		if (json == NULL)
			fail_msg("%s: %s", events[i].subject, events[i].message);
		json_decref(json);
	}
}

static void
fields_are_shown_by_name(void **state)
{
	/* VerificationAsked: request_id (2 octets here), check_id, enterprise. */
	static const uint8_t body[] = "\x0a\x02\x01\xfe\x12\x05"
				      "caa-1"
				      "\x1a\x04"
				      "demo";
	json_t *json =
	    wire_event_json("VerificationAsked", false, cs_span_of(body, sizeof(body) - 1));

	(void)state;
	assert_string_equal(json_string_value(json_object_get(json, "request_id")), "01fe");
	assert_string_equal(json_string_value(json_object_get(json, "check_id")), "caa-1");
	assert_string_equal(json_string_value(json_object_get(json, "enterprise")), "demo");
	assert_null(json_object_get(json, "account")); /* not sent */
	json_decref(json);
}

/* ConfigChanged: kind, spec. */
static void
a_setting_is_shown_as_what_was_set(void **state)
{
	static const uint8_t body[] = "\x0a\x04"
				      "note"
				      "\x32\x0c"
				      "{\"text\":\"x\"}";
	static const uint8_t none[] = "\x32\x02"
				      "{x";
	json_t *json = wire_event_json("ConfigChanged", false, cs_span_of(body, sizeof(body) - 1));

	(void)state;
	assert_string_equal(
	    json_string_value(json_object_get(json_object_get(json, "spec"), "text")), "x");
	json_decref(json);
	json = wire_event_json("ConfigChanged", false, cs_span_of(none, sizeof(none) - 1));
	assert_string_equal(json_string_value(json_object_get(json, "spec")), "7b78");
	json_decref(json);
}

/* An envelope's payload is shown, and whose key the envelope names. */
static void
a_signed_event_is_shown_with_its_key(void **state)
{
	static const uint8_t body[] = "\x0a\x09\x12\x07"
				      "caa-123" /* payload: a Check, say */
				      "\x1a\x07\x12\x05"
				      "keyid";
	json_t *json =
	    wire_event_json("VerificationAsked", true, cs_span_of(body, sizeof(body) - 1));

	(void)state;
	assert_string_equal(json_string_value(json_object_get(json, "check_id")), "caa-123");
	assert_non_null(json_object_get(json, "signed_by"));
	json_decref(json);
}

static void
text_that_is_no_utf8_is_shown_as_octets(void **state)
{
	static const uint8_t body[] = "\x12\x02\xff\xfe";
	json_t *json =
	    wire_event_json("VerificationAsked", false, cs_span_of(body, sizeof(body) - 1));

	(void)state;
	assert_string_equal(json_string_value(json_object_get(json, "check_id")), "fffe");
	json_decref(json);
}

static void
what_cannot_be_read_is_not_shown(void **state)
{
	(void)state;
	assert_null(wire_event_json("VerificationAsked", false, cs_span_str("garbage")));
	assert_null(wire_event_json("VerificationAsked", true, cs_span_str("garbage")));
	assert_null(wire_event_json("NoSuchMessage", false, cs_span_str("")));
}

/* The generator sorts nothing: the files' names must do, within each service. */
static void
migrations_of_a_service_follow_each_other(void **state)
{
	const struct migration *last = NULL;

	(void)state;
	for (const struct migration *m = migrations; m->name != NULL; m++) {
		const char *first = m->service[0] == '\0' ? "0001_skeleton.sql" : "0001_";

		assert_true(strlen(m->name) > 9 && m->sql[0] != '\0');
		assert_int_equal(strspn(m->name, "0123456789"), 4);
		assert_string_equal(m->name + strlen(m->name) - 4, ".sql");
		if (last != NULL && strcmp(last->service, m->service) == 0)
			assert_true(strncmp(last->name, m->name, 4) < 0);
		else
			assert_memory_equal(m->name, first, strlen(first));
		/* All of one service in a row: migrate makes each role once. */
		for (const struct migration *k = migrations; k < m; k++)
			assert_true(strcmp(k->service, m->service) != 0 ||
				    strcmp(last->service, m->service) == 0);
		last = m;
	}
	assert_non_null(last);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_event_of_the_catalogue_can_be_shown),
		cmocka_unit_test(fields_are_shown_by_name),
		cmocka_unit_test(a_setting_is_shown_as_what_was_set),
		cmocka_unit_test(a_signed_event_is_shown_with_its_key),
		cmocka_unit_test(text_that_is_no_utf8_is_shown_as_octets),
		cmocka_unit_test(what_cannot_be_read_is_not_shown),
		cmocka_unit_test(migrations_of_a_service_follow_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
