/* SPDX-License-Identifier: Apache-2.0 */
#include "authority.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "pki/file.h"
#include "pki/hash.h"
#include "pki/verify.h"

#define CERT_MAX 16384
#define ROOT_CRL_MAX 1048576

void
tag_of(struct cs_span octets, char ret_tag[static STATUS_TAG])
{
	uint8_t digest[PKI_SHA256];

	pki_sha256(octets, digest);
	cs_hex_encode(cs_span_of(digest, (STATUS_TAG - 1) / 2), ret_tag);
}

static enum cs_code
read_authority(struct cs_arena *arena, const char *dir, const char *label,
    struct authority *authority, struct cs_err *err)
{
	const char *path = cs_arena_printf(arena, "%s/%s.cer", dir, label);
	struct cs_span der;

	if (pki_file_take(arena, path, CERT_MAX, &der, err) ||
	    pki_cert_read(arena, der, &authority->ca, err))
		return err->code;
	if (!authority->ca.is_ca || (authority->ca.key_usage & PKI_KU_CRL_SIGN) == 0)
		return cs_fail(
		    err, CS_MALFORMED, "%s is not the certificate of a CA that signs CRLs", path);
	authority->label = label;
	authority->is_root = cs_span_equal(authority->ca.issuer, authority->ca.subject);
	pki_ocsp_name_issuer(&authority->ca, &authority->names);
	tag_of(der, authority->tag);
	return CS_OK;
}

/* NULL: not the name of a CA's certificate. */
static const char *
label_of(struct cs_arena *arena, const char *name)
{
	const size_t len = strlen(name);

	if (len <= 4 || strcmp(name + len - 4, ".cer") != 0 || !status_is_label(name, len - 4))
		return NULL;
	return cs_arena_strndup(arena, name, len - 4);
}

static int
by_label(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum cs_code
list_labels(struct cs_arena *arena, const char *path, const char **labels, size_t *ret_n,
    struct cs_err *err)
{
	DIR *dir = opendir(path);
	const struct dirent *found;

	*ret_n = 0;
	if (dir == NULL)
		return cs_fail(err, CS_NOT_FOUND, "%s is not a directory that can be read", path);
	while (*ret_n < AUTHORITIES_MAX && (found = readdir(dir)) != NULL) {
		const char *label = label_of(arena, found->d_name);

		if (label != NULL)
			labels[(*ret_n)++] = label;
	}
	(void)closedir(dir);
	qsort(labels, *ret_n, sizeof(labels[0]), by_label);
	if (*ret_n == 0 || *ret_n == AUTHORITIES_MAX)
		return cs_fail(err, CS_MALFORMED, "%s holds no LABEL.cer, or %d and more", path,
		    AUTHORITIES_MAX);
	return CS_OK;
}

enum cs_code
authorities_read(
    struct cs_arena *arena, const char *dir, struct authorities *ret, struct cs_err *err)
{
	const char *labels[AUTHORITIES_MAX];
	size_t n;

	if (list_labels(arena, dir, labels, &n, err))
		return err->code;
	struct authority *items = CS_NEW_ARRAY(arena, n, struct authority);
	for (size_t i = 0; i < n; i++)
		if (read_authority(arena, dir, labels[i], &items[i], err))
			return err->code;
	for (size_t i = 0; i < n; i++)
		items[i].key = pki_verifier_new(items[i].ca.spki);
	*ret = (struct authorities){ items, n };
	return CS_OK;
}

void
authorities_free(struct authorities *all)
{
	for (size_t i = 0; i < all->n; i++)
		pki_verifier_free(all->items[i].key);
	all->n = 0;
}

const struct authority *
authority_find(const struct authorities *all, const char *label, size_t len)
{
	for (size_t i = 0; i < all->n; i++)
		if (cs_span_is(cs_span_of(label, len), all->items[i].label))
			return &all->items[i];
	return NULL;
}

enum cs_code
desk_read_root_crl(struct cs_arena *arena, const struct authority *authority, const char *dir,
    struct cs_span *ret_der, struct cs_err *err)
{
	const char *path = cs_arena_printf(arena, "%s/%s.crl", dir, authority->label);

	return pki_file_take(arena, path, ROOT_CRL_MAX, ret_der, err);
}

static bool
is_same(const struct pki_ocsp_responder *a, const struct pki_ocsp_responder *b)
{
	return a != NULL && b != NULL &&
	       cs_span_equal(
		   pki_ocsp_responder_certificate(a)->der, pki_ocsp_responder_certificate(b)->der);
}

enum cs_code
desk_read_responder(const struct authority *authority, const char *dir, struct desk *desk,
    bool *ret_new, struct cs_err *err)
{
	struct cs_arena *arena = cs_arena_new();
	const struct pki_ocsp_files files = {
		.cert = cs_arena_printf(arena, "%s/%s.cert.pem", dir, authority->label),
		.key = cs_arena_printf(arena, "%s/%s.key.pem", dir, authority->label),
	};
	struct pki_ocsp_responder *found = NULL;
	enum cs_code code = pki_ocsp_responder_load(&files, &authority->ca, &found, err);

	cs_arena_free(arena);
	*ret_new = false;
	/* Without a certificate there is none; what was loaded is not forgotten because of it. */
	if (code == CS_NOT_FOUND && desk->responder == NULL)
		return CS_OK;
	if (code != CS_OK)
		return code;
	*ret_new = !is_same(found, desk->responder);
	pki_ocsp_responder_free(desk->responder);
	desk->responder = found;
	return CS_OK;
}

void
desk_free(struct desk *desk)
{
	pki_ocsp_responder_free(desk->responder);
	for (size_t i = 0; i <= STATUS_PARTITIONS_MAX; i++)
		if (desk->crls[i] != NULL)
			cs_arena_free(desk->crls[i]->arena);
}
