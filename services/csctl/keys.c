/* SPDX-License-Identifier: Apache-2.0 */
/* keys.c: signing keys, NATS nkeys, and the trust table that says which key may state what. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/time.h"
#include "catalogue/catalogue.h"
#include "claim/claim.h"
#include "csctl.h"
#include "nkey.h"
#include "pki/ed25519.h"
#include "pki/hash.h"

#define KEY_LIFE_DAYS 90
#define ROWS_MAX 64

/* ---- signing keys ---- */

static int
run_key_new(struct args *args)
{
	const char *path = args_word(args);
	uint8_t public_key[PKI_ED25519_PUBLIC];
	struct pki_ed25519 *key;
	struct cs_err err;

	if (path == NULL || !args_end(args))
		return usage(args);
	if (pki_ed25519_generate(path, &err) || pki_ed25519_load(path, &key, &err))
		return could_not(&err);
	pki_ed25519_public(key, public_key);
	pki_ed25519_free(key);
	(void)printf("%s\n", cs_base64(args->arena, cs_span_of(public_key, sizeof(public_key))));
	return DONE;
}

/* ---- nkeys ---- */

static enum cs_code
write_nkey(struct cs_arena *arena, const char *dir, const char *user, struct cs_err *err)
{
	const char *path = cs_arena_printf(arena, "%s/%s.seed", dir, user);
	uint8_t seed[32], public_key[32];

	if (access(path, F_OK) == 0)
		return CS_OK; /* keys are kept */
	cs_random(seed, sizeof(seed));
	pki_ed25519_public_of_seed(seed, public_key);
	char *text = cs_arena_printf(
	    arena, "%s\n%s\n", nkey_seed(arena, seed), nkey_public(arena, public_key));
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	pki_wipe(seed, sizeof(seed));
	pki_wipe(text, strlen(text));
	if (fd >= 0)
		(void)close(fd);
	return written ? CS_OK : cs_fail(err, CS_INTERNAL, "%s: %s", path, strerror(errno));
}

static int
run_nats_keys(struct args *args)
{
	const char *perspective, **services;
	size_t n = catalogue_services(args->arena, &services);
	struct cs_err err;
	const char *dir;
	struct cs_buf names = cs_buf_new(args->arena);

	while ((perspective = args_option(args, "--perspective", NULL)) != NULL)
		cs_buf_printf(&names, "mpic-perspective-%s\n", perspective);
	dir = args_word(args);
	if (dir == NULL || !args_end(args))
		return usage(args);
	for (size_t i = 0; i < n; i++)
		cs_buf_printf(&names, "%s\n", services[i]);
	cs_buf_add_str(&names, "provisioner\nobserver\n");
	char *rest = (char *)(uintptr_t)cs_buf_span(&names).data, *name;

	while ((name = strsep(&rest, "\n")) != NULL)
		if (name[0] != '\0' && write_nkey(args->arena, dir, name, &err))
			return could_not(&err);
	return DONE;
}

/* ---- the trust table ---- */

#define STATES 5 /* of one row, and an end */

/* Which statements each service's key may make. */
static const struct {
	const char *service;
	const char *states[STATES];
} rights[] = {
	{ "request-intake", { "request", "approval", "revocation" } },
	{ "policy",
	    { "plan", "evidence.organization", "evidence.authority", "evidence.individual" } },
	{ "mailbox-validator", { "evidence.mailbox" } },
	{ "domain-validator", { "evidence.domain" } },
	{ "caa-dnssec", { "evidence.caa" } },
	{ "mpic-coordinator", { "evidence.mpic-domain", "evidence.mpic-caa" } },
	{ "mpic-perspective", { "perspective" } },
};

static struct claim_texts
states_of(struct cs_arena *arena, const char *service)
{
	struct claim_texts texts = { CS_NEW_ARRAY(arena, STATES, const char *), 0 };

	for (size_t i = 0; i < sizeof(rights) / sizeof(rights[0]); i++) {
		const char *name = rights[i].service;

		if (strncmp(service, name, strlen(name)) != 0)
			continue;
		while (texts.n < STATES - 1 && rights[i].states[texts.n] != NULL) {
			texts.items[texts.n] = rights[i].states[texts.n];
			texts.n++;
		}
	}
	return texts;
}

/* "service=KEYFILE": the row of the key in that file, from now on. */
static enum cs_code
row_of(struct args *args, const char *word, struct claim_trust_row *ret, struct cs_err *err)
{
	size_t len = strcspn(word, "=");
	const char *service = cs_arena_strndup(args->arena, word, len);
	struct claim_key *named;
	struct pki_ed25519 *key;

	if (word[len] == '\0')
		return cs_fail(err, CS_MALFORMED, "%s: want SERVICE=KEYFILE", word);
	if (claim_key_load(word + len + 1, &named, err))
		return err->code;
	const char *keyid = cs_arena_strdup(args->arena, claim_key_id(named));
	const char **everyone = CS_NEW_ARRAY(args->arena, 1, const char *);

	everyone[0] = "*";
	claim_key_free(named);
	if (pki_ed25519_load(word + len + 1, &key, err))
		return err->code;
	*ret = (struct claim_trust_row){ .keyid = keyid,
		.service = service,
		.states = states_of(args->arena, service),
		.enterprises = { everyone, 1 },
		.not_before_ms = cs_now_ms() - CS_MINUTE_MS,
		.not_after_ms = cs_now_ms() + KEY_LIFE_DAYS * CS_DAY_MS };
	pki_ed25519_public(key, ret->public_key);
	pki_ed25519_free(key);
	if (ret->states.n == 0)
		return cs_fail(err, CS_MALFORMED, "%s: no such service states anything", service);
	return CS_OK;
}

static int
run_trust_write(struct args *args)
{
	const char *out = args_option(args, "--out", NULL), *path, *word;
	struct claim_trust_row rows[ROWS_MAX];
	struct claim_key *approvers[8];
	size_t n_rows = 0, n_approvers = 0;
	uint32_t version = 1;
	struct cs_err err = { 0 };
	enum cs_code code = CS_OK;

	if (!args_number(args, "--version", 1, UINT32_MAX, &version))
		return COULD_NOT_RUN;
	while (n_approvers < 8 && (path = args_option(args, "--approver", NULL)) != NULL) {
		if (claim_key_load(path, &approvers[n_approvers], &err))
			return could_not(&err);
		n_approvers++;
	}
	while (n_rows < ROWS_MAX && (word = args_word(args)) != NULL && code == CS_OK)
		code = row_of(args, word, &rows[n_rows++], &err);
	if (out == NULL || n_rows == 0 || n_approvers < 2 || !args_end(args))
		return usage(args);
	if (code == CS_OK)
		code = claim_trust_write(out, version, rows, n_rows,
		    (const struct claim_key *const *)approvers, n_approvers, &err);
	while (n_approvers > 0)
		claim_key_free(approvers[--n_approvers]);
	return code == CS_OK ? DONE : could_not(&err);
}

static int
run_trust_show(struct args *args)
{
	const char *path = setting("CS_TRUST_FILE", "the signed trust table");
	const char *approvers = setting("CS_APPROVERS_FILE", "public keys of the approvers");
	const struct claim_trust_row *rows;
	struct claim_trust *trust;
	struct cs_err err;

	if (path == NULL || approvers == NULL || !args_end(args))
		return COULD_NOT_RUN;
	if (claim_trust_load(path, approvers, &trust, &err))
		return could_not(&err);
	size_t n = claim_trust_rows(trust, &rows);

	(void)printf("version %u, signed by two approvers\n", claim_trust_version(trust));
	for (size_t i = 0; i < n; i++) {
		char from[CS_TIME_TEXT], until[CS_TIME_TEXT];

		cs_time_format(rows[i].not_before_ms, from);
		cs_time_format(rows[i].not_after_ms, until);
		(void)printf("%s  %-28s %s to %s%s ", rows[i].keyid, rows[i].service, from, until,
		    rows[i].distrusted_at_ms == 0 ? "" : " DISTRUSTED");
		for (size_t k = 0; k < rows[i].states.n; k++)
			(void)printf(" %s", rows[i].states.items[k]);
		(void)printf("\n");
	}
	claim_trust_free(trust);
	return DONE;
}

const struct command key_commands[] = {
	{ "key new", "FILE", "makes an Ed25519 signing key and prints its public key",
	    run_key_new },
	{ "nats-keys", "DIR [--perspective NAME]...", "makes the NATS keys that are not in DIR yet",
	    run_nats_keys },
	{ "trust write",
	    "--out FILE --approver KEYFILE --approver KEYFILE [--version N] SERVICE=KEYFILE...",
	    "writes the trust table, signed by two approvers", run_trust_write },
	{ "trust show", "", "checks the trust table and prints which key may state what",
	    run_trust_show },
	{ NULL, NULL, NULL, NULL },
};
