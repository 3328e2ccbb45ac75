/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token.h: the secret that is mailed: 160 bits, base32 in groups of four (SBR 3.2.2.2 wants 112 bits).
 *
 * A token is HMAC-SHA-256 of its mail's id and nonce under the token key, cut to 160 bits; the nonce is
 * 256 bits of the kernel's randomness.  So the row that orders a mail holds no token, and who has the
 * database but not the key file has nothing.  What is stored to compare with is another HMAC, over a
 * keyed digest of the token and all that it is bound to.  Pure; no token ever lies in an arena.
 */
#ifndef MAILBOX_TOKEN_H
#define MAILBOX_TOKEN_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/id.h"
#include "base/span.h"

#define MAILBOX_TOKEN 20      /* octets */
#define MAILBOX_TOKEN_TEXT 40 /* "ABCD-EFGH-...-2345": eight groups of four, and its NUL */
#define MAILBOX_TOKEN_KEY_MIN 32
#define MAILBOX_NONCE 32
#define MAILBOX_MAC 32

/* A new mail's id and nonce from the octets of one decision. */
void mailbox_mail_seed(struct cs_span key, int64_t now_ms, const uint8_t random[static 32],
    struct cs_id *ret_mail, uint8_t ret_nonce[static MAILBOX_NONCE]);

void mailbox_token_make(struct cs_span key, struct cs_id mail,
    const uint8_t nonce[static MAILBOX_NONCE], uint8_t ret_token[static MAILBOX_TOKEN]);
void mailbox_token_format(
    const uint8_t token[static MAILBOX_TOKEN], char ret_text[static MAILBOX_TOKEN_TEXT]);
/*
 * What a person typed: white space and hyphens go, case folds, then exactly 32 characters of base32.
 * False: it can be no token of ours.
 */
CS_MUST_USE bool mailbox_token_read(struct cs_span text, uint8_t ret_token[static MAILBOX_TOKEN]);

/* A keyed digest that stands for the token: all that leaves the reader of what people typed. */
void mailbox_token_tag(struct cs_span key, const uint8_t token[static MAILBOX_TOKEN],
    uint8_t ret_tag[static MAILBOX_MAC]);

/* What a token is good for, and nothing else. */
struct mailbox_binding {
	struct cs_id request, mail;
	const uint8_t *request_digest; /* 32 octets */
	const char *mailbox, *enterprise, *account;
	int64_t expires_ms;
};
void
mailbox_token_mac(struct cs_arena *arena, struct cs_span key, const uint8_t tag[static MAILBOX_MAC],
    const struct mailbox_binding *binding, uint8_t ret_mac[static MAILBOX_MAC]);

/* Does `text` show eight characters or more of the token in a row, however grouped or in whichever case? */
bool mailbox_token_shows(const uint8_t token[static MAILBOX_TOKEN], const char *text);

#endif
