/* SPDX-License-Identifier: Apache-2.0 */
/* lint.c: the table of lints, and what they find in a certificate of anybody, or in what would be signed. */
#include "pki/lint.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "csctl.h"
#include "days.h"
#include "gate/tbs.h"
#include "pki/cert.h"
#include "pki/der.h"
#include "pki/file.h"
#include "smime/profile.h"

#define FILE_MAX (256 * 1024)

/* ---- the table ---- */

static const char *
day_of(int64_t s, char text[static DAYS_TEXT])
{
	if (s == INT64_MIN || s == INT64_MAX)
		return "";
	days_format(s * 1000, text);
	return text;
}

static json_t *
rule_json(const struct pki_lint_rule *rule)
{
	char from[DAYS_TEXT], until[DAYS_TEXT];

	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "id", rule->id, "severity",
	    pki_lint_severity_name(rule->severity), "clause", rule->clause, "says", rule->says,
	    "from", day_of(rule->from_s, from), "until", day_of(rule->until_s, until), "covers",
	    rule->covers);
}

static void
print_rule(const struct pki_lint_rule *rule)
{
	char from[DAYS_TEXT], until[DAYS_TEXT];

	(void)printf("%-37s %-8s %-10s %-10s %-33s %s\n", rule->id,
	    pki_lint_severity_name(rule->severity), day_of(rule->from_s, from),
	    day_of(rule->until_s, until), rule->clause, rule->says);
}

static int
run_list(struct args *args)
{
	const bool as_json = args_flag(args, "--json");
	size_t n;
	const struct pki_lint_rule *rules = pki_lint_rules(&n);
	json_t *list;

	if (!args_end(args))
		return usage(args);
	list = json_array();
	for (size_t i = 0; i < n; i++) {
		if (as_json)
			(void)json_array_append_new(list, rule_json(&rules[i]));
		else
			print_rule(&rules[i]);
	}
	if (as_json)
		put_json(list);
	else
		json_decref(list);
	return DONE;
}

/* ---- one certificate ---- */

/* What was read: the octets to lint, and of a whole certificate the rest. */
struct subject {
	struct cs_span tbs;
	struct pki_cert_info info;
	bool is_certificate;
};

/* DER or PEM; a certificate, or a TBSCertificate. */
static enum cs_code
read_subject(struct cs_arena *arena, const char *path, struct subject *ret, struct cs_err *err)
{
	uint8_t *octets = cs_arena_alloc(arena, FILE_MAX);
	struct cs_span whole, inner, der;
	struct cs_err ignored;
	size_t len;

	if (pki_file_read(path, false, octets, FILE_MAX, &len, err))
		return err->code;
	der = cs_span_of(octets, len);
	if (memmem(octets, len, "-----BEGIN ", 11) != NULL &&
	    pki_cert_from_pem(arena, der, &der, err))
		return err->code;
	*ret = (struct subject){ .tbs = der };
	whole = der;
	if (!pki_der_take(&whole, PKI_SEQUENCE, &inner))
		return cs_fail(err, CS_MALFORMED, "%s: neither DER nor PEM", path);
	if (pki_der_is(inner, PKI_SEQUENCE)) {
		ret->is_certificate = true;
		if (pki_cert_read(arena, der, &ret->info, &ignored) == CS_OK)
			ret->tbs = ret->info.tbs;
		else if (!pki_der_take_whole(&inner, PKI_SEQUENCE, &ret->tbs))
			return cs_fail(err, CS_MALFORMED, "%s: not a certificate", path);
	}
	return CS_OK;
}

/* The profile that its reserved policy names; for Legacy, its type's Multipurpose. */
static const struct smime_profile *
profile_of(struct cs_arena *arena, const struct subject *subject)
{
	const char *const *policies = subject->info.policies;

	for (; policies != NULL && *policies != NULL; policies++) {
		char *oid = cs_arena_strdup(arena, *policies);
		const size_t len = strlen(oid);

		if (strncmp(oid, "2.23.140.1.5.", 13) != 0)
			continue;
		if (len == 16 && strcmp(oid + 14, ".1") == 0)
			oid[15] = '2';
		if (smime_profile_of_policy(oid) != NULL)
			return smime_profile_of_policy(oid);
	}
	return NULL;
}

static int
print_findings(
    const struct pki_lint_result *result, const char *profile, const char *day, bool as_json)
{
	json_t *list = json_array();

	for (size_t i = 0; i < result->n; i++) {
		const struct pki_lint_finding *f = &result->findings[i];

		if (as_json)
			(void)json_array_append_new(
			    list, json_pack("{s:s, s:s, s:s, s:s}", "lint", f->id, "severity",
				      pki_lint_severity_name(f->severity), "clause", f->clause,
				      "text", f->text));
		else
			(void)printf("%-8s %-33s %s (%s)\n", pki_lint_severity_name(f->severity),
			    f->id, f->text, f->clause);
	}
	if (as_json)
		put_json(json_pack("{s:s, s:s, s:s, s:I, s:I, s:o}", "version", pki_lint_version(),
		    "profile", profile, "date", day, "errors", (json_int_t)result->errors,
		    "warnings", (json_int_t)result->warnings, "findings", list));
	else {
		(void)printf("%s, as made on %s: %zu errors, %zu warnings\n", profile, day,
		    result->errors, result->warnings);
		json_decref(list);
	}
	return result->errors == 0 ? DONE : REFUSED;
}

static int
run_lint(struct args *args)
{
	const bool as_json = args_flag(args, "--json");
	const char *name = args_option(args, "--profile", NULL);
	const char *date = args_option(args, "--date", NULL);
	const char *path = args_word(args);
	struct subject subject = { 0 };
	struct cs_err err;
	char day[DAYS_TEXT];

	if (path == NULL || !args_end(args))
		return usage(args);
	if (read_subject(args->arena, path, &subject, &err))
		return could_not(&err);
	int64_t at_ms =
	    subject.info.not_before_s > 0 ? subject.info.not_before_s * 1000 : cs_now_ms();
	if (date != NULL && !days_parse(date, &at_ms))
		return COULD_NOT_RUN;
	const struct smime_profile *profile =
	    name != NULL ? smime_profile_find(name) : profile_of(args->arena, &subject);
	if (profile == NULL) {
		(void)fprintf(stderr,
		    "csctl: %s; give one of \"csctl profile list\" by --profile\n",
		    name != NULL ? "no profile of this name"
				 : "no reserved policy says which profile this is");
		return COULD_NOT_RUN;
	}
	const struct pki_lint_profile lint = gate_lint_profile(args->arena, profile, NULL);
	const struct pki_lint_result result =
	    pki_lint(args->arena, subject.tbs, &lint, at_ms / 1000);
	days_format(at_ms, day);
	return print_findings(&result, profile->name, day, as_json);
}

const struct command lint_commands[] = {
	{ "lint list", "[--json]",
	    "the lints: id, severity, in force from and until, clause, what they find", run_list },
	{ "lint", "FILE [--profile NAME] [--date YYYY-MM-DD] [--json]",
	    "judges a certificate, or a TBSCertificate, by the rules of the day that it was made on",
	    run_lint },
	{ 0 },
};
