/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake_law.h: what the rules demand, said once more in other words, from names and settings that were drawn:
 * for tests that compare it with what policy says.
 */
#ifndef POLICY_FAKE_LAW_H
#define POLICY_FAKE_LAW_H

#include "fake_draw.h"

/* One check that a plan must have: "domain-2" of this target, or of one above that covers it. */
struct law_demand {
	enum claim_kind kind;
	uint32_t number;
	const char *target;
};

bool law_permits(struct draw *draw);
/* In no order; how many. */
size_t law_demands(struct draw *draw, struct law_demand demands[static CLAIM_MAX_CHECKS]);

/* Of what is remembered: the evidence of this digest; NULL: none. */
const struct policy_evidence *
law_named(const struct draw *draw, const uint8_t sha256[static CLAIM_DIGEST]);
/* A later look said no. */
bool law_voided(const struct draw *draw, const struct claim_evidence *e);
/* Does a proof of its target serve this one?  Of MPIC: where its domain's proof covers that. */
bool law_target_serves(const struct claim_evidence *e, const char *target);
/* The request itself proved this name, and others saw it. */
bool law_proved_here(const struct draw *draw, const char *domain);
/* Does the enterprise bind each domain to one person, and to whom is this one bound?  NULL: to nobody. */
bool law_owned(const struct draw *draw);
const char *law_owner(const struct draw *draw, const char *name);

/* How old evidence may be at most, by rules and profile. */
int64_t law_longest_ms(const struct draw *draw, enum claim_kind kind, const char *method);
/* Until when evidence must last for a plan that is made now. */
int64_t law_until_ms(const struct draw *draw);
/* May CAA of this domain name us by this name? */
bool law_caa_may_name(const struct draw *draw, const char *domain, const char *issuer);
/* Of the certificate profile, which is known. */
bool law_private(const struct draw *draw);
bool law_without_caa(const struct draw *draw);
bool law_without_mpic(const struct draw *draw);

bool law_among(const struct claim_texts *texts, const char *text);
bool law_below(const char *name, const char *above); /* "a.b" is below "b" */

#endif
