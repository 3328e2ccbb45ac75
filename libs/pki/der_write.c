/* SPDX-License-Identifier: Apache-2.0 */
/* Writing.  Forwards, with lengths put in when they are known: certificates are small. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pki/der.h"

/* Writes the length octets of `len`; at most five. */
static size_t
length_octets(size_t len, uint8_t ret_octets[static 5])
{
	size_t more = 0;

	if (len < 0x80) {
		ret_octets[0] = (uint8_t)len;
		return 1;
	}
	for (size_t left = len; left > 0; left >>= 8)
		more++;
	cs_assert(more <= 4);
	ret_octets[0] = (uint8_t)(0x80 | more);
	for (size_t i = 0; i < more; i++)
		ret_octets[1 + i] = (uint8_t)(len >> (8 * (more - 1 - i)));
	return 1 + more;
}

size_t
pki_der_begin(struct cs_buf *out, uint8_t tag)
{
	const uint8_t header[2] = { tag, 0 };

	cs_buf_add(out, header, sizeof(header));
	return out->len;
}

/* `mark` is where the contents start; they move up when their length needs more than one octet. */
void
pki_der_end(struct cs_buf *out, size_t mark)
{
	uint8_t octets[5];
	const size_t len = out->len - mark;
	const size_t n = length_octets(len, octets);

	cs_buf_add(out, octets, n - 1); /* room; the values are overwritten */
	memmove(out->data + mark + n - 1, out->data + mark, len);
	memcpy(out->data + mark - 1, octets, n);
}

void
pki_der_put(struct cs_buf *out, uint8_t tag, struct cs_span body)
{
	uint8_t header[6] = { tag };
	const size_t n = length_octets(body.len, header + 1);

	cs_buf_add(out, header, 1 + n);
	cs_buf_add_span(out, body);
}

void
pki_der_put_text(struct cs_buf *out, uint8_t tag, const char *text)
{
	pki_der_put(out, tag, cs_span_str(text));
}

void
pki_der_put_bool(struct cs_buf *out, bool value)
{
	const uint8_t octet = value ? 0xff : 0x00;

	pki_der_put(out, PKI_BOOLEAN, cs_span_of(&octet, 1));
}

void
pki_der_put_null(struct cs_buf *out)
{
	pki_der_put(out, PKI_NULL, cs_span_of(NULL, 0));
}

void
pki_der_put_unsigned(struct cs_buf *out, struct cs_span octets)
{
	while (octets.len > 0 && octets.data[0] == 0)
		octets = (struct cs_span){ octets.data + 1, octets.len - 1 };
	const bool sign = octets.len == 0 || octets.data[0] >= 0x80;
	uint8_t header[6] = { PKI_INTEGER };
	const size_t n = length_octets(octets.len + sign, header + 1);

	cs_buf_add(out, header, 1 + n);
	if (sign)
		cs_buf_add(out, "", 1);
	cs_buf_add_span(out, octets);
}

void
pki_der_put_int(struct cs_buf *out, uint32_t value)
{
	const uint8_t octets[4] = { (uint8_t)(value >> 24), (uint8_t)(value >> 16),
		(uint8_t)(value >> 8), (uint8_t)value };

	pki_der_put_unsigned(out, cs_span_of(octets, sizeof(octets)));
}

static size_t
arc_octets(uint64_t arc, uint8_t *ret_octets, size_t cap)
{
	size_t n = 1;

	for (uint64_t left = arc >> 7; left > 0; left >>= 7)
		n++;
	if (n > cap || n > 9)
		return 0;
	for (size_t i = 0; i < n; i++)
		ret_octets[i] =
		    (uint8_t)(((arc >> (7 * (n - 1 - i))) & 0x7f) | (i + 1 < n ? 0x80 : 0));
	return n;
}

/* A decimal number without leading zeros, and past it. */
static bool
read_arc(const char **text, uint64_t *ret_arc)
{
	const char *at = *text;
	uint64_t arc = 0;

	if (*at < '0' || *at > '9' || (*at == '0' && at[1] >= '0' && at[1] <= '9'))
		return false;
	for (; *at >= '0' && *at <= '9'; at++) {
		if (arc > (UINT64_MAX >> 1) / 10 - 1)
			return false;
		arc = arc * 10 + (uint64_t)(*at - '0');
	}
	*text = at;
	*ret_arc = arc;
	return true;
}

size_t
pki_der_oid_octets(const char *dotted, uint8_t *ret_octets, size_t cap)
{
	uint64_t top, arc;

	if (!read_arc(&dotted, &top) || top > 2 || *dotted++ != '.' || !read_arc(&dotted, &arc) ||
	    (top < 2 && arc > 39))
		return 0;
	size_t len = arc_octets(40 * top + arc, ret_octets, cap);
	while (len > 0 && *dotted != '\0') {
		if (*dotted++ != '.' || !read_arc(&dotted, &arc))
			return 0;
		const size_t n = arc_octets(arc, ret_octets + len, cap - len);
		if (n == 0)
			return 0;
		len += n;
	}
	return len;
}

void
pki_der_put_oid(struct cs_buf *out, const char *dotted)
{
	uint8_t octets[64];
	const size_t len = pki_der_oid_octets(dotted, octets, sizeof(octets));

	cs_assert(len > 0);
	pki_der_put(out, PKI_OID, cs_span_of(octets, len));
}

void
pki_der_put_octet_bits(struct cs_buf *out, struct cs_span octets)
{
	uint8_t header[6] = { PKI_BIT_STRING };
	const size_t n = length_octets(octets.len + 1, header + 1);

	cs_buf_add(out, header, 1 + n);
	cs_buf_add(out, "", 1);
	cs_buf_add_span(out, octets);
}

void
pki_der_put_named_bits(struct cs_buf *out, uint8_t tag, uint16_t bits)
{
	uint8_t body[3] = { 0 };
	size_t len = 1;

	for (unsigned n = 0; n < 16; n++) {
		if ((bits & (1u << n)) == 0)
			continue;
		body[1 + n / 8] |= (uint8_t)(0x80u >> (n % 8));
		len = 2 + n / 8;
		body[0] = (uint8_t)(7 - n % 8);
	}
	pki_der_put(out, tag, cs_span_of(body, len));
}

void
pki_der_put_time(struct cs_buf *out, int64_t at_s)
{
	const time_t at = (time_t)at_s;
	struct tm tm;
	char text[32];

	cs_assert(gmtime_r(&at, &tm) != NULL && tm.tm_year >= 50 && tm.tm_year <= 9999 - 1900);
	const bool utc = tm.tm_year < 150;
	cs_assert(strftime(text, sizeof(text), "%Y%m%d%H%M%SZ", &tm) == 15);
	pki_der_put_text(out, utc ? PKI_UTC_TIME : PKI_GENERALIZED_TIME, utc ? text + 2 : text);
}
