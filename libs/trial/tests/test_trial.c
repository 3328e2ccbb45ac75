/* SPDX-License-Identifier: Apache-2.0 */
/* test_trial.c: documents of providers, and what a child may answer. */
#include <stdio.h>
#include <string.h>

#include "saml/tests/fake_idp.h"
#include "trial/internal.h"

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#define ISSUER "https://idp.example"
#define ENDS                                                                        \
	",\"authorization_endpoint\":\"https://idp.example/a\",\"token_endpoint\":" \
	"\"https://idp.example/t\",\"jwks_uri\":\"https://idp.example/j\""
#define WAYS(flow, algorithm)                    \
	",\"response_types_supported\":[\"" flow \
	"\"],\"id_token_signing_alg_values_supported\":[\"" algorithm "\"]}"
#define REST WAYS("code", "RS256")
#define REDIRECT "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
#define SAML2 "protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\""
#define MD "xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\""

static struct trial_lines
lines_new(struct cs_arena *arena)
{
	return (struct trial_lines){ .arena = arena, .good = true };
}

static bool
says(const struct trial_lines *lines, const char *text)
{
	for (size_t i = 0; i < lines->n; i++)
		if (strstr(lines->seen[i], text) != NULL)
			return true;
	return false;
}

struct document {
	const char *text;
	bool good;
	const char *says;
};

static void
test_oidc(void **state)
{
	static const struct document documents[] = {
		{ "{\"issuer\":\"" ISSUER "\"" ENDS REST, true, "its issuer is the endpoint" },
		{ "{\"issuer\":\"" ISSUER "/\"" ENDS REST, false,
		    "another one: https://idp.example/" },
		{ "{\"issuer\":\"https://evil.example\\n\"" ENDS REST, false, "another one" },
		{ "{\"issuer\":\"" ISSUER "\"" ENDS REST, true,
		    "it answers with a code, and signs by RS256" },
		{ "{\"issuer\":\"" ISSUER "\"" ENDS WAYS("token", "RS256"), false,
		    "does not say that it answers with a code" },
		{ "{\"issuer\":\"" ISSUER "\"" ENDS WAYS("code", "HS256"), false,
		    "signs by none of RS256" },
		{ "{\"issuer\":7" ENDS REST, false, "it names no issuer" },
		{ "{\"issuer\":\"" ISSUER "\",\"issuer\":\"" ISSUER "\"" ENDS REST, false,
		    "each member" },
		{ "{\"issuer\":\"" ISSUER "\"}", false, "it has no token_endpoint" },
		{ "{\"issuer\":\"" ISSUER "\",\"token_endpoint\":\"http://idp.example/\"}", false,
		    "token_endpoint is not under TLS" },
		{ "{\"issuer\":\"" ISSUER "\",\"token_endpoint\":\"https://idp.example/#f\"}",
		    false, "token_endpoint is nowhere to ask: https://idp.example/#f" },
		{ "[]", false, "not a JSON object" },
		{ "", false, "not a JSON object" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
		struct cs_arena *arena = cs_arena_new();
		struct trial_lines lines = lines_new(arena);

		trial_oidc_judge(&lines, ISSUER, cs_span_str(documents[i].text));
		assert_int_equal(lines.good, documents[i].good);
		assert_true(says(&lines, documents[i].says));
		cs_arena_free(arena);
	}
}

static void
judge_saml(struct trial_lines *lines, const char *text)
{
	trial_saml_judge(lines, cs_span_str(text), false, FAKE_NOW);
}

static void
test_saml(void **state)
{
	static const struct document documents[] = {
		{ "<EntityDescriptor " MD
		  " entityID=\"urn:x\"><IDPSSODescriptor/></EntityDescriptor>",
		    false, "this is no identity provider" },
		{ "<EntitiesDescriptor " MD
		  "><EntityDescriptor entityID=\"u\"><IDPSSODescriptor " SAML2
		  "/></EntityDescriptor></EntitiesDescriptor>",
		    false, "names no SingleSignOnService" },
		{ "<EntityDescriptor " MD " entityID=\"u\"><IDPSSODescriptor " SAML2
		  " WantAuthnRequestsSigned=\"true\"/></EntityDescriptor>",
		    false,
		    "wants requests to be signed (WantAuthnRequestsSigned), which ours are not" },
		{ "<EntityDescriptor " MD " entityID=\"u\"><IDPSSODescriptor " SAML2
		  "><SingleSignOnService Binding=\"" REDIRECT
		  "\" Location=\"https://idp.example/sso\"/></IDPSSODescriptor>"
		  "</EntityDescriptor>",
		    false, "people log in at https://idp.example/sso" },
		{ "<EntityDescriptor " MD " entityID=\"u\"><IDPSSODescriptor " SAML2
		  "><SingleSignOnService Binding=\"" REDIRECT
		  "\" Location=\"https://idp.example/sso\"/></IDPSSODescriptor>"
		  "</EntityDescriptor>",
		    false, "no certificate for signatures" },
		{ "<EntitiesDescriptor " MD
		  "><EntityDescriptor entityID=\"u\"><IDPSSODescriptor/></EntityDescriptor>"
		  "<EntityDescriptor entityID=\"v\"/></EntitiesDescriptor>",
		    false, "not one EntityDescriptor" },
		{ "<EntityDescriptor " MD "><IDPSSODescriptor/></EntityDescriptor>", false,
		    "with its entityID" },
		{ "<EntityDescriptor " MD " entityID=\"u\"><SPSSODescriptor/></EntityDescriptor>",
		    false, "not one IDPSSODescriptor" },
		{ "<EntityDescriptor entityID=\"u\"><IDPSSODescriptor/></EntityDescriptor>", false,
		    "not one EntityDescriptor" },
		{ "<EntityDescriptor " MD
		  " entityID=\"u\"><x><IDPSSODescriptor/></x></EntityDescriptor>",
		    false, "not one IDPSSODescriptor" },
		{ "<!DOCTYPE x [<!ENTITY a \"aa\"><!ENTITY b \"&a;&a;\">]><x>&b;</x>", false,
		    "document type" },
		{ "<!DOCTYPE x SYSTEM \"file:///etc/passwd\"><x/>", false, "document type" },
		{ "<EntityDescriptor " MD " entityID=\"u\">", false, "not well-formed" },
		{ "", false, "not well-formed" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
		struct cs_arena *arena = cs_arena_new();
		struct trial_lines lines = lines_new(arena);

		judge_saml(&lines, documents[i].text);
		assert_int_equal(lines.good, documents[i].good);
		if (!says(&lines, documents[i].says))
			fail_msg("%zu: nothing says %s", i, documents[i].says);
		cs_arena_free(arena);
	}
}

static void
test_saml_that_is_good(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct trial_lines lines = lines_new(arena);
	const char *in_clear = fake_idp_metadata(arena, "urn:x", "http://127.0.0.1:1/sso");
	const char *said = fake_idp_metadata(arena, FAKE_IDP, FAKE_IDP "/sso");
	const char *wants = strstr(said, "Signed=\"false\"");

	(void)state;
	assert_non_null(wants);
	judge_saml(&lines, said);
	assert_true(lines.good);
	assert_true(says(&lines, "entityID: " FAKE_IDP));
	assert_true(says(&lines, "people log in at " FAKE_IDP "/sso"));
	assert_true(says(&lines, "certificates for signatures: 3"));
	assert_false(says(&lines, "requests to be signed"));
	lines = lines_new(arena);
	judge_saml(&lines, cs_arena_printf(arena, "%.*sSigned=\"true\"%s", (int)(wants - said),
			       said, wants + strlen("Signed=\"false\"")));
	assert_true(lines.good);
	assert_true(says(&lines, "it may refuse them"));
	judge_saml(&lines, in_clear);
	assert_false(lines.good);
	lines = lines_new(arena);
	trial_saml_judge(&lines, cs_span_str(in_clear), true, FAKE_NOW);
	assert_true(lines.good);
	cs_arena_free(arena);
}

static void
test_saml_depth(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct trial_lines lines = lines_new(arena);
	struct cs_buf deep = cs_buf_new(arena);

	(void)state;
	for (size_t i = 0; i < 1000; i++)
		cs_buf_add_str(&deep, "<x>");
	for (size_t i = 0; i < 1000; i++)
		cs_buf_add_str(&deep, "</x>");
	judge_saml(&lines, (const char *)cs_buf_span(&deep).data);
	assert_false(lines.good);
	assert_true(says(&lines, "not well-formed"));
	cs_arena_free(arena);
}

static void
test_question_comes_back(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	const struct trial_question question = { CONNECTOR_OIDC, true, ISSUER };
	struct trial_question again;

	(void)state;
	assert_true(trial_wire_read_question(arena, trial_wire_question(arena, &question), &again));
	assert_int_equal(again.type, CONNECTOR_OIDC);
	assert_true(again.platform);
	assert_string_equal(again.endpoint, ISSUER);
	assert_false(
	    trial_wire_read_question(arena, cs_span_str("smtp\ntenant\nsmtp://x"), &again));
	cs_arena_free(arena);
}

static void
test_answer_is_read_strictly(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct trial_lines lines = lines_new(arena);
	struct trial_found found;

	(void)state;
	trial_say(&lines, "seen %d", 1);
	trial_blame(&lines, "and %s", "blamed");
	assert_true(trial_wire_read_answer(arena, trial_wire_answer(&lines), &found));
	assert_string_equal(found.result, "bad");
	assert_int_equal(found.n_seen, 2);
	assert_string_equal(found.seen[1], "and blamed");
	assert_false(trial_wire_read_answer(arena, cs_span_str(""), &found));
	assert_false(trial_wire_read_answer(arena, cs_span_str("untested\nx"), &found));
	assert_false(trial_wire_read_answer(arena, cs_span_str("good\n\x1b[2J"), &found));
	assert_false(trial_wire_read_answer(
	    arena, cs_span_str("good\n1\n2\n3\n4\n5\n6\n7\n8\n9\n0\n1\n2\n3\n4\n5\n6\n7"), &found));
	assert_false(trial_wire_read_answer(arena, cs_span_of("good\nx\0y", 8), &found));
	cs_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_oidc),
		cmocka_unit_test(test_saml),
		cmocka_unit_test(test_saml_that_is_good),
		cmocka_unit_test(test_saml_depth),
		cmocka_unit_test(test_question_comes_back),
		cmocka_unit_test(test_answer_is_read_strictly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
