/* SPDX-License-Identifier: Apache-2.0 */
/* memory_file.h: octets as a file, for fuzz targets of functions that are given a path. */
#ifndef BASE_TESTS_MEMORY_FILE_H
#define BASE_TESTS_MEMORY_FILE_H

#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/span.h"

struct memory_file { /* all zero: not made yet */
	int fd;
	char path[32];
};

/* Of mode 0400, with these octets and no others; the path stays the same. */
static inline const char *
memory_file(struct memory_file *file, struct cs_span octets)
{
	if (file->path[0] == '\0') {
		file->fd = memfd_create("octets", MFD_CLOEXEC);
		cs_assert(file->fd >= 0 && fchmod(file->fd, 0400) == 0);
		(void)snprintf(file->path, sizeof(file->path), "/proc/self/fd/%d", file->fd);
	}
	cs_assert(ftruncate(file->fd, 0) == 0);
	cs_assert(
	    octets.len == 0 || pwrite(file->fd, octets.data, octets.len, 0) == (ssize_t)octets.len);
	return file->path;
}

#endif
