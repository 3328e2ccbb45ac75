/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/alpn.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <string.h>

#include "pki/der.h"
#include "pki/oid.h"

#define OID_ACME_IDENTIFIER "1.3.6.1.5.5.7.1.31"
#define EXTENSIONS_MAX 32
#define KEY_BITS_MAX 8192 /* larger ones only cost time */

struct extension {
	struct cs_span oid, value;
	bool critical;
};

struct walk {
	struct cs_span issuer, subject; /* Names, whole */
	struct extension extensions[EXTENSIONS_MAX];
	size_t n;
};

/* ---- the walk ---- */

static bool
read_extension(struct cs_span *extensions, struct extension *ret)
{
	struct cs_span body, flag;

	*ret = (struct extension){ 0 };
	if (!pki_der_take(extensions, PKI_SEQUENCE, &body) ||
	    !pki_der_take(&body, PKI_OID, &ret->oid))
		return false;
	/* DER leaves a default out: FALSE is never written. */
	if (pki_der_is(body, PKI_BOOLEAN) &&
	    (!pki_der_take(&body, PKI_BOOLEAN, &flag) || !pki_der_bool(flag, &ret->critical) ||
		!ret->critical))
		return false;
	return pki_der_take(&body, PKI_OCTET_STRING, &ret->value) && body.len == 0;
}

static bool
is_known(const struct walk *walk, struct cs_span oid)
{
	for (size_t i = 0; i < walk->n; i++)
		if (cs_span_equal(walk->extensions[i].oid, oid))
			return true;
	return false;
}

static bool
read_extensions(struct cs_span tagged, struct walk *walk)
{
	struct cs_span list;

	if (!pki_der_take(&tagged, PKI_SEQUENCE, &list) || tagged.len > 0)
		return false;
	while (list.len > 0) {
		struct extension extension;

		if (walk->n == EXTENSIONS_MAX || !read_extension(&list, &extension) ||
		    is_known(walk, extension.oid))
			return false;
		walk->extensions[walk->n++] = extension;
	}
	return true;
}

static bool
is_version_3(struct cs_span tagged)
{
	struct cs_span body;
	uint32_t version;

	return pki_der_take(&tagged, PKI_INTEGER, &body) && tagged.len == 0 &&
	       pki_der_uint32(body, &version) && version == 2;
}

static bool
read_tbs(struct cs_span tbs, struct walk *walk)
{
	struct cs_span version, ignored, extensions;

	if (!pki_der_take(&tbs, PKI_CONTEXT_CONSTRUCTED(0), &version) || !is_version_3(version) ||
	    !pki_der_take(&tbs, PKI_INTEGER, &ignored) ||
	    !pki_der_take(&tbs, PKI_SEQUENCE, &ignored) ||
	    !pki_der_take_whole(&tbs, PKI_SEQUENCE, &walk->issuer) ||
	    !pki_der_take(&tbs, PKI_SEQUENCE, &ignored) ||
	    !pki_der_take_whole(&tbs, PKI_SEQUENCE, &walk->subject) ||
	    !pki_der_take(&tbs, PKI_SEQUENCE, &ignored))
		return false;
	if (tbs.len == 0)
		return true; /* no extension: said as "no name" */
	return pki_der_take(&tbs, PKI_CONTEXT_CONSTRUCTED(3), &extensions) && tbs.len == 0 &&
	       read_extensions(extensions, walk);
}

static bool
read_certificate(struct cs_span der, struct walk *walk)
{
	struct cs_span certificate, tbs, ignored;

	return der.len <= PKI_ALPN_CERT_MAX && pki_der_check(der, NULL, NULL) &&
	       pki_der_take(&der, PKI_SEQUENCE, &certificate) && der.len == 0 &&
	       pki_der_take(&certificate, PKI_SEQUENCE, &tbs) &&
	       pki_der_take(&certificate, PKI_SEQUENCE, &ignored) &&
	       pki_der_take(&certificate, PKI_BIT_STRING, &ignored) && certificate.len == 0 &&
	       read_tbs(tbs, walk);
}

static const struct extension *
find(const struct walk *walk, const char *oid)
{
	for (size_t i = 0; i < walk->n; i++)
		if (pki_der_oid_is(walk->extensions[i].oid, oid))
			return &walk->extensions[i];
	return NULL;
}

/* ---- what must be in it ---- */

static enum pki_alpn_finding
judge_names(const struct walk *walk, const char *domain)
{
	const struct extension *san = find(walk, PKI_OID_SAN);
	struct cs_span value, names, name;

	if (san == NULL)
		return PKI_ALPN_NO_NAME;
	value = san->value;
	if (!pki_der_take(&value, PKI_SEQUENCE, &names) || value.len > 0)
		return PKI_ALPN_UNREADABLE;
	if (!pki_der_take(&names, PKI_CONTEXT(2), &name) || names.len > 0)
		return PKI_ALPN_NAMES;
	return cs_span_is_nocase(name, domain) ? PKI_ALPN_MATCHES : PKI_ALPN_OTHER_NAME;
}

static enum pki_alpn_finding
judge_identifier(const struct walk *walk, const uint8_t digest[static PKI_SHA256])
{
	const struct extension *identifier = find(walk, OID_ACME_IDENTIFIER);
	struct cs_span value, octets;

	if (identifier == NULL)
		return PKI_ALPN_NO_IDENTIFIER;
	if (!identifier->critical)
		return PKI_ALPN_NOT_CRITICAL;
	value = identifier->value;
	if (!pki_der_take(&value, PKI_OCTET_STRING, &octets) || value.len > 0 ||
	    octets.len != PKI_SHA256)
		return PKI_ALPN_BAD_IDENTIFIER;
	return memcmp(octets.data, digest, PKI_SHA256) == 0 ? PKI_ALPN_MATCHES : PKI_ALPN_DIFFERS;
}

/* Whatever OpenSSL can verify will do: the signature only says that whoever made it has the key. */
static bool
is_self_signed(const struct walk *walk, struct cs_span der)
{
	const unsigned char *at = der.data;
	X509 *certificate;
	EVP_PKEY *key;
	bool good = false;

	if (!cs_span_equal(walk->issuer, walk->subject))
		return false;
	certificate = d2i_X509(NULL, &at, (long)der.len);
	key = certificate == NULL ? NULL : X509_get0_pubkey(certificate);
	if (key != NULL && EVP_PKEY_get_bits(key) <= KEY_BITS_MAX)
		good = X509_verify(certificate, key) == 1;
	X509_free(certificate);
	ERR_clear_error();
	return good;
}

enum pki_alpn_finding
pki_alpn_judge(struct cs_span der, const char *domain, const uint8_t digest[static PKI_SHA256])
{
	struct walk walk = { 0 };
	enum pki_alpn_finding finding;

	if (!read_certificate(der, &walk))
		return PKI_ALPN_UNREADABLE;
	finding = judge_names(&walk, domain);
	if (finding == PKI_ALPN_MATCHES)
		finding = judge_identifier(&walk, digest);
	if (finding == PKI_ALPN_MATCHES && !is_self_signed(&walk, der))
		finding = PKI_ALPN_NOT_SELF_SIGNED;
	return finding;
}

const char *
pki_alpn_finding_name(enum pki_alpn_finding finding)
{
	static const char *const names[] = { [PKI_ALPN_UNREADABLE] = "unreadable",
		[PKI_ALPN_NO_NAME] = "no-name",
		[PKI_ALPN_NAMES] = "names",
		[PKI_ALPN_OTHER_NAME] = "other-name",
		[PKI_ALPN_NO_IDENTIFIER] = "no-identifier",
		[PKI_ALPN_NOT_CRITICAL] = "not-critical",
		[PKI_ALPN_BAD_IDENTIFIER] = "bad-identifier",
		[PKI_ALPN_DIFFERS] = "differs",
		[PKI_ALPN_NOT_SELF_SIGNED] = "not-self-signed",
		[PKI_ALPN_MATCHES] = "matches" };

	return names[finding];
}
