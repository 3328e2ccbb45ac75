/* SPDX-License-Identifier: Apache-2.0 */
/*
 * code.h: the secret of a second factor: eight digits, another one by each channel.
 *
 * A code is drawn from HMAC-SHA-256 of its challenge, channel and nonce under the key of codes; the nonce is 256 bits of
 * the kernel's randomness.  So the row that orders a message holds no code, and who has the database but not the key
 * file has nothing.  What is stored to compare with is another HMAC over the code and all that it is bound to.  Pure; no
 * code ever lies in an arena that outlives its use.
 */
#ifndef NOTIFY_CODE_H
#define NOTIFY_CODE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/id.h"
#include "base/span.h"
#include "connector/factor.h"

#define CODE_DIGITS 8
#define CODE_TEXT (CODE_DIGITS + 1)
#define CODE_KEY_MIN 32
#define CODE_NONCE 32
#define CODE_MAC 32

/* A new challenge's id and nonce from the octets of one decision. */
void code_seed(struct cs_span key, int64_t now_ms, const uint8_t random[static 32],
    struct cs_id *ret_challenge, uint8_t ret_nonce[static CODE_NONCE]);
/* Each of the 10^8 codes is as likely as any other: draws that would make some likelier are thrown away. */
void code_make(struct cs_span key, struct cs_id challenge, enum factor_channel channel,
    const uint8_t nonce[static CODE_NONCE], char ret_code[static CODE_TEXT]);
/* What a person typed: blanks and hyphens go, then exactly eight digits.  False: it can be no code of ours. */
CS_MUST_USE bool code_read(const char *text, char ret_code[static CODE_TEXT]);
/* A keyed digest that stands for the code: all that leaves the reader of what people typed. */
void
code_tag(struct cs_span key, const char code[static CODE_TEXT], uint8_t ret_tag[static CODE_MAC]);

/* What a code is good for, and nothing else. */
struct code_binding {
	struct cs_id request, challenge;
	const uint8_t *request_digest; /* 32 octets */
	const char *enterprise, *account, *method;
	enum factor_channel channel;
	int64_t expires_ms;
};
void code_mac(struct cs_arena *arena, struct cs_span key, const uint8_t tag[static CODE_MAC],
    const struct code_binding *binding, uint8_t ret_mac[static CODE_MAC]);

#endif
