/* SPDX-License-Identifier: Apache-2.0 */
/* session.c: what is said to a client, and when it has to go. */
#include "lmtp/session.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"

#define READ_AHEAD 65536             /* octets that wait to be read */
#define WRITE_AHEAD 65536            /* octets that a client has not read: it has to, first */
#define WRONG_MAX 20                 /* commands */
#define SEEN_MAX (4 * LMTP_MAIL_MAX) /* octets of a mail that is refused already */
#define FIRST_OCTETS 8192
#define PIECE 4096

struct lmtp_ticket {
	struct session *session; /* NULL: nobody waits any more */
	size_t len, answered;
	struct {
		bool given;
		enum lmtp_answer answer;
		char text[LMTP_TEXT_MAX + 1];
	} answers[LMTP_RECIPIENTS_MAX];
};

static const struct {
	const char *code, *text;
} answers[LMTP_ANSWERS] = {
	[LMTP_TAKEN] = { "250 2.0.0", "Thank you" },
	[LMTP_LATER] = { "451 4.3.0", "Not now, try again" },
	[LMTP_REFUSED] = { "550 5.7.1", "This mail is not accepted" },
	[LMTP_UNKNOWN] = { "550 5.1.1", "There is no such recipient" },
};

static void
say(struct session *session, const char *code, const char *text)
{
	struct evbuffer *out = bufferevent_get_output(session->socket);

	evbuffer_add_printf(out, "%s%s%s\r\n", code, text[0] == '\0' ? "" : " ", text);
}

static void
set_deadline(struct session *session, int64_t after_ms)
{
	const int64_t left_ms = session->ends_ms - cs_mono_ms();
	const int64_t ms = after_ms < left_ms ? after_ms : left_ms > 0 ? left_ms : 0;

	event_add(session->late, &(struct timeval){ ms / CS_SECOND_MS, ms % CS_SECOND_MS * 1000 });
}

static void
forget_mail(struct session *session)
{
	session->has_from = session->utf8 = false;
	session->to_len = 0;
	session->data = (struct lmtp_data){ .len = 0 };
	free(session->octets);
	session->octets = NULL;
	session->len = session->cap = 0;
}

/* What was said so far still goes out. */
static void
end(struct session *session)
{
	session->state = SESSION_ENDING;
	bufferevent_disable(session->socket, EV_READ);
	set_deadline(session, session->lmtp->settings.command_ms);
}

static void
say_and_end(struct session *session, const char *reply)
{
	say(session, reply, "");
	end(session);
}

void
session_free(struct session *session)
{
	if (session->ticket != NULL)
		session->ticket->session = NULL;
	forget_mail(session);
	bufferevent_free(session->socket);
	event_free(session->late);
	lmtp_forget(session->lmtp, session);
	free(session);
}

/* ---- commands ---- */

static void
on_lhlo(struct session *session)
{
	struct evbuffer *out = bufferevent_get_output(session->socket);

	forget_mail(session);
	session->greeted = true;
	evbuffer_add_printf(out,
	    "250-%s\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n"
	    "250-ENHANCEDSTATUSCODES\r\n250 SIZE %d\r\n",
	    session->lmtp->name, LMTP_MAIL_MAX);
}

static void
on_mail(struct session *session, const struct lmtp_command *command)
{
	if (!session->greeted || session->has_from) {
		say(session, "503 5.5.1",
		    session->greeted ? "There is a mail already" : "LHLO first");
		return;
	}
	session->has_from = true;
	session->utf8 = command->utf8;
	memcpy(session->from, command->address, sizeof(session->from));
	say(session, "250 2.1.0", "Sender taken");
}

static void
on_rcpt(struct session *session, const struct lmtp_command *command)
{
	struct lmtp *lmtp = session->lmtp;

	if (!session->has_from) {
		say(session, "503 5.5.1", "MAIL first");
		return;
	}
	if (session->to_len == LMTP_RECIPIENTS_MAX) {
		say(session, "452 4.5.3", "Too many recipients");
		return;
	}
	const enum lmtp_answer answer = lmtp->settings.rcpt(lmtp->settings.arg, command->address);

	if (answer != LMTP_TAKEN) {
		lmtp->counters.unknown_recipients++;
		say(session, answers[answer].code, answers[answer].text);
		return;
	}
	lmtp->counters.recipients++;
	memcpy(session->to[session->to_len++], command->address, LMTP_ADDRESS_MAX + 1);
	say(session, "250 2.1.5", "Recipient taken");
}

static void
on_data(struct session *session)
{
	/* RFC 2033 4.2: without a recipient it must fail. */
	if (session->to_len == 0) {
		say(session, "503 5.5.1", "No recipient was taken");
		return;
	}
	say(session, "354", "Go ahead");
	session->state = SESSION_DATA;
	set_deadline(session, session->lmtp->settings.data_ms);
}

static void
obey(struct session *session, const struct lmtp_command *command)
{
	switch (command->verb) {
	case LMTP_LHLO:
		on_lhlo(session);
		break;
	case LMTP_MAIL:
		on_mail(session, command);
		break;
	case LMTP_RCPT:
		on_rcpt(session, command);
		break;
	case LMTP_DATA:
		on_data(session);
		break;
	case LMTP_RSET:
		forget_mail(session);
		say(session, "250 2.0.0", "Forgotten");
		break;
	case LMTP_NOOP:
		say(session, "250 2.0.0", "Done");
		break;
	case LMTP_QUIT:
		say_and_end(session, "221 2.0.0 Goodbye");
		break;
	case LMTP_WRONG:
		session->lmtp->counters.wrong_commands++;
		say(session, command->reply, "");
		if (++session->wrong >= WRONG_MAX)
			say_and_end(session, "421 4.7.0 Too many wrong commands");
		break;
	}
}

static void
end_broken(struct session *session, const char *reply)
{
	session->lmtp->counters.broken++;
	say_and_end(session, reply);
}

/* One command off the input.  False: there is no whole one yet, or no more are taken. */
static bool
take_command(struct session *session)
{
	struct evbuffer *in = bufferevent_get_input(session->socket);
	const struct evbuffer_ptr at = evbuffer_search_eol(in, NULL, NULL, EVBUFFER_EOL_LF);
	const size_t waiting = evbuffer_get_length(in);
	struct lmtp_command command;
	uint8_t line[LMTP_LINE_MAX];

	if (at.pos < 0 ? waiting >= LMTP_LINE_MAX : (size_t)at.pos >= LMTP_LINE_MAX) {
		end_broken(session, "500 5.5.2 The line is too long");
		return false;
	}
	if (at.pos < 0)
		return false;
	const size_t len = (size_t)at.pos + 1;

	evbuffer_remove(in, line, len);
	if (len < 2 || line[len - 2] != '\r' || memchr(line, '\r', len - 2) != NULL ||
	    memchr(line, '\0', len) != NULL) {
		end_broken(session, "500 5.5.2 Lines end in CR LF");
		return false;
	}
	lmtp_command_read((struct cs_span){ line, len - 2 }, &command);
	set_deadline(session, session->lmtp->settings.command_ms);
	obey(session, &command);
	return true;
}

/* ---- mails ---- */

static void
next_command(struct session *session)
{
	forget_mail(session);
	session->state = SESSION_COMMANDS;
	set_deadline(session, session->lmtp->settings.command_ms);
	if (session->lmtp->draining || cs_mono_ms() >= session->ends_ms)
		say_and_end(session, "421 4.3.2 Closing");
}

static void
refuse_mail(struct session *session)
{
	session->lmtp->counters.refused_mails++;
	for (size_t i = 0; i < session->to_len; i++)
		say(session, session->data.bad, "");
	next_command(session);
}

static void
hand_over(struct session *session)
{
	struct lmtp *lmtp = session->lmtp;
	struct lmtp_ticket *ticket = calloc(1, sizeof(*ticket));
	const char *to[LMTP_RECIPIENTS_MAX];
	uint8_t *octets = session->octets; /* lives on when the answers come during the call */

	cs_assert(ticket != NULL);
	session->octets = NULL;
	for (size_t i = 0; i < session->to_len; i++)
		to[i] = session->to[i];
	ticket->session = session;
	ticket->len = session->to_len;
	session->ticket = ticket;
	session->state = SESSION_DECIDING;
	bufferevent_disable(session->socket, EV_READ);
	set_deadline(session, lmtp->settings.decide_ms);
	lmtp->counters.mails++;
	lmtp->settings.mail(lmtp->settings.arg,
	    &(struct lmtp_mail){ .from = session->from,
		.to = to,
		.to_len = session->to_len,
		.octets = { octets, session->len },
		.utf8 = session->utf8,
		.peer = session->peer },
	    ticket);
	free(octets);
}

static void
keep(struct session *session, const uint8_t *octets, size_t len)
{
	if (session->len + len > session->cap) {
		session->cap = session->cap == 0 ? FIRST_OCTETS : 2 * session->cap;
		session->octets = realloc(session->octets, session->cap);
		cs_assert(session->octets != NULL);
	}
	memcpy(session->octets + session->len, octets, len);
	session->len += len;
}

/* A piece of a mail off the input.  False: there is nothing left, or the mail has ended. */
static bool
take_piece(struct session *session)
{
	struct evbuffer *in = bufferevent_get_input(session->socket);
	uint8_t raw[PIECE], text[PIECE + 2];
	const ev_ssize_t len = evbuffer_copyout(in, raw, sizeof(raw));
	size_t text_len;

	if (len <= 0)
		return false;
	const size_t used = lmtp_data_take(&session->data, raw, (size_t)len, text, &text_len);

	evbuffer_drain(in, used);
	if (text_len > 0)
		keep(session, text, text_len);
	if (session->data.state != LMTP_ENDED) {
		if (session->data.seen <= SEEN_MAX)
			return true;
		end_broken(session, "421 4.3.4 The mail does not end");
		return false;
	}
	if (session->data.bad == NULL) {
		hand_over(session);
		return session->state == SESSION_COMMANDS;
	}
	refuse_mail(session);
	return session->state == SESSION_COMMANDS;
}

/* ---- answers ---- */

/* What came meanwhile is read from the loop, not from here. */
static void
read_on(struct session *session)
{
	bufferevent_enable(session->socket, EV_READ);
	bufferevent_trigger(
	    session->socket, EV_READ, BEV_TRIG_IGNORE_WATERMARKS | BEV_TRIG_DEFER_CALLBACKS);
}

static void
say_answers(struct session *session, const struct lmtp_ticket *ticket)
{
	for (size_t i = 0; i < ticket->len; i++) {
		const enum lmtp_answer answer =
		    ticket->answers[i].given ? ticket->answers[i].answer : LMTP_LATER;
		const char *text = ticket->answers[i].given ? ticket->answers[i].text : "";

		say(session, answers[answer].code, text[0] == '\0' ? answers[answer].text : text);
	}
	session->ticket = NULL;
	next_command(session);
	if (session->state == SESSION_COMMANDS)
		read_on(session);
}

void
lmtp_answer(struct lmtp_ticket *ticket, size_t i, enum lmtp_answer answer, const char *text)
{
	cs_assert(i < ticket->len && !ticket->answers[i].given && answer < LMTP_ANSWERS);
	ticket->answers[i].given = true;
	ticket->answers[i].answer = answer;
	if (text != NULL)
		(void)snprintf(ticket->answers[i].text, LMTP_TEXT_MAX + 1, "%s", text);
	for (char *c = ticket->answers[i].text; *c != '\0'; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	if (++ticket->answered < ticket->len)
		return;
	if (ticket->session != NULL)
		say_answers(ticket->session, ticket);
	free(ticket);
}

/* ---- events ---- */

static void
on_read(struct bufferevent *socket, void *arg)
{
	struct session *session = arg;
	bool more = true;

	while (more && evbuffer_get_length(bufferevent_get_output(socket)) <= WRITE_AHEAD)
		more = session->state == SESSION_COMMANDS ? take_command(session)
		       : session->state == SESSION_DATA   ? take_piece(session)
							  : false;
	/* It sends faster than it reads: its turn comes again when it has read. */
	if (more)
		bufferevent_disable(socket, EV_READ);
}

static void
on_written(struct bufferevent *socket, void *arg)
{
	struct session *session = arg;

	if (evbuffer_get_length(bufferevent_get_output(socket)) > 0)
		return;
	if (session->state == SESSION_ENDING)
		session_free(session);
	else if (session->state != SESSION_DECIDING &&
		 (bufferevent_get_enabled(socket) & EV_READ) == 0)
		read_on(session);
}

static void
on_event(struct bufferevent *socket, short what, void *arg)
{
	struct session *session = arg;

	/* Who has said all it wanted may still be listening. */
	if ((what & BEV_EVENT_EOF) != 0 && evbuffer_get_length(bufferevent_get_output(socket)) > 0)
		end(session);
	else
		session_free(session);
}

static void
on_late(evutil_socket_t fd, short what, void *arg)
{
	struct session *session = arg;

	(void)fd;
	(void)what;
	session->lmtp->counters.timed_out++;
	if (session->state == SESSION_ENDING) {
		session_free(session);
	} else if (session->state == SESSION_DECIDING) {
		struct lmtp_ticket *ticket = session->ticket;

		ticket->session = NULL;
		say_answers(session, ticket);
	} else {
		say_and_end(session, "421 4.4.2 That took too long");
	}
}

void
session_drain(struct session *session)
{
	if (session->state == SESSION_COMMANDS)
		say_and_end(session, "421 4.3.2 Closing");
}

void
session_open(struct lmtp *lmtp, int fd, const char *peer)
{
	struct session *session = calloc(1, sizeof(*session));

	cs_assert(session != NULL);
	session->lmtp = lmtp;
	session->ends_ms = cs_mono_ms() + lmtp->settings.whole_ms;
	(void)snprintf(session->peer, sizeof(session->peer), "%s", peer);
	session->socket =
	    bufferevent_socket_new(lmtp->base, fd, BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
	session->late = evtimer_new(lmtp->base, on_late, session);
	cs_assert(session->socket != NULL && session->late != NULL);
	TAILQ_INSERT_TAIL(&lmtp->sessions, session, link);
	lmtp->counters.sessions++;
	lmtp->counters.open++;
	bufferevent_setcb(session->socket, on_read, on_written, on_event, session);
	bufferevent_setwatermark(session->socket, EV_READ, 0, READ_AHEAD);
	set_deadline(session, lmtp->settings.command_ms);
	evbuffer_add_printf(
	    bufferevent_get_output(session->socket), "220 %s LMTP ready\r\n", lmtp->name);
	bufferevent_enable(session->socket, EV_READ | EV_WRITE);
}
