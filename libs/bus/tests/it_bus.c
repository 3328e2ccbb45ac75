/* SPDX-License-Identifier: Apache-2.0 */
/*
 * it_bus.c: libs/bus against a real nats-server with TLS, nkey users and permissions.
 *
 * Addresses come from CS_NATS_*; what stops, starts or wipes the server is skipped unless
 * CS_NATS_CONTROL says how (see nats-for-it.py).
 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <nats/nats.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/id.h"
#include "base/time.h"
#include "bus/bus.h"

#define MESSAGES 2000
#define PATIENCE_MS (30 * CS_SECOND_MS)

struct fixture {
	struct bus *bus, *admin;
	struct bus_queue *queue;
	struct cs_arena *arena;
	struct cs_err err;
};

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

static struct bus_settings
settings_of(const char *name, const char *seed)
{
	return (struct bus_settings){ .urls = setting("CS_NATS_URL"),
		.ca_file = setting("CS_NATS_CA_FILE"),
		.seed_file = setting(seed),
		.name = name };
}

/* The server may just have been started. */
static struct bus *
open_bus(const char *name, const char *seed)
{
	const struct bus_settings settings = settings_of(name, seed);
	struct bus *bus = NULL;
	struct cs_err err;

	check(bus_open(&settings, &bus, &err), CS_OK, &err, "open");
	return bus;
}

static void
control(const char *verb)
{
	const char *path = getenv("CS_NATS_CONTROL");
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	char line[16];

	if (!path)
		skip();
	const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	assert_int_equal(connect(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	assert_true(dprintf(fd, "%s\n", verb) > 0);
	assert_int_equal(read(fd, line, sizeof(line)), 5);
	close(fd);
}

static enum cs_code
api(struct fixture *fix, const char *verb, const char *body)
{
	const struct bus_out out = {
		.subject = cs_arena_printf(fix->arena, "$JS.API.%s", verb),
		.body = cs_span_str(body),
	};
	struct cs_span answer = { 0 };

	const enum cs_code code =
	    bus_request(fix->admin, &out, 5000, fix->arena, &answer, &fix->err);
	if (code == CS_OK && strstr((const char *)answer.data, "\"error\""))
		return cs_fail(&fix->err, CS_INTERNAL, "%.150s", answer.data);
	return code;
}

/* An administrator who comes back as soon as the server does. */
static void
api_again(struct fixture *fix, const char *verb, const char *body)
{
	const int64_t deadline = cs_mono_ms() + PATIENCE_MS;
	struct bus_queue *queue = bus_queue_new(fix->admin);
	struct bus_item *item;

	while (api(fix, verb, body) != CS_OK) {
		if (cs_mono_ms() > deadline)
			fail_msg("%s: %s", verb, fix->err.text);
		(void)bus_queue_take(queue, &item, 1, 50); /* nothing comes: it is a pause */
	}
}

static void
make_stream(struct fixture *fix)
{
	api_again(fix, "STREAM.CREATE.IT",
	    "{\"name\":\"IT\",\"subjects\":[\"it.event.*\"],\"retention\":\"limits\","
	    "\"storage\":\"file\",\"max_msgs\":-1,\"max_bytes\":-1,\"max_consumers\":-1,"
	    "\"num_replicas\":1,\"duplicate_window\":120000000000,\"max_msg_size\":65536}");
}

static void
make_consumer(struct fixture *fix)
{
	api_again(fix, "CONSUMER.DURABLE.CREATE.IT.worker",
	    "{\"stream_name\":\"IT\",\"config\":{\"durable_name\":\"worker\","
	    "\"ack_policy\":\"explicit\",\"ack_wait\":2000000000,\"max_deliver\":-1,"
	    "\"max_ack_pending\":2000,\"deliver_policy\":\"all\",\"replay_policy\":\"instant\"}}");
}

static int
begin(void **state)
{
	struct fixture *fix = calloc(1, sizeof(*fix));

	fix->arena = cs_arena_new();
	fix->admin = open_bus("admin", "CS_NATS_ADMIN_SEED_FILE");
	fix->bus = open_bus("it", "CS_NATS_SEED_FILE");
	fix->queue = bus_queue_new(fix->bus);
	(void)api(fix, "STREAM.DELETE.IT", "");
	make_stream(fix);
	make_consumer(fix);
	*state = fix;
	return 0;
}

static int
end(void **state)
{
	struct fixture *fix = *state;

	bus_close(fix->bus);
	bus_close(fix->admin);
	cs_arena_free(fix->arena);
	free(fix);
	return 0;
}

static void
consume(struct fixture *fix, size_t max)
{
	check(bus_consume(fix->queue, "IT", "worker", max, false, &fix->err), CS_OK, &fix->err,
	    "consume");
}

/* The next item of this kind; others are freed. */
static struct bus_item *
next(struct bus_queue *queue, enum bus_kind kind)
{
	const int64_t deadline = cs_mono_ms() + PATIENCE_MS;
	struct bus_item *item;

	while (cs_mono_ms() < deadline) {
		if (bus_queue_take(queue, &item, 1, 100) == 0)
			continue;
		if (item->kind == kind)
			return item;
		bus_item_free(item);
	}
	fail_msg("no item of kind %d came", kind);
	return NULL;
}

static enum cs_code
publish(struct fixture *fix, const char *subject, const char *id, uint64_t token, int64_t wait_ms)
{
	const struct bus_header headers[] = { { "ce-id", id }, { "ce-type", "it" } };
	const struct bus_out out = { .subject = subject,
		.body = cs_span_str(id),
		.headers = headers,
		.headers_len = 2,
		.msg_id = id };

	return bus_publish(fix->queue, &out, token, wait_ms, &fix->err);
}

static void
publish_and_wait(struct fixture *fix, const char *id)
{
	check(publish(fix, "it.event.a", id, 1, 5000), CS_OK, &fix->err, "publish");
	bus_item_free(next(fix->queue, BUS_STORED));
}

/* Pauses until something comes or a moment has passed; for what no item tells. */
static void
look_again(struct fixture *fix, int64_t end_ms)
{
	struct pollfd pfd = { .fd = bus_queue_fd(fix->queue), .events = POLLIN };

	assert_true(cs_mono_ms() < end_ms);
	(void)poll(&pfd, 1, 10);
}

static void
await_connection(struct fixture *fix, bool want)
{
	const int64_t end_ms = cs_mono_ms() + PATIENCE_MS;

	while (bus_connected(fix->bus) != want)
		look_again(fix, end_ms);
}

/* Publishes numbered events until each is confirmed, as an outbox does. */
struct outbox {
	bool waiting[MESSAGES], stored[MESSAGES];
	size_t waiting_len, stored_len;
};

static void
outbox_send(struct fixture *fix, struct outbox *outbox)
{
	char id[32];

	for (size_t i = 0; i < MESSAGES && outbox->waiting_len < 500; i++) {
		if (outbox->stored[i] || outbox->waiting[i])
			continue;
		snprintf(id, sizeof(id), "id-%zu", i);
		const enum cs_code code = publish(fix, "it.event.a", id, i, 3000);
		if (code == CS_UNAVAILABLE)
			return; /* later */
		check(code, CS_OK, &fix->err, "publish");
		outbox->waiting[i] = true;
		outbox->waiting_len++;
	}
}

static void
outbox_note(struct outbox *outbox, const struct bus_item *item)
{
	assert_true(item->token < MESSAGES);
	assert_true(outbox->waiting[item->token]);
	outbox->waiting[item->token] = false;
	outbox->waiting_len--;
	if (item->kind == BUS_STORED) {
		assert_false(outbox->stored[item->token]);
		outbox->stored[item->token] = true;
		outbox->stored_len++;
	}
}

/* What became of each message, by its number. */
struct inbox {
	uint8_t times[MESSAGES];
	bool done[MESSAGES], terminated[MESSAGES];
	size_t done_len, redelivered;
};

/* The 7th of each is refused once, each 50th never wanted again. */
static void
inbox_note(struct inbox *inbox, struct bus_item *item)
{
	size_t number;

	assert_int_equal(sscanf((const char *)item->body.data, "id-%zu", &number), 1);
	assert_true(number < MESSAGES);
	assert_string_equal(item->stream, "IT");
	assert_string_equal(item->durable, "worker");
	assert_string_equal(item->subject, "it.event.a");
	assert_non_null(bus_header(item, "CE-ID"));
	assert_int_equal(strlen(bus_header(item, "CE-ID")), item->body.len);
	inbox->times[number]++;
	inbox->redelivered += item->deliveries > 1;
	if (number % 7 == 0 && inbox->times[number] == 1) {
		bus_settle(item, BUS_NAK, number % 2 ? 0 : 20);
		return;
	}
	inbox->done_len += !inbox->done[number];
	inbox->done[number] = true;
	bus_settle(item, number % 50 == 0 ? BUS_TERM : BUS_ACK, 0);
}

static size_t
take_some(struct bus_queue *queue, struct outbox *outbox, struct inbox *inbox, int timeout_ms)
{
	struct bus_item *items[64];
	const size_t n = bus_queue_take(queue, items, 64, timeout_ms);

	for (size_t i = 0; i < n; i++) {
		if (items[i]->kind == BUS_MESSAGE)
			inbox_note(inbox, items[i]);
		else
			outbox_note(outbox, items[i]);
		bus_item_free(items[i]);
	}
	return n;
}

static void
work(struct fixture *fix, struct outbox *outbox, struct inbox *inbox, size_t until)
{
	const int64_t deadline = cs_mono_ms() + PATIENCE_MS;

	while (inbox->done_len < until || outbox->stored_len < until) {
		if (cs_mono_ms() > deadline)
			fail_msg("%zu stored, %zu done", outbox->stored_len, inbox->done_len);
		outbox_send(fix, outbox);
		(void)take_some(fix->queue, outbox, inbox, 50);
	}
}

/* Lost acknowledgements bring messages again; then nothing is left. */
static void
drain(struct fixture *fix, struct inbox *inbox)
{
	const int64_t deadline = cs_mono_ms() + PATIENCE_MS;
	struct bus_consumer left = { .pending = 1 };

	while (left.pending > 0 || left.ack_pending > 0) {
		if (cs_mono_ms() > deadline)
			fail_msg(
			    "%d pending, %d unsettled", (int)left.pending, (int)left.ack_pending);
		(void)take_some(fix->queue, NULL, inbox, 100);
		if (bus_consumer_info(fix->bus, "IT", "worker", &left, &fix->err))
			left.pending = 1; /* not known */
	}
}

static void
two_thousand_messages_are_exactly_accounted(void **state)
{
	struct fixture *fix = *state;
	struct outbox outbox = { 0 };
	struct inbox inbox = { 0 };
	size_t refused = 0;

	consume(fix, 300);
	work(fix, &outbox, &inbox, MESSAGES);
	drain(fix, &inbox);
	for (size_t i = 0; i < MESSAGES; i++) {
		assert_int_equal(inbox.times[i], i % 7 == 0 ? 2 : 1);
		refused += i % 7 == 0;
	}
	assert_int_equal(inbox.redelivered, refused);
	assert_int_equal(bus_counters(fix->bus).async_errors, 0);
	assert_int_equal(bus_counters(fix->bus).dropped, 0);
}

static void
a_restart_in_the_middle_loses_nothing(void **state)
{
	struct fixture *fix = *state;
	struct outbox outbox = { 0 };
	struct inbox inbox = { 0 };
	struct bus_stream stream;

	consume(fix, 300);
	work(fix, &outbox, &inbox, MESSAGES / 4);
	control("stop");
	control("start");
	work(fix, &outbox, &inbox, MESSAGES / 2);
	control("stop");
	control("start");
	work(fix, &outbox, &inbox, MESSAGES);
	drain(fix, &inbox);
	check(bus_stream_info(fix->bus, "IT", &stream, &fix->err), CS_OK, &fix->err, "info");
	assert_int_equal(stream.messages, MESSAGES);
	assert_true(bus_counters(fix->bus).reconnects >= 2);
	assert_false(bus_counters(fix->bus).stuck);
}

static void
what_is_sent_while_the_server_is_away_fails_at_once(void **state)
{
	struct fixture *fix = *state;
	const struct bus_out out = { .subject = "ask.it.nobody" };
	struct cs_span body;

	control("stop");
	await_connection(fix, false);
	check(publish(fix, "it.event.a", "id", 1, 3000), CS_UNAVAILABLE, &fix->err, "publish");
	check(bus_ask(fix->queue, &out, 1, 3000, &fix->err), CS_UNAVAILABLE, &fix->err, "ask");
	check(bus_request(fix->bus, &out, 3000, fix->arena, &body, &fix->err), CS_UNAVAILABLE,
	    &fix->err, "request");
	check(bus_flush(fix->bus, 3000, &fix->err), CS_UNAVAILABLE, &fix->err, "flush");
	assert_int_equal(bus_queue_take(fix->queue, (struct bus_item *[1]){ NULL }, 1, 0), 0);
	control("start");
	await_connection(fix, true);
	publish_and_wait(fix, "id");
}

static void
what_waits_when_the_server_dies_is_told(void **state)
{
	struct fixture *fix = *state;
	const struct bus_out out = { .subject = "ask.it.silent" };

	check(bus_serve(fix->queue, "ask.it.silent", NULL, &fix->err), CS_OK, &fix->err, "serve");
	check(bus_ask(fix->queue, &out, 77, 60000, &fix->err), CS_OK, &fix->err, "ask");
	bus_item_free(next(fix->queue, BUS_QUESTION)); /* and never answered */
	const int64_t then = cs_mono_ms();
	control("stop");
	struct bus_item *item = next(fix->queue, BUS_NO_ANSWER);
	assert_int_equal(item->token, 77);
	assert_string_equal(item->error, "connection lost");
	assert_true(cs_mono_ms() - then < 30000);
	bus_item_free(item);
	control("start");
}

static void
a_frozen_server_is_noticed_and_comes_back(void **state)
{
	struct fixture *fix = *state;
	struct outbox outbox = { 0 };
	struct inbox inbox = { 0 };
	const int64_t then = cs_mono_ms();

	consume(fix, 300);
	work(fix, &outbox, &inbox, 10);
	control("freeze");
	await_connection(fix, false); /* two pings without an answer */
	assert_true(cs_mono_ms() - then < 12000);
	control("thaw");
	work(fix, &outbox, &inbox, MESSAGES);
	drain(fix, &inbox);
	assert_false(bus_counters(fix->bus).stuck);
}

static void
two_replicas_share_one_consumer(void **state)
{
	struct fixture *fix = *state;
	struct bus *other = open_bus("it", "CS_NATS_SEED_FILE");
	struct bus_queue *theirs = bus_queue_new(other);
	struct outbox outbox = { 0 };
	struct inbox inbox = { 0 };
	size_t ours = 0, shared = 0;

	consume(fix, 20);
	check(
	    bus_consume(theirs, "IT", "worker", 20, false, &fix->err), CS_OK, &fix->err, "theirs");
	for (int64_t end_ms = cs_mono_ms() + PATIENCE_MS; inbox.done_len < MESSAGES;) {
		assert_true(cs_mono_ms() < end_ms);
		outbox_send(fix, &outbox);
		ours += take_some(fix->queue, &outbox, &inbox, 10);
		shared += take_some(theirs, &outbox, &inbox, 10);
	}
	assert_true(shared > MESSAGES / 10 && ours > MESSAGES + MESSAGES / 10);
	bus_close(other);
}

static void
a_wiped_store_is_a_new_stream_and_work_goes_on(void **state)
{
	struct fixture *fix = *state;
	struct bus_stream before, after;

	consume(fix, 10);
	publish_and_wait(fix, "first");
	check(bus_stream_info(fix->bus, "IT", &before, &fix->err), CS_OK, &fix->err, "before");
	control("wipe");
	control("start");
	make_stream(fix);
	make_consumer(fix);
	await_connection(fix, true);
	check(bus_stream_info(fix->bus, "IT", &after, &fix->err), CS_OK, &fix->err, "after");
	assert_string_not_equal(before.created, after.created);
	assert_int_equal(after.messages, 0);
	publish_and_wait(fix, "second");
	struct bus_item *item = next(fix->queue, BUS_MESSAGE);
	while (!cs_span_is(item->body, "second")) {
		bus_item_free(item);
		item = next(fix->queue, BUS_MESSAGE);
	}
	bus_settle(item, BUS_ACK, 0);
	bus_item_free(item);
}

static void
a_consumer_that_comes_later_or_again_is_found(void **state)
{
	struct fixture *fix = *state;

	check(api(fix, "CONSUMER.DELETE.IT.worker", ""), CS_OK, &fix->err, "delete");
	consume(fix, 10);
	publish_and_wait(fix, "first");
	for (int64_t end_ms = cs_mono_ms() + PATIENCE_MS; bus_counters(fix->bus).silent == 0;)
		look_again(fix, end_ms);
	make_consumer(fix);
	struct bus_item *item = next(fix->queue, BUS_MESSAGE);
	bus_settle(item, BUS_ACK, 0);
	bus_item_free(item);
	assert_int_equal(bus_counters(fix->bus).silent, 0);
	check(bus_flush(fix->bus, 5000, &fix->err), CS_OK, &fix->err, "flush");
	check(api(fix, "CONSUMER.DELETE.IT.worker", ""), CS_OK, &fix->err, "delete again");
	make_consumer(fix);
	item = next(fix->queue, BUS_MESSAGE); /* the new one starts from the beginning */
	assert_true(cs_span_is(item->body, "first"));
	bus_settle(item, BUS_ACK, 0);
	bus_item_free(item);
	assert_true(bus_counters(fix->bus).pull_errors >= 1);
}

static void
no_more_is_held_than_was_allowed(void **state)
{
	struct fixture *fix = *state;
	struct bus_item *items[64];
	struct bus_consumer consumer;
	size_t n = 0;
	char id[32];

	for (int i = 0; i < 50; i++) {
		snprintf(id, sizeof(id), "id-%d", i);
		publish_and_wait(fix, id);
	}
	consume(fix, 10);
	while (n < 10)
		n += bus_queue_take(fix->queue, items + n, 64 - n, 1000);
	/* The server's answer to this comes behind anything that it would have delivered. */
	check(bus_consumer_info(fix->bus, "IT", "worker", &consumer, &fix->err), CS_OK, &fix->err,
	    "info");
	assert_int_equal(consumer.ack_pending, 10);
	assert_int_equal(bus_queue_take(fix->queue, items + n, 64 - n, 0), 0);
	assert_int_equal(n, 10);
	assert_int_equal(items[9]->pending, 40);
	for (size_t i = 0; i < n; i++) {
		bus_settle(items[i], BUS_ACK, 0);
		bus_item_free(items[i]);
	}
	bus_item_free(next(fix->queue, BUS_MESSAGE));
}

static void
a_paused_queue_asks_for_nothing(void **state)
{
	struct fixture *fix = *state;
	struct bus_consumer consumer;

	bus_pause(fix->queue);
	consume(fix, 10);
	publish_and_wait(fix, "waits");
	check(bus_consumer_info(fix->bus, "IT", "worker", &consumer, &fix->err), CS_OK, &fix->err,
	    "info");
	assert_int_equal(consumer.ack_pending, 0);
	assert_int_equal(consumer.pending, 1);
	bus_resume(fix->queue);
	struct bus_item *item = next(fix->queue, BUS_MESSAGE);
	bus_settle(item, BUS_ACK, 0);
	bus_item_free(item);
}

static void
progress_keeps_a_message_and_nothing_brings_it_again(void **state)
{
	struct fixture *fix = *state;
	struct bus_item *item, *again;

	consume(fix, 10);
	publish_and_wait(fix, "slow");
	item = next(fix->queue, BUS_MESSAGE);
	/* Longer than the consumer's ack_wait of two seconds, told that we are at work. */
	for (int i = 0; i < 5; i++) {
		assert_int_equal(bus_queue_take(fix->queue, &again, 1, 700), 0);
		bus_settle(item, BUS_PROGRESS, 0);
	}
	bus_item_free(item); /* unsettled */
	item = next(fix->queue, BUS_MESSAGE);
	assert_int_equal(item->deliveries, 2);
	bus_settle(item, BUS_ACK, 0);
	bus_item_free(item);
}

static void
the_same_id_is_stored_once(void **state)
{
	struct fixture *fix = *state;

	check(publish(fix, "it.event.a", "same", 1, 5000), CS_OK, &fix->err, "first");
	struct bus_item *first = next(fix->queue, BUS_STORED);
	assert_int_equal(first->token, 1);
	assert_false(first->duplicate);
	check(publish(fix, "it.event.a", "same", 2, 5000), CS_OK, &fix->err, "second");
	struct bus_item *second = next(fix->queue, BUS_STORED);
	assert_int_equal(second->token, 2);
	assert_true(second->duplicate);
	assert_int_equal(second->sequence, first->sequence);
	bus_item_free(first);
	bus_item_free(second);
}

static void
a_denied_publish_is_not_stored_and_shows_in_the_counters(void **state)
{
	struct fixture *fix = *state;

	check(publish(fix, "cs.forbidden.fruit", "x", 9, 500), CS_OK, &fix->err, "publish");
	struct bus_item *item = next(fix->queue, BUS_NOT_STORED);
	assert_int_equal(item->token, 9);
	assert_string_equal(item->error, "no answer in time");
	bus_item_free(item);
	const struct bus_counters counters = bus_counters(fix->bus);
	assert_int_equal(counters.violations, 1);
	if (!strstr(counters.last_error, "cs.forbidden.fruit"))
		fail_msg("last error: %s", counters.last_error);
	publish_and_wait(fix, "allowed");
}

static void
a_subject_without_a_stream_is_refused_at_once(void **state)
{
	struct fixture *fix = *state;
	const int64_t then = cs_mono_ms();

	check(publish(fix, "it.nowhere", "x", 3, 20000), CS_OK, &fix->err, "publish");
	struct bus_item *item = next(fix->queue, BUS_NOT_STORED);
	assert_true(cs_mono_ms() - then < 10000);
	assert_string_equal(item->error, "no stream takes this subject");
	bus_item_free(item);
}

static void
a_message_that_the_stream_refuses_says_why(void **state)
{
	struct fixture *fix = *state;
	char *large = cs_arena_alloc(fix->arena, 70001);
	const struct bus_out out = {
		.subject = "it.event.a", .body = cs_span_of(large, 70000), .msg_id = "large"
	};

	check(bus_publish(fix->queue, &out, 4, 5000, &fix->err), CS_OK, &fix->err, "publish");
	struct bus_item *item = next(fix->queue, BUS_NOT_STORED);
	assert_non_null(strstr(item->error, "10054"));
	bus_item_free(item);
}

static void
what_cannot_be_sent_is_malformed(void **state)
{
	struct fixture *fix = *state;
	const struct bus_header smuggler = { "a", "b\r\nNats-Msg-Id: c" };
	const struct bus_out header = {
		.subject = "it.event.a", .headers = &smuggler, .headers_len = 1
	};

	check(publish(fix, "it.event.*", "x", 1, 500), CS_MALFORMED, &fix->err, "wildcard");
	check(publish(fix, "it.event.a", "x\ny", 1, 500), CS_MALFORMED, &fix->err, "id");
	check(
	    bus_publish(fix->queue, &header, 1, 500, &fix->err), CS_MALFORMED, &fix->err, "header");
}

static void
questions_are_answered_by_one_of_a_group(void **state)
{
	struct fixture *fix = *state;
	struct bus *other = open_bus("it", "CS_NATS_SEED_FILE");
	struct bus_queue *asker = bus_queue_new(other);
	const struct bus_header header = { "traceparent", "00-1-2-01" };
	const struct bus_out out = { .subject = "ask.it.name",
		.body = cs_span_str("who?"),
		.headers = &header,
		.headers_len = 1 };

	check(bus_serve(fix->queue, "ask.it.name", "g", &fix->err), CS_OK, &fix->err, "serve");
	check(bus_serve(fix->queue, "ask.it.name", "g", &fix->err), CS_OK, &fix->err, "again");
	check(bus_flush(fix->bus, 5000, &fix->err), CS_OK, &fix->err, "flush");
	check(bus_ask(asker, &out, 5, 10000, &fix->err), CS_OK, &fix->err, "ask");
	struct bus_item *question = next(fix->queue, BUS_QUESTION);
	assert_true(cs_span_is(question->body, "who?"));
	assert_string_equal(bus_header(question, "Traceparent"), "00-1-2-01");
	assert_null(bus_header(question, "absent"));
	check(bus_answer(question, cs_span_str("me"), &fix->err), CS_OK, &fix->err, "answer");
	bus_item_free(question);
	struct bus_item *answer = next(asker, BUS_ANSWER);
	assert_int_equal(answer->token, 5);
	assert_true(cs_span_is(answer->body, "me"));
	bus_item_free(answer);
	assert_int_equal(bus_queue_take(fix->queue, &question, 1, 0), 0);
	bus_close(other);
}

/* Whoever answers some questions of a service may write where it expects the answers to all of them. */
static void
only_who_was_asked_can_answer(void **state)
{
	struct fixture *fix = *state;
	struct bus_queue *forger = bus_queue_new(fix->bus);
	const struct bus_out out = { .subject = "ask.it.secret" };

	check(bus_serve(fix->queue, "ask.it.secret", NULL, &fix->err), CS_OK, &fix->err, "serve");
	check(bus_ask(fix->queue, &out, 5, 10000, &fix->err), CS_OK, &fix->err, "ask");
	struct bus_item *question = next(fix->queue, BUS_QUESTION);
	char *guess = cs_arena_strdup(fix->arena, question->reply);
	char *last = &guess[strlen(guess) - 1];
	*last = *last == '1' ? '2' : '1';
	const struct bus_out forged = { .subject = guess, .body = cs_span_str("forged") };
	check(bus_publish(forger, &forged, 6, 10000, &fix->err), CS_OK, &fix->err, "forge");
	check(bus_answer(question, cs_span_str("genuine"), &fix->err), CS_OK, &fix->err, "answer");
	bus_item_free(question);
	struct bus_item *answer = next(fix->queue, BUS_ANSWER);
	assert_true(cs_span_is(answer->body, "genuine"));
	bus_item_free(answer);
}

static void
a_question_to_nobody_fails_at_once_and_to_a_mute_in_time(void **state)
{
	struct fixture *fix = *state;
	const struct bus_out nobody = { .subject = "ask.it.nobody" };
	const struct bus_out mute = { .subject = "ask.it.mute" };
	struct cs_span body;

	check(bus_ask(fix->queue, &nobody, 6, 20000, &fix->err), CS_OK, &fix->err, "ask nobody");
	struct bus_item *item = next(fix->queue, BUS_NO_ANSWER);
	assert_int_equal(item->token, 6);
	assert_string_equal(item->error, "nobody serves this subject");
	bus_item_free(item);
	check(bus_request(fix->bus, &nobody, 5000, fix->arena, &body, &fix->err), CS_NOT_FOUND,
	    &fix->err, "request nobody");
	check(bus_serve(fix->queue, "ask.it.mute", NULL, &fix->err), CS_OK, &fix->err, "serve");
	check(bus_ask(fix->queue, &mute, 7, 200, &fix->err), CS_OK, &fix->err, "ask mute");
	item = next(fix->queue, BUS_NO_ANSWER);
	assert_int_equal(item->token, 7);
	assert_string_equal(item->error, "no answer in time");
	bus_item_free(item);
	check(bus_request(fix->bus, &mute, 200, fix->arena, &body, &fix->err), CS_UNAVAILABLE,
	    &fix->err, "request mute");
}

static void
a_flood_of_questions_is_bounded(void **state)
{
	struct fixture *fix = *state;
	const struct bus_out out = { .subject = "ask.it.flood" };
	struct bus_queue *asker = bus_queue_new(fix->bus);
	struct bus_item *item;
	size_t questions = 0;

	check(bus_serve(fix->queue, "ask.it.flood", NULL, &fix->err), CS_OK, &fix->err, "serve");
	for (int i = 0; i < BUS_QUESTIONS_MAX + 100; i++)
		check(bus_ask(asker, &out, 1, 3000, &fix->err), CS_OK, &fix->err, "ask");
	check(bus_flush(fix->bus, 5000, &fix->err), CS_OK, &fix->err, "flush");
	for (int64_t end_ms = cs_mono_ms() + PATIENCE_MS; bus_counters(fix->bus).dropped < 100;)
		look_again(fix, end_ms);
	for (; bus_queue_take(fix->queue, &item, 1, 0) == 1; questions++)
		bus_item_free(item);
	assert_int_equal(questions, BUS_QUESTIONS_MAX);
	assert_int_equal(bus_counters(fix->bus).dropped, 100);
}

#define LONG_MS 20000

/* A wait that ends early ends long before LONG_MS, however busy the machine is. */
static void
who_gathers_waits_for_more_but_not_when_asked(void **state)
{
	struct fixture *fix = *state;
	const struct bus_out out = { .subject = "ask.it.gather" };
	struct bus_queue *asker = bus_queue_new(fix->bus);
	struct bus_item *items[8];
	int64_t began = cs_mono_ms();

	bus_queue_gather(fix->queue, 8, 30, LONG_MS); /* nothing came */
	assert_int_equal(bus_queue_take(fix->queue, items, 8, 0), 0);
	check(bus_serve(fix->queue, "ask.it.gather", NULL, &fix->err), CS_OK, &fix->err, "serve");
	for (uint64_t i = 0; i < 3; i++)
		check(publish(fix, "it.event.a", "x", i, 5000), CS_OK, &fix->err, "publish");
	bus_queue_gather(fix->queue, 3, LONG_MS, LONG_MS); /* as many as it wants */
	assert_int_equal(bus_queue_take(fix->queue, items, 8, 0), 3);
	for (size_t i = 0; i < 3; i++)
		bus_item_free(items[i]);
	check(publish(fix, "it.event.a", "x", 1, 5000), CS_OK, &fix->err, "publish");
	bus_queue_gather(fix->queue, 1, LONG_MS, LONG_MS);
	check(bus_ask(asker, &out, 1, 3000, &fix->err), CS_OK, &fix->err, "ask");
	bus_queue_gather(fix->queue, 8, LONG_MS, LONG_MS); /* a question is there */
	bus_item_free(next(fix->queue, BUS_STORED));
	bus_item_free(next(fix->queue, BUS_QUESTION));
	bus_queue_wake(fix->queue);
	bus_queue_gather(fix->queue, 8, LONG_MS, LONG_MS);
	bus_item_free(next(fix->queue, BUS_WAKE));
	assert_true(cs_mono_ms() - began < LONG_MS);
	began = cs_mono_ms();
	check(publish(fix, "it.event.a", "x", 1, 5000), CS_OK, &fix->err, "publish");
	bus_queue_gather(fix->queue, 8, LONG_MS, 200); /* and no longer than it may */
	assert_in_range(cs_mono_ms() - began, 199, LONG_MS);
	bus_item_free(next(fix->queue, BUS_STORED));
}

static size_t
gathered(struct fixture *fix, int more_ms)
{
	struct bus_item *items[8];

	bus_queue_gather(fix->queue, 8, LONG_MS, more_ms);
	const size_t n = bus_queue_take(fix->queue, items, 8, 0);

	for (size_t i = 0; i < n; i++) {
		if (items[i]->kind == BUS_MESSAGE)
			bus_settle(items[i], BUS_ACK, 0);
		bus_item_free(items[i]);
	}
	return n;
}

static void
messages_of_a_quiet_consumer_hurry_nobody(void **state)
{
	struct fixture *fix = *state;
	struct bus_queue *asker = bus_queue_new(fix->bus);
	const struct bus_out out = { .subject = "it.event.a", .body = cs_span_str("x") };
	int64_t began = cs_mono_ms();

	check(bus_consume(fix->queue, "IT", "worker", 10, true, &fix->err), CS_OK, &fix->err,
	    "quiet");
	check(bus_publish(asker, &out, 1, 5000, &fix->err), CS_OK, &fix->err, "publish");
	bus_item_free(next(asker, BUS_STORED));
	assert_int_equal(gathered(fix, 300), 1);
	assert_in_range(cs_mono_ms() - began, 299, LONG_MS);
}

static void
messages_of_others_are_taken_at_once(void **state)
{
	struct fixture *fix = *state;
	struct bus_queue *asker = bus_queue_new(fix->bus);
	const struct bus_out out = { .subject = "it.event.a", .body = cs_span_str("x") };
	int64_t began = cs_mono_ms();

	check(bus_consume(fix->queue, "IT", "worker", 10, false, &fix->err), CS_OK, &fix->err,
	    "not quiet");
	check(bus_publish(asker, &out, 1, 5000, &fix->err), CS_OK, &fix->err, "publish");
	bus_item_free(next(asker, BUS_STORED));
	assert_int_equal(gathered(fix, LONG_MS), 1);
	assert_true(cs_mono_ms() - began < LONG_MS);
}

static void
the_descriptor_is_readable_while_something_waits(void **state)
{
	struct fixture *fix = *state;
	struct pollfd pfd = { .fd = bus_queue_fd(fix->queue), .events = POLLIN };
	struct bus_item *item;

	assert_int_equal(poll(&pfd, 1, 0), 0);
	bus_queue_wake(fix->queue);
	bus_queue_wake(fix->queue);
	assert_int_equal(poll(&pfd, 1, 0), 1);
	assert_int_equal(bus_queue_take(fix->queue, &item, 1, 0), 1);
	assert_int_equal(item->kind, BUS_WAKE);
	bus_item_free(item);
	assert_int_equal(poll(&pfd, 1, 0), 0);
	check(publish(fix, "it.event.a", "x", 1, 5000), CS_OK, &fix->err, "publish");
	assert_int_equal(poll(&pfd, 1, 10000), 1);
	bus_queue_wake(fix->queue);
	assert_int_equal(bus_queue_take(fix->queue, &item, 1, 0), 1);
	bus_item_free(item);
	assert_int_equal(poll(&pfd, 1, 0), 1); /* one of the two is left */
	assert_int_equal(bus_queue_take(fix->queue, &item, 1, 0), 1);
	bus_item_free(item);
	assert_int_equal(poll(&pfd, 1, 0), 0);
}

static void
a_stream_is_read_without_a_consumer(void **state)
{
	struct fixture *fix = *state;
	struct bus_stored stored;

	publish_and_wait(fix, "one");
	check(publish(fix, "it.event.b", "two", 1, 5000), CS_OK, &fix->err, "publish");
	bus_item_free(next(fix->queue, BUS_STORED));
	check(bus_stream_next(fix->bus, "IT", 0, NULL, fix->arena, &stored, &fix->err), CS_OK,
	    &fix->err, "first");
	assert_string_equal(stored.subject, "it.event.a");
	assert_true(cs_span_is(stored.body, "one"));
	assert_string_equal(bus_stored_header(&stored, "CE-Id", fix->arena), "one");
	assert_string_equal(bus_stored_header(&stored, "nats-msg-id", fix->arena), "one");
	assert_null(bus_stored_header(&stored, "absent", fix->arena));
	check(bus_stream_next(fix->bus, "IT", 1, "it.*.b", fix->arena, &stored, &fix->err), CS_OK,
	    &fix->err, "filtered");
	assert_int_equal(stored.sequence, 2);
	check(bus_stream_next(fix->bus, "IT", 3, NULL, fix->arena, &stored, &fix->err),
	    CS_NOT_FOUND, &fix->err, "end");
	check(bus_stream_next(fix->bus, "IT", 1, "\"", fix->arena, &stored, &fix->err),
	    CS_MALFORMED, &fix->err, "filter");
}

static void
a_missing_stream_or_consumer_is_not_found(void **state)
{
	struct fixture *fix = *state;
	struct bus_stream stream;
	struct bus_consumer consumer;

	check(bus_stream_info(fix->admin, "NONE", &stream, &fix->err), CS_NOT_FOUND, &fix->err,
	    "stream");
	check(bus_consumer_info(fix->bus, "IT", "none", &consumer, &fix->err), CS_NOT_FOUND,
	    &fix->err, "consumer");
}

static void
a_consumer_may_be_bound_once(void **state)
{
	struct fixture *fix = *state;

	consume(fix, 10);
	check(bus_consume(fix->queue, "IT", "worker", 10, false, &fix->err), CS_INTERNAL, &fix->err,
	    "twice");
	check(bus_consume(fix->queue, "IT.x", "worker", 10, false, &fix->err), CS_MALFORMED,
	    &fix->err, "name");
	check(bus_consume(fix->queue, "IT", "other", 0, false, &fix->err), CS_MALFORMED, &fix->err,
	    "none");
}

static void
only_the_genuine_server_is_talked_to(void **state)
{
	struct bus_settings settings = settings_of("it", "CS_NATS_SEED_FILE");
	struct bus *bus = NULL;
	struct cs_err err;

	(void)state;
	settings.ca_file = "/etc/ssl/certs/ca-certificates.crt";
	check(bus_open(&settings, &bus, &err), CS_UNAVAILABLE, &err, "another CA");
	settings.ca_file = "/nonexistent";
	check(bus_open(&settings, &bus, &err), CS_MALFORMED, &err, "no CA");
	settings = settings_of("it", "CS_NATS_CA_FILE");
	check(bus_open(&settings, &bus, &err), CS_MALFORMED, &err, "no seed");
	settings = settings_of("i.t", "CS_NATS_SEED_FILE");
	check(bus_open(&settings, &bus, &err), CS_MALFORMED, &err, "name");
	settings = settings_of("it", "CS_NATS_SEED_FILE");
	settings.urls = "tls://127.0.0.1:1";
	check(bus_open(&settings, &bus, &err), CS_UNAVAILABLE, &err, "nobody");
	settings.urls = "";
	check(bus_open(&settings, &bus, &err), CS_MALFORMED, &err, "nowhere");
	assert_null(bus);
}

/* Ours wins over the library's: the next signatures begin with a zero octet, as one in 256 does. */
static atomic_int zero_signatures;

natsStatus
nats_Sign(const char *seed, const char *nonce, unsigned char **signature, int *signature_len)
{
	natsStatus (*sign)(const char *, const char *, unsigned char **, int *);

	*(void **)&sign = dlsym(RTLD_NEXT, "nats_Sign");
	natsStatus status = sign(seed, nonce, signature, signature_len);

	if (status == NATS_OK && zero_signatures > 0) {
		zero_signatures--;
		(*signature)[0] = 0;
	}
	return status;
}

static void
a_signature_that_cannot_be_sent_is_made_anew(void **state)
{
	const struct bus_settings settings = settings_of("it", "CS_NATS_SEED_FILE");
	struct bus *bus = NULL;
	struct cs_err err;

	(void)state;
	zero_signatures = 2;
	check(bus_open(&settings, &bus, &err), CS_OK, &err, "the third can be sent");
	assert_int_equal(zero_signatures, 0);
	bus_close(bus);
	bus = NULL;
	zero_signatures = 1000;
	check(bus_open(&settings, &bus, &err), CS_UNAVAILABLE, &err, "not for ever");
	assert_true(zero_signatures > 900);
	zero_signatures = 0;
	assert_null(bus);
}

static void
a_reconnection_outlives_signatures_that_cannot_be_sent(void **state)
{
	struct bus *bus = open_bus("it", "CS_NATS_SEED_FILE");
	const int64_t until_ms = cs_mono_ms() + PATIENCE_MS;

	(void)state;
	zero_signatures = 3; /* the library gives up for good after two refusals in a row */
	control("stop");
	control("start");
	while (bus_counters(bus).reconnects == 0 && cs_mono_ms() < until_ms)
		poll(NULL, 0, 10);
	assert_int_equal(bus_counters(bus).reconnects, 1);
	assert_int_equal(zero_signatures, 0);
	bus_close(bus);
}

static int
listen_somewhere(char ret_url[static 32])
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sin);
	const int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&sin, len), 0);
	assert_int_equal(listen(fd, 5), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sin, &len), 0);
	snprintf(ret_url, 32, "tls://127.0.0.1:%d", ntohs(sin.sin_port));
	return fd;
}

struct greeter {
	pthread_t thread;
	int listener, client;
};

/* Greets one client and says nothing more: the client library's connect then never returns. */
static void *
greet(void *arg)
{
	static const char info[] =
	    "INFO {\"server_id\":\"x\",\"version\":\"2.9.10\",\"tls_required\":true,"
	    "\"headers\":true,\"max_payload\":1048576,\"nonce\":\"abc\"}\r\n";
	struct greeter *greeter = arg;

	greeter->client = accept(greeter->listener, NULL, NULL);
	(void)!write(greeter->client, info, strlen(info));
	return NULL;
}

static void
a_server_that_falls_silent_does_not_hang_us(void **state)
{
	struct bus_settings settings = settings_of("it", "CS_NATS_SEED_FILE");
	struct bus *bus = NULL;
	struct cs_err err;
	char url[32];
	struct greeter greeter = { .listener = listen_somewhere(url) };

	(void)state;
	settings.urls = url;
	settings.connect_ms = 300;
	assert_int_equal(pthread_create(&greeter.thread, NULL, greet, &greeter), 0);
	const int64_t then = cs_mono_ms();
	check(bus_open(&settings, &bus, &err), CS_UNAVAILABLE, &err, "greeting, then silence");
	assert_true(cs_mono_ms() - then < 2000);
	check(bus_open(&settings, &bus, &err), CS_UNAVAILABLE, &err, "silence");
	assert_true(cs_mono_ms() - then < 4000);
	assert_null(bus);
	pthread_join(greeter.thread, NULL);
	close(greeter.client);
	close(greeter.listener);
}

static int
leave(void **state)
{
	(void)state;
	bus_fini();
	return 0;
}

#define IT(test) cmocka_unit_test_setup_teardown(test, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		/* First: the threads that it leaves behind end long before the process does. */
		cmocka_unit_test(a_server_that_falls_silent_does_not_hang_us),
		IT(two_thousand_messages_are_exactly_accounted),
		IT(a_restart_in_the_middle_loses_nothing),
		IT(what_is_sent_while_the_server_is_away_fails_at_once),
		IT(what_waits_when_the_server_dies_is_told),
		IT(a_frozen_server_is_noticed_and_comes_back),
		IT(two_replicas_share_one_consumer),
		IT(a_wiped_store_is_a_new_stream_and_work_goes_on),
		IT(a_consumer_that_comes_later_or_again_is_found),
		IT(no_more_is_held_than_was_allowed),
		IT(a_paused_queue_asks_for_nothing),
		IT(progress_keeps_a_message_and_nothing_brings_it_again),
		IT(the_same_id_is_stored_once),
		IT(a_denied_publish_is_not_stored_and_shows_in_the_counters),
		IT(a_subject_without_a_stream_is_refused_at_once),
		IT(a_message_that_the_stream_refuses_says_why),
		IT(what_cannot_be_sent_is_malformed),
		IT(questions_are_answered_by_one_of_a_group),
		IT(only_who_was_asked_can_answer),
		IT(a_question_to_nobody_fails_at_once_and_to_a_mute_in_time),
		IT(a_flood_of_questions_is_bounded),
		IT(who_gathers_waits_for_more_but_not_when_asked),
		IT(messages_of_a_quiet_consumer_hurry_nobody),
		IT(messages_of_others_are_taken_at_once),
		IT(the_descriptor_is_readable_while_something_waits),
		IT(a_stream_is_read_without_a_consumer),
		IT(a_missing_stream_or_consumer_is_not_found),
		IT(a_consumer_may_be_bound_once),
		cmocka_unit_test(only_the_genuine_server_is_talked_to),
		cmocka_unit_test(a_signature_that_cannot_be_sent_is_made_anew),
		cmocka_unit_test(a_reconnection_outlives_signatures_that_cannot_be_sent),
	};

	return cmocka_run_group_tests_name("it_bus", tests, NULL, leave);
}
