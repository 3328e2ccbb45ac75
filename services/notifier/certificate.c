/* SPDX-License-Identifier: Apache-2.0 */
#include "certificate.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "pki/pem.h"
#include "pki/verify.h"

#define CAS_MAX 16

enum cs_code
certificate_read_cas(
    struct cs_arena *arena, struct cs_span pem, struct certificate_cas *ret_cas, struct cs_err *err)
{
	struct pki_cert_info *cas = CS_NEW_ARRAY(arena, CAS_MAX, struct pki_cert_info);
	const char *label, *why = NULL;
	struct cs_span der;
	size_t n = 0;

	while (n < CAS_MAX && pki_pem_next(arena, &pem, &label, &der, &why)) {
		if (strcmp(label, "CERTIFICATE") != 0 || pki_cert_read(arena, der, &cas[n], err))
			return cs_fail(err, CS_MALFORMED, "block %zu is no certificate", n + 1);
		if (!cas[n].is_ca)
			return cs_fail(err, CS_MALFORMED, "certificate %zu is not a CA's", n + 1);
		n++;
	}
	if (why != NULL || n == 0)
		return cs_fail(err, CS_MALFORMED, "certificate %zu %s", n + 1,
		    why != NULL ? why : "is missing");
	*ret_cas =
	    (struct certificate_cas){ cas, n, CS_NEW_ARRAY(arena, n, struct pki_verifier *) };
	for (size_t i = 0; i < n; i++)
		ret_cas->keys[i] = pki_verifier_new(cas[i].spki);
	return CS_OK;
}

void
certificate_free_cas(struct certificate_cas *cas)
{
	for (size_t i = 0; i < cas->n; i++)
		pki_verifier_free(cas->keys[i]);
	cas->n = 0;
}

static bool
is_ours(const struct certificate_cas *cas, const struct pki_cert_info *cert, struct cs_span issuer)
{
	for (size_t i = 0; i < cas->n; i++)
		if (cs_span_equal(cas->items[i].der, issuer) &&
		    pki_cert_signed_with(cert, &cas->items[i], cas->keys[i]))
			return true;
	return false;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The same set; those of the event are distinct. */
static bool
same_mailboxes(
    struct cs_arena *arena, const struct pki_cert_info *cert, const struct wire_issued *issued)
{
	const char **names = CS_NEW_ARRAY(arena, cert->n_mailboxes, const char *);
	const char **told = CS_NEW_ARRAY(arena, issued->n_mailboxes, const char *);

	if (cert->n_mailboxes != issued->n_mailboxes)
		return false;
	for (size_t i = 0; i < cert->n_mailboxes; i++) {
		names[i] = cert->mailboxes[i].address;
		told[i] = issued->mailboxes[i];
	}
	qsort(names, cert->n_mailboxes, sizeof(names[0]), by_text);
	qsort(told, cert->n_mailboxes, sizeof(told[0]), by_text);
	for (size_t i = 0; i < cert->n_mailboxes; i++)
		if (strcmp(names[i], told[i]) != 0 || (i > 0 && strcmp(told[i - 1], told[i]) == 0))
			return false;
	return true;
}

static bool
is_contact(const struct wire_issued *issued)
{
	if (issued->contact[0] == '\0')
		return true; /* nobody */
	for (size_t i = 0; i < issued->n_mailboxes; i++)
		if (strcmp(issued->mailboxes[i], issued->contact) == 0)
			return true;
	return false;
}

static enum cs_code
refuse(struct cs_err *err, const char *what)
{
	return cs_fail(err, CS_MALFORMED, "CertificateIssued: %s", what);
}

enum cs_code
certificate_check(struct cs_arena *arena, const struct certificate_cas *cas,
    const struct wire_issued *issued, struct cs_err *err)
{
	struct pki_cert_info cert;

	if (pki_cert_read(arena, issued->certificate, &cert, err))
		return CS_MALFORMED;
	if (cert.is_ca || !is_ours(cas, &cert, issued->chain[0]))
		return refuse(err, "the certificate is not signed by a CA of ours");
	if (strcmp(cs_hex(arena, cert.serial), issued->serial) != 0)
		return refuse(err, "the serial is another");
	if (strcmp(cs_hex(arena, cs_span_of(cert.sha256, sizeof(cert.sha256))),
		issued->fingerprint) != 0)
		return refuse(err, "the fingerprint is another");
	if (cert.not_before_s * 1000 != issued->not_before_ms ||
	    cert.not_after_s * 1000 != issued->not_after_ms)
		return refuse(err, "the validity is another");
	if (!same_mailboxes(arena, &cert, issued))
		return refuse(err, "the mailboxes are others");
	if (!is_contact(issued))
		return refuse(err, "the contact is none of the mailboxes");
	return CS_OK;
}
