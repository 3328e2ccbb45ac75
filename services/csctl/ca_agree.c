/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ca_agree.c: what no one may do alone: a root signs only octets that two approvers have signed before, and
 * the record shows for good who they were (SBR 4.3.1.1, 6.1.1.1).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/time.h"
#include "ca_tools.h"
#include "ceremony.h"
#include "pki/crl.h"
#include "pki/csr.h"
#include "pki/hash.h"

#define POLICIES_MAX 16

static const char *
approvers_file(void)
{
	return setting("CS_APPROVERS_FILE", "public keys of the approvers");
}

/* ---- showing ---- */

/* Whoever asks for the certificate showed that the key is theirs (SBR 3.2.1), and it is this key. */
static enum cs_code
is_of_request(
    struct cs_arena *arena, struct cs_span request, struct cs_span spki, struct cs_err *err)
{
	struct cs_refusal why;
	struct pki_csr csr;

	if (!pki_csr_read(arena, request, 0, &csr, &why))
		return cs_fail(err, CS_MALFORMED, "its request: %s", why.text);
	if (!cs_span_equal(csr.key.spki, spki))
		return cs_fail(err, CS_MALFORMED,
		    "it certifies another key than that of its request (SBR 3.2.1)");
	return CS_OK;
}

static const char *
octets_of(struct cs_arena *arena, const struct ceremony_proposal *p)
{
	uint8_t digest[PKI_SHA256];

	pki_sha256(p->tbs, digest);
	return cs_hex(arena, cs_span_of(digest, sizeof(digest)));
}

/* What shall be signed, by whom, and who agreed. */
static enum cs_code
show(struct args *args, const struct ceremony_proposal *p, bool bench, struct cs_err *err)
{
	struct pki_cert_info root, info;
	struct cs_refusal why;

	if (pki_cert_read(args->arena, p->root, &root, err))
		return err->code;
	if (!pki_ca_judge(args->arena, p->tbs, &root, bench, cs_now_ms() / 1000, &info, &why))
		return cs_fail(err, CS_MALFORMED, "%s (%s)", why.text, why.clause);
	if (is_of_request(args->arena, p->csr, info.spki, err))
		return err->code;
	(void)printf("to be signed: ");
	ca_print(args->arena, &info);
	(void)printf("by the key of: ");
	ca_print(args->arena, &root);
	(void)printf("octets %s\n", octets_of(args->arena, p));
	(void)printf("approved by %zu of %d:", p->names.n, CLAIM_APPROVALS);
	for (size_t i = 0; i < p->names.n; i++)
		(void)printf(" %s", p->names.items[i]);
	(void)printf("%s\n", p->names.n == 0 ? " nobody yet" : "");
	return CS_OK;
}

static enum cs_code
open_and_show(struct args *args, struct cs_span envelope, const char *approvers, bool bench,
    struct ceremony_proposal *ret, struct cs_err *err)
{
	if (ceremony_open(args->arena, envelope, approvers, ret, err))
		return err->code;
	return show(args, ret, bench, err);
}

/* ---- proposing ---- */

static void
take_subject(const struct pki_csr *csr, struct pki_ca_spec *spec)
{
	for (size_t i = 0; i < csr->n_subject; i++) {
		const struct pki_attribute *a = &csr->subject[i];

		if (strcmp(a->oid, "2.5.4.3") == 0)
			spec->common_name = a->value;
		else if (strcmp(a->oid, "2.5.4.10") == 0)
			spec->organization = a->value;
		else if (strcmp(a->oid, "2.5.4.6") == 0)
			spec->country = a->value;
	}
}

static void
take_spec(struct args *args, struct pki_ca_spec *spec)
{
	const char **policies = CS_NEW_ARRAY(args->arena, POLICIES_MAX + 1, const char *), *oid;
	size_t n = 0;

	while (n < POLICIES_MAX && (oid = args_option(args, "--policy", NULL)) != NULL)
		policies[n++] = oid;
	spec->policies = n > 0 ? policies : NULL;
	spec->crl_url = args_option(args, "--crl", NULL);
	spec->issuer_url = args_option(args, "--issuer-url", NULL);
	spec->client_auth = args_flag(args, "--client-auth");
	spec->ocsp = args_flag(args, "--ocsp");
	spec->for_bench = args_flag(args, "--bench");
}

static enum cs_code
propose(struct args *args, struct pki_ca_spec *spec, const char *root_path, bool pss,
    const struct pki_csr *csr, const char *out, struct cs_err *err)
{
	struct pki_cert_info root[8];
	struct cs_span tbs;
	size_t n;

	take_subject(csr, spec);
	if (ca_read_chain(args->arena, root_path, root, &n, err) ||
	    pki_ca_tbs(args->arena, spec, &root[0], pki_ca_sigalg(root[0].spki, pss), csr->key.spki,
		&tbs, err))
		return err->code;
	struct ceremony_proposal p = { .root = root[0].der, .tbs = tbs, .csr = csr->der };
	if (show(args, &p, spec->for_bench, err))
		return err->code;
	return ca_write_file(out, ceremony_propose(args->arena, p.root, p.tbs, p.csr), err);
}

static int
run_ca_propose(struct args *args)
{
	const char *root = args_option(args, "--root", NULL),
		   *csr_path = args_option(args, "--csr", NULL);
	const char *out = args_option(args, "--out", NULL),
		   *scheme = args_option(args, "--scheme", "pkcs1");
	struct pki_ca_spec spec = { .not_before_s = cs_now_ms() / 1000 };
	struct cs_err err = { 0 };
	struct cs_refusal why;
	struct cs_span text;
	struct pki_csr csr;
	uint32_t days = 8 * 365;

	if (!args_number(args, "--days", 1, 25 * 366, &days))
		return COULD_NOT_RUN;
	take_spec(args, &spec);
	spec.not_after_s = spec.not_before_s + days * CA_DAY_S - 1;
	if (root == NULL || csr_path == NULL || out == NULL || spec.crl_url == NULL ||
	    !args_end(args))
		return usage(args);
	if (ca_read_file(args->arena, csr_path, &text, &err))
		return could_not(&err);
	if (!pki_csr_read(args->arena, text, 0, &csr, &why)) {
		(void)fprintf(stderr, "csctl: %s: %s\n", csr_path, why.text);
		return REFUSED;
	}
	if (propose(args, &spec, root, strcmp(scheme, "pss") == 0, &csr, out, &err))
		return could_not(&err);
	return DONE;
}

/* ---- approving ---- */

/* The file is replaced as a whole: whoever reads it finds the old approvals or the new ones. */
static enum cs_code
replace(struct args *args, const char *path, struct cs_span octets, struct cs_err *err)
{
	const char *beside = cs_arena_printf(args->arena, "%s.new", path);

	if (ca_write_file(beside, octets, err))
		return err->code;
	if (rename(beside, path) != 0)
		return cs_fail(err, CS_INTERNAL, "%s: %m", path);
	return CS_OK;
}

/* `seen` NULL: nobody says what it was. */
static enum cs_code
is_what_was_seen(struct cs_arena *arena, const char *path, const struct ceremony_proposal *p,
    const char *seen, struct cs_err *err)
{
	if (seen == NULL || strcmp(seen, octets_of(arena, p)) == 0)
		return CS_OK;
	return cs_fail(
	    err, CS_CONFLICT, "%s: it has other octets than those that were shown", path);
}

static int
run_ca_approve(struct args *args)
{
	const char *approvers = approvers_file(), *key_file = args_option(args, "--key", NULL);
	const char *seen = args_option(args, "--octets", NULL);
	const bool bench = args_flag(args, "--bench");
	const char *path = args_word(args);
	struct ceremony_proposal p;
	struct cs_span envelope, approved;
	struct claim_key *key;
	struct cs_err err = { 0 };

	if (approvers == NULL)
		return COULD_NOT_RUN;
	if (path == NULL || key_file == NULL || !args_end(args))
		return usage(args);
	if (ca_read_file(args->arena, path, &envelope, &err) ||
	    ceremony_open(args->arena, envelope, approvers, &p, &err) ||
	    is_what_was_seen(args->arena, path, &p, seen, &err) ||
	    claim_key_load(key_file, &key, &err))
		return could_not(&err);
	enum cs_code code =
	    ceremony_approve(args->arena, envelope, approvers, key, &approved, &err);
	claim_key_free(key);
	if (code != CS_OK || open_and_show(args, approved, approvers, bench, &p, &err) ||
	    replace(args, path, approved, &err))
		return could_not(&err);
	return DONE;
}

/* ---- signing ---- */

static enum cs_code
sign(struct args *args, const struct ca_key_place *place, const struct ceremony_proposal *p,
    bool bench, struct cs_span *ret_der, struct cs_err *err)
{
	struct pki_issuer *root;

	if (p->names.n < CLAIM_APPROVALS)
		return cs_fail(err, CS_CONFLICT,
		    "approved by %zu: a root signs when %d have approved", p->names.n,
		    CLAIM_APPROVALS);
	enum cs_code code = pki_issuer_load(&place->files, &root, err);
	if (code != CS_OK)
		return code;
	if (!cs_span_equal(pki_issuer_certificate(root)->der, p->root))
		code = cs_fail(err, CS_CONFLICT, "it was proposed for another root");
	else
		code =
		    pki_ca_sign(args->arena, root, p->tbs, bench, cs_now_ms() / 1000, ret_der, err);
	pki_issuer_free(root);
	return code;
}

/* A root does not sign what could not be written: the same octets would be signed twice. */
static enum cs_code
is_free(struct args *args, const char *out, const char *suffix, struct cs_err *err)
{
	const char *path = cs_arena_printf(args->arena, "%s.%s.pem", out, suffix);

	if (access(path, F_OK) == 0)
		return cs_fail(err, CS_MALFORMED, "%s: is there already", path);
	return CS_OK;
}

/* OUT.cert.pem and OUT.chain.pem. */
static enum cs_code
write_signed(
    struct args *args, const char *out, struct cs_span der, struct cs_span root, struct cs_err *err)
{
	const char *own = pki_cert_pem(args->arena, der), *above = pki_cert_pem(args->arena, root);

	if (ca_write_file(cs_arena_printf(args->arena, "%s.cert.pem", out), cs_span_str(own), err))
		return err->code;
	return ca_write_file(cs_arena_printf(args->arena, "%s.chain.pem", out),
	    cs_span_str(cs_arena_printf(args->arena, "%s%s", own, above)), err);
}

static int
run_ca_sign(struct args *args)
{
	const char *approvers = approvers_file(), *out = args_option(args, "--out", NULL);
	const char *root = args_option(args, "--root", NULL),
		   *record = args_option(args, "--record", NULL);
	const bool bench = args_flag(args, "--bench");
	struct ceremony_proposal p;
	struct ca_key_place place;
	struct cs_err err = { 0 };
	struct cs_span envelope, der;

	if (approvers == NULL)
		return COULD_NOT_RUN;
	const bool placed = ca_take_place(args, &place);
	const char *path = args_word(args);
	if (!placed || path == NULL || out == NULL || root == NULL || record == NULL ||
	    !args_end(args))
		return usage(args);
	place.files.chain = root;
	if (is_free(args, out, "cert", &err) || is_free(args, out, "chain", &err) ||
	    ca_read_file(args->arena, path, &envelope, &err) ||
	    open_and_show(args, envelope, approvers, bench, &p, &err))
		return could_not(&err);
	if (sign(args, &place, &p, bench, &der, &err)) {
		(void)could_not(&err);
		return err.code == CS_CONFLICT ? REFUSED : COULD_NOT_RUN;
	}
	const struct ceremony_entry entry = { .what = "certificate",
		.at_ms = cs_now_ms(),
		.proposal = envelope,
		.request = p.csr,
		.certificate = der };
	if (ceremony_note(args->arena, record, &entry, &err) ||
	    write_signed(args, out, der, p.root, &err))
		return could_not(&err);
	(void)printf("signed: %s.cert.pem, %s.chain.pem, and a line of %s\n", out, out, record);
	return DONE;
}

/* ---- verifying ---- */

struct verifying {
	struct args *args;
	const char *approvers;
	bool bench;
	struct pki_cert_info *cas; /* roots and CAs seen so far */
	uint64_t *numbers;         /* of the last revocation list of each */
	size_t n;
	const char *said; /* what is to be said of this entry */
	struct cs_err *err;
};

static const struct pki_cert_info *
issuer_of(const struct verifying *v, const struct pki_cert_info *info)
{
	for (size_t i = 0; i < v->n; i++)
		if (pki_cert_signed_by(info, &v->cas[i]))
			return &v->cas[i];
	return NULL;
}

static enum cs_code
refuse(struct verifying *v, const char *why)
{
	return cs_fail(v->err, CS_MALFORMED, "%s", why);
}

static enum cs_code
verify_root(struct verifying *v, const struct ceremony_entry *entry)
{
	struct pki_cert_info *info = &v->cas[v->n];
	struct pki_key key;
	struct cs_refusal why;

	if (pki_cert_read(v->args->arena, entry->certificate, info, v->err))
		return v->err->code;
	if (!pki_cert_signed_by(info, info))
		return refuse(v, "the root's certificate is not signed by its own key");
	if (!pki_key_judge(info->spki, 0, &key, &why))
		return refuse(v, why.text);
	if (key.kind == PKI_KEY_RSA && key.bits < 4096 && !v->bench)
		return refuse(v, "an RSA key of a CA has 4096 bits or more (SBR 6.1.5)");
	v->n++;
	v->said = pki_key_name(&key);
	return CS_OK;
}

/* The request is in the record, and the certificate has its key. */
static enum cs_code
verify_request(struct verifying *v, struct cs_span request, struct cs_span spki)
{
	struct cs_refusal why;
	struct pki_csr csr;

	if (!pki_csr_read(v->args->arena, request, 0, &csr, &why))
		return refuse(v, why.text);
	if (spki.len > 0 && !cs_span_equal(csr.key.spki, spki))
		return refuse(v, "the certificate has another key than the request");
	v->said = cs_arena_strdup(v->args->arena, pki_key_name(&csr.key));
	return CS_OK;
}

static enum cs_code
verify_issued(struct verifying *v, const struct ceremony_entry *entry, struct pki_cert_info *info)
{
	struct pki_cert_info again;
	struct cs_refusal why;

	if (pki_cert_read(v->args->arena, entry->certificate, info, v->err))
		return v->err->code;
	const struct pki_cert_info *issuer = issuer_of(v, info);
	if (issuer == NULL)
		return refuse(v, "it is signed by no CA of this record");
	if (!pki_ca_judge(
		v->args->arena, info->tbs, issuer, v->bench, entry->at_ms / 1000, &again, &why))
		return refuse(v, cs_arena_printf(v->args->arena, "%s (%s)", why.text, why.clause));
	return verify_request(v, entry->request, info->spki);
}

static enum cs_code
verify_certificate(struct verifying *v, const struct ceremony_entry *entry)
{
	struct pki_cert_info *info = &v->cas[v->n];
	struct ceremony_proposal p;

	if (verify_issued(v, entry, info) ||
	    ceremony_open(v->args->arena, entry->proposal, v->approvers, &p, v->err))
		return v->err->code;
	const struct pki_cert_info *issuer = issuer_of(v, info);
	if (p.names.n < CLAIM_APPROVALS)
		return refuse(v, "two approvers have not signed its proposal");
	if (issuer == NULL || !cs_span_equal(p.tbs, info->tbs) ||
	    !cs_span_equal(p.root, issuer->der) || !cs_span_equal(p.csr, entry->request))
		return refuse(v, "what was approved is not what was signed");
	v->n++;
	v->said = cs_arena_printf(v->args->arena, "%s, approved by %s and %s", v->said,
	    p.names.items[0], p.names.items[1]);
	return CS_OK;
}

/* One person makes it by the CA's key alone: whatever else this key signed needed two approvers. */
static enum cs_code
verify_ocsp_signer(struct verifying *v, const struct ceremony_entry *entry)
{
	struct pki_cert_info info;

	if (verify_issued(v, entry, &info))
		return v->err->code;
	return info.is_ca ? refuse(v, "it is a CA, and two approvers have not signed its proposal")
			  : CS_OK;
}

/* Of a root of this record, with a higher number than the list before. */
static enum cs_code
verify_crl(struct verifying *v, const struct ceremony_entry *entry)
{
	const struct pki_cert_info *root = NULL;
	struct pki_crl crl;

	if (pki_crl_read(v->args->arena, entry->crl, &crl, v->err))
		return v->err->code;
	for (size_t i = 0; i < v->n && root == NULL; i++)
		if (pki_crl_signed_by(&crl, &v->cas[i]))
			root = &v->cas[i];
	if (root == NULL)
		return refuse(v, "it is signed by no CA of this record");
	uint64_t *last = &v->numbers[root - v->cas];
	if (crl.number <= *last)
		return refuse(v, "its number does not follow that of the list before");
	*last = crl.number;
	v->said = cs_arena_printf(
	    v->args->arena, "number %llu, %zu CAs revoked", (unsigned long long)crl.number, crl.n);
	return CS_OK;
}

static enum cs_code
verify_entry(struct verifying *v, const struct ceremony_entry *entry)
{
	v->said = "";
	if (strcmp(entry->what, "root") == 0)
		return verify_root(v, entry);
	if (strcmp(entry->what, "request") == 0)
		return verify_request(v, entry->request, cs_span_of(NULL, 0));
	if (strcmp(entry->what, "certificate") == 0)
		return verify_certificate(v, entry);
	if (strcmp(entry->what, "ocsp-signer") == 0)
		return verify_ocsp_signer(v, entry);
	if (strcmp(entry->what, "crl") == 0)
		return verify_crl(v, entry);
	return refuse(v, "nothing that a ceremony knows");
}

static int
run_ca_verify(struct args *args)
{
	const char *approvers = approvers_file();
	const bool bench = args_flag(args, "--bench");
	const char *path = args_word(args);
	struct ceremony_entry *entries;
	char last[CEREMONY_HASH];
	struct cs_err err = { 0 };
	size_t n;

	if (approvers == NULL)
		return COULD_NOT_RUN;
	if (path == NULL || !args_end(args))
		return usage(args);
	if (ceremony_read(args->arena, path, &entries, &n, last, &err)) {
		(void)could_not(&err);
		return err.code == CS_MALFORMED ? REFUSED : COULD_NOT_RUN;
	}
	struct verifying v = { .args = args, .approvers = approvers, .bench = bench, .err = &err };
	v.cas = CS_NEW_ARRAY(args->arena, n + 1, struct pki_cert_info);
	v.numbers = CS_NEW_ARRAY(args->arena, n + 1, uint64_t);
	for (size_t i = 0; i < n; i++) {
		char at[CS_TIME_TEXT];

		cs_time_format(entries[i].at_ms, at);
		if (verify_entry(&v, &entries[i]) != CS_OK) {
			(void)printf(
			    "%zu  %s  %s  WRONG: %s\n", i + 1, at, entries[i].what, err.text);
			return REFUSED;
		}
		(void)printf("%zu  %s  %s  %s\n", i + 1, at, entries[i].what, v.said);
	}
	(void)printf("%zu lines, all as they should be; the last is %s\n", n, last);
	return DONE;
}

const struct command ca_agree_commands[] = {
	{ "ca propose",
	    "--root CERT --csr CSR --crl URL --out PROPOSAL [--issuer-url URL] [--days N]"
	    " [--policy OID]... [--client-auth] [--ocsp] [--scheme pkcs1|pss]",
	    "writes the octets that a root shall sign for a request, and prints what they say",
	    run_ca_propose },
	{ "ca approve", "PROPOSAL --key KEYFILE [--octets SHA256]",
	    "prints a proposal in full and adds an approver's signature to it; with the digest that was printed"
	    "\n      before, to nothing else",
	    run_ca_approve },
	{ "ca sign", "PROPOSAL --root CERT --out NAME --record FILE " CA_KEY_USAGE,
	    "signs what two approvers agreed on, by the root's key, and records it", run_ca_sign },
	{ "ca verify", "RECORD", "judges a record again: its chain, approvals, signatures, keys",
	    run_ca_verify },
	{ NULL, NULL, NULL, NULL },
};
