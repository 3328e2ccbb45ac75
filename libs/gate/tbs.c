/* SPDX-License-Identifier: Apache-2.0 */
/* tbs.c: the certificate of a profile (SBR 7.1): what its row of the table says, and nothing else. */
#include "gate/tbs.h"

#include <string.h>

#include "base/time.h"
#include "pki/cert.h"
#include "pki/hash.h"
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

/* ---- subject ---- */

/* From the widest to the narrowest; each is an RDN of its own. */
static const enum smime_attribute order[] = { SMIME_COUNTRY, SMIME_STATE, SMIME_LOCALITY,
	SMIME_STREET, SMIME_POSTAL_CODE, SMIME_O, SMIME_ORG_ID, SMIME_OU, SMIME_TITLE,
	SMIME_GIVEN_NAME, SMIME_SURNAME, SMIME_PSEUDONYM, SMIME_SERIAL_NUMBER, SMIME_CN,
	SMIME_EMAIL };
_Static_assert(sizeof(order) / sizeof(order[0]) == SMIME_ATTRIBUTES, "every attribute has a place");

#define CN_MAX 64 /* characters, RFC 5280 A.1 */

/* "givenName surname", or one of them, or the pseudonym; NULL: nobody. */
static const char *
person(struct cs_arena *arena, const struct smime_identity *identity)
{
	const char *given = identity->values[SMIME_GIVEN_NAME];
	const char *surname = identity->values[SMIME_SURNAME];

	if (given != NULL && surname != NULL)
		return cs_arena_printf(arena, "%s %s", given, surname);
	if (given != NULL || surname != NULL)
		return given != NULL ? given : surname;
	return identity->values[SMIME_PSEUDONYM];
}

static bool
is_mailbox_of(const struct claim_request *request, const char *name)
{
	for (size_t i = 0; i < request->mailboxes.n; i++) {
		if (strcmp(request->mailboxes.items[i], name) == 0)
			return true;
	}
	return false;
}

static bool
fits(const char *name)
{
	size_t n = 0;

	for (; *name != '\0'; name++)
		n += ((unsigned char)*name & 0xc0) != 0x80;
	return n <= CN_MAX;
}

/*
 * SBR 7.1.4.2.2 a: what was asked for, if it is one of what the profile allows there; else what the type
 * is about: the person, the organization, and for mailboxes nothing.  NULL in *ret: none.
 */
static bool
choose_common_name(struct cs_arena *arena, const struct gate_verdict *v, const char **ret,
    struct cs_refusal *ret_why)
{
	const unsigned may = v->profile->common_name;
	const char *asked = v->request.common_name;
	const char *who = (may & SMIME_CN_PERSON) != 0         ? person(arena, &v->identity)
			  : (may & SMIME_CN_ORGANIZATION) != 0 ? v->identity.values[SMIME_O]
							       : NULL;

	*ret = who != NULL && fits(who) ? who : NULL;
	if (asked[0] == '\0')
		return true;
	*ret = asked;
	if (((may & SMIME_CN_MAILBOX) != 0 && is_mailbox_of(&v->request, asked)) ||
	    (who != NULL && strcmp(who, asked) == 0))
		return true;
	return refuse(ret_why, "common-name", "common_name", "SBR 7.1.4.2.2 a",
	    who != NULL ? "the common name is neither one of the mailboxes nor who was proved"
			: "the common name is not one of the mailboxes");
}

static bool
build_subject(struct cs_arena *arena, const struct gate_verdict *v,
    struct pki_cert_template *template, struct cs_refusal *ret_why)
{
	struct pki_attribute *subject = CS_NEW_ARRAY(arena, SMIME_ATTRIBUTES, struct pki_attribute);
	const char *name;

	if (!choose_common_name(arena, v, &name, ret_why))
		return false;
	template->subject = subject;
	for (size_t i = 0; i < SMIME_ATTRIBUTES; i++) {
		const enum smime_attribute attribute = order[i];
		const char *value = attribute == SMIME_CN ? name : v->identity.values[attribute];

		if (value == NULL && v->profile->subject[attribute] == SMIME_MUST)
			return refuse(ret_why, "identity-missing", smime_attribute_name(attribute),
			    "SBR 7.1.4.2.2", "the profile must name what nothing proves");
		if (value != NULL && v->profile->subject[attribute] != SMIME_MUST_NOT)
			subject[template->n_subject++] =
			    (struct pki_attribute){ smime_attribute_oid(attribute), value };
	}
	return true;
}

/* ---- names and lists ---- */

/* Hosts of the request, where the profile names hosts; the floor has proved each. */
static const char *const *
hosts_of(struct cs_arena *arena, const struct gate_verdict *v)
{
	const struct claim_texts *domains = &v->request.domains;
	const char **hosts = CS_NEW_ARRAY(arena, domains->n + 1, const char *);

	if (v->profile->names[SMIME_SAN_DNS] == SMIME_MUST_NOT)
		return NULL;
	for (size_t i = 0; i < domains->n; i++)
		hosts[i] = domains->items[i];
	return hosts;
}

static const char *const *
policies_of(struct cs_arena *arena, const struct smime_profile *profile)
{
	const char **policies = CS_NEW_ARRAY(arena, 2, const char *);

	policies[0] = profile->policy_oid;
	return policies;
}

static const char *const *
purposes_of(struct cs_arena *arena, const struct smime_profile *profile)
{
	const char **oids = CS_NEW_ARRAY(arena, SMIME_PURPOSES + 1, const char *);
	size_t n = 0;

	for (unsigned i = 0; i < SMIME_PURPOSES; i++) {
		if (profile->purposes[i] == SMIME_MUST)
			oids[n++] = smime_purpose_oid((enum smime_purpose)i);
	}
	return oids;
}

/* ---- times ---- */

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
	const uint16_t key_usage = gate_key_usage(v);
	uint8_t key_id[20];
	struct cs_span tbs;
	struct cs_err err;

	if (key_usage == 0)
		return refuse(ret_why, "key-use", "key_use", "SBR 7.1.2.3 e",
		    "the profile certifies no key of this kind for this use");
	pki_key_id(v->csr.key.spki, key_id);
	struct pki_cert_template template = {
		.serial = cs_span_of(choice->serial, GATE_SERIAL),
		.issuer = ca->name,
		.not_before_s = choice->not_before_s,
		.not_after_s =
		    smime_rule_not_after_s(choice->not_before_s, v->request.validity_days),
		.spki = v->csr.key.spki,
		.mailboxes = mailboxes_of(arena, &v->request.mailboxes),
		.n_mailboxes = v->request.mailboxes.n,
		.dns_names = hosts_of(arena, v),
		.key_usage = key_usage,
		.eku = purposes_of(arena, v->profile),
		.policies = policies_of(arena, v->profile),
		.crl_urls = gate_crl_urls(arena, ca, choice->crl_partition),
		.ocsp_urls = ca->ocsp_urls,
		.issuer_urls = ca->issuer_urls,
		.authority_key_id = ca->key_id,
		.subject_key_id = cs_span_of(key_id, sizeof(key_id)),
		.sigalg = ca->sigalg,
		.path_len = -1,
	};
	if (!build_subject(arena, v, &template, ret_why) ||
	    !times_hold(ca, choice, template.not_after_s, now_ms, ret_why))
		return false;
	if (pki_cert_tbs(arena, &template, &tbs, &err) != CS_OK)
		return refuse(ret_why, "certificate", "certificate", "RFC 5280 4",
		    cs_arena_strdup(arena, err.text));
	if (gate_lint(arena, v->profile, ca, key_usage, tbs, now_ms, ret_why) == NULL)
		return false;
	*ret_tbs = tbs;
	return true;
}
