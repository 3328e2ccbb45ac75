/* SPDX-License-Identifier: Apache-2.0 */
#include "config_kinds.h"

#include <stdlib.h>
#include <string.h>

#include "config_json.h"
#include "config_profile.h"
#include "config_san.h"
#include "connector/factor.h"
#include "policy_connector.h"
#include "smime/address.h"
#include "smime/method.h"
#include "smime/profile.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define EVERY "*"

/* ---- the table ---- */

enum type { BOOL, NUMBER, TEXT, LINES, WORD, WORDS, NUMBERS, REF, REFS, RDNS, SANS, DETAILS };

typedef bool judge_text(struct config_reading *in, const char *field, const char *text);

struct field {
	const char *name;
	enum type type;
	const char *fallback; /* JSON; NULL: it must be given */
	int64_t min, max;     /* of a number, of octets, of items */
	const char *const *words;
	enum config_kind ref;
	bool every; /* "*" may stand for all there are */
	judge_text *judge;
	const char *help;
};

static judge_text is_issuer, is_mailbox_or_empty, is_phone_or_empty, is_login_or_empty,
    is_identity_or_empty, is_domain_method, is_mailbox_method, is_certificate_profile;

static const char *const modes[] = { "approved", "approved-owned", "any-owned", "any", NULL };
static const char *const validations[] = { "mailbox", "domain", "both", NULL };
static const char *const uses[] = { "dual", "signing", "encryption", NULL };
static const char *const roles[] = { "user", "operator", "auditor", "administrator", NULL };
static const char *const connectors[] = { "open-mpic", "smtp", "sms", "oidc", "saml", "ldap",
	NULL };

/* Rows of libs/connector/factor.c, after what stands for none of them. */
static const char *const enterprise_factors[] = { FACTOR_NONE, "email", "sms", "email-and-sms",
	"ldap", "oidc", "saml", NULL };
static const char *const profile_factors[] = { CONFIG_AS_ENTERPRISE, FACTOR_NONE, "email", "sms",
	"email-and-sms", "ldap", "oidc", "saml", NULL };

static const struct field enterprise_fields[] = {
	{ "title", TEXT, "\"\"", 0, 200, NULL, 0, false, NULL, "how people call it" },
	{ "active", BOOL, "true", 0, 0, NULL, 0, false, NULL, "false: nobody of it is served" },
	{ "domain_mode", WORD, "\"approved\"", 0, 0, modes, 0, false, NULL,
	    "which domains its people may name, and whether each is bound to one person" },
	{ "caa", BOOL, "true", 0, 0, NULL, 0, false, NULL,
	    "CAA is looked up; false counts for private trust alone (SBR 4.2.2.1)" },
	{ "issuers", WORDS, "[]", 0, 10, NULL, 0, false, is_issuer,
	    "by which of our issuer domain names CAA may permit us; none: by all" },
	{ "profiles", REFS, "[\"*\"]", 0, CONFIG_ITEMS_MAX, NULL, CONFIG_PROFILE, true, NULL,
	    "profiles of the platform that it may use" },
	{ "private_trust", BOOL, "false", 0, 0, NULL, 0, false, NULL,
	    "its own profiles may be of private trust: it has a root of its own" },
	{ "second_factor", WORD, "\"none\"", 0, 0, enterprise_factors, 0, false, NULL,
	    "what whoever approves a request proves beside the login: codes, a directory's password, a login at a provider" },
	{ 0 },
};

static const struct field domain_fields[] = {
	{ "active", BOOL, "true", 0, 0, NULL, 0, false, NULL, "false: it is not offered" },
	{ "issuers", WORDS, "[]", 0, 10, NULL, 0, false, is_issuer,
	    "by which of our issuer domain names CAA of it and below may permit us; none: as above it" },
	{ 0 },
};

static const struct field ownership_fields[] = {
	{ "person", REF, NULL, 1, 128, NULL, CONFIG_PERSON, false, NULL, "whose the domain is" },
	{ 0 },
};

static const struct field profile_fields[] = {
	{ "title", TEXT, "\"\"", 0, 200, NULL, 0, false, NULL, "how people call it" },
	{ "active", BOOL, "true", 0, 0, NULL, 0, false, NULL, "false: nobody may use it" },
	{ "validation", WORD, NULL, 0, 0, validations, 0, false, NULL, "what people prove" },
	{ "certificate_profile", TEXT, NULL, 1, 64, NULL, 0, false, is_certificate_profile,
	    "of the signer: csctl profile list" },
	{ "domain_methods", WORDS,
	    "[\"acme-http\",\"acme-tls-alpn\",\"dns-cname\",\"dns-persist\",\"dns-txt\",\"http-file\",\"mx-dns-txt\",\"mx-http-file\"]",
	    0, 16, NULL, 0, false, is_domain_method, "how people may prove a domain" },
	{ "mailbox_methods", WORDS, "[\"email-token\"]", 0, 4, NULL, 0, false, is_mailbox_method,
	    "how people may prove a mailbox" },
	{ "mailbox_period_days", NUMBER, "30", 1, 30, NULL, 0, false, NULL,
	    "how long a proof of a mailbox serves (SBR 4.2.1)" },
	{ "domain_period_days", NUMBER, "398", 1, 398, NULL, 0, false, NULL,
	    "how long a proof of a domain serves (SBR 4.2.1)" },
	{ "max_days", NUMBER, "825", 1, 825, NULL, 0, false, NULL,
	    "the longest validity (SBR 6.3.2)" },
	{ "validities", NUMBERS, "[]", 1, 825, NULL, 0, false, NULL,
	    "days that may be chosen; none: any up to max_days" },
	{ "key_uses", WORDS, "[\"dual\",\"encryption\",\"signing\"]", 1, 3, uses, 0, false, NULL,
	    "what keys may be for" },
	{ "caa", BOOL, "true", 0, 0, NULL, 0, false, NULL,
	    "CAA is looked up; false for private trust alone (SBR 4.2.2.1)" },
	{ "mpic", BOOL, "true", 0, 0, NULL, 0, false, NULL,
	    "several network perspectives look; false for private trust alone (TBR 3.2.2.9)" },
	{ "dnssec", BOOL, "true", 0, 0, NULL, 0, false, NULL,
	    "DNS answers are validated; never false (SBR 4.2.2.1.1): domains without DNSSEC pass anyway" },
	{ "mpic_connector", REF, "\"\"", 0, 63, NULL, CONFIG_CONNECTOR, false, NULL,
	    "the connector that says how many perspectives must agree; empty: as the rules say" },
	{ "rdns", RDNS, "[]", 0, CONFIG_RDNS_MAX, NULL, 0, false, NULL,
	    "attributes of the subject that people are asked for: {name, required, value}" },
	{ "sans", SANS, "[]", 0, POLICY_SANS, NULL, 0, false, NULL,
	    "of the names mailbox and domain, which are shown, required, fixed: {name, shown, required, values, from_person}" },
	{ "second_factor", WORD, "\"as-enterprise\"", 0, 0, profile_factors, 0, false, NULL,
	    "what whoever approves proves beside the login; as-enterprise: as the enterprise says" },
	{ 0 },
};

static const struct field person_fields[] = {
	{ "title", TEXT, "\"\"", 0, 200, NULL, 0, false, NULL, "how people call them" },
	{ "active", BOOL, "true", 0, 0, NULL, 0, false, NULL, "false: they are not served" },
	{ "roles", WORDS, "[\"user\"]", 1, 4, roles, 0, false, NULL, "what they may do" },
	{ "profiles", REFS, "[\"*\"]", 0, CONFIG_ITEMS_MAX, NULL, CONFIG_PROFILE, true, NULL,
	    "profiles that they may use" },
	{ "email", TEXT, "\"\"", 0, 254, NULL, 0, false, is_mailbox_or_empty,
	    "where invitations and codes go; fills in requests, and is fixed where a profile says so" },
	{ "phone", TEXT, "\"\"", 0, 32, NULL, 0, false, is_phone_or_empty,
	    "where codes by SMS go: \"+\", country and number" },
	{ "login", TEXT, "\"\"", 0, CONNECTOR_LOGIN_MAX, NULL, 0, false, is_login_or_empty,
	    "their name in the directory; empty: the name of this document" },
	{ "provider_id", TEXT, "\"\"", 0, FACTOR_IDENTITY_MAX, NULL, 0, false, is_identity_or_empty,
	    "the name by which the provider where they log in names them, to the letter" },
	{ "details", DETAILS, "{}", 0, 16, NULL, 0, false, NULL,
	    "values of the subject that are fixed for them" },
	{ 0 },
};

static const struct field assignment_fields[] = {
	{ "people", REFS, NULL, 1, CONFIG_ITEMS_MAX, NULL, CONFIG_PERSON, false, NULL,
	    "who gets the mailbox on the strength of its domain alone" },
	{ 0 },
};

static const struct field note_fields[] = {
	{ "text", LINES, NULL, 1, 4096, NULL, 0, false, NULL, "what people must have read" },
	{ 0 },
};

/* Shown alone: which type has which of them, and their rules, is in policy_connector.c. */
static const struct field connector_fields[] = {
	{ "type", WORD, NULL, 0, 0, connectors, 0, false, NULL, "what is at the other end" },
	{ "title", TEXT, "\"\"", 0, CONNECTOR_TITLE_MAX, NULL, 0, false, NULL,
	    "how people call it" },
	{ "active", BOOL, "true", 0, 0, NULL, 0, false, NULL, "false: it is not used" },
	{ "endpoint", TEXT, "\"\"", 0, CONNECTOR_ENDPOINT_MAX, NULL, 0, false, NULL,
	    "its URL; of open-mpic that of a service that is asked beside our perspectives" },
	{ "username", TEXT, "\"\"", 0, CONNECTOR_USERNAME_MAX, NULL, 0, false, NULL,
	    "the account there" },
	{ "secret", TEXT, "\"\"", 0, CONNECTOR_SECRET_MAX, NULL, 0, false, NULL,
	    "password or key there: sealed to the service that uses it, never shown; left out: as it is" },
	{ "from", TEXT, "\"\"", 0, CONNECTOR_FROM_MAX, NULL, 0, false, NULL,
	    "the sender of mails; of type smtp" },
	{ "bind_dn", TEXT, "\"\"", 0, CONNECTOR_BIND_DN_MAX, NULL, 0, false, NULL,
	    "under which name a person binds, with one {login}; of type ldap" },
	{ "claim", TEXT, "\"\"", 0, CONNECTOR_CLAIM_MAX, NULL, 0, false, NULL,
	    "what names a person: of type oidc a claim, empty: sub; of type saml an attribute, empty: NameID" },
	{ "quorum", NUMBER, "0", 0, POLICY_MAX_QUORUM, NULL, 0, false, NULL,
	    "perspectives that must agree, of type open-mpic: of the service, or ours; never fewer than TBR 3.2.2.9 asks for" },
	{ 0 },
};

static const struct {
	const char *name, *event, *help;
	const struct field *fields;
} kinds[CONFIG_KINDS] = {
	[CONFIG_ENTERPRISE] = { "enterprise", "config.enterprise", "a tenant, and its rules",
	    enterprise_fields },
	[CONFIG_DOMAIN] = { "domain", "config.domain",
	    "a domain of the enterprise; usable while it is verified", domain_fields },
	[CONFIG_OWNERSHIP] = { "ownership", "config.ownership",
	    "to whom a domain is bound, where each is for one person", ownership_fields },
	[CONFIG_PROFILE] = { "profile", "config.profile",
	    "a certification profile: what may be asked for and what is proved", profile_fields },
	[CONFIG_PERSON] = { "person", "config.person", "a person or program, and their rights",
	    person_fields },
	[CONFIG_ASSIGNMENT] = { "assignment", "config.assignment",
	    "a mailbox, or *@domain, and whose it is", assignment_fields },
	[CONFIG_NOTE] = { "note", "config.note",
	    "what people read before they ask: by kind of request, or kind.screen", note_fields },
	[CONFIG_CONNECTOR] = { "connector", "config.connector", "how something outside is reached",
	    connector_fields },
};

const char *
config_kind_name(enum config_kind kind)
{
	return kinds[kind].name;
}

const char *
config_kind_event(enum config_kind kind)
{
	return kinds[kind].event;
}

bool
config_kind_parse(const char *name, enum config_kind *ret_kind)
{
	for (enum config_kind kind = 0; kind < CONFIG_KINDS; kind++) {
		if (strcmp(kinds[kind].name, name) == 0) {
			*ret_kind = kind;
			return true;
		}
	}
	return false;
}

/* ---- texts ---- */

static bool
is_among(const char *const *words, const char *text)
{
	for (size_t i = 0; words[i] != NULL; i++)
		if (strcmp(words[i], text) == 0)
			return true;
	return false;
}

static const char *
listed(struct cs_arena *arena, const char *const *words)
{
	struct cs_buf out = cs_buf_new(arena);

	for (size_t i = 0; words[i] != NULL; i++)
		cs_buf_printf(&out, "%s%s", i > 0 ? ", " : "", words[i]);
	return (const char *)cs_buf_span(&out).data;
}

static bool
is_word(struct config_reading *in, const char *const *words, const char *field, const char *text)
{
	if (is_among(words, text))
		return true;
	return config_refuse(in, field, "",
	    cs_arena_printf(in->arena, "\"%.40s\" is none of its values.", text),
	    cs_arena_printf(in->arena, "Choose from: %s.", listed(in->arena, words)));
}

static bool
are_lines(struct config_reading *in, const char *field, const char *text)
{
	for (const char *rest = text; *rest != '\0';) {
		const size_t len = strcspn(rest, "\n");

		if (!config_is_line(in, field, cs_span_of(rest, len)))
			return false;
		rest += len + (rest[len] == '\n' ? 1 : 0);
	}
	return true;
}

static bool
is_issuer(struct config_reading *in, const char *field, const char *text)
{
	for (size_t i = 0; i < in->rules->issuer_domains.n; i++)
		if (strcmp(in->rules->issuer_domains.items[i], text) == 0)
			return true;
	return config_refuse(in, field, "SBR 4.2.2.1",
	    cs_arena_printf(in->arena, "%.80s is none of our issuer domain names.", text),
	    "Take names that the CPS lists, or none for all of them.");
}

static bool
is_mailbox_or_empty(struct config_reading *in, const char *field, const char *text)
{
	struct smime_address address;
	struct cs_refusal why = { 0 };

	if (text[0] == '\0' || smime_address_parse(in->arena, cs_span_str(text), &address, &why))
		return true;
	return config_refuse(in, field, why.clause, why.text, why.mend);
}

const char *
config_phone(struct cs_arena *arena, const char *text)
{
	char *phone = cs_arena_strdup(arena, text);
	const bool none = text[0] == '\0';
	size_t n = 0;

	for (; *text != '\0'; text++) {
		const bool digit = *text >= '0' && *text <= '9';

		if (digit || (*text == '+' && n == 0))
			phone[n++] = *text;
		else if (strchr(" -./()", *text) == NULL)
			return NULL;
	}
	phone[n] = '\0';
	return none || (phone[0] == '+' && phone[1] != '0' && n >= 8 && n <= 16) ? phone : NULL;
}

static bool
is_phone_or_empty(struct config_reading *in, const char *field, const char *text)
{
	if (config_phone(in->arena, text) != NULL)
		return true;
	return config_refuse(in, field, "",
	    "This is no phone number that a message can be sent to.",
	    "Give it as +, country and number: +49 170 1234567.");
}

static bool
is_login_or_empty(struct config_reading *in, const char *field, const char *text)
{
	return text[0] == '\0' || connector_login_valid(text) ||
	       config_refuse(in, field, "", "This cannot be a name in a directory.",
		   "Give it without control characters.");
}

static bool
is_identity_or_empty(struct config_reading *in, const char *field, const char *text)
{
	return text[0] == '\0' || factor_identity_valid(text) ||
	       config_refuse(in, field, "", "No provider can name a person like this.",
		   "Give it as the provider does, without characters that nobody sees.");
}

static bool
is_method(struct config_reading *in, const char *field, const char *text, enum smime_target target)
{
	const struct smime_method *method = smime_method_find(text);

	if (method != NULL && method->target == target)
		return true;
	return config_refuse(in, field, "SBR 3.2.2",
	    cs_arena_printf(in->arena, "There is no method \"%.40s\" that proves a %s.", text,
		target == SMIME_TARGET_DOMAIN ? "domain" : "mailbox"),
	    "See services/policy/README.md for the methods.");
}

static bool
is_domain_method(struct config_reading *in, const char *field, const char *text)
{
	return is_method(in, field, text, SMIME_TARGET_DOMAIN);
}

static bool
is_mailbox_method(struct config_reading *in, const char *field, const char *text)
{
	return is_method(in, field, text, SMIME_TARGET_MAILBOX);
}

static bool
is_certificate_profile(struct config_reading *in, const char *field, const char *text)
{
	const char *clause = "";

	if (smime_profile_find(text) != NULL)
		return true;
	const char *why = smime_profile_refusal(text, &clause);

	return config_refuse(in, field, clause, why, "Choose one of `csctl profile list`.");
}

static bool
read_text(struct config_reading *in, const struct field *f, const json_t *value)
{
	const char *text;

	if (!config_has_length(in, f->name, value, (size_t)f->min, (size_t)f->max, &text))
		return false;
	if (f->type == LINES)
		return are_lines(in, f->name, text);
	return config_is_line(in, f->name, cs_span_str(text)) &&
	       (f->judge == NULL || f->judge(in, f->name, text));
}

/* ---- lists: each item once, sorted, since their order says nothing ---- */

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool
read_item(struct config_reading *in, const struct field *f, const char *field, const json_t *item)
{
	const size_t max = f->type == REFS ? 128 : 253;
	const char *text;

	if (!config_has_length(in, field, item, 1, max, &text) ||
	    !config_is_line(in, field, cs_span_str(text)))
		return false;
	if (f->words != NULL)
		return is_word(in, f->words, field, text);
	return f->judge == NULL || f->judge(in, field, text);
}

static bool
read_items(
    struct config_reading *in, const struct field *f, const json_t *value, const char **texts)
{
	json_t *item;
	size_t i;

	json_array_foreach(value, i, item)
	{
		const char *field = cs_arena_printf(in->arena, "%s[%zu]", f->name, i);

		if (!read_item(in, f, field, item))
			return false;
		texts[i] = json_string_value(item);
		for (size_t k = 0; k < i; k++)
			if (strcmp(texts[k], texts[i]) == 0)
				return config_refuse(
				    in, field, "", "The list names this twice.", "Name each once.");
	}
	return true;
}

static bool
read_texts(struct config_reading *in, const struct field *f, const json_t *value, json_t *ret)
{
	const size_t n = json_array_size(value);

	if (!config_has_count(in, f->name, value, (size_t)f->min, (size_t)f->max))
		return false;
	const char **texts = CS_NEW_ARRAY(in->arena, n, const char *);

	if (!read_items(in, f, value, texts))
		return false;
	qsort(texts, n, sizeof(texts[0]), by_text);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(ret, json_string(texts[i]));
	return true;
}

static bool
read_number(
    struct config_reading *in, const struct field *f, const char *field, const json_t *value)
{
	const json_int_t number = json_integer_value(value);

	if (!json_is_integer(value))
		return config_refuse_type(in, field, "a whole number");
	if (number < f->min || number > f->max)
		return config_refuse(in, field, "",
		    cs_arena_printf(in->arena, "%lld is out of bounds.", (long long)number),
		    cs_arena_printf(
			in->arena, "Give %lld to %lld.", (long long)f->min, (long long)f->max));
	return true;
}

static bool
read_numbers(struct config_reading *in, const struct field *f, const json_t *value)
{
	json_int_t last = 0;
	json_t *item;
	size_t i;

	if (!config_has_count(in, f->name, value, 0, 16))
		return false;
	json_array_foreach(value, i, item)
	{
		const char *field = cs_arena_printf(in->arena, "%s[%zu]", f->name, i);

		if (!read_number(in, f, field, item))
			return false;
		if (json_integer_value(item) <= last)
			return config_refuse(in, field, "", "The numbers do not rise.",
			    "Give each once, the smallest first.");
		last = json_integer_value(item);
	}
	return true;
}

/* ---- a spec ---- */

/* The value in its canonical form, or NULL: refused.  `value` is borrowed. */
static json_t *
read_value(struct config_reading *in, const struct field *f, json_t *value)
{
	json_t *list = NULL;
	bool good = false;

	switch (f->type) {
	case BOOL:
		good = json_is_boolean(value) || config_refuse_type(in, f->name, "true or false");
		break;
	case NUMBER:
		good = read_number(in, f, f->name, value);
		break;
	case TEXT:
	case LINES:
	case REF:
		good = read_text(in, f, value);
		break;
	case WORD:
		good = (json_is_string(value) || config_refuse_type(in, f->name, "a text")) &&
		       is_word(in, f->words, f->name, json_string_value(value));
		break;
	case NUMBERS:
		good = read_numbers(in, f, value);
		break;
	case DETAILS:
		good = config_details_read(in, f->name, value);
		break;
	case WORDS:
	case REFS:
		list = json_array();
		good = read_texts(in, f, value, list);
		break;
	case RDNS:
		list = json_array();
		good = config_rdns_read(in, f->name, value, list);
		break;
	case SANS:
		list = json_array();
		good = config_sans_read(in, f->name, value, list);
		break;
	}
	if (good && list == NULL)
		return json_incref(value);
	if (!good && list != NULL)
		json_decref(list);
	return good ? list : NULL;
}

static bool
read_field(struct config_reading *in, const struct field *f, const json_t *from, json_t *to)
{
	json_t *given = json_object_get(from, f->name), *value;

	if (given == NULL && f->fallback == NULL)
		return config_refuse(in, f->name, "", "This field is missing.",
		    cs_arena_printf(in->arena, "Give it: %s.", f->help));
	value = given != NULL ? read_value(in, f, given)
			      : json_loads(f->fallback, JSON_DECODE_ANY, NULL);
	if (value == NULL)
		return false;
	json_object_set_new(to, f->name, value);
	return true;
}

static const struct field *
find_field(const struct field *fields, const char *name)
{
	for (; fields->name != NULL; fields++)
		if (strcmp(fields->name, name) == 0)
			return fields;
	return NULL;
}

static bool
knows_members(struct config_reading *in, const struct field *fields, json_t *from)
{
	const char *name;
	json_t *value;

	json_object_foreach(from, name, value)
	{
		if (find_field(fields, name) == NULL)
			return config_refuse(in, cs_arena_printf(in->arena, "%.64s", name), "",
			    cs_arena_printf(in->arena, "A document of kind %s has no such field.",
				kinds[in->kind].name),
			    "Leave it out; /v1/config/kinds lists the fields.");
	}
	return true;
}

static bool
read_spec(struct config_reading *in, const json_t *from, json_t *to)
{
	for (const struct field *f = kinds[in->kind].fields; f->name != NULL; f++)
		if (!read_field(in, f, from, to))
			return false;
	return in->kind != CONFIG_PROFILE || config_profile_is_sound(in, to);
}

/* What else holds for it depends on the one in force: config_decide().  Takes `from`. */
static bool
read_connector(struct config_reading *in, json_t *from, struct cs_span *ret_spec)
{
	*ret_spec = config_json_dump(in->arena, from);
	if (policy_connector_form(in->arena, *ret_spec, in->why))
		return true;
	in->why->field = cs_arena_printf(in->arena, "spec.%s", in->why->field);
	return false;
}

bool
config_spec_read(const struct policy_rules *rules, struct cs_arena *arena, enum config_kind kind,
    struct cs_span json, struct cs_span *ret_spec, struct cs_refusal *ret_why)
{
	struct config_reading in = { rules, arena, kind, ret_why };
	json_t *from = config_json_read(arena, json, ret_why), *to;
	bool good;

	if (from == NULL)
		return false;
	if (kind == CONFIG_CONNECTOR)
		return read_connector(&in, from, ret_spec);
	to = json_object();
	good = (json_is_object(from) || config_refuse_type(&in, "", "an object")) &&
	       knows_members(&in, kinds[kind].fields, from) && read_spec(&in, from, to);
	json_decref(from);
	*ret_spec = config_json_dump(arena, to);
	if (good && ret_spec->len > CONFIG_SPEC_MAX)
		return config_refuse(
		    &in, "", "", "The document is larger than 16 KiB.", "Spread it over several.");
	return good;
}

struct cs_span
config_spec_again(struct cs_arena *arena, struct cs_span json)
{
	return config_json_dump(arena, config_json_own(json));
}

bool
config_spec_is_private(struct cs_span spec)
{
	json_t *json = config_json_own(spec);
	const char *name = json_string_value(json_object_get(json, "certificate_profile"));
	const struct smime_profile *of = name != NULL ? smime_profile_find(name) : NULL;
	const bool private = of != NULL && of->trust == SMIME_TRUST_PRIVATE;

	json_decref(json);
	return private;
}

bool
config_spec_serves_mpic(struct cs_span spec)
{
	json_t *json = config_json_own(spec);
	const char *type = json_string_value(json_object_get(json, "type"));
	const bool serves = type != NULL && strcmp(type, "open-mpic") == 0 &&
			    !json_is_false(json_object_get(json, "active"));

	json_decref(json);
	return serves;
}

bool
config_spec_has_root(struct cs_span spec)
{
	json_t *json = config_json_own(spec);
	const bool has = config_json_true(json, "private_trust");

	json_decref(json);
	return has;
}

/* ---- references ---- */

static void
add_ref(struct config_refs *refs, struct cs_arena *arena, const struct field *f, const char *field,
    const json_t *value)
{
	const char *name = json_string_value(value);

	if (name == NULL || name[0] == '\0' || (f->every && strcmp(name, EVERY) == 0))
		return;
	refs->items[refs->n++] = (struct config_ref){ f->ref, cs_arena_strdup(arena, name), field };
}

struct config_refs
config_spec_refs(struct cs_arena *arena, enum config_kind kind, struct cs_span spec)
{
	json_t *json = config_json_own(spec), *item;
	struct config_refs refs = { CS_NEW_ARRAY(arena, CONFIG_ITEMS_MAX + 1, struct config_ref),
		0 };
	size_t i;

	for (const struct field *f = kinds[kind].fields; f->name != NULL; f++) {
		const json_t *value = json_object_get(json, f->name);

		if (f->type == REF)
			add_ref(&refs, arena, f, f->name, value);
		if (f->type != REFS)
			continue;
		json_array_foreach(value, i, item)
		    add_ref(&refs, arena, f, cs_arena_printf(arena, "%s[%zu]", f->name, i), item);
	}
	json_decref(json);
	return refs;
}

/* ---- showing ---- */

static json_t *
show_field(const struct field *f)
{
	static const char *const types[] = { [BOOL] = "boolean",
		[NUMBER] = "number",
		[TEXT] = "text",
		[LINES] = "lines",
		[WORD] = "word",
		[WORDS] = "words",
		[NUMBERS] = "numbers",
		[REF] = "reference",
		[REFS] = "references",
		[RDNS] = "attributes",
		[SANS] = "names",
		[DETAILS] = "values" };
	json_t *shown = json_pack("{s:s, s:s, s:b, s:s}", "name", f->name, "type", types[f->type],
	    "required", f->fallback == NULL, "help", f->help);

	if (f->fallback != NULL)
		json_object_set_new(
		    shown, "default", json_loads(f->fallback, JSON_DECODE_ANY, NULL));
	if (f->type == REF || f->type == REFS)
		json_object_set_new(shown, "of", json_string(kinds[f->ref].name));
	if (f->max > 0) {
		json_object_set_new(shown, "min", json_integer(f->min));
		json_object_set_new(shown, "max", json_integer(f->max));
	}
	if (f->words == NULL)
		return shown;
	json_t *words = json_array();

	for (size_t i = 0; f->words[i] != NULL; i++)
		json_array_append_new(words, json_string(f->words[i]));
	json_object_set_new(shown, "values", words);
	return shown;
}

struct cs_span
config_kinds_show(struct cs_arena *arena)
{
	json_t *all = json_array();

	for (enum config_kind kind = 0; kind < CONFIG_KINDS; kind++) {
		json_t *fields = json_array();

		for (const struct field *f = kinds[kind].fields; f->name != NULL; f++)
			json_array_append_new(fields, show_field(f));
		json_array_append_new(all, json_pack("{s:s, s:s, s:o}", "kind", kinds[kind].name,
					       "help", kinds[kind].help, "fields", fields));
	}
	return config_json_dump(arena, json_pack("{s:o}", "kinds", all));
}
