/* SPDX-License-Identifier: Apache-2.0 */
/*
 * it_svc.c: the skeleton as processes (fake_toy.h) between a real nats-server and a real PostgreSQL,
 * both of which go away, lose things and bring things twice.  See run-it.sh.
 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/time.h"
#include "bus/bus.h"
#include "db/db.h"
#include "fake_toy.h"

#define PATIENCE_MS (40 * CS_SECOND_MS)
#define DRAIN_LIMIT_MS (20 * CS_SECOND_MS)
#define REPLICAS 2

/* One process of the service. */
struct toy {
	pid_t pid;
	uint16_t http, health;
	char log[128];
};

struct fixture {
	struct db *db;
	struct bus *bus;
	struct bus_queue *queue;
	struct cs_arena *arena;
	struct cs_err err;
	struct toy toys[REPLICAS];
	char dir[64], acts[80], key[80];
};

/* ---- small tools ---- */

static const char *
setting(const char *name)
{
	const char *value = getenv(name);

	if (!value)
		fail_msg("%s is not set", name);
	return value;
}

static void
check(enum cs_code got, enum cs_code want, const struct cs_err *err, const char *what)
{
	if (got != want)
		fail_msg("%s: got %s (%s), want %s", what, cs_code_name(got), got ? err->text : "",
		    cs_code_name(want));
}

/* Between two looks. */
static void
breathe(void)
{
	(void)poll(NULL, 0, 20);
}

static void
control(const char *verb)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char line[16];

	(void)snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", setting("CS_NATS_CONTROL"));
	assert_int_equal(connect(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	assert_true(dprintf(fd, "%s\n", verb) > 0);
	assert_int_equal(read(fd, line, sizeof(line)), 5);
	(void)close(fd);
}

static uint16_t
free_port(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sin);
	const int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sin, &len), 0);
	(void)close(fd);
	return ntohs(sin.sin_port);
}

static struct cs_id
key_of(uint32_t number)
{
	uint8_t octets[16] = { 1, 2, 3 };

	memcpy(octets + 8, &number, sizeof(number));
	return cs_id_from_digest(octets);
}

static const char *
line_of(struct fixture *fix, struct cs_id key, const char *word)
{
	char text[CS_ID_TEXT];

	cs_id_format(key, text);
	return cs_arena_printf(fix->arena, "%s %s", text, word);
}

/* ---- the database ---- */

static void
run_sql(struct fixture *fix, const char *sql)
{
	check(db_script(fix->db, sql, &fix->err), CS_OK, &fix->err, sql);
}

static int64_t
number(struct fixture *fix, const char *sql)
{
	struct db_rows *rows = NULL;

	check(db_query(fix->db, fix->arena, sql, NULL, 0, &rows, &fix->err), CS_OK, &fix->err, sql);
	assert_int_equal(db_rows_count(rows), 1);
	return db_get_i64(rows, 0, 0);
}

static void
eventually(struct fixture *fix, const char *sql, int64_t want)
{
	const int64_t deadline = cs_mono_ms() + PATIENCE_MS;
	int64_t got = number(fix, sql);

	while (got != want && cs_mono_ms() < deadline) {
		breathe();
		got = number(fix, sql);
	}
	if (got != want)
		fail_msg("%s: got %lld, want %lld (logs in %s)", sql, (long long)got,
		    (long long)want, fix->dir);
}

static void
make_tables(struct fixture *fix)
{
	char text[8192] = "";
	FILE *file = fopen("libs/svc/sql/0001_skeleton.sql", "re");

	assert_non_null(file);
	assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
	(void)fclose(file);
	run_sql(fix, "drop schema if exists toy cascade; drop role if exists toy;"
		     "create role toy login; create schema toy authorization toy;"
		     "alter role toy set search_path = toy; set search_path = toy;"
		     "set role toy");
	run_sql(fix, text);
	run_sql(fix, toy_tables);
	run_sql(fix, "reset role");
}

static void
cut_connections(struct fixture *fix)
{
	run_sql(
	    fix, "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'toy'");
}

static void
database_goes(struct fixture *fix)
{
	run_sql(fix, "alter role toy nologin");
	cut_connections(fix);
}

static void
database_comes(struct fixture *fix)
{
	run_sql(fix, "alter role toy login");
}

/* ---- the bus ---- */

static void
api(struct fixture *fix, const char *verb, const char *body)
{
	const int64_t deadline = cs_mono_ms() + PATIENCE_MS;
	const struct bus_out out = { .subject = cs_arena_printf(fix->arena, "$JS.API.%s", verb),
		.body = cs_span_str(body) };
	struct cs_span answer = { 0 };

	while (bus_request(fix->bus, &out, 2000, fix->arena, &answer, &fix->err) != CS_OK) {
		if (cs_mono_ms() > deadline)
			fail_msg("%s: %s", verb, fix->err.text);
		breathe();
	}
}

static void
make_stream(struct fixture *fix, const char *name, const char *subjects)
{
	api(fix, cs_arena_printf(fix->arena, "STREAM.CREATE.%s", name),
	    cs_arena_printf(fix->arena,
		"{\"name\":\"%s\",\"subjects\":[\"%s\"],\"retention\":\"limits\","
		"\"storage\":\"file\",\"max_msgs\":-1,\"max_bytes\":-1,\"max_consumers\":-1,"
		"\"num_replicas\":1,\"duplicate_window\":120000000000,\"max_msg_size\":81920}",
		name, subjects));
}

static void
drop_stream(struct fixture *fix, const char *name)
{
	api(fix, cs_arena_printf(fix->arena, "STREAM.DELETE.%s", name), NULL);
}

static void
make_lanes(struct fixture *fix)
{
	make_stream(fix, "REQUEST", "cs.request.*");
	make_stream(fix, "PLAN", "cs.plan.*");
	make_stream(fix, "DEADLETTER", "cs.deadletter.*");
	api(fix, "CONSUMER.DURABLE.CREATE.REQUEST.policy-request-submitted",
	    "{\"stream_name\":\"REQUEST\",\"config\":{\"durable_name\":\"policy-request-submitted\","
	    "\"filter_subject\":\"cs.request.submitted\",\"ack_policy\":\"explicit\","
	    "\"ack_wait\":3000000000,\"max_deliver\":-1,\"max_ack_pending\":1024,"
	    "\"deliver_policy\":\"all\",\"replay_policy\":\"instant\"}}");
}

struct sent {
	struct cs_id id;
	const char *type, *body;
	bool dedupe; /* by the stream */
};

/* Until the stream has it. */
static void
publish(struct fixture *fix, const struct sent *sent)
{
	char id[CS_ID_TEXT], when[CS_TIME_TEXT];
	struct bus_item *item;
	bool stored = false;

	cs_id_format(sent->id, id);
	cs_time_format(cs_now_ms(), when);
	const struct bus_header headers[] = { { "ce-specversion", "1.0" }, { "ce-id", id },
		{ "ce-time", when }, { "ce-type", sent->type } };
	const struct bus_out out = { .subject = "cs.request.submitted",
		.body = cs_span_str(sent->body),
		.headers = headers,
		.headers_len = 4,
		.msg_id = sent->dedupe ? id : NULL };

	while (!stored) {
		if (bus_publish(fix->queue, &out, 1, 2000, &fix->err)) {
			breathe();
			continue;
		}
		while (bus_queue_take(fix->queue, &item, 1, 5000) == 0)
			continue;
		stored = item->kind == BUS_STORED;
		bus_item_free(item);
	}
}

#define TYPE "io.countersign.request.submitted.v1"

static struct cs_id
submit(struct fixture *fix, struct cs_id key, const char *word)
{
	const struct sent sent = { cs_id_new(), TYPE, line_of(fix, key, word), true };

	publish(fix, &sent);
	return sent.id;
}

static void
wait_settled(struct fixture *fix)
{
	const int64_t deadline = cs_mono_ms() + PATIENCE_MS;
	struct bus_consumer consumer = { .pending = 1 };

	while (cs_mono_ms() < deadline && (consumer.pending > 0 || consumer.ack_pending > 0)) {
		if (bus_consumer_info(
			fix->bus, "REQUEST", "policy-request-submitted", &consumer, &fix->err))
			consumer.pending = 1;
		breathe();
	}
	assert_int_equal(consumer.pending, 0);
	assert_int_equal(consumer.ack_pending, 0);
}

static uint64_t
messages_of(struct fixture *fix, const char *name)
{
	struct bus_stream stream = { 0 };

	return bus_stream_info(fix->bus, name, &stream, &fix->err) ? 0 : stream.messages;
}

static void
wait_messages(struct fixture *fix, const char *name, uint64_t want)
{
	const int64_t deadline = cs_mono_ms() + PATIENCE_MS;

	while (messages_of(fix, name) != want && cs_mono_ms() < deadline)
		breathe();
	assert_int_equal(messages_of(fix, name), want);
}

/* ---- HTTP ---- */

static int
connect_to(uint16_t port)
{
	const struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (const struct sockaddr *)&sin, sizeof(sin)) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

static int
http_begin(uint16_t port, const char *method, const char *path)
{
	const int fd = connect_to(port);

	if (fd < 0)
		return -1;
	assert_true(dprintf(fd,
			"%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n"
			"Connection: close\r\n\r\n",
			method, path) > 0);
	return fd;
}

/* The status; 0: none in time.  The whole answer goes to ret_text. */
static int
http_end(int fd, int64_t wait_ms, char *ret_text, size_t size)
{
	const int64_t deadline = cs_mono_ms() + wait_ms;
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	size_t len = 0;
	ssize_t n = 1;
	int status = 0;

	while (n > 0 && len < size - 1 && cs_mono_ms() < deadline) {
		if (poll(&pfd, 1, 50) <= 0)
			continue;
		n = read(fd, ret_text + len, size - 1 - len);
		len += n > 0 ? (size_t)n : 0;
	}
	(void)close(fd);
	ret_text[len] = '\0';
	if (sscanf(ret_text, "HTTP/1.1 %d", &status) != 1)
		return 0;
	return status;
}

static int
http(uint16_t port, const char *method, const char *path, char *ret_text, size_t size)
{
	const int fd = http_begin(port, method, path);

	return fd < 0 ? 0 : http_end(fd, PATIENCE_MS, ret_text, size);
}

static const char *
command_path(struct fixture *fix, struct cs_id key, const char *word)
{
	char text[CS_ID_TEXT];

	cs_id_format(key, text);
	return cs_arena_printf(fix->arena, "/v1/%s/%s", text, word);
}

static long long
metric(const struct toy *toy, const char *row)
{
	static char text[65536];

	if (http(toy->health, "GET", "/metrics", text, sizeof(text)) != 200)
		return -1;
	const char *at = strstr(text, row);

	return at == NULL ? 0 : atoll(at + strlen(row));
}

/* ---- processes ---- */

static void
set_env(const struct fixture *fix, const struct toy *toy)
{
	char text[64];
	const char *url = strstr(setting("CS_DATABASE_URL"), "@");
	char database[256];

	(void)snprintf(database, sizeof(database), "postgresql://toy%s", url);
	(void)setenv("CS_DATABASE_URL", database, 1);
	(void)setenv("CS_NATS_SEED_FILE", setting("CS_NATS_POLICY_SEED_FILE"), 1);
	(void)snprintf(text, sizeof(text), "127.0.0.1:%u", toy->http);
	(void)setenv("CS_HTTP_LISTEN", text, 1);
	(void)snprintf(text, sizeof(text), "127.0.0.1:%u", toy->health);
	(void)setenv("CS_LISTEN", text, 1);
	(void)setenv("CS_LOG_LEVEL", "debug", 1);
	(void)setenv("TOY_ACTS", fix->acts, 1);
	(void)setenv("CS_KEY_FILE", fix->key, 1);
}

static struct toy *
spawn_as(struct fixture *fix, size_t i, const char *kind)
{
	struct toy *toy = &fix->toys[i];

	toy->http = free_port();
	toy->health = free_port();
	(void)snprintf(toy->log, sizeof(toy->log), "%s/log%zu", fix->dir, i);
	toy->pid = fork();
	assert_true(toy->pid >= 0);
	if (toy->pid == 0) {
		const int fd = open(toy->log, O_WRONLY | O_CREAT | O_APPEND, 0600);

		(void)dup2(fd, STDERR_FILENO);
		set_env(fix, toy);
		(void)execl("/proc/self/exe", "it_svc", kind, (char *)NULL);
		_exit(127);
	}
	return toy;
}

static struct toy *
spawn(struct fixture *fix, size_t i)
{
	return spawn_as(fix, i, "--toy");
}

static void
wait_http(const struct toy *toy, const char *path, int want)
{
	const int64_t deadline = cs_mono_ms() + PATIENCE_MS;
	char text[1024] = "";
	int got = 0;

	while (cs_mono_ms() < deadline) {
		got = http(toy->health, "GET", path, text, sizeof(text));
		if (got == want)
			return;
		breathe();
	}
	fail_msg("%s: got %d, want %d: %s", path, got, want, text);
}

static struct toy *
start(struct fixture *fix, size_t i)
{
	struct toy *toy = spawn(fix, i);

	wait_http(toy, "/readyz", 200);
	return toy;
}

/* What it ended with; -1: not in time. */
static int
wait_end(struct toy *toy, int64_t wait_ms)
{
	const int64_t deadline = cs_mono_ms() + wait_ms;
	int status = 0;

	while (waitpid(toy->pid, &status, WNOHANG) == 0) {
		if (cs_mono_ms() > deadline)
			return -1;
		breathe();
	}
	toy->pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void
kill_now(struct toy *toy)
{
	if (toy->pid <= 0)
		return;
	(void)kill(toy->pid, SIGKILL);
	(void)wait_end(toy, PATIENCE_MS);
}

static void
stop(struct toy *toy)
{
	(void)kill(toy->pid, SIGTERM);
	assert_int_equal(wait_end(toy, DRAIN_LIMIT_MS), 0);
}

static bool
file_has(const char *path, const char *text)
{
	static char all[1 << 20];
	FILE *file = fopen(path, "re");

	if (file == NULL)
		return false;
	const size_t n = fread(all, 1, sizeof(all) - 1, file);

	(void)fclose(file);
	all[n] = '\0';
	return strstr(all, text) != NULL;
}

static int
acts_count(const struct fixture *fix)
{
	FILE *file = fopen(fix->acts, "re");
	int c, n = 0;

	if (file == NULL)
		return 0;
	while ((c = fgetc(file)) != EOF)
		n += c == '\n';
	(void)fclose(file);
	return n;
}

/* Begun in its table is not yet begun by the hand. */
static void
wait_acts(const struct fixture *fix, int want)
{
	const int64_t deadline = cs_mono_ms() + PATIENCE_MS;

	while (acts_count(fix) < want && cs_mono_ms() < deadline)
		breathe();
	assert_int_equal(acts_count(fix), want);
}

static int
begin(void **state)
{
	struct fixture *fix = calloc(1, sizeof(*fix));
	const struct bus_settings settings = { .urls = setting("CS_NATS_URL"),
		.ca_file = setting("CS_NATS_CA_FILE"),
		.seed_file = setting("CS_NATS_TESTER_SEED_FILE"),
		.name = "tester" };

	assert_non_null(fix);
	(void)snprintf(fix->dir, sizeof(fix->dir), "/tmp/it_svc.XXXXXX");
	assert_non_null(mkdtemp(fix->dir));
	(void)snprintf(fix->acts, sizeof(fix->acts), "%s/acts", fix->dir);
	(void)snprintf(fix->key, sizeof(fix->key), "%s/key", fix->dir);
	const int fd = open(fix->key, O_WRONLY | O_CREAT | O_CLOEXEC, 0400);

	assert_true(dprintf(fd, "%064d", 7) == 64);
	(void)close(fd);
	fix->arena = cs_arena_new();
	check(db_open(setting("CS_DATABASE_URL"), "it_svc", &fix->db, &fix->err), CS_OK, &fix->err,
	    "database");
	check(bus_open(&settings, &fix->bus, &fix->err), CS_OK, &fix->err, "bus");
	fix->queue = bus_queue_new(fix->bus);
	make_tables(fix);
	make_lanes(fix);
	*state = fix;
	return 0;
}

static int
end(void **state)
{
	struct fixture *fix = *state;

	for (size_t i = 0; i < REPLICAS; i++)
		kill_now(&fix->toys[i]);
	control("start");
	drop_stream(fix, "REQUEST");
	drop_stream(fix, "PLAN");
	drop_stream(fix, "DEADLETTER");
	bus_close(fix->bus);
	db_close(fix->db);
	cs_arena_free(fix->arena);
	free(fix);
	return 0;
}

/* ---- the tests ---- */

static const char facts_sql[] = "select count(*) from toy.fact";
static const char twice_sql[] =
    "select count(*) from (select event from toy.fact group by event having count(*) > 1) t";
static const char parked_sql[] = "select count(*) from toy.parked where state = 'parked'";
static const char unsent_sql[] = "select count(*) from toy.outbox_unsent";

#define EVENTS 400

static void
every_event_counts_once_whatever_breaks(void **state)
{
	struct fixture *fix = *state;

	(void)start(fix, 0);
	(void)start(fix, 1);
	for (uint32_t i = 0; i < EVENTS; i++) {
		const struct sent sent = { cs_id_new(), TYPE, line_of(fix, key_of(i % 37), "add"),
			false };

		publish(fix, &sent);
		if (i % 3 == 0)
			publish(fix, &sent); /* as after a lost confirmation */
		if (i % 100 == 50)
			cut_connections(fix);
		if (i == EVENTS / 2) {
			control("stop");
			control("start");
		}
		if (i == EVENTS / 3) {
			kill_now(&fix->toys[1]);
			(void)start(fix, 1);
		}
	}
	eventually(fix, facts_sql, EVENTS);
	wait_settled(fix);
	assert_int_equal(number(fix, facts_sql), EVENTS);
	assert_int_equal(number(fix, twice_sql), 0);
	assert_int_equal(number(fix, "select sum(value)::bigint from toy.tally"), EVENTS);
	eventually(fix, unsent_sql, 0);
	assert_int_equal(number(fix, "select count(*) from toy.outbox"), EVENTS);
	wait_messages(fix, "PLAN", EVENTS);
}

/* As if the service had failed `times` before. */
static void
wear_out(struct fixture *fix, int times)
{
	struct bus_queue *queue = bus_queue_new(fix->bus);
	const int64_t deadline = cs_mono_ms() + PATIENCE_MS;
	struct bus_item *item;

	assert_int_equal(
	    bus_consume(queue, "REQUEST", "policy-request-submitted", 1, false, &fix->err), CS_OK);
	while (times > 0 && cs_mono_ms() < deadline) {
		if (bus_queue_take(queue, &item, 1, 100) == 0)
			continue;
		if (--times == 0)
			bus_pause(queue);
		bus_settle(item, BUS_NAK, times == 0 ? 1000 : 0);
		bus_item_free(item);
	}
	assert_int_equal(times, 0);
}

static void
a_poisoned_event_is_parked_and_comes_back_when_told(void **state)
{
	struct fixture *fix = *state;

	(void)submit(fix, key_of(1), "poison");
	wear_out(fix, 4);
	(void)submit(fix, key_of(2), "add");
	(void)start(fix, 0);
	eventually(fix, facts_sql, 1);
	eventually(fix, parked_sql, 1);
	wait_settled(fix);
	wait_messages(fix, "DEADLETTER", 1);
	run_sql(fix, "alter table toy.fact drop constraint no_poison;"
		     "update toy.parked set state = 'retry'");
	eventually(fix, facts_sql, 2);
	eventually(fix, "select count(*) from toy.parked", 0);
}

/* Each is refused for another reason; none may block its neighbours or be lost. */
static void
what_nobody_understands_is_parked(void **state)
{
	static const char long_tail[] =
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
	struct fixture *fix = *state;
	const struct sent bad[] = {
		{ cs_id_new(), TYPE, "no key at all", false },
		{ cs_id_new(), TYPE, "\xff\xfe is no UTF-8", false },
		{ cs_id_new(), TYPE, "a line\nbreak level=error forged", false },
		/* The error's text ends within a character. */
		{ cs_id_new(), TYPE, cs_arena_printf(fix->arena, "%s\xc3\xa9", long_tail), false },
		{ cs_id_new(), "io.countersign.evidence.caa.v1", line_of(fix, key_of(1), "add"),
		    false },
		{ cs_id_new(), TYPE, "00000000-0000-0000-0000-000000000000 add", false },
	};
	struct toy *toy = start(fix, 0);

	for (size_t i = 0; i < 6; i++)
		publish(fix, &bad[i]);
	(void)submit(fix, key_of(2), "add");
	eventually(fix, parked_sql, 6);
	eventually(fix, facts_sql, 1);
	wait_settled(fix);
	assert_false(file_has(toy->log, "\nbreak"));
	wait_messages(fix, "DEADLETTER", 6);
}

/* Whoever may publish can publish junk: it is put away by the batch, behind what can be handled. */
static void
a_flood_of_junk_costs_few_transactions(void **state)
{
	struct fixture *fix = *state;

	for (uint32_t i = 0; i < 500; i++) {
		const struct sent junk = { cs_id_new(), TYPE, "no key", false };

		publish(fix, &junk);
		if (i % 50 == 0)
			(void)submit(fix, key_of(i), "add");
	}
	(void)start(fix, 0);
	eventually(fix, parked_sql, 500);
	eventually(fix, facts_sql, 10);
	assert_in_range(number(fix, "select count(distinct xmin::text) from toy.parked"), 1, 25);
}

static void
two_events_with_one_id_raise_an_alarm(void **state)
{
	struct fixture *fix = *state;
	struct toy *toy = start(fix, 0);
	struct sent sent = { cs_id_new(), TYPE, line_of(fix, key_of(1), "add"), false };

	publish(fix, &sent);
	publish(fix, &sent);
	eventually(fix, facts_sql, 1);
	wait_settled(fix);
	assert_int_equal(metric(toy, "events_consumed_total{result=\"duplicate\"} "), 1);
	sent.body = line_of(fix, key_of(1), "end");
	publish(fix, &sent);
	wait_settled(fix);
	assert_int_equal(metric(toy, "events_consumed_total{result=\"equivocation\"} "), 1);
	assert_int_equal(number(fix, facts_sql), 1);
	assert_true(file_has(toy->log, "two events under one id"));
	/* Side by side in one batch: one of them counts, the other is told of. */
	database_goes(fix);
	wait_http(toy, "/readyz", 503);
	sent.id = cs_id_new();
	for (uint32_t i = 0; i < 10; i++) {
		sent.body = line_of(fix, key_of(1), i % 2 ? "add" : "end");
		publish(fix, &sent);
	}
	database_comes(fix);
	eventually(fix, facts_sql, 2);
	wait_settled(fix);
	assert_true(metric(toy, "events_consumed_total{result=\"equivocation\"} ") >= 6);
}

/* ---- work ---- */

static void
work_is_done_once_and_its_row_is_gone(void **state)
{
	struct fixture *fix = *state;

	(void)start(fix, 0);
	(void)start(fix, 1);
	for (uint32_t i = 0; i < 50; i++)
		(void)submit(fix, key_of(i), "work");
	eventually(fix, "select count(*) from toy.fact where subject = 'work.shout'", 50);
	assert_int_equal(number(fix, "select count(*) from toy.work"), 0);
	assert_int_equal(acts_count(fix), 50);
}

static void
work_of_a_dead_process_is_taken_over(void **state)
{
	struct fixture *fix = *state;

	(void)start(fix, 0);
	(void)submit(fix, key_of(1), "hang");
	eventually(fix, "select count(*) from toy.work where lease_ms > 0", 1);
	wait_acts(fix, 1);
	kill_now(&fix->toys[0]);
	run_sql(fix, "update toy.work set lease_ms = 1"); /* some time later */
	(void)start(fix, 1);
	eventually(fix, "select count(*) from toy.fact where subject = 'work.shout'", 1);
	assert_int_equal(number(fix, "select count(*) from toy.work"), 0);
	assert_int_equal(acts_count(fix), 2);
}

static void
work_whose_result_cannot_be_stored_is_parked_and_not_repeated(void **state)
{
	struct fixture *fix = *state;

	(void)start(fix, 0);
	(void)submit(fix, key_of(1), "spoil");
	eventually(fix, parked_sql, 1);
	run_sql(fix, "update toy.work set lease_ms = 0"); /* some time later */
	(void)submit(fix, key_of(2), "work");
	eventually(fix, "select count(*) from toy.fact where subject = 'work.shout'", 1);
	(void)submit(fix, key_of(3), "work");
	eventually(fix, "select count(*) from toy.fact where subject = 'work.shout'", 2);
	assert_int_equal(number(fix, parked_sql), 1);
	assert_int_equal(acts_count(fix), 3);
	run_sql(fix, "alter table toy.fact drop constraint no_poison;"
		     "update toy.parked set state = 'retry'");
	eventually(fix, "select count(*) from toy.fact where subject = 'work.shout'", 3);
	eventually(fix, "select count(*) from toy.work", 0);
	eventually(fix, "select count(*) from toy.parked", 0);
	assert_int_equal(acts_count(fix), 4);
}

/* What is in hand is bounded; what found no room waits in its table, and counts no attempt. */
static void
more_work_than_hands_waits_in_its_table(void **state)
{
	struct fixture *fix = *state;

	for (uint32_t i = 0; i < 1100; i++)
		(void)submit(fix, key_of(i), "hang");
	(void)start(fix, 0);
	eventually(fix, facts_sql, 1100);
	eventually(fix, "select count(*) from toy.work where lease_ms > 0", 1024);
	assert_int_equal(number(fix, "select count(*) from toy.work where attempt = 1"), 1100);
	wait_acts(fix, 1024);
	assert_int_equal(metric(&fix->toys[0], "\ncountersign_work_in_hand "), 1024);
}

/* Ringing is slower than looking: those that are on their way are not rung again. */
static void
a_clock_rings_once(void **state)
{
	struct fixture *fix = *state;

	run_sql(
	    fix, "insert into toy.alarm select gen_random_uuid(), 5 from generate_series(1, 600)");
	(void)start(fix, 0);
	eventually(fix, "select count(*) from toy.alarm", 0);
	(void)submit(fix, key_of(1), "add");
	eventually(fix, "select count(*) from toy.fact where subject = 'request.submitted'", 1);
	assert_int_equal(number(fix, "select count(distinct key) from toy.fact"), 601);
	assert_int_equal(number(fix, facts_sql), 601);
}

/* ---- services without state ---- */

static void
a_service_without_state_loses_nothing_either(void **state)
{
	struct fixture *fix = *state;
	const struct sent bad = { cs_id_new(), TYPE, "no key", false };
	struct toy *toy = spawn_as(fix, 0, "--loop");
	struct cs_span body;
	struct bus_stored stored;

	wait_http(toy, "/readyz", 200);
	publish(fix, &bad);
	for (uint32_t i = 0; i < 20; i++)
		(void)submit(fix, key_of(i), i == 7 ? "hang" : "add");
	wait_messages(fix, "PLAN", 19);
	wait_messages(fix, "DEADLETTER", 1);
	assert_int_equal(
	    bus_stream_next(fix->bus, "DEADLETTER", 1, NULL, fix->arena, &stored, &fix->err),
	    CS_OK);
	body = stored.body;
	assert_true(cs_span_is(body, "no key"));
	/* No table keeps it, so it says itself what it is. */
	assert_string_equal(
	    bus_stored_header(&stored, "cs-refused-subject", fix->arena), "request.submitted");
	assert_string_equal(
	    bus_stored_header(&stored, "cs-refused-place", fix->arena), "REQUEST 1");
	assert_non_null(
	    strstr(bus_stored_header(&stored, "cs-refused-reason", fix->arena), "no key in"));
	kill_now(toy);
	/* Its work is repeated under the same identifiers: the stream takes none of it twice. */
	toy = spawn_as(fix, 0, "--loop");
	wait_http(toy, "/readyz", 200);
	(void)kill(toy->pid, SIGTERM);
	assert_int_equal(wait_end(toy, DRAIN_LIMIT_MS), 0);
	wait_messages(fix, "PLAN", 19);
}

/* ---- questions and commands ---- */

static void
questions_and_commands_are_answered(void **state)
{
	struct fixture *fix = *state;
	struct toy *toy = start(fix, 0);
	const struct bus_out ask = { .subject = "ask.mailbox.submit",
		.body = cs_span_str(line_of(fix, key_of(1), "add")) };
	struct cs_span answer = { 0 };
	char text[1024];

	check(bus_request(fix->bus, &ask, 5000, fix->arena, &answer, &fix->err), CS_OK, &fix->err,
	    "ask");
	assert_true(cs_span_is(answer, "1"));
	assert_int_equal(
	    http(toy->http, "POST", command_path(fix, key_of(1), "add"), text, sizeof(text)), 200);
	assert_non_null(strstr(text, "\r\n\r\n2"));
	assert_int_equal(
	    http(toy->http, "POST", command_path(fix, key_of(1), "poison"), text, sizeof(text)),
	    503);
	assert_int_equal(
	    http(toy->http, "POST", command_path(fix, key_of(1), "nonsense"), text, sizeof(text)),
	    503);
	assert_int_equal(number(fix, facts_sql), 2);
}

/* Behind an ingress all clients share few addresses, so it can be set. */
static void
one_source_has_as_many_connections_as_is_set(void **state)
{
	struct fixture *fix = *state;
	char text[1024];

	(void)setenv("CS_HTTP_PER_SOURCE", "40", 1);
	struct toy *toy = start(fix, 0);
	int fds[39];

	(void)unsetenv("CS_HTTP_PER_SOURCE");
	for (size_t i = 0; i < 39; i++) {
		fds[i] = connect_to(toy->http);
		assert_true(fds[i] >= 0);
	}
	assert_int_equal(
	    http(toy->http, "POST", command_path(fix, key_of(1), "add"), text, sizeof(text)), 200);
	const int last = connect_to(toy->http);

	assert_true(last >= 0);
	assert_int_equal(
	    http(toy->http, "POST", command_path(fix, key_of(1), "add"), text, sizeof(text)), 429);
	(void)close(last);
	for (size_t i = 0; i < 39; i++)
		(void)close(fds[i]);
}

/* A client is told within seconds; what came by the bus waits and counts no delivery. */
static void
an_outage_of_the_database_is_told_and_costs_nothing(void **state)
{
	struct fixture *fix = *state;
	struct toy *toy = start(fix, 0);
	int fds[20];
	char text[1024];

	(void)submit(fix, key_of(1), "add");
	eventually(fix, facts_sql, 1);
	database_goes(fix);
	for (uint32_t i = 0; i < 20; i++) {
		fds[i] = http_begin(toy->http, "POST", command_path(fix, key_of(2), "add"));
		assert_true(fds[i] >= 0);
		if (i == 10)
			wait_http(toy, "/readyz", 503);
	}
	for (uint32_t i = 0; i < 20; i++)
		assert_int_equal(http_end(fds[i], 8000, text, sizeof(text)), 503);
	wait_http(toy, "/livez", 200);
	for (uint32_t i = 0; i < 20; i++)
		(void)submit(fix, key_of(i), "add");
	assert_int_equal(number(fix, facts_sql), 1);
	database_comes(fix);
	wait_http(toy, "/readyz", 200);
	eventually(fix, facts_sql, 21);
	wait_settled(fix);
	assert_int_equal(number(fix, twice_sql), 0);
	assert_int_equal(number(fix, "select count(*) from toy.parked"), 0);
}

static void
without_a_database_at_the_start_clients_are_told(void **state)
{
	struct fixture *fix = *state;
	char text[1024];

	database_goes(fix);
	struct toy *toy = spawn(fix, 0);

	wait_http(toy, "/livez", 200);
	wait_http(toy, "/readyz", 503);
	const int fd = http_begin(toy->http, "POST", command_path(fix, key_of(2), "add"));

	assert_int_equal(http_end(fd, 8000, text, sizeof(text)), 503);
	const int last = http_begin(toy->http, "POST", command_path(fix, key_of(2), "add"));

	(void)submit(fix, key_of(1), "add");
	stop(toy);
	assert_int_equal(http_end(last, 8000, text, sizeof(text)), 503);
	database_comes(fix);
	(void)start(fix, 0);
	eventually(fix, facts_sql, 1);
}

/* ---- streams that lose things ---- */

static void
a_stream_made_anew_gets_what_its_readers_may_miss(void **state)
{
	struct fixture *fix = *state;

	(void)start(fix, 0);
	(void)start(fix, 1);
	for (uint32_t i = 0; i < 20; i++)
		(void)submit(fix, key_of(i), "add");
	wait_messages(fix, "PLAN", 20);
	for (uint32_t i = 0; i < 10; i++)
		(void)submit(fix, key_of(i), "end");
	wait_messages(fix, "PLAN", 30);
	eventually(fix, unsent_sql, 0);
	eventually(fix, "select count(*) from toy.stream", 1);
	drop_stream(fix, "PLAN");
	make_stream(fix, "PLAN", "cs.plan.*");
	/* Ten of requests under way; of the ended ones the last word, which nobody answers. */
	wait_messages(fix, "PLAN", 20);
	eventually(fix, unsent_sql, 0);
}

/* The server's machine crashed: what it wrote last is gone, and it does not know. */
static void
a_stream_that_lost_its_end_gets_it_again(void **state)
{
	struct fixture *fix = *state;

	(void)start(fix, 0);
	for (uint32_t i = 0; i < 10; i++)
		(void)submit(fix, key_of(i), "add");
	wait_messages(fix, "PLAN", 10);
	eventually(fix, unsent_sql, 0);
	wait_settled(fix);
	control("keep");
	for (uint32_t i = 10; i < 30; i++)
		(void)submit(fix, key_of(i), "add");
	wait_messages(fix, "PLAN", 30);
	eventually(fix, unsent_sql, 0);
	eventually(fix, "select coalesce(max(last_seq), 0) from toy.stream", 30);
	control("return");
	wait_messages(fix, "PLAN", 30);
	eventually(fix, unsent_sql, 0);
	assert_int_equal(metric(&fix->toys[0], "stream_refills_total{stream=\"PLAN\"} "), 1);
}

static void
a_loss_while_nobody_looked_is_noticed_at_the_start(void **state)
{
	struct fixture *fix = *state;

	(void)start(fix, 0);
	control("keep");
	wait_http(&fix->toys[0], "/readyz", 200);
	for (uint32_t i = 0; i < 20; i++)
		(void)submit(fix, key_of(i), "add");
	wait_messages(fix, "PLAN", 20);
	eventually(fix, unsent_sql, 0);
	eventually(fix, "select coalesce(max(last_seq), 0) from toy.stream", 20);
	stop(&fix->toys[0]);
	control("return");
	(void)start(fix, 0);
	wait_messages(fix, "PLAN", 20);
}

static void
what_is_too_old_is_swept_away_however_much_it_is(void **state)
{
	struct fixture *fix = *state;

	run_sql(fix,
	    "insert into toy.outbox (id, key, causation, subject, body, created_ms)"
	    " select gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'plan.made', '', i"
	    " from generate_series(1, 12000) i;"
	    "insert into toy.outbox_ended select gen_random_uuid(), i, i from generate_series(1, 6000) i;"
	    "insert into toy.inbox select (lpad(to_hex(i), 12, '0') || repeat('7', 20))::uuid, 1, ''"
	    " from generate_series(1, 12000) i");
	(void)start(fix, 0);
	eventually(fix, "select count(*) from toy.outbox", 0);
	eventually(fix, "select count(*) from toy.outbox_ended", 0);
	eventually(fix, "select count(*) from toy.inbox", 0);
}

/* One mark stands for many rows of a transaction; each of them is published before it goes. */
static void
what_one_mark_stands_for_is_published_whole(void **state)
{
	struct fixture *fix = *state;

	run_sql(fix,
	    "with o as (insert into toy.outbox (id, key, causation, subject, body, created_ms)"
	    " select gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'plan.made', 'x',"
	    " extract(epoch from now()) * 1000 - 10000 from generate_series(1, 1300) returning seq), m as (select min(seq) as first,"
	    " array_agg(seq order by seq) as all_ from o group by seq / 13)"
	    " insert into toy.outbox_unsent select first, all_[2:] from m");
	(void)start(fix, 0);
	wait_messages(fix, "PLAN", 1300);
	eventually(fix, unsent_sql, 0);
	assert_int_equal(number(fix, "select count(*) from toy.outbox"), 1300);
}

/* What no stream takes keeps a mark of its own; its neighbours are published, and not again with it. */
static void
what_no_stream_takes_harms_no_neighbour(void **state)
{
	struct fixture *fix = *state;

	run_sql(fix,
	    "with o as (insert into toy.outbox (id, key, causation, subject, body, created_ms)"
	    " select gen_random_uuid(), gen_random_uuid(), gen_random_uuid(),"
	    " case i when 2 then 'of.no.lane' else 'plan.made' end, 'x',"
	    " extract(epoch from now()) * 1000 - 10000 from generate_series(1, 3) i returning seq)"
	    " insert into toy.outbox_unsent select min(seq), (array_agg(seq order by seq))[2:] from o");
	(void)start(fix, 0);
	wait_messages(fix, "PLAN", 2);
	eventually(fix,
	    "select count(*) from toy.outbox_unsent u join toy.outbox o on o.seq = u.seq"
	    " where u.others is not null or o.subject = 'plan.made'",
	    0);
	assert_int_equal(number(fix, unsent_sql), 1);
}

/* Days before now, whether the row was confirmed; and whether it stays. */
static const struct {
	int days;
	bool sent, stays;
} ages[] = {
	{ 8, true, true },
	{ 89, true, true },
	{ 91, true, false },
	{ 91, false, true },
};

/* Rows of one mark: the second is its last. */
static const char two_of_a_mark_sql[] =
    "with o as (insert into toy.outbox (id, key, causation, subject, body, created_ms)"
    " select gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'another', '',"
    " 1000 from generate_series(1, 2) returning seq)"
    " insert into toy.outbox_unsent select min(seq), array[max(seq)] from o";

static void
what_may_be_missed_is_not_swept_away(void **state)
{
	struct fixture *fix = *state;
	int64_t stay = 0;

	for (size_t i = 0; i < sizeof(ages) / sizeof(ages[0]); i++) {
		stay += ages[i].stays;
		run_sql(fix,
		    cs_arena_printf(fix->arena,
			"with o as (insert into toy.outbox (id, key, causation, subject, body, created_ms)"
			" values (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'other.%zu', '',"
			" extract(epoch from now()) * 1000 - %d * 86400000::bigint) returning seq)"
			" insert into toy.outbox_unsent select seq from o where not %s",
			i, ages[i].days, ages[i].sent ? "true" : "false"));
	}
	run_sql(fix, two_of_a_mark_sql);
	stay += 2;
	/* The last to go tells that the sweep is over. */
	run_sql(fix, "insert into toy.outbox_ended values (gen_random_uuid(), 0, 0)");
	(void)start(fix, 0);
	eventually(fix, "select count(*) from toy.outbox_ended where at_ms = 0", 0);
	assert_int_equal(number(fix, "select count(*) from toy.outbox"), stay);
	for (size_t i = 0; i < sizeof(ages) / sizeof(ages[0]); i++)
		assert_int_equal(
		    number(
			fix, cs_arena_printf(fix->arena,
				 "select count(*) from toy.outbox where subject = 'other.%zu'", i)),
		    ages[i].stays);
}

/* As long as a stream or a refilling may bring it again, and some days: the age is that of the event. */
static void
what_may_come_again_stays_in_the_inbox(void **state)
{
	static const int days[] = { 0, 39, 44, 46, 400 };
	struct fixture *fix = *state;

	for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++)
		run_sql(fix,
		    cs_arena_printf(fix->arena,
			"insert into toy.inbox select (lpad(to_hex((extract(epoch from now())"
			" * 1000)::bigint - %d * 86400000::bigint), 12, '0') || repeat('9', 20))::uuid,"
			" %d, ''",
			days[i], days[i]));
	(void)start(fix, 0);
	eventually(fix, "select count(*) from toy.inbox where subject > 45", 0);
	assert_int_equal(number(fix, "select count(*) from toy.inbox"), 3);
}

static void
a_service_sweeps_its_own_tables_too(void **state)
{
	struct fixture *fix = *state;

	run_sql(fix, "insert into toy.stale select i from generate_series(1, 7) i;"
		     "insert into toy.stale select 9000000000000");
	(void)start(fix, 0);
	eventually(fix, "select count(*) from toy.stale", 1);
	assert_int_equal(number(fix, "select at_ms from toy.stale"), 9000000000000);
}

static void
a_sweep_that_fails_holds_nobody_up(void **state)
{
	struct fixture *fix = *state;

	run_sql(fix, "drop table toy.stale; insert into toy.inbox values"
		     " ('00000000-0000-7000-8000-000000000000', 1, '')");
	(void)start(fix, 0);
	eventually(fix, "select count(*) from toy.inbox", 0);
	run_sql(fix, "insert into toy.alarm values (gen_random_uuid(), 0)");
	eventually(fix, "select count(*) from toy.fact where subject = 'clock.toy-due'", 1);
}

/* ---- the end ---- */

static void
a_stopped_service_finishes_what_it_began(void **state)
{
	struct fixture *fix = *state;
	int fds[30];
	char text[1024];
	int done = 0;

	for (int round = 0; round < 5; round++) {
		struct toy *toy = start(fix, 0);

		for (uint32_t i = 0; i < 60; i++)
			(void)submit(fix, key_of(i), i % 2 ? "work" : "add");
		for (uint32_t i = 0; i < 30; i++)
			fds[i] = http_begin(toy->http, "POST",
			    command_path(fix, key_of(100 + i), i % 3 ? "add" : "nonsense"));
		stop(toy);
		for (uint32_t i = 0; i < 30; i++) {
			const int status = http_end(fds[i], 1000, text, sizeof(text));

			done += status == 200;
			if (status != 200 && status != 503 && status != 0)
				fail_msg("status %d", status);
		}
	}
	(void)start(fix, 1);
	eventually(fix, "select count(*) from toy.fact where subject = 'request.submitted'", 300);
	eventually(fix, "select count(*) from toy.fact where subject = 'work.shout'", 150);
	assert_int_equal(number(fix, twice_sql), 0);
	wait_settled(fix);
	assert_true(number(fix, "select count(*) from toy.fact where subject = 'api.add'") >= done);
}

#define LONG_MS (15 * CS_SECOND_MS)

static void
wait_held(struct fixture *fix, uint64_t want)
{
	const int64_t deadline = cs_mono_ms() + PATIENCE_MS;
	struct bus_consumer consumer = { 0 };

	while (consumer.ack_pending != want && cs_mono_ms() < deadline) {
		if (bus_consumer_info(
			fix->bus, "REQUEST", "policy-request-submitted", &consumer, &fix->err))
			consumer.ack_pending = 0;
		breathe();
	}
	assert_int_equal(consumer.ack_pending, want);
}

/* Far longer than any service would: without a command they would lie there until then. */
static void
who_is_patient_takes_more_at_once_and_lets_no_command_wait(void **state)
{
	struct fixture *fix = *state;
	char text[1024];

	(void)setenv("TOY_PATIENCE_MS", "20000", 1);
	struct toy *toy = start(fix, 0);

	(void)unsetenv("TOY_PATIENCE_MS");
	for (uint32_t i = 0; i < 3; i++)
		(void)submit(fix, key_of(i), "add");
	wait_held(fix, 3);
	assert_int_equal(number(fix, "select count(*) from toy.fact"), 0);
	const int64_t began = cs_mono_ms();

	assert_int_equal(
	    http(toy->http, "POST", command_path(fix, key_of(9), "add"), text, sizeof(text)), 200);
	assert_true(cs_mono_ms() - began < LONG_MS);
	assert_int_equal(number(fix, "select count(*) from toy.fact"), 4);
	assert_int_equal(number(fix, "select count(distinct xmin::text) from toy.fact"), 1);
}

static void
results_of_work_wait_for_more_but_not_for_ever(void **state)
{
	struct fixture *fix = *state;

	(void)setenv("TOY_PATIENCE_MS", "200", 1);
	struct toy *toy = start(fix, 0);

	(void)unsetenv("TOY_PATIENCE_MS");
	for (uint32_t i = 0; i < 8; i++)
		(void)submit(fix, key_of(i), "work");
	eventually(fix, "select count(*) from toy.fact where subject = 'work.shout'", 8);
	eventually(fix, "select count(*) from toy.work", 0);
	stop(toy);
	assert_int_equal(acts_count(fix), 8);
}

static void
a_service_that_waits_for_its_servers_can_be_stopped(void **state)
{
	struct fixture *fix = *state;
	const int64_t began = cs_mono_ms();

	control("stop");
	struct toy *toy = spawn(fix, 0);

	wait_http(toy, "/livez", 200);
	stop(toy);
	assert_true(cs_mono_ms() - began < 10000);
	toy = spawn(fix, 0);
	wait_http(toy, "/readyz", 503);
	control("start");
	wait_http(toy, "/readyz", 200);
	database_goes(fix);
	wait_http(toy, "/readyz", 503);
	control("stop");
	stop(toy);
	control("start");
	database_comes(fix);
}

int
main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    every_event_counts_once_whatever_breaks, begin, end),
		cmocka_unit_test_setup_teardown(
		    a_poisoned_event_is_parked_and_comes_back_when_told, begin, end),
		cmocka_unit_test_setup_teardown(what_nobody_understands_is_parked, begin, end),
		cmocka_unit_test_setup_teardown(a_flood_of_junk_costs_few_transactions, begin, end),
		cmocka_unit_test_setup_teardown(two_events_with_one_id_raise_an_alarm, begin, end),
		cmocka_unit_test_setup_teardown(work_is_done_once_and_its_row_is_gone, begin, end),
		cmocka_unit_test_setup_teardown(work_of_a_dead_process_is_taken_over, begin, end),
		cmocka_unit_test_setup_teardown(
		    work_whose_result_cannot_be_stored_is_parked_and_not_repeated, begin, end),
		cmocka_unit_test_setup_teardown(
		    more_work_than_hands_waits_in_its_table, begin, end),
		cmocka_unit_test_setup_teardown(
		    a_service_without_state_loses_nothing_either, begin, end),
		cmocka_unit_test_setup_teardown(a_clock_rings_once, begin, end),
		cmocka_unit_test_setup_teardown(questions_and_commands_are_answered, begin, end),
		cmocka_unit_test_setup_teardown(
		    one_source_has_as_many_connections_as_is_set, begin, end),
		cmocka_unit_test_setup_teardown(
		    an_outage_of_the_database_is_told_and_costs_nothing, begin, end),
		cmocka_unit_test_setup_teardown(
		    without_a_database_at_the_start_clients_are_told, begin, end),
		cmocka_unit_test_setup_teardown(
		    a_stream_made_anew_gets_what_its_readers_may_miss, begin, end),
		cmocka_unit_test_setup_teardown(
		    a_stream_that_lost_its_end_gets_it_again, begin, end),
		cmocka_unit_test_setup_teardown(
		    a_loss_while_nobody_looked_is_noticed_at_the_start, begin, end),
		cmocka_unit_test_setup_teardown(
		    what_is_too_old_is_swept_away_however_much_it_is, begin, end),
		cmocka_unit_test_setup_teardown(
		    what_one_mark_stands_for_is_published_whole, begin, end),
		cmocka_unit_test_setup_teardown(
		    what_no_stream_takes_harms_no_neighbour, begin, end),
		cmocka_unit_test_setup_teardown(what_may_be_missed_is_not_swept_away, begin, end),
		cmocka_unit_test_setup_teardown(what_may_come_again_stays_in_the_inbox, begin, end),
		cmocka_unit_test_setup_teardown(a_service_sweeps_its_own_tables_too, begin, end),
		cmocka_unit_test_setup_teardown(a_sweep_that_fails_holds_nobody_up, begin, end),
		cmocka_unit_test_setup_teardown(
		    a_stopped_service_finishes_what_it_began, begin, end),
		cmocka_unit_test_setup_teardown(
		    who_is_patient_takes_more_at_once_and_lets_no_command_wait, begin, end),
		cmocka_unit_test_setup_teardown(
		    results_of_work_wait_for_more_but_not_for_ever, begin, end),
		cmocka_unit_test_setup_teardown(
		    a_service_that_waits_for_its_servers_can_be_stopped, begin, end),
	};

	if (argc == 2 && strcmp(argv[1], "--toy") == 0)
		return toy_main();
	if (argc == 2 && strcmp(argv[1], "--loop") == 0)
		return toy_loop_main();
	if (argc == 2)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
