/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of a provider: good ones, and each part of them altered by whom it could be. */
#include <string.h>

#include "base/text.h"
#include "check.h"
#include "fake_idp.h"
#include "saml/internal.h"

struct world {
	struct cs_arena *arena;
	struct saml_provider provider;
	struct saml_person person;
};

static int
once(void **state)
{
	(void)state;
	saml_load();
	return 0;
}

static int
begin(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct world *world = CS_NEW(arena, struct world);
	const char *metadata = fake_idp_metadata(arena, FAKE_IDP, FAKE_IDP "/sso");
	struct cs_refusal why = { .code = NULL };

	world->arena = arena;
	if (!saml_metadata_judge(
		arena, cs_span_str(metadata), false, FAKE_NOW, &world->provider, &why))
		fail_msg("metadata: %s", why.code);
	*state = world;
	return 0;
}

static int
end(void **state)
{
	struct world *world = *state;

	cs_arena_free(world->arena);
	return 0;
}

static struct saml_expected
expected_of(const struct world *world)
{
	return (struct saml_expected){ .provider = &world->provider,
		.entity_id = FAKE_SP,
		.answer_at = FAKE_ACS,
		.request_id = FAKE_REQUEST,
		.claim = "",
		.asked_s = FAKE_ASKED,
		.now_s = FAKE_NOW };
}

/* The code of the refusal; "good": none. */
static const char *
judge_as(struct world *world, const char *xml, const struct saml_expected *expected)
{
	const char *form = cs_base64(world->arena, cs_span_str(xml));
	struct cs_refusal why = { .code = NULL };

	return saml_response_judge(world->arena, cs_span_str(form), expected, &world->person, &why)
		   ? "good"
		   : why.code;
}

static const char *
judge(struct world *world, const char *xml)
{
	const struct saml_expected expected = expected_of(world);

	return judge_as(world, xml, &expected);
}

static void
want(const char *name, const char *got, const char *wanted)
{
	if (strcmp(got, wanted) != 0)
		fail_msg("%s: got %s, want %s", name, got, wanted);
}

/* The text with `from`, which is in it, replaced by `to`. */
static const char *
with(struct cs_arena *arena, const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);

	if (at == NULL)
		fail_msg("%s is not in it", from);
	return cs_arena_printf(arena, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

/* From the first `from` to the first `to` after it, and that too. */
static const char *
part(struct cs_arena *arena, const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from), *until = at != NULL ? strstr(at, to) : NULL;

	if (until == NULL)
		fail_msg("%s ... %s is not in it", from, to);
	return cs_arena_strndup(arena, at, (size_t)(until - at) + strlen(to));
}

static const char *
signed_with(struct world *world, const struct fake_said *said, const struct fake_how *how)
{
	struct cs_arena *arena = world->arena;

	return fake_idp_sign(arena,
	    fake_idp_response(arena, RESPONSE_ID, fake_idp_assertion(arena, ASSERTION_ID, said)),
	    ASSERTION_ID, how);
}

/* ---- what is good ---- */

static void
knows_who_logged_in(void **state)
{
	struct world *world = *state;
	struct saml_expected expected = expected_of(world);

	want("by NameID", judge(world, fake_idp_good(world->arena, "alice")), "good");
	assert_string_equal(world->person.name, "alice");
	assert_string_equal(world->person.assertion, ASSERTION_ID);
	assert_int_equal(world->person.login_s, FAKE_NOW - 5);
	expected.claim = "uid";
	want("by an attribute", judge_as(world, fake_idp_good(world->arena, "x"), &expected),
	    "good");
	assert_string_equal(world->person.name, "alice-7");
	want("beyond ASCII", judge(world, fake_idp_good(world->arena, "Zo\xc3\xab &amp; co")),
	    "good");
	assert_string_equal(world->person.name, "Zo\xc3\xab & co");
}

#define FROM "<saml:Issuer " A_NS ">" FAKE_IDP "</saml:Issuer>"
#define TO " Destination=\"" FAKE_ACS "\""

static void
takes_either_signature(void **state)
{
	struct world *world = *state;
	struct cs_arena *arena = world->arena;
	const struct fake_how how = { .key = FAKE_IDP_RSA };
	const struct fake_said said = { .issuer = NULL };
	const char *plain =
	    fake_idp_response(arena, RESPONSE_ID, fake_idp_assertion(arena, ASSERTION_ID, &said));
	const char *outer = fake_idp_sign(arena, plain, RESPONSE_ID, &how);
	const char *inner = fake_idp_sign(arena, plain, ASSERTION_ID, &how);
	const char *both = fake_idp_sign(arena, inner, RESPONSE_ID, &how);

	want("of the Response", judge(world, outer), "good");
	want("of both", judge(world, both), "good");
	want("of both, the outer one broken",
	    judge(world, with(arena, both, "IssueInstant=\"2027-01-15T07:59:58Z\"",
			     "IssueInstant=\"2027-01-15T07:59:57Z\"")),
	    "saml-digest");
	want("of neither", judge(world, plain), "saml-unsigned");
	want("of the Response, which names no place",
	    judge(world, fake_idp_sign(arena, with(arena, plain, TO, ""), RESPONSE_ID, &how)),
	    "saml-destination");
	want("of the Response, which names no issuer",
	    judge(world, fake_idp_sign(arena, with(arena, plain, FROM, ""), RESPONSE_ID, &how)),
	    "saml-issuer");
	want("of the Assertion, in one that names no issuer",
	    judge(world, fake_idp_sign(arena, with(arena, plain, FROM, ""), ASSERTION_ID, &how)),
	    "good");
	want("of the Assertion, in one that names no place",
	    judge(world, fake_idp_sign(arena, with(arena, plain, TO, ""), ASSERTION_ID, &how)),
	    "good");
	want("of the Response, something in it altered",
	    judge(world, with(arena, outer, "alice", "mallory")), "saml-digest");
	want("of the Assertion, something in it altered",
	    judge(world, with(arena, inner, "alice", "mallory")), "saml-digest");
}

static void
reads_base64_with_line_ends(void **state)
{
	struct world *world = *state;
	struct cs_arena *arena = world->arena;
	const struct saml_expected expected = expected_of(world);
	const char *form = cs_base64(arena, cs_span_str(fake_idp_good(arena, "alice")));
	struct cs_buf lines = cs_buf_new(arena);
	struct cs_refusal why;

	for (size_t i = 0; form[i] != '\0'; i++) {
		cs_buf_add(&lines, form + i, 1);
		if (i % 76 == 75)
			cs_buf_add_str(&lines, "\r\n");
	}
	assert_true(
	    saml_response_judge(arena, cs_buf_span(&lines), &expected, &world->person, &why));
	cs_buf_add_str(&lines, "*");
	assert_false(
	    saml_response_judge(arena, cs_buf_span(&lines), &expected, &world->person, &why));
	assert_string_equal(why.code, "saml-form");
	assert_false(saml_response_judge(arena, cs_span_str(""), &expected, &world->person, &why));
	assert_string_equal(why.code, "saml-form");
}

/* ---- how it is signed ---- */

#define MORE "http://www.w3.org/2001/04/xmldsig-more#"
#define OLD "http://www.w3.org/2000/09/xmldsig#"
#define ENC "http://www.w3.org/2001/04/xmlenc#"
#define ENVELOPED "<ds:Transform Algorithm=\"" OLD "enveloped-signature\"/>"
#define EXCLUSIVE "http://www.w3.org/2001/10/xml-exc-c14n#"
#define INCLUSIVE "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"

#define KEEPS(list) "<InclusiveNamespaces xmlns=\"" EXCLUSIVE "\" PrefixList=\"" list "\"/>"
#define EXCLUSIVE_TRANSFORM(content) \
	"<ds:Transform Algorithm=\"" EXCLUSIVE "\">" content "</ds:Transform>"
#define EXCLUSIVELY(content) ENVELOPED EXCLUSIVE_TRANSFORM(content)
#define FOUR "a b c d "
#define LONG_32 "abcdefghijklmnopqrstuvwxyzabcdef"
#define LONG_128 LONG_32 LONG_32 LONG_32 LONG_32

static const struct {
	const char *name;
	struct fake_how how;
	const char *want;
} hows[] = {
	{ "ECDSA P-256", { .key = FAKE_IDP_P256 }, "good" },
	{ "ECDSA P-384", { .key = FAKE_IDP_P384 }, "good" },
	{ "RSA SHA-512", { .method = MORE "rsa-sha512", .digest = ENC "sha512" }, "good" },
	{ "RSA SHA-384", { .method = MORE "rsa-sha384", .digest = MORE "sha384" }, "good" },
	{ "prefixes kept", { .transforms = EXCLUSIVELY(KEEPS("xs")) }, "good" },
	{ "16 prefixes kept", { .transforms = EXCLUSIVELY("\n" KEEPS(FOUR FOUR FOUR FOUR)) },
	    "good" },
	{ "17 prefixes kept", { .transforms = EXCLUSIVELY(KEEPS(FOUR FOUR FOUR FOUR "e")) },
	    "saml-transforms" },
	{ "a long prefix kept", { .transforms = EXCLUSIVELY(KEEPS(LONG_128 LONG_128)) }, "good" },
	{ "one too long", { .transforms = EXCLUSIVELY(KEEPS(LONG_128 LONG_128 "x")) },
	    "saml-transforms" },
	{ "no KeyInfo", { .key_info = "<ds:KeyName>whoever</ds:KeyName>" }, "good" },
	{ "a stranger's key, and his certificate", { .key = FAKE_IDP_STRANGER }, "saml-signature" },
	{ "a small key, and its certificate", { .key = FAKE_IDP_WEAK }, "saml-signature" },
	{ "SHA-1", { .method = OLD "rsa-sha1" }, "saml-algorithm" },
	{ "digest SHA-1", { .digest = OLD "sha1" }, "saml-algorithm" },
	{ "SHA-224", { .method = MORE "rsa-sha224" }, "saml-algorithm" },
	{ "ECDSA SHA-1", { .key = FAKE_IDP_P256, .method = MORE "ecdsa-sha1" }, "saml-algorithm" },
	{ "HMAC with the certificate", { .method = MORE "hmac-sha256", .by_hmac = true },
	    "saml-algorithm" },
	{ "inclusive", { .c14n = INCLUSIVE }, "saml-transforms" },
	{ "with comments", { .c14n = EXCLUSIVE "WithComments" }, "saml-transforms" },
	{ "its own part inclusive", { .info_c14n = INCLUSIVE }, "saml-signature-form" },
	{ "not enveloped", { .transforms = "<ds:Transform Algorithm=\"" EXCLUSIVE "\"/>" },
	    "saml-transforms" },
	{ "enveloped alone", { .transforms = ENVELOPED }, "saml-transforms" },
	{ "three transforms",
	    { .transforms = ENVELOPED "<ds:Transform Algorithm=\"" EXCLUSIVE
				      "\"/><ds:Transform Algorithm=\"" EXCLUSIVE "\"/>" },
	    "saml-transforms" },
	{ "XPath",
	    { .transforms = ENVELOPED
		"<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\">"
		"<ds:XPath>1</ds:XPath></ds:Transform>" },
	    "saml-transforms" },
};

static void
judges_how_it_is_signed(void **state)
{
	struct world *world = *state;
	const struct fake_said said = { .issuer = NULL };

	for (size_t i = 0; i < COUNT(hows); i++)
		want(hows[i].name, judge(world, signed_with(world, &said, &hows[i].how)),
		    hows[i].want);
}

/* What is altered after it was signed, for which nobody needs a key. */
static const struct {
	const char *name, *from, *to, *want;
} forms[] = {
	{ "the whole document", "URI=\"#_assertion\"", "URI=\"\"", "saml-reference" },
	{ "no URI", " URI=\"#_assertion\"", "", "saml-reference" },
	{ "another element", "URI=\"#_assertion\"", "URI=\"#_response\"", "saml-reference" },
	{ "an XPointer", "URI=\"#_assertion\"", "URI=\"#xpointer(id('_assertion'))\"",
	    "saml-reference" },
	{ "somewhere else", "URI=\"#_assertion\"", "URI=\"https://evil.example/#_assertion\"",
	    "saml-reference" },
	{ "two references", "</ds:Reference>", "</ds:Reference><ds:Reference URI=\"#_assertion\"/>",
	    "saml-reference" },
	{ "no transforms", "<ds:Transforms>", "<ds:Transforms/><ds:Transforms>",
	    "saml-signature-form" },
	{ "an Object", "</ds:KeyInfo>", "</ds:KeyInfo><ds:Object/>", "saml-signature-form" },
	{ "a Manifest", "</ds:KeyInfo>", "</ds:KeyInfo><ds:Object><ds:Manifest/></ds:Object>",
	    "saml-signature-form" },
	{ "something in another namespace", "</ds:KeyInfo>", "</ds:KeyInfo><x/>",
	    "saml-signature-form" },
	{ "a short output", "rsa-sha256\"/>",
	    "rsa-sha256\"><ds:HMACOutputLength>8</ds:HMACOutputLength></ds:SignatureMethod>",
	    "saml-algorithm" },
	{ "prefixes kept twice", "<ds:Transform Algorithm=\"" EXCLUSIVE "\"/>",
	    EXCLUSIVE_TRANSFORM(KEEPS("xs") KEEPS("xs")), "saml-transforms" },
	{ "text beside them", "<ds:Transform Algorithm=\"" EXCLUSIVE "\"/>",
	    EXCLUSIVE_TRANSFORM("x" KEEPS("xs")), "saml-transforms" },
	{ "something in them", "<ds:Transform Algorithm=\"" EXCLUSIVE "\"/>",
	    EXCLUSIVE_TRANSFORM("<InclusiveNamespaces xmlns=\"" EXCLUSIVE
				"\" PrefixList=\"xs\"><x/></InclusiveNamespaces>"),
	    "saml-transforms" },
	{ "prefixes of its own part", "<ds:CanonicalizationMethod Algorithm=\"" EXCLUSIVE "\"/>",
	    "<ds:CanonicalizationMethod Algorithm=\"" EXCLUSIVE
	    "\">" KEEPS(FOUR FOUR FOUR FOUR "e") "</ds:CanonicalizationMethod>",
	    "saml-signature-form" },
	{ "another signature", "<ds:SignatureValue>", "<ds:SignatureValue>AAAA", "saml-signature" },
	{ "another digest", "<ds:DigestValue>", "<ds:DigestValue>AAAA", "saml-digest" },
	{ "an ID twice", "<samlp:Status>", "<samlp:Status Id=\"_assertion\">", "saml-ids" },
	{ "an ID twice, as xml:id", "<samlp:Status>", "<samlp:Status xml:id=\"_assertion\">",
	    "saml-ids" },
	{ "an ID that is none", "ID=\"_response\"", "ID=\"')]|//*[('\"", "saml-ids" },
	{ "a signature elsewhere", "<samlp:Status>",
	    "<samlp:Extensions><ds:Signature xmlns:ds=\"" OLD
	    "\"/></samlp:Extensions><samlp:Status>",
	    "saml-signature-place" },
	{ "two signatures", "<ds:Signature ", "<ds:Signature xmlns:ds=\"" OLD "\"/><ds:Signature ",
	    "saml-signature-place" },
	{ "a document type", "<samlp:Response ", "<!DOCTYPE x><samlp:Response ", "saml-doctype" },
	{ "entities", "<samlp:Response ",
	    "<!DOCTYPE x [<!ENTITY a \"aa\"><!ENTITY b \"&a;&a;\">]><samlp:Response ",
	    "saml-doctype" },
	{ "an unknown entity", "alice", "&alice;", "saml-xml" },
	{ "another encoding", "<samlp:Response ",
	    "<?xml version=\"1.0\" encoding=\"UTF-7\"?><samlp:Response ", "good" },
	{ "no success", "status:Success", "status:Responder", "saml-denied" },
	{ "another version", "Version=\"2.0\"", "Version=\"1.1\"", "saml-response" },
	{ "another place", "Destination=\"" FAKE_ACS, "Destination=\"https://evil.example/",
	    "saml-destination" },
	{ "another request", "InResponseTo=\"" FAKE_REQUEST "\"><saml:Issuer",
	    "InResponseTo=\"_other\"><saml:Issuer", "saml-request" },
	{ "another issuer of the Response", FAKE_IDP "</saml:Issuer><samlp:",
	    "https://evil.example</saml:Issuer><samlp:", "saml-issuer" },
	{ "two Responses", "<samlp:Status>",
	    "<samlp:Extensions><samlp:Response/></samlp:Extensions><samlp:Status>",
	    "saml-response" },
	{ "encrypted, too", "<samlp:Status>", "<saml:EncryptedAssertion " A_NS "/><samlp:Status>",
	    "saml-encrypted" },
};

static void
judges_its_form(void **state)
{
	struct world *world = *state;
	const char *good = fake_idp_good(world->arena, "alice");

	for (size_t i = 0; i < COUNT(forms); i++)
		want(forms[i].name,
		    judge(world, with(world->arena, good, forms[i].from, forms[i].to)),
		    forms[i].want);
}

static void
is_bounded(void **state)
{
	struct world *world = *state;
	struct cs_buf deep = cs_buf_new(world->arena), ids = cs_buf_new(world->arena);
	char *large = cs_arena_alloc(world->arena, SAML_FORM_MAX / 4 * 3 + 2);

	memset(large, ' ', SAML_FORM_MAX / 4 * 3 + 1);
	want("too large", judge(world, large), "saml-form");
	large[SAML_FORM_MAX / 4 * 3] = '\0';
	want("almost", judge(world, large), "saml-xml");
	for (size_t i = 0; i < 1000; i++)
		cs_buf_add_str(&deep, "<x>");
	want("too deep", judge(world, (const char *)cs_buf_span(&deep).data), "saml-xml");
	for (size_t i = 0; i < 65; i++)
		cs_buf_printf(&ids, "<x ID=\"_%zu\"/>", i);
	want("too many IDs",
	    judge(world,
		fake_idp_response(world->arena, RESPONSE_ID, (const char *)cs_buf_span(&ids).data)),
	    "saml-ids");
}

static const char *
many(struct cs_arena *arena, const char *name, size_t n)
{
	struct cs_buf out = cs_buf_new(arena);

	for (size_t i = 0; i < n; i++)
		cs_buf_printf(&out, " %s%zu=\"u:\"", name, i);
	return (const char *)cs_buf_span(&out).data;
}

/*
 * Nobody's key is needed for it: a digest over 8,000 prefixes (judges_how_it_is_signed), 700 namespaces and 6,000
 * elements took six seconds, and as much for each key.
 */
static void
is_bounded_before_it_is_verified(void **state)
{
	static const struct {
		const char *name, *before, *what;
		size_t n;
		const char *inside, *want;
	} cases[] = {
		{ "64 attributes", "", "a", 64, "", "good" },
		{ "65 attributes", "", "a", 65, "", "saml-xml" },
		{ "65 after quotes that are none", "<!-- \" < --><?x ' < ?>", "a", 65, "",
		    "saml-xml" },
		{ "65 after CDATA", "<samlp:x><![CDATA[ < \" ]]></samlp:x>", "a", 65, "",
		    "saml-xml" },
		{ "65 after the end of a tag that is none", "<samlp:x a=\"'>\" b='\">'/>", "a", 65,
		    "", "saml-xml" },
		{ "what looks like attributes", "<!-- <x ==== -->", "a", 62, " b=\"======\"",
		    "good" },
		/* The prefix samlp is one of them. */
		{ "64 namespaces", "", "xmlns:a", 63, "", "good" },
		{ "65 namespaces", "", "xmlns:a", 64, "", "saml-xml" },
		{ "65 namespaces, nested", "", "xmlns:a", 63, "><samlp:x xmlns:b=\"u:\"/",
		    "saml-xml" },
	};
	struct world *world = *state;
	struct cs_arena *arena = world->arena;
	const char *good = fake_idp_good(arena, "alice");

	for (size_t i = 0; i < COUNT(cases); i++)
		want(cases[i].name,
		    judge(world, with(arena, good, "<samlp:Status>",
				     cs_arena_printf(arena, "%s<samlp:Status%s%s>", cases[i].before,
					 many(arena, cases[i].what, cases[i].n), cases[i].inside))),
		    cases[i].want);
}

/* ---- wrapping ---- */

/*
 * Mainka, Somorovsky and others, "On Breaking SAML: Be Whoever You Want to Be" (2012), figure 5: what was signed is
 * kept somewhere, where the signature finds it, and the evil assertion stands where it is read.
 */
struct pieces {
	const char *response;  /* signed as a whole */
	const char *assertion; /* signed itself */
	const char *bare;      /* without its signature */
	const char *signature; /* of the assertion */
	const char *evil;      /* an assertion nobody signed */
};

static struct pieces
pieces_of(struct world *world)
{
	struct cs_arena *arena = world->arena;
	const struct fake_said said = { .issuer = NULL },
			       mallory = { .name_id = "<saml:NameID>mallory</saml:NameID>" };
	const char *bare = fake_idp_assertion(arena, ASSERTION_ID, &said);
	const char *plain = fake_idp_response(arena, RESPONSE_ID, bare);
	const struct fake_how how = { .key = FAKE_IDP_RSA };
	const char *inner = fake_idp_sign(arena, plain, ASSERTION_ID, &how);

	return (struct pieces){ fake_idp_sign(arena, plain, RESPONSE_ID, &how),
		part(arena, inner, "<saml:Assertion", "</saml:Assertion>"), bare,
		part(arena, inner, "<ds:Signature ", "</ds:Signature>"),
		fake_idp_assertion(arena, "_evil", &mallory) };
}

/* Good as they are: so it is the wrapping that is refused. */
static void
its_pieces_are_good(void **state)
{
	struct world *world = *state;
	const struct pieces p = pieces_of(world);

	want("the Response", judge(world, p.response), "good");
	want("the Assertion",
	    judge(world, fake_idp_response(world->arena, RESPONSE_ID, p.assertion)), "good");
}

static void
refuses_wrapped_responses(void **state)
{
	struct world *world = *state;
	struct cs_arena *arena = world->arena;
	const struct pieces p = pieces_of(world);
	const char *evil = fake_idp_response(arena, "_evil-response", p.evil);
	const char *signature = part(arena, p.response, "<ds:Signature ", "</ds:Signature>");
	const char *original = with(arena, p.response, signature, "");
	const char *around = with(arena, signature, "</ds:Signature>",
	    cs_arena_printf(arena, "<ds:Object>%s</ds:Object></ds:Signature>", original));

	want("1: the original in the signature",
	    judge(world, with(arena, evil, "<samlp:Status>",
			     cs_arena_printf(arena, "%s<samlp:Status>", around))),
	    "saml-response");
	want("2: the original before the signature",
	    judge(world, with(arena, evil, "<samlp:Status>",
			     cs_arena_printf(arena, "%s%s<samlp:Status>", original, signature))),
	    "saml-response");
}

static void
refuses_wrapped_assertions(void **state)
{
	struct world *world = *state;
	struct cs_arena *arena = world->arena;
	const struct pieces p = pieces_of(world);
	const char *holds = with(arena, p.evil, "</saml:Assertion>",
	    cs_arena_printf(arena, "%s</saml:Assertion>", p.assertion));
	const char *takes = with(arena, p.evil, "<saml:Subject>",
	    cs_arena_printf(arena, "%s<saml:Subject>", p.signature));
	const char *inside = with(arena, p.evil, "<saml:Subject>",
	    cs_arena_printf(arena, "%s<saml:Subject>",
		with(arena, p.signature, "</ds:Signature>",
		    cs_arena_printf(arena, "%s</ds:Signature>", p.bare))));
	const char *object = with(arena, p.evil, "<saml:Subject>",
	    cs_arena_printf(arena, "%s<saml:Subject>",
		with(arena, p.signature, "</ds:Signature>",
		    cs_arena_printf(arena, "<ds:Object>%s</ds:Object></ds:Signature>", p.bare))));
	const struct {
		const char *name, *content;
	} wrapped[] = {
		{ "3: the evil one first", cs_arena_printf(arena, "%s%s", p.evil, p.assertion) },
		{ "3: the evil one last", cs_arena_printf(arena, "%s%s", p.assertion, p.evil) },
		{ "4: the original in the evil one", holds },
		{ "5: the signature in the evil one",
		    cs_arena_printf(arena, "%s%s", takes, p.bare) },
		{ "6: the original in the signature in the evil one", inside },
		{ "7: the original in extensions",
		    cs_arena_printf(
			arena, "<samlp:Extensions>%s</samlp:Extensions>%s", p.assertion, p.evil) },
		{ "8: the original in an object in the signature", object },
	};

	for (size_t i = 0; i < COUNT(wrapped); i++)
		want(wrapped[i].name,
		    judge(world, fake_idp_response(arena, RESPONSE_ID, wrapped[i].content)),
		    "saml-assertion");
}

/* The same with the original under another name, so that there is one Assertion; and with its ID taken over. */
static void
refuses_what_is_hidden(void **state)
{
	struct world *world = *state;
	struct cs_arena *arena = world->arena;
	const struct pieces p = pieces_of(world);
	const char *takes = with(arena, p.evil, "<saml:Subject>",
	    cs_arena_printf(arena, "%s<saml:Subject>", p.signature));
	const char *hidden = with(arena, with(arena, p.bare, "<saml:Assertion", "<saml:Advice"),
	    "</saml:Assertion>", "</saml:Advice>");

	want("under another name",
	    judge(world, fake_idp_response(
			     arena, RESPONSE_ID, cs_arena_printf(arena, "%s%s", takes, hidden))),
	    "saml-reference");
	want("with the same ID",
	    judge(world, fake_idp_response(arena, RESPONSE_ID,
			     cs_arena_printf(arena, "%s%s",
				 with(arena, takes, "ID=\"_evil\"", "ID=\"_assertion\""), hidden))),
	    "saml-ids");
	want("with the same ID alone",
	    judge(world, fake_idp_response(arena, RESPONSE_ID,
			     with(arena, takes, "ID=\"_evil\"", "ID=\"_assertion\""))),
	    "saml-digest");
}

/* It stands in the Response, and what was signed does not hold it. */
static void
looks_at_what_was_digested(void **state)
{
	struct world *world = *state;
	struct cs_arena *arena = world->arena;
	const char *good = fake_idp_good(arena, "alice");
	const char *outer = fake_idp_sign(arena,
	    fake_idp_response(arena, RESPONSE_ID,
		fake_idp_assertion(arena, ASSERTION_ID, &(struct fake_said){ .more = "" })),
	    RESPONSE_ID, &(struct fake_how){ .key = FAKE_IDP_RSA });

	/* Comments are not signed, and are not seen. */
	want("a comment in NameID", judge(world, with(arena, good, "alice", "al<!-- x -->ice")),
	    "good");
	assert_string_equal(world->person.name, "alice");
	want("a comment that would cut",
	    judge(world, fake_idp_good(arena, "alice<!-- x -->.evil.example")), "good");
	assert_string_equal(world->person.name, "alice.evil.example");
	want("CDATA", judge(world, with(arena, good, "alice", "<![CDATA[alice]]>")), "good");
	assert_string_equal(world->person.name, "alice");
	want("a comment in the Response", judge(world, with(arena, outer, "alice", "a<!---->lice")),
	    "good");
	assert_string_equal(world->person.name, "alice");
	want("a processing instruction", judge(world, with(arena, good, "alice", "alice<?x y?>")),
	    "saml-digest");
	want("one that is signed", judge(world, fake_idp_good(arena, "alice<?x y?>bob")),
	    "saml-name");
	want(
	    "an element in the name", judge(world, fake_idp_good(arena, "alice<x/>")), "saml-name");
}

/* ---- what it says ---- */

#define BEARER "urn:oasis:names:tc:SAML:2.0:cm:bearer"
#define CONFIRMED_BY(method, data)                                                            \
	"<saml:SubjectConfirmation Method=\"" method "\"><saml:SubjectConfirmationData " data \
	"/></saml:SubjectConfirmation>"
#define CONFIRMED(to, request, until) \
	CONFIRMED_BY(BEARER, "Recipient=\"" to "\" InResponseTo=\"" request "\" " until)
#define UNTIL(time) "NotOnOrAfter=\"" time "\""
#define LATER UNTIL("2027-01-15T08:05:00Z")
#define CONDITIONS(times, content) "<saml:Conditions " times ">" content "</saml:Conditions>"
#define AUDIENCE(name)                                   \
	"<saml:AudienceRestriction><saml:Audience>" name \
	"</saml:Audience></saml:AudienceRestriction>"
#define LOGIN(times) "<saml:AuthnStatement " times "/>"
#define AT(time) "AuthnInstant=\"" time "\""
#define NOW "2027-01-15T08:00:00Z"

static const struct {
	const char *name;
	struct fake_said said;
	const char *want;
} sayings[] = {
	{ "another issuer", { .issuer = "https://evil.example" }, "saml-issuer" },
	{ "no issuer of this text", { .issuer = FAKE_IDP " " }, "saml-issuer" },
	{ "issued long before", { .issued = "2027-01-15T07:58:39Z" }, "saml-issued" },
	{ "issued just before", { .issued = "2027-01-15T07:58:40Z" }, "good" },
	{ "issued in the future", { .issued = "2027-01-15T08:01:01Z" }, "saml-issued" },
	{ "issued at no time", { .issued = "today" }, "saml-issued" },
	{ "issued in another zone", { .issued = "2027-01-15T09:00:00+01:00" }, "saml-issued" },
	/* who may bring it */
	{ "no confirmation", { .confirmation = "" }, "saml-confirmation" },
	{ "no data of one", { .confirmation = "<saml:SubjectConfirmation Method=\"" BEARER "\"/>" },
	    "saml-confirmation" },
	{ "holder of key",
	    { .confirmation = CONFIRMED_BY("urn:oasis:names:tc:SAML:2.0:cm:holder-of-key",
		  "Recipient=\"" FAKE_ACS "\" InResponseTo=\"" FAKE_REQUEST "\" " LATER) },
	    "saml-confirmation" },
	{ "another recipient",
	    { .confirmation = CONFIRMED("https://evil.example/", FAKE_REQUEST, LATER) },
	    "saml-recipient" },
	{ "no recipient",
	    { .confirmation = CONFIRMED_BY(BEARER, "InResponseTo=\"" FAKE_REQUEST "\" " LATER) },
	    "saml-recipient" },
	{ "another request", { .confirmation = CONFIRMED(FAKE_ACS, "_other", LATER) },
	    "saml-request" },
	{ "no request",
	    { .confirmation = CONFIRMED_BY(BEARER, "Recipient=\"" FAKE_ACS "\" " LATER) },
	    "saml-request" },
	{ "no end", { .confirmation = CONFIRMED(FAKE_ACS, FAKE_REQUEST, "") }, "saml-expired" },
	{ "just past",
	    { .confirmation = CONFIRMED(FAKE_ACS, FAKE_REQUEST, UNTIL("2027-01-15T07:59:00Z")) },
	    "saml-expired" },
	{ "within what clocks differ",
	    { .confirmation = CONFIRMED(FAKE_ACS, FAKE_REQUEST, UNTIL("2027-01-15T07:59:01Z")) },
	    "good" },
	{ "one of two",
	    { .confirmation =
		    CONFIRMED(FAKE_ACS, "_other", LATER) CONFIRMED(FAKE_ACS, FAKE_REQUEST, LATER) },
	    "good" },
	/* conditions */
	{ "no conditions", { .conditions = "" }, "saml-conditions" },
	{ "one that is not known",
	    { .conditions = CONDITIONS(LATER, AUDIENCE(FAKE_SP) "<saml:Condition/>") },
	    "saml-conditions" },
	{ "one time use",
	    { .conditions = CONDITIONS(LATER, AUDIENCE(FAKE_SP) "<saml:OneTimeUse/>") }, "good" },
	{ "past", { .conditions = CONDITIONS(UNTIL("2027-01-15T07:59:00Z"), AUDIENCE(FAKE_SP)) },
	    "saml-expired" },
	{ "no end of them", { .conditions = CONDITIONS("", AUDIENCE(FAKE_SP)) }, "saml-expired" },
	{ "not yet",
	    { .conditions =
		    CONDITIONS(LATER " NotBefore=\"2027-01-15T08:01:01Z\"", AUDIENCE(FAKE_SP)) },
	    "saml-early" },
	{ "almost",
	    { .conditions =
		    CONDITIONS(LATER " NotBefore=\"2027-01-15T08:01:00Z\"", AUDIENCE(FAKE_SP)) },
	    "good" },
	{ "no audience", { .conditions = CONDITIONS(LATER, "") }, "saml-audience" },
	{ "another audience", { .conditions = CONDITIONS(LATER, AUDIENCE("https://evil.example")) },
	    "saml-audience" },
	{ "ours and another",
	    { .conditions = CONDITIONS(LATER, AUDIENCE(FAKE_SP) AUDIENCE("https://evil.example")) },
	    "saml-audience" },
	{ "one of two in one",
	    { .conditions = CONDITIONS(
		  LATER, AUDIENCE("https://evil.example</saml:Audience><saml:Audience>" FAKE_SP)) },
	    "good" },
	/* when */
	{ "no login", { .statement = "" }, "saml-login-time" },
	{ "at no time", { .statement = LOGIN("") }, "saml-login-time" },
	{ "yesterday", { .statement = LOGIN(AT("2027-01-14T08:00:00Z")) }, "saml-login" },
	{ "tomorrow", { .statement = LOGIN(AT("2027-01-16T08:00:00Z")) }, "saml-login" },
	{ "now and yesterday", { .statement = LOGIN(AT(NOW)) LOGIN(AT("2027-01-14T08:00:00Z")) },
	    "saml-login" },
	{ "ended", { .statement = LOGIN(AT(NOW) " SessionNotOnOrAfter=\"2027-01-15T07:59:00Z\"") },
	    "saml-ended" },
	/* who */
	{ "nobody", { .name_id = "" }, "saml-name" },
	{ "empty", { .name_id = "<saml:NameID/>" }, "saml-name" },
	{ "two", { .name_id = "<saml:NameID>a</saml:NameID><saml:NameID>b</saml:NameID>" },
	    "saml-name" },
	{ "encrypted", { .name_id = "<saml:EncryptedID/>" }, "saml-name" },
	{ "transient",
	    { .name_id = "<saml:NameID Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:"
			 "transient\">_x</saml:NameID>" },
	    "saml-name-transient" },
	{ "transient, with spaces",
	    { .name_id = "<saml:NameID Format=\" urn:oasis:names:tc:SAML:2.0:nameid-format:"
			 "transient&#10;\">_x</saml:NameID>" },
	    "saml-name-transient" },
	{ "its format encrypted",
	    { .name_id = "<saml:NameID Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:"
			 "encrypted\">_x</saml:NameID>" },
	    "saml-name-format" },
	{ "an entity",
	    { .name_id = "<saml:NameID Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:"
			 "entity\">" FAKE_IDP "</saml:NameID>" },
	    "saml-name-format" },
	{ "persistent",
	    { .name_id = "<saml:NameID Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:"
			 "persistent\" NameQualifier=\"" FAKE_IDP "\" SPNameQualifier=\"" FAKE_SP
			 "\">x</saml:NameID>" },
	    "good" },
	{ "another provider's",
	    { .name_id = "<saml:NameID NameQualifier=\"https://evil.example\">a</saml:NameID>" },
	    "saml-name-qualifier" },
	{ "another service's",
	    { .name_id = "<saml:NameID SPNameQualifier=\"https://evil.example\">a</saml:NameID>" },
	    "saml-name-qualifier" },
	{ "a space before it", { .name_id = "<saml:NameID> a</saml:NameID>" }, "saml-name" },
	{ "a space behind it", { .name_id = "<saml:NameID>a </saml:NameID>" }, "saml-name" },
	{ "a space in it", { .name_id = "<saml:NameID>a b</saml:NameID>" }, "good" },
	{ "what is not seen", { .name_id = "<saml:NameID>a&#x202e;b</saml:NameID>" }, "saml-name" },
	{ "a line's end", { .name_id = "<saml:NameID>a&#10;b</saml:NameID>" }, "saml-name" },
};

static void
judges_what_it_says(void **state)
{
	struct world *world = *state;
	const struct fake_how how = { .key = FAKE_IDP_P256 };

	for (size_t i = 0; i < COUNT(sayings); i++)
		want(sayings[i].name, judge(world, signed_with(world, &sayings[i].said, &how)),
		    sayings[i].want);
}

#define ATTRIBUTES(content) "<saml:AttributeStatement>" content "</saml:AttributeStatement>"
#define ATTRIBUTE(name, values) "<saml:Attribute Name=\"" name "\">" values "</saml:Attribute>"
#define VALUE(text) "<saml:AttributeValue>" text "</saml:AttributeValue>"

static void
reads_one_attribute(void **state)
{
	static const struct {
		const char *name, *attributes, *want;
	} cases[] = {
		{ "one", ATTRIBUTES(ATTRIBUTE("uid", VALUE("a"))), "good" },
		{ "with its type",
		    ATTRIBUTES(
			"<saml:Attribute Name=\"uid\" NameFormat=\"urn:oasis:names:tc:SAML:2.0:"
			"attrname-format:uri\" FriendlyName=\"uid\"><saml:AttributeValue "
			"xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" "
			"xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
			"xsi:type=\"xs:string\">a</saml:AttributeValue></saml:Attribute>"),
		    "good" },
		{ "none", "", "saml-attribute" },
		{ "another", ATTRIBUTES(ATTRIBUTE("Uid", VALUE("a"))), "saml-attribute" },
		{ "no value", ATTRIBUTES(ATTRIBUTE("uid", "")), "saml-attribute" },
		{ "two values", ATTRIBUTES(ATTRIBUTE("uid", VALUE("a") VALUE("b"))),
		    "saml-attribute" },
		{ "twice", ATTRIBUTES(ATTRIBUTE("uid", VALUE("a")) ATTRIBUTE("uid", VALUE("a"))),
		    "saml-attribute" },
		{ "in two statements",
		    ATTRIBUTES(ATTRIBUTE("uid", VALUE("a")))
			ATTRIBUTES(ATTRIBUTE("uid", VALUE("b"))),
		    "saml-attribute" },
		{ "no text", ATTRIBUTES(ATTRIBUTE("uid", VALUE("<x/>"))), "saml-attribute" },
		{ "spaces", ATTRIBUTES(ATTRIBUTE("uid", VALUE(" a"))), "saml-attribute" },
	};
	struct world *world = *state;
	struct saml_expected expected = expected_of(world);

	expected.claim = "uid";
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct fake_said said = { .attributes = cases[i].attributes };
		const char *xml =
		    signed_with(world, &said, &(struct fake_how){ .key = FAKE_IDP_P256 });

		want(cases[i].name, judge_as(world, xml, &expected), cases[i].want);
	}
}

/* The provider's mistake is no way in: a key that it has withdrawn is none. */
static void
takes_no_key_but_the_providers(void **state)
{
	struct world *world = *state;
	const char *good = fake_idp_good(world->arena, "alice");

	world->provider.keys[0] = world->provider.keys[1];
	want("withdrawn", judge(world, good), "saml-signature");
	world->provider.n_keys = 0;
	want("no keys", judge(world, good), "saml-signature");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(knows_who_logged_in, begin, end),
		cmocka_unit_test_setup_teardown(takes_either_signature, begin, end),
		cmocka_unit_test_setup_teardown(reads_base64_with_line_ends, begin, end),
		cmocka_unit_test_setup_teardown(judges_how_it_is_signed, begin, end),
		cmocka_unit_test_setup_teardown(judges_its_form, begin, end),
		cmocka_unit_test_setup_teardown(is_bounded, begin, end),
		cmocka_unit_test_setup_teardown(is_bounded_before_it_is_verified, begin, end),
		cmocka_unit_test_setup_teardown(its_pieces_are_good, begin, end),
		cmocka_unit_test_setup_teardown(refuses_wrapped_responses, begin, end),
		cmocka_unit_test_setup_teardown(refuses_wrapped_assertions, begin, end),
		cmocka_unit_test_setup_teardown(refuses_what_is_hidden, begin, end),
		cmocka_unit_test_setup_teardown(looks_at_what_was_digested, begin, end),
		cmocka_unit_test_setup_teardown(judges_what_it_says, begin, end),
		cmocka_unit_test_setup_teardown(reads_one_attribute, begin, end),
		cmocka_unit_test_setup_teardown(takes_no_key_but_the_providers, begin, end),
	};

	return cmocka_run_group_tests(tests, once, NULL);
}
