/* SPDX-License-Identifier: Apache-2.0 */
/* ca.c: makes and shows our own hierarchy: a root and an issuing CA below it. */
#include "pki/ca.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "base/time.h"
#include "csctl.h"
#include "pki/cert.h"
#include "pki/issuer.h"
#include "pki/pem.h"

#define DAY_S 86400
#define CHAIN_MAX 65536

static const struct {
	const char *name;
	enum pki_key_kind kind;
	uint32_t bits;
	bool bench;
} algorithms[] = {
	{ "p256", PKI_KEY_EC, 256, false },
	{ "p384", PKI_KEY_EC, 384, false },
	{ "rsa4096", PKI_KEY_RSA, 4096, false },
	{ "rsa2048", PKI_KEY_RSA, 2048, true }, /* for measurements: SBR 6.1.5 asks for 4096 */
	{ "rsa3072", PKI_KEY_RSA, 3072, true },
};

static enum cs_code
choose(const char *name, bool for_bench, struct pki_ca_spec *spec, struct cs_err *err)
{
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
		if (strcmp(algorithms[i].name, name) != 0)
			continue;
		if (algorithms[i].bench && !for_bench)
			return cs_fail(err, CS_MALFORMED,
			    "%s: RSA keys of CAs have 4096 bits (SBR 6.1.5); --bench allows it for measurements",
			    name);
		spec->kind = algorithms[i].kind;
		spec->bits = algorithms[i].bits;
		spec->for_bench = algorithms[i].bench;
		return CS_OK;
	}
	return cs_fail(err, CS_MALFORMED, "%s: want p256, p384 or rsa4096", name);
}

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
		.not_after_s = now_s - 60 + (int64_t)20 * 365 * DAY_S };
	struct pki_ca_spec issuing = root;

	issuing.common_name = cs_arena_printf(args->arena, "%s Issuing CA", name);
	issuing.not_after_s = now_s - 60 + (int64_t)8 * 365 * DAY_S;
	issuing.crl_url = cs_arena_printf(args->arena, "%s/root.crl", base);
	issuing.issuer_url = cs_arena_printf(args->arena, "%s/root.cer", base);
	issuing.client_auth = true;
	if (dir == NULL || !args_end(args))
		return usage(args);
	if (choose(algorithm, bench, &root, &err) || choose(algorithm, bench, &issuing, &err))
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

static void
print_certificate(struct cs_arena *arena, const struct pki_cert_info *info)
{
	char from[CS_TIME_TEXT], until[CS_TIME_TEXT];
	const char *comma = "  subject ";

	cs_time_format(info->not_before_s * 1000, from);
	cs_time_format(info->not_after_s * 1000, until);
	(void)printf("serial %s\n", cs_hex(arena, info->serial));
	for (size_t i = 0; i < info->n_subject_attributes; i++) {
		const char *value = info->subject_attributes[i].value;

		(void)printf("%s%s", comma, cs_escape(arena, cs_span_str(value), 100));
		comma = ", ";
	}
	(void)printf("\n  from %s to %s\n  key identifier %s\n", from, until,
	    cs_hex(arena, info->subject_key_id));
}

static int
run_ca_show(struct args *args)
{
	const char *path = args_word(args), *label, *why = NULL;
	uint8_t *text = cs_arena_alloc(args->arena, CHAIN_MAX);
	struct cs_err err = { 0 };
	struct cs_span in, der;
	size_t shown = 0;

	if (path == NULL || !args_end(args))
		return usage(args);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, CHAIN_MAX);

	(void)cs_fail(&err, CS_NOT_FOUND, "%s: %s", path, strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	if (n < 0)
		return could_not(&err);
	in = cs_span_of(text, (size_t)n);
	while (pki_pem_next(args->arena, &in, &label, &der, &why)) {
		struct pki_cert_info info;

		if (strcmp(label, "CERTIFICATE") != 0)
			continue;
		if (pki_cert_read(args->arena, der, &info, &err))
			return could_not(&err);
		print_certificate(args->arena, &info);
		shown++;
	}
	if (why == NULL && shown > 0)
		return DONE;
	(void)cs_fail(
	    &err, CS_MALFORMED, "%s: %s", path, why == NULL ? "no certificate is in it" : why);
	return could_not(&err);
}

const struct command ca_commands[] = {
	{ "ca init",
	    "--dir DIR [--algorithm p256|p384|rsa4096] [--name NAME] [--country CC] [--status-url URL]",
	    "makes a root and an issuing CA, each with a key of its own", run_ca_init },
	{ "ca show", "CHAIN.PEM", "prints what is in a chain of CA certificates", run_ca_show },
	{ NULL, NULL, NULL, NULL },
};
