/* SPDX-License-Identifier: Apache-2.0 */
/* What providers say and answer: what is accepted keeps what was promised of it. */
#include <string.h>

#include "base/text.h"
#include "fake_idp.h"
#include "internal.h"
#include "saml/request.h"

static struct cs_arena *kept; /* as long as the process */
static struct saml_provider provider;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct cs_refusal why;

	(void)argc;
	(void)argv;
	saml_load();
	kept = cs_arena_new();
	const char *text = fake_idp_metadata(kept, FAKE_IDP, FAKE_IDP "/sso");

	cs_assert(saml_metadata_judge(kept, cs_span_str(text), false, FAKE_NOW, &provider, &why));
	return 0;
}

static void
metadata(struct cs_arena *arena, struct cs_span in)
{
	const struct saml_request request = { FAKE_SP, FAKE_ACS, "_1", "s", FAKE_NOW };
	struct saml_provider read;
	struct cs_refusal why = { .code = NULL };

	if (!saml_metadata_judge(arena, in, false, FAKE_NOW, &read, &why)) {
		cs_assert(why.code != NULL);
		return;
	}
	cs_assert(read.n_keys > 0 && read.n_keys + read.n_passed <= SAML_KEYS_MAX &&
		  read.entity_id[0] != '\0');
	const char *url = saml_request_url(arena, &read, &request);

	cs_assert(strncmp(url, "https://", 8) == 0);
	for (const char *c = url; *c != '\0'; c++)
		cs_assert(*c > ' ' && *c <= '~' && *c != '#');
}

/* The corpus has answers that were signed: whatever is done to them, they name nobody else. */
static void
responses(struct cs_arena *arena, struct cs_span in, const struct saml_expected *expected)
{
	struct saml_person person;
	struct cs_refusal why = { .code = NULL };

	if (saml_response_judge(arena, cs_span_str(cs_base64(arena, in)), expected, &person, &why))
		cs_assert(strcmp(person.name, "alice") == 0);
	else
		cs_assert(why.code != NULL);
	(void)!saml_response_judge(arena, in, expected, &person, &why);
}

/* What was counted before it was parsed is what the parser found. */
static void
bounds(const xmlNode *at)
{
	size_t n = 0;

	for (const xmlAttr *attribute = at->properties; attribute != NULL;
	     attribute = attribute->next)
		n++;
	for (const xmlNs *declared = at->nsDef; declared != NULL; declared = declared->next)
		n++;
	cs_assert(n <= 64);
}

static void
assertion(struct cs_arena *arena, const xmlNode *at, const struct saml_expected *expected)
{
	struct saml_person person;

	if (saml_assertion_judge(arena, at, expected, &person) != SAML_FINE)
		return;
	cs_assert(person.name[0] != '\0' && strlen(person.name) <= SAML_TEXT_MAX &&
		  cs_utf8_valid(cs_span_str(person.name)));
	cs_assert(
	    person.login_s >= FAKE_ASKED - SAML_SKEW_S && person.login_s <= FAKE_NOW + SAML_SKEW_S);
}

/* As if they had been signed; by NameID, and by an attribute. */
static void
assertions(struct cs_arena *arena, struct cs_span in, struct saml_expected expected)
{
	enum saml_no no;
	CS_AUTO(saml_xml_release) xmlDoc *doc = saml_xml_read(in, SAML_NO_XML, &no);

	if (doc == NULL)
		return;
	for (xmlNode *at = xmlDocGetRootElement(doc); at != NULL; at = saml_xml_walk(at)) {
		bounds(at);
		if (!saml_xml_is(at, SAML_ASSERTION, "Assertion"))
			continue;
		expected.claim = "";
		assertion(arena, at, &expected);
		expected.claim = "uid";
		assertion(arena, at, &expected);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_arena *arena = cs_arena_new();
	const struct cs_span in = cs_span_of(data, size);
	const struct saml_expected expected = { &provider, FAKE_SP, FAKE_ACS, FAKE_REQUEST, "",
		FAKE_ASKED, FAKE_NOW };

	metadata(arena, in);
	responses(arena, in, &expected);
	assertions(arena, in, expected);
	cs_arena_free(arena);
	return 0;
}
