/* SPDX-License-Identifier: Apache-2.0 */
/* main.c: policy turns requests into plans and owns each plan until it ends. */
#include "handler.h"
#include "store.h"
#include "store_told.h"

static const struct svc_setting settings[] = {
	SVC_PRIVATE(struct policy_service, key_file, "CS_KEY_FILE", NULL,
	    "Ed25519 key that signs plans and what operators verified, PKCS#8 PEM"),
	SVC_FILE(struct policy_service, trust_file, "CS_TRUST_FILE", NULL,
	    "the trust table: which key may state what"),
	SVC_FILE(struct policy_service, approvers_file, "CS_APPROVERS_FILE", NULL,
	    "public keys of those who sign the trust table"),
	SVC_PRIVATE(struct policy_service, tokens_file, "CS_API_TOKENS_FILE", "",
	    "SHA-256 of tokens that need no person, a line each: digest, enterprise, account, roles; empty: none"),
	SVC_FILE(struct policy_service, sealing_keys_file, "CS_SEALING_KEYS_FILE", "",
	    "to whom secrets of connectors are sealed, a line each: service, X25519 key; empty: none can be set"),
	SVC_LIST(struct policy_service, issuer_domains, "CS_ISSUER_DOMAINS",
	    "ca.countersign.example", 255, "names that CAA records permit us by"),
	SVC_U32(struct policy_service, keep_days, "CS_KEEP_DAYS", "90", 40, 36500,
	    "days that a plan is kept after its end"),
	SVC_END,
};

static const struct svc_clock clocks[] = {
	{ "clock.plan-due", store_due_plans },
	{ "clock.settings-changed", store_due_changes },
	{ "clock.identity-withdrawn", store_due_withdrawals },
	{ STORE_TOLD_CLOCK, store_due_told },
	{ 0 },
};

int
main(int argc, char *argv[])
{
	struct policy_service policy = { 0 };
	const struct svc_service service = {
		.name = "policy",
		.summary = "turns requests into plans, and owns each plan until it ends",
		.mode = SVC_BATCH,
		.self = &policy,
		.settings = settings,
		.routes = policy_routes,
		.patient = policy_patient,
		.load = store_load_cases,
		.save = store_save_cases,
		.share = policy_share,
		.decided = policy_decided,
		.clocks = clocks,
		.sweep = store_sweep_cases,
		.init = policy_init,
		.fini = policy_fini,
	};

	return svc_main(argc, argv, &service);
}
