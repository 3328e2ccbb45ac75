/* SPDX-License-Identifier: Apache-2.0 */
/* token_wire.h: what parent and child say to each other: one packet of a SOCK_SEQPACKET pair each. */
#ifndef PKI_TOKEN_WIRE_H
#define PKI_TOKEN_WIRE_H

#include "pki/token_key.h"

#define TOKEN_CHILD "--token-child" /* argv[1] of the child */
#define TOKEN_CHANNEL 3             /* its end of the pair */
#define TOKEN_OCTETS 6144           /* in one packet: the settings are the longest */
#define TOKEN_OPEN_MS 20000
#define TOKEN_GENERATE_MS 300000
#define TOKEN_GRACE_MS 500 /* the worker ends itself first, then its parent stops waiting */

enum token_op {
	TOKEN_SETTINGS = 1, /* the first one, to the supervisor; its octets: see token.c */
	TOKEN_OPEN,         /* answered by the SubjectPublicKeyInfo */
	TOKEN_SIGN,
	TOKEN_GENERATE,
	TOKEN_AGAIN /* not answered: the worker ends */
};

struct token_ask {
	uint32_t op, number; /* of the question: the answer has it too */
	uint32_t ms;         /* in which the worker answers, or is ended by its own timer */
	uint32_t scheme;     /* SIGN: enum pki_token_scheme */
	uint32_t kind, bits; /* GENERATE */
	uint32_t len;        /* of octets */
	uint8_t octets[TOKEN_OCTETS]; /* SIGN: the digest */
};

struct token_answer {
	uint32_t number;
	uint32_t code; /* enum cs_code; not CS_OK: octets are a text */
	uint32_t len;
	uint8_t octets[TOKEN_OCTETS];
};

/* Without what is not used of `octets`. */
#define TOKEN_HEAD(packet) (sizeof(packet) - TOKEN_OCTETS)

#endif
