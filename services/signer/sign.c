/* SPDX-License-Identifier: Apache-2.0 */
#include "sign.h"

#include <string.h>

#include "base/time.h"
#include "crls.h"
#include "hand.h"
#include "handler.h"
#include "pki/mac.h"

#define LABEL "countersign/sign-order/v1"
#define HEAD (8 + PKI_SHA256) /* time, seal; then issuer, NUL, profile, NUL, octets */
#define RESULT (1 + 32)       /* what it says, digest */
#define AHEAD_MS INT64_C(5000)
#define ORDER_MAX 65536

/* ---- orders ---- */

static void
seal(struct cs_span key, struct cs_id request, const uint8_t time[static 8], struct cs_span rest,
    uint8_t ret_mac[static PKI_SHA256])
{
	const struct cs_span parts[] = { cs_span_of(request.octets, sizeof(request.octets)),
		cs_span_of(time, 8), rest };

	pki_mac_parts(key, LABEL, parts, 3, ret_mac);
}

struct cs_span
sign_write_order(struct cs_arena *arena, struct cs_span seal_key, struct cs_id request,
    const struct sign_order *order)
{
	struct cs_buf rest = cs_buf_new(arena), buf = cs_buf_new(arena);
	uint8_t time[8], mac[PKI_SHA256];

	pki_mac_number((uint64_t)order->judged_at_ms, time);
	cs_buf_add(&rest, order->issuer, strlen(order->issuer) + 1);
	cs_buf_add(&rest, order->profile, strlen(order->profile) + 1);
	cs_buf_add_span(&rest, order->tbs);
	seal(seal_key, request, time, cs_buf_span(&rest), mac);
	cs_buf_add(&buf, time, sizeof(time));
	cs_buf_add(&buf, mac, sizeof(mac));
	cs_buf_add_span(&buf, cs_buf_span(&rest));
	return cs_buf_span(&buf);
}

/* Takes a text that ends with NUL from the start of *rest; NULL: none is there. */
static const char *
take_text(struct cs_span *rest)
{
	const uint8_t *end = rest->len > 0 ? memchr(rest->data, '\0', rest->len) : NULL;
	const char *text = (const char *)rest->data;

	if (end == NULL)
		return NULL;
	const size_t len = (size_t)(end - rest->data) + 1;
	*rest = cs_span_of(rest->data + len, rest->len - len);
	return text;
}

bool
sign_read_order(
    struct cs_span seal_key, struct cs_id request, struct cs_span body, struct sign_order *ret)
{
	uint8_t mac[PKI_SHA256];
	uint64_t judged_at_ms = 0;

	if (body.len <= HEAD || body.len > ORDER_MAX)
		return false;
	struct cs_span rest = cs_span_of(body.data + HEAD, body.len - HEAD);
	seal(seal_key, request, body.data, rest, mac);
	if (!cs_equal_constant_time(mac, body.data + 8, sizeof(mac)))
		return false;
	for (int i = 0; i < 8; i++)
		judged_at_ms = judged_at_ms << 8 | body.data[i];
	*ret = (struct sign_order){ .judged_at_ms = (int64_t)judged_at_ms };
	ret->issuer = take_text(&rest);
	ret->profile = take_text(&rest);
	ret->tbs = rest;
	return ret->issuer != NULL && ret->profile != NULL && rest.len > 0;
}

bool
sign_is_fresh(const struct sign_order *order, int64_t now_ms)
{
	return now_ms >= order->judged_at_ms - AHEAD_MS &&
	       now_ms < order->judged_at_ms + GATE_MARGIN_MS;
}

/* ---- results ---- */

struct cs_span
sign_write_result(struct cs_arena *arena, const struct sign_result *result)
{
	struct cs_buf buf = cs_buf_new(arena);
	const uint8_t says = (uint8_t)result->says;

	cs_buf_add(&buf, &says, 1);
	cs_buf_add(&buf, result->tbs_sha256, sizeof(result->tbs_sha256));
	cs_buf_add_span(&buf, result->signature);
	if (result->says == SIGN_REFUSED) {
		cs_buf_add(&buf, result->id, strlen(result->id) + 1);
		cs_buf_add(&buf, result->text, strlen(result->text) + 1);
	}
	return cs_buf_span(&buf);
}

enum cs_code
sign_read_result(struct cs_span body, struct sign_result *ret, struct cs_err *err)
{
	if (body.len < RESULT || body.data[0] < SIGN_DONE || body.data[0] > SIGN_REFUSED)
		return cs_fail(err, CS_MALFORMED, "not a result of signing");
	struct cs_span rest = cs_span_of(body.data + RESULT, body.len - RESULT);
	*ret = (struct sign_result){ .says = (enum sign_says)body.data[0] };
	memcpy(ret->tbs_sha256, body.data + 1, sizeof(ret->tbs_sha256));
	if (ret->says == SIGN_DONE) {
		ret->signature = rest;
		return rest.len > 0 ? CS_OK : cs_fail(err, CS_MALFORMED, "no signature");
	}
	if (ret->says == SIGN_REFUSED) {
		ret->id = take_text(&rest);
		ret->text = ret->id != NULL ? take_text(&rest) : NULL;
		if (ret->text == NULL)
			return cs_fail(err, CS_MALFORMED, "a refusal that says nothing");
	}
	return rest.len == 0 ? CS_OK : cs_fail(err, CS_MALFORMED, "not a result of signing");
}

static bool
brings_signature(const struct svc_event *ev)
{
	const struct sign_result *result = ev->what;

	return strcmp(ev->subject, "work.sign") == 0 && result->says == SIGN_DONE;
}

bool
sign_brings_all(const struct svc_aggregate *aggregate)
{
	for (size_t i = 0; i < aggregate->n_events; i++) {
		if (!brings_signature(aggregate->events[i]))
			return false;
	}
	return aggregate->n_events > 0;
}

bool
sign_is_over(const struct sign_result *result, const struct record_intent *intent)
{
	uint8_t digest[PKI_SHA256];

	pki_sha256(intent->tbs, digest);
	return memcmp(digest, result->tbs_sha256, sizeof(digest)) == 0 &&
	       memcmp(digest, intent->tbs_sha256, sizeof(digest)) == 0;
}

bool
sign_fits(const struct svc_aggregate *aggregate, const struct record_intent *intent)
{
	for (size_t i = 0; i < aggregate->n_events; i++) {
		if (!sign_is_over(aggregate->events[i]->what, intent))
			return false;
	}
	return true;
}

/* ---- act ---- */

/*
 * The octets again, by the profile and for the CA of the order, because nothing else is signed.  What
 * passed when the gate judged fails here only when a rule or a limit of time passed in between: the gate
 * is asked again and gives the reason.
 */
static const struct pki_linted *
lint(const struct issuers_row *row, const struct sign_order *order, struct svc_work *work)
{
	const struct smime_profile *profile = smime_profile_find(order->profile);
	const struct pki_linted *linted;
	struct cs_refusal why;

	if (profile == NULL)
		return NULL;
	linted = gate_lint(work->arena, profile, &row->ca, 0, order->tbs, work->now_ms, &why);
	if (linted == NULL)
		log_warn(work->log, "not signed code=%s text=\"%s\"", why.code, why.text);
	return linted;
}

struct sign_result
sign_carry_out(const struct signer_service *signer, struct svc_work *work)
{
	struct sign_result result = { .says = SIGN_RECHECK };
	struct sign_order order;
	struct cs_err err;

	if (!sign_read_order(signer->seal_key, work->key, work->body, &order) ||
	    !sign_is_fresh(&order, work->now_ms))
		return result;
	const struct issuers_row *row = issuers_find(signer->issuers, order.issuer);
	if (row == NULL)
		return result;
	const struct pki_linted *linted = lint(row, &order, work);
	if (linted == NULL)
		return result;
	pki_sha256(pki_linted_tbs(linted), result.tbs_sha256);
	result.says = SIGN_DONE;
	if (pki_issuer_sign(row->issuer, work->arena, linted, &result.signature, &err)) {
		log_error(work->log, "signing failed reason=\"%s\"", err.text);
		result.says = SIGN_FAILED;
		result.signature.len = 0;
	}
	return result;
}

static struct cs_span
sign_certificate(const struct signer_service *signer, struct svc_work *work)
{
	const struct sign_result result = sign_carry_out(signer, work);

	return sign_write_result(work->arena, &result);
}

static struct cs_span
sign_list(const struct signer_service *signer, struct svc_work *work)
{
	const struct crls_result result = crls_carry_out(signer, work);

	if (result.says == CRLS_FAILED)
		svc_count(work->svc, "crl_failures", "of", "signing");
	return crls_write_result(work->arena, &result);
}

/*
 * All that CA keys are used for here: each by an order that a signer sealed for this aggregate and that is
 * younger than a minute, over octets that pass the lints of their kind once more.  What is not in the table
 * ends the process.
 */
static const struct operation {
	const char *kind; /* of the work */
	struct cs_span (*carry_out)(const struct signer_service *signer, struct svc_work *work);
} operations[] = {
	{ "sign", sign_certificate },
	{ "crl", sign_list },
};

static const struct operation *
operation_of(const char *kind)
{
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		if (strcmp(operations[i].kind, kind) == 0)
			return &operations[i];
	}
	cs_assert(false && "CA keys serve nothing else");
	return NULL;
}

struct cs_span
sign_job(void *self, struct svc_work *work)
{
	const struct operation *operation = operation_of(work->kind);

	svc_crash_point(work->svc, "before-sign", work->kind);
	const struct cs_span result = operation->carry_out(self, work);
	svc_crash_point(work->svc, "after-sign", work->kind);
	return result;
}

/* ---- another linter, where the operator has one ---- */

struct asking {
	const struct signer_service *signer;
	struct svc_work *work;
};

/* Time went by: everything that sign_carry_out judges is judged as of now. */
static void
on_linted(void *arg, const struct linter_verdict *verdict)
{
	const struct asking *asking = arg;
	struct svc_work *work = asking->work;
	struct sign_result result = { .says = SIGN_FAILED };

	if (verdict->says == LINTER_PASSED) {
		work->now_ms = cs_now_ms();
		hand_give(asking->signer->hand, work);
		return;
	}
	if (verdict->says == LINTER_REFUSED) {
		log_warn(work->log, "another linter refuses lint=%s text=\"%s\"", verdict->id,
		    verdict->text);
		result = (struct sign_result){
			.says = SIGN_REFUSED, .id = verdict->id, .text = verdict->text
		};
	} else {
		log_error(work->log, "another linter gave no verdict reason=\"%s\"", verdict->text);
	}
	svc_done(work, sign_write_result(work->arena, &result));
}

void
sign_act(void *self, struct svc_work *work)
{
	const struct signer_service *signer = self;
	const struct issuers_row *row = NULL;
	struct sign_order order;

	if (signer->linter != NULL && strcmp(work->kind, "sign") == 0 &&
	    sign_read_order(signer->seal_key, work->key, work->body, &order) &&
	    sign_is_fresh(&order, work->now_ms))
		row = issuers_find(signer->issuers, order.issuer);
	if (row == NULL || lint(row, &order, work) == NULL) {
		hand_give(signer->hand, work); /* which says no by itself */
		return;
	}
	struct asking *asking = CS_NEW(work->arena, struct asking);
	*asking = (struct asking){ signer, work };
	linter_ask(signer->linter, order.tbs, row->ca.sigalg, on_linted, asking);
}
