/* SPDX-License-Identifier: Apache-2.0 */
/*
 * identity.h: who an organization or a person is, as verified (SBR 3.2.3, 3.2.4): the attributes that a
 * subject may name.  The octets are what a check of kind organization or individual expects and its
 * evidence states, so that they are covered by the check digest.  Pure.
 */
#ifndef SMIME_IDENTITY_H
#define SMIME_IDENTITY_H

#include "base/arena.h"
#include "base/refusal.h"
#include "base/span.h"
#include "smime/profile.h"

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
 * hidden characters, not only metadata (SBR 7.1.4.2), country, organizationIdentifier (SBR appendix A).
 * `type`: only what the subject of this type may name.  False: *ret_why.
 */
CS_MUST_USE bool smime_identity_read(struct cs_arena *arena, struct cs_span octets,
    enum smime_type type, struct smime_identity *ret, struct cs_refusal *ret_why);

#endif
