/* SPDX-License-Identifier: Apache-2.0 */
/* nkey.h: how NATS spells the Ed25519 keys of users: "SU..." the seed, "U..." the public key.  Pure. */
#ifndef CSCTL_NKEY_H
#define CSCTL_NKEY_H

#include <stdint.h>

#include "base/arena.h"

/* In `arena`: wipe the seed's text after use. */
char *nkey_seed(struct cs_arena *arena, const uint8_t seed[static 32]);
char *nkey_public(struct cs_arena *arena, const uint8_t public_key[static 32]);
/* CRC-16/XMODEM. */
uint16_t nkey_crc16(struct cs_span span);

#endif
