/* SPDX-License-Identifier: Apache-2.0 */
#include "http/transfer.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define HEAD_LINES_MAX 100
#define BUFFER_OCTETS 16384L
#define CHAIN_OCTETS 32768
#define LENGTH_DIGITS_MAX 18

struct transfers {
	struct event_base *base;
	CURLM *multi;
	struct event *timer;
};

struct transfer {
	struct transfers *owner;
	CURL *easy;
	struct curl_slist *connect_to, *fields;
	struct transfer_request request;
	struct cs_arena *arena;
	transfer_done *done;
	void *arg;
	/* what was found out so far */
	struct cs_buf body;
	struct cs_span location;
	size_t locations, lengths, codings, head_octets, head_lines;
	int status;
	bool in_body;       /* what looks like a header field is a trailer, and nobody's business */
	bool enough;        /* we ended it, because the rest does not matter */
	bool refused;       /* the socket's address is not the one we chose, or not a public one */
	const char *broken; /* we ended it, because of this */
	bool too_large;
	struct event *talk; /* waits for the socket while something is said */
	size_t said;
	char error[CURL_ERROR_SIZE]; /* of the handshake, more than the code says */
};

/* ---- libcurl on libevent ---- */

static void
transfer_free(struct transfer *t)
{
	if (t->talk != NULL)
		event_free(t->talk);
	curl_multi_remove_handle(t->owner->multi, t->easy);
	curl_easy_cleanup(t->easy);
	curl_slist_free_all(t->connect_to);
	curl_slist_free_all(t->fields);
	free(t);
}

static enum http_fetch_reason
reason_of(CURLcode curl, const struct transfer *t)
{
	if (t->refused)
		return HTTP_FETCH_ADDRESS_REFUSED;
	if (t->too_large)
		return HTTP_FETCH_TOO_LARGE;
	if (t->broken != NULL)
		return HTTP_FETCH_BROKEN;
	switch (curl) {
	case CURLE_OK:
		return HTTP_FETCHED;
	case CURLE_OPERATION_TIMEDOUT:
		return HTTP_FETCH_TIMED_OUT;
	case CURLE_OUT_OF_MEMORY: /* a line of the head over curl's own 100 kB */
		return HTTP_FETCH_TOO_LARGE;
	case CURLE_COULDNT_CONNECT:
		return HTTP_FETCH_NOT_CONNECTED;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
		return HTTP_FETCH_TLS;
	default:
		return HTTP_FETCH_BROKEN;
	}
}

/* For the evidence, not for a judgement: the rules ask for no name in it. */
static struct cs_span
chain_of(struct transfer *t)
{
	struct curl_certinfo *info = NULL;
	struct cs_buf chain = cs_buf_new(t->arena);

	if (!t->request.url->tls ||
	    curl_easy_getinfo(t->easy, CURLINFO_CERTINFO, &info) != CURLE_OK || info == NULL)
		return cs_span_of(NULL, 0);
	for (int i = 0; i < info->num_of_certs; i++)
		for (const struct curl_slist *at = info->certinfo[i]; at != NULL; at = at->next)
			if (strncmp(at->data, "Cert:", 5) == 0 &&
			    chain.len + strlen(at->data) < CHAIN_OCTETS)
				cs_buf_add_str(&chain, at->data + 5);
	return cs_buf_span(&chain);
}

/* Its own words, which whoever read them must escape. */
static const char *
certificate_of(struct transfer *t)
{
	static const char *const shown[] = { "Subject:", "Issuer:", "Expire date:" };
	struct curl_certinfo *info = NULL;
	struct cs_buf text = cs_buf_new(t->arena);

	if (!t->request.url->tls ||
	    curl_easy_getinfo(t->easy, CURLINFO_CERTINFO, &info) != CURLE_OK || info == NULL ||
	    info->num_of_certs < 1)
		return "";
	for (const struct curl_slist *at = info->certinfo[0]; at != NULL; at = at->next)
		for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
			if (strncmp(at->data, shown[i], strlen(shown[i])) == 0)
				cs_buf_printf(
				    &text, "%s%.200s", text.len > 0 ? "; " : "", at->data);
	return text.len > 0 ? (const char *)cs_buf_span(&text).data : "";
}

/* Of what we ended ourselves curl only knows that its callback did not want more. */
static const char *
text_of(CURLcode curl, const struct transfer *t, enum http_fetch_reason reason)
{
	if (t->broken != NULL)
		return t->broken;
	if (reason == HTTP_FETCH_TOO_LARGE)
		return t->in_body || t->request.say.len > 0
			   ? "the content is longer than what is read"
			   : "the head is longer than what is read";
	if (reason == HTTP_FETCH_TLS && t->error[0] != '\0')
		return cs_arena_strdup(t->arena, t->error);
	return curl_easy_strerror(curl);
}

static void
transfer_end(struct transfer *t, CURLcode curl)
{
	/* Curl takes "HTtP/1.1 200" for a status line, and is content when nothing else comes. */
	if (curl == CURLE_OK && !t->in_body && !t->request.handshake_only)
		t->broken = "an end before the head of a final answer";
	enum http_fetch_reason reason = t->enough ? HTTP_FETCHED : reason_of(curl, t);
	struct transfer_result result = {
		.reason = reason,
		.status = t->status,
		.locations = t->locations,
		.location = t->location,
		.chain = chain_of(t),
		.certificate = certificate_of(t),
		.text = text_of(curl, t, reason),
	};
	curl_off_t connected_us = 0;
	transfer_done *done = t->done;
	void *arg = t->arg;

	if (result.reason == HTTP_FETCHED && !t->enough)
		result.body = cs_buf_span(&t->body);
	curl_easy_getinfo(t->easy, CURLINFO_CONNECT_TIME_T, &connected_us);
	result.connected = connected_us > 0;
	transfer_free(t);
	done(arg, &result);
}

/* ---- something is said in a protocol that curl does not know ---- */

static void talk(struct transfer *t);

static void
on_talk(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	talk(arg);
}

static void
wait_for(struct transfer *t, short what)
{
	curl_socket_t fd = CURL_SOCKET_BAD;

	curl_easy_getinfo(t->easy, CURLINFO_ACTIVESOCKET, &fd);
	if (t->talk != NULL)
		event_free(t->talk);
	t->talk = event_new(t->owner->base, fd, what, on_talk, t);
	cs_assert(t->talk != NULL && event_add(t->talk, NULL) == 0);
}

/* CURLE_OK: nothing is left to be said. */
static CURLcode
say(struct transfer *t)
{
	const struct cs_span *what = &t->request.say;
	CURLcode code = CURLE_OK;

	while (code == CURLE_OK && t->said < what->len) {
		size_t n = 0;

		code = curl_easy_send(t->easy, what->data + t->said, what->len - t->said, &n);
		t->said += n;
	}
	return code;
}

/* CURLE_OK: the answer is whole, or more than is read. */
static CURLcode
hear(struct transfer *t)
{
	char octets[4096];

	for (;;) {
		size_t n = 0;
		const CURLcode code = curl_easy_recv(t->easy, octets, sizeof(octets), &n);

		if (code != CURLE_OK)
			return code;
		if (n == 0)
			return CURLE_GOT_NOTHING;
		t->too_large = n > t->request.body_octets - t->body.len;
		if (t->too_large)
			return CURLE_OK;
		cs_buf_add(&t->body, octets, n);
		if (t->request.whole(cs_buf_span(&t->body)))
			return CURLE_OK;
	}
}

static void
talk(struct transfer *t)
{
	CURLcode code = say(t);

	if (code == CURLE_AGAIN) {
		wait_for(t, EV_WRITE);
		return;
	}
	if (code == CURLE_OK)
		code = hear(t);
	if (code == CURLE_AGAIN)
		wait_for(t, EV_READ);
	else
		transfer_end(t, code);
}

static void
collect(struct transfers *all)
{
	const CURLMsg *message;
	int left;

	do {
		message = curl_multi_info_read(all->multi, &left);
		if (message != NULL && message->msg == CURLMSG_DONE) {
			struct transfer *t = NULL;

			curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&t);
			if (message->data.result == CURLE_OK && t->request.say.len > 0)
				talk(t);
			else
				transfer_end(t, message->data.result);
		}
	} while (message != NULL);
}

static void
on_socket_event(evutil_socket_t fd, short what, void *arg)
{
	struct transfers *all = arg;
	int action =
	    (what & EV_READ ? CURL_CSELECT_IN : 0) | (what & EV_WRITE ? CURL_CSELECT_OUT : 0);
	int running;

	curl_multi_socket_action(all->multi, fd, action, &running);
	collect(all);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct transfers *all = arg;
	int running;

	(void)fd;
	(void)what;
	curl_multi_socket_action(all->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	collect(all);
}

static int
watch_timer(CURLM *multi, long ms, void *arg)
{
	struct transfers *all = arg;
	const struct timeval after = { ms / 1000, ms % 1000 * 1000 };

	(void)multi;
	if (ms < 0)
		evtimer_del(all->timer);
	else
		evtimer_add(all->timer, &after);
	return 0;
}

static int
watch_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *before)
{
	struct transfers *all = arg;
	struct event *event = NULL;

	(void)easy;
	if (before != NULL)
		event_free(before);
	if (what != CURL_POLL_REMOVE) {
		short kind = (short)((what & CURL_POLL_IN ? EV_READ : 0) |
				     (what & CURL_POLL_OUT ? EV_WRITE : 0) | EV_PERSIST);

		event = event_new(all->base, fd, kind, on_socket_event, all);
		cs_assert(event != NULL && event_add(event, NULL) == 0);
	}
	curl_multi_assign(all->multi, fd, event);
	return 0;
}

struct transfers *
transfers_new(struct event_base *base)
{
	struct transfers *all = calloc(1, sizeof(*all));

	cs_assert(all != NULL && curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
	*all = (struct transfers){ base, curl_multi_init(), evtimer_new(base, on_timer, all) };
	cs_assert(all->multi != NULL && all->timer != NULL);
	curl_multi_setopt(all->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
	curl_multi_setopt(all->multi, CURLMOPT_SOCKETDATA, all);
	curl_multi_setopt(all->multi, CURLMOPT_TIMERFUNCTION, watch_timer);
	curl_multi_setopt(all->multi, CURLMOPT_TIMERDATA, all);
	curl_multi_setopt(all->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
	return all;
}

void
transfers_free(struct transfers *all)
{
	if (all == NULL)
		return;
	curl_multi_cleanup(all->multi);
	event_free(all->timer);
	curl_global_cleanup();
	free(all);
}

/* ---- The socket ---- */

static bool
same_address(const struct sockaddr *a, const struct sockaddr_storage *b)
{
	const struct sockaddr_in *a4 = (const struct sockaddr_in *)(const void *)a;
	const struct sockaddr_in *b4 = (const struct sockaddr_in *)b;
	const struct sockaddr_in6 *a6 = (const struct sockaddr_in6 *)(const void *)a;
	const struct sockaddr_in6 *b6 = (const struct sockaddr_in6 *)b;

	if (a->sa_family != b->ss_family)
		return false;
	if (a->sa_family == AF_INET)
		return a4->sin_port == b4->sin_port && a4->sin_addr.s_addr == b4->sin_addr.s_addr;
	return a6->sin6_port == b6->sin6_port &&
	       memcmp(&a6->sin6_addr, &b6->sin6_addr, sizeof(a6->sin6_addr)) == 0;
}

/* The last gate: whatever went before, this is where the connection would go. */
static curl_socket_t
open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct transfer *t = arg;

	if (purpose == CURLSOCKTYPE_IPCXN && address->socktype == SOCK_STREAM &&
	    same_address(&address->addr, &t->request.address) &&
	    http_address_allowed(&address->addr, t->request.rules))
		return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
	t->refused = true;
	return CURL_SOCKET_BAD;
}

/* ---- The answer ---- */

static size_t
stop(struct transfer *t, const char *why)
{
	t->broken = why;
	return 0;
}

static bool
field_is(struct cs_span line, const char *name, struct cs_span *ret_value)
{
	size_t len = strlen(name);

	if (line.len <= len || line.data[len] != ':' ||
	    strncasecmp((const char *)line.data, name, len) != 0)
		return false;
	line.data += len + 1;
	line.len -= len + 1;
	while (line.len > 0 && (*line.data == ' ' || *line.data == '\t')) {
		line.data++;
		line.len--;
	}
	while (line.len > 0 && strchr(" \t\r\n", line.data[line.len - 1]) != NULL)
		line.len--;
	*ret_value = line;
	return true;
}

static size_t
hear_status(struct transfer *t, struct cs_span line)
{
	const char *text = (const char *)line.data;

	if (line.len < 13 ||
	    (strncmp(text, "HTTP/1.1 ", 9) != 0 && strncmp(text, "HTTP/1.0 ", 9) != 0))
		return stop(t, "an answer that is not HTTP/1.1");
	t->status = (int)strtol(text + 9, NULL, 10);
	t->locations = 0;
	t->lengths = 0;
	t->codings = 0;
	return line.len;
}

/* Curl also takes "+17", "17, 17" and numbers beyond its own. */
static bool
length_valid(struct cs_span value)
{
	for (size_t i = 0; i < value.len; i++)
		if (value.data[i] < '0' || value.data[i] > '9')
			return false;
	return value.len >= 1 && value.len <= LENGTH_DIGITS_MAX;
}

static size_t
hear_field(struct transfer *t, struct cs_span line)
{
	struct cs_span value;

	if (line.data[0] == ' ' || line.data[0] == '\t')
		return stop(t, "a folded header field");
	if (field_is(line, "Content-Encoding", &value) && !cs_span_is_nocase(value, "identity"))
		return stop(t, "a content coding");
	if (field_is(line, "Transfer-Encoding", &value)) {
		t->codings++;
		if (!cs_span_is_nocase(value, "chunked"))
			return stop(t, "a transfer coding other than chunked");
	}
	if (field_is(line, "Content-Length", &value)) {
		t->lengths++;
		if (!length_valid(value))
			return stop(t, "a content length that is no number");
	}
	if (t->lengths + t->codings > 1)
		return stop(t, "two content lengths");
	if (field_is(line, "Location", &value)) {
		t->location = cs_arena_copy_span(t->arena, value);
		t->locations++;
	}
	return line.len;
}

/* Only the content of a 2xx answer matters; of all others the head is all there is to know. */
static size_t
hear_end_of_head(struct transfer *t, size_t len)
{
	if (t->status < 200)
		return len;
	t->in_body = true;
	if (t->status < 300)
		return len;
	t->enough = true;
	return 0;
}

/* Counts 1xx answers and trailers too: they arrive this way. */
static size_t
hear_line(char *data, size_t size, size_t count, void *arg)
{
	struct transfer *t = arg;
	struct cs_span line = cs_span_of(data, size * count);

	t->head_octets += line.len;
	if (t->head_octets > t->request.head_octets || ++t->head_lines > HEAD_LINES_MAX) {
		t->too_large = true;
		return 0;
	}
	if (t->in_body)
		return line.len;
	if (line.len >= 5 && memcmp(line.data, "HTTP/", 5) == 0)
		return hear_status(t, line);
	if (cs_span_is(line, "\r\n") || cs_span_is(line, "\n"))
		return hear_end_of_head(t, line.len);
	return line.len > 0 ? hear_field(t, line) : 0;
}

static size_t
hear_body(char *data, size_t size, size_t count, void *arg)
{
	struct transfer *t = arg;
	size_t len = size * count;

	if (!t->in_body)
		return stop(t, "content without a head");
	if (len > t->request.body_octets - t->body.len) {
		t->too_large = true;
		return 0;
	}
	cs_buf_add(&t->body, data, len);
	return len;
}

/* ---- The request ---- */

/* "::192.0.2.1:80": for any host and port, connect there.  No name is looked up. */
static struct curl_slist *
connect_to(const struct sockaddr_storage *address)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
	char host[INET6_ADDRSTRLEN], text[INET6_ADDRSTRLEN + 16];

	if (address->ss_family == AF_INET6) {
		inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof(host));
		snprintf(text, sizeof(text), "::[%s]:%u", host, ntohs(v6->sin6_port));
	} else {
		inet_ntop(AF_INET, &v4->sin_addr, host, sizeof(host));
		snprintf(text, sizeof(text), "::%s:%u", host, ntohs(v4->sin_port));
	}
	return curl_slist_append(NULL, text);
}

static void
set_connection(struct transfer *t)
{
	const struct transfer_request *request = &t->request;
	CURL *easy = t->easy;
	long judge = request->ca_file != NULL || request->ca.len > 0;
	struct curl_blob ca = { .data = (void *)(uintptr_t)request->ca.data,
		.len = request->ca.len,
		.flags = CURL_BLOB_NOCOPY };

	curl_easy_setopt(easy, CURLOPT_CONNECT_TO, t->connect_to);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, t);
	curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* whatever the environment says */
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	/* Else the connection would be gone before anything is said. */
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, (long)(request->say.len == 0));
	curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)request->connect_ms);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)request->total_ms);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, judge);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, judge * 2);
	curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(easy, CURLOPT_CAINFO, request->ca_file); /* NULL: no file is read */
	if (ca.len > 0)
		curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &ca);
	curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, (long)request->handshake_only);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->error);
	curl_easy_setopt(easy, CURLOPT_CERTINFO, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_ENABLE_ALPN, 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
}

static void
add_field(struct transfer *t, const char *field)
{
	struct curl_slist *fields = curl_slist_append(t->fields, field);

	cs_assert(fields != NULL);
	t->fields = fields;
}

/* The content goes at once: nobody is asked first whether it may. */
static void
set_content(struct transfer *t)
{
	const struct transfer_request *request = &t->request;
	const char *type = request->post_type != NULL ? request->post_type : "application/json";

	if (request->post.len > 0) {
		curl_easy_setopt(t->easy, CURLOPT_POST, 1L);
		curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, request->post.data);
		curl_easy_setopt(
		    t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->post.len);
		add_field(t, cs_arena_printf(t->arena, "Content-Type: %s", type));
		add_field(t, "Expect:");
	}
	if (request->field != NULL)
		add_field(t, request->field);
	curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->fields);
}

static void
set_request(struct transfer *t)
{
	const struct transfer_request *request = &t->request;
	CURL *easy = t->easy;

	curl_easy_setopt(easy, CURLOPT_URL, request->url->text);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, request->url->tls ? "https" : "http");
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
	set_content(t);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L);
	curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, request->user_agent);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, BUFFER_OCTETS);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, hear_line);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, hear_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, t);
}

struct transfer *
transfer_start(struct transfers *transfers, const struct transfer_request *request,
    struct cs_arena *arena, transfer_done *done, void *arg)
{
	struct transfer *t = calloc(1, sizeof(*t));

	cs_assert(t != NULL);
	*t = (struct transfer){
		.owner = transfers,
		.easy = curl_easy_init(),
		.connect_to = connect_to(&request->address),
		.request = *request,
		.arena = arena,
		.done = done,
		.arg = arg,
		.body = cs_buf_new(arena),
	};
	cs_assert(t->easy != NULL && t->connect_to != NULL);
	set_connection(t);
	set_request(t);
	cs_assert(curl_multi_add_handle(transfers->multi, t->easy) == CURLM_OK);
	return t;
}

void
transfer_cancel(struct transfer *transfer)
{
	if (transfer != NULL)
		transfer_free(transfer);
}
