/* SPDX-License-Identifier: Apache-2.0 */
/* it_store.c: rows against a real PostgreSQL at CS_DATABASE_URL, in a schema of its own. */
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

#include "base/time.h"
#include "db/tests/it_db.h"
#include "store.h"

#define NOW INT64_C(1795437296789)
#define PATH "set search_path = it_status"

struct fixture {
	struct cs_arena *arena;
	struct db *db, *other;
	struct status_service status;
};

static int
setup(void **state)
{
	static char sql[65536];
	struct fixture *f = calloc(1, sizeof(*f));
	FILE *file = fopen("services/certificate-status/sql/0001_status.sql", "rbe");
	struct cs_err err = { 0 };

	assert_non_null(f);
	if (file == NULL)
		fail_msg("run this from the top of the tree");
	sql[fread(sql, 1, sizeof(sql) - 1, file)] = '\0';
	(void)fclose(file);
	f->arena = cs_arena_new();
	f->status.keep_days = 90;
	f->db = open_db("drop schema if exists it_status cascade; create schema it_status; " PATH);
	ok(db_script(f->db, sql, &err), &err);
	f->other = open_db(PATH);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	struct cs_err err = { 0 };

	ok(db_script(f->db, "drop schema it_status cascade", &err), &err);
	db_close(f->db);
	db_close(f->other);
	cs_arena_free(f->arena);
	free(f);
	return 0;
}

static struct cs_id
id_of(unsigned n)
{
	uint8_t octets[16] = { 0x55, (uint8_t)(n >> 8), (uint8_t)n };

	return cs_id_from_digest(octets);
}

/* Aggregates n to n + count - 1, loaded in a transaction. */
static struct svc_batch *
load(struct fixture *f, struct db *db, unsigned n, unsigned count)
{
	struct svc_batch *batch = CS_NEW(f->arena, struct svc_batch);
	struct cs_err err = { 0 };

	*batch = (struct svc_batch){ .arena = f->arena, .db = db, .now_ms = NOW, .n = count };
	batch->aggregates = CS_NEW_ARRAY(f->arena, count, struct svc_aggregate);
	for (unsigned i = 0; i < count; i++)
		batch->aggregates[i].key = id_of(n + i);
	ok(db_begin(db, &err), &err);
	ok(store_load_rows(batch, &err), &err);
	return batch;
}

static struct status_row *
row_of(const struct svc_batch *batch, unsigned i)
{
	return batch->aggregates[i].state;
}

static void
state_fact(struct svc_batch *batch, unsigned i, struct status_facts facts)
{
	struct status_row *row = row_of(batch, i);

	row->issuer = "issuing-1";
	row->serial = cs_span_of(batch->aggregates[i].key.octets, 16);
	row->facts = facts;
	row->known = row->changed = true;
}

static void
commit(struct svc_batch *batch)
{
	struct cs_err err = { 0 };

	ok(store_save_rows(batch, &err), &err);
	ok(db_commit(batch->db, &err), &err);
}

static struct store_page
page_of(struct fixture *f, struct store_cursor from)
{
	struct cs_span body;
	struct cs_err err = { 0 };
	struct store_page page;
	uint32_t code;

	ok(store_read_page(&f->status, f->db, cs_span_of(&from, sizeof(from)), NULL, f->arena,
	       &code, &body, &err),
	    &err);
	assert_int_equal(body.len, sizeof(page));
	memcpy(&page, body.data, sizeof(page));
	return page;
}

static const struct status_facts issued = { .not_after_ms = NOW + CS_DAY_MS };
static const struct status_facts revoked = { true, 1, NOW, NOW + CS_DAY_MS };

static void
keeps_what_was_said(void **state)
{
	struct fixture *f = *state;
	struct svc_batch *batch = load(f, f->db, 0, 3);

	assert_false(row_of(batch, 1)->known);
	state_fact(batch, 0, issued);
	state_fact(batch, 2, revoked);
	commit(batch);
	batch = load(f, f->db, 0, 3);
	assert_true(row_of(batch, 0)->known && !row_of(batch, 0)->facts.revoked);
	assert_false(row_of(batch, 1)->known);
	assert_int_equal(row_of(batch, 2)->facts.reason, 1);
	assert_true(row_of(batch, 2)->facts.revoked_at_ms == NOW);
	assert_int_equal(row_of(batch, 2)->serial.len, 16);
	state_fact(batch, 0, revoked);
	commit(batch);
	batch = load(f, f->db, 0, 1);
	assert_true(row_of(batch, 0)->facts.revoked);
	assert_int_equal(row_of(batch, 0)->version, 2);
	db_rollback(f->db);
}

static void
two_who_heard_of_a_new_one_do_not_both_write(void **state)
{
	struct fixture *f = *state;
	struct svc_batch *one = load(f, f->db, 100, 1), *two = load(f, f->other, 100, 1);
	struct cs_err err = { 0 };

	state_fact(one, 0, issued);
	state_fact(two, 0, revoked);
	commit(one);
	enum cs_code code = store_save_rows(two, &err);
	if (code == CS_OK)
		code = db_commit(f->other, &err);
	assert_int_equal(code, CS_CONFLICT);
	db_rollback(f->other);
}

/* The slow transaction began first and commits last: a pass that began meanwhile does not lose it. */
static void
nothing_is_passed_over(void **state)
{
	struct fixture *f = *state;
	struct svc_batch *slow = load(f, f->other, 200, 1);
	struct cs_err err = { 0 };

	state_fact(slow, 0, issued);
	ok(store_save_rows(slow, &err), &err);
	ok(db_settle(f->other, &err), &err); /* it has its number now */
	struct svc_batch *fast = load(f, f->db, 201, 1);
	state_fact(fast, 0, issued);
	commit(fast);
	struct store_page first = page_of(f, (struct store_cursor){ 0 });
	assert_false(first.more);
	const size_t n = first.n;
	ok(db_commit(f->other, &err), &err);
	const struct store_page next = page_of(f, (struct store_cursor){ .changed = first.oldest });
	bool found = false;
	for (size_t i = 0; i < next.n; i++)
		found |=
		    cs_span_equal(next.certificates[i].serial, cs_span_of(id_of(200).octets, 16));
	assert_true(found);
	assert_true(page_of(f, (struct store_cursor){ 0 }).n == n + 1);
	/* Nothing more is written: a later pass reads nothing. */
	const struct store_page last = page_of(f, (struct store_cursor){ .changed = next.oldest });
	assert_int_equal(page_of(f, (struct store_cursor){ .changed = last.oldest }).n, 0);
}

static void
many_come_in_pages(void **state)
{
	struct fixture *f = *state;
	struct store_cursor from = { 0 };
	struct cs_err err = { 0 };
	size_t pages = 0, seen = 0;

	ok(db_script(f->db,
	       "insert into certificate select gen_random_uuid(), 'issuing-1',"
	       " decode(lpad(to_hex(i), 8, '41'), 'hex'), i % 2 = 0, 0, 0, 0, 1,"
	       " pg_current_xact_id()::text::bigint from generate_series(1, 12000) as s(i)",
	       &err),
	    &err);
	for (struct store_page page = { .more = true }; page.more; pages++) {
		page = page_of(f, from);
		seen += page.n;
		from = page.next;
	}
	assert_int_equal(pages, 3);
	assert_true(seen >= 12000);
	ok(db_script(f->db, "delete from certificate where not_after_ms = 0", &err), &err);
}

static void
the_newer_crl_stays(void **state)
{
	struct fixture *f = *state;
	const struct cs_id key = status_crl_key("issuing-1", 2);
	static const struct {
		int64_t number, want;
		const char *octets;
	} steps[] = { { 5, 5, "five" }, { 4, 5, "four" }, { 6, 6, "six" } };

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct svc_batch *batch = load(f, f->db, 300, 1);
		struct status_row *row = row_of(batch, 0);

		batch->aggregates[0].key = key;
		row->issuer = "issuing-1";
		row->partition = 2;
		row->number = steps[i].number;
		row->octets = cs_span_str(steps[i].octets);
		row->changed = true;
		commit(batch);
		const struct store_page page = page_of(f, (struct store_cursor){ 0 });
		assert_int_equal(page.n_crls, 1);
		assert_int_equal(page.crls[0].partition, 2);
		assert_true(page.crls[0].number == steps[i].want);
	}
	struct cs_span octets;
	struct cs_err err = { 0 };
	uint32_t code;
	ok(store_read_crl(&f->status, f->db, cs_span_of(&key, sizeof(key)), NULL, f->arena, &code,
	       &octets, &err),
	    &err);
	assert_true(code == 200 && cs_span_is(octets, "six"));
}

static void
what_has_ended_is_forgotten_after_its_days(void **state)
{
	struct fixture *f = *state;
	struct svc_batch *batch = load(f, f->db, 400, 2);
	struct status_facts facts = issued;
	struct cs_err err = { 0 };
	bool more = true;

	facts.not_after_ms = NOW - 90 * CS_DAY_MS;
	state_fact(batch, 0, facts);
	facts.not_after_ms++;
	state_fact(batch, 1, facts);
	commit(batch);
	ok(store_sweep_certificates(&f->status, f->db, NOW, f->arena, &more, &err), &err);
	assert_false(more);
	batch = load(f, f->db, 400, 2);
	assert_false(row_of(batch, 0)->known);
	assert_true(row_of(batch, 1)->known);
	db_rollback(f->db);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_what_was_said),
		cmocka_unit_test(two_who_heard_of_a_new_one_do_not_both_write),
		cmocka_unit_test(nothing_is_passed_over),
		cmocka_unit_test(many_come_in_pages),
		cmocka_unit_test(the_newer_crl_stays),
		cmocka_unit_test(what_has_ended_is_forgotten_after_its_days),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
