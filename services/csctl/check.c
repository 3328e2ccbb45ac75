/* SPDX-License-Identifier: Apache-2.0 */
/* check.c: one-shot diagnoses by the very code of the services; they need no running system. */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "csctl.h"
#include "dns/caa.h"
#include "pki/csr.h"
#include "probe/probe.h"
#include "smime/address.h"
#include "smime/domain.h"
#include "smime/method.h"
#include "smime/terms.h"
#include "verdict.h"

#define INPUT_MAX (1024 * 1024)
#define RECORDS_MAX (16 * INPUT_MAX) /* of sets of CAA records */
#define ISSUERS_MAX SMIME_TERMS_NAMES
#define SEEN_MAX 320

enum cs_code
read_input(
    struct cs_arena *arena, const char *path, size_t max, struct cs_span *ret, struct cs_err *err)
{
	int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	uint8_t *data = cs_arena_alloc(arena, max + 1);
	size_t len = 0;
	ssize_t n = 0;

	if (fd < 0)
		return cs_fail(err, CS_NOT_FOUND, "%s: %s", path, strerror(errno));
	while (len <= max && (n = read(fd, data + len, max + 1 - len)) > 0)
		len += (size_t)n;
	if (fd != STDIN_FILENO)
		(void)close(fd);
	if (n < 0)
		return cs_fail(err, CS_INTERNAL, "%s: %s", path, strerror(errno));
	*ret = cs_span_of(data, len);
	return CS_OK;
}

/* What was judged, as far as a terminal can show it. */
static json_t *
seen_text(struct cs_arena *arena, struct cs_span text)
{
	return json_pack("{s:[s]}", "seen", cs_escape(arena, text, SEEN_MAX));
}

/* ---- csr ---- */

static json_t *
seen_octets(struct cs_span text)
{
	return json_pack("{s:{s:I}}", "seen", "octets", (json_int_t)text.len);
}

static int
run_csr(struct args *args)
{
	bool as_json = args_flag(args, "--json");
	unsigned flags = args_flag(args, "--eddsa") ? PKI_ALLOW_EDDSA : 0;
	const char *path = args_word(args);
	struct cs_refusal why = { .code = "accepted", .clause = "RFC 2986; SBR 6.1.5" };
	struct cs_err err;
	struct cs_span text;
	struct pki_csr csr;

	if (path == NULL || !args_end(args))
		return usage(args);
	if (read_input(args->arena, path, INPUT_MAX, &text, &err))
		return could_not(&err);
	if (!pki_csr_read(args->arena, text, flags, &csr, &why))
		return verdict_print(as_json, false, "refuse", &why, seen_octets(text));
	json_t *seen = seen_octets(text), *mailboxes = json_array();
	const char *digest = cs_hex(args->arena, cs_span_of(csr.key.spki_sha256, 32));

	for (size_t i = 0; i < csr.n_mailboxes; i++)
		(void)json_array_append_new(mailboxes, json_string(csr.mailboxes[i]));
	(void)json_object_set_new(seen, "key", json_string(pki_key_name(&csr.key)));
	(void)json_object_set_new(seen, "signature", json_string(csr.signature_algorithm));
	(void)json_object_set_new(seen, "spki_sha256", json_string(digest));
	(void)json_object_set_new(seen, "mailboxes", mailboxes);
	return verdict_print(as_json, true, "accept", &why, seen);
}

/* ---- address ---- */

/* As intake judges it, but with names of documentation, which it takes in test mode only. */
static int
run_address(struct args *args)
{
	bool as_json = args_flag(args, "--json");
	const char *word = args_word(args);
	struct cs_refusal why = { .code = "accepted", .clause = "RFC 5321 4.1.2; RFC 6532 3.2" };
	struct smime_address address;
	struct smime_psl *psl;
	struct cs_err err;
	struct cs_span text;

	if (word == NULL || !args_end(args))
		return usage(args);
	text = cs_span_str(word);
	if (strcmp(word, "-") == 0 && read_input(args->arena, "-", INPUT_MAX, &text, &err))
		return could_not(&err);
	json_t *seen = seen_text(args->arena, text);

	if (smime_psl_load(NULL, &psl, &err)) {
		json_decref(seen);
		return could_not(&err);
	}
	bool good = smime_address_parse(args->arena, text, &address, &why) &&
		    smime_domain_judge(args->arena, address.domain, psl, 0, &why);

	smime_psl_free(psl);
	if (!good)
		return verdict_print(as_json, false, "refuse", &why, seen);
	(void)json_object_set_new(seen, "canonical", json_string(address.canonical));
	(void)json_object_set_new(seen, "domain", json_string(address.domain));
	(void)json_object_set_new(seen, "certified_as",
	    json_string(address.utf8_local ? "SmtpUTF8Mailbox" : "rfc822Name"));
	return verdict_print(as_json, true, "accept", &why, seen);
}

/* ---- caa and domain ---- */

struct looking {
	struct event_base *base;
	struct cs_arena *arena;
	struct probe_finding finding;
	bool done;
};

static void
on_found(void *arg, const struct probe_finding *finding)
{
	struct looking *looking = arg;

	looking->finding = *finding;
	looking->done = true;
	(void)event_base_loopbreak(looking->base);
}

static json_t *
texts_json(const struct claim_texts *texts)
{
	json_t *array = json_array();

	for (size_t i = 0; i < texts->n; i++)
		(void)json_array_append_new(array, json_string(texts->items[i]));
	return array;
}

static json_t *
lookups_json(const struct probe_finding *finding)
{
	json_t *array = json_array();

	for (size_t i = 0; i < finding->n_lookups; i++) {
		const struct claim_lookup *lookup = &finding->lookups[i];

		(void)json_array_append_new(
		    array, json_pack("{s:s, s:s, s:i, s:s, s:s}", "name", lookup->name, "type",
			       lookup->type, "rcode", (int)lookup->rcode, "dnssec",
			       claim_dnssec_name(lookup->security), "why", lookup->why));
	}
	return array;
}

static int
print_finding(const struct looking *looking, bool as_json, bool is_caa)
{
	const struct probe_finding *finding = &looking->finding;
	bool good = finding->outcome == CLAIM_PROVED;
	struct cs_refusal why = {
		.code = finding->reason, .clause = finding->clause, .text = finding->text
	};
	json_t *seen = json_object();

	(void)json_object_set_new(
	    seen, "outcome", json_string(claim_outcome_name(finding->outcome)));
	(void)json_object_set_new(
	    seen, "dnssec", json_string(claim_dnssec_name(finding->security)));
	(void)json_object_set_new(seen, "found_at", json_string(finding->found_at));
	(void)json_object_set_new(seen, "ttl", json_integer(finding->ttl_s));
	(void)json_object_set_new(seen, "seen", texts_json(&finding->seen));
	(void)json_object_set_new(seen, "lookups", lookups_json(finding));
	if (finding->detail[0] != '\0')
		(void)json_object_set_new(seen, "detail", json_string(finding->detail));
	if (is_caa)
		return verdict_print(as_json, good, good ? "allow" : "deny", &why, seen);
	return verdict_print(as_json, good, good ? "accept" : "refuse", &why, seen);
}

/* Options that both kinds of look have in common. */
static struct probe_settings
probe_options(struct args *args)
{
	return (struct probe_settings){
		.root_hints_file = args_option(args, "--root-hints", NULL),
		.anchor_file = args_option(args, "--anchor", "/usr/share/dns/root.key"),
		.forward = args_option(args, "--forward", NULL),
		.public_nets = args_option(args, "--test-public-nets", ""),
		.test_mode = args_flag(args, "--test-mode"),
	};
}

/* Name servers of a test stack are on loopback; whoever names its hints or a forwarder means them. */
static int
look(struct args *args, struct probe_settings *settings, const struct claim_check *check,
    enum probe_tag tag, bool as_json)
{
	struct looking looking = { .base = event_base_new(), .arena = args->arena };
	struct probe *probe;
	struct cs_err err;
	int status = COULD_NOT_RUN;

	cs_assert(looking.base != NULL);
	settings->test_mode |= settings->root_hints_file != NULL || settings->forward != NULL ||
			       settings->public_nets[0] != '\0';
	if (probe_open(settings, looking.base, &probe, &err)) {
		event_base_free(looking.base);
		return could_not(&err);
	}
	if (check->kind == CLAIM_CAA)
		probe_caa(probe, check, tag, args->arena, on_found, &looking);
	else
		probe_start(probe, check, args->arena, on_found, &looking);
	while (!looking.done && event_base_dispatch(looking.base) == 0)
		continue;
	if (looking.done)
		status = print_finding(&looking, as_json, check->kind == CLAIM_CAA);
	probe_close(probe);
	event_base_free(looking.base);
	return status;
}

static bool
tag_of(const char *name, enum probe_tag *ret)
{
	static const char *const names[] = {
		[PROBE_ISSUEMAIL] = "issuemail",
		[PROBE_ISSUE] = "issue",
		[PROBE_ISSUEWILD] = "issuewild",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], name) == 0) {
			*ret = (enum probe_tag)i;
			return true;
		}
	}
	return false;
}

/* A name that cannot be looked up is refused like any other input. */
static int
refuse_domain(struct args *args, bool as_json, const char *verdict, const char *domain,
    const struct cs_refusal *why)
{
	return verdict_print(
	    as_json, false, verdict, why, seen_text(args->arena, cs_span_str(domain)));
}

static size_t
issuer_options(struct args *args, const char *issuers[static ISSUERS_MAX])
{
	size_t n = 0;

	for (const char *issuer; n < ISSUERS_MAX; n++) {
		issuer = args_option(args, "--issuer", NULL);
		if (issuer == NULL)
			break;
		issuers[n] = issuer;
	}
	return n;
}

/* "--method" as often as it is there.  False: one of them is none of ours. */
static bool
read_methods(struct args *args, const struct smime_method **methods, struct smime_terms *terms)
{
	const char *name;

	terms->methods = methods;
	while ((name = args_option(args, "--method", NULL)) != NULL) {
		const struct smime_method *method = smime_method_find(name);

		if (method == NULL || terms->n_methods == SMIME_TERMS_METHODS)
			return false;
		methods[terms->n_methods++] = method;
	}
	return true;
}

/* For whom and for which methods CAA is read, as a plan would say it. */
static bool
read_terms(struct args *args, struct cs_span *ret)
{
	const struct smime_method *methods[SMIME_TERMS_METHODS];
	const char *issuers[ISSUERS_MAX];
	struct smime_terms terms = { .issuers = issuers,
		.account_uri = args_option(args, "--account", ""),
		.n_issuers = issuer_options(args, issuers) };

	return read_methods(args, methods, &terms) && smime_terms_write(args->arena, &terms, ret);
}

static int
run_caa(struct args *args)
{
	struct claim_check check = { .kind = CLAIM_CAA, .method = "caa-issuemail" };
	bool as_json = args_flag(args, "--json");
	enum probe_tag tag;
	struct cs_refusal why;
	struct probe_settings settings = probe_options(args);

	if (!tag_of(args_option(args, "--tag", "issuemail"), &tag) ||
	    !read_terms(args, &check.expected))
		return usage(args);
	const char *domain = args_word(args);

	if (domain == NULL || !args_end(args))
		return usage(args);
	if (!smime_domain_spell(args->arena, cs_span_str(domain), &check.target, &why))
		return refuse_domain(args, as_json, "deny", domain, &why);
	return look(args, &settings, &check, tag, as_json);
}

/* A method of the table by its name; "txt" and "file" are short for the first two that people use. */
static const struct smime_method *
method_of(const char *name)
{
	const struct smime_method *method;

	if (strcmp(name, "txt") == 0)
		name = "dns-txt";
	else if (strcmp(name, "file") == 0)
		name = "http-file";
	method = smime_method_find(name);
	return method != NULL && method->target == SMIME_TARGET_DOMAIN ? method : NULL;
}

/* A name that anybody may prove; false: it was printed why not, or *ret_status says that it is not known. */
static bool
good_domain(
    struct args *args, bool as_json, const char *domain, const char **ret_name, int *ret_status)
{
	struct smime_psl *psl;
	struct cs_refusal why;
	struct cs_err err;

	if (smime_psl_load(NULL, &psl, &err)) {
		*ret_status = could_not(&err);
		return false;
	}
	bool good = smime_domain_spell(args->arena, cs_span_str(domain), ret_name, &why) &&
		    smime_domain_judge(args->arena, *ret_name, psl, 0, &why);

	smime_psl_free(psl);
	if (!good)
		*ret_status = refuse_domain(args, as_json, "refuse", domain, &why);
	return good;
}

/* ---- records that are given ---- */

/* RDATA in hexadecimal; "-" is none at all. */
static bool
read_rdata(struct cs_arena *arena, const char *word, struct cs_span *ret)
{
	const size_t len = strlen(word) / 2;
	uint8_t *octets = cs_arena_alloc(arena, len + 1);

	if (strcmp(word, "-") != 0 && !cs_hex_decode(word, octets, len))
		return false;
	*ret = cs_span_of(octets, strcmp(word, "-") == 0 ? 0 : len);
	return true;
}

static bool
judge_line(struct cs_arena *arena, const struct caa_question *question, char *line)
{
	const size_t most = strlen(line) / 2 + 1;
	struct dns_record *records = CS_NEW_ARRAY(arena, most, struct dns_record);
	struct caa_decision decision;
	size_t n = 0;

	for (char *word = strsep(&line, " "); word != NULL; word = strsep(&line, " "))
		if (word[0] != '\0' && !read_rdata(arena, word, &records[n++].rdata))
			return false;
	caa_decide(arena, question, records, n, &decision);
	(void)printf("%s %s %s\n", caa_finding_name(decision.finding),
	    caa_reason_name(decision.reason), decision.detail);
	return true;
}

/* A set a line, with what memory it needs; the first that cannot be read ends it. */
static int
judge_lines(struct args *args, struct cs_span text, const struct caa_question *question)
{
	char *rest = cs_arena_strndup(args->arena, (const char *)text.data, text.len), *line;

	for (size_t number = 1; rest[0] != '\0'; number++) {
		struct cs_arena *arena = cs_arena_new();

		line = strsep(&rest, "\n");
		bool good = judge_line(arena, question, line);

		cs_arena_free(arena);
		if (!good) {
			(void)fprintf(stderr, "csctl: line %zu is not hexadecimal RDATA\n", number);
			return COULD_NOT_RUN;
		}
		if (rest == NULL)
			break;
	}
	return DONE;
}

static int
run_caa_records(struct args *args)
{
	struct caa_method methods[SMIME_TERMS_METHODS];
	struct smime_terms terms;
	enum probe_tag tag;
	struct cs_span written, text;
	struct cs_err err;

	if (!tag_of(args_option(args, "--tag", "issuemail"), &tag) || !read_terms(args, &written) ||
	    !smime_terms_read(args->arena, written, &terms))
		return usage(args);
	const char *path = args_word(args);

	if (path == NULL || !args_end(args))
		return usage(args);
	if (read_input(args->arena, path, RECORDS_MAX, &text, &err))
		return could_not(&err);
	for (size_t i = 0; i < terms.n_methods; i++)
		methods[i] =
		    (struct caa_method){ terms.methods[i]->name, terms.methods[i]->caa_labels };
	return judge_lines(args, text,
	    &(struct caa_question){ .tag = tag == PROBE_ISSUEMAIL ? CAA_ISSUEMAIL
					   : tag == PROBE_ISSUE   ? CAA_ISSUE
								  : CAA_ISSUEWILD,
		.issuers = terms.issuers,
		.issuers_len = terms.n_issuers,
		.account_uri = terms.account_uri[0] != '\0' ? terms.account_uri : NULL,
		.methods = methods,
		.methods_len = terms.n_methods });
}

static int
run_domain(struct args *args)
{
	const char *issuers[ISSUERS_MAX];
	struct claim_check check = { .kind = CLAIM_DOMAIN, .issuer_domains = { issuers, 0 } };
	bool as_json = args_flag(args, "--json");
	struct probe_settings settings = probe_options(args);
	const struct smime_method *method = method_of(args_option(args, "--method", ""));
	int status = COULD_NOT_RUN;

	check.expected = cs_span_str(args_option(args, "--value", ""));
	check.enterprise = args_option(args, "--enterprise", "");
	check.issuer_domains.n = issuer_options(args, issuers);
	const char *domain = args_word(args);
	bool by_account = check.issuer_domains.n > 0 && check.enterprise[0] != '\0';

	if (domain == NULL || method == NULL || (check.expected.len == 0 && !by_account) ||
	    !args_end(args))
		return usage(args);
	check.method = method->name;
	if (!good_domain(args, as_json, domain, &check.target, &status))
		return status;
	return look(args, &settings, &check, PROBE_ISSUEMAIL, as_json);
}

static int
run_mail_route(struct args *args)
{
	struct claim_check check = { .kind = CLAIM_MAILBOX, .method = "mail-route" };
	bool as_json = args_flag(args, "--json");
	struct probe_settings settings = probe_options(args);
	const char *domain = args_word(args);
	int status = COULD_NOT_RUN;

	if (domain == NULL || !args_end(args))
		return usage(args);
	if (!good_domain(args, as_json, domain, &check.target, &status))
		return status;
	return look(args, &settings, &check, PROBE_ISSUEMAIL, as_json);
}

const struct command check_commands[] = {
	{ "check csr", "FILE|- [--eddsa] [--json]", "judges a certificate signing request",
	    run_csr },
	{ "check address", "ADDRESS|- [--json]", "judges a mail address", run_address },
	{ "check caa",
	    "DOMAIN [--tag issuemail|issue|issuewild] [--issuer NAME]... [--account URI]"
	    " [--method NAME]... [--root-hints FILE] [--anchor FILE] [--forward ADDR[@PORT]]"
	    " [--test-public-nets CIDR,...] [--json]",
	    "looks up whether CAA permits these issuers, and how DNSSEC stands", run_caa },
	{ "check caa-records",
	    "FILE|- [--tag issuemail|issue|issuewild] [--issuer NAME]... [--account URI]"
	    " [--method NAME]...",
	    "judges CAA records that are given: RDATA in hexadecimal, a set a line",
	    run_caa_records },
	{ "check domain",
	    "DOMAIN --method NAME [--value V] [--issuer NAME]... [--enterprise NAME]"
	    " [--root-hints FILE] [--anchor FILE] [--forward ADDR[@PORT]]"
	    " [--test-public-nets CIDR,...] [--json]",
	    "looks for one method's proof, as the validator does (dns-txt, http-file, ...)",
	    run_domain },
	{ "check mail-route",
	    "DOMAIN [--root-hints FILE] [--anchor FILE] [--forward ADDR[@PORT]] [--json]",
	    "looks up where the mail of a domain goes", run_mail_route },
	{ NULL, NULL, NULL, NULL },
};
