/* SPDX-License-Identifier: Apache-2.0 */
/* The later life of a certificate: who may revoke it and why, keys that are blocked, reminders. */
#include <string.h>

#include "base/text.h"
#include "gate/tests/csrs.h"
#include "gate/tests/fake_world.h"
#include "handler.h"
#include "pki/csr.h"
#include "pki/hash.h"
#include "proto/certificate.pb-c.h"
#include "revoke.h"
#include "svc/svc_test.h"
#include "tests/fake_life.h"
#include "tests/fake_store.h"

#define END_S (NOW / 1000 + INT64_C(90) * 86400)

struct bench {
	struct world *w;
	struct signer_service signer;
	struct svc_service service;
	struct svc_test *test;
	struct claim_revocation ask;
	unsigned n_events;
};

static int
make_bench(void **state)
{
	static struct bench bench;

	bench = (struct bench){ .w = world_new() };
	bench.service = (struct svc_service){ .name = "signer",
		.mode = SVC_BATCH,
		.self = &bench.signer,
		.routes = signer_routes,
		.load = store_load_records,
		.save = store_save_records };
	*state = &bench;
	return 0;
}

static int
end_bench(void **state)
{
	struct bench *b = *state;

	svc_test_free(b->test);
	world_free(b->w);
	return 0;
}

/* The table of the world, in which intake may state revocations too. */
static void
let_intake_revoke(struct world *w)
{
	static const char *const states[] = { "request", "approval", "revocation" };

	w->rows[0].states = world_texts(states, 3);
	world_trust(w);
}

static void
spki_of(struct bench *b, struct cs_span csr, uint8_t ret_sha256[static 32])
{
	struct pki_csr read;
	struct cs_refusal why;

	assert_true(pki_csr_read(b->w->arena, csr, 0, &read, &why));
	pki_sha256(read.key.spki, ret_sha256);
}

static struct gate_received
request_of(struct world *w, struct cs_id id)
{
	struct claim_request request = w->request;

	request.id = id;
	return (struct gate_received){ claim_seal_request(w->arena, w->keys[KEY_INTAKE], &request),
		NOW };
}

/* A certificate of acme's u-1 that was issued, by this number and for this key. */
static struct cs_id
issued(struct bench *b, uint8_t number, struct cs_span csr)
{
	struct fake_row *row = &fake_store.rows[fake_store.n_rows++];
	struct fake_life_row *life = &fake_life.rows[fake_life.n_rows++];

	row->request = b->w->c.id;
	row->request.octets[0] = number;
	row->record = (struct signer_record){ .state = SIGNER_ISSUED,
		.has_intent = true,
		.intent = { .issuer = "issuing-1", .choice = { .serial = { 0x40, number } } } };
	row->record.c.request = request_of(b->w, row->request);
	*life = (struct fake_life_row){ .request = row->request,
		.issuer = "issuing-1",
		.choice = row->record.intent.choice,
		.issued = { .is_there = true,
		    .enterprise = "acme",
		    .account = "u-1",
		    .issued_at_ms = NOW - CS_DAY_MS,
		    .not_after_s = END_S } };
	spki_of(b, csr, life->issued.spki_sha256);
	return row->request;
}

static void
start(struct bench *b)
{
	world_make(b->w, NULL);
	let_intake_revoke(b->w);
	b->signer.trust = b->w->trust;
	fake_store_clear();
	svc_test_free(b->test);
	b->test = svc_test_new(&b->service, NOW);
	b->n_events = 0;
	b->ask = (struct claim_revocation){
		.request = issued(b, 1, cs_span_of(csr_one, sizeof(csr_one))),
		.enterprise = "acme",
		.account = "u-1",
		.by = CLAIM_BY_OWNER,
		.reason = 4,
		.text = "a new one is here",
		.asked_at_ms = NOW - 1000,
		.known_at_ms = NOW - 2000,
		.due_at_ms = NOW + CS_DAY_MS,
		.challenge = "",
		.report = "",
	};
}

static const char *
ask_as(struct bench *b, enum world_key key)
{
	const struct svc_test_event e = { cs_arena_printf(b->w->arena, "r%u", b->n_events++),
		"request.revocation-asked",
		.body = claim_seal_revocation(b->w->arena, b->w->keys[key], &b->ask) };

	svc_test_run(b->test, &e, 1);
	return e.id;
}

static void
ask(struct bench *b)
{
	if (!svc_test_acked(b->test, ask_as(b, KEY_INTAKE)))
		fail_msg("the statement was not taken");
}

static size_t
count(struct bench *b, const char *subject)
{
	return svc_test_count(b->test, subject);
}

static void
expect_refused(struct bench *b, const char *code)
{
	const size_t n = count(b, "certificate.revocation-refused");

	ask(b);
	if (count(b, "certificate.revocation-refused") != n + 1)
		fail_msg("got no refusal, want %s", code);
	const struct svc_test_out *out = svc_test_out(b->test, "certificate.revocation-refused", n);
	Countersign__V1__RevocationRefused *m =
	    countersign__v1__revocation_refused__unpack(NULL, out->body.len, out->body.data);
	assert_non_null(m);
	assert_string_equal(m->code, code);
	assert_string_equal(m->report, b->ask.report);
	assert_true(m->clause[0] != '\0' && m->text[0] != '\0' && m->mend[0] != '\0');
	countersign__v1__revocation_refused__free_unpacked(m, NULL);
	assert_int_equal(count(b, "certificate.revoked"), 0);
	assert_false(fake_life.rows[0].revocation.is_there);
}

/* ---- who and why ---- */

static void
an_owner_revokes_and_the_world_is_told(void **state)
{
	struct bench *b = *state;

	start(b);
	ask(b);
	const struct record_revocation *r = &fake_life.rows[0].revocation;
	assert_true(r->is_there && !r->of_void);
	assert_int_equal(r->reason, 4);
	assert_int_equal(r->by, CLAIM_BY_OWNER);
	assert_int_equal(r->revoked_at_ms, NOW);
	assert_int_equal(r->known_at_ms, NOW - 2000);
	assert_int_equal(r->due_at_ms, NOW + CS_DAY_MS);
	assert_int_equal(r->not_after_s, END_S);
	assert_int_equal(fake_life.n_changes, 1);
	assert_int_equal(fake_life.n_blocked, 0);
	assert_int_equal(fake_life.rows[0].n_statements, 1);
	assert_int_equal(fake_store_audits("revoked"), 1);
	const struct svc_test_out *out = svc_test_out(b->test, "certificate.revoked", 0);
	assert_non_null(out);
	Countersign__V1__CertificateRevoked *m =
	    countersign__v1__certificate_revoked__unpack(NULL, out->body.len, out->body.data);
	assert_non_null(m);
	assert_memory_equal(m->request_id.data, b->ask.request.octets, 16);
	assert_string_equal(m->serial, "4001000000000000000000000000000000");
	assert_string_equal(m->issuer, "issuing-1");
	assert_int_equal(m->reason, 4);
	assert_int_equal(m->by, 1);
	assert_int_equal(m->revoked_at_ms, NOW);
	assert_int_equal(m->not_after_ms, END_S * 1000);
	assert_string_equal(m->enterprise, "acme");
	assert_string_equal(m->account, "u-1");
	assert_string_equal(m->contact, "ann@sales.example");
	assert_string_equal(m->text, "a new one is here");
	assert_int_equal(m->n_mailboxes, 2);
	countersign__v1__certificate_revoked__free_unpacked(m, NULL);
}

static void
who_may_not_is_refused(void **state)
{
	struct bench *b = *state;

	start(b);
	b->ask.account = "u-2";
	expect_refused(b, "not-owner");
	b->ask.by = CLAIM_BY_OPERATOR;
	b->ask.enterprise = "globex";
	expect_refused(b, "not-issued"); /* as if there were none */
	b->ask.enterprise = "acme";
	b->ask.request.octets[0] = 99;
	expect_refused(b, "not-issued");
	b->ask.request = fake_life.rows[0].request;
	b->ask.report = "report-7";
	b->ask.by = CLAIM_BY_REPORT;
	fake_life.rows[0].issued.not_after_s = NOW / 1000 - 1;
	expect_refused(b, "expired");
	assert_int_equal(fake_store_audits("revocation-refused"), 4);
	fake_life.rows[0].issued.not_after_s = NOW / 1000;
	ask(b);
	assert_true(fake_life.rows[0].revocation.is_there);
}

static void
operators_and_reports_need_no_account(void **state)
{
	struct bench *b = *state;

	for (enum claim_revoked_by by = CLAIM_BY_OPERATOR; by <= CLAIM_BY_REPORT; by++) {
		start(b);
		b->ask.by = by;
		b->ask.account = "";
		b->ask.reason = 9;
		ask(b);
		assert_true(fake_life.rows[0].revocation.is_there);
		assert_int_equal(fake_life.rows[0].revocation.by, by);
		assert_int_equal(fake_life.rows[0].revocation.reason, 9);
	}
}

static void
a_certificate_that_is_not_issued_yet_is_refused(void **state)
{
	struct bench *b = *state;

	start(b);
	fake_life.rows[0].issued.is_there = false;
	fake_store.rows[0].record.state = SIGNER_INTENT;
	expect_refused(b, "not-issued");
}

static void
nobody_else_may_state_it(void **state)
{
	struct bench *b = *state;

	start(b);
	assert_false(svc_test_acked(b->test, ask_as(b, KEY_POLICY)));
	assert_false(svc_test_acked(b->test, ask_as(b, KEY_STRANGER)));
	assert_int_equal(count(b, "certificate.revoked"), 0);
	assert_int_equal(count(b, "certificate.revocation-refused"), 0);
}

/* ---- proof by the key ---- */

static void
whoever_holds_the_key_may(void **state)
{
	struct bench *b = *state;

	start(b);
	b->ask.by = CLAIM_BY_KEY;
	b->ask.account = "";
	b->ask.reason = CLAIM_REASON_KEY_COMPROMISE;
	b->ask.proof = cs_span_of(csr_one, sizeof(csr_one));
	b->ask.challenge = "other";
	expect_refused(b, "proof");
	b->ask.challenge = "";
	expect_refused(b, "proof");
	b->ask.challenge = "wish"; /* the common name of csr_one */
	b->ask.proof = cs_span_of(csr_two, sizeof(csr_two));
	expect_refused(b, "proof");
	uint8_t changed[sizeof(csr_one)];
	memcpy(changed, csr_one, sizeof(changed));
	changed[sizeof(changed) - 1] ^= 1; /* the signature */
	b->ask.proof = cs_span_of(changed, sizeof(changed));
	expect_refused(b, "proof");
	b->ask.proof = cs_span_of(csr_one, sizeof(csr_one));
	b->ask.reason = 4;
	expect_refused(b, "reason");
	assert_int_equal(fake_life.n_blocked, 0);
	b->ask.reason = CLAIM_REASON_KEY_COMPROMISE;
	ask(b);
	assert_int_equal(fake_life.rows[0].revocation.by, CLAIM_BY_KEY);
	assert_int_equal(fake_life.n_blocked, 1);
	assert_string_equal(fake_life.blocked_why[0], "compromised");
}

/* ---- twice ---- */

static void
the_first_revocation_counts(void **state)
{
	struct bench *b = *state;

	start(b);
	ask(b);
	svc_test_set_time(b->test, NOW + 5000);
	b->ask.reason = 5;
	ask(b);
	assert_int_equal(fake_life.rows[0].revocation.reason, 4);
	assert_int_equal(fake_life.rows[0].revocation.revoked_at_ms, NOW);
	assert_int_equal(count(b, "certificate.revoked"), 1);
	assert_int_equal(count(b, "certificate.revocation-refused"), 0);
	assert_int_equal(fake_life.rows[0].n_statements, 2);
	assert_int_equal(fake_life.n_changes, 1);
}

static void
a_compromised_key_replaces_a_lesser_reason(void **state)
{
	struct bench *b = *state;

	start(b);
	ask(b);
	svc_test_set_time(b->test, NOW + 5000);
	b->ask.reason = CLAIM_REASON_KEY_COMPROMISE;
	ask(b);
	ask(b); /* and no third time */
	const struct record_revocation *r = &fake_life.rows[0].revocation;
	assert_int_equal(r->reason, CLAIM_REASON_KEY_COMPROMISE);
	assert_int_equal(r->revoked_at_ms, NOW);
	assert_int_equal(r->reason_at_ms, NOW + 5000);
	assert_int_equal(count(b, "certificate.revoked"), 2);
	assert_int_equal(fake_store_audits("reason-changed"), 1);
	assert_int_equal(fake_life.n_changes, 2);
	assert_int_equal(fake_life.n_blocked, 1);
	b->ask.reason = 4;
	ask(b); /* and never back */
	assert_int_equal(r->reason, CLAIM_REASON_KEY_COMPROMISE);
}

static void
an_expired_certificate_still_blocks_its_key(void **state)
{
	struct bench *b = *state;

	start(b);
	fake_life.rows[0].issued.not_after_s = NOW / 1000 - 1;
	b->ask.reason = CLAIM_REASON_KEY_COMPROMISE;
	expect_refused(b, "expired");
	assert_int_equal(fake_life.n_blocked, 1);
}

/* ---- a blocked key ---- */

static void
ring(struct bench *b, const char *subject, struct cs_id key)
{
	const struct svc_test_event e = { cs_arena_printf(b->w->arena, "c%u", b->n_events++),
		subject, .key = key };

	svc_test_run(b->test, &e, 1);
}

static void
every_certificate_of_a_compromised_key_falls(void **state)
{
	struct bench *b = *state;

	start(b);
	const struct cs_id same = issued(b, 2, cs_span_of(csr_one, sizeof(csr_one)));
	const struct cs_id other = issued(b, 3, cs_span_of(csr_two, sizeof(csr_two)));
	const struct cs_id old = issued(b, 4, cs_span_of(csr_one, sizeof(csr_one)));

	fake_life.rows[3].issued.not_after_s = NOW / 1000 - 1;
	ring(b, "clock.key-blocked", same); /* nothing is blocked yet */
	assert_false(fake_life_row(same)->revocation.is_there);
	b->ask.reason = CLAIM_REASON_KEY_COMPROMISE;
	ask(b);
	ring(b, "clock.key-blocked", same);
	ring(b, "clock.key-blocked", same);
	ring(b, "clock.key-blocked", other);
	ring(b, "clock.key-blocked", old);
	ring(b, "clock.key-blocked", b->ask.request);
	const struct record_revocation *r = &fake_life_row(same)->revocation;
	assert_true(r->is_there);
	assert_int_equal(r->by, CLAIM_BY_SIGNER);
	assert_int_equal(r->reason, CLAIM_REASON_KEY_COMPROMISE);
	assert_int_equal(r->due_at_ms, NOW + CS_DAY_MS);
	assert_false(fake_life_row(other)->revocation.is_there);
	assert_false(fake_life_row(old)->revocation.is_there);
	assert_int_equal(count(b, "certificate.revoked"), 2);
}

/* ---- reminders ---- */

static void
steps_of_reminders(void **state)
{
	const int64_t end_s = 1000 * 86400, end_ms = end_s * 1000, day = CS_DAY_MS;
	const struct {
		int64_t issued_ms, now_ms;
		uint32_t want;
	} rows[] = {
		{ 0, end_ms - 30 * day - 1, 0 },
		{ 0, end_ms - 30 * day, 30 },
		{ 0, end_ms - 14 * day - 1, 30 },
		{ 0, end_ms - 14 * day, 14 },
		{ 0, end_ms - 7 * day, 7 },
		{ 0, end_ms - day - 1, 7 },
		{ 0, end_ms - day, 1 },
		{ 0, end_ms - 1, 1 },
		{ 0, end_ms, 0 },
		{ end_ms - 10 * day, end_ms - 10 * day, 0 }, /* issued within the step */
		{ end_ms - 10 * day, end_ms - 7 * day, 7 },
		{ end_ms - 14 * day, end_ms - 14 * day, 14 },
		{ end_ms - 14 * day + 1, end_ms - 8 * day, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const uint32_t got = revoke_reminder_step(rows[i].issued_ms, end_s, rows[i].now_ms);

		if (got != rows[i].want)
			fail_msg("row %zu: got %u, want %u", i, got, rows[i].want);
	}
}

static void
expect_reminders(struct bench *b, size_t n, uint32_t last)
{
	ring(b, "clock.certificate-expiring", b->ask.request);
	ring(b, "clock.certificate-expiring", b->ask.request);
	assert_int_equal(count(b, "certificate.expiring"), n);
	if (n == 0)
		return;
	const struct svc_test_out *out = svc_test_out(b->test, "certificate.expiring", n - 1);
	Countersign__V1__CertificateExpiring *m =
	    countersign__v1__certificate_expiring__unpack(NULL, out->body.len, out->body.data);
	assert_non_null(m);
	assert_int_equal(m->days_left, last);
	assert_int_equal(m->not_after_ms, END_S * 1000);
	assert_string_equal(m->contact, "ann@sales.example");
	countersign__v1__certificate_expiring__free_unpacked(m, NULL);
}

static void
owners_are_reminded_once_at_each_step(void **state)
{
	struct bench *b = *state;

	start(b);
	expect_reminders(b, 0, 0);
	svc_test_set_time(b->test, END_S * 1000 - 29 * CS_DAY_MS);
	expect_reminders(b, 1, 30);
	/* An outage: of the steps that passed the last one is told. */
	svc_test_set_time(b->test, END_S * 1000 - 6 * CS_DAY_MS);
	expect_reminders(b, 2, 7);
	svc_test_set_time(b->test, END_S * 1000 - CS_DAY_MS);
	expect_reminders(b, 3, 1);
	svc_test_set_time(b->test, END_S * 1000 + 1);
	expect_reminders(b, 3, 1);
}

static void
nobody_is_reminded_of_what_is_over(void **state)
{
	struct bench *b = *state;

	start(b);
	ask(b);
	svc_test_set_time(b->test, END_S * 1000 - 29 * CS_DAY_MS);
	expect_reminders(b, 0, 0);
	start(b);
	fake_life.rows[0].issued.followed = true;
	svc_test_set_time(b->test, END_S * 1000 - 29 * CS_DAY_MS);
	expect_reminders(b, 0, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_owner_revokes_and_the_world_is_told),
		cmocka_unit_test(who_may_not_is_refused),
		cmocka_unit_test(operators_and_reports_need_no_account),
		cmocka_unit_test(a_certificate_that_is_not_issued_yet_is_refused),
		cmocka_unit_test(nobody_else_may_state_it),
		cmocka_unit_test(whoever_holds_the_key_may),
		cmocka_unit_test(the_first_revocation_counts),
		cmocka_unit_test(a_compromised_key_replaces_a_lesser_reason),
		cmocka_unit_test(an_expired_certificate_still_blocks_its_key),
		cmocka_unit_test(every_certificate_of_a_compromised_key_falls),
		cmocka_unit_test(steps_of_reminders),
		cmocka_unit_test(owners_are_reminded_once_at_each_step),
		cmocka_unit_test(nobody_is_reminded_of_what_is_over),
	};

	return cmocka_run_group_tests_name("revoke", tests, make_bench, end_bench);
}
