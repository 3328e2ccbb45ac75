/* SPDX-License-Identifier: Apache-2.0 */
/* judge.c: the rules of RFC 8823 3.2 over facts.  Addresses are read by smime/address.h alone. */
#include <string.h>

#include "reply/reply.h"
#include "smime/address.h"

static bool
refuse(struct cs_refusal *ret_why, const char *code, const char *text, const char *mend)
{
	return cs_refuse(ret_why, (struct cs_refusal){ .code = code,
				      .field = "mail",
				      .clause = "RFC 8823 3.2",
				      .text = text,
				      .mend = mend });
}

#define ANSWER "press \"reply\" in the mail program of this mailbox, and add nothing but the answer"

static bool
is_address(struct cs_arena *arena, const char *text, const char *canonical)
{
	struct smime_address address;
	struct cs_refusal why;

	return text != NULL && smime_address_parse(arena, cs_span_str(text), &address, &why) &&
	       strcmp(address.canonical, canonical) == 0;
}

static bool
has_address(struct cs_arena *arena, const char *const *list, size_t len, const char *canonical)
{
	for (size_t i = 0; i < len; i++)
		if (is_address(arena, list[i], canonical))
			return true;
	return false;
}

static bool
has_text(const char *const *list, size_t len, const char *text)
{
	for (size_t i = 0; i < len; i++)
		if (strcmp(list[i], text) == 0)
			return true;
	return false;
}

/* Sent by a person, to us alone. */
static bool
judge_sender(const struct reply_facts *facts, struct cs_refusal *ret_why)
{
	if (facts->null_sender || (facts->bounce.kind != REPLY_NO_BOUNCE &&
				      facts->bounce.kind != REPLY_BOUNCE_AUTO_REPLY))
		return refuse(ret_why, "reply-bounce",
		    "this is a report by a mail server, and no answer", ANSWER);
	if (facts->auto_submitted != NULL &&
	    !cs_span_is_nocase(cs_span_str(facts->auto_submitted), "no"))
		return refuse(ret_why, "reply-auto",
		    "the mail was sent by a program (Auto-Submitted)", ANSWER);
	if (facts->list_field != NULL)
		return refuse(ret_why, "reply-list",
		    "the mail came through a mailing list (List- fields)",
		    "answer directly; a mailing list's address cannot be proved");
	return facts->twice == NULL ||
	       refuse(ret_why, "reply-twice",
		   "a header field that may be there once is there more often", ANSWER);
}

static bool
judge_addresses(struct cs_arena *arena, const struct reply_facts *facts,
    const struct reply_expected *expected, struct cs_refusal *ret_why)
{
	struct smime_address address;
	struct cs_refusal why;

	if (facts->from == NULL ||
	    !smime_address_parse(arena, cs_span_str(facts->from), &address, &why))
		return refuse(
		    ret_why, "reply-from", "the mail is not from exactly one address", ANSWER);
	if (strcmp(address.canonical, expected->mailbox) != 0)
		return refuse(ret_why, "reply-from-other",
		    "the mail is from another address than the one that is being proved",
		    "answer from exactly this address");
	return has_address(arena, facts->to, facts->to_len, expected->to) ||
	       refuse(ret_why, "reply-to", "the mail is not to the address that asked", ANSWER);
}

static bool
judge_thread(const struct reply_facts *facts, const struct reply_expected *expected,
    struct cs_refusal *ret_why)
{
	const bool may_lack = (expected->flags & REPLY_ALLOW_NO_IN_REPLY_TO) != 0;

	if (facts->message_id == NULL)
		return refuse(ret_why, "reply-message-id", "the mail has no Message-ID", ANSWER);
	if (facts->has_in_reply_to
		? !has_text(facts->in_reply_to, facts->in_reply_to_len, expected->message_id)
		: !may_lack)
		return refuse(ret_why, "reply-in-reply-to",
		    "the mail does not say that it answers our mail (In-Reply-To)", ANSWER);
	return !facts->has_references ||
	       has_text(facts->references, facts->references_len, expected->message_id) ||
	       refuse(ret_why, "reply-references",
		   "the mail belongs to another conversation (References)", ANSWER);
}

static bool
judge_token(const struct reply_facts *facts, const struct reply_expected *expected,
    struct cs_refusal *ret_why)
{
	if (facts->token == NULL)
		return refuse(ret_why, "reply-subject", "the subject has no token behind \"ACME:\"",
		    "leave the subject as it is");
	if (expected->part1 == NULL)
		return true;
	const size_t len = strlen(expected->part1);

	return (strlen(facts->token) == len &&
		   cs_equal_constant_time(facts->token, expected->part1, len)) ||
	       refuse(ret_why, "reply-token", "the token in the subject is another one",
		   "answer the newest mail, and leave its subject as it is");
}

static bool
judge_body(enum reply_body body, struct cs_refusal *ret_why)
{
	static const struct {
		const char *code, *text, *mend;
	} rows[REPLY_BODIES] = {
		[REPLY_BODY_NO_TEXT] = { "reply-text",
		    "the mail is neither plain text nor has it one plain text as an alternative",
		    "answer in plain text" },
		[REPLY_BODY_ENCODING] = { "reply-encoding",
		    "the text travels in an encoding that is not known", "answer in plain text" },
		[REPLY_BODY_LINE_ENDS] = { "reply-line-ends",
		    "the lines of the text end otherwise than in CR LF", "answer in plain text" },
		[REPLY_BODY_NO_BLOCK] = { "reply-no-block",
		    "no line of the text begins the response, or none ends it",
		    "paste the response as it is, with its first and last line, and do not quote it" },
		[REPLY_BODY_TWO_BLOCKS] = { "reply-two-blocks",
		    "there is more than one response in the text", "paste the response once" },
		[REPLY_BODY_AUTHORIZATION] = { "reply-authorization",
		    "the response is the key authorization itself, not its SHA-256",
		    "use a client that follows RFC 8823" },
		[REPLY_BODY_DIGEST] = { "reply-digest-form",
		    "the response is not a SHA-256 in base64url",
		    "paste the response as it is, with its first and last line" },
	};

	if (body == REPLY_BODY_BLOCK)
		return true;
	return refuse(ret_why, rows[body].code, rows[body].text, rows[body].mend);
}

bool
reply_judge_form(struct cs_arena *arena, const struct reply_facts *facts,
    const struct reply_expected *expected, struct cs_refusal *ret_why)
{
	return judge_sender(facts, ret_why) && judge_addresses(arena, facts, expected, ret_why) &&
	       judge_token(facts, expected, ret_why) && judge_thread(facts, expected, ret_why) &&
	       judge_body(facts->body, ret_why);
}

enum reply_finding
reply_judge(struct cs_arena *arena, const struct reply_facts *facts,
    const struct reply_verdict *verdict, const struct reply_expected *expected,
    struct cs_refusal *ret_why)
{
	const char *at = strrchr(expected->mailbox, '@');
	bool good = reply_judge_form(arena, facts, expected, ret_why);

	if (good && verdict->finding != REPLY_PROVED) {
		*ret_why = verdict->why;
		return verdict->finding;
	}
	if (good && (!is_address(arena, verdict->from, expected->mailbox) || at == NULL ||
			verdict->domain == NULL || strcmp(verdict->domain, at + 1) != 0))
		good = refuse(ret_why, "reply-signature", "the mail was signed for another address",
		    "answer from exactly this address");
	if (good && !cs_equal_constant_time(facts->digest, expected->digest, REPLY_DIGEST))
		good = refuse(ret_why, "reply-digest", "the response is wrong",
		    "make the response from the newest mail and the token of this request");
	return good ? REPLY_PROVED : REPLY_REFUSED;
}
