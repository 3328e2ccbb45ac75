/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Codes of second factors: made, sent, typed, and what is stated of them.  The seed: "After the selected method is
 * successfully verified, the certificate is generated."
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "fake_stage.h"
#include "fake_store.h"
#include "fake_world.h"
#include "on_codes.h"
#include "svc/svc_test.h"
#include "wire.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))
#define KEY FAKE_CODE_KEY

/* ---- the secret ---- */

static void
codes_are_eight_digits_and_differ_by_all_that_they_are_made_of(void **state)
{
	const struct cs_span key = cs_span_str(KEY),
			     other = cs_span_str("another key of 32 octets or more");
	uint8_t random[32] = { 1 }, nonce[CODE_NONCE], nonce_2[CODE_NONCE];
	char code[CODE_TEXT], again[CODE_TEXT], differs[5][CODE_TEXT];
	struct cs_id challenge, challenge_2;

	(void)state;
	code_seed(key, FAKE_NOW, random, &challenge, nonce);
	random[31] = 1;
	code_seed(key, FAKE_NOW, random, &challenge_2, nonce_2);
	assert_false(cs_id_equal(challenge, challenge_2));
	code_make(key, challenge, FACTOR_EMAIL, nonce, code);
	code_make(key, challenge, FACTOR_EMAIL, nonce, again);
	assert_string_equal(code, again);
	assert_int_equal(strspn(code, "0123456789"), CODE_DIGITS);
	code_make(other, challenge, FACTOR_EMAIL, nonce, differs[0]);
	code_make(key, challenge_2, FACTOR_EMAIL, nonce, differs[1]);
	code_make(key, challenge, FACTOR_SMS, nonce, differs[2]);
	code_make(key, challenge, FACTOR_EMAIL, nonce_2, differs[3]);
	for (size_t i = 0; i < 4; i++)
		assert_string_not_equal(code, differs[i]);
}

/* Chi-squared over the first two digits of 20,000 codes: 99 degrees of freedom, 1 in 10^6 would be beyond 171. */
static void
no_code_is_likelier_than_another(void **state)
{
	enum { N = 20000, CELLS = 100 };
	unsigned cells[CELLS] = { 0 };
	double chi = 0;

	(void)state;
	for (uint32_t i = 0; i < N; i++) {
		uint8_t nonce[CODE_NONCE] = { (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i };
		char code[CODE_TEXT];

		code_make(cs_span_str(KEY), fake_request(1), FACTOR_SMS, nonce, code);
		cells[(code[0] - '0') * 10 + code[1] - '0']++;
	}
	for (size_t i = 0; i < CELLS; i++) {
		const double off = cells[i] - (double)N / CELLS;

		chi += off * off / ((double)N / CELLS);
	}
	if (chi > 171)
		fail_msg("chi squared is %f", chi);
}

static void
reads_what_people_type(void **state)
{
	static const struct {
		const char *text, *want; /* NULL: no code */
	} cases[] = {
		{ "12345678", "12345678" },
		{ " 1234 5678", "12345678" },
		{ "1234-5678 ", "12345678" },
		{ "1234567", NULL },
		{ "123456789", NULL },
		{ "", NULL },
		{ "1234567x", NULL },
		{ "\xd9\xa1\xd9\xa2\xd9\xa3\xd9\xa4", NULL },
	};
	char code[CODE_TEXT];

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		const bool good = code_read(cases[i].text, code);

		assert_int_equal(good, cases[i].want != NULL);
		if (good)
			assert_string_equal(code, cases[i].want);
	}
}

static void
a_mac_covers_all_that_a_code_is_for(void **state)
{
	struct fake_world *world = *state;
	const uint8_t tag[CODE_MAC] = { 7 }, other_tag[CODE_MAC] = { 8 }, digest[32] = { 1 },
		      other_digest[32] = { 2 };
	const struct code_binding good = { fake_request(1), fake_request(2), digest, "demo", "bob",
		"email", FACTOR_EMAIL, FAKE_NOW };
	struct code_binding others[8];
	uint8_t mac[CODE_MAC], other[CODE_MAC];

	for (size_t i = 0; i < LEN(others); i++)
		others[i] = good;
	others[0].request = fake_request(3);
	others[1].challenge = fake_request(3);
	others[2].request_digest = other_digest;
	others[3].enterprise = "demob";
	others[3].account = "ob";
	others[4].account = "eve";
	others[5].method = "email-and-sms";
	others[6].channel = FACTOR_SMS;
	others[7].expires_ms++;
	code_mac(world->arena, cs_span_str(KEY), tag, &good, mac);
	for (size_t i = 0; i < LEN(others); i++) {
		code_mac(world->arena, cs_span_str(KEY), tag, &others[i], other);
		assert_memory_not_equal(mac, other, CODE_MAC);
	}
	code_mac(world->arena, cs_span_str(KEY), other_tag, &good, other);
	assert_memory_not_equal(mac, other, CODE_MAC);
	code_mac(world->arena, cs_span_str("k"), tag, &good, other);
	assert_memory_not_equal(mac, other, CODE_MAC);
}

static void
addresses_are_shown_with_most_of_them_hidden(void **state)
{
	static const struct {
		enum factor_channel channel;
		const char *to, *want;
	} cases[] = {
		{ FACTOR_EMAIL, "alice@alpha.example", "a****@alpha.example" },
		{ FACTOR_EMAIL, "a@alpha.example", "a@alpha.example" },
		{ FACTOR_SMS, "+491701234567", "+49********67" },
		{ FACTOR_SMS, "+1234567", "+12***67" },
		{ FACTOR_LOGIN, "alice@alpha.example", "a****@alpha.example" },
		{ FACTOR_LOGIN, "248289761001", "24********01" },
		{ FACTOR_LOGIN, "alice", "al***" },
		{ FACTOR_LOGIN,
		    "\xc3\xa9"
		    "a@b\xc3\xa9",
		    "***@b**" },
	};
	struct fake_world *world = *state;

	for (size_t i = 0; i < LEN(cases); i++)
		assert_string_equal(
		    codes_mask(world->arena, cases[i].channel, cases[i].to), cases[i].want);
}

/* ---- through the skeleton ---- */

static struct claim_factor_order
order_of(const struct fake_stage *stage, const char *method)
{
	const struct factor_method *found = factor_method_find(method);

	return (struct claim_factor_order){ .request = fake_request(1),
		.request_digest = { 9 },
		.enterprise = "demo",
		.account = "alice",
		.method = method,
		.email = found->sends[FACTOR_EMAIL] ? "alice@alpha.example" : "",
		.phone = found->sends[FACTOR_SMS] ? "+491701234567" : "",
		.ordered_at_ms = stage->now_ms };
}

static struct cs_span
send_by(
    struct fake_stage *stage, const struct claim_key *key, const struct claim_factor_order *order)
{
	struct cs_buf body = cs_buf_new(stage->arena);

	fake_stage_put(&body, 1, claim_seal_factor_order(stage->arena, key, order));
	return fake_stage_run(stage, CODES_SEND, order->request, cs_buf_span(&body));
}

static struct cs_span
send_order(struct fake_stage *stage, const struct claim_factor_order *order)
{
	return send_by(stage, stage->policy, order);
}

static struct cs_span
send_method(struct fake_stage *stage, const char *method)
{
	const struct claim_factor_order order = order_of(stage, method);

	return send_order(stage, &order);
}

/* The i-th message that was ordered: the code that it will carry. */
static const char *
code_at(const struct fake_stage *stage, size_t i, struct codes_letter *ret_letter)
{
	const struct svc_test_out *out = svc_test_out(stage->test, "work.code", i);
	char *code = cs_arena_alloc(stage->arena, CODE_TEXT);
	struct codes_letter letter;
	struct cs_err err;

	if (out == NULL)
		fail_msg("no message number %zu", i);
	assert_int_equal(wire_read_letter(stage->arena, out->body, &letter, &err), CS_OK);
	code_make(cs_span_str(KEY), letter.challenge, letter.channel, letter.nonce, code);
	if (ret_letter != NULL)
		*ret_letter = letter;
	return code;
}

/* One wrong in its last digit. */
static const char *
bent(const struct fake_stage *stage, const char *code)
{
	char *other = cs_arena_strdup(stage->arena, code);

	other[CODE_DIGITS - 1] = other[CODE_DIGITS - 1] == '0' ? '1' : '0';
	return other;
}

struct typed {
	const char *channel, *code; /* channel NULL: no more */
};

static struct cs_span
type_as(struct fake_stage *stage, struct cs_id request, const char *enterprise, const char *account,
    const struct typed *typed, size_t n)
{
	struct cs_buf body = cs_buf_new(stage->arena);

	fake_stage_put(&body, 1, cs_span_of(request.octets, sizeof(request.octets)));
	fake_stage_put(&body, 2, cs_span_str(enterprise));
	fake_stage_put(&body, 3, cs_span_str(account));
	for (size_t i = 0; i < n; i++) {
		struct cs_buf one = cs_buf_new(stage->arena);

		if (typed[i].channel[0] != '\0')
			fake_stage_put(&one, 1, cs_span_str(typed[i].channel));
		fake_stage_put(&one, 2, cs_span_str(typed[i].code));
		fake_stage_put(&body, 4, cs_buf_span(&one));
	}
	return fake_stage_run(stage, "ask.notifier.prove", request, cs_buf_span(&body));
}

static struct cs_span
type_one(struct fake_stage *stage, const char *code)
{
	return type_as(
	    stage, fake_request(1), "demo", "alice", (struct typed[]){ { "", code } }, 1);
}

/* ProveFactorAnswer: result, tries_left, channel; SendCodesAnswer: result, channel. */
static void
expect(const struct fake_stage *stage, struct cs_span answer, const char *result)
{
	assert_string_equal(fake_text(stage->arena, answer, 1), result);
}

static void
expect_tries(const struct fake_stage *stage, struct cs_span answer, int64_t tries)
{
	expect(stage, answer, "wrong");
	assert_int_equal(fake_number(answer, 2), tries);
}

static void
the_code_that_was_sent_proves_the_factor_once(void **state)
{
	struct fake_stage stage;
	struct codes_letter letter;

	fake_stage_begin(&stage, *state);
	expect(&stage, send_method(&stage, "email"), "sent");
	assert_int_equal(svc_test_count(stage.test, "work.code"), 1);
	const char *code = code_at(&stage, 0, &letter);

	assert_string_equal(letter.to, "alice@alpha.example");
	assert_int_equal(letter.expires_ms, FAKE_NOW + CODES_LIFE_MS);
	stage.now_ms += CODES_LIFE_MS - 1;
	const struct cs_span answer = type_one(&stage, code);

	expect(&stage, answer, "proved");
	const struct claim_factor factor = fake_stage_proof(&stage, answer);

	assert_true(cs_id_equal(factor.request, fake_request(1)));
	assert_int_equal(factor.request_digest[0], 9);
	assert_string_equal(factor.enterprise, "demo");
	assert_string_equal(factor.account, "alice");
	assert_string_equal(factor.method, "email");
	assert_int_equal(factor.proved_at_ms, stage.now_ms);
	/* Replayed. */
	expect(&stage, type_one(&stage, code), "used");
	/* Nothing of it went to a lane: neither the code nor the proof. */
	assert_int_equal(svc_test_count(stage.test, "notice.sent"), 0);
	fake_stage_end(&stage);
}

static void
a_code_is_good_for_ten_minutes(void **state)
{
	struct fake_stage stage;

	fake_stage_begin(&stage, *state);
	(void)send_method(&stage, "email");
	stage.now_ms += CODES_LIFE_MS;
	expect(&stage, type_one(&stage, code_at(&stage, 0, NULL)), "expired");
	fake_stage_end(&stage);
}

static void
five_wrong_codes_void_it_for_good(void **state)
{
	struct fake_stage stage;

	fake_stage_begin(&stage, *state);
	(void)send_method(&stage, "email");
	const char *code = code_at(&stage, 0, NULL), *wrong = bent(&stage, code);

	for (int64_t left = CODES_TRIES - 1; left > 0; left--)
		expect_tries(&stage, type_one(&stage, left % 2 == 0 ? wrong : "no code"), left);
	expect(&stage, type_one(&stage, wrong), "void");
	expect(&stage, type_one(&stage, code), "void");
	/* A new one has five tries of its own. */
	(void)send_method(&stage, "email");
	expect_tries(&stage, type_one(&stage, code), CODES_TRIES - 1);
	expect(&stage, type_one(&stage, code_at(&stage, 1, NULL)), "proved");
	fake_stage_end(&stage);
}

static void
a_new_code_voids_the_one_before(void **state)
{
	struct fake_stage stage;

	fake_stage_begin(&stage, *state);
	(void)send_method(&stage, "email");
	stage.now_ms += 1000;
	(void)send_method(&stage, "email");
	expect_tries(&stage, type_one(&stage, code_at(&stage, 0, NULL)), CODES_TRIES - 1);
	expect(&stage, type_one(&stage, code_at(&stage, 1, NULL)), "proved");
	fake_stage_end(&stage);
}

static void
a_code_serves_its_own_request_account_and_enterprise(void **state)
{
	static const struct {
		unsigned request;
		const char *enterprise, *account;
	} others[] = { { 2, "demo", "alice" }, { 1, "demo", "bob" }, { 1, "other", "alice" } };
	struct fake_stage stage;

	fake_stage_begin(&stage, *state);
	(void)send_method(&stage, "email");
	const char *code = code_at(&stage, 0, NULL);

	for (size_t i = 0; i < LEN(others); i++)
		expect(&stage,
		    type_as(&stage, fake_request(others[i].request), others[i].enterprise,
			others[i].account, (struct typed[]){ { "", code } }, 1),
		    "not-sent");
	/* Where each of them has a challenge, too. */
	for (size_t i = 0; i < LEN(others); i++) {
		struct claim_factor_order order = order_of(&stage, "email");

		order.request = fake_request(others[i].request);
		order.enterprise = others[i].enterprise;
		order.account = others[i].account;
		(void)send_order(&stage, &order);
		expect_tries(&stage,
		    type_as(&stage, fake_request(others[i].request), others[i].enterprise,
			others[i].account, (struct typed[]){ { "", code } }, 1),
		    CODES_TRIES - 1);
	}
	expect(&stage, type_one(&stage, code), "proved");
	fake_stage_end(&stage);
}

static void
two_channels_carry_two_codes_and_both_are_wanted(void **state)
{
	struct fake_stage stage;
	struct codes_letter letter;

	fake_stage_begin(&stage, *state);
	(void)send_method(&stage, "email-and-sms");
	const char *mail = code_at(&stage, 0, &letter);

	assert_int_equal(letter.channel, FACTOR_EMAIL);
	const char *sms = code_at(&stage, 1, &letter);

	assert_int_equal(letter.channel, FACTOR_SMS);
	assert_string_equal(letter.to, "+491701234567");
	assert_string_not_equal(mail, sms);
	const struct {
		struct typed typed[2];
		size_t n;
		const char *want;
	} cases[] = {
		{ { { "", mail } }, 1, "missing" },
		{ { { "email", mail } }, 1, "missing" },
		{ { { "sms", sms } }, 1, "missing" },
		{ { { "email", mail }, { "sms", bent(&stage, sms) } }, 2, "wrong" },
		{ { { "email", sms }, { "sms", mail } }, 2, "wrong" },
		{ { { "email", bent(&stage, mail) }, { "sms", sms } }, 2, "wrong" },
		{ { { "email", mail }, { "sms", sms } }, 2, "proved" },
	};

	for (size_t i = 0; i < LEN(cases); i++) {
		const struct cs_span answer =
		    type_as(&stage, fake_request(1), "demo", "alice", cases[i].typed, cases[i].n);
		const char *got = fake_text(stage.arena, answer, 1);

		if (strcmp(got, cases[i].want) != 0)
			fail_msg("case %zu: got %s, want %s", i, got, cases[i].want);
	}
	fake_stage_end(&stage);
}

static void
codes_of_channels_that_are_not_asked_for_are_wrong(void **state)
{
	struct fake_stage stage;

	fake_stage_begin(&stage, *state);
	(void)send_method(&stage, "email");
	const char *code = code_at(&stage, 0, NULL);
	const struct typed strange[] = { { "email", code }, { "pigeon", code } };
	const struct typed twice[] = { { "email", code }, { "email", code } };
	const struct typed more[] = { { "email", code }, { "sms", code } };

	expect_tries(&stage, type_as(&stage, fake_request(1), "demo", "alice", strange, 2), 4);
	expect_tries(&stage, type_as(&stage, fake_request(1), "demo", "alice", twice, 2), 3);
	expect_tries(&stage, type_as(&stage, fake_request(1), "demo", "alice", more, 2), 2);
	fake_stage_end(&stage);
}

static void
nobody_is_sent_codes_without_end(void **state)
{
	struct fake_stage stage;
	struct claim_factor_order order;

	fake_stage_begin(&stage, *state);
	for (unsigned i = 0; i < CODES_PER_HOUR; i++) {
		order = order_of(&stage, "email");
		order.request = fake_request(1 + i % 3);
		expect(&stage, send_order(&stage, &order), "sent");
		stage.now_ms += 1000;
	}
	const struct cs_span answer = send_method(&stage, "email");

	expect(&stage, answer, "too-many");
	assert_int_equal(fake_number(answer, 4), FAKE_NOW + CS_HOUR_MS);
	assert_int_equal(svc_test_count(stage.test, "work.code"), CODES_PER_HOUR);
	/* Others are not held up, and an hour later it goes on. */
	order = order_of(&stage, "email");
	order.account = "bob";
	expect(&stage, send_order(&stage, &order), "sent");
	stage.now_ms = FAKE_NOW + CS_HOUR_MS;
	expect(&stage, send_method(&stage, "email"), "sent");
	fake_stage_end(&stage);
}

/* Who carries orders cannot make one, nor keep one for later. */
static void
only_fresh_orders_of_policys_are_carried_out(void **state)
{
	struct fake_stage stage;
	struct claim_factor_order order;

	fake_stage_begin(&stage, *state);
	order = order_of(&stage, "email");
	order.email = "eve@evil.example";
	assert_int_equal(send_by(&stage, stage.world->notify.key, &order).len, 0);
	assert_int_equal(send_by(&stage, stage.approvers[0], &order).len, 0);
	order = order_of(&stage, "email");
	order.phone = "+491701234567"; /* more than its method wants */
	assert_int_equal(send_order(&stage, &order).len, 0);
	order = order_of(&stage, "email");
	stage.now_ms += CODES_ORDER_MS + 1;
	expect(&stage, send_order(&stage, &order), "stale");
	assert_int_equal(svc_test_count(stage.test, "work.code"), 0);
	order.ordered_at_ms++;
	expect(&stage, send_order(&stage, &order), "sent");
	fake_stage_end(&stage);
}

/* What became of the i-th message. */
static void
deliver(struct fake_stage *stage, size_t i, enum codes_delivery delivery, uint32_t attempt)
{
	struct codes_letter letter;

	(void)code_at(stage, i, &letter);
	const struct codes_delivered delivered = { letter.challenge, letter.channel,
		letter.enterprise, letter.account, delivery, attempt, "" };

	(void)fake_stage_run(
	    stage, "work.code", letter.request, wire_write_delivered(stage->arena, &delivered));
}

static void
a_message_is_tried_again_while_its_code_is_good(void **state)
{
	struct fake_stage stage;

	fake_stage_begin(&stage, *state);
	(void)send_method(&stage, "sms");
	deliver(&stage, 0, CODES_TRY_AGAIN, 1);
	assert_int_equal(svc_test_out(stage.test, "again", 0)->due_ms, FAKE_NOW + 2000);
	stage.now_ms += CODES_LIFE_MS - 30000;
	deliver(&stage, 0, CODES_TRY_AGAIN, 9);
	assert_int_equal(svc_test_count(stage.test, "again"), 1);
	expect(&stage, type_one(&stage, "12345678"), "not-sent");
	/* A new one voids the old: its failures say nothing of the new. */
	(void)send_method(&stage, "sms");
	deliver(&stage, 0, CODES_NEVER, 10);
	expect(&stage, type_one(&stage, code_at(&stage, 1, NULL)), "proved");
	fake_stage_end(&stage);
}

static void
a_number_that_nothing_can_be_sent_to_is_named(void **state)
{
	struct fake_stage stage;

	fake_stage_begin(&stage, *state);
	(void)send_method(&stage, "email-and-sms");
	deliver(&stage, 0, CODES_ACCEPTED, 1);
	deliver(&stage, 1, CODES_NEVER, 1);
	const struct cs_span answer = type_one(&stage, code_at(&stage, 0, NULL));

	expect(&stage, answer, "missing");
	const struct typed both[] = { { "email", code_at(&stage, 0, NULL) },
		{ "sms", "12345678" } };
	const struct cs_span named = type_as(&stage, fake_request(1), "demo", "alice", both, 2);

	expect(&stage, named, "not-sent");
	assert_string_equal(fake_text(stage.arena, named, 4), "sms");
	fake_stage_end(&stage);
}

/* The row of a message, and the row of a challenge. */
static void
no_row_holds_a_code(void **state)
{
	struct fake_stage stage;

	fake_stage_begin(&stage, *state);
	(void)send_method(&stage, "email");
	const char *code = code_at(&stage, 0, NULL);
	const struct svc_test_out *out = svc_test_out(stage.test, "work.code", 0);
	const struct codes_challenge *row = fake_store_challenge(fake_request(1), "alice");

	assert_null(memmem(out->body.data, out->body.len, code, CODE_DIGITS));
	assert_non_null(row);
	assert_null(memmem(row->macs, sizeof(row->macs), code, CODE_DIGITS));
	fake_stage_end(&stage);
}

int
main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, fake_world_setup, fake_world_teardown)
	const struct CMUnitTest tests[] = {
		CASE(codes_are_eight_digits_and_differ_by_all_that_they_are_made_of),
		CASE(no_code_is_likelier_than_another),
		CASE(reads_what_people_type),
		CASE(a_mac_covers_all_that_a_code_is_for),
		CASE(addresses_are_shown_with_most_of_them_hidden),
		CASE(the_code_that_was_sent_proves_the_factor_once),
		CASE(a_code_is_good_for_ten_minutes),
		CASE(five_wrong_codes_void_it_for_good),
		CASE(a_new_code_voids_the_one_before),
		CASE(a_code_serves_its_own_request_account_and_enterprise),
		CASE(two_channels_carry_two_codes_and_both_are_wanted),
		CASE(codes_of_channels_that_are_not_asked_for_are_wrong),
		CASE(nobody_is_sent_codes_without_end),
		CASE(only_fresh_orders_of_policys_are_carried_out),
		CASE(a_message_is_tried_again_while_its_code_is_good),
		CASE(a_number_that_nothing_can_be_sent_to_is_named),
		CASE(no_row_holds_a_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
