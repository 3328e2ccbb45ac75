/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/ocsp.h>

#include "pki/ocsp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What we read, OpenSSL reads, and it says the same about it. */
static void
compare(struct cs_span der, const struct pki_ocsp_request *request)
{
	const unsigned char *at = der.data;
	OCSP_REQUEST *theirs = d2i_OCSP_REQUEST(NULL, &at, (long)der.len);

	cs_assert(theirs != NULL && at == der.data + der.len);
	cs_assert(OCSP_request_onereq_count(theirs) == (int)request->n);
	for (size_t i = 0; i < request->n; i++) {
		ASN1_OCTET_STRING *name, *key;
		ASN1_INTEGER *serial;
		OCSP_CERTID *id = OCSP_onereq_get0_id(OCSP_request_onereq_get0(theirs, (int)i));

		cs_assert(OCSP_id_get0_info(&name, NULL, &key, &serial, id) == 1);
		cs_assert(cs_span_equal(request->ids[i].key_hash,
		    cs_span_of(ASN1_STRING_get0_data(key), (size_t)ASN1_STRING_length(key))));
		cs_assert(request->ids[i].serial.len <= PKI_OCSP_SERIAL_MAX);
	}
	cs_assert(request->nonce.len <= PKI_OCSP_NONCE_MAX);
	OCSP_REQUEST_free(theirs);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pki_ocsp_request request;
	enum pki_ocsp_refusal why;

	if (!pki_ocsp_read(cs_span_of(data, size), &request, &why))
		cs_assert(pki_ocsp_refuse(why).len == 5);
	else if (!request.names_client)
		compare(cs_span_of(data, size), &request);
	return 0;
}
