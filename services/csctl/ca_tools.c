/* SPDX-License-Identifier: Apache-2.0 */
#include "ca_tools.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/time.h"
#include "pki/file.h"
#include "pki/pem.h"
#include "pki/verify.h"

#define FILE_MAX (1024 * 1024)
#define CHAIN_MAX 8

/* ---- certificates ---- */

static void
print_list(struct cs_arena *arena, const char *what, const char *const *list)
{
	for (; list != NULL && *list != NULL; list++)
		(void)printf("  %s %s\n", what, cs_escape(arena, cs_span_str(*list), 200));
}

static void
print_usage_bits(const struct pki_cert_info *info)
{
	static const char *const names[] = { "digitalSignature", "nonRepudiation",
		"keyEncipherment", "dataEncipherment", "keyAgreement", "keyCertSign", "cRLSign",
		"encipherOnly", "decipherOnly" };

	(void)printf("  key usage");
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if ((info->key_usage & (1u << i)) != 0)
			(void)printf(" %s", names[i]);
	(void)printf("\n");
}

static const char *
key_text(struct cs_arena *arena, const struct pki_cert_info *info)
{
	struct pki_key key;
	struct cs_refusal why;

	if (pki_key_judge(info->spki, PKI_ALLOW_EDDSA, &key, &why))
		return cs_arena_strdup(arena, pki_key_name(&key));
	return "not one that we know";
}

void
ca_print(struct cs_arena *arena, const struct pki_cert_info *info)
{
	char from[CS_TIME_TEXT], until[CS_TIME_TEXT];
	const char *comma = "  subject ", *signature = pki_sigalg_name(info->sigalg);

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
	(void)printf("  key %s, signed with %s%s%s\n", key_text(arena, info),
	    signature != NULL ? signature : "something else",
	    info->authority_key_id.len > 0 ? " by key " : "",
	    info->authority_key_id.len > 0 ? cs_hex(arena, info->authority_key_id) : "");
	if (info->is_ca && info->path_len >= 0)
		(void)printf("  a CA, path length %d\n", info->path_len);
	else
		(void)printf("  %s\n", info->is_ca ? "a CA" : "no CA");
	print_usage_bits(info);
	print_list(arena, "purpose", info->eku);
	print_list(arena, "policy", info->policies);
	print_list(arena, "CRL", info->crl_urls);
	print_list(arena, "OCSP", info->ocsp_urls);
	print_list(arena, "issuer's certificate", info->issuer_urls);
}

enum cs_code
ca_read_chain(struct cs_arena *arena, const char *path, struct pki_cert_info ret[static CHAIN_MAX],
    size_t *ret_n, struct cs_err *err)
{
	const char *label, *why = NULL;
	struct cs_span in, der;

	*ret_n = 0;
	if (ca_read_file(arena, path, &in, err))
		return err->code;
	while (pki_pem_next(arena, &in, &label, &der, &why)) {
		if (strcmp(label, "CERTIFICATE") != 0 || *ret_n == CHAIN_MAX)
			continue;
		if (pki_cert_read(arena, der, &ret[*ret_n], err))
			return err->code;
		++*ret_n;
	}
	if (why == NULL && *ret_n > 0)
		return CS_OK;
	return cs_fail(
	    err, CS_MALFORMED, "%s: %s", path, why == NULL ? "no certificate is in it" : why);
}

/* ---- files ---- */

enum cs_code
ca_read_file(struct cs_arena *arena, const char *path, struct cs_span *ret, struct cs_err *err)
{
	return pki_file_take(arena, path, FILE_MAX, ret, err);
}

enum cs_code
ca_write_file(const char *path, struct cs_span octets, struct cs_err *err)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	const bool good =
	    fd >= 0 && write(fd, octets.data, octets.len) == (ssize_t)octets.len && fsync(fd) == 0;
	const int why = errno;

	if (fd >= 0)
		(void)close(fd);
	if (fd >= 0 && !good)
		(void)unlink(path); /* half of a file would be taken for the whole */
	return good ? CS_OK : cs_fail(err, CS_INTERNAL, "%s: %s", path, strerror(why));
}

/* ---- options ---- */

bool
ca_take_place(struct args *args, struct ca_key_place *ret)
{
	const char *scheme = args_option(args, "--scheme", "pkcs1");

	*ret = (struct ca_key_place){
		.files = { .key = args_option(args, "--key", NULL),
		    .password = args_option(args, "--password", NULL),
		    .pss = strcmp(scheme, "pss") == 0 },
		.token = { .module = args_option(args, "--module", NULL),
		    .token = args_option(args, "--token", NULL),
		    .object = args_option(args, "--object", NULL),
		    .id = args_option(args, "--id", NULL),
		    .pin_file = args_option(args, "--pin", NULL) },
	};
	if (!ret->files.pss && strcmp(scheme, "pkcs1") != 0)
		return false;
	if (ret->files.key != NULL)
		return ret->token.module == NULL;
	ret->files.token = &ret->token;
	return ret->token.module != NULL && ret->token.token != NULL &&
	       ret->token.pin_file != NULL && (ret->token.object != NULL || ret->token.id != NULL);
}

static const struct {
	const char *name;
	enum pki_key_kind kind;
	uint32_t bits;
	bool bench;
} algorithms[] = {
	{ "p256", PKI_KEY_EC, 256, false },
	{ "p384", PKI_KEY_EC, 384, false },
	{ "p521", PKI_KEY_EC, 521, false },
	{ "rsa4096", PKI_KEY_RSA, 4096, false },
	{ "rsa2048", PKI_KEY_RSA, 2048, true }, /* for measurements: SBR 6.1.5 asks for 4096 */
	{ "rsa3072", PKI_KEY_RSA, 3072, true },
};

enum cs_code
ca_take_algorithm(const char *name, bool for_bench, struct pki_ca_spec *spec, struct cs_err *err)
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
	return cs_fail(err, CS_MALFORMED, "%s: want p256, p384, p521 or rsa4096", name);
}
