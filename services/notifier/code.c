/* SPDX-License-Identifier: Apache-2.0 */
/* code.c: each use of the key has a label of its own, so that no output can serve as another. */
#include "code.h"

#include <stdio.h>
#include <string.h>

#include "pki/hash.h"

static const char id_label[] = "countersign/notifier/code-challenge/v1";
static const char nonce_label[] = "countersign/notifier/code-nonce/v1";
static const char code_label[] = "countersign/notifier/code/v1";
static const char tag_label[] = "countersign/notifier/code-tag/v1";
static const char mac_label[] = "countersign/notifier/code-mac/v1";

#define INPUT 128
#define CODES UINT32_C(100000000)
#define FAIR (UINT32_MAX / CODES * CODES) /* the largest multiple of them in 32 bits: 42 of each */

static void
labelled(struct cs_span key, const char *label, struct cs_span data, uint8_t *ret_mac)
{
	size_t len = strlen(label) + 1;
	uint8_t input[INPUT];

	cs_assert(len + data.len <= sizeof(input));
	memcpy(input, label, len);
	memcpy(input + len, data.data, data.len);
	pki_hmac_sha256(key, cs_span_of(input, len + data.len), ret_mac);
	pki_wipe(input, sizeof(input));
}

void
code_seed(struct cs_span key, int64_t now_ms, const uint8_t random[static 32],
    struct cs_id *ret_challenge, uint8_t ret_nonce[static CODE_NONCE])
{
	uint8_t id[PKI_SHA256];

	labelled(key, id_label, cs_span_of(random, 32), id);
	labelled(key, nonce_label, cs_span_of(random, 32), ret_nonce);
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
	uint8_t input[sizeof(challenge.octets) + 2 + CODE_NONCE], mac[PKI_SHA256];
	uint32_t drawn = FAIR;

	memcpy(input, challenge.octets, sizeof(challenge.octets));
	input[sizeof(challenge.octets)] = (uint8_t)channel;
	memcpy(input + sizeof(challenge.octets) + 2, nonce, CODE_NONCE);
	for (unsigned block = 0; drawn >= FAIR; block++) {
		cs_assert(block < 256);
		input[sizeof(challenge.octets) + 1] = (uint8_t)block;
		labelled(key, code_label, cs_span_of(input, sizeof(input)), mac);
		for (size_t n = 0; n < PKI_SHA256 / 4 && drawn >= FAIR; n++)
			drawn = word(mac, n);
	}
	pki_wipe(input, sizeof(input));
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
	labelled(key, tag_label, cs_span_of(code, CODE_DIGITS), ret_tag);
}

/* With its length in front, so that no two lists of fields look alike. */
static void
add_field(struct cs_buf *buf, struct cs_span field)
{
	uint8_t len[4] = { (uint8_t)(field.len >> 24), (uint8_t)(field.len >> 16),
		(uint8_t)(field.len >> 8), (uint8_t)field.len };

	cs_buf_add(buf, len, sizeof(len));
	cs_buf_add_span(buf, field);
}

void
code_mac(struct cs_arena *arena, struct cs_span key, const uint8_t tag[static CODE_MAC],
    const struct code_binding *binding, uint8_t ret_mac[static CODE_MAC])
{
	struct cs_buf buf = cs_buf_new(arena);
	uint8_t expires[8];

	for (size_t i = 0; i < sizeof(expires); i++)
		expires[i] = (uint8_t)((uint64_t)binding->expires_ms >> (56 - 8 * i));
	cs_buf_add(&buf, mac_label, sizeof(mac_label)); /* with its NUL */
	add_field(&buf, cs_span_of(tag, CODE_MAC));
	add_field(&buf, cs_span_of(binding->request.octets, sizeof(binding->request.octets)));
	add_field(&buf, cs_span_of(binding->challenge.octets, sizeof(binding->challenge.octets)));
	add_field(&buf, cs_span_of(binding->request_digest, 32));
	add_field(&buf, cs_span_str(binding->enterprise));
	add_field(&buf, cs_span_str(binding->account));
	add_field(&buf, cs_span_str(binding->method));
	add_field(&buf, cs_span_str(factor_channel_row(binding->channel)->name));
	add_field(&buf, cs_span_of(expires, sizeof(expires)));
	pki_hmac_sha256(key, cs_buf_span(&buf), ret_mac);
}
