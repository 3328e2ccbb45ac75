/* SPDX-License-Identifier: Apache-2.0 */
/* wire.h: what the signer publishes and is asked, to protobuf and back. */
#ifndef SIGNER_WIRE_H
#define SIGNER_WIRE_H

#include "audit/audit.h"
#include "base/refusal.h"
#include "claim/claim.h"

struct wire_issued {
	struct cs_id request;
	struct cs_span certificate; /* DER */
	const struct cs_span *chain;
	size_t n_chain;
	const char *serial, *issuer, *enterprise, *account, *contact, *fingerprint;
	int64_t issued_at_ms, not_before_ms, not_after_ms;
	struct claim_texts mailboxes;
	uint8_t spki_sha256[32];
	const char *profile; /* of the certificate */
	uint32_t crl_partition;
	enum claim_request_kind kind;
	struct cs_id previous; /* of a first one: not used */
};

/* Whose certificate, for what is told of its later life. */
struct wire_holder {
	struct cs_id request;
	const char *serial, *issuer, *enterprise, *account, *contact;
	struct claim_texts mailboxes;
	int64_t not_after_ms;
};

struct wire_revoked {
	uint32_t reason;
	enum claim_revoked_by by;
	const char *text;
	int64_t revoked_at_ms;
};

/* A revocation list without its octets. */
struct wire_crl {
	const char *issuer;
	uint32_t partition, entries, size;
	int64_t number, this_update_ms, next_update_ms, made_at_ms;
	struct cs_span sha256;
};

struct wire_crl_ask {
	const char *issuer;
	uint32_t partition, offset;
	int64_t number;
};

struct wire_ended {
	struct cs_id request;
	const char *contact;
	int64_t at_ms;
};

struct wire_stop {
	struct cs_id request;
	const char *enterprise, *account;
	const char *reason; /* "cancelled" or "expired" */
};

struct wire_plan_refused {
	struct cs_id request;
	const char *code;
};

struct cs_span wire_issued(struct cs_arena *arena, const struct wire_issued *issued);
struct cs_span
wire_refused(struct cs_arena *arena, const struct wire_ended *ended, const struct cs_refusal *why);
struct cs_span
wire_stopped(struct cs_arena *arena, const struct wire_ended *ended, const char *reason);

struct cs_span wire_revoked(
    struct cs_arena *arena, const struct wire_holder *holder, const struct wire_revoked *revoked);
/* `report`: id of the problem report, or "". */
struct cs_span wire_revocation_refused(struct cs_arena *arena, const struct wire_ended *ended,
    const char *report, const struct cs_refusal *why);
struct cs_span
wire_voided(struct cs_arena *arena, const struct wire_holder *holder, int64_t voided_at_ms);
struct cs_span
wire_expiring(struct cs_arena *arena, const struct wire_holder *holder, uint32_t days_left);
struct cs_span wire_crl_made(struct cs_arena *arena, const struct wire_crl *crl);

CS_MUST_USE enum cs_code
wire_read_crls_ask(struct cs_arena *arena, struct cs_span body, struct cs_err *err);
CS_MUST_USE enum cs_code wire_read_crl_ask(
    struct cs_arena *arena, struct cs_span body, struct wire_crl_ask *ret, struct cs_err *err);
struct cs_span wire_crls_answer(struct cs_arena *arena, const struct wire_crl *crls, size_t n);
/* `octets` from `offset` on, of `size`; `here` false: there is no such list. */
struct cs_span wire_crl_answer(
    struct cs_arena *arena, bool here, uint32_t size, uint32_t offset, struct cs_span octets);
struct cs_span wire_audit_head(struct cs_arena *arena, const struct audit_head *head);

CS_MUST_USE enum cs_code wire_read_stop(
    struct cs_arena *arena, struct cs_span body, struct wire_stop *ret, struct cs_err *err);
CS_MUST_USE enum cs_code wire_read_plan_refused(
    struct cs_arena *arena, struct cs_span body, struct wire_plan_refused *ret, struct cs_err *err);
/* `result`: "stopped", "too-late", "unknown". */
struct cs_span wire_stop_answer(struct cs_arena *arena, const char *result, const char *text);

#endif
