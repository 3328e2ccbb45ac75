/* SPDX-License-Identifier: Apache-2.0 */
#include "handler.h"
#include "probe/settings.h"

static const struct svc_setting settings[] = {
	SVC_PRIVATE(struct caa_service, key_file, "CS_KEY_FILE", NULL,
	    "Ed25519 key (PKCS#8 PEM) that signs the evidence"),
	PROBE_SETTINGS(struct caa_service),
	SVC_TEXT(struct caa_service, keeping.database_url, "CS_DATABASE_URL", NULL, 2048,
	    "postgresql:// URL of this service's role; the password in a passfile"),
	SVC_U32(struct caa_service, keeping.days, "CS_ANSWER_DAYS", "1953", ANSWERS_DAYS_MIN, 36500,
	    "days that a DNS answer is kept after it was last seen"),
	SVC_END,
};

static const struct sandbox_role *const children[] = { &probe_role, NULL };

int
main(int argc, char *argv[])
{
	struct caa_service caa = { 0 };

	return svc_main(argc, argv,
	    &(struct svc_service){ .name = "caa-dnssec",
		.summary = "looks up CAA of mailbox domains and states what it says",
		.mode = SVC_LOOP,
		.self = &caa,
		.settings = settings,
		.routes = caa_routes,
		.start = caa_start,
		.init = caa_init,
		.fini = caa_fini,
		.ready = caa_ready,
		.children = children });
}
