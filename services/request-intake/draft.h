/* SPDX-License-Identifier: Apache-2.0 */
/*
 * draft.h: from the body of a creation to a request that may be published, or to one clear refusal.
 * Addresses, domains and the CSR are parsed here, once; nobody behind it looks at them again.
 * Pure but for arithmetic with the key: no I/O, no clock.
 */
#ifndef INTAKE_DRAFT_H
#define INTAKE_DRAFT_H

#include "base/arena.h"
#include "base/refusal.h"
#include "claim/claim.h"

struct smime_psl;
struct pki_weak_list;

struct intake_caller;
struct json_create;

struct draft_rules {
	const struct smime_psl *psl;
	const struct pki_weak_list *weak; /* NULL: no list beyond what keycheck.h computes */
	const char *agreement;            /* the version in force */
	uint32_t default_days;            /* of a request that names no validity */
	bool allow_example_names;         /* tests */
};

struct draft {
	unsigned status; /* 0: good; else as in HTTP, and `why` */
	struct cs_refusal why;
	bool leaked_key; /* a private key came with it */
	uint8_t leaked_spki_sha256[CLAIM_DIGEST];
	uint8_t body_sha256[CLAIM_DIGEST];
	const char *note_version; /* of the request note that was shown; "" for none */
	const char *on_behalf;    /* the account that it is for; NULL or "": whoever asks */
	bool approves;            /* whoever asks approves at once, if everything stands proved */
	/*
	 * Of a certificate that follows another: what the client wants otherwise.  The draft is complete,
	 * or refused, after draft_follow().  NULL: of a first one.
	 */
	const struct json_create *follows;
	/* Good drafts only.  Empty: id, enterprise, account, submitted_at_ms, approved_factor, digest. */
	struct claim_request request;
	struct cs_span spki; /* empty, of a domain alone */
	uint8_t spki_sha256[CLAIM_DIGEST];
};

void draft_read(struct cs_arena *arena, const struct draft_rules *rules, struct cs_span body,
    struct draft *ret_draft);

/*
 * The same of a body that names what shall differ from an earlier request; of the new request only kind and
 * previous are set, and the key when it is a new one.
 */
void draft_read_follow(struct cs_arena *arena, const struct draft_rules *rules,
    enum claim_request_kind kind, struct cs_id previous, struct cs_span body,
    struct draft *ret_draft);
/*
 * Completes it from the earlier request, or sets status and why.  A renewal has all of it, key included; a
 * rekey another key; a reissue other names.
 */
void draft_follow(struct cs_arena *arena, const struct draft_rules *rules,
    const struct claim_request *earlier, struct draft *draft);

/* Of a request for a domain alone: `domain` as the client named it. */
void draft_read_domain(struct cs_arena *arena, const struct draft_rules *rules,
    struct cs_span domain, struct draft *ret_draft);

/* Whose request it becomes when this caller asks. */
const char *draft_account(const struct draft *draft, const struct intake_caller *caller);

/* Commands whose `what` is a draft. */
bool draft_is_for(const char *subject);

#endif
