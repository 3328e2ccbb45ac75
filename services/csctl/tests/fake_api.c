/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_api.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"

#define REQUEST_MAX (128 * 1024)
#define ROWS_MAX 64

struct fake_api {
	const struct fake_answer *answers;
	int fd;
	pthread_t thread;
	bool given[ROWS_MAX];
	char asked[2 * REQUEST_MAX]; /* written by the thread, read when it has ended */
};

/* Reads until the body is whole; the head ends with a NUL in place of its last line end. */
static const char *
read_request(int fd, char *text)
{
	size_t len = 0;
	ssize_t n;
	char *body = NULL;
	unsigned long want = 0;

	while ((body == NULL || strlen(body) < want) &&
	       (n = recv(fd, text + len, REQUEST_MAX - 1 - len, 0)) > 0) {
		len += (size_t)n;
		text[len] = '\0';
		char *end = body == NULL ? strstr(text, "\r\n\r\n") : NULL;

		if (end == NULL)
			continue;
		const char *length = strcasestr(text, "\r\nContent-Length: ");

		want = length == NULL || length > end ? 0 : strtoul(length + 18, NULL, 10);
		body = end + 4;
		end[2] = '\0';
	}
	return body;
}

static void
append(struct fake_api *api, const char *text, size_t len)
{
	const size_t used = strlen(api->asked);

	cs_assert(used + len < sizeof(api->asked));
	memcpy(api->asked + used, text, len);
	api->asked[used + len] = '\0';
}

/* The fields that a test may care for, in this order. */
static void
keep_fields(struct fake_api *api, const char *head)
{
	static const char *const fields[] = { "If-Match", "If-None-Match", "Authorization" };

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		char start[32];

		(void)snprintf(start, sizeof(start), "\r\n%s: ", fields[i]);
		const char *at = strstr(head, start);

		if (at == NULL)
			continue;
		append(api, " ", 1);
		append(api, at + 2, strcspn(at + 2, "\r"));
	}
}

static const struct fake_answer *
answer_to(struct fake_api *api, const char *asked, size_t len)
{
	static const struct fake_answer none = { "", 404, "{\"code\":\"not-found\"}" };
	const struct fake_answer *last = &none;

	for (size_t i = 0; api->answers[i].asked != NULL; i++) {
		if (strlen(api->answers[i].asked) != len ||
		    strncmp(api->answers[i].asked, asked, len) != 0)
			continue;
		cs_assert(i < ROWS_MAX);
		last = &api->answers[i];
		if (!api->given[i]) {
			api->given[i] = true;
			break;
		}
	}
	return last;
}

static void
serve_one(struct fake_api *api, int fd)
{
	static char text[REQUEST_MAX];
	char head[256];
	const char *body = read_request(fd, text);

	if (body == NULL)
		return;
	const size_t len = strcspn(text, " ") + 1 + strcspn(strchr(text, ' ') + 1, " ");
	const struct fake_answer *answer = answer_to(api, text, len);

	append(api, text, len);
	keep_fields(api, text);
	if (body[0] != '\0')
		append(api, " ", 1);
	append(api, body, strlen(body));
	append(api, "\n", 1);
	int n = snprintf(head, sizeof(head),
	    "HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
	    "Connection: close\r\n\r\n",
	    answer->status, strlen(answer->body));

	(void)send(fd, head, (size_t)n, MSG_NOSIGNAL);
	(void)send(fd, answer->body, strlen(answer->body), MSG_NOSIGNAL);
}

static void *
serve(void *arg)
{
	struct fake_api *api = arg;
	const struct timeval limit = { .tv_sec = 10 };
	int fd;

	while ((fd = accept(api->fd, NULL, NULL)) >= 0) {
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
		serve_one(api, fd);
		(void)close(fd);
	}
	return NULL;
}

struct fake_api *
fake_api_start(const struct fake_answer *answers)
{
	static struct fake_api api;
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	char url[64];

	api.answers = answers;
	api.asked[0] = '\0';
	memset(api.given, 0, sizeof(api.given));
	api.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cs_assert(api.fd >= 0 && bind(api.fd, (struct sockaddr *)&address, len) == 0 &&
		  listen(api.fd, 16) == 0 &&
		  getsockname(api.fd, (struct sockaddr *)&address, &len) == 0 &&
		  pthread_create(&api.thread, NULL, serve, &api) == 0);
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%u", ntohs(address.sin_port));
	(void)setenv("CS_API_URL", url, 1);
	(void)setenv("CS_API_TOKEN", "secret", 1);
	return &api;
}

const char *
fake_api_stop(struct fake_api *api)
{
	(void)shutdown(api->fd, SHUT_RD);
	(void)pthread_join(api->thread, NULL);
	(void)close(api->fd);
	(void)unsetenv("CS_API_URL");
	(void)unsetenv("CS_API_TOKEN");
	return api->asked;
}
