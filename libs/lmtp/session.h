/* SPDX-License-Identifier: Apache-2.0 */
/* session.h: one client, for this library alone. */
#ifndef LMTP_SESSION_H
#define LMTP_SESSION_H

#include <sys/queue.h>

#include "lmtp/parse.h"

struct bufferevent;
struct event;
struct evconnlistener;
struct sockaddr_storage;

#define LMTP_PEER_TEXT 64

enum session_state {
	SESSION_COMMANDS,
	SESSION_DATA,
	SESSION_DECIDING, /* a ticket is out; nothing is read */
	SESSION_ENDING    /* the last reply is on its way */
};

struct session {
	TAILQ_ENTRY(session) link;
	struct lmtp *lmtp;
	struct bufferevent *socket;
	struct event *late; /* the deadline of what is under way */
	int64_t ends_ms;    /* of the session */
	char peer[LMTP_PEER_TEXT];
	enum session_state state;
	bool greeted, has_from, utf8;
	unsigned wrong;
	char from[LMTP_ADDRESS_MAX + 1];
	char to[LMTP_RECIPIENTS_MAX][LMTP_ADDRESS_MAX + 1];
	size_t to_len;
	struct lmtp_data data;
	uint8_t *octets; /* of the mail; owned */
	size_t len, cap;
	struct lmtp_ticket *ticket; /* borrowed: it may outlive us */
};

TAILQ_HEAD(sessions, session);

struct lmtp {
	struct event_base *base;
	struct lmtp_settings settings; /* complete */
	char *name, *path;             /* owned; path NULL: TCP */
	struct evconnlistener *listener;
	struct event *again, *drained;
	struct sessions sessions;
	struct lmtp_counters counters;
	uint16_t port;
	bool draining;
	void (*on_drained)(void *arg);
	void *on_drained_arg;
};

void session_open(struct lmtp *lmtp, int fd, const char *peer);
void session_drain(struct session *session);
void session_free(struct session *session);
/* lmtp.c: the session is gone. */
void lmtp_forget(struct lmtp *lmtp, struct session *session);

#endif
