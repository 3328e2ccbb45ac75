/* SPDX-License-Identifier: Apache-2.0 */
/* code.c: each use of the key has a label of its own, so that no output can serve as another. */
#include "code.h"

#include <stdio.h>

#include "pki/mac.h"

static const char id_label[] = "countersign/notifier/code-challenge/v1";
static const char nonce_label[] = "countersign/notifier/code-nonce/v1";
static const char code_label[] = "countersign/notifier/code/v1";
static const char tag_label[] = "countersign/notifier/code-tag/v1";
static const char mac_label[] = "countersign/notifier/code-mac/v1";

#define CODES UINT32_C(100000000)
#define FAIR (UINT32_MAX / CODES * CODES) /* the largest multiple of them in 32 bits: 42 of each */

void
code_seed(struct cs_span key, int64_t now_ms, const uint8_t random[static 32],
    struct cs_id *ret_challenge, uint8_t ret_nonce[static CODE_NONCE])
{
	uint8_t id[PKI_SHA256];

	pki_mac(key, id_label, cs_span_of(random, 32), id);
	pki_mac(key, nonce_label, cs_span_of(random, 32), ret_nonce);
	*ret_challenge = cs_id_at(now_ms, id);
}

/* The n-th word of the octets that belong to this code. */
static uint32_t
word(const uint8_t mac[static PKI_SHA256], size_t n)
{
	const uint8_t *at = mac + 4 * n;

	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* Eight words an HMAC: that a block has none to take happens once in 10^13, and then there is another. */
static uint32_t
draw(struct cs_span key, struct cs_id challenge, enum factor_channel channel,
    const uint8_t nonce[static CODE_NONCE])
{
	uint8_t which[2] = { (uint8_t)channel }, mac[PKI_SHA256];
	const struct cs_span parts[] = { cs_span_of(challenge.octets, sizeof(challenge.octets)),
		cs_span_of(which, sizeof(which)), cs_span_of(nonce, CODE_NONCE) };
	uint32_t drawn = FAIR;

	for (unsigned block = 0; drawn >= FAIR; block++) {
		cs_assert(block < 256);
		which[1] = (uint8_t)block;
		pki_mac_parts(key, code_label, parts, 3, mac);
		for (size_t n = 0; n < PKI_SHA256 / 4 && drawn >= FAIR; n++)
			drawn = word(mac, n);
	}
	pki_wipe(mac, sizeof(mac));
	return drawn % CODES;
}

void
code_make(struct cs_span key, struct cs_id challenge, enum factor_channel channel,
    const uint8_t nonce[static CODE_NONCE], char ret_code[static CODE_TEXT])
{
	(void)snprintf(ret_code, CODE_TEXT, "%08u", (unsigned)draw(key, challenge, channel, nonce));
}

bool
code_read(const char *text, char ret_code[static CODE_TEXT])
{
	size_t n = 0;

	for (; *text != '\0'; text++) {
		if (*text == ' ' || *text == '-')
			continue;
		if (*text < '0' || *text > '9' || n == CODE_DIGITS)
			return false;
		ret_code[n++] = *text;
	}
	ret_code[n] = '\0';
	return n == CODE_DIGITS;
}

void
code_tag(struct cs_span key, const char code[static CODE_TEXT], uint8_t ret_tag[static CODE_MAC])
{
	pki_mac(key, tag_label, cs_span_of(code, CODE_DIGITS), ret_tag);
}

void
code_mac(struct cs_arena *arena, struct cs_span key, const uint8_t tag[static CODE_MAC],
    const struct code_binding *binding, uint8_t ret_mac[static CODE_MAC])
{
	uint8_t expires[8];
	const struct cs_span fields[] = {
		cs_span_of(tag, CODE_MAC),
		cs_span_of(binding->request.octets, sizeof(binding->request.octets)),
		cs_span_of(binding->challenge.octets, sizeof(binding->challenge.octets)),
		cs_span_of(binding->request_digest, 32),
		cs_span_str(binding->enterprise),
		cs_span_str(binding->account),
		cs_span_str(binding->method),
		cs_span_str(factor_channel_row(binding->channel)->name),
		cs_span_of(expires, sizeof(expires)),
	};

	pki_mac_number((uint64_t)binding->expires_ms, expires);
	pki_mac_fields(arena, key, mac_label, fields, sizeof(fields) / sizeof(fields[0]), ret_mac);
}
