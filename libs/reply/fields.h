/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fields.h: what stands in the fields of a mail's header (RFC 5322 3.2 to 3.6, RFC 2047).  Pure.
 *
 * Which octets are an address is decided by smime/address.h; here they are only found.  Anything that
 * readers are known to see differently (groups, comments inside addresses, '@' in a display name) is no
 * list of addresses at all.
 */
#ifndef REPLY_FIELDS_H
#define REPLY_FIELDS_H

#include "base/arena.h"
#include "base/err.h"

#define REPLY_ADDRESSES_MAX 64
#define REPLY_IDS_MAX 64
#define REPLY_ID_MAX 250 /* octets of a Message-ID with its angle brackets */

/* A folded value as one line, without blanks around it. */
struct cs_span reply_unfold(struct cs_arena *arena, struct cs_span value);

/*
 * The text of an unstructured field: unfolded, encoded words of UTF-8 and US-ASCII decoded, those of
 * other character sets left as they are.  False: the result is no UTF-8 or has control characters.
 */
CS_MUST_USE bool
reply_decode(struct cs_arena *arena, struct cs_span value, struct cs_span *ret_text);

/*
 * The octets of the addresses in a list of mailboxes, without display names.  False: it is no such list,
 * is empty, or is longer than REPLY_ADDRESSES_MAX.
 */
CS_MUST_USE bool reply_addresses(struct cs_arena *arena, struct cs_span value,
    const struct cs_span **ret_addresses, size_t *ret_len);

/* "<a@b> <c@d>": the identifiers with their brackets.  False: it has anything else, or too many. */
CS_MUST_USE bool reply_ids(
    struct cs_arena *arena, struct cs_span value, const struct cs_span **ret_ids, size_t *ret_len);

/* The first word of a value like "no; x=y" or "no (comment)", unfolded. */
struct cs_span reply_first_word(struct cs_arena *arena, struct cs_span value);

#endif
