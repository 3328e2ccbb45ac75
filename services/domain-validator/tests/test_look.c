/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_look.c: one look by several methods.  What the outside says is scripted here, by the probe's own
 * header; the evidence is read as its consumers read it.
 */
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

#include "handler.h"
#include "pki/ed25519.h"

#define NOW INT64_C(1795437296789)
#define DAY INT64_C(86400000)
#define LEN(array) (sizeof(array) / sizeof((array)[0]))

/* ---- the outside ---- */

enum answer { NONE, YES, NO, NO_SEEN, UNKNOWN };

static struct {
	enum answer txt, file;
	const char *proves,
	    *proving; /* a method, and the value by which it does; NULL: by txt and file */
	const char *found_at;
	char asked[200]; /* the methods that were tried, in order */
	struct cs_span result;
	unsigned ends, refusals, keeps; /* how often the database is away; how often it was asked */
} world;

/* The archive, as it answers: later than it is asked, and perhaps only at a second try. */
void
answers_keep(
    struct answers *answers, const struct probe_finding *finding, answers_done *done, void *arg)
{
	(void)answers;
	assert_non_null(finding->reason);
	assert_int_equal(world.ends, 0); /* nothing is said before it is kept */
	world.keeps++;
	done(arg, world.keeps > world.refusals);
}

static enum answer
scripted(const struct claim_check *check)
{
	if (world.proves != NULL)
		return strcmp(check->method, world.proves) == 0 &&
			       (world.proving == NULL || cs_span_is(check->expected, world.proving))
			   ? YES
			   : NO;
	return strcmp(check->method, "dns-txt") == 0 ? world.txt : world.file;
}

void
probe_start(struct probe *probe, const struct claim_check *check, struct cs_arena *arena,
    probe_done *done, void *arg)
{
	static const char *seen[] = { "what was seen" };
	const enum answer answer = scripted(check);
	struct probe_finding finding = { .outcome = answer == YES       ? CLAIM_PROVED
						    : answer == UNKNOWN ? CLAIM_COULD_NOT_TELL
									: CLAIM_REFUSED,
		.reason = answer == YES       ? "matches"
			  : answer == UNKNOWN ? "failed"
					      : "no",
		.clause = "a clause",
		.text = "a text",
		.security = CLAIM_DNSSEC_SECURE,
		.found_at = world.found_at == NULL ? "there" : world.found_at,
		.seen = { seen, answer == NO_SEEN },
		.detail = answer == NO_SEEN ? "hops" : "",
		.checked_at_ms = NOW + 1 };
	uint8_t digest[CLAIM_DIGEST];

	(void)probe;
	(void)arena;
	assert_int_not_equal(answer, NONE);
	claim_check_digest(check, digest);
	assert_memory_equal(check->digest, digest, CLAIM_DIGEST);
	(void)strcat(world.asked, check->method);
	(void)strcat(world.asked, " ");
	done(arg, &finding);
}

bool
probe_place(struct cs_arena *arena, const struct claim_check *check, const char *mail_server,
    struct probe_place *ret_place)
{
	(void)arena;
	(void)check;
	(void)mail_server;
	(void)ret_place;
	return false;
}

void
svc_done(struct svc_work *work, struct cs_span result)
{
	(void)work;
	world.result = result;
	world.ends++;
}

void
svc_count(struct svc *svc, const char *name, const char *label, const char *value)
{
	(void)svc;
	(void)name;
	(void)label;
	(void)value;
}

/* ---- one look ---- */

struct fixture {
	struct cs_arena *arena;
	struct domain_service domain;
	struct log_context log;
};

static int
setup(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct fixture *f = CS_NEW(arena, struct fixture);
	char dir[] = "/tmp/test-look-XXXXXX", path[64];

	f->arena = arena;
	f->log = (struct log_context){ .service = "test", .level = LOG_ERROR };
	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/key", dir);
	assert_int_equal(pki_ed25519_generate(path, NULL), CS_OK);
	assert_int_equal(claim_key_load(path, &f->domain.key, NULL), CS_OK);
	(void)unlink(path);
	(void)rmdir(dir);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	claim_key_free(f->domain.key);
	cs_arena_free(f->arena);
	return 0;
}

static struct claim_asked
order(const char **methods, size_t n)
{
	struct claim_asked asked = { .asked_at_ms = NOW,
		.check = { .id = "domain-1",
		    .kind = CLAIM_DOMAIN,
		    .target = "alpha.example",
		    .method = "",
		    .enterprise = "demo",
		    .account = "",
		    .allowed_methods = { methods, n } } };

	memset(asked.request.octets, 0x41, sizeof(asked.request.octets));
	return asked;
}

static void
look(struct fixture *f, struct cs_span body)
{
	struct svc_work work = { .body = body, .now_ms = NOW, .arena = f->arena, .log = &f->log };

	world.asked[0] = '\0';
	world.ends = world.keeps = 0;
	look_start(&f->domain, &work);
	assert_int_equal(world.ends, 1);
}

static struct claim_evidence
look_of(
    struct fixture *f, const struct claim_asked *asked, const struct domain_challenge *challenge)
{
	struct claim_evidence evidence;
	struct cs_err err = { 0 };

	look(f, look_body(f->arena, asked, challenge, NOW));
	if (claim_open_evidence(f->arena, NULL, world.result, NOW, &evidence, &err))
		fail_msg("%s", err.text);
	return evidence;
}

static struct claim_evidence
look_for(struct fixture *f, const struct claim_asked *asked)
{
	const struct domain_challenge challenge = {
		.value = "the-value", .older = { { "", 0 }, { "", 0 } }, .attempt = 4
	};

	return look_of(f, asked, &challenge);
}

/* Both methods are allowed, except where `only` names one, or "-" none. */
static const struct {
	const char *name, *only;
	enum answer txt, file;
	const char *tried;
	enum claim_outcome outcome;
	const char *method, *reason, *detail;
} cases[] = {
	{ "the record proves it: the file is not asked", "", YES, NONE, "dns-txt ", CLAIM_PROVED,
	    "dns-txt", "matches", "dns-txt: matches" },
	{ "no record, the file proves it", "", NO, YES, "dns-txt http-file ", CLAIM_PROVED,
	    "http-file", "matches", "dns-txt: no; http-file: matches" },
	{ "record unknown, the file proves it", "", UNKNOWN, YES, "dns-txt http-file ",
	    CLAIM_PROVED, "http-file", "matches", "dns-txt: failed; http-file: matches" },
	{ "two refusals: the first", "", NO, NO, "dns-txt http-file ", CLAIM_REFUSED, "dns-txt",
	    "no", "dns-txt: no; http-file: no" },
	{ "two refusals: the one that shows something", "", NO, NO_SEEN, "dns-txt http-file ",
	    CLAIM_REFUSED, "http-file", "no", "dns-txt: no; http-file: no; hops" },
	{ "a wrong record is told before a wrong file", "", NO_SEEN, NO_SEEN, "dns-txt http-file ",
	    CLAIM_REFUSED, "dns-txt", "no", "dns-txt: no; http-file: no; hops" },
	{ "unknown does not hide a later no", "", UNKNOWN, NO, "dns-txt http-file ", CLAIM_REFUSED,
	    "http-file", "no", "dns-txt: failed; http-file: no" },
	{ "unknown does not hide an earlier no", "", NO, UNKNOWN, "dns-txt http-file ",
	    CLAIM_REFUSED, "dns-txt", "no", "dns-txt: no; http-file: failed" },
	{ "nothing is known", "", UNKNOWN, UNKNOWN, "dns-txt http-file ", CLAIM_COULD_NOT_TELL,
	    "dns-txt", "failed", "dns-txt: failed; http-file: failed" },
	{ "the record alone is allowed", "dns-txt", NO, NONE, "dns-txt ", CLAIM_REFUSED, "dns-txt",
	    "no", "dns-txt: no" },
	{ "the file alone is allowed", "http-file", NONE, YES, "http-file ", CLAIM_PROVED,
	    "http-file", "matches", "http-file: matches" },
	{ "no method that we know is allowed", "-", NONE, NONE, "", CLAIM_COULD_NOT_TELL, "",
	    "no-method", "" },
};

static void
each_look_states_the_best_answer(void **state)
{
	for (size_t i = 0; i < LEN(cases); i++) {
		const char *both[] = { "http-file", "dns-txt" }, *one[] = { cases[i].only };
		const struct claim_asked asked =
		    cases[i].only[0] == '\0' ? order(both, 2) : order(one, 1);

		world.txt = cases[i].txt;
		world.file = cases[i].file;
		struct claim_evidence got = look_for(*state, &asked);

		if (got.outcome != cases[i].outcome || strcmp(got.method, cases[i].method) != 0 ||
		    strcmp(got.reason, cases[i].reason) != 0 ||
		    strcmp(got.detail, cases[i].detail) != 0 ||
		    strcmp(world.asked, cases[i].tried) != 0)
			fail_msg("%s: got %s %s %s \"%s\", tried %s", cases[i].name,
			    claim_outcome_name(got.outcome), got.method, got.reason, got.detail,
			    world.asked);
	}
}

static void
a_proof_says_what_was_asked_and_how_long_it_holds(void **state)
{
	const char *methods[] = { "dns-txt" };
	struct claim_asked asked = order(methods, 1);

	world.txt = YES;
	struct claim_evidence got = look_for(*state, &asked);

	assert_true(cs_span_is(got.expected, "the-value"));
	assert_int_equal(got.attempt, 4);
	assert_int_equal(got.kind, CLAIM_DOMAIN);
	assert_string_equal(got.check_id, "domain-1");
	assert_string_equal(got.target, "alpha.example");
	assert_string_equal(got.enterprise, "demo");
	assert_string_equal(got.account, "");
	assert_string_equal(got.perspective, "primary");
	assert_int_equal(got.security, CLAIM_DNSSEC_SECURE);
	assert_int_equal(got.checked_at_ms, NOW + 1);
	assert_int_equal(got.valid_until_ms, NOW + 1 + 398 * DAY);
	asked.check.freshness_ms = 30 * DAY;
	assert_int_equal(look_for(*state, &asked).valid_until_ms, NOW + 1 + 30 * DAY);
	asked.check.freshness_ms = 399 * DAY;
	assert_int_equal(look_for(*state, &asked).valid_until_ms, NOW + 1 + 398 * DAY);
	world.txt = NO;
	assert_int_equal(look_for(*state, &asked).valid_until_ms, NOW + 1);
}

/* Nobody but the person knows which method was meant: a no tells of those that showed something. */
static void
a_no_tells_people_what_every_method_said(void **state)
{
	const char *methods[] = { "dns-txt", "http-file" };
	const struct claim_asked asked = order(methods, 2);

	world.txt = NO;
	world.file = UNKNOWN;
	assert_string_equal(look_for(*state, &asked).text, "a file on the web site: a text");
	world.txt = NO_SEEN;
	assert_string_equal(
	    look_for(*state, &asked).text, "a TXT record: a text; a file on the web site: a text");
	world.txt = world.file = NO;
	assert_string_equal(look_for(*state, &asked).text,
	    "nothing was found in any of the 2 places where the value may be published");
	world.txt = world.file = UNKNOWN; /* for the same reason */
	assert_string_equal(look_for(*state, &asked).text, "a TXT record: a text");
	world.txt = NO;
	world.file = YES;
	assert_string_equal(look_for(*state, &asked).text, "a text");
}

/* A file speaks for its own host alone (TBR 3.2.2.4.18). */
static void
only_a_record_covers_what_is_below(void **state)
{
	const char *methods[] = { "dns-txt", "http-file" };
	const struct claim_asked asked = order(methods, 2);

	world.txt = YES;
	assert_true(look_for(*state, &asked).covers_subdomains);
	world.txt = NO;
	world.file = YES;
	assert_false(look_for(*state, &asked).covers_subdomains);
}

/* Each method of the table can be the one, and says what it covers and for how long. */
static void
each_method_can_prove(void **state)
{
	static const struct {
		const char *method;
		bool below;
		int64_t days;
		const char *tried; /* records before hosts, and no host when a record proves */
	} rows[] = {
#define RECORDS "dns-txt dns-cname dns-persist mx-dns-txt "
#define HOSTS "http-file acme-http acme-tls-alpn mx-http-file "
		{ "dns-txt", true, 398, RECORDS },
		{ "dns-cname", true, 398, RECORDS },
		{ "dns-persist", true, 10, RECORDS },
		{ "mx-dns-txt", false, 398, RECORDS },
		{ "http-file", false, 398, RECORDS HOSTS },
		{ "acme-http", false, 398, RECORDS HOSTS },
		{ "acme-tls-alpn", false, 398, RECORDS HOSTS },
		{ "mx-http-file", false, 398, RECORDS HOSTS },
	};
	const char *methods[] = { "mx-http-file", "mx-dns-txt", "acme-tls-alpn", "acme-http",
		"http-file", "dns-persist", "dns-cname", "dns-txt" };
	const char *issuers[] = { "ca.example" };
	struct claim_asked asked = order(methods, LEN(methods));

	asked.check.issuer_domains = (struct claim_texts){ issuers, 1 };
	for (size_t i = 0; i < LEN(rows); i++) {
		world.proves = rows[i].method;
		const struct claim_evidence got = look_for(*state, &asked);

		assert_int_equal(got.outcome, CLAIM_PROVED);
		assert_string_equal(got.method, rows[i].method);
		assert_int_equal(got.covers_subdomains, rows[i].below);
		assert_int_equal(got.valid_until_ms, NOW + 1 + rows[i].days * DAY);
		if (strcmp(world.asked, rows[i].tried) != 0)
			fail_msg("%s: tried %s", rows[i].method, world.asked);
	}
	world.proves = NULL;
}

static void
a_value_from_before_proves_until_its_end(void **state)
{
	const char *methods[] = { "http-file", "dns-txt" };
	const struct claim_asked asked = order(methods, 2);
	const struct domain_challenge challenge = { .value = "the-value",
		.older = { { "older", NOW + 1 }, { "ended", NOW } },
		.attempt = 4 };

	world.proves = "dns-txt";
	world.proving = "older";
	struct claim_evidence got = look_of(*state, &asked, &challenge);

	assert_int_equal(got.outcome, CLAIM_PROVED);
	assert_true(cs_span_is(got.expected, "older")); /* the perspectives look for this one */
	assert_string_equal(world.asked, "dns-txt dns-txt ");
	world.proving = "ended";
	got = look_of(*state, &asked, &challenge);
	assert_int_equal(got.outcome, CLAIM_REFUSED);
	assert_true(cs_span_is(got.expected, "the-value"));
	assert_string_equal(world.asked, "dns-txt dns-txt http-file http-file ");
	world.proves = world.proving = NULL;
}

/* A record of a name above proves that name, and what is below it (TBR 3.2.2.4, ADN). */
static void
a_proof_above_is_of_the_name_where_it_was_found(void **state)
{
	static const struct {
		const char *method, *found_at, *target;
	} rows[] = {
		{ "dns-txt", "alpha.example", "alpha.example" },
		{ "dns-txt", "mail.alpha.example", "mail.alpha.example" },
		{ "dns-txt", "pha.example", "mail.alpha.example" },
		{ "dns-txt", "below.mail.alpha.example", "mail.alpha.example" },
		{ "dns-txt", "", "mail.alpha.example" },
		{ "http-file", "alpha.example", "mail.alpha.example" }, /* may not stand for it */
		{ "mx-dns-txt", "alpha.example", "mail.alpha.example" },
	};

	for (size_t i = 0; i < LEN(rows); i++) {
		const char *methods[] = { rows[i].method };
		struct claim_asked asked = order(methods, 1);
		uint8_t digest[CLAIM_DIGEST];

		asked.check.target = "mail.alpha.example";
		world.proves = rows[i].method;
		world.found_at = rows[i].found_at;
		const struct claim_evidence got = look_for(*state, &asked);

		if (strcmp(got.target, rows[i].target) != 0)
			fail_msg("%s at %s: got %s", rows[i].method, rows[i].found_at, got.target);
		claim_evidence_check_digest(&got, digest);
		assert_memory_equal(got.check_digest, digest, CLAIM_DIGEST);
	}
	world.proves = world.found_at = NULL;
}

/* Only a proof: a no at a name above is still a no to what was asked. */
static void
a_no_is_of_the_name_that_was_asked(void **state)
{
	const char *methods[] = { "dns-txt" };
	struct claim_asked asked = order(methods, 1);

	asked.check.target = "mail.alpha.example";
	world.txt = NO_SEEN;
	world.found_at = "alpha.example";
	assert_string_equal(look_for(*state, &asked).target, "mail.alpha.example");
	world.found_at = NULL;
}

static void
an_unreadable_row_ends_with_nothing(void **state)
{
	look(*state, cs_span_str("spoiled"));
	assert_int_equal(world.result.len, 0);
	assert_string_equal(world.asked, "");
}

/* The answers that it names are durable first, however long the database is away. */
static void
nothing_is_said_before_the_answers_are_kept(void **state)
{
	const char *methods[] = { "dns-txt" };
	const struct claim_asked asked = order(methods, 1);

	world.txt = YES;
	world.refusals = 3;
	assert_int_equal(look_for(*state, &asked).outcome, CLAIM_PROVED);
	assert_int_equal(world.keeps, 4);
	world.refusals = 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_look_states_the_best_answer),
		cmocka_unit_test(a_proof_says_what_was_asked_and_how_long_it_holds),
		cmocka_unit_test(a_no_tells_people_what_every_method_said),
		cmocka_unit_test(only_a_record_covers_what_is_below),
		cmocka_unit_test(each_method_can_prove),
		cmocka_unit_test(a_value_from_before_proves_until_its_end),
		cmocka_unit_test(a_proof_above_is_of_the_name_where_it_was_found),
		cmocka_unit_test(a_no_is_of_the_name_that_was_asked),
		cmocka_unit_test(nothing_is_said_before_the_answers_are_kept),
		cmocka_unit_test(an_unreadable_row_ends_with_nothing),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
