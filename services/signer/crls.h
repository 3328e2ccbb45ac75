/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crls.h: the revocation lists of the issuing CAs: which there are, when a new one is due, what it says.
 *
 * A list is an aggregate of its own: its row is its lock, and one number of it is in hand at a time.  Like a
 * certificate, a list is built and linted when it is decided, ordered under a seal that only signers have, and
 * compared again when it is signed: whoever owns the database has no other octets signed.
 */
#ifndef SIGNER_CRLS_H
#define SIGNER_CRLS_H

#include "issuers.h"
#include "pki/crl.h"
#include "record.h"
#include "svc/svc.h"

#define CRLS_IN_HAND_MS INT64_C(600000) /* after which the number in hand is given up */

struct record_list {
	const char *issuer;
	uint32_t partition; /* 0: the full one */
	bool is_stored;
	uint32_t version;
	int64_t number; /* taken last */
	bool in_hand;
	uint8_t tbs_sha256[32]; /* of what is in hand */
	int64_t taken_at_ms;
	int64_t made_number, made_at_ms, this_update_s, next_update_s; /* 0: none is made */
	uint32_t entries;

	/* What the next one lists, ascending; only for events that make one. */
	const struct pki_crl_entry *listed;
	size_t n_listed;
	const int64_t *changes; /* rows of crl_change that it takes */
	size_t n_changes;

	bool changed;       /* for save */
	bool taken;         /* for save: the changes go along with `number` */
	struct cs_span der; /* for save: just made; empty: none */
	uint8_t der_sha256[32];
};

/* A question about lists: what load found. */
struct record_question {
	const struct wire_crl *crls; /* ask.signer.crls: the newest of each */
	size_t n_crls;
	bool here; /* ask.signer.crl */
	uint32_t size;
	struct cs_span part;
};
#define CRLS_PART (480u * 1024) /* octets of an answer's part */

/* The key of a list's aggregate. */
struct cs_id crls_key(const char *issuer, uint32_t partition);

/* Of one issuing CA: partitions 0 to n. */
struct crls_place {
	struct cs_id key;
	const char *issuer;
	uint32_t partition;
};
/* Every list of every CA that has not ended; whoever issues no more still lists. */
const struct crls_place *
crls_all(struct cs_arena *arena, const struct issuers *issuers, int64_t now_ms, size_t *ret_n);

/* ---- orders to sign a list, and what came of them ---- */

struct crls_order {
	const char *issuer;
	uint32_t partition;
	int64_t number, taken_at_ms;
	struct cs_span tbs;
};

struct cs_span crls_write_order(struct cs_arena *arena, struct cs_span seal_key, struct cs_id list,
    const struct crls_order *order);
/* False: not sealed by us for this list. */
bool crls_read_order(
    struct cs_span seal_key, struct cs_id list, struct cs_span body, struct crls_order *ret);

enum crls_says { CRLS_DONE = 1, CRLS_RECHECK, CRLS_FAILED };
struct crls_result {
	enum crls_says says;
	struct cs_span der; /* CRLS_DONE */
};
struct cs_span crls_write_result(struct cs_arena *arena, const struct crls_result *result);

/* Signs when the order is ours, fresh and passes the lint of lists; never fails. */
struct signer_service;
struct crls_result crls_carry_out(const struct signer_service *signer, struct svc_work *work);

/* ---- events ---- */

svc_decide crls_on_due;    /* "clock.crl-due" */
svc_read crls_read_result; /* "work.crl" */
svc_decide crls_on_result;
svc_read crls_read_crls_ask; /* "ask.signer.crls" */
svc_decide crls_on_crls_ask;
svc_read crls_read_crl_ask; /* "ask.signer.crl"; `what` is a struct wire_crl_ask */
svc_decide crls_on_crl_ask;

/* By what a list of this CA is judged, but for its number: when it is decided and again when it is signed. */
struct pki_crl_rules crls_rules(
    struct cs_arena *arena, const struct issuers_row *row, uint32_t partition, int64_t now_ms);

#endif
