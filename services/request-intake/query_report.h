/* SPDX-License-Identifier: Apache-2.0 */
/* query_report.h: what is shown of problem reports, for svc_ask_store(); as query.h. */
#ifndef INTAKE_QUERY_REPORT_H
#define INTAKE_QUERY_REPORT_H

#include "report_draft.h"
#include "store_report.h"
#include "svc/svc.h"

struct query_report {
	struct intake_caller caller;
	struct cs_id id;                /* of the report */
	struct report_subject subject;  /* query_report_certificate */
	struct store_reports_page page; /* query_report_list */
};

/* 200 with the 16 octets of the request of that certificate; 404. */
svc_query query_report_certificate;
/* 200 with the 16 octets of the report's request, for operators of its enterprise. */
svc_query query_report_request;
svc_query query_report_show;
svc_query query_report_list;
/* 200 with a struct store_report_clock.  Context: the time, an int64_t. */
svc_query query_report_clock;

bool query_report_cursor_parse(const char *text, struct store_reports_page *page);

#endif
