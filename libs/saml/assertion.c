/* SPDX-License-Identifier: Apache-2.0 */
/* assertion.c: what an assertion says, once it is known whose it is (SAML 2.0 Profiles 4.1.4.3). */
#include <string.h>

#include "internal.h"
#include "pki/cert.h"

#define BEARER "urn:oasis:names:tc:SAML:2.0:cm:bearer"
#define FORMAT "urn:oasis:names:tc:SAML:2.0:nameid-format:"

struct reading {
	struct cs_arena *arena;
	const xmlNode *assertion;
	const struct saml_expected *expected;
	struct saml_person person;
};

static const xmlNode *
child(const xmlNode *parent, const char *name)
{
	return saml_xml_child(parent, SAML_ASSERTION, name);
}

static bool
has(const struct reading *r, const xmlNode *node, const char *name)
{
	return saml_xml_attribute(r->arena, node, name) != NULL;
}

/* False: it is not there, or no time. */
static bool
read_time(const struct reading *r, const xmlNode *node, const char *name, int64_t *ret_s)
{
	const char *text = saml_xml_attribute(r->arena, node, name);

	return text != NULL && saml_time_parse(r->arena, text, ret_s);
}

/* Between when somebody was asked and now? */
static bool
is_of_this_login(const struct reading *r, int64_t s)
{
	return s >= r->expected->asked_s - SAML_SKEW_S && s <= r->expected->now_s + SAML_SKEW_S;
}

/* NotOnOrAfter or the like. */
static bool
is_past(const struct reading *r, const xmlNode *node, const char *name)
{
	int64_t s;

	return !read_time(r, node, name, &s) || r->expected->now_s >= s + SAML_SKEW_S;
}

/* NotBefore, where it is there. */
static bool
is_early(const struct reading *r, const xmlNode *node)
{
	int64_t s;

	return has(r, node, "NotBefore") &&
	       (!read_time(r, node, "NotBefore", &s) || s > r->expected->now_s + SAML_SKEW_S);
}

/* ---- whose it is ---- */

static enum saml_no
judge_itself(struct reading *r)
{
	const char *issuer = saml_xml_text(r->arena, child(r->assertion, "Issuer"));
	const char *id = saml_xml_attribute(r->arena, r->assertion, "ID");
	int64_t issued_s;

	if (id == NULL || !saml_id_is_good(id))
		return SAML_NO_IDS;
	if (!saml_xml_says(r->arena, r->assertion, "Version", "2.0"))
		return SAML_NO_ASSERTION;
	if (issuer == NULL || strcmp(issuer, r->expected->provider->entity_id) != 0)
		return SAML_NO_ISSUER;
	if (!read_time(r, r->assertion, "IssueInstant", &issued_s) ||
	    !is_of_this_login(r, issued_s))
		return SAML_NO_ISSUED;
	r->person.assertion = id;
	return SAML_FINE;
}

static enum saml_no
judge_confirmation(const struct reading *r, const xmlNode *confirmation)
{
	const xmlNode *data =
	    saml_xml_only(confirmation, SAML_ASSERTION, "SubjectConfirmationData");

	if (!saml_xml_says(r->arena, confirmation, "Method", BEARER) || data == NULL)
		return SAML_NO_CONFIRMATION;
	if (!saml_xml_says(r->arena, data, "Recipient", r->expected->answer_at))
		return SAML_NO_RECIPIENT;
	if (!saml_xml_says(r->arena, data, "InResponseTo", r->expected->request_id))
		return SAML_NO_REQUEST;
	if (is_past(r, data, "NotOnOrAfter"))
		return SAML_NO_LONGER;
	return is_early(r, data) ? SAML_NO_EARLY : SAML_FINE;
}

/* One of them is enough (Core 2.4.1); why the last one is not. */
static enum saml_no
judge_subject(struct reading *r)
{
	const xmlNode *subject = saml_xml_only(r->assertion, SAML_ASSERTION, "Subject");
	const xmlNode *at = child(subject, "SubjectConfirmation");
	enum saml_no no = SAML_NO_CONFIRMATION;

	for (; at != NULL && no != SAML_FINE; at = saml_xml_next(at))
		no = judge_confirmation(r, at);
	return no;
}

/* ---- under which conditions ---- */

static bool
is_for_us(const struct reading *r, const xmlNode *restriction)
{
	const xmlNode *at = child(restriction, "Audience");

	for (; at != NULL; at = saml_xml_next(at)) {
		const char *audience = saml_xml_text(r->arena, at);

		if (audience != NULL && strcmp(audience, r->expected->entity_id) == 0)
			return true;
	}
	return false;
}

/* OneTimeUse: it is. ProxyRestriction: nobody is told of it. */
static bool
is_understood(const xmlNode *condition)
{
	return condition->type != XML_ELEMENT_NODE ||
	       saml_xml_is(condition, SAML_ASSERTION, "AudienceRestriction") ||
	       saml_xml_is(condition, SAML_ASSERTION, "OneTimeUse") ||
	       saml_xml_is(condition, SAML_ASSERTION, "ProxyRestriction");
}

static enum saml_no
judge_conditions(struct reading *r)
{
	const xmlNode *conditions = saml_xml_only(r->assertion, SAML_ASSERTION, "Conditions");
	const xmlNode *audience = child(conditions, "AudienceRestriction");

	if (conditions == NULL)
		return SAML_NO_CONDITIONS;
	for (const xmlNode *at = conditions->children; at != NULL; at = at->next)
		if (!is_understood(at))
			return SAML_NO_CONDITIONS;
	if (is_early(r, conditions))
		return SAML_NO_EARLY;
	if (is_past(r, conditions, "NotOnOrAfter"))
		return SAML_NO_LONGER;
	if (audience == NULL)
		return SAML_NO_AUDIENCE;
	for (; audience != NULL; audience = saml_xml_next(audience))
		if (!is_for_us(r, audience))
			return SAML_NO_AUDIENCE;
	return SAML_FINE;
}

/* ---- when they logged in ---- */

static enum saml_no
judge_login(struct reading *r)
{
	const xmlNode *at = child(r->assertion, "AuthnStatement");
	int64_t login_s;

	if (at == NULL)
		return SAML_NO_LOGIN_TIME;
	r->person.login_s = INT64_MAX;
	for (; at != NULL; at = saml_xml_next(at)) {
		if (!read_time(r, at, "AuthnInstant", &login_s))
			return SAML_NO_LOGIN_TIME;
		if (!is_of_this_login(r, login_s))
			return SAML_NO_LOGIN;
		if (has(r, at, "SessionNotOnOrAfter") && is_past(r, at, "SessionNotOnOrAfter"))
			return SAML_NO_ENDED;
		if (login_s < r->person.login_s)
			r->person.login_s = login_s;
	}
	return SAML_FINE;
}

/* ---- who ---- */

static bool
is_name(const char *text)
{
	const size_t len = text != NULL ? strlen(text) : 0;

	return len > 0 && len <= SAML_TEXT_MAX && text[0] != ' ' && text[len - 1] != ' ' &&
	       pki_text_fault(cs_span_str(text)) == NULL;
}

/* By a name that lasts?  Formats that are not known may well do. */
static enum saml_no
judge_format(const struct reading *r, const xmlNode *id)
{
	static const struct {
		const char *format;
		enum saml_no no;
	} formats[] = {
		{ FORMAT "transient", SAML_NO_TRANSIENT },
		{ FORMAT "encrypted", SAML_NO_FORMAT },
		{ FORMAT "entity", SAML_NO_FORMAT },
	};
	const char *format = saml_xml_token(r->arena, id, "Format");

	for (size_t i = 0; format != NULL && i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcmp(format, formats[i].format) == 0)
			return formats[i].no;
	return SAML_FINE;
}

/* The same name means somebody else where another provider, or for another service, says it. */
static bool
is_qualified_by(const struct reading *r, const xmlNode *id, const char *qualifier, const char *name)
{
	return !has(r, id, qualifier) || saml_xml_says(r->arena, id, qualifier, name);
}

static enum saml_no
judge_name_id(struct reading *r)
{
	const xmlNode *subject = child(r->assertion, "Subject");
	const xmlNode *id = saml_xml_only(subject, SAML_ASSERTION, "NameID");

	if (id == NULL)
		return SAML_NO_NAME;
	const enum saml_no no = judge_format(r, id);

	if (no != SAML_FINE)
		return no;
	if (!is_qualified_by(r, id, "NameQualifier", r->expected->provider->entity_id) ||
	    !is_qualified_by(r, id, "SPNameQualifier", r->expected->entity_id))
		return SAML_NO_QUALIFIER;
	r->person.name = saml_xml_text(r->arena, id);
	return is_name(r->person.name) ? SAML_FINE : SAML_NO_NAME;
}

/* NULL: it is nowhere, or in several places. */
static const xmlNode *
find_attribute(const struct reading *r)
{
	const xmlNode *statement = child(r->assertion, "AttributeStatement"), *found = NULL;

	for (; statement != NULL; statement = saml_xml_next(statement)) {
		const xmlNode *at = child(statement, "Attribute");

		for (; at != NULL; at = saml_xml_next(at)) {
			if (!saml_xml_says(r->arena, at, "Name", r->expected->claim))
				continue;
			if (found != NULL)
				return NULL;
			found = at;
		}
	}
	return found;
}

static enum saml_no
judge_name(struct reading *r)
{
	if (r->expected->claim[0] == '\0')
		return judge_name_id(r);
	const xmlNode *value = saml_xml_only(find_attribute(r), SAML_ASSERTION, "AttributeValue");

	r->person.name = saml_xml_text(r->arena, value);
	return is_name(r->person.name) ? SAML_FINE : SAML_NO_ATTRIBUTE;
}

typedef enum saml_no judge(struct reading *r);
static judge *const judges[] = { judge_itself, judge_subject, judge_conditions, judge_login,
	judge_name };

enum saml_no
saml_assertion_judge(struct cs_arena *arena, const xmlNode *assertion,
    const struct saml_expected *expected, struct saml_person *ret_person)
{
	struct reading r = { arena, assertion, expected, { NULL, NULL, 0 } };
	enum saml_no no = SAML_FINE;

	for (size_t i = 0; i < sizeof(judges) / sizeof(judges[0]) && no == SAML_FINE; i++)
		no = judges[i](&r);
	if (no == SAML_FINE)
		*ret_person = r.person;
	return no;
}
