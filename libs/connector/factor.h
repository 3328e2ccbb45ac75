/* SPDX-License-Identifier: Apache-2.0 */
/*
 * factor.h: the ways to prove a second factor.  One table: what each wants of a person, and of what is outside.
 * Pure.
 */
#ifndef CONNECTOR_FACTOR_H
#define CONNECTOR_FACTOR_H

#include "connector/connector.h"

/* How a code reaches a person. */
enum factor_channel {
	FACTOR_EMAIL,
	FACTOR_SMS,
	FACTOR_LOGIN, /* shown where the browser lands after a login at a provider of identities */
	FACTOR_CHANNELS
};

struct factor_channel_row {
	const char *name;         /* "email", "sms", "login" */
	const char *field;        /* of the person's document, which says where codes go */
	enum connector_type type; /* of what sends them; 0: as the method says */
	bool
	    settings_send; /* there is another way to send, of the service's own settings, without a connector */
};
const struct factor_channel_row *factor_channel_row(enum factor_channel channel);
bool factor_channel_parse(const char *name, enum factor_channel *ret_channel);

#define FACTOR_NONE "none"
#define FACTOR_PASSWORD_MAX 256 /* octets of the password of a directory */
#define FACTOR_IDENTITY_MAX 255 /* octets of the name by which a provider names somebody */

struct factor_method {
	const char *name; /* "email-and-sms" */
	bool sends
	    [FACTOR_CHANNELS]; /* a code of its own by each of these, and all of them are wanted */
	bool binds; /* the password of a directory instead, at the connector of type ldap */
	enum connector_type logs_in; /* where the code of FACTOR_LOGIN is earned; 0: it has none */
};
/* NULL: there is none of this name; "none" is none either. */
const struct factor_method *factor_method_find(const char *name);
/* The i-th row; NULL: there are no more. */
const struct factor_method *factor_method_at(size_t i);
/* What must be set up so that this method has a code by this channel. */
enum connector_type factor_type(const struct factor_method *method, enum factor_channel channel);
/* 1 to FACTOR_IDENTITY_MAX octets of UTF-8, all of it seen: as libs/oidc takes it of a token, and libs/saml of an assertion. */
bool factor_identity_valid(const char *identity);

#endif
