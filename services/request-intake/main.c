/* SPDX-License-Identifier: Apache-2.0 */
/* main.c: request-intake takes requests over HTTP and shows what becomes of them. */
#include "api.h"
#include "api_config.h"
#include "api_domain.h"
#include "api_factor.h"
#include "api_life.h"
#include "api_report.h"
#include "api_return.h"
#include "api_session.h"
#include "challenge.h"
#include "door.h"
#include "handler.h"
#include "page.h"
#include "pki/keycheck.h"
#include "smime/domain.h"
#include "sse.h"
#include "store.h"
#include "stretch/stretch.h"
#include "trial/trial.h"

#define STRETCH_WAIT_MS 10000 /* before a child takes it; who logs in waits no longer */

static const struct svc_setting settings[] = {
	SVC_PRIVATE(struct intake_service, key_file, "CS_KEY_FILE", NULL,
	    "Ed25519 key that signs requests and approvals, PKCS#8 PEM"),
	SVC_TEXT(struct intake_service, weak_keys_file, "CS_WEAK_KEYS_FILE", "", 4096,
	    "list of keys that are known to be weak; empty: none"),
	SVC_TEXT(struct intake_service, agreement, "CS_AGREEMENT_VERSION", "v1", 64,
	    "version of the subscriber agreement in force"),
	SVC_U32(struct intake_service, default_days, "CS_DEFAULT_VALIDITY_DAYS", "365", 1, 825,
	    "validity of a certificate when the request names none"),
	SVC_U32(struct intake_service, life_days, "CS_REQUEST_LIFE_DAYS", "30", 1, 365,
	    "days after which a request that nobody approved expires"),
	SVC_U32(struct intake_service, creations_per_hour, "CS_CREATIONS_PER_HOUR", "60", 1,
	    100000000, "requests that one API token may make in an hour"),
	SVC_U32(struct intake_service, presses_per_hour, "CS_PRESSES_PER_HOUR", "600", 1, 100000000,
	    "verifications, tokens, approvals and cancels of one API token in an hour"),
	SVC_U32(struct intake_service, creations_per_network, "CS_CREATIONS_PER_NETWORK_HOUR",
	    "600", 1, 100000000, "requests that may come from one network (/24, /48) in an hour"),
	SVC_U32(struct intake_service, presses_per_network, "CS_PRESSES_PER_NETWORK_HOUR", "6000",
	    1, 100000000,
	    "verifications, tokens, approvals and cancels from one network in an hour"),
	SVC_U32(struct intake_service, reports_per_network, "CS_REPORTS_PER_NETWORK_HOUR", "30", 1,
	    100000000, "problem reports that may come from one network in an hour"),
	SVC_U32(struct intake_service, strangers_per_network, "CS_STRANGERS_PER_NETWORK_HOUR",
	    "600", 1, 100000000,
	    "API tokens that nobody has, which may be tried from one network in an hour"),
	SVC_U32(struct intake_service, logins_per_network, "CS_LOGINS_PER_NETWORK_HOUR", "300", 1,
	    100000000, "passwords that may be tried or changed from one network in an hour"),
	SVC_U32(struct intake_service, returns_per_network, "CS_RETURNS_PER_NETWORK_HOUR", "300", 1,
	    100000000, "browsers that may come back from a provider to one network in an hour"),
	SVC_U32(struct intake_service, stretchers, "CS_PASSWORD_CHILDREN", "2", 1,
	    SANDBOX_CHILDREN_MAX, "passwords that are stretched at once, each with its memory"),
	SVC_U32(struct intake_service, passwords_waiting, "CS_PASSWORDS_WAITING", "16", 1, 1024,
	    "passwords that may wait for that; one more is answered 503"),
	SVC_TEXT(struct intake_service, trusted_proxies, "CS_TRUSTED_PROXIES", "", 1024,
	    "networks of proxies whose X-Forwarded-For says where a call comes from; empty: none"),
	SVC_FILE(struct intake_service, connector_ca_file, "CS_CONNECTOR_CA_FILE", "",
	    "PEM of the CA that servers of connectors are checked by; empty: the system's"),
	SVC_TEXT(struct intake_service, redirect_base, "CS_REDIRECT_BASE", "", 200,
	    "as notifier's; empty: there is no metadata for identity providers of SAML"),
	SVC_TEXT(struct intake_service, entity_id, "CS_SAML_ENTITY_ID", "", 1000, "as notifier's"),
	SVC_U32(struct intake_service, streams_per_token, "CS_STREAMS_PER_TOKEN", "32", 1,
	    SSE_STREAMS_MAX, "streams of events that one API token may have open at once"),
	SVC_END,
};

static const struct svc_clock clocks[] = {
	{ "clock.request-due", store_due_requests },
	{ NULL, NULL },
};

static enum cs_code
load_weak_keys(struct intake_service *intake, struct cs_err *err)
{
	if (!intake->weak_keys_file[0])
		return CS_OK;
	return pki_weak_list_load(intake->weak_keys_file, &intake->weak, err);
}

static const struct sandbox_role *const children[] = { &stretch_role, &trial_role, NULL };

static enum cs_code
open_stretch(struct intake_service *intake, struct svc *svc, struct cs_err *err)
{
	const struct stretch_settings stretch = { .children = intake->stretchers,
		.waiting_max = intake->passwords_waiting,
		.wait_ms = STRETCH_WAIT_MS,
		.told = svc_child_told,
		.told_arg = svc };

	return stretch_open(&stretch, svc_base(svc), &intake->stretch, err);
}

static enum cs_code
open_trials(struct intake_service *intake, struct svc *svc, struct cs_err *err)
{
	const struct trials_settings trials = { .ca_file = intake->connector_ca_file,
		.test_mode = svc_test_mode(svc),
		.told = svc_child_told,
		.told_arg = svc };

	return trials_open(&trials, svc_base(svc), &intake->trials, err);
}

static enum cs_code
add_routes(struct intake_service *intake, struct svc *svc, struct cs_err *err)
{
	static const struct http_route *const tables[] = { api_routes, api_life_routes,
		api_domain_routes, api_factor_routes, api_return_routes, api_report_routes,
		api_config_routes, api_session_routes };

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		if (door_add_routes(svc_http(svc), tables[i], intake->api, err))
			return err->code;
	return CS_OK;
}

static enum cs_code
init(void *self, struct svc *svc, struct cs_err *err)
{
	struct intake_service *intake = self;

	if (claim_key_load(intake->key_file, &intake->key, err) ||
	    challenge_secret(intake->key_file, intake->challenge_secret, err) ||
	    load_weak_keys(intake, err) || smime_psl_load(NULL, &intake->psl, err))
		return err->code;
	intake->rules = (struct draft_rules){ .psl = intake->psl,
		.weak = intake->weak,
		.agreement = intake->agreement,
		.default_days = intake->default_days,
		.allow_example_names = svc_test_mode(svc) };
	if (http_address_rules_parse(intake->trusted_proxies, intake->arena, &intake->proxies, err))
		return cs_fail(err, CS_MALFORMED, "CS_TRUSTED_PROXIES: not a list of networks");
	intake->api = api_new(intake, svc);
	if (http_server_add_routes(svc_http(svc), page_routes, NULL, err))
		return err->code;
	intake->reports = api_reports_new(svc);
	if (open_stretch(intake, svc, err) || open_trials(intake, svc, err))
		return err->code;
	return add_routes(intake, svc, err);
}

static void
fini(void *self)
{
	struct intake_service *intake = self;

	stretch_close(intake->stretch);
	trials_close(intake->trials);
	api_reports_free(intake->reports);
	api_free(intake->api);
	cs_arena_free(intake->arena);
	pki_weak_list_free(intake->weak);
	smime_psl_free(intake->psl);
	claim_key_free(intake->key);
}

int
main(int argc, char *argv[])
{
	struct intake_service intake = { .arena = cs_arena_new() };
	const struct svc_service service = {
		.name = "request-intake",
		.summary = "takes certificate requests over HTTP and shows what becomes of them",
		.mode = SVC_BATCH,
		.self = &intake,
		.settings = settings,
		.routes = intake_routes,
		.patient = intake_patient,
		.load = store_load_requests,
		.save = store_save_requests,
		.share = intake_share,
		.decided = intake_decided,
		.clocks = clocks,
		.init = init,
		.fini = fini,
		.children = children,
		.serves_http = true,
	};

	return svc_main(argc, argv, &service);
}
