/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer.h: the secrets of a mailbox that is proved by an answer (SBR 3.2.2.4, RFC 8823).  Part 1 of the
 * token goes by mail, part 2 to the person who asks; who has both can make the answer.  Like tokens they are
 * HMACs of what the database has, under the key file: neither lies in a row.  What stands for an account
 * key's thumbprint is the digest of the request, which covers its key: an answer serves no other.  Pure.
 */
#ifndef MAILBOX_ANSWER_H
#define MAILBOX_ANSWER_H

#include "base/id.h"
#include "base/span.h"
#include "reply/challenge.h"
#include "token.h"

/* Of one mail. */
void mailbox_answer_part1(struct cs_span key, struct cs_id mail,
    const uint8_t nonce[static MAILBOX_NONCE], char ret_text[static REPLY_PART1_TEXT]);
/* Of one check of one request: every mail of it is answered with the same. */
void mailbox_answer_part2(struct cs_span key, struct cs_id request, const char *check_id,
    char ret_text[static REPLY_PART1_TEXT]);
/* What the answer to this mail shows: SHA-256 of its key authorization. */
void mailbox_answer_digest(struct cs_span key, struct cs_id request, const char *check_id,
    const uint8_t request_digest[static 32], struct cs_id mail,
    const uint8_t nonce[static MAILBOX_NONCE], uint8_t ret_digest[static REPLY_DIGEST]);
/* A keyed digest that stands for the answer's: all that leaves the reader of mails. */
void mailbox_answer_tag(struct cs_span key, const uint8_t digest[static REPLY_DIGEST],
    uint8_t ret_tag[static MAILBOX_MAC]);

/* Does `text` repeat some of part 1 of this mail? */
bool mailbox_answer_shows(struct cs_span key, struct cs_id mail,
    const uint8_t nonce[static MAILBOX_NONCE], const char *text);

#endif
