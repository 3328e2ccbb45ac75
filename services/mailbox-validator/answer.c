/* SPDX-License-Identifier: Apache-2.0 */
/* answer.c: each use of the key has a label of its own, as in token.c. */
#include "answer.h"

#include <string.h>

#include "pki/mac.h"

static const char part1_label[] = "countersign/mailbox/answer-part-1/v1";
static const char part2_label[] = "countersign/mailbox/answer-part-2/v1";
static const char tag_label[] = "countersign/mailbox/answer-tag/v1";

#define SHOWN 8 /* characters in a row that are too many: 48 bits */

void
mailbox_answer_part1(struct cs_span key, struct cs_id mail,
    const uint8_t nonce[static MAILBOX_NONCE], char ret_text[static REPLY_PART1_TEXT])
{
	const struct cs_span parts[] = { cs_span_of(mail.octets, sizeof(mail.octets)),
		cs_span_of(nonce, MAILBOX_NONCE) };
	uint8_t mac[PKI_SHA256];

	pki_mac_parts(key, part1_label, parts, 2, mac);
	reply_part1(mac, ret_text);
	pki_wipe(mac, sizeof(mac));
}

void
mailbox_answer_part2(struct cs_span key, struct cs_id request, const char *check_id,
    char ret_text[static REPLY_PART1_TEXT])
{
	const struct cs_span parts[] = { cs_span_of(request.octets, sizeof(request.octets)),
		cs_span_str(check_id) };
	uint8_t mac[PKI_SHA256];

	pki_mac_parts(key, part2_label, parts, 2, mac);
	reply_part1(mac, ret_text);
	pki_wipe(mac, sizeof(mac));
}

void
mailbox_answer_digest(struct cs_span key, struct cs_id request, const char *check_id,
    const uint8_t request_digest[static 32], struct cs_id mail,
    const uint8_t nonce[static MAILBOX_NONCE], uint8_t ret_digest[static REPLY_DIGEST])
{
	char part1[REPLY_PART1_TEXT], part2[REPLY_PART1_TEXT], thumbprint[REPLY_DIGEST_TEXT];
	struct cs_err err;

	mailbox_answer_part1(key, mail, nonce, part1);
	mailbox_answer_part2(key, request, check_id, part2);
	reply_digest_text(request_digest, thumbprint);
	enum cs_code code = reply_digest(part1, part2, thumbprint, ret_digest, &err);

	cs_assert(code == CS_OK); /* all three are base64url of ours */
	pki_wipe(part1, sizeof(part1));
	pki_wipe(part2, sizeof(part2));
}

void
mailbox_answer_tag(struct cs_span key, const uint8_t digest[static REPLY_DIGEST],
    uint8_t ret_tag[static MAILBOX_MAC])
{
	pki_mac(key, tag_label, cs_span_of(digest, REPLY_DIGEST), ret_tag);
}

/* White space is no part of what a subject carries: servers fold lines where they like. */
static size_t
shown_from(const char *part1, const char *text)
{
	size_t n = 0;

	for (; *text != '\0' && part1[n] != '\0'; text++) {
		if (*text == ' ')
			continue;
		if (*text != part1[n])
			break;
		n++;
	}
	return n;
}

bool
mailbox_answer_shows(struct cs_span key, struct cs_id mail,
    const uint8_t nonce[static MAILBOX_NONCE], const char *text)
{
	char part1[REPLY_PART1_TEXT];
	bool shows = false;

	mailbox_answer_part1(key, mail, nonce, part1);
	for (; *text != '\0' && !shows; text++)
		for (size_t at = 0; at + SHOWN < REPLY_PART1_TEXT && !shows; at++)
			shows = shown_from(part1 + at, text) >= SHOWN;
	pki_wipe(part1, sizeof(part1));
	return shows;
}
