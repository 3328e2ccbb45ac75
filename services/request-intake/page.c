/* SPDX-License-Identifier: Apache-2.0 */
#include "page.h"

extern const char confirm_html[], confirm_js[], confirm_css[]; /* generated from page/ */

/*
 * Nothing of anybody else runs or is shown in it, nobody shows it inside a page of theirs, and nobody is
 * told from where a reader came.
 */
static const struct http_header guard[] = {
	{ "Content-Security-Policy",
	    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
	    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'" },
	{ "Referrer-Policy", "no-referrer" },
	{ "Cross-Origin-Opener-Policy", "same-origin" },
	{ NULL, NULL },
};

static void
confirm_page(void *self, struct http_request *req)
{
	(void)self;
	http_reply(req, 200, "text/html; charset=utf-8", cs_span_str(confirm_html), guard);
}

static void
confirm_script(void *self, struct http_request *req)
{
	(void)self;
	http_reply(req, 200, "text/javascript; charset=utf-8", cs_span_str(confirm_js), guard);
}

static void
confirm_style(void *self, struct http_request *req)
{
	(void)self;
	http_reply(req, 200, "text/css; charset=utf-8", cs_span_str(confirm_css), guard);
}

const struct http_route page_routes[] = {
	{ "GET", "/confirm", confirm_page },
	{ "GET", "/confirm.js", confirm_script },
	{ "GET", "/confirm.css", confirm_style },
	{ NULL, NULL, NULL },
};
