/* SPDX-License-Identifier: Apache-2.0 */
/* handler.c: the table of contents: each event to the mail that tells it, each mail to its end. */
#include "handler.h"

#include <string.h>

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
join_mailboxes(struct cs_arena *arena, const struct wire_issued *issued)
{
	struct cs_buf all = cs_buf_new(arena);

	for (size_t i = 0; i < issued->n_mailboxes; i++)
		cs_buf_printf(&all, "%s%s", i > 0 ? ", " : "", issued->mailboxes[i]);
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
		{ "mailboxes", join_mailboxes(ev->arena, &issued) },
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

const struct svc_route notify_routes[] = {
	{ "certificate.issued", read_issued, notify_on_outcome },
	{ "certificate.refused", read_certificate_refused, notify_on_outcome },
	{ "plan.refused", read_plan_refused, notify_on_outcome },
	{ "work.mail", read_mailed, notify_on_mailed },
	{ 0 },
};
