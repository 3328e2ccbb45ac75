/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer.c: the answer without a nonce about one certificate is kept and given again until it is to be
 * replaced; all others are signed for their question, as far as signing leaves time for the rest.
 */
#include "answer.h"

#include <string.h>
#include <time.h>

#include "base/time.h"
#include "memory.h"

/*
 * Of a second, for answers that nobody has asked for yet: some 80 of P-256.  Where more are issued than that, who asks first
 * waits a tenth of a millisecond, and nothing is signed only to be pushed out by what is issued next.
 */
#define AHEAD_PERCENT 1

struct question {
	struct status_service *status;
	size_t authority;
	struct pki_ocsp_request asked;
	struct status_times times;
	int64_t now_s;
};

static void
refuse(const struct status_service *status, enum pki_ocsp_refusal why, const char *what,
    struct answer *ret)
{
	svc_count(status->svc, "ocsp_answers", "result", what);
	*ret = (struct answer){ .der = pki_ocsp_refuse(why) };
}

/* Of the processor: that others had it meanwhile is no reason to refuse. */
static int64_t
thread_us(void)
{
	struct timespec spent;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
	return (int64_t)spent.tv_sec * 1000000 + spent.tv_nsec / 1000;
}

/* Signatures have their share of each second; the rest belongs to what is answered from memory. */
static bool
may_sign(struct status_service *status)
{
	return status_has_time(&status->signing, cs_mono_us(), status->sign_percent);
}

static bool
all_ours(const struct question *q)
{
	const struct authority *of = &q->status->authorities.items[q->authority];

	for (size_t i = 0; i < q->asked.n; i++)
		if (!pki_ocsp_is_of(&q->asked.ids[i], &of->names))
			return false;
	return true;
}

/* A serial that we never heard of is unknown: never good (SBR 4.9.10). */
static struct pki_ocsp_single
single_of(const struct question *q, const struct pki_ocsp_id *id)
{
	const struct status_facts *facts = id->serial.len > 0
					       ? status_index_find(memory_index(q->status->memory),
						     (uint32_t)q->authority, id->serial)
					       : NULL;
	struct pki_ocsp_single single = { .id = *id, .status = PKI_OCSP_UNKNOWN };

	if (facts == NULL)
		return single;
	single.status = facts->revoked ? PKI_OCSP_REVOKED : PKI_OCSP_GOOD;
	single.revoked_at_s = facts->revoked_at_ms / 1000;
	single.reason = facts->reason;
	return single;
}

static bool
is_plain(const struct question *q)
{
	return q->asked.n == 1 && q->asked.nonce.len == 0 && q->asked.ids[0].serial.len > 0;
}

/* What is kept, unless it has ended; NULL: nothing. */
static const struct status_answer *
kept_of(const struct question *q)
{
	const struct status_answer *kept = NULL;

	if (is_plain(q))
		kept = status_answer_find(memory_index(q->status->memory), (uint32_t)q->authority,
		    q->asked.ids[0].serial, q->asked.ids[0].form);
	return kept != NULL && kept->next_update_s > q->now_s ? kept : NULL;
}

static void
give_kept(const struct question *q, const struct status_answer *kept, const char *what,
    struct answer *ret)
{
	svc_count(q->status->svc, "ocsp_answers", "result", what);
	*ret = (struct answer){ kept->der, true, { kept->this_update_s, kept->next_update_s },
		kept->tag };
}

static enum cs_code
sign(const struct question *q, const struct pki_ocsp_single *singles, struct cs_arena *arena,
    struct cs_span *ret_der, struct cs_err *err)
{
	struct desk *desk = &q->status->desks[q->authority];
	const struct pki_ocsp_answer answer = { .singles = singles,
		.n = q->asked.n,
		.nonce = q->asked.nonce,
		.produced_at_s = q->now_s,
		.this_update_s = q->times.this_update_s,
		.next_update_s = q->times.next_update_s };
	const int64_t began_us = thread_us();
	const enum cs_code code = pki_ocsp_respond(desk->responder, arena, &answer, ret_der, err);

	q->status->signing.spent_us += thread_us() - began_us;
	return code;
}

/*
 * Who asks for a certificate before we heard of it must not hold it for unknown for days: clients keep an
 * answer until its nextUpdate.
 */
static void
say_each(struct question *q, struct pki_ocsp_single *ret_singles)
{
	for (size_t i = 0; i < q->asked.n; i++) {
		ret_singles[i] = single_of(q, &q->asked.ids[i]);
		if (ret_singles[i].status == PKI_OCSP_UNKNOWN)
			q->times.next_update_s = status_unknown_until(&q->times, q->now_s);
	}
}

/* Signs; keeps the answer of which there will be more questions. */
static void
answer_fresh(struct question *q, struct cs_arena *arena, struct answer *ret)
{
	struct pki_ocsp_single singles[PKI_OCSP_ASKED_MAX];
	struct cs_span der;
	struct cs_err err;

	say_each(q, singles);
	if (sign(q, singles, arena, &der, &err)) {
		log_error(svc_log(q->status->svc), "answer not signed reason=\"%s\"", err.text);
		refuse(q->status, PKI_OCSP_INTERNAL, "failed", ret);
		return;
	}
	if (!is_plain(q) || singles[0].status == PKI_OCSP_UNKNOWN) {
		svc_count(q->status->svc, "ocsp_answers", "result",
		    singles[0].status == PKI_OCSP_UNKNOWN ? "unknown" : "signed");
		*ret = (struct answer){ .der = der };
		return;
	}
	struct status_answer kept = { q->times.this_update_s, q->times.next_update_s, der, "" };
	tag_of(der, kept.tag);
	status_answer_keep(memory_index(q->status->memory), (uint32_t)q->authority,
	    q->asked.ids[0].serial, q->asked.ids[0].form, &kept);
	give_kept(q, &kept, "signed", ret);
	ret->tag = cs_arena_strdup(arena, kept.tag);
}

static void
answer_read(struct question *q, struct cs_arena *arena, struct answer *ret)
{
	struct status_service *status = q->status;
	const struct crl *crl = status->desks[q->authority].crls[0];
	const int64_t known_s =
	    status_known_s(memory_known_s(status->memory), crl != NULL ? &crl->times : NULL);
	const struct status_answer *kept = kept_of(q);

	if (kept != NULL &&
	    !status_must_renew(&status->rules,
		&(struct status_times){ kept->this_update_s, kept->next_update_s }, known_s)) {
		give_kept(q, kept, "kept", ret);
		return;
	}
	const struct pki_cert_info *cert =
	    pki_ocsp_responder_certificate(status->desks[q->authority].responder);
	const enum status_can can =
	    cert->not_before_s > q->now_s
		? STATUS_RESPONDER_ENDS
		: status_times(&status->rules, q->now_s, known_s, cert->not_after_s, &q->times);
	const bool may = can == STATUS_CAN && may_sign(status);

	if (may)
		answer_fresh(q, arena, ret);
	else if (kept != NULL)
		give_kept(q, kept, "kept", ret);
	else if (can == STATUS_RESPONDER_ENDS)
		refuse(status, PKI_OCSP_INTERNAL, "responder-expired", ret);
	else
		refuse(status, PKI_OCSP_TRY_LATER, can == STATUS_CAN ? "too-many" : "knowledge-old",
		    ret);
}

void
answer_make(struct status_service *status, size_t authority, struct cs_span question,
    struct cs_arena *arena, struct answer *ret)
{
	struct question q = {
		.status = status, .authority = authority, .now_s = cs_now_ms() / 1000
	};
	enum pki_ocsp_refusal why;

	if (!pki_ocsp_read(question, &q.asked, &why))
		refuse(status, why, "not-understood", ret);
	else if (status->desks[authority].responder == NULL || !all_ours(&q))
		refuse(status, PKI_OCSP_UNAUTHORIZED, "unauthorized", ret);
	else if (!memory_is_loaded(status->memory))
		refuse(status, PKI_OCSP_TRY_LATER, "not-loaded", ret);
	else
		answer_read(&q, arena, ret);
}

void
answer_ahead(struct status_service *status, size_t authority, struct cs_span serial)
{
	const struct pki_ocsp_issuer *names = &status->authorities.items[authority].names;
	struct question q = { .status = status,
		.authority = authority,
		.asked = { .ids = { { PKI_OCSP_SHA1,
			       cs_span_of(names->name_sha1, sizeof(names->name_sha1)),
			       cs_span_of(names->key_sha1, sizeof(names->key_sha1)), serial } },
		    .n = 1 },
		.now_s = cs_now_ms() / 1000 };
	struct answer unused;

	if (status->desks[authority].responder == NULL ||
	    !status_has_time(&status->signing, cs_mono_us(), AHEAD_PERCENT))
		return; /* then it is signed when somebody asks */
	struct cs_arena *arena = cs_arena_new();
	answer_read(&q, arena, &unused);
	cs_arena_free(arena);
}
