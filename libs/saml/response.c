/* SPDX-License-Identifier: Apache-2.0 */
#include "saml/response.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "internal.h"

#define SUCCESS "urn:oasis:names:tc:SAML:2.0:status:Success"
#define IDS_MAX 64

/* Where things are in a document; borrowed from it. */
struct message {
	xmlNode *response, *assertion;
};

/* ---- IDs ---- */

static bool
is_id(const xmlAttr *attribute)
{
	return strcasecmp((const char *)attribute->name, "id") == 0;
}

static bool
add_id(struct cs_arena *arena, const xmlAttr *attribute, const char **ids, size_t *n)
{
	xmlChar *value = xmlNodeListGetString(attribute->doc, attribute->children, 1);
	const char *id = value != NULL ? cs_arena_strdup(arena, (const char *)value) : "";

	xmlFree(value);
	for (size_t i = 0; i < *n; i++)
		if (strcmp(ids[i], id) == 0)
			return false;
	if (*n == IDS_MAX || !saml_id_is_good(id))
		return false;
	ids[(*n)++] = id;
	return true;
}

/* Whatever anybody may take for one: ID, Id, id, xml:id. */
static bool
are_ids_distinct(struct cs_arena *arena, const xmlDoc *doc)
{
	const char *ids[IDS_MAX];
	size_t n = 0;

	for (xmlNode *at = xmlDocGetRootElement(doc); at != NULL; at = saml_xml_walk(at))
		for (const xmlAttr *a = at->properties; a != NULL; a = a->next)
			if (is_id(a) && !add_id(arena, a, ids, &n))
				return false;
	return true;
}

/* ---- places ---- */

static bool
is_success(struct cs_arena *arena, const xmlNode *response)
{
	const xmlNode *status = saml_xml_only(response, SAML_PROTOCOL, "Status");
	const xmlNode *code = saml_xml_only(status, SAML_PROTOCOL, "StatusCode");

	return code != NULL && saml_xml_says(arena, code, "Value", SUCCESS);
}

/* What is not signed may say no, and never yes. */
static enum saml_no
judge_envelope(
    struct cs_arena *arena, const xmlNode *response, const struct saml_expected *expected)
{
	const char *to = saml_xml_attribute(arena, response, "Destination");
	const char *answers = saml_xml_attribute(arena, response, "InResponseTo");
	const xmlNode *issuer = saml_xml_child(response, SAML_ASSERTION, "Issuer");
	const char *from = saml_xml_text(arena, issuer);

	if (to != NULL && strcmp(to, expected->answer_at) != 0)
		return SAML_NO_DESTINATION;
	if (answers != NULL && strcmp(answers, expected->request_id) != 0)
		return SAML_NO_REQUEST;
	return issuer == NULL || (from != NULL && strcmp(from, expected->provider->entity_id) == 0)
		   ? SAML_FINE
		   : SAML_NO_ISSUER;
}

static bool
is_response(struct cs_arena *arena, const xmlDoc *doc)
{
	const xmlNode *root = xmlDocGetRootElement(doc);

	return saml_xml_is(root, SAML_PROTOCOL, "Response") &&
	       saml_xml_count(doc, SAML_PROTOCOL, "Response") == 1 &&
	       saml_xml_says(arena, root, "Version", "2.0") &&
	       saml_xml_attribute(arena, root, "ID") != NULL;
}

static enum saml_no
read_message(struct cs_arena *arena, const xmlDoc *doc, const struct saml_expected *expected,
    struct message *ret)
{
	xmlNode *root = xmlDocGetRootElement(doc);

	if (!is_response(arena, doc))
		return SAML_NO_RESPONSE;
	if (!are_ids_distinct(arena, doc))
		return SAML_NO_IDS;
	const enum saml_no no = judge_envelope(arena, root, expected);

	if (no != SAML_FINE)
		return no;
	if (!is_success(arena, root))
		return SAML_NO_CONSENT;
	if (saml_xml_count(doc, SAML_ASSERTION, "EncryptedAssertion") > 0)
		return SAML_NO_ENCRYPTION;
	*ret = (struct message){ root, saml_xml_only(root, SAML_ASSERTION, "Assertion") };
	return ret->assertion != NULL && saml_xml_count(doc, SAML_ASSERTION, "Assertion") == 1
		   ? SAML_FINE
		   : SAML_NO_ASSERTION;
}

/* ---- the signature ---- */

static bool
are_in_place(const xmlDoc *doc, const struct message *message)
{
	const xmlNode *elements[] = { message->response, message->assertion };
	size_t n = 0;

	for (size_t i = 0; i < 2; i++) {
		if (saml_xml_child(elements[i], SAML_DSIG, "Signature") == NULL)
			continue;
		if (saml_xml_only(elements[i], SAML_DSIG, "Signature") == NULL)
			return false;
		n++;
	}
	return saml_xml_count(doc, SAML_DSIG, "Signature") == n;
}

/* The outer signature covers the inner one, which need not be looked at then. */
static enum saml_no
verify(struct cs_arena *arena, const xmlDoc *doc, const struct message *message,
    const struct saml_provider *provider, struct cs_span *ret_octets)
{
	xmlNode *outer = saml_xml_child(message->response, SAML_DSIG, "Signature");
	xmlNode *inner = saml_xml_child(message->assertion, SAML_DSIG, "Signature");
	xmlNode *element = outer != NULL ? message->response : message->assertion;

	if (!are_in_place(doc, message))
		return SAML_NO_PLACE;
	if (outer == NULL && inner == NULL)
		return SAML_NO_UNSIGNED;
	const char *id = saml_xml_attribute(arena, element, "ID");

	if (id == NULL)
		return SAML_NO_IDS;
	return saml_signature_verify(
	    arena, element, id, outer != NULL ? outer : inner, provider, ret_octets);
}

/* If it is signed, then with from whom and where to: what they are was judged (judge_envelope). */
static enum saml_no
judge_addressed(struct cs_arena *arena, const xmlNode *response)
{
	if (saml_xml_attribute(arena, response, "Destination") == NULL)
		return SAML_NO_DESTINATION;
	return saml_xml_child(response, SAML_ASSERTION, "Issuer") != NULL ? SAML_FINE
									  : SAML_NO_ISSUER;
}

/* What was digested, and only that. */
static enum saml_no
judge_signed(struct cs_arena *arena, struct cs_span octets, const struct saml_expected *expected,
    struct saml_person *ret_person)
{
	struct message message;
	enum saml_no no;
	CS_AUTO(saml_xml_release) xmlDoc *doc = saml_xml_read(octets, SAML_NO_XML, &no);

	if (doc == NULL)
		return no;
	if (saml_xml_is(xmlDocGetRootElement(doc), SAML_ASSERTION, "Assertion"))
		return saml_assertion_judge(arena, xmlDocGetRootElement(doc), expected, ret_person);
	no = read_message(arena, doc, expected, &message);
	if (no == SAML_FINE)
		no = judge_addressed(arena, message.response);
	return no != SAML_FINE
		   ? no
		   : saml_assertion_judge(arena, message.assertion, expected, ret_person);
}

static enum saml_no
judge(struct cs_arena *arena, struct cs_span form, const struct saml_expected *expected,
    struct saml_person *ret_person)
{
	struct cs_span octets, signed_octets;
	struct message message;
	enum saml_no no;

	if (form.len > SAML_FORM_MAX || !saml_base64_decode(arena, form, &octets))
		return SAML_NO_FORM;
	CS_AUTO(saml_xml_release) xmlDoc *doc = saml_xml_read(octets, SAML_NO_XML, &no);

	if (doc == NULL)
		return no;
	no = read_message(arena, doc, expected, &message);
	if (no == SAML_FINE)
		no = verify(arena, doc, &message, expected->provider, &signed_octets);
	return no == SAML_FINE ? judge_signed(arena, signed_octets, expected, ret_person) : no;
}

bool
saml_response_judge(struct cs_arena *arena, struct cs_span form,
    const struct saml_expected *expected, struct saml_person *ret_person,
    struct cs_refusal *ret_why)
{
	struct saml_person person;
	const enum saml_no no = judge(arena, form, expected, &person);

	if (no != SAML_FINE)
		return saml_refuse(ret_why, no);
	*ret_person = person;
	return true;
}
