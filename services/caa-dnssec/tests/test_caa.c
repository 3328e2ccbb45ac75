/* SPDX-License-Identifier: Apache-2.0 */
/* What a look at CAA becomes as evidence. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */
#include <string.h>

#include "../caa.h"
#include "../handler.h"

#define NOW INT64_C(1795437296789)
#define HOUR INT64_C(3600000)
#define WEEK (7 * 24 * HOUR)
#define LEN(array) (sizeof(array) / sizeof((array)[0]))

/* SBR 4.2.2.1: the TTL of the record, or eight hours, whichever is greater; ours: a week at most. */
static const struct {
	uint32_t ttl_s;
	int64_t window_ms;
} windows[] = {
	{ 0, 8 * HOUR },
	{ 1, 8 * HOUR },
	{ 8 * 3600 - 1, 8 * HOUR },
	{ 8 * 3600, 8 * HOUR },
	{ 8 * 3600 + 1, 8 * HOUR + 1000 },
	{ 86400, 24 * HOUR },
	{ 7 * 86400 - 1, WEEK - 1000 },
	{ 7 * 86400, WEEK },
	{ 7 * 86400 + 1, WEEK },
	{ INT32_MAX, WEEK },
	{ UINT32_MAX, WEEK },
};

static void
permission_holds_for_the_ttl_or_eight_hours(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(windows); i++) {
		int64_t got = caa_valid_until_ms(NOW, windows[i].ttl_s) - NOW;

		if (got != windows[i].window_ms)
			fail_msg("TTL %u: got %lld ms, want %lld", windows[i].ttl_s, (long long)got,
			    (long long)windows[i].window_ms);
	}
}

static struct claim_asked
order(struct cs_arena *arena)
{
	struct claim_asked asked = { .asked_at_ms = NOW,
		.check = { .id = "caa-1",
		    .kind = CLAIM_CAA,
		    .target = "alpha.example",
		    .method = "caa-issuemail",
		    .enterprise = "demo",
		    .account = "",
		    .expected = cs_span_str("ca.example"),
		    .issuer_domains = { CS_NEW_ARRAY(arena, 1, const char *), 1 },
		    .attempt = 4 } };

	asked.check.issuer_domains.items[0] = "ca.example";
	memset(asked.request.octets, 0x41, sizeof(asked.request.octets));
	memset(asked.request_digest, 0x77, sizeof(asked.request_digest));
	claim_check_digest(&asked.check, asked.check.digest);
	return asked;
}

static struct probe_finding
found(enum claim_outcome outcome)
{
	return (struct probe_finding){ .outcome = outcome,
		.reason = "caa-a-reason",
		.clause = "RFC 8659 4.2",
		.text = "a text",
		.security = CLAIM_DNSSEC_SECURE,
		.found_at = "alpha.example",
		.ttl_s = 86400,
		.detail = "",
		.checked_at_ms = NOW + 5 };
}

static void
evidence_repeats_the_question_and_what_was_found(void **state)
{
	const struct claim_asked asked = order(*state);
	const struct probe_finding finding = found(CLAIM_PROVED);
	struct claim_evidence got;

	caa_evidence(&asked, &finding, &got);
	assert_memory_equal(got.check_digest, asked.check.digest, CLAIM_DIGEST);
	assert_memory_equal(got.request_digest, asked.request_digest, CLAIM_DIGEST);
	assert_true(cs_id_equal(got.request, asked.request));
	assert_string_equal(got.check_id, "caa-1");
	assert_int_equal(got.kind, CLAIM_CAA);
	assert_int_equal(got.attempt, 4);
	assert_int_equal(got.outcome, CLAIM_PROVED);
	assert_string_equal(got.reason, "caa-a-reason");
	assert_string_equal(got.clause, "RFC 8659 4.2");
	assert_string_equal(got.found_at, "alpha.example");
	assert_string_equal(got.perspective, "primary");
	assert_int_equal(got.security, CLAIM_DNSSEC_SECURE);
	assert_int_equal(got.ttl_s, 86400);
	assert_int_equal(got.checked_at_ms, NOW + 5);
	assert_int_equal(got.valid_until_ms, NOW + 5 + 24 * HOUR);
}

static void
what_is_no_permission_holds_for_no_time(void **state)
{
	const struct claim_asked asked = order(*state);
	struct claim_evidence got;

	for (enum claim_outcome outcome = CLAIM_REFUSED; outcome <= CLAIM_COULD_NOT_TELL;
	     outcome++) {
		const struct probe_finding finding = found(outcome);

		caa_evidence(&asked, &finding, &got);
		assert_int_equal(got.outcome, outcome);
		assert_int_equal(got.valid_until_ms, NOW + 5);
	}
}

/* ---- the order, as it comes ---- */

static enum cs_code
read_order(struct cs_arena *arena, struct cs_span body, struct svc_event *ev)
{
	struct cs_err err;

	*ev = (struct svc_event){ .arena = arena, .body = body, .now_ms = NOW };
	return caa_routes[0].read(NULL, ev, &err);
}

static void
an_order_for_caa_is_read_under_its_request(void **state)
{
	const struct claim_asked asked = order(*state);
	struct svc_event ev;

	assert_int_equal(read_order(*state, claim_write_asked(*state, &asked), &ev), CS_OK);
	assert_true(cs_id_equal(ev.key, asked.request));
	assert_string_equal(((const struct claim_asked *)ev.what)->check.target, "alpha.example");
}

static void
orders_of_other_kinds_are_not_read(void **state)
{
	struct claim_asked asked = order(*state);
	struct svc_event ev;

	for (enum claim_kind kind = CLAIM_DOMAIN; kind <= CLAIM_MPIC_CAA; kind++) {
		asked.check.kind = kind;
		claim_check_digest(&asked.check, asked.check.digest);
		assert_int_equal(read_order(*state, claim_write_asked(*state, &asked), &ev),
		    kind == CLAIM_CAA ? CS_OK : CS_MALFORMED);
	}
	assert_int_equal(read_order(*state, cs_span_str("garbage"), &ev), CS_MALFORMED);
	assert_int_equal(read_order(*state, cs_span_str(""), &ev), CS_MALFORMED);
}

static int
setup(void **state)
{
	*state = cs_arena_new();
	return 0;
}

static int
teardown(void **state)
{
	cs_arena_free(*state);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(permission_holds_for_the_ttl_or_eight_hours),
		cmocka_unit_test(evidence_repeats_the_question_and_what_was_found),
		cmocka_unit_test(what_is_no_permission_holds_for_no_time),
		cmocka_unit_test(an_order_for_caa_is_read_under_its_request),
		cmocka_unit_test(orders_of_other_kinds_are_not_read),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
