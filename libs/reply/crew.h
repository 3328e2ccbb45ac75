/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crew.h: mails are read in sandboxed children (sandbox/sandbox.h), without network, files or keys.
 *
 * Two sets of children of one role: some read (gmime), others verify signatures and never see gmime.  A mail
 * that takes over its reader can say what it likes about itself, and still has no signature; and a reader is
 * replaced as soon as it has read a mail (within a second), so that it meets few others.
 *
 *	reply_crew_read(octets)            -> facts, or that it is no mail, or nobody can tell
 *	... find the challenge, reply_judge_form(), look up facts.owners ...
 *	reply_crew_verify(octets, keys)    -> verdict
 *	reply_judge(facts, verdict, expected)
 */
#ifndef REPLY_CREW_H
#define REPLY_CREW_H

#include "reply/reply.h"
#include "sandbox/sandbox.h"

/* For svc_service.children, or sandbox_child_main(). */
extern const struct sandbox_role reply_role;

struct reply_crew;

struct reply_crew_settings {
	uint32_t readers, verifiers; /* 1 to SANDBOX_CHILDREN_MAX; 0: 1 */
	sandbox_told *told;          /* NULL: nobody is told */
	void *told_arg;
};

/* As sandbox_open(). */
CS_MUST_USE enum cs_code reply_crew_open(const struct reply_crew_settings *settings,
    struct event_base *base, struct reply_crew **ret_crew, struct cs_err *err);
/* Questions in flight end without `done`.  Not from a callback.  Takes NULL. */
void reply_crew_close(struct reply_crew *crew);

struct reply_reading {
	/* REPLY_PROVED: it is a mail, and here are its facts.  REPLY_REFUSED: it is none; why. */
	enum reply_finding
	    finding; /* REPLY_COULD_NOT_TELL: try again later ("reply-reader"); why */
	struct reply_facts facts;
	struct cs_refusal why;
};
/* `reading` lives in the caller's arena. */
typedef void reply_read_done(void *arg, const struct reply_reading *reading);
typedef void reply_verify_done(void *arg, const struct reply_verdict *verdict);

/*
 * As reply_read() and reply_verify(), and exactly one call of `done`, from the loop, never before this
 * returns, within 20 seconds.  The octets are copied; `arena` must live until then, `keys` only until this
 * returns.  Mails over DKIM_MAIL_MAX are refused.  A child that died or was late: REPLY_COULD_NOT_TELL,
 * code "reply-reader".
 *
 * Keys out of a probe "dkim-key" for check->target = owner: proved: one text, `detail`; refused because of
 * "txt-no-record", "txt-too-many" or "txt-unreadable": no text, for there is no key that counts; anything
 * else, "dnssec-bogus" too: unknown.
 */
void reply_crew_read(struct reply_crew *crew, struct cs_span octets, const char *envelope_from,
    struct cs_arena *arena, reply_read_done *done, void *arg);
void reply_crew_verify(struct reply_crew *crew, struct cs_span octets, const struct reply_key *keys,
    size_t keys_len, int64_t now_ms, unsigned flags, struct cs_arena *arena,
    reply_verify_done *done, void *arg);

/* Of both sets: process ids, at most `max`; how many there are. */
size_t reply_crew_pids(const struct reply_crew *crew, int *ret_pids, size_t max);

#endif
