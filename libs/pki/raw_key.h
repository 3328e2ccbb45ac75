/* SPDX-License-Identifier: Apache-2.0 */
/*
 * raw_key.h: files of private keys that are 32 octets: Ed25519 and X25519 as PKCS#8 in PEM (RFC 8410 7), in the one
 * form in which we write them.
 */
#ifndef PKI_RAW_KEY_H
#define PKI_RAW_KEY_H

#include <stdint.h>

#include "base/err.h"

#define PKI_RAW_KEY 32

enum pki_raw_kind { PKI_RAW_ED25519, PKI_RAW_X25519 };

/* Of a file that others may not read.  CS_NOT_FOUND, CS_MALFORMED.  The caller wipes *ret_octets. */
CS_MUST_USE enum cs_code pki_raw_key_load(const char *path, enum pki_raw_kind kind,
    uint8_t ret_octets[static PKI_RAW_KEY], struct cs_err *err);
/* A new key from the kernel's randomness, in a new file. */
CS_MUST_USE enum cs_code
pki_raw_key_generate(const char *path, enum pki_raw_kind kind, struct cs_err *err);

#endif
