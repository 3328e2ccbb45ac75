/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xml.c: strangers' XML, and what is looked up in it.
 *
 * A document type is refused before there is a parser: so there are no entities to expand, no attributes that are
 * there by default, and nothing else to fetch.  Only UTF-8 is read, whatever a document says of itself, so that
 * what is looked for is there in these very octets.
 */
#include <libxml/parser.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "internal.h"

#define FRACTION_MAX 12 /* digits */
#define SECONDS_LEN 19  /* "2027-01-15T08:00:00" */
#define OPTIONS (XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_IGNORE_ENC)

/* Strangers' mistakes are no news for stderr. */
static void
say_nothing(void *arg, xmlError *error)
{
	(void)arg;
	(void)error;
}

xmlDoc *
saml_xml_read(struct cs_span octets, enum saml_no bad, enum saml_no *ret_no)
{
	static const char doctype[] = "<!DOCTYPE";
	xmlDoc *doc = NULL;

	*ret_no = bad;
	if (octets.len == 0 || octets.len > SAML_METADATA_MAX || !cs_utf8_valid(octets))
		return NULL;
	if (memmem(octets.data, octets.len, doctype, sizeof(doctype) - 1) != NULL) {
		*ret_no = SAML_NO_DOCTYPE;
		return NULL;
	}
	if (!saml_attributes_bounded(octets))
		return NULL;
	xmlSetStructuredErrorFunc(NULL, say_nothing);
	doc = xmlReadMemory((const char *)octets.data, (int)octets.len, NULL, "UTF-8", OPTIONS);
	if (doc == NULL)
		return NULL;
	if (doc->intSubset != NULL || doc->extSubset != NULL || xmlDocGetRootElement(doc) == NULL ||
	    !saml_scopes_bounded(doc)) {
		xmlFreeDoc(doc);
		return NULL;
	}
	return doc;
}

void
saml_xml_release(xmlDoc **doc)
{
	xmlFreeDoc(*doc);
}

/* ---- elements ---- */

bool
saml_xml_is(const xmlNode *node, const char *space, const char *name)
{
	return node->type == XML_ELEMENT_NODE && node->ns != NULL &&
	       strcmp((const char *)node->ns->href, space) == 0 &&
	       strcmp((const char *)node->name, name) == 0;
}

static xmlNode *
find(xmlNode *node, const char *space, const char *name)
{
	while (node != NULL && !saml_xml_is(node, space, name))
		node = node->next;
	return node;
}

xmlNode *
saml_xml_child(const xmlNode *parent, const char *space, const char *name)
{
	return parent != NULL ? find(parent->children, space, name) : NULL;
}

xmlNode *
saml_xml_next(const xmlNode *node)
{
	return find(node->next, (const char *)node->ns->href, (const char *)node->name);
}

xmlNode *
saml_xml_only(const xmlNode *parent, const char *space, const char *name)
{
	xmlNode *child = saml_xml_child(parent, space, name);

	return child != NULL && saml_xml_next(child) == NULL ? child : NULL;
}

static xmlNode *
first_element(xmlNode *node)
{
	while (node != NULL && node->type != XML_ELEMENT_NODE)
		node = node->next;
	return node;
}

xmlNode *
saml_xml_walk(xmlNode *at)
{
	xmlNode *next = first_element(at->children);

	while (next == NULL && at != NULL && at->type == XML_ELEMENT_NODE) {
		next = first_element(at->next);
		at = at->parent;
	}
	return next;
}

size_t
saml_xml_count(const xmlDoc *doc, const char *space, const char *name)
{
	size_t n = 0;

	for (xmlNode *at = xmlDocGetRootElement(doc); at != NULL; at = saml_xml_walk(at))
		n += saml_xml_is(at, space, name);
	return n;
}

/* ---- what is in them ---- */

const char *
saml_xml_attribute(struct cs_arena *arena, const xmlNode *node, const char *name)
{
	xmlChar *value = xmlGetNoNsProp(node, (const xmlChar *)name);
	const char *copy = value != NULL ? cs_arena_strdup(arena, (const char *)value) : NULL;

	xmlFree(value);
	return copy;
}

const char *
saml_xml_token(struct cs_arena *arena, const xmlNode *node, const char *name)
{
	const char *value = saml_xml_attribute(arena, node, name);

	if (value == NULL)
		return NULL;
	value += strspn(value, SAML_SPACE);
	size_t len = strlen(value);

	while (len > 0 && strchr(SAML_SPACE, value[len - 1]) != NULL)
		len--;
	return cs_arena_strndup(arena, value, len);
}

bool
saml_xml_says(struct cs_arena *arena, const xmlNode *node, const char *name, const char *value)
{
	const char *said = saml_xml_attribute(arena, node, name);

	return said != NULL && strcmp(said, value) == 0;
}

const char *
saml_xml_text(struct cs_arena *arena, const xmlNode *node)
{
	struct cs_buf text = cs_buf_new(arena);

	if (node == NULL)
		return NULL;
	for (const xmlNode *at = node->children; at != NULL; at = at->next) {
		if (at->type != XML_TEXT_NODE && at->type != XML_CDATA_SECTION_NODE)
			return NULL;
		cs_buf_add_str(&text, (const char *)at->content);
	}
	return (const char *)cs_buf_span(&text).data;
}

bool
saml_time_parse(struct cs_arena *arena, const char *text, int64_t *ret_s)
{
	const size_t len = strlen(text);
	const char *rest = len > SECONDS_LEN ? text + SECONDS_LEN : "";
	const size_t digits = rest[0] == '.' ? strspn(rest + 1, "0123456789") : 0;
	struct cs_err err;
	int64_t ms;

	if (rest[0] == '.' && (digits == 0 || digits > FRACTION_MAX))
		return false;
	rest += rest[0] == '.' ? digits + 1 : 0;
	if (strcmp(rest, "Z") != 0 ||
	    cs_time_parse(cs_arena_printf(arena, "%.*sZ", SECONDS_LEN, text), &ms, &err) != CS_OK)
		return false;
	*ret_s = ms / CS_SECOND_MS;
	return true;
}

bool
saml_base64_decode(struct cs_arena *arena, struct cs_span text, struct cs_span *ret_octets)
{
	uint8_t *plain = cs_arena_alloc(arena, text.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++)
		if (strchr(SAML_SPACE, text.data[i]) == NULL || text.data[i] == '\0')
			plain[len++] = text.data[i];
	return len > 0 && cs_base64_decode(arena, cs_span_of(plain, len), ret_octets);
}
