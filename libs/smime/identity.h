/* SPDX-License-Identifier: Apache-2.0 */
/*
 * identity.h: who an organization or a person is, as verified (SBR 3.2.3, 3.2.4): the attributes that a
 * subject may name.  The octets are what a check of kind organization or individual expects and its
 * evidence states, so that they are covered by the check digest.  Pure.
 */
#ifndef SMIME_IDENTITY_H
#define SMIME_IDENTITY_H

#include "base/arena.h"
#include "base/err.h"
#include "base/refusal.h"
#include "base/span.h"
#include "smime/profile.h"
#include "smime/rules.h"

#define SMIME_IDENTITY_MAX 1024 /* octets of the written form */

struct smime_identity {
	const char *values[SMIME_ATTRIBUTES]; /* UTF-8; NULL: not verified, so not to be named */
};

/*
 * One line an attribute, in the order of enum smime_attribute: its name, "=", its value, LF.  Written
 * values hold no control character.  The same identity gives the same octets.
 */
struct cs_span smime_identity_write(struct cs_arena *arena, const struct smime_identity *identity);

/*
 * The strict reverse; values are checked: length by RFC 5280 upper bounds, text without control and
 * hidden characters, not only metadata (SBR 7.1.4.2), country (ISO 3166-1), organizationIdentifier (SBR
 * appendix A), which attributes need which others, and a pseudonym beside no name (SBR 7.1.4.2.2).
 * `type`: what its subject must name and may name beside mailboxes.  Values live in `arena`.  False:
 * *ret_why, its field the attribute's name or "".
 */
CS_MUST_USE bool smime_identity_read(struct cs_arena *arena, struct cs_span octets,
    enum smime_type type, struct smime_identity *ret, struct cs_refusal *ret_why);

/*
 * May a certificate have this commonName (SBR 7.1.4.2.2 a), beside one of its mailboxes: the
 * organizationName; or the personal name (given name, a space, surname; or the only one of them) or the
 * pseudonym.  `may`: SMIME_CN_ bits of its profile.
 */
bool smime_identity_may_name(
    unsigned may, const struct smime_identity *identity, const char *common_name);

/*
 * What a subject of this type says of the two, either NULL: a sponsor's certificate names the organization
 * with its address, and the person without theirs (SBR 7.1.4.2.2).  Values are borrowed.
 */
struct smime_identity smime_identity_join(enum smime_type type,
    const struct smime_identity *organization, const struct smime_identity *individual);

/* ---- what nobody verified ---- */

/* Who set a value. */
enum smime_source { SMIME_BY_PERSON, SMIME_BY_PROFILE, SMIME_BY_OPERATOR };
const char *smime_source_name(enum smime_source source); /* "person", "profile", "operator" */
CS_MUST_USE bool smime_source_find(const char *name, enum smime_source *ret);

/*
 * May a subject of this profile say what this one set, though nobody verified it (SBR 3.2.5)?  Every profile:
 * emailAddress, since it repeats a mailbox that is proved.  One of mailboxes: also a serialNumber, which the
 * operator assigns as registration authority (SBR 7.1.4.2.2).  One with `unverified`: everything that it may
 * name.  commonName never: it has rules of its own.
 */
bool smime_may_state(
    const struct smime_profile *profile, enum smime_attribute attribute, enum smime_source source);

/*
 * The rules of smime_identity_read for one such value, of another attribute than commonName and emailAddress:
 * nothing in it looks like a mailbox (SBR 7.1.4.2.1).  False: *ret_why, its field the attribute's name.
 */
CS_MUST_USE bool
smime_value_holds(enum smime_attribute attribute, const char *value, struct cs_refusal *ret_why);
/*
 * The same for all of them: of each, and, where the profile is `unverified`, of one
 * beside others.  emailAddress is one of the `mailboxes`.
 * False: *ret_why, its field the attribute's name.
 */
CS_MUST_USE bool
smime_stated_holds(const struct smime_profile *profile, const struct smime_identity *stated,
    const char *const *mailboxes, size_t n_mailboxes, struct cs_refusal *ret_why);

/* ---- how it was verified ---- */

/* One row for each method and what it proves: SMIME_PROOF_ORGANIZATION, _AUTHORITY or _INDIVIDUAL. */
struct smime_identity_method {
	const char *name; /* "register" */
	enum smime_proof proof;
	const char *clause; /* "SBR 3.2.3" */
	const char *what;   /* for people: "a government register" */
	bool
	    sponsor_only; /* of sponsor-validated certificates alone: an enterprise vouches for its people */
};

const struct smime_identity_method *smime_identity_methods(size_t *ret_n);
/* NULL: this name proves nothing of this kind. */
const struct smime_identity_method *
smime_identity_method_find(const char *name, enum smime_proof proof);

/* Which of the three a certificate of this type rests on (SBR 3.2). */
bool smime_identity_needs(enum smime_type type, enum smime_proof proof);

#endif
