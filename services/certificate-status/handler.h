/* SPDX-License-Identifier: Apache-2.0 */
/* handler.h: the routes of certificate-status, its settings and what it holds. */
#ifndef STATUS_HANDLER_H
#define STATUS_HANDLER_H

#include "authority.h"
#include "status.h"
#include "svc/svc.h"

struct event;
struct memory;
struct fetch;

struct status_service {
	const char *ca_dir, *ocsp_dir;
	bool sign_ahead;
	uint32_t valid_hours, renew_hours, max_age_s, sign_percent, answers_mib, keep_days,
	    warn_days;
	/* settings, up to here */
	struct status_rules rules;
	struct svc *svc;
	struct cs_arena *arena;         /* owned, of the process */
	struct authorities authorities; /* what is known at the start and does not change */
	/* Loop thread only, from here on. */
	struct desk *desks; /* one for each authority */
	struct memory *memory;
	struct fetch *fetch;
	struct event *tick; /* files, alerts */
	struct status_spent signing;
};

/* What load finds for a key: of a certificate or of a CRL, as its events are. */
struct status_row {
	bool known, changed;
	struct status_facts facts;
	uint32_t version;
	const char *issuer;
	struct cs_span serial;
	/* of a CRL */
	uint32_t partition;
	int64_t number; /* 0: none */
	struct cs_span octets;
};

extern const struct svc_route status_routes[];
extern const char *const status_patient[]; /* of them, those for which nobody waits */

/* act: a new CRL was announced. */
void status_act(void *self, struct svc_work *work);

#endif
