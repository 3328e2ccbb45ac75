/* SPDX-License-Identifier: Apache-2.0 */
/* What other linters say, read strictly; and small programs that speak as they do, run by a real clerk. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../linter.h"
#include "base/text.h"
#include "base/time.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- reading ---- */

#define NODE "\"node_path\":\"certificate\",\"validator\":\"V\",\"finding_descriptions\""

static const struct {
	const char *name;
	enum linter_format format;
	int status;
	const char *output;
	enum linter_says want;
	const char *id;
} outputs[] = {
	{ "zlint: all well", LINTER_ZLINT, 0,
	    "{\"e_a\":{\"result\":\"pass\"},\"w_b\":{\"result\":\"NA\"},\"n_c\":{\"result\":\"NE\"},"
	    "\"n_d\":{\"result\":\"info\"},\"w_e\":{\"result\":\"warn\",\"details\":\"x\"}}",
	    LINTER_PASSED, "" },
	{ "zlint: an error", LINTER_ZLINT, 0,
	    "{\"e_a\":{\"result\":\"pass\"},\"e_b\":{\"result\":\"error\",\"details\":\"why\"}}",
	    LINTER_REFUSED, "e_b" },
	{ "zlint: fatal", LINTER_ZLINT, 0, "{\"e_b\":{\"result\":\"fatal\"}}", LINTER_REFUSED,
	    "e_b" },
	{ "zlint: an error, then garbage", LINTER_ZLINT, 0,
	    "{\"e_b\":{\"result\":\"fatal\"},\"e_c\":7}", LINTER_CANNOT_TELL, "" },
	{ "zlint: no lints", LINTER_ZLINT, 0, "{}", LINTER_CANNOT_TELL, "" },
	{ "zlint: another result", LINTER_ZLINT, 0, "{\"e_a\":{\"result\":\"passed\"}}",
	    LINTER_CANNOT_TELL, "" },
	{ "zlint: no result", LINTER_ZLINT, 0, "{\"e_a\":{}}", LINTER_CANNOT_TELL, "" },
	{ "zlint: a name that is none", LINTER_ZLINT, 0, "{\"e a\":{\"result\":\"error\"}}",
	    LINTER_CANNOT_TELL, "" },
	{ "zlint: the same lint twice", LINTER_ZLINT, 0,
	    "{\"e_a\":{\"result\":\"error\"},\"e_a\":{\"result\":\"pass\"}}", LINTER_CANNOT_TELL,
	    "" },
	{ "zlint: it failed", LINTER_ZLINT, 1, "{\"e_a\":{\"result\":\"pass\"}}",
	    LINTER_CANNOT_TELL, "" },
	{ "zlint: cut", LINTER_ZLINT, 0, "{\"e_a\":{\"result\":\"pass\"}", LINTER_CANNOT_TELL, "" },
	{ "zlint: more behind it", LINTER_ZLINT, 0, "{\"e_a\":{\"result\":\"pass\"}} {}",
	    LINTER_CANNOT_TELL, "" },
	{ "zlint: nothing", LINTER_ZLINT, 0, "", LINTER_CANNOT_TELL, "" },
	{ "zlint: a list", LINTER_ZLINT, 0, "[]", LINTER_CANNOT_TELL, "" },
	{ "zlint, and it was pkilint", LINTER_ZLINT, 0, "{\"results\":[]}", LINTER_CANNOT_TELL,
	    "" },
	{ "pkilint: all well", LINTER_PKILINT, 0, "{\"results\":[]}", LINTER_PASSED, "" },
	{ "pkilint: an error", LINTER_PKILINT, 2,
	    "{\"results\":[{" NODE ":[{\"severity\":\"NOTICE\",\"code\":\"a.b\",\"message\":null},"
	    "{\"severity\":\"ERROR\",\"code\":\"cabf.smime.is_ca_certificate\",\"message\":\"m\"}]}]}",
	    LINTER_REFUSED, "cabf.smime.is_ca_certificate" },
	{ "pkilint: fatal", LINTER_PKILINT, 1,
	    "{\"results\":[{" NODE ":[{\"severity\":\"FATAL\",\"code\":\"a\",\"message\":null}]}]}",
	    LINTER_REFUSED, "a" },
	{ "pkilint: warnings", LINTER_PKILINT, 1,
	    "{\"results\":[{" NODE
	    ":[{\"severity\":\"WARNING\",\"code\":\"a\",\"message\":null}]}]}",
	    LINTER_PASSED, "" },
	{ "pkilint: nothing found, and it failed", LINTER_PKILINT, 1, "{\"results\":[]}",
	    LINTER_CANNOT_TELL, "" },
	{ "pkilint: an error, and it says that all is well", LINTER_PKILINT, 0,
	    "{\"results\":[{" NODE ":[{\"severity\":\"ERROR\",\"code\":\"a\",\"message\":null}]}]}",
	    LINTER_CANNOT_TELL, "" },
	{ "pkilint: another severity", LINTER_PKILINT, 1,
	    "{\"results\":[{" NODE ":[{\"severity\":\"BAD\",\"code\":\"a\",\"message\":null}]}]}",
	    LINTER_CANNOT_TELL, "" },
	{ "pkilint: no message", LINTER_PKILINT, 1,
	    "{\"results\":[{" NODE ":[{\"severity\":\"ERROR\",\"code\":\"a\"}]}]}",
	    LINTER_CANNOT_TELL, "" },
	{ "pkilint: no findings", LINTER_PKILINT, 1,
	    "{\"results\":[{\"node_path\":\"a\",\"validator\":\"b\"}]}", LINTER_CANNOT_TELL, "" },
	{ "pkilint: more than results", LINTER_PKILINT, 0, "{\"results\":[],\"x\":1}",
	    LINTER_CANNOT_TELL, "" },
	{ "pkilint: text", LINTER_PKILINT, 1,
	    "Traceback (most recent call last):", LINTER_CANNOT_TELL, "" },
	{ "pkilint, and it was zlint", LINTER_PKILINT, 0, "{\"e_a\":{\"result\":\"pass\"}}",
	    LINTER_CANNOT_TELL, "" },
};

static void
what_is_not_understood_is_no_verdict(void **state)
{
	struct cs_arena *arena = cs_arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(outputs); i++) {
		const struct linter_verdict got = linter_read(
		    arena, outputs[i].format, outputs[i].status, cs_span_str(outputs[i].output));

		if (got.says != outputs[i].want || strcmp(got.id, outputs[i].id) != 0)
			fail_msg("%s: got %d %s %s", outputs[i].name, got.says, got.id, got.text);
		assert_non_null(got.text);
	}
	cs_arena_free(arena);
}

/* ---- programs ---- */

struct bench {
	char dir[64];
	struct event_base *base;
	struct cs_arena *arena;
	struct linter *linter;
	struct linter_verdict got[8];
	size_t n, wanted;
};

static void
on_verdict(void *arg, const struct linter_verdict *verdict)
{
	struct bench *b = arg;

	b->got[b->n++] = (struct linter_verdict){ verdict->says,
		cs_arena_strdup(b->arena, verdict->id), cs_arena_strdup(b->arena, verdict->text) };
	if (b->n == b->wanted)
		(void)event_base_loopbreak(b->base);
}

static int
open_bench(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	strcpy(b->dir, "/tmp/test_linter.XXXXXX");
	assert_non_null(mkdtemp(b->dir));
	b->base = event_base_new();
	b->arena = cs_arena_new();
	*state = b;
	return 0;
}

static int
close_bench(void **state)
{
	struct bench *b = *state;

	unlink(cs_arena_printf(b->arena, "%s/lint", b->dir));
	unlink(cs_arena_printf(b->arena, "%s/seen", b->dir));
	assert_int_equal(rmdir(b->dir), 0);
	event_base_free(b->base);
	cs_arena_free(b->arena);
	free(b);
	return 0;
}

static void
open_linter(struct bench *b, const char *script, const char *format, uint32_t timeout_ms)
{
	const char *path = cs_arena_printf(b->arena, "%s/lint", b->dir);
	const struct linter_settings settings = { cs_arena_printf(b->arena, "%s  one two", path),
		format, timeout_ms };
	FILE *f = fopen(path, "w");
	struct cs_err err;

	assert_non_null(f);
	fprintf(f, "#!/bin/sh\n%s\n", script);
	fclose(f);
	assert_int_equal(chmod(path, 0700), 0);
	if (linter_open(&settings, b->base, &b->linter, &err) != CS_OK)
		fail_msg("%s", err.text);
}

static void
ask(struct bench *b, size_t n)
{
	static const uint8_t tbs[] = { 0x30, 0x03, 0x02, 0x01, 0x05 };
	static const uint8_t sigalg[] = { 0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d,
		0x04, 0x03, 0x02 };
	const struct timeval limit = { 20, 0 };

	b->n = 0;
	b->wanted = n;
	for (size_t i = 0; i < n; i++)
		linter_ask(b->linter, cs_span_of(tbs, sizeof(tbs)),
		    cs_span_of(sigalg, sizeof(sigalg)), on_verdict, b);
	assert_int_equal(b->n, 0); /* never before linter_ask returned */
	(void)event_base_loopexit(b->base, &limit);
	(void)event_base_dispatch(b->base);
	assert_int_equal(b->n, n);
}

static const struct {
	const char *name, *script, *format;
	enum linter_says want;
	const char *text; /* in its text */
} programs[] = {
	{ "passes", "cat >/dev/null; echo '{\"e_a\":{\"result\":\"pass\"}}'", "zlint",
	    LINTER_PASSED, "" },
	{ "refuses", "echo '{\"e_a\":{\"result\":\"error\",\"details\":\"bad day\"}}'", "zlint",
	    LINTER_REFUSED, "bad day" },
	{ "refuses as pkilint",
	    "echo '{\"results\":[{\"node_path\":\"c\",\"validator\":\"V\",\"finding_descriptions\":"
	    "[{\"severity\":\"ERROR\",\"code\":\"a.b\",\"message\":\"worse\"}]}]}'; exit 1",
	    "pkilint", LINTER_REFUSED, "worse" },
	{ "crashes", "kill -SEGV $$", "zlint", LINTER_CANNOT_TELL, "signal" },
	{ "crashes behind its verdict", "echo '{\"e_a\":{\"result\":\"pass\"}}'; kill -9 $$",
	    "zlint", LINTER_CANNOT_TELL, "signal" },
	{ "fails behind its verdict", "echo '{\"e_a\":{\"result\":\"pass\"}}'; exit 3", "zlint",
	    LINTER_CANNOT_TELL, "exit status 3" },
	{ "says nothing", "cat >/dev/null", "zlint", LINTER_CANNOT_TELL, "no verdict" },
	{ "hangs", "exec sleep 60", "zlint", LINTER_CANNOT_TELL, "too long" },
	{ "hangs with its stdout closed", "exec >&-; exec sleep 60", "zlint", LINTER_CANNOT_TELL,
	    "too long" },
	{ "leaves somebody with its stdout", "sleep 60 & exit 0", "zlint", LINTER_CANNOT_TELL,
	    "too long" },
	{ "never ends to write", "while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done",
	    "zlint", LINTER_CANNOT_TELL, "too " },
	{ "is no program", "exit 127", "zlint", LINTER_CANNOT_TELL, "not be started" },
	{ "gets its arguments",
	    "[ \"$1 $2 $#\" = 'one two 2' ] && echo '{\"e_a\":{\"result\":\"pass\"}}'", "zlint",
	    LINTER_PASSED, "" },
	{ "has nothing of the signer's",
	    "[ -z \"$HOME$CS_TEST_SECRET\" ] && [ \"$(ls /proc/self/fd | wc -l)\" -le 4 ] && "
	    "echo '{\"e_a\":{\"result\":\"pass\"}}'",
	    "zlint", LINTER_PASSED, "" },
};

static void
only_a_verdict_is_one(void **state)
{
	struct bench *b = *state;

	assert_int_equal(setenv("CS_TEST_SECRET", "secret", 1), 0);
	for (size_t i = 0; i < COUNT(programs); i++) {
		open_linter(b, programs[i].script, programs[i].format, 700);
		ask(b, 1);
		if (b->got[0].says != programs[i].want ||
		    strstr(b->got[0].text, programs[i].text) == NULL)
			fail_msg(
			    "%s: got %d \"%s\"", programs[i].name, b->got[0].says, b->got[0].text);
		linter_close(b->linter);
	}
}

/* It gets a certificate, in PEM, and one after the other is answered. */
static void
each_question_has_its_own_answer(void **state)
{
	struct bench *b = *state;
	const char *seen = cs_arena_printf(b->arena, "%s/seen", b->dir);
	char text[512] = "";

	open_linter(b,
	    cs_arena_printf(b->arena,
		"cat >>%s; n=$(grep -c BEGIN %s); "
		"if [ $n = 2 ]; then echo '{\"e_second\":{\"result\":\"fatal\"}}'; "
		"elif [ $n = 3 ]; then kill -9 $$; else echo '{\"e_a\":{\"result\":\"pass\"}}'; fi",
		seen, seen),
	    "zlint", 5000);
	ask(b, 4);
	assert_int_equal(b->got[0].says, LINTER_PASSED);
	assert_int_equal(b->got[1].says, LINTER_REFUSED);
	assert_string_equal(b->got[1].id, "e_second");
	assert_int_equal(b->got[2].says, LINTER_CANNOT_TELL);
	assert_int_equal(b->got[3].says, LINTER_PASSED);
	FILE *f = fopen(seen, "r");
	assert_non_null(f);
	assert_true(fread(text, 1, sizeof(text) - 1, f) > 0);
	fclose(f);
	/* SEQUENCE { 30030201 05, the algorithm, a value that no key made } */
	assert_non_null(strstr(text, "-----BEGIN CERTIFICATE-----\n"
				     "MBwwAwIBBTAKBggqhkjOPQQDAgMJADAGAgFaAgFa\n"));
	linter_close(b->linter);
}

static pid_t
child_of_ours(void)
{
	char path[64];
	int pid = 0;

	(void)snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%d", &pid), 1);
	fclose(f);
	return pid;
}

static void
a_lost_clerk_ends_the_loop_and_every_question(void **state)
{
	struct bench *b = *state;

	open_linter(b, "exec sleep 60", "zlint", 5000);
	const pid_t clerk = child_of_ours();
	b->n = 0;
	b->wanted = 2;
	assert_int_equal(kill(clerk, SIGKILL), 0);
	for (int i = 0; i < 2; i++)
		linter_ask(b->linter, cs_span_str("0"), cs_span_str("0"), on_verdict, b);
	for (int64_t until = cs_mono_ms() + 20000; b->n < 2 && cs_mono_ms() < until;)
		(void)event_base_dispatch(b->base); /* which ends where the clerk is missed */
	assert_int_equal(b->n, 2);
	assert_int_equal(b->got[0].says, LINTER_CANNOT_TELL);
	assert_int_equal(b->got[1].says, LINTER_CANNOT_TELL);
	linter_close(b->linter);
}

static void
settings_that_cannot_be_are_refused(void **state)
{
	static const struct linter_settings bad[] = { { "", "zlint", 1000 },
		{ "zlint", "zlint", 1000 }, { "/nonexistent/zlint", "zlint", 1000 },
		{ "/etc/passwd -x", "zlint", 1000 }, { "/bin/cat", "lint", 1000 } };
	struct bench *b = *state;
	struct cs_err err;

	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(linter_open(&bad[i], b->base, &b->linter, &err), CS_MALFORMED);
}

int
main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_understood_is_no_verdict),
		cmocka_unit_test_setup_teardown(only_a_verdict_is_one, open_bench, close_bench),
		cmocka_unit_test_setup_teardown(
		    each_question_has_its_own_answer, open_bench, close_bench),
		cmocka_unit_test_setup_teardown(
		    a_lost_clerk_ends_the_loop_and_every_question, open_bench, close_bench),
		cmocka_unit_test_setup_teardown(
		    settings_that_cannot_be_are_refused, open_bench, close_bench),
	};

	linter_clerk_main(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
