/* SPDX-License-Identifier: Apache-2.0 */
#include "letter.h"

#include <string.h>

#include "answer.h"
#include "mail/message.h"
#include "pki/hash.h"

#define NAME_SHOWN 64

/* As long as a token: the mail is built with it, and the token takes its place in the finished octets. */
#define BLANK_TOKEN "0000-0000-0000-0000-0000-0000-0000-0000"
static const char blank[] = "\r\n    " BLANK_TOKEN "\r\n";
#define BLANK_INDENT 6
/* Behind "#" nothing is sent to a server: who fetches the link has shown the token to nobody. */
static const char blank_link_end[] = "/" BLANK_TOKEN "\r\n";
#define BLANK_LINK_INDENT 1

/*
 * The name of the enterprise is its operator's word, and the number of the request is ours: whoever asks
 * can put no word of their own before a stranger's eyes.
 */
static const char text[] =
    "A certificate for signed and encrypted mail (S/MIME) is requested for the\n"
    "mailbox that this mail is addressed to.\n"
    "\n"
    "The organization that asks for it, and the number of the request:\n"
    "\n"
    "        %s\n"
    "        %s\n"
    "\n"
    "If that is you, or if you agree, enter this token where the certificate is\n"
    "requested:\n"
    "\n"
    "    " BLANK_TOKEN "\n"
    "\n"
    "%s"
    "The token is good until %.16s UTC, once, and for this request only.\n"
    "\n"
    "If you did not ask for this, ignore this mail: without the token nothing is\n"
    "proved by it. Never give the token to anybody else; nobody of ours asks for\n"
    "it. Answers to this mail are not read.\n";

static const char link_text[] =
    "Or open this page, log in with the account that asked for the certificate,\n"
    "and press the button:\n"
    "\n"
    "%s#%s/%s/" BLANK_TOKEN "\n"
    "\n";

static const char answer_text[] =
    "A certificate for signed and encrypted mail (S/MIME) is requested for the\n"
    "mailbox that this mail is addressed to.\n"
    "\n"
    "The organization that asks for it, and the number of the request:\n"
    "\n"
    "        %s\n"
    "        %s\n"
    "\n"
    "If that is you, or if you agree, this mail must be answered (RFC 8823) before\n"
    "%.16s UTC. The program that asks for the certificate makes the answer from\n"
    "this mail's subject and from what only it was told.\n"
    "\n"
    "If you did not ask for this, ignore this mail: without that answer nothing is\n"
    "proved by it. Never send what somebody else gives you as an answer to it.\n";

/* Letters, digits and what addresses need; everything else could look like a text or a link of ours. */
static const char *
shown(struct cs_arena *arena, const char *name)
{
	size_t len = strlen(name);
	char *copy = cs_arena_strndup(arena, name, len > NAME_SHOWN ? NAME_SHOWN : len);

	for (char *c = copy; *c != '\0'; c++)
		if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
			(*c >= '0' && *c <= '9') || strchr("._@+-", *c) != NULL))
			*c = '?';
	return copy;
}

static const char *
link_of(struct cs_arena *arena, const struct letter_frame *frame,
    const struct mailbox_letter *letter, const char *request)
{
	if (frame->confirm_url == NULL || frame->confirm_url[0] == '\0')
		return "";
	return cs_arena_printf(arena, link_text, frame->confirm_url, request, letter->check_id);
}

static char *
write_body(
    struct cs_arena *arena, const struct letter_frame *frame, const struct mailbox_letter *letter)
{
	char until[CS_TIME_TEXT], request[CS_ID_TEXT];

	cs_time_format(letter->expires_ms, until);
	until[strcspn(until, "T")] = ' ';
	cs_id_format(letter->request, request);
	const char *enterprise = shown(arena, letter->enterprise);

	if (letter->way == MAILBOX_BY_REPLY)
		return cs_arena_printf(arena, answer_text, enterprise, request, until);
	return cs_arena_printf(
	    arena, text, enterprise, request, link_of(arena, frame, letter, request), until);
}

/* Puts the token where a blank is: so it lies there only, and no step before could have copied it. */
static bool
fill_in(struct cs_span mail, const char *at_blank, size_t indent, const char *token)
{
	uint8_t *at = memmem(mail.data, mail.len, at_blank, strlen(at_blank));

	if (at == NULL)
		return false;
	memcpy(at + indent, token, strlen(token));
	return true;
}

static struct mail_message
message_of(
    struct cs_arena *arena, const struct letter_frame *frame, const struct mailbox_letter *letter)
{
	return (struct mail_message){
		.from = frame->from,
		.from_name = "Countersign",
		.to = letter->mailbox,
		.subject = "Is a certificate wanted for this mailbox?",
		.body = write_body(arena, frame, letter),
		.id = letter->mail,
		.date_ms = frame->now_ms,
	};
}

static enum cs_code
write_challenge(struct cs_arena *arena, const struct letter_frame *frame,
    const struct mailbox_letter *letter, struct cs_span *ret_octets, struct cs_err *err)
{
	struct mail_message message = message_of(arena, frame, letter);
	char subject[sizeof("ACME: ") + REPLY_PART1_TEXT] = "ACME: ";

	mailbox_answer_part1(
	    frame->token_key, letter->mail, letter->nonce, subject + strlen(subject));
	message.subject = subject;
	message.reply_to = frame->reply_to;
	message.auto_type = "acme";
	enum cs_code code = mail_message_write(&message, arena, ret_octets, err);

	pki_wipe(subject, sizeof(subject));
	return code;
}

static enum cs_code
write_token(struct cs_arena *arena, const struct letter_frame *frame,
    const struct mailbox_letter *letter, struct cs_span *ret_octets, struct cs_err *err)
{
	const struct mail_message message = message_of(arena, frame, letter);
	uint8_t token[MAILBOX_TOKEN];
	char token_text[MAILBOX_TOKEN_TEXT];
	struct cs_span mail;

	if (mail_message_write(&message, arena, &mail, err))
		return err->code;
	mailbox_token_make(frame->token_key, letter->mail, letter->nonce, token);
	mailbox_token_format(token, token_text);
	bool filled = fill_in(mail, blank, BLANK_INDENT, token_text);

	if (strstr(message.body, "/" BLANK_TOKEN) != NULL)
		filled = filled && fill_in(mail, blank_link_end, BLANK_LINK_INDENT, token_text);
	pki_wipe(token, sizeof(token));
	pki_wipe(token_text, sizeof(token_text));
	if (!filled)
		return cs_fail(err, CS_INTERNAL, "the mail has no place for its code");
	*ret_octets = mail;
	return CS_OK;
}

enum cs_code
letter_write(struct cs_arena *arena, const struct letter_frame *frame,
    const struct mailbox_letter *letter, struct cs_span *ret_octets, struct cs_err *err)
{
	if (letter->way == MAILBOX_BY_REPLY)
		return write_challenge(arena, frame, letter, ret_octets, err);
	return write_token(arena, frame, letter, ret_octets, err);
}
