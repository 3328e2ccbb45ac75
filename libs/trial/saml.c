/* SPDX-License-Identifier: Apache-2.0 */
/*
 * saml.c: is this the metadata of one identity provider?  The only door to expat.  Pure.
 *
 * A document type ends it at once: so there are no entities to expand and nothing else to fetch.
 */
#include <expat.h>
#include <string.h>

#include "base/text.h"
#include "internal.h"

#define BETWEEN '|' /* a namespace and a name */
#define METADATA "urn:oasis:names:tc:SAML:2.0:metadata|"
#define DEPTH_MAX 64
#define ENTITY_ID_MAX 1024 /* 8.3.6 of SAML 2.0 core */

struct reading {
	XML_Parser parser;
	struct cs_arena *arena;
	unsigned depth, entities, providers;
	unsigned entity_depth; /* 0: outside of one */
	const char *id;        /* of the first; NULL: none, or none that may be */
	const char *stopped;   /* why, by us; NULL: not */
};

static void
stop(struct reading *reading, const char *why)
{
	reading->stopped = why;
	(void)XML_StopParser(reading->parser, XML_FALSE);
}

static void XMLCALL
on_doctype(void *arg, const char *name, const char *system, const char *public, int internal)
{
	(void)name;
	(void)system;
	(void)public;
	(void)internal;
	stop(arg, "it has a document type, which is not read");
}

static void
read_id(struct reading *reading, const char **attributes)
{
	for (; *attributes != NULL; attributes += 2)
		if (strcmp(attributes[0], "entityID") == 0 && attributes[1][0] != '\0' &&
		    strlen(attributes[1]) <= ENTITY_ID_MAX)
			reading->id = cs_arena_strdup(reading->arena, attributes[1]);
}

static void XMLCALL
on_start(void *arg, const char *name, const char **attributes)
{
	struct reading *reading = arg;

	if (reading->stopped != NULL)
		return;
	if (++reading->depth > DEPTH_MAX) {
		stop(reading, "its elements lie too deep in each other");
		return;
	}
	if (strcmp(name, METADATA "EntityDescriptor") == 0) {
		if (reading->entities++ == 0)
			read_id(reading, attributes);
		reading->entity_depth = reading->depth;
	} else if (strcmp(name, METADATA "IDPSSODescriptor") == 0 && reading->entity_depth > 0 &&
		   reading->depth == reading->entity_depth + 1) {
		reading->providers++;
	}
}

static void XMLCALL
on_end(void *arg, const char *name)
{
	struct reading *reading = arg;

	(void)name;
	if (reading->depth == reading->entity_depth)
		reading->entity_depth = 0;
	reading->depth--;
}

static void
tell(struct trial_lines *lines, const struct reading *reading)
{
	if (reading->entities != 1)
		trial_blame(
		    lines, "it has %u elements EntityDescriptor, and not one", reading->entities);
	else if (reading->id == NULL)
		trial_blame(lines, "its EntityDescriptor has no entityID");
	else
		trial_say(lines, "entityID: %s", trial_quote(lines, cs_span_str(reading->id)));
	if (reading->providers == 0)
		trial_blame(lines, "it has no IDPSSODescriptor: this is no identity provider");
	else
		trial_say(lines, "it has an IDPSSODescriptor");
	trial_say(lines, "its signature was not checked");
}

void
trial_saml_judge(struct trial_lines *lines, struct cs_span document)
{
	XML_Parser parser = XML_ParserCreateNS(NULL, BETWEEN);
	struct reading reading = { .parser = parser, .arena = lines->arena };

	cs_assert(parser != NULL);
	XML_SetUserData(parser, &reading);
	XML_SetElementHandler(parser, on_start, on_end);
	XML_SetStartDoctypeDeclHandler(parser, on_doctype);
	const enum XML_Status status =
	    XML_Parse(parser, (const char *)document.data, (int)document.len, XML_TRUE);

	if (reading.stopped != NULL)
		trial_blame(lines, "%s", reading.stopped);
	else if (status != XML_STATUS_OK)
		trial_blame(lines, "it is not well-formed XML: %s, in line %lu",
		    XML_ErrorString(XML_GetErrorCode(parser)),
		    (unsigned long)XML_GetCurrentLineNumber(parser));
	else
		tell(lines, &reading);
	XML_ParserFree(parser);
}
