/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "http/route.h"
#include "tests/check.h"

static void
nothing(void *self, struct http_request *req)
{
	(void)self;
	(void)req;
}

static const struct http_route table[] = {
	{ "GET", "/", nothing },
	{ "GET", "/requests", nothing },
	{ "POST", "/requests", nothing },
	{ "GET", "/requests/{id}", nothing },
	{ "GET", "/requests/mine", nothing },
	{ "POST", "/requests/{id}/token", nothing },
	{ "DELETE", "/{kind}/{id}", nothing },
	{ "GET", "/ocsp/{who}/{id...}", nothing },
	{ "POST", "/ocsp/{who}", nothing },
	{ 0 },
};
static const struct http_route more[] = { { "PUT", "/requests/{id}", nothing }, { 0 } };

static const struct {
	const char *method, *path;
	const char *pattern; /* NULL: none */
	const char *id;      /* parameter, NULL: none */
	const char *allow;
} cases[] = {
	{ "GET", "/", "/", NULL, "GET, HEAD" },
	{ "GET", "/requests", "/requests", NULL, "GET, HEAD, POST" },
	{ "HEAD", "/requests", "/requests", NULL, "GET, HEAD, POST" },
	{ "DELETE", "/requests", NULL, NULL, "GET, HEAD, POST" },
	{ "GET", "/requests/", NULL, NULL, NULL },
	{ "GET", "/requests/7", "/requests/{id}", "7", "GET, HEAD, DELETE, PUT" },
	{ "GET", "/requests/%41b", "/requests/{id}", "Ab", "GET, HEAD, DELETE, PUT" },
	{ "GET", "/requests/mine", "/requests/mine", NULL, "GET, HEAD, DELETE, PUT" },
	{ "PUT", "/requests/mine", "/requests/{id}", "mine", "GET, HEAD, DELETE, PUT" },
	{ "DELETE", "/requests/7", "/{kind}/{id}", "7", "GET, HEAD, DELETE, PUT" },
	{ "POST", "/requests/7", NULL, NULL, "GET, HEAD, DELETE, PUT" },
	{ "POST", "/requests/7/token", "/requests/{id}/token", "7", "POST" },
	{ "POST", "/requests/7/token/", NULL, NULL, NULL },
	{ "POST", "/requests//token", NULL, NULL, NULL },
	{ "GET", "/%72equests", NULL, NULL, NULL }, /* literals are not decoded */
	{ "GET", "/Requests", NULL, NULL, NULL },
	{ "GET", "//", NULL, NULL, NULL },
	{ "OPTIONS", "/", NULL, NULL, "GET, HEAD" },
	{ "GET", "/ocsp/a/MF", "/ocsp/{who}/{id...}", "MF", "GET, HEAD" },
	{ "GET", "/ocsp/a/M%2fF%3D/+//x/", "/ocsp/{who}/{id...}", "M%2fF%3D/+//x/", "GET, HEAD" },
	{ "GET", "/ocsp/a/../b", "/ocsp/{who}/{id...}", "../b", "GET, HEAD" },
	{ "GET", "/ocsp/a/", "/ocsp/{who}/{id...}", "", "GET, HEAD" },
	{ "GET", "/ocsp/a", NULL, NULL, "DELETE, POST" },
	{ "GET", "/ocsp//a", NULL, NULL, NULL },
	{ "POST", "/ocsp/a", "/ocsp/{who}", NULL, "DELETE, POST" },
};

static struct http_head
head_of(const char *method, const char *path, struct cs_arena *arena)
{
	struct http_head head;
	struct http_limits limits = {
		.head_octets = 999, .line_octets = 999, .field_count = 9, .opaque_below = "/ocsp/"
	};
	const char *text =
	    cs_arena_printf(arena, "%s %s HTTP/1.1\r\nHost: a\r\n\r\n", method, path);

	assert_int_equal(http_head_parse(cs_span_str(text), &limits, arena, &head).status, 0);
	return head;
}

static const char *
or_none(const char *text)
{
	return text != NULL ? text : "none";
}

static void
finds_the_route_of_each_request(void **state)
{
	struct http_routes routes = { 0 };
	struct cs_arena *arena = cs_arena_new();
	int first = 0, second = 0;

	(void)state;
	assert_int_equal(http_routes_add(&routes, table, &first, NULL), CS_OK);
	assert_int_equal(http_routes_add(&routes, more, &second, NULL), CS_OK);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct http_head head = head_of(cases[i].method, cases[i].path, arena);
		struct http_match got;
		const char *id = NULL;

		http_routes_match(&routes, &head, arena, &got);
		for (size_t k = 0; k < got.param_count; k++)
			if (strcmp(got.params[k].name, "id") == 0)
				id = got.params[k].value;
		const char *pattern = got.route != NULL ? got.route->pattern : NULL;

		if (strcmp(or_none(pattern), or_none(cases[i].pattern)) != 0 ||
		    strcmp(or_none(id), or_none(cases[i].id)) != 0 ||
		    strcmp(or_none(got.allow), or_none(cases[i].allow)) != 0)
			fail_msg("%s %s: got %s id %s allow %s, want %s id %s allow %s",
			    cases[i].method, cases[i].path, or_none(pattern), or_none(id),
			    or_none(got.allow), or_none(cases[i].pattern), or_none(cases[i].id),
			    or_none(cases[i].allow));
		if (got.route == &more[0])
			assert_ptr_equal(got.self, &second);
	}
	cs_arena_free(arena);
}

static void
refuses_tables_that_cannot_be_meant(void **state)
{
	static const struct {
		const char *name;
		struct http_route table[3];
	} bad[] = {
		{ "unknown method", { { "get", "/", nothing } } },
		{ "HEAD, which GET answers", { { "HEAD", "/", nothing } } },
		{ "no slash", { { "GET", "a", nothing } } },
		{ "empty", { { "GET", "", nothing } } },
		{ "name within a segment", { { "GET", "/a{b}", nothing } } },
		{ "no name", { { "GET", "/{}", nothing } } },
		{ "a rest that is not the last", { { "GET", "/{a...}/b", nothing } } },
		{ "no handler", { { "GET", "/a", NULL } } },
		{ "twice", { { "GET", "/a", nothing }, { "GET", "/a", nothing } } },
		{ "twice, other names",
		    { { "GET", "/{a}", nothing }, { "GET", "/{b}", nothing } } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct http_routes routes = { 0 };
		struct cs_err err;

		if (http_routes_add(&routes, bad[i].table, NULL, &err) != CS_MALFORMED)
			fail_msg("%s: was accepted", bad[i].name);
		assert_int_equal(routes.count, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_route_of_each_request),
		cmocka_unit_test(refuses_tables_that_cannot_be_meant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
