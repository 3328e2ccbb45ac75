/* SPDX-License-Identifier: Apache-2.0 */
/* hash.h: SHA-256, nodes of Merkle trees, HMAC-SHA-256, and forgetting.  No state, any thread. */
#ifndef PKI_HASH_H
#define PKI_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

#define PKI_SHA256 32

void pki_sha256(struct cs_span data, uint8_t ret_digest[static PKI_SHA256]);
/* Of the concatenation of `n` spans. */
void pki_sha256_parts(const struct cs_span *parts, size_t n, uint8_t ret_digest[static PKI_SHA256]);
/* Over 0x00 and a leaf, over 0x01 and both children (RFC 6962 2.1).  The result may be one of the children. */
void pki_merkle_leaf(struct cs_span leaf, uint8_t ret_hash[static PKI_SHA256]);
void pki_merkle_node(const uint8_t left[static PKI_SHA256], const uint8_t right[static PKI_SHA256],
    uint8_t ret_hash[static PKI_SHA256]);
void pki_hmac_sha256(struct cs_span key, struct cs_span data, uint8_t ret_mac[static PKI_SHA256]);
/* Of the concatenation of `n` spans; a key's uses need labels: pki/mac.h. */
void pki_hmac_sha256_parts(
    struct cs_span key, const struct cs_span *parts, size_t n, uint8_t ret_mac[static PKI_SHA256]);
void pki_wipe(void *secret, size_t len);

#endif
