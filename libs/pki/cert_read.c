/* SPDX-License-Identifier: Apache-2.0 */
/* cert_read.c: certificates back to fields, for display, chains and notices. */
#include <string.h>

#include "pki/cert.h"
#include "pki/der.h"
#include "pki/hash.h"
#include "pki/name.h"
#include "pki/oid.h"
#include "pki/pem.h"
#include "pki/verify.h"

#define LIST_MAX 64 /* entries of any list in a certificate */
#define EXTENSIONS 64

struct reader {
	struct cs_arena *arena;
	struct pki_cert_info *info;
};

/* A NULL-terminated list that grows. */
struct list {
	const char **items;
	size_t n;
};

static bool
list_add(struct reader *r, struct list *list, const char *item)
{
	if (item == NULL || list->n == LIST_MAX)
		return false;
	if (list->items == NULL)
		list->items = CS_NEW_ARRAY(r->arena, LIST_MAX + 1, const char *);
	list->items[list->n++] = item;
	return true;
}

static bool
read_oids(struct reader *r, struct cs_span value, bool inner, const char *const **ret_oids)
{
	struct cs_span seq, item, oid;
	struct list list = { 0 };

	if (!pki_der_take(&value, PKI_SEQUENCE, &seq) || value.len > 0)
		return false;
	while (seq.len > 0) {
		if (inner && (!pki_der_take(&seq, PKI_SEQUENCE, &item) ||
				 !pki_der_take(&item, PKI_OID, &oid)))
			return false;
		if (!inner && !pki_der_take(&seq, PKI_OID, &oid))
			return false;
		if (!list_add(r, &list, pki_der_oid_text(r->arena, oid)))
			return false;
	}
	*ret_oids = list.items;
	return true;
}

static bool
read_eku(struct reader *r, struct cs_span value)
{
	return read_oids(r, value, false, &r->info->eku);
}

static bool
read_policies(struct reader *r, struct cs_span value)
{
	return read_oids(r, value, true, &r->info->policies);
}

static bool
read_key_usage(struct reader *r, struct cs_span value)
{
	struct cs_span body;

	return pki_der_take(&value, PKI_BIT_STRING, &body) && value.len == 0 &&
	       pki_der_named_bits(body, &r->info->key_usage);
}

static bool
read_subject_key_id(struct reader *r, struct cs_span value)
{
	return pki_der_take(&value, PKI_OCTET_STRING, &r->info->subject_key_id) && value.len == 0;
}

static bool
read_authority_key_id(struct reader *r, struct cs_span value)
{
	struct cs_span seq;

	if (!pki_der_take(&value, PKI_SEQUENCE, &seq) || value.len > 0)
		return false;
	if (pki_der_is(seq, PKI_CONTEXT(0)))
		return pki_der_take(&seq, PKI_CONTEXT(0), &r->info->authority_key_id);
	return true;
}

static bool
read_constraints(struct reader *r, struct cs_span value)
{
	struct cs_span seq, body;
	uint32_t path_len;

	if (!pki_der_take(&value, PKI_SEQUENCE, &seq) || value.len > 0)
		return false;
	if (pki_der_take(&seq, PKI_BOOLEAN, &body) && !pki_der_bool(body, &r->info->is_ca))
		return false;
	if (pki_der_take(&seq, PKI_INTEGER, &body)) {
		if (!pki_der_uint32(body, &path_len) || path_len > 255)
			return false;
		r->info->path_len = (int)path_len;
	}
	return seq.len == 0;
}

static bool
read_other_name(struct cs_span body, struct cs_span *ret_mailbox)
{
	struct cs_span oid, value;

	return pki_der_take(&body, PKI_OID, &oid) && pki_der_oid_is(oid, PKI_OID_SMTP_UTF8) &&
	       pki_der_take(&body, PKI_CONTEXT_CONSTRUCTED(0), &value) &&
	       pki_der_take(&value, PKI_UTF8_STRING, ret_mailbox);
}

static bool
read_san(struct reader *r, struct cs_span value)
{
	struct pki_mailbox *mailboxes = CS_NEW_ARRAY(r->arena, LIST_MAX, struct pki_mailbox);
	struct pki_element name;
	struct cs_span seq, text;
	size_t n = 0;

	if (!pki_der_take(&value, PKI_SEQUENCE, &seq) || value.len > 0)
		return false;
	while (seq.len > 0) {
		if (!pki_der_next(&seq, &name) || n == LIST_MAX)
			return false;
		const bool ascii = name.tag == PKI_CONTEXT(1);
		if (ascii)
			text = name.body;
		else if (name.tag != PKI_CONTEXT_CONSTRUCTED(0) ||
			 !read_other_name(name.body, &text))
			continue;
		mailboxes[n] = (struct pki_mailbox){
			.address = pki_string_text(
			    r->arena, ascii ? PKI_IA5_STRING : PKI_UTF8_STRING, text),
			.utf8_local = !ascii,
		};
		if (mailboxes[n++].address == NULL)
			return false;
	}
	r->info->mailboxes = mailboxes;
	r->info->n_mailboxes = n;
	return true;
}

/* Adds every URI among GeneralNames. */
static bool
add_uris(struct reader *r, struct cs_span names, struct list *list)
{
	struct pki_element name;

	while (names.len > 0) {
		if (!pki_der_next(&names, &name))
			return false;
		if (name.tag == PKI_CONTEXT(6) &&
		    !list_add(r, list, pki_string_text(r->arena, PKI_IA5_STRING, name.body)))
			return false;
	}
	return true;
}

static bool
read_crl_urls(struct reader *r, struct cs_span value)
{
	struct cs_span seq, point, name, full;
	struct list list = { 0 };

	if (!pki_der_take(&value, PKI_SEQUENCE, &seq) || value.len > 0)
		return false;
	while (seq.len > 0) {
		if (!pki_der_take(&seq, PKI_SEQUENCE, &point))
			return false;
		if (pki_der_take(&point, PKI_CONTEXT_CONSTRUCTED(0), &name) &&
		    pki_der_take(&name, PKI_CONTEXT_CONSTRUCTED(0), &full) &&
		    !add_uris(r, full, &list))
			return false;
	}
	r->info->crl_urls = list.items;
	return true;
}

static bool
read_authority_info(struct reader *r, struct cs_span value)
{
	struct cs_span seq, access, method;
	struct list ocsp = { 0 }, issuers = { 0 };

	if (!pki_der_take(&value, PKI_SEQUENCE, &seq) || value.len > 0)
		return false;
	while (seq.len > 0) {
		if (!pki_der_take(&seq, PKI_SEQUENCE, &access) ||
		    !pki_der_take(&access, PKI_OID, &method))
			return false;
		if (pki_der_oid_is(method, PKI_OID_AIA_OCSP) && !add_uris(r, access, &ocsp))
			return false;
		if (pki_der_oid_is(method, PKI_OID_AIA_ISSUERS) && !add_uris(r, access, &issuers))
			return false;
	}
	r->info->ocsp_urls = ocsp.items;
	r->info->issuer_urls = issuers.items;
	return true;
}

static bool
read_nocheck(struct reader *r, struct cs_span value)
{
	struct cs_span body;

	r->info->ocsp_nocheck = pki_der_take(&value, PKI_NULL, &body) && value.len == 0;
	return r->info->ocsp_nocheck;
}

static const struct {
	const char *oid;
	bool (*read)(struct reader *r, struct cs_span value);
} readers[] = {
	{ PKI_OID_AKI, read_authority_key_id },
	{ PKI_OID_SKI, read_subject_key_id },
	{ PKI_OID_KEY_USAGE, read_key_usage },
	{ PKI_OID_CONSTRAINTS, read_constraints },
	{ PKI_OID_EKU, read_eku },
	{ PKI_OID_POLICIES, read_policies },
	{ PKI_OID_SAN, read_san },
	{ PKI_OID_CRL_DP, read_crl_urls },
	{ PKI_OID_AIA, read_authority_info },
	{ PKI_OID_OCSP_NOCHECK, read_nocheck },
};

static bool
read_extension(struct reader *r, struct cs_span body, struct cs_span *ret_oid)
{
	struct cs_span flag, value;
	bool critical;

	if (!pki_der_take(&body, PKI_OID, ret_oid))
		return false;
	if (pki_der_take(&body, PKI_BOOLEAN, &flag) &&
	    (!pki_der_bool(flag, &critical) || !critical))
		return false;
	if (!pki_der_take(&body, PKI_OCTET_STRING, &value) || body.len > 0)
		return false;
	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
		if (pki_der_oid_is(*ret_oid, readers[i].oid))
			return pki_der_check(value, NULL, NULL) && readers[i].read(r, value);
	return true;
}

static bool
read_extensions(struct reader *r, struct cs_span wrapper)
{
	struct cs_span seen[EXTENSIONS], seq, body;
	size_t n = 0;

	if (!pki_der_take(&wrapper, PKI_SEQUENCE, &seq) || wrapper.len > 0)
		return false;
	for (; seq.len > 0; n++) {
		if (n == EXTENSIONS || !pki_der_take(&seq, PKI_SEQUENCE, &body) ||
		    !read_extension(r, body, &seen[n]))
			return false;
		for (size_t i = 0; i < n; i++)
			if (cs_span_equal(seen[i], seen[n]))
				return false;
	}
	return true;
}

static bool
read_validity(struct pki_cert_info *info, struct cs_span body)
{
	struct pki_element from, until;

	return pki_der_next(&body, &from) && pki_der_next(&body, &until) && body.len == 0 &&
	       pki_der_time(from.tag, from.body, &info->not_before_s) &&
	       pki_der_time(until.tag, until.body, &info->not_after_s);
}

/* [0] version 3, serial, and the algorithm once more. */
static bool
read_version(struct pki_cert_info *info, struct cs_span *body)
{
	struct cs_span version, number, sigalg;
	uint32_t v;

	if (!pki_der_take(body, PKI_CONTEXT_CONSTRUCTED(0), &version) ||
	    !pki_der_take(&version, PKI_INTEGER, &number) || !pki_der_uint32(number, &v) || v != 2)
		return false;
	return pki_der_take(body, PKI_INTEGER, &number) &&
	       pki_der_unsigned(number, &info->serial) &&
	       pki_der_take_whole(body, PKI_SEQUENCE, &sigalg) &&
	       cs_span_equal(sigalg, info->sigalg);
}

/* An AlgorithmIdentifier: which algorithm, and parameters that are its own business. */
static bool
is_algorithm(struct cs_span whole)
{
	struct cs_span body, oid;
	struct pki_element parameters;

	return pki_der_take(&whole, PKI_SEQUENCE, &body) && pki_der_take(&body, PKI_OID, &oid) &&
	       (body.len == 0 || (pki_der_next(&body, &parameters) && body.len == 0));
}

static bool
is_spki(struct cs_span whole)
{
	struct cs_span body, algorithm, bits;

	return pki_der_take(&whole, PKI_SEQUENCE, &body) &&
	       pki_der_take_whole(&body, PKI_SEQUENCE, &algorithm) && is_algorithm(algorithm) &&
	       pki_der_take(&body, PKI_BIT_STRING, &bits) && body.len == 0;
}

static bool
read_names(struct reader *r)
{
	struct pki_cert_info *info = r->info;
	struct cs_span issuer = info->issuer, subject = info->subject, name;
	const struct pki_attribute *attributes;
	size_t n;

	return pki_der_take(&issuer, PKI_SEQUENCE, &name) &&
	       pki_name_read(r->arena, name, &attributes, &n) == NULL &&
	       pki_der_take(&subject, PKI_SEQUENCE, &name) &&
	       pki_name_read(
		   r->arena, name, &info->subject_attributes, &info->n_subject_attributes) == NULL;
}

static bool
read_tbs(struct reader *r, struct cs_span tbs)
{
	struct pki_cert_info *info = r->info;
	struct cs_span body, validity, wrapper;

	if (!pki_der_take(&tbs, PKI_SEQUENCE, &body) || !read_version(info, &body))
		return false;
	if (!pki_der_take_whole(&body, PKI_SEQUENCE, &info->issuer) ||
	    !pki_der_take(&body, PKI_SEQUENCE, &validity) || !read_validity(info, validity) ||
	    !pki_der_take_whole(&body, PKI_SEQUENCE, &info->subject) ||
	    !pki_der_take_whole(&body, PKI_SEQUENCE, &info->spki))
		return false;
	return is_algorithm(info->sigalg) && is_spki(info->spki) && read_names(r) &&
	       pki_der_take(&body, PKI_CONTEXT_CONSTRUCTED(3), &wrapper) && body.len == 0 &&
	       read_extensions(r, wrapper);
}

enum cs_code
pki_cert_read(
    struct cs_arena *arena, struct cs_span der, struct pki_cert_info *ret_info, struct cs_err *err)
{
	struct pki_cert_info info = { .der = der, .path_len = -1 };
	struct reader r = { arena, &info };
	struct cs_span in = der, body, bits;
	const char *why = "it is not a certificate";

	if (!pki_der_check(der, &why, NULL) || !pki_der_take(&in, PKI_SEQUENCE, &body) ||
	    !pki_der_take_whole(&body, PKI_SEQUENCE, &info.tbs) ||
	    !pki_der_take_whole(&body, PKI_SEQUENCE, &info.sigalg) ||
	    !pki_der_take(&body, PKI_BIT_STRING, &bits) || body.len > 0 ||
	    !pki_der_octet_bits(bits, &info.signature) || !read_tbs(&r, info.tbs))
		return cs_fail(err, CS_MALFORMED, "certificate: %s", why);
	pki_sha256(der, info.sha256);
	*ret_info = info;
	return CS_OK;
}

enum cs_code
pki_cert_from_pem(
    struct cs_arena *arena, struct cs_span pem, struct cs_span *ret_der, struct cs_err *err)
{
	const char *label, *why;
	struct cs_span der;

	while (pki_pem_next(arena, &pem, &label, &der, &why))
		if (strcmp(label, "CERTIFICATE") == 0) {
			*ret_der = der;
			return CS_OK;
		}
	return cs_fail(err, CS_MALFORMED, "PEM: %s", why != NULL ? why : "there is no certificate");
}

bool
pki_cert_signed_with(const struct pki_cert_info *cert, const struct pki_cert_info *issuer,
    const struct pki_verifier *key)
{
	cs_assert(key == NULL || pki_verifier_is(key, issuer->spki));
	if (!issuer->is_ca || !cs_span_equal(cert->issuer, issuer->subject) ||
	    (issuer->key_usage & PKI_KU_KEY_CERT_SIGN) == 0)
		return false;
	return key != NULL ? pki_verifier_check(key, cert->sigalg, cert->tbs, cert->signature)
			   : pki_verify(issuer->spki, cert->sigalg, cert->tbs, cert->signature);
}

bool
pki_cert_signed_by(const struct pki_cert_info *cert, const struct pki_cert_info *issuer)
{
	return pki_cert_signed_with(cert, issuer, NULL);
}
