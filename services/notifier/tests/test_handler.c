/* SPDX-License-Identifier: Apache-2.0 */
/* Events through the real skeleton: which of them become a mail, and to whom. */
#include <string.h>

#include "fake_store.h"
#include "fake_world.h"
#include "mail/message.h"
#include "svc/svc_test.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

/* Fields of NoticeSent. */
enum { KIND = 2, STATE = 3, REPLY = 4, ATTEMPTS = 6 };

static const char *const two[] = { "bob@alpha.example", "ann@alpha.example", NULL };
static const char *const eve[] = { "eve@evil.example", NULL };

struct stage {
	struct fake_world *world;
	struct cs_arena *arena;
	struct svc_test *test;
	struct svc_service service;
};

static void
stage_begin(struct stage *stage, struct fake_world *world)
{
	*stage = (struct stage){ .world = world, .arena = world->arena };
	stage->service = (struct svc_service){
		.name = "notifier",
		.mode = SVC_BATCH,
		.self = &world->notify,
		.routes = notify_routes,
		.load = store_load_cases,
		.save = store_save_cases,
	};
	fake_store_reset();
	stage->test = svc_test_new(&stage->service, FAKE_NOW);
}

static void
stage_end(struct stage *stage)
{
	svc_test_free(stage->test);
	fake_store_reset();
}

static void
run_one(struct stage *stage, const char *id, const char *subject, struct cs_span body)
{
	svc_test_run(
	    stage->test, &(struct svc_test_event){ .id = id, .subject = subject, .body = body }, 1);
}

static struct wire_refused
refused(struct cs_id request)
{
	return (struct wire_refused){ request, "caa-not-authorized", "mailboxes[0]", "SBR 4.2.2.1",
		"CAA forbids it.", "Add issuemail.", "bob@alpha.example", "caa-1", "demo" };
}

/* The i-th mail that was ordered. */
static struct notify_outcome
mail(const struct stage *stage, size_t i)
{
	const struct svc_test_out *out = svc_test_out(stage->test, "work.mail", i);
	struct notify_outcome outcome;
	struct cs_err err;

	if (out == NULL)
		fail_msg("no mail number %zu", i);
	if (wire_read_mail(stage->arena, out->body, &outcome, &err))
		fail_msg("%s", err.text);
	return outcome;
}

static void
deliver(struct stage *stage, const char *id, enum notify_kind kind, enum notify_result result,
    uint32_t attempt)
{
	const struct notify_mailed mailed = { kind, result, attempt, "reply" };

	svc_test_run(stage->test,
	    &(struct svc_test_event){ .id = id,
		.subject = "work.mail",
		.body = wire_write_mailed(stage->arena, &mailed),
		.key = fake_request(1) },
	    1);
}

static void
a_certificate_is_mailed_to_its_contact(void **state)
{
	struct stage stage;

	stage_begin(&stage, *state);
	const struct wire_issued issued =
	    fake_issued(stage.world, stage.world->ours, fake_request(1), two);

	run_one(&stage, "e1", "certificate.issued", fake_issued_event(stage.arena, &issued));
	const struct notify_outcome got = mail(&stage, 0);

	assert_string_equal(got.contact, "bob@alpha.example");
	assert_non_null(strstr(got.body, issued.serial));
	assert_non_null(strstr(got.body, "bob@alpha.example, ann@alpha.example"));
	assert_non_null(strstr(got.body, pki_cert_pem(stage.arena, issued.certificate)));
	assert_non_null(strstr(got.body, pki_cert_pem(stage.arena, issued.chain[0])));
	deliver(&stage, "w1", NOTIFY_ISSUED, NOTIFY_ACCEPTED, 1);
	struct cs_span notice = svc_test_out(stage.test, "notice.sent", 0)->body;

	assert_string_equal(fake_text(stage.arena, notice, KIND), "issued");
	assert_string_equal(fake_text(stage.arena, notice, STATE), "sent");
	assert_string_equal(fake_text(stage.arena, notice, REPLY), "reply");
	assert_int_equal(fake_number(notice, ATTEMPTS), 1);
	stage_end(&stage);
}

static void
what_we_mail_can_be_mailed(void **state)
{
	struct stage stage;
	struct cs_span octets;
	struct cs_err err;

	stage_begin(&stage, *state);
	const struct wire_issued issued =
	    fake_issued(stage.world, stage.world->ours, fake_request(1), two);
	const struct wire_refused no = refused(fake_request(1));

	run_one(&stage, "e1", "certificate.issued", fake_issued_event(stage.arena, &issued));
	run_one(&stage, "e2", "plan.refused", fake_refused_event(stage.arena, true, &no));
	for (size_t i = 0; i < 2; i++) {
		const struct notify_outcome got = mail(&stage, i);
		const struct mail_message message = { .from = "n@countersign.example",
			.to = got.contact,
			.subject = got.subject,
			.body = got.body };

		if (mail_message_write(&message, stage.arena, &octets, &err))
			fail_msg("%s", err.text);
	}
	stage_end(&stage);
}

static void
a_refusal_is_told_once_whoever_refused(void **state)
{
	struct stage stage;
	const struct wire_refused no = refused(fake_request(1));

	stage_begin(&stage, *state);
	run_one(&stage, "e1", "plan.refused", fake_refused_event(stage.arena, true, &no));
	run_one(&stage, "e1", "plan.refused", fake_refused_event(stage.arena, true, &no));
	run_one(&stage, "e2", "plan.refused", fake_refused_event(stage.arena, true, &no));
	run_one(&stage, "e3", "certificate.refused", fake_refused_event(stage.arena, false, &no));
	assert_int_equal(svc_test_count(stage.test, "work.mail"), 1);
	assert_non_null(strstr(mail(&stage, 0).body, "Add issuemail."));
	assert_non_null(strstr(mail(&stage, 0).body, "caa-1"));
	stage_end(&stage);
}

static void
tries_again_and_gives_up(void **state)
{
	struct stage stage;
	const struct wire_refused no = refused(fake_request(1));

	stage_begin(&stage, *state);
	run_one(&stage, "e1", "certificate.refused", fake_refused_event(stage.arena, false, &no));
	deliver(&stage, "w1", NOTIFY_REFUSED, NOTIFY_TRY_AGAIN, 1);
	assert_int_equal(svc_test_out(stage.test, "again", 0)->due_ms, FAKE_NOW + CS_MINUTE_MS);
	assert_int_equal(svc_test_count(stage.test, "notice.sent"), 0);
	svc_test_set_time(stage.test, FAKE_NOW + 23 * CS_HOUR_MS);
	deliver(&stage, "w2", NOTIFY_REFUSED, NOTIFY_TRY_AGAIN, 25);
	struct cs_span notice = svc_test_out(stage.test, "notice.sent", 0)->body;

	assert_string_equal(fake_text(stage.arena, notice, STATE), "given-up");
	assert_int_equal(fake_number(notice, ATTEMPTS), 25);
	assert_int_equal(fake_store_row(fake_request(1), NOTIFY_REFUSED).state, NOTIFY_GIVEN_UP);
	stage_end(&stage);
}

static void
nobody_named_is_nobody_told(void **state)
{
	struct stage stage;
	struct wire_refused no = refused(fake_request(1));

	stage_begin(&stage, *state);
	no.contact = "";
	run_one(&stage, "e1", "plan.refused", fake_refused_event(stage.arena, true, &no));
	assert_true(svc_test_acked(stage.test, "e1"));
	assert_int_equal(svc_test_count(stage.test, "work.mail"), 0);
	assert_int_equal(fake_store_row(fake_request(1), NOTIFY_REFUSED).state, NOTIFY_NOBODY);
	stage_end(&stage);
}

static void
a_poisoned_request_hurts_no_neighbour(void **state)
{
	struct stage stage;
	const struct wire_refused one = refused(fake_request(1)), other = refused(fake_request(2));

	stage_begin(&stage, *state);
	fake_store_reject(fake_request(1));
	const struct svc_test_event events[] = {
		{ .id = "e1",
		    .subject = "plan.refused",
		    .body = fake_refused_event(stage.arena, true, &one) },
		{ .id = "e2",
		    .subject = "plan.refused",
		    .body = fake_refused_event(stage.arena, true, &other) },
	};

	svc_test_run(stage.test, events, 2);
	assert_false(svc_test_acked(stage.test, "e1"));
	assert_true(svc_test_acked(stage.test, "e2"));
	stage_end(&stage);
}

/* ---- what comes after a certificate ---- */

static struct wire_certificate
certificate(struct cs_id request)
{
	return (struct wire_certificate){ .request = request,
		.serial = "0a1b",
		.issuer = "issuing-1",
		.contact = "bob@alpha.example",
		.mailboxes = { "ann@alpha.example", "bob@alpha.example" },
		.n_mailboxes = 2,
		.not_after_ms = FAKE_NOW + 30 * CS_DAY_MS };
}

static void
a_revocation_is_told_with_its_reason_and_by_whom(void **state)
{
	struct stage stage;
	struct wire_revoked revoked = { certificate(fake_request(1)), 1, 4, FAKE_NOW,
		"The key was shown." };

	stage_begin(&stage, *state);
	run_one(&stage, "e1", "certificate.revoked", fake_revoked_event(stage.arena, &revoked));
	run_one(&stage, "e2", "certificate.revoked", fake_revoked_event(stage.arena, &revoked));
	assert_int_equal(svc_test_count(stage.test, "work.mail"), 1);
	const struct notify_outcome got = mail(&stage, 0);

	assert_string_equal(got.contact, "bob@alpha.example");
	assert_string_equal(got.subject, "Your certificate has been revoked");
	assert_non_null(strstr(got.body, "ann@alpha.example, bob@alpha.example"));
	assert_non_null(strstr(got.body, "keyCompromise"));
	assert_non_null(strstr(got.body, "somebody who showed that the private key is known"));
	assert_non_null(strstr(got.body, "What was said: The key was shown."));
	assert_non_null(strstr(got.body, "with a new key"));
	assert_int_equal(fake_store_row(fake_request(1), NOTIFY_REVOKED).state, NOTIFY_WAITING);
	revoked = (struct wire_revoked){ certificate(fake_request(2)), 0, 1, FAKE_NOW, "" };
	run_one(&stage, "e3", "certificate.revoked", fake_revoked_event(stage.arena, &revoked));
	assert_null(strstr(mail(&stage, 1).body, "reason"));
	assert_null(strstr(mail(&stage, 1).body, "What was said"));
	stage_end(&stage);
}

static const struct {
	uint32_t days;
	const char *subject, *kind;
} reminders[] = {
	{ 30, "Your certificate ends in 30 days", "expiring-30" },
	{ 14, "Your certificate ends in 14 days", "expiring-14" },
	{ 7, "Your certificate ends in 7 days", "expiring-7" },
	{ 1, "Your certificate ends tomorrow", "expiring-1" },
};

static void
each_reminder_is_sent_once_and_says_how_to_renew(void **state)
{
	struct stage stage;
	const struct wire_certificate ends = certificate(fake_request(1));

	stage_begin(&stage, *state);
	for (size_t i = 0; i < LEN(reminders); i++) {
		const char *id = cs_arena_printf(stage.arena, "e%zu", i);
		const char *again = cs_arena_printf(stage.arena, "again%zu", i);
		struct cs_span event = fake_expiring_event(stage.arena, &ends, reminders[i].days);
		enum notify_kind kind;

		run_one(&stage, id, "certificate.expiring", event);
		run_one(&stage, again, "certificate.expiring", event);
		assert_int_equal(svc_test_count(stage.test, "work.mail"), i + 1);
		const struct notify_outcome got = mail(&stage, i);

		assert_string_equal(got.subject, reminders[i].subject);
		assert_non_null(strstr(got.body, "csctl request renew 4400"));
		assert_true(notify_kind_parse(reminders[i].kind, &kind));
		assert_int_equal(got.kind, kind);
		assert_int_equal(strstr(got.body, " days.") != NULL, reminders[i].days != 1);
		assert_int_equal(
		    strstr(got.body, "ends tomorrow.") != NULL, reminders[i].days == 1);
	}
	stage_end(&stage);
}

static void
what_is_damaged_tells_nobody(void **state)
{
	struct stage stage;
	struct wire_certificate ends = certificate(fake_request(1));

	stage_begin(&stage, *state);
	run_one(
	    &stage, "days", "certificate.expiring", fake_expiring_event(stage.arena, &ends, 29));
	ends.contact = "eve@evil.example";
	run_one(
	    &stage, "contact", "certificate.expiring", fake_expiring_event(stage.arena, &ends, 30));
	struct wire_revoked revoked = { ends, 1, 4, FAKE_NOW, "" };

	run_one(
	    &stage, "stranger", "certificate.revoked", fake_revoked_event(stage.arena, &revoked));
	revoked.certificate = certificate(fake_request(1));
	revoked.certificate.mailboxes[0] = "not one";
	run_one(
	    &stage, "mailbox", "certificate.revoked", fake_revoked_event(stage.arena, &revoked));
	assert_int_equal(svc_test_count(stage.test, "work.mail"), 0);
	assert_false(svc_test_acked(stage.test, "days"));
	assert_false(svc_test_acked(stage.test, "contact"));
	assert_false(svc_test_acked(stage.test, "stranger"));
	assert_false(svc_test_acked(stage.test, "mailbox"));
	stage_end(&stage);
}

/* ---- forged or damaged events (NTF-1): one thing is altered, nothing is mailed ---- */

static void
alter_certificate(struct wire_issued *issued, struct fake_world *world)
{
	struct cs_span copy = cs_arena_copy_span(world->arena, issued->certificate);

	((uint8_t *)(uintptr_t)copy.data)[copy.len - 1] ^= 1; /* of the signature */
	issued->certificate = copy;
}

static void
use_no_certificate(struct wire_issued *issued, struct fake_world *world)
{
	(void)world;
	issued->certificate = cs_span_str("certificate");
}

static void
use_strangers_chain(struct wire_issued *issued, struct fake_world *world)
{
	issued->chain[0] = pki_issuer_certificate(world->stranger)->der;
}

/* A stranger's certificate of the very same names and serial, with the stranger's or with our chain. */
static void
use_strangers(struct wire_issued *issued, struct fake_world *world)
{
	*issued = fake_issued(world, world->stranger, issued->request, two);
}

static void
use_strangers_with_our_chain(struct wire_issued *issued, struct fake_world *world)
{
	use_strangers(issued, world);
	issued->chain[0] = pki_issuer_certificate(world->ours)->der;
}

static void
use_the_cas_own(struct wire_issued *issued, struct fake_world *world)
{
	issued->certificate = pki_issuer_certificate(world->ours)->der;
}

/* Another subscriber's certificate to one's own contact. */
static void
use_anothers(struct wire_issued *issued, struct fake_world *world)
{
	const struct wire_issued other = fake_issued(world, world->ours, issued->request, eve);

	issued->certificate = other.certificate;
	issued->fingerprint = other.fingerprint;
}

static void
use_another_contact(struct wire_issued *issued, struct fake_world *world)
{
	(void)world;
	issued->contact = "eve@evil.example";
}

static void
use_no_contact_form(struct wire_issued *issued, struct fake_world *world)
{
	(void)world;
	issued->contact = "bob@alpha.example\r\nBcc: eve@evil.example";
}

static void
leave_out_a_mailbox(struct wire_issued *issued, struct fake_world *world)
{
	(void)world;
	issued->n_mailboxes = 1;
}

static void
name_a_mailbox_twice(struct wire_issued *issued, struct fake_world *world)
{
	(void)world;
	issued->mailboxes[1] = issued->mailboxes[0];
}

static void
add_a_mailbox(struct wire_issued *issued, struct fake_world *world)
{
	(void)world;
	issued->mailboxes[issued->n_mailboxes++] = "eve@evil.example";
}

static void
alter_serial(struct wire_issued *issued, struct fake_world *world)
{
	issued->serial = cs_arena_printf(world->arena, "%s00", issued->serial);
}

static void
alter_fingerprint(struct wire_issued *issued, struct fake_world *world)
{
	issued->fingerprint = cs_arena_printf(world->arena, "00%s", issued->fingerprint + 2);
}

static void
alter_validity(struct wire_issued *issued, struct fake_world *world)
{
	(void)world;
	issued->not_after_ms += 1000;
}

static void
leave_out_the_chain(struct wire_issued *issued, struct fake_world *world)
{
	(void)world;
	issued->n_chain = 0;
}

static const struct {
	const char *name;
	void (*alter)(struct wire_issued *issued, struct fake_world *world);
	const char *why;
} forgeries[] = {
	{ "signature altered", alter_certificate, "not signed" },
	{ "no certificate", use_no_certificate, "" },
	{ "chain of a stranger", use_strangers_chain, "not signed" },
	{ "certificate and chain of a stranger", use_strangers, "not signed" },
	{ "certificate of a stranger under our chain", use_strangers_with_our_chain, "not signed" },
	{ "a CA's certificate", use_the_cas_own, "not signed" },
	{ "somebody else's certificate", use_anothers, "mailboxes are others" },
	{ "somebody else's contact", use_another_contact, "contact is none" },
	{ "a contact with a header field", use_no_contact_form, "the contact is none" },
	{ "a mailbox less", leave_out_a_mailbox, "mailboxes are others" },
	{ "a mailbox twice", name_a_mailbox_twice, "mailboxes are others" },
	{ "a mailbox more", add_a_mailbox, "mailboxes are others" },
	{ "another serial", alter_serial, "serial" },
	{ "another fingerprint", alter_fingerprint, "fingerprint" },
	{ "a second more", alter_validity, "validity" },
	{ "no chain", leave_out_the_chain, "no chain" },
};

static const char *
reason(struct fake_world *world, struct cs_span body)
{
	struct cs_err err = { 0 };
	struct wire_issued issued;

	if (wire_read_issued(world->arena, body, &issued, &err) ||
	    certificate_check(world->arena, &world->notify.cas, &issued, &err))
		return cs_arena_strdup(world->arena, err.text);
	return "none";
}

static void
nothing_forged_is_mailed(void **state)
{
	for (size_t i = 0; i < LEN(forgeries); i++) {
		struct stage stage;

		stage_begin(&stage, *state);
		struct wire_issued issued =
		    fake_issued(stage.world, stage.world->ours, fake_request(1), two);

		forgeries[i].alter(&issued, stage.world);
		run_one(
		    &stage, "e1", "certificate.issued", fake_issued_event(stage.arena, &issued));
		if (svc_test_acked(stage.test, "e1") ||
		    svc_test_count(stage.test, "work.mail") != 0)
			fail_msg("%s: was mailed", forgeries[i].name);
		const char *why = reason(stage.world, fake_issued_event(stage.arena, &issued));

		if (strstr(why, forgeries[i].why) == NULL)
			fail_msg("%s: refused because %s", forgeries[i].name, why);
		stage_end(&stage);
	}
}

static void
mailboxes_may_be_named_in_any_order(void **state)
{
	struct stage stage;

	stage_begin(&stage, *state);
	struct wire_issued issued =
	    fake_issued(stage.world, stage.world->ours, fake_request(1), two);

	issued.mailboxes[0] = two[1];
	issued.mailboxes[1] = two[0];
	run_one(&stage, "e1", "certificate.issued", fake_issued_event(stage.arena, &issued));
	assert_int_equal(svc_test_count(stage.test, "work.mail"), 1);
	stage_end(&stage);
}

/* Whose relay a mail is for goes with it; of what the signer refused nobody says it. */
static void
a_mail_says_whose_it_is(void **state)
{
	const struct wire_refused no = refused(fake_request(2));
	struct stage stage;

	stage_begin(&stage, *state);
	struct wire_issued issued =
	    fake_issued(stage.world, stage.world->ours, fake_request(1), two);

	run_one(&stage, "e1", "certificate.issued", fake_issued_event(stage.arena, &issued));
	run_one(&stage, "e2", "plan.refused", fake_refused_event(stage.arena, true, &no));
	assert_string_equal(mail(&stage, 0).enterprise, "demo");
	assert_string_equal(mail(&stage, 1).enterprise, "demo");
	stage_end(&stage);
}

/* ---- our own rows ---- */

static void
rows_are_read_whole_or_not_at_all(void **state)
{
	struct fake_world *world = *state;
	const struct notify_outcome outcome = { NOTIFY_REFUSED, "bob@alpha.example", "demo",
		"subject", "body\n" };
	const struct notify_mailed mailed = { NOTIFY_ISSUED, NOTIFY_TRY_AGAIN, 12, "451 later" };
	struct cs_span row = wire_write_mail(world->arena, &outcome);
	struct notify_outcome got;
	struct notify_mailed result;

	assert_int_equal(wire_read_mail(world->arena, row, &got, NULL), CS_OK);
	assert_int_equal(got.kind, NOTIFY_REFUSED);
	assert_string_equal(got.body, "body\n");
	assert_string_equal(got.enterprise, "demo");
	for (size_t len = 0; len < row.len; len++)
		assert_int_equal(
		    wire_read_mail(world->arena, cs_span_of(row.data, len), &got, NULL),
		    CS_MALFORMED);
	row = wire_write_mailed(world->arena, &mailed);
	assert_int_equal(wire_read_mailed(world->arena, row, &result, NULL), CS_OK);
	assert_int_equal(result.result, NOTIFY_TRY_AGAIN);
	assert_int_equal(result.attempt, 12);
	assert_string_equal(result.reply, "451 later");
	for (size_t len = 0; len < row.len; len++)
		assert_int_equal(
		    wire_read_mailed(world->arena, cs_span_of(row.data, len), &result, NULL),
		    CS_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_certificate_is_mailed_to_its_contact),
		cmocka_unit_test(what_we_mail_can_be_mailed),
		cmocka_unit_test(a_refusal_is_told_once_whoever_refused),
		cmocka_unit_test(tries_again_and_gives_up),
		cmocka_unit_test(nobody_named_is_nobody_told),
		cmocka_unit_test(a_poisoned_request_hurts_no_neighbour),
		cmocka_unit_test(a_revocation_is_told_with_its_reason_and_by_whom),
		cmocka_unit_test(each_reminder_is_sent_once_and_says_how_to_renew),
		cmocka_unit_test(what_is_damaged_tells_nobody),
		cmocka_unit_test(nothing_forged_is_mailed),
		cmocka_unit_test(mailboxes_may_be_named_in_any_order),
		cmocka_unit_test(a_mail_says_whose_it_is),
		cmocka_unit_test(rows_are_read_whole_or_not_at_all),
	};

	return cmocka_run_group_tests(tests, fake_world_setup, fake_world_teardown);
}
