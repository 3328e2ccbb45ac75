/* SPDX-License-Identifier: Apache-2.0 */
/* lmtp.c: the listener and the list of clients. */
#include "lmtp/lmtp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lmtp/session.h"

#define BACKLOG 64
#define ACCEPT_REST_S 1 /* pause after accept(2) failed: descriptors may come free */
#define NAME_MAX_LEN 253

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_un un;
};

static void
set_default(int64_t *value, int64_t standard)
{
	if (*value == 0)
		*value = standard;
}

static struct lmtp_settings
complete(struct lmtp_settings settings)
{
	settings.sessions = settings.sessions == 0 ? 64 : settings.sessions;
	set_default(&settings.command_ms, 60000);
	set_default(&settings.data_ms, 120000);
	set_default(&settings.decide_ms, 60000);
	set_default(&settings.whole_ms, 1800000);
	return settings;
}

/* ---- addresses ---- */

/* "192.0.2.1:24", "[2001:db8::1]:24" or "/path"; numbers only, so that nothing is looked up. */
static bool
parse_listen(const char *text, union address *ret_address, socklen_t *ret_len)
{
	char host[INET6_ADDRSTRLEN] = "", digits[6] = "", rest;
	const bool is_v6 = *text == '[';

	memset(ret_address, 0, sizeof(*ret_address));
	if (*text == '/') {
		ret_address->un.sun_family = AF_UNIX;
		*ret_len = sizeof(ret_address->un);
		return snprintf(ret_address->un.sun_path, sizeof(ret_address->un.sun_path), "%s",
			   text) < (int)sizeof(ret_address->un.sun_path);
	}
	if (sscanf(text, is_v6 ? "[%45[0-9a-fA-F:.]]:%5[0-9]%c" : "%45[0-9.]:%5[0-9]%c", host,
		digits, &rest) != 2)
		return false;
	const unsigned long port = strtoul(digits, NULL, 10);

	*ret_len = is_v6 ? sizeof(ret_address->v6) : sizeof(ret_address->v4);
	if (is_v6) {
		ret_address->v6.sin6_family = AF_INET6;
		ret_address->v6.sin6_port = htons((uint16_t)port);
	} else {
		ret_address->v4.sin_family = AF_INET;
		ret_address->v4.sin_port = htons((uint16_t)port);
	}
	return port <= UINT16_MAX && inet_pton(ret_address->any.sa_family, host,
					 is_v6 ? (void *)&ret_address->v6.sin6_addr
					       : (void *)&ret_address->v4.sin_addr) == 1;
}

static void
peer_text(const struct sockaddr *address, char ret_text[static LMTP_PEER_TEXT])
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;
	char host[INET6_ADDRSTRLEN] = "";

	if (address->sa_family == AF_INET) {
		inet_ntop(AF_INET, &v4->sin_addr, host, sizeof(host));
		(void)snprintf(ret_text, LMTP_PEER_TEXT, "%s:%u", host, ntohs(v4->sin_port));
	} else if (address->sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof(host));
		(void)snprintf(ret_text, LMTP_PEER_TEXT, "[%s]:%u", host, ntohs(v6->sin6_port));
	} else {
		(void)snprintf(ret_text, LMTP_PEER_TEXT, "unix");
	}
}

/* ---- accepting ---- */

static void
turn_away(struct lmtp *lmtp, int fd)
{
	static const char text[] = "421 4.3.2 Too many clients, try again\r\n";

	lmtp->counters.turned_away++;
	(void)!send(fd, text, sizeof(text) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	close(fd);
}

static void
on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address, int len,
    void *arg)
{
	struct lmtp *lmtp = arg;
	char peer[LMTP_PEER_TEXT];

	(void)listener;
	(void)len;
	if (lmtp->counters.open >= lmtp->settings.sessions) {
		turn_away(lmtp, fd);
		return;
	}
	peer_text(address, peer);
	session_open(lmtp, fd, peer);
}

static void
on_accept_error(struct evconnlistener *listener, void *arg)
{
	struct lmtp *lmtp = arg;

	evconnlistener_disable(listener);
	event_add(lmtp->again, &(struct timeval){ ACCEPT_REST_S, 0 });
}

static void
on_again(evutil_socket_t fd, short what, void *arg)
{
	struct lmtp *lmtp = arg;

	(void)fd;
	(void)what;
	if (lmtp->listener != NULL)
		evconnlistener_enable(lmtp->listener);
}

/* ---- life ---- */

static void
on_drained(evutil_socket_t fd, short what, void *arg)
{
	struct lmtp *lmtp = arg;

	(void)fd;
	(void)what;
	if (lmtp->on_drained != NULL)
		lmtp->on_drained(lmtp->on_drained_arg);
}

void
lmtp_forget(struct lmtp *lmtp, struct session *session)
{
	TAILQ_REMOVE(&lmtp->sessions, session, link);
	lmtp->counters.open--;
	if (lmtp->draining && lmtp->counters.open == 0)
		event_active(lmtp->drained, EV_TIMEOUT, 0);
}

static void
remove_socket(const char *path)
{
	struct stat about;

	if (lstat(path, &about) == 0 && S_ISSOCK(about.st_mode))
		(void)unlink(path);
}

/* A socket that somebody left behind makes room; nothing else does. */
static void
remove_stale(const union address *address, socklen_t len)
{
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, &address->any, len) != 0 && errno == ECONNREFUSED)
		remove_socket(address->un.sun_path);
	if (fd >= 0)
		(void)close(fd);
}

static bool
name_valid(const char *name)
{
	if (name == NULL || *name == '\0' || strlen(name) > NAME_MAX_LEN)
		return false;
	for (; *name != '\0'; name++)
		if (*name <= ' ' || *name > '~')
			return false;
	return true;
}

static enum cs_code
bind_to(struct lmtp *lmtp, const char *listen_on, struct cs_err *err)
{
	union address address, bound = { .v6 = { 0 } };
	socklen_t len = 0, bound_len = sizeof(bound);

	if (!parse_listen(listen_on, &address, &len))
		return cs_fail(
		    err, CS_MALFORMED, "lmtp: \"%s\" is neither ADDRESS:PORT nor /PATH", listen_on);
	if (address.any.sa_family == AF_UNIX) {
		lmtp->path = strdup(listen_on);
		cs_assert(lmtp->path != NULL);
		remove_stale(&address, len);
	}
	lmtp->listener = evconnlistener_new_bind(lmtp->base, on_accept, lmtp,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE, BACKLOG,
	    &address.any, (int)len);
	if (lmtp->listener == NULL)
		return cs_fail(
		    err, CS_UNAVAILABLE, "lmtp: listen %s: %s", listen_on, strerror(errno));
	evconnlistener_set_error_cb(lmtp->listener, on_accept_error);
	if (getsockname(evconnlistener_get_fd(lmtp->listener), &bound.any, &bound_len) != 0)
		return cs_fail(err, CS_UNAVAILABLE, "lmtp: %s", strerror(errno));
	if (bound.any.sa_family != AF_UNIX)
		lmtp->port =
		    ntohs(bound.any.sa_family == AF_INET6 ? bound.v6.sin6_port : bound.v4.sin_port);
	return CS_OK;
}

enum cs_code
lmtp_open(struct event_base *base, const struct lmtp_settings *settings, struct lmtp **ret_lmtp,
    struct cs_err *err)
{
	if (!name_valid(settings->name))
		return cs_fail(err, CS_MALFORMED, "lmtp: our name is empty, or no name");
	struct lmtp *lmtp = calloc(1, sizeof(*lmtp));

	cs_assert(lmtp != NULL);
	lmtp->base = base;
	lmtp->settings = complete(*settings);
	lmtp->name = strdup(settings->name);
	lmtp->again = evtimer_new(base, on_again, lmtp);
	lmtp->drained = evtimer_new(base, on_drained, lmtp);
	cs_assert(lmtp->name != NULL && lmtp->again != NULL && lmtp->drained != NULL);
	TAILQ_INIT(&lmtp->sessions);
	const enum cs_code code = bind_to(lmtp, settings->listen, err);

	if (code != CS_OK) {
		lmtp_close(lmtp);
		return code;
	}
	*ret_lmtp = lmtp;
	return CS_OK;
}

uint16_t
lmtp_port(const struct lmtp *lmtp)
{
	return lmtp->port;
}

struct lmtp_counters
lmtp_counters(const struct lmtp *lmtp)
{
	return lmtp->counters;
}

static void
stop_listening(struct lmtp *lmtp)
{
	if (lmtp->listener != NULL) {
		evconnlistener_free(lmtp->listener);
		if (lmtp->path != NULL)
			remove_socket(lmtp->path);
	}
	lmtp->listener = NULL;
	event_del(lmtp->again);
}

void
lmtp_drain(struct lmtp *lmtp, void (*drained)(void *arg), void *arg)
{
	struct session *session;

	stop_listening(lmtp);
	lmtp->draining = true;
	lmtp->on_drained = drained;
	lmtp->on_drained_arg = arg;
	TAILQ_FOREACH(session, &lmtp->sessions, link)
	session_drain(session);
	if (lmtp->counters.open == 0)
		event_active(lmtp->drained, EV_TIMEOUT, 0);
}

void
lmtp_close(struct lmtp *lmtp)
{
	if (lmtp == NULL)
		return;
	stop_listening(lmtp);
	lmtp->draining = false;
	while (!TAILQ_EMPTY(&lmtp->sessions))
		session_free(TAILQ_FIRST(&lmtp->sessions));
	event_free(lmtp->again);
	event_free(lmtp->drained);
	free(lmtp->name);
	free(lmtp->path);
	free(lmtp);
}
