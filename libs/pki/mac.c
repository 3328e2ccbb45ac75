/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/mac.h"

#include <string.h>

#include "base/err.h"

#define LENGTH 4 /* octets of one, in front of a field */

static struct cs_span
with_nul(const char *label)
{
	return cs_span_of(label, strlen(label) + 1);
}

void
pki_mac_parts(struct cs_span key, const char *label, const struct cs_span *parts, size_t n,
    uint8_t ret_mac[static PKI_SHA256])
{
	struct cs_span all[1 + PKI_MAC_PARTS] = { with_nul(label) };

	cs_assert(n <= PKI_MAC_PARTS);
	for (size_t i = 0; i < n; i++)
		all[1 + i] = parts[i];
	pki_hmac_sha256_parts(key, all, 1 + n, ret_mac);
}

void
pki_mac(
    struct cs_span key, const char *label, struct cs_span data, uint8_t ret_mac[static PKI_SHA256])
{
	pki_mac_parts(key, label, &data, 1, ret_mac);
}

static struct cs_span
length_of(struct cs_arena *arena, struct cs_span field)
{
	uint8_t *octets = CS_NEW_ARRAY(arena, LENGTH, uint8_t);

	cs_assert(field.len <= UINT32_MAX);
	for (size_t i = 0; i < LENGTH; i++)
		octets[i] = (uint8_t)(field.len >> (24 - 8 * i));
	return cs_span_of(octets, LENGTH);
}

void
pki_mac_fields(struct cs_arena *arena, struct cs_span key, const char *label,
    const struct cs_span *fields, size_t n, uint8_t ret_mac[static PKI_SHA256])
{
	struct cs_span *all = CS_NEW_ARRAY(arena, 1 + 2 * n, struct cs_span);

	all[0] = with_nul(label);
	for (size_t i = 0; i < n; i++) {
		all[1 + 2 * i] = length_of(arena, fields[i]);
		all[2 + 2 * i] = fields[i];
	}
	pki_hmac_sha256_parts(key, all, 1 + 2 * n, ret_mac);
}

void
pki_mac_number(uint64_t number, uint8_t ret_octets[static 8])
{
	for (size_t i = 0; i < 8; i++)
		ret_octets[i] = (uint8_t)(number >> (56 - 8 * i));
}
