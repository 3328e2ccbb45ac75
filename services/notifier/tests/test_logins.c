/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logins at providers of identities as second factors: who is sent where, which browser counts, and who is shown a code.
 * The seed: "OIDC Authentication", "Azure Authentication".
 */
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/time.h"
#include "fake_stage.h"
#include "fake_store.h"
#include "fake_svc.h"
#include "login/state.h"
#include "on_codes.h"
#include "on_login.h"
#include "pki/seal.h"
#include "wire.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))
#define IDENTITY "248289761001"
#define UNNAMEABLE "al\xe2\x80\x8bice"
#define SECRET "what the provider knows of us"
#define BASE "https://ra.example"
#define ISSUER "https://idp.example/realms/a"
#define URL ISSUER "/auth?response_type=code&state="
#define CODE "SplxlOBeZQQYbYS6WxSbIA"

/* ---- decisions ---- */

/* One person's row. */
struct desk {
	struct codes_setting in;
	struct codes_challenge row;
	struct cs_span bound; /* of the login that came back */
	uint8_t random[32];
};

static void
desk_begin(struct desk *desk, struct fake_world *world)
{
	static const struct claim_factor_order order = { .request_digest = { 9 },
		.enterprise = "demo",
		.account = "alice",
		.method = "oidc",
		.email = "",
		.phone = "",
		.login = "",
		.identity = IDENTITY,
		.ordered_at_ms = FAKE_NOW };
	struct codes_tally tally = { .n = 0 };

	*desk = (struct desk){ .random = { 1 } };
	desk->in = (struct codes_setting){ cs_span_str(FAKE_CODE_KEY), fake_request(1), FAKE_NOW,
		desk->random, world->arena };
	const struct codes_sent sent = codes_decide_send(&desk->in, &desk->row, &order, &tally);

	assert_int_equal(sent.result, CODES_SENT);
	assert_true(sent.logs_in);
	assert_int_equal(sent.n_letters, 0);
	assert_int_equal(tally.n, 1);
	desk->row = sent.next;
}

static const char *
come_back(struct desk *desk)
{
	const struct logins_returned returned = logins_decide_return(&desk->in, &desk->row);

	desk->row = returned.next;
	if (returned.refusal == NULL) {
		const struct logins_begun begun = logins_begun_of(&desk->in, &desk->row);

		desk->bound = logins_bound(desk->in.arena, &begun);
	}
	return returned.refusal;
}

static struct logins_judged
judge(struct desk *desk, const char *name, const char *refusal)
{
	const struct logins_outcome outcome = { name, refusal, desk->bound };
	const struct logins_judged judged = logins_decide_judged(&desk->in, &desk->row, &outcome);

	desk->row = judged.next;
	return judged;
}

static enum codes_verdict
type(struct desk *desk, const char *code)
{
	struct codes_typed typed = { .enterprise = "demo",
		.account = "alice",
		.unnamed = true,
		.given = { true },
		.readable = { true } };

	code_tag(desk->in.key, code, typed.tags[0]);
	const struct codes_proved proved = codes_decide_prove(&desk->in, &desk->row, &typed);

	desk->row = proved.next;
	return proved.verdict;
}

static void
who_has_logged_in_is_shown_a_code_that_counts_once(void **state)
{
	struct desk desk;

	desk_begin(&desk, *state);
	assert_int_equal(type(&desk, "12345678"), CODES_NOT_SENT); /* and no try of any code */
	assert_int_equal(desk.row.tries, 0);
	assert_null(come_back(&desk));
	assert_int_equal(type(&desk, "12345678"), CODES_NOT_SENT);
	desk.random[0] = 2;
	const struct logins_judged judged = judge(&desk, IDENTITY, NULL);

	assert_null(judged.refusal);
	assert_int_equal(strspn(judged.code, "0123456789"), CODE_DIGITS);
	assert_int_equal(desk.row.expires_ms, FAKE_NOW + CODES_LIFE_MS); /* from the start on */
	assert_int_equal(type(&desk, "00000000"), CODES_WRONG);
	assert_int_equal(type(&desk, judged.code), CODES_PROVED);
	assert_int_equal(type(&desk, judged.code), CODES_IS_USED);
}

/* Drawn when it is shown: what the start was decided with does not tell it. */
static void
the_code_is_made_of_fresh_octets(void **state)
{
	struct desk desk, other;

	desk_begin(&desk, *state);
	desk_begin(&other, *state);
	assert_null(come_back(&desk));
	assert_null(come_back(&other));
	other.random[31] ^= 1;
	assert_true(cs_id_equal(desk.row.id, other.row.id));
	assert_string_not_equal(
	    judge(&desk, IDENTITY, NULL).code, judge(&other, IDENTITY, NULL).code);
}

static void
a_browser_comes_back_once(void **state)
{
	struct desk desk;

	desk_begin(&desk, *state);
	assert_null(come_back(&desk));
	assert_string_equal(come_back(&desk), LOGIN_USED);
	assert_null(judge(&desk, IDENTITY, NULL).refusal);
	assert_string_equal(come_back(&desk), LOGIN_USED);
}

static void
only_whom_the_order_names_is_shown_a_code(void **state)
{
	static const char *const others[] = { "248289761002", "24828976100", "248289761001 ",
		"ALICE", "" };

	for (size_t i = 0; i < LEN(others); i++) {
		struct desk desk;

		desk_begin(&desk, *state);
		assert_null(come_back(&desk));
		const struct logins_judged judged = judge(&desk, others[i], NULL);

		assert_string_equal(judged.refusal, LOGIN_OF_ANOTHER);
		assert_string_equal(judged.code, "");
		assert_int_equal(desk.row.tries, 0); /* there is nothing to be tried any more */
		assert_int_equal(type(&desk, "00000000"), CODES_NOT_SENT);
		/* It is final. */
		assert_string_equal(judge(&desk, IDENTITY, NULL).refusal, LOGIN_OVER);
		assert_string_equal(come_back(&desk), LOGIN_USED);
	}
}

static void
what_the_provider_refuses_is_final(void **state)
{
	struct desk desk;

	desk_begin(&desk, *state);
	assert_null(come_back(&desk));
	assert_string_equal(judge(&desk, NULL, OIDC_UNREACHABLE).refusal, OIDC_UNREACHABLE);
	assert_int_equal(desk.row.tries, 0);
	assert_string_equal(judge(&desk, IDENTITY, NULL).refusal, LOGIN_OVER);
	assert_int_equal(type(&desk, "00000000"), CODES_NOT_SENT);
}

static void
no_login_outlives_its_challenge(void **state)
{
	enum { LATE, VOID, USED, METHOD, NONE, ENDS };

	for (int what = LATE; what < ENDS; what++) {
		struct desk desk, returned;

		desk_begin(&desk, *state);
		desk_begin(&returned, *state);
		assert_null(come_back(&returned));
		struct desk *const both[] = { &desk, &returned };

		for (size_t i = 0; i < LEN(both); i++) {
			if (what == LATE)
				both[i]->in.now_ms += CODES_LIFE_MS;
			else if (what == VOID)
				both[i]->row.state = CODES_VOID;
			else if (what == USED)
				both[i]->row.state = CODES_USED;
			else if (what == METHOD)
				both[i]->row.method = "email";
			else
				both[i]->row = (struct codes_challenge){ .enterprise = "" };
		}
		assert_string_equal(come_back(&desk), LOGIN_OVER);
		assert_string_equal(judge(&returned, IDENTITY, NULL).refusal, LOGIN_OVER);
	}
	struct desk early;

	/* Nobody is judged who did not come back. */
	desk_begin(&early, *state);
	assert_string_equal(judge(&early, IDENTITY, NULL).refusal, LOGIN_OVER);
}

static void
all_that_a_login_is_for_is_bound(void **state)
{
	struct fake_world *world = *state;
	const struct logins_begun good = { .request = fake_request(1),
		.challenge = fake_request(2),
		.enterprise = "demo",
		.account = "alice",
		.method = "oidc",
		.identity = IDENTITY,
		.request_digest = { 9 },
		.made_ms = FAKE_NOW,
		.expires_ms = FAKE_NOW + CODES_LIFE_MS };
	static const struct logins_place place = { ISSUER, "ra", "sub" },
					 places[] = { { ISSUER "b", "ra", "sub" },
						 { ISSUER, "r", "sub" }, { ISSUER, "ra", "oid" },
						 { ISSUER, "rasub", "" } };
	struct logins_begun others[7];
	const struct cs_span bound = logins_bound(world->arena, &good),
			     at = logins_bound_at(world->arena, &good, &place);

	for (size_t i = 0; i < LEN(others); i++)
		others[i] = good;
	others[0].enterprise = "demoa";
	others[0].account = "lice";
	others[1].account = "eve";
	others[2].method = "saml";
	others[3].identity = "1";
	others[4].made_ms++;
	others[5].expires_ms++;
	others[6].request_digest[31]++;
	for (size_t i = 0; i < LEN(others); i++) {
		assert_false(cs_span_equal(bound, logins_bound(world->arena, &others[i])));
		assert_false(cs_span_equal(at, logins_bound_at(world->arena, &others[i], &place)));
	}
	for (size_t i = 0; i < LEN(places); i++)
		assert_false(cs_span_equal(at, logins_bound_at(world->arena, &good, &places[i])));
}

/* Whoever writes to the table while the provider is asked has their own login count for nobody else. */
static void
a_row_that_was_written_meanwhile_shows_no_code(void **state)
{
	enum { IDENTITY_OF, ACCOUNT, ENTERPRISE, DIGEST, MADE, EXPIRES, ENDS };

	for (int what = IDENTITY_OF; what < ENDS; what++) {
		struct desk desk;

		desk_begin(&desk, *state);
		assert_null(come_back(&desk));
		if (what == IDENTITY_OF)
			desk.row.identity = "mallory";
		else if (what == ACCOUNT)
			desk.row.account = "mallory";
		else if (what == ENTERPRISE)
			desk.row.enterprise = "other";
		else if (what == DIGEST)
			desk.row.request_digest[0]++;
		else if (what == MADE)
			desk.row.made_ms++;
		else
			desk.row.expires_ms++;
		const struct logins_judged judged = judge(&desk, desk.row.identity, NULL);

		assert_string_equal(judged.refusal, LOGIN_OVER);
		assert_string_equal(judged.code, "");
		assert_true(judged.next.failed[FACTOR_LOGIN]);
	}
}

/* ---- the loop thread ---- */

struct lobby {
	struct fake_stage stage;
	struct pki_seal_key *key;
	const char *method, *enterprise, *email, *phone; /* of orders */
};

static const struct log_context *
quiet(void)
{
	static const struct log_context log = { .service = "notifier", .level = LOG_ERROR };

	return &log;
}

static void
lobby_begin(struct lobby *lobby, struct fake_world *world)
{
	const char *path = "/tmp/test-logins-seal";
	struct cs_err err;

	fake_stage_begin(&lobby->stage, world);
	fake_svc_use(&lobby->stage);
	path = cs_arena_printf(world->arena, "%s-%d", path, (int)getpid());
	assert_int_equal(pki_seal_key_generate(path, &err), CS_OK);
	assert_int_equal(pki_seal_key_load(path, &lobby->key, &err), CS_OK);
	(void)unlink(path);
	world->notify.book = connector_book_new(world->notify.trust);
	world->notify.sealing_key = lobby->key;
	world->notify.redirect_base = BASE;
	world->notify.entity_id = "";
	world->notify.turns.n = 0;
	lobby->method = "oidc";
	lobby->enterprise = "demo";
	lobby->email = lobby->phone = "";
}

static void
lobby_end(struct lobby *lobby)
{
	struct notify_service *notify = &lobby->stage.world->notify;

	/* Whatever came of it, the turns were given back. */
	assert_int_equal(notify->turns.n, fake_svc_waiting());
	connector_book_free(notify->book);
	pki_seal_key_free(lobby->key);
	notify->book = NULL;
	notify->sealing_key = NULL;
	fake_svc_use(NULL);
	fake_stage_end(&lobby->stage);
}

/* Its word on the connector of this enterprise; `spec` empty: that there is none any more. */
static void
tell(struct lobby *lobby, const char *enterprise, struct cs_span spec, uint64_t version)
{
	struct fake_stage *stage = &lobby->stage;
	enum connector_news news;
	struct cs_err err;
	const struct claim_setting setting = { .document = { { (uint8_t)enterprise[0] } },
		.kind = "connector",
		.enterprise = enterprise,
		.name = "idp",
		.version = version,
		.deleted = spec.len == 0,
		.spec = spec,
		.changed_at_ms = 5,
		.changed_by = "platform/root",
		.told_at_ms = FAKE_NOW };

	if (connector_book_tell(stage->world->notify.book, stage->arena,
		claim_seal_setting(stage->arena, stage->policy, &setting), FAKE_NOW, &news, NULL,
		&err))
		fail_msg("%s", err.text);
	assert_int_equal(news, CONNECTOR_CHANGED);
}

static void
disconnect(struct lobby *lobby, const char *enterprise, uint64_t version)
{
	tell(lobby, enterprise, cs_span_str(""), version);
}

static void
connect(struct lobby *lobby, struct connector connector, const char *secret, uint64_t version)
{
	struct fake_stage *stage = &lobby->stage;
	uint8_t public_key[32], random[32] = { 7 };

	pki_seal_key_public(lobby->key, public_key);
	connector.name = "idp";
	connector.type = strcmp(lobby->method, "saml") == 0 ? CONNECTOR_SAML : CONNECTOR_OIDC;
	connector.active = true;
	if (secret != NULL)
		connector.sealed = connector_seal(
		    stage->arena, &connector, public_key, random, cs_span_str(secret));
	tell(lobby, connector.enterprise, connector_write(stage->arena, &connector), version);
}

static void
connect_demo(struct lobby *lobby)
{
	connect(lobby,
	    (struct connector){
		.enterprise = "demo", .endpoint = ISSUER, .username = "ra", .claim = "oid" },
	    SECRET, 1);
}

static struct claim_factor_order
order_of(const struct lobby *lobby, const char *identity)
{
	return (struct claim_factor_order){ .request = fake_request(1),
		.request_digest = { 9 },
		.enterprise = lobby->enterprise,
		.account = "alice",
		.method = lobby->method,
		.email = lobby->email,
		.phone = lobby->phone,
		.login = "",
		.identity = identity,
		.ordered_at_ms = lobby->stage.now_ms };
}

typedef enum cs_code read_question(const void *self, struct svc_event *ev, struct cs_err *err);

/* False: it was not read. */
static bool
put_question(struct fake_stage *stage, read_question *read, const char *kind, struct cs_span body)
{
	struct svc_work *work = CS_NEW(stage->arena, struct svc_work);
	struct svc_event *ev = CS_NEW(stage->arena, struct svc_event);
	struct cs_err err;

	*ev = (struct svc_event){ .arena = stage->arena, .body = body, .now_ms = stage->now_ms };
	if (read(&stage->world->notify, ev, &err))
		return false;
	*work = (struct svc_work){ .kind = kind,
		.key = ev->key,
		.body = ev->body,
		.what = ev->what,
		.now_ms = stage->now_ms,
		.arena = stage->arena,
		.log = quiet() };
	notify_start(&stage->world->notify, work);
	return true;
}

static bool
begin_as(struct lobby *lobby, const char *identity)
{
	struct fake_stage *stage = &lobby->stage;
	const struct claim_factor_order order = order_of(lobby, identity);
	struct cs_buf body = cs_buf_new(stage->arena);

	fake_stage_put(&body, 1, claim_seal_factor_order(stage->arena, stage->policy, &order));
	return put_question(stage, notify_read_send, CODES_ASK, cs_buf_span(&body));
}

/* Sent there; the state that the browser has. */
static const char *
begin(struct lobby *lobby)
{
	const size_t n = fake_svc_logins();

	assert_true(begin_as(lobby, IDENTITY));
	fake_svc_told(n, NULL, URL, NULL);
	return fake_svc_login(n)->state;
}

struct brought {
	const char *state, *code, *error, *issuer, *form;
	const char *owner; /* NULL: demo's redirect URI, or that of all with a form */
};

static bool
come(struct lobby *lobby, const struct brought *brought)
{
	const char *texts[] = { brought->state, brought->code, brought->error, brought->issuer,
		brought->form, brought->owner };
	struct cs_buf body = cs_buf_new(lobby->stage.arena);

	if (brought->owner == NULL && brought->form == NULL)
		texts[5] = "demo";
	for (unsigned i = 0; i < LEN(texts); i++)
		if (texts[i] != NULL && texts[i][0] != '\0')
			fake_stage_put(&body, i + 1, cs_span_str(texts[i]));
	return put_question(&lobby->stage, notify_read_login, LOGIN_ASK, cs_buf_span(&body));
}

/* A field of the last answer. */
static const char *
answer(const struct lobby *lobby, unsigned field)
{
	assert_true(fake_svc_finished() > 0);
	return fake_text(lobby->stage.arena, fake_svc_answer(fake_svc_finished() - 1), field);
}

static void
expect_refused(const struct lobby *lobby, const char *refusal)
{
	assert_string_equal(answer(lobby, 1), "refused");
	assert_string_equal(answer(lobby, 5), refusal);
	assert_string_equal(answer(lobby, 2), "");
}

static void
a_login_ends_in_a_code_that_proves_the_factor(void **state)
{
	struct lobby lobby;

	lobby_begin(&lobby, *state);
	connect_demo(&lobby);
	const char *token = begin(&lobby);
	const struct fake_login *start = fake_svc_login(0);

	assert_false(start->finishes || start->platform);
	assert_string_equal(start->endpoint, ISSUER);
	assert_string_equal(start->client, "ra");
	assert_string_equal(start->claim, "oid");
	assert_string_equal(start->callback, BASE "/second-factor/oidc/demo");
	assert_string_equal(answer(&lobby, 1), "sent");
	/* CodeSent: channel, to, url. */
	const struct cs_span sent = fake_svc_answer(0);

	assert_non_null(memmem(sent.data, sent.len, "login", 5));
	assert_non_null(memmem(sent.data, sent.len, "24********01", 12));
	assert_non_null(memmem(sent.data, sent.len, URL, strlen(URL)));
	assert_null(memmem(sent.data, sent.len, IDENTITY, strlen(IDENTITY)));
	lobby.stage.now_ms += 60000;
	assert_true(come(&lobby, &(struct brought){ token, CODE, NULL, ISSUER, NULL, NULL }));
	const struct fake_login *back = fake_svc_login(1);

	assert_true(back->finishes);
	assert_false(back->platform);
	assert_string_equal(back->code, CODE);
	assert_string_equal(back->issuer, ISSUER);
	assert_string_equal(back->secret, SECRET);
	assert_string_equal(back->callback, start->callback);
	assert_string_equal(back->nonce, start->nonce);
	assert_string_equal(back->verifier, start->verifier);
	assert_string_equal(back->claim, "oid");
	assert_int_equal(back->asked_s, FAKE_NOW / 1000);
	fake_svc_told(1, NULL, NULL, IDENTITY);
	assert_string_equal(answer(&lobby, 1), "code");
	assert_string_equal(answer(&lobby, 4), "alice");
	const char *code = answer(&lobby, 2);
	struct cs_buf body = cs_buf_new(lobby.stage.arena), one = cs_buf_new(lobby.stage.arena);

	fake_stage_put(&one, 2, cs_span_str(code));
	fake_stage_put(&body, 1, cs_span_of(fake_request(1).octets, 16));
	fake_stage_put(&body, 2, cs_span_str("demo"));
	fake_stage_put(&body, 3, cs_span_str("alice"));
	fake_stage_put(&body, 4, cs_buf_span(&one));
	const struct cs_span proved =
	    fake_stage_run(&lobby.stage, "ask.notifier.prove", fake_request(1), cs_buf_span(&body));

	assert_string_equal(fake_text(lobby.stage.arena, proved, 1), "proved");
	const struct claim_factor factor = fake_stage_proof(&lobby.stage, proved);

	assert_string_equal(factor.method, "oidc");
	assert_string_equal(factor.account, "alice");
	assert_int_equal(factor.request_digest[0], 9);
	assert_int_equal(svc_test_count(lobby.stage.test, "work.code"), 0);
	lobby_end(&lobby);
}

static void
a_state_is_good_once(void **state)
{
	struct lobby lobby;

	lobby_begin(&lobby, *state);
	connect_demo(&lobby);
	const struct brought brought = { .state = begin(&lobby), .code = CODE };

	assert_true(come(&lobby, &brought));
	assert_true(come(&lobby, &brought)); /* while the first is under way */
	expect_refused(&lobby, LOGIN_USED);
	fake_svc_told(1, NULL, NULL, IDENTITY);
	assert_string_equal(answer(&lobby, 1), "code");
	assert_true(come(&lobby, &brought));
	expect_refused(&lobby, LOGIN_USED);
	assert_int_equal(fake_svc_logins(), 2); /* one start, one exchange */
	lobby_end(&lobby);
}

/* No provider is asked, and no table. */
static void
a_state_that_was_made_up_is_nobodys(void **state)
{
	struct lobby lobby;

	lobby_begin(&lobby, *state);
	connect_demo(&lobby);
	const struct login_named named = { fake_request(1), fake_request(2), login_crowd("demo") };
	const char *good = begin(&lobby);
	char *bent = cs_arena_strdup(lobby.stage.arena, good);
	const char *other_key = login_state(
	    lobby.stage.arena, cs_span_str("another key of 32 octets or more"), &named, "demo");

	bent[60] = bent[60] == 'A' ? 'B' : 'A';
	const char *const states[] = { NULL, "x", bent, other_key };

	fake_svc_stuck(true); /* a command would fail */
	for (size_t i = 0; i < LEN(states); i++) {
		assert_true(come(&lobby, &(struct brought){ .state = states[i], .code = CODE }));
		expect_refused(&lobby, LOGIN_UNKNOWN);
	}
	fake_svc_stuck(false);
	/* One of a challenge that there is not. */
	assert_true(come(&lobby, &(struct brought){ .state = login_state(lobby.stage.arena,
							cs_span_str(FAKE_CODE_KEY), &named, "demo"),
				     .code = CODE }));
	expect_refused(&lobby, LOGIN_OVER);
	assert_int_equal(fake_svc_logins(), 1);
	/* The good one has lost nothing by it. */
	assert_true(come(&lobby, &(struct brought){ .state = good, .code = CODE }));
	assert_int_equal(fake_svc_logins(), 2);
	lobby_end(&lobby);
}

static void
what_does_not_name_the_person_shows_no_code(void **state)
{
	static const struct {
		const char *why_not, *name, *refusal;
	} cases[] = {
		{ NULL, "248289761002", LOGIN_OF_ANOTHER },
		{ OIDC_UNREACHABLE, NULL, OIDC_UNREACHABLE },
		{ OIDC_NOT_EXCHANGED, NULL, OIDC_NOT_EXCHANGED },
		{ "oidc-claim-nonce", NULL, "oidc-claim-nonce" },
	};

	for (size_t i = 0; i < LEN(cases); i++) {
		struct lobby lobby;

		lobby_begin(&lobby, *state);
		connect_demo(&lobby);
		assert_true(
		    come(&lobby, &(struct brought){ .state = begin(&lobby), .code = CODE }));
		fake_svc_told(1, cases[i].why_not, NULL, cases[i].name);
		expect_refused(&lobby, cases[i].refusal);
		assert_true(fake_store_challenge(fake_request(1), "alice")->failed[FACTOR_LOGIN]);
		/* A new start is a new login. */
		assert_true(
		    come(&lobby, &(struct brought){ .state = begin(&lobby), .code = CODE }));
		fake_svc_told(3, NULL, NULL, IDENTITY);
		assert_string_equal(answer(&lobby, 1), "code");
		lobby_end(&lobby);
	}
}

static void
a_newer_start_ends_the_older(void **state)
{
	struct lobby lobby;

	lobby_begin(&lobby, *state);
	connect_demo(&lobby);
	const char *older = begin(&lobby);

	lobby.stage.now_ms++;
	const char *newer = begin(&lobby);

	assert_string_not_equal(older, newer);
	assert_true(come(&lobby, &(struct brought){ .state = older, .code = CODE }));
	expect_refused(&lobby, LOGIN_OVER);
	/* Also between a return and what the provider says. */
	assert_true(come(&lobby, &(struct brought){ .state = newer, .code = CODE }));
	lobby.stage.now_ms++;
	(void)begin(&lobby);
	fake_svc_told(2, NULL, NULL, IDENTITY);
	expect_refused(&lobby, LOGIN_OVER);
	lobby_end(&lobby);
}

/* The login was mallory's own, and its token good: the row of alice's says by then that it is for him. */
static void
a_token_counts_for_whom_it_was_asked(void **state)
{
	struct lobby lobby;

	lobby_begin(&lobby, *state);
	connect_demo(&lobby);
	assert_true(come(&lobby, &(struct brought){ .state = begin(&lobby), .code = CODE }));
	fake_store_challenge(fake_request(1), "alice")->identity = "mallory";
	fake_svc_told(1, NULL, NULL, "mallory");
	expect_refused(&lobby, LOGIN_OVER);
	lobby_end(&lobby);
}

/* A claim by which somebody else may be named. */
static void
a_changed_claim_is_another_login(void **state)
{
	struct lobby lobby;

	lobby_begin(&lobby, *state);
	connect_demo(&lobby);
	const char *token = begin(&lobby);

	connect(&lobby,
	    (struct connector){
		.enterprise = "demo", .endpoint = ISSUER, .username = "ra", .claim = "email" },
	    SECRET, 2);
	assert_true(come(&lobby, &(struct brought){ .state = token, .code = CODE }));
	assert_string_equal(fake_svc_login(1)->claim, "email");
	assert_string_not_equal(fake_svc_login(1)->nonce, fake_svc_login(0)->nonce);
	lobby_end(&lobby);
}

/* A connector that was changed meanwhile is asked with other secrets: what the old one gave is no use there. */
static void
a_code_of_one_provider_is_no_use_at_another(void **state)
{
	struct lobby lobby;

	lobby_begin(&lobby, *state);
	connect_demo(&lobby);
	const char *token = begin(&lobby);

	connect(&lobby,
	    (struct connector){
		.enterprise = "demo", .endpoint = "https://evil.example", .username = "ra" },
	    "x", 2);
	assert_true(come(&lobby, &(struct brought){ .state = token, .code = CODE }));
	const struct fake_login *start = fake_svc_login(0), *back = fake_svc_login(1);

	assert_string_equal(back->endpoint, "https://evil.example");
	assert_string_equal(back->claim, "sub");
	assert_string_not_equal(back->verifier, start->verifier);
	assert_string_not_equal(back->nonce, start->nonce);
	lobby_end(&lobby);
}

/*
 * The mix-up (RFC 9700 4.4): somebody has alice log in at demo's provider with the state of a login at their own.  Her
 * code must not go to theirs, which would hand it on to the login that they began at demo's in her name.
 */
static void
a_code_goes_to_nobody_but_whose_redirect_uri_it_came_to(void **state)
{
	static const char *const others[] = { "demo", "platform", "mallory2", "" };
	struct lobby lobby;

	lobby_begin(&lobby, *state);
	connect_demo(&lobby);
	connect(&lobby,
	    (struct connector){
		.enterprise = "mallory", .endpoint = "https://evil.example", .username = "ra" },
	    "x", 1);
	lobby.enterprise = "mallory";
	const char *mallorys = begin(&lobby);

	assert_string_equal(fake_svc_login(0)->endpoint, "https://evil.example");
	assert_string_equal(fake_svc_login(0)->callback, BASE "/second-factor/oidc/mallory");
	fake_svc_stuck(true); /* a command would fail */
	for (size_t i = 0; i < LEN(others); i++) {
		assert_true(come(&lobby,
		    &(struct brought){ .state = mallorys, .code = CODE, .owner = others[i] }));
		expect_refused(&lobby, LOGIN_UNKNOWN);
	}
	fake_svc_stuck(false);
	/* Nobody was asked, and nothing used up. */
	assert_int_equal(fake_svc_logins(), 1);
	assert_true(
	    come(&lobby, &(struct brought){ .state = mallorys, .code = CODE, .owner = "mallory" }));
	assert_int_equal(fake_svc_logins(), 2);
	assert_string_equal(fake_svc_login(1)->endpoint, "https://evil.example");
	lobby_end(&lobby);
}

/* Between start and return the enterprise's own provider was taken away: the platform's is not asked instead. */
static void
a_code_of_an_owners_provider_is_not_taken_to_the_platforms(void **state)
{
	struct lobby lobby;

	lobby_begin(&lobby, *state);
	connect_demo(&lobby);
	connect(&lobby,
	    (struct connector){
		.enterprise = "platform", .endpoint = "https://p.example", .username = "ra" },
	    "x", 1);
	const char *token = begin(&lobby);

	disconnect(&lobby, "demo", 2);
	assert_true(come(&lobby, &(struct brought){ .state = token, .code = CODE }));
	expect_refused(&lobby, LOGIN_NO_CONNECTOR);
	assert_int_equal(fake_svc_logins(), 1);
	lobby_end(&lobby);
}

/* It alone may lie inside. */
static void
the_platforms_provider_is_asked_as_the_platforms(void **state)
{
	static const char *const methods[] = { "oidc", "saml" };

	for (size_t i = 0; i < LEN(methods); i++) {
		struct lobby lobby;

		lobby_begin(&lobby, *state);
		lobby.method = methods[i];
		connect(&lobby,
		    (struct connector){ .enterprise = "platform",
			.endpoint = ISSUER,
			.username = i == 0 ? "ra" : "" },
		    i == 0 ? SECRET : NULL, 1);
		const struct brought brought = { .state = begin(&lobby),
			.form = i == 0 ? NULL : "PHg+",
			.owner = i == 0 ? "platform" : NULL };

		assert_true(fake_svc_login(0)->platform);
		assert_string_equal(fake_svc_login(0)->callback,
		    i == 0 ? BASE "/second-factor/oidc/platform" : BASE "/second-factor/saml");
		assert_true(come(&lobby, &brought));
		assert_true(fake_svc_login(1)->finishes && fake_svc_login(1)->platform);
		fake_svc_told(1, NULL, NULL, IDENTITY);
		assert_string_equal(answer(&lobby, 1), "code");
		lobby_end(&lobby);
	}
}

static void
demo_goes(void *arg)
{
	disconnect(arg, "demo", 2);
}

static void
demo_loses_its_client(void *arg)
{
	connect(arg, (struct connector){ .enterprise = "demo", .endpoint = ISSUER }, NULL, 2);
}

static void
a_connector_that_went_meanwhile_is_said(void **state)
{
	enum { TAKEN_AWAY, NO_CLIENT, NO_KEY, NO_BASE, ENDS };

	for (int what = TAKEN_AWAY; what < ENDS; what++) {
		struct lobby lobby;

		lobby_begin(&lobby, *state);
		connect_demo(&lobby);
		const struct brought brought = { .state = begin(&lobby), .code = CODE };

		if (what == TAKEN_AWAY)
			demo_goes(&lobby);
		else if (what == NO_CLIENT)
			demo_loses_its_client(&lobby);
		else if (what == NO_KEY)
			lobby.stage.world->notify.sealing_key = NULL;
		else
			lobby.stage.world->notify.redirect_base = "";
		assert_true(come(&lobby, &brought));
		expect_refused(&lobby, "login-no-connector");
		assert_true(fake_store_challenge(fake_request(1), "alice")->failed[FACTOR_LOGIN]);
		assert_int_equal(fake_svc_logins(), 1);
		lobby_end(&lobby);
	}
}

/* While the challenge was written down. */
static void
a_connector_that_goes_as_a_login_begins_is_said(void **state)
{
	struct lobby lobby;

	lobby_begin(&lobby, *state);
	connect_demo(&lobby);
	fake_svc_meanwhile(demo_goes, &lobby);
	assert_true(begin_as(&lobby, IDENTITY));
	assert_string_equal(answer(&lobby, 1), "no-connector");
	assert_string_equal(answer(&lobby, 5), "login");
	lobby_end(&lobby);
	lobby_begin(&lobby, *state);
	connect_demo(&lobby);
	fake_svc_meanwhile(demo_loses_its_client, &lobby);
	assert_true(begin_as(&lobby, IDENTITY));
	assert_string_equal(answer(&lobby, 1), "refused");
	assert_string_equal(answer(&lobby, 6), "login-no-client");
	assert_int_equal(fake_svc_logins(), 0);
	lobby_end(&lobby);
}

static void
where_nobody_can_log_in_it_is_said_why(void **state)
{
	struct lobby lobby;

	lobby_begin(&lobby, *state);
	assert_true(begin_as(&lobby, IDENTITY));
	assert_string_equal(answer(&lobby, 1), "no-connector");
	assert_string_equal(answer(&lobby, 5), "login");
	connect(
	    &lobby, (struct connector){ .enterprise = "platform", .endpoint = ISSUER }, NULL, 1);
	assert_true(begin_as(&lobby, IDENTITY));
	assert_string_equal(answer(&lobby, 1), "refused");
	assert_string_equal(answer(&lobby, 6), "login-no-client");
	connect_demo(&lobby);
	lobby.stage.world->notify.redirect_base = "";
	assert_true(begin_as(&lobby, IDENTITY));
	assert_string_equal(answer(&lobby, 6), "login-not-set-up");
	lobby.stage.world->notify.redirect_base = BASE;
	lobby.stage.world->notify.sealing_key = NULL;
	assert_true(begin_as(&lobby, IDENTITY));
	assert_string_equal(answer(&lobby, 6), "login-no-client");
	lobby.stage.world->notify.sealing_key = lobby.key;
	/* None of these counted. */
	assert_null(fake_store_challenge(fake_request(1), "alice"));
	assert_int_equal(fake_svc_logins(), 0);
	assert_true(begin_as(&lobby, IDENTITY));
	fake_svc_told(0, OIDC_UNREACHABLE, NULL, NULL);
	assert_string_equal(answer(&lobby, 1), "refused");
	assert_string_equal(answer(&lobby, 6), OIDC_UNREACHABLE);
	assert_true(answer(&lobby, 7)[0] != '\0');
	lobby_end(&lobby);
}

static void
only_what_fits_is_read(void **state)
{
	static const struct {
		const char *name, *email, *phone;
	} methods[] = { { "email", "a@demo.example", "" }, { "sms", "", "+4915112345678" } };
	struct lobby lobby;
	char longest[OIDC_CODE_MAX + 2];

	lobby_begin(&lobby, *state);
	connect_demo(&lobby);
	/* Orders: of nobody, of who cannot be named, of another method with the name. */
	assert_false(begin_as(&lobby, ""));
	assert_false(begin_as(&lobby, UNNAMEABLE));
	for (size_t i = 0; i < LEN(methods); i++) {
		lobby.method = methods[i].name;
		lobby.email = methods[i].email;
		lobby.phone = methods[i].phone;
		assert_false(begin_as(&lobby, IDENTITY));
		assert_false(begin_as(&lobby, UNNAMEABLE));
		lobby.method = "oidc"; /* and the other way round */
		assert_false(begin_as(&lobby, IDENTITY));
	}
	lobby.email = lobby.phone = "";
	memset(longest, 'x', sizeof(longest));
	longest[OIDC_CODE_MAX + 1] = '\0';
	/* A row that would have a code sent which is only shown. */
	const struct codes_letter letter = { .request = fake_request(1),
		.challenge = fake_request(2),
		.channel = FACTOR_LOGIN,
		.to = "eve@evil.example",
		.enterprise = "demo",
		.account = "alice",
		.expires_ms = FAKE_NOW };
	struct codes_letter read;
	struct cs_err err;

	assert_int_equal(wire_read_letter(lobby.stage.arena,
			     wire_write_letter(lobby.stage.arena, &letter), &read, &err),
	    CS_MALFORMED);
	const char *token = begin(&lobby);

	assert_false(come(&lobby, &(struct brought){ .state = token, .code = longest }));
	assert_false(come(&lobby, &(struct brought){ .state = longest, .code = CODE }));
	longest[LOGIN_STATE_TEXT + 1] = '\0';
	assert_false(come(&lobby, &(struct brought){ .state = token, .error = longest }));
	assert_true(come(&lobby, &(struct brought){ .state = token, .error = "access_denied" }));
	assert_string_equal(fake_svc_login(1)->error, "access_denied");
	assert_string_equal(fake_svc_login(1)->code, "");
	lobby_end(&lobby);
}

/* Who asks is told to ask again: an empty answer is none. */
static void
without_connectors_or_table_nobody_is_asked(void **state)
{
	struct lobby lobby;

	lobby_begin(&lobby, *state);
	connect_demo(&lobby);
	const struct brought brought = { .state = begin(&lobby), .code = CODE };

	fake_svc_follows(false);
	assert_true(come(&lobby, &brought));
	assert_string_equal(answer(&lobby, 1), "");
	fake_svc_follows(true);
	fake_svc_stuck(true);
	assert_true(come(&lobby, &brought));
	assert_string_equal(answer(&lobby, 1), "");
	assert_int_equal(fake_svc_logins(), 1);
	/* After the provider said who it is: no code is shown that is not written down. */
	fake_svc_stuck(false);
	assert_true(come(&lobby, &brought));
	fake_svc_stuck(true);
	fake_svc_told(1, NULL, NULL, IDENTITY);
	assert_string_equal(answer(&lobby, 1), "");
	/* Nor of what was parked. */
	fake_svc_stuck(false);
	assert_int_equal(
	    fake_stage_run(&lobby.stage, LOGIN_JUDGED, fake_request(1),
		cs_span_str(cs_arena_printf(lobby.stage.arena, "%sdemo", brought.state)))
		.len,
	    0);
	lobby_end(&lobby);
}

/* Begun, and its provider says nothing. */
static void
begin_and_wait(struct lobby *lobby)
{
	const size_t n = fake_svc_logins();

	lobby->stage.now_ms++;
	assert_true(begin_as(lobby, IDENTITY));
	assert_int_equal(fake_svc_logins(), n + 1);
}

static void
a_provider_that_says_nothing_keeps_nobody_elses_people_out(void **state)
{
	struct lobby lobby;

	lobby_begin(&lobby, *state);
	connect_demo(&lobby);
	connect(&lobby,
	    (struct connector){
		.enterprise = "beta", .endpoint = "https://b.example", .username = "ra" },
	    "x", 1);
	for (size_t i = 0; i < TURNS_EACH; i++)
		begin_and_wait(&lobby);
	const struct cs_id last = fake_store_challenge(fake_request(1), "alice")->id;

	lobby.stage.now_ms++;
	assert_true(begin_as(&lobby, IDENTITY));
	assert_string_equal(answer(&lobby, 1), "refused");
	assert_string_equal(answer(&lobby, 6), "login-busy");
	assert_true(answer(&lobby, 8)[0] != '\0');
	assert_true(cs_id_equal(fake_store_challenge(fake_request(1), "alice")->id, last));
	assert_int_equal(fake_svc_logins(), TURNS_EACH);
	lobby.enterprise = "beta";
	begin_and_wait(&lobby);
	lobby.enterprise = "demo";
	fake_svc_told(0, OIDC_UNREACHABLE, NULL, NULL);
	begin_and_wait(&lobby);
	lobby_end(&lobby);
}

/* What was refused by its decision, or not decided, holds no turn: see lobby_end(). */
static void
who_may_not_begin_keeps_nobody_waiting(void **state)
{
	struct lobby lobby;

	lobby_begin(&lobby, *state);
	connect_demo(&lobby);
	for (size_t i = 0; i < CODES_PER_HOUR; i++, lobby.stage.now_ms++)
		(void)begin(&lobby);
	assert_true(begin_as(&lobby, IDENTITY));
	assert_string_equal(answer(&lobby, 1), "too-many");
	fake_svc_stuck(true);
	assert_true(begin_as(&lobby, IDENTITY));
	assert_string_equal(answer(&lobby, 1), "");
	assert_int_equal(lobby.stage.world->notify.turns.n, 0);
	lobby_end(&lobby);
}

/* Whoever comes back then comes again. */
static void
a_return_that_has_to_wait_has_used_nothing_up(void **state)
{
	static const char *const methods[] = { "oidc", "saml" };

	for (size_t i = 0; i < LEN(methods); i++) {
		struct lobby lobby;

		lobby_begin(&lobby, *state);
		lobby.method = methods[i];
		connect(&lobby,
		    (struct connector){
			.enterprise = "demo", .endpoint = ISSUER, .username = i == 0 ? "ra" : "" },
		    i == 0 ? SECRET : NULL, 1);
		for (size_t k = 1; k < TURNS_EACH; k++)
			begin_and_wait(&lobby);
		lobby.stage.now_ms++;
		const struct brought brought = { .state = begin(&lobby),
			.form = i == 0 ? NULL : "PHg+" };

		assert_true(turns_take(
		    &lobby.stage.world->notify.turns, login_crowd("demo"))); /* the last */
		assert_true(come(&lobby, &brought));
		assert_string_equal(answer(&lobby, 1), "");
		assert_false(fake_store_challenge(fake_request(1), "alice")->returned);
		turns_give(&lobby.stage.world->notify.turns, login_crowd("demo"));
		assert_true(come(&lobby, &brought));
		fake_svc_told(TURNS_EACH, NULL, NULL, IDENTITY);
		assert_string_equal(answer(&lobby, 1), "code");
		lobby_end(&lobby);
	}
}

/* ---- SAML ---- */

#define METADATA ISSUER "/metadata"
#define FORM "PHNhbWxwOlJlc3BvbnNlLz4="

static void
connect_saml(struct lobby *lobby, const char *endpoint, const char *claim, uint64_t version)
{
	lobby->method = "saml";
	connect(lobby,
	    (struct connector){ .enterprise = "demo", .endpoint = endpoint, .claim = claim }, NULL,
	    version);
}

static void
a_login_by_saml_ends_in_a_code_too(void **state)
{
	struct lobby lobby;

	lobby_begin(&lobby, *state);
	connect_saml(&lobby, METADATA, "uid", 1);
	const char *token = begin(&lobby);
	const struct fake_login *start = fake_svc_login(0);

	assert_false(start->finishes || start->platform);
	assert_string_equal(start->endpoint, METADATA);
	assert_string_equal(start->client, BASE "/second-factor/saml/metadata");
	assert_string_equal(start->callback, BASE "/second-factor/saml");
	assert_int_equal(start->request_id[0], '_');
	assert_int_equal(strlen(start->request_id), LOGIN_SECRET_TEXT + 1);
	assert_null(strstr(token, start->request_id + 1));
	assert_true(come(&lobby, &(struct brought){ .state = token, .form = FORM }));
	const struct fake_login *back = fake_svc_login(1);

	assert_true(back->finishes);
	assert_false(back->platform);
	assert_string_equal(back->form, FORM);
	assert_string_equal(back->request_id, start->request_id);
	assert_string_equal(back->client, start->client);
	assert_string_equal(back->callback, start->callback);
	assert_string_equal(back->claim, "uid");
	assert_int_equal(back->asked_s, FAKE_NOW / 1000);
	assert_true(come(&lobby, &(struct brought){ .state = token, .form = FORM }));
	expect_refused(&lobby, LOGIN_USED);
	fake_svc_told(1, NULL, NULL, IDENTITY);
	assert_string_equal(answer(&lobby, 1), "code");
	assert_int_equal(fake_svc_logins(), 2);
	lobby_end(&lobby);
}

static void
who_saml_does_not_name_is_shown_no_code(void **state)
{
	static const struct {
		const char *why_not, *name, *refusal;
	} cases[] = {
		{ NULL, "248289761002", LOGIN_OF_ANOTHER },
		{ "saml-signature", NULL, "saml-signature" },
		{ SAML_UNREACHABLE, NULL, SAML_UNREACHABLE },
	};

	for (size_t i = 0; i < LEN(cases); i++) {
		struct lobby lobby;

		lobby_begin(&lobby, *state);
		connect_saml(&lobby, METADATA, "", 1);
		assert_true(
		    come(&lobby, &(struct brought){ .state = begin(&lobby), .form = FORM }));
		assert_string_equal(fake_svc_login(1)->claim, "");
		fake_svc_told(1, cases[i].why_not, NULL, cases[i].name);
		expect_refused(&lobby, cases[i].refusal);
		lobby_end(&lobby);
	}
}

/* A browser that comes the other way brings no form; another provider's answer names another request. */
static void
an_answer_is_of_this_request_at_this_provider(void **state)
{
	struct lobby lobby;

	lobby_begin(&lobby, *state);
	connect_saml(&lobby, METADATA, "", 1);
	const char *first = begin(&lobby);

	/* The state of a login by saml is none of a provider of oidc, and leaves it as it is. */
	assert_true(come(&lobby, &(struct brought){ .state = first, .code = CODE }));
	expect_refused(&lobby, LOGIN_UNKNOWN);
	assert_true(come(&lobby, &(struct brought){ .state = first, .code = CODE, .owner = "" }));
	assert_string_equal(fake_svc_login(1)->form, "");
	lobby.stage.world->notify.entity_id = "urn:us";
	lobby.stage.now_ms++;
	const char *second = begin(&lobby);

	assert_string_equal(fake_svc_login(2)->client, "urn:us");
	assert_string_not_equal(fake_svc_login(2)->request_id, fake_svc_login(0)->request_id);
	connect_saml(&lobby, "https://evil.example/metadata", "", 2);
	assert_true(come(&lobby, &(struct brought){ .state = second, .form = FORM }));
	assert_string_equal(fake_svc_login(3)->endpoint, "https://evil.example/metadata");
	assert_string_not_equal(fake_svc_login(3)->request_id, fake_svc_login(2)->request_id);
	lobby_end(&lobby);
}

static void
a_form_that_is_too_long_is_not_read(void **state)
{
	struct lobby lobby;
	static char longest[61440 + 2];

	lobby_begin(&lobby, *state);
	connect_saml(&lobby, METADATA, "", 1);
	memset(longest, 'A', sizeof(longest) - 1);
	const struct brought brought = { .state = begin(&lobby), .form = longest };

	assert_false(come(&lobby, &brought));
	longest[61440] = '\0';
	assert_true(come(&lobby, &brought));
	assert_int_equal(strlen(fake_svc_login(1)->form), 61440);
	lobby_end(&lobby);
}

int
main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, fake_world_setup, fake_world_teardown)
	const struct CMUnitTest tests[] = {
		CASE(who_has_logged_in_is_shown_a_code_that_counts_once),
		CASE(the_code_is_made_of_fresh_octets),
		CASE(a_browser_comes_back_once),
		CASE(only_whom_the_order_names_is_shown_a_code),
		CASE(what_the_provider_refuses_is_final),
		CASE(no_login_outlives_its_challenge),
		CASE(all_that_a_login_is_for_is_bound),
		CASE(a_row_that_was_written_meanwhile_shows_no_code),
		CASE(a_login_ends_in_a_code_that_proves_the_factor),
		CASE(a_state_is_good_once),
		CASE(a_state_that_was_made_up_is_nobodys),
		CASE(what_does_not_name_the_person_shows_no_code),
		CASE(a_newer_start_ends_the_older),
		CASE(a_token_counts_for_whom_it_was_asked),
		CASE(a_changed_claim_is_another_login),
		CASE(a_code_of_one_provider_is_no_use_at_another),
		CASE(a_code_goes_to_nobody_but_whose_redirect_uri_it_came_to),
		CASE(a_code_of_an_owners_provider_is_not_taken_to_the_platforms),
		CASE(the_platforms_provider_is_asked_as_the_platforms),
		CASE(a_connector_that_went_meanwhile_is_said),
		CASE(a_connector_that_goes_as_a_login_begins_is_said),
		CASE(where_nobody_can_log_in_it_is_said_why),
		CASE(only_what_fits_is_read),
		CASE(without_connectors_or_table_nobody_is_asked),
		CASE(a_provider_that_says_nothing_keeps_nobody_elses_people_out),
		CASE(who_may_not_begin_keeps_nobody_waiting),
		CASE(a_return_that_has_to_wait_has_used_nothing_up),
		CASE(a_login_by_saml_ends_in_a_code_too),
		CASE(who_saml_does_not_name_is_shown_no_code),
		CASE(an_answer_is_of_this_request_at_this_provider),
		CASE(a_form_that_is_too_long_is_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
