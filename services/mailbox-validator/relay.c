/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relay.c: the one place where a token lies in clear: in the octets of the mail, until the relay has
 * them.  A row that is carried out twice sends the same mail with the same token: the token stays one.
 */
#include "relay.h"

#include <stdio.h>
#include <string.h>

#include "answer.h"
#include "base/text.h"
#include "http/smtp.h"
#include "inbox.h"
#include "letter.h"
#include "mail/message.h"
#include "pki/hash.h"
#include "return_path.h"
#include "wire.h"

#define TEXT_MAX 400 /* octets of what people are told */

/* One mail on its way; in the arena of its work. */
struct sending {
	const struct mailbox_service *mailbox;
	struct svc_work *work;
	struct mailbox_letter letter;
	struct claim_check check; /* the look at how its domain takes mail */
	const struct probe_finding *found;
	struct cs_span route; /* the same, as the row keeps it; empty: not looked yet */
};

/* Why it was not accepted. */
struct why {
	const char *reason, *clause;
};

/* A relay may repeat what it was sent, and its words go into events and logs. */
static bool
shows_secret(const struct sending *sending, const char *reply)
{
	const struct mailbox_letter *letter = &sending->letter;
	const struct cs_span key = sending->mailbox->token_key;
	uint8_t token[MAILBOX_TOKEN];

	mailbox_token_make(key, letter->mail, letter->nonce, token);
	const bool shows = mailbox_token_shows(token, reply) ||
			   mailbox_answer_shows(key, letter->mail, letter->nonce, reply);

	pki_wipe(token, sizeof(token));
	return shows;
}

/* `reply` is printable ASCII. */
static void
finish(struct sending *sending, enum mailbox_delivery delivery, struct why why, const char *reply)
{
	static const char *const names[] = {
		[MAILBOX_ACCEPTED] = "accepted",
		[MAILBOX_TRY_AGAIN] = "later",
		[MAILBOX_NEVER] = "refused",
		[MAILBOX_TOO_LATE] = "expired",
		[MAILBOX_NO_ROUTE] = "unrouted",
	};
	struct svc_work *work = sending->work;

	if (shows_secret(sending, reply))
		reply = "withheld: the relay repeated the mail";

	const struct mailbox_mailed mailed = {
		.check_id = sending->letter.check_id,
		.mail = sending->letter.mail,
		.delivery = delivery,
		.attempt = work->attempt,
		.reason = why.reason,
		.clause = why.clause,
		.reply = reply,
		.route = sending->route,
	};

	svc_count(work->svc, "mails", "result", names[delivery]);
	svc_done(work, wire_write_mailed(work->arena, &mailed));
}

static const char *
escaped(const struct sending *sending, const char *text)
{
	return cs_escape(sending->work->arena, cs_span_str(text), TEXT_MAX);
}

static void
on_sent(void *arg, const struct smtp_result *result)
{
	const char *said = escaped(arg, result->text);

	switch (result->outcome) {
	case SMTP_ACCEPTED:
		finish(arg, MAILBOX_ACCEPTED, (struct why){ "", "" }, said);
		return;
	case SMTP_PERMANENT:
		finish(arg, MAILBOX_NEVER, (struct why){ "smtp-refused", "RFC 5321 4.2.1" }, said);
		return;
	case SMTP_TEMPORARY:
	case SMTP_UNKNOWN: /* twice the same mail harms nobody; none at all would */
		break;
	}
	finish(arg, MAILBOX_TRY_AGAIN, (struct why){ "smtp-later", "RFC 5321 4.5.4.1" }, said);
}

/* NULL: nothing comes back to us; bounces go to where mails come from. */
static const char *
return_path(const struct sending *sending, enum mailbox_return_use use)
{
	const struct mailbox_service *mailbox = sending->mailbox;

	if (mailbox->return_domain[0] == '\0')
		return NULL;
	const struct mailbox_return path = mailbox_return_of(
	    use, sending->letter.request, sending->letter.check_id, sending->letter.mail);

	return mailbox_return_write(
	    sending->work->arena, mailbox->token_key, &path, mailbox->return_domain);
}

/* The mail lies in an arena of its own, and is wiped there as soon as the relay's queue has its copy. */
static enum cs_code
send(struct sending *sending, struct cs_err *err)
{
	const struct mailbox_service *mailbox = sending->mailbox;
	struct cs_arena *arena = cs_arena_new();
	struct cs_span octets;
	const struct letter_frame frame = {
		.token_key = mailbox->token_key,
		.from = mailbox->mail_from,
		.reply_to = sending->letter.way == MAILBOX_BY_REPLY
				? return_path(sending, MAILBOX_REPLIES)
				: NULL,
		.confirm_url = mailbox->confirm_url,
		.now_ms = sending->work->now_ms,
	};
	enum cs_code code = letter_write(arena, &frame, &sending->letter, &octets, err);

	if (code == CS_OK) {
		code = smtp_send_from(mailbox->relay, return_path(sending, MAILBOX_BOUNCES),
		    sending->letter.mailbox, octets, on_sent, sending, err);
		pki_wipe((uint8_t *)(uintptr_t)octets.data, octets.len);
	}
	cs_arena_free(arena);
	return code;
}

static void
send_or_say(struct sending *sending)
{
	struct cs_err err = { 0 };
	enum cs_code code = send(sending, &err);

	if (code == CS_MALFORMED)
		finish(sending, MAILBOX_NEVER, (struct why){ "not-mailable", "RFC 5321 2.4" },
		    escaped(sending, err.text));
	else if (code != CS_OK)
		finish(sending, MAILBOX_TRY_AGAIN, (struct why){ "smtp-later", "" },
		    escaped(sending, err.text));
}

/* ---- how the domain takes mail ---- */

static void
take_route(struct sending *sending)
{
	const struct probe_finding *finding = sending->found;
	const struct why why = { finding->reason, finding->clause };

	sending->route = wire_route_of(sending->work->arena, finding);
	switch (finding->outcome) {
	case CLAIM_PROVED:
		send_or_say(sending);
		return;
	case CLAIM_REFUSED:
		finish(sending, MAILBOX_NO_ROUTE, why, finding->text);
		return;
	case CLAIM_COULD_NOT_TELL:
		break;
	}
	finish(sending, MAILBOX_TRY_AGAIN, why, finding->text);
}

/* While the database is away nothing else could be written either: the row's lease runs on. */
static void
on_kept(void *arg, bool kept)
{
	struct sending *sending = arg;

	if (kept)
		take_route(sending);
	else
		answers_keep(sending->mailbox->answers, sending->found, on_kept, sending);
}

/* Nobody relies on answers before they are durable. */
static void
on_route(void *arg, const struct probe_finding *finding)
{
	struct sending *sending = arg;
	struct probe_finding *found = CS_NEW(sending->work->arena, struct probe_finding);

	*found = *finding;
	sending->found = found;
	answers_keep(sending->mailbox->answers, found, on_kept, sending);
}

/* Each try looks again: a domain may have begun or ceased to take mail since the last one. */
static void
look(struct sending *sending)
{
	sending->check = (struct claim_check){
		.id = sending->letter.check_id,
		.kind = CLAIM_MAILBOX,
		.method = MAILBOX_ROUTE_METHOD,
		.target = sending->letter.mailbox,
		.enterprise = sending->letter.enterprise,
		.account = sending->letter.account,
	};
	probe_start(
	    sending->mailbox->probe, &sending->check, sending->work->arena, on_route, sending);
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
		finish(sending, MAILBOX_TOO_LATE, (struct why){ "too-late", "SBR 3.2.2.2" },
		    "the token expired before its mail could be sent");
		return;
	}
	look(sending);
}

static const char *
or_null(const char *text)
{
	return text[0] == '\0' ? NULL : text;
}

/* With the longest local part that it will have before it. */
static bool
is_domain(const char *text)
{
	char address[256];
	int len = snprintf(address, sizeof(address), "%061d@%s", 0, text);

	return len < (int)sizeof(address) && mail_address_valid(address);
}

/* It goes into mails as it is, with "#" and the rest behind it.  Without TLS only on machines of tests. */
static bool
is_page(const char *url, bool test_mode)
{
	const char *rest = url;

	if (strncmp(url, "https://", 8) == 0)
		rest += 8;
	else if (test_mode && strncmp(url, "http://", 7) == 0)
		rest += 7;
	else
		return false;
	for (const char *c = rest; *c != '\0'; c++)
		if (*c <= ' ' || *c > '~' || strchr("#\"<>%\\", *c) != NULL)
			return false;
	return *rest != '\0' && *rest != '/';
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
	if (mailbox->return_domain[0] != '\0' && !is_domain(mailbox->return_domain))
		return cs_fail(err, CS_MALFORMED, "CS_MAIL_RETURN_DOMAIN: not a domain");
	if (mailbox->confirm_url[0] != '\0' && !is_page(mailbox->confirm_url, svc_test_mode(svc)))
		return cs_fail(err, CS_MALFORMED, "CS_CONFIRM_URL: not https://HOST/PATH");
	mailbox->probing.test_mode = svc_test_mode(svc);
	mailbox->crew.told = mailbox->reading.told = svc_child_told;
	mailbox->crew.told_arg = mailbox->reading.told_arg = svc;
	mailbox->keeping.app_name = "mailbox-validator answers";
	if (mailbox->lmtp_listen[0] != '\0' && mailbox->return_domain[0] == '\0')
		return cs_fail(err, CS_MALFORMED, "CS_LMTP_LISTEN needs CS_MAIL_RETURN_DOMAIN");
	if (claim_key_load(mailbox->key_file, &mailbox->key, err) ||
	    answers_open(&mailbox->keeping, svc_base(svc), &mailbox->answers, err) ||
	    probe_crew_open(&mailbox->probing, &mailbox->crew, svc_base(svc), &mailbox->probe, err))
		return err->code;
	if (smtp_open(svc_base(svc), &settings, &mailbox->relay, err))
		return err->code;
	if (mailbox->lmtp_listen[0] == '\0')
		return CS_OK;
	if (reply_crew_open(&mailbox->reading, svc_base(svc), &mailbox->readers, err))
		return err->code;
	return inbox_open(mailbox, svc, &mailbox->inbox, err);
}

void
mailbox_fini(void *self)
{
	struct mailbox_service *mailbox = self;

	reply_crew_close(mailbox->readers);
	probe_close(mailbox->probe);
	answers_close(mailbox->answers);
	inbox_close(mailbox->inbox); /* what it was looking at ends here */
	smtp_close(mailbox->relay);
	claim_key_free(mailbox->key);
	pki_wipe((uint8_t *)(uintptr_t)mailbox->token_key.data, mailbox->token_key.len);
}
