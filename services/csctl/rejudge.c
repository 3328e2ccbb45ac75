/* SPDX-License-Identifier: Apache-2.0 */
#include "rejudge.h"

#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "dns/answer.h"
#include "gate/tbs.h"
#include "pki/hash.h"
#include "pki/keycheck.h"
#include "pki/lint.h"
#include "proof.h"

struct judging {
	struct cs_arena *arena;
	const struct bundle *pack;
	const struct claim_trust *trust;
	struct cs_span root;
	struct rejudge *ret;

	const struct audit_record *judged, *issued;
	struct gate_case c;
	struct claim_plan plan;
	struct gate_rules rules;
	struct gate_verdict verdict;
	struct pki_cert_info certificate, issuer;
};

/* ---- steps ---- */

static bool
step(struct judging *j, const char *name, bool holds, const char *text)
{
	cs_assert(j->ret->n < REJUDGE_STEPS);
	j->ret->steps[j->ret->n++] = (struct rejudge_step){ name, holds, text };
	j->ret->holds &= holds;
	return holds;
}

static const char *
hex_of(struct judging *j, struct cs_span octets)
{
	uint8_t digest[PKI_SHA256];

	pki_sha256(octets, digest);
	return cs_hex(j->arena, cs_span_of(digest, sizeof(digest)));
}

/* Does the record say so under this key? */
static bool
says(struct judging *j, const struct audit_record *record, const char *key, const char *value)
{
	const char *said = proof_field(j->arena, record->detail, key);

	return said != NULL && strcmp(said, value) == 0;
}

static const char *
when(struct judging *j, int64_t ms)
{
	char text[CS_TIME_TEXT];

	cs_time_format(ms, text);
	return cs_arena_strdup(j->arena, text);
}

/* ---- the log ---- */

static const struct audit_record *
find(const struct bundle *pack, const char *action)
{
	for (size_t i = 0; i < pack->n_records; i++)
		if (strcmp(pack->records[i].action, action) == 0)
			return &pack->records[i];
	return NULL;
}

const struct audit_record *
rejudge_judgement(const struct bundle *pack)
{
	const struct audit_record *last = NULL;

	for (size_t i = 0; i < pack->n_records; i++) {
		const struct audit_record *record = &pack->records[i];

		if (strcmp(record->action, "intent") == 0 || strcmp(record->action, "renewed") == 0)
			last = record;
		if (strcmp(record->action, "issued") == 0)
			break;
	}
	return last;
}

static bool
log_holds(struct judging *j)
{
	const struct bundle *pack = j->pack;
	const char *problem = proof_lone_head_problem(j->arena, j->trust, &pack->head);
	int64_t before = 0;

	if (problem != NULL)
		return step(j, "head", false, problem);
	for (size_t i = 0; i < pack->n_records; i++) {
		const struct audit_record *record = &pack->records[i];
		uint8_t leaf[AUDIT_HASH];

		audit_leaf(record, leaf);
		if (record->seq <= before || !cs_id_equal(record->request, pack->request) ||
		    !audit_has_leaf(leaf, (uint64_t)record->seq - 1, pack->head.size,
			&pack->paths[i], pack->head.root))
			return step(j, "log", false,
			    cs_arena_printf(j->arena,
				"record %lld is not in the log that the head signs, or not about this request",
				(long long)record->seq));
		before = record->seq;
	}
	j->judged = rejudge_judgement(pack);
	j->issued = find(pack, "issued");
	if (j->judged == NULL || j->issued == NULL || find(pack, "void") != NULL)
		return step(
		    j, "log", false, "the log does not say that this was judged and issued");
	return step(j, "log", true,
	    cs_arena_printf(j->arena,
		"%zu records of the signer are in its log of %llu, whose head key %s signed at %s%s",
		pack->n_records, (unsigned long long)pack->head.size, pack->head.keyid,
		when(j, pack->head.at_ms),
		find(pack, "revoked") != NULL ? "; it was revoked later" : ""));
}

/* ---- what was in force ---- */

/* As the signer writes it into its records. */
static const char *
lint_version(struct judging *j)
{
	char *text = cs_arena_strdup(j->arena, pki_lint_version());

	for (char *c = text; *c != '\0'; c++)
		if (*c == ' ')
			*c = '_';
	return text;
}

static bool
versions_hold(struct judging *j)
{
	const struct bundle *pack = j->pack;
	const char *said = proof_field(j->arena, j->judged->detail, "trust");
	const char *files = said != NULL ? strchr(said, ':') : NULL;
	const char *want =
	    cs_arena_printf(j->arena, ":%s:%s", hex_of(j, pack->trust), hex_of(j, pack->approvers));
	uint8_t table[CLAIM_DIGEST], approvers[CLAIM_DIGEST];
	struct cs_span now = { table, sizeof(table) };

	if (files == NULL || strcmp(files, want) != 0)
		return step(j, "trust", false,
		    "the trust table or the approvers are not those by which the signer judged");
	const uint32_t version = claim_trust_identity(j->trust, table, approvers);

	(void)step(j, "trust", true,
	    cs_arena_printf(j->arena, "version %.*s of the trust table was in force; %s",
		(int)(files - said), said,
		strcmp(cs_hex(j->arena, now), hex_of(j, pack->trust)) == 0
		    ? "it is the one given"
		    : cs_arena_printf(j->arena, "version %u is given, and judges", version)));
	if (!says(j, j->judged, "lint", pack->lint))
		return step(j, "lint", false, "the lints were of another version");
	return step(j, "lint", true,
	    cs_arena_printf(j->arena, "linted by version %s, %s", pack->lint,
		strcmp(pack->lint, lint_version(j)) == 0
		    ? "as this program does"
		    : cs_arena_printf(
			  j->arena, "this program has version %s", pki_lint_version())));
}

/* ---- the case ---- */

static bool
read_evidence(
    struct cs_arena *arena, const struct gate_received *received, struct gate_evidence *ret)
{
	ret->received = *received;
	claim_envelope_sha256(received->envelope, ret->sha256);
	return claim_open_evidence(arena, NULL, received->envelope, 0, &ret->e, NULL) == CS_OK;
}

static void
add_denial(struct gate_case *c, const struct claim_evidence *e)
{
	struct gate_denial *no = &c->denials[c->n_denials++];

	*no = (struct gate_denial){
		.request = e->request, .attempt = e->attempt, .checked_at_ms = e->checked_at_ms
	};
	memcpy(no->check_digest, e->check_digest, CLAIM_DIGEST);
}

bool
rejudge_case(struct cs_arena *arena, const struct bundle *pack, struct gate_case *ret,
    struct claim_plan *ret_plan)
{
	*ret = (struct gate_case){ .id = pack->request,
		.request = pack->statements[0],
		.approval = pack->statements[1],
		.plan = pack->statements[2] };
	if (claim_open_plan(arena, NULL, ret->plan.envelope, 0, ret_plan, NULL) != CS_OK ||
	    !gate_asks(arena, ret->request.envelope, &ret->key, &ret->previous) ||
	    !cs_id_equal(ret->previous.request, pack->previous.request))
		return false;
	/* Blocked it was not, or nothing would have been issued. */
	ret->key.known = true;
	if (pack->key_was_theirs) {
		ret->key.enterprise = ret_plan->enterprise;
		ret->key.account = ret_plan->account;
	}
	ret->previous = pack->previous;
	ret->evidence = CS_NEW_ARRAY(arena, pack->n_evidence, struct gate_evidence);
	ret->denials = CS_NEW_ARRAY(arena, pack->n_evidence, struct gate_denial);
	for (size_t i = 0; i < pack->n_evidence; i++) {
		struct gate_evidence *evidence = &ret->evidence[ret->n_evidence++];

		if (!read_evidence(arena, &pack->evidence[i], evidence))
			return false;
		if (evidence->e.outcome == CLAIM_REFUSED)
			add_denial(ret, &evidence->e);
	}
	return true;
}

static bool
statements_hold(struct judging *j)
{
	static const struct {
		const char *name;
		size_t at;
	} statements[] = { { "request", 0 }, { "approval", 1 }, { "plan", 2 } };

	for (size_t i = 0; i < 3; i++) {
		const struct cs_span envelope = j->pack->statements[statements[i].at].envelope;

		if (!says(j, j->judged, statements[i].name, hex_of(j, envelope)))
			return step(j, statements[i].name, false,
			    "it is not the one that the signer judged");
	}
	return true;
}

static bool
is_asked(const struct claim_plan *plan, const struct claim_evidence *e)
{
	for (size_t i = 0; i < plan->n_checks; i++)
		if (memcmp(plan->checks[i].digest, e->check_digest, CLAIM_DIGEST) == 0)
			return true;
	return false;
}

static bool
is_named_by_plan(const struct claim_plan *plan, const struct gate_evidence *evidence)
{
	for (size_t i = 0; i < plan->n_checks; i++)
		if (plan->checks[i].has_standing &&
		    memcmp(plan->checks[i].standing_sha256, evidence->sha256, CLAIM_DIGEST) == 0)
			return true;
	return false;
}

bool
rejudge_is_denial(
    const struct gate_evidence *evidence, struct cs_id request, const struct claim_plan *plan)
{
	return evidence->e.outcome == CLAIM_REFUSED && !cs_id_equal(evidence->e.request, request) &&
	       !is_named_by_plan(plan, evidence);
}

/* Each once, genuine, and there for a reason: whatever else lay in a pack would be bound by nothing. */
static const char *
stray_evidence(struct judging *j)
{
	for (size_t i = 0; i < j->c.n_evidence; i++) {
		const struct gate_evidence *evidence = &j->c.evidence[i];
		const int64_t received_ms = evidence->received.received_ms;
		struct claim_evidence e;
		struct cs_err err;

		for (size_t k = 0; k < i; k++)
			if (memcmp(j->c.evidence[k].sha256, evidence->sha256, CLAIM_DIGEST) == 0)
				return "an envelope is there twice";
		if (rejudge_is_denial(evidence, j->pack->request, &j->plan)
			? !is_asked(&j->plan, &evidence->e) ||
			      received_ms != evidence->e.checked_at_ms
			: !cs_id_equal(evidence->e.request, j->pack->request) &&
			      !is_named_by_plan(&j->plan, evidence))
			return "there is evidence that nobody weighed";
		if (claim_open_evidence(j->arena, j->trust, evidence->received.envelope,
			received_ms, &e, &err) != CS_OK)
			return cs_arena_strdup(j->arena, err.text);
	}
	return NULL;
}

/* Those of the chain; of other CAs of ours only the signer knew. */
static const uint8_t (*ca_keys(struct judging *j))[32]
{
	uint8_t(*keys)[32] = cs_arena_array(j->arena, j->pack->n_chain, sizeof(*keys));
	struct pki_cert_info cert;

	for (size_t i = 0; i < j->pack->n_chain; i++)
		if (pki_cert_read(j->arena, j->pack->chain[i], &cert, NULL) == CS_OK)
			pki_sha256(cert.spki, keys[i]);
	return (const uint8_t(*)[32])keys;
}

static bool
case_holds(struct judging *j)
{
	uint8_t digest[CLAIM_DIGEST];

	if (!statements_hold(j))
		return false;
	if (!rejudge_case(j->arena, j->pack, &j->c, &j->plan))
		return step(j, "evidence", false,
		    "something of it cannot be read, or the request follows another one");
	j->rules = (struct gate_rules){ .trust = j->trust,
		.issuer_domains = j->pack->issuer_domains,
		.ca_keys = ca_keys(j),
		.n_ca_keys = j->pack->n_chain };
	gate_case_sha256(j->arena, &j->rules, &j->c, &j->plan, digest);
	if (!says(j, j->judged, "case", cs_hex(j->arena, cs_span_of(digest, sizeof(digest)))))
		return step(j, "case", false,
		    "statements, evidence, times of receipt or issuer domains are not what the signer weighed");
	const char *stray = stray_evidence(j);

	if (stray != NULL)
		return step(j, "evidence", false, stray);
	if (strcmp(j->plan.rules_version, j->pack->rules) != 0)
		return step(j, "rules", false, "the plan was made by other rules");
	return step(j, "case", true,
	    cs_arena_printf(j->arena,
		"request, approval, plan and %zu evidence are what the signer weighed at %s; rules: %s",
		j->c.n_evidence, when(j, j->judged->at_ms), j->pack->rules));
}

/* ---- the gate ---- */

static const char *
missing_text(struct judging *j)
{
	struct cs_buf buf = cs_buf_new(j->arena);

	cs_buf_add_str(&buf, "it would have waited for");
	for (size_t i = 0; i < j->verdict.n_missing; i++)
		cs_buf_printf(&buf, "%s %s (%s)", i > 0 ? "," : "", j->verdict.missing[i].about,
		    j->verdict.missing[i].why);
	return (const char *)cs_buf_span(&buf).data;
}

static const char *
proofs_text(struct judging *j)
{
	struct cs_buf buf = cs_buf_new(j->arena);

	for (size_t i = 0; i < j->verdict.n_proofs; i++) {
		const struct claim_evidence *e = &j->verdict.proofs[i].evidence->e;

		cs_buf_printf(&buf, "%s%s %s by %s at %s", i > 0 ? "; " : "",
		    claim_kind_name(e->kind), e->target, e->method, when(j, e->checked_at_ms));
	}
	return (const char *)cs_buf_span(&buf).data;
}

/* Private trust: the log says so too, for those who read nothing else. */
static bool
waiver_holds(struct judging *j)
{
	const char *waived = claim_plan_waived(j->arena, &j->verdict.plan);

	if (waived[0] == '\0')
		return true;
	if (!says(j, j->judged, "waived", waived))
		return step(j, "waived", false, "the log does not say what the plan did without");
	return step(j, "waived", true,
	    cs_arena_printf(j->arena, "the profile is of %s trust, and nobody had to prove: %s",
		smime_trust_name(j->verdict.profile->trust), waived));
}

/* What no evidence stands behind, so that nobody takes it for proved. */
static void
tell_stated(struct judging *j)
{
	const struct claim_values *values = &j->verdict.plan.subject;
	struct cs_buf buf = cs_buf_new(j->arena);

	if (values->n == 0)
		return;
	cs_buf_add_str(&buf, "the profile takes it, and nobody verified");
	for (size_t i = 0; i < values->n; i++)
		cs_buf_printf(&buf, "%s %s=%s (set by: %s)", i > 0 ? ";" : "",
		    values->items[i].name, values->items[i].value, values->items[i].source);
	(void)step(j, "subject", true, (const char *)cs_buf_span(&buf).data);
}

static void
tell_factor(struct judging *j)
{
	const struct claim_factor *factor = &j->verdict.factor;
	const char *method = j->verdict.plan.second_factor;

	if (method == NULL || method[0] == '\0')
		return;
	(void)step(j, "second-factor", true,
	    cs_arena_printf(j->arena, "%s of %s proved it by %s at %s", factor->account,
		factor->enterprise, factor->method, when(j, factor->proved_at_ms)));
}

static bool
gate_holds(struct judging *j)
{
	struct gate_verdict *v = &j->verdict;

	gate_judge(j->arena, &j->rules, &j->c, j->judged->at_ms, v);
	if (v->says == GATE_WAIT)
		return step(j, "gate", false, missing_text(j));
	if (v->says == GATE_REFUSE)
		return step(j, "gate", false,
		    cs_arena_printf(j->arena, "%s, %s: %s (%s)", v->refusal.code, v->refusal.field,
			v->refusal.text, v->refusal.clause));
	(void)step(j, "gate", true, proofs_text(j));
	tell_stated(j);
	tell_factor(j);
	return waiver_holds(j);
}

/* ---- the certificate ---- */

static bool
chain_holds(struct judging *j)
{
	const struct bundle *pack = j->pack;
	struct cs_buf all = cs_buf_new(j->arena);
	struct pki_cert_info below, above;

	for (size_t i = 0; i < pack->n_chain; i++)
		cs_buf_add_span(&all, pack->chain[i]);
	if (!says(j, j->judged, "chain", hex_of(j, cs_buf_span(&all))))
		return step(j, "chain", false, "it is not the one that the signer had");
	if (pki_cert_read(j->arena, pack->certificate, &j->certificate, NULL) ||
	    pki_cert_read(j->arena, pack->chain[0], &j->issuer, NULL))
		return step(j, "certificate", false, "it cannot be read");
	below = j->certificate;
	for (size_t i = 0; i < pack->n_chain; i++) {
		if (pki_cert_read(j->arena, pack->chain[i], &above, NULL) ||
		    !pki_cert_signed_by(&below, &above))
			return step(j, "chain", false, "a certificate is not signed by the next");
		below = above;
	}
	if (j->root.len == 0)
		return step(j, "chain", true,
		    cs_arena_printf(j->arena,
			"the certificate is signed by the first of %zu; no root was given to end at",
			pack->n_chain));
	if (pki_cert_read(j->arena, j->root, &above, NULL) ||
	    (!cs_span_equal(below.der, j->root) && !pki_cert_signed_by(&below, &above)))
		return step(j, "root", false, "the chain does not end at the root that was given");
	return step(j, "chain", true,
	    cs_arena_printf(j->arena,
		"the certificate is signed by the first of %zu, up to the root given",
		pack->n_chain));
}

static const char *const *
urls(const char *const *list)
{
	return list != NULL && list[0] != NULL ? list : NULL;
}

static uint32_t
rsa_bits(const struct pki_cert_info *cert)
{
	struct cs_refusal why;
	struct pki_key key;

	return pki_key_judge(cert->spki, PKI_ALLOW_EDDSA, &key, &why) && key.kind == PKI_KEY_RSA
		   ? key.bits
		   : 0;
}

/* The rules of the day make the very octets that were signed, from what was proved and nothing else. */
static bool
octets_hold(struct judging *j)
{
	const struct pki_cert_info *cert = &j->certificate;
	const struct gate_ca ca = {
		.label = proof_field(j->arena, j->judged->detail, "issuer"),
		.name = j->issuer.subject,
		.key_id = j->issuer.subject_key_id,
		.sigalg = cert->sigalg,
		.not_after_s = j->issuer.not_after_s,
		.rsa_bits = rsa_bits(&j->issuer),
		.crl_urls = urls(cert->crl_urls),
		.ocsp_urls = urls(cert->ocsp_urls),
		.issuer_urls = urls(cert->issuer_urls),
	};
	struct gate_choice choice = { .not_before_s = cert->not_before_s };
	struct cs_refusal why;
	struct cs_span tbs;

	if (cert->serial.len != GATE_SERIAL)
		return step(j, "certificate", false, "its serial is not one of ours");
	memcpy(choice.serial, cert->serial.data, GATE_SERIAL);
	if (!gate_prepare(j->arena, &ca, &j->verdict, &choice, j->judged->at_ms, &tbs, &why))
		return step(j, "octets", false,
		    cs_arena_printf(j->arena, "%s: %s (%s)", why.code, why.text, why.clause));
	if (!cs_span_equal(tbs, cert->tbs))
		return step(j, "octets", false,
		    "what was proved would be certified in other octets than these");
	if (!says(j, j->judged, "serial", cs_hex(j->arena, cert->serial)) ||
	    !says(j, j->judged, "tbs_sha256", hex_of(j, tbs)))
		return step(j, "octets", false, "they are not those of the intent");
	if (!says(j, j->issued, "sha256", hex_of(j, cert->der)) ||
	    !says(j, j->issued, "serial", cs_hex(j->arena, cert->serial)))
		return step(j, "certificate", false, "it is not the one that was issued");
	return step(j, "octets", true,
	    cs_arena_printf(j->arena,
		"built and linted again: the very octets that were signed, serial %s",
		cs_hex(j->arena, cert->serial)));
}

/* ---- DNS answers ---- */

static uint16_t
type_of(const char *name)
{
	static const uint16_t types[] = { DNS_TYPE_A, DNS_TYPE_CNAME, DNS_TYPE_SOA, DNS_TYPE_MX,
		DNS_TYPE_TXT, DNS_TYPE_AAAA, DNS_TYPE_DS, DNS_TYPE_CAA };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(dns_type_name(types[i]), name) == 0)
			return types[i];
	return 0;
}

static const struct bundle_answer *
find_answer(struct judging *j, struct cs_span sha256)
{
	for (size_t i = 0; i < j->pack->n_answers; i++) {
		uint8_t digest[PKI_SHA256];

		pki_sha256(j->pack->answers[i].octets, digest);
		if (cs_span_equal(sha256, cs_span_of(digest, sizeof(digest))))
			return &j->pack->answers[i];
	}
	return NULL;
}

/* The packet says to this question what the evidence says that it said.  A bogus one is never read. */
static bool
answers_lookup(
    struct judging *j, const struct claim_lookup *lookup, const struct bundle_answer *answer)
{
	struct dns_answer read;

	if (strcmp(lookup->name, answer->name) != 0 || strcmp(lookup->type, answer->type) != 0)
		return false;
	if (lookup->security == CLAIM_DNSSEC_BOGUS ||
	    lookup->security == CLAIM_DNSSEC_INDETERMINATE)
		return true;
	return dns_answer_parse(j->arena, answer->octets, lookup->name, type_of(lookup->type),
		   &read, NULL) == CS_OK &&
	       read.rcode == lookup->rcode;
}

/* Of the evidence that was relied on every packet; of the rest what there is. */
static bool
answers_of(struct judging *j, const struct claim_evidence *e, bool relied_on, const char **ret_why)
{
	for (size_t i = 0; i < e->n_lookups; i++) {
		const struct claim_lookup *lookup = &e->lookups[i];
		const struct bundle_answer *answer;

		if (lookup->wire_sha256.len == 0)
			continue;
		answer = find_answer(j, lookup->wire_sha256);
		*ret_why = cs_arena_printf(
		    j->arena, "%s %s, asked for %s", lookup->type, lookup->name, e->check_id);
		if (answer == NULL ? relied_on : !answers_lookup(j, lookup, answer))
			return false;
	}
	return true;
}

static bool
is_named(struct judging *j, const struct bundle_answer *answer)
{
	uint8_t digest[PKI_SHA256];

	pki_sha256(answer->octets, digest);
	for (size_t i = 0; i < j->c.n_evidence; i++) {
		const struct claim_evidence *e = &j->c.evidence[i].e;

		for (size_t k = 0; k < e->n_lookups; k++)
			if (cs_span_equal(
				e->lookups[k].wire_sha256, cs_span_of(digest, sizeof(digest))))
				return true;
	}
	return false;
}

static bool
is_relied_on(struct judging *j, const struct gate_evidence *evidence)
{
	for (size_t i = 0; i < j->verdict.n_proofs; i++)
		if (memcmp(j->verdict.proofs[i].evidence->sha256, evidence->sha256, CLAIM_DIGEST) ==
		    0)
			return true;
	return false;
}

static bool
answers_hold(struct judging *j)
{
	const char *why = "";

	for (size_t i = 0; i < j->c.n_evidence; i++) {
		const struct gate_evidence *evidence = &j->c.evidence[i];

		if (!answers_of(j, &evidence->e, is_relied_on(j, evidence), &why))
			return step(j, "answers", false,
			    cs_arena_printf(j->arena, "no packet that answers %s", why));
	}
	for (size_t i = 0; i < j->pack->n_answers; i++)
		if (!is_named(j, &j->pack->answers[i]))
			return step(j, "answers", false, "there is a packet that nothing rests on");
	return step(j, "answers", true,
	    cs_arena_printf(j->arena,
		"%zu DNS packets have the digests that the evidence names, and answer its questions",
		j->pack->n_answers));
}

void
rejudge(struct cs_arena *arena, const struct bundle *pack, const struct claim_trust *trust,
    struct cs_span root, struct rejudge *ret)
{
	struct judging j = {
		.arena = arena, .pack = pack, .trust = trust, .root = root, .ret = ret
	};

	*ret = (struct rejudge){ .holds = true };
	ret->holds = log_holds(&j) && versions_hold(&j) && case_holds(&j) && gate_holds(&j) &&
		     chain_holds(&j) && octets_hold(&j) && answers_hold(&j);
}
