/* SPDX-License-Identifier: Apache-2.0 */
/* trust_file.h: the trust table as a file.  Inside claim only. */
#ifndef CLAIM_TRUST_FILE_H
#define CLAIM_TRUST_FILE_H

#include "claim/trust.h"
#include "pki/hash.h"

#define TRUST_APPROVALS 2 /* distinct persons */
#define TRUST_APPROVERS_MAX 32

struct trust_table {
	struct cs_arena *arena; /* holds this struct */
	uint32_t version;
	struct claim_trust_row *rows; /* sorted by keyid */
	size_t n_rows;
	uint8_t sha256[PKI_SHA256];         /* of the file */
	uint8_t payload_sha256[PKI_SHA256]; /* of what approvers sign */
	uint8_t approvers_sha256[PKI_SHA256];
	const struct trust_table *before; /* that it replaced; NULL: none */
};

struct trust_approvals {
	const char *names[TRUST_APPROVERS_MAX];
	size_t n;
};

/*
 * `wanted`: how many approvers must have signed; every signature that is there must be right.  `err` and
 * `ret_approvals` may be NULL.  CS_NOT_FOUND, CS_MALFORMED.
 */
CS_MUST_USE enum cs_code
trust_file_read(const char *path, const char *approvers_path, size_t wanted,
    const struct trust_table **ret, struct trust_approvals *ret_approvals, struct cs_err *err);
void trust_file_free(const struct trust_table *table); /* takes NULL */

#endif
