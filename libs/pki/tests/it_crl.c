/* SPDX-License-Identifier: Apache-2.0 */
/* it_crl.c: the programs that people use read our revocation lists: openssl, and NSS's crlutil. */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "check.h"
#include "fake_hierarchy.h"
#include "pki/crl.h"

#define DAY_S INT64_C(86400)

/* Runs a program; what it says goes into the arena.  Its exit status, or -1. */
static int
run(struct hierarchy *h, const char **ret_said, const char *const *words)
{
	struct cs_buf said = cs_buf_new(h->arena);
	int pipes[2], status;
	char chunk[4096];
	ssize_t n;

	assert_int_equal(pipe(pipes), 0);
	const pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)dup2(pipes[1], STDOUT_FILENO);
		(void)dup2(pipes[1], STDERR_FILENO);
		(void)close(pipes[0]);
		(void)execvp(words[0], (char *const *)words);
		_exit(127);
	}
	(void)close(pipes[1]);
	while ((n = read(pipes[0], chunk, sizeof(chunk))) > 0 || (n < 0 && errno == EINTR)) {
		if (n > 0)
			cs_buf_add(&said, chunk, (size_t)n);
	}
	(void)close(pipes[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	*ret_said = (const char *)cs_buf_span(&said).data;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static const char *
expect_run(struct hierarchy *h, const char *const *words)
{
	const char *said;
	const int status = run(h, &said, words);

	if (status != 0)
		fail_msg("%s %s: status %d: %s", words[0], words[1], status, said);
	return said;
}

static char dir[] = "/tmp/it-crl-XXXXXX"; /* of this test alone; removed with all that is in it */

static const char *
path_of(struct hierarchy *h, const char *name)
{
	return cs_arena_printf(h->arena, "%s/%s", dir, name);
}

static const char *
write_file(struct hierarchy *h, const char *name, struct cs_span octets)
{
	const char *path = path_of(h, name);
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(octets.data, 1, octets.len, file), octets.len);
	assert_int_equal(fclose(file), 0);
	return path;
}

/* Two entries: a compromised key, and one without a reason. */
static struct cs_span
make_list(struct hierarchy *h, const char *const *urls)
{
	static const uint8_t first[17] = { 0x41, 1 }, second[17] = { 0x41, 2 };
	const struct pki_crl_entry entries[] = {
		{ cs_span_of(first, 17), NOW_S - 60, PKI_CRL_KEY_COMPROMISE },
		{ cs_span_of(second, 17), NOW_S - 30, PKI_CRL_NO_REASON },
	};
	const struct pki_crl_template t = {
		.issuer = pki_issuer_name(h->issuing),
		.authority_key_id = pki_issuer_key_id(h->issuing),
		.sigalg = pki_issuer_sigalg(h->issuing),
		.this_update_s = NOW_S,
		.next_update_s = NOW_S + 7 * DAY_S,
		.number = 4711,
		.urls = urls,
		.entries = entries,
		.n = 2,
	};
	const struct pki_crl_rules rules = { t.issuer, t.authority_key_id, t.sigalg, urls,
		.now_s = NOW_S };
	struct cs_err err = { 0 };
	struct cs_span tbs, der = { 0 };

	if (pki_crl_tbs(h->arena, &t, &tbs, &err) ||
	    pki_crl_sign(h->issuing, h->arena, tbs, &rules, &der, &err))
		fail_msg("%s", err.text);
	return der;
}

static void
expect_text(const char *said, const char *want)
{
	if (strstr(said, want) == NULL)
		fail_msg("no \"%s\" in: %s", want, said);
}

static void
openssl_verifies_and_shows_the_list(void **state)
{
	static const char *const urls[] = { "http://crl.countersign.example/1/3.crl", NULL };
	struct hierarchy *h = *state;
	const char *list = write_file(h, "list.crl", make_list(h, urls));
	const char *ca = write_file(h, "ca.pem", cs_span_str(h->issuing_made.cert_pem));
	const char *root = write_file(h, "other.pem", cs_span_str(h->root_made.cert_pem));
	const char *const good[] = { "openssl", "crl", "-inform", "DER", "-in", list, "-CAfile", ca,
		"-noout", "-text", NULL };
	const char *const bad[] = { "openssl", "crl", "-inform", "DER", "-in", list, "-CAfile",
		root, "-noout", "-verify", NULL };
	const char *said = expect_run(h, good);

	expect_text(said, "verify OK");
	expect_text(said, "Version 2 (0x1)");
	expect_text(said, "4711");
	expect_text(said, "X509v3 Issuing Distribution Point: critical");
	expect_text(said, urls[0]);
	expect_text(said, "Key Compromise");
	expect_text(said, "4101000000000000000000000000000000");
	(void)run(h, &said, bad);
	assert_null(strstr(said, "verify OK"));
}

static void
nss_imports_the_full_list(void **state)
{
	struct hierarchy *h = *state;
	const char *list = write_file(h, "full.crl", make_list(h, NULL));
	const char *ca = write_file(h, "nss-ca.pem", cs_span_str(h->issuing_made.cert_pem));
	const char *db = cs_arena_printf(h->arena, "sql:%s", dir);
	const char *const make[] = { "certutil", "-N", "-d", db, "--empty-password", NULL };
	const char *const trust[] = { "certutil", "-A", "-d", db, "-n", "issuing", "-t", "CT,C,C",
		"-a", "-i", ca, NULL };
	const char *const import[] = { "crlutil", "-I", "-d", db, "-i", list, NULL };
	const char *const show[] = { "crlutil", "-L", "-d", db, "-n", "issuing", NULL };

	(void)expect_run(h, make);
	(void)expect_run(h, trust);
	(void)expect_run(h, import);
	const char *said = expect_run(h, show);
	expect_text(said, "41:01:00:00");
	expect_text(said, "41:02:00:00");
}

static int
open_dir(void **state)
{
	assert_non_null(mkdtemp(dir));
	return hierarchy_open(state);
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static int
close_dir(void **state)
{
	assert_int_equal(nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
	return hierarchy_close(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(openssl_verifies_and_shows_the_list),
		cmocka_unit_test(nss_imports_the_full_list),
	};

	return cmocka_run_group_tests(tests, open_dir, close_dir);
}
