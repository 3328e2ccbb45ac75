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
#include <sys/prctl.h>
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

/* One end of a pair of datagrams may send to whom it likes: here to the log of the machine. */
static void
datagram_pair(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX, .sun_path = "/dev/log" };
	int pair[2] = { -1, -1 };

	(void)!socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair);
	struct msghdr message = { .msg_name = &to, .msg_namelen = sizeof(to) };

	(void)!sendmsg(pair[0], &message, MSG_NOSIGNAL);
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
raw_socket(void)
{
	(void)!socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
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
	{ "datagram-pair", datagram_pair, false, false },
	{ "netlink-socket", netlink_socket, false, false },
	{ "raw-socket", raw_socket, false, false },
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
	} else if (cs_span_is(wish, "ready-again")) {
		write_raw(0, FRAME_READY, 0);
	} else if (cs_span_is(wish, "another's-ticket")) {
		write_raw(0, FRAME_ANSWER, 1); /* has been answered, by a child before this one */
	} else if (cs_span_is(wish, "environment")) {
		say(question, environ[0] == NULL ? "none" : environ[4] == NULL ? "few" : "many");
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

/* How big the address space of a child is, is a matter of its role: the parent's stays as it was. */
static void
a_memory_bomb_ends_its_child(void **state)
{
	struct world *world = world_open((struct sandbox_settings){ .role = &toy_role });

	(void)state;
	if (SANDBOX_SANITIZED) { /* no limit there: see sandbox.h */
		world_close(world);
		skip();
	}
	assert_int_equal(ask(world, "eat").result, SANDBOX_DIED);
	assert_answers(world);
	assert_non_null(strstr(log_of(world), "died role=toy"));
	assert_non_null(
	    strstr(log_of(world), "signal=SIGABRT")); /* malloc() said no; not the kernel */
	world_close(world);
}

static void
an_endless_loop_is_stopped(void **state)
{
	struct world *world =
	    world_open((struct sandbox_settings){ .role = &toy_role, .stall_ms = 400 });
	struct reply neighbour = { .world = world };
	int first, second;

	(void)state;
	assert_int_equal(sandbox_pids(world->crew, &first, 1), 1);
	sandbox_ask(world->crew, cs_span_str("never"), PATIENCE_MS, on_done, &neighbour);
	assert_int_equal(ask_for(world, "spin", 100).result, SANDBOX_TIMED_OUT);
	run_until(world, is_done, &neighbour, "the neighbour");
	assert_int_equal(neighbour.result, SANDBOX_DIED);
	assert_answers(world);
	assert_non_null(strstr(log_of(world), "killed role=toy"));
	assert_non_null(strstr(log_of(world), "it stood still"));
	assert_int_equal(sandbox_pids(world->crew, &second, 1), 1);
	assert_int_not_equal(first, second);
	world_close(world);
}

static void
a_late_answer_is_dropped(void **state)
{
	struct world *world = world_open((struct sandbox_settings){ .role = &toy_role });
	struct reply late = ask_for(world, "later", 20);

	(void)state;
	assert_int_equal(late.result, SANDBOX_TIMED_OUT);
	assert_string_equal(
	    ask(world, "later").text, "late"); /* sent after the one that was late */
	assert_answers(world);
	assert_null(strstr(log_of(world), "killed"));
	assert_int_equal(sandbox_counters(world->crew).started, 1);
	assert_int_equal(sandbox_counters(world->crew).timed_out, 1);
	world_close(world);
}

static void
who_breaks_the_protocol_is_killed(void **state)
{
	static const char *const wishes[] = { "unknown-ticket", "too-long", "no-kind",
		"ready-again", "another's-ticket" };
	struct world *world =
	    world_open((struct sandbox_settings){ .role = &toy_role, .children = 1 });

	(void)state;
	for (size_t i = 0; i < LEN(wishes); i++) {
		struct reply reply = ask(world, wishes[i]);

		if (reply.result != SANDBOX_DIED)
			fail_msg("%s: %s", wishes[i], sandbox_result_name(reply.result));
		assert_answers(world);
	}
	assert_int_equal(sandbox_counters(world->crew).killed, LEN(wishes));
	world_close(world);
}

/* ---- many at once ---- */

#define CROWD 10000

struct crowd {
	struct world *world;
	size_t left;
	size_t results[4];
};

static void
on_one_of_many(void *arg, enum sandbox_result result, struct cs_span answer)
{
	struct crowd *crowd = arg;

	(void)answer;
	crowd->left--;
	crowd->results[result]++;
}

static bool
none_left(struct world *world, void *arg)
{
	(void)world;
	return ((struct crowd *)arg)->left == 0;
}

static void
a_crowd_is_answered(void **state)
{
	struct world *world =
	    world_open((struct sandbox_settings){ .role = &toy_role, .children = 2 });
	struct crowd crowd = { .world = world, .left = CROWD };

	(void)state;
	for (size_t i = 0; i < CROWD; i++)
		sandbox_ask(world->crew, cs_span_str("later"), PATIENCE_MS, on_one_of_many, &crowd);
	assert_int_equal(sandbox_counters(world->crew).in_flight, CROWD);
	assert_int_equal(sandbox_counters(world->crew).waiting, CROWD - 2 * SANDBOX_IN_FLIGHT_MAX);
	run_until(world, none_left, &crowd, "the crowd");
	assert_int_equal(crowd.results[SANDBOX_ANSWERED], CROWD);
	assert_int_equal(sandbox_counters(world->crew).in_flight, 0);
	world_close(world);
}

/* Those that its end does not concern are answered by the other child. */
static void
a_death_concerns_only_what_the_child_had(void **state)
{
	struct world *world =
	    world_open((struct sandbox_settings){ .role = &toy_role, .children = 2 });
	struct crowd crowd = { .world = world, .left = 2000 };
	int pids[2];

	(void)state;
	for (size_t i = 0; i < 2000; i++)
		sandbox_ask(world->crew, cs_span_str("later"), PATIENCE_MS, on_one_of_many, &crowd);
	assert_int_equal(sandbox_pids(world->crew, pids, 2), 2);
	assert_int_equal(kill(pids[0], SIGKILL), 0);
	run_until(world, none_left, &crowd, "the crowd");
	assert_int_equal(crowd.results[SANDBOX_DIED], 1000);
	assert_int_equal(crowd.results[SANDBOX_ANSWERED], 1000);
	assert_answers(world);
	world_close(world);
}

static void
too_many_are_told_so(void **state)
{
	struct world *world = world_open((struct sandbox_settings){ .role = &toy_role });
	const size_t room = SANDBOX_IN_FLIGHT_MAX + SANDBOX_WAITING_MAX;
	struct crowd waits = { .world = world, .left = room }, more = { .world = world, .left = 3 };

	(void)state;
	for (size_t i = 0; i < room; i++)
		sandbox_ask(world->crew, cs_span_str("never"), PATIENCE_MS, on_one_of_many, &waits);
	for (size_t i = 0; i < 3; i++)
		sandbox_ask(world->crew, cs_span_str("x"), PATIENCE_MS, on_one_of_many, &more);
	assert_int_equal(more.left, 3);
	run_until(world, none_left, &more, "to be told so");
	assert_int_equal(more.results[SANDBOX_UNAVAILABLE], 3);
	assert_int_equal(waits.left, room);
	world_close(world); /* the others end unheard */
	assert_int_equal(waits.left, room);
}

static void
sizes_up_to_the_limit_pass(void **state)
{
	struct world *world = world_open((struct sandbox_settings){ .role = &toy_role });
	uint8_t *big = cs_arena_alloc(world->arena, SANDBOX_FRAME_MAX);
	struct reply reply = { .world = world };

	(void)state;
	memset(big, 'x', SANDBOX_FRAME_MAX);
	sandbox_ask(world->crew, cs_span_of(big, SANDBOX_FRAME_MAX), PATIENCE_MS, on_done, &reply);
	run_until(world, is_done, &reply, "a long answer");
	assert_int_equal(reply.result, SANDBOX_ANSWERED);
	assert_int_equal(strlen(reply.text), SANDBOX_FRAME_MAX);
	world_close(world);
}

/* ---- replacement ---- */

static void
a_child_is_recycled_after_its_questions(void **state)
{
	struct world *world = world_open(
	    (struct sandbox_settings){ .role = &toy_role, .questions_max = 5, .stall_ms = 200 });
	struct reply long_one = { .world = world };
	int first, now;

	(void)state;
	assert_int_equal(sandbox_pids(world->crew, &first, 1), 1);
	for (int i = 0; i < 5; i++)
		assert_answers(world);
	/* In hand when its time is over: finished, not lost. */
	sandbox_ask(world->crew, cs_span_str("later"), PATIENCE_MS, on_done, &long_one);
	wait_for_fact(world, "recycled role=toy");
	assert_true(long_one.done);
	assert_int_equal(long_one.result, SANDBOX_ANSWERED);
	assert_non_null(strstr(log_of(world), "exit=0 lost=0"));
	assert_answers(world);
	assert_int_equal(sandbox_pids(world->crew, &now, 1), 1);
	assert_int_not_equal(first, now);
	assert_int_equal(sandbox_counters(world->crew).died, 0);
	world_close(world);
}

static void
a_child_is_recycled_after_its_life(void **state)
{
	struct world *world = world_open((struct sandbox_settings){
	    .role = &toy_role, .children = 2, .life_ms = 300, .stall_ms = 200 });

	(void)state;
	const int64_t until_ms = cs_mono_ms() + PATIENCE_MS;

	while (sandbox_counters(world->crew).recycled < 4) {
		assert_true(cs_mono_ms() < until_ms);
		struct reply reply = ask(world, "x");

		assert_int_equal(reply.result, SANDBOX_ANSWERED);
	}
	assert_int_equal(sandbox_counters(world->crew).lost, 0);
	world_close(world);
}

/* ---- what a child does not have ---- */

static const char *
proc(struct world *world, pid_t pid, const char *name)
{
	return cs_arena_printf(world->arena, "/proc/%d/%s", (int)pid, name);
}

static void
assert_file_lacks(const char *path, const char *what)
{
	char text[65536];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		fail_msg("%s: %s", path, strerror(errno));
	n = read(fd, text, sizeof(text) - 1);
	assert_true(n >= 0);
	if (memmem(text, (size_t)n, what, strlen(what)) != NULL)
		fail_msg("%s has it", path);
	(void)close(fd);
}

/* Every page that the child could read. */
static bool
memory_has(struct world *world, pid_t pid, const char *what)
{
	FILE *maps = fopen(proc(world, pid, "maps"), "re");
	int memory = open(proc(world, pid, "mem"), O_RDONLY | O_CLOEXEC);
	bool found = false;
	char line[512];

	assert_non_null(maps);
	assert_true(memory >= 0);
	while (!found && fgets(line, sizeof(line), maps) != NULL) {
		unsigned long from, to;
		char may[5];

		if (sscanf(line, "%lx-%lx %4s", &from, &to, may) != 3 || may[0] != 'r')
			continue;
		char *part = malloc(to - from);
		ssize_t n = pread(memory, part, to - from, (off_t)from);

		found = n > 0 && memmem(part, (size_t)n, what, strlen(what)) != NULL;
		free(part);
	}
	(void)fclose(maps);
	(void)close(memory);
	return found;
}

static size_t
count_links(struct world *world, pid_t pid, const char *begins)
{
	DIR *dir = opendir(proc(world, pid, "fd"));
	const struct dirent *entry;
	size_t n = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		char to[512] = "";

		if (entry->d_name[0] == '.')
			continue;
		(void)!readlink(
		    cs_arena_printf(world->arena, "/proc/%d/fd/%s", (int)pid, entry->d_name), to,
		    sizeof(to) - 1);
		n += strncmp(to, begins, strlen(begins)) == 0;
	}
	(void)closedir(dir);
	return n;
}

static void
a_child_has_nothing_of_its_parent(void **state)
{
	/* Made here, so that the executable itself does not hold it. */
	struct cs_arena *arena = cs_arena_new();
	const char *canary =
	    cs_arena_printf(arena, "key-%lld-%d", (long long)cs_mono_us(), getpid());
	int open_in_parent =
	    open("/proc/self/status", O_RDONLY); /* inherited by who does not close */
	int pair[2];
	struct world *world;
	pid_t pid;

	(void)state;
	assert_true(open_in_parent >= 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(setenv("CS_DATABASE_URL", canary, 1), 0);
	world = world_open((struct sandbox_settings){ .role = &toy_role });
	assert_int_equal(sandbox_pids(world->crew, &pid, 1), 1);
	if (SANDBOX_SANITIZED)
		assert_string_not_equal(ask(world, "environment").text, "many");
	else
		assert_string_equal(ask(world, "environment").text, "none");
	/* /dev/null twice, stderr, the channel, and three of its event base. */
	assert_string_equal(ask(world, "descriptors").text, "0 1 2 3 4 5 6 ");
	assert_file_lacks(proc(world, pid, "cmdline"), canary);
	if (geteuid() == 0) { /* nobody else sees more of a process that cannot be dumped */
		assert_file_lacks(proc(world, pid, "environ"), canary);
		assert_int_equal(count_links(world, pid, "/proc/"), 0);
		assert_int_equal(count_links(world, getpid(), "/proc/"), 2); /* and the directory */
		/* A sanitizer's terabytes cannot be searched. */
		assert_true(SANDBOX_SANITIZED || memory_has(world, getpid(), canary));
		assert_true(SANDBOX_SANITIZED || !memory_has(world, pid, canary));
	}
	world_close(world);
	(void)close(open_in_parent);
	(void)close(pair[0]);
	(void)close(pair[1]);
	assert_int_equal(unsetenv("CS_DATABASE_URL"), 0);
	cs_arena_free(arena);
}

static void
files_can_be_read_only_before(void **state)
{
	struct world *world = world_open((struct sandbox_settings){ .role = &toy_role });

	(void)state;
	assert_string_equal(ask(world, "read-file").text, SANDBOX_SANITIZED ? "read" : "EACCES");
	world_close(world);
}

/* ---- the end of the parent ---- */

/* A process that opens a crew, asks for what keeps the child busy, tells its pid, and waits to be killed. */
_Noreturn static void
be_a_parent(int tell_to, const char *wish)
{
	struct world *world = world_open((struct sandbox_settings){ .role = &toy_role });
	struct reply reply = { .world = world };
	pid_t pid = -1;

	(void)sandbox_pids(world->crew, &pid, 1);
	sandbox_ask(world->crew, cs_span_str(wish), PATIENCE_MS, on_done, &reply);
	for (int i = 0; i < 5; i++)
		(void)event_base_loop(world->base, EVLOOP_NONBLOCK);
	(void)!write(tell_to, &pid, sizeof(pid));
	(void)event_base_dispatch(world->base);
	_exit(1);
}

static void
a_child_does_not_outlive_its_parent(void **state)
{
	static const char *const wishes[] = { "never", "spin" };

	(void)state;
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0); /* so that we see its end */
	for (size_t i = 0; i < LEN(wishes); i++) {
		int pipes[2], status = 0;
		pid_t parent, child = -1;

		assert_int_equal(pipe(pipes), 0);
		parent = fork();
		if (parent == 0)
			be_a_parent(pipes[1], wishes[i]);
		assert_int_equal(read(pipes[0], &child, sizeof(child)), sizeof(child));
		assert_true(child > 0);
		assert_int_equal(kill(parent, SIGKILL), 0);
		assert_int_equal(waitpid(parent, &status, 0), parent);
		(void)alarm(PATIENCE_MS / 1000); /* ends this program if the child does not end */
		assert_int_equal(waitpid(child, &status, 0), child);
		(void)alarm(0);
		(void)close(pipes[0]);
		(void)close(pipes[1]);
	}
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
}

/* The word on the command line alone makes no child of a process. */
static void
it_is_not_for_people(void **state)
{
	int status = 0;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		char *argv[] = { (char *)(uintptr_t) "x", (char *)(uintptr_t)CHILD_WORD,
			(char *)(uintptr_t) "no-such-role", NULL };

		(void)!freopen("/dev/null", "w", stderr);
		sandbox_child_main(3, argv, roles);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 2);
}

int
main(int argc, char *argv[])
{
	sandbox_child_main(argc, argv, roles);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks_and_hears),
		cmocka_unit_test(a_role_that_cannot_open_is_an_error),
		cmocka_unit_test(a_forbidden_call_is_the_end),
		cmocka_unit_test(a_memory_bomb_ends_its_child),
		cmocka_unit_test(an_endless_loop_is_stopped),
		cmocka_unit_test(a_late_answer_is_dropped),
		cmocka_unit_test(who_breaks_the_protocol_is_killed),
		cmocka_unit_test(a_crowd_is_answered),
		cmocka_unit_test(a_death_concerns_only_what_the_child_had),
		cmocka_unit_test(too_many_are_told_so),
		cmocka_unit_test(sizes_up_to_the_limit_pass),
		cmocka_unit_test(a_child_is_recycled_after_its_questions),
		cmocka_unit_test(a_child_is_recycled_after_its_life),
		cmocka_unit_test(a_child_has_nothing_of_its_parent),
		cmocka_unit_test(files_can_be_read_only_before),
		cmocka_unit_test(a_child_does_not_outlive_its_parent),
		cmocka_unit_test(it_is_not_for_people),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
