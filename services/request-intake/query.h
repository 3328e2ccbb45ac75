/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query.h: what is shown without changing anything, for svc_ask_store().  Each answers with an HTTP
 * status and the body for it.  What a caller may not see is answered as if there were none: 404.
 */
#ifndef INTAKE_QUERY_H
#define INTAKE_QUERY_H

#include "intake.h"
#include "store.h"
#include "store_note.h"
#include "svc/svc.h"

enum query_format { QUERY_PEM, QUERY_CHAIN, QUERY_DER, QUERY_P7B, QUERY_FORMATS };

/* The context of the four queries of the API. */
struct query {
	struct intake_caller caller;
	struct cs_id id;
	int64_t now_ms;
	enum query_format format; /* query_certificate */
	struct store_page page;   /* query_list */
};

svc_query query_show;
svc_query query_list;
svc_query query_certificate;
/* 200 with a struct query_watched: may this caller watch, and where does the history stand? */
svc_query query_watch;
struct query_watched {
	uint64_t seq;
	bool ended;
};

/* Context: struct store_notes. */
svc_query query_notes;

/* Context: struct store_watch.  200 with lines one after the other, for query_next_line(). */
svc_query query_history;
struct query_line {
	struct cs_id request;
	uint64_t seq;
	bool ends;           /* nothing follows it */
	const char *event;   /* "request" or "check" */
	struct cs_span data; /* JSON */
};
/* False: that was all.  Borrows from `octets`, which moves on. */
bool query_next_line(struct cs_span *octets, struct query_line *ret_line);

/* The cursor after `last` of this page: 48 hexadecimal digits. */
const char *query_cursor(
    struct cs_arena *arena, const struct store_page *page, const struct intake_request *last);
bool query_cursor_parse(const char *text, struct store_page *page);

#endif
