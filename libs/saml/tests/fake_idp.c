/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_idp.h"

#include <libxml/parser.h>
#include <string.h>
#include <xmlsec/crypto.h>
#include <xmlsec/xmldsig.h>
#include <xmlsec/xmlsec.h>

#include "base/text.h"
#include "keys.h"
#include "saml/internal.h"

#define MORE "http://www.w3.org/2001/04/xmldsig-more#"
#define SHA256 "http://www.w3.org/2001/04/xmlenc#sha256"

static const struct {
	const char *pem, *certificate, *method;
} keys[FAKE_IDP_KEYS] = {
	[FAKE_IDP_RSA] = { RSA_KEY, RSA_CERT, MORE "rsa-sha256" },
	[FAKE_IDP_P256] = { P256_KEY, P256_CERT, MORE "ecdsa-sha256" },
	[FAKE_IDP_P384] = { P384_KEY, P384_CERT, MORE "ecdsa-sha384" },
	[FAKE_IDP_STRANGER] = { STRANGER_KEY, STRANGER_CERT, MORE "rsa-sha256" },
	[FAKE_IDP_WEAK] = { RSA1024_KEY, RSA1024_CERT, MORE "rsa-sha256" },
	[FAKE_IDP_P256_V1] = { P256_KEY, P256_CERT_V1, MORE "ecdsa-sha256" },
	[FAKE_IDP_P256_BARE] = { P256_KEY, P256_CERT_BARE, MORE "ecdsa-sha256" },
};

const char *
fake_idp_certificate(struct cs_arena *arena, enum fake_idp_key key)
{
	const char *from = strchr(keys[key].certificate, '\n') + 1;

	return cs_arena_strndup(arena, from, (size_t)(strstr(from, "-----END") - from));
}

static const char *
key_descriptor(struct cs_arena *arena, const char *use, enum fake_idp_key key)
{
	return cs_arena_printf(arena,
	    "<KeyDescriptor%s><ds:KeyInfo xmlns:ds=\"" SAML_DSIG
	    "\"><ds:X509Data><ds:X509Certificate>\n%s</ds:X509Certificate></ds:X509Data>"
	    "</ds:KeyInfo></KeyDescriptor>",
	    use, fake_idp_certificate(arena, key));
}

const char *
fake_idp_metadata(struct cs_arena *arena, const char *entity_id, const char *sign_on)
{
	return cs_arena_printf(arena,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<EntityDescriptor xmlns=\"" SAML_METADATA
	    "\" entityID=\"%s\" validUntil=\"2099-01-01T00:00:00Z\"><IDPSSODescriptor "
	    "WantAuthnRequestsSigned=\"false\" protocolSupportEnumeration=\"" SAML_PROTOCOL
	    "\">%s%s%s%s<SingleSignOnService "
	    "Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"%s/post\"/>"
	    "<SingleSignOnService "
	    "Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" Location=\"%s\"/>"
	    "</IDPSSODescriptor></EntityDescriptor>",
	    entity_id, key_descriptor(arena, " use=\"signing\"", FAKE_IDP_RSA),
	    key_descriptor(arena, "", FAKE_IDP_P256),
	    key_descriptor(arena, " use=\"encryption\"", FAKE_IDP_STRANGER),
	    key_descriptor(arena, " use=\"signing\"", FAKE_IDP_P384), sign_on, sign_on);
}

/* ---- signatures ---- */

static const char *
or_else(const char *text, const char *other)
{
	return text != NULL ? text : other;
}

static const char *
template_of(struct cs_arena *arena, const char *id, const struct fake_how *how)
{
	const char *certificate = cs_arena_printf(arena,
	    "<ds:X509Data><ds:X509Certificate>%s</ds:X509Certificate></ds:X509Data>",
	    fake_idp_certificate(arena, how->key));
	const char *transforms = cs_arena_printf(arena,
	    "<ds:Transform Algorithm=\"" SAML_DSIG
	    "enveloped-signature\"/><ds:Transform Algorithm=\"%s\"/>",
	    or_else(how->c14n, SAML_EXCLUSIVE));

	return cs_arena_printf(arena,
	    "<ds:Signature xmlns:ds=\"" SAML_DSIG
	    "\"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm=\"%s\"/><ds:SignatureMethod "
	    "Algorithm=\"%s\"/><ds:Reference URI=\"#%s\"><ds:Transforms>%s</ds:Transforms>"
	    "<ds:DigestMethod Algorithm=\"%s\"/><ds:DigestValue/></ds:Reference></ds:SignedInfo>"
	    "<ds:SignatureValue/><ds:KeyInfo>%s</ds:KeyInfo></ds:Signature>",
	    or_else(how->info_c14n, SAML_EXCLUSIVE), or_else(how->method, keys[how->key].method),
	    id, or_else(how->transforms, transforms), or_else(how->digest, SHA256),
	    or_else(how->key_info, certificate));
}

static const char *
insert(struct cs_arena *arena, const char *xml, const char *id, const char *signature)
{
	const char *element = strstr(xml, cs_arena_printf(arena, "ID=\"%s\"", id));

	cs_assert(element != NULL);
	const char *issuer = strstr(element, "</saml:Issuer>"),
		   *status = strstr(element, "<samlp:Status>");

	cs_assert(issuer != NULL);
	const char *at =
	    status != NULL && status < issuer ? status : issuer + strlen("</saml:Issuer>");

	return cs_arena_printf(arena, "%.*s%s%s", (int)(at - xml), xml, signature, at);
}

/* The template is the one whose value is still empty. */
static xmlNode *
prepare(xmlDoc *doc)
{
	xmlNode *found = NULL;

	for (xmlNode *at = xmlDocGetRootElement(doc); at != NULL; at = saml_xml_walk(at)) {
		xmlAttr *id = xmlHasNsProp(at, (const xmlChar *)"ID", NULL);

		if (id != NULL)
			(void)xmlAddID(NULL, doc, id->children->content, id);
		if (saml_xml_is(at, SAML_DSIG, "SignatureValue") && at->children == NULL)
			found = at->parent;
	}
	return found;
}

static xmlSecKey *
key_of(const struct fake_how *how)
{
	const char *pem = keys[how->key].pem, *secret = keys[FAKE_IDP_RSA].certificate;

	if (how->by_hmac)
		return xmlSecKeyReadMemory(
		    xmlSecKeyDataHmacId, (const xmlSecByte *)secret, (xmlSecSize)strlen(secret));
	return xmlSecCryptoAppKeyLoadMemory((const xmlSecByte *)pem, (xmlSecSize)strlen(pem),
	    xmlSecKeyDataFormatPem, NULL, NULL, NULL);
}

const char *
fake_idp_sign(struct cs_arena *arena, const char *xml, const char *id, const struct fake_how *how)
{
	const char *whole = insert(arena, xml, id, template_of(arena, id, how));
	CS_AUTO(saml_xml_release)
	xmlDoc *doc = xmlReadMemory(whole, (int)strlen(whole), NULL, NULL, XML_PARSE_NONET);
	xmlSecDSigCtx *ctx = xmlSecDSigCtxCreate(NULL);
	xmlChar *text = NULL;
	int len = 0;

	cs_assert(doc != NULL && ctx != NULL);
	ctx->signKey = key_of(how);
	cs_assert(ctx->signKey != NULL && xmlSecDSigCtxSign(ctx, prepare(doc)) == 0);
	xmlSecDSigCtxDestroy(ctx);
	xmlDocDumpMemory(doc, &text, &len);
	cs_assert(text != NULL);
	/* Without the declaration, so that it can be put into something else. */
	const char *copy = cs_arena_strdup(arena, strchr((const char *)text, '\n') + 1);

	xmlFree(text);
	return copy;
}

/* ---- what is said ---- */

#define CONFIRMATION                                                                            \
	"<saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\">"           \
	"<saml:SubjectConfirmationData Recipient=\"" FAKE_ACS "\" InResponseTo=\"" FAKE_REQUEST \
	"\" NotOnOrAfter=\"2027-01-15T08:05:00.123Z\"/></saml:SubjectConfirmation>"
#define CONDITIONS                                                                                \
	"<saml:Conditions NotBefore=\"2027-01-15T07:59:50Z\" "                                    \
	"NotOnOrAfter=\"2027-01-15T08:05:00Z\"><saml:AudienceRestriction><saml:Audience>" FAKE_SP \
	"</saml:Audience></saml:AudienceRestriction></saml:Conditions>"
#define STATEMENT                                                                    \
	"<saml:AuthnStatement AuthnInstant=\"2027-01-15T07:59:55.1234567Z\" "        \
	"SessionNotOnOrAfter=\"2027-01-15T16:00:00Z\"><saml:AuthnContext>"           \
	"<saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:"         \
	"PasswordProtectedTransport</saml:AuthnContextClassRef></saml:AuthnContext>" \
	"</saml:AuthnStatement>"
#define ATTRIBUTES                                                                           \
	"<saml:AttributeStatement><saml:Attribute Name=\"uid\"><saml:AttributeValue>alice-7" \
	"</saml:AttributeValue></saml:Attribute><saml:Attribute Name=\"groups\">"            \
	"<saml:AttributeValue>a</saml:AttributeValue><saml:AttributeValue>b"                 \
	"</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>"

const char *
fake_idp_assertion(struct cs_arena *arena, const char *id, const struct fake_said *said)
{
	return cs_arena_printf(arena,
	    "<saml:Assertion " A_NS " ID=\"%s\" Version=\"2.0\" IssueInstant=\"%s\"><saml:Issuer>"
	    "%s</saml:Issuer><saml:Subject>%s%s</saml:Subject>%s%s%s%s</saml:Assertion>",
	    id, or_else(said->issued, "2027-01-15T07:59:58Z"), or_else(said->issuer, FAKE_IDP),
	    or_else(said->name_id, "<saml:NameID>alice</saml:NameID>"),
	    or_else(said->confirmation, CONFIRMATION), or_else(said->conditions, CONDITIONS),
	    or_else(said->statement, STATEMENT), or_else(said->attributes, ATTRIBUTES),
	    or_else(said->more, ""));
}

const char *
fake_idp_response(struct cs_arena *arena, const char *id, const char *content)
{
	return cs_arena_printf(arena,
	    "<samlp:Response " P_NS " ID=\"%s\" Version=\"2.0\" "
	    "IssueInstant=\"2027-01-15T07:59:58Z\" Destination=\"" FAKE_ACS
	    "\" InResponseTo=\"" FAKE_REQUEST "\"><saml:Issuer " A_NS ">" FAKE_IDP
	    "</saml:Issuer><samlp:Status><samlp:StatusCode "
	    "Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/></samlp:Status>%s"
	    "</samlp:Response>",
	    id, content);
}

const char *
fake_idp_good(struct cs_arena *arena, const char *name)
{
	const struct fake_said said = { .name_id = cs_arena_printf(
					    arena, "<saml:NameID>%s</saml:NameID>", name) };
	const char *xml =
	    fake_idp_response(arena, RESPONSE_ID, fake_idp_assertion(arena, ASSERTION_ID, &said));

	return fake_idp_sign(arena, xml, ASSERTION_ID, &(struct fake_how){ .key = FAKE_IDP_RSA });
}
