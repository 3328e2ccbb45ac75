/* SPDX-License-Identifier: Apache-2.0 */
/* claim.c: names and digests of statements. */
#include "claim/claim.h"

#include <string.h>

#include "pki/hash.h"

static const char *
name_of(const char *const *names, size_t n, size_t value)
{
	return value < n && names[value] != NULL ? names[value] : "unknown";
}
#define NAME_OF(names, value) name_of(names, sizeof(names) / sizeof((names)[0]), (size_t)(value))

const char *
claim_kind_name(enum claim_kind kind)
{
	static const char *const names[] = {
		[CLAIM_MAILBOX] = "mailbox",
		[CLAIM_DOMAIN] = "domain",
		[CLAIM_CAA] = "caa",
		[CLAIM_MPIC_DOMAIN] = "mpic-domain",
		[CLAIM_MPIC_CAA] = "mpic-caa",
		[CLAIM_ORGANIZATION] = "organization",
		[CLAIM_AUTHORITY] = "authority",
		[CLAIM_INDIVIDUAL] = "individual",
	};

	return NAME_OF(names, kind);
}

const char *
claim_outcome_name(enum claim_outcome outcome)
{
	static const char *const names[] = {
		[CLAIM_PROVED] = "proved",
		[CLAIM_REFUSED] = "refused",
		[CLAIM_COULD_NOT_TELL] = "could-not-tell",
	};

	return NAME_OF(names, outcome);
}

const char *
claim_dnssec_name(enum claim_dnssec state)
{
	static const char *const names[] = {
		[CLAIM_DNSSEC_NOT_USED] = "not-used",
		[CLAIM_DNSSEC_SECURE] = "secure",
		[CLAIM_DNSSEC_INSECURE] = "insecure",
		[CLAIM_DNSSEC_BOGUS] = "bogus",
		[CLAIM_DNSSEC_INDETERMINATE] = "indeterminate",
	};

	return NAME_OF(names, state);
}

const char *
claim_statement_name(enum claim_statement statement)
{
	static const char *const names[] = {
		[CLAIM_REQUEST] = "request",
		[CLAIM_APPROVAL] = "approval",
		[CLAIM_PLAN] = "plan",
		[CLAIM_EVIDENCE] = "evidence",
		[CLAIM_PERSPECTIVE] = "perspective",
		[CLAIM_REVOCATION] = "revocation",
		[CLAIM_SETTING] = "setting",
		[CLAIM_FACTOR_ORDER] = "factor-order",
		[CLAIM_FACTOR] = "factor",
	};

	return NAME_OF(names, statement);
}

const char *
claim_kind_subject(enum claim_kind kind)
{
	static const char *const subjects[] = {
		[CLAIM_MAILBOX] = "evidence.mailbox",
		[CLAIM_DOMAIN] = "evidence.domain",
		[CLAIM_CAA] = "evidence.caa",
		[CLAIM_MPIC_DOMAIN] = "evidence.mpic",
		[CLAIM_MPIC_CAA] = "evidence.mpic",
		[CLAIM_ORGANIZATION] = "evidence.identity",
		[CLAIM_AUTHORITY] = "evidence.identity",
		[CLAIM_INDIVIDUAL] = "evidence.identity",
	};

	return NAME_OF(subjects, kind);
}

const char *
claim_request_kind_name(enum claim_request_kind kind)
{
	static const char *const names[] = {
		[CLAIM_FIRST] = "first",
		[CLAIM_RENEWAL] = "renewal",
		[CLAIM_REKEY] = "rekey",
		[CLAIM_REISSUE] = "reissue",
		[CLAIM_DOMAIN_ONLY] = "domain",
	};

	return NAME_OF(names, kind);
}

bool
claim_request_follows(enum claim_request_kind kind)
{
	return kind == CLAIM_RENEWAL || kind == CLAIM_REKEY || kind == CLAIM_REISSUE;
}

const char *
claim_revoked_by_name(enum claim_revoked_by by)
{
	static const char *const names[] = {
		[CLAIM_BY_OWNER] = "owner",
		[CLAIM_BY_OPERATOR] = "operator",
		[CLAIM_BY_REPORT] = "report",
		[CLAIM_BY_KEY] = "key",
		[CLAIM_BY_SIGNER] = "signer",
	};

	return NAME_OF(names, by);
}

/* ---- digests ---- */

/*
 * The fixed form is label NUL, then fields.  Each field is its length in four octets, big endian, and
 * its octets; a list is its count in the same form and then its items; a number is a field of four.
 * Hence no two different statements have one form: `parts` holds the pieces in that order.
 */
#define PARTS 96

struct form {
	struct cs_span parts[2 * PARTS];
	uint8_t lengths[PARTS][4], numbers[PARTS][4];
	size_t n, n_lengths, n_numbers;
};

static void
put_be32(uint8_t out[static 4], size_t value)
{
	cs_assert(value <= UINT32_MAX);
	for (int i = 0; i < 4; i++)
		out[i] = (uint8_t)(value >> (24 - 8 * i));
}

static void
add_part(struct form *form, struct cs_span part)
{
	cs_assert(form->n < 2 * PARTS);
	form->parts[form->n++] = part;
}

static void
add_length(struct form *form, size_t length)
{
	cs_assert(form->n_lengths < PARTS);
	uint8_t *at = form->lengths[form->n_lengths++];

	put_be32(at, length);
	add_part(form, cs_span_of(at, 4));
}

static void
add(struct form *form, struct cs_span field)
{
	add_length(form, field.len);
	add_part(form, field);
}

static void
add_text(struct form *form, const char *text)
{
	add(form, cs_span_str(text));
}

static void
add_number(struct form *form, uint32_t number)
{
	cs_assert(form->n_numbers < PARTS);
	uint8_t *at = form->numbers[form->n_numbers++];

	put_be32(at, number);
	add(form, cs_span_of(at, 4));
}

static void
add_texts(struct form *form, const struct claim_texts *texts)
{
	cs_assert(texts->n <= CLAIM_MAX_NAMES);
	add_length(form, texts->n);
	for (size_t i = 0; i < texts->n; i++)
		add_text(form, texts->items[i]);
}

/*
 * What requests of old do not have comes last, under its name, and only where it is there: they keep
 * their digest.
 */
static void
add_subject(struct form *form, const struct claim_values *subject)
{
	cs_assert(subject->n <= CLAIM_MAX_VALUES);
	if (subject->n == 0)
		return;
	add_text(form, "subject");
	add_length(form, subject->n);
	for (size_t i = 0; i < subject->n; i++) {
		add_text(form, subject->items[i].name);
		add_text(form, subject->items[i].value);
	}
}

static void
add_submitter(struct form *form, const char *submitted_by)
{
	if (submitted_by == NULL || submitted_by[0] == '\0')
		return;
	add_text(form, "submitted-by");
	add_text(form, submitted_by);
}

#define REQUEST_LABEL "countersign/request-digest/v1"
#define CHECK_LABEL "countersign/check-digest/v1"

void
claim_request_digest(const struct claim_request *request, struct cs_span spki,
    uint8_t ret_digest[static CLAIM_DIGEST])
{
	struct form form = { .n = 0 };

	add_part(&form, cs_span_of(REQUEST_LABEL, sizeof(REQUEST_LABEL)));
	add(&form, spki);
	add_texts(&form, &request->mailboxes);
	add_texts(&form, &request->domains);
	add_text(&form, request->profile);
	add_number(&form, request->validity_days);
	add_number(&form, request->key_use);
	add_text(&form, request->enterprise);
	add_text(&form, request->account);
	add_text(&form, request->agreement);
	add_text(&form, request->common_name);
	add_number(&form, request->kind);
	add(&form, cs_span_of(request->previous.octets, sizeof(request->previous.octets)));
	add_subject(&form, &request->subject);
	add_submitter(&form, request->submitted_by);
	pki_sha256_parts(form.parts, form.n, ret_digest);
}

void
claim_check_digest(const struct claim_check *check, uint8_t ret_digest[static CLAIM_DIGEST])
{
	struct form form = { .n = 0 };

	add_part(&form, cs_span_of(CHECK_LABEL, sizeof(CHECK_LABEL)));
	add_number(&form, check->kind);
	add_text(&form, check->target);
	add_text(&form, check->method);
	add_text(&form, check->enterprise);
	add_text(&form, check->account);
	add(&form, check->expected);
	pki_sha256_parts(form.parts, form.n, ret_digest);
}

void
claim_evidence_check_digest(
    const struct claim_evidence *evidence, uint8_t ret_digest[static CLAIM_DIGEST])
{
	const struct claim_check check = {
		.kind = evidence->kind,
		.target = evidence->target,
		.method = evidence->method,
		.enterprise = evidence->enterprise,
		.account = evidence->account,
		.expected = evidence->expected,
	};

	claim_check_digest(&check, ret_digest);
}

void
claim_envelope_sha256(struct cs_span envelope, uint8_t ret_digest[static CLAIM_DIGEST])
{
	pki_sha256(envelope, ret_digest);
}

bool
claim_texts_hold(const struct claim_texts *texts, const char *text)
{
	for (size_t i = 0; i < texts->n; i++)
		if (strcmp(texts->items[i], text) == 0)
			return true;
	return false;
}

bool
claim_plan_waives(const struct claim_plan *plan, const char *what)
{
	return claim_texts_hold(&plan->waived, what);
}

const char *
claim_plan_waived(struct cs_arena *arena, const struct claim_plan *plan)
{
	struct cs_buf buf = cs_buf_new(arena);

	for (size_t i = 0; i < plan->waived.n; i++)
		cs_buf_printf(&buf, "%s%s", i > 0 ? "," : "", plan->waived.items[i]);
	return (const char *)cs_buf_span(&buf).data;
}

void
claim_evidence_for(const struct claim_asked *asked, struct claim_evidence *ret)
{
	const struct claim_check *check = &asked->check;

	*ret = (struct claim_evidence){
		.request = asked->request,
		.check_id = check->id,
		.kind = check->kind,
		.target = check->target,
		.method = check->method,
		.enterprise = check->enterprise,
		.account = check->account,
		.expected = check->expected,
		.attempt = check->attempt,
		.reason = "",
		.clause = "",
		.text = "",
		.perspective = "",
		.min_remotes = check->min_remotes,
		.found_at = "",
		.primary_sha256 = asked->primary_sha256,
		.rules_version = CLAIM_RULES_VERSION,
		.detail = "",
	};
	memcpy(ret->request_digest, asked->request_digest, CLAIM_DIGEST);
	claim_evidence_check_digest(ret, ret->check_digest);
}
