/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_sandbox.c: real children of this very program.  The roles below do on demand what a child that was
 * taken over would try.
 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/time.h"
#include "sandbox/internal.h"
#include "sandbox/sandbox.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))
#define PATIENCE_MS 30000
#define CANARY "canary-3f1d0a77-in-the-parent"

/* ---- what the children do ---- */

struct toy {
	struct event_base *base;
	const char *settings;
	struct cs_arena *arena;
};

struct later {
	struct sandbox_question *question;
	struct event *timer;
};

static enum cs_code
toy_open(struct event_base *base, struct cs_span settings, void **ret_self, struct cs_err *err)
{
	struct cs_arena *arena = cs_arena_new();
	struct toy *toy = CS_NEW(arena, struct toy);

	if (cs_span_is(settings, "refuse"))
		return cs_fail(err, CS_MALFORMED, "these settings are no good");
	toy->base = base;
	toy->arena = arena;
	toy->settings = cs_arena_strndup(arena, (const char *)settings.data, settings.len);
	*ret_self = toy;
	return CS_OK;
}

static void
toy_close(void *self)
{
	cs_arena_free(((struct toy *)self)->arena);
}

static void
say(struct sandbox_question *question, const char *text)
{
	sandbox_answer(question, cs_span_str(text));
}

/* ---- what is forbidden ---- */

static void
open_for_writing(void)
{
	(void)!open("/dev/null", O_WRONLY | O_CLOEXEC);
}

static void
make_file(void)
{
	(void)!open("/tmp/cs-sandbox-was-here", O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
}

static void
run_program(void)
{
	char *argv[] = { (char *)(uintptr_t) "true", NULL };

	(void)execve("/bin/true", argv, NULL);
}

static void
trace_parent(void)
{
	(void)ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

static void
signal_parent(void)
{
	(void)kill(getppid(), 0);
}

static void
unix_socket(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX,
		.sun_path = "/run/postgresql/.s.PGSQL.5432" };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)connect(fd, (struct sockaddr *)&to, sizeof(to));
}

static void
ip_socket(void)
{
	(void)!socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

static void
netlink_socket(void)
{
	(void)!socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0);
}

static void
listen_here(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)listen(fd, 1);
}

static void
fork_off(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
}

static void
make_code(void)
{
	(void)!mmap(
	    NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void
raise_limit(void)
{
	const struct rlimit limit = { 8, 8 };

	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

static const struct crime {
	const char *name;
	void (*commit)(void);
	bool with_network;  /* only a role without network must not */
	bool not_sanitized; /* the deny-list beside a sanitizer does not have it */
} crimes[] = {
	{ "open-for-writing", open_for_writing, false, false },
	{ "make-file", make_file, false, true },
	{ "execve", run_program, false, false },
	{ "ptrace", trace_parent, false, false },
	{ "kill", signal_parent, false, false },
	{ "unix-socket", unix_socket, false, false },
	{ "netlink-socket", netlink_socket, false, false },
	{ "listen", listen_here, false, false },
	{ "ip-socket", ip_socket, true, false },
	{ "fork", fork_off, false, true },
	{ "make-code", make_code, false, true },
	{ "setrlimit", raise_limit, false, true },
};

/* ---- what is answered ---- */

static void
show_descriptors(struct sandbox_question *question)
{
	/* No directory can be read in here, but each number can be tried. */
	struct cs_buf text = cs_buf_new(question->arena);

	for (int fd = 0; fd < 64; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			cs_buf_printf(&text, "%d ", fd);
	sandbox_answer(question, cs_buf_span(&text));
}

static void
eat_memory(void)
{
	for (;;) {
		volatile char *piece = malloc(1 << 20);

		cs_assert(piece != NULL);
		for (size_t i = 0; i < (1 << 20); i += 4096)
			piece[i] = 1;
	}
}

static void
on_later(evutil_socket_t fd, short what, void *arg)
{
	struct later *later = arg;

	(void)fd;
	(void)what;
	event_free(later->timer);
	say(later->question, "late");
}

static void
answer_later(struct sandbox_question *question, long ms)
{
	const struct timeval when = { ms / 1000, ms % 1000 * 1000 };
	struct later *later = CS_NEW(question->arena, struct later);

	later->question = question;
	later->timer = evtimer_new(((struct toy *)question->self)->base, on_later, later);
	(void)evtimer_add(later->timer, &when);
}

static void
write_raw(uint32_t length, uint32_t kind, uint64_t ticket)
{
	const struct frame_head head = { length, kind, ticket };

	(void)!write(CHILD_CHANNEL, &head, sizeof(head));
}

static bool
try_crime(struct cs_span wish)
{
	for (size_t i = 0; i < LEN(crimes); i++) {
		if (!cs_span_is(wish, crimes[i].name))
			continue;
		crimes[i].commit();
		return true;
	}
	return false;
}

static void
toy_ask(struct sandbox_question *question)
{
	struct cs_span wish = question->octets;

	if (cs_span_is(wish, "settings")) {
		say(question, ((struct toy *)question->self)->settings);
	} else if (cs_span_is(wish, "descriptors")) {
		show_descriptors(question);
	} else if (cs_span_is(wish, "later")) {
		answer_later(question, 300);
	} else if (cs_span_is(wish, "never")) {
		/* stays in hand */
	} else if (cs_span_is(wish, "eat")) {
		eat_memory();
	} else if (cs_span_is(wish, "spin")) {
		for (volatile unsigned n = 0;; n = n + 1)
			;
	} else if (cs_span_is(wish, "unknown-ticket")) {
		write_raw(0, FRAME_ANSWER, 4711);
	} else if (cs_span_is(wish, "too-long")) {
		write_raw(SANDBOX_FRAME_MAX + 1, FRAME_ANSWER, 1);
	} else if (cs_span_is(wish, "no-kind")) {
		write_raw(0, 99, 1);
	} else if (cs_span_is(wish, "read-file")) {
		int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);

		say(question, fd >= 0 ? "read" : errno == EACCES ? "EACCES" : "another error");
	} else if (try_crime(wish)) {
		say(question, "nobody minded");
	} else {
		sandbox_answer(question, wish);
	}
}

static const struct sandbox_role toy_role = {
	.name = "toy", .memory_mib = 128, .open = toy_open, .ask = toy_ask, .close = toy_close
};
static const struct sandbox_role net_role = { .name = "net",
	.flags = SANDBOX_NETWORK,
	.files_max = 256,
	.open = toy_open,
	.ask = toy_ask,
	.close = toy_close };
static const struct sandbox_role *const roles[] = { &toy_role, &net_role, NULL };

/* ---- the parent ---- */

struct world {
	struct cs_arena *arena;
	struct event_base *base;
	struct sandbox *crew;
	struct cs_buf told; /* one line a fact */
	struct cs_err err;
};

struct reply {
	struct world *world;
	bool done;
	unsigned times;
	enum sandbox_result result;
	const char *text;
};

static void
told(void *arg, enum sandbox_fact fact, const char *text)
{
	struct world *world = arg;

	cs_buf_printf(&world->told, "%s %s\n", sandbox_fact_name(fact), text);
}

static const char *
log_of(struct world *world)
{
	return (const char *)cs_buf_span(&world->told).data;
}

static struct world *
world_open(struct sandbox_settings settings)
{
	struct cs_arena *arena = cs_arena_new();
	struct world *world = CS_NEW(arena, struct world);

	*world =
	    (struct world){ .arena = arena, .base = event_base_new(), .told = cs_buf_new(arena) };
	cs_buf_add_str(&world->told, "");
	settings.told = told;
	settings.told_arg = world;
	if (settings.children == 0)
		settings.children = 1;
	if (sandbox_open(&settings, world->base, &world->crew, &world->err))
		fail_msg("%s", world->err.text);
	return world;
}

static void
world_close(struct world *world)
{
	sandbox_close(world->crew);
	event_base_free(world->base);
	cs_arena_free(world->arena);
}

static void
on_done(void *arg, enum sandbox_result result, struct cs_span answer)
{
	struct reply *reply = arg;

	reply->done = true;
	reply->times++;
	reply->result = result;
	reply->text = cs_arena_strndup(reply->world->arena, (const char *)answer.data, answer.len);
}

static void
on_impatient(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	*(bool *)arg = true;
}

typedef bool holds(struct world *world, void *arg);

static void
run_until(struct world *world, holds *condition, void *arg, const char *what)
{
	const struct timeval patience = { PATIENCE_MS / 1000, 0 };
	bool late = false;
	struct event *timer = evtimer_new(world->base, on_impatient, &late);

	(void)evtimer_add(timer, &patience);
	while (!late && !condition(world, arg))
		(void)event_base_loop(world->base, EVLOOP_ONCE);
	event_free(timer);
	if (late)
		fail_msg("waited in vain: %s; %s", what, log_of(world));
}

static bool
is_done(struct world *world, void *arg)
{
	(void)world;
	return ((struct reply *)arg)->done;
}

static struct reply
ask_for(struct world *world, const char *question, uint32_t timeout_ms)
{
	struct reply reply = { .world = world };

	sandbox_ask(world->crew, cs_span_str(question), timeout_ms, on_done, &reply);
	assert_false(reply.done); /* never before it returns */
	run_until(world, is_done, &reply, question);
	return reply;
}

static struct reply
ask(struct world *world, const char *question)
{
	return ask_for(world, question, PATIENCE_MS / 2);
}

static void
assert_answers(struct world *world)
{
	struct reply reply = ask(world, "hello");

	if (reply.result != SANDBOX_ANSWERED || strcmp(reply.text, "hello") != 0)
		fail_msg("%s; %s", sandbox_result_name(reply.result), log_of(world));
}

static bool
has_told(struct world *world, void *arg)
{
	return strstr(log_of(world), arg) != NULL;
}

static void
wait_for_fact(struct world *world, const char *line)
{
	run_until(world, has_told, (void *)(uintptr_t)line, line);
}

/* ---- tests ---- */

static void
asks_and_hears(void **state)
{
	struct world *world = world_open(
	    (struct sandbox_settings){ .role = &toy_role, .settings = cs_span_str("blue") });

	(void)state;
	assert_answers(world);
	assert_string_equal(ask(world, "settings").text, "blue");
	assert_string_equal(ask(world, "").text, "");
	assert_string_equal(ask(world, "later").text, "late");
	world_close(world);
}

static void
a_role_that_cannot_open_is_an_error(void **state)
{
	struct event_base *base = event_base_new();
	struct sandbox *crew = NULL;
	struct cs_err err;
	const struct sandbox_settings settings = {
		.role = &toy_role, .children = 2, .settings = cs_span_str("refuse")
	};

	(void)state;
	assert_int_equal(sandbox_open(&settings, base, &crew, &err), CS_MALFORMED);
	assert_string_equal(err.text, "child toy: these settings are no good");
	assert_null(crew);
	event_base_free(base);
}

static void
a_forbidden_call_is_the_end(void **state)
{
	(void)state;
	for (size_t r = 0; roles[r] != NULL; r++) {
		struct world *world = world_open((struct sandbox_settings){ .role = roles[r] });

		for (size_t i = 0; i < LEN(crimes); i++) {
			const bool may =
			    (crimes[i].with_network && (roles[r]->flags & SANDBOX_NETWORK) != 0) ||
			    (crimes[i].not_sanitized && SANDBOX_SANITIZED);
			size_t before = cs_buf_span(&world->told).len;
			struct reply reply = ask(world, crimes[i].name);

			if (reply.result != (may ? SANDBOX_ANSWERED : SANDBOX_DIED))
				fail_msg("%s in %s: %s", crimes[i].name, roles[r]->name,
				    sandbox_result_name(reply.result));
			assert_answers(world); /* by the next child; the log has told by then */
			if (!may && strstr(log_of(world) + before, "signal=SIGSYS") == NULL)
				fail_msg("%s: %s", crimes[i].name, log_of(world) + before);
		}
		world_close(world);
	}
}

int
main(int argc, char *argv[])
{
	sandbox_child_main(argc, argv, roles);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks_and_hears),
		cmocka_unit_test(a_role_that_cannot_open_is_an_error),
		cmocka_unit_test(a_forbidden_call_is_the_end),
	};

	(void)wait_for_fact;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
