/* SPDX-License-Identifier: Apache-2.0 */
/* config_form.c: the same fields as a request is judged by (policy_subject.c, policy_san.c), without one. */
#include "config_form.h"

#include "config_json.h"
#include "config_settings.h"
#include "policy_san.h"

static void
take(const struct config_doc *docs, enum config_kind kind, const char *enterprise, const char *name,
    struct config_found *to)
{
	const struct config_doc *doc = config_find(docs, kind, enterprise, name);

	if (doc != NULL)
		to->docs[to->n++] = *doc;
}

static struct config_found
found_of(struct cs_arena *arena, const struct config_doc *docs, const struct config_ask *ask)
{
	struct config_found found = { .docs = CS_NEW_ARRAY(arena, 4, struct config_doc) };

	take(docs, CONFIG_ENTERPRISE, ask->enterprise, ask->enterprise, &found);
	take(docs, CONFIG_PERSON, ask->enterprise, ask->person, &found);
	take(docs, CONFIG_PROFILE, ask->enterprise, ask->name, &found);
	take(docs, CONFIG_PROFILE, CONFIG_PLATFORM, ask->name, &found);
	return found;
}

static const char *
set_by(enum policy_from from)
{
	if (from == POLICY_FROM_OPERATOR)
		return smime_source_name(SMIME_BY_OPERATOR);
	return from == POLICY_FROM_PROFILE ? smime_source_name(SMIME_BY_PROFILE) : "nobody";
}

static json_t *
field_json(const struct smime_profile *certificate, const struct policy_field *field)
{
	const enum smime_attribute attribute = smime_attribute_find(field->name);
	const bool stated = attribute != SMIME_ATTRIBUTES &&
			    smime_may_state(certificate, attribute, SMIME_BY_OPERATOR);

	return json_pack("{s:s, s:s, s:s, s:b, s:b, s:b, s:b}", "name", field->name, "value",
	    field->value, "set_by", set_by(field->from), "required", field->required, "editable",
	    field->editable, "unverified", field->unverified, "verified_only", !stated);
}

static json_t *
fields_json(struct cs_arena *arena, const struct policy_config *config, bool by_operator)
{
	static const struct smime_identity nothing_verified = { { NULL } };
	static const struct claim_values no_wishes = { NULL, 0 };
	const struct smime_profile *certificate =
	    smime_profile_find(config->profile.certificate_profile);
	struct policy_field *fields;
	json_t *list = json_array();
	const size_t n = policy_subject_fields(
	    config, &nothing_verified, &no_wishes, by_operator, arena, &fields);

	for (size_t i = 0; i < n; i++)
		(void)json_array_append_new(list, field_json(certificate, &fields[i]));
	return list;
}

static json_t *
name_json(const struct policy_san_field *field)
{
	json_t *values = json_array();

	for (size_t i = 0; i < field->values.n; i++)
		(void)json_array_append_new(values, json_string(field->values.items[i]));
	return json_pack("{s:s, s:o, s:s, s:b, s:b, s:b, s:b}", "name", field->name, "values",
	    values, "set_by", set_by(field->from), "shown", field->shown, "required",
	    field->required, "fixed", field->fixed, "editable", field->editable);
}

static json_t *
names_json(struct cs_arena *arena, const struct policy_config *config, bool by_operator)
{
	struct policy_san_field fields[POLICY_SANS];
	json_t *list = json_array();

	policy_san_fields(config, by_operator, arena, fields);
	for (size_t i = 0; i < POLICY_SANS; i++)
		(void)json_array_append_new(list, name_json(&fields[i]));
	return list;
}

enum cs_code
config_form(struct cs_arena *arena, const struct config_doc *docs, const struct config_ask *ask,
    bool by_operator, struct cs_span *ret_json, struct cs_err *err)
{
	const struct config_found found = found_of(arena, docs, ask);
	const struct claim_request request = {
		.enterprise = ask->enterprise, .account = ask->person, .profile = ask->name
	};
	struct policy_config config = { 0 };

	if (config_settings(arena, &found, &request, &config, err))
		return err->code;
	*ret_json = cs_span_str("");
	if (!config.enterprise_known || !config.account_known || !config.profile_known ||
	    !config.profile_allowed ||
	    smime_profile_find(config.profile.certificate_profile) == NULL)
		return CS_OK;
	*ret_json = config_json_dump(
	    arena, json_pack("{s:s, s:s, s:o, s:o}", "profile", ask->name, "person", ask->person,
		       "fields", fields_json(arena, &config, by_operator), "names",
		       names_json(arena, &config, by_operator)));
	return CS_OK;
}
