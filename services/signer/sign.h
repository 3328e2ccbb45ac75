/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sign.h: act: the one place where the CA key is used.
 *
 * An order to sign is a row of the work table, and rows can be edited by whoever owns the database.  So
 * an order is sealed with a key that only signers have: what they did not judge they do not sign.
 * And it is good for a minute: later the gate must be asked again (the result is SIGN_RECHECK).
 * The key signs what the lints of the profile have just passed, octet for octet, and nothing else.
 */
#ifndef SIGNER_SIGN_H
#define SIGNER_SIGN_H

#include "gate/gate.h"
#include "record.h"
#include "svc/svc.h"

struct sign_order {
	int64_t judged_at_ms;
	const char *issuer, *profile; /* label of the CA; certificate profile */
	struct cs_span tbs;
};

struct cs_span sign_write_order(struct cs_arena *arena, struct cs_span seal_key,
    struct cs_id request, const struct sign_order *order);
/* False: not sealed by us for this request. */
bool sign_read_order(
    struct cs_span seal_key, struct cs_id request, struct cs_span body, struct sign_order *ret);

/* FAILED: not now, try again.  REFUSED: another linter found an error. */
enum sign_says { SIGN_DONE = 1, SIGN_RECHECK, SIGN_FAILED, SIGN_REFUSED };

struct sign_result {
	enum sign_says says;
	uint8_t tbs_sha256[32];   /* of what was signed */
	struct cs_span signature; /* SIGN_DONE */
	const char *id, *text;    /* SIGN_REFUSED: of that linter */
};

struct cs_span sign_write_result(struct cs_arena *arena, const struct sign_result *result);
/* Borrows from `body`.  CS_MALFORMED. */
CS_MUST_USE enum cs_code
sign_read_result(struct cs_span body, struct sign_result *ret, struct cs_err *err);

/*
 * Do its events bring signatures, and nothing else?  What a signature is stored with is told by the request alone,
 * and that it may be was judged: for such an aggregate neither plan nor evidence is loaded.
 */
bool sign_brings_all(const struct svc_aggregate *aggregate);
/* And is each over the octets of this intent? */
bool sign_fits(const struct svc_aggregate *aggregate, const struct record_intent *intent);
/* The same of one. */
bool sign_is_over(const struct sign_result *result, const struct record_intent *intent);

/* May this order be carried out now? */
bool sign_is_fresh(const struct sign_order *order, int64_t now_ms);

struct signer_service;
/*
 * Signs when the order is ours and fresh; never fails: the result says what to do.  Asks no other linter:
 * sign_act does, and then calls this.
 */
struct sign_result sign_carry_out(const struct signer_service *signer, struct svc_work *work);

/* The hand's job: every kind of work that uses a CA key.  `self` is a struct signer_service. */
struct cs_span sign_job(void *self, struct svc_work *work);
/* svc_act: gives it to the hand. */
void sign_act(void *self, struct svc_work *work);

#endif
