/* SPDX-License-Identifier: Apache-2.0 */
/* What each method expects, and what people publish for it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */
#include <string.h>

#include "../publish.h"

#define VALUE "abcdefghijklmnopqrstuvwxyz234567"
#define LEN(array) (sizeof(array) / sizeof((array)[0]))

static int
setup(void **state)
{
	*state = cs_arena_new();
	return 0;
}

static int
teardown(void **state)
{
	cs_arena_free(*state);
	return 0;
}

static struct claim_asked
order(const char **methods, size_t n)
{
	static const char *issuers[] = { "ca.example", "ca2.example" };

	return (struct claim_asked){ .check = { .id = "domain-1",
					 .kind = CLAIM_DOMAIN,
					 .target = "alpha.example",
					 .method = "",
					 .enterprise = "demo",
					 .account = "",
					 .issuer_domains = { issuers, 2 },
					 .allowed_methods = { methods, n } } };
}

static const char *all[] = { "mx-http-file", "mx-dns-txt", "acme-tls-alpn", "acme-http",
	"http-file", "dns-persist", "dns-cname", "dns-txt" };

/* `name` and `value` begin so; "" : another test says. */
static const struct {
	const char *method, *type, *name, *value;
} rows[] = {
	{ "dns-txt", "TXT", "_countersign-challenge.alpha.example", VALUE },
	{ "dns-cname", "CNAME", "_countersign-challenge.alpha.example", VALUE ".alpha.example" },
	{ "dns-persist", "TXT", "_validation-persist.alpha.example",
	    "ca.example; accounturi=acct:demo@ca.example" },
	{ "http-file", "file", "http://alpha.example/.well-known/pki-validation/", VALUE },
	{ "acme-http", "file", "http://alpha.example/.well-known/acme-challenge/", "" },
	{ "acme-tls-alpn", "certificate", "alpha.example:443", "" },
	{ "mx-dns-txt", "TXT", "_countersign-challenge.MAIL-SERVER", VALUE },
	{ "mx-http-file", "file", "http://MAIL-SERVER/.well-known/pki-validation/", VALUE },
};

static void
each_method_has_its_text_to_copy(void **state)
{
	const struct claim_asked asked = order(all, LEN(all));
	struct publication got[PUBLICATIONS_MAX];
	size_t n = publish_list(*state, &asked, VALUE, got);

	assert_int_equal(n, LEN(rows));
	for (size_t i = 0; i < n; i++) {
		const size_t len = strlen(rows[i].name);

		assert_string_equal(got[i].method, rows[i].method);
		assert_string_equal(got[i].type, rows[i].type);
		if (strncmp(got[i].name, rows[i].name, len) != 0 ||
		    (got[i].name[len] != '\0' && rows[i].name[len - 1] != '/'))
			fail_msg("%s: got %s, want %s", got[i].method, got[i].name, rows[i].name);
		if (rows[i].value[0] != '\0' && strcmp(got[i].value, rows[i].value) != 0)
			fail_msg("%s: got %s, want %s", got[i].method, got[i].value, rows[i].value);
		assert_true(strlen(got[i].note) > 20);
		/* Which of equal hosts is looked at follows from the value: nobody can tell before. */
		if (strncmp(got[i].method, "mx-", 3) == 0)
			assert_non_null(strstr(got[i].note, "equal, publish it at each"));
	}
}

static void
only_what_is_allowed_is_offered(void **state)
{
	const char *methods[] = { "mx-dns-txt", "phone", "email-token", "caa-issuemail" };
	const struct claim_asked asked = order(methods, LEN(methods));
	struct publication got[PUBLICATIONS_MAX];

	assert_int_equal(publish_list(*state, &asked, VALUE, got), 1);
	assert_string_equal(got[0].method, "mx-dns-txt");
}

/* Without a name of ours there is no account to name. */
static void
a_persistent_record_needs_our_name(void **state)
{
	const char *methods[] = { "dns-persist" };
	struct claim_asked asked = order(methods, 1);
	struct publication got[PUBLICATIONS_MAX];

	assert_int_equal(publish_list(*state, &asked, VALUE, got), 1);
	asked.check.issuer_domains.n = 0;
	assert_int_equal(publish_list(*state, &asked, VALUE, got), 0);
}

/* TBR 3.2.2.4.18, .19: the request holds neither the value nor what the file must hold. */
static void
no_url_gives_its_content_away(void **state)
{
	const struct claim_asked asked = order(all, LEN(all));
	struct publication got[PUBLICATIONS_MAX];
	size_t n = publish_list(*state, &asked, VALUE, got);

	for (size_t i = 0; i < n; i++) {
		if (strcmp(got[i].type, "file") != 0)
			continue;
		const char *thumbprint = strrchr(got[i].value, '.');

		assert_null(strstr(got[i].name, VALUE));
		assert_null(strstr(got[i].name, got[i].value));
		if (thumbprint != NULL)
			assert_null(strstr(got[i].name, thumbprint + 1));
	}
}

/* RFC 8555 8.1: TOKEN.THUMBPRINT, base64url; the same for both ACME methods, other for other values. */
static void
a_key_authorization_is_a_token_and_a_thumbprint(void **state)
{
	static const char alphabet[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const struct claim_asked asked = order(all, LEN(all));
	const struct smime_method *http = smime_method_find("acme-http");
	const char *one = (const char *)publish_expected(*state, http, &asked.check, VALUE).data;
	const size_t token = strspn(one, alphabet);

	assert_int_equal(token, 27); /* 160 bits */
	assert_int_equal(one[token], '.');
	assert_int_equal(strspn(one + token + 1, alphabet), 43); /* 256 bits */
	assert_int_equal(strlen(one), 27 + 1 + 43);
	assert_true(cs_span_is(
	    publish_expected(*state, smime_method_find("acme-tls-alpn"), &asked.check, VALUE),
	    one));
	assert_false(
	    cs_span_is(publish_expected(*state, http, &asked.check, "another-value"), one));
}

static void
a_look_knows_which_methods_need_the_value(void **state)
{
	size_t n;
	const struct smime_method *methods = smime_methods(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		if (methods[i].target != SMIME_TARGET_DOMAIN)
			continue;
		assert_int_equal(
		    publish_uses_value(&methods[i]), strcmp(methods[i].name, "dns-persist") != 0);
		assert_int_equal(
		    publish_is_record(&methods[i]), strstr(methods[i].name, "dns") != NULL);
	}
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_method_has_its_text_to_copy),
		TEST(only_what_is_allowed_is_offered),
		TEST(a_persistent_record_needs_our_name),
		TEST(no_url_gives_its_content_away),
		TEST(a_key_authorization_is_a_token_and_a_thumbprint),
		TEST(a_look_knows_which_methods_need_the_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
