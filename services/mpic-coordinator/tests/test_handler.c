/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_handler.c: orders and domain evidence in, one evidence out.  The bus is scripted here: what each
 * perspective answers, signed with real keys, and in which order the answers come.
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

#include "base/text.h"
#include "base/time.h"
#include "handler.h"
#include "pki/ed25519.h"

#define REMOTES 5
#define LEN(array) (sizeof(array) / sizeof((array)[0]))

enum who { COORDINATOR, DOMAIN, POLICY, ANN, BOB, STRANGER, REMOTE, KEYS = REMOTE + REMOTES };

/* ---- the bus ---- */

/*
 * Of one perspective: y yes, n no, - silence, ! fails before svc_question() returns, g garbage,
 * s signed by a stranger, d signed by the domain-validator, k with the first perspective's key,
 * m with another nonce, a full share
 */
static struct {
	const char *answers;
	struct claim_key *keys[KEYS];
	struct cs_arena *arena;
	struct pending {
		svc_answered *answered;
		void *arg;
		struct cs_span body;
		const char *subject;
	} pending[REMOTES];
	size_t n_pending;
	const char *subject; /* of what was published; NULL: nothing */
	struct cs_span body, part;
	unsigned ends;
	bool unread; /* the lane of settings */
	/* Open MPIC services that were asked, and how the next one is: NULL, it can be. */
	struct asked_there {
		services_answered *answered;
		void *arg;
		const struct open_mpic_question *question;
		const char *connector;
	} services[MPIC_SERVICES_MAX];
	size_t n_services;
	const char *why_not;
	const struct log_context *log;
	uint32_t later_ms;
} bus;

static const char *const names[REMOTES] = { "amsterdam", "newyork", "saopaulo", "singapore",
	"nairobi" };
static const char *const regions[REMOTES] = { "ripe", "arin", "lacnic", "apnic", "afrinic" };

static struct cs_span
answer(size_t i, struct cs_span question)
{
	struct claim_perspective_ask ask;
	const char letter = bus.answers[i];
	struct claim_key *key = letter == 's'   ? bus.keys[STRANGER]
				: letter == 'd' ? bus.keys[DOMAIN]
				: letter == 'k' ? bus.keys[REMOTE]
						: bus.keys[REMOTE + i];

	if (letter == 'g')
		return cs_span_str("garbage");
	assert_int_equal(claim_read_perspective_ask(bus.arena, question, &ask, NULL), CS_OK);
	struct claim_perspective_answer said = { .perspective = names[i],
		.region = regions[i],
		.outcome = letter == 'n' ? CLAIM_REFUSED : CLAIM_PROVED,
		.reason = "a-reason",
		.text = "",
		.checked_at_ms = cs_now_ms(),
		.found_at = "",
		.attempt = ask.attempt };
	const char *seen[12];

	memcpy(said.nonce, ask.nonce, sizeof(said.nonce));
	said.nonce[0] ^= letter == 'm';
	memcpy(said.check_digest, ask.check.digest, CLAIM_DIGEST);
	if (letter == 'a') { /* twelve texts of 450 octets, once here and once beside it */
		for (size_t k = 0; k < LEN(seen); k++)
			seen[k] = cs_arena_printf(bus.arena, "%0450d", (int)k);
		said.seen = (struct claim_texts){ seen, LEN(seen) };
	}
	return claim_seal_perspective(bus.arena, key, &said);
}

void
svc_question(struct svc *svc, const char *subject, struct cs_span body, uint32_t timeout_ms,
    svc_answered *answered, void *arg)
{
	const size_t i = bus.n_pending++;

	(void)svc;
	assert_int_equal(timeout_ms, 20000);
	assert_true(i < REMOTES);
	bus.pending[i] = (struct pending){ answered, arg, body, subject };
	if (bus.answers[i] == '!')
		answered(arg, false, 0, cs_span_str(NULL));
}

const char *
services_ask(struct services *services, struct cs_arena *arena, const struct connector *connector,
    const struct open_mpic_question *question, services_answered *answered, void *arg)
{
	(void)services;
	if (bus.why_not != NULL)
		return bus.why_not;
	bus.services[bus.n_services++] = (struct asked_there){ answered, arg, question,
		cs_arena_printf(arena, "%s/%s at %s", connector->enterprise, connector->name,
		    connector->endpoint) };
	return NULL;
}

enum cs_code
services_new(struct event_base *base, const struct services_settings *settings,
    struct services **ret, struct cs_err *err)
{
	(void)base;
	(void)settings;
	(void)err;
	*ret = NULL;
	return CS_OK;
}

void
services_free(struct services *services)
{
	(void)services;
}

struct event_base *
svc_base(struct svc *svc)
{
	(void)svc;
	return NULL;
}

bool
svc_test_mode(const struct svc *svc)
{
	(void)svc;
	return true;
}

void
svc_watch_trust(struct svc *svc, struct claim_trust *trust, const char *path)
{
	(void)svc;
	(void)trust;
	(void)path;
}

void
svc_follow(struct svc *svc, const char *subject, svc_told *told, void *arg)
{
	(void)svc;
	(void)subject;
	(void)told;
	(void)arg;
}

const struct log_context *
svc_log(const struct svc *svc)
{
	(void)svc;
	return bus.log;
}

bool
svc_follows(const struct svc *svc)
{
	(void)svc;
	return !bus.unread;
}

void
svc_later(struct svc_work *work, uint32_t delay_ms)
{
	(void)work;
	bus.later_ms = delay_ms;
	bus.ends++;
}

void
svc_finish(struct svc_work *work, const char *subject, struct cs_span body, struct cs_span part)
{
	(void)work;
	bus.subject = subject;
	bus.body = body;
	bus.part = part;
	bus.ends++;
}

void
svc_count(struct svc *svc, const char *name, const char *label, const char *value)
{
	(void)svc;
	(void)name;
	(void)label;
	(void)value;
}

/* ---- the world ---- */

struct fixture {
	struct cs_arena *arena;
	struct mpic_service mpic;
	struct log_context log;
	struct cs_buf lines; /* warnings are expected, and stay here */
	char dir[64];
};

static const char *
path_of(struct fixture *f, const char *name)
{
	return cs_arena_printf(f->arena, "%s/%s", f->dir, name);
}

static void
make_key(struct fixture *f, size_t i)
{
	const char *path = path_of(f, "key");

	assert_int_equal(pki_ed25519_generate(path, NULL), CS_OK);
	assert_int_equal(claim_key_load(path, &bus.keys[i], NULL), CS_OK);
	(void)unlink(path);
}

static struct claim_trust_row
row_of(struct fixture *f, enum who who, const char *service, const char *state)
{
	static const char *everyone[] = { "*" };
	const char **states = CS_NEW_ARRAY(f->arena, 1, const char *);
	struct claim_trust_row row = { .keyid = claim_key_id(bus.keys[who]),
		.service = service,
		.enterprises = { everyone, 1 },
		.not_before_ms = 1,
		.not_after_ms = INT64_C(4102444800000) };

	states[0] = state;
	row.states = (struct claim_texts){ states, 1 };
	claim_key_public(bus.keys[who], row.public_key);
	return row;
}

static void
make_trust(struct fixture *f)
{
	struct claim_trust_row rows[2 + REMOTES] = {
		row_of(f, DOMAIN, "domain-validator", "evidence.domain"),
		row_of(f, POLICY, "policy", "setting"),
	};
	const struct claim_key *approvers[] = { bus.keys[ANN], bus.keys[BOB] };
	struct cs_err err = { 0 };
	FILE *file = fopen(path_of(f, "approvers"), "we");

	for (size_t i = 0; i < REMOTES; i++)
		rows[2 + i] = row_of(f, REMOTE + i, names[i], "perspective");
	assert_non_null(file);
	for (size_t i = 0; i < 2; i++) {
		uint8_t octets[32];

		claim_key_public(approvers[i], octets);
		(void)fprintf(file, "approver-%zu %s\n", i,
		    cs_base64(f->arena, cs_span_of(octets, sizeof(octets))));
	}
	(void)fclose(file);
	if (claim_trust_write(
		path_of(f, "trust"), 1, rows, LEN(rows), approvers, LEN(approvers), &err) ||
	    claim_trust_load(path_of(f, "trust"), path_of(f, "approvers"), &f->mpic.trust, &err))
		fail_msg("%s", err.text);
}

static int
setup(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct fixture *f = CS_NEW(arena, struct fixture);

	f->arena = bus.arena = arena;
	f->lines = cs_buf_new(arena);
	f->log = (struct log_context){ .service = "test", .level = LOG_WARN, .held = &f->lines };
	bus.log = &f->log;
	(void)strcpy(f->dir, "/tmp/test-mpic-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	for (size_t i = 0; i < KEYS; i++)
		make_key(f, i);
	make_trust(f);
	f->mpic.book = connector_book_new(f->mpic.trust);
	f->mpic.key = bus.keys[COORDINATOR];
	f->mpic.answer_ms = 20000;
	f->mpic.n_remotes = REMOTES;
	for (size_t i = 0; i < REMOTES; i++)
		f->mpic.remotes[i] = (struct mpic_remote){ names[i], regions[i] };
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	(void)unlink(path_of(f, "trust"));
	(void)unlink(path_of(f, "approvers"));
	(void)rmdir(f->dir);
	connector_book_free(f->mpic.book);
	claim_trust_free(f->mpic.trust);
	for (size_t i = 0; i < KEYS; i++)
		claim_key_free(bus.keys[i]);
	cs_arena_free(f->arena);
	return 0;
}

/* ---- what comes in ---- */

static struct claim_check
caa_check(void)
{
	struct claim_check check = { .id = "mpic-caa-1",
		.kind = CLAIM_MPIC_CAA,
		.target = "alpha.example",
		.method = "caa-issuemail",
		.enterprise = "demo",
		.account = "",
		.expected = cs_span_str("ca.example"),
		.freshness_ms = 8 * CS_HOUR_MS,
		.attempt = 3,
		.min_remotes = 4 };

	claim_check_digest(&check, check.digest);
	return check;
}

static struct cs_span
order(struct fixture *f, const struct claim_check *check)
{
	struct claim_asked asked = { .asked_at_ms = cs_now_ms(), .check = *check };

	memset(asked.request.octets, 0x41, sizeof(asked.request.octets));
	memset(asked.request_digest, 0x77, sizeof(asked.request_digest));
	return claim_write_asked(f->arena, &asked);
}

static struct cs_span
domain_evidence(struct fixture *f, enum who who, enum claim_outcome outcome)
{
	struct claim_asked asked = { .check = { .id = "domain-1",
					 .kind = CLAIM_DOMAIN,
					 .target = "alpha.example",
					 .method = "dns-txt",
					 .enterprise = "demo",
					 .account = "",
					 .expected = cs_span_str("value"),
					 .attempt = 2 } };
	struct claim_evidence evidence;

	memset(asked.request.octets, 0x41, sizeof(asked.request.octets));
	claim_evidence_for(&asked, &evidence);
	evidence.outcome = outcome;
	evidence.checked_at_ms = cs_now_ms();
	evidence.found_at = "alpha.example";
	return claim_seal_evidence(f->arena, bus.keys[who], &evidence);
}

/* The route's read, then start: as the skeleton does. */
static enum cs_code
begin(struct fixture *f, const char *subject, struct cs_span body, const char *answers)
{
	struct svc_event ev = { .arena = f->arena, .body = body, .now_ms = cs_now_ms() };
	const struct svc_route *route = mpic_routes;
	struct cs_err err;

	bus.answers = answers;
	bus.n_pending = bus.n_services = bus.ends = 0;
	bus.subject = NULL;
	while (strcmp(route->subject, subject) != 0)
		route++;
	if (route->read(&f->mpic, &ev, &err))
		return err.code;
	struct svc_work *work = CS_NEW(f->arena, struct svc_work);

	*work = (struct svc_work){ .kind = subject,
		.key = ev.key,
		.body = body,
		.what = ev.what,
		.now_ms = ev.now_ms,
		.arena = f->arena,
		.log = &f->log };
	mpic_start(&f->mpic, work);
	return CS_OK;
}

static void
deliver(size_t i)
{
	struct pending *pending = &bus.pending[i];

	assert_int_equal(bus.ends, 0); /* the round waits for everybody */
	if (bus.answers[i] == '-')
		pending->answered(pending->arg, false, 0, cs_span_str(NULL));
	else if (bus.answers[i] != '!')
		pending->answered(pending->arg, true, 0, answer(i, pending->body));
}

/* Everybody answers, the last first: the order makes no difference. */
static struct claim_evidence
round_of(struct fixture *f, const char *subject, struct cs_span body, const char *answers)
{
	struct claim_evidence evidence;
	struct cs_err err = { 0 };

	assert_int_equal(begin(f, subject, body, answers), CS_OK);
	assert_int_equal(bus.n_pending, REMOTES);
	for (size_t i = REMOTES; i-- > 0;)
		if (answers[i] != '!')
			deliver(i);
	assert_int_equal(bus.ends, 1);
	assert_string_equal(bus.subject, "evidence.mpic");
	if (claim_open_evidence(f->arena, NULL, bus.body, cs_now_ms(), &evidence, &err))
		fail_msg("%s: %s", answers, err.text);
	return evidence;
}

/* ---- rounds ---- */

static const struct {
	const char *answers;
	enum claim_outcome want;
	size_t i; /* of the answer that is looked at, and its reason */
	const char *reason;
} rounds[] = {
	{ "yyyyy", CLAIM_PROVED, 4, "a-reason" },
	{ "yyyyn", CLAIM_PROVED, 4, "a-reason" },
	{ "yyyy-", CLAIM_PROVED, 4, "no-answer" },
	{ "-yyyy", CLAIM_PROVED, 0, "no-answer" },
	{ "!yyyy", CLAIM_PROVED, 0, "no-answer" },
	{ "yyyy!", CLAIM_PROVED, 4, "no-answer" },
	{ "yyyyg", CLAIM_PROVED, 4, "answer-not-genuine" },
	{ "yyyys", CLAIM_PROVED, 4, "answer-not-genuine" },
	{ "yyyyd", CLAIM_PROVED, 4, "answer-not-genuine" },
	{ "yyyym", CLAIM_PROVED, 4, "answer-not-to-this" },
	{ "aaaaa", CLAIM_PROVED, 4, "a-reason" },
	{ "yyynn", CLAIM_REFUSED, 4, "a-reason" },
	{ "yyysg", CLAIM_COULD_NOT_TELL, 3, "answer-not-genuine" },
	{ "yyymn", CLAIM_COULD_NOT_TELL, 3, "answer-not-to-this" },
	{ "yyy!-", CLAIM_COULD_NOT_TELL, 3, "no-answer" },
	{ "-----", CLAIM_COULD_NOT_TELL, 0, "no-answer" },
};

static void
each_round_makes_one_evidence(void **state)
{
	struct fixture *f = *state;
	const struct claim_check check = caa_check();

	for (size_t i = 0; i < LEN(rounds); i++) {
		struct claim_evidence got =
		    round_of(f, "plan.mpic-asked", order(f, &check), rounds[i].answers);

		if (got.outcome != rounds[i].want)
			fail_msg("%s: got %s", rounds[i].answers, claim_outcome_name(got.outcome));
		assert_string_equal(got.perspectives[rounds[i].i].reason, rounds[i].reason);
		assert_int_equal(got.n_perspectives, REMOTES);
		assert_true(bus.body.len <= CLAIM_MAX_ENVELOPE);
	}
}

/* A stolen key of one perspective speaks once, whatever name it gives. */
static void
one_key_is_one_voice(void **state)
{
	struct fixture *f = *state;
	const struct claim_check check = caa_check();
	struct claim_evidence got = round_of(f, "plan.mpic-asked", order(f, &check), "kkkyy");

	assert_int_equal(got.outcome, CLAIM_COULD_NOT_TELL);
	assert_true(got.perspectives[2].corroborates); /* it came first */
	assert_string_equal(got.perspectives[0].reason, "answer-not-to-this");
	assert_string_equal(got.perspectives[1].reason, "answer-not-to-this");
}

static void
a_round_in_which_every_question_fails_at_once_ends(void **state)
{
	struct fixture *f = *state;
	const struct claim_check check = caa_check();

	assert_int_equal(begin(f, "plan.mpic-asked", order(f, &check), "!!!!!"), CS_OK);
	assert_int_equal(bus.n_pending, REMOTES);
	assert_int_equal(bus.ends, 1);
}

/* ---- what is asked, what is said ---- */

static void
everybody_is_asked_the_same_by_name(void **state)
{
	struct fixture *f = *state;
	const struct claim_check check = caa_check();
	struct claim_perspective_ask ask;

	assert_int_equal(begin(f, "plan.mpic-asked", order(f, &check), "-----"), CS_OK);
	assert_string_equal(bus.pending[0].subject, "ask.perspective.amsterdam");
	assert_string_equal(bus.pending[4].subject, "ask.perspective.nairobi");
	assert_true(cs_span_equal(bus.pending[0].body, bus.pending[4].body));
	assert_int_equal(
	    claim_read_perspective_ask(f->arena, bus.pending[0].body, &ask, NULL), CS_OK);
	assert_int_equal(ask.attempt, 3);
	assert_string_equal(ask.check.target, "alpha.example");
	assert_memory_equal(ask.check.digest, check.digest, CLAIM_DIGEST);
}

static void
each_round_has_its_own_nonce(void **state)
{
	struct fixture *f = *state;
	const struct claim_check check = caa_check();
	struct claim_perspective_ask one, two;

	assert_int_equal(begin(f, "plan.mpic-asked", order(f, &check), "-----"), CS_OK);
	assert_int_equal(
	    claim_read_perspective_ask(f->arena, bus.pending[0].body, &one, NULL), CS_OK);
	assert_int_equal(begin(f, "plan.mpic-asked", order(f, &check), "-----"), CS_OK);
	assert_int_equal(
	    claim_read_perspective_ask(f->arena, bus.pending[0].body, &two, NULL), CS_OK);
	assert_memory_not_equal(one.nonce, two.nonce, sizeof(one.nonce));
}

static void
the_evidence_of_a_domain_names_what_it_corroborates(void **state)
{
	struct fixture *f = *state;
	struct cs_span primary = domain_evidence(f, DOMAIN, CLAIM_PROVED);
	struct claim_evidence got = round_of(f, "evidence.domain", primary, "yyyyy");
	uint8_t digest[CLAIM_DIGEST];

	claim_envelope_sha256(primary, digest);
	assert_true(cs_span_equal(got.primary_sha256, cs_span_of(digest, sizeof(digest))));
	assert_int_equal(got.kind, CLAIM_MPIC_DOMAIN);
	assert_string_equal(got.check_id, "mpic-domain-1");
	assert_string_equal(got.method, "dns-txt");
	assert_true(cs_span_is(got.expected, "value"));
	assert_int_equal(got.attempt, 2);
	assert_int_equal(got.request.octets[0], 0x41);
}

static void
the_evidence_of_caa_answers_its_order(void **state)
{
	struct fixture *f = *state;
	const struct claim_check check = caa_check();
	struct claim_evidence got = round_of(f, "plan.mpic-asked", order(f, &check), "yyyyy");

	assert_int_equal(got.kind, CLAIM_MPIC_CAA);
	assert_memory_equal(got.check_digest, check.digest, CLAIM_DIGEST);
	assert_int_equal(got.request_digest[0], 0x77);
	assert_int_equal(got.attempt, 3);
	assert_int_equal(got.valid_until_ms, got.checked_at_ms + 8 * CS_HOUR_MS);
	assert_memory_equal(bus.part.data, check.digest, CLAIM_DIGEST);
	assert_true(bus.part.len > CLAIM_DIGEST);
}

/* ---- what is not corroborated ---- */

static void
only_a_proof_of_a_domain_is_asked_about(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
	    begin(f, "evidence.domain", domain_evidence(f, DOMAIN, CLAIM_REFUSED), "yyyyy"), CS_OK);
	assert_int_equal(bus.n_pending, 0);
	assert_int_equal(bus.ends, 1);
	assert_null(bus.subject);
}

static void
a_proof_by_the_wrong_key_is_not_read(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
	    begin(f, "evidence.domain", domain_evidence(f, STRANGER, CLAIM_PROVED), "yyyyy"),
	    CS_MALFORMED);
	assert_int_equal(
	    begin(f, "evidence.domain", domain_evidence(f, REMOTE, CLAIM_PROVED), "yyyyy"),
	    CS_MALFORMED);
	assert_int_equal(
	    begin(f, "evidence.domain", cs_span_str("garbage"), "yyyyy"), CS_MALFORMED);
	assert_int_equal(bus.n_pending, 0);
}

static void
an_order_of_another_kind_is_not_read(void **state)
{
	struct fixture *f = *state;
	struct claim_check check = caa_check();

	for (enum claim_kind kind = CLAIM_DOMAIN; kind <= CLAIM_MPIC_DOMAIN; kind++) {
		check.kind = kind;
		claim_check_digest(&check, check.digest);
		assert_int_equal(
		    begin(f, "plan.mpic-asked", order(f, &check), "yyyyy"), CS_MALFORMED);
	}
	assert_int_equal(
	    begin(f, "plan.mpic-asked", cs_span_str("garbage"), "yyyyy"), CS_MALFORMED);
}

/* ---- connectors ---- */

static void
tell_named(struct fixture *f, enum who who, const char *enterprise, const char *name,
    uint64_t version, const char *spec)
{
	const struct claim_setting setting = { .document = { { 1 } },
		.kind = "connector",
		.enterprise = enterprise,
		.name = name,
		.version = version,
		.deleted = spec == NULL,
		.spec = cs_span_str(spec),
		.changed_at_ms = cs_now_ms() - 1,
		.changed_by = "platform/root",
		.told_at_ms = cs_now_ms() };

	mpic_told(&f->mpic, claim_seal_setting(f->arena, bus.keys[who], &setting));
}

static void
tell(struct fixture *f, enum who who, const char *enterprise, uint64_t version, const char *spec)
{
	tell_named(f, who, enterprise, "mpic", version, spec);
}

#define QUORUM(n) "{\"active\":true,\"quorum\":" #n ",\"type\":\"open-mpic\"}"

static void
a_connector_raises_how_many_must_agree(void **state)
{
	struct fixture *f = *state;
	const struct claim_check check = caa_check();
	struct cs_span asked = order(f, &check);

	tell(f, POLICY, "other", 1, QUORUM(5));
	assert_int_equal(round_of(f, "plan.mpic-asked", asked, "yyyy-").outcome, CLAIM_PROVED);
	tell(f, STRANGER, "demo", 9, QUORUM(5));
	assert_int_equal(round_of(f, "plan.mpic-asked", asked, "yyyy-").outcome, CLAIM_PROVED);
	tell(f, POLICY, "demo", 1, QUORUM(5));
	assert_int_equal(
	    round_of(f, "plan.mpic-asked", asked, "yyyy-").outcome, CLAIM_COULD_NOT_TELL);
	assert_int_equal(round_of(f, "plan.mpic-asked", asked, "yyyyy").outcome, CLAIM_PROVED);
	assert_int_equal(
	    round_of(f, "evidence.domain", domain_evidence(f, DOMAIN, CLAIM_PROVED), "yyyy-")
		.outcome,
	    CLAIM_COULD_NOT_TELL);
	tell(f, POLICY, "demo", 2, NULL);
	assert_int_equal(round_of(f, "plan.mpic-asked", asked, "yyyy-").outcome, CLAIM_PROVED);
}

#define OUTSIDE \
	"{\"active\":true,\"endpoint\":\"https://mpic.example\",\"quorum\":4,\"type\":\"open-mpic\"}"

/* One letter: y agrees, v not valid, q fewer than wanted, n says no, - no answer, x cannot be asked. */
static const struct {
	char said;
	enum claim_outcome outcome;
	const char *reason;
} said_outside[] = {
	{ 'y', CLAIM_PROVED, "mpic-corroborated" },
	{ 'v', CLAIM_COULD_NOT_TELL, "mpic-service-no-quorum" },
	{ 'q', CLAIM_COULD_NOT_TELL, "mpic-service-no-quorum" },
	{ 'n', CLAIM_REFUSED, "mpic-service-disagrees" },
	{ '-', CLAIM_COULD_NOT_TELL, "mpic-service-no-answer" },
	{ 'x', CLAIM_COULD_NOT_TELL, "mpic-service-not-askable" },
};

static void
say_outside(size_t i, char said)
{
	const struct open_mpic_answer answer = { .valid = said != 'v' && said != 'n',
		.asked = 5,
		.agreed = said == 'q'   ? 3
			  : said == 'n' ? 1
					: 4,
		.refused = said == 'n'   ? 4
			   : said == 'q' ? 0
					 : 1,
		.seen = "p1 agrees" };
	const struct asked_there *service = &bus.services[i];

	assert_int_equal(bus.ends, 0);
	if (said == '-')
		service->answered(service->arg, NULL, "service-no-answer", "it is silent");
	else
		service->answered(service->arg, &answer, "", "");
}

static struct claim_evidence
round_with(
    struct fixture *f, const char *subject, struct cs_span body, const char *said, bool early)
{
	const size_t n = said[0] == 'x' ? 0 : strlen(said);
	struct claim_evidence evidence;

	bus.why_not = said[0] == 'x' ? "its endpoint is no URL" : NULL;
	assert_int_equal(begin(f, subject, body, "yyyyy"), CS_OK);
	bus.why_not = NULL;
	assert_int_equal(bus.n_services, n);
	for (size_t i = 0; early && i < n; i++)
		say_outside(i, said[i]);
	for (size_t i = 0; i < REMOTES; i++)
		deliver(i);
	for (size_t i = 0; !early && i < n; i++)
		say_outside(i, said[i]);
	assert_int_equal(bus.ends, 1);
	assert_int_equal(
	    claim_open_evidence(f->arena, NULL, bus.body, cs_now_ms(), &evidence, NULL), CS_OK);
	return evidence;
}

static void
a_service_of_the_connector_is_asked_too(void **state)
{
	struct fixture *f = *state;
	const struct claim_check check = caa_check();
	struct cs_span asked = order(f, &check);

	tell(f, POLICY, "demo", 11, OUTSIDE);
	for (size_t i = 0; i < 2 * LEN(said_outside); i++) {
		const char letter = said_outside[i / 2].said;
		const struct claim_evidence evidence = round_with(f, "plan.mpic-asked", asked,
		    cs_arena_printf(f->arena, "%c", letter), i % 2 == 0);

		if (evidence.outcome != said_outside[i / 2].outcome ||
		    strcmp(evidence.reason, said_outside[i / 2].reason) != 0)
			fail_msg("%c: %s", letter, evidence.reason);
		assert_int_equal(evidence.n_perspectives, REMOTES);
		assert_non_null(strstr(evidence.detail, "demo/mpic: "));
		if (letter == 'x')
			continue;
		assert_string_equal(bus.services[0].connector, "demo/mpic at https://mpic.example");
		assert_string_equal(bus.services[0].question->kind, "caa");
		assert_string_equal(bus.services[0].question->target, "alpha.example");
	}
	tell(f, POLICY, "demo", 12, NULL);
	assert_int_equal(round_of(f, "plan.mpic-asked", asked, "yyyyy").outcome, CLAIM_PROVED);
	assert_int_equal(bus.n_services, 0);
}

static void
it_is_asked_for_the_value_where_the_primary_saw_it(void **state)
{
	struct fixture *f = *state;

	tell(f, POLICY, "demo", 21, OUTSIDE);
	assert_int_equal(
	    round_with(f, "evidence.domain", domain_evidence(f, DOMAIN, CLAIM_PROVED), "y", false)
		.outcome,
	    CLAIM_PROVED);
	assert_string_equal(bus.services[0].question->kind, "dcv");
	assert_non_null(strstr((const char *)bus.services[0].question->json.data,
	    "\"dns_name_prefix\":\"_countersign-challenge\""));
	tell(f, POLICY, "demo", 22, NULL);
}

/* Its quorum is of its own perspectives: ours answer as the rules say. */
static void
its_quorum_is_not_ours(void **state)
{
	struct fixture *f = *state;
	const struct claim_check check = caa_check();

	tell(f, POLICY, "demo", 31,
	    "{\"active\":true,\"endpoint\":\"https://mpic.example\",\"quorum\":9,\"type\":\"open-mpic\"}");
	assert_int_equal(begin(f, "plan.mpic-asked", order(f, &check), "yyyy-"), CS_OK);
	for (size_t i = 0; i < REMOTES; i++)
		deliver(i);
	const struct open_mpic_answer answer = { true, 10, 9, 0, "all" };

	bus.services[0].answered(bus.services[0].arg, &answer, "", "");
	struct claim_evidence evidence;

	assert_int_equal(
	    claim_open_evidence(f->arena, NULL, bus.body, cs_now_ms(), &evidence, NULL), CS_OK);
	assert_int_equal(evidence.outcome, CLAIM_PROVED);
	tell(f, POLICY, "demo", 32, NULL);
}

static void
more_services_than_can_be_asked_prove_nothing(void **state)
{
	struct fixture *f = *state;
	const struct claim_check check = caa_check();
	const char *many[] = { "s1", "s2", "s3", "s4", "s5" };

	for (size_t i = 0; i < LEN(many); i++)
		tell_named(f, POLICY, "demo", many[i], 1, OUTSIDE);
	assert_int_equal(begin(f, "plan.mpic-asked", order(f, &check), "yyyyy"), CS_OK);
	assert_int_equal(bus.n_services, MPIC_SERVICES_MAX - 1);
	for (size_t i = 0; i < MPIC_SERVICES_MAX - 1; i++)
		say_outside(i, 'y');
	for (size_t i = 0; i < REMOTES; i++)
		deliver(i);
	struct claim_evidence evidence;

	assert_int_equal(
	    claim_open_evidence(f->arena, NULL, bus.body, cs_now_ms(), &evidence, NULL), CS_OK);
	assert_string_equal(evidence.reason, "mpic-service-too-many");
	for (size_t i = 0; i < LEN(many); i++)
		tell_named(f, POLICY, "demo", many[i], 2, NULL);
}

static void
nothing_is_asked_before_connectors_are_known(void **state)
{
	struct fixture *f = *state;
	const struct claim_check check = caa_check();

	bus.unread = true;
	assert_int_equal(begin(f, "plan.mpic-asked", order(f, &check), "yyyyy"), CS_OK);
	bus.unread = false;
	assert_int_equal(bus.n_pending, 0);
	assert_int_equal(bus.ends, 1);
	assert_true(bus.later_ms > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_round_makes_one_evidence),
		cmocka_unit_test(one_key_is_one_voice),
		cmocka_unit_test(a_round_in_which_every_question_fails_at_once_ends),
		cmocka_unit_test(everybody_is_asked_the_same_by_name),
		cmocka_unit_test(each_round_has_its_own_nonce),
		cmocka_unit_test(the_evidence_of_a_domain_names_what_it_corroborates),
		cmocka_unit_test(the_evidence_of_caa_answers_its_order),
		cmocka_unit_test(only_a_proof_of_a_domain_is_asked_about),
		cmocka_unit_test(a_proof_by_the_wrong_key_is_not_read),
		cmocka_unit_test(an_order_of_another_kind_is_not_read),
		cmocka_unit_test(a_connector_raises_how_many_must_agree),
		cmocka_unit_test(a_service_of_the_connector_is_asked_too),
		cmocka_unit_test(it_is_asked_for_the_value_where_the_primary_saw_it),
		cmocka_unit_test(its_quorum_is_not_ours),
		cmocka_unit_test(more_services_than_can_be_asked_prove_nothing),
		cmocka_unit_test(nothing_is_asked_before_connectors_are_known),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
