/* SPDX-License-Identifier: Apache-2.0 */
#include "page.h"

/* Generated from page/. */
extern const char confirm_html[], confirm_js[], confirm_css[];
extern const char second_factor_html[], second_factor_js[], second_factor_css[];

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

#define HTML "text/html; charset=utf-8"
#define SCRIPT "text/javascript; charset=utf-8"
#define STYLE "text/css; charset=utf-8"

static void
confirm_page(void *self, struct http_request *req)
{
	(void)self;
	http_reply(req, 200, HTML, cs_span_str(confirm_html), guard);
}

static void
confirm_script(void *self, struct http_request *req)
{
	(void)self;
	http_reply(req, 200, SCRIPT, cs_span_str(confirm_js), guard);
}

static void
confirm_style(void *self, struct http_request *req)
{
	(void)self;
	http_reply(req, 200, STYLE, cs_span_str(confirm_css), guard);
}

static void
second_factor_page(void *self, struct http_request *req)
{
	(void)self;
	http_reply(req, 200, HTML, cs_span_str(second_factor_html), guard);
}

static void
second_factor_script(void *self, struct http_request *req)
{
	(void)self;
	http_reply(req, 200, SCRIPT, cs_span_str(second_factor_js), guard);
}

static void
second_factor_style(void *self, struct http_request *req)
{
	(void)self;
	http_reply(req, 200, STYLE, cs_span_str(second_factor_css), guard);
}

const struct http_route page_routes[] = {
	{ "GET", "/confirm", confirm_page },
	{ "GET", "/confirm.js", confirm_script },
	{ "GET", "/confirm.css", confirm_style },
	{ "GET", "/second-factor", second_factor_page },
	{ "GET", "/second-factor.js", second_factor_script },
	{ "GET", "/second-factor.css", second_factor_style },
	{ NULL, NULL, NULL },
};
