/* SPDX-License-Identifier: Apache-2.0 */
/*
 * codes.h: does whoever approves hold the codes that were sent, or shown after a login?  Pure: no I/O, no clock, no randomness of its own, no
 * memory but the arena.
 */
#ifndef NOTIFY_CODES_H
#define NOTIFY_CODES_H

#include "base/time.h"
#include "claim/claim.h"
#include "code.h"

#define CODES_LIFE_MS (10 * CS_MINUTE_MS)
#define CODES_ORDER_MS (2 * CS_MINUTE_MS) /* that an order of policy's may be carried out */
#define CODES_TRIES 5                     /* wrong ones, then the challenge is void */
#define CODES_PER_HOUR 10                 /* challenges of one person, whatever they are for */
#define CODES_REPLY 200                   /* octets of the last word of who takes messages */

enum codes_state { CODES_OPEN, CODES_VOID, CODES_USED };
const char *codes_state_name(enum codes_state state); /* "open", "void", "used" */

/* The newest of one person for one request: those before it are void.  All zero: there is none. */
struct codes_challenge {
	struct cs_id id;
	const char *enterprise, *account, *method;
	uint8_t request_digest[CLAIM_DIGEST];
	uint8_t macs[FACTOR_CHANNELS][CODE_MAC]; /* of the channels of the method */
	bool failed[FACTOR_CHANNELS];            /* nothing can be sent there, or will be shown */
	const char *identity; /* who has to log in; "" or NULL where nobody has to */
	bool returned;        /* a browser came back from the login: that counts once */
	int64_t made_ms, expires_ms;
	uint32_t tries; /* wrong ones */
	enum codes_state state;
	uint32_t version; /* of the row; for store_codes.c alone, as what follows */
	bool changed, is_new;
};

/* Challenges of a person in the last hour, shared by a batch. */
struct codes_tally {
	struct codes_tally *next;
	const char *enterprise, *account;
	uint32_t n;
	int64_t oldest_ms; /* of them; 0: none */
};

struct codes_setting {
	struct cs_span key;
	struct cs_id request;
	int64_t now_ms;
	const uint8_t *random; /* 32 octets, fresh */
	struct cs_arena *arena;
};

/* One message to be sent: what its work row holds.  No code. */
struct codes_letter {
	struct cs_id request, challenge;
	uint8_t nonce[CODE_NONCE];
	enum factor_channel channel;
	const char *to, *enterprise, *account;
	int64_t expires_ms;
};

enum codes_sending { CODES_SENT, CODES_TOO_MANY, CODES_STALE };
struct codes_sent {
	enum codes_sending result;
	struct codes_challenge next;
	struct codes_letter letters[FACTOR_CHANNELS];
	size_t n_letters;
	bool logs_in;     /* the code is made after a login, which begins now */
	int64_t retry_ms; /* of TOO_MANY */
	const char *says; /* for the log */
};
/* `old` may be all zero.  Counts in `tally`. */
struct codes_sent
codes_decide_send(const struct codes_setting *in, const struct codes_challenge *old,
    const struct claim_factor_order *order, struct codes_tally *tally);

/* A code for this channel: its MAC in the challenge, itself in `ret_code`, to be wiped by the caller. */
void codes_make(const struct codes_setting *in, struct codes_challenge *challenge,
    enum factor_channel channel, const uint8_t nonce[static CODE_NONCE],
    char ret_code[static CODE_TEXT]);

/* What was typed, as the reader leaves it. */
struct codes_typed {
	const char *enterprise, *account;
	bool unnamed; /* one code, and it was not said by which channel */
	bool strange; /* a code of a channel that there is not, or one channel twice */
	bool given[FACTOR_CHANNELS], readable[FACTOR_CHANNELS];
	uint8_t tags[FACTOR_CHANNELS][CODE_MAC]; /* of an unnamed one the first */
};
enum codes_verdict {
	CODES_PROVED,
	CODES_WRONG,
	CODES_IS_VOID,
	CODES_EXPIRED,
	CODES_IS_USED,
	CODES_NOT_SENT,
	CODES_MISSING
};
const char *codes_verdict_name(enum codes_verdict verdict); /* as ProveFactorAnswer has it */
struct codes_proved {
	enum codes_verdict verdict;
	struct codes_challenge next;
	uint32_t tries_left;
	const char *channel; /* of NOT_SENT and MISSING; "" */
};
struct codes_proved codes_decide_prove(const struct codes_setting *in,
    const struct codes_challenge *old, const struct codes_typed *typed);
/* What is stated of it. */
struct claim_factor
codes_claim(const struct codes_setting *in, const struct codes_challenge *challenge);

enum codes_delivery { CODES_ACCEPTED, CODES_TRY_AGAIN, CODES_NEVER };
/* What became of a letter. */
struct codes_delivered {
	struct cs_id challenge;
	enum factor_channel channel;
	const char *enterprise, *account;
	enum codes_delivery delivery;
	uint32_t attempt;
	const char *reply; /* escaped, without a code */
};
struct codes_step {
	struct codes_challenge next;
	int64_t again_ms; /* 0: never */
	const char *says;
};
struct codes_step codes_decide_delivered(const struct codes_setting *in,
    const struct codes_challenge *old, const struct codes_delivered *delivered);

/* Enough to know it again: "a****@alpha.example", "+49*******67", "24********01". */
const char *codes_mask(struct cs_arena *arena, enum factor_channel channel, const char *to);

#endif
