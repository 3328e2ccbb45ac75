/* SPDX-License-Identifier: Apache-2.0 */
#include "http/route.h"

#include <string.h>

struct segment {
	const char *text;
	size_t len;
};

static bool
is_name(struct segment segment)
{
	return segment.len > 2 && segment.text[0] == '{' && segment.text[segment.len - 1] == '}';
}

static bool
is_rest(struct segment segment)
{
	return is_name(segment) && segment.len > 5 &&
	       memcmp(segment.text + segment.len - 4, "...}", 4) == 0;
}

/* Of a pattern; 0: it does not begin with "/" or is too long. */
static size_t
split(const char *pattern, struct segment ret_segments[static HTTP_SEGMENTS_MAX])
{
	size_t n = 0;

	while (*pattern == '/' && n < HTTP_SEGMENTS_MAX) {
		size_t len = strcspn(pattern + 1, "/");

		ret_segments[n++] = (struct segment){ pattern + 1, len };
		pattern += 1 + len;
	}
	return *pattern == '\0' ? n : 0;
}

static bool
segments_equal(struct segment a, struct segment b)
{
	return a.len == b.len && memcmp(a.text, b.text, a.len) == 0;
}

static bool
same_shape(const char *a, const char *b)
{
	struct segment as[HTTP_SEGMENTS_MAX], bs[HTTP_SEGMENTS_MAX];
	size_t n = split(a, as);

	if (split(b, bs) != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!(is_name(as[i]) && is_name(bs[i])) && !segments_equal(as[i], bs[i]))
			return false;
	return true;
}

static bool
pattern_valid(const char *pattern)
{
	struct segment segments[HTTP_SEGMENTS_MAX];
	size_t n = split(pattern, segments);

	for (size_t i = 0; i < n; i++) {
		const char *brace = strpbrk(segments[i].text, "{}");

		if (brace != NULL && brace < segments[i].text + segments[i].len &&
		    !is_name(segments[i]))
			return false;
		if (is_rest(segments[i]) && i + 1 < n)
			return false;
	}
	return n > 0;
}

static bool
method_valid(const char *method)
{
	static const char *const methods[] = { "GET", "POST", "PUT", "PATCH", "DELETE" };

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (strcmp(method, methods[i]) == 0)
			return true;
	return false;
}

static bool
said_before(const struct http_routes *routes, const struct http_route *route)
{
	for (size_t t = 0; t < routes->count; t++)
		for (const struct http_route *r = routes->tables[t].routes; r->method != NULL;
		     r++) {
			if (r == route)
				return false;
			if (strcmp(r->method, route->method) == 0 &&
			    same_shape(r->pattern, route->pattern))
				return true;
		}
	return false;
}

enum cs_code
http_routes_add(
    struct http_routes *routes, const struct http_route *table, void *self, struct cs_err *err)
{
	struct http_routes more = *routes;

	if (more.count == HTTP_TABLES_MAX)
		return cs_fail(err, CS_MALFORMED, "more than %d route tables", HTTP_TABLES_MAX);
	more.tables[more.count++] = (struct http_table){ table, self };
	for (const struct http_route *route = table; route->method != NULL; route++) {
		if (!method_valid(route->method) || !pattern_valid(route->pattern) ||
		    route->handle == NULL)
			return cs_fail(err, CS_MALFORMED, "route %s %s is not well formed",
			    route->method, route->pattern);
		if (said_before(&more, route))
			return cs_fail(err, CS_MALFORMED, "route %s %s exists already",
			    route->method, route->pattern);
	}
	*routes = more;
	return CS_OK;
}

/*
 * 0: does not match.  Otherwise a number that is larger the more of its first segments are literal.
 * Literals are compared with the octets as sent: what sits in front of us may decide by the path.
 */
static unsigned
rank(const char *pattern, const struct http_head *head)
{
	struct segment segments[HTTP_SEGMENTS_MAX];
	unsigned literals = 0;
	size_t n = split(pattern, segments);

	if (n == 0)
		return 0;
	if (is_rest(segments[n - 1]) ? head->segment_count < n : head->segment_count != n)
		return 0;
	n -= is_rest(segments[n - 1]);
	for (size_t i = 0; i < n; i++) {
		struct segment sent = { head->segments[i], strlen(head->segments[i]) };
		bool literal = segments_equal(segments[i], sent) && !is_name(segments[i]);

		if (!literal && (!is_name(segments[i]) || sent.len == 0))
			return 0;
		literals = literals << 1 | literal;
	}
	return literals + 1;
}

static bool
method_fits(const char *route, const char *asked)
{
	return strcmp(route, asked) == 0 ||
	       (strcmp(asked, "HEAD") == 0 && strcmp(route, "GET") == 0);
}

/* What follows the n-th "/". */
static const char *
rest_of(const char *path, size_t n)
{
	for (; n > 0; path++)
		n -= *path == '/';
	return path;
}

static void
take_params(const char *pattern, const struct http_head *head, struct cs_arena *arena,
    struct http_match *match)
{
	struct segment segments[HTTP_SEGMENTS_MAX];
	size_t n = split(pattern, segments);

	for (size_t i = 0; i < n; i++)
		if (is_rest(segments[i]))
			match->params[match->param_count++] = (struct http_pair){
				cs_arena_strndup(arena, segments[i].text + 1, segments[i].len - 5),
				rest_of(head->path, i + 1),
			};
		else if (is_name(segments[i]))
			match->params[match->param_count++] = (struct http_pair){
				cs_arena_strndup(arena, segments[i].text + 1, segments[i].len - 2),
				http_decode_segment(head->segments[i], arena),
			};
}

static const char *
add_method(struct cs_arena *arena, const char *allow, const char *method)
{
	const char *more = strcmp(method, "GET") == 0 ? "GET, HEAD" : method;

	if (allow == NULL)
		return more;
	return strstr(allow, method) != NULL ? allow
					     : cs_arena_printf(arena, "%s, %s", allow, more);
}

void
http_routes_match(const struct http_routes *routes, const struct http_head *head,
    struct cs_arena *arena, struct http_match *ret_match)
{
	unsigned best = 0;

	*ret_match = (struct http_match){ 0 };
	for (size_t t = 0; t < routes->count; t++)
		for (const struct http_route *r = routes->tables[t].routes; r->method != NULL;
		     r++) {
			unsigned fit = rank(r->pattern, head);

			if (fit == 0)
				continue;
			ret_match->allow = add_method(arena, ret_match->allow, r->method);
			if (fit <= best || !method_fits(r->method, head->method))
				continue;
			best = fit;
			ret_match->route = r;
			ret_match->self = routes->tables[t].self;
		}
	if (ret_match->route != NULL)
		take_params(ret_match->route->pattern, head, arena, ret_match);
}
