/* SPDX-License-Identifier: Apache-2.0 */
#include "web.h"

#include <string.h>

#include "answer.h"
#include "base/text.h"
#include "base/time.h"
#include "crls.h"
#include "memory.h"

#define GET_MAX 5600 /* characters of a request in a path: base64 of what is read at most */
#define CA_MAX_AGE_S 86400

/* ---- what may be kept by others (RFC 5019 6.2) ---- */

struct page {
	const char *type;
	struct cs_span body;
	const char *tag;
	int64_t modified_s, expires_s, max_age_s;
};

static bool
has_it(const struct http_request *req, const char *etag)
{
	const char *sent = http_request_header(req, "If-None-Match");

	return sent != NULL && (strcmp(sent, "*") == 0 || strstr(sent, etag) != NULL);
}

static void
reply_page(struct http_request *req, const struct page *page)
{
	struct cs_arena *arena = http_request_arena(req);
	const char *etag = cs_arena_printf(arena, "\"%s\"", page->tag);
	char modified[HTTP_DATE], expires[HTTP_DATE];

	http_date(page->modified_s, modified);
	http_date(page->expires_s, expires);
	const struct http_header fields[] = {
		{ "Last-Modified", modified },
		{ "Expires", expires },
		{ "ETag", etag },
		{ "Cache-Control",
		    cs_arena_printf(arena, "max-age=%lld, public, no-transform, must-revalidate",
			(long long)page->max_age_s) },
		{ NULL, NULL },
	};

	if (has_it(req, etag))
		http_reply(req, 304, NULL, cs_span_str(NULL), fields);
	else
		http_reply(req, 200, page->type, page->body, fields);
}

static void
not_found(struct http_request *req, const char *detail)
{
	http_reply_problem(
	    req, &(struct http_problem){ .status = 404, .code = "not-found", .detail = detail });
}

/* ---- CRLs ---- */

/* A CA of just this name comes before a partition of another. */
static const struct authority *
named_by(const struct status_service *status, const char *name, uint32_t *ret_partition)
{
	for (int of_partition = 0; of_partition <= 1; of_partition++) {
		size_t len;
		const struct authority *found =
		    status_crl_name(name, of_partition, &len, ret_partition)
			? authority_find(&status->authorities, name, len)
			: NULL;

		if (found != NULL)
			return found;
	}
	return NULL;
}

/* One past its time is given all the same: it says more than nothing, and its reader sees the time. */
static void
reply_crl(struct http_request *req, const struct status_service *status, const struct crl *crl)
{
	const int64_t now_s = cs_now_ms() / 1000;
	const struct page page = { .type = "application/pkix-crl",
		.body = crl->der,
		.tag = crl->tag,
		.modified_s = crl->times.this_update_s,
		.expires_s = crl->times.next_update_s,
		.max_age_s = status_max_age(&status->rules, crl->times.next_update_s, now_s) };

	svc_count(status->svc, "crl_answers", "result", "given");
	reply_page(req, &page);
}

static void
get_crl(void *self, struct http_request *req)
{
	const struct status_service *status = self;
	uint32_t partition;
	const struct authority *of = named_by(status, http_request_param(req, "file"), &partition);

	if (of == NULL) {
		not_found(req, "There is no CA of this name here.");
		return;
	}
	const struct crl *crl =
	    crls_find(status, (size_t)(of - status->authorities.items), partition);

	if (crl != NULL) {
		reply_crl(req, status, crl);
		return;
	}
	if (partition != 0) {
		not_found(req, "There is no such part of the CRL.");
		return;
	}
	svc_count(status->svc, "crl_answers", "result", "none");
	http_reply_problem_with(req,
	    &(struct http_problem){ .status = 503,
		.code = "no-crl",
		.detail = "There is no CRL of this CA yet.",
		.mend = "Try again in a minute." },
	    (const struct http_header[]){ { "Retry-After", "60" }, { NULL, NULL } });
}

/* ---- certificates of CAs ---- */

static void
get_ca(void *self, struct http_request *req)
{
	const struct status_service *status = self;
	const char *name = http_request_param(req, "file");
	const size_t len = strlen(name);
	const struct authority *of = len > 4 && strcmp(name + len - 4, ".cer") == 0
					 ? authority_find(&status->authorities, name, len - 4)
					 : NULL;

	if (of == NULL) {
		not_found(req, "There is no CA of this name here.");
		return;
	}
	const struct page page = { .type = "application/pkix-cert",
		.body = of->ca.der,
		.tag = of->tag,
		.modified_s = of->ca.not_before_s,
		.expires_s = cs_now_ms() / 1000 + CA_MAX_AGE_S,
		.max_age_s = CA_MAX_AGE_S };

	reply_page(req, &page);
}

/* ---- OCSP ---- */

static const char ocsp_response[] = "application/ocsp-response";

static void
reply_ocsp(struct http_request *req, struct status_service *status, const struct authority *of,
    struct cs_span question)
{
	struct answer answer;

	answer_make(status, (size_t)(of - status->authorities.items), question,
	    http_request_arena(req), &answer);
	if (!answer.cacheable) {
		http_reply(req, 200, ocsp_response, answer.der, NULL); /* no-store */
		return;
	}
	const struct page page = { .type = ocsp_response,
		.body = answer.der,
		.tag = answer.tag,
		.modified_s = answer.times.this_update_s,
		.expires_s = answer.times.next_update_s,
		.max_age_s = status_max_age(
		    &status->rules, answer.times.next_update_s, cs_now_ms() / 1000) };

	reply_page(req, &page);
}

/* Below WEB_OCSP a segment may decode to nothing that is a name. */
static const struct authority *
asked_of(const struct status_service *status, const struct http_request *req)
{
	const char *label = http_request_param(req, "issuer");

	return label != NULL ? authority_find(&status->authorities, label, strlen(label)) : NULL;
}

static void
post_ocsp(void *self, struct http_request *req)
{
	struct status_service *status = self;
	const struct authority *of = asked_of(status, req);

	if (of == NULL)
		not_found(req, "There is no CA of this name here.");
	else if (!http_request_is_type(req, "application/ocsp-request"))
		http_reply_problem(
		    req, &(struct http_problem){ .status = 415,
			     .code = "media-type",
			     .detail = "The content is to be application/ocsp-request." });
	else
		reply_ocsp(req, status, of, http_request_body(req));
}

static int
hex_digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at =
	    c != '\0' ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

/* The URL-encoding of base64 (RFC 6960 A.1), whose "/" and padding many clients leave as they are or out. */
static bool
decode_path(struct cs_arena *arena, const char *text, struct cs_span *ret_octets)
{
	struct cs_buf plain = cs_buf_new(arena);

	if (strlen(text) > GET_MAX)
		return false;
	for (const char *p = text; *p != '\0'; p++) {
		char c = *p;

		if (c == '%') {
			const int high = hex_digit(p[1]), low = high < 0 ? -1 : hex_digit(p[2]);

			if (low < 0)
				return false;
			c = (char)(high << 4 | low);
			p += 2;
		}
		cs_buf_add(&plain, &c, 1);
	}
	while (plain.len % 4 != 0)
		cs_buf_add(&plain, "=", 1);
	return cs_base64_decode(arena, cs_buf_span(&plain), ret_octets);
}

static void
get_ocsp(void *self, struct http_request *req)
{
	struct status_service *status = self;
	const struct authority *of = asked_of(status, req);
	struct cs_span question;

	if (of == NULL) {
		not_found(req, "There is no CA of this name here.");
		return;
	}
	if (!decode_path(http_request_arena(req), http_request_param(req, "request"), &question))
		question = cs_span_str(NULL); /* is answered as malformed */
	reply_ocsp(req, status, of, question);
}

const struct http_route web_routes[] = {
	{ "GET", "/crl/{file}", get_crl },
	{ "GET", "/ca/{file}", get_ca },
	{ "POST", WEB_OCSP "{issuer}", post_ocsp },
	{ "GET", WEB_OCSP "{issuer}/{request...}", get_ocsp },
	{ NULL, NULL, NULL },
};
