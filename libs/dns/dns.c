/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lookups over libunbound; context.c sets it up.  What was learned about it (1.17.1, Debian 12)
 * stands where it matters.
 *
 * A lookup is never cancelled: its time-out answers the caller and forgets him, and the struct
 * stays until libunbound has come back for it, or is gone.
 */
#include "dns/dns.h"

#include <event2/event.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unbound-event.h>
#include <unbound.h>

#include "base/time.h"
#include "dns/context.h"
#include "dns/turns.h"
#include "smime/domain.h"

/* The rest waits here, within its limit.  Each takes memory, and a port when its answer is far away. */
#define SENT_AT_ONCE 4096
/*
 * Of names that one party registered, the forgotten ones too.  More at once and they disturb each other: a
 * server's socket buffer, at its usual size, holds some 250 queries, and every loss is a time-out.
 */
#define OF_ONE_PARTY 128
/*
 * Silent servers keep libunbound busy for long after our time-outs: that must not stop the others,
 * nor fill memory.
 */
#define FORGOTTEN_MAX 4096
#define CLASS_IN 1
#define WHY_TEXT 256
#define SEC_BOGUS 1 /* the `sec` of ub_event_callback_type: 0 is insecure */
#define SEC_SECURE 2

struct lookups {
	TAILQ_HEAD(, lookup) head;
	size_t len;
};

struct dns {
	struct event_base *base;
	struct ub_ctx *ub;
	struct event *pump;
	struct lookups idle; /* those that wait for their time */
	struct lookups queued;
	struct smime_psl *psl; /* says what somebody registered */
	struct turns *turns;   /* of those that are queued, sent or forgotten */
	struct lookups sent;
	struct lookups forgotten; /* timed out, but libunbound will still come back for them */
	size_t in_flight;         /* those somebody waits for */
	uint32_t lookup_ms;
	bool test_mode, closing;
	bool inside; /* libunbound is calling us: it is not called back */
	char tags[CONTEXT_TAGS];
};

struct lookup {
	struct dns *dns;
	struct lookups *in; /* the list that `entry` is in */
	TAILQ_ENTRY(lookup) entry;
	struct turn_place place;
	struct event *timer;
	dns_done *done; /* NULL: answered */
	void *arg;
	int64_t deadline_ms; /* monotonic */
	uint32_t limit_ms;
	uint16_t type;
	char name[254];
};

static struct lookup *
lookup_of(struct turn_place *place)
{
	return (struct lookup *)((uintptr_t)place - offsetof(struct lookup, place));
}

/* Its turn follows from the list that it is in. */
static void
move_place(struct lookup *lookup)
{
	struct dns *dns = lookup->dns;
	int state = TURN_IDLE;

	if (lookup->in == &dns->queued)
		state = TURN_WAITING;
	else if (lookup->in == &dns->sent || lookup->in == &dns->forgotten)
		state = TURN_BUSY;
	if (lookup->in == NULL)
		turns_leave(dns->turns, &lookup->place);
	else
		turns_set(dns->turns, &lookup->place, state);
}

static void
move(struct lookup *lookup, struct lookups *to)
{
	if (lookup->in != NULL) {
		TAILQ_REMOVE(&lookup->in->head, lookup, entry);
		lookup->in->len--;
	}
	lookup->in = to;
	if (to != NULL) {
		TAILQ_INSERT_TAIL(&to->head, lookup, entry);
		to->len++;
	}
	move_place(lookup);
}

static void
free_lookup(struct lookup *lookup)
{
	move(lookup, NULL);
	event_free(lookup->timer);
	free(lookup);
}

/* Tells the caller, once.  He may start other lookups from here, but not close. */
static void
deliver(struct lookup *lookup, struct dns_result *result)
{
	dns_done *done = lookup->done;

	if (done == NULL)
		return;
	lookup->done = NULL;
	lookup->dns->in_flight--;
	event_del(lookup->timer);
	result->name = lookup->name;
	result->type = lookup->type;
	result->answered_ms = cs_now_ms();
	done(lookup->arg, result);
}

static void
deliver_failure(struct lookup *lookup, const char *why)
{
	struct dns_result result = { .rcode = DNS_RCODE_SERVFAIL, .why = why };

	deliver(lookup, &result);
}

/* What libunbound says about a zone may quote it: one line, printable, cut. */
static const char *
clean(const char *why, const char *instead, char ret_text[static WHY_TEXT])
{
	snprintf(ret_text, WHY_TEXT, "%s", why != NULL && why[0] != '\0' ? why : instead);
	for (char *c = ret_text; *c != '\0'; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	return ret_text;
}

/* `result` has the packet; adds what it says if it says something about the name. */
static void
interpret(struct lookup *lookup, struct cs_arena *arena, int sec, struct dns_result *result)
{
	struct dns_answer *answer = CS_NEW(arena, struct dns_answer);
	struct cs_err err = { 0 };

	if (dns_answer_parse(arena, result->wire, lookup->name, lookup->type, answer, &err) !=
	    CS_OK) {
		result->why = cs_arena_strdup(arena, err.text);
		return;
	}
	result->rcode = answer->rcode;
	if (answer->rcode != DNS_RCODE_NOERROR && answer->rcode != DNS_RCODE_NXDOMAIN) {
		result->why = dns_rcode_name(answer->rcode);
		return;
	}
	result->answer = answer;
	result->state = sec == SEC_SECURE ? DNS_SECURE : DNS_INSECURE;
}

/* Lets pump() run from the event loop, not from here. */
static void
wake(struct dns *dns)
{
	if (turns_next(dns->turns) != NULL)
		event_active(dns->pump, EV_TIMEOUT, 0);
}

/*
 * NXDOMAIN comes as rcode 0, and so does a bogus answer, with the forged records in the packet:
 * `sec` comes before everything.  With any other rcode, packet and len are garbage.  `sec` is
 * insecure as well for what was never checked; with an anchor at the root that is only what
 * libunbound makes up itself, and such names are not asked.
 */
static void
on_answer(void *arg, int rcode, void *packet, int len, int sec, char *why, int limited)
{
	struct lookup *lookup = arg;
	struct dns *dns = lookup->dns;
	struct dns_result result = { .rcode = DNS_RCODE_SERVFAIL, .why = "" };
	char text[WHY_TEXT];
	struct cs_arena *arena;

	(void)limited;
	if (dns->closing)
		return; /* ub_ctx_delete() comes here for what it still had; dns_close() frees it */
	dns->inside = true;
	if (rcode == 0 && packet != NULL && len > 0 && len <= DNS_MAX_OCTETS)
		result.wire = cs_span_of(packet, (size_t)len);
	if (sec == SEC_BOGUS) {
		result.state = DNS_BOGUS;
		result.rcode = result.wire.len > 3 ? result.wire.data[3] & 0xf : DNS_RCODE_SERVFAIL;
		result.why = clean(why, "the chain of signatures is broken", text);
		deliver(lookup, &result);
	} else if (result.wire.len == 0) {
		deliver_failure(lookup, clean(why, dns_rcode_name((uint8_t)(rcode & 0xf)), text));
	} else {
		arena = cs_arena_new();
		interpret(lookup, arena, sec, &result);
		deliver(lookup, &result);
		cs_arena_free(arena);
	}
	dns->inside = false;
	free_lookup(lookup);
	wake(dns);
}

static void
arm(struct lookup *lookup, int64_t ms)
{
	struct timeval tv = { 0 };

	if (ms > 0)
		tv = (struct timeval){ .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
	event_add(lookup->timer, &tv);
}

static void
send_query(struct lookup *lookup)
{
	int id = 0, rc;

	move(lookup, &lookup->dns->sent);
	/* The callback may run in here, and then the lookup is gone. */
	rc = ub_resolve_event(
	    lookup->dns->ub, lookup->name, lookup->type, CLASS_IN, lookup, on_answer, &id);
	if (rc != 0) {
		deliver_failure(lookup, ub_strerror(rc));
		free_lookup(lookup);
	}
}

static bool
may_send(const struct dns *dns)
{
	return !dns->inside && dns->sent.len < SENT_AT_ONCE && dns->forgotten.len < FORGOTTEN_MAX;
}

static void
pump(struct dns *dns)
{
	struct turn_place *next;

	while (may_send(dns) && (next = turns_next(dns->turns)) != NULL)
		send_query(lookup_of(next));
}

static void
on_pump(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	pump(arg);
}

static void
enqueue(struct lookup *lookup)
{
	arm(lookup, lookup->deadline_ms - cs_mono_ms());
	move(lookup, &lookup->dns->queued);
	if (lookup->dns->inside)
		wake(lookup->dns);
	else
		pump(lookup->dns);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct lookup *lookup = arg;
	struct dns *dns = lookup->dns;
	char why[64];

	(void)fd, (void)what;
	if (lookup->in == &dns->idle && lookup->deadline_ms > cs_mono_ms()) {
		enqueue(lookup);
		return;
	}
	snprintf(why, sizeof(why), "no answer within %u ms", (unsigned)lookup->limit_ms);
	deliver_failure(lookup, why);
	if (lookup->in == &dns->sent)
		move(lookup, &dns->forgotten);
	else
		free_lookup(lookup);
	wake(dns);
}

/*
 * Names of RFC 6761 and its kin: libunbound makes answers up for them, others leak from a local
 * network.
 */
static bool
special_use(const struct dns *dns, const char *name)
{
	static const char *const tops[] = { "localhost", "invalid", "onion", "local", "alt",
		"internal", "arpa" };
	const char *dot = strrchr(name, '.'), *top = dot != NULL ? dot + 1 : name;

	for (size_t i = 0; i < sizeof(tops) / sizeof(tops[0]); i++)
		if (strcmp(top, tops[i]) == 0)
			return true;
	return !dns->test_mode && strcmp(top, "test") == 0;
}

bool
dns_may_ask(const struct dns *dns, const char *name)
{
	return dns_name_valid(name) && !special_use(dns, name);
}

/* A suffix itself, which everybody may ask about, is a party of its own. */
static void
join(struct lookup *lookup)
{
	const char *party = smime_domain_registrable(lookup->dns->psl, lookup->name);

	turns_join(lookup->dns->turns, &lookup->place, party != NULL ? party : lookup->name);
}

static struct lookup *
new_lookup(struct dns *dns, const struct dns_question *question, dns_done *done, void *arg)
{
	struct lookup *lookup = calloc(1, sizeof(*lookup));

	cs_assert(lookup != NULL);
	lookup->dns = dns;
	lookup->done = done;
	lookup->arg = arg;
	lookup->type = question->type;
	lookup->limit_ms = question->limit_ms != 0 ? question->limit_ms : dns->lookup_ms;
	lookup->deadline_ms = cs_mono_ms() + lookup->limit_ms;
	snprintf(lookup->name, sizeof(lookup->name), "%s", question->name);
	lookup->timer = evtimer_new(dns->base, on_timer, lookup);
	cs_assert(lookup->timer != NULL);
	join(lookup);
	move(lookup, &dns->idle);
	dns->in_flight++;
	return lookup;
}

void
dns_lookup(struct dns *dns, const struct dns_question *question, dns_done *done, void *arg)
{
	struct lookup *lookup = new_lookup(dns, question, done, arg);

	uint32_t wait_ms = question->wait_ms;

	if (!dns_may_ask(dns, question->name) || dns->closing) {
		deliver_failure(
		    lookup, dns->closing ? "the resolver was closed" : "a name that is not asked");
		free_lookup(lookup);
	} else if (wait_ms > 0) {
		arm(lookup, wait_ms < lookup->limit_ms ? wait_ms : lookup->limit_ms);
	} else {
		enqueue(lookup);
	}
}

/* Callbacks may ask for more from here; that ends at once, because of `closing`. */
static void
end_all(struct lookups *list)
{
	struct lookup *lookup;

	TAILQ_FOREACH(lookup, &list->head, entry)
	deliver_failure(lookup, "the resolver was closed");
}

static void
free_all(struct lookups *list)
{
	while (!TAILQ_EMPTY(&list->head))
		free_lookup(TAILQ_FIRST(&list->head));
}

void
dns_close(struct dns *dns)
{
	if (dns == NULL)
		return;
	cs_assert(!dns->inside);
	dns->closing = true;
	end_all(&dns->idle);
	end_all(&dns->queued);
	end_all(&dns->sent);
	if (dns->ub != NULL)
		ub_ctx_delete(dns->ub);
	free_all(&dns->idle);
	free_all(&dns->queued);
	free_all(&dns->sent);
	free_all(&dns->forgotten);
	turns_free(dns->turns);
	smime_psl_free(dns->psl);
	event_free(dns->pump);
	free(dns);
}

enum cs_code
dns_open(const struct dns_settings *settings, struct event_base *base, struct dns **ret_dns,
    struct cs_err *err)
{
	struct dns *dns = calloc(1, sizeof(*dns));
	enum cs_code code;

	cs_assert(dns != NULL);
	TAILQ_INIT(&dns->idle.head);
	TAILQ_INIT(&dns->queued.head);
	TAILQ_INIT(&dns->sent.head);
	TAILQ_INIT(&dns->forgotten.head);
	dns->base = base;
	dns->turns = turns_new(OF_ONE_PARTY);
	dns->lookup_ms = settings->lookup_ms != 0 ? settings->lookup_ms : DNS_LOOKUP_MS;
	dns->test_mode = settings->test_mode;
	dns->pump = event_new(base, -1, 0, on_pump, dns);
	cs_assert(dns->pump != NULL);
	code = smime_psl_load(NULL, &dns->psl, err);
	if (code == CS_OK)
		code = context_new(settings, base, &dns->ub, dns->tags, err);
	if (code != CS_OK) {
		dns_close(dns);
		return code;
	}
	*ret_dns = dns;
	return CS_OK;
}

size_t
dns_in_flight(const struct dns *dns)
{
	return dns->in_flight;
}

const char *
dns_anchor_tags(const struct dns *dns)
{
	return dns->tags;
}

const char *
dns_state_name(enum dns_state state)
{
	static const char *const names[] = { [DNS_INDETERMINATE] = "indeterminate",
		[DNS_SECURE] = "secure",
		[DNS_INSECURE] = "insecure",
		[DNS_BOGUS] = "bogus" };

	return names[state];
}
