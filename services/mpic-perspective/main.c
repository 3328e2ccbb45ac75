/* SPDX-License-Identifier: Apache-2.0 */
#include "handler.h"

static const struct svc_setting settings[] = {
	SVC_TEXT(struct perspective_service, name, "CS_PERSPECTIVE_NAME", NULL, 40,
	    "name of this perspective, as the coordinator's list has it"),
	SVC_TEXT(struct perspective_service, region, "CS_PERSPECTIVE_REGION", NULL, 20,
	    "service region where it stands: afrinic, apnic, arin, lacnic or ripe"),
	SVC_PRIVATE(struct perspective_service, key_file, "CS_KEY_FILE", NULL,
	    "Ed25519 key (PKCS#8 PEM) that signs the answers"),
	SVC_FILE(struct perspective_service, probing.root_hints_file, "CS_DNS_ROOT_HINTS_FILE", "",
	    "root servers; empty: those known to the resolver"),
	SVC_FILE(struct perspective_service, probing.anchor_file, "CS_DNS_ANCHOR_FILE",
	    "/usr/share/dns/root.key", "trust anchor of the DNS root"),
	SVC_TEXT(struct perspective_service, probing.public_nets, "CS_TEST_PUBLIC_NETS", "", 400,
	    "test mode only: networks treated as public"),
	SVC_U32(struct perspective_service, crew.children, "CS_PROBE_CHILDREN", "2", 1,
	    SANDBOX_CHILDREN_MAX, "sandboxed processes that look at the outside"),
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
