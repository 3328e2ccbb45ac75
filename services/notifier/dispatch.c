/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dispatch.c: the code is made here, of the row and the key, and is wiped as soon as the message is handed on.
 * What the other side answers is kept without it.
 */
#include "dispatch.h"

#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "mail/message.h"
#include "pki/hash.h"
#include "sms.h"
#include "wire.h"

/* One code on its way; in the arena of its work. */
struct dispatch {
	struct notify_service *notify;
	struct svc_work *work;
	struct codes_letter letter;
};

/* A relay that repeats what it was sent is not quoted. */
static bool
shows_code(const struct dispatch *dispatch, const char *reply)
{
	const struct codes_letter *letter = &dispatch->letter;
	char code[CODE_TEXT];

	code_make(
	    dispatch->notify->code_key, letter->challenge, letter->channel, letter->nonce, code);
	const bool shows = strstr(reply, code) != NULL;

	pki_wipe(code, sizeof(code));
	return shows;
}

static void
finish(struct dispatch *dispatch, enum codes_delivery delivery, const char *said)
{
	static const char *const names[] = {
		[CODES_ACCEPTED] = "accepted",
		[CODES_TRY_AGAIN] = "later",
		[CODES_NEVER] = "refused",
	};
	struct svc_work *work = dispatch->work;
	const char *reply = cs_escape(work->arena, cs_span_str(said), CODES_REPLY);
	const struct codes_delivered delivered = {
		.challenge = dispatch->letter.challenge,
		.channel = dispatch->letter.channel,
		.enterprise = dispatch->letter.enterprise,
		.account = dispatch->letter.account,
		.delivery = delivery,
		.attempt = work->attempt,
		.reply = shows_code(dispatch, reply) ? "withheld: it repeats the code" : reply,
	};

	svc_count(work->svc, "codes", "result", names[delivery]);
	svc_done(work, wire_write_delivered(work->arena, &delivered));
}

static const char *
until_text(struct cs_arena *arena, int64_t ms)
{
	char text[CS_TIME_TEXT];

	cs_time_format(ms, text);
	return cs_arena_printf(arena, "%.5s UTC", text + 11);
}

/* ---- by mail ---- */

static void
on_mailed(void *arg, const struct smtp_result *result)
{
	enum codes_delivery delivery = CODES_TRY_AGAIN; /* twice the same code harms nobody */

	if (result->outcome == SMTP_ACCEPTED)
		delivery = CODES_ACCEPTED;
	if (result->outcome == SMTP_PERMANENT)
		delivery = CODES_NEVER;
	finish(arg, delivery, result->text);
}

static const char *
write_body(struct cs_arena *arena, const struct codes_letter *letter, const char *code)
{
	char request[CS_ID_TEXT];

	cs_id_format(letter->request, request);
	return cs_arena_printf(arena,
	    "Your code to approve certificate request %s is\n\n    %s\n\n"
	    "It is for the account %s of %s, counts once, and until %s.\n"
	    "Never tell it to anybody. If you did not ask for it, nobody can use it\n"
	    "without you: tell your operator.\n",
	    request, code, letter->account, letter->enterprise,
	    until_text(arena, letter->expires_ms));
}

/* The message lies in an arena of its own, and is wiped there as soon as the queue has its copy. */
static enum cs_code
mail_code(struct dispatch *dispatch, struct cs_arena *arena, const char *code, struct cs_err *err)
{
	const struct codes_letter *letter = &dispatch->letter;
	struct relay relay;
	struct cs_span octets;

	if (relays_for(dispatch->notify->relays, letter->enterprise, &relay, err))
		return CS_UNAVAILABLE; /* the connector may be mended */
	const char *body = write_body(arena, letter, code);
	const struct mail_message message = {
		.from = relay.from,
		.from_name = "Countersign",
		.to = letter->to,
		.subject = "Your code to approve a certificate request",
		.body = body,
		.id = dispatch->work->id,
		.date_ms = dispatch->work->now_ms,
	};
	enum cs_code result = mail_message_write(&message, arena, &octets, err);

	if (result == CS_OK) {
		result = smtp_send(relay.smtp, letter->to, octets, on_mailed, dispatch, err);
		pki_wipe((uint8_t *)(uintptr_t)octets.data, octets.len);
	}
	pki_wipe((char *)(uintptr_t)body, strlen(body));
	return result;
}

/* ---- by SMS ---- */

static void
on_texted(void *arg, enum sms_outcome outcome, const char *said)
{
	static const enum codes_delivery deliveries[] = {
		[SMS_ACCEPTED] = CODES_ACCEPTED,
		[SMS_LATER] = CODES_TRY_AGAIN,
		[SMS_NEVER] = CODES_NEVER,
	};

	finish(arg, deliveries[outcome], said);
}

static enum cs_code
text_code(struct dispatch *dispatch, struct cs_arena *arena, const char *code, struct cs_err *err)
{
	const struct codes_letter *letter = &dispatch->letter;
	const struct connector_entry *entry =
	    connector_book_find(dispatch->notify->book, letter->enterprise, CONNECTOR_SMS);
	char request[CS_ID_TEXT];

	if (entry == NULL)
		return cs_fail(err, CS_UNAVAILABLE, "no active connector of type sms");
	cs_id_format(letter->request, request);
	char *text = cs_arena_printf(arena,
	    "%s is your code to approve certificate request %.8s until %s. Never tell it to anybody.",
	    code, request, until_text(arena, letter->expires_ms));
	const struct sms_message message = { letter->to, text };
	const enum cs_code result = sms_send(dispatch->notify->sms, dispatch->work->arena,
	    &entry->connector, &message, on_texted, dispatch, err);

	pki_wipe(text, strlen(text));
	return result;
}

/* ---- either ---- */

static void
send(struct dispatch *dispatch)
{
	const struct codes_letter *letter = &dispatch->letter;
	struct cs_arena *arena = cs_arena_new();
	char code[CODE_TEXT];
	struct cs_err err = { 0 };
	enum cs_code result;

	code_make(
	    dispatch->notify->code_key, letter->challenge, letter->channel, letter->nonce, code);
	result = letter->channel == FACTOR_SMS ? text_code(dispatch, arena, code, &err)
					       : mail_code(dispatch, arena, code, &err);
	pki_wipe(code, sizeof(code));
	cs_arena_free(arena);
	if (result != CS_OK)
		finish(dispatch, result == CS_MALFORMED ? CODES_NEVER : CODES_TRY_AGAIN, err.text);
}

void
dispatch_code(struct notify_service *notify, struct svc_work *work)
{
	struct dispatch *dispatch = CS_NEW(work->arena, struct dispatch);
	struct cs_err err = { 0 };

	dispatch->notify = notify;
	dispatch->work = work;
	if (wire_read_letter(work->arena, work->body, &dispatch->letter, &err))
		svc_done(work, cs_span_str(NULL)); /* no row of ours: it is parked */
	else if (work->now_ms >= dispatch->letter.expires_ms)
		finish(dispatch, CODES_NEVER, "the code had expired");
	else if (!svc_follows(notify->svc))
		finish(dispatch, CODES_TRY_AGAIN, "it is not known yet which connectors there are");
	else
		send(dispatch);
}
