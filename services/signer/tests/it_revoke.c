/* SPDX-License-Identifier: Apache-2.0 */
/* it_revoke.c: revocations, lists and reminders against a real PostgreSQL at CS_DATABASE_URL, in a schema of its own. */
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
#include <unistd.h>

#include "base/time.h"
#include "crls.h"
#include "db/tests/it_db.h"
#include "handler.h"
#include "store.h"
#include "tests/it_ca.h"
#include "tests/it_trust.h"
#include "wire.h"

/* A time at which every clock looks. */
#define NOW (INT64_C(1795437290000))
#define DAY_S INT64_C(86400)
#define HOUR (NOW / 1000 % STORE_EXPIRING_ALL_EVERY_S) /* so much earlier everything is looked at */
#define CA "issuing-1"
#define PARTITIONS 4

struct fixture {
	struct cs_arena *arena;
	struct db *db, *other;
	struct signer_service signer;
};

static void
script(struct db *db, const char *sql)
{
	struct cs_err err = { 0 };

	ok(db_script(db, sql, &err), &err);
}

static int
setup(void **state)
{
	static struct fixture f;

	f = (struct fixture){ .arena = cs_arena_new() };
	f.signer.trust = it_trust(f.arena, 1);
	f.signer.crl_every_hours = 24;
	f.signer.crl_life_hours = 168;
	f.signer.crl_after_seconds = 60;
	f.signer.issuers = it_ca(CA, "http://crl.example/{partition}.crl", NOW / 1000);
	((struct issuers_row *)issuers_find(f.signer.issuers, CA))->crl_partitions = PARTITIONS;
	f.db = open_db("drop schema if exists it_revoke cascade; create schema it_revoke;"
		       " set search_path = it_revoke");
	f.other = open_db("set search_path = it_revoke");
	migrate(f.db, "services/signer/sql/0001_signer.sql");
	migrate(f.db, "services/signer/sql/0002_keys.sql");
	migrate(f.db, "services/signer/sql/0003_revocation.sql");
	*state = &f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	db_close(f->db);
	db_close(f->other);
	issuers_free(f->signer.issuers);
	claim_trust_free(f->signer.trust);
	cs_arena_free(f->arena);
	return 0;
}

static int
clear(void **state)
{
	struct fixture *f = *state;

	script(f->db, "alter table revocation disable trigger user;"
		      "alter table certificate disable trigger user;"
		      "alter table intent disable trigger user;"
		      "alter table crl_list disable trigger user;"
		      "delete from revocation; delete from certificate; delete from intent;"
		      "delete from crl_list; delete from crl; delete from crl_change;"
		      "delete from reminder; delete from follows;"
		      "alter table blocked_key disable trigger user; delete from blocked_key;"
		      "alter table blocked_key enable trigger user;"
		      "alter table revocation enable trigger user;"
		      "alter table certificate enable trigger user;"
		      "alter table intent enable trigger user;"
		      "alter table crl_list enable trigger user;");
	cs_arena_reset(f->arena);
	return 0;
}

/* ---- one batch about one aggregate ---- */

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

static enum cs_code
begin(struct fixture *f, struct one *one, struct db *db, struct cs_id key, const char *subject,
    const void *what, struct cs_err *err)
{
	*one = (struct one){ .event = { .subject = subject, .what = what } };
	one->events[0] = &one->event;
	one->aggregate = (struct svc_aggregate){ .key = key, .events = one->events, .n_events = 1 };
	one->batch = (struct svc_batch){ .aggregates = &one->aggregate,
		.n = 1,
		.arena = f->arena,
		.db = db,
		.self = &f->signer,
		.now_ms = NOW };
	if (db_begin(db, err) || store_load_records(&one->batch, err))
		return err->code;
	return CS_OK;
}

static struct signer_record *
load(struct fixture *f, struct one *one, struct cs_id key, const char *subject)
{
	struct cs_err err = { 0 };

	ok(begin(f, one, f->db, key, subject, NULL, &err), &err);
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
	struct db_rows *rows;
	struct cs_err err = { 0 };

	ok(db_query(f->db, f->arena, sql, NULL, 0, &rows, &err), &err);
	return db_get_i64(rows, 0, 0);
}

/* An issued certificate, with its intent; the key is the digest that ends with `key`. */
static void
issue(struct fixture *f, uint8_t n, uint8_t key, uint32_t partition, int64_t not_after_s)
{
	const char *sql = cs_arena_printf(f->arena,
	    "insert into intent (request, issuer, profile, crl_partition, serial, not_before_s, tbs,"
	    " tbs_sha256, evidence, state, judged_at_ms, void_at_ms) values ('%1$02x%1$02x%1$02x%1$02x-%1$02x%1$02x-%1$02x%1$02x-%1$02x%1$02x-"
	    "%1$02x%1$02x%1$02x%1$02x%1$02x%1$02x', '" CA
	    "', 'p', %3$u, '\\x40%5$030x%1$02x', 0, '',"
	    " sha256(''), '', 'open', 0, 0);"
	    "insert into certificate (request, issuer, crl_partition, serial, der, sha256, spki_sha256,"
	    " enterprise, account, not_after_s, issued_at_ms) select request, issuer, crl_partition, serial, '', '',"
	    " decode(lpad('%2$02x', 64, '0'), 'hex'), 'acme', 'u-1', %4$lld, %6$lld"
	    " from intent where serial = '\\x40%5$030x%1$02x'",
	    n, key, partition, (long long)not_after_s, 0, (long long)(NOW - 1000 * DAY_S));

	script(f->db, sql);
}

static enum cs_code
revoke_it(struct fixture *f, uint8_t n, uint32_t reason)
{
	struct one one;
	struct signer_record *record = load(f, &one, id(n), "request.revocation-asked");
	struct record_revocation_statement statement = { .received = {
							     cs_span_str("envelope"), NOW } };

	if (!record->revocation.is_there) {
		record->revocation = (struct record_revocation){ .is_there = true,
			.is_new = true,
			.reason = reason,
			.by = CLAIM_BY_OWNER,
			.text = "why",
			.revoked_at_ms = NOW + n,
			.known_at_ms = NOW - 1,
			.due_at_ms = NOW + 1,
			.reason_at_ms = NOW + n,
			.not_after_s = record->issued.not_after_s };
	} else {
		record->revocation.changed = true;
		record->revocation.reason = reason;
		record->revocation.reason_at_ms = NOW + 77;
	}
	statement.sha256[0] = n;
	record_add_revocation_statement(record, f->arena, &statement);
	if (reason == 1)
		record->block_why = "compromised";
	return end(&one);
}

/* ---- revocation ---- */

static void
a_revocation_is_loaded_again(void **state)
{
	struct fixture *f = *state;
	struct one one;

	issue(f, 1, 7, 3, NOW / 1000 + DAY_S);
	struct signer_record *record = load(f, &one, id(1), "request.revocation-asked");
	assert_true(record->issued.is_there);
	assert_string_equal(record->issued.enterprise, "acme");
	assert_string_equal(record->issued.account, "u-1");
	assert_int_equal(record->issued.spki_sha256[31], 7);
	assert_int_equal(record->issued.not_after_s, NOW / 1000 + DAY_S);
	assert_null(record->issued.blocked_why);
	assert_false(record->revocation.is_there);
	assert_int_equal(record->intent.choice.crl_partition, 3);
	db_rollback(f->db);
	assert_int_equal(revoke_it(f, 1, 4), CS_OK);
	record = load(f, &one, id(1), "clock.certificate-expiring");
	assert_true(record->revocation.is_there && !record->revocation.of_void);
	assert_int_equal(record->revocation.reason, 4);
	assert_int_equal(record->revocation.by, CLAIM_BY_OWNER);
	assert_string_equal(record->revocation.text, "why");
	assert_int_equal(record->revocation.revoked_at_ms, NOW + 1);
	assert_int_equal(record->revocation.not_after_s, NOW / 1000 + DAY_S);
	db_rollback(f->db);
	assert_int_equal(
	    number(f, "select count(*) from crl_change where crl_partition in (0, 3)"), 2);
	assert_int_equal(number(f, "select count(*) from revocation_statement"), 1);
	(void)load(f, &one, id(2), "request.revocation-asked");
	assert_false(((struct signer_record *)one.aggregate.state)->issued.is_there);
	db_rollback(f->db);
}

static void
a_reason_becomes_worse_and_never_better(void **state)
{
	static const char *const changes[] = { "update revocation set reason = 0",
		"update revocation set reason = 4, text = ''", "delete from revocation",
		"truncate revocation", "update revocation set revoked_at_ms = 1, reason = 1",
		"update revocation_statement set envelope = ''",
		"delete from revocation_statement" };
	struct fixture *f = *state;
	struct cs_err err;

	issue(f, 1, 7, 0, NOW / 1000 + DAY_S);
	assert_int_equal(revoke_it(f, 1, 4), CS_OK);
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		if (db_script(f->other, changes[i], &err) == CS_OK)
			fail_msg("%s: got accepted", changes[i]);
	}
	assert_int_equal(revoke_it(f, 1, 1), CS_OK);
	assert_int_equal(number(f, "select reason from revocation"), 1);
	assert_int_equal(number(f, "select reason_at_ms - revoked_at_ms from revocation"), 76);
	assert_int_equal(
	    number(f, "select count(*) from crl_change"), 2); /* of the full list, twice */
	assert_int_equal(number(f, "select count(*) from blocked_key"), 1);
	assert_int_not_equal(db_script(f->other, "update revocation set reason = 4", &err), CS_OK);
}

/* ---- clocks ---- */

static size_t
due(struct fixture *f, svc_due *clock, int64_t now_ms, struct cs_id *ret_first)
{
	struct cs_err err = { 0 };
	struct cs_id *keys;
	size_t n;

	ok(clock(&f->signer, f->db, now_ms, 100, f->arena, &keys, &n, &err), &err);
	if (n > 0)
		*ret_first = keys[0];
	return n;
}

static void
other_certificates_of_a_blocked_key_are_due(void **state)
{
	struct fixture *f = *state;
	struct cs_id first;

	issue(f, 1, 7, 0, NOW / 1000 + DAY_S);
	issue(f, 2, 7, 0, NOW / 1000);
	issue(f, 3, 7, 0, NOW / 1000 - 1);
	issue(f, 4, 8, 0, NOW / 1000 + DAY_S);
	assert_int_equal(due(f, store_due_blocked, NOW, &first), 0);
	assert_int_equal(revoke_it(f, 1, 1), CS_OK);
	assert_int_equal(due(f, store_due_blocked, NOW, &first), 1);
	assert_true(cs_id_equal(first, id(2)));
	assert_int_equal(due(f, store_due_blocked, NOW + 1000, &first), 0); /* not every second */
	struct one one;
	const struct signer_record *record = load(f, &one, id(2), "clock.key-blocked");
	assert_string_equal(record->issued.blocked_why, "compromised");
	db_rollback(f->db);
	assert_int_equal(revoke_it(f, 2, 1), CS_OK);
	assert_int_equal(due(f, store_due_blocked, NOW, &first), 0);
}

/* There may be very many blocked keys, and nothing new comes of those of long ago. */
static void
keys_that_were_blocked_long_ago_are_looked_at_now_and_then(void **state)
{
	const int64_t later_ms = NOW + 2 * STORE_BLOCKED_LATELY_S * 1000;
	const int64_t every_ms = STORE_BLOCKED_ALL_EVERY_S * 1000;
	struct fixture *f = *state;
	struct cs_id first;

	issue(f, 1, 7, 0, NOW / 1000 + DAY_S);
	issue(f, 2, 7, 0, NOW / 1000 + DAY_S);
	assert_int_equal(revoke_it(f, 1, 1), CS_OK);
	assert_int_equal(due(f, store_due_blocked, NOW, &first), 1);
	assert_true(later_ms % every_ms != 0);
	assert_int_equal(due(f, store_due_blocked, later_ms, &first), 0);
	assert_int_equal(due(f, store_due_blocked, later_ms / every_ms * every_ms, &first), 1);
	assert_true(cs_id_equal(first, id(2)));
}

static void
remind(struct fixture *f, uint8_t n, uint32_t days)
{
	struct one one;

	load(f, &one, id(n), "clock.certificate-expiring")->remind_days = days;
	assert_int_equal(end(&one), CS_OK);
}

/* Seconds before the end of a certificate that is issued long before. */
static bool
reminder_due(struct fixture *f, int64_t left_s)
{
	struct cs_id first;

	return due(f, store_due_expiring, (NOW / 1000 + 400 * DAY_S - left_s) * 1000, &first) == 1;
}

static void
reminders_are_due_once_at_each_step(void **state)
{
	struct fixture *f = *state;

	issue(f, 1, 7, 0, NOW / 1000 + 400 * DAY_S);
	assert_false(reminder_due(f, 30 * DAY_S + 10));
	assert_true(reminder_due(f, 30 * DAY_S));
	assert_true(reminder_due(f, 30 * DAY_S - 7100));
	assert_false(reminder_due(f, 15 * DAY_S)); /* seen when it came; else: */
	assert_true(reminder_due(f, 15 * DAY_S + HOUR));
	assert_true(reminder_due(f, 14 * DAY_S + HOUR));
	remind(f, 1, 30);
	assert_false(reminder_due(f, 15 * DAY_S + HOUR));
	assert_true(reminder_due(f, 14 * DAY_S));
	assert_true(reminder_due(f, 13 * DAY_S + HOUR));
	assert_true(reminder_due(f, HOUR));
	remind(f, 1, 1);
	assert_false(reminder_due(f, HOUR));
	assert_false(reminder_due(f, 10 * DAY_S + HOUR));
	assert_int_equal(number(f, "select count(*) from reminder"), 2);
}

static void
what_was_renewed_or_revoked_is_not_due(void **state)
{
	struct fixture *f = *state;
	struct one one;

	issue(f, 1, 7, 0, NOW / 1000 + 400 * DAY_S);
	issue(f, 2, 7, 0, NOW / 1000 + 800 * DAY_S);
	script(f->db, "insert into follows values ('02020202-0202-0202-0202-020202020202',"
		      " '01010101-0101-0101-0101-010101010101')");
	assert_false(reminder_due(f, DAY_S));
	assert_true(load(f, &one, id(1), "clock.certificate-expiring")->issued.followed);
	db_rollback(f->db);
	assert_int_equal(revoke_it(f, 2, 4), CS_OK); /* the renewal holds no longer */
	assert_true(reminder_due(f, DAY_S));
	assert_false(load(f, &one, id(1), "clock.certificate-expiring")->issued.followed);
	db_rollback(f->db);
	assert_int_equal(revoke_it(f, 1, 4), CS_OK);
	assert_false(reminder_due(f, DAY_S));
}

/* ---- lists ---- */

static void
take(struct record_list *list, int64_t n)
{
	list->number = n;
	list->in_hand = list->changed = list->taken = true;
	list->taken_at_ms = NOW;
	list->tbs_sha256[0] = (uint8_t)n;
}

static void
made(struct record_list *list, int64_t this_update_s, struct cs_span der)
{
	list->in_hand = false;
	list->changed = true;
	list->made_number = list->number;
	list->made_at_ms = this_update_s * 1000;
	list->this_update_s = this_update_s;
	list->next_update_s = this_update_s + 7 * DAY_S;
	list->entries = 1;
	list->der = der;
}

/* Takes the next number of this list and makes it at once. */
static void
make(struct fixture *f, uint32_t partition, int64_t n, int64_t this_update_s, struct cs_span der)
{
	struct one one;

	take(load(f, &one, crls_key(CA, partition), "clock.crl-due")->list, n);
	assert_int_equal(end(&one), CS_OK);
	struct cs_err err = { 0 };
	const struct crls_result done = { .says = CRLS_DONE };
	ok(begin(f, &one, f->db, crls_key(CA, partition), "work.crl", &done, &err), &err);
	made(((struct signer_record *)one.aggregate.state)->list, this_update_s, der);
	assert_int_equal(end(&one), CS_OK);
}

static void
every_list_is_due_until_it_is_made(void **state)
{
	struct fixture *f = *state;
	struct cs_id first;

	assert_int_equal(due(f, store_due_lists, NOW, &first), PARTITIONS + 1);
	for (uint32_t p = 0; p <= PARTITIONS; p++)
		make(f, p, 10, NOW / 1000, cs_span_str("der"));
	assert_int_equal(due(f, store_due_lists, NOW, &first), 0);
	assert_int_equal(due(f, store_due_lists, NOW + CS_DAY_MS - 1, &first), 0);
	assert_int_equal(due(f, store_due_lists, NOW + CS_DAY_MS, &first), PARTITIONS + 1);
	/* A partition that settings know no longer still has certificates. */
	struct issuers_row *ca = (struct issuers_row *)issuers_find(f->signer.issuers, CA);
	ca->crl_partitions = 1;
	assert_int_equal(due(f, store_due_lists, NOW + CS_DAY_MS, &first), PARTITIONS + 1);
	ca->crl_partitions = PARTITIONS;
}

static void
a_change_makes_its_two_lists_due(void **state)
{
	struct fixture *f = *state;
	struct cs_id first;
	struct one one;

	for (uint32_t p = 0; p <= PARTITIONS; p++)
		make(f, p, 10, NOW / 1000, cs_span_str("der"));
	issue(f, 1, 7, 2, NOW / 1000 + DAY_S);
	assert_int_equal(revoke_it(f, 1, 4), CS_OK);
	assert_int_equal(due(f, store_due_lists, NOW + 59999, &first), 0);
	assert_int_equal(due(f, store_due_lists, NOW + 60000, &first), 2);
	struct record_list *list = load(f, &one, crls_key(CA, 2), "clock.crl-due")->list;
	assert_int_equal(list->n_listed, 1);
	assert_int_equal(list->n_changes, 1);
	assert_int_equal(list->listed[0].reason, 4);
	assert_int_equal(list->listed[0].serial.data[16], 1);
	take(list, 11);
	assert_int_equal(end(&one), CS_OK);
	assert_int_equal(due(f, store_due_lists, NOW + 60000, &first), 1); /* the full one */
	assert_int_equal(due(f, store_due_lists, NOW + CRLS_IN_HAND_MS, &first), 2);
	/* One that is revoked while that list is in hand waits for the next. */
	issue(f, 2, 8, 2, NOW / 1000 + DAY_S);
	assert_int_equal(revoke_it(f, 2, 4), CS_OK);
	struct cs_err err = { 0 };
	const struct crls_result done = { .says = CRLS_DONE };
	ok(begin(f, &one, f->db, crls_key(CA, 2), "work.crl", &done, &err), &err);
	list = ((struct signer_record *)one.aggregate.state)->list;
	assert_true(list->in_hand);
	assert_int_equal(list->tbs_sha256[0], 11);
	made(list, NOW / 1000 + 1, cs_span_str("der"));
	assert_int_equal(end(&one), CS_OK);
	assert_int_equal(number(f, "select count(*) from crl_change where crl_partition = 2"), 1);
	assert_int_equal(number(f, "select count(*) from crl_change where crl_partition = 0"), 2);
}

static void
an_entry_is_loaded_until_it_was_listed_after_its_end(void **state)
{
	struct fixture *f = *state;
	struct one one;

	issue(f, 1, 7, 2, NOW / 1000 + 100);
	issue(f, 2, 8, 3, NOW / 1000 + 200);
	assert_int_equal(revoke_it(f, 1, 4), CS_OK);
	assert_int_equal(revoke_it(f, 2, 4), CS_OK);
	for (int64_t i = 0; i < 4; i++) {
		const size_t want[] = { 2, 2, 2, 1 };
		const size_t got = load(f, &one, crls_key(CA, 0), "clock.crl-due")->list->n_listed;

		db_rollback(f->db);
		if (got != want[i])
			fail_msg("list %d: got %zu, want %zu", (int)i, got, want[i]);
		make(f, 0, 10 + i, NOW / 1000 + 60 * i, cs_span_str("der"));
	}
}

static void
two_replicas_never_take_one_number(void **state)
{
	struct fixture *f = *state;
	struct one first, second;
	struct cs_err err = { 0 };

	take(load(f, &first, crls_key(CA, 0), "clock.crl-due")->list, 10);
	ok(begin(f, &second, f->other, crls_key(CA, 0), "clock.crl-due", NULL, &err), &err);
	take(((struct signer_record *)second.aggregate.state)->list, 10);
	assert_int_equal(end(&first), CS_OK);
	assert_int_equal(end(&second), CS_CONFLICT);
	/* And whoever writes past the lock is stopped by the table. */
	assert_int_not_equal(db_script(f->other, "update crl_list set number = 9", &err), CS_OK);
	script(f->other, "update crl_list set in_hand = false");
	assert_int_not_equal(
	    db_script(f->other, "update crl_list set in_hand = true", &err), CS_OK);
	assert_int_not_equal(db_script(f->other, "delete from crl_list", &err), CS_OK);
}

static void
a_hundred_thousand_entries_are_loaded_within_seconds(void **state)
{
	struct fixture *f = *state;
	struct one one;

	script(f->db,
	    "insert into intent (request, issuer, profile, crl_partition, serial, not_before_s, tbs,"
	    " tbs_sha256, evidence, state, judged_at_ms, void_at_ms) select gen_random_uuid(),"
	    " '" CA
	    "', 'p', 1, decode('40' || lpad(to_hex(n), 32, '0'), 'hex'), 0, '', sha256(''), '',"
	    " 'void', 0, 1 from generate_series(1, 100000) n;"
	    "insert into revocation select request, 'void', issuer, 1, serial, 0, 5, '', 1, 1, 1, 1,"
	    " 9000000000 from intent");
	const int64_t before_us = cs_mono_us();
	const struct record_list *list = load(f, &one, crls_key(CA, 0), "clock.crl-due")->list;
	const int64_t took_us = cs_mono_us() - before_us;

	db_rollback(f->db);
	assert_int_equal(list->n_listed, 100000);
	for (size_t i = 1; i < list->n_listed; i++)
		assert_true(
		    pki_crl_compare(list->listed[i - 1].serial, list->listed[i].serial) < 0);
	if (took_us > 10 * 1000000) /* half a second on an idle machine */
		fail_msg("took %lld us", (long long)took_us);
	print_message("loaded in %lld ms\n", (long long)took_us / 1000);
}

/* Whoever puts an older trust table into place stops judgements, not lists. */
static void
lists_go_on_when_nothing_may_be_judged(void **state)
{
	struct fixture *f = *state;
	struct cs_err err = { 0 };
	struct one one;

	script(f->db, "update trust_seen set version = 99");
	assert_int_equal(
	    begin(f, &one, f->db, id(1), "request.revocation-asked", NULL, &err), CS_UNAVAILABLE);
	db_rollback(f->db);
	make(f, 0, 10, NOW / 1000, cs_span_str("der"));
	assert_int_equal(number(f, "select count(*) from crl"), 1);
}

static const struct record_question *
question(struct fixture *f, struct one *one, const char *subject, const void *ask)
{
	struct cs_err err = { 0 };

	ok(begin(f, one, f->db, id(99), subject, ask, &err), &err);
	const struct record_question *q = ((struct signer_record *)one->aggregate.state)->question;
	assert_non_null(q);
	assert_int_equal(end(one), CS_OK);
	return q;
}

static void
the_newest_lists_are_kept_and_given_in_parts(void **state)
{
	struct fixture *f = *state;
	const size_t size = CRLS_PART + 1000;
	uint8_t *octets = cs_arena_alloc(f->arena, size);
	struct wire_crl_ask ask = { CA, 1, 0, 15 };
	struct one one;

	for (size_t i = 0; i < size; i++)
		octets[i] = (uint8_t)(i * 7 >> 3);
	for (int64_t n = 10; n < 16; n++)
		make(f, 1, n, NOW / 1000 + n, cs_span_of(octets, size));
	assert_int_equal(number(f, "select count(*) from crl"), 3);
	assert_int_equal(number(f, "select min(number) from crl"), 13);
	const struct record_question *q = question(f, &one, "ask.signer.crls", NULL);
	assert_int_equal(q->n_crls, 1);
	assert_string_equal(q->crls[0].issuer, CA);
	assert_int_equal(q->crls[0].partition, 1);
	assert_int_equal(q->crls[0].number, 15);
	assert_int_equal(q->crls[0].size, size);
	assert_int_equal(q->crls[0].this_update_ms, (NOW / 1000 + 15) * 1000);
	q = question(f, &one, "ask.signer.crl", &ask);
	assert_true(q->here);
	assert_int_equal(q->size, size);
	assert_true(cs_span_equal(q->part, cs_span_of(octets, CRLS_PART)));
	ask.offset = CRLS_PART;
	q = question(f, &one, "ask.signer.crl", &ask);
	assert_true(cs_span_equal(q->part, cs_span_of(octets + CRLS_PART, 1000)));
	ask.offset = (uint32_t)size + 5;
	q = question(f, &one, "ask.signer.crl", &ask);
	assert_true(q->here && q->part.len == 0);
	ask.number = 12;
	q = question(f, &one, "ask.signer.crl", &ask);
	assert_false(q->here);
	assert_int_equal(number(f, "select count(*) from request where request = "
				   "'63636363-6363-6363-6363-636363636363'"),
	    0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_revocation_is_loaded_again, clear),
		cmocka_unit_test_setup(a_reason_becomes_worse_and_never_better, clear),
		cmocka_unit_test_setup(other_certificates_of_a_blocked_key_are_due, clear),
		cmocka_unit_test_setup(
		    keys_that_were_blocked_long_ago_are_looked_at_now_and_then, clear),
		cmocka_unit_test_setup(reminders_are_due_once_at_each_step, clear),
		cmocka_unit_test_setup(what_was_renewed_or_revoked_is_not_due, clear),
		cmocka_unit_test_setup(every_list_is_due_until_it_is_made, clear),
		cmocka_unit_test_setup(a_change_makes_its_two_lists_due, clear),
		cmocka_unit_test_setup(an_entry_is_loaded_until_it_was_listed_after_its_end, clear),
		cmocka_unit_test_setup(a_hundred_thousand_entries_are_loaded_within_seconds, clear),
		cmocka_unit_test_setup(two_replicas_never_take_one_number, clear),
		cmocka_unit_test_setup(the_newest_lists_are_kept_and_given_in_parts, clear),
		cmocka_unit_test_setup(
		    lists_go_on_when_nothing_may_be_judged, clear), /* the last */
	};

	return cmocka_run_group_tests_name("revoke store", tests, setup, teardown);
}
