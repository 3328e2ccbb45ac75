/* SPDX-License-Identifier: Apache-2.0 */
/* tbs.c: the certificate of a mailbox-validated profile (SBR 7.1). */
#include "gate/tbs.h"

#include <string.h>

#include "base/time.h"
#include "pki/cert.h"
#include "pki/hash.h"
#include "pki/lint.h"
#include "smime/address.h"
#include "smime/rules.h"

#define BACKDATE_MAX_S INT64_C(300)       /* that a verifier's clock may be behind */
#define UNSIGNED_MAX_S INT64_C(48 * 3600) /* from notBefore to the signature */
#define SERIAL_LABEL "countersign/serial/v1"

struct gate_choice
gate_choose(const uint8_t random[static 32], struct cs_id request, int64_t now_ms)
{
	struct gate_choice choice = { .not_before_s = now_ms / 1000 };
	uint8_t digest[PKI_SHA256];
	const struct cs_span parts[] = {
		{ (const uint8_t *)SERIAL_LABEL, sizeof(SERIAL_LABEL) },
		{ random, 32 },
		{ request.octets, sizeof(request.octets) },
	};

	/* Through a hash: the skeleton makes identifiers of the same octets, which are published. */
	pki_sha256_parts(parts, 3, digest);
	memcpy(choice.serial, digest, GATE_SERIAL);
	choice.serial[0] = (uint8_t)((choice.serial[0] & 0x3f) | 0x40); /* positive, full length */
	return choice;
}

static bool
refuse(struct cs_refusal *ret, const char *code, const char *field, const char *clause,
    const char *text)
{
	*ret = (struct cs_refusal){ code, field, clause, text, "make a new request" };
	return false;
}

static const struct pki_mailbox *
mailboxes_of(struct cs_arena *arena, const struct claim_texts *texts)
{
	struct pki_mailbox *mailboxes = CS_NEW_ARRAY(arena, texts->n, struct pki_mailbox);

	for (size_t i = 0; i < texts->n; i++) {
		struct smime_address address;
		struct cs_refusal why;
		const bool parsed =
		    smime_address_parse(arena, cs_span_str(texts->items[i]), &address, &why);

		cs_assert(parsed); /* claim reads nothing else, and the floor parsed it too */
		mailboxes[i] = (struct pki_mailbox){ address.canonical, address.utf8_local };
	}
	return mailboxes;
}

/* SBR 7.1.4.2.2 a: in a mailbox-validated certificate a mailbox that it names, or nothing. */
static bool
common_name_holds(const struct claim_request *request)
{
	if (request->common_name[0] == '\0')
		return true;
	for (size_t i = 0; i < request->mailboxes.n; i++) {
		if (strcmp(request->mailboxes.items[i], request->common_name) == 0)
			return true;
	}
	return false;
}

/* Dotted types of the attributes that have this presence in the profile. */
static const char *const *
attributes(struct cs_arena *arena, const struct smime_profile *profile, unsigned presence)
{
	const char **oids = CS_NEW_ARRAY(arena, SMIME_ATTRIBUTES + 1, const char *);
	size_t n = 0;

	for (unsigned i = 0; i < SMIME_ATTRIBUTES; i++) {
		if (profile->subject[i] == presence)
			oids[n++] = smime_attribute_oid((enum smime_attribute)i);
	}
	return oids;
}

static bool
lint_holds(struct cs_arena *arena, const struct gate_ca *ca, const struct gate_verdict *v,
    struct cs_span tbs, int64_t now_ms, struct cs_refusal *ret_why)
{
	const struct pki_lint_profile profile = {
		.policy_oid = v->profile->policy_oid,
		.strict = v->profile->generation == SMIME_STRICT,
		.max_days = v->profile->max_days,
		.must_subject = attributes(arena, v->profile, SMIME_MUST),
		.may_subject = attributes(arena, v->profile, SMIME_MAY),
		.may_client_auth = false,
		.cn_mailbox = true,
		.issuer = ca->name,
		.issuer_key_id = ca->key_id,
		.sigalg = ca->sigalg,
	};
	const struct pki_lint_result result = pki_lint(arena, tbs, &profile, now_ms / 1000);

	for (size_t i = 0; i < result.n; i++) {
		const struct pki_lint_finding *finding = &result.findings[i];

		if (finding->severity == PKI_LINT_ERROR)
			return refuse(ret_why, cs_arena_printf(arena, "lint-%s", finding->id),
			    "certificate", finding->clause, finding->text);
	}
	return result.errors == 0 ||
	       refuse(ret_why, "lint", "certificate", "SBR 4.3.1.2", "the lints found an error");
}

/* A certificate may neither claim a past that nobody saw nor outlive its issuer. */
static bool
times_hold(const struct gate_ca *ca, const struct gate_choice *choice, int64_t not_after_s,
    int64_t now_ms, struct cs_refusal *ret_why)
{
	const int64_t now_s = now_ms / 1000;

	if (choice->not_before_s > now_s + BACKDATE_MAX_S ||
	    choice->not_before_s < now_s - UNSIGNED_MAX_S)
		return refuse(ret_why, "not-before", "certificate", "SBR 7.1.2.3",
		    "too long between the start of validity and the signature");
	if (not_after_s > ca->not_after_s)
		return refuse(ret_why, "issuer-ends", "validity_days", "SBR 6.3.2",
		    "the certificate would outlive that of its issuer");
	return true;
}

bool
gate_prepare(struct cs_arena *arena, const struct gate_ca *ca, const struct gate_verdict *v,
    const struct gate_choice *choice, int64_t now_ms, struct cs_span *ret_tbs,
    struct cs_refusal *ret_why)
{
	static const char *const eku[] = { PKI_EKU_EMAIL_PROTECTION, NULL };
	const char *const policies[] = { v->profile->policy_oid, NULL };
	const struct pki_attribute name = { smime_attribute_oid(SMIME_CN), v->request.common_name };
	uint8_t key_id[20];
	struct cs_span tbs;
	struct cs_err err;

	if (!common_name_holds(&v->request))
		return refuse(ret_why, "common-name", "common_name", "SBR 7.1.4.2.2 a",
		    "the common name is not one of the mailboxes");
	pki_key_id(v->csr.key.spki, key_id);
	const struct pki_cert_template template = {
		.serial = cs_span_of(choice->serial, GATE_SERIAL),
		.issuer = ca->name,
		.not_before_s = choice->not_before_s,
		.not_after_s =
		    smime_rule_not_after_s(choice->not_before_s, v->request.validity_days),
		.subject = &name,
		.n_subject = name.value[0] != '\0',
		.spki = v->csr.key.spki,
		.mailboxes = mailboxes_of(arena, &v->request.mailboxes),
		.n_mailboxes = v->request.mailboxes.n,
		.key_usage = gate_key_usage(v),
		.eku = eku,
		.policies = policies,
		.crl_urls = ca->crl_urls,
		.ocsp_urls = ca->ocsp_urls,
		.issuer_urls = ca->issuer_urls,
		.authority_key_id = ca->key_id,
		.subject_key_id = cs_span_of(key_id, sizeof(key_id)),
		.sigalg = ca->sigalg,
		.path_len = -1,
	};
	if (!times_hold(ca, choice, template.not_after_s, now_ms, ret_why))
		return false;
	if (pki_cert_tbs(arena, &template, &tbs, &err) != CS_OK)
		return refuse(ret_why, "certificate", "certificate", "RFC 5280 4",
		    cs_arena_strdup(arena, err.text));
	if (!lint_holds(arena, ca, v, tbs, now_ms, ret_why))
		return false;
	*ret_tbs = tbs;
	return true;
}
