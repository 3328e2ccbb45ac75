/* SPDX-License-Identifier: Apache-2.0 */
/*
 * terms.h: under which terms CAA must permit us: by which of our names, for which account, by which
 * methods (RFC 8657).  Their text is what a CAA check expects, so that its digest, and with it every
 * evidence, covers them.  Pure.
 */
#ifndef SMIME_TERMS_H
#define SMIME_TERMS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"
#include "smime/method.h"

#define SMIME_TERMS_NAMES 10    /* issuer domain names at most */
#define SMIME_TERMS_METHODS 16  /* methods at most */
#define SMIME_TERMS_OCTETS 1024 /* of the text: what a check may expect (CLAIM_MAX_TEXT) */

struct smime_terms {
	const char *const
	    *issuers; /* lower case, in the order of our settings; none: nobody is us */
	size_t n_issuers;
	const char *account_uri; /* as smime_account_uri(); "": every accounturi is a stranger's */
	const struct smime_method *const
	    *methods;     /* by which names of the domain are proved; in any order */
	size_t n_methods; /* 0: not known yet; then every validationmethods refuses */
};

/*
 * "issuers=a,b account=acct:e@a methods=dns-txt,email-token": one text for one set of terms, methods
 * in the order of their table and each once.  False: a name or the whole is too long, or cannot
 * stand in such a text; *ret is untouched.
 */
CS_MUST_USE bool
smime_terms_write(struct cs_arena *arena, const struct smime_terms *terms, struct cs_span *ret);
/* Reads exactly what smime_terms_write() writes; methods must be ours.  The result lives in `arena`. */
CS_MUST_USE bool
smime_terms_read(struct cs_arena *arena, struct cs_span text, struct smime_terms *ret);

bool smime_terms_names_issuer(const struct smime_terms *terms, const char *issuer);
bool smime_terms_has_method(const struct smime_terms *terms, const char *method);

#endif
