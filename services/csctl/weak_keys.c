/* SPDX-License-Identifier: Apache-2.0 */
/*
 * weak_keys.c: lists of keys that must not be certified (SBR 6.1.1.3), from what others published.  A text has
 * one key a line: the SHA-256 of its SubjectPublicKeyInfo (64 digits), or the SHA-1 of "Modulus=", the digits
 * of its RSA modulus and a line feed, whole (40) or its lower half (20), as openssl-vulnkey has it.  A PEM file
 * has keys themselves, public or private, requests or certificates.  A folder has any of these.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "csctl.h"
#include "pki/cert.h"
#include "pki/csr.h"
#include "pki/hash.h"
#include "pki/pem.h"

#define TEXT_MAX ((size_t)64 * 1024 * 1024)
#define SHA1_DIGITS 40

struct gathering {
	struct cs_arena *arena; /* of one file */
	struct cs_buf keys;     /* struct pki_weak_key */
};

static size_t
count(const struct gathering *g)
{
	return g->keys.len / sizeof(struct pki_weak_key);
}

static void
add(struct gathering *g, bool of_modulus, const uint8_t digest[static PKI_WEAK_DIGEST])
{
	struct pki_weak_key key = { .of_modulus = of_modulus };

	memcpy(key.digest, digest, PKI_WEAK_DIGEST);
	cs_buf_add(&g->keys, &key, sizeof(key));
}

/* ---- lists of digests ---- */

static bool
add_line(struct gathering *g, char *line)
{
	uint8_t digest[PKI_SHA256];
	const size_t len = strcspn(line, " \t\r#");

	if (line[len + strspn(line + len, " \t\r")] != '\0' &&
	    line[len + strspn(line + len, " \t\r")] != '#')
		return false;
	line[len] = '\0';
	if (len == 0)
		return true;
	if ((len != 2 * PKI_SHA256 && len != SHA1_DIGITS && len != 2 * PKI_WEAK_DIGEST) ||
	    !cs_hex_decode(line, digest, len / 2))
		return false;
	add(g, len != 2 * PKI_SHA256, len == SHA1_DIGITS ? digest + PKI_WEAK_DIGEST : digest);
	return true;
}

static enum cs_code
add_lines(struct gathering *g, const char *path, char *text, struct cs_err *err)
{
	char *rest = text, *line;

	for (size_t n = 1; (line = strsep(&rest, "\n")) != NULL; n++) {
		if (!add_line(g, line))
			return cs_fail(err, CS_MALFORMED,
			    "%s: line %zu is no digest of 64, 40 or 20 hexadecimal digits", path,
			    n);
	}
	return CS_OK;
}

/* ---- keys themselves ---- */

static bool
spki_of(struct cs_arena *arena, const char *label, struct cs_span der, struct cs_span *ret)
{
	struct pki_cert_info cert;

	if (strcmp(label, "PUBLIC KEY") == 0) {
		*ret = der;
		return true;
	}
	if (strcmp(label, "CERTIFICATE REQUEST") == 0 ||
	    strcmp(label, "NEW CERTIFICATE REQUEST") == 0)
		return pki_csr_spki(der, ret);
	if (strcmp(label, "CERTIFICATE") != 0 || pki_cert_read(arena, der, &cert, NULL) != CS_OK)
		return false;
	*ret = cert.spki;
	return true;
}

/* A private key that was published is as good as its public half, which is all that is looked at. */
static enum cs_code
add_keys(struct gathering *g, const char *path, struct cs_span text, struct cs_err *err)
{
	const size_t before = count(g);
	uint8_t digest[PKI_SHA256];
	const char *label, *why;
	struct cs_span der, spki;

	if (pki_csr_leaked_key(text, digest)) {
		add(g, false, digest);
		return CS_OK;
	}
	while (pki_pem_next(g->arena, &text, &label, &der, &why)) {
		if (!spki_of(g->arena, label, der, &spki))
			return cs_fail(err, CS_MALFORMED, "%s: a %s that cannot be read", path,
			    cs_escape(g->arena, cs_span_str(label), 64));
		pki_sha256(spki, digest);
		add(g, false, digest);
	}
	return count(g) > before && why == NULL
		   ? CS_OK
		   : cs_fail(err, CS_MALFORMED, "%s: no key that can be read", path);
}

static enum cs_code
add_file(struct gathering *g, const char *path, size_t size, struct cs_err *err)
{
	struct cs_span text;

	if (size > TEXT_MAX)
		return cs_fail(err, CS_MALFORMED, "%s is larger than any list", path);
	cs_arena_reset(g->arena);
	if (read_input(g->arena, path, size, &text, err))
		return err->code;
	if (memmem(text.data, text.len, "-----BEGIN ", 11) != NULL)
		return add_keys(g, path, text, err);
	if (text.len > 0 && memchr(text.data, '\0', text.len) != NULL)
		return cs_fail(err, CS_MALFORMED, "%s is not a text", path);
	return add_lines(
	    g, path, cs_arena_strndup(g->arena, (const char *)text.data, text.len), err);
}

/* ---- folders ---- */

static enum cs_code
add_path(struct gathering *g, const char *path, bool may_be_folder, struct cs_err *err);

static enum cs_code
add_folder(struct gathering *g, const char *path, struct cs_err *err)
{
	DIR *dir = opendir(path);
	enum cs_code code = CS_OK;
	char file[4096];

	if (dir == NULL)
		return cs_fail(err, CS_NOT_FOUND, "%s: %s", path, strerror(errno));
	for (struct dirent *entry = readdir(dir); entry != NULL && code == CS_OK;
	     entry = readdir(dir)) {
		if (entry->d_name[0] == '.')
			continue;
		const int len = snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
		code = len < (int)sizeof(file)
			   ? add_path(g, file, false, err)
			   : cs_fail(err, CS_MALFORMED, "%s: a name is too long", path);
	}
	(void)closedir(dir);
	return code;
}

static enum cs_code
add_path(struct gathering *g, const char *path, bool may_be_folder, struct cs_err *err)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return cs_fail(err, CS_NOT_FOUND, "%s: %s", path, strerror(errno));
	if (S_ISREG(st.st_mode))
		return add_file(g, path, (size_t)st.st_size, err);
	if (S_ISDIR(st.st_mode) && may_be_folder)
		return add_folder(g, path, err);
	return cs_fail(err, CS_MALFORMED, "%s is neither a file nor a folder of files", path);
}

static int
run_convert(struct args *args)
{
	const char *out = args_option(args, "--out", NULL);
	const char *version = args_option(args, "--version", "unnamed");
	struct gathering g = { .keys = cs_buf_new(args->arena) };
	const char *path = args_word(args);
	struct cs_err err = { 0 };
	enum cs_code code = CS_OK;
	size_t n = 0;

	if (out == NULL || path == NULL)
		return usage(args);
	g.arena = cs_arena_new();
	for (; path != NULL && code == CS_OK; path = args_word(args))
		code = add_path(&g, path, true, &err);
	cs_arena_free(g.arena);
	if (code == CS_OK && count(&g) == 0)
		code = cs_fail(&err, CS_NOT_FOUND, "there is no key in all that");
	if (code != CS_OK)
		return could_not(&err);
	if (!args_end(args))
		return usage(args);
	if (pki_weak_list_write(
		out, version, (struct pki_weak_key *)g.keys.data, count(&g), &n, &err))
		return could_not(&err);
	(void)printf("%zu keys\n", n);
	return DONE;
}

/* ---- check ---- */

/* Is it among them?  What is no request cannot be looked up. */
static int
check_one(struct cs_arena *arena, const struct pki_weak_list *list, const char *path)
{
	struct pki_csr csr;
	struct cs_refusal why;
	struct cs_span text;
	struct cs_err err;

	if (read_input(arena, path, PKI_CSR_MAX, &text, &err))
		return could_not(&err);
	if (!pki_csr_read(arena, text, PKI_ALLOW_EDDSA, &csr, &why)) {
		(void)printf("%s: refuse %s: %s\n", path, why.code, why.text);
		return REFUSED;
	}
	const bool weak = pki_weak_list_has(list, &csr.key);
	(void)printf("%s: %s %s %s\n", path, weak ? "weak" : "not in the list",
	    pki_key_name(&csr.key), cs_hex(arena, cs_span_of(csr.key.spki_sha256, PKI_SHA256)));
	return weak ? REFUSED : DONE;
}

static int
run_check(struct args *args)
{
	const char *file = args_word(args), *path = args_word(args);
	struct pki_weak_list *list;
	struct cs_err err;
	int worst = DONE;

	if (file == NULL || path == NULL)
		return usage(args);
	if (pki_weak_list_load(file, &list, &err))
		return could_not(&err);
	(void)printf("list %s\n", pki_weak_list_version(list));
	for (; path != NULL; path = args_word(args)) {
		const int status = check_one(args->arena, list, path);

		worst = status > worst ? status : worst;
	}
	pki_weak_list_free(list);
	return args_end(args) ? worst : usage(args);
}

const struct command weak_key_commands[] = {
	{ "weak-keys convert", "IN... --out FILE [--version TEXT]",
	    "makes the file of CS_WEAK_KEYS_FILE from published lists of digests or keys",
	    run_convert },
	{ "weak-keys check", "FILE CSR...", "looks requests' keys up in such a file", run_check },
	{ NULL, NULL, NULL, NULL },
};
