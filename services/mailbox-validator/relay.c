/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relay.c: the one place where a token lies in clear: in the octets of the mail, until the relay has
 * them.  A row that is carried out twice sends the same mail with the same token: the token stays one.
 */
#include "relay.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "http/smtp.h"
#include "letter.h"
#include "mail/message.h"
#include "pki/hash.h"
#include "wire.h"

/* One mail on its way; in the arena of its work. */
struct sending {
	const struct mailbox_service *mailbox;
	struct svc_work *work;
	struct mailbox_letter letter;
};

static void
finish(struct sending *sending, enum mailbox_delivery delivery, const char *reply)
{
	static const char *const names[] = {
		[MAILBOX_ACCEPTED] = "accepted",
		[MAILBOX_TRY_AGAIN] = "later",
		[MAILBOX_NEVER] = "refused",
		[MAILBOX_TOO_LATE] = "expired",
	};
	struct svc_work *work = sending->work;
	uint8_t token[MAILBOX_TOKEN];

	/* A relay may repeat what it was sent, and its words go into events and logs. */
	mailbox_token_make(
	    sending->mailbox->token_key, sending->letter.mail, sending->letter.nonce, token);
	if (mailbox_token_shows(token, reply))
		reply = "withheld: the relay repeated the mail";
	pki_wipe(token, sizeof(token));

	const struct mailbox_mailed mailed = {
		.check_id = sending->letter.check_id,
		.mail = sending->letter.mail,
		.delivery = delivery,
		.attempt = work->attempt,
		.reply = cs_escape(work->arena, cs_span_str(reply), SMTP_TEXT),
	};

	svc_count(work->svc, "mails", "result", names[delivery]);
	svc_done(work, wire_write_mailed(work->arena, &mailed));
}

static void
on_sent(void *arg, const struct smtp_result *result)
{
	switch (result->outcome) {
	case SMTP_ACCEPTED:
		finish(arg, MAILBOX_ACCEPTED, result->text);
		return;
	case SMTP_PERMANENT:
		finish(arg, MAILBOX_NEVER, result->text);
		return;
	case SMTP_TEMPORARY:
	case SMTP_UNKNOWN: /* twice the same mail harms nobody; none at all would */
		break;
	}
	finish(arg, MAILBOX_TRY_AGAIN, result->text);
}

/* The mail lies in an arena of its own, and is wiped there as soon as the relay's queue has its copy. */
static enum cs_code
send(struct sending *sending, struct cs_err *err)
{
	const struct mailbox_service *mailbox = sending->mailbox;
	struct cs_arena *arena = cs_arena_new();
	struct cs_span octets;
	enum cs_code code = letter_write(arena, mailbox->token_key, &sending->letter,
	    mailbox->mail_from, sending->work->now_ms, &octets, err);

	if (code == CS_OK) {
		code = smtp_send(
		    mailbox->relay, sending->letter.mailbox, octets, on_sent, sending, err);
		pki_wipe((uint8_t *)(uintptr_t)octets.data, octets.len);
	}
	cs_arena_free(arena);
	return code;
}

void
mailbox_act(void *self, struct svc_work *work)
{
	struct sending *sending = CS_NEW(work->arena, struct sending);
	struct cs_err err = { 0 };

	sending->mailbox = self;
	sending->work = work;
	if (wire_read_letter(work->arena, work->body, &sending->letter, &err)) {
		svc_done(work, cs_span_str(NULL)); /* no row of ours: it is parked */
		return;
	}
	if (work->now_ms >= sending->letter.expires_ms) {
		finish(
		    sending, MAILBOX_TOO_LATE, "the token expired before its mail could be sent");
		return;
	}
	enum cs_code code = send(sending, &err);

	if (code != CS_OK)
		finish(sending, code == CS_MALFORMED ? MAILBOX_NEVER : MAILBOX_TRY_AGAIN, err.text);
}

static const char *
or_null(const char *text)
{
	return text[0] == '\0' ? NULL : text;
}

enum cs_code
mailbox_init(void *self, struct svc *svc, struct cs_err *err)
{
	struct mailbox_service *mailbox = self;
	const struct smtp_settings settings = {
		.url = mailbox->smtp_url,
		.from = mailbox->mail_from,
		.ca_file = or_null(mailbox->smtp_ca_file),
		.starttls = mailbox->smtp_starttls,
		.user_file = or_null(mailbox->smtp_user_file),
		.password_file = or_null(mailbox->smtp_password_file),
	};

	if (!mail_address_valid(mailbox->mail_from))
		return cs_fail(err, CS_MALFORMED, "CS_MAIL_FROM: not an address");
	if (claim_key_load(mailbox->key_file, &mailbox->key, err))
		return err->code;
	return smtp_open(svc_base(svc), &settings, &mailbox->relay, err);
}

void
mailbox_fini(void *self)
{
	struct mailbox_service *mailbox = self;

	smtp_close(mailbox->relay);
	claim_key_free(mailbox->key);
	pki_wipe((uint8_t *)(uintptr_t)mailbox->token_key.data, mailbox->token_key.len);
}
