/* SPDX-License-Identifier: Apache-2.0 */
/* keys.c: signing keys and NATS nkeys. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "catalogue/catalogue.h"
#include "claim/claim.h"
#include "csctl.h"
#include "nkey.h"
#include "pki/ed25519.h"
#include "pki/hash.h"
#include "pki/seal.h"

/* ---- keys of services: for signing, and for what is sealed to them ---- */

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

static int
run_key_new_sealing(struct args *args)
{
	const char *path = args_word(args);
	uint8_t public_key[PKI_SEAL_PUBLIC];
	struct pki_seal_key *key;
	struct cs_err err;

	if (path == NULL || !args_end(args))
		return usage(args);
	if (pki_seal_key_generate(path, &err) || pki_seal_key_load(path, &key, &err))
		return could_not(&err);
	pki_seal_key_public(key, public_key);
	pki_seal_key_free(key);
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

const struct command key_commands[] = {
	{ "key new", "FILE", "makes an Ed25519 signing key and prints its public key",
	    run_key_new },
	{ "key new-sealing", "FILE",
	    "makes an X25519 key that secrets are sealed to and prints its public key",
	    run_key_new_sealing },
	{ "nats-keys", "DIR [--perspective NAME]...", "makes the NATS keys that are not in DIR yet",
	    run_nats_keys },
	{ NULL, NULL, NULL, NULL },
};
