/* SPDX-License-Identifier: Apache-2.0 */
/* Reading.  Writing is in der_write.c. */
#include "pki/der.h"

#include <string.h>

#include "base/text.h"

#define OID_MAX 64 /* octets; the longest in use have a third of that */

enum { CLASS_BITS = 0xc0, CLASS_UNIVERSAL = 0x00, CLASS_CONTEXT = 0x80, CONSTRUCTED = 0x20 };

/* X.690 8.1.3, 10.1: the definite form with as few octets as possible, at most four of them. */
static bool
read_length(struct cs_span *in, size_t *ret_len)
{
	if (in->len == 0)
		return false;
	const uint8_t first = in->data[0];
	const size_t more = first & 0x7fu;
	size_t len = 0;

	if (first < 0x80) {
		len = first;
	} else {
		if (more == 0 || more > 4 || in->len < 1 + more || in->data[1] == 0)
			return false;
		for (size_t i = 0; i < more; i++)
			len = (len << 8) | in->data[1 + i];
		if (len < 0x80)
			return false;
	}
	const size_t skip = first < 0x80 ? 1 : 1 + more;
	*in = (struct cs_span){ in->data + skip, in->len - skip };
	*ret_len = len;
	return true;
}

/* Universal types that a certificate or request may hold; SEQUENCE and SET alone are constructed. */
static bool
is_known_tag(uint8_t tag)
{
	static const uint8_t known[] = { PKI_BOOLEAN, PKI_INTEGER, PKI_BIT_STRING, PKI_OCTET_STRING,
		PKI_NULL, PKI_OID, PKI_ENUMERATED, PKI_UTF8_STRING, PKI_NUMERIC_STRING,
		PKI_PRINTABLE_STRING, PKI_T61_STRING, PKI_IA5_STRING, PKI_UTC_TIME,
		PKI_GENERALIZED_TIME, PKI_VISIBLE_STRING, PKI_UNIVERSAL_STRING, PKI_BMP_STRING,
		PKI_SEQUENCE, PKI_SET };

	if ((tag & CLASS_BITS) == CLASS_CONTEXT)
		return (tag & 0x1f) != 0x1f;
	return memchr(known, tag, sizeof(known)) != NULL;
}

bool
pki_der_next(struct cs_span *in, struct pki_element *ret_element)
{
	size_t len;

	if (in->len < 2 || !is_known_tag(in->data[0]))
		return false;
	struct cs_span rest = { in->data + 1, in->len - 1 };
	if (!read_length(&rest, &len) || len > rest.len)
		return false;
	const size_t header = (size_t)(rest.data - in->data);
	*ret_element = (struct pki_element){
		.tag = in->data[0],
		.body = { rest.data, len },
		.whole = { in->data, header + len },
	};
	*in = (struct cs_span){ rest.data + len, rest.len - len };
	return true;
}

bool
pki_der_is(struct cs_span in, uint8_t tag)
{
	return in.len > 0 && in.data[0] == tag;
}

bool
pki_der_take(struct cs_span *in, uint8_t tag, struct cs_span *ret_body)
{
	struct pki_element element;

	if (!pki_der_is(*in, tag) || !pki_der_next(in, &element))
		return false;
	*ret_body = element.body;
	return true;
}

bool
pki_der_take_whole(struct cs_span *in, uint8_t tag, struct cs_span *ret_whole)
{
	struct pki_element element;

	if (!pki_der_is(*in, tag) || !pki_der_next(in, &element))
		return false;
	*ret_whole = element.whole;
	return true;
}

bool
pki_der_bool(struct cs_span body, bool *ret_value)
{
	if (body.len != 1 || (body.data[0] != 0x00 && body.data[0] != 0xff))
		return false;
	*ret_value = body.data[0] != 0;
	return true;
}

static bool
is_integer(struct cs_span body)
{
	if (body.len == 0)
		return false;
	if (body.len == 1)
		return true;
	return !(body.data[0] == 0x00 && body.data[1] < 0x80) &&
	       !(body.data[0] == 0xff && body.data[1] >= 0x80);
}

bool
pki_der_unsigned(struct cs_span body, struct cs_span *ret_octets)
{
	if (!is_integer(body) || body.data[0] >= 0x80)
		return false;
	if (body.data[0] == 0)
		body = (struct cs_span){ body.data + 1, body.len - 1 };
	*ret_octets = body;
	return true;
}

bool
pki_der_uint32(struct cs_span body, uint32_t *ret_value)
{
	struct cs_span octets;
	uint32_t value = 0;

	if (!pki_der_unsigned(body, &octets) || octets.len > 4)
		return false;
	for (size_t i = 0; i < octets.len; i++)
		value = (value << 8) | octets.data[i];
	*ret_value = value;
	return true;
}

static bool
is_bits(struct cs_span body)
{
	if (body.len == 0 || body.data[0] > 7)
		return false;
	const uint8_t unused = body.data[0];
	if (body.len == 1)
		return unused == 0;
	return (body.data[body.len - 1] & ((1u << unused) - 1)) == 0;
}

bool
pki_der_octet_bits(struct cs_span body, struct cs_span *ret_octets)
{
	if (!is_bits(body) || body.data[0] != 0)
		return false;
	*ret_octets = (struct cs_span){ body.data + 1, body.len - 1 };
	return true;
}

/* X.690 11.2.2: named bits end with a one. */
bool
pki_der_named_bits(struct cs_span body, uint16_t *ret_bits)
{
	uint16_t bits = 0;

	if (!is_bits(body) || body.len > 3)
		return false;
	if (body.len > 1 && (body.data[body.len - 1] & (1u << body.data[0])) == 0)
		return false;
	for (unsigned n = 0; n < 8 * (body.len - 1); n++)
		if ((body.data[1 + n / 8] & (0x80u >> (n % 8))) != 0)
			bits |= (uint16_t)(1u << n);
	*ret_bits = bits;
	return true;
}

/* The next arc, at most 63 bits, minimal (X.690 8.19.2). */
static bool
next_arc(struct cs_span *body, uint64_t *ret_arc)
{
	uint64_t arc = 0;

	if (body->len == 0 || body->data[0] == 0x80)
		return false;
	for (size_t i = 0; i < body->len && i < 9; i++) {
		arc = (arc << 7) | (body->data[i] & 0x7fu);
		if (body->data[i] < 0x80) {
			*body = (struct cs_span){ body->data + i + 1, body->len - i - 1 };
			*ret_arc = arc;
			return true;
		}
	}
	return false;
}

static bool
is_oid(struct cs_span body)
{
	uint64_t arc;

	if (body.len == 0 || body.len > OID_MAX)
		return false;
	while (body.len > 0)
		if (!next_arc(&body, &arc))
			return false;
	return true;
}

const char *
pki_der_oid_text(struct cs_arena *arena, struct cs_span body)
{
	struct cs_buf out = cs_buf_new(arena);
	uint64_t arc;

	if (!is_oid(body) || !next_arc(&body, &arc))
		return NULL;
	const uint64_t top = arc < 80 ? arc / 40 : 2;
	cs_buf_printf(&out, "%u.%llu", (unsigned)top, (unsigned long long)(arc - 40 * top));
	while (body.len > 0 && next_arc(&body, &arc))
		cs_buf_printf(&out, ".%llu", (unsigned long long)arc);
	return (const char *)cs_buf_span(&out).data;
}

/*
 * The last octet has the low bits of the last arc, behind the first two: that tells nearly all apart before
 * anything is encoded, which for tables of identifiers is most of what a lint costs.
 */
static bool
may_end(struct cs_span body, const char *dotted)
{
	unsigned dots = 0;
	uint64_t arc = 0;

	for (; *dotted != '\0'; dotted++) {
		if (*dotted == '.') {
			dots++;
			arc = 0;
		} else {
			arc = 10 * arc + (uint64_t)(*dotted - '0');
		}
	}
	return dots < 2 || (body.len > 0 && body.data[body.len - 1] == (arc & 0x7f));
}

bool
pki_der_oid_is(struct cs_span body, const char *dotted)
{
	uint8_t want[OID_MAX];

	if (!may_end(body, dotted))
		return false;
	size_t len = pki_der_oid_octets(dotted, want, sizeof(want));

	return len > 0 && cs_span_equal(body, cs_span_of(want, len));
}

static bool
two_digits(const uint8_t *at, int least, int most, int *ret_value)
{
	if (at[0] < '0' || at[0] > '9' || at[1] < '0' || at[1] > '9')
		return false;
	*ret_value = (at[0] - '0') * 10 + (at[1] - '0');
	return *ret_value >= least && *ret_value <= most;
}

static bool
is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int
days_of(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* In years that begin in March, so that the leap day is the last. */
static int64_t
days_since_epoch(int year, int month, int day)
{
	const int64_t y = year - (month <= 2);
	const int64_t era = y / 400;
	const int64_t yoe = y - era * 400;
	const int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

/* RFC 5280 4.1.2.5.1: two digits from 50 on are of the last century. */
static bool
read_year(uint8_t tag, const uint8_t *at, int *ret_year)
{
	int century, year;

	if (tag == PKI_UTC_TIME) {
		if (!two_digits(at, 0, 99, &year))
			return false;
		*ret_year = year + (year >= 50 ? 1900 : 2000);
		return true;
	}
	if (!two_digits(at, 19, 99, &century) || !two_digits(at + 2, 0, 99, &year))
		return false;
	*ret_year = 100 * century + year;
	return true;
}

bool
pki_der_time(uint8_t tag, struct cs_span body, int64_t *ret_s)
{
	const size_t year_digits = tag == PKI_UTC_TIME ? 2 : 4;
	int year, month, day, hour, minute, second;

	if ((tag != PKI_UTC_TIME && tag != PKI_GENERALIZED_TIME) || body.len != year_digits + 11 ||
	    body.data[body.len - 1] != 'Z' || !read_year(tag, body.data, &year))
		return false;
	const uint8_t *at = body.data + year_digits;
	if (!two_digits(at, 1, 12, &month) || !two_digits(at + 2, 1, days_of(year, month), &day))
		return false;
	if (!two_digits(at + 4, 0, 23, &hour) || !two_digits(at + 6, 0, 59, &minute) ||
	    !two_digits(at + 8, 0, 59, &second))
		return false;
	*ret_s = ((days_since_epoch(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
	return true;
}

static bool
is_printable(struct cs_span body)
{
	for (size_t i = 0; i < body.len; i++) {
		const uint8_t c = body.data[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			(c != 0 && strchr(" '()+,-./:=?", c) != NULL)))
			return false;
	}
	return true;
}

static bool
all_between(struct cs_span body, uint8_t first, uint8_t last)
{
	for (size_t i = 0; i < body.len; i++)
		if (body.data[i] < first || body.data[i] > last)
			return false;
	return true;
}

static bool
is_numeric(struct cs_span body)
{
	for (size_t i = 0; i < body.len; i++)
		if (body.data[i] != ' ' && (body.data[i] < '0' || body.data[i] > '9'))
			return false;
	return true;
}

/* NULL: these octets are characters of this string type. */
static const char *
string_fault(uint8_t tag, struct cs_span body)
{
	switch (tag) {
	case PKI_UTF8_STRING:
		return cs_utf8_valid(body) ? NULL : "a UTF8String that is not UTF-8";
	case PKI_PRINTABLE_STRING:
		return is_printable(body) ? NULL : "a PrintableString with other characters";
	case PKI_NUMERIC_STRING:
		return is_numeric(body) ? NULL : "a NumericString with other characters";
	case PKI_IA5_STRING:
		return all_between(body, 0x00, 0x7f) ? NULL
						     : "an IA5String with eight-bit characters";
	case PKI_VISIBLE_STRING:
		return all_between(body, 0x20, 0x7e) ? NULL
						     : "a VisibleString with other characters";
	case PKI_BMP_STRING:
		return body.len % 2 == 0 ? NULL : "a BMPString of odd length";
	case PKI_UNIVERSAL_STRING:
		return body.len % 4 == 0 ? NULL : "a UniversalString of odd length";
	default:
		return NULL; /* octets, Teletex and what is implicitly tagged say nothing about themselves */
	}
}

/* NULL: the contents are what DER allows for this universal type. */
static const char *
primitive_fault(uint8_t tag, struct cs_span body)
{
	bool flag;
	int64_t at_s;

	switch (tag) {
	case PKI_BOOLEAN:
		return pki_der_bool(body, &flag) ? NULL : "a BOOLEAN that is neither 00 nor ff";
	case PKI_INTEGER:
	case PKI_ENUMERATED:
		return is_integer(body) ? NULL : "an INTEGER with superfluous octets";
	case PKI_BIT_STRING:
		return is_bits(body) ? NULL : "a BIT STRING with unused bits that are set";
	case PKI_NULL:
		return body.len == 0 ? NULL : "a NULL with contents";
	case PKI_OID:
		return is_oid(body) ? NULL : "a malformed OBJECT IDENTIFIER";
	case PKI_UTC_TIME:
	case PKI_GENERALIZED_TIME:
		return pki_der_time(tag, body, &at_s) ? NULL : "a malformed time";
	default:
		return string_fault(tag, body);
	}
}

struct level {
	struct cs_span rest;   /* of the contents, not yet read */
	struct cs_span before; /* the element read last, for the order of sets */
	bool set;
};

/* Why the next element of `level` is not strict DER, or NULL and the element. */
static const char *
element_fault(struct level *level, struct pki_element *ret_element)
{
	if (!pki_der_next(&level->rest, ret_element))
		return "a tag or length that DER does not allow, or that says more than there is";
	if (level->set && level->before.len > 0 &&
	    cs_span_compare(level->before, ret_element->whole) > 0)
		return "a SET that is not in order";
	level->before = ret_element->whole;
	if ((ret_element->tag & CONSTRUCTED) != 0)
		return NULL;
	return primitive_fault(ret_element->tag, ret_element->body);
}

static bool
fault(const char *why, size_t at, const char **ret_why, size_t *ret_at)
{
	if (ret_why != NULL)
		*ret_why = why;
	if (ret_at != NULL)
		*ret_at = at;
	return false;
}

/* A stack of its own instead of recursion: depth is an input, the C stack is not. */
bool
pki_der_check(struct cs_span der, const char **ret_why, size_t *ret_at)
{
	struct level stack[PKI_DER_DEPTH + 1] = { { .rest = der } };
	size_t depth = 0;
	bool any = false;

	for (;;) {
		struct level *level = &stack[depth];
		struct pki_element element;

		if (level->rest.len == 0 && depth > 0) {
			depth--;
			continue;
		}
		if (level->rest.len == 0)
			return any || fault("nothing", 0, ret_why, ret_at);
		const size_t offset = (size_t)(level->rest.data - der.data);
		if (depth == 0 && any)
			return fault("octets after the end", offset, ret_why, ret_at);
		any = true;
		const char *why = element_fault(level, &element);
		if (why != NULL)
			return fault(why, offset, ret_why, ret_at);
		if ((element.tag & CONSTRUCTED) == 0)
			continue;
		if (depth == PKI_DER_DEPTH)
			return fault("nested too deeply", offset, ret_why, ret_at);
		stack[++depth] =
		    (struct level){ .rest = element.body, .set = element.tag == PKI_SET };
	}
}
