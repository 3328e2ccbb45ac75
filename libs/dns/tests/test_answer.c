/* SPDX-License-Identifier: Apache-2.0 */
/* Packets are written by hand here, octet by octet; real ones come by in it_dns.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "dns/answer.h"

#include <cmocka.h>

#define QNAME "\1a\7example" /* the NUL of the literal is the root label */
#define AT_QNAME "\xc0\x0c"

static void
put(struct cs_buf *buf, const char *octets, size_t len)
{
	cs_buf_add(buf, octets, len);
}
#define PUT(buf, literal) put((buf), (literal), sizeof(literal) - 1)

static void
put_u16(struct cs_buf *buf, unsigned value)
{
	cs_buf_add(buf, (uint8_t[]){ (uint8_t)(value >> 8), (uint8_t)value }, 2);
}

/* The header and the question "a.example", which then stands at octet 12. */
static struct cs_buf
begin(struct cs_arena *arena, unsigned flags, unsigned type, unsigned answers, unsigned others)
{
	struct cs_buf buf = cs_buf_new(arena);

	put_u16(&buf, 0x1234);
	put_u16(&buf, flags);
	put_u16(&buf, 1);
	put_u16(&buf, answers);
	put_u16(&buf, others);
	put_u16(&buf, 0);
	put(&buf, QNAME, sizeof(QNAME));
	put_u16(&buf, type);
	put_u16(&buf, 1);
	return buf;
}

/* `owner` and `data` are wire octets. */
static void
add(struct cs_buf *buf, struct cs_span owner, unsigned type, uint32_t ttl_s, struct cs_span data)
{
	cs_buf_add_span(buf, owner);
	put_u16(buf, type);
	put_u16(buf, 1);
	put_u16(buf, ttl_s >> 16);
	put_u16(buf, ttl_s & 0xffff);
	put_u16(buf, (unsigned)data.len);
	cs_buf_add_span(buf, data);
}

#define WIRE(literal) cs_span_of((literal), sizeof(literal) - 1)

static enum cs_code
parse(struct cs_arena *arena, struct cs_buf *buf, uint16_t type, struct dns_answer *ret)
{
	return dns_answer_parse(arena, cs_buf_span(buf), "a.example", type, ret, NULL);
}

static void
reads_a_set_with_its_least_ttl(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct cs_buf buf = begin(arena, 0x8180, DNS_TYPE_TXT, 3, 0);
	struct dns_answer answer;

	(void)state;
	add(&buf, WIRE(AT_QNAME), DNS_TYPE_TXT, 9, WIRE("\2ab\0\1c"));
	add(&buf, WIRE("\1A\7eXaMpLe\0"), DNS_TYPE_TXT, 5, WIRE("\0"));
	add(&buf, WIRE(AT_QNAME), 46, 1, WIRE("a signature"));
	assert_int_equal(parse(arena, &buf, DNS_TYPE_TXT, &answer), CS_OK);
	assert_int_equal(answer.records_len, 2);
	assert_int_equal(answer.ttl_s, 5);
	assert_true(cs_span_is(answer.records[0].text, "abc"));
	assert_int_equal(answer.records[1].text.len, 0);
	assert_string_equal(answer.owner, "a.example");
	cs_arena_free(arena);
}

static void
follows_aliases_in_any_order(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct cs_buf buf = begin(arena, 0x8180, DNS_TYPE_MX, 3, 0);
	struct dns_answer answer;

	(void)state;
	add(&buf, WIRE("\1c\0"), DNS_TYPE_MX, 9, WIRE("\0\12\4Mail" AT_QNAME));
	add(&buf, WIRE("\1b\0"), DNS_TYPE_CNAME, 7, WIRE("\1C\0"));
	add(&buf, WIRE(AT_QNAME), DNS_TYPE_CNAME, 8, WIRE("\1b\0"));
	assert_int_equal(parse(arena, &buf, DNS_TYPE_MX, &answer), CS_OK);
	assert_int_equal(answer.aliases_len, 2);
	assert_string_equal(answer.aliases[0], "b");
	assert_string_equal(answer.owner, "c");
	assert_int_equal(answer.ttl_s, 7);
	assert_int_equal(answer.records_len, 1);
	assert_int_equal(answer.records[0].preference, 10);
	assert_string_equal(answer.records[0].host, "mail.a.example");
	cs_arena_free(arena);
}

static void
an_alias_that_was_asked_for_is_a_record(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct cs_buf buf = begin(arena, 0x8180, DNS_TYPE_CNAME, 1, 0);
	struct dns_answer answer;

	(void)state;
	add(&buf, WIRE(AT_QNAME), DNS_TYPE_CNAME, 7, WIRE("\1b\0"));
	assert_int_equal(parse(arena, &buf, DNS_TYPE_CNAME, &answer), CS_OK);
	assert_int_equal(answer.aliases_len, 0);
	assert_int_equal(answer.records_len, 1);
	assert_string_equal(answer.records[0].host, "b");
	cs_arena_free(arena);
}

/* The resolver goes on to where it leads, and says that there is nothing. */
static void
an_alias_that_leads_nowhere_is_a_record_too(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct cs_buf buf = begin(arena, 0x8183, DNS_TYPE_CNAME, 1, 0);
	struct dns_answer answer;

	(void)state;
	add(&buf, WIRE(AT_QNAME), DNS_TYPE_CNAME, 7, WIRE("\1b\0"));
	assert_int_equal(parse(arena, &buf, DNS_TYPE_CNAME, &answer), CS_OK);
	assert_int_equal(answer.rcode, DNS_RCODE_NOERROR);
	assert_int_equal(answer.records_len, 1);
	buf = begin(arena, 0x8183, DNS_TYPE_CNAME, 0, 0);
	assert_int_equal(parse(arena, &buf, DNS_TYPE_CNAME, &answer), CS_OK);
	assert_int_equal(answer.rcode, DNS_RCODE_NXDOMAIN);
	cs_arena_free(arena);
}

static void
writes_odd_octets_of_names_as_numbers(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct cs_buf buf = begin(arena, 0x8180, DNS_TYPE_CNAME, 1, 0);
	struct dns_answer answer;

	(void)state;
	add(&buf, WIRE(AT_QNAME), DNS_TYPE_CNAME, 7, WIRE("\5.\0\xff\\Z\0"));
	assert_int_equal(parse(arena, &buf, DNS_TYPE_CNAME, &answer), CS_OK);
	assert_string_equal(answer.records[0].host, "\\046\\000\\255\\092z");
	cs_arena_free(arena);
}

static void
absence_lasts_as_long_as_the_soa_says(void **state)
{
	static const char soa[] = "\0\0"
				  "\0\0\0\1"
				  "\0\0\0\1"
				  "\0\0\0\1"
				  "\0\0\0\1"
				  "\0\0\0\60";
	struct cs_arena *arena = cs_arena_new();
	struct cs_buf buf = begin(arena, 0x8183, DNS_TYPE_CAA, 0, 1);
	struct dns_answer answer;

	(void)state;
	add(&buf, WIRE(AT_QNAME), DNS_TYPE_SOA, 3600, WIRE(soa));
	assert_int_equal(parse(arena, &buf, DNS_TYPE_CAA, &answer), CS_OK);
	assert_int_equal(answer.rcode, DNS_RCODE_NXDOMAIN);
	assert_int_equal(answer.records_len, 0);
	assert_int_equal(answer.ttl_s, 48);
	buf = begin(arena, 0x8180, DNS_TYPE_CAA, 0, 0);
	assert_int_equal(parse(arena, &buf, DNS_TYPE_CAA, &answer), CS_OK);
	assert_int_equal(answer.ttl_s, 0);
	cs_arena_free(arena);
}

static void
a_failure_has_a_code_and_no_records(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct cs_buf buf = begin(arena, 0x8185, DNS_TYPE_TXT, 1, 0);
	struct dns_answer answer;

	(void)state;
	add(&buf, WIRE(AT_QNAME), DNS_TYPE_TXT, 9, WIRE("\1a"));
	assert_int_equal(parse(arena, &buf, DNS_TYPE_TXT, &answer), CS_OK);
	assert_int_equal(answer.rcode, 5);
	assert_int_equal(answer.records_len, 0);
	cs_arena_free(arena);
}

/*
 * One record whose owner or data is wrong in one way; `fine` is what the row looks like when it is
 * right.
 */
static void
refuses_what_does_not_fit(void **state)
{
	static const struct {
		const char *name;
		unsigned flags, type;
		const char *data, *fine;
		size_t len, fine_len;
	} cases[] = {
#define BYTES(bad, good) bad, good, sizeof(bad) - 1, sizeof(good) - 1
		{ "string beyond the record", 0x8180, DNS_TYPE_TXT, BYTES("\3ab", "\2ab") },
		{ "no string", 0x8180, DNS_TYPE_TXT, BYTES("", "\0") },
		{ "address too short", 0x8180, DNS_TYPE_A, BYTES("abc", "abcd") },
		{ "address too long", 0x8180, DNS_TYPE_A, BYTES("abcde", "abcd") },
		{ "IPv6 address too short", 0x8180, DNS_TYPE_AAAA,
		    BYTES("0123456789abcde", "0123456789abcdef") },
		{ "MX without host", 0x8180, DNS_TYPE_MX, BYTES("\0\1", "\0\1\0") },
		{ "MX with more than a host", 0x8180, DNS_TYPE_MX, BYTES("\0\1\0\0", "\0\1\1a\0") },
		{ "name beyond the packet", 0x8180, DNS_TYPE_CNAME, BYTES("\3ab", "\3abc\0") },
		{ "name without end", 0x8180, DNS_TYPE_CNAME, BYTES("\2ab", "\2ab\0") },
		{ "pointer to itself", 0x8180, DNS_TYPE_CNAME, BYTES("\xc0\x27", "\xc0\x0c") },
		{ "pointer ahead", 0x8180, DNS_TYPE_CNAME, BYTES("\xc0\x28", "\xc0\x0e") },
		{ "pointer into the header", 0x8180, DNS_TYPE_CNAME,
		    BYTES("\xc0\x0b", "\xc0\x0c") },
		{ "half a pointer", 0x8180, DNS_TYPE_CNAME, BYTES("\xc0", "\xc0\x0c") },
		{ "label type 01", 0x8180, DNS_TYPE_CNAME,
		    BYTES("\x41"
			  "a\0",
			"\1a\0") },
		{ "label type 10", 0x8180, DNS_TYPE_CNAME,
		    BYTES("\x81"
			  "a\0",
			"\1a\0") },
#undef BYTES
	};
	struct cs_arena *arena = cs_arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cs_buf bad = begin(arena, cases[i].flags, cases[i].type, 1, 0);
		struct cs_buf fine = begin(arena, cases[i].flags, cases[i].type, 1, 0);
		struct dns_answer answer = { .type = 7 };
		uint16_t type = (uint16_t)cases[i].type;

		add(&bad, WIRE(AT_QNAME), type, 1, cs_span_of(cases[i].data, cases[i].len));
		add(&fine, WIRE(AT_QNAME), type, 1, cs_span_of(cases[i].fine, cases[i].fine_len));
		if (parse(arena, &bad, type, &answer) != CS_MALFORMED || answer.type != 7)
			fail_msg("%s: got accepted, want refused", cases[i].name);
		if (parse(arena, &fine, type, &answer) != CS_OK)
			fail_msg("%s: got refused, want its neighbour accepted", cases[i].name);
	}
	cs_arena_free(arena);
}

static void
refuses_packets_that_are_not_the_answer(void **state)
{
	static const struct {
		const char *name;
		unsigned flags, type;
		const char *asked;
	} cases[] = {
		{ "a query", 0x0180, DNS_TYPE_TXT, "a.example" },
		{ "another opcode", 0xa180, DNS_TYPE_TXT, "a.example" },
		{ "truncated", 0x8380, DNS_TYPE_TXT, "a.example" },
		{ "another type", 0x8180, DNS_TYPE_CAA, "a.example" },
		{ "another name", 0x8180, DNS_TYPE_TXT, "b.example" },
		{ "a name above", 0x8180, DNS_TYPE_TXT, "example" },
	};
	struct cs_arena *arena = cs_arena_new();
	struct dns_answer answer;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cs_buf buf = begin(arena, cases[i].flags, cases[i].type, 0, 0);

		if (dns_answer_parse(arena, cs_buf_span(&buf), cases[i].asked, DNS_TYPE_TXT,
			&answer, NULL) != CS_MALFORMED)
			fail_msg("%s: got accepted, want refused", cases[i].name);
	}
	cs_arena_free(arena);
}

static void
refuses_every_packet_that_was_cut(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct cs_buf buf = begin(arena, 0x8180, DNS_TYPE_MX, 2, 0);
	struct dns_answer answer;
	struct cs_span whole;

	(void)state;
	add(&buf, WIRE(AT_QNAME), DNS_TYPE_CNAME, 8, WIRE("\1b\0"));
	add(&buf, WIRE("\1b\0"), DNS_TYPE_MX, 9, WIRE("\0\12\4mail" AT_QNAME));
	whole = cs_buf_span(&buf);
	for (size_t len = 0; len < whole.len; len++)
		if (dns_answer_parse(arena, cs_span_of(whole.data, len), "a.example", DNS_TYPE_MX,
			&answer, NULL) == CS_OK)
			fail_msg("cut to %zu of %zu: got accepted", len, whole.len);
	assert_int_equal(parse(arena, &buf, DNS_TYPE_MX, &answer), CS_OK);
	PUT(&buf, "x");
	assert_int_equal(parse(arena, &buf, DNS_TYPE_MX, &answer), CS_MALFORMED);
	cs_arena_free(arena);
}

static void
refuses_contradictions(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct cs_buf two = begin(arena, 0x8180, DNS_TYPE_TXT, 2, 0);
	struct cs_buf nx = begin(arena, 0x8183, DNS_TYPE_TXT, 1, 0);
	struct cs_buf opt = begin(arena, 0x8180, DNS_TYPE_TXT, 0, 1);
	struct dns_answer answer;

	(void)state;
	add(&two, WIRE(AT_QNAME), DNS_TYPE_CNAME, 1, WIRE("\1b\0"));
	add(&two, WIRE(AT_QNAME), DNS_TYPE_CNAME, 1, WIRE("\1c\0"));
	assert_int_equal(parse(arena, &two, DNS_TYPE_TXT, &answer), CS_MALFORMED);
	add(&nx, WIRE(AT_QNAME), DNS_TYPE_TXT, 1, WIRE("\1b"));
	assert_int_equal(parse(arena, &nx, DNS_TYPE_TXT, &answer), CS_MALFORMED);
	add(&opt, WIRE("\0"), 41, 0x01000000, WIRE("")); /* BADVERS */
	assert_int_equal(parse(arena, &opt, DNS_TYPE_TXT, &answer), CS_MALFORMED);
	cs_arena_free(arena);
}

/* a.example -> a1 -> a2 ... -> a<n>, whose last target has a record, or is `a.example` again */
static struct cs_buf
chain(struct cs_arena *arena, unsigned n, bool loop)
{
	struct cs_buf buf = begin(arena, 0x8180, DNS_TYPE_TXT, n + 1, 0);
	char owner[8] = AT_QNAME, target[8];
	size_t owner_len = 2;

	for (unsigned i = 1; i <= n; i++) {
		size_t len = (size_t)snprintf(target, sizeof(target), "\3%03u", i) + 1;

		if (loop && i == n) {
			memcpy(target, AT_QNAME, 2);
			len = 2;
		}
		add(&buf, cs_span_of(owner, owner_len), DNS_TYPE_CNAME, 9, cs_span_of(target, len));
		memcpy(owner, target, len);
		owner_len = len;
	}
	add(&buf, cs_span_of(owner, owner_len), loop ? 46 : DNS_TYPE_TXT, 9, WIRE("\1x"));
	return buf;
}

static void
follows_eleven_aliases_and_no_more(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct cs_buf buf = chain(arena, DNS_MAX_ALIASES, false);
	struct dns_answer answer;

	(void)state;
	assert_int_equal(parse(arena, &buf, DNS_TYPE_TXT, &answer), CS_OK);
	assert_int_equal(answer.aliases_len, DNS_MAX_ALIASES);
	assert_int_equal(answer.records_len, 1);
	buf = chain(arena, DNS_MAX_ALIASES + 1, false);
	assert_int_equal(parse(arena, &buf, DNS_TYPE_TXT, &answer), CS_MALFORMED);
	buf = chain(arena, 2, true);
	assert_int_equal(parse(arena, &buf, DNS_TYPE_TXT, &answer), CS_MALFORMED);
	buf = chain(arena, 1, true);
	assert_int_equal(parse(arena, &buf, DNS_TYPE_TXT, &answer), CS_MALFORMED);
	cs_arena_free(arena);
}

static void
reads_eleven_hundred_records_and_no_more(void **state)
{
	(void)state;
	for (unsigned n = DNS_MAX_RECORDS; n <= DNS_MAX_RECORDS + 1; n++) {
		struct cs_arena *arena = cs_arena_new();
		struct cs_buf buf = begin(arena, 0x8180, DNS_TYPE_TXT, n, 0);
		struct dns_answer answer;

		for (unsigned i = 0; i < n; i++)
			add(&buf, WIRE(AT_QNAME), DNS_TYPE_TXT, 9, WIRE("\1x"));
		assert_int_equal(parse(arena, &buf, DNS_TYPE_TXT, &answer),
		    n == DNS_MAX_RECORDS ? CS_OK : CS_MALFORMED);
		cs_arena_free(arena);
	}
}

/* `labels` labels of 63 octets and one of `last` */
static struct cs_buf
long_name(struct cs_arena *arena, unsigned labels, uint8_t last)
{
	struct cs_buf name = cs_buf_new(arena);
	char label[64];

	memset(label, 'x', sizeof(label));
	for (unsigned i = 0; i < labels; i++) {
		label[0] = 63;
		put(&name, label, 64);
	}
	label[0] = (char)last;
	put(&name, label, (size_t)last + 1);
	PUT(&name, "\0");
	return name;
}

static void
reads_names_of_255_octets_and_no_more(void **state)
{
	struct cs_arena *arena = cs_arena_new();

	(void)state;
	for (uint8_t last = 61; last <= 62; last++) {
		struct cs_buf name = long_name(arena, 3, last);
		struct cs_buf buf = begin(arena, 0x8180, DNS_TYPE_CNAME, 1, 0);
		struct dns_answer answer;

		add(&buf, WIRE(AT_QNAME), DNS_TYPE_CNAME, 9, cs_buf_span(&name));
		assert_int_equal(
		    parse(arena, &buf, DNS_TYPE_CNAME, &answer), last == 61 ? CS_OK : CS_MALFORMED);
	}
	cs_arena_free(arena);
}

static void
knows_which_names_may_be_asked(void **state)
{
#define L50 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define L63 L50 "aaaaaaaaaaaaa"
	static const struct {
		const char *name;
		bool want;
	} cases[] = {
		{ "example", true },
		{ "a.example", true },
		{ "_acme-challenge.a-b.example", true },
		{ "xn--bcher-kva.example", true },
		{ L63 ".example", true },
		{ L63 "a.example", false },
		{ L63 "." L63 "." L63 "." L50 "aaaaaaaaaaa", true },
		{ L63 "." L63 "." L63 "." L50 "aaaaaaaaaaaa", false },
		{ "", false },
		{ ".", false },
		{ "a.", false },
		{ ".a", false },
		{ "a..b", false },
		{ "A.example", false },
		{ "a b.example", false },
		{ "a\\.b", false },
		{ "*.example", false },
		{ "b\xc3\xbc"
		  "cher.example",
		    false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (dns_name_valid(cases[i].name) != cases[i].want)
			fail_msg("\"%s\": got %s", cases[i].name,
			    cases[i].want ? "refused" : "accepted");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_set_with_its_least_ttl),
		cmocka_unit_test(follows_aliases_in_any_order),
		cmocka_unit_test(an_alias_that_was_asked_for_is_a_record),
		cmocka_unit_test(an_alias_that_leads_nowhere_is_a_record_too),
		cmocka_unit_test(writes_odd_octets_of_names_as_numbers),
		cmocka_unit_test(absence_lasts_as_long_as_the_soa_says),
		cmocka_unit_test(a_failure_has_a_code_and_no_records),
		cmocka_unit_test(refuses_what_does_not_fit),
		cmocka_unit_test(refuses_packets_that_are_not_the_answer),
		cmocka_unit_test(refuses_every_packet_that_was_cut),
		cmocka_unit_test(refuses_contradictions),
		cmocka_unit_test(follows_eleven_aliases_and_no_more),
		cmocka_unit_test(reads_eleven_hundred_records_and_no_more),
		cmocka_unit_test(reads_names_of_255_octets_and_no_more),
		cmocka_unit_test(knows_which_names_may_be_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
