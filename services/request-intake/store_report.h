/* SPDX-License-Identifier: Apache-2.0 */
/* store_report.h: problem reports in PostgreSQL, for showing; changes go with the batch of store.h. */
#ifndef INTAKE_STORE_REPORT_H
#define INTAKE_STORE_REPORT_H

#include "db/db.h"
#include "report.h"
#include "report_draft.h"

/* The request of the certificate that is meant.  CS_NOT_FOUND: we have issued none like this. */
CS_MUST_USE enum cs_code store_find_certificate(struct db *db, struct cs_arena *arena,
    const struct report_subject *subject, struct cs_id *ret_request, struct cs_err *err);
/* CS_NOT_FOUND. */
CS_MUST_USE enum cs_code store_find_report(struct db *db, struct cs_arena *arena, struct cs_id id,
    struct report *ret_report, struct cs_err *err);

/* Those of one enterprise in one state, the most urgent first. */
struct store_reports_page {
	enum report_state state;
	int64_t after_ms; /* due time of what was shown last; INT64_MIN: from the first */
	struct cs_id after;
	uint32_t limit;
};
CS_MUST_USE enum cs_code store_list_reports(struct db *db, struct cs_arena *arena,
    const char *enterprise, const struct store_reports_page *page, struct report **ret_reports,
    size_t *ret_n, struct cs_err *err);

/* Of all enterprises, for whoever watches the installation. */
struct store_report_clock {
	int64_t open;           /* neither rejected nor revoked yet */
	int64_t overdue;        /* of them: one of their two times has passed */
	int64_t oldest_open_ms; /* when the oldest came; 0: none */
};
CS_MUST_USE enum cs_code store_report_clock(struct db *db, struct cs_arena *arena, int64_t now_ms,
    struct store_report_clock *ret_clock, struct cs_err *err);

#endif
