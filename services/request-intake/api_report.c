/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_report.c: problem reports over HTTP.  Anybody may report, so a route that takes one knows no caller and
 * counts by network; the certificate that is meant is looked up first, because a report changes under the lock of
 * its request.
 */
#include "api_report.h"

#include <event2/event.h>
#include <string.h>

#include "base/time.h"
#include "call.h"
#include "challenge.h"
#include "json.h"
#include "query_report.h"
#include "view_report.h"

#define COLLECTION "/v1/problem-reports"
#define PAGE_DEFAULT 50
#define CLOCK_MS 10000

struct reporting {
	struct call *call;
	struct query_report query;
	const char *subject; /* of the command that follows */
};

static struct reporting *
reporting_of(struct call *call)
{
	struct reporting *reporting = CS_NEW(call->arena, struct reporting);

	reporting->call = call;
	reporting->query.caller = call->query.caller;
	reporting->query.id = call->query.id;
	return reporting;
}

static void
look_up(struct reporting *reporting, svc_query *query, svc_answered *answered)
{
	struct call *call = reporting->call;

	if (!svc_ask_store(
		call->api->svc, query, cs_span_str(NULL), &reporting->query, answered, reporting))
		call_busy(call);
}

/* The report's octets, then the client's body, to the aggregate of the request. */
static void
command(struct reporting *reporting, struct cs_span request, svc_answered *answered)
{
	struct call *call = reporting->call;
	struct cs_buf body = cs_buf_new(call->arena);

	cs_assert(request.len == sizeof(call->query.id.octets));
	memcpy(call->query.id.octets, request.data, request.len);
	cs_buf_add(&body, reporting->query.id.octets, sizeof(reporting->query.id.octets));
	cs_buf_add_span(&body, http_request_body(call->req));
	if (!svc_command(call->api->svc, reporting->subject, call->query.id, cs_buf_span(&body),
		&reporting->query.caller, answered, reporting))
		call_busy(call);
}

static void
on_done(void *arg, bool ok, uint32_t status, struct cs_span body)
{
	const struct reporting *reporting = arg;

	call_answered(reporting->call, ok, status, body);
}

/* ---- from anybody ---- */

static void
challenge(void *self, struct http_request *req)
{
	struct call *call = call_begin_open(self, req);
	char text[CHALLENGE_TEXT];

	if (!call_within_network(call, SOURCE_CHALLENGES, call->api->intake->reports_per_network))
		return;
	challenge_make(call->api->intake->challenge_secret, call->query.now_ms, text);
	call_reply_body(
	    call, 200, view_challenge(call->arena, text, call->query.now_ms + CHALLENGE_LIFE_MS));
}

static void
on_submitted(void *arg, bool ok, uint32_t status, struct cs_span body)
{
	struct reporting *reporting = arg;

	reporting->call->query.id = reporting->query.id;
	call_created(reporting->call, COLLECTION, ok, status, body);
}

static void
on_certificate(void *arg, bool ok, uint32_t status, struct cs_span body)
{
	struct reporting *reporting = arg;

	if (ok && status == 200)
		command(reporting, body, on_submitted);
	else
		call_answered(reporting->call, ok, status, body);
}

static void
submit(void *self, struct http_request *req)
{
	struct call *call = call_begin_open(self, req);
	const struct intake_service *intake = call->api->intake;
	struct report_reading reading = { 0 };
	struct reporting *reporting = NULL;

	if (!call_is_json(call) || !call_read_key(call) ||
	    !call_within_network(call, SOURCE_REPORTS, intake->reports_per_network))
		return;
	report_read(call->arena, intake->challenge_secret, http_request_body(req),
	    call->query.now_ms, &reading);
	if (reading.status) {
		call_problem(call, reading.status, reading.why);
		return;
	}
	svc_count(call->api->svc, "problem_reports", "category", reading.draft.category->name);
	reporting = reporting_of(call);
	reporting->query.subject = reading.subject;
	reporting->subject = "api.report-submit";
	look_up(reporting, query_report_certificate, on_certificate);
}

/* ---- for operators ---- */

static void
show(void *self, struct http_request *req)
{
	struct call *call = call_begin(self, req);

	if (call)
		look_up(reporting_of(call), query_report_show, on_done);
}

static bool
read_page(struct call *call, struct store_reports_page *page)
{
	const char *state = http_request_query(call->req, "state");
	const char *limit = http_request_query(call->req, "limit");
	const char *cursor = http_request_query(call->req, "cursor");

	*page = (struct store_reports_page){
		.state = REPORT_OPEN, .after_ms = INT64_MIN, .limit = PAGE_DEFAULT
	};
	if (state && !report_state_parse(state, &page->state))
		return call_refuse_query(call, "state", "There is no such state.",
		    "Use open, asked, revoked or rejected.");
	if (limit && !call_parse_limit(limit, &page->limit))
		return call_refuse_query(call, "limit", "The limit must be a number from 1 to 100.",
		    "Ask for fewer, and page.");
	if (cursor && !query_report_cursor_parse(cursor, page))
		return call_refuse_query(call, "cursor", "This is no cursor of ours.",
		    "Use \"next\" of the page before.");
	return true;
}

static void
list(void *self, struct http_request *req)
{
	struct call *call = call_begin(self, req);
	struct reporting *reporting = NULL;

	if (!call || !call_read_enterprise(call))
		return;
	reporting = reporting_of(call);
	if (read_page(call, &reporting->query.page))
		look_up(reporting, query_report_list, on_done);
}

static void
on_request(void *arg, bool ok, uint32_t status, struct cs_span body)
{
	struct reporting *reporting = arg;

	if (ok && status == 200)
		command(reporting, body, on_done);
	else
		call_answered(reporting->call, ok, status, body);
}

static void
act(struct call *call, const char *subject)
{
	struct reporting *reporting = reporting_of(call);

	reporting->subject = subject;
	if (call_within_limit(call, false))
		look_up(reporting, query_report_request, on_request);
}

static void
preliminary(void *self, struct http_request *req)
{
	struct call *call = call_begin(self, req);
	const char *text = NULL;
	struct cs_refusal why = { 0 };

	if (!call || !call_is_json(call))
		return;
	if (!json_read_answer(call->arena, http_request_body(req), &text, &why))
		call_problem(call, 400, why);
	else if (call_holds_no_key(call, text))
		act(call, "api.report-answer");
}

static void
decide(void *self, struct http_request *req)
{
	struct call *call = call_begin(self, req);
	struct report_decision decision = { 0 };
	struct cs_refusal why = { 0 };

	if (!call || !call_is_json(call))
		return;
	if (!report_read_decision(call->arena, http_request_body(req), &decision, &why))
		call_problem(call, 400, why);
	else if (call_holds_no_key(call, decision.text))
		act(call, "api.report-decide");
}

const struct http_route api_report_routes[] = {
	{ "POST", COLLECTION, submit },
	{ "GET", COLLECTION, list },
	{ "GET", COLLECTION "/challenge", challenge },
	{ "GET", COLLECTION "/{id}", show },
	{ "POST", COLLECTION "/{id}/preliminary", preliminary },
	{ "POST", COLLECTION "/{id}/decide", decide },
	{ NULL, NULL, NULL },
};

/* ---- the queue ---- */

struct api_reports {
	struct svc *svc;
	struct cs_arena *arena; /* its own */
	struct event *timer;
	int64_t now_ms; /* of the question under way */
};

static void
ask_again(struct api_reports *reports)
{
	const struct timeval after = { CLOCK_MS / 1000, 0 };

	(void)event_add(reports->timer, &after);
}

static void
on_clock(void *arg, bool ok, uint32_t status, struct cs_span body)
{
	struct api_reports *reports = arg;
	struct store_report_clock clock = { 0 };

	ask_again(reports);
	if (!ok || status != 200)
		return;
	cs_assert(body.len == sizeof(clock));
	memcpy(&clock, body.data, sizeof(clock));
	svc_gauge(reports->svc, "problem_reports", "state", "open", (double)clock.open);
	svc_gauge(reports->svc, "problem_reports", "state", "overdue", (double)clock.overdue);
	svc_gauge(reports->svc, "problem_reports_oldest_seconds", "state", "open",
	    clock.open ? (double)(reports->now_ms - clock.oldest_open_ms) / 1000 : 0);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct api_reports *reports = arg;

	(void)fd;
	(void)what;
	reports->now_ms = cs_now_ms();
	if (!svc_ask_store(reports->svc, query_report_clock, cs_span_str(NULL), &reports->now_ms,
		on_clock, reports))
		ask_again(reports);
}

struct api_reports *
api_reports_new(struct svc *svc)
{
	const struct timeval at_once = { 0, 0 };
	struct cs_arena *arena = cs_arena_new();
	struct api_reports *reports = CS_NEW(arena, struct api_reports);

	reports->svc = svc;
	reports->arena = arena;
	reports->timer = event_new(svc_base(svc), -1, 0, on_tick, reports);
	cs_assert(reports->timer && event_add(reports->timer, &at_once) == 0);
	return reports;
}

void
api_reports_free(struct api_reports *reports)
{
	if (!reports)
		return;
	event_free(reports->timer);
	cs_arena_free(reports->arena);
}
