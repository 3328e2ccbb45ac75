/* SPDX-License-Identifier: Apache-2.0 */
/* child.c: the life of a child: open, lock in, serve, end with the pair. */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/time.h"
#include "internal.h"

#define OPEN_MS 20000

struct child {
	const struct sandbox_role *role;
	struct event_base *base;
	struct bufferevent *channel;
	struct event *sweep; /* frees the arenas of questions that have ended */
	LIST_HEAD(, sandbox_ticket) in_hand, ended;
	void *self;
};

struct sandbox_ticket {
	struct child *child;
	uint64_t ticket;
	struct sandbox_question question;
	LIST_ENTRY(sandbox_ticket) link;
};

/* ---- questions ---- */

static void
ticket_free(struct sandbox_ticket *ticket)
{
	LIST_REMOVE(ticket, link);
	cs_arena_free(ticket->question.arena); /* and the ticket with it */
}

/* Whoever answers may still be using the arena further up the stack. */
static void
on_sweep(evutil_socket_t fd, short what, void *arg)
{
	struct child *child = arg;
	struct sandbox_ticket *ticket;

	(void)fd;
	(void)what;
	while ((ticket = LIST_FIRST(&child->ended)) != NULL)
		ticket_free(ticket);
}

void
sandbox_answer(struct sandbox_question *question, struct cs_span answer)
{
	struct sandbox_ticket *ticket = question->ticket;
	struct child *child = ticket->child;
	const struct frame frame = { FRAME_ANSWER, ticket->ticket, answer };

	frame_put(bufferevent_get_output(child->channel), &frame);
	LIST_REMOVE(ticket, link);
	LIST_INSERT_HEAD(&child->ended, ticket, link);
	event_active(child->sweep, EV_TIMEOUT, 0);
}

static void
take_question(struct child *child, const struct frame *frame)
{
	struct cs_arena *arena = cs_arena_new();
	struct sandbox_ticket *ticket = CS_NEW(arena, struct sandbox_ticket);

	*ticket = (struct sandbox_ticket){ .child = child,
		.ticket = frame->ticket,
		.question = { .self = child->self,
		    .octets = cs_arena_copy_span(arena, frame->octets),
		    .arena = arena,
		    .ticket = ticket } };
	LIST_INSERT_HEAD(&child->in_hand, ticket, link);
	child->role->ask(&ticket->question);
}

static void
take(struct child *child, const struct frame *frame)
{
	const struct frame pong = { FRAME_PONG, frame->ticket, cs_span_str(NULL) };

	cs_assert(frame->kind == FRAME_QUESTION || frame->kind == FRAME_PING);
	if (frame->kind == FRAME_QUESTION)
		take_question(child, frame);
	else
		frame_put(bufferevent_get_output(child->channel), &pong);
}

static void
on_read(struct bufferevent *channel, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(channel);
	struct child *child = arg;
	struct frame frame;
	enum frame_taken taken;

	while ((taken = frame_peek(in, &frame)) == FRAME_TAKEN) {
		take(child, &frame);
		frame_drop(in, &frame);
	}
	cs_assert(taken != FRAME_BROKEN);
}

static void
on_end(struct bufferevent *channel, short what, void *arg)
{
	struct child *child = arg;

	(void)channel;
	(void)what;
	(void)event_base_loopbreak(child->base);
}

/* ---- life ---- */

static void
serve(struct child *child)
{
	child->channel = bufferevent_socket_new(child->base, CHILD_CHANNEL, 0);
	child->sweep = event_new(child->base, -1, 0, on_sweep, child);
	cs_assert(evutil_make_socket_nonblocking(CHILD_CHANNEL) == 0);
	cs_assert(child->channel != NULL && child->sweep != NULL);
	bufferevent_setcb(child->channel, on_read, NULL, on_end, child);
	cs_assert(bufferevent_enable(child->channel, EV_READ | EV_WRITE) == 0);
	(void)event_base_dispatch(child->base);
}

/* Not needed to end a process; so that a tool that looks for leaks sees none. */
static void
end(struct child *child)
{
	struct sandbox_ticket *ticket;

	if (child->role->close != NULL)
		child->role->close(child->self);
	while ((ticket = LIST_FIRST(&child->in_hand)) != NULL)
		ticket_free(ticket);
	while ((ticket = LIST_FIRST(&child->ended)) != NULL)
		ticket_free(ticket);
	event_free(child->sweep);
	bufferevent_free(child->channel);
	event_base_free(child->base);
}

/* Ctrl-C in a terminal goes to the whole group: a child ends when its parent does, not before. */
static void
ignore_signals(void)
{
	static const int signals[] = { SIGPIPE, SIGINT, SIGTERM, SIGHUP };

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		(void)signal(signals[i], SIG_IGN);
}

static enum cs_code
open_and_lock(struct child *child, struct cs_arena *arena, struct cs_err *err)
{
	struct frame settings;

	if (lock_early(child->role, err))
		return err->code;
	if (!frame_read_now(CHILD_CHANNEL, cs_mono_ms() + OPEN_MS, arena, &settings) ||
	    settings.kind != FRAME_SETTINGS)
		return cs_fail(err, CS_INTERNAL, "no settings came");
	child->base = event_base_new();
	cs_assert(child->base != NULL);
	if (child->role->open(child->base, settings.octets, &child->self, err))
		return err->code;
	return lock_in(child->role, (uint32_t)((settings.ticket + DRAIN_MS) / 1000 + 30), err);
}

_Noreturn static void
child_run(const struct sandbox_role *role)
{
	struct child child = { .role = role };
	struct cs_arena *arena = cs_arena_new();
	struct frame first = { FRAME_READY, 0, cs_span_str(NULL) };
	struct cs_err err = { 0 };

	ignore_signals();
	if (open_and_lock(&child, arena, &err))
		first = (struct frame){ FRAME_REFUSED, err.code, cs_span_str(err.text) };
	if (!frame_write_now(CHILD_CHANNEL, &first) || first.kind == FRAME_REFUSED)
		_exit(1);
	cs_arena_free(arena);
	serve(&child);
	end(&child);
	_exit(0); /* no handler of exit() is of use to a process that may do nothing */
}

static bool
is_socket(int fd)
{
	int type;
	socklen_t len = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0;
}

void
sandbox_child_main(int argc, char *argv[], const struct sandbox_role *const *roles)
{
	if (argc != 3 || strcmp(argv[1], CHILD_WORD) != 0)
		return;
	for (; *roles != NULL; roles++)
		if (strcmp((*roles)->name, argv[2]) == 0 && is_socket(CHILD_CHANNEL))
			child_run(*roles);
	(void)fprintf(stderr, "%s: %s is not for people\n", argv[0], CHILD_WORD);
	_exit(2);
}
