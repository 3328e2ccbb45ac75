/* SPDX-License-Identifier: Apache-2.0 */
#include "handler.h"
#include "probe/settings.h"
#include "store.h"

static const struct svc_setting settings[] = {
	SVC_PRIVATE(struct domain_service, key_file, "CS_KEY_FILE", NULL,
	    "Ed25519 key (PKCS#8 PEM) that signs the evidence"),
	PROBE_SETTINGS(struct domain_service),
	SVC_U32(struct domain_service, life_days, "CS_REQUEST_LIFE_DAYS", "30", 1, 365,
	    "as request-intake has it: days after which a request that nobody approved expires"),
	SVC_U32(struct domain_service, keep_days, "CS_KEEP_DAYS", "40", 40, 36500,
	    "days that challenges are kept after their request must have ended"),
	SVC_LIST(struct domain_service, schedule, "CS_LOOK_SCHEDULE_S", "60, 300, 900, 3600, 21600",
	    200,
	    "seconds after which a value is looked for without a press; the last repeats; empty: never"),
	SVC_U32(struct domain_service, rules.looks_per_domain, "CS_LOOKS_PER_DOMAIN", "60", 1,
	    1000000, "looks at one domain within an hour; at most 60 outside test mode"),
	SVC_U32(struct domain_service, rules.failures_per_account, "CS_FAILURES_PER_ACCOUNT", "5",
	    1, 1000000,
	    "presses of one account that fail for one domain within an hour; at most 5 outside test mode"),
	SVC_TEXT(struct domain_service, keeping.database_url, "CS_DATABASE_URL", NULL, 2048,
	    "postgresql:// URL of this service's role; the password in a passfile"),
	SVC_U32(struct domain_service, keeping.days, "CS_ANSWER_DAYS", "1953", ANSWERS_DAYS_MIN,
	    36500, "days that a DNS answer is kept after it was last seen"),
	SVC_END,
};

static const struct svc_clock clocks[] = {
	{ "clock.look-due", store_due_looks },
	{ 0 },
};

static const struct sandbox_role *const children[] = { &probe_role, NULL };

#define LOOKS_AT_ONCE 4096 /* most of them wait for somebody's server */

int
main(int argc, char *argv[])
{
	struct domain_service domain = { 0 };

	return svc_main(argc, argv,
	    &(struct svc_service){ .name = "domain-validator",
		.summary = "gives people a value to publish, and looks whether they did",
		.mode = SVC_BATCH,
		.self = &domain,
		.settings = settings,
		.routes = domain_routes,
		.load = store_load_requests,
		.save = store_save_requests,
		.act = look_start,
		.clocks = clocks,
		.act_max = LOOKS_AT_ONCE,
		.sweep = store_sweep_requests,
		.init = domain_init,
		.fini = domain_fini,
		.children = children });
}
