/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reply.h: is this mail the answer to a challenge (RFC 8823 3.2), and what do bounces say (RFC 3464)?
 * Pure: octets in, facts out; facts and what is expected in, a decision out.
 *
 *	1. reply_read(): the facts of a mail, and the names of the keys that may have signed it;
 *	2. the caller finds the challenge (by facts.token, facts.in_reply_to or the address that the mail
 *	   came to) and looks up TXT at each of facts.owners;
 *	3. reply_verify(): which of the signatures is good, by code that never saw gmime;
 *	4. reply_judge(): all rules over facts, verdict and what is expected.
 *
 * 1 and 3 read strangers' octets and belong into a child (child.h); what the child says is given to 4, which
 * believes none of its texts.  The life of a challenge (pending, 24 hours, tries, one answer) is the caller's.
 */
#ifndef REPLY_REPLY_H
#define REPLY_REPLY_H

#include "base/arena.h"
#include "base/err.h"
#include "base/refusal.h"
#include "dkim/dkim.h"
#include "reply/challenge.h"

#define REPLY_SHOWN 200     /* characters of what people are shown */
#define REPLY_TOKEN_MAX 128 /* characters behind "ACME:" */
#define REPLY_LIST_MAX 64   /* addresses in To, identifiers */

enum reply_body {
	REPLY_BODY_BLOCK = 0, /* one block with 32 octets in it: facts.digest */
	REPLY_BODY_NO_TEXT,   /* neither text/plain nor multipart/alternative with one such part */
	REPLY_BODY_ENCODING,  /* a transfer encoding that is not known */
	REPLY_BODY_LINE_ENDS, /* CR or LF alone in the text */
	REPLY_BODY_NO_BLOCK,  /* no block begins a line, or it does not end */
	REPLY_BODY_TWO_BLOCKS,
	REPLY_BODY_AUTHORIZATION, /* the key authorization itself instead of its digest */
	REPLY_BODY_DIGEST,        /* something else that is not base64url of 32 octets */
	REPLY_BODIES
};

enum reply_bounce_kind {
	REPLY_NO_BOUNCE = 0,
	REPLY_BOUNCE_FAILED,     /* the mail will not arrive */
	REPLY_BOUNCE_DELAYED,    /* the server still tries */
	REPLY_BOUNCE_OTHER,      /* a report of something else: delivered, relayed, expanded */
	REPLY_BOUNCE_AUTO_REPLY, /* an absence note or the like: says nothing about the mail */
	REPLY_BOUNCE_UNKNOWN,    /* from the null sender, in a form of its own */
	REPLY_BOUNCE_KINDS
};
const char *reply_bounce_kind_name(enum reply_bounce_kind kind); /* "failed" */

struct reply_bounce {
	enum reply_bounce_kind kind;
	/* All may be NULL, and all are a stranger's words: */
	const char *message_id; /* "<...>" of the mail that it is about */
	const char
	    *recipient;     /* as the report names it: Final-Recipient, else Original-Recipient */
	const char *status; /* RFC 3463: "5.1.1" */
	const char *diagnostic; /* escaped, REPLY_SHOWN characters */
};

struct reply_facts {
	/* Texts are NULL where the mail has none, or none that can be read. */
	const char *from; /* the only address of the only From field, as written */
	const char *const *to;
	size_t to_len;
	const char *token; /* of the subject: what follows the only "ACME:", without white space */
	const char *message_id; /* "<...>" */
	bool has_in_reply_to, has_references;
	const char *const *in_reply_to, *const *references; /* empty when they cannot be read */
	size_t in_reply_to_len, references_len;
	const char *list_field;     /* the name of a field that begins with List- */
	const char *twice;          /* the name of a field that may be there once, and is not */
	const char *auto_submitted; /* its first word */
	bool null_sender;           /* of the envelope */
	struct reply_bounce bounce; /* kind REPLY_NO_BOUNCE: it looks like a mail by a person */
	enum reply_body body;
	uint8_t digest[REPLY_DIGEST]; /* with REPLY_BODY_BLOCK */
	size_t signatures;            /* how many DKIM signatures were looked at */
	const char
	    *owners[DKIM_SIGNATURES_MAX]; /* of the keys of those that may count: each once */
	size_t owners_len;
};

/*
 * `envelope_from`: what MAIL FROM said; "" is the null sender.  False: it is no mail at all; *ret_why
 * (codes of dkim/mail.h).
 */
CS_MUST_USE bool reply_read(struct cs_arena *arena, struct cs_span octets,
    const char *envelope_from, struct reply_facts *ret_facts, struct cs_refusal *ret_why);

/* ---- signatures ---- */

struct reply_key {
	const char *owner; /* one of facts.owners */
	bool unknown;      /* it could not be looked up, or not be validated */
	const struct cs_span
	    *texts; /* the TXT records there, the strings of each joined; may be none */
	size_t texts_len;
};

enum reply_finding { REPLY_PROVED, REPLY_REFUSED, REPLY_COULD_NOT_TELL, REPLY_FINDINGS };

struct reply_verdict {
	enum reply_finding finding;
	/* REPLY_PROVED: */
	const char *from;   /* the address that was signed for, as written */
	const char *domain; /* d= */
	const char *owner;
	const char *algorithm; /* "rsa-sha256" */
	const char *names;     /* h=, "From:To:..." */
	/* Otherwise: */
	struct cs_refusal why;
};

#define REPLY_ALLOW_RSA_1024 DKIM_ALLOW_RSA_1024
#define REPLY_ALLOW_ABSENT \
	2u /* h= need not name fields that the mail does not have; not for public trust */
#define REPLY_ALLOW_NO_IN_REPLY_TO 4u

/*
 * Is one of the signatures by the domain of From (d= equals it), good, and over all fields that matter?
 * REPLY_COULD_NOT_TELL: none is, but the key of one that might be is unknown.  Codes: those of dkim/dkim.h,
 * "reply-from", "reply-unsigned", "reply-misaligned", "reply-not-covered", "reply-key-unknown".
 */
void reply_verify(struct cs_arena *arena, struct cs_span octets, const struct reply_key *keys,
    size_t keys_len, int64_t now_ms, unsigned flags, struct reply_verdict *ret_verdict);

/* ---- the decision ---- */

struct reply_expected {
	const char *mailbox;    /* canonical: what is being proved */
	const char *to;         /* canonical: Reply-To of the challenge, else its From */
	const char *message_id; /* "<...>" of the challenge */
	const char *part1;      /* of the token; NULL: the caller found the challenge by it */
	const uint8_t *digest;  /* REPLY_DIGEST octets: of the key authorization */
	unsigned flags;         /* REPLY_ALLOW_NO_IN_REPLY_TO */
};

/*
 * Every rule of RFC 8823 3.2 but those of time.  REPLY_REFUSED: *ret_why is the first that is broken; its
 * code: "reply-bounce", "reply-auto", "reply-list", "reply-twice", "reply-from", "reply-from-other",
 * "reply-to", "reply-subject", "reply-token", "reply-message-id", "reply-in-reply-to", "reply-references",
 * "reply-text", "reply-encoding", "reply-line-ends", "reply-no-block", "reply-two-blocks",
 * "reply-authorization", "reply-digest-form", that of the verdict, "reply-signature" (the verdict is about
 * another address than the facts), and last "reply-digest", a wrong answer: only who could have sent the
 * right one uses up a try.  REPLY_COULD_NOT_TELL: what is seen is right so far, and the verdict could not
 * tell; *ret_why is its reason.
 */
enum reply_finding reply_judge(struct cs_arena *arena, const struct reply_facts *facts,
    const struct reply_verdict *verdict, const struct reply_expected *expected,
    struct cs_refusal *ret_why);

/*
 * The same without signature and answer: may it be the answer that is waited for?  Before keys are looked
 * up, so that no stranger's mail makes us ask.
 */
CS_MUST_USE bool reply_judge_form(struct cs_arena *arena, const struct reply_facts *facts,
    const struct reply_expected *expected, struct cs_refusal *ret_why);

#endif
