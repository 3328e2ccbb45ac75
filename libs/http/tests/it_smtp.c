/* SPDX-License-Identifier: Apache-2.0 */
/* it_smtp.c: mails to the relay of relay.py, which run-it.sh starts. */
#include <arpa/inet.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/text.h"
#include "http/smtp.h"
#include "tests/check.h"

struct world {
	struct event_base *base;
	struct event *guard;
	struct smtp *smtp;
	struct smtp_result result;
	unsigned done;
	pthread_t thread; /* where results must arrive */
};

static const char mail[] = "Subject: x\r\n\r\n.\r\n..dots\r\n.more\r\n";

static void
on_guard(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	fprintf(stderr, "the test waits for something that does not come\n");
	abort();
}

static const char *
env(const char *name)
{
	const char *value = getenv(name);

	if (value == NULL)
		fail_msg("%s is not set: use run-it.sh", name);
	return value;
}

static struct smtp_settings
settings_for(const char *port_name)
{
	static char url[64];

	snprintf(url, sizeof(url), "smtp://127.0.0.1:%s", env(port_name));
	return (struct smtp_settings){
		.url = url, .from = "bounces@ca.example", .helo = "ra.ca.example"
	};
}

static void
world_start(struct world *world, const struct smtp_settings *settings)
{
	struct cs_err err = { 0 };

	*world = (struct world){ .base = event_base_new(), .thread = pthread_self() };
	if (smtp_open(world->base, settings, &world->smtp, &err) != CS_OK)
		fail_msg("%s", err.text);
	world->guard = evtimer_new(world->base, on_guard, NULL);
	event_add(world->guard, &(struct timeval){ 30, 0 });
}

static void
world_stop(struct world *world)
{
	smtp_close(world->smtp);
	event_free(world->guard);
	event_base_free(world->base);
}

static void
on_done(void *arg, const struct smtp_result *result)
{
	struct world *world = arg;

	assert_true(pthread_equal(world->thread, pthread_self()));
	world->result = *result;
	world->done++;
	event_base_loopbreak(world->base);
}

static struct smtp_result
send_to(struct world *world, const char *to)
{
	unsigned before = world->done;

	assert_int_equal(
	    smtp_send(world->smtp, to, cs_span_str(mail), on_done, world, NULL), CS_OK);
	assert_int_equal(world->done, before);
	assert_int_equal(smtp_waiting(world->smtp), 1);
	while (world->done == before)
		event_base_dispatch(world->base);
	assert_int_equal(smtp_waiting(world->smtp), 0);
	return world->result;
}

static void
expect(const char *name, struct smtp_result got, enum smtp_outcome outcome, int code)
{
	if (got.outcome != outcome || got.code != code)
		fail_msg("%s: got %s %d (%s), want %s %d", name, smtp_outcome_name(got.outcome),
		    got.code, got.text, smtp_outcome_name(outcome), code);
}

static void
delivers_octet_for_octet(void **state)
{
	struct world world;
	struct smtp_settings settings = settings_for("CS_SMTP_IT_PLAIN");
	struct cs_arena *arena = cs_arena_new();

	(void)state;
	world_start(&world, &settings);
	struct smtp_result got = send_to(&world, "ok@customer.example");

	expect("plain", got, SMTP_ACCEPTED, 250);
	assert_non_null(strstr(got.text, "helo=ra.ca.example "));
	assert_non_null(strstr(got.text, " from=<bounces@ca.example> tls=0 "));
	assert_non_null(strstr(got.text, cs_base64(arena, cs_span_str(mail))));
	cs_arena_free(arena);
	world_stop(&world);
}

static void
the_relays_word_decides(void **state)
{
	static const struct {
		const char *to;
		enum smtp_outcome outcome;
		int code;
	} cases[] = {
		{ "ok@customer.example", SMTP_ACCEPTED, 250 },
		{ "temporary@customer.example", SMTP_TEMPORARY, 451 },
		{ "permanent@customer.example", SMTP_PERMANENT, 550 },
		{ "data-temporary@customer.example", SMTP_TEMPORARY, 452 },
		{ "data-permanent@customer.example", SMTP_PERMANENT, 554 },
		{ "data-odd@customer.example", SMTP_UNKNOWN, 354 },
		{ "control@customer.example", SMTP_PERMANENT, 554 },
		{ "ok@customer.example", SMTP_ACCEPTED, 250 },
		/* the relay may have taken it */
		{ "hang-up@customer.example", SMTP_UNKNOWN, 354 },
		{ "babble@customer.example", SMTP_UNKNOWN, 354 },
		{ "loud@customer.example", SMTP_UNKNOWN, 354 },
		{ "ok@customer.example", SMTP_ACCEPTED, 250 },
	};
	struct world world;
	struct smtp_settings settings = settings_for("CS_SMTP_IT_PLAIN");

	(void)state;
	world_start(&world, &settings);
	for (size_t i = 0; i < COUNT(cases); i++) {
		expect(cases[i].to, send_to(&world, cases[i].to), cases[i].outcome, cases[i].code);
		for (const char *p = world.result.text; *p != '\0'; p++)
			assert_true(*p >= 0x20 && *p < 0x7f);
	}
	world_stop(&world);
}

static void
silence_after_the_data_is_unknown(void **state)
{
	struct world world;
	struct smtp_settings settings = settings_for("CS_SMTP_IT_PLAIN");

	(void)state;
	settings.whole_ms = 1500;
	world_start(&world, &settings);
	expect("silent", send_to(&world, "silent@customer.example"), SMTP_UNKNOWN, 354);
	world_stop(&world);
}

static void
a_relay_that_is_not_well_is_tried_again(void **state)
{
	static const struct {
		const char *port;
		int code;
	} cases[] = {
		{ "CS_SMTP_IT_CLOSED", 554 },
		{ "CS_SMTP_IT_MUTE", 0 },
		{ "CS_SMTP_IT_ENDLESS", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct smtp_settings settings = settings_for(cases[i].port);
		struct world world;

		settings.whole_ms = 1500;
		world_start(&world, &settings);
		expect(cases[i].port, send_to(&world, "ok@customer.example"), SMTP_TEMPORARY,
		    cases[i].code);
		world_stop(&world);
	}
}

/*
 * Refused for good is only what the relay refused after it heard whose mail it is.  After the data nothing
 * but a reply says what became of it.
 */
static void
each_step_may_go_wrong(void **state)
{
	static const struct {
		const char *port;
		enum smtp_outcome outcome;
		int code;
	} cases[] = {
		{ "CS_SMTP_IT_GREETING_LATER", SMTP_TEMPORARY, 451 },
		{ "CS_SMTP_IT_GREETING_NEVER", SMTP_TEMPORARY, 550 },
		{ "CS_SMTP_IT_GREETING_ODD", SMTP_TEMPORARY, 999 },
		{ "CS_SMTP_IT_GREETING_GARBAGE", SMTP_TEMPORARY, 0 },
		{ "CS_SMTP_IT_EHLO_LATER", SMTP_TEMPORARY, 451 },
		{ "CS_SMTP_IT_EHLO_NEVER", SMTP_TEMPORARY, 550 },
		{ "CS_SMTP_IT_EHLO_ODD", SMTP_TEMPORARY, 999 },
		{ "CS_SMTP_IT_EHLO_GARBAGE", SMTP_TEMPORARY, 0 },
		{ "CS_SMTP_IT_MAIL_LATER", SMTP_TEMPORARY, 451 },
		{ "CS_SMTP_IT_MAIL_NEVER", SMTP_PERMANENT, 550 },
		{ "CS_SMTP_IT_MAIL_ODD", SMTP_TEMPORARY, 999 },
		{ "CS_SMTP_IT_MAIL_GARBAGE", SMTP_TEMPORARY, 0 },
		{ "CS_SMTP_IT_RCPT_LATER", SMTP_TEMPORARY, 451 },
		{ "CS_SMTP_IT_RCPT_NEVER", SMTP_PERMANENT, 550 },
		{ "CS_SMTP_IT_RCPT_ODD", SMTP_TEMPORARY, 999 },
		{ "CS_SMTP_IT_RCPT_GARBAGE", SMTP_TEMPORARY, 0 },
		{ "CS_SMTP_IT_DATA_LATER", SMTP_TEMPORARY, 451 },
		{ "CS_SMTP_IT_DATA_NEVER", SMTP_PERMANENT, 550 },
		{ "CS_SMTP_IT_DATA_ODD", SMTP_TEMPORARY, 999 },
		{ "CS_SMTP_IT_DATA_GARBAGE", SMTP_TEMPORARY, 0 },
		{ "CS_SMTP_IT_END_LATER", SMTP_TEMPORARY, 451 },
		{ "CS_SMTP_IT_END_NEVER", SMTP_PERMANENT, 550 },
		{ "CS_SMTP_IT_END_ODD", SMTP_UNKNOWN, 999 },
		{ "CS_SMTP_IT_END_GARBAGE", SMTP_UNKNOWN, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct smtp_settings settings = settings_for(cases[i].port);
		struct world world;

		settings.whole_ms = 700;
		world_start(&world, &settings);
		expect(cases[i].port, send_to(&world, "ok@customer.example"), cases[i].outcome,
		    cases[i].code);
		world_stop(&world);
	}
}

static void
a_reply_that_drips_has_an_end(void **state)
{
	struct smtp_settings settings = settings_for("CS_SMTP_IT_PLAIN");
	struct world world;

	(void)state;
	settings.whole_ms = 1500; /* each octet comes in less than any other limit */
	world_start(&world, &settings);
	expect("drip", send_to(&world, "drip@customer.example"), SMTP_UNKNOWN, 354);
	expect("after it", send_to(&world, "ok@customer.example"), SMTP_ACCEPTED, 250);
	world_stop(&world);
}

/* Two replies to one mail: the second is not the fate of the next, which may have to be tried again. */
static void
a_relay_that_says_yes_twice_says_it_of_one_mail(void **state)
{
	struct smtp_settings settings = settings_for("CS_SMTP_IT_PLAIN");
	struct world world;

	(void)state;
	world_start(&world, &settings);
	for (int i = 0; i < 3; i++) {
		expect("double", send_to(&world, "double@customer.example"), SMTP_ACCEPTED, 250);
		struct smtp_result next = send_to(&world, "temporary@customer.example");

		assert_int_equal(next.outcome, SMTP_TEMPORARY);
		expect("ok", send_to(&world, "ok@customer.example"), SMTP_ACCEPTED, 250);
		expect("double", send_to(&world, "double@customer.example"), SMTP_ACCEPTED, 250);
		next = send_to(&world, "ok@customer.example");
		assert_true(next.outcome == SMTP_ACCEPTED || next.outcome == SMTP_TEMPORARY);
		expect("ok", send_to(&world, "ok@customer.example"), SMTP_ACCEPTED, 250);
	}
	world_stop(&world);
}

static void
a_relay_that_is_not_there_is_tried_again(void **state)
{
	struct smtp_settings settings = settings_for("CS_SMTP_IT_PLAIN");
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	struct world world;
	char url[64];
	int fd = socket(AF_INET, SOCK_STREAM, 0); /* bound, but nobody listens */

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	snprintf(url, sizeof(url), "smtp://127.0.0.1:%u", ntohs(address.sin_port));
	settings.url = url;
	world_start(&world, &settings);
	expect("nobody", send_to(&world, "ok@customer.example"), SMTP_TEMPORARY, 0);
	world_stop(&world);
	close(fd);
}

static void
many_mails_use_one_connection(void **state)
{
	struct world world;
	struct smtp_settings settings = settings_for("CS_SMTP_IT_PLAIN");
	char first[SMTP_TEXT];

	(void)state;
	world_start(&world, &settings);
	struct smtp_result result = send_to(&world, "ok@customer.example");

	snprintf(first, sizeof(first), "%s", result.text);
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(smtp_send(world.smtp, "ok@customer.example", cs_span_str(mail),
				     on_done, &world, NULL),
		    CS_OK);
	while (world.done < 21)
		event_base_dispatch(world.base);
	assert_string_equal(world.result.text, first); /* which has the port it came from */
	world_stop(&world);
}

/* And the next mail's is again the relay's own. */
static void
a_mail_may_have_a_sender_of_its_own(void **state)
{
	struct world world;
	struct smtp_settings settings = settings_for("CS_SMTP_IT_PLAIN");

	(void)state;
	world_start(&world, &settings);
	assert_int_equal(smtp_send_from(world.smtp, "b7@ca.example", "ok@customer.example",
			     cs_span_str(mail), on_done, &world, NULL),
	    CS_OK);
	while (world.done < 1)
		event_base_dispatch(world.base);
	assert_non_null(strstr(world.result.text, " from=<b7@ca.example> "));
	assert_non_null(
	    strstr(send_to(&world, "ok@customer.example").text, " from=<bounces@ca.example> "));
	assert_int_equal(smtp_send_from(world.smtp, "b7@ca.example>\r\nRCPT TO:<x@y.example",
			     "ok@customer.example", cs_span_str(mail), on_done, &world, NULL),
	    CS_MALFORMED);
	world_stop(&world);
}

static void
the_null_sender_is_null(void **state)
{
	struct world world;
	struct smtp_settings settings = settings_for("CS_SMTP_IT_PLAIN");

	(void)state;
	settings.from = "";
	world_start(&world, &settings);
	assert_non_null(strstr(send_to(&world, "ok@customer.example").text, " from=<> "));
	world_stop(&world);
}

static void
tls_is_demanded_and_checked(void **state)
{
	char server[300], stranger[300];
	struct smtp_settings settings;
	struct world world;

	(void)state;
	snprintf(server, sizeof(server), "%s/server.pem", env("CS_HTTP_IT_DIR"));
	snprintf(stranger, sizeof(stranger), "%s/stranger.pem", env("CS_HTTP_IT_DIR"));
	settings = settings_for("CS_SMTP_IT_STARTTLS");
	settings.starttls = true;
	settings.ca_file = server;
	world_start(&world, &settings);
	struct smtp_result got = send_to(&world, "ok@customer.example");

	expect("STARTTLS", got, SMTP_ACCEPTED, 250);
	assert_non_null(strstr(got.text, " tls=1 "));
	world_stop(&world);

	settings.ca_file = stranger;
	world_start(&world, &settings);
	assert_int_equal(send_to(&world, "ok@customer.example").outcome, SMTP_TEMPORARY);
	world_stop(&world);

	settings = settings_for("CS_SMTP_IT_PLAIN"); /* which offers no TLS */
	settings.starttls = true;
	world_start(&world, &settings);
	assert_int_equal(send_to(&world, "ok@customer.example").outcome, SMTP_TEMPORARY);
	world_stop(&world);
}

static void
logs_in(void **state)
{
	char server[300], user[300], password[300], wrong[300];
	struct smtp_settings settings = settings_for("CS_SMTP_IT_LOGIN");
	struct world world;

	(void)state;
	snprintf(server, sizeof(server), "%s/server.pem", env("CS_HTTP_IT_DIR"));
	snprintf(user, sizeof(user), "%s/user", env("CS_HTTP_IT_DIR"));
	snprintf(password, sizeof(password), "%s/password", env("CS_HTTP_IT_DIR"));
	snprintf(wrong, sizeof(wrong), "%s/wrong", env("CS_HTTP_IT_DIR"));
	settings.starttls = true;
	settings.ca_file = server;
	settings.user_file = user;
	settings.password_file = password;
	world_start(&world, &settings);
	struct smtp_result got = send_to(&world, "ok@customer.example");

	expect("login", got, SMTP_ACCEPTED, 250);
	assert_non_null(strstr(got.text, " login=countersign "));
	world_stop(&world);

	settings.password_file = wrong; /* our mistake, not the mail's */
	world_start(&world, &settings);
	expect("wrong password", send_to(&world, "ok@customer.example"), SMTP_TEMPORARY, 535);
	world_stop(&world);
}

static struct smtp_result
probe(struct world *world)
{
	unsigned before = world->done;
	struct cs_err err = { 0 };

	if (smtp_probe(world->smtp, on_done, world, &err) != CS_OK)
		fail_msg("%s", err.text);
	while (world->done == before)
		event_base_dispatch(world->base);
	return world->result;
}

static void
a_relay_is_tried_without_a_mail(void **state)
{
	char server[300];
	struct smtp_settings settings = settings_for("CS_SMTP_IT_LOGIN");
	struct world world;

	(void)state;
	snprintf(server, sizeof(server), "%s/server.pem", env("CS_HTTP_IT_DIR"));
	settings.starttls = true;
	settings.ca_file = server;
	settings.user = "countersign";
	settings.password = "wrong";
	world_start(&world, &settings);
	expect("wrong password", probe(&world), SMTP_TEMPORARY, 535);
	world_stop(&world);

	settings = settings_for("CS_SMTP_IT_PLAIN");
	world_start(&world, &settings);
	expect("plain", probe(&world), SMTP_ACCEPTED, 250);
	/* The connection goes on to serve. */
	expect("a mail after it", send_to(&world, "ok@customer.example"), SMTP_ACCEPTED, 250);
	expect("and again", probe(&world), SMTP_ACCEPTED, 250);
	world_stop(&world);

	settings.starttls = true;
	world_start(&world, &settings);
	assert_int_equal(probe(&world).outcome, SMTP_TEMPORARY);
	world_stop(&world);
}

static void
a_login_in_words_serves_as_one_in_files(void **state)
{
	char server[300], password[300], line[300] = "";
	struct smtp_settings settings = settings_for("CS_SMTP_IT_LOGIN");
	struct world world;

	(void)state;
	snprintf(server, sizeof(server), "%s/server.pem", env("CS_HTTP_IT_DIR"));
	snprintf(password, sizeof(password), "%s/password", env("CS_HTTP_IT_DIR"));
	FILE *file = fopen(password, "r");

	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	fclose(file);
	line[strcspn(line, "\n")] = '\0';
	settings.starttls = true;
	settings.ca_file = server;
	settings.user = "countersign";
	settings.password = line;
	world_start(&world, &settings);
	explicit_bzero(line, sizeof(line)); /* it was copied */
	expect("probe", probe(&world), SMTP_ACCEPTED, 250);
	struct smtp_result got = send_to(&world, "ok@customer.example");

	expect("login", got, SMTP_ACCEPTED, 250);
	assert_non_null(strstr(got.text, " login=countersign "));
	world_stop(&world);
}

static void
an_inner_address_is_not_spoken_to(void **state)
{
	struct smtp_settings settings = settings_for("CS_SMTP_IT_PLAIN");
	struct world world;

	(void)state;
	settings.public_only = true;
	world_start(&world, &settings);
	expect("loopback", send_to(&world, "ok@customer.example"), SMTP_TEMPORARY, 0);
	expect("loopback", probe(&world), SMTP_TEMPORARY, 0);
	world_stop(&world);
}

static void
closes_while_a_mail_is_under_way(void **state)
{
	struct world world;
	struct smtp_settings settings = settings_for("CS_SMTP_IT_PLAIN");

	(void)state;
	world_start(&world, &settings);
	send_to(&world, "ok@customer.example");
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(smtp_send(world.smtp, "silent@customer.example", cs_span_str(mail),
				     on_done, &world, NULL),
		    CS_OK);
	world_stop(&world);
	assert_int_equal(world.done, 1);
}

static void
refuses_more_than_its_queue_holds(void **state)
{
	struct world world;
	struct smtp_settings settings = settings_for("CS_SMTP_IT_MUTE");
	struct cs_span text = cs_span_str(mail);

	(void)state;
	settings.queue_max = 2;
	world_start(&world, &settings);
	assert_int_equal(smtp_send(world.smtp, "a@b.example", text, on_done, &world, NULL), CS_OK);
	assert_int_equal(smtp_send(world.smtp, "a@b.example", text, on_done, &world, NULL), CS_OK);
	assert_int_equal(
	    smtp_send(world.smtp, "a@b.example", text, on_done, &world, NULL), CS_UNAVAILABLE);
	assert_int_equal(smtp_send(world.smtp, "a@b.example>\r\nRCPT TO:<c@d.example", text,
			     on_done, &world, NULL),
	    CS_MALFORMED);
	assert_int_equal(smtp_send(world.smtp, "a@b.example", cs_span_str("a\n.\nMAIL FROM:<>\r\n"),
			     on_done, &world, NULL),
	    CS_MALFORMED);
	world_stop(&world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(delivers_octet_for_octet),
		cmocka_unit_test(the_relays_word_decides),
		cmocka_unit_test(silence_after_the_data_is_unknown),
		cmocka_unit_test(a_relay_that_is_not_well_is_tried_again),
		cmocka_unit_test(each_step_may_go_wrong),
		cmocka_unit_test(a_reply_that_drips_has_an_end),
		cmocka_unit_test(a_relay_that_says_yes_twice_says_it_of_one_mail),
		cmocka_unit_test(a_relay_that_is_not_there_is_tried_again),
		cmocka_unit_test(many_mails_use_one_connection),
		cmocka_unit_test(a_mail_may_have_a_sender_of_its_own),
		cmocka_unit_test(the_null_sender_is_null),
		cmocka_unit_test(tls_is_demanded_and_checked),
		cmocka_unit_test(logs_in),
		cmocka_unit_test(a_relay_is_tried_without_a_mail),
		cmocka_unit_test(a_login_in_words_serves_as_one_in_files),
		cmocka_unit_test(an_inner_address_is_not_spoken_to),
		cmocka_unit_test(closes_while_a_mail_is_under_way),
		cmocka_unit_test(refuses_more_than_its_queue_holds),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
