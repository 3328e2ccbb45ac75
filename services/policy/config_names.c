/* SPDX-License-Identifier: Apache-2.0 */
/* config_names.c: what documents of each kind may be called. */
#include <string.h>

#include "config_kinds.h"
#include "smime/address.h"

static bool
is_among(const char *const *words, const char *text)
{
	for (size_t i = 0; words[i] != NULL; i++)
		if (strcmp(words[i], text) == 0)
			return true;
	return false;
}

static bool
refuse_name(struct cs_refusal *ret_why, const char *clause, const char *text, const char *mend)
{
	return cs_refuse(ret_why, (struct cs_refusal){ "config-name", "name", clause, text, mend });
}

static bool
is_label(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	const size_t len = strlen(name);

	return len > 0 && len <= 63 && strspn(name, letters) == len && name[0] != '-';
}

static bool
is_account(const char *name)
{
	static const char letters[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@+";
	const size_t len = strlen(name);

	return len > 0 && len <= 128 && strspn(name, letters) == len && name[0] != '.';
}

static bool
is_domain(const struct policy_rules *rules, struct cs_arena *arena, const char *name,
    struct cs_refusal *ret_why)
{
	const char *spelled;

	if (!smime_domain_spell(arena, cs_span_str(name), &spelled, ret_why)) {
		ret_why->field = "name";
		return false;
	}
	if (strcmp(spelled, name) != 0)
		return refuse_name(ret_why, "RFC 5891",
		    "The domain is not written in lower-case A-labels.",
		    cs_arena_printf(arena, "Write it as %s.", spelled));
	if (smime_domain_registrable(rules->psl, name) == NULL)
		return refuse_name(ret_why, "TBR 3.2.2.6", "Nobody owns this domain.",
		    "Name one that somebody registered.");
	return true;
}

static bool
is_mailbox_pattern(const struct policy_rules *rules, struct cs_arena *arena, const char *name,
    struct cs_refusal *ret_why)
{
	struct smime_address address;

	if (strncmp(name, "*@", 2) == 0)
		return is_domain(rules, arena, name + 2, ret_why);
	if (!smime_address_parse(arena, cs_span_str(name), &address, ret_why)) {
		ret_why->field = "name";
		return false;
	}
	return strcmp(address.canonical, name) == 0 ||
	       refuse_name(ret_why, "RFC 5321 4.1.2", "The mailbox is not in its canonical form.",
		   cs_arena_printf(arena, "Write it as %s.", address.canonical));
}

static bool
is_note(const char *name, struct cs_refusal *ret_why)
{
	static const char *const requests[] = { "issue", "renew", "rekey", "reissue", "revoke",
		NULL };
	static const char *const screens[] = { "csr", "sdn", "san", "validity", "ownership", NULL };
	const size_t len = strcspn(name, ".");

	for (size_t i = 0; requests[i] != NULL; i++)
		if (strlen(requests[i]) == len && strncmp(requests[i], name, len) == 0 &&
		    (name[len] == '\0' || is_among(screens, name + len + 1)))
			return true;
	return refuse_name(ret_why, "", "There is no such kind of request or screen.",
	    "Name issue, renew, rekey, reissue or revoke, alone or with .csr, .sdn, .san, .validity or .ownership.");
}

static bool
is_enterprise(const char *enterprise, const char *name, struct cs_refusal *ret_why)
{
	if (strcmp(enterprise, name) != 0)
		return refuse_name(ret_why, "", "The document of an enterprise has its name.",
		    "Name the enterprise twice.");
	return strcmp(name, CONFIG_PLATFORM) != 0 ||
	       refuse_name(ret_why, "", "No enterprise has this name.", "Choose another.");
}

static bool
belongs(enum config_kind kind, const char *enterprise)
{
	return strcmp(enterprise, CONFIG_PLATFORM) != 0 || kind == CONFIG_PROFILE ||
	       kind == CONFIG_PERSON || kind == CONFIG_CONNECTOR || kind == CONFIG_NOTE ||
	       kind == CONFIG_ENTERPRISE;
}

static bool
name_fits(const struct policy_rules *rules, struct cs_arena *arena, enum config_kind kind,
    const char *enterprise, const char *name, struct cs_refusal *ret_why)
{
	switch (kind) {
	case CONFIG_ENTERPRISE:
		return is_enterprise(enterprise, name, ret_why);
	case CONFIG_DOMAIN:
	case CONFIG_OWNERSHIP:
		return is_domain(rules, arena, name, ret_why);
	case CONFIG_ASSIGNMENT:
		return is_mailbox_pattern(rules, arena, name, ret_why);
	case CONFIG_NOTE:
		return is_note(name, ret_why);
	case CONFIG_PERSON:
		return is_account(name) || refuse_name(ret_why, "", "The account is not a name.",
					       "Use 1 to 128 letters, digits and . _ - @ +.");
	case CONFIG_PROFILE:
	case CONFIG_CONNECTOR:
	case CONFIG_KINDS:
		break;
	}
	return is_label(name) || refuse_name(ret_why, "", "This is not a name.",
				     "Use 1 to 63 lower-case letters, digits and hyphens.");
}

bool
config_name_good(const struct policy_rules *rules, struct cs_arena *arena, enum config_kind kind,
    const char *enterprise, const char *name, struct cs_refusal *ret_why)
{
	if (!is_label(enterprise))
		return cs_refuse(
		    ret_why, (struct cs_refusal){ "config-name", "enterprise", "",
				 "This is not the name of an enterprise.",
				 "Use 1 to 63 lower-case letters, digits and hyphens." });
	if (strlen(name) > CONFIG_NAME_MAX)
		return refuse_name(
		    ret_why, "", "The name is longer than 254 octets.", "Shorten it.");
	if (!belongs(kind, enterprise))
		return refuse_name(ret_why, "",
		    cs_arena_printf(arena, "The platform itself has no documents of kind %s.",
			config_kind_name(kind)),
		    "Name an enterprise.");
	return name_fits(rules, arena, kind, enterprise, name, ret_why);
}
