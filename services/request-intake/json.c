/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bodies from strangers.  jansson refuses bad UTF-8, U+0000 and trailing data; what it would
 * swallow (depth, unknown members, long texts) is refused here, before and after it.
 */
#include "json.h"

#include <jansson.h>
#include <string.h>

#include "base/text.h"
#include "connector/factor.h"

#define TEXT_MAX 254  /* octets of a text that is no CSR */
#define SAID_MAX 1000 /* of what a person explains; below CLAIM_MAX_TEXT */
#define CSR_MAX 24576 /* octets: base64 of the largest CSR, with line ends */

#define NAME_MAX_OCTETS 128
#define PASSWORD_READ_MAX 1024 /* octets; fewer are taken (password.h) */

#define WHOLE "body" /* the field that is at fault when no member is */

enum kind { TEXT, LIST, DAYS, VALUES, TRUTH };

struct member {
	const char *name;
	enum kind kind;
	bool required;
	size_t
	    max; /* octets of a text, items of a list, members of an object, the greatest number */
	size_t offset;
};

#define MEMBER(name, kind, required, max)                                      \
	{                                                                      \
#name, kind, required, max, offsetof(struct json_create, name) \
	}

static const struct member create_members[] = {
	MEMBER(profile, TEXT, true, 64),
	MEMBER(csr, TEXT, true, CSR_MAX),
	MEMBER(mailboxes, LIST, true, CLAIM_MAX_NAMES),
	MEMBER(domains, LIST, false, CLAIM_MAX_NAMES),
	MEMBER(validity_days, DAYS, false, 825),
	MEMBER(key_use, TEXT, false, 16),
	MEMBER(common_name, TEXT, false, TEXT_MAX),
	MEMBER(subject, VALUES, false, CLAIM_MAX_VALUES),
	MEMBER(agreement, TEXT, false, 64),
	MEMBER(contact, TEXT, false, TEXT_MAX),
	MEMBER(note_version, TEXT, false, 64),
	MEMBER(approve, TRUTH, false, 0),
	{ "for", TEXT, false, 128, offsetof(struct json_create, on_behalf) },
	{ NULL, TEXT, false, 0, 0 },
};

#define FOLLOW_MEMBERS                                                                     \
	MEMBER(validity_days, DAYS, false, 825), MEMBER(agreement, TEXT, false, 64),       \
	    MEMBER(contact, TEXT, false, TEXT_MAX), MEMBER(note_version, TEXT, false, 64), \
	    MEMBER(approve, TRUTH, false, 0),                                              \
	{                                                                                  \
		NULL, TEXT, false, 0, 0                                                    \
	}

static const struct member renew_members[] = { FOLLOW_MEMBERS };

static const struct member rekey_members[] = {
	MEMBER(csr, TEXT, true, CSR_MAX),
	FOLLOW_MEMBERS,
};

static const struct member reissue_members[] = {
	MEMBER(mailboxes, LIST, true, CLAIM_MAX_NAMES),
	MEMBER(domains, LIST, false, CLAIM_MAX_NAMES),
	MEMBER(common_name, TEXT, false, TEXT_MAX),
	MEMBER(subject, VALUES, false, CLAIM_MAX_VALUES),
	MEMBER(csr, TEXT, false, CSR_MAX),
	FOLLOW_MEMBERS,
};

static const struct member revoke_members[] = {
	{ "reason", TEXT, false, 64, offsetof(struct json_revoke, reason) },
	{ "text", TEXT, false, SAID_MAX, offsetof(struct json_revoke, text) },
	{ "note_version", TEXT, false, 64, offsetof(struct json_revoke, note_version) },
	{ NULL, TEXT, false, 0, 0 },
};

static const struct member report_members[] = {
	{ "certificate", TEXT, false, CSR_MAX, offsetof(struct json_report, certificate) },
	{ "serial", TEXT, false, 64, offsetof(struct json_report, serial) },
	{ "fingerprint", TEXT, false, 128, offsetof(struct json_report, fingerprint) },
	{ "request", TEXT, false, 36, offsetof(struct json_report, request) },
	{ "category", TEXT, true, 64, offsetof(struct json_report, category) },
	{ "text", TEXT, true, SAID_MAX, offsetof(struct json_report, text) },
	{ "contact", TEXT, false, TEXT_MAX, offsetof(struct json_report, contact) },
	{ "proof", TEXT, false, CSR_MAX, offsetof(struct json_report, proof) },
	{ NULL, TEXT, false, 0, 0 },
};

static const struct member decide_members[] = {
	{ "decision", TEXT, true, 16, offsetof(struct json_decide, decision) },
	{ "text", TEXT, true, SAID_MAX, offsetof(struct json_decide, text) },
	{ "ground", TEXT, false, 64, offsetof(struct json_decide, ground) },
	{ "reason", TEXT, false, 64, offsetof(struct json_decide, reason) },
	{ NULL, TEXT, false, 0, 0 },
};

struct answer_body {
	const char *text;
};

static const struct member answer_members[] = {
	{ "text", TEXT, true, SAID_MAX, offsetof(struct answer_body, text) },
	{ NULL, TEXT, false, 0, 0 },
};

static const struct member login_members[] = {
	{ "enterprise", TEXT, true, NAME_MAX_OCTETS, offsetof(struct json_login, enterprise) },
	{ "account", TEXT, true, NAME_MAX_OCTETS, offsetof(struct json_login, account) },
	{ "password", TEXT, true, PASSWORD_READ_MAX, offsetof(struct json_login, password) },
	{ NULL, TEXT, false, 0, 0 },
};

static const struct member password_members[] = {
	{ "old_password", TEXT, false, PASSWORD_READ_MAX,
	    offsetof(struct json_password, old_password) },
	{ "invitation", TEXT, false, 512, offsetof(struct json_password, invitation) },
	{ "new_password", TEXT, true, PASSWORD_READ_MAX,
	    offsetof(struct json_password, new_password) },
	{ NULL, TEXT, false, 0, 0 },
};

struct token_body {
	const char *token;
};

static const struct member token_members[] = {
	{ "token", TEXT, true, 128, offsetof(struct token_body, token) },
	{ NULL, TEXT, false, 0, 0 },
};

static const struct member approve_members[] = {
	{ "code", TEXT, false, 32, offsetof(struct json_approve, code) },
	{ "codes", VALUES, false, 4, offsetof(struct json_approve, codes) },
	{ "password", TEXT, false, FACTOR_PASSWORD_MAX, offsetof(struct json_approve, password) },
	{ NULL, TEXT, false, 0, 0 },
};

struct verify_body {
	const char *method;
};

static const struct member verify_members[] = {
	{ "method", TEXT, false, 64, offsetof(struct verify_body, method) },
	{ NULL, TEXT, false, 0, 0 },
};

static const struct member no_members[] = { { NULL, TEXT, false, 0, 0 } };

static bool
refuse(struct cs_refusal *ret_why, const char *code, const char *field, const char *text,
    const char *mend)
{
	return cs_refuse(ret_why,
	    (struct cs_refusal){
		.code = code, .field = field, .clause = "RFC 8259", .text = text, .mend = mend });
}

/* Before the parser, which recurses: how deep does it go?  Brackets inside texts do not count. */
static bool
is_shallow(struct cs_span body)
{
	size_t depth = 0;
	bool in_text = false;

	for (size_t i = 0; i < body.len; i++) {
		uint8_t c = body.data[i];

		if (in_text && c == '\\')
			i++;
		else if (c == '"')
			in_text = !in_text;
		else if (!in_text && (c == '{' || c == '['))
			depth++;
		else if (!in_text && (c == '}' || c == ']') && depth > 0)
			depth--;
		if (depth > JSON_DEPTH_MAX)
			return false;
	}
	return true;
}

/* Is there an even number of backslashes before this place? */
static bool
is_unescaped(struct cs_span body, size_t at)
{
	size_t n = 0;

	while (n < at && body.data[at - 1 - n] == '\\')
		n++;
	return n % 2 == 0;
}

/* The parser stopped behind a name that it had seen before: the text that ends there.  NULL: none does. */
static const char *
name_before(struct cs_arena *arena, struct cs_span body, size_t end)
{
	const char *name = NULL;
	json_t *text = NULL;

	if (end < 2 || end > body.len)
		return NULL;
	for (size_t at = end - 1; at-- > 0 && !text;)
		if (body.data[at] == '"' && is_unescaped(body, at))
			text = json_loadb(
			    (const char *)body.data + at, end - at, JSON_DECODE_ANY, NULL);
	if (json_is_string(text))
		name = cs_escape(arena, cs_span_str(json_string_value(text)), 64);
	json_decref(text);
	return name;
}

static bool
refuse_twice(struct cs_arena *arena, struct cs_span body, const json_error_t *error,
    struct cs_refusal *ret_why)
{
	const char *name = name_before(arena, body, (size_t)error->position);

	return refuse(ret_why, "json-member-twice", name ? name : WHOLE,
	    cs_arena_printf(arena, "This member is named twice, line %d, column %d.", error->line,
		error->column),
	    "Name every member once.");
}

/* The parser's words without the piece of the body that follows them, of which nothing is known. */
static const char *
words_of(struct cs_arena *arena, const json_error_t *error)
{
	const char *near = strstr(error->text, " near ");
	size_t len = near ? (size_t)(near - error->text) : strlen(error->text);
	char *words = cs_arena_strndup(arena, error->text, len);

	for (char *c = words; *c != '\0'; c++)
		if (*c < 0x20 || *c > 0x7e)
			*c = '?';
	return words;
}

static bool
refuse_syntax(struct cs_arena *arena, struct cs_span body, const json_error_t *error,
    struct cs_refusal *ret_why)
{
	if (json_error_code(error) == json_error_duplicate_key)
		return refuse_twice(arena, body, error, ret_why);
	return refuse(ret_why, "json-syntax", WHOLE,
	    cs_arena_printf(arena, "The body is not acceptable JSON, line %d, column %d: %s.",
		error->line, error->column, words_of(arena, error)),
	    "Send one JSON object in UTF-8.");
}

/* NULL: refused.  Else a reference that the caller drops. */
static json_t *
parse(struct cs_arena *arena, struct cs_span body, struct cs_refusal *ret_why)
{
	json_error_t error;
	json_t *root = NULL;

	if (body.len > JSON_BODY_MAX) {
		(void)refuse(
		    ret_why, "json-size", WHOLE, "The body is longer than 64 KiB.", "Send less.");
		return NULL;
	}
	if (!is_shallow(body)) {
		(void)refuse(ret_why, "json-depth", WHOLE, "The body is nested too deep.",
		    "Follow the schema in /openapi.json.");
		return NULL;
	}
	root = json_loadb((const char *)body.data, body.len, JSON_REJECT_DUPLICATES, &error);
	if (!root)
		(void)refuse_syntax(arena, body, &error, ret_why);
	else if (!json_is_object(root)) {
		(void)refuse(ret_why, "json-type", WHOLE, "The body is not a JSON object.",
		    "Send one JSON object.");
		json_decref(root);
		root = NULL;
	}
	return root;
}

static bool
refuse_type(struct cs_arena *arena, const char *field, const char *want, struct cs_refusal *ret_why)
{
	return refuse(ret_why, "json-type", field, cs_arena_printf(arena, "This must be %s.", want),
	    "Follow the schema in /openapi.json.");
}

/* Fields outlive the parser's memory: every text is copied. */
static bool
read_text(struct cs_arena *arena, const json_t *value, const char *field, size_t max,
    const char **ret, struct cs_refusal *ret_why)
{
	if (!json_is_string(value))
		return refuse_type(arena, field, "a text", ret_why);
	if (json_string_length(value) > max)
		return refuse(ret_why, "json-length", field,
		    cs_arena_printf(arena, "The text is longer than %zu octets.", max),
		    "Shorten it.");
	*ret = cs_arena_strndup(arena, json_string_value(value), json_string_length(value));
	return true;
}

static bool
read_list(struct cs_arena *arena, const json_t *value, const struct member *member,
    struct claim_texts *ret, struct cs_refusal *ret_why)
{
	struct claim_texts list = { NULL, json_array_size(value) };

	if (!json_is_array(value))
		return refuse_type(arena, member->name, "a list of texts", ret_why);
	if (list.n > member->max)
		return refuse(ret_why, "json-length", member->name,
		    cs_arena_printf(arena, "The list has more than %zu items.", member->max),
		    "Make several requests.");
	list.items = CS_NEW_ARRAY(arena, list.n, const char *);
	for (size_t i = 0; i < list.n; i++)
		if (!read_text(arena, json_array_get(value, i),
			cs_arena_printf(arena, "%s[%zu]", member->name, i), TEXT_MAX,
			&list.items[i], ret_why))
			return false;
	*ret = list;
	return true;
}

/* {"title": "Dr."}: which names there are draft.h knows. */
static bool
read_values(struct cs_arena *arena, json_t *object, const struct member *member,
    const struct claim_values **ret, struct cs_refusal *ret_why)
{
	struct claim_values *values = CS_NEW(arena, struct claim_values);
	const char *name = NULL;
	json_t *value = NULL;

	if (!json_is_object(object))
		return refuse_type(arena, member->name, "an object of texts", ret_why);
	if (json_object_size(object) > member->max)
		return refuse(ret_why, "json-length", member->name,
		    cs_arena_printf(arena, "The object has more than %zu members.", member->max),
		    "Leave some out.");
	values->items = CS_NEW_ARRAY(arena, json_object_size(object), struct claim_value);
	json_object_foreach(object, name, value)
	{
		struct claim_value *item = &values->items[values->n++];
		const char *field = cs_arena_printf(
		    arena, "%s.%s", member->name, cs_escape(arena, cs_span_str(name), 64));

		*item = (struct claim_value){ .name = cs_arena_strdup(arena, name), .source = "" };
		if (!read_text(arena, value, field, CLAIM_MAX_VALUE, &item->value, ret_why))
			return false;
	}
	*ret = values;
	return true;
}

static bool
read_days(struct cs_arena *arena, const json_t *value, const struct member *member, uint32_t *ret,
    struct cs_refusal *ret_why)
{
	if (!json_is_integer(value))
		return refuse_type(arena, member->name, "a whole number", ret_why);
	if (json_integer_value(value) < 1 || json_integer_value(value) > (json_int_t)member->max)
		return cs_refuse(
		    ret_why, (struct cs_refusal){ .code = "validity",
				 .field = member->name,
				 .clause = "SBR 6.3.2",
				 .text = "A certificate is valid for 1 to 825 days.",
				 .mend = "Ask for fewer days, or leave it to the profile." });
	*ret = (uint32_t)json_integer_value(value);
	return true;
}

static bool
read_truth(struct cs_arena *arena, const json_t *value, const struct member *member, bool *ret,
    struct cs_refusal *ret_why)
{
	if (!json_is_boolean(value))
		return refuse_type(arena, member->name, "true or false", ret_why);
	*ret = json_is_true(value);
	return true;
}

static bool
read_member(struct cs_arena *arena, const json_t *root, const struct member *member, void *ret_body,
    struct cs_refusal *ret_why)
{
	json_t *value = json_object_get(root, member->name);
	void *at = (char *)ret_body + member->offset;

	if (!value && member->required)
		return refuse(ret_why, "json-missing", member->name, "This member is missing.",
		    "Follow the schema in /openapi.json.");
	if (!value)
		return true;
	if (member->kind == TEXT)
		return read_text(arena, value, member->name, member->max, at, ret_why);
	if (member->kind == LIST)
		return read_list(arena, value, member, at, ret_why);
	if (member->kind == VALUES)
		return read_values(arena, value, member, at, ret_why);
	if (member->kind == TRUTH)
		return read_truth(arena, value, member, at, ret_why);
	return read_days(arena, value, member, at, ret_why);
}

static bool
is_known(const struct member *members, const char *name)
{
	for (; members->name; members++)
		if (strcmp(members->name, name) == 0)
			return true;
	return false;
}

static bool
refuse_unknown(
    struct cs_arena *arena, json_t *root, const struct member *members, struct cs_refusal *ret_why)
{
	const char *name = NULL;
	json_t *value = NULL;

	json_object_foreach(root, name, value) if (!is_known(members, name)) return refuse(ret_why,
	    "json-unknown", cs_escape(arena, cs_span_str(name), 64),
	    "There is no such member here.", "Leave it out; see /openapi.json.");
	return true;
}

static bool
read_body(struct cs_arena *arena, struct cs_span body, const struct member *members, void *ret_body,
    struct cs_refusal *ret_why)
{
	json_t *root = parse(arena, body, ret_why);
	bool good = root && refuse_unknown(arena, root, members, ret_why);

	for (const struct member *m = members; good && m->name; m++)
		good = read_member(arena, root, m, ret_body, ret_why);
	json_decref(root);
	return good;
}

bool
json_read_create(struct cs_arena *arena, struct cs_span body, struct json_create *ret_body,
    struct cs_refusal *ret_why)
{
	struct json_create create = { 0 };

	if (!read_body(arena, body, create_members, &create, ret_why))
		return false;
	*ret_body = create;
	return true;
}

bool
json_read_follow(struct cs_arena *arena, struct cs_span body, enum claim_request_kind kind,
    struct json_create *ret_body, struct cs_refusal *ret_why)
{
	static const struct member *const members[] = { [CLAIM_RENEWAL] = renew_members,
		[CLAIM_REKEY] = rekey_members,
		[CLAIM_REISSUE] = reissue_members };
	struct json_create create = { 0 };

	if ((body.len > 0 || kind != CLAIM_RENEWAL) &&
	    !read_body(arena, body, members[kind], &create, ret_why))
		return false;
	*ret_body = create;
	return true;
}

bool
json_read_revoke(struct cs_arena *arena, struct cs_span body, struct json_revoke *ret_body,
    struct cs_refusal *ret_why)
{
	struct json_revoke revoke = { "", "", "" };

	if (body.len > 0 && !read_body(arena, body, revoke_members, &revoke, ret_why))
		return false;
	*ret_body = revoke;
	return true;
}

bool
json_read_report(struct cs_arena *arena, struct cs_span body, struct json_report *ret_body,
    struct cs_refusal *ret_why)
{
	struct json_report report = { 0 };

	if (!read_body(arena, body, report_members, &report, ret_why))
		return false;
	*ret_body = report;
	return true;
}

bool
json_read_decide(struct cs_arena *arena, struct cs_span body, struct json_decide *ret_body,
    struct cs_refusal *ret_why)
{
	struct json_decide decide = { 0 };

	if (!read_body(arena, body, decide_members, &decide, ret_why))
		return false;
	*ret_body = decide;
	return true;
}

bool
json_read_answer(
    struct cs_arena *arena, struct cs_span body, const char **ret_text, struct cs_refusal *ret_why)
{
	struct answer_body answer = { 0 };

	if (!read_body(arena, body, answer_members, &answer, ret_why))
		return false;
	*ret_text = answer.text;
	return true;
}

bool
json_read_login(struct cs_arena *arena, struct cs_span body, struct json_login *ret_body,
    struct cs_refusal *ret_why)
{
	struct json_login login = { 0 };

	if (!read_body(arena, body, login_members, &login, ret_why))
		return false;
	*ret_body = login;
	return true;
}

bool
json_read_password(struct cs_arena *arena, struct cs_span body, struct json_password *ret_body,
    struct cs_refusal *ret_why)
{
	struct json_password password = { 0 };

	if (!read_body(arena, body, password_members, &password, ret_why))
		return false;
	*ret_body = password;
	return true;
}

bool
json_read_token(
    struct cs_arena *arena, struct cs_span body, const char **ret_token, struct cs_refusal *ret_why)
{
	struct token_body token = { 0 };

	if (!read_body(arena, body, token_members, &token, ret_why))
		return false;
	*ret_token = token.token;
	return true;
}

bool
json_read_verify(struct cs_arena *arena, struct cs_span body, const char **ret_method,
    struct cs_refusal *ret_why)
{
	struct verify_body verify = { 0 };

	if (body.len > 0 && !read_body(arena, body, verify_members, &verify, ret_why))
		return false;
	*ret_method = verify.method == NULL ? "" : verify.method;
	return true;
}

bool
json_read_approve(struct cs_arena *arena, struct cs_span body, struct json_approve *ret_body,
    struct cs_refusal *ret_why)
{
	struct json_approve approve = { 0 };

	if (body.len > 0 && !read_body(arena, body, approve_members, &approve, ret_why))
		return false;
	if (approve.code && approve.codes)
		return refuse(ret_why, "json-both", "codes",
		    "There is one code, or there are codes.", "Send code alone, or codes alone.");
	if (approve.password && (approve.code || approve.codes))
		return refuse(ret_why, "json-both", "password",
		    "There are codes, or there is a password.", "Send the one that is asked for.");
	/* A directory may take that for a bind as nobody, and grant it (RFC 4513 5.1.2). */
	if (approve.password && approve.password[0] == '\0')
		return refuse(ret_why, "json-length", "password", "This is empty.",
		    "Give the password of your account in the directory.");
	*ret_body = approve;
	return true;
}

bool
json_read_nothing(struct cs_arena *arena, struct cs_span body, struct cs_refusal *ret_why)
{
	char nothing = 0;

	return body.len == 0 || read_body(arena, body, no_members, &nothing, ret_why);
}
