/* SPDX-License-Identifier: Apache-2.0 */
#include "config_san.h"

#include <stdlib.h>
#include <string.h>

#include "config_json.h"
#include "policy_san.h"
#include "smime/address.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- one kind of names ---- */

struct san {
	enum policy_san kind;
	bool shown, required, from_person;
	const char **values;
	size_t n_values;
};

static const char *
member_of(struct config_reading *in, const char *field, const char *member)
{
	return cs_arena_printf(in->arena, "%s.%s", field, member);
}

static bool
knows_members(struct config_reading *in, const char *field, json_t *item)
{
	static const char *const members[] = { "name", "shown", "required", "values",
		"from_person" };
	const char *name;
	json_t *value;

	if (!json_is_object(item))
		return config_refuse_type(
		    in, field, "an object {name, shown, required, values, from_person}");
	json_object_foreach(item, name, value)
	{
		size_t i = 0;

		while (i < COUNT(members) && strcmp(members[i], name) != 0)
			i++;
		if (i == COUNT(members))
			return config_refuse_type(in, field,
			    "an object of name, shown, required, values and from_person alone");
	}
	return true;
}

static bool
read_kind(struct config_reading *in, const char *field, const json_t *item, enum policy_san *ret)
{
	const char *name = json_string_value(json_object_get(item, "name"));

	if (name != NULL && policy_san_parse(name, ret))
		return true;
	return config_refuse(in, member_of(in, field, "name"), "",
	    "This is no kind of names that a request gives.", "Name mailbox or domain.");
}

/* *flag: in, what it is when nothing is said. */
static bool
read_flag(struct config_reading *in, const char *field, const json_t *item, const char *member,
    bool *flag)
{
	const json_t *value = json_object_get(item, member);

	if (value == NULL)
		return true;
	*flag = json_is_true(value);
	return json_is_boolean(value) ||
	       config_refuse_type(in, member_of(in, field, member), "true or false");
}

/* As a request gives it. */
static bool
read_name(struct config_reading *in, enum policy_san kind, const char *field, const char *text,
    const char **ret_name)
{
	const struct cs_span given = cs_span_str(text);
	struct smime_address address;
	struct cs_refusal why = { 0 };

	if (kind == POLICY_SAN_DOMAIN &&
	    smime_domain_parse(in->arena, given, in->rules->psl, 0, ret_name, &why))
		return true;
	if (kind == POLICY_SAN_MAILBOX && smime_address_parse(in->arena, given, &address, &why) &&
	    smime_domain_judge(in->arena, address.domain, in->rules->psl, 0, &why)) {
		*ret_name = address.canonical;
		return true;
	}
	return config_refuse(in, field, why.clause, why.text, why.mend);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool
read_values(struct config_reading *in, const char *field, const json_t *item, struct san *san)
{
	const json_t *list = json_object_get(item, "values");
	const char *all = member_of(in, field, "values"), *text;
	json_t *value;
	size_t i;

	if (list == NULL)
		return true;
	if (!config_has_count(in, all, list, 0, CLAIM_MAX_NAMES))
		return false;
	san->values = CS_NEW_ARRAY(in->arena, json_array_size(list), const char *);
	json_array_foreach(list, i, value)
	{
		const char *one = cs_arena_printf(in->arena, "%s[%zu]", all, i);

		if (!config_has_length(in, one, value, 1, SMIME_ADDRESS_MAX, &text) ||
		    !read_name(in, san->kind, one, text, &san->values[i]))
			return false;
		for (size_t k = 0; k < i; k++)
			if (strcmp(san->values[k], san->values[i]) == 0)
				return config_refuse(
				    in, one, "", "The list names this twice.", "Name each once.");
	}
	san->n_values = json_array_size(list);
	qsort(san->values, san->n_values, sizeof(san->values[0]), by_text);
	return true;
}

/* A request without a mailbox is none, and a mailbox that nobody may give is none. */
static bool
mailbox_holds(struct config_reading *in, const char *field, const struct san *san)
{
	if (!san->required)
		return config_refuse(in, member_of(in, field, "required"), "SBR 4.2.1",
		    "Every request names a mailbox, whatever a profile says: an S/MIME certificate is for one.",
		    "Leave it true, or leave it out.");
	if (san->from_person && san->n_values > 0)
		return config_refuse(in, member_of(in, field, "values"), "",
		    "A mailbox comes from the profile or from the person's document, and not from both.",
		    "Give values, or set from_person.");
	if (!san->shown && !san->from_person && san->n_values == 0)
		return config_refuse(in, member_of(in, field, "shown"), "SBR 4.2.1",
		    "Every request names a mailbox, and this profile neither shows nor fixes one.",
		    "Show it, give values, or set from_person.");
	return true;
}

static bool
domain_holds(struct config_reading *in, const char *field, const struct san *san)
{
	if (san->from_person)
		return config_refuse(in, member_of(in, field, "from_person"), "",
		    "A person's document has a mailbox, and no domain.",
		    "Leave it out; values are the same for everybody.");
	if (!san->shown && san->required && san->n_values == 0)
		return config_refuse(in, member_of(in, field, "required"), "SBR 3.2.2.1",
		    "Requests must name a domain that this profile neither shows nor fixes.",
		    "Show it, give values, or do not require it.");
	return true;
}

static json_t *
san_json(const struct san *san)
{
	json_t *values = json_array();

	for (size_t i = 0; i < san->n_values; i++)
		(void)json_array_append_new(values, json_string(san->values[i]));
	return json_pack("{s:s, s:b, s:b, s:o, s:b}", "name", policy_san_name(san->kind), "shown",
	    san->shown, "required", san->required, "values", values, "from_person",
	    san->from_person);
}

static bool
read_san(struct config_reading *in, const char *field, json_t *item, json_t *ret)
{
	struct san san = { .shown = true };

	if (!knows_members(in, field, item) || !read_kind(in, field, item, &san.kind))
		return false;
	san.required = san.kind == POLICY_SAN_MAILBOX;
	if (!read_flag(in, field, item, "shown", &san.shown) ||
	    !read_flag(in, field, item, "required", &san.required) ||
	    !read_flag(in, field, item, "from_person", &san.from_person) ||
	    !read_values(in, field, item, &san) ||
	    !(san.kind == POLICY_SAN_MAILBOX ? mailbox_holds(in, field, &san)
					     : domain_holds(in, field, &san)))
		return false;
	(void)json_array_append_new(ret, san_json(&san));
	return true;
}

bool
config_sans_read(struct config_reading *in, const char *field, const json_t *value, json_t *ret)
{
	json_t *item;
	size_t i;

	if (!config_has_count(in, field, value, 0, POLICY_SANS))
		return false;
	json_array_foreach(value, i, item)
	{
		const char *one = cs_arena_printf(in->arena, "%s[%zu]", field, i);

		if (!read_san(in, one, item, ret))
			return false;
		if (i > 0 && json_equal(json_object_get(item, "name"),
				 json_object_get(json_array_get(ret, 0), "name")))
			return config_refuse(
			    in, one, "", "The list has this kind twice.", "Name each once.");
	}
	return true;
}

static struct claim_texts
texts_of(struct cs_arena *arena, const json_t *list)
{
	struct claim_texts texts = { CS_NEW_ARRAY(arena, json_array_size(list), const char *), 0 };
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item) texts.items[texts.n++] =
	    cs_arena_strdup(arena, json_string_value(item));
	return texts;
}

void
config_sans_take(
    struct cs_arena *arena, const json_t *spec, struct policy_san_rule ret_sans[static POLICY_SANS])
{
	json_t *item;
	size_t i;

	for (enum policy_san kind = 0; kind < POLICY_SANS; kind++)
		ret_sans[kind] = (struct policy_san_rule){ .hidden = false };
	json_array_foreach(json_object_get(spec, "sans"), i, item)
	{
		enum policy_san kind;

		if (!policy_san_parse(config_json_text(arena, item, "name", ""), &kind))
			continue;
		ret_sans[kind] = (struct policy_san_rule){
			.hidden = !config_json_true(item, "shown"),
			.required = config_json_true(item, "required"),
			.from_person = config_json_true(item, "from_person"),
			.values = texts_of(arena, json_object_get(item, "values")),
		};
	}
}

/* ---- both kinds, and the profile that they are of ---- */

/* "sans[1].values" of this kind, which the profile lists. */
static const char *
san_field(struct config_reading *in, const json_t *spec, enum policy_san kind, const char *member)
{
	const json_t *list = json_object_get(spec, "sans");
	size_t i = 0;

	while (strcmp(json_string_value(json_object_get(json_array_get(list, i), "name")),
		   policy_san_name(kind)) != 0)
		i++;
	return cs_arena_printf(in->arena, "sans[%zu].%s", i, member);
}

static bool
proves_its_names(struct config_reading *in, const json_t *spec, const struct smime_profile *of,
    const struct policy_san_rule *domain)
{
	const char *validation = json_string_value(json_object_get(spec, "validation"));

	if (strcmp(validation, "mailbox") != 0)
		return true;
	if (domain->values.n > 0)
		return config_refuse(in, san_field(in, spec, POLICY_SAN_DOMAIN, "values"),
		    "SBR 3.2.2.1",
		    "The profile fixes domains, and its validation proves mailboxes alone.",
		    "Give no values, or set validation to domain or both.");
	if (domain->required && of->names[SMIME_SAN_DNS] != SMIME_MUST_NOT)
		return config_refuse(in, san_field(in, spec, POLICY_SAN_DOMAIN, "required"),
		    "TBR 3.2.2.4",
		    "The certificates name hosts, and the profile's validation proves mailboxes alone.",
		    "Do not require domains, or set validation to domain or both.");
	return true;
}

/* Read before. */
static const char *
domain_of(struct config_reading *in, const char *mailbox)
{
	struct smime_address address = { .domain = "" };
	struct cs_refusal why;

	return smime_address_parse(in->arena, cs_span_str(mailbox), &address, &why) ? address.domain
										    : "";
}

/* As policy_request.c says of each request that gives them. */
static bool
mailboxes_are_in_the_domains(
    struct config_reading *in, const json_t *spec, const struct policy_san_rule *sans)
{
	const struct claim_texts *mailboxes = &sans[POLICY_SAN_MAILBOX].values;
	const struct claim_texts *domains = &sans[POLICY_SAN_DOMAIN].values;

	for (size_t i = 0; i < mailboxes->n && domains->n > 0; i++)
		if (!claim_texts_hold(domains, domain_of(in, mailboxes->items[i])))
			return config_refuse(in, san_field(in, spec, POLICY_SAN_MAILBOX, "values"),
			    "SBR 3.2.2.1",
			    cs_arena_printf(in->arena,
				"The domain of %s is none of the domains that the profile fixes.",
				mailboxes->items[i]),
			    "Add its domain to the values of domain, or remove the mailbox.");
	return true;
}

static bool
are_of_one_registrant(struct config_reading *in, const json_t *spec, enum policy_san kind,
    const struct claim_texts *values)
{
	const char *first = NULL;

	for (size_t i = 0; i < values->n; i++) {
		const char *name = values->items[i];
		const char *owned = smime_domain_registrable(
		    in->rules->psl, kind == POLICY_SAN_MAILBOX ? domain_of(in, name) : name);

		if (first != NULL && owned != NULL && strcmp(first, owned) != 0)
			return config_refuse(in, san_field(in, spec, kind, "values"), "SBR 3.2.2.1",
			    "The names are not under one registered domain.",
			    "Give names of one domain and its subdomains; make another profile for others.");
		first = owned;
	}
	return true;
}

bool
config_sans_hold(struct config_reading *in, const json_t *spec, const struct smime_profile *of)
{
	const char *validation = json_string_value(json_object_get(spec, "validation"));
	struct policy_san_rule sans[POLICY_SANS];

	config_sans_take(in->arena, spec, sans);
	return proves_its_names(in, spec, of, &sans[POLICY_SAN_DOMAIN]) &&
	       mailboxes_are_in_the_domains(in, spec, sans) &&
	       are_of_one_registrant(
		   in, spec, POLICY_SAN_DOMAIN, &sans[POLICY_SAN_DOMAIN].values) &&
	       (strcmp(validation, "mailbox") == 0 ||
		   are_of_one_registrant(
		       in, spec, POLICY_SAN_MAILBOX, &sans[POLICY_SAN_MAILBOX].values));
}
