/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_subject.c: an operator's value is not the person's to change, an open one is, and a certificate that
 * takes verified identity alone takes nobody's word (SBR 3.2.5).
 */
#include "policy_subject.h"

#include <stdlib.h>
#include <string.h>

struct naming {
	const struct policy_config *config;
	const struct smime_profile *certificate;
	const struct smime_identity *verified;
	const struct claim_values *wishes;
	struct cs_arena *arena;
};

static const struct smime_profile *
certificate_of(const struct policy_config *config)
{
	const struct smime_profile *certificate =
	    smime_profile_find(config->profile.certificate_profile);

	cs_assert(certificate != NULL);
	return certificate;
}

static const char *
subject_field(const struct naming *in, const char *name)
{
	return cs_arena_printf(in->arena, "subject.%s", name);
}

static bool
refuse(const struct naming *in, struct cs_refusal *ret, const char *code, const char *name,
    const char *clause, const char *text, const char *mend)
{
	*ret = (struct cs_refusal){ code, subject_field(in, name), clause, text, mend };
	return false;
}

/* ---- whose value it is ---- */

static const char *
detail_of(const struct policy_config *config, const char *name)
{
	for (size_t i = 0; i < config->n_details; i++)
		if (strcmp(config->details[i].name, name) == 0)
			return config->details[i].value;
	return "";
}

static const char *
wish_of(const struct claim_values *wishes, const char *name)
{
	for (size_t i = 0; i < wishes->n; i++)
		if (strcmp(wishes->items[i].name, name) == 0)
			return wishes->items[i].value;
	return "";
}

static bool
may_say(const struct naming *in, const struct policy_rdn *rdn, enum smime_source source)
{
	const enum smime_attribute attribute = smime_attribute_find(rdn->name);

	return attribute != SMIME_ATTRIBUTES && smime_may_state(in->certificate, attribute, source);
}

/* A value that this certificate takes from nobody unverified is not taken from the operator either. */
static void
fill(const struct naming *in, const struct policy_rdn *rdn, struct policy_field *field)
{
	const enum smime_attribute attribute = smime_attribute_find(rdn->name);
	const char *verified =
	    attribute != SMIME_ATTRIBUTES ? in->verified->values[attribute] : NULL;
	const struct {
		enum policy_from from;
		bool may;
		const char *value;
	} in_order[] = {
		{ POLICY_FROM_EVIDENCE, true, verified != NULL ? verified : "" },
		{ POLICY_FROM_OPERATOR, may_say(in, rdn, SMIME_BY_OPERATOR),
		    detail_of(in->config, rdn->name) },
		{ POLICY_FROM_PROFILE, may_say(in, rdn, SMIME_BY_PROFILE), rdn->value },
		{ POLICY_FROM_PERSON, may_say(in, rdn, SMIME_BY_PERSON),
		    wish_of(in->wishes, rdn->name) },
	};

	for (size_t i = 0; i < sizeof(in_order) / sizeof(in_order[0]); i++) {
		if (!in_order[i].may || in_order[i].value[0] == '\0')
			continue;
		field->from = in_order[i].from;
		field->value = in_order[i].value;
		return;
	}
}

static struct policy_field
field_of(const struct naming *in, const struct policy_rdn *rdn, bool by_operator)
{
	struct policy_field field = { .name = rdn->name,
		.value = "",
		.from = POLICY_FROM_NOBODY,
		.required = rdn->required };

	fill(in, rdn, &field);
	const bool open = field.from == POLICY_FROM_PERSON || field.from == POLICY_FROM_NOBODY;

	field.editable = open && !by_operator && may_say(in, rdn, SMIME_BY_PERSON);
	/* A mailbox is among those that are proved, or it is refused. */
	field.unverified = strcmp(rdn->name, smime_attribute_name(SMIME_EMAIL)) != 0 &&
			   (field.from == POLICY_FROM_PERSON ||
			       (field.from == POLICY_FROM_NOBODY && field.editable));
	return field;
}

size_t
policy_subject_fields(const struct policy_config *config, const struct smime_identity *verified,
    const struct claim_values *wishes, bool by_operator, struct cs_arena *arena,
    struct policy_field **ret_fields)
{
	const struct naming in = { config, certificate_of(config), verified, wishes, arena };
	const struct policy_profile *profile = &config->profile;
	struct policy_field *fields = CS_NEW_ARRAY(arena, profile->n_rdns, struct policy_field);

	for (size_t i = 0; i < profile->n_rdns; i++)
		fields[i] = field_of(&in, &profile->rdns[i], by_operator);
	*ret_fields = fields;
	return profile->n_rdns;
}

/* ---- what a profile can show ---- */

bool
policy_rdn_fits(const struct smime_profile *certificate, const struct policy_rdn *rdn,
    struct cs_arena *arena, struct cs_refusal *ret_why)
{
	const enum smime_attribute attribute = smime_attribute_find(rdn->name);

	*ret_why = (struct cs_refusal){ "profile-subject", "profile", "SBR 7.1.4.2.2",
		cs_arena_printf(arena,
		    "The profile shows \"%s\", which its certificates never name.", rdn->name),
		"Ask an operator to take it out of the profile, or to choose another certificate "
		"profile." };
	if (attribute == SMIME_ATTRIBUTES || attribute == SMIME_CN ||
	    certificate->subject[attribute] == SMIME_MUST_NOT)
		return false;
	ret_why->clause = "SBR 3.2.5";
	ret_why->text = cs_arena_printf(arena,
	    "The profile gives everybody a value of \"%s\", which its certificates take only verified.",
	    rdn->name);
	ret_why->mend = "Ask an operator to take the value out of the profile.";
	return rdn->value[0] == '\0' || smime_may_state(certificate, attribute, SMIME_BY_PROFILE);
}

static bool
profile_fits(const struct naming *in, struct cs_refusal *ret_why)
{
	const struct policy_profile *profile = &in->config->profile;

	for (size_t i = 0; i < profile->n_rdns; i++) {
		if (!policy_rdn_fits(in->certificate, &profile->rdns[i], in->arena, ret_why))
			return false;
		for (size_t k = 0; k < i; k++)
			if (strcmp(profile->rdns[k].name, profile->rdns[i].name) == 0)
				return cs_refuse(ret_why,
				    (struct cs_refusal){ "profile-subject", "profile",
					"SBR 7.1.4.2.2", "The profile shows one attribute twice.",
					"Ask an operator to correct the profile." });
	}
	return true;
}

/* ---- what the person asked for ---- */

static const struct policy_field *
find(const struct policy_field *fields, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(fields[i].name, name) == 0)
			return &fields[i];
	return NULL;
}

/* Somebody else's value stands there, or none may. */
static bool
refuse_change(const struct naming *in, const struct policy_field *field, struct cs_refusal *ret_why)
{
	switch (field->from) {
	case POLICY_FROM_EVIDENCE:
		return refuse(in, ret_why, "subject-verified", field->name, "SBR 3.2.5",
		    "Another value was verified, and the certificate names that.",
		    "Leave it out, or ask an operator to have it verified anew.");
	case POLICY_FROM_OPERATOR:
		return refuse(in, ret_why, "subject-fixed", field->name, "SBR 4.1.2",
		    "An operator has set another value for the account, which only operators change.",
		    "Leave it out, or ask an operator to change your certificate details.");
	case POLICY_FROM_PROFILE:
		return refuse(in, ret_why, "subject-fixed", field->name, "SBR 4.1.2",
		    "The profile has another value for everybody.",
		    "Leave it out, or choose another profile.");
	case POLICY_FROM_PERSON:
	case POLICY_FROM_NOBODY:
		break;
	}
	return refuse(in, ret_why, "subject-not-verified", field->name, "SBR 3.2.5",
	    "The certificate names this only when it was verified, and nobody has verified it.",
	    "Leave it out, or ask an operator to have it verified.");
}

static bool
wishes_hold(const struct naming *in, const struct policy_field *fields, size_t n,
    struct cs_refusal *ret_why)
{
	for (size_t i = 0; i < in->wishes->n; i++) {
		const struct claim_value *wish = &in->wishes->items[i];
		const struct policy_field *field = find(fields, n, wish->name);

		if (field == NULL)
			return refuse(in, ret_why, "subject-not-offered", wish->name, "SBR 4.1.2",
			    "The profile does not show this attribute.",
			    "Leave it out, or choose another profile.");
		if (strcmp(field->value, wish->value) != 0)
			return refuse_change(in, field, ret_why);
	}
	return true;
}

/* ---- what is added ---- */

static bool
is_complete(const struct naming *in, const struct policy_field *fields, size_t n,
    struct cs_refusal *ret_why)
{
	for (size_t i = 0; i < n; i++)
		if (fields[i].required && fields[i].value[0] == '\0')
			return refuse(in, ret_why, "subject-missing", fields[i].name, "SBR 4.1.2",
			    "The profile wants this, and there is no value.",
			    fields[i].editable
				? "Give a value."
				: "Ask an operator to set or to have verified what is missing.");
	return true;
}

static const char *
source_of(enum policy_from from)
{
	static const enum smime_source sources[] = {
		[POLICY_FROM_OPERATOR] = SMIME_BY_OPERATOR,
		[POLICY_FROM_PROFILE] = SMIME_BY_PROFILE,
		[POLICY_FROM_PERSON] = SMIME_BY_PERSON,
	};

	return smime_source_name(sources[from]);
}

static bool
is_stated(const struct policy_field *field)
{
	return field->from != POLICY_FROM_EVIDENCE && field->from != POLICY_FROM_NOBODY;
}

static int
by_name(const void *a, const void *b)
{
	const struct claim_value *left = a, *right = b;

	return strcmp(left->name, right->name);
}

static struct claim_values
values_of(const struct naming *in, const struct policy_field *fields, size_t n)
{
	struct claim_values values = { CS_NEW_ARRAY(in->arena, n, struct claim_value), 0 };

	for (size_t i = 0; i < n; i++)
		if (is_stated(&fields[i]))
			values.items[values.n++] = (struct claim_value){ fields[i].name,
				fields[i].value, source_of(fields[i].from) };
	qsort(values.items, values.n, sizeof(values.items[0]), by_name);
	return values;
}

static const char *
mend_of(enum policy_from from)
{
	if (from == POLICY_FROM_OPERATOR)
		return "Ask an operator to correct your certificate details.";
	if (from == POLICY_FROM_PROFILE)
		return "Ask an operator to correct the profile.";
	return "Correct the value, or leave it out.";
}

/* The signer would say so too, but only after people proved everything. */
static bool
values_hold(const struct naming *in, const struct policy_field *fields, size_t n,
    const struct claim_values *values, const struct claim_texts *mailboxes,
    struct smime_identity *named, struct cs_refusal *ret_why)
{
	struct smime_identity stated = { { NULL } };

	for (size_t i = 0; i < values->n; i++) {
		const enum smime_attribute attribute = smime_attribute_find(values->items[i].name);

		stated.values[attribute] = named->values[attribute] = values->items[i].value;
	}
	if (smime_stated_holds(in->certificate, &stated, mailboxes->items, mailboxes->n, ret_why))
		return true;
	const struct policy_field *field = find(fields, n, ret_why->field);

	cs_assert(field != NULL);
	ret_why->text =
	    cs_arena_printf(in->arena, "This value cannot be named: %s.", ret_why->text);
	ret_why->field = subject_field(in, field->name);
	ret_why->mend = mend_of(field->from);
	return false;
}

bool
policy_subject_plan(const struct policy_config *config, const struct claim_request *request,
    struct cs_arena *arena, struct smime_identity *named, struct claim_values *ret_values,
    struct cs_refusal *ret_why)
{
	const struct smime_identity verified = *named;
	const struct naming in = { config, certificate_of(config), &verified, &request->subject,
		arena };
	struct policy_field *fields;
	const size_t n =
	    policy_subject_fields(config, &verified, &request->subject, false, arena, &fields);

	if (!profile_fits(&in, ret_why) || !wishes_hold(&in, fields, n, ret_why) ||
	    !is_complete(&in, fields, n, ret_why))
		return false;
	*ret_values = values_of(&in, fields, n);
	return values_hold(&in, fields, n, ret_values, &request->mailboxes, named, ret_why);
}
