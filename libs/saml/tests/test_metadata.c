/* SPDX-License-Identifier: Apache-2.0 */
/* What providers say of themselves, and where people are sent. */
#include <string.h>

#include "base/text.h"
#include "check.h"
#include "fake_idp.h"
#include "saml/internal.h"
#include "saml/request.h"

#define SSO "https://idp.example/saml/sso"

static const char *
judge(struct cs_arena *arena, const char *text, bool clear, struct saml_provider *ret)
{
	struct cs_refusal why = { .code = NULL };

	return saml_metadata_judge(arena, cs_span_str(text), clear, FAKE_NOW, ret, &why) ? "good"
											 : why.code;
}

static void
want(const char *name, const char *got, const char *wanted)
{
	if (strcmp(got, wanted) != 0)
		fail_msg("%s: got %s, want %s", name, got, wanted);
}

/* All of them. */
static const char *
replace(struct cs_arena *arena, const char *text, const char *from, const char *to)
{
	struct cs_buf out = cs_buf_new(arena);
	size_t n = 0;

	for (const char *at = strstr(text, from); at != NULL; at = strstr(text, from)) {
		cs_buf_add(&out, text, (size_t)(at - text));
		cs_buf_add_str(&out, to);
		text = at + strlen(from);
		n++;
	}
	if (n == 0)
		fail_msg("%s is not in it", from);
	cs_buf_add_str(&out, text);
	return (const char *)cs_buf_span(&out).data;
}

static void
reads_a_provider(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct saml_provider provider;

	(void)state;
	want("it", judge(arena, fake_idp_metadata(arena, FAKE_IDP, SSO), false, &provider), "good");
	assert_string_equal(provider.entity_id, FAKE_IDP);
	assert_string_equal(provider.sign_on, SSO);
	assert_int_equal(provider.n_keys, 3);
	assert_int_equal(provider.n_passed, 0);
	cs_arena_free(arena);
}

static const struct {
	const char *name, *from, *to, *want;
} alterations[] = {
	{ "no id", " entityID=\"" FAKE_IDP "\"", "", "saml-entity" },
	{ "an empty id", "entityID=\"" FAKE_IDP "\"", "entityID=\"\"", "saml-entity" },
	{ "another namespace", SAML_METADATA "\" entityID", SAML_METADATA ":x\" entityID",
	    "saml-entity" },
	{ "no provider", "IDPSSODescriptor", "SPSSODescriptor", "saml-no-provider" },
	{ "of SAML 1.1", SAML_PROTOCOL, "urn:oasis:names:tc:SAML:1.1:protocol",
	    "saml-no-provider" },
	{ "of both", SAML_PROTOCOL, "urn:oasis:names:tc:SAML:1.1:protocol " SAML_PROTOCOL, "good" },
	{ "of something like it", SAML_PROTOCOL, SAML_PROTOCOL ":x", "saml-no-provider" },
	{ "past", "2099-", "2019-", "saml-metadata-expired" },
	{ "past now", "2099-01-01T00:00:00Z", "2027-01-15T08:00:00Z", "saml-metadata-expired" },
	{ "not yet past", "2099-01-01T00:00:00Z", "2027-01-15T08:00:01.000Z", "good" },
	{ "until no day", "2099-01-01T00:00:00Z", "soon", "saml-metadata-time" },
	{ "until a day elsewhere", "2099-01-01T00:00:00Z", "2099-01-01T00:00:00+00:00",
	    "saml-metadata-time" },
	{ "until a day with spaces", "2099-01-01T00:00:00Z", " 2099-01-01T00:00:00Z\n", "good" },
	{ "past, its descriptor", "<IDPSSODescriptor ",
	    "<IDPSSODescriptor validUntil=\"2019-01-01T00:00:00Z\" ", "saml-metadata-expired" },
	{ "no redirect", "bindings:HTTP-Redirect", "bindings:SOAP", "saml-sign-on" },
	{ "in clear", "Location=\"https:", "Location=\"http:", "saml-sign-on" },
	{ "a script", "Location=\"" SSO, "Location=\"javascript:alert(1)", "saml-sign-on" },
	{ "a fragment", SSO "\"/>", SSO "#x\"/>", "saml-sign-on" },
	{ "a line's end", SSO "\"/>", SSO "&#10;\"/>", "saml-sign-on" },
	{ "with a query", SSO "\"/>", SSO "?a=1&amp;b=2\"/>", "good" },
	{ "no keys", "X509Certificate>", "X509CRL>", "saml-keys" },
	{ "no keys that can be read", "MII", "MIJ", "saml-keys" },
	{ "not base64", "<ds:X509Certificate>", "<ds:X509Certificate>*", "saml-keys" },
	{ "for encryption alone", "KeyDescriptor use=\"signing\"",
	    "KeyDescriptor use=\"encryption\"", "good" },
	{ "a document type", "<EntityDescriptor ", "<!DOCTYPE x><EntityDescriptor ",
	    "saml-doctype" },
	{ "an end too few", "</EntityDescriptor>", "", "saml-metadata" },
};

static void
judges_each_part(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	const char *good = fake_idp_metadata(arena, FAKE_IDP, SSO);
	struct saml_provider provider;

	(void)state;
	for (size_t i = 0; i < COUNT(alterations); i++)
		want(alterations[i].name,
		    judge(arena, replace(arena, good, alterations[i].from, alterations[i].to),
			false, &provider),
		    alterations[i].want);
	want("in clear, in a test",
	    judge(arena, replace(arena, good, "Location=\"https:", "Location=\"http:"), true,
		&provider),
	    "good");
	want("nothing", judge(arena, "", false, &provider), "saml-metadata");
	assert_null(provider.entity_id);
	cs_arena_free(arena);
}

/* With a prefix, a signature of its own, roles of other protocols, and what else is for others. */
static void
takes_the_shape_that_is_in_use(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	const char *key = cs_arena_printf(arena,
	    "<md:KeyDescriptor use=\"signing\"><ds:KeyInfo xmlns:ds=\"" SAML_DSIG
	    "\"><ds:KeyName>k</ds:KeyName><ds:X509Data><ds:X509Certificate>%s"
	    "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>",
	    fake_idp_certificate(arena, FAKE_IDP_RSA));
	const char *text = cs_arena_printf(arena,
	    "\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"utf-8\"?><!-- made --><md:EntityDescriptor "
	    "xmlns:md=\"" SAML_METADATA "\" ID=\"_1\" cacheDuration=\"PT1H\" entityID=\"" FAKE_IDP
	    "/\"><ds:Signature xmlns:ds=\"" SAML_DSIG "\"/><md:Extensions/><md:RoleDescriptor "
	    "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:fed=\"urn:fed\" "
	    "xsi:type=\"fed:SecurityTokenServiceType\" protocolSupportEnumeration=\"urn:fed\">%s"
	    "</md:RoleDescriptor><md:IDPSSODescriptor protocolSupportEnumeration=\"" SAML_PROTOCOL
	    "\">%s%s<md:SingleLogoutService "
	    "Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" "
	    "Location=\"https://idp.example/out\"/><md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:"
	    "nameid-format:persistent</md:NameIDFormat><md:SingleSignOnService "
	    "Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" Location=\"" SSO
	    "\"/></md:IDPSSODescriptor><md:SPSSODescriptor protocolSupportEnumeration=\"" SAML_PROTOCOL
	    "\"/><md:Organization/></md:EntityDescriptor>\r\n",
	    key, key, key);
	struct saml_provider provider;

	(void)state;
	want("it", judge(arena, text, false, &provider), "good");
	assert_string_equal(provider.entity_id, FAKE_IDP "/");
	assert_string_equal(provider.sign_on, SSO);
	assert_int_equal(provider.n_keys, 1); /* there twice */
	cs_arena_free(arena);
}

/* Some always say so, and take those that are not. */
static void
knows_who_wants_signed_requests(void **state)
{
	static const struct {
		const char *said;
		bool wants;
	} cases[] = { { "false", false }, { "0", false }, { "true", true }, { "1", true },
		{ " true ", true }, { "&#10;1", true }, { "", false }, { "TRUE", false } };
	struct cs_arena *arena = cs_arena_new();
	const char *good = fake_idp_metadata(arena, FAKE_IDP, SSO);
	struct saml_provider provider;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *says = cs_arena_printf(arena, "RequestsSigned=\"%s\"", cases[i].said);

		want(says,
		    judge(arena, replace(arena, good, "RequestsSigned=\"false\"", says), false,
			&provider),
		    "good");
		assert_int_equal(provider.wants_signed, cases[i].wants);
	}
	want("nothing of it",
	    judge(arena, replace(arena, good, " WantAuthnRequestsSigned=\"false\"", ""), false,
		&provider),
	    "good");
	assert_false(provider.wants_signed);
	cs_arena_free(arena);
}

/* Providers make them so: Keycloak and Okta of version 1. */
static void
takes_a_key_in_any_certificate(void **state)
{
	static const enum fake_idp_key wrappings[] = { FAKE_IDP_P256_V1, FAKE_IDP_P256_BARE };
	struct cs_arena *arena = cs_arena_new();
	const char *good = fake_idp_metadata(arena, FAKE_IDP, SSO);
	struct saml_provider wanted, provider;

	(void)state;
	want("it", judge(arena, good, false, &wanted), "good");
	for (size_t i = 0; i < COUNT(wrappings); i++) {
		const char *other = replace(arena, good, fake_idp_certificate(arena, FAKE_IDP_P256),
		    fake_idp_certificate(arena, wrappings[i]));

		want("in another one", judge(arena, other, false, &provider), "good");
		assert_int_equal(provider.n_passed, 0);
		assert_int_equal(provider.n_keys, 3);
		assert_true(cs_span_equal(provider.keys[1], wanted.keys[1]));
	}
	cs_arena_free(arena);
}

static void
takes_one_of_a_list(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	const char *good = fake_idp_metadata(arena, FAKE_IDP, SSO);
	const char *one = strchr(good, '\n') + 1;
	struct saml_provider provider;

	(void)state;
#define LIST(until, content) \
	"<EntitiesDescriptor xmlns=\"" SAML_METADATA "\"" until ">" content "</EntitiesDescriptor>"
	want("one", judge(arena, cs_arena_printf(arena, LIST("", "%s"), one), false, &provider),
	    "good");
	want("two",
	    judge(arena, cs_arena_printf(arena, LIST("", "%s%s"), one, one), false, &provider),
	    "saml-entity");
	want("two, one deeper",
	    judge(arena, cs_arena_printf(arena, LIST("", "%s" LIST("", "%s")), one, one), false,
		&provider),
	    "saml-entity");
	want("a list that is past",
	    judge(arena,
		cs_arena_printf(arena, LIST(" validUntil=\"2019-01-01T00:00:00Z\"", "%s"), one),
		false, &provider),
	    "saml-metadata-expired");
	cs_arena_free(arena);
}

/* With this key n times in the first of the descriptors. */
static const char *
crowded(struct cs_arena *arena, enum fake_idp_key key, size_t n)
{
	const char *good = fake_idp_metadata(arena, FAKE_IDP, SSO);
	const char *at = strstr(good, "<ds:X509Certificate>");
	const char *one = cs_arena_printf(
	    arena, "<ds:X509Certificate>%s</ds:X509Certificate>", fake_idp_certificate(arena, key));
	struct cs_buf out = cs_buf_new(arena);

	cs_buf_add(&out, good, (size_t)(at - good));
	for (size_t i = 0; i < n; i++)
		cs_buf_add_str(&out, one);
	cs_buf_add_str(&out, at);
	return (const char *)cs_buf_span(&out).data;
}

/* Three are there already.  Each counts, also one that is there twice, and one that is passed over. */
static void
bounds_keys(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct saml_provider provider;

	(void)state;
	want("16", judge(arena, crowded(arena, FAKE_IDP_P256, 13), false, &provider), "good");
	assert_int_equal(provider.n_keys, 3);
	assert_int_equal(provider.n_passed, 0);
	want("17", judge(arena, crowded(arena, FAKE_IDP_P256, 14), false, &provider), "saml-keys");
	want("13 small ones", judge(arena, crowded(arena, FAKE_IDP_WEAK, 13), false, &provider),
	    "good");
	assert_int_equal(provider.n_keys, 3);
	assert_int_equal(provider.n_passed, 13);
	want("14 small ones", judge(arena, crowded(arena, FAKE_IDP_WEAK, 14), false, &provider),
	    "saml-keys");
	cs_arena_free(arena);
}

/* ---- requests ---- */

/* What the three characters of base64 that are encoded were. */
static struct cs_span
decoded(struct cs_arena *arena, const char *text)
{
	struct cs_buf plain = cs_buf_new(arena);
	uint8_t octet;

	for (; *text != '\0'; text++) {
		if (*text == '%') {
			assert_true(cs_hex_decode(cs_arena_strndup(arena, text + 1, 2), &octet, 1));
			cs_buf_add(&plain, &octet, 1);
			text += 2;
		} else {
			cs_buf_add(&plain, text, 1);
		}
	}
	return cs_buf_span(&plain);
}

#define STATE "abc-DEF_123+/=&"

static void
asks_for_a_login(void **state)
{
	static const char xml[] =
	    "<samlp:AuthnRequest " P_NS " " A_NS
	    " ID=\"_0a1b\" Version=\"2.0\" IssueInstant=\"2027-01-15T08:00:00.000Z\" Destination=\"" SSO
	    "?a=1&#38;b=2\" ForceAuthn=\"true\" ProtocolBinding="
	    "\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" AssertionConsumerServiceURL=\"" FAKE_ACS
	    "\"><saml:Issuer>" FAKE_SP "</saml:Issuer></samlp:AuthnRequest>";
	struct cs_arena *arena = cs_arena_new();
	const struct saml_provider provider = { .sign_on = SSO "?a=1&b=2" };
	const struct saml_request request = { FAKE_SP, FAKE_ACS, "_0a1b", STATE, FAKE_NOW };
	const char *url = saml_request_url(arena, &provider, &request);
	const char *head = SSO "?a=1&b=2&SAMLRequest=",
		   *tail = "&RelayState=abc-DEF_123%2B%2F%3D%26";
	const size_t len = strlen(url) - strlen(head) - strlen(tail);
	struct cs_span stream;

	(void)state;
	assert_memory_equal(url, head, strlen(head));
	assert_string_equal(url + strlen(head) + len, tail);
	assert_true(cs_base64_decode(
	    arena, decoded(arena, cs_arena_strndup(arena, url + strlen(head), len)), &stream));
	/* RFC 1951 3.2.4: the last block, stored; its length, and the same inverted. */
	assert_int_equal(stream.len, 5 + sizeof(xml) - 1);
	assert_int_equal(stream.data[0], 1);
	assert_int_equal(stream.data[1] | stream.data[2] << 8, sizeof(xml) - 1);
	assert_int_equal(stream.data[3] ^ stream.data[1], 0xff);
	assert_int_equal(stream.data[4] ^ stream.data[2], 0xff);
	assert_memory_equal(stream.data + 5, xml, sizeof(xml) - 1);
	cs_arena_free(arena);
}

static void
begins_a_query(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	const struct saml_provider provider = { .sign_on = SSO };
	const struct saml_request request = { FAKE_SP, FAKE_ACS, "_0a1b", "s", FAKE_NOW };
	const char *url = saml_request_url(arena, &provider, &request);

	(void)state;
	assert_memory_equal(url, SSO "?SAMLRequest=", sizeof(SSO "?SAMLRequest=") - 1);
	assert_null(strpbrk(url, "+ \"<>"));
	cs_arena_free(arena);
}

static void
says_what_we_are(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	const struct cs_span text = saml_own_metadata(arena, "urn:a&b\"<", FAKE_ACS);
	enum saml_no no;
	xmlDoc *doc = saml_xml_read(text, SAML_NO_METADATA, &no);

	(void)state;
	assert_non_null(doc);
	const xmlNode *entity = xmlDocGetRootElement(doc);
	const xmlNode *descriptor = saml_xml_only(entity, SAML_METADATA, "SPSSODescriptor");
	const xmlNode *answer_at =
	    saml_xml_only(descriptor, SAML_METADATA, "AssertionConsumerService");

	assert_true(saml_xml_is(entity, SAML_METADATA, "EntityDescriptor"));
	assert_true(saml_xml_says(arena, entity, "entityID", "urn:a&b\"<"));
	assert_true(saml_xml_says(arena, descriptor, "WantAssertionsSigned", "true"));
	assert_true(saml_xml_says(arena, descriptor, "AuthnRequestsSigned", "false"));
	assert_true(saml_xml_says(arena, descriptor, "protocolSupportEnumeration", SAML_PROTOCOL));
	assert_true(saml_xml_says(arena, answer_at, "Location", FAKE_ACS));
	assert_true(saml_xml_says(
	    arena, answer_at, "Binding", "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"));
	xmlFreeDoc(doc);
	cs_arena_free(arena);
}

static void
each_refusal_has_its_word(void **state)
{
	(void)state;
	for (enum saml_no i = SAML_FINE + 1; i < SAML_NOS; i++) {
		const struct cs_refusal *no = saml_refusal(i);

		assert_non_null(no->code);
		assert_ptr_equal(saml_refusal_find(no->code), no);
		assert_true(no->text[0] != '\0' && no->mend[0] != '\0' && no->clause[0] != '\0');
	}
	assert_null(saml_refusal_find("saml-unheard-of"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_provider),
		cmocka_unit_test(judges_each_part),
		cmocka_unit_test(takes_the_shape_that_is_in_use),
		cmocka_unit_test(knows_who_wants_signed_requests),
		cmocka_unit_test(takes_a_key_in_any_certificate),
		cmocka_unit_test(takes_one_of_a_list),
		cmocka_unit_test(bounds_keys),
		cmocka_unit_test(asks_for_a_login),
		cmocka_unit_test(begins_a_query),
		cmocka_unit_test(says_what_we_are),
		cmocka_unit_test(each_refusal_has_its_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
