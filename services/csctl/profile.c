/* SPDX-License-Identifier: Apache-2.0 */
/* profile.c: explains the table of certificate profiles, and which rules are in force on which day. */
#include "smime/profile.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "csctl.h"
#include "days.h"
#include "pki/lint.h"
#include "smime/rules.h"

/* ---- the table as JSON ---- */

static json_t *
presences(const uint8_t *values, size_t n, const char *(*name)(unsigned i))
{
	json_t *object = json_object();

	for (unsigned i = 0; i < n; i++)
		(void)json_object_set_new(object, name(i),
		    json_string(smime_presence_name((enum smime_presence)values[i])));
	return object;
}

static const char *
attribute_name(unsigned i)
{
	return smime_attribute_name((enum smime_attribute)i);
}

static const char *
san_name(unsigned i)
{
	return smime_san_name((enum smime_san)i);
}

static const char *
purpose_name(unsigned i)
{
	return smime_purpose_name((enum smime_purpose)i);
}

static json_t *
extensions_json(const struct smime_profile *p)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < SMIME_EXTENSIONS; i++) {
		const enum smime_extension e = (enum smime_extension)i;

		(void)json_array_append_new(
		    list, json_pack("{s:s, s:s, s:s, s:s}", "name", smime_extension_name(e), "oid",
			      smime_extension_oid(e), "presence",
			      smime_presence_name((enum smime_presence)p->extensions[i].presence),
			      "critical",
			      smime_critical_name((enum smime_critical)p->extensions[i].critical)));
	}
	return list;
}

static json_t *
bits_json(unsigned bits)
{
	json_t *list = json_array();

	for (unsigned bit = 0; smime_key_usage_name(bit) != NULL; bit++)
		if ((bits & (1u << bit)) != 0)
			(void)json_array_append_new(list, json_string(smime_key_usage_name(bit)));
	return list;
}

/* Only what is certified. */
static json_t *
key_usage_json(const struct smime_profile *p)
{
	json_t *keys = json_object();

	for (unsigned key = 0; key < SMIME_KEYS; key++) {
		json_t *uses = json_object();

		for (unsigned use = 0; use < SMIME_USES; use++)
			if (p->key_usage[key][use] != 0)
				(void)json_object_set_new(uses, smime_use_name((enum smime_use)use),
				    bits_json(p->key_usage[key][use]));
		if (smime_allows_key(p, (enum smime_key)key))
			(void)json_object_set_new(keys, smime_key_name((enum smime_key)key), uses);
		else
			json_decref(uses);
	}
	return keys;
}

static json_t *
common_name_json(const struct smime_profile *p)
{
	static const struct {
		unsigned bit;
		const char *name;
	} names[] = { { SMIME_CN_MAILBOX, "mailbox" },
		{ SMIME_CN_ORGANIZATION, "organizationName" }, { SMIME_CN_PERSON, "person" } };
	json_t *list = json_array();

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if ((p->common_name & names[i].bit) != 0)
			(void)json_array_append_new(list, json_string(names[i].name));
	return list;
}

static json_t *
profile_json(const struct smime_profile *p)
{
	json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:s?, s:s?, s:I, s:I, s:b}", "name",
	    p->name, "title", p->title, "trust", smime_trust_name(p->trust), "type",
	    smime_type_name(p->type), "generation",
	    p->trust == SMIME_TRUST_PUBLIC ? smime_generation_name(p->generation) : NULL,
	    "policy_oid", p->policy_oid, "max_days", (json_int_t)p->max_days, "default_days",
	    (json_int_t)p->default_days, "unverified", p->unverified);

	(void)json_object_set_new(
	    object, "subject", presences(p->subject, SMIME_ATTRIBUTES, attribute_name));
	(void)json_object_set_new(object, "common_name", common_name_json(p));
	(void)json_object_set_new(
	    object, "subject_alt_name", presences(p->names, SMIME_SANS, san_name));
	(void)json_object_set_new(
	    object, "extended_key_usage", presences(p->purposes, SMIME_PURPOSES, purpose_name));
	(void)json_object_set_new(object, "extensions", extensions_json(p));
	(void)json_object_set_new(object, "key_usage", key_usage_json(p));
	return object;
}

/* ---- rules by date ---- */

/* What this rule's next row is after the day; NULL: none. */
static const struct smime_dated_rule *
next_row(enum smime_rule rule, int64_t at_ms)
{
	size_t n;
	const struct smime_dated_rule *rows = smime_rules(&n);

	for (size_t i = 0; i < n; i++)
		if (rows[i].rule == rule && rows[i].from_ms > at_ms)
			return &rows[i];
	return NULL;
}

static json_t *
rules_json(int64_t today_ms, int64_t day_ms)
{
	json_t *list = json_array();
	char text[DAYS_TEXT];

	for (unsigned i = 0; i < SMIME_RULES; i++) {
		const enum smime_rule rule = (enum smime_rule)i;
		const struct smime_dated_rule *next = next_row(rule, day_ms);
		json_t *row = json_pack("{s:s, s:s, s:I, s:I, s:s}", "rule", smime_rule_name(rule),
		    "says", smime_rule_says(rule), "today",
		    (json_int_t)smime_rule_value(rule, today_ms), "then",
		    (json_int_t)smime_rule_value(rule, day_ms), "clause",
		    smime_rule_clause(rule, day_ms));

		if (next != NULL) {
			days_format(next->from_ms, text);
			(void)json_object_set_new(row, "next",
			    json_pack("{s:s, s:I, s:s}", "from", text, "value",
				(json_int_t)next->value, "clause", next->clause));
		}
		(void)json_array_append_new(list, row);
	}
	return list;
}

static json_t *
methods_json(int64_t day_ms)
{
	json_t *list = json_array();
	size_t n;
	const struct smime_domain_method *methods = smime_domain_methods(&n);
	char text[DAYS_TEXT];

	for (size_t i = 0; i < n; i++) {
		json_t *row = json_pack("{s:s, s:s, s:b}", "method", methods[i].name, "clause",
		    "TBR 3.2.2.4", "usable", smime_rule_domain_method_usable(methods[i].n, day_ms));

		(void)json_object_set_new(row, "number", json_integer(methods[i].n));
		if (methods[i].until_ms != INT64_MAX) {
			days_format(methods[i].until_ms, text);
			(void)json_object_set_new(row, "until", json_string(text));
		}
		(void)json_array_append_new(list, row);
	}
	return list;
}

static bool
in_force(const struct pki_lint_rule *lint, int64_t at_ms)
{
	return at_ms / 1000 >= lint->from_s && at_ms / 1000 < lint->until_s;
}

/* Lints that are in force on one of the days and not on the other. */
static json_t *
lints_json(int64_t today_ms, int64_t day_ms)
{
	json_t *list = json_array();
	size_t n;
	const struct pki_lint_rule *lints = pki_lint_rules(&n);

	for (size_t i = 0; i < n; i++)
		if (in_force(&lints[i], today_ms) != in_force(&lints[i], day_ms))
			(void)json_array_append_new(
			    list, json_pack("{s:s, s:s, s:s, s:b, s:b}", "lint", lints[i].id,
				      "says", lints[i].says, "clause", lints[i].clause, "today",
				      in_force(&lints[i], today_ms), "then",
				      in_force(&lints[i], day_ms)));
	return list;
}

/* ---- for people ---- */

static void
print_presences(const char *title, json_t *object)
{
	static const char *const presence_names[] = { "must", "may" };
	const char *key;
	json_t *value;

	for (size_t i = 0; i < 2; i++) {
		bool any = false;

		json_object_foreach(object, key, value)
		{
			if (strcmp(json_string_value(value), presence_names[i]) != 0)
				continue;
			if (!any)
				(void)printf("  %-18s %-5s", title, presence_names[i]);
			(void)printf(" %s", key);
			any = true;
		}
		if (any)
			(void)putchar('\n');
	}
}

static void
print_words(json_t *list)
{
	size_t i;
	json_t *word;

	json_array_foreach(list, i, word)(void)
	    printf("%s%s", i > 0 ? " " : "", json_string_value(word));
	(void)putchar('\n');
}

static void
print_key_usage(json_t *keys)
{
	const char *key, *use;
	json_t *uses, *bits;

	json_object_foreach(keys, key, uses) json_object_foreach(uses, use, bits)
	{
		(void)printf("  key usage          %-8s %-11s ", key, use);
		print_words(bits);
	}
}

static void
print_extensions(json_t *list)
{
	size_t i;
	json_t *e;

	json_array_foreach(list, i, e)(void)
	    printf("  extension          %-23s %-9s critical: %s\n",
		json_string_value(json_object_get(e, "name")),
		json_string_value(json_object_get(e, "presence")),
		json_string_value(json_object_get(e, "critical")));
}

static void
print_profile(const struct smime_profile *p, json_t *object)
{
	(void)printf("%s: %s\n", p->name, p->title);
	(void)printf("  trust              %s\n", smime_trust_name(p->trust));
	(void)printf("  policy             %s\n", p->policy_oid != NULL ? p->policy_oid : "none");
	(void)printf("  days               %u, at most %u\n", p->default_days, p->max_days);
	print_presences("subject", json_object_get(object, "subject"));
	if (p->unverified)
		(void)printf(
		    "  unverified         what the subject says beside proved mailboxes\n");
	(void)printf("  commonName         ");
	print_words(json_object_get(object, "common_name"));
	print_presences("subjectAltName", json_object_get(object, "subject_alt_name"));
	print_presences("extKeyUsage", json_object_get(object, "extended_key_usage"));
	print_extensions(json_object_get(object, "extensions"));
	print_key_usage(json_object_get(object, "key_usage"));
}

static void
print_rules(json_t *rules)
{
	size_t i;
	json_t *row;

	json_array_foreach(rules, i, row)
	{
		const json_int_t today = json_integer_value(json_object_get(row, "today"));
		const json_int_t then = json_integer_value(json_object_get(row, "then"));
		json_t *next = json_object_get(row, "next");

		(void)printf("  %c %-18s %5lld  %s (%s)\n", today != then ? '*' : ' ',
		    json_string_value(json_object_get(row, "rule")), (long long)then,
		    json_string_value(json_object_get(row, "says")),
		    json_string_value(json_object_get(row, "clause")));
		if (today != then)
			(void)printf("      today %lld\n", (long long)today);
		if (next != NULL)
			(void)printf("      %lld from %s on\n",
			    (long long)json_integer_value(json_object_get(next, "value")),
			    json_string_value(json_object_get(next, "from")));
	}
}

static void
print_methods(json_t *methods)
{
	size_t i;
	json_t *row;

	json_array_foreach(methods, i, row)
	{
		json_t *until = json_object_get(row, "until");

		if (until != NULL)
			(void)printf("    TBR 3.2.2.4.%-6lld %s  %s, until %s\n",
			    (long long)json_integer_value(json_object_get(row, "number")),
			    json_is_true(json_object_get(row, "usable")) ? "usable" : "ended ",
			    json_string_value(json_object_get(row, "method")),
			    json_string_value(until));
	}
}

static void
print_lints(json_t *lints)
{
	size_t i;
	json_t *row;

	json_array_foreach(lints, i, row)(void)
	    printf("  * lint %-20s %s  %s (%s)\n", json_string_value(json_object_get(row, "lint")),
		json_is_true(json_object_get(row, "then")) ? "begins" : "ends  ",
		json_string_value(json_object_get(row, "says")),
		json_string_value(json_object_get(row, "clause")));
}

/* ---- commands ---- */

static int
run_list(struct args *args)
{
	const bool as_json = args_flag(args, "--json");
	size_t n;
	const struct smime_profile *profiles = smime_profiles(&n);
	json_t *list = json_array();

	if (!args_end(args)) {
		json_decref(list);
		return usage(args);
	}
	for (size_t i = 0; i < n; i++) {
		if (as_json)
			(void)json_array_append_new(list, profile_json(&profiles[i]));
		else
			(void)printf("%-26s %-17s %s\n", profiles[i].name,
			    profiles[i].policy_oid != NULL ? profiles[i].policy_oid
							   : "private root",
			    profiles[i].title);
	}
	if (as_json)
		put_json(list);
	else
		json_decref(list);
	return DONE;
}

static int
refuse_name(const char *name)
{
	const char *clause, *text = smime_profile_refusal(name, &clause);

	(void)fprintf(stderr, "csctl: %s%s%s%s\n", text, clause[0] != '\0' ? " (" : "", clause,
	    clause[0] != '\0' ? ")" : "");
	return REFUSED;
}

static int
run_show(struct args *args)
{
	const bool as_json = args_flag(args, "--json");
	const char *name = args_word(args);

	if (name == NULL || !args_end(args))
		return usage(args);
	const struct smime_profile *profile = smime_profile_find(name);
	if (profile == NULL)
		return refuse_name(name);
	json_t *object = profile_json(profile);
	if (as_json) {
		put_json(object);
	} else {
		print_profile(profile, object);
		json_decref(object);
	}
	return DONE;
}

static int
run_what_if(struct args *args)
{
	const bool as_json = args_flag(args, "--json");
	const char *from = args_option(args, "--from", NULL);
	const char *date = args_option(args, "--date", NULL);
	const char *name = args_word(args);
	int64_t today_ms = cs_now_ms(), day_ms;

	if (name == NULL || date == NULL || !args_end(args))
		return usage(args);
	if (!days_parse(date, &day_ms) || (from != NULL && !days_parse(from, &today_ms)))
		return COULD_NOT_RUN;
	const struct smime_profile *profile = smime_profile_find(name);
	if (profile == NULL)
		return refuse_name(name);
	json_t *object = profile_json(profile);
	(void)json_object_set_new(object, "date", json_string(date));
	(void)json_object_set_new(object, "rules_version", json_string(smime_rules_version()));
	(void)json_object_set_new(object, "rules", rules_json(today_ms, day_ms));
	(void)json_object_set_new(object, "domain_methods", methods_json(day_ms));
	(void)json_object_set_new(object, "lints", lints_json(today_ms, day_ms));
	if (as_json) {
		put_json(object);
		return DONE;
	}
	print_profile(profile, object);
	(void)printf("rules on %s (%s; * differs from today)\n", date, smime_rules_version());
	print_rules(json_object_get(object, "rules"));
	print_methods(json_object_get(object, "domain_methods"));
	print_lints(json_object_get(object, "lints"));
	json_decref(object);
	return DONE;
}

const struct command profile_commands[] = {
	{ "profile list", "[--json]", "the certificate profiles that can be issued", run_list },
	{ "profile show", "NAME [--json]",
	    "everything that a certificate of this profile says: one row of the table", run_show },
	{ "profile what-if", "NAME --date YYYY-MM-DD [--from YYYY-MM-DD] [--json]",
	    "the same, and which rules are in force on that day and what changes until then and after",
	    run_what_if },
	{ 0 },
};
