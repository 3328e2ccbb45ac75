/* SPDX-License-Identifier: Apache-2.0 */
#include "relay.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "connectors.h"
#include "directory/directory.h"
#include "dispatch.h"
#include "http/smtp.h"
#include "login/login.h"
#include "mail/message.h"
#include "pki/seal.h"
#include "sms.h"

#define CHAIN_FILE_MAX 65536

/* One mail on its way; in the arena of its work. */
struct sending {
	struct sending *next; /* of those that came early */
	struct svc_work *work;
	struct notify_outcome outcome;
};

static void
finish(struct sending *sending, enum notify_result result, const char *reply)
{
	static const char *const names[] = {
		[NOTIFY_ACCEPTED] = "accepted",
		[NOTIFY_TRY_AGAIN] = "later",
		[NOTIFY_NEVER] = "refused",
	};
	struct svc_work *work = sending->work;
	const struct notify_mailed mailed = {
		.kind = sending->outcome.kind,
		.result = result,
		.attempt = work->attempt,
		.reply = cs_escape(work->arena, cs_span_str(reply), SMTP_TEXT),
	};

	svc_count(work->svc, "mails", "result", names[result]);
	svc_done(work, wire_write_mailed(work->arena, &mailed));
}

/* Nobody knows whether it was taken: told twice is better than not at all (NTF-2). */
static void
on_sent(void *arg, const struct smtp_result *result)
{
	enum notify_result word = NOTIFY_TRY_AGAIN;

	if (result->outcome == SMTP_ACCEPTED)
		word = NOTIFY_ACCEPTED;
	if (result->outcome == SMTP_PERMANENT)
		word = NOTIFY_NEVER;
	finish(arg, word, result->text);
}

static enum cs_code
send(const struct notify_service *notify, struct sending *sending, struct cs_err *err)
{
	struct relay relay;

	if (relays_for(notify->relays, sending->outcome.enterprise, &relay, err))
		return CS_UNAVAILABLE; /* the connector may be mended */
	const struct mail_message message = {
		.from = relay.from,
		.from_name = "Countersign",
		.to = sending->outcome.contact,
		.subject = sending->outcome.subject,
		.body = sending->outcome.body,
		.id = sending->work->id, /* of the row: twice the same mail has one Message-ID */
		.date_ms = sending->work->now_ms,
	};
	struct cs_span octets;

	if (mail_message_write(&message, sending->work->arena, &octets, err))
		return err->code;
	return smtp_send(relay.smtp, sending->outcome.contact, octets, on_sent, sending, err);
}

static void
send_or_finish(const struct notify_service *notify, struct sending *sending)
{
	struct cs_err err = { 0 };
	enum cs_code code = send(notify, sending, &err);

	if (code != CS_OK)
		finish(sending, code == CS_MALFORMED ? NOTIFY_NEVER : NOTIFY_TRY_AGAIN, err.text);
}

void
relay_send_early(struct notify_service *notify)
{
	struct sending *next;

	for (struct sending *sending = notify->early; sending != NULL; sending = next) {
		next = sending->next;
		send_or_finish(notify, sending);
	}
	notify->early = NULL;
}

void
notify_act(void *self, struct svc_work *work)
{
	struct notify_service *notify = self;
	struct sending *sending = CS_NEW(work->arena, struct sending);
	struct cs_err err = { 0 };

	if (strcmp(work->kind, "code") == 0) {
		dispatch_code(notify, work);
		return;
	}
	sending->work = work;
	if (wire_read_mail(work->arena, work->body, &sending->outcome, &err)) {
		svc_done(work, cs_span_str(NULL)); /* no row of ours: it is parked */
		return;
	}
	if (svc_follows(notify->svc)) {
		send_or_finish(notify, sending);
		return;
	}
	sending->next = notify->early;
	notify->early = sending;
}

static enum cs_code
load_cas(struct notify_service *notify, struct cs_err *err)
{
	uint8_t *pem = cs_arena_alloc(notify->arena, CHAIN_FILE_MAX);
	FILE *file = fopen(notify->chain_file, "rbe");

	if (file == NULL)
		return cs_fail(err, CS_NOT_FOUND, "CS_ISSUER_CHAIN_FILE: cannot be read");
	size_t len = fread(pem, 1, CHAIN_FILE_MAX, file);

	(void)fclose(file);
	if (len == CHAIN_FILE_MAX)
		return cs_fail(err, CS_MALFORMED, "CS_ISSUER_CHAIN_FILE: longer than 64 KiB");
	struct cs_err why;

	if (certificate_read_cas(notify->arena, cs_span_of(pem, len), &notify->cas, &why))
		return cs_fail(err, CS_MALFORMED, "CS_ISSUER_CHAIN_FILE: %s", why.text);
	return CS_OK;
}

static const char *
or_null(const char *text)
{
	return text[0] == '\0' ? NULL : text;
}

static enum cs_code
load_keys(struct notify_service *notify, struct cs_err *err)
{
	if (claim_trust_load(notify->trust_file, notify->approvers_file, &notify->trust, err) ||
	    claim_key_load(notify->key_file, &notify->key, err))
		return err->code;
	if (notify->sealing_key_file[0] == '\0')
		return CS_OK;
	return pki_seal_key_load(notify->sealing_key_file, &notify->sealing_key, err);
}

static enum cs_code
open_relays(struct notify_service *notify, struct cs_err *err)
{
	const struct relays_settings settings = {
		.own = { .url = notify->smtp_url,
		    .from = notify->mail_from,
		    .ca_file = or_null(notify->smtp_ca_file),
		    .starttls = notify->smtp_starttls,
		    .user_file = or_null(notify->smtp_user_file),
		    .password_file = or_null(notify->smtp_password_file) },
		.connector_ca_file = or_null(notify->connector_ca_file),
		.book = notify->book,
		.key = notify->sealing_key,
		.test_mode = svc_test_mode(notify->svc),
	};

	return relays_new(svc_base(notify->svc), &settings, &notify->relays, err);
}

static enum cs_code
open_sms(struct notify_service *notify, struct cs_err *err)
{
	const struct sms_settings settings = { notify->connector_ca_file, notify->sealing_key,
		svc_test_mode(notify->svc) };

	return sms_new(svc_base(notify->svc), &settings, &notify->sms, err);
}

static enum cs_code
open_directories(struct notify_service *notify, struct cs_err *err)
{
	const struct directories_settings settings = { .ca_file = notify->connector_ca_file,
		.test_mode = svc_test_mode(notify->svc),
		.told = svc_child_told,
		.told_arg = notify->svc };

	return directories_open(&settings, svc_base(notify->svc), &notify->directories, err);
}

static enum cs_code
open_logins(struct notify_service *notify, struct cs_err *err)
{
	const struct logins_settings settings = { .ca_file = notify->connector_ca_file,
		.test_mode = svc_test_mode(notify->svc),
		.told = svc_child_told,
		.told_arg = notify->svc };

	return logins_open(&settings, svc_base(notify->svc), &notify->logins, err);
}

/* Without a path: what stands behind it is ours. */
static bool
is_base(struct cs_arena *arena, const char *text, bool test_mode)
{
	struct connector_url url;

	return text[0] == '\0' || (connector_url_parse(arena, text, &url) && url.path[0] == '\0' &&
				      (strcmp(url.scheme, "https") == 0 ||
					  (test_mode && strcmp(url.scheme, "http") == 0)));
}

enum cs_code
notify_init(void *self, struct svc *svc, struct cs_err *err)
{
	struct notify_service *notify = self;

	notify->svc = svc;
	notify->arena = cs_arena_new();
	if (!mail_address_valid(notify->mail_from))
		return cs_fail(err, CS_MALFORMED, "CS_MAIL_FROM: not an address");
	if (!is_base(notify->arena, notify->redirect_base, svc_test_mode(svc)))
		return cs_fail(err, CS_MALFORMED,
		    "CS_REDIRECT_BASE: not like https://ra.example, without a path");
	if (load_cas(notify, err) || load_keys(notify, err))
		return err->code;
	notify->book = connector_book_new(notify->trust);
	if (open_relays(notify, err) || open_sms(notify, err) || open_directories(notify, err) ||
	    open_logins(notify, err))
		return err->code;
	svc_watch_trust(svc, notify->trust, notify->trust_file);
	svc_follow(svc, "config.connector", notify_told, notify);
	return CS_OK;
}

void
notify_fini(void *self)
{
	struct notify_service *notify = self;

	relays_free(notify->relays);
	sms_free(notify->sms);
	directories_close(notify->directories);
	logins_close(notify->logins);
	claim_key_free(notify->key);
	connector_book_free(notify->book);
	pki_seal_key_free(notify->sealing_key);
	claim_trust_free(notify->trust);
	certificate_free_cas(&notify->cas);
	cs_arena_free(notify->arena);
}
