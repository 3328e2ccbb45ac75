/* SPDX-License-Identifier: Apache-2.0 */
/* secret.c: what a secret is bound to, and its text. */
#include <string.h>

#include "base/text.h"
#include "connector/connector.h"
#include "pki/hash.h"
#include "pki/seal.h"

#define LABEL "countersign/connector-secret/v1"

void
connector_keyid(const uint8_t public_key[static 32], char ret[static CONNECTOR_KEYID_TEXT])
{
	uint8_t digest[PKI_SHA256];

	pki_sha256(cs_span_of(public_key, 32), digest);
	cs_hex_encode(cs_span_of(digest, 8), ret);
}

/* ---- to whom ---- */

static bool
read_line(struct cs_arena *arena, const char *line, struct connector_recipient *ret)
{
	const char *space = strchr(line, ' ');
	struct cs_span key;

	if (space == NULL || space == line ||
	    !cs_base64_decode(arena, cs_span_str(space + 1), &key) ||
	    key.len != sizeof(ret->public_key))
		return false;
	ret->service = cs_arena_strndup(arena, line, (size_t)(space - line));
	memcpy(ret->public_key, key.data, key.len);
	return true;
}

const struct connector_recipient *
connector_recipient_of(const struct connector_recipient *recipients, size_t n, const char *service)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(recipients[i].service, service) == 0)
			return &recipients[i];
	return NULL;
}

enum cs_code
connector_read_recipients(struct cs_arena *arena, struct cs_span text,
    struct connector_recipient **ret, size_t *ret_n, struct cs_err *err)
{
	char *rest = cs_arena_strndup(arena, (const char *)text.data, text.len), *line;
	size_t lines = 1, n = 0, number = 0;

	if (memchr(text.data == NULL ? rest : (const void *)text.data, '\0', text.len) != NULL)
		return cs_fail(err, CS_MALFORMED, "sealing keys: not a text");
	for (const char *c = rest; *c != '\0'; c++)
		lines += *c == '\n';
	struct connector_recipient *all = CS_NEW_ARRAY(arena, lines, struct connector_recipient);

	while ((line = strsep(&rest, "\n")) != NULL) {
		number++;
		if (line[0] == '\0' || line[0] == '#')
			continue;
		if (!read_line(arena, line, &all[n]) ||
		    connector_recipient_of(all, n, all[n].service) != NULL)
			return cs_fail(err, CS_MALFORMED,
			    "sealing keys: line %zu is not a new service and its key", number);
		n++;
	}
	*ret = all;
	*ret_n = n;
	return CS_OK;
}

/* ---- bound to what ---- */

/* Each with its length, so that no two connectors have one form. */
static struct cs_span
form_of(struct cs_arena *arena, const struct connector *connector)
{
	const char *fields[] = { connector_service(connector->type), connector->enterprise,
		connector->name, connector_type_name(connector->type), connector->endpoint,
		connector->username };
	struct cs_buf form = cs_buf_new(arena);

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		cs_buf_printf(&form, "%zu:%s,", strlen(fields[i]), fields[i]);
	return cs_buf_span(&form);
}

const char *
connector_seal(struct cs_arena *arena, const struct connector *connector,
    const uint8_t public_key[static 32], const uint8_t random[static 32], struct cs_span secret)
{
	const struct pki_seal_bound bound = { cs_span_str(LABEL), form_of(arena, connector) };
	uint8_t keyed[PKI_SHA256], once[PKI_SHA256];
	char keyid[CONNECTOR_KEYID_TEXT];
	struct cs_span sealed;

	/* Of what it is bound to and of itself: one random serves several secrets, each under its own key. */
	pki_hmac_sha256(cs_span_of(random, 32), bound.aad, keyed);
	pki_hmac_sha256(cs_span_of(keyed, sizeof(keyed)), secret, once);
	const bool done = pki_seal(arena, public_key, once, &bound, secret, &sealed);

	pki_wipe(keyed, sizeof(keyed));
	pki_wipe(once, sizeof(once));
	if (!done)
		return NULL;
	connector_keyid(public_key, keyid);
	return cs_arena_printf(arena, "%s.%s", keyid, cs_base64(arena, sealed));
}

/* NULL: not such a text.  The octets live in `arena`. */
static const char *
read_sealed(struct cs_arena *arena, const char *text, struct cs_span *ret)
{
	const char *dot = strchr(text, '.');

	if (dot == NULL || dot - text != CONNECTOR_KEYID_TEXT - 1 ||
	    !cs_base64_decode(arena, cs_span_str(dot + 1), ret) || ret->len < PKI_SEAL_OVER ||
	    ret->len - PKI_SEAL_OVER > CONNECTOR_SECRET_MAX)
		return NULL;
	return cs_arena_strndup(arena, text, CONNECTOR_KEYID_TEXT - 1);
}

static void
free_arena(struct cs_arena **arena)
{
	cs_arena_free(*arena);
}

enum cs_code
connector_unseal(const struct connector *connector, const struct pki_seal_key *key,
    char *ret_secret, struct cs_err *err)
{
	CS_AUTO(free_arena) struct cs_arena *arena = cs_arena_new();
	const struct pki_seal_bound bound = { cs_span_str(LABEL), form_of(arena, connector) };
	uint8_t public_key[PKI_SEAL_PUBLIC];
	char own[CONNECTOR_KEYID_TEXT];
	struct cs_span sealed;
	size_t len;

	if (connector->sealed[0] == '\0')
		return cs_fail(err, CS_NOT_FOUND, "connector %s/%s has no secret",
		    connector->enterprise, connector->name);
	if (key == NULL)
		return cs_fail(err, CS_MALFORMED, "connector %s/%s: CS_SEALING_KEY_FILE is not set",
		    connector->enterprise, connector->name);
	const char *keyid = read_sealed(arena, connector->sealed, &sealed);

	if (keyid == NULL)
		return cs_fail(err, CS_MALFORMED, "connector %s/%s: not a sealed secret",
		    connector->enterprise, connector->name);
	pki_seal_key_public(key, public_key);
	connector_keyid(public_key, own);
	if (strcmp(keyid, own) != 0)
		return cs_fail(err, CS_MALFORMED,
		    "connector %s/%s: sealed to key %s, ours is %s: set it again",
		    connector->enterprise, connector->name, keyid, own);
	if (!pki_unseal(key, &bound, sealed, (uint8_t *)ret_secret, &len))
		return cs_fail(err, CS_MALFORMED,
		    "connector %s/%s: its secret was sealed for another place",
		    connector->enterprise, connector->name);
	ret_secret[len] = '\0';
	return CS_OK;
}
