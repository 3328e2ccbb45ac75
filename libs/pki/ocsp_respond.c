/* SPDX-License-Identifier: Apache-2.0 */
/* ocsp_respond.c: responses, and the delegated key that signs them. */
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pki/der.h"
#include "pki/file.h"
#include "pki/hash.h"
#include "pki/issuer.h"
#include "pki/ocsp.h"
#include "pki/ocsp_form.h"
#include "pki/oid.h"
#include "pki/pem.h"
#include "pki/signer.h"

#define FILE_MAX 16384

struct pki_ocsp_responder {
	struct cs_arena *arena; /* the certificate; no secret */
	struct pki_cert_info cert;
	struct pki_signer signer;
	uint8_t key_hash[SHA_DIGEST_LENGTH]; /* ResponderID byKey */
};

/* ---- who is who ---- */

/* KeyHash and issuerKeyHash are of the BIT STRING without tag, length and count of unused bits. */
static struct cs_span
key_octets(struct cs_span spki)
{
	struct cs_span body = { NULL, 0 }, algorithm, bits, octets;

	cs_assert(pki_der_take(&spki, PKI_SEQUENCE, &body) &&
		  pki_der_take(&body, PKI_SEQUENCE, &algorithm) &&
		  pki_der_take(&body, PKI_BIT_STRING, &bits) && pki_der_octet_bits(bits, &octets));
	return octets;
}

/* Names only: nothing is signed over SHA-1. */
static void
sha1(struct cs_span data, uint8_t ret_digest[static SHA_DIGEST_LENGTH])
{
	SHA1(data.data, data.len, ret_digest);
}

void
pki_ocsp_key_hash(struct cs_span spki, uint8_t ret_hash[static 20])
{
	sha1(key_octets(spki), ret_hash);
}

void
pki_ocsp_name_issuer(const struct pki_cert_info *ca, struct pki_ocsp_issuer *ret_issuer)
{
	const struct cs_span key = key_octets(ca->spki);

	sha1(ca->subject, ret_issuer->name_sha1);
	sha1(key, ret_issuer->key_sha1);
	pki_sha256(ca->subject, ret_issuer->name_sha256);
	pki_sha256(key, ret_issuer->key_sha256);
}

/* ---- the delegated key ---- */

static const char *
cert_fault(const struct pki_cert_info *cert, const struct pki_cert_info *ca)
{
	if (!pki_cert_signed_by(cert, ca))
		return "this CA did not sign it";
	if (cert->is_ca)
		return "it is a CA's";
	if (cert->eku == NULL || strcmp(cert->eku[0], PKI_EKU_OCSP_SIGNING) != 0 ||
	    cert->eku[1] != NULL)
		return "its extendedKeyUsage is not OCSPSigning alone (SBR 4.9.9)";
	if (!cert->ocsp_nocheck)
		return "id-pkix-ocsp-nocheck is missing (SBR 4.9.9)";
	if ((cert->key_usage & PKI_KU_DIGITAL_SIGNATURE) == 0)
		return "its keyUsage has no digitalSignature";
	return NULL;
}

static enum cs_code
load_cert(struct pki_ocsp_responder *responder, const char *path, const struct pki_cert_info *ca,
    struct cs_err *err)
{
	char *pem = cs_arena_alloc(responder->arena, FILE_MAX);
	struct cs_span der;
	size_t len;

	if (pki_file_read(path, false, pem, FILE_MAX, &len, err) ||
	    pki_cert_from_pem(responder->arena, cs_span_of(pem, len), &der, err) ||
	    pki_cert_read(responder->arena, der, &responder->cert, err))
		return err->code;
	const char *why = cert_fault(&responder->cert, ca);
	if (why != NULL)
		return cs_fail(err, CS_MALFORMED, "%s: %s", path, why);
	return CS_OK;
}

static enum cs_code
load_key(struct pki_ocsp_responder *responder, const char *path, struct cs_err *err)
{
	const struct pki_issuer_files files = { .key = path };
	struct pki_private private;

	if (pki_private_load(&files, &private, err))
		return err->code;
	return pki_signer_init(&responder->signer, private, responder->cert.spki, false, err);
}

enum cs_code
pki_ocsp_responder_load(const struct pki_ocsp_files *files, const struct pki_cert_info *ca,
    struct pki_ocsp_responder **ret_responder, struct cs_err *err)
{
	struct pki_ocsp_responder *responder = calloc(1, sizeof(*responder));

	cs_assert(responder != NULL);
	responder->arena = cs_arena_new();
	enum cs_code code = load_cert(responder, files->cert, ca, err);
	if (code == CS_OK)
		code = load_key(responder, files->key, err);
	if (code != CS_OK) {
		pki_ocsp_responder_free(responder);
		return code;
	}
	pki_ocsp_key_hash(responder->cert.spki, responder->key_hash);
	*ret_responder = responder;
	return CS_OK;
}

void
pki_ocsp_responder_free(struct pki_ocsp_responder *responder)
{
	if (responder == NULL)
		return;
	pki_signer_fini(&responder->signer);
	cs_arena_free(responder->arena);
	free(responder);
}

const struct pki_cert_info *
pki_ocsp_responder_certificate(const struct pki_ocsp_responder *responder)
{
	return &responder->cert;
}

/* ---- the response ---- */

/* GeneralizedTime for every year, unlike certificates (RFC 6960 4.2.1). */
static void
put_time(struct cs_buf *out, int64_t at_s)
{
	const time_t at = (time_t)at_s;
	struct tm tm;
	char text[32];

	cs_assert(gmtime_r(&at, &tm) != NULL && tm.tm_year >= 0 && tm.tm_year <= 9999 - 1900);
	cs_assert(strftime(text, sizeof(text), "%Y%m%d%H%M%SZ", &tm) == 15);
	pki_der_put_text(out, PKI_GENERALIZED_TIME, text);
}

static void
put_wrapped_time(struct cs_buf *out, int64_t at_s)
{
	const size_t wrapper = pki_der_begin(out, PKI_CONTEXT_CONSTRUCTED(0));

	put_time(out, at_s);
	pki_der_end(out, wrapper);
}

static void
put_cert_id(struct cs_buf *out, const struct pki_ocsp_id *id)
{
	const size_t seq = pki_der_begin(out, PKI_SEQUENCE);

	cs_buf_add_span(out, pki_ocsp_form_der(id->form));
	pki_der_put(out, PKI_OCTET_STRING, id->name_hash);
	pki_der_put(out, PKI_OCTET_STRING, id->key_hash);
	pki_der_put_unsigned(out, id->serial);
	pki_der_end(out, seq);
}

/* good [0] and unknown [2] are NULL, revoked [1] says when and perhaps why; all IMPLICIT. */
static void
put_status(struct cs_buf *out, const struct pki_ocsp_single *single)
{
	const struct cs_span none = { NULL, 0 };

	if (single->status == PKI_OCSP_GOOD) {
		pki_der_put(out, PKI_CONTEXT(0), none);
		return;
	}
	if (single->status == PKI_OCSP_UNKNOWN) {
		pki_der_put(out, PKI_CONTEXT(2), none);
		return;
	}
	const size_t info = pki_der_begin(out, PKI_CONTEXT_CONSTRUCTED(1));
	put_time(out, single->revoked_at_s);
	if (single->reason != 0) {
		const uint8_t reason = (uint8_t)single->reason;
		const size_t wrapper = pki_der_begin(out, PKI_CONTEXT_CONSTRUCTED(0));

		pki_der_put(out, PKI_ENUMERATED, cs_span_of(&reason, 1));
		pki_der_end(out, wrapper);
	}
	pki_der_end(out, info);
}

static void
put_single(
    struct cs_buf *out, const struct pki_ocsp_single *single, const struct pki_ocsp_answer *answer)
{
	const size_t seq = pki_der_begin(out, PKI_SEQUENCE);

	put_cert_id(out, &single->id);
	put_status(out, single);
	put_time(out, answer->this_update_s);
	put_wrapped_time(out, answer->next_update_s);
	pki_der_end(out, seq);
}

static void
put_nonce(struct cs_buf *out, struct cs_span nonce)
{
	if (nonce.len == 0)
		return;
	const size_t wrapper = pki_der_begin(out, PKI_CONTEXT_CONSTRUCTED(1));
	const size_t extensions = pki_der_begin(out, PKI_SEQUENCE);
	const size_t extension = pki_der_begin(out, PKI_SEQUENCE);
	pki_der_put_oid(out, PKI_OID_OCSP_NONCE);
	const size_t value = pki_der_begin(out, PKI_OCTET_STRING);
	pki_der_put(out, PKI_OCTET_STRING, nonce);
	pki_der_end(out, value);
	pki_der_end(out, extension);
	pki_der_end(out, extensions);
	pki_der_end(out, wrapper);
}

/* ResponseData: ResponderID byKey [2] EXPLICIT, times, one SingleResponse each, the nonce. */
static struct cs_span
response_data(const struct pki_ocsp_responder *responder, struct cs_arena *arena,
    const struct pki_ocsp_answer *answer)
{
	struct cs_buf out = cs_buf_new(arena);
	const size_t data = pki_der_begin(&out, PKI_SEQUENCE);
	const size_t by_key = pki_der_begin(&out, PKI_CONTEXT_CONSTRUCTED(2));

	pki_der_put(
	    &out, PKI_OCTET_STRING, cs_span_of(responder->key_hash, sizeof(responder->key_hash)));
	pki_der_end(&out, by_key);
	put_time(&out, answer->produced_at_s);
	const size_t list = pki_der_begin(&out, PKI_SEQUENCE);
	for (size_t i = 0; i < answer->n; i++)
		put_single(&out, &answer->singles[i], answer);
	pki_der_end(&out, list);
	put_nonce(&out, answer->nonce);
	pki_der_end(&out, data);
	return cs_buf_span(&out);
}

/* OCSPResponse { successful, [0] { id-pkix-ocsp-basic, BasicOCSPResponse } } */
static struct cs_span
assemble(const struct pki_ocsp_responder *responder, struct cs_arena *arena, struct cs_span data,
    struct cs_span signature)
{
	const uint8_t successful = 0;
	struct cs_buf out = cs_buf_new(arena);
	const size_t response = pki_der_begin(&out, PKI_SEQUENCE);

	pki_der_put(&out, PKI_ENUMERATED, cs_span_of(&successful, 1));
	const size_t wrapper = pki_der_begin(&out, PKI_CONTEXT_CONSTRUCTED(0));
	const size_t bytes = pki_der_begin(&out, PKI_SEQUENCE);
	pki_der_put_oid(&out, PKI_OID_OCSP_BASIC);
	const size_t octets = pki_der_begin(&out, PKI_OCTET_STRING);
	const size_t basic = pki_der_begin(&out, PKI_SEQUENCE);
	cs_buf_add_span(&out, data);
	cs_buf_add_span(&out, responder->signer.sigalg);
	pki_der_put_octet_bits(&out, signature);
	const size_t certs = pki_der_begin(&out, PKI_CONTEXT_CONSTRUCTED(0));
	const size_t list = pki_der_begin(&out, PKI_SEQUENCE);
	cs_buf_add_span(&out, responder->cert.der);
	pki_der_end(&out, list);
	pki_der_end(&out, certs);
	pki_der_end(&out, basic);
	pki_der_end(&out, octets);
	pki_der_end(&out, bytes);
	pki_der_end(&out, wrapper);
	pki_der_end(&out, response);
	return cs_buf_span(&out);
}

enum cs_code
pki_ocsp_respond(struct pki_ocsp_responder *responder, struct cs_arena *arena,
    const struct pki_ocsp_answer *answer, struct cs_span *ret_der, struct cs_err *err)
{
	const struct cs_span data = response_data(responder, arena, answer);
	struct cs_span signature;

	if (pki_signer_sign(&responder->signer, arena, data, &signature, err))
		return err->code;
	*ret_der = assemble(responder, arena, data, signature);
	return CS_OK;
}
