/* SPDX-License-Identifier: Apache-2.0 */
/* ca_judge.c: what a CA may sign for another CA or for its OCSP signer, seen in the octets alone. */
#include <string.h>

#include "pki/ca.h"
#include "pki/name.h"
#include "pki/ocsp.h"

#define RSA_BITS 4096 /* SBR 6.1.5, for CA certificates signed since 2026-09-15 */
#define OCSP_LIFE_S (INT64_C(366) * 86400)
#define BACKDATING_S (INT64_C(7) * 86400) /* from proposal to signature people travel */
#define FUTURE_S INT64_C(86400)

struct judging {
	const struct pki_cert_info *info, *root;
	struct pki_key key;
	bool for_bench;
	int64_t now_s;
	struct cs_refusal *why;
};

static bool
no(struct judging *j, const char *code, const char *clause, const char *text)
{
	*j->why = (struct cs_refusal){ code, "certificate", clause, text, "make a new proposal" };
	return false;
}

static bool
lists(const char *const *list, const char *item)
{
	for (; list != NULL && *list != NULL; list++)
		if (strcmp(*list, item) == 0)
			return true;
	return false;
}

static bool
issuer_holds(struct judging *j)
{
	const struct pki_cert_info *i = j->info, *root = j->root;

	if (!root->is_ca || (root->key_usage & PKI_KU_KEY_CERT_SIGN) == 0)
		return no(
		    j, "issuer", "RFC 5280 4.2.1.9", "the issuer's certificate is not a CA's");
	if (!cs_span_equal(i->issuer, root->subject) || root->subject_key_id.len == 0 ||
	    !cs_span_equal(i->authority_key_id, root->subject_key_id))
		return no(
		    j, "issuer", "SBR 7.1.4.1", "it names another issuer, or another key of it");
	if (!cs_span_equal(i->sigalg, pki_ca_sigalg(root->spki, false)) &&
	    !cs_span_equal(i->sigalg, pki_ca_sigalg(root->spki, true)))
		return no(j, "algorithm", "SBR 7.1.3.2", "the issuer's key does not sign so");
	if (i->not_before_s < root->not_before_s || i->not_after_s > root->not_after_s)
		return no(
		    j, "validity", "RFC 5280 4.1.2.5", "it would be valid when its issuer is not");
	return true;
}

static bool
times_hold(struct judging *j)
{
	if (j->info->not_before_s < j->now_s - BACKDATING_S ||
	    j->info->not_before_s > j->now_s + FUTURE_S)
		return no(j, "validity", "SBR 6.3.2", "it does not begin now: the proposal is old");
	if (j->info->not_after_s <= j->now_s)
		return no(j, "validity", "SBR 6.3.2", "it has ended already");
	return true;
}

static bool
key_holds(struct judging *j)
{
	uint8_t id[20];

	if (!pki_key_judge(j->info->spki, 0, &j->key, j->why))
		return false;
	if (j->key.kind == PKI_KEY_RSA && j->key.bits < RSA_BITS && !j->for_bench)
		return no(j, "key-size", "SBR 6.1.5", "an RSA key of a CA has 4096 bits or more");
	if (j->info->is_ca)
		pki_key_id(j->info->spki, id);
	else
		pki_ocsp_key_hash(j->info->spki, id);
	if (!cs_span_equal(j->info->subject_key_id, cs_span_of(id, sizeof(id))))
		return no(
		    j, "key-id", "RFC 5280 4.2.1.2", "its key identifier is not that of its key");
	if (cs_span_equal(j->info->spki, j->root->spki))
		return no(j, "key", "SBR 6.1.1.3", "it has the key of its issuer");
	return true;
}

static bool
subject_holds(struct judging *j)
{
	static const char *const wanted[] = { PKI_OID_COUNTRY, PKI_OID_ORGANIZATION, PKI_OID_CN };

	for (size_t k = 0; k < sizeof(wanted) / sizeof(wanted[0]); k++) {
		size_t n = 0;

		for (size_t i = 0; i < j->info->n_subject_attributes; i++)
			n += strcmp(j->info->subject_attributes[i].oid, wanted[k]) == 0;
		if (n != 1)
			return no(j, "subject", "SBR 7.1.4.3",
			    "the subject has country, organization and common name, once each");
	}
	if (cs_span_equal(j->info->subject, j->root->subject))
		return no(j, "subject", "RFC 5280 4.1.2.6", "it has the name of its issuer");
	return true;
}

static bool
all_http(const char *const *urls)
{
	for (; urls != NULL && *urls != NULL; urls++)
		if (strncmp(*urls, "http://", 7) != 0)
			return false;
	return true;
}

/* SBR 7.1.2.2 g: emailProtection, perhaps clientAuth, and nothing else. */
static bool
purposes_hold(struct judging *j)
{
	if (!lists(j->info->eku, PKI_EKU_EMAIL_PROTECTION))
		return no(j, "eku", "SBR 7.1.2.2 g", "emailProtection is not among its purposes");
	for (const char *const *eku = j->info->eku; *eku != NULL; eku++)
		if (strcmp(*eku, PKI_EKU_EMAIL_PROTECTION) != 0 &&
		    strcmp(*eku, PKI_EKU_CLIENT_AUTH) != 0)
			return no(j, "eku", "SBR 7.1.2.2 g",
			    "its purposes are emailProtection and clientAuth, and no other");
	return true;
}

static bool
ca_holds(struct judging *j)
{
	const struct pki_cert_info *i = j->info;
	const uint16_t must = PKI_KU_KEY_CERT_SIGN | PKI_KU_CRL_SIGN;

	if (j->root->path_len == 0)
		return no(j, "path", "RFC 5280 4.2.1.9", "its issuer may have no CA below it");
	if (i->path_len != 0)
		return no(j, "path", "SBR 7.1.2.2", "an issuing CA has the path length 0");
	if ((i->key_usage & must) != must ||
	    (i->key_usage & ~(must | PKI_KU_DIGITAL_SIGNATURE)) != 0)
		return no(
		    j, "key-usage", "SBR 7.1.2.2", "it signs certificates and CRLs, and no more");
	if (i->crl_urls == NULL || !all_http(i->crl_urls) || !all_http(i->issuer_urls) ||
	    !all_http(i->ocsp_urls))
		return no(j, "urls", "SBR 7.1.2.2", "it has a CRL, and every URL is plain http");
	if (i->policies == NULL || i->policies[0] == NULL)
		return no(j, "policies", "SBR 7.1.6.3", "it has no certificate policy");
	return purposes_hold(j);
}

static bool
ocsp_holds(struct judging *j)
{
	/* The whole extension: it has one value only. */
	static const char nocheck[] =
	    "\x30\x0f\x06\x09\x2b\x06\x01\x05\x05\x07\x30\x01\x05\x04\x02\x05\x00";
	const struct pki_cert_info *i = j->info;

	if (!lists(i->eku, PKI_EKU_OCSP_SIGNING) || i->eku[1] != NULL)
		return no(j, "eku", "SBR 4.9.9", "neither a CA nor one who signs OCSP and no more");
	if (i->key_usage != PKI_KU_DIGITAL_SIGNATURE)
		return no(
		    j, "key-usage", "SBR 4.9.9", "an OCSP signer's key makes signatures only");
	if (memmem(i->tbs.data, i->tbs.len, nocheck, sizeof(nocheck) - 1) == NULL)
		return no(j, "nocheck", "SBR 4.9.9", "id-pkix-ocsp-nocheck is missing");
	if (i->not_after_s - i->not_before_s > OCSP_LIFE_S)
		return no(j, "validity", "RFC 6960 4.2.2.2.1",
		    "nobody asks whether an OCSP signer is revoked: it lives a year at most");
	return true;
}

bool
pki_ca_judge(struct cs_arena *arena, struct cs_span tbs, const struct pki_cert_info *root,
    bool for_bench, int64_t now_s, struct pki_cert_info *ret_info, struct cs_refusal *ret_why)
{
	static const uint8_t nothing[1];
	struct judging j = { .info = ret_info,
		.root = root,
		.for_bench = for_bench,
		.now_s = now_s,
		.why = ret_why };
	const struct cs_span no_signature = cs_span_of(nothing, sizeof(nothing)),
			     plain = pki_ca_sigalg(root->spki, false),
			     pss = pki_ca_sigalg(root->spki, true);

	if (plain.len == 0 ||
	    (pki_cert_read(arena, pki_cert_assemble(arena, tbs, plain, no_signature), ret_info,
		 NULL) != CS_OK &&
		(pss.len == 0 ||
		    pki_cert_read(arena, pki_cert_assemble(arena, tbs, pss, no_signature), ret_info,
			NULL) != CS_OK)))
		return no(&j, "malformed", "RFC 5280 4.1", "they are not those of a certificate");
	return issuer_holds(&j) && times_hold(&j) && key_holds(&j) && subject_holds(&j) &&
	       (ret_info->is_ca ? ca_holds(&j) : ocsp_holds(&j));
}
