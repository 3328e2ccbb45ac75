/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fake_claims.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "pki/ed25519.h"

static const char *const one_mailbox[] = { "ann@sales.example" };
static const char *const one_issuer[] = { "ca.countersign.example" };
static const char *const two_methods[] = { "dns-txt", "http-file" };
static const char *const one_record[] = { "0 issuemail \\\"ca.countersign.example\\\"" };

static struct claim_texts
texts(const char *const *items, size_t n)
{
	return (struct claim_texts){ (const char **)items, n };
}

void
fake_claims_write(const char *path, const void *data, size_t len)
{
	FILE *file = fopen(path, "wbe");

	cs_assert(file != NULL && fwrite(data, 1, len, file) == len && fclose(file) == 0);
}

struct cs_span
fake_claims_read(struct fake_claims *claims, const char *path)
{
	FILE *file = fopen(path, "rbe");
	uint8_t *data = cs_arena_alloc(claims->arena, 65536);

	cs_assert(file != NULL);
	size_t len = fread(data, 1, 65536, file);
	(void)fclose(file);
	return cs_span_of(data, len);
}

static void
make_key(struct fake_claims *claims, enum fake_key which)
{
	const char *path = cs_arena_printf(claims->arena, "%s/key%d.pem", claims->dir, (int)which);

	cs_assert(pki_ed25519_generate(path, NULL) == CS_OK);
	cs_assert(claim_key_load(path, &claims->keys[which], NULL) == CS_OK);
}

static void
write_approvers(struct fake_claims *claims)
{
	struct cs_buf buf = cs_buf_new(claims->arena);
	static const char *const who[] = { "ann", "bob" };

	cs_buf_add_str(&buf, "# who may sign the trust table\n");
	for (int i = FAKE_ANN; i <= FAKE_BOB; i++) {
		uint8_t public_key[32];

		claim_key_public(claims->keys[i], public_key);
		cs_buf_printf(&buf, "%s %s\n", who[i],
		    cs_base64(claims->arena, cs_span_of(public_key, sizeof(public_key))));
	}
	fake_claims_write(claims->approvers_path, cs_buf_span(&buf).data, buf.len);
}

static const char *const intake_states[] = { "request", "approval" };
static const char *const policy_states[] = { "plan" };
static const char *const caa_states[] = { "evidence.caa" };
static const char *const remote_states[] = { "perspective" };
static const char *const everybody[] = { "*" };

static void
make_rows(struct fake_claims *claims)
{
	const struct {
		const char *service;
		struct claim_texts states;
	} rows[] = {
		{ "request-intake", texts(intake_states, 2) },
		{ "policy", texts(policy_states, 1) },
		{ "caa-dnssec", texts(caa_states, 1) },
		{ "mpic-perspective", texts(remote_states, 1) },
	};

	for (int i = 0; i < 4; i++) {
		claims->rows[i] = (struct claim_trust_row){
			.keyid = claim_key_id(claims->keys[FAKE_INTAKE + i]),
			.service = rows[i].service,
			.states = rows[i].states,
			.enterprises = texts(everybody, 1),
			.not_before_ms = FAKE_NOW - 1000000,
			.not_after_ms = FAKE_NOW + 1000000,
		};
		claim_key_public(claims->keys[FAKE_INTAKE + i], claims->rows[i].public_key);
	}
}

enum cs_code
fake_claims_reload(
    struct fake_claims *claims, enum fake_key first, enum fake_key second, struct cs_err *err)
{
	const struct claim_key *approvers[] = { claims->keys[first], claims->keys[second] };
	struct claim_trust *trust;

	cs_assert(
	    claim_trust_write(claims->trust_path, 3, claims->rows, 4, approvers, 2, err) == CS_OK);
	enum cs_code code =
	    claim_trust_load(claims->trust_path, claims->approvers_path, &trust, err);
	if (code == CS_OK) {
		claim_trust_free(claims->trust);
		claims->trust = trust;
	}
	return code;
}

static void
make_request(struct fake_claims *c)
{
	c->request = (struct claim_request){
		.id = cs_id_new(),
		.enterprise = "acme",
		.account = "u-1",
		.profile = "staff",
		.csr = cs_span_str("not looked into here"),
		.mailboxes = texts(one_mailbox, 1),
		.validity_days = 90,
		.key_use = CLAIM_DUAL,
		.agreement = "2026-01",
		.submitted_at_ms = FAKE_NOW - 400,
		.contact = "ann@sales.example",
		.common_name = "",
	};
	claim_request_digest(&c->request, cs_span_str("spki"), c->request.digest);
	c->approval = (struct claim_approval){
		.request = c->request.id,
		.enterprise = "acme",
		.account = "u-1",
		.factor = "api-token",
		.approved_at_ms = FAKE_NOW - 300,
	};
	memcpy(c->approval.request_digest, c->request.digest, CLAIM_DIGEST);
}

static void
make_plan(struct fake_claims *c)
{
	c->checks[0] = (struct claim_check){
		.id = "caa-1",
		.kind = CLAIM_CAA,
		.target = "sales.example",
		.method = "caa-issuemail",
		.enterprise = "acme",
		.account = "",
		.expected = cs_span_str("ca.countersign.example"),
		.issuer_domains = texts(one_issuer, 1),
		.freshness_ms = 28800000,
		.attempt = 1,
		.deadline_ms = FAKE_NOW + 45000,
	};
	c->checks[1] = (struct claim_check){
		.id = "domain-1",
		.kind = CLAIM_DOMAIN,
		.target = "sales.example",
		.method = "dns-txt",
		.enterprise = "acme",
		.account = "",
		.expected = cs_span_str("value"),
		.allowed_methods = texts(two_methods, 2),
		.freshness_ms = 1000,
		.has_standing = true,
		.standing_until_ms = FAKE_NOW + 9,
		.min_remotes = 4,
		.fresh = true,
	};
	memset(c->checks[1].standing_sha256, 7, CLAIM_DIGEST);
	claim_check_digest(&c->checks[0], c->checks[0].digest);
	claim_check_digest(&c->checks[1], c->checks[1].digest);
	c->plan = (struct claim_plan){
		.request = c->request.id,
		.revision = 2,
		.final = true,
		.enterprise = "acme",
		.account = "u-1",
		.profile = "staff",
		.certificate_profile = "mailbox-multipurpose",
		.rules_version = CLAIM_RULES_VERSION,
		.contact = "ann@sales.example",
		.profile_version = 4,
		.enterprise_version = 5,
		.checks = c->checks,
		.n_checks = 2,
		.made_at_ms = FAKE_NOW - 200,
		.ends_at_ms = FAKE_NOW + 900000,
	};
	memcpy(c->plan.request_digest, c->request.digest, CLAIM_DIGEST);
	memset(c->plan.approval_sha256, 8, CLAIM_DIGEST);
}

static void
make_evidence(struct fake_claims *c)
{
	struct claim_asked asked = { .request = c->request.id, .check = c->checks[0] };

	c->lookup = (struct claim_lookup){
		.name = "sales.example",
		.type = "CAA",
		.security = CLAIM_DNSSEC_SECURE,
		.why = "",
		.ttl_s = 300,
		.records = texts(one_record, 1),
		.wire_sha256 = cs_span_of(c->request.digest, CLAIM_DIGEST),
		.answered_at_ms = FAKE_NOW - 100,
	};
	c->perspective = (struct claim_perspective_result){
		.name = "frankfurt",
		.region = "ripe",
		.outcome = CLAIM_PROVED,
		.reason = "",
		.seen = texts(one_record, 1),
		.security = CLAIM_DNSSEC_SECURE,
		.checked_at_ms = FAKE_NOW - 100,
		.answer = cs_span_str("an envelope"),
		.corroborates = true,
		.took_ms = 12,
	};
	memcpy(asked.request_digest, c->request.digest, CLAIM_DIGEST);
	claim_evidence_for(&asked, &c->evidence);
	c->evidence.outcome = CLAIM_PROVED;
	c->evidence.checked_at_ms = FAKE_NOW - 100;
	c->evidence.valid_until_ms = FAKE_NOW + 28800000;
	c->evidence.security = CLAIM_DNSSEC_SECURE;
	c->evidence.perspective = "primary";
	c->evidence.lookups = &c->lookup;
	c->evidence.n_lookups = 1;
	c->evidence.perspectives = &c->perspective;
	c->evidence.n_perspectives = 1;
	c->evidence.found_at = "sales.example";
	c->evidence.ttl_s = 300;
	c->evidence.covers_subdomains = true;
	c->evidence.seen = texts(one_record, 1);
	c->evidence.primary_sha256 = cs_span_of(c->request.digest, CLAIM_DIGEST);
}

static void
make_answer(struct fake_claims *c)
{
	c->answer = (struct claim_perspective_answer){
		.perspective = "frankfurt",
		.region = "ripe",
		.outcome = CLAIM_PROVED,
		.reason = "",
		.text = "",
		.security = CLAIM_DNSSEC_SECURE,
		.lookups = &c->lookup,
		.n_lookups = 1,
		.seen = texts(one_record, 1),
		.checked_at_ms = FAKE_NOW - 100,
		.found_at = "sales.example",
		.ttl_s = 300,
		.attempt = 1,
	};
	memset(c->answer.nonce, 9, sizeof(c->answer.nonce));
	memcpy(c->answer.check_digest, c->checks[0].digest, CLAIM_DIGEST);
}

int
fake_claims_setup(void **state)
{
	struct fake_claims *claims = calloc(1, sizeof(*claims));

	cs_assert(claims != NULL);
	claims->arena = cs_arena_new();
	(void)snprintf(claims->dir, sizeof(claims->dir), "/tmp/test-claim-XXXXXX");
	cs_assert(mkdtemp(claims->dir) != NULL);
	(void)snprintf(claims->trust_path, sizeof(claims->trust_path), "%s/trust", claims->dir);
	(void)snprintf(
	    claims->approvers_path, sizeof(claims->approvers_path), "%s/approvers", claims->dir);
	for (int i = 0; i < FAKE_KEYS; i++)
		make_key(claims, (enum fake_key)i);
	write_approvers(claims);
	make_rows(claims);
	cs_assert(fake_claims_reload(claims, FAKE_ANN, FAKE_BOB, NULL) == CS_OK);
	make_request(claims);
	make_plan(claims);
	make_evidence(claims);
	make_answer(claims);
	*state = claims;
	return 0;
}

int
fake_claims_teardown(void **state)
{
	struct fake_claims *claims = *state;
	DIR *dir = opendir(claims->dir);

	for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir))
		(void)unlinkat(dirfd(dir), entry->d_name, 0);
	(void)closedir(dir);
	(void)rmdir(claims->dir);
	for (int i = 0; i < FAKE_KEYS; i++)
		claim_key_free(claims->keys[i]);
	claim_trust_free(claims->trust);
	cs_arena_free(claims->arena);
	free(claims);
	return 0;
}
