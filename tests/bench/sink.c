/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sink.c: just enough of RFC 5321 for a relay's clients: pipelined commands, stuffed dots, bounded lines
 * and mails.  No TLS, no queue, no file: a mail costs a few microseconds and disturbs no measurement.
 */
#include "sink.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LINE_OCTETS 1000 /* of a command with its CRLF */
#define MAIL_OCTETS 65536
#define PEERS 64
#define QUIET_S 300 /* then a client is gone */

struct sink {
	struct event_base *base;
	sink_mail *mail;
	void *arg;
	unsigned peers;
	unsigned long mails;
};

enum stage { GREETED, SENDER, RECIPIENT, DATA, LEAVING };

struct peer {
	struct sink *sink;
	struct bufferevent *bev;
	enum stage stage;
	char to[256];
};

static void
peer_free(struct peer *peer)
{
	peer->sink->peers--;
	bufferevent_free(peer->bev);
	free(peer);
}

static bool
reply(struct peer *peer, const char *text)
{
	(void)bufferevent_write(peer->bev, text, strlen(text));
	return true;
}

static bool
leave(struct peer *peer, const char *text)
{
	peer->stage = LEAVING; /* freed when the reply is on its way */
	(void)bufferevent_disable(peer->bev, EV_READ);
	(void)reply(peer, text);
	return false;
}

/* ---- the mail itself ---- */

static size_t
unstuff(char *text, size_t len)
{
	size_t out = 0;

	for (size_t in = 0; in < len; in++)
		if (text[in] != '.' || (in > 0 && text[in - 1] != '\n'))
			text[out++] = text[in];
		else if (in + 1 < len)
			text[out++] = text[++in];
	return out;
}

/* How many octets the mail has before its last line, the dot; -1: that has not come yet. */
static ev_ssize_t
find_end(struct evbuffer *in)
{
	char first[3];

	if (evbuffer_copyout(in, first, 3) == 3 && memcmp(first, ".\r\n", 3) == 0)
		return 0;
	struct evbuffer_ptr at = evbuffer_search(in, "\r\n.\r\n", 5, NULL);
	return at.pos < 0 ? -1 : at.pos + 2;
}

/* False: more must come first. */
static bool
take_mail(struct peer *peer, struct evbuffer *in)
{
	ev_ssize_t len = find_end(in);

	if (evbuffer_get_length(in) > MAIL_OCTETS && (len < 0 || len > MAIL_OCTETS))
		return leave(peer, "552 5.3.4 Too large\r\n");
	if (len < 0)
		return false;
	char *text = (char *)evbuffer_pullup(in, len + 3);

	peer->sink->mails++;
	peer->sink->mail(peer->sink->arg, peer->to, text, unstuff(text, (size_t)len));
	(void)evbuffer_drain(in, (size_t)len + 3);
	peer->stage = GREETED;
	return reply(peer, "250 2.0.0 Taken\r\n");
}

/* ---- commands ---- */

static bool
on_hello(struct peer *peer, const char *words)
{
	peer->stage = GREETED;
	return reply(
	    peer, strncasecmp(words, "HELO", 4) == 0
		      ? "250 sink\r\n"
		      : "250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 65536\r\n");
}

static bool
on_from(struct peer *peer, const char *words)
{
	(void)words;
	if (peer->stage != GREETED)
		return reply(peer, "503 5.5.1 One mail at a time\r\n");
	peer->stage = SENDER;
	return reply(peer, "250 2.1.0 OK\r\n");
}

static bool
on_to(struct peer *peer, const char *words)
{
	const char *start = strchr(words, '<'), *end = strchr(words, '>');

	if (peer->stage != SENDER && peer->stage != RECIPIENT)
		return reply(peer, "503 5.5.1 MAIL first\r\n");
	if (start == NULL || end <= start + 1 || (size_t)(end - start) > sizeof(peer->to))
		return reply(peer, "501 5.1.3 No address\r\n");
	memcpy(peer->to, start + 1, (size_t)(end - start - 1));
	peer->to[end - start - 1] = '\0';
	peer->stage = RECIPIENT;
	return reply(peer, "250 2.1.5 OK\r\n");
}

static bool
on_data(struct peer *peer, const char *words)
{
	(void)words;
	if (peer->stage != RECIPIENT)
		return reply(peer, "503 5.5.1 RCPT first\r\n");
	peer->stage = DATA;
	return reply(peer, "354 Go on\r\n");
}

static bool
on_reset(struct peer *peer, const char *words)
{
	(void)words;
	peer->stage = GREETED;
	return reply(peer, "250 2.0.0 OK\r\n");
}

static bool
on_nothing(struct peer *peer, const char *words)
{
	(void)words;
	return reply(peer, "250 2.0.0 OK\r\n");
}

static bool
on_quit(struct peer *peer, const char *words)
{
	(void)words;
	return leave(peer, "221 2.0.0 Bye\r\n");
}

static const struct {
	const char *verb;
	bool (*run)(struct peer *peer, const char *words);
} commands[] = {
	{ "EHLO", on_hello },
	{ "HELO", on_hello },
	{ "MAIL FROM:", on_from },
	{ "RCPT TO:", on_to },
	{ "DATA", on_data },
	{ "RSET", on_reset },
	{ "NOOP", on_nothing },
	{ "QUIT", on_quit },
};

static bool
take_command(struct peer *peer, struct evbuffer *in)
{
	size_t len = 0;
	char *line = evbuffer_readln(in, &len, EVBUFFER_EOL_CRLF_STRICT);
	bool more;
	size_t i = 0;

	if (line == NULL && evbuffer_get_length(in) < LINE_OCTETS)
		return false;
	if (line == NULL || len > LINE_OCTETS - 2) {
		free(line);
		return leave(peer, "500 5.5.2 The line is too long\r\n");
	}
	while (i < sizeof(commands) / sizeof(commands[0]) &&
	       strncasecmp(line, commands[i].verb, strlen(commands[i].verb)) != 0)
		i++;
	more = i < sizeof(commands) / sizeof(commands[0]) ? commands[i].run(peer, line)
							  : reply(peer, "502 5.5.1 Unknown\r\n");
	free(line);
	return more;
}

/* ---- connections ---- */

static void
on_read(struct bufferevent *bev, void *arg)
{
	struct peer *peer = arg;
	struct evbuffer *in = bufferevent_get_input(bev);

	while (peer->stage == DATA ? take_mail(peer, in) : take_command(peer, in))
		;
}

static void
on_written(struct bufferevent *bev, void *arg)
{
	struct peer *peer = arg;

	(void)bev;
	if (peer->stage == LEAVING)
		peer_free(peer);
}

static void
on_end(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	(void)what;
	peer_free(arg);
}

static void
on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address, int len,
    void *arg)
{
	struct sink *sink = arg;
	struct peer *peer = sink->peers < PEERS ? calloc(1, sizeof(*peer)) : NULL;
	const struct timeval quiet = { .tv_sec = QUIET_S };

	(void)listener;
	(void)address;
	(void)len;
	if (peer == NULL) {
		(void)evutil_closesocket(fd);
		return;
	}
	sink->peers++;
	peer->sink = sink;
	peer->bev = bufferevent_socket_new(sink->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (peer->bev == NULL)
		abort();
	bufferevent_setcb(peer->bev, on_read, on_written, on_end, peer);
	(void)bufferevent_set_timeouts(peer->bev, &quiet, &quiet);
	(void)bufferevent_enable(peer->bev, EV_READ | EV_WRITE);
	(void)reply(peer, "220 sink\r\n");
}

struct sink *
sink_new(struct event_base *base, uint16_t port, sink_mail *mail, void *arg)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sink *sink = calloc(1, sizeof(*sink));

	if (sink == NULL)
		return NULL;
	*sink = (struct sink){ .base = base, .mail = mail, .arg = arg };
	if (evconnlistener_new_bind(base, on_accept, sink,
		LEV_OPT_REUSEABLE | LEV_OPT_CLOSE_ON_EXEC, -1, (struct sockaddr *)&at,
		sizeof(at)) != NULL)
		return sink;
	free(sink);
	return NULL;
}

unsigned long
sink_mails(const struct sink *sink)
{
	return sink->mails;
}
