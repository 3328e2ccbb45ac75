/* SPDX-License-Identifier: Apache-2.0 */
/* Batches through the real skeleton: octets in, octets out, the store in memory. */
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
#include "fake_store.h"
#include "handler.h"
#include "pki/ed25519.h"
#include "svc/svc_test.h"

#define NOW INT64_C(1795437296789)
#define LEN(array) (sizeof(array) / sizeof((array)[0]))

struct stage {
	struct cs_arena *arena;
	struct claim_key *key;
	struct svc_test *test;
	struct domain_service domain;
	struct svc_service service;
	struct cs_id request;
};

static struct claim_key *
new_key(void)
{
	char dir[] = "/tmp/test-handler-XXXXXX", path[64];
	struct claim_key *key;

	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/key", dir);
	assert_int_equal(pki_ed25519_generate(path, NULL), CS_OK);
	assert_int_equal(claim_key_load(path, &key, NULL), CS_OK);
	(void)unlink(path);
	(void)rmdir(dir);
	return key;
}

static int
setup(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct stage *stage = CS_NEW(arena, struct stage);

	stage->arena = arena;
	stage->key = new_key();
	stage->service = (struct svc_service){ .name = "domain-validator",
		.mode = SVC_BATCH,
		.self = &stage->domain,
		.routes = domain_routes,
		.load = store_load_requests,
		.save = store_save_requests };
	stage->domain.rules = (struct domain_rules){ 60, 5, { 60000, 300000 }, 2 };
	stage->test = svc_test_new(&stage->service, NOW);
	memset(stage->request.octets, 0x41, sizeof(stage->request.octets));
	fake_store_reset();
	*state = stage;
	return 0;
}

static int
teardown(void **state)
{
	struct stage *stage = *state;

	svc_test_free(stage->test);
	claim_key_free(stage->key);
	cs_arena_free(stage->arena);
	return 0;
}

/* ---- what comes in ---- */

static struct cs_id
other_request(struct cs_id id)
{
	id.octets[15]++;
	return id;
}

static struct cs_span
order(struct stage *stage, struct cs_id request, enum claim_kind kind)
{
	static const char *methods[] = { "dns-txt", "http-file" };
	struct claim_asked asked = { .request = request,
		.asked_at_ms = NOW,
		.check = { .id = "domain-1",
		    .kind = kind,
		    .target = "alpha.example",
		    .method = "",
		    .enterprise = "demo",
		    .account = "",
		    .allowed_methods = { methods, 2 } } };

	memset(asked.request_digest, 0x77, sizeof(asked.request_digest));
	claim_check_digest(&asked.check, asked.check.digest);
	return claim_write_asked(stage->arena, &asked);
}

/* A length-delimited field, written by hand: the bus knows numbers, not names. */
static void
put_field(struct cs_buf *buf, unsigned number, const void *octets, size_t len)
{
	const uint8_t head[] = { (uint8_t)(number << 3 | 2), (uint8_t)len };

	cs_assert(number < 16 && len < 128);
	cs_buf_add(buf, head, 2);
	cs_buf_add(buf, octets, len);
}

static struct cs_span
wish(struct stage *stage, struct cs_id request, const char *check_id)
{
	struct cs_buf buf = cs_buf_new(stage->arena);

	put_field(&buf, 1, request.octets, sizeof(request.octets));
	put_field(&buf, 2, check_id, strlen(check_id));
	put_field(&buf, 3, "demo", 4);
	put_field(&buf, 4, "alice", 5);
	return cs_buf_span(&buf);
}

/* What look.c would say of this work row. */
static struct cs_span
result(struct stage *stage, struct cs_span work, enum claim_outcome outcome)
{
	struct claim_asked asked;
	struct claim_evidence evidence;

	assert_int_equal(claim_read_asked(stage->arena, work, &asked, NULL), CS_OK);
	claim_evidence_for(&asked, &evidence);
	evidence.outcome = outcome;
	evidence.reason = "a-reason";
	evidence.checked_at_ms = NOW;
	return claim_seal_evidence(stage->arena, stage->key, &evidence);
}

static void
run_one(struct stage *stage, const char *id, const char *subject, struct cs_span body)
{
	const struct svc_test_event event = {
		.id = id, .subject = subject, .body = body, .key = stage->request
	};

	svc_test_run(stage->test, &event, 1);
}

static const struct svc_test_out *
out(const struct stage *stage, const char *subject, size_t i)
{
	const struct svc_test_out *found = svc_test_out(stage->test, subject, i);

	if (found == NULL)
		fail_msg("no %s number %zu", subject, i);
	return found;
}

/* A text field of evidence.domain-challenge. */
static const char *
field(struct stage *stage, struct cs_span body, unsigned number)
{
	for (size_t at = 0; at + 2 <= body.len && (body.data[at] & 7) == 2;) {
		size_t len = body.data[at + 1];

		assert_true(len < 128 && at + 2 + len <= body.len);
		if (body.data[at] >> 3 == number)
			return cs_arena_strndup(
			    stage->arena, (const char *)body.data + at + 2, len);
		at += 2 + len;
	}
	return "";
}

enum { CHECK_ID = 2, DOMAIN = 3, DNS_NAME = 4, DNS_VALUE = 5, FILE_URL = 6, FILE_VALUE = 7 };

/* ---- the usual way ---- */

static void
an_order_becomes_a_value_to_publish(void **state)
{
	struct stage *stage = *state;

	run_one(stage, "e1", "plan.domain-asked", order(stage, stage->request, CLAIM_DOMAIN));
	const struct svc_test_out *told = out(stage, "evidence.domain-challenge", 0);
	const char *value = field(stage, told->body, DNS_VALUE);

	assert_true(cs_id_equal(told->key, stage->request));
	assert_string_equal(field(stage, told->body, CHECK_ID), "domain-1");
	assert_string_equal(field(stage, told->body, DOMAIN), "alpha.example");
	assert_string_equal(
	    field(stage, told->body, DNS_NAME), "_countersign-challenge.alpha.example");
	assert_string_equal(field(stage, told->body, FILE_VALUE), value);
	assert_string_equal(field(stage, told->body, FILE_URL),
	    probe_file_url(stage->arena, "alpha.example", cs_span_str(value)));
	assert_string_equal(fake_store_challenge(stage->request, "domain-1")->value, value);
	assert_int_equal(svc_test_count(stage->test, "work.look"), 0);
}

static void
a_wish_becomes_a_look_for_the_value(void **state)
{
	struct stage *stage = *state;
	struct claim_asked asked;

	run_one(stage, "e1", "plan.domain-asked", order(stage, stage->request, CLAIM_DOMAIN));
	run_one(stage, "e2", "request.verification-asked", wish(stage, stage->request, "domain-1"));
	const struct svc_test_out *look = out(stage, "work.look", 0);

	assert_int_equal(look->due_ms, NOW);
	assert_int_equal(claim_read_asked(stage->arena, look->body, &asked, NULL), CS_OK);
	assert_true(cs_span_is(
	    asked.check.expected, fake_store_challenge(stage->request, "domain-1")->value));
	assert_int_equal(asked.check.attempt, 1);
	assert_int_equal(asked.request_digest[0], 0x77);
	assert_int_equal(svc_test_count(stage->test, "evidence.domain"), 0);
}

static void
the_evidence_passes_on_octet_for_octet(void **state)
{
	struct stage *stage = *state;

	run_one(stage, "e1", "plan.domain-asked", order(stage, stage->request, CLAIM_DOMAIN));
	run_one(stage, "e2", "request.verification-asked", wish(stage, stage->request, "domain-1"));
	struct cs_span sealed = result(stage, out(stage, "work.look", 0)->body, CLAIM_PROVED);

	run_one(stage, "e3", "work.look", sealed);
	assert_true(cs_span_equal(out(stage, "evidence.domain", 0)->body, sealed));
	assert_int_equal(fake_store_challenge(stage->request, "domain-1")->look_until_ms, 0);
}

/* ---- the schedule ---- */

/* From the outside it is an event without a body, of this request. */
static void
tick(struct stage *stage, const char *id, int64_t at_ms)
{
	svc_test_set_time(stage->test, at_ms);
	run_one(stage, id, "clock.look-due", cs_span_str(""));
}

static void
the_clock_makes_looks_without_a_press(void **state)
{
	struct stage *stage = *state;

	run_one(stage, "e1", "plan.domain-asked", order(stage, stage->request, CLAIM_DOMAIN));
	tick(stage, "t1", NOW + 59999);
	assert_int_equal(svc_test_count(stage->test, "work.look"), 0);
	tick(stage, "t2", NOW + 60000);
	assert_int_equal(svc_test_count(stage->test, "work.look"), 1);
	assert_int_equal(svc_test_count(stage->test, "evidence.domain-challenge"), 1);
	run_one(stage, "e2", "work.look",
	    result(stage, out(stage, "work.look", 0)->body, CLAIM_REFUSED));
	assert_int_equal(svc_test_count(stage->test, "evidence.domain"), 1);
	/* And people are told when the next one is. */
	assert_int_equal(svc_test_count(stage->test, "evidence.domain-challenge"), 2);
	tick(stage, "t3", NOW + 60000 + 300000);
	assert_int_equal(svc_test_count(stage->test, "work.look"), 2);
	run_one(stage, "e3", "work.look",
	    result(stage, out(stage, "work.look", 1)->body, CLAIM_PROVED));
	tick(stage, "t4", NOW + 3 * 300000);
	assert_int_equal(svc_test_count(stage->test, "work.look"), 2);
}

static struct cs_span
only_the_request(struct stage *stage)
{
	struct cs_buf buf = cs_buf_new(stage->arena);

	put_field(&buf, 1, stage->request.octets, sizeof(stage->request.octets));
	return cs_buf_span(&buf);
}

static void
what_is_settled_is_looked_for_no_more(void **state)
{
	struct stage *stage = *state;

	run_one(stage, "e1", "plan.domain-asked", order(stage, stage->request, CLAIM_DOMAIN));
	tick(stage, "t1", NOW + 60000);
	assert_int_equal(svc_test_count(stage->test, "work.look"), 1);
	run_one(stage, "w1", "work.look",
	    result(stage, out(stage, "work.look", 0)->body, CLAIM_REFUSED));
	run_one(stage, "e2", "plan.domain-settled", only_the_request(stage));
	assert_true(svc_test_acked(stage->test, "e2"));
	tick(stage, "t2", NOW + 3600000);
	assert_int_equal(svc_test_count(stage->test, "work.look"), 1);
}

/* ---- limits ---- */

static void
a_press_beyond_the_limit_is_answered_with_the_reason(void **state)
{
	struct stage *stage = *state;

	stage->domain.rules.failures_per_account = 1;
	run_one(stage, "e1", "plan.domain-asked", order(stage, stage->request, CLAIM_DOMAIN));
	run_one(stage, "e2", "request.verification-asked", wish(stage, stage->request, "domain-1"));
	const struct svc_test_event batch[] = {
		{ "e3", "work.look", result(stage, out(stage, "work.look", 0)->body, CLAIM_REFUSED),
		    stage->request, NULL },
		{ "e4", "request.verification-asked", wish(stage, stage->request, "domain-1"),
		    stage->request, NULL },
	};

	svc_test_run(stage->test, batch, LEN(batch));
	assert_int_equal(svc_test_count(stage->test, "work.look"), 1);
	const struct svc_test_out *told = out(stage, "evidence.domain-challenge", 1);

	assert_non_null(memmem(
	    told->body.data, told->body.len, "failed-too-often", strlen("failed-too-often")));
}

/* ---- any order of arrival, any number of times ---- */

/*
 * o order, w wish, r result of look 1; a letter that comes again is the same event again.  Whenever the
 * order came and then a wish, there is one look; whenever a look's result came, there is one evidence.
 */
static const struct {
	const char *events;
	unsigned challenges, looks, evidence;
} arrivals[] = {
	{ "owr", 1, 1, 1 },
	{ "oowwrr", 1, 1, 1 },
	{ "owrowr", 1, 1, 1 },
	{ "wor", 1, 0, 0 },
	{ "row", 1, 1, 0 },
	{ "rwo", 1, 0, 0 },
	{ "w", 0, 0, 0 },
	{ "r", 0, 0, 0 },
};

static struct cs_span
body_of(struct stage *stage, char letter)
{
	const struct svc_test_out *look = svc_test_out(stage->test, "work.look", 0);

	if (letter == 'o')
		return order(stage, stage->request, CLAIM_DOMAIN);
	if (letter == 'w')
		return wish(stage, stage->request, "domain-1");
	/* Before there was a look: a result that nobody waits for. */
	return result(stage, look == NULL ? order(stage, stage->request, CLAIM_DOMAIN) : look->body,
	    CLAIM_REFUSED);
}

static void
arrive(struct stage *stage, size_t row, bool together)
{
	struct svc_test_event batch[8];
	size_t n = 0;

	for (const char *event = arrivals[row].events; *event != '\0'; event++) {
		batch[n++] = (struct svc_test_event){ .id = cs_arena_printf(stage->arena, "%zu%d%c",
							  row, together, *event),
			.subject = *event == 'o'   ? "plan.domain-asked"
				   : *event == 'w' ? "request.verification-asked"
						   : "work.look",
			.body = body_of(stage, *event),
			.key = stage->request };
		if (!together) {
			svc_test_run(stage->test, batch, 1);
			n = 0;
		}
	}
	if (together)
		svc_test_run(stage->test, batch, n);
}

static void
any_order_of_arrival_is_harmless(void **state)
{
	for (size_t i = 0; i < LEN(arrivals); i++) {
		struct stage *stage = *state;

		arrive(stage, i, false);
		const size_t challenges = svc_test_count(stage->test, "evidence.domain-challenge"),
			     looks = svc_test_count(stage->test, "work.look"),
			     evidence = svc_test_count(stage->test, "evidence.domain");

		if (challenges != arrivals[i].challenges || looks != arrivals[i].looks ||
		    evidence != arrivals[i].evidence)
			fail_msg("%s: got %zu, %zu, %zu, want %u, %u, %u", arrivals[i].events,
			    challenges, looks, evidence, arrivals[i].challenges, arrivals[i].looks,
			    arrivals[i].evidence);
		(void)teardown(state);
		(void)setup(state);
	}
}

static void
a_batch_folds_the_events_of_one_request(void **state)
{
	struct stage *stage = *state;

	arrive(stage, 1, true); /* oowwrr: the results are for a look that was not yet stored */
	assert_int_equal(svc_test_count(stage->test, "evidence.domain-challenge"), 1);
	assert_int_equal(svc_test_count(stage->test, "work.look"), 1);
	assert_int_equal(fake_store_rows(), 1);
}

static void
an_expired_value_is_replaced_and_shown(void **state)
{
	struct stage *stage = *state;

	run_one(stage, "e1", "plan.domain-asked", order(stage, stage->request, CLAIM_DOMAIN));
	svc_test_set_time(stage->test, NOW + DOMAIN_LIFE_MS);
	run_one(stage, "e2", "request.verification-asked", wish(stage, stage->request, "domain-1"));
	assert_int_equal(svc_test_count(stage->test, "work.look"), 0);
	assert_string_not_equal(
	    field(stage, out(stage, "evidence.domain-challenge", 0)->body, DNS_VALUE),
	    field(stage, out(stage, "evidence.domain-challenge", 1)->body, DNS_VALUE));
}

/* ---- what cannot be used ---- */

static void
wishes_for_other_checks_change_nothing(void **state)
{
	static const char *const ids[] = { "mailbox-1", "caa-1", "domain-2", "domain-1x",
		"mpic-domain-1" };
	struct stage *stage = *state;

	run_one(stage, "e1", "plan.domain-asked", order(stage, stage->request, CLAIM_DOMAIN));
	for (size_t i = 0; i < LEN(ids); i++) {
		run_one(stage, ids[i], "request.verification-asked",
		    wish(stage, stage->request, ids[i]));
		assert_true(svc_test_acked(stage->test, ids[i]));
	}
	assert_int_equal(svc_test_count(stage->test, "work.look"), 0);
	assert_int_equal(fake_store_rows(), 1);
}

static void
what_cannot_be_read_is_not_taken(void **state)
{
	struct stage *stage = *state;
	struct cs_span good = wish(stage, stage->request, "domain-1");
	struct cs_id nobody = { { 0 } };
	const struct svc_test_event bad[] = {
		{ "b1", "plan.domain-asked", cs_span_str("garbage"), stage->request, NULL },
		{ "b2", "plan.domain-asked", order(stage, stage->request, CLAIM_CAA),
		    stage->request, NULL },
		{ "b3", "plan.domain-asked", cs_span_str(""), stage->request, NULL },
		{ "b4", "request.verification-asked", cs_span_str(""), stage->request, NULL },
		{ "b5", "request.verification-asked", cs_span_of(good.data, good.len - 1),
		    stage->request, NULL },
		{ "b6", "request.verification-asked", wish(stage, nobody, "domain-1"), nobody,
		    NULL },
		{ "b7", "request.verification-asked", wish(stage, stage->request, ""),
		    stage->request, NULL },
		{ "b8", "plan.domain-settled", cs_span_str(""), stage->request, NULL },
		{ "b9", "plan.domain-settled", cs_span_str("garbage"), stage->request, NULL },
	};

	for (size_t i = 0; i < LEN(bad); i++) {
		svc_test_run(stage->test, &bad[i], 1);
		if (svc_test_acked(stage->test, bad[i].id))
			fail_msg("%s was taken", bad[i].id);
	}
	assert_int_equal(fake_store_rows(), 0);
}

/*
 * Our own row of work, spoiled: the row ends, an error is logged, and Verify works again when the look is
 * taken for lost.
 */
static void
an_unreadable_result_blocks_nobody(void **state)
{
	struct stage *stage = *state;

	run_one(stage, "e1", "plan.domain-asked", order(stage, stage->request, CLAIM_DOMAIN));
	run_one(stage, "e2", "request.verification-asked", wish(stage, stage->request, "domain-1"));
	run_one(stage, "e3", "work.look", cs_span_str(""));
	assert_true(svc_test_acked(stage->test, "e3"));
	assert_int_equal(svc_test_count(stage->test, "evidence.domain"), 0);
	svc_test_set_time(stage->test, NOW + DOMAIN_LOOK_MS);
	run_one(stage, "e4", "request.verification-asked", wish(stage, stage->request, "domain-1"));
	assert_int_equal(svc_test_count(stage->test, "work.look"), 2);
}

static void
a_poisoned_event_hurts_no_neighbour(void **state)
{
	struct stage *stage = *state;
	const struct cs_id other = other_request(stage->request);
	const struct svc_test_event batch[] = {
		{ "e1", "plan.domain-asked", order(stage, stage->request, CLAIM_DOMAIN),
		    stage->request, NULL },
		{ "e2", "plan.domain-asked", order(stage, other, CLAIM_DOMAIN), other, NULL },
	};

	fake_store_reject(stage->request);
	svc_test_run(stage->test, batch, LEN(batch));
	assert_false(svc_test_acked(stage->test, "e1"));
	assert_true(svc_test_acked(stage->test, "e2"));
	assert_null(fake_store_challenge(stage->request, "domain-1"));
	assert_non_null(fake_store_challenge(other, "domain-1"));
	assert_int_equal(svc_test_count(stage->test, "evidence.domain-challenge"), 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_order_becomes_a_value_to_publish),
		TEST(a_wish_becomes_a_look_for_the_value),
		TEST(the_evidence_passes_on_octet_for_octet),
		TEST(the_clock_makes_looks_without_a_press),
		TEST(what_is_settled_is_looked_for_no_more),
		TEST(a_press_beyond_the_limit_is_answered_with_the_reason),
		TEST(any_order_of_arrival_is_harmless),
		TEST(a_batch_folds_the_events_of_one_request),
		TEST(an_expired_value_is_replaced_and_shown),
		TEST(wishes_for_other_checks_change_nothing),
		TEST(what_cannot_be_read_is_not_taken),
		TEST(a_poisoned_event_hurts_no_neighbour),
		TEST(an_unreadable_result_blocks_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
