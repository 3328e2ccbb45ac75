/* SPDX-License-Identifier: Apache-2.0 */
/* wire.h: what the signer publishes and is asked, to protobuf and back. */
#ifndef SIGNER_WIRE_H
#define SIGNER_WIRE_H

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

CS_MUST_USE enum cs_code wire_read_stop(
    struct cs_arena *arena, struct cs_span body, struct wire_stop *ret, struct cs_err *err);
CS_MUST_USE enum cs_code wire_read_plan_refused(
    struct cs_arena *arena, struct cs_span body, struct wire_plan_refused *ret, struct cs_err *err);
/* `result`: "stopped", "too-late", "unknown". */
struct cs_span wire_stop_answer(struct cs_arena *arena, const char *result, const char *text);

#endif
