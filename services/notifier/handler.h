/* SPDX-License-Identifier: Apache-2.0 */
/* handler.h: notifier's routes, and what they need beside the event. */
#ifndef NOTIFY_HANDLER_H
#define NOTIFY_HANDLER_H

#include "certificate.h"
#include "svc/svc.h"

struct smtp;

struct notify_service {
	const char *chain_file, *smtp_url, *smtp_ca_file, *smtp_user_file, *smtp_password_file;
	const char *mail_from;
	bool smtp_starttls;
	uint32_t keep_days;         /* settings, up to here */
	struct cs_arena *arena;     /* owned; what `cas` borrows from */
	struct certificate_cas cas; /* read only */
	struct smtp *relay;         /* owned; loop thread only */
};

extern const struct svc_route notify_routes[];

#endif
