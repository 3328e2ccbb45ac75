/* SPDX-License-Identifier: Apache-2.0 */
/* test_roots.c: what is said of a web server's chain, with a list of roots and without. */
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "pki/tls.h"

#define YEAR_S (365L * 86400)

struct world {
	struct cs_arena *arena;
	char dir[64];
};

static int
set_up(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	world->arena = cs_arena_new();
	(void)snprintf(world->dir, sizeof(world->dir), "/tmp/roots-XXXXXX");
	assert_non_null(mkdtemp(world->dir));
	*state = world;
	return 0;
}

static int
tear_down(void **state)
{
	struct world *world = *state;

	(void)unlink(cs_arena_printf(world->arena, "%s/roots.pem", world->dir));
	assert_int_equal(rmdir(world->dir), 0);
	cs_arena_free(world->arena);
	free(world);
	return 0;
}

/* PEM of a server's certificate that signs itself. */
static struct cs_span
server(struct world *world, const char *host)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	const char *names = cs_arena_printf(world->arena, "DNS:%s", host);
	X509_EXTENSION *san = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long len;
	struct cs_span pem;

	assert_int_equal(X509_set_version(cert, X509_VERSION_3), 1);
	assert_int_equal(X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
			     (const unsigned char *)host, -1, -1, 0),
	    1);
	assert_int_equal(X509_set_issuer_name(cert, X509_get_subject_name(cert)), 1);
	assert_non_null(X509_gmtime_adj(X509_getm_notBefore(cert), -86400));
	assert_non_null(X509_gmtime_adj(X509_getm_notAfter(cert), YEAR_S));
	assert_int_equal(X509_set_pubkey(cert, key), 1);
	assert_int_equal(X509_add_ext(cert, san, -1), 1);
	assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
	assert_int_equal(PEM_write_bio_X509(bio, cert), 1);
	len = BIO_get_mem_data(bio, &text);
	pem = cs_span_of(cs_arena_strndup(world->arena, text, (size_t)len), (size_t)len);
	BIO_free(bio);
	X509_EXTENSION_free(san);
	X509_free(cert);
	EVP_PKEY_free(key);
	return pem;
}

static struct pki_roots *
roots_of(struct world *world, struct cs_span first, struct cs_span second)
{
	const char *path = cs_arena_printf(world->arena, "%s/roots.pem", world->dir);
	FILE *file = fopen(path, "w");
	struct pki_roots *roots;

	assert_non_null(file);
	assert_int_equal(fwrite(first.data, 1, first.len, file), first.len);
	assert_int_equal(fwrite(second.data, 1, second.len, file), second.len);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(pki_roots_load(path, &roots, NULL), CS_OK);
	return roots;
}

static void
says(struct world *world, struct cs_span chain, const char *host, struct pki_roots *roots,
    const char *end)
{
	const char *text = pki_chain_text(world->arena, chain, host, roots);
	const char *at = strstr(text, "; ");

	while (at != NULL && strstr(at + 2, "; ") != NULL)
		at = strstr(at + 2, "; ");
	assert_string_equal(at == NULL ? text : at + 2, end);
}

static void
test_the_list_says_whom_browsers_trust(void **state)
{
	struct world *world = *state;
	struct cs_span a = server(world, "a.example"), b = server(world, "b.example");
	struct cs_span c = server(world, "c.example");
	struct pki_roots *roots = roots_of(world, a, b);

	for (int again = 0; again < 2; again++) {
		says(world, a, "a.example", roots, "verified");
		says(world, b, "b.example", roots, "verified");
		says(world, a, "b.example", roots, "not verified: hostname mismatch");
		says(world, c, "c.example", roots, "not verified: self-signed certificate");
	}
	says(world, a, "a.example", NULL, "not verified: no roots");
	pki_roots_free(roots);
}

static void
test_a_list_may_hold_anything(void **state)
{
	struct world *world = *state;
	struct cs_span a = server(world, "a.example");
	struct cs_span half = { a.data, a.len / 2 };
	struct pki_roots *roots = roots_of(world, half, cs_span_str("\nno PEM\n"));

	says(world, a, "a.example", roots, "not verified: no roots");
	says(world, cs_span_str("nothing"), "a.example", roots, "no certificate");
	pki_roots_free(roots);
	/* One that cannot be decoded stands between two that can. */
	const char *broken = "\n-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n";
	struct cs_span b = server(world, "b.example");
	roots = roots_of(world, a,
	    cs_span_str(
		cs_arena_printf(world->arena, "%s%.*s", broken, (int)b.len, (const char *)b.data)));
	says(world, a, "a.example", roots, "verified");
	says(world, b, "b.example", roots, "verified");
	pki_roots_free(roots);
	roots = roots_of(world, a, a);
	says(world, a, "a.example", roots, "verified");
	pki_roots_free(roots);
}

static void
test_no_list(void **state)
{
	struct world *world = *state;
	struct pki_roots *roots;
	struct cs_err err;

	assert_int_equal(
	    pki_roots_load(cs_arena_printf(world->arena, "%s/none", world->dir), &roots, &err),
	    CS_NOT_FOUND);
	pki_roots_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_the_list_says_whom_browsers_trust, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_list_may_hold_anything, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_list, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
