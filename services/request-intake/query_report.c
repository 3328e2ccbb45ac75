/* SPDX-License-Identifier: Apache-2.0 */
#include "query_report.h"

#include "cursor.h"
#include "problem.h"
#include "view_report.h"

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

bool
query_report_cursor_parse(const char *text, struct store_reports_page *page)
{
	return cursor_read(text, &page->after_ms, &page->after);
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
		next = cursor_write(arena, reports[n - 1].due_at_ms, &reports[n - 1].id);
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
