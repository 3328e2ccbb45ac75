/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crew.c: the parent's side: which child gets a question, what becomes of questions whose child is gone,
 * and when a child is replaced.
 *
 *   STARTING -- ready --> READY -- old, nothing in hand --> ENDING --.
 *       `---------- dies, stands still, breaks the rules: DYING ------`--> gone, another one is started
 */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "base/time.h"
#include "internal.h"

#define SETTINGS_MAX 65536
#define START_MS 20000
#define END_MS 5000
#define STALL_MS (SANDBOX_SANITIZED ? 20000 : 5000)
#define LIFE_MS 600000
#define QUESTIONS_MAX 50000
/* A child that lived for less died of its start, or of what it was asked at once. */
#define SOON_MS 2000
#define BACK_OFF_MS 50
#define BACK_OFF_MAX_MS 10000
#define OUTPUT_MAX (8 * 1024 * 1024) /* octets that wait to be read by one child */
#define BUCKETS 4096
#define MEMBER_TEXT 200

TAILQ_HEAD(asked_list, asked);

enum member_state { STARTING, READY, ENDING, DYING };

struct member {
	struct sandbox *crew;
	enum member_state state;
	bool old;              /* to be replaced: gets questions only while there is no other */
	bool by_us;            /* DYING because we killed it, */
	char why[MEMBER_TEXT]; /* for this reason */
	pid_t pid;
	struct bufferevent *channel;
	int64_t since_ms; /* in this state */
	int64_t ready_ms; /* 0: never was */
	int64_t ping_ms;  /* when it was sent; 0: none is out */
	int64_t heard_ms;
	uint64_t given, answered;
	size_t live, forgotten; /* of asked: waited for; timed out */
	struct asked_list asked;
	LIST_ENTRY(member) link;
};

struct asked {
	struct sandbox *crew;
	struct member *member; /* NULL: none has it yet */
	uint64_t ticket;
	sandbox_done *done;
	void *arg;
	struct event *timer;
	bool forgotten;
	uint8_t *copy; /* of the question, while it waits; owned */
	size_t copy_len;
	struct asked_list *in; /* of the member, or of those that wait, or of the refused */
	TAILQ_ENTRY(asked) link;
	LIST_ENTRY(asked) in_bucket;
};

struct sandbox {
	struct sandbox_settings set; /* with the defaults filled in */
	struct cs_arena *arena;
	struct event_base *base;
	struct event *tick, *again;
	int64_t tick_ms, ticked_ms;
	unsigned failures; /* in a row */
	uint64_t next_ticket;
	LIST_HEAD(, member) members;
	struct asked_list waiting, refused;
	size_t n_waiting;
	LIST_HEAD(, asked) buckets[BUCKETS];
	struct sandbox_counters count;
};

static void fill(struct sandbox *crew);

/* ---- what others are told ---- */

const char *
sandbox_fact_name(enum sandbox_fact fact)
{
	static const char *const names[] = {
		[SANDBOX_CHILD_STARTED] = "started",
		[SANDBOX_CHILD_RECYCLED] = "recycled",
		[SANDBOX_CHILD_DIED] = "died",
		[SANDBOX_CHILD_KILLED] = "killed",
		[SANDBOX_CHILD_NOT_STARTED] = "not-started",
	};

	return names[fact];
}

const char *
sandbox_result_name(enum sandbox_result result)
{
	static const char *const names[] = {
		[SANDBOX_ANSWERED] = "answered",
		[SANDBOX_DIED] = "died",
		[SANDBOX_TIMED_OUT] = "timed-out",
		[SANDBOX_UNAVAILABLE] = "unavailable",
	};

	return names[result];
}

static void
tell(struct sandbox *crew, enum sandbox_fact fact, const char *text)
{
	uint64_t *const counters[] = {
		[SANDBOX_CHILD_STARTED] = &crew->count.started,
		[SANDBOX_CHILD_RECYCLED] = &crew->count.recycled,
		[SANDBOX_CHILD_DIED] = &crew->count.died,
		[SANDBOX_CHILD_KILLED] = &crew->count.killed,
		[SANDBOX_CHILD_NOT_STARTED] = &crew->count.not_started,
	};

	(*counters[fact])++;
	if (crew->set.told != NULL)
		crew->set.told(crew->set.told_arg, fact, text);
}

/* "role=probe pid=17 signal=SIGSYS lost=3 given=120" */
static const char *
obituary(struct cs_arena *arena, const struct member *member, int status)
{
	const char *how = cs_arena_printf(arena, "exit=%d", WEXITSTATUS(status));

	if (WIFSIGNALED(status)) {
		const char *name = sigabbrev_np(WTERMSIG(status));

		how = cs_arena_printf(arena, "signal=SIG%s", name == NULL ? "?" : name);
	}
	return cs_arena_printf(arena, "role=%s pid=%d %s lost=%zu given=%llu%s%s",
	    member->crew->set.role->name, (int)member->pid, how, member->live,
	    (unsigned long long)member->given, member->why[0] == '\0' ? "" : " why=", member->why);
}

/* ---- questions ---- */

static struct asked *
asked_find(struct sandbox *crew, uint64_t ticket)
{
	struct asked *asked;

	LIST_FOREACH(asked, &crew->buckets[ticket % BUCKETS], in_bucket)
	if (asked->ticket == ticket)
		return asked;
	return NULL;
}

static void
asked_put(struct asked *asked, struct asked_list *list)
{
	asked->in = list;
	TAILQ_INSERT_TAIL(list, asked, link);
}

static void
asked_take_out(struct asked *asked)
{
	TAILQ_REMOVE(asked->in, asked, link);
	if (asked->member != NULL && asked->forgotten)
		asked->member->forgotten--;
	else if (asked->member != NULL)
		asked->member->live--;
	else
		asked->crew->n_waiting -= asked->in == &asked->crew->waiting;
}

/* Out of every list, and gone. */
static void
asked_free(struct asked *asked)
{
	asked_take_out(asked);
	if (!asked->forgotten)
		asked->crew->count.in_flight--;
	LIST_REMOVE(asked, in_bucket);
	event_free(asked->timer);
	free(asked->copy);
	free(asked);
}

static void
asked_free_all(struct asked_list *list)
{
	struct asked *asked, *next;

	for (asked = TAILQ_FIRST(list); asked != NULL; asked = next) {
		next = TAILQ_NEXT(asked, link);
		asked_free(asked);
	}
}

/* The one end of a question that is still waited for. */
static void
asked_end(struct asked *asked, enum sandbox_result result, struct cs_span answer)
{
	struct sandbox *crew = asked->crew;
	uint64_t *const counters[] = {
		[SANDBOX_ANSWERED] = &crew->count.answered,
		[SANDBOX_DIED] = &crew->count.lost,
		[SANDBOX_TIMED_OUT] = &crew->count.timed_out,
		[SANDBOX_UNAVAILABLE] = &crew->count.unavailable,
	};
	sandbox_done *done = asked->done;
	void *arg = asked->arg;

	(*counters[result])++;
	asked_free(asked);
	done(arg, result, answer);
}

/* The child may answer yet, and has not broken a rule when it does: its ticket stays known. */
static void
asked_forget(struct asked *asked)
{
	sandbox_done *done = asked->done;
	void *arg = asked->arg;

	asked->forgotten = true;
	asked->member->live--;
	asked->member->forgotten++;
	asked->crew->count.in_flight--;
	asked->crew->count.timed_out++;
	done(arg, SANDBOX_TIMED_OUT, cs_span_str(NULL));
}

static void
on_time_out(evutil_socket_t fd, short what, void *arg)
{
	struct asked *asked = arg;

	(void)fd;
	(void)what;
	if (asked->member != NULL)
		asked_forget(asked);
	else
		asked_end(asked, SANDBOX_UNAVAILABLE, cs_span_str(NULL));
}

static void
on_refused(evutil_socket_t fd, short what, void *arg)
{
	struct asked *asked = arg;

	(void)fd;
	(void)what;
	asked_end(asked, SANDBOX_UNAVAILABLE, cs_span_str(NULL));
}

/* ---- which child gets it ---- */

static bool
has_room(const struct member *member)
{
	return member->state == READY && member->live + member->forgotten < SANDBOX_IN_FLIGHT_MAX &&
	       evbuffer_get_length(bufferevent_get_output(member->channel)) < OUTPUT_MAX;
}

static bool
better(const struct member *a, const struct member *b)
{
	if (b == NULL || a->old != b->old)
		return b == NULL || b->old;
	return a->live < b->live;
}

/* The one with the fewest questions; an old one only while there is no other.  NULL: none has room. */
static struct member *
pick(struct sandbox *crew)
{
	struct member *member, *best = NULL;

	LIST_FOREACH(member, &crew->members, link)
	if (has_room(member) && better(member, best))
		best = member;
	return best;
}

static void
give(struct member *member, struct asked *asked, struct cs_span question)
{
	const struct frame frame = { FRAME_QUESTION, asked->ticket, question };

	frame_put(bufferevent_get_output(member->channel), &frame);
	asked->member = member;
	asked_put(asked, &member->asked);
	member->live++;
	member->given++;
}

static void
dispatch(struct sandbox *crew)
{
	struct asked *asked;
	struct member *member;

	while ((asked = TAILQ_FIRST(&crew->waiting)) != NULL && (member = pick(crew)) != NULL) {
		asked_take_out(asked);
		give(member, asked, cs_span_of(asked->copy, asked->copy_len));
		free(asked->copy);
		asked->copy = NULL;
	}
}

static void
wait_in(struct asked *asked, struct cs_span question)
{
	struct sandbox *crew = asked->crew;

	asked->copy = malloc(question.len + 1);
	cs_assert(asked->copy != NULL);
	if (question.len > 0)
		memcpy(asked->copy, question.data, question.len);
	asked->copy_len = question.len;
	asked_put(asked, &crew->waiting);
	crew->n_waiting++;
}

void
sandbox_ask(struct sandbox *crew, struct cs_span question, uint32_t timeout_ms, sandbox_done *done,
    void *arg)
{
	struct timeval when = { timeout_ms / 1000, timeout_ms % 1000 * 1000 };
	struct asked *asked = calloc(1, sizeof(*asked));
	const bool full = crew->n_waiting >= SANDBOX_WAITING_MAX;
	struct member *member = TAILQ_EMPTY(&crew->waiting) ? pick(crew) : NULL;

	cs_assert(asked != NULL && question.len <= SANDBOX_FRAME_MAX);
	*asked =
	    (struct asked){ .crew = crew, .ticket = ++crew->next_ticket, .done = done, .arg = arg };
	crew->count.asked++;
	crew->count.in_flight++;
	LIST_INSERT_HEAD(&crew->buckets[asked->ticket % BUCKETS], asked, in_bucket);
	asked->timer = evtimer_new(crew->base, full ? on_refused : on_time_out, asked);
	if (full) {
		when = (struct timeval){ 0, 0 };
		asked_put(asked, &crew->refused);
	} else if (member != NULL) {
		give(member, asked, question);
	} else {
		wait_in(asked, question);
	}
	cs_assert(asked->timer != NULL && evtimer_add(asked->timer, &when) == 0);
}

/* ---- the end of a child ---- */

/* Whoever waits for it waits no longer.  Callbacks may ask again: this child gets nothing any more. */
static void
lose(struct member *member)
{
	struct asked *asked, *next;

	for (asked = TAILQ_FIRST(&member->asked); asked != NULL; asked = next) {
		next = TAILQ_NEXT(asked, link);
		if (asked->forgotten)
			asked_free(asked);
		else
			asked_end(asked, SANDBOX_DIED, cs_span_str(NULL));
	}
}

/* Its end is heard of from the channel. */
static void
put_down(struct member *member, const char *why)
{
	if (member->state == DYING)
		return;
	(void)snprintf(member->why, sizeof(member->why), "%s", why);
	member->by_us = true;
	member->state = DYING;
	member->since_ms = cs_mono_ms();
	(void)kill(member->pid, SIGKILL);
}

/* Closes its side of the pair, which is what a child ends by. */
static void
let_go(struct member *member)
{
	member->state = ENDING;
	member->since_ms = cs_mono_ms();
	(void)shutdown(bufferevent_getfd(member->channel), SHUT_WR);
}

/* Dead already, or closing its end without being told to; SIGKILL changes nothing for the first. */
static int
reap(const struct member *member)
{
	int status = 0;

	(void)kill(member->pid, SIGKILL);
	while (waitpid(member->pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static void
member_free(struct member *member)
{
	LIST_REMOVE(member, link);
	bufferevent_free(member->channel);
	free(member);
}

static enum sandbox_fact
fact_of(const struct member *member, enum member_state state, int status)
{
	if (member->by_us)
		return SANDBOX_CHILD_KILLED;
	if (state == ENDING && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return SANDBOX_CHILD_RECYCLED;
	return state == STARTING ? SANDBOX_CHILD_NOT_STARTED : SANDBOX_CHILD_DIED;
}

/* One that was of some use is replaced soon, whatever killed it; others ever more slowly. */
static void
count_failure(const struct member *member)
{
	struct sandbox *crew = member->crew;

	if (member->ready_ms != 0 && cs_mono_ms() - member->ready_ms >= SOON_MS)
		crew->failures = 0;
	else if (member->answered > 0)
		crew->failures = 1;
	else
		crew->failures++;
}

/* The channel has ended. */
static void
on_end(struct bufferevent *channel, short what, void *arg)
{
	struct member *member = arg;
	struct sandbox *crew = member->crew;
	const enum member_state state = member->state;
	struct cs_arena *arena = cs_arena_new();
	int status = reap(member);

	(void)channel;
	(void)what;
	if (state != ENDING)
		count_failure(member);
	member->state = DYING;
	tell(crew, fact_of(member, state, status), obituary(arena, member, status));
	cs_arena_free(arena);
	lose(member);
	member_free(member);
	fill(crew);
	dispatch(crew);
}

/* ---- what a child says ---- */

static void
on_ready(struct member *member)
{
	struct sandbox *crew = member->crew;
	struct cs_arena *arena = cs_arena_new();

	member->state = READY;
	member->since_ms = member->ready_ms = cs_mono_ms();
	tell(crew, SANDBOX_CHILD_STARTED,
	    cs_arena_printf(arena, "role=%s pid=%d", crew->set.role->name, (int)member->pid));
	cs_arena_free(arena);
	dispatch(crew);
}

static void
on_answer(struct member *member, const struct frame *frame)
{
	struct asked *asked = asked_find(member->crew, frame->ticket);

	member->answered++;
	if (asked == NULL || asked->member != member)
		put_down(member, "an answer to no question");
	else if (asked->forgotten)
		asked_free(asked);
	else
		asked_end(asked, SANDBOX_ANSWERED, frame->octets);
}

static void
note_refusal(struct member *member, struct cs_span text)
{
	struct cs_arena *arena = cs_arena_new();

	(void)snprintf(member->why, sizeof(member->why), "%s", cs_escape(arena, text, 150));
	cs_arena_free(arena);
}

static void
on_frame(struct member *member, const struct frame *frame)
{
	if (member->state == STARTING && frame->kind == FRAME_READY)
		on_ready(member);
	else if (member->state == STARTING && frame->kind == FRAME_REFUSED)
		note_refusal(member, frame->octets); /* and it ends */
	else if (member->state != STARTING && frame->kind == FRAME_ANSWER)
		on_answer(member, frame);
	else if (member->state != STARTING && frame->kind == FRAME_PONG && member->ping_ms != 0)
		member->ping_ms = 0;
	else
		put_down(member, "a frame that is not its to send");
}

static void
on_read(struct bufferevent *channel, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(channel);
	struct member *member = arg;
	struct frame frame;
	enum frame_taken taken = FRAME_NONE_YET;

	member->heard_ms = cs_mono_ms();
	while (member->state != DYING && (taken = frame_peek(in, &frame)) == FRAME_TAKEN) {
		on_frame(member, &frame);
		frame_drop(in, &frame);
	}
	if (taken == FRAME_BROKEN)
		put_down(member, "octets that are no frame");
	if (member->state == DYING)
		(void)evbuffer_drain(in, evbuffer_get_length(in));
	dispatch(member->crew);
}

static void
on_written(struct bufferevent *channel, void *arg)
{
	struct member *member = arg;

	(void)channel;
	dispatch(member->crew);
}

/* ---- the start of a child ---- */

static struct member *
member_new(struct sandbox *crew, struct cs_err *err)
{
	struct member *member = calloc(1, sizeof(*member));
	int fd;

	cs_assert(member != NULL);
	if (spawn(crew->set.role, crew->set.settings, crew->set.life_ms, &member->pid, &fd, err)) {
		free(member);
		return NULL;
	}
	member->crew = crew;
	member->since_ms = cs_mono_ms();
	TAILQ_INIT(&member->asked);
	member->channel = bufferevent_socket_new(crew->base, fd, BEV_OPT_CLOSE_ON_FREE);
	cs_assert(member->channel != NULL);
	bufferevent_setcb(member->channel, on_read, on_written, on_end, member);
	LIST_INSERT_HEAD(&crew->members, member, link);
	return member;
}

static void
listen_to(struct member *member)
{
	cs_assert(bufferevent_enable(member->channel, EV_READ | EV_WRITE) == 0);
}

static size_t
places_taken(const struct sandbox *crew)
{
	const struct member *member;
	size_t n = 0;

	LIST_FOREACH(member, &crew->members, link)
	n += (member->state == STARTING || member->state == READY) && !member->old;
	return n;
}

static int64_t
back_off_ms(const struct sandbox *crew)
{
	int64_t ms = BACK_OFF_MS;

	if (crew->failures == 0)
		return 0;
	for (unsigned i = 1; i < crew->failures && ms < BACK_OFF_MAX_MS; i++)
		ms *= 2;
	return ms < BACK_OFF_MAX_MS ? ms : BACK_OFF_MAX_MS;
}

static void
on_again(evutil_socket_t fd, short what, void *arg)
{
	struct sandbox *crew = arg;
	struct cs_err err;

	(void)fd;
	(void)what;
	while (places_taken(crew) < crew->set.children) {
		struct member *member = member_new(crew, &err);

		if (member == NULL) {
			crew->failures++;
			tell(crew, SANDBOX_CHILD_NOT_STARTED, err.text);
			fill(crew);
			return;
		}
		listen_to(member);
	}
}

/* Starts what is missing, from the loop, at once or after a while. */
static void
fill(struct sandbox *crew)
{
	const int64_t ms = back_off_ms(crew);
	const struct timeval when = { ms / 1000, ms % 1000 * 1000 };

	if (places_taken(crew) < crew->set.children && !evtimer_pending(crew->again, NULL))
		cs_assert(evtimer_add(crew->again, &when) == 0);
}

/* ---- the watch ---- */

static void
watch_ready(struct member *member, int64_t now_ms)
{
	const struct frame ping = { FRAME_PING, 0, cs_span_str(NULL) };
	int64_t last_ms = member->heard_ms > member->ping_ms ? member->heard_ms : member->ping_ms;

	if (member->old && member->live == 0)
		return; /* about to end: nothing must be on its way to it then */
	if (member->ping_ms == 0) {
		member->ping_ms = now_ms;
		frame_put(bufferevent_get_output(member->channel), &ping);
	} else if (now_ms - last_ms > member->crew->set.stall_ms) {
		put_down(member, "it stood still");
	}
}

static bool
is_worn(const struct member *member, int64_t now_ms)
{
	const struct sandbox_settings *set = &member->crew->set;

	return member->given >= set->questions_max || now_ms - member->since_ms >= set->life_ms ||
	       member->forgotten > SANDBOX_IN_FLIGHT_MAX / 2;
}

static void
watch(struct member *member, int64_t now_ms)
{
	int64_t age_ms = now_ms - member->since_ms;

	if (member->state == READY)
		watch_ready(member, now_ms);
	else if (member->state == STARTING && age_ms > START_MS)
		put_down(member, "it did not start in time");
	else if (member->state == ENDING && age_ms > END_MS)
		put_down(member, "it did not end in time");
}

/* One at a time; it goes when another one is ready and its own questions have ended. */
static void
recycle(struct sandbox *crew, int64_t now_ms)
{
	struct member *member, *old = NULL, *worn = NULL, *young = NULL;

	LIST_FOREACH(member, &crew->members, link)
	{
		if (member->state != READY)
			continue;
		if (member->old)
			old = member;
		else if (is_worn(member, now_ms))
			worn = member;
		else
			young = member;
	}
	if (old == NULL && worn != NULL && crew->failures == 0) {
		worn->old = true;
		fill(crew);
	} else if (old != NULL && places_taken(crew) == crew->set.children && young != NULL) {
		if (old->live == 0 &&
		    evbuffer_get_length(bufferevent_get_output(old->channel)) == 0)
			let_go(old);
	}
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct sandbox *crew = arg;
	int64_t now_ms = cs_mono_ms();
	/* When it was us who stood still, what children said meanwhile has not been read. */
	bool late = now_ms - crew->ticked_ms > 3 * crew->tick_ms;
	struct member *member;

	(void)fd;
	(void)what;
	crew->ticked_ms = now_ms;
	LIST_FOREACH(member, &crew->members, link)
	{
		if (late)
			member->heard_ms = now_ms;
		watch(member, now_ms);
	}
	recycle(crew, now_ms);
	dispatch(crew);
}

/* ---- a crew ---- */

static void
fill_in(struct sandbox_settings *set)
{
	if (set->questions_max == 0)
		set->questions_max = QUESTIONS_MAX;
	if (set->life_ms == 0)
		set->life_ms = LIFE_MS;
	if (set->stall_ms == 0)
		set->stall_ms = STALL_MS;
}

static struct sandbox *
crew_new(const struct sandbox_settings *settings, struct event_base *base)
{
	struct sandbox *crew = calloc(1, sizeof(*crew));

	cs_assert(crew != NULL && settings->children >= 1 &&
		  settings->children <= SANDBOX_CHILDREN_MAX &&
		  settings->settings.len <= SETTINGS_MAX);
	crew->arena = cs_arena_new();
	crew->base = base;
	crew->set = *settings;
	crew->set.settings = cs_arena_copy_span(crew->arena, settings->settings);
	fill_in(&crew->set);
	TAILQ_INIT(&crew->waiting);
	TAILQ_INIT(&crew->refused);
	crew->tick_ms = crew->set.stall_ms < 2000 ? crew->set.stall_ms / 4 + 1 : 500;
	crew->tick = event_new(base, -1, EV_PERSIST, on_tick, crew);
	crew->again = evtimer_new(base, on_again, crew);
	cs_assert(crew->tick != NULL && crew->again != NULL);
	return crew;
}

/* Waits for its first frame. */
static enum cs_code
await(struct member *member, int64_t until_ms, struct cs_err *err)
{
	const char *role = member->crew->set.role->name;
	struct frame frame;

	if (!frame_read_now(
		bufferevent_getfd(member->channel), until_ms, member->crew->arena, &frame))
		return cs_fail(err, CS_INTERNAL, "child %s: did not start", role);
	if (frame.kind == FRAME_READY) {
		on_ready(member);
		listen_to(member);
		return CS_OK;
	}
	return cs_fail(err,
	    frame.ticket >= CS_MALFORMED && frame.ticket <= CS_INTERNAL ? (enum cs_code)frame.ticket
									: CS_INTERNAL,
	    "child %s: %.*s", role, (int)frame.octets.len, (const char *)frame.octets.data);
}

static enum cs_code
start_all(struct sandbox *crew, struct cs_err *err)
{
	int64_t until_ms = cs_mono_ms() + START_MS;
	struct member *member;

	for (uint32_t i = 0; i < crew->set.children; i++)
		if (member_new(crew, err) == NULL)
			return err->code;
	LIST_FOREACH(member, &crew->members, link)
	if (await(member, until_ms, err))
		return err->code;
	return CS_OK;
}

enum cs_code
sandbox_open(const struct sandbox_settings *settings, struct event_base *base,
    struct sandbox **ret_sandbox, struct cs_err *err)
{
	struct sandbox *crew = crew_new(settings, base);
	const struct timeval tick = { crew->tick_ms / 1000, crew->tick_ms % 1000 * 1000 };

	(void)signal(SIGPIPE, SIG_IGN); /* written to a child that has just died */
	if (start_all(crew, err)) {
		sandbox_close(crew);
		return err->code;
	}
	crew->ticked_ms = cs_mono_ms();
	cs_assert(event_add(crew->tick, &tick) == 0);
	*ret_sandbox = crew;
	return CS_OK;
}

void
sandbox_close(struct sandbox *crew)
{
	struct member *member, *next;

	if (crew == NULL)
		return;
	for (member = LIST_FIRST(&crew->members); member != NULL; member = next) {
		next = LIST_NEXT(member, link);
		asked_free_all(&member->asked);
		(void)reap(member);
		member_free(member);
	}
	asked_free_all(&crew->waiting);
	asked_free_all(&crew->refused);
	event_free(crew->tick);
	event_free(crew->again);
	cs_arena_free(crew->arena);
	free(crew);
}

struct sandbox_counters
sandbox_counters(const struct sandbox *crew)
{
	struct sandbox_counters count = crew->count;

	count.waiting = crew->n_waiting;
	return count;
}

size_t
sandbox_pids(const struct sandbox *crew, int *ret_pids, size_t max)
{
	const struct member *member;
	size_t n = 0;

	LIST_FOREACH(member, &crew->members, link)
	{
		if (member->state != READY)
			continue;
		if (n < max)
			ret_pids[n] = (int)member->pid;
		n++;
	}
	return n;
}
