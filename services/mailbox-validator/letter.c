/* SPDX-License-Identifier: Apache-2.0 */
#include "letter.h"

#include <string.h>

#include "answer.h"
#include "mail/message.h"
#include "pki/hash.h"

#define NAME_SHOWN 64

/* As long as a token: the mail is built with it, and the token takes its place in the finished octets. */
static const char blank[] = "\r\n    0000-0000-0000-0000-0000-0000-0000-0000\r\n";
#define BLANK_INDENT 6

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
    "    0000-0000-0000-0000-0000-0000-0000-0000\n"
    "\n"
    "The token is good until %.16s UTC, once, and for this request only.\n"
    "\n"
    "If you did not ask for this, ignore this mail: without the token nothing is\n"
    "proved by it. Never give the token to anybody else; nobody of ours asks for\n"
    "it. Answers to this mail are not read.\n";

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

static char *
write_body(struct cs_arena *arena, const struct mailbox_letter *letter)
{
	char until[CS_TIME_TEXT], request[CS_ID_TEXT];

	cs_time_format(letter->expires_ms, until);
	until[strcspn(until, "T")] = ' ';
	cs_id_format(letter->request, request);
	const char *enterprise = shown(arena, letter->enterprise);

	return letter->way == MAILBOX_BY_REPLY
		   ? cs_arena_printf(arena, answer_text, enterprise, request, until)
		   : cs_arena_printf(arena, text, enterprise, request, until);
}

/* Puts the token where the blank is: so it lies in one place, and no step before could have copied it. */
static enum cs_code
fill_in(struct cs_span mail, const char *token, struct cs_err *err)
{
	uint8_t *at = memmem(mail.data, mail.len, blank, strlen(blank));

	if (at == NULL)
		return cs_fail(err, CS_INTERNAL, "the mail has no place for its code");
	memcpy(at + BLANK_INDENT, token, strlen(token));
	return CS_OK;
}

static struct mail_message
message_of(
    struct cs_arena *arena, const struct mailbox_letter *letter, const char *from, int64_t now_ms)
{
	return (struct mail_message){
		.from = from,
		.from_name = "Countersign",
		.to = letter->mailbox,
		.subject = "Is a certificate wanted for this mailbox?",
		.body = write_body(arena, letter),
		.id = letter->mail,
		.date_ms = now_ms,
	};
}

static enum cs_code
write_challenge(struct cs_arena *arena, struct cs_span token_key,
    const struct mailbox_letter *letter, const char *from, const char *reply_to, int64_t now_ms,
    struct cs_span *ret_octets, struct cs_err *err)
{
	struct mail_message message = message_of(arena, letter, from, now_ms);
	char subject[sizeof("ACME: ") + REPLY_PART1_TEXT] = "ACME: ";

	mailbox_answer_part1(token_key, letter->mail, letter->nonce, subject + strlen(subject));
	message.subject = subject;
	message.reply_to = reply_to;
	message.auto_type = "acme";
	enum cs_code code = mail_message_write(&message, arena, ret_octets, err);

	pki_wipe(subject, sizeof(subject));
	return code;
}

static enum cs_code
write_token(struct cs_arena *arena, struct cs_span token_key, const struct mailbox_letter *letter,
    const char *from, int64_t now_ms, struct cs_span *ret_octets, struct cs_err *err)
{
	const struct mail_message message = message_of(arena, letter, from, now_ms);
	uint8_t token[MAILBOX_TOKEN];
	char token_text[MAILBOX_TOKEN_TEXT];
	struct cs_span mail;

	if (mail_message_write(&message, arena, &mail, err))
		return err->code;
	mailbox_token_make(token_key, letter->mail, letter->nonce, token);
	mailbox_token_format(token, token_text);
	enum cs_code code = fill_in(mail, token_text, err);

	pki_wipe(token, sizeof(token));
	pki_wipe(token_text, sizeof(token_text));
	if (code == CS_OK)
		*ret_octets = mail;
	return code;
}

enum cs_code
letter_write(struct cs_arena *arena, struct cs_span token_key, const struct mailbox_letter *letter,
    const char *from, const char *reply_to, int64_t now_ms, struct cs_span *ret_octets,
    struct cs_err *err)
{
	if (letter->way == MAILBOX_BY_REPLY)
		return write_challenge(
		    arena, token_key, letter, from, reply_to, now_ms, ret_octets, err);
	return write_token(arena, token_key, letter, from, now_ms, ret_octets, err);
}
