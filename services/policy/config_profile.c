/* SPDX-License-Identifier: Apache-2.0 */
/* config_profile.c: what a profile may say beside its single fields, and the details of a person that it shows. */
#include "config_profile.h"

#include <string.h>

#include "config_json.h"
#include "config_san.h"
#include "policy_subject.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- attributes of the subject ---- */

/* The common name and the mailboxes are the request's own. */
static bool
is_attribute(struct config_reading *in, const char *field, const char *name)
{
	const enum smime_attribute attribute = smime_attribute_find(name);

	if (attribute != SMIME_ATTRIBUTES && attribute != SMIME_CN && attribute != SMIME_EMAIL)
		return true;
	return config_refuse(in, field, "SBR 7.1.4.2.2",
	    cs_arena_printf(in->arena, "\"%.40s\" is no attribute that may be set.", name),
	    "Name one as `csctl profile show` does, but not commonName or emailAddress.");
}

/* As the signer would refuse it when somebody asks for a certificate. */
static bool
may_be_named(struct config_reading *in, const char *field, const char *name, const char *value)
{
	struct cs_refusal why;

	return smime_value_holds(smime_attribute_find(name), value, &why) ||
	       config_refuse(in, field, why.clause,
		   cs_arena_printf(in->arena, "This value cannot be named: %s.", why.text),
		   "Correct the value.");
}

static bool
read_rdn(struct config_reading *in, size_t i, const json_t *item, json_t *ret)
{
	const char *field = cs_arena_printf(in->arena, "rdns[%zu]", i), *text, *fixed = "";
	const json_t *required = json_object_get(item, "required"), *member;
	size_t known = 1 + (required != NULL ? 1 : 0);

	if (!json_is_object(item))
		return config_refuse_type(in, field, "an object {name, required, value}");
	if (!config_has_length(in, cs_arena_printf(in->arena, "%s.name", field),
		json_object_get(item, "name"), 1, 64, &text) ||
	    !is_attribute(in, field, text))
		return false;
	if (required != NULL && !json_is_boolean(required))
		return config_refuse_type(
		    in, cs_arena_printf(in->arena, "%s.required", field), "true or false");
	member = json_object_get(item, "value");
	if (member != NULL) {
		known++;
		if (!config_has_length(in, cs_arena_printf(in->arena, "%s.value", field), member, 0,
			128, &fixed) ||
		    !config_is_line(in, field, cs_span_str(fixed)) ||
		    (fixed[0] != '\0' && !may_be_named(in, field, text, fixed)))
			return false;
	}
	if (json_object_size(item) != known)
		return config_refuse_type(in, field, "an object of name, required and value alone");
	json_array_append_new(ret, json_pack("{s:s, s:b, s:s}", "name", text, "required",
				       json_is_true(required), "value", fixed));
	return true;
}

bool
config_rdns_read(struct config_reading *in, const char *field, const json_t *value, json_t *ret)
{
	json_t *item;
	size_t i;

	if (!config_has_count(in, field, value, 0, CONFIG_RDNS_MAX))
		return false;
	json_array_foreach(value, i, item)
	{
		if (!read_rdn(in, i, item, ret))
			return false;
		const char *name = json_string_value(json_object_get(item, "name"));

		for (size_t k = 0; k < i; k++)
			if (strcmp(name, json_string_value(
					     json_object_get(json_array_get(ret, k), "name"))) == 0)
				return config_refuse(in, cs_arena_printf(in->arena, "rdns[%zu]", i),
				    "", "The list names this attribute twice.", "Name each once.");
	}
	return true;
}

bool
config_details_read(struct config_reading *in, const char *member, json_t *value)
{
	const char *name, *text;
	json_t *item;

	if (!json_is_object(value))
		return config_refuse_type(in, member, "an object of attributes and their values");
	json_object_foreach(value, name, item)
	{
		const char *field = cs_arena_printf(in->arena, "%s.%.64s", member, name);

		if (!is_attribute(in, field, name) ||
		    !config_has_length(in, field, item, 1, 128, &text) ||
		    !config_is_line(in, field, cs_span_str(text)) ||
		    !may_be_named(in, field, name, text))
			return false;
	}
	return true;
}

/* ---- rules between the fields of a profile ---- */

static bool
waives_nothing_public(struct config_reading *in, const json_t *spec, const struct smime_profile *of)
{
	static const struct {
		const char *field, *clause, *text;
	} demands[] = {
		{ "caa", "SBR 4.2.2.1",
		    "The rules demand CAA for every publicly trusted certificate; no setting switches it off." },
		{ "mpic", "TBR 3.2.2.9",
		    "The rules demand that several network perspectives agree; no setting switches it off." },
	};

	if (!config_json_true(spec, "dnssec"))
		return config_refuse(in, "dnssec", "SBR 4.2.2.1.1",
		    "Domains without DNSSEC pass; without validation only forged answers would pass too.",
		    "Leave it true.");
	for (size_t i = 0; i < COUNT(demands) && of->trust == SMIME_TRUST_PUBLIC; i++)
		if (!config_json_true(spec, demands[i].field))
			return config_refuse(in, demands[i].field, demands[i].clause,
			    demands[i].text,
			    "Leave it true, or take a certificate profile of private trust.");
	return true;
}

static bool
offers_methods(struct config_reading *in, const json_t *spec)
{
	const char *validation = json_string_value(json_object_get(spec, "validation"));

	if (strcmp(validation, "mailbox") != 0 &&
	    json_array_size(json_object_get(spec, "domain_methods")) == 0)
		return config_refuse(in, "domain_methods", "SBR 3.2.2.1",
		    "Nobody could prove a domain: no method is named.", "Name one at least.");
	if (strcmp(validation, "domain") != 0 &&
	    json_array_size(json_object_get(spec, "mailbox_methods")) == 0)
		return config_refuse(in, "mailbox_methods", "SBR 3.2.2.2",
		    "Nobody could prove a mailbox: no method is named.", "Name one at least.");
	return true;
}

/* Whoever names an organization proves its domains (SBR 1.3.2.1). */
static bool
proves_enough(struct config_reading *in, const json_t *spec, const struct smime_profile *of)
{
	const char *validation = json_string_value(json_object_get(spec, "validation"));

	if (strcmp(validation, "mailbox") != 0 ||
	    (of->type != SMIME_ORGANIZATION && of->type != SMIME_SPONSOR))
		return true;
	return config_refuse(in, "validation", "SBR 1.3.2.1",
	    "A certificate that names an organization needs the proof of its domains.",
	    "Set it to domain or both.");
}

static bool
lasts_as_the_rules_say(
    struct config_reading *in, const json_t *spec, const struct smime_profile *of)
{
	const uint32_t max = config_json_number(spec, "max_days");
	const json_t *choices = json_object_get(spec, "validities");
	const size_t n = json_array_size(choices);

	if (max > of->max_days)
		return config_refuse(in, "max_days", "SBR 6.3.2",
		    cs_arena_printf(in->arena, "The certificate profile allows %u days.",
			(unsigned)of->max_days),
		    cs_arena_printf(in->arena, "Give at most %u.", (unsigned)of->max_days));
	if (n > 0 && json_integer_value(json_array_get(choices, n - 1)) > max)
		return config_refuse(in, "validities", "SBR 6.3.2",
		    "A validity that may be chosen is longer than max_days.",
		    "Remove it, or raise max_days.");
	return true;
}

static bool
names_attributes_of(struct config_reading *in, const json_t *spec, const struct smime_profile *of)
{
	json_t *item;
	size_t i;

	json_array_foreach(json_object_get(spec, "rdns"), i, item)
	{
		const struct policy_rdn rdn = {
			.name = json_string_value(json_object_get(item, "name")),
			.value = json_string_value(json_object_get(item, "value")),
		};
		struct cs_refusal why;

		if (!policy_rdn_fits(of, &rdn, in->arena, &why))
			return config_refuse(in, cs_arena_printf(in->arena, "rdns[%zu]", i),
			    why.clause, why.text,
			    "Remove it, or take another certificate profile.");
	}
	return true;
}

bool
config_profile_is_sound(struct config_reading *in, const json_t *spec)
{
	const struct smime_profile *of =
	    smime_profile_find(json_string_value(json_object_get(spec, "certificate_profile")));

	return waives_nothing_public(in, spec, of) && offers_methods(in, spec) &&
	       proves_enough(in, spec, of) && lasts_as_the_rules_say(in, spec, of) &&
	       names_attributes_of(in, spec, of) && config_sans_hold(in, spec, of);
}
