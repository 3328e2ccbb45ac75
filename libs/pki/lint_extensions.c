/* SPDX-License-Identifier: Apache-2.0 */
/* lint_extensions.c: which extensions, how critical, and what is in them (SBR 7.1.2.3). */
#include <string.h>

#include "pki/cert.h"
#include "pki/der.h"
#include "pki/lint_rules.h"
#include "pki/name.h"
#include "pki/oid.h"

#define EXTENSIONS 32
#define PURPOSES 16

static void
malformed(struct lint *lint, const char *name)
{
	lint_say(lint, LINT_EXTENSION_MALFORMED, "%s is not what its type says", name);
}

static void
check_constraints(struct lint *lint, struct cs_span value, bool critical)
{
	struct cs_span body, flag;
	bool is_ca = false;

	(void)critical;
	lint_say(lint, LINT_BASIC_CONSTRAINTS_PRESENT, "end-entity certificates should have none");
	if (!pki_der_take(&value, PKI_SEQUENCE, &body) || value.len > 0) {
		malformed(lint, "basicConstraints");
		return;
	}
	if (pki_der_take(&body, PKI_BOOLEAN, &flag) && (!pki_der_bool(flag, &is_ca) || is_ca))
		lint_say(lint, LINT_IS_CA, "it would be a CA's certificate");
	if (body.len > 0)
		lint_say(lint, LINT_PATH_LENGTH_PRESENT, "a path length");
}

/* SBR 7.1.2.3 e: signing and encrypting bits by key, and what may be added to each. */
static void
lint_usage(struct lint *lint, unsigned bits)
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
	if (!may_sign && !may_encrypt)
		lint_say(lint, LINT_KEY_USAGE_WITHOUT_USE,
		    "the bits %#x serve neither signing nor encryption", bits);
	if ((bits & ~allowed) != 0)
		lint_say(lint, LINT_KEY_USAGE_PROHIBITED,
		    "the bits %#x do not go with this key and profile", bits);
}

/* The profile's own choice among what the rules allow. */
static void
lint_usage_of_ours(struct lint *lint, unsigned bits)
{
	const unsigned wanted = lint->profile->wanted_key_usage;
	bool certified = false, listed = false;

	for (size_t use = 0; lint->key.kind < PKI_LINT_KEYS && use < 3; use++) {
		const unsigned row = lint->profile->key_usage[lint->key.kind][use];

		certified = certified || row != 0;
		listed = listed || (row != 0 && row == bits);
	}
	if (!certified)
		lint_say(lint, LINT_PUBLIC_KEY_NOT_THE_PROFILES,
		    "the profile certifies no key of this kind");
	else if (!listed || (wanted != 0 && bits != wanted))
		lint_say(lint, LINT_KEY_USAGE_NOT_THE_PROFILES,
		    "the bits are %#x, which the profile does not have for this key and use", bits);
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
		lint_say(lint, LINT_KEY_USAGE_NOT_CRITICAL, "keyUsage must be critical");
	if (lint->has_key)
		lint_usage(lint, bits);
	if (lint->has_key && lint->profile->ours)
		lint_usage_of_ours(lint, bits);
}

/* Never, whatever the date and the generation. */
static bool
is_forbidden_purpose(const char *oid)
{
	static const char *const oids[] = { "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.3",
		"1.3.6.1.5.5.7.3.8", "2.5.29.37.0", NULL };

	return lint_listed(oids, oid);
}

static void
lint_purpose(struct lint *lint, const char *oid)
{
	const bool client = strcmp(oid, PKI_EKU_CLIENT_AUTH) == 0;

	if (strcmp(oid, PKI_EKU_EMAIL_PROTECTION) == 0)
		return;
	if (is_forbidden_purpose(oid) || lint->profile->strict ||
	    (client && !lint->profile->may_client_auth)) {
		lint_say(lint, LINT_EKU_PROHIBITED, "the purpose %s", oid);
	} else if (!client) {
		lint_say(lint, LINT_EKU_NOT_CLEAN, "the purpose %s", oid);
		lint_say(lint, LINT_EKU_TO_BE_CLEANED, "the purpose %s", oid);
	}
}

static void
lint_purposes(struct lint *lint, const char *const *oids, size_t n)
{
	const char *const *wanted = lint->profile->eku;
	size_t n_wanted = 0;
	bool same = true;

	if (!lint_listed(oids, PKI_EKU_EMAIL_PROTECTION))
		lint_say(lint, LINT_EKU_EMAIL_PROTECTION_MISSING, "no emailProtection");
	for (size_t i = 0; i < n; i++) {
		lint_purpose(lint, oids[i]);
		for (size_t j = 0; j < i; j++)
			if (strcmp(oids[i], oids[j]) == 0)
				lint_say(lint, LINT_EKU_TWICE, "%s is there twice", oids[i]);
	}
	if (!lint->profile->ours)
		return;
	for (; wanted[n_wanted] != NULL; n_wanted++)
		same = same && n_wanted < n && strcmp(wanted[n_wanted], oids[n_wanted]) == 0;
	if (!same || n != n_wanted)
		lint_say(lint, LINT_EKU_NOT_THE_PROFILES, "not exactly the profile's purposes");
}

static void
check_key_purposes(struct lint *lint, struct cs_span value, bool critical)
{
	const char *oids[PURPOSES + 1] = { NULL };
	struct cs_span seq, oid;
	size_t n = 0;

	(void)critical;
	if (!pki_der_take(&value, PKI_SEQUENCE, &seq) || value.len > 0 || seq.len == 0) {
		malformed(lint, "extKeyUsage");
		return;
	}
	for (; seq.len > 0; n++) {
		if (n == PURPOSES || !pki_der_take(&seq, PKI_OID, &oid)) {
			malformed(lint, "extKeyUsage");
			return;
		}
		oids[n] = pki_der_oid_text(lint->arena, oid);
		if (oids[n] == NULL) {
			malformed(lint, "extKeyUsage");
			return;
		}
	}
	lint_purposes(lint, oids, n);
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
		lint_say(lint, LINT_AUTHORITY_KEY_ID_MORE,
		    "authorityKeyIdentifier has more than a key identifier");
	if (lint->profile->ours && !cs_span_equal(id, lint->profile->issuer_key_id))
		lint_say(lint, LINT_AUTHORITY_KEY_ID_WRONG, "not the issuing CA's");
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
		lint_say(lint, LINT_SUBJECT_KEY_ID_WRONG, "not derived from the key");
}

/* Which lints speak of the URLs of an extension. */
struct url_lints {
	const char *what;
	enum lint_id type, scheme;
};

static void
check_url(struct lint *lint, const struct url_lints *lints, struct pki_element name)
{
	const struct cs_span url = name.body;

	if (name.tag != PKI_CONTEXT(6)) {
		lint_say(lint, lints->type, "%s has a name that is no URI", lints->what);
		return;
	}
	if (url.len <= 7 || memcmp(url.data, "http://", 7) != 0 || pki_text_fault(url) != NULL ||
	    memchr(url.data, ' ', url.len) != NULL)
		lint_say(lint, lints->scheme, "%s: %s is not plain http", lints->what,
		    lint_quote(lint, url));
}

static bool
check_point(struct lint *lint, struct cs_span point)
{
	static const struct url_lints lints = { "cRLDistributionPoints", LINT_CRL_NAME_TYPE,
		LINT_CRL_URI_SCHEME };
	struct cs_span name, full;
	struct pki_element url;

	if (!pki_der_take(&point, PKI_CONTEXT_CONSTRUCTED(0), &name) ||
	    !pki_der_take(&name, PKI_CONTEXT_CONSTRUCTED(0), &full) || name.len > 0 ||
	    full.len == 0)
		return false;
	if (point.len > 0)
		lint_say(lint, LINT_CRL_POINT_MORE, "reasons or an indirect issuer");
	while (full.len > 0) {
		if (!pki_der_next(&full, &url))
			return false;
		check_url(lint, &lints, url);
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
	static const struct url_lints lints = { "authorityInfoAccess", LINT_AIA_NAME_TYPE,
		LINT_AIA_URI_SCHEME };
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
			lint_say(lint, LINT_AIA_METHOD_PROHIBITED, "neither OCSP nor caIssuers");
		check_url(lint, &lints, url);
	}
	if (!issuers)
		lint_say(lint, LINT_AIA_ISSUERS_MISSING, "there should be caIssuers");
}

static void
check_policies(struct lint *lint, struct cs_span value, bool critical)
{
	(void)critical;
	lint_policies(lint, value);
}

/* ---- extensions that the rules allow and that we never write ---- */

static void
check_adobe(struct lint *lint, struct cs_span value, bool critical)
{
	(void)value;
	if (lint->profile->strict)
		lint_say(lint, LINT_ADOBE_PROHIBITED, "an extension of Adobe in Strict");
	if (critical)
		lint_say(lint, LINT_ADOBE_CRITICAL, "an extension of Adobe is critical");
}

static void
check_qc_statements(struct lint *lint, struct cs_span value, bool critical)
{
	(void)value;
	if (critical)
		lint_say(lint, LINT_QC_STATEMENTS_CRITICAL, "qcStatements is critical");
}

static void
lint_lei(struct lint *lint, bool allowed, bool critical)
{
	if (!allowed)
		lint_say(lint, LINT_LEI_PROHIBITED, "the profile has no such LEI");
	if (critical)
		lint_say(lint, LINT_LEI_CRITICAL, "an LEI is critical");
}

static void
check_lei(struct lint *lint, struct cs_span value, bool critical)
{
	struct cs_span text;

	lint_lei(lint, lint_listed(lint->profile->must_subject, PKI_OID_ORGANIZATION), critical);
	if (!pki_der_take(&value, PKI_PRINTABLE_STRING, &text) || value.len > 0 ||
	    !lint_is_lei(cs_arena_strndup(lint->arena, (const char *)text.data, text.len)))
		lint_say(lint, LINT_LEI_MALFORMED, "not an LEI with right check digits");
}

static void
check_lei_role(struct lint *lint, struct cs_span value, bool critical)
{
	(void)value;
	lint_lei(lint,
	    lint_listed(lint->profile->must_subject, PKI_OID_ORGANIZATION) &&
		lint->profile->is_person,
	    critical);
}

static void
check_directory_attributes(struct lint *lint, struct cs_span value, bool critical)
{
	(void)value;
	(void)critical;
	lint_say(lint, LINT_DIRECTORY_ATTRIBUTES_PROHIBITED, "subjectDirectoryAttributes");
}

/* ---- which extensions ---- */

#define OPTIONAL LINTS /* nothing is said when it is not there */

/*
 * In the order in which we write them; what is in no row must not be there (SBR 7.1.2.4).  A row that is
 * not `ours` is never written by us.
 */
static const struct rule {
	const char *oid, *name;
	enum lint_id missing; /* what says that it is not there */
	bool ours;
	bool may_be_critical; /* or its check says so */
	void (*check)(struct lint *lint, struct cs_span value, bool critical);
} rules[] = {
	{ PKI_OID_AKI, "authorityKeyIdentifier", LINT_AUTHORITY_KEY_ID_MISSING, true, false,
	    check_authority_key_id },
	{ PKI_OID_SKI, "subjectKeyIdentifier", LINT_SUBJECT_KEY_ID_MISSING, true, false,
	    check_subject_key_id },
	{ PKI_OID_CONSTRAINTS, "basicConstraints", OPTIONAL, false, true, check_constraints },
	{ PKI_OID_KEY_USAGE, "keyUsage", LINT_KEY_USAGE_MISSING, true, true, check_key_usage },
	{ PKI_OID_EKU, "extKeyUsage", LINT_EKU_MISSING, true, false, check_key_purposes },
	{ PKI_OID_POLICIES, "certificatePolicies", LINT_POLICIES_MISSING, true, false,
	    check_policies },
	{ PKI_OID_SAN, "subjectAltName", LINT_SAN_MISSING, true, true, lint_alternative_names },
	{ PKI_OID_CRL_DP, "cRLDistributionPoints", LINT_CRL_POINTS_MISSING, true, false,
	    check_crl_points },
	{ PKI_OID_AIA, "authorityInfoAccess", LINT_AIA_MISSING, true, false, check_authority_info },
	{ "1.2.840.113549.1.9.15", "smimeCapabilities", OPTIONAL, false, false, NULL },
	{ "1.3.6.1.5.5.7.1.3", "qcStatements", OPTIONAL, false, true, check_qc_statements },
	{ "1.3.6.1.4.1.52266.1", "the LEI", OPTIONAL, false, true, check_lei },
	{ "1.3.6.1.4.1.52266.2", "the role of an LEI", OPTIONAL, false, true, check_lei_role },
	{ "1.2.840.113583.1.1.9.1", "Adobe's time stamp", OPTIONAL, false, true, check_adobe },
	{ "1.2.840.113583.1.1.9.2", "Adobe's ArchiveRevInfo", OPTIONAL, false, true, check_adobe },
	{ "2.5.29.9", "subjectDirectoryAttributes", OPTIONAL, false, false,
	    check_directory_attributes },
};
#define N_RULES (sizeof(rules) / sizeof(rules[0]))

static size_t
find_rule(struct cs_span oid)
{
	size_t i = 0;

	while (i < N_RULES && !pki_der_oid_is(oid, rules[i].oid))
		i++;
	return i;
}

static void
check_extension(struct lint *lint, struct cs_span oid, struct cs_span value, bool critical)
{
	const size_t i = find_rule(oid);

	if (i == N_RULES) {
		lint_say(lint, LINT_EXTENSION_UNKNOWN, "the extension %s is in no profile",
		    pki_der_oid_text(lint->arena, oid));
		return;
	}
	if (lint->profile->ours && !rules[i].ours)
		lint_say(lint, LINT_EXTENSION_NOT_OURS, "we never write %s", rules[i].name);
	if (critical && !rules[i].may_be_critical)
		lint_say(lint, LINT_EXTENSION_CRITICAL, "%s is critical", rules[i].name);
	if (!pki_der_check(value, NULL, NULL))
		malformed(lint, rules[i].name);
	else if (rules[i].check != NULL)
		rules[i].check(lint, value, critical);
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

static bool
is_missed(const struct lint *lint, const struct rule *rule)
{
	/* A private root may have no policies, or some of its own. */
	return rule->missing != OPTIONAL &&
	       (rule->missing != LINT_POLICIES_MISSING || lint->profile->policy_oid != NULL);
}

static void
check_presence(struct lint *lint, const struct cs_span *seen, size_t n)
{
	for (size_t i = 0; i < N_RULES; i++) {
		size_t times = 0;

		for (size_t j = 0; j < n; j++)
			times += pki_der_oid_is(seen[j], rules[i].oid);
		if (times == 0 && is_missed(lint, &rules[i]))
			lint_say(lint, rules[i].missing, "there is no %s", rules[i].name);
		if (times == 0 && lint->profile->ours &&
		    rules[i].missing == LINT_SUBJECT_KEY_ID_MISSING)
			lint_say(
			    lint, LINT_EXTENSION_OF_OURS_MISSING, "there is no %s", rules[i].name);
		if (times > 1)
			lint_say(lint, LINT_EXTENSION_TWICE, "%s is there twice", rules[i].name);
	}
}

static void
check_order(struct lint *lint, const struct cs_span *seen, size_t n)
{
	for (size_t i = 1; lint->profile->ours && i < n; i++)
		if (find_rule(seen[i]) < find_rule(seen[i - 1])) {
			lint_say(lint, LINT_EXTENSION_ORDER, "not in our order");
			return;
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
	check_order(lint, seen, n);
}
