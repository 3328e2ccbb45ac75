/* SPDX-License-Identifier: Apache-2.0 */
#include "password.h"

#include <string.h>

#include "pki/hash.h"

const char *
password_begun_name(enum password_begun result)
{
	static const char *const names[] = {
		[PASSWORD_GO] = "go",
		[PASSWORD_IS_VOID] = "void",
		[PASSWORD_TOO_MANY] = "too-many",
		[PASSWORD_STALE] = "stale",
	};

	return names[result];
}

const char *
password_verdict_name(enum password_verdict verdict)
{
	static const char *const names[] = {
		[PASSWORD_PROVED] = "proved",
		[PASSWORD_WRONG] = "wrong",
		[PASSWORD_VOID] = "void",
		[PASSWORD_NO_LOGIN] = "no-login",
		[PASSWORD_AWAY] = "away",
	};

	return names[verdict];
}

/* Do tries of this order count in that challenge? */
static bool
goes_on(const struct codes_setting *in, const struct codes_challenge *old,
    const struct claim_factor_order *order)
{
	return !cs_id_is_zero(old->id) && old->state != CODES_USED &&
	       in->now_ms < old->expires_ms && strcmp(old->method, order->method) == 0 &&
	       memcmp(old->request_digest, order->request_digest, CLAIM_DIGEST) == 0;
}

static struct codes_challenge
challenge_of(const struct codes_setting *in, const struct codes_challenge *old,
    const struct claim_factor_order *order)
{
	struct codes_challenge next = { .enterprise = order->enterprise,
		.account = order->account,
		.method = factor_method_find(order->method)->name,
		.expires_ms = in->now_ms + CODES_LIFE_MS,
		.version = old->version };

	memcpy(next.request_digest, order->request_digest, CLAIM_DIGEST);
	return next;
}

/* A new id each time: by these the tries of an hour are counted. */
static void
write_down(const struct codes_setting *in, struct codes_challenge *next)
{
	uint8_t nonce[CODE_NONCE];

	code_seed(in->key, in->now_ms, in->random, &next->id, nonce);
	pki_wipe(nonce, sizeof(nonce));
	next->made_ms = in->now_ms;
	next->tries++;
	next->changed = next->is_new = true;
}

struct password_try
password_decide_try(const struct codes_setting *in, const struct codes_challenge *old,
    const struct claim_factor_order *order, struct codes_tally *tally)
{
	const bool going_on = goes_on(in, old, order);
	struct password_try begun = { .next = *old };

	if (in->now_ms - order->ordered_at_ms > CODES_ORDER_MS) {
		begun.result = PASSWORD_STALE;
		return begun;
	}
	if (going_on && (old->state == CODES_VOID || old->tries >= CODES_TRIES)) {
		begun.result = PASSWORD_IS_VOID;
		begun.retry_ms = old->expires_ms;
		return begun;
	}
	if (tally->n >= CODES_PER_HOUR) {
		begun.result = PASSWORD_TOO_MANY;
		begun.retry_ms = tally->oldest_ms + CS_HOUR_MS;
		return begun;
	}
	tally->n++;
	if (tally->oldest_ms == 0)
		tally->oldest_ms = in->now_ms;
	if (!going_on)
		begun.next = challenge_of(in, old, order);
	write_down(in, &begun.next);
	return begun;
}

static struct password_judged
judge_wrong(const struct codes_challenge *old, bool going_on)
{
	struct password_judged judged = { PASSWORD_WRONG, .next = *old };

	if (!going_on || old->tries < CODES_TRIES) {
		judged.tries_left = CODES_TRIES - (going_on ? old->tries : 1);
		return judged;
	}
	judged.verdict = PASSWORD_VOID;
	judged.retry_ms = old->expires_ms;
	judged.next.state = CODES_VOID;
	judged.next.changed = true;
	return judged;
}

/* Nobody said that it was wrong. */
static struct password_judged
give_back(const struct codes_challenge *old, bool going_on, enum password_verdict verdict)
{
	struct password_judged judged = { verdict, .next = *old };

	if (going_on && old->state == CODES_OPEN && old->tries > 0) {
		judged.next.tries--;
		judged.next.changed = true;
	}
	return judged;
}

struct password_judged
password_decide_bound(const struct codes_setting *in, const struct codes_challenge *old,
    const struct claim_factor_order *order, enum directory_outcome outcome)
{
	const bool going_on = goes_on(in, old, order);
	struct password_judged judged = { PASSWORD_PROVED, .next = *old };

	if (going_on && old->state == CODES_VOID) {
		judged.verdict = PASSWORD_VOID;
		judged.retry_ms = old->expires_ms;
		return judged;
	}
	switch (outcome) {
	case DIRECTORY_BOUND:
		break;
	case DIRECTORY_WRONG:
		return judge_wrong(old, going_on);
	case DIRECTORY_NO_NAME:
		return give_back(old, going_on, PASSWORD_NO_LOGIN);
	case DIRECTORY_AWAY:
		return give_back(old, going_on, PASSWORD_AWAY);
	}
	if (going_on) {
		judged.next.state = CODES_USED;
		judged.next.changed = true;
	}
	return judged;
}

struct claim_factor
password_claim(const struct codes_setting *in, const struct claim_factor_order *order)
{
	struct claim_factor factor = { .request = order->request,
		.enterprise = order->enterprise,
		.account = order->account,
		.method = order->method,
		.proved_at_ms = in->now_ms };

	memcpy(factor.request_digest, order->request_digest, CLAIM_DIGEST);
	return factor;
}
