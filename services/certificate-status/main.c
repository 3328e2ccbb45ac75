/* SPDX-License-Identifier: Apache-2.0 */
/* main.c: certificate-status says to the world which certificates are good; it holds no CA's key. */
#include "life.h"
#include "store.h"
#include "web.h"

static const struct svc_setting settings[] = {
	SVC_TEXT(struct status_service, ca_dir, "CS_STATUS_CA_DIR", NULL, 4096,
	    "directory of the CAs' certificates, LABEL.cer (DER), and of roots' CRLs, LABEL.crl"),
	SVC_TEXT(struct status_service, ocsp_dir, "CS_OCSP_DIR", "", 4096,
	    "directory of OCSP responders, LABEL.cert.pem and LABEL.key.pem; empty: no OCSP"),
	SVC_U32(struct status_service, valid_hours, "CS_OCSP_VALID_HOURS", "72", 8, 240,
	    "from thisUpdate to nextUpdate of an OCSP answer"),
	SVC_U32(struct status_service, renew_hours, "CS_OCSP_RENEW_HOURS", "12", 1, 96,
	    "age at which a kept OCSP answer is signed anew"),
	SVC_U32(struct status_service, max_age_s, "CS_STATUS_MAX_AGE_S", "3600", 0, 86400,
	    "seconds that caches of others may keep an OCSP answer or a CRL"),
	SVC_U32(struct status_service, sign_percent, "CS_OCSP_SIGN_PERCENT", "80", 1, 95,
	    "share of each second that may go into OCSP signatures; beyond it: tryLater"),
	SVC_BOOL(struct status_service, sign_ahead, "CS_OCSP_SIGN_AHEAD", "1",
	    "1: the answer about a certificate is signed when it is issued or revoked, before anybody asks"),
	SVC_U32(struct status_service, answers_mib, "CS_OCSP_ANSWERS_MIB", "32", 1, 4096,
	    "memory for signed OCSP answers, in MiB"),
	SVC_U32(struct status_service, warn_days, "CS_OCSP_WARN_DAYS", "7", 1, 90,
	    "days before the end of a responder's certificate from which on the log says so"),
	SVC_U32(struct status_service, keep_days, "CS_KEEP_DAYS", "90", 1, 36500,
	    "days after its end that a certificate is still known"),
	SVC_END,
};

int
main(int argc, char *argv[])
{
	struct status_service status = { 0 };
	const struct svc_service service = {
		.name = "certificate-status",
		.summary = "serves CRLs, OCSP answers and CA certificates to the world",
		.mode = SVC_BATCH,
		.self = &status,
		.settings = settings,
		.routes = status_routes,
		.patient = status_patient,
		.load = store_load_rows,
		.save = store_save_rows,
		.act = status_act,
		.sweep = store_sweep_certificates,
		.init = life_init,
		.fini = life_fini,
		.ready = life_ready,
		.serves_http = true,
		.stands_alone = true,
		.opaque_below = WEB_OCSP,
		.metrics = life_metrics,
	};

	return svc_main(argc, argv, &service);
}
