/* SPDX-License-Identifier: Apache-2.0 */
/* query.c: from the store to representations, on the reader's thread. */
#include "query.h"

#include <string.h>

#include "cursor.h"
#include "pki/cert.h"
#include "problem.h"
#include "view.h"
#include "wire.h"

static enum cs_code
answer(struct cs_arena *arena, unsigned status, struct cs_refusal why, uint32_t *ret_status,
    struct cs_span *ret_body)
{
	*ret_status = status;
	*ret_body = problem_write(arena, status, &why);
	return CS_OK;
}

static enum cs_code
not_found(struct cs_arena *arena, uint32_t *ret_status, struct cs_span *ret_body)
{
	return answer(arena, 404,
	    (struct cs_refusal){ .code = "not-found",
		.field = "id",
		.text = "There is no such request.",
		.mend = "Check the identifier and the API token." },
	    ret_status, ret_body);
}

/* CS_NOT_FOUND also for what this caller may not see. */
static enum cs_code
find(struct db *db, const struct query *query, struct cs_arena *arena,
    struct intake_request *ret_req, struct cs_err *err)
{
	if (store_find(db, arena, query->id, ret_req, err))
		return err->code;
	if (!intake_may_see(ret_req, &query->caller))
		return cs_fail(err, CS_NOT_FOUND, "not this caller's");
	return CS_OK;
}

enum cs_code
query_show(const void *self, struct db *db, struct cs_span ask, const void *context,
    struct cs_arena *arena, uint32_t *ret_status, struct cs_span *ret_body, struct cs_err *err)
{
	const struct query *query = context;
	struct intake_request req = { 0 };
	enum cs_code code = find(db, query, arena, &req, err);

	(void)self;
	(void)ask;
	if (code == CS_NOT_FOUND)
		return not_found(arena, ret_status, ret_body);
	if (code || store_find_octets(db, arena, &req, err) ||
	    view_request(arena, &req, query->now_ms, ret_body, err))
		return err->code;
	*ret_status = 200;
	return CS_OK;
}

enum cs_code
query_list(const void *self, struct db *db, struct cs_span ask, const void *context,
    struct cs_arena *arena, uint32_t *ret_status, struct cs_span *ret_body, struct cs_err *err)
{
	const struct query *query = context;
	struct store_page page = query->page;
	struct intake_request *reqs = NULL;
	const char *next = "";
	size_t n = 0;

	(void)self;
	(void)ask;
	page.limit++; /* one more tells whether there is another page */
	if (store_list(db, arena, &query->caller, &page, &reqs, &n, err))
		return err->code;
	if (n > query->page.limit) {
		n = query->page.limit;
		next = query_cursor(arena, &page, &reqs[n - 1]);
	}
	*ret_body = view_list(arena, reqs, n, next);
	*ret_status = 200;
	return CS_OK;
}

enum cs_code
query_notes(const void *self, struct db *db, struct cs_span ask, const void *context,
    struct cs_arena *arena, uint32_t *ret_status, struct cs_span *ret_body, struct cs_err *err)
{
	struct notes notes = { NULL, 0 };

	(void)self;
	(void)ask;
	if (store_find_notes(db, arena, context, &notes, err))
		return err->code;
	*ret_body = notes_list(arena, &notes);
	*ret_status = 200;
	return CS_OK;
}

static struct cs_span
write_chain(struct cs_arena *arena, const struct intake_certificate *certificate)
{
	struct cs_buf buf = cs_buf_new(arena);

	cs_buf_add_str(&buf, pki_cert_pem(arena, certificate->der));
	for (size_t i = 0; i < certificate->n_chain; i++)
		cs_buf_add_str(&buf, pki_cert_pem(arena, certificate->chain[i]));
	return cs_buf_span(&buf);
}

static struct cs_span
write_p7b(struct cs_arena *arena, const struct intake_certificate *certificate)
{
	struct cs_span *all = CS_NEW_ARRAY(arena, certificate->n_chain + 1, struct cs_span);

	all[0] = certificate->der;
	for (size_t i = 0; i < certificate->n_chain; i++)
		all[i + 1] = certificate->chain[i];
	return pki_p7b(arena, all, certificate->n_chain + 1);
}

static struct cs_span
write_format(
    struct cs_arena *arena, const struct intake_certificate *certificate, enum query_format format)
{
	switch (format) {
	case QUERY_PEM:
		return cs_span_str(pki_cert_pem(arena, certificate->der));
	case QUERY_CHAIN:
		return write_chain(arena, certificate);
	case QUERY_P7B:
		return write_p7b(arena, certificate);
	case QUERY_DER:
	case QUERY_FORMATS:
		break;
	}
	return certificate->der;
}

enum cs_code
query_certificate(const void *self, struct db *db, struct cs_span ask, const void *context,
    struct cs_arena *arena, uint32_t *ret_status, struct cs_span *ret_body, struct cs_err *err)
{
	const struct query *query = context;
	struct intake_request req = { 0 };
	struct intake_certificate certificate = { 0 };
	struct cs_id id = { { 0 } };
	enum cs_code code = store_find_issued(db, arena, query->id, &req, err);

	(void)self;
	(void)ask;
	if (code != CS_OK && code != CS_NOT_FOUND)
		return code;
	if (code == CS_NOT_FOUND || !intake_may_see(&req, &query->caller))
		return not_found(arena, ret_status, ret_body);
	if (req.certificate.len == 0)
		return answer(arena, 409,
		    (struct cs_refusal){ .code = "no-certificate",
			.text = "No certificate was issued for this request.",
			.mend = intake_ended(req.state) ? "Make a new request."
							: "Wait until its state is issued." },
		    ret_status, ret_body);
	if (wire_read_issued(arena, req.certificate, &id, &certificate, err))
		return err->code;
	*ret_body = write_format(arena, &certificate, query->format);
	*ret_status = 200;
	return CS_OK;
}

enum cs_code
query_watch(const void *self, struct db *db, struct cs_span ask, const void *context,
    struct cs_arena *arena, uint32_t *ret_status, struct cs_span *ret_body, struct cs_err *err)
{
	const struct query *query = context;
	struct intake_request req = { 0 };
	struct query_watched watched = { 0 };
	enum cs_code code = find(db, query, arena, &req, err);

	(void)self;
	(void)ask;
	if (code == CS_NOT_FOUND)
		return not_found(arena, ret_status, ret_body);
	if (code)
		return code;
	watched.seq = req.seq;
	watched.ended = intake_ended(req.state);
	*ret_status = 200;
	*ret_body = cs_arena_copy(arena, &watched, sizeof(watched));
	return CS_OK;
}

/* ---- history ---- */

struct line_head { /* between two threads of one process: no byte order to mind */
	struct cs_id request;
	uint64_t seq;
	size_t len;
	bool ends, about_check;
};

enum cs_code
query_history(const void *self, struct db *db, struct cs_span ask, const void *context,
    struct cs_arena *arena, uint32_t *ret_status, struct cs_span *ret_body, struct cs_err *err)
{
	struct store_line *lines = NULL;
	struct cs_buf buf = cs_buf_new(arena);
	size_t n = 0;

	(void)self;
	(void)ask;
	if (store_history(db, arena, context, &lines, &n, err))
		return err->code;
	for (size_t i = 0; i < n; i++) {
		struct cs_span data = view_line(arena, &lines[i]);
		struct line_head head = { 0 };

		head.request = lines[i].request;
		head.seq = lines[i].seq;
		head.len = data.len;
		head.ends = lines[i].last;
		head.about_check = lines[i].check[0];
		cs_buf_add(&buf, &head, sizeof(head));
		cs_buf_add_span(&buf, data);
	}
	*ret_status = 200;
	*ret_body = cs_buf_span(&buf);
	return CS_OK;
}

bool
query_next_line(struct cs_span *octets, struct query_line *ret_line)
{
	struct line_head head = { 0 };

	if (octets->len == 0)
		return false;
	cs_assert(octets->len >= sizeof(head));
	memcpy(&head, octets->data, sizeof(head));
	cs_assert(octets->len - sizeof(head) >= head.len);
	*ret_line = (struct query_line){ .request = head.request,
		.seq = head.seq,
		.ends = head.ends,
		.event = head.about_check ? "check" : "request",
		.data = cs_span_of(octets->data + sizeof(head), head.len) };
	octets->data += sizeof(head) + head.len;
	octets->len -= sizeof(head) + head.len;
	return true;
}

/* ---- cursors ---- */

const char *
query_cursor(
    struct cs_arena *arena, const struct store_page *page, const struct intake_request *last)
{
	return cursor_write(
	    arena, page->has_since ? last->moved_at_ms : last->created_at_ms, &last->id);
}

bool
query_cursor_parse(const char *text, struct store_page *page)
{
	return cursor_read(text, &page->before_ms, &page->before);
}
