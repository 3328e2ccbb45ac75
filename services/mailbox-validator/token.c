/* SPDX-License-Identifier: Apache-2.0 */
/* token.c: each use of the key has a label of its own, so that no output can serve as another. */
#include "token.h"

#include <string.h>

#include "pki/mac.h"

#define CHARACTERS 32 /* of a token: 160 bits, five a character */
#define GROUP 4
#define SHOWN 8 /* characters in a row that are too many: 40 bits */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"; /* RFC 4648 section 6 */

static const char id_label[] = "countersign/mailbox/mail-id/v1";
static const char nonce_label[] = "countersign/mailbox/nonce/v1";
static const char token_label[] = "countersign/mailbox/token/v1";
static const char tag_label[] = "countersign/mailbox/tag/v1";
static const char mac_label[] = "countersign/mailbox/mac/v1";

void
mailbox_mail_seed(struct cs_span key, int64_t now_ms, const uint8_t random[static 32],
    struct cs_id *ret_mail, uint8_t ret_nonce[static MAILBOX_NONCE])
{
	uint8_t id[PKI_SHA256];

	pki_mac(key, id_label, cs_span_of(random, 32), id);
	pki_mac(key, nonce_label, cs_span_of(random, 32), ret_nonce);
	*ret_mail = cs_id_at(now_ms, id);
}

void
mailbox_token_make(struct cs_span key, struct cs_id mail, const uint8_t nonce[static MAILBOX_NONCE],
    uint8_t ret_token[static MAILBOX_TOKEN])
{
	const struct cs_span parts[] = { cs_span_of(mail.octets, sizeof(mail.octets)),
		cs_span_of(nonce, MAILBOX_NONCE) };
	uint8_t mac[PKI_SHA256];

	pki_mac_parts(key, token_label, parts, 2, mac);
	memcpy(ret_token, mac, MAILBOX_TOKEN);
	pki_wipe(mac, sizeof(mac));
}

/* The n-th character: five bits, the first ones first. */
static char
character(const uint8_t *token, size_t n)
{
	size_t bit = n * 5, at = bit / 8, shift = bit % 8;
	unsigned two = (unsigned)token[at] << 8 | (at + 1 < MAILBOX_TOKEN ? token[at + 1] : 0u);

	return alphabet[(two >> (11 - shift)) & 31];
}

void
mailbox_token_format(
    const uint8_t token[static MAILBOX_TOKEN], char ret_text[static MAILBOX_TOKEN_TEXT])
{
	size_t at = 0;

	for (size_t i = 0; i < CHARACTERS; i++) {
		if (i > 0 && i % GROUP == 0)
			ret_text[at++] = '-';
		ret_text[at++] = character(token, i);
	}
	ret_text[at] = '\0';
}

/* -1: not a character of base32; -2: one that is left out. */
static int
value_of(uint8_t c)
{
	if (c == ' ' || c == '-' || c == '\t' || c == '\r' || c == '\n')
		return -2;
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a';
	return c >= '2' && c <= '7' ? c - '2' + 26 : -1;
}

bool
mailbox_token_read(struct cs_span text, uint8_t ret_token[static MAILBOX_TOKEN])
{
	uint8_t token[MAILBOX_TOKEN] = { 0 };
	size_t n = 0;
	bool good = true;

	for (size_t i = 0; i < text.len && good; i++) {
		int value = value_of(text.data[i]);

		if (value == -2)
			continue;
		good = value >= 0 && n < CHARACTERS;
		for (size_t b = 0; good && b < 5; b++)
			if (((unsigned)value >> (4 - b) & 1) != 0)
				token[(n * 5 + b) / 8] |= (uint8_t)(0x80 >> (n * 5 + b) % 8);
		n++;
	}
	good = good && n == CHARACTERS;
	if (good)
		memcpy(ret_token, token, sizeof(token));
	pki_wipe(token, sizeof(token));
	return good;
}

void
mailbox_token_tag(struct cs_span key, const uint8_t token[static MAILBOX_TOKEN],
    uint8_t ret_tag[static MAILBOX_MAC])
{
	pki_mac(key, tag_label, cs_span_of(token, MAILBOX_TOKEN), ret_tag);
}

void
mailbox_token_mac(struct cs_arena *arena, struct cs_span key, const uint8_t tag[static MAILBOX_MAC],
    const struct mailbox_binding *binding, uint8_t ret_mac[static MAILBOX_MAC])
{
	uint8_t expires[8];
	const struct cs_span fields[] = {
		cs_span_of(tag, MAILBOX_MAC),
		cs_span_of(binding->request.octets, sizeof(binding->request.octets)),
		cs_span_of(binding->request_digest, 32),
		cs_span_str(binding->mailbox),
		cs_span_str(binding->enterprise),
		cs_span_str(binding->account),
		cs_span_of(binding->mail.octets, sizeof(binding->mail.octets)),
		cs_span_of(expires, sizeof(expires)),
	};

	pki_mac_number((uint64_t)binding->expires_ms, expires);
	pki_mac_fields(arena, key, mac_label, fields, sizeof(fields) / sizeof(fields[0]), ret_mac);
}

/* How many characters of the token, from its `at`-th on, `text` shows from its beginning. */
static size_t
shown_from(const uint8_t *token, size_t at, const char *text)
{
	size_t n = 0;

	for (; *text != '\0' && at + n < CHARACTERS; text++) {
		int value = value_of((uint8_t)*text);

		if (value == -2)
			continue;
		if (value < 0 || alphabet[value] != character(token, at + n))
			break;
		n++;
	}
	return n;
}

bool
mailbox_token_shows(const uint8_t token[static MAILBOX_TOKEN], const char *text)
{
	for (; *text != '\0'; text++)
		for (size_t at = 0; at + SHOWN <= CHARACTERS; at++)
			if (shown_from(token, at, text) >= SHOWN)
				return true;
	return false;
}
