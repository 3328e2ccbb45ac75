/* SPDX-License-Identifier: Apache-2.0 */
/* Batches through the real skeleton: every order of arrival, twice, late, and while somebody stops it. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "gate/tests/fake_world.h"
#include "handler.h"
#include "own.h"
#include "pki/ca.h"
#include "pki/cert.h"
#include "pki/ed25519.h"
#include "proto/ask.pb-c.h"
#include "proto/certificate.pb-c.h"
#include "sign.h"
#include "svc/svc_test.h"
#include "tests/fake_life.h"
#include "tests/fake_store.h"

struct bench {
	struct world *w;
	struct signer_service signer;
	struct svc_service service;
	struct svc_test *test;
	unsigned n_events; /* names of events are numbers */
};

static const uint8_t seal_key[32] = "only signers have this one......";

/* ---- the CA ---- */

static void
write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	cs_assert(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
	cs_assert(chmod(path, 0600) == 0);
}

static struct pki_issuer *
load_ca(struct world *w, const struct pki_ca_made *made, const char *name)
{
	const char *key = cs_arena_printf(w->kept, "%s/%s.key", w->dir, name);
	const char *chain = cs_arena_printf(w->kept, "%s/%s.pem", w->dir, name);
	const struct pki_issuer_files files = { .key = key, .chain = chain };
	struct pki_issuer *issuer;
	struct cs_err err = { 0 };

	write_text(key, made->key_pem);
	write_text(chain, made->cert_pem);
	if (pki_issuer_load(&files, &issuer, &err) != CS_OK)
		fail_msg("%s", err.text);
	return issuer;
}

static void
make_ca(struct world *w)
{
	struct pki_ca_spec spec = { .common_name = "Test Root",
		.organization = "Countersign",
		.country = "DE",
		.kind = PKI_KEY_EC,
		.bits = 384,
		.not_before_s = NOW / 1000 - 86400,
		.not_after_s = NOW / 1000 + INT64_C(20) * 365 * 86400 };
	struct pki_ca_made root = { 0 }, issuing = { 0 };
	struct cs_err err = { 0 };

	if (pki_ca_make_root(&spec, NULL, &root, &err) != CS_OK)
		fail_msg("%s", err.text);
	struct pki_issuer *signs = load_ca(w, &root, "root");
	spec.common_name = "Test Issuing";
	spec.bits = 256;
	spec.not_after_s = NOW / 1000 + INT64_C(10) * 365 * 86400;
	spec.crl_url = "http://crl.countersign.example/root.crl";
	if (pki_ca_make_issuing(&spec, signs, NULL, &issuing, &err) != CS_OK)
		fail_msg("%s", err.text);
	pki_issuer_free(load_ca(w, &issuing, "issuing"));
	pki_issuer_free(signs);
	pki_ca_made_fini(&root);
	pki_ca_made_fini(&issuing);
}

/* ---- the bench ---- */

static int
make_bench(void **state)
{
	static struct bench bench;
	struct signer_service *signer = &bench.signer;

	bench = (struct bench){ .w = world_new() };
	signer->seal_key = cs_span_of(seal_key, sizeof(seal_key));
	make_ca(bench.w);
	const struct issuers_settings issuing = {
		.file = "",
		.key_file = cs_arena_printf(bench.w->kept, "%s/issuing.key", bench.w->dir),
		.password_file = "",
		.chain_file = cs_arena_printf(bench.w->kept, "%s/issuing.pem", bench.w->dir),
		.label = "issuing-1",
		.crl_urls = "http://crl.countersign.example/1.crl",
		.ocsp_urls = "",
		.issuer_urls = "",
	};
	cs_assert(issuers_load(&issuing, &signer->issuers, NULL) == CS_OK);
	bench.service = (struct svc_service){ .name = "signer",
		.mode = SVC_BATCH,
		.self = signer,
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
	issuers_free(b->signer.issuers);
	world_free(b->w);
	return 0;
}

/* The request for ann alone: one standing proof, CAA and its corroboration. */
static void
only_ann(struct world *w, enum world_step step)
{
	static const char *const ann[] = { "ann@sales.example" };

	if (step == STEP_FACTS) {
		w->request.mailboxes = world_texts(ann, 1);
	} else if (step == STEP_PLAN) {
		w->checks[1] = w->checks[CAA_SALES];
		w->checks[2] = w->checks[MPIC_SALES];
		w->plan.n_checks = 3;
	}
}

/* What ann's request needs, by name. */
enum { PLAN, CAA, MPIC, STANDING, EVENTS };

static void
start(struct bench *b, world_change *change)
{
	world_make(b->w, change);
	b->signer.trust = b->w->trust;
	b->signer.rules = b->w->rules;
	b->signer.arena = b->w->arena;
	fake_store_clear();
	svc_test_free(b->test);
	b->test = svc_test_new(&b->service, NOW);
	b->n_events = 0;
}

/* The plan that the case has by now, and what it rests on. */
static struct claim_case
parts(const struct bench *b)
{
	const struct gate_case *c = &b->w->c;

	return (struct claim_case){ c->plan.envelope, c->request.envelope, c->approval.envelope };
}

static struct svc_test_event
event(struct bench *b, int which)
{
	const struct claim_case final = parts(b);

	struct world *w = b->w;
	struct svc_test_event e = { .id = cs_arena_printf(w->arena, "e%u", b->n_events++) };

	switch (which) {
	case PLAN:
		e.subject = "plan.final";
		e.body = world_final(w, &final);
		break;
	case CAA:
		e.subject = "evidence.caa";
		e.body = w->sealed[CAA_SALES];
		break;
	case MPIC:
		e.subject = "evidence.mpic";
		e.body = w->sealed[MPIC_SALES];
		break;
	default:
		e.subject = "evidence.mailbox";
		e.body = w->sealed[MAILBOX];
	}
	return e;
}

static void
give(struct bench *b, int which)
{
	const struct svc_test_event e = event(b, which);

	svc_test_run(b->test, &e, 1);
}

static void
give_all(struct bench *b)
{
	for (int i = 0; i < EVENTS; i++)
		give(b, EVENTS - 1 - i); /* the standing proof came long before */
}

static struct fake_row *
row(struct bench *b)
{
	return fake_store_row(b->w->c.id);
}

static void
expect_state(struct bench *b, enum signer_state want)
{
	if (row(b) == NULL || row(b)->record.state != want)
		fail_msg("got %s, want %s",
		    row(b) != NULL ? signer_state_name(row(b)->record.state) : "no row",
		    signer_state_name(want));
}

/* Carries out the last order as act does, at this time; its result becomes an event. */
static struct svc_test_event
carry_out(struct bench *b, int64_t now_ms)
{
	const size_t n = svc_test_count(b->test, "work.sign");
	const struct svc_test_out *order = svc_test_out(b->test, "work.sign", n - 1);
	struct log_context log = { .service = "test", .level = LOG_ERROR };
	struct svc_work work = { .kind = "sign",
		.key = order->key,
		.body = order->body,
		.now_ms = now_ms,
		.arena = b->w->arena,
		.log = &log };
	const struct sign_result result = sign_carry_out(&b->signer, &work);

	return (struct svc_test_event){ .id = cs_arena_printf(b->w->arena, "e%u", b->n_events++),
		.subject = "work.sign",
		.key = order->key,
		.body = sign_write_result(b->w->arena, &result) };
}

static void
run(struct bench *b, struct svc_test_event e, int64_t now_ms)
{
	svc_test_set_time(b->test, now_ms);
	svc_test_run(b->test, &e, 1);
}

/* ---- every order ---- */

/* The k-th permutation of 0..n-1. */
static void
permute(unsigned k, int n, int *ret)
{
	int left[EVENTS];

	for (int i = 0; i < n; i++)
		left[i] = i;
	for (int i = n; i > 0; i--) {
		const int pick = (int)(k % (unsigned)i);

		k /= (unsigned)i;
		*ret++ = left[pick];
		left[pick] = left[i - 1];
	}
}

/* Of the standing proof's place, a plan that was replaced: it wants an attempt that nobody makes. */
#define OLDER STANDING
#define ORDERS 24 /* of PLAN, CAA, MPIC, OLDER */

static struct svc_test_event
in_order(struct bench *b, int which)
{
	struct claim_plan older = b->w->plan;
	struct claim_check *checks = CS_NEW_ARRAY(b->w->arena, older.n_checks, struct claim_check);
	struct claim_case final = parts(b);
	struct svc_test_event e = event(b, which == OLDER ? PLAN : which);

	if (which != OLDER)
		return e;
	memcpy(checks, older.checks, older.n_checks * sizeof(*checks));
	checks[1].attempt = 9;
	older.checks = checks;
	older.revision--;
	final.plan = claim_seal_plan(b->w->arena, b->w->keys[KEY_POLICY], &older);
	e.body = world_final(b->w, &final);
	return e;
}

static void
every_order_of_arrival_ends_in_one_intent(void **state)
{
	struct bench *b = *state;

	for (unsigned k = 0; k < 2 * ORDERS; k++) {
		unsigned here = 0; /* a bit for each */
		int order[4];

		start(b, only_ann);
		give(b, STANDING);
		permute(k % ORDERS, 4, order);
		for (int i = 0; i < 4; i++) {
			for (unsigned times = 0; times <= k / ORDERS; times++) {
				const struct svc_test_event e = in_order(b, order[i]);

				svc_test_run(b->test, &e, 1); /* again under another event id */
				assert_true(svc_test_acked(b->test, e.id));
			}
			here |= 1u << order[i];
			if (svc_test_count(b->test, "work.sign") !=
			    ((here | 1u << OLDER) == (1u << EVENTS) - 1))
				fail_msg("order %u: an intent before all was there, or none", k);
		}
		if (svc_test_count(b->test, "work.sign") != 1 || fake_store_audits("intent") != 1)
			fail_msg("order %u: got %zu orders to sign, want 1", k,
			    svc_test_count(b->test, "work.sign"));
		expect_state(b, SIGNER_INTENT);
	}
}

static void
one_batch_in_any_order_is_the_same(void **state)
{
	struct bench *b = *state;

	for (unsigned k = 0; k < ORDERS; k++) {
		struct svc_test_event events[8];
		int order[4];

		start(b, only_ann);
		give(b, STANDING);
		permute(k, 4, order);
		for (int i = 0; i < 4; i++) {
			events[i] = in_order(b, order[i]);
			events[i + 4] = in_order(b, order[3 - i]);
		}
		svc_test_run(b->test, events, 8);
		assert_int_equal(svc_test_count(b->test, "work.sign"), 1);
		assert_int_equal(row(b)->record.version, 1);
		assert_int_equal(row(b)->record.plan_revision, b->w->plan.revision);
		expect_state(b, SIGNER_INTENT);
	}
}

static void
a_conflict_runs_again_and_changes_nothing(void **state)
{
	struct bench *b = *state;

	start(b, only_ann);
	for (int i = EVENTS - 1; i >= 0; i--) {
		fake_store.conflicts = 2;
		give(b, i);
	}
	assert_int_equal(svc_test_count(b->test, "work.sign"), 1);
	assert_int_equal(fake_store_audits("intent"), 1);
}

static void
what_comes_elsewhere_is_found_by_the_clock(void **state)
{
	struct bench *b = *state;
	struct cs_id keys[4];

	start(b, only_ann);
	for (int i = 0; i < STANDING; i++)
		give(b, i);
	assert_int_equal(row(b)->n_waits_for, 1);
	assert_int_equal(fake_store_found(keys, 4), 0);
	give(b, STANDING);
	expect_state(b, SIGNER_WAITING); /* it is another request's */
	assert_int_equal(fake_store_found(keys, 4), 1);
	assert_true(cs_id_equal(keys[0], b->w->c.id));
	run(b, (struct svc_test_event){ "clock", "clock.missing-found", .key = keys[0] }, NOW);
	expect_state(b, SIGNER_INTENT);
	assert_int_equal(fake_store_found(keys, 4), 0);
}

/* ---- signing ---- */

static void
check_message(struct bench *b, const struct pki_cert_info *info)
{
	const struct svc_test_out *out = svc_test_out(b->test, "certificate.issued", 0);
	Countersign__V1__CertificateIssued *m =
	    countersign__v1__certificate_issued__unpack(NULL, out->body.len, out->body.data);

	assert_non_null(m);
	assert_true(cs_span_equal(
	    cs_span_of(m->certificate.data, m->certificate.len), row(b)->certificate));
	assert_int_equal(m->n_chain, 1);
	assert_string_equal(m->enterprise, "acme");
	assert_string_equal(m->account, "u-1");
	assert_string_equal(m->contact, "ann@sales.example");
	assert_string_equal(m->issuer, "issuing-1");
	assert_string_equal(m->serial, cs_hex(b->w->arena, info->serial));
	assert_string_equal(m->fingerprint, cs_hex(b->w->arena, cs_span_of(info->sha256, 32)));
	assert_int_equal(m->n_mailboxes, 1);
	assert_int_equal(m->not_after_ms - m->not_before_ms, 90 * CS_DAY_MS - 1000);
	countersign__v1__certificate_issued__free_unpacked(m, NULL);
}

static void
a_certificate_says_what_was_proved(void **state)
{
	struct bench *b = *state;
	struct pki_cert_info info;
	struct pki_csr csr;
	struct cs_refusal why;

	start(b, only_ann);
	give_all(b);
	run(b, carry_out(b, NOW + 1), NOW + 2);
	expect_state(b, SIGNER_ISSUED);
	assert_int_equal(pki_cert_read(b->w->arena, row(b)->certificate, &info, NULL), CS_OK);
	assert_true(pki_cert_signed_by(
	    &info, pki_issuer_certificate(issuers_find(b->signer.issuers, "issuing-1")->issuer)));
	assert_true(pki_csr_read(b->w->arena, b->w->request.csr, 0, &csr, &why));
	assert_true(cs_span_equal(info.spki, csr.key.spki));
	assert_int_equal(info.n_mailboxes, 1);
	assert_string_equal(info.mailboxes[0].address, "ann@sales.example");
	assert_int_equal(info.n_subject_attributes, 0);
	assert_int_equal(info.not_before_s, NOW / 1000);
	assert_int_equal(info.serial.len, GATE_SERIAL);
	assert_true(info.serial.data[0] >= 0x40 && info.serial.data[0] <= 0x7f);
	assert_string_equal(info.policies[0], "2.23.140.1.5.1.3");
	assert_null(info.policies[1]);
	assert_string_equal(info.eku[0], PKI_EKU_EMAIL_PROTECTION);
	assert_null(info.eku[1]);
	assert_false(info.is_ca);
	check_message(b, &info);
	assert_int_equal(fake_store_audits("intent"), 1);
	assert_int_equal(fake_store_audits("issued"), 1);
}

/* The last order with other octets or another profile, under a true seal. */
static enum sign_says
carry_out_altered(struct bench *b, size_t octet, const char *profile)
{
	const size_t n = svc_test_count(b->test, "work.sign");
	const struct svc_test_out *out = svc_test_out(b->test, "work.sign", n - 1);
	struct log_context log = { .service = "test", .level = LOG_ERROR };
	struct sign_order order;

	assert_true(sign_read_order(b->signer.seal_key, out->key, out->body, &order));
	order.tbs = cs_arena_copy_span(b->w->arena, order.tbs);
	if (octet > 0)
		((uint8_t *)(uintptr_t)order.tbs.data)[octet] ^= 1;
	if (profile != NULL)
		order.profile = profile;
	struct svc_work work = { .kind = "sign",
		.key = out->key,
		.body = sign_write_order(b->w->arena, b->signer.seal_key, out->key, &order),
		.now_ms = NOW + 1,
		.arena = b->w->arena,
		.log = &log };

	return sign_carry_out(&b->signer, &work).says;
}

static void
a_true_seal_gets_no_signature_without_the_lints(void **state)
{
	struct bench *b = *state;

	start(b, only_ann);
	give_all(b);
	assert_int_equal(carry_out_altered(b, 0, NULL), SIGN_DONE);
	assert_int_equal(carry_out_altered(b, 4, NULL), SIGN_RECHECK);  /* the version's tag */
	assert_int_equal(carry_out_altered(b, 60, NULL), SIGN_RECHECK); /* in the issuer */
	assert_int_equal(carry_out_altered(b, 0, "mailbox-multipurpose"), SIGN_RECHECK);
	assert_int_equal(carry_out_altered(b, 0, "sponsor-strict"), SIGN_RECHECK);
	assert_int_equal(carry_out_altered(b, 0, "mailbox-legacy"), SIGN_RECHECK);
}

static void
expect_refused(struct bench *b, const char *code)
{
	expect_state(b, SIGNER_REFUSED);
	assert_int_equal(svc_test_count(b->test, "certificate.issued"), 0);
	const struct svc_test_out *out = svc_test_out(b->test, "certificate.refused", 0);
	assert_non_null(out);
	Countersign__V1__CertificateRefused *m =
	    countersign__v1__certificate_refused__unpack(NULL, out->body.len, out->body.data);
	assert_non_null(m);
	assert_string_equal(m->code, code);
	countersign__v1__certificate_refused__free_unpacked(m, NULL);
}

static void
expect_void(struct bench *b, const char *code)
{
	expect_refused(b, code);
	assert_true(row(b)->record.intent.is_void);
	assert_int_equal(fake_store_audits("void"), 1);
	assert_int_equal(svc_test_count(b->test, "certificate.voided"), 1);
	assert_int_equal(fake_life.n_rows, 1);
	assert_true(fake_life.rows[0].revocation.of_void);
	/* until the end that the certificate would have had */
	assert_int_equal(
	    fake_life.rows[0].revocation.not_after_s, NOW / 1000 + INT64_C(90) * 86400 - 1);
}

static struct svc_test_event
refused_by_a_linter(struct bench *b)
{
	const struct sign_result result = { .says = SIGN_REFUSED, .id = "e_b", .text = "why" };

	return (struct svc_test_event){ .id = cs_arena_printf(b->w->arena, "e%u", b->n_events++),
		.subject = "work.sign",
		.key = b->w->c.id,
		.body = sign_write_result(b->w->arena, &result) };
}

static void
what_another_linter_refuses_is_void(void **state)
{
	struct bench *b = *state;

	start(b, only_ann);
	give_all(b);
	run(b, refused_by_a_linter(b), NOW + 2);
	expect_void(b, "lint-external-e_b");
	run(b, carry_out(b, NOW + 1), NOW + 3); /* too late */
	expect_void(b, "lint-external-e_b");
	assert_int_equal(svc_test_count(b->test, "certificate.issued"), 0);
}

static void
a_result_is_read_as_it_was_written_or_not_at_all(void **state)
{
	static const struct sign_result results[] = {
		{ .says = SIGN_DONE,
		    .tbs_sha256 = { 1 },
		    .signature = { (const uint8_t *)"s", 1 } },
		{ .says = SIGN_RECHECK }, { .says = SIGN_FAILED },
		{ .says = SIGN_REFUSED, .id = "e_a", .text = "why" }
	};
	struct bench *b = *state;
	struct sign_result read;
	struct cs_err err;

	for (size_t i = 0; i < COUNT(results); i++) {
		const struct cs_span body = sign_write_result(b->w->arena, &results[i]);

		assert_int_equal(sign_read_result(body, &read, &err), CS_OK);
		assert_int_equal(read.says, results[i].says);
		assert_memory_equal(read.tbs_sha256, results[i].tbs_sha256, 32);
		assert_true(cs_span_equal(read.signature, results[i].signature));
		if (results[i].says == SIGN_REFUSED) {
			assert_string_equal(read.id, "e_a");
			assert_string_equal(read.text, "why");
		}
		for (size_t len = 0; len < body.len; len++)
			assert_int_equal(sign_read_result(cs_span_of(body.data, len), &read, &err),
			    CS_MALFORMED);
		if (results[i].says != SIGN_DONE)
			assert_int_equal(
			    sign_read_result(cs_span_of(body.data, body.len + 1), &read, &err),
			    CS_MALFORMED); /* the NUL behind every span */
	}
}

static void
the_second_result_changes_nothing(void **state)
{
	struct bench *b = *state;

	start(b, only_ann);
	give_all(b);
	struct svc_test_event first = carry_out(b, NOW + 1), second = carry_out(b, NOW + 1);
	run(b, first, NOW + 2);
	const struct cs_span certificate = row(b)->certificate;
	run(b, second, NOW + 3);
	assert_int_equal(svc_test_count(b->test, "certificate.issued"), 1);
	assert_true(cs_span_equal(row(b)->certificate, certificate));
	for (int i = 0; i < EVENTS; i++)
		give(b, i);
	assert_int_equal(svc_test_count(b->test, "work.sign"), 1);
}

static enum sign_says
says(struct svc_test_event e)
{
	struct sign_result result;

	assert_int_equal(sign_read_result(e.body, &result, NULL), CS_OK);
	return result.says;
}

static void
an_old_order_is_judged_again(void **state)
{
	struct bench *b = *state;

	start(b, only_ann);
	give_all(b);
	const struct record_intent before = row(b)->record.intent;
	assert_int_equal(says(carry_out(b, NOW + GATE_MARGIN_MS - 1)), SIGN_DONE);
	struct svc_test_event late = carry_out(b, NOW + GATE_MARGIN_MS);
	assert_int_equal(says(late), SIGN_RECHECK);
	run(b, late, NOW + GATE_MARGIN_MS);
	expect_state(b, SIGNER_INTENT);
	assert_int_equal(svc_test_count(b->test, "work.sign"), 2);
	assert_int_equal(fake_store_audits("renewed"), 1);
	assert_true(cs_span_equal(before.tbs, row(b)->record.intent.tbs)); /* never new octets */
	run(b, carry_out(b, NOW + GATE_MARGIN_MS + 9), NOW + GATE_MARGIN_MS + 9);
	expect_state(b, SIGNER_ISSUED);
}

/* Over octets of another order, which a signer did sign: the gate says that they are not what it judged. */
static void
a_signature_over_other_octets_is_judged_again(void **state)
{
	struct bench *b = *state;

	start(b, only_ann);
	give_all(b);
	struct svc_test_event other = carry_out(b, NOW + 1);
	((uint8_t *)(uintptr_t)other.body.data)[1] ^= 1; /* the digest of what was signed */
	run(b, other, NOW + 2);
	expect_state(b, SIGNER_INTENT);
	assert_int_equal(svc_test_count(b->test, "certificate.issued"), 0);
	assert_int_equal(fake_store_audits("renewed"), 1);
	run(b, carry_out(b, NOW + 3), NOW + 3);
	expect_state(b, SIGNER_ISSUED);
}

/* The octets are right, and the row says another serial: nothing was loaded to judge by, until the order is old. */
static void
a_row_with_another_serial_gets_no_certificate(void **state)
{
	struct bench *b = *state;

	start(b, only_ann);
	give_all(b);
	row(b)->record.intent.choice.serial[3] ^= 1;
	run(b, carry_out(b, NOW + 1), NOW + 2);
	expect_state(b, SIGNER_INTENT);
	assert_int_equal(svc_test_count(b->test, "again"), 1);
	assert_int_equal(svc_test_count(b->test, "certificate.issued"), 0);
	run(b, carry_out(b, NOW + GATE_MARGIN_MS), NOW + GATE_MARGIN_MS);
	expect_void(b, "octets-differ");
}

/* Another request in our rows, which nobody who may state requests has signed: nobody is told by it. */
static void
a_row_with_another_request_gets_no_certificate(void **state)
{
	struct bench *b = *state;
	struct claim_request other;

	start(b, only_ann);
	give_all(b);
	other = b->w->request;
	other.contact = "eve@sales.example";
	row(b)->record.c.request.envelope =
	    claim_seal_request(b->w->arena, b->w->keys[KEY_CAA], &other);
	run(b, carry_out(b, NOW + 1), NOW + 2);
	expect_void(b, "request-unreadable");
	const struct svc_test_out *told = svc_test_out(b->test, "certificate.refused", 0);

	assert_non_null(told);
	assert_null(memmem(told->body.data, told->body.len, "eve@", 4));
}

static void
an_order_that_outlived_its_plan_is_void(void **state)
{
	struct bench *b = *state;
	const int64_t end_ms = NOW + 15 * CS_MINUTE_MS;

	start(b, only_ann);
	give_all(b);
	run(b, carry_out(b, end_ms), end_ms);
	expect_void(b, "evidence-expired");
}

static void
an_order_whose_proof_was_voided_is_void(void **state)
{
	struct bench *b = *state;
	struct world *w = b->w;

	start(b, only_ann);
	give_all(b);
	w->evidence[CAA_SALES].attempt = 2;
	w->evidence[CAA_SALES].outcome = CLAIM_REFUSED;
	world_seal(w, CAA_SALES);
	give(b, CAA);
	expect_state(b, SIGNER_INTENT);
	run(b, carry_out(b, NOW + GATE_MARGIN_MS), NOW + GATE_MARGIN_MS);
	expect_void(b, "evidence-expired");
}

/* The registry's row of the request's key, before anything came. */
static struct gate_key *
know_key(struct bench *b)
{
	struct gate_key *key = &fake_store.keys[fake_store.n_keys++];
	struct gate_previous previous;

	assert_true(gate_asks(b->w->arena, b->w->c.request.envelope, key, &previous));
	return key;
}

static void
a_key_that_may_not_be_certified_is_refused(void **state)
{
	static const struct {
		const char *blocked, *account, *want;
	} cases[] = {
		{ "compromised", NULL, "key-compromised" },
		{ NULL, "u-2", "key-of-another" },
		{ NULL, "u-1", NULL },
	};
	struct bench *b = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		start(b, only_ann);
		struct gate_key *key = know_key(b);
		key->blocked = cases[i].blocked;
		key->account = cases[i].account;
		key->enterprise = cases[i].account != NULL ? "acme" : NULL;
		give_all(b);
		if (cases[i].want != NULL)
			expect_refused(b, cases[i].want);
		else
			expect_state(b, SIGNER_INTENT);
	}
}

static void
only_a_domain(struct world *w, enum world_step step)
{
	static const char *const sales[] = { "sales.example" };

	only_ann(w, step);
	if (step != STEP_FACTS)
		return;
	w->request = (struct claim_request){
		.id = w->request.id,
		.enterprise = w->request.enterprise,
		.account = w->request.account,
		.profile = "",
		.domains = world_texts(sales, 1),
		.agreement = "",
		.submitted_at_ms = w->request.submitted_at_ms,
		.contact = "",
		.common_name = "",
		.kind = CLAIM_DOMAIN_ONLY,
	};
}

/* Whatever else comes for it: nothing is judged, nothing is said, and the request itself is not kept. */
static void
a_request_for_a_domain_alone_is_none_of_its_business(void **state)
{
	struct bench *b = *state;

	start(b, only_a_domain);
	give_all(b);
	expect_state(b, SIGNER_WAITING);
	assert_int_equal(row(b)->record.c.request.envelope.len, 0);
	assert_int_equal(svc_test_count(b->test, "work.sign"), 0);
	assert_int_equal(svc_test_count(b->test, "certificate.refused"), 0);
}

static void
an_intent_claims_its_key(void **state)
{
	struct bench *b = *state;

	start(b, only_ann);
	give_all(b);
	assert_int_equal(fake_store.n_keys, 1);
	assert_string_equal(fake_store.keys[0].enterprise, "acme");
	assert_string_equal(fake_store.keys[0].account, "u-1");
}

/* Signed, and the key is known to others by now: nobody sees that certificate, and its serial is listed. */
static void
a_key_that_is_blocked_while_it_is_signed_gets_no_certificate(void **state)
{
	struct bench *b = *state;

	start(b, only_ann);
	give_all(b);
	struct svc_test_event result = carry_out(b, NOW + 10);
	fake_store.keys[0].blocked = "compromised";
	run(b, result, NOW + 10);
	expect_void(b, "key-compromised");
	assert_int_equal(row(b)->certificate.len, 0);
}

/* Whoever owns the database: other octets in the intent, or in the order. */
static void
edited_octets_are_never_signed(void **state)
{
	struct bench *b = *state;

	start(b, only_ann);
	give_all(b);
	struct svc_test_event signed_right = carry_out(b, NOW + 1);
	uint8_t *tbs = (uint8_t *)row(b)->record.intent.tbs.data;
	tbs[row(b)->record.intent.tbs.len - 1] ^= 1;
	run(b, signed_right, NOW + 2);
	expect_void(b, "octets-differ");
}

static void
an_order_that_we_did_not_seal_is_not_carried_out(void **state)
{
	struct bench *b = *state;

	start(b, only_ann);
	give_all(b);
	const struct svc_test_out *order = svc_test_out(b->test, "work.sign", 0);
	uint8_t *body = (uint8_t *)order->body.data;
	for (size_t i = 0; i < order->body.len; i += 11) {
		body[i] ^= 1;
		if (says(carry_out(b, NOW + 1)) != SIGN_RECHECK)
			fail_msg("octet %zu of the order: got signed", i);
		body[i] ^= 1;
	}
	b->signer.seal_key.len--;
	assert_int_equal(says(carry_out(b, NOW + 1)), SIGN_RECHECK);
	b->signer.seal_key.len++;
	((struct svc_test_out *)order)->key.octets[0] ^= 1; /* moved to another request */
	assert_int_equal(says(carry_out(b, NOW + 1)), SIGN_RECHECK);
	((struct svc_test_out *)order)->key.octets[0] ^= 1;
	assert_int_equal(says(carry_out(b, NOW + 1)), SIGN_DONE);
}

static void
every_certificate_has_a_serial_of_its_own(void **state)
{
	struct bench *b = *state;
	uint8_t serials[8][GATE_SERIAL];

	for (int i = 0; i < 8; i++) {
		start(b, only_ann);
		give_all(b);
		memcpy(serials[i], row(b)->record.intent.choice.serial, GATE_SERIAL);
		for (int k = 0; k < i; k++)
			assert_memory_not_equal(serials[i], serials[k], GATE_SERIAL);
	}
}

/* ---- plans ---- */

static void
the_highest_revision_counts(void **state)
{
	struct bench *b = *state;
	struct world *w = b->w;

	start(b, only_ann);
	const struct cs_span second = w->c.plan.envelope;
	w->plan.revision = 3;
	w->checks[1].attempt = 2;
	w->c.plan.envelope = claim_seal_plan(w->arena, w->keys[KEY_POLICY], &w->plan);
	give_all(b); /* revision 3, and CAA of attempt 1 */
	expect_state(b, SIGNER_WAITING);
	w->c.plan.envelope = second;
	give(b, PLAN);
	expect_state(b, SIGNER_WAITING);
	assert_int_equal(row(b)->record.plan_revision, 3);
	w->plan.contact = ""; /* another revision 3 */
	w->checks[1].attempt = 1;
	w->c.plan.envelope = claim_seal_plan(w->arena, w->keys[KEY_POLICY], &w->plan);
	give(b, PLAN);
	expect_state(b, SIGNER_WAITING);
	w->plan.revision = 4;
	w->c.plan.envelope = claim_seal_plan(w->arena, w->keys[KEY_POLICY], &w->plan);
	give(b, PLAN);
	expect_state(b, SIGNER_INTENT);
}

static void
the_first_result_of_an_attempt_counts(void **state)
{
	struct bench *b = *state;
	struct world *w = b->w;

	start(b, only_ann);
	const struct cs_span good = w->sealed[CAA_SALES];
	w->evidence[CAA_SALES].outcome = CLAIM_COULD_NOT_TELL;
	world_seal(w, CAA_SALES);
	give(b, CAA);
	w->sealed[CAA_SALES] = good;
	give_all(b);
	expect_state(b, SIGNER_WAITING);
}

static void
a_plan_that_asks_too_little_is_refused(void **state)
{
	struct bench *b = *state;
	struct world *w = b->w;

	start(b, only_ann);
	w->plan.n_checks = 0;
	w->c.plan.envelope = claim_seal_plan(w->arena, w->keys[KEY_POLICY], &w->plan);
	give(b, PLAN);
	expect_state(b, SIGNER_REFUSED);
	assert_int_equal(svc_test_count(b->test, "certificate.refused"), 1);
	assert_int_equal(fake_store_audits("refused"), 1);
	give_all(b);
	assert_int_equal(svc_test_count(b->test, "certificate.refused"), 1);
	assert_int_equal(svc_test_count(b->test, "work.sign"), 0);
}

static void
wrong_name(struct world *w, enum world_step step)
{
	only_ann(w, step);
	if (step == STEP_FACTS)
		w->request.common_name = "Ann of Sales";
}

static void
right_name(struct world *w, enum world_step step)
{
	only_ann(w, step);
	if (step == STEP_FACTS)
		w->request.common_name = "ann@sales.example";
}

static void
a_common_name_is_one_of_the_mailboxes(void **state)
{
	struct bench *b = *state;

	start(b, wrong_name);
	give_all(b);
	expect_state(b, SIGNER_REFUSED);
	start(b, right_name);
	give_all(b);
	expect_state(b, SIGNER_INTENT);
}

static void
a_certificate_does_not_outlive_its_issuer(void **state)
{
	struct bench *b = *state;
	struct gate_ca *ca = (struct gate_ca *)&issuers_find(b->signer.issuers, "issuing-1")->ca;
	const int64_t end_s = ca->not_after_s;

	start(b, only_ann);
	ca->not_after_s = NOW / 1000 + 90 * 86400 - 1;
	give_all(b);
	expect_state(b, SIGNER_INTENT);
	start(b, only_ann);
	ca->not_after_s = NOW / 1000 + 90 * 86400 - 2;
	give_all(b);
	expect_state(b, SIGNER_REFUSED);
	ca->not_after_s = end_s;
}

/* ---- what is not genuine never arrives ---- */

/* A genuine envelope, and a genuine one in it. */
static struct cs_span
enclosing(struct world *w, struct cs_span envelope)
{
	const struct cs_span inner = w->c.request.envelope;
	const struct claim_case both = { envelope, inner, inner };

	return world_final(w, &both);
}

static void
forged_events_are_not_taken(void **state)
{
	struct bench *b = *state;
	struct world *w = b->w;

	start(b, only_ann);
	const struct claim_case final = parts(b);
	struct claim_case by_intake = final;
	by_intake.plan = claim_seal_plan(w->arena, w->keys[KEY_INTAKE], &w->plan);
	const struct svc_test_event forged[] = {
		{ "f1", "plan.final", .body = world_final(w, &by_intake) },
		{ "f2", "evidence.caa", .body = world_final(w, &final) },
		{ "f3", "evidence.caa",
		    .body =
			claim_seal_evidence(w->arena, w->keys[KEY_MPIC], &w->evidence[CAA_SALES]) },
		{ "f4", "evidence.mailbox", .body = w->sealed[CAA_SALES] }, /* another's subject */
		{ "f5", "evidence.caa", .body = enclosing(w, w->sealed[CAA_SALES]) },
		{ "f6", "ask.signer.stop", .body = w->c.plan.envelope },
	};
	svc_test_run(b->test, forged, COUNT(forged));
	for (size_t i = 0; i < COUNT(forged); i++) {
		if (svc_test_acked(b->test, forged[i].id))
			fail_msg("%s: got taken", forged[i].id);
	}
	assert_int_equal(fake_store.n_rows, 0);
	assert_int_equal(fake_store.n_proofs, 0);
}

static struct cs_span
request_by(struct world *w, enum world_key key, uint32_t days, uint8_t bent)
{
	struct claim_request request = w->request;
	struct pki_csr csr;
	struct cs_refusal why;

	request.validity_days = days;
	request.id.octets[0] ^= bent;
	cs_assert(pki_csr_read(w->arena, request.csr, 0, &csr, &why));
	claim_request_digest(&request, csr.key.spki, request.digest);
	return claim_seal_request(w->arena, w->keys[key], &request);
}

static struct cs_span
approval_by(struct world *w, enum world_key key, int64_t later_ms)
{
	struct claim_approval approval = w->approval;

	approval.approved_at_ms += later_ms;
	return claim_seal_approval(w->arena, w->keys[key], &approval);
}

static struct cs_span
plan_of(struct world *w, bool final)
{
	struct claim_plan plan = w->plan;

	plan.final = final;
	return claim_seal_plan(w->arena, w->keys[KEY_POLICY], &plan);
}

/* Whoever may publish, and has no key: genuine plans with something else beside them take no place in the store. */
static void
a_plan_comes_with_what_it_rests_on_or_not_at_all(void **state)
{
	struct bench *b = *state;
	struct world *w = b->w;

	start(b, only_ann);
	const struct cs_span plan = w->c.plan.envelope, request = w->c.request.envelope,
			     approval = w->c.approval.envelope;
	const struct cs_span flipped = cs_arena_copy_span(w->arena, approval);
	((uint8_t *)(uintptr_t)flipped.data)[flipped.len - 60] ^= 1; /* in the signature */
	const struct {
		const char *name;
		struct claim_case parts;
	} cases[] = {
		{ "another genuine request", { plan, request_by(w, KEY_INTAKE, 90, 1), approval } },
		{ "another digest", { plan, request_by(w, KEY_INTAKE, 91, 0), approval } },
		{ "a stranger's request", { plan, request_by(w, KEY_STRANGER, 90, 0), approval } },
		{ "a stranger's approval", { plan, request, approval_by(w, KEY_STRANGER, 0) } },
		{ "another genuine approval", { plan, request, approval_by(w, KEY_INTAKE, 1) } },
		{ "an approval with another signature", { plan, request, flipped } },
		{ "a request that is not approved in itself", { plan, request, request } },
		{ "the approval for the request", { plan, approval, request } },
		{ "the plan for the request", { plan, plan, approval } },
		{ "evidence for the approval", { plan, request, w->sealed[CAA_SALES] } },
		{ "a request that encloses", { plan, enclosing(w, request), approval } },
		{ "an approval that encloses", { plan, request, enclosing(w, approval) } },
		{ "a plan that encloses already", { enclosing(w, plan), request, approval } },
		{ "a first plan", { plan_of(w, false), request, approval } },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct svc_test_event e = { cases[i].name, "plan.final",
			.body = world_final(w, &cases[i].parts) };

		svc_test_run(b->test, &e, 1);
		if (svc_test_acked(b->test, e.id) || fake_store.n_rows > 0)
			fail_msg("%s: got taken", cases[i].name);
	}
	const struct svc_test_event bare = { "bare", "plan.final", .body = plan };
	svc_test_run(b->test, &bare, 1);
	assert_false(svc_test_acked(b->test, bare.id));
	assert_int_equal(fake_store.n_rows, 0);
	give_all(b);
	expect_state(b, SIGNER_INTENT);
}

static void
at_once(struct world *w, enum world_step step)
{
	only_ann(w, step);
	if (step == STEP_FACTS)
		w->request.approved_factor = "api-token";
}

static void
a_request_that_is_approved_in_itself_becomes_a_certificate(void **state)
{
	struct bench *b = *state;

	start(b, at_once);
	give_all(b);
	run(b, carry_out(b, NOW + 1), NOW + 2);
	expect_state(b, SIGNER_ISSUED);
	const char *digest = strstr(fake_store.audits[0].detail, "request=");
	assert_string_equal(fake_store.audits[0].action, "intent");
	assert_non_null(digest);
	assert_non_null(strstr(fake_store.audits[0].detail,
	    cs_arena_printf(b->w->arena, "approval=%.64s ", digest + strlen("request="))));
}

/* ---- who is named ---- */

/* The same for a certificate that names ann. */
static void
ann_named(struct world *w, enum world_step step)
{
	if (step == STEP_FACTS)
		world_identify(w, "individual-strict");
	only_ann(w, step);
	if (step == STEP_PLAN)
		w->checks[w->plan.n_checks++] = w->checks[INDIVIDUAL];
}

static bool
hear_of_person(struct bench *b, const char *subject, struct cs_span body)
{
	const struct svc_test_event e = { cs_arena_printf(b->w->arena, "e%u", b->n_events++),
		subject, .body = body };

	svc_test_run(b->test, &e, 1);
	return svc_test_acked(b->test, e.id);
}

static void
who_is_named_waits_for_what_policy_states_of_them(void **state)
{
	struct bench *b = *state;
	struct world *w = b->w;

	start(b, ann_named);
	give_all(b);
	expect_state(b, SIGNER_WAITING);
	assert_false(hear_of_person(b, "evidence.mailbox", w->sealed[INDIVIDUAL]));
	assert_false(hear_of_person(b, "evidence.identity", w->sealed[MAILBOX]));
	assert_false(hear_of_person(b, "evidence.identity",
	    claim_seal_evidence(w->arena, w->keys[KEY_MAILBOX], &w->evidence[INDIVIDUAL])));
	expect_state(b, SIGNER_WAITING);
	assert_true(hear_of_person(b, "evidence.identity", w->sealed[INDIVIDUAL]));
	expect_state(b, SIGNER_INTENT);
	const struct cs_span tbs = row(b)->record.intent.tbs;

	assert_non_null(memmem(tbs.data, tbs.len, "Ann Ng", 6));
}

/* Told in the record's own name, before or after what it voids. */
static void
who_was_withdrawn_is_not_named(void **state)
{
	struct bench *b = *state;
	struct world *w = b->w;

	for (int first = 0; first < 2; first++) {
		start(b, ann_named);
		struct claim_evidence no = w->evidence[INDIVIDUAL];

		no.outcome = CLAIM_REFUSED;
		no.attempt = 1;
		no.checked_at_ms = NOW - 4000;
		memset(no.request.octets, 0x77, sizeof(no.request.octets));
		const struct cs_span told = claim_seal_evidence(w->arena, w->keys[KEY_POLICY], &no);

		if (first == 0)
			assert_true(hear_of_person(b, "evidence.identity", told));
		assert_true(hear_of_person(b, "evidence.identity", w->sealed[INDIVIDUAL]));
		if (first == 1)
			assert_true(hear_of_person(b, "evidence.identity", told));
		give_all(b);
		expect_state(b, SIGNER_WAITING);
		assert_int_equal(svc_test_count(b->test, "work.sign"), 0);
	}
}

/* ---- stop ---- */

static const char *
stop(struct bench *b, const char *enterprise)
{
	Countersign__V1__StopRequest m = COUNTERSIGN__V1__STOP_REQUEST__INIT;
	struct world *w = b->w;
	uint32_t status;
	struct cs_span reply;
	char *name = cs_arena_strdup(w->arena, enterprise);
	char account[] = "u-1", reason[] = "cancelled";

	m.request_id.data = w->c.id.octets;
	m.request_id.len = sizeof(w->c.id.octets);
	m.enterprise = name;
	m.account = account;
	m.reason = reason;
	const size_t len = countersign__v1__stop_request__get_packed_size(&m);
	uint8_t *body = cs_arena_alloc(w->arena, len);
	countersign__v1__stop_request__pack(&m, body);
	const char *id = cs_arena_printf(w->arena, "stop%u", b->n_events++);
	const struct svc_test_event e = { id, "ask.signer.stop", .body = cs_span_of(body, len) };
	svc_test_run(b->test, &e, 1);
	assert_true(svc_test_reply(b->test, id, &status, &reply));
	Countersign__V1__StopRequestAnswer *answer =
	    countersign__v1__stop_request_answer__unpack(NULL, reply.len, reply.data);
	assert_non_null(answer);
	const char *result = cs_arena_strdup(w->arena, answer->result);
	countersign__v1__stop_request_answer__free_unpacked(answer, NULL);
	return result;
}

/* After the answer "stopped" nothing is ever issued, wherever the stop came between. */
static void
a_stopped_request_is_never_issued(void **state)
{
	struct bench *b = *state;

	for (int when = 0; when <= EVENTS; when++) {
		start(b, only_ann);
		for (int i = 0; i < EVENTS; i++) {
			if (i == when)
				assert_string_equal(stop(b, "acme"), "stopped");
			give(b, EVENTS - 1 - i);
		}
		if (when == EVENTS) {
			assert_string_equal(stop(b, "acme"), "too-late");
			expect_state(b, SIGNER_INTENT);
			continue;
		}
		expect_state(b, SIGNER_STOPPED);
		assert_string_equal(stop(b, "acme"), "stopped");
		assert_int_equal(svc_test_count(b->test, "certificate.stopped"), 1);
		assert_int_equal(svc_test_count(b->test, "work.sign"), 0);
		assert_int_equal(fake_store_audits("stopped"), 1);
	}
}

static void
tell_plan_refused(struct bench *b)
{
	static const uint8_t code[] = "\x12\x0f"
				      "could-not-prove"; /* field 2 of PlanRefused */
	struct cs_buf body = cs_buf_new(b->w->arena);

	cs_buf_add(&body, "\x0a\x10", 2); /* field 1 */
	cs_buf_add(&body, b->w->c.id.octets, sizeof(b->w->c.id.octets));
	cs_buf_add(&body, code, sizeof(code) - 1);
	const struct svc_test_event e = { cs_arena_printf(b->w->arena, "no%u", b->n_events++),
		"plan.refused", .body = cs_buf_span(&body) };

	svc_test_run(b->test, &e, 1);
	assert_true(svc_test_acked(b->test, e.id));
}

/* The person was told no; evidence that comes after that makes no certificate of it. */
static void
what_policy_refused_is_never_issued(void **state)
{
	struct bench *b = *state;

	for (int when = 0; when <= EVENTS; when++) {
		start(b, only_ann);
		for (int i = 0; i < EVENTS; i++) {
			if (i == when)
				tell_plan_refused(b);
			give(b, EVENTS - 1 - i);
		}
		if (when == EVENTS) { /* too late: what is intended is issued */
			tell_plan_refused(b);
			expect_state(b, SIGNER_INTENT);
			run(b, carry_out(b, NOW), NOW);
			expect_state(b, SIGNER_ISSUED);
			continue;
		}
		expect_state(b, SIGNER_REFUSED);
		assert_string_equal(stop(b, "acme"), "too-late");
		assert_int_equal(svc_test_count(b->test, "certificate.refused"), 0);
		assert_int_equal(svc_test_count(b->test, "work.sign"), 0);
		assert_int_equal(fake_store_audits("refused"), 1);
	}
}

static void
another_enterprise_cannot_stop_it(void **state)
{
	struct bench *b = *state;

	start(b, only_ann);
	give(b, PLAN);
	assert_string_equal(stop(b, "globex"), "unknown");
	give_all(b);
	expect_state(b, SIGNER_INTENT);
	assert_string_equal(stop(b, "globex"), "unknown");
	run(b, carry_out(b, NOW), NOW);
	assert_string_equal(stop(b, "acme"), "too-late");
	expect_state(b, SIGNER_ISSUED);
}

/* ---- what it tells of itself ---- */

static void
ring(struct bench *b, int64_t now_ms)
{
	const struct svc_test_event e = { .id = cs_arena_printf(b->w->arena, "e%u", b->n_events++),
		.subject = "clock.own",
		.key = b->signer.instance };

	run(b, e, now_ms);
}

static struct pki_ed25519 *
audit_key(struct bench *b)
{
	const char *path = cs_arena_printf(b->w->arena, "%s/audit.key", b->w->dir);
	struct pki_ed25519 *key = NULL;
	struct cs_err err;

	(void)unlink(path); /* of the test before */
	if (pki_ed25519_generate(path, &err) || pki_ed25519_load(path, &key, &err))
		fail_msg("%s", err.text);
	(void)unlink(path);
	return key;
}

static void
begin_own(struct bench *b)
{
	start(b, only_ann);
	memset(b->signer.instance.octets, 9, sizeof(b->signer.instance.octets));
	b->signer.audit_key = audit_key(b);
	b->signer.audit_head_s = 60;
	b->signer.started = "version=test";
}

static void
end_own(struct bench *b)
{
	pki_ed25519_free(b->signer.audit_key);
	b->signer.audit_key = NULL;
}

static void
it_tells_once_that_it_started_and_with_what(void **state)
{
	struct bench *b = *state;

	begin_own(b);
	ring(b, NOW);
	ring(b, NOW);
	assert_int_equal(fake_store.n_audits, 1);
	assert_string_equal(fake_store.audits[0].action, "start");
	assert_string_equal(fake_store.audits[0].detail,
	    cs_arena_printf(b->w->arena, "version=test %s", own_trust(&b->signer, b->w->arena)));
	assert_int_equal(fake_store.n_rows, 0); /* it is no request */
	b->w->rows[0].not_after_ms++;           /* another table */
	world_trust(b->w);
	b->signer.trust = b->w->trust;
	ring(b, NOW);
	ring(b, NOW);
	assert_int_equal(fake_store_audits("start"), 1);
	assert_int_equal(fake_store_audits("trust"), 1);
	b->signer.instance.octets[0] ^= 1; /* another process */
	ring(b, NOW);
	assert_int_equal(fake_store_audits("start"), 2);
	end_own(b);
}

static void
a_head_is_signed_when_the_tree_has_grown_and_not_too_often(void **state)
{
	struct bench *b = *state;
	uint8_t public_key[PKI_ED25519_PUBLIC];

	begin_own(b);
	pki_ed25519_public(b->signer.audit_key, public_key);
	ring(b, NOW);
	assert_int_equal(fake_store.n_heads, 0); /* it had no record yet */
	ring(b, NOW);
	assert_int_equal(fake_store.n_heads, 1);
	assert_int_equal(fake_store.head.size, 1);
	assert_int_equal(fake_store.head.at_ms, NOW);
	assert_true(audit_head_verify(&fake_store.head, public_key));
	ring(b, NOW + 120000);
	assert_int_equal(fake_store.n_heads, 1); /* nothing happened */
	give_all(b);
	expect_state(b, SIGNER_INTENT);
	ring(b, NOW + 59999);
	assert_int_equal(fake_store.n_heads, 1);
	ring(b, NOW + 60000);
	assert_int_equal(fake_store.n_heads, 2);
	assert_int_equal(fake_store.head.size, 2);
	assert_true(audit_head_verify(&fake_store.head, public_key));
	assert_int_equal(svc_test_count(b->test, "certificate.audit-head"), 2);
	end_own(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_order_of_arrival_ends_in_one_intent),
		cmocka_unit_test(one_batch_in_any_order_is_the_same),
		cmocka_unit_test(a_conflict_runs_again_and_changes_nothing),
		cmocka_unit_test(what_comes_elsewhere_is_found_by_the_clock),
		cmocka_unit_test(a_certificate_says_what_was_proved),
		cmocka_unit_test(a_true_seal_gets_no_signature_without_the_lints),
		cmocka_unit_test(what_another_linter_refuses_is_void),
		cmocka_unit_test(a_result_is_read_as_it_was_written_or_not_at_all),
		cmocka_unit_test(the_second_result_changes_nothing),
		cmocka_unit_test(an_old_order_is_judged_again),
		cmocka_unit_test(a_signature_over_other_octets_is_judged_again),
		cmocka_unit_test(a_row_with_another_serial_gets_no_certificate),
		cmocka_unit_test(a_row_with_another_request_gets_no_certificate),
		cmocka_unit_test(an_order_that_outlived_its_plan_is_void),
		cmocka_unit_test(an_order_whose_proof_was_voided_is_void),
		cmocka_unit_test(edited_octets_are_never_signed),
		cmocka_unit_test(an_order_that_we_did_not_seal_is_not_carried_out),
		cmocka_unit_test(every_certificate_has_a_serial_of_its_own),
		cmocka_unit_test(the_highest_revision_counts),
		cmocka_unit_test(the_first_result_of_an_attempt_counts),
		cmocka_unit_test(a_plan_that_asks_too_little_is_refused),
		cmocka_unit_test(a_common_name_is_one_of_the_mailboxes),
		cmocka_unit_test(a_key_that_may_not_be_certified_is_refused),
		cmocka_unit_test(a_request_for_a_domain_alone_is_none_of_its_business),
		cmocka_unit_test(an_intent_claims_its_key),
		cmocka_unit_test(a_key_that_is_blocked_while_it_is_signed_gets_no_certificate),
		cmocka_unit_test(a_certificate_does_not_outlive_its_issuer),
		cmocka_unit_test(forged_events_are_not_taken),
		cmocka_unit_test(a_plan_comes_with_what_it_rests_on_or_not_at_all),
		cmocka_unit_test(a_request_that_is_approved_in_itself_becomes_a_certificate),
		cmocka_unit_test(who_is_named_waits_for_what_policy_states_of_them),
		cmocka_unit_test(who_was_withdrawn_is_not_named),
		cmocka_unit_test(a_stopped_request_is_never_issued),
		cmocka_unit_test(what_policy_refused_is_never_issued),
		cmocka_unit_test(another_enterprise_cannot_stop_it),
		cmocka_unit_test(it_tells_once_that_it_started_and_with_what),
		cmocka_unit_test(a_head_is_signed_when_the_tree_has_grown_and_not_too_often),
	};

	return cmocka_run_group_tests_name("handler", tests, make_bench, end_bench);
}
