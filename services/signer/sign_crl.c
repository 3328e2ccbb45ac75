/* SPDX-License-Identifier: Apache-2.0 */
/* sign_crl.c: act for revocation lists: sealed orders, as for certificates, and the signature. */
#include <string.h>

#include "crls.h"
#include "handler.h"
#include "pki/mac.h"

#define LABEL "countersign/crl-order/v1"
#define HEAD PKI_SHA256 /* seal; then what is sealed */
#define FIXED (3 * 8)   /* time, number, partition; then issuer, NUL, octets */
#define FRESH_MS INT64_C(60000)
#define AHEAD_MS INT64_C(5000)

static void
seal(struct cs_span key, struct cs_id list, struct cs_span rest, uint8_t ret_mac[static PKI_SHA256])
{
	const struct cs_span parts[] = { cs_span_of(list.octets, sizeof(list.octets)), rest };

	pki_mac_parts(key, LABEL, parts, 2, ret_mac);
}

static void
put_number(struct cs_buf *buf, uint64_t number)
{
	uint8_t octets[8];

	pki_mac_number(number, octets);
	cs_buf_add(buf, octets, sizeof(octets));
}

static uint64_t
get_number(const uint8_t *octets)
{
	uint64_t number = 0;

	for (int i = 0; i < 8; i++)
		number = number << 8 | octets[i];
	return number;
}

struct cs_span
crls_write_order(struct cs_arena *arena, struct cs_span seal_key, struct cs_id list,
    const struct crls_order *order)
{
	struct cs_buf rest = cs_buf_new(arena), buf = cs_buf_new(arena);
	uint8_t mac[PKI_SHA256];

	put_number(&rest, (uint64_t)order->taken_at_ms);
	put_number(&rest, (uint64_t)order->number);
	put_number(&rest, order->partition);
	cs_buf_add(&rest, order->issuer, strlen(order->issuer) + 1);
	cs_buf_add_span(&rest, order->tbs);
	seal(seal_key, list, cs_buf_span(&rest), mac);
	cs_buf_add(&buf, mac, sizeof(mac));
	cs_buf_add_span(&buf, cs_buf_span(&rest));
	return cs_buf_span(&buf);
}

bool
crls_read_order(
    struct cs_span seal_key, struct cs_id list, struct cs_span body, struct crls_order *ret)
{
	uint8_t mac[PKI_SHA256];

	if (body.len <= HEAD + FIXED || body.len > PKI_CRL_MAX)
		return false;
	const struct cs_span rest = cs_span_of(body.data + HEAD, body.len - HEAD);
	seal(seal_key, list, rest, mac);
	if (!cs_equal_constant_time(mac, body.data, sizeof(mac)))
		return false;
	const uint8_t *text = rest.data + FIXED;
	const uint8_t *end = memchr(text, '\0', rest.len - FIXED);
	if (end == NULL)
		return false;
	*ret = (struct crls_order){
		.issuer = (const char *)text,
		.partition = (uint32_t)get_number(rest.data + 16),
		.number = (int64_t)get_number(rest.data + 8),
		.taken_at_ms = (int64_t)get_number(rest.data),
		.tbs = cs_span_of(end + 1, rest.len - (size_t)(end + 1 - rest.data)),
	};
	return ret->tbs.len > 0;
}

struct cs_span
crls_write_result(struct cs_arena *arena, const struct crls_result *result)
{
	struct cs_buf buf = cs_buf_new(arena);
	const uint8_t says = (uint8_t)result->says;

	cs_buf_add(&buf, &says, 1);
	cs_buf_add_span(&buf, result->der);
	return cs_buf_span(&buf);
}

/* What was decided is judged once more, for that number and no other. */
static enum cs_code
sign(const struct issuers_row *row, struct svc_work *work, const struct crls_order *order,
    struct cs_span *ret_der, struct cs_err *err)
{
	struct pki_crl_rules rules = crls_rules(work->arena, row, order->partition, work->now_ms);

	rules.last_number = (uint64_t)order->number - 1;
	return pki_crl_sign(row->issuer, work->arena, order->tbs, &rules, ret_der, err);
}

struct crls_result
crls_carry_out(const struct signer_service *signer, struct svc_work *work)
{
	struct crls_result result = { .says = CRLS_RECHECK };
	struct crls_order order;
	struct cs_err err;

	if (!crls_read_order(signer->seal_key, work->key, work->body, &order) ||
	    work->now_ms < order.taken_at_ms - AHEAD_MS ||
	    work->now_ms >= order.taken_at_ms + FRESH_MS)
		return result;
	const struct issuers_row *row = issuers_find(signer->issuers, order.issuer);
	if (row == NULL)
		return result;
	result.says = CRLS_DONE;
	if (sign(row, work, &order, &result.der, &err)) {
		log_error(work->log, "signing of a list failed reason=\"%s\"", err.text);
		result.says = CRLS_FAILED;
		result.der.len = 0;
	}
	return result;
}
