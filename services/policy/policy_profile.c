/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_profile.c: what a certification profile may say.  What the rules demand of certificates of public
 * trust no profile removes; the proof of a mailbox or a domain, and DNSSEC, no profile removes at all.
 */
#include <string.h>

#include "policy_checks.h"
#include "smime/profile.h"

/* ---- what a profile of private trust does without ---- */

/* NULL: none of ours; or nothing is known of the profile, as of a request that names none. */
static const struct smime_profile *
certificate_of(const struct policy_profile *profile)
{
	return profile->certificate_profile == NULL
		   ? NULL
		   : smime_profile_find(profile->certificate_profile);
}

bool
policy_waives(const struct policy_profile *profile, const char *what)
{
	const struct smime_profile *certificate = certificate_of(profile);

	return certificate != NULL && certificate->trust == SMIME_TRUST_PRIVATE &&
	       ((profile->without_caa && strcmp(what, CLAIM_WAIVED_CAA) == 0) ||
		   (profile->without_mpic && strcmp(what, CLAIM_WAIVED_MPIC) == 0));
}

struct claim_texts
policy_waived(const struct policy_profile *profile, struct cs_arena *arena)
{
	static const char *const all[] = { CLAIM_WAIVED_CAA, CLAIM_WAIVED_MPIC }; /* sorted */
	const size_t n = sizeof(all) / sizeof(all[0]);
	struct claim_texts waived = { CS_NEW_ARRAY(arena, n, const char *), 0 };

	for (size_t i = 0; i < n; i++)
		if (policy_waives(profile, all[i]))
			waived.items[waived.n++] = all[i];
	return waived;
}

/* ---- what a profile may say ---- */

/* Unsigned domains pass without it, so that all it could let in is what was forged or never validated. */
static bool
keeps_dnssec(const struct policy_profile *profile, struct cs_refusal *ret_why)
{
	if (!profile->without_dnssec)
		return true;
	return cs_refuse(ret_why,
	    (struct cs_refusal){ "dnssec-not-waivable", "dnssec", "SBR 4.2.2.1.1",
		"No profile does without DNSSEC: a domain that is not signed passes anyway, and an "
		"answer that is bogus or could not be validated is no answer.",
		"Let the profile keep DNSSEC; mend the zone, or remove its DS record." });
}

static bool
keeps_what_public_trust_needs(const struct policy_profile *profile,
    const struct smime_profile *certificate, struct cs_refusal *ret_why)
{
	if (certificate->trust == SMIME_TRUST_PRIVATE)
		return true;
	if (profile->without_caa)
		return cs_refuse(ret_why,
		    (struct cs_refusal){ "caa-not-waivable", "caa", "SBR 4.2.2.1",
			"No certificate of public trust is issued without CAA.",
			"Let the profile keep CAA, or give it a certificate profile of private "
			"trust." });
	if (profile->without_mpic)
		return cs_refuse(ret_why,
		    (struct cs_refusal){ "mpic-not-waivable", "mpic", "TBR 3.2.2.9",
			"No certificate of public trust is issued without the corroboration of "
			"other perspectives.",
			"Let the profile keep MPIC, or give it a certificate profile of private "
			"trust." });
	return true;
}

static uint32_t
least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

uint32_t
policy_longest_days(const struct policy_profile *profile)
{
	const struct smime_profile *certificate = certificate_of(profile);

	return certificate == NULL
		   ? 0
		   : least(least(profile->max_days, certificate->max_days), POLICY_MAX_DAYS);
}

static bool
offers_validities(
    const struct policy_profile *profile, struct cs_arena *arena, struct cs_refusal *ret_why)
{
	const uint32_t max = policy_longest_days(profile);

	for (size_t i = 0; i < profile->n_validities; i++) {
		const uint32_t days = profile->validities[i];

		if (days == 0 || days > max || (i > 0 && days <= profile->validities[i - 1]))
			return cs_refuse(ret_why,
			    (struct cs_refusal){ "validities",
				cs_arena_printf(arena, "validities[%zu]", i), "SBR 6.3.2",
				"The validities are not rising, or one is not allowed.",
				cs_arena_printf(arena,
				    "Give days from 1 to %u, each more than the one before.",
				    (unsigned)max) });
	}
	return true;
}

bool
policy_profile_holds(
    const struct policy_profile *profile, struct cs_arena *arena, struct cs_refusal *ret_why)
{
	const struct smime_profile *certificate = smime_profile_find(profile->certificate_profile);
	const char *clause;

	if (certificate == NULL) {
		const char *text = smime_profile_refusal(profile->certificate_profile, &clause);

		return cs_refuse(ret_why,
		    (struct cs_refusal){ "unknown-certificate-profile", "certificate_profile",
			clause, text, "Choose one of those that `csctl profile list` shows." });
	}
	return keeps_dnssec(profile, ret_why) &&
	       keeps_what_public_trust_needs(profile, certificate, ret_why) &&
	       offers_validities(profile, arena, ret_why);
}
