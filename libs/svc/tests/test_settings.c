/* SPDX-License-Identifier: Apache-2.0 */
/* What the environment may say, and that all of its mistakes are told at once. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "svc/internal.h"

struct toy {
	uint32_t number;
	const char *file;
	bool flag;
};

static const struct svc_setting settings[] = {
	SVC_U32(struct toy, number, "TOY_NUMBER", "5", 1, 10, "how many"),
	SVC_FILE(struct toy, file, "TOY_FILE", NULL, "a file"),
	SVC_BOOL(struct toy, flag, "TOY_FLAG", "0", "whether"),
	SVC_END,
};

struct fixture {
	struct toy toy;
	struct settings_common common;
	struct cs_arena *arena;
	char said[8192]; /* on stderr, or on stdout by print */
	char secret[64];
};

static struct svc_service
service_of(struct fixture *fix, enum svc_mode mode)
{
	return (struct svc_service){ .name = "toy",
		.summary = "plays",
		.mode = mode,
		.self = &fix->toy,
		.settings = settings };
}

static void
set(const char *name, const char *value)
{
	if (value == NULL)
		(void)unsetenv(name);
	else
		(void)setenv(name, value, 1);
}

static int
begin(void **state)
{
	struct fixture *fix = calloc(1, sizeof(*fix));

	assert_non_null(fix);
	fix->arena = cs_arena_new();
	(void)snprintf(fix->secret, sizeof(fix->secret), "/tmp/test_settings.XXXXXX");
	const int fd = mkstemp(fix->secret);

	assert_true(dprintf(fd, "%064d", 1) == 64);
	(void)close(fd);
	set("CS_NATS_URL", "tls://127.0.0.1:4222");
	set("CS_NATS_CA_FILE", "/dev/null");
	set("CS_NATS_SEED_FILE", fix->secret);
	set("CS_NATS_SEED_FIEL", NULL);
	set("CS_DATABASE_URL", "postgresql://toy:geheim@localhost/toy");
	set("CS_KEY_FILE", fix->secret);
	set("CS_LOG_LEVEL", NULL);
	set("CS_TEST_MODE", NULL);
	set("CS_LISTEN", NULL);
	set("TOY_NUMBER", NULL);
	set("TOY_FILE", "/dev/null");
	set("TOY_FLAG", NULL);
	*state = fix;
	return 0;
}

static int
end(void **state)
{
	struct fixture *fix = *state;

	(void)unlink(fix->secret);
	cs_arena_free(fix->arena);
	free(fix);
	return 0;
}

/* What one of the two streams says meanwhile goes to fix->said. */
static bool
captured(struct fixture *fix, FILE *stream, enum svc_mode mode)
{
	const struct svc_service service = service_of(fix, mode);
	FILE *file = tmpfile();
	bool good = true;

	assert_non_null(file);
	(void)fflush(stream);
	const int saved = dup(fileno(stream));

	assert_true(dup2(fileno(file), fileno(stream)) >= 0);
	if (stream == stderr)
		good = settings_read(&service, &fix->common, fix->arena);
	else
		settings_print(&service, fix->arena);
	(void)fflush(stream);
	assert_true(dup2(saved, fileno(stream)) >= 0);
	(void)close(saved);
	const ssize_t n = pread(fileno(file), fix->said, sizeof(fix->said) - 1, 0);

	assert_true(n >= 0);
	fix->said[n] = '\0';
	(void)fclose(file);
	return good;
}

static size_t
lines(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += *text == '\n';
	return n;
}

static void
what_is_right_is_taken_and_the_rest_has_defaults(void **state)
{
	struct fixture *fix = *state;

	assert_true(captured(fix, stderr, SVC_BATCH));
	assert_string_equal(fix->said, "");
	assert_int_equal(fix->toy.number, 5);
	assert_string_equal(fix->common.listen, "127.0.0.1:9102");
	assert_true(captured(fix, stderr, SVC_LOOP));
	assert_int_equal(fix->common.key.len, 64);
}

static void
all_mistakes_are_told_at_once(void **state)
{
	struct fixture *fix = *state;

	set("CS_NATS_URL", NULL);
	set("CS_DATABASE_URL", "");
	set("CS_LOG_LEVEL", "chatty");
	set("TOY_NUMBER", "11");
	set("TOY_FILE", "/nowhere/at/all");
	set("TOY_FLAG", "yes");
	assert_false(captured(fix, stderr, SVC_BATCH));
	assert_int_equal(lines(fix->said), 6);
	assert_non_null(strstr(fix->said, "CS_NATS_URL: is not set"));
	assert_non_null(strstr(fix->said, "TOY_NUMBER: must be a number from 1 to 10"));
	assert_null(strstr(fix->said, "geheim"));
}

static void
numbers_have_bounds_and_no_other_form(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} rows[] = { { "1", true }, { "10", true }, { "0", false }, { "11", false }, { "", false },
		{ " 5", false }, { "5 ", false }, { "+5", false }, { "-5", false },
		{ "0x5", false }, { "99999999999999999999", false }, { "4294967301", false } };
	struct fixture *fix = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		set("TOY_NUMBER", rows[i].text);
		if (captured(fix, stderr, SVC_BATCH) != rows[i].good)
			fail_msg("\"%s\"", rows[i].text);
	}
}

static void
a_required_file_has_a_name(void **state)
{
	struct fixture *fix = *state;

	set("TOY_FILE", "");
	assert_false(captured(fix, stderr, SVC_BATCH));
	assert_non_null(strstr(fix->said, "TOY_FILE"));
}

static void
a_secret_is_for_its_owner_only(void **state)
{
	struct fixture *fix = *state;

	assert_int_equal(chmod(fix->secret, 0644), 0);
	assert_false(captured(fix, stderr, SVC_LOOP));
	assert_int_equal(
	    chmod(fix->secret, 0640), 0); /* it is ours, so the group has no business */
	assert_false(captured(fix, stderr, SVC_LOOP));
	assert_int_equal(chmod(fix->secret, 0400), 0);
	assert_true(captured(fix, stderr, SVC_LOOP));
	assert_int_equal(truncate(fix->secret, 31), 0);
	assert_false(captured(fix, stderr, SVC_LOOP));
}

/* A path only: whoever opens the file later may not be the first to see that all can read it. */
static void
a_private_file_is_for_its_owner_only(void **state)
{
	static const struct {
		mode_t mode;
		bool good;
	} rows[] = { { 0400, true }, { 0600, true }, { 0440, false }, { 0404, false },
		{ 0620, false }, { 0602, false }, { 0644, false } };
	struct fixture *fix = *state;
	char link[80];

	(void)snprintf(link, sizeof(link), "%s.link", fix->secret);
	assert_int_equal(symlink(fix->secret, link), 0);
	set("CS_NATS_SEED_FILE", link); /* Kubernetes mounts links */
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(chmod(fix->secret, rows[i].mode), 0);
		if (captured(fix, stderr, SVC_BATCH) != rows[i].good)
			fail_msg("mode %03o: %s", (unsigned)rows[i].mode, fix->said);
		if (!rows[i].good && strstr(fix->said, "CS_NATS_SEED_FILE: ") != fix->said)
			fail_msg("mode %03o: said %s", (unsigned)rows[i].mode, fix->said);
	}
	(void)unlink(link);
	set("CS_NATS_SEED_FILE", "/dev/null");
	assert_false(captured(fix, stderr, SVC_BATCH));
	assert_non_null(strstr(fix->said, "is not a regular file"));
}

/* As a kubelet mounts a Secret under fsGroup: root's, and our group may read it. */
static void
our_group_may_read_what_is_roots(void **state)
{
	static const struct {
		mode_t mode;
		bool good;
	} rows[] = { { 0440, true }, { 0640, true }, { 0460, false }, { 0444, false } };
	struct fixture *fix = *state;

	if (geteuid() != 0)
		skip();
	assert_int_equal(chown(fix->secret, 0, 65532), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(chmod(fix->secret, rows[i].mode), 0);
		assert_true(setegid(65532) == 0 && seteuid(65532) == 0);
		const bool good = captured(fix, stderr, SVC_LOOP);

		assert_true(seteuid(0) == 0 && setegid(0) == 0);
		if (good != rows[i].good)
			fail_msg("mode %03o: %s", (unsigned)rows[i].mode, fix->said);
	}
}

static void
names_that_nobody_knows_are_told(void **state)
{
	struct fixture *fix = *state;
	const struct svc_service service = service_of(fix, SVC_BATCH);

	assert_null(strstr(settings_unknown(&service, fix->arena), "CS_NATS_"));
	set("CS_NATS_SEED_FIEL", "x");
	set("TOY_NUMBERS", "x"); /* not ours by its first letters */
	assert_non_null(strstr(settings_unknown(&service, fix->arena), "CS_NATS_SEED_FIEL"));
	assert_null(strstr(settings_unknown(&service, fix->arena), "TOY_NUMBERS"));
	set("TOY_NUMBERS", NULL);
}

static void
what_is_printed_holds_no_password(void **state)
{
	static const char *const urls[] = { "postgresql://toy:geheim@localhost/toy",
		"postgresql://toy:geheim@b:5@localhost/toy", "host=localhost password=geheim",
		"postgresql://toy@localhost/toy?password=geheim" };
	struct fixture *fix = *state;

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		set("CS_DATABASE_URL", urls[i]);
		(void)captured(fix, stdout, SVC_BATCH);
		assert_non_null(strstr(fix->said, "CS_DATABASE_URL="));
		assert_null(strstr(fix->said, "geheim"));
		assert_null(strstr(fix->said, "@b:5"));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    what_is_right_is_taken_and_the_rest_has_defaults, begin, end),
		cmocka_unit_test_setup_teardown(all_mistakes_are_told_at_once, begin, end),
		cmocka_unit_test_setup_teardown(numbers_have_bounds_and_no_other_form, begin, end),
		cmocka_unit_test_setup_teardown(a_required_file_has_a_name, begin, end),
		cmocka_unit_test_setup_teardown(a_secret_is_for_its_owner_only, begin, end),
		cmocka_unit_test_setup_teardown(a_private_file_is_for_its_owner_only, begin, end),
		cmocka_unit_test_setup_teardown(our_group_may_read_what_is_roots, begin, end),
		cmocka_unit_test_setup_teardown(names_that_nobody_knows_are_told, begin, end),
		cmocka_unit_test_setup_teardown(what_is_printed_holds_no_password, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
