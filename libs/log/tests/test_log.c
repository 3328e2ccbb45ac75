/* SPDX-License-Identifier: Apache-2.0 */
/* Lines as they reach stderr, which is a file here. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "log/log.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))
#define LINE_MAX_OCTETS 2048

struct capture {
	char text[16384];
	size_t len;
	int saved, file;
};

/* From here on stderr is a file without a name. */
static void
begin(struct capture *capture)
{
	FILE *file = tmpfile();

	assert_non_null(file);
	capture->file = dup(fileno(file));
	(void)fclose(file);
	(void)fflush(stderr);
	capture->saved = dup(STDERR_FILENO);
	assert_true(dup2(capture->file, STDERR_FILENO) >= 0);
}

static void
end(struct capture *capture)
{
	assert_true(dup2(capture->saved, STDERR_FILENO) >= 0);
	ssize_t n = pread(capture->file, capture->text, sizeof(capture->text) - 1, 0);

	assert_true(n >= 0);
	capture->len = (size_t)n;
	capture->text[n] = '\0';
	(void)close(capture->saved);
	(void)close(capture->file);
}

static struct log_context
context(enum log_level level)
{
	return (struct log_context){ .service = "policy", .level = level };
}

static size_t
count_lines(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += *text == '\n';
	return n;
}

/* What follows the time. */
static const char *
after_time(const char *line)
{
	char text[CS_TIME_TEXT];
	int64_t ms;

	(void)snprintf(text, sizeof(text), "%s", line);
	assert_int_equal(cs_time_parse(text, &ms, NULL), CS_OK);
	assert_int_equal(line[CS_TIME_TEXT - 1], ' ');
	return line + CS_TIME_TEXT;
}

static void
a_line_says_when_how_bad_who_and_what(void **state)
{
	struct capture capture = { 0 };
	struct log_context log = context(LOG_INFO);

	(void)state;
	begin(&capture);
	log_info(&log, "plan decided outcome=%s n=%d", "refused", 3);
	end(&capture);
	assert_string_equal(
	    after_time(capture.text), "info policy plan decided outcome=refused n=3\n");
}

static void
identifiers_are_written_unless_zero(void **state)
{
	struct capture capture = { 0 };
	struct log_context log = context(LOG_INFO);

	(void)state;
	begin(&capture);
	memset(log.event.octets, 0xab, sizeof(log.event.octets));
	log_warn(&log, "one");
	memset(log.request.octets, 0x41, sizeof(log.request.octets));
	log_error(&log, "two");
	end(&capture);
	assert_string_equal(after_time(capture.text),
	    cs_arena_printf(*state,
		"warn policy event=abababab-abab-abab-abab-abababababab one\n%.24s error policy"
		" request=41414141-4141-4141-4141-414141414141"
		" event=abababab-abab-abab-abab-abababababab two\n",
		strchr(capture.text, '\n') + 1));
}

static void
lines_above_the_level_are_not_written(void **state)
{
	static const size_t want[] = {
		[LOG_ERROR] = 1, [LOG_WARN] = 2, [LOG_INFO] = 3, [LOG_DEBUG] = 4
	};

	(void)state;
	for (enum log_level level = LOG_ERROR; level <= LOG_DEBUG; level++) {
		struct capture capture = { 0 };
		struct log_context log = context(level);

		begin(&capture);
		log_error(&log, "line");
		log_warn(&log, "line");
		log_info(&log, "line");
		log_debug(&log, "line");
		end(&capture);
		assert_int_equal(count_lines(capture.text), want[level]);
	}
}

/* A line stays one line, and its end stays where readers look for it. */
static void
a_long_line_is_cut(void **state)
{
	struct cs_arena *arena = *state;
	struct log_context log = context(LOG_INFO);
	const size_t head = strlen("2026-03-01T10:00:00.123Z info policy ");

	for (size_t len = LINE_MAX_OCTETS - head - 3; len < LINE_MAX_OCTETS - head + 3; len++) {
		struct capture capture = { 0 };
		char *text = cs_arena_alloc(arena, len + 1);

		memset(text, 'x', len);
		begin(&capture);
		log_info(&log, "%s", text);
		log_info(&log, "next");
		end(&capture);
		size_t first = strcspn(capture.text, "\n");

		assert_int_equal(
		    first, len + head < LINE_MAX_OCTETS ? len + head : LINE_MAX_OCTETS - 1);
		assert_string_equal(after_time(capture.text + first + 1), "info policy next\n");
	}
}

static void
held_lines_wait_for_the_commit(void **state)
{
	struct cs_buf held = cs_buf_new(*state);
	struct capture before = { 0 }, after = { 0 };
	struct log_context log = context(LOG_INFO);

	log.held = &held;
	begin(&before);
	log_info(&log, "one");
	log_debug(&log, "not written");
	log_info(&log, "two");
	end(&before);
	assert_int_equal(before.len, 0);
	begin(&after);
	log_flush(&held);
	log_flush(&held); /* nothing is left */
	end(&after);
	assert_int_equal(count_lines(after.text), 2);
	assert_string_equal(after_time(after.text + (after.len / 2)), "info policy two\n");
	assert_int_equal(held.len, 0);
}

static void
what_was_rolled_back_is_not_written(void **state)
{
	struct cs_buf held = cs_buf_new(*state);
	struct capture capture = { 0 };
	struct log_context log = context(LOG_INFO);

	log.held = &held;
	begin(&capture);
	log_info(&log, "of the batch that failed");
	held.len = 0; /* as the skeleton does */
	log_info(&log, "again");
	log_flush(&held);
	end(&capture);
	assert_string_equal(after_time(capture.text), "info policy again\n");
}

static void
levels_are_known_by_name(void **state)
{
	static const char *const bad[] = { "", "INFO", "information", "err", "debug ", "4" };
	enum log_level level;

	(void)state;
	for (enum log_level i = LOG_ERROR; i <= LOG_DEBUG; i++) {
		assert_int_equal(log_level_parse(log_level_name(i), &level, NULL), CS_OK);
		assert_int_equal(level, i);
	}
	for (size_t i = 0; i < LEN(bad); i++) {
		level = LOG_WARN;
		assert_int_equal(log_level_parse(bad[i], &level, NULL), CS_MALFORMED);
		assert_int_equal(level, LOG_WARN);
	}
}

static int
setup(void **state)
{
	*state = cs_arena_new();
	return 0;
}

static int
teardown(void **state)
{
	cs_arena_free(*state);
	return 0;
}

static void
a_fact_stays_on_its_line(void **state)
{
	struct capture capture = { 0 };
	struct log_context log = context(LOG_INFO);

	(void)state;
	begin(&capture);
	log_info(&log, "said \"%s\"", "a\nerror policy forged\r\x1b[2K\x7f caf\xc3\xa9");
	end(&capture);
	assert_int_equal(count_lines(capture.text), 1);
	assert_non_null(strstr(capture.text, "said \"a?error policy forged??[2K? caf\xc3\xa9\"\n"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_says_when_how_bad_who_and_what),
		cmocka_unit_test(identifiers_are_written_unless_zero),
		cmocka_unit_test(lines_above_the_level_are_not_written),
		cmocka_unit_test(a_long_line_is_cut),
		cmocka_unit_test(held_lines_wait_for_the_commit),
		cmocka_unit_test(what_was_rolled_back_is_not_written),
		cmocka_unit_test(levels_are_known_by_name),
		cmocka_unit_test(a_fact_stays_on_its_line),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
