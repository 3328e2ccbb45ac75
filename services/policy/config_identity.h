/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_identity.h: calls about records of who an organization or a person is: /v1/config/ENTERPRISE/identity, as
 * decisions (SBR 3.2.3, 3.2.4, 3.2.6).  No I/O.
 *
 *	GET, POST identity    GET identity/ID    POST identity/ID/approval    POST identity/ID/withdrawal
 *
 * What was verified, how, when and by whom never changes; it counts once another person has approved it.  Nobody enters or approves
 * what is said of themselves.
 */
#ifndef POLICY_CONFIG_IDENTITY_H
#define POLICY_CONFIG_IDENTITY_H

#include "config.h"
#include "policy_identity.h"

#define CONFIG_SOURCE_MAX 300  /* octets of what says where it can be read up */
#define CONFIG_RECORDS_MAX 200 /* of a list: the newest */

enum config_identity_act {
	CONFIG_RECORDS,
	CONFIG_RECORD,
	CONFIG_NEW_RECORD,
	CONFIG_APPROVE_RECORD,
	CONFIG_WITHDRAW_RECORD
};

struct config_identity_call {
	enum config_identity_act act;
	const char *enterprise;
	struct cs_id id; /* of one; zero: of none */
	/* NEW_RECORD. */
	enum claim_kind kind;
	const char *account; /* "" but for an individual */
	struct cs_span attributes;
	const char *method, *source;
	int64_t verified_at_ms;
	unsigned status; /* of `why`; 0: it can be read */
	struct cs_refusal why;
};

/* What happened to a record, for the store. */
struct config_record_change {
	struct config_record_change *next;
	enum config_identity_act act; /* NEW, APPROVE, WITHDRAW */
	struct policy_identity record;
};

/* False: the path is not of these.  True: *ret says what it asks for, or what is wrong with it. */
bool config_identity_read(
    struct cs_arena *arena, const struct config_http *http, struct config_identity_call *ret);
bool config_identity_writes(const struct config_identity_call *call);

/* By what is in state->docs and state->records; leaves changes of these and lines of the audit there. */
struct config_answer
config_identity_decide(const struct config_setting *in, struct config_state *state,
    const struct config_caller *caller, const struct config_identity_call *call);

#endif
