/* SPDX-License-Identifier: Apache-2.0 */
/* it_store.c: load and save against a real PostgreSQL at CS_DATABASE_URL, in a schema of its own. */
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

#include "audit/audit.h"
#include "base/text.h"
#include "base/time.h"
#include "db/tests/it_db.h"
#include "gate/tests/csrs.h"
#include "handler.h"
#include "own.h"
#include "pki/ed25519.h"
#include "pki/hash.h"
#include "sign.h"
#include "store.h"
#include "tests/it_trust.h"

#define NOW INT64_C(1795437296789)

struct fixture {
	struct cs_arena *arena;
	struct db *db, *other;
	struct claim_key *key;
	struct signer_service signer; /* of the trust table alone */
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

static void
load_trust(struct fixture *f, uint32_t version)
{
	claim_trust_free(f->signer.trust);
	f->signer.trust = it_trust(f->arena, version);
}

static int
setup(void **state)
{
	static struct fixture f;

	f = (struct fixture){ .arena = cs_arena_new(), .key = new_key() };
	load_trust(&f, 3);
	f.db = open_db("drop schema if exists it_signer cascade; create schema it_signer;"
		       " set search_path = it_signer");
	f.other = open_db("set search_path = it_signer");
	migrate(f.db, "services/signer/sql/0001_signer.sql");
	migrate(f.db, "services/signer/sql/0002_keys.sql");
	migrate(f.db, "services/signer/sql/0003_revocation.sql");
	migrate(f.db, "services/signer/sql/0004_audit.sql");
	*state = &f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	db_close(f->db);
	db_close(f->other);
	claim_trust_free(f->signer.trust);
	claim_key_free(f->key);
	cs_arena_free(f->arena);
	return 0;
}

/* ---- one batch about one request ---- */

struct one {
	struct svc_aggregate aggregate;
	struct svc_batch batch;
	struct svc_event event, *events[1];
};

static struct cs_id
id(uint8_t n)
{
	struct cs_id id;

	memset(id.octets, n, sizeof(id.octets));
	return id;
}

/* Begins and loads; `plan` not NULL: a plan.final is among the events. */
static struct signer_record *
begin(struct fixture *f, struct one *one, struct db *db, uint8_t n, const struct record_plan *plan)
{
	struct cs_err err = { 0 };

	*one = (struct one){ .event = { .subject = "plan.final", .what = plan } };
	one->events[0] = &one->event;
	one->aggregate =
	    (struct svc_aggregate){ .key = id(n), .events = one->events, .n_events = plan != NULL };
	one->batch = (struct svc_batch){ .aggregates = &one->aggregate,
		.n = 1,
		.arena = f->arena,
		.db = db,
		.self = &f->signer,
		.now_ms = NOW };
	ok(db_begin(db, &err), &err);
	ok(store_load_records(&one->batch, &err), &err);
	return one->aggregate.state;
}

static enum cs_code
end(struct one *one)
{
	struct cs_err err = { 0 };
	enum cs_code code = store_save_records(&one->batch, &err);

	if (code == CS_OK)
		code = db_commit(one->batch.db, &err);
	if (code != CS_OK)
		db_rollback(one->batch.db);
	if (code == CS_INTERNAL)
		print_message("%s\n", err.text);
	return code;
}

static int64_t
number(struct fixture *f, const char *sql)
{
	struct cs_arena *arena =
	    cs_arena_new(); /* not the fixture's: meet() asks while a thread saves */
	struct db_rows *rows;
	struct cs_err err = { 0 };

	ok(db_query(f->db, arena, sql, NULL, 0, &rows, &err), &err);
	const int64_t found = db_get_i64(rows, 0, 0);
	cs_arena_free(arena);
	return found;
}

/* ---- statements ---- */

static struct claim_check
check(const char *name)
{
	struct claim_check check = { .id = name,
		.kind = CLAIM_CAA,
		.target = "sales.example",
		.method = "caa-issuemail",
		.enterprise = "acme",
		.account = "",
		.expected = cs_span_str(name),
		.attempt = 1 };

	claim_check_digest(&check, check.digest);
	return check;
}

static struct gate_evidence
evidence(
    struct fixture *f, uint8_t n, const char *name, enum claim_outcome outcome, uint32_t attempt)
{
	struct gate_evidence made = { .received.received_ms = NOW };
	const struct claim_asked asked = { .request = id(n), .check = check(name) };

	claim_evidence_for(&asked, &made.e);
	made.e.outcome = outcome;
	made.e.attempt = attempt;
	made.e.checked_at_ms = NOW - 1000;
	made.received.envelope = claim_seal_evidence(f->arena, f->key, &made.e);
	claim_envelope_sha256(made.received.envelope, made.sha256);
	return made;
}

/* As it is read: with whatever it rests on. */
static const struct record_plan *
enclose(struct fixture *f, const struct claim_plan *plan, struct cs_span request,
    struct cs_span approval)
{
	struct claim_batch *batch = claim_batch_new(f->arena, f->key);
	const struct claim_case with = { .request = request, .approval = approval };
	struct record_plan *made = CS_NEW(f->arena, struct record_plan);
	struct cs_span own;

	made->revision = plan->revision;
	made->received = (struct gate_received){ claim_batch_final(batch, plan, &with, &own), NOW };
	claim_batch_sign(batch);
	claim_envelope_sha256(made->received.envelope, made->sha256);
	assert_int_equal(
	    claim_take_apart(f->arena, made->received.envelope, &made->parts, NULL), CS_OK);
	assert_true(cs_span_equal(own, made->parts.plan));
	return made;
}

static struct claim_plan
plan_of(uint8_t n, uint32_t revision, struct claim_check *check)
{
	return (struct claim_plan){ .request = id(n),
		.revision = revision,
		.final = true,
		.enterprise = "acme",
		.account = "u-1",
		.profile = "staff",
		.certificate_profile = "mailbox-strict",
		.rules_version = "",
		.contact = "",
		.checks = check,
		.n_checks = 1,
		.made_at_ms = NOW,
		.ends_at_ms = NOW + 1000 };
}

/* `standing` NULL: an attempt. */
static const struct record_plan *
plan(struct fixture *f, uint8_t n, uint32_t revision, const char *name, const uint8_t *standing)
{
	struct claim_check one = check(name);
	const struct claim_plan made = plan_of(n, revision, &one);

	if (standing != NULL) {
		one.has_standing = true;
		memcpy(one.standing_sha256, standing, CLAIM_DIGEST);
	}
	return enclose(f, &made, cs_span_str("request"), cs_span_str("approval"));
}

static const struct record_plan *
plan_for(struct fixture *f, uint8_t n, uint32_t revision, struct cs_span request)
{
	struct claim_check one = check("one");
	const struct claim_plan made = plan_of(n, revision, &one);

	return enclose(f, &made, request, cs_span_str("approval"));
}

static void
add_evidence(struct fixture *f, uint8_t n, const struct gate_evidence *made)
{
	struct one one;

	record_add_evidence(begin(f, &one, f->db, n, NULL), f->arena, made);
	assert_int_equal(end(&one), CS_OK);
}

/* ---- tests ---- */

static void
what_is_saved_is_loaded_again(void **state)
{
	struct fixture *f = *state;
	struct one one;
	const struct gate_evidence made = evidence(f, 1, "one", CLAIM_PROVED, 1);
	const struct record_plan *final = plan(f, 1, 2, "one", NULL);

	struct signer_record *record = begin(f, &one, f->db, 1, NULL);
	assert_int_equal(record->version, 0);
	assert_int_equal(record->state, SIGNER_WAITING);
	record_add_plan(record, f->arena, final);
	record_add_plan(record, f->arena, plan_for(f, 1, 1, cs_span_str("older")));
	record_add_evidence(record, f->arena, &made);
	assert_int_equal(end(&one), CS_OK);

	record = begin(f, &one, f->db, 1, NULL);
	assert_int_equal(record->version, 1);
	assert_true(cs_span_is(record->c.request.envelope, "request"));
	assert_true(cs_span_is(record->c.approval.envelope, "approval"));
	assert_int_equal(record->c.request.received_ms, NOW);
	assert_int_equal(record->c.approval.received_ms, NOW);
	assert_int_equal(record->c.plan.received_ms, NOW);
	assert_true(cs_span_equal(record->c.plan.envelope, final->parts.plan));
	assert_int_equal(record->plan_revision, 2);
	assert_int_equal(record->c.n_evidence, 1);
	assert_memory_equal(record->c.evidence[0].sha256, made.sha256, CLAIM_DIGEST);
	assert_true(cs_span_equal(record->c.evidence[0].received.envelope, made.received.envelope));
	assert_int_equal(end(&one), CS_OK);
}

/* For who reads rows without taking them apart (csctl). */
static void
a_row_says_where_its_parts_lie(void **state)
{
	static const char at_sql[] =
	    "select count(*) from final_plan where request = $1"
	    " and substring(envelope for plan_len) = $2"
	    " and substring(envelope from request_at + 1 for request_len) = $3"
	    " and substring(envelope from approval_at + 1) = $4";
	struct fixture *f = *state;
	struct claim_check one_check = check("one");
	const struct claim_plan made = plan_of(75, 1, &one_check);
	const struct cs_span request = cs_span_str("request");
	const struct cs_span approvals[] = { cs_span_str("approval"), request };

	for (uint8_t i = 0; i < 2; i++) {
		const struct record_plan *final = enclose(f, &made, request, approvals[i]);
		struct db_rows *rows;
		struct cs_err err = { 0 };
		struct one one;

		record_add_plan(begin(f, &one, f->db, 75 + i, NULL), f->arena, final);
		assert_int_equal(end(&one), CS_OK);
		const struct db_param params[] = { db_id(id(75 + i)), db_bytes(final->parts.plan),
			db_bytes(request), db_bytes(approvals[i]) };
		ok(db_query(f->db, f->arena, at_sql, params, 4, &rows, &err), &err);
		assert_int_equal(db_get_i64(rows, 0, 0), 1);
		const struct gate_case *c =
		    &((struct signer_record *)begin(f, &one, f->db, 75 + i, NULL))->c;
		assert_true(cs_span_equal(c->approval.envelope, approvals[i]));
		assert_true(cs_span_equal(c->request.envelope, request));
		assert_int_equal(end(&one), CS_OK);
	}
}

/* Somebody has written it who owns the database: the gate is given it, and refuses. */
static void
a_row_that_is_no_final_plan_goes_to_the_gate_as_it_is(void **state)
{
	struct fixture *f = *state;
	struct cs_err err = { 0 };
	struct one one;

	ok(db_script(f->db,
	       "insert into final_plan values ('4e4e4e4e-4e4e-4e4e-4e4e-4e4e4e4e4e4e', 1,"
	       " sha256('x'), 'x', 1, 0, 0, 0, 1)",
	       &err),
	    &err);
	const struct signer_record *record = begin(f, &one, f->db, 0x4e, NULL);
	const struct gate_rules rules = { .trust = f->signer.trust };
	struct gate_verdict v;

	assert_true(cs_span_is(record->c.request.envelope, "x"));
	assert_true(cs_span_is(record->c.plan.envelope, "x"));
	assert_true(record->c.key.known);
	gate_judge(f->arena, &rules, &record->c, NOW, &v);
	assert_int_equal(v.says, GATE_REFUSE);
	assert_string_equal(v.refusal.code, "plan-unreadable");
	assert_int_equal(end(&one), CS_OK);
}

static void
two_replicas_cannot_both_be_first(void **state)
{
	struct fixture *f = *state;
	struct one mine, theirs;

	record_add_plan(begin(f, &mine, f->db, 2, NULL), f->arena, plan(f, 2, 1, "one", NULL));
	(void)begin(f, &theirs, f->other, 2, NULL);
	assert_int_equal(end(&mine), CS_OK);
	assert_int_equal(end(&theirs), CS_CONFLICT);
	assert_int_equal(begin(f, &theirs, f->other, 2, NULL)->version, 1);
	assert_int_equal(end(&theirs), CS_OK);
}

static void
evidence_of_others_is_loaded_when_a_plan_names_it(void **state)
{
	struct fixture *f = *state;
	struct one one;
	const struct gate_evidence standing = evidence(f, 3, "three", CLAIM_PROVED, 1);
	const struct gate_evidence other = evidence(f, 3, "three", CLAIM_PROVED, 2);

	add_evidence(f, 3, &standing);
	add_evidence(f, 3, &other);
	/* The plan is only arriving: load looks at the events too. */
	struct signer_record *record =
	    begin(f, &one, f->db, 4, plan(f, 4, 1, "three", standing.sha256));
	assert_int_equal(record->c.n_evidence, 1);
	assert_memory_equal(record->c.evidence[0].sha256, standing.sha256, CLAIM_DIGEST);
	assert_int_equal(record->c.n_denials, 0);
	assert_int_equal(end(&one), CS_OK);
	const struct gate_evidence denial = evidence(f, 3, "three", CLAIM_REFUSED, 7);
	add_evidence(f, 3, &denial);
	record = begin(f, &one, f->db, 4, plan(f, 4, 1, "three", standing.sha256));
	assert_int_equal(record->c.n_denials, 1);
	assert_int_equal(record->c.denials[0].attempt, 7);
	assert_true(cs_id_equal(record->c.denials[0].request, id(3)));
	assert_int_equal(end(&one), CS_OK);
}

/* Its no states another method or value, so that its digest is another: it voids by its request alone. */
static void
a_later_no_comes_with_the_evidence_that_it_may_void(void **state)
{
	struct fixture *f = *state;
	struct one one;
	const struct gate_evidence standing = evidence(f, 61, "sixty-one", CLAIM_PROVED, 1);
	const struct gate_evidence no = evidence(f, 61, "another value", CLAIM_REFUSED, 2);
	const struct gate_evidence strange = evidence(f, 62, "another value", CLAIM_REFUSED, 2);

	add_evidence(f, 61, &standing);
	add_evidence(f, 61, &no);
	add_evidence(f, 62, &strange);
	const struct signer_record *record =
	    begin(f, &one, f->db, 63, plan(f, 63, 1, "sixty-one", standing.sha256));
	assert_int_equal(record->c.n_evidence, 2);
	assert_memory_equal(record->c.evidence[0].sha256, standing.sha256, CLAIM_DIGEST);
	assert_memory_equal(record->c.evidence[1].sha256, no.sha256, CLAIM_DIGEST);
	assert_int_equal(end(&one), CS_OK);
}

static void
the_first_result_counts_and_the_second_is_noted(void **state)
{
	struct fixture *f = *state;
	struct one one;
	const struct gate_evidence first = evidence(f, 5, "five", CLAIM_PROVED, 1);
	const struct gate_evidence second = evidence(f, 5, "five", CLAIM_REFUSED, 1);

	add_evidence(f, 5, &first);
	add_evidence(f, 5, &first);
	assert_int_equal(number(f, "select count(*) from equivocation"), 0);
	add_evidence(f, 5, &second);
	assert_int_equal(number(f, "select count(*) from equivocation"), 1);
	struct signer_record *record = begin(f, &one, f->db, 5, plan(f, 5, 1, "five", NULL));
	assert_int_equal(record->c.n_evidence, 1);
	assert_int_equal(record->c.evidence[0].e.outcome, CLAIM_PROVED);
	record_add_plan(record, f->arena, plan_for(f, 5, 1, cs_span_str("request")));
	record_add_plan(record, f->arena, plan_for(f, 5, 1, cs_span_str("another")));
	assert_int_equal(end(&one), CS_OK);
	assert_int_equal(number(f, "select count(*) from equivocation"), 2);
	record = begin(f, &one, f->db, 5, NULL);
	assert_true(cs_span_is(record->c.request.envelope, "request"));
	assert_int_equal(end(&one), CS_OK);
}

static size_t
found(struct fixture *f)
{
	struct cs_id *keys;
	size_t n;
	struct cs_err err = { 0 };

	ok(store_due_found(NULL, f->db, NOW, 10, f->arena, &keys, &n, &err), &err);
	return n;
}

static void
what_was_waited_for_is_found(void **state)
{
	struct fixture *f = *state;
	struct one one;
	const struct gate_evidence made = evidence(f, 6, "six", CLAIM_PROVED, 1);
	struct gate_missing missing[] = { { .about = "x", .why = "absent", .elsewhere = true } };

	memcpy(missing[0].sha256, made.sha256, CLAIM_DIGEST);
	struct signer_record *record = begin(f, &one, f->db, 7, NULL);
	record->missing_changed = true;
	record->missing = missing;
	record->n_missing = 1;
	assert_int_equal(end(&one), CS_OK);
	assert_int_equal(found(f), 0);
	add_evidence(f, 6, &made);
	assert_int_equal(found(f), 1);
	record = begin(f, &one, f->db, 7, NULL);
	assert_int_equal(record->n_waiting_for, 1);
	record->missing_changed = true;
	assert_int_equal(end(&one), CS_OK);
	assert_int_equal(found(f), 0);
}

static struct signer_record *
intend_on(struct fixture *f, struct one *one, struct db *db, uint8_t n, uint8_t serial)
{
	struct signer_record *record = begin(f, one, db, n, NULL);

	record->intent = (struct record_intent){ .issuer = "issuing-1",
		.profile = "mailbox-multipurpose",
		.choice.not_before_s = NOW / 1000,
		.tbs = cs_span_str("octets"),
		.evidence = cs_span_str("digests"),
		.judged_at_ms = NOW };
	memset(record->intent.choice.serial, serial, GATE_SERIAL);
	memset(record->intent.tbs_sha256, 4, CLAIM_DIGEST);
	record->intent_is_new = true;
	record->state = SIGNER_INTENT;
	record_add_audit(record, f->arena, "intent", "serial=1");
	return record;
}

static struct signer_record *
intend(struct fixture *f, struct one *one, uint8_t n, uint8_t serial)
{
	return intend_on(f, one, f->db, n, serial);
}

/* Somebody else's load, on a thread because it waits for our lock. */
struct waiter {
	pthread_t thread;
	struct one one;
	struct signer_record *record;
	struct cs_err err;
	enum cs_code code;
};

static void *
wait_and_load(void *arg)
{
	struct waiter *waiter = arg;
	struct svc_batch *batch = &waiter->one.batch;

	waiter->code = db_begin(batch->db, &waiter->err);
	if (waiter->code == CS_OK)
		waiter->code = store_load_records(batch, &waiter->err);
	waiter->record = waiter->one.aggregate.state;
	return NULL;
}

static void
who_waited_for_a_request_sees_its_intent(void **state)
{
	static const char waiting_sql[] = "select count(*) from pg_locks where not granted";
	struct fixture *f = *state;
	struct waiter waiter = { .code = CS_INTERNAL };
	struct one one;

	(void)begin(f, &one, f->db, 20, NULL);
	assert_int_equal(end(&one), CS_OK);
	(void)intend(f, &one, 20, 0x61);
	waiter.one.aggregate = (struct svc_aggregate){ .key = id(20) };
	waiter.one.batch = (struct svc_batch){ .aggregates = &waiter.one.aggregate,
		.n = 1,
		.arena = cs_arena_new(),
		.db = f->other,
		.self = &f->signer,
		.now_ms = NOW };
	assert_int_equal(pthread_create(&waiter.thread, NULL, wait_and_load, &waiter), 0);
	for (int i = 0; i < 10000 && number(f, waiting_sql) == 0; i++)
		(void)usleep(1000);
	assert_int_equal(number(f, waiting_sql), 1);
	assert_int_equal(end(&one), CS_OK);
	assert_int_equal(pthread_join(waiter.thread, NULL), 0);
	ok(waiter.code, &waiter.err);
	assert_int_equal(waiter.record->state, SIGNER_INTENT);
	assert_true(waiter.record->has_intent);
	assert_int_equal(waiter.record->intent.choice.serial[16], 0x61);
	db_rollback(f->other);
	cs_arena_free(waiter.one.batch.arena);
}

static void
issue(struct signer_record *record)
{
	record->state = SIGNER_ISSUED;
	record->certificate = (struct record_certificate){ cs_span_str("certificate"), { 7 },
		"acme", "u-1", NOW / 1000 };
}

static struct signer_record *
certified(struct fixture *f, struct one *one, uint8_t n)
{
	struct signer_record *record = begin(f, one, f->db, n, NULL);

	issue(record);
	return record;
}

static void
refused(struct fixture *f, const char *sql, const char *why)
{
	struct cs_err err = { 0 };

	assert_int_not_equal(db_script(f->other, sql, &err), CS_OK);
	assert_non_null(strstr(err.text, why));
}

static void
an_intent_becomes_a_certificate_once(void **state)
{
	struct fixture *f = *state;
	struct one one;

	(void)intend(f, &one, 8, 0x41);
	assert_int_equal(end(&one), CS_OK);
	(void)intend(f, &one, 8, 0x42); /* a second for the request */
	assert_int_equal(end(&one), CS_CONFLICT);
	(void)intend(f, &one, 9, 0x41); /* the serial again */
	assert_int_equal(end(&one), CS_CONFLICT);

	struct signer_record *record = begin(f, &one, f->db, 8, NULL);
	assert_true(record->has_intent);
	assert_int_equal(record->state, SIGNER_INTENT);
	assert_true(cs_span_is(record->intent.tbs, "octets"));
	assert_true(cs_span_is(record->intent.evidence, "digests"));
	assert_int_equal(record->intent.choice.serial[16], 0x41);
	assert_int_equal(record->intent.judged_at_ms, NOW);
	issue(record);
	record_add_audit(record, f->arena, "issued", "serial=1");
	record_add_audit(record, f->arena, "note", "a second row of one batch");
	assert_int_equal(end(&one), CS_OK);
	assert_int_equal(number(f, "select count(*) from certificate"), 1);

	record = begin(f, &one, f->db, 8, NULL);
	record->intent_changed = true; /* an intent that ended */
	assert_int_equal(end(&one), CS_CONFLICT);
	refused(f,
	    "update intent set state = 'void' where request in (select request from certificate)",
	    "an intent that has a certificate stays as it is");
}

static void
a_certificate_is_of_the_intent_that_is_open(void **state)
{
	struct fixture *f = *state;
	struct one one;

	(void)intend(f, &one, 70, 0x70);
	assert_int_equal(end(&one), CS_OK);
	struct signer_record *record = certified(f, &one, 70);
	memset(record->intent.choice.serial, 0x72, GATE_SERIAL); /* another serial */
	assert_int_equal(end(&one), CS_CONFLICT);
	record = begin(f, &one, f->db, 70, NULL);
	record->intent.is_void = true;
	record->intent_changed = true;
	record->state = SIGNER_REFUSED;
	record->code = "evidence-expired";
	assert_int_equal(end(&one), CS_OK);
	(void)certified(f, &one, 70); /* void */
	assert_int_equal(end(&one), CS_CONFLICT);
	(void)certified(f, &one, 71); /* none at all */
	assert_int_equal(end(&one), CS_CONFLICT);
	assert_int_equal(number(f, "select count(*) from certificate c join intent using (request)"
				   " where intent.state = 'void'"),
	    0);
}

static void
a_void_intent_keeps_its_serial(void **state)
{
	struct fixture *f = *state;
	struct one one;

	(void)intend(f, &one, 10, 0x50);
	assert_int_equal(end(&one), CS_OK);
	struct signer_record *record = begin(f, &one, f->db, 10, NULL);
	record->intent.is_void = true;
	record->intent_changed = true;
	record->state = SIGNER_REFUSED;
	record->code = "evidence-expired";
	record_add_audit(record, f->arena, "void", "serial=2");
	assert_int_equal(end(&one), CS_OK);
	assert_int_equal(
	    number(f, "select count(*) from intent where state = 'void' and void_at_ms > 0"), 1);
	(void)intend(f, &one, 11, 0x50);
	assert_int_equal(end(&one), CS_CONFLICT);
}

static void
the_audit_tree_holds_and_cannot_be_changed(void **state)
{
	static const char *const changes[] = { "update audit set detail = 'x' where seq = 1",
		"delete from audit where seq = 1", "update final_plan set envelope = ''",
		"delete from final_plan", "delete from evidence", "update certificate set der = ''",
		"delete from intent", "update intent set tbs = 'x'", "truncate audit",
		"update intent set state = 'open' where state = 'void'", "delete from request",
		"update audit_tree_head set at_ms = 0", "delete from audit_tree_head",
		"truncate audit_tree_head" };
	struct fixture *f = *state;
	struct db_rows *rows;
	struct cs_err err = { 0 };

	ok(db_query(f->db, f->arena,
	       "select seq, at_ms, request, action, detail, leaf, size, peaks from audit, audit_head"
	       " order by seq",
	       NULL, 0, &rows, &err),
	    &err);
	const size_t n = db_rows_count(rows);
	struct audit_tree tree = { 0 };
	for (size_t i = 0; i < n; i++) {
		const struct audit_record record = { .seq = db_get_i64(rows, i, 0),
			.at_ms = db_get_i64(rows, i, 1),
			.request = db_get_id(rows, i, 2),
			.action = db_get_text(rows, i, 3),
			.detail = db_get_text(rows, i, 4) };
		uint8_t leaf[AUDIT_HASH];

		assert_int_equal(record.seq, i + 1);
		audit_leaf(&record, leaf);
		assert_memory_equal(leaf, db_get_bytes(rows, i, 5).data, AUDIT_HASH);
		audit_tree_add(&tree, leaf);
	}
	assert_true(n >= 5); /* of several batches */
	assert_int_equal(db_get_i64(rows, 0, 6), n);
	assert_true(cs_span_equal(db_get_bytes(rows, 0, 7), audit_tree_peaks(&tree)));
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		if (db_script(f->other, changes[i], &err) == CS_OK)
			fail_msg("%s: got accepted", changes[i]);
	}
}

/* Somebody put an older table back, which two approvers did sign once. */
static void
an_older_trust_table_is_an_outage(void **state)
{
	struct fixture *f = *state;
	struct svc_aggregate aggregate = { .key = id(70) };
	struct svc_batch batch = { .aggregates = &aggregate,
		.n = 1,
		.arena = f->arena,
		.db = f->db,
		.self = &f->signer,
		.now_ms = NOW };
	struct cs_err err = { 0 };
	struct one one;

	load_trust(f, 5);
	(void)begin(f, &one, f->db, 70, NULL);
	assert_int_equal(end(&one), CS_OK);
	assert_int_equal(number(f, "select version from trust_seen"), 5);
	load_trust(f, 4);
	ok(db_begin(f->db, &err), &err);
	assert_int_equal(store_load_records(&batch, &err), CS_UNAVAILABLE);
	assert_non_null(strstr(err.text, "version 4"));
	db_rollback(f->db);
	load_trust(f, 6);
	(void)begin(f, &one, f->db, 70, NULL);
	assert_int_equal(end(&one), CS_OK);
	assert_int_equal(number(f, "select version from trust_seen"), 6);
	assert_int_not_equal(db_script(f->other, "update trust_seen set version = 1", &err), CS_OK);
}

/* ---- keys ---- */

static struct cs_span
request(struct fixture *f, uint8_t n, struct cs_span csr, uint8_t previous)
{
	static const char *const mailboxes[] = { "ann@sales.example" };
	struct claim_request request = {
		.id = id(n),
		.enterprise = "acme",
		.account = "u-1",
		.profile = "staff",
		.csr = csr,
		.mailboxes = { (const char **)mailboxes, 1 },
		.validity_days = 90,
		.key_use = CLAIM_DUAL,
		.agreement = "2026-01",
		.submitted_at_ms = NOW,
		.contact = "",
		.common_name = "",
		.kind = previous != 0 ? CLAIM_RENEWAL : CLAIM_FIRST,
	};

	if (previous != 0)
		request.previous = id(previous);
	return claim_seal_request(f->arena, f->key, &request);
}

/* The same load with a result of signing among the events. */
static struct signer_record *
begin_with_result(struct fixture *f, struct one *one, uint8_t n, const struct sign_result *result)
{
	struct cs_err err = { 0 };

	*one = (struct one){ .event = { .subject = "work.sign", .what = result } };
	one->events[0] = &one->event;
	one->aggregate =
	    (struct svc_aggregate){ .key = id(n), .events = one->events, .n_events = 1 };
	one->batch = (struct svc_batch){ .aggregates = &one->aggregate,
		.n = 1,
		.arena = f->arena,
		.db = f->db,
		.self = &f->signer,
		.now_ms = NOW };
	ok(db_begin(f->db, &err), &err);
	ok(store_load_records(&one->batch, &err), &err);
	return one->aggregate.state;
}

static void
with_a_signature_only_what_it_is_stored_with_is_loaded(void **state)
{
	struct fixture *f = *state;
	struct one one;
	const struct cs_span asked = request(f, 72, cs_span_of(csr_one, sizeof(csr_one)), 0);
	const struct gate_evidence made = evidence(f, 72, "one", CLAIM_PROVED, 1);

	struct sign_result result = { .says = SIGN_DONE };
	struct signer_record *record = intend(f, &one, 72, 0x73);
	pki_sha256(record->intent.tbs, result.tbs_sha256);
	pki_sha256(record->intent.tbs, record->intent.tbs_sha256);
	record_add_plan(record, f->arena, plan_for(f, 72, 1, cs_span_str("older")));
	record_add_plan(record, f->arena, plan_for(f, 72, 2, asked));
	record_add_evidence(record, f->arena, &made);
	assert_int_equal(end(&one), CS_OK);

	record = begin_with_result(f, &one, 72, &result);
	assert_true(record->lean);
	assert_true(record->has_intent);
	assert_true(record->c.key.known);
	assert_true(cs_span_equal(record->c.request.envelope, asked));
	assert_int_equal(record->c.approval.envelope.len, 0);
	assert_int_equal(record->c.plan.envelope.len, 0);
	assert_int_equal(record->c.n_evidence, 0);
	assert_int_equal(end(&one), CS_OK);

	result.tbs_sha256[0] ^= 1; /* over other octets */
	record = begin_with_result(f, &one, 72, &result);
	assert_false(record->lean);
	assert_true(cs_span_is(record->c.approval.envelope, "approval"));
	assert_int_equal(record->c.n_evidence, 1);
	assert_int_equal(end(&one), CS_OK);

	result.says = SIGN_RECHECK;
	record = begin_with_result(f, &one, 72, &result);
	assert_false(record->lean);
	assert_true(record->c.key.known);
	assert_true(cs_span_is(record->c.approval.envelope, "approval"));
	assert_int_equal(record->plan_revision, 2);
	assert_int_equal(record->c.n_evidence, 1);
	assert_int_equal(end(&one), CS_OK);
}

/* The lock is what keeps others away; a row that says the same as before is not written. */
static void
a_request_that_goes_on_waiting_is_not_written_again(void **state)
{
	struct fixture *f = *state;
	struct one one;

	record_add_plan(begin(f, &one, f->db, 73, NULL), f->arena, plan(f, 73, 1, "one", NULL));
	assert_int_equal(end(&one), CS_OK);
	record_add_plan(begin(f, &one, f->db, 73, NULL), f->arena, plan(f, 73, 2, "one", NULL));
	assert_int_equal(end(&one), CS_OK);
	(void)intend(f, &one, 73, 0x74);
	assert_int_equal(((struct signer_record *)one.aggregate.state)->version, 1);
	assert_int_equal(end(&one), CS_OK);
	const struct signer_record *record = begin(f, &one, f->db, 73, NULL);
	assert_int_equal(record->version, 2);
	assert_int_equal(record->plan_revision, 2);
	assert_int_equal(end(&one), CS_OK);
}

static void
other_octets_for_a_plan_that_is_there_are_noted(void **state)
{
	static const char noted[] =
	    "select count(*) from equivocation where what like '%revision%'";
	struct fixture *f = *state;
	struct one one;
	struct signer_record *record = begin(f, &one, f->db, 74, NULL);

	record_add_plan(record, f->arena, plan_for(f, 74, 1, cs_span_str("first")));
	record_add_plan(record, f->arena, plan_for(f, 74, 3, cs_span_str("third")));
	assert_int_equal(end(&one), CS_OK);
	const int64_t before = number(f, noted);
	record = begin(f, &one, f->db, 74, NULL);
	record_add_plan(record, f->arena, plan_for(f, 74, 2, cs_span_str("second, and late")));
	record_add_plan(record, f->arena, plan_for(f, 74, 4, cs_span_str("fourth")));
	record_add_plan(record, f->arena, plan_for(f, 74, 3, cs_span_str("third")));
	assert_int_equal(end(&one), CS_OK);
	assert_int_equal(number(f, noted), before);
	record = begin(f, &one, f->db, 74, NULL);
	record_add_plan(record, f->arena, plan_for(f, 74, 1, cs_span_str("another first")));
	record_add_plan(record, f->arena, plan_for(f, 74, 4, cs_span_str("another fourth")));
	record_add_plan(record, f->arena, plan_for(f, 74, 5, cs_span_str("fifth")));
	record_add_plan(record, f->arena, plan_for(f, 74, 5, cs_span_str("another fifth")));
	assert_int_equal(end(&one), CS_OK);
	assert_int_equal(number(f, noted), before + 3);
}

static void
want_key(struct signer_record *record, const char *account, uint8_t spki)
{
	record->owner = (struct record_owner){ .enterprise = "acme", .account = account };
	memset(record->owner.spki_sha256, spki, sizeof(record->owner.spki_sha256));
}

static void
block_key(struct signer_record *record, uint8_t spki)
{
	record->block_why = "compromised";
	memset(record->issued.spki_sha256, spki, sizeof(record->issued.spki_sha256));
}

/* An intent, and the certificate of it. */
static void
certify(struct fixture *f, uint8_t n, uint8_t serial, const uint8_t spki[static 32])
{
	struct one one;
	struct signer_record *record = intend(f, &one, n, serial);

	want_key(record, "u-1", 0);
	memcpy(record->owner.spki_sha256, spki, 32);
	assert_int_equal(end(&one), CS_OK);
	record = begin(f, &one, f->db, n, NULL);
	record->state = SIGNER_ISSUED;
	record->certificate = (struct record_certificate){ .der = cs_span_str("certificate"),
		.enterprise = "acme",
		.account = "u-1",
		.not_after_s = NOW / 1000 };
	memcpy(record->certificate.spki_sha256, spki, 32);
	assert_int_equal(end(&one), CS_OK);
}

/* Its plan comes with this load. */
static struct gate_case *
load_for_plan(struct fixture *f, struct one *one, uint8_t n, struct cs_span request)
{
	return &begin(f, one, f->db, n, plan_for(f, n, 1, request))->c;
}

static void
what_is_known_of_a_key_is_loaded_with_its_plan(void **state)
{
	struct fixture *f = *state;
	const struct cs_span csr = cs_span_of(csr_one, sizeof(csr_one));
	struct cs_err err = { 0 };
	struct one one;
	struct cs_span spki;
	uint8_t digest[32];

	assert_true(pki_csr_spki(csr, &spki));
	pki_sha256(spki, digest);
	const struct cs_span asked = request(f, 30, csr, 31);
	assert_false(begin(f, &one, f->db, 30, NULL)->c.key.known);
	assert_int_equal(end(&one), CS_OK);

	const struct gate_case *c = load_for_plan(f, &one, 30, asked);
	assert_true(c->key.known);
	assert_memory_equal(c->key.spki_sha256, digest, sizeof(digest));
	assert_null(c->key.enterprise);
	assert_null(c->key.blocked);
	assert_true(cs_id_equal(c->previous.request, id(31)));
	assert_int_equal(c->previous.certificate.len, 0);
	assert_int_equal(end(&one), CS_OK);

	certify(f, 31, 0x71, digest);
	c = load_for_plan(f, &one, 30, asked);
	assert_string_equal(c->key.enterprise, "acme");
	assert_string_equal(c->key.account, "u-1");
	assert_true(cs_span_is(c->previous.certificate, "certificate"));
	assert_string_equal(c->previous.enterprise, "acme");
	assert_string_equal(c->previous.account, "u-1");
	assert_string_equal(c->previous.profile, "mailbox-multipurpose");
	assert_null(c->key.blocked);
	block_key(one.aggregate.state, 0);
	memcpy(((struct signer_record *)one.aggregate.state)->issued.spki_sha256, digest, 32);
	assert_int_equal(end(&one), CS_OK);
	c = load_for_plan(f, &one, 30, asked);
	assert_string_equal(c->key.blocked, "compromised");
	assert_false(c->previous.revoked);
	assert_int_equal(end(&one), CS_OK);
	ok(db_script(f->db,
	       "insert into revocation (request, what, issuer, crl_partition, serial, reason,"
	       " revoked_by, text, revoked_at_ms, known_at_ms, due_at_ms, reason_at_ms, not_after_s)"
	       " select request, 'certificate', issuer, crl_partition, serial, 4, 1, '', 0, 0, 0, 0, 0"
	       " from certificate where spki_sha256 in (select spki_sha256 from blocked_key)",
	       &err),
	    &err);
	assert_true(load_for_plan(f, &one, 30, asked)->previous.revoked);
	assert_int_equal(end(&one), CS_OK);
}

/* What cannot be read was looked up too: the gate refuses it, and does not wait for ever. */
static void
a_request_that_cannot_be_read_is_known_to_be_so(void **state)
{
	struct fixture *f = *state;
	struct one one;

	assert_true(load_for_plan(f, &one, 32, cs_span_str("no request"))->key.known);
	assert_int_equal(end(&one), CS_OK);
}

static void
a_key_that_was_taken_since_is_a_conflict(void **state)
{
	struct fixture *f = *state;
	struct one mine, theirs, same;

	want_key(intend(f, &mine, 33, 0x81), "u-1", 0x33);
	want_key(intend_on(f, &theirs, f->other, 34, 0x82), "u-2", 0x33);
	assert_int_equal(end(&mine), CS_OK);
	assert_int_equal(end(&theirs), CS_CONFLICT);
	want_key(intend(f, &same, 35, 0x83), "u-1", 0x33);
	assert_int_equal(end(&same), CS_OK);
	assert_int_equal(
	    number(f, "select count(*) from intent where get_byte(serial, 0) between 129 and 131"),
	    2);
}

/* Both at the same moment: who comes second waits, and then is told. */
static void *
wait_and_save(void *arg)
{
	struct waiter *waiter = arg;

	waiter->code = store_save_records(&waiter->one.batch, &waiter->err);
	if (waiter->code == CS_OK)
		waiter->code = db_commit(waiter->one.batch.db, &waiter->err);
	return NULL;
}

/* `mine` is saved but not committed when `waiter` saves; gives what that one was told. */
static enum cs_code
meet(struct fixture *f, struct one *mine, struct waiter *waiter)
{
	static const char waiting_sql[] = "select count(*) from pg_locks where not granted";
	struct cs_err err = { 0 };

	ok(store_save_records(&mine->batch, &err), &err);
	ok(db_settle(f->db, &err), &err);
	assert_int_equal(pthread_create(&waiter->thread, NULL, wait_and_save, waiter), 0);
	for (int i = 0; i < 10000 && number(f, waiting_sql) == 0; i++)
		(void)usleep(1000);
	assert_int_equal(number(f, waiting_sql), 1);
	ok(db_commit(f->db, &err), &err);
	assert_int_equal(pthread_join(waiter->thread, NULL), 0);
	db_rollback(f->other);
	return waiter->code;
}

static void
of_two_replicas_one_gets_the_key(void **state)
{
	struct fixture *f = *state;
	struct waiter waiter = { 0 };
	struct one mine;

	want_key(intend(f, &mine, 36, 0x84), "u-1", 0x36);
	want_key(intend_on(f, &waiter.one, f->other, 37, 0x85), "u-2", 0x36);
	assert_int_equal(meet(f, &mine, &waiter), CS_CONFLICT);

	/* The same account may have it in two requests at once. */
	want_key(intend(f, &mine, 38, 0x86), "u-1", 0x38);
	waiter = (struct waiter){ 0 };
	want_key(intend_on(f, &waiter.one, f->other, 39, 0x87), "u-1", 0x38);
	assert_int_equal(meet(f, &mine, &waiter), CS_OK);
}

static void
who_blocks_a_key_meets_who_wants_it(void **state)
{
	struct fixture *f = *state;
	struct waiter waiter = { 0 };
	struct one mine;

	/* It is theirs already, and is blocked while their next intent is saved. */
	want_key(intend(f, &mine, 40, 0x88), "u-1", 0x40);
	assert_int_equal(end(&mine), CS_OK);
	block_key(begin(f, &mine, f->db, 40, NULL), 0x40);
	want_key(intend_on(f, &waiter.one, f->other, 41, 0x89), "u-1", 0x40);
	assert_int_equal(meet(f, &mine, &waiter), CS_CONFLICT);

	/* The other way round: the intent is there before the key is blocked, and so can be looked for. */
	want_key(intend(f, &mine, 42, 0x8a), "u-1", 0x42);
	assert_int_equal(end(&mine), CS_OK);
	want_key(intend(f, &mine, 43, 0x8b), "u-1", 0x42);
	waiter = (struct waiter){ 0 };
	block_key(begin(f, &waiter.one, f->other, 44, NULL), 0x42);
	assert_int_equal(meet(f, &mine, &waiter), CS_OK);

	/* A certificate for a blocked key is not stored either. */
	struct signer_record *record = begin(f, &mine, f->db, 43, NULL);
	record->state = SIGNER_ISSUED;
	record->intent_changed = true;
	want_key(record, "u-1", 0x42);
	record->certificate = (struct record_certificate){
		.der = cs_span_str("certificate"), .enterprise = "acme", .account = "u-1"
	};
	assert_int_equal(end(&mine), CS_CONFLICT);
}

static void
a_key_is_blocked_once_and_for_ever(void **state)
{
	static const char *const changes[] = { "update blocked_key set why = 'weak'",
		"delete from blocked_key", "truncate blocked_key",
		"update key_owner set account = 'u-9'", "delete from key_owner",
		"truncate key_owner" };
	struct fixture *f = *state;
	struct one one;
	struct cs_err err = { 0 };

	for (int i = 0; i < 2; i++) {
		block_key(begin(f, &one, f->db, 45, NULL), 0x45);
		assert_int_equal(end(&one), CS_OK);
	}
	assert_int_equal(number(f, "select count(*) from blocked_key"
				   " where spki_sha256 = decode(repeat('45', 32), 'hex')"),
	    1);
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		if (db_script(f->other, changes[i], &err) == CS_OK)
			fail_msg("%s was done", changes[i]);
	}
}

/* ---- what the process tells of itself ---- */

static bool
is_due(struct fixture *f, const struct signer_service *signer, int64_t now_ms)
{
	struct cs_err err = { 0 };
	struct cs_id *keys;
	size_t n;

	ok(store_due_own(signer, f->db, now_ms, 256, f->arena, &keys, &n, &err), &err);
	assert_true(n <= 1);
	assert_true(cs_id_equal(keys[0], signer->instance));
	return n == 1;
}

/* As "clock.own" comes. */
static struct own *
begin_own(struct fixture *f, struct one *one, const struct signer_service *signer, struct db *db)
{
	struct signer_record *record;
	struct cs_err err = { 0 };

	*one = (struct one){ .event = { .subject = "clock.own" } };
	one->events[0] = &one->event;
	one->aggregate =
	    (struct svc_aggregate){ .key = signer->instance, .events = one->events, .n_events = 1 };
	one->batch = (struct svc_batch){ .aggregates = &one->aggregate,
		.n = 1,
		.arena = f->arena,
		.db = db,
		.self = signer,
		.now_ms = NOW };
	ok(db_begin(db, &err), &err);
	ok(store_load_records(&one->batch, &err), &err);
	record = one->aggregate.state;
	assert_non_null(record->own);
	return record->own;
}

static void
heads_are_kept_once_for_a_size(void **state)
{
	struct fixture *f = *state;
	struct signer_service *signer = &f->signer;
	const int64_t requests = number(f, "select count(*) from request");
	struct one one, two;

	signer->audit_head_s = 60;
	memset(signer->instance.octets, 0x77, sizeof(signer->instance.octets));
	assert_true(is_due(f, signer, NOW)); /* it has not told that it started */
	struct own *own = begin_own(f, &one, signer, f->db);
	assert_null(own->told);
	assert_true(own->tree.size > 0);
	record_add_audit(one.aggregate.state, f->arena, "start", own_trust(signer, f->arena));
	assert_int_equal(end(&one), CS_OK);
	assert_int_equal(number(f, "select count(*) from request"), requests);

	assert_true(is_due(f, signer, NOW)); /* there is no head yet */
	struct own *first = begin_own(f, &one, signer, f->db);
	struct own *second = begin_own(f, &two, signer, f->other);
	assert_string_equal(first->told, own_trust(signer, f->arena));
	first->head = (struct audit_head){ .size = first->tree.size, .at_ms = NOW, .keyid = "k" };
	second->head = first->head;
	first->head_is_new = second->head_is_new = true;
	assert_int_equal(end(&one), CS_OK);
	assert_int_equal(end(&two), CS_CONFLICT);

	assert_false(is_due(f, signer, NOW + 3600000)); /* it has not grown */
	(void)intend(f, &one, 12, 0x52);
	assert_int_equal(end(&one), CS_OK);
	assert_false(is_due(f, signer, NOW + 59999));
	assert_true(is_due(f, signer, NOW + 60000));
	assert_false(is_due(f, signer, NOW));
	load_trust(f, 7);
	assert_true(is_due(f, signer, NOW)); /* another table is in force, and nobody was told */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_saved_is_loaded_again),
		cmocka_unit_test(a_row_says_where_its_parts_lie),
		cmocka_unit_test(a_row_that_is_no_final_plan_goes_to_the_gate_as_it_is),
		cmocka_unit_test(two_replicas_cannot_both_be_first),
		cmocka_unit_test(evidence_of_others_is_loaded_when_a_plan_names_it),
		cmocka_unit_test(a_later_no_comes_with_the_evidence_that_it_may_void),
		cmocka_unit_test(the_first_result_counts_and_the_second_is_noted),
		cmocka_unit_test(what_was_waited_for_is_found),
		cmocka_unit_test(who_waited_for_a_request_sees_its_intent),
		cmocka_unit_test(an_intent_becomes_a_certificate_once),
		cmocka_unit_test(a_void_intent_keeps_its_serial),
		cmocka_unit_test(a_certificate_is_of_the_intent_that_is_open),
		cmocka_unit_test(with_a_signature_only_what_it_is_stored_with_is_loaded),
		cmocka_unit_test(a_request_that_goes_on_waiting_is_not_written_again),
		cmocka_unit_test(other_octets_for_a_plan_that_is_there_are_noted),
		cmocka_unit_test(what_is_known_of_a_key_is_loaded_with_its_plan),
		cmocka_unit_test(a_request_that_cannot_be_read_is_known_to_be_so),
		cmocka_unit_test(a_key_that_was_taken_since_is_a_conflict),
		cmocka_unit_test(of_two_replicas_one_gets_the_key),
		cmocka_unit_test(who_blocks_a_key_meets_who_wants_it),
		cmocka_unit_test(a_key_is_blocked_once_and_for_ever),
		cmocka_unit_test(an_older_trust_table_is_an_outage),
		cmocka_unit_test(heads_are_kept_once_for_a_size),
		cmocka_unit_test(the_audit_tree_holds_and_cannot_be_changed),
	};

	return cmocka_run_group_tests_name("store", tests, setup, teardown);
}
