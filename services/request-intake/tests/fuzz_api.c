/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_api.c: the API behind the reader of requests: a head, and after it the content.  Each request is
 * answered once, by a status of ours and by JSON where it says so.  The first octet "t": a file of tokens.
 */
#include <jansson.h>
#include <string.h>

#include "api.h"
#include "api_life.h"
#include "api_report.h"
#include "base/tests/memory_file.h"
#include "base/text.h"
#include "fake_store.h"
#include "fake_svc.h"
#include "handler.h"
#include "http/conn.h" /* to make a request without a socket */
#include "pki/hash.h"
#include "smime/domain.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TOKEN "alice-token"
#define NOW_MS INT64_C(1795835495849)

static const struct http_limits limits = {
	.body_octets = 65536, .head_octets = 16384, .line_octets = 8192, .field_count = 64
};

static struct intake_service intake;
static unsigned answers;

/* ---- what stands for the connection ---- */

void
http_reply(struct http_request *req, int status, const char *type, struct cs_span body,
    const struct http_header *extra)
{
	(void)req;
	answers++;
	cs_assert(status >= 200 && status <= 599);
	if (type != NULL && strstr(type, "json") != NULL) {
		json_t *json =
		    json_loadb((const char *)body.data, body.len, JSON_REJECT_DUPLICATES, NULL);

		cs_assert(json_is_object(json));
		json_decref(json);
	}
	for (; extra != NULL && extra->name != NULL; extra++)
		cs_assert(strpbrk(extra->value, "\r\n") == NULL);
}

struct http_stream *
http_stream_start(struct http_request *req, http_stream_closed *closed, void *arg)
{
	(void)req;
	(void)closed;
	(void)arg;
	answers++;
	return NULL; /* the client has left */
}

bool
http_stream_event(struct http_stream *stream, const struct http_event *event)
{
	(void)stream;
	(void)event;
	return false;
}

void
http_stream_close(struct http_stream *stream)
{
	(void)stream;
}

/* ---- the service ---- */

static struct tokens *
read_tokens(struct cs_span octets)
{
	static struct memory_file file;
	struct tokens *tokens = NULL;

	(void)!tokens_load(memory_file(&file, octets), &tokens, NULL);
	return tokens;
}

static struct claim_key *
make_key(void)
{
	static const char pem[] =
	    "-----BEGIN PRIVATE KEY-----\n"
	    "MC4CAQAwBQYDK2VwBCIEIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB\n"
	    "-----END PRIVATE KEY-----\n";
	struct memory_file file = { 0 };
	struct claim_key *key = NULL;

	cs_assert(claim_key_load(memory_file(&file, cs_span_str(pem)), &key, NULL) == CS_OK);
	(void)close(file.fd);
	return key;
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct cs_arena *arena = cs_arena_new();
	uint8_t digest[PKI_SHA256];

	(void)argc;
	(void)argv;
	pki_sha256(cs_span_str(TOKEN), digest);
	intake.tokens = read_tokens(cs_span_str(cs_arena_printf(
	    arena, "%s demo alice\n", cs_hex(arena, cs_span_of(digest, sizeof(digest))))));
	intake.key = make_key();
	cs_assert(intake.tokens && smime_psl_load(NULL, &intake.psl, NULL) == CS_OK);
	intake.life_days = 30;
	intake.reports_per_network = intake.creations_per_network = intake.presses_per_network =
	    UINT32_MAX;
	intake.creations_per_hour = intake.presses_per_hour = UINT32_MAX;
	intake.rules = (struct draft_rules){ .psl = intake.psl,
		.agreement = "v1",
		.default_days = 365,
		.allow_example_names = true };
	cs_arena_free(arena);
	return 0;
}

static void
handle(struct http_request *req)
{
	const struct svc_service service = { .name = "request-intake",
		.mode = SVC_BATCH,
		.self = &intake,
		.routes = intake_routes,
		.load = store_load_requests,
		.save = store_save_requests };
	struct svc_test *test = svc_test_new(&service, NOW_MS);

	fake_store_reset();
	fake_svc_use(test);
	intake.api = api_new(&intake, NULL);
	req->match.route->handle(intake.api, req);
	cs_assert(answers == 1);
	api_free(intake.api);
	svc_test_free(test);
}

static void
ask(struct cs_span octets)
{
	static struct http_conn conn = { .peer = { .ss_family = AF_INET } };
	struct http_request *req = request_new(&conn);
	struct http_routes routes = { 0 };
	struct http_fault fault;
	size_t len = 0;

	answers = 0;
	cs_assert(http_routes_add(&routes, api_routes, NULL, NULL) == CS_OK);
	cs_assert(http_routes_add(&routes, api_life_routes, NULL, NULL) == CS_OK);
	cs_assert(http_routes_add(&routes, api_report_routes, NULL, NULL) == CS_OK);
	if (http_head_scan(octets, &limits, &len, &fault) == HTTP_SCAN_DONE &&
	    http_head_parse(cs_span_of(octets.data, len), &limits, req->arena, &req->head).status ==
		0) {
		cs_buf_add(&req->body, octets.data + len, octets.len - len);
		const char *cookie = http_request_cookie(req, "csrf");

		cs_assert(cookie == NULL || strchr(cookie, ';') == NULL);
		http_routes_match(&routes, &req->head, req->arena, &req->match);
		if (req->match.route)
			handle(req);
	}
	request_free(req);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 0 && data[0] == 't') {
		struct tokens *tokens = read_tokens(cs_span_of(data + 1, size - 1));

		if (tokens)
			(void)tokens_find(tokens, TOKEN);
		tokens_free(tokens);
	} else if (size <= limits.body_octets) {
		ask(cs_span_of(data, size));
	}
	return 0;
}
