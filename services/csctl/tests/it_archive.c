/* SPDX-License-Identifier: Apache-2.0 */
/*
 * it_archive.c: the outboxes of all services as one story, and who may read them, in a real PostgreSQL
 * at CS_DATABASE_URL; its schemas are made by `csctl migrate` itself.
 */
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

#include "../archive.h"
#include "../csctl.h"
#include "db/db.h"

#define HOUR INT64_C(3600000)
#define NOW INT64_C(1795437296789)
#define LEN(array) (sizeof(array) / sizeof((array)[0]))

struct fixture {
	struct cs_arena *arena;
	struct db *owner, *observer;
};

static void
ok(enum cs_code code, const struct cs_err *err)
{
	if (code != CS_OK)
		fail_msg("%s: %s", cs_code_name(code), err->text);
}

static void
sql(struct fixture *f, const char *text)
{
	struct cs_err err = { 0 };

	ok(db_script(f->owner, text, &err), &err);
}

static struct db *
open_db(const char *url)
{
	struct cs_err err = { 0 };
	struct db *db;

	ok(db_open(url, "it_archive", &db, &err), &err);
	return db;
}

/* The cluster of these tests trusts every role that is named. */
static const char *
as_observer(struct cs_arena *arena, const char *url)
{
	const char *at = strchr(url, '@');

	assert_non_null(at);
	return cs_arena_printf(arena, "postgresql://countersign_observer%s", at);
}

/* Twice: the second time everything is there. */
static void
migrate(void)
{
	char dir[] = "/tmp/it-archive-XXXXXX", command[128];

	assert_non_null(mkdtemp(dir));
	for (int i = 0; i < 2; i++) {
		char migrate_word[] = "migrate", passwords[] = "--passwords";
		char *argv[] = { migrate_word, passwords, dir };

		assert_int_equal(commands_run(3, argv), DONE);
	}
	(void)snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(system(command), 0);
}

static int
setup_all(void **state)
{
	const char *url = getenv("CS_DATABASE_URL");
	struct fixture *f = calloc(1, sizeof(*f));

	if (url == NULL)
		fail_msg("CS_DATABASE_URL is not set");
	migrate();
	f->arena = cs_arena_new();
	f->owner = open_db(url);
	f->observer = open_db(as_observer(f->arena, url));
	*state = f;
	return 0;
}

static int
teardown_all(void **state)
{
	struct fixture *f = *state;

	db_close(f->owner);
	db_close(f->observer);
	cs_arena_free(f->arena);
	free(f);
	return 0;
}

static int
empty(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < STORE_SCHEMAS; i++)
		sql(f, cs_arena_printf(
			   f->arena, "truncate %s.outbox restart identity", store_schemas[i]));
	return 0;
}

static struct cs_id
request(uint8_t n)
{
	struct cs_id id = { { 0x01, [15] = n } };

	return id;
}

/* `n` rows of a request, the first at `at_ms`, then one each `step_ms`. */
static void
put(struct fixture *f, const char *schema, const char *subject, uint8_t of, int n, int64_t at_ms,
    int64_t step_ms)
{
	char key[CS_ID_TEXT];

	cs_id_format(request(of), key);
	sql(f,
	    cs_arena_printf(f->arena,
		"insert into %s.outbox (id, key, causation, subject, body, created_ms)"
		" select gen_random_uuid(), '%s', '%s', '%s', '\\x01', %lld + (i - 1) * %lld::bigint"
		" from generate_series(1, %d) i",
		schema, key, key, subject, (long long)at_ms, (long long)step_ms, n));
}

/* What an archive has left, as "schema subject" a line; at most `max`.  Returns how many there were. */
static size_t
read_all(struct fixture *f, const struct store_wish *wish, char *ret_story, size_t size)
{
	struct archive_event event;
	struct archive *archive;
	struct cs_err err = { 0 };
	enum cs_code code;
	size_t n = 0, len = 0;
	int64_t last_ms = INT64_MIN;

	ok(archive_open(f->observer, wish, &archive, &err), &err);
	for (; (code = archive_next(archive, &event, &err)) == CS_OK; n++) {
		assert_true(event.created_ms >= last_ms);
		last_ms = event.created_ms;
		if (ret_story != NULL)
			len += (size_t)snprintf(
			    ret_story + len, size - len, "%s %s\n", event.schema, event.subject);
	}
	assert_int_equal(code, CS_NOT_FOUND);
	archive_close(archive);
	return n;
}

static size_t
count(struct fixture *f, const struct store_wish *wish)
{
	return read_all(f, wish, NULL, 0);
}

static const struct store_wish everything = { .until_ms = INT64_MAX };

/* ---- the story ---- */

static void
empty_outboxes_tell_nothing(void **state)
{
	assert_int_equal(count(*state, &everything), 0);
}

static void
services_are_merged_by_time_and_then_in_the_order_of_work(void **state)
{
	struct fixture *f = *state;
	char story[512] = "";

	put(f, "notifier", "notice.sent", 1, 1, NOW + 5, 0);
	put(f, "policy", "plan.final", 1, 1, NOW + 2, 0);
	put(f, "signer", "certificate.issued", 1, 1, NOW + 2, 0);
	put(f, "domain_validator", "evidence.domain", 1, 1, NOW + 1, 0);
	put(f, "mailbox_validator", "evidence.mailbox", 1, 1, NOW + 1, 0);
	put(f, "request_intake", "request.submitted", 1, 1, NOW, 0);
	(void)read_all(f, &everything, story, sizeof(story));
	assert_string_equal(story, "request_intake request.submitted\n"
				   "mailbox_validator evidence.mailbox\n"
				   "domain_validator evidence.domain\n"
				   "policy plan.final\n"
				   "signer certificate.issued\n"
				   "notifier notice.sent\n");
}

static void
a_row_is_told_as_it_is(void **state)
{
	struct fixture *f = *state;
	struct archive_event event;
	struct archive *archive;
	struct cs_err err = { 0 };

	put(f, "policy", "plan.made", 7, 2, NOW, 1);
	ok(archive_open(f->observer, &everything, &archive, &err), &err);
	ok(archive_next(archive, &event, &err), &err);
	ok(archive_next(archive, &event, &err), &err);
	assert_string_equal(event.schema, "policy");
	assert_string_equal(event.subject, "plan.made");
	assert_int_equal(event.seq, 2);
	assert_int_equal(event.created_ms, NOW + 1);
	assert_true(cs_id_equal(event.key, request(7)));
	assert_false(cs_id_is_zero(event.id));
	assert_int_equal(event.body.len, 1);
	archive_close(archive);
}

static void
a_request_is_told_apart(void **state)
{
	struct fixture *f = *state;
	struct cs_id second = request(2), third = request(3);
	struct store_wish wish = { .request = &second, .until_ms = INT64_MAX };

	for (uint8_t of = 1; of <= 2; of++) {
		put(f, "request_intake", "request.submitted", of, 1, NOW, 0);
		put(f, "policy", "plan.made", of, 300, NOW, 1);
	}
	assert_int_equal(count(f, &wish), 301);
	wish.subject = "request.submitted";
	assert_int_equal(count(f, &wish), 1);
	wish = (struct store_wish){ .request = &third, .until_ms = INT64_MAX };
	assert_int_equal(count(f, &wish), 0);
}

static void
lanes_and_types_are_told_apart(void **state)
{
	static const struct {
		const char *subject, *prefix;
		size_t n;
	} cases[] = {
		{ NULL, NULL, 9 },
		{ "plan.made", NULL, 3 },
		{ NULL, "plan.", 5 },
		{ "plan.made", "plan.", 3 },
		{ "plan.made", "evidence.", 0 },
		{ "plan", NULL, 0 },
		{ NULL, "deadletter.", 4 },
	};
	struct fixture *f = *state;

	put(f, "policy", "plan.made", 1, 3, NOW, 1);
	put(f, "policy", "plan.final", 1, 2, NOW + 3, 1);
	put(f, "signer", "deadletter.signer", 1, 4, NOW, 1);
	for (size_t i = 0; i < LEN(cases); i++) {
		const struct store_wish wish = { .subject = cases[i].subject,
			.prefix = cases[i].prefix,
			.until_ms = INT64_MAX };

		if (count(f, &wish) != cases[i].n)
			fail_msg("case %zu", i);
	}
}

/* ---- time ---- */

static void
the_first_instant_counts_and_the_last_does_not(void **state)
{
	static const struct {
		int64_t since_ms, until_ms;
		size_t n;
	} cases[] = {
		{ NOW, INT64_MAX, 3 },
		{ NOW + 1, INT64_MAX, 2 },
		{ 0, NOW + 10, 2 },
		{ 0, NOW + 11, 3 },
		{ NOW + 5, NOW + 6, 1 },
		{ NOW + 6, NOW + 10, 0 },
		{ NOW + 11, INT64_MAX, 0 },
		{ 0, NOW, 0 },
		{ 0, 0, 0 },
	};
	struct fixture *f = *state;
	struct cs_id one = request(1);

	put(f, "policy", "plan.made", 1, 3, NOW, 5);
	for (size_t i = 0; i < LEN(cases); i++) {
		struct store_wish wish = { .since_ms = cases[i].since_ms,
			.until_ms = cases[i].until_ms };

		if (count(f, &wish) != cases[i].n)
			fail_msg("case %zu", i);
		wish.request = &one;
		if (count(f, &wish) != cases[i].n)
			fail_msg("case %zu of a request", i);
	}
}

/* Weeks of rows with holes: the start is sought, not read up to. */
static void
a_start_long_ago_is_found_among_holes(void **state)
{
	struct fixture *f = *state;

	put(f, "policy", "plan.made", 1, 3000, NOW, HOUR / 4);
	put(f, "signer", "certificate.issued", 1, 10, NOW, HOUR / 4);
	sql(f, "delete from policy.outbox where seq % 3 = 0 or seq between 1000 and 1999");
	for (int64_t first = 1; first <= 3001; first += 250) {
		struct store_wish wish = { .since_ms = NOW + (first - 1) * (HOUR / 4),
			.until_ms = INT64_MAX };
		size_t want = 0;

		for (int64_t seq = first; seq <= 3000; seq++)
			want += seq % 3 != 0 && (seq < 1000 || seq > 1999);
		want += first <= 10 ? (size_t)(11 - first) : 0;
		if (count(f, &wish) != want)
			fail_msg("from row %lld", (long long)first);
	}
}

/* A replica's clock was behind, or it took its number early and committed late. */
static void
rows_out_of_order_within_the_slack_are_found(void **state)
{
	struct fixture *f = *state;
	const struct store_wish late = { .since_ms = NOW + 100 * HOUR, .until_ms = INT64_MAX };
	const struct store_wish early = { .until_ms = NOW + 100 * HOUR };
	struct archive *archive;
	struct archive_event event;
	struct cs_err err = { 0 };
	size_t n = 0;

	put(f, "policy", "plan.made", 1, 300, NOW, HOUR / 3); /* the last at NOW + 99:40 */
	put(f, "policy", "plan.final", 1, 1, NOW + 100 * HOUR, 0);
	put(f, "policy", "plan.made", 1, 300, NOW + 100 * HOUR - HOUR / 2, 0);
	put(f, "policy", "plan.final", 1, 1, NOW + 101 * HOUR, 0);
	assert_int_equal(count(f, &late), 2);
	ok(archive_open(f->observer, &early, &archive, &err), &err);
	while (archive_next(archive, &event, &err) == CS_OK)
		n++;
	assert_int_equal(err.code, CS_NOT_FOUND);
	archive_close(archive);
	assert_int_equal(n, 600);
}

/* ---- pages ---- */

static void
pages_lose_and_double_nothing(void **state)
{
	static const int sizes[] = { 1, 255, 256, 257, 512, 513, 1000 };
	struct fixture *f = *state;

	for (size_t i = 0; i < LEN(sizes); i++) {
		(void)empty(state);
		put(f, "policy", "plan.made", 1, sizes[i], NOW, 2);
		put(f, "signer", "certificate.issued", 1, sizes[i], NOW + 1, 2);
		assert_int_equal(count(f, &everything), 2 * sizes[i]);
	}
}

static void
what_is_wanted_may_lie_behind_pages_of_what_is_not(void **state)
{
	struct fixture *f = *state;
	const struct store_wish wish = { .subject = "plan.final", .until_ms = INT64_MAX };

	put(f, "policy", "plan.made", 1, 1024, NOW, 1);
	put(f, "policy", "plan.final", 1, 1, NOW + 2000, 0);
	assert_int_equal(count(f, &wish), 1);
}

static void
who_publishes_meanwhile_is_not_followed(void **state)
{
	struct fixture *f = *state;
	struct archive_event event;
	struct archive *archive;
	struct cs_err err = { 0 };
	size_t n = 0;

	put(f, "policy", "plan.made", 1, 300, NOW, 1);
	ok(archive_open(f->observer, &everything, &archive, &err), &err);
	ok(archive_next(archive, &event, &err), &err);
	put(f, "policy", "plan.made", 1, 300, NOW + 300, 1);
	for (n = 1; archive_next(archive, &event, &err) == CS_OK; n++)
		continue;
	assert_int_equal(err.code, CS_NOT_FOUND);
	assert_int_equal(n, 300);
	archive_close(archive);
}

/* ---- who may read ---- */

static enum cs_code
observe(struct fixture *f, const char *text, struct cs_err *err)
{
	return db_script(f->observer, text, err);
}

/* The audit log, and what it is about. */
static bool
is_audited(const char *table)
{
	static const char *const tables[] = { "signer.audit", "signer.audit_head",
		"signer.audit_tree_head", "signer.request", "signer.final_plan", "signer.evidence",
		"signer.intent", "signer.certificate", "signer.revocation",
		"signer.revocation_statement", "signer.crl", "signer.crl_list", "signer.key_owner",
		"signer.blocked_key" };

	for (size_t i = 0; i < LEN(tables); i++)
		if (strcmp(tables[i], table) == 0)
			return true;
	return false;
}

static void
the_observer_sees_what_it_may_and_no_other_table(void **state)
{
	static const char tables_sql[] =
	    "select schemaname || '.' || tablename from pg_tables where schemaname = any"
	    " ('{request_intake,policy,mailbox_validator,domain_validator,signer,notifier,"
	    "certificate_status,csctl}')";
	struct fixture *f = *state;
	struct db_rows *rows;
	struct cs_err err = { 0 };
	size_t seen = 0, answers = 0, audited = 0;

	ok(db_query(f->owner, f->arena, tables_sql, NULL, 0, &rows, &err), &err);
	for (size_t i = 0; i < db_rows_count(rows); i++) {
		const char *table = db_get_text(rows, i, 0);
		enum cs_code code =
		    observe(f, cs_arena_printf(f->arena, "select 1 from %s", table), &err);
		bool is_outbox = strcmp(strchr(table, '.'), ".outbox") == 0;
		bool is_answer = strcmp(strchr(table, '.'), ".answer") == 0;

		seen += is_outbox;
		answers += is_answer;
		audited += is_audited(table);
		if ((code == CS_OK) != (is_outbox || is_answer || is_audited(table)))
			fail_msg("%s: %s", table, code == CS_OK ? "is seen" : err.text);
	}
	assert_int_equal(seen, STORE_SCHEMAS);
	assert_int_equal(answers, 2); /* domain-validator's and mailbox-validator's */
	assert_int_equal(audited, 14);
	assert_true(db_rows_count(rows) > 5 * STORE_SCHEMAS);
}

static void
the_observer_changes_nothing(void **state)
{
	static const char *const changes[] = {
		"delete from policy.outbox",
		"update policy.outbox set subject = 'plan.final'",
		("insert into policy.outbox (id, key, causation, subject, body, created_ms)"
		 " values (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'x', '', 1)"),
		"truncate policy.outbox",
		"drop table policy.outbox",
		"select 1 from policy.outbox for update",
		"create table policy.mine (n integer)",
		"create schema mine",
		"alter role policy password 'mine'",
		"set role policy",
	};
	struct fixture *f = *state;
	struct cs_err err = { 0 };

	put(f, "policy", "plan.made", 1, 1, NOW, 0);
	for (size_t i = 0; i < LEN(changes); i++)
		if (observe(f, changes[i], &err) == CS_OK)
			fail_msg("%s", changes[i]);
	assert_int_equal(count(f, &everything), 1);
}

/* The command itself makes the connection read-only, also the owner's. */
static void
a_connection_that_was_made_read_only_changes_nothing(void **state)
{
	struct fixture *f = *state;
	struct db *db = open_db(getenv("CS_DATABASE_URL"));
	struct cs_err err = { 0 };

	put(f, "policy", "plan.made", 1, 1, NOW, 0);
	ok(store_read_only(db, &err), &err);
	assert_int_not_equal(db_script(db, "delete from policy.outbox", &err), CS_OK);
	db_close(db);
	assert_int_equal(count(f, &everything), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(empty_outboxes_tell_nothing, empty),
		cmocka_unit_test_setup(
		    services_are_merged_by_time_and_then_in_the_order_of_work, empty),
		cmocka_unit_test_setup(a_row_is_told_as_it_is, empty),
		cmocka_unit_test_setup(a_request_is_told_apart, empty),
		cmocka_unit_test_setup(lanes_and_types_are_told_apart, empty),
		cmocka_unit_test_setup(the_first_instant_counts_and_the_last_does_not, empty),
		cmocka_unit_test_setup(a_start_long_ago_is_found_among_holes, empty),
		cmocka_unit_test_setup(rows_out_of_order_within_the_slack_are_found, empty),
		cmocka_unit_test_setup(pages_lose_and_double_nothing, empty),
		cmocka_unit_test_setup(what_is_wanted_may_lie_behind_pages_of_what_is_not, empty),
		cmocka_unit_test_setup(who_publishes_meanwhile_is_not_followed, empty),
		cmocka_unit_test_setup(the_observer_sees_what_it_may_and_no_other_table, empty),
		cmocka_unit_test_setup(the_observer_changes_nothing, empty),
		cmocka_unit_test_setup(a_connection_that_was_made_read_only_changes_nothing, empty),
	};

	return cmocka_run_group_tests(tests, setup_all, teardown_all);
}
