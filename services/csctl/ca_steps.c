/* SPDX-License-Identifier: Apache-2.0 */
/* ca_steps.c: what one person does with one key: a root, a request, an OCSP signer. */
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "ca_tools.h"
#include "ceremony.h"
#include "pki/csr.h"
#include "pki/file.h"
#include "pki/hash.h"
#include "pki/pem.h"

#define PASS_MAX 256
#define OCSP_DAYS 90

/* ---- keys ---- */

/* The pass phrase of a new key: a file's one line, at least 20 octets. */
static enum cs_code
read_pass(const char *path, char ret[static PASS_MAX + 1], struct cs_err *err)
{
	size_t len;

	if (path == NULL)
		return cs_fail(err, CS_MALFORMED,
		    "--password FILE: a new key in a file is encrypted, unless --plain-key is given");
	if (pki_file_read(path, true, ret, PASS_MAX, &len, err))
		return err->code;
	while (len > 0 && (ret[len - 1] == '\n' || ret[len - 1] == '\r'))
		len--;
	ret[len] = '\0';
	if (len < 20 || strlen(ret) != len)
		return cs_fail(
		    err, CS_MALFORMED, "%s: want a pass phrase of 20 octets or more", path);
	return CS_OK;
}

static enum cs_code
make_key(const struct ca_key_place *place, const struct pki_ca_spec *spec, bool plain,
    struct cs_err *err)
{
	char pass[PASS_MAX + 1];

	if (place->files.token != NULL)
		return pki_token_generate(place->files.token, spec->kind, spec->bits, err);
	if (plain && place->files.password == NULL)
		return pki_ca_key_make(
		    place->files.key, spec->kind, spec->bits, spec->for_bench, NULL, err);
	enum cs_code code = read_pass(place->files.password, pass, err);
	if (code == CS_OK)
		code = pki_ca_key_make(
		    place->files.key, spec->kind, spec->bits, spec->for_bench, pass, err);
	pki_wipe(pass, sizeof(pass));
	return code;
}

struct step { /* options of a command that makes a key or takes one */
	struct ca_key_place place;
	struct pki_ca_spec spec;
	const char *algorithm, *out, *record;
	bool existing, plain, bench;
};

static bool
take_step(struct args *args, struct step *s)
{
	*s = (struct step){ .algorithm = args_option(args, "--algorithm", "p384"),
		.out = args_option(args, "--out", NULL),
		.record = args_option(args, "--record", NULL),
		.existing = args_flag(args, "--existing-key"),
		.plain = args_flag(args, "--plain-key"),
		.bench = args_flag(args, "--bench") };
	s->spec.common_name = args_option(args, "--name", NULL);
	s->spec.organization = args_option(args, "--organization", NULL);
	s->spec.country = args_option(args, "--country", NULL);
	return ca_take_place(args, &s->place) && s->out != NULL && s->spec.common_name != NULL &&
	       s->spec.organization != NULL && s->spec.country != NULL;
}

static enum cs_code
open_key(const struct step *s, struct pki_ca_key **ret, struct cs_err *err)
{
	struct pki_ca_spec spec = s->spec;

	if (ca_take_algorithm(s->algorithm, s->bench, &spec, err) ||
	    (!s->existing && make_key(&s->place, &spec, s->plain, err)))
		return err->code;
	return pki_ca_key_open(&s->place.files, ret, err);
}

static enum cs_code
note(struct args *args, const char *record, struct ceremony_entry entry, struct cs_err *err)
{
	entry.at_ms = cs_now_ms();
	return record != NULL ? ceremony_note(args->arena, record, &entry, err) : CS_OK;
}

/* ---- commands ---- */

static int
run_ca_root(struct args *args)
{
	uint32_t years = 20;
	struct pki_ca_key *key = NULL;
	struct pki_cert_info info;
	struct cs_err err = { 0 };
	struct cs_span der;
	struct step s;

	if (!args_number(args, "--years", 1, 25, &years))
		return COULD_NOT_RUN;
	if (!take_step(args, &s) || s.plain || !args_end(args))
		return usage(args);
	s.spec.for_bench = s.bench;
	s.spec.not_before_s = cs_now_ms() / 1000;
	s.spec.not_after_s = s.spec.not_before_s + years * 365 * CA_DAY_S - 1;
	enum cs_code code = open_key(&s, &key, &err);
	if (code == CS_OK)
		code = pki_ca_root(args->arena, key, &s.spec, &der, &err);
	pki_ca_key_free(key);
	if (code != CS_OK || pki_cert_read(args->arena, der, &info, &err) ||
	    ca_write_file(s.out, cs_span_str(pki_cert_pem(args->arena, der)), &err) ||
	    note(args, s.record, (struct ceremony_entry){ .what = "root", .certificate = der },
		&err))
		return could_not(&err);
	ca_print(args->arena, &info);
	return DONE;
}

static int
run_ca_request(struct args *args)
{
	struct pki_ca_key *key = NULL;
	struct cs_err err = { 0 };
	struct cs_span der;
	struct step s;

	if (!take_step(args, &s) || !args_end(args))
		return usage(args);
	enum cs_code code = open_key(&s, &key, &err);
	if (code == CS_OK)
		code = pki_ca_request(args->arena, key, &s.spec, &der, &err);
	pki_ca_key_free(key);
	if (code != CS_OK ||
	    ca_write_file(
		s.out, cs_span_str(pki_pem(args->arena, "CERTIFICATE REQUEST", der)), &err) ||
	    note(
		args, s.record, (struct ceremony_entry){ .what = "request", .request = der }, &err))
		return could_not(&err);
	(void)printf("%s: a request for %s, %s, %s\n", s.out, s.spec.country, s.spec.organization,
	    s.spec.common_name);
	return DONE;
}

/* The key that signs is the issuing CA's, and the certificate is written with what stands above it. */
static enum cs_code
make_ocsp(struct args *args, const struct ca_key_place *place, const struct pki_csr *csr,
    uint32_t days, struct cs_span *ret_der, struct cs_err *err)
{
	struct pki_ca_spec spec = { .not_before_s = cs_now_ms() / 1000 };
	struct pki_issuer *ca;
	struct cs_span tbs;

	spec.not_after_s = spec.not_before_s + days * CA_DAY_S - 1;
	for (size_t i = 0; i < csr->n_subject; i++) {
		const char *oid = csr->subject[i].oid, *value = csr->subject[i].value;

		if (strcmp(oid, "2.5.4.3") == 0)
			spec.common_name = value;
		if (strcmp(oid, "2.5.4.10") == 0)
			spec.organization = value;
		if (strcmp(oid, "2.5.4.6") == 0)
			spec.country = value;
	}
	if (pki_issuer_load(&place->files, &ca, err))
		return err->code;
	enum cs_code code = pki_ca_ocsp_tbs(args->arena, &spec, pki_issuer_certificate(ca),
	    pki_issuer_sigalg(ca), csr->key.spki, &tbs, err);
	if (code == CS_OK)
		code = pki_ca_sign(args->arena, ca, tbs, false, spec.not_before_s, ret_der, err);
	pki_issuer_free(ca);
	return code;
}

static int
run_ca_ocsp(struct args *args)
{
	const char *csr_path = args_option(args, "--csr", NULL);
	const char *out = args_option(args, "--out", NULL),
		   *record = args_option(args, "--record", NULL);
	uint32_t days = OCSP_DAYS;
	struct ca_key_place place;
	struct pki_cert_info info;
	struct cs_refusal why;
	struct cs_err err = { 0 };
	struct cs_span text, der = { 0 };
	struct pki_csr csr;

	if (!args_number(args, "--days", 1, 366, &days))
		return COULD_NOT_RUN;
	const char *chain = args_option(args, "--chain", NULL);
	if (!ca_take_place(args, &place) || csr_path == NULL || out == NULL || chain == NULL ||
	    !args_end(args))
		return usage(args);
	place.files.chain = chain;
	if (ca_read_file(args->arena, csr_path, &text, &err))
		return could_not(&err);
	if (!pki_csr_read(args->arena, text, 0, &csr, &why)) {
		(void)fprintf(stderr, "csctl: %s: %s\n", csr_path, why.text);
		return REFUSED;
	}
	if (make_ocsp(args, &place, &csr, days, &der, &err) ||
	    pki_cert_read(args->arena, der, &info, &err) ||
	    ca_write_file(out, cs_span_str(pki_cert_pem(args->arena, der)), &err) ||
	    note(args, record,
		(struct ceremony_entry){
		    .what = "ocsp-signer", .request = csr.der, .certificate = der },
		&err))
		return could_not(&err);
	ca_print(args->arena, &info);
	return DONE;
}

const struct command ca_step_commands[] = {
	{ "ca root",
	    "--name CN --organization O --country CC --out CERT " CA_KEY_USAGE
	    " [--algorithm p256|p384|p521|rsa4096] [--existing-key] [--years N] [--record FILE]",
	    "makes a root's key, encrypted or in a token, and its certificate; keep both offline",
	    run_ca_root },
	{ "ca request",
	    "--name CN --organization O --country CC --out CSR " CA_KEY_USAGE
	    " [--algorithm p256|p384|p521|rsa4096] [--existing-key] [--plain-key] [--record FILE]",
	    "makes the key of an issuing CA or of an OCSP signer, and a request for it",
	    run_ca_request },
	{ "ca ocsp",
	    "--csr CSR --chain CHAIN --out CERT " CA_KEY_USAGE " [--days N] [--record FILE]",
	    "certifies an OCSP signer, by the key of the issuing CA", run_ca_ocsp },
	{ NULL, NULL, NULL, NULL },
};
