/* SPDX-License-Identifier: Apache-2.0 */
#include "page.h"

#include "oidc/refusal.h"
#include "out.h"
#include "saml/refusal.h"

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

typedef const struct cs_refusal *refusal_at(size_t i);

static void
put_words(struct out *out, refusal_at *at)
{
	for (size_t i = 0; at(i) != NULL; i++) {
		const struct cs_refusal *why = at(i);

		out_text_of(out, why->code, (const char *const[]){ why->text, " ", why->mend }, 3);
	}
}

/* Each refusal that a provider's answer may end in, with what is wrong and what mends it: one table says it to all. */
static void
second_factor_words(void *self, struct http_request *req)
{
	struct cs_buf script = cs_buf_new(http_request_arena(req));
	struct out out = out_new(http_request_arena(req));

	(void)self;
	out_object(&out, NULL);
	put_words(&out, oidc_refusal_at);
	put_words(&out, saml_refusal_at);
	out_end_object(&out);
	cs_buf_add_str(&script, "\"use strict\";\nconst REFUSALS = ");
	cs_buf_add_span(&script, out_done(&out));
	cs_buf_add_str(&script, ";\n");
	http_reply(req, 200, SCRIPT, cs_buf_span(&script), guard);
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
	{ "GET", "/second-factor-words.js", second_factor_words },
	{ "GET", "/second-factor.css", second_factor_style },
	{ NULL, NULL, NULL },
};
