/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server.c: the listener, the list of connections and its limits.
 *
 * evhttp is not used on purpose: it understands requests more generously than anything in front of it
 * might, and does not show the octets by which one could judge (threats D9).  Our reader is strict and
 * small, and then there is little left that evhttp would do.
 */
#include "http/server.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <event2/util.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "http/conn.h"

#define BACKLOG 1024
#define ACCEPT_REST_S 1 /* pause after accept(2) failed: descriptors may come free */

static const struct http_limits defaults = {
	.body_octets = 65536,
	.head_octets = 16384,
	.line_octets = 8192,
	.field_count = 64,
	.head_ms = 5000,
	.request_ms = 15000,
	.idle_ms = 15000,
	.per_source = 32,
	.total = 1024,
	.stream_quiet_ms = 15000,
	.stream_octets = 65536,
};

#define OR_DEFAULT(limits, field) \
	((limits)->field = (limits)->field > 0 ? (limits)->field : defaults.field)

static struct http_limits
limits_complete(struct http_limits limits)
{
	OR_DEFAULT(&limits, body_octets);
	OR_DEFAULT(&limits, head_octets);
	OR_DEFAULT(&limits, line_octets);
	OR_DEFAULT(&limits, field_count);
	OR_DEFAULT(&limits, head_ms);
	OR_DEFAULT(&limits, request_ms);
	OR_DEFAULT(&limits, idle_ms);
	OR_DEFAULT(&limits, per_source);
	OR_DEFAULT(&limits, total);
	OR_DEFAULT(&limits, stream_quiet_ms);
	OR_DEFAULT(&limits, stream_octets);
	return limits;
}

/* ---- Accepting ---- */

static bool
same_source(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	const struct sockaddr_in *a4 = (const struct sockaddr_in *)a;
	const struct sockaddr_in *b4 = (const struct sockaddr_in *)b;
	const struct sockaddr_in6 *a6 = (const struct sockaddr_in6 *)a;
	const struct sockaddr_in6 *b6 = (const struct sockaddr_in6 *)b;

	if (a->ss_family != b->ss_family)
		return false;
	if (a->ss_family == AF_INET)
		return a4->sin_addr.s_addr == b4->sin_addr.s_addr;
	if (IN6_IS_ADDR_V4MAPPED(&a6->sin6_addr))
		return memcmp(&a6->sin6_addr, &b6->sin6_addr, 16) == 0;
	return memcmp(&a6->sin6_addr, &b6->sin6_addr, 8) == 0;
}

static unsigned
count_source(const struct http_server *server, const struct sockaddr_storage *peer)
{
	const struct http_conn *conn;
	unsigned n = 0;

	TAILQ_FOREACH(conn, &server->conns, link)
	n += same_source(&conn->peer, peer);
	return n;
}

/* One attempt to say why; a client that floods us is owed no more. */
static void
turn_away(int fd, const char *status, const char *why, const char *clause)
{
	char problem[320], text[512];
	int body = snprintf(problem, sizeof(problem),
	    "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%.3s,\"detail\":\"%s\","
	    "\"clause\":\"%s\",\"mend\":\"Close connections, and try again later.\","
	    "\"code\":\"too-many-connections\"}\n",
	    status + 4, status, why, clause);
	int len = snprintf(text, sizeof(text),
	    "HTTP/1.1 %s\r\nContent-Type: application/problem+json\r\nContent-Length: %d\r\n"
	    "Retry-After: 5\r\nConnection: close\r\n\r\n%s",
	    status, body, problem);

	cs_assert((size_t)len < sizeof(text));
	(void)!send(fd, text, (size_t)len, MSG_DONTWAIT | MSG_NOSIGNAL);
	shutdown(fd, SHUT_WR);
	close(fd);
}

static void
on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address, int len,
    void *arg)
{
	struct http_server *server = arg;
	struct sockaddr_storage peer = { 0 };

	(void)listener;
	memcpy(&peer, address, (size_t)len < sizeof(peer) ? (size_t)len : sizeof(peer));
	if (server->conn_count >= server->limits.total)
		turn_away(fd, "503 Service Unavailable",
		    "This server has no room for more clients.", "RFC 9110 15.6.4");
	else if (count_source(server, &peer) >= server->limits.per_source)
		turn_away(fd, "429 Too Many Requests",
		    "Your address has too many connections open.", "RFC 6585 4");
	else
		conn_open(server, fd, &peer);
}

static void
on_accept_error(struct evconnlistener *listener, void *arg)
{
	struct http_server *server = arg;

	evconnlistener_disable(listener);
	event_add(server->again, &(struct timeval){ ACCEPT_REST_S, 0 });
}

static void
on_again(evutil_socket_t fd, short what, void *arg)
{
	struct http_server *server = arg;

	(void)fd;
	(void)what;
	if (server->listener != NULL)
		evconnlistener_enable(server->listener);
}

/* ---- Life ---- */

static void
on_drained(evutil_socket_t fd, short what, void *arg)
{
	struct http_server *server = arg;

	(void)fd;
	(void)what;
	if (server->on_drained != NULL)
		server->on_drained(server->on_drained_arg);
}

void
server_forget(struct http_server *server, struct http_conn *conn)
{
	TAILQ_REMOVE(&server->conns, conn, link);
	server->conn_count--;
	if (server->draining && server->conn_count == 0)
		event_active(server->drained, EV_TIMEOUT, 0);
}

/* "192.0.2.1:80", "[2001:db8::1]:80"; numbers only, so that nothing is looked up. */
static bool
parse_listen(const char *text, struct sockaddr_storage *ret_address)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)ret_address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret_address;
	char host[INET6_ADDRSTRLEN] = "", digits[6] = "", rest;
	bool is_v6 = *text == '[';

	if (sscanf(text, is_v6 ? "[%45[0-9a-fA-F:.]]:%5[0-9]%c" : "%45[0-9.]:%5[0-9]%c", host,
		digits, &rest) != 2)
		return false;
	unsigned long port = strtoul(digits, NULL, 10);

	*ret_address = (struct sockaddr_storage){ 0 };
	if (is_v6)
		*v6 = (struct sockaddr_in6){ .sin6_family = AF_INET6,
			.sin6_port = htons((uint16_t)port) };
	else
		*v4 = (struct sockaddr_in){ .sin_family = AF_INET,
			.sin_port = htons((uint16_t)port) };
	return port <= UINT16_MAX &&
	       inet_pton(ret_address->ss_family, host,
		   is_v6 ? (void *)&v6->sin6_addr : (void *)&v4->sin_addr) == 1;
}

static enum cs_code
bind_to(struct http_server *server, const char *listen_on, struct cs_err *err)
{
	struct sockaddr_storage address;

	if (!parse_listen(listen_on, &address))
		return cs_fail(err, CS_MALFORMED, "listen \"%s\": not ADDRESS:PORT", listen_on);
	int len = address.ss_family == AF_INET6 ? (int)sizeof(struct sockaddr_in6)
						: (int)sizeof(struct sockaddr_in);

	server->listener = evconnlistener_new_bind(server->base, on_accept, server,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE, BACKLOG,
	    (struct sockaddr *)&address, len);
	if (server->listener == NULL)
		return cs_fail(err, CS_UNAVAILABLE, "listen %s: %s", listen_on, strerror(errno));
	evconnlistener_set_error_cb(server->listener, on_accept_error);
	return CS_OK;
}

/* Accepted sockets inherit TCP_NODELAY; without it small answers wait for acknowledgements. */
static enum cs_code
prepare_socket(struct http_server *server, struct cs_err *err)
{
	int fd = evconnlistener_get_fd(server->listener), on = 1;
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} address = { .v6 = { 0 } };
	socklen_t len = sizeof(address);

	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0 ||
	    getsockname(fd, &address.any, &len) != 0)
		return cs_fail(err, CS_UNAVAILABLE, "listening socket: %s", strerror(errno));
	server->port =
	    ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
	return CS_OK;
}

enum cs_code
http_server_new(struct event_base *base, const struct http_server_settings *settings,
    struct http_server **ret_server, struct cs_err *err)
{
	struct http_server *server = calloc(1, sizeof(*server));

	cs_assert(server != NULL);
	*server = (struct http_server){
		.base = base,
		.limits = limits_complete(settings->limits),
		.hosts = settings->hosts,
		.observe = settings->observe,
		.observe_arg = settings->observe_arg,
		.again = evtimer_new(base, on_again, server),
		.drained = evtimer_new(base, on_drained, server),
	};
	TAILQ_INIT(&server->conns);
	cs_assert(server->again != NULL && server->drained != NULL);
	enum cs_code code = bind_to(server, settings->listen, err);

	if (code == CS_OK)
		code = prepare_socket(server, err);
	if (code != CS_OK) {
		http_server_free(server);
		return code;
	}
	*ret_server = server;
	return CS_OK;
}

enum cs_code
http_server_add_routes(
    struct http_server *server, const struct http_route *routes, void *self, struct cs_err *err)
{
	return http_routes_add(&server->routes, routes, self, err);
}

uint16_t
http_server_port(const struct http_server *server)
{
	return server->port;
}

size_t
http_server_connections(const struct http_server *server)
{
	return server->conn_count;
}

static void
stop_listening(struct http_server *server)
{
	if (server->listener != NULL)
		evconnlistener_free(server->listener);
	server->listener = NULL;
	event_del(server->again);
}

void
http_server_drain(struct http_server *server, void (*drained)(void *arg), void *arg)
{
	struct http_conn *conn;

	stop_listening(server);
	server->draining = true;
	server->on_drained = drained;
	server->on_drained_arg = arg;
	TAILQ_FOREACH(conn, &server->conns, link)
	conn_drain(conn);
	if (server->conn_count == 0)
		event_active(server->drained, EV_TIMEOUT, 0);
}

void
http_server_free(struct http_server *server)
{
	if (server == NULL)
		return;
	stop_listening(server);
	while (!TAILQ_EMPTY(&server->conns))
		conn_free(TAILQ_FIRST(&server->conns));
	event_free(server->again);
	event_free(server->drained);
	free(server);
}
