/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api.c: just enough of an HTTP/1.1 client for a server that states the length of each answer.  By hand, since
 * what the generator uses of the processors the product cannot use: the client of libevent takes twice as much.
 */
#include "api.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_S 60
#define TRIES_MAX 60
#define ANSWER_MAX (1 << 20)
#define ROOM 16384

struct call {
	struct call *next; /* in its lane */
	struct api *api;
	api_answered *answered;
	void *arg;
	char *text; /* of the request */
	size_t len;
	bool posts;
	unsigned lane, tries;
};

/* A connection, and the answer that it is reading. */
struct conn {
	struct api *api;
	int fd; /* -1: closed */
	struct event *readable, *writable;
	struct call *call; /* under way */
	size_t sent;
	char *text;
	size_t len, cap;
};

struct lane {
	struct conn conn;
	struct call *first, **last; /* that wait */
};

struct api {
	struct event_base *base;
	struct sockaddr_in address;
	char fields[256]; /* of every request */
	struct lane lanes[API_LANES];
	unsigned long repeated;
};

struct answer {
	int status; /* 0: none */
	const char *body;
	size_t len;
	int retry_after; /* seconds; -1: not said */
	bool closes;
};

static const struct answer none = { .status = 0, .body = "", .retry_after = -1, .closes = true };

static void start_call(struct call *call);

static void *
must(void *memory)
{
	if (memory == NULL)
		abort();
	return memory;
}

/* ---- calls ---- */

static void
call_free(struct call *call)
{
	free(call->text);
	free(call);
}

static void
on_again(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	start_call(arg);
}

/* A GET whose connection was closed as idle just now goes again at once; who is told to come again does. */
static bool
goes_again(struct call *call, const struct answer *answer)
{
	const bool told = answer->status == 503 && answer->retry_after >= 0;
	struct timeval wait = { told ? answer->retry_after : 0, 0 };

	if (!told && (answer->status != 0 || call->posts || call->tries > 0))
		return false;
	if (call->tries++ == TRIES_MAX)
		return false;
	call->api->repeated += told;
	return event_base_once(call->api->base, -1, EV_TIMEOUT, on_again, call, &wait) == 0;
}

static void
end_call(struct call *call, const struct answer *answer)
{
	if (goes_again(call, answer))
		return;
	call->answered(call->arg, answer->status, answer->body, answer->len);
	call_free(call);
}

/* ---- what an answer says ---- */

/* What follows "<name>:" in the head; NULL: no such field. */
static const char *
find_field(const char *head, const char *end, const char *name)
{
	const size_t len = strlen(name);

	for (const char *line = head; line != NULL && line < end;) {
		if (strncasecmp(line, name, len) == 0 && line[len] == ':')
			return line + len + 1 + strspn(line + len + 1, " ");
		line = strstr(line, "\r\n");
		line = line == NULL ? NULL : line + 2;
	}
	return NULL;
}

/* False: there is more to come. */
static bool
read_answer(const struct conn *conn, struct answer *ret)
{
	const char *end = strstr(conn->text, "\r\n\r\n");
	const char *length, *after, *connection;

	if (end == NULL)
		return false;
	*ret = none;
	length = find_field(conn->text, end, "Content-Length");
	after = find_field(conn->text, end, "Retry-After");
	connection = find_field(conn->text, end, "Connection");
	if (strncmp(conn->text, "HTTP/1.1 ", 9) != 0 || length == NULL)
		return true; /* none that this client understands */
	ret->body = end + 4;
	ret->len = strtoul(length, NULL, 10);
	if (conn->len < (size_t)(ret->body - conn->text) + ret->len)
		return false;
	ret->status = atoi(conn->text + 9);
	ret->retry_after = after == NULL ? -1 : atoi(after);
	ret->closes = connection != NULL && strncasecmp(connection, "close", 5) == 0;
	return true;
}

/* ---- connections ---- */

static void
conn_close(struct conn *conn)
{
	if (conn->fd < 0)
		return;
	event_free(conn->readable);
	event_free(conn->writable);
	(void)close(conn->fd);
	conn->fd = -1;
}

static void
start_next(struct lane *lane)
{
	struct call *call = lane->first;

	if (call == NULL || lane->conn.call != NULL)
		return;
	lane->first = call->next;
	if (lane->first == NULL)
		lane->last = &lane->first;
	start_call(call);
}

/* The body of `answer` lies in the connection's buffer, which the next call of the lane would overwrite. */
static void
conn_answered(struct conn *conn, const struct answer *answer)
{
	struct call *call = conn->call;
	struct lane *lane = call->posts ? NULL : &conn->api->lanes[call->lane];

	if (answer->closes || lane == NULL)
		conn_close(conn);
	else
		(void)event_add(
		    conn->readable, NULL); /* its end is to be seen, whenever it comes */
	end_call(call, answer);
	conn->call = NULL;
	if (lane != NULL) {
		start_next(lane);
	} else {
		free(conn->text);
		free(conn);
	}
}

static void
send_rest(struct conn *conn)
{
	const struct call *call = conn->call;
	ssize_t n = send(conn->fd, call->text + conn->sent, call->len - conn->sent, MSG_NOSIGNAL);

	if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != ENOTCONN) {
		conn_answered(conn, &none);
		return;
	}
	conn->sent += n > 0 ? (size_t)n : 0;
	if (conn->sent < call->len)
		(void)event_add(conn->writable, NULL);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	send_rest(arg);
}

static void
make_room(struct conn *conn)
{
	if (conn->cap - conn->len > ROOM / 2)
		return;
	conn->cap += conn->cap + ROOM;
	conn->text = must(realloc(conn->text, conn->cap));
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct conn *conn = arg;
	struct answer answer = none;
	ssize_t n = -1;

	make_room(conn);
	if (what & EV_READ)
		n = recv(fd, conn->text + conn->len, conn->cap - conn->len - 1, 0);
	if (n < 0 && (what & EV_READ) && (errno == EAGAIN || errno == EINTR))
		return;
	if (conn->call == NULL) { /* the server closed what was idle */
		conn_close(conn);
		return;
	}
	if (n > 0) {
		conn->len += (size_t)n;
		conn->text[conn->len] = '\0';
		if (!read_answer(conn, &answer) && conn->len < ANSWER_MAX)
			return;
	}
	if (answer.status != 0)
		conn->text[(size_t)(answer.body - conn->text) + answer.len] = '\0';
	conn_answered(conn, &answer);
}

static void
conn_open(struct conn *conn)
{
	struct event_base *base = conn->api->base;
	const struct sockaddr *address = (const void *)&conn->api->address;

	conn->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (conn->fd < 0 ||
	    (connect(conn->fd, address, sizeof(conn->api->address)) != 0 && errno != EINPROGRESS))
		abort();
	conn->readable = must(event_new(base, conn->fd, EV_READ | EV_PERSIST, on_readable, conn));
	conn->writable = must(event_new(base, conn->fd, EV_WRITE, on_writable, conn));
}

static void
conn_start(struct conn *conn, struct call *call)
{
	static const struct timeval patience = { ANSWER_S, 0 };

	conn->call = call;
	conn->sent = conn->len = 0;
	if (conn->fd < 0)
		conn_open(conn);
	(void)event_add(conn->readable, &patience);
	send_rest(conn);
}

static void
start_call(struct call *call)
{
	struct lane *lane = &call->api->lanes[call->lane];
	struct conn *conn;

	if (call->posts) {
		conn = must(calloc(1, sizeof(*conn)));
		*conn = (struct conn){ .api = call->api, .fd = -1 };
		conn_start(conn, call);
	} else if (lane->conn.call == NULL) {
		conn_start(&lane->conn, call);
	} else {
		call->next = NULL;
		*lane->last = call;
		lane->last = &call->next;
	}
}

/* ---- for the flows ---- */

static struct call *
call_new(
    struct api *api, const struct api_post *what, bool posts, api_answered *answered, void *arg)
{
	const char *body = what->body == NULL ? "" : what->body;
	struct call *call = must(calloc(1, sizeof(*call)));
	int len;

	*call = (struct call){ .api = api, .answered = answered, .arg = arg, .posts = posts };
	len = asprintf(&call->text, "%s %s HTTP/1.1\r\n%s%s%s%s%s", posts ? "POST" : "GET",
	    what->path, api->fields,
	    what->key == NULL ? "" : "Idempotency-Key: ", what->key == NULL ? "" : what->key,
	    what->key == NULL ? "" : "\r\n", posts ? "" : "\r\n");
	if (len >= 0 && posts) {
		char *head = call->text;

		len =
		    asprintf(&call->text, "%s%sContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
			head, what->body == NULL ? "" : "Content-Type: application/json\r\n",
			strlen(body), body);
		free(head);
	}
	if (len < 0)
		abort();
	call->len = (size_t)len;
	return call;
}

void
api_get(struct api *api, unsigned lane, const char *path, api_answered *answered, void *arg)
{
	struct call *call = call_new(api, &(struct api_post){ .path = path }, false, answered, arg);

	call->lane = lane % API_LANES;
	start_call(call);
}

void
api_post(struct api *api, const struct api_post *what, api_answered *answered, void *arg)
{
	start_call(call_new(api, what, true, answered, arg));
}

unsigned long
api_repeated(const struct api *api)
{
	return api->repeated;
}

struct api *
api_new(struct event_base *base, const char *host, uint16_t port, const char *token)
{
	struct api *api = must(calloc(1, sizeof(*api)));

	*api = (struct api){ .base = base,
		.address = { .sin_family = AF_INET, .sin_port = htons(port) } };
	if (inet_pton(AF_INET, host, &api->address.sin_addr) != 1)
		return NULL;
	(void)snprintf(api->fields, sizeof(api->fields),
	    "Host: %s:%u\r\nAuthorization: Bearer %s\r\n", host, port, token);
	for (size_t i = 0; i < API_LANES; i++) {
		api->lanes[i].conn = (struct conn){ .api = api, .fd = -1 };
		api->lanes[i].last = &api->lanes[i].first;
	}
	return api;
}
