/* SPDX-License-Identifier: Apache-2.0 */
/* lint_extensions.c: which extensions, how critical, and what is in them (SBR 7.1.2.3). */
#include <string.h>

#include "pki/cert.h"
#include "pki/der.h"
#include "pki/lint_rules.h"
#include "pki/name.h"
#include "pki/oid.h"

#define EXTENSIONS 32

static void
malformed(struct lint *lint, const char *name)
{
	lint_error(
	    lint, "extension-malformed", "RFC 5280 4.2.1", "%s is not what its type says", name);
}

static void
check_constraints(struct lint *lint, struct cs_span value, bool critical)
{
	struct cs_span body, flag;
	bool is_ca = false;

	(void)critical;
	lint_notice(lint, "basic-constraints-present", "RFC 8550 4.4.1",
	    "end-entity certificates should have none");
	if (!pki_der_take(&value, PKI_SEQUENCE, &body) || value.len > 0) {
		malformed(lint, "basicConstraints");
		return;
	}
	if (pki_der_take(&body, PKI_BOOLEAN, &flag) && (!pki_der_bool(flag, &is_ca) || is_ca))
		lint_error(lint, "is-ca", "SBR 7.1.2.3 d", "it would be a CA's certificate");
	if (body.len > 0)
		lint_error(lint, "path-length-present", "SBR 7.1.2.3 d", "a path length");
}

/* SBR 7.1.2.3 e: signing and encrypting bits by key, and what may be added to each. */
static bool
is_allowed_usage(const struct lint *lint, unsigned bits)
{
	unsigned encrypts = 0, beside = 0;

	if (lint->key.kind == PKI_KEY_RSA) {
		encrypts = PKI_KU_KEY_ENCIPHERMENT;
		beside = lint->profile->strict ? 0 : PKI_KU_DATA_ENCIPHERMENT;
	} else if (lint->key.kind == PKI_KEY_EC) {
		encrypts = PKI_KU_KEY_AGREEMENT;
		beside = (bits & PKI_KU_ENCIPHER_ONLY) != 0 ? PKI_KU_ENCIPHER_ONLY
							    : PKI_KU_DECIPHER_ONLY;
	}
	const bool may_sign = (bits & PKI_KU_DIGITAL_SIGNATURE) != 0;
	const bool may_encrypt = encrypts != 0 && (bits & encrypts) != 0;
	unsigned allowed = 0;
	if (may_sign)
		allowed |= PKI_KU_DIGITAL_SIGNATURE | PKI_KU_NON_REPUDIATION;
	if (may_encrypt)
		allowed |= encrypts | beside;
	return (may_sign || may_encrypt) && (bits & ~allowed) == 0;
}

static void
check_key_usage(struct lint *lint, struct cs_span value, bool critical)
{
	struct cs_span body;
	uint16_t bits;

	if (!pki_der_take(&value, PKI_BIT_STRING, &body) || value.len > 0 ||
	    !pki_der_named_bits(body, &bits)) {
		malformed(lint, "keyUsage");
		return;
	}
	if (!critical)
		lint_error(
		    lint, "key-usage-not-critical", "RFC 8550 4.4.2", "keyUsage must be critical");
	if (lint->has_key && !is_allowed_usage(lint, bits))
		lint_error(lint, "key-usage-prohibited", "SBR 7.1.2.3 e",
		    "the bits %#x do not go with this key and profile", (unsigned)bits);
	if (lint->profile->key_usage != 0 && bits != lint->profile->key_usage)
		lint_error(lint, "key-usage-not-wanted", "SBR 7.1.2.3 e",
		    "the bits are %#x and should be %#x", (unsigned)bits, lint->profile->key_usage);
}

static void
check_key_purpose(struct lint *lint, const char *oid)
{
	if (strcmp(oid, PKI_EKU_EMAIL_PROTECTION) == 0)
		return;
	if (strcmp(oid, PKI_EKU_CLIENT_AUTH) != 0)
		lint_error(lint, "eku-prohibited", "SBR 7.1.2.3 f", "the purpose %s", oid);
	else if (lint->profile->strict || !lint->profile->may_client_auth)
		lint_error(
		    lint, "eku-client-auth", "SBR 7.1.2.3 f", "the profile has no clientAuth");
}

static void
check_key_purposes(struct lint *lint, struct cs_span value, bool critical)
{
	struct cs_span seq, oid;
	bool email = false;

	(void)critical;
	if (!pki_der_take(&value, PKI_SEQUENCE, &seq) || value.len > 0) {
		malformed(lint, "extKeyUsage");
		return;
	}
	while (seq.len > 0) {
		if (!pki_der_take(&seq, PKI_OID, &oid)) {
			malformed(lint, "extKeyUsage");
			return;
		}
		if (email && pki_der_oid_is(oid, PKI_EKU_EMAIL_PROTECTION))
			lint_error(
			    lint, "eku-twice", "SBR 7.1.2.3 f", "emailProtection is there twice");
		email = email || pki_der_oid_is(oid, PKI_EKU_EMAIL_PROTECTION);
		check_key_purpose(lint, pki_der_oid_text(lint->arena, oid));
	}
	if (!email)
		lint_error(
		    lint, "eku-email-protection-missing", "SBR 7.1.2.3 f", "no emailProtection");
}

static void
check_authority_key_id(struct lint *lint, struct cs_span value, bool critical)
{
	struct cs_span seq, id;

	(void)critical;
	if (!pki_der_take(&value, PKI_SEQUENCE, &seq) || value.len > 0 ||
	    !pki_der_take(&seq, PKI_CONTEXT(0), &id)) {
		malformed(lint, "authorityKeyIdentifier");
		return;
	}
	if (seq.len > 0)
		lint_error(lint, "authority-key-id-more", "SBR 7.1.2.3 g",
		    "authorityKeyIdentifier has more than a key identifier");
	if (!cs_span_equal(id, lint->profile->issuer_key_id))
		lint_error(
		    lint, "authority-key-id-wrong", "RFC 5280 4.2.1.1", "not the issuing CA's");
}

static void
check_subject_key_id(struct lint *lint, struct cs_span value, bool critical)
{
	struct cs_span id;
	uint8_t want[20];

	(void)critical;
	if (!pki_der_take(&value, PKI_OCTET_STRING, &id) || value.len > 0) {
		malformed(lint, "subjectKeyIdentifier");
		return;
	}
	if (!lint->has_key)
		return;
	pki_key_id(lint->key.spki, want);
	if (!cs_span_equal(id, cs_span_of(want, sizeof(want))))
		lint_error(lint, "subject-key-id-wrong", "SBR 7.1.2.3, RFC 7093 2",
		    "not derived from the key");
}

static void
check_url(struct lint *lint, const char *what, struct pki_element name)
{
	const struct cs_span url = name.body;

	if (name.tag != PKI_CONTEXT(6)) {
		lint_error(lint, "url-prohibited-type", "SBR 7.1.2.3",
		    "%s has a name that is no URI", what);
		return;
	}
	if (url.len <= 7 || memcmp(url.data, "http://", 7) != 0 || pki_text_fault(url) != NULL ||
	    memchr(url.data, ' ', url.len) != NULL)
		lint_error(lint, "url-not-http", "SBR 7.1.2.3", "%s: %s is not plain http", what,
		    lint_quote(lint, url));
}

static bool
check_point(struct lint *lint, struct cs_span point)
{
	struct cs_span name, full;
	struct pki_element url;

	if (!pki_der_take(&point, PKI_CONTEXT_CONSTRUCTED(0), &name) ||
	    !pki_der_take(&name, PKI_CONTEXT_CONSTRUCTED(0), &full) || name.len > 0 ||
	    full.len == 0)
		return false;
	if (point.len > 0)
		lint_error(
		    lint, "crl-point-more", "SBR 7.1.2.3 b", "reasons or an indirect issuer");
	while (full.len > 0) {
		if (!pki_der_next(&full, &url))
			return false;
		check_url(lint, "cRLDistributionPoints", url);
	}
	return true;
}

static void
check_crl_points(struct lint *lint, struct cs_span value, bool critical)
{
	struct cs_span seq, point;

	(void)critical;
	if (!pki_der_take(&value, PKI_SEQUENCE, &seq) || value.len > 0 || seq.len == 0) {
		malformed(lint, "cRLDistributionPoints");
		return;
	}
	while (seq.len > 0)
		if (!pki_der_take(&seq, PKI_SEQUENCE, &point) || !check_point(lint, point)) {
			malformed(lint, "cRLDistributionPoints");
			return;
		}
}

static void
check_authority_info(struct lint *lint, struct cs_span value, bool critical)
{
	struct cs_span seq, access, method;
	struct pki_element url;
	bool issuers = false;

	(void)critical;
	if (!pki_der_take(&value, PKI_SEQUENCE, &seq) || value.len > 0 || seq.len == 0) {
		malformed(lint, "authorityInfoAccess");
		return;
	}
	while (seq.len > 0) {
		if (!pki_der_take(&seq, PKI_SEQUENCE, &access) ||
		    !pki_der_take(&access, PKI_OID, &method) || !pki_der_next(&access, &url) ||
		    access.len > 0) {
			malformed(lint, "authorityInfoAccess");
			return;
		}
		issuers = issuers || pki_der_oid_is(method, PKI_OID_AIA_ISSUERS);
		if (!pki_der_oid_is(method, PKI_OID_AIA_ISSUERS) &&
		    !pki_der_oid_is(method, PKI_OID_AIA_OCSP))
			lint_error(lint, "aia-method-prohibited", "SBR 7.1.2.3 c",
			    "neither OCSP nor caIssuers");
		check_url(lint, "authorityInfoAccess", url);
	}
	if (!issuers)
		lint_warn(
		    lint, "aia-issuers-missing", "SBR 7.1.2.3 c", "there should be caIssuers");
}

static void
check_policies(struct lint *lint, struct cs_span value, bool critical)
{
	(void)critical;
	lint_policies(lint, value);
}

enum presence { MAY, SHOULD, MUST, MUST_NOT };

/* What is in no row must not be there: SBR 7.1.2.4 and our own restraint. */
static const struct rule {
	const char *oid, *name, *clause;
	enum presence presence;
	bool may_be_critical;
	void (*check)(struct lint *lint, struct cs_span value, bool critical);
} rules[] = {
	{ PKI_OID_POLICIES, "certificatePolicies", "SBR 7.1.2.3 a", MUST, false, check_policies },
	{ PKI_OID_CRL_DP, "cRLDistributionPoints", "SBR 7.1.2.3 b", MUST, false, check_crl_points },
	{ PKI_OID_AIA, "authorityInfoAccess", "SBR 7.1.2.3 c", SHOULD, false,
	    check_authority_info },
	{ PKI_OID_CONSTRAINTS, "basicConstraints", "SBR 7.1.2.3 d", MAY, true, check_constraints },
	{ PKI_OID_KEY_USAGE, "keyUsage", "SBR 7.1.2.3 e", MUST, true, check_key_usage },
	{ PKI_OID_EKU, "extKeyUsage", "SBR 7.1.2.3 f", MUST, false, check_key_purposes },
	{ PKI_OID_AKI, "authorityKeyIdentifier", "SBR 7.1.2.3 g", MUST, false,
	    check_authority_key_id },
	{ PKI_OID_SAN, "subjectAltName", "SBR 7.1.2.3 h", MUST, true, lint_alternative_names },
	{ PKI_OID_SKI, "subjectKeyIdentifier", "SBR 7.1.2.3 m", SHOULD, false,
	    check_subject_key_id },
	{ "2.5.29.9", "subjectDirectoryAttributes", "SBR 7.1.2.3 k", MUST_NOT, false, NULL },
};
#define N_RULES (sizeof(rules) / sizeof(rules[0]))

static void
check_extension(struct lint *lint, struct cs_span oid, struct cs_span value, bool critical)
{
	for (size_t i = 0; i < N_RULES; i++) {
		if (!pki_der_oid_is(oid, rules[i].oid))
			continue;
		if (rules[i].presence == MUST_NOT)
			lint_error(
			    lint, "extension-prohibited", rules[i].clause, "%s", rules[i].name);
		if (critical && !rules[i].may_be_critical)
			lint_error(lint, "extension-critical", rules[i].clause, "%s is critical",
			    rules[i].name);
		if (rules[i].check == NULL)
			return;
		if (pki_der_check(value, NULL, NULL))
			rules[i].check(lint, value, critical);
		else
			malformed(lint, rules[i].name);
		return;
	}
	lint_error(lint, "extension-unknown", "SBR 7.1.2.4", "the extension %s is in no profile",
	    pki_der_oid_text(lint->arena, oid));
}

static bool
read_extension(struct lint *lint, struct cs_span body, struct cs_span *ret_oid)
{
	struct cs_span flag, value;
	bool critical = false;

	if (!pki_der_take(&body, PKI_OID, ret_oid) ||
	    (pki_der_take(&body, PKI_BOOLEAN, &flag) &&
		(!pki_der_bool(flag, &critical) || !critical)) ||
	    !pki_der_take(&body, PKI_OCTET_STRING, &value) || body.len > 0)
		return false;
	check_extension(lint, *ret_oid, value, critical);
	return true;
}

static void
check_presence(struct lint *lint, const struct cs_span *seen, size_t n)
{
	for (size_t i = 0; i < N_RULES; i++) {
		size_t times = 0;

		for (size_t j = 0; j < n; j++)
			times += pki_der_oid_is(seen[j], rules[i].oid);
		if (times == 0 && rules[i].presence == MUST)
			lint_error(lint, "extension-missing", rules[i].clause, "there is no %s",
			    rules[i].name);
		if (times == 0 && rules[i].presence == SHOULD)
			lint_warn(lint, "extension-missing", rules[i].clause, "there should be %s",
			    rules[i].name);
		if (times > 1)
			lint_error(lint, "extension-twice", "RFC 5280 4.2", "%s is there twice",
			    rules[i].name);
	}
}

void
lint_extensions(struct lint *lint, struct cs_span wrapper)
{
	struct cs_span seen[EXTENSIONS], seq, body;
	size_t n = 0;

	if (!pki_der_take(&wrapper, PKI_SEQUENCE, &seq) || wrapper.len > 0) {
		malformed(lint, "the list of extensions");
		return;
	}
	for (; seq.len > 0; n++)
		if (n == EXTENSIONS || !pki_der_take(&seq, PKI_SEQUENCE, &body) ||
		    !read_extension(lint, body, &seen[n])) {
			malformed(lint, "an extension");
			break;
		}
	check_presence(lint, seen, n);
}
