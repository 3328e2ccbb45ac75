/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mac.h: HMAC-SHA-256 (RFC 2104) under a label, so that what a key says for one use is never what it says for another.
 *
 * What is digested begins with the label and its NUL: no label of ours has a NUL inside, so that none is the beginning of
 * another.  Rows and events hold such octets: none of what is promised here may change.  No state, any thread.
 */
#ifndef PKI_MAC_H
#define PKI_MAC_H

#include "base/arena.h"
#include "pki/hash.h"

#define PKI_MAC_PARTS 4

/*
 * Over the label, its NUL and up to PKI_MAC_PARTS parts with nothing between them.  Nothing keeps them apart but their
 * lengths, so at most one of them may have another length from use to use of the label.  Nothing of them is copied: they
 * may be secret.
 */
void pki_mac_parts(struct cs_span key, const char *label, const struct cs_span *parts, size_t n,
    uint8_t ret_mac[static PKI_SHA256]);
/* Over the label, its NUL and this, which may be secret. */
void pki_mac(
    struct cs_span key, const char *label, struct cs_span data, uint8_t ret_mac[static PKI_SHA256]);
/*
 * Over the label, its NUL and `n` fields of any length below 4 GiB, each with its length in front as four octets, the most
 * significant first: no two lists of fields are digested alike.  The arena takes the lengths, not the fields.
 */
void pki_mac_fields(struct cs_arena *arena, struct cs_span key, const char *label,
    const struct cs_span *fields, size_t n, uint8_t ret_mac[static PKI_SHA256]);

/* A number as a part or a field: eight octets, the most significant first. */
void pki_mac_number(uint64_t number, uint8_t ret_octets[static 8]);

#endif
