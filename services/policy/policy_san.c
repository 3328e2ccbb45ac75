/* SPDX-License-Identifier: Apache-2.0 */
/* policy_san.c: what an operator has fixed is asked for as it is, and what a profile hides is not asked for. */
#include "policy_san.h"

#include <string.h>

#include "smime/address.h"

#define MEND_OCTETS 512 /* of names that a refusal lists; CLAIM_MAX_TEXT is more */

static const struct {
	const char *name, *many; /* in a profile; in a request, and for people */
} kinds[POLICY_SANS] = {
	[POLICY_SAN_MAILBOX] = { "mailbox", "mailboxes" },
	[POLICY_SAN_DOMAIN] = { "domain", "domains" },
};

const char *
policy_san_name(enum policy_san kind)
{
	return kinds[kind].name;
}

bool
policy_san_parse(const char *name, enum policy_san *ret_kind)
{
	for (enum policy_san kind = 0; kind < POLICY_SANS; kind++) {
		if (strcmp(kinds[kind].name, name) == 0) {
			*ret_kind = kind;
			return true;
		}
	}
	return false;
}

/* ---- what is shown ---- */

/* What operators have set for the person; of domains they set none. */
static struct claim_texts
of_person(const struct policy_config *config, enum policy_san kind, struct cs_arena *arena)
{
	struct claim_texts values = { CS_NEW_ARRAY(arena, 1, const char *), 0 };

	if (kind == POLICY_SAN_MAILBOX && config->mailbox != NULL)
		values.items[values.n++] = config->mailbox;
	return values;
}

static void
fill(const struct policy_config *config, enum policy_san kind, struct cs_arena *arena,
    struct policy_san_field *field)
{
	const struct policy_san_rule *rule = &config->profile.sans[kind];
	const struct claim_texts own = of_person(config, kind, arena);

	if (rule->values.n > 0) {
		field->values = rule->values;
		field->from = POLICY_FROM_PROFILE;
		field->fixed = true;
	} else if (own.n > 0 && (rule->from_person || !rule->hidden)) {
		field->values = own;
		field->from = POLICY_FROM_OPERATOR;
		field->fixed = rule->from_person;
	}
}

void
policy_san_fields(const struct policy_config *config, bool by_operator, struct cs_arena *arena,
    struct policy_san_field ret_fields[static POLICY_SANS])
{
	for (enum policy_san kind = 0; kind < POLICY_SANS; kind++) {
		const struct policy_san_rule *rule = &config->profile.sans[kind];
		struct policy_san_field *field = &ret_fields[kind];

		*field = (struct policy_san_field){
			.name = kinds[kind].name, .from = POLICY_FROM_NOBODY, .shown = !rule->hidden
		};
		fill(config, kind, arena, field);
		/* Whatever a profile says: a certificate is for a mailbox (SBR 4.2.1). */
		field->required = kind == POLICY_SAN_MAILBOX || rule->required || field->fixed;
		field->editable = field->shown && !field->fixed && !by_operator;
	}
}

/* ---- what is asked for ---- */

struct judging {
	const struct policy_san_field *field;
	enum policy_san kind;
	const struct claim_texts *names; /* of the request */
	struct cs_arena *arena;
	struct cs_refusal *why;
};

static bool
refuse(const struct judging *j, const char *code, const char *field, const char *clause,
    const char *text, const char *mend)
{
	return cs_refuse(j->why, (struct cs_refusal){ code, field, clause, text, mend });
}

/* All of them, as far as a refusal has room. */
static const char *
listed(const struct judging *j)
{
	const struct claim_texts *values = &j->field->values;
	struct cs_buf list = cs_buf_new(j->arena);

	for (size_t i = 0; i < values->n; i++) {
		if (cs_buf_span(&list).len + strlen(values->items[i]) > MEND_OCTETS) {
			cs_buf_printf(&list, " and %zu more, which the form shows", values->n - i);
			break;
		}
		cs_buf_printf(&list, "%s%s", i > 0 ? ", " : "", values->items[i]);
	}
	return (const char *)cs_buf_span(&list).data;
}

static bool
refuse_other(const struct judging *j, const char *field)
{
	return refuse(j, "san-fixed", field, "SBR 4.1.2",
	    cs_arena_printf(j->arena,
		j->field->from == POLICY_FROM_PROFILE
		    ? "The profile fixes the %s of all its requests, and the request gives others."
		    : "An operator has fixed the %s of the account, and the request gives others.",
		kinds[j->kind].many),
	    cs_arena_printf(
		j->arena, "Give exactly these %s: %s.", kinds[j->kind].many, listed(j)));
}

static bool
are_the_fixed(const struct judging *j)
{
	const char *all = kinds[j->kind].many;

	for (size_t i = 0; i < j->names->n; i++)
		if (!claim_texts_hold(&j->field->values, j->names->items[i]))
			return refuse_other(j, cs_arena_printf(j->arena, "%s[%zu]", all, i));
	for (size_t i = 0; i < j->field->values.n; i++)
		if (!claim_texts_hold(j->names, j->field->values.items[i]))
			return refuse_other(j, all);
	return true;
}

/* Nothing is fixed. */
static bool
are_offered(const struct judging *j)
{
	const char *all = kinds[j->kind].many;

	if (j->kind == POLICY_SAN_MAILBOX && !j->field->shown)
		return refuse(j, "san-missing", all, "SBR 4.2.1",
		    "The profile takes the mailbox that operators have set for the account, and they have set none.",
		    "Ask an operator to set the email address of the account, or choose another profile.");
	if (!j->field->shown && j->names->n > 0)
		return refuse(j, "san-not-offered", all, "SBR 4.1.2",
		    "The profile takes no domains from requests.",
		    "Leave the domains out, or choose another profile.");
	if (j->kind == POLICY_SAN_DOMAIN && j->field->required && j->names->n == 0)
		return refuse(j, "domains-required", all, "SBR 3.2.2.1",
		    "The profile wants the domains of the mailboxes named, and the request names none.",
		    "Give the domain of each mailbox.");
	return true;
}

/* Which the person cannot mend: one comes from the profile, and one from their document. */
static bool
fixed_go_together(const struct judging *mailboxes, const struct judging *domains)
{
	struct smime_address address;
	struct cs_refusal unread;

	if (mailboxes->field->from != POLICY_FROM_OPERATOR || !mailboxes->field->fixed ||
	    !domains->field->fixed)
		return true;
	const char *mailbox = mailboxes->field->values.items[0];

	if (smime_address_parse(mailboxes->arena, cs_span_str(mailbox), &address, &unread) &&
	    claim_texts_hold(&domains->field->values, address.domain))
		return true;
	return refuse(mailboxes, "san-fixed", "mailboxes", "SBR 3.2.2.1",
	    "The mailbox that operators have set for the account is in none of the domains that the profile fixes.",
	    "Ask an operator to set another email address of the account, or choose another profile.");
}

bool
policy_sans_hold(const struct policy_config *config, const struct claim_request *request,
    struct cs_arena *arena, struct cs_refusal *ret_why)
{
	struct policy_san_field fields[POLICY_SANS];
	const struct judging mailboxes = { &fields[POLICY_SAN_MAILBOX], POLICY_SAN_MAILBOX,
		&request->mailboxes, arena, ret_why };
	const struct judging domains = { &fields[POLICY_SAN_DOMAIN], POLICY_SAN_DOMAIN,
		&request->domains, arena, ret_why };

	policy_san_fields(config, false, arena, fields);
	return fixed_go_together(&mailboxes, &domains) &&
	       (mailboxes.field->fixed ? are_the_fixed(&mailboxes) : are_offered(&mailboxes)) &&
	       (domains.field->fixed ? are_the_fixed(&domains) : are_offered(&domains));
}
