/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/time.h"
#include "issuers.h"
#include "issuers_file.h"
#include "pki/ca.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NOW INT64_C(1795437296789) /* 2026-11-23 */
#define DAY_S INT64_C(86400)
#define YEAR_S (365 * DAY_S)

/* Two CAs below one root, one of another, and one whose RSA key grows too small. */
struct world {
	struct cs_arena *arena;
	char dir[64];
	struct issuers *issuers;
	struct cs_err err;
};

/* ---- files ---- */

static const char *
path_of(struct world *w, const char *name)
{
	return cs_arena_printf(w->arena, "%s/%s", w->dir, name);
}

static const char *
write_file(struct world *w, const char *name, const char *text)
{
	const char *path = path_of(w, name);
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0600), 0);
	return path;
}

static struct pki_ca_spec
spec_of(const char *name, int64_t years)
{
	return (struct pki_ca_spec){ .common_name = name,
		.organization = "Countersign",
		.country = "DE",
		.kind = PKI_KEY_EC,
		.bits = 256,
		.not_before_s = NOW / 1000 - DAY_S,
		.not_after_s = NOW / 1000 + years * YEAR_S,
		.crl_url = "http://ca.example/root.crl",
		.for_bench = true };
}

static struct pki_issuer *
make_root(struct world *w, const char *name)
{
	const struct pki_ca_spec spec = spec_of(name, 20);
	struct pki_ca_made made = { 0 };
	struct pki_issuer *issuer;

	assert_int_equal(pki_ca_make_root(&spec, NULL, &made, &w->err), CS_OK);
	const struct pki_issuer_files files = {
		.key = write_file(w, cs_arena_printf(w->arena, "%s.key", name), made.key_pem),
		.chain = write_file(w, cs_arena_printf(w->arena, "%s.pem", name), made.cert_pem),
	};
	assert_int_equal(pki_issuer_load(&files, &issuer, &w->err), CS_OK);
	pki_ca_made_fini(&made);
	return issuer;
}

/* NAME.key and NAME.pem, with the root's certificate behind. */
static void
make_issuing(struct world *w, struct pki_issuer *root, const struct pki_ca_spec *spec)
{
	struct pki_ca_made made = { 0 };
	const char *name = spec->common_name;
	char *pem = pki_cert_pem(w->arena, pki_issuer_certificate(root)->der);

	if (pki_ca_make_issuing(spec, root, NULL, &made, &w->err))
		fail_msg("%s", w->err.text);
	write_file(w, cs_arena_printf(w->arena, "%s.key", name), made.key_pem);
	write_file(w, cs_arena_printf(w->arena, "%s.pem", name),
	    cs_arena_printf(w->arena, "%s%s", made.cert_pem, pem));
	pki_ca_made_fini(&made);
}

static int
make_world(void **state)
{
	static struct world world;
	struct world *w = &world;
	struct pki_ca_spec small = spec_of("small", 10), brief = spec_of("brief", 1);

	*w = (struct world){ .arena = cs_arena_new() };
	strcpy(w->dir, "/tmp/test_issuers.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	struct pki_issuer *root = make_root(w, "root"), *other = make_root(w, "other");
	const struct pki_ca_spec one = spec_of("one", 10), two = spec_of("two", 10),
				 inner = spec_of("inner", 10);
	small.kind = PKI_KEY_RSA;
	small.bits = 2048;
	make_issuing(w, root, &one);
	make_issuing(w, root, &two);
	make_issuing(w, root, &small);
	make_issuing(w, root, &brief);
	make_issuing(w, other, &inner);
	pki_issuer_free(root);
	pki_issuer_free(other);
	*state = w;
	return 0;
}

static int
end_world(void **state)
{
	struct world *w = *state;
	static const char *const names[] = { "root", "other", "one", "two", "small", "brief",
		"inner", "issuers" };

	for (size_t i = 0; i < COUNT(names); i++) {
		(void)unlink(path_of(w, cs_arena_printf(w->arena, "%s.key", names[i])));
		(void)unlink(path_of(w, cs_arena_printf(w->arena, "%s.pem", names[i])));
	}
	assert_int_equal(rmdir(w->dir), 0);
	cs_arena_free(w->arena);
	return 0;
}

/* A section; `more`: its own lines. */
static const char *
section(struct world *w, const char *label, const char *ca, const char *more)
{
	return cs_arena_printf(w->arena,
	    "[%s]\nchain = %s\nkey = %s\ncrl = http://crl.example/%s.crl\n%s\n", label,
	    path_of(w, cs_arena_printf(w->arena, "%s.pem", ca)),
	    path_of(w, cs_arena_printf(w->arena, "%s.key", ca)), label, more);
}

static enum cs_code
load(struct world *w, const char *text)
{
	const struct issuers_settings settings = { .file = write_file(w, "issuers.pem", text),
		.key_file = "",
		.password_file = "",
		.chain_file = "" };

	w->issuers = NULL;
	w->err.text[0] = '\0';
	return issuers_load(&settings, &w->issuers, &w->err);
}

static void
loads(struct world *w, const char *text)
{
	if (load(w, text) != CS_OK)
		fail_msg("%s", w->err.text);
}

static const char *
chosen(struct world *w, const char *profile, int64_t now_ms, int64_t not_after_s)
{
	const struct issuers_row *row =
	    issuers_choose(w->issuers, smime_profile_find(profile), now_ms, not_after_s);

	return row != NULL ? row->ca.label : "none";
}

static int64_t
time_of(const char *text)
{
	int64_t ms = 0;

	assert_int_equal(cs_time_parse(text, &ms, NULL), CS_OK);
	return ms;
}

/* ---- who certifies ---- */

static void
the_profile_chooses_the_ca(void **state)
{
	struct world *w = *state;

	loads(w, cs_arena_printf(w->arena, "# who certifies what\n%s%s%s",
		     section(w, "multi", "one", "profiles = mailbox-multipurpose, sponsor-strict"),
		     section(w, "strict", "two", "profiles=mailbox-strict\ncrl-partitions = 4"),
		     section(w, "inner", "inner", "profiles = all\ntrust = private")));
	assert_string_equal(chosen(w, "mailbox-multipurpose", NOW, 0), "multi");
	assert_string_equal(chosen(w, "sponsor-strict", NOW, 0), "multi");
	assert_string_equal(chosen(w, "mailbox-strict", NOW, 0), "strict");
	assert_string_equal(chosen(w, "individual-strict", NOW, 0), "none");
	assert_int_equal(issuers_find(w->issuers, "strict")->crl_partitions, 4);
	assert_null(issuers_find(w->issuers, "nobody"));
	/* "all" is all of this trust */
	size_t n, of_inner = 0;
	const struct smime_profile *profiles = smime_profiles(&n);
	for (size_t i = 0; i < n; i++) {
		const bool private = profiles[i].trust == SMIME_TRUST_PRIVATE;

		of_inner += strcmp(chosen(w, profiles[i].name, NOW, 0), "inner") == 0;
		assert_true(private == (strcmp(chosen(w, profiles[i].name, NOW, 0), "inner") == 0));
	}
	assert_true(of_inner > 0);
	issuers_free(w->issuers);
}

/* The old one ends when the new one has begun; it stays in the list, for its CRLs. */
static void
one_ca_follows_another_without_a_gap(void **state)
{
	struct world *w = *state;
	const int64_t from = time_of("2027-03-01T00:00:00Z"),
		      until = time_of("2027-03-08T00:00:00Z");

	loads(w, cs_arena_printf(w->arena, "%s%s",
		     section(w, "new", "two", "profiles = all\nfrom = 2027-03-01T00:00:00Z"),
		     section(w, "old", "one", "profiles = all\nuntil = 2027-03-08T00:00:00Z")));
	assert_string_equal(chosen(w, "mailbox-strict", from - 1, 0), "old");
	assert_string_equal(chosen(w, "mailbox-strict", from, 0), "new");
	assert_string_equal(chosen(w, "mailbox-strict", until, 0), "new");
	assert_non_null(issuers_find(w->issuers, "old"));
	issuers_free(w->issuers);
	loads(w, section(w, "old", "one", "profiles = all\nuntil = 2027-03-08T00:00:00Z"));
	assert_string_equal(chosen(w, "mailbox-strict", until - 1, 0), "old");
	assert_string_equal(chosen(w, "mailbox-strict", until, 0), "none");
	issuers_free(w->issuers);
}

static void
a_certificate_goes_to_a_ca_that_outlives_it(void **state)
{
	struct world *w = *state;
	const int64_t ends_s = NOW / 1000 + YEAR_S;

	loads(w, cs_arena_printf(w->arena, "%s%s", section(w, "brief", "brief", "profiles = all"),
		     section(w, "long", "one", "profiles = all")));
	assert_string_equal(chosen(w, "mailbox-strict", NOW, ends_s), "brief");
	assert_string_equal(chosen(w, "mailbox-strict", NOW, ends_s + 1), "long");
	/* too long for all: the first, whose refusal says so */
	assert_string_equal(chosen(w, "mailbox-strict", NOW, ends_s + 30 * YEAR_S), "brief");
	/* a CA that has ended certifies nobody */
	assert_string_equal(chosen(w, "mailbox-strict", (ends_s + 1) * 1000, 0), "long");
	issuers_free(w->issuers);
}

/* SBR 6.1.5: not under RSA of less than 3072 bits from 2027-09-15 on. */
static void
a_small_rsa_key_certifies_nobody_from_its_day_on(void **state)
{
	struct world *w = *state;
	const int64_t day = time_of("2027-09-15T00:00:00Z");

	loads(w, section(w, "small", "small", "profiles = all"));
	assert_string_equal(chosen(w, "mailbox-strict", day - 1, 0), "small");
	assert_string_equal(chosen(w, "mailbox-strict", day, 0), "none");
	assert_non_null(issuers_find(w->issuers, "small"));
	issuers_free(w->issuers);
}

static void
an_rsa_ca_signs_by_the_scheme_of_its_section(void **state)
{
	struct world *w = *state;

	loads(w, section(w, "small", "small", "profiles = all\nscheme = pss"));
	const struct issuers_row *row = issuers_find(w->issuers, "small");
	assert_int_equal(row->ca.sigalg.len, 0x41 + 2);
	issuers_free(w->issuers);
	assert_int_equal(
	    load(w, section(w, "one", "one", "profiles = all\nscheme = pss")), CS_MALFORMED);
	assert_non_null(strstr(w->err.text, "PSS is for RSA keys"));
}

/* ---- what is refused, and how it is said ---- */

static void
a_fault_is_named_with_its_line_and_field(void **state)
{
	struct world *w = *state;
	const char *token = "[a]\nchain = x\ncrl = http://x/\nprofiles = all\nmodule = m\n";
	const struct {
		const char *text, *says;
	} cases[] = {
		{ "", "holds no [label]" },
		{ "chain = x\n", "line 1: chain: stands before the first [label]" },
		{ "[a]\nchain = x\nchain = y\n", "line 3: chain: is given twice" },
		{ "[a]\n\n# c\nchian = x\n", "line 4: chian: is no field of a CA" },
		{ "[a]\nchain\n", "line 2: line: is neither [label] nor name = value" },
		{ "[a]\nchain =\n", "line 2: chain: is empty or too long" },
		{ "[A]\n", "line 1: section: is [label]" },
		{ "[.a]\n", "line 1: section: is [label]" },
		{ "[a\n", "line 1: section: is [label]" },
		{ "[a]\nchain = \x01\n", "line 2: line: holds something else" },
		{ "[a]\nscheme = PSS\n", "line 2: scheme: is pkcs1 or pss" },
		{ "[a]\ntrust = none\n", "line 2: trust: is public or private" },
		{ "[a]\nfrom = tomorrow\n", "line 2: from: is a time like" },
		{ "[a]\ncrl-partitions = 1025\n", "line 2: crl-partitions: is a number" },
		{ "\n[a]\nchain = x\n", "line 2: profiles: is missing in this section" },
		{ cs_arena_printf(w->arena, "%sobject = o\n", token), "wants token and pin too" },
		{ cs_arena_printf(w->arena, "%stoken = t\npin = p\n", token),
		    "wants object or id too" },
		{ cs_arena_printf(w->arena, "%skey = k\n", token),
		    "in a file (key) or in a token" },
		{ section(w, "a", "one", "profiles = all\nid = 01"),
		    "id: belongs to a key in a token" },
		{ section(w, "a", "one",
		      "profiles=all\nfrom=2027-01-01T00:00:00Z\nuntil=2027-01-01T00:00:00Z"),
		    "line 1: until: is not after from" },
		{ section(w, "a", "one", "profiles = mailbox-legacy"),
		    "[a] line 1: profiles: there is no profile mailbox-legacy" },
		{ section(w, "a", "one", "profiles = mailbox-strict\ntrust = private"),
		    "mailbox-strict is of public trust" },
		{ section(w, "a", "one", "profiles = all\nuntil = 2099-01-01T00:00:00Z"),
		    "[a] line 1: until: is after the end" },
		{ section(w, "a", "one", "profiles = all\nocsp = https://x/"),
		    "[a] line 1: ocsp: https://x/ is not an http: URL" },
		{ section(w, "a", "one", "profiles = all\npassword = /gone"), "/gone" },
		{ section(w, "a", "root", "profiles = all"),
		    "[a] line 1: chain: its certificate has no "
		    "extended key usage" },
		{ cs_arena_printf(w->arena, "%s%s", section(w, "a", "one", "profiles = all"),
		      section(w, "a", "two", "profiles = all")),
		    "line 6: a: is the label of a section before" },
		{ cs_arena_printf(w->arena, "%s%s", section(w, "a", "one", "profiles = all"),
		      section(w, "b", "one", "profiles = all")),
		    "[b] line 6: chain: [a] has a CA of this name" },
		{ cs_arena_printf(w->arena, "%s%s", section(w, "a", "one", "profiles = all"),
		      section(w, "b", "two", "profiles = all\ntrust = private")),
		    "[b] line 6: trust: [a] is of the other trust and has the same root" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		if (load(w, cases[i].text) == CS_OK)
			fail_msg("taken, wanted: %s", cases[i].says);
		if (strstr(w->err.text, cases[i].says) == NULL)
			fail_msg("got \"%s\", want \"%s\"", w->err.text, cases[i].says);
	}
}

static void
the_environment_alone_names_one_ca(void **state)
{
	struct world *w = *state;
	struct issuers_settings settings = { .file = "",
		.key_file = path_of(w, "one.key"),
		.password_file = "",
		.chain_file = path_of(w, "one.pem"),
		.label = "issuing-1",
		.crl_urls = "http://crl.example/1.crl",
		.ocsp_urls = "",
		.issuer_urls = "" };

	assert_int_equal(issuers_load(&settings, &w->issuers, &w->err), CS_OK);
	assert_string_equal(chosen(w, "mailbox-strict", NOW, 0), "issuing-1");
	issuers_free(w->issuers);
	settings.crl_urls = "";
	assert_int_equal(issuers_load(&settings, &w->issuers, &w->err), CS_MALFORMED);
	assert_non_null(strstr(w->err.text, "CS_CRL_URLS"));
	settings.label = "Issuing 1";
	assert_int_equal(issuers_load(&settings, &w->issuers, &w->err), CS_MALFORMED);
	assert_non_null(strstr(w->err.text, "CS_ISSUER_LABEL"));
	settings.file = write_file(w, "issuers.pem", "[a]\n");
	assert_int_equal(issuers_load(&settings, &w->issuers, &w->err), CS_MALFORMED);
	assert_non_null(strstr(w->err.text, "must be empty"));
	settings = (struct issuers_settings){ .file = "", .key_file = "", .chain_file = "" };
	assert_int_equal(issuers_load(&settings, &w->issuers, &w->err), CS_MALFORMED);
	assert_non_null(strstr(w->err.text, "CS_ISSUERS_FILE"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_profile_chooses_the_ca),
		cmocka_unit_test(one_ca_follows_another_without_a_gap),
		cmocka_unit_test(a_certificate_goes_to_a_ca_that_outlives_it),
		cmocka_unit_test(a_small_rsa_key_certifies_nobody_from_its_day_on),
		cmocka_unit_test(an_rsa_ca_signs_by_the_scheme_of_its_section),
		cmocka_unit_test(a_fault_is_named_with_its_line_and_field),
		cmocka_unit_test(the_environment_alone_names_one_ca),
	};

	return cmocka_run_group_tests(tests, make_world, end_world);
}
