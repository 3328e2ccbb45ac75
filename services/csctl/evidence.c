/* SPDX-License-Identifier: Apache-2.0 */
/* evidence.c: the evidence pack of a certificate: made from the database, judged again without one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "bundle.h"
#include "csctl.h"
#include "pki/cert.h"
#include "pki/ed25519.h"
#include "pki/file.h"
#include "pki/hash.h"
#include "pki/pem.h"
#include "proof.h"
#include "rejudge.h"
#include "store.h"
#include "store_audit.h"
#include "store_evidence.h"
#include "trusted.h"
#include "wire.h"

#define TRUST_MAX ((size_t)1024 * 1024)
#define CHAIN_OCTETS_MAX 65536

/* Where answers are kept; the signer's schema is its own. */
static const char *const archives[] = { "caa_dnssec", "domain_validator", "mailbox_validator" };

#define ARCHIVES (sizeof(archives) / sizeof(archives[0]))

/* NULL: neither is there, and it was said. */
static const char *
trust_option(struct args *args)
{
	const char *path = args_option(args, "--trust", NULL);

	return path != NULL ? path : setting("CS_TRUST_FILE", "or --trust FILE: the trust table");
}

static const char *
approvers_option(struct args *args)
{
	const char *path = args_option(args, "--approvers", NULL);

	return path != NULL ? path
			    : setting("CS_APPROVERS_FILE",
				  "or --approvers FILE: the approvers' public keys");
}

/* ---- export ---- */

struct exporting {
	struct args *args;
	struct cs_arena *arena;
	struct db *db;
	const char *trust_path, *approvers_path, *chain_path;
	struct bundle *pack;
	const struct audit_record *judged;
};

static enum cs_code
export_log(struct exporting *x, struct cs_err *err)
{
	struct bundle *pack = x->pack;
	struct store_audit *audits;

	if (store_audit_of(
		x->db, x->arena, pack->request, BUNDLE_RECORDS_MAX, &audits, &pack->n_records, err))
		return err->code;
	pack->records = CS_NEW_ARRAY(x->arena, pack->n_records, struct audit_record);
	pack->paths = CS_NEW_ARRAY(x->arena, pack->n_records, struct audit_proof);
	for (size_t i = 0; i < pack->n_records; i++)
		pack->records[i] = audits[i].record;
	x->judged = rejudge_judgement(pack);
	if (x->judged == NULL)
		return cs_fail(err, CS_NOT_FOUND, "the signer has judged no such request");
	return CS_OK;
}

/* All by one head, over the last of them. */
static enum cs_code
export_paths(struct exporting *x, struct cs_err *err)
{
	struct bundle *pack = x->pack;
	const int64_t last = pack->records[pack->n_records - 1].seq;

	if (store_audit_newest(x->db, x->arena, (uint64_t)last, &pack->head, err))
		return err->code;
	for (size_t i = 0; i < pack->n_records; i++) {
		if (trusted_prove(x->db, x->arena, pack->records[i].seq, pack->head.size,
			&pack->paths[i], err))
			return err->code;
	}
	return CS_OK;
}

/* Is it the one that the record of the judgement names under this key? */
static enum cs_code
as_judged(
    struct exporting *x, const char *key, const struct gate_received *statement, struct cs_err *err)
{
	const char *said = proof_field(x->arena, x->judged->detail, key);
	uint8_t digest[CLAIM_DIGEST];

	claim_envelope_sha256(statement->envelope, digest);
	if (said == NULL || strcmp(said, cs_hex(x->arena, cs_span_of(digest, CLAIM_DIGEST))) != 0)
		return cs_fail(err, CS_NOT_FOUND, "the %s that was judged is not there", key);
	return CS_OK;
}

/* The certificate that the request follows, if it names one. */
static enum cs_code
export_previous(struct exporting *x, struct cs_err *err)
{
	struct gate_key key;

	if (!gate_asks(x->arena, x->pack->statements[CLAIM_REQUEST - 1].envelope, &key,
		&x->pack->previous))
		return cs_fail(err, CS_INTERNAL, "the request cannot be read");
	if (cs_id_is_zero(x->pack->previous.request))
		return CS_OK;
	return store_previous(x->db, x->arena, &x->pack->previous, err);
}

/* The SHA-256 by which the record of the judgement names one of the three. */
static enum cs_code
named(const struct exporting *x, const char *key, struct cs_span *ret, struct cs_err *err)
{
	const char *said = proof_field(x->arena, x->judged->detail, key);
	uint8_t *digest = cs_arena_alloc(x->arena, CLAIM_DIGEST);

	*ret = cs_span_of(digest, CLAIM_DIGEST);
	return said != NULL && cs_hex_decode(said, digest, CLAIM_DIGEST)
		   ? CS_OK
		   : cs_fail(err, CS_INTERNAL, "the record of the judgement names no %s", key);
}

/* A request that is approved in itself is the approval too. */
static enum cs_code
export_statements(struct exporting *x, struct cs_err *err)
{
	struct gate_received *statements = x->pack->statements;
	struct cs_span plan, request;
	struct gate_case c;

	if (named(x, "plan", &plan, err) || named(x, "request", &request, err) ||
	    store_final_plan(x->db, x->arena, x->pack->request, plan, request, &c, err) ||
	    as_judged(x, "request", &c.request, err) || as_judged(x, "approval", &c.approval, err))
		return err->code;
	statements[CLAIM_REQUEST - 1] = c.request;
	statements[CLAIM_APPROVAL - 1] = c.approval;
	statements[CLAIM_PLAN - 1] = c.plan;
	return CS_OK;
}

static bool
is_case(struct exporting *x)
{
	const char *said = proof_field(x->arena, x->judged->detail, "case");
	struct gate_rules rules = { .issuer_domains = x->pack->issuer_domains };
	uint8_t digest[CLAIM_DIGEST];
	struct claim_plan plan;
	struct gate_case c;

	if (said == NULL || !rejudge_case(x->arena, x->pack, &c, &plan))
		return false;
	gate_case_sha256(x->arena, &rules, &c, &plan, digest);
	return strcmp(said, cs_hex(x->arena, cs_span_of(digest, sizeof(digest)))) == 0;
}

/* What the registry of keys and the lists said then is one of a few: the record says which. */
static bool
is_some_case(struct exporting *x)
{
	struct bundle *pack = x->pack;

	for (unsigned way = 0; way < 4; way++) {
		pack->key_was_theirs = (way & 1) != 0;
		pack->previous.revoked = (way & 2) != 0;
		if (is_case(x))
			return true;
	}
	return false;
}

/* Of a denial the time of receipt is not weighed: see rejudge_is_denial(). */
static void
settle_times(struct exporting *x, const struct claim_plan *plan)
{
	struct bundle *pack = x->pack;

	for (size_t i = 0; i < pack->n_evidence; i++) {
		struct gate_evidence evidence = { .received = pack->evidence[i] };

		claim_envelope_sha256(pack->evidence[i].envelope, evidence.sha256);
		if (claim_open_evidence(x->arena, NULL, pack->evidence[i].envelope, 0, &evidence.e,
			NULL) == CS_OK &&
		    rejudge_is_denial(&evidence, pack->request, plan))
			pack->evidence[i].received_ms = evidence.e.checked_at_ms;
	}
}

/*
 * What was received last may have been stored when the signer had looked already: without those it is the
 * case that it weighed.
 */
static enum cs_code
export_evidence(struct exporting *x, struct cs_err *err)
{
	struct bundle *pack = x->pack;
	struct cs_span *sha256s, *checks;
	struct claim_plan plan;

	if (claim_open_plan(
		x->arena, NULL, pack->statements[CLAIM_PLAN - 1].envelope, 0, &plan, err))
		return err->code;
	pack->rules = plan.rules_version;
	sha256s = CS_NEW_ARRAY(x->arena, plan.n_checks, struct cs_span);
	checks = CS_NEW_ARRAY(x->arena, plan.n_checks, struct cs_span);
	for (size_t i = 0; i < plan.n_checks; i++) {
		sha256s[i] = cs_span_of(plan.checks[i].standing_sha256, CLAIM_DIGEST);
		checks[i] = cs_span_of(plan.checks[i].digest, CLAIM_DIGEST);
	}
	if (store_weighed(x->db, x->arena, pack->request, sha256s, plan.n_checks, checks,
		plan.n_checks, x->judged->at_ms, &pack->evidence, &pack->n_evidence, err))
		return err->code;
	if (pack->n_evidence > BUNDLE_EVIDENCE_MAX)
		return cs_fail(err, CS_INTERNAL, "more than %d evidence", BUNDLE_EVIDENCE_MAX);
	settle_times(x, &plan);
	while (!is_some_case(x)) {
		if (pack->n_evidence == 0)
			return cs_fail(err, CS_INTERNAL,
			    "the database does not have what the signer weighed, or CS_ISSUER_DOMAINS"
			    " is another list than then");
		pack->n_evidence--;
	}
	return CS_OK;
}

/* ---- export: DNS answers ---- */

static bool
has_answer(const struct bundle *pack, struct cs_span octets)
{
	for (size_t i = 0; i < pack->n_answers; i++)
		if (cs_span_equal(pack->answers[i].octets, octets))
			return true;
	return false;
}

static enum cs_code
add_answer(struct exporting *x, struct cs_span sha256, struct cs_err *err)
{
	struct store_answer kept;

	for (size_t i = 0; i < ARCHIVES; i++) {
		if (store_use_schema(x->db, x->arena, archives[i], err))
			return err->code;
		const enum cs_code code = store_answer(x->db, x->arena, sha256, &kept, err);

		if (code == CS_NOT_FOUND)
			continue;
		if (code != CS_OK)
			return code;
		if (x->pack->n_answers == BUNDLE_ANSWERS_MAX)
			return cs_fail(err, CS_INTERNAL, "too many DNS answers");
		if (!has_answer(x->pack, kept.octets))
			x->pack->answers[x->pack->n_answers++] =
			    (struct bundle_answer){ kept.name, kept.type, kept.octets };
		return CS_OK;
	}
	return CS_OK; /* swept, or never ours: whoever judges the pack says whether it matters */
}

static enum cs_code
export_answers(struct exporting *x, struct cs_err *err)
{
	struct claim_plan plan;
	struct gate_case c;

	if (!rejudge_case(x->arena, x->pack, &c, &plan))
		return cs_fail(err, CS_INTERNAL, "evidence cannot be read");
	x->pack->answers = CS_NEW_ARRAY(x->arena, BUNDLE_ANSWERS_MAX, struct bundle_answer);
	for (size_t i = 0; i < c.n_evidence; i++) {
		const struct claim_evidence *e = &c.evidence[i].e;

		for (size_t k = 0; k < e->n_lookups; k++)
			if (e->lookups[k].wire_sha256.len > 0 &&
			    add_answer(x, e->lookups[k].wire_sha256, err))
				return err->code;
	}
	return store_use_schema(x->db, x->arena, "signer", err);
}

/* ---- export: the certificate, and what was in force ---- */

static enum cs_code
chain_of_file(struct exporting *x, struct cs_err *err)
{
	struct cs_span text;
	const char *label, *why;

	if (pki_file_take(x->arena, x->chain_path, CHAIN_OCTETS_MAX, &text, err))
		return err->code;
	while (x->pack->n_chain < BUNDLE_CHAIN_MAX &&
	       pki_pem_next(x->arena, &text, &label, &x->pack->chain[x->pack->n_chain], &why))
		x->pack->n_chain++;
	return x->pack->n_chain > 0
		   ? CS_OK
		   : cs_fail(err, CS_MALFORMED, "%s: no certificate", x->chain_path);
}

/* As it was published; the outbox keeps it for a while. */
static enum cs_code
chain_of_event(struct exporting *x, struct cs_err *err)
{
	struct cs_span body;
	const enum cs_code code = store_issued_event(x->db, x->arena, x->pack->request, &body, err);

	if (code == CS_NOT_FOUND)
		return cs_fail(err, CS_NOT_FOUND,
		    "the outbox keeps the chain no longer: give it with --chain FILE");
	if (code != CS_OK)
		return code;
	return wire_chain(x->arena, body, x->pack->chain, BUNDLE_CHAIN_MAX, &x->pack->n_chain, err);
}

static enum cs_code
export_certificate(struct exporting *x, struct cs_err *err)
{
	x->pack->chain = CS_NEW_ARRAY(x->arena, BUNDLE_CHAIN_MAX, struct cs_span);
	if (store_certificate(x->db, x->arena, x->pack->request, &x->pack->certificate, err))
		return err->code;
	return x->chain_path != NULL ? chain_of_file(x, err) : chain_of_event(x, err);
}

static enum cs_code
export_trust(struct exporting *x, struct cs_err *err)
{
	struct bundle *pack = x->pack;
	const char *said = proof_field(x->arena, x->judged->detail, "trust");
	uint8_t digest[CLAIM_DIGEST];

	if (pki_file_take(x->arena, x->trust_path, TRUST_MAX, &pack->trust, err) ||
	    pki_file_take(x->arena, x->approvers_path, TRUST_MAX, &pack->approvers, err))
		return err->code;
	pki_sha256(pack->trust, digest);
	if (said == NULL ||
	    strstr(said, cs_hex(x->arena, cs_span_of(digest, sizeof(digest)))) == NULL)
		return cs_fail(err, CS_NOT_FOUND,
		    "%s is not the trust table that was in force, version %.10s: give that one with"
		    " --trust FILE",
		    x->trust_path, said != NULL ? said : "?");
	return CS_OK;
}

static enum cs_code
export_pack(struct exporting *x, struct cs_err *err)
{
	if (store_read_only(x->db, err) || store_use_schema(x->db, x->arena, "signer", err) ||
	    export_log(x, err) || export_trust(x, err) || export_statements(x, err) ||
	    export_previous(x, err) || export_evidence(x, err) || export_certificate(x, err) ||
	    export_paths(x, err) || export_answers(x, err))
		return err->code;
	x->pack->lint = proof_field(x->arena, x->judged->detail, "lint");
	return x->pack->lint != NULL ? CS_OK : cs_fail(err, CS_INTERNAL, "no version of the lints");
}

static struct claim_texts
split(struct cs_arena *arena, const char *list)
{
	struct claim_texts texts = { CS_NEW_ARRAY(arena, CLAIM_MAX_NAMES, const char *), 0 };

	for (const char *at = list; *at != '\0' && texts.n < CLAIM_MAX_NAMES;) {
		const size_t len = strcspn(at, ", ");

		if (len > 0)
			texts.items[texts.n++] = cs_arena_strndup(arena, at, len);
		at += len;
		at += strspn(at, ", ");
	}
	return texts;
}

/* A new file, or standard output. */
static enum cs_code
put(const char *path, struct cs_span octets, struct cs_err *err)
{
	if (path != NULL)
		return pki_file_write_new(path, octets.data, octets.len, err);
	if (fwrite(octets.data, 1, octets.len, stdout) != octets.len)
		return cs_fail(err, CS_INTERNAL, "the output cannot be written");
	return CS_OK;
}

static enum cs_code
run_exporting(struct exporting *x, const char *key_path, const char *out, struct cs_err *err)
{
	struct pki_ed25519 *key = NULL;
	const char *url = setting("CS_DATABASE_URL", "postgresql:// URL of countersign_observer");

	if (url == NULL)
		return cs_fail(err, CS_MALFORMED, "no database");
	if (key_path != NULL && pki_ed25519_load(key_path, &key, err))
		return err->code;
	enum cs_code code = db_open(url, "csctl", &x->db, err);

	if (code == CS_OK) {
		code = export_pack(x, err);
		if (code == CS_OK)
			code = put(out, bundle_write(x->arena, x->pack, key), err);
		db_close(x->db);
	}
	pki_ed25519_free(key);
	return code;
}

static int
run_export(struct args *args)
{
	struct bundle pack = { .lint = "", .rules = "" };
	struct exporting x = { .args = args, .arena = args->arena, .pack = &pack };
	const char *key = args_option(args, "--key", NULL), *out = args_option(args, "--out", NULL);
	const bool is_unsigned = args_flag(args, "--unsigned");
	const char *domains = setting("CS_ISSUER_DOMAINS", "the signer's list of names");
	struct cs_err err = { 0 };

	x.chain_path = args_option(args, "--chain", NULL);
	x.trust_path = trust_option(args);
	x.approvers_path = approvers_option(args);
	const char *word = args_word(args);

	if (word == NULL || domains == NULL || (key == NULL) != is_unsigned ||
	    x.trust_path == NULL || x.approvers_path == NULL || !args_end(args))
		return usage(args);
	pack.issuer_domains = split(args->arena, domains);
	if (cs_id_parse(word, &pack.request, &err) || run_exporting(&x, key, out, &err))
		return could_not(&err);
	if (is_unsigned)
		(void)fprintf(stderr, "csctl: nobody signed this pack\n");
	return DONE;
}

/* ---- verify ---- */

static void
add_step(struct rejudge *all, const char *name, bool holds, const char *text)
{
	all->steps[all->n++] = (struct rejudge_step){ name, holds, text };
	all->holds &= holds;
}

/* Whoever exported it vouches for nothing that is not proved below; the signature says who it was. */
static bool
signature_holds(struct cs_arena *arena, const struct claim_trust *trust, struct cs_span file,
    const struct bundle *pack, const char *keyid, struct rejudge *ret)
{
	uint8_t public_key[32];
	struct cs_err err;
	const int64_t at_ms = pack->head.at_ms; /* the pack is not older than its head */

	if (keyid == NULL) {
		add_step(ret, "exporter", true, "nobody signed this pack");
		return true;
	}
	if (claim_trust_key(trust, keyid, "evidence-pack", at_ms, at_ms, public_key, &err)) {
		add_step(ret, "exporter", false, cs_arena_strdup(arena, err.text));
		return false;
	}
	const bool good = bundle_signed_by(arena, file, public_key);

	add_step(ret, "exporter", good,
	    cs_arena_printf(
		arena, good ? "signed by key %s" : "the signature of key %s is wrong", keyid));
	return good;
}

static void
verify(struct cs_arena *arena, const struct claim_trust *trust, struct cs_span file,
    struct cs_span root, struct rejudge *ret)
{
	struct rejudge judged;
	const char *keyid;
	struct bundle pack;
	struct cs_err err;

	*ret = (struct rejudge){ .holds = true };
	if (bundle_read(arena, file, &pack, &keyid, &err)) {
		add_step(ret, "pack", false, cs_arena_strdup(arena, err.text));
		return;
	}
	if (!signature_holds(arena, trust, file, &pack, keyid, ret))
		return;
	rejudge(arena, &pack, trust, root, &judged);
	for (size_t i = 0; i < judged.n; i++)
		add_step(ret, judged.steps[i].name, judged.steps[i].holds, judged.steps[i].text);
}

static int
print_steps(struct cs_arena *arena, const struct rejudge *judged, bool as_json)
{
	json_t *list = json_array();

	for (size_t i = 0; i < judged->n; i++) {
		const struct rejudge_step *step = &judged->steps[i];
		const char *text = cs_escape(arena, cs_span_str(step->text), 4000);

		if (!as_json)
			(void)printf(
			    "%-4s %-11s %s\n", step->holds ? "yes" : "NO", step->name, text);
		(void)json_array_append_new(list, json_pack("{s:s, s:b, s:s}", "name", step->name,
						      "holds", step->holds, "text", step->text));
	}
	if (as_json) {
		json_t *value = json_pack("{s:b, s:O}", "holds", judged->holds, "steps", list);
		char *text = json_dumps(value, JSON_INDENT(2) | JSON_ENSURE_ASCII);

		(void)puts(text);
		free(text);
		json_decref(value);
	} else {
		(void)puts(judged->holds
			       ? "this certificate was rightly issued"
			       : "this does not prove that the certificate was rightly issued");
	}
	json_decref(list);
	return judged->holds ? DONE : REFUSED;
}

static enum cs_code
read_root(struct cs_arena *arena, const char *path, struct cs_span *ret, struct cs_err *err)
{
	struct cs_span text;

	*ret = (struct cs_span){ 0 };
	if (path == NULL)
		return CS_OK;
	const enum cs_code code = pki_file_take(arena, path, CHAIN_OCTETS_MAX, &text, err);
	return code != CS_OK ? code : pki_cert_from_pem(arena, text, ret, err);
}

static int
run_verify(struct args *args)
{
	const char *trust_path = trust_option(args), *approvers_path = approvers_option(args);
	const char *root_path = args_option(args, "--root", NULL);
	const bool as_json = args_flag(args, "--json");
	const char *path = args_word(args);
	struct claim_trust *trust;
	struct cs_span file, root;
	struct rejudge judged;
	struct cs_err err = { 0 };

	if (path == NULL || trust_path == NULL || approvers_path == NULL || !args_end(args))
		return usage(args);
	if (pki_file_take(args->arena, path, BUNDLE_OCTETS_MAX, &file, &err) ||
	    read_root(args->arena, root_path, &root, &err) ||
	    claim_trust_load(trust_path, approvers_path, &trust, &err))
		return could_not(&err);
	verify(args->arena, trust, file, root, &judged);
	claim_trust_free(trust);
	return print_steps(args->arena, &judged, as_json);
}

const struct command evidence_commands[] = {
	{ "evidence export",
	    "REQUEST [--key FILE | --unsigned] [--out FILE] [--trust FILE] [--approvers FILE] [--chain FILE]",
	    "writes the evidence pack of a certificate: everything that it rests on, in one file",
	    run_export },
	{ "evidence verify", "FILE [--trust FILE] [--approvers FILE] [--root FILE] [--json]",
	    "judges an evidence pack again, as of the day of issue, without a database or a network",
	    run_verify },
	{ NULL, NULL, NULL, NULL },
};
