/* SPDX-License-Identifier: Apache-2.0 */
/* fake_mails.h: mails and keys by those who want to break whoever reads them. */
#ifndef REPLY_FAKE_MAILS_H
#define REPLY_FAKE_MAILS_H

#include "reply/reply.h"

struct fake_mail {
	const char *name;
	struct cs_span octets;
	const char *refused; /* code of what reads it; NULL: it is a mail, however odd */
};

/* All of them, in the arena: some 40 MB.  None has a signature that is good. */
size_t fake_mails(struct cs_arena *arena, const struct fake_mail **ret_mails);
/* Texts of keys, none of which has signed anything. */
size_t fake_keys(struct cs_arena *arena, const struct cs_span **ret_keys);

#endif
