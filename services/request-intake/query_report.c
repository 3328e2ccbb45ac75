/* SPDX-License-Identifier: Apache-2.0 */
#include "query_report.h"

#include <string.h>

#include "base/text.h"
#include "problem.h"
#include "view_report.h"

#define CURSOR_OCTETS 24 /* a time and an id */

static enum cs_code
refuse(struct cs_arena *arena, const struct intake_step *step, uint32_t *ret_status,
    struct cs_span *ret_body)
{
	*ret_status = step->status;
	*ret_body = problem_write(arena, step->status, &step->why);
	return CS_OK;
}

static enum cs_code
answer_id(struct cs_arena *arena, struct cs_id id, uint32_t *ret_status, struct cs_span *ret_body)
{
	*ret_status = 200;
	*ret_body = cs_arena_copy(arena, id.octets, sizeof(id.octets));
	return CS_OK;
}

enum cs_code
query_report_certificate(const void *self, struct db *db, struct cs_span ask, const void *context,
    struct cs_arena *arena, uint32_t *ret_status, struct cs_span *ret_body, struct cs_err *err)
{
	static const struct intake_step none = { .status = 404,
		.why = { "not-found", "certificate", "", "We have issued no such certificate.",
		    "Send the certificate itself, or report it to who issued it." } };
	const struct query_report *query = context;
	struct cs_id request = { { 0 } };
	enum cs_code code = store_find_certificate(db, arena, &query->subject, &request, err);

	(void)self;
	(void)ask;
	if (code == CS_NOT_FOUND)
		return refuse(arena, &none, ret_status, ret_body);
	return code ? code : answer_id(arena, request, ret_status, ret_body);
}

/* Status 0 and the report, or why this caller does not see it. */
static enum cs_code
find(struct db *db, const struct query_report *query, struct cs_arena *arena,
    struct report *ret_report, struct intake_step *ret_step, struct cs_err *err)
{
	enum cs_code code = store_find_report(db, arena, query->id, ret_report, err);

	if (code && code != CS_NOT_FOUND)
		return code;
	/* As if it were another enterprise's, which answers the same. */
	*ret_step = report_may_see(code ? "" : ret_report->enterprise, &query->caller);
	return CS_OK;
}

enum cs_code
query_report_request(const void *self, struct db *db, struct cs_span ask, const void *context,
    struct cs_arena *arena, uint32_t *ret_status, struct cs_span *ret_body, struct cs_err *err)
{
	struct report report = { .state = REPORT_NONE };
	struct intake_step step = { .status = 0 };

	(void)self;
	(void)ask;
	if (find(db, context, arena, &report, &step, err))
		return err->code;
	return step.status ? refuse(arena, &step, ret_status, ret_body)
			   : answer_id(arena, report.request, ret_status, ret_body);
}

enum cs_code
query_report_show(const void *self, struct db *db, struct cs_span ask, const void *context,
    struct cs_arena *arena, uint32_t *ret_status, struct cs_span *ret_body, struct cs_err *err)
{
	struct report report = { .state = REPORT_NONE };
	struct intake_step step = { .status = 0 };

	(void)self;
	(void)ask;
	if (find(db, context, arena, &report, &step, err))
		return err->code;
	if (step.status)
		return refuse(arena, &step, ret_status, ret_body);
	*ret_status = 200;
	*ret_body = view_report(arena, &report);
	return CS_OK;
}

static const char *
cursor(struct cs_arena *arena, const struct report *last)
{
	uint8_t octets[CURSOR_OCTETS];

	for (size_t i = 0; i < 8; i++)
		octets[i] = (uint8_t)((uint64_t)last->due_at_ms >> (56 - 8 * i));
	memcpy(octets + 8, last->id.octets, sizeof(last->id.octets));
	return cs_hex(arena, cs_span_of(octets, sizeof(octets)));
}

bool
query_report_cursor_parse(const char *text, struct store_reports_page *page)
{
	uint8_t octets[CURSOR_OCTETS];
	uint64_t ms = 0;

	if (!cs_hex_decode(text, octets, sizeof(octets)))
		return false;
	for (size_t i = 0; i < 8; i++)
		ms = ms << 8 | octets[i];
	if (ms > INT64_MAX)
		return false;
	page->after_ms = (int64_t)ms;
	memcpy(page->after.octets, octets + 8, sizeof(page->after.octets));
	return true;
}

enum cs_code
query_report_list(const void *self, struct db *db, struct cs_span ask, const void *context,
    struct cs_arena *arena, uint32_t *ret_status, struct cs_span *ret_body, struct cs_err *err)
{
	const struct query_report *query = context;
	struct intake_step step = report_may_see(query->caller.enterprise, &query->caller);
	struct store_reports_page page = query->page;
	struct report *reports = NULL;
	const char *next = "";
	size_t n = 0;

	(void)self;
	(void)ask;
	if (step.status)
		return refuse(arena, &step, ret_status, ret_body);
	page.limit++; /* one more tells whether there is another page */
	if (store_list_reports(db, arena, query->caller.enterprise, &page, &reports, &n, err))
		return err->code;
	if (n > query->page.limit) {
		n = query->page.limit;
		next = cursor(arena, &reports[n - 1]);
	}
	*ret_status = 200;
	*ret_body = view_reports(arena, reports, n, next);
	return CS_OK;
}

enum cs_code
query_report_clock(const void *self, struct db *db, struct cs_span ask, const void *context,
    struct cs_arena *arena, uint32_t *ret_status, struct cs_span *ret_body, struct cs_err *err)
{
	const int64_t *now_ms = context;
	struct store_report_clock clock = { 0 };

	(void)self;
	(void)ask;
	if (store_report_clock(db, arena, *now_ms, &clock, err))
		return err->code;
	*ret_status = 200;
	*ret_body = cs_arena_copy(arena, &clock, sizeof(clock));
	return CS_OK;
}
