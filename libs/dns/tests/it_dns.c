/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lookups and climbs against real name servers with a signed root (run-it.sh); without that around
 * it, it starts itself inside.  Two servers are played here, in the same event loop: NET.8 and
 * NET.9, which says nothing.
 */
#include <arpa/inet.h>
#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/time.h"
#include "dns/climb.h"
#include "dns/dns.h"
#include "dns/txt.h"

#include <cmocka.h>

#define SCRIPT "libs/dns/tests/run-it.sh"

static const char *const issuers[] = { "ca.example" };
static const struct caa_question mail = { CAA_ISSUEMAIL, issuers, 1, NULL, NULL, 0 };

/* --- a world --------------------------------------------------------------------------------- */

struct world {
	struct event_base *base;
	struct dns *dns;
	struct event *server, *silent;
	size_t
	    queries; /* that NET.8 was asked for names with a record type other than A and AAAA */
};

/*
 * NET.8 is the server of broken.example: "txt." has a TXT record, "nothing." has none and an SOA
 * that says so for five minutes, "servfail." fails.  It repeats the question as it came, and the
 * case of its letters (use-caps-for-id).
 */
static void
on_query(evutil_socket_t fd, short what, void *arg)
{
	static const char txt[] = "\xc0\x0c\0\x10\0\1\0\0\1\x2c\0\6\5hello";
	static const char soa[] = "\xc0\x14\0\6\0\1\0\0\1\x2c\0\26\0\0"
				  "\0\0\0\1\0\0\1\x2c\0\0\1\x2c\0\0\1\x2c\0\0\1\x2c";
	struct world *world = arg;
	uint8_t packet[1500];
	struct sockaddr_in from;
	socklen_t from_len = sizeof(from);
	ssize_t got = recvfrom(fd, packet, 512, 0, (struct sockaddr *)&from, &from_len);
	size_t len;

	(void)what;
	if (got < 17)
		return;
	len = 12 + strnlen((char *)packet + 12, (size_t)got - 12) +
	      5; /* header and question; the rest is EDNS */
	if (len > (size_t)got)
		return;
	packet[2] = 0x84;
	packet[3] = 0;
	memset(packet + 6, 0, 6);
	if (packet[len - 3] == DNS_TYPE_TXT && strncasecmp((char *)packet + 13, "txt", 3) == 0) {
		packet[7] = 1;
		memcpy(packet + len, txt, sizeof(txt) - 1);
		world->queries++;
		len += sizeof(txt) - 1;
	} else if (strncasecmp((char *)packet + 13, "servfail", 8) == 0) {
		packet[3] = DNS_RCODE_SERVFAIL;
		world->queries++;
	} else if (packet[len - 3] == DNS_TYPE_TXT && packet[12] == 7) {
		packet[9] = 1;
		memcpy(packet + len, soa, sizeof(soa) - 1);
		world->queries++;
		len += sizeof(soa) - 1;
	}
	(void)sendto(fd, packet, len, 0, (struct sockaddr *)&from, from_len);
}

static void
on_silence(evutil_socket_t fd, short what, void *arg)
{
	uint8_t packet[512];

	(void)what, (void)arg;
	(void)recv(fd, packet, sizeof(packet), 0);
}

static struct event *
play(struct world *world, const char *last, event_callback_fn callback)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(53) };
	char address[32];
	struct event *event;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	snprintf(address, sizeof(address), "%s.%s", getenv("CS_DNS_IT_NET"), last);
	assert_int_equal(inet_pton(AF_INET, address, &at.sin_addr), 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	event = event_new(world->base, fd, EV_READ | EV_PERSIST, callback, world);
	event_add(event, NULL);
	return event;
}

static struct dns_settings
settings(void)
{
	return (struct dns_settings){ .root_hints_file = getenv("CS_DNS_ROOT_HINTS_FILE"),
		.anchor_file = getenv("CS_DNS_ANCHOR_FILE"),
		.test_mode = true };
}

static void
world_init(struct world *world, const struct dns_settings *with)
{
	struct cs_err err = { 0 };

	*world = (struct world){ .base = event_base_new() };
	world->server = play(world, "8", on_query);
	world->silent = play(world, "9", on_silence);
	if (dns_open(with, world->base, &world->dns, &err) != CS_OK)
		fail_msg("%s", err.text);
}

static void
stop_playing(struct event *event)
{
	close(event_get_fd(event));
	event_free(event);
}

static void
world_fini(struct world *world)
{
	dns_close(world->dns);
	stop_playing(world->server);
	stop_playing(world->silent);
	event_base_free(world->base);
}

/* --- lookups --------------------------------------------------------------------------------- */

struct seen {
	size_t calls;
	enum dns_state state;
	uint8_t rcode;
	size_t records, aliases, wire;
	uint32_t ttl_s;
	enum txt_finding hello; /* TXT: is "hello" there? */
	char why[300];
};

static void
on_seen(void *arg, const struct dns_result *result)
{
	struct seen *seen = arg;

	seen->calls++;
	seen->state = result->state;
	seen->rcode = result->rcode;
	seen->wire = result->wire.len;
	snprintf(seen->why, sizeof(seen->why), "%s", result->why);
	if (result->answer == NULL)
		return;
	assert_true(result->state == DNS_SECURE || result->state == DNS_INSECURE);
	seen->records = result->answer->records_len;
	seen->aliases = result->answer->aliases_len;
	seen->ttl_s = result->answer->ttl_s;
	if (result->type == DNS_TYPE_TXT)
		seen->hello = txt_match(result->answer, cs_span_str("hello"));
}

static void
run(struct world *world, const size_t *calls, size_t want)
{
	while (*calls < want && event_base_loop(world->base, EVLOOP_ONCE) == 0)
		continue;
	assert_int_equal(*calls, want);
}

static struct seen
look_up(struct world *world, const struct dns_question *question)
{
	struct seen seen = { 0 };

	dns_lookup(world->dns, question, on_seen, &seen);
	run(world, &seen.calls, 1);
	return seen;
}

static struct seen
look_up_txt(struct world *world, const char *name)
{
	return look_up(world, &(struct dns_question){ .name = name, .type = DNS_TYPE_TXT });
}

static const struct {
	const char *name;
	uint16_t type;
	enum dns_state state;
	uint8_t rcode;
	size_t records, aliases;
	const char *why;
} zones[] = {
	{ "secure.example", DNS_TYPE_CAA, DNS_SECURE, 0, 1, 0, "" },
	{ "secure.example", DNS_TYPE_TXT, DNS_SECURE, 0, 2, 0, "" },
	{ "secure.example", DNS_TYPE_MX, DNS_SECURE, 0, 1, 0, "" },
	{ "mx.secure.example", DNS_TYPE_A, DNS_SECURE, 0, 1, 0, "" },
	{ "mx.secure.example", DNS_TYPE_AAAA, DNS_SECURE, 0, 1, 0, "" },
	{ "mx.secure.example", DNS_TYPE_CAA, DNS_SECURE, 0, 0, 0, "" },
	{ "absent.secure.example", DNS_TYPE_CAA, DNS_SECURE, DNS_RCODE_NXDOMAIN, 0, 0, "" },
	{ "example", DNS_TYPE_CAA, DNS_SECURE, 0, 0, 0, "" },
	{ "absent", DNS_TYPE_CAA, DNS_SECURE, DNS_RCODE_NXDOMAIN, 0, 0, "" },
	{ "x1.secure.example", DNS_TYPE_CAA, DNS_SECURE, 0, 1, 2, "" },
	{ "toinsecure.secure.example", DNS_TYPE_CAA, DNS_INSECURE, 0, 1, 1, "" },
	{ "sub.d.secure.example", DNS_TYPE_CAA, DNS_SECURE, 0, 1, 1, "" },
	{ "big.example", DNS_TYPE_CAA, DNS_SECURE, 0, 1001, 0, "" },
	{ "real.test", DNS_TYPE_TXT, DNS_SECURE, 0, 1, 0, "" },
	{ "insecure.example", DNS_TYPE_CAA, DNS_INSECURE, 0, 0, 0, "" },
	{ "insecure.example", DNS_TYPE_TXT, DNS_INSECURE, 0, 1, 0, "" },
	{ "absent.insecure.example", DNS_TYPE_TXT, DNS_INSECURE, DNS_RCODE_NXDOMAIN, 0, 0, "" },
	{ "bogus.example", DNS_TYPE_TXT, DNS_BOGUS, 0, 0, 0, "verification failed" },
	{ "bogus.example", DNS_TYPE_CAA, DNS_BOGUS, 0, 0, 0, "verification failed" },
	{ "nosig.example", DNS_TYPE_TXT, DNS_BOGUS, 0, 0, 0, "DNSKEY" },
	{ "forgeddenial.example", DNS_TYPE_CAA, DNS_BOGUS, 0, 0, 0, "validation failure" },
	{ "expired.example", DNS_TYPE_TXT, DNS_BOGUS, 0, 0, 0, "expired" },
	{ "tobogus.secure.example", DNS_TYPE_CAA, DNS_BOGUS, 0, 0, 0, "verification failed" },
	{ "refusing.example", DNS_TYPE_TXT, DNS_INDETERMINATE, DNS_RCODE_SERVFAIL, 0, 0,
	    "SERVFAIL" },
	{ "servfail.broken.example", DNS_TYPE_TXT, DNS_INDETERMINATE, DNS_RCODE_SERVFAIL, 0, 0,
	    "SERVFAIL" },
	{ "loop1.secure.example", DNS_TYPE_CAA, DNS_INDETERMINATE, DNS_RCODE_SERVFAIL, 0, 0, "" },
	{ "silent.example", DNS_TYPE_CAA, DNS_INDETERMINATE, DNS_RCODE_SERVFAIL, 0, 0,
	    "within 1500 ms" },
	{ "rotten.example", DNS_TYPE_CAA, DNS_INDETERMINATE, DNS_RCODE_SERVFAIL, 0, 0,
	    "within 1500 ms" },
	{ "localhost", DNS_TYPE_A, DNS_INDETERMINATE, DNS_RCODE_SERVFAIL, 0, 0, "not asked" },
	{ "a.onion", DNS_TYPE_CAA, DNS_INDETERMINATE, DNS_RCODE_SERVFAIL, 0, 0, "not asked" },
	{ "1.0.0.127.in-addr.arpa", DNS_TYPE_CAA, DNS_INDETERMINATE, DNS_RCODE_SERVFAIL, 0, 0,
	    "not asked" },
	{ "Secure.example", DNS_TYPE_CAA, DNS_INDETERMINATE, DNS_RCODE_SERVFAIL, 0, 0,
	    "not asked" },
};
#define ZONES (sizeof(zones) / sizeof(zones[0]))

static void
tells_the_state_of_every_zone(void **state)
{
	struct dns_settings with = settings();
	struct seen seen[ZONES] = { 0 };
	struct world world;

	(void)state;
	with.lookup_ms = 1500;
	world_init(&world, &with);
	for (size_t i = 0; i < ZONES; i++) {
		const struct dns_question question = { .name = zones[i].name,
			.type = zones[i].type };

		dns_lookup(world.dns, &question, on_seen, &seen[i]);
	}
	while (dns_in_flight(world.dns) > 0)
		event_base_loop(world.base, EVLOOP_ONCE);
	for (size_t i = 0; i < ZONES; i++) {
		assert_int_equal(seen[i].calls, 1);
		if (seen[i].state != zones[i].state || seen[i].rcode != zones[i].rcode ||
		    seen[i].records != zones[i].records || seen[i].aliases != zones[i].aliases ||
		    strstr(seen[i].why, zones[i].why) == NULL)
			fail_msg("%s %s: got %s %s, %zu records, %zu aliases (%s)", zones[i].name,
			    dns_type_name(zones[i].type), dns_state_name(seen[i].state),
			    dns_rcode_name(seen[i].rcode), seen[i].records, seen[i].aliases,
			    seen[i].why);
		if (seen[i].state != DNS_INDETERMINATE)
			assert_true(seen[i].wire > 12);
	}
	world_fini(&world);
}

/* 5 seconds, and up to one more: see DNS_RETRY_WAIT_MS.  When this fails, that can be shorter. */
static void
a_second_try_asks_the_server_only_after_the_wait(void **state)
{
	const struct dns_question at_once = { .name = "servfail.broken.example",
		.type = DNS_TYPE_TXT };
	struct dns_question later = at_once;
	struct dns_settings with = settings();
	struct world world;
	size_t before;

	(void)state;
	world_init(&world, &with);
	assert_int_equal(look_up(&world, &at_once).state, DNS_INDETERMINATE);
	before = world.queries;
	assert_true(before > 0);
	assert_int_equal(look_up(&world, &at_once).state, DNS_INDETERMINATE);
	assert_int_equal(world.queries, before);
	later.wait_ms = DNS_RETRY_WAIT_MS;
	assert_int_equal(look_up(&world, &later).state, DNS_INDETERMINATE);
	assert_true(world.queries > before);
	world_fini(&world);
}

static void
without_a_cache_every_lookup_asks(void **state)
{
	struct dns_settings with = settings();
	struct world world;
	size_t before;

	(void)state;
	world_init(&world, &with);
	assert_int_equal(look_up_txt(&world, "txt.broken.example").hello, TXT_MATCHES);
	before = world.queries;
	assert_int_equal(look_up_txt(&world, "txt.broken.example").hello, TXT_MATCHES);
	assert_true(world.queries > before);
	world_fini(&world);
}

static void
a_cache_keeps_records_a_minute_and_absence_not_at_all(void **state)
{
	struct dns_settings with = settings();
	struct world world;
	struct seen seen;
	size_t before;

	(void)state;
	with.cache_max_ttl_s = DNS_CACHE_MAX_TTL_S;
	world_init(&world, &with);
	seen = look_up_txt(&world, "txt.broken.example");
	assert_int_equal(seen.ttl_s, DNS_CACHE_MAX_TTL_S); /* the record says 300 */
	before = world.queries;
	assert_int_equal(look_up_txt(&world, "txt.broken.example").hello, TXT_MATCHES);
	assert_int_equal(world.queries, before);
	assert_int_equal(look_up_txt(&world, "nothing.broken.example").records, 0);
	before = world.queries;
	seen = look_up_txt(&world, "nothing.broken.example");
	assert_int_equal(seen.state, DNS_INSECURE);
	assert_true(world.queries > before);
	world_fini(&world);
}

static void
closing_answers_those_who_wait(void **state)
{
	static const char *const names[] = { "silent.example", "rotten.example",
		"txt.broken.example", "a.silent.example" };
	struct dns_settings with = settings();
	struct seen seen[4] = { 0 };
	struct world world;

	(void)state;
	world_init(&world, &with);
	for (size_t i = 0; i < 4; i++) {
		const struct dns_question question = {
			.name = names[i], .type = DNS_TYPE_TXT, .wait_ms = i == 3 ? 5000 : 0
		};

		dns_lookup(world.dns, &question, on_seen, &seen[i]);
	}
	assert_int_equal(dns_in_flight(world.dns), 4);
	event_base_loop(world.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	dns_close(world.dns);
	world.dns = NULL;
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(seen[i].calls, 1);
		assert_int_equal(seen[i].state, DNS_INDETERMINATE);
	}
	world_fini(&world);
}

/*
 * More than are sent at once, all to a server that says nothing: each gets its answer, and then
 * another zone its own.
 */
static void
silent_servers_do_not_stop_the_others(void **state)
{
	struct dns_settings with = settings();
	struct seen silent = { 0 };
	struct world world;

	(void)state;
	world_init(&world, &with);
	for (size_t i = 0; i < 700; i++) {
		char name[64];

		snprintf(name, sizeof(name), "a%zu.silent.example", i);
		dns_lookup(world.dns,
		    &(struct dns_question){ .name = name, .type = DNS_TYPE_TXT, .limit_ms = 300 },
		    on_seen, &silent);
	}
	assert_int_equal(dns_in_flight(world.dns), 700);
	run(&world, &silent.calls, 700);
	assert_int_equal(look_up_txt(&world, "secure.example").state, DNS_SECURE);
	assert_int_equal(dns_in_flight(world.dns), 0);
	world_fini(&world);
}

/* Whoever's servers are silent has all that he may have under way; another does not wait for him. */
static void
a_silent_party_makes_nobody_else_wait(void **state)
{
	struct dns_settings with = settings();
	struct seen silent = { 0 };
	struct world world;

	(void)state;
	world_init(&world, &with);
	for (size_t i = 0; i < 3000; i++) {
		char name[64];

		snprintf(name, sizeof(name), "b%zu.silent.example", i);
		dns_lookup(world.dns, &(struct dns_question){ .name = name, .type = DNS_TYPE_TXT },
		    on_seen, &silent);
	}
	assert_int_equal(look_up_txt(&world, "secure.example").state, DNS_SECURE);
	assert_int_equal(silent.calls, 0);
	assert_int_equal(dns_in_flight(world.dns), 3000);
	world_fini(&world);
	assert_int_equal(silent.calls, 3000);
}

struct chain {
	struct world *world;
	size_t calls;
};

static void
on_chain(void *arg, const struct dns_result *result)
{
	struct chain *chain = arg;

	chain->calls++;
	assert_int_equal(result->state, DNS_SECURE);
	if (chain->calls < 5) /* the same name, whose lookup is just ending inside the library */
		dns_lookup(chain->world->dns,
		    &(struct dns_question){ .name = "secure.example", .type = DNS_TYPE_CAA },
		    on_chain, chain);
}

static void
a_callback_may_look_up_the_same_name_again(void **state)
{
	struct dns_settings with = settings();
	struct world world;
	struct chain chain = { .world = &world };

	(void)state;
	world_init(&world, &with);
	dns_lookup(world.dns,
	    &(struct dns_question){ .name = "secure.example", .type = DNS_TYPE_CAA }, on_chain,
	    &chain);
	run(&world, &chain.calls, 5);
	world_fini(&world);
}

/* --- settings -------------------------------------------------------------------------------- */

static const char *
write_file(char path[static 64], const char *text)
{
	int fd;
	FILE *file;

	snprintf(path, 64, "/tmp/it_dns.XXXXXX");
	fd = mkstemp(path);
	file = fdopen(fd, "w");
	fputs(text, file);
	fclose(file);
	return path;
}

static void
does_not_start_without_an_anchor_that_it_can_use(void **state)
{
	static const struct {
		const char *text; /* NULL: no file of this name */
		enum cs_code want;
	} cases[] = {
		{ NULL, CS_UNAVAILABLE },
		{ "", CS_MALFORMED },
		{ "; . IN DS\n", CS_MALFORMED },
		{ ". IN DS 1 16 2 e06d44b80b8f1d39a95c0b0d7c65d08458e880409bbc683457104237c7f8ec8d\n",
		    CS_MALFORMED },
	};
	struct event_base *base = event_base_new();
	struct dns_settings with = settings();
	struct dns *dns = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char path[64];

		with.anchor_file = write_file(path, cases[i].text != NULL ? cases[i].text : "");
		if (cases[i].text == NULL)
			unlink(path);
		assert_int_equal(dns_open(&with, base, &dns, NULL), cases[i].want);
		unlink(path);
	}
	with.anchor_file = NULL;
	assert_int_equal(dns_open(&with, base, &dns, NULL), CS_MALFORMED);
	with = settings();
	with.root_hints_file = "/nonexistent";
	assert_int_equal(dns_open(&with, base, &dns, NULL), CS_UNAVAILABLE);
	with = settings();
	with.cache_max_ttl_s = DNS_CACHE_MAX_TTL_S + 1;
	assert_int_equal(dns_open(&with, base, &dns, NULL), CS_MALFORMED);
	with = settings();
	with.forward = "not an address";
	assert_int_equal(dns_open(&with, base, &dns, NULL), CS_MALFORMED);
	assert_null(dns);
	event_base_free(base);
}

/* The anchor of another root: nothing is secure then, and nothing insecure either. */
static void
under_another_anchor_nothing_can_be_told(void **state)
{
	struct dns_settings with = settings();
	struct world world;
	char path[64];

	(void)state;
	with.anchor_file = write_file(path,
	    ". IN DS 20326 8 2 e06d44b80b8f1d39a95c0b0d7c65d08458e880409bbc683457104237c7f8ec8d\n");
	world_init(&world, &with);
	assert_string_equal(dns_anchor_tags(world.dns), "20326");
	assert_int_equal(look_up_txt(&world, "secure.example").state, DNS_BOGUS);
	assert_int_equal(look_up_txt(&world, "insecure.example").state, DNS_BOGUS);
	world_fini(&world);
	unlink(path);
}

static void
outside_test_mode_no_server_on_loopback_is_asked(void **state)
{
	struct dns_settings with = settings();
	struct world world;
	struct seen seen;

	(void)state;
	with.test_mode = false;
	with.lookup_ms = 1500;
	world_init(&world, &with);
	seen = look_up_txt(&world, "secure.example");
	assert_int_equal(seen.state, DNS_INDETERMINATE);
	assert_int_equal(seen.wire, 0);
	assert_non_null(strstr(look_up_txt(&world, "real.test").why, "not asked"));
	world_fini(&world);
}

/* --- climbs ---------------------------------------------------------------------------------- */

struct climbed {
	size_t calls, lookups;
	enum caa_finding finding;
	enum caa_reason reason;
	enum dns_state state;
	uint8_t tries; /* of the name itself */
	char found_at[254], detail[600];
};

static void
on_climbed(void *arg, const struct climb_result *result)
{
	struct climbed *climbed = arg;
	const char *at = result->decision.found_at;

	climbed->calls++;
	climbed->lookups = result->lookups_len;
	climbed->finding = result->decision.finding;
	climbed->reason = result->decision.reason;
	climbed->state = result->state;
	climbed->tries = result->lookups_len > 0 ? result->lookups[0].tries : 0;
	snprintf(climbed->found_at, sizeof(climbed->found_at), "%s", at != NULL ? at : "-");
	snprintf(climbed->detail, sizeof(climbed->detail), "%s", result->decision.detail);
}

static const struct {
	const char *name;
	enum caa_finding finding;
	enum caa_reason reason;
	const char *found_at;
	enum dns_state state;
} climbs[] = {
	/* the numbers are those of the public CAA test matrix */
	{ "www.nocaa.example", CAA_ALLOW, CAA_NO_CAA, "-", DNS_SECURE },               /* 1 */
	{ "secure.example", CAA_ALLOW, CAA_AUTHORIZED, "secure.example", DNS_SECURE }, /* 4 */
	{ "a.b.c.secure.example", CAA_ALLOW, CAA_AUTHORIZED, "secure.example", DNS_SECURE },
	{ "child.deny.secure.example", CAA_DENY, CAA_NOT_AUTHORIZED, "deny.secure.example",
	    DNS_SECURE },
	{ "iodef.deny.secure.example", CAA_ALLOW, CAA_UNRESTRICTED, "iodef.deny.secure.example",
	    DNS_SECURE }, /* 20 */
	{ "deny.secure.example", CAA_DENY, CAA_NOT_AUTHORIZED, "deny.secure.example",
	    DNS_SECURE }, /* 21 */
	{ "x2.secure.example", CAA_DENY, CAA_NOT_AUTHORIZED, "x2.secure.example",
	    DNS_SECURE },                                                  /* 22 */
	{ "alias.nocaa.example", CAA_ALLOW, CAA_NO_CAA, "-", DNS_SECURE }, /* 23 */
	{ "alias.parentdenies.example", CAA_DENY, CAA_NOT_AUTHORIZED, "parentdenies.example",
	    DNS_SECURE }, /* 24 */
	{ "below.aliased.nocaa.example", CAA_DENY, CAA_NOT_AUTHORIZED, "aliased.nocaa.example",
	    DNS_SECURE }, /* 25 */
	{ "d.parentdenies.example", CAA_DENY, CAA_NOT_AUTHORIZED, "parentdenies.example",
	    DNS_SECURE }, /* 26 */
	{ "sub.d.parentdenies.example", CAA_ALLOW, CAA_AUTHORIZED, "sub.d.parentdenies.example",
	    DNS_SECURE }, /* 26b */
	{ "x1.secure.example", CAA_DENY, CAA_NOT_AUTHORIZED, "x1.secure.example",
	    DNS_SECURE },                                                           /* 27 */
	{ "big.example", CAA_DENY, CAA_NOT_AUTHORIZED, "big.example", DNS_SECURE }, /* 29 */
	{ "expired.example", CAA_DENY, CAA_DNSSEC_BOGUS, "-", DNS_BOGUS },          /* 30 */
	{ "nosig.example", CAA_DENY, CAA_DNSSEC_BOGUS, "-", DNS_BOGUS },            /* 30 */
	{ "forgeddenial.example", CAA_DENY, CAA_DNSSEC_BOGUS, "-", DNS_BOGUS },
	{ "bogus.example", CAA_DENY, CAA_DNSSEC_BOGUS, "-", DNS_BOGUS },
	{ "www.bogus.example", CAA_DENY, CAA_DNSSEC_BOGUS, "-", DNS_BOGUS },
	{ "rotten.example", CAA_COULD_NOT_TELL, CAA_LOOKUP_FAILED, "-",
	    DNS_INDETERMINATE }, /* 31 */
	{ "servfail.broken.example", CAA_COULD_NOT_TELL, CAA_LOOKUP_FAILED, "-",
	    DNS_INDETERMINATE },
	{ "refusing.example", CAA_COULD_NOT_TELL, CAA_LOOKUP_FAILED, "-", DNS_INDETERMINATE },
	{ "silent.example", CAA_COULD_NOT_TELL, CAA_LOOKUP_FAILED, "-",
	    DNS_INDETERMINATE },                                                  /* 32 */
	{ "tobogus.secure.example", CAA_DENY, CAA_DNSSEC_BOGUS, "-", DNS_BOGUS }, /* 33 */
	{ "toinsecure.secure.example", CAA_DENY, CAA_NOT_AUTHORIZED, "toinsecure.secure.example",
	    DNS_INSECURE },
	{ "hostile.secure.example", CAA_DENY, CAA_NOT_AUTHORIZED, "hostile.secure.example",
	    DNS_SECURE }, /* 34 */
	{ "insecure.example", CAA_ALLOW, CAA_NO_CAA, "-", DNS_INSECURE },
	/* Signed with algorithm 16, which the resolver calls insecure: at the name, above it, by aliases. */
	{ "ed448.example", CAA_DENY, CAA_DNSSEC_UNSUPPORTED, "-", DNS_INDETERMINATE },
	{ "a.b.ed448.example", CAA_DENY, CAA_DNSSEC_UNSUPPORTED, "-", DNS_INDETERMINATE },
	{ "sub.ed448.example", CAA_DENY, CAA_DNSSEC_UNSUPPORTED, "-", DNS_INDETERMINATE },
	{ "toed448.secure.example", CAA_DENY, CAA_DNSSEC_UNSUPPORTED, "-", DNS_INDETERMINATE },
	{ "chain448.secure.example", CAA_DENY, CAA_DNSSEC_UNSUPPORTED, "-", DNS_INDETERMINATE },
	{ "deny.ed448.example", CAA_DENY, CAA_NOT_AUTHORIZED, "deny.ed448.example",
	    DNS_INSECURE }, /* a no needs no proof */
	/* Really unsigned, below what is signed: at once, and by an alias. */
	{ "www.child.secure.example", CAA_ALLOW, CAA_AUTHORIZED, "secure.example", DNS_INSECURE },
	{ "tochild.secure.example", CAA_ALLOW, CAA_AUTHORIZED, "secure.example", DNS_INSECURE },
	{ "x.insecure.example", CAA_ALLOW, CAA_NO_CAA, "-", DNS_INSECURE },
	{ "loop1.secure.example", CAA_COULD_NOT_TELL, CAA_LOOKUP_FAILED, "-", DNS_INDETERMINATE },
	{ "localhost", CAA_COULD_NOT_TELL, CAA_LOOKUP_FAILED, "-", DNS_INDETERMINATE },
	{ "b\xc3\xbc"
	  "cher.example",
	    CAA_COULD_NOT_TELL, CAA_LOOKUP_FAILED, "-", DNS_INDETERMINATE },
};
#define CLIMBS (sizeof(climbs) / sizeof(climbs[0]))

static void
decides_climbs_as_the_matrix_says(void **state)
{
	struct dns_settings with = settings();
	struct climbed got[CLIMBS] = { 0 };
	struct world world;

	(void)state;
	world_init(&world, &with);
	for (size_t i = 0; i < CLIMBS; i++) {
		const struct climb_question question = { climbs[i].name, &mail, 3000 };

		climb_start(world.dns, &question, on_climbed, &got[i]);
	}
	for (size_t i = 0; i < CLIMBS; i++)
		run(&world, &got[i].calls, 1);
	for (size_t i = 0; i < CLIMBS; i++)
		if (got[i].finding != climbs[i].finding || got[i].reason != climbs[i].reason ||
		    got[i].state != climbs[i].state ||
		    strcmp(got[i].found_at, climbs[i].found_at) != 0)
			fail_msg("%s: got %s %s at %s, %s (%s)", climbs[i].name,
			    caa_finding_name(got[i].finding), caa_reason_name(got[i].reason),
			    got[i].found_at, dns_state_name(got[i].state), got[i].detail);
	world_fini(&world);
}

/* A server that fails is asked twice, and stays within the budget; one that answers, once. */
static void
tries_a_failed_label_once_more(void **state)
{
	const struct climb_question failing = { "servfail.broken.example", &mail, 12000 };
	const struct climb_question fine = { "secure.example", &mail, 12000 };
	struct dns_settings with = settings();
	struct climbed got[2] = { 0 };
	int64_t started_ms = cs_mono_ms();
	struct world world;

	(void)state;
	world_init(&world, &with);
	climb_start(world.dns, &failing, on_climbed, &got[0]);
	climb_start(world.dns, &fine, on_climbed, &got[1]);
	run(&world, &got[1].calls, 1);
	assert_int_equal(got[1].tries, 1);
	run(&world, &got[0].calls, 1);
	assert_int_equal(got[0].tries, CLIMB_TRIES);
	assert_int_equal(got[0].finding, CAA_COULD_NOT_TELL);
	assert_true(cs_mono_ms() - started_ms < 12500);
	world_fini(&world);
}

/* 100 labels: more than are asked at once. */
static void
climbs_a_name_of_a_hundred_labels(void **state)
{
	struct dns_settings with = settings();
	struct climb_question question = { NULL, &mail, 0 };
	struct climbed got = { 0 };
	struct world world;
	char name[256] = "";

	(void)state;
	for (size_t i = 0; i < 98; i++)
		strcat(name, "a.");
	strcat(name, "secure.example");
	question.name = name;
	world_init(&world, &with);
	climb_start(world.dns, &question, on_climbed, &got);
	assert_true(dns_in_flight(world.dns) <= CLIMB_AT_ONCE);
	run(&world, &got.calls, 1);
	assert_int_equal(got.lookups, 100);
	assert_int_equal(got.finding, CAA_ALLOW);
	assert_string_equal(got.found_at, "secure.example");
	world_fini(&world);
}

static void
closing_ends_climbs_as_could_not_tell(void **state)
{
	const struct climb_question question = { "a.b.silent.example", &mail, 0 };
	struct dns_settings with = settings();
	struct climbed got = { 0 };
	struct world world;

	(void)state;
	world_init(&world, &with);
	climb_start(world.dns, &question, on_climbed, &got);
	dns_close(world.dns);
	world.dns = NULL;
	assert_int_equal(got.calls, 1);
	assert_int_equal(got.finding, CAA_COULD_NOT_TELL);
	world_fini(&world);
}

int
main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_the_state_of_every_zone),
		cmocka_unit_test(a_second_try_asks_the_server_only_after_the_wait),
		cmocka_unit_test(without_a_cache_every_lookup_asks),
		cmocka_unit_test(a_cache_keeps_records_a_minute_and_absence_not_at_all),
		cmocka_unit_test(closing_answers_those_who_wait),
		cmocka_unit_test(silent_servers_do_not_stop_the_others),
		cmocka_unit_test(a_silent_party_makes_nobody_else_wait),
		cmocka_unit_test(a_callback_may_look_up_the_same_name_again),
		cmocka_unit_test(does_not_start_without_an_anchor_that_it_can_use),
		cmocka_unit_test(under_another_anchor_nothing_can_be_told),
		cmocka_unit_test(outside_test_mode_no_server_on_loopback_is_asked),
		cmocka_unit_test(decides_climbs_as_the_matrix_says),
		cmocka_unit_test(tries_a_failed_label_once_more),
		cmocka_unit_test(climbs_a_name_of_a_hundred_labels),
		cmocka_unit_test(closing_ends_climbs_as_could_not_tell),
	};

	struct rlimit files;

	(void)argc;
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max; /* as dns.h asks for */
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	if (getenv("CS_DNS_IT_ZONES") == NULL) {
		execl(SCRIPT, SCRIPT, argv[0], (char *)NULL);
		perror(SCRIPT);
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
