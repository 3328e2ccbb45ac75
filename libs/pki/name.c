/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/name.h"

#include <string.h>

#include "base/text.h"
#include "pki/der.h"

/* In the octets of UTF-8: how it begins, and from what to what the next octet goes on. */
static const struct {
	const char *lead;
	uint8_t first, last;
} unseen[] = {
	{ "\xc2", 0x80, 0x9f },     /* U+0080 to 9F, controls */
	{ "\xc2", 0xad, 0xad },     /* U+00AD, soft hyphen */
	{ "\xe2\x80", 0x8b, 0x8f }, /* U+200B to 200F, zero width, directions */
	{ "\xe2\x80", 0xa8, 0xae }, /* U+2028 to 202E, line ends, directions */
	{ "\xe2\x81", 0xa0, 0xaf }, /* U+2060 to 206F, invisible operators, isolates */
	{ "\xef\xbb", 0xbf, 0xbf }, /* U+FEFF, byte order mark */
};

static bool
is_unseen(const uint8_t *at, size_t left)
{
	for (size_t i = 0; i < sizeof(unseen) / sizeof(unseen[0]); i++) {
		size_t len = strlen(unseen[i].lead);

		if (left > len && memcmp(at, unseen[i].lead, len) == 0 &&
		    at[len] >= unseen[i].first && at[len] <= unseen[i].last)
			return true;
	}
	return false;
}

const char *
pki_text_fault(struct cs_span text)
{
	if (!cs_utf8_valid(text))
		return "text that is not UTF-8";
	if (text.len > PKI_NAME_VALUE_MAX)
		return "a value of more than 1024 octets";
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] < 0x20 || text.data[i] == 0x7f ||
		    is_unseen(text.data + i, text.len - i))
			return "control, direction or invisible characters";
	return NULL;
}

static void
add_utf8(struct cs_buf *out, uint32_t c)
{
	const uint8_t three[] = { (uint8_t)(0xe0 | (c >> 12)), (uint8_t)(0x80 | ((c >> 6) & 0x3f)),
		(uint8_t)(0x80 | (c & 0x3f)) };
	const uint8_t two[] = { (uint8_t)(0xc0 | (c >> 6)), (uint8_t)(0x80 | (c & 0x3f)) };
	const uint8_t one = (uint8_t)c;

	if (c < 0x80)
		cs_buf_add(out, &one, 1);
	else if (c < 0x800)
		cs_buf_add(out, two, sizeof(two));
	else
		cs_buf_add(out, three, sizeof(three)); /* surrogates come out as invalid UTF-8 */
}

static struct cs_span
from_bmp(struct cs_arena *arena, struct cs_span body)
{
	struct cs_buf out = cs_buf_new(arena);

	for (size_t i = 0; i + 1 < body.len; i += 2)
		add_utf8(&out, ((uint32_t)body.data[i] << 8) | body.data[i + 1]);
	return cs_buf_span(&out);
}

const char *
pki_string_text(struct cs_arena *arena, uint8_t tag, struct cs_span body)
{
	static const uint8_t ascii[] = { PKI_PRINTABLE_STRING, PKI_IA5_STRING, PKI_NUMERIC_STRING,
		PKI_VISIBLE_STRING, PKI_T61_STRING };

	if (body.len > 2 * PKI_NAME_VALUE_MAX)
		return NULL;
	if (tag == PKI_BMP_STRING)
		body = from_bmp(arena, body);
	else if (tag != PKI_UTF8_STRING && memchr(ascii, tag, sizeof(ascii)) == NULL)
		return NULL;
	/* Teletex says nothing certain about octets above 7f. */
	for (size_t i = 0; tag != PKI_UTF8_STRING && tag != PKI_BMP_STRING && i < body.len; i++)
		if (body.data[i] >= 0x80)
			return NULL;
	if (pki_text_fault(body) != NULL)
		return NULL;
	return cs_arena_strndup(arena, (const char *)body.data, body.len);
}

static const char *
read_attribute(struct cs_arena *arena, struct cs_span body, struct pki_attribute *ret_attribute)
{
	struct cs_span oid;
	struct pki_element value;

	if (!pki_der_take(&body, PKI_OID, &oid) || !pki_der_next(&body, &value) || body.len > 0)
		return "an attribute that is not a type and a value";
	ret_attribute->oid = pki_der_oid_text(arena, oid);
	/* RFC 5280 4.1.2.4: no name is made of VisibleStrings, and OpenSSL reads none. */
	ret_attribute->value =
	    value.tag == PKI_VISIBLE_STRING ? NULL : pki_string_text(arena, value.tag, value.body);
	if (ret_attribute->oid == NULL)
		return "an attribute of a malformed type";
	return ret_attribute->value != NULL
		   ? NULL
		   : "an attribute with control, direction or invisible characters, or of a type that is no text";
}

const char *
pki_name_read(struct cs_arena *arena, struct cs_span body,
    const struct pki_attribute **ret_attributes, size_t *ret_n)
{
	struct pki_attribute *attributes =
	    CS_NEW_ARRAY(arena, PKI_NAME_ATTRIBUTES, struct pki_attribute);
	size_t n = 0;

	while (body.len > 0) {
		struct cs_span rdn, attribute;

		if (!pki_der_take(&body, PKI_SET, &rdn) || rdn.len == 0)
			return "a name that is not a sequence of sets";
		while (rdn.len > 0) {
			if (n == PKI_NAME_ATTRIBUTES)
				return "a name of more than 16 attributes";
			if (!pki_der_take(&rdn, PKI_SEQUENCE, &attribute))
				return "a name that is not a sequence of sets";
			const char *why = read_attribute(arena, attribute, &attributes[n++]);
			if (why != NULL)
				return why;
		}
	}
	*ret_attributes = attributes;
	*ret_n = n;
	return NULL;
}

/* X.520 and PKCS#9 fix the type of these; everything else is UTF8String (SBR 7.1.4). */
static uint8_t
string_tag(const char *oid)
{
	static const char *const printable[] = { PKI_OID_COUNTRY, PKI_OID_SERIAL_NUMBER,
		PKI_OID_DN_QUALIFIER };

	for (size_t i = 0; i < sizeof(printable) / sizeof(printable[0]); i++)
		if (strcmp(oid, printable[i]) == 0)
			return PKI_PRINTABLE_STRING;
	if (strcmp(oid, PKI_OID_EMAIL) == 0 || strcmp(oid, PKI_OID_DOMAIN_COMPONENT) == 0)
		return PKI_IA5_STRING;
	return PKI_UTF8_STRING;
}

struct cs_span
pki_name(struct cs_arena *arena, const struct pki_attribute *attributes, size_t n)
{
	struct cs_buf out = cs_buf_new(arena);
	const size_t name = pki_der_begin(&out, PKI_SEQUENCE);

	for (size_t i = 0; i < n; i++) {
		const size_t rdn = pki_der_begin(&out, PKI_SET);
		const size_t attribute = pki_der_begin(&out, PKI_SEQUENCE);

		pki_der_put_oid(&out, attributes[i].oid);
		pki_der_put_text(&out, string_tag(attributes[i].oid), attributes[i].value);
		pki_der_end(&out, attribute);
		pki_der_end(&out, rdn);
	}
	pki_der_end(&out, name);
	return cs_buf_span(&out);
}
