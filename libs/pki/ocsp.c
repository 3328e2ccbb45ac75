/* SPDX-License-Identifier: Apache-2.0 */
/* ocsp.c: requests.  Responses are in ocsp_respond.c. */
#include "pki/ocsp.h"

#include <string.h>

#include "pki/der.h"
#include "pki/ocsp_form.h"
#include "pki/oid.h"

#define EXTENSIONS_MAX 8
#define NONCE_LONGEST 128 /* RFC 9654 2.1 */

/* AlgorithmIdentifiers of the hashes, octet for octet. */
static const struct {
	const char *der;
	size_t der_len, hash_len;
} forms[PKI_OCSP_FORMS] = {
#define ROW(der, hash_len)                     \
	{                                      \
		der, sizeof(der) - 1, hash_len \
	}
	[PKI_OCSP_SHA1] = ROW("\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00", 20),
	[PKI_OCSP_SHA1_BARE] = ROW("\x30\x07\x06\x05\x2b\x0e\x03\x02\x1a", 20),
	[PKI_OCSP_SHA256] = ROW("\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00", 32),
	[PKI_OCSP_SHA256_BARE] = ROW("\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01", 32),
#undef ROW
};

struct cs_span
pki_ocsp_form_der(enum pki_ocsp_form form)
{
	return cs_span_of(forms[form].der, forms[form].der_len);
}

static bool
read_form(struct cs_span algorithm, enum pki_ocsp_form *ret_form)
{
	for (enum pki_ocsp_form form = 0; form < PKI_OCSP_FORMS; form++)
		if (cs_span_equal(algorithm, pki_ocsp_form_der(form))) {
			*ret_form = form;
			return true;
		}
	return false;
}

/* What is a CertID but of another hash is no fault of the client. */
static bool
read_cert_id(struct cs_span body, struct pki_ocsp_id *id, enum pki_ocsp_refusal *ret_why)
{
	struct cs_span algorithm, serial;

	if (!pki_der_take_whole(&body, PKI_SEQUENCE, &algorithm) ||
	    !pki_der_take(&body, PKI_OCTET_STRING, &id->name_hash) ||
	    !pki_der_take(&body, PKI_OCTET_STRING, &id->key_hash) ||
	    !pki_der_take(&body, PKI_INTEGER, &serial) || body.len > 0 ||
	    !pki_der_unsigned(serial, &id->serial) || id->serial.len > PKI_OCSP_SERIAL_MAX)
		return false;
	if (!read_form(algorithm, &id->form)) {
		*ret_why = PKI_OCSP_UNAUTHORIZED;
		return false;
	}
	return id->name_hash.len == forms[id->form].hash_len &&
	       id->key_hash.len == forms[id->form].hash_len;
}

/* Nonce ::= OCTET STRING (SIZE (1..128)), inside the extension's own OCTET STRING. */
static bool
read_nonce(struct cs_span value, struct cs_span *ret_nonce)
{
	struct cs_span nonce;

	if (!pki_der_take(&value, PKI_OCTET_STRING, &nonce) || value.len > 0 || nonce.len == 0 ||
	    nonce.len > NONCE_LONGEST || ret_nonce->len > 0)
		return false;
	if (nonce.len <= PKI_OCSP_NONCE_MAX)
		*ret_nonce = nonce;
	return true;
}

static bool
read_extension(struct cs_span body, struct cs_span *ret_nonce)
{
	struct cs_span oid, flag, value;
	bool critical = false;

	if (!pki_der_take(&body, PKI_OID, &oid) ||
	    (pki_der_take(&body, PKI_BOOLEAN, &flag) &&
		(!pki_der_bool(flag, &critical) || !critical)) ||
	    !pki_der_take(&body, PKI_OCTET_STRING, &value) || body.len > 0)
		return false;
	if (ret_nonce != NULL && pki_der_oid_is(oid, PKI_OID_OCSP_NONCE))
		return read_nonce(value, ret_nonce);
	return !critical;
}

/* [n] EXPLICIT Extensions, if they are there; `ret_nonce` NULL: a nonce is as any other. */
static bool
read_extensions(struct cs_span *in, uint8_t tag, struct cs_span *ret_nonce)
{
	struct cs_span wrapper, seq, body;
	size_t n = 0;

	if (!pki_der_is(*in, tag))
		return true;
	if (!pki_der_take(in, tag, &wrapper) || !pki_der_take(&wrapper, PKI_SEQUENCE, &seq) ||
	    wrapper.len > 0 || seq.len == 0)
		return false;
	while (seq.len > 0)
		if (n++ == EXTENSIONS_MAX || !pki_der_take(&seq, PKI_SEQUENCE, &body) ||
		    !read_extension(body, ret_nonce))
			return false;
	return true;
}

static bool
read_list(struct cs_span list, struct pki_ocsp_request *request, enum pki_ocsp_refusal *ret_why)
{
	struct cs_span one, id;

	while (list.len > 0) {
		if (request->n == PKI_OCSP_ASKED_MAX || !pki_der_take(&list, PKI_SEQUENCE, &one) ||
		    !pki_der_take(&one, PKI_SEQUENCE, &id) ||
		    !read_cert_id(id, &request->ids[request->n], ret_why) ||
		    !read_extensions(&one, PKI_CONTEXT_CONSTRUCTED(0), NULL) || one.len > 0)
			return false;
		request->n++;
	}
	return request->n > 0;
}

/* version [0] is left out (DER DEFAULT), requestorName [1] is passed over. */
static bool
read_tbs(struct cs_span tbs, struct pki_ocsp_request *request, enum pki_ocsp_refusal *ret_why)
{
	struct cs_span name, list;

	request->names_client |= pki_der_take(&tbs, PKI_CONTEXT_CONSTRUCTED(1), &name);
	return pki_der_take(&tbs, PKI_SEQUENCE, &list) && read_list(list, request, ret_why) &&
	       read_extensions(&tbs, PKI_CONTEXT_CONSTRUCTED(2), &request->nonce) && tbs.len == 0;
}

bool
pki_ocsp_read(
    struct cs_span der, struct pki_ocsp_request *ret_request, enum pki_ocsp_refusal *ret_why)
{
	struct pki_ocsp_request request = { .n = 0 };
	struct cs_span body, tbs, signature;

	*ret_why = PKI_OCSP_MALFORMED;
	if (der.len > PKI_OCSP_REQUEST_MAX || !pki_der_check(der, NULL, NULL) ||
	    !pki_der_take(&der, PKI_SEQUENCE, &body) || !pki_der_take(&body, PKI_SEQUENCE, &tbs))
		return false;
	request.names_client = pki_der_take(&body, PKI_CONTEXT_CONSTRUCTED(0), &signature);
	if (body.len > 0 || !read_tbs(tbs, &request, ret_why))
		return false;
	*ret_request = request;
	return true;
}

struct cs_span
pki_ocsp_refuse(enum pki_ocsp_refusal why)
{
	static const uint8_t responses[][5] = {
		{ 0x30, 0x03, 0x0a, 0x01, PKI_OCSP_MALFORMED },
		{ 0x30, 0x03, 0x0a, 0x01, PKI_OCSP_INTERNAL },
		{ 0x30, 0x03, 0x0a, 0x01, PKI_OCSP_TRY_LATER },
		{ 0x30, 0x03, 0x0a, 0x01, PKI_OCSP_UNAUTHORIZED },
	};

	for (size_t i = 0; i < sizeof(responses) / sizeof(responses[0]); i++)
		if (responses[i][4] == why)
			return cs_span_of(responses[i], sizeof(responses[i]));
	cs_assert(!"a refusal of RFC 6960 4.2.1");
}

bool
pki_ocsp_is_of(const struct pki_ocsp_id *id, const struct pki_ocsp_issuer *issuer)
{
	if (id->form == PKI_OCSP_SHA1 || id->form == PKI_OCSP_SHA1_BARE)
		return cs_span_equal(id->name_hash, cs_span_of(issuer->name_sha1, 20)) &&
		       cs_span_equal(id->key_hash, cs_span_of(issuer->key_sha1, 20));
	return cs_span_equal(id->name_hash, cs_span_of(issuer->name_sha256, 32)) &&
	       cs_span_equal(id->key_hash, cs_span_of(issuer->key_sha256, 32));
}
