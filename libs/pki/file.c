/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum cs_code
judge_file(int fd, const char *path, bool secret, struct cs_err *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return cs_fail(err, CS_INTERNAL, "stat %s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return cs_fail(err, CS_MALFORMED, "%s is not a regular file", path);
	const mode_t forbidden = st.st_uid == 0 && geteuid() != 0 ? 037 : 077;
	if (secret && (st.st_mode & forbidden) != 0)
		return cs_fail(err, CS_MALFORMED,
		    "%s holds a secret and has mode %03o: it must be its owner's alone (0400)",
		    path, st.st_mode & 0777);
	return CS_OK;
}

static enum cs_code
read_all(int fd, const char *path, void *ret_data, size_t cap, size_t *ret_len, struct cs_err *err)
{
	size_t len = 0;

	for (;;) {
		char over[1];
		ssize_t n =
		    len < cap ? read(fd, (char *)ret_data + len, cap - len) : read(fd, over, 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return cs_fail(err, CS_INTERNAL, "read %s: %s", path, strerror(errno));
		if (n == 0)
			break;
		if (len == cap)
			return cs_fail(
			    err, CS_MALFORMED, "%s is longer than %zu octets", path, cap);
		len += (size_t)n;
	}
	*ret_len = len;
	return CS_OK;
}

/* Of a pipe or a device nothing is waited for. */
static enum cs_code
open_judged(const char *path, bool secret, int *ret_fd, struct cs_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return cs_fail(err, errno == ENOENT ? CS_NOT_FOUND : CS_INTERNAL, "open %s: %s",
		    path, strerror(errno));
	enum cs_code code = judge_file(fd, path, secret, err);
	if (code == CS_OK)
		*ret_fd = fd;
	else
		close(fd);
	return code;
}

enum cs_code
pki_file_read(
    const char *path, bool secret, void *ret_data, size_t cap, size_t *ret_len, struct cs_err *err)
{
	int fd = -1;
	enum cs_code code = open_judged(path, secret, &fd, err);

	if (code != CS_OK)
		return code;
	code = read_all(fd, path, ret_data, cap, ret_len, err);
	close(fd);
	return code;
}

enum cs_code
pki_file_take(struct cs_arena *arena, const char *path, size_t cap, struct cs_span *ret_octets,
    struct cs_err *err)
{
	uint8_t *data = malloc(cap);
	size_t len;

	cs_assert(data != NULL);
	const enum cs_code code = pki_file_read(path, false, data, cap, &len, err);
	if (code == CS_OK)
		*ret_octets = cs_arena_copy_span(arena, cs_span_of(data, len));
	free(data);
	return code;
}

enum cs_code
pki_file_is_private(const char *path, struct cs_err *err)
{
	int fd = -1;
	enum cs_code code = open_judged(path, true, &fd, err);

	if (code == CS_OK)
		close(fd);
	return code;
}

static enum cs_code
write_all(int fd, const char *path, const void *data, size_t len, struct cs_err *err)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = write(fd, (const char *)data + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return cs_fail(err, CS_INTERNAL, "write %s: %s", path, strerror(errno));
		done += (size_t)n;
	}
	if (fsync(fd) != 0)
		return cs_fail(err, CS_INTERNAL, "fsync %s: %s", path, strerror(errno));
	return CS_OK;
}

enum cs_code
pki_file_write_new(const char *path, const void *data, size_t len, struct cs_err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return cs_fail(err, errno == EEXIST ? CS_CONFLICT : CS_INTERNAL, "create %s: %s",
		    path, strerror(errno));
	enum cs_code code = write_all(fd, path, data, len, err);
	close(fd);
	if (code != CS_OK)
		unlink(path); /* half a key file would be taken for a whole one */
	return code;
}
