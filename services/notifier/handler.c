/* SPDX-License-Identifier: Apache-2.0 */
/* handler.c: the table of contents: each event to the mail that tells it, each mail to its end. */
#include "handler.h"

#include <string.h>

#include "connectors.h"
#include "on_codes.h"
#include "on_login.h"
#include "on_password.h"
#include "store.h"
#include "text.h"

/* ---- reading: an event that is understood is a mail already ---- */

static const char *
id_text(struct cs_arena *arena, struct cs_id id)
{
	char *text = cs_arena_alloc(arena, CS_ID_TEXT);

	cs_id_format(id, text);
	return text;
}

static const char *
time_text(struct cs_arena *arena, int64_t ms)
{
	char *text = cs_arena_alloc(arena, CS_TIME_TEXT);

	cs_time_format(ms, text);
	text[strcspn(text, "T")] = ' ';
	return cs_arena_printf(arena, "%.16s UTC", text);
}

static const char *
join_mailboxes(struct cs_arena *arena, const char *const *mailboxes, size_t n)
{
	struct cs_buf all = cs_buf_new(arena);

	for (size_t i = 0; i < n; i++)
		cs_buf_printf(&all, "%s%s", i > 0 ? ", " : "", mailboxes[i]);
	return (const char *)cs_buf_span(&all).data;
}

static enum cs_code
read_issued(const void *self, struct svc_event *ev, struct cs_err *err)
{
	const struct notify_service *notify = self;
	struct notify_outcome *outcome = CS_NEW(ev->arena, struct notify_outcome);
	struct wire_issued issued;

	if (wire_read_issued(ev->arena, ev->body, &issued, err) ||
	    certificate_check(ev->arena, &notify->cas, &issued, err))
		return CS_MALFORMED;
	const struct text_value values[] = {
		{ "mailboxes", join_mailboxes(ev->arena, issued.mailboxes, issued.n_mailboxes) },
		{ "serial", issued.serial },
		{ "issuer", issued.issuer },
		{ "not_before", time_text(ev->arena, issued.not_before_ms) },
		{ "not_after", time_text(ev->arena, issued.not_after_ms) },
		{ "account", issued.account },
		{ "enterprise", issued.enterprise },
		{ "request", id_text(ev->arena, issued.request) },
		{ "fingerprint", issued.fingerprint },
		{ "*pem",
		    cs_arena_printf(ev->arena, "%s%s", pki_cert_pem(ev->arena, issued.certificate),
			pki_cert_pem(ev->arena, issued.chain[0])) },
		{ NULL, NULL },
	};

	outcome->kind = NOTIFY_ISSUED;
	outcome->contact = issued.contact;
	outcome->enterprise = issued.enterprise;
	text_fill(ev->arena, values, outcome);
	ev->key = issued.request;
	ev->what = outcome;
	return CS_OK;
}

static void
use_refused(struct svc_event *ev, const struct wire_refused *refused)
{
	struct notify_outcome *outcome = CS_NEW(ev->arena, struct notify_outcome);
	const struct text_value values[] = {
		{ "request", id_text(ev->arena, refused->request) },
		{ "code", refused->code },
		{ "field", refused->field },
		{ "check", refused->check_id },
		{ "clause", refused->clause },
		{ "text", refused->text },
		{ "mend", refused->mend },
		{ NULL, NULL },
	};

	outcome->kind = NOTIFY_REFUSED;
	outcome->contact = refused->contact;
	outcome->enterprise = refused->enterprise;
	text_fill(ev->arena, values, outcome);
	ev->key = refused->request;
	ev->what = outcome;
}

static enum cs_code
read_certificate_refused(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct wire_refused refused;

	(void)self;
	if (wire_read_certificate_refused(ev->arena, ev->body, &refused, err))
		return CS_MALFORMED;
	use_refused(ev, &refused);
	return CS_OK;
}

static enum cs_code
read_plan_refused(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct wire_refused refused;

	(void)self;
	if (wire_read_plan_refused(ev->arena, ev->body, &refused, err))
		return CS_MALFORMED;
	use_refused(ev, &refused);
	return CS_OK;
}

/* RFC 5280 5.3.1 in a person's words; "": none was given. */
static const char *
reason_text(uint32_t reason)
{
	switch (reason) {
	case 0:
		return "";
	case 1:
		return "keyCompromise: the private key is known to others";
	case 3:
		return "affiliationChanged: what the certificate says has changed";
	case 4:
		return "superseded: another certificate replaces it";
	case 5:
		return "cessationOfOperation: the mailbox or domain is used no longer";
	case 9:
		return "privilegeWithdrawn: it was not used as agreed";
	default:
		return "another";
	}
}

/* In the order of RevokedBy. */
static const char *
by_text(uint32_t by)
{
	static const char *const texts[] = { "somebody", "the account that it was issued to",
		"an operator of your enterprise", "an operator, after a report from outside",
		"somebody who showed that the private key is known",
		"us, as another certificate of the same key was compromised" };

	return texts[by < sizeof(texts) / sizeof(texts[0]) ? by : 0];
}

static enum cs_code
read_revoked(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct notify_outcome *outcome = CS_NEW(ev->arena, struct notify_outcome);
	struct wire_revoked revoked;

	(void)self;
	if (wire_read_revoked(ev->arena, ev->body, &revoked, err))
		return CS_MALFORMED;
	const struct wire_certificate *certificate = &revoked.certificate;
	const struct text_value values[] = {
		{ "mailboxes",
		    join_mailboxes(ev->arena, certificate->mailboxes, certificate->n_mailboxes) },
		{ "serial", certificate->serial },
		{ "issuer", certificate->issuer },
		{ "revoked_at", time_text(ev->arena, revoked.revoked_at_ms) },
		{ "by", by_text(revoked.by) },
		{ "reason", reason_text(revoked.reason) },
		{ "request", id_text(ev->arena, certificate->request) },
		{ "text", revoked.text },
		{ "with_key",
		    revoked.reason == 1 ? ", with a new key" : ", with this key or another" },
		{ NULL, NULL },
	};

	outcome->kind = NOTIFY_REVOKED;
	outcome->contact = certificate->contact;
	outcome->enterprise = certificate->enterprise;
	text_fill(ev->arena, values, outcome);
	ev->key = certificate->request;
	ev->what = outcome;
	return CS_OK;
}

static const char *
days_text(enum notify_kind kind)
{
	switch (kind) {
	case NOTIFY_EXPIRING_30:
		return "30";
	case NOTIFY_EXPIRING_14:
		return "14";
	case NOTIFY_EXPIRING_7:
		return "7";
	case NOTIFY_EXPIRING_1:
	case NOTIFY_ISSUED:
	case NOTIFY_REFUSED:
	case NOTIFY_REVOKED:
	case NOTIFY_KINDS:
		break;
	}
	return "";
}

static enum cs_code
read_expiring(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct notify_outcome *outcome = CS_NEW(ev->arena, struct notify_outcome);
	struct wire_certificate certificate;

	(void)self;
	if (wire_read_expiring(ev->arena, ev->body, &certificate, &outcome->kind, err))
		return CS_MALFORMED;
	const struct text_value values[] = {
		{ "mailboxes",
		    join_mailboxes(ev->arena, certificate.mailboxes, certificate.n_mailboxes) },
		{ "serial", certificate.serial },
		{ "issuer", certificate.issuer },
		{ "not_after", time_text(ev->arena, certificate.not_after_ms) },
		{ "request", id_text(ev->arena, certificate.request) },
		{ "days", days_text(outcome->kind) },
		{ "tomorrow", outcome->kind == NOTIFY_EXPIRING_1 ? "tomorrow" : "" },
		{ NULL, NULL },
	};

	outcome->contact = certificate.contact;
	outcome->enterprise = certificate.enterprise;
	text_fill(ev->arena, values, outcome);
	ev->key = certificate.request;
	ev->what = outcome;
	return CS_OK;
}

static enum cs_code
read_mailed(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct notify_mailed *mailed = CS_NEW(ev->arena, struct notify_mailed);

	(void)self;
	ev->what = mailed;
	return wire_read_mailed(ev->arena, ev->body, mailed, err);
}

/* ---- one function for what happened, one for what became of its mail ---- */

static void
keep(struct svc_event *ev, enum notify_kind kind, const struct notify_step *step)
{
	struct notify_case *state = ev->state;

	state->deliveries[kind] = step->next;
	log_info(ev->log, "notice decided on=%s kind=%s says=\"%s\" attempts=%u", ev->subject,
	    notify_kind_name(kind), step->says, (unsigned)step->next.attempts);
}

static void
notify_on_outcome(const void *self, struct svc_event *ev)
{
	const struct notify_outcome *outcome = ev->what;
	const struct notify_case *state = ev->state;
	const struct notify_step step =
	    notify_decide_outcome(&state->deliveries[outcome->kind], outcome, ev->now_ms);

	(void)self;
	if (step.mails)
		svc_work(ev, "mail", wire_write_mail(ev->arena, outcome), ev->now_ms);
	keep(ev, outcome->kind, &step);
}

static void
notify_on_mailed(const void *self, struct svc_event *ev)
{
	const struct notify_mailed *mailed = ev->what;
	const struct notify_case *state = ev->state;
	const struct notify_step step =
	    notify_decide_mailed(&state->deliveries[mailed->kind], mailed, ev->now_ms);

	(void)self;
	if (step.again_ms != 0)
		svc_work_again(ev, step.again_ms);
	if (step.told)
		svc_emit(ev, "notice.sent",
		    wire_write_notice(ev->arena, ev->key, mailed->kind, &step.next, ev->now_ms));
	keep(ev, mailed->kind, &step);
}

/* A mail may come a moment later; codes are waited for. */
const char *const notify_patient[] = { "certificate.issued", "certificate.refused", "plan.refused",
	"certificate.revoked", "certificate.expiring", "work.mail", NULL };

const struct svc_route notify_routes[] = {
	{ "certificate.issued", read_issued, notify_on_outcome },
	{ "certificate.refused", read_certificate_refused, notify_on_outcome },
	{ "plan.refused", read_plan_refused, notify_on_outcome },
	{ "certificate.revoked", read_revoked, notify_on_outcome },
	{ "certificate.expiring", read_expiring, notify_on_outcome },
	{ "work.mail", read_mailed, notify_on_mailed },
	{ "work.code", notify_read_delivered, notify_on_delivered },
	{ CODES_SEND, notify_read_send, notify_on_send },
	{ "ask.notifier.prove", notify_read_prove, notify_on_prove },
	{ PASSWORD_TRY, notify_read_order, notify_on_try },
	{ PASSWORD_BOUND, notify_read_bound, notify_on_bound },
	{ LOGIN_RETURN, notify_read_return, notify_on_return },
	{ LOGIN_JUDGED, notify_read_judged, notify_on_judged },
	{ "ask.notifier.code", notify_read_send, NULL },
	{ "ask.notifier.login", notify_read_login, NULL },
	{ "ask.notifier.password", notify_read_password, NULL },
	{ "ask.notifier.test", notify_read_test, NULL },
	{ 0 },
};

void
notify_start(void *self, struct svc_work *work)
{
	if (strcmp(work->kind, CODES_ASK) == 0)
		notify_start_send(self, work);
	else if (strcmp(work->kind, PASSWORD_ASK) == 0)
		notify_start_password(self, work);
	else if (strcmp(work->kind, LOGIN_ASK) == 0)
		notify_start_login(self, work);
	else
		notify_test(self, work);
}
