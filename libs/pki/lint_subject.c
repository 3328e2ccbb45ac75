/* SPDX-License-Identifier: Apache-2.0 */
/* lint_subject.c: the subject (SBR 7.1.4.2) and how it agrees with the mailboxes. */
#include <string.h>

#include "base/text.h"
#include "pki/der.h"
#include "pki/lint_rules.h"
#include "pki/name.h"

#define CN "2.5.4.3"
#define SURNAME "2.5.4.4"
#define COUNTRY "2.5.4.6"
#define LOCALITY "2.5.4.7"
#define STATE "2.5.4.8"
#define STREET "2.5.4.9"
#define ORG "2.5.4.10"
#define POSTAL "2.5.4.17"
#define GIVEN_NAME "2.5.4.42"
#define PSEUDONYM "2.5.4.65"
#define ORG_ID "2.5.4.97"
#define EMAIL "1.2.840.113549.1.9.1"

enum kind { DIRECTORY, PRINTABLE, IA5 };

/* RFC 5280 appendix A, X.520: types and upper bounds. */
static const struct {
	const char *oid, *name;
	enum kind kind;
	size_t most;
} known[] = {
	{ CN, "commonName", DIRECTORY, 64 },
	{ SURNAME, "surname", DIRECTORY, 32768 },
	{ "2.5.4.5", "serialNumber", PRINTABLE, 64 },
	{ COUNTRY, "countryName", PRINTABLE, 2 },
	{ LOCALITY, "localityName", DIRECTORY, 128 },
	{ STATE, "stateOrProvinceName", DIRECTORY, 128 },
	{ STREET, "streetAddress", DIRECTORY, 128 },
	{ ORG, "organizationName", DIRECTORY, 64 },
	{ "2.5.4.11", "organizationalUnitName", DIRECTORY, 64 },
	{ "2.5.4.12", "title", DIRECTORY, 64 },
	{ POSTAL, "postalCode", DIRECTORY, 40 },
	{ GIVEN_NAME, "givenName", DIRECTORY, 32768 },
	{ PSEUDONYM, "pseudonym", DIRECTORY, 128 },
	{ ORG_ID, "organizationIdentifier", DIRECTORY, 32768 },
	{ EMAIL, "emailAddress", IA5, 255 },
};
#define N_KNOWN (sizeof(known) / sizeof(known[0]))

static size_t
find_known(const char *oid)
{
	size_t i = 0;

	while (i < N_KNOWN && strcmp(known[i].oid, oid) != 0)
		i++;
	return i;
}

static const char *
value_of(const struct lint *lint, const char *oid)
{
	for (size_t i = 0; i < lint->n_subject; i++)
		if (strcmp(lint->subject[i].oid, oid) == 0)
			return lint->subject[i].value;
	return NULL;
}

static bool
is_right_type(enum kind kind, uint8_t tag)
{
	if (kind == IA5)
		return tag == PKI_IA5_STRING;
	if (kind == PRINTABLE)
		return tag == PKI_PRINTABLE_STRING;
	return tag == PKI_UTF8_STRING || tag == PKI_PRINTABLE_STRING;
}

static size_t
characters(const char *utf8)
{
	size_t n = 0;

	for (; *utf8 != '\0'; utf8++)
		n += ((unsigned char)*utf8 & 0xc0) != 0x80;
	return n;
}

/* SBR 7.1.4.2: ".", "-", " " and the like stand for "no value". */
static bool
is_only_metadata(const char *value)
{
	if (strcmp(value, "N/A") == 0 || strcmp(value, "n/a") == 0)
		return true;
	return value[strspn(value, " .-_*/,;:?!#")] == '\0';
}

/* The beginnings of "&amp;" and "&#39;": text that somebody escaped on its way. */
static bool
holds_html_entity(const char *value)
{
	for (const char *at = strchr(value, '&'); at != NULL; at = strchr(at + 1, '&')) {
		const size_t len = strspn(
		    at + 1, "#abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");

		if (len > 1 && at[1 + len] == ';')
			return true;
	}
	return false;
}

static void
lint_value(struct lint *lint, const char *name, const char *value)
{
	if (value[0] == ' ' || value[0] == '\0' || value[strlen(value) - 1] == ' ')
		lint_say(
		    lint, LINT_SUBJECT_PADDED, "%s begins or ends with a space, or is empty", name);
	if (is_only_metadata(value))
		lint_say(lint, LINT_SUBJECT_INSIGNIFICANT, "%s says nothing", name);
	if (holds_html_entity(value))
		lint_say(lint, LINT_SUBJECT_HTML_ENTITY, "%s holds an HTML entity", name);
}

static void
lint_presence(struct lint *lint, const char *oid, const char *name)
{
	if (!lint_listed(lint->profile->must_subject, oid) &&
	    !lint_listed(lint->profile->may_subject, oid))
		lint_say(lint, LINT_SUBJECT_ATTRIBUTE_PROHIBITED,
		    "the profile has no %s in the subject", name);
	if (value_of(lint, oid) != NULL)
		lint_say(lint, LINT_SUBJECT_ATTRIBUTE_TWICE, "%s is there twice", name);
}

static void
lint_attribute(struct lint *lint, struct cs_span body)
{
	struct cs_span oid_body;
	struct pki_element element;

	if (!pki_der_take(&body, PKI_OID, &oid_body) || !pki_der_next(&body, &element) ||
	    body.len > 0) {
		lint_say(lint, LINT_SUBJECT_MALFORMED, "not a type and a value");
		return;
	}
	const char *oid = pki_der_oid_text(lint->arena, oid_body);
	const char *value = pki_string_text(lint->arena, element.tag, element.body);
	const size_t i = oid != NULL ? find_known(oid) : N_KNOWN;
	const char *name = i < N_KNOWN ? known[i].name : oid;
	if (oid == NULL || value == NULL || lint->n_subject == LINT_ATTRIBUTES) {
		lint_say(lint, LINT_SUBJECT_UNREADABLE, "a value that is no plain text");
		return;
	}
	lint_presence(lint, oid, name);
	lint_value(lint, name, value);
	if (i < N_KNOWN && !is_right_type(known[i].kind, element.tag))
		lint_say(lint, LINT_SUBJECT_STRING_TYPE, "%s has another string type", name);
	if (i < N_KNOWN && characters(value) > known[i].most)
		lint_say(lint, LINT_SUBJECT_TOO_LONG, "%s has more than %zu characters", name,
		    known[i].most);
	lint->subject[lint->n_subject++] = (struct lint_attribute){ oid, value };
}

static void
lint_country(struct lint *lint, const char *country)
{
	if (country != NULL && (strlen(country) != 2 || !lint_is_country(country)))
		lint_say(lint, LINT_SUBJECT_COUNTRY, "not a code of ISO 3166-1");
}

/* Personal names (SBR 7.1.4.2.2 d, e, f) and places (g to l) depend on each other. */
static void
lint_dependencies(struct lint *lint)
{
	const bool personal = value_of(lint, GIVEN_NAME) != NULL || value_of(lint, SURNAME) != NULL;
	const bool pseudonym = value_of(lint, PSEUDONYM) != NULL;
	const bool place = value_of(lint, LOCALITY) != NULL || value_of(lint, STATE) != NULL;
	const bool street = value_of(lint, STREET) != NULL;

	if (personal && pseudonym)
		lint_say(lint, LINT_SUBJECT_NAME_AND_PSEUDONYM, "a name and a pseudonym");
	if (lint->profile->is_person && !personal && !pseudonym)
		lint_say(lint, LINT_SUBJECT_WITHOUT_PERSON, "neither name nor pseudonym");
	if (street && !place)
		lint_say(lint, LINT_SUBJECT_STREET_WITHOUT_PLACE, "a street without a place");
	if ((place || value_of(lint, POSTAL) != NULL) && value_of(lint, COUNTRY) == NULL)
		lint_say(lint, LINT_SUBJECT_PLACE_WITHOUT_COUNTRY, "a place without a country");
	lint_country(lint, value_of(lint, COUNTRY));
	if (value_of(lint, ORG_ID) != NULL)
		lint_organization_identifier(lint, value_of(lint, ORG_ID), value_of(lint, COUNTRY));
}

void
lint_subject(struct lint *lint, struct cs_span name)
{
	const char *const *must = lint->profile->must_subject;
	struct cs_span body, rdn, attribute;

	if (!pki_der_take(&name, PKI_SEQUENCE, &body))
		return;
	while (body.len > 0) {
		if (!pki_der_take(&body, PKI_SET, &rdn) ||
		    !pki_der_take(&rdn, PKI_SEQUENCE, &attribute)) {
			lint_say(lint, LINT_SUBJECT_MALFORMED, "not a sequence of sets");
			return;
		}
		lint_attribute(lint, attribute);
		if (rdn.len > 0)
			lint_say(lint, LINT_SUBJECT_MULTIVALUED, "two attributes in one RDN");
	}
	for (; must != NULL && *must != NULL; must++)
		if (value_of(lint, *must) == NULL)
			lint_say(lint, LINT_SUBJECT_ATTRIBUTE_MISSING, "there is no %s",
			    find_known(*must) < N_KNOWN ? known[find_known(*must)].name : *must);
	lint_dependencies(lint);
}

static bool
is_mailbox(const struct lint *lint, const char *value)
{
	for (size_t i = 0; i < lint->n_mailboxes; i++)
		if (strcmp(lint->mailboxes[i], value) == 0)
			return true;
	return false;
}

/* One "@" between text without spaces: a person reads it as an address, whatever attribute it is in. */
static bool
looks_like_mailbox(const char *value)
{
	const char *at = strchr(value, '@');

	return at != NULL && at > value && at[1] != '\0' && strchr(value, ' ') == NULL;
}

/* "Given Surname", or the pseudonym. */
static bool
is_person(struct lint *lint, const char *value)
{
	const char *given = value_of(lint, GIVEN_NAME), *surname = value_of(lint, SURNAME);
	const char *pseudonym = value_of(lint, PSEUDONYM);

	if (pseudonym != NULL)
		return strcmp(value, pseudonym) == 0;
	if (given != NULL && surname != NULL)
		return strcmp(value, cs_arena_printf(lint->arena, "%s %s", given, surname)) == 0;
	return (given != NULL && strcmp(value, given) == 0) ||
	       (surname != NULL && strcmp(value, surname) == 0);
}

void
lint_names(struct lint *lint)
{
	const char *cn = value_of(lint, CN), *email = value_of(lint, EMAIL);
	const char *org = value_of(lint, ORG);

	for (size_t i = 0; i < lint->n_subject; i++)
		if (looks_like_mailbox(lint->subject[i].value) &&
		    !is_mailbox(lint, lint->subject[i].value))
			lint_say(lint, LINT_SUBJECT_MAILBOX_NOT_IN_SAN,
			    "a mailbox of the subject is not repeated in subjectAltName");
	if (email != NULL && !looks_like_mailbox(email))
		lint_say(lint, LINT_SUBJECT_MAILBOX_NOT_IN_SAN, "emailAddress is no mailbox");
	if (cn == NULL)
		return;
	const bool good = (lint->profile->cn_mailbox && is_mailbox(lint, cn)) ||
			  (lint->profile->cn_personal && is_person(lint, cn)) ||
			  (lint->profile->cn_organization && org != NULL && strcmp(cn, org) == 0);
	if (!good)
		lint_say(lint, LINT_COMMON_NAME_UNKNOWN_SOURCE,
		    "commonName is none of what the profile allows there");
}
