/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inbox.c: one mail on its way through the rules: its address, its facts, what it should answer, the keys of its
 * signatures, the judgement.  What the mail server is told is only whether it may forget the mail: a sender's
 * mistakes are told to whose request it is.
 */
#include "inbox.h"

#include <string.h>
#include <sys/queue.h>

#include "answer.h"
#include "base/text.h"
#include "lmtp/lmtp.h"
#include "pki/hash.h"
#include "wire.h"

#define TEXT_MAX 300 /* octets of what people are told of it */

struct inbox {
	struct cs_arena *arena; /* its own */
	struct mailbox_service *mailbox;
	struct svc *svc;
	struct lmtp *lmtp;
	LIST_HEAD(, arrival) arrivals;
};

struct arrival {
	LIST_ENTRY(arrival) link;
	struct inbox *inbox;
	struct cs_arena *arena;
	struct lmtp_ticket *ticket;
	struct mailbox_return path;
	struct cs_span octets;
	struct reply_facts facts;
	/* Of an answer. */
	struct mailbox_expected awaited;
	struct reply_expected expected;
	char part1[REPLY_PART1_TEXT];
	uint8_t digest[REPLY_DIGEST];
	struct claim_check checks[DKIM_SIGNATURES_MAX]; /* looks for keys */
	struct reply_key keys[DKIM_SIGNATURES_MAX];
	struct cs_span texts[DKIM_SIGNATURES_MAX], routes[DKIM_SIGNATURES_MAX];
	const char *troubles[DKIM_SIGNATURES_MAX]; /* why a key is not known */
	size_t looking;
	bool away;  /* the database: what was found could not be kept */
	bool again; /* the mail server shall bring it once more, whatever was decided */
};

struct key_look {
	struct arrival *arrival;
	size_t at;
};

static void
drop(struct arrival *arrival)
{
	LIST_REMOVE(arrival, link);
	pki_wipe(arrival->part1, sizeof(arrival->part1));
	cs_arena_free(arrival->arena);
}

static void
end(struct arrival *arrival, enum lmtp_answer answer, const char *result)
{
	svc_count(arrival->inbox->svc, "returned_mails", "result", result);
	lmtp_answer(arrival->ticket, 0, answer, NULL);
	drop(arrival);
}

/* ---- to the decision ---- */

static void
on_decided(void *arg, bool ok, uint32_t status, struct cs_span body)
{
	const struct arrival *arrival = arg;

	(void)status;
	(void)body;
	if (ok && arrival->again)
		end(arg, LMTP_LATER, "key-unknown");
	else
		end(arg, ok ? LMTP_TAKEN : LMTP_LATER, ok ? "decided" : "later");
}

static void
decide(struct arrival *arrival, const char *subject, struct cs_span body)
{
	if (!svc_command(arrival->inbox->svc, subject, arrival->path.request, body, NULL,
		on_decided, arrival))
		end(arrival, LMTP_LATER, "later");
}

/* ---- bounces ---- */

static void
take_bounce(struct arrival *arrival)
{
	const struct reply_bounce *bounce = &arrival->facts.bounce;
	const struct mailbox_bounced bounced = {
		.path = arrival->path,
		.for_good = bounce->kind == REPLY_BOUNCE_FAILED,
		.status = bounce->status == NULL ? "" : bounce->status,
		.reply = bounce->diagnostic == NULL ? "the mail came back without a reason"
						    : bounce->diagnostic,
	};

	if (bounce->kind == REPLY_BOUNCE_FAILED || bounce->kind == REPLY_BOUNCE_DELAYED)
		decide(arrival, "mail.bounced", wire_write_bounced(arrival->arena, &bounced));
	else
		end(arrival, LMTP_TAKEN, "ignored");
}

/* ---- answers ---- */

static const char *
shortened(const struct arrival *arrival, const char *text)
{
	return cs_escape(arrival->arena, cs_span_str(text), TEXT_MAX);
}

static void
refuse(struct arrival *arrival, const struct cs_refusal *why)
{
	const struct mailbox_answered answered = {
		.path = arrival->path,
		.reason = why->code,
		.clause = why->clause == NULL ? "RFC 8823 3.2" : why->clause,
		.text = shortened(arrival, why->text),
		.signed_by = "",
	};

	decide(arrival, "mail.answered", wire_write_answered(arrival->arena, &answered));
}

/* How the key was found that the signature is by. */
static struct cs_span
key_route(const struct arrival *arrival, const char *owner)
{
	for (size_t i = 0; i < arrival->facts.owners_len; i++)
		if (strcmp(arrival->keys[i].owner, owner) == 0)
			return arrival->routes[i];
	return cs_span_str(NULL);
}

static void
accept_answer(struct arrival *arrival, const struct reply_verdict *verdict)
{
	struct mailbox_answered answered = {
		.path = arrival->path,
		.reason = "",
		.clause = "",
		.text = "",
		.signed_by = shortened(arrival,
		    cs_arena_printf(arrival->arena, "domain=%s key=%s algorithm=%s headers=%s",
			verdict->domain, verdict->owner, verdict->algorithm, verdict->names)),
		.key = key_route(arrival, verdict->owner),
	};

	mailbox_answer_tag(arrival->inbox->mailbox->token_key, arrival->facts.digest, answered.tag);
	decide(arrival, "mail.answered", wire_write_answered(arrival->arena, &answered));
}

/* It comes again; the person is told what must be mended for it to count then. */
static void
wait_for_key(struct arrival *arrival)
{
	struct cs_refusal why = { .code = "reply-key-unknown" };

	for (size_t i = 0; i < arrival->facts.owners_len && why.text == NULL; i++)
		if (arrival->keys[i].unknown)
			why.text = cs_arena_printf(arrival->arena,
			    "the key of the answer's signature, %s, could not be looked up: %s",
			    arrival->keys[i].owner, arrival->troubles[i]);
	if (why.text == NULL) { /* no reader, or one that cannot be believed */
		end(arrival, LMTP_LATER, "no-reader");
		return;
	}
	arrival->again = true;
	refuse(arrival, &why);
}

static void
on_verified(void *arg, const struct reply_verdict *verdict)
{
	struct arrival *arrival = arg;
	struct cs_refusal why;

	switch (reply_judge(arrival->arena, &arrival->facts, verdict, &arrival->expected, &why)) {
	case REPLY_PROVED:
		accept_answer(arrival, verdict);
		return;
	case REPLY_REFUSED:
		refuse(arrival, &why);
		return;
	case REPLY_COULD_NOT_TELL:
	case REPLY_FINDINGS:
		break;
	}
	wait_for_key(arrival);
}

static void
verify(struct arrival *arrival)
{
	reply_crew_verify(arrival->inbox->mailbox->readers, arrival->octets, arrival->keys,
	    arrival->facts.owners_len, cs_now_ms(), 0, arrival->arena, on_verified, arrival);
}

/* Nobody relies on a key before the answers that hold it are durable. */
static void
key_done(struct arrival *arrival, bool kept)
{
	arrival->away |= !kept;
	if (--arrival->looking > 0)
		return;
	if (arrival->away)
		end(arrival, LMTP_LATER, "later");
	else
		verify(arrival);
}

static void
on_key_kept(void *arg, bool kept)
{
	const struct key_look *look = arg;

	key_done(look->arrival, kept);
}

/* Of more than one record nobody knows which is the key: it is as if there were two (RFC 6376 3.6.2.2). */
static const struct cs_span too_many[] = {
	{ (const uint8_t *)"v=DKIM1; p=", 11 },
	{ (const uint8_t *)"v=DKIM1; p=", 11 },
};

static void
take_key(struct arrival *arrival, size_t at, const struct probe_finding *finding)
{
	struct reply_key *key = &arrival->keys[at];

	key->texts = &arrival->texts[at];
	if (finding->outcome == CLAIM_PROVED) {
		arrival->texts[at] = cs_span_str(cs_arena_strdup(arrival->arena, finding->detail));
		key->texts_len = 1;
	} else if (strcmp(finding->reason, "txt-too-many") == 0) {
		key->texts = too_many;
		key->texts_len = 2;
	} else if (strcmp(finding->reason, "txt-no-record") != 0 &&
		   strcmp(finding->reason, "txt-unreadable") != 0) {
		/* Bogus is not "no key": it is not known which. */
		key->unknown = true;
		arrival->troubles[at] = cs_arena_strdup(arrival->arena, finding->text);
	}
}

static void
on_key(void *arg, const struct probe_finding *finding)
{
	struct key_look *look = arg;
	struct arrival *arrival = look->arrival;

	arrival->routes[look->at] = wire_route_of(arrival->arena, finding);
	take_key(arrival, look->at, finding);
	answers_keep(arrival->inbox->mailbox->answers, finding, on_key_kept, arg);
}

static void
look_for_keys(struct arrival *arrival)
{
	const struct mailbox_service *mailbox = arrival->inbox->mailbox;

	arrival->looking = 1; /* ours, until all are asked for */
	for (size_t i = 0; i < arrival->facts.owners_len; i++) {
		struct key_look *look = CS_NEW(arrival->arena, struct key_look);

		*look = (struct key_look){ arrival, i };
		arrival->keys[i].owner = arrival->facts.owners[i];
		arrival->checks[i] = (struct claim_check){
			.id = "mailbox-1",
			.kind = CLAIM_MAILBOX,
			.method = "dkim-key",
			.target = arrival->facts.owners[i],
			.enterprise = "",
			.account = "",
		};
		arrival->looking++;
		probe_start(mailbox->probe, &arrival->checks[i], arrival->arena, on_key, look);
	}
	key_done(arrival, true);
}

static void
expect(struct arrival *arrival)
{
	const struct mailbox_service *mailbox = arrival->inbox->mailbox;
	const struct mailbox_expected *awaited = &arrival->awaited;
	const char *check_id = mailbox_return_check(arrival->arena, &arrival->path);
	char id[CS_ID_TEXT];

	cs_id_format(awaited->mail, id);
	mailbox_answer_part1(mailbox->token_key, awaited->mail, awaited->nonce, arrival->part1);
	mailbox_answer_digest(mailbox->token_key, arrival->path.request, check_id,
	    awaited->request_digest, awaited->mail, awaited->nonce, arrival->digest);
	arrival->expected = (struct reply_expected){
		.mailbox = awaited->mailbox,
		.to = mailbox_return_write(
		    arrival->arena, mailbox->token_key, &arrival->path, mailbox->return_domain),
		.message_id = cs_arena_printf(
		    arrival->arena, "<%s@%s>", id, strchr(mailbox->mail_from, '@') + 1),
		.part1 = arrival->part1,
		.digest = arrival->digest,
	};
}

static void
on_awaited(void *arg, bool ok, uint32_t status, struct cs_span body)
{
	struct arrival *arrival = arg;
	struct cs_refusal why;
	struct cs_err err;

	if (!ok) {
		end(arrival, LMTP_LATER, "later");
		return;
	}
	if (status != 200 || wire_read_expected(arrival->arena, body, &arrival->awaited, &err)) {
		end(arrival, LMTP_TAKEN, "not-awaited");
		return;
	}
	expect(arrival);
	if (reply_judge_form(arrival->arena, &arrival->facts, &arrival->expected, &why))
		look_for_keys(arrival);
	else
		refuse(arrival, &why);
}

static void
take_answer(struct arrival *arrival)
{
	if (!svc_command(arrival->inbox->svc, "mail.came", arrival->path.request,
		wire_write_path(arrival->arena, &arrival->path), NULL, on_awaited, arrival))
		end(arrival, LMTP_LATER, "later");
}

/* ---- arriving ---- */

static void
on_read(void *arg, const struct reply_reading *reading)
{
	struct arrival *arrival = arg;

	arrival->facts = reading->facts;
	if (reading->finding == REPLY_COULD_NOT_TELL)
		end(arrival, LMTP_LATER, "no-reader");
	else if (reading->finding != REPLY_PROVED)
		end(arrival, LMTP_TAKEN, "unreadable");
	else if (arrival->path.use == MAILBOX_BOUNCES)
		take_bounce(arrival);
	else
		take_answer(arrival);
}

static enum lmtp_answer
on_rcpt(void *arg, const char *address)
{
	const struct inbox *inbox = arg;
	struct mailbox_return path;

	return mailbox_return_read(
		   inbox->mailbox->token_key, address, inbox->mailbox->return_domain, &path)
		   ? LMTP_TAKEN
		   : LMTP_UNKNOWN;
}

/* Each of our addresses was given to one mailbox alone: what goes to two is by somebody who collects them. */
static void
on_mail(void *arg, const struct lmtp_mail *mail, struct lmtp_ticket *ticket)
{
	struct inbox *inbox = arg;
	struct cs_arena *arena = cs_arena_new();
	struct arrival *arrival = CS_NEW(arena, struct arrival);

	if (mail->to_len != 1 || !mailbox_return_read(inbox->mailbox->token_key, mail->to[0],
				     inbox->mailbox->return_domain, &arrival->path)) {
		for (size_t i = 0; i < mail->to_len; i++)
			lmtp_answer(ticket, i, LMTP_REFUSED, "one recipient at a time");
		cs_arena_free(arena);
		return;
	}
	arrival->inbox = inbox;
	arrival->arena = arena;
	arrival->ticket = ticket;
	arrival->octets = cs_arena_copy_span(arena, mail->octets);
	LIST_INSERT_HEAD(&inbox->arrivals, arrival, link);
	reply_crew_read(
	    inbox->mailbox->readers, arrival->octets, mail->from, arena, on_read, arrival);
}

enum cs_code
inbox_open(
    struct mailbox_service *mailbox, struct svc *svc, struct inbox **ret_inbox, struct cs_err *err)
{
	struct cs_arena *arena = cs_arena_new();
	struct inbox *inbox = CS_NEW(arena, struct inbox);

	inbox->arena = arena;
	inbox->mailbox = mailbox;
	inbox->svc = svc;
	LIST_INIT(&inbox->arrivals);
	const struct lmtp_settings settings = {
		.listen = mailbox->lmtp_listen,
		.name = mailbox->return_domain,
		.rcpt = on_rcpt,
		.mail = on_mail,
		.arg = inbox,
	};

	if (lmtp_open(svc_base(svc), &settings, &inbox->lmtp, err)) {
		cs_arena_free(arena);
		return err->code;
	}
	*ret_inbox = inbox;
	return CS_OK;
}

void
inbox_close(struct inbox *inbox)
{
	if (inbox == NULL)
		return;
	lmtp_close(inbox->lmtp);
	while (!LIST_EMPTY(&inbox->arrivals)) {
		struct arrival *arrival = LIST_FIRST(&inbox->arrivals);

		lmtp_answer(arrival->ticket, 0, LMTP_LATER, NULL);
		drop(arrival);
	}
	cs_arena_free(inbox->arena);
}
