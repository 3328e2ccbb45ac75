/* SPDX-License-Identifier: Apache-2.0 */
/* name.h: X.501 names, read and written (RFC 5280 4.1.2.4).  Inside pki only. */
#ifndef PKI_NAME_H
#define PKI_NAME_H

#include "base/arena.h"
#include "base/err.h"
#include "pki/cert.h"

#define PKI_NAME_ATTRIBUTES 16
#define PKI_NAME_VALUE_MAX 1024 /* octets of UTF-8 */

#define PKI_OID_CN "2.5.4.3"
#define PKI_OID_SERIAL_NUMBER "2.5.4.5"
#define PKI_OID_COUNTRY "2.5.4.6"
#define PKI_OID_ORGANIZATION "2.5.4.10"
#define PKI_OID_DN_QUALIFIER "2.5.4.46"
#define PKI_OID_DOMAIN_COMPONENT "0.9.2342.19200300.100.1.25"
#define PKI_OID_EMAIL "1.2.840.113549.1.9.1"
#define PKI_OID_SMTP_UTF8 "1.3.6.1.5.5.7.8.9"

/*
 * Reads the contents of a Name.  NULL: done.  Otherwise what is wrong with it: its form, too many
 * attributes, or a value that cannot be taken literally.  Values become UTF-8 in `arena`.
 */
const char *pki_name_read(struct cs_arena *arena, struct cs_span body,
    const struct pki_attribute **ret_attributes, size_t *ret_n);

/* A string of any of the types of DirectoryString, and IA5String, as UTF-8; NULL: not literal. */
const char *pki_string_text(struct cs_arena *arena, uint8_t tag, struct cs_span body);

#endif
