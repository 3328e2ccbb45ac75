/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/tests/fake_world.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "gate/tests/csrs.h"
#include "pki/ed25519.h"

#define OURS "ca.countersign.example"

static const char *const ours[] = { OURS };

struct claim_texts
world_texts(const char *const *items, size_t n)
{
	return (struct claim_texts){ (const char **)items, n };
}

/* ---- keys and trust ---- */

static void
make_key(struct world *w, int which)
{
	const char *path = cs_arena_printf(w->kept, "%s/key%d.pem", w->dir, which);

	cs_assert(pki_ed25519_generate(path, NULL) == CS_OK);
	cs_assert(claim_key_load(path, &w->keys[which], NULL) == CS_OK);
}

static void
make_rows(struct world *w)
{
	static const char *const everybody[] = { "*" };
	static const char *const states[ROWS][4] = {
		{ "request", "approval" },
		{ "plan", "evidence.organization", "evidence.authority", "evidence.individual" },
		{ "evidence.mailbox", "factor" },
		{ "evidence.domain" },
		{ "evidence.caa" },
		{ "evidence.mpic-domain", "evidence.mpic-caa" },
		{ "perspective" },
		{ "perspective" },
		{ "perspective" },
		{ "perspective" },
		{ "perspective" },
	};

	for (int i = 0; i < ROWS; i++) {
		size_t n = 0;

		while (n < COUNT(states[i]) && states[i][n] != NULL)
			n++;
		w->rows[i] = (struct claim_trust_row){
			.service = "some",
			.states = world_texts(states[i], n),
			.enterprises = world_texts(everybody, 1),
			.not_before_ms = NOW - 500 * CS_DAY_MS,
			.not_after_ms = NOW + 500 * CS_DAY_MS,
		};
		claim_key_public(w->keys[KEY_INTAKE + i], w->rows[i].public_key);
	}
}

static void
write_approvers(struct world *w, const char *path)
{
	FILE *file = fopen(path, "we");

	cs_assert(file != NULL);
	for (int i = KEY_ANN; i <= KEY_BOB; i++) {
		uint8_t public_key[32];

		claim_key_public(w->keys[i], public_key);
		(void)fprintf(file, "approver%d %s\n", i,
		    cs_base64(w->kept, cs_span_of(public_key, sizeof(public_key))));
	}
	cs_assert(fclose(file) == 0);
}

void
world_trust(struct world *w)
{
	const char *path = cs_arena_printf(w->kept, "%s/trust", w->dir);
	const char *approvers = cs_arena_printf(w->kept, "%s/approvers", w->dir);
	const struct claim_key *signers[] = { w->keys[KEY_ANN], w->keys[KEY_BOB] };

	write_approvers(w, approvers);
	claim_trust_free(w->trust);
	cs_assert(claim_trust_write(path, 1, w->rows, ROWS, signers, 2, NULL) == CS_OK);
	cs_assert(claim_trust_load(path, approvers, &w->trust, NULL) == CS_OK);
	w->rules.trust = w->trust;
	w->trust_changed = true;
}

struct world *
world_new(void)
{
	struct world *w = calloc(1, sizeof(*w));

	cs_assert(w != NULL);
	w->arena = cs_arena_new();
	w->kept = cs_arena_new();
	(void)snprintf(w->dir, sizeof(w->dir), "/tmp/test-signer-XXXXXX");
	cs_assert(mkdtemp(w->dir) != NULL);
	for (int i = 0; i < KEYS; i++)
		make_key(w, i);
	make_rows(w);
	world_trust(w);
	w->trust_changed = false;
	return w;
}

void
world_free(struct world *w)
{
	DIR *dir = opendir(w->dir);

	for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir))
		(void)unlinkat(dirfd(dir), entry->d_name, 0);
	(void)closedir(dir);
	(void)rmdir(w->dir);
	for (int i = 0; i < KEYS; i++)
		claim_key_free(w->keys[i]);
	claim_trust_free(w->trust);
	cs_arena_free(w->arena);
	cs_arena_free(w->kept);
	free(w);
}

int
world_setup(void **state)
{
	*state = world_new();
	return 0;
}

int
world_teardown(void **state)
{
	world_free(*state);
	return 0;
}

/* ---- facts ---- */

static const char *const two_mailboxes[] = { "ann@sales.example", "bob@dev.example" };

static void
make_request(struct world *w)
{
	w->request = (struct claim_request){
		.enterprise = "acme",
		.account = "u-1",
		.profile = "staff",
		.csr = cs_span_of(csr_one, sizeof(csr_one)),
		.mailboxes = world_texts(two_mailboxes, 2),
		.validity_days = 90,
		.key_use = CLAIM_DUAL,
		.agreement = "2026-01",
		.submitted_at_ms = NOW - 6000,
		.contact = "ann@sales.example",
		.common_name = "",
	};
	memset(w->request.id.octets, 0x11, sizeof(w->request.id.octets));
	w->approval = (struct claim_approval){
		.request = w->request.id,
		.enterprise = "acme",
		.account = "u-1",
		.factor = "api-token",
		.approved_at_ms = NOW - 5000,
	};
	w->request_key = w->approval_key = KEY_INTAKE;
	w->plan_key = KEY_POLICY;
}

static void
make_checks(struct world *w)
{
	static const struct {
		const char *id, *target, *method, *account, *expected;
		enum claim_kind kind;
		int64_t freshness_ms;
		uint32_t attempt, min_remotes;
		enum world_key key;
	} facts[ALL_CHECKS] = {
		{ "mailbox-1", "ann@sales.example", "email-token", "u-1", "", CLAIM_MAILBOX,
		    30 * CS_DAY_MS, 0, 0, KEY_MAILBOX },
		{ "domain-1", "dev.example", "dns-txt", "", "value", CLAIM_DOMAIN, 398 * CS_DAY_MS,
		    0, 0, KEY_DOMAIN },
		{ "mpic-domain-1", "dev.example", "dns-txt", "", "value", CLAIM_MPIC_DOMAIN,
		    398 * CS_DAY_MS, 0, 4, KEY_MPIC },
		{ "caa-1", "sales.example", "caa-issuemail", "", WORLD_TERMS("email-token"),
		    CLAIM_CAA, 8 * CS_HOUR_MS, 1, 0, KEY_CAA },
		{ "mpic-caa-1", "sales.example", "caa-issuemail", "", WORLD_TERMS("email-token"),
		    CLAIM_MPIC_CAA, 8 * CS_HOUR_MS, 1, 4, KEY_MPIC },
		{ "caa-2", "dev.example", "caa-issuemail", "", WORLD_TERMS("dns-txt"), CLAIM_CAA,
		    8 * CS_HOUR_MS, 1, 0, KEY_CAA },
		{ "mpic-caa-2", "dev.example", "caa-issuemail", "", WORLD_TERMS("dns-txt"),
		    CLAIM_MPIC_CAA, 8 * CS_HOUR_MS, 1, 4, KEY_MPIC },
		{ "organization-1", "acme", "register", "", WORLD_ORGANIZATION, CLAIM_ORGANIZATION,
		    825 * CS_DAY_MS, 2, 0, KEY_POLICY },
		{ "authority-1", "acme", "reliable-contact", "", WORLD_ORGANIZATION,
		    CLAIM_AUTHORITY, 825 * CS_DAY_MS, 2, 0, KEY_POLICY },
		{ "individual-1", "u-1", "id-document", "u-1", WORLD_INDIVIDUAL, CLAIM_INDIVIDUAL,
		    825 * CS_DAY_MS, 2, 0, KEY_POLICY },
	};

	for (size_t i = 0; i < ALL_CHECKS; i++) {
		w->checks[i] = (struct claim_check){
			.id = facts[i].id,
			.kind = facts[i].kind,
			.target = facts[i].target,
			.method = facts[i].method,
			.enterprise = "acme",
			.account = facts[i].account,
			.expected = cs_span_str(facts[i].expected),
			.freshness_ms = facts[i].freshness_ms,
			.attempt = facts[i].attempt,
			.deadline_ms = NOW + 45000,
			.has_standing = facts[i].attempt == 0,
			.min_remotes = facts[i].min_remotes,
		};
		w->evidence_key[i] = facts[i].key;
	}
}

static bool
is_mpic(const struct world *w, size_t i)
{
	return w->evidence[i].kind == CLAIM_MPIC_DOMAIN || w->evidence[i].kind == CLAIM_MPIC_CAA;
}

static void
make_answers(struct world *w, size_t i)
{
	static const char *const names[] = { "frankfurt", "ashburn", "tokyo", "dublin",
		"sao-paulo" };
	static const char *const regions[] = { "ripe", "arin", "apnic", "ripe", "lacnic" };

	for (size_t k = 0; k < REMOTES; k++) {
		w->answers[i][k] = (struct claim_perspective_answer){
			.perspective = names[k],
			.region = regions[k],
			.outcome = CLAIM_PROVED,
			.security = CLAIM_DNSSEC_SECURE,
			.checked_at_ms = w->evidence[i].checked_at_ms - 100,
			.attempt = w->evidence[i].attempt,
		};
		w->results[i][k] = (struct claim_perspective_result){
			.name = names[k],
			.region = regions[k],
			.outcome = CLAIM_PROVED,
			.security = CLAIM_DNSSEC_SECURE,
			.corroborates = true,
		};
		w->answer_key[i][k] = (enum world_key)(KEY_REMOTE + k);
	}
}

/* Standing evidence is of an earlier request, with an attempt of that request. */
static void
make_evidence(struct world *w)
{
	static const int64_t ages[ALL_CHECKS] = { 10 * CS_DAY_MS, 100 * CS_DAY_MS, 100 * CS_DAY_MS,
		2000, 1900, 2000, 1900, 700 * CS_DAY_MS, 600 * CS_DAY_MS, 650 * CS_DAY_MS };

	for (size_t i = 0; i < ALL_CHECKS; i++) {
		const struct claim_check *check = &w->checks[i];
		const struct claim_asked asked = { .request = w->request.id, .check = *check };

		claim_evidence_for(&asked, &w->evidence[i]);
		if (check->has_standing) {
			memset(w->evidence[i].request.octets, 0x22, 16);
			w->evidence[i].attempt = 3;
		}
		w->evidence[i].outcome = CLAIM_PROVED;
		w->evidence[i].checked_at_ms = NOW - ages[i];
		w->evidence[i].security = CLAIM_DNSSEC_SECURE;
		w->evidence[i].ttl_s = 300;
		if (i >= CHECKS) /* verified before the key that states it was there */
			w->evidence[i].stated_at_ms = NOW - 3000;
		make_answers(w, i);
	}
	w->evidence[DOMAIN].covers_subdomains = true;
}

static void
make_plan(struct world *w)
{
	w->plan = (struct claim_plan){
		.request = w->request.id,
		.revision = 2,
		.final = true,
		.enterprise = "acme",
		.account = "u-1",
		.profile = "staff",
		.certificate_profile = "mailbox-strict",
		.rules_version = CLAIM_RULES_VERSION,
		.contact = "ann@sales.example",
		.profile_version = 1,
		.enterprise_version = 1,
		.checks = w->checks,
		.n_checks = w->n_checks,
		.made_at_ms = NOW - 4000,
		.ends_at_ms = NOW + 15 * CS_MINUTE_MS,
	};
}

void
world_identify(struct world *w, const char *certificate_profile)
{
	w->request.mailboxes = world_texts(two_mailboxes + 1, 1);
	w->plan.certificate_profile = certificate_profile;
	w->plan.n_checks = w->n_checks = ALL_CHECKS;
}

/* ---- computing ---- */

/* When it came to us: shortly after it was stated. */
static int64_t
recorded_ms(const struct claim_evidence *e)
{
	return (e->stated_at_ms != 0 ? e->stated_at_ms : e->checked_at_ms) + 50;
}

static void
digest_request(struct world *w)
{
	struct pki_csr csr;
	struct cs_refusal why;
	const bool read = pki_csr_read(w->arena, w->request.csr, 0, &csr, &why);

	claim_request_digest(
	    &w->request, read ? csr.key.spki : cs_span_str("none"), w->request.digest);
	memcpy(w->approval.request_digest, w->request.digest, CLAIM_DIGEST);
	memcpy(w->plan.request_digest, w->request.digest, CLAIM_DIGEST);
	for (size_t i = 0; i < w->n_checks; i++) {
		if (!w->checks[i].has_standing)
			memcpy(w->evidence[i].request_digest, w->request.digest, CLAIM_DIGEST);
	}
}

static void
digest_checks(struct world *w)
{
	for (size_t i = 0; i < w->n_checks; i++) {
		claim_check_digest(&w->checks[i], w->checks[i].digest);
		claim_evidence_check_digest(&w->evidence[i], w->evidence[i].check_digest);
		for (size_t k = 0; k < REMOTES; k++)
			memcpy(w->answers[i][k].check_digest, w->evidence[i].check_digest,
			    CLAIM_DIGEST);
	}
}

static void
seal_answers(struct world *w, size_t i)
{
	for (size_t k = 0; k < REMOTES; k++) {
		if (w->results[i][k].outcome != CLAIM_COULD_NOT_TELL)
			w->results[i][k].answer = claim_seal_perspective(
			    w->arena, w->keys[w->answer_key[i][k]], &w->answers[i][k]);
	}
	if (w->evidence[i].perspectives == NULL) {
		w->evidence[i].perspectives = w->results[i];
		w->evidence[i].n_perspectives = REMOTES;
	}
}

void
world_seal(struct world *w, size_t i)
{
	w->sealed[i] = claim_seal_evidence(w->arena, w->keys[w->evidence_key[i]], &w->evidence[i]);
	if (w->checks[i].has_standing)
		claim_envelope_sha256(w->sealed[i], w->checks[i].standing_sha256);
}

/* In the order of the checks: the corroboration of a domain names the evidence before it. */
static void
seal_all(struct world *w)
{
	static uint8_t domain[CLAIM_DIGEST];

	for (size_t i = 0; i < w->n_checks; i++) {
		if (is_mpic(w, i))
			seal_answers(w, i);
		if (i == MPIC_DOMAIN && w->evidence[i].primary_sha256.len == 0)
			w->evidence[i].primary_sha256 = cs_span_of(domain, CLAIM_DIGEST);
		world_seal(w, i);
		if (i == DOMAIN)
			claim_envelope_sha256(w->sealed[i], domain);
	}
}

size_t
world_store(struct world *w, const struct claim_evidence *e, enum world_key key)
{
	struct gate_evidence *stored = &w->stored[w->c.n_evidence];

	cs_assert(w->c.n_evidence < COUNT(w->stored));
	*stored = (struct gate_evidence){
		.received = { claim_seal_evidence(w->arena, w->keys[key], e), recorded_ms(e) },
		.e = *e,
	};
	claim_envelope_sha256(stored->received.envelope, stored->sha256);
	return w->c.n_evidence++;
}

static void
make_case(struct world *w)
{
	struct claim_evidence read;

	w->c.id = w->request.id;
	w->c.key = (struct gate_key){ .known = true };
	w->c.previous = (struct gate_previous){ 0 };
	w->c.evidence = w->stored;
	w->c.n_evidence = w->n_checks;
	w->c.denials = w->denials;
	w->c.n_denials = 0;
	for (size_t i = 0; i < w->n_checks; i++) {
		struct gate_evidence *stored = &w->stored[i];

		stored->received =
		    (struct gate_received){ w->sealed[i], recorded_ms(&w->evidence[i]) };
		claim_envelope_sha256(w->sealed[i], stored->sha256);
		cs_assert(
		    claim_open_evidence(w->arena, NULL, w->sealed[i], 0, &read, NULL) == CS_OK);
		stored->e = read;
	}
	if (gate_asks(w->arena, w->c.request.envelope, &w->c.key, &w->c.previous))
		w->c.key.known = true;
	w->c.plan =
	    (struct gate_received){ claim_seal_plan(w->arena, w->keys[w->plan_key], &w->plan),
		    NOW - 3900 };
}

/* And the approval, which is the request where that says so. */
static void
seal_request(struct world *w)
{
	w->c.request = (struct gate_received){
		claim_seal_request(w->arena, w->keys[w->request_key], &w->request), NOW - 5900
	};
	w->c.approval = w->c.request;
	if (w->request.approved_factor == NULL)
		w->c.approval = (struct gate_received){ claim_seal_approval(w->arena,
							    w->keys[w->approval_key], &w->approval),
			NOW - 4900 };
}

static void
step(struct world *w, world_change *change, enum world_step which)
{
	if (change != NULL)
		change(w, which);
}

void
world_make(struct world *w, world_change *change)
{
	cs_arena_reset(w->arena);
	if (w->trust_changed) {
		make_rows(w);
		world_trust(w);
		w->trust_changed = false;
	}
	w->rules.issuer_domains = world_texts(ours, 1);
	w->rules.ca_keys = NULL;
	w->rules.n_ca_keys = 0;
	w->now_ms = NOW;
	w->n_checks = CHECKS;
	make_request(w);
	make_checks(w);
	make_evidence(w);
	make_plan(w);
	step(w, change, STEP_FACTS);
	digest_request(w);
	step(w, change, STEP_REQUEST);
	digest_checks(w);
	step(w, change, STEP_PROOFS);
	seal_all(w);
	seal_request(w);
	claim_envelope_sha256(w->c.approval.envelope, w->plan.approval_sha256);
	step(w, change, STEP_PLAN);
	make_case(w);
	step(w, change, STEP_CASE);
}

/* ---- a final plan on its way ---- */

/* Field 4 of Envelope, its length in seven bits an octet. */
static void
enclose(struct cs_buf *buf, struct cs_span octets)
{
	uint8_t octet = 0x22;

	cs_buf_add(buf, &octet, 1);
	for (size_t rest = octets.len;; rest >>= 7) {
		octet = (uint8_t)((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
		cs_buf_add(buf, &octet, 1);
		if (rest <= 0x7f)
			break;
	}
	cs_buf_add_span(buf, octets);
}

struct cs_span
world_final(struct world *w, const struct claim_case *c)
{
	struct cs_buf buf = cs_buf_new(w->arena);

	cs_buf_add_span(&buf, c->plan);
	enclose(&buf, c->request);
	if (!cs_span_equal(c->request, c->approval))
		enclose(&buf, c->approval);
	return cs_buf_span(&buf);
}

/* ---- answers ---- */

const char *
world_answer(struct world *w, const struct gate_verdict *v)
{
	switch (v->says) {
	case GATE_COMPLETE:
		return "complete";
	case GATE_REFUSE:
		return v->refusal.code;
	case GATE_WAIT:
		break;
	}
	assert_true(v->n_missing > 0);
	return cs_arena_printf(w->arena, "%s %s", v->missing[0].about, v->missing[0].why);
}

void
world_expect(struct world *w, const struct world_case *cases, size_t n)
{
	assert_true(n > 0);
	for (size_t i = 0; i < n; i++) {
		struct gate_verdict v;

		world_make(w, cases[i].change);
		gate_judge(w->arena, &w->rules, &w->c, w->now_ms, &v);
		const char *got = world_answer(w, &v);
		const char *want = cases[i].want != NULL ? cases[i].want : "complete";
		if (strcmp(got, want) != 0)
			fail_msg("%s: got %s, want %s", cases[i].name, got, want);
		if (v.says == GATE_REFUSE && (v.refusal.text[0] == '\0' || v.refusal.field == NULL))
			fail_msg("%s: refused without a reason", cases[i].name);
	}
}
