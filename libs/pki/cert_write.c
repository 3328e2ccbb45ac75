/* SPDX-License-Identifier: Apache-2.0 */
/* cert_write.c: templates to octets.  No OpenSSL object is made: this runs once per certificate. */
#include <string.h>

#include "pki/cert.h"
#include "pki/der.h"
#include "pki/name.h"
#include "pki/oid.h"
#include "pki/pem.h"

#define GENERAL_NAME_URI PKI_CONTEXT(6)

static const char *
template_fault(const struct pki_cert_template *t)
{
	if (t->serial.len < 16 || t->serial.len > 19 || t->serial.data[0] == 0 ||
	    t->serial.data[0] > 0x7f)
		return "the serial is not 16 to 19 octets of a positive number";
	if (!pki_der_is(t->issuer, PKI_SEQUENCE) || !pki_der_is(t->spki, PKI_SEQUENCE) ||
	    !pki_der_is(t->sigalg, PKI_SEQUENCE))
		return "issuer, key or algorithm is missing";
	if (t->not_after_s < t->not_before_s)
		return "the validity ends before it begins";
	for (size_t i = 0; i < t->n_mailboxes; i++)
		if (pki_text_fault(cs_span_str(t->mailboxes[i].address)) != NULL ||
		    strchr(t->mailboxes[i].address, '@') == NULL)
			return "a mailbox is not one";
	for (const char *const *host = t->dns_names; host != NULL && *host != NULL; host++)
		if (pki_text_fault(cs_span_str(*host)) != NULL || strchr(*host, '.') == NULL)
			return "a host is not one";
	for (size_t i = 0; i < t->n_subject; i++)
		if (t->subject[i].value[0] == '\0' ||
		    pki_text_fault(cs_span_str(t->subject[i].value)) != NULL)
			return "a subject attribute is empty or cannot be read";
	return NULL;
}

/* An extension is begun with its type, and its value is written inside the OCTET STRING. */
struct extension {
	size_t whole, value;
};

static struct extension
begin(struct cs_buf *out, const char *oid, bool critical)
{
	struct extension ext = { .whole = pki_der_begin(out, PKI_SEQUENCE) };

	pki_der_put_oid(out, oid);
	if (critical)
		pki_der_put_bool(out, true);
	ext.value = pki_der_begin(out, PKI_OCTET_STRING);
	return ext;
}

static void
end(struct cs_buf *out, struct extension ext)
{
	pki_der_end(out, ext.value);
	pki_der_end(out, ext.whole);
}

static void
put_authority_key_id(struct cs_buf *out, struct cs_span key_id)
{
	if (key_id.len == 0)
		return;
	const struct extension ext = begin(out, PKI_OID_AKI, false);
	const size_t seq = pki_der_begin(out, PKI_SEQUENCE);
	pki_der_put(out, PKI_CONTEXT(0), key_id);
	pki_der_end(out, seq);
	end(out, ext);
}

static void
put_subject_key_id(struct cs_buf *out, struct cs_span key_id)
{
	if (key_id.len == 0)
		return;
	const struct extension ext = begin(out, PKI_OID_SKI, false);
	pki_der_put(out, PKI_OCTET_STRING, key_id);
	end(out, ext);
}

static void
put_key_usage(struct cs_buf *out, uint16_t bits)
{
	if (bits == 0)
		return;
	const struct extension ext = begin(out, PKI_OID_KEY_USAGE, true);
	pki_der_put_named_bits(out, PKI_BIT_STRING, bits);
	end(out, ext);
}

static void
put_constraints(struct cs_buf *out, bool is_ca, int path_len)
{
	if (!is_ca)
		return;
	const struct extension ext = begin(out, PKI_OID_CONSTRAINTS, true);
	const size_t seq = pki_der_begin(out, PKI_SEQUENCE);
	pki_der_put_bool(out, true);
	if (path_len >= 0)
		pki_der_put_int(out, (uint32_t)path_len);
	pki_der_end(out, seq);
	end(out, ext);
}

/* `inner`: each policy is a sequence of its own; extended key purposes stand bare. */
static void
put_oids(struct cs_buf *out, const char *type, const char *const *oids, bool inner)
{
	if (oids == NULL || oids[0] == NULL)
		return;
	const struct extension ext = begin(out, type, false);
	const size_t seq = pki_der_begin(out, PKI_SEQUENCE);
	for (; *oids != NULL; oids++) {
		const size_t policy = inner ? pki_der_begin(out, PKI_SEQUENCE) : 0;

		pki_der_put_oid(out, *oids);
		if (inner)
			pki_der_end(out, policy);
	}
	pki_der_end(out, seq);
	end(out, ext);
}

/* RFC 9598 3: otherName { type-id, [0] EXPLICIT UTF8String }. */
static void
put_utf8_mailbox(struct cs_buf *out, const char *address)
{
	const size_t name = pki_der_begin(out, PKI_CONTEXT_CONSTRUCTED(0));

	pki_der_put_oid(out, PKI_OID_SMTP_UTF8);
	const size_t value = pki_der_begin(out, PKI_CONTEXT_CONSTRUCTED(0));
	pki_der_put_text(out, PKI_UTF8_STRING, address);
	pki_der_end(out, value);
	pki_der_end(out, name);
}

static void
put_mailboxes(struct cs_buf *out, const struct pki_cert_template *t)
{
	if (t->n_mailboxes == 0)
		return;
	/* RFC 5280 4.2.1.6: critical when there is no subject. */
	const struct extension ext = begin(out, PKI_OID_SAN, t->n_subject == 0);
	const size_t seq = pki_der_begin(out, PKI_SEQUENCE);
	for (size_t i = 0; i < t->n_mailboxes; i++)
		if (t->mailboxes[i].utf8_local)
			put_utf8_mailbox(out, t->mailboxes[i].address);
		else
			pki_der_put_text(out, PKI_CONTEXT(1), t->mailboxes[i].address);
	for (const char *const *host = t->dns_names; host != NULL && *host != NULL; host++)
		pki_der_put_text(out, PKI_CONTEXT(2), *host);
	pki_der_end(out, seq);
	end(out, ext);
}

/* One distribution point whose names all lead to the same list. */
static void
put_crl_urls(struct cs_buf *out, const char *const *urls)
{
	if (urls == NULL || urls[0] == NULL)
		return;
	const struct extension ext = begin(out, PKI_OID_CRL_DP, false);
	const size_t seq = pki_der_begin(out, PKI_SEQUENCE);
	const size_t point = pki_der_begin(out, PKI_SEQUENCE);
	const size_t name = pki_der_begin(out, PKI_CONTEXT_CONSTRUCTED(0));
	const size_t full = pki_der_begin(out, PKI_CONTEXT_CONSTRUCTED(0));
	for (; *urls != NULL; urls++)
		pki_der_put_text(out, GENERAL_NAME_URI, *urls);
	pki_der_end(out, full);
	pki_der_end(out, name);
	pki_der_end(out, point);
	pki_der_end(out, seq);
	end(out, ext);
}

static void
put_access(struct cs_buf *out, const char *method, const char *const *urls)
{
	for (; urls != NULL && *urls != NULL; urls++) {
		const size_t seq = pki_der_begin(out, PKI_SEQUENCE);

		pki_der_put_oid(out, method);
		pki_der_put_text(out, GENERAL_NAME_URI, *urls);
		pki_der_end(out, seq);
	}
}

static void
put_authority_info(struct cs_buf *out, const char *const *ocsp, const char *const *issuers)
{
	if ((ocsp == NULL || ocsp[0] == NULL) && (issuers == NULL || issuers[0] == NULL))
		return;
	const struct extension ext = begin(out, PKI_OID_AIA, false);
	const size_t seq = pki_der_begin(out, PKI_SEQUENCE);
	put_access(out, PKI_OID_AIA_OCSP, ocsp);
	put_access(out, PKI_OID_AIA_ISSUERS, issuers);
	pki_der_end(out, seq);
	end(out, ext);
}

static void
put_nocheck(struct cs_buf *out, bool wanted)
{
	if (!wanted)
		return;
	const struct extension ext = begin(out, PKI_OID_OCSP_NOCHECK, false);
	pki_der_put_null(out);
	end(out, ext);
}

static void
put_extensions(struct cs_buf *out, const struct pki_cert_template *t)
{
	const size_t wrapper = pki_der_begin(out, PKI_CONTEXT_CONSTRUCTED(3));
	const size_t seq = pki_der_begin(out, PKI_SEQUENCE);

	put_authority_key_id(out, t->authority_key_id);
	put_subject_key_id(out, t->subject_key_id);
	put_constraints(out, t->is_ca, t->path_len);
	put_key_usage(out, t->key_usage);
	put_oids(out, PKI_OID_EKU, t->eku, false);
	put_oids(out, PKI_OID_POLICIES, t->policies, true);
	put_mailboxes(out, t);
	put_crl_urls(out, t->crl_urls);
	put_authority_info(out, t->ocsp_urls, t->issuer_urls);
	put_nocheck(out, t->ocsp_nocheck);
	pki_der_end(out, seq);
	pki_der_end(out, wrapper);
}

enum cs_code
pki_cert_tbs(struct cs_arena *arena, const struct pki_cert_template *template,
    struct cs_span *ret_tbs, struct cs_err *err)
{
	struct cs_buf out = cs_buf_new(arena);
	const char *why = template_fault(template);

	if (why != NULL)
		return cs_fail(err, CS_MALFORMED, "certificate template: %s", why);
	const size_t tbs = pki_der_begin(&out, PKI_SEQUENCE);
	const size_t version = pki_der_begin(&out, PKI_CONTEXT_CONSTRUCTED(0));
	pki_der_put_int(&out, 2);
	pki_der_end(&out, version);
	pki_der_put_unsigned(&out, template->serial);
	cs_buf_add_span(&out, template->sigalg);
	cs_buf_add_span(&out, template->issuer);
	const size_t validity = pki_der_begin(&out, PKI_SEQUENCE);
	pki_der_put_time(&out, template->not_before_s);
	pki_der_put_time(&out, template->not_after_s);
	pki_der_end(&out, validity);
	cs_buf_add_span(&out, pki_name(arena, template->subject, template->n_subject));
	cs_buf_add_span(&out, template->spki);
	put_extensions(&out, template);
	pki_der_end(&out, tbs);
	*ret_tbs = cs_buf_span(&out);
	return CS_OK;
}

struct cs_span
pki_cert_assemble(
    struct cs_arena *arena, struct cs_span tbs, struct cs_span sigalg, struct cs_span signature)
{
	struct cs_buf out = cs_buf_new(arena);
	const size_t cert = pki_der_begin(&out, PKI_SEQUENCE);

	cs_buf_add_span(&out, tbs);
	cs_buf_add_span(&out, sigalg);
	pki_der_put_octet_bits(&out, signature);
	pki_der_end(&out, cert);
	return cs_buf_span(&out);
}

char *
pki_cert_pem(struct cs_arena *arena, struct cs_span der)
{
	return pki_pem(arena, "CERTIFICATE", der);
}

/* RFC 5652 5.1 without signers; the certificates stay in the order given. */
struct cs_span
pki_p7b(struct cs_arena *arena, const struct cs_span *certs, size_t n)
{
	struct cs_buf out = cs_buf_new(arena);
	const size_t info = pki_der_begin(&out, PKI_SEQUENCE);

	pki_der_put_oid(&out, "1.2.840.113549.1.7.2");
	const size_t wrapper = pki_der_begin(&out, PKI_CONTEXT_CONSTRUCTED(0));
	const size_t data = pki_der_begin(&out, PKI_SEQUENCE);
	pki_der_put_int(&out, 1);
	pki_der_put(&out, PKI_SET, cs_span_of(NULL, 0));
	const size_t content = pki_der_begin(&out, PKI_SEQUENCE);
	pki_der_put_oid(&out, "1.2.840.113549.1.7.1");
	pki_der_end(&out, content);
	const size_t set = pki_der_begin(&out, PKI_CONTEXT_CONSTRUCTED(0));
	for (size_t i = 0; i < n; i++)
		cs_buf_add_span(&out, certs[i]);
	pki_der_end(&out, set);
	pki_der_put(&out, PKI_SET, cs_span_of(NULL, 0));
	pki_der_end(&out, data);
	pki_der_end(&out, wrapper);
	pki_der_end(&out, info);
	return cs_buf_span(&out);
}
