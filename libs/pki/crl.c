/* SPDX-License-Identifier: Apache-2.0 */
/* crl.c: revocation lists from entries, judged and signed.  Reading is in crl_read.c. */
#include "pki/crl.h"

#include <string.h>

#include "pki/der.h"
#include "pki/issuer_raw.h"
#include "pki/oid.h"

#define SERIAL_MAX 20 /* octets (RFC 5280 4.1.2.2) */
#define GENERAL_NAME_URI PKI_CONTEXT(6)

int
pki_crl_compare(struct cs_span serial, struct cs_span other)
{
	if (serial.len != other.len)
		return serial.len < other.len ? -1 : 1;
	return cs_span_compare(serial, other);
}

/* ---- building ---- */

/* Not used in full lists: 7 has no meaning, removeFromCRL (8) is of deltas. */
static bool
reason_is_known(uint32_t reason)
{
	return reason <= 10 && reason != 7 && reason != 8;
}

static const char *
entries_fault(const struct pki_crl_template *t)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct pki_crl_entry *entry = &t->entries[i];

		if (entry->serial.len == 0 || entry->serial.len > SERIAL_MAX ||
		    entry->serial.data[0] == 0 ||
		    (entry->serial.len == SERIAL_MAX && entry->serial.data[0] > 0x7f))
			return "a serial is not a positive number of at most 20 octets";
		if (i > 0 && pki_crl_compare(t->entries[i - 1].serial, entry->serial) >= 0)
			return "the entries are not in order";
		if (!reason_is_known(entry->reason))
			return "an unknown reason";
	}
	return NULL;
}

static const char *
template_fault(const struct pki_crl_template *t)
{
	if (!pki_der_is(t->issuer, PKI_SEQUENCE) || !pki_der_is(t->sigalg, PKI_SEQUENCE) ||
	    t->authority_key_id.len == 0)
		return "issuer, key or algorithm is missing";
	if (t->number == 0 || t->number > INT64_MAX)
		return "the number is out of range";
	if (t->next_update_s <= t->this_update_s)
		return "the next update is not after this one";
	if (t->urls != NULL && t->urls[0] == NULL)
		return "a distribution point without a name";
	return entries_fault(t);
}

static void
put_reason(struct cs_buf *out, uint32_t reason)
{
	const uint8_t octet = (uint8_t)reason;
	const size_t list = pki_der_begin(out, PKI_SEQUENCE);
	const size_t ext = pki_der_begin(out, PKI_SEQUENCE);

	pki_der_put_oid(out, PKI_OID_CRL_REASON);
	const size_t value = pki_der_begin(out, PKI_OCTET_STRING);
	pki_der_put(out, PKI_ENUMERATED, cs_span_of(&octet, 1));
	pki_der_end(out, value);
	pki_der_end(out, ext);
	pki_der_end(out, list);
}

/* RFC 5280 5.1.2.6: the list is absent when it would be empty. */
static void
put_entries(struct cs_buf *out, const struct pki_crl_template *t)
{
	if (t->n == 0)
		return;
	const size_t list = pki_der_begin(out, PKI_SEQUENCE);
	for (size_t i = 0; i < t->n; i++) {
		const size_t entry = pki_der_begin(out, PKI_SEQUENCE);

		pki_der_put_unsigned(out, t->entries[i].serial);
		pki_der_put_time(out, t->entries[i].revoked_at_s);
		if (t->entries[i].reason != PKI_CRL_NO_REASON)
			put_reason(out, t->entries[i].reason);
		pki_der_end(out, entry);
	}
	pki_der_end(out, list);
}

static void
put_authority_key_id(struct cs_buf *out, struct cs_span key_id)
{
	const size_t ext = pki_der_begin(out, PKI_SEQUENCE);

	pki_der_put_oid(out, PKI_OID_AKI);
	const size_t value = pki_der_begin(out, PKI_OCTET_STRING);
	const size_t seq = pki_der_begin(out, PKI_SEQUENCE);
	pki_der_put(out, PKI_CONTEXT(0), key_id);
	pki_der_end(out, seq);
	pki_der_end(out, value);
	pki_der_end(out, ext);
}

static void
put_number(struct cs_buf *out, uint64_t number)
{
	const size_t ext = pki_der_begin(out, PKI_SEQUENCE);
	uint8_t octets[8];

	for (int i = 0; i < 8; i++)
		octets[i] = (uint8_t)(number >> (56 - 8 * i));
	pki_der_put_oid(out, PKI_OID_CRL_NUMBER);
	const size_t value = pki_der_begin(out, PKI_OCTET_STRING);
	pki_der_put_unsigned(out, cs_span_of(octets, sizeof(octets)));
	pki_der_end(out, value);
	pki_der_end(out, ext);
}

/* RFC 5280 5.2.5: the names that the certificates of this partition carry. */
static void
put_distribution_point(struct cs_buf *out, const char *const *urls)
{
	if (urls == NULL)
		return;
	const size_t ext = pki_der_begin(out, PKI_SEQUENCE);
	pki_der_put_oid(out, PKI_OID_CRL_IDP);
	pki_der_put_bool(out, true);
	const size_t value = pki_der_begin(out, PKI_OCTET_STRING);
	const size_t seq = pki_der_begin(out, PKI_SEQUENCE);
	const size_t point = pki_der_begin(out, PKI_CONTEXT_CONSTRUCTED(0));
	const size_t full = pki_der_begin(out, PKI_CONTEXT_CONSTRUCTED(0));
	for (; *urls != NULL; urls++)
		pki_der_put_text(out, GENERAL_NAME_URI, *urls);
	pki_der_end(out, full);
	pki_der_end(out, point);
	pki_der_end(out, seq);
	pki_der_end(out, value);
	pki_der_end(out, ext);
}

enum cs_code
pki_crl_tbs(struct cs_arena *arena, const struct pki_crl_template *t, struct cs_span *ret_tbs,
    struct cs_err *err)
{
	struct cs_buf out = cs_buf_new(arena);
	const char *why = template_fault(t);

	if (why != NULL)
		return cs_fail(err, CS_MALFORMED, "CRL: %s", why);
	const size_t tbs = pki_der_begin(&out, PKI_SEQUENCE);
	pki_der_put_int(&out, 1); /* version 2 */
	cs_buf_add_span(&out, t->sigalg);
	cs_buf_add_span(&out, t->issuer);
	pki_der_put_time(&out, t->this_update_s);
	pki_der_put_time(&out, t->next_update_s);
	put_entries(&out, t);
	const size_t wrapper = pki_der_begin(&out, PKI_CONTEXT_CONSTRUCTED(0));
	const size_t extensions = pki_der_begin(&out, PKI_SEQUENCE);
	put_authority_key_id(&out, t->authority_key_id);
	put_number(&out, t->number);
	put_distribution_point(&out, t->urls);
	pki_der_end(&out, extensions);
	pki_der_end(&out, wrapper);
	pki_der_end(&out, tbs);
	*ret_tbs = cs_buf_span(&out);
	return CS_OK;
}

/* ---- signing ---- */

enum cs_code
pki_crl_sign(struct pki_issuer *issuer, struct cs_arena *arena, struct cs_span tbs,
    const struct pki_crl_rules *rules, struct cs_span *ret_der, struct cs_err *err)
{
	struct cs_span signature;
	struct cs_refusal why;

	if (!cs_span_equal(rules->issuer, pki_issuer_name(issuer)) ||
	    !cs_span_equal(rules->authority_key_id, pki_issuer_key_id(issuer)) ||
	    !cs_span_equal(rules->sigalg, pki_issuer_sigalg(issuer)))
		return cs_fail(err, CS_MALFORMED, "CRL: the rules are of another issuer");
	if (!pki_crl_lint(arena, tbs, rules, &why))
		return cs_fail(err, CS_MALFORMED, "CRL: %s: %s", why.code, why.text);
	if (pki_issuer_sign_raw(issuer, arena, tbs, &signature, err))
		return err->code;
	*ret_der = pki_cert_assemble(arena, tbs, rules->sigalg, signature);
	return CS_OK;
}
