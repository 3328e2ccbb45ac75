/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message.c: no library of LDAP stands here, since those wait inside their calls: a silent directory would hold up the others.
 * The two messages of LDAP that a bind is made of, in BER as RFC 4511 5.1 restricts it.  Lengths in more octets
 * than needed are good: Active Directory writes all of them in four.
 */
#include <string.h>

#include "internal.h"

#define MESSAGE_ID 1 /* of the only request */
#define VERSION 3

enum tag {
	TAG_INTEGER = 0x02,
	TAG_OCTETS = 0x04,
	TAG_ENUMERATED = 0x0a,
	TAG_SEQUENCE = 0x30,
	TAG_BIND_REQUEST = 0x60,
	TAG_BIND_RESPONSE = 0x61,
	TAG_SIMPLE = 0x80
};

/* ---- what is said ---- */

static void
put_head(struct cs_buf *out, uint8_t tag, size_t len)
{
	const uint8_t brief[] = { tag, (uint8_t)len };
	const uint8_t wide[] = { tag, 0x82, (uint8_t)(len >> 8), (uint8_t)len };

	cs_assert(len <= UINT16_MAX);
	if (len < 0x80)
		cs_buf_add(out, brief, sizeof(brief));
	else
		cs_buf_add(out, wide, sizeof(wide));
}

static size_t
head_len(size_t len)
{
	return len < 0x80 ? 2 : 4;
}

static void
put(struct cs_buf *out, uint8_t tag, struct cs_span octets)
{
	put_head(out, tag, octets.len);
	cs_buf_add_span(out, octets);
}

static void
put_small(struct cs_buf *out, uint8_t tag, uint8_t value)
{
	put(out, tag, cs_span_of(&value, 1));
}

/* Outer lengths first: nothing of a password is moved about. */
struct cs_span
directory_bind_request(struct cs_arena *arena, const char *name, struct cs_span password)
{
	const struct cs_span dn = cs_span_str(name);
	const size_t bind = 3 + head_len(dn.len) + dn.len + head_len(password.len) + password.len;
	const size_t message = 3 + head_len(bind) + bind;
	struct cs_buf out = cs_buf_new(arena);

	put_head(&out, TAG_SEQUENCE, message);
	put_small(&out, TAG_INTEGER, MESSAGE_ID);
	put_head(&out, TAG_BIND_REQUEST, bind);
	put_small(&out, TAG_INTEGER, VERSION);
	put(&out, TAG_OCTETS, dn);
	put(&out, TAG_SIMPLE, password);
	return cs_buf_span(&out);
}

/* ---- what is answered ---- */

/* Tag and length at the front of `rest`, which goes on behind them.  *ret_len may be more than there is. */
static enum directory_heard
take_head(struct cs_span *rest, uint8_t *ret_tag, size_t *ret_len)
{
	size_t len, octets;

	if (rest->len < 2)
		return DIRECTORY_MORE;
	len = rest->data[1];
	octets = len < 0x80 ? 0 : len & 0x7f;
	if (octets > 4 || len == 0x80) /* 0x80: without a length */
		return DIRECTORY_NONSENSE;
	if (rest->len < 2 + octets)
		return DIRECTORY_MORE;
	if (octets > 0)
		len = 0;
	for (size_t i = 0; i < octets; i++)
		len = len << 8 | rest->data[2 + i];
	*ret_tag = rest->data[0];
	*ret_len = len;
	*rest = cs_span_of(rest->data + 2 + octets, rest->len - 2 - octets);
	return len > DIRECTORY_ANSWER_MAX ? DIRECTORY_NONSENSE : DIRECTORY_ANSWER;
}

/* A whole element of this kind; false: there is none. */
static bool
take(struct cs_span *rest, uint8_t tag, struct cs_span *ret)
{
	uint8_t found;
	size_t len;

	if (take_head(rest, &found, &len) != DIRECTORY_ANSWER || found != tag || len > rest->len)
		return false;
	*ret = cs_span_of(rest->data, len);
	if (len > 0) /* an empty span has no address to go on from */
		*rest = cs_span_of(rest->data + len, rest->len - len);
	return true;
}

/* Not negative, and at most three octets, which every result has room in. */
static bool
take_number(struct cs_span *rest, uint8_t tag, uint32_t *ret)
{
	struct cs_span octets;
	uint32_t value = 0;

	if (!take(rest, tag, &octets) || octets.len < 1 || octets.len > 3 ||
	    (octets.data[0] & 0x80) != 0)
		return false;
	for (size_t i = 0; i < octets.len; i++)
		value = value << 8 | octets.data[i];
	*ret = value;
	return true;
}

/* resultCode, matchedDN and diagnosticMessage; a referral or credentials may follow. */
static bool
read_response(struct cs_span message, uint32_t *ret_code)
{
	struct cs_span bind, text;
	uint32_t id;

	return take_number(&message, TAG_INTEGER, &id) && id == MESSAGE_ID &&
	       take(&message, TAG_BIND_RESPONSE, &bind) &&
	       take_number(&bind, TAG_ENUMERATED, ret_code) && take(&bind, TAG_OCTETS, &text) &&
	       take(&bind, TAG_OCTETS, &text);
}

enum directory_heard
directory_hear(struct cs_span octets, uint32_t *ret_code)
{
	uint8_t tag;
	size_t len;

	if (octets.len > 0 && octets.data[0] != TAG_SEQUENCE)
		return DIRECTORY_NONSENSE;
	const enum directory_heard head = take_head(&octets, &tag, &len);

	if (head != DIRECTORY_ANSWER)
		return head;
	if (octets.len < len)
		return DIRECTORY_MORE;
	return read_response(cs_span_of(octets.data, len), ret_code) ? DIRECTORY_ANSWER
								     : DIRECTORY_NONSENSE;
}

bool
directory_whole(struct cs_span octets)
{
	uint32_t code;

	return directory_hear(octets, &code) != DIRECTORY_MORE;
}

struct cs_span
directory_greeting(struct cs_arena *arena)
{
	return directory_bind_request(arena, "", cs_span_str(""));
}

bool
directory_greeted(struct cs_span octets, uint32_t *ret_code)
{
	return directory_hear(octets, ret_code) == DIRECTORY_ANSWER;
}

/*
 * RFC 4511 appendix A.  Besides 49, directories say 48 of who has no password, 32 of a name that they do not know, and
 * 19, 50 or 53 of who is locked out.
 */
enum directory_outcome
directory_judge(uint32_t code)
{
	switch (code) {
	case 0: /* success */
		return DIRECTORY_BOUND;
	case 19: /* constraintViolation */
	case 32: /* noSuchObject */
	case 48: /* inappropriateAuthentication */
	case 49: /* invalidCredentials */
	case 50: /* insufficientAccessRights */
	case 53: /* unwillingToPerform */
		return DIRECTORY_WRONG;
	case 34: /* invalidDNSyntax */
		return DIRECTORY_NO_NAME;
	default:
		return DIRECTORY_AWAY;
	}
}
