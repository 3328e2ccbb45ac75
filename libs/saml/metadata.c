/* SPDX-License-Identifier: Apache-2.0 */
#include "saml/metadata.h"

#include <string.h>

#include "connector/connector.h"
#include "internal.h"
#include "pki/cert.h"
#include "pki/keycheck.h"

#define REDIRECT "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"

struct reading {
	struct cs_arena *arena;
	bool clear;
	int64_t now_s;
	struct saml_provider *provider;
	size_t n_certificates;
	struct cs_span passed[SAML_KEYS_MAX]; /* keys that are not taken */
	size_t n_passed;
};

static enum saml_no
judge_until(const struct reading *r, const xmlNode *node)
{
	const char *until = saml_xml_token(r->arena, node, "validUntil");
	int64_t until_s;

	if (until == NULL)
		return SAML_FINE;
	if (!saml_time_parse(r->arena, until, &until_s))
		return SAML_NO_VALID_TIME;
	return r->now_s < until_s ? SAML_FINE : SAML_NO_VALID;
}

static bool
is_true(const struct reading *r, const xmlNode *node, const char *name)
{
	const char *value = saml_xml_token(r->arena, node, name);

	return value != NULL && (strcmp(value, "true") == 0 || strcmp(value, "1") == 0);
}

/* ---- where people are sent ---- */

/* Characters that a URL may have; none that ends one, or begins a fragment. */
static bool
is_plain(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text > '~' || strchr("\"<>#\\^`{|}", *text) != NULL)
			return false;
	return true;
}

static bool
is_place(const struct reading *r, const char *text)
{
	struct connector_url url;

	if (text == NULL || strlen(text) > SAML_URL_MAX || !is_plain(text))
		return false;
	const char *place = cs_arena_strndup(r->arena, text, strcspn(text, "?"));

	return connector_url_parse(r->arena, place, &url) &&
	       (strcmp(url.scheme, "https") == 0 || (r->clear && strcmp(url.scheme, "http") == 0));
}

static enum saml_no
read_sign_on(const struct reading *r, const xmlNode *descriptor)
{
	const xmlNode *at = saml_xml_child(descriptor, SAML_METADATA, "SingleSignOnService");

	for (; at != NULL; at = saml_xml_next(at)) {
		const char *place = saml_xml_attribute(r->arena, at, "Location");

		if (saml_xml_says(r->arena, at, "Binding", REDIRECT) && is_place(r, place)) {
			r->provider->sign_on = place;
			return SAML_FINE;
		}
	}
	return SAML_NO_SIGN_ON;
}

/* ---- keys ---- */

static bool
has_key(const struct cs_span *keys, size_t n, struct cs_span key)
{
	size_t i = 0;

	while (i < n && !cs_span_equal(keys[i], key))
		i++;
	return i < n;
}

static bool
unwrap(const struct reading *r, const xmlNode *certificate, struct cs_span *ret_spki)
{
	const char *text = saml_xml_text(r->arena, certificate);
	struct cs_span der;

	return text != NULL && saml_base64_decode(r->arena, cs_span_str(text), &der) &&
	       pki_cert_key(der, ret_spki);
}

/* To judge a key takes milliseconds: of few, and of each once.  False: there are too many. */
static bool
add_key(struct reading *r, const xmlNode *certificate)
{
	struct saml_provider *provider = r->provider;
	struct cs_refusal why;
	struct pki_key key;
	struct cs_span spki;

	if (r->n_certificates++ == SAML_KEYS_MAX)
		return false;
	if (!unwrap(r, certificate, &spki) || has_key(r->passed, r->n_passed, spki)) {
		provider->n_passed++;
		return true;
	}
	if (has_key(provider->keys, provider->n_keys, spki))
		return true;
	if (pki_key_judge(spki, 0, &key, &why)) {
		provider->keys[provider->n_keys++] = spki;
	} else {
		r->passed[r->n_passed++] = spki;
		provider->n_passed++;
	}
	return true;
}

static bool
add_keys(struct reading *r, const xmlNode *key)
{
	const xmlNode *info = saml_xml_only(key, SAML_DSIG, "KeyInfo");
	const xmlNode *data = saml_xml_child(info, SAML_DSIG, "X509Data");

	for (; data != NULL; data = saml_xml_next(data)) {
		const xmlNode *at = saml_xml_child(data, SAML_DSIG, "X509Certificate");

		for (; at != NULL; at = saml_xml_next(at))
			if (!add_key(r, at))
				return false;
	}
	return true;
}

static enum saml_no
read_keys(struct reading *r, const xmlNode *descriptor)
{
	const xmlNode *at = saml_xml_child(descriptor, SAML_METADATA, "KeyDescriptor");

	for (; at != NULL; at = saml_xml_next(at)) {
		const char *use = saml_xml_attribute(r->arena, at, "use");

		if ((use == NULL || strcmp(use, "signing") == 0) && !add_keys(r, at))
			return SAML_NO_KEYS;
	}
	return r->provider->n_keys > 0 ? SAML_FINE : SAML_NO_KEYS;
}

/* ---- the document ---- */

static bool
lists(const char *words, const char *word)
{
	const size_t len = strlen(word);

	for (const char *at = words; at != NULL && (at = strstr(at, word)) != NULL; at += len)
		if ((at == words || strchr(SAML_SPACE, at[-1]) != NULL) &&
		    strchr(SAML_SPACE, at[len]) != NULL)
			return true;
	return false;
}

static enum saml_no
read_descriptor(struct reading *r, const xmlNode *entity)
{
	const xmlNode *descriptor = saml_xml_only(entity, SAML_METADATA, "IDPSSODescriptor");

	if (descriptor == NULL ||
	    !lists(saml_xml_attribute(r->arena, descriptor, "protocolSupportEnumeration"),
		SAML_PROTOCOL))
		return SAML_NO_PROVIDER;
	enum saml_no no = judge_until(r, descriptor);

	if (no != SAML_FINE)
		return no;
	r->provider->wants_signed = is_true(r, descriptor, "WantAuthnRequestsSigned");
	no = read_sign_on(r, descriptor);
	return no != SAML_FINE ? no : read_keys(r, descriptor);
}

/* Whichever way it is wrapped, there is one of it. */
static enum saml_no
read_entity(struct reading *r, const xmlDoc *doc)
{
	const xmlNode *root = xmlDocGetRootElement(doc);
	const bool alone = saml_xml_is(root, SAML_METADATA, "EntityDescriptor");
	const xmlNode *entity = alone ? root
				: saml_xml_is(root, SAML_METADATA, "EntitiesDescriptor")
				    ? saml_xml_only(root, SAML_METADATA, "EntityDescriptor")
				    : NULL;

	if (entity == NULL || saml_xml_count(doc, SAML_METADATA, "EntityDescriptor") != 1)
		return SAML_NO_ENTITY;
	const char *id = saml_xml_attribute(r->arena, entity, "entityID");

	if (id == NULL || id[0] == '\0' || strlen(id) > SAML_ENTITY_MAX)
		return SAML_NO_ENTITY;
	r->provider->entity_id = id;
	enum saml_no no = judge_until(r, root);

	if (no == SAML_FINE)
		no = judge_until(r, entity);
	return no != SAML_FINE ? no : read_descriptor(r, entity);
}

bool
saml_metadata_judge(struct cs_arena *arena, struct cs_span document, bool clear, int64_t now_s,
    struct saml_provider *ret_provider, struct cs_refusal *ret_why)
{
	struct reading r = {
		.arena = arena, .clear = clear, .now_s = now_s, .provider = ret_provider
	};
	enum saml_no no;
	CS_AUTO(saml_xml_release) xmlDoc *doc = saml_xml_read(document, SAML_NO_METADATA, &no);

	*ret_provider = (struct saml_provider){ .entity_id = NULL };
	if (doc != NULL)
		no = read_entity(&r, doc);
	return no == SAML_FINE || saml_refuse(ret_why, no);
}
