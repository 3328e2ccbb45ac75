/* SPDX-License-Identifier: Apache-2.0 */
/* crls.c: what a new revocation list says, and what is done with one that was signed.  Pure. */
#include "crls.h"

#include <string.h>

#include "base/text.h"
#include "handler.h"
#include "pki/hash.h"
#include "wire.h"

#define KEY_LABEL "countersign/crl-list/v1"
#define ASK_LABEL "countersign/crl-ask/v1"
#define RETRY_MS INT64_C(2000) /* after the CA key failed */

/* ---- which there are ---- */

static struct cs_id
key_of(const char *label, size_t label_len, const char *issuer, const uint64_t *numbers, size_t n)
{
	uint8_t digest[PKI_SHA256], octets[3 * 8];
	const struct cs_span parts[] = { cs_span_of(label, label_len),
		cs_span_of(issuer, strlen(issuer) + 1), cs_span_of(octets, n * 8) };

	cs_assert(n <= 3);
	for (size_t i = 0; i < n * 8; i++)
		octets[i] = (uint8_t)(numbers[i / 8] >> (56 - 8 * (i % 8)));
	pki_sha256_parts(parts, 3, digest);
	return cs_id_from_digest(digest);
}

struct cs_id
crls_key(const char *issuer, uint32_t partition)
{
	const uint64_t number = partition;

	return key_of(KEY_LABEL, sizeof(KEY_LABEL), issuer, &number, 1);
}

static bool
has_ended(const struct issuers_row *row, int64_t now_ms)
{
	return row->ca.not_after_s < now_ms / 1000;
}

const struct crls_place *
crls_all(struct cs_arena *arena, const struct issuers *issuers, int64_t now_ms, size_t *ret_n)
{
	size_t n_rows, n = 0;
	const struct issuers_row *rows = issuers_all(issuers, &n_rows);

	for (size_t i = 0; i < n_rows; i++)
		n += (size_t)rows[i].crl_partitions + 1;
	struct crls_place *all = CS_NEW_ARRAY(arena, n, struct crls_place);
	*ret_n = 0;
	for (size_t i = 0; i < n_rows; i++) {
		const char *label = rows[i].ca.label;

		for (uint32_t p = 0; !has_ended(&rows[i], now_ms) && p <= rows[i].crl_partitions;
		     p++)
			all[(*ret_n)++] = (struct crls_place){ crls_key(label, p), label, p };
	}
	return all;
}

/* ---- making one ---- */

struct pki_crl_rules
crls_rules(
    struct cs_arena *arena, const struct issuers_row *row, uint32_t partition, int64_t now_ms)
{
	return (struct pki_crl_rules){
		.issuer = row->ca.name,
		.authority_key_id = row->ca.key_id,
		.sigalg = row->ca.sigalg,
		.urls = partition > 0 ? gate_crl_urls(arena, &row->ca, partition) : NULL,
		.now_s = now_ms / 1000,
	};
}

/* A revocation by a replica whose clock is ahead: it holds from now on. */
static const struct pki_crl_entry *
not_ahead(struct svc_event *ev, const struct record_list *list)
{
	struct pki_crl_entry *entries =
	    CS_NEW_ARRAY(ev->arena, list->n_listed, struct pki_crl_entry);

	for (size_t i = 0; i < list->n_listed; i++) {
		entries[i] = list->listed[i];
		if (entries[i].revoked_at_s > ev->now_ms / 1000)
			entries[i].revoked_at_s = ev->now_ms / 1000;
	}
	return entries;
}

/* Builds the octets and lints those very octets.  False: *ret_why. */
static bool
build(const struct signer_service *signer, struct svc_event *ev, const struct issuers_row *row,
    struct cs_span *ret_tbs, struct cs_refusal *ret_why)
{
	const struct record_list *list = ((const struct signer_record *)ev->state)->list;
	struct pki_crl_rules rules = crls_rules(ev->arena, row, list->partition, ev->now_ms);
	const struct pki_crl_template template = {
		.issuer = rules.issuer,
		.authority_key_id = rules.authority_key_id,
		.sigalg = rules.sigalg,
		.this_update_s = rules.now_s,
		.next_update_s = rules.now_s + (int64_t)signer->crl_life_hours * 3600,
		.number = (uint64_t)list->number,
		.urls = rules.urls,
		.entries = not_ahead(ev, list),
		.n = list->n_listed,
	};
	struct cs_err err;

	rules.last_number = (uint64_t)list->made_number;
	rules.last_this_update_s = list->this_update_s;
	if (pki_crl_tbs(ev->arena, &template, ret_tbs, &err) != CS_OK) {
		*ret_why = (struct cs_refusal){ "crl", "crl", "RFC 5280 5",
			cs_arena_strdup(ev->arena, err.text), "" };
		return false;
	}
	return pki_crl_lint(ev->arena, *ret_tbs, &rules, ret_why);
}

/* Takes the next number.  As large as the time: it rises even when the database was set back. */
static void
take_number(struct record_list *list, int64_t now_ms)
{
	list->number++;
	if (list->number < now_ms / 1000)
		list->number = now_ms / 1000;
	list->in_hand = list->changed = true;
	list->taken_at_ms = now_ms;
	memset(list->tbs_sha256, 0, sizeof(list->tbs_sha256));
}

static void
make(const struct signer_service *signer, struct svc_event *ev)
{
	struct signer_record *record = ev->state;
	struct record_list *list = record->list;
	const struct issuers_row *row = issuers_find(signer->issuers, list->issuer);
	struct cs_refusal why;
	struct cs_span tbs;

	if (row == NULL || has_ended(row, ev->now_ms))
		return;
	take_number(list,
	    ev->now_ms); /* also for one that cannot be built: tried again when it is given up */
	if (!build(signer, ev, row, &tbs, &why)) {
		record_add_audit(record, ev->arena, "crl-refused",
		    cs_arena_printf(ev->arena, "issuer=%s partition=%u number=%lld code=%s",
			list->issuer, list->partition, (long long)list->number, why.code));
		log_error(ev->log,
		    "revocation list not made issuer=%s partition=%u code=%s reason=\"%s\"",
		    list->issuer, list->partition, why.code, why.text);
		return;
	}
	pki_sha256(tbs, list->tbs_sha256);
	list->taken = true;
	const struct crls_order order = { list->issuer, list->partition, list->number,
		list->taken_at_ms, tbs };
	record_add_audit(record, ev->arena, "crl",
	    cs_arena_printf(ev->arena,
		"issuer=%s partition=%u number=%lld entries=%zu tbs_sha256=%s", list->issuer,
		list->partition, (long long)list->number, list->n_listed,
		cs_hex(ev->arena, cs_span_of(list->tbs_sha256, sizeof(list->tbs_sha256)))));
	svc_work(
	    ev, "crl", crls_write_order(ev->arena, signer->seal_key, ev->key, &order), ev->now_ms);
}

void
crls_on_due(const void *self, struct svc_event *ev)
{
	const struct record_list *list = ((const struct signer_record *)ev->state)->list;

	/* Two replicas saw the same time come. */
	if (!list->in_hand || ev->now_ms >= list->taken_at_ms + CRLS_IN_HAND_MS)
		make(self, ev);
}

/* ---- signed ---- */

enum cs_code
crls_read_result(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct crls_result *result = CS_NEW(ev->arena, struct crls_result);
	const struct cs_span body = ev->body;

	(void)self;
	if (body.len < 1 || body.data[0] < CRLS_DONE || body.data[0] > CRLS_FAILED ||
	    (body.data[0] == CRLS_DONE) != (body.len > 1))
		return cs_fail(err, CS_MALFORMED, "not a result of signing a list");
	*result = (struct crls_result){ (enum crls_says)body.data[0],
		cs_span_of(body.data + 1, body.len - 1) };
	ev->what = result;
	return CS_OK;
}

/* What came back is over the octets that were decided, by the key of that CA. */
static bool
is_ours(const struct signer_service *signer, struct svc_event *ev, struct cs_span der,
    struct pki_crl *ret)
{
	const struct record_list *list = ((const struct signer_record *)ev->state)->list;
	const struct issuers_row *row = issuers_find(signer->issuers, list->issuer);
	uint8_t digest[PKI_SHA256];

	if (row == NULL || pki_crl_read(ev->arena, der, ret, NULL) != CS_OK)
		return false;
	pki_sha256(ret->tbs, digest);
	return memcmp(digest, list->tbs_sha256, sizeof(digest)) == 0 &&
	       pki_crl_signed_by(ret, pki_issuer_certificate(row->issuer));
}

static void
publish(struct svc_event *ev, const struct pki_crl *crl)
{
	struct signer_record *record = ev->state;
	struct record_list *list = record->list;
	const struct wire_crl told = {
		.issuer = list->issuer,
		.partition = list->partition,
		.entries = (uint32_t)crl->n,
		.size = (uint32_t)crl->der.len,
		.number = (int64_t)crl->number,
		.this_update_ms = crl->this_update_s * 1000,
		.next_update_ms = crl->next_update_s * 1000,
		.made_at_ms = ev->now_ms,
		.sha256 = cs_span_of(crl->sha256, sizeof(crl->sha256)),
	};

	list->in_hand = false;
	list->changed = true;
	list->made_number = told.number;
	list->made_at_ms = ev->now_ms;
	list->this_update_s = crl->this_update_s;
	list->next_update_s = crl->next_update_s;
	list->entries = told.entries;
	list->der = crl->der;
	memcpy(list->der_sha256, crl->sha256, sizeof(list->der_sha256));
	record_add_audit(record, ev->arena, "crl-made",
	    cs_arena_printf(ev->arena, "issuer=%s partition=%u number=%lld sha256=%s", list->issuer,
		list->partition, (long long)told.number, cs_hex(ev->arena, told.sha256)));
	svc_emit(ev, "certificate.crl-made", wire_crl_made(ev->arena, &told));
	svc_ended(ev); /* whoever missed it asks which is the newest */
	log_info(ev->log, "revocation list made issuer=%s partition=%u number=%lld entries=%u",
	    list->issuer, list->partition, (long long)told.number, told.entries);
}

void
crls_on_result(const void *self, struct svc_event *ev)
{
	const struct crls_result *result = ev->what;
	const struct record_list *list = ((const struct signer_record *)ev->state)->list;
	struct pki_crl crl;

	if (!list->in_hand)
		return; /* carried out twice: the first result counted */
	if (result->says == CRLS_FAILED)
		svc_work_again(ev, ev->now_ms + RETRY_MS);
	else if (result->says == CRLS_DONE && is_ours(self, ev, result->der, &crl))
		publish(ev, &crl);
	else if (result->says == CRLS_RECHECK)
		make(self, ev); /* it grew old before it could be signed */
}

/* ---- questions ---- */

enum cs_code
crls_read_crls_ask(const void *self, struct svc_event *ev, struct cs_err *err)
{
	(void)self;
	if (wire_read_crls_ask(ev->arena, ev->body, err))
		return CS_MALFORMED;
	ev->key = key_of(ASK_LABEL, sizeof(ASK_LABEL), "", NULL, 0);
	return CS_OK;
}

enum cs_code
crls_read_crl_ask(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct wire_crl_ask *ask = CS_NEW(ev->arena, struct wire_crl_ask);

	(void)self;
	if (wire_read_crl_ask(ev->arena, ev->body, ask, err))
		return CS_MALFORMED;
	const uint64_t numbers[] = { ask->partition, (uint64_t)ask->number, ask->offset };
	ev->key = key_of(ASK_LABEL, sizeof(ASK_LABEL), ask->issuer, numbers, 3);
	ev->what = ask;
	return CS_OK;
}

void
crls_on_crls_ask(const void *self, struct svc_event *ev)
{
	const struct record_question *q = ((const struct signer_record *)ev->state)->question;

	(void)self;
	svc_reply(ev, 0, wire_crls_answer(ev->arena, q->crls, q->n_crls));
}

void
crls_on_crl_ask(const void *self, struct svc_event *ev)
{
	const struct record_question *q = ((const struct signer_record *)ev->state)->question;
	const struct wire_crl_ask *ask = ev->what;

	(void)self;
	svc_reply(ev, 0, wire_crl_answer(ev->arena, q->here, q->size, ask->offset, q->part));
}
