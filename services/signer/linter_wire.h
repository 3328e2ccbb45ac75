/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linter_wire.h: between the signer and its clerk, on a pair of sockets: a question is its length in four
 * octets, big-endian, and the certificate in PEM; an answer is what happened, the exit status and the length,
 * each in four octets, and what the program wrote.
 */
#ifndef SIGNER_LINTER_WIRE_H
#define SIGNER_LINTER_WIRE_H

#include <stdint.h>

#define LINTER_CLERK_WORD "--linter-clerk"
#define LINTER_CHANNEL 3
#define LINTER_QUESTION_MAX (256u * 1024)
#define LINTER_OUTPUT_MAX (1024u * 1024)

enum linter_happened {
	LINTER_EXITED = 1,
	LINTER_KILLED,      /* by a signal that was not ours */
	LINTER_TIMED_OUT,   /* by us */
	LINTER_TOO_MUCH,    /* it wrote more than LINTER_OUTPUT_MAX */
	LINTER_NOT_STARTED, /* no such program, no process */
};

static inline void
linter_put_u32(uint8_t *ret, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		ret[i] = (uint8_t)(value >> (24 - 8 * i));
}

static inline uint32_t
linter_get_u32(const uint8_t *octets)
{
	return (uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 | (uint32_t)octets[2] << 8 |
	       octets[3];
}

#endif
