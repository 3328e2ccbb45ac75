/* SPDX-License-Identifier: Apache-2.0 */
/* parse.h: commands and the octets of mails (RFC 2033 4, RFC 5321 4), for this library alone.  Pure. */
#ifndef LMTP_PARSE_H
#define LMTP_PARSE_H

#include "lmtp/lmtp.h"

enum lmtp_verb {
	LMTP_LHLO,
	LMTP_MAIL,
	LMTP_RCPT,
	LMTP_DATA,
	LMTP_RSET,
	LMTP_NOOP,
	LMTP_QUIT,
	LMTP_WRONG, /* `reply` says why */
};

struct lmtp_command {
	enum lmtp_verb verb;
	char address[LMTP_ADDRESS_MAX + 1]; /* of MAIL ("" is the null sender) and RCPT */
	bool utf8;                          /* MAIL with SMTPUTF8 */
	const char *reply;                  /* "501 5.5.4 ...", without CRLF */
};

/* `line` without its CRLF. */
void lmtp_command_read(struct cs_span line, struct lmtp_command *ret_command);

/* ASCII dot-string @ labels of letters, digits and hyphens: what recipients of ours are. */
bool lmtp_recipient_valid(const char *address);

/* The octets after DATA, in pieces of any size.  All zero is the beginning. */
struct lmtp_data {
	enum lmtp_data_state {
		LMTP_AT_START, /* of a line */
		LMTP_IN_LINE,
		LMTP_AFTER_CR,
		LMTP_AFTER_DOT, /* at the start of a line */
		LMTP_AFTER_DOT_CR,
		LMTP_ENDED
	} state;
	size_t line, len, seen;
	const char
	    *bad; /* the mail will be refused: "554 5.6.0 ..."; its octets are no longer given */
};

/*
 * Takes octets up to the end of the mail; returns how many, and puts at most `len` + 2 into `out`, the
 * dots unstuffed.  state is LMTP_ENDED after "CRLF . CRLF" and nothing else.
 */
size_t lmtp_data_take(
    struct lmtp_data *data, const uint8_t *in, size_t len, uint8_t *out, size_t *ret_len);

#endif
