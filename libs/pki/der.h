/* SPDX-License-Identifier: Apache-2.0 */
/*
 * der.h: strict DER (X.690), read and written.
 *
 * Reading never recurses, never allocates and never looks outside its span.  Refused: indefinite
 * and non-minimal lengths, non-minimal integers, tag numbers above 30, a depth above PKI_DER_DEPTH,
 * octets left over.  OpenSSL accepts most of these, so its acceptance proves nothing.
 */
#ifndef PKI_DER_H
#define PKI_DER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

#define PKI_DER_DEPTH 12

enum pki_tag {
	PKI_BOOLEAN = 0x01,
	PKI_INTEGER = 0x02,
	PKI_BIT_STRING = 0x03,
	PKI_OCTET_STRING = 0x04,
	PKI_NULL = 0x05,
	PKI_OID = 0x06,
	PKI_ENUMERATED = 0x0a,
	PKI_UTF8_STRING = 0x0c,
	PKI_NUMERIC_STRING = 0x12,
	PKI_PRINTABLE_STRING = 0x13,
	PKI_T61_STRING = 0x14,
	PKI_IA5_STRING = 0x16,
	PKI_UTC_TIME = 0x17,
	PKI_GENERALIZED_TIME = 0x18,
	PKI_VISIBLE_STRING = 0x1a,
	PKI_UNIVERSAL_STRING = 0x1c,
	PKI_BMP_STRING = 0x1e,
	PKI_SEQUENCE = 0x30,
	PKI_SET = 0x31
};
#define PKI_CONTEXT(n) (0x80 | (n))             /* [n] IMPLICIT of a primitive type */
#define PKI_CONTEXT_CONSTRUCTED(n) (0xa0 | (n)) /* [n] EXPLICIT, or IMPLICIT of a constructed one */

/*
 * Is `der` exactly one element, strict all the way down, and every universal primitive in it well
 * formed (booleans, integers, bit strings, identifiers, times, character sets, order of sets)?
 * False: *ret_why (may be NULL) says what is wrong, *ret_at where.
 */
CS_MUST_USE bool pki_der_check(struct cs_span der, const char **ret_why, size_t *ret_at);

struct pki_element {
	uint8_t tag;
	struct cs_span body;  /* the contents octets; borrowed from the input */
	struct cs_span whole; /* with tag and length */
};

/* Takes the first element off `in`.  False: there is none, or it is not strict; `in` untouched. */
CS_MUST_USE bool pki_der_next(struct cs_span *in, struct pki_element *ret_element);
/* The same, and it must have this tag; gives its contents. */
CS_MUST_USE bool pki_der_take(struct cs_span *in, uint8_t tag, struct cs_span *ret_body);
/* The same, giving the whole element. */
CS_MUST_USE bool pki_der_take_whole(struct cs_span *in, uint8_t tag, struct cs_span *ret_whole);
/* Does `in` start with this tag? */
bool pki_der_is(struct cs_span in, uint8_t tag);

/* Contents octets into values; false when they are not strict or do not fit. */
CS_MUST_USE bool pki_der_bool(struct cs_span body, bool *ret_value);
CS_MUST_USE bool pki_der_uint32(struct cs_span body, uint32_t *ret_value);
/* A non-negative INTEGER as big-endian octets without the sign octet; zero is empty. */
CS_MUST_USE bool pki_der_unsigned(struct cs_span body, struct cs_span *ret_octets);
/* UTCTime (1950 to 2049) or GeneralizedTime, RFC 5280 4.1.2.5, as seconds since 1970. */
CS_MUST_USE bool pki_der_time(uint8_t tag, struct cs_span body, int64_t *ret_s);
/* A BIT STRING with whole octets, without the count of unused bits. */
CS_MUST_USE bool pki_der_octet_bits(struct cs_span body, struct cs_span *ret_octets);
/* A named BIT STRING of at most 16 bits: bit n of the result is the named bit n. */
CS_MUST_USE bool pki_der_named_bits(struct cs_span body, uint16_t *ret_bits);
/* "2.5.4.3" in `arena`, or NULL: not a well-formed identifier. */
const char *pki_der_oid_text(struct cs_arena *arena, struct cs_span body);
/* Are these contents octets the identifier with this dotted text? */
bool pki_der_oid_is(struct cs_span body, const char *dotted);

/* The contents octets of a dotted identifier; how many, 0: it is not one, or longer than `cap`. */
size_t pki_der_oid_octets(const char *dotted, uint8_t *ret_octets, size_t cap);

/*
 * Writing, into a buffer.  What is constructed is begun and ended:
 *	size_t seq = pki_der_begin(out, PKI_SEQUENCE); ... pki_der_end(out, seq);
 */
size_t pki_der_begin(struct cs_buf *out, uint8_t tag);
void pki_der_end(struct cs_buf *out, size_t mark);
void pki_der_put(struct cs_buf *out, uint8_t tag, struct cs_span body);
void pki_der_put_text(struct cs_buf *out, uint8_t tag, const char *text);
void pki_der_put_bool(struct cs_buf *out, bool value);
void pki_der_put_null(struct cs_buf *out);
void pki_der_put_int(struct cs_buf *out, uint32_t value);
void pki_der_put_unsigned(struct cs_buf *out, struct cs_span octets); /* big-endian magnitude */
void pki_der_put_oid(struct cs_buf *out, const char *dotted);         /* asserts that it is one */
void pki_der_put_octet_bits(struct cs_buf *out, struct cs_span octets);
void pki_der_put_named_bits(struct cs_buf *out, uint8_t tag, uint16_t bits);
/* UTCTime through 2049, GeneralizedTime from 2050 on. */
void pki_der_put_time(struct cs_buf *out, int64_t at_s);

#endif
