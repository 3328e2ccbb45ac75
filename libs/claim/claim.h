/* SPDX-License-Identifier: Apache-2.0 */
/*
 * claim.h: the signed statements: of the evidence chain request, approval, plan, evidence, and what a
 * perspective answers; beside it revocations, and settings that services follow.  Statements are protobuf inside DSSE envelopes, signed by the Ed25519 key of the
 * service that makes them; a trust table says which key may state what, for whom, and when.
 *
 * Reading checks every rule once: sizes, UTF-8, enums, digests, canonical addresses.  What is returned
 * needs no further check.  All results live in the caller's arena.
 */
#ifndef CLAIM_CLAIM_H
#define CLAIM_CLAIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/id.h"
#include "base/span.h"

#define CLAIM_DIGEST 32
#define CLAIM_MAX_ENVELOPE (64 * 1024)
#define CLAIM_MAX_CHECKS 64
#define CLAIM_MAX_NAMES 10
#define CLAIM_MAX_TEXT 1024
#define CLAIM_MAX_VALUES 14 /* attributes of a subject beside the common name */
#define CLAIM_MAX_VALUE 512 /* octets of one */
/* Versions of the rules in force: SBR and TBR; stored with every proof (SBR 3.2.2). */
#define CLAIM_RULES_VERSION "SBR 1.0.16; TBR 2.2.9"

struct claim_key;   /* a service's private signing key */
struct claim_trust; /* the trust table; any thread */

/* ---- statements ---- */

enum claim_statement {
	CLAIM_REQUEST = 1,
	CLAIM_APPROVAL,
	CLAIM_PLAN,     /* first and final */
	CLAIM_EVIDENCE, /* which kinds: by the trust table's row */
	CLAIM_PERSPECTIVE,
	CLAIM_REVOCATION,
	CLAIM_SETTING,
	CLAIM_FACTOR_ORDER, /* policy: where the codes of a second factor go */
	CLAIM_FACTOR        /* who sent the codes: a person proved it */
};

enum claim_key_use { CLAIM_DUAL = 1, CLAIM_SIGNING, CLAIM_ENCRYPTION };
enum claim_kind {
	CLAIM_MAILBOX = 1,
	CLAIM_DOMAIN,
	CLAIM_CAA,
	CLAIM_MPIC_DOMAIN,
	CLAIM_MPIC_CAA,
	CLAIM_ORGANIZATION, /* these three are verified by people; see smime/identity.h */
	CLAIM_AUTHORITY,
	CLAIM_INDIVIDUAL
};
enum claim_request_kind {
	CLAIM_FIRST,
	CLAIM_RENEWAL,
	CLAIM_REKEY,
	CLAIM_REISSUE,
	CLAIM_DOMAIN_ONLY /* no certificate: a domain of the enterprise shall be proved */
};
enum claim_revoked_by {
	CLAIM_BY_OWNER = 1,
	CLAIM_BY_OPERATOR,
	CLAIM_BY_REPORT,
	CLAIM_BY_KEY,
	CLAIM_BY_SIGNER
};
enum claim_outcome { CLAIM_PROVED = 1, CLAIM_REFUSED, CLAIM_COULD_NOT_TELL };
enum claim_dnssec {
	CLAIM_DNSSEC_NOT_USED,
	CLAIM_DNSSEC_SECURE,
	CLAIM_DNSSEC_INSECURE,
	CLAIM_DNSSEC_BOGUS,
	CLAIM_DNSSEC_INDETERMINATE
};

/* "mailbox", ... "mpic-caa", "organization", ...; "proved", ...; "secure", ...; "plan", ... */
const char *claim_kind_name(enum claim_kind kind);
const char *claim_outcome_name(enum claim_outcome outcome);
const char *claim_dnssec_name(enum claim_dnssec state);
const char *claim_statement_name(enum claim_statement statement);
/* On which subject evidence of a kind is published: "evidence.mpic". */
const char *claim_kind_subject(enum claim_kind kind);
const char *claim_request_kind_name(enum claim_request_kind kind); /* "first", "renewal", ... */
bool claim_request_follows(enum claim_request_kind kind);          /* an earlier certificate */
const char *claim_revoked_by_name(enum claim_revoked_by by);       /* "owner", ... */

struct claim_texts {
	const char **items;
	size_t n;
};
/* Is one of them this, to the octet? */
bool claim_texts_hold(const struct claim_texts *texts, const char *text);

/* What a subject names beside the common name, although nobody verified it. */
struct claim_value {
	const char *name;   /* of an attribute (smime/profile.h), not commonName */
	const char *value;  /* UTF-8 without control characters, not empty */
	const char *source; /* of a plan: "operator", "profile" or "person"; of a request: "" */
};

/* By name, each name once. */
struct claim_values {
	struct claim_value *items;
	size_t n;
};

/*
 * Of CLAIM_DOMAIN_ONLY only id, enterprise, account, one domain, time and digest: the rest is empty, key_use 0.
 */
struct claim_request {
	struct cs_id id;
	const char *enterprise, *account, *profile;
	struct cs_span csr;                    /* DER */
	struct claim_texts mailboxes, domains; /* canonical, sorted, distinct */
	uint32_t validity_days;
	enum claim_key_use key_use;
	const char *agreement;
	int64_t submitted_at_ms;
	const char *contact, *common_name; /* "" for none */
	enum claim_request_kind kind;
	struct cs_id previous;       /* all zero for what follows none */
	struct claim_values subject; /* as a person typed it */
	const char
	    *submitted_by; /* operator who asks on behalf of the account; "" or NULL: itself */
	/*
	 * How whoever asks was authenticated, if they approve with the request: then the statement is that approval too
	 * (claim_open_approval).  "" or NULL: it is approved later.
	 */
	const char *approved_factor;
	uint8_t digest[CLAIM_DIGEST];
};

struct claim_approval {
	struct cs_id request;
	uint8_t request_digest[CLAIM_DIGEST];
	const char *enterprise, *account, *factor;
	int64_t approved_at_ms;
	const char
	    *approved_by; /* operator who asked on behalf of the account; "" or NULL: itself */
	struct cs_span second_factor; /* envelope of a claim_factor, unverified; empty: none */
};

/* What a person proves beside the login when approving: the codes for one request go there, or that one binds. */
struct claim_factor_order {
	struct cs_id request;
	uint8_t request_digest[CLAIM_DIGEST];
	const char *enterprise, *account; /* account: who approves */
	const char *method;               /* "email" */
	const char *email, *phone;        /* "" where the method sends no code */
	const char *login; /* in the directory; "" where the method asks for no password */
	const char
	    *identity; /* as a provider names who logs in; "" where the method asks for no login */
	int64_t ordered_at_ms;
};

#define CLAIM_MAX_FACTOR 1024 /* octets of its envelope */

struct claim_factor {
	struct cs_id request;
	uint8_t request_digest[CLAIM_DIGEST];
	const char *enterprise, *account; /* account: who proved it */
	const char *method;
	int64_t proved_at_ms;
};

/* Reasons of RFC 5280 5.3.1 that may be given; 0: none. */
#define CLAIM_REASON_KEY_COMPROMISE 1u

struct claim_revocation {
	struct cs_id request;             /* of the certificate */
	const char *enterprise, *account; /* whose it is; who asks, or "" */
	enum claim_revoked_by by;         /* not CLAIM_BY_SIGNER */
	uint32_t reason;                  /* 0, 1, 3, 4, 5 or 9 */
	const char *text;
	int64_t asked_at_ms, known_at_ms, due_at_ms;
	struct cs_span proof; /* CSR, DER; empty unless CLAIM_BY_KEY */
	const char *challenge, *report;
};

#define CLAIM_MAX_SPEC (32 * 1024)
#define CLAIM_PLATFORM "platform" /* the enterprise of what belongs to none */

/* A document that an operator set, in force until one of a higher version is. */
struct claim_setting {
	struct cs_id document;
	const char *kind, *enterprise, *name; /* which it is */
	uint64_t version;                     /* from 1 on; grows also over its deletion */
	bool deleted;
	struct cs_span spec; /* JSON; empty when it is deleted */
	int64_t changed_at_ms;
	const char *changed_by;
	int64_t told_at_ms; /* when it was stated: not before it was changed */
};

struct claim_check {
	const char *id;
	enum claim_kind kind;
	const char *target, *method, *enterprise, *account;
	struct cs_span expected;
	struct claim_texts issuer_domains, allowed_methods;
	int64_t freshness_ms;
	uint32_t attempt;
	int64_t deadline_ms;
	uint8_t digest[CLAIM_DIGEST];
	bool has_standing;
	uint8_t standing_sha256[CLAIM_DIGEST];
	int64_t standing_until_ms;
	uint32_t min_remotes;
	bool fresh; /* somebody pressed Verify: no answer of DNS is taken from memory */
	const char *new_because; /* "": the plan before had it too; NULL is written as "" */
};

struct claim_plan {
	struct cs_id request;
	uint8_t request_digest[CLAIM_DIGEST];
	uint32_t revision;
	bool final;
	/* Of a domain alone: no profile, and never final. */
	const char *enterprise, *account, *profile, *certificate_profile, *rules_version, *contact;
	uint32_t profile_version, enterprise_version;
	struct claim_check *checks;
	size_t n_checks;
	int64_t made_at_ms, ends_at_ms;
	struct claim_values subject;
	uint8_t approval_sha256[CLAIM_DIGEST]; /* final only */
	/*
	 * What the profile does not want proved: sorted, distinct.  Of a certificate profile of private
	 * trust, and CLAIM_WAIVED_CAA and _MPIC alone: whoever relies on the plan judges that.
	 */
	struct claim_texts waived;
	const char *second_factor; /* that whoever approves must prove; "" or NULL: none */
};

#define CLAIM_WAIVED_CAA "caa"   /* what CAA says, and what perspectives say of it */
#define CLAIM_WAIVED_MPIC "mpic" /* what other perspectives say */
/* Does the plan say that it does without this?  Whether it may is the reader's to judge. */
bool claim_plan_waives(const struct claim_plan *plan, const char *what);
/* What it does without, joined by commas; "": nothing. */
const char *claim_plan_waived(struct cs_arena *arena, const struct claim_plan *plan);

struct claim_lookup {
	const char *name, *type;
	uint32_t rcode;
	enum claim_dnssec security;
	const char *why;
	uint32_t ttl_s;
	struct claim_texts records;
	struct cs_span wire_sha256; /* 32 octets or empty */
	int64_t answered_at_ms;
};

struct claim_perspective_result {
	const char *name, *region;
	enum claim_outcome outcome;
	const char *reason;
	struct claim_texts seen;
	enum claim_dnssec security;
	int64_t checked_at_ms;
	struct cs_span answer; /* the perspective's envelope; empty: none came */
	bool corroborates;
	uint32_t took_ms;
};

struct claim_evidence {
	struct cs_id request;
	uint8_t request_digest[CLAIM_DIGEST];
	const char *check_id;
	enum claim_kind kind;
	const char *target, *method, *enterprise, *account;
	struct cs_span expected;
	uint8_t check_digest[CLAIM_DIGEST];
	uint32_t attempt;
	enum claim_outcome outcome;
	const char *reason, *clause, *text;
	int64_t checked_at_ms, valid_until_ms;
	enum claim_dnssec security;
	const char *perspective;
	struct claim_lookup *lookups;
	size_t n_lookups;
	struct claim_perspective_result *perspectives;
	size_t n_perspectives;
	uint32_t min_remotes;
	const char *found_at;
	uint32_t ttl_s;
	bool covers_subdomains;
	struct cs_span primary_sha256; /* 32 octets or empty */
	const char *rules_version;
	struct claim_texts seen;
	const char *detail;
	int64_t
	    stated_at_ms; /* of organization, authority, individual alone, not before checked_at_ms; else 0 */
};

struct claim_perspective_answer {
	uint8_t nonce[16];
	uint8_t check_digest[CLAIM_DIGEST];
	const char *perspective, *region;
	enum claim_outcome outcome;
	const char *reason, *text;
	enum claim_dnssec security;
	struct claim_lookup *lookups;
	size_t n_lookups;
	struct claim_texts seen;
	int64_t checked_at_ms;
	const char *found_at;
	uint32_t ttl_s, attempt;
};

/* An unsigned order to a validator: plan.*-asked. */
struct claim_asked {
	struct cs_id request;
	uint8_t request_digest[CLAIM_DIGEST];
	struct claim_check check;
	int64_t asked_at_ms;
	struct cs_span primary_sha256;
};

/* The question of ask.perspective.<name>. */
struct claim_perspective_ask {
	uint8_t nonce[16];
	struct claim_check check;
	struct cs_id request;
	uint32_t attempt;
	int64_t deadline_ms;
};

/* ---- digests ---- */

/*
 * SHA-256 over a fixed binary form (every field with its length, big endian, under a label of its own).
 * Request: SPKI, sorted mailboxes, domains, profile, validity, key use, enterprise, account, agreement,
 * common name, kind, previous request; and, where there are any, the values of the subject.  Check: kind, target, method, enterprise, account, expected.
 */
void claim_request_digest(const struct claim_request *request, struct cs_span spki,
    uint8_t ret_digest[static CLAIM_DIGEST]);
void claim_check_digest(const struct claim_check *check, uint8_t ret_digest[static CLAIM_DIGEST]);
void claim_evidence_check_digest(
    const struct claim_evidence *evidence, uint8_t ret_digest[static CLAIM_DIGEST]);
/* SHA-256 of the received envelope: how a plan names evidence and an approval. */
void claim_envelope_sha256(struct cs_span envelope, uint8_t ret_digest[static CLAIM_DIGEST]);

/* ---- signing and reading ---- */

/* PKCS#8 PEM; refuses a file that group or others may read.  Owned by the caller. */
CS_MUST_USE enum cs_code
claim_key_load(const char *path, struct claim_key **ret, struct cs_err *err);
void claim_key_free(struct claim_key *key);
const char *claim_key_id(const struct claim_key *key); /* borrowed */
void claim_key_public(const struct claim_key *key, uint8_t ret_public[static 32]);

/* The envelope that states it, in `arena`.  Cannot fail: statements hold checked values. */
struct cs_span claim_seal_request(
    struct cs_arena *arena, const struct claim_key *key, const struct claim_request *request);
struct cs_span claim_seal_approval(
    struct cs_arena *arena, const struct claim_key *key, const struct claim_approval *approval);
struct cs_span claim_seal_revocation(
    struct cs_arena *arena, const struct claim_key *key, const struct claim_revocation *revocation);
struct cs_span claim_seal_setting(
    struct cs_arena *arena, const struct claim_key *key, const struct claim_setting *setting);
struct cs_span claim_seal_factor_order(
    struct cs_arena *arena, const struct claim_key *key, const struct claim_factor_order *order);
struct cs_span claim_seal_factor(
    struct cs_arena *arena, const struct claim_key *key, const struct claim_factor *factor);
struct cs_span
claim_seal_plan(struct cs_arena *arena, const struct claim_key *key, const struct claim_plan *plan);
struct cs_span claim_seal_evidence(
    struct cs_arena *arena, const struct claim_key *key, const struct claim_evidence *evidence);
struct cs_span claim_seal_perspective(struct cs_arena *arena, const struct claim_key *key,
    const struct claim_perspective_answer *answer);

/*
 * Several statements under one signature: it costs ten times what all else in sealing does, and so does verifying it.
 * Envelopes are whole, and count, after claim_batch_sign() filled signature and place in; they do not change their
 * length or place, but must not be copied or hashed before.  All of it lives in the arena.
 */
struct claim_batch;
struct claim_batch *claim_batch_new(struct cs_arena *arena, const struct claim_key *key);
struct cs_span claim_batch_request(struct claim_batch *batch, const struct claim_request *request);
struct cs_span
claim_batch_approval(struct claim_batch *batch, const struct claim_approval *approval);
struct cs_span claim_batch_plan(struct claim_batch *batch, const struct claim_plan *plan);

/* A final plan goes to whoever judges by it together with what it rests on, each in an envelope of its own. */
struct claim_case {
	struct cs_span plan, request,
	    approval; /* approval: of a request that is approved in itself, the same */
};
/* `with`: request and approval alone.  *ret_plan: the plan's own envelope, where what is returned begins. */
struct cs_span claim_batch_final(struct claim_batch *batch, const struct claim_plan *plan,
    const struct claim_case *with, struct cs_span *ret_plan);
/* Those since the last call. */
void claim_batch_sign(struct claim_batch *batch);

/*
 * Opens an envelope: size, form, one signature, known key, allowed to state this (for evidence: this
 * kind) for this enterprise at the statement's own time and now, signature right; then reads the
 * statement.  CS_MALFORMED says which of these failed.  `trust` NULL: reads without verifying, for
 * services that only show (request-intake, policy's load of its own rows, tools).
 */
CS_MUST_USE enum cs_code claim_open_request(struct cs_arena *arena, const struct claim_trust *trust,
    struct cs_span envelope, int64_t now_ms, struct claim_request *ret, struct cs_err *err);
/* Also of a request that is approved in itself, by a key that may state both. */
CS_MUST_USE enum cs_code
claim_open_approval(struct cs_arena *arena, const struct claim_trust *trust,
    struct cs_span envelope, int64_t now_ms, struct claim_approval *ret, struct cs_err *err);
CS_MUST_USE enum cs_code
claim_open_revocation(struct cs_arena *arena, const struct claim_trust *trust,
    struct cs_span envelope, int64_t now_ms, struct claim_revocation *ret, struct cs_err *err);
/* One of CLAIM_PLATFORM concerns every enterprise: its key must be one that states for all. */
CS_MUST_USE enum cs_code claim_open_setting(struct cs_arena *arena, const struct claim_trust *trust,
    struct cs_span envelope, int64_t now_ms, struct claim_setting *ret, struct cs_err *err);
CS_MUST_USE enum cs_code
claim_open_factor_order(struct cs_arena *arena, const struct claim_trust *trust,
    struct cs_span envelope, int64_t now_ms, struct claim_factor_order *ret, struct cs_err *err);
CS_MUST_USE enum cs_code claim_open_factor(struct cs_arena *arena, const struct claim_trust *trust,
    struct cs_span envelope, int64_t now_ms, struct claim_factor *ret, struct cs_err *err);
/* Also of all that plan.final brings: what is enclosed is not looked at. */
CS_MUST_USE enum cs_code claim_open_plan(struct cs_arena *arena, const struct claim_trust *trust,
    struct cs_span envelope, int64_t now_ms, struct claim_plan *ret, struct cs_err *err);
CS_MUST_USE enum cs_code
claim_open_evidence(struct cs_arena *arena, const struct claim_trust *trust,
    struct cs_span envelope, int64_t now_ms, struct claim_evidence *ret, struct cs_err *err);
CS_MUST_USE enum cs_code claim_open_perspective(struct cs_arena *arena,
    const struct claim_trust *trust, struct cs_span envelope, int64_t now_ms,
    struct claim_perspective_answer *ret, struct cs_err *err);
/*
 * What plan.final brings, taken apart: three spans of `final`, of which only the form was judged; each is to be opened by
 * itself.  CS_MALFORMED: it encloses nothing, more than two, the same twice, or not behind the plan's own.
 */
CS_MUST_USE enum cs_code claim_take_apart(
    struct cs_arena *arena, struct cs_span final, struct claim_case *ret, struct cs_err *err);
/* Which statement an envelope claims to be; 0: none of ours.  Nothing is verified. */
enum claim_statement claim_statement_of(struct cs_arena *arena, struct cs_span envelope);
/* The key that an envelope names, lower-case hexadecimal; NULL: not an envelope.  Nothing is verified. */
const char *claim_keyid_of(struct cs_arena *arena, struct cs_span envelope);

/* Unsigned messages that carry a check. */
struct cs_span claim_write_asked(struct cs_arena *arena, const struct claim_asked *asked);
CS_MUST_USE enum cs_code claim_read_asked(
    struct cs_arena *arena, struct cs_span body, struct claim_asked *ret, struct cs_err *err);
struct cs_span
claim_write_perspective_ask(struct cs_arena *arena, const struct claim_perspective_ask *ask);
CS_MUST_USE enum cs_code claim_read_perspective_ask(struct cs_arena *arena, struct cs_span body,
    struct claim_perspective_ask *ret, struct cs_err *err);

/* An evidence that answers this check of this request: everything copied, digests filled, outcome 0. */
void claim_evidence_for(const struct claim_asked *asked, struct claim_evidence *ret);

/* ---- the trust table ---- */

/*
 * A DSSE JSON envelope (payloadType application/vnd.countersign.trust.v1+json), signed by two distinct
 * approvers whose public keys are in the approvers file (one "name base64-public-key" a line).  Its
 * payload: {"version": n, "keys": [{"keyid", "public", "service", "states": ["plan", "evidence.caa", ...],
 * "enterprises": ["*"], "not_before", "not_after", "distrusted_at"?}]}, times after RFC 3339, the public
 * key in base64.  States: "request", "approval", "plan", "perspective", and "evidence." with a kind's name:
 * "mailbox", "domain", "caa", "mpic-domain", "mpic-caa", "organization", "authority", "individual"; and
 * "revocation"; "setting"; "factor-order" and "factor" of second factors; "audit-head" for the heads of the signer's audit tree, "evidence-pack" for those who export
 * packs.  "perspective", "audit-head" and "evidence-pack" need "*" as their enterprises.
 *
 * A key counts from not_before to not_after (both included) and before distrusted_at, for the statement's
 * own time (of evidence: when it was checked; of an identity, which people verify, when it was stated) and
 * for the `now_ms` that is given; a statement may be up to five seconds ahead of `now_ms`.
 * Who recorded a statement while its key counted passes the time of recording.
 */
CS_MUST_USE enum cs_code claim_trust_load(
    const char *path, const char *approvers_path, struct claim_trust **ret, struct cs_err *err);
/*
 * Reads the files again.  A table of a higher version takes effect at once, for every thread; what was
 * being judged by the old one is judged by it to the end.  Anything else leaves the old one in force:
 * CS_CONFLICT for another table that is not newer, so that nobody brings back a key that was distrusted.
 */
CS_MUST_USE enum cs_code
claim_trust_reload(struct claim_trust *trust, bool *ret_changed, struct cs_err *err);
void claim_trust_free(struct claim_trust *trust);
uint32_t claim_trust_version(const struct claim_trust *trust);
/* Its version, and the SHA-256 of the two files: which table is in force, and who could sign it. */
uint32_t claim_trust_identity(const struct claim_trust *trust,
    uint8_t ret_table[static CLAIM_DIGEST], uint8_t ret_approvers[static CLAIM_DIGEST]);
/*
 * The public key of `keyid`, if it may state `state` for all enterprises at that time and is known by
 * now_ms: for what is signed otherwise than in an envelope.  CS_MALFORMED: it may not, and why.
 */
CS_MUST_USE enum cs_code
claim_trust_key(const struct claim_trust *trust, const char *keyid, const char *state,
    int64_t at_ms, int64_t now_ms, uint8_t ret_public[static 32], struct cs_err *err);

/* The same octets at another place, whole at every moment: a reader finds the old table or the new one. */
CS_MUST_USE enum cs_code claim_trust_copy(const char *from, const char *to, struct cs_err *err);

/* One row, for tools and tests. */
struct claim_trust_row {
	const char *keyid, *service;
	uint8_t public_key[32];
	struct claim_texts states, enterprises;
	int64_t not_before_ms, not_after_ms, distrusted_at_ms; /* 0: not distrusted */
};
size_t claim_trust_rows(const struct claim_trust *trust, const struct claim_trust_row **ret_rows);
/* Writes the table's file, signed by these approvers' keys: two or more, or none for a proposal. */
CS_MUST_USE enum cs_code claim_trust_write(const char *path, uint32_t version,
    const struct claim_trust_row *rows, size_t n_rows, const struct claim_key *const *approvers,
    size_t n_approvers, struct cs_err *err);

/* ---- a table on its way ---- */

/* The same file with fewer approvals: one proposes it, approvers add theirs, two make it a trust table. */
struct claim_proposal;
CS_MUST_USE enum cs_code claim_proposal_load(
    const char *path, const char *approvers_path, struct claim_proposal **ret, struct cs_err *err);
void claim_proposal_free(struct claim_proposal *proposal); /* takes NULL */
uint32_t claim_proposal_version(const struct claim_proposal *proposal);
size_t
claim_proposal_rows(const struct claim_proposal *proposal, const struct claim_trust_row **ret_rows);
/* Names of those who approved so far, as the approvers file has them. */
size_t
claim_proposal_approvals(const struct claim_proposal *proposal, const char *const **ret_names);
/* SHA-256 of the octets that approvers sign. */
void claim_proposal_sha256(
    const struct claim_proposal *proposal, uint8_t ret_sha256[static CLAIM_DIGEST]);
/*
 * Adds this approver's.  `octets`: SHA-256 of what the approver has seen, or NULL.  CS_CONFLICT: not an
 * approver's key, or other octets.  CS_MALFORMED: the file, a table that cannot be read, or signed twice.
 */
CS_MUST_USE enum cs_code claim_proposal_approve(const char *path, const char *approvers_path,
    const struct claim_key *key, const uint8_t *octets, struct cs_err *err);

/* ---- other things that two people agree on ---- */

/* How many distinct approvers make an agreement. */
#define CLAIM_APPROVALS 2

/*
 * Any payload in a DSSE JSON envelope of its own type, signed by the approvers of that file: the very octets
 * are what they agree on.  Everything is in the arena.
 */
struct claim_agreement {
	struct cs_span payload;
	struct claim_texts names; /* of those who signed, each once */
};

/* Without a signature. */
struct cs_span
claim_agreement_new(struct cs_arena *arena, const char *type, struct cs_span payload);
/* CS_MALFORMED: another type, or a signature that is wrong, a stranger's, or a second one. */
CS_MUST_USE enum cs_code
claim_agreement_open(struct cs_arena *arena, const char *type, struct cs_span envelope,
    const char *approvers_path, struct claim_agreement *ret, struct cs_err *err);
/* Adds this approver's.  CS_CONFLICT: not an approver's key. */
CS_MUST_USE enum cs_code claim_agreement_add(struct cs_arena *arena, const char *type,
    struct cs_span envelope, const char *approvers_path, const struct claim_key *key,
    struct cs_span *ret_envelope, struct cs_err *err);

#endif
