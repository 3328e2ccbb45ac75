/* SPDX-License-Identifier: Apache-2.0 */
/* The strict reader: every trap of the threat model's D9 and INT-2 by name, boundaries in pairs. */
#include <string.h>

#include "http/head.h"
#include "tests/check.h"

static const struct http_limits limits = {
	.body_octets = 65536,
	.head_octets = 16384,
	.line_octets = 8192,
	.field_count = 64,
};

/* What the server does with these octets; status 0: the head is complete and good. */
static struct http_fault
judge(struct cs_span octets, struct cs_arena *arena, struct http_head *ret_head)
{
	struct http_fault fault = { 0 };
	size_t pos = 0;

	switch (http_head_scan(octets, &limits, &pos, &fault)) {
	case HTTP_SCAN_MORE:
		return (struct http_fault){ -1, "more" };
	case HTTP_SCAN_FAULT:
		return fault;
	default:
		octets.len = pos;
		return http_head_parse(octets, &limits, arena, ret_head);
	}
}

#define GET "GET / HTTP/1.1\r\n"
#define POST "POST / HTTP/1.1\r\n"
#define HOST "Host: a.example\r\n"
#define END "\r\n"
#define ROW(name, text, status)                                             \
	{                                                                   \
		name, { (const uint8_t *)(text), sizeof(text) - 1 }, status \
	}

static const struct {
	const char *name;
	struct cs_span octets;
	int want;
} heads[] = {
	ROW("a plain request", GET HOST END, 0),
	ROW("only half of it", GET HOST, -1),
	ROW("no octet", "", -1),
	/* line ends and octets */
	ROW("bare line feed after the request line", "GET / HTTP/1.1\n" HOST END, 400),
	ROW("bare line feed after a field", GET "Host: a\n\r\n", 400),
	ROW("bare line feed as the empty line", GET "Host: a\r\n\n", 400),
	ROW("bare carriage return in a value", GET "Host: a\rb\r\n" END, 400),
	ROW("carriage return before the line end", GET "Host: a\r\r\n" END, 400),
	ROW("an empty line first", "\r\n" GET HOST END, 400),
	ROW("a line feed first", "\n" GET HOST END, 400),
	ROW("NUL in a value", GET "Host: a\0b\r\n" END, 400),
	ROW("NUL in the target", "GET /\0 HTTP/1.1\r\n" HOST END, 400),
	ROW("control octet in the target", "GET /\x01 HTTP/1.1\r\n" HOST END, 400),
	ROW("DEL in a value", GET HOST "X: \x7f\r\n" END, 400),
	ROW("an octet above 7E in a value", GET HOST "X: \xc3\xa9\r\n" END, 400),
	ROW("tab within a value", GET HOST "X: a\tb\r\n" END, 400),
	ROW("tab around a value", GET "Host:\ta.example\t\r\n" END, 0),
	ROW("a TLS client hello", "\x16\x03\x01\x02", 400),
	/* request line */
	ROW("no target", "GET\r\n" HOST END, 400),
	ROW("no version", "GET /\r\n" HOST END, 400),
	ROW("two spaces before the target", "GET  / HTTP/1.1\r\n" HOST END, 400),
	ROW("two spaces before the version", "GET /  HTTP/1.1\r\n" HOST END, 400),
	ROW("a tab instead of a space", "GET\t/ HTTP/1.1\r\n" HOST END, 400),
	ROW("something after the version", "GET / HTTP/1.1 x\r\n" HOST END, 505),
	ROW("HTTP/1.0", "GET / HTTP/1.0\r\n" HOST END, 505),
	ROW("HTTP/2.0 preface", "PRI * HTTP/2.0\r\n" HOST END, 505),
	ROW("version in lower case", "GET / http/1.1\r\n" HOST END, 400),
	ROW("unknown method", "BREW / HTTP/1.1\r\n" HOST END, 501),
	ROW("method in lower case", "get / HTTP/1.1\r\n" HOST END, 501),
	ROW("TRACE", "TRACE / HTTP/1.1\r\n" HOST END, 501),
	ROW("CONNECT", "CONNECT a:1 HTTP/1.1\r\n" HOST END, 501),
	ROW("absolute target", "GET http://b.example/ HTTP/1.1\r\n" HOST END, 400),
	ROW("asterisk target", "OPTIONS * HTTP/1.1\r\n" HOST END, 400),
	/* path and query */
	ROW("fragment", "GET /a#b HTTP/1.1\r\n" HOST END, 400),
	ROW("backslash", "GET /a\\b HTTP/1.1\r\n" HOST END, 400),
	ROW("quotation mark", "GET /\"a HTTP/1.1\r\n" HOST END, 400),
	ROW("dot segment", "GET /a/../b HTTP/1.1\r\n" HOST END, 400),
	ROW("encoded dot segment", "GET /a/%2e%2E/b HTTP/1.1\r\n" HOST END, 400),
	ROW("encoded slash", "GET /a%2Fb HTTP/1.1\r\n" HOST END, 400),
	ROW("encoded backslash", "GET /a%5cb HTTP/1.1\r\n" HOST END, 400),
	ROW("encoded NUL", "GET /a%00 HTTP/1.1\r\n" HOST END, 400),
	ROW("encoded line feed", "GET /a%0a HTTP/1.1\r\n" HOST END, 400),
	ROW("overlong encoded slash", "GET /%c0%af HTTP/1.1\r\n" HOST END, 400),
	ROW("encoded UTF-8", "GET /%c3%a9 HTTP/1.1\r\n" HOST END, 0),
	ROW("half an escape", "GET /%4 HTTP/1.1\r\n" HOST END, 400),
	ROW("not an escape", "GET /%zz HTTP/1.1\r\n" HOST END, 400),
	ROW("encoded twice stays encoded once", "GET /%252e%252e HTTP/1.1\r\n" HOST END, 0),
	ROW("query", "GET /?a=b&c=d+e HTTP/1.1\r\n" HOST END, 0),
	ROW("empty query", "GET /? HTTP/1.1\r\n" HOST END, 0),
	ROW("query name twice", "GET /?a=b&a=c HTTP/1.1\r\n" HOST END, 400),
	ROW("query name twice in two spellings", "GET /?a=b&%61=c HTTP/1.1\r\n" HOST END, 400),
	ROW("query without a name", "GET /?=c HTTP/1.1\r\n" HOST END, 400),
	ROW("encoded NUL in the query", "GET /?a=%00 HTTP/1.1\r\n" HOST END, 400),
	/* fields */
	ROW("folded field", GET HOST "X: a\r\n b\r\n" END, 400),
	ROW("folded first field", GET " X: a\r\n" HOST END, 400),
	ROW("space before the colon", GET "Host : a\r\n" END, 400),
	ROW("space in the name", GET HOST "X Y: a\r\n" END, 400),
	ROW("no name", GET HOST ": a\r\n" END, 400),
	ROW("no colon", GET HOST "X\r\n" END, 400),
	ROW("empty value", GET HOST "X:\r\n" END, 0),
	/* Host */
	ROW("no Host", GET END, 400),
	ROW("two Hosts", GET HOST "Host: b.example\r\n" END, 400),
	ROW("the same Host twice", GET HOST HOST END, 400),
	ROW("two Hosts in different case", GET HOST "hOST: b.example\r\n" END, 400),
	ROW("empty Host", GET "Host:\r\n" END, 400),
	ROW("Host with a port", GET "Host: a.example:8080\r\n" END, 0),
	ROW("Host with half a port", GET "Host: a.example:\r\n" END, 400),
	ROW("Host with a word as port", GET "Host: a.example:x\r\n" END, 400),
	ROW("Host with userinfo", GET "Host: u@a.example\r\n" END, 400),
	ROW("Host with a path", GET "Host: a.example/b\r\n" END, 400),
	ROW("Host is a list", GET "Host: a.example, b.example\r\n" END, 400),
	ROW("Host is an IPv6 address", GET "Host: [::1]:80\r\n" END, 0),
	ROW("Host is half an IPv6 address", GET "Host: [::1\r\n" END, 400),
	/* framing */
	ROW("content", POST HOST "Content-Length: 3\r\n" END, 0),
	ROW("no content", POST HOST "Content-Length: 0\r\n" END, 0),
	ROW("chunked", POST HOST "Transfer-Encoding: chunked\r\n" END, 0),
	ROW("chunked in capitals", POST HOST "Transfer-Encoding: Chunked\r\n" END, 0),
	ROW("both framings", POST HOST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n" END,
	    400),
	ROW("two lengths", POST HOST "Content-Length: 3\r\nContent-Length: 4\r\n" END, 400),
	ROW("one length twice", POST HOST "Content-Length: 3\r\nContent-Length: 3\r\n" END, 400),
	ROW("a list of lengths", POST HOST "Content-Length: 3, 3\r\n" END, 400),
	ROW("length with a sign", POST HOST "Content-Length: +3\r\n" END, 400),
	ROW("negative length", POST HOST "Content-Length: -3\r\n" END, 400),
	ROW("hexadecimal length", POST HOST "Content-Length: 0x3\r\n" END, 400),
	ROW("empty length", POST HOST "Content-Length: \r\n" END, 400),
	ROW("space before the colon of the length", POST HOST "Content-Length : 3\r\n" END, 400),
	ROW("largest length", POST HOST "Content-Length: 65536\r\n" END, 0),
	ROW("one octet too long", POST HOST "Content-Length: 65537\r\n" END, 413),
	ROW("a length beyond 64 bits", POST HOST "Content-Length: 99999999999999999999\r\n" END,
	    413),
	ROW("unknown coding", POST HOST "Transfer-Encoding: xchunked\r\n" END, 400),
	ROW("identity coding", POST HOST "Transfer-Encoding: identity\r\n" END, 400),
	ROW("two codings", POST HOST "Transfer-Encoding: gzip, chunked\r\n" END, 400),
	ROW("chunked twice",
	    POST HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n" END, 400),
	ROW("empty coding", POST HOST "Transfer-Encoding:\r\n" END, 400),
	ROW("GET with content", GET HOST "Content-Length: 1\r\n" END, 400),
	ROW("GET with chunks", GET HOST "Transfer-Encoding: chunked\r\n" END, 400),
	ROW("GET with length zero", GET HOST "Content-Length: 0\r\n" END, 0),
	/* others that stand once */
	ROW("two content types", POST HOST "Content-Type: a/b\r\nContent-Type: c/d\r\n" END, 400),
	ROW("two authorizations", GET HOST "Authorization: a\r\nAuthorization: b\r\n" END, 400),
	ROW("two cookies fields", GET HOST "Cookie: a=b\r\nCookie: c=d\r\n" END, 0),
	ROW("unknown expectation", POST HOST "Expect: the-worst\r\n" END, 417),
};

static void
judges_each_head(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(heads); i++) {
		struct cs_arena *arena = cs_arena_new();
		struct http_head head;
		struct http_fault got = judge(heads[i].octets, arena, &head);

		if (got.status != heads[i].want)
			fail_msg("%s: got %d (%s), want %d", heads[i].name, got.status,
			    got.why != NULL ? got.why : "", heads[i].want);
		cs_arena_free(arena);
	}
}

/* OpenSSL's and NSS's OCSP clients say HTTP/1.0. */
static void
understands_http_1_0_where_it_may(void **state)
{
	struct http_limits old = limits;
	struct cs_arena *arena = cs_arena_new();
	struct http_head head;

	(void)state;
	old.http_1_0 = true;
	static const struct {
		const char *name, *octets;
		int want;
	} cases[] = {
		{ "content", "POST / HTTP/1.0\r\n" HOST "Content-Length: 3\r\n" END, 0 },
		{ "no Host", "POST / HTTP/1.0\r\nContent-Length: 3\r\n" END, 400 },
		{ "chunked", "POST / HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n" END, 400 },
		{ "HTTP/0.9", "GET / HTTP/0.9\r\n" HOST END, 505 },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		int got = http_head_parse(cs_span_str(cases[i].octets), &old, arena, &head).status;

		if (got != cases[i].want)
			fail_msg("%s: got %d, want %d", cases[i].name, got, cases[i].want);
		if (got == 0)
			assert_true(head.close && head.length == 3);
	}
	cs_arena_free(arena);
}

/* However the octets arrive, the answer is the same. */
static void
judges_each_head_octet_by_octet(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(heads); i++) {
		struct http_fault at_once = { 0 }, slowly = { 0 };
		size_t pos_at_once = 0, pos_slowly = 0;
		enum http_scan want =
		    http_head_scan(heads[i].octets, &limits, &pos_at_once, &at_once);
		enum http_scan got = HTTP_SCAN_MORE;

		for (size_t len = 1; len <= heads[i].octets.len && got == HTTP_SCAN_MORE; len++)
			got = http_head_scan((struct cs_span){ heads[i].octets.data, len }, &limits,
			    &pos_slowly, &slowly);
		if (got != want || pos_slowly != pos_at_once || slowly.status != at_once.status)
			fail_msg("%s: got %d at %zu, want %d at %zu", heads[i].name, got,
			    pos_slowly, want, pos_at_once);
	}
}

/* A head with these many octets in its request line, fields, and octets in one field. */
static struct cs_span
sized(struct cs_arena *arena, size_t target, size_t fields, size_t value)
{
	struct cs_buf out = cs_buf_new(arena);

	cs_buf_add_str(&out, "GET /");
	for (size_t i = 1; i < target; i++)
		cs_buf_add_str(&out, "a");
	cs_buf_add_str(&out, " HTTP/1.1\r\nHost: a\r\n");
	for (size_t i = 1; i < fields; i++) {
		cs_buf_add_str(&out, "X: ");
		for (size_t k = 0; k < value; k++)
			cs_buf_add_str(&out, "v");
		cs_buf_add_str(&out, "\r\n");
	}
	cs_buf_add_str(&out, "\r\n");
	return cs_buf_span(&out);
}

static void
keeps_each_limit(void **state)
{
	static const struct {
		const char *name;
		size_t target, fields, value;
		int want;
	} cases[] = {
		{ "longest request line", 8192 - 13, 1, 0, 0 },
		{ "request line one too long", 8192 - 12, 1, 0, 414 },
		{ "most fields", 1, 64, 1, 0 },
		{ "one field too many", 1, 65, 1, 431 },
		{ "longest field", 1, 2, 8192 - 3, 0 },
		{ "field one too long", 1, 2, 8192 - 2, 431 },
		/* 27 octets without path and fields, 5 around each of the three values of 5447 */
		{ "longest head", 2, 4, 5447, 0 },
		{ "head one too long", 3, 4, 5447, 431 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct cs_arena *arena = cs_arena_new();
		struct http_head head;
		struct http_fault got = judge(
		    sized(arena, cases[i].target, cases[i].fields, cases[i].value), arena, &head);

		if (got.status != cases[i].want)
			fail_msg("%s: got %d (%s), want %d", cases[i].name, got.status,
			    got.why != NULL ? got.why : "", cases[i].want);
		cs_arena_free(arena);
	}
}

static void
reads_what_a_request_says(void **state)
{
	static const char text[] =
	    "POST /a/%62/?q=%C3%A9+x&empty HTTP/1.1\r\nHOST: A.Example:81\r\n"
	    "Connection: keep-alive, Close\r\nContent-Length: 12\r\n"
	    "Expect: 100-Continue\r\nX-Y:  v w  \r\n\r\nrest";
	struct cs_arena *arena = cs_arena_new();
	struct http_head head;

	(void)state;
	assert_int_equal(judge(cs_span_of(text, sizeof(text) - 1), arena, &head).status, 0);
	assert_string_equal(head.method, "POST");
	assert_string_equal(head.path, "/a/%62/");
	assert_int_equal(head.segment_count, 3);
	assert_string_equal(head.segments[1], "%62");
	assert_string_equal(head.segments[2], "");
	assert_string_equal(head.query_text, "q=%C3%A9+x&empty");
	assert_int_equal(head.query_count, 2);
	assert_string_equal(head.query[0].value, "\xc3\xa9 x");
	assert_string_equal(head.query[1].name, "empty");
	assert_string_equal(head.query[1].value, "");
	assert_string_equal(head.host, "a.example");
	assert_true(head.close);
	assert_true(head.expects_continue);
	assert_int_equal(head.framing, HTTP_LENGTH);
	assert_int_equal(head.length, 12);
	assert_string_equal(head.fields[4].name, "X-Y");
	assert_string_equal(head.fields[4].value, "v w");
	cs_arena_free(arena);
}

static const struct {
	const char *name;
	struct cs_span octets;
	int want; /* 0: complete, -1: more is needed */
	const char *body;
} chunked[] = {
	{ "nothing", { (const uint8_t *)"", 0 }, -1, "" },
#define CHUNKED(name, text, status, body)                                         \
	{                                                                         \
		name, { (const uint8_t *)(text), sizeof(text) - 1 }, status, body \
	}
	CHUNKED("no chunk", "0\r\n\r\n", 0, ""),
	CHUNKED("two chunks", "3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n", 0, "abc0123456789"),
	CHUNKED("leading zeros", "00003\r\nabc\r\n0\r\n\r\n", 0, "abc"),
	CHUNKED("unfinished", "3\r\nabc\r\n0\r\n", -1, "abc"),
	CHUNKED("size with 0x", "0x3\r\nabc\r\n0\r\n\r\n", 400, ""),
	CHUNKED("size with a sign", "+3\r\nabc\r\n0\r\n\r\n", 400, ""),
	CHUNKED("size with a space", "3 \r\nabc\r\n0\r\n\r\n", 400, ""),
	CHUNKED("size after a space", " 3\r\nabc\r\n0\r\n\r\n", 400, ""),
	CHUNKED("no size", "\r\nabc\r\n0\r\n\r\n", 400, ""),
	CHUNKED("extension", "3;a=b\r\nabc\r\n0\r\n\r\n", 400, ""),
	CHUNKED("bare line feed after the size", "3\nabc\r\n0\r\n\r\n", 400, ""),
	CHUNKED("carriage return alone after the size", "3\rabc\r\n0\r\n\r\n", 400, ""),
	CHUNKED("chunk longer than its size", "3\r\nabcd\r\n0\r\n\r\n", 400, "abc"),
	CHUNKED("bare line feed after the data", "3\r\nabc\n0\r\n\r\n", 400, "abc"),
	CHUNKED("trailer", "3\r\nabc\r\n0\r\nX: y\r\n\r\n", 400, "abc"),
	CHUNKED("nine digits", "000000003\r\nabc\r\n0\r\n\r\n", 400, ""),
	CHUNKED("largest number", "FFFFFFFF\r\n", 413, ""),
	CHUNKED("at the limit", "10\r\n0123456789abcdef\r\n0\r\n\r\n", 0, "0123456789abcdef"),
	CHUNKED("one over the limit", "11\r\n0123456789abcdefg\r\n0\r\n\r\n", 413, ""),
	CHUNKED("one over the limit in two", "10\r\n0123456789abcdef\r\n1\r\na\r\n0\r\n\r\n", 413,
	    "0123456789abcdef"),
};

/* `step` octets at a time. */
static int
read_chunked(struct cs_span octets, size_t step, struct cs_buf *body)
{
	struct http_chunks chunks = { 0 };
	struct http_fault fault = { 0 };
	enum http_scan found = HTTP_SCAN_MORE;

	for (size_t at = 0; at < octets.len && found == HTTP_SCAN_MORE;) {
		size_t len = octets.len - at < step ? octets.len - at : step, used = 0;

		found = http_chunks_read(
		    &chunks, (struct cs_span){ octets.data + at, len }, 16, body, &used, &fault);
		at += used;
	}
	return found == HTTP_SCAN_MORE ? -1 : fault.status;
}

static void
reads_each_chunked_body(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(chunked); i++)
		for (size_t step = 1; step < 50; step += 12) {
			struct cs_arena *arena = cs_arena_new();
			struct cs_buf body = cs_buf_new(arena);
			int got = read_chunked(chunked[i].octets, step, &body);

			if (got != chunked[i].want ||
			    !cs_span_is(cs_buf_span(&body), chunked[i].body))
				fail_msg("%s by %zu: got %d, want %d", chunked[i].name, step, got,
				    chunked[i].want);
			cs_arena_free(arena);
		}
}

static void
stops_reading_behind_the_last_chunk(void **state)
{
	static const char text[] = "1\r\nx\r\n0\r\n\r\nGET /";
	struct cs_arena *arena = cs_arena_new();
	struct cs_buf body = cs_buf_new(arena);
	struct http_chunks chunks = { 0 };
	struct http_fault fault;
	size_t used = 0;

	(void)state;
	assert_int_equal(
	    http_chunks_read(&chunks, cs_span_of(text, sizeof(text) - 1), 16, &body, &used, &fault),
	    HTTP_SCAN_DONE);
	assert_string_equal(text + used, "GET /");
	cs_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judges_each_head),
		cmocka_unit_test(understands_http_1_0_where_it_may),
		cmocka_unit_test(judges_each_head_octet_by_octet),
		cmocka_unit_test(keeps_each_limit),
		cmocka_unit_test(reads_what_a_request_says),
		cmocka_unit_test(reads_each_chunked_body),
		cmocka_unit_test(stops_reading_behind_the_last_chunk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
