/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_api.c: the API behind the reader of requests: a head, and after it the content.  Each request is
 * answered once, by a status of ours and by JSON where it says so.  The first octet "t": policy's answer to
 * whose token it is; "c": to a call of settings.
 */
#include <jansson.h>
#include <string.h>

#include "api.h"
#include "api_config.h"
#include "api_factor.h"
#include "api_life.h"
#include "api_report.h"
#include "api_session.h"
#include "base/tests/memory_file.h"
#include "door.h"
#include "fake_policy.h"
#include "fake_store.h"
#include "fake_stretch.h"
#include "fake_svc.h"
#include "handler.h"
#include "http/conn.h" /* to make a request without a socket */
#include "smime/domain.h"
#include "wire.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TOKEN "alice-token"
#define NOW_MS INT64_C(1795835495849)

static const struct http_limits limits = {
	.body_octets = 65536, .head_octets = 16384, .line_octets = 8192, .field_count = 64
};

static const struct fake_person people[] = {
	{ TOKEN, "demo", "alice", "user", "*", "1", NULL, 0, false },
	{ .token = NULL },
};

static struct intake_service intake;
static struct http_routes routes;
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

enum cs_code
http_server_add_routes(
    struct http_server *server, const struct http_route *table, void *self, struct cs_err *err)
{
	(void)server;
	return http_routes_add(&routes, table, self, err);
}

/* ---- the service ---- */

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
	(void)argc;
	(void)argv;
	intake.key = make_key();
	cs_assert(smime_psl_load(NULL, &intake.psl, NULL) == CS_OK);
	intake.life_days = 30;
	intake.strangers_per_network = UINT32_MAX;
	intake.logins_per_network = intake.returns_per_network = UINT32_MAX;
	intake.reports_per_network = intake.creations_per_network = intake.presses_per_network =
	    UINT32_MAX;
	intake.creations_per_hour = intake.presses_per_hour = UINT32_MAX;
	intake.rules = (struct draft_rules){ .psl = intake.psl,
		.agreement = "v1",
		.default_days = 365,
		.allow_example_names = true };
	return 0;
}

static void
add_routes(void)
{
	static const struct http_route *const tables[] = { api_routes, api_factor_routes,
		api_life_routes, api_report_routes, api_config_routes, api_session_routes };

	routes = (struct http_routes){ 0 };
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		cs_assert(door_add_routes(NULL, tables[i], intake.api, NULL) == CS_OK);
}

static void
handle(struct http_request *req)
{
	const struct svc_service service = { .name = "request-intake",
		.mode = SVC_BATCH,
		.self = &intake,
		.routes = intake_routes,
		.load = store_load_requests,
		.save = store_save_requests,
		.share = intake_share,
		.decided = intake_decided };
	struct svc_test *test = svc_test_new(&service, NOW_MS);

	fake_store_reset();
	fake_svc_use(test);
	fake_policy_use(people);
	fake_stretch_use(4);
	intake.api = api_new(&intake, NULL);
	add_routes();
	http_routes_match(&routes, &req->head, req->arena, &req->match);
	if (req->match.route) {
		req->match.route->handle(req->match.self, req);
		fake_stretch_settle();
		cs_assert(answers == 1);
	}
	api_free(intake.api);
	svc_test_free(test);
}

static void
ask(struct cs_span octets)
{
	static struct http_conn conn = { .peer = { .ss_family = AF_INET } };
	struct http_request *req = request_new(&conn);
	struct http_fault fault;
	size_t len = 0;

	answers = 0;
	if (http_head_scan(octets, &limits, &len, &fault) == HTTP_SCAN_DONE &&
	    http_head_parse(cs_span_of(octets.data, len), &limits, req->arena, &req->head).status ==
		0) {
		cs_buf_add(&req->body, octets.data + len, octets.len - len);
		const char *cookie = http_request_cookie(req, "csrf");

		cs_assert(cookie == NULL || strchr(cookie, ';') == NULL);
		handle(req);
	}
	request_free(req);
}

static void
read_who(struct cs_span octets)
{
	struct cs_arena *arena = cs_arena_new();
	bool known = false;
	struct who who = { 0 };

	if (wire_read_who(arena, octets, &known, &who, NULL) == CS_OK && known)
		cs_assert(who.enterprise[0] && who.account[0] && who.credential[0]);
	cs_arena_free(arena);
}

static void
read_config(struct cs_span octets)
{
	struct cs_arena *arena = cs_arena_new();
	struct wire_config_answer answer = { 0 };

	if (wire_read_config_answer(arena, octets, &answer, NULL) == CS_OK)
		cs_assert(strpbrk(answer.etag, "\r\n") == NULL &&
			  (answer.status < 400 || answer.body.len > 0));
	cs_arena_free(arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 0 && data[0] == 't')
		read_who(cs_span_of(data + 1, size - 1));
	else if (size > 0 && data[0] == 'c')
		read_config(cs_span_of(data + 1, size - 1));
	else if (size <= limits.body_octets)
		ask(cs_span_of(data, size));
	return 0;
}
