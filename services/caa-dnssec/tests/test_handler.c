/* SPDX-License-Identifier: Apache-2.0 */
/* One order: what is published, and when; the outside, the archive and the skeleton are scripted here. */
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

#include "../handler.h"
#include "pki/ed25519.h"

#define NOW INT64_C(1795437296789)

static struct {
	answers_done *done; /* what waits for the archive */
	void *arg;
	unsigned kept_lookups, finished, later;
	struct cs_span body;
	const char *subject;
	struct cs_span part;
} world;

void
probe_start(struct probe *probe, const struct claim_check *check, struct cs_arena *arena,
    probe_done *done, void *arg)
{
	static struct claim_lookup lookup;
	static struct cs_span wire;

	lookup = (struct claim_lookup){ .name = check->target, .type = "caa", .why = "" };
	wire = cs_span_str("a packet");
	const struct probe_finding finding = { .outcome = CLAIM_PROVED,
		.reason = "caa-authorized",
		.clause = "RFC 8659 4.2",
		.text = "a text",
		.security = CLAIM_DNSSEC_SECURE,
		.found_at = check->target,
		.detail = "",
		.lookups = &lookup,
		.wires = &wire,
		.n_lookups = 1,
		.checked_at_ms = NOW };

	(void)probe;
	(void)arena;
	done(arg, &finding);
}

void
answers_keep(
    struct answers *answers, const struct probe_finding *finding, answers_done *done, void *arg)
{
	(void)answers;
	world.kept_lookups += finding->n_lookups;
	world.done = done;
	world.arg = arg;
}

void
svc_finish(struct svc_work *work, const char *subject, struct cs_span body, struct cs_span part)
{
	(void)work;
	world.finished++;
	world.subject = subject;
	world.body = body;
	world.part = part;
}

void
svc_later(struct svc_work *work, uint32_t delay_ms)
{
	(void)work;
	assert_true(delay_ms >= 1000);
	world.later++;
}

void
svc_count(struct svc *svc, const char *name, const char *label, const char *value)
{
	(void)svc;
	(void)name;
	(void)label;
	(void)value;
}

struct fixture {
	struct cs_arena *arena;
	struct caa_service caa;
	struct log_context log;
	struct claim_asked asked;
	struct svc_work work;
};

static int
setup(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct fixture *f = CS_NEW(arena, struct fixture);
	char dir[] = "/tmp/test-caa-XXXXXX", path[64];

	memset(&world, 0, sizeof(world));
	f->arena = arena;
	f->log = (struct log_context){ .service = "test", .level = LOG_ERROR };
	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/key", dir);
	assert_int_equal(pki_ed25519_generate(path, NULL), CS_OK);
	assert_int_equal(claim_key_load(path, &f->caa.key, NULL), CS_OK);
	(void)unlink(path);
	(void)rmdir(dir);
	f->asked = (struct claim_asked){ .asked_at_ms = NOW,
		.check = { .id = "caa-1",
		    .kind = CLAIM_CAA,
		    .target = "alpha.example",
		    .method = "caa-issuemail",
		    .enterprise = "demo",
		    .account = "",
		    .expected = cs_span_str("the terms"),
		    .attempt = 2 } };
	memset(f->asked.request.octets, 0x41, sizeof(f->asked.request.octets));
	memset(f->asked.request_digest, 0x77, sizeof(f->asked.request_digest));
	claim_check_digest(&f->asked.check, f->asked.check.digest);
	f->work =
	    (struct svc_work){ .what = &f->asked, .now_ms = NOW, .arena = arena, .log = &f->log };
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	claim_key_free(f->caa.key);
	cs_arena_free(f->arena);
	return 0;
}

static void
evidence_waits_until_its_answers_are_kept(void **state)
{
	struct fixture *f = *state;
	struct claim_evidence evidence;
	struct cs_err err = { 0 };

	caa_start(&f->caa, &f->work);
	assert_int_equal(world.kept_lookups, 1);
	assert_int_equal(world.finished, 0);
	world.done(world.arg, true);
	assert_int_equal(world.finished, 1);
	assert_int_equal(world.later, 0);
	assert_string_equal(world.subject, "evidence.caa");
	if (claim_open_evidence(f->arena, NULL, world.body, NOW, &evidence, &err))
		fail_msg("%s", err.text);
	assert_int_equal(evidence.outcome, CLAIM_PROVED);
	assert_true(cs_span_is(evidence.expected, "the terms"));
	assert_memory_equal(world.part.data, f->asked.check.digest, CLAIM_DIGEST);
}

static void
an_order_comes_again_when_its_answers_are_not_kept(void **state)
{
	struct fixture *f = *state;

	caa_start(&f->caa, &f->work);
	world.done(world.arg, false);
	assert_int_equal(world.finished, 0);
	assert_int_equal(world.later, 1);
}

int
main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(evidence_waits_until_its_answers_are_kept),
		CASE(an_order_comes_again_when_its_answers_are_not_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
