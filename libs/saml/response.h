/* SPDX-License-Identifier: Apache-2.0 */
/*
 * response.h: who logged in, as a provider's Response says it (SAML 2.0 Profiles 4.1.4.3).  Pure: the time is given.
 *
 * What keeps others out:
 *
 *   wrapping    The signature's reference is to the element that it stands in, and to nothing else.  Once it is
 *               verified, only the octets that were digested are looked at: they are parsed again, and the
 *               assertion is read out of them.  What is not signed is never seen there, wherever it stood.  Before
 *               that, a document is refused that has two assertions, assertions or signatures in other places than
 *               theirs, an ID twice, or an element in a signature beside its own three parts.
 *   size        What canonicalization takes is bounded before a key is there: attributes of an element and namespaces
 *               in its scope (bounds.c), prefixes that are kept (signature.c).  A wrong digest is digested once.
 *   comments    What is signed has none; a name is all of an element that holds text and nothing else.
 *   entities    A document with a document type is not parsed.  Nothing is fetched.
 *   algorithms  RSA and ECDSA with SHA-256 or more, digests the same, exclusive canonicalization without comments.
 *   keys        Those of the provider's metadata alone; KeyInfo is thrown away unread.
 *   encryption  There is none: an assertion that is encrypted is refused.
 *
 * That an answer is taken once is for the caller to see to: it names its request, by whose ID it is known.
 */
#ifndef SAML_RESPONSE_H
#define SAML_RESPONSE_H

#include "saml/metadata.h"
#include "saml/refusal.h"

#define SAML_FORM_MAX 61440 /* octets of base64, with its line ends: an event has 65536 in all */
#define SAML_TEXT_MAX 255   /* octets of what names somebody */
#define SAML_SKEW_S 60      /* by how much clocks may differ */

struct saml_expected {
	const struct saml_provider *provider;
	const char *entity_id;  /* ours */
	const char *answer_at;  /* where it was posted */
	const char *request_id; /* what it answers */
	const char *claim;      /* the attribute that names the person; "": NameID does */
	int64_t asked_s;        /* when the person was sent to the provider */
	int64_t now_s;
};
struct saml_person {
	const char
	    *name; /* 1 to SAML_TEXT_MAX octets of UTF-8, all of it seen, no space at its ends */
	const char *assertion; /* its ID: 1 to SAML_TEXT_MAX characters of ASCII */
	int64_t login_s;       /* AuthnInstant; of several the earliest */
};
/*
 * `form`: the field SAMLResponse, base64.  Form, places and signature first, then what the assertion says; times
 * may be off by SAML_SKEW_S:
 *
 *   Issuer                 the provider, to the letter; of the Response too, if it is there; it is there, and its
 *                          Destination is answer_at, where the Response is signed (Profiles 4.1.4.2, Bindings 3.5.5.2)
 *   IssueInstant           not in the future, and not before the person was asked
 *   SubjectConfirmation    a bearer's: Recipient is answer_at, InResponseTo the request, NotOnOrAfter not past
 *   Conditions             there, within NotBefore and NotOnOrAfter; each AudienceRestriction, one at least, names
 *                          us; a condition of an unknown kind is refused (Core 2.5.1.1)
 *   AuthnStatement         there; AuthnInstant not in the future, and not before the person was asked;
 *                          SessionNotOnOrAfter, where it is there, not past
 *
 * and last the name: NameID, but for one that is transient, encrypted or an entity's, or that is qualified as another
 * provider's or another service's; or the one value of the one Attribute of this Name.
 * saml_load() was called.  False: *ret_why.
 */
CS_MUST_USE bool saml_response_judge(struct cs_arena *arena, struct cs_span form,
    const struct saml_expected *expected, struct saml_person *ret_person,
    struct cs_refusal *ret_why);

/*
 * Starts the library that verifies signatures, for the rest of the process's life: once, before the first response.
 * It loads what is else loaded late: for processes that are about to give up opening files.
 */
void saml_load(void);

#endif
