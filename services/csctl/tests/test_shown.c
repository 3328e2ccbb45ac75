/* SPDX-License-Identifier: Apache-2.0 */
/* How one event is printed: a line for people, an object for programs. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../shown.h"

/* VerificationAsked: check_id, enterprise. */
static const uint8_t body[] = "\x12\x05"
			      "caa-1"
			      "\x1a\x04"
			      "demo";

static struct shown
an_event(void)
{
	return (struct shown){ .subject = "request.verification-asked",
		.id = "01a20a09-2c54-7b29-bfc4-f4a7575f7fc5",
		.key = "01a20a09-2c54-7b29-bfc4-000000000001",
		.time = "2026-11-23T20:12:09.659Z",
		.source = "/countersign/request-intake",
		.sequence = 42,
		.body = cs_span_of(body, sizeof(body) - 1) };
}

static const char *
print(const struct shown *event, bool as_json)
{
	static char text[4096];
	FILE *file = tmpfile();
	int out = dup(STDOUT_FILENO);

	assert_non_null(file);
	(void)fflush(stdout);
	(void)dup2(fileno(file), STDOUT_FILENO);
	shown_print(event, as_json);
	(void)dup2(out, STDOUT_FILENO);
	ssize_t n = pread(fileno(file), text, sizeof(text) - 1, 0);

	text[n < 0 ? 0 : n] = '\0';
	(void)fclose(file);
	(void)close(out);
	return text;
}

static void
a_line_tells_when_what_whose_and_the_story(void **state)
{
	const struct shown event = an_event();

	(void)state;
	assert_string_equal(print(&event, false),
	    "2026-11-23T20:12:09.659Z  request.verification-asked   "
	    "01a20a09-2c54-7b29-bfc4-000000000001 check_id=\"caa-1\"\n");
}

/* CheckAsked: request_id, check {id, kind, target, method, attempt}. */
static void
a_check_that_is_asked_for_is_told(void **state)
{
	static const uint8_t asked[] = "\x0a\x01R\x1a\x29"
				       "\x0a\x05"
				       "caa-1"
				       "\x10\x03"
				       "\x1a\x0d"
				       "alpha.example"
				       "\x22\x0d"
				       "caa-issuemail"
				       "\x50\x02";
	struct shown event = an_event();

	(void)state;
	event.subject = "plan.caa-asked";
	event.body = cs_span_of(asked, sizeof(asked) - 1);
	assert_non_null(strstr(print(&event, false),
	    " check_id=\"caa-1\" kind=\"CHECK_KIND_CAA\" target=\"alpha.example\""
	    " method=\"caa-issuemail\" attempt=2\n"));
}

static void
json_has_everything(void **state)
{
	const struct shown event = an_event();
	json_t *got = json_loads(print(&event, true), 0, NULL);
	json_t *want = json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:{s:s, s:s}}", "subject",
	    event.subject, "id", event.id, "request", event.key, "time", event.time, "source",
	    event.source, "sequence", 42, "body", "check_id", "caa-1", "enterprise", "demo");

	(void)state;
	assert_non_null(got);
	assert_true(json_equal(got, want));
	json_decref(got);
	json_decref(want);
}

/* What cannot be read is shown all the same: who looks for it is in trouble already. */
static void
an_unreadable_event_is_shown_without_its_body(void **state)
{
	struct shown event = an_event();

	(void)state;
	event.body = cs_span_str("\xff");
	assert_non_null(strstr(print(&event, false), " (unreadable, 1 octets)\n"));
	assert_null(strstr(print(&event, true), "\"body\""));
	event = an_event();
	event.subject = "deadletter.policy"; /* of no message */
	assert_non_null(strstr(print(&event, false), " (unreadable, 13 octets)\n"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_tells_when_what_whose_and_the_story),
		cmocka_unit_test(a_check_that_is_asked_for_is_told),
		cmocka_unit_test(json_has_everything),
		cmocka_unit_test(an_unreadable_event_is_shown_without_its_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
