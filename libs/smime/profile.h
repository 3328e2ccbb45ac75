/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profile.h: certificate profiles as data (SBR 7.1).  A profile alone decides what a certificate
 * says; a request chooses a profile and never an extension.
 */
#ifndef SMIME_PROFILE_H
#define SMIME_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum smime_type { SMIME_MAILBOX, SMIME_ORGANIZATION, SMIME_SPONSOR, SMIME_INDIVIDUAL };
enum smime_generation { SMIME_MULTIPURPOSE, SMIME_STRICT };
enum smime_key { SMIME_KEY_RSA, SMIME_KEY_EC, SMIME_KEY_ED25519 };
enum smime_use { SMIME_USE_DUAL, SMIME_USE_SIGNING, SMIME_USE_ENCRYPTION };

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
enum smime_presence { SMIME_MUST_NOT = 0, SMIME_MAY, SMIME_MUST };

struct smime_profile {
	const char *name;  /* stable: "mailbox-multipurpose" */
	const char *title; /* for people */
	enum smime_type type;
	enum smime_generation generation;
	const char *policy_oid; /* the reserved one, SBR 7.1.6.1 */
	uint32_t max_days;      /* SBR 6.3.2 */
	uint32_t default_days;
	bool may_client_auth; /* SBR 7.1.2.3 f: emailProtection alone, or with clientAuth */
	uint8_t subject[SMIME_ATTRIBUTES]; /* enum smime_presence by enum smime_attribute */
};

/* All of them, in the order in which they are shown. */
const struct smime_profile *smime_profiles(size_t *ret_n);
/* NULL: there is none of this name. */
const struct smime_profile *smime_profile_find(const char *name);

/*
 * The keyUsage bits (SBR 7.1.2.3 e), the same for every profile: bit n of the result is the named
 * bit n.  0: this key cannot serve this use.
 */
uint16_t smime_key_usage(enum smime_key key, enum smime_use use);

const char *smime_attribute_name(enum smime_attribute attribute); /* "commonName" */
const char *smime_attribute_oid(enum smime_attribute attribute);  /* "2.5.4.3" */
const char *smime_key_name(enum smime_key key);                   /* "RSA" */
const char *smime_use_name(enum smime_use use);                   /* "dual", "signing", ... */

#endif
