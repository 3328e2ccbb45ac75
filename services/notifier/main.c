/* SPDX-License-Identifier: Apache-2.0 */
/* main.c: notifier tells people by mail what became of their requests, and proves second factors. */
#include "code.h"
#include "directory/directory.h"
#include "login/login.h"
#include "relay.h"
#include "store.h"

static const struct svc_setting settings[] = {
	SVC_FILE(struct notify_service, chain_file, "CS_ISSUER_CHAIN_FILE", NULL,
	    "PEM of the CAs whose certificates are mailed"),
	SVC_TEXT(struct notify_service, smtp_url, "CS_SMTP_URL", NULL, 1024,
	    "the relay that takes mails: smtp://host:25 or smtps://host:465"),
	SVC_TEXT(struct notify_service, mail_from, "CS_MAIL_FROM", NULL, 254,
	    "address that mails come from; bounces go there"),
	SVC_FILE(struct notify_service, smtp_ca_file, "CS_SMTP_CA_FILE", "",
	    "PEM of the CA that the relay's certificate comes from; empty: the system's"),
	SVC_BOOL(struct notify_service, smtp_starttls, "CS_SMTP_STARTTLS", "0",
	    "1: speak to an smtp:// relay only under TLS"),
	SVC_FILE(struct notify_service, smtp_user_file, "CS_SMTP_USER_FILE", "",
	    "file with our name at the relay, one line; empty: no login"),
	SVC_PRIVATE(struct notify_service, smtp_password_file, "CS_SMTP_PASSWORD_FILE", "",
	    "file with our password at the relay, one line"),
	SVC_FILE(struct notify_service, trust_file, "CS_TRUST_FILE", NULL,
	    "the trust table: who may state connectors"),
	SVC_FILE(struct notify_service, approvers_file, "CS_APPROVERS_FILE", NULL,
	    "public keys of those who may sign the trust table"),
	SVC_PRIVATE(struct notify_service, sealing_key_file, "CS_SEALING_KEY_FILE", "",
	    "X25519 key that secrets of connectors are sealed to; empty: they cannot be read"),
	SVC_FILE(struct notify_service, connector_ca_file, "CS_CONNECTOR_CA_FILE", "",
	    "PEM of the CA that relays, gateways, directories and providers of connectors are checked by; empty: the system's"),
	SVC_TEXT(struct notify_service, redirect_base, "CS_REDIRECT_BASE", "", 200,
	    "where browsers reach request-intake, https://ra.example: providers send them back there; empty: nobody logs in at one"),
	SVC_TEXT(struct notify_service, entity_id, "CS_SAML_ENTITY_ID", "", 1000,
	    "by which identity providers of SAML know us, as request-intake says it; empty: where our metadata is"),
	SVC_PRIVATE(struct notify_service, key_file, "CS_KEY_FILE", NULL,
	    "Ed25519 key that signs that a second factor was proved"),
	SVC_SECRET(struct notify_service, code_key, "CS_CODE_KEY_FILE", CODE_KEY_MIN,
	    "key of codes: 32 random octets or more"),
	SVC_U32(struct notify_service, keep_days, "CS_KEEP_DAYS", "90", 40, 36500,
	    "days that it is kept whom we told of what"),
	SVC_END,
};

static const struct sandbox_role *const children[] = { &directory_role, &login_role, NULL };

int
main(int argc, char *argv[])
{
	struct notify_service notify = { 0 };
	const struct svc_service service = {
		.name = "notifier",
		.summary = "tells people by mail what became of their requests, and sends codes",
		.mode = SVC_BATCH,
		.self = &notify,
		.settings = settings,
		.routes = notify_routes,
		.patient = notify_patient,
		.load = store_load_cases,
		.save = store_save_cases,
		.act = notify_act,
		.start = notify_start,
		.sweep = store_sweep_cases,
		.init = notify_init,
		.fini = notify_fini,
		.children = children,
	};

	return svc_main(argc, argv, &service);
}
