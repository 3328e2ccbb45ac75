/* SPDX-License-Identifier: Apache-2.0 */
/* crl_read.c: revocation lists back to fields, and the lint of what is about to be signed. */
#include "pki/crl_read.h"

#include <stdlib.h>
#include <string.h>

#include "pki/crl.h"
#include "pki/der.h"
#include "pki/hash.h"
#include "pki/name.h"
#include "pki/oid.h"
#include "pki/verify.h"

#define SERIAL_MAX 20
#define URLS_MAX 16

/* ---- entries ---- */

static bool
read_reason(struct cs_span value, uint32_t *ret_reason)
{
	struct cs_span body;

	/* Unspecified is said by saying nothing (RFC 5280 5.3.1); 7 is not used; removeFromCRL is of deltas. */
	if (!pki_der_check(value, NULL, NULL) || !pki_der_take(&value, PKI_ENUMERATED, &body) ||
	    value.len > 0 || body.len != 1 || body.data[0] == 0 || body.data[0] == 7 ||
	    body.data[0] == 8 || body.data[0] > 10)
		return false;
	*ret_reason = body.data[0];
	return true;
}

struct extension {
	struct cs_span oid, value;
	bool critical;
};

static bool
next_extension(struct cs_span *list, struct extension *ret)
{
	struct cs_span body, flag;

	*ret = (struct extension){ 0 };
	if (!pki_der_take(list, PKI_SEQUENCE, &body) || !pki_der_take(&body, PKI_OID, &ret->oid))
		return false;
	if (pki_der_take(&body, PKI_BOOLEAN, &flag) &&
	    (!pki_der_bool(flag, &ret->critical) || !ret->critical))
		return false; /* DER leaves a default out */
	return pki_der_take(&body, PKI_OCTET_STRING, &ret->value) && body.len == 0;
}

static bool
read_entry_extensions(struct cs_span list, struct pki_crl_entry *entry)
{
	struct extension ext;

	if (list.len == 0)
		return false;
	while (list.len > 0) {
		if (!next_extension(&list, &ext) || ext.critical)
			return false;
		if (!pki_der_oid_is(ext.oid, PKI_OID_CRL_REASON))
			continue;
		if (entry->reason != PKI_CRL_NO_REASON || !read_reason(ext.value, &entry->reason))
			return false;
	}
	return true;
}

static bool
read_entry(struct cs_span *list, struct pki_crl_entry *ret)
{
	struct cs_span body, number, extensions;
	struct pki_element at;

	*ret = (struct pki_crl_entry){ 0 };
	if (!pki_der_take(list, PKI_SEQUENCE, &body) ||
	    !pki_der_take(&body, PKI_INTEGER, &number) || number.len > SERIAL_MAX ||
	    !pki_der_unsigned(number, &ret->serial) || ret->serial.len == 0 ||
	    !pki_der_next(&body, &at) || !pki_der_time(at.tag, at.body, &ret->revoked_at_s))
		return false;
	return body.len == 0 || (pki_der_take(&body, PKI_SEQUENCE, &extensions) && body.len == 0 &&
				    read_entry_extensions(extensions, ret));
}

static int
by_serial(const void *a, const void *b)
{
	return pki_crl_compare(
	    ((const struct pki_crl_entry *)a)->serial, ((const struct pki_crl_entry *)b)->serial);
}

/* Ours come in order; others are sorted, so that a serial is found quickly. */
static bool
put_in_order(struct pki_crl_entry *entries, size_t n)
{
	bool ordered = true;

	for (size_t i = 1; i < n && ordered; i++)
		ordered = by_serial(&entries[i - 1], &entries[i]) < 0;
	if (ordered)
		return true;
	qsort(entries, n, sizeof(*entries), by_serial);
	for (size_t i = 1; i < n; i++) {
		if (by_serial(&entries[i - 1], &entries[i]) == 0)
			return false;
	}
	return true;
}

static bool
read_entries(struct cs_arena *arena, struct cs_span list, struct pki_crl *crl)
{
	struct cs_span rest = list, body;
	size_t n = 0;

	for (; rest.len > 0; n++) {
		if (!pki_der_take(&rest, PKI_SEQUENCE, &body))
			return false;
	}
	if (n == 0)
		return false; /* an empty list is left out */
	struct pki_crl_entry *entries = CS_NEW_ARRAY(arena, n, struct pki_crl_entry);
	for (size_t i = 0; i < n; i++) {
		if (!read_entry(&list, &entries[i]))
			return false;
	}
	crl->entries = entries;
	crl->n = n;
	return put_in_order(entries, n);
}

/* ---- extensions of the list ---- */

struct reader {
	struct cs_arena *arena;
	struct pki_crl *crl;
};

static bool
read_authority_key_id(struct reader *r, const struct extension *ext)
{
	struct cs_span value = ext->value, seq;

	return !ext->critical && pki_der_take(&value, PKI_SEQUENCE, &seq) && value.len == 0 &&
	       pki_der_take(&seq, PKI_CONTEXT(0), &r->crl->authority_key_id) &&
	       r->crl->authority_key_id.len > 0 && seq.len == 0;
}

static bool
read_number(struct reader *r, const struct extension *ext)
{
	struct cs_span value = ext->value, body, octets;

	if (ext->critical || !pki_der_take(&value, PKI_INTEGER, &body) || value.len > 0 ||
	    !pki_der_unsigned(body, &octets) || octets.len > 8)
		return false;
	for (size_t i = 0; i < octets.len; i++)
		r->crl->number = r->crl->number << 8 | octets.data[i];
	return r->crl->number <= INT64_MAX;
}

/* A point with full names and nothing else: no subset of reasons or kinds, no other issuers. */
static bool
read_distribution_point(struct reader *r, const struct extension *ext)
{
	struct cs_span value = ext->value, seq, point, full, uri;
	const char **urls = CS_NEW_ARRAY(r->arena, URLS_MAX + 1, const char *);
	size_t n = 0;

	if (!ext->critical || !pki_der_take(&value, PKI_SEQUENCE, &seq) || value.len > 0 ||
	    !pki_der_take(&seq, PKI_CONTEXT_CONSTRUCTED(0), &point) || seq.len > 0 ||
	    !pki_der_take(&point, PKI_CONTEXT_CONSTRUCTED(0), &full) || point.len > 0 ||
	    full.len == 0)
		return false;
	while (full.len > 0) {
		if (n == URLS_MAX || !pki_der_take(&full, PKI_CONTEXT(6), &uri))
			return false;
		urls[n] = pki_string_text(r->arena, PKI_IA5_STRING, uri);
		if (urls[n++] == NULL)
			return false;
	}
	r->crl->urls = urls;
	return true;
}

static const struct {
	const char *oid;
	bool (*read)(struct reader *r, const struct extension *ext);
} readers[] = {
	{ PKI_OID_AKI, read_authority_key_id },
	{ PKI_OID_CRL_NUMBER, read_number },
	{ PKI_OID_CRL_IDP, read_distribution_point },
};
#define N_READERS (sizeof(readers) / sizeof(readers[0]))

static bool
read_extension(struct reader *r, const struct extension *ext, bool seen[static N_READERS])
{
	for (size_t i = 0; i < N_READERS; i++) {
		if (!pki_der_oid_is(ext->oid, readers[i].oid))
			continue;
		if (seen[i] || !pki_der_check(ext->value, NULL, NULL))
			return false;
		seen[i] = true;
		return readers[i].read(r, ext);
	}
	return !ext->critical;
}

static bool
read_extensions(struct reader *r, struct cs_span wrapper)
{
	bool seen[N_READERS] = { false };
	struct extension ext;
	struct cs_span list;

	if (!pki_der_take(&wrapper, PKI_SEQUENCE, &list) || wrapper.len > 0)
		return false;
	while (list.len > 0) {
		if (!next_extension(&list, &ext) || !read_extension(r, &ext, seen))
			return false;
	}
	return seen[0] && seen[1];
}

/* ---- the list ---- */

static bool
read_issuer(struct cs_arena *arena, struct cs_span *body, struct pki_crl *crl)
{
	const struct pki_attribute *attributes;
	struct cs_span whole, name;
	size_t n;

	if (!pki_der_take_whole(body, PKI_SEQUENCE, &crl->issuer))
		return false;
	whole = crl->issuer;
	return pki_der_take(&whole, PKI_SEQUENCE, &name) &&
	       pki_name_read(arena, name, &attributes, &n) == NULL;
}

static bool
read_times(struct cs_span *body, struct pki_crl *crl)
{
	struct pki_element this_update, next_update;

	return pki_der_next(body, &this_update) &&
	       pki_der_time(this_update.tag, this_update.body, &crl->this_update_s) &&
	       pki_der_next(body, &next_update) &&
	       pki_der_time(next_update.tag, next_update.body, &crl->next_update_s) &&
	       crl->next_update_s > crl->this_update_s;
}

bool
pki_crl_read_tbs(struct cs_arena *arena, struct cs_span tbs, struct pki_crl *crl)
{
	struct reader r = { arena, crl };
	struct cs_span in = tbs, body, number, list, wrapper;
	uint32_t version;

	if (!pki_der_take(&in, PKI_SEQUENCE, &body) || in.len > 0 ||
	    !pki_der_take(&body, PKI_INTEGER, &number) || !pki_der_uint32(number, &version) ||
	    version != 1 || !pki_der_take_whole(&body, PKI_SEQUENCE, &crl->sigalg) ||
	    pki_sigalg_name(crl->sigalg) == NULL || !read_issuer(arena, &body, crl) ||
	    !read_times(&body, crl))
		return false;
	if (pki_der_take(&body, PKI_SEQUENCE, &list) && !read_entries(arena, list, crl))
		return false;
	crl->tbs = tbs;
	return pki_der_take(&body, PKI_CONTEXT_CONSTRUCTED(0), &wrapper) && body.len == 0 &&
	       read_extensions(&r, wrapper);
}

static bool
read_crl(struct cs_arena *arena, struct cs_span der, struct pki_crl *crl)
{
	struct cs_span in = der, body, tbs, sigalg, bits;

	if (!pki_der_take(&in, PKI_SEQUENCE, &body) ||
	    !pki_der_take_whole(&body, PKI_SEQUENCE, &tbs) ||
	    !pki_der_take_whole(&body, PKI_SEQUENCE, &sigalg) ||
	    !pki_der_take(&body, PKI_BIT_STRING, &bits) || body.len > 0 ||
	    !pki_der_octet_bits(bits, &crl->signature))
		return false;
	return pki_crl_read_tbs(arena, tbs, crl) && cs_span_equal(sigalg, crl->sigalg);
}

enum cs_code
pki_crl_read(
    struct cs_arena *arena, struct cs_span der, struct pki_crl *ret_crl, struct cs_err *err)
{
	struct pki_crl crl = { .der = der };
	const char *why = "it is not a revocation list";

	if (der.len > PKI_CRL_MAX)
		return cs_fail(err, CS_MALFORMED, "CRL: larger than %u octets", PKI_CRL_MAX);
	if (!pki_der_check(der, &why, NULL) || !read_crl(arena, der, &crl))
		return cs_fail(err, CS_MALFORMED, "CRL: %s", why);
	pki_sha256(der, crl.sha256);
	*ret_crl = crl;
	return CS_OK;
}

const struct pki_crl_entry *
pki_crl_find(const struct pki_crl *crl, struct cs_span serial)
{
	while (serial.len > 0 && serial.data[0] == 0)
		serial = cs_span_of(serial.data + 1, serial.len - 1);
	const struct pki_crl_entry key = { .serial = serial };

	return crl->n == 0
		   ? NULL
		   : bsearch(&key, crl->entries, crl->n, sizeof(crl->entries[0]), by_serial);
}

bool
pki_crl_signed_by(const struct pki_crl *crl, const struct pki_cert_info *ca)
{
	return ca->is_ca && (ca->key_usage & PKI_KU_CRL_SIGN) != 0 &&
	       cs_span_equal(crl->issuer, ca->subject) &&
	       cs_span_equal(crl->authority_key_id, ca->subject_key_id) &&
	       pki_verify(ca->spki, crl->sigalg, crl->tbs, crl->signature);
}
