/* SPDX-License-Identifier: Apache-2.0 */
/*
 * weak_list.c: a file of keys known to be bad: "countersign weak keys 2\n", a line that names its version, a
 * line with the number of keys that are known by their SubjectPublicKeyInfo, and then ten octets for each key,
 * in order and each once: first those, of their SHA-256 the first ten; then those known by their modulus, as
 * the blacklists of Debian's openssl have them: of the SHA-1 of what `openssl rsa -noout -modulus` prints the
 * last ten.  In files of version 1 all are of the first kind and their number is not said.  Ten octets make a
 * chance hit rarer than one in 2^60 for any list there will be.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pki/cert.h"
#include "pki/keycheck.h"

#define HEAD "countersign weak keys "
#define ENTRY PKI_WEAK_DIGEST
#define VERSION_MAX 80
#define COUNT_MAX 10 /* digits */

struct pki_weak_list {
	void *map; /* the file; read only */
	size_t map_len;
	const uint8_t *entries;   /* by SubjectPublicKeyInfo, then by modulus */
	size_t n_spki, n_modulus; /* of each */
	char version[VERSION_MAX + 1];
};

static bool
is_sorted(const uint8_t *entries, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (memcmp(entries + (i - 1) * ENTRY, entries + i * ENTRY, ENTRY) >= 0)
			return false;
	return true;
}

/* Takes a line off `in`, without its end; empty: there is none as short as that. */
static struct cs_span
take_line(struct cs_span *in, size_t max)
{
	const uint8_t *end = in->len > 0 ? memchr(in->data, '\n', in->len) : NULL;
	const size_t len = end != NULL ? (size_t)(end - in->data) : 0;
	const struct cs_span line = cs_span_of(in->data, len);

	if (len == 0 || len > max)
		return cs_span_of(NULL, 0);
	*in = cs_span_of(end + 1, in->len - len - 1);
	return line;
}

static bool
read_count(struct cs_span line, size_t *ret)
{
	*ret = 0;
	for (size_t i = 0; i < line.len; i++) {
		if (line.data[i] < '0' || line.data[i] > '9')
			return false;
		*ret = *ret * 10 + (size_t)(line.data[i] - '0');
	}
	return line.len > 0 && (line.data[0] != '0' || line.len == 1);
}

static bool
read_list(struct pki_weak_list *list)
{
	struct cs_span in = cs_span_of(list->map, list->map_len);
	const struct cs_span head = take_line(&in, sizeof(HEAD));
	const struct cs_span version = take_line(&in, VERSION_MAX);
	const bool counted = cs_span_is(head, HEAD "2");

	if ((!counted && !cs_span_is(head, HEAD "1")) || version.len == 0 ||
	    pki_text_fault(version) != NULL)
		return false;
	memcpy(list->version, version.data, version.len);
	if (counted && !read_count(take_line(&in, COUNT_MAX), &list->n_spki))
		return false;
	const size_t n = in.len / ENTRY;
	if (!counted)
		list->n_spki = n;
	if (in.len % ENTRY != 0 || list->n_spki > n)
		return false;
	/* Not in.data: a span of nothing may point nowhere, and these may be none. */
	list->entries = (const uint8_t *)list->map + (list->map_len - in.len);
	list->n_modulus = n - list->n_spki;
	return is_sorted(list->entries, list->n_spki) &&
	       is_sorted(list->entries + list->n_spki * ENTRY, list->n_modulus);
}

static enum cs_code
map_file(const char *path, struct pki_weak_list *list, struct cs_err *err)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return cs_fail(err, errno == ENOENT ? CS_NOT_FOUND : CS_INTERNAL, "open %s: %s",
		    path, strerror(errno));
	if (fstat(fd, &st) != 0 || st.st_size <= 0) {
		close(fd);
		return cs_fail(err, CS_MALFORMED, "%s is empty", path);
	}
	list->map_len = (size_t)st.st_size;
	list->map = mmap(NULL, list->map_len, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (list->map == MAP_FAILED)
		return cs_fail(err, CS_INTERNAL, "map %s: %s", path, strerror(errno));
	return CS_OK;
}

enum cs_code
pki_weak_list_load(const char *path, struct pki_weak_list **ret_list, struct cs_err *err)
{
	struct pki_weak_list *list = calloc(1, sizeof(*list));

	cs_assert(list != NULL);
	enum cs_code code = map_file(path, list, err);
	if (code != CS_OK) {
		free(list);
		return code;
	}
	if (!read_list(list)) {
		pki_weak_list_free(list);
		return cs_fail(err, CS_MALFORMED, "%s is not a list of weak keys", path);
	}
	*ret_list = list;
	return CS_OK;
}

void
pki_weak_list_free(struct pki_weak_list *list)
{
	if (list == NULL)
		return;
	munmap(list->map, list->map_len);
	free(list);
}

static int
compare(const void *a, const void *b)
{
	return memcmp(a, b, ENTRY);
}

static void
digest_modulus(struct cs_span modulus, uint8_t ret_digest[static ENTRY])
{
	static const char digits[] = "0123456789ABCDEF";
	char text[8 + 2 * 512 + 1] = "Modulus=";
	uint8_t sha1[20];
	size_t len = 8;

	cs_assert(modulus.len <= 512); /* RSA 4096 */
	for (size_t i = 0; i < modulus.len; i++) {
		text[len++] = digits[modulus.data[i] >> 4];
		text[len++] = digits[modulus.data[i] & 15];
	}
	text[len++] = '\n';
	cs_assert(EVP_Digest(text, len, sha1, NULL, EVP_sha1(), NULL) == 1);
	memcpy(ret_digest, sha1 + sizeof(sha1) - ENTRY, ENTRY);
}

bool
pki_weak_list_has(const struct pki_weak_list *list, const struct pki_key *key)
{
	const uint8_t *moduli = list->entries + list->n_spki * ENTRY;
	uint8_t digest[ENTRY];

	if (bsearch(key->spki_sha256, list->entries, list->n_spki, ENTRY, compare) != NULL)
		return true;
	if (list->n_modulus == 0 || key->kind != PKI_KEY_RSA)
		return false;
	digest_modulus(key->modulus, digest);
	return bsearch(digest, moduli, list->n_modulus, ENTRY, compare) != NULL;
}

const char *
pki_weak_list_version(const struct pki_weak_list *list)
{
	return list->version;
}

/* ---- writing ---- */

static int
compare_keys(const void *a, const void *b)
{
	const struct pki_weak_key *one = a, *other = b;

	if (one->of_modulus != other->of_modulus)
		return one->of_modulus ? 1 : -1;
	return memcmp(one->digest, other->digest, ENTRY);
}

/* The distinct ones to the front; gives how many, and how many of them are known by their SPKI. */
static size_t
distinct(struct pki_weak_key *keys, size_t n, size_t *ret_spki)
{
	size_t kept = 0;

	*ret_spki = 0;
	if (n > 0)
		qsort(keys, n, sizeof(*keys), compare_keys);
	for (size_t i = 0; i < n; i++) {
		if (kept > 0 && compare_keys(&keys[kept - 1], &keys[i]) == 0)
			continue;
		*ret_spki += !keys[i].of_modulus;
		keys[kept++] = keys[i];
	}
	return kept;
}

enum cs_code
pki_weak_list_write(const char *path, const char *version, struct pki_weak_key *keys, size_t n,
    size_t *ret_n, struct cs_err *err)
{
	size_t n_spki;

	if (version[0] == '\0' || strlen(version) > VERSION_MAX || strchr(version, '\n') != NULL ||
	    pki_text_fault(cs_span_str(version)) != NULL)
		return cs_fail(
		    err, CS_MALFORMED, "a version is a line of up to %d octets", VERSION_MAX);
	const size_t kept = distinct(keys, n, &n_spki);
	FILE *file = fopen(path, "wxe");
	if (file == NULL)
		return cs_fail(err, errno == EEXIST ? CS_CONFLICT : CS_INTERNAL, "%s: %s", path,
		    strerror(errno));
	bool good = fprintf(file, HEAD "2\n%s\n%zu\n", version, n_spki) > 0;
	for (size_t i = 0; i < kept && good; i++)
		good = fwrite(keys[i].digest, ENTRY, 1, file) == 1;
	good = fclose(file) == 0 && good;
	if (!good) {
		(void)unlink(path);
		return cs_fail(err, CS_INTERNAL, "write %s: %s", path, strerror(errno));
	}
	*ret_n = kept;
	return CS_OK;
}
