/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_world.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "pki/ed25519.h"
#include "smime/method.h"

static const char *const other_states[] = { "request", "approval", "evidence.mailbox",
	"evidence.domain", "evidence.caa", "evidence.mpic-domain", "evidence.mpic-caa" };
static const char *const policy_states[] = { "plan", "evidence.organization", "evidence.authority",
	"evidence.individual", "factor-order" };
static const char *const prover_states[] = { "factor" };
static const char *const asker_states[] = { "request" };
static const char *const everybody[] = { "*" };

static struct claim_key *
new_key(struct fake_world *world, const char *dir, const char *name)
{
	const char *path = cs_arena_printf(world->arena, "%s/%s", dir, name);
	struct claim_key *key;

	cs_assert(pki_ed25519_generate(path, NULL) == CS_OK);
	cs_assert(claim_key_load(path, &key, NULL) == CS_OK);
	return key;
}

static void
write_approver(FILE *file, struct fake_world *world, const char *name, const struct claim_key *key)
{
	uint8_t public_key[32];

	claim_key_public(key, public_key);
	(void)fprintf(file, "%s %s\n", name,
	    cs_base64(world->arena, cs_span_of(public_key, sizeof(public_key))));
}

static struct claim_trust_row
row(const struct claim_key *key, const char *service, const char *const *states, size_t n)
{
	struct claim_trust_row made = {
		.keyid = claim_key_id(key),
		.service = service,
		.states = { (const char **)states, n },
		.enterprises = { (const char **)everybody, 1 },
		.not_before_ms = 1,
		.not_after_ms = FAKE_NOW + 800 * CS_DAY_MS,
	};

	claim_key_public(key, made.public_key);
	return made;
}

static void
make_trust(struct fake_world *world, const char *dir)
{
	const char *trust = cs_arena_printf(world->arena, "%s/trust", dir);
	const char *approvers = cs_arena_printf(world->arena, "%s/approvers", dir);
	struct claim_key *keys[] = { new_key(world, dir, "ann"), new_key(world, dir, "ben") };
	struct claim_trust_row rows[] = {
		row(world->policy.key, "policy", policy_states, 5),
		row(world->others, "others", other_states, 7),
		row(world->prover, "prover", prover_states, 1),
		row(world->asker, "asker", asker_states, 1),
	};
	rows[3].not_after_ms = FAKE_NOW + CS_DAY_MS;
	FILE *file = fopen(approvers, "wbe");
	struct cs_err err = { 0 };

	cs_assert(file != NULL);
	write_approver(file, world, "ann", keys[0]);
	write_approver(file, world, "ben", keys[1]);
	(void)fclose(file);
	if (claim_trust_write(trust, 1, rows, 4, (const struct claim_key *const *)keys, 2, &err) ||
	    claim_trust_load(trust, approvers, &world->policy.trust, &err))
		fail_msg("%s", err.text);
	claim_key_free(keys[0]);
	claim_key_free(keys[1]);
}

static void
make_keys(struct fake_world *world)
{
	char dir[] = "/tmp/test-policy-XXXXXX";

	cs_assert(mkdtemp(dir) != NULL);
	world->policy.key = new_key(world, dir, "policy");
	world->others = new_key(world, dir, "others");
	world->stranger = new_key(world, dir, "stranger");
	world->prover = new_key(world, dir, "prover");
	world->asker = new_key(world, dir, "asker");
	make_trust(world, dir);
	DIR *entries = opendir(dir);

	for (struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries))
		(void)unlinkat(dirfd(entries), entry->d_name, 0);
	(void)closedir(entries);
	(void)rmdir(dir);
}

static void
make_rules(struct fake_world *world)
{
	cs_assert(smime_psl_load(NULL, &world->policy.psl, NULL) == CS_OK);
	world->policy.rules = (struct policy_rules){
		.psl = world->policy.psl,
		.issuer_domains = fake_texts(world, "ca.countersign.example,ca2.example"),
	};
	world->config = (struct policy_config){
		.enterprise_known = true,
		.account_known = true,
		.profile_known = true,
		.profile_allowed = true,
		.enterprise_version = 3,
		.domain_mode = POLICY_DOMAINS_ANY,
		.profile = {
			.version = 2,
			.validation = POLICY_MAILBOX,
			.certificate_profile = "mailbox-strict",
			.mailbox_period_days = 30,
			.domain_period_days = 398,
			.max_days = 825,
			.may_dual = true,
			.may_signing = true,
			.may_encryption = true,
			.domain_methods = fake_texts(world,
			    "dns-txt,dns-cname,dns-persist,http-file,acme-http,acme-tls-alpn,"
			    "mx-dns-txt,mx-http-file"),
			.mailbox_methods = fake_texts(world, "email-token"),
		},
	};
}

int
fake_world_setup(void **state)
{
	struct fake_world *world = calloc(1, sizeof(*world));

	cs_assert(world != NULL);
	world->arena = cs_arena_new();
	world->now_ms = FAKE_NOW;
	make_keys(world);
	make_rules(world);
	*state = world;
	return 0;
}

int
fake_world_teardown(void **state)
{
	struct fake_world *world = *state;

	claim_key_free(world->policy.key);
	claim_key_free(world->others);
	claim_key_free(world->stranger);
	claim_key_free(world->prover);
	claim_key_free(world->asker);
	claim_trust_free(world->policy.trust);
	smime_psl_free(world->policy.psl);
	cs_arena_free(world->arena);
	free(world);
	return 0;
}

struct policy_setting
fake_setting(const struct fake_world *world)
{
	return (struct policy_setting){ &world->policy.rules, world->now_ms, world->random,
		world->arena };
}

struct claim_texts
fake_texts(struct fake_world *world, const char *joined)
{
	struct claim_texts texts = { NULL, 0 };

	texts.n = svc_list(world->arena, joined, &texts.items);
	return texts;
}

void
fake_reseal(struct fake_world *world, struct policy_submitted *submitted)
{
	/* More names have no digest and no envelope: they cannot be stated. */
	if (submitted->request.mailboxes.n > CLAIM_MAX_NAMES ||
	    submitted->request.domains.n > CLAIM_MAX_NAMES)
		return;
	claim_request_digest(&submitted->request, cs_span_str("spki"), submitted->request.digest);
	submitted->envelope = claim_seal_request(world->arena, world->others, &submitted->request);
}

struct policy_submitted
fake_request(struct fake_world *world, const char *mailboxes, const char *domains)
{
	struct policy_submitted submitted = {
		.request = {
			.enterprise = "demo",
			.account = "alice",
			.profile = "smime-mailbox",
			.csr = cs_span_str("not looked into here"),
			.mailboxes = fake_texts(world, mailboxes),
			.domains = fake_texts(world, domains),
			.validity_days = 365,
			.key_use = CLAIM_DUAL,
			.agreement = "2026-01",
			.submitted_at_ms = world->now_ms,
			.contact = "alice@alpha.example",
			.common_name = "",
		},
	};

	memset(submitted.request.id.octets, 0x41, 16);
	submitted.request.id.octets[15] = ++world->next_id;
	fake_reseal(world, &submitted);
	return submitted;
}

struct policy_approved
fake_approval(struct fake_world *world, const struct claim_request *request)
{
	struct policy_approved approved = {
		.approval = {
			.request = request->id,
			.enterprise = request->enterprise,
			.account = request->account,
			.factor = "api-token",
			.approved_at_ms = world->now_ms,
		},
	};

	memcpy(approved.approval.request_digest, request->digest, CLAIM_DIGEST);
	approved.envelope = claim_seal_approval(world->arena, world->others, &approved.approval);
	return approved;
}

static int64_t
validity_ms(enum claim_kind kind)
{
	switch (kind) {
	case CLAIM_MAILBOX:
		return 30 * CS_DAY_MS;
	case CLAIM_DOMAIN:
	case CLAIM_MPIC_DOMAIN:
		return 398 * CS_DAY_MS;
	case CLAIM_CAA:
	case CLAIM_MPIC_CAA:
		return 8 * CS_HOUR_MS;
	case CLAIM_ORGANIZATION:
	case CLAIM_AUTHORITY:
	case CLAIM_INDIVIDUAL:
		return 825 * CS_DAY_MS;
	}
	return 0;
}

void
fake_reseal_evidence(struct fake_world *world, struct policy_evidence *evidence)
{
	claim_evidence_check_digest(&evidence->evidence, evidence->evidence.check_digest);
	evidence->envelope = claim_seal_evidence(world->arena, world->others, &evidence->evidence);
}

void
fake_perspectives(struct fake_world *world, struct policy_evidence *evidence, size_t n)
{
	evidence->evidence.n_perspectives = n;
	evidence->evidence.perspectives =
	    CS_NEW_ARRAY(world->arena, n, struct claim_perspective_result);
	for (size_t i = 0; i < n; i++)
		evidence->evidence.perspectives[i] = (struct claim_perspective_result){
			.name = cs_arena_printf(world->arena, "remote-%zu", i),
			.region = "ripe",
			.outcome = CLAIM_PROVED,
			.reason = "",
			.corroborates = true,
		};
	fake_reseal_evidence(world, evidence);
}

struct policy_evidence
fake_evidence(struct fake_world *world, const struct claim_request *request,
    const struct claim_check *check, uint32_t attempt, enum claim_outcome outcome)
{
	struct claim_asked asked = { .request = request->id, .check = *check };
	struct policy_evidence made;

	memcpy(asked.request_digest, request->digest, CLAIM_DIGEST);
	claim_evidence_for(&asked, &made.evidence);
	made.evidence.attempt = attempt;
	made.evidence.outcome = outcome;
	made.evidence.checked_at_ms = world->now_ms;
	made.evidence.valid_until_ms = world->now_ms + validity_ms(check->kind);
	made.evidence.perspective = "primary";
	if (outcome != CLAIM_PROVED) {
		made.evidence.reason = "caa-not-authorized";
		made.evidence.clause = "SBR 4.2.2.1";
		made.evidence.text = "CAA names another issuer.";
	}
	fake_perspectives(world, &made, check->min_remotes);
	return made;
}

struct policy_evidence
fake_domain(struct fake_world *world, const struct claim_request *request,
    const struct claim_check *check, const char *method, const char *value)
{
	struct policy_evidence made = fake_evidence(world, request, check, 1, CLAIM_PROVED);

	made.evidence.method = method;
	made.evidence.expected = cs_span_str(value);
	made.evidence.covers_subdomains = smime_method_covers_below(smime_method_find(method));
	fake_reseal_evidence(world, &made);
	return made;
}

struct policy_evidence
fake_corroboration(struct fake_world *world, const struct policy_evidence *domain)
{
	struct policy_evidence made = *domain;
	uint8_t *primary = cs_arena_alloc(world->arena, CLAIM_DIGEST);

	claim_envelope_sha256(domain->envelope, primary);
	made.evidence.kind = CLAIM_MPIC_DOMAIN;
	made.evidence.check_id =
	    cs_arena_printf(world->arena, "mpic-%s", domain->evidence.check_id);
	made.evidence.primary_sha256 = cs_span_of(primary, CLAIM_DIGEST);
	made.evidence.covers_subdomains = false;
	fake_perspectives(world, &made, 5);
	return made;
}

const struct claim_check *
fake_check(const struct claim_plan *plan, const char *id)
{
	for (size_t i = 0; i < plan->n_checks; i++)
		if (strcmp(plan->checks[i].id, id) == 0)
			return &plan->checks[i];
	return NULL;
}
