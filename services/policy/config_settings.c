/* SPDX-License-Identifier: Apache-2.0 */
#include "config_settings.h"

#include <string.h>

#include "config_json.h"
#include "config_san.h"
#include "connector/factor.h"
#include "policy_domains.h"
#include "smime/address.h"
#include "smime/method.h"
#include "smime/profile.h"

/* Each list is as long as there are documents at most. */
struct filling {
	struct cs_arena *arena;
	const struct claim_request *request;
	struct policy_config *to;
	struct claim_texts enterprise_profiles, person_profiles;
	bool enterprise_caa, private_trust, own_profile;
	const char *enterprise_factor, *profile_factor; /* NULL: not said */
	struct policy_domain *domains;
	struct policy_ownership *ownerships;
};

static struct claim_texts
texts_of(struct cs_arena *arena, const json_t *spec, const char *member)
{
	const json_t *list = json_object_get(spec, member);
	struct claim_texts texts = { CS_NEW_ARRAY(arena, json_array_size(list), const char *), 0 };
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item) texts.items[texts.n++] =
	    cs_arena_strdup(arena, json_string_value(item));
	return texts;
}

static void
take_enterprise(struct filling *f, const struct config_doc *doc, const json_t *spec)
{
	const char *mode = config_json_text(f->arena, spec, "domain_mode", "");

	f->to->enterprise_known = config_json_true(spec, "active");
	f->to->enterprise_version = (uint32_t)doc->version;
	f->enterprise_profiles = texts_of(f->arena, spec, "profiles");
	f->enterprise_caa = config_json_true(spec, "caa");
	f->private_trust = config_json_true(spec, "private_trust");
	f->to->issuers = texts_of(f->arena, spec, "issuers");
	f->enterprise_factor = config_json_text(f->arena, spec, "second_factor", NULL);
	/* A mode that this build does not know permits the least. */
	if (!policy_domain_mode_parse(mode, &f->to->domain_mode))
		f->to->domain_mode = POLICY_DOMAINS_APPROVED_OWNED;
}

static void
take_details(struct filling *f, const json_t *spec)
{
	json_t *details = json_object_get(spec, "details"), *value;
	struct policy_value *values =
	    CS_NEW_ARRAY(f->arena, json_object_size(details), struct policy_value);
	const char *name;

	f->to->details = values;
	json_object_foreach(details, name, value) values[f->to->n_details++] =
	    (struct policy_value){ cs_arena_strdup(f->arena, name),
		    cs_arena_strdup(f->arena, json_string_value(value)) };
}

/* As requests give it; what was set before it could be read is none. */
static void
take_mailbox(struct filling *f, const json_t *spec)
{
	const char *email = config_json_text(f->arena, spec, "email", "");
	struct smime_address address;
	struct cs_refusal why;

	if (smime_address_parse(f->arena, cs_span_str(email), &address, &why))
		f->to->mailbox = address.canonical;
}

const char *
config_submitter(const struct claim_request *request, const char **ret_enterprise)
{
	static const char of_platform[] = CONFIG_PLATFORM "/";
	const size_t len = sizeof(of_platform) - 1;

	*ret_enterprise = request->enterprise;
	if (!policy_on_behalf(request))
		return NULL;
	if (strncmp(request->submitted_by, of_platform, len) != 0)
		return request->submitted_by;
	*ret_enterprise = CONFIG_PLATFORM;
	return request->submitted_by + len;
}

static bool
is_person(const struct config_doc *doc, const char *enterprise, const char *name)
{
	return name != NULL && strcmp(doc->enterprise, enterprise) == 0 &&
	       strcmp(doc->name, name) == 0;
}

/* As codes are sent to it: an address in its one form, a number without what only people read; and who it is
 * in a directory and at a provider. */
static struct policy_contact
contact_of(struct cs_arena *arena, const char *name, const json_t *spec)
{
	const char *email = config_json_text(arena, spec, "email", "");
	const char *login = config_json_text(arena, spec, "login", "");
	struct policy_contact contact = { "",
		config_phone(arena, config_json_text(arena, spec, "phone", "")),
		login[0] != '\0' ? login : name, config_json_text(arena, spec, "provider_id", "") };
	struct smime_address address;
	struct cs_refusal why;

	if (smime_address_parse(arena, cs_span_str(email), &address, &why))
		contact.email = address.canonical;
	if (contact.phone == NULL)
		contact.phone = "";
	return contact;
}

static void
take_person(struct filling *f, const struct config_doc *doc, const json_t *spec)
{
	const struct claim_texts roles = texts_of(f->arena, spec, "roles");
	const bool operates =
	    claim_texts_hold(&roles, "operator") || claim_texts_hold(&roles, "administrator");
	const char *enterprise;
	const char *submitter = config_submitter(f->request, &enterprise);

	if (is_person(doc, enterprise, submitter)) {
		f->to->submitter_is_operator = config_json_true(spec, "active") && operates;
		f->to->submitter_contact = contact_of(f->arena, doc->name, spec);
	}
	if (!is_person(doc, f->request->enterprise, f->request->account))
		return;
	f->to->account_known = config_json_true(spec, "active");
	f->to->is_operator = operates;
	f->person_profiles = texts_of(f->arena, spec, "profiles");
	f->to->account_contact = contact_of(f->arena, doc->name, spec);
	take_details(f, spec);
	take_mailbox(f, spec);
}

/* ---- profiles ---- */

static enum policy_validation
validation_of(struct cs_arena *arena, const json_t *spec)
{
	const char *name = config_json_text(arena, spec, "validation", "");
	enum policy_validation validation = POLICY_MAILBOX;

	while (validation < POLICY_BOTH && strcmp(policy_validation_name(validation), name) != 0)
		validation++;
	return validation;
}

static void
take_rdns(struct cs_arena *arena, const json_t *spec, struct policy_profile *to)
{
	const json_t *list = json_object_get(spec, "rdns");
	struct policy_rdn *rdns = CS_NEW_ARRAY(arena, json_array_size(list), struct policy_rdn);
	json_t *item;
	size_t i;

	json_array_foreach(
	    list, i, item) rdns[i] = (struct policy_rdn){ config_json_text(arena, item, "name", ""),
		config_json_true(item, "required"), config_json_text(arena, item, "value", "") };
	to->rdns = rdns;
	to->n_rdns = json_array_size(list);
}

static void
take_validities(struct cs_arena *arena, const json_t *spec, struct policy_profile *to)
{
	const json_t *list = json_object_get(spec, "validities");
	uint32_t *days = CS_NEW_ARRAY(arena, json_array_size(list), uint32_t);
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item) days[i] = (uint32_t)json_integer_value(item);
	to->validities = days;
	to->n_validities = json_array_size(list);
}

/* A name that this build does not know: it must not look as if the profile offered less. */
static enum cs_code
check_methods(const struct claim_texts *names, enum smime_target target, struct cs_err *err)
{
	for (size_t i = 0; i < names->n; i++) {
		const struct smime_method *method = smime_method_find(names->items[i]);

		if (method == NULL || method->target != target)
			return cs_fail(err, CS_INTERNAL, "profile: %.40s proves no %s",
			    names->items[i], target == SMIME_TARGET_DOMAIN ? "domain" : "mailbox");
	}
	return CS_OK;
}

/* Whatever a document says: the rules bind for public trust. */
static bool
is_private(const char *certificate_profile)
{
	const struct smime_profile *profile = smime_profile_find(certificate_profile);

	return profile != NULL && profile->trust == SMIME_TRUST_PRIVATE;
}

static enum cs_code
take_profile(
    struct filling *f, const struct config_doc *doc, const json_t *spec, struct cs_err *err)
{
	struct cs_arena *arena = f->arena;
	const struct claim_texts uses = texts_of(arena, spec, "key_uses");
	const char *certificate = config_json_text(arena, spec, "certificate_profile", "");
	const bool private = is_private(certificate);
	struct policy_profile *to = &f->to->profile;

	f->to->profile_known = config_json_true(spec, "active");
	f->own_profile = strcmp(doc->enterprise, CONFIG_PLATFORM) != 0;
	f->profile_factor = config_json_text(arena, spec, "second_factor", NULL);
	*to = (struct policy_profile){
		.version = (uint32_t)doc->version,
		.validation = validation_of(arena, spec),
		.certificate_profile = certificate,
		.mailbox_period_days = config_json_number(spec, "mailbox_period_days"),
		.domain_period_days = config_json_number(spec, "domain_period_days"),
		.max_days = config_json_number(spec, "max_days"),
		.may_dual = claim_texts_hold(&uses, "dual"),
		.may_signing = claim_texts_hold(&uses, "signing"),
		.may_encryption = claim_texts_hold(&uses, "encryption"),
		.domain_methods = texts_of(arena, spec, "domain_methods"),
		.mailbox_methods = texts_of(arena, spec, "mailbox_methods"),
		.without_caa = private && !config_json_true(spec, "caa"),
		.without_mpic = private && !config_json_true(spec, "mpic"),
		.without_dnssec = private && !config_json_true(spec, "dnssec"),
	};
	take_rdns(arena, spec, to);
	config_sans_take(arena, spec, to->sans);
	take_validities(arena, spec, to);
	if (check_methods(&to->domain_methods, SMIME_TARGET_DOMAIN, err))
		return err->code;
	return check_methods(&to->mailbox_methods, SMIME_TARGET_MAILBOX, err);
}

/* ---- the rest ---- */

static void
take_domain(struct filling *f, const struct config_doc *doc, const json_t *spec)
{
	const struct claim_texts issuers = texts_of(f->arena, spec, "issuers");

	f->domains[f->to->n_domains++] =
	    (struct policy_domain){ doc->name, config_json_true(spec, "active") };
	if (issuers.n > 0)
		f->to->caa[f->to->n_caa++] = (struct policy_caa){ doc->name, issuers };
}

static void
take_assignment(struct filling *f, const struct config_doc *doc, const json_t *spec)
{
	const struct claim_texts people = texts_of(f->arena, spec, "people");

	if (claim_texts_hold(&people, f->request->account))
		f->to->assigned.items[f->to->assigned.n++] = doc->name;
}

static enum cs_code
take(struct filling *f, const struct config_doc *doc, const json_t *spec, struct cs_err *err)
{
	switch (doc->kind) {
	case CONFIG_ENTERPRISE:
		take_enterprise(f, doc, spec);
		break;
	case CONFIG_PERSON:
		take_person(f, doc, spec);
		break;
	case CONFIG_PROFILE:
		/* The enterprise's own goes before the platform's. */
		if (!f->own_profile)
			return take_profile(f, doc, spec, err);
		break;
	case CONFIG_DOMAIN:
		take_domain(f, doc, spec);
		break;
	case CONFIG_ASSIGNMENT:
		take_assignment(f, doc, spec);
		break;
	case CONFIG_OWNERSHIP:
		f->ownerships[f->to->n_ownerships++] = (struct policy_ownership){ doc->name,
			config_json_text(f->arena, spec, "person", ""), false };
		break;
	case CONFIG_NOTE:
	case CONFIG_CONNECTOR:
	case CONFIG_KINDS:
		break;
	}
	return CS_OK;
}

/* The profile's word goes before the enterprise's; documents of before do not say anything. */
static const char *
second_factor(const struct filling *f)
{
	const char *word = f->profile_factor;

	if (word == NULL || strcmp(word, CONFIG_AS_ENTERPRISE) == 0)
		word = f->enterprise_factor;
	return word == NULL || strcmp(word, FACTOR_NONE) == 0 ? "" : word;
}

static void
conclude(struct filling *f)
{
	const char *name = f->request->profile;
	struct policy_config *to = f->to;
	const bool private =
	    to->profile.certificate_profile != NULL && is_private(to->profile.certificate_profile);

	to->profile_allowed =
	    (claim_texts_hold(&f->person_profiles, "*") ||
		claim_texts_hold(&f->person_profiles, name)) &&
	    (f->own_profile ? !private || f->private_trust
			    : claim_texts_hold(&f->enterprise_profiles, "*") ||
				  claim_texts_hold(&f->enterprise_profiles, name));
	if (to->enterprise_known && !f->enterprise_caa && private)
		to->profile.without_caa = true;
	to->second_factor = second_factor(f);
}

struct cs_span
config_ownership_spec(struct cs_arena *arena, const char *account)
{
	return config_json_dump(arena, json_pack("{s:s}", "person", account));
}

enum cs_code
config_settings(struct cs_arena *arena, const struct config_found *found,
    const struct claim_request *request, struct policy_config *ret, struct cs_err *err)
{
	struct filling f = { .arena = arena,
		.request = request,
		.to = ret,
		.domains = CS_NEW_ARRAY(arena, found->n, struct policy_domain),
		.ownerships = CS_NEW_ARRAY(arena, found->n, struct policy_ownership) };

	*ret = (struct policy_config){ .identities = ret->identities };
	ret->caa = CS_NEW_ARRAY(arena, found->n, struct policy_caa);
	ret->assigned.items = CS_NEW_ARRAY(arena, found->n, const char *);
	for (size_t i = 0; i < found->n; i++) {
		json_t *spec = found->specs != NULL ? json_incref(found->specs[i])
						    : config_json_own(found->docs[i].spec);
		const enum cs_code code = take(&f, &found->docs[i], spec, err);

		json_decref(spec);
		if (code != CS_OK)
			return code;
	}
	ret->domains = f.domains;
	ret->ownerships = f.ownerships;
	conclude(&f);
	return CS_OK;
}
