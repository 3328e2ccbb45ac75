/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json.h: the bodies that clients send, read strictly: UTF-8, no NUL, no member twice, none that is
 * not known, bounded depth, lengths and counts.  Only the form: what the values mean is draft.h's
 * business.
 */
#ifndef INTAKE_JSON_H
#define INTAKE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/refusal.h"
#include "claim/claim.h"

#define JSON_BODY_MAX 65536 /* octets */
#define JSON_DEPTH_MAX 4    /* of arrays and objects */

/* Absent texts are NULL, absent numbers 0, absent lists empty, absent truths false. */
struct json_create {
	const char *profile, *csr, *key_use, *common_name, *agreement, *contact, *note_version;
	struct claim_texts mailboxes, domains;
	const char *on_behalf; /* "for": the account that it is for; NULL when absent */
	const struct claim_values *subject; /* as sent: in no order; NULL when absent */
	uint32_t validity_days;
	bool approve; /* whoever asks approves at once, if everything stands proved */
};

/* True and the body in `arena`, or false and *ret_why, which names the member. */
CS_MUST_USE bool json_read_create(struct cs_arena *arena, struct cs_span body,
    struct json_create *ret_body, struct cs_refusal *ret_why);
/* The members that may differ from the earlier request of a certificate that follows it. */
CS_MUST_USE bool json_read_follow(struct cs_arena *arena, struct cs_span body,
    enum claim_request_kind kind, struct json_create *ret_body, struct cs_refusal *ret_why);
/* {"reason": "...", "text": "...", "note_version": "..."}, or nothing; absent texts are "". */
struct json_revoke {
	const char *reason, *text, *note_version;
};
CS_MUST_USE bool json_read_revoke(struct cs_arena *arena, struct cs_span body,
    struct json_revoke *ret_body, struct cs_refusal *ret_why);
/* A problem report; absent texts are NULL. */
struct json_report {
	const char *certificate, *serial, *fingerprint, *request, *category, *text, *contact,
	    *proof;
};
CS_MUST_USE bool json_read_report(struct cs_arena *arena, struct cs_span body,
    struct json_report *ret_body, struct cs_refusal *ret_why);
/* {"decision": "...", "text": "...", "ground": "...", "reason": "..."}; absent ones are NULL. */
struct json_decide {
	const char *decision, *text, *ground, *reason;
};
CS_MUST_USE bool json_read_decide(struct cs_arena *arena, struct cs_span body,
    struct json_decide *ret_body, struct cs_refusal *ret_why);
/* {"text": "..."} */
CS_MUST_USE bool json_read_answer(
    struct cs_arena *arena, struct cs_span body, const char **ret_text, struct cs_refusal *ret_why);
/* {"enterprise": "...", "account": "...", "password": "..."} */
struct json_login {
	const char *enterprise, *account, *password;
};
CS_MUST_USE bool json_read_login(struct cs_arena *arena, struct cs_span body,
    struct json_login *ret_body, struct cs_refusal *ret_why);
/* {"old_password": "...", "new_password": "..."} or {"invitation": "...", ...}; absent ones are NULL. */
struct json_password {
	const char *old_password, *invitation, *new_password;
};
CS_MUST_USE bool json_read_password(struct cs_arena *arena, struct cs_span body,
    struct json_password *ret_body, struct cs_refusal *ret_why);
/* {"token": "..."} */
CS_MUST_USE bool json_read_token(struct cs_arena *arena, struct cs_span body,
    const char **ret_token, struct cs_refusal *ret_why);
/* Nothing, {}, or {"method": "..."}; without one *ret_method is "". */
CS_MUST_USE bool json_read_verify(struct cs_arena *arena, struct cs_span body,
    const char **ret_method, struct cs_refusal *ret_why);
/* Nothing, {}, {"code": "..."}, {"codes": {"email": "..."}} or {"password": "..."}, never empty; absent ones are NULL. */
struct json_approve {
	const char *code;
	const struct claim_values *codes; /* by channel */
	const char *password;             /* of a directory */
};
CS_MUST_USE bool json_read_approve(struct cs_arena *arena, struct cs_span body,
    struct json_approve *ret_body, struct cs_refusal *ret_why);
/* Nothing, or {}. */
CS_MUST_USE bool
json_read_nothing(struct cs_arena *arena, struct cs_span body, struct cs_refusal *ret_why);

#endif
