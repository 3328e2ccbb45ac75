/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issuers_file.h: the file of issuing CAs (CS_ISSUERS_FILE): one section a CA, "[label]" and then lines of
 * "name = value"; "#" begins a line of comment.  README.md lists the names.
 */
#ifndef SIGNER_ISSUERS_FILE_H
#define SIGNER_ISSUERS_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "pki/token.h"
#include "smime/profile.h"

#define ISSUERS_MAX 16

/* As the file says it; texts that are not given are "". */
struct issuers_ca {
	uint32_t line; /* of its section */
	const char *label, *chain;
	const char *key, *password; /* a file; or, when key is "": */
	struct pki_token token;
	const char *profiles;                /* separated by commas, or "all" */
	const char *crl, *ocsp, *ca_issuers; /* URLs, separated by commas */
	uint32_t pss;                        /* 1: RSASSA-PSS */
	uint32_t trust;                      /* enum smime_trust */
	int64_t from_ms, until_ms;           /* 0: not given */
	uint32_t crl_partitions;
};

/* 1 to 64 of a-z, 0-9, "-" and ".", which is not the first: whoever serves its lists makes file names of it. */
bool issuers_is_label(const char *label, size_t len);

/* `name`: of the file, for errors, which say the line and the field.  CS_MALFORMED. */
CS_MUST_USE enum cs_code
issuers_file_parse(struct cs_arena *arena, const char *name, struct cs_span text,
    struct issuers_ca ret_cas[static ISSUERS_MAX], size_t *ret_n, struct cs_err *err);

#endif
