/* SPDX-License-Identifier: Apache-2.0 */
#include "http/client.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_MAX (4 * 1024 * 1024)
#define CALL_MS 60000
#define LINE_MAX_OCTETS 65536

struct http_client {
	CURL *curl;
	const char *token, *ca_file;
};

struct http_client *
http_client_new(const char *token, const char *ca_file)
{
	struct http_client *client = calloc(1, sizeof(*client));

	cs_assert(client != NULL);
	client->curl = curl_easy_init();
	cs_assert(client->curl != NULL);
	client->token = token;
	client->ca_file = ca_file;
	return client;
}

void
http_client_free(struct http_client *client)
{
	if (client == NULL)
		return;
	curl_easy_cleanup(client->curl);
	free(client);
}

static size_t
on_body(char *data, size_t size, size_t n, void *arg)
{
	struct cs_buf *buf = arg;

	if (buf->len + size * n > ANSWER_MAX)
		return 0;
	cs_buf_add(buf, data, size * n);
	return size * n;
}

static void
prepare(struct http_client *client, const char *url)
{
	CURL *curl = client->curl;

	curl_easy_reset(curl);
	(void)curl_easy_setopt(curl, CURLOPT_URL, url);
	(void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	(void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, 5000L);
	if (client->ca_file != NULL)
		(void)curl_easy_setopt(curl, CURLOPT_CAINFO, client->ca_file);
	if (client->token != NULL) {
		(void)curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
		(void)curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, client->token);
	}
}

static struct curl_slist *
fields(const struct http_call *call, struct cs_arena *arena)
{
	struct curl_slist *list = NULL;

	if (call->content_type != NULL)
		list = curl_slist_append(
		    list, cs_arena_printf(arena, "Content-Type: %s", call->content_type));
	if (call->header != NULL)
		list = curl_slist_append(list, call->header);
	return list;
}

enum cs_code
http_client_call(struct http_client *client, const struct http_call *call, struct cs_arena *arena,
    long *ret_status, struct cs_span *ret_body, struct cs_err *err)
{
	struct curl_slist *list = fields(call, arena);
	struct cs_buf answer = cs_buf_new(arena);
	CURL *curl = client->curl;

	prepare(client, call->url);
	(void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)CALL_MS);
	(void)curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call->method);
	(void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
	if (strcmp(call->method, "POST") == 0 || call->body.len > 0) {
		(void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)call->body.len);
		(void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS,
		    call->body.len == 0 ? "" : (const char *)call->body.data);
	}
	(void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
	CURLcode code = curl_easy_perform(curl);

	curl_slist_free_all(list);
	if (code != CURLE_OK)
		return cs_fail(
		    err, CS_UNAVAILABLE, "%.120s: %s", call->url, curl_easy_strerror(code));
	(void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, ret_status);
	*ret_body = cs_buf_span(&answer);
	return CS_OK;
}

/* ---- lines ---- */

struct lines {
	http_client_line *line;
	void *arg;
	char text[LINE_MAX_OCTETS];
	size_t len;
	bool ended;
};

static size_t
on_piece(char *data, size_t size, size_t n, void *arg)
{
	struct lines *lines = arg;

	for (size_t i = 0; i < size * n; i++) {
		if (data[i] != '\n') {
			if (lines->len < sizeof(lines->text) - 1)
				lines->text[lines->len++] = data[i];
			continue;
		}
		lines->text[lines->len] = '\0';
		lines->len = 0;
		if (!lines->line(lines->arg, lines->text)) {
			lines->ended = true;
			return 0;
		}
	}
	return size * n;
}

enum cs_code
http_client_lines(struct http_client *client, const char *url, http_client_line *line, void *arg,
    struct cs_err *err)
{
	struct lines *lines = calloc(1, sizeof(*lines));

	cs_assert(lines != NULL);
	lines->line = line;
	lines->arg = arg;
	prepare(client, url);
	(void)curl_easy_setopt(client->curl, CURLOPT_WRITEFUNCTION, on_piece);
	(void)curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, lines);
	CURLcode code = curl_easy_perform(client->curl);
	bool ended = lines->ended;

	free(lines);
	if (code != CURLE_OK && !ended)
		return cs_fail(err, CS_UNAVAILABLE, "%.120s: %s", url, curl_easy_strerror(code));
	return CS_OK;
}
