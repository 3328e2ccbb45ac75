/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profile.c: the table.  Each row is a whole profile; the macros are columns that several rows share, as
 * the rules state them for all types at once.
 */
#include "smime/profile.h"

#include <string.h>

#define NO SMIME_MUST_NOT
#define MAY SMIME_MAY
#define MUST SMIME_MUST

/* ---- subject: the columns of SBR 7.1.4.2.2 b for the generations that may be issued ---- */

#define SUBJECT_MAILBOX                                                            \
	{                                                                          \
		[SMIME_CN] = MAY, [SMIME_SERIAL_NUMBER] = MAY, [SMIME_EMAIL] = MAY \
	}
#define SUBJECT_ORGANIZATION(address)                                                         \
	{                                                                                     \
		[SMIME_CN] = MAY, [SMIME_O] = MUST, [SMIME_OU] = MAY, [SMIME_ORG_ID] = MUST,  \
		[SMIME_SERIAL_NUMBER] = MAY, [SMIME_EMAIL] = MAY, [SMIME_STREET] = (address), \
		[SMIME_LOCALITY] = MAY, [SMIME_STATE] = MAY, [SMIME_POSTAL_CODE] = (address), \
		[SMIME_COUNTRY] = MAY                                                         \
	}
#define SUBJECT_SPONSOR(address, org_id)                                                         \
	{                                                                                        \
		[SMIME_CN] = MAY, [SMIME_O] = MUST, [SMIME_OU] = MAY, [SMIME_ORG_ID] = (org_id), \
		[SMIME_GIVEN_NAME] = MAY, [SMIME_SURNAME] = MAY, [SMIME_PSEUDONYM] = MAY,        \
		[SMIME_SERIAL_NUMBER] = MAY, [SMIME_EMAIL] = MAY, [SMIME_TITLE] = MAY,           \
		[SMIME_STREET] = (address), [SMIME_LOCALITY] = MAY, [SMIME_STATE] = MAY,         \
		[SMIME_POSTAL_CODE] = (address), [SMIME_COUNTRY] = MAY                           \
	}
#define SUBJECT_INDIVIDUAL(address)                                                         \
	{                                                                                   \
		[SMIME_CN] = MAY, [SMIME_GIVEN_NAME] = MAY, [SMIME_SURNAME] = MAY,          \
		[SMIME_PSEUDONYM] = MAY, [SMIME_SERIAL_NUMBER] = MAY, [SMIME_EMAIL] = MAY,  \
		[SMIME_TITLE] = MAY, [SMIME_STREET] = (address), [SMIME_LOCALITY] = MAY,    \
		[SMIME_STATE] = MAY, [SMIME_POSTAL_CODE] = (address), [SMIME_COUNTRY] = MAY \
	}
/* Whatever a subject can say, and nothing that it must. */
#define SUBJECT_DETAILS                                                                    \
	{                                                                                  \
		[SMIME_CN] = MAY, [SMIME_O] = MAY, [SMIME_OU] = MAY, [SMIME_ORG_ID] = MAY, \
		[SMIME_GIVEN_NAME] = MAY, [SMIME_SURNAME] = MAY, [SMIME_PSEUDONYM] = MAY,  \
		[SMIME_SERIAL_NUMBER] = MAY, [SMIME_EMAIL] = MAY, [SMIME_TITLE] = MAY,     \
		[SMIME_STREET] = MAY, [SMIME_LOCALITY] = MAY, [SMIME_STATE] = MAY,         \
		[SMIME_POSTAL_CODE] = MAY, [SMIME_COUNTRY] = MAY                           \
	}
#define ADDRESS_MULTIPURPOSE MAY
#define ADDRESS_STRICT NO

/* ---- names, SBR 7.1.4.2.1: whatever is not here is forbidden; hosts are nobody's mailbox ---- */

#define NAMES_MAILBOXES                                                  \
	{                                                                \
		[SMIME_SAN_RFC822] = MAY, [SMIME_SAN_UTF8_MAILBOX] = MAY \
	}
#define NAMES_PRIVATE                                                                           \
	{                                                                                       \
		[SMIME_SAN_RFC822] = MAY, [SMIME_SAN_UTF8_MAILBOX] = MAY, [SMIME_SAN_DNS] = MAY \
	}

/* ---- extKeyUsage, SBR 7.1.2.3 f ---- */

#define PURPOSES_MULTIPURPOSE                                              \
	{                                                                  \
		[SMIME_EMAIL_PROTECTION] = MUST, [SMIME_CLIENT_AUTH] = MAY \
	}
#define PURPOSES_STRICT                          \
	{                                        \
		[SMIME_EMAIL_PROTECTION] = MUST, \
	}

/* ---- extensions, SBR 7.1.2.3; RFC 8550 4.4 wants no basicConstraints and keyUsage critical ---- */

#define EXTENSIONS(policies)                                                        \
	{                                                                           \
		[SMIME_EXT_AKI] = { MUST, SMIME_NOT_CRITICAL },                     \
		[SMIME_EXT_SKI] = { MUST, SMIME_NOT_CRITICAL },                     \
		[SMIME_EXT_CONSTRAINTS] = { NO, SMIME_NOT_CRITICAL },               \
		[SMIME_EXT_KEY_USAGE] = { MUST, SMIME_CRITICAL },                   \
		[SMIME_EXT_EKU] = { MUST, SMIME_NOT_CRITICAL },                     \
		[SMIME_EXT_POLICIES] = { (policies), SMIME_NOT_CRITICAL },          \
		[SMIME_EXT_SAN] = { MUST, SMIME_CRITICAL_WITHOUT_SUBJECT },         \
		[SMIME_EXT_CRL] = { MUST, SMIME_NOT_CRITICAL }, [SMIME_EXT_AIA] = { \
			MAY,                                                        \
			SMIME_NOT_CRITICAL                                          \
		}                                                                   \
	}

/*
 * ---- keyUsage, SBR 7.1.2.3 e, without the bits that are merely allowed: nonRepudiation would promise
 * more than mail signing does, and dataEncipherment, encipherOnly and decipherOnly help no mail program.
 * So the same bits serve both generations.  Edwards curves are allowed by the rules for signing, but no
 * root programme or large mail service takes them: only a private root may. ----
 */
#define DS (1u << 0) /* digitalSignature */
#define KE (1u << 2) /* keyEncipherment */
#define KA (1u << 4) /* keyAgreement */

#define SIGNS(bits) [SMIME_USE_SIGNING] = (bits)
#define KEYS_RSA_EC                                                                               \
	[SMIME_KEY_RSA] = { [SMIME_USE_DUAL] = DS | KE, SIGNS(DS), [SMIME_USE_ENCRYPTION] = KE }, \
	[SMIME_KEY_EC] = { [SMIME_USE_DUAL] = DS | KA, SIGNS(DS), [SMIME_USE_ENCRYPTION] = KA }
#define KEYS_PUBLIC         \
	{                   \
		KEYS_RSA_EC \
	}
#define KEYS_PRIVATE                                                                    \
	{                                                                               \
		KEYS_RSA_EC, [SMIME_KEY_ED25519] = { SIGNS(DS) }, [SMIME_KEY_ED448] = { \
			SIGNS(DS)                                                       \
		}                                                                       \
	}

#define PUBLIC(type, generation, oid)                                                            \
	.trust = SMIME_TRUST_PUBLIC, SMIME_ROW(type, generation, oid), .names = NAMES_MAILBOXES, \
	.extensions = EXTENSIONS(MUST), .key_usage = KEYS_PUBLIC
#define SMIME_ROW(t, g, oid)                                                              \
	.type = SMIME_##t, .generation = SMIME_##g, .policy_oid = (oid), .max_days = 825, \
	.default_days = 365, .purposes = PURPOSES_##g
#define PRIVATE(type)                                                                              \
	.trust = SMIME_TRUST_PRIVATE, SMIME_ROW(type, MULTIPURPOSE, NULL), .names = NAMES_PRIVATE, \
	.extensions = EXTENSIONS(MAY), .key_usage = KEYS_PRIVATE

static const struct smime_profile profiles[] = {
	{ "mailbox-multipurpose", "Mailbox-validated, Multipurpose",
	    PUBLIC(MAILBOX, MULTIPURPOSE, "2.23.140.1.5.1.2"), .subject = SUBJECT_MAILBOX,
	    .common_name = SMIME_CN_MAILBOX },
	{ "mailbox-strict", "Mailbox-validated, Strict",
	    PUBLIC(MAILBOX, STRICT, "2.23.140.1.5.1.3"), .subject = SUBJECT_MAILBOX,
	    .common_name = SMIME_CN_MAILBOX },
	{ "organization-multipurpose", "Organization-validated, Multipurpose",
	    PUBLIC(ORGANIZATION, MULTIPURPOSE, "2.23.140.1.5.2.2"),
	    .subject = SUBJECT_ORGANIZATION(ADDRESS_MULTIPURPOSE),
	    .common_name = SMIME_CN_MAILBOX | SMIME_CN_ORGANIZATION },
	{ "organization-strict", "Organization-validated, Strict",
	    PUBLIC(ORGANIZATION, STRICT, "2.23.140.1.5.2.3"),
	    .subject = SUBJECT_ORGANIZATION(ADDRESS_STRICT),
	    .common_name = SMIME_CN_MAILBOX | SMIME_CN_ORGANIZATION },
	{ "sponsor-multipurpose", "Sponsor-validated, Multipurpose",
	    PUBLIC(SPONSOR, MULTIPURPOSE, "2.23.140.1.5.3.2"),
	    .subject = SUBJECT_SPONSOR(ADDRESS_MULTIPURPOSE, MUST),
	    .common_name = SMIME_CN_MAILBOX | SMIME_CN_PERSON },
	{ "sponsor-strict", "Sponsor-validated, Strict",
	    PUBLIC(SPONSOR, STRICT, "2.23.140.1.5.3.3"),
	    .subject = SUBJECT_SPONSOR(ADDRESS_STRICT, MUST),
	    .common_name = SMIME_CN_MAILBOX | SMIME_CN_PERSON },
	{ "individual-multipurpose", "Individual-validated, Multipurpose",
	    PUBLIC(INDIVIDUAL, MULTIPURPOSE, "2.23.140.1.5.4.2"),
	    .subject = SUBJECT_INDIVIDUAL(ADDRESS_MULTIPURPOSE),
	    .common_name = SMIME_CN_MAILBOX | SMIME_CN_PERSON },
	{ "individual-strict", "Individual-validated, Strict",
	    PUBLIC(INDIVIDUAL, STRICT, "2.23.140.1.5.4.3"),
	    .subject = SUBJECT_INDIVIDUAL(ADDRESS_STRICT),
	    .common_name = SMIME_CN_MAILBOX | SMIME_CN_PERSON },
	/* For enterprises with a root of their own: no reserved policy may be named there. */
	{ "private-mailbox", "Private trust, mailbox", PRIVATE(MAILBOX), .subject = SUBJECT_MAILBOX,
	    .common_name = SMIME_CN_MAILBOX },
	{ "private-person", "Private trust, person of an organization", PRIVATE(SPONSOR),
	    .subject = SUBJECT_SPONSOR(ADDRESS_MULTIPURPOSE, MAY),
	    .common_name = SMIME_CN_MAILBOX | SMIME_CN_PERSON },
	/* Mailboxes are proved; what else it says is the enterprise's own business. */
	{ "private-details", "Private trust, mailbox and unverified details", PRIVATE(MAILBOX),
	    .subject = SUBJECT_DETAILS, .common_name = SMIME_CN_MAILBOX | SMIME_CN_PERSON,
	    .unverified = true },
};
#define N_PROFILES (sizeof(profiles) / sizeof(profiles[0]))

const struct smime_profile *
smime_profiles(size_t *ret_n)
{
	*ret_n = N_PROFILES;
	return profiles;
}

const struct smime_profile *
smime_profile_find(const char *name)
{
	for (size_t i = 0; i < N_PROFILES; i++)
		if (strcmp(profiles[i].name, name) == 0)
			return &profiles[i];
	return NULL;
}

const struct smime_profile *
smime_profile_of_policy(const char *oid)
{
	for (size_t i = 0; i < N_PROFILES; i++)
		if (profiles[i].policy_oid != NULL && strcmp(profiles[i].policy_oid, oid) == 0)
			return &profiles[i];
	return NULL;
}

const char *
smime_profile_refusal(const char *name, const char **ret_clause)
{
	const char *end = strrchr(name, '-');
	const bool legacy = end != NULL && strcmp(end, "-legacy") == 0;

	*ret_clause = legacy ? "SBR 7.1.6.1" : "";
	return legacy ? "No certificate of the Legacy generation may be issued since 2025-07-15."
		      : "There is no certificate profile of this name.";
}

uint16_t
smime_key_usage(const struct smime_profile *profile, enum smime_key key, enum smime_use use)
{
	return profile->key_usage[key][use];
}

bool
smime_allows_key(const struct smime_profile *profile, enum smime_key key)
{
	for (unsigned use = 0; use < SMIME_USES; use++)
		if (profile->key_usage[key][use] != 0)
			return true;
	return false;
}

/* ---- names ---- */

static const struct {
	const char *name, *oid;
} attributes[SMIME_ATTRIBUTES] = {
	[SMIME_CN] = { "commonName", "2.5.4.3" },
	[SMIME_O] = { "organizationName", "2.5.4.10" },
	[SMIME_OU] = { "organizationalUnitName", "2.5.4.11" },
	[SMIME_ORG_ID] = { "organizationIdentifier", "2.5.4.97" },
	[SMIME_GIVEN_NAME] = { "givenName", "2.5.4.42" },
	[SMIME_SURNAME] = { "surname", "2.5.4.4" },
	[SMIME_PSEUDONYM] = { "pseudonym", "2.5.4.65" },
	[SMIME_SERIAL_NUMBER] = { "serialNumber", "2.5.4.5" },
	[SMIME_EMAIL] = { "emailAddress", "1.2.840.113549.1.9.1" },
	[SMIME_TITLE] = { "title", "2.5.4.12" },
	[SMIME_STREET] = { "streetAddress", "2.5.4.9" },
	[SMIME_LOCALITY] = { "localityName", "2.5.4.7" },
	[SMIME_STATE] = { "stateOrProvinceName", "2.5.4.8" },
	[SMIME_POSTAL_CODE] = { "postalCode", "2.5.4.17" },
	[SMIME_COUNTRY] = { "countryName", "2.5.4.6" },
}, extensions[SMIME_EXTENSIONS] = {
	[SMIME_EXT_AKI] = { "authorityKeyIdentifier", "2.5.29.35" },
	[SMIME_EXT_SKI] = { "subjectKeyIdentifier", "2.5.29.14" },
	[SMIME_EXT_CONSTRAINTS] = { "basicConstraints", "2.5.29.19" },
	[SMIME_EXT_KEY_USAGE] = { "keyUsage", "2.5.29.15" },
	[SMIME_EXT_EKU] = { "extKeyUsage", "2.5.29.37" },
	[SMIME_EXT_POLICIES] = { "certificatePolicies", "2.5.29.32" },
	[SMIME_EXT_SAN] = { "subjectAltName", "2.5.29.17" },
	[SMIME_EXT_CRL] = { "cRLDistributionPoints", "2.5.29.31" },
	[SMIME_EXT_AIA] = { "authorityInfoAccess", "1.3.6.1.5.5.7.1.1" },
}, purposes[SMIME_PURPOSES] = {
	[SMIME_EMAIL_PROTECTION] = { "emailProtection", "1.3.6.1.5.5.7.3.4" },
	[SMIME_CLIENT_AUTH] = { "clientAuth", "1.3.6.1.5.5.7.3.2" },
};

const char *
smime_attribute_name(enum smime_attribute attribute)
{
	return attributes[attribute].name;
}

enum smime_attribute
smime_attribute_find(const char *name)
{
	enum smime_attribute i = 0;

	while (i < SMIME_ATTRIBUTES && strcmp(attributes[i].name, name) != 0)
		i++;
	return i;
}

const char *
smime_attribute_oid(enum smime_attribute attribute)
{
	return attributes[attribute].oid;
}

const char *
smime_extension_name(enum smime_extension extension)
{
	return extensions[extension].name;
}

const char *
smime_extension_oid(enum smime_extension extension)
{
	return extensions[extension].oid;
}

const char *
smime_purpose_name(enum smime_purpose purpose)
{
	return purposes[purpose].name;
}

const char *
smime_purpose_oid(enum smime_purpose purpose)
{
	return purposes[purpose].oid;
}

const char *
smime_trust_name(enum smime_trust trust)
{
	return trust == SMIME_TRUST_PUBLIC ? "public" : "private";
}

const char *
smime_type_name(enum smime_type type)
{
	static const char *const names[] = { [SMIME_MAILBOX] = "mailbox",
		[SMIME_ORGANIZATION] = "organization",
		[SMIME_SPONSOR] = "sponsor",
		[SMIME_INDIVIDUAL] = "individual" };

	return names[type];
}

const char *
smime_generation_name(enum smime_generation generation)
{
	return generation == SMIME_STRICT ? "strict" : "multipurpose";
}

const char *
smime_san_name(enum smime_san name)
{
	static const char *const names[] = { [SMIME_SAN_RFC822] = "rfc822Name",
		[SMIME_SAN_UTF8_MAILBOX] = "SmtpUTF8Mailbox",
		[SMIME_SAN_DNS] = "dNSName" };

	return names[name];
}

const char *
smime_presence_name(enum smime_presence presence)
{
	static const char *const names[] = {
		[SMIME_MUST_NOT] = "must-not", [SMIME_MAY] = "may", [SMIME_MUST] = "must"
	};

	return names[presence];
}

const char *
smime_critical_name(enum smime_critical critical)
{
	static const char *const names[] = { [SMIME_NOT_CRITICAL] = "no",
		[SMIME_CRITICAL] = "yes",
		[SMIME_CRITICAL_WITHOUT_SUBJECT] = "without-subject" };

	return names[critical];
}

const char *
smime_key_name(enum smime_key key)
{
	static const char *const names[] = { [SMIME_KEY_RSA] = "RSA",
		[SMIME_KEY_EC] = "EC",
		[SMIME_KEY_ED25519] = "Ed25519",
		[SMIME_KEY_ED448] = "Ed448" };

	return names[key];
}

const char *
smime_use_name(enum smime_use use)
{
	static const char *const names[] = { [SMIME_USE_DUAL] = "dual",
		[SMIME_USE_SIGNING] = "signing",
		[SMIME_USE_ENCRYPTION] = "encryption" };

	return names[use];
}

const char *
smime_key_usage_name(unsigned bit)
{
	static const char *const names[] = { "digitalSignature", "nonRepudiation",
		"keyEncipherment", "dataEncipherment", "keyAgreement", "keyCertSign", "cRLSign",
		"encipherOnly", "decipherOnly" };

	return bit < sizeof(names) / sizeof(names[0]) ? names[bit] : NULL;
}
