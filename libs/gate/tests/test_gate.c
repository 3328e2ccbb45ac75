/* SPDX-License-Identifier: Apache-2.0 */
/* One thing is removed or altered in a complete set, and exactly one answer is wanted. */
#include <string.h>

#include "gate/tests/csrs.h"
#include "gate/tests/fake_world.h"

#define CHANGE(name, when, ...) WORLD_CHANGE(name, when, (void)w, __VA_ARGS__)

#define MARGIN GATE_MARGIN_MS

CHANGE(nothing, STEP_CASE, (void)w)

/* ---- second factors ---- */

/* Stated by this key, with one thing otherwise. */
static void
want_factor(struct world *w, enum world_key key, const char *account, const char *method,
    int64_t age_ms, uint8_t bent)
{
	struct claim_factor factor = { .request = w->request.id,
		.enterprise = w->request.enterprise,
		.account = account,
		.method = method,
		.proved_at_ms = w->approval.approved_at_ms - age_ms };

	memcpy(factor.request_digest, w->request.digest, CLAIM_DIGEST);
	factor.request_digest[0] ^= bent;
	w->plan.second_factor = "email";
	w->approval.second_factor = claim_seal_factor(w->arena, w->keys[key], &factor);
}

CHANGE(
    factor_good, STEP_PROOFS, want_factor(w, KEY_MAILBOX, w->request.account, "email", 900000, 0))
CHANGE(factor_none, STEP_PROOFS, w->plan.second_factor = "email")
CHANGE(factor_by_intake, STEP_PROOFS, want_factor(w, KEY_INTAKE, w->request.account, "email", 0, 0))
CHANGE(factor_by_policy, STEP_PROOFS, want_factor(w, KEY_POLICY, w->request.account, "email", 0, 0))
CHANGE(factor_of_another, STEP_PROOFS, want_factor(w, KEY_MAILBOX, "u-2", "email", 0, 0))
CHANGE(factor_by_another_method, STEP_PROOFS,
    want_factor(w, KEY_MAILBOX, w->request.account, "sms", 0, 0))
CHANGE(factor_of_another_digest, STEP_PROOFS,
    want_factor(w, KEY_MAILBOX, w->request.account, "email", 0, 1))
CHANGE(factor_too_old, STEP_PROOFS,
    want_factor(w, KEY_MAILBOX, w->request.account, "email", 900001, 0))
CHANGE(
    factor_not_wanted, STEP_PROOFS, want_factor(w, KEY_INTAKE, w->request.account, "email", 0, 0);
    w->plan.second_factor = "")

/* ---- missing ---- */
CHANGE(no_request, STEP_CASE, w->c.request.envelope.len = 0)
CHANGE(no_approval, STEP_CASE, w->c.approval.envelope.len = 0)
CHANGE(no_plan, STEP_CASE, w->c.plan.envelope.len = 0)
CHANGE(nothing_at_all, STEP_CASE, w->c = (struct gate_case){ .id = w->c.id })

static void
drop(struct world *w, size_t i)
{
	w->stored[i] = w->stored[--w->c.n_evidence];
}

CHANGE(no_mailbox_proof, STEP_CASE, drop(w, MAILBOX))
CHANGE(no_domain_proof, STEP_CASE, drop(w, DOMAIN))
CHANGE(no_mpic_domain, STEP_CASE, drop(w, MPIC_DOMAIN))
CHANGE(no_caa_one, STEP_CASE, drop(w, CAA_SALES))
CHANGE(no_mpic_one, STEP_CASE, drop(w, MPIC_SALES))
CHANGE(no_caa_two, STEP_CASE, drop(w, CAA_DEV))
CHANGE(no_mpic_two, STEP_CASE, drop(w, MPIC_DEV))
CHANGE(mailbox_refused, STEP_PROOFS, w->evidence[MAILBOX].outcome = CLAIM_REFUSED)
CHANGE(caa_unknown, STEP_PROOFS, w->evidence[CAA_SALES].outcome = CLAIM_COULD_NOT_TELL)
CHANGE(mpic_refused, STEP_PROOFS, w->evidence[MPIC_DEV].outcome = CLAIM_REFUSED)
CHANGE(other_attempt, STEP_PROOFS, w->evidence[CAA_SALES].attempt = 2)
CHANGE(plan_at_its_end, STEP_PLAN, w->plan.ends_at_ms = NOW + MARGIN)
CHANGE(plan_past_its_end, STEP_PLAN, w->plan.ends_at_ms = NOW + MARGIN - 1)

/* ---- stale: pairs, the oldest allowed and one millisecond older ---- */
#define AGE(i, age, freshness)                               \
	w->evidence[i].checked_at_ms = NOW + MARGIN - (age); \
	w->checks[i].freshness_ms = (freshness);             \
	for (size_t k = 0; k < REMOTES; k++)                 \
	w->answers[i][k].checked_at_ms = w->evidence[i].checked_at_ms
CHANGE(mailbox_old, STEP_FACTS, AGE(MAILBOX, 30 * CS_DAY_MS, 0))
CHANGE(mailbox_stale, STEP_FACTS, AGE(MAILBOX, 30 * CS_DAY_MS + 1, 0))
CHANGE(mailbox_plan_old, STEP_FACTS, AGE(MAILBOX, 7 * CS_DAY_MS, 7 * CS_DAY_MS))
CHANGE(mailbox_plan_stale, STEP_FACTS, AGE(MAILBOX, 7 * CS_DAY_MS + 1, 7 * CS_DAY_MS))
CHANGE(mailbox_long_plan, STEP_FACTS, AGE(MAILBOX, 30 * CS_DAY_MS + 1, 400 * CS_DAY_MS))
CHANGE(domain_old, STEP_FACTS, AGE(DOMAIN, 398 * CS_DAY_MS, 0))
CHANGE(domain_stale, STEP_FACTS, AGE(DOMAIN, 398 * CS_DAY_MS + 1, 0))
CHANGE(mpic_domain_stale, STEP_FACTS, AGE(MPIC_DOMAIN, 398 * CS_DAY_MS + 1, 0))
CHANGE(caa_old, STEP_FACTS, AGE(CAA_SALES, 8 * CS_HOUR_MS, 0))
CHANGE(caa_stale, STEP_FACTS, AGE(CAA_SALES, 8 * CS_HOUR_MS + 1, 0))
CHANGE(caa_long_ttl, STEP_FACTS, AGE(CAA_SALES, 9 * CS_HOUR_MS, 0);
       w->evidence[CAA_SALES].ttl_s = 9 * 3600)
CHANGE(caa_past_long_ttl, STEP_FACTS, AGE(CAA_SALES, 9 * CS_HOUR_MS + 1, 0);
       w->evidence[CAA_SALES].ttl_s = 9 * 3600)
CHANGE(caa_endless_ttl, STEP_FACTS, AGE(CAA_SALES, 24 * CS_HOUR_MS + 1, 0);
       w->evidence[CAA_SALES].ttl_s = UINT32_MAX)
CHANGE(mpic_caa_stale, STEP_FACTS, AGE(MPIC_DEV, 8 * CS_HOUR_MS + 1, 0))
CHANGE(valid_to_the_end, STEP_FACTS, w->evidence[MAILBOX].valid_until_ms = NOW + MARGIN)
CHANGE(valid_too_short, STEP_FACTS, w->evidence[MAILBOX].valid_until_ms = NOW + MARGIN - 1)
CHANGE(a_bit_ahead, STEP_FACTS, w->evidence[CAA_SALES].checked_at_ms = NOW + 5000)
CHANGE(too_far_ahead, STEP_FACTS, w->evidence[CAA_SALES].checked_at_ms = NOW + 5001)

/* ---- voided ---- */
#define DENY(i, which, number, at)                                                     \
	w->denials[0] = (struct gate_denial){                                          \
		.request = (which), .attempt = (number), .checked_at_ms = (at)         \
	};                                                                             \
	memcpy(w->denials[0].check_digest, w->evidence[i].check_digest, CLAIM_DIGEST); \
	w->c.n_denials = 1
#define OLD w->evidence[MAILBOX].request
#define AT w->evidence[MAILBOX].checked_at_ms
CHANGE(denied_later, STEP_CASE, DENY(MAILBOX, OLD, 4, AT - 9))
CHANGE(denied_before, STEP_CASE, DENY(MAILBOX, OLD, 2, AT + 9))
CHANGE(denied_by_itself, STEP_CASE, DENY(MAILBOX, OLD, 3, AT))
CHANGE(denied_elsewhere_then, STEP_CASE, DENY(MAILBOX, w->c.id, 1, AT))
CHANGE(denied_elsewhere_before, STEP_CASE, DENY(MAILBOX, w->c.id, 9, AT - 1))
CHANGE(caa_denied_later, STEP_CASE, DENY(CAA_DEV, w->c.id, 2, NOW))
CHANGE(other_check_denied, STEP_CASE, DENY(CAA_DEV, w->c.id, 2, NOW);
       w->denials[0].check_digest[0] ^= 1)

/* Another look at the domain in the request that it was proved for: of another method, all in vain. */
static void
look_in_vain(struct world *w, uint32_t attempt, const char *check_id, struct cs_id request)
{
	struct claim_evidence no = w->evidence[DOMAIN];

	no.outcome = CLAIM_REFUSED;
	no.attempt = attempt;
	no.check_id = check_id;
	no.request = request;
	no.method = "http-file";
	claim_evidence_check_digest(&no, no.check_digest);
	(void)world_store(w, &no, KEY_DOMAIN);
}
#define PROVED w->evidence[DOMAIN]
CHANGE(
    domain_in_vain, STEP_CASE, look_in_vain(w, PROVED.attempt + 1, PROVED.check_id, PROVED.request))
CHANGE(domain_in_vain_before, STEP_CASE,
    look_in_vain(w, PROVED.attempt, PROVED.check_id, PROVED.request))
CHANGE(other_domain_in_vain, STEP_CASE,
    look_in_vain(w, PROVED.attempt + 1, "domain-2", PROVED.request))
CHANGE(domain_in_vain_elsewhere, STEP_CASE, struct cs_id other = PROVED.request;
       other.octets[0] ^= 1; look_in_vain(w, PROVED.attempt + 1, PROVED.check_id, other))

/* ---- not genuine ---- */
CHANGE(request_by_policy, STEP_FACTS, w->request_key = KEY_POLICY)
CHANGE(request_by_stranger, STEP_FACTS, w->request_key = KEY_STRANGER)
CHANGE(approval_by_policy, STEP_FACTS, w->approval_key = KEY_POLICY)
CHANGE(plan_by_intake, STEP_FACTS, w->plan_key = KEY_INTAKE)
CHANGE(plan_by_stranger, STEP_FACTS, w->plan_key = KEY_STRANGER)
CHANGE(mailbox_by_domain, STEP_FACTS, w->evidence_key[MAILBOX] = KEY_DOMAIN)
CHANGE(domain_by_mailbox, STEP_FACTS, w->evidence_key[DOMAIN] = KEY_MAILBOX)
CHANGE(caa_by_mpic, STEP_FACTS, w->evidence_key[CAA_SALES] = KEY_MPIC)
CHANGE(mpic_by_caa, STEP_FACTS, w->evidence_key[MPIC_SALES] = KEY_CAA)
CHANGE(mpic_by_remote, STEP_FACTS, w->evidence_key[MPIC_SALES] = KEY_REMOTE)

static void
flip(struct world *w, struct cs_span *envelope)
{
	uint8_t *copy = (uint8_t *)cs_arena_copy_span(w->arena, *envelope).data;

	copy[envelope->len - 60] ^= 1; /* inside the signature, which comes before the key's id */
	envelope->data = copy;
}
CHANGE(request_flipped, STEP_CASE, flip(w, &w->c.request.envelope))
CHANGE(plan_flipped, STEP_CASE, flip(w, &w->c.plan.envelope))
CHANGE(caa_flipped, STEP_CASE, flip(w, &w->stored[CAA_DEV].received.envelope))
CHANGE(key_retired_before, STEP_CASE, w->rows[KEY_MAILBOX - KEY_INTAKE].not_after_ms = AT + 49;
       world_trust(w))
CHANGE(key_retired_after, STEP_CASE, w->rows[KEY_MAILBOX - KEY_INTAKE].not_after_ms = AT + 50;
       world_trust(w))
CHANGE(
    key_distrusted_before, STEP_CASE, w->rows[KEY_MAILBOX - KEY_INTAKE].distrusted_at_ms = AT + 50;
    world_trust(w))
CHANGE(
    key_distrusted_after, STEP_CASE, w->rows[KEY_MAILBOX - KEY_INTAKE].distrusted_at_ms = AT + 51;
    world_trust(w))
static const char *const acme[] = { "acme" }, *const globex[] = { "globex" };
CHANGE(key_for_acme, STEP_CASE, w->rows[KEY_CAA - KEY_INTAKE].enterprises = world_texts(acme, 1);
       world_trust(w))
CHANGE(
    key_for_globex, STEP_CASE, w->rows[KEY_CAA - KEY_INTAKE].enterprises = world_texts(globex, 1);
    world_trust(w))
/* The index says proved, the octets say refused. */
CHANGE(row_altered, STEP_PROOFS, w->evidence[CAA_DEV].outcome = CLAIM_REFUSED)
static void
row_altered_too(struct world *w, enum world_step step)
{
	row_altered(w, step);
	if (step == STEP_CASE)
		w->stored[CAA_DEV].e.outcome = CLAIM_PROVED;
}
static void
attempt_altered(struct world *w, enum world_step step)
{
	if (step == STEP_PROOFS)
		w->evidence[CAA_DEV].attempt = 2;
	if (step == STEP_CASE)
		w->stored[CAA_DEV].e.attempt = 1;
}
static void
time_altered(struct world *w, enum world_step step)
{
	if (step == STEP_FACTS)
		w->evidence[CAA_DEV].checked_at_ms = NOW - CS_DAY_MS;
	if (step == STEP_CASE)
		w->stored[CAA_DEV].e.checked_at_ms = NOW;
}
CHANGE(sha256_altered, STEP_CASE, w->stored[DOMAIN] = w->stored[MPIC_DOMAIN];
       memcpy(w->stored[DOMAIN].sha256, w->checks[DOMAIN].standing_sha256, CLAIM_DIGEST))
/* Genuine, proved and of the same check, but not the one that the plan names. */
CHANGE(octets_exchanged, STEP_CASE, w->evidence[MAILBOX].attempt = 4; world_seal(w, MAILBOX);
       w->stored[MAILBOX].received.envelope = w->sealed[MAILBOX])

/* ---- about another request ---- */
CHANGE(digest_lied, STEP_REQUEST, w->request.digest[0] ^= 1)
CHANGE(other_key, STEP_REQUEST, w->request.csr = cs_span_of(csr_two, sizeof(csr_two)))
CHANGE(other_days, STEP_REQUEST, w->request.validity_days = 91)
CHANGE(other_common_name, STEP_REQUEST, w->request.common_name = "ann@sales.example")
CHANGE(other_id, STEP_CASE, w->c.id.octets[0] ^= 1)

static uint8_t bad_pop[sizeof(csr_one)];
static void
pop_broken(struct world *w, enum world_step step)
{
	if (step != STEP_FACTS)
		return;
	memcpy(bad_pop, csr_one, sizeof(csr_one));
	bad_pop[sizeof(csr_one) - 1] ^= 1;
	w->request.csr = cs_span_of(bad_pop, sizeof(bad_pop));
}
static const char *const sales[] = { "sales.example" };
static void
no_certificate(struct world *w, enum world_step step)
{
	if (step != STEP_REQUEST)
		return;
	w->request.kind = CLAIM_DOMAIN_ONLY;
	w->request.mailboxes.n = 0;
	w->request.domains = world_texts(sales, 1);
	w->request.csr.len = 0;
	w->request.key_use = 0;
	w->request.validity_days = 0;
	w->request.profile = w->request.agreement = w->request.contact = w->request.common_name =
	    "";
}
CHANGE(no_csr_at_all, STEP_FACTS, w->request.csr = cs_span_str("hello"))
CHANGE(approval_other_digest, STEP_REQUEST, w->approval.request_digest[0] ^= 1)
CHANGE(approval_other_id, STEP_FACTS, w->approval.request.octets[0] ^= 1)
CHANGE(approval_other_account, STEP_FACTS, w->approval.account = "u-2")
CHANGE(approval_by_an_operator, STEP_FACTS, w->approval.approved_by = "op-1")
CHANGE(approval_by_another_operator, STEP_FACTS, w->request.submitted_by = "op-1";
       w->approval.approved_by = "op-2")
/* The mailbox was asked for the very request: standing evidence of the fake world is of an earlier one. */
#define ASKED_FOR_IT w->evidence[MAILBOX].request = w->request.id
CHANGE(asked_on_behalf, STEP_FACTS, w->request.submitted_by = "op-1"; ASKED_FOR_IT)
CHANGE(approved_on_behalf, STEP_FACTS, w->request.submitted_by = "op-1";
       w->approval.approved_by = "op-1"; ASKED_FOR_IT)
CHANGE(mailbox_asked_before, STEP_FACTS, w->request.submitted_by = "op-1";
       w->approval.approved_by = "op-1")
CHANGE(approval_other_enterprise, STEP_FACTS, w->approval.enterprise = "globex")
/* ---- approved in itself ---- */
#define AT_ONCE w->request.approved_factor = "api-token"
static const char *const request_alone[] = { "request" };
CHANGE(at_once, STEP_FACTS, AT_ONCE)
CHANGE(at_once_on_behalf, STEP_FACTS, AT_ONCE; w->request.submitted_by = "op-1"; ASKED_FOR_IT)
CHANGE(at_once_a_day_ago, STEP_FACTS, AT_ONCE;
       w->request.submitted_at_ms = w->plan.made_at_ms - CS_DAY_MS - CS_HOUR_MS)
CHANGE(at_once_long_ago, STEP_FACTS, AT_ONCE;
       w->request.submitted_at_ms = w->plan.made_at_ms - CS_DAY_MS - CS_HOUR_MS - 1)
CHANGE(at_once_as_it_was_proved, STEP_FACTS, AT_ONCE;
       w->evidence[MAILBOX].checked_at_ms = w->request.submitted_at_ms)
CHANGE(at_once_before_the_mailbox, STEP_FACTS, AT_ONCE;
       w->evidence[MAILBOX].checked_at_ms = w->request.submitted_at_ms + 1)
CHANGE(by_itself_long_ago, STEP_FACTS,
    w->approval.approved_at_ms = w->request.submitted_at_ms = w->plan.made_at_ms - 2 * CS_DAY_MS)
CHANGE(never_approved, STEP_PLAN, w->c.approval = w->c.request;
       claim_envelope_sha256(w->c.approval.envelope, w->plan.approval_sha256))
CHANGE(at_once_and_approved, STEP_CASE, w->request.approved_factor = "api-token";
       w->c.approval.envelope = claim_seal_request(w->arena, w->keys[KEY_INTAKE], &w->request))
CHANGE(at_once_by_a_key_for_requests, STEP_FACTS, AT_ONCE;
       w->rows[0].states = world_texts(request_alone, 1); world_trust(w))
static void
at_once_without_factor(struct world *w, enum world_step step)
{
	at_once(w, step);
	if (step == STEP_FACTS)
		w->plan.second_factor = "email";
}
CHANGE(plan_other_digest, STEP_REQUEST, w->plan.request_digest[0] ^= 1)
CHANGE(plan_other_id, STEP_FACTS, w->plan.request.octets[0] ^= 1)
CHANGE(plan_other_enterprise, STEP_FACTS, w->plan.enterprise = "globex")
CHANGE(plan_other_account, STEP_FACTS, w->plan.account = "u-2")
CHANGE(plan_other_profile, STEP_FACTS, w->plan.profile = "boss")
CHANGE(plan_first, STEP_FACTS, w->plan.final = false)
CHANGE(plan_other_approval, STEP_PLAN, w->plan.approval_sha256[0] ^= 1)

/* ---- about another check ---- */
CHANGE(check_other_enterprise, STEP_FACTS, w->checks[DOMAIN].enterprise = "globex";
       w->evidence[DOMAIN].enterprise = "globex")
CHANGE(check_other_account, STEP_FACTS, w->checks[MAILBOX].account = "u-2";
       w->evidence[MAILBOX].account = "u-2")
CHANGE(check_no_account, STEP_FACTS, w->checks[MAILBOX].account = "";
       w->evidence[MAILBOX].account = "")
CHANGE(caa_other_account, STEP_FACTS, w->checks[CAA_DEV].account = "u-2";
       w->evidence[CAA_DEV].account = "u-2")
CHANGE(evidence_other_enterprise, STEP_FACTS, w->evidence[MAILBOX].enterprise = "globex")
CHANGE(evidence_other_account, STEP_FACTS, w->evidence[MAILBOX].account = "u-2")
CHANGE(evidence_other_mailbox, STEP_FACTS, w->evidence[MAILBOX].target = "eve@sales.example")
CHANGE(evidence_other_value, STEP_FACTS, w->evidence[DOMAIN].expected = cs_span_str("other"))
CHANGE(evidence_other_method, STEP_FACTS, w->evidence[DOMAIN].method = "http-file")
CHANGE(attempt_other_digest, STEP_REQUEST, w->evidence[CAA_DEV].request_digest[0] ^= 1)
CHANGE(attempt_other_request, STEP_FACTS, w->evidence[CAA_DEV].request.octets[0] ^= 1)
/* There is good evidence, and the plan names other evidence. */
CHANGE(not_named, STEP_PLAN, w->checks[MAILBOX].standing_sha256[0] ^= 1)

/* ---- what may be certified ---- */
CHANGE(no_profile, STEP_FACTS, w->plan.certificate_profile = "no-such-profile")
CHANGE(organization, STEP_FACTS, w->plan.certificate_profile = "organization-strict")
CHANGE(longest, STEP_FACTS, w->request.validity_days = 825)
CHANGE(too_long, STEP_FACTS, w->request.validity_days = 826)
CHANGE(no_days, STEP_FACTS, w->request.validity_days = 0)

/* Hosts stand in certificates of private roots only, so only there are they proved. */
#define DOMAINS(...)                                        \
	static const char *const hosts[] = { __VA_ARGS__ }; \
	w->request.domains = world_texts(hosts, COUNT(hosts))
#define PRIVATE w->plan.certificate_profile = "private-mailbox"
CHANGE(hosts_of_public, STEP_FACTS, DOMAINS("sales.example"))
CHANGE(host_proved, STEP_FACTS, PRIVATE; DOMAINS("dev.example"))
CHANGE(host_below, STEP_FACTS, PRIVATE; DOMAINS("dev.example", "www.dev.example"))
CHANGE(host_not_proved, STEP_FACTS, PRIVATE; DOMAINS("dev.example", "sales.example"))
CHANGE(host_not_covered, STEP_FACTS, PRIVATE; DOMAINS("www.dev.example");
       w->evidence[DOMAIN].covers_subdomains = false)
static void
host_not_corroborated(struct world *w, enum world_step step)
{
	static const char *const ann[] = { "ann@sales.example" }, *const host[] = { "dev.example" };

	if (step == STEP_FACTS) {
		PRIVATE;
		w->request.mailboxes = world_texts(ann, 1);
		w->request.domains = world_texts(host, 1);
	}
	if (step == STEP_PLAN) {
		for (size_t i = MPIC_DOMAIN; i + 1 < CHECKS; i++)
			w->checks[i] = w->checks[i + 1];
		w->plan.n_checks--;
	}
}

/* ---- the floor: plans that ask for too little ---- */
CHANGE(empty_plan, STEP_PLAN, w->plan.n_checks = 0)

static void
leave_out(struct world *w, size_t i)
{
	for (; i + 1 < CHECKS; i++)
		w->checks[i] = w->checks[i + 1];
	w->plan.n_checks--;
}
CHANGE(plan_without_mailbox, STEP_PLAN, leave_out(w, MAILBOX))
CHANGE(plan_without_domain, STEP_PLAN, leave_out(w, DOMAIN))
CHANGE(plan_without_mpic_domain, STEP_PLAN, leave_out(w, MPIC_DOMAIN))
CHANGE(plan_without_caa, STEP_PLAN, leave_out(w, CAA_DEV))
CHANGE(plan_without_mpic_caa, STEP_PLAN, leave_out(w, MPIC_SALES))

/* A mailbox proof is of one mailbox and never of its domain. */
#define MAILBOXES(...)                                      \
	static const char *const items[] = { __VA_ARGS__ }; \
	w->request.mailboxes = world_texts(items, COUNT(items))
CHANGE(neighbour, STEP_FACTS, MAILBOXES("ann@sales.example", "eve@sales.example"))
CHANGE(only_ann, STEP_FACTS, MAILBOXES("ann@sales.example"))
CHANGE(other_case, STEP_FACTS, MAILBOXES("Ann@sales.example", "bob@dev.example"))
CHANGE(subdomain, STEP_FACTS, MAILBOXES("ann@sales.example", "bob@x.dev.example"))
CHANGE(parent, STEP_FACTS, MAILBOXES("bob@dev.example");
       w->checks[DOMAIN].target = w->evidence[DOMAIN].target = w->checks[MPIC_DOMAIN].target =
	   w->evidence[MPIC_DOMAIN].target = "x.dev.example")
CHANGE(look_alike, STEP_FACTS, MAILBOXES("bob@notdev.example"))

/* bob's mailbox below the proved domain, with CAA of the right name. */
static void
below(struct world *w)
{
	MAILBOXES("ann@sales.example", "bob@x.dev.example");
	w->checks[CAA_DEV].target = w->evidence[CAA_DEV].target = "x.dev.example";
	w->checks[MPIC_DEV].target = w->evidence[MPIC_DEV].target = "x.dev.example";
}
#define CAA_TERMS(text)                                               \
	w->checks[CAA_DEV].expected = w->evidence[CAA_DEV].expected = \
	    w->checks[MPIC_DEV].expected = w->evidence[MPIC_DEV].expected = cs_span_str(text)
#define BY(name)                                                                                \
	CAA_TERMS(WORLD_TERMS(name));                                                           \
	w->checks[DOMAIN].method = w->evidence[DOMAIN].method = w->checks[MPIC_DOMAIN].method = \
	    w->evidence[MPIC_DOMAIN].method = name
#define BY_PERSIST(age)      \
	BY("dns-persist");   \
	AGE(DOMAIN, age, 0); \
	AGE(MPIC_DOMAIN, age, 0)
CHANGE(below_by_txt, STEP_FACTS, below(w))
CHANGE(below_not_covered, STEP_FACTS, below(w); w->evidence[DOMAIN].covers_subdomains = false)
CHANGE(below_by_file, STEP_FACTS, below(w); BY("http-file"))
CHANGE(below_by_cname, STEP_FACTS, below(w); BY("dns-cname"))
CHANGE(below_by_persist, STEP_FACTS, below(w); BY_PERSIST(CS_DAY_MS))
CHANGE(below_by_acme_http, STEP_FACTS, below(w); BY("acme-http"))
CHANGE(below_by_acme_tls, STEP_FACTS, below(w); BY("acme-tls-alpn"))
CHANGE(below_by_mx_txt, STEP_FACTS, below(w); BY("mx-dns-txt"))
CHANGE(below_by_mx_file, STEP_FACTS, below(w); BY("mx-http-file"))
CHANGE(by_file, STEP_FACTS, BY("http-file"))
CHANGE(by_cname, STEP_FACTS, BY("dns-cname"))
CHANGE(by_acme_http, STEP_FACTS, BY("acme-http"))
CHANGE(by_acme_tls, STEP_FACTS, BY("acme-tls-alpn"))
CHANGE(by_mx_txt, STEP_FACTS, BY("mx-dns-txt"))
CHANGE(by_mx_file, STEP_FACTS, BY("mx-http-file"))
CHANGE(by_mail_method, STEP_FACTS, BY("email-token"))
/* An answer by mail serves the request that it was given for, whatever a plan says. */
#define BY_REPLY                                                                 \
	w->checks[MAILBOX].method = w->evidence[MAILBOX].method = "email-reply"; \
	w->checks[CAA_SALES].expected = w->evidence[CAA_SALES].expected =        \
	    w->checks[MPIC_SALES].expected = w->evidence[MPIC_SALES].expected =  \
		cs_span_str(WORLD_TERMS("email-reply")) /* CAA was read for it */
#define OF_THIS                                       \
	BY_REPLY;                                     \
	w->evidence[MAILBOX].request = w->request.id; \
	memcpy(w->evidence[MAILBOX].request_digest, w->request.digest, CLAIM_DIGEST)
CHANGE(mail_by_reply, STEP_REQUEST, OF_THIS)
CHANGE(mail_by_reply_of_another, STEP_REQUEST, BY_REPLY)
CHANGE(mail_by_reply_of_a_change, STEP_REQUEST, OF_THIS;
       w->evidence[MAILBOX].request_digest[0] ^= 1)
CHANGE(by_caa, STEP_FACTS, BY("caa-issuemail"))
CHANGE(by_old_persist, STEP_FACTS, BY_PERSIST(10 * CS_DAY_MS))
CHANGE(by_stale_persist, STEP_FACTS, BY_PERSIST(10 * CS_DAY_MS + 1))
CHANGE(by_nothing_published, STEP_FACTS,
    w->checks[DOMAIN].expected = w->evidence[DOMAIN].expected = w->checks[MPIC_DOMAIN].expected =
	w->evidence[MPIC_DOMAIN].expected = cs_span_str(""))
/* The perspectives looked for something else than the primary: another method, the same value. */
CHANGE(seconded_by_other_method, STEP_FACTS,
    w->checks[MPIC_DOMAIN].method = w->evidence[MPIC_DOMAIN].method = "dns-cname")
CHANGE(seconded_other_value, STEP_FACTS,
    w->checks[MPIC_DOMAIN].expected = w->evidence[MPIC_DOMAIN].expected = cs_span_str("other"))
CHANGE(unknown_method, STEP_FACTS,
    w->checks[DOMAIN].method = w->evidence[DOMAIN].method = w->checks[MPIC_DOMAIN].method =
	w->evidence[MPIC_DOMAIN].method = "phone")
CHANGE(mail_by_phone, STEP_FACTS, w->checks[MAILBOX].method = w->evidence[MAILBOX].method = "phone")
CHANGE(caa_of_other_ca, STEP_FACTS,
    CAA_TERMS("issuers=ca.evil.example account=acct:acme@ca.countersign.example methods=dns-txt"))
static const char *const other_ca[] = { "ca.other.example" };
static const char *const two_names[] = { "ca.countersign.example", "ca.other.example" };
static const char *const two_names_turned[] = { "ca.other.example", "ca.countersign.example" };
CHANGE(we_are_other_ca, STEP_CASE, w->rules.issuer_domains = world_texts(other_ca, 1))
/* RFC 8657: for which names of ours, account and methods CAA was read. */
CHANGE(caa_by_one_of_two, STEP_CASE, w->rules.issuer_domains = world_texts(two_names, 2))
CHANGE(
    caa_first_name_changed, STEP_CASE, w->rules.issuer_domains = world_texts(two_names_turned, 2))
CHANGE(caa_also_by_a_stranger, STEP_FACTS,
    CAA_TERMS("issuers=ca.countersign.example,ca.evil.example"
	      " account=acct:acme@ca.countersign.example methods=dns-txt"))
CHANGE(caa_by_nobody, STEP_FACTS,
    CAA_TERMS("issuers= account=acct:acme@ca.countersign.example methods=dns-txt"))
CHANGE(caa_of_other_account, STEP_FACTS,
    CAA_TERMS("issuers=ca.countersign.example account=acct:globex@ca.countersign.example"
	      " methods=dns-txt"))
CHANGE(caa_of_no_account, STEP_FACTS,
    CAA_TERMS("issuers=ca.countersign.example account= methods=dns-txt"))
CHANGE(caa_for_other_method, STEP_FACTS, CAA_TERMS(WORLD_TERMS("http-file")))
CHANGE(caa_for_no_method, STEP_FACTS, CAA_TERMS(WORLD_TERMS("")))
CHANGE(caa_for_more_methods, STEP_FACTS, CAA_TERMS(WORLD_TERMS("dns-txt,http-file")))
CHANGE(caa_without_terms, STEP_FACTS, CAA_TERMS("ca.countersign.example"))
CHANGE(caa_remotes_other_method, STEP_FACTS,
    w->checks[MPIC_DEV].expected = w->evidence[MPIC_DEV].expected = cs_span_str(
	WORLD_TERMS("http-file")))
CHANGE(caa_insecure, STEP_FACTS, w->evidence[CAA_DEV].security = CLAIM_DNSSEC_INSECURE)
CHANGE(caa_bogus, STEP_FACTS, w->evidence[CAA_DEV].security = CLAIM_DNSSEC_BOGUS)
CHANGE(caa_indeterminate, STEP_FACTS, w->evidence[CAA_DEV].security = CLAIM_DNSSEC_INDETERMINATE)
CHANGE(caa_without_dns, STEP_FACTS, w->evidence[CAA_DEV].security = CLAIM_DNSSEC_NOT_USED)
CHANGE(domain_bogus, STEP_FACTS, w->evidence[DOMAIN].security = CLAIM_DNSSEC_BOGUS)

/* ---- the quorum: four of five answers, in two regions ---- */
#define SILENT(i, k)                                     \
	w->results[i][k].outcome = CLAIM_COULD_NOT_TELL; \
	w->results[i][k].corroborates = true
#define WITHOUT_REGION(i)                    \
	for (size_t k = 0; k < REMOTES; k++) \
	w->answers[i][k].region = "ripe"
CHANGE(one_silent, STEP_FACTS, SILENT(MPIC_DEV, 0))
CHANGE(two_silent, STEP_FACTS, SILENT(MPIC_DEV, 0); SILENT(MPIC_DEV, 1))
CHANGE(two_silent_domain, STEP_FACTS, SILENT(MPIC_DOMAIN, 0); SILENT(MPIC_DOMAIN, 1))
#define TWO(statement)                 \
	for (size_t k = 0; k < 2; k++) \
	statement
CHANGE(two_refused, STEP_FACTS, TWO(w->answers[MPIC_DEV][k].outcome = CLAIM_REFUSED))
CHANGE(two_other_check, STEP_PROOFS, TWO(w->answers[MPIC_DEV][k].check_digest[0] ^= 1))
CHANGE(two_other_attempt, STEP_PROOFS, TWO(w->answers[MPIC_DEV][k].attempt = 7))
#define ANSWERED(at) \
	TWO(w->answers[MPIC_DEV][k].checked_at_ms = w->evidence[MPIC_DEV].checked_at_ms + (at))
CHANGE(two_oldest, STEP_PROOFS, ANSWERED(-5 * CS_MINUTE_MS))
CHANGE(two_old, STEP_PROOFS, ANSWERED(-5 * CS_MINUTE_MS - 1))
CHANGE(two_ahead, STEP_PROOFS, ANSWERED(5000))
CHANGE(two_far_ahead, STEP_PROOFS, ANSWERED(5001))
CHANGE(
    two_regions, STEP_PROOFS, for (size_t k = 0; k < REMOTES; k++) {
	    w->answers[MPIC_DEV][k].region = k < 4 ? "ripe" : "afrinic";
    })
CHANGE(two_bogus, STEP_PROOFS, TWO(w->answers[MPIC_DEV][k].security = CLAIM_DNSSEC_BOGUS))
CHANGE(two_by_stranger, STEP_PROOFS, TWO(w->answer_key[MPIC_DEV][k] = KEY_STRANGER))
CHANGE(two_by_mpic, STEP_PROOFS, TWO(w->answer_key[MPIC_DEV][k] = KEY_MPIC))
CHANGE(two_by_one_key, STEP_PROOFS, TWO(w->answer_key[MPIC_DEV][k] = KEY_REMOTE + 2))
CHANGE(two_one_name, STEP_PROOFS,
    TWO(w->answers[MPIC_DEV][k].perspective = w->results[MPIC_DEV][k].name = "tokyo"))
CHANGE(two_misnamed, STEP_PROOFS, TWO(w->results[MPIC_DEV][k].name = "elsewhere"))
CHANGE(two_unknown_regions, STEP_PROOFS, TWO(w->answers[MPIC_DEV][k].region = "moon"))
CHANGE(two_primaries, STEP_PROOFS,
    TWO(w->answers[MPIC_DEV][k].perspective = w->results[MPIC_DEV][k].name = "primary"))
CHANGE(one_region, STEP_PROOFS, WITHOUT_REGION(MPIC_DEV))
CHANGE(three_asked, STEP_PROOFS, w->evidence[MPIC_DEV].perspectives = w->results[MPIC_DEV];
       w->evidence[MPIC_DEV].n_perspectives = 3)
CHANGE(four_asked, STEP_PROOFS, w->evidence[MPIC_DEV].perspectives = w->results[MPIC_DEV];
       w->evidence[MPIC_DEV].n_perspectives = 4)
CHANGE(plan_wants_five, STEP_PROOFS, w->checks[MPIC_DEV].min_remotes = 5)
CHANGE(plan_wants_six, STEP_PROOFS, w->checks[MPIC_DEV].min_remotes = 6)
CHANGE(other_primary, STEP_FACTS,
    w->evidence[MPIC_DOMAIN].primary_sha256 = cs_span_of(csr_one, CLAIM_DIGEST))
CHANGE(
    no_answers, STEP_PROOFS, for (size_t k = 0; k < REMOTES; k++) {
	    w->results[MPIC_SALES][k].outcome = CLAIM_COULD_NOT_TELL;
    })

static const struct world_case cases[] = {
	{ "complete", nothing, NULL },
	{ "no request", no_request, "request absent" },
	{ "no approval", no_approval, "approval absent" },
	{ "no plan", no_plan, "plan absent" },
	{ "nothing at all", nothing_at_all, "request absent" },
	{ "no mailbox proof", no_mailbox_proof, "mailbox-1 absent" },
	{ "no domain proof", no_domain_proof, "domain-1 absent" },
	{ "no corroboration of the domain", no_mpic_domain, "mpic-domain-1 absent" },
	{ "no CAA of the first domain", no_caa_one, "caa-1 absent" },
	{ "no corroboration of that", no_mpic_one, "mpic-caa-1 absent" },
	{ "no CAA of the second domain", no_caa_two, "caa-2 absent" },
	{ "no corroboration of that", no_mpic_two, "mpic-caa-2 absent" },
	{ "mailbox proof refused", mailbox_refused, "mailbox-1 not-proved" },
	{ "CAA could not be told", caa_unknown, "caa-1 not-proved" },
	{ "corroboration refused", mpic_refused, "mpic-caa-2 not-proved" },
	{ "another attempt than the plan's", other_attempt, "caa-1 absent" },
	{ "plan in its last moment", plan_at_its_end, NULL },
	{ "plan past its end", plan_past_its_end, "plan ended" },
	{ "mailbox proof of 30 days", mailbox_old, NULL },
	{ "mailbox proof of 30 days and 1 ms", mailbox_stale, "mailbox-1 stale" },
	{ "as old as the plan allows", mailbox_plan_old, NULL },
	{ "older than the plan allows", mailbox_plan_stale, "mailbox-1 stale" },
	{ "the plan allows more than the rules", mailbox_long_plan, "mailbox-1 stale" },
	{ "domain proof of 398 days", domain_old, NULL },
	{ "domain proof of 398 days and 1 ms", domain_stale, "domain-1 stale" },
	{ "old corroboration of the domain", mpic_domain_stale, "mpic-domain-1 stale" },
	{ "CAA of 8 hours", caa_old, NULL },
	{ "CAA of 8 hours and 1 ms", caa_stale, "caa-1 stale" },
	{ "CAA within a longer TTL", caa_long_ttl, NULL },
	{ "CAA past a longer TTL", caa_past_long_ttl, "caa-1 stale" },
	{ "CAA with a TTL of years", caa_endless_ttl, "caa-1 stale" },
	{ "old corroboration of CAA", mpic_caa_stale, "mpic-caa-2 stale" },
	{ "valid to the end of the margin", valid_to_the_end, NULL },
	{ "valid 1 ms less", valid_too_short, "mailbox-1 stale" },
	{ "five seconds ahead of us", a_bit_ahead, NULL },
	{ "more than that", too_far_ahead, "caa-1 stale" },
	{ "denied by a later attempt", denied_later, "mailbox-1 voided" },
	{ "denied by an earlier attempt", denied_before, NULL },
	{ "denied by the same attempt", denied_by_itself, NULL },
	{ "denied for another request just then", denied_elsewhere_then, "mailbox-1 voided" },
	{ "denied before for another request", denied_elsewhere_before, NULL },
	{ "CAA denied later", caa_denied_later, "caa-2 voided" },
	{ "domain looked at in vain later", domain_in_vain, "domain-1 voided" },
	{ "domain looked at in vain before", domain_in_vain_before, NULL },
	{ "another domain looked at in vain", other_domain_in_vain, NULL },
	{ "for another request, by another method", domain_in_vain_elsewhere, NULL },
	{ "something else denied", other_check_denied, NULL },
	{ "request signed by policy", request_by_policy, "request-not-genuine" },
	{ "request signed by a stranger", request_by_stranger, "request-not-genuine" },
	{ "approval signed by policy", approval_by_policy, "approval-not-genuine" },
	{ "plan signed by intake", plan_by_intake, "plan-not-genuine" },
	{ "plan signed by a stranger", plan_by_stranger, "plan-not-genuine" },
	{ "mailbox evidence by the domain validator", mailbox_by_domain, "evidence-not-genuine" },
	{ "domain evidence by the mailbox validator", domain_by_mailbox, "evidence-not-genuine" },
	{ "CAA evidence by the coordinator", caa_by_mpic, "evidence-not-genuine" },
	{ "corroboration by the CAA service", mpic_by_caa, "evidence-not-genuine" },
	{ "corroboration by a perspective", mpic_by_remote, "evidence-not-genuine" },
	{ "request with a flipped bit", request_flipped, "request-not-genuine" },
	{ "plan with a flipped bit", plan_flipped, "plan-not-genuine" },
	{ "evidence with a flipped bit", caa_flipped, "evidence-not-genuine" },
	{ "key retired before we recorded it", key_retired_before, "evidence-not-genuine" },
	{ "key retired after we recorded it", key_retired_after, NULL },
	{ "key distrusted when we recorded it", key_distrusted_before, "evidence-not-genuine" },
	{ "key distrusted after we recorded it", key_distrusted_after, NULL },
	{ "key for this enterprise", key_for_acme, NULL },
	{ "key for another enterprise", key_for_globex, "evidence-not-genuine" },
	{ "row says proved, octets refused", row_altered_too, "evidence-altered" },
	{ "row says another attempt", attempt_altered, "evidence-other-request" },
	{ "row says another time", time_altered, "evidence-altered" },
	{ "row names other octets", sha256_altered, "evidence-other-check" },
	{ "row holds another evidence of the check", octets_exchanged, "evidence-not-named" },
	{ "request's digest is a lie", digest_lied, "request-digest" },
	{ "another key than was digested", other_key, "request-digest" },
	{ "another validity", other_days, "request-digest" },
	{ "another common name", other_common_name, "request-digest" },
	{ "request of another id", other_id, "caa-1 absent" },
	{ "proof of possession is wrong", pop_broken, "POP" },
	{ "no CSR", no_csr_at_all, "PEM" },
	{ "asks for no certificate", no_certificate, "no-certificate" },
	{ "approval of another digest", approval_other_digest, "approval-other-request" },
	{ "approval of another request", approval_other_id, "approval-other-request" },
	{ "approval by another account", approval_other_account, "approval-other-request" },
	{ "approval of another enterprise", approval_other_enterprise, "approval-other-request" },
	{ "a second factor, proved 15 minutes before", factor_good, NULL },
	{ "a second factor that no plan wants", factor_not_wanted, NULL },
	{ "no second factor", factor_none, "second-factor-not-genuine" },
	{ "a second factor stated by intake", factor_by_intake, "second-factor-not-genuine" },
	{ "a second factor stated by policy", factor_by_policy, "second-factor-not-genuine" },
	{ "a second factor of another account", factor_of_another, "second-factor-of-another" },
	{ "a second factor by another method", factor_by_another_method,
	    "second-factor-of-another" },
	{ "a second factor for another digest", factor_of_another_digest,
	    "second-factor-of-another" },
	{ "a second factor a millisecond older", factor_too_old, "second-factor-of-another" },
	{ "asked for on behalf of the account", asked_on_behalf, NULL },
	{ "asked for and approved on its behalf", approved_on_behalf, NULL },
	{ "on its behalf, by an earlier proof of the mailbox", mailbox_asked_before,
	    "mailbox-not-asked" },
	{ "approval by an operator who did not ask", approval_by_an_operator,
	    "approval-by-another" },
	{ "approval by another operator", approval_by_another_operator, "approval-by-another" },
	{ "approved in itself", at_once, NULL },
	{ "approved in itself, on its behalf", at_once_on_behalf, NULL },
	{ "approved in itself a day and an hour before the plan", at_once_a_day_ago, NULL },
	{ "approved in itself longer before", at_once_long_ago, "approval-too-old" },
	{ "approved in itself when the mailbox was proved", at_once_as_it_was_proved, NULL },
	{ "approved in itself before the mailbox was proved", at_once_before_the_mailbox,
	    "approval-before-proof" },
	{ "approved by itself two days before the plan", by_itself_long_ago, NULL },
	{ "a request as approval that is not approved in itself", never_approved,
	    "approval-not-genuine" },
	{ "a request approved in itself, and a plan that names another approval",
	    at_once_and_approved, "plan-other-approval" },
	{ "approved in itself by a key that may only ask", at_once_by_a_key_for_requests,
	    "approval-not-genuine" },
	{ "approved in itself, where a second factor is wanted", at_once_without_factor,
	    "second-factor-not-genuine" },
	{ "plan for another digest", plan_other_digest, "plan-other-request" },
	{ "plan for another request", plan_other_id, "plan-other-request" },
	{ "plan for another enterprise", plan_other_enterprise, "plan-other-request" },
	{ "plan for another account", plan_other_account, "plan-other-request" },
	{ "plan for another profile", plan_other_profile, "plan-other-request" },
	{ "a first plan", plan_first, "plan-other-request" },
	{ "plan names another approval", plan_other_approval, "plan-other-approval" },
	{ "check for another enterprise", check_other_enterprise, "check-other-enterprise" },
	{ "mailbox check for another account", check_other_account, "check-other-account" },
	{ "mailbox check for nobody", check_no_account, "check-other-account" },
	{ "CAA check for another account", caa_other_account, "check-other-account" },
	{ "mailbox evidence of another enterprise", evidence_other_enterprise,
	    "evidence-other-check" },
	{ "mailbox evidence of another account", evidence_other_account, "evidence-other-check" },
	{ "evidence of another mailbox", evidence_other_mailbox, "evidence-other-check" },
	{ "evidence of another value", evidence_other_value, "evidence-other-check" },
	{ "evidence by another method", evidence_other_method, "evidence-other-check" },
	{ "attempt for another digest", attempt_other_digest, "evidence-other-request" },
	{ "attempt of another request", attempt_other_request, "caa-2 absent" },
	{ "good evidence that the plan does not name", not_named, "mailbox-1 absent" },
	{ "unknown profile", no_profile, "profile" },
	{ "hosts that the certificate will not name", hosts_of_public, NULL },
	{ "a host that is proved", host_proved, NULL },
	{ "a host below one that is proved", host_below, NULL },
	{ "a host that nothing proves", host_not_proved, "domain-not-proved" },
	{ "a host that the proof does not cover", host_not_covered, "domain-not-proved" },
	{ "a host that others did not see", host_not_corroborated, "domain-not-corroborated" },
	{ "profile that needs identity and the domains", organization, "domain-not-proved" },
	{ "longest validity", longest, NULL },
	{ "a day longer", too_long, "validity" },
	{ "no validity", no_days, "validity" },
	{ "forged plan without checks", empty_plan, "mailbox-not-proved" },
	{ "plan without the mailbox", plan_without_mailbox, "mailbox-not-proved" },
	{ "plan without the domain", plan_without_domain, "mailbox-not-proved" },
	{ "plan without corroboration", plan_without_mpic_domain, "domain-not-corroborated" },
	{ "plan without CAA", plan_without_caa, "caa-not-proved" },
	{ "plan without corroborated CAA", plan_without_mpic_caa, "caa-not-corroborated" },
	{ "the proved mailbox alone", only_ann, NULL },
	{ "another mailbox in that domain", neighbour, "mailbox-not-proved" },
	{ "the mailbox in another case", other_case, "mailbox-not-proved" },
	{ "a subdomain without its CAA", subdomain, "caa-not-proved" },
	{ "a domain above the proved one", parent, "mailbox-not-proved" },
	{ "a domain that ends alike", look_alike, "mailbox-not-proved" },
	{ "subdomain by a TXT record", below_by_txt, NULL },
	{ "subdomain that it does not cover", below_not_covered, "mailbox-not-proved" },
	{ "subdomain by a CNAME record", below_by_cname, NULL },
	{ "subdomain by a persistent record", below_by_persist, NULL },
	{ "subdomain by a file", below_by_file, "mailbox-not-proved" },
	{ "subdomain by ACME http", below_by_acme_http, "mailbox-not-proved" },
	{ "subdomain by ACME tls-alpn", below_by_acme_tls, "mailbox-not-proved" },
	{ "subdomain by a record of the mail server", below_by_mx_txt, "mailbox-not-proved" },
	{ "subdomain by a file of the mail server", below_by_mx_file, "mailbox-not-proved" },
	{ "domain by a file", by_file, NULL },
	{ "domain by a CNAME record", by_cname, NULL },
	{ "domain by ACME http", by_acme_http, NULL },
	{ "domain by ACME tls-alpn", by_acme_tls, NULL },
	{ "domain by a record of the mail server", by_mx_txt, NULL },
	{ "domain by a file of the mail server", by_mx_file, NULL },
	{ "domain by a method of mailboxes", by_mail_method, "mailbox-not-proved" },
	{ "domain by CAA", by_caa, "mailbox-not-proved" },
	{ "mailbox by an answer", mail_by_reply, NULL },
	{ "mailbox by an answer for another request", mail_by_reply_of_another,
	    "mailbox-not-proved" },
	{ "mailbox by an answer for the request as it was", mail_by_reply_of_a_change,
	    "mailbox-not-proved" },
	{ "persistent record of ten days", by_old_persist, NULL },
	{ "persistent record of ten days and 1 ms", by_stale_persist, "domain-1 stale" },
	{ "domain by no value at all", by_nothing_published, "mailbox-not-proved" },
	{ "perspectives by another method", seconded_by_other_method, "domain-not-corroborated" },
	{ "perspectives of another value", seconded_other_value, "domain-not-corroborated" },
	{ "domain by a method that we do not know", unknown_method, "mailbox-not-proved" },
	{ "mailbox by a method that we do not know", mail_by_phone, "mailbox-not-proved" },
	{ "CAA permits another CA", caa_of_other_ca, "caa-not-proved" },
	{ "CAA read by one of our two names", caa_by_one_of_two, NULL },
	{ "our first name is another now", caa_first_name_changed, "caa-not-proved" },
	{ "CAA read by a stranger's name too", caa_also_by_a_stranger, "caa-not-proved" },
	{ "CAA read by no name", caa_by_nobody, "caa-not-proved" },
	{ "CAA read for another enterprise's account", caa_of_other_account, "caa-not-proved" },
	{ "CAA read for no account", caa_of_no_account, "caa-not-proved" },
	{ "CAA read for another method", caa_for_other_method, "caa-not-proved" },
	{ "CAA read for no method", caa_for_no_method, "caa-not-proved" },
	{ "CAA read for more methods than were used", caa_for_more_methods, NULL },
	{ "CAA read for nobody knows what", caa_without_terms, "caa-not-proved" },
	{ "perspectives read CAA for another method", caa_remotes_other_method,
	    "caa-not-corroborated" },
	{ "we are another CA", we_are_other_ca, "caa-not-proved" },
	{ "CAA without DNSSEC", caa_insecure, NULL },
	{ "CAA bogus", caa_bogus, "caa-not-proved" },
	{ "CAA indeterminate", caa_indeterminate, "caa-not-proved" },
	{ "CAA without DNS", caa_without_dns, "caa-not-proved" },
	{ "domain bogus", domain_bogus, "mailbox-not-proved" },
	{ "one perspective silent", one_silent, NULL },
	{ "two silent, and claimed to corroborate", two_silent, "caa-not-corroborated" },
	{ "two silent about the domain", two_silent_domain, "domain-not-corroborated" },
	{ "two refused", two_refused, "caa-not-corroborated" },
	{ "two about another check", two_other_check, "caa-not-corroborated" },
	{ "two of an earlier attempt", two_other_attempt, "caa-not-corroborated" },
	{ "two as old as a round may last", two_oldest, NULL },
	{ "two five seconds ahead", two_ahead, NULL },
	{ "two further ahead", two_far_ahead, "caa-not-corroborated" },
	{ "two regions, one of them Africa", two_regions, NULL },
	{ "two of an earlier round", two_old, "caa-not-corroborated" },
	{ "two bogus", two_bogus, "caa-not-corroborated" },
	{ "two signed by a stranger", two_by_stranger, "caa-not-corroborated" },
	{ "two signed by the coordinator", two_by_mpic, "caa-not-corroborated" },
	{ "three signed by one perspective", two_by_one_key, "caa-not-corroborated" },
	{ "three under one name", two_one_name, "caa-not-corroborated" },
	{ "two under another name", two_misnamed, "caa-not-corroborated" },
	{ "two in no region", two_unknown_regions, "caa-not-corroborated" },
	{ "two that are the primary", two_primaries, "caa-not-corroborated" },
	{ "all in one region", one_region, "caa-not-corroborated" },
	{ "four asked", four_asked, NULL },
	{ "three asked", three_asked, "caa-not-corroborated" },
	{ "plan wants five", plan_wants_five, NULL },
	{ "plan wants six", plan_wants_six, "caa-not-corroborated" },
	{ "corroboration of another proof", other_primary, "domain-not-corroborated" },
	{ "no perspective answered", no_answers, "caa-not-corroborated" },
};

static void
each_change_has_its_one_answer(void **state)
{
	world_expect(*state, cases, COUNT(cases));
}

/* Four remotes are enough until 2026-12-15T00:00:00Z, five from then on. */
static void
the_quorum_grows_on_its_day(void **state)
{
	const int64_t day_ms = INT64_C(1797292800000);
	struct world *w = *state;

	for (int i = 0; i < 2; i++) {
		const struct gate_proof proof = { &w->checks[MPIC_DEV], &w->stored[MPIC_DEV] };
		struct gate_floor floor = { .arena = w->arena, .rules = &w->rules };

		world_make(w, i == 0 ? four_asked : NULL);
		floor.now_ms = day_ms - 1;
		assert_true(gate_floor_quorum(&floor, &proof, true));
		assert_false(gate_floor_quorum(&floor, &proof, false));
		floor.now_ms = day_ms;
		assert_int_equal(gate_floor_quorum(&floor, &proof, true), i == 1);
	}
}

static void
everything_that_is_missing_is_named(void **state)
{
	struct world *w = *state;
	struct gate_verdict v;

	world_make(w, NULL);
	w->c.n_evidence = 0;
	gate_judge(w->arena, &w->rules, &w->c, w->now_ms, &v);
	assert_int_equal(v.says, GATE_WAIT);
	assert_int_equal(v.n_missing, CHECKS);
	for (size_t i = 0; i < CHECKS; i++) {
		assert_string_equal(v.missing[i].about, w->checks[i].id);
		assert_int_equal(v.missing[i].elsewhere, w->checks[i].has_standing);
	}
}

static void
a_verdict_names_each_proof(void **state)
{
	struct world *w = *state;
	struct gate_verdict v;

	world_make(w, NULL);
	gate_judge(w->arena, &w->rules, &w->c, w->now_ms, &v);
	assert_int_equal(v.n_proofs, CHECKS);
	for (size_t i = 0; i < CHECKS; i++)
		assert_memory_equal(
		    v.proofs[i].evidence->sha256, w->stored[i].sha256, CLAIM_DIGEST);
	assert_string_equal(v.profile->name, "mailbox-strict");
	assert_int_equal(v.csr.key.kind, PKI_KEY_EC);
}

/* ---- the digest of the case ---- */

static void
digest(struct world *w, uint8_t ret[static CLAIM_DIGEST])
{
	gate_case_sha256(w->arena, &w->rules, &w->c, &w->plan, ret);
}

/* Whatever the answer could depend on. */
static void
a_case_is_named_by_all_that_is_weighed(void **state)
{
	struct world *w = *state;
	uint8_t was[CLAIM_DIGEST], is[CLAIM_DIGEST];

#define EXPECT_OTHER(change)                                    \
	do {                                                    \
		world_make(w, NULL);                            \
		digest(w, was);                                 \
		change;                                         \
		digest(w, is);                                  \
		assert_memory_not_equal(was, is, CLAIM_DIGEST); \
	} while (0)
	static const char *other = "ca.other.example";

	EXPECT_OTHER(w->c.id.octets[0] ^= 1);
	EXPECT_OTHER(w->c.request.received_ms++);
	EXPECT_OTHER(w->c.approval.received_ms++);
	EXPECT_OTHER(w->c.plan.received_ms++);
	EXPECT_OTHER(w->c.request.envelope.len--);
	EXPECT_OTHER(w->c.approval.envelope.len--);
	EXPECT_OTHER(w->c.plan.envelope.len--);
	EXPECT_OTHER(w->c.n_evidence--);
	EXPECT_OTHER(w->c.evidence[MAILBOX].received.received_ms++);
	EXPECT_OTHER(w->c.evidence[CAA_SALES].received.envelope.len--);
	EXPECT_OTHER(w->rules.issuer_domains.items = &other);
	EXPECT_OTHER(w->rules.issuer_domains.n = 0);
	EXPECT_OTHER(w->c.key.known = !w->c.key.known);
	EXPECT_OTHER(w->c.key.spki_sha256[0] ^= 1);
	EXPECT_OTHER(w->c.key.blocked = "weak");
	EXPECT_OTHER(w->c.key.enterprise = "other");
	EXPECT_OTHER(w->c.key.account = "other");
	EXPECT_OTHER(w->c.previous.request.octets[0] ^= 1);
	EXPECT_OTHER(w->c.previous.certificate = cs_span_str("other"));
	EXPECT_OTHER(w->c.previous.enterprise = "other");
	EXPECT_OTHER(w->c.previous.account = "other");
	EXPECT_OTHER(w->c.previous.profile = "other");
	EXPECT_OTHER(w->c.previous.revoked = true);
}

static struct gate_denial
denial(struct world *w, uint32_t attempt, int64_t at_ms)
{
	struct gate_denial no = { .request = w->c.id, .attempt = attempt, .checked_at_ms = at_ms };

	memcpy(no.check_digest, w->checks[MAILBOX].digest, CLAIM_DIGEST);
	return no;
}

/* Whoever reads every denial and whoever reads the last of each say the same. */
static void
the_last_denial_of_a_check_counts_in_a_case(void **state)
{
	struct world *w = *state;
	uint8_t none[CLAIM_DIGEST], two[CLAIM_DIGEST], merged[CLAIM_DIGEST];

	world_make(w, NULL);
	w->c.n_denials = 0;
	digest(w, none);
	w->c.denials = w->denials;
	w->c.n_denials = 2;
	w->denials[0] = denial(w, 2, NOW - 1);
	w->denials[1] = denial(w, 1, NOW);
	digest(w, two);
	assert_memory_not_equal(none, two, CLAIM_DIGEST);
	w->c.n_denials = 1;
	w->denials[0] = denial(w, 2, NOW);
	digest(w, merged);
	assert_memory_equal(two, merged, CLAIM_DIGEST);
	w->denials[0].check_digest[0] ^= 1; /* not asked for by this plan */
	digest(w, merged);
	assert_memory_equal(none, merged, CLAIM_DIGEST);
}

static void
the_order_of_arrival_is_not_part_of_a_case(void **state)
{
	struct world *w = *state;
	uint8_t was[CLAIM_DIGEST], is[CLAIM_DIGEST];

	world_make(w, NULL);
	digest(w, was);
	const struct gate_evidence first = w->c.evidence[0];

	w->c.evidence[0] = w->c.evidence[1];
	w->c.evidence[1] = first;
	digest(w, is);
	assert_memory_equal(was, is, CLAIM_DIGEST);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_change_has_its_one_answer),
		cmocka_unit_test(the_quorum_grows_on_its_day),
		cmocka_unit_test(everything_that_is_missing_is_named),
		cmocka_unit_test(a_verdict_names_each_proof),
		cmocka_unit_test(a_case_is_named_by_all_that_is_weighed),
		cmocka_unit_test(the_last_denial_of_a_check_counts_in_a_case),
		cmocka_unit_test(the_order_of_arrival_is_not_part_of_a_case),
	};

	return cmocka_run_group_tests_name("signer", tests, world_setup, world_teardown);
}
