/* SPDX-License-Identifier: Apache-2.0 */
/*
 * late.c: a name server far away: takes queries by UDP, waits, and passes them on to a true one.
 *
 *   late LISTEN TO MILLISECONDS      port 53 of both addresses
 *
 * For each line on stdin it prints how many queries were waiting at most since the last one, and how many
 * were answered; at the end of stdin it ends.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define WAITING_MAX 32768
#define QUERY_MAX 512
#define ANSWER_MAX 4096
#define SOCKET_OCTETS (16 * 1024 * 1024)

struct query {
	struct sockaddr_in from;
	long long due_ms;
	size_t len;
	unsigned char octets[QUERY_MAX];
};

static struct query waiting[WAITING_MAX]; /* a ring: all wait equally long */
static size_t first, count, peak;
static unsigned long answered, lost;
static struct { /* by the number that the query has on its way on */
	struct sockaddr_in from;
	unsigned char number[2];
} asked[65536];
static unsigned short last;

static long long
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void
take(int in, long long wait_ms)
{
	for (;;) {
		struct query *query = &waiting[(first + count) % WAITING_MAX];
		socklen_t len = sizeof(query->from);
		ssize_t got = recvfrom(in, query->octets, sizeof(query->octets), MSG_DONTWAIT,
		    (struct sockaddr *)&query->from, &len);

		if (got < 0)
			return;
		if (got < 12 || count == WAITING_MAX - 1) {
			lost++;
			continue;
		}
		query->len = (size_t)got;
		query->due_ms = now_ms() + wait_ms;
		if (++count > peak)
			peak = count;
	}
}

static void
pass_on(int out)
{
	while (count > 0 && waiting[first].due_ms <= now_ms()) {
		struct query *query = &waiting[first];

		last++;
		asked[last].from = query->from;
		memcpy(asked[last].number, query->octets, 2);
		memcpy(query->octets, (unsigned char[]){ last >> 8, last & 0xff }, 2);
		if (send(out, query->octets, query->len, 0) < 0)
			lost++;
		first = (first + 1) % WAITING_MAX;
		count--;
	}
}

static void
bring_back(int in, int out)
{
	unsigned char octets[ANSWER_MAX];
	ssize_t got;

	while ((got = recv(out, octets, sizeof(octets), MSG_DONTWAIT)) >= 12) {
		size_t number = (size_t)octets[0] << 8 | octets[1];

		memcpy(octets, asked[number].number, 2);
		if (sendto(in, octets, (size_t)got, 0, (struct sockaddr *)&asked[number].from,
			sizeof(asked[number].from)) == got)
			answered++;
		else
			lost++;
	}
}

static bool
report(void)
{
	char line[64];

	if (read(0, line, sizeof(line)) <= 0)
		return false;
	printf("%zu %lu %lu\n", peak, answered, lost);
	fflush(stdout);
	peak = count;
	answered = lost = 0;
	return true;
}

static struct sockaddr_in
address(const char *text)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(53) };

	if (inet_pton(AF_INET, text, &at.sin_addr) != 1)
		exit(2);
	return at;
}

static int
open_socket(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0), octets = SOCKET_OCTETS;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &octets, sizeof(octets));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &octets, sizeof(octets));
	return fd;
}

int
main(int argc, char *argv[])
{
	if (argc != 4)
		return 2;
	struct sockaddr_in here = address(argv[1]), there = address(argv[2]);
	int in = open_socket(), out = open_socket();

	if (bind(in, (struct sockaddr *)&here, sizeof(here)) != 0 ||
	    connect(out, (struct sockaddr *)&there, sizeof(there)) != 0) {
		perror("late");
		return 2;
	}
	puts("ready");
	fflush(stdout);
	for (;;) {
		struct pollfd fds[] = { { 0, POLLIN, 0 }, { in, POLLIN, 0 }, { out, POLLIN, 0 } };

		poll(fds, 3, count > 0 ? 1 : -1);
		if (fds[0].revents != 0 && !report())
			return 0;
		take(in, atoll(argv[3]));
		pass_on(out);
		bring_back(in, out);
	}
}
