/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notify.h: who is told of what, once for each request and kind, and for how long it is tried.  Pure: no I/O,
 * no clock, no memory but the arena.
 */
#ifndef NOTIFY_NOTIFY_H
#define NOTIFY_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/id.h"
#include "base/time.h"

struct codes_challenge;
struct codes_tally;

#define NOTIFY_TRIED_MS CS_DAY_MS /* then it is given up */

enum notify_kind {
	NOTIFY_ISSUED,
	NOTIFY_REFUSED,
	NOTIFY_REVOKED,
	NOTIFY_EXPIRING_30, /* days before its end */
	NOTIFY_EXPIRING_14,
	NOTIFY_EXPIRING_7,
	NOTIFY_EXPIRING_1,
	NOTIFY_KINDS
};
enum notify_state {
	NOTIFY_NONE, /* nothing to tell yet */
	NOTIFY_WAITING,
	NOTIFY_SENT,
	NOTIFY_GIVEN_UP,
	NOTIFY_NOBODY /* the request named nobody to be told */
};
/* "issued", "refused", "revoked", "expiring-30", ... */
const char *notify_kind_name(enum notify_kind kind);
/* False: no kind has this name. */
bool notify_kind_parse(const char *name, enum notify_kind *ret_kind);
/* The reminder of this step; false: there is none. */
bool notify_kind_of_days(uint32_t days_left, enum notify_kind *ret_kind);
/* "waiting", "sent", "given-up", "nobody". */
const char *notify_state_name(enum notify_state state);

struct notify_delivery {
	enum notify_state state;
	int64_t made_ms;
	uint32_t attempts;
	const char *reply; /* the relay's last word, escaped; NULL: none */
	uint32_t version;  /* of the row; for store.c alone */
	bool changed;      /* since it was loaded; for store.c alone */
};

/* The aggregate: one per request; all zero is a new one. */
struct notify_case {
	struct notify_delivery deliveries[NOTIFY_KINDS];
	struct codes_challenge *challenges; /* of second factors, a person's each: see codes.h */
	size_t n_challenges;
	struct codes_tally *tallies; /* of those who are to be sent codes; shared by the batch */
};

/* What happened to a request, already checked and written as the mail that tells it. */
struct notify_outcome {
	enum notify_kind kind;
	const char *contact;    /* "": nobody */
	const char *enterprise; /* whose relay sends it; "": ours */
	const char *subject, *body;
};

enum notify_result { NOTIFY_ACCEPTED, NOTIFY_TRY_AGAIN, NOTIFY_NEVER };
struct notify_mailed {
	enum notify_kind kind;
	enum notify_result result;
	uint32_t attempt;  /* from 1 */
	const char *reply; /* escaped */
};

struct notify_step {
	struct notify_delivery next;
	bool mails;       /* the outcome is to be mailed now */
	bool told;        /* notice.sent: it is over, as next.state says */
	int64_t again_ms; /* when the mail is to be tried again; 0: never */
	const char *says; /* for the log */
};

struct notify_step notify_decide_outcome(
    const struct notify_delivery *old, const struct notify_outcome *outcome, int64_t now_ms);
struct notify_step notify_decide_mailed(
    const struct notify_delivery *old, const struct notify_mailed *mailed, int64_t now_ms);

#endif
