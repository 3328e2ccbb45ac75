/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transfer.h: one request to one socket address and its answer; the fetcher's only way to libcurl.
 *
 * Nothing is resolved, followed, decoded, remembered or reused here.  For fetch.c and visit.c alone.
 */
#ifndef HTTP_TRANSFER_H
#define HTTP_TRANSFER_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "http/fetch.h"
#include "http/url.h"

struct event_base;
struct transfers;
struct transfer;

struct transfer_request {
	const struct http_url *url;
	struct sockaddr_storage address; /* with its port: where to connect, and nowhere else */
	const struct http_address_rules *rules;
	const char *user_agent, *ca_file;
	struct cs_span ca;   /* PEM, instead of ca_file where no file can be read; empty: none */
	bool handshake_only; /* ends when there is a connection, and TLS if the URL says so */
	/*
	 * Of handshake_only: octets that are said then, whatever they mean, and when the answer, which becomes the body,
	 * is whole.  Empty: nothing is said.
	 */
	struct cs_span say;
	http_whole *whole;
	struct cs_span post;   /* what is sent by POST; empty: GET */
	const char *post_type; /* its media type; NULL: "application/json" */
	const char *field;     /* one more header field, "Name: value"; NULL: none */
	int64_t connect_ms, total_ms;
	size_t body_octets, head_octets;
};

struct transfer_result {
	enum http_fetch_reason reason; /* HTTP_FETCHED: there is an answer */
	bool connected;                /* false: another address may be tried */
	int status;
	struct cs_span body; /* only when status is 2xx */
	size_t locations;    /* Location fields; `location` is the last */
	struct cs_span location;
	struct cs_span
	    chain; /* https: the server's certificates, PEM, its own first; nobody judged them */
	const char *text;
	const char *certificate; /* https: the server's, for people; "" for none */
};
/* Called from the loop; `result` is borrowed.  The transfer is over and its handle not valid any more. */
typedef void transfer_done(void *arg, const struct transfer_result *result);

struct transfers *transfers_new(struct event_base *base);
void transfers_free(struct transfers *transfers); /* after all transfers have ended; takes NULL */

/* What `request` points to must live until the transfer is over; results live in `arena`. */
struct transfer *transfer_start(struct transfers *transfers, const struct transfer_request *request,
    struct cs_arena *arena, transfer_done *done, void *arg);
void transfer_cancel(struct transfer *transfer); /* `done` is not called; takes NULL */

#endif
