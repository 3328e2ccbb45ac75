/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peer.h: the other side, on loopback: says its piece to whoever connects, whatever it hears, and then
 * hears it out.  For fuzz targets: libcurl reads replies and answers from sockets alone.
 */
#ifndef HTTP_TESTS_PEER_H
#define HTTP_TESTS_PEER_H

#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/span.h"

#define PEER_MAX 65536

struct peer {
	int fd;
	uint16_t port;
	pthread_mutex_t mutex; /* guards what follows */
	uint8_t first[PEER_MAX], then[PEER_MAX];
	size_t first_len, then_len;
	unsigned met; /* connections since the piece was set */
};

static inline size_t
peer_piece(struct peer *peer, uint8_t *ret_piece)
{
	pthread_mutex_lock(&peer->mutex);
	const bool is_first = peer->met++ == 0;
	const size_t len = is_first ? peer->first_len : peer->then_len;

	memcpy(ret_piece, is_first ? peer->first : peer->then, len);
	pthread_mutex_unlock(&peer->mutex);
	return len;
}

static inline void *
peer_serve(void *arg)
{
	static uint8_t piece[PEER_MAX], heard[4096];
	struct peer *peer = arg;

	for (int fd = accept(peer->fd, NULL, NULL); fd >= 0; fd = accept(peer->fd, NULL, NULL)) {
		size_t len = peer_piece(peer, piece), at = 0;
		ssize_t n = 1;

		for (; at < len && n > 0; at += n > 0 ? (size_t)n : 0)
			n = send(fd, piece + at, len - at, MSG_NOSIGNAL);
		(void)shutdown(fd, SHUT_WR);
		while (n > 0)
			n = recv(fd, heard, sizeof(heard), 0);
		(void)close(fd);
	}
	return NULL;
}

/* For the rest of the process. */
static inline void
peer_open(struct peer *peer)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	pthread_t thread;

	(void)signal(SIGPIPE, SIG_IGN);
	peer->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cs_assert(peer->fd >= 0);
	cs_assert(bind(peer->fd, (struct sockaddr *)&address, len) == 0);
	cs_assert(listen(peer->fd, 16) == 0);
	cs_assert(getsockname(peer->fd, (struct sockaddr *)&address, &len) == 0);
	peer->port = ntohs(address.sin_port);
	cs_assert(pthread_mutex_init(&peer->mutex, NULL) == 0);
	cs_assert(pthread_create(&thread, NULL, peer_serve, peer) == 0);
}

/* What the next to connect is told, and what those after it are. */
static inline void
peer_says(struct peer *peer, struct cs_span first, struct cs_span then)
{
	pthread_mutex_lock(&peer->mutex);
	peer->first_len = first.len < PEER_MAX ? first.len : PEER_MAX;
	peer->then_len = then.len < PEER_MAX ? then.len : PEER_MAX;
	if (peer->first_len > 0)
		memcpy(peer->first, first.data, peer->first_len);
	if (peer->then_len > 0)
		memcpy(peer->then, then.data, peer->then_len);
	peer->met = 0;
	pthread_mutex_unlock(&peer->mutex);
}

#endif
