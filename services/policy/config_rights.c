/* SPDX-License-Identifier: Apache-2.0 */
#include "config_rights.h"

#include <string.h>

#include "config_json.h"

#define EVERYBODY (CONFIG_USER | CONFIG_OPERATOR | CONFIG_AUDITOR | CONFIG_ADMINISTRATOR)
#define STAFF (CONFIG_OPERATOR | CONFIG_AUDITOR | CONFIG_ADMINISTRATOR)
#define MAKERS (CONFIG_OPERATOR | CONFIG_ADMINISTRATOR)

/* By the roles of people of the document's enterprise, and of the platform's. */
static const struct {
	unsigned read, change, scope;
} rights[CONFIG_KINDS] = {
	[CONFIG_ENTERPRISE] = { EVERYBODY, CONFIG_ADMINISTRATOR, CONFIG_MAY_WRITE },
	[CONFIG_DOMAIN] = { EVERYBODY, MAKERS, CONFIG_MAY_WRITE },
	[CONFIG_OWNERSHIP] = { STAFF, MAKERS, CONFIG_MAY_WRITE },
	[CONFIG_PROFILE] = { EVERYBODY, CONFIG_ADMINISTRATOR, CONFIG_MAY_WRITE },
	[CONFIG_PERSON] = { STAFF, MAKERS, CONFIG_MAY_PEOPLE },
	[CONFIG_ASSIGNMENT] = { STAFF, MAKERS, CONFIG_MAY_PEOPLE },
	[CONFIG_NOTE] = { EVERYBODY, MAKERS, CONFIG_MAY_WRITE },
	[CONFIG_CONNECTOR] = { CONFIG_AUDITOR | CONFIG_ADMINISTRATOR, CONFIG_ADMINISTRATOR,
	    CONFIG_MAY_WRITE },
};

static bool
is_platform(const char *enterprise)
{
	return strcmp(enterprise, CONFIG_PLATFORM) == 0;
}

static bool
is_at_home(const struct config_caller *caller, const char *enterprise)
{
	return caller->known &&
	       (is_platform(caller->enterprise) || strcmp(caller->enterprise, enterprise) == 0);
}

/* Everybody needs to know what may be asked for, and what is to be read first. */
static bool
is_offered(const struct config_caller *caller, enum config_kind kind, const char *enterprise)
{
	return caller->known && is_platform(enterprise) &&
	       (kind == CONFIG_PROFILE || kind == CONFIG_NOTE);
}

enum config_verdict
config_may_list(const struct config_caller *caller, enum config_kind kind, const char *enterprise)
{
	if (!is_at_home(caller, enterprise) && !is_offered(caller, kind, enterprise))
		return CONFIG_HIDDEN;
	if ((caller->scopes & CONFIG_MAY_READ) == 0 || (caller->roles & rights[kind].read) == 0)
		return CONFIG_FORBIDDEN;
	return CONFIG_ALLOWED;
}

enum config_verdict
config_may_read(const struct config_caller *caller, enum config_kind kind, const char *enterprise,
    const char *name)
{
	const bool self = caller->known && kind == CONFIG_PERSON &&
			  strcmp(caller->enterprise, enterprise) == 0 &&
			  strcmp(caller->account, name) == 0;
	const enum config_verdict verdict = config_may_list(caller, kind, enterprise);

	if (verdict != CONFIG_FORBIDDEN || (caller->scopes & CONFIG_MAY_READ) == 0)
		return verdict;
	/* Whoever may not see the others does not learn who is there. */
	return self ? CONFIG_ALLOWED : CONFIG_HIDDEN;
}

enum config_verdict
config_may_audit(const struct config_caller *caller, const char *enterprise)
{
	if (!is_at_home(caller, enterprise))
		return CONFIG_HIDDEN;
	if ((caller->scopes & CONFIG_MAY_READ) == 0 ||
	    (caller->roles & (CONFIG_AUDITOR | CONFIG_ADMINISTRATOR)) == 0)
		return CONFIG_FORBIDDEN;
	return CONFIG_ALLOWED;
}

/* ---- single fields ---- */

/* A person that is new is compared with what every new person is. */
static const char fresh_person[] = "{\"active\":true,\"roles\":[\"user\"],\"profiles\":[\"*\"]}";

static bool
differs(const json_t *before, const json_t *after, const char *field)
{
	return !json_equal(json_object_get(before, field), json_object_get(after, field));
}

/* The first of `fields` (ended by NULL) that changes; NULL: none does. */
static const char *
first_changed(const struct cs_span *before, const struct cs_span *after, const char *const *fields)
{
	json_t *from = before != NULL ? config_json_own(*before)
				      : config_json_own(cs_span_str(fresh_person)),
	       *to = config_json_own(*after);
	const char *found = NULL;

	for (size_t i = 0; fields[i] != NULL && found == NULL; i++)
		if (differs(from, to, fields[i]))
			found = fields[i];
	json_decref(from);
	json_decref(to);
	return found;
}

static enum config_verdict
forbid(struct cs_arena *arena, const char *field, const char *text, const char *mend,
    struct cs_refusal *ret_why)
{
	*ret_why = (struct cs_refusal){ "field-forbidden", cs_arena_printf(arena, "spec.%s", field),
		"", text, mend };
	return CONFIG_FORBIDDEN;
}

static enum config_verdict
judge_person(struct cs_arena *arena, const struct config_caller *caller, const char *enterprise,
    const char *name, const struct cs_span *before, const struct cs_span *after,
    struct cs_refusal *ret_why)
{
	static const char *const powers[] = { "roles", "active", NULL };
	/* What others vouch for of a person, the person does not say. */
	static const char *const own[] = { "roles", "active", "profiles", "details", NULL };
	const bool self =
	    strcmp(caller->enterprise, enterprise) == 0 && strcmp(caller->account, name) == 0;
	const char *changed =
	    after == NULL ? "active" : first_changed(before, after, self ? own : powers);

	if (changed == NULL)
		return CONFIG_ALLOWED;
	if (self && before != NULL)
		return forbid(arena, changed,
		    "Nobody sets their own rights or certificate details.",
		    "Ask another operator or administrator.", ret_why);
	if ((caller->roles & CONFIG_ADMINISTRATOR) == 0)
		return forbid(arena, changed, "Only administrators give and take rights.",
		    "Leave the field as it is, or ask an administrator.", ret_why);
	return CONFIG_ALLOWED;
}

static enum config_verdict
judge_enterprise(struct cs_arena *arena, const struct config_caller *caller,
    const struct cs_span *before, const struct cs_span *after, struct cs_refusal *ret_why)
{
	static const char *const granted[] = { "active", "profiles", "private_trust", NULL };

	if (is_platform(caller->enterprise))
		return CONFIG_ALLOWED;
	if (before == NULL || after == NULL)
		return CONFIG_FORBIDDEN; /* the platform alone makes enterprises */
	const char *changed = first_changed(before, after, granted);

	return changed == NULL ? CONFIG_ALLOWED
			       : forbid(arena, changed, "The platform decides about this.",
				     "Ask an administrator of the platform.", ret_why);
}

enum config_verdict
config_may_change(struct cs_arena *arena, const struct config_caller *caller, enum config_kind kind,
    const char *enterprise, const char *name, const struct cs_span *before,
    const struct cs_span *after, struct cs_refusal *ret_why)
{
	const enum config_verdict seen = config_may_read(caller, kind, enterprise, name);

	ret_why->code = NULL;
	if (seen == CONFIG_HIDDEN)
		return CONFIG_HIDDEN;
	if (!is_at_home(caller, enterprise) || (caller->roles & rights[kind].change) == 0 ||
	    (caller->scopes & rights[kind].scope) == 0)
		return CONFIG_FORBIDDEN;
	if (kind == CONFIG_PERSON)
		return judge_person(arena, caller, enterprise, name, before, after, ret_why);
	if (kind == CONFIG_ENTERPRISE)
		return judge_enterprise(arena, caller, before, after, ret_why);
	return CONFIG_ALLOWED;
}
