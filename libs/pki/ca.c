/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/ca.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "pki/der.h"
#include "pki/evp.h"
#include "pki/file.h"
#include "pki/hash.h"
#include "pki/issuer_raw.h"
#include "pki/name.h"
#include "pki/ocsp.h"
#include "pki/signer.h"

#define SERIAL 16
#define LONGEST_S \
	(INT64_C(366) * 25 * 86400) /* of a CA certificate: 25 years, as root programs do */
#define ANY_POLICY "2.5.29.32.0"

static bool
is_country(const char *text)
{
	return strlen(text) == 2 && text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'A' &&
	       text[1] <= 'Z';
}

static bool
is_name(const char *text)
{
	return text != NULL && text[0] != '\0' && strlen(text) <= 64 &&
	       pki_text_fault(cs_span_str(text)) == NULL;
}

static bool
is_key(const struct pki_ca_spec *spec)
{
	if (spec->kind == PKI_KEY_EC)
		return spec->bits == 256 || spec->bits == 384 || spec->bits == 521;
	return spec->kind == PKI_KEY_RSA &&
	       (spec->bits == 4096 ||
		   (spec->for_bench && (spec->bits == 2048 || spec->bits == 3072)));
}

static const char *
subject_fault(const struct pki_ca_spec *spec)
{
	if (!is_name(spec->common_name) || !is_name(spec->organization))
		return "common name and organization of 1 to 64 octets are required (SBR 7.1.4.3)";
	if (spec->country == NULL || !is_country(spec->country))
		return "the country is two capital letters (ISO 3166-1)";
	return NULL;
}

static const char *
spec_fault(const struct pki_ca_spec *spec)
{
	const char *why = subject_fault(spec);

	if (why != NULL)
		return why;
	if (!is_key(spec))
		return "the key is EC P-256, P-384 or P-521, or RSA 4096 (SBR 6.1.5)";
	if (spec->not_after_s <= spec->not_before_s ||
	    spec->not_after_s - spec->not_before_s > LONGEST_S)
		return "the validity is not between nothing and 25 years";
	return NULL;
}

static bool
is_http(const char *url)
{
	return strncmp(url, "http://", 7) == 0 && url[7] != '\0' &&
	       pki_text_fault(cs_span_str(url)) == NULL;
}

static const char *
issuing_fault(const struct pki_ca_spec *spec, const struct pki_cert_info *root)
{
	if (spec->crl_url == NULL || !is_http(spec->crl_url) ||
	    (spec->issuer_url != NULL && !is_http(spec->issuer_url)))
		return "the CRL's URL is required, and URLs are plain http (SBR 7.1.2.2)";
	if (spec->not_before_s < root->not_before_s || spec->not_after_s > root->not_after_s)
		return "it would be valid when its issuer is not";
	if (root->path_len == 0)
		return "its issuer may have no CA below it";
	return NULL;
}

static EVP_PKEY *
make_key(const struct pki_ca_spec *spec)
{
	EVP_PKEY *key;

	if (spec->kind == PKI_KEY_RSA)
		key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)spec->bits);
	else
		key = EVP_PKEY_Q_keygen(NULL, NULL, "EC",
		    spec->bits == 256   ? "P-256"
		    : spec->bits == 384 ? "P-384"
					: "P-521");
	cs_assert(key != NULL);
	return key;
}

static struct cs_span
spki_of(struct cs_arena *arena, const EVP_PKEY *key)
{
	unsigned char *der = NULL;
	const int len = i2d_PUBKEY(key, &der);

	cs_assert(len > 0);
	const struct cs_span spki = cs_arena_copy(arena, der, (size_t)len);
	OPENSSL_free(der);
	return spki;
}

/* Owned by the caller; the BIO's copy is wiped by OpenSSL. */
static char *
key_to_pem(EVP_PKEY *key, const char *pass)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	char *data;

	cs_assert(bio != NULL);
	cs_assert(PEM_write_bio_PKCS8PrivateKey(bio, key, pass != NULL ? EVP_aes_256_cbc() : NULL,
		      pass, pass != NULL ? (int)strlen(pass) : 0, NULL, NULL) == 1);
	const long len = BIO_get_mem_data(bio, &data);
	char *pem = strndup(data, (size_t)len);
	cs_assert(pem != NULL);
	BIO_free(bio);
	return pem;
}

struct making { /* a CA certificate on its way */
	struct cs_arena *arena;
	EVP_PKEY *key; /* owned until a signer takes it */
	struct pki_attribute subject[3];
	uint8_t serial[SERIAL], key_id[20];
	struct pki_cert_template template;
};

/* What every certificate of this file has. */
static void
describe(struct making *m, const struct pki_ca_spec *spec, struct cs_span spki)
{
	m->subject[0] = (struct pki_attribute){ PKI_OID_COUNTRY, spec->country };
	m->subject[1] = (struct pki_attribute){ PKI_OID_ORGANIZATION, spec->organization };
	m->subject[2] = (struct pki_attribute){ PKI_OID_CN, spec->common_name };
	cs_random(m->serial, sizeof(m->serial));
	m->serial[0] = (m->serial[0] & 0x3f) | 0x40; /* positive, and always 16 octets */
	m->template = (struct pki_cert_template){
		.serial = cs_span_of(m->serial, sizeof(m->serial)),
		.not_before_s = spec->not_before_s,
		.not_after_s = spec->not_after_s,
		.subject = m->subject,
		.n_subject = 3,
		.spki = spki,
		.key_usage = PKI_KU_KEY_CERT_SIGN | PKI_KU_CRL_SIGN,
		.is_ca = true,
		.path_len = -1,
	};
	pki_key_id(spki, m->key_id);
	m->template.subject_key_id = cs_span_of(m->key_id, sizeof(m->key_id));
}

/* With a key that is new. */
static void
begin(struct making *m, const struct pki_ca_spec *spec)
{
	m->arena = cs_arena_new();
	m->key = make_key(spec);
	describe(m, spec, spki_of(m->arena, m->key));
}

static void
finish(struct making *m, struct cs_span tbs, struct cs_span signature, const char *pass,
    struct pki_ca_made *ret_made)
{
	const struct cs_span der = pki_cert_assemble(m->arena, tbs, m->template.sigalg, signature);

	ret_made->key_pem = key_to_pem(m->key, pass);
	ret_made->cert_pem = strdup(pki_cert_pem(m->arena, der));
	cs_assert(ret_made->cert_pem != NULL);
}

/* ---- in steps ---- */

struct pki_ca_key {
	struct cs_arena *arena;
	struct pki_signer signer; /* its key's octets are in the arena */
};

enum cs_code
pki_ca_key_make(const char *path, enum pki_key_kind kind, uint32_t bits, bool for_bench,
    const char *pass, struct cs_err *err)
{
	const struct pki_ca_spec spec = { .kind = kind, .bits = bits, .for_bench = for_bench };

	if (!is_key(&spec))
		return cs_fail(err, CS_MALFORMED,
		    "a CA's key is EC P-256, P-384 or P-521, or RSA 4096 (SBR 6.1.5)");
	EVP_PKEY *key = make_key(&spec);
	char *pem = key_to_pem(key, pass);
	const enum cs_code code = pki_file_write_new(path, pem, strlen(pem), err);
	pki_wipe(pem, strlen(pem));
	free(pem);
	EVP_PKEY_free(key);
	return code;
}

enum cs_code
pki_ca_key_open(
    const struct pki_issuer_files *files, struct pki_ca_key **ret_key, struct cs_err *err)
{
	struct pki_private private;
	struct cs_span spki;

	if (pki_private_load(files, &private, err))
		return err->code;
	struct cs_arena *arena = cs_arena_new();
	struct pki_ca_key *key = CS_NEW(arena, struct pki_ca_key);
	key->arena = arena;
	if (private.token != NULL)
		spki = cs_arena_copy_span(arena, pki_token_key_spki(private.token));
	else
		spki = spki_of(arena, private.pkey);
	if (pki_signer_init(&key->signer, private, spki, files->pss, err)) {
		cs_arena_free(arena);
		return err->code;
	}
	*ret_key = key;
	return CS_OK;
}

void
pki_ca_key_free(struct pki_ca_key *key)
{
	if (key == NULL)
		return;
	pki_signer_fini(&key->signer);
	cs_arena_free(key->arena);
}

static enum cs_code
self_sign(struct cs_arena *arena, struct pki_signer *signer, struct making *m,
    struct cs_span *ret_tbs, struct cs_span *ret_signature, struct cs_err *err)
{
	m->template.issuer = pki_name(arena, m->subject, 3);
	m->template.sigalg = signer->sigalg;
	const enum cs_code code = pki_cert_tbs(arena, &m->template, ret_tbs, err);
	return code != CS_OK ? code : pki_signer_sign(signer, arena, *ret_tbs, ret_signature, err);
}

enum cs_code
pki_ca_root(struct cs_arena *arena, struct pki_ca_key *key, const struct pki_ca_spec *spec,
    struct cs_span *ret_der, struct cs_err *err)
{
	struct pki_ca_spec own = *spec;
	struct making m = { .arena = arena };
	struct cs_span tbs, signature;

	own.kind = key->signer.key.kind;
	own.bits = key->signer.key.bits;
	const char *why = spec_fault(&own);
	if (why != NULL)
		return cs_fail(err, CS_MALFORMED, "root CA: %s", why);
	describe(&m, &own, key->signer.key.spki);
	if (self_sign(arena, &key->signer, &m, &tbs, &signature, err))
		return err->code;
	*ret_der = pki_cert_assemble(arena, tbs, m.template.sigalg, signature);
	return CS_OK;
}

enum cs_code
pki_ca_request(struct cs_arena *arena, struct pki_ca_key *key, const struct pki_ca_spec *spec,
    struct cs_span *ret_der, struct cs_err *err)
{
	struct cs_buf out = cs_buf_new(arena);
	struct making m = { .arena = arena };
	struct cs_span signature;
	const char *why = subject_fault(spec);

	if (why != NULL)
		return cs_fail(err, CS_MALFORMED, "request of a CA: %s", why);
	describe(&m, spec, key->signer.key.spki);
	const size_t info = pki_der_begin(&out, PKI_SEQUENCE);
	pki_der_put_int(&out, 0);
	cs_buf_add_span(&out, pki_name(arena, m.subject, 3));
	cs_buf_add_span(&out, m.template.spki);
	pki_der_end(&out, pki_der_begin(&out, PKI_CONTEXT_CONSTRUCTED(0)));
	pki_der_end(&out, info);
	const struct cs_span octets = cs_buf_span(&out);
	if (pki_signer_sign(&key->signer, arena, octets, &signature, err))
		return err->code;
	*ret_der = pki_cert_assemble(arena, octets, key->signer.sigalg, signature);
	return CS_OK;
}

struct cs_span
pki_ca_sigalg(struct cs_span spki, bool pss)
{
	struct pki_key key;
	struct cs_refusal why;

	if (!pki_spki_read(spki, &key, &why) || (key.kind != PKI_KEY_RSA && key.kind != PKI_KEY_EC))
		return cs_span_of(NULL, 0);
	return pki_sigalg_of(key.kind, key.bits, pss);
}

/* The key of the spec is that of the request. */
static const char *
take_key(struct pki_ca_spec *spec, struct cs_span spki)
{
	struct pki_key key;
	struct cs_refusal why;

	if (!pki_key_judge(spki, 0, &key, &why))
		return "the key is not one that may be certified";
	spec->kind = key.kind;
	spec->bits = key.bits;
	return NULL;
}

static enum cs_code
issuing_tbs(struct making *m, const struct pki_ca_spec *spec, const struct pki_cert_info *root,
    struct cs_span sigalg, struct cs_span *ret_tbs, struct cs_err *err)
{
	const char *const eku[] = { PKI_EKU_EMAIL_PROTECTION,
		spec->client_auth ? PKI_EKU_CLIENT_AUTH : NULL, NULL };
	const char *const any_policy[] = { ANY_POLICY, NULL };
	const char *const crl_urls[] = { spec->crl_url, NULL };
	const char *const issuer_urls[] = { spec->issuer_url, NULL };

	m->template.sigalg = sigalg;
	struct pki_cert_template own = m->template; /* it points to the lists above */
	own.issuer = root->subject;
	own.authority_key_id = root->subject_key_id;
	own.path_len = 0;
	own.key_usage |= spec->ocsp ? PKI_KU_DIGITAL_SIGNATURE : 0;
	own.eku = eku;
	own.policies = spec->policies != NULL ? spec->policies : any_policy;
	own.crl_urls = crl_urls;
	own.issuer_urls = issuer_urls;
	return pki_cert_tbs(m->arena, &own, ret_tbs, err);
}

enum cs_code
pki_ca_tbs(struct cs_arena *arena, const struct pki_ca_spec *spec, const struct pki_cert_info *root,
    struct cs_span sigalg, struct cs_span spki, struct cs_span *ret_tbs, struct cs_err *err)
{
	struct pki_ca_spec own = *spec;
	struct making m = { .arena = arena };
	const char *why = take_key(&own, spki);

	if (why == NULL)
		why = spec_fault(&own);
	if (why == NULL)
		why = issuing_fault(&own, root);
	if (why != NULL)
		return cs_fail(err, CS_MALFORMED, "issuing CA: %s", why);
	describe(&m, &own, spki);
	return issuing_tbs(&m, &own, root, sigalg, ret_tbs, err);
}

enum cs_code
pki_ca_ocsp_tbs(struct cs_arena *arena, const struct pki_ca_spec *spec,
    const struct pki_cert_info *ca, struct cs_span sigalg, struct cs_span spki,
    struct cs_span *ret_tbs, struct cs_err *err)
{
	const char *const eku[] = { PKI_EKU_OCSP_SIGNING, NULL };
	struct pki_ca_spec own = *spec;
	struct making m = { .arena = arena };
	const char *why = take_key(&own, spki);

	if (why == NULL)
		why = subject_fault(&own);
	if (why == NULL && own.not_after_s > ca->not_after_s)
		why = "it would be valid when its issuer is not";
	if (why != NULL)
		return cs_fail(err, CS_MALFORMED, "OCSP signer: %s", why);
	describe(&m, &own, spki);
	/* Clients look for the certificate by the name that answers have for its key (GnuPG by this alone). */
	pki_ocsp_key_hash(spki, m.key_id);
	m.template.issuer = ca->subject;
	m.template.authority_key_id = ca->subject_key_id;
	m.template.sigalg = sigalg;
	m.template.key_usage = PKI_KU_DIGITAL_SIGNATURE;
	m.template.is_ca = false;
	m.template.eku = eku;
	m.template.ocsp_nocheck = true;
	return pki_cert_tbs(arena, &m.template, ret_tbs, err);
}

enum cs_code
pki_ca_sign(struct cs_arena *arena, struct pki_issuer *root, struct cs_span tbs, bool for_bench,
    int64_t now_s, struct cs_span *ret_der, struct cs_err *err)
{
	struct pki_cert_info info;
	struct cs_refusal why;
	struct cs_span signature;

	if (!pki_ca_judge(arena, tbs, pki_issuer_certificate(root), for_bench, now_s, &info, &why))
		return cs_fail(err, CS_MALFORMED, "%s (%s)", why.text, why.clause);
	if (!cs_span_equal(info.sigalg, pki_issuer_sigalg(root)))
		return cs_fail(err, CS_MALFORMED, "they name another algorithm than this key's");
	if (pki_issuer_sign_raw(root, arena, tbs, &signature, err))
		return err->code;
	*ret_der = pki_cert_assemble(arena, tbs, info.sigalg, signature);
	return CS_OK;
}

/* ---- at once ---- */

enum cs_code
pki_ca_make_root(const struct pki_ca_spec *spec, const char *pass, struct pki_ca_made *ret_made,
    struct cs_err *err)
{
	struct making m;
	struct pki_signer signer;
	struct cs_span tbs, signature;
	const char *why = spec_fault(spec);

	if (why != NULL)
		return cs_fail(err, CS_MALFORMED, "root CA: %s", why);
	begin(&m, spec);
	enum cs_code code = pki_signer_init(
	    &signer, (struct pki_private){ .pkey = m.key }, m.template.spki, false, err);
	if (code == CS_OK) {
		code = self_sign(m.arena, &signer, &m, &tbs, &signature, err);
		if (code == CS_OK)
			finish(&m, tbs, signature, pass, ret_made);
		pki_signer_fini(&signer);
	}
	cs_arena_free(m.arena);
	return code;
}

enum cs_code
pki_ca_make_issuing(const struct pki_ca_spec *spec, struct pki_issuer *root, const char *pass,
    struct pki_ca_made *ret_made, struct cs_err *err)
{
	const struct pki_cert_info *above = pki_issuer_certificate(root);
	struct making m;
	struct cs_span tbs, signature;
	const char *why = spec_fault(spec);

	if (why == NULL)
		why = issuing_fault(spec, above);
	if (why != NULL)
		return cs_fail(err, CS_MALFORMED, "issuing CA: %s", why);
	begin(&m, spec);
	enum cs_code code = issuing_tbs(&m, spec, above, pki_issuer_sigalg(root), &tbs, err);
	if (code == CS_OK)
		code = pki_issuer_sign_raw(root, m.arena, tbs, &signature, err);
	if (code == CS_OK)
		finish(&m, tbs, signature, pass, ret_made);
	EVP_PKEY_free(m.key);
	cs_arena_free(m.arena);
	return code;
}

void
pki_ca_made_fini(struct pki_ca_made *made)
{
	if (made->key_pem != NULL)
		pki_wipe(made->key_pem, strlen(made->key_pem));
	free(made->key_pem);
	free(made->cert_pem);
	*made = (struct pki_ca_made){ 0 };
}
