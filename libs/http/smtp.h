/* SPDX-License-Identifier: Apache-2.0 */
/*
 * smtp.h: hands mails to a relay, one at a time over one reused connection, from a thread of its own
 * (libcurl's SMTP blocks while it waits for the final reply).  Results come back on the loop's thread.
 *
 * One recipient per mail.  The relay's word is the result: 250 after the data is "accepted" and
 * nothing else is; when the connection broke between the data and the reply the outcome is unknown.
 */
#ifndef HTTP_SMTP_H
#define HTTP_SMTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

struct event_base;
struct smtp;

#define SMTP_TEXT 200

struct smtp_settings {
	const char *url;       /* "smtp://host:25", "smtps://host:465": relay, no path */
	const char *from;      /* envelope sender of mails that name none; "" is the null sender */
	const char *helo;      /* our name in EHLO; NULL: the machine's */
	const char *ca_file;   /* NULL: the system's store */
	bool starttls;         /* refuse to speak without TLS (for smtp://) */
	const char *user_file; /* NULL: no authentication; else both: one line each */
	const char *password_file;
	const char *user, *password; /* instead of the files; copied, NULL: none */
	bool public_only;   /* speak to no address that is not global unicast (address.h) */
	unsigned queue_max; /* mails waiting; 0: 1,000 */
	int64_t connect_ms; /* 0: 10,000 */
	int64_t reply_ms;   /* 0: 120,000 without an octet moving */
	int64_t whole_ms;   /* 0: 300,000 for one mail */
};

enum smtp_outcome {
	SMTP_ACCEPTED,
	SMTP_TEMPORARY, /* 4xx, or the relay was not reached: try again later */
	SMTP_PERMANENT, /* 5xx to this mail, not to us (greeting, TLS, login): never try again */
	SMTP_UNKNOWN,   /* it may have been accepted: trying again may send it twice */
};
const char *smtp_outcome_name(enum smtp_outcome outcome); /* "accepted" */

struct smtp_result {
	enum smtp_outcome outcome;
	int code;             /* the relay's last reply code, 0 without one */
	char text[SMTP_TEXT]; /* its first line or our reason; printable ASCII */
};
typedef void smtp_done(void *arg, const struct smtp_result *result);

/* Starts the thread; connects when the first mail is sent.  CS_MALFORMED: a setting or a file. */
CS_MUST_USE enum cs_code smtp_open(struct event_base *base, const struct smtp_settings *settings,
    struct smtp **ret_smtp, struct cs_err *err);
/*
 * Copies `to` and `message` (CRLF lines; dots are stuffed here) and calls `done` exactly once, from the
 * loop, never before this returns.  CS_MALFORMED: an address that smtp_address_valid() refuses, or a
 * message with a bare CR, LF or NUL, a line over 998 octets, or nothing in it; CS_UNAVAILABLE: the queue
 * is full.  Then `done` is not called.
 */
CS_MUST_USE enum cs_code smtp_send(struct smtp *smtp, const char *to, struct cs_span message,
    smtp_done *done, void *arg, struct cs_err *err);
/* The same, with an envelope sender of this mail's own, so that a bounce says which mail it is of. */
CS_MUST_USE enum cs_code smtp_send_from(struct smtp *smtp, const char *from, const char *to,
    struct cs_span message, smtp_done *done, void *arg, struct cs_err *err);
/*
 * Asks the relay whether it would take mails, without sending one: greeting, TLS, login, NOOP.  `done` as above;
 * SMTP_ACCEPTED: it would.  CS_UNAVAILABLE: the queue is full.
 */
CS_MUST_USE enum cs_code
smtp_probe(struct smtp *smtp, smtp_done *done, void *arg, struct cs_err *err);
unsigned smtp_waiting(const struct smtp *smtp); /* mails whose `done` has not been called */
/*
 * Stops the thread, within about a second; a mail under way is broken off.  No `done` is called any
 * more: what was not reported is unknown.  Not from within a `done`.  Takes NULL.
 */
void smtp_close(struct smtp *smtp);

/*
 * RFC 5321 Mailbox with a dot-string of RFC 5322 atext in ASCII and a domain of LDH labels.  Quoted
 * local parts, address literals and anything outside 0x21 to 0x7E are refused: libcurl sends what it
 * is given, line ends included.
 */
bool smtp_address_valid(const char *address);

#endif
