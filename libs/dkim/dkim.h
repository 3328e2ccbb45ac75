/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dkim.h: was this mail signed by a domain?  (RFC 6376, RFC 8301, RFC 8463, RFC 8616.)  Pure: keys come
 * from the caller, and so does the time.
 *
 *	1. dkim_mail_read(), then dkim_signatures_read(): each signature with the name of its key;
 *	2. the caller looks up TXT at `owner` (validated; an answer that could not be had proves nothing);
 *	3. dkim_verify() with the texts that were found: good, or why not;
 *	4. dkim_covers(): are the fields that matter signed?
 *
 * Stricter than the RFC: no `l=` (a signed beginning of a mail), no RSA below 2,048 bits unless a flag
 * permits 1,024, no key that says it is being tested, no key that is found twice.
 */
#ifndef DKIM_DKIM_H
#define DKIM_DKIM_H

#include "dkim/canon.h"
#include "dkim/mail.h"

#define DKIM_SIGNATURES_MAX 8        /* from the top; what is below is not looked at */
#define DKIM_NAMES_MAX 128           /* of fields in h= */
#define DKIM_KEY_MAX 4096            /* octets of a key's text */
#define DKIM_KEYS_MAX 16             /* TXT records at one name */
#define DKIM_SKEW_MS INT64_C(300000) /* by which a signer's clock may be ahead of ours */
#define DKIM_OWNER_MAX 253

enum dkim_algorithm { DKIM_RSA_SHA256, DKIM_ED25519_SHA256 };

struct dkim_signature {
	/*
	 * code not NULL: it cannot count, whatever its key is.  "dkim-tags", "dkim-version",
	 * "dkim-algorithm", "dkim-canonicalization", "dkim-domain", "dkim-identity", "dkim-headers",
	 * "dkim-from", "dkim-length", "dkim-query", "dkim-time", "dkim-base64".
	 */
	struct cs_refusal why;
	const char *domain;   /* d=, lower-case A-labels; NULL when refused before it was read */
	const char *selector; /* s=, lower case; NULL likewise */
	const char *owner;    /* "selector._domainkey.domain"; NULL likewise */
	enum dkim_algorithm algorithm;
	enum dkim_canon header_canon, body_canon;
	const struct cs_span *names; /* h=, in its order; names may repeat or be of absent fields */
	size_t names_len;
	bool identity_below; /* i= is below d=, not equal to it */
	int64_t signed_ms;   /* t=; 0: not there */
	int64_t expires_ms;  /* x=; 0: not there */
	struct cs_span body_hash, signature;
	const struct dkim_field *field;
	struct cs_span hole; /* the value of b= in it */
};

/*
 * The first DKIM_SIGNATURES_MAX signatures of the mail, top to bottom, those that cannot count among
 * them; `ret_signatures` (in `arena`) borrows from the mail.  How many; 0: it is not signed.
 */
size_t dkim_signatures_read(struct cs_arena *arena, const struct dkim_mail *mail,
    const struct dkim_signature **ret_signatures);

#define DKIM_ALLOW_RSA_1024 1u /* RSA from 1,024 to 2,047 bits too */

/*
 * Is this signature of `mail` good by the one key among `texts`, which are the TXT records at its owner
 * (the strings of each joined)?  At `now_ms`.  False: *ret_why; beside the codes above "dkim-expired",
 * "dkim-future", "dkim-no-key", "dkim-key-many", "dkim-key", "dkim-key-revoked", "dkim-key-testing",
 * "dkim-key-identity", "dkim-key-algorithm", "dkim-key-size", "dkim-body-hash", "dkim-signature".
 */
CS_MUST_USE bool dkim_verify(struct cs_arena *arena, const struct dkim_mail *mail,
    const struct dkim_signature *signature, const struct cs_span *texts, size_t texts_len,
    int64_t now_ms, unsigned flags, struct cs_refusal *ret_why);

/*
 * The fields that RFC 8823 3.2 wants signed in an answer: From, Sender, Reply-To, To, CC, Subject, Date,
 * In-Reply-To, References, Message-ID, Content-Type, Content-Transfer-Encoding.  True when h= has each of
 * them at least as often as the mail does, and, with `absent_too`, at least once even where the mail has
 * none (so that none can be added).  False: *ret_missing is the first that is not.
 */
CS_MUST_USE bool dkim_covers(const struct dkim_mail *mail, const struct dkim_signature *signature,
    bool absent_too, const char **ret_missing);

const char *dkim_algorithm_name(enum dkim_algorithm algorithm); /* "rsa-sha256" */

#endif
