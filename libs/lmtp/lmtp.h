/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lmtp.h: takes mails from a mail server in front of us (RFC 2033), in the caller's event loop.
 *
 * There is no queue and no AUTH: who may connect is the listening address's matter, and what we do not
 * take, the mail server keeps or returns.  LHLO, MAIL, RCPT, DATA, RSET, NOOP, QUIT; PIPELINING, 8BITMIME,
 * SMTPUTF8, ENHANCEDSTATUSCODES, SIZE.
 *
 * The client is not trusted: lines end in CRLF and in nothing else, in commands (else the connection ends)
 * and in mails (else the mail is refused), so that nothing after a stray line feed can become a mail of its
 * own; lines, mails, recipients, sessions, wrong commands and times are limited.
 */
#ifndef LMTP_LMTP_H
#define LMTP_LMTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

struct event_base;
struct lmtp;
struct lmtp_ticket; /* the right to answer one mail */

#define LMTP_LINE_MAX 2048     /* octets of a command or a line of a mail, with CRLF */
#define LMTP_MAIL_MAX 1048576  /* octets of a mail, without dots that were stuffed */
#define LMTP_RECIPIENTS_MAX 10 /* of one mail */
#define LMTP_ADDRESS_MAX 254   /* octets */
#define LMTP_TEXT_MAX 200      /* characters of what we add to a reply */

enum lmtp_answer {
	LMTP_TAKEN,   /* 250 2.0.0 (2.1.5 for a recipient) */
	LMTP_LATER,   /* 451 4.3.0: the mail server asks again */
	LMTP_REFUSED, /* 550 5.7.1: it returns the mail */
	LMTP_UNKNOWN, /* 550 5.1.1: there is no such recipient */
	LMTP_ANSWERS
};

/* Borrowed for the call, the octets too. */
struct lmtp_mail {
	const char *from;      /* of the envelope; "" is the null sender; visible octets, UTF-8 */
	const char *const *to; /* recipients that were taken, as they were written */
	size_t to_len;
	struct cs_span octets; /* CRLF lines, dots unstuffed, no NUL */
	bool utf8;             /* SMTPUTF8 was asked for */
	const char *peer;      /* "127.0.0.1:5555" or "unix" */
};

struct lmtp_settings {
	const char
	    *listen; /* "127.0.0.1:24", "[::1]:0" (port 0: any free one), or "/run/x/lmtp.sock" */
	const char *name; /* our host name, in the greeting */
	/* Is there this recipient?  ASCII dot-string @ domain, case as written.  At once, from the loop. */
	enum lmtp_answer (*rcpt)(void *arg, const char *address);
	/*
	 * A whole mail.  Must call lmtp_answer() once for each of its recipients, now or later; until then
	 * the client waits, for decide_ms at most.
	 */
	void (*mail)(void *arg, const struct lmtp_mail *mail, struct lmtp_ticket *ticket);
	void *arg;
	/* Zero means the default on the right. */
	unsigned sessions;  /* 64 at once */
	int64_t command_ms; /* 60,000 from one command to the end of the next */
	int64_t data_ms;    /* 120,000 for the octets of a mail */
	int64_t decide_ms;  /* 60,000; then 451 for those that have no answer */
	int64_t whole_ms;   /* 1,800,000 for a session */
};

/* Listens at once.  The process must ignore SIGPIPE.  CS_MALFORMED: a setting; CS_UNAVAILABLE: the address cannot be had. */
CS_MUST_USE enum cs_code lmtp_open(struct event_base *base, const struct lmtp_settings *settings,
    struct lmtp **ret_lmtp, struct cs_err *err);
uint16_t lmtp_port(const struct lmtp *lmtp); /* 0: a unix socket */

/*
 * The answer for recipient `i` (from 0, each once: asserted), with a text of ours for people, or NULL;
 * what is not printable ASCII in it becomes '?'.  The last one ends the ticket.  Also right after the
 * client has left, its time has passed, or the receiver was closed: then nobody hears it.
 */
void lmtp_answer(struct lmtp_ticket *ticket, size_t i, enum lmtp_answer answer, const char *text);

/*
 * Stops listening; clients are told (421) as soon as the mail that they are sending is answered.  Calls
 * `drained` (may be NULL) once, from the loop, when the last one is gone.
 */
void lmtp_drain(struct lmtp *lmtp, void (*drained)(void *arg), void *arg);
/* Closes everything at once; tickets stay answerable.  Not from a callback of a mail.  Takes NULL. */
void lmtp_close(struct lmtp *lmtp);

struct lmtp_counters {
	uint64_t sessions, turned_away;             /* clients; over the limit */
	uint64_t mails, refused_mails;              /* handed over; broken or too large */
	uint64_t recipients, unknown_recipients;    /* taken; not */
	uint64_t wrong_commands, timed_out, broken; /* broken: lines that do not end as they must */
	size_t open;                                /* sessions now */
};
struct lmtp_counters lmtp_counters(const struct lmtp *lmtp);

#endif
