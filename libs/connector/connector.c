/* SPDX-License-Identifier: Apache-2.0 */
/* connector.c: types, and a spec as JSON. */
#include "connector/connector.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static const struct {
	const char *name, *service;
	bool names_people;
} types[] = {
	[CONNECTOR_OPEN_MPIC] = { "open-mpic", "mpic-coordinator", false },
	[CONNECTOR_SMTP] = { "smtp", "notifier", false },
	[CONNECTOR_SMS] = { "sms", "notifier", false },
	[CONNECTOR_OIDC] = { "oidc", "notifier", true },
	[CONNECTOR_SAML] = { "saml", "notifier", true },
	[CONNECTOR_LDAP] = { "ldap", "notifier", true },
};
#define TYPES (sizeof(types) / sizeof(types[0]))

const char *
connector_type_name(enum connector_type type)
{
	cs_assert(type > 0 && type < TYPES);
	return types[type].name;
}

const char *
connector_service(enum connector_type type)
{
	cs_assert(type > 0 && type < TYPES);
	return types[type].service;
}

bool
connector_names_people(enum connector_type type)
{
	cs_assert(type > 0 && type < TYPES);
	return types[type].names_people;
}

bool
connector_type_parse(const char *name, enum connector_type *ret_type)
{
	for (size_t i = 1; i < TYPES; i++)
		if (strcmp(types[i].name, name) == 0) {
			*ret_type = (enum connector_type)i;
			return true;
		}
	return false;
}

bool
connector_same_place(const struct connector *connector, const struct connector *other)
{
	return connector->type == other->type &&
	       strcmp(connector->endpoint, other->endpoint) == 0 &&
	       strcmp(connector->username, other->username) == 0;
}

/* ---- reading ---- */

static void
json_release(json_t **value)
{
	json_decref(*value);
}

/* The members of a spec in our own form, and where they go. */
static const struct member {
	const char *name;
	size_t offset, max;
} texts[] = {
	{ "title", offsetof(struct connector, title), CONNECTOR_TITLE_MAX },
	{ "endpoint", offsetof(struct connector, endpoint), CONNECTOR_ENDPOINT_MAX },
	{ "username", offsetof(struct connector, username), CONNECTOR_USERNAME_MAX },
	{ "from", offsetof(struct connector, from), CONNECTOR_FROM_MAX },
	{ "bind_dn", offsetof(struct connector, bind_dn), CONNECTOR_BIND_DN_MAX },
	{ "claim", offsetof(struct connector, claim), CONNECTOR_CLAIM_MAX },
	{ "sealed", offsetof(struct connector, sealed), CONNECTOR_SEALED_MAX },
};
#define TEXTS (sizeof(texts) / sizeof(texts[0]))

static const char **
place_of(struct connector *connector, const struct member *member)
{
	return (const char **)(void *)((char *)connector + member->offset);
}

static bool
take_text(struct cs_arena *arena, const json_t *value, size_t max, const char **ret)
{
	const char *text = json_string_value(value);
	const size_t len = json_string_length(value);

	if (text == NULL || len > max)
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return false;
	*ret = cs_arena_strndup(arena, text, len);
	return true;
}

static bool
take_number(const json_t *value, uint32_t *ret)
{
	const json_int_t number = json_integer_value(value);

	if (!json_is_integer(value) || number < 1 || number > UINT32_MAX)
		return false;
	*ret = (uint32_t)number;
	return true;
}

/* False: not a member of ours, or not in its form. */
static bool
take(struct cs_arena *arena, const char *name, const json_t *value, struct connector *ret)
{
	if (strcmp(name, "type") == 0)
		return json_is_string(value) &&
		       connector_type_parse(json_string_value(value), &ret->type);
	if (strcmp(name, "active") == 0) {
		ret->active = json_is_true(value);
		return json_is_boolean(value);
	}
	if (strcmp(name, "quorum") == 0)
		return take_number(value, &ret->quorum);
	for (size_t i = 0; i < TEXTS; i++)
		if (strcmp(name, texts[i].name) == 0)
			return take_text(arena, value, texts[i].max, place_of(ret, &texts[i]));
	return false;
}

enum cs_code
connector_read(struct cs_arena *arena, const char *enterprise, const char *name,
    struct cs_span spec, struct connector *ret, struct cs_err *err)
{
	struct connector connector = { .enterprise = enterprise, .name = name };
	json_error_t error;
	const char *member;
	json_t *value;

	for (size_t i = 0; i < TEXTS; i++)
		*place_of(&connector, &texts[i]) = "";
	if (spec.len > CONNECTOR_SPEC_MAX)
		return cs_fail(err, CS_MALFORMED, "connector: too long");
	CS_AUTO(json_release)
	json_t *root =
	    json_loadb((const char *)spec.data, spec.len, JSON_REJECT_DUPLICATES, &error);
	if (!json_is_object(root))
		return cs_fail(err, CS_MALFORMED, "connector: not a JSON object");
	json_object_foreach(root, member, value)
	{
		if (!take(arena, member, value, &connector))
			return cs_fail(err, CS_MALFORMED, "connector: %s",
			    cs_escape(arena, cs_span_str(member), 40));
	}
	if (connector.type == 0)
		return cs_fail(err, CS_MALFORMED, "connector: type is missing");
	*ret = connector;
	return CS_OK;
}

/* ---- writing ---- */

static int
append(const char *octets, size_t len, void *arg)
{
	cs_buf_add(arg, octets, len);
	return 0;
}

static void
put(json_t *root, const char *name, json_t *value)
{
	cs_assert(value != NULL && json_object_set_new(root, name, value) == 0);
}

struct cs_span
connector_write(struct cs_arena *arena, const struct connector *connector)
{
	CS_AUTO(json_release) json_t *root = json_object();
	struct connector copy = *connector;
	struct cs_buf out = cs_buf_new(arena);

	put(root, "type", json_string(connector_type_name(connector->type)));
	put(root, "active", json_boolean(connector->active));
	if (connector->quorum > 0)
		put(root, "quorum", json_integer(connector->quorum));
	for (size_t i = 0; i < TEXTS; i++) {
		const char *text = *place_of(&copy, &texts[i]);

		if (text != NULL && text[0] != '\0')
			put(root, texts[i].name, json_string(text));
	}
	cs_assert(json_dump_callback(root, append, &out, JSON_COMPACT | JSON_SORT_KEYS) == 0);
	return cs_buf_span(&out);
}
