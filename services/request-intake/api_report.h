/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_report.h: routes of problem reports: from anybody, and for operators.  Their `self` is the struct api.
 */
#ifndef INTAKE_API_REPORT_H
#define INTAKE_API_REPORT_H

#include "http/server.h"

struct api_reports;
struct svc;

extern const struct http_route api_report_routes[];

/* Reads the state of the queue from time to time, for the metrics. */
struct api_reports *api_reports_new(struct svc *svc);
void api_reports_free(struct api_reports *reports); /* takes NULL */

#endif
