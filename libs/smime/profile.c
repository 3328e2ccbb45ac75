/* SPDX-License-Identifier: Apache-2.0 */
#include "smime/profile.h"

#include <string.h>

#define NO SMIME_MUST_NOT
#define MAY SMIME_MAY
#define MUST SMIME_MUST

/* The columns of SBR 7.1.4.2.2 b for the generations that may be issued. */
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
#define SUBJECT_SPONSOR(address)                                                             \
	{                                                                                    \
		[SMIME_CN] = MAY, [SMIME_O] = MUST, [SMIME_OU] = MAY, [SMIME_ORG_ID] = MUST, \
		[SMIME_GIVEN_NAME] = MAY, [SMIME_SURNAME] = MAY, [SMIME_PSEUDONYM] = MAY,    \
		[SMIME_SERIAL_NUMBER] = MAY, [SMIME_EMAIL] = MAY, [SMIME_TITLE] = MAY,       \
		[SMIME_STREET] = (address), [SMIME_LOCALITY] = MAY, [SMIME_STATE] = MAY,     \
		[SMIME_POSTAL_CODE] = (address), [SMIME_COUNTRY] = MAY                       \
	}
#define SUBJECT_INDIVIDUAL(address)                                                         \
	{                                                                                   \
		[SMIME_CN] = MAY, [SMIME_GIVEN_NAME] = MAY, [SMIME_SURNAME] = MAY,          \
		[SMIME_PSEUDONYM] = MAY, [SMIME_SERIAL_NUMBER] = MAY, [SMIME_EMAIL] = MAY,  \
		[SMIME_TITLE] = MAY, [SMIME_STREET] = (address), [SMIME_LOCALITY] = MAY,    \
		[SMIME_STATE] = MAY, [SMIME_POSTAL_CODE] = (address), [SMIME_COUNTRY] = MAY \
	}

static const struct smime_profile profiles[] = {
	{ "mailbox-multipurpose", "Mailbox-validated, Multipurpose", SMIME_MAILBOX,
	    SMIME_MULTIPURPOSE, "2.23.140.1.5.1.2", 825, 365, true, SUBJECT_MAILBOX },
	{ "mailbox-strict", "Mailbox-validated, Strict", SMIME_MAILBOX, SMIME_STRICT,
	    "2.23.140.1.5.1.3", 825, 365, false, SUBJECT_MAILBOX },
	{ "organization-multipurpose", "Organization-validated, Multipurpose", SMIME_ORGANIZATION,
	    SMIME_MULTIPURPOSE, "2.23.140.1.5.2.2", 825, 365, true, SUBJECT_ORGANIZATION(MAY) },
	{ "organization-strict", "Organization-validated, Strict", SMIME_ORGANIZATION, SMIME_STRICT,
	    "2.23.140.1.5.2.3", 825, 365, false, SUBJECT_ORGANIZATION(NO) },
	{ "sponsor-multipurpose", "Sponsor-validated, Multipurpose", SMIME_SPONSOR,
	    SMIME_MULTIPURPOSE, "2.23.140.1.5.3.2", 825, 365, true, SUBJECT_SPONSOR(MAY) },
	{ "sponsor-strict", "Sponsor-validated, Strict", SMIME_SPONSOR, SMIME_STRICT,
	    "2.23.140.1.5.3.3", 825, 365, false, SUBJECT_SPONSOR(NO) },
	{ "individual-multipurpose", "Individual-validated, Multipurpose", SMIME_INDIVIDUAL,
	    SMIME_MULTIPURPOSE, "2.23.140.1.5.4.2", 825, 365, true, SUBJECT_INDIVIDUAL(MAY) },
	{ "individual-strict", "Individual-validated, Strict", SMIME_INDIVIDUAL, SMIME_STRICT,
	    "2.23.140.1.5.4.3", 825, 365, false, SUBJECT_INDIVIDUAL(NO) },
};

const struct smime_profile *
smime_profiles(size_t *ret_n)
{
	*ret_n = sizeof(profiles) / sizeof(profiles[0]);
	return profiles;
}

const struct smime_profile *
smime_profile_find(const char *name)
{
	for (size_t i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++)
		if (strcmp(profiles[i].name, name) == 0)
			return &profiles[i];
	return NULL;
}

/*
 * SBR 7.1.2.3 e, without the bits that are merely allowed: nonRepudiation would promise more than
 * mail signing does, and dataEncipherment, encipherOnly and decipherOnly help no mail program.  The
 * choice is the same for both generations, and so strict enough for Strict.
 */
uint16_t
smime_key_usage(enum smime_key key, enum smime_use use)
{
	static const uint16_t digital_signature = 1u << 0, key_encipherment = 1u << 2,
			      key_agreement = 1u << 4;
	const uint16_t encrypts = key == SMIME_KEY_RSA  ? key_encipherment
				  : key == SMIME_KEY_EC ? key_agreement
							: 0;

	if (use == SMIME_USE_SIGNING)
		return digital_signature;
	if (encrypts == 0)
		return 0;
	return use == SMIME_USE_ENCRYPTION ? encrypts : digital_signature | encrypts;
}

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
};

const char *
smime_attribute_name(enum smime_attribute attribute)
{
	return attributes[attribute].name;
}

const char *
smime_attribute_oid(enum smime_attribute attribute)
{
	return attributes[attribute].oid;
}

const char *
smime_key_name(enum smime_key key)
{
	static const char *const names[] = {
		[SMIME_KEY_RSA] = "RSA", [SMIME_KEY_EC] = "EC", [SMIME_KEY_ED25519] = "Ed25519"
	};

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
