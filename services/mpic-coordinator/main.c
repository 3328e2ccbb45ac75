/* SPDX-License-Identifier: Apache-2.0 */
#include "handler.h"

static const struct svc_setting settings[] = {
	SVC_PRIVATE(struct mpic_service, key_file, "CS_KEY_FILE", NULL,
	    "Ed25519 key (PKCS#8 PEM) that signs the evidence"),
	SVC_FILE(struct mpic_service, trust_file, "CS_TRUST_FILE", NULL, "the signed trust table"),
	SVC_FILE(struct mpic_service, approvers_file, "CS_APPROVERS_FILE", NULL,
	    "public keys of those who may sign the trust table"),
	SVC_LIST(struct mpic_service, perspectives, "CS_PERSPECTIVES", NULL, 1024,
	    "remote perspectives, name:region, with commas; all of them are always asked"),
	SVC_U32(struct mpic_service, answer_ms, "CS_PERSPECTIVE_ANSWER_MS", "20000", 100, 60000,
	    "how long a perspective has for its answer, in milliseconds"),
	SVC_PRIVATE(struct mpic_service, sealing_key_file, "CS_SEALING_KEY_FILE", "",
	    "X25519 key that secrets of connectors are sealed to; empty: they cannot be read"),
	SVC_FILE(struct mpic_service, connector_ca_file, "CS_CONNECTOR_CA_FILE", "",
	    "PEM of the CA that Open MPIC services of connectors are checked by; empty: the system's"),
	SVC_U32(struct mpic_service, service_answer_ms, "CS_OPEN_MPIC_ANSWER_MS", "30000", 100,
	    40000, "how long an Open MPIC service has for its answer, in milliseconds"),
	SVC_END,
};

int
main(int argc, char *argv[])
{
	struct mpic_service mpic = { 0 };

	return svc_main(argc, argv,
	    &(struct svc_service){ .name = "mpic-coordinator",
		.summary = "asks other perspectives whether they see what the primary sees",
		.mode = SVC_LOOP,
		.self = &mpic,
		.settings = settings,
		.routes = mpic_routes,
		.start = mpic_start,
		.init = mpic_init,
		.fini = mpic_fini });
}
