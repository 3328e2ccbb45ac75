/* SPDX-License-Identifier: Apache-2.0 */
/*
 * life.h: what comes after a certificate: another one that follows it, and its revocation.  Pure, as
 * intake.h; the signer judges both again.
 */
#ifndef INTAKE_LIFE_H
#define INTAKE_LIFE_H

#include "intake.h"

/*
 * May this caller have a certificate that follows the one of `earlier` (NULL: there is none)?  Status 0: yes.
 * At any time while the earlier one is known, also after its end: what must be proved again is decided
 * by the plan, not by a date.  What is revoked is not renewed, but a new key or other names may follow it.
 */
struct intake_step intake_may_follow(const struct intake_request *earlier,
    const struct intake_caller *caller, enum claim_request_kind kind);

/* api.revoke */
struct intake_revoke {
	uint32_t reason; /* a known one */
	const char *text, *note_version;
};
/*
 * 202: it was asked for, now or before; 200: it is revoked.  The owner or an operator; only operators
 * withdraw a privilege.  A compromise is passed on also after another reason was given: the key must be blocked.
 */
struct intake_step intake_revoke(struct cs_arena *arena, struct intake_request *req,
    const struct intake_caller *caller, const struct intake_revoke *ask, int64_t now_ms);
/* The same without a caller: `wanted` says who asks and why. */
struct intake_step intake_ask_revocation(struct cs_arena *arena, struct intake_request *req,
    const struct intake_revocation *wanted, int64_t now_ms);

/* The request has ended, and no revocation that was asked for is on its way to the signer. */
bool intake_is_over(const struct intake_request *req);

/* certificate.revoked */
struct intake_revoked {
	uint32_t reason;
	enum claim_revoked_by by;
	const char *text;
	int64_t at_ms;
};
void intake_on_revoked(struct cs_arena *arena, struct intake_request *req,
    const struct intake_revoked *revoked, int64_t now_ms);
/* certificate.revocation-refused. */
struct intake_unrevoked {
	const char *code, *text;
};
void intake_on_revocation_refused(struct cs_arena *arena, struct intake_request *req,
    const struct intake_unrevoked *no, int64_t now_ms);
/* The signer said no to what was asked for. */
bool intake_revocation_refused(const struct intake_revocation *revocation);
/* For intake.c: an issued request whose revocation is known becomes a revoked one. */
void intake_tell_revoked(struct cs_arena *arena, struct intake_request *req, int64_t now_ms);

#endif
