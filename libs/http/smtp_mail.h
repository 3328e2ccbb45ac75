/* SPDX-License-Identifier: Apache-2.0 */
/* smtp_mail.h: one relay, spoken to by one thread, and what its replies mean; for smtp.c alone. */
#ifndef HTTP_SMTP_MAIL_H
#define HTTP_SMTP_MAIL_H

#include "http/smtp.h"

struct smtp_relay;

/* CS_MALFORMED: a setting or a file. */
CS_MUST_USE enum cs_code smtp_relay_new(
    const struct smtp_settings *settings, struct smtp_relay **ret_relay, struct cs_err *err);
/* Blocks.  `from` NULL: the envelope sender of the settings. */
void smtp_relay_mail(struct smtp_relay *relay, const char *from, const char *to,
    struct cs_span message, struct smtp_result *ret_result);
/* Blocks.  No mail: SMTP_ACCEPTED when the relay says 250 to NOOP. */
void smtp_relay_probe(struct smtp_relay *relay, struct smtp_result *ret_result);
void smtp_relay_hang_up(struct smtp_relay *relay); /* no mail after this */
/* From any thread: what is under way and all that follows fails within about a second. */
void smtp_relay_stop(struct smtp_relay *relay);
void smtp_relay_free(struct smtp_relay *relay);

/*
 * Lines that end in CRLF, of 998 octets at most, without CR, LF or NUL of their own: servers disagree
 * about what a line feed alone ends (SMTP smuggling).
 */
bool smtp_message_valid(struct cs_span message);

#endif
