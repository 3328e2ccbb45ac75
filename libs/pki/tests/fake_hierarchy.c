/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_hierarchy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "fake_applicant.h"
#include "pki/issuer_raw.h"

struct pki_ca_spec
root_spec(void)
{
	return (struct pki_ca_spec){ .common_name = "Countersign Test Root",
		.organization = "Countersign Test",
		.country = "DE",
		.kind = PKI_KEY_EC,
		.bits = 384,
		.not_before_s = NOW_S - 86400,
		.not_after_s = NOW_S + 20 * YEAR_S };
}

struct pki_ca_spec
issuing_spec(void)
{
	return (struct pki_ca_spec){ .common_name = "Countersign Test Issuing CA",
		.organization = "Countersign Test",
		.country = "DE",
		.kind = PKI_KEY_EC,
		.bits = 256,
		.not_before_s = NOW_S - 86400,
		.not_after_s = NOW_S + 8 * YEAR_S,
		.crl_url = "http://ca.example/root.crl",
		.issuer_url = "http://ca.example/root.cer",
		.client_auth = true };
}

const char *
hierarchy_file(struct hierarchy *h, const char *name, const char *text, unsigned mode)
{
	const char *path = cs_arena_printf(h->arena, "%s/%s", h->dir, name);

	unlink(path);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(path, mode), 0);
	return path;
}

static void
must(enum cs_code code, const struct cs_err *err)
{
	if (code != CS_OK)
		fail_msg("%s", err->text);
}

int
hierarchy_open(void **state)
{
	struct hierarchy *h = calloc(1, sizeof(*h));
	const struct pki_ca_spec root = root_spec(), issuing = issuing_spec();
	struct cs_err err;

	h->arena = cs_arena_new();
	strcpy(h->dir, "/tmp/test_pki.XXXXXX");
	assert_non_null(mkdtemp(h->dir));
	must(pki_ca_make_root(&root, NULL, &h->root_made, &err), &err);
	const struct pki_issuer_files root_files = {
		.key = hierarchy_file(h, "root.key", h->root_made.key_pem, 0600),
		.chain = hierarchy_file(h, "root.pem", h->root_made.cert_pem, 0644),
	};
	must(pki_issuer_load(&root_files, &h->root, &err), &err);
	must(pki_ca_make_issuing(&issuing, h->root, "secret words", &h->issuing_made, &err), &err);
	const struct pki_issuer_files issuing_files = {
		.key = hierarchy_file(h, "issuing.key", h->issuing_made.key_pem, 0600),
		.password = hierarchy_file(h, "issuing.pass", "secret words\n", 0600),
		.chain = hierarchy_file(h, "issuing.pem",
		    cs_arena_printf(
			h->arena, "%s%s", h->issuing_made.cert_pem, h->root_made.cert_pem),
		    0644),
	};
	must(pki_issuer_load(&issuing_files, &h->issuing, &err), &err);
	*state = h;
	return 0;
}

int
hierarchy_close(void **state)
{
	struct hierarchy *h = *state;
	static const char *const files[] = { "root.key", "root.pem", "issuing.key", "issuing.pass",
		"issuing.pem", "other" };

	for (size_t i = 0; i < COUNT(files); i++)
		unlink(cs_arena_printf(h->arena, "%s/%s", h->dir, files[i]));
	assert_int_equal(rmdir(h->dir), 0);
	pki_issuer_free(h->issuing);
	pki_issuer_free(h->root);
	pki_ca_made_fini(&h->issuing_made);
	pki_ca_made_fini(&h->root_made);
	cs_arena_free(h->arena);
	free(h);
	return 0;
}

struct pki_cert_template
subscriber_template(struct hierarchy *h, struct cs_span spki)
{
	static const struct pki_mailbox mailboxes[] = { { "alice@example.com", false } };
	static const struct pki_attribute subject[] = { { "2.5.4.3", "alice@example.com" } };
	static const char *const eku[] = { PKI_EKU_EMAIL_PROTECTION, PKI_EKU_CLIENT_AUTH, NULL };
	static const char *const policies[] = { "2.23.140.1.5.1.2", NULL };
	static const char *const crl[] = { "http://ca.example/issuing.crl", NULL };
	static const char *const ocsp[] = { "http://ocsp.ca.example/", NULL };
	static const char *const issuers[] = { "http://ca.example/issuing.cer", NULL };
	uint8_t id[20];

	pki_key_id(spki, id);
	return (struct pki_cert_template){
		.serial = unhex(h->arena, "4102030405060708090a0b0c0d0e0f10"),
		.issuer = pki_issuer_name(h->issuing),
		.not_before_s = NOW_S,
		.not_after_s = NOW_S + YEAR_S - 1,
		.subject = subject,
		.n_subject = COUNT(subject),
		.spki = spki,
		.mailboxes = mailboxes,
		.n_mailboxes = COUNT(mailboxes),
		.key_usage = PKI_KU_DIGITAL_SIGNATURE | PKI_KU_KEY_AGREEMENT,
		.eku = eku,
		.policies = policies,
		.crl_urls = crl,
		.ocsp_urls = ocsp,
		.issuer_urls = issuers,
		.authority_key_id = pki_issuer_key_id(h->issuing),
		.subject_key_id = cs_arena_copy(h->arena, id, sizeof(id)),
		.sigalg = pki_issuer_sigalg(h->issuing),
		.path_len = -1,
	};
}

struct cs_span
subscriber_issue(struct hierarchy *h, const struct pki_cert_template *template)
{
	struct cs_span tbs, signature;
	struct cs_err err;

	must(pki_cert_tbs(h->arena, template, &tbs, &err), &err);
	must(pki_issuer_sign_raw(h->issuing, h->arena, tbs, &signature, &err), &err);
	return pki_cert_assemble(h->arena, tbs, template->sigalg, signature);
}
