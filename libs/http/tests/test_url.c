/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "http/url.h"
#include "tests/check.h"

static const struct {
	const char *name;
	struct cs_span text;
	const char *want; /* NULL: refused */
} urls[] = {
#define ROW(name, text, want)                                             \
	{                                                                 \
		name, { (const uint8_t *)(text), sizeof(text) - 1 }, want \
	}
	ROW("plain", "http://a.example/b", "http://a.example/b"),
	ROW("TLS", "https://a.example/b?c=d", "https://a.example/b?c=d"),
	ROW("no path", "http://a.example", "http://a.example/"),
	ROW("query without path", "http://a.example?b", "http://a.example/?b"),
	ROW("capitals", "HTTPS://A.Example/B", "https://a.example/B"),
	ROW("own port of http", "http://a.example:80/", "http://a.example/"),
	ROW("own port of https", "https://a.example:443/", "https://a.example/"),
	ROW("dot segments stay", "http://a.example/../b", "http://a.example/../b"),
	ROW("escapes stay", "http://a.example/%2e%2F", "http://a.example/%2e%2F"),
	ROW("A-label", "http://xn--bcher-kva.example/", "http://xn--bcher-kva.example/"),
	/* schemes */
	ROW("empty", "", NULL),
	ROW("no scheme", "a.example/b", NULL),
	ROW("file", "file:///etc/passwd", NULL),
	ROW("gopher", "gopher://a.example/", NULL),
	ROW("javascript", "javascript:alert(1)", NULL),
	ROW("longer scheme", "httpx://a.example/", NULL),
	ROW("one slash", "http:/a.example/", NULL),
	ROW("no slash", "http:a.example/", NULL),
	ROW("backslashes", "http:\\\\a.example\\", NULL),
	ROW("three slashes", "http:///a.example/", NULL),
	ROW("space before", " http://a.example/", NULL),
	/* ports */
	ROW("another port", "http://a.example:8080/", NULL),
	ROW("the other scheme's port", "http://a.example:443/", NULL),
	ROW("SSH", "http://a.example:22/", NULL),
	ROW("empty port", "http://a.example:/", NULL),
	ROW("leading zero", "http://a.example:080/", NULL),
	ROW("port that wraps", "http://a.example:65616/", NULL),
	ROW("two ports", "http://a.example:80:80/", NULL),
	/* userinfo and others */
	ROW("userinfo", "http://u@a.example/", NULL),
	ROW("userinfo with password", "http://u:p@a.example/", NULL),
	ROW("userinfo that looks like a host", "http://a.example:80@b.example/", NULL),
	ROW("fragment", "http://a.example/#b", NULL),
	ROW("fragment after the host", "http://a.example#@b.example/", NULL),
	ROW("backslash in the host", "http://a.example\\@b.example/", NULL),
	ROW("backslash in the path", "http://a.example/\\b", NULL),
	/* addresses */
	ROW("IPv4", "http://127.0.0.1/", NULL),
	ROW("IPv4, public", "http://9.9.9.9/", NULL),
	ROW("IPv4 in two parts", "http://127.1/", NULL),
	ROW("IPv4 in hexadecimal", "http://0x7f.1/", NULL),
	ROW("IPv4 with a hexadecimal end", "http://127.0.0.0x1/", NULL),
	ROW("IPv4 with an empty hexadecimal end", "http://127.0.0.0x/", NULL),
	ROW("IPv4 in octal", "http://0177.0.0.01/", NULL),
	ROW("IPv4 in one number", "http://2130706433/", NULL),
	ROW("IPv4 in one hexadecimal number", "http://0x7f000001/", NULL),
	ROW("IPv4 with a final dot", "http://127.0.0.1./", NULL),
	ROW("IPv6", "http://[::1]/", NULL),
	ROW("IPv6 with a zone", "http://[fe80::1%25eth0]/", NULL),
	ROW("name that begins with a number", "http://127.0.0.1.example/",
	    "http://127.0.0.1.example/"),
	ROW("last label begins with a number", "http://a.1b/", "http://a.1b/"),
	/* hosts */
	ROW("no host", "http:///", NULL),
	ROW("one label", "http://localhost/", NULL),
	ROW("final dot", "http://a.example./", NULL),
	ROW("empty label", "http://a..example/", NULL),
	ROW("first label empty", "http://.a.example/", NULL),
	ROW("underscore", "http://a_b.example/", NULL),
	ROW("hyphen first", "http://-a.example/", NULL),
	ROW("hyphen last", "http://a-.example/", NULL),
	ROW("percent in the host", "http://a%2eexample.com/", NULL),
	ROW("full-width letters", "http://\xef\xbd\x81.example/", NULL),
	ROW("ideographic full stop",
	    "http://a\xe3\x80\x82"
	    "example/",
	    NULL),
	ROW("space in the host", "http://a .example/", NULL),
	ROW("NUL in the host", "http://a\0.example/", NULL),
	/* paths */
	ROW("line end", "http://a.example/\r\nHost: b", NULL),
	ROW("line feed alone", "http://a.example/\n", NULL),
	ROW("tab", "http://a.example/\tb", NULL),
	ROW("space", "http://a.example/ b", NULL),
	ROW("NUL", "http://a.example/\0b", NULL),
	ROW("quotation mark", "http://a.example/\"", NULL),
	ROW("not ASCII", "http://a.example/\xc3\xa9", NULL),
	ROW("half an escape", "http://a.example/%2", NULL),
	ROW("not an escape", "http://a.example/%zz", NULL),
};

static void
reads_each_url_or_refuses_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(urls); i++) {
		struct cs_arena *arena = cs_arena_new();
		struct http_url url = { 0 };
		enum cs_code code = http_url_parse(urls[i].text, arena, &url, NULL);

		if ((code == CS_OK) != (urls[i].want != NULL))
			fail_msg("%s: got %s", urls[i].name, cs_code_name(code));
		if (code == CS_OK && strcmp(url.text, urls[i].want) != 0)
			fail_msg("%s: got %s, want %s", urls[i].name, url.text, urls[i].want);
		assert_true(code == CS_OK || url.text == NULL);
		cs_arena_free(arena);
	}
}

static void
takes_a_url_apart(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct http_url url;

	(void)state;
	assert_int_equal(
	    http_url_parse(cs_span_str("https://A.example:443/b?c"), arena, &url, NULL), CS_OK);
	assert_true(url.tls);
	assert_int_equal(url.port, 443);
	assert_string_equal(url.host, "a.example");
	assert_string_equal(url.target, "/b?c");
	assert_int_equal(http_url_parse(cs_span_str("http://a.example"), arena, &url, NULL), CS_OK);
	assert_false(url.tls);
	assert_int_equal(url.port, 80);
	assert_string_equal(url.target, "/");
	cs_arena_free(arena);
}

static void
follows_a_location_or_refuses_it(void **state)
{
	static const struct {
		const char *location, *want;
	} cases[] = {
		{ "http://b.example/c", "http://b.example/c" },
		{ "//b.example/c", "https://b.example/c" },
		{ "/c?d", "https://a.example/c?d" },
		{ "/", "https://a.example/" },
		{ "/..//c", "https://a.example/..//c" },
		{ "", NULL },
		{ "c", NULL },
		{ "./c", NULL },
		{ "?c", NULL },
		{ "#c", NULL },
		{ "/c#d", NULL },
		{ "//", NULL },
		{ "///c.example/", NULL },
		{ "/\\b.example/", NULL },
		{ "\\\\b.example/", NULL },
		{ "//u@b.example/", NULL },
		{ "//127.0.0.1/", NULL },
		{ "//localhost/", NULL },
		{ "ftp://b.example/", NULL },
		{ "https://b.example:8443/", NULL },
		{ " /c", NULL },
		{ "/c ", NULL },
		{ "/c, /d", NULL },
	};
	struct cs_arena *arena = cs_arena_new();
	struct http_url base, url;

	(void)state;
	assert_int_equal(
	    http_url_parse(cs_span_str("https://a.example/x/y"), arena, &base, NULL), CS_OK);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct cs_err err;
		enum cs_code code =
		    http_url_redirect(&base, cs_span_str(cases[i].location), arena, &url, &err);

		if ((code == CS_OK) != (cases[i].want != NULL))
			fail_msg("\"%s\": got %s", cases[i].location, cs_code_name(code));
		if (code == CS_OK && strcmp(url.text, cases[i].want) != 0)
			fail_msg(
			    "\"%s\": got %s, want %s", cases[i].location, url.text, cases[i].want);
	}
	cs_arena_free(arena);
}

static void
keeps_each_limit(void **state)
{
	static char as[4000];
	struct cs_arena *arena = cs_arena_new();
	struct http_url url;
	char *text;

	(void)state;
	memset(as, 'a', sizeof(as) - 1);
	text = cs_arena_printf(arena, "http://a.example/%.*s", HTTP_TARGET_MAX - 1, as);
	assert_int_equal(http_url_parse(cs_span_str(text), arena, &url, NULL), CS_OK);
	text = cs_arena_printf(arena, "http://a.example/%.*s", HTTP_TARGET_MAX, as);
	assert_int_equal(http_url_parse(cs_span_str(text), arena, &url, NULL), CS_MALFORMED);
	text = cs_arena_printf(arena, "http://%.63s.example/", as);
	assert_int_equal(http_url_parse(cs_span_str(text), arena, &url, NULL), CS_OK);
	text = cs_arena_printf(arena, "http://%.64s.example/", as);
	assert_int_equal(http_url_parse(cs_span_str(text), arena, &url, NULL), CS_MALFORMED);
	text = cs_arena_printf(arena, "%.63s.%.63s.%.63s.%.61s", as, as, as, as);
	assert_true(http_host_valid(cs_span_str(text)));
	text = cs_arena_printf(arena, "%.63s.%.63s.%.63s.%.62s", as, as, as, as);
	assert_false(http_host_valid(cs_span_str(text)));
	text = cs_arena_printf(arena, "/%.3999s", as); /* 100 KB would not look different */
	assert_int_equal(
	    http_url_redirect(&url, cs_span_str(text), arena, &url, NULL), CS_MALFORMED);
	cs_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_each_url_or_refuses_it),
		cmocka_unit_test(takes_a_url_apart),
		cmocka_unit_test(follows_a_location_or_refuses_it),
		cmocka_unit_test(keeps_each_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
