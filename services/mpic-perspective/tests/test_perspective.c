/* SPDX-License-Identifier: Apache-2.0 */
/* What a perspective answers: bound to the question, and nothing of the question taken on trust. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */
#include <string.h>

#include "../handler.h"
#include "../perspective.h"

#define NOW INT64_C(1795437296789)

static struct claim_perspective_ask
question(void)
{
	struct claim_perspective_ask ask = { .check = { .id = "mpic-domain-1",
						 .kind = CLAIM_MPIC_DOMAIN,
						 .target = "alpha.example",
						 .method = "dns-txt",
						 .enterprise = "demo",
						 .account = "",
						 .expected = cs_span_str("value") },
		.attempt = 3,
		.deadline_ms = NOW + 20000 };

	memset(ask.nonce, 0x31, sizeof(ask.nonce));
	memset(ask.request.octets, 0x41, sizeof(ask.request.octets));
	claim_check_digest(&ask.check, ask.check.digest);
	return ask;
}

static struct probe_finding
found(enum claim_outcome outcome)
{
	static const char *seen[] = { "value" };
	static struct claim_lookup lookups[2];

	return (struct probe_finding){ .outcome = outcome,
		.reason = "txt-matches",
		.clause = "TBR 3.2.2.4.7",
		.text = "a text",
		.security = CLAIM_DNSSEC_INSECURE,
		.found_at = "_countersign-challenge.alpha.example",
		.ttl_s = 300,
		.lookups = lookups,
		.n_lookups = 2,
		.seen = { seen, 1 },
		.detail = "",
		.checked_at_ms = NOW };
}

static void
an_answer_is_bound_to_its_question(void **state)
{
	const struct claim_perspective_ask ask = question();
	const struct probe_finding finding = found(CLAIM_PROVED);
	struct claim_perspective_answer got;

	(void)state;
	perspective_answer(&ask, &finding, &got);
	assert_memory_equal(got.nonce, ask.nonce, sizeof(ask.nonce));
	assert_memory_equal(got.check_digest, ask.check.digest, CLAIM_DIGEST);
	assert_int_equal(got.attempt, 3);
}

/* The digest is of what was looked at, not of what the question says that it is. */
static void
the_digest_is_computed_here(void **state)
{
	struct claim_perspective_ask ask = question();
	const struct probe_finding finding = found(CLAIM_PROVED);
	struct claim_perspective_answer got;
	uint8_t digest[CLAIM_DIGEST];

	(void)state;
	memcpy(digest, ask.check.digest, CLAIM_DIGEST);
	memset(ask.check.digest, 0, CLAIM_DIGEST);
	perspective_answer(&ask, &finding, &got);
	assert_memory_equal(got.check_digest, digest, CLAIM_DIGEST);
}

static void
what_was_found_is_said_as_it_is(void **state)
{
	const struct claim_perspective_ask ask = question();
	struct claim_perspective_answer got;

	(void)state;
	for (enum claim_outcome outcome = CLAIM_PROVED; outcome <= CLAIM_COULD_NOT_TELL;
	     outcome++) {
		const struct probe_finding finding = found(outcome);

		perspective_answer(&ask, &finding, &got);
		assert_int_equal(got.outcome, outcome);
		assert_string_equal(got.reason, "txt-matches");
		assert_string_equal(got.text, "a text");
		assert_int_equal(got.security, CLAIM_DNSSEC_INSECURE);
		assert_string_equal(got.found_at, "_countersign-challenge.alpha.example");
		assert_int_equal(got.ttl_s, 300);
		assert_int_equal(got.n_lookups, 2);
		assert_int_equal(got.seen.n, 1);
		assert_int_equal(got.checked_at_ms, NOW);
	}
}

/* ---- the question, as it comes ---- */

static enum cs_code
read_question(struct cs_arena *arena, struct cs_span body, struct svc_event *ev)
{
	struct cs_err err;

	*ev = (struct svc_event){ .arena = arena, .body = body, .now_ms = NOW };
	return perspective_routes[0].read(NULL, ev, &err);
}

static void
a_question_is_read_under_its_request(void **state)
{
	const struct claim_perspective_ask ask = question();
	struct svc_event ev;

	assert_int_equal(
	    read_question(*state, claim_write_perspective_ask(*state, &ask), &ev), CS_OK);
	assert_true(cs_id_equal(ev.key, ask.request));
}

static void
a_question_whose_digest_is_wrong_is_not_read(void **state)
{
	struct claim_perspective_ask ask = question();
	struct svc_event ev;

	ask.check.digest[0] ^= 1;
	assert_int_equal(
	    read_question(*state, claim_write_perspective_ask(*state, &ask), &ev), CS_MALFORMED);
	assert_int_equal(read_question(*state, cs_span_str("garbage"), &ev), CS_MALFORMED);
	assert_int_equal(read_question(*state, cs_span_str(""), &ev), CS_MALFORMED);
}

static void
questions_come_under_its_own_name(void **state)
{
	const struct perspective_service service = { .name = "amsterdam" };

	(void)state;
	assert_string_equal(perspective_name(&service), "amsterdam");
	assert_string_equal(perspective_routes[0].subject, "ask.perspective.*");
	assert_null(perspective_routes[1].subject);
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
		cmocka_unit_test(an_answer_is_bound_to_its_question),
		cmocka_unit_test(the_digest_is_computed_here),
		cmocka_unit_test(what_was_found_is_said_as_it_is),
		cmocka_unit_test(a_question_is_read_under_its_request),
		cmocka_unit_test(a_question_whose_digest_is_wrong_is_not_read),
		cmocka_unit_test(questions_come_under_its_own_name),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
