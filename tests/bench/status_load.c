/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status_load.c: who asks certificate-status over and over: N connections that are kept open, on each the
 * next GET as soon as the last answer is there.
 *
 *   status_load ADDRESS PORT CONNECTIONS SECONDS OCTETS PATH...
 *
 * Every answer must be a 200 with more than OCTETS octets of content: a refusal in OCSP's form is shorter.
 * Prints one JSON object: all answers, answers a second after the first second, their latency, and what of the processor this program took.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 256
#define ANSWER_MAX 65536
#define SAMPLES_MAX (1 << 22)
#define WARM_S 1.0

struct conn {
	int fd;
	size_t len;
	double sent_s;
	char answer[ANSWER_MAX + 1];
};

static struct conn conns[CONNECTIONS_MAX];
static float samples[SAMPLES_MAX]; /* microseconds */
static size_t n_samples, n_answers, least_octets;

static void
need(int fine, const char *what)
{
	if (fine)
		return;
	(void)fprintf(stderr, "status_load: %s\n", what);
	exit(2);
}

static double
now_s(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void
ask(struct conn *conn, const char *path)
{
	char request[ANSWER_MAX];
	const int len =
	    snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: status\r\n\r\n", path);

	need(len > 0 && (size_t)len < sizeof(request), "a path is too long");
	conn->len = 0;
	conn->sent_s = now_s();
	need(send(conn->fd, request, (size_t)len, MSG_NOSIGNAL) == len,
	    "a request could not be sent");
}

/* 0: the answer is not complete. */
static int
is_whole(struct conn *conn)
{
	conn->answer[conn->len] = '\0';
	const char *body = strstr(conn->answer, "\r\n\r\n");
	const char *field = body != NULL ? strstr(conn->answer, "Content-Length: ") : NULL;

	if (body == NULL)
		return 0;
	need(field != NULL && field < body && strncmp(conn->answer, "HTTP/1.1 200 ", 13) == 0,
	    "an answer that is not 200");
	const size_t octets = strtoul(field + 16, NULL, 10);
	need(octets > least_octets, "a refusal");
	need(octets < ANSWER_MAX / 2, "an answer that is too long");
	return conn->len - (size_t)(body + 4 - conn->answer) >= octets;
}

static int
by_value(const void *a, const void *b)
{
	const float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

static void
report(double seconds)
{
	struct rusage used;

	(void)getrusage(RUSAGE_SELF, &used);
	const double cpu_s = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
			     (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
	need(n_samples > 0, "no answers");
	qsort(samples, n_samples, sizeof(samples[0]), by_value);
	(void)printf(
	    "{\"answers\": %zu, \"rate\": %.0f, \"p50_us\": %.0f, \"p99_us\": %.0f, \"cpu\": %.2f}\n",
	    n_answers, (double)n_samples / seconds, (double)samples[n_samples / 2],
	    (double)samples[n_samples * 99 / 100], cpu_s / (seconds + WARM_S));
}

static void
connect_all(int epoll, const struct sockaddr_in *to, size_t n)
{
	const int on = 1;

	for (size_t i = 0; i < n; i++) {
		struct epoll_event event = { .events = EPOLLIN, .data.ptr = &conns[i] };

		conns[i].fd = socket(AF_INET, SOCK_STREAM, 0);
		need(conns[i].fd >= 0 &&
			 connect(conns[i].fd, (const struct sockaddr *)to, sizeof(*to)) == 0,
		    "no connection");
		(void)setsockopt(conns[i].fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		need(epoll_ctl(epoll, EPOLL_CTL_ADD, conns[i].fd, &event) == 0, "epoll");
	}
}

int
main(int argc, char *argv[])
{
	need(argc > 6, "ADDRESS PORT CONNECTIONS SECONDS OCTETS PATH...");
	const size_t n = strtoul(argv[3], NULL, 10);
	const double seconds = strtod(argv[4], NULL);
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(argv[2])) };
	const int epoll = epoll_create1(0);
	size_t next = 0;
	const size_t paths = (size_t)argc - 6;

	least_octets = strtoul(argv[5], NULL, 10);
	need(n > 0 && n <= CONNECTIONS_MAX && inet_pton(AF_INET, argv[1], &to.sin_addr) == 1,
	    "arguments");
	connect_all(epoll, &to, n);
	for (size_t i = 0; i < n; i++)
		ask(&conns[i], argv[6 + next++ % paths]);
	const double begin_s = now_s() + WARM_S, end_s = begin_s + seconds;
	for (double at_s = now_s(); at_s < end_s; at_s = now_s()) {
		struct epoll_event events[64];
		const int ready = epoll_wait(epoll, events, 64, 1000);

		for (int i = 0; i < ready; i++) {
			struct conn *conn = events[i].data.ptr;
			const ssize_t got =
			    recv(conn->fd, conn->answer + conn->len, ANSWER_MAX - conn->len, 0);

			need(got > 0, "a connection was closed");
			conn->len += (size_t)got;
			if (!is_whole(conn))
				continue;
			const double done_s = now_s();
			n_answers++;
			if (done_s >= begin_s && done_s < end_s && n_samples < SAMPLES_MAX)
				samples[n_samples++] = (float)((done_s - conn->sent_s) * 1e6);
			ask(conn, argv[6 + next++ % paths]);
		}
	}
	report(seconds);
	return 0;
}
