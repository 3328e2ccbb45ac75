/* SPDX-License-Identifier: Apache-2.0 */
/*
 * floor_subject.c: what a subject says that no evidence proves (SBR 3.2.5).  The plan may add what its
 * certificate profile takes from whoever set it, and never in the person's name what the person did not ask
 * for; and what the person asked for is named exactly so, or nothing is.
 */
#include <string.h>

#include "gate/gate.h"
#include "smime/identity.h"

static const char *
field(const struct gate_floor *floor, const char *name)
{
	return cs_arena_printf(floor->arena, "subject.%s", name);
}

static bool
refuse(const struct gate_floor *floor, struct cs_refusal *ret, const char *code, const char *name,
    const char *clause, const char *text)
{
	*ret = (struct cs_refusal){ code, field(floor, name), clause, text, "make a new request" };
	return false;
}

static bool
was_asked_for(const struct gate_floor *floor, const struct claim_value *value)
{
	const struct claim_values *asked = &floor->request->subject;

	for (size_t i = 0; i < asked->n; i++)
		if (strcmp(asked->items[i].name, value->name) == 0)
			return strcmp(asked->items[i].value, value->value) == 0;
	return false;
}

/* Both are changed alike: what was proved, and what was stated alone. */
static bool
add(const struct gate_floor *floor, const struct claim_value *value, struct smime_identity *proved,
    struct smime_identity *stated, struct cs_refusal *ret_why)
{
	const enum smime_attribute attribute = smime_attribute_find(value->name);
	enum smime_source source;

	/* Plans are read by claim, which knows both lists. */
	cs_assert(attribute != SMIME_ATTRIBUTES);
	if (!smime_source_find(value->source, &source) ||
	    !smime_may_state(floor->profile, attribute, source))
		return refuse(floor, ret_why, "subject-not-verified", value->name, "SBR 3.2.5",
		    "the profile names this only when it was verified");
	if (source == SMIME_BY_PERSON && !was_asked_for(floor, value))
		return refuse(floor, ret_why, "subject-not-asked-for", value->name, "SBR 4.1.2",
		    "the plan says that the person asked for this, and the request does not");
	if (proved->values[attribute] != NULL)
		return refuse(floor, ret_why, "subject-twice", value->name, "SBR 7.1.4.2.2",
		    "the plan states what evidence proves");
	proved->values[attribute] = stated->values[attribute] = value->value;
	return true;
}

static bool
is_named(const struct gate_floor *floor, const struct claim_value *asked,
    const struct smime_identity *identity)
{
	const enum smime_attribute attribute = smime_attribute_find(asked->name);
	const char *value;

	cs_assert(attribute != SMIME_ATTRIBUTES);
	value = identity->values[attribute];
	return value != NULL && strcmp(value, asked->value) == 0 &&
	       floor->profile->subject[attribute] != SMIME_MUST_NOT;
}

bool
gate_floor_subject(
    const struct gate_floor *floor, struct smime_identity *identity, struct cs_refusal *ret_why)
{
	const struct claim_values *planned = floor->subject, *asked = &floor->request->subject;
	const struct claim_texts *mailboxes = &floor->request->mailboxes;
	struct smime_identity all = *identity, stated = { { NULL } };

	for (size_t i = 0; i < planned->n; i++)
		if (!add(floor, &planned->items[i], &all, &stated, ret_why))
			return false;
	if (!smime_stated_holds(floor->profile, &stated, mailboxes->items, mailboxes->n, ret_why)) {
		ret_why->field = field(floor, ret_why->field);
		ret_why->mend = "make a new request";
		return false;
	}
	for (size_t i = 0; i < asked->n; i++)
		if (!is_named(floor, &asked->items[i], &all))
			return refuse(floor, ret_why, "subject-not-as-asked", asked->items[i].name,
			    "SBR 4.1.2", "the certificate would not name what was asked for");
	*identity = all;
	return true;
}
