/* SPDX-License-Identifier: Apache-2.0 */
/* on_codes.c: no code, and no address of a person, is ever logged. */
#include "on_codes.h"

#include <string.h>

#include "on_login.h"
#include "on_password.h"
#include "wire.h"

/* ---- reading ---- */

/* Whoever carries the order cannot lead codes elsewhere: policy signs where they go. */
enum cs_code
notify_read_send(const void *self, struct svc_event *ev, struct cs_err *err)
{
	const struct notify_service *notify = self;
	struct claim_factor_order *order = CS_NEW(ev->arena, struct claim_factor_order);
	struct cs_span envelope;

	ev->what = order;
	if (wire_read_send(ev->arena, ev->body, &envelope, err) ||
	    claim_open_factor_order(ev->arena, notify->trust, envelope, ev->now_ms, order, err))
		return CS_MALFORMED;
	const struct factor_method *method = factor_method_find(order->method);

	if (method == NULL || method->binds)
		return cs_fail(err, CS_MALFORMED, "FactorOrder: no method that sends codes");
	if (method->sends[FACTOR_EMAIL] != (order->email[0] != '\0') ||
	    method->sends[FACTOR_SMS] != (order->phone[0] != '\0') ||
	    method->sends[FACTOR_LOGIN] != (order->identity[0] != '\0') ||
	    (method->sends[FACTOR_LOGIN] && !factor_identity_valid(order->identity)))
		return cs_fail(err, CS_MALFORMED, "FactorOrder: not the addresses of its method");
	ev->key = order->request;
	return CS_OK;
}

enum cs_code
notify_read_prove(const void *self, struct svc_event *ev, struct cs_err *err)
{
	const struct notify_service *notify = self;
	struct codes_typed *typed = CS_NEW(ev->arena, struct codes_typed);

	ev->what = typed;
	return wire_read_prove(ev->arena, notify->code_key, ev->body, &ev->key, typed, err);
}

enum cs_code
notify_read_delivered(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct codes_delivered *delivered = CS_NEW(ev->arena, struct codes_delivered);

	(void)self;
	ev->what = delivered;
	return wire_read_delivered(ev->arena, ev->body, delivered, err);
}

bool
notify_is_counted(const struct svc_event *ev)
{
	return strcmp(ev->subject, CODES_SEND) == 0 || strcmp(ev->subject, PASSWORD_TRY) == 0;
}

const struct claim_factor_order *
notify_order_of(const struct svc_event *ev)
{
	return ev->what;
}

/* ---- can it be sent at all?  Loop thread ---- */

/* One order; in the arena of its work. */
struct sending {
	struct notify_service *notify;
	struct svc_work *work;
	const struct claim_factor_order *order;
	bool logs_in; /* has a turn of those who do */
};

static void
on_sent(void *arg, bool ok, uint32_t status, struct cs_span body)
{
	const struct sending *sending = arg;
	struct svc_work *work = sending->work;

	if (ok && status == SAYS_LOG_IN) {
		notify_log_in(sending->notify, work, body);
		return;
	}
	if (sending->logs_in)
		notify_leave_login(sending->notify, sending->order->enterprise);
	/* Nothing happened, or nobody knows: who asks is told to ask again. */
	svc_finish(work, NULL, ok ? cs_arena_copy_span(work->arena, body) : cs_span_str(NULL),
	    cs_span_str(NULL));
}

void
notify_start_send(void *self, struct svc_work *work)
{
	struct notify_service *notify = self;
	struct sending *sending = CS_NEW(work->arena, struct sending);
	const struct claim_factor_order *order = work->what;
	const struct factor_method *method = factor_method_find(order->method);

	*sending = (struct sending){ notify, work, order, method->logs_in != 0 };
	for (enum factor_channel channel = 0; channel < FACTOR_CHANNELS; channel++) {
		const struct factor_channel_row *row = factor_channel_row(channel);

		if (!method->sends[channel] || row->settings_send ||
		    connector_book_find(
			notify->book, order->enterprise, factor_type(method, channel)) != NULL)
			continue;
		svc_count(work->svc, "codes", "result", "no-connector");
		svc_finish(
		    work, NULL, wire_write_no_connector(work->arena, channel), cs_span_str(NULL));
		return;
	}
	if (sending->logs_in && !notify_may_log_in(notify, work, order))
		return;
	if (!svc_command(work->svc, CODES_SEND, order->request, work->body, NULL, on_sent, sending))
		on_sent(sending, false, 0, cs_span_str(NULL));
}

/* ---- deciding ---- */

struct codes_setting
notify_setting(const struct notify_service *notify, const struct svc_event *ev)
{
	return (
	    struct codes_setting){ notify->code_key, ev->key, ev->now_ms, ev->random, ev->arena };
}

struct codes_challenge *
notify_challenge_of(const struct notify_case *c, const char *enterprise, const char *account)
{
	for (size_t i = 0; i < c->n_challenges; i++)
		if (strcmp(c->challenges[i].enterprise, enterprise) == 0 &&
		    strcmp(c->challenges[i].account, account) == 0)
			return &c->challenges[i];
	return NULL;
}

struct codes_challenge
notify_old_of(const struct svc_event *ev, const char *enterprise, const char *account)
{
	const struct codes_challenge *found = notify_challenge_of(ev->state, enterprise, account);

	return found != NULL ? *found : (struct codes_challenge){ .enterprise = "" };
}

/* Load left room for one more of each event. */
void
notify_put(struct svc_event *ev, const struct codes_challenge *challenge)
{
	struct notify_case *c = ev->state;
	struct codes_challenge *found =
	    notify_challenge_of(c, challenge->enterprise, challenge->account);

	if (found == NULL)
		found = &c->challenges[c->n_challenges++];
	*found = *challenge;
}

struct codes_tally *
notify_tally_of(const struct svc_event *ev, const struct claim_factor_order *order)
{
	const struct notify_case *c = ev->state;
	struct codes_tally *tally = c->tallies;

	while (tally != NULL && (strcmp(tally->enterprise, order->enterprise) != 0 ||
				    strcmp(tally->account, order->account) != 0))
		tally = tally->next;
	cs_assert(tally != NULL); /* load counted for every order of the batch */
	return tally;
}

void
notify_on_send(const void *self, struct svc_event *ev)
{
	const struct claim_factor_order *order = notify_order_of(ev);
	const struct codes_setting in = notify_setting(self, ev);
	const struct codes_challenge old = notify_old_of(ev, order->enterprise, order->account);
	const struct codes_sent sent =
	    codes_decide_send(&in, &old, order, notify_tally_of(ev, order));

	for (size_t i = 0; i < sent.n_letters; i++)
		svc_work(ev, "code", wire_write_letter(ev->arena, &sent.letters[i]), ev->now_ms);
	if (sent.next.changed)
		notify_put(ev, &sent.next);
	if (sent.logs_in) {
		const struct logins_begun login = logins_begun_of(&in, &sent.next);

		svc_reply(ev, SAYS_LOG_IN, wire_write_begun(ev->arena, &login));
	} else {
		svc_reply(ev, 200, wire_write_sent(ev->arena, &sent));
	}
	log_info(ev->log, "codes decided on=%s says=\"%s\" method=%s", ev->subject, sent.says,
	    order->method);
}

void
notify_on_prove(const void *self, struct svc_event *ev)
{
	const struct notify_service *notify = self;
	const struct codes_typed *typed = ev->what;
	const struct codes_setting in = notify_setting(self, ev);
	const struct codes_challenge old = notify_old_of(ev, typed->enterprise, typed->account);
	const struct codes_proved proved = codes_decide_prove(&in, &old, typed);
	struct cs_span proof = cs_span_str("");

	if (proved.verdict == CODES_PROVED) {
		const struct claim_factor factor = codes_claim(&in, &proved.next);

		proof = claim_seal_factor(ev->arena, notify->key, &factor);
	}
	if (proved.next.changed)
		notify_put(ev, &proved.next);
	svc_reply(ev, 200, wire_write_proved(ev->arena, &proved, proof));
	log_info(ev->log, "codes proved verdict=%s tries_left=%u",
	    codes_verdict_name(proved.verdict), (unsigned)proved.tries_left);
}

void
notify_on_delivered(const void *self, struct svc_event *ev)
{
	const struct codes_delivered *delivered = ev->what;
	const struct codes_setting in = notify_setting(self, ev);
	const struct codes_challenge old =
	    notify_old_of(ev, delivered->enterprise, delivered->account);
	const struct codes_step step = codes_decide_delivered(&in, &old, delivered);

	if (step.again_ms != 0)
		svc_work_again(ev, step.again_ms);
	if (step.next.changed)
		notify_put(ev, &step.next);
	log_info(ev->log, "codes decided on=%s says=\"%s\" channel=%s attempts=%u reply=\"%s\"",
	    ev->subject, step.says, factor_channel_row(delivered->channel)->name,
	    (unsigned)delivered->attempt, delivered->reply);
}
