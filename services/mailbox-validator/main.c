/* SPDX-License-Identifier: Apache-2.0 */
/* main.c: mailbox-validator proves that a mailbox is read by who asks for its certificate. */
#include "probe/settings.h"
#include "relay.h"
#include "store.h"

static const struct svc_setting settings[] = {
	SVC_PRIVATE(struct mailbox_service, key_file, "CS_KEY_FILE", NULL,
	    "Ed25519 key that signs evidence, PKCS#8 PEM"),
	SVC_SECRET(struct mailbox_service, token_key, "CS_TOKEN_KEY_FILE", MAILBOX_TOKEN_KEY_MIN,
	    "32 random octets or more that tokens are made with; the same for all replicas"),
	SVC_TEXT(struct mailbox_service, smtp_url, "CS_SMTP_URL", NULL, 1024,
	    "the relay that takes mails: smtp://host:25 or smtps://host:465"),
	SVC_TEXT(struct mailbox_service, mail_from, "CS_MAIL_FROM", NULL, 254,
	    "address that mails come from; bounces go there, and prove nothing"),
	SVC_TEXT(struct mailbox_service, return_domain, "CS_MAIL_RETURN_DOMAIN", "", 190,
	    "domain whose mail comes back to this service, with an address for each mail; empty: none"),
	SVC_TEXT(struct mailbox_service, lmtp_listen, "CS_LMTP_LISTEN", "", 256,
	    "where the mail server brings what comes back to that domain: 127.0.0.1:24; empty: nowhere"),
	SVC_TEXT(struct mailbox_service, confirm_url, "CS_CONFIRM_URL", "", 400,
	    "the page of request-intake that a link in the mail opens: https://ra.example/confirm; empty: no link"),
	PROBE_SETTINGS(struct mailbox_service),
	SVC_FILE(struct mailbox_service, smtp_ca_file, "CS_SMTP_CA_FILE", "",
	    "PEM of the CA that the relay's certificate comes from; empty: the system's"),
	SVC_BOOL(struct mailbox_service, smtp_starttls, "CS_SMTP_STARTTLS", "0",
	    "1: speak to an smtp:// relay only under TLS"),
	SVC_FILE(struct mailbox_service, smtp_user_file, "CS_SMTP_USER_FILE", "",
	    "file with our name at the relay, one line; empty: no login"),
	SVC_PRIVATE(struct mailbox_service, smtp_password_file, "CS_SMTP_PASSWORD_FILE", "",
	    "file with our password at the relay, one line"),
	SVC_U32(struct mailbox_service, limits.per_hour, "CS_MAILS_PER_MAILBOX_HOUR", "5", 1, 5,
	    "mails to one mailbox in an hour"),
	SVC_U32(struct mailbox_service, limits.per_day, "CS_MAILS_PER_MAILBOX_DAY", "20", 1, 20,
	    "mails to one mailbox in a day"),
	SVC_U32(struct mailbox_service, limits.per_domain, "CS_MAILS_PER_DOMAIN_HOUR", "200", 1,
	    100000000, "mails to one domain in an hour"),
	SVC_U32(struct mailbox_service, limits.per_account, "CS_MAILS_PER_ACCOUNT_HOUR", "100", 1,
	    100000000, "mails that one account asks for in an hour"),
	SVC_U32(struct mailbox_service, reading.readers, "CS_MAIL_READERS", "1", 1,
	    SANDBOX_CHILDREN_MAX, "sandboxed processes that read mails, with CS_LMTP_LISTEN"),
	SVC_TEXT(struct mailbox_service, keeping.database_url, "CS_DATABASE_URL", NULL, 2048,
	    "postgresql:// URL of this service's role; the password in a passfile"),
	SVC_U32(struct mailbox_service, keeping.days, "CS_ANSWER_DAYS", "1953", ANSWERS_DAYS_MIN,
	    36500, "days that a DNS answer is kept after it was last seen"),
	SVC_U32(struct mailbox_service, life_days, "CS_REQUEST_LIFE_DAYS", "30", 1, 365,
	    "as request-intake has it: days after which a request that nobody approved expires"),
	SVC_U32(struct mailbox_service, keep_days, "CS_KEEP_DAYS", "40", 40, 36500,
	    "days that challenges and mails are kept after their request must have ended"),
	SVC_END,
};

static const struct sandbox_role *const children[] = { &probe_role, &reply_role, NULL };

int
main(int argc, char *argv[])
{
	struct mailbox_service mailbox = { 0 };
	const struct svc_service service = {
		.name = "mailbox-validator",
		.summary = "proves that a mailbox is read by who asks for its certificate",
		.mode = SVC_BATCH,
		.self = &mailbox,
		.settings = settings,
		.routes = mailbox_routes,
		.load = store_load_cases,
		.save = store_save_cases,
		.act = mailbox_act,
		.sweep = store_sweep_cases,
		.init = mailbox_init,
		.fini = mailbox_fini,
		.children = children,
	};

	return svc_main(argc, argv, &service);
}
