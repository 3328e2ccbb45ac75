/* SPDX-License-Identifier: Apache-2.0 */
/*
 * handler.c: the table of contents.  Whatever comes is kept as it came, and then the gate is asked; a yes
 * becomes an intent, its audit record and an order to sign, all of one transaction.
 */
#include "handler.h"

#include <string.h>

#include "base/text.h"
#include "crls.h"
#include "own.h"
#include "pki/cert.h"
#include "pki/hash.h"
#include "pki/lint.h"
#include "record.h"
#include "revoke.h"
#include "sign.h"
#include "smime/rules.h"
#include "wire.h"

#define RETRY_MS INT64_C(2000)            /* after the CA key failed */
#define LONGEST_S (INT64_C(1185) * 86400) /* no certificate is valid longer (SBR 6.3.2) */

/* ---- reading ---- */

/*
 * The plan says which request and which approval it rests on: nobody without intake's key who lays others beside a
 * genuine plan has them kept in the place of the genuine ones.
 */
static enum cs_code
rests_on(const struct claim_plan *plan, const struct claim_request *request,
    struct cs_span approval, struct cs_err *err)
{
	uint8_t sha256[CLAIM_DIGEST];

	if (request->kind == CLAIM_DOMAIN_ONLY)
		return cs_fail(err, CS_MALFORMED, "the request asks for no certificate");
	if (!cs_id_equal(plan->request, request->id) ||
	    memcmp(plan->request_digest, request->digest, CLAIM_DIGEST) != 0)
		return cs_fail(err, CS_MALFORMED, "the plan encloses another request");
	claim_envelope_sha256(approval, sha256);
	if (memcmp(plan->approval_sha256, sha256, CLAIM_DIGEST) != 0)
		return cs_fail(err, CS_MALFORMED, "the plan encloses another approval");
	return CS_OK;
}

/* What the gate opens again, and judges by itself. */
static enum cs_code
open_final(const struct signer_service *signer, struct svc_event *ev, const struct claim_case *c,
    struct claim_plan *ret, struct cs_err *err)
{
	struct claim_request request;
	struct claim_approval approval;

	if (claim_open_plan(ev->arena, signer->trust, c->plan, ev->now_ms, ret, err) ||
	    claim_open_request(ev->arena, signer->trust, c->request, ev->now_ms, &request, err) ||
	    claim_open_approval(ev->arena, signer->trust, c->approval, ev->now_ms, &approval, err))
		return CS_MALFORMED;
	if (!ret->final || ret->revision > INT32_MAX)
		return cs_fail(err, CS_MALFORMED, "not a final plan");
	return rests_on(ret, &request, c->approval, err);
}

static enum cs_code
read_plan(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct record_plan *stated = CS_NEW(ev->arena, struct record_plan);
	struct claim_plan plan;

	if (claim_take_apart(ev->arena, ev->body, &stated->parts, err) ||
	    open_final(self, ev, &stated->parts, &plan, err))
		return CS_MALFORMED;
	stated->received = (struct gate_received){ ev->body, ev->now_ms };
	stated->revision = plan.revision;
	claim_envelope_sha256(ev->body, stated->sha256);
	ev->key = plan.request;
	ev->what = stated;
	return CS_OK;
}

/* The right to publish a subject is one service's: another's kind does not belong there. */
static bool
belongs(const char *subject, enum claim_kind kind)
{
	return strcmp(claim_kind_subject(kind), subject) == 0;
}

static enum cs_code
read_evidence(const void *self, struct svc_event *ev, struct cs_err *err)
{
	const struct signer_service *signer = self;
	struct gate_evidence *evidence = CS_NEW(ev->arena, struct gate_evidence);

	if (claim_open_evidence(ev->arena, signer->trust, ev->body, ev->now_ms, &evidence->e, err))
		return CS_MALFORMED;
	if (!belongs(ev->subject, evidence->e.kind) || evidence->e.attempt > INT32_MAX)
		return cs_fail(err, CS_MALFORMED, "evidence of kind %s on %s",
		    claim_kind_name(evidence->e.kind), ev->subject);
	evidence->received = (struct gate_received){ ev->body, ev->now_ms };
	claim_envelope_sha256(ev->body, evidence->sha256);
	ev->key = evidence->e.request;
	ev->what = evidence;
	return CS_OK;
}

static enum cs_code
read_stop(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct wire_stop *stop = CS_NEW(ev->arena, struct wire_stop);

	(void)self;
	if (wire_read_stop(ev->arena, ev->body, stop, err))
		return CS_MALFORMED;
	ev->key = stop->request;
	ev->what = stop;
	return CS_OK;
}

static enum cs_code
read_plan_refused(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct wire_plan_refused *refused = CS_NEW(ev->arena, struct wire_plan_refused);

	(void)self;
	if (wire_read_plan_refused(ev->arena, ev->body, refused, err))
		return CS_MALFORMED;
	ev->key = refused->request;
	ev->what = refused;
	return CS_OK;
}

static enum cs_code
read_result(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct sign_result *result = CS_NEW(ev->arena, struct sign_result);

	(void)self;
	ev->what = result;
	return sign_read_result(ev->body, result, err);
}

/* ---- telling the world ---- */

static const char *
hex(struct svc_event *ev, const uint8_t digest[static CLAIM_DIGEST])
{
	return cs_hex(ev->arena, cs_span_of(digest, CLAIM_DIGEST));
}

static void
move(struct signer_record *record, enum signer_state to, const char *code)
{
	cs_assert(signer_may_move(record->state, to));
	record->state = to;
	record->code = code;
	record->missing_changed = record->n_waiting_for > 0;
	record->missing = NULL;
	record->n_missing = 0;
}

/* Whom the outcome is told: as the request says, if it is here and genuine. */
static struct wire_ended
ended(const struct signer_service *signer, struct svc_event *ev, const struct signer_record *record)
{
	struct wire_ended ended = { .request = ev->key, .contact = "", .at_ms = ev->now_ms };
	struct claim_request request;

	if (record_read_request(record, ev->arena, signer->trust, &request))
		ended.contact = request.contact;
	return ended;
}

static void
refuse(const struct signer_service *signer, struct svc_event *ev, const struct cs_refusal *why)
{
	struct signer_record *record = ev->state;
	const struct wire_ended who = ended(signer, ev, record);

	move(record, SIGNER_REFUSED, why->code);
	record_add_audit(record, ev->arena, "refused",
	    cs_arena_printf(ev->arena, "code=%s field=%s", why->code, why->field));
	svc_emit(ev, "certificate.refused", wire_refused(ev->arena, &who, why));
	svc_ended(ev);
	log_info(ev->log, "request refused code=%s", why->code);
}

/* ---- the gate ---- */

static void
order(const struct signer_service *signer, struct svc_event *ev)
{
	const struct signer_record *record = ev->state;
	const struct record_intent *intent = &record->intent;
	const struct sign_order work = { intent->judged_at_ms, intent->issuer, intent->profile,
		intent->tbs };

	svc_work(
	    ev, "sign", sign_write_order(ev->arena, signer->seal_key, ev->key, &work), ev->now_ms);
}

static struct cs_span
digests_of(struct svc_event *ev, const struct gate_verdict *v)
{
	struct cs_buf buf = cs_buf_new(ev->arena);

	for (size_t i = 0; i < v->n_proofs; i++)
		cs_buf_add(&buf, v->proofs[i].evidence->sha256, CLAIM_DIGEST);
	return cs_buf_span(&buf);
}

/* Of the certificates of the chain, one behind the other. */
static void
chain_sha256(struct svc_event *ev, const struct issuers_row *row, uint8_t ret[static CLAIM_DIGEST])
{
	struct cs_buf buf = cs_buf_new(ev->arena);

	for (size_t i = 0; i < row->n_chain; i++)
		cs_buf_add_span(&buf, row->chain[i]);
	pki_sha256(cs_buf_span(&buf), ret);
}

/* Everything that was judged, by digest: with the envelopes it can be judged again. */
static const char *
intent_detail(const struct signer_service *signer, struct svc_event *ev,
    const struct signer_record *record, const struct gate_verdict *v)
{
	const struct record_intent *intent = &record->intent;
	const struct gate_case *c = &record->c;
	const char *waived = claim_plan_waived(ev->arena, &v->plan);
	uint8_t request[CLAIM_DIGEST], plan[CLAIM_DIGEST], weighed[CLAIM_DIGEST],
	    chain[CLAIM_DIGEST];

	gate_case_sha256(ev->arena, &signer->rules, c, &v->plan, weighed);
	chain_sha256(ev, issuers_find(signer->issuers, intent->issuer), chain);
	claim_envelope_sha256(c->request.envelope, request);
	claim_envelope_sha256(c->plan.envelope, plan);
	return cs_arena_printf(ev->arena,
	    "serial=%s tbs_sha256=%s request_digest=%s request=%s approval=%s plan=%s evidence=%s"
	    " lint=%s issuer=%s partition=%u profile=%s waived=%s chain=%s case=%s %s",
	    cs_hex(ev->arena, cs_span_of(intent->choice.serial, GATE_SERIAL)),
	    hex(ev, intent->tbs_sha256), hex(ev, v->request.digest), hex(ev, request),
	    hex(ev, v->plan.approval_sha256), hex(ev, plan), cs_hex(ev->arena, intent->evidence),
	    own_word(ev->arena, pki_lint_version()), intent->issuer, intent->choice.crl_partition,
	    intent->profile, waived[0] != '\0' ? waived : "none", hex(ev, chain), hex(ev, weighed),
	    own_trust(signer, ev->arena));
}

static void
claim_key(struct signer_record *record, const uint8_t spki_sha256[static 32],
    const char *enterprise, const char *account)
{
	record->owner = (struct record_owner){ .enterprise = enterprise, .account = account };
	memcpy(record->owner.spki_sha256, spki_sha256, sizeof(record->owner.spki_sha256));
}

static const struct cs_refusal no_issuer = { "no-issuer", "profile", "",
	"no issuing CA of this signer certifies this profile now", "choose another profile" };

static void
intend(const struct signer_service *signer, struct svc_event *ev, const struct gate_verdict *v)
{
	struct signer_record *record = ev->state;
	struct record_intent *intent = &record->intent;
	struct cs_refusal why;

	const struct issuers_row *row = issuers_choose(signer->issuers, v->profile, ev->now_ms,
	    smime_rule_not_after_s(ev->now_ms / 1000, v->request.validity_days));

	if (row == NULL) {
		why = no_issuer;
		refuse(signer, ev, &why);
		return;
	}
	*intent = (struct record_intent){
		.issuer = row->ca.label,
		.profile = v->profile->name,
		.choice = gate_choose(ev->random, ev->key, ev->now_ms),
		.evidence = digests_of(ev, v),
		.judged_at_ms = ev->now_ms,
	};
	intent->choice.crl_partition = gate_partition(row->crl_partitions, intent->choice.serial);
	if (!gate_prepare(
		ev->arena, &row->ca, v, &intent->choice, ev->now_ms, &intent->tbs, &why)) {
		refuse(signer, ev, &why);
		return;
	}
	pki_sha256(intent->tbs, intent->tbs_sha256);
	record->has_intent = record->intent_is_new = true;
	claim_key(record, v->csr.key.spki_sha256, v->request.enterprise, v->request.account);
	move(record, SIGNER_INTENT, NULL);
	record_add_audit(record, ev->arena, "intent", intent_detail(signer, ev, record, v));
	order(signer, ev);
	log_info(ev->log, "intent recorded serial=%s",
	    cs_hex(ev->arena, cs_span_of(intent->choice.serial, GATE_SERIAL)));
}

/* Only evidence of other requests needs a note: our own comes to this aggregate by itself. */
static void
wait_for(struct signer_record *record, const struct gate_verdict *v)
{
	size_t n = 0;

	for (size_t i = 0; i < v->n_missing; i++) {
		if (v->missing[i].elsewhere)
			v->missing[n++] = v->missing[i];
	}
	record->missing = v->missing;
	record->n_missing = n;
	record->missing_changed = n > 0 || record->n_waiting_for > 0;
}

static void
judge(const struct signer_service *signer, struct svc_event *ev)
{
	struct signer_record *record = ev->state;
	struct gate_verdict v;

	if (record->state != SIGNER_WAITING)
		return;
	gate_judge(ev->arena, &signer->rules, &record->c, ev->now_ms, &v);
	switch (v.says) {
	case GATE_WAIT:
		wait_for(record, &v);
		break;
	case GATE_COMPLETE:
		intend(signer, ev, &v);
		break;
	case GATE_REFUSE:
		refuse(signer, ev, &v.refusal);
		break;
	}
}

/* ---- what comes ---- */

static void
on_plan(const void *self, struct svc_event *ev)
{
	record_add_plan(ev->state, ev->arena, ev->what);
	judge(self, ev);
}

static void
on_evidence(const void *self, struct svc_event *ev)
{
	record_add_evidence(ev->state, ev->arena, ev->what);
	judge(self, ev);
}

static void
on_found(const void *self, struct svc_event *ev)
{
	judge(self, ev);
}

/*
 * The person has been told no: what is still on its way must not make it a yes.  Nothing is emitted,
 * the no is out already; after the intent it comes too late, as a stop does.
 */
static void
on_plan_refused(const void *self, struct svc_event *ev)
{
	const struct wire_plan_refused *refused = ev->what;
	struct signer_record *record = ev->state;

	(void)self;
	if (record->state != SIGNER_WAITING)
		return;
	move(record, SIGNER_REFUSED, refused->code);
	record_add_audit(record, ev->arena, "refused",
	    cs_arena_printf(ev->arena, "code=%s by=policy", refused->code));
	svc_ended(ev);
}

/* ---- stop ---- */

static bool
is_theirs(const struct signer_service *signer, struct svc_event *ev,
    const struct signer_record *record, const struct wire_stop *stop)
{
	struct claim_request request;

	return record->c.request.envelope.len == 0 ||
	       (record_read_request(record, ev->arena, signer->trust, &request) &&
		   strcmp(request.enterprise, stop->enterprise) == 0);
}

static void
stop_now(const struct signer_service *signer, struct svc_event *ev, const struct wire_stop *stop)
{
	struct signer_record *record = ev->state;
	const struct wire_ended who = ended(signer, ev, record);

	move(record, SIGNER_STOPPED, stop->reason);
	record_add_audit(
	    record, ev->arena, "stopped", cs_arena_printf(ev->arena, "reason=%s", stop->reason));
	svc_emit(ev, "certificate.stopped", wire_stopped(ev->arena, &who, stop->reason));
	svc_ended(ev);
}

/*
 * A request comes here with its final plan.  Before that it is stopped too, in whoever's name: the plan may be on its
 * way, and after this answer nothing may be issued for it.
 */
static void
on_stop(const void *self, struct svc_event *ev)
{
	const struct signer_service *signer = self;
	const struct wire_stop *stop = ev->what;
	struct signer_record *record = ev->state;
	const char *result = "stopped", *text = "";

	if (!is_theirs(signer, ev, record, stop)) {
		result = "unknown";
	} else if (record->state == SIGNER_WAITING) {
		stop_now(signer, ev, stop);
	} else if (record->state != SIGNER_STOPPED) {
		result = "too-late";
		text = record->state == SIGNER_REFUSED ? "it was refused" : "it is being issued";
	}
	svc_reply(ev, 0, wire_stop_answer(ev->arena, result, text));
}

/* ---- signed ---- */

static struct wire_issued
issued(const struct signer_service *signer, struct svc_event *ev, const struct pki_cert_info *info)
{
	const struct signer_record *record = ev->state;
	const struct issuers_row *row = issuers_find(signer->issuers, record->intent.issuer);
	struct claim_request request;

	cs_assert(
	    record_read_request(record, ev->arena, signer->trust, &request)); /* key_holds() */
	struct wire_issued issued = {
		.request = ev->key,
		.certificate = info->der,
		.chain = row->chain,
		.n_chain = row->n_chain,
		.serial = cs_hex(ev->arena, info->serial),
		.issuer = row->ca.label,
		.enterprise = request.enterprise,
		.account = request.account,
		.contact = request.contact,
		.fingerprint = hex(ev, info->sha256),
		.issued_at_ms = ev->now_ms,
		.not_before_ms = info->not_before_s * 1000,
		.not_after_ms = info->not_after_s * 1000,
		.mailboxes = request.mailboxes,
		.profile = record->intent.profile,
		.crl_partition = record->intent.choice.crl_partition,
		.kind = request.kind,
		.previous = request.previous,
	};
	pki_sha256(info->spki, issued.spki_sha256);
	return issued;
}

/* The signature is over the octets of the intent, and the whole reads as those octets say. */
static bool
assemble(const struct signer_service *signer, struct svc_event *ev,
    const struct sign_result *result, struct pki_cert_info *ret)
{
	const struct record_intent *intent = &((const struct signer_record *)ev->state)->intent;
	const struct issuers_row *row = issuers_find(signer->issuers, intent->issuer);

	if (row == NULL || !sign_is_over(result, intent))
		return false;
	const struct cs_span der =
	    pki_cert_assemble(ev->arena, intent->tbs, row->ca.sigalg, result->signature);
	return pki_cert_read(ev->arena, der, ret, NULL) == CS_OK &&
	       cs_span_equal(ret->tbs, intent->tbs) &&
	       cs_span_equal(ret->serial, cs_span_of(intent->choice.serial, GATE_SERIAL));
}

/* Names may hold anything: a record has their digest. */
static const char *
owner_sha256(struct svc_event *ev, const struct wire_issued *message)
{
	const struct cs_span parts[] = { cs_span_of(
					     message->enterprise, strlen(message->enterprise) + 1),
		cs_span_str(message->account) };
	uint8_t digest[PKI_SHA256];

	pki_sha256_parts(parts, 2, digest);
	return hex(ev, digest);
}

static void
issue(const struct signer_service *signer, struct svc_event *ev, const struct pki_cert_info *info)
{
	struct signer_record *record = ev->state;
	const struct wire_issued message = issued(signer, ev, info);

	move(record, SIGNER_ISSUED, NULL);
	record->certificate = (struct record_certificate){
		.der = info->der,
		.enterprise = message.enterprise,
		.account = message.account,
		.not_after_s = info->not_after_s,
	};
	memcpy(record->certificate.spki_sha256, message.spki_sha256, 32);
	claim_key(record, message.spki_sha256, message.enterprise, message.account);
	record->follows = message.kind == CLAIM_RENEWAL || message.kind == CLAIM_REKEY;
	record->previous = message.previous;
	record_add_audit(record, ev->arena, "issued",
	    cs_arena_printf(ev->arena, "serial=%s sha256=%s spki=%s owner=%s not_after=%lld",
		message.serial, message.fingerprint, hex(ev, message.spki_sha256),
		owner_sha256(ev, &message), (long long)info->not_after_s));
	svc_emit(ev, "certificate.issued", wire_issued(ev->arena, &message));
	svc_ended(ev);
	log_info(ev->log, "certificate issued serial=%s", message.serial);
}

/* When the certificate of the intent would end, as its own octets say; later when nobody knows. */
static int64_t
intent_end_s(const struct signer_service *signer, struct svc_event *ev)
{
	static const uint8_t no_signature[1];
	const struct record_intent *intent = &((const struct signer_record *)ev->state)->intent;
	const struct issuers_row *row = issuers_find(signer->issuers, intent->issuer);
	struct pki_cert_info info;

	if (row != NULL && pki_cert_read(ev->arena,
			       pki_cert_assemble(ev->arena, intent->tbs, row->ca.sigalg,
				   cs_span_of(no_signature, sizeof(no_signature))),
			       &info, NULL) == CS_OK)
		return info.not_after_s;
	return intent->choice.not_before_s + LONGEST_S;
}

/* A signature over these octets may exist, so that their serial is listed as revoked. */
static void
make_void(const struct signer_service *signer, struct svc_event *ev, const struct cs_refusal *why)
{
	struct signer_record *record = ev->state;
	const int64_t end_s = intent_end_s(signer, ev);

	record->intent.is_void = true;
	record->intent_changed = true;
	record_add_audit(record, ev->arena, "void",
	    cs_arena_printf(ev->arena, "serial=%s not_after=%lld code=%s",
		cs_hex(ev->arena, cs_span_of(record->intent.choice.serial, GATE_SERIAL)),
		(long long)end_s, why->code));
	revoke_void(signer, ev, end_s);
	refuse(signer, ev, why);
}

/*
 * The order grew old before it was carried out: the whole gate again, now.  The same verdict must lead
 * to the same octets, or the stored ones are not those that were judged.
 */
static void
judge_again(const struct signer_service *signer, struct svc_event *ev)
{
	struct signer_record *record = ev->state;
	struct record_intent *intent = &record->intent;
	struct cs_refusal why = { "evidence-expired", "request", "SBR 4.2.1",
		"before it could be signed, what was proved had ended", "make a new request" };
	struct gate_verdict v;
	struct cs_span tbs;

	gate_judge(ev->arena, &signer->rules, &record->c, ev->now_ms, &v);
	if (v.says == GATE_REFUSE)
		why = v.refusal;
	const struct issuers_row *row = issuers_find(signer->issuers, intent->issuer);
	if (row == NULL)
		why = no_issuer;
	if (v.says != GATE_COMPLETE || row == NULL ||
	    !gate_prepare(ev->arena, &row->ca, &v, &intent->choice, ev->now_ms, &tbs, &why)) {
		make_void(signer, ev, &why);
		return;
	}
	if (!cs_span_equal(tbs, intent->tbs)) {
		why.code = "octets-differ";
		why.text = "what was judged would not be certified in the same octets now";
		make_void(signer, ev, &why);
		return;
	}
	intent->judged_at_ms = ev->now_ms;
	record->intent_changed = true;
	record_add_audit(record, ev->arena, "renewed", intent_detail(signer, ev, record, &v));
	order(signer, ev);
}

/*
 * Lean, and yet no certificate comes of it: the order is carried out again, until it has grown old and the gate
 * is asked with all that it needs.
 */
static void
judge_or_wait(const struct signer_service *signer, struct svc_event *ev)
{
	const struct signer_record *record = ev->state;

	if (record->lean)
		svc_work_again(ev, ev->now_ms + RETRY_MS);
	else
		judge_again(signer, ev);
}

/* The operator's own linter: what it says is no less than what ours say. */
static void
refuse_by_linter(
    const struct signer_service *signer, struct svc_event *ev, const struct sign_result *result)
{
	const struct cs_refusal why = {
		.code = cs_arena_printf(ev->arena, "lint-external-%s", result->id),
		.field = "certificate",
		.clause = "SBR 4.3.1.2",
		.text = result->text,
		.mend = "make a new request",
	};

	make_void(signer, ev, &why);
}

/* The key may have become known to others while it was signed: that certificate is never shown. */
static bool
key_holds(const struct signer_service *signer, struct svc_event *ev, struct cs_refusal *ret_why)
{
	const struct signer_record *record = ev->state;
	struct claim_request request;

	if (record_read_request(record, ev->arena, signer->trust, &request))
		return gate_key_holds(&signer->rules, &record->c.key, &request, ret_why);
	*ret_why = (struct cs_refusal){ "request-unreadable", "request", "",
		"our copy of the request is not genuine", "make a new request" };
	return false;
}

static void
on_result(const void *self, struct svc_event *ev)
{
	const struct signer_service *signer = self;
	const struct sign_result *result = ev->what;
	const struct signer_record *record = ev->state;
	struct pki_cert_info info;
	struct cs_refusal why;

	if (record->state != SIGNER_INTENT)
		return; /* carried out twice: the first result counted */
	if (result->says == SIGN_REFUSED)
		refuse_by_linter(signer, ev, result);
	else if (result->says == SIGN_FAILED)
		svc_work_again(ev, ev->now_ms + RETRY_MS);
	else if (result->says != SIGN_DONE || !assemble(signer, ev, result, &info))
		judge_or_wait(signer, ev);
	else if (!key_holds(signer, ev, &why))
		make_void(signer, ev, &why);
	else
		issue(signer, ev, &info);
}

const struct svc_route signer_routes[] = {
	{ "plan.final", read_plan, on_plan },
	{ "plan.refused", read_plan_refused, on_plan_refused },
	{ "evidence.mailbox", read_evidence, on_evidence },
	{ "evidence.domain", read_evidence, on_evidence },
	{ "evidence.caa", read_evidence, on_evidence },
	{ "evidence.mpic", read_evidence, on_evidence },
	{ "evidence.identity", read_evidence, on_evidence },
	{ "ask.signer.stop", read_stop, on_stop },
	{ "clock.missing-found", NULL, on_found },
	{ "clock.own", NULL, own_on_clock },
	{ "work.sign", read_result, on_result },
	{ "request.revocation-asked", revoke_read_asked, revoke_on_asked },
	{ "clock.key-blocked", NULL, revoke_on_key_blocked },
	{ "clock.certificate-expiring", NULL, revoke_on_expiring },
	{ "clock.crl-due", NULL, crls_on_due },
	{ "work.crl", crls_read_result, crls_on_result },
	{ "ask.signer.crls", crls_read_crls_ask, crls_on_crls_ask },
	{ "ask.signer.crl", crls_read_crl_ask, crls_on_crl_ask },
	{ 0 },
};
