/* SPDX-License-Identifier: Apache-2.0 */
/*
 * return_path.h: the address that a mail of ours comes back to, one for each mail, so that a bounce says
 * which mail it is of.  96 bits of it are HMAC-SHA-256 under the token key: nobody who did not handle the
 * mail can name one, and what nobody could have been given is refused before any octet of it is read.
 * Pure.
 */
#ifndef MAILBOX_RETURN_PATH_H
#define MAILBOX_RETURN_PATH_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/id.h"
#include "base/span.h"

#define MAILBOX_RETURN_MAIL 8 /* last octets of a mail's id: 62 of its random bits */

enum mailbox_return_use {
	MAILBOX_BOUNCES = 'b', /* envelope sender */
	MAILBOX_REPLIES = 'r', /* Reply-To */
};

struct mailbox_return {
	enum mailbox_return_use use;
	struct cs_id request;
	uint8_t check; /* n of "mailbox-n" */
	uint8_t mail[MAILBOX_RETURN_MAIL];
};

struct mailbox_return mailbox_return_of(
    enum mailbox_return_use use, struct cs_id request, const char *check_id, struct cs_id mail);
/* "b" or "r", 60 letters and digits, "@", the domain. */
const char *mailbox_return_write(struct cs_arena *arena, struct cs_span key,
    const struct mailbox_return *path, const char *domain);
/* The letters' case does not matter: mail servers change it.  False: none of ours. */
CS_MUST_USE bool mailbox_return_read(
    struct cs_span key, const char *address, const char *domain, struct mailbox_return *ret);
/* "mailbox-1" */
const char *mailbox_return_check(struct cs_arena *arena, const struct mailbox_return *path);
bool mailbox_return_is(const struct mailbox_return *path, struct cs_id mail);

#endif
