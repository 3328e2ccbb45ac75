/* SPDX-License-Identifier: Apache-2.0 */
/* refusal.c: why not, each with its own word.  No text repeats what a stranger said. */
#include <string.h>

#include "internal.h"

#define AGAIN "Begin the login again."
#define SETTINGS "Let an operator see to the connector: its endpoint and claim."
#define REGISTERED "Let those who run the provider register us anew, from our metadata."
#define PROVIDER "Let those who run the provider see to it."
#define CORE "SAML 2.0 Core "
#define METADATA "SAML 2.0 Metadata "
#define PROFILE "SAML 2.0 Profiles "

static const struct cs_refusal refusals[SAML_NOS] = {
	[SAML_FINE] = { .code = NULL },
	[SAML_NO_REACH] = { SAML_UNREACHABLE, "provider", PROFILE "4.1.3.2",
	    "The provider's metadata cannot be had now.", "Try it again in a few minutes." },
	[SAML_NO_DOCTYPE] = { "saml-doctype", "document", CORE "1.1",
	    "The document has a document type, which is not read.", PROVIDER },
	/* what a provider says of itself */
	[SAML_NO_METADATA] = { "saml-metadata", "provider", METADATA "2.1",
	    "The provider's metadata is not well-formed XML, or too much.", SETTINGS },
	[SAML_NO_ENTITY] = { "saml-entity", "provider", METADATA "2.3.2",
	    "The metadata has not one EntityDescriptor with its entityID.", SETTINGS },
	[SAML_NO_PROVIDER] = { "saml-no-provider", "provider", METADATA "2.4.3",
	    "The metadata has not one IDPSSODescriptor for SAML 2.0: this is no identity provider.",
	    SETTINGS },
	[SAML_NO_VALID] = { "saml-metadata-expired", "provider", METADATA "2.3.2",
	    "The provider's metadata was good until a day that is past.", PROVIDER },
	[SAML_NO_VALID_TIME] = { "saml-metadata-time", "provider", CORE "1.3.3",
	    "The provider's metadata says until when it is good by what is not a time in UTC.",
	    PROVIDER },
	[SAML_NO_SIGN_ON] = { "saml-sign-on", "provider", METADATA "2.4.3",
	    "The metadata names no SingleSignOnService of the binding HTTP-Redirect under TLS.",
	    PROVIDER },
	[SAML_NO_KEYS] = { "saml-keys", "provider", METADATA "2.4.1.1",
	    "The metadata holds no certificate for signatures with a key that is taken (RSA of "
	    "2048, 3072 or 4096 bits, P-256, P-384, P-521), or more than 16 certificates.",
	    PROVIDER },
	/* the form of an answer */
	[SAML_NO_FORM] = { "saml-form", "SAMLResponse", "SAML 2.0 Bindings 3.5.4",
	    "What came back is not base64, or longer than any that is read.", AGAIN },
	[SAML_NO_XML] = { "saml-xml", "SAMLResponse", CORE "1.1",
	    "What came back is not well-formed XML, or too much.", AGAIN },
	[SAML_NO_RESPONSE] = { "saml-response", "Response", CORE "3.2.2",
	    "What came back is not one Response of SAML 2.0.", AGAIN },
	[SAML_NO_IDS] = { "saml-ids", "ID", CORE "1.3.4", "An ID is there twice, or cannot be one.",
	    PROVIDER },
	[SAML_NO_CONSENT] = { "saml-denied", "Status", CORE "3.2.2.1",
	    "The provider let nobody log in.", AGAIN },
	[SAML_NO_ENCRYPTION] = { "saml-encrypted", "EncryptedAssertion", CORE "2.3.4",
	    "The provider encrypts what it says, which is not supported.",
	    "Let the provider send it unencrypted: it comes under TLS." },
	[SAML_NO_ASSERTION] = { "saml-assertion", "Assertion", PROFILE "4.1.4.2",
	    "The Response has not one Assertion, in its own place.", PROVIDER },
	[SAML_NO_DESTINATION] = { "saml-destination", "Destination", CORE "3.2.2",
	    "The Response was for another place than where it came, or is signed and names none.",
	    REGISTERED },
	/* its signature */
	[SAML_NO_UNSIGNED] = { "saml-unsigned", "Signature", PROFILE "4.1.3.5",
	    "Neither the Assertion nor the Response is signed.",
	    "Let the provider sign assertions." },
	[SAML_NO_PLACE] = { "saml-signature-place", "Signature", CORE "5.4.1",
	    "There is a signature where none may be.", PROVIDER },
	[SAML_NO_SIGNATURE_FORM] = { "saml-signature-form", "Signature", CORE "5.4",
	    "The signature has other parts than those of SAML.", PROVIDER },
	[SAML_NO_ALGORITHM] = { "saml-algorithm", "Signature", "W3C XML Signature 6.1",
	    "The signature is not by RSA or ECDSA with SHA-256 or more.",
	    "Let the provider sign by RSA with SHA-256." },
	[SAML_NO_REFERENCE] = { "saml-reference", "Signature", CORE "5.4.2",
	    "The signature is not of the element that it stands in.", PROVIDER },
	[SAML_NO_TRANSFORMS] = { "saml-transforms", "Signature", CORE "5.4.4",
	    "The signature's transforms are not enveloped signature and exclusive canonicalization.",
	    PROVIDER },
	[SAML_NO_DIGEST] = { "saml-digest", "Signature", CORE "5.4",
	    "What was signed was altered since.", AGAIN },
	[SAML_NO_SIGNATURE] = { "saml-signature", "Signature", CORE "5.4",
	    "The signature is not by a key of the provider's metadata.", AGAIN },
	/* what it says */
	[SAML_NO_ISSUER] = { "saml-issuer", "Issuer", PROFILE "4.1.4.2",
	    "It is of another provider.", SETTINGS },
	[SAML_NO_ISSUED] = { "saml-issued", "IssueInstant", CORE "2.3.3",
	    "It was not issued between now and when somebody was asked to log in.", AGAIN },
	[SAML_NO_CONFIRMATION] = { "saml-confirmation", "SubjectConfirmation", PROFILE "4.1.4.2",
	    "It does not say that whoever brings it is its subject.", PROVIDER },
	[SAML_NO_RECIPIENT] = { "saml-recipient", "Recipient", PROFILE "4.1.4.3",
	    "It is for another place than where it came.", REGISTERED },
	[SAML_NO_REQUEST] = { "saml-request", "InResponseTo", PROFILE "4.1.4.3",
	    "It answers another login, or none.", AGAIN },
	[SAML_NO_CONDITIONS] = { "saml-conditions", "Conditions", CORE "2.5.1",
	    "It has no conditions, or some that are not understood.", PROVIDER },
	[SAML_NO_LONGER] = { "saml-expired", "NotOnOrAfter", PROFILE "4.1.4.3",
	    "It does not say until when it is good, or that is past.", AGAIN },
	[SAML_NO_EARLY] = { "saml-early", "NotBefore", CORE "2.5.1.2", "It is not yet good.",
	    AGAIN },
	[SAML_NO_AUDIENCE] = { "saml-audience", "AudienceRestriction", PROFILE "4.1.4.2",
	    "It is for others than us, or for anybody.", REGISTERED },
	[SAML_NO_LOGIN_TIME] = { "saml-login-time", "AuthnStatement", PROFILE "4.1.4.2",
	    "It does not say when its person logged in.", PROVIDER },
	[SAML_NO_LOGIN] = { "saml-login", "AuthnInstant", CORE "3.4.1",
	    "Its person logged in before it was asked for, or in the future.",
	    "Begin the login again; let the provider heed ForceAuthn." },
	[SAML_NO_ENDED] = { "saml-ended", "SessionNotOnOrAfter", CORE "2.7.2",
	    "What its person logged in to has ended.", AGAIN },
	[SAML_NO_NAME] = { "saml-name", "NameID", CORE "2.2.3",
	    "It names nobody, or not in 1 to 255 octets of text without spaces at its ends.",
	    SETTINGS },
	[SAML_NO_TRANSIENT] = { "saml-name-transient", "NameID", CORE "8.3.8",
	    "It names its person by what changes each time.",
	    "Let the connector name an attribute as its claim, or the provider another NameID." },
	[SAML_NO_FORMAT] = { "saml-name-format", "NameID", CORE "8.3",
	    "Its NameID is encrypted, or names a system.", SETTINGS },
	[SAML_NO_QUALIFIER] = { "saml-name-qualifier", "NameID", CORE "2.2.2",
	    "Its NameID is qualified as another provider's, or as for others than us.", PROVIDER },
	[SAML_NO_ATTRIBUTE] = { "saml-attribute", "claim", CORE "2.7.3.1",
	    "It has not one text for the attribute that the connector names as its claim.",
	    SETTINGS },
};

const struct cs_refusal *
saml_refusal(enum saml_no no)
{
	return &refusals[no];
}

const struct cs_refusal *
saml_refusal_find(const char *code)
{
	for (enum saml_no i = SAML_FINE + 1; i < SAML_NOS; i++)
		if (strcmp(refusals[i].code, code) == 0)
			return &refusals[i];
	return NULL;
}

const struct cs_refusal *
saml_refusal_at(size_t i)
{
	return i < SAML_NOS - 1 ? &refusals[i + 1] : NULL; /* without SAML_FINE */
}
