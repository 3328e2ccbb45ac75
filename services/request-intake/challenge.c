/* SPDX-License-Identifier: Apache-2.0 */
#include "challenge.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "pki/ed25519.h"
#include "pki/hash.h"

#define PREFIX "compromised-key-"
#define TIME_DIGITS 8 /* seconds since 1970: until 2106 */
#define MAC_OCTETS 16
#define AHEAD_MS (5 * INT64_C(60000)) /* another replica's clock */

enum cs_code
challenge_secret(const char *key_file, uint8_t ret_secret[static 32], struct cs_err *err)
{
	static const char label[] = "countersign/report-challenge/v1";
	uint8_t signature[PKI_ED25519_SIGNATURE];
	struct pki_ed25519 *key = NULL;

	if (pki_ed25519_load(key_file, &key, err))
		return err->code;
	/* The same each time (RFC 8032 5.1.6), and known to nobody without the key. */
	pki_ed25519_sign(key, cs_span_of(label, sizeof(label)), signature);
	pki_ed25519_free(key);
	pki_sha256(cs_span_of(signature, sizeof(signature)), ret_secret);
	explicit_bzero(signature, sizeof(signature));
	return CS_OK;
}

static void
write_text(const uint8_t secret[static 32], uint32_t seconds, char ret_text[static CHALLENGE_TEXT])
{
	uint8_t mac[PKI_SHA256];
	int n = snprintf(ret_text, CHALLENGE_TEXT, PREFIX "%08" PRIx32 "-", seconds);

	pki_hmac_sha256(cs_span_of(secret, 32), cs_span_of(ret_text, (size_t)n), mac);
	for (size_t i = 0; i < MAC_OCTETS; i++)
		n += snprintf(ret_text + n, CHALLENGE_TEXT - (size_t)n, "%02x", mac[i]);
}

void
challenge_make(
    const uint8_t secret[static 32], int64_t now_ms, char ret_text[static CHALLENGE_TEXT])
{
	write_text(secret, (uint32_t)(now_ms / 1000), ret_text);
}

bool
challenge_holds(const uint8_t secret[static 32], const char *text, int64_t now_ms)
{
	char want[CHALLENGE_TEXT];
	uint8_t time[TIME_DIGITS / 2];
	char digits[TIME_DIGITS + 1];

	if (strncmp(text, PREFIX, strlen(PREFIX)) != 0 ||
	    strlen(text) != strlen(PREFIX) + TIME_DIGITS + 1 + 2 * MAC_OCTETS)
		return false;
	memcpy(digits, text + strlen(PREFIX), TIME_DIGITS);
	digits[TIME_DIGITS] = '\0';
	if (!cs_hex_decode(digits, time, sizeof(time)))
		return false;
	const uint32_t seconds =
	    (uint32_t)time[0] << 24 | (uint32_t)time[1] << 16 | (uint32_t)time[2] << 8 | time[3];
	const int64_t age_ms = now_ms - (int64_t)seconds * 1000;

	write_text(secret, seconds, want);
	return cs_equal_constant_time(want, text, strlen(want)) && age_ms <= CHALLENGE_LIFE_MS &&
	       age_ms >= -AHEAD_MS;
}
