/* SPDX-License-Identifier: Apache-2.0 */
#include "saml/request.h"

#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "internal.h"

#define POST "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
#define STORED_MAX 65535 /* octets of one stored block */

static void
add_escaped(struct cs_buf *xml, const char *text)
{
	for (; *text != '\0'; text++) {
		if (strchr("&<>\"'", *text) != NULL)
			cs_buf_printf(xml, "&#%d;", *text);
		else
			cs_buf_add(xml, text, 1);
	}
}

static void
add_attribute(struct cs_buf *xml, const char *name, const char *value)
{
	cs_buf_printf(xml, " %s=\"", name);
	add_escaped(xml, value);
	cs_buf_add_str(xml, "\"");
}

static struct cs_span
write_request(struct cs_arena *arena, const struct saml_provider *provider,
    const struct saml_request *request)
{
	struct cs_buf xml = cs_buf_new(arena);
	char now[CS_TIME_TEXT];

	cs_time_format(request->now_s * CS_SECOND_MS, now);
	cs_buf_add_str(&xml, "<samlp:AuthnRequest xmlns:samlp=\"" SAML_PROTOCOL
			     "\" xmlns:saml=\"" SAML_ASSERTION "\"");
	add_attribute(&xml, "ID", request->id);
	add_attribute(&xml, "Version", "2.0");
	add_attribute(&xml, "IssueInstant", now);
	add_attribute(&xml, "Destination", provider->sign_on);
	add_attribute(&xml, "ForceAuthn", "true");
	add_attribute(&xml, "ProtocolBinding", POST);
	add_attribute(&xml, "AssertionConsumerServiceURL", request->answer_at);
	cs_buf_add_str(&xml, "><saml:Issuer>");
	add_escaped(&xml, request->entity_id);
	cs_buf_add_str(&xml, "</saml:Issuer></samlp:AuthnRequest>");
	return cs_buf_span(&xml);
}

struct cs_span
saml_own_metadata(struct cs_arena *arena, const char *entity_id, const char *answer_at)
{
	struct cs_buf xml = cs_buf_new(arena);

	cs_buf_add_str(&xml, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			     "<EntityDescriptor xmlns=\"" SAML_METADATA "\"");
	add_attribute(&xml, "entityID", entity_id);
	cs_buf_add_str(&xml, "><SPSSODescriptor AuthnRequestsSigned=\"false\" "
			     "WantAssertionsSigned=\"true\" "
			     "protocolSupportEnumeration=\"" SAML_PROTOCOL "\">"
			     "<AssertionConsumerService Binding=\"" POST "\"");
	add_attribute(&xml, "Location", answer_at);
	cs_buf_add_str(&xml, " index=\"0\" isDefault=\"true\"/></SPSSODescriptor>"
			     "</EntityDescriptor>\n");
	return cs_buf_span(&xml);
}

/*
 * The binding wants DEFLATE (RFC 1951), not that anything becomes shorter: one stored block (3.2.4), the last, is
 * such a stream, and every reader of them takes it.
 */
static struct cs_span
deflate(struct cs_arena *arena, struct cs_span octets)
{
	struct cs_buf stream = cs_buf_new(arena);
	const uint16_t len = (uint16_t)octets.len, not_len = (uint16_t)~len;
	const uint8_t head[] = { 1, (uint8_t)len, (uint8_t)(len >> 8), (uint8_t)not_len,
		(uint8_t)(not_len >> 8) };

	cs_assert(octets.len <= STORED_MAX);
	cs_buf_add(&stream, head, sizeof(head));
	cs_buf_add_span(&stream, octets);
	return cs_buf_span(&stream);
}

const char *
saml_request_url(struct cs_arena *arena, const struct saml_provider *provider,
    const struct saml_request *request)
{
	struct cs_buf url = cs_buf_new(arena);

	cs_assert(strlen(request->state) <= SAML_STATE_MAX && request->id[0] == '_' &&
		  strlen(request->id) <= SAML_ID_MAX);
	cs_assert(strlen(request->entity_id) <= SAML_ENTITY_MAX &&
		  strlen(request->answer_at) <= SAML_URL_MAX);
	const struct cs_span xml = write_request(arena, provider, request);

	cs_buf_add_str(&url, provider->sign_on);
	cs_buf_add_str(&url, strchr(provider->sign_on, '?') != NULL ? "&" : "?");
	cs_buf_add_str(&url, "SAMLRequest=");
	cs_buf_add_str(&url, cs_percent_encode(arena, cs_base64(arena, deflate(arena, xml))));
	cs_buf_add_str(&url, "&RelayState=");
	cs_buf_add_str(&url, cs_percent_encode(arena, request->state));
	return (const char *)cs_buf_span(&url).data;
}
