/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mailbox.c: SBR 3.2.2.2: a new random value in each mail, only to the mailbox under validation, good for 24 h
 * from its creation; here also for one request, mailbox and account only, and void after five wrong
 * tries.  What cannot be decided never proves anything.
 */
#include "mailbox.h"

#include <string.h>

#include "answer.h"
#include "smime/address.h"

#define CHECK_PREFIX "mailbox-"

const char *
mailbox_way_method(enum mailbox_way way)
{
	return way == MAILBOX_BY_REPLY ? MAILBOX_REPLY_METHOD : MAILBOX_METHOD;
}

const char *
mailbox_mail_state_name(enum mailbox_mail_state state)
{
	static const char *const names[] = {
		[MAILBOX_MADE] = "made",
		[MAILBOX_SENT] = "sent",
		[MAILBOX_REFUSED] = "refused",
		[MAILBOX_UNROUTED] = "unrouted",
	};

	return names[state];
}

struct mailbox_challenge *
mailbox_find(const struct mailbox_case *c, const char *check_id)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->challenges[i].check_id, check_id) == 0)
			return &c->challenges[i];
	return NULL;
}

void
mailbox_put(
    struct mailbox_case *c, struct cs_arena *arena, const struct mailbox_challenge *challenge)
{
	struct mailbox_challenge *old = mailbox_find(c, challenge->check_id);

	if (old != NULL) {
		*old = *challenge;
		return;
	}
	struct mailbox_challenge *all = CS_NEW_ARRAY(arena, c->n + 1, struct mailbox_challenge);

	for (size_t i = 0; i < c->n; i++)
		all[i] = c->challenges[i];
	all[c->n++] = *challenge;
	c->challenges = all;
}

bool
mailbox_is_check(const char *check_id)
{
	const char *number = check_id + strlen(CHECK_PREFIX);

	return strncmp(check_id, CHECK_PREFIX, strlen(CHECK_PREFIX)) == 0 && number[0] >= '1' &&
	       number[0] <= '9' &&
	       (number[1] == '\0' || (number[1] >= '0' && number[1] <= '9' && number[2] == '\0'));
}

/* ASCII only: what is beyond it is only counted more finely. */
static char *
folded(struct cs_arena *arena, const char *text)
{
	char *copy = cs_arena_strdup(arena, text);

	for (char *c = copy; *c != '\0'; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	return copy;
}

struct mailbox_addressee
mailbox_addressee_of(struct cs_arena *arena, const struct claim_check *check)
{
	struct smime_address address;
	struct cs_refusal why;
	bool good = smime_address_parse(arena, cs_span_str(check->target), &address, &why);

	cs_assert(good); /* claim_read_asked() has parsed it before */
	char *local = folded(arena, address.local);

	if (local[0] != '+')
		local[strcspn(local, "+")] = '\0';
	return (struct mailbox_addressee){
		.mailbox = cs_arena_printf(arena, "%s@%s", local, address.domain),
		.domain = address.domain,
		.enterprise = check->enterprise,
		.account = check->account,
	};
}

bool
mailbox_is_live(const struct mailbox_mail *mail, int64_t now_ms)
{
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): it thinks that an element may lie at 0 */
	return !mail->is_void && now_ms < mail->expires_ms;
}

static size_t
count_live(const struct mailbox_challenge *challenge, enum mailbox_way way, int64_t now_ms)
{
	const struct mailbox_mail *mails = challenge->mails;
	size_t n = 0;

	cs_assert(mails != NULL || challenge->n_mails == 0);
	for (size_t i = 0; i < challenge->n_mails; i++)
		n += mails[i].way == way && mailbox_is_live(&mails[i], now_ms);
	return n;
}

static bool
is_asked(const struct mailbox_challenge *challenge)
{
	return challenge->asked_octets.len > 0;
}

static bool
is_proved(const struct mailbox_challenge *challenge)
{
	return challenge->evidence.len > 0;
}

/* Of this account of this enterprise, and of nobody else (invariant 8). */
static bool
is_theirs(const struct mailbox_challenge *challenge, const char *enterprise, const char *account)
{
	return strcmp(challenge->asked.check.enterprise, enterprise) == 0 &&
	       strcmp(challenge->asked.check.account, account) == 0;
}

uint32_t
mailbox_tries_left(const struct mailbox_challenge *challenge)
{
	return MAILBOX_TRIES - challenge->tries;
}

int64_t
mailbox_expires_ms(const struct mailbox_challenge *challenge, int64_t now_ms)
{
	int64_t last_ms = 0;

	for (size_t i = 0; i < challenge->n_mails; i++)
		if (mailbox_is_live(&challenge->mails[i], now_ms) &&
		    challenge->mails[i].state == MAILBOX_SENT &&
		    challenge->mails[i].expires_ms > last_ms)
			last_ms = challenge->mails[i].expires_ms;
	return last_ms;
}

bool
mailbox_may_answer(const struct mailbox_challenge *challenge, const char *enterprise,
    const char *account, int64_t now_ms)
{
	return is_asked(challenge) && is_theirs(challenge, enterprise, account) &&
	       count_live(challenge, MAILBOX_BY_REPLY, now_ms) > 0;
}

struct mailbox_mail *
mailbox_mail_of(const struct mailbox_challenge *challenge, struct cs_id id)
{
	for (size_t i = 0; i < challenge->n_mails; i++)
		if (cs_id_equal(challenge->mails[i].id, id))
			return &challenge->mails[i];
	return NULL;
}

/* ---- steps ---- */

static struct mailbox_step
stay(const struct mailbox_challenge *old, const char *says)
{
	return (struct mailbox_step){ .next = *old, .says = says };
}

/* A challenge that may be changed: its mails are copies, with room for one more. */
static struct mailbox_step
move(const struct mailbox_setting *in, const struct mailbox_challenge *old, const char *says)
{
	struct mailbox_step step = stay(old, says);

	step.next.mails = CS_NEW_ARRAY(in->arena, old->n_mails + 1, struct mailbox_mail);
	for (size_t i = 0; i < old->n_mails; i++)
		step.next.mails[i] = old->mails[i];
	step.next.changed = true;
	return step;
}

static void
void_mails(struct mailbox_challenge *challenge)
{
	for (size_t i = 0; i < challenge->n_mails; i++) {
		challenge->mails[i].changed |= !challenge->mails[i].is_void;
		challenge->mails[i].is_void = true;
	}
}

/* ---- a new mail ---- */

static void
compute_mac(const struct mailbox_setting *in, const struct mailbox_challenge *challenge,
    const struct mailbox_mail *mail, const uint8_t *tag, uint8_t *ret_mac)
{
	const struct mailbox_binding binding = {
		.request = in->request,
		.mail = mail->id,
		.request_digest = challenge->asked.request_digest,
		.mailbox = challenge->asked.check.target,
		.enterprise = challenge->asked.check.enterprise,
		.account = challenge->asked.check.account,
		.expires_ms = mail->expires_ms,
	};

	mailbox_token_mac(in->arena, in->token_key, tag, &binding, ret_mac);
}

/* What is compared with: the token's digest, or that of the answer which both parts make. */
static void
make_tag(const struct mailbox_setting *in, const struct mailbox_challenge *challenge,
    const struct mailbox_mail *mail, uint8_t *ret_tag)
{
	uint8_t token[MAILBOX_TOKEN], digest[REPLY_DIGEST];

	if (mail->way == MAILBOX_BY_TOKEN) {
		mailbox_token_make(in->token_key, mail->id, mail->nonce, token);
		mailbox_token_tag(in->token_key, token, ret_tag);
	} else {
		mailbox_answer_digest(in->token_key, in->request, challenge->check_id,
		    challenge->asked.request_digest, mail->id, mail->nonce, digest);
		mailbox_answer_tag(in->token_key, digest, ret_tag);
	}
	explicit_bzero(token, sizeof(token));
	explicit_bzero(digest, sizeof(digest));
}

static struct mailbox_mail
make_mail(const struct mailbox_setting *in, const struct mailbox_challenge *challenge,
    enum mailbox_way way)
{
	struct mailbox_mail mail = {
		.way = way,
		.made_ms = in->now_ms,
		.expires_ms = in->now_ms + MAILBOX_LIFE_MS,
		.state = MAILBOX_MADE,
		.reply = "",
		.is_new = true,
	};
	uint8_t tag[MAILBOX_MAC];

	mailbox_mail_seed(in->token_key, in->now_ms, in->random, &mail.id, mail.nonce);
	make_tag(in, challenge, &mail, tag);
	compute_mac(in, challenge, &mail, tag, mail.mac);
	return mail;
}

static struct mailbox_step
deferred(const struct mailbox_challenge *old, const char *reason, const char *why)
{
	struct mailbox_step step = stay(old, "mail deferred");

	step.told = "deferred";
	step.reason = reason;
	step.reply = why;
	return step;
}

bool
mailbox_allows(const struct claim_check *check, const char *method)
{
	for (size_t i = 0; i < check->allowed_methods.n; i++)
		if (strcmp(check->allowed_methods.items[i], method) == 0)
			return true;
	return strcmp(check->method, method) == 0;
}

/* False: not by any way that the order leaves open. */
static bool
choose_way(const struct claim_check *check, const char *method, enum mailbox_way *ret_way)
{
	for (enum mailbox_way way = MAILBOX_BY_TOKEN; way <= MAILBOX_BY_REPLY; way++) {
		const char *name = mailbox_way_method(way);

		if ((method[0] == '\0' || strcmp(method, name) == 0) &&
		    mailbox_allows(check, name)) {
			*ret_way = way;
			return true;
		}
	}
	return false;
}

/* One more mail to the challenge of `old`, or the reason why not. */
static struct mailbox_step
mail_to(const struct mailbox_setting *in, const struct mailbox_challenge *old, const char *method)
{
	const size_t tokens = count_live(old, MAILBOX_BY_TOKEN, in->now_ms);
	const size_t live = tokens + count_live(old, MAILBOX_BY_REPLY, in->now_ms);
	enum mailbox_way way;
	const char *why = mailbox_tally_refuses(in->tally, &in->limits, &old->to, in->now_ms);

	if (!choose_way(&old->asked.check, method, &way))
		return deferred(old, "method-not-allowed",
		    "the profile does not let a mailbox be proved that way");
	if (way == MAILBOX_BY_REPLY && !in->takes_answers)
		return deferred(old, "method-not-available",
		    "answers by mail are not taken in here: no mail was made");
	if (live >= MAILBOX_LIVE)
		return deferred(
		    old, "tokens-live", "three tokens are still valid: use one of them");
	if (why != NULL)
		return deferred(old, "limit", why);
	struct mailbox_step step = move(in, old, "mail made");
	struct mailbox_challenge *next = &step.next;

	if (tokens == 0)
		next->tries = 0; /* tries count against codes, and none of the old ones is left */
	next->mails[next->n_mails] = make_mail(in, next, way);
	step.mail = &next->mails[next->n_mails++];
	next->mails_made++;
	mailbox_tally_mail(in->tally, &next->to, in->now_ms);
	return step;
}

/* ---- plan.mailbox-asked ---- */

/* A later attempt wants a new proof: what proved the earlier one has served. */
static void
take_order(struct mailbox_challenge *challenge, const struct mailbox_asked *asked)
{
	if (is_proved(challenge)) {
		void_mails(challenge);
		challenge->evidence = cs_span_str(NULL);
		challenge->proved_mail = (struct cs_id){ { 0 } };
		challenge->tries = 0;
	}
	challenge->asked_octets = asked->octets;
	challenge->asked = asked->asked;
	challenge->to = asked->to;
}

static bool
has_wish(const struct mailbox_setting *in, const struct mailbox_challenge *challenge)
{
	return challenge->wish_account != NULL &&
	       in->now_ms - challenge->wished_ms < MAILBOX_WISH_MS &&
	       is_theirs(challenge, challenge->wish_enterprise, challenge->wish_account);
}

struct mailbox_step
mailbox_decide_asked(const struct mailbox_setting *in, const struct mailbox_challenge *old,
    const struct mailbox_asked *asked)
{
	if (is_asked(old) && asked->asked.check.attempt <= old->asked.check.attempt)
		return stay(old, "order was here before");
	struct mailbox_step step = move(in, old, "order taken");

	take_order(&step.next, asked);
	bool wish = has_wish(in, &step.next);
	const char *method = step.next.wish_method;

	step.next.wish_enterprise = step.next.wish_account = step.next.wish_method = NULL;
	step.next.wished_ms = 0;
	if (!wish)
		return step;
	struct mailbox_step mailed = mail_to(in, &step.next, method == NULL ? "" : method);

	mailed.next.changed = true;
	return mailed;
}

/* ---- request.verification-asked ---- */

static struct mailbox_step
remember(const struct mailbox_setting *in, const struct mailbox_challenge *old,
    const struct mailbox_pressed *pressed)
{
	struct mailbox_step step = move(in, old, "press remembered until the order comes");

	step.next.wish_enterprise = pressed->enterprise;
	step.next.wish_account = pressed->account;
	step.next.wish_method = pressed->method;
	step.next.wished_ms = in->now_ms;
	return step;
}

struct mailbox_step
mailbox_decide_pressed(const struct mailbox_setting *in, const struct mailbox_challenge *old,
    const struct mailbox_pressed *pressed)
{
	if (!is_asked(old))
		return remember(in, old, pressed);
	if (!is_theirs(old, pressed->enterprise, pressed->account))
		return stay(old, "asked by another account");
	if (is_proved(old))
		return stay(old, "proved already");
	return mail_to(in, old, pressed->method);
}

/* ---- ask.mailbox.submit ---- */

/*
 * The mail whose token this is, NULL: of none.  Every mail is compared, each in constant time, so that
 * the time says nothing about how near a guess is.  What is typed never has the tag of an answer: that has a
 * label of its own.
 */
static const struct mailbox_mail *
match(const struct mailbox_setting *in, const struct mailbox_challenge *challenge,
    const struct mailbox_submitted *submitted)
{
	const struct mailbox_mail *found = NULL;

	for (size_t i = 0; i < challenge->n_mails; i++) {
		uint8_t mac[MAILBOX_MAC];

		compute_mac(in, challenge, &challenge->mails[i], submitted->tag, mac);
		if (cs_equal_constant_time(mac, challenge->mails[i].mac, sizeof(mac)) &&
		    submitted->readable)
			found = &challenge->mails[i];
	}
	return found;
}

static struct mailbox_step
answered(struct mailbox_step step, const char *result, const char *text)
{
	step.says = result;
	step.answer = (struct mailbox_answer){ result, mailbox_tries_left(&step.next), text };
	return step;
}

/* Nothing lives, so nothing can be guessed: no try is counted. */
static struct mailbox_step
nothing_lives(const struct mailbox_challenge *old)
{
	const struct mailbox_mail *last = NULL;

	for (size_t i = 0; i < old->n_mails; i++)
		if (old->mails[i].way == MAILBOX_BY_TOKEN)
			last = &old->mails[i];
	if (old->mails_made == 0 || (last == NULL && old->n_mails > 0))
		return answered(
		    stay(old, NULL), "not-sent", "No token was mailed yet: press Verify first.");
	if (old->tries >= MAILBOX_TRIES)
		return answered(stay(old, NULL), "void",
		    "Too many wrong tokens: all tokens are void. Press Verify for a new one.");
	if (last != NULL && (last->state == MAILBOX_REFUSED || last->state == MAILBOX_UNROUTED))
		return answered(stay(old, NULL), "not-sent",
		    "The mail could not be delivered: no token is under way.");
	return answered(
	    stay(old, NULL), "expired", "The token has expired. Press Verify for a new one.");
}

static struct mailbox_step
wrong(const struct mailbox_setting *in, const struct mailbox_challenge *old)
{
	struct mailbox_step step = move(in, old, NULL);

	step.next.tries++;
	if (step.next.tries < MAILBOX_TRIES)
		return answered(step, "wrong", "This is not the token that was mailed.");
	void_mails(&step.next);
	return answered(step, "void",
	    "Too many wrong tokens: all tokens are void. Press Verify for a new one.");
}

static struct mailbox_step
right(const struct mailbox_setting *in, const struct mailbox_challenge *old,
    const struct mailbox_mail *mail)
{
	if (is_proved(old)) /* again, or by another mail that lives: it is proved once */
		return answered(stay(old, NULL), "verified", "The mailbox is verified.");
	struct mailbox_step step = move(in, old, NULL);

	step.next.proved_mail = mail->id;
	step.proves = true;
	return answered(step, "verified", "The mailbox is verified.");
}

struct mailbox_step
mailbox_decide_submitted(const struct mailbox_setting *in, const struct mailbox_challenge *old,
    const struct mailbox_submitted *submitted)
{
	if (!is_asked(old) || !is_theirs(old, submitted->enterprise, submitted->account))
		return (struct mailbox_step){ .next = *old,
			.says = "unknown",
			.answer = { "unknown", 0, "No such check waits for a token from you." } };
	const struct mailbox_mail *mail = match(in, old, submitted);

	if (mail != NULL && (mailbox_is_live(mail, in->now_ms) ||
				(is_proved(old) && cs_id_equal(mail->id, old->proved_mail))))
		return right(in, old, mail);
	if (mail != NULL && !mail->is_void) /* a right one is no guess */
		return answered(stay(old, NULL), "expired",
		    "This token has expired. Use a newer one, or press Verify.");
	if (count_live(old, MAILBOX_BY_TOKEN, in->now_ms) == 0)
		return nothing_lives(old);
	return wrong(in, old);
}

/* Bogus is worse than unknown, unknown worse than insecure, insecure worse than secure. */
static enum claim_dnssec
weaker(enum claim_dnssec a, enum claim_dnssec b)
{
	static const int rank[] = {
		[CLAIM_DNSSEC_NOT_USED] = 0,
		[CLAIM_DNSSEC_SECURE] = 1,
		[CLAIM_DNSSEC_INSECURE] = 2,
		[CLAIM_DNSSEC_INDETERMINATE] = 3,
		[CLAIM_DNSSEC_BOGUS] = 4,
	};

	return rank[a] >= rank[b] ? a : b;
}

static void
add_lookups(
    struct cs_arena *arena, struct claim_evidence *evidence, const struct mailbox_route *found)
{
	const size_t n = evidence->n_lookups + found->n_lookups;
	struct claim_lookup *lookups = CS_NEW_ARRAY(arena, n, struct claim_lookup);

	for (size_t i = 0; i < n; i++)
		lookups[i] = i < evidence->n_lookups ? evidence->lookups[i]
						     : found->lookups[i - evidence->n_lookups];
	evidence->lookups = lookups;
	evidence->n_lookups = n;
	evidence->security = weaker(evidence->security, found->security);
}

static void
add_route(
    struct cs_arena *arena, struct claim_evidence *evidence, const struct mailbox_route *route)
{
	evidence->found_at = route->found_at;
	evidence->ttl_s = route->ttl_s;
	evidence->seen = route->seen;
	add_lookups(arena, evidence, route);
}

/* The order, by the method that it was carried out by. */
static struct claim_asked
order_by(const struct claim_asked *asked, enum mailbox_way way)
{
	struct claim_asked order = *asked;

	order.check.method = mailbox_way_method(way);
	claim_check_digest(&order.check, order.check.digest);
	return order;
}

static void
say_how(const struct mailbox_setting *in, const struct mailbox_step *step,
    const struct mailbox_mail *mail, struct claim_evidence *evidence)
{
	const char *account = step->next.asked.check.account;
	char id[CS_ID_TEXT];

	cs_id_format(mail->id, id);
	if (mail->way == MAILBOX_BY_TOKEN) {
		evidence->reason = "token-returned";
		evidence->clause = "SBR 3.2.2.2";
		evidence->text =
		    "The token that was mailed to the mailbox was returned by the account.";
		evidence->detail = cs_arena_printf(in->arena, "mail=%s account=%s", id, account);
		return;
	}
	evidence->reason = "answer-returned";
	evidence->clause = "SBR 3.2.2.4; RFC 8823 3.2";
	evidence->text = "The mail was answered from the mailbox, signed by its domain.";
	evidence->detail =
	    cs_arena_printf(in->arena, "mail=%s account=%s %s", id, account, step->signed_by);
}

struct claim_evidence
mailbox_evidence(const struct mailbox_setting *in, const struct mailbox_step *step,
    const struct mailbox_route *route, const struct mailbox_route *key)
{
	const struct mailbox_mail *mail = mailbox_mail_of(&step->next, step->next.proved_mail);

	cs_assert(mail != NULL); /* what proves was sent */
	const struct claim_asked order = order_by(&step->next.asked, mail->way);
	int64_t reuse_ms = order.check.freshness_ms < MAILBOX_REUSE_MS ? order.check.freshness_ms
								       : MAILBOX_REUSE_MS;
	struct claim_evidence evidence;

	claim_evidence_for(&order, &evidence);
	say_how(in, step, mail, &evidence);
	evidence.outcome = CLAIM_PROVED;
	evidence.checked_at_ms = in->now_ms;
	evidence.valid_until_ms = in->now_ms + reuse_ms;
	evidence.perspective = "primary";
	evidence.rules_version = CLAIM_RULES_VERSION;
	if (route != NULL)
		add_route(in->arena, &evidence, route);
	if (key != NULL)
		add_lookups(in->arena, &evidence, key);
	return evidence;
}

/* ---- work.mail ---- */

/* 1, 5, 15, 60 minutes, then hourly. */
static int64_t
wait_ms(uint32_t attempt)
{
	static const int64_t minutes[] = { 1, 5, 15, 60 };
	const uint32_t n = sizeof(minutes) / sizeof(minutes[0]);

	return minutes[attempt >= 1 && attempt < n ? attempt - 1 : n - 1] * CS_MINUTE_MS;
}

static struct mailbox_step
sent(struct mailbox_step step, struct mailbox_mail *mail)
{
	if (mail->state != MAILBOX_SENT)
		step.next.mails_sent++;
	mail->state = MAILBOX_SENT;
	step.told = "sent";
	step.says = "mail sent";
	return step;
}

/* It may lie in a mailbox all the same (an earlier try, an unknown outcome): only `never` voids it. */
static struct mailbox_step
refused(struct mailbox_step step, struct mailbox_mail *mail, bool never)
{
	mail->state = MAILBOX_REFUSED;
	mail->is_void |= never;
	step.told = "refused";
	step.says = "mail refused";
	return step;
}

/* Of an earlier try a mail may be on its way, when the domain took mail then. */
static struct mailbox_step
unrouted(struct mailbox_step step, struct mailbox_mail *mail, uint32_t attempt)
{
	step = refused(step, mail, attempt == 1);
	mail->state = MAILBOX_UNROUTED;
	step.says = "mail not made: the domain takes none";
	return step;
}

static struct mailbox_step
try_again(const struct mailbox_setting *in, struct mailbox_step step, struct mailbox_mail *mail,
    uint32_t attempt)
{
	int64_t again_ms = in->now_ms + wait_ms(attempt);

	if (mail->is_void || is_proved(&step.next)) {
		step.says = "mail needed no more";
		return step;
	}
	if (again_ms >= mail->expires_ms) {
		step.reason = "too-late";
		return refused(step, mail, false);
	}
	step.again_ms = again_ms;
	step.told = "deferred";
	step.says = "mail deferred";
	return step;
}

struct mailbox_step
mailbox_decide_mailed(const struct mailbox_setting *in, const struct mailbox_challenge *old,
    const struct mailbox_mailed *mailed)
{
	struct mailbox_step step = move(in, old, NULL);
	struct mailbox_mail *mail = mailbox_mail_of(&step.next, mailed->mail);

	if (mail == NULL)
		return stay(old, "mail unknown");
	if (mail->state == MAILBOX_SENT && mailed->delivery != MAILBOX_ACCEPTED)
		return stay(old, "mail was sent before"); /* carried out twice: a lease ran out */
	mail->changed = true;
	mail->reply = mailed->reply;
	if (mailed->route.len > 0)
		mail->route = mailed->route;
	step.reply = mailed->reply;
	step.route = mail->route;
	step.reason = mailed->reason;
	step.clause = mailed->clause;
	switch (mailed->delivery) {
	case MAILBOX_ACCEPTED:
		return sent(step, mail);
	case MAILBOX_TRY_AGAIN:
		return try_again(in, step, mail, mailed->attempt);
	case MAILBOX_NEVER:
		return refused(step, mail, true);
	case MAILBOX_NO_ROUTE:
		return unrouted(step, mail, mailed->attempt);
	case MAILBOX_TOO_LATE:
		break;
	}
	return refused(step, mail, false);
}

/* ---- mail.bounced ---- */

/* What came back may hold the mail, and what servers say may repeat it: its token, or its subject. */
static const char *
without_secret(const struct mailbox_setting *in, const struct mailbox_mail *mail, const char *reply)
{
	uint8_t token[MAILBOX_TOKEN];

	mailbox_token_make(in->token_key, mail->id, mail->nonce, token);
	const bool shows = mailbox_token_shows(token, reply) ||
			   mailbox_answer_shows(in->token_key, mail->id, mail->nonce, reply);

	explicit_bzero(token, sizeof(token));
	return shows ? "withheld: the server repeated the mail" : reply;
}

/* Whoever has the address can send as much as they like: events and history are not theirs to fill. */
static bool
may_tell(struct mailbox_mail *mail)
{
	if (mail->returned >= MAILBOX_RETURNED)
		return false;
	mail->returned++;
	mail->changed = true;
	return true;
}

struct mailbox_mail *
mailbox_returned(const struct mailbox_challenge *challenge, const struct mailbox_return *path)
{
	for (size_t i = 0; i < challenge->n_mails; i++)
		if (mailbox_return_is(path, challenge->mails[i].id))
			return &challenge->mails[i];
	return NULL;
}

/*
 * A report can make a token void and show why; it never proves, and takes back no proof.  Whoever can
 * forge one has handled the mail.
 */
struct mailbox_step
mailbox_decide_bounced(const struct mailbox_setting *in, const struct mailbox_challenge *old,
    const struct mailbox_bounced *bounced)
{
	struct mailbox_step step = move(in, old, NULL);
	struct mailbox_mail *mail = mailbox_returned(&step.next, &bounced->path);

	if (mail == NULL)
		return stay(old, "bounce of an unknown mail");
	if (is_proved(old) || !mailbox_is_live(mail, in->now_ms))
		return stay(old, "bounce of a mail that is needed no more");
	mail->changed = true;
	mail->reply = without_secret(in, mail, bounced->reply);
	step.reply = mail->reply;
	step.status = bounced->status;
	step.route = mail->route;
	step.clause = "RFC 3464";
	if (bounced->for_good) {
		step.reason = "bounced";
		return refused(step, mail, true);
	}
	if (!may_tell(mail))
		return stay(old, "more comes back of this mail than is told");
	step.reason = "delayed";
	step.told = "deferred";
	step.says = "mail delayed";
	return step;
}

/* ---- mail.answered ---- */

bool
mailbox_expects(const struct mailbox_challenge *challenge, const struct mailbox_return *path,
    int64_t now_ms, struct mailbox_expected *ret)
{
	const struct mailbox_mail *mail = mailbox_returned(challenge, path);

	if (mail == NULL || mail->way != MAILBOX_BY_REPLY || is_proved(challenge) ||
	    !mailbox_is_live(mail, now_ms))
		return false;
	*ret =
	    (struct mailbox_expected){ .mailbox = challenge->asked.check.target, .mail = mail->id };
	memcpy(ret->nonce, mail->nonce, sizeof(ret->nonce));
	memcpy(ret->request_digest, challenge->asked.request_digest, CLAIM_DIGEST);
	return true;
}

/* What is wrong with it is told, for whoever sent it may mend it; only a wrong answer counts. */
static struct mailbox_step
bad_answer(const struct mailbox_challenge *old, struct mailbox_step step, struct mailbox_mail *mail,
    const struct mailbox_answered *answered, bool is_wrong)
{
	step.told = "sent";
	step.says = "answer refused";
	step.reason = answered->reason;
	step.clause = answered->clause;
	step.reply = answered->text;
	step.route = mail->route;
	if (!is_wrong)
		return may_tell(mail) ? step
				      : stay(old, "more comes back of this mail than is told");
	mail->changed = true;
	mail->bad_answers++;
	if (mail->bad_answers >= MAILBOX_BAD_ANSWERS)
		return refused(step, mail, true);
	return step;
}

static bool
is_right(const struct mailbox_setting *in, const struct mailbox_challenge *challenge,
    const struct mailbox_mail *mail, const struct mailbox_answered *answered)
{
	uint8_t mac[MAILBOX_MAC];

	compute_mac(in, challenge, mail, answered->tag, mac);
	return cs_equal_constant_time(mac, mail->mac, sizeof(mac));
}

/* RFC 8823 3.2; every rule but those of time and of the challenge was judged before (reply/reply.h). */
struct mailbox_step
mailbox_decide_answered(const struct mailbox_setting *in, const struct mailbox_challenge *old,
    const struct mailbox_answered *answered)
{
	static const struct mailbox_answered wrong = { .reason = "reply-digest",
		.clause = "RFC 8823 3.2",
		.text = "the answer is not that of this request" };
	struct mailbox_step step = move(in, old, NULL);
	struct mailbox_mail *mail = mailbox_returned(&step.next, &answered->path);

	if (mail == NULL || mail->way != MAILBOX_BY_REPLY)
		return stay(old, "answer to an unknown mail");
	if (is_proved(old) || !mailbox_is_live(mail, in->now_ms))
		return stay(old, "answer to a mail that is needed no more");
	if (answered->reason[0] != '\0')
		return bad_answer(
		    old, step, mail, answered, strcmp(answered->reason, wrong.reason) == 0);
	if (!is_right(in, old, mail, answered))
		return bad_answer(old, step, mail, &wrong, true);
	step.next.proved_mail = mail->id;
	step.proves = true;
	step.signed_by = answered->signed_by;
	step.key = answered->key;
	step.says = "answered";
	return step;
}
