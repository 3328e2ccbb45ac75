/* SPDX-License-Identifier: Apache-2.0 */
/*
 * identity.c: what was verified of an organization or a person, in its written form (SBR 3.2.3, 3.2.4,
 * 7.1.4.2).  Strict on purpose: an operator's slip is refused here, before it is in a certificate.
 */
#include "smime/identity.h"

#include <string.h>

#include "base/text.h"
#include "smime/organization_id.h"
#include "smime/script.h"

/* Upper bounds in characters: RFC 5280 appendix A.1; street and postal code X.520. */
static const struct {
	enum smime_attribute attribute;
	size_t max;
} bounds[] = {
	{ SMIME_O, 64 },
	{ SMIME_OU, 64 },
	{ SMIME_ORG_ID, 128 },
	{ SMIME_GIVEN_NAME, SMIME_IDENTITY_MAX }, /* 32768: the written form is shorter */
	{ SMIME_SURNAME, SMIME_IDENTITY_MAX },
	{ SMIME_PSEUDONYM, 128 },
	{ SMIME_SERIAL_NUMBER, 64 },
	{ SMIME_TITLE, 64 },
	{ SMIME_STREET, 128 },
	{ SMIME_LOCALITY, 128 },
	{ SMIME_STATE, 128 },
	{ SMIME_POSTAL_CODE, 40 },
	{ SMIME_COUNTRY, 2 },
};
#define COMMON_NAME_MAX 64

static bool
refuse(struct cs_refusal *ret, const char *code, enum smime_attribute attribute, const char *clause,
    const char *text)
{
	*ret = (struct cs_refusal){ code, smime_attribute_name(attribute), clause, text,
		"correct the record of what was verified" };
	return false;
}

/* ---- text ---- */

static size_t
characters(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

/* Marks that names are written with and that no letter looks like, each as its octets of UTF-8. */
static size_t
typographic_mark(const char *at)
{
	static const char *const marks[] = {
		"\xe2\x80\x99",         /* U+2019, apostrophe */
		"\xe2\x80\x93",         /* U+2013, dash */
		"\xc2\xab", "\xc2\xbb", /* U+00AB and U+00BB, quotation marks */
		"\xc2\xb7",             /* U+00B7, middle dot */
	};

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (strncmp(at, marks[i], strlen(marks[i])) == 0)
			return strlen(marks[i]);
	return 0;
}

/* What separates words: their scripts may differ. */
static size_t
separator(const char *at)
{
	return *at == ' ' ? 1 : typographic_mark(at);
}

/* NULL, or what a person would not see of it as it is. */
static const char *
text_fault(const char *text)
{
	if (!cs_utf8_valid(cs_span_str(text)))
		return "not UTF-8";
	if (text[0] == ' ' || text[strlen(text) - 1] == ' ' || strstr(text, "  ") != NULL)
		return "spaces at an end, or two together";
	while (*text != '\0') {
		const char *end = text;

		if (separator(text) > 0) {
			text += separator(text);
			continue;
		}
		while (*end != '\0' && separator(end) == 0)
			end++;
		const char *fault = smime_script_fault(cs_span_of(text, (size_t)(end - text)));

		if (fault != NULL)
			return fault;
		text = end;
	}
	return NULL;
}

/* SBR 7.1.4.2: nothing that only says that there is no value. */
static bool
is_metadata(const char *text)
{
	static const char *const words[] = { "n/a", "not applicable", "unknown", "none", "absent",
		"incomplete", "tbd" };
	bool has_letter = false;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (cs_span_is_nocase(cs_span_str(text), words[i]))
			return true;
	for (const char *at = text; *at != '\0'; at++) {
		const char c = *at;

		has_letter |= (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
			      (c >= 'a' && c <= 'z') ||
			      ((unsigned char)c > 0xc2 && typographic_mark(at) == 0);
	}
	return !has_letter;
}

static bool
is_printable_string(const char *text)
{
	return strspn(text,
		   "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 '()+,-./:=?") ==
	       strlen(text);
}

static size_t
bound_of(enum smime_attribute attribute)
{
	for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++)
		if (bounds[i].attribute == attribute)
			return bounds[i].max;
	return 0;
}

static bool
value_holds(enum smime_attribute attribute, const char *value, struct cs_refusal *ret_why)
{
	const char *fault = text_fault(value);

	if (fault != NULL)
		return refuse(ret_why, "identity-text", attribute, "SBR 7.1.4.2", fault);
	if (characters(value) > bound_of(attribute))
		return refuse(ret_why, "identity-too-long", attribute, "RFC 5280 A.1",
		    "longer than may be named");
	if (is_metadata(value))
		return refuse(ret_why, "identity-metadata", attribute, "SBR 7.1.4.2",
		    "only a sign that there is no value");
	if (attribute == SMIME_COUNTRY && !smime_country_known(value))
		return refuse(ret_why, "identity-country", attribute, "SBR 7.1.4.2.2",
		    "not a country of ISO 3166-1 in two capital letters");
	if (attribute == SMIME_SERIAL_NUMBER && !is_printable_string(value))
		return refuse(ret_why, "identity-text", attribute, "RFC 5280 A.1",
		    "a character that PrintableString has not");
	return true;
}

/* ---- one attribute and others ---- */

static bool
person_holds(const struct smime_identity *identity, bool demanded, struct cs_refusal *ret_why)
{
	const bool named =
	    identity->values[SMIME_GIVEN_NAME] != NULL || identity->values[SMIME_SURNAME] != NULL;
	const bool pseudonymous = identity->values[SMIME_PSEUDONYM] != NULL;

	if (named && pseudonymous)
		return refuse(ret_why, "identity-pseudonym", SMIME_PSEUDONYM, "SBR 7.1.4.2.2",
		    "a pseudonym beside a name");
	if (demanded && !named && !pseudonymous)
		return refuse(ret_why, "identity-incomplete", SMIME_SURNAME, "SBR 7.1.4.2.2",
		    "neither a name nor a pseudonym");
	return true;
}

static bool
address_holds(const struct smime_identity *identity, struct cs_refusal *ret_why)
{
	static const enum smime_attribute parts[] = { SMIME_LOCALITY, SMIME_STATE,
		SMIME_POSTAL_CODE };

	if (identity->values[SMIME_STREET] != NULL && identity->values[SMIME_LOCALITY] == NULL &&
	    identity->values[SMIME_STATE] == NULL)
		return refuse(ret_why, "identity-address", SMIME_STREET, "SBR 7.1.4.2.2",
		    "a street without a place");
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (identity->values[parts[i]] != NULL && identity->values[SMIME_COUNTRY] == NULL)
			return refuse(ret_why, "identity-address", parts[i], "SBR 7.1.4.2.2",
			    "a place without a country");
	return true;
}

/* What one attribute says of another. */
static bool
fit_together(const struct smime_profile *profile, const struct smime_identity *identity,
    struct cs_refusal *ret_why)
{
	const bool names_somebody =
	    !profile->unverified && profile->subject[SMIME_GIVEN_NAME] != SMIME_MUST_NOT;

	if (identity->values[SMIME_ORG_ID] != NULL &&
	    !smime_organization_id_holds(
		identity->values[SMIME_ORG_ID], identity->values[SMIME_COUNTRY], ret_why))
		return false;
	return person_holds(identity, names_somebody, ret_why) && address_holds(identity, ret_why);
}

static bool
all_hold(const struct smime_profile *profile, const struct smime_identity *identity,
    struct cs_refusal *ret_why)
{
	for (enum smime_attribute i = 0; i < SMIME_ATTRIBUTES; i++)
		if (profile->subject[i] == SMIME_MUST && identity->values[i] == NULL)
			return refuse(ret_why, "identity-incomplete", i, "SBR 7.1.4.2.2",
			    "must be named and is not there");
	return fit_together(profile, identity, ret_why);
}

/* ---- the written form ---- */

struct cs_span
smime_identity_write(struct cs_arena *arena, const struct smime_identity *identity)
{
	struct cs_buf out = cs_buf_new(arena);

	for (enum smime_attribute i = 0; i < SMIME_ATTRIBUTES; i++)
		if (identity->values[i] != NULL)
			cs_buf_printf(
			    &out, "%s=%s\n", smime_attribute_name(i), identity->values[i]);
	return cs_buf_span(&out);
}

/* Of the more generous generation: Strict leaves out, it never adds. */
static const struct smime_profile *
profile_of(enum smime_type type)
{
	size_t n;
	const struct smime_profile *profiles = smime_profiles(&n);
	const struct smime_profile *found = NULL;

	for (size_t i = n; i > 0; i--)
		if (profiles[i - 1].type == type && profiles[i - 1].trust == SMIME_TRUST_PUBLIC &&
		    profiles[i - 1].generation == SMIME_MULTIPURPOSE)
			found = &profiles[i - 1];
	cs_assert(found != NULL);
	return found;
}

/* Mailboxes are proved each by itself, and commonName repeats one of the others. */
static bool
may_be_verified(const struct smime_profile *profile, enum smime_attribute attribute)
{
	return attribute != SMIME_CN && attribute != SMIME_EMAIL &&
	       profile->subject[attribute] != SMIME_MUST_NOT;
}

/* `*from`: the attributes that may still come.  Cuts `line` at its "=". */
static bool
read_line(char *line, const struct smime_profile *profile, enum smime_attribute *from,
    struct smime_identity *identity, struct cs_refusal *ret_why)
{
	char *equals = strchr(line, '=');

	*ret_why = (struct cs_refusal){ "identity-malformed", "", "",
		"not one attribute a line, in their order, each once",
		"correct the record of what was verified" };
	if (equals == NULL || equals[1] == '\0')
		return false;
	*equals = '\0';
	const enum smime_attribute attribute = smime_attribute_find(line);

	if (attribute == SMIME_ATTRIBUTES || attribute < *from)
		return false;
	*from = attribute + 1;
	if (!may_be_verified(profile, attribute))
		return refuse(ret_why, "identity-attribute", attribute, "SBR 7.1.4.2.2",
		    "not to be named in a certificate of this type");
	identity->values[attribute] = equals + 1;
	return value_holds(attribute, equals + 1, ret_why);
}

bool
smime_identity_read(struct cs_arena *arena, struct cs_span octets, enum smime_type type,
    struct smime_identity *ret, struct cs_refusal *ret_why)
{
	const struct smime_profile *profile = profile_of(type);
	struct smime_identity identity = { { NULL } };
	enum smime_attribute from = 0;

	if (octets.len == 0 || octets.len > SMIME_IDENTITY_MAX ||
	    memchr(octets.data, '\0', octets.len) != NULL || octets.data[octets.len - 1] != '\n')
		return cs_refuse(ret_why, (struct cs_refusal){ "identity-malformed", "", "",
					      "empty, too long, or the last line does not end",
					      "correct the record of what was verified" });
	char *rest = cs_arena_strndup(arena, (const char *)octets.data, octets.len - 1);

	for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n"))
		if (!read_line(line, profile, &from, &identity, ret_why))
			return false;
	if (!all_hold(profile, &identity, ret_why))
		return false;
	*ret = identity;
	return true;
}

/* ---- what a subject says of it ---- */

static bool
is_personal_name(const struct smime_identity *identity, const char *name)
{
	const char *given = identity->values[SMIME_GIVEN_NAME];
	const char *surname = identity->values[SMIME_SURNAME];

	if (given == NULL || surname == NULL)
		return (given != NULL && strcmp(name, given) == 0) ||
		       (surname != NULL && strcmp(name, surname) == 0);
	const size_t len = strlen(given);

	return strncmp(name, given, len) == 0 && name[len] == ' ' &&
	       strcmp(name + len + 1, surname) == 0;
}

bool
smime_identity_may_name(
    unsigned may, const struct smime_identity *identity, const char *common_name)
{
	const char *organization = identity->values[SMIME_O];
	const char *pseudonym = identity->values[SMIME_PSEUDONYM];

	if (characters(common_name) > COMMON_NAME_MAX)
		return false;
	if ((may & SMIME_CN_ORGANIZATION) != 0 && organization != NULL &&
	    strcmp(common_name, organization) == 0)
		return true;
	return (may & SMIME_CN_PERSON) != 0 &&
	       (is_personal_name(identity, common_name) ||
		   (pseudonym != NULL && strcmp(common_name, pseudonym) == 0));
}

struct smime_identity
smime_identity_join(enum smime_type type, const struct smime_identity *organization,
    const struct smime_identity *individual)
{
	static const enum smime_attribute of_person[] = { SMIME_GIVEN_NAME, SMIME_SURNAME,
		SMIME_PSEUDONYM, SMIME_SERIAL_NUMBER, SMIME_TITLE };
	struct smime_identity joined = { { NULL } };

	if (type == SMIME_ORGANIZATION)
		return *organization;
	if (type == SMIME_INDIVIDUAL)
		return *individual;
	if (type == SMIME_MAILBOX)
		return joined;
	joined = *organization;
	for (size_t i = 0; i < sizeof(of_person) / sizeof(of_person[0]); i++)
		joined.values[of_person[i]] = individual->values[of_person[i]];
	return joined;
}

/* ---- what nobody verified ---- */

static const char *const sources[] = {
	[SMIME_BY_PERSON] = "person",
	[SMIME_BY_PROFILE] = "profile",
	[SMIME_BY_OPERATOR] = "operator",
};

const char *
smime_source_name(enum smime_source source)
{
	return sources[source];
}

bool
smime_source_find(const char *name, enum smime_source *ret)
{
	for (enum smime_source i = SMIME_BY_PERSON; i <= SMIME_BY_OPERATOR; i++) {
		if (strcmp(sources[i], name) == 0) {
			*ret = i;
			return true;
		}
	}
	return false;
}

bool
smime_may_state(
    const struct smime_profile *profile, enum smime_attribute attribute, enum smime_source source)
{
	if (attribute == SMIME_CN || profile->subject[attribute] == SMIME_MUST_NOT)
		return false;
	if (attribute == SMIME_EMAIL || profile->unverified)
		return true;
	return attribute == SMIME_SERIAL_NUMBER && profile->type == SMIME_MAILBOX &&
	       source == SMIME_BY_OPERATOR;
}

/* IA5String, as the certificate has it. */
static bool
mailbox_holds(const char *value, const char *const *mailboxes, size_t n, struct cs_refusal *ret_why)
{
	for (const char *at = value; *at != '\0'; at++)
		if ((unsigned char)*at > 0x7e)
			return refuse(ret_why, "identity-text", SMIME_EMAIL, "RFC 5280 4.1.2.6",
			    "a character that IA5String has not");
	for (size_t i = 0; i < n; i++)
		if (strcmp(mailboxes[i], value) == 0)
			return true;
	return refuse(ret_why, "identity-mailbox", SMIME_EMAIL, "SBR 7.1.4.2.1",
	    "not one of the mailboxes of the certificate");
}

bool
smime_value_holds(enum smime_attribute attribute, const char *value, struct cs_refusal *ret_why)
{
	if (strchr(value, '@') != NULL)
		return refuse(ret_why, "identity-mailbox", attribute, "SBR 7.1.4.2.1",
		    "looks like a mailbox, and only emailAddress may name one");
	return value_holds(attribute, value, ret_why);
}

bool
smime_stated_holds(const struct smime_profile *profile, const struct smime_identity *stated,
    const char *const *mailboxes, size_t n_mailboxes, struct cs_refusal *ret_why)
{
	for (enum smime_attribute i = 0; i < SMIME_ATTRIBUTES; i++) {
		const char *value = stated->values[i];

		if (value == NULL)
			continue;
		if (i == SMIME_CN || profile->subject[i] == SMIME_MUST_NOT)
			return refuse(ret_why, "identity-attribute", i, "SBR 7.1.4.2.2",
			    "not to be named in a certificate of this profile");
		if (i == SMIME_EMAIL ? !mailbox_holds(value, mailboxes, n_mailboxes, ret_why)
				     : !smime_value_holds(i, value, ret_why))
			return false;
	}
	return !profile->unverified || fit_together(profile, stated, ret_why);
}

/* ---- methods ---- */

#define ORGANIZATION SMIME_PROOF_ORGANIZATION
#define AUTHORITY SMIME_PROOF_AUTHORITY
#define INDIVIDUAL SMIME_PROOF_INDIVIDUAL

static const struct smime_identity_method methods[] = {
	{ "register", ORGANIZATION, "SBR 3.2.3", "a register run or authorised by a government",
	    false },
	{ "lei", ORGANIZATION, "SBR 3.2.3", "the record of its legal entity identifier", false },
	{ "site-visit", ORGANIZATION, "SBR 3.2.3", "a visit to the place of business", false },
	{ "attestation", ORGANIZATION, "SBR 3.2.3",
	    "the attestation of a notary, lawyer or accountant", false },
	{ "reliable-contact", AUTHORITY, "SBR 3.2.6",
	    "contact by an address found from another source than the requester", false },
	{ "id-document", INDIVIDUAL, "SBR 3.2.4", "a passport or identity card and its holder",
	    false },
	{ "emrtd", INDIVIDUAL, "SBR 3.2.4", "the signed chip of a travel document", false },
	{ "eid", INDIVIDUAL, "SBR 3.2.4", "a notified eID of level substantial or high", false },
	{ "attestation", INDIVIDUAL, "SBR 3.2.4", "the attestation of a notary or lawyer", false },
	{ "enterprise-ra-record", INDIVIDUAL, "SBR 3.2.4; SBR 1.3.2.1",
	    "the records of the enterprise about its own people", true },
};

const struct smime_identity_method *
smime_identity_methods(size_t *ret_n)
{
	*ret_n = sizeof(methods) / sizeof(methods[0]);
	return methods;
}

const struct smime_identity_method *
smime_identity_method_find(const char *name, enum smime_proof proof)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (methods[i].proof == proof && strcmp(methods[i].name, name) == 0)
			return &methods[i];
	return NULL;
}

bool
smime_identity_needs(enum smime_type type, enum smime_proof proof)
{
	const bool organization = type == SMIME_ORGANIZATION || type == SMIME_SPONSOR;
	const bool person = type == SMIME_SPONSOR || type == SMIME_INDIVIDUAL;

	if (proof == SMIME_PROOF_INDIVIDUAL)
		return person;
	return organization &&
	       (proof == SMIME_PROOF_ORGANIZATION || proof == SMIME_PROOF_AUTHORITY);
}
