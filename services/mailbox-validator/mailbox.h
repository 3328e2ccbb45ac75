/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mailbox.h: is this mailbox theirs (SBR 3.2.2.2)?  Pure: no I/O, no clock, no randomness of its own, no
 * memory but the arena.  Each function takes one challenge as it is and one fact, and returns the
 * challenge as it is then and what follows.
 */
#ifndef MAILBOX_MAILBOX_H
#define MAILBOX_MAILBOX_H

#include "base/time.h"
#include "claim/claim.h"
#include "return_path.h"
#include "tally.h"
#include "token.h"

#define MAILBOX_LIFE_MS CS_DAY_MS           /* of a token, from its creation */
#define MAILBOX_REUSE_MS (30 * CS_DAY_MS)   /* of a proof, SBR 4.2.1 */
#define MAILBOX_TRIES 5                     /* wrong ones, then all that live are void */
#define MAILBOX_LIVE 3                      /* tokens of one challenge */
#define MAILBOX_WISH_MS CS_DAY_MS           /* how long a press waits for its order */
#define MAILBOX_CHALLENGES CLAIM_MAX_CHECKS /* of one request */
#define MAILBOX_BAD_ANSWERS 3               /* then what was mailed for an answer is void */
#define MAILBOX_RETURNED 20                 /* things that come back of one mail and are told */
#define MAILBOX_METHOD "email-token"
#define MAILBOX_REPLY_METHOD "email-reply"
#define MAILBOX_ROUTE_METHOD "mail-route"

/* How the mailbox is proved by a mail. */
enum mailbox_way { MAILBOX_BY_TOKEN, MAILBOX_BY_REPLY };
/* The method of libs/smime that it is. */
const char *mailbox_way_method(enum mailbox_way way);

enum mailbox_mail_state {
	MAILBOX_MADE,
	MAILBOX_SENT,
	MAILBOX_REFUSED,
	MAILBOX_UNROUTED, /* the domain takes no mail: none was written */
};
/* "made", "sent", "refused", "unrouted". */
const char *mailbox_mail_state_name(enum mailbox_mail_state state);

struct mailbox_mail {
	struct cs_id id;
	uint8_t nonce[MAILBOX_NONCE], mac[MAILBOX_MAC];
	int64_t made_ms, expires_ms;
	enum mailbox_way way;
	uint32_t bad_answers, returned; /* returned: what came back of it and was told */
	enum mailbox_mail_state state;
	bool is_void;
	const char *reply; /* the last word of a mail server, escaped */
	struct cs_span
	    route; /* how the domain takes mail, when the mail was sent; wire.h reads it */
	bool is_new, changed; /* since it was loaded; for store.c alone */
};

/* One check of one request; all zero is a new one. */
struct mailbox_challenge {
	const char *check_id;
	struct cs_span asked_octets;                /* policy's order; empty: not here yet */
	struct claim_asked asked;                   /* as it says */
	struct mailbox_addressee to;                /* as it is counted */
	const char *wish_enterprise, *wish_account; /* of a press before the order; NULL: none */
	const char *wish_method;
	int64_t wished_ms;
	uint32_t tries, mails_made, mails_sent;
	struct mailbox_mail *mails; /* in the order of their making; old ones may be missing */
	size_t n_mails;
	struct cs_span evidence; /* envelope that says proved; empty: not proved */
	struct cs_id proved_mail;
	uint32_t version; /* of the row; for store.c alone */
	bool changed;     /* since it was loaded; for store.c alone */
};

/* The aggregate: all challenges of a request, and the counts of those whom its mails would go to. */
struct mailbox_case {
	struct mailbox_challenge *challenges;
	size_t n;
	struct mailbox_tally *tally; /* shared by the whole batch */
};

/* The challenge of this check, or NULL. */
struct mailbox_challenge *mailbox_find(const struct mailbox_case *c, const char *check_id);
/* Takes the place of the challenge of the same check, or is one more. */
void mailbox_put(
    struct mailbox_case *c, struct cs_arena *arena, const struct mailbox_challenge *challenge);
/* Of a check that is a mailbox's: "mailbox-1" to "mailbox-99". */
bool mailbox_is_check(const char *check_id);
/* As mails to it are counted: case folds and a "+tag" goes, for most servers read all of these alike. */
struct mailbox_addressee
mailbox_addressee_of(struct cs_arena *arena, const struct claim_check *check);
/* Can somebody who has this token still use it? */
bool mailbox_is_live(const struct mailbox_mail *mail, int64_t now_ms);

/* What every decision is given. */
struct mailbox_setting {
	struct cs_span token_key;
	struct mailbox_limits limits;
	bool takes_answers; /* is there an address that answers by mail come to? */
	struct cs_id request;
	int64_t now_ms;
	const uint8_t *random; /* 32 octets, fresh */
	struct mailbox_tally *tally;
	struct cs_arena *arena;
};

/* The facts, each already checked for its form. */
struct mailbox_asked {
	struct claim_asked asked;
	struct cs_span octets;
	struct mailbox_addressee to;
};
struct mailbox_pressed {
	const char *check_id, *enterprise, *account;
	const char *method; /* "": the first that the order allows */
};
struct mailbox_submitted {
	const char *check_id, *enterprise, *account;
	bool readable; /* false: what was typed can be no token */
	uint8_t tag[MAILBOX_MAC];
};
enum mailbox_delivery {
	MAILBOX_ACCEPTED,
	MAILBOX_TRY_AGAIN, /* the relay said later, was not reached, or nobody knows; or DNS failed */
	MAILBOX_NEVER,     /* the relay or our own check of the address said no */
	MAILBOX_TOO_LATE, /* the token had expired: nothing was sent */
	MAILBOX_NO_ROUTE, /* the domain takes no mail: nothing was sent */
};
struct mailbox_mailed {
	const char *check_id;
	struct cs_id mail;
	enum mailbox_delivery delivery;
	uint32_t attempt;            /* from 1 */
	const char *reason, *clause; /* stable code and rule; "" when it was accepted */
	const char *reply;           /* escaped, without a token */
	struct cs_span route;        /* what was found of it; empty: it was not looked at */
};

/*
 * How a domain takes mail (RFC 5321 5.1, RFC 7505), as it was found before a mail was written: what
 * evidence says of DNS.
 */
struct mailbox_route {
	enum claim_dnssec security;
	const char *found_at;
	uint32_t ttl_s;
	struct claim_lookup *lookups;
	size_t n_lookups;
	struct claim_texts seen; /* "10 mx.example", best first */
	int64_t checked_at_ms;
};

/* A report that came back to the return path of a mail (RFC 3464): nobody vouches for it. */
struct mailbox_bounced {
	struct mailbox_return path;
	bool for_good;      /* it will not be delivered; else it is delayed */
	const char *status; /* RFC 3463, or "" */
	const char *reply;  /* what the last server said, escaped */
};

/* The mail whose answer is waited for. */
struct mailbox_expected {
	const char *mailbox;
	struct cs_id mail;
	uint8_t nonce[MAILBOX_NONCE], request_digest[CLAIM_DIGEST];
};

/* A mail that came to the address of a challenge, and what was found of it. */
struct mailbox_answered {
	struct mailbox_return path;
	const char *reason, *clause, *text; /* of the rule that it breaks; reason "": none */
	uint8_t tag[MAILBOX_MAC];           /* of the answer in it */
	const char *signed_by;              /* "domain=... selector=... headers=..." */
	struct cs_span key;                 /* how the signature's key was found, as a route */
};

struct mailbox_answer {
	const char *result; /* of SubmitTokenAnswer */
	uint32_t tries_left;
	const char *text;
};

struct mailbox_step {
	struct mailbox_challenge next;
	const struct mailbox_mail *mail; /* to be sent now; NULL: none */
	const char *told, *reply;        /* state of a challenge event, and why; NULL: none */
	const char *reason, *clause;     /* of that; NULL: none */
	const char *status;              /* RFC 3463; NULL: that of the reply */
	struct cs_span route;            /* of the mail that it is about; empty: unknown */
	int64_t again_ms;                /* when this mail is to be tried again; 0: never */
	bool proves;                     /* by the token of next.proved_mail, or the answer to it */
	const char *signed_by;           /* of that answer */
	struct cs_span key;
	struct mailbox_answer answer; /* to a submission */
	const char *says;             /* for the log */
};

/* plan.mailbox-asked */
struct mailbox_step mailbox_decide_asked(const struct mailbox_setting *in,
    const struct mailbox_challenge *old, const struct mailbox_asked *asked);
/* request.verification-asked, for a check that mailbox_is_check() */
struct mailbox_step mailbox_decide_pressed(const struct mailbox_setting *in,
    const struct mailbox_challenge *old, const struct mailbox_pressed *pressed);
/* ask.mailbox.submit */
struct mailbox_step mailbox_decide_submitted(const struct mailbox_setting *in,
    const struct mailbox_challenge *old, const struct mailbox_submitted *submitted);
/* work.mail */
struct mailbox_step mailbox_decide_mailed(const struct mailbox_setting *in,
    const struct mailbox_challenge *old, const struct mailbox_mailed *mailed);

/* mail.bounced */
struct mailbox_step mailbox_decide_bounced(const struct mailbox_setting *in,
    const struct mailbox_challenge *old, const struct mailbox_bounced *bounced);

/* mail.came: false: no answer to this mail is waited for. */
CS_MUST_USE bool mailbox_expects(const struct mailbox_challenge *challenge,
    const struct mailbox_return *path, int64_t now_ms, struct mailbox_expected *ret);
/* mail.answered */
struct mailbox_step mailbox_decide_answered(const struct mailbox_setting *in,
    const struct mailbox_challenge *old, const struct mailbox_answered *answered);
/* The mail that this came back of, or NULL. */
struct mailbox_mail *
mailbox_returned(const struct mailbox_challenge *challenge, const struct mailbox_return *path);
/* Does the order leave this method to the person? */
bool mailbox_allows(const struct claim_check *check, const char *method);

/* Is an answer by mail waited for, and is this whose request it is? */
bool mailbox_may_answer(const struct mailbox_challenge *challenge, const char *enterprise,
    const char *account, int64_t now_ms);

/* What a challenge event says beside its state. */
uint32_t mailbox_tries_left(const struct mailbox_challenge *challenge);
/* When the last token that lives and was handed over dies; 0: there is none. */
int64_t mailbox_expires_ms(const struct mailbox_challenge *challenge, int64_t now_ms);
/* The mail of a challenge, or NULL. */
struct mailbox_mail *mailbox_mail_of(const struct mailbox_challenge *challenge, struct cs_id id);
/*
 * What is stated when the token or the answer came back; envelope and key are the caller's.  `route` is
 * that of the mail, `key` how the answer's key was found; NULL: unknown.
 */
struct claim_evidence
mailbox_evidence(const struct mailbox_setting *in, const struct mailbox_step *step,
    const struct mailbox_route *route, const struct mailbox_route *key);

#endif
