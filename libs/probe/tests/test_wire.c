/* SPDX-License-Identifier: Apache-2.0 */
/* test_wire.c: what goes between a crew and its children, and what a child that was taken over might send. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */
#include <string.h>

#include "pki/hash.h"
#include "probe/wire.h"
#include "sandbox/sandbox.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))
#define NOW INT64_C(1795437296789)

struct world {
	struct cs_arena *arena;
	struct claim_lookup lookups[LOOKUPS_MAX + 1];
	struct cs_span wires[LOOKUPS_MAX + 1];
	const char *seen[SEEN_MAX + 1];
	struct probe_finding finding, got;
	struct cs_err err;
};

static int
setup(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct world *world = CS_NEW(arena, struct world);
	uint8_t *digest = cs_arena_alloc(arena, PKI_SHA256);

	world->arena = arena;
	for (size_t i = 0; i < LEN(world->lookups); i++)
		world->lookups[i] = (struct claim_lookup){ .name = "a.example",
			.type = "CAA",
			.rcode = 3,
			.security = CLAIM_DNSSEC_SECURE,
			.why = "because",
			.ttl_s = 300,
			.answered_at_ms = NOW - 30000 };
	for (size_t i = 0; i < LEN(world->seen); i++)
		world->seen[i] = "0 issuemail \\\"x\\\"";
	world->wires[0] = cs_span_str("a packet");
	pki_sha256(world->wires[0], digest);
	world->lookups[0].wire_sha256 = cs_span_of(digest, PKI_SHA256);
	world->finding = (struct probe_finding){ .outcome = CLAIM_PROVED,
		.reason = "caa-authorized",
		.clause = "RFC 8659 4",
		.text = "a text",
		.security = CLAIM_DNSSEC_SECURE,
		.found_at = "a.example",
		.ttl_s = 300,
		.lookups = world->lookups,
		.n_lookups = 2,
		.wires = world->wires,
		.seen = { world->seen, 1 },
		.detail = "http://a.example at 192.0.2.1: 200",
		.checked_at_ms = NOW };
	*state = world;
	return 0;
}

static int
teardown(void **state)
{
	cs_arena_free(((struct world *)*state)->arena);
	return 0;
}

static enum cs_code
read_back(struct world *world)
{
	struct cs_span octets = probe_wire_answer(world->arena, &world->finding);

	return probe_wire_read_answer(
	    world->arena, octets, NOW - 10, NOW + 10, &world->got, &world->err);
}

static void
a_finding_arrives_as_it_was(void **state)
{
	struct world *world = *state;
	const struct probe_finding *got = &world->got, *put = &world->finding;

	assert_int_equal(read_back(world), CS_OK);
	assert_int_equal(got->outcome, put->outcome);
	assert_string_equal(got->reason, put->reason);
	assert_string_equal(got->clause, put->clause);
	assert_string_equal(got->text, put->text);
	assert_int_equal(got->security, put->security);
	assert_string_equal(got->found_at, put->found_at);
	assert_int_equal(got->ttl_s, put->ttl_s);
	assert_int_equal(got->n_lookups, 2);
	assert_string_equal(got->lookups[0].name, "a.example");
	assert_string_equal(got->lookups[0].type, "CAA");
	assert_int_equal(got->lookups[0].rcode, 3);
	assert_int_equal(got->lookups[0].security, CLAIM_DNSSEC_SECURE);
	assert_string_equal(got->lookups[0].why, "because");
	assert_int_equal(got->lookups[0].ttl_s, 300);
	assert_int_equal(got->lookups[0].answered_at_ms, NOW - 30000);
	assert_true(cs_span_is(got->wires[0], "a packet"));
	assert_true(cs_span_equal(got->lookups[0].wire_sha256, put->lookups[0].wire_sha256));
	assert_int_equal(got->wires[1].len, 0);
	assert_int_equal(got->seen.n, 1);
	assert_string_equal(got->seen.items[0], world->seen[0]);
	assert_string_equal(got->detail, put->detail);
	assert_int_equal(got->checked_at_ms, NOW);
}

/* ---- what breaks a rule; each from a finding that is good ---- */

static const char *
long_text(struct world *world, size_t len)
{
	char *text = cs_arena_alloc(world->arena, len + 1);

	memset(text, 'x', len);
	return text;
}

static void
no_outcome(struct world *w)
{
	w->finding.outcome = 0;
}
static void
odd_outcome(struct world *w)
{
	w->finding.outcome = CLAIM_COULD_NOT_TELL + 1;
}
static void
no_reason(struct world *w)
{
	w->finding.reason = "";
}
static void
long_reason(struct world *w)
{
	w->finding.reason = long_text(w, 129);
}
static void
line_in_reason(struct world *w)
{
	w->finding.reason = "a\nb";
}
static void
escape_in_text(struct world *w)
{
	w->finding.text = "a\033[2Jb";
}
static void
no_ascii(struct world *w)
{
	w->finding.found_at = "b\xc3\xbc";
}
static void
no_utf8(struct world *w)
{
	w->finding.detail = "\xff";
}
static void
delete_in_clause(struct world *w)
{
	w->finding.clause = "\x7f";
}
static void
long_detail(struct world *w)
{
	w->finding.detail = long_text(w, CLAIM_MAX_TEXT + 1);
}
static void
odd_security(struct world *w)
{
	w->finding.security = CLAIM_DNSSEC_INDETERMINATE + 1;
}
static void
too_early(struct world *w)
{
	w->finding.checked_at_ms = NOW - 60000;
}
static void
too_late(struct world *w)
{
	w->finding.checked_at_ms = NOW + 60000;
}
static void
answer_too_old(struct world *w)
{
	w->lookups[1].answered_at_ms = NOW - 200000;
}
static void
answer_to_come(struct world *w)
{
	w->lookups[1].answered_at_ms = NOW + 60000;
}
static void
many_seen(struct world *w)
{
	w->finding.seen.n = SEEN_MAX + 1;
}
static void
many_lookups(struct world *w)
{
	w->finding.n_lookups = LOOKUPS_MAX + 1;
}
static void
odd_rcode(struct world *w)
{
	w->lookups[0].rcode = 4096;
}
static void
no_type(struct world *w)
{
	w->lookups[1].type = "";
}
static void
short_digest(struct world *w)
{
	w->lookups[0].wire_sha256.len = 31;
}
static void
other_packet(struct world *w)
{
	w->wires[0] = cs_span_str("a parcel");
}
static void
packet_without_digest(struct world *w)
{
	w->wires[1] = cs_span_str("another");
}

static const struct {
	const char *name;
	void (*spoil)(struct world *world);
} breaches[] = {
	{ "no outcome", no_outcome },
	{ "an outcome that is none", odd_outcome },
	{ "no reason", no_reason },
	{ "a reason of 129 octets", long_reason },
	{ "a line break in a reason", line_in_reason },
	{ "an escape sequence in a text", escape_in_text },
	{ "not ASCII", no_ascii },
	{ "not UTF-8", no_utf8 },
	{ "DEL in a clause", delete_in_clause },
	{ "a detail that is too long", long_detail },
	{ "a state of DNSSEC that is none", odd_security },
	{ "before it was asked", too_early },
	{ "in the future", too_late },
	{ "an answer older than any cache", answer_too_old },
	{ "an answer of the future", answer_to_come },
	{ "too many things seen", many_seen },
	{ "too many lookups", many_lookups },
	{ "an rcode that is none", odd_rcode },
	{ "a lookup without a type", no_type },
	{ "a digest of 31 octets", short_digest },
	{ "another packet than the digest says", other_packet },
	{ "a packet without a digest", packet_without_digest },
};

static void
what_breaks_a_rule_is_not_read(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < LEN(breaches); i++) {
		void *fresh;

		(void)setup(&fresh);
		world = fresh;
		breaches[i].spoil(world);
		if (read_back(world) != CS_MALFORMED)
			fail_msg("%s was read", breaches[i].name);
		(void)teardown(&fresh);
	}
}

static void
octets_that_are_no_answer_are_not_read(void **state)
{
	struct world *world = *state;
	struct cs_span good = probe_wire_answer(world->arena, &world->finding);
	struct cs_span octets[] = { cs_span_str(""), cs_span_str("nonsense"), good, good };

	octets[2].len--;
	octets[3].len -= 12;
	for (size_t i = 0; i < LEN(octets); i++)
		assert_int_equal(probe_wire_read_answer(world->arena, octets[i], NOW - 10, NOW + 10,
				     &world->got, &world->err),
		    CS_MALFORMED);
}

/* Packets beyond the room of a frame stay behind; their digests do not. */
static void
an_answer_always_fits_into_a_frame(void **state)
{
	struct world *world = *state;
	uint8_t *packet = cs_arena_alloc(world->arena, 65535);
	uint8_t *digest = cs_arena_alloc(world->arena, PKI_SHA256);
	struct cs_span octets;

	pki_sha256(cs_span_of(packet, 65535), digest);
	for (size_t i = 0; i < LOOKUPS_MAX; i++) {
		world->wires[i] = cs_span_of(packet, 65535);
		world->lookups[i].wire_sha256 = cs_span_of(digest, PKI_SHA256);
		world->lookups[i].name = long_text(world, 1000);
		world->lookups[i].why = long_text(world, 1000);
	}
	world->finding.n_lookups = LOOKUPS_MAX;
	octets = probe_wire_answer(world->arena, &world->finding);
	assert_true(octets.len <= SANDBOX_FRAME_MAX);
	assert_int_equal(read_back(world), CS_OK);
	assert_int_equal(world->got.wires[0].len, 65535);
	assert_int_equal(world->got.wires[LOOKUPS_MAX - 1].len, 0);
	assert_int_equal(world->got.lookups[LOOKUPS_MAX - 1].wire_sha256.len, PKI_SHA256);
}

static void
a_question_arrives_as_it_was(void **state)
{
	struct world *world = *state;
	static const char *issuers[] = { "ca.example", "other.example" },
			  *methods[] = { "dns-txt" };
	const struct claim_check check = { .id = "caa-1",
		.kind = CLAIM_CAA,
		.target = "a.example",
		.method = "caa-issuemail",
		.enterprise = "demo",
		.account = "alice",
		.expected = cs_span_of("a\0b", 3),
		.issuer_domains = { issuers, 2 },
		.allowed_methods = { methods, 1 },
		.attempt = 3,
		.fresh = true };
	struct claim_check got;
	enum probe_tag tag;

	assert_int_equal(
	    probe_wire_read_ask(world->arena, probe_wire_ask(world->arena, &check, PROBE_ISSUEWILD),
		&got, &tag, &world->err),
	    CS_OK);
	assert_int_equal(tag, PROBE_ISSUEWILD);
	assert_int_equal(got.kind, CLAIM_CAA);
	assert_string_equal(got.id, "caa-1");
	assert_string_equal(got.target, "a.example");
	assert_string_equal(got.method, "caa-issuemail");
	assert_string_equal(got.enterprise, "demo");
	assert_string_equal(got.account, "alice");
	assert_true(cs_span_equal(got.expected, check.expected));
	assert_int_equal(got.issuer_domains.n, 2);
	assert_string_equal(got.issuer_domains.items[1], "other.example");
	assert_int_equal(got.allowed_methods.n, 1);
	assert_int_equal(got.attempt, 3);
	assert_true(got.fresh);
}

static void
settings_arrive_as_they_were(void **state)
{
	struct world *world = *state;
	const struct probe_settings settings = { "hints", "anchor", "192.0.2.1@53", "127.1.2.0/24",
		true, true };
	struct probe_settings got;

	assert_int_equal(probe_wire_read_settings(world->arena,
			     probe_wire_settings(world->arena, &settings), &got, &world->err),
	    CS_OK);
	assert_string_equal(got.root_hints_file, "hints");
	assert_string_equal(got.anchor_file, "anchor");
	assert_string_equal(got.forward, "192.0.2.1@53");
	assert_string_equal(got.public_nets, "127.1.2.0/24");
	assert_true(got.test_mode);
	assert_true(got.remembers);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_finding_arrives_as_it_was, setup, teardown),
		cmocka_unit_test_setup_teardown(what_breaks_a_rule_is_not_read, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    octets_that_are_no_answer_are_not_read, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    an_answer_always_fits_into_a_frame, setup, teardown),
		cmocka_unit_test_setup_teardown(a_question_arrives_as_it_was, setup, teardown),
		cmocka_unit_test_setup_teardown(settings_arrive_as_they_were, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
