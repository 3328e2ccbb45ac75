/* SPDX-License-Identifier: Apache-2.0 */
/* fake_idp.h: an identity provider with keys, which signs whatever it is told to. */
#ifndef TESTS_FAKE_IDP_H
#define TESTS_FAKE_IDP_H

#include "saml/response.h"

#define FAKE_IDP "https://idp.example/saml"
#define FAKE_SP "https://ra.example/second-factor/saml/metadata"
#define FAKE_ACS "https://ra.example/second-factor/saml"
#define FAKE_REQUEST "_7b0e5d3f9a"
#define FAKE_NOW INT64_C(1800000000) /* 2027-01-15T08:00:00Z */
#define FAKE_ASKED (FAKE_NOW - 20)

#define P_NS "xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\""
#define A_NS "xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\""
#define RESPONSE_ID "_response"
#define ASSERTION_ID "_assertion"

enum fake_idp_key {
	FAKE_IDP_RSA,
	FAKE_IDP_P256,
	FAKE_IDP_P384,
	FAKE_IDP_STRANGER,
	FAKE_IDP_WEAK,
	FAKE_IDP_P256_V1,   /* the key of FAKE_IDP_P256 in a certificate of version 1 */
	FAKE_IDP_P256_BARE, /* the same in one of version 3 without extensions */
	FAKE_IDP_KEYS
};
/* The body of its certificate, base64. */
const char *fake_idp_certificate(struct cs_arena *arena, enum fake_idp_key key);
/* Metadata with the first three keys, whose people log in at `sign_on`. */
const char *fake_idp_metadata(struct cs_arena *arena, const char *entity_id, const char *sign_on);

/* How it signs; zero: by RSA and SHA-256, as SAML wants it, with its certificate in KeyInfo. */
struct fake_how {
	enum fake_idp_key key;
	const char *method, *digest;  /* algorithms, NULL: the key's own with SHA-256 */
	const char *c14n, *info_c14n; /* NULL: exclusive */
	const char *transforms;       /* all of them, NULL: the two of SAML */
	const char *key_info;         /* NULL: the certificate of this key */
	bool by_hmac;                 /* with the RSA certificate as the secret */
};
/* Puts a signature after the Issuer of the element of this ID; before the Status of a Response that has none. */
const char *
fake_idp_sign(struct cs_arena *arena, const char *xml, const char *id, const struct fake_how *how);

/* What is said in an answer; NULL: what is good. */
struct fake_said {
	const char *issuer, *issued;
	const char *name_id;      /* a whole element */
	const char *confirmation; /* whole elements */
	const char *conditions;   /* a whole element */
	const char *statement;    /* whole elements: AuthnStatement */
	const char *attributes;   /* a whole element: AttributeStatement */
	const char *more;         /* at the end of it */
};
const char *
fake_idp_assertion(struct cs_arena *arena, const char *id, const struct fake_said *said);
/* With this in it; unsigned. */
const char *fake_idp_response(struct cs_arena *arena, const char *id, const char *content);
/* Good, of whom NameID says, the assertion signed. */
const char *fake_idp_good(struct cs_arena *arena, const char *name);

#endif
