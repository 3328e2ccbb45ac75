/* SPDX-License-Identifier: Apache-2.0 */
/* main.c: the signer: the gate, the CA key, and nothing else. */
#include "hand.h"
#include "handler.h"
#include "linter.h"
#include "pki/token.h"
#include "sign.h"
#include "store.h"

static const struct svc_setting settings[] = {
	SVC_FILE(struct signer_service, issuing.file, "CS_ISSUERS_FILE", "",
	    "the issuing CAs: keys, profiles, dates, URLs; empty: the one CA of CS_ISSUER_*"),
	SVC_PRIVATE(struct signer_service, issuing.key_file, "CS_ISSUER_KEY_FILE", "",
	    "key of the one issuing CA, PKCS#8 PEM"),
	SVC_PRIVATE(struct signer_service, issuing.password_file, "CS_ISSUER_PASSWORD_FILE", "",
	    "pass phrase of that key; empty: the key is not encrypted"),
	SVC_FILE(struct signer_service, issuing.chain_file, "CS_ISSUER_CHAIN_FILE", "",
	    "PEM: the issuing CA's certificate, then those towards the root"),
	SVC_TEXT(struct signer_service, issuing.label, "CS_ISSUER_LABEL", "issuing-1", 64,
	    "name of the issuing CA in events"),
	SVC_SECRET(struct signer_service, seal_key, "CS_SEAL_KEY_FILE", 32,
	    "32 or more random octets, the same for all replicas: seals orders to sign"),
	SVC_PRIVATE(struct signer_service, audit_key_file, "CS_AUDIT_KEY_FILE", NULL,
	    "Ed25519 key (PKCS#8 PEM) that signs the heads of the audit tree"),
	SVC_U32(struct signer_service, audit_head_s, "CS_AUDIT_HEAD_SECONDS", "60", 1, 3600,
	    "at least between two signed heads of the audit tree; there is none when it has not grown"),
	SVC_FILE(struct signer_service, trust_file, "CS_TRUST_FILE", NULL,
	    "the trust table: which key may state what"),
	SVC_FILE(struct signer_service, approvers_file, "CS_APPROVERS_FILE", NULL,
	    "public keys of those who sign the trust table"),
	SVC_LIST(struct signer_service, issuer_domains, "CS_ISSUER_DOMAINS",
	    "ca.countersign.example", 255, "names that CAA records permit us by"),
	SVC_TEXT(struct signer_service, weak_keys_file, "CS_WEAK_KEYS_FILE", "", 4096,
	    "list of keys that are known to be weak; empty: none"),
	SVC_LIST(struct signer_service, issuing.crl_urls, "CS_CRL_URLS",
	    "http://crl.ca.countersign.example/issuing-1.crl", 2048, "http: URLs of the CRL"),
	SVC_LIST(struct signer_service, issuing.ocsp_urls, "CS_OCSP_URLS", "", 2048,
	    "http: URLs of the OCSP responder; empty: none"),
	SVC_LIST(struct signer_service, issuing.issuer_urls, "CS_CA_ISSUERS_URLS",
	    "http://ca.countersign.example/issuing-1.cer", 2048,
	    "http: URLs of the issuing CA's certificate"),
	SVC_U32(struct signer_service, crl_every_hours, "CS_CRL_EVERY_HOURS", "24", 1, 168,
	    "a new revocation list at least so often (SBR 4.9.7)"),
	SVC_U32(struct signer_service, crl_life_hours, "CS_CRL_LIFE_HOURS", "168", 2, 240,
	    "from thisUpdate to nextUpdate; more than the hours between two (SBR 4.9.7)"),
	SVC_U32(struct signer_service, crl_after_seconds, "CS_CRL_AFTER_SECONDS", "60", 0, 3600,
	    "how long after a revocation a new list is begun"),
	SVC_TEXT(struct signer_service, lint.command, "CS_LINT_COMMAND", "", 1024,
	    "another linter, asked before each signature: whole path and arguments; empty: none"),
	SVC_TEXT(struct signer_service, lint.format, "CS_LINT_FORMAT", "zlint", 16,
	    "what it prints: zlint or pkilint (-f JSON)"),
	SVC_U32(struct signer_service, lint.timeout_ms, "CS_LINT_TIMEOUT_MS", "10000", 100, 30000,
	    "how long it may take for one certificate"),
	SVC_END,
};

static const struct svc_clock clocks[] = {
	{ "clock.missing-found", store_due_found },
	{ "clock.trust-noted", store_due_trust },
	{ "clock.key-blocked", store_due_blocked },
	{ "clock.certificate-expiring", store_due_expiring },
	{ "clock.crl-due", store_due_lists },
	{ "clock.own", store_due_own },
	{ 0 },
};

int
main(int argc, char *argv[])
{
	struct signer_service signer = { 0 };
	const struct svc_service service = {
		.name = "signer",
		.summary = "signs a certificate when every proof is there, fresh and genuine",
		.mode = SVC_BATCH,
		.self = &signer,
		.settings = settings,
		.routes = signer_routes,
		.load = store_load_records,
		.save = store_save_records,
		.act = sign_act,
		.act_max = HAND_MAX,
		.clocks = clocks,
		.confined = true,
		.check = signer_check,
		.init = signer_init,
		.fini = signer_fini,
	};

	pki_token_child_main(argc, argv);
	linter_clerk_main(argc, argv);
	return svc_main(argc, argv, &service);
}
