/* SPDX-License-Identifier: Apache-2.0 */
/* handler.h: mailbox-validator's routes, and what they need beside the event. */
#ifndef MAILBOX_HANDLER_H
#define MAILBOX_HANDLER_H

#include "answers/answers.h"
#include "mailbox.h"
#include "probe/probe.h"
#include "reply/crew.h"
#include "svc/svc.h"

struct smtp;
struct inbox;

struct mailbox_service {
	const char *key_file, *smtp_url, *smtp_ca_file, *smtp_user_file, *smtp_password_file;
	const char *mail_from, *return_domain, *lmtp_listen, *confirm_url;
	struct probe_settings probing;
	struct probe_crew crew;
	struct reply_crew_settings reading;
	struct answers_settings keeping;
	bool smtp_starttls;
	struct cs_span token_key;
	struct mailbox_limits limits;
	uint32_t life_days, keep_days; /* settings, up to here */
	struct claim_key *key;         /* signs evidence; owned */
	struct smtp *relay;            /* owned; loop thread only */
	struct probe *probe;           /* owned; loop thread only */
	struct answers *answers;       /* owned; loop thread only */
	struct reply_crew *readers;    /* owned; loop thread only; NULL: nothing comes in */
	struct inbox *inbox;           /* owned; loop thread only; NULL: none */
};

extern const struct svc_route mailbox_routes[];

#endif
