/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tally.h: how many mails went to a mailbox, to a domain, and for an account.  load fills it for
 * everybody whom a batch names; decisions of the batch count on, so that many requests in one batch are
 * limited like many batches.  Pure.
 */
#ifndef MAILBOX_TALLY_H
#define MAILBOX_TALLY_H

#include <stdint.h>

#include "base/arena.h"

enum mailbox_whose { MAILBOX_OF_MAILBOX, MAILBOX_OF_DOMAIN, MAILBOX_OF_ACCOUNT };

struct mailbox_count {
	enum mailbox_whose whose;
	const char *name, *account; /* of an account: enterprise and account; else account is "" */
	uint32_t hour, day;         /* mails made in the last hour and day */
	int64_t last_ms;            /* when the last one was made; 0: none in that time */
	struct mailbox_count *next;
};

struct mailbox_tally {
	struct mailbox_count *first;
};

struct mailbox_limits {
	uint32_t per_hour, per_day;       /* to one mailbox */
	uint32_t per_domain, per_account; /* in an hour */
};

/* One mail to be made: to whom and for whom. */
struct mailbox_addressee {
	const char *mailbox, *domain, *enterprise, *account;
};

struct mailbox_count *mailbox_tally_find(const struct mailbox_tally *tally,
    enum mailbox_whose whose, const char *name, const char *account);
/* The count of this one, zero when it is new. */
struct mailbox_count *mailbox_tally_add(struct mailbox_tally *tally, struct cs_arena *arena,
    enum mailbox_whose whose, const char *name, const char *account);
/* Why no mail may be made now; NULL: it may.  Who was never counted gets none. */
const char *mailbox_tally_refuses(const struct mailbox_tally *tally,
    const struct mailbox_limits *limits, const struct mailbox_addressee *to, int64_t now_ms);
void
mailbox_tally_mail(struct mailbox_tally *tally, const struct mailbox_addressee *to, int64_t now_ms);

#endif
