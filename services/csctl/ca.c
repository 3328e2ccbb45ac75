/* SPDX-License-Identifier: Apache-2.0 */
/* ca.c: a hierarchy at once, and what is in a chain.  In steps, by several people: ca_steps.c, ca_agree.c. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/time.h"
#include "ca_tools.h"

static enum cs_code
write_file(const char *path, const char *text, mode_t mode, struct cs_err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	bool good =
	    fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && fsync(fd) == 0;

	if (fd >= 0)
		(void)close(fd);
	return good ? CS_OK : cs_fail(err, CS_INTERNAL, "%s: %s", path, strerror(errno));
}

static enum cs_code
write_made(struct args *args, const char *dir, const char *name, const struct pki_ca_made *made,
    struct cs_err *err)
{
	if (write_file(
		cs_arena_printf(args->arena, "%s/%s.key.pem", dir, name), made->key_pem, 0600, err))
		return err->code;
	return write_file(
	    cs_arena_printf(args->arena, "%s/%s.cert.pem", dir, name), made->cert_pem, 0644, err);
}

/* The root's key is used once here; keep it offline afterwards. */
static enum cs_code
make(struct args *args, const char *dir, const struct pki_ca_spec *root_spec,
    const struct pki_ca_spec *issuing_spec, struct cs_err *err)
{
	const struct pki_issuer_files files = {
		.key = cs_arena_printf(args->arena, "%s/root.key.pem", dir),
		.chain = cs_arena_printf(args->arena, "%s/root.cert.pem", dir),
	};
	struct pki_ca_made root = { 0 }, issuing = { 0 };
	struct pki_issuer *issuer = NULL;
	const char *chain;

	if (pki_ca_make_root(root_spec, NULL, &root, err) ||
	    write_made(args, dir, "root", &root, err) || pki_issuer_load(&files, &issuer, err) ||
	    pki_ca_make_issuing(issuing_spec, issuer, NULL, &issuing, err) ||
	    write_made(args, dir, "issuing", &issuing, err))
		goto out;
	chain = cs_arena_printf(args->arena, "%s%s", issuing.cert_pem, root.cert_pem);
	if (write_file(cs_arena_printf(args->arena, "%s/chain.pem", dir), chain, 0644, err))
		goto out;
	err->code = CS_OK;
out:
	pki_issuer_free(issuer);
	pki_ca_made_fini(&root);
	pki_ca_made_fini(&issuing);
	return err->code;
}

static int
run_ca_init(struct args *args)
{
	int64_t now_s = cs_now_ms() / 1000;
	const char *dir = args_option(args, "--dir", NULL);
	const char *algorithm = args_option(args, "--algorithm", "p256");
	const char *name = args_option(args, "--name", "Countersign");
	const char *country = args_option(args, "--country", "DE");
	const char *base = args_option(args, "--status-url", "http://status.countersign.example");
	bool bench = args_flag(args, "--bench");
	struct cs_err err = { 0 };
	struct pki_ca_spec root = { .common_name = cs_arena_printf(args->arena, "%s Root", name),
		.organization = name,
		.country = country,
		.not_before_s = now_s - 60,
		.not_after_s = now_s - 60 + (int64_t)20 * 365 * CA_DAY_S };
	struct pki_ca_spec issuing = root;

	issuing.common_name = cs_arena_printf(args->arena, "%s Issuing CA", name);
	issuing.not_after_s = now_s - 60 + (int64_t)8 * 365 * CA_DAY_S;
	issuing.crl_url = cs_arena_printf(args->arena, "%s/root.crl", base);
	issuing.issuer_url = cs_arena_printf(args->arena, "%s/root.cer", base);
	issuing.client_auth = true;
	if (dir == NULL || !args_end(args))
		return usage(args);
	if (ca_take_algorithm(algorithm, bench, &root, &err) ||
	    ca_take_algorithm(algorithm, bench, &issuing, &err))
		return could_not(&err);
	if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
		(void)cs_fail(&err, CS_INTERNAL, "%s: %s", dir, strerror(errno));
		return could_not(&err);
	}
	if (make(args, dir, &root, &issuing, &err))
		return could_not(&err);
	(void)printf(
	    "%s: root.cert.pem, issuing.cert.pem, chain.pem and their keys\n"
	    "keep root.key.pem offline: the signer needs issuing.key.pem and chain.pem only\n",
	    dir);
	return DONE;
}

static int
run_ca_show(struct args *args)
{
	struct pki_cert_info infos[8];
	const char *path = args_word(args);
	struct cs_err err = { 0 };
	size_t n;

	if (path == NULL || !args_end(args))
		return usage(args);
	if (ca_read_chain(args->arena, path, infos, &n, &err))
		return could_not(&err);
	for (size_t i = 0; i < n; i++)
		ca_print(args->arena, &infos[i]);
	return DONE;
}

const struct command ca_commands[] = {
	{ "ca init",
	    "--dir DIR [--algorithm p256|p384|p521|rsa4096] [--name NAME] [--country CC] [--status-url URL]",
	    "makes a root and an issuing CA at once, for demonstrations and tests", run_ca_init },
	{ "ca show", "CHAIN.PEM", "prints what is in a chain of CA certificates", run_ca_show },
	{ NULL, NULL, NULL, NULL },
};
