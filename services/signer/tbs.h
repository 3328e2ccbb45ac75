/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tbs.h: from a complete verdict to the octets that are signed.  The profile alone decides what a
 * certificate says; a request chooses a profile, never an extension.  Pure.
 */
#ifndef SIGNER_TBS_H
#define SIGNER_TBS_H

#include "signer.h"

#define TBS_SERIAL 17 /* octets: 0x40 to 0x7f, then 128 random bits */

/* What the issuing CA puts into every certificate; lists end with NULL, or are NULL. */
struct tbs_ca {
	const char *label;                   /* its name in our configuration */
	struct cs_span name, key_id, sigalg; /* DER, octets, DER */
	int64_t not_after_s;
	const char *const *crl_urls, *const *ocsp_urls, *const *issuer_urls;
};

/* Chosen once for a request and kept: the same give the same octets. */
struct tbs_choice {
	uint8_t serial[TBS_SERIAL];
	int64_t not_before_s;
};

struct tbs_choice tbs_choose(const uint8_t random[static 32], struct cs_id request, int64_t now_ms);

/* Builds the octets and lints those very octets as of now_ms.  False: *ret_why. */
bool tbs_make(struct cs_arena *arena, const struct tbs_ca *ca, const struct signer_verdict *v,
    const struct tbs_choice *choice, int64_t now_ms, struct cs_span *ret_tbs,
    struct cs_refusal *ret_why);

#endif
