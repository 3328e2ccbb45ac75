/* SPDX-License-Identifier: Apache-2.0 */
/* reply.c: writes answers; nothing that a handler says can split them or change their framing. */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "base/time.h"
#include "http/conn.h"

/* ---- Header fields ---- */

static bool
value_safe(const char *value)
{
	for (const char *p = value; *p != '\0'; p++)
		if (((unsigned char)*p < 0x20 && *p != '\t') || (unsigned char)*p > 0x7e)
			return false;
	return true;
}

static bool
name_safe(const char *name)
{
	static const char *const ours[] = { "Connection", "Content-Length", "Content-Type", "Date",
		"Transfer-Encoding", "X-Content-Type-Options" };

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (strcasecmp(name, ours[i]) == 0)
			return false;
	size_t len =
	    strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-");

	return len > 0 && name[len] == '\0';
}

/* By hand: strftime() would follow the locale. */
void
http_date(int64_t at_s, char ret_text[static HTTP_DATE])
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t at = (time_t)at_s;
	struct tm tm;

	gmtime_r(&at, &tm);
	char text[80]; /* room that the compiler can see */
	int len = snprintf(text, sizeof(text), "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT",
	    days + (ptrdiff_t)tm.tm_wday * 3, tm.tm_mday, months + (ptrdiff_t)tm.tm_mon * 3,
	    tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
	cs_assert(len == HTTP_DATE - 1);
	memcpy(ret_text, text, HTTP_DATE);
}

static void
add_date(struct cs_buf *out)
{
	char date[HTTP_DATE];

	http_date(cs_now_ms() / 1000, date);
	cs_buf_printf(out, "Date: %s\r\n", date);
}

static bool
add_extra(const struct http_header *extra, struct cs_buf *out)
{
	bool says_cache = false;

	for (; extra != NULL && extra->name != NULL; extra++) {
		if (extra->value == NULL || !name_safe(extra->name) || !value_safe(extra->value))
			return false;
		says_cache |= strcasecmp(extra->name, "Cache-Control") == 0;
		cs_buf_printf(out, "%s: %s\r\n", extra->name, extra->value);
	}
	if (!says_cache)
		cs_buf_add_str(out, "Cache-Control: no-store\r\n");
	return true;
}

/* Up to but without the field that frames the content and the empty line.  False: not safe. */
bool
reply_head(struct http_request *req, int status, const char *type, const struct http_header *extra,
    struct cs_buf *out)
{
	if (status < 200 || status > 599 || (type != NULL && !value_safe(type)))
		return false;
	cs_buf_printf(out, "HTTP/1.1 %d %s\r\n", status, http_phrase(status));
	add_date(out);
	if (type != NULL)
		cs_buf_printf(out, "Content-Type: %s\r\n", type);
	cs_buf_add_str(out, "X-Content-Type-Options: nosniff\r\n");
	if (req->conn->close_after)
		cs_buf_add_str(out, "Connection: close\r\n");
	return add_extra(extra, out);
}

/* ---- Answers ---- */

void
reply_observe(const struct http_request *req, struct http_server *server, int status)
{
	const struct http_route *route = req->match.route;
	const struct http_seen seen = {
		.method = req->head.method,
		.pattern = route != NULL ? route->pattern : "",
		.status = status,
		.took_us = req->arrived_us != 0 ? cs_mono_us() - req->arrived_us : 0,
	};

	if (server->observe != NULL)
		server->observe(server->observe_arg, &seen);
}

struct answer {
	int status;
	const char *type;
	struct cs_span body;
	const struct http_header *extra;
};

/* RFC 9110 6.4.1: 204 and 304 have no content, and say no length. */
static void
write_answer(struct http_request *req, const struct answer *answer)
{
	struct evbuffer *wire = bufferevent_get_output(req->conn->bev);
	struct cs_buf out = cs_buf_new(req->arena);
	int status = answer->status;
	size_t len = answer->body.len;
	bool no_content = status == 204 || status == 304;

	if (!reply_head(req, status, answer->type, answer->extra, &out) ||
	    (answer->type == NULL && len > 0)) {
		out = cs_buf_new(req->arena);
		status = 500;
		len = 0;
		no_content = !reply_head(req, status, NULL, NULL, &out);
	}
	if (!no_content)
		cs_buf_printf(&out, "Content-Length: %zu\r\n", len);
	cs_buf_add_str(&out, "\r\n");
	evbuffer_add(wire, out.data, out.len);
	if (!no_content && len > 0 && strcmp(req->head.method, "HEAD") != 0)
		evbuffer_add(wire, answer->body.data, len);
	reply_observe(req, req->conn->server, status);
}

void
http_reply(struct http_request *req, int status, const char *type, struct cs_span body,
    const struct http_header *extra)
{
	struct http_conn *conn = req->conn;

	if (conn == NULL) {
		request_free(req);
		return;
	}
	conn->close_after |= conn->server->draining;
	write_answer(req, &(struct answer){ status, type, body, extra });
	conn_answered(conn);
}

/* ---- Problems (RFC 9457) ---- */

static void
add_json_char(struct cs_buf *out, uint8_t c)
{
	if (c == '"' || c == '\\')
		cs_buf_printf(out, "\\%c", c);
	else if (c < 0x20 || c == 0x7f)
		cs_buf_printf(out, "\\u%04x", c);
	else
		cs_buf_add(out, &c, 1);
}

static void
add_json_text(struct cs_buf *out, const char *name, const char *value)
{
	struct cs_span text = cs_span_str(value);

	if (value == NULL)
		return;
	if (!cs_utf8_valid(text))
		text = cs_span_str(cs_escape(out->arena, text, 1024));
	cs_buf_printf(out, "%s\"%s\":\"", out->len > 1 ? "," : "", name);
	for (size_t i = 0; i < text.len; i++)
		add_json_char(out, text.data[i]);
	cs_buf_add_str(out, "\"");
}

static struct cs_span
problem_json(const struct http_problem *problem, struct cs_arena *arena)
{
	struct cs_buf out = cs_buf_new(arena);

	cs_buf_add_str(&out, "{");
	add_json_text(&out, "type", problem->type != NULL ? problem->type : "about:blank");
	add_json_text(
	    &out, "title", problem->title != NULL ? problem->title : http_phrase(problem->status));
	cs_buf_printf(&out, ",\"status\":%d", problem->status);
	add_json_text(&out, "detail", problem->detail);
	add_json_text(&out, "field", problem->field);
	add_json_text(&out, "clause", problem->clause);
	add_json_text(&out, "mend", problem->mend);
	add_json_text(&out, "code", problem->code);
	cs_buf_add_str(&out, "}\n");
	return cs_buf_span(&out);
}

static const char problem_type[] = "application/problem+json";

void
http_reply_problem_with(
    struct http_request *req, const struct http_problem *problem, const struct http_header *extra)
{
	http_reply(req, problem->status, problem_type, problem_json(problem, req->arena), extra);
}

void
http_reply_problem(struct http_request *req, const struct http_problem *problem)
{
	http_reply_problem_with(req, problem, NULL);
}

/* What is refused before a handler sees it; `detail` may be put more exactly. */
static const struct http_problem own_problems[] = {
	{ .status = 400,
	    .clause = "RFC 9112",
	    .mend = "Send it with a usual HTTP client.",
	    .code = "http-syntax" },
	{ .status = 404,
	    .detail = "There is nothing at this path.",
	    .clause = "RFC 9110 15.5.5",
	    .mend = "Check the path.",
	    .code = "no-such-path" },
	{ .status = 405,
	    .detail = "This path does not take this method.",
	    .clause = "RFC 9110 15.5.6",
	    .mend = "Use one of the methods that Allow names.",
	    .code = "method-not-allowed" },
	{ .status = 408,
	    .clause = "RFC 9110 15.5.9",
	    .mend = "Send the whole request at once.",
	    .code = "too-slow" },
	{ .status = 413,
	    .clause = "RFC 9110 15.5.14",
	    .mend = "Send less.",
	    .code = "content-too-large" },
	{ .status = 414,
	    .clause = "RFC 9110 15.5.15",
	    .mend = "Shorten the path and the query.",
	    .code = "uri-too-long" },
	{ .status = 417,
	    .clause = "RFC 9110 15.5.18",
	    .mend = "Leave Expect out.",
	    .code = "expectation" },
	{ .status = 421,
	    .clause = "RFC 9110 15.5.20",
	    .mend = "Name this server's own host.",
	    .code = "no-such-host" },
	{ .status = 431,
	    .clause = "RFC 6585 5",
	    .mend = "Send fewer and shorter header fields.",
	    .code = "fields-too-large" },
	{ .status = 501,
	    .clause = "RFC 9110 15.6.2",
	    .mend = "Use a method of RFC 9110.",
	    .code = "no-such-method" },
	{ .status = 505,
	    .clause = "RFC 9110 15.6.6",
	    .mend = "Speak version 1.1 of HTTP.",
	    .code = "http-version" },
};

static struct http_problem
own_problem(int status)
{
	for (size_t i = 0; i < sizeof(own_problems) / sizeof(own_problems[0]); i++)
		if (own_problems[i].status == status)
			return own_problems[i];
	return (struct http_problem){ .status = status };
}

void
reply_not_routed(struct http_request *req)
{
	const char *allow = req->match.allow;
	const struct http_header extra[] = { { "Allow", allow }, { 0 } };

	const struct http_problem problem = own_problem(allow == NULL ? 404 : 405);

	http_reply_problem_with(req, &problem, allow == NULL ? NULL : extra);
}

void
reply_refuse(struct http_conn *conn, const struct http_fault *fault)
{
	if (conn->req == NULL)
		conn->req = request_new(conn);
	struct http_problem problem = own_problem(fault->status);

	problem.detail = fault->why;
	const struct answer answer = { fault->status, problem_type,
		problem_json(&problem, conn->req->arena), NULL };

	write_answer(conn->req, &answer);
}
