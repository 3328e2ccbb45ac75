/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bounds.c: how wide a document may be.  What parsing and canonicalization take grows with the square of an element's
 * attributes, and with elements times the namespaces in scope: nobody needs many of either.
 */
#include <string.h>

#include "internal.h"

#define ATTRIBUTES_MAX 64 /* of one element, declarations of namespaces among them */
#define SCOPE_MAX 64      /* declarations of an element and of those around it */

/* ---- before there is a parser ---- */

struct text {
	const char *at, *end;
};

static bool
begins(const struct text *text, const char *word)
{
	const size_t len = strlen(word);

	return (size_t)(text->end - text->at) >= len && memcmp(text->at, word, len) == 0;
}

static void
pass(struct text *text, const char *word)
{
	const char *found = memmem(text->at, (size_t)(text->end - text->at), word, strlen(word));

	text->at = found != NULL ? found + strlen(word) : text->end;
}

/* Each attribute has one "=" that stands outside its value. */
static size_t
pass_tag(struct text *text)
{
	size_t n = 0;

	while (text->at < text->end && *text->at != '>') {
		const char c = *text->at++;

		n += c == '=';
		if (c == '"' || c == '\'')
			pass(text, c == '"' ? "\"" : "'");
	}
	return n;
}

bool
saml_attributes_bounded(struct cs_span octets)
{
	struct text text = { (const char *)octets.data, (const char *)octets.data + octets.len };

	for (pass(&text, "<"); text.at < text.end; pass(&text, "<")) {
		if (begins(&text, "!--")) {
			text.at += 3;
			pass(&text, "-->");
		} else if (begins(&text, "![CDATA[")) {
			pass(&text, "]]>");
		} else if (begins(&text, "?")) {
			pass(&text, "?>");
		} else if (pass_tag(&text) > ATTRIBUTES_MAX) {
			return false;
		}
	}
	return true;
}

/* ---- behind it ---- */

static bool
is_scope_bounded(const xmlNode *at)
{
	size_t n = 0;

	for (; at != NULL && at->type == XML_ELEMENT_NODE; at = at->parent)
		for (const xmlNs *declared = at->nsDef; declared != NULL; declared = declared->next)
			n++;
	return n <= SCOPE_MAX;
}

bool
saml_scopes_bounded(const xmlDoc *doc)
{
	for (xmlNode *at = xmlDocGetRootElement(doc); at != NULL; at = saml_xml_walk(at))
		if (at->nsDef != NULL && !is_scope_bounded(at))
			return false;
	return true;
}
