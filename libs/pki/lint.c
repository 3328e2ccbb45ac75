/* SPDX-License-Identifier: Apache-2.0 */
/* lint.c: the fields of a TBSCertificate; lint_*.c look into its names and extensions. */
#include "pki/lint.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "pki/der.h"
#include "pki/evp.h"
#include "pki/hash.h"
#include "pki/lint_rules.h"
#include "pki/verify.h"

#define LINT_VERSION "countersign-lint 2 (SBR 1.0.16)"

#define DAY_S INT64_C(86400)
#define BACKDATING_S INT64_C(300)
#define UTC_TIME_END_S INT64_C(2524608000) /* 2050-01-01 */

const char *
pki_lint_version(void)
{
	return LINT_VERSION;
}

const char *
lint_quote(struct lint *lint, struct cs_span span)
{
	return cs_escape(lint->arena, span, 120);
}

bool
lint_listed(const char *const *list, const char *item)
{
	for (; list != NULL && *list != NULL; list++)
		if (strcmp(*list, item) == 0)
			return true;
	return false;
}

/* SBR 7.1: above zero, below 2^159, at least 64 random bits. */
static void
lint_serial(struct lint *lint, struct cs_span body)
{
	struct cs_span serial;

	if (!pki_der_unsigned(body, &serial) || serial.len == 0) {
		lint_say(lint, LINT_SERIAL_NOT_POSITIVE, "the serial number is not positive");
		return;
	}
	if (serial.len > 20 || (serial.len == 20 && serial.data[0] >= 0x80))
		lint_say(lint, LINT_SERIAL_TOO_LONG, "the serial number is 2^159 or more");
	if (serial.len < 9)
		lint_say(lint, LINT_SERIAL_TOO_SHORT,
		    "a serial number of %zu octets cannot hold 64 random bits", serial.len);
}

static void
lint_algorithm(struct lint *lint, struct cs_span sigalg)
{
	if (pki_sigalg_name(sigalg) == NULL)
		lint_say(lint, LINT_SIGNATURE_ALGORITHM_PROHIBITED,
		    "not an algorithm of SBR 7.1.3.2, octet for octet");
	if (lint->profile->ours && !cs_span_equal(sigalg, lint->profile->sigalg))
		lint_say(lint, LINT_SIGNATURE_ALGORITHM_NOT_ISSUERS,
		    "the algorithm is not the one that the issuing CA signs with");
}

static bool
read_time(struct lint *lint, struct cs_span *validity, int64_t *ret_s)
{
	struct pki_element time;

	if (!pki_der_next(validity, &time) || !pki_der_time(time.tag, time.body, ret_s)) {
		lint_say(lint, LINT_VALIDITY_MALFORMED, "the validity is not two times");
		return false;
	}
	if ((time.tag == PKI_UTC_TIME) != (*ret_s < UTC_TIME_END_S))
		lint_say(lint, LINT_VALIDITY_ENCODING,
		    "UTCTime is for years before 2050, GeneralizedTime for later ones");
	return true;
}

static void
lint_validity(struct lint *lint, struct cs_span validity)
{
	int64_t from, until;

	if (!read_time(lint, &validity, &from) || !read_time(lint, &validity, &until))
		return;
	if (validity.len > 0 || until < from) {
		lint_say(lint, LINT_VALIDITY_MALFORMED, "it ends before it begins");
		return;
	}
	const int64_t longest = (int64_t)lint->profile->max_days * DAY_S;
	const int64_t seconds = until - from + 1; /* both ends count */
	if (seconds > longest)
		lint_say(lint, LINT_VALIDITY_TOO_LONG, "%lld seconds are more than %u days",
		    (long long)seconds, lint->profile->max_days);
	else if (seconds > longest - DAY_S)
		lint_say(lint, LINT_VALIDITY_AT_MAXIMUM, "the longest validity by default");
	if (!lint->profile->ours)
		return;
	if (from < lint->now_s - BACKDATING_S)
		lint_say(lint, LINT_VALIDITY_BACKDATED, "it begins %lld seconds ago",
		    (long long)(lint->now_s - from));
	if (from > lint->now_s + DAY_S)
		lint_say(lint, LINT_VALIDITY_IN_THE_FUTURE, "it begins in more than a day");
	if (until < lint->now_s)
		lint_say(lint, LINT_VALIDITY_OVER, "it has ended already");
}

static void
lint_key(struct lint *lint, struct cs_span spki)
{
	static const struct {
		const char *code;
		enum lint_id id;
	} ids[] = { { "KEYALG", LINT_PUBLIC_KEY_ALGORITHM }, { "SPKI", LINT_PUBLIC_KEY_ALGORITHM },
		{ "CURVE", LINT_PUBLIC_KEY_ALGORITHM }, { "KEYSIZE", LINT_PUBLIC_KEY_SIZE },
		{ "EXPONENT", LINT_PUBLIC_KEY_EXPONENT } };
	enum lint_id id = LINT_PUBLIC_KEY_MALFORMED;
	struct cs_refusal why;

	lint->has_key = pki_spki_read(spki, &lint->key, &why);
	if (lint->has_key)
		return;
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		if (strcmp(ids[i].code, why.code) == 0)
			id = ids[i].id;
	lint_say(lint, id, "%s", why.text);
}

static bool
malformed(struct lint *lint, const char *what)
{
	lint_say(lint, LINT_CERTIFICATE_MALFORMED, "%s", what);
	return false;
}

static bool
lint_head(struct lint *lint, struct cs_span *body)
{
	struct cs_span wrapper, version, part;
	uint32_t number;

	if (!pki_der_take(body, PKI_CONTEXT_CONSTRUCTED(0), &wrapper) ||
	    !pki_der_take(&wrapper, PKI_INTEGER, &version) || wrapper.len > 0 ||
	    !pki_der_uint32(version, &number) || number != 2)
		return malformed(lint, "the version is not 3");
	if (!pki_der_take(body, PKI_INTEGER, &part))
		return malformed(lint, "there is no serial number");
	lint_serial(lint, part);
	if (!pki_der_take_whole(body, PKI_SEQUENCE, &part))
		return malformed(lint, "there is no signature algorithm");
	lint_algorithm(lint, part);
	if (!pki_der_take_whole(body, PKI_SEQUENCE, &part))
		return malformed(lint, "there is no issuer");
	if (cs_span_equal(part, cs_span_of("\x30\x00", 2)))
		lint_say(lint, LINT_ISSUER_MALFORMED, "the issuer is empty");
	if (lint->profile->ours && !cs_span_equal(part, lint->profile->issuer))
		lint_say(lint, LINT_ISSUER_NOT_THE_CA,
		    "the issuer is not octet for octet the subject of the issuing CA");
	return true;
}

static void
lint_tbs(struct lint *lint, struct cs_span tbs)
{
	struct cs_span body, part;
	const char *why = "it is not a SEQUENCE";

	if (!pki_der_check(tbs, &why, NULL) || !pki_der_take(&tbs, PKI_SEQUENCE, &body)) {
		malformed(lint, why);
		return;
	}
	if (!lint_head(lint, &body))
		return;
	if (!pki_der_take(&body, PKI_SEQUENCE, &part)) {
		malformed(lint, "there is no validity");
		return;
	}
	lint_validity(lint, part);
	if (!pki_der_take_whole(&body, PKI_SEQUENCE, &part)) {
		malformed(lint, "there is no subject");
		return;
	}
	lint_subject(lint, part);
	if (!pki_der_take_whole(&body, PKI_SEQUENCE, &part)) {
		malformed(lint, "there is no public key");
		return;
	}
	lint_key(lint, part);
	if (!pki_der_take(&body, PKI_CONTEXT_CONSTRUCTED(3), &part) || body.len > 0) {
		malformed(lint, "after the key come extensions and nothing else");
		return;
	}
	lint_extensions(lint, part);
	lint_names(lint);
}

/* Of ours, no clock that is wrong may switch a rule off. */
static int64_t
rules_of(const struct pki_lint_profile *profile, int64_t now_s)
{
	return profile->ours && now_s < LINT_RULES_SINCE_S ? LINT_RULES_SINCE_S : now_s;
}

struct pki_lint_result
pki_lint(struct cs_arena *arena, struct cs_span tbs, const struct pki_lint_profile *profile,
    int64_t now_s)
{
	struct lint lint = {
		.arena = arena,
		.profile = profile,
		.now_s = now_s,
		.rules_s = rules_of(profile, now_s),
		.findings = CS_NEW_ARRAY(arena, LINT_FINDINGS, struct pki_lint_finding),
	};

	lint_tbs(&lint, tbs);
	return (struct pki_lint_result){ lint.findings, lint.n, lint.errors, lint.warnings };
}

/* ---- what may be signed ---- */

struct pki_linted {
	struct cs_span tbs;
	uint8_t sha256[PKI_SHA256];
	struct cs_span issuer, issuer_key_id, sigalg; /* copies */
};

const struct pki_linted *
pki_lint_pass(struct cs_arena *arena, struct cs_span tbs, const struct pki_lint_profile *profile,
    int64_t now_s, struct pki_lint_result *ret_result)
{
	cs_assert(profile->ours && profile->issuer.len > 0 && profile->issuer_key_id.len > 0 &&
		  profile->sigalg.len > 0 && profile->eku != NULL);
	struct pki_linted *linted = CS_NEW(arena, struct pki_linted);
	linted->tbs = cs_arena_copy_span(arena, tbs);
	*ret_result = pki_lint(arena, linted->tbs, profile, now_s);
	if (ret_result->errors > 0)
		return NULL;
	pki_sha256(linted->tbs, linted->sha256);
	linted->issuer = cs_arena_copy_span(arena, profile->issuer);
	linted->issuer_key_id = cs_arena_copy_span(arena, profile->issuer_key_id);
	linted->sigalg = cs_arena_copy_span(arena, profile->sigalg);
	return linted;
}

struct cs_span
pki_linted_tbs(const struct pki_linted *linted)
{
	return linted->tbs;
}

bool
pki_linted_holds(const struct pki_linted *linted, struct cs_span issuer, struct cs_span key_id,
    struct cs_span sigalg)
{
	uint8_t sha256[PKI_SHA256];

	pki_sha256(linted->tbs, sha256);
	return memcmp(sha256, linted->sha256, sizeof(sha256)) == 0 &&
	       cs_span_equal(linted->issuer, issuer) &&
	       cs_span_equal(linted->issuer_key_id, key_id) &&
	       cs_span_equal(linted->sigalg, sigalg);
}
