/* SPDX-License-Identifier: Apache-2.0 */
#include "handler.h"
#include "probe/settings.h"

static const struct svc_setting settings[] = {
	SVC_TEXT(struct perspective_service, name, "CS_PERSPECTIVE_NAME", NULL, 40,
	    "name of this perspective, as the coordinator's list has it"),
	SVC_TEXT(struct perspective_service, region, "CS_PERSPECTIVE_REGION", NULL, 20,
	    "service region where it stands: afrinic, apnic, arin, lacnic or ripe"),
	SVC_PRIVATE(struct perspective_service, key_file, "CS_KEY_FILE", NULL,
	    "Ed25519 key (PKCS#8 PEM) that signs the answers"),
	PROBE_SETTINGS(struct perspective_service),
	SVC_END,
};

static const struct sandbox_role *const children[] = { &probe_role, NULL };

int
main(int argc, char *argv[])
{
	struct perspective_service perspective = { 0 };

	return svc_main(argc, argv,
	    &(struct svc_service){ .name = "mpic-perspective",
		.summary = "looks at domains and CAA from another place in the network",
		.mode = SVC_LOOP,
		.self = &perspective,
		.settings = settings,
		.routes = perspective_routes,
		.start = perspective_start,
		.init = perspective_init,
		.fini = perspective_fini,
		.children = children,
		.instance = perspective_name });
}
