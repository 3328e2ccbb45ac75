/* SPDX-License-Identifier: Apache-2.0 */
/* it_lmtp.c: the receiver, and the clients of clients.py, good and hostile. */
#include <event2/event.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "lmtp/lmtp.h"
#include "tests/check.h"

extern char **environ;

static const char mail_text[] = "Subject: x\r\n\r\n.\r\n..dots\r\n\xc3\xa4 8 bits\r\n";

struct world {
	struct event_base *base;
	struct event *guard, *ended, *answer;
	struct lmtp *lmtp;
	pid_t client;
	int status;
	unsigned mails, recipients;
	char from[300], first_to[300], peer[64];
	uint8_t octets[256]; /* the beginning of the last mail */
	size_t octets_len;
	struct lmtp_ticket *held[8]; /* answered from the loop */
	size_t held_len;
	bool hold, drained;
};

static const char *
env(const char *name)
{
	const char *value = getenv(name);

	if (value == NULL)
		fail_msg("%s is not set: use run-it.sh", name);
	return value;
}

static void
on_guard(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	fprintf(stderr, "the test waits for something that does not come\n");
	abort();
}

static void
on_ended(evutil_socket_t fd, short what, void *arg)
{
	struct world *world = arg;

	(void)fd;
	(void)what;
	if (waitpid(world->client, &world->status, WNOHANG) == world->client)
		event_base_loopbreak(world->base);
}

static void
on_drained(void *arg)
{
	struct world *world = arg;

	world->drained = true;
}

static enum lmtp_answer
on_rcpt(void *arg, const char *address)
{
	static const char *const known[] = { "known@ca.example", "two@ca.example",
		"later@ca.example", "refuse@ca.example", "drain@ca.example" };

	(void)arg;
	for (size_t i = 0; i < COUNT(known); i++)
		if (strcmp(address, known[i]) == 0)
			return LMTP_TAKEN;
	return LMTP_UNKNOWN;
}

static void
on_answer(evutil_socket_t fd, short what, void *arg)
{
	struct world *world = arg;

	(void)fd;
	(void)what;
	while (world->held_len > 0)
		lmtp_answer(world->held[--world->held_len], 0, LMTP_LATER, NULL);
}

static void
on_mail(void *arg, const struct lmtp_mail *mail, struct lmtp_ticket *ticket)
{
	struct world *world = arg;

	world->mails++;
	world->recipients += (unsigned)mail->to_len;
	snprintf(world->from, sizeof(world->from), "%s", mail->from);
	snprintf(world->first_to, sizeof(world->first_to), "%s", mail->to[0]);
	snprintf(world->peer, sizeof(world->peer), "%s", mail->peer);
	world->octets_len = mail->octets.len;
	for (size_t i = 0; i < mail->octets.len && i < sizeof(world->octets); i++)
		world->octets[i] = mail->octets.data[i];
	if (world->hold || (mail->to_len == 1 && strncmp(mail->to[0], "later@", 6) == 0)) {
		world->held[world->held_len++] = ticket;
		if (!world->hold)
			event_active(world->answer, EV_TIMEOUT, 0);
		return;
	}
	if (strncmp(mail->to[0], "drain@", 6) == 0)
		lmtp_drain(world->lmtp, on_drained, world);
	/* The last one first: the order of the replies is that of the recipients. */
	for (size_t i = mail->to_len; i-- > 0;) {
		const bool later = strncmp(mail->to[i], "later@", 6) == 0;
		const bool refuse = strncmp(mail->to[i], "refuse@", 7) == 0;

		lmtp_answer(ticket, i,
		    later    ? LMTP_LATER
		    : refuse ? LMTP_REFUSED
			     : LMTP_TAKEN,
		    refuse ? "not\nthis" : NULL);
	}
	/* Still ours until we return. */
	assert_true(mail->octets.len == 0 || mail->octets.data[mail->octets.len - 1] == '\n');
}

static void
world_start(struct world *world, struct lmtp_settings settings)
{
	struct cs_err err = { 0 };

	*world = (struct world){ .base = event_base_new() };
	settings.listen = settings.listen == NULL ? "127.0.0.1:0" : settings.listen;
	settings.name = "ra.ca.example";
	settings.rcpt = on_rcpt;
	settings.mail = on_mail;
	settings.arg = world;
	if (lmtp_open(world->base, &settings, &world->lmtp, &err) != CS_OK)
		fail_msg("%s", err.text);
	world->guard = evtimer_new(world->base, on_guard, NULL);
	world->ended = evsignal_new(world->base, SIGCHLD, on_ended, world);
	world->answer = evtimer_new(world->base, on_answer, world);
	event_add(world->guard, &(struct timeval){ 60, 0 });
	event_add(world->ended, NULL);
}

static void
world_stop(struct world *world)
{
	lmtp_close(world->lmtp);
	for (size_t i = 0; i < world->held_len; i++)
		lmtp_answer(world->held[i], 0, LMTP_TAKEN, NULL);
	event_free(world->guard);
	event_free(world->ended);
	event_free(world->answer);
	event_base_free(world->base);
}

static void
run_client(struct world *world, const char *name, const char *address)
{
	char port[8];
	char *words[] = { (char *)(uintptr_t) "/usr/bin/python3",
		(char *)(uintptr_t)env("CS_LMTP_IT_CLIENTS"), (char *)(uintptr_t)name,
		(char *)(uintptr_t)address, NULL };

	snprintf(port, sizeof(port), "%u", lmtp_port(world->lmtp));
	if (address == NULL)
		words[3] = port;
	world->status = -1;
	assert_int_equal(posix_spawn(&world->client, words[0], NULL, NULL, words, environ), 0);
	while (world->status == -1)
		event_base_dispatch(world->base);
	if (world->status != 0)
		fail_msg("client %s ended with status %d", name, world->status);
}

/* A client that finds all as it should be; how many mails and recipients there were. */
static struct lmtp_counters
meet(const char *name, struct lmtp_settings settings, unsigned mails, unsigned recipients)
{
	struct world world;

	world_start(&world, settings);
	run_client(&world, name, NULL);
	if (world.mails != mails || world.recipients != recipients)
		fail_msg("%s: %u mails for %u", name, world.mails, world.recipients);
	const struct lmtp_counters counters = lmtp_counters(world.lmtp);
	world_stop(&world);
	return counters;
}

static void
takes_mails_octet_for_octet(void **state)
{
	struct world world;

	(void)state;
	world_start(&world, (struct lmtp_settings){ .sessions = 0 });
	run_client(&world, "delivers", NULL);
	assert_int_equal(world.mails, 2);
	assert_int_equal(world.recipients, 2);
	assert_string_equal(world.from, "a@b.example");
	assert_string_equal(world.first_to, "known@ca.example");
	assert_memory_equal(world.peer, "127.0.0.1:", 10);
	assert_int_equal(world.octets_len, sizeof(mail_text) - 1);
	assert_memory_equal(world.octets, mail_text, sizeof(mail_text) - 1);
	world_stop(&world);
}

static void
listens_on_a_path(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	const char *path = cs_arena_printf(arena, "%s/lmtp.sock", env("CS_LMTP_IT_DIR"));
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const int left = socket(AF_UNIX, SOCK_STREAM, 0);
	struct world world;
	struct cs_err err;

	(void)state;
	/* What somebody left behind is in nobody's way. */
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_int_equal(bind(left, (struct sockaddr *)&address, sizeof(address)), 0);
	close(left);
	world_start(&world, (struct lmtp_settings){ .listen = path });
	run_client(&world, "delivers", path);
	assert_int_equal(world.mails, 2);
	assert_string_equal(world.peer, "unix");
	struct lmtp *second;
	const struct lmtp_settings again = {
		.listen = path, .name = "x", .rcpt = on_rcpt, .mail = on_mail
	};
	assert_int_equal(lmtp_open(world.base, &again, &second, &err), CS_UNAVAILABLE);
	run_client(&world, "delivers", path);
	world_stop(&world);
	assert_int_equal(access(path, F_OK), -1);
	cs_arena_free(arena);
}

static void
refuses_settings(void **state)
{
	static const struct lmtp_settings bad[] = {
		{ .listen = "localhost:24", .name = "x" },
		{ .listen = "127.0.0.1", .name = "x" },
		{ .listen = "127.0.0.1:65536", .name = "x" },
		{ .listen = "127.0.0.1:0", .name = "a b" },
		{ .listen = "127.0.0.1:0", .name = "" },
	};
	struct event_base *base = event_base_new();
	struct lmtp *lmtp;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(lmtp_open(base, &bad[i], &lmtp, NULL), CS_MALFORMED);
	event_base_free(base);
}

static const struct lmtp_settings usual;

static void
knows_its_recipients(void **state)
{
	(void)state;
	const struct lmtp_counters got = meet("knows_recipients", usual, 1, 1);
	assert_int_equal(got.unknown_recipients, 3);
	assert_int_equal(got.recipients, 1);
}

static void
answers_for_each_recipient(void **state)
{
	(void)state;
	meet("each_its_answer", usual, 1, 4);
}

static void
takes_commands_in_one_go(void **state)
{
	(void)state;
	meet("pipelines", usual, 3, 3);
}

static void
wants_commands_in_their_order(void **state)
{
	(void)state;
	meet("keeps_the_order", usual, 1, 10);
}

static void
refuses_long_lines(void **state)
{
	(void)state;
	const struct lmtp_counters got = meet("long_lines", usual, 0, 0);
	assert_int_equal(got.broken, 2);
	assert_int_equal(got.refused_mails, 1);
}

static void
a_stray_line_end_hides_no_mail(void **state)
{
	(void)state;
	const struct lmtp_counters got = meet("line_feeds", usual, 0, 0);
	assert_int_equal(got.refused_mails, 5);
	assert_int_equal(got.broken, 5);
}

static void
refuses_large_mails(void **state)
{
	(void)state;
	const struct lmtp_counters got = meet("large_mails", usual, 2, 2);
	assert_int_equal(got.refused_mails, 1);
	assert_int_equal(got.broken, 1);
}

static void
waits_for_nobody_for_ever(void **state)
{
	(void)state;
	const struct lmtp_counters got =
	    meet("drips", (struct lmtp_settings){ .command_ms = 300, .data_ms = 300 }, 0, 0);
	assert_true(got.timed_out >= 4);
	meet("lives_long", (struct lmtp_settings){ .whole_ms = 500 }, 0, 0);
}

static void
ends_with_who_talks_nonsense(void **state)
{
	(void)state;
	const struct lmtp_counters got = meet("garbage", usual, 0, 0);
	assert_int_equal(got.wrong_commands, 40);
}

static void
has_room_for_so_many(void **state)
{
	(void)state;
	const struct lmtp_counters got =
	    meet("many", (struct lmtp_settings){ .sessions = 2 }, 0, 0);
	assert_int_equal(got.turned_away, 1);
}

static void
survives_clients_that_leave(void **state)
{
	struct world world;

	(void)state;
	world_start(&world, usual);
	world.hold = true;
	run_client(&world, "leaves", NULL);
	while (world.mails == 0 || lmtp_counters(world.lmtp).open > 1)
		event_base_loop(world.base, EVLOOP_ONCE);
	on_answer(-1, 0, &world);
	while (lmtp_counters(world.lmtp).open > 0)
		event_base_loop(world.base, EVLOOP_ONCE);
	world_stop(&world);
}

static void
a_late_answer_is_heard_by_nobody(void **state)
{
	struct world world;

	(void)state;
	world_start(&world, (struct lmtp_settings){ .decide_ms = 200 });
	world.hold = true;
	run_client(&world, "waits", NULL);
	assert_int_equal(world.held_len, 1);
	lmtp_answer(world.held[0], 1, LMTP_TAKEN, "late");
	world_stop(&world);
}

static void
waits_for_who_reads_late(void **state)
{
	(void)state;
	meet("reads_late", usual, 1, 1);
}

static void
is_closed_with_mails_in_hand(void **state)
{
	struct world world;

	(void)state;
	world_start(&world, usual);
	world.hold = true;
	run_client(&world, "leaves", NULL);
	while (world.mails == 0)
		event_base_loop(world.base, EVLOOP_ONCE);
	world_stop(&world); /* answers after it was closed */
}

static void
ends_in_peace(void **state)
{
	struct world world;

	(void)state;
	world_start(&world, usual);
	run_client(&world, "is_drained", NULL);
	while (!world.drained)
		event_base_loop(world.base, EVLOOP_ONCE);
	assert_int_equal(world.mails, 2);
	assert_int_equal(lmtp_counters(world.lmtp).open, 0);
	world_stop(&world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_mails_octet_for_octet),
		cmocka_unit_test(listens_on_a_path),
		cmocka_unit_test(refuses_settings),
		cmocka_unit_test(knows_its_recipients),
		cmocka_unit_test(answers_for_each_recipient),
		cmocka_unit_test(takes_commands_in_one_go),
		cmocka_unit_test(wants_commands_in_their_order),
		cmocka_unit_test(refuses_long_lines),
		cmocka_unit_test(a_stray_line_end_hides_no_mail),
		cmocka_unit_test(refuses_large_mails),
		cmocka_unit_test(waits_for_nobody_for_ever),
		cmocka_unit_test(ends_with_who_talks_nonsense),
		cmocka_unit_test(has_room_for_so_many),
		cmocka_unit_test(survives_clients_that_leave),
		cmocka_unit_test(a_late_answer_is_heard_by_nobody),
		cmocka_unit_test(waits_for_who_reads_late),
		cmocka_unit_test(is_closed_with_mails_in_hand),
		cmocka_unit_test(ends_in_peace),
	};

	(void)signal(SIGPIPE, SIG_IGN); /* as services do */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
