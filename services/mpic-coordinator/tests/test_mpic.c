/* SPDX-License-Identifier: Apache-2.0 */
/* Rounds by table: each column of votes is a perspective. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */
#include <string.h>

#include "../mpic.h"

#define DAY INT64_C(86400000)
#define LEN(array) (sizeof(array) / sizeof((array)[0]))

/* Midnight UTC; `date -u -d 2026-12-15 +%s` gives them. */
#define D2025_03_15 (INT64_C(1741996800) * 1000)
#define D2026_03_15 (INT64_C(1773532800) * 1000)
#define D2026_06_15 (INT64_C(1781481600) * 1000)
#define D2026_12_15 (INT64_C(1797292800) * 1000)
#define TODAY (D2026_12_15 - 22 * DAY)

static const char *const names[] = { "p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9",
	"p10", "p11", "p12", "p13", "p14", "p15" };

struct round {
	struct cs_arena *arena;
	struct mpic_remote remotes[MPIC_REMOTES_MAX];
	struct mpic_round round;
	struct claim_perspective_ask ask;
	struct claim_evidence evidence;
};

static int
setup(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct round *r = CS_NEW(arena, struct round);

	r->arena = arena;
	*state = r;
	return 0;
}

static int
teardown(void **state)
{
	cs_arena_free(((struct round *)*state)->arena);
	return 0;
}

static const char *
region_of(char letter)
{
	switch (letter) {
	case 'r':
		return "ripe";
	case 'a':
		return "arin";
	case 'p':
		return "apnic";
	case 'l':
		return "lacnic";
	default:
		return "afrinic";
	}
}

static void
begin(struct round *r, const char *regions)
{
	size_t n = strlen(regions);

	for (size_t i = 0; i < n; i++)
		r->remotes[i] = (struct mpic_remote){ names[i], region_of(regions[i]) };
	r->ask = (struct claim_perspective_ask){ .check = { .id = "mpic-domain-1",
						     .kind = CLAIM_MPIC_DOMAIN,
						     .target = "alpha.example",
						     .method = "dns-txt",
						     .enterprise = "demo",
						     .account = "",
						     .expected = cs_span_str("value"),
						     .freshness_ms = 398 * DAY,
						     .attempt = 2 } };
	memset(r->ask.nonce, 0x31, sizeof(r->ask.nonce));
	claim_check_digest(&r->ask.check, r->ask.check.digest);
	mpic_begin(&r->round, r->remotes, n);
}

/* What the perspective i would answer to this question. */
static struct claim_perspective_answer
answer_of(const struct round *r, size_t i, enum claim_outcome outcome)
{
	struct claim_perspective_answer answer = { .perspective = r->remotes[i].name,
		.region = r->remotes[i].region,
		.outcome = outcome,
		.reason = "a-reason",
		.text = "",
		.security = CLAIM_DNSSEC_SECURE,
		.checked_at_ms = TODAY,
		.found_at = "",
		.attempt = 2 };

	memcpy(answer.nonce, r->ask.nonce, sizeof(answer.nonce));
	memcpy(answer.check_digest, r->ask.check.digest, CLAIM_DIGEST);
	return answer;
}

static const char *
take(struct round *r, size_t i, const struct claim_perspective_answer *answer)
{
	return mpic_take(&r->round, i, &r->ask, answer, cs_span_str("the envelope"));
}

static void
vote(struct round *r, size_t i, char letter)
{
	struct claim_perspective_answer answer = answer_of(r, i,
	    letter == 'n'   ? CLAIM_REFUSED
	    : letter == 'u' ? CLAIM_COULD_NOT_TELL
			    : CLAIM_PROVED);

	if (letter == 'b')
		answer.security = CLAIM_DNSSEC_BOGUS;
	if (letter == '-')
		mpic_miss(&r->round, i, "no-answer", TODAY);
	else
		assert_null(take(r, i, &answer));
}

/*
 * votes: y yes, n no, u could not tell, - no answer, b yes with bogus DNSSEC
 * regions: r ripe, a arin, p apnic, l lacnic, f afrinic
 */
static const struct {
	const char *name, *votes, *regions;
	int64_t at_ms;
	uint32_t check_min; /* what the order asks for */
	enum claim_outcome want;
	uint32_t want_min;
	uint32_t quorum; /* what connectors ask for */
} cases[] = {
	{ "five of five", "yyyyy", "raplf", TODAY, 4, CLAIM_PROVED, 4, 0 },
	{ "one of five may differ", "yyyyn", "raplf", TODAY, 4, CLAIM_PROVED, 4, 0 },
	{ "one of five may be silent", "yyyy-", "raplf", TODAY, 4, CLAIM_PROVED, 4, 0 },
	{ "one of five may not know", "uyyyy", "raplf", TODAY, 4, CLAIM_PROVED, 4, 0 },
	{ "one of five may be deceived", "yyyyb", "raplf", TODAY, 4, CLAIM_PROVED, 4, 0 },
	{ "two of five differ", "yyynn", "raplf", TODAY, 4, CLAIM_REFUSED, 4, 0 },
	{ "one differs, one is silent", "yyyn-", "raplf", TODAY, 4, CLAIM_COULD_NOT_TELL, 4, 0 },
	{ "one differs, one does not know", "yyynu", "raplf", TODAY, 4, CLAIM_COULD_NOT_TELL, 4,
	    0 },
	{ "one differs, one is deceived", "yyynb", "raplf", TODAY, 4, CLAIM_COULD_NOT_TELL, 4, 0 },
	{ "two silent", "yyy--", "raplf", TODAY, 4, CLAIM_COULD_NOT_TELL, 4, 0 },
	{ "two differ, three are silent", "nn---", "raplf", TODAY, 4, CLAIM_REFUSED, 4, 0 },
	{ "all silent", "-----", "raplf", TODAY, 4, CLAIM_COULD_NOT_TELL, 4, 0 },
	{ "all say no", "nnnnn", "raplf", TODAY, 4, CLAIM_REFUSED, 4, 0 },

	{ "two regions", "yyyyy", "rrrra", TODAY, 4, CLAIM_PROVED, 4, 0 },
	{ "one region", "yyyyy", "rrrrr", TODAY, 4, CLAIM_COULD_NOT_TELL, 4, 0 },
	{ "the second region differs", "yyyyn", "rrrra", TODAY, 4, CLAIM_COULD_NOT_TELL, 4, 0 },
	{ "the second region is silent", "yyyy-", "rrrra", TODAY, 4, CLAIM_COULD_NOT_TELL, 4, 0 },

	{ "four, the last day", "yyyy", "rapl", D2026_12_15 - 1, 4, CLAIM_PROVED, 4, 0 },
	{ "four of which one differs", "yyyn", "rapl", D2026_12_15 - 1, 4, CLAIM_PROVED, 4, 0 },
	{ "four are too few", "yyyy", "rapl", D2026_12_15, 4, CLAIM_COULD_NOT_TELL, 5, 0 },
	{ "five, the first day", "yyyyn", "raplf", D2026_12_15, 4, CLAIM_PROVED, 5, 0 },
	{ "three, the last day", "yyy", "rap", D2026_06_15 - 1, 3, CLAIM_PROVED, 3, 0 },
	{ "three are too few", "yyy", "rap", D2026_06_15, 3, CLAIM_COULD_NOT_TELL, 4, 0 },
	{ "two, the last day", "yy", "rr", D2026_03_15 - 1, 2, CLAIM_PROVED, 2, 0 },
	{ "two are too few", "yy", "ra", D2026_03_15, 2, CLAIM_COULD_NOT_TELL, 3, 0 },
	{ "before there was a rule", "yyyyy", "raplf", D2025_03_15 - 1, 0, CLAIM_COULD_NOT_TELL, 0,
	    0 },

	{ "six, two may differ", "yyyynn", "raplfr", TODAY, 4, CLAIM_PROVED, 4, 0 },
	{ "six, three differ", "yyynnn", "raplfr", TODAY, 4, CLAIM_REFUSED, 4, 0 },
	{ "sixteen, two may differ", "yyyyyyyyyyyyyyn-", "raplfraplfraplfr", TODAY, 4, CLAIM_PROVED,
	    4, 0 },
	{ "sixteen, three do not agree", "yyyyyyyyyyyyyn--", "raplfraplfraplfr", TODAY, 4,
	    CLAIM_COULD_NOT_TELL, 4, 0 },

	{ "the order may ask for more", "yyyyy", "raplf", TODAY, 6, CLAIM_COULD_NOT_TELL, 6, 0 },
	{ "the order cannot ask for less", "yyy", "rap", TODAY, 1, CLAIM_COULD_NOT_TELL, 4, 0 },
	{ "nobody was asked", "", "", TODAY, 0, CLAIM_COULD_NOT_TELL, 4, 0 },

	/* seed: "meets the minimum quorum count specified in the Open MPIC connector" */
	{ "a quorum of all, met", "yyyyy", "raplf", TODAY, 4, CLAIM_PROVED, 4, 5 },
	{ "a quorum of all, one silent", "yyyy-", "raplf", TODAY, 4, CLAIM_COULD_NOT_TELL, 4, 5 },
	{ "a quorum of all, one differs", "yyyyn", "raplf", TODAY, 4, CLAIM_REFUSED, 4, 5 },
	{ "a quorum of four, met", "yyyyn", "raplf", TODAY, 4, CLAIM_PROVED, 4, 4 },
	{ "a quorum below the rules lowers nothing", "yyyn-", "raplf", TODAY, 4,
	    CLAIM_COULD_NOT_TELL, 4, 2 },
	{ "a quorum above those asked", "yyyyy", "raplf", TODAY, 4, CLAIM_COULD_NOT_TELL, 4, 6 },
	{ "five of six where two may differ", "yyyyyn", "raplfr", TODAY, 4, CLAIM_PROVED, 4, 5 },
	{ "four of six where two may differ", "yyyynn", "raplfr", TODAY, 4, CLAIM_REFUSED, 4, 5 },
};

static void
each_round_ends_as_the_table_says(void **state)
{
	struct round *r = *state;

	for (size_t i = 0; i < LEN(cases); i++) {
		begin(r, cases[i].regions);
		for (size_t k = 0; cases[i].votes[k] != '\0'; k++) {
			assert_false(mpic_complete(&r->round));
			vote(r, k, cases[i].votes[k]);
		}
		assert_true(mpic_complete(&r->round));
		r->ask.check.min_remotes = cases[i].check_min;
		r->round.quorum = cases[i].quorum;
		r->evidence = (struct claim_evidence){ 0 };
		mpic_decide(&r->round, &r->ask.check, cases[i].at_ms, r->arena, &r->evidence);
		if (r->evidence.outcome != cases[i].want ||
		    r->evidence.min_remotes != cases[i].want_min)
			fail_msg("%s: got %s with %u, want %s with %u", cases[i].name,
			    claim_outcome_name(r->evidence.outcome), r->evidence.min_remotes,
			    claim_outcome_name(cases[i].want), cases[i].want_min);
	}
}

/* ---- services of others ---- */

/* One letter a service: y agrees, n says no, - no answer. */
static const struct {
	const char *votes, *services;
	enum claim_outcome outcome;
	const char *reason, *named;
} beside[] = {
	{ "yyyyy", "y", CLAIM_PROVED, "mpic-corroborated", "s0" },
	{ "yyyyy", "yy", CLAIM_PROVED, "mpic-corroborated", "s0" },
	{ "yyyyy", "n", CLAIM_REFUSED, "mpic-service-disagrees", "s0" },
	{ "yyyyy", "yn", CLAIM_REFUSED, "mpic-service-disagrees", "s1" },
	{ "yyyyy", "-n", CLAIM_REFUSED, "mpic-service-disagrees", "s1" },
	{ "yyyyy", "y-", CLAIM_COULD_NOT_TELL, "mpic-service-no-answer", "s1" },
	{ "yyyyy", "yyy-", CLAIM_COULD_NOT_TELL, "mpic-service-no-answer", "s3" },
	/* They never take the place of perspectives that sign. */
	{ "yyn--", "yyyy", CLAIM_COULD_NOT_TELL, "mpic-no-quorum", "s0" },
	{ "nnnnn", "yyyy", CLAIM_REFUSED, "mpic-disagree", "s0" },
	{ "nnnnn", "---", CLAIM_REFUSED, "mpic-disagree", "s0" },
};

static void
serve(struct round *r, const char *services)
{
	for (size_t i = 0; services[i] != '\0'; i++) {
		struct mpic_service_result *service = &r->round.services[r->round.n_services++];

		*service =
		    (struct mpic_service_result){ .name = cs_arena_printf(r->arena, "s%zu", i),
			    .quorum = 4,
			    .answered = true,
			    .reason = "service-disagrees",
			    .asked = 5,
			    .agreed = services[i] == 'y' ? 4 : 1,
			    .seen = "what each said" };
		if (services[i] == '-')
			mpic_miss_service(service, "service-no-answer", "it is silent");
		else
			service->outcome = services[i] == 'y' ? CLAIM_PROVED : CLAIM_REFUSED;
	}
}

static void
services_of_others_may_object_and_never_replace(void **state)
{
	struct round *r = *state;

	for (size_t i = 0; i < LEN(beside); i++) {
		begin(r, "rapla");
		for (size_t k = 0; k < strlen(beside[i].votes); k++)
			vote(r, k, beside[i].votes[k]);
		serve(r, beside[i].services);
		mpic_decide(&r->round, &r->ask.check, TODAY, r->arena, &r->evidence);
		if (r->evidence.outcome != beside[i].outcome ||
		    strcmp(r->evidence.reason, beside[i].reason) != 0)
			fail_msg(
			    "%s %s: %s", beside[i].votes, beside[i].services, r->evidence.reason);
		assert_non_null(strstr(r->evidence.text,
		    cs_arena_printf(r->arena, "of the service %s ", beside[i].named)));
		assert_non_null(strstr(r->evidence.detail, "s0: "));
		assert_int_equal(
		    r->evidence.valid_until_ms > TODAY, beside[i].outcome == CLAIM_PROVED);
	}
}

static void
what_services_said_stays_in_its_bounds(void **state)
{
	struct round *r = *state;

	begin(r, "rapla");
	serve(r, "yyyy");
	for (size_t i = 0; i < 4; i++) {
		r->round.services[i].name = cs_arena_printf(r->arena, "%0190zu", i);
		r->round.services[i].seen = cs_arena_printf(r->arena, "%0600zu", i);
	}
	mpic_decide(&r->round, &r->ask.check, TODAY, r->arena, &r->evidence);
	assert_true(strlen(r->evidence.text) <= CLAIM_MAX_TEXT);
	assert_true(strlen(r->evidence.detail) <= CLAIM_MAX_TEXT);
	assert_true(strlen(r->evidence.detail) > 700);
}

static void
a_round_waits_for_its_services(void **state)
{
	struct round *r = *state;

	begin(r, "rapla");
	serve(r, "y");
	r->round.services[0].answered = false;
	for (size_t k = 0; k < 5; k++)
		vote(r, k, 'y');
	assert_false(mpic_complete(&r->round));
	mpic_miss_service(&r->round.services[0], "service-no-answer", "it is silent");
	assert_true(mpic_complete(&r->round));
}

static void
a_quorum_holds_as_long_as_the_order_says(void **state)
{
	struct round *r = *state;

	begin(r, "raplf");
	for (size_t i = 0; i < 5; i++)
		vote(r, i, 'y');
	mpic_decide(&r->round, &r->ask.check, TODAY, r->arena, &r->evidence);
	assert_int_equal(r->evidence.checked_at_ms, TODAY);
	assert_int_equal(r->evidence.valid_until_ms, TODAY + 398 * DAY);
	assert_string_equal(r->evidence.reason, "mpic-corroborated");
	assert_string_equal(r->evidence.text, "5 of 5 perspectives in 5 regions corroborate");
	assert_int_equal(r->evidence.n_perspectives, 5);
	assert_true(r->evidence.perspectives[4].corroborates);
	assert_true(cs_span_is(r->evidence.perspectives[4].answer, "the envelope"));
}

static void
no_quorum_holds_for_no_time(void **state)
{
	struct round *r = *state;

	begin(r, "raplf");
	for (size_t i = 0; i < 5; i++)
		vote(r, i, "yyn-u"[i]);
	mpic_decide(&r->round, &r->ask.check, TODAY, r->arena, &r->evidence);
	assert_int_equal(r->evidence.valid_until_ms, TODAY);
	assert_string_equal(r->evidence.reason, "mpic-no-quorum");
	assert_string_equal(
	    r->evidence.text, "2 of 5 perspectives in 2 regions corroborate; 2 said a-reason");
	assert_string_equal(r->evidence.perspectives[2].reason, "a-reason");
	assert_int_equal(r->evidence.perspectives[2].outcome, CLAIM_REFUSED);
	assert_string_equal(r->evidence.perspectives[3].reason, "no-answer");
	assert_int_equal(r->evidence.perspectives[3].outcome, CLAIM_COULD_NOT_TELL);
	assert_int_equal(r->evidence.perspectives[3].answer.len, 0);
	assert_int_equal(r->evidence.perspectives[3].checked_at_ms, TODAY);
}

/* ---- answers that do not count ---- */

static void
an_answer_to_another_question_does_not_count(void **state)
{
	struct round *r = *state;
	struct claim_perspective_answer answer;

	begin(r, "raplf");
	answer = answer_of(r, 0, CLAIM_PROVED);
	answer.nonce[15] ^= 1;
	assert_non_null(take(r, 0, &answer));
	answer = answer_of(r, 0, CLAIM_PROVED);
	answer.check_digest[31] ^= 1;
	assert_non_null(take(r, 0, &answer));
	answer = answer_of(r, 0, CLAIM_PROVED);
	answer.perspective = names[1];
	assert_non_null(take(r, 0, &answer));
	answer = answer_of(r, 0, CLAIM_PROVED);
	answer.region = "arin";
	assert_non_null(take(r, 0, &answer));
	assert_int_equal(r->round.n_answered, 0);
	assert_false(r->round.results[0].corroborates);
	assert_int_equal(r->round.results[0].answer.len, 0);
}

/* One perspective's answers must not crowd out the evidence: the bus carries 64 KiB. */
static void
an_answer_larger_than_its_share_does_not_count(void **state)
{
	struct round *r = *state;
	static const uint8_t octets[MPIC_ANSWERS_MAX];
	const char *seen[] = { "12345678" };
	struct claim_perspective_answer answer;
	const size_t share = MPIC_ANSWERS_MAX / 5;

	begin(r, "raplf");
	answer = answer_of(r, 0, CLAIM_PROVED);
	assert_non_null(mpic_take(&r->round, 0, &r->ask, &answer, cs_span_of(octets, share + 1)));
	answer.seen = (struct claim_texts){ seen, 1 };
	assert_non_null(mpic_take(&r->round, 0, &r->ask, &answer, cs_span_of(octets, share - 11)));
	assert_null(mpic_take(&r->round, 0, &r->ask, &answer, cs_span_of(octets, share - 12)));
}

static void
a_perspective_is_heard_once(void **state)
{
	struct round *r = *state;
	struct claim_perspective_answer yes, no;

	begin(r, "raplf");
	yes = answer_of(r, 0, CLAIM_PROVED);
	no = answer_of(r, 0, CLAIM_REFUSED);
	assert_null(take(r, 0, &no));
	assert_non_null(take(r, 0, &yes));
	mpic_miss(&r->round, 0, "no-answer", TODAY);
	assert_int_equal(r->round.n_answered, 1);
	assert_int_equal(r->round.results[0].outcome, CLAIM_REFUSED);
	assert_string_equal(r->round.results[0].reason, "a-reason");
	mpic_miss(&r->round, 1, "no-answer", TODAY);
	yes = answer_of(r, 1, CLAIM_PROVED);
	assert_non_null(take(r, 1, &yes));
	assert_false(r->round.results[1].corroborates);
}

/* ---- what is corroborated ---- */

static struct claim_evidence
domain_evidence(void)
{
	return (struct claim_evidence){ .check_id = "domain-3",
		.kind = CLAIM_DOMAIN,
		.target = "alpha.example",
		.method = "http-file",
		.enterprise = "demo",
		.account = "",
		.expected = cs_span_str("value"),
		.attempt = 7,
		.outcome = CLAIM_PROVED };
}

static void
a_proof_of_a_domain_is_looked_at_again_from_elsewhere(void **state)
{
	struct round *r = *state;
	struct claim_evidence domain = domain_evidence();
	struct claim_check check;
	uint8_t digest[CLAIM_DIGEST];

	assert_true(mpic_check_for(&domain, r->arena, &check));
	assert_string_equal(check.id, "mpic-domain-3");
	assert_int_equal(check.kind, CLAIM_MPIC_DOMAIN);
	assert_string_equal(check.target, "alpha.example");
	assert_string_equal(check.method, "http-file");
	assert_string_equal(check.enterprise, "demo");
	assert_string_equal(check.account, "");
	assert_true(cs_span_is(check.expected, "value"));
	assert_int_equal(check.attempt, 7);
	assert_int_equal(check.freshness_ms, 398 * DAY);
	claim_check_digest(&check, digest);
	assert_memory_equal(check.digest, digest, CLAIM_DIGEST);
}

/* The clause of the method says for how long (TBR 3.2.2.4.22). */
static void
it_serves_as_long_as_the_proof(void **state)
{
	struct round *r = *state;
	struct claim_evidence domain = domain_evidence();
	struct claim_check check;

	domain.method = "dns-persist";
	assert_true(mpic_check_for(&domain, r->arena, &check));
	assert_string_equal(check.method, "dns-persist");
	assert_int_equal(check.freshness_ms, 10 * DAY);
	assert_int_equal(
	    check.issuer_domains.n, 0); /* "value" is no account: they can only say no */
	domain.expected = cs_span_str("acct:demo@ca.example");
	assert_true(mpic_check_for(&domain, r->arena, &check));
	assert_int_equal(check.issuer_domains.n, 1);
	assert_string_equal(check.issuer_domains.items[0], "ca.example");
	assert_true(cs_span_is(check.expected, "acct:demo@ca.example"));
	domain.method = "email-token"; /* proves no domain, whoever says so */
	assert_false(mpic_check_for(&domain, r->arena, &check));
	domain.method = "phone";
	assert_false(mpic_check_for(&domain, r->arena, &check));
}

static void
nothing_else_is(void **state)
{
	struct round *r = *state;
	struct claim_evidence domain = domain_evidence();
	struct claim_check check;

	domain.outcome = CLAIM_REFUSED;
	assert_false(mpic_check_for(&domain, r->arena, &check));
	domain.outcome = CLAIM_COULD_NOT_TELL;
	assert_false(mpic_check_for(&domain, r->arena, &check));
	domain = domain_evidence();
	domain.kind = CLAIM_MAILBOX;
	assert_false(mpic_check_for(&domain, r->arena, &check));
}

/* ---- whom to ask ---- */

static const struct {
	const char *text;
	int n; /* -1: refused */
} lists[] = {
	{ "amsterdam:ripe", 1 },
	{ "amsterdam:ripe,newyork:arin", 2 },
	{ " amsterdam : ripe , newyork:arin ", 2 },
	{ "a-1:ripe,b:arin,c:apnic,d:lacnic,e:afrinic", 5 },
	{ "a:ripe,b:ripe,c:ripe,d:ripe,e:ripe,f:ripe,g:ripe,h:ripe,i:ripe,j:ripe,k:ripe,l:ripe,"
	  "m:ripe,n:ripe,o:ripe,p:ripe",
	    16 },
	{ "a:ripe,b:ripe,c:ripe,d:ripe,e:ripe,f:ripe,g:ripe,h:ripe,i:ripe,j:ripe,k:ripe,l:ripe,"
	  "m:ripe,n:ripe,o:ripe,p:ripe,q:ripe",
	    -1 },
	{ "", -1 },
	{ "amsterdam", -1 },
	{ ":ripe", -1 },
	{ "amsterdam:", -1 },
	{ "amsterdam:RIPE", -1 },
	{ "amsterdam:ripe ncc", -1 },
	{ "amsterdam:ripe:x", -1 },
	{ "amsterdam:ripe,", -1 },
	{ "amsterdam:ripe,,newyork:arin", -1 },
	{ "amsterdam:ripe,amsterdam:arin", -1 },
	{ "a.b:ripe", -1 },
	{ "*:ripe", -1 },
	{ ">:ripe", -1 },
	{ "a b:ripe", -1 },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:ripe", 1 },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:ripe", -1 },
};

static void
each_list_of_perspectives_is_read_or_refused(void **state)
{
	struct round *r = *state;

	for (size_t i = 0; i < LEN(lists); i++) {
		struct mpic_remote remotes[MPIC_REMOTES_MAX];
		size_t n = 99;
		struct cs_err err = { 0 };
		enum cs_code code = mpic_read_remotes(lists[i].text, r->arena, remotes, &n, &err);

		if (lists[i].n < 0) {
			if (code != CS_MALFORMED || n != 99)
				fail_msg("\"%s\" was read", lists[i].text);
		} else if (code != CS_OK || n != (size_t)lists[i].n) {
			fail_msg("\"%s\": %s", lists[i].text, err.text);
		}
	}
}

static void
names_and_regions_are_without_spaces(void **state)
{
	struct round *r = *state;
	struct mpic_remote remotes[MPIC_REMOTES_MAX];
	size_t n;

	assert_int_equal(
	    mpic_read_remotes(" amsterdam : ripe , newyork:arin ", r->arena, remotes, &n, NULL),
	    CS_OK);
	assert_string_equal(remotes[0].name, "amsterdam");
	assert_string_equal(remotes[0].region, "ripe");
	assert_string_equal(remotes[1].name, "newyork");
	assert_string_equal(remotes[1].region, "arin");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_round_ends_as_the_table_says),
		TEST(services_of_others_may_object_and_never_replace),
		TEST(what_services_said_stays_in_its_bounds),
		TEST(a_round_waits_for_its_services),
		TEST(a_quorum_holds_as_long_as_the_order_says),
		TEST(no_quorum_holds_for_no_time),
		TEST(an_answer_to_another_question_does_not_count),
		TEST(an_answer_larger_than_its_share_does_not_count),
		TEST(a_perspective_is_heard_once),
		TEST(a_proof_of_a_domain_is_looked_at_again_from_elsewhere),
		TEST(it_serves_as_long_as_the_proof),
		TEST(nothing_else_is),
		TEST(each_list_of_perspectives_is_read_or_refused),
		TEST(names_and_regions_are_without_spaces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
