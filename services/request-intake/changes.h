/* SPDX-License-Identifier: Apache-2.0 */
/*
 * changes.h: what a batch changed, apart by how it is written: what is new is inserted, what has a row
 * is updated, what did not change is left alone.  Pure.
 */
#ifndef INTAKE_CHANGES_H
#define INTAKE_CHANGES_H

#include "intake.h"
#include "report.h"
#include "svc/svc.h"

/* Octets that a check shows from now on. */
struct changed_octets {
	struct cs_id request;
	const char *check, *what; /* "evidence" or "challenge" */
	struct cs_span body;
};

/* A key that may not be certified again: for others than this account; for anybody where it is "". */
struct changed_key {
	const uint8_t *spki_sha256;
	const char *enterprise, *account;
};

/* Each in the order of the batch; all borrow from it. */
struct changes {
	const struct intake_request **created, **moved, **refused, **issued;
	size_t n_created, n_moved, n_refused, n_issued;
	const struct intake_request **revocations; /* asked for, done or refused */
	size_t n_revocations;
	struct changed_octets *octets;
	size_t n_octets;
	const struct intake_request **noted; /* with new lines of their history */
	size_t n_noted;
	const struct report **new_reports, **old_reports;
	size_t n_new_reports, n_old_reports;
	const struct note **request_notes;
	size_t n_request_notes;
	struct changed_key *keys;
	size_t n_keys;
};

struct changes changes_of(const struct svc_batch *batch);

#endif
