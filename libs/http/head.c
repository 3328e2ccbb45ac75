/* SPDX-License-Identifier: Apache-2.0 */
#include "http/head.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

static const struct http_fault no_fault = { 0 };

static struct http_fault
bad(const char *why)
{
	return (struct http_fault){ 400, why };
}

/* ---- Finding the end ---- */

static enum http_scan
scan_fault(struct http_fault *ret_fault, int status, const char *why)
{
	*ret_fault = (struct http_fault){ status, why };
	return HTTP_SCAN_FAULT;
}

enum http_scan
http_head_scan(struct cs_span arrived, const struct http_limits *limits, size_t *pos,
    struct http_fault *ret_fault)
{
	const uint8_t *data = arrived.data;

	for (size_t i = *pos; i < arrived.len; *pos = ++i) {
		if (i >= limits->head_octets)
			return scan_fault(ret_fault, 431, "the header fields are too long");
		if (data[i] == '\n') {
			if (i < 2 || data[i - 1] != '\r')
				return scan_fault(ret_fault, 400, "a line feed without its line");
			if (data[i - 2] == '\n') {
				*pos = i + 1;
				return HTTP_SCAN_DONE;
			}
		} else if (i > 0 && data[i - 1] == '\r') {
			return scan_fault(ret_fault, 400, "a carriage return within a line");
		} else if (data[i] != '\r' && data[i] != '\t' &&
			   (data[i] < 0x20 || data[i] > 0x7e)) {
			return scan_fault(ret_fault, 400, "an octet that is not printable ASCII");
		}
	}
	return HTTP_SCAN_MORE;
}

/* ---- Characters ---- */

static bool
is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool
is_token(const char *text)
{
	for (const char *p = text; *p != '\0'; p++)
		if (!is_alnum(*p) && strchr("!#$%&'*+-.^_`|~", *p) == NULL)
			return false;
	return *text != '\0';
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* pchar of RFC 3986 and these `others`. */
static bool
is_path_text(const char *text, const char *others)
{
	for (const char *p = text; *p != '\0'; p++) {
		if (*p == '%') {
			if (hex_digit(p[1]) < 0 || hex_digit(p[2]) < 0)
				return false;
			p += 2;
		} else if (!is_alnum(*p) && strchr("-._~!$&'()*+,;=:@", *p) == NULL &&
			   strchr(others, *p) == NULL) {
			return false;
		}
	}
	return true;
}

static bool
has_control(const char *text)
{
	for (const char *p = text; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return true;
	return false;
}

const char *
http_decode(const char *text, bool plus_is_space, struct cs_arena *arena)
{
	size_t len = 0;
	char *decoded = cs_arena_alloc(arena, strlen(text) + 1);

	for (const char *p = text; *p != '\0'; p++) {
		char c = *p == '+' && plus_is_space ? ' ' : *p;

		if (c == '%') {
			if (hex_digit(p[1]) < 0 || hex_digit(p[2]) < 0)
				return NULL;
			c = (char)(hex_digit(p[1]) << 4 | hex_digit(p[2]));
			if (c == '\0')
				return NULL;
			p += 2;
		}
		decoded[len++] = c;
	}
	if (has_control(decoded) || !cs_utf8_valid(cs_span_str(decoded)))
		return NULL;
	return decoded;
}

const char *
http_decode_segment(const char *segment, struct cs_arena *arena)
{
	const char *decoded = http_decode(segment, false, arena);

	if (decoded == NULL || strpbrk(decoded, "/\\") != NULL || *decoded == '\0' ||
	    strcmp(decoded, ".") == 0 || strcmp(decoded, "..") == 0)
		return NULL;
	return decoded;
}

/* ---- The request line ---- */

static bool
is_opaque(const char *path, const struct http_limits *limits)
{
	return limits->opaque_below != NULL &&
	       strncmp(path, limits->opaque_below, strlen(limits->opaque_below)) == 0;
}

static struct http_fault
parse_path(
    char *path, const struct http_limits *limits, struct cs_arena *arena, struct http_head *head)
{
	const bool opaque = is_opaque(path, limits);

	head->path = cs_arena_strdup(arena, path);
	if (!is_path_text(path, "/"))
		return bad("a character that a path cannot hold");
	for (char *next = path + 1, *segment = next; next != NULL; segment = next) {
		next = strchr(segment, '/');
		if (next != NULL)
			*next++ = '\0';
		if (head->segment_count == HTTP_SEGMENTS_MAX)
			return bad("too many path segments");
		if (*segment != '\0' && !opaque && http_decode_segment(segment, arena) == NULL)
			return bad("a path segment that means something else when decoded");
		head->segments[head->segment_count++] = segment;
	}
	return no_fault;
}

static bool
query_has(const struct http_head *head, const char *name)
{
	for (size_t i = 0; i < head->query_count; i++)
		if (strcmp(head->query[i].name, name) == 0)
			return true;
	return false;
}

static struct http_fault
parse_query_pair(char *pair, struct cs_arena *arena, struct http_head *head)
{
	char *equals = strchr(pair, '=');

	if (equals != NULL)
		*equals++ = '\0';
	const char *name = http_decode(pair, true, arena);
	const char *value = http_decode(equals != NULL ? equals : "", true, arena);

	if (name == NULL || *name == '\0' || value == NULL)
		return bad("a query parameter without a name, or badly encoded");
	if (query_has(head, name))
		return bad("a query parameter given twice");
	if (head->query_count == HTTP_QUERY_MAX)
		return bad("too many query parameters");
	head->query[head->query_count++] = (struct http_pair){ name, value };
	return no_fault;
}

static struct http_fault
parse_query(char *query, struct cs_arena *arena, struct http_head *head)
{
	if (!is_path_text(query, "/?"))
		return bad("a character that a query cannot hold");
	head->query_text = cs_arena_strdup(arena, query);
	for (char *next = query; next != NULL && *query != '\0';) {
		char *pair = next;

		next = strchr(pair, '&');
		if (next != NULL)
			*next++ = '\0';
		struct http_fault fault = parse_query_pair(pair, arena, head);

		if (fault.status != 0)
			return fault;
	}
	return no_fault;
}

static struct http_fault
parse_target(
    char *target, const struct http_limits *limits, struct cs_arena *arena, struct http_head *head)
{
	if (*target != '/')
		return bad("the request target is not a path");
	char *query = strchr(target, '?');

	if (query != NULL)
		*query++ = '\0';
	struct http_fault fault = parse_path(target, limits, arena, head);

	if (fault.status != 0 || query == NULL)
		return fault;
	return parse_query(query, arena, head);
}

static bool
method_known(const char *method)
{
	static const char *const known[] = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE",
		"OPTIONS" };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(method, known[i]) == 0)
			return true;
	return false;
}

static struct http_fault
parse_request_line(
    char *line, const struct http_limits *limits, struct cs_arena *arena, struct http_head *head)
{
	char *target = strchr(line, ' ');

	if (target == NULL)
		return bad("the request line has no target");
	*target++ = '\0';
	char *version = strchr(target, ' ');

	if (!is_token(line) || version == NULL)
		return bad("the request line is not method, target and version");
	*version++ = '\0';
	if (strncmp(version, "HTTP/", 5) != 0)
		return bad("the request line is not method, target and version");
	const bool old = limits->http_1_0 && strcmp(version, "HTTP/1.0") == 0;

	if (strcmp(version, "HTTP/1.1") != 0 && !old)
		return (struct http_fault){ 505, "a version other than HTTP/1.1" };
	if (!method_known(line))
		return (struct http_fault){ 501, "this method is not known" };
	head->method = line;
	head->old = head->close = old;
	return parse_target(target, limits, arena, head);
}

/* ---- Header fields ---- */

static char *
trim(char *text)
{
	text += strspn(text, " \t");
	size_t len = strlen(text);

	while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		text[--len] = '\0';
	return text;
}

/* A line that begins with white space would be a folded field: its name is no token. */
static struct http_fault
parse_field(char *line, struct http_head *head)
{
	char *colon = strchr(line, ':');

	if (colon == NULL)
		return bad("a header line without a colon");
	*colon = '\0';
	char *value = trim(colon + 1);

	if (!is_token(line))
		return bad("a header field name that is not a token");
	if (has_control(value))
		return bad("a tab within a header field");
	head->fields[head->field_count++] = (struct http_pair){ line, value };
	return no_fault;
}

static size_t
field_occurs(const struct http_head *head, const char *name, const char **ret_value)
{
	size_t n = 0;

	for (size_t i = 0; i < head->field_count; i++) {
		if (strcasecmp(head->fields[i].name, name) != 0)
			continue;
		*ret_value = head->fields[i].value;
		n++;
	}
	return n;
}

static struct http_fault
check_singles(const struct http_head *head)
{
	static const char *const single[] = { "Host", "Content-Length", "Transfer-Encoding",
		"Content-Type", "Authorization", "Expect", "Origin" };
	const char *value;

	for (size_t i = 0; i < sizeof(single) / sizeof(single[0]); i++)
		if (field_occurs(head, single[i], &value) > 1)
			return bad("a header field given twice that may stand once");
	return no_fault;
}

static bool
is_port(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits >= 1 && digits <= 5 && text[digits] == '\0';
}

/* uri-host [ ":" port ], RFC 9110 7.2, without percent-encoding. */
static struct http_fault
parse_host(struct cs_arena *arena, struct http_head *head)
{
	static const char name_chars[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._";
	const char *value = "";

	if (field_occurs(head, "Host", &value) != 1)
		return bad("a request has exactly one Host field");
	size_t len = strspn(value, name_chars);

	if (*value == '[') {
		len = 1 + strspn(value + 1, "0123456789abcdefABCDEF:.");
		len = value[len] == ']' && len > 2 ? len + 1 : 0;
	}
	if (len == 0 || (value[len] != '\0' && (value[len] != ':' || !is_port(value + len + 1))))
		return bad("the Host field is not a host and a port");
	char *host = cs_arena_strndup(arena, value, len);

	for (char *p = host; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	head->host = host;
	return no_fault;
}

/* RFC 9112 6.3: digits only, so neither "+3", nor "3, 3", nor "0x3". */
static struct http_fault
parse_length(const char *value, const struct http_limits *limits, struct http_head *head)
{
	size_t digits = strspn(value, "0123456789");

	if (digits == 0 || value[digits] != '\0')
		return bad("Content-Length is not a number");
	for (size_t i = 0; i < digits; i++) {
		head->length = head->length * 10 + (size_t)(value[i] - '0');
		if (head->length > limits->body_octets)
			return (struct http_fault){ 413, "the content is too long" };
	}
	head->framing = head->length > 0 ? HTTP_LENGTH : HTTP_NO_BODY;
	return no_fault;
}

static struct http_fault
parse_framing(const struct http_limits *limits, struct http_head *head)
{
	const char *length = NULL, *coding = NULL;
	struct http_fault fault = no_fault;

	field_occurs(head, "Content-Length", &length);
	field_occurs(head, "Transfer-Encoding", &coding);
	if (length != NULL && coding != NULL)
		return bad("Content-Length beside Transfer-Encoding");
	if (coding != NULL && head->old)
		return bad("a transfer coding in HTTP/1.0");
	if (coding != NULL && strcasecmp(coding, "chunked") != 0)
		return bad("a transfer coding other than chunked");
	if (coding != NULL)
		head->framing = HTTP_CHUNKED;
	if (length != NULL)
		fault = parse_length(length, limits, head);
	if (fault.status == 0 && head->framing != HTTP_NO_BODY &&
	    (strcmp(head->method, "GET") == 0 || strcmp(head->method, "HEAD") == 0))
		return bad("GET and HEAD have no content here");
	return fault;
}

static bool
lists_token(const char *list, const char *token)
{
	size_t len = strlen(token);

	for (const char *at = list; *at != '\0';) {
		at += strspn(at, ", \t");
		size_t word = strcspn(at, ", \t");

		if (word == len && strncasecmp(at, token, len) == 0)
			return true;
		at += word;
	}
	return false;
}

static struct http_fault
parse_connection(struct http_head *head)
{
	const char *expect = NULL;

	for (size_t i = 0; i < head->field_count; i++)
		if (strcasecmp(head->fields[i].name, "Connection") == 0)
			head->close |= lists_token(head->fields[i].value, "close");
	field_occurs(head, "Expect", &expect);
	if (expect != NULL && strcasecmp(expect, "100-continue") != 0)
		return (struct http_fault){ 417, "an expectation that is not known" };
	head->expects_continue = expect != NULL && !head->old && head->framing != HTTP_NO_BODY;
	return no_fault;
}

static struct http_fault
parse_meaning(const struct http_limits *limits, struct cs_arena *arena, struct http_head *head)
{
	struct http_fault fault = check_singles(head);

	if (fault.status == 0)
		fault = parse_host(arena, head);
	if (fault.status == 0)
		fault = parse_framing(limits, head);
	if (fault.status == 0)
		fault = parse_connection(head);
	return fault;
}

static struct http_fault
parse_lines(
    char *text, const struct http_limits *limits, struct cs_arena *arena, struct http_head *head)
{
	struct http_fault fault = no_fault;

	for (size_t n = 0; fault.status == 0 && *text != '\r'; n++) {
		char *end = strstr(text, "\r\n");

		*end = '\0';
		if ((size_t)(end - text) > limits->line_octets)
			return (struct http_fault){ n == 0 ? 414 : 431, "a line is too long" };
		if (n > limits->field_count)
			return (struct http_fault){ 431, "too many header fields" };
		fault = n == 0 ? parse_request_line(text, limits, arena, head)
			       : parse_field(text, head);
		text = end + 2;
	}
	return fault;
}

struct http_fault
http_head_parse(struct cs_span octets, const struct http_limits *limits, struct cs_arena *arena,
    struct http_head *ret_head)
{
	char *text = cs_arena_strndup(arena, (const char *)octets.data, octets.len);

	*ret_head = (struct http_head){ .method = "", .path = "", .host = "" };
	ret_head->fields = CS_NEW_ARRAY(arena, limits->field_count, struct http_pair);
	struct http_fault fault = parse_lines(text, limits, arena, ret_head);

	if (fault.status == 0)
		fault = parse_meaning(limits, arena, ret_head);
	return fault;
}
