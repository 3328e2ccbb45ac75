/* SPDX-License-Identifier: Apache-2.0 */
/* internal.h: refusals in one table, XML as strangers write it, and what is signed. */
#ifndef SAML_INTERNAL_H
#define SAML_INTERNAL_H

#include <libxml/tree.h>

#include "saml/refusal.h"
#include "saml/response.h"

/* ---- refusals ---- */

enum saml_no {
	SAML_FINE,
	SAML_NO_REACH,
	SAML_NO_DOCTYPE,
	SAML_NO_METADATA,
	SAML_NO_ENTITY,
	SAML_NO_PROVIDER,
	SAML_NO_VALID,
	SAML_NO_VALID_TIME,
	SAML_NO_SIGN_ON,
	SAML_NO_KEYS,
	SAML_NO_FORM,
	SAML_NO_XML,
	SAML_NO_RESPONSE,
	SAML_NO_IDS,
	SAML_NO_CONSENT,
	SAML_NO_ENCRYPTION,
	SAML_NO_ASSERTION,
	SAML_NO_DESTINATION,
	SAML_NO_UNSIGNED,
	SAML_NO_PLACE,
	SAML_NO_SIGNATURE_FORM,
	SAML_NO_ALGORITHM,
	SAML_NO_REFERENCE,
	SAML_NO_TRANSFORMS,
	SAML_NO_DIGEST,
	SAML_NO_SIGNATURE,
	SAML_NO_ISSUER,
	SAML_NO_ISSUED,
	SAML_NO_CONFIRMATION,
	SAML_NO_RECIPIENT,
	SAML_NO_REQUEST,
	SAML_NO_CONDITIONS,
	SAML_NO_LONGER,
	SAML_NO_EARLY,
	SAML_NO_AUDIENCE,
	SAML_NO_LOGIN_TIME,
	SAML_NO_LOGIN,
	SAML_NO_ENDED,
	SAML_NO_NAME,
	SAML_NO_TRANSIENT,
	SAML_NO_FORMAT,
	SAML_NO_QUALIFIER,
	SAML_NO_ATTRIBUTE,
	SAML_NOS
};
/* What is said of it; all of it constant. */
const struct cs_refusal *saml_refusal(enum saml_no no);
static inline bool
saml_refuse(struct cs_refusal *ret_why, enum saml_no no)
{
	return cs_refuse(ret_why, *saml_refusal(no));
}

/* ---- XML ---- */

#define SAML_SPACE " \t\r\n"
#define SAML_PROTOCOL "urn:oasis:names:tc:SAML:2.0:protocol"
#define SAML_ASSERTION "urn:oasis:names:tc:SAML:2.0:assertion"
#define SAML_METADATA "urn:oasis:names:tc:SAML:2.0:metadata"
#define SAML_DSIG "http://www.w3.org/2000/09/xmldsig#"
#define SAML_EXCLUSIVE "http://www.w3.org/2001/10/xml-exc-c14n#"

/* Before it is parsed: at most 64 attributes in each element. */
bool saml_attributes_bounded(struct cs_span octets);
/* At most 64 namespaces, declared again or not, in the scope of each element. */
bool saml_scopes_bounded(const xmlDoc *doc);
/*
 * UTF-8, no document type, at most 256 elements in each other, and within the bounds above.
 * NULL: *ret_no is `bad` or SAML_NO_DOCTYPE.
 */
xmlDoc *saml_xml_read(struct cs_span octets, enum saml_no bad, enum saml_no *ret_no);
void saml_xml_release(xmlDoc **doc); /* for CS_AUTO */

/* Is it the element of this namespace and name? */
bool saml_xml_is(const xmlNode *node, const char *space, const char *name);
/* The first child of this name, the next one beside it; NULL: none. */
xmlNode *saml_xml_child(const xmlNode *parent, const char *space, const char *name);
xmlNode *saml_xml_next(const xmlNode *node);
/* NULL: there is none, or there are several. */
xmlNode *saml_xml_only(const xmlNode *parent, const char *space, const char *name);
/* How many there are in the whole document. */
size_t saml_xml_count(const xmlDoc *doc, const char *space, const char *name);
/* The next element in the document's order; NULL: it was the last. */
xmlNode *saml_xml_walk(xmlNode *at);

/* An attribute in no namespace; NULL: it is not there. */
const char *saml_xml_attribute(struct cs_arena *arena, const xmlNode *node, const char *name);
/* The same without white space at its ends, as most types of XML Schema have it (whiteSpace: collapse). */
const char *saml_xml_token(struct cs_arena *arena, const xmlNode *node, const char *name);
bool
saml_xml_says(struct cs_arena *arena, const xmlNode *node, const char *name, const char *value);
/* All text of an element; NULL: there is no such element, or something that is not text in it. */
const char *saml_xml_text(struct cs_arena *arena, const xmlNode *node);
/* xs:dateTime in UTC (Core 1.3.3), "2027-01-15T08:00:00.1234567Z"; fractions are cut off. */
CS_MUST_USE bool saml_time_parse(struct cs_arena *arena, const char *text, int64_t *ret_s);
/* Base64 with white space in it. */
CS_MUST_USE bool
saml_base64_decode(struct cs_arena *arena, struct cs_span text, struct cs_span *ret_octets);

/* ---- what is signed ---- */

#define SAML_SIGNED_ID_MAX 255

/* May it be an ID that is referred to: a name of ASCII (Core 1.3.4: xs:ID). */
bool saml_id_is_good(const char *id);
/*
 * Verifies `signature`, a child of `element`, whose ID is `id` and nobody else's in the document, by the provider's
 * keys.  The octets that were digested, in `arena`.  The document is changed: it is to be forgotten.
 */
enum saml_no saml_signature_verify(struct cs_arena *arena, xmlNode *element, const char *id,
    xmlNode *signature, const struct saml_provider *provider, struct cs_span *ret_octets);

/* The rest of saml_load(): one answer of each kind of key, which nobody signed. */
void saml_load_verifiers(void);

/* ---- what it says ---- */

/* `assertion` was signed, as all in its document. */
enum saml_no saml_assertion_judge(struct cs_arena *arena, const xmlNode *assertion,
    const struct saml_expected *expected, struct saml_person *ret_person);

#endif
