/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relays.h: which relay takes the mails of an enterprise: that of its connector of type smtp, else of the
 * platform's, else ours of the settings.  Loop thread.
 */
#ifndef NOTIFY_RELAYS_H
#define NOTIFY_RELAYS_H

#include "connector/book.h"
#include "http/smtp.h"

struct event_base;
struct pki_seal_key;
struct relays;

/* Of connectors; what still has mails under way counts too. */
#define RELAYS_MAX 32

struct relays_settings {
	struct smtp_settings own; /* the relay of those who have no connector */
	const char *connector_ca_file;
	const struct connector_book *book;
	const struct pki_seal_key *key; /* NULL: no secret can be read */
	bool test_mode;                 /* in clear, and to any address, on loopback */
};

/* Everything is borrowed until relays_free().  CS_MALFORMED: a setting of `own`. */
CS_MUST_USE enum cs_code relays_new(struct event_base *base, const struct relays_settings *settings,
    struct relays **ret, struct cs_err *err);
void relays_free(struct relays *relays); /* takes NULL */

struct relay {
	struct smtp *smtp;
	const char *from;
};
/*
 * Borrowed until the loop goes on.  CS_UNAVAILABLE: too many relays are busy.  CS_MALFORMED: the enterprise has a
 * connector that cannot be used; nobody else's relay takes its mails instead.
 */
CS_MUST_USE enum cs_code
relays_for(struct relays *relays, const char *enterprise, struct relay *ret, struct cs_err *err);
/* The same of one connector, active or not. */
CS_MUST_USE enum cs_code relays_of(struct relays *relays, const struct connector_entry *entry,
    struct relay *ret, struct cs_err *err);

#endif
