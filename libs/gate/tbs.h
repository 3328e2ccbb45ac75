/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tbs.h: from a complete verdict to the octets that are signed.  The profile alone decides what a
 * certificate says; a request chooses a profile, never an extension.  Pure.
 */
#ifndef GATE_TBS_H
#define GATE_TBS_H

#include "gate/gate.h"
#include "pki/lint.h"

#define GATE_SERIAL 17 /* octets: 0x40 to 0x7f, then 128 random bits */

/* What the issuing CA puts into every certificate; lists end with NULL, or are NULL. */
struct gate_ca {
	const char *label;                   /* its name in our configuration */
	struct cs_span name, key_id, sigalg; /* DER, octets, DER */
	int64_t not_after_s;
	uint32_t rsa_bits; /* 0: its key is not RSA */
	const char *const *crl_urls, *const *ocsp_urls, *const *issuer_urls;
};

/* Chosen once for a request and kept: the same give the same octets. */
struct gate_choice {
	uint8_t serial[GATE_SERIAL];
	int64_t not_before_s;
	uint32_t crl_partition; /* 0: listed by the full CRL alone */
};

struct gate_choice
gate_choose(const uint8_t random[static 32], struct cs_id request, int64_t now_ms);

/* Which of `n` lists a certificate names: 1 + serial mod n; 0 when there is the full list alone. */
uint32_t gate_partition(uint32_t n, const uint8_t serial[static GATE_SERIAL]);
/* ca->crl_urls with "{partition}" replaced, octet for octet as certificates and lists name them. */
const char *const *
gate_crl_urls(struct cs_arena *arena, const struct gate_ca *ca, uint32_t partition);
/* Do they all have a place for the partition exactly when there are `n` > 0 of them? */
bool gate_crl_urls_fit(const struct gate_ca *ca, uint32_t n);

/*
 * Builds the octets and lints those very octets as of now_ms.  False: *ret_why.  Of the verdict: request,
 * csr, profile and identity, of which only what the profile may name is named.
 */
bool gate_prepare(struct cs_arena *arena, const struct gate_ca *ca, const struct gate_verdict *v,
    const struct gate_choice *choice, int64_t now_ms, struct cs_span *ret_tbs,
    struct cs_refusal *ret_why);

/*
 * How the linter sees a profile.  `ca`: of ours, about to be signed by it; NULL: anybody's, judged by the
 * rules alone.
 */
struct pki_lint_profile gate_lint_profile(
    struct cs_arena *arena, const struct smime_profile *profile, const struct gate_ca *ca);
/*
 * What pki_issuer_sign wants.  `key_usage`: exactly these bits; 0: any of the profile's for the key.  NULL:
 * *ret_why, with "lint-" and the id of the first error as its code.
 */
const struct pki_linted *
gate_lint(struct cs_arena *arena, const struct smime_profile *profile, const struct gate_ca *ca,
    uint16_t key_usage, struct cs_span tbs, int64_t now_ms, struct cs_refusal *ret_why);

#endif
