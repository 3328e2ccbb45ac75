/* SPDX-License-Identifier: Apache-2.0 */
/*
 * it_people.c: questions about people, octets in and octets out, against a real PostgreSQL at CS_DATABASE_URL,
 * in a schema of its own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../handler.h"
#include "../store.h"
#include "base/text.h"
#include "db/tests/it_db.h"
#include "pki/hash.h"
#include "proto/ask.pb-c.h"
#include "svc/svc_test.h"

#define NOW INT64_C(1795437296789)
#define ROOT "root-token"   /* of the file: an administrator of the platform */
#define PLAIN "plain-token" /* of the file: no role is written there */
#define SEVERAL "sev-token" /* of the file: an operator and auditor */
#define ALICE "alice-token" /* of the table */
#define BOB "bob-token"
#define LEN(array) (sizeof(array) / sizeof((array)[0]))

struct fixture {
	struct policy_service policy; /* first: the store is given it as `self` */
	struct svc_service service;
	struct svc_test *test;
	struct cs_arena *arena;
	struct db *db;
	int64_t now_ms;
	char ids[256][8];
	size_t n;
};

/* ---- the service around a real store ---- */

static enum cs_code
load(struct svc_batch *batch, struct cs_err *err)
{
	const struct fixture *f = batch->self;

	batch->db = f->db;
	if (db_begin(f->db, err) || store_load_cases(batch, err)) {
		db_rollback(f->db);
		return err->code;
	}
	return CS_OK;
}

static enum cs_code
save(struct svc_batch *batch, struct cs_err *err)
{
	if (store_save_cases(batch, err) || db_commit(batch->db, err)) {
		db_rollback(batch->db);
		return err->code;
	}
	return CS_OK;
}

static const char *
digest_of(struct fixture *f, const char *token)
{
	uint8_t digest[PKI_SHA256];

	pki_sha256(cs_span_str(token), digest);
	return cs_hex(f->arena, cs_span_of(digest, sizeof(digest)));
}

static void
load_file(struct fixture *f, const char *text)
{
	char path[] = "/tmp/it-people-XXXXXX";
	struct cs_err err = { 0 };
	const int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	(void)close(fd);
	ok(tokens_load(path, f->arena, &f->policy.tokens, &err), &err);
	(void)unlink(path);
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

#define PERSON(name, spec)                                                                        \
	"insert into document values ('person', 'demo', '" name "', gen_random_uuid(), 1, '" spec \
	"', 1, 'platform/root');"

static int
setup(void **state)
{
	static const char *const files[] = { "0001_policy", "0003_sweep", "0004_identity",
		"0005_document", "0006_people" };
	struct fixture *f = calloc(1, sizeof(*f));

	f->arena = cs_arena_new();
	f->db = open_db("drop schema if exists it_people cascade; create schema it_people;"
			"set search_path = it_people;");
	for (size_t i = 0; i < LEN(files); i++)
		migrate(f->db, cs_arena_printf(f->arena, "services/policy/sql/%s.sql", files[i]));
	script(f, "insert into document values ('enterprise', 'demo', 'demo', gen_random_uuid(), 1,"
		  " '{\"active\": true}', 1, 'platform/root');" PERSON(
		      "alice", "{\"active\": true, \"roles\": [\"user\", \"operator\"]}")
		      PERSON("bob", "{\"active\": true}"));
	load_file(f, cs_arena_printf(f->arena,
			 "# who begins\n%s platform root administrator\n%s demo plain\n"
			 "%s demo several operator auditor # both\n",
			 digest_of(f, ROOT), digest_of(f, PLAIN), digest_of(f, SEVERAL)));
	f->service = (struct svc_service){
		.name = "policy",
		.mode = SVC_BATCH,
		.self = f,
		.routes = policy_routes,
		.load = load,
		.save = save,
	};
	f->now_ms = NOW;
	f->test = svc_test_new(&f->service, NOW);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	script(f, "drop schema it_people cascade");
	svc_test_free(f->test);
	db_close(f->db);
	cs_arena_free(f->arena);
	free(f);
	return 0;
}

/* ---- asking ---- */

static struct svc_test_event
event(struct fixture *f, const char *subject, const ProtobufCMessage *m)
{
	const size_t len = protobuf_c_message_get_packed_size(m);
	uint8_t *octets = CS_NEW_ARRAY(f->arena, len + 1, uint8_t);

	cs_assert(f->n < LEN(f->ids));
	(void)protobuf_c_message_pack(m, octets);
	(void)snprintf(f->ids[f->n], sizeof(f->ids[0]), "e%zu", f->n);
	return (struct svc_test_event){
		.id = f->ids[f->n++], .subject = subject, .body = cs_span_of(octets, len)
	};
}

static void *
answer(
    struct fixture *f, const struct svc_test_event *asked, const ProtobufCMessageDescriptor *type)
{
	struct cs_span body;
	uint32_t status;

	if (!svc_test_reply(f->test, asked->id, &status, &body))
		fail_msg("%s: no answer", asked->subject);
	void *m = protobuf_c_message_unpack(type, NULL, body.len, body.data);

	assert_non_null(m);
	return m;
}

static void *
run_one(
    struct fixture *f, const struct svc_test_event *asked, const ProtobufCMessageDescriptor *type)
{
	svc_test_set_time(f->test, f->now_ms);
	svc_test_run(f->test, asked, 1);
	return answer(f, asked, type);
}

/* "demo/alice user,operator requests:read api-token 0"; "unknown". */
static const char *
who_text(struct fixture *f, Countersign__V1__WhoAnswer *a)
{
	struct cs_buf text = cs_buf_new(f->arena);

	if (strcmp(a->result, "known") != 0) {
		assert_int_equal(strlen(a->enterprise) + strlen(a->credential) + a->n_roles, 0);
		cs_buf_printf(&text, "%s", a->result);
	} else {
		cs_buf_printf(&text, "%s/%s ", a->enterprise, a->account);
		for (size_t i = 0; i < a->n_roles; i++)
			cs_buf_printf(&text, "%s%s", i > 0 ? "," : "", a->roles[i]);
		for (size_t i = 0; i < a->n_scopes; i++)
			cs_buf_printf(&text, "%s%s", i > 0 ? "," : " ", a->scopes[i]);
		cs_buf_printf(&text, " %s %lld", a->factor, (long long)a->ends_at_ms);
	}
	countersign__v1__who_answer__free_unpacked(a, NULL);
	return (const char *)cs_buf_span(&text).data;
}

static struct svc_test_event
who_event(struct fixture *f, const char *token)
{
	Countersign__V1__WhoAsk m = COUNTERSIGN__V1__WHO_ASK__INIT;
	uint8_t digest[PKI_SHA256];
	char source[] = "192.0.2.7";

	pki_sha256(cs_span_str(token), digest);
	m.token_sha256 = (ProtobufCBinaryData){ sizeof(digest), digest };
	m.source = source;
	return event(f, "ask.policy.who", &m.base);
}

static const char *
who(struct fixture *f, const char *token)
{
	const struct svc_test_event asked = who_event(f, token);

	return who_text(f, run_one(f, &asked, &countersign__v1__who_answer__descriptor));
}

/* A credential in the table: an API token without an end may read and write requests. */
static void
give(struct fixture *f, const char *account, const char *token, const char *kind, int64_t ends_ms)
{
	struct cs_err err = { 0 };
	char id[CS_ID_TEXT];

	cs_id_format(people_id("demo", account), id);
	const char *sql = cs_arena_printf(f->arena,
	    "insert into login (id, enterprise, account) values ('%s', 'demo', '%s') on conflict do nothing;"
	    "insert into credential values (gen_random_uuid(), '%s', '%s', decode('%s', 'hex'), 'laptop',"
	    " %u, %lld, 'demo/op', %lld, 0)",
	    id, account, id, kind, digest_of(f, token),
	    (unsigned)(PEOPLE_REQUESTS_READ | PEOPLE_REQUESTS_WRITE), (long long)NOW,
	    (long long)ends_ms);

	ok(db_script(f->db, sql, &err), &err);
}

/* ---- who asks ---- */

static void
a_token_of_the_file_needs_no_person(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(who(f, ROOT), "platform/root administrator * api-token 0");
	assert_string_equal(who(f, PLAIN), "demo/plain user * api-token 0");
	assert_string_equal(who(f, SEVERAL), "demo/several operator,auditor * api-token 0");
	assert_string_equal(who(f, "root-tokem"), "unknown");
	assert_int_equal(count(f, "select count(*) from login"), 0);
}

static void
a_token_of_the_table_is_its_person_s_with_roles_and_scopes(void **state)
{
	struct fixture *f = *state;

	give(f, "alice", ALICE, "api-token", 0);
	give(f, "bob", BOB, "api-token", NOW + 1);
	assert_string_equal(
	    who(f, ALICE), "demo/alice user,operator requests:read,requests:write api-token 0");
	assert_string_equal(
	    who(f, BOB), "demo/bob user requests:read,requests:write api-token 1795437296790");
	f->now_ms = NOW + 1;
	assert_string_equal(who(f, BOB), "unknown");
}

static void
questions_of_one_batch_are_answered_each(void **state)
{
	struct fixture *f = *state;

	give(f, "alice", ALICE, "api-token", 0);
	give(f, "bob", BOB, "session", NOW + 2 * PEOPLE_IDLE_MS);
	const struct svc_test_event asked[] = { who_event(f, ALICE), who_event(f, "nobody"),
		who_event(f, ROOT), who_event(f, BOB), who_event(f, ALICE) };
	static const char *const wants[] = { "demo/alice ", "unknown", "platform/root ",
		"demo/bob ", "demo/alice " };

	svc_test_run(f->test, asked, LEN(asked));
	for (size_t i = 0; i < LEN(asked); i++) {
		const char *got =
		    who_text(f, answer(f, &asked[i], &countersign__v1__who_answer__descriptor));

		if (strncmp(got, wants[i], strlen(wants[i])) != 0)
			fail_msg("question %zu: got %s, want %s", i, got, wants[i]);
	}
}

static void
whoever_is_not_active_is_nobody(void **state)
{
	static const struct {
		const char *name, *change, *back;
	} cases[] = {
		{ "the person is not active",
		    "update document set spec = '{\"active\": false}' where name = 'alice'",
		    "update document set spec = '{\"active\": true}' where name = 'alice'" },
		{ "the enterprise is not active",
		    "update document set spec = '{\"active\": false}' where name = 'demo'",
		    "update document set spec = '{\"active\": true}' where name = 'demo'" },
		{ "active is no truth value",
		    "update document set spec = '{\"active\": \"true\"}' where name = 'alice'",
		    "update document set spec = '{\"active\": true}' where name = 'alice'" },
		{ "there is no such enterprise",
		    "update document set name = 'demi' where name = 'demo'",
		    "update document set name = 'demo' where name = 'demi'" },
	};
	struct fixture *f = *state;

	give(f, "alice", ALICE, "api-token", 0);
	for (size_t i = 0; i < LEN(cases); i++) {
		script(f, cases[i].change);
		if (strcmp(who(f, ALICE), "unknown") != 0)
			fail_msg("%s: known all the same", cases[i].name);
		script(f, cases[i].back);
		if (strncmp(who(f, ALICE), "demo/alice ", 11) != 0)
			fail_msg("%s: not known afterwards", cases[i].name);
	}
}

static void
a_new_person_of_the_same_name_begins_with_nothing(void **state)
{
	struct fixture *f = *state;

	give(f, "alice", ALICE, "api-token", 0);
	script(f, "delete from document where kind = 'person' and name = 'alice';" PERSON(
		      "alice", "{\"active\": true}"));
	assert_string_equal(who(f, ALICE), "unknown");
	assert_int_equal(count(f, "select count(*) from login"), 0);
}

static void
sessions_end_when_a_person_is_no_more_active(void **state)
{
	struct fixture *f = *state;

	give(f, "alice", ALICE, "session", NOW + PEOPLE_SESSION_MS);
	give(f, "bob", BOB, "session", NOW + PEOPLE_SESSION_MS);
	script(f, "update document set spec = '{\"active\": false}' where name = 'alice';"
		  "update document set spec = '{\"active\": true}' where name in ('alice', 'bob')");
	assert_string_equal(who(f, ALICE), "unknown");
	assert_memory_equal(who(f, BOB), "demo/bob ", 9);
}

static void
a_session_ends_after_twelve_hours_or_half_an_hour_unused(void **state)
{
	struct fixture *f = *state;

	give(f, "alice", ALICE, "session", NOW + PEOPLE_SESSION_MS);
	give(f, "bob", BOB, "session", NOW + PEOPLE_SESSION_MS);
	f->now_ms = NOW + PEOPLE_IDLE_MS - 1;
	assert_memory_equal(who(f, ALICE), "demo/alice ", 11);
	f->now_ms = NOW + PEOPLE_IDLE_MS;
	assert_string_equal(who(f, BOB), "unknown");
	for (; f->now_ms < NOW + PEOPLE_SESSION_MS; f->now_ms += PEOPLE_IDLE_MS - PEOPLE_USED_MS)
		if (strncmp(who(f, ALICE), "demo/alice ", 11) != 0)
			fail_msg("ended %lld ms early",
			    (long long)(NOW + PEOPLE_SESSION_MS - f->now_ms));
	f->now_ms = NOW + PEOPLE_SESSION_MS;
	assert_string_equal(who(f, ALICE), "unknown");
}

static void
an_invitation_is_no_token(void **state)
{
	struct fixture *f = *state;

	give(f, "alice", ALICE, "invitation", NOW + CS_DAY_MS);
	assert_string_equal(who(f, ALICE), "unknown");
}

int
main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(a_token_of_the_file_needs_no_person),
		CASE(a_token_of_the_table_is_its_person_s_with_roles_and_scopes),
		CASE(questions_of_one_batch_are_answered_each),
		CASE(whoever_is_not_active_is_nobody),
		CASE(a_new_person_of_the_same_name_begins_with_nothing),
		CASE(sessions_end_when_a_person_is_no_more_active),
		CASE(a_session_ends_after_twelve_hours_or_half_an_hour_unused),
		CASE(an_invitation_is_no_token),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
