/* SPDX-License-Identifier: Apache-2.0 */
/* wire.c: the only file of mailbox-validator that names generated types. */
#include "wire.h"

#include <string.h>

#include "pack/pack.h"
#include "pki/hash.h"
#include "proto/ask.pb-c.h"
#include "proto/evidence.pb-c.h"
#include "proto/request.pb-c.h"
#include "row.h"
#include "words.h"

#define BODY_MAX 8192 /* octets; the longest that is sensible has a few hundred */
#define LOOKUPS_MAX 64
#define SEEN_MAX 64

/* ---- reading ---- */

/* One method, or several to choose from: each of them ours. */
static bool
are_our_methods(const struct claim_check *check)
{
	const struct claim_texts *allowed = &check->allowed_methods;

	for (size_t i = 0; i < allowed->n; i++)
		if (strcmp(allowed->items[i], MAILBOX_METHOD) != 0 &&
		    strcmp(allowed->items[i], MAILBOX_REPLY_METHOD) != 0)
			return false;
	if (check->method[0] == '\0')
		return allowed->n > 0;
	return strcmp(check->method, MAILBOX_METHOD) == 0 ||
	       strcmp(check->method, MAILBOX_REPLY_METHOD) == 0;
}

enum cs_code
wire_read_asked(
    struct cs_arena *arena, struct cs_span body, struct mailbox_asked *ret, struct cs_err *err)
{
	struct mailbox_asked asked = { .octets = body };
	const struct claim_check *check = &asked.asked.check;

	if (claim_read_asked(arena, body, &asked.asked, err))
		return CS_MALFORMED;
	if (check->kind != CLAIM_MAILBOX || !are_our_methods(check) || !mailbox_is_check(check->id))
		return cs_fail(err, CS_MALFORMED, "CheckAsked: not a mailbox by a method of ours");
	if (check->account[0] == '\0' || check->expected.len > 0 || check->freshness_ms <= 0 ||
	    check->attempt == 0)
		return cs_fail(err, CS_MALFORMED,
		    "CheckAsked: account, expected, freshness or attempt of a mailbox is unusable");
	asked.to = mailbox_addressee_of(arena, check);
	*ret = asked;
	return CS_OK;
}

enum cs_code
wire_read_pressed(struct cs_arena *arena, struct cs_span body, struct cs_id *ret_request,
    struct mailbox_pressed *ret, struct cs_err *err)
{
	const Countersign__V1__VerificationAsked *m =
	    pack_read(arena, &countersign__v1__verification_asked__descriptor, body, BODY_MAX, err);

	if (m == NULL)
		return CS_MALFORMED;
	if (!pack_is_name(m->check_id) || !pack_is_name(m->enterprise) ||
	    !pack_is_name(m->account) || (m->method[0] != '\0' && !pack_is_name(m->method)))
		return cs_fail(err, CS_MALFORMED,
		    "VerificationAsked: check_id, enterprise, account or method is not a name");
	if (pack_read_id(&m->request_id, ret_request, err))
		return CS_MALFORMED;
	*ret = (struct mailbox_pressed){ m->check_id, m->enterprise, m->account, m->method };
	return CS_OK;
}

enum cs_code
wire_read_ask_reply(struct cs_arena *arena, struct cs_span body, struct cs_id *ret_request,
    struct mailbox_pressed *ret, struct cs_err *err)
{
	const Countersign__V1__AskReply *m =
	    pack_read(arena, &countersign__v1__ask_reply__descriptor, body, BODY_MAX, err);

	if (m == NULL)
		return CS_MALFORMED;
	if (!pack_is_name(m->check_id) || !pack_is_name(m->enterprise) || !pack_is_name(m->account))
		return cs_fail(
		    err, CS_MALFORMED, "AskReply: check_id, enterprise or account is not a name");
	if (pack_read_id(&m->request_id, ret_request, err))
		return CS_MALFORMED;
	*ret = (struct mailbox_pressed){ m->check_id, m->enterprise, m->account, "" };
	return CS_OK;
}

/* What was unpacked of it is wiped: from here on there is the digest alone. */
static void
digest_token(struct cs_span token_key, char *text, struct mailbox_submitted *submitted)
{
	uint8_t token[MAILBOX_TOKEN] = { 0 };
	size_t len = strlen(text);

	submitted->readable = mailbox_token_read(cs_span_of(text, len), token);
	mailbox_token_tag(token_key, token, submitted->tag);
	pki_wipe(token, sizeof(token));
	pki_wipe(text, len);
}

enum cs_code
wire_read_submit(struct cs_arena *arena, struct cs_span token_key, struct cs_span body,
    struct cs_id *ret_request, struct mailbox_submitted *ret, struct cs_err *err)
{
	const Countersign__V1__SubmitToken *m =
	    pack_read(arena, &countersign__v1__submit_token__descriptor, body, BODY_MAX, err);

	if (m == NULL)
		return CS_MALFORMED;
	struct mailbox_submitted submitted = {
		.check_id = m->check_id, .enterprise = m->enterprise, .account = m->account
	};

	digest_token(token_key, m->token, &submitted);
	if (!pack_is_name(m->check_id) || !pack_is_name(m->enterprise) || !pack_is_name(m->account))
		return cs_fail(err, CS_MALFORMED,
		    "SubmitToken: check_id, enterprise or account is not a name");
	if (pack_read_id(&m->request_id, ret_request, err))
		return CS_MALFORMED;
	*ret = submitted;
	return CS_OK;
}

/* ---- writing ---- */

struct cs_span
wire_write_answer(struct cs_arena *arena, const struct mailbox_answer *answer)
{
	Countersign__V1__SubmitTokenAnswer m = COUNTERSIGN__V1__SUBMIT_TOKEN_ANSWER__INIT;

	m.result = pack_text(answer->result);
	m.tries_left = answer->tries_left;
	m.text = pack_text(answer->text);
	return pack_write(arena, &m.base);
}

static const char *
or_empty(const char *text)
{
	return text == NULL ? "" : text;
}

struct cs_span
wire_write_ask_reply_answer(
    struct cs_arena *arena, const char *part2, const char *thumbprint, const char *from)
{
	Countersign__V1__AskReplyAnswer m = COUNTERSIGN__V1__ASK_REPLY_ANSWER__INIT;

	m.result = pack_text(part2 == NULL ? "not-sent" : "open");
	if (part2 != NULL) {
		m.token = pack_text(part2);
		m.thumbprint = pack_text(thumbprint);
		m.from = pack_text(from);
	}
	return pack_write(arena, &m.base);
}

/* Why it is so, and what would mend it. */
static void
explain(const struct mailbox_setting *in, const struct mailbox_step *step,
    Countersign__V1__MailboxChallenge *m)
{
	m->reason = pack_text(or_empty(step->reason));
	m->clause = pack_text(or_empty(step->clause));
	m->mend = pack_text(mailbox_mend_of(or_empty(step->reason)));
	m->status = pack_text(
	    step->status != NULL ? step->status : mailbox_status_of(in->arena, step->reply));
	m->next_try_at_ms = step->again_ms;
}

struct cs_span
wire_write_challenge(const struct mailbox_setting *in, const struct mailbox_step *step,
    const struct mailbox_route *route)
{
	const struct mailbox_challenge *challenge = &step->next;
	Countersign__V1__MailboxChallenge m = COUNTERSIGN__V1__MAILBOX_CHALLENGE__INIT;
	struct cs_id request = in->request;

	m.request_id = pack_id(&request);
	m.check_id = pack_text(challenge->check_id);
	m.mailbox = pack_text(challenge->asked.check.target);
	m.state = pack_text(step->told);
	m.reply = pack_text(step->reply);
	m.at_ms = in->now_ms;
	m.expires_at_ms = mailbox_expires_ms(challenge, in->now_ms);
	m.mails_sent = challenge->mails_sent;
	m.tries_left = mailbox_tries_left(challenge);
	if (challenge->n_mails > 0)
		m.method =
		    pack_text(mailbox_way_method(challenge->mails[challenge->n_mails - 1].way));
	explain(in, step, &m);
	if (route != NULL) {
		m.n_routes = route->seen.n;
		m.routes = (char **)(uintptr_t)route->seen.items;
		m.security = (Countersign__V1__Dnssec)route->security;
	}
	return pack_write(in->arena, &m.base);
}

/* ---- work rows ---- */

struct cs_span
wire_write_letter(struct cs_arena *arena, const struct mailbox_letter *letter)
{
	struct cs_buf row = cs_buf_new(arena);

	row_add(&row, cs_span_of(letter->request.octets, sizeof(letter->request.octets)));
	row_add(&row, cs_span_of(letter->mail.octets, sizeof(letter->mail.octets)));
	row_add(&row, cs_span_of(letter->nonce, sizeof(letter->nonce)));
	row_add_number(&row, letter->expires_ms);
	row_add_number(&row, letter->way);
	row_add(&row, cs_span_str(letter->check_id));
	row_add(&row, cs_span_str(letter->mailbox));
	row_add(&row, cs_span_str(letter->enterprise));
	row_add(&row, cs_span_str(letter->account));
	return cs_buf_span(&row);
}

enum cs_code
wire_read_letter(
    struct cs_arena *arena, struct cs_span body, struct mailbox_letter *ret, struct cs_err *err)
{
	struct row_reader row = { arena, body, true };
	struct mailbox_letter letter = { 0 };

	row_take_octets(&row, letter.request.octets, sizeof(letter.request.octets));
	row_take_octets(&row, letter.mail.octets, sizeof(letter.mail.octets));
	row_take_octets(&row, letter.nonce, sizeof(letter.nonce));
	letter.expires_ms = row_take_number(&row);
	letter.way =
	    row_take_number(&row) == MAILBOX_BY_REPLY ? MAILBOX_BY_REPLY : MAILBOX_BY_TOKEN;
	letter.check_id = row_take_text(&row);
	letter.mailbox = row_take_text(&row);
	letter.enterprise = row_take_text(&row);
	letter.account = row_take_text(&row);
	if (!row_ended(&row))
		return cs_fail(err, CS_MALFORMED, "work row of a mail cannot be read");
	*ret = letter;
	return CS_OK;
}

struct cs_span
wire_write_mailed(struct cs_arena *arena, const struct mailbox_mailed *mailed)
{
	struct cs_buf row = cs_buf_new(arena);

	row_add(&row, cs_span_str(mailed->check_id));
	row_add(&row, cs_span_of(mailed->mail.octets, sizeof(mailed->mail.octets)));
	row_add_number(&row, mailed->delivery);
	row_add_number(&row, mailed->attempt);
	row_add(&row, cs_span_str(mailed->reason));
	row_add(&row, cs_span_str(mailed->clause));
	row_add(&row, cs_span_str(mailed->reply));
	row_add(&row, mailed->route);
	return cs_buf_span(&row);
}

enum cs_code
wire_read_mailed(
    struct cs_arena *arena, struct cs_span body, struct mailbox_mailed *ret, struct cs_err *err)
{
	struct row_reader row = { arena, body, true };
	struct mailbox_mailed mailed = { .check_id = row_take_text(&row) };

	row_take_octets(&row, mailed.mail.octets, sizeof(mailed.mail.octets));
	int64_t delivery = row_take_number(&row), attempt = row_take_number(&row);

	mailed.reason = row_take_text(&row);
	mailed.clause = row_take_text(&row);
	mailed.reply = row_take_text(&row);
	mailed.route = row_take(&row);
	if (!row_ended(&row) || delivery < MAILBOX_ACCEPTED || delivery > MAILBOX_NO_ROUTE ||
	    attempt < 1 || attempt > INT32_MAX)
		return cs_fail(err, CS_MALFORMED, "result of a mail cannot be read");
	mailed.delivery = (enum mailbox_delivery)delivery;
	mailed.attempt = (uint32_t)attempt;
	*ret = mailed;
	return CS_OK;
}

/* ---- what came back ---- */

static void
add_path(struct cs_buf *row, const struct mailbox_return *path)
{
	row_add(row, cs_span_of(path->request.octets, sizeof(path->request.octets)));
	row_add_number(row, path->check);
	row_add(row, cs_span_of(path->mail, sizeof(path->mail)));
}

static struct mailbox_return
take_path(struct row_reader *row, enum mailbox_return_use use)
{
	struct mailbox_return path = { .use = use };

	row_take_octets(row, path.request.octets, sizeof(path.request.octets));
	int64_t check = row_take_number(row);

	row->good &= check >= 1 && check <= 99;
	path.check = (uint8_t)check;
	row_take_octets(row, path.mail, sizeof(path.mail));
	return path;
}

struct cs_span
wire_write_bounced(struct cs_arena *arena, const struct mailbox_bounced *bounced)
{
	struct cs_buf row = cs_buf_new(arena);

	add_path(&row, &bounced->path);
	row_add_number(&row, bounced->for_good);
	row_add(&row, cs_span_str(bounced->status));
	row_add(&row, cs_span_str(bounced->reply));
	return cs_buf_span(&row);
}

enum cs_code
wire_read_bounced(
    struct cs_arena *arena, struct cs_span body, struct mailbox_bounced *ret, struct cs_err *err)
{
	struct row_reader row = { arena, body, true };
	struct mailbox_bounced bounced = { .path = take_path(&row, MAILBOX_BOUNCES) };

	bounced.for_good = row_take_number(&row) != 0;
	bounced.status = row_take_text(&row);
	bounced.reply = row_take_text(&row);
	if (!row_ended(&row))
		return cs_fail(err, CS_MALFORMED, "what came back cannot be read");
	*ret = bounced;
	return CS_OK;
}

struct cs_span
wire_write_path(struct cs_arena *arena, const struct mailbox_return *path)
{
	struct cs_buf row = cs_buf_new(arena);

	add_path(&row, path);
	return cs_buf_span(&row);
}

enum cs_code
wire_read_path(
    struct cs_arena *arena, struct cs_span body, struct mailbox_return *ret, struct cs_err *err)
{
	struct row_reader row = { arena, body, true };
	const struct mailbox_return path = take_path(&row, MAILBOX_REPLIES);

	if (!row_ended(&row))
		return cs_fail(err, CS_MALFORMED, "where a mail came to cannot be read");
	*ret = path;
	return CS_OK;
}

struct cs_span
wire_write_expected(struct cs_arena *arena, const struct mailbox_expected *expected)
{
	struct cs_buf row = cs_buf_new(arena);

	row_add(&row, cs_span_str(expected->mailbox));
	row_add(&row, cs_span_of(expected->mail.octets, sizeof(expected->mail.octets)));
	row_add(&row, cs_span_of(expected->nonce, sizeof(expected->nonce)));
	row_add(&row, cs_span_of(expected->request_digest, sizeof(expected->request_digest)));
	return cs_buf_span(&row);
}

enum cs_code
wire_read_expected(
    struct cs_arena *arena, struct cs_span body, struct mailbox_expected *ret, struct cs_err *err)
{
	struct row_reader row = { arena, body, true };
	struct mailbox_expected expected = { .mailbox = row_take_text(&row) };

	row_take_octets(&row, expected.mail.octets, sizeof(expected.mail.octets));
	row_take_octets(&row, expected.nonce, sizeof(expected.nonce));
	row_take_octets(&row, expected.request_digest, sizeof(expected.request_digest));
	if (!row_ended(&row))
		return cs_fail(err, CS_MALFORMED, "what is expected cannot be read");
	*ret = expected;
	return CS_OK;
}

struct cs_span
wire_write_answered(struct cs_arena *arena, const struct mailbox_answered *answered)
{
	struct cs_buf row = cs_buf_new(arena);

	add_path(&row, &answered->path);
	row_add(&row, cs_span_str(answered->reason));
	row_add(&row, cs_span_str(answered->clause));
	row_add(&row, cs_span_str(answered->text));
	row_add(&row, cs_span_of(answered->tag, sizeof(answered->tag)));
	row_add(&row, cs_span_str(answered->signed_by));
	row_add(&row, answered->key);
	return cs_buf_span(&row);
}

enum cs_code
wire_read_answered(
    struct cs_arena *arena, struct cs_span body, struct mailbox_answered *ret, struct cs_err *err)
{
	struct row_reader row = { arena, body, true };
	struct mailbox_answered answered = { .path = take_path(&row, MAILBOX_REPLIES) };

	answered.reason = row_take_text(&row);
	answered.clause = row_take_text(&row);
	answered.text = row_take_text(&row);
	row_take_octets(&row, answered.tag, sizeof(answered.tag));
	answered.signed_by = row_take_text(&row);
	answered.key = row_take(&row);
	if (!row_ended(&row))
		return cs_fail(err, CS_MALFORMED, "the answer to a mail cannot be read");
	*ret = answered;
	return CS_OK;
}

/* ---- the route of a mail ---- */

static void
add_texts(struct cs_buf *row, struct claim_texts texts)
{
	row_add_number(row, (int64_t)texts.n);
	for (size_t i = 0; i < texts.n; i++)
		row_add(row, cs_span_str(texts.items[i]));
}

static struct claim_texts
take_texts(struct row_reader *row)
{
	int64_t n = row_take_number(row);
	struct claim_texts texts = { NULL, 0 };

	row->good &= n >= 0 && n <= SEEN_MAX;
	if (!row->good)
		return texts;
	texts.items = CS_NEW_ARRAY(row->arena, (size_t)n, const char *);
	while (texts.n < (size_t)n)
		texts.items[texts.n++] = row_take_text(row);
	return texts;
}

static void
add_lookup(struct cs_buf *row, const struct claim_lookup *lookup)
{
	row_add(row, cs_span_str(lookup->name));
	row_add(row, cs_span_str(lookup->type));
	row_add_number(row, lookup->rcode);
	row_add_number(row, lookup->security);
	row_add(row, cs_span_str(lookup->why));
	row_add_number(row, lookup->ttl_s);
	add_texts(row, lookup->records);
	row_add(row, lookup->wire_sha256);
	row_add_number(row, lookup->answered_at_ms);
}

static enum claim_dnssec
take_security(struct row_reader *row)
{
	int64_t security = row_take_number(row);

	row->good &= security >= CLAIM_DNSSEC_NOT_USED && security <= CLAIM_DNSSEC_INDETERMINATE;
	return row->good ? (enum claim_dnssec)security : CLAIM_DNSSEC_INDETERMINATE;
}

static void
take_lookup(struct row_reader *row, struct claim_lookup *lookup)
{
	lookup->name = row_take_text(row);
	lookup->type = row_take_text(row);
	lookup->rcode = (uint32_t)row_take_number(row);
	lookup->security = take_security(row);
	lookup->why = row_take_text(row);
	lookup->ttl_s = (uint32_t)row_take_number(row);
	lookup->records = take_texts(row);
	lookup->wire_sha256 = row_take(row);
	row->good &= lookup->wire_sha256.len == 0 || lookup->wire_sha256.len == CLAIM_DIGEST;
	lookup->answered_at_ms = row_take_number(row);
}

struct cs_span
wire_write_route(struct cs_arena *arena, const struct mailbox_route *route)
{
	struct cs_buf row = cs_buf_new(arena);

	row_add_number(&row, route->security);
	row_add(&row, cs_span_str(route->found_at));
	row_add_number(&row, route->ttl_s);
	row_add_number(&row, route->checked_at_ms);
	add_texts(&row, route->seen);
	row_add_number(&row, (int64_t)route->n_lookups);
	for (size_t i = 0; i < route->n_lookups; i++)
		add_lookup(&row, &route->lookups[i]);
	return cs_buf_span(&row);
}

struct cs_span
wire_route_of(struct cs_arena *arena, const struct probe_finding *finding)
{
	const struct mailbox_route route = {
		.security = finding->security,
		.found_at = finding->found_at,
		.ttl_s = finding->ttl_s,
		.lookups = finding->lookups,
		.n_lookups = finding->n_lookups,
		.seen = finding->seen,
		.checked_at_ms = finding->checked_at_ms,
	};

	return wire_write_route(arena, &route);
}

enum cs_code
wire_read_route(
    struct cs_arena *arena, struct cs_span body, struct mailbox_route *ret, struct cs_err *err)
{
	struct row_reader row = { arena, body, true };
	struct mailbox_route route = { .security = take_security(&row) };

	route.found_at = row_take_text(&row);
	route.ttl_s = (uint32_t)row_take_number(&row);
	route.checked_at_ms = row_take_number(&row);
	route.seen = take_texts(&row);
	int64_t n = row_take_number(&row);

	if (!row.good || n < 0 || n > LOOKUPS_MAX)
		return cs_fail(err, CS_MALFORMED, "the route of a mail cannot be read");
	route.lookups = CS_NEW_ARRAY(arena, (size_t)n, struct claim_lookup);
	while (route.n_lookups < (size_t)n)
		take_lookup(&row, &route.lookups[route.n_lookups++]);
	if (!row_ended(&row))
		return cs_fail(err, CS_MALFORMED, "the route of a mail cannot be read");
	*ret = route;
	return CS_OK;
}
