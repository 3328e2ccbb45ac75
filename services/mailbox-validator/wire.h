/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire.h: the unsigned messages of mailbox-validator, and what its work rows hold.  Reading: CS_MALFORMED
 * names the field and never shows its value; results live in the arena.
 */
#ifndef MAILBOX_WIRE_H
#define MAILBOX_WIRE_H

#include "mailbox.h"
#include "probe/probe.h"

/* plan.mailbox-asked: an order for a mailbox, by methods that are ours. */
CS_MUST_USE enum cs_code wire_read_asked(
    struct cs_arena *arena, struct cs_span body, struct mailbox_asked *ret, struct cs_err *err);

/* request.verification-asked, of any kind of check. */
CS_MUST_USE enum cs_code wire_read_pressed(struct cs_arena *arena, struct cs_span body,
    struct cs_id *ret_request, struct mailbox_pressed *ret, struct cs_err *err);

/* ask.mailbox.submit.  What was typed leaves this function only as a digest under `token_key`. */
CS_MUST_USE enum cs_code
wire_read_submit(struct cs_arena *arena, struct cs_span token_key, struct cs_span body,
    struct cs_id *ret_request, struct mailbox_submitted *ret, struct cs_err *err);
struct cs_span wire_write_answer(struct cs_arena *arena, const struct mailbox_answer *answer);

/* evidence.mailbox-challenge.  `route`: what was found before this mail was sent, or NULL. */
struct cs_span wire_write_challenge(const struct mailbox_setting *in,
    const struct mailbox_step *step, const struct mailbox_route *route);

/* Work "mail": one mail to be made and sent.  It holds no token, but what the key file makes one of. */
struct mailbox_letter {
	struct cs_id request, mail;
	uint8_t nonce[MAILBOX_NONCE];
	int64_t expires_ms;
	enum mailbox_way way;
	const char *check_id, *mailbox, *enterprise, *account;
};
struct cs_span wire_write_letter(struct cs_arena *arena, const struct mailbox_letter *letter);
CS_MUST_USE enum cs_code wire_read_letter(
    struct cs_arena *arena, struct cs_span body, struct mailbox_letter *ret, struct cs_err *err);

/* "mail.bounced", a command of this service to itself. */
struct cs_span wire_write_bounced(struct cs_arena *arena, const struct mailbox_bounced *bounced);
CS_MUST_USE enum cs_code wire_read_bounced(
    struct cs_arena *arena, struct cs_span body, struct mailbox_bounced *ret, struct cs_err *err);

/* "mail.came", and its answer; both stay within the process. */
struct cs_span wire_write_path(struct cs_arena *arena, const struct mailbox_return *path);
CS_MUST_USE enum cs_code wire_read_path(
    struct cs_arena *arena, struct cs_span body, struct mailbox_return *ret, struct cs_err *err);
struct cs_span wire_write_expected(struct cs_arena *arena, const struct mailbox_expected *expected);
CS_MUST_USE enum cs_code wire_read_expected(
    struct cs_arena *arena, struct cs_span body, struct mailbox_expected *ret, struct cs_err *err);

/* "mail.answered", the same. */
struct cs_span wire_write_answered(struct cs_arena *arena, const struct mailbox_answered *answered);
CS_MUST_USE enum cs_code wire_read_answered(
    struct cs_arena *arena, struct cs_span body, struct mailbox_answered *ret, struct cs_err *err);

/* ask.mailbox.reply, and what makes an answer beside what the mail holds; `part2` NULL: none is waited for. */
CS_MUST_USE enum cs_code wire_read_ask_reply(struct cs_arena *arena, struct cs_span body,
    struct cs_id *ret_request, struct mailbox_pressed *ret, struct cs_err *err);
struct cs_span wire_write_ask_reply_answer(
    struct cs_arena *arena, const char *part2, const char *thumbprint, const char *from);

/* How a domain takes mail, as a mail's row keeps it. */
struct cs_span wire_write_route(struct cs_arena *arena, const struct mailbox_route *route);
struct cs_span wire_route_of(struct cs_arena *arena, const struct probe_finding *finding);
CS_MUST_USE enum cs_code wire_read_route(
    struct cs_arena *arena, struct cs_span body, struct mailbox_route *ret, struct cs_err *err);

/* Its result, "work.mail". */
struct cs_span wire_write_mailed(struct cs_arena *arena, const struct mailbox_mailed *mailed);
CS_MUST_USE enum cs_code wire_read_mailed(
    struct cs_arena *arena, struct cs_span body, struct mailbox_mailed *ret, struct cs_err *err);

#endif
