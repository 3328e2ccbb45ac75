/* SPDX-License-Identifier: Apache-2.0 */
/* read.c: the facts of a mail. */
#include <string.h>

#include "base/text.h"
#include "reply/bounce.h"
#include "reply/fields.h"
#include "reply/mime.h"
#include "reply/reply.h"
#include "smime/address.h"
#include "smime/domain.h"

#define BLOCK_LINES 8 /* a digest is 43 characters; a mailer may fold it */

/* RFC 5322 3.6 and RFC 2045: at most once, or readers choose. */
static const char *const singles[] = { "From", "Sender", "Reply-To", "To", "Cc", "Subject", "Date",
	"Message-ID", "In-Reply-To", "References", "MIME-Version", "Content-Type",
	"Content-Transfer-Encoding", "Auto-Submitted" };

static const char *
find_twice(const struct dkim_mail *mail)
{
	for (size_t i = 0; i < sizeof(singles) / sizeof(singles[0]); i++)
		if (dkim_mail_count(mail, cs_span_str(singles[i])) > 1)
			return singles[i];
	return NULL;
}

static const char *
find_list_field(struct cs_arena *arena, const struct dkim_mail *mail)
{
	for (size_t i = 0; i < mail->fields_len; i++) {
		const struct cs_span name = mail->fields[i].name;

		if (name.len > 5 && cs_span_is_nocase((struct cs_span){ name.data, 5 }, "list-"))
			return cs_escape(arena, name, DKIM_NAME_MAX);
	}
	return NULL;
}

/* Texts of a list, which are valid UTF-8 without control characters. */
static const char *const *
texts_of(struct cs_arena *arena, const struct cs_span *spans, size_t len)
{
	const char **texts = CS_NEW_ARRAY(arena, len + 1, const char *);

	for (size_t i = 0; i < len; i++)
		texts[i] = cs_arena_strndup(arena, (const char *)spans[i].data, spans[i].len);
	return texts;
}

static const char *
only_address(struct cs_arena *arena, const struct dkim_mail *mail, const char *name)
{
	const struct dkim_field *field = dkim_mail_first(mail, name);
	const struct cs_span *list;
	size_t len;

	if (field == NULL || dkim_mail_count(mail, cs_span_str(name)) > 1 ||
	    !reply_addresses(arena, field->value, &list, &len) || len != 1)
		return NULL;
	return texts_of(arena, list, 1)[0];
}

static void
read_to(struct cs_arena *arena, const struct dkim_mail *mail, struct reply_facts *facts)
{
	const struct dkim_field *field = dkim_mail_first(mail, "To");
	const struct cs_span *list;
	size_t len;

	if (field == NULL || !reply_addresses(arena, field->value, &list, &len))
		return;
	facts->to = texts_of(arena, list, len);
	facts->to_len = len;
}

static bool
read_ids(struct cs_arena *arena, const struct dkim_mail *mail, const char *name,
    const char *const **ret_ids, size_t *ret_len)
{
	const struct dkim_field *field = dkim_mail_first(mail, name);
	const struct cs_span *list;
	size_t len;

	if (field != NULL && reply_ids(arena, field->value, &list, &len)) {
		*ret_ids = texts_of(arena, list, len);
		*ret_len = len;
	}
	return field != NULL;
}

/* RFC 8823 3.2: whatever is before "ACME:" is ignored, and white space behind it, too. */
static const char *
read_token(struct cs_arena *arena, const struct dkim_mail *mail)
{
	const struct dkim_field *field = dkim_mail_first(mail, "Subject");
	static const char mark[] = "ACME:";
	struct cs_span text;

	if (field == NULL || !reply_decode(arena, field->value, &text))
		return NULL;
	const uint8_t *at =
	    text.len > 0 ? memmem(text.data, text.len, mark, sizeof(mark) - 1) : NULL;
	char *token = cs_arena_alloc(arena, REPLY_TOKEN_MAX + 1);
	size_t len = 0;

	if (at == NULL)
		return NULL;
	for (const uint8_t *c = at + sizeof(mark) - 1; c < text.data + text.len; c++) {
		if (*c == ' ' || *c == '\t')
			continue;
		if (len == REPLY_TOKEN_MAX || *c <= ' ' || *c >= 0x7f || *c == ':')
			return NULL;
		token[len++] = (char)*c;
	}
	return len > 0 ? token : NULL;
}

static const char *
read_message_id(struct cs_arena *arena, const struct dkim_mail *mail)
{
	const char *const *ids = NULL;
	size_t len = 0;

	(void)read_ids(arena, mail, "Message-ID", &ids, &len);
	return len == 1 ? ids[0] : NULL;
}

/* ---- the block ---- */

struct block {
	struct cs_buf inside;
	size_t begun, ended, lines;
	bool open;
};

static struct cs_span
without_blanks(struct cs_span line)
{
	while (line.len > 0 && (line.data[line.len - 1] == ' ' || line.data[line.len - 1] == '\t'))
		line.len--;
	return line;
}

static void
take_line(struct block *block, struct cs_span line)
{
	line = without_blanks(line);
	if (cs_span_is(line, REPLY_BLOCK_BEGIN)) {
		block->open = block->begun++ == 0;
	} else if (cs_span_is(line, REPLY_BLOCK_END)) {
		block->ended++;
		block->open = false;
	} else if (block->open) {
		cs_buf_add_span(&block->inside, line);
		block->open = ++block->lines <= BLOCK_LINES;
	}
}

static bool
has_bare_line_end(struct cs_span text)
{
	for (size_t i = 0; i < text.len; i++) {
		const uint8_t c = text.data[i];

		if ((c == '\r' && (i + 1 == text.len || text.data[i + 1] != '\n')) ||
		    (c == '\n' && (i == 0 || text.data[i - 1] != '\r')))
			return true;
	}
	return false;
}

static enum reply_body
read_block(struct cs_arena *arena, struct cs_span text, uint8_t ret_digest[static REPLY_DIGEST])
{
	struct block block = { .inside = cs_buf_new(arena) };

	if (has_bare_line_end(text))
		return REPLY_BODY_LINE_ENDS;
	while (text.len > 0) {
		const uint8_t *end = memchr(text.data, '\r', text.len);
		const size_t len = end == NULL ? text.len : (size_t)(end - text.data);
		const size_t used = end == NULL ? len : len + 2;

		take_line(&block, (struct cs_span){ text.data, len });
		text = (struct cs_span){ text.data + used, text.len - used };
	}
	if (block.begun > 1 || block.ended > 1)
		return REPLY_BODY_TWO_BLOCKS;
	if (block.begun == 0 || block.ended == 0 || block.lines > BLOCK_LINES)
		return REPLY_BODY_NO_BLOCK;
	const struct cs_span inside = cs_buf_span(&block.inside);

	if (inside.len > 0 && memchr(inside.data, '.', inside.len) != NULL)
		return REPLY_BODY_AUTHORIZATION;
	return reply_base64url(inside, ret_digest, REPLY_DIGEST) ? REPLY_BODY_BLOCK
								 : REPLY_BODY_DIGEST;
}

static enum reply_body
read_body(struct cs_arena *arena, const struct mime *mime, uint8_t ret_digest[static REPLY_DIGEST])
{
	if ((mime->shape != MIME_PLAIN && mime->shape != MIME_ALTERNATIVE) || mime->texts != 1)
		return REPLY_BODY_NO_TEXT;
	if (mime->text_undecodable)
		return REPLY_BODY_ENCODING;
	return read_block(arena, mime->text, ret_digest);
}

/* ---- whose keys are needed ---- */

static const char *
domain_of(struct cs_arena *arena, const char *from)
{
	struct smime_address address;
	struct cs_refusal why;

	if (from == NULL || !smime_address_parse(arena, cs_span_str(from), &address, &why))
		return NULL;
	return address.domain;
}

static bool
has_owner(const struct reply_facts *facts, const char *owner)
{
	for (size_t i = 0; i < facts->owners_len; i++)
		if (strcmp(facts->owners[i], owner) == 0)
			return true;
	return false;
}

static void
read_owners(struct cs_arena *arena, const struct dkim_mail *mail, struct reply_facts *facts)
{
	const char *domain = domain_of(arena, facts->from);
	const struct dkim_signature *sigs;

	facts->signatures = dkim_signatures_read(arena, mail, &sigs);
	for (size_t i = 0; i < facts->signatures; i++) {
		if (sigs[i].why.code != NULL || domain == NULL ||
		    strcmp(sigs[i].domain, domain) != 0 || has_owner(facts, sigs[i].owner))
			continue;
		facts->owners[facts->owners_len++] = sigs[i].owner;
	}
}

bool
reply_read(struct cs_arena *arena, struct cs_span octets, const char *envelope_from,
    struct reply_facts *ret_facts, struct cs_refusal *ret_why)
{
	struct reply_facts facts = { .null_sender = envelope_from[0] == '\0' };
	struct mime mime = { .shape = MIME_OTHER };
	struct dkim_mail mail;

	if (!dkim_mail_read(arena, octets, &mail, ret_why))
		return false;
	const struct dkim_field *automatic = dkim_mail_first(&mail, "Auto-Submitted");

	facts.twice = find_twice(&mail);
	facts.list_field = find_list_field(arena, &mail);
	facts.from = only_address(arena, &mail, "From");
	read_to(arena, &mail, &facts);
	facts.token = read_token(arena, &mail);
	facts.message_id = read_message_id(arena, &mail);
	facts.has_in_reply_to =
	    read_ids(arena, &mail, "In-Reply-To", &facts.in_reply_to, &facts.in_reply_to_len);
	facts.has_references =
	    read_ids(arena, &mail, "References", &facts.references, &facts.references_len);
	if (automatic != NULL)
		facts.auto_submitted =
		    cs_escape(arena, reply_first_word(arena, automatic->value), REPLY_SHOWN - 3);
	if (facts.twice == NULL)
		mime_read(arena, &mail, &mime);
	facts.body = read_body(arena, &mime, facts.digest);
	bounce_read(arena, &mime, facts.null_sender, facts.auto_submitted, &facts.bounce);
	read_owners(arena, &mail, &facts);
	*ret_facts = facts;
	return true;
}

/* ---- signatures: here no part of the body is looked into ---- */

static const struct reply_key *
find_key(const struct reply_key *keys, size_t len, const char *owner)
{
	for (size_t i = 0; i < len; i++)
		if (strcmp(keys[i].owner, owner) == 0)
			return &keys[i];
	return NULL;
}

static struct cs_refusal
not_good(const char *code, const char *clause, const char *text)
{
	return (struct cs_refusal){
		.code = code,
		.field = "mail",
		.clause = clause,
		.text = text,
		.mend =
		    "answer from the mailbox itself, through its own mail server, which signs mails"
	};
}

static const char *
names_of(struct cs_arena *arena, const struct dkim_signature *sig)
{
	struct cs_buf out = cs_buf_new(arena);

	for (size_t i = 0; i < sig->names_len; i++) {
		if (i > 0)
			cs_buf_add_str(&out, ":");
		cs_buf_add_str(&out, cs_escape(arena, sig->names[i], DKIM_NAME_MAX));
	}
	return (const char *)cs_buf_span(&out).data;
}

/* One signature of the right domain. */
static enum reply_finding
try_signature(struct cs_arena *arena, const struct dkim_mail *mail,
    const struct dkim_signature *sig, const struct reply_key *key, int64_t now_ms, unsigned flags,
    struct cs_refusal *ret_why)
{
	const char *missing;

	if (sig->why.code == NULL &&
	    !dkim_covers(mail, sig, (flags & REPLY_ALLOW_ABSENT) == 0, &missing)) {
		*ret_why = not_good("reply-not-covered", "RFC 8823 3.2",
		    cs_arena_printf(arena, "the signature of the mail leaves %s out", missing));
		return REPLY_REFUSED;
	}
	if (sig->why.code == NULL && (key == NULL || key->unknown)) {
		*ret_why = not_good("reply-key-unknown", "RFC 8823 3.2",
		    "the key of the signature could not be looked up");
		return REPLY_COULD_NOT_TELL;
	}
	return dkim_verify(arena, mail, sig, key == NULL ? NULL : key->texts,
		   key == NULL ? 0 : key->texts_len, now_ms, flags & DKIM_ALLOW_RSA_1024, ret_why)
		   ? REPLY_PROVED
		   : REPLY_REFUSED;
}

void
reply_verify(struct cs_arena *arena, struct cs_span octets, const struct reply_key *keys,
    size_t keys_len, int64_t now_ms, unsigned flags, struct reply_verdict *ret_verdict)
{
	struct reply_verdict verdict = { .finding = REPLY_REFUSED };
	const struct dkim_signature *sigs;
	struct dkim_mail mail;

	*ret_verdict = verdict;
	if (!dkim_mail_read(arena, octets, &mail, &ret_verdict->why))
		return;
	const char *from = only_address(arena, &mail, "From");
	const char *domain = domain_of(arena, from);
	const size_t n = dkim_signatures_read(arena, &mail, &sigs);

	verdict.why =
	    domain == NULL
		? not_good("reply-from", "RFC 8823 3.2", "the mail is not from exactly one address")
	    : n == 0 ? not_good("reply-unsigned", "RFC 8823 3.2", "the mail is not signed by DKIM")
		     : not_good("reply-misaligned", "RFC 8823 3.2",
			   "no signature of the mail is by the domain that it is from");
	for (size_t i = 0; i < n && domain != NULL; i++) {
		if (sigs[i].domain == NULL || strcmp(sigs[i].domain, domain) != 0)
			continue;
		struct cs_refusal why = { .code = NULL };
		const enum reply_finding found = try_signature(arena, &mail, &sigs[i],
		    sigs[i].owner == NULL ? NULL : find_key(keys, keys_len, sigs[i].owner), now_ms,
		    flags, &why);

		if (found == REPLY_PROVED) {
			*ret_verdict = (struct reply_verdict){ .finding = REPLY_PROVED,
				.from = from,
				.domain = sigs[i].domain,
				.owner = sigs[i].owner,
				.algorithm = dkim_algorithm_name(sigs[i].algorithm),
				.names = names_of(arena, &sigs[i]) };
			return;
		}
		if (verdict.finding == REPLY_COULD_NOT_TELL)
			continue; /* one that might be good says more than one that is not */
		verdict.finding = found;
		verdict.why = why;
	}
	*ret_verdict = verdict;
}
