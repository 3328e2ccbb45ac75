/* SPDX-License-Identifier: Apache-2.0 */
/* Revocation lists through the real skeleton: one number at a time, what is decided is what is signed. */
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
#include "handler.h"
#include "proto/ask.pb-c.h"
#include "proto/certificate.pb-c.h"
#include "svc/svc_test.h"
#include "tests/fake_life.h"
#include "tests/fake_store.h"
#include "tests/it_ca.h"

#define NOW INT64_C(1795437296789)
#define CA "issuing-1"

struct bench {
	struct cs_arena *arena;
	struct signer_service signer;
	struct issuers_row *ca; /* ours to change: issuers_find gives it for reading */
	struct svc_service service;
	struct svc_test *test;
	int64_t now_ms;
	unsigned n_events;
};

static const uint8_t seal_key[32] = "only signers have this one......";

static int
make_bench(void **state)
{
	static struct bench bench;

	bench = (struct bench){ .arena = cs_arena_new() };
	bench.signer.seal_key = cs_span_of(seal_key, sizeof(seal_key));
	bench.signer.crl_every_hours = 24;
	bench.signer.crl_life_hours = 168;
	bench.signer.crl_after_seconds = 60;
	bench.signer.issuers = it_ca(CA,
	    "http://crl.example/{partition}.crl,http://crl2.example/{partition}.crl", NOW / 1000);
	bench.ca = (struct issuers_row *)issuers_find(bench.signer.issuers, CA);
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
	issuers_free(b->signer.issuers);
	cs_arena_free(b->arena);
	return 0;
}

static void
start(struct bench *b, uint32_t partitions)
{
	fake_store_clear();
	b->ca->crl_partitions = partitions;
	svc_test_free(b->test);
	b->now_ms = NOW;
	b->test = svc_test_new(&b->service, NOW);
	b->n_events = 0;
}

/* One that is listed, with a serial that ends with this number. */
static struct fake_life_row *
revoked(uint8_t number, uint32_t reason)
{
	struct fake_life_row *row = &fake_life.rows[fake_life.n_rows++];

	*row = (struct fake_life_row){ .request.octets = { number },
		.issuer = CA,
		.choice.serial = { 0x40, [GATE_SERIAL - 1] = number },
		.revocation = { .is_there = true,
		    .reason = reason,
		    .by = CLAIM_BY_OWNER,
		    .text = "",
		    .revoked_at_ms = NOW - 5000,
		    .not_after_s = NOW / 1000 + 86400 * 30 } };
	row->choice.crl_partition = gate_partition(4, row->choice.serial);
	return row;
}

static void
run(struct bench *b, struct svc_test_event e)
{
	e.id = cs_arena_printf(b->arena, "e%u", b->n_events++);
	svc_test_set_time(b->test, b->now_ms);
	svc_test_run(b->test, &e, 1);
	assert_true(svc_test_acked(b->test, e.id));
}

static void
ring(struct bench *b, uint32_t partition)
{
	run(b,
	    (struct svc_test_event){ .subject = "clock.crl-due", .key = crls_key(CA, partition) });
}

static size_t
orders(struct bench *b)
{
	return svc_test_count(b->test, "work.crl");
}

/* Carries out this order for this list, as act does, now. */
static struct crls_result
act(struct bench *b, struct cs_id list, struct cs_span order)
{
	static const struct log_context log = { .service = "test", .level = LOG_ERROR };
	struct svc_work work = { .kind = "crl",
		.key = list,
		.body = order,
		.now_ms = b->now_ms,
		.arena = b->arena,
		.log = &log };

	return crls_carry_out(&b->signer, &work);
}

static void
carry_out(struct bench *b, size_t i)
{
	const struct svc_test_out *order = svc_test_out(b->test, "work.crl", i);
	const struct crls_result result = act(b, order->key, order->body);

	run(b, (struct svc_test_event){ .subject = "work.crl",
		   .key = order->key,
		   .body = crls_write_result(b->arena, &result) });
}

static void
make(struct bench *b, uint32_t partition)
{
	ring(b, partition);
	carry_out(b, orders(b) - 1);
}

static struct pki_crl
made(struct bench *b, uint32_t partition)
{
	const struct record_list *list = fake_life_list(CA, partition);
	struct cs_err err = { 0 };
	struct pki_crl crl;

	assert_non_null(list);
	if (pki_crl_read(b->arena, list->der, &crl, &err) != CS_OK)
		fail_msg("%s", err.text);
	assert_true(pki_crl_signed_by(&crl, pki_issuer_certificate(b->ca->issuer)));
	assert_int_equal(crl.number, list->made_number);
	return crl;
}

/* ---- one list ---- */

static void
the_first_list_is_empty_and_told(void **state)
{
	struct bench *b = *state;

	start(b, 0);
	make(b, 0);
	const struct pki_crl crl = made(b, 0);
	assert_int_equal(crl.n, 0);
	assert_null(crl.urls);
	assert_int_equal(crl.number, NOW / 1000);
	assert_int_equal(crl.this_update_s, NOW / 1000);
	assert_int_equal(crl.next_update_s, NOW / 1000 + 168 * 3600);
	assert_false(fake_life_list(CA, 0)->in_hand);
	assert_int_equal(fake_store_audits("crl"), 1);
	assert_int_equal(fake_store_audits("crl-made"), 1);
	const struct svc_test_out *out = svc_test_out(b->test, "certificate.crl-made", 0);
	Countersign__V1__CrlMade *m =
	    countersign__v1__crl_made__unpack(NULL, out->body.len, out->body.data);
	assert_non_null(m);
	assert_string_equal(m->issuer, CA);
	assert_int_equal(m->partition, 0);
	assert_int_equal(m->number, crl.number);
	assert_int_equal(m->next_update_ms, crl.next_update_s * 1000);
	assert_int_equal(m->size, crl.der.len);
	assert_memory_equal(m->sha256.data, crl.sha256, 32);
	countersign__v1__crl_made__free_unpacked(m, NULL);
}

static void
what_is_revoked_is_listed(void **state)
{
	struct bench *b = *state;

	start(b, 0);
	(void)revoked(9, 1);
	revoked(3, 0)->revocation.of_void = true;
	revoked(5, 4)->revocation.revoked_at_ms = NOW + 3000; /* by a clock that is ahead */
	make(b, 0);
	const struct pki_crl crl = made(b, 0);
	assert_int_equal(crl.n, 3);
	for (size_t i = 0; i < 3; i++) {
		const struct fake_life_row *row = &fake_life.rows[i];
		const struct pki_crl_entry *entry =
		    pki_crl_find(&crl, cs_span_of(row->choice.serial, GATE_SERIAL));

		assert_non_null(entry);
		assert_int_equal(entry->reason, row->revocation.reason);
		assert_true(entry->revoked_at_s <= crl.this_update_s);
	}
}

static void
an_entry_stays_until_it_was_listed_after_its_end(void **state)
{
	struct bench *b = *state;
	struct fake_life_row *row;

	start(b, 0);
	row = revoked(1, 4);
	row->revocation.not_after_s = NOW / 1000 + 100;
	make(b, 0);
	assert_int_equal(made(b, 0).n, 1);
	b->now_ms = NOW + 200 * 1000; /* past the end: once more */
	make(b, 0);
	assert_int_equal(made(b, 0).n, 1);
	b->now_ms = NOW + 300 * 1000;
	make(b, 0);
	assert_int_equal(made(b, 0).n, 0);
}

static void
numbers_rise_within_a_second_and_with_time(void **state)
{
	struct bench *b = *state;

	start(b, 0);
	make(b, 0);
	make(b, 0);
	assert_int_equal(made(b, 0).number, NOW / 1000 + 1);
	b->now_ms = NOW + CS_HOUR_MS;
	make(b, 0);
	assert_int_equal(made(b, 0).number, b->now_ms / 1000);
	fake_life_list(CA, 0)->number = 0; /* the database was set back */
	fake_life_list(CA, 0)->made_number = 0;
	make(b, 0);
	assert_int_equal(made(b, 0).number, b->now_ms / 1000);
}

/* ---- in hand ---- */

static void
one_number_is_in_hand_at_a_time(void **state)
{
	struct bench *b = *state;

	start(b, 0);
	ring(b, 0);
	ring(b, 0); /* the other replica's clock */
	assert_int_equal(orders(b), 1);
	b->now_ms = NOW + CRLS_IN_HAND_MS - 1;
	ring(b, 0);
	assert_int_equal(orders(b), 1);
	b->now_ms++;
	ring(b, 0);
	assert_int_equal(orders(b), 2);
	b->now_ms = NOW + 1; /* the first order's result comes after all */
	carry_out(b, 0);
	assert_int_equal(svc_test_count(b->test, "certificate.crl-made"), 0);
	b->now_ms = NOW + CRLS_IN_HAND_MS;
	carry_out(b, 1);
	assert_int_equal(svc_test_count(b->test, "certificate.crl-made"), 1);
	carry_out(b, 1); /* twice */
	assert_int_equal(svc_test_count(b->test, "certificate.crl-made"), 1);
}

static void
an_old_order_is_decided_again(void **state)
{
	struct bench *b = *state;

	start(b, 0);
	ring(b, 0);
	(void)revoked(7, 1);
	b->now_ms = NOW + 60000;
	carry_out(b, 0);
	assert_int_equal(orders(b), 2);
	carry_out(b, 1);
	const struct pki_crl crl = made(b, 0);
	assert_int_equal(crl.n, 1);
	assert_int_equal(crl.this_update_s, b->now_ms / 1000);
}

static void
a_key_that_failed_is_tried_again(void **state)
{
	static const uint8_t failed[] = { CRLS_FAILED };
	struct bench *b = *state;

	start(b, 0);
	ring(b, 0);
	run(b, (struct svc_test_event){
		   .subject = "work.crl", .key = crls_key(CA, 0), .body = cs_span_of(failed, 1) });
	assert_int_equal(svc_test_count(b->test, "again"), 1);
	assert_true(fake_life_list(CA, 0)->in_hand);
	carry_out(b, 0);
	assert_int_equal(made(b, 0).n, 0);
}

static void
what_changes_meanwhile_waits_for_the_next(void **state)
{
	struct bench *b = *state;

	start(b, 0);
	fake_life.changes[fake_life.n_changes++] = (struct fake_change){ .id = 1 };
	ring(b, 0);
	assert_int_equal(fake_life.changes[0].number, NOW / 1000);
	carry_out(b, 0);
	assert_int_equal(fake_life.n_changes, 0);
}

static void
a_list_that_breaks_a_rule_is_not_ordered(void **state)
{
	struct bench *b = *state;

	start(b, 0);
	make(b, 0);
	b->now_ms = NOW - 10000; /* the clock was set back */
	ring(b, 0);
	assert_int_equal(orders(b), 1);
	assert_int_equal(fake_store_audits("crl-refused"), 1);
	assert_true(fake_life_list(CA, 0)->in_hand); /* tried again when it is given up */
}

/* ---- who owns the database ---- */

static void
edited_orders_are_not_carried_out(void **state)
{
	struct bench *b = *state;

	start(b, 4);
	ring(b, 2);
	const struct svc_test_out *order = svc_test_out(b->test, "work.crl", 0);
	uint8_t *octets = cs_arena_alloc(b->arena, order->body.len);

	for (size_t i = 0; i < order->body.len; i++) {
		memcpy(octets, order->body.data, order->body.len);
		octets[i] ^= 1;
		if (act(b, order->key, cs_span_of(octets, order->body.len)).says != CRLS_RECHECK)
			fail_msg("octet %zu", i);
	}
	assert_int_equal(act(b, crls_key(CA, 3), order->body).says, CRLS_RECHECK);
	assert_int_equal(act(b, order->key, cs_span_of(order->body.data, 20)).says, CRLS_RECHECK);
	assert_int_equal(act(b, order->key, order->body).says, CRLS_DONE);
	b->now_ms = NOW - 5001;
	assert_int_equal(act(b, order->key, order->body).says, CRLS_RECHECK);
}

/* Even who has the seal key has nothing signed that is not a list of this CA. */
static void
only_lists_are_signed(void **state)
{
	struct bench *b = *state;
	const struct pki_cert_info *ca = pki_issuer_certificate(b->ca->issuer);
	const struct crls_order order = { CA, 0, 7, NOW, ca->tbs };

	start(b, 0);
	const struct cs_span sealed =
	    crls_write_order(b->arena, b->signer.seal_key, crls_key(CA, 0), &order);
	assert_int_equal(act(b, crls_key(CA, 0), sealed).says, CRLS_FAILED);
}

static void
another_list_is_not_taken_for_the_result(void **state)
{
	struct bench *b = *state;

	start(b, 0);
	make(b, 0);
	const struct crls_result old = { CRLS_DONE, fake_life_list(CA, 0)->der };
	b->now_ms = NOW + CS_HOUR_MS;
	(void)revoked(7, 1);
	ring(b, 0);
	run(b, (struct svc_test_event){ .subject = "work.crl",
		   .key = crls_key(CA, 0),
		   .body = crls_write_result(b->arena, &old) });
	assert_int_equal(svc_test_count(b->test, "certificate.crl-made"), 1);
	carry_out(b, 1);
	assert_int_equal(made(b, 0).n, 1);
}

/* ---- partitions ---- */

static void
partitions_list_their_own(void **state)
{
	struct bench *b = *state;
	size_t n, listed = 0;

	start(b, 4);
	const struct crls_place *all = crls_all(b->arena, b->signer.issuers, NOW, &n);
	assert_int_equal(n, 5);
	for (uint8_t i = 0; i < 10; i++)
		(void)revoked(i, 9);
	for (uint32_t p = 0; p < 5; p++) {
		const char *const *urls = gate_crl_urls(b->arena, &b->ca->ca, p);

		assert_int_equal(all[p].partition, p);
		make(b, p);
		const struct pki_crl crl = made(b, p);
		if (p == 0) {
			assert_null(crl.urls);
			assert_int_equal(crl.n, 10);
			continue;
		}
		listed += crl.n;
		for (size_t i = 0; i < crl.n; i++)
			assert_int_equal(gate_partition(4, crl.entries[i].serial.data), p);
		assert_string_equal(crl.urls[0], urls[0]);
		assert_string_equal(crl.urls[1], urls[1]);
		assert_null(crl.urls[2]);
	}
	assert_int_equal(listed, 10);
	assert_string_equal(made(b, 3).urls[1], "http://crl2.example/3.crl");
}

static void
a_ca_lists_to_its_end_and_no_longer(void **state)
{
	struct bench *b = *state;
	size_t n;

	start(b, 0);
	b->ca->until_ms = NOW - 1; /* it issues no more */
	make(b, 0);
	assert_int_equal(made(b, 0).n, 0);
	(void)crls_all(b->arena, b->signer.issuers, (b->ca->ca.not_after_s + 1) * 1000, &n);
	assert_int_equal(n, 0);
	b->ca->until_ms = 0;
}

static void
serials_spread_over_partitions(void **state)
{
	uint8_t serial[GATE_SERIAL] = { 0x40 };
	unsigned seen[8] = { 0 };

	(void)state;
	assert_int_equal(gate_partition(0, serial), 0);
	for (unsigned i = 0; i < 256; i++) {
		serial[GATE_SERIAL - 1] = (uint8_t)i;
		const uint32_t p = gate_partition(7, serial);

		assert_in_range(p, 1, 7);
		seen[p]++;
	}
	for (unsigned p = 1; p <= 7; p++)
		assert_in_range(seen[p], 36, 37);
	serial[0] = 0x7f; /* the whole number counts, not its end: 2^128 mod 7 is 4 */
	memset(serial + 1, 0, GATE_SERIAL - 1);
	assert_int_equal(gate_partition(7, serial), 1 + 0x7f * 4 % 7);
}

static void
urls_have_a_place_for_the_partition_or_none(void **state)
{
	static const char *const with[] = { "http://a/{partition}.crl", NULL };
	static const char *const without[] = { "http://a/b.crl", NULL };
	static const char *const both[] = { "http://a/{partition}.crl", "http://a/b.crl", NULL };
	const struct gate_ca cases[] = { { .crl_urls = with }, { .crl_urls = without },
		{ .crl_urls = both } };

	(void)state;
	assert_true(gate_crl_urls_fit(&cases[0], 4));
	assert_false(gate_crl_urls_fit(&cases[0], 0));
	assert_false(gate_crl_urls_fit(&cases[1], 4));
	assert_true(gate_crl_urls_fit(&cases[1], 0));
	assert_false(gate_crl_urls_fit(&cases[2], 4));
	assert_false(gate_crl_urls_fit(&cases[2], 0));
}

/* ---- questions ---- */

static bool
put(struct bench *b, uint32_t partition, int64_t number, uint32_t offset, struct cs_span *ret_reply)
{
	Countersign__V1__CrlAsk m = COUNTERSIGN__V1__CRL_ASK__INIT;
	char issuer[] = CA;
	uint32_t status;
	uint8_t body[64];

	m.issuer = issuer;
	m.partition = partition;
	m.number = number;
	m.offset = offset;
	const size_t len = countersign__v1__crl_ask__pack(&m, body);
	const struct svc_test_event e = { cs_arena_printf(b->arena, "q%u", b->n_events++),
		"ask.signer.crl", .body = cs_span_of(body, len) };
	svc_test_run(b->test, &e, 1);
	return svc_test_reply(b->test, e.id, &status, ret_reply);
}

static Countersign__V1__CrlAnswer *
ask(struct bench *b, uint32_t partition, int64_t number, uint32_t offset)
{
	struct cs_span reply;

	assert_true(put(b, partition, number, offset, &reply));
	Countersign__V1__CrlAnswer *answer =
	    countersign__v1__crl_answer__unpack(NULL, reply.len, reply.data);
	assert_non_null(answer);
	return answer;
}

static void
lists_are_given_in_parts(void **state)
{
	struct bench *b = *state;

	start(b, 0);
	make(b, 0);
	const struct cs_span der = fake_life_list(CA, 0)->der;
	Countersign__V1__CrlAnswer *answer = ask(b, 0, NOW / 1000, 10);
	assert_string_equal(answer->result, "here");
	assert_int_equal(answer->size, der.len);
	assert_int_equal(answer->offset, 10);
	assert_int_equal(answer->octets.len, der.len - 10);
	assert_memory_equal(answer->octets.data, der.data + 10, der.len - 10);
	countersign__v1__crl_answer__free_unpacked(answer, NULL);
	answer = ask(b, 0, NOW / 1000 - 1, 0);
	assert_string_equal(answer->result, "unknown");
	countersign__v1__crl_answer__free_unpacked(answer, NULL);
	struct cs_span reply;
	assert_true(put(b, 0, NOW / 1000, PKI_CRL_MAX, &reply));
	assert_false(put(b, 0, NOW / 1000, PKI_CRL_MAX + 1, &reply));
	assert_false(put(b, 0, NOW / 1000, INT32_MAX, &reply));
	assert_int_equal(fake_store.n_rows, 0); /* who asks leaves nothing */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_list_is_empty_and_told),
		cmocka_unit_test(what_is_revoked_is_listed),
		cmocka_unit_test(an_entry_stays_until_it_was_listed_after_its_end),
		cmocka_unit_test(numbers_rise_within_a_second_and_with_time),
		cmocka_unit_test(one_number_is_in_hand_at_a_time),
		cmocka_unit_test(an_old_order_is_decided_again),
		cmocka_unit_test(a_key_that_failed_is_tried_again),
		cmocka_unit_test(what_changes_meanwhile_waits_for_the_next),
		cmocka_unit_test(a_list_that_breaks_a_rule_is_not_ordered),
		cmocka_unit_test(edited_orders_are_not_carried_out),
		cmocka_unit_test(only_lists_are_signed),
		cmocka_unit_test(another_list_is_not_taken_for_the_result),
		cmocka_unit_test(partitions_list_their_own),
		cmocka_unit_test(a_ca_lists_to_its_end_and_no_longer),
		cmocka_unit_test(serials_spread_over_partitions),
		cmocka_unit_test(urls_have_a_place_for_the_partition_or_none),
		cmocka_unit_test(lists_are_given_in_parts),
	};

	return cmocka_run_group_tests_name("crls", tests, make_bench, end_bench);
}
