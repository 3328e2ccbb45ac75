/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sms.h: hands short messages to a gateway: one POST of {"to", "text"} to the endpoint of a connector of type
 * sms, with its secret as bearer token, or with user name and secret as basic credentials (RFC 6750, RFC 7617).
 * A status of 2xx is "taken".  Loop thread.
 */
#ifndef NOTIFY_SMS_H
#define NOTIFY_SMS_H

#include "connector/connector.h"

struct event_base;
struct pki_seal_key;
struct sms;

#define SMS_TEXT_MAX 320 /* octets of ASCII */
#define SMS_WAIT_MS 20000

struct sms_settings {
	const char *ca_file;            /* of gateways; "": the system's */
	const struct pki_seal_key *key; /* NULL: no secret can be read */
	bool test_mode;                 /* gateways in clear, and on loopback */
};
/* Everything is borrowed until sms_free(). */
CS_MUST_USE enum cs_code sms_new(struct event_base *base, const struct sms_settings *settings,
    struct sms **ret, struct cs_err *err);
/* Messages under way end without `done`.  Takes NULL. */
void sms_free(struct sms *sms);

enum sms_outcome { SMS_ACCEPTED, SMS_LATER, SMS_NEVER };
typedef void sms_done(void *arg, enum sms_outcome outcome, const char *said);
struct sms_message {
	const char *to;   /* "+" and digits */
	const char *text; /* printable ASCII without quotation marks and backslashes */
};
/*
 * Calls `done` exactly once, never before it returns.  `kept` lives until then; `connector` and `message` are
 * borrowed for the call.  CS_MALFORMED: a text or number that cannot be sent; CS_UNAVAILABLE: the connector
 * cannot be used as it is.  Then `done` is not called.
 */
CS_MUST_USE enum cs_code
sms_send(struct sms *sms, struct cs_arena *kept, const struct connector *connector,
    const struct sms_message *message, sms_done *done, void *arg, struct cs_err *err);

#endif
