/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_certs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pki/ca.h"
#include "spkis.h"

#define NOW_S (CERTS_NOW / 1000)
#define YEAR_S (INT64_C(365) * 86400)

#define KEY(name, kind)                                  \
	{                                                \
#name, kind,                             \
		{                                        \
			spki_##name, sizeof(spki_##name) \
		}                                        \
	}
const struct certs_key certs_keys[] = {
	KEY(rsa2048, SMIME_KEY_RSA),
	KEY(rsa3072, SMIME_KEY_RSA),
	KEY(rsa4096, SMIME_KEY_RSA),
	KEY(p256, SMIME_KEY_EC),
	KEY(p384, SMIME_KEY_EC),
	KEY(p521, SMIME_KEY_EC),
	KEY(ed25519, SMIME_KEY_ED25519),
	KEY(ed448, SMIME_KEY_ED448),
};
const size_t certs_n_keys = sizeof(certs_keys) / sizeof(certs_keys[0]);

static void
must(enum cs_code code, const struct cs_err *err)
{
	if (code != CS_OK)
		fail_msg("%s", err->text);
}

static char *
file(struct certs *certs, const char *dir, const char *name, const char *text)
{
	char *path = cs_arena_printf(certs->arena, "%s/%s", dir, name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(path, 0600), 0);
	return path;
}

static struct pki_issuer *
load(struct certs *certs, const char *key_pem, const char *chain_pem)
{
	char dir[] = "/tmp/test_gate.XXXXXX";
	struct pki_issuer *issuer;
	struct cs_err err;

	assert_non_null(mkdtemp(dir));
	const struct pki_issuer_files files = { .key = file(certs, dir, "key", key_pem),
		.chain = file(certs, dir, "chain", chain_pem) };
	must(pki_issuer_load(&files, &issuer, &err), &err);
	unlink(files.key);
	unlink(files.chain);
	rmdir(dir);
	return issuer;
}

static void
read_ca(struct certs *certs)
{
	static const char *const crl[] = { "http://ca.example/issuing.crl", NULL };
	static const char *const ocsp[] = { "http://ocsp.ca.example/", NULL };
	static const char *const issuers[] = { "http://ca.example/issuing.cer", NULL };

	certs->ca = (struct gate_ca){
		.label = "issuing-1",
		.name = pki_issuer_name(certs->issuing),
		.key_id = pki_issuer_key_id(certs->issuing),
		.sigalg = pki_issuer_sigalg(certs->issuing),
		.not_after_s = NOW_S + 8 * YEAR_S,
		.crl_urls = crl,
		.ocsp_urls = ocsp,
		.issuer_urls = issuers,
	};
}

int
certs_open(void **state)
{
	struct certs *certs = calloc(1, sizeof(*certs));
	const struct pki_ca_spec root = { .common_name = "Countersign Test Root",
		.organization = "Countersign Test",
		.country = "DE",
		.kind = PKI_KEY_EC,
		.bits = 384,
		.not_before_s = NOW_S - 86400,
		.not_after_s = NOW_S + 20 * YEAR_S };
	struct pki_ca_spec issuing = root;
	struct pki_ca_made root_made, made;
	struct cs_err err;

	assert_non_null(certs);
	certs->arena = cs_arena_new();
	issuing.common_name = "Countersign Test Issuing CA";
	issuing.bits = 256;
	issuing.not_after_s = NOW_S + 8 * YEAR_S;
	issuing.crl_url = "http://ca.example/root.crl";
	issuing.issuer_url = "http://ca.example/root.cer";
	must(pki_ca_make_root(&root, NULL, &root_made, &err), &err);
	certs->root = load(certs, root_made.key_pem, root_made.cert_pem);
	must(pki_ca_make_issuing(&issuing, certs->root, NULL, &made, &err), &err);
	certs->issuing = load(certs, made.key_pem,
	    cs_arena_printf(certs->arena, "%s%s", made.cert_pem, root_made.cert_pem));
	certs->root_pem = cs_arena_strdup(certs->arena, root_made.cert_pem);
	certs->issuing_pem = cs_arena_strdup(certs->arena, made.cert_pem);
	pki_ca_made_fini(&made);
	pki_ca_made_fini(&root_made);
	read_ca(certs);
	*state = certs;
	return 0;
}

int
certs_close(void **state)
{
	struct certs *certs = *state;

	pki_issuer_free(certs->issuing);
	pki_issuer_free(certs->root);
	cs_arena_free(certs->arena);
	free(certs);
	return 0;
}

/* What evidence of identity says: everything, whatever a profile may name of it. */
static const char *const named[SMIME_ATTRIBUTES] = {
	[SMIME_O] = "M\xc3\xbcller & S\xc3\xb6hne GmbH",
	[SMIME_OU] = "M\xc3\xbcller Dienste GmbH",
	[SMIME_ORG_ID] = "NTRDE-DER3306.HRB12345",
	[SMIME_GIVEN_NAME] = "Ann",
	[SMIME_SURNAME] = "M\xc3\xbcller",
	[SMIME_SERIAL_NUMBER] = "A-1234",
	[SMIME_TITLE] = "Dr.",
	[SMIME_STREET] = "Hauptstra\xc3\x9f\x65 1",
	[SMIME_LOCALITY] = "Berlin",
	[SMIME_STATE] = "Berlin",
	[SMIME_POSTAL_CODE] = "10115",
	[SMIME_COUNTRY] = "DE",
};

static const enum smime_attribute organizations[] = { SMIME_O, SMIME_ORG_ID },
				  persons[] = { SMIME_GIVEN_NAME, SMIME_SURNAME };

static bool
has_organization(const struct smime_profile *profile)
{
	return profile->type == SMIME_ORGANIZATION || profile->type == SMIME_SPONSOR ||
	       profile->unverified;
}

static bool
has_person(const struct smime_profile *profile)
{
	return profile->type == SMIME_SPONSOR || profile->type == SMIME_INDIVIDUAL ||
	       profile->unverified;
}

static void
identify(const struct smime_profile *profile, enum certs_identity how, struct smime_identity *ret)
{
	if (profile->type == SMIME_MAILBOX && !profile->unverified)
		return;
	for (unsigned i = 0; how != CERTS_SHORT && i < SMIME_ATTRIBUTES; i++)
		ret->values[i] = named[i];
	for (unsigned i = 0; i < 2; i++) {
		ret->values[organizations[i]] =
		    has_organization(profile) ? named[organizations[i]] : NULL;
		ret->values[persons[i]] =
		    has_person(profile) && how != CERTS_PSEUDONYM ? named[persons[i]] : NULL;
	}
	if (has_person(profile) && how == CERTS_PSEUDONYM)
		ret->values[SMIME_PSEUDONYM] = "Person 4711";
	if (!has_organization(profile))
		ret->values[SMIME_OU] = NULL;
}

void
certs_verdict(struct certs *certs, const struct smime_profile *profile, const struct certs_key *key,
    enum claim_key_use use, enum certs_identity identity, struct gate_verdict *ret)
{
	static const char *mailboxes[] = { "ann@sales.example",
		"\xe5\x8c\xbb\xe7\x94\x9f@dev.example" };
	static const char *domains[] = { "dev.example", "sales.example" };
	struct cs_refusal why;

	(void)certs;
	*ret = (struct gate_verdict){ .says = GATE_COMPLETE, .profile = profile };
	ret->request.mailboxes = (struct claim_texts){ mailboxes, 2 };
	ret->request.domains = (struct claim_texts){ domains, 2 };
	ret->request.validity_days = profile->default_days;
	ret->request.key_use = use;
	ret->request.common_name = "";
	identify(profile, identity, &ret->identity);
	if (!pki_key_judge(key->spki, PKI_ALLOW_EDDSA, &ret->csr.key, &why))
		fail_msg("%s: %s", key->name, why.text);
}

struct gate_choice
certs_choice(void)
{
	static const uint8_t random[32] = { 1, 2, 3 };

	return gate_choose(random, (struct cs_id){ { 1 } }, CERTS_NOW);
}

struct cs_span
certs_tbs(struct certs *certs, const struct gate_verdict *v)
{
	const struct gate_choice choice = certs_choice();
	struct cs_refusal why;
	struct cs_span tbs;

	if (!gate_prepare(certs->arena, &certs->ca, v, &choice, CERTS_NOW, &tbs, &why))
		fail_msg("%s: %s %s", v->profile->name, why.code, why.text);
	return tbs;
}

struct cs_span
certs_issue(struct certs *certs, const struct gate_verdict *v)
{
	struct cs_span signature;
	struct cs_refusal why;
	struct cs_err err;

	const struct pki_linted *linted = gate_lint(
	    certs->arena, v->profile, &certs->ca, 0, certs_tbs(certs, v), CERTS_NOW, &why);
	if (linted == NULL)
		fail_msg("%s: %s", v->profile->name, why.text);
	must(pki_issuer_sign(certs->issuing, certs->arena, linted, &signature, &err), &err);
	return pki_cert_assemble(certs->arena, pki_linted_tbs(linted), certs->ca.sigalg, signature);
}
