/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/issuer.h"

#include <stdlib.h>
#include <string.h>

#include "pki/file.h"
#include "pki/issuer_raw.h"
#include "pki/lint_rules.h"
#include "pki/pem.h"
#include "pki/signer.h"

#define FILE_MAX 65536
#define CHAIN_MAX 8

struct pki_issuer {
	struct cs_arena *arena; /* the certificates; no secret */
	struct pki_signer signer;
	struct pki_cert_info infos[CHAIN_MAX];
	struct cs_span chain[CHAIN_MAX];
	size_t n;
};

static enum cs_code
read_chain(struct pki_issuer *issuer, const char *path, struct cs_span pem, struct cs_err *err)
{
	const char *label, *why;
	struct cs_span der;

	while (pki_pem_next(issuer->arena, &pem, &label, &der, &why)) {
		if (strcmp(label, "CERTIFICATE") != 0 || issuer->n == CHAIN_MAX)
			return cs_fail(err, CS_MALFORMED,
			    "%s: up to %d certificates and nothing else", path, CHAIN_MAX);
		enum cs_code code =
		    pki_cert_read(issuer->arena, der, &issuer->infos[issuer->n], err);
		if (code != CS_OK)
			return code;
		issuer->chain[issuer->n++] = der;
	}
	if (why != NULL || issuer->n == 0)
		return cs_fail(
		    err, CS_MALFORMED, "%s: %s", path, why != NULL ? why : "no certificate");
	return CS_OK;
}

static enum cs_code
judge_chain(const struct pki_issuer *issuer, const char *path, struct cs_err *err)
{
	const struct pki_cert_info *first = &issuer->infos[0];

	if (!first->is_ca || (first->key_usage & PKI_KU_KEY_CERT_SIGN) == 0 ||
	    first->subject_key_id.len == 0)
		return cs_fail(err, CS_MALFORMED, "%s: the first certificate is not a CA's", path);
	for (size_t i = 1; i < issuer->n; i++)
		if (!pki_cert_signed_by(&issuer->infos[i - 1], &issuer->infos[i]))
			return cs_fail(err, CS_MALFORMED,
			    "%s: certificate %zu did not sign the one before", path, i + 1);
	return CS_OK;
}

static enum cs_code
load_chain(struct pki_issuer *issuer, const char *path, struct cs_err *err)
{
	char *pem = cs_arena_alloc(issuer->arena, FILE_MAX);
	size_t len;

	enum cs_code code = pki_file_read(path, false, pem, FILE_MAX, &len, err);
	if (code == CS_OK)
		code = read_chain(issuer, path, cs_span_of(pem, len), err);
	return code == CS_OK ? judge_chain(issuer, path, err) : code;
}

enum cs_code
pki_issuer_load(
    const struct pki_issuer_files *files, struct pki_issuer **ret_issuer, struct cs_err *err)
{
	struct pki_issuer *issuer = calloc(1, sizeof(*issuer));
	struct pki_private private = { 0 };

	cs_assert(issuer != NULL);
	issuer->arena = cs_arena_new();
	enum cs_code code = load_chain(issuer, files->chain, err);
	if (code == CS_OK)
		code = pki_private_load(files, &private, err);
	if (code == CS_OK)
		code = pki_signer_init(
		    &issuer->signer, private, issuer->infos[0].spki, files->pss, err);
	if (code != CS_OK) {
		pki_issuer_free(issuer);
		return code;
	}
	*ret_issuer = issuer;
	return CS_OK;
}

void
pki_issuer_free(struct pki_issuer *issuer)
{
	if (issuer == NULL)
		return;
	pki_signer_fini(&issuer->signer);
	cs_arena_free(issuer->arena);
	free(issuer);
}

const struct pki_cert_info *
pki_issuer_certificate(const struct pki_issuer *issuer)
{
	return &issuer->infos[0];
}

struct cs_span
pki_issuer_name(const struct pki_issuer *issuer)
{
	return issuer->infos[0].subject;
}

struct cs_span
pki_issuer_key_id(const struct pki_issuer *issuer)
{
	return issuer->infos[0].subject_key_id;
}

struct cs_span
pki_issuer_sigalg(const struct pki_issuer *issuer)
{
	return issuer->signer.sigalg;
}

uint32_t
pki_issuer_rsa_bits(const struct pki_issuer *issuer)
{
	return issuer->signer.key.kind == PKI_KEY_RSA ? issuer->signer.key.bits : 0;
}

const struct cs_span *
pki_issuer_chain(const struct pki_issuer *issuer, size_t *ret_n)
{
	*ret_n = issuer->n;
	return issuer->chain;
}

enum cs_code
pki_issuer_sign_raw(struct pki_issuer *issuer, struct cs_arena *arena, struct cs_span octets,
    struct cs_span *ret_signature, struct cs_err *err)
{
	return pki_signer_sign(&issuer->signer, arena, octets, ret_signature, err);
}

enum cs_code
pki_issuer_sign(struct pki_issuer *issuer, struct cs_arena *arena, const struct pki_linted *linted,
    struct cs_span *ret_signature, struct cs_err *err)
{
	if (!pki_linted_holds(linted, pki_issuer_name(issuer), pki_issuer_key_id(issuer),
		pki_issuer_sigalg(issuer)))
		return cs_fail(
		    err, CS_INTERNAL, "the octets were linted for another CA, or changed");
	return pki_issuer_sign_raw(issuer, arena, pki_linted_tbs(linted), ret_signature, err);
}
