/* SPDX-License-Identifier: Apache-2.0 */
#include "reply/wire.h"

#include <string.h>

#include "base/text.h"
#include "pack/pack.h"
#include "proto/reply.pb-c.h"
#include "smime/address.h"
#include "smime/domain.h"

#define ANSWER_MAX (512 * 1024) /* octets: of 64 identifiers three times, and more than enough */
#define TEXT_MAX 1024           /* octets of an address or a name, whatever a mail has there */
#define WHY_MAX 500
#define CODE_MAX 40
#define NAMES_TEXT_MAX (DKIM_NAMES_MAX * (DKIM_NAME_MAX + 4))

/* ---- questions ---- */

static struct cs_span
put_read(struct cs_arena *arena, const struct wire_ask *ask)
{
	Countersign__V1__ReplyAsk m = COUNTERSIGN__V1__REPLY_ASK__INIT;
	Countersign__V1__ReplyReadAsk read = COUNTERSIGN__V1__REPLY_READ_ASK__INIT;

	read.mail = pack_octets(ask->mail);
	read.envelope_from = pack_text(ask->envelope_from);
	m.read = &read;
	return pack_write(arena, &m.base);
}

static Countersign__V1__ReplyKey **
put_keys(struct cs_arena *arena, const struct wire_ask *ask)
{
	Countersign__V1__ReplyKey **list =
	    CS_NEW_ARRAY(arena, ask->keys_len + 1, Countersign__V1__ReplyKey *);

	for (size_t i = 0; i < ask->keys_len; i++) {
		const struct reply_key *key = &ask->keys[i];
		Countersign__V1__ReplyKey *m = CS_NEW(arena, Countersign__V1__ReplyKey);

		countersign__v1__reply_key__init(m);
		m->owner = pack_text(key->owner);
		m->unknown = key->unknown;
		m->n_texts = key->texts_len;
		m->texts = CS_NEW_ARRAY(arena, key->texts_len + 1, ProtobufCBinaryData);
		for (size_t k = 0; k < key->texts_len; k++)
			m->texts[k] = pack_octets(key->texts[k]);
		list[i] = m;
	}
	return list;
}

struct cs_span
wire_put_ask(struct cs_arena *arena, const struct wire_ask *ask)
{
	Countersign__V1__ReplyAsk m = COUNTERSIGN__V1__REPLY_ASK__INIT;
	Countersign__V1__ReplyVerifyAsk verify = COUNTERSIGN__V1__REPLY_VERIFY_ASK__INIT;

	if (!ask->verify)
		return put_read(arena, ask);
	verify.mail = pack_octets(ask->mail);
	verify.n_keys = ask->keys_len;
	verify.keys = put_keys(arena, ask);
	verify.now_ms = ask->now_ms;
	verify.flags = ask->flags;
	m.verify = &verify;
	return pack_write(arena, &m.base);
}

static const struct reply_key *
keys_of(struct cs_arena *arena, const Countersign__V1__ReplyVerifyAsk *m)
{
	struct reply_key *keys = CS_NEW_ARRAY(arena, m->n_keys + 1, struct reply_key);

	for (size_t i = 0; i < m->n_keys; i++) {
		const size_t n = m->keys[i]->n_texts;
		struct cs_span *texts = CS_NEW_ARRAY(arena, n + 1, struct cs_span);

		for (size_t k = 0; k < n; k++)
			texts[k] = cs_span_of(m->keys[i]->texts[k].data, m->keys[i]->texts[k].len);
		keys[i] = (struct reply_key){ m->keys[i]->owner, m->keys[i]->unknown, texts, n };
	}
	return keys;
}

enum cs_code
wire_read_ask(
    struct cs_arena *arena, struct cs_span octets, struct wire_ask *ret_ask, struct cs_err *err)
{
	const Countersign__V1__ReplyAsk *m = pack_read(
	    arena, &countersign__v1__reply_ask__descriptor, octets, SANDBOX_FRAME_MAX, err);

	if (m == NULL)
		return err->code;
	if ((m->read == NULL) == (m->verify == NULL))
		return cs_fail(err, CS_MALFORMED, "not one question");
	if (m->read != NULL)
		*ret_ask =
		    (struct wire_ask){ .mail = cs_span_of(m->read->mail.data, m->read->mail.len),
			    .envelope_from = m->read->envelope_from };
	else
		*ret_ask = (struct wire_ask){ .verify = true,
			.mail = cs_span_of(m->verify->mail.data, m->verify->mail.len),
			.keys = keys_of(arena, m->verify),
			.keys_len = m->verify->n_keys,
			.now_ms = m->verify->now_ms,
			.flags = m->verify->flags };
	return CS_OK;
}

/* ---- answers, in the child ---- */

static Countersign__V1__ReplyRefusal *
put_why(struct cs_arena *arena, const struct cs_refusal *why)
{
	Countersign__V1__ReplyRefusal *m = CS_NEW(arena, Countersign__V1__ReplyRefusal);

	countersign__v1__reply_refusal__init(m);
	m->code = pack_text(why->code);
	m->field = pack_text(why->field);
	m->clause = pack_text(why->clause);
	m->text = pack_text(why->text);
	m->mend = pack_text(why->mend);
	return m;
}

static Countersign__V1__ReplyBounce *
put_bounce(struct cs_arena *arena, const struct reply_bounce *bounce)
{
	Countersign__V1__ReplyBounce *m = CS_NEW(arena, Countersign__V1__ReplyBounce);

	countersign__v1__reply_bounce__init(m);
	m->kind = bounce->kind;
	m->message_id = pack_text(bounce->message_id);
	m->recipient = pack_text(bounce->recipient);
	m->status = pack_text(bounce->status);
	m->diagnostic = pack_text(bounce->diagnostic);
	return m;
}

/* What is not there is empty; so is what is longer than the parent would take. */
static char *
put_text(const char *text)
{
	return pack_text(text != NULL && strlen(text) > TEXT_MAX ? "" : text);
}

static char **
put_texts(struct cs_arena *arena, const char *const *texts, size_t len)
{
	char **list = CS_NEW_ARRAY(arena, len + 1, char *);

	for (size_t i = 0; i < len; i++)
		list[i] = put_text(texts[i]);
	return list;
}

static void
put_facts(struct cs_arena *arena, const struct reply_facts *facts, Countersign__V1__ReplyFacts *m)
{
	m->from = put_text(facts->from);
	m->n_to = facts->to_len;
	m->to = put_texts(arena, facts->to, facts->to_len);
	m->token = put_text(facts->token);
	m->message_id = put_text(facts->message_id);
	m->has_in_reply_to = facts->has_in_reply_to;
	m->has_references = facts->has_references;
	m->n_in_reply_to = facts->in_reply_to_len;
	m->in_reply_to = put_texts(arena, facts->in_reply_to, facts->in_reply_to_len);
	m->n_references = facts->references_len;
	m->references = put_texts(arena, facts->references, facts->references_len);
	m->list_field = put_text(facts->list_field);
	m->twice = put_text(facts->twice);
	m->has_auto_submitted = facts->auto_submitted != NULL;
	m->auto_submitted = put_text(facts->auto_submitted);
	m->null_sender = facts->null_sender;
	m->bounce = put_bounce(arena, &facts->bounce);
	m->body = facts->body;
	if (facts->body == REPLY_BODY_BLOCK)
		m->digest = pack_octets(cs_span_of(facts->digest, REPLY_DIGEST));
	m->signatures = (uint32_t)facts->signatures;
	m->n_owners = facts->owners_len;
	m->owners = put_texts(arena, facts->owners, facts->owners_len);
}

struct cs_span
wire_put_reading(struct cs_arena *arena, const struct reply_reading *reading)
{
	Countersign__V1__ReplyAnswer answer = COUNTERSIGN__V1__REPLY_ANSWER__INIT;
	Countersign__V1__ReplyReading m = COUNTERSIGN__V1__REPLY_READING__INIT;
	Countersign__V1__ReplyFacts facts = COUNTERSIGN__V1__REPLY_FACTS__INIT;

	if (reading->finding == REPLY_PROVED) {
		put_facts(arena, &reading->facts, &facts);
		m.facts = &facts;
	} else {
		m.why = put_why(arena, &reading->why);
	}
	answer.reading = &m;
	return pack_write(arena, &answer.base);
}

struct cs_span
wire_put_verdict(struct cs_arena *arena, const struct reply_verdict *verdict)
{
	Countersign__V1__ReplyAnswer answer = COUNTERSIGN__V1__REPLY_ANSWER__INIT;
	Countersign__V1__ReplyVerdict m = COUNTERSIGN__V1__REPLY_VERDICT__INIT;

	m.finding = verdict->finding;
	if (verdict->finding == REPLY_PROVED) {
		m.from = pack_text(verdict->from);
		m.domain = pack_text(verdict->domain);
		m.owner = pack_text(verdict->owner);
		m.algorithm = pack_text(verdict->algorithm);
		m.names = pack_text(verdict->names);
	} else {
		m.why = put_why(arena, &verdict->why);
	}
	answer.verdict = &m;
	return pack_write(arena, &answer.base);
}

/* ---- answers, in the parent ---- */

/* The first rule that was broken; later ones are not looked at. */
struct reading {
	struct cs_arena *arena;
	struct cs_err *err;
	enum cs_code code;
};

static void
want(struct reading *r, bool holds, const char *field)
{
	if (!holds && r->code == CS_OK)
		r->code = cs_fail(r->err, CS_MALFORMED, "answer of a child: %s", field);
}

static bool
has_control(const char *text)
{
	for (; *text != '\0'; text++)
		if ((uint8_t)*text < 0x20 || *text == 0x7f)
			return true;
	return false;
}

/* UTF-8 without controls; NULL for nothing. */
static const char *
text(struct reading *r, const char *value, const char *field)
{
	want(r,
	    strlen(value) <= TEXT_MAX && !has_control(value) && cs_utf8_valid(cs_span_str(value)),
	    field);
	return value[0] == '\0' ? NULL : value;
}

static const char *
ascii(struct reading *r, const char *value, size_t max, const char *field)
{
	bool good = strlen(value) <= max;

	for (const char *c = value; good && *c != '\0'; c++)
		good = *c >= 0x20 && *c <= 0x7e;
	want(r, good, field);
	return value;
}

static const char *
ascii_or_null(struct reading *r, const char *value, size_t max, const char *field)
{
	return ascii(r, value, max, field)[0] == '\0' ? NULL : value;
}

static const char *const *
texts(struct reading *r, char **items, size_t n, size_t max, const char *field)
{
	want(r, n <= max, field);
	for (size_t i = 0; i < n && r->code == CS_OK; i++)
		(void)text(r, items[i], field);
	return (const char *const *)items;
}

/* "dkim-key-size" */
static bool
is_code(const char *code)
{
	const size_t len = strlen(code);

	return len > 0 && len <= CODE_MAX &&
	       strspn(code, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

static struct cs_refusal
why_of(struct reading *r, const Countersign__V1__ReplyRefusal *m)
{
	struct cs_refusal why = { .code = NULL };

	want(r, m != NULL && is_code(m->code), "why");
	if (r->code == CS_OK)
		why = (struct cs_refusal){ .code = m->code,
			.field = ascii(r, m->field, WHY_MAX, "why"),
			.clause = ascii(r, m->clause, WHY_MAX, "why"),
			.text = ascii(r, m->text, WHY_MAX, "why"),
			.mend = ascii(r, m->mend, WHY_MAX, "why") };
	return why;
}

static struct reply_bounce
bounce_of(struct reading *r, const Countersign__V1__ReplyBounce *m)
{
	struct reply_bounce bounce = { .kind = REPLY_BOUNCE_UNKNOWN };

	want(r, m != NULL && m->kind < REPLY_BOUNCE_KINDS, "bounce");
	if (r->code == CS_OK)
		bounce = (struct reply_bounce){ .kind = (enum reply_bounce_kind)m->kind,
			.message_id = text(r, m->message_id, "message id of a bounce"),
			.recipient = ascii_or_null(r, m->recipient, REPLY_SHOWN, "recipient"),
			.status = ascii_or_null(r, m->status, sizeof("5.999.999") - 1, "status"),
			.diagnostic = ascii_or_null(r, m->diagnostic, REPLY_SHOWN, "diagnostic") };
	return bounce;
}

/* A name below _domainkey of the domain in From: what a child may make us look up. */
static bool
is_owner(struct cs_arena *arena, const char *owner, const char *from)
{
	const char *mark = strstr(owner, "._domainkey.");
	struct smime_address address;
	struct cs_refusal why;

	if (from == NULL || mark == NULL || mark == owner || strlen(owner) > DKIM_OWNER_MAX ||
	    !smime_address_parse(arena, cs_span_str(from), &address, &why))
		return false;
	const size_t len = (size_t)(mark - owner);

	return strspn(owner, "abcdefghijklmnopqrstuvwxyz0123456789-_.") >= len &&
	       strcmp(mark + sizeof("._domainkey.") - 1, address.domain) == 0;
}

static void
read_owners(struct reading *r, const Countersign__V1__ReplyFacts *m, struct reply_facts *facts)
{
	want(r, m->n_owners <= m->signatures && m->signatures <= DKIM_SIGNATURES_MAX, "owners");
	for (size_t i = 0; i < m->n_owners && r->code == CS_OK; i++) {
		want(r, is_owner(r->arena, m->owners[i], facts->from), "owner of a key");
		facts->owners[i] = m->owners[i];
	}
	facts->owners_len = m->n_owners;
	facts->signatures = m->signatures;
}

static void
read_facts(struct reading *r, const Countersign__V1__ReplyFacts *m, struct reply_facts *facts)
{
	const bool has_digest = m->body == REPLY_BODY_BLOCK;

	want(r, m->body < REPLY_BODIES, "body");
	want(r, m->digest.len == (has_digest ? REPLY_DIGEST : 0), "digest");
	*facts = (struct reply_facts){ .from = text(r, m->from, "from"),
		.to = texts(r, m->to, m->n_to, REPLY_LIST_MAX, "to"),
		.to_len = m->n_to,
		.token = ascii_or_null(r, m->token, REPLY_TOKEN_MAX, "token"),
		.message_id = text(r, m->message_id, "message id"),
		.has_in_reply_to = m->has_in_reply_to,
		.has_references = m->has_references,
		.in_reply_to =
		    texts(r, m->in_reply_to, m->n_in_reply_to, REPLY_LIST_MAX, "in reply to"),
		.in_reply_to_len = m->n_in_reply_to,
		.references =
		    texts(r, m->references, m->n_references, REPLY_LIST_MAX, "references"),
		.references_len = m->n_references,
		.list_field = ascii_or_null(r, m->list_field, TEXT_MAX, "list field"),
		.twice = ascii_or_null(r, m->twice, TEXT_MAX, "twice"),
		.auto_submitted = ascii(r, m->auto_submitted, REPLY_SHOWN, "auto-submitted"),
		.null_sender = m->null_sender,
		.bounce = bounce_of(r, m->bounce),
		.body = (enum reply_body)m->body };
	if (!m->has_auto_submitted)
		facts->auto_submitted = NULL;
	if (r->code == CS_OK && has_digest)
		memcpy(facts->digest, m->digest.data, REPLY_DIGEST);
	read_owners(r, m, facts);
}

static const Countersign__V1__ReplyAnswer *
answer_of(struct reading *r, struct cs_span octets)
{
	const Countersign__V1__ReplyAnswer *m = pack_read(
	    r->arena, &countersign__v1__reply_answer__descriptor, octets, ANSWER_MAX, r->err);

	if (m == NULL)
		r->code = r->err->code;
	return m;
}

enum cs_code
wire_read_reading(struct cs_arena *arena, struct cs_span octets, struct reply_reading *ret_reading,
    struct cs_err *err)
{
	struct reading r = { arena, err, CS_OK };
	const Countersign__V1__ReplyAnswer *m = answer_of(&r, octets);
	struct reply_reading reading = { .finding = REPLY_REFUSED };

	if (r.code != CS_OK)
		return r.code;
	want(&r, m->reading != NULL && m->verdict == NULL, "kind");
	want(&r, r.code == CS_OK && (m->reading->why == NULL) != (m->reading->facts == NULL),
	    "facts");
	if (r.code == CS_OK && m->reading->facts != NULL) {
		reading.finding = REPLY_PROVED;
		read_facts(&r, m->reading->facts, &reading.facts);
	} else if (r.code == CS_OK) {
		reading.why = why_of(&r, m->reading->why);
	}
	if (r.code == CS_OK)
		*ret_reading = reading;
	return r.code;
}

static bool
is_known_key(const struct reply_key *keys, size_t len, const char *owner)
{
	for (size_t i = 0; i < len; i++)
		if (!keys[i].unknown && strcmp(keys[i].owner, owner) == 0)
			return true;
	return false;
}

static bool
is_algorithm(const char *name)
{
	return strcmp(name, dkim_algorithm_name(DKIM_RSA_SHA256)) == 0 ||
	       strcmp(name, dkim_algorithm_name(DKIM_ED25519_SHA256)) == 0;
}

static void
read_proof(struct reading *r, const Countersign__V1__ReplyVerdict *m, const struct reply_key *keys,
    size_t keys_len, struct reply_verdict *verdict)
{
	want(r, is_known_key(keys, keys_len, m->owner), "owner of the key");
	want(r, is_owner(r->arena, m->owner, m->from), "owner of the key");
	want(r, is_algorithm(m->algorithm), "algorithm");
	verdict->from = text(r, m->from, "from");
	verdict->domain = ascii(r, m->domain, DKIM_OWNER_MAX, "domain");
	verdict->owner = m->owner;
	verdict->algorithm = m->algorithm;
	verdict->names = ascii(r, m->names, NAMES_TEXT_MAX, "names");
}

enum cs_code
wire_read_verdict(struct cs_arena *arena, struct cs_span octets, const struct reply_key *keys,
    size_t keys_len, struct reply_verdict *ret_verdict, struct cs_err *err)
{
	struct reading r = { arena, err, CS_OK };
	const Countersign__V1__ReplyAnswer *answer = answer_of(&r, octets);

	if (r.code != CS_OK)
		return r.code;
	want(&r, answer->verdict != NULL && answer->reading == NULL, "kind");
	want(&r, r.code == CS_OK && answer->verdict->finding < REPLY_FINDINGS, "finding");
	if (r.code != CS_OK)
		return r.code;
	const Countersign__V1__ReplyVerdict *m = answer->verdict;
	struct reply_verdict verdict = { .finding = (enum reply_finding)m->finding };

	if (verdict.finding == REPLY_PROVED)
		read_proof(&r, m, keys, keys_len, &verdict);
	else
		verdict.why = why_of(&r, m->why);
	if (r.code == CS_OK)
		*ret_verdict = verdict;
	return r.code;
}
