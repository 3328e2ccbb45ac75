/* SPDX-License-Identifier: Apache-2.0 */
/*
 * it_store.c: load and save against a real PostgreSQL at CS_DATABASE_URL, in a schema of its own.
 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../config_form.h"
#include "../handler.h"
#include "../handler_config.h"
#include "../kept.h"
#include "../policy.h"
#include "../store.h"
#include "../store_told.h"
#include "db/tests/it_db.h"
#include "pki/ed25519.h"
#include "smime/method.h"

#define NOW INT64_C(1795437296789)
#define LEN(array) (sizeof(array) / sizeof((array)[0]))

/* Whoever changes documents gives a version. */
#define CHANGE "with head as (update config_head set last_version = last_version + 1 returning 1) "
/* Documents: rows of kind, enterprise, name and spec between the two. */
#define INSERT                                                                                       \
	CHANGE                                                                                       \
	"insert into document select kind, enterprise, name, gen_random_uuid(), 0, spec::jsonb, 0, " \
	"'test' from (values "
#define INSERTED " ('note', 'none', 'issue', '{}')) as d (kind, enterprise, name, spec)"
#define DOMAIN(name, issuers) \
	"('domain', 'demo', '" name "', '{\"active\": true, \"issuers\": [" issuers "]}')"
#define SET(field, value) CHANGE "update document set spec = spec || '{\"" field "\": " value "}'"

struct fixture {
	struct cs_arena *arena;
	struct db *db, *other;
	struct claim_key *key;
	struct policy_service service; /* with documents of the batches before */
	struct policy_rules rules;
	struct smime_psl *psl;
	uint8_t random[32], next_id;
};

static struct claim_key *
new_key(void)
{
	char dir[] = "/tmp/it-store-XXXXXX", path[64];
	struct claim_key *key;

	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/key", dir);
	assert_int_equal(pki_ed25519_generate(path, NULL), CS_OK);
	assert_int_equal(claim_key_load(path, &key, NULL), CS_OK);
	(void)unlink(path);
	(void)rmdir(dir);
	return key;
}

static int
setup(void **state)
{
	static const char *issuers[] = { "ca.countersign.example" };
	struct fixture *f = calloc(1, sizeof(*f));

	f->arena = cs_arena_new();
	f->db = open_db("drop schema if exists it_policy cascade; create schema it_policy;"
			"set search_path = it_policy;");
	migrate(f->db, "services/policy/sql/0001_policy.sql");
	migrate(f->db, "services/policy/sql/0003_sweep.sql");
	migrate(f->db, "services/policy/sql/0004_identity.sql");
	migrate(f->db, "services/policy/sql/0005_document.sql");
	migrate(f->db, "services/policy/sql/0006_people.sql");
	migrate(f->db, "services/policy/tests/demo.sql");
	f->other = open_db("set search_path = it_policy;");
	f->key = new_key();
	f->service.kept = kept_new(f->arena);
	assert_int_equal(smime_psl_load(NULL, &f->psl, NULL), CS_OK);
	f->rules = (struct policy_rules){ .psl = f->psl, .issuer_domains = { issuers, 1 } };
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	struct cs_err err = { 0 };

	ok(db_script(f->db, "drop schema it_policy cascade", &err), &err);
	db_close(f->db);
	db_close(f->other);
	claim_key_free(f->key);
	smime_psl_free(f->psl);
	kept_free(f->service.kept);
	cs_arena_free(f->arena);
	free(f);
	return 0;
}

/* ---- batches ---- */

static struct claim_texts
list(struct fixture *f, const char *one)
{
	const char **items = CS_NEW_ARRAY(f->arena, 1, const char *);

	items[0] = one;
	return (struct claim_texts){ items, one[0] != '\0' };
}

static struct policy_submitted *
new_request(struct fixture *f, const char *account, const char *mailbox, const char *domain)
{
	struct policy_submitted *made = CS_NEW(f->arena, struct policy_submitted);

	made->request = (struct claim_request){
		.enterprise = "demo",
		.account = account,
		.profile = "smime-mailbox",
		.csr = cs_span_str("not looked into here"),
		.mailboxes = list(f, mailbox),
		.domains = list(f, domain),
		.validity_days = 365,
		.key_use = CLAIM_DUAL,
		.agreement = "2026-01",
		.submitted_at_ms = NOW,
		.contact = "alice@alpha.example",
		.common_name = "",
	};
	memset(made->request.id.octets, 0x41, 16);
	made->request.id.octets[15] = ++f->next_id;
	claim_request_digest(&made->request, cs_span_str("spki"), made->request.digest);
	made->envelope = claim_seal_request(f->arena, f->key, &made->request);
	return made;
}

/* A batch of request.submitted; keys grow with every new request, so they are in order. */
static struct svc_batch
batch_of(struct fixture *f, struct db *db, const struct policy_submitted *const *requests, size_t n)
{
	struct svc_batch batch = {
		.n = n, .arena = f->arena, .db = db, .self = &f->service, .now_ms = NOW
	};

	batch.aggregates = CS_NEW_ARRAY(f->arena, n, struct svc_aggregate);
	for (size_t i = 0; i < n; i++) {
		struct svc_event *ev = CS_NEW(f->arena, struct svc_event);

		*ev = (struct svc_event){ .subject = "request.submitted",
			.what = requests[i],
			.key = requests[i]->request.id };
		batch.aggregates[i].key = ev->key;
		batch.aggregates[i].events = CS_NEW_ARRAY(f->arena, 1, struct svc_event *);
		batch.aggregates[i].events[0] = ev;
		batch.aggregates[i].n_events = 1;
	}
	return batch;
}

/* One request known to the database by its key alone. */
static struct svc_batch
batch_of_key(struct fixture *f, struct db *db, const struct policy_submitted *request)
{
	struct svc_batch batch = batch_of(f, db, &request, 1);

	batch.aggregates[0].events[0]->subject = "clock.plan-due";
	batch.aggregates[0].events[0]->what = NULL;
	return batch;
}

static struct policy_case *
load_one(struct svc_batch *batch)
{
	struct cs_err err = { 0 };

	ok(db_begin(batch->db, &err), &err);
	ok(store_load_cases(batch, &err), &err);
	return batch->aggregates[0].state;
}

static enum cs_code
save(struct svc_batch *batch, struct cs_err *err)
{
	enum cs_code code = store_save_cases(batch, err);

	if (code == CS_OK)
		code = db_commit(batch->db, err);
	if (code != CS_OK)
		db_rollback(batch->db);
	return code;
}

/* As the handler does: decides, and keeps the envelope of what would be published. */
static void
decide(struct fixture *f, struct policy_case *c, const struct policy_submitted *request)
{
	const struct policy_setting in = { &f->rules, NOW, f->random, f->arena };

	*c = policy_decide_submitted(&in, c, request).next;
	if (c->plan.plan.n_checks > 0)
		c->plan.plan_envelope = claim_seal_plan(f->arena, f->key, &c->plan.plan);
}

static struct policy_case *
store_one(struct fixture *f, const struct policy_submitted *request)
{
	struct svc_batch batch = batch_of(f, f->db, &request, 1);
	struct policy_case *c = load_one(&batch);
	struct cs_err err = { 0 };

	decide(f, c, request);
	ok(save(&batch, &err), &err);
	return c;
}

static void
script(struct fixture *f, const char *text)
{
	struct cs_err err = { 0 };

	ok(db_script(f->db, text, &err), &err);
}

static int64_t
count(struct fixture *f, const char *sql)
{
	struct db_rows *rows;
	struct cs_err err = { 0 };

	ok(db_query(f->db, f->arena, sql, NULL, 0, &rows, &err), &err);
	return db_get_i64(rows, 0, 0);
}

/* ---- tests ---- */

/* Every method of the table may be named in a profile, and the profiles that we ship name all. */
static void
offers_every_method(const struct claim_texts *names)
{
	size_t n, domains = 0;
	const struct smime_method *methods = smime_methods(&n);

	for (size_t i = 0; i < n; i++) {
		bool named = false;

		for (size_t k = 0; k < names->n; k++)
			named |= strcmp(names->items[k], methods[i].name) == 0;
		if (methods[i].target == SMIME_TARGET_DOMAIN && !named)
			fail_msg("no profile offers %s", methods[i].name);
		domains += methods[i].target == SMIME_TARGET_DOMAIN;
	}
	assert_int_equal(names->n, domains);
}

static void
a_new_case_has_no_plan_and_what_the_tables_say(void **state)
{
	struct fixture *f = *state;
	const struct policy_submitted *request = new_request(f, "alice", "alice@alpha.example", "");
	struct svc_batch batch = batch_of(f, f->db, &request, 1);
	const struct policy_case *c = load_one(&batch);

	assert_int_equal(c->plan.state, POLICY_NEW);
	assert_int_equal(c->plan.version, 0);
	assert_true(c->config.enterprise_known && c->config.account_known);
	assert_true(c->config.profile_known && c->config.profile_allowed);
	assert_int_equal(c->config.enterprise_version, 51);
	assert_int_equal(c->config.profile.validation, POLICY_MAILBOX);
	assert_int_equal(c->config.profile.mailbox_period_days, 30);
	assert_int_equal(c->config.profile.domain_period_days, 398);
	assert_int_equal(c->config.profile.max_days, 825);
	assert_true(c->config.profile.may_dual);
	offers_every_method(&c->config.profile.domain_methods);
	assert_int_equal(c->config.profile.mailbox_methods.n, 1);
	assert_string_equal(c->config.profile.mailbox_methods.items[0], "email-token");
	assert_int_equal(c->config.assigned.n, 1);
	assert_string_equal(c->config.assigned.items[0], "*@alpha.example");
	assert_null(c->proofs);
	db_rollback(f->db);
}

static int64_t
rows_of_envelopes(struct fixture *f)
{
	return count(f, "select count(*) from plan_envelope");
}

/* As the handler does; decided as if everything stood. */
static void
a_request_that_is_approved_in_itself_is_one_row(void **state)
{
	struct fixture *f = *state;
	struct policy_submitted *request = new_request(f, "alice", "alice@alpha.example", "");
	const int64_t before = rows_of_envelopes(f);
	struct cs_err err = { 0 };

	request->request.approved_factor = "api-token";
	request->envelope = claim_seal_request(f->arena, f->key, &request->request);
	const struct policy_submitted *asked = request;
	struct svc_batch batch = batch_of(f, f->db, &asked, 1);
	struct policy_case *c = load_one(&batch);

	decide(f, c, request);
	assert_int_equal(c->plan.state, POLICY_MADE);
	c->plan.plan.final = true;
	claim_envelope_sha256(request->envelope, c->plan.plan.approval_sha256);
	c->plan.plan_envelope = claim_seal_plan(f->arena, f->key, &c->plan.plan);
	c->plan.approval_envelope = request->envelope;
	c->plan.state = POLICY_FINAL;
	ok(save(&batch, &err), &err);
	assert_int_equal(rows_of_envelopes(f), before + 1);
	batch = batch_of_key(f, f->db, request);
	c = load_one(&batch);
	assert_int_equal(c->plan.state, POLICY_FINAL);
	assert_true(cs_span_equal(c->plan.approval_envelope, request->envelope));
	assert_string_equal(c->plan.approval.factor, "api-token");
	assert_true(c->plan.plan.final);
	/* Revised, it stays one row. */
	c->plan.plan.revision++;
	c->plan.plan_envelope = claim_seal_plan(f->arena, f->key, &c->plan.plan);
	c->plan.changed = true;
	ok(save(&batch, &err), &err);
	assert_int_equal(rows_of_envelopes(f), before + 1);
	batch = batch_of_key(f, f->db, request);
	assert_int_equal(load_one(&batch)->plan.plan.revision, 2);
	db_rollback(f->db);
}

static void
the_person_who_asks_on_behalf_is_loaded(void **state)
{
	static const char *const submitters[] = { "", "nobody", "platform/operator", "operator" };
	struct fixture *f = *state;

	for (size_t i = 0; i < LEN(submitters); i++) {
		struct policy_submitted *request =
		    new_request(f, "alice", "alice@alpha.example", "");

		request->request.submitted_by = submitters[i];
		const struct policy_submitted *one = request;
		struct svc_batch batch = batch_of(f, f->db, &one, 1);
		const struct policy_case *c = load_one(&batch);

		assert_true(c->config.account_known && !c->config.is_operator);
		assert_int_equal(c->config.submitter_is_operator, i == 3);
		db_rollback(f->db);
	}
}

/* Of the thousands that an account may have. */
static void
only_assignments_that_can_serve_are_loaded(void **state)
{
	struct fixture *f = *state;
	const struct policy_submitted *request = new_request(f, "alice", "alice@alpha.example", "");
	struct svc_batch batch = batch_of(f, f->db, &request, 1);

	script(f, INSERT
	    "('assignment', 'demo', 'alice@alpha.example', '{\"people\": [\"alice\", \"bob\"]}'),"
	    " ('assignment', 'demo', 'alice@beta.example', '{\"people\": [\"alice\"]}'),"
	    " ('assignment', 'demo', '*@beta.example', '{\"people\": [\"alice\"]}')," INSERTED);
	const struct policy_case *c = load_one(&batch);

	assert_int_equal(c->config.assigned.n, 2);
	assert_string_equal(c->config.assigned.items[0], "*@alpha.example");
	assert_string_equal(c->config.assigned.items[1], "alice@alpha.example");
	db_rollback(f->db);
	script(f, "delete from document where kind = 'assignment' and name <> '*@alpha.example'");
}

static void
every_builtin_profile_permits_alice_something(void **state)
{
	static const char *const profiles[] = { "smime-mailbox", "smime-domain",
		"smime-domain-mailbox" };
	struct fixture *f = *state;

	for (size_t i = 0; i < LEN(profiles); i++) {
		struct policy_submitted *request =
		    new_request(f, "alice", "alice@alpha.example", "alpha.example");

		request->request.profile = profiles[i];
		const struct policy_submitted *one = request;
		struct svc_batch batch = batch_of(f, f->db, &one, 1);
		const struct policy_case *c = load_one(&batch);
		struct cs_refusal why;

		assert_int_equal(c->config.profile.validation, i);
		if (!policy_may_request(
			&f->rules, &c->config, &request->request, NOW, NOW, f->arena, &why))
			fail_msg("%s: %s", profiles[i], why.code);
		db_rollback(f->db);
	}
}

static void
who_is_inactive_or_not_there_is_not_known(void **state)
{
	static const struct {
		const char *name, *before, *want;
	} cases[] = {
		{ "all there", "", "yes" },
		{ "account inactive", SET("active", "false") " where name = 'alice'",
		    "unknown-account" },
		{ "enterprise inactive", SET("active", "false") " where kind = 'enterprise'",
		    "unknown-enterprise" },
		{ "profile inactive", SET("active", "false") " where kind = 'profile'",
		    "unknown-profile" },
		{ "profile not listed",
		    SET("profiles", "[\"smime-domain\"]") " where name = 'alice'",
		    "profile-not-allowed" },
		{ "profile listed",
		    SET("profiles",
			"[\"smime-domain\", \"smime-mailbox\"]") " where name = 'alice'",
		    "yes" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < LEN(cases); i++) {
		const struct policy_submitted *request =
		    new_request(f, "alice", "alice@alpha.example", "");
		struct svc_batch batch = batch_of(f, f->db, &request, 1);
		struct cs_refusal why = { .code = "yes" };
		struct db_rows *rows;
		struct cs_err err = { 0 };

		/* A version that is taken back is given again: no service sees it before the commit. */
		kept_begin(f->service.kept, (struct kept_as_of){ 0 });
		ok(db_begin(f->db, &err), &err);
		if (cases[i].before[0] != '\0')
			ok(db_query(f->db, f->arena, cases[i].before, NULL, 0, &rows, &err), &err);
		ok(store_load_cases(&batch, &err), &err);
		const struct policy_case *c = batch.aggregates[0].state;

		(void)!policy_may_request(
		    &f->rules, &c->config, &request->request, NOW, NOW, f->arena, &why);
		if (strcmp(why.code, cases[i].want) != 0)
			fail_msg("%s: got %s, want %s", cases[i].name, why.code, cases[i].want);
		db_rollback(f->db);
	}
}

/* ---- documents that were read before ---- */

/* A batch's first load, and how many rows of a table it read. */
static const struct policy_case *
load_counting(struct fixture *f, struct svc_batch *batch, const char *table, int64_t *ret_read)
{
	script(f, "select pg_stat_force_next_flush()");
	const struct policy_case *c = load_one(batch);

	*ret_read =
	    count(f, cs_arena_printf(f->arena,
			 "select (coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::bigint"
			 " from pg_stat_xact_user_tables where relid = '%s'::regclass",
			 table));
	db_rollback(f->db);
	return c;
}

static void
documents_are_read_once(void **state)
{
	struct fixture *f = *state;
	const struct policy_submitted *requests[] = {
		new_request(f, "alice", "alice@alpha.example", ""),
		new_request(f, "alice", "bob@alpha.example", ""),
		new_request(f, "bob", "bob@alpha.example", ""),
	};
	const int64_t want[] = { 4, 0, 1 }; /* enterprise, person, profile, assignment */

	for (size_t i = 0; i < LEN(want); i++) {
		struct svc_batch batch = batch_of(f, f->db, &requests[i], 1);
		int64_t read;
		const struct policy_config *config =
		    &load_counting(f, &batch, "document", &read)->config;

		assert_true(config->enterprise_known && config->account_known);
		assert_true(config->profile_known && config->profile_allowed);
		assert_int_equal(config->assigned.n, i < 2);
		assert_int_equal(read, want[i]);
	}
}

static void
a_change_is_seen_by_the_batch_behind_it(void **state)
{
	static const struct {
		const char *sql;
		bool known;
		size_t assigned, owned;
	} steps[] = {
		{ "select 1", true, 1, 0 },
		{ SET("active", "false") " where name = 'alice'", false, 1, 0 },
		{ SET("active", "true") " where name = 'alice'", true, 1, 0 },
		{ INSERT
		    "('assignment', 'demo', 'x@alpha.example', '{\"people\": [\"alice\"]}'),"
		    " ('ownership', 'demo', 'alpha.example', '{\"person\": \"alice\"}')," INSERTED,
		    true, 2, 1 },
		{ CHANGE "delete from document where kind in ('assignment', 'ownership')", true, 0,
		    0 },
	};
	struct fixture *f = *state;
	const struct policy_submitted *request = new_request(f, "alice", "x@alpha.example", "");

	for (size_t i = 0; i < LEN(steps); i++) {
		script(f, steps[i].sql);
		struct svc_batch batch = batch_of(f, f->db, &request, 1);

		for (size_t k = 0; k < 2; k++) {
			const struct policy_case *c = load_one(&batch);

			db_rollback(f->db);
			assert_int_equal(c->config.account_known, steps[i].known);
			assert_int_equal(c->config.assigned.n, steps[i].assigned);
			assert_int_equal(c->config.n_ownerships, steps[i].owned);
			assert_int_equal(
			    c->settings_version, count(f, "select last_version from config_head"));
		}
	}
}

static void
a_plan_comes_back_as_it_was_saved(void **state)
{
	struct fixture *f = *state;
	const struct policy_submitted *request = new_request(f, "alice", "alice@alpha.example", "");
	const struct policy_case *saved = store_one(f, request);
	struct svc_batch batch = batch_of_key(f, f->db, request);
	const struct policy_case *got = load_one(&batch);
	const struct policy_plan *plan = &got->plan;

	db_rollback(f->db);
	assert_int_equal(plan->state, POLICY_MADE);
	assert_int_equal(plan->version, 1);
	assert_int_equal(plan->since_ms, NOW);
	assert_int_equal(plan->due_ms, 0);
	assert_false(plan->changed);
	assert_true(cs_span_equal(plan->request_envelope, request->envelope));
	assert_true(cs_span_equal(plan->plan_envelope, saved->plan.plan_envelope));
	assert_int_equal(plan->approval_envelope.len, 0);
	assert_string_equal(plan->request.account, "alice");
	assert_int_equal(plan->plan.n_checks, 3);
	for (size_t i = 0; i < 3; i++)
		assert_memory_equal(
		    &plan->progress[i], &saved->plan.progress[i], sizeof(plan->progress[i]));
	assert_int_equal(plan->progress[0].attempt, 1);
	assert_true(got->config.account_known); /* found by the stored request */
}

static void
progress_and_state_change_with_every_save(void **state)
{
	struct fixture *f = *state;
	const struct policy_submitted *request = new_request(f, "alice", "alice@alpha.example", "");
	struct cs_err err = { 0 };

	(void)store_one(f, request);
	struct svc_batch batch = batch_of_key(f, f->db, request);
	struct policy_case *c = load_one(&batch);

	c->plan.progress[1] =
	    (struct policy_progress){ 7, 3, CLAIM_COULD_NOT_TELL, INT64_C(1795437299999) };
	c->plan.due_ms = 99;
	c->plan.changed = true;
	ok(save(&batch, &err), &err);
	batch = batch_of_key(f, f->db, request);
	c = load_one(&batch);
	db_rollback(f->db);
	assert_int_equal(c->plan.version, 2);
	assert_int_equal(c->plan.due_ms, 99);
	assert_int_equal(c->plan.progress[1].attempt, 7);
	assert_int_equal(c->plan.progress[1].tries, 3);
	assert_int_equal(c->plan.progress[1].outcome, CLAIM_COULD_NOT_TELL);
	assert_int_equal(c->plan.progress[1].next_ms, INT64_C(1795437299999));
}

/* What came or was published with one save. */
struct saving {
	bool request, approval;
	uint32_t revision; /* of a plan that is published; 0: none is */
};

static void
save_step(struct fixture *f, const struct policy_submitted *request, struct saving step)
{
	const struct policy_case *made =
	    store_one(f, new_request(f, "alice", "a@alpha.example", ""));
	struct svc_batch batch = batch_of_key(f, f->db, request);
	struct policy_plan *plan = &load_one(&batch)->plan;
	const struct claim_approval approval = { .request = request->request.id,
		.enterprise = "demo",
		.account = "alice",
		.factor = "session",
		.approved_at_ms = NOW };
	struct cs_err err = { 0 };

	if (step.request) {
		plan->request = request->request;
		plan->request_envelope = request->envelope;
	}
	if (step.approval)
		plan->approval_envelope = claim_seal_approval(f->arena, f->key, &approval);
	if (step.revision > 0) {
		plan->plan = made->plan.plan;
		plan->progress = made->plan.progress;
		plan->plan.revision = step.revision;
		plan->plan_envelope = claim_seal_plan(f->arena, f->key, &plan->plan);
	}
	plan->changed = true;
	ok(save(&batch, &err), &err);
}

/* In any order, and several in one batch. */
static void
envelopes_come_back_whatever_came_first(void **state)
{
	static const struct {
		const char *name;
		struct saving steps[5];
		size_t n;
		uint32_t revision;
	} cases[] = {
		{ "request alone: it was refused", { { true, false, 0 } }, 1, 0 },
		{ "approval alone", { { false, true, 0 } }, 1, 0 },
		{ "an end alone", { { false, false, 0 } }, 1, 0 },
		{ "first plan", { { true, false, 1 } }, 1, 1 },
		{ "first plan made anew", { { true, false, 1 }, { false, false, 2 } }, 2, 2 },
		{ "approval that waits", { { true, false, 1 }, { false, true, 0 } }, 2, 1 },
		{ "final plan at once", { { true, false, 1 }, { false, true, 2 } }, 2, 2 },
		{ "final plan later",
		    { { true, false, 1 }, { false, true, 0 }, { false, false, 0 },
			{ false, false, 2 }, { false, false, 3 } },
		    5, 3 },
		{ "approval before its request",
		    { { false, true, 0 }, { true, false, 1 }, { false, false, 2 } }, 3, 2 },
		{ "all in one batch", { { true, true, 2 }, { false, false, 3 } }, 2, 3 },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < LEN(cases); i++) {
		const struct policy_submitted *request =
		    new_request(f, "alice", "alice@alpha.example", "");
		bool asked = false, approved = false;

		for (size_t k = 0; k < cases[i].n; k++) {
			asked |= cases[i].steps[k].request;
			approved |= cases[i].steps[k].approval;
			save_step(f, request, cases[i].steps[k]);
		}
		struct svc_batch batch = batch_of_key(f, f->db, request);
		const struct policy_plan *plan = &load_one(&batch)->plan;

		db_rollback(f->db);
		if (plan->version != cases[i].n || plan->plan.revision != cases[i].revision ||
		    (plan->request_envelope.len > 0) != asked ||
		    (plan->approval_envelope.len > 0) != approved ||
		    (asked && !cs_span_equal(plan->request_envelope, request->envelope)))
			fail_msg("%s: revision %u", cases[i].name, (unsigned)plan->plan.revision);
	}
}

static void
only_checks_that_were_begun_have_a_line(void **state)
{
	struct fixture *f = *state;
	const struct policy_submitted *request = new_request(f, "alice", "alice@alpha.example", "");
	struct cs_err err = { 0 };

	(void)store_one(f, request);
	assert_int_equal(
	    count(f, "select count(*) from plan where progress ~ '^mailbox-1 1 1 0 [0-9]+\n$'"), 1);
	struct svc_batch batch = batch_of_key(f, f->db, request);
	struct policy_case *c = load_one(&batch);

	c->plan.progress[0] = (struct policy_progress){ 0 };
	c->plan.changed = true;
	ok(save(&batch, &err), &err);
	assert_int_equal(count(f, "select count(*) from plan where progress = ''"), 1);
}

/* The row is ours: the event is not to blame. */
static void
progress_that_cannot_be_read_is_an_error_of_ours(void **state)
{
	static const char *const lines[] = { "mailbox-1", "mailbox-1 1 1 0", "mailbox-1 1 x 0 0",
		"mailbox-1 1 1 4 0", "mailbox-1 1 1 1 0\n\nnobodys 1" };
	struct fixture *f = *state;
	const struct policy_submitted *request = new_request(f, "alice", "alice@alpha.example", "");

	(void)store_one(f, request);
	for (size_t i = 0; i < LEN(lines); i++) {
		struct svc_batch batch = batch_of_key(f, f->db, request);
		struct cs_err err = { 0 };

		script(f, cs_arena_printf(f->arena, "update plan set progress = '%s'", lines[i]));
		ok(db_begin(f->db, &err), &err);
		if (store_load_cases(&batch, &err) != CS_INTERNAL)
			fail_msg("read: %s", lines[i]);
		db_rollback(f->db);
	}
}

static void
what_did_not_change_is_not_written(void **state)
{
	struct fixture *f = *state;
	const struct policy_submitted *request = new_request(f, "alice", "alice@alpha.example", "");
	struct svc_batch batch = batch_of(f, f->db, &request, 1);
	struct cs_err err = { 0 };

	(void)load_one(&batch);
	ok(save(&batch, &err), &err);
	batch = batch_of_key(f, f->db, request);
	assert_int_equal(load_one(&batch)->plan.version, 0);
	db_rollback(f->db);
}

static void
what_was_issued_looks_at_the_state_alone_and_leaves_the_rest(void **state)
{
	static const struct {
		const char *subject;
		bool alone;
	} ends[] = { { "certificate.issued", true }, { "certificate.refused", false },
		{ "certificate.stopped", false }, { "request.cancelled", false } };
	struct fixture *f = *state;
	const struct policy_setting in = { &f->rules, NOW, f->random, f->arena };
	struct cs_err err = { 0 };

	for (size_t i = 0; i < LEN(ends); i++) {
		const struct policy_submitted *request =
		    new_request(f, "alice", "alice@alpha.example", "");

		(void)store_one(f, request);
		struct svc_batch batch = batch_of_key(f, f->db, request);

		batch.aggregates[0].events[0]->subject = ends[i].subject;
		struct policy_case *c = load_one(&batch);

		assert_int_equal(c->plan.state, POLICY_MADE);
		assert_int_equal(c->plan.request_envelope.len == 0, ends[i].alone);
		assert_int_equal(c->plan.plan.n_checks == 0, ends[i].alone);
		assert_int_equal(!c->config.enterprise_known, ends[i].alone);
		*c = policy_decide_ended(&in, c, "ended").next;
		ok(save(&batch, &err), &err);
		batch = batch_of_key(f, f->db, request);
		c = load_one(&batch);
		db_rollback(f->db);
		assert_int_equal(c->plan.state, POLICY_ENDED);
		assert_int_equal(c->plan.version, 2);
		assert_true(cs_span_equal(c->plan.request_envelope, request->envelope));
		assert_int_equal(c->plan.plan.n_checks, 3);
		assert_int_equal(c->plan.progress[0].attempt, 1);
	}
	assert_int_equal(count(f, "select count(*) from plan where enterprise = 'demo' and"
				  " account = 'alice' and profile = 'smime-mailbox'"),
	    LEN(ends));
}

/* What else came for the same plan in the same batch is decided before it or after it. */
static void
an_end_among_others_does_not_hide_the_plan(void **state)
{
	struct fixture *f = *state;
	const struct policy_submitted *request = new_request(f, "alice", "alice@alpha.example", "");

	(void)store_one(f, request);
	for (size_t i = 0; i < 2; i++) {
		struct svc_batch batch = batch_of_key(f, f->db, request);
		struct svc_event ended = *batch.aggregates[0].events[0];
		struct svc_event *both[] = { batch.aggregates[0].events[0], &ended };

		both[i]->subject = "certificate.issued";
		batch.aggregates[0].events = both;
		batch.aggregates[0].n_events = 2;
		const struct policy_case *c = load_one(&batch);

		assert_true(cs_span_equal(c->plan.request_envelope, request->envelope));
		assert_true(c->config.enterprise_known);
		db_rollback(f->db);
	}
}

static void
of_two_replicas_one_is_told_that_the_other_was_faster(void **state)
{
	struct fixture *f = *state;
	const struct policy_submitted *request = new_request(f, "alice", "alice@alpha.example", "");
	struct svc_batch first = batch_of(f, f->db, &request, 1);
	struct svc_batch second = batch_of(f, f->other, &request, 1);
	struct cs_err err = { 0 };

	/* No row yet, so there is nothing to lock. */
	decide(f, load_one(&first), request);
	decide(f, load_one(&second), request);
	ok(save(&first, &err), &err);
	assert_int_equal(save(&second, &err), CS_CONFLICT);
	first = batch_of_key(f, f->db, request);
	assert_int_equal(load_one(&first)->plan.version, 1);
	db_rollback(f->db);
}

/* Somebody else's load, on a thread because it waits for our lock. */
struct waiter {
	pthread_t thread;
	struct svc_batch batch;
	struct cs_err err;
	enum cs_code code;
};

static void *
wait_and_load(void *arg)
{
	struct waiter *waiter = arg;

	waiter->code = db_begin(waiter->batch.db, &waiter->err);
	if (waiter->code == CS_OK)
		waiter->code = store_load_cases(&waiter->batch, &waiter->err);
	return NULL;
}

static void
who_waited_for_a_plan_gets_all_of_it_as_it_then_is(void **state)
{
	struct fixture *f = *state;
	const struct policy_submitted *request = new_request(f, "alice", "alice@alpha.example", "");
	struct cs_err err = { 0 };

	(void)store_one(f, request);
	struct svc_batch first = batch_of_key(f, f->db, request);
	struct policy_case *c = load_one(&first);
	struct waiter waiter = { .batch = batch_of_key(f, f->other, request) };

	waiter.batch.arena = cs_arena_new();
	assert_int_equal(pthread_create(&waiter.thread, NULL, wait_and_load, &waiter), 0);
	for (int i = 0;
	     i < 10000 && count(f, "select count(*) from pg_locks where not granted") == 0; i++)
		(void)usleep(1000);
	assert_int_equal(count(f, "select count(*) from pg_locks where not granted"), 1);
	c->plan.state = POLICY_REFUSED;
	c->plan.plan.revision = 7;
	c->plan.plan_envelope = claim_seal_plan(f->arena, f->key, &c->plan.plan);
	c->plan.progress[0].attempt = 5;
	c->plan.changed = true;
	ok(save(&first, &err), &err);
	assert_int_equal(pthread_join(waiter.thread, NULL), 0);
	ok(waiter.code, &waiter.err);
	const struct policy_case *seen = waiter.batch.aggregates[0].state;

	assert_int_equal(seen->plan.state, POLICY_REFUSED);
	assert_int_equal(seen->plan.version, 2);
	assert_int_equal(seen->plan.plan.revision, 7);
	assert_int_equal(seen->plan.progress[0].attempt, 5);
	db_rollback(f->other);
	cs_arena_free(waiter.batch.arena);
}

static void
two_hundred_requests_are_one_batch(void **state)
{
	struct fixture *f = *state;
	const struct policy_submitted *requests[200];
	struct cs_err err = { 0 };

	for (size_t i = 0; i < 200; i++)
		requests[i] = new_request(f, i % 2 ? "alice" : "nobody",
		    cs_arena_printf(f->arena, "u%zu@alpha.example", i), "");
	struct svc_batch batch = batch_of(f, f->db, requests, 200);

	(void)load_one(&batch);
	for (size_t i = 0; i < 200; i++)
		decide(f, batch.aggregates[i].state, requests[i]);
	ok(save(&batch, &err), &err);
	batch = batch_of(f, f->db, requests, 200);
	(void)load_one(&batch);
	db_rollback(f->db);
	for (size_t i = 0; i < 200; i++) {
		const struct policy_case *c = batch.aggregates[i].state;

		assert_int_equal(c->plan.state, i % 2 ? POLICY_MADE : POLICY_REFUSED);
		assert_true(cs_id_equal(c->plan.request.id, requests[i]->request.id));
	}
}

/* ---- CAA as an enterprise configured it ---- */

static const struct policy_config *
config_for(struct fixture *f, const struct policy_submitted *request)
{
	struct svc_batch batch = batch_of(f, f->db, &request, 1);
	const struct policy_case *c = load_one(&batch);

	db_rollback(f->db);
	return &c->config;
}

static void
configured_caa_is_loaded_for_a_domain_and_those_above(void **state)
{
	struct fixture *f = *state;
	const struct policy_submitted *request =
	    new_request(f, "alice", "a@x.mail.alpha.example", "");

	assert_int_equal(config_for(f, request)->n_caa, 0);
	script(
	    f, INSERT DOMAIN("alpha.example",
		   "\"ca2.example\", \"ca.countersign.example\"") ", " DOMAIN("mail.alpha.example",
		   "\"ca2.example\"") ", " DOMAIN("y.mail.alpha.example",
		   "\"ca3.example\"") ", " DOMAIN("pha.example", "\"ca4.example\"") "," INSERTED);
	const struct policy_config *config = config_for(f, request);

	assert_int_equal(config->n_caa, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct policy_caa *caa = &config->caa[i];

		if (strcmp(caa->domain, "alpha.example") == 0) {
			assert_int_equal(caa->issuers.n, 2);
			assert_string_equal(caa->issuers.items[0], "ca2.example");
			assert_string_equal(caa->issuers.items[1], "ca.countersign.example");
		} else {
			assert_string_equal(caa->domain, "mail.alpha.example");
			assert_int_equal(caa->issuers.n, 1);
		}
	}
	struct policy_submitted *rival = new_request(f, "alice", "a@alpha.example", "");

	rival->request.enterprise = "rival";
	assert_int_equal(config_for(f, rival)->n_caa, 0);
}

/* ---- evidence ---- */

static void
remember(struct fixture *f, const struct policy_submitted *request, const char *target,
    enum claim_outcome outcome, int64_t valid_until_ms, const char *expected)
{
	struct svc_batch batch = batch_of(f, f->db, &request, 1);
	struct policy_case *c = load_one(&batch);
	struct policy_proof *proof = CS_NEW(f->arena, struct policy_proof);
	uint8_t *primary = cs_arena_alloc(f->arena, CLAIM_DIGEST);
	struct cs_err err = { 0 };

	memset(primary, 9, CLAIM_DIGEST);
	*proof = (struct policy_proof){
		.kind = CLAIM_MPIC_DOMAIN,
		.outcome = outcome,
		.enterprise = request->request.enterprise,
		.account = "",
		.target = target,
		.method = "dns-txt",
		.expected = cs_span_str(expected),
		.primary_sha256 = cs_span_of(primary, CLAIM_DIGEST),
		.request = request->request.id,
		.check_id = "mpic-domain-1",
		.attempt = 3,
		.checked_at_ms = NOW - 5,
		.valid_until_ms = valid_until_ms,
		.covers_subdomains = true,
		.remotes = 6,
		.is_new = true,
		.next = c->proofs,
	};
	memset(proof->check_digest, 7, CLAIM_DIGEST);
	memset(proof->envelope_sha256, 8, CLAIM_DIGEST);
	c->proofs = proof;
	ok(save(&batch, &err), &err);
}

static const struct policy_proof *
proofs_for(struct fixture *f, const struct policy_submitted *request)
{
	struct svc_batch batch = batch_of(f, f->db, &request, 1);
	const struct policy_case *c = load_one(&batch);

	db_rollback(f->db);
	return c->proofs;
}

static void
evidence_comes_back_as_it_was_saved(void **state)
{
	struct fixture *f = *state;
	const struct policy_submitted *request =
	    new_request(f, "alice", "a@mail.alpha.example", "");

	remember(f, request, "alpha.example", CLAIM_PROVED, NOW + 10, "random");
	const struct policy_proof *got = proofs_for(f, request);

	assert_non_null(got);
	assert_null(got->next); /* the domain is wanted twice and comes once */
	assert_int_equal(got->kind, CLAIM_MPIC_DOMAIN);
	assert_int_equal(got->outcome, CLAIM_PROVED);
	assert_string_equal(got->enterprise, "demo");
	assert_string_equal(got->account, "");
	assert_string_equal(got->target, "alpha.example");
	assert_string_equal(got->method, "dns-txt");
	assert_true(cs_span_is(got->expected, "random"));
	assert_int_equal(got->check_digest[31], 7);
	assert_int_equal(got->envelope_sha256[31], 8);
	assert_int_equal(got->primary_sha256.len, CLAIM_DIGEST);
	assert_true(cs_id_equal(got->request, request->request.id));
	assert_string_equal(got->check_id, "mpic-domain-1");
	assert_int_equal(got->attempt, 3);
	assert_int_equal(got->checked_at_ms, NOW - 5);
	assert_int_equal(got->valid_until_ms, NOW + 10);
	assert_true(got->covers_subdomains);
	assert_int_equal(got->remotes, 6);
	assert_false(got->is_new);
}

static void
evidence_of_other_enterprises_and_names_is_not_even_loaded(void **state)
{
	struct fixture *f = *state;
	const struct policy_submitted *request = new_request(f, "alice", "alice@alpha.example", "");
	struct policy_submitted *rival = new_request(f, "alice", "alice@alpha.example", "");
	const struct policy_submitted *elsewhere =
	    new_request(f, "alice", "alice@notalpha.example", "");

	rival->request.enterprise = "rival";
	remember(f, request, "alpha.example", CLAIM_PROVED, NOW + 10, "random");
	assert_non_null(proofs_for(f, request));
	assert_null(proofs_for(f, rival));
	assert_null(proofs_for(f, elsewhere));
}

static void
evidence_is_loaded_until_its_last_millisecond(void **state)
{
	struct fixture *f = *state;
	const struct policy_submitted *request = new_request(f, "alice", "alice@alpha.example", "");
	const struct policy_submitted *late = new_request(f, "alice", "bob@beta.example", "");

	remember(f, request, "alice@alpha.example", CLAIM_PROVED, NOW + 1, "");
	remember(f, late, "bob@beta.example", CLAIM_PROVED, NOW, "");
	assert_non_null(proofs_for(f, request));
	assert_null(proofs_for(f, late));
}

/* However much stands for others: also by a plan that was made when there was next to nothing. */
static void
what_stands_for_others_is_not_even_read(void **state)
{
	struct fixture *f = *state;
	const struct policy_submitted *request = new_request(f, "alice", "alice@alpha.example", "");

	remember(f, request, "alpha.example", CLAIM_PROVED, NOW + 10, "");
	script(f,
	    cs_arena_printf(f->arena,
		"insert into standing select sha256(i::text::bytea), gen_random_uuid(), 1, 'demo', 'bob', 1,"
		" i || '@alpha.example', 'email-token', '', 1, sha256(i::text::bytea), '', 1, %lld, false, 0"
		" from generate_series(1, 500) i",
		(long long)NOW + 10));
	struct svc_batch batch = batch_of(f, f->db, &request, 1);
	int64_t read;

	assert_non_null(load_counting(f, &batch, "standing", &read)->proofs);
	assert_int_equal(read, 1);
}

static void
the_first_result_of_an_attempt_is_kept(void **state)
{
	struct fixture *f = *state;
	const struct policy_submitted *request = new_request(f, "alice", "alice@alpha.example", "");

	remember(f, request, "alpha.example", CLAIM_PROVED, NOW + 10, "first");
	remember(f, request, "alpha.example", CLAIM_REFUSED, NOW + 10, "second");
	const struct policy_proof *got = proofs_for(f, request);

	assert_non_null(got);
	assert_null(got->next);
	assert_int_equal(got->outcome, CLAIM_PROVED);
}

/* ---- the clock ---- */

static void
plans_are_due_from_their_millisecond_on_earliest_first(void **state)
{
	static const int64_t dues[] = { 300, 0, 100, 200 };
	struct fixture *f = *state;
	const struct policy_submitted *requests[LEN(dues)];
	struct cs_err err = { 0 };
	struct cs_id *keys;
	size_t n;

	for (size_t i = 0; i < LEN(dues); i++) {
		requests[i] = new_request(f, "alice", "alice@alpha.example", "");
		struct svc_batch batch = batch_of(f, f->db, &requests[i], 1);
		struct policy_case *c = load_one(&batch);

		decide(f, c, requests[i]);
		c->plan.due_ms = dues[i];
		ok(save(&batch, &err), &err);
	}
	ok(store_due_plans(NULL, f->db, 199, 10, f->arena, &keys, &n, &err), &err);
	assert_int_equal(n, 1);
	assert_true(cs_id_equal(keys[0], requests[2]->request.id));
	ok(store_due_plans(NULL, f->db, 200, 10, f->arena, &keys, &n, &err), &err);
	assert_int_equal(n, 2);
	assert_true(cs_id_equal(keys[1], requests[3]->request.id));
	ok(store_due_plans(NULL, f->db, 1000, 2, f->arena, &keys, &n, &err), &err);
	assert_int_equal(n, 2);
	ok(store_due_plans(NULL, f->db, 1000, 10, f->arena, &keys, &n, &err), &err);
	assert_int_equal(n, 3);
}

/* ---- what is kept no longer ---- */

#define DAYS(n) ((n)*INT64_C(86400000))

/* As text; the n-th of those born at that time. */
static const char *
born(struct fixture *f, int64_t at_ms, uint8_t n)
{
	const uint8_t rest[10] = { [9] = n };
	char *text = cs_arena_alloc(f->arena, CS_ID_TEXT);

	cs_id_format(cs_id_at(at_ms, rest), text);
	return text;
}

/* `names` is octets that the plan's envelope holds, in hexadecimal. */
static void
add_plan(
    struct fixture *f, const char *request, const char *state, int64_t since_ms, const char *names)
{
	script(f,
	    cs_arena_printf(f->arena,
		"insert into plan values ('%s', '%s', %lld, %d, 1, 0, 'demo', 'alice', 'smime-mailbox');"
		"insert into plan_envelope values ('%s', false, '', '\\xff%sff')",
		request, state, (long long)since_ms, strcmp(state, "ended") != 0, request, names));
}

/* Evidence of a request; its envelope's digest is 32 times `digest`, two hexadecimal digits. */
static void
add_standing(struct fixture *f, const char *request, const char *digest, int64_t valid_until_ms)
{
	script(f,
	    cs_arena_printf(f->arena,
		"insert into standing values (decode(repeat('%s', 32), 'hex'), '%s', 1, 'demo', '', 3,"
		" 'alpha.example', '', '', 1, decode(repeat('%s', 32), 'hex'), '', 0, %lld, false, 0)",
		digest, request, digest, (long long)valid_until_ms));
}

static bool
sweep(struct fixture *f, uint32_t keep_days)
{
	const struct policy_service policy = { .keep_days = keep_days };
	struct cs_err err = { 0 };
	bool more = true;

	ok(store_sweep_cases(&policy, f->db, NOW, f->arena, &more, &err), &err);
	return more;
}

static void
plans_are_kept_for_days_after_their_end(void **state)
{
	static const struct {
		uint32_t keep_days;
		const char *state;
		int64_t since_ms;
		bool kept;
	} cases[] = {
		{ 90, "ended", NOW - DAYS(90) + 1, true },
		{ 90, "ended", NOW - DAYS(90), false },
		{ 90, "ended", 1, false },
		{ 40, "ended", NOW - DAYS(40) + 1, true },
		{ 40, "ended", NOW - DAYS(40), false },
		{ 36500, "ended", NOW - DAYS(36500) / 2, true },
		{ 40, "new", 1, true },
		{ 40, "made", 1, true },
		{ 40, "approved", 1, true },
		{ 40, "final", 1, true },
		{ 40, "refused", 1, true },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < LEN(cases); i++) {
		add_plan(f, born(f, cases[i].since_ms, 1), cases[i].state, cases[i].since_ms, "");
		assert_false(sweep(f, cases[i].keep_days));
		if (count(f, "select count(*) from plan") != cases[i].kept ||
		    count(f, "select count(*) from plan_envelope") != cases[i].kept)
			fail_msg("case %zu", i);
		script(f, "truncate plan, plan_envelope");
	}
}

/* Its request was born long before its end, or has an id that tells no time. */
static void
a_plan_s_days_count_from_its_end(void **state)
{
	struct fixture *f = *state;

	add_plan(f, born(f, NOW - DAYS(400), 1), "ended", NOW - DAYS(90) + 1, "");
	add_plan(f, born(f, NOW - DAYS(400), 2), "ended", NOW - DAYS(90), "");
	add_plan(f, born(f, NOW + DAYS(9000), 3), "ended", NOW - DAYS(90), "");
	(void)sweep(f, 90);
	assert_int_equal(count(f, "select count(*) from plan"), 1);
	assert_int_equal(count(f, "select count(*) from plan where since_ms > 0"), 1);
}

static void
evidence_is_kept_forty_days_after_it_stood(void **state)
{
	static const struct {
		const char *name;
		int64_t valid_until_ms;
		const char *own,
		    *other; /* states of the own request's plan and of one that names it */
		int64_t other_since_ms;
		bool kept;
	} cases[] = {
		{ "young", NOW - DAYS(40) + 1, NULL, NULL, 0, true },
		{ "old", NOW - DAYS(40), NULL, NULL, 0, false },
		{ "standing", NOW + DAYS(1), NULL, NULL, 0, true },
		{ "own request goes on", NOW - DAYS(40), "made", NULL, 0, true },
		{ "own approval waits", NOW - DAYS(40), "approved", NULL, 0, true },
		{ "own request ended", NOW - DAYS(40), "ended", NULL, 0, false },
		{ "named by a final plan", NOW - DAYS(40), NULL, "final", NOW - DAYS(40), true },
		{ "named by a refused plan", NOW - DAYS(40), NULL, "refused", NOW - DAYS(50),
		    true },
		{ "named by an ended plan", NOW - DAYS(40), NULL, "ended", NOW - DAYS(40), false },
		{ "named by a first plan", NOW - DAYS(40), NULL, "made", NOW - DAYS(40), false },
	};
	static const char named[] =
	    "abababababababababababababababababababababababababababababababab";
	struct fixture *f = *state;

	for (size_t i = 0; i < LEN(cases); i++) {
		const char *request = born(f, 1, 1);

		add_standing(f, request, "ab", cases[i].valid_until_ms);
		if (cases[i].own != NULL)
			add_plan(f, request, cases[i].own, NOW, "");
		if (cases[i].other != NULL)
			add_plan(f, born(f, 1, 2), cases[i].other, cases[i].other_since_ms, named);
		/* Some other open plan, as old as can be, names nothing of it. */
		add_plan(f, born(f, 1, 3), "final", 1, "cd");
		assert_false(sweep(f, 36500));
		if (count(f, "select count(*) from standing") != cases[i].kept)
			fail_msg("%s", cases[i].name);
		script(f, "truncate plan, plan_envelope, standing");
	}
}

static void
more_than_one_sweep_s_worth_is_swept_in_several(void **state)
{
	struct fixture *f = *state;
	const char *text =
	    "insert into plan select (substr('00000000' || to_hex(i), length(to_hex(i)) + 1) ||"
	    " '-0000-7000-8000-000000000001')::uuid, 'ended', 1, 0, 1, 0, '', '', ''"
	    " from generate_series(1, 5001) i";

	script(f, text);
	assert_true(sweep(f, 90));
	assert_int_equal(count(f, "select count(*) from plan"), 1);
	assert_false(sweep(f, 90));
	assert_int_equal(count(f, "select count(*) from plan"), 0);
}

/* A plan that somebody is at is left for the next time. */
static void
a_locked_plan_is_left_alone(void **state)
{
	struct fixture *f = *state;
	struct db_rows *rows;
	struct cs_err err = { 0 };

	add_plan(f, born(f, 1, 1), "ended", 1, "");
	add_plan(f, born(f, 1, 2), "ended", 1, "");
	ok(db_begin(f->other, &err), &err);
	ok(db_query(f->other, f->arena,
	       "select request from plan order by request limit 1 for update", NULL, 0, &rows,
	       &err),
	    &err);
	assert_false(sweep(f, 90));
	db_rollback(f->other);
	assert_int_equal(count(f, "select count(*) from plan"), 1);
	assert_int_equal(count(f, "select count(*) from plan_envelope"), 1);
	assert_false(sweep(f, 90));
	assert_int_equal(count(f, "select count(*) from plan"), 0);
}

/* ---- who somebody is ---- */

#define INSERT_IDENTITY                                                                             \
	"insert into identity (kind, enterprise, account, attributes, method, source, verified_by," \
	" approved_by, verified_at_ms) values "
#define ACME "E'organizationName=Acme AG\\norganizationIdentifier=NTRCH-CHE123456789\\n'"
#define ANN "E'surname=Ng\\n'"
#define BY_TWO "'vera', 'otto', 1795437000000"
#define ORGANIZATION_ROW "('organization', 'demo', '', " ACME ", 'register', 'r', " BY_TWO ")"
#define AUTHORITY_ROW "('authority', 'demo', '', " ACME ", 'reliable-contact', 'r', " BY_TWO ")"
#define ALICE_ROW "('individual', 'demo', 'alice', " ANN ", 'id-document', 'r', " BY_TWO ")"
#define BOB_ROW "('individual', 'demo', 'bob', " ANN ", 'id-document', 'r', " BY_TWO ")"

static bool
is_refused(struct fixture *f, const char *sql)
{
	struct cs_err err = { 0 };

	return db_script(f->db, sql, &err) != CS_OK;
}

static void
records_are_loaded_for_those_who_ask(void **state)
{
	struct fixture *f = *state;
	const struct policy_submitted *requests[] = {
		new_request(f, "alice", "alice@alpha.example", ""),
		new_request(f, "bob", "bob@alpha.example", ""),
		new_request(f, "operator", "x@alpha.example", ""),
	};
	struct svc_batch batch = batch_of(f, f->db, requests, 3);

	script(f, INSERT_IDENTITY ORGANIZATION_ROW ", " ALICE_ROW ", " BOB_ROW
						   ", ('individual', 'other', 'alice', " ANN
						   ", 'id-document', 'r', " BY_TWO ")");
	(void)load_one(&batch);
	for (size_t i = 0; i < 3; i++) {
		const struct policy_case *c = batch.aggregates[i].state;

		assert_int_equal(c->config.identities.n, i < 2 ? 2 : 1);
		for (size_t k = 0; k < c->config.identities.n; k++) {
			const struct policy_identity *got = &c->config.identities.items[k];

			assert_string_equal(got->enterprise, "demo");
			assert_string_equal(got->source, "r");
			assert_string_equal(got->verified_by, "vera");
			assert_string_equal(got->approved_by, "otto");
			assert_true(got->verified_at_ms == INT64_C(1795437000000));
			assert_int_equal(got->withdrawn_at_ms, 0);
			if (got->kind == CLAIM_ORGANIZATION) {
				assert_string_equal(got->method, "register");
				assert_true(cs_span_is(got->attributes,
				    "organizationName=Acme AG\n"
				    "organizationIdentifier=NTRCH-CHE123456789\n"));
			} else {
				assert_int_equal(got->kind, CLAIM_INDIVIDUAL);
				assert_string_equal(got->account, requests[i]->request.account);
			}
		}
	}
	db_rollback(f->db);
}

/* Each profile that is there permits alice something, once it is known who she and demo are. */
static void
every_profile_permits_alice_once_she_is_known(void **state)
{
	struct fixture *f = *state;
	struct db_rows *rows;
	struct cs_err err = { 0 };

	script(f, INSERT_IDENTITY ORGANIZATION_ROW ", " AUTHORITY_ROW ", " ALICE_ROW);
	ok(db_query(f->db, f->arena,
	       "select name, spec->>'certificate_profile' from document where kind = 'profile' order by name",
	       NULL, 0, &rows, &err),
	    &err);
	assert_true(db_rows_count(rows) >= 11);
	for (size_t i = 0; i < db_rows_count(rows); i++) {
		struct policy_submitted *request =
		    new_request(f, "alice", "alice@alpha.example", "");
		struct cs_refusal why;

		request->request.profile = db_get_text(rows, i, 0);
		const struct policy_submitted *one = request;
		struct svc_batch batch = batch_of(f, f->db, &one, 1);
		const struct policy_case *c = load_one(&batch);

		assert_string_equal(c->config.profile.certificate_profile, db_get_text(rows, i, 1));
		if (!policy_may_request(
			&f->rules, &c->config, &request->request, NOW, NOW, f->arena, &why))
			fail_msg("%s: %s", request->request.profile, why.code);
		db_rollback(f->db);
	}
}

static void
every_method_can_be_recorded_for_what_it_proves(void **state)
{
	static const struct {
		enum smime_proof proof;
		const char *kind, *account;
	} kinds[] = {
		{ SMIME_PROOF_ORGANIZATION, "organization", "" },
		{ SMIME_PROOF_AUTHORITY, "authority", "" },
		{ SMIME_PROOF_INDIVIDUAL, "individual", "alice" },
	};
	struct fixture *f = *state;
	size_t n;
	const struct smime_identity_method *methods = smime_identity_methods(&n);

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < LEN(kinds); k++) {
			const char *sql = cs_arena_printf(f->arena,
			    INSERT_IDENTITY "('%s', 'demo', '%s', " ANN ", '%s', 'r', " BY_TWO ")",
			    kinds[k].kind, kinds[k].account, methods[i].name);
			const bool serves =
			    smime_identity_method_find(methods[i].name, kinds[k].proof) != NULL;

			if (is_refused(f, sql) == serves)
				fail_msg("%s by %s", kinds[k].kind, methods[i].name);
		}
}

static void
a_record_may_only_be_approved_and_withdrawn(void **state)
{
	static const char *const no[] = {
		INSERT_IDENTITY "('individual', 'demo', 'alice', " ANN
				", 'eid', 'r', 'vera', 'vera', 1)",
		INSERT_IDENTITY "('individual', 'demo', '', " ANN ", 'eid', 'r', " BY_TWO ")",
		INSERT_IDENTITY "('organization', 'demo', 'alice', " ACME ", 'lei', 'r', " BY_TWO
				")",
		INSERT_IDENTITY "('organization', 'demo', '', '', 'lei', 'r', " BY_TWO ")",
		"update identity set approved_by = verified_by",
		"update identity set attributes = 'surname=Eve'",
		"update identity set verified_at_ms = verified_at_ms + 1",
		"update identity set account = 'bob'",
		"update identity set method = 'eid'",
		"update identity set withdrawn_at_ms = verified_at_ms - 1",
		"delete from identity",
	};
	static const char *const later[] = {
		"update identity set approved_by = 'olga'",
		"update identity set approved_by = null",
		"update identity set withdrawn_at_ms = 0",
		"update identity set withdrawn_at_ms = withdrawn_at_ms + 1",
		"update identity set told_at_ms = 0",
	};
	struct fixture *f = *state;

	script(f, INSERT_IDENTITY "('individual', 'demo', 'alice', " ANN
				  ", 'id-document', 'r', 'vera', null, 1795437000000)");
	for (size_t i = 0; i < LEN(no); i++)
		if (!is_refused(f, no[i]))
			fail_msg("accepted: %s", no[i]);
	script(f, "update identity set approved_by = 'otto'");
	script(f, "update identity set withdrawn_at_ms = 1795437000001");
	script(f, "update identity set told_at_ms = 1795437000002");
	for (size_t i = 0; i < LEN(later); i++)
		if (!is_refused(f, later[i]))
			fail_msg("accepted later: %s", later[i]);
}

static size_t
due_withdrawals(struct fixture *f, int64_t now_ms, struct cs_id *ret_first)
{
	struct cs_err err = { 0 };
	struct cs_id *keys;
	size_t n;

	ok(store_due_withdrawals(NULL, f->db, now_ms, 10, f->arena, &keys, &n, &err), &err);
	if (n > 0)
		*ret_first = keys[0];
	return n;
}

static void
a_withdrawal_is_due_until_it_was_told(void **state)
{
	struct fixture *f = *state;
	struct policy_submitted record = { .request = { .account = "" } };
	struct cs_err err = { 0 };

	script(f, INSERT_IDENTITY ALICE_ROW ", " BOB_ROW);
	assert_int_equal(due_withdrawals(f, NOW, &record.request.id), 0);
	script(f, "update identity set withdrawn_at_ms = 1795437000009 where account = 'alice'");
	assert_int_equal(due_withdrawals(f, 1795437000008, &record.request.id), 0);
	assert_int_equal(due_withdrawals(f, 1795437000009, &record.request.id), 1);
	script(f, INSERT_IDENTITY "('individual', 'demo', 'operator', " ANN
				  ", 'id-document', 'r', 'vera', null, 1795437000000);"
				  "update identity set withdrawn_at_ms = 1795437000001"
				  " where account = 'operator'");
	assert_int_equal(due_withdrawals(f, 1795437000008, &record.request.id), 0);
	struct svc_batch batch = batch_of_key(f, f->db, &record);

	batch.aggregates[0].events[0]->subject = "clock.identity-withdrawn";
	struct policy_case *c = load_one(&batch);

	assert_non_null(c->withdrawn);
	assert_string_equal(c->withdrawn->account, "alice");
	assert_true(c->withdrawn->withdrawn_at_ms == INT64_C(1795437000009));
	const struct policy_setting in = { &f->rules, NOW, f->random, f->arena };

	*c = policy_decide_withdrawn(&in, c).next;
	ok(save(&batch, &err), &err);
	assert_int_equal(due_withdrawals(f, NOW, &record.request.id), 0);
	c = load_one(&batch); /* the clock rang twice */
	assert_null(c->withdrawn);
	db_rollback(f->db);
	assert_int_equal(count(f, "select count(*) from plan"), 0);
}

/* ---- connectors that are told again ---- */

static size_t
due_told(struct fixture *f, int64_t now_ms, struct cs_id *ret_key)
{
	struct cs_err err = { 0 };
	struct cs_id *keys;
	size_t n;

	ok(store_due_told(NULL, f->db, now_ms, 10, f->arena, &keys, &n, &err), &err);
	*ret_key = keys[0];
	return n;
}

static void
connectors_are_told_once_a_day(void **state)
{
	struct fixture *f = *state;
	struct policy_submitted record = { .request = { .account = "" } };
	struct cs_err err = { 0 };

	assert_int_equal(due_told(f, NOW, &record.request.id), 0); /* there are none */
	script(f,
	    "insert into document values ('connector', 'demo', 'mpic', gen_random_uuid(), 7,"
	    " '{\"type\": \"open-mpic\", \"active\": true, \"quorum\": 4}', 5, 'platform/root')");
	assert_int_equal(due_told(f, NOW, &record.request.id), 1);
	struct svc_batch batch = batch_of_key(f, f->db, &record);

	batch.aggregates[0].events[0]->subject = "clock.connectors-told";
	const struct config_doc *doc = load_one(&batch)->documents->docs;

	assert_string_equal(doc->name, "mpic");
	assert_int_equal(doc->version, 7);
	assert_true(cs_span_is(doc->spec, "{\"active\":true,\"quorum\":4,\"type\":\"open-mpic\"}"));
	assert_null(doc->next);
	ok(save(&batch, &err), &err);
	assert_int_equal(due_told(f, NOW + CS_DAY_MS - 1, &record.request.id), 0);
	assert_null(load_one(&batch)->documents->docs); /* the clock rang twice */
	db_rollback(f->db);
	assert_int_equal(due_told(f, NOW + CS_DAY_MS, &record.request.id), 1);
	script(f, "delete from document where kind = 'connector'");
}

/* ---- domains that are bound ---- */

static bool
is_locked(struct fixture *f)
{
	struct db_rows *rows;
	struct cs_err err = { 0 };

	ok(db_query(f->other, f->arena, "select 1 from config_head for update skip locked", NULL, 0,
	       &rows, &err),
	    &err);
	return db_rows_count(rows) == 0;
}

static void
only_who_binds_domains_waits_for_other_settings(void **state)
{
	struct fixture *f = *state;
	const struct policy_submitted *request = new_request(f, "alice", "alice@alpha.example", "");
	struct svc_batch batch = batch_of(f, f->db, &request, 1);

	assert_null(load_one(&batch)->bindings);
	assert_false(is_locked(f));
	db_rollback(f->db);
	script(f, SET("domain_mode", "\"any-owned\"") " where kind = 'enterprise'");
	assert_non_null(load_one(&batch)->bindings);
	assert_true(is_locked(f));
	db_rollback(f->db);
	script(f, SET("domain_mode", "\"any\"") " where kind = 'enterprise'");
}

/* As a document like others: under the next version, and in the audit. */
static void
what_was_bound_is_a_document_and_in_the_audit(void **state)
{
	static const char document_sql[] =
	    "select count(*) from document d join change c on c.version = d.version"
	    " join config_head h on h.last_version = d.version where d.kind = 'ownership'"
	    " and d.enterprise = 'demo' and d.name = 'alpha.example' and d.changed_by = 'policy'"
	    " and d.spec = '{\"person\": \"alice\"}' and c.after = d.spec and c.before is null"
	    " and c.name = d.name and c.kind = d.kind and c.source like 'request %'";
	struct fixture *f = *state;
	const struct policy_submitted *request = new_request(f, "alice", "alice@alpha.example", "");
	struct svc_batch batch = batch_of(f, f->db, &request, 1);
	static const struct policy_ownership bound[] = { { "alpha.example", "alice", true } };
	struct cs_err err = { 0 };

	script(f, SET("domain_mode", "\"any-owned\"") " where kind = 'enterprise'");
	struct policy_case *c = load_one(&batch);
	const int64_t before = count(f, "select last_version from config_head");

	c->config.ownerships = bound;
	c->config.n_ownerships = 1;
	const struct policy_binding *taken =
	    policy_bindings_take(c->bindings, &request->request, &c->config, f->arena);

	assert_non_null(taken);
	assert_int_equal(taken->version, before + 1);
	ok(save(&batch, &err), &err);
	assert_int_equal(count(f, document_sql), 1);
	const struct policy_submitted *next = new_request(f, "bob", "bob@mail.alpha.example", "");
	const struct policy_config *config = config_for(f, next);

	assert_int_equal(config->n_ownerships, 1);
	assert_string_equal(config->ownerships[0].domain, "alpha.example");
	assert_string_equal(config->ownerships[0].account, "alice");
	script(f, "delete from document where kind = 'ownership'");
	script(f, SET("domain_mode", "\"any\"") " where kind = 'enterprise'");
}

/* ---- the form of a request ---- */

static struct cs_span
form_of(struct fixture *f, const char *profile, const char *person)
{
	struct svc_batch batch = batch_of_key(f, f->db, new_request(f, "alice", "", ""));
	struct config_event *event = CS_NEW(f->arena, struct config_event);
	const struct config_http http = { "t", "GET",
		cs_arena_printf(f->arena, "config/demo/form/%s", profile),
		cs_arena_printf(f->arena, "person=%s", person), "", "", "192.0.2.1", { NULL, 0 } };
	struct cs_span json;
	struct cs_err err = { 0 };

	event->ask = config_read(&f->rules, f->arena, &http);
	assert_int_equal(event->ask.status, 0);
	batch.aggregates[0].events[0]->subject = "ask.policy.config";
	batch.aggregates[0].events[0]->what = event;
	const struct policy_case *c = load_one(&batch);

	ok(config_form(f->arena, c->documents->docs, &event->ask, false, &json, &err), &err);
	db_rollback(f->db);
	return json;
}

static bool
says(struct cs_span json, const char *words)
{
	return memmem(json.data, json.len, words, strlen(words)) != NULL;
}

/* The enterprise's own profile, and the platform's where it has none of that name. */
static void
a_form_finds_the_documents_that_it_is_made_of(void **state)
{
	struct fixture *f = *state;

	script(f,
	    "update document set spec = spec || '{\"details\": {\"title\": \"Dr.\"}}'"
	    " where kind = 'person' and name = 'alice';"
	    "insert into document select kind, 'demo', 'staff', gen_random_uuid(), 900, spec ||"
	    " '{\"rdns\": [{\"name\": \"title\", \"required\": true, \"value\": \"\"}]}', 0, 't'"
	    " from document where kind = 'profile' and name = 'smime-private-details'");
	assert_true(says(form_of(f, "staff", "alice"), "\"value\":\"Dr.\""));
	assert_true(says(form_of(f, "staff", "bob"), "\"value\":\"\""));
	assert_true(says(form_of(f, "smime-private-details", "alice"), "\"fields\":[]"));
	assert_int_equal(form_of(f, "nothing", "alice").len, 0);
	assert_int_equal(form_of(f, "staff", "nobody").len, 0);
}

/* ---- settings that change ---- */

static size_t
due_by_changes(struct fixture *f)
{
	struct cs_id *keys;
	size_t n;
	struct cs_err err = { 0 };

	ok(store_due_changes(NULL, f->db, NOW, 10, f->arena, &keys, &n, &err), &err);
	return n;
}

/* As a call of the API leaves it. */
static void
change_of(struct fixture *f, const char *kind, const char *enterprise, const char *name)
{
	script(f,
	    cs_arena_printf(f->arena,
		"update config_head set last_version = last_version + 1;"
		" insert into change select last_version, %lld, 'demo/operator', '', '', '%s', '%s',"
		" '%s', '{}', '{}' from config_head",
		(long long)NOW, kind, enterprise, name));
}

static void
plans_are_compared_with_settings_that_concern_them(void **state)
{
	static const struct {
		const char *kind, *enterprise, *name;
		size_t want;
	} cases[] = {
		{ "note", "demo", "issue", 0 },
		{ "profile", "demo", "another", 0 },
		{ "profile", "rival", "smime-mailbox", 0 },
		{ "person", "demo", "bob", 0 },
		{ "domain", "rival", "alpha.example", 0 },
		{ "profile", "platform", "smime-mailbox", 1 },
		{ "profile", "demo", "smime-mailbox", 1 },
		{ "enterprise", "demo", "demo", 1 },
		{ "domain", "demo", "alpha.example", 1 },
		{ "person", "demo", "alice", 1 },
	};
	struct fixture *f = *state;
	const struct policy_submitted *request = new_request(f, "alice", "alice@alpha.example", "");

	(void)store_one(f, request);
	assert_int_equal(due_by_changes(f), 0);
	for (size_t i = 0; i < LEN(cases); i++) {
		change_of(f, cases[i].kind, cases[i].enterprise, cases[i].name);
		if (due_by_changes(f) != cases[i].want)
			fail_msg("%s %s: got %zu", cases[i].kind, cases[i].name, due_by_changes(f));
		struct svc_batch batch = batch_of_key(f, f->db, request);
		struct policy_case *c = load_one(&batch);
		const struct policy_setting in = { &f->rules, NOW, f->random, f->arena };
		struct cs_err err = { 0 };

		*c = policy_decide_changed(&in, c).next;
		ok(save(&batch, &err), &err);
		assert_int_equal(due_by_changes(f), 0);
	}
}

int
main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(a_new_case_has_no_plan_and_what_the_tables_say),
		CASE(a_request_that_is_approved_in_itself_is_one_row),
		CASE(the_person_who_asks_on_behalf_is_loaded),
		CASE(only_assignments_that_can_serve_are_loaded),
		CASE(every_builtin_profile_permits_alice_something),
		CASE(who_is_inactive_or_not_there_is_not_known),
		CASE(documents_are_read_once),
		CASE(a_change_is_seen_by_the_batch_behind_it),
		CASE(a_plan_comes_back_as_it_was_saved),
		CASE(progress_and_state_change_with_every_save),
		CASE(envelopes_come_back_whatever_came_first),
		CASE(only_checks_that_were_begun_have_a_line),
		CASE(progress_that_cannot_be_read_is_an_error_of_ours),
		CASE(what_did_not_change_is_not_written),
		CASE(what_was_issued_looks_at_the_state_alone_and_leaves_the_rest),
		CASE(an_end_among_others_does_not_hide_the_plan),
		CASE(of_two_replicas_one_is_told_that_the_other_was_faster),
		CASE(who_waited_for_a_plan_gets_all_of_it_as_it_then_is),
		CASE(two_hundred_requests_are_one_batch),
		CASE(configured_caa_is_loaded_for_a_domain_and_those_above),
		CASE(evidence_comes_back_as_it_was_saved),
		CASE(evidence_of_other_enterprises_and_names_is_not_even_loaded),
		CASE(evidence_is_loaded_until_its_last_millisecond),
		CASE(what_stands_for_others_is_not_even_read),
		CASE(the_first_result_of_an_attempt_is_kept),
		CASE(plans_are_due_from_their_millisecond_on_earliest_first),
		CASE(plans_are_kept_for_days_after_their_end),
		CASE(a_plan_s_days_count_from_its_end),
		CASE(evidence_is_kept_forty_days_after_it_stood),
		CASE(more_than_one_sweep_s_worth_is_swept_in_several),
		CASE(a_locked_plan_is_left_alone),
		CASE(records_are_loaded_for_those_who_ask),
		CASE(every_profile_permits_alice_once_she_is_known),
		CASE(every_method_can_be_recorded_for_what_it_proves),
		CASE(a_record_may_only_be_approved_and_withdrawn),
		CASE(a_withdrawal_is_due_until_it_was_told),
		CASE(plans_are_compared_with_settings_that_concern_them),
		CASE(connectors_are_told_once_a_day),
		CASE(only_who_binds_domains_waits_for_other_settings),
		CASE(what_was_bound_is_a_document_and_in_the_audit),
		CASE(a_form_finds_the_documents_that_it_is_made_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
