/* SPDX-License-Identifier: Apache-2.0 */
/* file.h: small files of this library: keys, certificates, pass phrases.  For pki and for
 * the skeleton's settings. */
#ifndef PKI_FILE_H
#define PKI_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

/*
 * Reads a whole regular file of at most `cap` octets.  `secret`: refuses one that others than its
 * owner may read or write; a file that root owns may be readable by our group, which is how
 * Kubernetes projects secrets.  CS_NOT_FOUND, CS_MALFORMED, CS_INTERNAL.
 */
CS_MUST_USE enum cs_code pki_file_read(
    const char *path, bool secret, void *ret_data, size_t cap, size_t *ret_len, struct cs_err *err);
/* The same of what is no secret, into the arena, which grows by what was read. */
CS_MUST_USE enum cs_code pki_file_take(struct cs_arena *arena, const char *path, size_t cap,
    struct cs_span *ret_octets, struct cs_err *err);
/* Would pki_file_read() take it as a secret?  Reads nothing. */
CS_MUST_USE enum cs_code pki_file_is_private(const char *path, struct cs_err *err);
/* A new file of mode 0600, on disk when this returns.  CS_CONFLICT: it exists. */
CS_MUST_USE enum cs_code
pki_file_write_new(const char *path, const void *data, size_t len, struct cs_err *err);

#endif
