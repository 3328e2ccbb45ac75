/* SPDX-License-Identifier: Apache-2.0 */
#include "tally.h"

#include <string.h>

#include "base/err.h"
#include "base/time.h"

struct mailbox_count *
mailbox_tally_find(const struct mailbox_tally *tally, enum mailbox_whose whose, const char *name,
    const char *account)
{
	for (struct mailbox_count *c = tally->first; c != NULL; c = c->next)
		if (c->whose == whose && strcmp(c->name, name) == 0 &&
		    strcmp(c->account, account) == 0)
			return c;
	return NULL;
}

struct mailbox_count *
mailbox_tally_add(struct mailbox_tally *tally, struct cs_arena *arena, enum mailbox_whose whose,
    const char *name, const char *account)
{
	struct mailbox_count *count = mailbox_tally_find(tally, whose, name, account);

	if (count != NULL)
		return count;
	count = CS_NEW(arena, struct mailbox_count);
	*count = (struct mailbox_count){
		.whose = whose, .name = name, .account = account, .next = tally->first
	};
	tally->first = count;
	return count;
}

const char *
mailbox_tally_refuses(const struct mailbox_tally *tally, const struct mailbox_limits *limits,
    const struct mailbox_addressee *to, int64_t now_ms)
{
	const struct mailbox_count *mailbox =
	    mailbox_tally_find(tally, MAILBOX_OF_MAILBOX, to->mailbox, "");
	const struct mailbox_count *domain =
	    mailbox_tally_find(tally, MAILBOX_OF_DOMAIN, to->domain, "");
	const struct mailbox_count *account =
	    mailbox_tally_find(tally, MAILBOX_OF_ACCOUNT, to->enterprise, to->account);

	if (mailbox == NULL || domain == NULL || account == NULL)
		return "the mails to this mailbox could not be counted: try again";
	if (mailbox->last_ms != 0 && now_ms - mailbox->last_ms < CS_MINUTE_MS)
		return "a mail to this mailbox was made less than a minute ago: wait a minute";
	if (mailbox->hour >= limits->per_hour)
		return "too many mails to this mailbox within an hour: try again later";
	if (mailbox->day >= limits->per_day)
		return "too many mails to this mailbox within a day: try again tomorrow";
	if (domain->hour >= limits->per_domain)
		return "too many mails to this domain within an hour: try again later";
	if (account->hour >= limits->per_account)
		return "too many mails for this account within an hour: try again later";
	return NULL;
}

static void
count_on(struct mailbox_count *count, int64_t now_ms)
{
	cs_assert(count != NULL);
	count->hour++;
	count->day++;
	count->last_ms = now_ms;
}

void
mailbox_tally_mail(struct mailbox_tally *tally, const struct mailbox_addressee *to, int64_t now_ms)
{
	count_on(mailbox_tally_find(tally, MAILBOX_OF_MAILBOX, to->mailbox, ""), now_ms);
	count_on(mailbox_tally_find(tally, MAILBOX_OF_DOMAIN, to->domain, ""), now_ms);
	count_on(
	    mailbox_tally_find(tally, MAILBOX_OF_ACCOUNT, to->enterprise, to->account), now_ms);
}
