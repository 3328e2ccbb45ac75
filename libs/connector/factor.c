/* SPDX-License-Identifier: Apache-2.0 */
#include "connector/factor.h"

#include <string.h>

#include "pki/cert.h"

static const struct factor_channel_row channels[FACTOR_CHANNELS] = {
	[FACTOR_EMAIL] = { "email", "email", CONNECTOR_SMTP, true },
	[FACTOR_SMS] = { "sms", "phone", CONNECTOR_SMS, false },
	[FACTOR_LOGIN] = { "login", "provider_id", 0, false },
};

static const struct factor_method methods[] = {
	{ "email", { [FACTOR_EMAIL] = true }, false, 0 },
	{ "sms", { [FACTOR_SMS] = true }, false, 0 },
	{ "email-and-sms", { [FACTOR_EMAIL] = true, [FACTOR_SMS] = true }, false, 0 },
	{ "ldap", { false }, true, 0 },
	{ "oidc", { [FACTOR_LOGIN] = true }, false, CONNECTOR_OIDC },
	{ "saml", { [FACTOR_LOGIN] = true }, false, CONNECTOR_SAML },
};
#define METHODS (sizeof(methods) / sizeof(methods[0]))

const struct factor_channel_row *
factor_channel_row(enum factor_channel channel)
{
	return &channels[channel];
}

bool
factor_channel_parse(const char *name, enum factor_channel *ret_channel)
{
	for (enum factor_channel channel = 0; channel < FACTOR_CHANNELS; channel++) {
		if (strcmp(channels[channel].name, name) == 0) {
			*ret_channel = channel;
			return true;
		}
	}
	return false;
}

const struct factor_method *
factor_method_find(const char *name)
{
	for (size_t i = 0; i < METHODS; i++)
		if (strcmp(methods[i].name, name) == 0)
			return &methods[i];
	return NULL;
}

const struct factor_method *
factor_method_at(size_t i)
{
	return i < METHODS ? &methods[i] : NULL;
}

enum connector_type
factor_type(const struct factor_method *method, enum factor_channel channel)
{
	return channel == FACTOR_LOGIN ? method->logs_in : channels[channel].type;
}

bool
factor_identity_valid(const char *identity)
{
	const size_t len = strlen(identity);

	return len >= 1 && len <= FACTOR_IDENTITY_MAX &&
	       pki_text_fault(cs_span_str(identity)) == NULL;
}
