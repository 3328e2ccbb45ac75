/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "base/arena.h"
#include "http/conn.h"

static const char *
peer_text(const struct sockaddr_storage *peer, struct cs_arena *arena)
{
	char text[INET6_ADDRSTRLEN] = "";
	const void *octets = peer->ss_family == AF_INET6
				 ? (const void *)&((const struct sockaddr_in6 *)peer)->sin6_addr
				 : (const void *)&((const struct sockaddr_in *)peer)->sin_addr;

	if (inet_ntop(peer->ss_family, octets, text, sizeof(text)) == NULL)
		return "";
	return cs_arena_strdup(arena, text);
}

struct http_request *
request_new(const struct http_conn *conn)
{
	struct cs_arena *arena = cs_arena_new();
	struct http_request *req = CS_NEW(arena, struct http_request);

	*req = (struct http_request){
		.arena = arena,
		.conn = (struct http_conn *)conn,
		.head = { .method = "", .path = "", .host = "" },
		.body = cs_buf_new(arena),
		.peer = conn->peer,
		.peer_text = peer_text(&conn->peer, arena),
	};
	return req;
}

void
request_free(struct http_request *req)
{
	if (req != NULL)
		cs_arena_free(req->arena);
}

const char *
http_request_method(const struct http_request *req)
{
	return req->head.method;
}

const char *
http_request_path(const struct http_request *req)
{
	return req->head.path;
}

const char *
http_request_query_text(const struct http_request *req)
{
	return req->head.query_text != NULL ? req->head.query_text : "";
}

const struct http_route *
http_request_route(const struct http_request *req)
{
	return req->match.route;
}

static const char *
pair_value(const struct http_pair *pairs, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(pairs[i].name, name) == 0)
			return pairs[i].value;
	return NULL;
}

const char *
http_request_param(const struct http_request *req, const char *name)
{
	return pair_value(req->match.params, req->match.param_count, name);
}

const char *
http_request_query(const struct http_request *req, const char *name)
{
	return pair_value(req->head.query, req->head.query_count, name);
}

const char *
http_request_header_at(const struct http_request *req, const char *name, size_t n)
{
	for (size_t i = 0; i < req->head.field_count; i++)
		if (strcasecmp(req->head.fields[i].name, name) == 0 && n-- == 0)
			return req->head.fields[i].value;
	return NULL;
}

const char *
http_request_header(const struct http_request *req, const char *name)
{
	if (http_request_header_at(req, name, 1) != NULL)
		return NULL;
	return http_request_header_at(req, name, 0);
}

/* Counts the cookies of this name in one field: "a=1; b=2" (RFC 6265 4.2.1). */
static size_t
cookies_in(const char *field, const char *name, struct cs_span *ret_value)
{
	size_t len = strlen(name), found = 0;

	for (const char *at = field; *at != '\0';) {
		at += strspn(at, "; ");
		size_t pair = strcspn(at, ";");

		if (pair > len && strncmp(at, name, len) == 0 && at[len] == '=') {
			*ret_value = cs_span_of(at + len + 1, pair - len - 1);
			found++;
		}
		at += pair;
	}
	return found;
}

const char *
http_request_cookie(const struct http_request *req, const char *name)
{
	struct cs_span value = { 0 };
	size_t found = 0;
	const char *field = http_request_header_at(req, "Cookie", 0);

	for (size_t n = 0; field != NULL; field = http_request_header_at(req, "Cookie", ++n))
		found += cookies_in(field, name, &value);
	if (found != 1)
		return NULL;
	return cs_arena_strndup(req->arena, (const char *)value.data, value.len);
}

const char *
http_request_authorization(const struct http_request *req, const char *scheme)
{
	const char *value = http_request_header(req, "Authorization");
	size_t len = strlen(scheme);

	if (value == NULL || strncasecmp(value, scheme, len) != 0 || value[len] != ' ')
		return NULL;
	return value + len + strspn(value + len, " ");
}

bool
http_request_is_type(const struct http_request *req, const char *type)
{
	const char *value = http_request_header(req, "Content-Type");
	size_t len = strlen(type);

	return value != NULL && strncasecmp(value, type, len) == 0 &&
	       (value[len] == '\0' || value[len] == ';' || value[len] == ' ');
}

struct cs_span
http_request_body(const struct http_request *req)
{
	return (struct cs_span){ req->body.data, req->body.len };
}

const char *
http_request_peer(const struct http_request *req)
{
	return req->peer_text;
}

const struct sockaddr *
http_request_address(const struct http_request *req)
{
	return (const struct sockaddr *)&req->peer;
}

struct cs_arena *
http_request_arena(struct http_request *req)
{
	return req->arena;
}

bool
http_request_gone(const struct http_request *req)
{
	return req->conn == NULL;
}
