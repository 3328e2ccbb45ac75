/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metadata.h: what an identity provider says of itself (SAML 2.0 Metadata), and what we say of us.  Pure: the time
 * is given.
 *
 * Who may say it is known by where it was fetched, under TLS: the document's own signature is not looked at.
 */
#ifndef SAML_METADATA_H
#define SAML_METADATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/refusal.h"
#include "base/span.h"

#define SAML_METADATA_MAX 262144 /* octets */
#define SAML_ENTITY_MAX 1024     /* octets of an entityID (SAML 2.0 Core 8.3.6) */
#define SAML_URL_MAX 2048        /* octets of where people are sent */
#define SAML_KEYS_MAX 16         /* certificates for signatures, of whatever keys */

struct saml_provider {
	const char *entity_id; /* NULL: was not read, as all here */
	const char *sign_on;   /* SingleSignOnService of the binding HTTP-Redirect */
	bool wants_signed;     /* WantAuthnRequestsSigned: it may refuse our requests */
	/* SubjectPublicKeyInfo, DER, each once, by which it signs: RSA of 2048 bits or more, P-256, P-384, P-521. */
	struct cs_span keys[SAML_KEYS_MAX];
	size_t n_keys;
	size_t n_passed; /* certificates that hold another key, or none */
};

/*
 * One EntityDescriptor, alone or as the only one of an EntitiesDescriptor, with one IDPSSODescriptor for SAML 2.0.
 * `clear`: it came from a place without TLS, in tests, and may lead to one.  A certificate, of any version, is here
 * what a key is wrapped in: neither who signed it nor until when it is good is looked at (SAML 2.0 Metadata
 * Interoperability Profile 2.6.1).  Certificates for other uses and other keys are passed over.
 *
 * False: saml-metadata, saml-doctype, saml-entity, saml-no-provider, saml-metadata-expired (validUntil),
 * saml-metadata-time (of validUntil), saml-sign-on, saml-keys; *ret_provider has what was read before that.
 */
CS_MUST_USE bool saml_metadata_judge(struct cs_arena *arena, struct cs_span document, bool clear,
    int64_t now_s, struct saml_provider *ret_provider, struct cs_refusal *ret_why);
/* Where ours is, below what browsers reach; also our entityID, unless another is set. */
#define SAML_OWN_METADATA "/second-factor/saml/metadata"
/*
 * What providers register us by: a service provider that signs no requests and wants assertions to be signed.
 * `answer_at` as in request.h.
 */
struct cs_span
saml_own_metadata(struct cs_arena *arena, const char *entity_id, const char *answer_at);

#endif
