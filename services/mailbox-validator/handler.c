/* SPDX-License-Identifier: Apache-2.0 */
/*
 * handler.c: the table of contents: each event to its decision, and what the decision says to the world.
 * No I/O, and no token: what people typed came in as a digest, what is mailed is made by act.
 */
#include "handler.h"

#include <string.h>

#include "answer.h"
#include "base/text.h"
#include "pki/hash.h"
#include "store.h"
#include "wire.h"

/* ---- reading ---- */

static enum cs_code
read_asked(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct mailbox_asked *asked = CS_NEW(ev->arena, struct mailbox_asked);

	(void)self;
	if (wire_read_asked(ev->arena, ev->body, asked, err))
		return CS_MALFORMED;
	ev->key = asked->asked.request;
	ev->what = asked;
	return CS_OK;
}

static enum cs_code
read_pressed(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct mailbox_pressed *pressed = CS_NEW(ev->arena, struct mailbox_pressed);

	(void)self;
	ev->what = pressed;
	return wire_read_pressed(ev->arena, ev->body, &ev->key, pressed, err);
}

static enum cs_code
read_submit(const void *self, struct svc_event *ev, struct cs_err *err)
{
	const struct mailbox_service *mailbox = self;
	struct mailbox_submitted *submitted = CS_NEW(ev->arena, struct mailbox_submitted);

	ev->what = submitted;
	return wire_read_submit(ev->arena, mailbox->token_key, ev->body, &ev->key, submitted, err);
}

static enum cs_code
read_mailed(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct mailbox_mailed *mailed = CS_NEW(ev->arena, struct mailbox_mailed);

	(void)self;
	ev->what = mailed;
	return wire_read_mailed(ev->arena, ev->body, mailed, err);
}

static enum cs_code
read_bounced(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct mailbox_bounced *bounced = CS_NEW(ev->arena, struct mailbox_bounced);

	(void)self;
	ev->what = bounced;
	return wire_read_bounced(ev->arena, ev->body, bounced, err);
}

static enum cs_code
read_answered(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct mailbox_answered *answered = CS_NEW(ev->arena, struct mailbox_answered);

	(void)self;
	ev->what = answered;
	return wire_read_answered(ev->arena, ev->body, answered, err);
}

static enum cs_code
read_ask_reply(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct mailbox_pressed *asked = CS_NEW(ev->arena, struct mailbox_pressed);

	(void)self;
	ev->what = asked;
	return wire_read_ask_reply(ev->arena, ev->body, &ev->key, asked, err);
}

static enum cs_code
read_came(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct mailbox_return *path = CS_NEW(ev->arena, struct mailbox_return);

	(void)self;
	ev->what = path;
	return wire_read_path(ev->arena, ev->body, path, err);
}

/* ---- telling the world ---- */

static struct mailbox_setting
setting(const struct mailbox_service *mailbox, const struct svc_event *ev)
{
	const struct mailbox_case *state = ev->state;

	return (struct mailbox_setting){
		.token_key = mailbox->token_key,
		.limits = mailbox->limits,
		.takes_answers = mailbox->return_domain[0] != '\0',
		.request = ev->key,
		.now_ms = ev->now_ms,
		.random = ev->random,
		.tally = state->tally,
		.arena = ev->arena,
	};
}

static void
order_mail(struct svc_event *ev, const struct mailbox_step *step)
{
	const struct claim_check *check = &step->next.asked.check;
	struct mailbox_letter letter = {
		.request = ev->key,
		.mail = step->mail->id,
		.expires_ms = step->mail->expires_ms,
		.way = step->mail->way,
		.check_id = step->next.check_id,
		.mailbox = check->target,
		.enterprise = check->enterprise,
		.account = check->account,
	};

	memcpy(letter.nonce, step->mail->nonce, sizeof(letter.nonce));
	svc_work(ev, "mail", wire_write_letter(ev->arena, &letter), ev->now_ms);
}

/* NULL: nothing was found; an unreadable one, of ours, is shown as such in the log. */
static const struct mailbox_route *
read_route(const struct svc_event *ev, struct cs_span octets)
{
	struct mailbox_route *route = CS_NEW(ev->arena, struct mailbox_route);
	struct cs_err err;

	if (octets.len == 0)
		return NULL;
	if (wire_read_route(ev->arena, octets, route, &err) == CS_OK)
		return route;
	log_error(ev->log, "stored route unreadable reason=\"%s\"", err.text);
	return NULL;
}

static void
prove(const struct mailbox_service *mailbox, struct svc_event *ev, struct mailbox_step *step)
{
	const struct mailbox_setting in = setting(mailbox, ev);
	const struct mailbox_mail *mail = mailbox_mail_of(&step->next, step->next.proved_mail);
	const struct claim_evidence evidence =
	    mailbox_evidence(&in, step, read_route(ev, mail->route), read_route(ev, step->key));

	step->next.evidence = claim_seal_evidence(ev->arena, mailbox->key, &evidence);
	svc_emit(ev, "evidence.mailbox", step->next.evidence);
}

static void
apply(const struct mailbox_service *mailbox, struct svc_event *ev, struct mailbox_step step)
{
	const struct mailbox_setting in = setting(mailbox, ev);

	if (step.proves)
		prove(mailbox, ev, &step);
	if (step.mail != NULL)
		order_mail(ev, &step);
	if (step.told != NULL)
		svc_emit(ev, "evidence.mailbox-challenge",
		    wire_write_challenge(&in, &step, read_route(ev, step.route)));
	if (step.again_ms != 0)
		svc_work_again(ev, step.again_ms);
	if (step.next.changed)
		mailbox_put(ev->state, ev->arena, &step.next);
	log_info(ev->log,
	    "mailbox decided on=%s check=\"%s\" says=\"%s\" live_until=%lld tries_left=%u",
	    ev->subject, cs_escape(ev->arena, cs_span_str(step.next.check_id), 40), step.says,
	    (long long)mailbox_expires_ms(&step.next, ev->now_ms),
	    (unsigned)mailbox_tries_left(&step.next));
}

/* The challenge of this check as it is: a new one when there is none. */
static struct mailbox_challenge
challenge_of(const struct svc_event *ev, const char *check_id)
{
	const struct mailbox_challenge *old = mailbox_find(ev->state, check_id);

	return old != NULL ? *old : (struct mailbox_challenge){ .check_id = check_id };
}

/* ---- one function per event ---- */

static void
mailbox_on_asked(const void *self, struct svc_event *ev)
{
	const struct mailbox_asked *asked = ev->what;
	const struct mailbox_setting in = setting(self, ev);
	const struct mailbox_challenge old = challenge_of(ev, asked->asked.check.id);

	apply(self, ev, mailbox_decide_asked(&in, &old, asked));
}

/* Checks of other kinds are other services'; a press leaves at most so many rows as a plan has checks. */
static void
mailbox_on_pressed(const void *self, struct svc_event *ev)
{
	const struct mailbox_pressed *pressed = ev->what;
	const struct mailbox_case *state = ev->state;
	const struct mailbox_setting in = setting(self, ev);

	if (!mailbox_is_check(pressed->check_id) ||
	    (state->n >= MAILBOX_CHALLENGES && mailbox_find(state, pressed->check_id) == NULL))
		return;
	const struct mailbox_challenge old = challenge_of(ev, pressed->check_id);

	apply(self, ev, mailbox_decide_pressed(&in, &old, pressed));
}

static void
mailbox_on_submit(const void *self, struct svc_event *ev)
{
	const struct mailbox_submitted *submitted = ev->what;
	const struct mailbox_setting in = setting(self, ev);
	const struct mailbox_challenge old = challenge_of(ev, submitted->check_id);
	const struct mailbox_step step = mailbox_decide_submitted(&in, &old, submitted);

	svc_reply(ev, 200, wire_write_answer(ev->arena, &step.answer));
	apply(self, ev, step);
}

static void
mailbox_on_mailed(const void *self, struct svc_event *ev)
{
	const struct mailbox_mailed *mailed = ev->what;
	const struct mailbox_setting in = setting(self, ev);
	const struct mailbox_challenge old = challenge_of(ev, mailed->check_id);

	apply(self, ev, mailbox_decide_mailed(&in, &old, mailed));
}

static void
mailbox_on_bounced(const void *self, struct svc_event *ev)
{
	const struct mailbox_bounced *bounced = ev->what;
	const struct mailbox_setting in = setting(self, ev);
	const struct mailbox_challenge old =
	    challenge_of(ev, mailbox_return_check(ev->arena, &bounced->path));

	apply(self, ev, mailbox_decide_bounced(&in, &old, bounced));
	svc_reply(ev, 200, cs_span_str(NULL));
}

/* Changes nothing. */
static void
mailbox_on_came(const void *self, struct svc_event *ev)
{
	const struct mailbox_return *path = ev->what;
	const struct mailbox_challenge old =
	    challenge_of(ev, mailbox_return_check(ev->arena, path));
	struct mailbox_expected expected;

	(void)self;
	if (mailbox_expects(&old, path, ev->now_ms, &expected))
		svc_reply(ev, 200, wire_write_expected(ev->arena, &expected));
	else
		svc_reply(ev, 404, cs_span_str(NULL));
}

static void
mailbox_on_answered(const void *self, struct svc_event *ev)
{
	const struct mailbox_answered *answered = ev->what;
	const struct mailbox_setting in = setting(self, ev);
	const struct mailbox_challenge old =
	    challenge_of(ev, mailbox_return_check(ev->arena, &answered->path));

	apply(self, ev, mailbox_decide_answered(&in, &old, answered));
	svc_reply(ev, 200, cs_span_str(NULL));
}

/* Changes nothing: whoever may press Verify is told what an answer is made of beside the mail. */
static void
mailbox_on_ask_reply(const void *self, struct svc_event *ev)
{
	const struct mailbox_service *mailbox = self;
	const struct mailbox_pressed *asked = ev->what;
	const struct mailbox_challenge old = challenge_of(ev, asked->check_id);
	char part2[REPLY_PART1_TEXT] = "", thumbprint[REPLY_DIGEST_TEXT] = "";
	const bool open = mailbox_may_answer(&old, asked->enterprise, asked->account, ev->now_ms);

	if (open) {
		mailbox_answer_part2(mailbox->token_key, ev->key, asked->check_id, part2);
		reply_digest_text(old.asked.request_digest, thumbprint);
	}
	svc_reply(ev, 200,
	    wire_write_ask_reply_answer(
		ev->arena, open ? part2 : NULL, thumbprint, mailbox->mail_from));
	pki_wipe(part2, sizeof(part2));
	log_info(ev->log, "answer asked for open=%d", open);
}

const struct svc_route mailbox_routes[] = {
	{ "plan.mailbox-asked", read_asked, mailbox_on_asked },
	{ "request.verification-asked", read_pressed, mailbox_on_pressed },
	{ "ask.mailbox.submit", read_submit, mailbox_on_submit },
	{ "work.mail", read_mailed, mailbox_on_mailed },
	{ "mail.bounced", read_bounced, mailbox_on_bounced },
	{ "mail.came", read_came, mailbox_on_came },
	{ "mail.answered", read_answered, mailbox_on_answered },
	{ "ask.mailbox.reply", read_ask_reply, mailbox_on_ask_reply },
	{ 0 },
};
