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
	const char *steal; /* what another replica does between a load and its save, once */
	int64_t now_ms;
	char ids[4096][8];
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
	struct fixture *f = (struct fixture *)batch->self;

	if (f->steal != NULL) {
		struct db *other = open_db("set search_path = it_people;");

		ok(db_script(other, f->steal, err), err);
		db_close(other);
		f->steal = NULL;
	}
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
		.share = policy_share,
		.decided = policy_decided,
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

/* ---- coming in ---- */

#define HOME "192.0.2.7"
#define ELSEWHERE "198.51.100.1"
#define INVITATION "csi_invitation"
#define RIGHT 0x11 /* the octet that the right proof is made of */
#define OTHER 0x22

static char *
text(struct fixture *f, const char *t)
{
	return cs_arena_strdup(f->arena, t);
}

static ProtobufCBinaryData
octets(struct fixture *f, uint8_t octet, size_t len)
{
	uint8_t *made = CS_NEW_ARRAY(f->arena, len, uint8_t);

	memset(made, octet, len);
	return (ProtobufCBinaryData){ len, made };
}

static Countersign__V1__SaltAnswer *
salt(struct fixture *f, const char *account, const char *invitation)
{
	Countersign__V1__SaltAsk m = COUNTERSIGN__V1__SALT_ASK__INIT;

	m.enterprise = text(f, account[0] != '\0' ? "demo" : "");
	m.account = text(f, account);
	m.invitation = text(f, invitation);
	const struct svc_test_event asked = event(f, "ask.policy.salt", &m.base);

	return run_one(f, &asked, &countersign__v1__salt_answer__descriptor);
}

static struct svc_test_event
login_event(struct fixture *f, const char *account, uint8_t proof, const char *source)
{
	Countersign__V1__LoginAsk m = COUNTERSIGN__V1__LOGIN_ASK__INIT;

	m.enterprise = text(f, "demo");
	m.account = text(f, account);
	m.proof = octets(f, proof, PEOPLE_PROOF);
	m.source = text(f, source);
	m.factor = text(f, "password");
	return event(f, "ask.policy.login", &m.base);
}

/* The session's token; "wrong"; "locked 1000" with the ms that are to be waited. */
static const char *
login_text(struct fixture *f, Countersign__V1__LoginAnswer *a)
{
	const char *got = text(f, a->result);

	if (strcmp(a->result, "welcome") == 0)
		got = text(f, a->token);
	else
		assert_string_equal(a->token, "");
	if (strcmp(a->result, "locked") == 0)
		got = cs_arena_printf(
		    f->arena, "locked %lld", (long long)(a->retry_at_ms - f->now_ms));
	countersign__v1__login_answer__free_unpacked(a, NULL);
	return got;
}

static const char *
login(struct fixture *f, const char *account, uint8_t proof, const char *source)
{
	const struct svc_test_event asked = login_event(f, account, proof, source);

	return login_text(f, run_one(f, &asked, &countersign__v1__login_answer__descriptor));
}

static struct svc_test_event
password_event(
    struct fixture *f, const char *token, const char *invitation, uint8_t old, uint8_t new)
{
	Countersign__V1__PasswordAsk m = COUNTERSIGN__V1__PASSWORD_ASK__INIT;

	m.token = text(f, token);
	m.invitation = text(f, invitation);
	if (token[0] != '\0')
		m.old_proof = octets(f, old, PEOPLE_PROOF);
	m.salt = octets(f, 0x5a, PEOPLE_SALT);
	m.passes = PEOPLE_PASSES;
	m.memory_kib = PEOPLE_MEMORY_KIB;
	m.lanes = PEOPLE_LANES;
	m.proof = octets(f, new, PEOPLE_PROOF);
	m.source = text(f, HOME);
	return event(f, "ask.policy.password", &m.base);
}

static const char *
password_text(struct fixture *f, Countersign__V1__PasswordAnswer *a)
{
	const char *got = text(f, a->result);

	assert_true(a->text[0] != '\0');
	countersign__v1__password_answer__free_unpacked(a, NULL);
	return got;
}

static const char *
password(struct fixture *f, const char *token, const char *invitation, uint8_t old, uint8_t new)
{
	const struct svc_test_event asked = password_event(f, token, invitation, old, new);

	return password_text(f, run_one(f, &asked, &countersign__v1__password_answer__descriptor));
}

static const char *
logout(struct fixture *f, const char *token)
{
	Countersign__V1__LogoutAsk m = COUNTERSIGN__V1__LOGOUT_ASK__INIT;

	m.token = text(f, token);
	const struct svc_test_event asked = event(f, "ask.policy.logout", &m.base);
	Countersign__V1__LogoutAnswer *a =
	    run_one(f, &asked, &countersign__v1__logout_answer__descriptor);
	const char *got = text(f, a->result);

	countersign__v1__logout_answer__free_unpacked(a, NULL);
	return got;
}

/* Alice has a password: RIGHT is its proof. */
static void
let_alice_in(struct fixture *f)
{
	give(f, "alice", INVITATION, "invitation", NOW + CS_DAY_MS);
	assert_string_equal(password(f, "", INVITATION, 0, RIGHT), "changed");
}

static bool
is_token(const char *text)
{
	return strncmp(text, "css_", 4) == 0 && strlen(text) == 47;
}

static void
an_invitation_makes_a_password_and_a_password_a_session(void **state)
{
	struct fixture *f = *state;

	let_alice_in(f);
	const char *token = login(f, "alice", RIGHT, HOME);

	assert_true(is_token(token));
	assert_string_equal(
	    who(f, token), cs_arena_printf(f->arena, "demo/alice user,operator * password %lld",
			       (long long)(NOW + PEOPLE_IDLE_MS)));
	assert_string_equal(login(f, "alice", OTHER, HOME), "wrong");
	assert_string_equal(login(f, "bob", RIGHT, HOME), "wrong");
	assert_string_equal(login(f, "nobody", RIGHT, HOME), "wrong");
	assert_string_not_equal(login(f, "alice", RIGHT, HOME), token);
	assert_string_equal(logout(f, token), "ended");
	assert_string_equal(logout(f, token), "unknown");
	assert_string_equal(who(f, token), "unknown");
}

static void
an_invitation_counts_once_and_until_it_ends(void **state)
{
	struct fixture *f = *state;

	let_alice_in(f);
	assert_string_equal(password(f, "", INVITATION, 0, OTHER), "unknown");
	give(f, "alice", "another", "invitation", NOW + CS_DAY_MS);
	f->now_ms = NOW + CS_DAY_MS;
	assert_string_equal(password(f, "", "another", 0, OTHER), "unknown");
	f->now_ms--;
	const struct svc_test_event both[] = { password_event(f, "", "another", 0, OTHER),
		password_event(f, "", "another", 0, RIGHT) };

	svc_test_set_time(f->test, f->now_ms);
	svc_test_run(f->test, both, LEN(both));
	assert_string_equal(
	    password_text(f, answer(f, &both[0], &countersign__v1__password_answer__descriptor)),
	    "changed");
	assert_string_equal(
	    password_text(f, answer(f, &both[1], &countersign__v1__password_answer__descriptor)),
	    "unknown");
	assert_true(is_token(login(f, "alice", OTHER, HOME)));
}

/* Two replicas: the second waits for the first, and then finds the invitation gone. */
static void
of_two_replicas_one_uses_up_an_invitation(void **state)
{
	struct fixture *f = *state;

	give(f, "alice", INVITATION, "invitation", NOW + CS_DAY_MS);
	f->steal = "delete from credential where kind = 'invitation'";
	assert_string_equal(password(f, "", INVITATION, 0, RIGHT), "unknown");
	assert_null(f->steal);
	assert_int_equal(count(f, "select count(*) from login where salt is not null"), 0);
}

static void
a_new_password_ends_every_session_and_invitation(void **state)
{
	struct fixture *f = *state;

	let_alice_in(f);
	give(f, "alice", ALICE, "api-token", 0);
	give(f, "alice", "another", "invitation", NOW + CS_DAY_MS);
	const char *first = login(f, "alice", RIGHT, HOME);
	const char *second = login(f, "alice", RIGHT, HOME);

	assert_string_equal(password(f, first, "", OTHER, OTHER), "wrong");
	assert_memory_equal(who(f, first), "demo/alice ", 11);
	assert_string_equal(password(f, ALICE, "", RIGHT, OTHER), "unknown");
	assert_string_equal(password(f, first, "", RIGHT, OTHER), "changed");
	assert_string_equal(who(f, first), "unknown");
	assert_string_equal(who(f, second), "unknown");
	assert_string_equal(password(f, "", "another", 0, RIGHT), "unknown");
	assert_memory_equal(who(f, ALICE), "demo/alice ", 11);
	assert_string_equal(login(f, "alice", RIGHT, HOME), "wrong");
	assert_true(is_token(login(f, "alice", OTHER, HOME)));
}

static void
a_session_cannot_try_old_passwords_for_ever(void **state)
{
	struct fixture *f = *state;

	let_alice_in(f);
	const char *token = login(f, "alice", RIGHT, HOME);

	for (int i = 0; i < 5; i++)
		assert_string_equal(password(f, token, "", OTHER, OTHER), "wrong");
	assert_string_equal(password(f, token, "", RIGHT, OTHER), "locked");
	f->now_ms += CS_SECOND_MS;
	assert_string_equal(password(f, token, "", RIGHT, OTHER), "changed");
}

static void
nobody_learns_from_a_salt_who_is_there(void **state)
{
	static const char *const accounts[] = { "bob", "nobody" };
	struct fixture *f = *state;

	let_alice_in(f);
	for (size_t i = 0; i < LEN(accounts); i++) {
		Countersign__V1__SaltAnswer *alice = salt(f, "alice", ""),
					    *a = salt(f, accounts[i], ""),
					    *again = salt(f, accounts[i], "");

		assert_int_equal(a->salt.len, PEOPLE_SALT);
		assert_memory_equal(a->salt.data, again->salt.data, PEOPLE_SALT);
		assert_memory_not_equal(a->salt.data, alice->salt.data, PEOPLE_SALT);
		assert_int_equal(a->passes, alice->passes);
		assert_int_equal(a->memory_kib, alice->memory_kib);
		assert_int_equal(a->lanes, alice->lanes);
		assert_memory_not_equal(a->new_salt.data, again->new_salt.data, PEOPLE_SALT);
		assert_int_equal(alice->salt.data[0], 0x5a);
		assert_string_equal(alice->account, ""); /* who asks has said it */
		countersign__v1__salt_answer__free_unpacked(alice, NULL);
		countersign__v1__salt_answer__free_unpacked(a, NULL);
		countersign__v1__salt_answer__free_unpacked(again, NULL);
	}
}

static void
an_invitation_that_is_not_known_has_no_salt(void **state)
{
	struct fixture *f = *state;

	give(f, "alice", INVITATION, "invitation", NOW + CS_DAY_MS);
	give(f, "alice", ALICE, "api-token", 0);
	Countersign__V1__SaltAnswer *known = salt(f, "", INVITATION),
				    *unknown = salt(f, "", "csi_other"),
				    *other = salt(f, "", ALICE);

	assert_int_equal(known->salt.len, PEOPLE_SALT);
	assert_int_equal(known->new_salt.len, PEOPLE_SALT);
	assert_int_equal(known->new_memory_kib, PEOPLE_MEMORY_KIB);
	assert_string_equal(known->enterprise, "demo");
	assert_string_equal(known->account, "alice");
	assert_string_equal(unknown->account, "");
	assert_int_equal(unknown->salt.len + unknown->new_salt.len + unknown->passes, 0);
	assert_int_equal(other->salt.len, 0);
	countersign__v1__salt_answer__free_unpacked(known, NULL);
	countersign__v1__salt_answer__free_unpacked(unknown, NULL);
	countersign__v1__salt_answer__free_unpacked(other, NULL);
}

static void
wrong_passwords_cost_more_and_more_waiting(void **state)
{
	static const char *const accounts[] = { "alice", "nobody" };
	struct fixture *f = *state;

	let_alice_in(f);
	for (size_t k = 0; k < LEN(accounts); k++) {
		f->now_ms = NOW;
		const char *source = k == 0 ? HOME : ELSEWHERE;

		for (int i = 0; i < 5; i++)
			assert_string_equal(login(f, accounts[k], OTHER, source), "wrong");
		assert_string_equal(login(f, accounts[k], RIGHT, source), "locked 1000");
		f->now_ms += 999;
		assert_string_equal(login(f, accounts[k], RIGHT, source), "locked 1");
		f->now_ms++;
		assert_string_equal(login(f, accounts[k], OTHER, source), "wrong");
		assert_string_equal(login(f, accounts[k], RIGHT, source), "locked 2000");
	}
	f->now_ms = NOW + 3 * CS_SECOND_MS;
	assert_true(is_token(login(f, "alice", RIGHT, HOME)));
	for (int i = 0; i < 5; i++) /* it is forgotten what was before */
		assert_string_equal(login(f, "alice", OTHER, HOME), "wrong");
}

static void
guesses_of_one_batch_are_counted_each(void **state)
{
	struct fixture *f = *state;
	struct svc_test_event asked[8];

	let_alice_in(f);
	for (size_t i = 0; i < LEN(asked); i++)
		asked[i] = login_event(f, "alice", OTHER, HOME);
	svc_test_run(f->test, asked, LEN(asked));
	for (size_t i = 0; i < LEN(asked); i++)
		assert_string_equal(
		    login_text(f, answer(f, &asked[i], &countersign__v1__login_answer__descriptor)),
		    i < 5 ? "wrong" : "locked 1000");
}

static void
strangers_elsewhere_keep_nobody_out(void **state)
{
	struct fixture *f = *state;

	let_alice_in(f);
	assert_true(is_token(login(f, "alice", RIGHT, HOME)));
	for (int i = 0; i < 20; i++) {
		const char *source = cs_arena_printf(f->arena, "198.51.%d.1", i);

		(void)login(f, "alice", OTHER, source);
	}
	assert_memory_equal(login(f, "alice", RIGHT, "203.0.113.9"), "locked", 6);
	assert_true(is_token(login(f, "alice", RIGHT, HOME)));
}

static void
a_network_that_guesses_names_waits(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 31; i++)
		assert_string_equal(login(f, cs_arena_printf(f->arena, "name-%d", i), OTHER,
					cs_arena_printf(f->arena, "192.0.2.%d", i)),
		    "wrong");
	assert_string_equal(login(f, "name-31", OTHER, HOME), "locked 1000");
	assert_string_equal(login(f, "name-31", OTHER, ELSEWHERE), "wrong");
}

static void
whoever_must_change_the_password_is_told_so(void **state)
{
	struct fixture *f = *state;

	let_alice_in(f);
	script(f, "update login set must_change = true");
	const struct svc_test_event asked = login_event(f, "alice", RIGHT, HOME);
	Countersign__V1__LoginAnswer *a =
	    run_one(f, &asked, &countersign__v1__login_answer__descriptor);

	assert_true(a->must_change);
	assert_true(a->ends_at_ms == NOW + PEOPLE_SESSION_MS);
	const struct svc_test_event asks = who_event(f, a->token);
	Countersign__V1__WhoAnswer *w = run_one(f, &asks, &countersign__v1__who_answer__descriptor);

	assert_true(w->must_change);
	countersign__v1__who_answer__free_unpacked(w, NULL);
	assert_string_equal(password(f, a->token, "", RIGHT, OTHER), "changed");
	countersign__v1__login_answer__free_unpacked(a, NULL);
	assert_int_equal(count(f, "select count(*) from login where must_change"), 0);
}

static void
of_many_sessions_twenty_go_on(void **state)
{
	struct fixture *f = *state;
	const char *first = NULL, *last = NULL;

	let_alice_in(f);
	for (int i = 0; i < 21; i++) {
		f->now_ms++;
		last = login(f, "alice", RIGHT, HOME);
		first = first == NULL ? last : first;
	}
	assert_int_equal(count(f, "select count(*) from credential"), 20);
	assert_string_equal(who(f, first), "unknown");
	assert_memory_equal(who(f, last), "demo/alice ", 11);
}

static void
no_secret_is_stored(void **state)
{
	struct fixture *f = *state;

	let_alice_in(f);
	const char *token = login(f, "alice", RIGHT, HOME);
	const char *sql = cs_arena_printf(f->arena,
	    "select count(*) from (select l::text from login l union all select c::text from"
	    " credential c union all select a::text from attempt a) r(t)"
	    " where position('%s' in t) + position(encode('%s', 'hex') in t)"
	    " + position(repeat('11', 32) in t) > 0",
	    token, token);

	assert_int_equal(count(f, sql), 0);
	assert_int_equal(count(f, "select count(*) from credential"), 1);
}

static void
what_has_ended_is_swept(void **state)
{
	struct fixture *f = *state;
	struct cs_err err = { 0 };
	bool more = true;

	let_alice_in(f);
	give(f, "alice", ALICE, "api-token", NOW + 1);
	give(f, "alice", "for good", "api-token", 0);
	assert_true(is_token(login(f, "alice", RIGHT, HOME)));
	assert_string_equal(login(f, "bob", OTHER, HOME), "wrong");
	ok(store_sweep_cases(&f->policy, f->db, NOW + CS_DAY_MS, f->arena, &more, &err), &err);
	assert_false(more);
	assert_int_equal(count(f, "select count(*) from credential"), 3);
	ok(store_sweep_cases(&f->policy, f->db, NOW + 2 * CS_DAY_MS, f->arena, &more, &err), &err);
	assert_int_equal(count(f, "select count(*) from credential"), 1);
	assert_int_equal(count(f, "select count(*) from attempt"), 1); /* where alice came in */
	ok(store_sweep_cases(&f->policy, f->db, NOW + 31 * CS_DAY_MS, f->arena, &more, &err), &err);
	assert_int_equal(count(f, "select count(*) from attempt"), 0);
}

/* ---- calls about how a person comes in ---- */

#define OPERATOR "operator-token"
#define AUDITOR "auditor-token"
#define ADMINISTRATOR "administrator-token"
#define STRANGER "stranger-token" /* an administrator of another enterprise */
#define WATCHER "watcher-token"   /* an auditor of the platform */

/* "201 {...}" */
static const char *
call(struct fixture *f, const char *token, const char *method, const char *path, const char *body)
{
	Countersign__V1__ConfigAsk m = COUNTERSIGN__V1__CONFIG_ASK__INIT;

	m.token = text(f, token);
	m.method = text(f, method);
	m.path = cs_arena_printf(f->arena, "config/%s", path);
	m.query = text(f, "");
	m.body = (ProtobufCBinaryData){ strlen(body), (uint8_t *)text(f, body) };
	m.if_match = text(f, "");
	m.if_none_match = text(f, "");
	m.source = text(f, HOME);
	const struct svc_test_event asked = event(f, "ask.policy.config", &m.base);
	Countersign__V1__ConfigAnswer *a =
	    run_one(f, &asked, &countersign__v1__config_answer__descriptor);
	const char *got = cs_arena_printf(f->arena, "%u %.*s", a->status, (int)a->body.len,
	    a->body.len > 0 ? (const char *)a->body.data : "");

	countersign__v1__config_answer__free_unpacked(a, NULL);
	return got;
}

static void
begins(const char *name, const char *got, const char *want)
{
	if (strncmp(got, want, strlen(want)) != 0)
		fail_msg("%s: got %s, want %s", name, got, want);
}

/* The text of a member, which is one. */
static const char *
member(struct fixture *f, const char *json, const char *name)
{
	const char *at = strstr(json, cs_arena_printf(f->arena, "\"%s\":\"", name));

	if (at == NULL)
		fail_msg("no %s in %s", name, json);
	at += strlen(name) + 4;
	return cs_arena_strndup(f->arena, at, strcspn(at, "\""));
}

/* Those who may or may not do something to alice. */
static void
let_everybody_be_there(struct fixture *f)
{
	load_file(
	    f, cs_arena_printf(f->arena,
		   "%s platform root administrator\n%s demo op operator\n%s demo aud auditor\n"
		   "%s demo adm administrator\n%s other adm administrator operator auditor\n"
		   "%s platform watch auditor\n",
		   digest_of(f, ROOT), digest_of(f, OPERATOR), digest_of(f, AUDITOR),
		   digest_of(f, ADMINISTRATOR), digest_of(f, STRANGER), digest_of(f, WATCHER)));
}

#define TOKEN_BODY "{\"scopes\": [\"requests:read\"], \"label\": \"ci\", \"days\": 30}"

static void
an_invited_person_comes_in_and_makes_a_token(void **state)
{
	struct fixture *f = *state;
	const char *made = call(f, ROOT, "POST", "demo/person/bob/invitation", "");

	begins("invitation", made, "201 {\"ends_at\":\"2026-11-30T");
	assert_string_equal(password(f, "", member(f, made, "invitation"), 0, RIGHT), "changed");
	const char *session = login(f, "bob", RIGHT, HOME);

	assert_true(is_token(session));
	made = call(f, session, "POST", "demo/person/bob/tokens", TOKEN_BODY);
	begins("token", made, "201 {\"ends_at\":\"2026-12-23T");
	const char *token = member(f, made, "token");

	begins("who", who(f, token), "demo/bob user requests:read api-token ");
	begins(
	    "its scopes do not reach", call(f, token, "GET", "demo/person/bob/tokens", ""), "403");
	const char *list = call(f, session, "GET", "demo/person/bob/tokens", "");

	begins("list", list, "200 {\"tokens\":[");
	assert_non_null(strstr(list, "\"label\":\"ci\""));
	assert_non_null(strstr(list, "\"made_by\":\"demo/bob\""));
	assert_non_null(strstr(list, "\"kind\":\"session\""));
	assert_null(strstr(list, token));
	const char *path =
	    cs_arena_printf(f->arena, "demo/person/bob/tokens/%s", member(f, made, "id"));

	begins("end", call(f, session, "DELETE", path, ""), "204");
	assert_string_equal(who(f, token), "unknown");
	begins("ended", call(f, session, "DELETE", path, ""), "404");
}

static void
a_new_invitation_ends_the_one_before(void **state)
{
	struct fixture *f = *state;
	const char *first = member(
	    f, call(f, ROOT, "POST", "demo/person/bob/invitation", "{\"days\": 1}"), "invitation");
	const char *second =
	    member(f, call(f, ROOT, "POST", "demo/person/bob/invitation", ""), "invitation");

	assert_string_equal(password(f, "", first, 0, RIGHT), "unknown");
	f->now_ms += 7 * CS_DAY_MS - 1;
	assert_string_equal(password(f, "", second, 0, RIGHT), "changed");
	assert_int_equal(
	    count(f, "select count(*) from change where name = 'bob' and source = '" HOME
		     "' and after ? 'password'"),
	    1);
}

/* What each may do to alice, an operator of demo: the status. */
static const struct {
	const char *token;
	unsigned list, make, end, invite, unlock, reset;
} may[] = {
	{ ROOT, 200, 201, 204, 201, 204, 201 },
	{ ADMINISTRATOR, 200, 201, 204, 201, 204, 201 },
	{ OPERATOR, 200, 403, 403, 403, 204, 403 },
	{ AUDITOR, 200, 403, 403, 403, 403, 403 },
	{ WATCHER, 200, 403, 403, 403, 403, 403 },
	{ ALICE, 200, 201, 204, 403, 204, 403 }, /* an operator */
	{ BOB, 404, 404, 404, 404, 404, 404 },
	{ STRANGER, 404, 404, 404, 404, 404, 404 },
	{ "nobody's", 401, 401, 401, 401, 401, 401 },
	{ "", 401, 401, 401, 401, 401, 401 },
};

static void
expect(struct fixture *f, size_t i, const char *method, const char *what, const char *body,
    unsigned want)
{
	const char *before =
	    "select coalesce(sum(hashtext(t)), 0)::bigint from"
	    " (select c.id::text || c.kind from credential c union all select l::text"
	    " from login l union all select h::text from change h) r(t)";
	const int64_t was = count(f, before);
	const char *got =
	    call(f, may[i].token, method, cs_arena_printf(f->arena, "demo/person/%s", what), body);

	begins(cs_arena_printf(f->arena, "%s %s %s", may[i].token, method, what), got,
	    cs_arena_printf(f->arena, "%u", want));
	if (want >= 300 && count(f, before) != was)
		fail_msg("%s %s %s changed something", may[i].token, method, what);
	/* Of one who is there and hidden nobody learns more than of one who is not. */
	if (want == 404)
		assert_string_equal(
		    got, call(f, may[i].token, method,
			     cs_arena_printf(f->arena, "demo/person/nobody%s", strchr(what, '/')),
			     body));
}

static void
each_may_do_what_the_roles_say(void **state)
{
	struct fixture *f = *state;
	char id[CS_ID_TEXT];

	let_everybody_be_there(f);
	for (size_t i = 0; i < LEN(may); i++) {
		script(f, "delete from credential");
		give(f, "alice", ALICE, "api-token", 0);
		give(f, "alice", "spare", "api-token", 0);
		give(f, "bob", BOB, "api-token", 0);
		script(f, "update credential set scopes = 32");
		struct db_rows *rows;
		struct cs_err err = { 0 };

		ok(db_query(f->db, f->arena,
		       cs_arena_printf(f->arena,
			   "select id from credential where sha256 = decode('%s', 'hex')",
			   digest_of(f, "spare")),
		       NULL, 0, &rows, &err),
		    &err);
		cs_id_format(db_get_id(rows, 0, 0), id);
		expect(f, i, "GET", "alice/tokens", "", may[i].list);
		expect(f, i, "POST", "alice/tokens", TOKEN_BODY, may[i].make);
		expect(f, i, "DELETE", cs_arena_printf(f->arena, "alice/tokens/%s", id), "",
		    may[i].end);
		expect(f, i, "POST", "alice/invitation", "", may[i].invite);
		expect(f, i, "POST", "alice/unlock", "", may[i].unlock);
		expect(f, i, "POST", "alice/password-reset", "", may[i].reset);
	}
}

/* By an invitation or a reset somebody gets in as the person, with everything that the person may. */
static void
a_narrow_token_lets_nobody_in(void **state)
{
	struct fixture *f = *state;

	let_everybody_be_there(f);
	script(f, "update document set spec = spec || '{\"roles\": [\"administrator\"]}'"
		  " where kind = 'person' and name = 'bob'; delete from credential");
	give(f, "bob", BOB, "api-token", 0);
	script(f, "update credential set scopes = 20"); /* config:read, people:write */
	begins("unlock", call(f, BOB, "POST", "demo/person/alice/unlock", ""), "204");
	begins("invite", call(f, BOB, "POST", "demo/person/alice/invitation", ""), "403");
	begins("reset", call(f, BOB, "POST", "demo/person/alice/password-reset", ""), "403");
	script(f, "update credential set scopes = 32"); /* everything */
	begins("invite", call(f, BOB, "POST", "demo/person/alice/invitation", ""), "201");
}

static const struct {
	const char *method, *what, *body, *want;
} bad[] = {
	{ "POST", "tokens", "", "422 {\"code\":\"bad-member\"" },
	{ "POST", "tokens", "[]", "422" },
	{ "POST", "tokens", "{", "400" },
	{ "POST", "tokens", "{\"scopes\": [], \"label\": \"a\", \"days\": 1}", "422" },
	{ "POST", "tokens", "{\"scopes\": \"*\", \"label\": \"a\", \"days\": 1}", "422" },
	{ "POST", "tokens", "{\"scopes\": [\"all\"], \"label\": \"a\", \"days\": 1}", "422" },
	{ "POST", "tokens", "{\"scopes\": [\"*\", \"*\"], \"label\": \"a\", \"days\": 1}", "422" },
	{ "POST", "tokens", "{\"scopes\": [\"*\"], \"days\": 1}", "422" },
	{ "POST", "tokens", "{\"scopes\": [\"*\"], \"label\": \"\", \"days\": 1}", "422" },
	{ "POST", "tokens", "{\"scopes\": [\"*\"], \"label\": \"a\\u0007\", \"days\": 1}", "422" },
	{ "POST", "tokens", "{\"scopes\": [\"*\"], \"label\": \"a\"}", "422" },
	{ "POST", "tokens", "{\"scopes\": [\"*\"], \"label\": \"a\", \"days\": 0}", "422" },
	{ "POST", "tokens", "{\"scopes\": [\"*\"], \"label\": \"a\", \"days\": 731}", "422" },
	{ "POST", "tokens", "{\"scopes\": [\"*\"], \"label\": \"a\", \"days\": 730}", "201" },
	{ "POST", "tokens", "{\"scopes\": [\"*\"], \"label\": \"a\", \"days\": 1, \"x\": 1}",
	    "422" },
	{ "POST", "tokens/1", TOKEN_BODY, "405" },
	{ "PUT", "tokens", TOKEN_BODY, "405" },
	{ "DELETE", "tokens", "", "405" },
	{ "DELETE", "tokens/1", "", "404" },
	{ "DELETE", "tokens/00000000-0000-0000-0000-000000000000", "", "404" },
	{ "POST", "invitation", "{\"days\": 31}", "422" },
	{ "POST", "invitation", "{\"days\": 30}", "201" },
	{ "POST", "invitation", "{\"hours\": 1}", "422" },
	{ "GET", "invitation", "", "405" },
	{ "POST", "unlock", "{\"a\": 1}", "422" },
	{ "POST", "password-reset", "{\"must_change\": 1}", "422" },
	{ "POST", "password-reset", "{\"must_change\": true}", "409 {\"code\":\"no-password\"" },
	{ "POST", "keys", "", "404" },
};

static void
whatever_is_wrong_is_named(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < LEN(bad); i++)
		begins(
		    cs_arena_printf(f->arena, "%s %s %s", bad[i].method, bad[i].what, bad[i].body),
		    call(f, ROOT, bad[i].method,
			cs_arena_printf(f->arena, "demo/person/bob/%s", bad[i].what), bad[i].body),
		    bad[i].want);
}

static void
nobody_hands_on_more_than_they_have(void **state)
{
	struct fixture *f = *state;
	static const char narrow[] =
	    "{\"scopes\": [\"people:write\", \"requests:read\"], \"label\": \"a\", \"days\": 2}";
	const char *token =
	    member(f, call(f, ROOT, "POST", "demo/person/bob/tokens", narrow), "token");

	begins("another scope",
	    call(f, token, "POST", "demo/person/bob/tokens",
		"{\"scopes\": [\"requests:write\"], \"label\": \"a\", \"days\": 1}"),
	    "403");
	begins("everything",
	    call(f, token, "POST", "demo/person/bob/tokens",
		"{\"scopes\": [\"*\"], \"label\": \"a\", \"days\": 1}"),
	    "403");
	const char *longer = call(f, token, "POST", "demo/person/bob/tokens",
	    "{\"scopes\": [\"requests:read\"], \"label\": \"a\", \"days\": 30}");

	begins("longer", longer, "201");
	assert_string_equal(member(f, longer, "ends_at"), "2026-11-25T12:34:56.789Z");
	begins("as much", call(f, token, "POST", "demo/person/bob/tokens", narrow), "201");
}

static void
a_person_has_fifty_tokens_at_most(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 50; i++)
		begins(
		    "one more", call(f, ROOT, "POST", "demo/person/bob/tokens", TOKEN_BODY), "201");
	begins("too many", call(f, ROOT, "POST", "demo/person/bob/tokens", TOKEN_BODY),
	    "409 {\"code\":\"too-many-tokens\"");
	f->now_ms += 30 * CS_DAY_MS;
	begins("they ended", call(f, ROOT, "POST", "demo/person/bob/tokens", TOKEN_BODY), "201");
}

static void
whoever_is_not_active_is_given_nothing(void **state)
{
	struct fixture *f = *state;

	give(f, "bob", BOB, "api-token", 0);
	script(f, "update document set spec = '{\"active\": false}' where name = 'bob'");
	begins("token", call(f, ROOT, "POST", "demo/person/bob/tokens", TOKEN_BODY), "409");
	begins("invitation", call(f, ROOT, "POST", "demo/person/bob/invitation", ""), "409");
	const char *list = call(f, ROOT, "GET", "demo/person/bob/tokens", "");

	begins("but what is there can be ended",
	    call(f, ROOT, "DELETE",
		cs_arena_printf(f->arena, "demo/person/bob/tokens/%s", member(f, list, "id")), ""),
	    "204");
}

static void
an_operator_ends_a_wait(void **state)
{
	struct fixture *f = *state;

	let_everybody_be_there(f);
	let_alice_in(f);
	for (int i = 0; i < 5; i++)
		assert_string_equal(login(f, "alice", OTHER, HOME), "wrong");
	assert_string_equal(login(f, "alice", RIGHT, HOME), "locked 1000");
	begins("unlock", call(f, OPERATOR, "POST", "demo/person/alice/unlock", ""), "204");
	assert_true(is_token(login(f, "alice", RIGHT, HOME)));
}

static void
a_reset_leaves_nobody_in(void **state)
{
	struct fixture *f = *state;

	let_alice_in(f);
	const char *session = login(f, "alice", RIGHT, HOME);

	begins("must change",
	    call(f, ROOT, "POST", "demo/person/alice/password-reset", "{\"must_change\": true}"),
	    "204");
	assert_string_equal(who(f, session), "unknown");
	session = login(f, "alice", RIGHT, HOME);
	assert_true(is_token(session));
	begins("nothing else is answered", call(f, session, "GET", "demo/person/alice/tokens", ""),
	    "401");
	const char *made = call(f, ROOT, "POST", "demo/person/alice/password-reset", "");

	begins("reset", made, "201");
	assert_string_equal(who(f, session), "unknown");
	assert_string_equal(login(f, "alice", RIGHT, HOME), "wrong");
	assert_string_equal(password(f, "", member(f, made, "invitation"), 0, OTHER), "changed");
	assert_true(is_token(login(f, "alice", OTHER, HOME)));
}

static void
a_new_password_is_in_the_audit(void **state)
{
	struct fixture *f = *state;

	let_alice_in(f);
	const char *session = login(f, "alice", RIGHT, HOME);

	assert_string_equal(password(f, session, "", OTHER, OTHER), "wrong");
	assert_string_equal(password(f, session, "", RIGHT, OTHER), "changed");
	const char *audit = call(f, ROOT, "GET", "demo/changes", "");

	assert_non_null(strstr(audit, "\"after\":{\"by\":\"invitation\",\"password\":true}"));
	assert_non_null(strstr(audit, "\"after\":{\"by\":\"session\",\"password\":true}"));
	assert_non_null(strstr(audit, "\"who\":\"demo/alice\""));
	assert_int_equal(count(f, "select count(*) from change"), 2);
}

/* Each would be the next line of the audit: the batch runs again, one by one. */
static void
two_passwords_in_one_batch_are_two_lines_of_the_audit(void **state)
{
	struct fixture *f = *state;

	give(f, "alice", "one", "invitation", NOW + CS_DAY_MS);
	give(f, "bob", "two", "invitation", NOW + CS_DAY_MS);
	const struct svc_test_event both[] = { password_event(f, "", "one", 0, RIGHT),
		password_event(f, "", "two", 0, OTHER) };

	svc_test_run(f->test, both, LEN(both));
	for (size_t i = 0; i < LEN(both); i++)
		assert_string_equal(
		    password_text(
			f, answer(f, &both[i], &countersign__v1__password_answer__descriptor)),
		    "changed");
	assert_true(is_token(login(f, "alice", RIGHT, HOME)));
	assert_true(is_token(login(f, "bob", OTHER, HOME)));
	assert_int_equal(count(f, "select count(*) from change"), 2);
}

static void
the_audit_says_who_did_what_and_no_secret(void **state)
{
	struct fixture *f = *state;
	const char *made = call(f, ROOT, "POST", "demo/person/bob/tokens", TOKEN_BODY);
	const char *invited = call(f, ROOT, "POST", "demo/person/bob/password-reset", "");

	begins("end",
	    call(f, ROOT, "DELETE",
		cs_arena_printf(f->arena, "demo/person/bob/tokens/%s", member(f, made, "id")), ""),
	    "204");
	begins("unlock", call(f, ROOT, "POST", "demo/person/bob/unlock", ""), "204");
	const char *audit = call(f, ROOT, "GET", "demo/changes", "");

	begins("audit", audit, "200 ");
	assert_non_null(strstr(audit, "\"after\":{\"unlocked\":true}"));
	assert_non_null(strstr(audit, "\"before\":{\"password\":false}"));
	assert_non_null(strstr(audit, "\"label\":\"ci\""));
	assert_non_null(strstr(audit, "\"who\":\"platform/root\""));
	assert_non_null(strstr(audit, "\"source\":\"192.0.2.7\""));
	assert_null(strstr(audit, member(f, made, "token")));
	assert_null(strstr(audit, member(f, invited, "invitation")));
	assert_int_equal(count(f, "select count(*) from change"), 4);
}

#define GOES(kind, name) \
	"{\"kind\":\"" kind "\",\"enterprise\":\"demo\",\"name\":\"" name "\",\"delete\":true}"

/* However many documents have the name somewhere: who uses it is found, or nothing goes away. */
static void
what_is_in_use_among_many_stays(void **state)
{
	static const char own[] = "{\"documents\":[" GOES("profile", "title") "]}",
			  bob[] = "{\"documents\":[" GOES("person", "bob") "]}";
	struct fixture *f = *state;

	script(f,
	    "insert into document select 'person', 'demo', 'p' || i, gen_random_uuid(), 1,"
	    " '{\"title\": \"x\"}', 1, 'platform/root' from generate_series(1, 2500) i;"
	    "insert into document values ('profile', 'demo', 'title', gen_random_uuid(), 1, '{}', 1,"
	    " 'platform/root');" PERSON("zz", "{\"profiles\": [\"title\"]}"));
	const char *used = call(f, ROOT, "POST", "apply", own);

	begins("used", used, "409 {\"code\":\"in-use\"");
	assert_non_null(strstr(used, "\"name\":\"zz\""));
	script(
	    f, "update document set spec = '{\"title\": \"title\"}' where name ~ '^(p[0-9]+|zz)$'");
	begins("many", call(f, ROOT, "POST", "apply", own), "409 {\"code\":\"in-use\"");
	begins("none", call(f, ROOT, "POST", "apply", bob), "200 ");
	script(f, "delete from document where name ~ '^p[0-9]+$'");
	begins("few", call(f, ROOT, "POST", "apply", own), "200 ");
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
		CASE(an_invitation_makes_a_password_and_a_password_a_session),
		CASE(an_invitation_counts_once_and_until_it_ends),
		CASE(of_two_replicas_one_uses_up_an_invitation),
		CASE(a_new_password_ends_every_session_and_invitation),
		CASE(a_session_cannot_try_old_passwords_for_ever),
		CASE(nobody_learns_from_a_salt_who_is_there),
		CASE(an_invitation_that_is_not_known_has_no_salt),
		CASE(wrong_passwords_cost_more_and_more_waiting),
		CASE(guesses_of_one_batch_are_counted_each),
		CASE(strangers_elsewhere_keep_nobody_out),
		CASE(a_network_that_guesses_names_waits),
		CASE(whoever_must_change_the_password_is_told_so),
		CASE(of_many_sessions_twenty_go_on),
		CASE(no_secret_is_stored),
		CASE(what_has_ended_is_swept),
		CASE(an_invited_person_comes_in_and_makes_a_token),
		CASE(a_new_invitation_ends_the_one_before),
		CASE(each_may_do_what_the_roles_say),
		CASE(a_narrow_token_lets_nobody_in),
		CASE(whatever_is_wrong_is_named),
		CASE(nobody_hands_on_more_than_they_have),
		CASE(a_person_has_fifty_tokens_at_most),
		CASE(whoever_is_not_active_is_given_nothing),
		CASE(an_operator_ends_a_wait),
		CASE(a_reset_leaves_nobody_in),
		CASE(a_new_password_is_in_the_audit),
		CASE(two_passwords_in_one_batch_are_two_lines_of_the_audit),
		CASE(the_audit_says_who_did_what_and_no_secret),
		CASE(what_is_in_use_among_many_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
