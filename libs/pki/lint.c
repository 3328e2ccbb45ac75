/* SPDX-License-Identifier: Apache-2.0 */
/* lint.c: the fields of a TBSCertificate; lint_*.c look into its names and extensions. */
#include "pki/lint.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "pki/der.h"
#include "pki/evp.h"
#include "pki/lint_rules.h"
#include "pki/verify.h"

#define LINT_VERSION "countersign-lint 1 (SBR 1.0.16)"

#define DAY_S INT64_C(86400)
#define BACKDATING_S INT64_C(300)
#define UTC_TIME_END_S INT64_C(2524608000) /* 2050-01-01 */

const char *
pki_lint_version(void)
{
	return LINT_VERSION;
}

void
lint_say(struct lint *lint, enum pki_lint_severity severity, const char *id, const char *clause,
    const char *fmt, ...)
{
	va_list ap;

	lint->errors += severity == PKI_LINT_ERROR;
	lint->warnings += severity == PKI_LINT_WARNING;
	if (lint->n == LINT_FINDINGS)
		return; /* counted, and that many say enough */
	va_start(ap, fmt);
	lint->findings[lint->n++] = (struct pki_lint_finding){
		.id = id,
		.clause = clause,
		.severity = severity,
		.text = cs_arena_vprintf(lint->arena, fmt, ap),
	};
	va_end(ap);
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
		lint_error(
		    lint, "serial-not-positive", "SBR 7.1", "the serial number is not positive");
		return;
	}
	if (serial.len > 20 || (serial.len == 20 && serial.data[0] >= 0x80))
		lint_error(
		    lint, "serial-too-long", "SBR 7.1", "the serial number is 2^159 or more");
	if (serial.len < 9)
		lint_error(lint, "serial-too-short", "SBR 7.1",
		    "a serial number of %zu octets cannot hold 64 random bits", serial.len);
}

static void
lint_algorithm(struct lint *lint, struct cs_span sigalg)
{
	if (pki_sigalg_name(sigalg) == NULL)
		lint_error(lint, "signature-algorithm-prohibited", "SBR 7.1.3.2",
		    "not an algorithm of SBR 7.1.3.2, octet for octet");
	if (!cs_span_equal(sigalg, lint->profile->sigalg))
		lint_error(lint, "signature-algorithm-not-issuers", "RFC 5280 4.1.2.3",
		    "the algorithm is not the one that the issuing CA signs with");
}

static bool
read_time(struct lint *lint, struct cs_span *validity, int64_t *ret_s)
{
	struct pki_element time;

	if (!pki_der_next(validity, &time) || !pki_der_time(time.tag, time.body, ret_s)) {
		lint_error(lint, "validity-malformed", "RFC 5280 4.1.2.5",
		    "the validity is not two times");
		return false;
	}
	if ((time.tag == PKI_UTC_TIME) != (*ret_s < UTC_TIME_END_S))
		lint_error(lint, "validity-encoding", "RFC 5280 4.1.2.5",
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
		lint_error(
		    lint, "validity-malformed", "RFC 5280 4.1.2.5", "it ends before it begins");
		return;
	}
	const int64_t longest = (int64_t)lint->profile->max_days * DAY_S;
	const int64_t seconds = until - from + 1; /* both ends count */
	if (seconds > longest)
		lint_error(lint, "validity-too-long", "SBR 6.3.2",
		    "%lld seconds are more than %u days", (long long)seconds,
		    lint->profile->max_days);
	else if (seconds > longest - DAY_S)
		lint_warn(
		    lint, "validity-at-maximum", "SBR 6.3.2", "the longest validity by default");
	if (from < lint->now_s - BACKDATING_S)
		lint_error(lint, "validity-backdated", "SBR 6.3.2", "it begins %lld seconds ago",
		    (long long)(lint->now_s - from));
	if (from > lint->now_s + DAY_S)
		lint_error(
		    lint, "validity-in-the-future", "SBR 6.3.2", "it begins in more than a day");
	if (until < lint->now_s)
		lint_error(lint, "validity-over", "SBR 6.3.2", "it has ended already");
}

static void
lint_key(struct lint *lint, struct cs_span spki)
{
	struct cs_refusal why;

	lint->has_key = pki_spki_read(spki, &lint->key, &why);
	if (!lint->has_key)
		lint_error(lint, "public-key-prohibited", "SBR 7.1.3.1, 6.1.5", "%s", why.text);
}

static bool
malformed(struct lint *lint, const char *what)
{
	lint_error(lint, "certificate-malformed", "RFC 5280 4.1", "%s", what);
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
	if (!cs_span_equal(part, lint->profile->issuer))
		lint_error(lint, "issuer-not-the-ca", "SBR 7.1.4.1",
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

struct pki_lint_result
pki_lint(struct cs_arena *arena, struct cs_span tbs, const struct pki_lint_profile *profile,
    int64_t now_s)
{
	struct lint lint = {
		.arena = arena,
		.profile = profile,
		.now_s = now_s,
		.findings = CS_NEW_ARRAY(arena, LINT_FINDINGS, struct pki_lint_finding),
	};

	lint_tbs(&lint, tbs);
	return (struct pki_lint_result){ lint.findings, lint.n, lint.errors, lint.warnings };
}
