/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contract.h: is an answer what openapi.json promises?  Knows as much of JSON Schema as that
 * document uses, and fails on a keyword that it does not know.  What was seen is marked in the
 * document itself, so that a test can say in the end what is described but never answered.
 */
#ifndef INTAKE_TESTS_CONTRACT_H
#define INTAKE_TESTS_CONTRACT_H

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define SEEN "x-seen"

static json_t *
contract_resolve(json_t *document, json_t *schema)
{
	const char *ref = json_string_value(json_object_get(schema, "$ref"));
	char copy[128], *save = NULL;

	if (!ref)
		return schema;
	(void)snprintf(copy, sizeof(copy), "%s", ref + 2); /* after "#/" */
	schema = document;
	for (char *part = strtok_r(copy, "/", &save); part; part = strtok_r(NULL, "/", &save))
		schema = json_object_get(schema, part);
	assert_non_null(schema);
	return contract_resolve(document, schema);
}

static bool
contract_is_type(const char *type, const json_t *value)
{
	if (strcmp(type, "object") == 0)
		return json_is_object(value);
	if (strcmp(type, "array") == 0)
		return json_is_array(value);
	if (strcmp(type, "string") == 0)
		return json_is_string(value);
	if (strcmp(type, "integer") == 0)
		return json_is_integer(value);
	if (strcmp(type, "null") == 0)
		return json_is_null(value);
	return strcmp(type, "boolean") == 0 && json_is_boolean(value);
}

/* One type, or one of several. */
static bool
contract_is_of(json_t *types, const json_t *value)
{
	json_t *type = NULL;
	size_t i = 0;

	if (json_is_string(types))
		return contract_is_type(json_string_value(types), value);
	json_array_foreach(
	    types, i, type) if (contract_is_type(json_string_value(type), value)) return true;
	return false;
}

/* Of several schemas the first whose required members are all there. */
static json_t *
contract_choose(json_t *document, json_t *schema, json_t *value)
{
	json_t *one = NULL;
	size_t i = 0;

	json_array_foreach(json_object_get(schema, "anyOf"), i, one)
	{
		json_t *chosen = contract_resolve(document, one), *name = NULL;
		bool fits = true;
		size_t k = 0;

		json_array_foreach(json_object_get(chosen, "required"), k, name) fits &=
		    json_object_get(value, json_string_value(name)) != NULL;
		if (fits)
			return chosen;
	}
	return schema;
}

static void contract_value(json_t *document, json_t *schema, json_t *value, const char *where);

static void
contract_object(json_t *document, json_t *schema, json_t *value, const char *where)
{
	json_t *properties = json_object_get(schema, "properties"), *member = NULL;
	size_t i = 0;
	const char *name = NULL;
	char below[256];

	json_array_foreach(json_object_get(schema, "required"), i,
	    member) if (!json_object_get(value, json_string_value(member)))
	    fail_msg("%s: %s is missing", where, json_string_value(member));
	json_object_foreach(value, name, member)
	{
		json_t *property = json_object_get(properties, name);

		if (!property && !properties)
			continue;
		if (!property)
			fail_msg("%s: %s is not described", where, name);
		(void)snprintf(below, sizeof(below), "%s.%s", where, name);
		contract_value(document, property, member, below);
		(void)json_object_set_new(property, SEEN, json_true());
	}
}

static void
contract_enum(const json_t *allowed, json_t *value, const char *where)
{
	json_t *one = NULL;
	size_t i = 0;
	bool found = !allowed;

	json_array_foreach(allowed, i, one) found |= json_equal(one, value);
	if (!found)
		fail_msg(
		    "%s: \"%s\" is not one of those described", where, json_string_value(value));
}

static void
contract_value(json_t *document, json_t *schema, json_t *value, const char *where)
{
	json_t *types = NULL, *item = NULL;
	size_t i = 0;

	schema = contract_choose(document, contract_resolve(document, schema), value);
	types = json_object_get(schema, "type");
	if (!types && !json_object_get(schema, "anyOf"))
		return; /* of any type */
	if (!contract_is_of(types, value))
		fail_msg("%s: is not of the type described", where);
	contract_enum(json_object_get(schema, "enum"), value, where);
	if (json_is_object(value))
		contract_object(document, schema, value, where);
	json_array_foreach(value, i, item) if (json_is_array(value))
	    contract_value(document, json_object_get(schema, "items"), item, where);
}

/* `pattern` without its method; the answer's body is JSON, or a file, or nothing. */
static void
contract_answer(json_t *document, const char *method, const char *pattern, int status,
    const char *type, const char *body, size_t len)
{
	char lower[8] = "", code[16], where[128];
	json_t *response = NULL, *media = NULL, *value = NULL;

	for (size_t i = 0; method[i] && i < sizeof(lower) - 1; i++)
		lower[i] = (char)(method[i] | 0x20);
	(void)snprintf(code, sizeof(code), "%d", status);
	(void)snprintf(where, sizeof(where), "%s %s %d", method, pattern, status);
	json_t *operation =
	    json_object_get(json_object_get(json_object_get(document, "paths"), pattern), lower);
	json_t *listed = json_object_get(json_object_get(operation, "responses"), code);

	if (!listed)
		fail_msg("%s: is not described", where);
	(void)json_object_set_new(listed, SEEN, json_true());
	response = contract_resolve(document, listed);
	media = json_object_get(response, "content");
	if (!type) {
		assert_null(media);
		return;
	}
	media = json_object_get(media, type);
	if (!media)
		fail_msg("%s: %s is not described", where, type);
	(void)json_object_set_new(media, SEEN, json_true());
	if (!strstr(type, "json"))
		return;
	value = json_loadb(body, len, JSON_REJECT_DUPLICATES, NULL);
	if (!value)
		fail_msg("%s: is no JSON: %.*s", where, (int)len, body);
	contract_value(document, json_object_get(media, "schema"), value, where);
	json_decref(value);
}

#endif
