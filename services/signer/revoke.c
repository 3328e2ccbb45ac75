/* SPDX-License-Identifier: Apache-2.0 */
/* revoke.c: may this certificate be revoked for this reason, and what follows.  Pure. */
#include "revoke.h"

#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "handler.h"
#include "pki/crl.h"
#include "pki/csr.h"
#include "pki/hash.h"
#include "wire.h"

#define COMMON_NAME "2.5.4.3"

struct asked {
	struct claim_revocation r;
	struct record_revocation_statement statement;
};

enum cs_code
revoke_read_asked(const void *self, struct svc_event *ev, struct cs_err *err)
{
	const struct signer_service *signer = self;
	struct asked *asked = CS_NEW(ev->arena, struct asked);

	if (claim_open_revocation(ev->arena, signer->trust, ev->body, ev->now_ms, &asked->r, err))
		return CS_MALFORMED;
	asked->statement.received = (struct gate_received){ ev->body, ev->now_ms };
	claim_envelope_sha256(ev->body, asked->statement.sha256);
	ev->key = asked->r.request;
	ev->what = asked;
	return CS_OK;
}

/* ---- may it be? ---- */

/* Whoever holds the private key signs a request with our challenge as its common name. */
static bool
proof_holds(struct cs_arena *arena, const struct claim_revocation *r,
    const uint8_t spki_sha256[static PKI_SHA256])
{
	struct cs_refusal why;
	uint8_t digest[PKI_SHA256];
	struct pki_csr csr;
	size_t names = 0;

	if (r->challenge[0] == '\0' || !pki_csr_read(arena, r->proof, PKI_ALLOW_EDDSA, &csr, &why))
		return false;
	pki_sha256(csr.key.spki, digest);
	for (size_t i = 0; i < csr.n_subject; i++) {
		if (strcmp(csr.subject[i].oid, COMMON_NAME) != 0)
			continue;
		if (names++ > 0 || strcmp(csr.subject[i].value, r->challenge) != 0)
			return false;
	}
	return names == 1 && memcmp(digest, spki_sha256, sizeof(digest)) == 0;
}

/* One answer for what was never issued and for what is another enterprise's. */
static const struct cs_refusal not_issued = { "not-issued", "request_id", "SBR 4.9.3",
	"the enterprise has no certificate by this request", "name the request of a certificate" };
static const struct cs_refusal not_owner = { "not-owner", "account", "SBR 4.9.2",
	"the certificate belongs to another account", "ask an operator of the enterprise" };
static const struct cs_refusal wrong_reason = { "reason", "reason", "SBR 7.2.2",
	"whoever shows that a key is known says that it is compromised", "give keyCompromise" };
static const struct cs_refusal no_proof = { "proof", "proof", "SBR 4.9.12",
	"the proof is not signed by the certificate's key for the challenge",
	"sign a request with the certificate's key, with the challenge as its common name" };
static const struct cs_refusal has_ended = { "expired", "request_id", "SBR 4.10.1",
	"the certificate has expired", "nothing is left to be revoked" };

static bool
has_expired(const struct signer_record *record, int64_t now_ms)
{
	return record->issued.not_after_s < now_ms / 1000;
}

/* NULL: the asker may, and what is said holds. */
static const struct cs_refusal *
why_not(
    struct cs_arena *arena, const struct signer_record *record, const struct claim_revocation *r)
{
	const struct record_issued *issued = &record->issued;

	if (!issued->is_there || strcmp(issued->enterprise, r->enterprise) != 0)
		return &not_issued;
	if (r->by == CLAIM_BY_OWNER && strcmp(issued->account, r->account) != 0)
		return &not_owner;
	if (r->by == CLAIM_BY_KEY && r->reason != CLAIM_REASON_KEY_COMPROMISE)
		return &wrong_reason;
	if (r->by == CLAIM_BY_KEY && !proof_holds(arena, r, issued->spki_sha256))
		return &no_proof;
	return NULL;
}

/* ---- what is told ---- */

static struct wire_holder
holder(const struct signer_service *signer, struct svc_event *ev, int64_t not_after_s)
{
	const struct signer_record *record = ev->state;
	struct wire_holder holder = {
		.request = ev->key,
		.serial = cs_hex(ev->arena, cs_span_of(record->intent.choice.serial, GATE_SERIAL)),
		.issuer = record->intent.issuer,
		.enterprise = record->issued.is_there ? record->issued.enterprise : "",
		.account = record->issued.is_there ? record->issued.account : "",
		.contact = "",
		.not_after_ms = not_after_s * 1000,
	};
	struct claim_request request;

	if (record_read_request(record, ev->arena, signer->trust, &request)) {
		holder.contact = request.contact;
		holder.mailboxes = request.mailboxes;
	}
	return holder;
}

static void
tell_revoked(const struct signer_service *signer, struct svc_event *ev)
{
	const struct signer_record *record = ev->state;
	const struct record_revocation *revocation = &record->revocation;
	const struct wire_holder who = holder(signer, ev, revocation->not_after_s);
	const struct wire_revoked what = { revocation->reason, revocation->by, revocation->text,
		revocation->revoked_at_ms };

	svc_emit(ev, "certificate.revoked", wire_revoked(ev->arena, &who, &what));
	log_info(ev->log, "certificate revoked serial=%s reason=%u by=%s", who.serial,
	    revocation->reason, claim_revoked_by_name(revocation->by));
}

static void
audit(struct svc_event *ev, const char *action, const char *more)
{
	struct signer_record *record = ev->state;
	const struct record_revocation *revocation = &record->revocation;

	record_add_audit(record, ev->arena, action,
	    cs_arena_printf(ev->arena, "serial=%s reason=%u by=%s%s",
		cs_hex(ev->arena, cs_span_of(record->intent.choice.serial, GATE_SERIAL)),
		revocation->reason, claim_revoked_by_name(revocation->by), more));
}

/* ---- what is done ---- */

static void
revoke(const struct signer_service *signer, struct svc_event *ev,
    const struct record_revocation *how, const char *more)
{
	struct signer_record *record = ev->state;

	record->revocation = *how;
	record->revocation.is_there = record->revocation.is_new = true;
	record->revocation.revoked_at_ms = record->revocation.reason_at_ms = ev->now_ms;
	record->revocation.not_after_s = record->issued.not_after_s;
	audit(ev, "revoked", more);
	tell_revoked(signer, ev);
}

/* RFC 5280 5.3.1, TBR 7.2.2: it was revoked for less, and now its key is known to others. */
static void
worsen(const struct signer_service *signer, struct svc_event *ev, const char *more)
{
	struct signer_record *record = ev->state;

	record->revocation.reason = CLAIM_REASON_KEY_COMPROMISE;
	record->revocation.reason_at_ms = ev->now_ms;
	record->revocation.changed = true;
	audit(ev, "reason-changed", more);
	tell_revoked(signer, ev);
}

static const char *
statement_detail(struct svc_event *ev, const struct asked *asked)
{
	return cs_arena_printf(ev->arena, " asked_by=%s statement=%s",
	    claim_revoked_by_name(asked->r.by),
	    cs_hex(ev->arena, cs_span_of(asked->statement.sha256, CLAIM_DIGEST)));
}

static void
refuse(struct svc_event *ev, const struct asked *asked, const struct cs_refusal *why)
{
	const struct wire_ended who = { .request = ev->key, .contact = "", .at_ms = ev->now_ms };

	record_add_audit(ev->state, ev->arena, "revocation-refused",
	    cs_arena_printf(ev->arena, "code=%s%s", why->code, statement_detail(ev, asked)));
	svc_emit(ev, "certificate.revocation-refused",
	    wire_revocation_refused(ev->arena, &who, asked->r.report, why));
	log_info(ev->log, "revocation refused code=%s", why->code);
}

/* A second one changes nothing, unless the key turns out to be compromised. */
static void
accept(const struct signer_service *signer, struct svc_event *ev, const struct asked *asked)
{
	struct signer_record *record = ev->state;
	const struct record_revocation *had = &record->revocation;
	const struct claim_revocation *r = &asked->r;
	const bool compromised = r->reason == CLAIM_REASON_KEY_COMPROMISE;

	if (compromised && record->issued.blocked_why == NULL)
		record->block_why = r->by == CLAIM_BY_REPORT ? "reported" : "compromised";
	if (!had->is_there && has_expired(record, ev->now_ms)) {
		refuse(ev, asked, &has_ended);
	} else if (!had->is_there) {
		const struct record_revocation how = { .reason = r->reason,
			.by = r->by,
			.text = r->text,
			.known_at_ms = r->known_at_ms,
			.due_at_ms = r->due_at_ms };

		revoke(signer, ev, &how, statement_detail(ev, asked));
	} else if (compromised && had->reason != CLAIM_REASON_KEY_COMPROMISE) {
		worsen(signer, ev, statement_detail(ev, asked));
	}
}

void
revoke_on_asked(const void *self, struct svc_event *ev)
{
	const struct asked *asked = ev->what;
	struct signer_record *record = ev->state;

	record_add_revocation_statement(record, ev->arena, &asked->statement);
	const struct cs_refusal *why = why_not(ev->arena, record, &asked->r);
	if (why != NULL)
		refuse(ev, asked, why);
	else
		accept(self, ev, asked);
}

/* Every certificate of a key that is blocked (SBR 4.9.1.1 3, 4), whoever has it. */
void
revoke_on_key_blocked(const void *self, struct svc_event *ev)
{
	const struct signer_record *record = ev->state;
	const struct record_issued *issued = &record->issued;

	if (!issued->is_there || issued->blocked_why == NULL || record->revocation.is_there ||
	    has_expired(record, ev->now_ms))
		return;
	const struct record_revocation how = {
		.reason = CLAIM_REASON_KEY_COMPROMISE,
		.by = CLAIM_BY_SIGNER,
		.text = "the key of this certificate may be used no longer",
		.known_at_ms = ev->now_ms,
		.due_at_ms = ev->now_ms + CS_DAY_MS,
	};
	revoke(self, ev, &how, cs_arena_printf(ev->arena, " blocked=\"%s\"", issued->blocked_why));
}

void
revoke_void(const struct signer_service *signer, struct svc_event *ev, int64_t not_after_s)
{
	struct signer_record *record = ev->state;
	const struct wire_holder who = holder(signer, ev, not_after_s);

	record->revocation = (struct record_revocation){
		.is_there = true,
		.is_new = true,
		.of_void = true,
		.by = CLAIM_BY_SIGNER,
		.text = "",
		.revoked_at_ms = ev->now_ms,
		.known_at_ms = ev->now_ms,
		.due_at_ms = ev->now_ms + CS_DAY_MS,
		.reason_at_ms = ev->now_ms,
		.not_after_s = not_after_s,
	};
	svc_emit(ev, "certificate.voided", wire_voided(ev->arena, &who, ev->now_ms));
}

/* ---- reminders ---- */

uint32_t
revoke_reminder_step(int64_t issued_at_ms, int64_t not_after_s, int64_t now_ms)
{
	static const uint32_t steps[] = { 1, 7, 14, 30 };
	const int64_t end_ms = not_after_s * 1000;

	for (size_t i = 0; end_ms > now_ms && i < sizeof(steps) / sizeof(steps[0]); i++) {
		const int64_t at_ms = end_ms - steps[i] * CS_DAY_MS;

		/* One that was issued within the step knows its end. */
		if (at_ms <= now_ms)
			return at_ms >= issued_at_ms ? steps[i] : 0;
	}
	return 0;
}

void
revoke_on_expiring(const void *self, struct svc_event *ev)
{
	struct signer_record *record = ev->state;
	const struct record_issued *issued = &record->issued;

	if (!issued->is_there || record->revocation.is_there || issued->followed)
		return;
	const uint32_t step =
	    revoke_reminder_step(issued->issued_at_ms, issued->not_after_s, ev->now_ms);
	if (step == 0 || (issued->reminded_days != 0 && issued->reminded_days <= step))
		return;
	const struct wire_holder who = holder(self, ev, issued->not_after_s);
	record->remind_days = step;
	svc_emit(ev, "certificate.expiring", wire_expiring(ev->arena, &who, step));
	log_info(ev->log, "reminder days=%u", step);
}
