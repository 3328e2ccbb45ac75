/* SPDX-License-Identifier: Apache-2.0 */
/*
 * weak_list.c: a file of keys known to be bad.  "countersign weak keys 1\n", a line that names its
 * version, and then the first ten octets of the SHA-256 of each SubjectPublicKeyInfo, in order and
 * each once.  Ten octets make a chance hit rarer than one in 2^60 for any list there will be.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pki/cert.h"
#include "pki/keycheck.h"

#define HEAD "countersign weak keys 1\n"
#define ENTRY 10
#define VERSION_MAX 80

struct pki_weak_list {
	void *map; /* the file; read only */
	size_t map_len;
	const uint8_t *entries;
	size_t n;
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

static bool
read_list(struct pki_weak_list *list)
{
	const struct cs_span file = cs_span_of(list->map, list->map_len);
	const size_t head = sizeof(HEAD) - 1;

	if (file.len <= head || memcmp(file.data, HEAD, head) != 0)
		return false;
	const uint8_t *version = file.data + head;
	const uint8_t *end = memchr(version, '\n', file.len - head);
	if (end == NULL || end == version || end - version > VERSION_MAX ||
	    pki_text_fault(cs_span_of(version, (size_t)(end - version))) != NULL)
		return false;
	memcpy(list->version, version, (size_t)(end - version));
	const size_t left = file.len - (size_t)(end + 1 - file.data);
	list->entries = end + 1;
	list->n = left / ENTRY;
	return left % ENTRY == 0 && is_sorted(list->entries, list->n);
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

bool
pki_weak_list_has(const struct pki_weak_list *list, const struct pki_key *key)
{
	return bsearch(key->spki_sha256, list->entries, list->n, ENTRY, compare) != NULL;
}

const char *
pki_weak_list_version(const struct pki_weak_list *list)
{
	return list->version;
}
