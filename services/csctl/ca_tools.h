/* SPDX-License-Identifier: Apache-2.0 */
/* ca_tools.h: what the sub-commands of `csctl ca` share. */
#ifndef CSCTL_CA_TOOLS_H
#define CSCTL_CA_TOOLS_H

#include "csctl.h"
#include "pki/ca.h"
#include "pki/issuer.h"

#define CA_DAY_S INT64_C(86400)

/* Everything that a certificate says. */
void ca_print(struct cs_arena *arena, const struct pki_cert_info *info);
/* Certificates of a PEM file, the first first; at least one.  *ret: at most 8. */
CS_MUST_USE enum cs_code ca_read_chain(struct cs_arena *arena, const char *path,
    struct pki_cert_info ret[static 8], size_t *ret_n, struct cs_err *err);
/* A file of at most a mebibyte. */
CS_MUST_USE enum cs_code
ca_read_file(struct cs_arena *arena, const char *path, struct cs_span *ret, struct cs_err *err);
/* A new file that everybody may read.  CS_INTERNAL: it exists, or cannot be written. */
CS_MUST_USE enum cs_code ca_write_file(const char *path, struct cs_span octets, struct cs_err *err);

/* Where a private key is, from --key and --password, or --module, --token, --object, --id and --pin. */
struct ca_key_place {
	struct pki_issuer_files files;
	struct pki_token token;
};
#define CA_KEY_USAGE                                                                               \
	"(--key FILE [--password FILE] | --module LIB --token T --object O [--id HEX] --pin FILE)" \
	" [--scheme pkcs1|pss]"
/* False: too little was given, or both. */
bool ca_take_place(struct args *args, struct ca_key_place *ret);
/* "--algorithm p256|p384|p521|rsa4096" (and with --bench rsa2048, rsa3072). */
CS_MUST_USE enum cs_code
ca_take_algorithm(const char *name, bool for_bench, struct pki_ca_spec *spec, struct cs_err *err);

#endif
