/* SPDX-License-Identifier: Apache-2.0 */
/* it_store.c: every statement of store.c against a real PostgreSQL at CS_DATABASE_URL. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../draft.h"
#include "../life.h"
#include "../store.h"
#include "../store_note.h"
#include "../store_report.h"
#include "db/tests/it_db.h"

#define NOW INT64_C(1795437296789)

static const struct intake_caller alice = {
	.enterprise = "demo", .account = "alice", .signs_as = "alice", .factor = "api-token"
};
static const struct intake_certificate certificate = { .serial = "0a", .fingerprint = "ff" };
static const struct intake_caller boss = { .enterprise = "demo",
	.account = "boss",
	.signs_as = "boss",
	.factor = "api-token",
	.is_operator = true };

struct fixture {
	struct cs_arena *arena;
	struct db *db, *other;
	uint8_t next_id;
};

static int
setup(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct fixture *f = CS_NEW(arena, struct fixture);

	f->arena = arena;
	f->db = open_db("drop schema if exists it_intake cascade; create schema it_intake;"
			"set search_path = it_intake;");
	migrate(f->db, "services/request-intake/sql/0001_intake.sql");
	migrate(f->db, "services/request-intake/sql/0002_life.sql");
	migrate(f->db, "services/request-intake/sql/0003_request_note.sql");
	f->other = open_db("set search_path = it_intake;");
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	struct cs_err err = { 0 };

	ok(db_script(f->db, "drop schema it_intake cascade", &err), &err);
	db_close(f->db);
	db_close(f->other);
	cs_arena_free(f->arena);
	return 0;
}

/* ---- batches ---- */

/* A batch of one aggregate with one event. */
static struct svc_batch *
batch_of(struct fixture *f, struct db *db, struct cs_id key, const char *subject, const void *what)
{
	struct svc_batch *batch = CS_NEW(f->arena, struct svc_batch);
	struct svc_event *ev = CS_NEW(f->arena, struct svc_event);

	*ev = (struct svc_event){ .subject = subject, .key = key, .what = what, .context = &alice };
	batch->aggregates = CS_NEW(f->arena, struct svc_aggregate);
	batch->aggregates->key = key;
	batch->aggregates->events = CS_NEW(f->arena, struct svc_event *);
	batch->aggregates->events[0] = ev;
	batch->aggregates->n_events = 1;
	batch->n = 1;
	batch->arena = f->arena;
	batch->db = db;
	batch->now_ms = NOW;
	return batch;
}

static struct intake_request *
load(struct fixture *f, struct svc_batch *batch)
{
	struct cs_err err = { 0 };

	(void)f;
	ok(db_begin(batch->db, &err), &err);
	ok(store_load_requests(batch, &err), &err);
	return batch->aggregates->state;
}

static enum cs_code
save(struct svc_batch *batch)
{
	struct cs_err err = { 0 };
	enum cs_code code = store_save_requests(batch, &err);

	if (code == CS_OK)
		code = db_commit(batch->db, &err);
	if (code != CS_OK && code != CS_CONFLICT)
		fail_msg("%s", err.text);
	db_rollback(batch->db);
	return code;
}

static struct intake_new
draft_of(struct fixture *f, struct cs_id id, const struct intake_caller *caller, int64_t at_ms)
{
	static const char *mailboxes[] = { "a@alpha.example", "b@alpha.example" };
	struct intake_new draft = {
		.id = id,
		.caller = *caller,
		.now_ms = at_ms,
		.ends_at_ms = at_ms + 1000,
		.profile = "smime-mailbox",
		.mailboxes = { mailboxes, 2 },
		.note_version = "",
	};

	(void)f;
	memset(draft.spki_sha256, id.octets[15], CLAIM_DIGEST);
	memset(draft.digest, 7, CLAIM_DIGEST);
	return draft;
}

static struct cs_id
new_id(struct fixture *f)
{
	return (struct cs_id){ .octets = { [0] = 1, [15] = ++f->next_id } };
}

static struct cs_id
stored_for(
    struct fixture *f, const struct intake_caller *caller, const char *on_behalf, int64_t at_ms)
{
	struct cs_id id = new_id(f);
	struct svc_batch *batch = batch_of(f, f->db, id, "api.create", NULL);
	struct intake_request *req = load(f, batch);
	struct intake_new draft = draft_of(f, id, caller, at_ms);

	draft.on_behalf = on_behalf;
	draft.approves = caller == &boss; /* alice approves later */
	assert_int_equal(intake_create(f->arena, req, &draft).status, 201);
	req->envelope = cs_span_str("envelope");
	assert_int_equal(save(batch), CS_OK);
	return id;
}

static struct cs_id
stored(struct fixture *f, const struct intake_caller *caller, int64_t at_ms)
{
	return stored_for(f, caller, "", at_ms);
}

static struct intake_request
find(struct fixture *f, struct cs_id id)
{
	struct intake_request req = { 0 };
	struct cs_err err = { 0 };

	ok(store_find(f->other, f->arena, id, &req, &err), &err);
	ok(store_find_octets(f->other, f->arena, &req, &err), &err);
	return req;
}

static size_t
list(struct fixture *f, const struct intake_caller *caller, const struct store_page *page,
    struct intake_request **ret_reqs)
{
	struct cs_err err = { 0 };
	size_t n = 0;

	ok(store_list(f->other, f->arena, caller, page, ret_reqs, &n, &err), &err);
	return n;
}

static void
hear_plan(struct fixture *f, struct intake_request *req)
{
	static const char *methods[] = { "dns-txt", "http-file" };
	struct claim_check checks[] = {
		{ .id = "zz-first",
		    .kind = CLAIM_DOMAIN,
		    .target = "alpha.example",
		    .method = "",
		    .allowed_methods = { methods, 2 },
		    .new_because = "The rules ask for this now." },
		{ .id = "aa-second",
		    .kind = CLAIM_CAA,
		    .target = "alpha.example",
		    .method = "caa-issuemail",
		    .has_standing = true,
		    .standing_until_ms = NOW + 5 },
	};
	static struct claim_value values[] = { { "organizationalUnitName", "R = D", "operator" },
		{ "title", "Dr.", "person" } };
	static const char *waived[] = { "caa", "mpic" };
	const struct claim_plan plan = {
		.revision = 3,
		.checks = checks,
		.n_checks = 2,
		.subject = { values, 2 },
		.waived = { waived, 2 },
		.second_factor = "email",
	};

	intake_on_plan(f->arena, req, &plan, NOW);
}

static void
hear_evidence(struct fixture *f, struct intake_request *req, const char *octets, uint32_t attempt)
{
	const struct claim_evidence evidence = { .check_id = "zz-first",
		.kind = CLAIM_DOMAIN,
		.target = "alpha.example",
		.method = "dns-txt",
		.attempt = attempt,
		.outcome = CLAIM_REFUSED,
		.checked_at_ms = NOW,
		.valid_until_ms = NOW + 9,
		.reason = "not-found",
		.text = "Nothing there." };

	intake_on_evidence(f->arena, req, &evidence, cs_span_str(octets), NOW);
}

/* ---- tests ---- */

static void
what_is_saved_is_loaded_and_found(void **state)
{
	struct fixture *f = *state;
	struct cs_id id = stored(f, &alice, NOW);
	struct svc_batch *batch = batch_of(f, f->db, id, "plan.made", NULL);
	struct intake_request *req = load(f, batch), found;

	assert_int_equal(req->state, INTAKE_CREATED);
	assert_int_equal(req->version, 1);
	assert_memory_equal(req->digest, ((uint8_t[CLAIM_DIGEST]){ 7, 7, 7 }), 3);
	assert_int_equal(req->envelope.len, 0); /* only a repeated creation shows it */
	hear_plan(f, req);
	hear_evidence(f, req, "octets", 4);
	req->factor_proved_at_ms = NOW - 1;
	assert_int_equal(save(batch), CS_OK);
	found = find(f, id);
	assert_true(cs_span_is(found.envelope, "envelope"));
	assert_int_equal(found.state, INTAKE_VALIDATING);
	assert_int_equal(found.version, 2);
	assert_int_equal(found.revision, 3);
	assert_int_equal(found.ends_at_ms, NOW + 1000);
	assert_int_equal(found.subject.n, 2);
	assert_string_equal(found.subject.items[0].source, "operator");
	assert_string_equal(found.subject.items[0].name, "organizationalUnitName");
	assert_string_equal(found.subject.items[0].value, "R = D");
	assert_string_equal(found.subject.items[1].value, "Dr.");
	assert_int_equal(found.waived.n, 2);
	assert_string_equal(found.second_factor, "email");
	assert_int_equal(found.factor_proved_at_ms, NOW - 1);
	assert_string_equal(found.waived.items[0], "caa");
	assert_string_equal(found.waived.items[1], "mpic");
	assert_int_equal(found.n_checks, 2);
	assert_string_equal(found.checks[0].id, "zz-first"); /* the plan's order */
	assert_string_equal(found.checks[0].allowed_methods, "dns-txt,http-file");
	assert_string_equal(found.checks[0].new_because, "The rules ask for this now.");
	assert_string_equal(found.checks[1].new_because, "");
	assert_int_equal(found.checks[0].attempt, 4);
	assert_int_equal(found.checks[0].outcome, CLAIM_REFUSED);
	assert_int_equal(found.checks[0].checked_at_ms, NOW);
	assert_int_equal(found.checks[0].valid_until_ms, NOW + 9);
	assert_int_equal(found.checks[0].shown, INTAKE_CHECK_REFUSED);
	assert_true(cs_span_is(found.checks[0].evidence, "octets"));
	assert_int_equal(found.checks[1].standing_until_ms, NOW + 5);
	assert_int_equal(found.checks[1].evidence.len, 0);
}

static void
a_repeated_creation_finds_what_it_shows(void **state)
{
	struct fixture *f = *state;
	struct cs_id id = stored(f, &alice, NOW);
	const struct intake_request *req = load(f, batch_of(f, f->db, id, "api.create", NULL));

	assert_true(cs_span_is(req->envelope, "envelope"));
	assert_string_equal(req->profile, "smime-mailbox");
	assert_int_equal(req->mailboxes.n, 2);
	assert_int_equal(req->n_checks, 0);
	db_rollback(f->db);
}

static void
a_certificate_is_found_with_whose_it_is(void **state)
{
	struct fixture *f = *state;
	const struct cs_id id = stored(f, &alice, NOW);
	struct intake_request found = { 0 };
	struct svc_batch *batch;
	struct cs_err err = { 0 };

	ok(store_find_issued(f->other, f->arena, id, &found, &err), &err);
	assert_int_equal(found.certificate.len, 0);
	assert_int_equal(found.state, INTAKE_CREATED);
	assert_int_equal(
	    store_find_issued(f->other, f->arena, new_id(f), &found, &err), CS_NOT_FOUND);
	batch = batch_of(f, f->db, id, "certificate.issued", NULL);
	intake_on_refused(f->arena, load(f, batch),
	    &(struct intake_refused){ .why = { .code = "late", .text = "Too late." }, .check = "" },
	    NOW);
	intake_on_issued(
	    f->arena, batch->aggregates->state, &certificate, cs_span_str("octets"), NOW);
	assert_int_equal(save(batch), CS_OK);
	ok(store_find_issued(f->other, f->arena, id, &found, &err), &err);
	assert_true(cs_span_is(found.certificate, "octets"));
	assert_int_equal(found.state, INTAKE_ISSUED);
	assert_true(intake_owns(&found, &alice));
	assert_false(intake_may_see(
	    &found, &(struct intake_caller){ .enterprise = "demo", .account = "bob" }));
	assert_true(intake_may_see(&found, &boss));
}

static void
octets_that_are_received_again_replace_the_old(void **state)
{
	struct fixture *f = *state;
	struct cs_id id = stored(f, &alice, NOW);
	struct svc_batch *batch = batch_of(f, f->db, id, "plan.made", NULL);
	struct intake_request *req = load(f, batch), found;

	hear_plan(f, req);
	hear_evidence(f, req, "first", 1);
	assert_int_equal(save(batch), CS_OK);
	batch = batch_of(f, f->db, id, "evidence.domain", NULL);
	hear_evidence(f, load(f, batch), "second", 2);
	assert_int_equal(save(batch), CS_OK);
	found = find(f, id);
	assert_int_equal(found.n_checks, 2);
	assert_int_equal(found.checks[0].attempt, 2);
	assert_true(found.checks[0].planned);
	assert_true(cs_span_is(found.checks[0].evidence, "second"));
	assert_int_equal(found.checks[1].evidence.len, 0);
}

static void
octets_that_did_not_change_stay(void **state)
{
	struct fixture *f = *state;
	struct cs_id id = stored(f, &alice, NOW);
	struct svc_batch *batch = batch_of(f, f->db, id, "plan.made", NULL);
	struct intake_request *req = load(f, batch), found;
	const struct intake_told told = { .check = "zz-first",
		.kind = CLAIM_DOMAIN,
		.target = "alpha.example",
		.challenge = INTAKE_PUBLISH,
		.at_ms = NOW,
		.until_ms = NOW + 7,
		.body = cs_span_str("challenge") };

	hear_plan(f, req);
	hear_evidence(f, req, "first", 1);
	assert_int_equal(save(batch), CS_OK);
	batch = batch_of(f, f->db, id, "evidence.domain-challenge", NULL);
	req = load(f, batch);
	assert_int_equal(req->checks[0].evidence.len, 0);
	intake_on_challenge(f->arena, req, &told, NOW);
	assert_int_equal(save(batch), CS_OK);
	found = find(f, id);
	assert_true(cs_span_is(found.checks[0].evidence, "first"));
	assert_true(cs_span_is(found.checks[0].told, "challenge"));
	assert_int_equal(found.checks[0].challenge, INTAKE_PUBLISH);
	assert_int_equal(found.checks[0].challenge_until_ms, NOW + 7);
}

static void
the_slower_of_two_replicas_is_told(void **state)
{
	struct fixture *f = *state;
	struct cs_id id = new_id(f);
	struct svc_batch *slow = batch_of(f, f->db, id, "api.create", NULL);
	struct svc_batch *fast = batch_of(f, f->other, id, "api.create", NULL);
	const struct intake_new draft = draft_of(f, id, &alice, NOW);
	struct cs_err err = { 0 };

	(void)intake_create(f->arena, load(f, slow), &draft);
	(void)intake_create(f->arena, load(f, fast), &draft);
	assert_int_equal(save(fast), CS_OK);
	assert_int_equal(save(slow), CS_CONFLICT);
	assert_int_equal(find(f, id).version, 1);
	slow = batch_of(f, f->db, id, "api.cancel", NULL);
	fast = batch_of(f, f->other, id, "api.cancel", NULL);
	intake_on_stopped(f->arena, load(f, slow), false, NOW + 1);
	db_rollback(f->db); /* and its lock */
	intake_on_stopped(f->arena, load(f, fast), true, NOW + 1);
	assert_int_equal(save(fast), CS_OK);
	ok(db_begin(f->db, &err), &err);
	assert_int_equal(save(slow), CS_CONFLICT);
	assert_int_equal(find(f, id).state, INTAKE_EXPIRED);
}

static void
ends_are_kept_with_their_reasons(void **state)
{
	struct fixture *f = *state;
	struct cs_id refused = stored(f, &alice, NOW);
	struct svc_batch *batch = batch_of(f, f->db, refused, "plan.refused", NULL);
	const struct intake_refused no = { .why = { "code", "field", "clause", "text", "mend" },
		.check = "caa-1" };
	struct store_page page = { .before_ms = INT64_MAX, .limit = 2 };
	struct intake_request found, *listed = NULL;

	intake_on_refused(f->arena, load(f, batch), &no, NOW);
	assert_int_equal(save(batch), CS_OK);
	found = find(f, refused);
	assert_int_equal(found.state, INTAKE_REFUSED);
	assert_string_equal(found.refusal.code, "code");
	assert_string_equal(found.refusal.field, "field");
	assert_string_equal(found.refusal.clause, "clause");
	assert_string_equal(found.refusal.text, "text");
	assert_string_equal(found.refusal.mend, "mend");
	assert_string_equal(found.refused_check, "caa-1");
	assert_int_equal(list(f, &alice, &page, &listed), 1);
	assert_string_equal(listed[0].refusal.clause, "clause");
	assert_string_equal(listed[0].refused_check, "caa-1");
	batch = batch_of(f, f->db, refused, "certificate.issued", NULL);
	intake_on_issued(f->arena, load(f, batch), &certificate, cs_span_str("certificate"), NOW);
	assert_int_equal(save(batch), CS_OK);
	found = find(f, refused);
	assert_int_equal(found.state, INTAKE_ISSUED);
	assert_null(found.refusal.code);
	assert_true(cs_span_is(found.certificate, "certificate"));
}

static struct intake_request *
load_for_key(struct fixture *f, uint8_t octet, const struct intake_caller *caller)
{
	struct draft *draft = CS_NEW(f->arena, struct draft);
	struct svc_batch *batch = batch_of(f, f->db, new_id(f), "api.create", draft);
	struct intake_request *req = NULL;

	draft->spki = cs_span_str("as in a CSR");
	memset(draft->spki_sha256, octet, CLAIM_DIGEST);
	batch->aggregates->events[0]->context = caller;
	req = load(f, batch);
	db_rollback(f->db);
	return req;
}

static void
keys_are_remembered(void **state)
{
	static const struct intake_caller bob = {
		.enterprise = "demo", .account = "bob", .signs_as = "bob", .factor = "api-token"
	};
	struct fixture *f = *state;
	struct cs_id id = stored(f, &alice, NOW);
	struct svc_batch *batch = batch_of(f, f->db, id, "certificate.issued", NULL);
	struct intake_request *req = load(f, batch);

	req->learnt_key = true;
	req->leaked_key = true;
	memset(req->leaked_spki_sha256, 99, CLAIM_DIGEST);
	assert_int_equal(save(batch), CS_OK);
	assert_false(load_for_key(f, id.octets[15], &alice)->key_of_another);
	assert_true(load_for_key(f, id.octets[15], &bob)->key_of_another);
	assert_false(load_for_key(f, id.octets[15], &bob)->key_blocked);
	assert_true(load_for_key(f, 99, &alice)->key_blocked);
	assert_false(load_for_key(f, 98, &alice)->key_blocked);
}

static bool
is_blocked_at_approval(struct fixture *f, struct cs_id id)
{
	const bool blocked = load(f, batch_of(f, f->db, id, "api.approve", NULL))->key_blocked;

	db_rollback(f->db);
	return blocked;
}

static void
a_key_that_became_known_is_found_at_the_approval(void **state)
{
	struct fixture *f = *state;
	struct cs_id id = stored(f, &alice, NOW);
	struct svc_batch *batch = NULL;
	struct intake_request *req = NULL;

	assert_false(is_blocked_at_approval(f, id));
	batch = batch_of(f, f->db, new_id(f), "certificate.issued", NULL);
	req = load(f, batch);
	req->leaked_key = true;
	memset(req->leaked_spki_sha256, id.octets[15], CLAIM_DIGEST);
	assert_int_equal(save(batch), CS_OK);
	assert_true(is_blocked_at_approval(f, id));
}

static void
what_expires_is_found_at_its_time(void **state)
{
	struct fixture *f = *state;
	struct cs_id id = stored(f, &alice, NOW), *keys = NULL;
	struct cs_err err = { 0 };
	size_t n = 9;

	ok(store_due_requests(NULL, f->db, NOW + 999, 10, f->arena, &keys, &n, &err), &err);
	assert_int_equal(n, 0);
	ok(store_due_requests(NULL, f->db, NOW + 1000, 10, f->arena, &keys, &n, &err), &err);
	assert_int_equal(n, 1);
	assert_true(cs_id_equal(keys[0], id));
}

static void
what_an_operator_asked_for_is_the_accounts(void **state)
{
	struct fixture *f = *state;
	struct cs_id id = stored_for(f, &boss, "alice", NOW), own = stored(f, &alice, NOW + 1);
	struct store_page page = { .before_ms = INT64_MAX, .limit = 9 };
	struct intake_request *reqs = NULL;

	assert_string_equal(find(f, id).account, "alice");
	assert_string_equal(find(f, id).submitted_by, "boss");
	assert_string_equal(find(f, own).submitted_by, "");
	assert_int_equal(list(f, &alice, &page, &reqs), 2);
	assert_string_equal(reqs[0].submitted_by, "");
	assert_string_equal(reqs[1].submitted_by, "boss");
	assert_string_equal(
	    load(f, batch_of(f, f->db, id, "api.approve", NULL))->submitted_by, "boss");
	db_rollback(f->db);
}

/* Whoever hears of it, and whoever shows it. */
static void
what_was_approved_with_its_request_is_known_everywhere(void **state)
{
	struct fixture *f = *state;
	const struct cs_id ids[] = { stored(f, &alice, NOW), stored(f, &boss, NOW) };
	static const char *const subjects[] = { "plan.final", "certificate.issued", "api.cancel",
		"api.create" };

	for (size_t i = 0; i < 2; i++) {
		for (size_t k = 0; k < sizeof(subjects) / sizeof(subjects[0]); k++) {
			assert_int_equal(load(f, batch_of(f, f->db, ids[i], subjects[k], NULL))
					     ->approved_in_itself,
			    i == 1);
			db_rollback(f->db);
		}
		assert_int_equal(find(f, ids[i]).approved_in_itself, i == 1);
	}
}

static void
lists_are_ordered_bounded_and_private(void **state)
{
	static const struct intake_caller bob = { .enterprise = "demo",
		.account = "bob",
		.signs_as = "bob",
		.factor = "api-token" },
					  mallory = { .enterprise = "other",
						  .account = "boss",
						  .signs_as = "boss",
						  .factor = "api-token",
						  .is_operator = true };
	struct fixture *f = *state;
	struct cs_id first = stored(f, &alice, NOW), second = stored(f, &alice, NOW),
		     third = stored(f, &bob, NOW + 1);
	struct store_page page = { .before_ms = INT64_MAX, .limit = 2 };
	struct intake_request *reqs = NULL;

	assert_int_equal(list(f, &alice, &page, &reqs), 2);
	assert_true(cs_id_equal(reqs[0].id, second)); /* same time: the greater id first */
	assert_true(cs_id_equal(reqs[1].id, first));
	assert_string_equal(reqs[0].account, "alice");
	assert_int_equal(reqs[0].created_at_ms, NOW);
	assert_int_equal(reqs[0].changed_at_ms, NOW);
	assert_string_equal(reqs[0].profile, "smime-mailbox");
	assert_int_equal(reqs[0].mailboxes.n, 2);
	assert_string_equal(reqs[0].mailboxes.items[0], "a@alpha.example");
	assert_string_equal(reqs[0].mailboxes.items[1], "b@alpha.example");
	assert_int_equal(reqs[0].domains.n, 0);
	assert_int_equal(list(f, &boss, &page, &reqs), 2);
	assert_true(cs_id_equal(reqs[0].id, third));
	page.before_ms = reqs[1].created_at_ms;
	page.before = reqs[1].id;
	assert_int_equal(list(f, &boss, &page, &reqs), 1);
	assert_true(cs_id_equal(reqs[0].id, first));
	page = (struct store_page){ .before_ms = INT64_MAX, .limit = 9, .state = INTAKE_CREATED };
	assert_int_equal(list(f, &boss, &page, &reqs), 3);
	page.state = INTAKE_ISSUED;
	assert_int_equal(list(f, &boss, &page, &reqs), 0);
	page.state = INTAKE_NONE;
	assert_int_equal(list(f, &mallory, &page, &reqs), 0);
}

static void
move_at(struct fixture *f, struct cs_id id, int64_t at_ms)
{
	struct svc_batch *batch = batch_of(f, f->db, id, "certificate.stopped", NULL);

	intake_on_stopped(f->arena, load(f, batch), false, at_ms);
	assert_int_equal(save(batch), CS_OK);
}

static void
lists_of_what_changed_are_ordered_bounded_and_private(void **state)
{
	static const struct intake_caller bob = { .enterprise = "demo",
		.account = "bob",
		.signs_as = "bob",
		.factor = "api-token" },
					  mallory = { .enterprise = "other",
						  .account = "boss",
						  .signs_as = "boss",
						  .factor = "api-token",
						  .is_operator = true };
	struct fixture *f = *state;
	struct cs_id first = stored(f, &alice, NOW), second = stored(f, &alice, NOW),
		     third = stored(f, &bob, NOW + 1);
	struct store_page page = {
		.before_ms = INT64_MAX, .limit = 2, .has_since = true, .since_ms = NOW
	};
	struct intake_request *reqs = NULL;

	move_at(f, first, NOW + 5);
	assert_int_equal(list(f, &boss, &page, &reqs), 2);
	assert_true(cs_id_equal(reqs[0].id, first));
	assert_int_equal(reqs[0].moved_at_ms, NOW + 5);
	assert_true(cs_id_equal(reqs[1].id, third));
	page.before_ms = reqs[1].moved_at_ms;
	page.before = reqs[1].id;
	assert_int_equal(list(f, &boss, &page, &reqs), 1);
	assert_true(cs_id_equal(reqs[0].id, second));
	page.before_ms = INT64_MAX;
	assert_int_equal(list(f, &alice, &page, &reqs), 2);
	assert_int_equal(list(f, &bob, &page, &reqs), 1);
	assert_int_equal(list(f, &mallory, &page, &reqs), 0);
	page.state = INTAKE_CREATED;
	assert_int_equal(list(f, &alice, &page, &reqs), 1);
	assert_true(cs_id_equal(reqs[0].id, second));
	assert_int_equal(list(f, &boss, &page, &reqs), 2);
	page.state = INTAKE_NONE;
	page.since_ms = NOW + 5;
	assert_int_equal(list(f, &boss, &page, &reqs), 1);
	page.since_ms = NOW + 6;
	assert_int_equal(list(f, &boss, &page, &reqs), 0);
}

static void
histories_continue_where_each_watcher_is(void **state)
{
	struct fixture *f = *state;
	struct cs_id ids[2] = { stored(f, &alice, NOW), stored(f, &alice, NOW) };
	struct svc_batch *batch = batch_of(f, f->db, ids[0], "plan.made", NULL);
	int64_t after[2] = { 1, 0 };
	struct store_watch watch = { .ids = ids, .after = after, .n = 2, .limit = 10 };
	struct store_line *lines = NULL;
	struct cs_err err = { 0 };
	size_t n = 0;
	struct intake_request *req = load(f, batch);

	hear_plan(f, req);
	hear_evidence(f, req, "octets", 1);
	assert_int_equal(save(batch), CS_OK);
	ok(store_history(f->other, f->arena, &watch, &lines, &n, &err), &err);
	assert_int_equal(n, req->seq - 1 + 1);
	assert_int_equal(lines[0].seq, 2);
	assert_string_equal(lines[n - 1].state, "created");
	assert_true(cs_id_equal(lines[n - 1].request, ids[1]));
	assert_string_equal(lines[n - 2].check, "zz-first");
	assert_string_equal(lines[n - 2].reason, "not-found");
	assert_string_equal(lines[n - 2].text, "Nothing there.");
	watch.limit = 1;
	ok(store_history(f->other, f->arena, &watch, &lines, &n, &err), &err);
	assert_int_equal(n, 1);
	assert_int_equal(lines[0].seq, 2);
	after[0] = 2; /* in the midst of what one change wrote */
	ok(store_history(f->other, f->arena, &watch, &lines, &n, &err), &err);
	assert_int_equal(n, 1);
	assert_int_equal(lines[0].seq, 3);
	assert_true(req->seq > 3);
	after[0] = (int64_t)req->seq;
	ok(store_history(f->other, f->arena, &watch, &lines, &n, &err), &err);
	assert_true(cs_id_equal(lines[0].request, ids[1]));
}

static struct intake_request
heard(struct fixture *f, struct cs_id id, uint32_t reason)
{
	struct svc_batch *batch = batch_of(f, f->db, id, "certificate.revoked", NULL);
	const struct intake_revoked revoked = { reason, CLAIM_BY_OPERATOR, "Left.", NOW + 9 };

	intake_on_revoked(f->arena, load(f, batch), &revoked, NOW + 10);
	assert_int_equal(save(batch), CS_OK);
	return find(f, id);
}

static struct cs_id
issued(struct fixture *f)
{
	struct cs_id id = stored(f, &alice, NOW);
	struct svc_batch *batch = batch_of(f, f->db, id, "api.approve", NULL);
	struct intake_request *req = load(f, batch);

	req->state = INTAKE_APPROVED;
	req->changed = true;
	assert_int_equal(save(batch), CS_OK);
	batch = batch_of(f, f->db, id, "certificate.issued", NULL);
	intake_on_issued(f->arena, load(f, batch), &certificate, cs_span_str("certificate"), NOW);
	assert_int_equal(save(batch), CS_OK);
	return id;
}

static void
a_revocation_is_kept_from_the_wish_to_the_end(void **state)
{
	static const struct intake_revoke ask = { 4, "A new one.", "7" };
	struct fixture *f = *state;
	struct cs_id id = issued(f);
	struct svc_batch *batch = batch_of(f, f->db, id, "api.revoke", NULL);
	struct store_page page = { .before_ms = INT64_MAX, .limit = 2, .state = INTAKE_REVOKED };
	struct intake_request found, *reqs = NULL;

	assert_int_equal(
	    intake_revoke(f->arena, load(f, batch), &alice, &ask, NOW + 5).status, 202);
	assert_int_equal(save(batch), CS_OK);
	found = find(f, id);
	assert_int_equal(found.state, INTAKE_ISSUED);
	assert_int_equal(found.revocation.by, CLAIM_BY_OWNER);
	assert_int_equal(found.revocation.reason, 4);
	assert_string_equal(found.revocation.text, "A new one.");
	assert_string_equal(found.revocation.note_version, "7");
	assert_string_equal(found.revocation.account, "alice");
	assert_int_equal(found.revocation.asked_at_ms, NOW + 5);
	assert_int_equal(found.revocation.due_at_ms, NOW + 5 + 86400000);
	assert_int_equal(list(f, &alice, &page, &reqs), 0);
	found = heard(f, id, 1);
	assert_int_equal(found.state, INTAKE_REVOKED);
	assert_int_equal(found.revocation.reason, 1);
	assert_int_equal(found.revocation.revoked_at_ms, NOW + 9);
	assert_string_equal(found.revocation.note_version, "7");
	assert_int_equal(list(f, &boss, &page, &reqs), 1);
	assert_int_equal(reqs[0].revocation.by, CLAIM_BY_OPERATOR);
}

/* A draft that follows this request and has no key of its own. */
static struct intake_request *
following(struct fixture *f, struct cs_id previous)
{
	struct draft *draft = CS_NEW(f->arena, struct draft);

	draft->follows = (const void *)draft; /* the store only looks whether it is there */
	draft->request.kind = CLAIM_RENEWAL;
	draft->request.previous = previous;
	return load(f, batch_of(f, f->db, new_id(f), "api.renew", draft));
}

static void
what_a_request_follows_is_loaded_with_it(void **state)
{
	struct fixture *f = *state;
	struct cs_id id = issued(f);
	const struct intake_request *req = following(f, id);

	assert_non_null(req->earlier);
	assert_int_equal(req->earlier->state, INTAKE_ISSUED);
	assert_string_equal(req->earlier->account, "alice");
	assert_true(cs_span_is(req->earlier->envelope, "envelope"));
	assert_false(req->key_blocked);
	db_rollback(f->db);
	req = following(f, new_id(f));
	assert_null(req->earlier);
	db_rollback(f->db);
	(void)heard(f, id, 1); /* its key is known to others */
	req = following(f, id);
	assert_int_equal(req->earlier->state, INTAKE_REVOKED);
	assert_int_equal(req->earlier->revocation.reason, 1);
	assert_true(req->key_blocked);
	db_rollback(f->db);
}

static void
a_history_is_over_when_its_request_is(void **state)
{
	struct fixture *f = *state;
	struct cs_id id = issued(f);
	const int64_t after = 0;
	const struct store_watch watch = { .ids = &id, .after = &after, .n = 1, .limit = 10 };
	struct store_line *lines = NULL;
	struct cs_err err = { 0 };
	size_t n = 0;

	ok(store_history(f->other, f->arena, &watch, &lines, &n, &err), &err);
	assert_string_equal(lines[n - 1].state, "issued");
	assert_true(lines[n - 1].last);
	assert_false(lines[0].last);
	(void)heard(f, id, 0);
	ok(store_history(f->other, f->arena, &watch, &lines, &n, &err), &err);
	assert_string_equal(lines[n - 2].state, "issued");
	assert_false(lines[n - 2].last); /* who looks now is told of what came after */
	assert_string_equal(lines[n - 1].state, "revoked");
	assert_true(lines[n - 1].last);
}

/* ---- problem reports ---- */

static struct report
report_about(struct fixture *f, struct cs_id request, const char *category)
{
	const struct report_draft draft = { .id = new_id(f),
		.category = category_of_name(category),
		.text = "Look.",
		.contact = "eve@alpha.example",
		.challenge = "" };
	const struct report_command command = { .id = draft.id, .draft = &draft };
	struct svc_batch *batch = batch_of(f, f->db, request, "api.report-submit", &command);
	struct intake_request *req = load(f, batch);
	struct report *report = report_find(req, draft.id);

	assert_int_equal(report_submit(f->arena, req, report, &draft, NOW).status, 201);
	assert_int_equal(save(batch), CS_OK);
	return *report;
}

static struct report
find_report(struct fixture *f, struct cs_id id)
{
	struct report report = { 0 };
	struct cs_err err = { 0 };

	ok(store_find_report(f->other, f->arena, id, &report, &err), &err);
	return report;
}

static void
a_report_is_kept_and_decided(void **state)
{
	static const struct report_decision decision = { true, "", NULL, "It is so." };
	struct fixture *f = *state;
	struct cs_id id = issued(f);
	const struct report report = report_about(f, id, "misuse");
	const struct report_command command = { .id = report.id, .decision = &decision };
	struct svc_batch *batch = batch_of(f, f->db, id, "api.report-decide", &command);
	struct intake_request *req = NULL;
	struct report found = find_report(f, report.id);

	assert_int_equal(found.state, REPORT_OPEN);
	assert_string_equal(found.enterprise, "demo");
	assert_string_equal(found.category, "misuse");
	assert_string_equal(found.text, "Look.");
	assert_string_equal(found.contact, "eve@alpha.example");
	assert_int_equal(found.received_at_ms, NOW);
	assert_int_equal(found.preliminary_due_ms, NOW + 86400000);
	assert_int_equal(found.due_at_ms, NOW + 5 * INT64_C(86400000));
	req = load(f, batch);
	assert_int_equal(
	    report_decide(f->arena, req, report_find(req, report.id), &boss, &decision, NOW + 1)
		.status,
	    202);
	assert_int_equal(save(batch), CS_OK);
	found = find_report(f, report.id);
	assert_int_equal(found.state, REPORT_ASKED);
	assert_string_equal(found.ground, "misuse");
	assert_int_equal(found.reason, 9);
	assert_string_equal(found.decided_by, "boss");
	assert_string_equal(found.decision_text, "It is so.");
	assert_string_equal(found.preliminary_text, "It is so.");
	assert_int_equal(found.decided_at_ms, NOW + 1);
	batch = batch_of(f, f->db, id, "certificate.revoked", NULL);
	req = load(f, batch);
	report_on_revoked(req, NOW + 2);
	assert_int_equal(save(batch), CS_OK);
	found = find_report(f, report.id);
	assert_int_equal(found.state, REPORT_REVOKED);
	assert_int_equal(found.closed_at_ms, NOW + 2);
}

static void
a_report_of_another_request_is_known_as_such(void **state)
{
	struct fixture *f = *state;
	struct cs_id id = issued(f), other = stored(f, &alice, NOW);
	const struct report report = report_about(f, id, "misuse");
	const struct report_command command = { .id = report.id };
	struct intake_request *req =
	    load(f, batch_of(f, f->db, other, "api.report-decide", &command));

	assert_true(cs_id_equal(report_find(req, report.id)->request, id));
	db_rollback(f->db);
}

static void
certificates_are_found_by_what_strangers_know(void **state)
{
	struct fixture *f = *state;
	struct cs_id id = issued(f), found = { { 0 } };
	const struct report_subject subjects[] = { { .serial = "0a" }, { .fingerprint = "ff" },
		{ .request = id } },
				    none = { .serial = "0b" };
	struct cs_err err = { 0 };

	for (size_t i = 0; i < 3; i++) {
		found = (struct cs_id){ { 0 } };
		ok(store_find_certificate(f->other, f->arena, &subjects[i], &found, &err), &err);
		assert_true(cs_id_equal(found, id));
	}
	assert_int_equal(
	    store_find_certificate(f->other, f->arena, &none, &found, &err), CS_NOT_FOUND);
}

static void
reports_are_listed_and_counted_by_their_times(void **state)
{
	struct fixture *f = *state;
	struct cs_id id = issued(f);
	const struct report late = report_about(f, id, "misuse"),
			    soon = report_about(f, id, "other");
	struct store_reports_page page = {
		.state = REPORT_OPEN, .after_ms = INT64_MIN, .limit = 5
	};
	struct store_report_clock clock = { 0 };
	struct report *reports = NULL;
	struct cs_err err = { 0 };
	size_t n = 0;

	ok(store_list_reports(f->other, f->arena, "demo", &page, &reports, &n, &err), &err);
	assert_int_equal(n, 2);
	assert_true(cs_id_equal(reports[0].id, soon.id));
	page.after_ms = reports[0].due_at_ms;
	page.after = reports[0].id;
	ok(store_list_reports(f->other, f->arena, "demo", &page, &reports, &n, &err), &err);
	assert_int_equal(n, 1);
	assert_true(cs_id_equal(reports[0].id, late.id));
	ok(store_list_reports(f->other, f->arena, "other", &page, &reports, &n, &err), &err);
	assert_int_equal(n, 0);
	ok(store_report_clock(f->other, f->arena, NOW + 1, &clock, &err), &err);
	assert_int_equal(clock.open, 2);
	assert_int_equal(clock.overdue, 0);
	assert_int_equal(clock.oldest_open_ms, NOW);
	ok(store_report_clock(f->other, f->arena, NOW + 86400000, &clock, &err), &err);
	assert_int_equal(clock.overdue, 2); /* no preliminary report of either */
}

static void
told(struct fixture *f, const struct note *note)
{
	struct svc_batch *batch = batch_of(f, f->db, new_id(f), "config.note", NULL);

	load(f, batch)->heard_note = note;
	assert_int_equal(save(batch), CS_OK);
}

static void
the_newest_note_is_kept(void **state)
{
	static const struct note notes[] = {
		{ "demo", NOTE_ISSUE, NOTE_REQUEST, 2, "New." },
		{ "demo", NOTE_ISSUE, NOTE_REQUEST, 1, "Told late." },
		{ "demo", NOTE_ISSUE, NOTE_SAN, 1, "One domain." },
		{ "demo", NOTE_REVOKE, NOTE_REQUEST, 7, "" },
		{ "demo", NOTE_REVOKE, NOTE_REQUEST, 6, "Deleted since." },
		{ "other", NOTE_ISSUE, NOTE_REQUEST, 9, "Not us." },
	};
	struct fixture *f = *state;
	struct store_notes which = { "demo", -1, -1 };
	struct notes found = { NULL, 0 };
	struct cs_err err = { 0 };

	for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++)
		told(f, &notes[i]);
	ok(store_find_notes(f->other, f->arena, &which, &found, &err), &err);
	assert_int_equal(found.n, 2);
	assert_string_equal(found.items[0].text, "New.");
	assert_int_equal(found.items[0].version, 2);
	assert_int_equal(found.items[1].screen, NOTE_SAN);
	which.screen = NOTE_SAN;
	ok(store_find_notes(f->other, f->arena, &which, &found, &err), &err);
	assert_int_equal(found.n, 1);
	which = (struct store_notes){ "demo", NOTE_REVOKE, -1 };
	ok(store_find_notes(f->other, f->arena, &which, &found, &err), &err);
	assert_int_equal(found.n, 0);
}

/* Of the caller's enterprise for a new one; of the request's own when it is to be revoked. */
static void
notes_are_loaded_with_what_needs_them(void **state)
{
	static const struct note issue = { "demo", NOTE_ISSUE, NOTE_REQUEST, 2, "Read." };
	static const struct note screen = { "demo", NOTE_ISSUE, NOTE_SAN, 3, "Only shown." };
	static const struct note other = { "other", NOTE_REVOKE, NOTE_REQUEST, 4, "Call us." };
	static const struct intake_caller stranger = { .enterprise = "other", .account = "alice" };
	struct fixture *f = *state;
	const struct cs_id id = stored(f, &stranger, NOW);
	struct svc_batch *batch = NULL;
	const struct intake_request *req = NULL;

	told(f, &issue);
	told(f, &screen);
	told(f, &other);
	batch = batch_of(f, f->db, new_id(f), "api.create", NULL);
	req = load(f, batch);
	assert_non_null(req->to_read);
	assert_int_equal(req->to_read->n, 1);
	assert_string_equal(notes_find(req->to_read, "demo", NOTE_ISSUE)->text, "Read.");
	db_rollback(f->db);
	batch = batch_of(f, f->db, id, "api.revoke", NULL);
	req = load(f, batch);
	assert_string_equal(notes_find(req->to_read, "other", NOTE_REVOKE)->text, "Call us.");
	db_rollback(f->db);
	batch = batch_of(f, f->db, id, "api.approve", NULL);
	assert_null(load(f, batch)->to_read);
	db_rollback(f->db);
}

static void
nothing_is_found_that_is_not_there(void **state)
{
	struct fixture *f = *state;
	struct intake_request req = { .version = 77 };
	struct cs_err err = { 0 };

	assert_int_equal(store_find(f->db, f->arena, new_id(f), &req, &err), CS_NOT_FOUND);
	assert_int_equal(req.version, 77);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_saved_is_loaded_and_found),
		TEST(a_repeated_creation_finds_what_it_shows),
		TEST(a_certificate_is_found_with_whose_it_is),
		TEST(octets_that_are_received_again_replace_the_old),
		TEST(octets_that_did_not_change_stay),
		TEST(the_slower_of_two_replicas_is_told),
		TEST(ends_are_kept_with_their_reasons),
		TEST(keys_are_remembered),
		TEST(a_key_that_became_known_is_found_at_the_approval),
		TEST(what_expires_is_found_at_its_time),
		TEST(lists_are_ordered_bounded_and_private),
		TEST(lists_of_what_changed_are_ordered_bounded_and_private),
		TEST(histories_continue_where_each_watcher_is),
		TEST(a_revocation_is_kept_from_the_wish_to_the_end),
		TEST(what_a_request_follows_is_loaded_with_it),
		TEST(a_history_is_over_when_its_request_is),
		TEST(what_an_operator_asked_for_is_the_accounts),
		TEST(what_was_approved_with_its_request_is_known_everywhere),
		TEST(a_report_is_kept_and_decided),
		TEST(a_report_of_another_request_is_known_as_such),
		TEST(certificates_are_found_by_what_strangers_know),
		TEST(reports_are_listed_and_counted_by_their_times),
		TEST(the_newest_note_is_kept),
		TEST(notes_are_loaded_with_what_needs_them),
		TEST(nothing_is_found_that_is_not_there),
	};

	return cmocka_run_group_tests_name("intake store", tests, NULL, NULL);
}
