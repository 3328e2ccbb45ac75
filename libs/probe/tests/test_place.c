/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */
#include <string.h>

#include "internal.h"
#include "probe/probe.h"
#include "smime/method.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))
#define VALUE "abcdefghijklmnopqrstuvwxyz234567"
#define TOKEN "abcdefghijklmnopqrstuv"
#define KEY_AUTHORIZATION TOKEN ".NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"

static const char *issuers[] = { "ca.example", "other.example" };

static struct claim_check
check_of(const char *method, const char *value)
{
	return (struct claim_check){ .kind = CLAIM_DOMAIN,
		.target = "a.example",
		.method = method,
		.enterprise = "demo",
		.expected = cs_span_str(value),
		.issuer_domains = { issuers, LEN(issuers) } };
}

static const struct {
	const char *method, *value, *mail_server;
	struct probe_place want;
} rows[] = {
	{ "dns-txt", VALUE, NULL, { "TXT", "_countersign-challenge.a.example", VALUE } },
	{ "dns-cname", VALUE, NULL,
	    { "CNAME", "_countersign-challenge.a.example", VALUE ".a.example" } },
	{ "dns-persist", "", NULL,
	    { "TXT", "_validation-persist.a.example",
		"ca.example; accounturi=acct:demo@ca.example" } },
	{ "http-file", VALUE, NULL,
	    { "file", "http://a.example/.well-known/pki-validation/", VALUE } },
	{ "acme-http", KEY_AUTHORIZATION, NULL,
	    { "file", "http://a.example/.well-known/acme-challenge/" TOKEN, KEY_AUTHORIZATION } },
	/* printf '%s' KEY_AUTHORIZATION | sha256sum */
	{ "acme-tls-alpn", KEY_AUTHORIZATION, NULL,
	    { "certificate", "a.example:443",
		"a17e1a087488cb3aa998947f00f925865ea0e3bc95cf991a93ffbe9be82842fc" } },
	{ "mx-dns-txt", VALUE, "mx.b.example",
	    { "TXT", "_countersign-challenge.mx.b.example", VALUE } },
	{ "mx-http-file", VALUE, "mx.b.example",
	    { "file", "http://mx.b.example/.well-known/pki-validation/", VALUE } },
};

static void
every_method_says_what_to_publish_where(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	size_t n, of_domains = 0;
	const struct smime_method *methods = smime_methods(&n);

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		const struct claim_check check = check_of(rows[i].method, rows[i].value);
		struct probe_place got;

		if (!probe_place(arena, &check, rows[i].mail_server, &got))
			fail_msg("%s: nothing", rows[i].method);
		assert_string_equal(got.record, rows[i].want.record);
		/* The names of files end in a digest. */
		if (strncmp(got.where, rows[i].want.where, strlen(rows[i].want.where)) != 0)
			fail_msg(
			    "%s: got %s, want %s", rows[i].method, got.where, rows[i].want.where);
		assert_string_equal(got.value, rows[i].want.value);
		if (strcmp(got.record, "file") == 0 && strstr(got.where, rows[i].value) != NULL)
			fail_msg("%s: the URL holds the value", rows[i].method);
	}
	for (size_t i = 0; i < n; i++)
		of_domains += methods[i].target == SMIME_TARGET_DOMAIN;
	assert_int_equal(of_domains, LEN(rows)); /* none is forgotten */
	cs_arena_free(arena);
}

static void
nothing_is_published_without_what_it_needs(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct claim_check check = check_of("dns-txt", "");
	struct probe_place got;

	(void)state;
	assert_false(probe_place(arena, &check, NULL, &got));
	check = check_of("mx-dns-txt", VALUE);
	assert_false(probe_place(arena, &check, NULL, &got));
	check = check_of("acme-http", VALUE);
	assert_false(probe_place(arena, &check, NULL, &got));
	check = check_of("acme-tls-alpn", VALUE);
	assert_false(probe_place(arena, &check, NULL, &got));
	check = check_of("email-token", VALUE);
	assert_false(probe_place(arena, &check, NULL, &got));
	check = check_of("dns-persist", "");
	check.issuer_domains.n = 0;
	assert_false(probe_place(arena, &check, NULL, &got));
	check = check_of("dns-persist", "");
	check.enterprise = "";
	assert_false(probe_place(arena, &check, NULL, &got));
	cs_arena_free(arena);
}

#define THUMBPRINT ".NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"

static void
a_key_authorization_is_a_token_and_a_thumbprint(void **state)
{
	static const struct {
		const char *value;
		const char *want; /* NULL: unfit */
	} cases[] = {
		{ TOKEN THUMBPRINT, TOKEN },
		{ "abcdefghijklmnopqrstu" THUMBPRINT, NULL }, /* 126 bits */
		{ TOKEN "_-" THUMBPRINT, TOKEN "_-" },
		{ TOKEN "=" THUMBPRINT, NULL },
		{ TOKEN "/" THUMBPRINT, NULL },
		{ TOKEN "%2e" THUMBPRINT, NULL },
		{ TOKEN THUMBPRINT "x", NULL },
		{ TOKEN THUMBPRINT ".", NULL },
		{ TOKEN ".NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9X", NULL },
		{ TOKEN ".NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9X\n", NULL },
		{ TOKEN, NULL },
		{ "." TOKEN, NULL },
		{ "", NULL },
	};
	struct cs_arena *arena = cs_arena_new();

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		const char *got = probe_acme_token(arena, cs_span_str(cases[i].value));

		if ((got == NULL) != (cases[i].want == NULL) ||
		    (got != NULL && strcmp(got, cases[i].want) != 0))
			fail_msg("%s: got %s", cases[i].value, got == NULL ? "unfit" : got);
	}
	cs_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_method_says_what_to_publish_where),
		cmocka_unit_test(nothing_is_published_without_what_it_needs),
		cmocka_unit_test(a_key_authorization_is_a_token_and_a_thumbprint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
