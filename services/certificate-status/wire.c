/* SPDX-License-Identifier: Apache-2.0 */
/* wire.c: the only file of certificate-status that names generated types. */
#include "wire.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "pack/pack.h"
#include "pki/crl.h"
#include "proto/ask.pb-c.h"
#include "proto/certificate.pb-c.h"

#define BODY_MAX 65536 /* octets of an event, design 3 */
#define PART_MAX (512 * 1024 + 256)
#define CRLS_MAX 4096
#define YEAR_10000_MS INT64_C(253402300800000)

static bool
is_time(int64_t ms)
{
	return ms > 0 && ms < YEAR_10000_MS;
}

/* Lower case hexadecimal of whole octets, as the signer writes serials; leading zeros do not count. */
static bool
read_serial(struct cs_arena *arena, const char *text, struct cs_span *ret_serial)
{
	const size_t len = strlen(text) / 2;
	uint8_t *octets = cs_arena_alloc(arena, len + 1);

	if (len == 0 || len > STATUS_SERIAL_MAX + 1 || strlen(text) % 2 != 0 ||
	    strspn(text, "0123456789abcdef") != strlen(text) || !cs_hex_decode(text, octets, len))
		return false;
	struct cs_span serial = cs_span_of(octets, len);
	while (serial.len > 0 && serial.data[0] == 0)
		serial = cs_span_of(serial.data + 1, serial.len - 1);
	*ret_serial = serial;
	return serial.len > 0 && serial.len <= STATUS_SERIAL_MAX;
}

static enum cs_code
read_name(struct cs_arena *arena, const char *issuer, const char *serial, struct wire_fact *fact,
    struct cs_err *err)
{
	if (!status_is_label(issuer, strlen(issuer)))
		return cs_fail(err, CS_MALFORMED, "the issuer is no name of a CA");
	if (!read_serial(arena, serial, &fact->serial))
		return cs_fail(err, CS_MALFORMED, "the serial is no hexadecimal number");
	fact->issuer = issuer;
	return CS_OK;
}

enum cs_code
wire_read_issued(
    struct cs_arena *arena, struct cs_span body, struct wire_fact *ret, struct cs_err *err)
{
	const Countersign__V1__CertificateIssued *m =
	    pack_read(arena, &countersign__v1__certificate_issued__descriptor, body, BODY_MAX, err);
	struct wire_fact fact = { 0 };

	if (m == NULL || read_name(arena, m->issuer, m->serial, &fact, err))
		return CS_MALFORMED;
	if (!is_time(m->not_after_ms))
		return cs_fail(err, CS_MALFORMED, "CertificateIssued: not_after is no time");
	fact.facts.not_after_ms = m->not_after_ms;
	fact.certificate = cs_span_of(m->certificate.data, m->certificate.len);
	*ret = fact;
	return CS_OK;
}

enum cs_code
wire_read_revoked(
    struct cs_arena *arena, struct cs_span body, struct wire_fact *ret, struct cs_err *err)
{
	const Countersign__V1__CertificateRevoked *m = pack_read(
	    arena, &countersign__v1__certificate_revoked__descriptor, body, BODY_MAX, err);
	struct wire_fact fact = { 0 };

	if (m == NULL || read_name(arena, m->issuer, m->serial, &fact, err))
		return CS_MALFORMED;
	if (!status_is_reason(m->reason) || !is_time(m->revoked_at_ms) || !is_time(m->not_after_ms))
		return cs_fail(
		    err, CS_MALFORMED, "CertificateRevoked: the reason or a time is none");
	fact.facts = (struct status_facts){ true, m->reason, m->revoked_at_ms, m->not_after_ms };
	*ret = fact;
	return CS_OK;
}

enum cs_code
wire_read_voided(
    struct cs_arena *arena, struct cs_span body, struct wire_fact *ret, struct cs_err *err)
{
	const Countersign__V1__CertificateVoided *m =
	    pack_read(arena, &countersign__v1__certificate_voided__descriptor, body, BODY_MAX, err);
	struct wire_fact fact = { 0 };

	if (m == NULL || read_name(arena, m->issuer, m->serial, &fact, err))
		return CS_MALFORMED;
	if (!is_time(m->voided_at_ms) || !is_time(m->not_after_ms))
		return cs_fail(err, CS_MALFORMED, "CertificateVoided: a time is none");
	fact.facts = (struct status_facts){ true, 0, m->voided_at_ms, m->not_after_ms };
	*ret = fact;
	return CS_OK;
}

static bool
is_crl(const struct wire_crl *crl)
{
	return status_is_label(crl->issuer, strlen(crl->issuer)) &&
	       crl->partition <= STATUS_PARTITIONS_MAX && crl->number > 0 && crl->size > 0 &&
	       crl->size <= PKI_CRL_MAX && crl->sha256.len == 32;
}

enum cs_code
wire_read_crl_made(
    struct cs_arena *arena, struct cs_span body, struct wire_crl *ret, struct cs_err *err)
{
	const Countersign__V1__CrlMade *m =
	    pack_read(arena, &countersign__v1__crl_made__descriptor, body, BODY_MAX, err);

	if (m == NULL)
		return CS_MALFORMED;
	const struct wire_crl crl = { m->issuer, m->partition, m->number, m->size,
		cs_span_of(m->sha256.data, m->sha256.len) };

	if (!is_crl(&crl))
		return cs_fail(err, CS_MALFORMED, "CrlMade: a name or number is unusable");
	*ret = crl;
	return CS_OK;
}

struct cs_span
wire_write_crls_ask(struct cs_arena *arena)
{
	const Countersign__V1__CrlsAsk m = COUNTERSIGN__V1__CRLS_ASK__INIT;

	return pack_write(arena, &m.base);
}

enum cs_code
wire_read_crls(struct cs_arena *arena, struct cs_span body, struct wire_crl **ret_crls,
    size_t *ret_n, size_t *ret_left_out, struct cs_err *err)
{
	const Countersign__V1__CrlsAnswer *m =
	    pack_read(arena, &countersign__v1__crls_answer__descriptor, body, PART_MAX, err);

	if (m == NULL)
		return CS_MALFORMED;
	if (m->n_crls > CRLS_MAX)
		return cs_fail(err, CS_MALFORMED, "CrlsAnswer: more than %d CRLs", CRLS_MAX);
	struct wire_crl *crls = CS_NEW_ARRAY(arena, m->n_crls + 1, struct wire_crl);
	size_t n = 0;
	for (size_t i = 0; i < m->n_crls; i++) {
		const Countersign__V1__CrlRow *row = m->crls[i];

		crls[n] = (struct wire_crl){ row->issuer, row->partition, row->number, row->size,
			cs_span_of(row->sha256.data, row->sha256.len) };
		n += is_crl(&crls[n]);
	}
	*ret_crls = crls;
	*ret_n = n;
	*ret_left_out = m->n_crls - n;
	return CS_OK;
}

struct cs_span
wire_write_part_ask(struct cs_arena *arena, const struct wire_crl *crl, size_t offset)
{
	Countersign__V1__CrlAsk m = COUNTERSIGN__V1__CRL_ASK__INIT;

	m.issuer = pack_text(crl->issuer);
	m.partition = crl->partition;
	m.number = crl->number;
	m.offset = (uint32_t)offset;
	return pack_write(arena, &m.base);
}

enum cs_code
wire_read_part(struct cs_arena *arena, struct cs_span body, const struct wire_crl *crl,
    size_t offset, struct cs_span *ret_octets, struct cs_err *err)
{
	const Countersign__V1__CrlAnswer *m =
	    pack_read(arena, &countersign__v1__crl_answer__descriptor, body, PART_MAX, err);

	if (m == NULL)
		return CS_MALFORMED;
	if (strcmp(m->result, "here") != 0)
		return cs_fail(err, CS_NOT_FOUND, "the signer has this CRL no more");
	if (m->size != crl->size || m->offset != offset || m->octets.len == 0 ||
	    m->octets.len > crl->size - offset)
		return cs_fail(err, CS_MALFORMED, "CrlAnswer: not the part that was asked for");
	*ret_octets = cs_span_of(m->octets.data, m->octets.len);
	return CS_OK;
}

/* ---- our own: label, partition and number as one text with blanks between, ended by a NUL, then the octets ---- */

struct cs_span
wire_write_fetched(struct cs_arena *arena, const struct wire_fetched *fetched)
{
	struct cs_buf out = cs_buf_new(arena);

	cs_buf_printf(&out, "%s %u %lld", fetched->issuer, (unsigned)fetched->partition,
	    (long long)fetched->number);
	cs_buf_add(&out, "", 1);
	cs_buf_add_span(&out, fetched->der);
	return cs_buf_span(&out);
}

static bool
split_fetched(char *text, struct wire_fetched *fetched)
{
	char *partition = strchr(text, ' ');
	char *number = partition != NULL ? strchr(partition + 1, ' ') : NULL;

	if (number == NULL)
		return false;
	*partition = *number = '\0';
	fetched->issuer = text;
	fetched->partition = (uint32_t)strtoul(partition + 1, NULL, 10);
	fetched->number = strtoll(number + 1, NULL, 10);
	return status_is_label(text, strlen(text)) && fetched->number > 0 &&
	       fetched->partition <= STATUS_PARTITIONS_MAX;
}

enum cs_code
wire_read_fetched(
    struct cs_arena *arena, struct cs_span body, struct wire_fetched *ret, struct cs_err *err)
{
	const uint8_t *end = body.len > 0 ? memchr(body.data, '\0', body.len) : NULL;
	struct wire_fetched fetched;

	if (end == NULL ||
	    !split_fetched(cs_arena_strdup(arena, (const char *)body.data), &fetched))
		return cs_fail(err, CS_MALFORMED, "the command of a CRL cannot be read");
	fetched.der = cs_span_of(end + 1, body.len - (size_t)(end + 1 - body.data));
	*ret = fetched;
	return CS_OK;
}
