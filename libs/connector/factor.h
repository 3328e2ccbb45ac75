/* SPDX-License-Identifier: Apache-2.0 */
/*
 * factor.h: the ways to prove a second factor.  One table: what each wants of a person, and of what is outside.
 * Pure.
 */
#ifndef CONNECTOR_FACTOR_H
#define CONNECTOR_FACTOR_H

#include "connector/connector.h"

/* How a code reaches a person. */
enum factor_channel { FACTOR_EMAIL, FACTOR_SMS, FACTOR_CHANNELS };

struct factor_channel_row {
	const char *name;         /* "email", "sms" */
	const char *field;        /* of the person's document, which says where codes go */
	enum connector_type type; /* of what sends them */
	bool
	    settings_send; /* there is another way to send, of the service's own settings, without a connector */
};
const struct factor_channel_row *factor_channel_row(enum factor_channel channel);
bool factor_channel_parse(const char *name, enum factor_channel *ret_channel);

#define FACTOR_NONE "none"
#define FACTOR_PASSWORD_MAX 256 /* octets of the password of a directory */

struct factor_method {
	const char *name; /* "email-and-sms" */
	bool sends
	    [FACTOR_CHANNELS]; /* a code of its own by each of these, and all of them are wanted */
	bool binds; /* the password of a directory instead, at the connector of type ldap */
};
/* NULL: there is none of this name; "none" is none either. */
const struct factor_method *factor_method_find(const char *name);
/* The i-th row; NULL: there are no more. */
const struct factor_method *factor_method_at(size_t i);

#endif
