/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profile.h: certificate profiles as data (SBR 7.1).  One row of one table says everything that a
 * certificate of a profile says; a request chooses a profile and never an extension.  What changes by
 * date is in rules.h.
 */
#ifndef SMIME_PROFILE_H
#define SMIME_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whom relying parties trust: programs of root stores (SBR applies), or an enterprise's own root. */
enum smime_trust { SMIME_TRUST_PUBLIC, SMIME_TRUST_PRIVATE };
enum smime_type { SMIME_MAILBOX, SMIME_ORGANIZATION, SMIME_SPONSOR, SMIME_INDIVIDUAL };
enum smime_generation { SMIME_MULTIPURPOSE, SMIME_STRICT };
enum smime_key { SMIME_KEY_RSA, SMIME_KEY_EC, SMIME_KEY_ED25519, SMIME_KEY_ED448, SMIME_KEYS };
enum smime_use { SMIME_USE_DUAL, SMIME_USE_SIGNING, SMIME_USE_ENCRYPTION, SMIME_USES };

/* The rows of SBR 7.1.4.2.2 that are not forbidden to every type. */
enum smime_attribute {
	SMIME_CN,
	SMIME_O,
	SMIME_OU,
	SMIME_ORG_ID,
	SMIME_GIVEN_NAME,
	SMIME_SURNAME,
	SMIME_PSEUDONYM,
	SMIME_SERIAL_NUMBER,
	SMIME_EMAIL,
	SMIME_TITLE,
	SMIME_STREET,
	SMIME_LOCALITY,
	SMIME_STATE,
	SMIME_POSTAL_CODE,
	SMIME_COUNTRY,
	SMIME_ATTRIBUTES /* how many */
};
/* MAY: written when it is verified, asked for or configured.  MUST: always written. */
enum smime_presence { SMIME_MUST_NOT = 0, SMIME_MAY, SMIME_MUST };

/* What commonName may be (SBR 7.1.4.2.2 a): bits. */
#define SMIME_CN_MAILBOX 1u      /* a mailbox of subjectAltName */
#define SMIME_CN_ORGANIZATION 2u /* organizationName */
#define SMIME_CN_PERSON 4u       /* "givenName surname", or the pseudonym */

/* Kinds of names in subjectAltName; of the first two one at least is there. */
enum smime_san { SMIME_SAN_RFC822, SMIME_SAN_UTF8_MAILBOX, SMIME_SAN_DNS, SMIME_SANS };

/*
 * Purposes of extKeyUsage.  Only what a profile MUST have is written; what it MAY have is accepted in
 * certificates that others made (`csctl lint`) and never written by us.
 */
enum smime_purpose { SMIME_EMAIL_PROTECTION, SMIME_CLIENT_AUTH, SMIME_PURPOSES };

/* In the order in which they are written. */
enum smime_extension {
	SMIME_EXT_AKI,
	SMIME_EXT_SKI,
	SMIME_EXT_CONSTRAINTS,
	SMIME_EXT_KEY_USAGE,
	SMIME_EXT_EKU,
	SMIME_EXT_POLICIES,
	SMIME_EXT_SAN,
	SMIME_EXT_CRL,
	SMIME_EXT_AIA,
	SMIME_EXTENSIONS /* what is not among them is never written */
};
enum smime_critical { SMIME_NOT_CRITICAL = 0, SMIME_CRITICAL, SMIME_CRITICAL_WITHOUT_SUBJECT };

struct smime_profile {
	const char *name;  /* stable: "mailbox-multipurpose" */
	const char *title; /* for people */
	enum smime_trust trust;
	enum smime_type type;
	enum smime_generation generation; /* of a private profile: MULTIPURPOSE, without its OID */
	const char *policy_oid;           /* the reserved one, SBR 7.1.6.1; NULL: none is written */
	uint32_t max_days;                /* SBR 6.3.2 */
	uint32_t default_days;
	uint8_t subject[SMIME_ATTRIBUTES]; /* enum smime_presence, as are the next two */
	uint8_t names[SMIME_SANS];
	uint8_t purposes[SMIME_PURPOSES];
	uint8_t common_name; /* SMIME_CN_ bits */
	bool unverified; /* of an own root alone: its subject says what operators and people say */
	struct {
		uint8_t presence, critical;
	} extensions[SMIME_EXTENSIONS];
	/* SBR 7.1.2.3 e: bit n is the named bit n; 0: this key is not certified for this use. */
	uint16_t key_usage[SMIME_KEYS][SMIME_USES];
};

/* All of them, in the order in which they are shown. */
const struct smime_profile *smime_profiles(size_t *ret_n);
/* NULL: there is none of this name. */
const struct smime_profile *smime_profile_find(const char *name);
/* The profile with this reserved policy OID; NULL: none. */
const struct smime_profile *smime_profile_of_policy(const char *oid);
/*
 * Why there is no profile of this name, in one sentence: the Legacy generation is refused by the
 * rules (SBR 7.1.6.1, since 2025-07-15), other names are merely unknown.  *ret_clause: "" for those.
 */
const char *smime_profile_refusal(const char *name, const char **ret_clause);

/* The keyUsage bits; 0: a key of this kind cannot serve this use in this profile. */
uint16_t
smime_key_usage(const struct smime_profile *profile, enum smime_key key, enum smime_use use);
/* Is a key of this kind certified for any use? */
bool smime_allows_key(const struct smime_profile *profile, enum smime_key key);

const char *smime_trust_name(enum smime_trust trust);             /* "public", "private" */
const char *smime_type_name(enum smime_type type);                /* "mailbox", ... */
const char *smime_generation_name(enum smime_generation);         /* "multipurpose", "strict" */
const char *smime_attribute_name(enum smime_attribute attribute); /* "commonName" */
const char *smime_attribute_oid(enum smime_attribute attribute);  /* "2.5.4.3" */
/* SMIME_ATTRIBUTES: there is none of this name. */
enum smime_attribute smime_attribute_find(const char *name);
const char *smime_san_name(enum smime_san name);            /* "rfc822Name", ... */
const char *smime_purpose_name(enum smime_purpose purpose); /* "emailProtection" */
const char *smime_purpose_oid(enum smime_purpose purpose);
const char *smime_extension_name(enum smime_extension extension); /* "keyUsage" */
const char *smime_extension_oid(enum smime_extension extension);
const char *smime_presence_name(enum smime_presence presence); /* "must-not", "may", "must" */
const char *smime_critical_name(enum smime_critical critical); /* "no", "yes", "without-subject" */
const char *smime_key_name(enum smime_key key);                /* "RSA" */
const char *smime_use_name(enum smime_use use);                /* "dual", "signing", ... */
const char *smime_key_usage_name(unsigned bit);                /* "digitalSignature"; NULL: none */

#endif
