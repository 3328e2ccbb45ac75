/* SPDX-License-Identifier: Apache-2.0 */
/* Batches through the real skeleton, in memory. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "fake_store.h"
#include "pack/pack.h"
#include "pki/ca.h"
#include "pki/issuer_raw.h"
#include "pki/verify.h"
#include "proto/ask.pb-c.h"
#include "proto/certificate.pb-c.h"
#include "svc/svc_test.h"
#include "wire.h"

#define NOW INT64_C(1795437296789)
#define NOT_AFTER ((NOW / 1000 + 86400) * 1000)
#define SERIAL "4102030405060708090a0b0c0d0e0f10"

struct stage {
	struct cs_arena *arena;
	struct pki_issuer *ours, *stranger;
	struct authority authority;
	struct status_service status;
	struct svc_service service;
	struct svc_test *test;
};

static struct pki_issuer *
make_ca(struct cs_arena *arena)
{
	const struct pki_ca_spec spec = { .common_name = "Ours", /* easily the same for both */
		.organization = "Tests",
		.country = "DE",
		.kind = PKI_KEY_EC,
		.bits = 256,
		.not_before_s = NOW / 1000 - 86400,
		.not_after_s = NOW / 1000 + 864000 };
	char dir[] = "/tmp/test-status-XXXXXX";
	struct pki_issuer *issuer;
	struct pki_ca_made made;
	struct cs_err err;

	assert_non_null(mkdtemp(dir));
	assert_int_equal(pki_ca_make_root(&spec, NULL, &made, &err), CS_OK);
	const struct pki_issuer_files files = { .key = cs_arena_printf(arena, "%s/key", dir),
		.chain = cs_arena_printf(arena, "%s/chain", dir) };
	const char *const texts[] = { made.key_pem, made.cert_pem };
	const char *const paths[] = { files.key, files.chain };
	for (int i = 0; i < 2; i++) {
		FILE *file = fopen(paths[i], "wbe");

		assert_true(file != NULL && fchmod(fileno(file), 0600) == 0);
		(void)fputs(texts[i], file);
		(void)fclose(file);
	}
	assert_int_equal(pki_issuer_load(&files, &issuer, &err), CS_OK);
	for (int i = 0; i < 2; i++)
		(void)unlink(paths[i]);
	(void)rmdir(dir);
	pki_ca_made_fini(&made);
	return issuer;
}

static int
begin(void **state)
{
	struct stage *stage = calloc(1, sizeof(*stage));

	assert_non_null(stage);
	stage->arena = cs_arena_new();
	stage->ours = make_ca(stage->arena);
	stage->stranger = make_ca(stage->arena);
	stage->authority =
	    (struct authority){ .label = "issuing-1", .ca = *pki_issuer_certificate(stage->ours) };
	stage->authority.key = pki_verifier_new(stage->authority.ca.spki);
	assert_non_null(stage->authority.key);
	stage->status.authorities = (struct authorities){ &stage->authority, 1 };
	stage->service = (struct svc_service){ .name = "certificate-status",
		.mode = SVC_BATCH,
		.self = &stage->status,
		.routes = status_routes,
		.load = store_load_rows,
		.save = store_save_rows };
	fake_store_reset();
	stage->test = svc_test_new(&stage->service, NOW);
	*state = stage;
	return 0;
}

static int
end(void **state)
{
	struct stage *stage = *state;

	svc_test_free(stage->test);
	authorities_free(&stage->status.authorities);
	pki_issuer_free(stage->ours);
	pki_issuer_free(stage->stranger);
	cs_arena_free(stage->arena);
	free(stage);
	return 0;
}

/* ---- events ---- */

static const uint8_t request[16] = { 1 };

static struct cs_span
serial_of(struct stage *stage, const char *hex)
{
	uint8_t *octets = cs_arena_alloc(stage->arena, strlen(hex) / 2);

	assert_true(cs_hex_decode(hex, octets, strlen(hex) / 2));
	return cs_span_of(octets, strlen(hex) / 2);
}

static struct cs_span
certificate(struct stage *stage, struct pki_issuer *issuer, const char *serial)
{
	static const struct pki_mailbox mailbox = { "alice@example.com", false };
	static const char *const eku[] = { PKI_EKU_EMAIL_PROTECTION, NULL };
	const struct pki_cert_template template = {
		.serial = serial_of(stage, serial),
		.issuer = pki_issuer_name(issuer),
		.not_before_s = NOW / 1000,
		.not_after_s = NOT_AFTER / 1000,
		.spki = pki_issuer_certificate(stage->stranger)->spki, /* any good key */
		.mailboxes = &mailbox,
		.n_mailboxes = 1,
		.key_usage = PKI_KU_DIGITAL_SIGNATURE,
		.eku = eku,
		.authority_key_id = pki_issuer_key_id(issuer),
		.sigalg = pki_issuer_sigalg(issuer),
		.path_len = -1,
	};
	struct cs_span tbs, signature;
	struct cs_err err;

	assert_int_equal(pki_cert_tbs(stage->arena, &template, &tbs, &err), CS_OK);
	assert_int_equal(pki_issuer_sign_raw(issuer, stage->arena, tbs, &signature, &err), CS_OK);
	return pki_cert_assemble(stage->arena, tbs, template.sigalg, signature);
}

static struct cs_span
issued(struct stage *stage, struct cs_span der, const char *serial, int64_t not_after_ms)
{
	Countersign__V1__CertificateIssued m = COUNTERSIGN__V1__CERTIFICATE_ISSUED__INIT;

	m.request_id = pack_octets(cs_span_of(request, sizeof(request)));
	m.certificate = pack_octets(der);
	m.serial = pack_text(serial);
	m.issuer = pack_text("issuing-1");
	m.not_after_ms = not_after_ms;
	return pack_write(stage->arena, &m.base);
}

static struct cs_span
revoked(struct stage *stage, const char *issuer, const char *serial, uint32_t reason, int64_t at_ms)
{
	Countersign__V1__CertificateRevoked m = COUNTERSIGN__V1__CERTIFICATE_REVOKED__INIT;

	m.request_id = pack_octets(cs_span_of(request, sizeof(request)));
	m.serial = pack_text(serial);
	m.issuer = pack_text(issuer);
	m.reason = reason;
	m.revoked_at_ms = at_ms;
	m.not_after_ms = NOT_AFTER;
	return pack_write(stage->arena, &m.base);
}

static bool
run(struct stage *stage, const char *id, const char *subject, struct cs_span body)
{
	const struct svc_test_event event = { .id = id, .subject = subject, .body = body };

	svc_test_run(stage->test, &event, 1);
	return svc_test_acked(stage->test, id);
}

/* ---- tests ---- */

static void
issued_and_revoked_come_in_any_order(void **state)
{
	struct stage *stage = *state;
	const struct cs_span good =
	    issued(stage, certificate(stage, stage->ours, SERIAL), SERIAL, NOT_AFTER);

	assert_true(run(
	    stage, "e1", "certificate.revoked", revoked(stage, "issuing-1", SERIAL, 4, NOW - 5)));
	assert_true(run(stage, "e2", "certificate.issued", good));
	assert_true(
	    run(stage, "e3", "certificate.revoked", revoked(stage, "issuing-1", SERIAL, 1, NOW)));
	assert_true(run(
	    stage, "e4", "certificate.revoked", revoked(stage, "issuing-1", SERIAL, 6, NOW - 9)));
	assert_int_equal(fake_store_count(), 1);
	const struct status_row *row = fake_store_find(serial_of(stage, SERIAL));
	assert_non_null(row);
	assert_true(row->facts.revoked && row->facts.reason == 1);
	assert_true(row->facts.revoked_at_ms == NOW && row->facts.not_after_ms == NOT_AFTER);
}

static void
nothing_is_issued_but_what_the_ca_signed(void **state)
{
	struct stage *stage = *state;
	const struct cs_span ours = certificate(stage, stage->ours, SERIAL);
	const struct {
		const char *id;
		struct cs_span body;
		bool good;
	} cases[] = {
		{ "as it is", issued(stage, ours, SERIAL, NOT_AFTER), true },
		{ "of a stranger",
		    issued(stage, certificate(stage, stage->stranger, SERIAL), SERIAL, NOT_AFTER),
		    false },
		{ "another serial",
		    issued(stage, ours, "4102030405060708090a0b0c0d0e0f11", NOT_AFTER), false },
		{ "another end", issued(stage, ours, SERIAL, NOT_AFTER + 1000), false },
		{ "no certificate", issued(stage, cs_span_str("x"), SERIAL, NOT_AFTER), false },
		{ "a serial in capitals",
		    issued(stage, ours, "4102030405060708090A0B0C0D0E0F10", NOT_AFTER), false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fake_store_reset();
		(void)run(stage, cases[i].id, "certificate.issued", cases[i].body);
		if ((fake_store_count() == 1) != cases[i].good)
			fail_msg("%s: %zu rows", cases[i].id, fake_store_count());
	}
}

static void
an_unknown_ca_or_reason_waits_for_an_operator(void **state)
{
	struct stage *stage = *state;

	assert_false(
	    run(stage, "e1", "certificate.revoked", revoked(stage, "issuing-2", SERIAL, 1, NOW)));
	assert_false(
	    run(stage, "e2", "certificate.revoked", revoked(stage, "issuing-1", SERIAL, 2, NOW)));
	assert_false(
	    run(stage, "e3", "certificate.revoked", revoked(stage, "issuing-1", "", 1, NOW)));
	assert_int_equal(fake_store_count(), 0);
}

static void
a_new_crl_is_work_for_the_loop(void **state)
{
	struct stage *stage = *state;
	Countersign__V1__CrlMade m = COUNTERSIGN__V1__CRL_MADE__INIT;
	uint8_t digest[32] = { 1 };

	m.issuer = pack_text("issuing-1");
	m.partition = 3;
	m.number = 7;
	m.size = 100;
	m.sha256 = pack_octets(cs_span_of(digest, sizeof(digest)));
	assert_true(run(stage, "e1", "certificate.crl-made", pack_write(stage->arena, &m.base)));
	assert_int_equal(svc_test_count(stage->test, "work.crl"), 1);
	assert_int_equal(fake_store_count(), 0);
}

static void
a_list_that_cannot_be_served_keeps_no_other_away(void **state)
{
	struct stage *stage = *state;
	uint8_t digest[32] = { 1 };
	static const struct {
		const char *issuer;
		uint32_t partition, size;
		bool good;
	} cases[] = {
		{ "Issuing", 0, 100, false },
		{ "issuing.1", 1024, 100, true },
		{ "issuing-1", 1025, 100, false },
		{ "issuing-1", 0, 64 * 1024 * 1024, true },
		{ "issuing-1", 1, 64 * 1024 * 1024 + 1, false },
	};
	Countersign__V1__CrlsAnswer m = COUNTERSIGN__V1__CRLS_ANSWER__INIT;
	Countersign__V1__CrlRow rows[5], *all[5];
	struct wire_crl *crls;
	size_t n, left_out, at = 0;
	struct cs_err err;

	for (size_t i = 0; i < 5; i++) {
		countersign__v1__crl_row__init(&rows[i]);
		rows[i].issuer = pack_text(cases[i].issuer);
		rows[i].partition = cases[i].partition;
		rows[i].size = cases[i].size;
		rows[i].number = 7;
		rows[i].sha256 = pack_octets(cs_span_of(digest, sizeof(digest)));
		all[i] = &rows[i];
	}
	m.n_crls = 5;
	m.crls = all;
	assert_int_equal(wire_read_crls(stage->arena, pack_write(stage->arena, &m.base), &crls, &n,
			     &left_out, &err),
	    CS_OK);
	assert_int_equal(n, 2);
	assert_int_equal(left_out, 3);
	for (size_t i = 0; i < 5; i++) {
		if (cases[i].good)
			assert_int_equal(crls[at++].partition, cases[i].partition);
	}
}

static void
fetch(struct stage *stage, const char *id, int64_t number, const char *octets)
{
	const struct wire_fetched fetched = { "issuing-1", 3, number, cs_span_str(octets) };
	const struct svc_test_event event = { .id = id,
		.subject = "status.crl",
		.key = status_crl_key("issuing-1", 3),
		.body = wire_write_fetched(stage->arena, &fetched) };

	svc_test_run(stage->test, &event, 1);
}

static void
a_crl_is_kept_when_its_number_is_greater(void **state)
{
	struct stage *stage = *state;

	fetch(stage, "c1", 7, "seven");
	fetch(stage, "c2", 6, "six");
	fetch(stage, "c3", 7, "another seven");
	assert_int_equal(fake_store_count(), 1);
	assert_true(fake_store_find(cs_span_str("seven"))->number == 7);
	fetch(stage, "c4", 8, "eight");
	const struct status_row *row = fake_store_find(cs_span_str("eight"));
	assert_non_null(row);
	assert_int_equal(row->partition, 3);
	assert_int_equal(fake_store_count(), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(issued_and_revoked_come_in_any_order, begin, end),
		cmocka_unit_test_setup_teardown(
		    nothing_is_issued_but_what_the_ca_signed, begin, end),
		cmocka_unit_test_setup_teardown(
		    an_unknown_ca_or_reason_waits_for_an_operator, begin, end),
		cmocka_unit_test_setup_teardown(a_new_crl_is_work_for_the_loop, begin, end),
		cmocka_unit_test_setup_teardown(
		    a_list_that_cannot_be_served_keeps_no_other_away, begin, end),
		cmocka_unit_test_setup_teardown(
		    a_crl_is_kept_when_its_number_is_greater, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
