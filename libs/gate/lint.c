/* SPDX-License-Identifier: Apache-2.0 */
/* lint.c: profiles as the linter sees them, and its verdict as a refusal (SBR 4.3.1.2). */
#include "pki/lint.h"

#include "gate/tbs.h"
#include "smime/rules.h"

/* Dotted types of the attributes that have this presence in the profile. */
static const char *const *
attributes(struct cs_arena *arena, const struct smime_profile *profile, unsigned presence)
{
	const char **oids = CS_NEW_ARRAY(arena, SMIME_ATTRIBUTES + 1, const char *);
	size_t n = 0;

	for (unsigned i = 0; i < SMIME_ATTRIBUTES; i++) {
		if (profile->subject[i] == presence)
			oids[n++] = smime_attribute_oid((enum smime_attribute)i);
	}
	return oids;
}

/* The purposes that are written: those that must be there. */
static const char *const *
purposes(struct cs_arena *arena, const struct smime_profile *profile)
{
	const char **oids = CS_NEW_ARRAY(arena, SMIME_PURPOSES + 1, const char *);
	size_t n = 0;

	for (unsigned i = 0; i < SMIME_PURPOSES; i++) {
		if (profile->purposes[i] == SMIME_MUST)
			oids[n++] = smime_purpose_oid((enum smime_purpose)i);
	}
	return oids;
}

/* Kinds of keys have the same order in pki and in smime. */
_Static_assert((int)SMIME_KEY_RSA == (int)PKI_KEY_RSA && (int)SMIME_KEY_EC == (int)PKI_KEY_EC &&
		   (int)SMIME_KEY_ED25519 == (int)PKI_KEY_ED25519 &&
		   (int)SMIME_KEY_ED448 == (int)PKI_KEY_ED448 && (int)SMIME_KEYS == PKI_LINT_KEYS &&
		   (int)SMIME_USES == 3,
    "kinds of keys");

struct pki_lint_profile
gate_lint_profile(
    struct cs_arena *arena, const struct smime_profile *profile, const struct gate_ca *ca)
{
	struct pki_lint_profile lint = {
		.policy_oid = profile->policy_oid,
		.strict = profile->generation == SMIME_STRICT,
		.max_days = profile->max_days,
		.must_subject = attributes(arena, profile, SMIME_MUST),
		.may_subject = attributes(arena, profile, SMIME_MAY),
		.may_client_auth = profile->purposes[SMIME_CLIENT_AUTH] != SMIME_MUST_NOT,
		.may_dns = profile->names[SMIME_SAN_DNS] != SMIME_MUST_NOT,
		.cn_mailbox = (profile->common_name & SMIME_CN_MAILBOX) != 0,
		.cn_personal = (profile->common_name & SMIME_CN_PERSON) != 0,
		.cn_organization = (profile->common_name & SMIME_CN_ORGANIZATION) != 0,
		.is_person = profile->type == SMIME_SPONSOR || profile->type == SMIME_INDIVIDUAL,
	};

	for (unsigned key = 0; key < SMIME_KEYS; key++)
		for (unsigned use = 0; use < SMIME_USES; use++)
			lint.key_usage[key][use] = profile->key_usage[key][use];
	if (ca == NULL)
		return lint;
	lint.ours = true;
	lint.eku = purposes(arena, profile);
	lint.issuer = ca->name;
	lint.issuer_key_id = ca->key_id;
	lint.sigalg = ca->sigalg;
	return lint;
}

static const struct pki_linted *
refuse(struct cs_refusal *ret, const char *code, const char *clause, const char *text)
{
	*ret = (struct cs_refusal){ code, "certificate", clause, text, "make a new request" };
	return NULL;
}

const struct pki_linted *
gate_lint(struct cs_arena *arena, const struct smime_profile *profile, const struct gate_ca *ca,
    uint16_t key_usage, struct cs_span tbs, int64_t now_ms, struct cs_refusal *ret_why)
{
	struct pki_lint_profile lint = gate_lint_profile(arena, profile, ca);
	struct pki_lint_result result;

	/* What the linter cannot see in the octets: the issuer's own key. */
	if (ca->rsa_bits != 0 &&
	    ca->rsa_bits < smime_rule_value(SMIME_RULE_ISSUER_RSA_BITS, now_ms))
		return refuse(ret_why, "issuer-key-too-short",
		    smime_rule_clause(SMIME_RULE_ISSUER_RSA_BITS, now_ms),
		    "the key of the issuing CA is too short for certificates of this day");
	lint.wanted_key_usage = key_usage;
	const struct pki_linted *linted = pki_lint_pass(arena, tbs, &lint, now_ms / 1000, &result);
	if (linted != NULL)
		return linted;
	for (size_t i = 0; i < result.n; i++) {
		const struct pki_lint_finding *finding = &result.findings[i];

		if (finding->severity == PKI_LINT_ERROR)
			return refuse(ret_why, cs_arena_printf(arena, "lint-%s", finding->id),
			    finding->clause, finding->text);
	}
	return refuse(ret_why, "lint", "SBR 4.3.1.2", "the lints found an error");
}
